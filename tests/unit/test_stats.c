/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a snapshot is printed: what is zero is left out, rates are since the snapshot before.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "isla_engine.h"
#include "suite.h"

static struct isla_engine_stats now, before;
static char *text;

static void
setup(void)
{
	memset(&now, 0, sizeof(now));
	memset(&before, 0, sizeof(before));
	text = NULL;
}

static void
teardown(void)
{
	free(text);
}

static void
print(const struct isla_engine_stats *prev)
{
	size_t size;
	FILE *out = open_memstream(&text, &size);

	isla_engine_print_stats(out, &now, prev);
	fclose(out);
}

static bool
has(const char *part)
{
	return strstr(text, part) != NULL;
}

static void
what_is_zero_is_left_out(void)
{
	now.stack.counter[ISLA_C_TCP_IN_SEGS] = 12;
	now.stack.drop[ISLA_DROP_TCP_CKSUM] = 34;
	print(NULL);
	CU_ASSERT_TRUE(has("tcpHCInSegs"));
	CU_ASSERT_TRUE(has(" 12  segments received"));
	CU_ASSERT_FALSE(has("tcpHCOutSegs"));
	CU_ASSERT_TRUE(has("TCP_CKSUM"));
	CU_ASSERT_TRUE(has(" 34  TCP checksum wrong"));
	CU_ASSERT_FALSE(has("UDP_CKSUM"));
}

static void
no_copied_byte_is_said(void)
{
	print(NULL);
	CU_ASSERT_TRUE(has("PayloadBytesCopied                                0"));
}

static void
copied_bytes_are_said_once(void)
{
	const char *first;

	now.stack.counter[ISLA_C_PAYLOAD_BYTES_COPIED] = 7;
	print(NULL);
	first = strstr(text, "PayloadBytesCopied");
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	CU_ASSERT_PTR_NULL(strstr(first + 1, "PayloadBytesCopied"));
}

static void
rates_are_since_the_last_snapshot(void)
{
	now.nb_ports = before.nb_ports = 1;
	before.time_us = 5000000;
	now.time_us = 7000000;
	before.port[0].ipackets = 1000;
	now.port[0].ipackets = 5000;
	before.port[0].obytes = 100;
	now.port[0].obytes = 2000100;
	now.port[0].imissed = 77;
	print(&before);
	CU_ASSERT_TRUE(has("NIC statistics for port 0"));
	CU_ASSERT_TRUE(has("RX-packets: 5000"));
	CU_ASSERT_TRUE(has("RX-missed: 77"));
	CU_ASSERT_TRUE(has("Rx-pps:         2000"));
	CU_ASSERT_TRUE(has("Tx-bps:      8000000"));
}

static void
counters_that_were_cleared_give_no_rate(void)
{
	now.nb_ports = before.nb_ports = 1;
	before.time_us = 1;
	now.time_us = 1000001;
	before.port[0].ipackets = 1000;
	now.port[0].ipackets = 10;
	print(&before);
	CU_ASSERT_TRUE(has("Rx-pps:            0"));
	before.time_us = now.time_us;
	free(text);
	print(&before);
	CU_ASSERT_TRUE(has("Rx-pps:            0"));
}

static void
the_loops_time_is_shared_out(void)
{
	now.loop.busy = (struct isla_loop_step){.nb_rounds = 3, .time_us = 250000};
	now.loop.sleep = (struct isla_loop_step){.nb_rounds = 9, .time_us = 750000};
	print(NULL);
	CU_ASSERT_TRUE(has("busy                  3 rounds        0.250 s  25.00 %"));
	CU_ASSERT_TRUE(has("sleep                 9 rounds        0.750 s  75.00 %"));
	CU_ASSERT_TRUE(has("spin                  0 rounds        0.000 s   0.00 %"));
}

static void
faults_are_said_where_there_were_any(void)
{
	now.fault[ISLA_FAULT_RX].nb_frames = 12;
	now.fault[ISLA_FAULT_TX].nb_dropped = 34;
	print(NULL);
	CU_ASSERT_TRUE(has("faultRxFrames"));
	CU_ASSERT_TRUE(has("faultTxDropped"));
	CU_ASSERT_TRUE(has(" 34  lost by chance"));
	CU_ASSERT_FALSE(has("faultRxDropped"));
}

static void
without_faults_nothing_is_said_of_them(void)
{
	print(NULL);
	CU_ASSERT_FALSE(has("ault"));
}

static void
histograms_that_are_not_empty_are_listed(void)
{
	unsigned int i;

	print(NULL);
	CU_ASSERT_FALSE(has("Histograms"));
	free(text);
	for (i = 0; i < 100; i++)
		isla_hist_record(&now.hists.hist[ISLA_HIST_RX_BURST], i < 60 ? 2 : 32);
	print(NULL);
	CU_ASSERT_TRUE(has("Histograms"));
	CU_ASSERT_TRUE(has("rxBurst           frames          100       14.0          2         32"));
	CU_ASSERT_FALSE(has("tcpRtt"));
}

static const struct suite_test tests[] = {
	SUITE_TEST(histograms_that_are_not_empty_are_listed),
	SUITE_TEST(faults_are_said_where_there_were_any),
	SUITE_TEST(without_faults_nothing_is_said_of_them),
	SUITE_TEST(what_is_zero_is_left_out),
	SUITE_TEST(no_copied_byte_is_said),
	SUITE_TEST(copied_bytes_are_said_once),
	SUITE_TEST(rates_are_since_the_last_snapshot),
	SUITE_TEST(counters_that_were_cleared_give_no_rate),
	SUITE_TEST(the_loops_time_is_shared_out),
};

int
main(void)
{
	return suite_run("stats", tests, RTE_DIM(tests), setup, teardown);
}
