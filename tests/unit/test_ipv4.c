/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 in and out: golden bytes, each check of RFC 791 and RFC 1122 by itself, chains and padding.
 */

#include <stdlib.h>
#include <string.h>

#include "heap_pool.h"
#include "inet_fix.h"

/* TOS 0x28, identification 0x1234, DF, TTL 61, protocol 253, "hello". */
static const uint8_t golden_in[] = {0x45, 0x28, 0x00, 0x19, 0x12, 0x34, 0x40, 0x00, 0x3d, 0xfd,
	0xa7, 0x38, 192, 168, 1, 1, 192, 168, 1, 2, 'h', 'e', 'l', 'l', 'o'};

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
	struct isla_addr src = addr(PEER4), dst = addr(OWN4);

	CU_ASSERT_EQUAL(fix_input(golden_in, sizeof(golden_in)), ISLA_ACCEPTED);
	check_golden_arrived();
	CU_ASSERT_TRUE(isla_addr_eq(&fix.pkt.src, &src));
	CU_ASSERT_TRUE(isla_addr_eq(&fix.pkt.dst, &dst));
	CU_ASSERT_EQUAL(fix.pkt.l3_off, 14);
	CU_ASSERT_EQUAL(fix.pkt.l4_off, 34);
	CU_ASSERT_EQUAL(fix.pkt.l4_len, 5);
	CU_ASSERT_EQUAL(fix.pkt.proto, PROBE_PROTO);
	CU_ASSERT_EQUAL(fix.pkt.hop_limit, 61);
	CU_ASSERT_EQUAL(fix.pkt.tos, 0x28);
	CU_ASSERT_EQUAL(fix.pkt.flags, 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_RECEIVES), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_DELIVERS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP6_IN_RECEIVES), 0);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
no_truncated_datagram_is_delivered(void)
{
	uint16_t len;

	for (len = 0; len < sizeof(golden_in); len++)
		CU_ASSERT_EQUAL(fix_input(golden_in, len),
			len < 20 ? ISLA_DROP_IP_SHORT : ISLA_DROP_IP_LEN);
	CU_ASSERT_EQUAL(fix.nb_delivered, 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_TRUNCATED_PKTS), sizeof(golden_in));
}

static void
a_chain_may_be_split_anywhere(void)
{
	uint16_t i, at;

	for (at = 0; at <= sizeof(golden_in); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(golden_in, sizeof(golden_in), at)),
			ISLA_ACCEPTED);
		check_golden_arrived();
	}
	/* One byte a segment. */
	for (at = 0; at < sizeof(golden_in); at++) {
		struct rte_mbuf *m = fix_frame(golden_in, at, at);

		for (i = at; i < sizeof(golden_in); i++)
			fix_append_seg(m, golden_in + i, 1);
		rte_pktmbuf_mtod(m, uint8_t *)[13] = 0x00;
		CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_ACCEPTED);
		check_golden_arrived();
	}
}

static void
a_header_in_memory_that_is_shared_is_not_pulled_together(void)
{
	struct rte_mbuf *m = fix_frame(golden_in, sizeof(golden_in), 7), *clone;

	clone = rte_pktmbuf_clone(m, fix.pool);
	CU_ASSERT_EQUAL(fix_input_frame(clone), ISLA_DROP_IP_SHORT);
	rte_pktmbuf_free(m);
}

static void
padding_is_trimmed(void)
{
	static const uint8_t zeros[46];
	uint8_t padded[60] = {0};
	uint16_t pad, at;

	memcpy(padded, golden_in, sizeof(golden_in));
	for (pad = 0; pad <= 35; pad++) {
		uint16_t len = sizeof(golden_in) + pad;

		for (at = 0; at <= len; at++) {
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(padded, len, at)), ISLA_ACCEPTED);
			check_golden_arrived();
		}
	}
	/* Several segments of nothing but padding. */
	for (pad = 1; pad < 5; pad++) {
		struct rte_mbuf *m = fix_frame(padded, 30, 22);

		for (at = 0; at < pad; at++)
			fix_append_seg(m, zeros, at * 11);
		CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_ACCEPTED);
		check_golden_arrived();
	}
}

static void
every_bit_error_in_the_header_is_found(void)
{
	unsigned int bit;

	for (bit = 0; bit < 20 * 8; bit++) {
		uint8_t b[sizeof(golden_in)];

		memcpy(b, golden_in, sizeof(b));
		b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (bit / 8 == 0 && b[0] >> 4 == 6)
			continue; /* goes another way */
		CU_ASSERT_NOT_EQUAL(fix_input(b, sizeof(b)), ISLA_ACCEPTED);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 0);
}

static void
each_header_field_is_checked(void)
{
	static const struct {
		uint8_t off;
		uint8_t value;
		enum isla_drop drop;
	} cases[] = {
		{0, 0x55, ISLA_DROP_IP_VERSION},
		{0, 0x05, ISLA_DROP_IP_VERSION},
		{0, 0x40, ISLA_DROP_IP_HDR_LEN},
		{0, 0x44, ISLA_DROP_IP_HDR_LEN},
		{0, 0x47, ISLA_DROP_IP_HDR_LEN},
		{0, 0x4f, ISLA_DROP_IP_HDR_LEN},
		{3, 0, ISLA_DROP_IP_HDR_LEN},
		{3, 19, ISLA_DROP_IP_HDR_LEN},
		{3, 26, ISLA_DROP_IP_LEN},
		{2, 0xff, ISLA_DROP_IP_LEN},
		{6, 0x20, ISLA_DROP_IP_FRAGMENT},
		{6, 0x1f, ISLA_DROP_IP_FRAGMENT},
		{7, 1, ISLA_DROP_IP_FRAGMENT},
		{8, 0, ISLA_ACCEPTED}, /* RFC 1122, 3.2.1.7 */
		{8, 1, ISLA_ACCEPTED},
		{6, 0x00, ISLA_ACCEPTED},
		{6, 0x80, ISLA_ACCEPTED},
		{3, 20, ISLA_ACCEPTED},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct packet p = {.len = sizeof(golden_in)};
		uint32_t sum;

		memcpy(p.b, golden_in, sizeof(golden_in));
		p.b[cases[i].off] = cases[i].value;
		p.b[10] = p.b[11] = 0;
		sum = ~ref_sum(0, p.b, 20);
		p.b[10] = (uint8_t)(sum >> 8);
		p.b[11] = (uint8_t)sum;
		CU_ASSERT_EQUAL(fix_input_packet(&p), cases[i].drop);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 5);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_HDR_ERRORS), 8);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_TRUNCATED_PKTS), 2);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_DISCARDS), 3);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
sources_that_cannot_be_are_refused(void)
{
	static const struct {
		const char *src;
		enum isla_drop drop;
	} cases[] = {
		{"0.0.0.0", ISLA_DROP_IP_SRC},
		{"0.1.2.3", ISLA_DROP_IP_SRC},
		{"127.0.0.1", ISLA_DROP_IP_SRC},
		{"127.255.255.254", ISLA_DROP_IP_SRC},
		{"224.0.0.1", ISLA_DROP_IP_SRC},
		{"239.255.255.255", ISLA_DROP_IP_SRC},
		{"255.255.255.255", ISLA_DROP_IP_SRC},
		{"192.168.1.255", ISLA_DROP_IP_SRC},
		{OWN4, ISLA_DROP_IP_SRC},
		{"192.168.2.255", ISLA_ACCEPTED},
		{"169.254.1.1", ISLA_ACCEPTED},
		{"8.8.8.8", ISLA_ACCEPTED},
	};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		packet_ip(&p, cases[i].src, OWN4, PROBE_PROTO, "x", 1);
		CU_ASSERT_EQUAL(fix_input_packet(&p), cases[i].drop);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 3);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_ADDR_ERRORS), 9);
}

static void
only_what_is_for_us_is_taken(void)
{
	static const struct {
		const char *dst;
		enum isla_drop drop;
		uint8_t flags;
	} cases[] = {
		{OWN4, ISLA_ACCEPTED, 0},
		{"192.168.1.255", ISLA_ACCEPTED, ISLA_PKT_L3_BROADCAST},
		{"255.255.255.255", ISLA_ACCEPTED, ISLA_PKT_L3_BROADCAST},
		{"224.0.0.1", ISLA_ACCEPTED, ISLA_PKT_L3_MULTICAST},
		{"224.0.0.2", ISLA_DROP_IP_DST, 0},
		{"192.168.1.3", ISLA_DROP_IP_DST, 0},
		{"192.168.2.255", ISLA_DROP_IP_DST, 0},
		{"127.0.0.1", ISLA_DROP_IP_DST, 0},
		{"0.0.0.0", ISLA_DROP_IP_DST, 0},
	};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		packet_ip(&p, PEER4, cases[i].dst, PROBE_PROTO, "x", 1);
		CU_ASSERT_EQUAL(fix_input_packet(&p), cases[i].drop);
		if (cases[i].drop == ISLA_ACCEPTED)
			CU_ASSERT_EQUAL(fix.pkt.flags, cases[i].flags);
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 4);
}

/* RFC 1122, 3.3.6. */
static void
a_unicast_packet_in_a_broadcast_frame_is_refused(void)
{
	struct packet p;

	memset(fix.l2_dst, 0xff, 6);
	CU_ASSERT_EQUAL(fix_input(golden_in, sizeof(golden_in)), ISLA_DROP_IP_DST);
	packet_ip(&p, PEER4, "192.168.1.255", PROBE_PROTO, "x", 1);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix.pkt.flags,
		ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST | ISLA_PKT_L3_BROADCAST);
}

static void
options_are_skipped_or_refused(void)
{
	static const struct {
		uint8_t opts[12];
		uint8_t len;
		enum isla_drop drop;
	} cases[] = {
		{{1, 1, 1, 1}, 4, ISLA_ACCEPTED},
		{{0, 0xff, 0xff, 0xff}, 4, ISLA_ACCEPTED}, /* all after the end is padding */
		{{7, 7, 4, 0, 0, 0, 0, 0}, 8, ISLA_ACCEPTED},
		{{68, 8, 5, 0, 0, 0, 0, 0}, 8, ISLA_ACCEPTED},
		{{148, 4, 0, 0}, 4, ISLA_ACCEPTED},
		{{99, 2, 0, 0}, 4, ISLA_ACCEPTED},
		{{1, 1, 99, 2}, 4, ISLA_ACCEPTED},
		{{7, 0, 0, 0}, 4, ISLA_DROP_IP_OPTIONS},
		{{7, 1, 0, 0}, 4, ISLA_DROP_IP_OPTIONS},
		{{7, 5, 0, 0}, 4, ISLA_DROP_IP_OPTIONS},
		{{1, 1, 1, 7}, 4, ISLA_DROP_IP_OPTIONS}, /* no room for a length */
		{{1, 1, 7, 3}, 4, ISLA_DROP_IP_OPTIONS},
		{{131, 7, 4, 10, 0, 0, 1, 0}, 8, ISLA_DROP_IP_OPTIONS},
		{{137, 7, 4, 10, 0, 0, 1, 0}, 8, ISLA_DROP_IP_OPTIONS},
		{{1, 131, 3, 4}, 4, ISLA_DROP_IP_OPTIONS},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct packet p;
		uint16_t at;

		packet_ip(&p, PEER4, OWN4, PROBE_PROTO, "hello", 5);
		packet_insert(&p, 20, cases[i].opts, cases[i].len);
		p.b[0] = (uint8_t)(0x45 + cases[i].len / 4);
		packet_fix_ip(&p);
		for (at = 0; at <= p.len; at++) {
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), cases[i].drop);
			if (cases[i].drop == ISLA_ACCEPTED) {
				CU_ASSERT_EQUAL(fix.pkt.l4_off, 34 + cases[i].len);
				check_golden_arrived();
			}
		}
	}
	CU_ASSERT_EQUAL(fix.nb_delivered, 0);
}

static void
the_longest_header_is_read(void)
{
	uint8_t nops[40];
	struct packet p;

	memset(nops, 1, sizeof(nops));
	packet_ip(&p, PEER4, OWN4, PROBE_PROTO, "hello", 5);
	packet_insert(&p, 20, nops, sizeof(nops));
	p.b[0] = 0x4f;
	packet_fix_ip(&p);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	check_golden_arrived();
}

static void
a_port_is_believed_only_where_it_is_known_to_be_right(void)
{
	struct packet p;

	packet_ip(&p, PEER4, OWN4, PROBE_PROTO, "x", 1);
	p.b[11] ^= 1;
	fix.ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_CKSUM);
	fix_restart(0, ISLA_NETIF_RX_CKSUM, 1500);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_CKSUM);
	fix.ol_flags = RTE_MBUF_F_RX_IP_CKSUM_NONE;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_CKSUM);
	fix.ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
}

/* RFC 1122, 3.2.2.1: protocol unreachable; RFC 1812, 4.3.2.3: as much as fits 576 bytes. */
static void
an_unknown_protocol_is_answered(void)
{
	static const uint8_t golden[] = {0x45, 0, 0, 56, 0, 0, 0x40, 0, 64, 1, 0xb7, 0x71, 192, 168,
		1, 2, 192, 168, 1, 1,
		3, 2, 0x3f, 0x5b, 0, 0, 0, 0,
		0x45, 0, 0, 28, 0, 0, 0, 0, 61, 254, 0xf9, 0x90, 192, 168, 1, 1, 192,
		168, 1, 2, 'p', 'a', 'y', 'l', 'o', 'a', 'd', 's'};
	struct packet p, sent;

	packet_ip(&p, PEER4, OWN4, 254, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_IN_UNKNOWN_PROTOS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_OUT_DEST_UNREACHS), 1);
	fix_take(&sent, NULL);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, golden, sizeof(golden)));
	/* ICMPv6's number means nothing in IPv4. */
	packet_ip(&p, PEER4, OWN4, 58, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
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
send4(struct rte_mbuf *m, const char *dst, const struct inet_dst *via)
{
	struct isla_addr src = addr(OWN4), to = addr(dst);
	struct inet_tx tx = {
		.src = &src, .dst = &to, .via = via, .proto = PROBE_PROTO, .tos = 0x2e};

	return inet_output(fix.inet, m, &tx);
}

static void
a_golden_datagram_is_sent(void)
{
	/* RFC 6864, 4.1: an atomic datagram, whose identification may be anything. */
	static const uint8_t golden[] = {0x45, 0x2e, 0, 23, 0, 0, 0x40, 0, 64, 253, 0xb6, 0x68, 192,
		168, 1, 2, 192, 168, 1, 1, 'a', 'a', 'a'};
	struct packet sent;
	struct rte_mbuf *m;

	CU_ASSERT_EQUAL(send4(payload(3), PEER4, NULL), ISLA_ACCEPTED);
	fix_take(&sent, &m);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, golden, sizeof(golden)));
	CU_ASSERT_EQUAL(m->l2_len, 14);
	CU_ASSERT_EQUAL(m->l3_len, 20);
	CU_ASSERT_EQUAL(m->nb_segs, 1);
	CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_IPV4);
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_OUT_REQUESTS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_OUT_TRANSMITS), 1);
}

static void
the_header_checksum_is_left_to_a_port_that_offers_it(void)
{
	struct packet sent;
	struct rte_mbuf *m;

	fix_restart(0, ISLA_NETIF_TX_IPV4_CKSUM, 1500);
	CU_ASSERT_EQUAL(send4(payload(3), PEER4, NULL), ISLA_ACCEPTED);
	fix_take(&sent, &m);
	CU_ASSERT_EQUAL(sent.b[10] << 8 | sent.b[11], 0);
	CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM);
	rte_pktmbuf_free(m);
}

static void
a_given_way_is_taken_without_a_look_up(void)
{
	struct inet_dst via = {.next_hop = addr(PEER4), .netif = 0, .mtu = 1500};
	struct packet sent;

	CU_ASSERT_EQUAL(send4(payload(3), "8.8.8.8", NULL), ISLA_DROP_NO_ROUTE);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_OUT_NO_ROUTES), 1);
	CU_ASSERT_EQUAL(send4(payload(3), "8.8.8.8", &via), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 23);
}

static void
the_mtu_is_kept(void)
{
	struct packet sent;

	CU_ASSERT_EQUAL(send4(payload(1481), PEER4, NULL), ISLA_DROP_TOO_BIG);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_OUT_DISCARDS), 1);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(send4(payload(1480), PEER4, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 1500);
}

static void
a_packet_without_headroom_gets_an_mbuf_in_front(void)
{
	struct rte_mbuf *m = payload(8);
	struct packet sent;

	rte_pktmbuf_prepend(m, RTE_PKTMBUF_HEADROOM - 33);
	rte_pktmbuf_mtod(m, char *)[0] = 'b';
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	m->l4_len = 20;
	CU_ASSERT_EQUAL(send4(m, PEER4, NULL), ISLA_ACCEPTED);
	fix_take(&sent, &m);
	CU_ASSERT_EQUAL(m->nb_segs, 2);
	CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_CKSUM);
	CU_ASSERT_EQUAL(m->l4_len, 20);
	CU_ASSERT_EQUAL(sent.b[20], 'b');
	rte_pktmbuf_free(m);
}

static void
a_reference_to_the_memory_of_others_is_not_written_to(void)
{
	struct rte_mbuf *m = payload(8), *clone = rte_pktmbuf_clone(m, fix.pool);
	uint8_t before[RTE_PKTMBUF_HEADROOM];
	struct packet sent;

	memcpy(before, m->buf_addr, sizeof(before));
	CU_ASSERT_EQUAL(send4(clone, PEER4, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 28);
	CU_ASSERT_TRUE(same_bytes(m->buf_addr, sizeof(before), before, sizeof(before)));
	rte_pktmbuf_free(m);
}

static void
an_empty_pool_costs_the_packet_and_no_more(void)
{
	struct rte_mbuf *m = payload(8);

	rte_pktmbuf_prepend(m, RTE_PKTMBUF_HEADROOM);
	heap_pool_set_limit(fix.pool, 1);
	CU_ASSERT_EQUAL(send4(m, PEER4, NULL), ISLA_DROP_NO_MBUF);
	CU_ASSERT_EQUAL(fix.core.stats.drop[ISLA_DROP_NO_MBUF], 1);
	CU_ASSERT_EQUAL(heap_pool_in_use(fix.pool), 0);
}

static void
families_do_not_mix(void)
{
	CU_ASSERT_EQUAL(send4(payload(3), PEER6, NULL), ISLA_DROP_NO_SRC_ADDR);
}

static void
random_bytes_do_no_harm(void)
{
	unsigned int i, j;

	srand(4);
	for (i = 0; i < 100000; i++) {
		struct packet p;

		packet_ip(&p, PEER4, OWN4, (uint8_t[]){1, 6, 17, 58, 253, 254}[rand() % 6],
			golden_in, (uint16_t)(rand() % 20));
		p.b[0] = (uint8_t)(rand() % 4 == 0 ? 0x40 + rand() % 16 : 0x45);
		for (j = (unsigned int)rand() % 4; j > 0; j--)
			p.b[rand() % p.len] = (uint8_t)rand();
		if (rand() % 2 == 0) {
			p.b[10] = p.b[11] = 0;
			j = ~ref_sum(0, p.b, RTE_MIN((size_t)p.len, (p.b[0] & 15u) * 4));
			p.b[10] = (uint8_t)(j >> 8);
			p.b[11] = (uint8_t)j;
		}
		fix_input_frame(fix_frame(p.b, p.len, (uint16_t)(rand() % 48)));
		while (fix_nb_sent() > 0)
			fix_take(&p, NULL);
	}
	CU_ASSERT_TRUE(fix.nb_delivered > 0);
}

/* What is left of a super-frame, as a kernel sends it to a network card that cuts it up. */
static void
a_cut_super_frame_is_told_from_a_short_one(void)
{
	struct packet p = {.len = sizeof(golden_in)};

	memcpy(p.b, golden_in, p.len);
	p.b[3]++;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	/* Damage of a short frame, and of the longest that there should be. */
	p.b[2] = 0x40;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	p.len = 1500;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_cut_frames, 0);
	p.len = 1501;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_LEN);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_cut_frames, 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_cut_super_frame_is_told_from_a_short_one),
	SUITE_TEST(a_golden_datagram_reaches_its_protocol),
	SUITE_TEST(no_truncated_datagram_is_delivered),
	SUITE_TEST(a_chain_may_be_split_anywhere),
	SUITE_TEST(a_header_in_memory_that_is_shared_is_not_pulled_together),
	SUITE_TEST(padding_is_trimmed),
	SUITE_TEST(every_bit_error_in_the_header_is_found),
	SUITE_TEST(each_header_field_is_checked),
	SUITE_TEST(sources_that_cannot_be_are_refused),
	SUITE_TEST(only_what_is_for_us_is_taken),
	SUITE_TEST(a_unicast_packet_in_a_broadcast_frame_is_refused),
	SUITE_TEST(options_are_skipped_or_refused),
	SUITE_TEST(the_longest_header_is_read),
	SUITE_TEST(a_port_is_believed_only_where_it_is_known_to_be_right),
	SUITE_TEST(an_unknown_protocol_is_answered),
	SUITE_TEST(a_golden_datagram_is_sent),
	SUITE_TEST(the_header_checksum_is_left_to_a_port_that_offers_it),
	SUITE_TEST(a_given_way_is_taken_without_a_look_up),
	SUITE_TEST(the_mtu_is_kept),
	SUITE_TEST(a_packet_without_headroom_gets_an_mbuf_in_front),
	SUITE_TEST(a_reference_to_the_memory_of_others_is_not_written_to),
	SUITE_TEST(an_empty_pool_costs_the_packet_and_no_more),
	SUITE_TEST(families_do_not_mix),
	SUITE_TEST(random_bytes_do_no_harm),
};

int
main(void)
{
	return suite_run("ipv4", tests, RTE_DIM(tests), fix_setup, fix_teardown);
}
