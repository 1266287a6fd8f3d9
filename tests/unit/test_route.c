/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes and source addresses: the longest prefix (RFC 1812, 5.2.4.3), interfaces, RFC 6724.
 */

#include <errno.h>
#include <string.h>

#include "inet_fix.h"

static struct isla_prefix
prefix(const char *text)
{
	struct isla_prefix p;

	CU_ASSERT_EQUAL_FATAL(isla_prefix_parse(text, &p), 0);
	return p;
}

static int
add(const char *to, const char *gateway, uint8_t netif)
{
	struct isla_prefix p = prefix(to);
	struct isla_addr g = addr(gateway);

	return inet_route_add(fix.inet, &p, &g, netif);
}

/* A second interface with these addresses; its index is 1. */
static void
add_netif(const char *first, const char *second)
{
	struct isla_netif_conf conf = {.mac = {0x02, 0, 0, 0, 0, 0x09}, .mtu = 9000};
	const char *own[] = {first, second};
	size_t i;

	CU_ASSERT_EQUAL_FATAL(link_netif_add(&fix.link, &conf), 1);
	for (i = 0; i < RTE_DIM(own); i++) {
		struct isla_prefix p = prefix(own[i]);

		CU_ASSERT_EQUAL_FATAL(link_addr_add(&fix.link, 1, &p), 0);
	}
}

/* The way to dst leads over an interface to next_hop; NULL: there is none. */
static void
check_way(const char *dst, uint8_t over, const char *next_hop, uint8_t netif)
{
	struct isla_addr d = addr(dst), hop;
	struct inet_dst via;
	bool found = inet_route(fix.inet, &d, over, &via);

	CU_ASSERT_EQUAL(found, next_hop != NULL);
	if (found != (next_hop != NULL))
		printf("\n    %s", dst);
	if (!found || next_hop == NULL)
		return;
	hop = addr(next_hop);
	CU_ASSERT_TRUE(isla_addr_eq(&via.next_hop, &hop));
	CU_ASSERT_EQUAL(via.netif, netif);
	CU_ASSERT_EQUAL(via.mtu, netif == 0 ? 1500 : 9000);
}

static void
check_src(const char *dst, uint8_t netif, const char *expected)
{
	struct isla_addr d = addr(dst), src, want;
	bool found = inet_select_src(fix.inet, &d, netif, &src);

	CU_ASSERT_EQUAL(found, expected != NULL);
	if (!found || expected == NULL)
		return;
	want = addr(expected);
	CU_ASSERT_TRUE(isla_addr_eq(&src, &want));
	if (!isla_addr_eq(&src, &want))
		printf("\n    %s", dst);
}

static void
connected_prefixes_need_no_route(void)
{
	check_way("192.168.1.77", ISLA_NETIF_ANY, "192.168.1.77", 0);
	check_way("192.168.1.77", 0, "192.168.1.77", 0);
	check_way("192.168.2.77", ISLA_NETIF_ANY, NULL, 0);
	check_way("2001:db8::77", ISLA_NETIF_ANY, "2001:db8::77", 0);
	check_way("2001:db8:0:1::77", ISLA_NETIF_ANY, NULL, 0);
	check_way("fe80::77", ISLA_NETIF_ANY, "fe80::77", 0);
	check_way("192.168.1.77", 5, NULL, 0);
}

static void
nothing_leads_to_these(void)
{
	static const char *const dsts[] = {"0.0.0.0", "::", "127.0.0.1", "::1", OWN4, OWN6,
		OWN6_LL};
	size_t i;

	CU_ASSERT_EQUAL(add("0.0.0.0/0", PEER4, 0), 0);
	CU_ASSERT_EQUAL(add("::/0", PEER6_LL, 0), 0);
	for (i = 0; i < RTE_DIM(dsts); i++)
		check_way(dsts[i], ISLA_NETIF_ANY, NULL, 0);
}

static void
the_longest_prefix_wins_in_any_order(void)
{
	static const char *const to[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24",
		"10.1.1.1/32", "::/0"};
	static const char *const via[] = {"192.168.1.10", "192.168.1.11", "192.168.1.12",
		"192.168.1.13", "192.168.1.14", "fe80::15"};
	static const uint8_t orders[][6] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0},
		{2, 5, 0, 4, 1, 3}, {3, 1, 4, 0, 5, 2}};
	size_t i, j;

	for (i = 0; i < RTE_DIM(orders); i++) {
		fix_restart(0, 0, 1500);
		for (j = 0; j < RTE_DIM(to); j++)
			CU_ASSERT_EQUAL(add(to[orders[i][j]], via[orders[i][j]], 0), 0);
		check_way("10.1.1.1", ISLA_NETIF_ANY, "192.168.1.14", 0);
		check_way("10.1.1.2", ISLA_NETIF_ANY, "192.168.1.13", 0);
		check_way("10.1.2.1", ISLA_NETIF_ANY, "192.168.1.12", 0);
		check_way("10.2.1.1", ISLA_NETIF_ANY, "192.168.1.11", 0);
		check_way("11.0.0.1", ISLA_NETIF_ANY, "192.168.1.10", 0);
		check_way("2600::1", ISLA_NETIF_ANY, "fe80::15", 0);
		check_way("192.168.1.77", ISLA_NETIF_ANY, "192.168.1.77", 0);
	}
}

static void
a_route_may_be_longer_than_the_connected_prefix(void)
{
	CU_ASSERT_EQUAL(add("192.168.1.128/25", "192.168.1.3", 0), 0);
	check_way("192.168.1.127", ISLA_NETIF_ANY, "192.168.1.127", 0);
	check_way("192.168.1.128", ISLA_NETIF_ANY, "192.168.1.3", 0);
	/* Of the same length, the connected one is meant. */
	CU_ASSERT_EQUAL(add("192.168.1.0/24", "192.168.1.4", 0), 0);
	check_way("192.168.1.127", ISLA_NETIF_ANY, "192.168.1.127", 0);
}

static void
a_route_without_a_gateway_is_direct(void)
{
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "0.0.0.0", 0), 0);
	check_way("10.9.9.9", ISLA_NETIF_ANY, "10.9.9.9", 0);
	CU_ASSERT_EQUAL(add("2001:db8:9::/48", "::", 0), 0);
	check_way("2001:db8:9::9", ISLA_NETIF_ANY, "2001:db8:9::9", 0);
}

static void
groups_and_broadcasts_go_straight_to_the_link(void)
{
	CU_ASSERT_EQUAL(add("0.0.0.0/0", PEER4, 0), 0);
	check_way("224.0.0.251", ISLA_NETIF_ANY, "224.0.0.251", 0);
	check_way("255.255.255.255", ISLA_NETIF_ANY, "255.255.255.255", 0);
	check_way("192.168.1.255", ISLA_NETIF_ANY, "192.168.1.255", 0);
	check_way("ff02::fb", ISLA_NETIF_ANY, "ff02::fb", 0);
	add_netif("10.0.0.2/24", "2001:db8:1::2/64");
	check_way("224.0.0.251", 1, "224.0.0.251", 1);
	check_way("ff02::fb", 1, "ff02::fb", 1);
}

static void
an_interface_restricts_the_choice(void)
{
	add_netif("10.0.0.2/24", "fe80::9/64");
	CU_ASSERT_EQUAL(add("0.0.0.0/0", PEER4, 0), 0);
	CU_ASSERT_EQUAL(add("0.0.0.0/0", "10.0.0.1", 1), 0);
	check_way("10.0.0.7", ISLA_NETIF_ANY, "10.0.0.7", 1);
	check_way("10.0.0.7", 0, PEER4, 0);
	check_way("8.8.8.8", ISLA_NETIF_ANY, PEER4, 0);
	check_way("8.8.8.8", 1, "10.0.0.1", 1);
	check_way("fe80::77", ISLA_NETIF_ANY, "fe80::77", 0);
	check_way("fe80::77", 1, "fe80::77", 1);
}

/* RFC 3927, 2.6.2; RFC 4291, 2.5.6. */
static void
no_router_gets_what_is_link_local(void)
{
	CU_ASSERT_EQUAL(add("0.0.0.0/0", PEER4, 0), 0);
	CU_ASSERT_EQUAL(add("::/0", PEER6_LL, 0), 0);
	check_way("169.254.1.1", ISLA_NETIF_ANY, NULL, 0);
	check_way("fe80:1::77", ISLA_NETIF_ANY, NULL, 0);
	CU_ASSERT_EQUAL(add("169.254.0.0/16", "0.0.0.0", 0), 0);
	check_way("169.254.1.1", ISLA_NETIF_ANY, "169.254.1.1", 0);
}

static void
routes_that_cannot_be_are_refused(void)
{
	CU_ASSERT_EQUAL(add("10.0.0.0/8", PEER4, 1), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", PEER4, ISLA_NETIF_ANY), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", PEER6, 0), -EINVAL);
	CU_ASSERT_EQUAL(add("::/0", PEER4, 0), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "224.0.0.1", 0), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "255.255.255.255", 0), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "127.0.0.1", 0), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", OWN4, 0), -EINVAL);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "192.168.1.255", 0), -EINVAL);
	check_way("10.0.0.1", ISLA_NETIF_ANY, NULL, 0);
}

static void
a_route_is_there_once_and_the_table_ends(void)
{
	char text[32];
	unsigned int i;

	CU_ASSERT_EQUAL(add("10.0.0.0/8", PEER4, 0), 0);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "192.168.1.9", 0), -EEXIST);
	/* What stands behind the prefix does not tell routes apart. */
	CU_ASSERT_EQUAL(add("10.1.2.3/8", "192.168.1.9", 0), -EEXIST);
	CU_ASSERT_EQUAL(add("10.0.0.0/9", "192.168.1.9", 0), 0);
	for (i = 2; i < 8; i++) {
		snprintf(text, sizeof(text), "10.%u.0.0/16", i);
		CU_ASSERT_EQUAL(add(text, PEER4, 0), 0);
	}
	CU_ASSERT_EQUAL(add("10.99.0.0/16", PEER4, 0), -ENOSPC);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", PEER4, 0), -EEXIST);
	check_way("10.7.1.1", ISLA_NETIF_ANY, PEER4, 0);
	check_way("10.8.1.1", ISLA_NETIF_ANY, "192.168.1.9", 0);
}

static void
the_scope_chooses_the_source(void)
{
	check_src(PEER4, 0, OWN4);
	check_src("8.8.8.8", 0, OWN4);
	check_src(PEER6, 0, OWN6);
	check_src("2600::1", 0, OWN6);
	check_src(PEER6_LL, 0, OWN6_LL);
	check_src("ff02::1", 0, OWN6_LL);
	check_src("ff0e::1", 0, OWN6);
	check_src("224.0.0.251", 0, OWN4);
	check_src("255.255.255.255", 0, OWN4);
	check_src(PEER4, 1, NULL);
	check_src(PEER4, ISLA_NETIF_ANY, NULL);
}

static void
the_longest_common_prefix_chooses_the_source(void)
{
	struct isla_prefix more[] = {prefix("192.168.7.2/24"), prefix("2001:db8:7::2/64"),
		prefix("2001:db8:7::ff/64")};
	size_t i;

	for (i = 0; i < RTE_DIM(more); i++)
		CU_ASSERT_EQUAL_FATAL(link_addr_add(&fix.link, 0, &more[i]), 0);
	check_src("192.168.7.9", 0, "192.168.7.2");
	check_src("192.168.1.9", 0, OWN4);
	check_src("192.168.6.1", 0, "192.168.7.2");
	check_src("2001:db8:7::9", 0, "2001:db8:7::2");
	/* Bits behind the prefix do not count (RFC 6724, 2.2), so the first stays. */
	check_src("2001:db8:7::fe", 0, "2001:db8:7::2");
	check_src("2001:db8::9", 0, OWN6);
}

/* The order in which addresses were given does not count. */
static void
the_scope_chooses_the_source_in_any_order(void)
{
	add_netif("fe80::9/64", "2001:db8:1::9/64");
	check_src("2001:db8:1::1", 1, "2001:db8:1::9");
	check_src("2600::1", 1, "2001:db8:1::9");
	check_src("fe80::77", 1, "fe80::9");
	check_src("ff02::1", 1, "fe80::9");
	/* A scope between the two: the larger one reaches it (RFC 6724, 5, rule 2). */
	check_src("ff05::1", 1, "2001:db8:1::9");
}

static void
only_what_is_there_can_be_chosen(void)
{
	struct isla_netif_conf conf = {.mac = {0x02, 0, 0, 0, 0, 0x09}, .mtu = 1500};
	struct isla_prefix p = prefix("fe80::9/64");

	CU_ASSERT_EQUAL_FATAL(link_netif_add(&fix.link, &conf), 1);
	check_src("2600::1", 1, NULL);
	CU_ASSERT_EQUAL_FATAL(link_addr_add(&fix.link, 1, &p), 0);
	check_src("2600::1", 1, "fe80::9");
	check_src("8.8.8.8", 1, NULL);
}

static void
a_route_that_is_gone_leads_nowhere(void)
{
	struct isla_prefix any = prefix("0.0.0.0/0"), ten = prefix("10.1.2.3/8");

	CU_ASSERT_EQUAL(add("0.0.0.0/0", "192.168.1.1", 0), 0);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "192.168.1.9", 0), 0);
	CU_ASSERT_EQUAL(inet_route_del(fix.inet, &ten, 1), -ESRCH);
	check_way("10.9.9.9", ISLA_NETIF_ANY, "192.168.1.9", 0);
	/* Host bits do not matter, as in adding it. */
	CU_ASSERT_EQUAL(inet_route_del(fix.inet, &ten, 0), 0);
	CU_ASSERT_EQUAL(inet_route_del(fix.inet, &ten, 0), -ESRCH);
	check_way("10.9.9.9", ISLA_NETIF_ANY, "192.168.1.1", 0);
	CU_ASSERT_EQUAL(inet_route_del(fix.inet, &any, 0), 0);
	check_way("10.9.9.9", ISLA_NETIF_ANY, NULL, 0);
	CU_ASSERT_EQUAL(add("10.0.0.0/8", "192.168.1.9", 0), 0);
	check_way("10.9.9.9", ISLA_NETIF_ANY, "192.168.1.9", 0);
}

static void
an_address_that_is_gone_takes_its_prefix_along(void)
{
	struct isla_addr own = addr(OWN4), peer = addr(PEER4);
	struct isla_prefix second = prefix("10.0.0.2/8");

	CU_ASSERT_EQUAL(link_addr_add(&fix.link, 0, &second), 0);
	check_way("192.168.1.9", ISLA_NETIF_ANY, "192.168.1.9", 0);
	CU_ASSERT_EQUAL(link_addr_del(&fix.link, 0, &own), 0);
	CU_ASSERT_EQUAL(link_addr_del(&fix.link, 0, &own), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(link_addr_del(&fix.link, 9, &own), -EINVAL);
	check_way("192.168.1.9", ISLA_NETIF_ANY, NULL, 0);
	check_way("10.9.9.9", ISLA_NETIF_ANY, "10.9.9.9", 0);
	check_src("192.168.1.1", 0, "10.0.0.2");
	CU_ASSERT_FALSE(inet_is_own(fix.inet, &own));
	CU_ASSERT_TRUE(inet_is_own(fix.inet, &second.addr));
	CU_ASSERT_FALSE(link_addr_is_broadcast(&fix.link, 0, &peer));
	own = addr("192.168.1.255");
	CU_ASSERT_FALSE(link_addr_is_broadcast(&fix.link, 0, &own));
	own = addr("10.255.255.255");
	CU_ASSERT_TRUE(link_addr_is_broadcast(&fix.link, 0, &own));
	check_way(PEER6, ISLA_NETIF_ANY, PEER6, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(connected_prefixes_need_no_route),
	SUITE_TEST(nothing_leads_to_these),
	SUITE_TEST(the_longest_prefix_wins_in_any_order),
	SUITE_TEST(a_route_may_be_longer_than_the_connected_prefix),
	SUITE_TEST(a_route_without_a_gateway_is_direct),
	SUITE_TEST(groups_and_broadcasts_go_straight_to_the_link),
	SUITE_TEST(an_interface_restricts_the_choice),
	SUITE_TEST(no_router_gets_what_is_link_local),
	SUITE_TEST(routes_that_cannot_be_are_refused),
	SUITE_TEST(a_route_is_there_once_and_the_table_ends),
	SUITE_TEST(a_route_that_is_gone_leads_nowhere),
	SUITE_TEST(an_address_that_is_gone_takes_its_prefix_along),
	SUITE_TEST(the_scope_chooses_the_source),
	SUITE_TEST(the_longest_common_prefix_chooses_the_source),
	SUITE_TEST(the_scope_chooses_the_source_in_any_order),
	SUITE_TEST(only_what_is_there_can_be_chosen),
};

int
main(void)
{
	return suite_run("route", tests, RTE_DIM(tests), fix_setup, fix_teardown);
}
