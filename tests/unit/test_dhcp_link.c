/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DHCP client when a link comes back (RFC 2131, 3.7): the lease is verified and goes on being
 * used; dhcp_world.h plays the servers. The end of a lease that a callback ends altogether, and what
 * a lease's routes leave behind, are here as well.
 */

#include <errno.h>
#include <string.h>

#include "dhcp_world.h"
#include "isla_route.h"

static void
link_up(void)
{
	CU_ASSERT_EQUAL(isla_dhcp_link_up(world.dhcp, 0), 0);
}

/* 3.7, 4.3.2, 4.4.2: as after a restart, but that the address stays and nothing is new. */
static void
a_lease_is_verified_and_goes_on(void)
{
	const struct sent *q;
	uint32_t xid;

	bound();
	xid = last(0)->msg.xid;
	run(100 * SECOND);
	link_up();
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT_REBOOT);
	CU_ASSERT_TRUE(info().has_lease);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	run_to_sent(3, 1100000);
	CU_ASSERT_EQUAL_FATAL(world.nb_sent, 3);
	q = last(0);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_REQUEST);
	CU_ASSERT_NOT_EQUAL(q->msg.xid, xid);
	CU_ASSERT_EQUAL(q->src, 0);
	CU_ASSERT_EQUAL(q->dst, 0xffffffff);
	CU_ASSERT_EQUAL(q->msg.flags, 0x8000);
	CU_ASSERT_EQUAL(q->msg.ciaddr, 0);
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 50), 0xc0a8054d);
	CU_ASSERT_FALSE(q->msg.has[54]);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT(info().end_us >= 3600 * SECOND - 2000);
	CU_ASSERT_EQUAL(world.nb_lease, 2);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	run(1000 * SECOND);
	CU_ASSERT_EQUAL(world.nb_sent, 3);
}

/* 4.4.2: any server's word counts. */
static void
another_server_may_confirm_it(void)
{
	bound();
	world.server[0].on = false;
	world.server[1].on = true;
	link_up();
	run(2 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(info().lease.lease_s, 7200);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
}

/* 3.7: "may continue to use" it, to its end, with its renewals. */
static void
where_nobody_answers_it_goes_on_to_its_end(void)
{
	uint64_t end;
	unsigned int nb;

	bound();
	world.server[0].on = false;
	run(100 * SECOND);
	end = world.now_us + info().end_us;
	link_up();
	run(40 * SECOND);
	/* Three requests, 4 and 8 s apart, and 16 s of patience (3.2.3). */
	CU_ASSERT_EQUAL(world.nb_sent, 5);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.now_us + info().end_us, end);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	nb = world.nb_sent;
	run(1700 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_RENEWING);
	CU_ASSERT_EQUAL(world.nb_sent, nb + 1);
	CU_ASSERT_EQUAL(last(0)->dst, 0xc0a80501);
	run(end - world.now_us - 1000);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	run(2000);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_EXPIRED);
}

/* T1 and T2 pass while it is being verified, and so may its end. */
static void
times_that_pass_meanwhile_count(void)
{
	bound();
	world.server[0].on = false;
	run(info().t2_us - 5 * SECOND);
	link_up();
	run(40 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_REBINDING);
	run(info().end_us - 5 * SECOND);
	link_up();
	run(10 * SECOND);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_FALSE(info().has_lease);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
}

/* 3.2: another network; its server says so. */
static void
a_refusal_takes_it_away(void)
{
	bound();
	world.server[0].naks = true;
	link_up();
	run(1100000);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_NAK);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
	world.server[0].naks = false;
	world.server[0].offer = 0xc0a80542;
	run(15 * SECOND);
	CU_ASSERT_TRUE(is_own("192.168.5.66/24"));
}

/* RFC 5227, 2.1: when an interface becomes active its address is probed, and announced. */
static void
the_address_is_probed_while_it_is_used(void)
{
	bound();
	run(10 * SECOND);
	world.nb_probes = world.nb_announcements = 0;
	link_up();
	run(12 * SECOND);
	CU_ASSERT_EQUAL(world.nb_probes, ACD_PROBE_NUM);
	CU_ASSERT_EQUAL(world.nb_announcements, ACD_ANNOUNCE_NUM);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	/* It is somebody's on this link. */
	world.arp_rival = 0xc0a8054d;
	link_up();
	run(4 * SECOND);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_CONFLICT);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_DECLINE], 1);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
}

/* A link that goes up and down without end does not send without end. */
static void
a_link_that_flaps_is_no_storm(void)
{
	unsigned int i;

	bound();
	world.server[0].on = false;
	for (i = 0; i < 10000; i++) {
		link_up();
		run(10000);
	}
	/* 100 s: each flap makes it wait anew for up to a second. */
	CU_ASSERT(world.nb_sent < 300);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	world.server[0].on = true;
	run(5 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
}

/* Without a lease nobody waits for the next DISCOVER, up to 64 s later. */
static void
without_a_lease_servers_are_looked_for_at_once(void)
{
	start();
	run(200 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_SELECTING);
	world.server[0].on = true;
	link_up();
	run(1100000);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_CHECKING);
	/* What was offered on the link of before is asked for anew. */
	link_up();
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT_REBOOT);
	run(1100000);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_REQUEST);
	CU_ASSERT_FALSE(last(0)->msg.has[54]);
	run(10 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	/* After a refusal or a conflict it waits in spite of it; and a client that stopped stays so. */
	anew();
	world.server[0].on = world.server[0].naks = true;
	start();
	run(300 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT);
	world.nb_sent = 0;
	link_up();
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT);
	isla_dhcp_release(world.dhcp, 0);
	link_up();
	run(300 * SECOND);
	CU_ASSERT_EQUAL(world.nb_sent, 0);
	CU_ASSERT_EQUAL(isla_dhcp_link_up(world.dhcp, 1), -ENOENT);
}

/* A program that wants no more once its address is somebody else's is not given another. */
static void
a_conflict_may_end_it_altogether(void)
{
	bound();
	world.release_in_callback = true;
	input_arp(2, server_mac, 0xc0a8054d, 0xc0a80501);
	input_arp(2, server_mac, 0xc0a8054d, 0xc0a80501);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_DECLINE], 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_STOPPED);
	run(DAY);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_DISCOVER], 1);
}

/* ---- what was set by hand, and what a lease brings */

static struct isla_prefix
prefix(const char *text)
{
	struct isla_prefix p;

	CU_ASSERT_EQUAL(isla_prefix_parse(text, &p), 0);
	return p;
}

static struct isla_dhcp_route
route(const char *to, const char *via)
{
	struct isla_dhcp_route r = {.prefix = prefix(to)};

	isla_addr_parse(via, &r.gateway);
	return r;
}

static struct isla_dhcp_lease
lease(const char *addr)
{
	return (struct isla_dhcp_lease){.prefix = prefix(addr), .lease_s = 100};
}

/* Routes that a stack has to a prefix; the first one's gateway. */
static unsigned int
nb_routes(const char *to, char *via, bool *leased)
{
	struct isla_prefix p = prefix(to);
	struct isla_route_entry r;
	uint32_t cursor = 0;
	unsigned int nb = 0;

	while (cursor != ISLA_LIST_END) {
		if (isla_route_list(world.stack, &cursor, &r, 1) == 0 || r.connected ||
			r.prefix.len != p.len || !isla_addr_eq(&r.prefix.addr, &p.addr))
			continue;
		if (nb++ > 0)
			continue;
		isla_addr_format(&r.gateway, via, ISLA_ADDR_STRLEN);
		*leased = r.leased;
	}
	return nb;
}

static void
has_routes(const char *to, unsigned int nb, const char *via, bool leased)
{
	char text[ISLA_ADDR_STRLEN] = "";
	bool is_leased = false;

	CU_ASSERT_EQUAL(nb_routes(to, text, &is_leased), nb);
	CU_ASSERT_STRING_EQUAL(text, via);
	CU_ASSERT_EQUAL(is_leased, leased);
}

/* A route that was set by hand goes before the lease's to the same prefix, and outlives it. */
static void
routes_set_by_hand_outlive_a_lease(void)
{
	struct isla_dhcp_lease l = lease("192.168.5.77/24");
	struct isla_dhcp_route hand = route("10.0.0.0/8", "192.168.5.200");

	l.route[0] = route("10.0.0.0/8", "192.168.5.1");
	l.route[1] = route("0.0.0.0/0", "192.168.5.1");
	l.nb_routes = 2;
	CU_ASSERT_EQUAL(isla_stack_route_add(world.stack, &hand.prefix, &hand.gateway, 0), 0);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, NULL, &l), 0);
	has_routes("10.0.0.0/8", 2, "192.168.5.200", false);
	has_routes("0.0.0.0/0", 1, "192.168.5.1", true);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &l, NULL), 0);
	has_routes("10.0.0.0/8", 1, "192.168.5.200", false);
	has_routes("0.0.0.0/0", 0, "", false);
	/* It may come later as well; and where it goes, that of the lease is there again. */
	CU_ASSERT_EQUAL(isla_stack_route_del(world.stack, &hand.prefix, 0), 0);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, NULL, &l), 0);
	CU_ASSERT_EQUAL(isla_stack_route_add(world.stack, &hand.prefix, &hand.gateway, 0), 0);
	CU_ASSERT_EQUAL(isla_stack_route_add(world.stack, &hand.prefix, &hand.gateway, 0), -EEXIST);
	has_routes("10.0.0.0/8", 2, "192.168.5.200", false);
	CU_ASSERT_EQUAL(isla_stack_route_del(world.stack, &hand.prefix, 0), 0);
	has_routes("10.0.0.0/8", 1, "192.168.5.1", true);
	/* Nobody takes a lease's route away but the lease. */
	CU_ASSERT_EQUAL(isla_stack_route_del(world.stack, &hand.prefix, 0), -ESRCH);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &l, NULL), 0);
	has_routes("10.0.0.0/8", 0, "", false);
}

/* So does an address; one that came with the lease goes, whatever stands before and behind it. */
static void
addresses_set_by_hand_outlive_a_lease(void)
{
	struct isla_prefix hand = prefix("192.168.5.77/24"), others[] = {
		prefix("10.0.0.1/8"), prefix("10.1.0.1/16"), prefix("10.1.0.2/16")};
	struct isla_dhcp_lease l = lease("192.168.5.77/24"), m = lease("192.168.5.78/24");

	CU_ASSERT_EQUAL(isla_stack_addr_add(world.stack, 0, &hand), 0);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, NULL, &l), 0);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &l, NULL), 0);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	isla_stack_addr_del(world.stack, 0, &hand.addr);
	isla_stack_addr_add(world.stack, 0, &others[0]);
	isla_stack_addr_add(world.stack, 0, &others[1]);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, NULL, &l), 0);
	isla_stack_addr_add(world.stack, 0, &others[2]);
	isla_stack_addr_del(world.stack, 0, &others[0].addr);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &l, &m), 0);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
	CU_ASSERT_TRUE(is_own("192.168.5.78/24"));
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &m, NULL), 0);
	CU_ASSERT_FALSE(is_own("192.168.5.78/24"));
	CU_ASSERT_TRUE(is_own("10.1.0.1/16"));
	CU_ASSERT_TRUE(is_own("10.1.0.2/16"));
	/* What is in their places later is not the lease's. */
	CU_ASSERT_EQUAL(isla_stack_addr_add(world.stack, 0, &hand), 0);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &l, NULL), 0);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_lease_is_verified_and_goes_on),
	SUITE_TEST(another_server_may_confirm_it),
	SUITE_TEST(where_nobody_answers_it_goes_on_to_its_end),
	SUITE_TEST(times_that_pass_meanwhile_count),
	SUITE_TEST(a_refusal_takes_it_away),
	SUITE_TEST(the_address_is_probed_while_it_is_used),
	SUITE_TEST(a_link_that_flaps_is_no_storm),
	SUITE_TEST(without_a_lease_servers_are_looked_for_at_once),
	SUITE_TEST(a_conflict_may_end_it_altogether),
	SUITE_TEST(routes_set_by_hand_outlive_a_lease),
	SUITE_TEST(addresses_set_by_hand_outlive_a_lease),
};

int
main(void)
{
	return suite_run("dhcp_link", tests, RTE_DIM(tests), setup, teardown);
}
