/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 in and out: golden bytes, each check of RFC 8200 and RFC 4291 by itself, chains and padding.
 * Extension headers have a suite of their own.
 */

#include <stdlib.h>
#include <string.h>

#include "heap_pool.h"
#include "inet_fix.h"

/* Traffic class 0x28, flow label 0xabcde, hop limit 61, next header 253, "hello". */
static const uint8_t v6_in[] = {0x62, 0x8a, 0xbc, 0xde, 0x00, 0x05, 0xfd, 0x3d, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x68,
	0x65, 0x6c, 0x6c, 0x6f};

/* An ICMPv6 parameter problem, code 1, that points to the next header field of a quoted packet. */
static const uint8_t v6_unknown[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x38, 0x3a, 0x40, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x20,
	0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x04, 0x01, 0x28, 0xb3, 0x00, 0x00, 0x00, 0x06, 0x60, 0x00, 0x00, 0x00, 0x00, 0x08, 0xfe,
	0x3d, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x02, 0x70, 0x61, 0x79, 0x6c, 0x6f, 0x61, 0x64, 0x73};

/* Traffic class 0x2e, "aaa". */
static const uint8_t v6_out[] = {0x62, 0xe0, 0x00, 0x00, 0x00, 0x03, 0xfd, 0x40, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x61,
	0x61, 0x61};

static void
check_golden_arrived(void)
{
	CU_ASSERT_EQUAL(fix.nb_delivered, 1);
	CU_ASSERT_TRUE(same_bytes(fix.data, fix.len, "hello", 5));
	fix.nb_delivered = 0;
}

static void
a_golden_datagram_reaches_its_protocol(void)
{
	struct isla_addr src = addr(PEER6), dst = addr(OWN6);

	CU_ASSERT_EQUAL(fix_input(v6_in, sizeof(v6_in)), ISLA_ACCEPTED);
	check_golden_arrived();
	CU_ASSERT_TRUE(isla_addr_eq(&fix.pkt.src, &src));
	CU_ASSERT_TRUE(isla_addr_eq(&fix.pkt.dst, &dst));
	CU_ASSERT_EQUAL(fix.pkt.l3_off, 14);
	CU_ASSERT_EQUAL(fix.pkt.l4_off, 54);
	CU_ASSERT_EQUAL(fix.pkt.l4_len, 5);
	CU_ASSERT_EQUAL(fix.pkt.proto, PROBE_PROTO);
	CU_ASSERT_EQUAL(fix.pkt.hop_limit, 61);
	CU_ASSERT_EQUAL(fix.pkt.tos, 0x28);
	CU_ASSERT_EQUAL(fix.pkt.flags, ISLA_PKT_V6);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_RECEIVES), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_DELIVERS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_RECEIVES), 0);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
no_truncated_datagram_is_delivered(void)
{
	uint16_t len;

	for (len = 1; len < sizeof(v6_in); len++)
		CU_ASSERT_EQUAL(fix_input(v6_in, len),
			len < 40 ? ISLA_DROP_IP_SHORT : ISLA_DROP_IP_LEN);
	CU_ASSERT_EQUAL(fix.nb_delivered, 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_TRUNCATED_PKTS), sizeof(v6_in) - 1);
}

static void
a_chain_may_be_split_anywhere(void)
{
	uint16_t i, at;

	for (at = 0; at <= sizeof(v6_in); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(v6_in, sizeof(v6_in), at)),
			ISLA_ACCEPTED);
		check_golden_arrived();
	}
	for (at = 1; at < sizeof(v6_in); at++) {
		struct rte_mbuf *m = fix_frame(v6_in, at, at);

		for (i = at; i < sizeof(v6_in); i++)
			fix_append_seg(m, v6_in + i, 1);
		CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_ACCEPTED);
		check_golden_arrived();
	}
}

static void
padding_is_trimmed(void)
{
	uint8_t padded[sizeof(v6_in) + 20] = {0};
	uint16_t pad, at;

	memcpy(padded, v6_in, sizeof(v6_in));
	for (pad = 0; pad <= 20; pad++) {
		uint16_t len = sizeof(v6_in) + pad;

		for (at = 0; at <= len; at++) {
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(padded, len, at)), ISLA_ACCEPTED);
			check_golden_arrived();
		}
	}
}

static void
each_header_field_is_checked(void)
{
	static const struct {
		uint8_t off;
		uint8_t value;
		enum isla_drop drop;
	} cases[] = {
		{0, 0x42, ISLA_DROP_IP_VERSION},
		{0, 0x72, ISLA_DROP_IP_VERSION},
		{5, 6, ISLA_DROP_IP_LEN},
		{4, 0xff, ISLA_DROP_IP_LEN},
		{5, 4, ISLA_ACCEPTED},
		{5, 0, ISLA_ACCEPTED},
		/* RFC 8200, 3: not for the destination to discard. */
		{7, 0, ISLA_ACCEPTED},
		{7, 1, ISLA_ACCEPTED},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		uint8_t b[sizeof(v6_in)];
		struct rte_mbuf *m;

		memcpy(b, v6_in, sizeof(b));
		b[cases[i].off] = cases[i].value;
		m = fix_frame(b, sizeof(b), sizeof(b));
		rte_pktmbuf_mtod(m, uint8_t *)[12] = 0x86;
		rte_pktmbuf_mtod(m, uint8_t *)[13] = 0xdd;
		CU_ASSERT_EQUAL(fix_input_frame(m), cases[i].drop);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 4);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_HDR_ERRORS), 2);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_TRUNCATED_PKTS), 2);
}

/* Bytes of an address, the mapped ones included, which isla_addr_parse() refuses. */
static struct isla_addr
any_addr(const char *text)
{
	static const char mapped[] = "::ffff:";

	if (strncmp(text, mapped, sizeof(mapped) - 1) == 0)
		text += sizeof(mapped) - 1;
	return addr(text);
}

static void
sources_that_cannot_be_are_refused(void)
{
	static const struct {
		const char *src;
		enum isla_drop drop;
	} cases[] = {
		{"::", ISLA_DROP_IP_SRC},
		{"::1", ISLA_DROP_IP_SRC},
		{"ff02::1", ISLA_DROP_IP_SRC},
		{"ff0e::99", ISLA_DROP_IP_SRC},
		{"::ffff:192.168.1.1", ISLA_DROP_IP_SRC},
		{"::ffff:0.0.0.0", ISLA_DROP_IP_SRC},
		{OWN6, ISLA_DROP_IP_SRC},
		{OWN6_LL, ISLA_DROP_IP_SRC},
		{PEER6_LL, ISLA_ACCEPTED},
		{"2001:db8:1::1", ISLA_ACCEPTED},
	};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr src = any_addr(cases[i].src);

		packet_ip(&p, PEER6, OWN6, PROBE_PROTO, "x", 1);
		memcpy(p.b + 8, src.b, 16);
		CU_ASSERT_EQUAL(fix_input_packet(&p), cases[i].drop);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 2);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_ADDR_ERRORS), 8);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
only_what_is_for_us_is_taken(void)
{
	static const struct {
		const char *dst;
		enum isla_drop drop;
		uint8_t flags;
	} cases[] = {
		{OWN6, ISLA_ACCEPTED, ISLA_PKT_V6},
		{OWN6_LL, ISLA_ACCEPTED, ISLA_PKT_V6},
		{"ff02::1", ISLA_ACCEPTED, ISLA_PKT_V6 | ISLA_PKT_L3_MULTICAST},
		{OWN6_GROUP, ISLA_ACCEPTED, ISLA_PKT_V6 | ISLA_PKT_L3_MULTICAST},
		/* Interface-local scope never comes over a link: RFC 4291, erratum 3480. */
		{"ff01::1", ISLA_DROP_IP_DST, 0},
		{"ff02::2", ISLA_DROP_IP_DST, 0},
		{"ff02::1:ff00:3", ISLA_DROP_IP_DST, 0},
		{"ff02::1:ffa8:102", ISLA_DROP_IP_DST, 0}, /* the end of an IPv4 address */
		{"ff05::1:ff00:2", ISLA_DROP_IP_DST, 0},
		{"ff00::1", ISLA_DROP_IP_DST, 0},
		{"2001:db8::3", ISLA_DROP_IP_DST, 0},
		{"fe80::3", ISLA_DROP_IP_DST, 0},
		{"::1", ISLA_DROP_IP_DST, 0},
		{"::", ISLA_DROP_IP_DST, 0},
		{"::ffff:192.168.1.2", ISLA_DROP_IP_DST, 0},
		{"::ffff:255.255.255.255", ISLA_DROP_IP_DST, 0},
	};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr dst = any_addr(cases[i].dst);

		packet_ip(&p, PEER6, OWN6, PROBE_PROTO, "x", 1);
		memcpy(p.b + 24, dst.b, 16);
		CU_ASSERT_EQUAL(fix_input_packet(&p), cases[i].drop);
		if (cases[i].drop == ISLA_ACCEPTED)
			CU_ASSERT_EQUAL(fix.pkt.flags, cases[i].flags);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 4);
}

/* RFC 8200, 4; RFC 4443, 3.4. */
static void
an_unknown_next_header_is_answered(void)
{
	struct packet p, sent;

	packet_ip(&p, PEER6, OWN6, 254, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_UNKNOWN_PROTOS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_OUT_MSGS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_ICMP_OUT_DEST_UNREACHS), 0);
	fix_take(&sent, NULL);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, v6_unknown, sizeof(v6_unknown)));
	/* ICMP's number means nothing in IPv6. */
	packet_ip(&p, PEER6, OWN6, 1, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 96);
	/* Nor is there an answer to a group. */
	packet_ip(&p, PEER6_LL, "ff02::1", 254, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* RFC 8200, 4.7. */
static void
no_next_header_ends_a_packet_in_silence(void)
{
	struct packet p;

	packet_ip(&p, PEER6, OWN6, 59, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static struct rte_mbuf *
payload(uint16_t len)
{
	struct rte_mbuf *m = core_alloc(&fix.core);
	char *data;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	data = rte_pktmbuf_append(m, len);
	memset(data, 'a', len);
	return m;
}

static enum isla_drop
send6(struct rte_mbuf *m, const char *dst, const struct inet_dst *via)
{
	struct isla_addr src = addr(OWN6), to = addr(dst);
	struct inet_tx tx = {
		.src = &src, .dst = &to, .via = via, .proto = PROBE_PROTO, .tos = 0x2e};

	return inet_output(fix.inet, m, &tx);
}

static void
a_golden_datagram_is_sent(void)
{
	struct packet sent;
	struct rte_mbuf *m;

	CU_ASSERT_EQUAL(send6(payload(3), PEER6, NULL), ISLA_ACCEPTED);
	fix_take(&sent, &m);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, v6_out, sizeof(v6_out)));
	CU_ASSERT_EQUAL(m->l2_len, 14);
	CU_ASSERT_EQUAL(m->l3_len, 40);
	CU_ASSERT_EQUAL(m->nb_segs, 1);
	CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_IPV6);
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_OUT_REQUESTS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_OUT_TRANSMITS), 1);
}

static void
a_given_way_is_taken_without_a_look_up(void)
{
	struct inet_dst via = {.next_hop = addr(PEER6), .netif = 0, .mtu = 1280};
	struct packet sent;

	CU_ASSERT_EQUAL(send6(payload(3), "2001:db8:1::1", NULL), ISLA_DROP_NO_ROUTE);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_OUT_NO_ROUTES), 1);
	CU_ASSERT_EQUAL(send6(payload(3), "2001:db8:1::1", &via), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 43);
	CU_ASSERT_EQUAL(send6(payload(1241), "2001:db8:1::1", &via), ISLA_DROP_TOO_BIG);
	CU_ASSERT_EQUAL(send6(payload(1240), "2001:db8:1::1", &via), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 1280);
}

static void
families_do_not_mix(void)
{
	CU_ASSERT_EQUAL(send6(payload(3), PEER4, NULL), ISLA_DROP_NO_SRC_ADDR);
}

static void
random_bytes_do_no_harm(void)
{
	static const uint8_t next[] = {0, 6, 17, 43, 44, 58, 59, 60, 253, 254};
	unsigned int i, j;

	srand(6);
	for (i = 0; i < 100000; i++) {
		struct packet p;
		uint8_t payload_bytes[64];

		for (j = 0; j < sizeof(payload_bytes); j++)
			payload_bytes[j] = rand() % 3 == 0 ? (uint8_t)rand()
							   : next[rand() % RTE_DIM(next)];
		packet_ip(&p, PEER6, OWN6, next[rand() % RTE_DIM(next)], payload_bytes,
			(uint16_t)(rand() % sizeof(payload_bytes)));
		if (rand() % 4 == 0)
			p.b[rand() % p.len] = (uint8_t)rand();
		if (p.len > 48 && rand() % 2 == 0)
			packet_fix_l4(&p, 40, 2, 58);
		fix_input_frame(fix_frame(p.b, p.len, (uint16_t)(rand() % 104)));
		while (fix_nb_sent() > 0)
			fix_take(&p, NULL);
	}
	CU_ASSERT_TRUE(fix.nb_delivered > 0);
}

/* What is left of a super-frame, and lengths that were damaged on their way. */
static void
a_cut_super_frame_is_told_from_a_short_one(void)
{
	struct packet p = {.len = sizeof(v6_in)};

	memcpy(p.b, v6_in, p.len);
	p.b[4] = 0x40;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	p.len = 1500;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_cut_frames, 0);
	p.len = 1501;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_cut_frames, 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_golden_datagram_reaches_its_protocol),
	SUITE_TEST(no_truncated_datagram_is_delivered),
	SUITE_TEST(a_chain_may_be_split_anywhere),
	SUITE_TEST(padding_is_trimmed),
	SUITE_TEST(each_header_field_is_checked),
	SUITE_TEST(sources_that_cannot_be_are_refused),
	SUITE_TEST(only_what_is_for_us_is_taken),
	SUITE_TEST(an_unknown_next_header_is_answered),
	SUITE_TEST(no_next_header_ends_a_packet_in_silence),
	SUITE_TEST(a_golden_datagram_is_sent),
	SUITE_TEST(a_given_way_is_taken_without_a_look_up),
	SUITE_TEST(families_do_not_mix),
	SUITE_TEST(random_bytes_do_no_harm),
	SUITE_TEST(a_cut_super_frame_is_told_from_a_short_one),
};

int
main(void)
{
	return suite_run("ipv6", tests, RTE_DIM(tests), fix_setup, fix_teardown);
}
