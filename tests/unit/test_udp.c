/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP (RFC 768) over both families: golden bytes both ways, lengths, checksums, sockets, sending.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "heap_pool.h"
#include "inet_fix.h"

#define UDP  17
#define PORT 4242

/* From port 40000 to port 4242, "hello"; and the same back. */
static const uint8_t udp4[] = {0x45, 0x00, 0x00, 0x21, 0x00, 0x07, 0x00, 0x00, 0x3d, 0x11, 0xfa,
	0x71, 0xc0, 0xa8, 0x01, 0x01, 0xc0, 0xa8, 0x01, 0x02, 0x9c, 0x40, 0x10, 0x92, 0x00, 0x0d,
	0x8b, 0xdb, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

static const uint8_t udp4_reply[] = {0x45, 0x00, 0x00, 0x21, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xb7, 0x78, 0xc0, 0xa8, 0x01, 0x02, 0xc0, 0xa8, 0x01, 0x01, 0x10, 0x92, 0x9c, 0x40, 0x00,
	0x0d, 0x8b, 0xdb, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

static const uint8_t udp6[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x11, 0x3d, 0x20, 0x01, 0x0d,
	0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x9c,
	0x40, 0x10, 0x92, 0x00, 0x0d, 0xb3, 0xba, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

static const uint8_t udp6_reply[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x11, 0x40, 0x20, 0x01,
	0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x20,
	0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x10, 0x92, 0x9c, 0x40, 0x00, 0x0d, 0xb3, 0xba, 0x68, 0x65, 0x6c, 0x6c, 0x6f};

/* What the last callback was given. */
static struct {
	unsigned int nb;
	struct isla_udp_sock *sock;
	void *ctx;
	struct isla_udp_ends ends;
	uint8_t data[2048];
	uint16_t len;
} got;

static void
receive(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	const void *p = rte_pktmbuf_read(m, 0, m->pkt_len, got.data);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	if (p != got.data)
		memcpy(got.data, p, m->pkt_len);
	got.nb++;
	got.sock = sock;
	got.ctx = ctx;
	got.ends = *ends;
	got.len = (uint16_t)m->pkt_len;
	rte_pktmbuf_free(m);
}

static void
echo(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	*(int *)ctx = isla_udp_send(sock, m, ends);
}

static void
setup(void)
{
	fix_setup();
	memset(&got, 0, sizeof(got));
}

static struct isla_udp_sock *
bind_to(const char *local, uint16_t port, void *ctx)
{
	struct isla_addr a = local != NULL ? addr(local) : isla_addr_any;

	return isla_udp_bind(fix.udp, &a, port, receive, ctx);
}

static void
a_golden_datagram_reaches_its_socket(void)
{
	static const struct {
		const uint8_t *b;
		uint16_t len;
		const char *local, *remote;
	} cases[] = {{udp4, sizeof(udp4), OWN4, PEER4}, {udp6, sizeof(udp6), OWN6, PEER6}};
	struct isla_udp_sock *sock = bind_to(NULL, PORT, &fix);
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr local = addr(cases[i].local), remote = addr(cases[i].remote);
		uint16_t at;

		for (at = 0; at <= cases[i].len; at++) {
			got.nb = 0;
			CU_ASSERT_EQUAL(fix_input_frame(fix_frame(cases[i].b, cases[i].len, at)),
				ISLA_ACCEPTED);
			CU_ASSERT_EQUAL(got.nb, 1);
			CU_ASSERT_TRUE(same_bytes(got.data, got.len, "hello", 5));
		}
		CU_ASSERT_PTR_EQUAL(got.sock, sock);
		CU_ASSERT_PTR_EQUAL(got.ctx, &fix);
		CU_ASSERT_TRUE(isla_addr_eq(&got.ends.local, &local));
		CU_ASSERT_TRUE(isla_addr_eq(&got.ends.remote, &remote));
		CU_ASSERT_EQUAL(got.ends.local_port, PORT);
		CU_ASSERT_EQUAL(got.ends.remote_port, 40000);
		CU_ASSERT_EQUAL(got.ends.netif, 0);
	}
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_UDP_IN_DATAGRAMS), sizeof(udp4) + sizeof(udp6) + 2);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

static void
no_truncated_datagram_is_delivered(void)
{
	struct packet p;
	uint16_t len;

	bind_to(NULL, PORT, NULL);
	for (len = 0; len < 13; len++) {
		packet_ip(&p, PEER4, OWN4, UDP, udp4 + 20, len);
		CU_ASSERT_EQUAL(fix_input_packet(&p),
			len < 8 ? ISLA_DROP_UDP_SHORT : ISLA_DROP_UDP_LEN);
		packet_ip(&p, PEER6, OWN6, UDP, udp6 + 40, len);
		CU_ASSERT_EQUAL(fix_input_packet(&p),
			len < 8 ? ISLA_DROP_UDP_SHORT : ISLA_DROP_UDP_LEN);
	}
	CU_ASSERT_EQUAL(got.nb, 0);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_UDP_IN_ERRORS), 26);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
}

/* RFC 768 lets IP's length be the larger one; what is beyond is neither data nor summed. */
static void
the_udp_length_counts(void)
{
	struct packet p;
	unsigned int len;
	uint16_t at;

	bind_to(NULL, PORT, NULL);
	for (len = 0; len < 64; len++) {
		packet_ip(&p, PEER4, OWN4, UDP, udp4 + 20, 13);
		p.b[25] = (uint8_t)len;
		p.b[26] = p.b[27] = 0;
		CU_ASSERT_EQUAL(fix_input_packet(&p),
			len < 8 || len > 13 ? ISLA_DROP_UDP_LEN : ISLA_ACCEPTED);
		if (len >= 8 && len <= 13)
			CU_ASSERT_TRUE(same_bytes(got.data, got.len, "hello", len - 8));
	}
	CU_ASSERT_EQUAL(got.nb, 6);
	packet_ip(&p, PEER6, OWN6, UDP, udp6 + 40, 13);
	packet_insert(&p, 53, "more", 4);
	packet_fix_ip(&p);
	for (at = 0; at <= p.len; at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(p.b, p.len, at)), ISLA_ACCEPTED);
		CU_ASSERT_TRUE(same_bytes(got.data, got.len, "hello", 5));
	}
}

static void
an_empty_datagram_is_one(void)
{
	static const uint8_t hdr[8] = {0x9c, 0x40, 0x10, 0x92, 0, 8};
	struct packet p;

	bind_to(NULL, PORT, NULL);
	packet_ip(&p, PEER4, OWN4, UDP, hdr, sizeof(hdr));
	packet_fix_l4(&p, 20, 6, UDP);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(got.nb, 1);
	CU_ASSERT_EQUAL(got.len, 0);
}

static void
every_bit_error_is_found(void)
{
	unsigned int bit;

	bind_to(NULL, PORT, NULL);
	for (bit = 8 * 8; bit < sizeof(udp6) * 8; bit++) {
		struct packet p = {.len = sizeof(udp6)};

		memcpy(p.b, udp6, sizeof(udp6));
		p.b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		CU_ASSERT_NOT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	}
	for (bit = 12 * 8; bit < sizeof(udp4) * 8; bit++) {
		struct packet p = {.len = sizeof(udp4)};

		memcpy(p.b, udp4, sizeof(udp4));
		p.b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		packet_fix_ip(&p);
		CU_ASSERT_NOT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	}
	CU_ASSERT_EQUAL(got.nb, 0);
}

/* RFC 768; RFC 8200, 8.1. */
static void
a_checksum_may_be_absent_over_ipv4_only(void)
{
	struct packet p;

	bind_to(NULL, PORT, NULL);
	packet_ip(&p, PEER4, OWN4, UDP, udp4 + 20, 13);
	p.b[26] = p.b[27] = 0;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	packet_ip(&p, PEER6, OWN6, UDP, udp6 + 40, 13);
	p.b[46] = p.b[47] = 0;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	fix_restart(0, ISLA_NETIF_RX_CKSUM, 1500);
	bind_to(NULL, PORT, NULL);
	fix.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
}

/* What Linux puts there where it counts on a network card: the sum of the pseudo-header. */
static void
a_blank_checksum_is_told_from_a_wrong_one(void)
{
	struct packet p;

	bind_to(NULL, PORT, NULL);
	packet_ip(&p, PEER4, OWN4, UDP, udp4 + 20, 13);
	p.b[27] ^= 1;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_blank_cksums, 0);
	/* c0a8 + 0101 + c0a8 + 0102 + 17 + 13, carries added at the end */
	p.b[26] = 0x83;
	p.b[27] = 0x72;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_blank_cksums, 1);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_blank_cksums, 2);
	/* What arrives in order says nothing of it; other damage makes it an accident. */
	p.b[26] = udp4[26];
	p.b[27] = udp4[27];
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_blank_cksums, 2);
	p.b[27] ^= 1;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	CU_ASSERT_EQUAL(fix.link.netif[0].nb_blank_cksums, 0);
}

static void
a_port_is_believed_only_where_it_is_known_to_be_right(void)
{
	struct packet p;

	packet_ip(&p, PEER4, OWN4, UDP, udp4 + 20, 13);
	p.b[27] ^= 1;
	bind_to(NULL, PORT, NULL);
	fix.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	fix_restart(0, ISLA_NETIF_RX_CKSUM, 1500);
	bind_to(NULL, PORT, NULL);
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	fix.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	fix.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_BAD;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_DROP_UDP_CKSUM);
	fix.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
	/* Not right in the packet, and yet verified: mbuf's words for what was never on a wire. */
	fix.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
}

static void
an_unbound_port_is_counted(void)
{
	bind_to(NULL, PORT + 1, NULL);
	CU_ASSERT_EQUAL(fix_input(udp4, sizeof(udp4)), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_UDP_NO_PORTS), 1);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_UDP_IN_ERRORS), 0);
	CU_ASSERT_EQUAL(fix_nb_sent(), 1);
}

static void
the_most_specific_socket_gets_it(void)
{
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL), *v4 = bind_to(OWN4, PORT, NULL);
	struct isla_udp_sock *v6;

	fix_input(udp4, sizeof(udp4));
	CU_ASSERT_PTR_EQUAL(got.sock, v4);
	fix_input(udp6, sizeof(udp6));
	CU_ASSERT_PTR_EQUAL(got.sock, any);
	isla_udp_close(any);
	fix_input(udp4, sizeof(udp4));
	CU_ASSERT_PTR_EQUAL(got.sock, v4);
	CU_ASSERT_EQUAL(fix_input(udp6, sizeof(udp6)), ISLA_DROP_UDP_NO_PORT);
	v6 = bind_to(OWN6_LL, PORT, NULL);
	CU_ASSERT_PTR_NOT_NULL(v6);
	CU_ASSERT_EQUAL(fix_input(udp6, sizeof(udp6)), ISLA_DROP_UDP_NO_PORT);
	isla_udp_close(v4);
	isla_udp_close(v6);
	CU_ASSERT_EQUAL(fix_input(udp4, sizeof(udp4)), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(got.nb, 3);
}

/* 0.0.0.0 is every address of IPv4, and goes before "any"; "any" can leave IPv4 alone. */
static void
sockets_of_one_family(void)
{
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL), *v4;

	isla_udp_set_v6only(any);
	CU_ASSERT_EQUAL(fix_input(udp4, sizeof(udp4)), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(fix_input(udp6, sizeof(udp6)), ISLA_ACCEPTED);
	CU_ASSERT_PTR_EQUAL(got.sock, any);
	v4 = bind_to("0.0.0.0", PORT, NULL);
	CU_ASSERT_EQUAL(fix_input(udp4, sizeof(udp4)), ISLA_ACCEPTED);
	CU_ASSERT_PTR_EQUAL(got.sock, v4);
	CU_ASSERT_EQUAL(fix_input(udp6, sizeof(udp6)), ISLA_ACCEPTED);
	CU_ASSERT_PTR_EQUAL(got.sock, any);
	isla_udp_close(any);
	CU_ASSERT_EQUAL(fix_input(udp6, sizeof(udp6)), ISLA_DROP_UDP_NO_PORT);
}

static void
broadcasts_and_groups_reach_sockets_of_any_address(void)
{
	static const struct {
		const char *src, *dst;
	} cases[] = {
		{PEER4, "192.168.1.255"},
		{PEER4, "255.255.255.255"},
		{PEER4, "224.0.0.1"},
		{PEER6_LL, "ff02::1"},
	};
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL);
	struct packet p;
	size_t i;

	bind_to(OWN4, PORT, NULL);
	bind_to(OWN6_LL, PORT, NULL);
	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr dst = addr(cases[i].dst);

		packet_ip(&p, cases[i].src, cases[i].dst, UDP, udp4 + 20, 13);
		packet_fix_l4(&p, isla_addr_is_v4(&dst) ? 20 : 40, 6, UDP);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
		CU_ASSERT_PTR_EQUAL(got.sock, any);
		CU_ASSERT_TRUE(isla_addr_eq(&got.ends.local, &dst));
	}
	CU_ASSERT_EQUAL(got.nb, RTE_DIM(cases));
}

static void
binding_has_its_limits(void)
{
	static const char *const bad[] = {"192.168.1.3", "192.168.1.255", "224.0.0.1",
		"255.255.255.255", "ff02::1", "2001:db8::3"};
	struct isla_udp_sock *sock[8];
	unsigned int i, round;

	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_PTR_NULL(bind_to(bad[i], PORT, NULL));
		CU_ASSERT_EQUAL(rte_errno, EINVAL);
	}
	/* The fixture's table has 8 sockets. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 8; i++)
			CU_ASSERT_PTR_NOT_NULL(sock[i] = bind_to(NULL, (uint16_t)(1 + i), NULL));
		CU_ASSERT_PTR_NULL(bind_to(NULL, 1, NULL));
		CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
		CU_ASSERT_PTR_NULL(bind_to(NULL, 65535, NULL));
		CU_ASSERT_EQUAL(rte_errno, ENOSPC);
		for (i = 0; i < 8; i++)
			isla_udp_close(sock[(i * 3 + round) % 8]);
	}
	CU_ASSERT_PTR_NOT_NULL(bind_to(NULL, 65535, NULL));
	CU_ASSERT_PTR_NOT_NULL(bind_to(OWN4, 65535, NULL));
	CU_ASSERT_PTR_NOT_NULL(bind_to(OWN6, 65535, NULL));
	CU_ASSERT_PTR_NULL(bind_to(OWN6, 65535, NULL));
	CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
}

static void
close_in_callback(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	receive(sock, ctx, m, ends);
	isla_udp_close(sock);
}

static void
a_socket_may_be_closed_in_its_callback(void)
{
	CU_ASSERT_PTR_NOT_NULL(
		isla_udp_bind(fix.udp, &isla_addr_any, PORT, close_in_callback, NULL));
	CU_ASSERT_EQUAL(fix_input(udp4, sizeof(udp4)), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(fix_input(udp4, sizeof(udp4)), ISLA_DROP_UDP_NO_PORT);
	CU_ASSERT_EQUAL(got.nb, 1);
}

static void
an_echo_goes_back_in_the_same_mbuf(void)
{
	struct rte_mbuf *m = fix_frame(udp4, sizeof(udp4), sizeof(udp4)), *sent;
	struct packet p;
	uint16_t at;
	int rc = 1;

	isla_udp_bind(fix.udp, &isla_addr_any, PORT, echo, &rc);
	m->tx_offload = UINT64_MAX;
	CU_ASSERT_EQUAL(fix_input_frame(m), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(rc, 0);
	fix_take(&p, &sent);
	CU_ASSERT_PTR_EQUAL(sent, m);
	CU_ASSERT_TRUE(same_bytes(p.b, p.len, udp4_reply, sizeof(udp4_reply)));
	CU_ASSERT_EQUAL(sent->ol_flags, RTE_MBUF_F_TX_IPV4);
	CU_ASSERT_EQUAL(sent->tso_segsz, 0);
	rte_pktmbuf_free(sent);
	for (at = 0; at <= sizeof(udp6); at++) {
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(udp6, sizeof(udp6), at)), ISLA_ACCEPTED);
		fix_take(&p, NULL);
		CU_ASSERT_TRUE(same_bytes(p.b, p.len, udp6_reply, sizeof(udp6_reply)));
	}
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_UDP_OUT_DATAGRAMS), sizeof(udp6) + 2);
	CU_ASSERT_EQUAL(fix_counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
}

/* RFC 1122, 4.1.3.5: what came to all is answered from one address. */
static void
an_answer_to_a_group_comes_from_a_unicast_address(void)
{
	static const struct {
		const char *src, *dst, *own;
	} cases[] = {
		{PEER4, "192.168.1.255", OWN4},
		{PEER4, "255.255.255.255", OWN4},
		{PEER4, "224.0.0.1", OWN4},
		{PEER6_LL, "ff02::1", OWN6_LL},
		{PEER6, OWN6_GROUP, OWN6},
	};
	struct packet p, sent;
	size_t i;
	int rc;

	isla_udp_bind(fix.udp, &isla_addr_any, PORT, echo, &rc);
	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr own = addr(cases[i].own);
		bool v4 = isla_addr_is_v4(&own);

		packet_ip(&p, cases[i].src, cases[i].dst, UDP, udp4 + 20, 13);
		packet_fix_l4(&p, v4 ? 20 : 40, 6, UDP);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
		CU_ASSERT_TRUE(fix_take(&sent, NULL) != 0);
		CU_ASSERT_EQUAL(
			memcmp(sent.b + (v4 ? 12 : 8), own.b + (v4 ? 12 : 0), v4 ? 4 : 16), 0);
		CU_ASSERT_EQUAL(packet_l4_cksum(&sent, v4 ? 20 : 40, UDP), 0);
	}
}

static struct rte_mbuf *
payload(const void *data, uint16_t len)
{
	struct rte_mbuf *m = core_alloc(&fix.core);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	memcpy(rte_pktmbuf_append(m, len), data, len);
	return m;
}

/* "hello" to a port of 40000. */
static int
send_to(struct isla_udp_sock *sock, const char *local, const char *remote)
{
	struct isla_udp_ends ends = {.local = local != NULL ? addr(local) : isla_addr_any,
		.remote = addr(remote), .remote_port = 40000, .netif = ISLA_NETIF_ANY};

	return isla_udp_send(sock, payload("hello", 5), &ends);
}

static void
a_golden_datagram_is_sent(void)
{
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL);
	struct packet sent;

	CU_ASSERT_EQUAL(send_to(any, NULL, PEER4), 0);
	fix_take(&sent, NULL);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, udp4_reply, sizeof(udp4_reply)));
	CU_ASSERT_EQUAL(send_to(any, OWN6, PEER6), 0);
	fix_take(&sent, NULL);
	CU_ASSERT_TRUE(same_bytes(sent.b, sent.len, udp6_reply, sizeof(udp6_reply)));
}

static void
a_bound_socket_sends_from_its_address(void)
{
	struct isla_udp_sock *ll = bind_to(OWN6_LL, PORT, NULL);
	struct isla_addr own = addr(OWN6_LL);
	struct packet sent;

	CU_ASSERT_EQUAL(send_to(ll, NULL, PEER6), 0);
	fix_take(&sent, NULL);
	CU_ASSERT_EQUAL(memcmp(sent.b + 8, own.b, 16), 0);
	CU_ASSERT_EQUAL(send_to(ll, NULL, PEER4), -EHOSTUNREACH);
}

static void
sending_has_its_limits(void)
{
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL);
	struct isla_udp_ends ends = {.remote = addr(PEER4), .remote_port = 0, .netif = 0};
	static const uint8_t zeros[1500];
	struct packet sent;

	CU_ASSERT_EQUAL(send_to(any, NULL, "8.8.8.8"), -EHOSTUNREACH);
	CU_ASSERT_EQUAL(send_to(any, "192.168.1.3", PEER4), -EHOSTUNREACH);
	CU_ASSERT_EQUAL(send_to(any, OWN6, PEER4), -EHOSTUNREACH);
	CU_ASSERT_EQUAL(isla_udp_send(any, payload("x", 1), &ends), -EINVAL);
	ends.remote_port = 7;
	CU_ASSERT_EQUAL(isla_udp_send(any, payload(zeros, 1473), &ends), -EMSGSIZE);
	CU_ASSERT_EQUAL(isla_udp_send(any, payload(zeros, 1472), &ends), 0);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 1500);
	CU_ASSERT_EQUAL(isla_udp_send(any, payload(zeros, 0), &ends), 0);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 28);
	ends.remote = addr(PEER6);
	CU_ASSERT_EQUAL(isla_udp_send(any, payload(zeros, 1453), &ends), -EMSGSIZE);
	CU_ASSERT_EQUAL(isla_udp_send(any, payload(zeros, 1452), &ends), 0);
	CU_ASSERT_EQUAL(fix_take(&sent, NULL), 1500);
	ends.netif = 7;
	CU_ASSERT_EQUAL(isla_udp_send(any, payload(zeros, 8), &ends), -EHOSTUNREACH);
}

/* RFC 768: one that comes out as 0 is sent as all ones. */
static void
a_checksum_of_zero_is_sent_as_its_other_form(void)
{
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL);
	unsigned int v, nb_ones = 0;

	for (v = 0; v < 65536; v++) {
		struct isla_udp_ends ends = {.remote = addr(PEER4), .remote_port = 40000};
		uint8_t data[2] = {(uint8_t)(v >> 8), (uint8_t)v};
		struct packet sent;
		unsigned int cksum;

		isla_udp_send(any, payload(data, 2), &ends);
		fix_take(&sent, NULL);
		cksum = (unsigned int)(sent.b[26] << 8 | sent.b[27]);
		nb_ones += cksum == 0xffff;
		if (cksum == 0 || packet_l4_cksum(&sent, 20, UDP) != 0)
			break;
	}
	CU_ASSERT_EQUAL(v, 65536);
	CU_ASSERT_EQUAL(nb_ones, 1);
}

/* What the port completes is the pseudo-header's sum, not complemented. */
static void
the_checksum_is_left_to_a_port_that_offers_it(void)
{
	static const char *const peers[] = {PEER4, PEER6};
	size_t i;

	fix_restart(0, ISLA_NETIF_TX_UDP_CKSUM, 1500);
	for (i = 0; i < RTE_DIM(peers); i++) {
		struct isla_udp_sock *any = bind_to(NULL, PORT, NULL);
		uint16_t off = i == 0 ? 20 : 40;
		struct rte_mbuf *m;
		struct packet sent;
		uint32_t sum;

		CU_ASSERT_EQUAL(send_to(any, NULL, peers[i]), 0);
		fix_take(&sent, &m);
		CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_UDP_CKSUM |
			(i == 0 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6));
		CU_ASSERT_EQUAL(m->l2_len, 14);
		CU_ASSERT_EQUAL(m->l3_len, off);
		CU_ASSERT_EQUAL(m->l4_len, 8);
		/* As the port does it: the sum of all, the field's content included. */
		sum = ~ref_sum(0, sent.b + off, 13);
		sent.b[off + 6] = (uint8_t)(sum >> 8);
		sent.b[off + 7] = (uint8_t)sum;
		CU_ASSERT_EQUAL(packet_l4_cksum(&sent, off, UDP), 0);
		rte_pktmbuf_free(m);
		isla_udp_close(any);
	}
}

static void
memory_of_others_is_referenced(void)
{
	struct isla_udp_sock *any = bind_to(NULL, PORT, NULL);
	struct isla_udp_ends ends = {.remote = addr(PEER4), .remote_port = 40000, .netif = 0};
	struct rte_mbuf *m = payload("hello", 5), *sent;
	struct packet p;

	CU_ASSERT_EQUAL(isla_udp_send(any, rte_pktmbuf_clone(m, fix.pool), &ends), 0);
	fix_take(&p, &sent);
	CU_ASSERT_TRUE(same_bytes(p.b, p.len, udp4_reply, sizeof(udp4_reply)));
	CU_ASSERT_EQUAL(sent->nb_segs, 2);
	CU_ASSERT_PTR_EQUAL(rte_pktmbuf_mtod(sent->next, void *), rte_pktmbuf_mtod(m, void *));
	rte_pktmbuf_free(sent);
	heap_pool_set_limit(fix.pool, 2);
	CU_ASSERT_EQUAL(isla_udp_send(any, rte_pktmbuf_clone(m, fix.pool), &ends), -ENOBUFS);
	CU_ASSERT_EQUAL(heap_pool_in_use(fix.pool), 1);
	rte_pktmbuf_free(m);
}

static struct {
	unsigned int nb;
	int err;
	struct isla_udp_sock *sock;
	struct isla_udp_ends ends;
} heard;

static void
hear(struct isla_udp_sock *sock, void *ctx, int err, const struct isla_udp_ends *ends)
{
	CU_ASSERT_PTR_EQUAL(ctx, &heard);
	heard.nb++;
	heard.err = err;
	heard.sock = sock;
	heard.ends = *ends;
}

static void
hear_and_close(struct isla_udp_sock *sock, void *ctx, int err, const struct isla_udp_ends *ends)
{
	hear(sock, ctx, err, ends);
	isla_udp_close(sock);
}

/* RFC 1122, 4.1.3.3. */
static void
an_icmp_error_reaches_the_socket_that_sent(void)
{
	static const struct {
		uint8_t type, code;
		int err;
	} cases[] = {{3, 0, ENETUNREACH}, {3, 1, EHOSTUNREACH}, {3, 2, ENOPROTOOPT},
		{3, 3, ECONNREFUSED}, {3, 4, EMSGSIZE}, {3, 13, EACCES}, {11, 0, EHOSTUNREACH},
		{12, 0, EPROTO}};
	struct isla_udp_sock *sock = bind_to(NULL, PORT, &heard);
	struct isla_addr remote = addr(PEER4);
	struct packet p;
	uint8_t body[36];
	size_t i;

	memset(&heard, 0, sizeof(heard));
	for (i = 0; i < RTE_DIM(cases) + 2; i++) {
		size_t j = RTE_MIN(i, RTE_DIM(cases) - 1);

		memset(body, 0, 8);
		body[0] = cases[j].type;
		body[1] = cases[j].code;
		memcpy(body + 8, udp4_reply, 28);
		/* At first nobody listens to errors; the last is of a port that nobody has. */
		if (i == RTE_DIM(cases) + 1)
			body[8 + 21]++;
		isla_udp_set_error(sock, i == RTE_DIM(cases) ? NULL : hear);
		packet_ip(&p, PEER4, OWN4, 1, body, sizeof(body));
		packet_fix_l4(&p, 20, 2, 1);
		CU_ASSERT_EQUAL(fix_input_packet(&p), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(heard.nb, j + 1);
		CU_ASSERT_EQUAL(heard.err, cases[j].err);
	}
	CU_ASSERT_PTR_EQUAL(heard.sock, sock);
	CU_ASSERT_TRUE(isla_addr_eq(&heard.ends.remote, &remote));
	CU_ASSERT_EQUAL(heard.ends.local_port, PORT);
	CU_ASSERT_EQUAL(heard.ends.remote_port, 40000);
}

/* The packets that wait are three; the socket is gone after the first. */
static void
a_silent_neighbour_is_told(void)
{
	static const char *const nobody[] = {"192.168.1.77", "2001:db8::77"};
	size_t i, j;

	for (i = 0; i < RTE_DIM(nobody); i++) {
		struct isla_udp_sock *sock = bind_to(NULL, PORT, &heard);
		struct isla_udp_ends ends = {.remote = addr(nobody[i]), .remote_port = 7,
			.netif = ISLA_NETIF_ANY};

		memset(&heard, 0, sizeof(heard));
		isla_udp_set_error(sock, i == 0 ? hear : hear_and_close);
		for (j = 0; j < 3; j++)
			CU_ASSERT_EQUAL(isla_udp_send(sock, rte_pktmbuf_alloc(fix.pool), &ends), 0);
		fix.core.now_us += 10000000;
		for (j = 0; j < 4; j++) {
			CU_ASSERT_EQUAL(heard.nb, 0);
			timer_wheel_run(&fix.core.wheel, fix.core.now_us);
			fix.core.now_us += 1100000;
			if (heard.nb != 0)
				break;
		}
		CU_ASSERT_EQUAL(heard.nb, i == 0 ? 3 : 1);
		CU_ASSERT_EQUAL(heard.err, EHOSTUNREACH);
		CU_ASSERT_TRUE(isla_addr_eq(&heard.ends.remote, &ends.remote));
		CU_ASSERT_EQUAL(heard.ends.remote_port, 7);
		if (i == 0)
			isla_udp_close(sock);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_golden_datagram_reaches_its_socket),
	SUITE_TEST(no_truncated_datagram_is_delivered),
	SUITE_TEST(the_udp_length_counts),
	SUITE_TEST(an_empty_datagram_is_one),
	SUITE_TEST(every_bit_error_is_found),
	SUITE_TEST(a_checksum_may_be_absent_over_ipv4_only),
	SUITE_TEST(a_blank_checksum_is_told_from_a_wrong_one),
	SUITE_TEST(a_port_is_believed_only_where_it_is_known_to_be_right),
	SUITE_TEST(an_unbound_port_is_counted),
	SUITE_TEST(the_most_specific_socket_gets_it),
	SUITE_TEST(sockets_of_one_family),
	SUITE_TEST(broadcasts_and_groups_reach_sockets_of_any_address),
	SUITE_TEST(binding_has_its_limits),
	SUITE_TEST(a_socket_may_be_closed_in_its_callback),
	SUITE_TEST(an_echo_goes_back_in_the_same_mbuf),
	SUITE_TEST(an_answer_to_a_group_comes_from_a_unicast_address),
	SUITE_TEST(a_golden_datagram_is_sent),
	SUITE_TEST(a_bound_socket_sends_from_its_address),
	SUITE_TEST(sending_has_its_limits),
	SUITE_TEST(a_checksum_of_zero_is_sent_as_its_other_form),
	SUITE_TEST(the_checksum_is_left_to_a_port_that_offers_it),
	SUITE_TEST(memory_of_others_is_referenced),
	SUITE_TEST(an_icmp_error_reaches_the_socket_that_sent),
	SUITE_TEST(a_silent_neighbour_is_told),
};

int
main(void)
{
	return suite_run("udp", tests, RTE_DIM(tests), setup, fix_teardown);
}
