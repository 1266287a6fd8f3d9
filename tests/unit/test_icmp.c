/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP (RFC 792, RFC 1122, 3.2.2): echo turned around, errors sent, quoted and received, silences,
 * the rate limit in virtual time. What differs in ICMPv6 has a suite of its own.
 */

#include <stdlib.h>
#include <string.h>

#include "heap_pool.h"
#include "inet_fix.h"

#define ICMP 1

/* TOS 0x2b, identifier 0x1234, sequence number 5, "abcdefg". */
static const uint8_t echo4[] = {0x45, 0x2b, 0x00, 0x23, 0x00, 0x07, 0x40, 0x00, 0x3d, 0x01, 0xba,
	0x54, 0xc0, 0xa8, 0x01, 0x01, 0xc0, 0xa8, 0x01, 0x02, 0x08, 0x00, 0x54, 0x99, 0x12, 0x34,
	0x00, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67};

/* The same, without the ECN bits. */
static const uint8_t echo4_reply[] = {0x45, 0x28, 0x00, 0x23, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01,
	0xb7, 0x5e, 0xc0, 0xa8, 0x01, 0x02, 0xc0, 0xa8, 0x01, 0x01, 0x00, 0x00, 0x5c, 0x99, 0x12,
	0x34, 0x00, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67};

/* Port unreachable about a UDP datagram to port 4242, and that datagram. */
static const uint8_t unreach4[] = {0x45, 0x00, 0x00, 0x3d, 0x00, 0x00, 0x40, 0x00, 0x40, 0x01,
	0xb7, 0x6c, 0xc0, 0xa8, 0x01, 0x02, 0xc0, 0xa8, 0x01, 0x01, 0x03, 0x03, 0x80, 0x6f, 0x00,
	0x00, 0x00, 0x00, 0x45, 0x00, 0x00, 0x21, 0x00, 0x07, 0x00, 0x00, 0x3d, 0x11, 0xfa, 0x71,
	0xc0, 0xa8, 0x01, 0x01, 0xc0, 0xa8, 0x01, 0x02, 0x9c, 0x40, 0x10, 0x92, 0x00, 0x0d, 0x8b,
	0xdb, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

static const uint8_t udp4[] = {0x45, 0x00, 0x00, 0x21, 0x00, 0x07, 0x00, 0x00, 0x3d, 0x11, 0xfa,
	0x71, 0xc0, 0xa8, 0x01, 0x01, 0xc0, 0xa8, 0x01, 0x02, 0x9c, 0x40, 0x10, 0x92, 0x00, 0x0d,
	0x8b, 0xdb, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

static void
check_echo_reply(void)
{
	struct packet sent;

	fix_take(&sent, NULL);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, echo4_reply, sizeof(echo4_reply)));
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
an_echo_request_is_turned_around_in_its_mbuf(void)
{
	struct rte_mbuf *m = fix_frame(echo4, sizeof(echo4), sizeof(echo4)), *sent;
	struct packet p;

	m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_RSS_HASH;
	m->tx_offload = UINT64_MAX; /* a driver may leave anything there */
	CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_ACCEPTED);
	fix_take(&p, &sent);
	CU_ASSERT_PTR_EQUAL(sent, m);
	CU_ASSERT_TRUE(same_bytes(p.b, p.len, echo4_reply, sizeof(echo4_reply)));
	CU_ASSERT_EQUAL(sent->ol_flags, RTE_MBUF_F_TX_IPV4);
	CU_ASSERT_EQUAL(sent->l4_len, 0);
	CU_ASSERT_EQUAL(sent->tso_segsz, 0);
	rte_pktmbuf_free(sent);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_IN_MSGS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_IN_ECHOS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_OUT_MSGS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_OUT_ECHO_REPS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
}

static void
an_echo_request_may_be_split_anywhere(void)
{
	uint16_t at;

	for (at = 0; at <= sizeof(echo4); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(echo4, sizeof(echo4), at)),
			ISLA_ACCEPTED);
		check_echo_reply();
	}
}

static void
an_echo_request_in_shared_memory_is_not_written_to(void)
{
	struct rte_mbuf *m = fix_frame(echo4, sizeof(echo4), sizeof(echo4));
	struct rte_mbuf *clone = rte_pktmbuf_clone(m, fix.pool);

	CU_ASSERT_EQUAL(fix_input_frame(clone), ISLA_ACCEPTED);
	check_echo_reply();
	CU_ASSERT_TRUE(same_bytes(rte_pktmbuf_mtod_offset(m, uint8_t *, 14), sizeof(echo4), echo4,
		sizeof(echo4)));
	rte_pktmbuf_free(m);
}

/* Every length and so both parities; the incremental checksum against the whole sum. */
static void
echo_replies_of_every_length_are_right(void)
{
	static uint8_t body[1480];
	struct packet p, sent;
	uint16_t len;

	srand(1);
	for (len = 8; len <= sizeof(body); len += len < 64 ? 1 : 59) {
		uint16_t i;

		for (i = 0; i < len; i++)
			body[i] = (uint8_t)rand();
		body[0] = 8;
		body[1] = 0;
		packet_ip(&p, PEER4, OWN4, ICMP, body, len);
		packet_fix_l4(&p, 20, 2, ICMP);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(fix_take(&sent, NULL), p.len);
		CU_ASSERT_EQUAL(packet_l4_cksum(&sent, 20, ICMP), 0);
		CU_ASSERT_EQUAL(sent.b[20], 0);
		CU_ASSERT_TRUE(same_bytes(sent.b + 24, len - 4u, p.b + 24, len - 4u));
	}
}

/* RFC 1624, 3: all sums of the words beside the checksum, those that fold to 0 among them. */
static void
every_checksum_is_updated_rightly(void)
{
	uint8_t body[8] = {8, 0};
	struct packet p, sent;
	unsigned int id;

	for (id = 0; id < 65536; id++) {
		body[4] = (uint8_t)(id >> 8);
		body[5] = (uint8_t)id;
		packet_ip(&p, PEER4, OWN4, ICMP, body, sizeof(body));
		packet_fix_l4(&p, 20, 2, ICMP);
		fix_input_packet(&p);
		fix_take(&sent, NULL);
		if (sent.len != 28 || packet_l4_cksum(&sent, 20, ICMP) != 0)
			break;
	}
	CU_ASSERT_EQUAL(id, 65536);
}

static void
no_truncated_message_is_answered(void)
{
	struct packet p;
	uint16_t len;

	for (len = 0; len < 15; len++) {
		packet_ip(&p, PEER4, OWN4, ICMP, echo4 + 20, len);
		CU_ASSERT_EQUAL(fix_input_packet(&p), len < 8 ? ISLA_DROP_ICMP_SHORT
							      : ISLA_DROP_ICMP_CKSUM);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_IN_MSGS), 15);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_IN_ERRORS), 15);
}

static void
every_bit_error_is_found(void)
{
	unsigned int bit;
	struct packet p;

	for (bit = 0; bit < 15 * 8; bit++) {
		packet_ip(&p, PEER4, OWN4, ICMP, echo4 + 20, 15);
		p.b[20 + bit / 8] ^= (uint8_t)(1u << (bit % 8));
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_CKSUM);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
groups_are_not_answered(void)
{
	static const char *const dsts[] = {"224.0.0.1", "255.255.255.255", "192.168.1.255"};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(dsts); i++) {
		packet_ip(&p, PEER4, dsts[i], ICMP, echo4 + 20, 15);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_BROADCAST);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
other_messages_are_ignored(void)
{
	static const uint8_t types[] = {0, 1, 2, 4, 5, 6, 7, 9, 10, 13, 15, 17, 42, 255};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(types); i++) {
		uint8_t body[36] = {types[i]};

		packet_ip(&p, PEER4, OWN4, ICMP, body, sizeof(body));
		packet_fix_l4(&p, 20, 2, ICMP);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_TYPE);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
a_sender_without_a_way_back_gets_nothing(void)
{
	struct packet p;

	packet_ip(&p, "8.8.8.8", OWN4, ICMP, echo4 + 20, 15);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_NO_ROUTE);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
a_reply_that_finds_no_mbuf_is_dropped_once(void)
{
	struct rte_mbuf *m = fix_frame(echo4, sizeof(echo4), sizeof(echo4));
	struct rte_mbuf *clone = rte_pktmbuf_clone(m, fix.pool);

	heap_pool_set_limit(fix.pool, 2);
	CU_ASSERT_EQUAL(fix_input_frame(clone), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix.core.stats.drop[ISLA_DROP_NO_MBUF], 1);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	rte_pktmbuf_free(m);
}

/* How many of n echo requests (or of datagrams to a closed port) at this time are answered. */
static unsigned int
answered(unsigned int n, bool echo)
{
	unsigned int i, nb = 0;
	struct packet sent;

	for (i = 0; i < n; i++) {
		enum isla_drop drop = echo ? fix_input(echo4, sizeof(echo4))
					   : fix_input(udp4, sizeof(udp4));

		if (echo)
			CU_ASSERT_TRUE(drop == ISLA_ACCEPTED || drop == ISLA_DROP_ICMP_RATE);
		if (!echo)
			CU_ASSERT_EQUAL(drop, ISLA_DROP_UDP_NO_PORT);
		if (fix_take(&sent, NULL) != 0)
			nb++;
	}
	return nb;
}

/* RFC 4443, 2.4 (f); RFC 1812, 4.3.2.8. The two buckets are independent. */
static void
the_rate_is_limited(void)
{
	unsigned int second, step, nb = 0;

	fix_restart(1000, 0, 1500);
	CU_ASSERT_EQUAL(answered(500, true), 100);
	CU_ASSERT_EQUAL(answered(500, false), 100);
	CU_ASSERT_EQUAL(fix.core.stats.drop[ISLA_DROP_ICMP_RATE], 400);
	/* One token a millisecond. */
	fix.core.now_us += 999;
	CU_ASSERT_EQUAL(answered(5, true), 0);
	fix.core.now_us += 1;
	CU_ASSERT_EQUAL(answered(5, true), 1);
	CU_ASSERT_EQUAL(answered(5, false), 1);
	fix.core.now_us += 50000;
	CU_ASSERT_EQUAL(answered(500, true), 50);
	/* A long silence fills the bucket, and no more than that. */
	fix.core.now_us += 3600000000ull;
	CU_ASSERT_EQUAL(answered(500, false), 100);
	CU_ASSERT_EQUAL(answered(500, true), 100);
	for (second = 0; second < 3; second++)
		for (step = 0; step < 100; step++) {
			fix.core.now_us += 10000;
			nb += answered(20, false);
		}
	CU_ASSERT_EQUAL(nb, 3000);
}

static void
a_low_rate_is_kept_as_well(void)
{
	fix_restart(1, 0, 1500);
	CU_ASSERT_EQUAL(answered(5, true), 1);
	fix.core.now_us += 999999;
	CU_ASSERT_EQUAL(answered(5, true), 0);
	fix.core.now_us += 1;
	CU_ASSERT_EQUAL(answered(5, true), 1);
	fix_restart(0, 0, 1500);
	CU_ASSERT_EQUAL(answered(1000, true), 1000);
}

static void
a_closed_port_is_answered(void)
{
	struct packet sent;
	uint16_t at;

	for (at = 0; at <= sizeof(udp4); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(udp4, sizeof(udp4), at)),
			ISLA_DROP_UDP_NO_PORT);
		fix_take(&sent, NULL);
		CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, unreach4, sizeof(unreach4)));
	}
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_OUT_DEST_UNREACHS), at);
}

/* RFC 1812, 4.3.2.3: as much as fits into 576 bytes, options of the quoted packet included. */
static void
a_quote_is_cut_at_576_bytes(void)
{
	static uint8_t body[1400] = {0x9c, 0x40, 0x10, 0x92, 0x05, 0x78};
	struct packet p, sent;
	uint16_t at;

	packet_ip(&p, PEER4, OWN4, 17, body, sizeof(body));
	packet_insert(&p, 20, "\1\1\1\1", 4);
	p.b[0] = 0x46;
	packet_fix_ip(&p);
	for (at = 0; at <= p.len; at += 100) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), ISLA_DROP_UDP_NO_PORT);
		CU_ASSERT_EQUAL_FATAL(fix_take(&sent, NULL), 576);
		CU_ASSERT_EQUAL(packet_l4_cksum(&sent, 20, ICMP), 0);
		CU_ASSERT_TRUE(same_bytes(sent.b + 28, 548, p.b, 548));
	}
}

static enum isla_drop
refuse(void *ctx, struct rte_mbuf *m)
{
	RTE_SET_USED(ctx);
	inet_send_port_unreach(fix.inet, m);
	CU_ASSERT_TRUE(same_bytes(rte_pktmbuf_mtod(m, void *), m->pkt_len, "payloads", 8));
	CU_ASSERT_EQUAL(m->data_len, 8);
	return ISLA_DROP_UDP_NO_PORT;
}

static void
what_an_error_is_about_stays_as_it_was(void)
{
	struct inet_proto proto = {.input = refuse};
	struct packet p, sent;

	inet_set_proto(fix.inet, 254, &proto);
	packet_ip(&p, PEER4, OWN4, 254, "payloads", 8);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 56);
}

/* RFC 1122, 3.2.2. */
static void
errors_are_not_sent_about_these(void)
{
	static const struct {
		const char *src, *dst;
		bool l2_multicast;
	} cases[] = {
		{PEER4, "192.168.1.255", false},
		{PEER4, "255.255.255.255", false},
		{PEER4, "224.0.0.1", false},
		{PEER4, OWN4, true},
		{"240.0.0.1", OWN4, false},
	};
	static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0, 0, 1};
	struct isla_prefix all = {.addr = addr("0.0.0.0"), .len = 0};
	struct isla_addr gateway = addr(PEER4);
	struct packet p;
	size_t i;

	CU_ASSERT_EQUAL(inet_route_add(fix.inet, &all, &gateway, 0), 0);
	for (i = 0; i < RTE_DIM(cases); i++) {
		uint8_t udp[8] = {0x9c, 0x40, 0x10, 0x92, 0, 8};
		uint8_t mac[6];

		memcpy(mac, fix.l2_dst, 6);
		if (cases[i].l2_multicast)
			memcpy(fix.l2_dst, group, 6);
		packet_ip(&p, cases[i].src, cases[i].dst, 17, udp, sizeof(udp));
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_NO_PORT);
		packet_ip(&p, cases[i].src, cases[i].dst, 254, udp, sizeof(udp));
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_IP_PROTO);
		memcpy(fix.l2_dst, mac, 6);
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_OUT_MSGS), 0);
}

static void
an_error_that_finds_no_mbuf_is_not_sent(void)
{
	struct rte_mbuf *m = fix_frame(udp4, sizeof(udp4), sizeof(udp4));

	heap_pool_set_limit(fix.pool, 1);
	CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* An ICMP error from PEER4 about a probe packet from src to dst. */
static void
build_error(struct packet *p, uint8_t type, uint8_t code, const char *src, const char *dst)
{
	static const uint8_t l4[8] = {0x00, 0x50, 0x9c, 0x40, 0x01, 0x02, 0x03, 0x04};
	uint8_t body[36] = {type, code, [5] = 0x01, 0x95, 0x14};
	struct packet quoted;

	packet_ip(&quoted, src, dst, PROBE_PROTO, l4, sizeof(l4));
	memcpy(body + 8, quoted.b, quoted.len);
	packet_ip(p, PEER4, OWN4, ICMP, body, sizeof(body));
	packet_fix_l4(p, 20, 2, ICMP);
}

static void
errors_reach_the_protocol_they_are_about(void)
{
	static const struct {
		uint8_t type, code;
		enum inet_error_kind kind;
		uint32_t mtu;
	} cases[] = {
		{3, 0, INET_ERR_NET_UNREACH, 0},
		{3, 1, INET_ERR_HOST_UNREACH, 0},
		{3, 2, INET_ERR_PROTO_UNREACH, 0},
		{3, 3, INET_ERR_PORT_UNREACH, 0},
		{3, 4, INET_ERR_TOO_BIG, 0x9514},
		{3, 5, INET_ERR_NET_UNREACH, 0},
		{3, 9, INET_ERR_ADMIN_PROHIBITED, 0},
		{3, 10, INET_ERR_ADMIN_PROHIBITED, 0},
		{3, 13, INET_ERR_ADMIN_PROHIBITED, 0},
		{3, 15, INET_ERR_HOST_UNREACH, 0},
		{3, 16, INET_ERR_HOST_UNREACH, 0},
		{3, 255, INET_ERR_HOST_UNREACH, 0},
		{11, 0, INET_ERR_TIME_EXCEEDED, 0},
		{11, 1, INET_ERR_TIME_EXCEEDED, 0},
		{12, 0, INET_ERR_PARAM_PROBLEM, 0},
	};
	struct isla_addr local = addr(OWN4), remote = addr("8.8.8.8");
	struct packet p;
	uint16_t at;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build_error(&p, cases[i].type, cases[i].code, OWN4, "8.8.8.8");
		for (at = 0; at <= p.len; at++) {
			fix.nb_errors = 0;
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), ISLA_ACCEPTED);
			CU_ASSERT_EQUAL(fix.nb_errors, 1);
			CU_ASSERT_EQUAL(fix.error.kind, cases[i].kind);
			CU_ASSERT_EQUAL(fix.error.mtu, cases[i].mtu);
			CU_ASSERT_EQUAL(fix.error.proto, PROBE_PROTO);
			CU_ASSERT_EQUAL(fix.error.netif, 0);
			CU_ASSERT_TRUE(isla_addr_eq(&fix.error.local, &local));
			CU_ASSERT_TRUE(isla_addr_eq(&fix.error.remote, &remote));
			CU_ASSERT_EQUAL(fix.error.local_port, RTE_BE16(80));
			CU_ASSERT_EQUAL(fix.error.remote_port, RTE_BE16(40000));
		}
	}
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static struct inet_error tcp_error;

static void
tcp_error_input(void *ctx, const struct inet_error *err)
{
	RTE_SET_USED(ctx);
	tcp_error = *err;
}

static void
the_sequence_number_is_told_to_tcp(void)
{
	struct inet_proto tcp = {.error = tcp_error_input};
	struct packet p;

	inet_set_proto(fix.inet, 6, &tcp);
	build_error(&p, 3, 1, OWN4, "8.8.8.8");
	p.b[28 + 9] = 6;
	packet_fix_l4(&p, 20, 2, ICMP);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(tcp_error.seq, 0x01020304);
	CU_ASSERT_EQUAL(tcp_error.proto, 6);
}

static void
a_quote_must_be_of_a_packet_of_ours(void)
{
	static const struct {
		const char *src, *dst;
	} cases[] = {
		{"192.168.1.3", "8.8.8.8"},
		{"8.8.8.8", OWN4},
		{"0.0.0.0", "8.8.8.8"},
		{"127.0.0.1", "8.8.8.8"},
		{"192.168.1.255", "8.8.8.8"},
		{OWN4, "0.0.0.0"},
		{OWN4, "224.0.0.1"},
		{OWN4, "255.255.255.255"},
		{OWN4, "192.168.1.255"},
		{OWN4, OWN4},
	};
	struct packet p;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		build_error(&p, 3, 1, cases[i].src, cases[i].dst);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	}
	/* To all, though it quotes itself rightly. */
	build_error(&p, 3, 1, "192.168.1.255", "8.8.8.8");
	p.b[19] = 255;
	packet_fix_ip(&p);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	CU_ASSERT_EQUAL(fix.nb_errors, 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_IP4_ICMP_IN_ERRORS), RTE_DIM(cases) + 1);
}

static void
a_quote_must_be_whole_and_well_formed(void)
{
	static const struct {
		uint8_t off, value;
	} bad[] = {{0, 0x65}, {0, 0x44}, {0, 0x46}, {0, 0x4f}, {6, 0x01}, {7, 0x01}};
	struct packet p;
	uint16_t len;
	size_t i;

	for (len = 0; len < 28; len++) {
		build_error(&p, 3, 1, OWN4, "8.8.8.8");
		p.len = 28 + len;
		packet_fix_ip(&p);
		packet_fix_l4(&p, 20, 2, ICMP);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	}
	for (i = 0; i < RTE_DIM(bad); i++) {
		build_error(&p, 3, 1, OWN4, "8.8.8.8");
		p.b[28 + bad[i].off] = bad[i].value;
		packet_fix_l4(&p, 20, 2, ICMP);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_QUOTE);
	}
	CU_ASSERT_EQUAL(fix.nb_errors, 0);
	/* Options that a router put there are no fault. */
	build_error(&p, 3, 1, OWN4, "8.8.8.8");
	packet_insert(&p, 48, "\1\1\1\1", 4);
	p.b[28] = 0x46;
	packet_fix_ip(&p);
	packet_fix_l4(&p, 20, 2, ICMP);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix.nb_errors, 1);
}

static void
a_protocol_that_does_not_care_is_not_told(void)
{
	struct packet p;

	build_error(&p, 3, 3, OWN4, "8.8.8.8");
	p.b[28 + 9] = 89;
	packet_fix_l4(&p, 20, 2, ICMP);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_ICMP_TYPE);
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_echo_request_is_turned_around_in_its_mbuf),
	SUITE_TEST(an_echo_request_may_be_split_anywhere),
	SUITE_TEST(an_echo_request_in_shared_memory_is_not_written_to),
	SUITE_TEST(echo_replies_of_every_length_are_right),
	SUITE_TEST(every_checksum_is_updated_rightly),
	SUITE_TEST(no_truncated_message_is_answered),
	SUITE_TEST(every_bit_error_is_found),
	SUITE_TEST(groups_are_not_answered),
	SUITE_TEST(other_messages_are_ignored),
	SUITE_TEST(a_sender_without_a_way_back_gets_nothing),
	SUITE_TEST(a_reply_that_finds_no_mbuf_is_dropped_once),
	SUITE_TEST(the_rate_is_limited),
	SUITE_TEST(a_low_rate_is_kept_as_well),
	SUITE_TEST(a_closed_port_is_answered),
	SUITE_TEST(a_quote_is_cut_at_576_bytes),
	SUITE_TEST(what_an_error_is_about_stays_as_it_was),
	SUITE_TEST(errors_are_not_sent_about_these),
	SUITE_TEST(an_error_that_finds_no_mbuf_is_not_sent),
	SUITE_TEST(errors_reach_the_protocol_they_are_about),
	SUITE_TEST(the_sequence_number_is_told_to_tcp),
	SUITE_TEST(a_quote_must_be_of_a_packet_of_ours),
	SUITE_TEST(a_quote_must_be_whole_and_well_formed),
	SUITE_TEST(a_protocol_that_does_not_care_is_not_told),
};

int
main(void)
{
	return suite_run("icmp", tests, RTE_DIM(tests), fix_setup, fix_teardown);
}
