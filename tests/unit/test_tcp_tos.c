/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program asks of IP: the Diffserv field (RFC 9293, 3.9.1.9, MUST-48) and the TTL or hop
 * limit (3.9.2, MUST-49), of all kinds of segments, and of datagrams of UDP.
 */

#include <errno.h>
#include <string.h>

#include "isla_udp.h"
#include "tcp_peer.h"

static const struct isla_tcp_opts opts = {.tos = 46 << 2, .hop_limit = 17};

/* Of the frame that was looked at last. */
static uint8_t
last_tos(void)
{
	const uint8_t *ip = peer.last.bytes + 14;

	return peer.is_v6 ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1];
}

static void
check(uint8_t tos, uint8_t hop_limit)
{
	/* The lower two bits are those of ECN. */
	CU_ASSERT_EQUAL(last_tos() & 0xfc, tos);
	CU_ASSERT_EQUAL(peer.last.frame.hop_limit, hop_limit);
}

static void
default_is_64_and_0(void)
{
	established_passive();
	check(0, 64);
	app_send(10);
	take();
	check(0, 64);
	peer_drain();
}

static void
listen_with(const struct isla_tcp_opts *o, uint16_t backlog)
{
	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, STACK_PORT, backlog, &app_ops,
		&app, o);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
}

/* From the SYN,ACK to the reset. */
static void
passive_open(void)
{
	listen_with(&opts, 16);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	check(46 << 2, 17);
	inject(ACK, .seq = P(1), .ack = S(1));
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	check(46 << 2, 17);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = 10);
	check(46 << 2, 17);
	inject(ACK, .seq = P(101), .ack = S(11), .len = 10);
	expect(ACK, .seq = S(11), .ack = P(1));
	check(46 << 2, 17);
	app_abort();
	CU_ASSERT_TRUE(take()->flags & RST);
	check(46 << 2, 17);
}

static void
active_open(void)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = peer.port};

	app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, &opts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	isla_tcp_get_ends(app.conn, &ends);
	peer.stack_port = ends.local_port;
	peer_flush();
	CU_ASSERT_EQUAL(take()->flags & ~(ECE | CWR), SYN);
	check(46 << 2, 17);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	take();
	check(46 << 2, 17);
}

/* What stands in for a connection has its listener's settings. */
static void
cookie(void)
{
	listen_with(&opts, 1);
	inject(SYN, .seq = P(0), .mss = peer.mss, .sport = 2000);
	take();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_SENT), 1);
	check(46 << 2, 17);
}

/* SHLD-21: in mid-connection; and back to the default. */
static void
changed_live(void)
{
	struct isla_tcp_opts o;

	established_passive();
	o = app_opts();
	o.tos = 10 << 2;
	o.hop_limit = 1;
	app_set_opts(&o);
	app_send(10);
	take();
	check(10 << 2, 1);
	CU_ASSERT_EQUAL(app_opts().tos, 10 << 2);
	CU_ASSERT_EQUAL(app_opts().hop_limit, 1);
	o.tos = 0;
	o.hop_limit = 0;
	app_set_opts(&o);
	inject(ACK, .seq = P(1), .ack = S(11));
	app_send(10);
	take();
	check(0, 64);
}

/* The ECN bits are TCP's own. */
static void
ecn_bits_are_refused(void)
{
	struct isla_tcp_opts o;

	established_passive();
	o = app_opts();
	o.tos = 1;
	CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, &o), -EINVAL);
	CU_ASSERT_EQUAL(app_opts().tos, 0);
}

/* A reset for no connection has nobody's settings. */
static void
reset_of_no_connection(void)
{
	inject(SYN, .seq = P(0));
	CU_ASSERT_TRUE(take()->flags & RST);
	check(0, 64);
}

static void
no_recv(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	(void)sock;
	(void)ctx;
	(void)ends;
	rte_pktmbuf_free(m);
}

/* Datagrams, too: seen where they leave, since the peer looks at TCP alone. */
static void
datagrams(void)
{
	struct isla_udp *udp = isla_stack_udp(peer.host.stack);
	struct isla_udp_sock *sock = isla_udp_bind(udp, &isla_addr_any, 7000, no_recv, NULL);
	struct isla_udp_ends ends = {.remote = peer.ends.src, .remote_port = 9,
		.netif = ISLA_NETIF_ANY};
	struct rte_mbuf **pkts;
	unsigned int i;

	/* So that the neighbour is known. */
	inject(SYN, .seq = P(0));
	peer_drain();
	CU_ASSERT_PTR_NOT_NULL_FATAL(sock);
	for (i = 0; i < 2; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);
		const uint8_t *ip;

		rte_pktmbuf_append(m, 8);
		CU_ASSERT_EQUAL(isla_udp_send(sock, m, &ends), 0);
		CU_ASSERT_EQUAL_FATAL(isla_stack_output(peer.host.stack, 0, &pkts), 1);
		ip = rte_pktmbuf_mtod_offset(pkts[0], const uint8_t *, 14);
		CU_ASSERT_EQUAL(peer.is_v6 ? ip[7] : ip[8], i == 0 ? 64 : 3);
		CU_ASSERT_EQUAL(peer.is_v6 ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1],
			i == 0 ? 0 : 0xb8);
		isla_stack_sent(peer.host.stack, 0, 1);
		rte_pktmbuf_free(pkts[0]);
		isla_udp_set_hop_limit(sock, 3);
		isla_udp_set_tos(sock, 0xb8);
	}
	isla_udp_close(sock);
}

static const struct suite_test tests[] = {
	SUITE_TEST(default_is_64_and_0),
	SUITE_TEST(passive_open),
	SUITE_TEST(active_open),
	SUITE_TEST(cookie),
	SUITE_TEST(changed_live),
	SUITE_TEST(ecn_bits_are_refused),
	SUITE_TEST(reset_of_no_connection),
	SUITE_TEST(datagrams),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
