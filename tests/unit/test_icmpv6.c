/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv6 (RFC 4443): what it has beyond ICMP: the pseudo-header, echo to groups, its own error
 * types, neighbour discovery's way to the link room.
 */

#include <stdlib.h>
#include <string.h>

#include "inet_fix.h"

#define ICMPV6 58
#define NS     135
#define NA     136

/* Traffic class 0x2b, identifier 0x1234, sequence number 5, "abcdefg". */
static const uint8_t echo6[] = {0x62, 0xb0, 0x00, 0x00, 0x00, 0x0f, 0x3a, 0x3d, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x80,
	0x00, 0x80, 0xda, 0x12, 0x34, 0x00, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67};

/* The same, without the ECN bits. */
static const uint8_t echo6_reply[] = {0x62, 0x80, 0x00, 0x00, 0x00, 0x0f, 0x3a, 0x40, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x20,
	0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x81, 0x00, 0x7f, 0xda, 0x12, 0x34, 0x00, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67};

/* From fe80::1 to all nodes, and the answer of fe80::2. */
static const uint8_t echo6_group[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x3a, 0x3d, 0xfe, 0x80,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xff,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x80, 0x00, 0xde, 0xc9, 0x12, 0x34, 0x00, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67};

static const uint8_t echo6_group_reply[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x3a, 0x40, 0xfe,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
	0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x81, 0x00, 0xde, 0x4a, 0x12, 0x34, 0x00, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
	0x67};

/* Port unreachable about a UDP datagram to port 4242, and that datagram. */
static const uint8_t unreach6[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x3d, 0x3a, 0x40, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x20,
	0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x01, 0x04, 0x31, 0xe3, 0x00, 0x00, 0x00, 0x00, 0x60, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x11,
	0x3d, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x02, 0x9c, 0x40, 0x10, 0x92, 0x00, 0x0d, 0xb3, 0xba, 0x68, 0x65, 0x6c, 0x6c,
	0x6f};

static const uint8_t udp6[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x11, 0x3d, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x9c,
	0x40, 0x10, 0x92, 0x00, 0x0d, 0xb3, 0xba, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

static void
an_echo_request_is_turned_around_in_its_mbuf(void)
{
	struct rte_mbuf *m = fix_frame(echo6, sizeof(echo6), sizeof(echo6)), *sent;
	struct packet p;

	CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_ACCEPTED);
	fix_take(&p, &sent);
	CU_ASSERT_PTR_EQUAL(sent, m);
	CU_ASSERT_TRUE(same_bytes(p.b, p.len, echo6_reply, sizeof(echo6_reply)));
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_IN_MSGS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_IN_ECHOS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_OUT_MSGS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_OUT_ECHO_REPS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_IN_MSGS), 0);
}

static void
an_echo_request_may_be_split_anywhere(void)
{
	struct packet sent;
	uint16_t at;

	for (at = 0; at <= sizeof(echo6); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(echo6, sizeof(echo6), at)),
			ISLA_ACCEPTED);
		fix_take(&sent, NULL);
		CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, echo6_reply, sizeof(echo6_reply)));
	}
}

/* RFC 4443, 4.2: a group is answered, from a unicast address. */
static void
a_request_to_a_group_is_answered_from_a_unicast_address(void)
{
	struct packet sent;

	CU_ASSERT_EQUAL(fix_input(echo6_group, sizeof(echo6_group)), ISLA_ACCEPTED);
	fix_take(&sent, NULL);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, echo6_group_reply, sizeof(echo6_group_reply)));
}

static void
every_checksum_is_updated_rightly(void)
{
	static const char *const dsts[] = {OWN6, "ff02::1", OWN6_GROUP};
	uint8_t body[8] = {128, 0};
	unsigned int id;
	size_t i;

	for (i = 0; i < RTE_DIM(dsts); i++) {
		for (id = 0; id < 65536; id++) {
			struct packet p, sent;

			body[4] = (uint8_t)(id >> 8);
			body[5] = (uint8_t)id;
			packet_ip(&p, PEER6, dsts[i], ICMPV6, body, sizeof(body));
			packet_fix_l4(&p, 40, 2, ICMPV6);
			fix_input_packet(&p);
			fix_take(&sent, NULL);
			if (sent.len != 48 || packet_l4_cksum(&sent, 40, ICMPV6) != 0)
				break;
		}
		CU_ASSERT_EQUAL(id, 65536);
	}
}

static void
no_truncated_message_is_answered(void)
{
	struct packet p;
	uint16_t len;

	for (len = 0; len < 15; len++) {
		packet_ip(&p, PEER6, OWN6, ICMPV6, echo6 + 40, len);
		CU_ASSERT_EQUAL(fix_input_packet(&p), len < 8 ? ISLA_DROP_ICMP_SHORT
							      : ISLA_DROP_ICMP_CKSUM);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_IN_ERRORS), 15);
}

/* Addresses and payload are under the checksum (RFC 4443, 2.3). */
static void
every_bit_error_is_found(void)
{
	unsigned int bit;

	for (bit = 8 * 8; bit < sizeof(echo6) * 8; bit++) {
		struct packet p = {.len = sizeof(echo6)};

		memcpy(p.b, echo6, sizeof(echo6));
		p.b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		CU_ASSERT_NOT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* RFC 4443, 2.4 (b). */
static void
other_messages_are_ignored(void)
{
	static const uint8_t types[] = {0, 5, 99, 100, 101, 127, 129, 130, 131, 132, 133, 134, 137,
		143, 200, 255};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(types); i++) {
		uint8_t body[56] = {types[i]};

		packet_ip(&p, PEER6, OWN6, ICMPV6, body, sizeof(body));
		packet_fix_l4(&p, 40, 2, ICMPV6);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_TYPE);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
a_sender_without_an_address_is_not_answered(void)
{
	struct packet p;

	packet_ip(&p, "::", OWN6, ICMPV6, echo6 + 40, 15);
	packet_fix_l4(&p, 40, 2, ICMPV6);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_SRC);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* A solicitation for OWN6 with the peer's MAC address. */
static void
build_solicitation(struct packet *p, const char *src, const char *dst)
{
	uint8_t ns[32] = {NS, [24] = 1, 1, 0x02, 0, 0, 0, 0, 0x01};
	struct isla_addr target = addr(OWN6), from = addr(src);

	memcpy(ns + 8, target.b, 16);
	packet_ip(p, src, dst, ICMPV6, ns, isla_addr_is_unspecified(&from) ? 24 : 32);
	p->b[7] = 255;
	packet_fix_l4(p, 40, 2, ICMPV6);
}

static void
a_solicitation_reaches_the_link_room(void)
{
	static const char *const sources[] = {PEER6, PEER6_LL, "::"};
	struct packet p, sent;
	uint16_t at;
	size_t i;

	for (i = 0; i < RTE_DIM(sources); i++) {
		build_solicitation(&p, sources[i], OWN6_GROUP);
		for (at = 0; at <= p.len; at++) {
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), ISLA_ACCEPTED);
			CU_ASSERT_TRUE(fix_take(&sent, NULL) >= 40 + 24);
			CU_ASSERT_EQUAL(sent.b[40], NA);
			CU_ASSERT_EQUAL(packet_l4_cksum(&sent, 40, ICMPV6), 0);
		}
	}
}

static void
a_solicitation_is_verified_before(void)
{
	struct packet p;
	uint8_t frag[8] = {ICMPV6};

	build_solicitation(&p, PEER6, OWN6_GROUP);
	p.b[43] ^= 1;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_CKSUM);
	build_solicitation(&p, PEER6, OWN6_GROUP);
	p.b[7] = 254;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ND_HOP_LIMIT);
	/* RFC 6980, 5: none with a fragment header, whole as it may be. */
	build_solicitation(&p, PEER6, OWN6_GROUP);
	packet_insert(&p, 40, frag, sizeof(frag));
	p.b[6] = 44;
	packet_fix_ip(&p);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ND_FORMAT);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* Echo is not so restricted: RFC 6946. */
static void
an_atomic_fragment_is_answered(void)
{
	uint8_t frag[8] = {ICMPV6};
	struct packet p, sent;

	packet_ip(&p, PEER6, OWN6, ICMPV6, echo6 + 40, 15);
	packet_insert(&p, 40, frag, sizeof(frag));
	p.b[6] = 44;
	packet_fix_ip(&p);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 55);
}

static void
a_closed_port_is_answered(void)
{
	struct packet sent;
	uint16_t at;

	for (at = 0; at <= sizeof(udp6); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(udp6, sizeof(udp6), at)),
			ISLA_DROP_UDP_NO_PORT);
		fix_take(&sent, NULL);
		CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, unreach6, sizeof(unreach6)));
	}
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_OUT_DEST_UNREACHS), at);
}

/* RFC 4443, 2.4 (c): no more than the minimum MTU; the extension headers are quoted, too. */
static void
a_quote_is_cut_at_1280_bytes(void)
{
	static const uint8_t opts[8] = {17, 0, 1, 4, 0, 0, 0, 0};
	static uint8_t body[1400] = {0x9c, 0x40, 0x10, 0x92, 0x05, 0x78};
	struct packet p, sent;
	uint16_t at;

	packet_ip(&p, PEER6, OWN6, 17, body, sizeof(body));
	packet_fix_l4(&p, 40, 6, 17);
	packet_insert(&p, 40, opts, sizeof(opts));
	p.b[6] = 60;
	packet_fix_ip(&p);
	for (at = 0; at <= p.len; at += 100) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), ISLA_DROP_UDP_NO_PORT);
		CU_ASSERT_EQUAL_FATAL(fix_take(&sent, NULL), 1280);
		CU_ASSERT_EQUAL(packet_l4_cksum(&sent, 40, ICMPV6), 0);
		CU_ASSERT_TRUE(same_bytes(sent.b + 48, 1232, p.b, 1232));
	}
}

/* RFC 4443, 2.4 (e). */
static void
errors_are_not_sent_about_these(void)
{
	uint8_t udp[8] = {0x9c, 0x40, 0x10, 0x92, 0, 8};
	struct packet p;

	packet_ip(&p, PEER6_LL, "ff02::1", 17, udp, sizeof(udp));
	packet_fix_l4(&p, 40, 6, 17);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_NO_PORT);
	memcpy(fix.l2_dst, "\x33\x33\0\0\0\1", 6);
	packet_ip(&p, PEER6, OWN6, 17, udp, sizeof(udp));
	packet_fix_l4(&p, 40, 6, 17);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_OUT_MSGS), 0);
}

static void
build_error(struct packet *p, uint8_t type, uint8_t code, const char *src, const char *dst)
{
	static const uint8_t l4[8] = {0x00, 0x50, 0x9c, 0x40, 0x01, 0x02, 0x03, 0x04};
	uint8_t body[56] = {type, code, [5] = 0x01, 0x05, 0x14};
	struct packet quoted;

	packet_ip(&quoted, src, dst, PROBE_PROTO, l4, sizeof(l4));
	memcpy(body + 8, quoted.b, quoted.len);
	packet_ip(p, PEER6, OWN6, ICMPV6, body, sizeof(body));
	packet_fix_l4(p, 40, 2, ICMPV6);
}

static void
errors_reach_the_protocol_they_are_about(void)
{
	static const struct {
		uint8_t type, code;
		enum inet_error_kind kind;
		uint32_t mtu;
	} cases[] = {
		{1, 0, INET_ERR_NET_UNREACH, 0},
		{1, 1, INET_ERR_ADMIN_PROHIBITED, 0},
		{1, 3, INET_ERR_HOST_UNREACH, 0},
		{1, 4, INET_ERR_PORT_UNREACH, 0},
		{1, 5, INET_ERR_ADMIN_PROHIBITED, 0},
		{1, 6, INET_ERR_ADMIN_PROHIBITED, 0},
		{1, 7, INET_ERR_HOST_UNREACH, 0},
		{1, 255, INET_ERR_HOST_UNREACH, 0},
		{2, 0, INET_ERR_TOO_BIG, 0x10514},
		{3, 0, INET_ERR_TIME_EXCEEDED, 0},
		{4, 0, INET_ERR_PARAM_PROBLEM, 0},
		{4, 1, INET_ERR_PROTO_UNREACH, 0},
		{4, 2, INET_ERR_PARAM_PROBLEM, 0},
	};
	struct isla_addr local = addr(OWN6), remote = addr("2600::1");
	struct packet p;
	uint16_t at;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build_error(&p, cases[i].type, cases[i].code, OWN6, "2600::1");
		for (at = 0; at <= p.len; at++) {
			fix.nb_errors = 0;
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), ISLA_ACCEPTED);
			CU_ASSERT_EQUAL(fix.nb_errors, 1);
			CU_ASSERT_EQUAL(fix.error.kind, cases[i].kind);
			CU_ASSERT_EQUAL(fix.error.mtu, cases[i].mtu);
			CU_ASSERT_EQUAL(fix.error.proto, PROBE_PROTO);
			CU_ASSERT_TRUE(isla_addr_eq(&fix.error.local, &local));
			CU_ASSERT_TRUE(isla_addr_eq(&fix.error.remote, &remote));
			CU_ASSERT_EQUAL(fix.error.local_port, RTE_BE16(80));
			CU_ASSERT_EQUAL(fix.error.remote_port, RTE_BE16(40000));
		}
	}
}

static void
a_quote_must_be_of_a_packet_of_ours(void)
{
	static const struct {
		const char *src, *dst;
	} cases[] = {
		{"2001:db8::3", "2600::1"},
		{OWN6_LL, "2600::1"}, /* ours, but not where the error went to */
		{"2600::1", OWN6},
		{"::", "2600::1"},
		{OWN6, "::"},
		{OWN6, "ff02::1"},
		{OWN6, OWN6},
	};
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 8, 8, 8, 8};
	struct packet p;
	uint16_t len;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build_error(&p, 1, 0, cases[i].src, cases[i].dst);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	}
	build_error(&p, 1, 0, OWN6, "2600::1");
	memcpy(p.b + 48 + 24, mapped, 16);
	packet_fix_l4(&p, 40, 2, ICMPV6);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	build_error(&p, 1, 0, OWN6, "2600::1");
	p.b[48] = 0x45;
	packet_fix_l4(&p, 40, 2, ICMPV6);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	for (len = 0; len < 48; len++) {
		build_error(&p, 1, 0, OWN6, "2600::1");
		p.len = 48 + len;
		packet_fix_ip(&p);
		packet_fix_l4(&p, 40, 2, ICMPV6);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	}
	CU_ASSERT_EQUAL(fix.nb_errors, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_echo_request_is_turned_around_in_its_mbuf),
	SUITE_TEST(an_echo_request_may_be_split_anywhere),
	SUITE_TEST(a_request_to_a_group_is_answered_from_a_unicast_address),
	SUITE_TEST(every_checksum_is_updated_rightly),
	SUITE_TEST(no_truncated_message_is_answered),
	SUITE_TEST(every_bit_error_is_found),
	SUITE_TEST(other_messages_are_ignored),
	SUITE_TEST(a_sender_without_an_address_is_not_answered),
	SUITE_TEST(a_solicitation_reaches_the_link_room),
	SUITE_TEST(a_solicitation_is_verified_before),
	SUITE_TEST(an_atomic_fragment_is_answered),
	SUITE_TEST(a_closed_port_is_answered),
	SUITE_TEST(a_quote_is_cut_at_1280_bytes),
	SUITE_TEST(errors_are_not_sent_about_these),
	SUITE_TEST(errors_reach_the_protocol_they_are_about),
	SUITE_TEST(a_quote_must_be_of_a_packet_of_ours),
};

int
main(void)
{
	return suite_run("icmpv6", tests, RTE_DIM(tests), fix_setup, fix_teardown);
}
