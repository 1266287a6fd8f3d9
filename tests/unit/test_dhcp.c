/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DHCP client through all its states (RFC 2131), in virtual time: dhcp_world.h plays the
 * servers.
 */

#include <errno.h>
#include <string.h>

#include <rte_errno.h>

#include "dhcp_world.h"

/* ---- the ordinary way ---- */

/* RFC 2131, 3.1 and table 5: what stands in each message. */
static void
from_nothing_to_a_lease(void)
{
	const struct sent *q;
	uint32_t xid;

	world.server[0].on = true;
	start_with((struct isla_dhcp_conf){.hostname = "box", .vendor_class = "isla"});
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT);
	CU_ASSERT(run_to_sent(1, 5 * SECOND) <= 1001000 + SLACK_US);
	/* The server answers at once. */
	CU_ASSERT_EQUAL(world.nb_sent, 2);
	q = last(1);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_DISCOVER);
	CU_ASSERT_EQUAL(q->src, 0);
	CU_ASSERT_EQUAL(q->dst, 0xffffffff);
	CU_ASSERT_EQUAL(q->msg.ciaddr, 0);
	CU_ASSERT_EQUAL(q->msg.flags, 0x8000);
	CU_ASSERT_EQUAL(q->msg.secs, 0);
	CU_ASSERT_FALSE(q->msg.has[50]);
	CU_ASSERT_FALSE(q->msg.has[54]);
	CU_ASSERT_TRUE(q->msg.has[55]);
	CU_ASSERT_TRUE(q->msg.has[57]);
	CU_ASSERT_TRUE(q->msg.has[61]);
	CU_ASSERT_EQUAL(q->msg.len[12], 3);
	CU_ASSERT_EQUAL(q->msg.len[60], 4);
	xid = q->msg.xid;
	q = last(0);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_REQUEST);
	CU_ASSERT_EQUAL(q->msg.xid, xid);
	CU_ASSERT_EQUAL(q->src, 0);
	CU_ASSERT_EQUAL(q->dst, 0xffffffff);
	CU_ASSERT_EQUAL(q->msg.ciaddr, 0);
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 50), 0xc0a8054d);
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 54), 0xc0a80501);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_CHECKING);
	CU_ASSERT_EQUAL(world.nb_lease, 0);
	run(8 * SECOND);
	CU_ASSERT_EQUAL(world.nb_probes, ACD_PROBE_NUM);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_lease, 1);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT_EQUAL(world.lease.lease_s, 3600);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	run(5 * SECOND);
	CU_ASSERT_EQUAL(world.nb_announcements, ACD_ANNOUNCE_NUM);
	CU_ASSERT_EQUAL(world.nb_sent, 2);
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_LEASES), 1);
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_OUT_MSGS), 2);
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_IN_MSGS), 2);
}

/* RFC 4361, 6.1: 255, an IAID of the interface, a DUID; the same in all messages. */
static void
the_client_identifier_is_that_of_the_node(void)
{
	static const uint8_t want[] = {255, 0, 0, 0, 2, 0, 3, 0, 1, 2, 0, 0, 0, 0, 2};
	unsigned int i;

	bound();
	isla_dhcp_release(world.dhcp, 0);
	run(SECOND);
	CU_ASSERT_EQUAL(world.nb_sent, 3);
	for (i = 0; i < 3; i++) {
		const struct dhcp_msg *m = &last(i)->msg;

		CU_ASSERT_EQUAL_FATAL(m->len[61], sizeof(want));
		CU_ASSERT_EQUAL(memcmp(m->data + m->off[61], want, sizeof(want)), 0);
	}
}

static void
a_client_identifier_can_be_given(void)
{
	static const uint8_t id[] = {0, 'b', 'o', 'x'};

	start_with((struct isla_dhcp_conf){.client_id = id, .client_id_len = sizeof(id)});
	run(2 * SECOND);
	CU_ASSERT_EQUAL_FATAL(last(0)->msg.len[61], 4);
	CU_ASSERT_EQUAL(memcmp(last(0)->msg.data + last(0)->msg.off[61], id, 4), 0);
}

/* 4.1: 4, 8, 16, 32, 64, 64 s, each up to a second more or less, for ever. */
static void
discovers_back_off_at_random(void)
{
	static const unsigned int base[] = {4, 8, 16, 32, 64, 64, 64, 64};
	uint64_t before, least = UINT64_MAX, most = 0;
	uint32_t xid;
	unsigned int i;

	start();
	run_to_sent(1, 2 * SECOND);
	before = last(0)->at_us;
	xid = last(0)->msg.xid;
	for (i = 0; i < 40; i++) {
		uint64_t want = (i < RTE_DIM(base) ? base[i] : 64) * SECOND, gap;

		run_to_sent(2 + i, 100 * SECOND);
		CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
		CU_ASSERT_EQUAL(last(0)->msg.xid, xid);
		gap = last(0)->at_us - before;
		CU_ASSERT(gap + SECOND >= want && gap <= want + SECOND + SLACK_US);
		before = last(0)->at_us;
		CU_ASSERT_EQUAL(last(0)->msg.secs, (before - world.sent[0].at_us) / SECOND);
		if (i >= 4) {
			least = RTE_MIN(least, gap);
			most = RTE_MAX(most, gap);
		}
	}
	CU_ASSERT(most - least > SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_SELECTING);
	/* A server that comes late is taken at once. */
	world.server[0].on = true;
	run(80 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
}

/* 4.4.1: the REQUEST has the DISCOVER's secs; 3.1.5: after 60 s it begins again. */
static void
a_server_that_dies_after_its_offer(void)
{
	uint64_t began;
	unsigned int i;

	start();
	run_to_sent(2, 20 * SECOND);
	world.server[0].on = world.server[0].deaf_to_requests = true;
	run_to_sent(4, 20 * SECOND);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_REQUEST);
	CU_ASSERT_EQUAL(last(0)->msg.secs, last(1)->msg.secs);
	CU_ASSERT(last(0)->msg.secs > 8);
	began = world.now_us;
	for (i = 1; i < 4; i++) {
		run_to_sent(4 + i, 40 * SECOND);
		CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_REQUEST);
		CU_ASSERT_EQUAL(last(0)->msg.secs, last(1)->msg.secs);
		CU_ASSERT_EQUAL(last(0)->msg.xid, last(1)->msg.xid);
	}
	world.server[0].on = false;
	run_to_sent(8, 40 * SECOND);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
	CU_ASSERT_NOT_EQUAL(last(0)->msg.xid, last(1)->msg.xid);
	CU_ASSERT(world.now_us - began > 55 * SECOND && world.now_us - began < 66 * SECOND);
	CU_ASSERT_EQUAL(world.nb_lease, 0);
}

static void
two_servers_and_the_first_is_taken(void)
{
	world.server[1].on = true;
	bound();
	CU_ASSERT_EQUAL(world.nb_type[DHCP_REQUEST], 1);
	CU_ASSERT_EQUAL(msg_opt32(&last(0)->msg, 54), 0xc0a80501);
	/* The other's offer came too late, which is no harm. */
	CU_ASSERT_EQUAL(drops(ISLA_DROP_DHCP_NOT_OURS), 1);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	CU_ASSERT_FALSE(is_own("192.168.5.88/24"));
}

/* ---- time ---- */

/* 4.4.5: T1 at half, by unicast to the server; T2 at 7/8, by broadcast; each a little early. */
static void
a_lease_is_renewed_by_its_server(void)
{
	const struct sent *q;
	uint64_t asked;

	bound();
	asked = last(0)->at_us;
	run(1800 * SECOND);
	CU_ASSERT_EQUAL_FATAL(world.nb_sent, 3);
	q = last(0);
	CU_ASSERT(q->at_us <= asked + 1800 * SECOND + SLACK_US && q->at_us >= asked + 1743 * SECOND);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_REQUEST);
	CU_ASSERT_EQUAL(q->src, 0xc0a8054d);
	CU_ASSERT_EQUAL(q->dst, 0xc0a80501);
	CU_ASSERT_EQUAL(q->msg.ciaddr, RTE_BE32(0xc0a8054d));
	CU_ASSERT_FALSE(q->msg.has[50]);
	CU_ASSERT_FALSE(q->msg.has[54]);
	CU_ASSERT_EQUAL(q->msg.flags, 0);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_lease, 2);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT(info().end_us > 3500 * SECOND);
	CU_ASSERT_EQUAL(world.nb_probes, ACD_PROBE_NUM);
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_RENEWALS), 1);
}

/* Half of what is left, at least 60 s. */
static void
a_server_that_keeps_silent_is_asked_again_and_then_all_are(void)
{
	uint64_t asked, at, t2;
	unsigned int nb;

	bound();
	asked = last(0)->at_us;
	world.server[0].on = false;
	run_to_sent(3, HOUR);
	t2 = world.now_us + info().t2_us;
	CU_ASSERT(t2 <= asked + 3150 * SECOND + SLACK_US && t2 >= asked + 3050 * SECOND);
	for (nb = 3;; nb++) {
		uint64_t left;

		at = last(0)->at_us;
		left = t2 - at;
		CU_ASSERT_EQUAL(info().state, ISLA_DHCP_RENEWING);
		run_to_sent(nb + 1, HOUR);
		if (last(0)->dst == 0xffffffff)
			break;
		CU_ASSERT_EQUAL(last(0)->dst, 0xc0a80501);
		CU_ASSERT(last(0)->at_us - at >= RTE_MAX(left / 2, 60 * SECOND) - 1000);
		CU_ASSERT(last(0)->at_us - at <= RTE_MAX(left / 2, 60 * SECOND) + 2000);
	}
	CU_ASSERT(nb >= 6 && nb <= 10);
	CU_ASSERT(last(0)->at_us >= t2 && last(0)->at_us <= t2 + 2000);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_REBINDING);
	CU_ASSERT_EQUAL(last(0)->src, 0xc0a8054d);
	CU_ASSERT_EQUAL(last(0)->msg.ciaddr, RTE_BE32(0xc0a8054d));
	CU_ASSERT_FALSE(last(0)->msg.has[50]);
	CU_ASSERT_FALSE(last(0)->msg.has[54]);
	/* Another one helps out: it is the server from now on. */
	world.server[1].on = true;
	run(300 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.lease.server.b[15], 2);
	CU_ASSERT_EQUAL(world.lease.lease_s, 7200);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
}

/* 4.4.5: at the end everything stops at once, and it begins again. */
static void
a_lease_that_nobody_renews_ends(void)
{
	uint64_t asked;

	bound();
	asked = last(0)->at_us;
	world.server[0].on = false;
	run(asked + 3600 * SECOND - 1000 - world.now_us);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	run(2000);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_EXPIRED);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_EXPIRIES), 1);
	run(2 * SECOND);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
	/* It would like to have the same again. */
	CU_ASSERT_EQUAL(msg_opt32(&last(0)->msg, 50), 0xc0a8054d);
	world.server[0].on = true;
	run(40 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_new, 2);
}

static void
a_lease_is_lived_through_weeks(void)
{
	unsigned int day;

	bound();
	for (day = 0; day < 28; day++) {
		run(DAY);
		CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	}
	/* One REQUEST in about half an hour: the fuzz is 1/32 at most. */
	CU_ASSERT(world.nb_type[DHCP_REQUEST] >= 28 * 48 && world.nb_type[DHCP_REQUEST] <= 28 * 48 * 33 / 31);
	CU_ASSERT_EQUAL(world.nb_lease, world.nb_type[DHCP_REQUEST]);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_DISCOVER], 1);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	CU_ASSERT_EQUAL(world.nb_new, 1);
}

/* A day each: dead, back, another one's turn. */
static void
weeks_with_servers_that_come_and_go(void)
{
	unsigned int day, before;

	world.server[0].lease_s = world.server[1].lease_s = 4 * 3600;
	bound();
	for (day = 0; day < 21; day++) {
		world.server[0].on = day % 3 == 0;
		world.server[1].on = day % 3 == 2;
		before = world.nb_expired;
		run(DAY);
		if (day % 3 == 1) {
			CU_ASSERT_EQUAL(world.nb_expired, before + 1);
			CU_ASSERT_FALSE(world.has);
		} else {
			CU_ASSERT_TRUE(world.has);
			CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
		}
	}
	CU_ASSERT_EQUAL(world.nb_new, 1 + 7);
}

static void
times_of_the_server_count_where_they_make_sense(void)
{
	static const struct {
		uint32_t t1, t2, want1, want2;
	} cases[] = {{100, 200, 100, 200}, {0, 0, 500, 875}, {900, 800, 500, 875}, {100, 2000, 100,
		875}, {0, 100, 100, 100}, {UINT32_MAX, UINT32_MAX, 500, 875}, {950, 990, 950, 990}};
	unsigned int i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_dhcp_info in;
		uint64_t age;

		anew();
		world.server[0].lease_s = 1000;
		world.server[0].t1_s = cases[i].t1;
		world.server[0].t2_s = cases[i].t2;
		bound();
		in = info();
		age = world.now_us - last(0)->at_us;
		CU_ASSERT(in.t1_us + age <= cases[i].want1 * SECOND);
		CU_ASSERT(in.t1_us + age >= cases[i].want1 * SECOND / 32 * 31);
		CU_ASSERT(in.t2_us + age <= cases[i].want2 * SECOND);
		CU_ASSERT(in.t2_us + age >= cases[i].want2 * SECOND / 32 * 31);
		CU_ASSERT_EQUAL(in.end_us + age, 1000 * SECOND);
	}
}

/* 4.4.5: many that were bound at once do not all come back at once. */
static void
renewals_are_spread_at_random(void)
{
	uint64_t least = UINT64_MAX, most = 0;
	unsigned int i;

	bound();
	for (i = 0; i < 50; i++) {
		CU_ASSERT_EQUAL(isla_dhcp_renew(world.dhcp, 0), 0);
		run(1000);
		least = RTE_MIN(least, info().t1_us);
		most = RTE_MAX(most, info().t1_us);
	}
	CU_ASSERT(most - least > 30 * SECOND);
	CU_ASSERT(most <= 1800 * SECOND && least >= 1743 * SECOND);
}

static void
an_infinite_lease_is_never_renewed(void)
{
	world.server[0].lease_s = ISLA_DHCP_INFINITE;
	world.server[0].t1_s = 10;
	bound();
	CU_ASSERT_EQUAL(info().end_us, UINT64_MAX);
	run(1000 * DAY);
	CU_ASSERT_EQUAL(world.nb_sent, 2);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	/* But on request it is, and goes on being asked for if nobody answers. */
	world.server[0].on = false;
	CU_ASSERT_EQUAL(isla_dhcp_renew(world.dhcp, 0), 0);
	run(MINUTE * 3 + SECOND);
	CU_ASSERT_EQUAL(world.nb_sent, 6);
	world.server[0].on = true;
	run(MINUTE);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
}

static void
the_longest_and_the_shortest_lease(void)
{
	world.server[0].lease_s = UINT32_MAX - 1;
	bound();
	run(30000 * DAY);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	CU_ASSERT_EQUAL(world.nb_lease, 2);
	anew();
	world.server[0].on = true;
	world.server[0].lease_s = 1;
	start();
	/* It is over before anybody could say whether the address is free, so it is asked for
	 * again. */
	run(30 * SECOND);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	CU_ASSERT_EQUAL(world.nb_probes, ACD_PROBE_NUM);
	CU_ASSERT(world.nb_sent < 70);
	anew();
	world.server[0].on = true;
	world.server[0].lease_s = 10;
	start();
	run(1000 * SECOND);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT(world.nb_lease >= 195 && world.nb_lease <= 215);
}

static void
what_a_renewal_changes_is_told(void)
{
	bound();
	CU_ASSERT_EQUAL(world.lease.mtu, 0);
	world.server[0].mtu = 1400;
	world.server[0].router = 0xc0a805fe;
	CU_ASSERT_EQUAL(isla_dhcp_renew(world.dhcp, 0), 0);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_RENEWING);
	run(SECOND);
	CU_ASSERT_EQUAL(world.nb_lease, 2);
	CU_ASSERT_EQUAL(world.lease.mtu, 1400);
	CU_ASSERT_EQUAL(world.lease.nb_routes, 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
}

/* ---- refusals, conflicts ---- */

/* 3.1.5 and 4.4.5; and a server that refuses for ever is not asked without end. */
static void
a_refusal_begins_again_and_ever_slower(void)
{
	world.server[0].on = world.server[0].naks = true;
	start();
	run(600 * SECOND);
	CU_ASSERT_EQUAL(world.nb_lease, 0);
	CU_ASSERT(world.nb_type[DHCP_DISCOVER] >= 10 && world.nb_type[DHCP_DISCOVER] <= 20);
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_NAKS), world.nb_type[DHCP_REQUEST]);
	world.server[0].naks = false;
	run(80 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
}

static void
a_refusal_in_mid_lease_takes_it_away(void)
{
	bound();
	world.server[0].naks = true;
	isla_dhcp_renew(world.dhcp, 0);
	run(10000);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_NAK);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
	world.server[0].naks = false;
	world.server[0].offer = 0xc0a80542;
	run(15 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_TRUE(is_own("192.168.5.66/24"));
	/* 4.4.1: what was refused is not asked for again. */
	CU_ASSERT_FALSE(last(1)->msg.has[50]);
}

/* 3.1.5: DECLINE, and at least ten seconds of rest. Table 5: what it has. */
static void
an_address_that_somebody_has_is_declined(void)
{
	const struct sent *q;
	uint64_t declined;

	world.server[0].on = true;
	world.arp_rival = 0xc0a8054d;
	start();
	run(4 * SECOND);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_DECLINE], 1);
	q = last(0);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_DECLINE);
	declined = q->at_us;
	CU_ASSERT_EQUAL(q->src, 0);
	CU_ASSERT_EQUAL(q->dst, 0xffffffff);
	CU_ASSERT_EQUAL(q->msg.ciaddr, 0);
	CU_ASSERT_EQUAL(q->msg.secs, 0);
	CU_ASSERT_EQUAL(q->msg.flags, 0);
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 50), 0xc0a8054d);
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 54), 0xc0a80501);
	CU_ASSERT_TRUE(q->msg.has[56]);
	CU_ASSERT_TRUE(q->msg.has[61]);
	CU_ASSERT_FALSE(q->msg.has[55] || q->msg.has[57] || q->msg.has[12] || q->msg.has[60]);
	CU_ASSERT_EQUAL(world.nb_lease, 0);
	CU_ASSERT_EQUAL(info().nb_declines, 1);
	world.server[0].offer = 0xc0a80542;
	run_to_sent(4, 30 * SECOND);
	CU_ASSERT_EQUAL(last(1)->msg.type, DHCP_DISCOVER);
	CU_ASSERT(last(1)->at_us - declined >= 10 * SECOND);
	run(10 * SECOND);
	CU_ASSERT_TRUE(is_own("192.168.5.66/24"));
	CU_ASSERT_EQUAL(counted(ISLA_C_DHCP_DECLINES), 1);
}

/* RFC 5227, 2.1.1: after ten conflicts once a minute. */
static void
many_conflicts_make_it_slow(void)
{
	world.server[0].on = true;
	world.arp_rival = 0xc0a8054d;
	start();
	run(1800 * SECOND);
	CU_ASSERT(world.nb_type[DHCP_DECLINE] >= 20 && world.nb_type[DHCP_DECLINE] <= 45);
	CU_ASSERT_EQUAL(world.nb_lease, 0);
}

/* RFC 5227, 2.4 */
static void
an_address_in_use_is_defended_and_then_given_up(void)
{
	bound();
	run(5 * SECOND);
	CU_ASSERT_EQUAL(world.nb_announcements, 2);
	input_arp(2, server_mac, 0xc0a8054d, 0xc0a80501);
	CU_ASSERT_EQUAL(world.nb_announcements, 3);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	run(5 * SECOND);
	input_arp(1, server_mac, 0xc0a8054d, 0xc0a80501);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_CONFLICT);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DECLINE);
	CU_ASSERT_EQUAL(last(0)->src, 0);
	CU_ASSERT_EQUAL(msg_opt32(&last(0)->msg, 50), 0xc0a8054d);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
}

static void
without_probes_the_address_is_used_at_once(void)
{
	world.server[0].on = true;
	start_with((struct isla_dhcp_conf){.no_probe = true});
	run(1100000);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_probes, 0);
	run(10 * SECOND);
	CU_ASSERT_EQUAL(world.nb_announcements, 0);
}

/* ---- before and after ---- */

/* 4.4.6, table 5 */
static void
a_lease_can_be_given_back(void)
{
	const struct sent *q;

	bound();
	CU_ASSERT_EQUAL(isla_dhcp_release(world.dhcp, 0), 0);
	run(SECOND);
	q = last(0);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_RELEASE);
	CU_ASSERT_EQUAL(q->src, 0xc0a8054d);
	CU_ASSERT_EQUAL(q->dst, 0xc0a80501);
	CU_ASSERT_EQUAL(q->msg.ciaddr, RTE_BE32(0xc0a8054d));
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 54), 0xc0a80501);
	CU_ASSERT_FALSE(q->msg.has[50] || q->msg.has[55] || q->msg.has[57] || q->msg.has[12]);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_RELEASED);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_STOPPED);
	run(DAY);
	CU_ASSERT_EQUAL(world.nb_sent, 3);
	/* Twice is no harm; and it can begin again. */
	CU_ASSERT_EQUAL(isla_dhcp_release(world.dhcp, 0), 0);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(isla_dhcp_renew(world.dhcp, 0), 0);
	run(12 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_new, 2);
}

static struct isla_dhcp_lease
old_lease(uint32_t ago_s)
{
	struct isla_dhcp_lease l = {.lease_s = 3600, .since_us = WALL0 - ago_s * SECOND};

	isla_prefix_parse("192.168.5.77/24", &l.prefix);
	isla_addr_parse("192.168.5.1", &l.server);
	l.broadcast = isla_addr_from_v4(0);
	return l;
}

static void
restart(uint32_t ago_s)
{
	struct isla_dhcp_lease l = old_lease(ago_s);

	start_with((struct isla_dhcp_conf){.last = &l});
}

/* 3.2 and 4.3.2: no server identifier, no ciaddr, by broadcast. */
static void
the_last_lease_is_asked_for_again(void)
{
	const struct sent *q;

	world.server[0].on = true;
	restart(100);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT_REBOOT);
	run(1100000);
	CU_ASSERT_EQUAL_FATAL(world.nb_sent, 1);
	q = last(0);
	CU_ASSERT_EQUAL(q->msg.type, DHCP_REQUEST);
	CU_ASSERT_EQUAL(q->src, 0);
	CU_ASSERT_EQUAL(q->dst, 0xffffffff);
	CU_ASSERT_EQUAL(q->msg.ciaddr, 0);
	CU_ASSERT_EQUAL(msg_opt32(&q->msg, 50), 0xc0a8054d);
	CU_ASSERT_FALSE(q->msg.has[54]);
	run(8 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT(info().end_us > 3580 * SECOND);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_DISCOVER], 0);
}

static void
a_refusal_of_the_last_lease_begins_from_nothing(void)
{
	world.server[0].on = world.server[0].naks = true;
	restart(100);
	run(1100000);
	CU_ASSERT_EQUAL(world.nb_sent, 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_INIT);
	CU_ASSERT_EQUAL(world.nb_expired, 0);
	world.server[0].naks = false;
	run(12 * SECOND);
	CU_ASSERT_EQUAL(last(1)->msg.type, DHCP_DISCOVER);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
}

/* 3.2.3: nobody answers, so what is left of it is used; not long, and it is asked for more time. */
static void
what_is_left_of_the_last_lease_is_used(void)
{
	uint64_t began;

	/* Also where the stack's clock is younger than the lease. */
	teardown();
	world_open(1);
	began = world.now_us;
	restart(3000);
	run(28 * SECOND + 4 * SECOND + 9 * SECOND);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_REQUEST] >= 3, true);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT_EQUAL(world.nb_probes, 3);
	/* T1 has passed long ago. */
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_RENEWING);
	CU_ASSERT_EQUAL(info().end_us, 600 * SECOND - (world.now_us - began));
	run(600 * SECOND);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(world.why, ISLA_DHCP_END_EXPIRED);
}

static void
a_last_lease_that_is_over_is_only_a_wish(void)
{
	struct isla_dhcp_lease l;

	restart(3600);
	run(1100000);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
	CU_ASSERT_EQUAL(msg_opt32(&last(0)->msg, 50), 0xc0a8054d);
	/* One from the future, of a clock that was set back. */
	anew();
	l = old_lease(0);
	l.since_us = WALL0 + HOUR;
	start_with((struct isla_dhcp_conf){.last = &l});
	run(1100000);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
	/* One that never was. */
	anew();
	memset(&l, 0, sizeof(l));
	start_with((struct isla_dhcp_conf){.last = &l});
	run(1100000);
	CU_ASSERT_EQUAL(last(0)->msg.type, DHCP_DISCOVER);
	CU_ASSERT_FALSE(last(0)->msg.has[50]);
	/* One without an end. */
	anew();
	l = old_lease(1000000);
	l.lease_s = ISLA_DHCP_INFINITE;
	start_with((struct isla_dhcp_conf){.last = &l});
	run(50 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(info().end_us, UINT64_MAX);
}

/* Five seconds, whatever the client does meanwhile; not while an address is being checked. */
static void
it_is_told_that_nobody_answers(void)
{
	struct isla_dhcp_conf conf = {.patience_us = 5 * SECOND};

	start_with(conf);
	run(5 * SECOND - 1000);
	CU_ASSERT_EQUAL(world.nb_unanswered, 0);
	run(1000 + SLACK_US);
	CU_ASSERT_EQUAL(world.nb_unanswered, 1);
	run(DAY);
	CU_ASSERT_EQUAL(world.nb_unanswered, 1);
	world.server[0].on = true;
	run(80 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	world.server[0].on = false;
	run(HOUR);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	run(5 * SECOND);
	CU_ASSERT_EQUAL(world.nb_unanswered, 2);
	/* A server that answers in time, though the check takes longer. */
	anew();
	world.server[0].on = true;
	conf.patience_us = 2 * SECOND;
	start_with(conf);
	run(3600 * SECOND);
	CU_ASSERT_EQUAL(world.nb_new, 1);
	CU_ASSERT_EQUAL(world.nb_unanswered, 0);
	/* But where the check fails. */
	anew();
	world.server[0].on = true;
	world.arp_rival = 0xc0a8054d;
	conf.patience_us = 1200000;
	start_with(conf);
	run(20 * SECOND);
	CU_ASSERT_EQUAL(world.nb_unanswered, 1);
	/* Where last week's lease is asked for, and nobody answers. */
	anew();
	conf.last = &(const struct isla_dhcp_lease){0};
	world.release_in_callback = true;
	start_with(conf);
	run(DAY);
	CU_ASSERT_EQUAL(world.nb_unanswered, 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_STOPPED);
	CU_ASSERT(world.nb_sent <= 1);
}

static void
callbacks_may_release(void)
{
	world.release_in_callback = true;
	world.server[0].on = true;
	start();
	run(30 * SECOND);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_RELEASE], 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_STOPPED);
	anew();
	bound();
	world.server[0].on = false;
	world.release_in_callback = true;
	run(2 * HOUR);
	CU_ASSERT_EQUAL(world.nb_expired, 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_STOPPED);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_RELEASE], 0);
}

static void
what_cannot_be_is_refused(void)
{
	struct isla_dhcp_conf conf = {.ctx = &world};
	struct isla_dhcp_info in;
	char text[ISLA_DHCP_CLASS_MAX + 2];
	uint8_t id[1] = {0};

	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), -EINVAL);
	conf.ops = &world_ops;
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 1, &conf), -EINVAL);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	conf.vendor_class = text;
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), -EINVAL);
	text[ISLA_DHCP_CLASS_MAX] = '\0';
	conf.hostname = text;
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), -EINVAL);
	conf.hostname = NULL;
	conf.client_id = id;
	conf.client_id_len = 1;
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), -EINVAL);
	conf.client_id = NULL;
	CU_ASSERT_EQUAL(isla_dhcp_get_info(world.dhcp, 0, &in), -ENOENT);
	CU_ASSERT_EQUAL(isla_dhcp_renew(world.dhcp, 0), -ENOENT);
	CU_ASSERT_EQUAL(isla_dhcp_release(world.dhcp, 0), -ENOENT);
	CU_ASSERT_EQUAL(isla_dhcp_release(world.dhcp, 200), -ENOENT);
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), 0);
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), -EALREADY);
	CU_ASSERT_PTR_NULL(isla_dhcp_create(world.stack));
	CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
	CU_ASSERT_STRING_EQUAL(isla_dhcp_state_name(ISLA_DHCP_REBINDING), "REBINDING");
	CU_ASSERT_STRING_EQUAL(isla_dhcp_state_name((enum isla_dhcp_state)99), "?");
	CU_ASSERT_STRING_EQUAL(isla_dhcp_end_name((enum isla_dhcp_end)99), "?");
}

/* Mbufs run out: what cannot be sent is like what gets lost. */
static void
without_mbufs_it_goes_on_later(void)
{
	world.server[0].on = true;
	start();
	heap_pool_set_limit(world.pool, 0);
	run(3 * SECOND);
	CU_ASSERT_EQUAL(world.nb_sent, 0);
	CU_ASSERT(drops(ISLA_DROP_NO_MBUF) > 0);
	heap_pool_set_limit(world.pool, 256);
	run(20 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
}

static const struct suite_test tests[] = {
	SUITE_TEST(from_nothing_to_a_lease),
	SUITE_TEST(the_client_identifier_is_that_of_the_node),
	SUITE_TEST(a_client_identifier_can_be_given),
	SUITE_TEST(discovers_back_off_at_random),
	SUITE_TEST(a_server_that_dies_after_its_offer),
	SUITE_TEST(two_servers_and_the_first_is_taken),
	SUITE_TEST(a_lease_is_renewed_by_its_server),
	SUITE_TEST(a_server_that_keeps_silent_is_asked_again_and_then_all_are),
	SUITE_TEST(a_lease_that_nobody_renews_ends),
	SUITE_TEST(a_lease_is_lived_through_weeks),
	SUITE_TEST(weeks_with_servers_that_come_and_go),
	SUITE_TEST(times_of_the_server_count_where_they_make_sense),
	SUITE_TEST(renewals_are_spread_at_random),
	SUITE_TEST(an_infinite_lease_is_never_renewed),
	SUITE_TEST(the_longest_and_the_shortest_lease),
	SUITE_TEST(what_a_renewal_changes_is_told),
	SUITE_TEST(a_refusal_begins_again_and_ever_slower),
	SUITE_TEST(a_refusal_in_mid_lease_takes_it_away),
	SUITE_TEST(an_address_that_somebody_has_is_declined),
	SUITE_TEST(many_conflicts_make_it_slow),
	SUITE_TEST(an_address_in_use_is_defended_and_then_given_up),
	SUITE_TEST(without_probes_the_address_is_used_at_once),
	SUITE_TEST(a_lease_can_be_given_back),
	SUITE_TEST(the_last_lease_is_asked_for_again),
	SUITE_TEST(a_refusal_of_the_last_lease_begins_from_nothing),
	SUITE_TEST(what_is_left_of_the_last_lease_is_used),
	SUITE_TEST(a_last_lease_that_is_over_is_only_a_wish),
	SUITE_TEST(it_is_told_that_nobody_answers),
	SUITE_TEST(callbacks_may_release),
	SUITE_TEST(what_cannot_be_is_refused),
	SUITE_TEST(without_mbufs_it_goes_on_later),
};

int
main(void)
{
	return suite_run("dhcp", tests, RTE_DIM(tests), setup, teardown);
}
