/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery, byte by byte (RFC 4861, 7): validity, answers, and the table of 7.2.5.
 */

#include <string.h>

#include <rte_common.h>

#include "link_env.h"

#define PEER_GUA 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define OUR_GUA  0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define SOLNODE(n) 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, n
#define ALL_NODES  0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define IP6_ND     0x60, 0, 0, 0, 0, 32, 58, 255

#define PEER "2001:db8::1"

#define FRAME_LEN 86

/* The frames that we send, as another implementation (scapy) builds them. */
static const uint8_t our_ns[FRAME_LEN] = {0x33, 0x33, 0xff, 0, 0, 1, OUR_MAC, 0x86, 0xdd, IP6_ND,
	OUR_GUA, SOLNODE(1), 135, 0, 0x1c, 0x27, 0, 0, 0, 0, PEER_GUA, 1, 1, OUR_MAC};
static const uint8_t our_probe[FRAME_LEN] = {PEER_MAC, OUR_MAC, 0x86, 0xdd, IP6_ND, OUR_GUA,
	PEER_GUA, 135, 0, 0xec, 0x72, 0, 0, 0, 0, PEER_GUA, 1, 1, OUR_MAC};
static const uint8_t our_na[FRAME_LEN] = {PEER_MAC, OUR_MAC, 0x86, 0xdd, IP6_ND, OUR_GUA, PEER_GUA,
	136, 0, 0x8a, 0x71, 0x60, 0, 0, 0, OUR_GUA, 2, 1, OUR_MAC};
static const uint8_t our_dad_na[FRAME_LEN] = {0x33, 0x33, 0, 0, 0, 1, OUR_MAC, 0x86, 0xdd, IP6_ND,
	OUR_GUA, ALL_NODES, 136, 0, 0xf9, 0x27, 0x20, 0, 0, 0, OUR_GUA, 2, 1, OUR_MAC};

/* Messages, from the ICMPv6 header on. */
static const uint8_t ns[32] = {135, 0, 0, 0, 0, 0, 0, 0, OUR_GUA, 1, 1, PEER_MAC};
static const uint8_t na[32] = {136, 0, 0, 0, 0x60, 0, 0, 0, PEER_GUA, 2, 1, PEER_MAC};

static const uint8_t peer[6] = {PEER_MAC};
static const uint8_t other[6] = {OTHER_MAC};

/* How the next message is to arrive. */
static struct {
	const char *src, *dst;
	uint8_t hop_limit;
	uint32_t first; /* bytes in the first segment */
} via;

static void
setup(void)
{
	link_env_setup();
	via.src = PEER;
	via.dst = "2001:db8::2";
	via.hop_limit = 255;
	via.first = 2000;
}

static enum isla_drop
input(const void *msg, uint32_t n)
{
	struct rte_mbuf *m = link_env_pkt(msg, n, via.first);
	struct isla_pkt *p = isla_pkt(m);
	enum isla_drop drop;

	memset(p, 0, sizeof(*p));
	p->src = link_env_addr(via.src);
	p->dst = link_env_addr(via.dst);
	p->hop_limit = via.hop_limit;
	p->proto = 58;
	p->l4_off = 54;
	p->l4_len = (uint16_t)n;
	p->flags = ISLA_PKT_V6;
	drop = ndp_input(&env->link, m);
	if (drop != ISLA_ACCEPTED)
		core_drop_pkt(&env->core, m, drop);
	return drop;
}

/* The message with n bytes at an offset set otherwise. */
static enum isla_drop
input_with(const uint8_t msg[32], unsigned int off, const void *bytes, size_t n)
{
	uint8_t copy[32];

	memcpy(copy, msg, sizeof(copy));
	memcpy(copy + off, bytes, n);
	return input(copy, sizeof(copy));
}

static bool
out_is(const uint8_t frame[FRAME_LEN])
{
	return link_env_out_is(frame, FRAME_LEN);
}

static void
a_solicitation_is_answered_and_learnt(void)
{
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_na));
	/* The advertisement was a packet to it: no longer STALE. */
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_DELAY);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ND_IN_SOLICITS), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ND_OUT_ADVERTS), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IP6_ICMP_OUT_MSGS), 1);
	via.dst = "ff02::1:ff00:2";
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_na));
}

static void
a_duplicate_address_probe_is_answered_to_all(void)
{
	via.src = "::";
	via.dst = "ff02::1:ff00:2";
	CU_ASSERT_EQUAL(input(ns, 24), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_dad_na));
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
	/* 7.1.1: not with an address in an option, not to another group. */
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_DROP_ND_FORMAT);
	via.dst = "ff02::1";
	CU_ASSERT_EQUAL(input(ns, 24), ISLA_DROP_ND_ADDR);
	via.dst = "2001:db8::2";
	CU_ASSERT_EQUAL(input(ns, 24), ISLA_DROP_ND_ADDR);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static void
a_solicitation_without_an_address_must_be_resolved(void)
{
	CU_ASSERT_EQUAL(input(ns, 24), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_ns));
	CU_ASSERT_EQUAL(input(na, 32), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_na));
}

static void
both_messages_are_refused_where_invalid(void)
{
	static const uint8_t bcast[6] = {BCAST_MAC}, our[6] = {OUR_MAC}, none[16] = {0};
	static const uint8_t group[16] = {ALL_NODES};
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 192, 168, 1, 1};
	static const uint8_t loopback[16] = {[15] = 1};
	static const uint8_t *const msgs[] = {ns, na};
	uint8_t b = 1;
	unsigned int i, n;

	for (i = 0; i < RTE_DIM(msgs); i++) {
		for (n = 0; n < 255; n++) {
			via.hop_limit = (uint8_t)n;
			CU_ASSERT_EQUAL(input(msgs[i], 32), ISLA_DROP_ND_HOP_LIMIT);
		}
		via.hop_limit = 255;
		CU_ASSERT_EQUAL(input_with(msgs[i], 1, &b, 1), ISLA_DROP_ND_FORMAT);
		CU_ASSERT_EQUAL(input_with(msgs[i], 8, group, 16), ISLA_DROP_ND_ADDR);
		CU_ASSERT_EQUAL(input_with(msgs[i], 8, none, 16), ISLA_DROP_ND_ADDR);
		CU_ASSERT_EQUAL(input_with(msgs[i], 8, mapped, 16), ISLA_DROP_ND_ADDR);
		CU_ASSERT_EQUAL(input_with(msgs[i], 8, loopback, 16), ISLA_DROP_ND_ADDR);
		CU_ASSERT_EQUAL(input_with(msgs[i], 26, bcast, 6), ISLA_DROP_ND_ADDR);
		CU_ASSERT_EQUAL(input_with(msgs[i], 26, our, 6), ISLA_DROP_ND_ADDR);
		CU_ASSERT_EQUAL(input_with(msgs[i], 26, none, 6), ISLA_DROP_ND_ADDR);
		/* cut at every byte; 24 is a message without options */
		CU_ASSERT_EQUAL(input(msgs[i], 0), ISLA_DROP_ICMP_SHORT);
		for (n = 1; n < 32; n++)
			if (n != 24)
				CU_ASSERT_EQUAL(input(msgs[i], n), ISLA_DROP_ND_FORMAT);
	}
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
}

static void
options_are_walked_with_care(void)
{
	uint8_t msg[24 + 6 * 8] = {0};
	unsigned int len;

	memcpy(msg, ns, 24);
	/* unknown ones are passed over, of 8 and of 16 bytes, then comes ours, and another */
	msg[24] = 14;
	msg[25] = 1;
	msg[32] = 200;
	msg[33] = 2;
	memcpy(msg + 48, ns + 24, 8);
	memcpy(msg + 56, ns + 24, 8);
	memcpy(msg + 58, other, 6);
	msg[64] = 2; /* a target's address means nothing in a solicitation */
	msg[65] = 1;
	CU_ASSERT_EQUAL(input(msg, sizeof(msg)), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_na));
	for (len = 25; len < sizeof(msg); len++) {
		bool whole = len == 32 || len == 48 || len == 56 || len == 64;

		CU_ASSERT_EQUAL(input(msg, len), whole ? ISLA_ACCEPTED : ISLA_DROP_ND_FORMAT);
	}
	/* length 0 anywhere, and one that leads beyond the end */
	msg[33] = 0;
	CU_ASSERT_EQUAL(input(msg, sizeof(msg)), ISLA_DROP_ND_FORMAT);
	msg[33] = 6;
	CU_ASSERT_EQUAL(input(msg, sizeof(msg)), ISLA_DROP_ND_FORMAT);
	msg[33] = 255;
	CU_ASSERT_EQUAL(input(msg, sizeof(msg)), ISLA_DROP_ND_FORMAT);
	msg[33] = 2;
	msg[65] = 0;
	CU_ASSERT_EQUAL(input(msg, sizeof(msg)), ISLA_DROP_ND_FORMAT);
	/* an Ethernet address takes one unit (RFC 2464, 6) */
	msg[65] = 1;
	msg[49] = 2;
	CU_ASSERT_EQUAL(input(msg, sizeof(msg)), ISLA_DROP_ND_FORMAT);
}

static void
a_chained_message_is_read(void)
{
	for (via.first = 0; via.first < 32; via.first++) {
		CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
		CU_ASSERT_TRUE(out_is(our_na));
	}
}

static void
bytes_after_the_message_are_not_read(void)
{
	struct rte_mbuf *m = link_env_pkt(ns, 32, 32);
	struct isla_pkt *p = isla_pkt(m);

	/* l4_len says 24: the option is padding */
	memset(p, 0, sizeof(*p));
	p->src = link_env_addr(PEER);
	p->dst = link_env_addr("2001:db8::2");
	p->hop_limit = 255;
	p->l4_len = 24;
	p->flags = ISLA_PKT_V6;
	CU_ASSERT_EQUAL(ndp_input(&env->link, m), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(out_is(our_ns));
}

static void
sources_and_targets_are_checked(void)
{
	static const uint8_t not_ours[16] = {PEER_GUA};

	via.src = "2001:db8::2";
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_DROP_ND_ADDR);
	via.src = "ff02::1";
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_DROP_ND_ADDR);
	via.src = "::1";
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_DROP_ND_ADDR);
	via.src = PEER;
	CU_ASSERT_EQUAL(input_with(ns, 8, not_ours, 16), ISLA_DROP_ND_NOT_OURS);
	/* what is not for us teaches nothing */
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static void
other_types_are_not_ours(void)
{
	unsigned int type;

	for (type = 0; type < 256; type++) {
		uint8_t b = (uint8_t)type;

		if (type != 135 && type != 136)
			CU_ASSERT_EQUAL(input_with(ns, 0, &b, 1), ISLA_DROP_ICMP_TYPE);
	}
}

static void
we_ask_the_group_then_the_neighbour(void)
{
	unsigned int i;

	CU_ASSERT_EQUAL(link_env_send(PEER, 1, NULL), ISLA_ACCEPTED);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(out_is(our_ns));
		CU_ASSERT_EQUAL(link_env_nb_out(), 0);
		if (i < 2)
			link_env_run(1000100);
	}
	CU_ASSERT_EQUAL(input(na, 32), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_REACHABLE);
	link_env_run(46000000);
	CU_ASSERT_EQUAL(link_env_send(PEER, 2, NULL), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 2));
	link_env_run(5000100);
	CU_ASSERT_TRUE(out_is(our_probe));
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_PROBE);
	CU_ASSERT_EQUAL(input(na, 32), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ND_OUT_SOLICITS), 4);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ND_IN_ADVERTS), 2);
}

/* RFC 4861, 7.2.2: the solicitation's source is that of the packet which prompts it. */
static void
we_ask_as_the_packets_source(void)
{
	struct isla_addr hop = link_env_addr("fe80::ff:fe00:1");
	struct isla_addr ll = link_env_addr("fe80::ff:fe00:2");
	struct isla_addr gua = link_env_addr("2001:db8::2");
	struct rte_mbuf *m;

	link_output(&env->link, link_env_ip("2001:db8::2", "2001:db8:9::1", 1), 0, &hop, NULL);
	m = link_env_pop();
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod_offset(m, uint8_t *, 22), gua.b, 16), 0);
	rte_pktmbuf_free(m);
	/* One that is not ours is not used: an address beside the neighbour's is. */
	hop = link_env_addr("fe80::ff:fe00:9");
	link_output(&env->link, link_env_ip("2001:db8:7::7", "2001:db8:9::1", 1), 0, &hop, NULL);
	m = link_env_pop();
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod_offset(m, uint8_t *, 22), ll.b, 16), 0);
	rte_pktmbuf_free(m);
}

static void
an_advertisement_nobody_asked_for_makes_no_entry(void)
{
	CU_ASSERT_EQUAL(input(na, 32), ISLA_DROP_ND_NOT_OURS);
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_FREE);
}

static void
an_advertisement_of_our_address_is_refused(void)
{
	static const uint8_t ours[16] = {OUR_GUA};

	CU_ASSERT_EQUAL(input_with(na, 8, ours, 16), ISLA_DROP_ND_ADDR);
}

static void
a_multicast_advertisement_is_not_solicited(void)
{
	static const uint8_t flags[1] = {0x20};

	link_env_send(PEER, 1, NULL);
	link_env_clear_out();
	via.dst = "ff02::1";
	CU_ASSERT_EQUAL(input(na, 32), ISLA_DROP_ND_FORMAT);
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(input_with(na, 4, flags, 1), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_STALE);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
}

/* Bring the peer's entry to a state, with the peer's MAC address where it has one. */
static void
bring_to(enum neigh_state state)
{
	/* A table without entries. */
	link_env_resize(8, 3);
	link_env_send(PEER, 1, NULL);
	if (state != NEIGH_INCOMPLETE) {
		CU_ASSERT_EQUAL(input(na, 32), ISLA_ACCEPTED);
		if (state != NEIGH_REACHABLE)
			link_env_run(46000000);
		if (state == NEIGH_DELAY || state == NEIGH_PROBE)
			link_env_send(PEER, 1, NULL);
		if (state == NEIGH_PROBE)
			link_env_run(5000100);
	}
	link_env_clear_out();
	CU_ASSERT_EQUAL(link_env_state(PEER), state);
}

static const struct neigh *
entry(void)
{
	struct isla_addr a = link_env_addr(PEER);

	return neigh_lookup(env->link.neigh, 0, &a);
}

/* RFC 4861, 7.2.5 and appendix C, every row: state, flags and address given, state and address
 * after. */
static void
advertisements_follow_the_table(void)
{
	enum { S = 0x40, O = 0x20, R = 0x80 };
	enum mac { NONE, SAME, OTHER };
	static const enum neigh_state known[] = {NEIGH_REACHABLE, NEIGH_STALE, NEIGH_DELAY,
		NEIGH_PROBE};
	unsigned int i, flags, mac;

	for (i = 0; i < RTE_DIM(known); i++) {
		for (flags = 0; flags <= (S | O | R); flags += 0x20) {
			for (mac = NONE; mac <= OTHER; mac++) {
				uint8_t msg[32];
				enum neigh_state want = known[i];
				bool want_other = false, ignored = false;

				bring_to(known[i]);
				memcpy(msg, na, sizeof(msg));
				msg[4] = (uint8_t)flags;
				if (mac == OTHER)
					memcpy(msg + 26, other, 6);
				if (mac == OTHER && !(flags & O)) {
					ignored = true;
					if (known[i] == NEIGH_REACHABLE)
						want = NEIGH_STALE;
				} else {
					want_other = mac == OTHER;
					if (flags & S)
						want = NEIGH_REACHABLE;
					else if (want_other)
						want = NEIGH_STALE;
				}
				CU_ASSERT_EQUAL(input(msg, mac == NONE ? 24 : 32), ISLA_ACCEPTED);
				CU_ASSERT_EQUAL(link_env_state(PEER), want);
				CU_ASSERT_EQUAL(memcmp(&entry()->eth, want_other ? other : peer, 6),
					0);
				CU_ASSERT_EQUAL(entry()->is_router, !ignored && (flags & R));
				CU_ASSERT_EQUAL(link_env_nb_out(), 0);
			}
		}
	}
}

static void
advertisements_complete_an_incomplete_entry(void)
{
	unsigned int flags;

	for (flags = 0; flags <= 0xe0; flags += 0x20) {
		uint8_t b = (uint8_t)flags;
		uint8_t msg[32];

		bring_to(NEIGH_INCOMPLETE);
		memcpy(msg, na, sizeof(msg));
		msg[4] = b;
		/* without an address it is none */
		CU_ASSERT_EQUAL(input(msg, 24), ISLA_DROP_ND_FORMAT);
		CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_INCOMPLETE);
		CU_ASSERT_EQUAL(input(msg, 32), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(link_env_state(PEER), b & 0x40 ? NEIGH_REACHABLE : NEIGH_STALE);
		CU_ASSERT_EQUAL(entry()->is_router, (b & 0x80) != 0);
		CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	}
}

/* RFC 4861, 7.2.3: a new entry's IsRouter is false, whoever had it before. */
static void
a_new_entry_is_no_router(void)
{
	static const uint8_t router[1] = {0xe0};

	link_env_resize(1, 1);
	link_env_send(PEER, 1, NULL);
	CU_ASSERT_EQUAL(input_with(na, 4, router, 1), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(entry()->is_router);
	/* It does not answer any more, is forgotten, and comes back. */
	link_env_run(46000000);
	link_env_send(PEER, 1, NULL);
	link_env_run(9000000);
	CU_ASSERT_PTR_NULL_FATAL(entry());
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(entry());
	CU_ASSERT_FALSE(entry()->is_router);
}

/* RFC 4861, appendix C: a solicitation with another address makes it STALE, with the same one
 * changes nothing. The advertisement that follows is a packet to a STALE neighbour: DELAY. */
static void
solicitations_update_what_is_known(void)
{
	static const enum neigh_state known[] = {NEIGH_REACHABLE, NEIGH_STALE, NEIGH_DELAY,
		NEIGH_PROBE};
	unsigned int i;

	for (i = 0; i < RTE_DIM(known); i++) {
		bring_to(known[i]);
		CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(link_env_state(PEER),
			known[i] == NEIGH_STALE ? NEIGH_DELAY : known[i]);
		link_env_clear_out();
		bring_to(known[i]);
		CU_ASSERT_EQUAL(input_with(ns, 26, other, 6), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(link_env_state(PEER), NEIGH_DELAY);
		CU_ASSERT_EQUAL(memcmp(&entry()->eth, other, 6), 0);
		link_env_clear_out();
	}
	bring_to(NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	CU_ASSERT_TRUE(out_is(our_na));
}

static void
a_message_is_taken_even_where_no_answer_can_be_made(void)
{
	struct rte_mbuf *hold = link_env_pkt(ns, 1, 1);

	heap_pool_set_limit(env->pool, 2);
	CU_ASSERT_EQUAL(input(ns, 32), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_MBUF), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ND_OUT_ADVERTS), 0);
	rte_pktmbuf_free(hold);
}

static void
noise_is_safe(void)
{
	uint8_t msg[32];
	unsigned int i, j;
	uint64_t x = 3;

	for (i = 0; i < 20000; i++) {
		memcpy(msg, i & 1 ? ns : na, sizeof(msg));
		for (j = 0; j < 3; j++) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			msg[(x >> 33) % 32] = (uint8_t)(x >> 56);
		}
		input(msg, 32 - (unsigned int)(x >> 40) % 9);
		link_env_clear_out();
		link_env_run((x >> 50) & 0xff);
	}
	CU_ASSERT_TRUE(env->core.wheel.nb_armed <= 8);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_solicitation_is_answered_and_learnt),
	SUITE_TEST(a_duplicate_address_probe_is_answered_to_all),
	SUITE_TEST(a_solicitation_without_an_address_must_be_resolved),
	SUITE_TEST(both_messages_are_refused_where_invalid),
	SUITE_TEST(options_are_walked_with_care),
	SUITE_TEST(a_chained_message_is_read),
	SUITE_TEST(bytes_after_the_message_are_not_read),
	SUITE_TEST(sources_and_targets_are_checked),
	SUITE_TEST(other_types_are_not_ours),
	SUITE_TEST(we_ask_the_group_then_the_neighbour),
	SUITE_TEST(we_ask_as_the_packets_source),
	SUITE_TEST(an_advertisement_nobody_asked_for_makes_no_entry),
	SUITE_TEST(an_advertisement_of_our_address_is_refused),
	SUITE_TEST(a_multicast_advertisement_is_not_solicited),
	SUITE_TEST(advertisements_follow_the_table),
	SUITE_TEST(advertisements_complete_an_incomplete_entry),
	SUITE_TEST(a_new_entry_is_no_router),
	SUITE_TEST(solicitations_update_what_is_known),
	SUITE_TEST(a_message_is_taken_even_where_no_answer_can_be_made),
	SUITE_TEST(noise_is_safe),
};

int
main(void)
{
	return suite_run("ndp", tests, RTE_DIM(tests), setup, link_env_teardown);
}
