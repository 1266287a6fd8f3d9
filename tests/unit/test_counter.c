/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters and drop reasons: every one has a name of its own and a description, and the two IP
 * blocks have the same order.
 */

#include <ctype.h>
#include <string.h>

#include <rte_common.h>

#include "core.h"
#include "suite.h"

static bool
is_text(const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	return n > 1 && s[n - 1] != '.' && !isspace((unsigned char)s[0]) &&
		!isspace((unsigned char)s[n - 1]);
}

static void
names_are_unique_and_described(void)
{
	int i, j;

	for (i = 0; i < ISLA_C_MAX; i++) {
		CU_ASSERT_TRUE(is_text(isla_counter_name(i)));
		CU_ASSERT_TRUE(is_text(isla_counter_desc(i)));
		CU_ASSERT_PTR_NULL(strpbrk(isla_counter_name(i), " \t,:="));
		for (j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(isla_counter_name(i), isla_counter_name(j));
	}
	for (i = 0; i < ISLA_DROP_MAX; i++) {
		CU_ASSERT_TRUE(is_text(isla_drop_name(i)));
		CU_ASSERT_TRUE(is_text(isla_drop_desc(i)));
		for (j = 0; j < i; j++) {
			CU_ASSERT_STRING_NOT_EQUAL(isla_drop_name(i), isla_drop_name(j));
			CU_ASSERT_STRING_NOT_EQUAL(isla_drop_desc(i), isla_drop_desc(j));
		}
	}
}

static void
outside_the_lists_there_is_a_question_mark(void)
{
	static const int out[] = {-1, 1 << 20};
	size_t i;

	for (i = 0; i < RTE_DIM(out); i++) {
		CU_ASSERT_STRING_EQUAL(isla_counter_name(out[i]), "?");
		CU_ASSERT_STRING_EQUAL(isla_counter_desc(out[i]), "?");
		CU_ASSERT_STRING_EQUAL(isla_drop_name(out[i]), "?");
		CU_ASSERT_STRING_EQUAL(isla_drop_desc(out[i]), "?");
	}
	CU_ASSERT_STRING_EQUAL(isla_counter_name(ISLA_C_MAX), "?");
	CU_ASSERT_STRING_EQUAL(isla_drop_name(ISLA_DROP_MAX), "?");
}

static void
some_names_are_what_the_mibs_say(void)
{
	CU_ASSERT_STRING_EQUAL(isla_counter_name(ISLA_C_IP4_IN_RECEIVES),
		"ipSystemStatsInReceives.ipv4");
	CU_ASSERT_STRING_EQUAL(isla_counter_name(ISLA_C_TCP_PASSIVE_OPENS), "tcpPassiveOpens");
	CU_ASSERT_STRING_EQUAL(isla_counter_name(ISLA_C_UDP_NO_PORTS), "udpNoPorts");
	CU_ASSERT_STRING_EQUAL(isla_counter_name(ISLA_C_IF_IN_OCTETS), "ifHCInOctets");
	CU_ASSERT_STRING_EQUAL(isla_counter_name(ISLA_C_PAYLOAD_BYTES_COPIED),
		"PayloadBytesCopied");
	CU_ASSERT_STRING_EQUAL(isla_drop_name(ISLA_DROP_NEIGH_FAILED), "NEIGH_FAILED");
	CU_ASSERT_EQUAL(ISLA_ACCEPTED, 0);
}

static void
the_ip_blocks_have_the_same_order(void)
{
	const int distance = ISLA_C_IP6_IN_RECEIVES - ISLA_C_IP4_IN_RECEIVES;
	int i;

	CU_ASSERT_EQUAL(ISLA_C_IP6_ICMP_OUT_DEST_UNREACHS - ISLA_C_IP4_ICMP_OUT_DEST_UNREACHS,
		distance);
	for (i = ISLA_C_IP4_IN_RECEIVES; i < ISLA_C_IP6_IN_RECEIVES; i++) {
		const char *v4 = isla_counter_name(i), *v6 = isla_counter_name(i + distance);
		const char *dot = strrchr(v4, '.');

		CU_ASSERT_PTR_NOT_NULL_FATAL(dot);
		CU_ASSERT_STRING_EQUAL(dot, ".ipv4");
		CU_ASSERT_EQUAL(strncmp(v4, v6, (size_t)(dot - v4)), 0);
		CU_ASSERT_STRING_EQUAL(v6 + (dot - v4), ".ipv6");
		CU_ASSERT_STRING_EQUAL(isla_counter_desc(i), isla_counter_desc(i + distance));
	}
}

static void
one_call_counts_for_either_family(void)
{
	static struct core core;
	int i, nb = 0;

	core_count_ip(&core, ISLA_C_IP4_ICMP_IN_ECHOS, false);
	core_count_ip(&core, ISLA_C_IP4_ICMP_IN_ECHOS, true);
	core_count_ip(&core, ISLA_C_IP4_ICMP_IN_ECHOS, true);
	CU_ASSERT_EQUAL(core.stats.counter[ISLA_C_IP4_ICMP_IN_ECHOS], 1);
	CU_ASSERT_EQUAL(core.stats.counter[ISLA_C_IP6_ICMP_IN_ECHOS], 2);
	for (i = 0; i < ISLA_C_MAX; i++)
		nb += core.stats.counter[i] != 0;
	CU_ASSERT_EQUAL(nb, 2);
}

static const struct suite_test tests[] = {
	SUITE_TEST(names_are_unique_and_described),
	SUITE_TEST(outside_the_lists_there_is_a_question_mark),
	SUITE_TEST(some_names_are_what_the_mibs_say),
	SUITE_TEST(the_ip_blocks_have_the_same_order),
	SUITE_TEST(one_call_counts_for_either_family),
};

int
main(void)
{
	return suite_run("counter", tests, RTE_DIM(tests), NULL, NULL);
}
