/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 extension headers (RFC 8200, 4): what is passed over, what is answered with a parameter
 * problem and where that points, and that chains end.
 */

#include <stdlib.h>
#include <string.h>

#include "inet_fix.h"

#define HBH      0
#define ROUTING  43
#define FRAGMENT 44
#define ESP      50
#define AH       51
#define DSTOPTS  60

#define NO_ANSWER 0xff
#define ICMPV6    58

/* One packet: the chain that begins with `first` and ends with the probe's "hello". */
struct chain_case {
	uint8_t first;
	uint8_t len;
	uint8_t bytes[48];
	enum isla_drop drop;
	uint8_t code; /* of the parameter problem, or NO_ANSWER */
	uint8_t ptr;
};

static void
build(struct packet *p, const char *dst, uint8_t first, const void *chain, uint16_t len)
{
	packet_ip(p, dst[0] == 'f' ? PEER6_LL : PEER6, dst, first, "hello", 5);
	packet_insert(p, 40, chain, len);
	packet_fix_ip(p);
}

/* The answer to a packet: a parameter problem that quotes all of it. */
static void
check_answer(const struct packet *p, const struct chain_case *c)
{
	struct packet sent;

	fix_take(&sent, NULL);
	if (c->code == NO_ANSWER) {
		CU_ASSERT_EQUAL(sent.len, 0);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(sent.len, 48 + p->len);
	CU_ASSERT_EQUAL(sent.b[6], ICMPV6);
	CU_ASSERT_EQUAL(packet_l4_cksum(&sent, 40, ICMPV6), 0);
	CU_ASSERT_EQUAL(sent.b[40], 4);
	CU_ASSERT_EQUAL(sent.b[41], c->code);
	CU_ASSERT_EQUAL(sent.b[44] << 24 | sent.b[45] << 16 | sent.b[46] << 8 | sent.b[47], c->ptr);
	CU_ASSERT_TRUE(same_bytes(sent.b + 48, p->len, p->b, p->len));
}

static const struct chain_case cases[] = {
	/* Passed over: padding, unknown options that say so, destination options at both places. */
	{HBH, 8, {253, 0, 1, 4, 0, 0, 0, 0}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{HBH, 8, {253, 0, 0, 0, 0, 0, 0, 0}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{HBH, 8, {253, 0, 5, 2, 0, 0, 1, 0}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{HBH, 16, {DSTOPTS, 0, 1, 4, 0, 0, 0, 0, 253, 0, 1, 4, 0, 0, 0, 0},
		ISLA_ACCEPTED, NO_ANSWER, 0},
	{DSTOPTS, 8, {253, 0, 0x3e, 4, 1, 2, 3, 4}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{DSTOPTS, 16, {253, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		ISLA_ACCEPTED, NO_ANSWER, 0},
	{DSTOPTS, 24, {ROUTING, 0, 1, 4, 0, 0, 0, 0, DSTOPTS, 0, 0, 0, 0, 0, 0, 0, 253, 0, 1, 4,
			      0, 0, 0, 0},
		ISLA_ACCEPTED, NO_ANSWER, 0},
	/* Unknown options, by the two highest bits of their type (4.2). */
	{DSTOPTS, 8, {253, 0, 0x7e, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	{DSTOPTS, 8, {253, 0, 0xbe, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, 2, 42},
	{DSTOPTS, 8, {253, 0, 0xfe, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, 2, 42},
	{HBH, 8, {253, 0, 1, 0, 0xc2, 2, 0, 0}, ISLA_DROP_IP6_EXT_HDR, 2, 44},
	{HBH, 16, {DSTOPTS, 0, 1, 4, 0, 0, 0, 0, 253, 0, 0, 0, 0, 0x80, 1, 0},
		ISLA_DROP_IP6_EXT_HDR, 2, 53},
	/* Options that end behind their header. */
	{DSTOPTS, 8, {253, 0, 1, 5, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	{DSTOPTS, 8, {253, 0, 1, 3, 0, 0, 0, 1}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	{DSTOPTS, 8, {253, 0, 0x3e, 255, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	/* Headers that end behind the packet: 8 bytes and 5 of payload are there. */
	{DSTOPTS, 8, {253, 1, 1, 12, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	{HBH, 8, {253, 255, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	{HBH, 8, {DSTOPTS, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	{ROUTING, 8, {253, 1, 0, 0, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
	/* Routing: type 0 is as unknown as any (RFC 5095), 4.4 tells by the segments left. */
	{ROUTING, 8, {253, 0, 0, 0, 0, 0, 0, 0}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{ROUTING, 8, {253, 0, 4, 0, 0, 0, 0, 0}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{ROUTING, 24, {253, 2, 0, 1}, ISLA_DROP_IP6_EXT_HDR, 0, 42},
	{ROUTING, 8, {253, 0, 99, 255}, ISLA_DROP_IP6_EXT_HDR, 0, 42},
	{DSTOPTS, 16, {ROUTING, 0, 1, 4, 0, 0, 0, 0, 253, 0, 2, 1}, ISLA_DROP_IP6_EXT_HDR, 0, 50},
	/* Fragments: only one that is the whole datagram (RFC 6946); reserved bits do not count. */
	{FRAGMENT, 8, {253, 0, 0, 0, 1, 2, 3, 4}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{FRAGMENT, 8, {253, 0xff, 0, 6, 1, 2, 3, 4}, ISLA_ACCEPTED, NO_ANSWER, 0},
	{FRAGMENT, 8, {253, 0, 0, 1, 1, 2, 3, 4}, ISLA_DROP_IP_FRAGMENT, NO_ANSWER, 0},
	{FRAGMENT, 8, {253, 0, 0, 8, 1, 2, 3, 4}, ISLA_DROP_IP_FRAGMENT, NO_ANSWER, 0},
	{FRAGMENT, 8, {253, 0, 0x10, 0, 1, 2, 3, 4}, ISLA_DROP_IP_FRAGMENT, NO_ANSWER, 0},
	/* Next headers that are not known, and hop-by-hop options where they may not be. */
	{DSTOPTS, 8, {254, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP_PROTO, 1, 40},
	{DSTOPTS, 16, {FRAGMENT, 0, 1, 4, 0, 0, 0, 0, 254, 0, 0, 0, 1, 2, 3, 4},
		ISLA_DROP_IP_PROTO, 1, 48},
	{DSTOPTS, 8, {AH, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP_PROTO, 1, 40},
	{ESP, 8, {253, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP_PROTO, 1, 6},
	{HBH, 16, {HBH, 0, 1, 4, 0, 0, 0, 0, 253, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP_PROTO, 1, 40},
	{DSTOPTS, 16, {HBH, 0, 1, 4, 0, 0, 0, 0, 253, 0, 1, 4, 0, 0, 0, 0},
		ISLA_DROP_IP_PROTO, 1, 40},
	{DSTOPTS, 8, {59, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP_PROTO, NO_ANSWER, 0},
};

static void
check_case(const struct chain_case *c, struct packet *p, uint16_t at)
{
	enum isla_drop drop;

	fix.nb_delivered = 0;
	drop = fix_input_frame(fix_frame(p->b, p->len, at));
	CU_ASSERT_EQUAL(drop, c->drop);
	if (drop != c->drop)
		printf("\n    case %td: %s", c - cases, isla_drop_name(drop));
	CU_ASSERT_EQUAL(fix.nb_delivered, c->drop == ISLA_ACCEPTED);
	if (c->drop == ISLA_ACCEPTED) {
		CU_ASSERT_TRUE(same_bytes(fix.data, fix.len, "hello", 5));
		CU_ASSERT_EQUAL(fix.pkt.l4_off, 54 + c->len);
		CU_ASSERT_EQUAL(fix.pkt.l4_len, 5);
		CU_ASSERT_EQUAL(fix.pkt.proto, PROBE_PROTO);
		CU_ASSERT_EQUAL((fix.pkt.flags & ISLA_PKT_FRAG_HDR) != 0, c->first == FRAGMENT);
	}
	check_answer(p, c);
}

static void
each_header_is_treated_as_its_rfc_says(void)
{
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build(&p, OWN6, cases[i].first, cases[i].bytes, cases[i].len);
		check_case(&cases[i], &p, p.len);
	}
}

static void
a_chain_of_mbufs_makes_no_difference(void)
{
	struct packet p;
	uint16_t at;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build(&p, OWN6, cases[i].first, cases[i].bytes, cases[i].len);
		for (at = 0; at < p.len; at++)
			check_case(&cases[i], &p, at);
	}
}

/* The payload length says where a packet ends, whatever stands behind it. */
static void
no_truncated_chain_is_delivered(void)
{
	struct packet p;
	uint16_t len;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build(&p, OWN6, cases[i].first, cases[i].bytes, cases[i].len);
		for (len = 0; len < cases[i].len; len++) {
			p.b[5] = (uint8_t)len;
			CU_ASSERT_NOT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
		}
		while (fix_nb_sent() > 0)
			fix_take(&p, NULL);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 0);
}

/* RFC 8200, 4.2 and RFC 4443, 2.4 (e.3): type 2 answers to a group, type 3 does not. */
static void
a_group_gets_only_the_answers_that_are_meant_for_it(void)
{
	static const struct chain_case group[] = {
		{DSTOPTS, 8, {253, 0, 0xbe, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, 2, 42},
		{DSTOPTS, 8, {253, 0, 0xfe, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
		{DSTOPTS, 8, {253, 0, 0x7e, 4, 0, 0, 0, 0}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
		{ROUTING, 8, {253, 0, 0, 1}, ISLA_DROP_IP6_EXT_HDR, NO_ANSWER, 0},
		{DSTOPTS, 8, {254, 0, 1, 4, 0, 0, 0, 0}, ISLA_DROP_IP_PROTO, NO_ANSWER, 0},
	};
	struct isla_addr own = addr(OWN6_LL);
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(group); i++) {
		build(&p, "ff02::1", group[i].first, group[i].bytes, group[i].len);
		CU_ASSERT_EQUAL(fix_input_packet(&p), group[i].drop);
		if (group[i].code != NO_ANSWER)
			CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod_offset(fix.core.out[0].pkt[0],
						       uint8_t *, 14 + 8),
						own.b, 16),
				0);
		check_answer(&p, &group[i]);
	}
	/* Nor is there one to a sender without an address. */
	build(&p, OWN6, group[0].first, group[0].bytes, group[0].len);
	memset(p.b + 8, 0, 16);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP6_EXT_HDR);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* RFC 4443, 2.4 (e.1) and (e.2): no error about an ICMPv6 error or a redirect, however deep. */
static void
no_error_answers_an_error(void)
{
	static const struct {
		uint8_t type;
		bool answer;
	} types[] = {{1, false}, {4, false}, {127, false}, {137, false}, {128, true}, {200, true}};
	size_t i;

	for (i = 0; i < RTE_DIM(types); i++) {
		uint8_t bytes[24] = {DSTOPTS, 0, 0xbe, 4, 0, 0, 0, 0, ICMPV6, 0, 1, 4, 0, 0, 0, 0,
			types[i].type};
		struct packet p, sent;

		build(&p, OWN6, DSTOPTS, bytes, sizeof(bytes));
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP6_EXT_HDR);
		CU_ASSERT_EQUAL(fix_take(&sent, NULL) != 0, types[i].answer);
		/* The same where the fault is in the routing header, and the message is cut off. */
		bytes[0] = ICMPV6;
		bytes[2] = 0;
		bytes[3] = 1;
		bytes[8] = types[i].type;
		build(&p, OWN6, ROUTING, bytes, 9);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP6_EXT_HDR);
		CU_ASSERT_EQUAL(fix_take(&sent, NULL) != 0, types[i].answer);
	}
}

static void
the_number_of_headers_is_bounded(void)
{
	uint8_t chain[9 * 8] = {0};
	struct packet p;
	unsigned int i;

	for (i = 0; i < 9; i++)
		chain[i * 8] = DSTOPTS;
	chain[7 * 8] = 253;
	build(&p, OWN6, DSTOPTS, chain, 8 * 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	chain[7 * 8] = DSTOPTS;
	chain[8 * 8] = 253;
	build(&p, OWN6, DSTOPTS, chain, 9 * 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP6_EXT_CHAIN);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_HDR_ERRORS), 1);
}

static void
the_number_of_options_is_bounded(void)
{
	uint8_t hdr[72] = {253, 8};
	struct packet p;
	unsigned int i;

	/* 31 options of two bytes and the padding of the rest. */
	for (i = 0; i < 31; i++)
		hdr[2 + i * 2] = 0x3e;
	hdr[64] = 1;
	hdr[65] = 6;
	build(&p, OWN6, DSTOPTS, hdr, sizeof(hdr));
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	hdr[65] = 5;
	build(&p, OWN6, DSTOPTS, hdr, sizeof(hdr));
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP6_EXT_CHAIN);
	/* A long header full of the shortest option. */
	packet_ip(&p, PEER6, OWN6, DSTOPTS, "hello", 5);
	memset(p.b + 40, 0, 1600);
	p.b[40] = 253;
	p.b[41] = 199;
	p.len = 40 + 1600;
	packet_fix_ip(&p);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP6_EXT_CHAIN);
	CU_ASSERT_EQUAL(fix.nb_delivered, 1);
}

static void
a_source_must_have_an_address_unless_it_looks_for_neighbours(void)
{
	static const uint8_t hdr[] = {253, 0, 1, 4, 0, 0, 0, 0};
	struct packet p;

	build(&p, OWN6, DSTOPTS, hdr, sizeof(hdr));
	memset(p.b + 8, 0, 16);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_SRC);
}

static const struct suite_test tests[] = {
	SUITE_TEST(each_header_is_treated_as_its_rfc_says),
	SUITE_TEST(a_chain_of_mbufs_makes_no_difference),
	SUITE_TEST(no_truncated_chain_is_delivered),
	SUITE_TEST(a_group_gets_only_the_answers_that_are_meant_for_it),
	SUITE_TEST(no_error_answers_an_error),
	SUITE_TEST(the_number_of_headers_is_bounded),
	SUITE_TEST(the_number_of_options_is_bounded),
	SUITE_TEST(a_source_must_have_an_address_unless_it_looks_for_neighbours),
};

int
main(void)
{
	return suite_run("ext", tests, RTE_DIM(tests), fix_setup, fix_teardown);
}
