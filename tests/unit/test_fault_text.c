/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults as text: what is read into which field, what is refused and how that is said, and that
 * what is written is read as the same again.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "isla_fault.h"
#include "suite.h"

#define RX 1u
#define TX 2u

static struct isla_fault fault[ISLA_FAULT_DIRS];
static unsigned int dirs;
static char err[ISLA_FAULT_ERR_SIZE];

static int
parse(const char *text)
{
	memset(fault, 0xa5, sizeof(fault));
	err[0] = '\0';
	return isla_fault_parse(text, fault, &dirs, err, sizeof(err));
}

static const struct isla_fault *rx = &fault[ISLA_FAULT_RX], *tx = &fault[ISLA_FAULT_TX];

static void
every_setting_reaches_its_field(void)
{
	CU_ASSERT_EQUAL(parse("rx drop 1% burst 3 dup 0.1% corrupt 0.01% reorder 2% hold 300us "
		"delay 5ms jitter 1.5ms rate 100mbit buffer 64K limit 500"), 0);
	CU_ASSERT_EQUAL(dirs, RX);
	CU_ASSERT_EQUAL(rx->drop_ppb, 10000000);
	CU_ASSERT_EQUAL(rx->burst_pkts, 3);
	CU_ASSERT_EQUAL(rx->dup_ppb, 1000000);
	CU_ASSERT_EQUAL(rx->corrupt_ppb, 100000);
	CU_ASSERT_EQUAL(rx->reorder_ppb, 20000000);
	CU_ASSERT_EQUAL(rx->hold_us, 300);
	CU_ASSERT_EQUAL(rx->delay_us, 5000);
	CU_ASSERT_EQUAL(rx->jitter_us, 1500);
	CU_ASSERT_EQUAL(rx->rate_bps, 100000000);
	CU_ASSERT_EQUAL(rx->buffer_bytes, 65536);
	CU_ASSERT_EQUAL(rx->limit_pkts, 500);
	/* The other direction is left alone. */
	CU_ASSERT_EQUAL(tx->drop_ppb, 0xa5a5a5a5);
}

static void
directions_and_separators(void)
{
	static const struct isla_fault none;

	CU_ASSERT_EQUAL(parse("tx drop=1%"), 0);
	CU_ASSERT_EQUAL(dirs, TX);
	CU_ASSERT_EQUAL(tx->drop_ppb, 10000000);
	CU_ASSERT_EQUAL(rx->drop_ppb, 0xa5a5a5a5);
	CU_ASSERT_EQUAL(parse("  both,delay=1s,, rate 1.5gbit "), 0);
	CU_ASSERT_EQUAL(dirs, RX | TX);
	CU_ASSERT_EQUAL(memcmp(rx, tx, sizeof(*rx)), 0);
	CU_ASSERT_EQUAL(rx->delay_us, 1000000);
	CU_ASSERT_EQUAL(rx->rate_bps, 1500000000);
	CU_ASSERT_EQUAL(rx->drop_ppb, 0);
	CU_ASSERT_EQUAL(parse("off"), 0);
	CU_ASSERT_EQUAL(dirs, RX | TX);
	CU_ASSERT_EQUAL(memcmp(rx, &none, sizeof(none)), 0);
	CU_ASSERT_EQUAL(memcmp(tx, &none, sizeof(none)), 0);
	CU_ASSERT_EQUAL(parse("tx off"), 0);
	CU_ASSERT_EQUAL(dirs, TX);
	CU_ASSERT_TRUE(isla_fault_is_off(tx));
	CU_ASSERT_FALSE(isla_fault_is_off(rx));
	CU_ASSERT_EQUAL(isla_fault_parse("both off", fault, NULL, err, sizeof(err)), 0);
}

static void
edges_of_values(void)
{
	CU_ASSERT_EQUAL(parse("rx drop 100%"), 0);
	CU_ASSERT_EQUAL(rx->drop_ppb, ISLA_FAULT_ONE);
	CU_ASSERT_EQUAL(parse("rx drop 0.0000001%"), 0);
	CU_ASSERT_EQUAL(rx->drop_ppb, 1);
	CU_ASSERT_EQUAL(parse("rx drop 0%"), 0);
	CU_ASSERT_TRUE(isla_fault_is_off(rx));
	CU_ASSERT_EQUAL(parse("rx delay 10s"), 0);
	CU_ASSERT_EQUAL(rx->delay_us, ISLA_FAULT_TIME_MAX_US);
	CU_ASSERT_EQUAL(parse("rx rate 400gbit"), 0);
	CU_ASSERT_EQUAL(rx->rate_bps, UINT64_C(400000000000));
	CU_ASSERT_EQUAL(parse("rx rate 1000bit buffer 1G limit 65536"), 0);
	CU_ASSERT_EQUAL(rx->rate_bps, 1000);
	CU_ASSERT_EQUAL(rx->buffer_bytes, 1u << 30);
	CU_ASSERT_EQUAL(rx->limit_pkts, ISLA_FAULT_LIMIT_MAX);
}

static const struct {
	const char *text;
	const char *named;
	const char *accepted;
} bad[] = {
	{"", "''", "rx, tx or both"},
	{"rxx drop 1%", "'rxx'", "rx, tx or both"},
	{"drop 1%", "'drop'", "rx, tx or both"},
	{"rx", "no fault", "drop, burst"},
	{"rx off drop 1%", "'drop'", "nothing"},
	{"off rx", "'rx'", "nothing"},
	{"rx loss 1%", "'loss'", "drop, burst"},
	{"rx DROP 1%", "'DROP'", "drop, burst"},
	{"rx drop", "drop", "a share"},
	{"rx drop 1", "drop '1'", "0% to 100%"},
	{"rx drop %", "drop '%'", "0% to 100%"},
	{"rx drop -1%", "drop '-1%'", "0% to 100%"},
	{"rx drop +1%", "drop '+1%'", "0% to 100%"},
	{"rx drop 100.1%", "drop '100.1%'", "0% to 100%"},
	{"rx drop 1.%", "drop '1.%'", "0% to 100%"},
	{"rx drop .1%", "drop '.1%'", "0% to 100%"},
	{"rx drop 1%%", "drop '1%%'", "0% to 100%"},
	{"rx drop 1e1%", "drop '1e1%'", "0% to 100%"},
	{"rx drop 0.00000001%", "drop '0.00000001%'", "0% to 100%"},
	{"rx drop 0.0000000000001%", "drop", "0% to 100%"},
	{"rx drop 99999999999999999999999%", "drop", "0% to 100%"},
	{"rx drop 1% drop 2%", "drop", "twice"},
	{"rx drop 1% burst 0", "burst '0'", "1 to 1000"},
	{"rx drop 1% burst 1001", "burst '1001'", "1 to 1000"},
	{"rx drop 1% burst 1.5", "burst '1.5'", "1 to 1000"},
	{"rx burst 5", "burst", "drop"},
	{"rx delay 5", "delay '5'", "10s"},
	{"rx delay 0.5us", "delay '0.5us'", "10s"},
	{"rx delay 10.000001s", "delay", "10s"},
	{"rx delay 5min", "delay '5min'", "10s"},
	{"rx jitter 5ms", "jitter", "delay"},
	{"rx delay 5ms jitter 6ms", "jitter", "delay"},
	{"rx hold 5ms", "hold", "reorder"},
	{"rx rate 0bit", "rate '0bit'", "1kbit"},
	{"rx rate 999bit", "rate '999bit'", "1kbit"},
	{"rx rate 401gbit", "rate '401gbit'", "400gbit"},
	{"rx rate 100", "rate '100'", "100mbit"},
	{"rx rate 100Mbit", "rate '100Mbit'", "100mbit"},
	{"rx buffer 64K", "buffer", "rate"},
	{"rx rate 1mbit buffer 100", "buffer '100'", "1514"},
	{"rx rate 1mbit buffer 2G", "buffer '2G'", "1G"},
	{"rx delay 1ms limit 0", "limit '0'", "65536"},
	{"rx delay 1ms limit 65537", "limit '65537'", "65536"},
};

static void
what_cannot_be_is_named(void)
{
	struct isla_fault before[ISLA_FAULT_DIRS];
	size_t i;

	memset(before, 0xa5, sizeof(before));
	for (i = 0; i < RTE_DIM(bad); i++) {
		int rc = parse(bad[i].text);

		if (rc != -EINVAL || strstr(err, bad[i].named) == NULL ||
			strstr(err, bad[i].accepted) == NULL)
			printf("\n'%s' -> %d '%s'\n", bad[i].text, rc, err);
		CU_ASSERT_EQUAL(rc, -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err, bad[i].named));
		CU_ASSERT_PTR_NOT_NULL(strstr(err, bad[i].accepted));
		CU_ASSERT_PTR_NULL(strchr(err, '\n'));
		CU_ASSERT_EQUAL(memcmp(fault, before, sizeof(fault)), 0);
	}
}

static void
a_long_word_is_cut_in_the_message(void)
{
	char text[600] = "rx ";
	char small[20];

	memset(text + 3, 'x', sizeof(text) - 4);
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(parse(text), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "limit"));
	CU_ASSERT_EQUAL(isla_fault_parse(text, fault, &dirs, small, sizeof(small)), -EINVAL);
	CU_ASSERT_TRUE(strlen(small) < sizeof(small));
}

static void
what_is_written_is_read_again(void)
{
	static const char *const texts[] = {
		"drop 1% burst 3 dup 0.1% corrupt 0.01% reorder 2% hold 300us delay 5ms jitter "
		"1500us rate 100mbit buffer 64K limit 500",
		"drop 99.9999999% burst 1000 dup 99.9999999% corrupt 99.9999999% reorder 99.9999999% "
		"hold 9999999us delay 9999999us jitter 9999999us rate 399999999999bit buffer "
		"1073741823 limit 65535",
		"delay 10s", "rate 1500mbit", "drop 100%", "off",
	};
	char line[ISLA_FAULT_STRLEN + 8], text[ISLA_FAULT_STRLEN], small[8];
	size_t i;

	for (i = 0; i < RTE_DIM(texts); i++) {
		snprintf(line, sizeof(line), "tx %s", texts[i]);
		CU_ASSERT_EQUAL(parse(line), 0);
		CU_ASSERT_STRING_EQUAL(isla_fault_format(tx, text, sizeof(text)), texts[i]);
	}
	CU_ASSERT_EQUAL(parse("tx delay 10s rate 1mbit"), 0);
	isla_fault_format(tx, small, sizeof(small));
	CU_ASSERT_TRUE(strlen(small) < sizeof(small));
}

static const struct suite_test tests[] = {
	SUITE_TEST(every_setting_reaches_its_field),
	SUITE_TEST(directions_and_separators),
	SUITE_TEST(edges_of_values),
	SUITE_TEST(what_cannot_be_is_named),
	SUITE_TEST(a_long_word_is_cut_in_the_message),
	SUITE_TEST(what_is_written_is_read_again),
};

int
main(void)
{
	return suite_run("fault_text", tests, RTE_DIM(tests), NULL, NULL);
}
