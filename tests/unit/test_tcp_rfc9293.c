/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requirements of RFC 9293, appendix B, that no other suite shows. Their names stand in
 * doc/conformance/rfc9293.csv.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "peer_icmp.h"
#include "peer_opts.h"

/* MUST-11: an active open goes to CLOSED and is told of it; LISTEN is for passive ones. */
static void
reset_after_a_simultaneous_open_is_told(void)
{
	syn_sent();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(RST, .seq = P(1));
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ECONNREFUSED);
	expect_closed();
}

/* MUST-16: the peer takes smaller segments than our MTU allows, and options count. */
static void
sack_does_not_lengthen_a_full_segment(void)
{
	peer.mss = 1000;
	establish_opts(true, false, 0);
	inject_opts(ACK, .seq = P(101), .ack = S(1), .len = 100);
	expect_sack(1, 101, 201);
	app_send(2000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 1000);
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_SACK));
	expect(ACK, .seq = S(1001), .ack = P(1), .len = 1000);
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_SACK));
}

/* MUST-35, SHLD-15, MAY-7: the window closes over two segments; both, and no third, are sent until
 * it opens, for longer than data is tried. */
static void
window_shrinks_to_zero_over_what_is_in_flight(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	established_passive();
	app_send(2u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(mss);
	expect_nothing();
	for (i = 0; i < 40; i++) {
		advance_to_frame(130000000);
		CU_ASSERT_EQUAL(take()->seq, S(1));
		expect_nothing();
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	}
	CU_ASSERT_EQUAL(app.nb_error, 0);
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss), .wnd = 65535);
	expect(ACK, .seq = S(1 + 2 * mss), .ack = P(1), .len = mss);
}

/* SHLD-16. */
static void
shrunk_window_is_retransmitted_into(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(3u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 3);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = mss);
	app_send(mss);
	expect_nothing();
	advance_to_frame(3000000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect_nothing();
}

/* MUST-41, MUST-42: port 12345 has a handshake of its own. */
static void
listen_beside_a_handshake(void)
{
	struct isla_tcp_ends ends = {.local = peer.ends.dst,
		.remote = peer.ends.src,
		.remote_port = PEER_PORT,
		.local_port = 12345};
	uint32_t irs;

	peer.stack_port = 12345;
	app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	peer_flush();
	expect(SYN, .seq = S(0));
	irs = peer.irs;
	listen_on(12345);
	inject(SYN, .seq = P(0), .sport = 50000);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	CU_ASSERT_EQUAL(peer.last.frame.seg.dport, 50000);
	peer.irs = irs;
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.nb_connected, 1);
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* MUST-54; a quote that is not of this connection does nothing. */
static void
port_unreachable_refuses_an_active_open(void)
{
	app_connect();
	expect(SYN, .seq = S(0));
	peer.last.bytes[14 + (peer.is_v6 ? 40 : 20) + 3] ^= 1;
	icmp_about_last((struct icmp_type){3, 3}, (struct icmp_type){1, 4});
	CU_ASSERT_EQUAL(app.nb_error, 0);
	peer.last.bytes[14 + (peer.is_v6 ? 40 : 20) + 3] ^= 1;
	icmp_about_last((struct icmp_type){3, 3}, (struct icmp_type){1, 4});
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ECONNREFUSED);
	expect_closed();
}

/* MUST-56: no route, host unreachable, source route failed, time exceeded, parameter problem. */
static void
soft_errors_do_not_abort(void)
{
	static const struct icmp_type v4[] = {{3, 0}, {3, 1}, {3, 5}, {11, 0}, {11, 1}, {12, 0}};
	static const struct icmp_type v6[] = {{1, 0}, {1, 3}, {3, 0}, {3, 1}, {4, 0}, {4, 1}};
	unsigned int i;

	for (i = 0; i < RTE_DIM(v4); i++) {
		syn_sent();
		icmp_about_last(v4[i], v6[i]);
		expect_state(ISLA_TCP_SYN_SENT);
		inject(SYN | ACK, .seq = P(0), .ack = S(1));
		expect(ACK, .seq = S(1), .ack = P(1));
		app_send(100);
		expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
		icmp_about_last(v4[i], v6[i]);
		expect_state(ISLA_TCP_ESTABLISHED);
		inject(ACK, .seq = P(1), .ack = S(101));
		CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
		CU_ASSERT_EQUAL(app.nb_error, 0);
		peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 0});
	}
}

/* MUST-65: not with data, a bare ACK or FIN. */
static void
no_mss_without_syn(void)
{
	established_active();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(peer.last.frame.seg.mss, 0);
	inject(ACK | PSH, .seq = P(1), .ack = S(101), .len = 100);
	advance_to_frame(1000000);
	expect(ACK, .seq = S(101), .ack = P(101));
	CU_ASSERT_EQUAL(peer.last.frame.seg.mss, 0);
	app_close();
	expect(FIN | ACK, .seq = S(101), .ack = P(101));
	CU_ASSERT_EQUAL(peer.last.frame.seg.mss, 0);
}

/* SHLD-2. */
static void
reset_may_bring_data(void)
{
	established_passive();
	inject(RST | ACK, .seq = P(1), .ack = S(1), .len = 20);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	CU_ASSERT_EQUAL(app.rx_len, 0);
	expect_closed();
}

/* SHLD-11: with the shortest RTO that there is. */
static void
data_is_tried_for_100_seconds(void)
{
	uint64_t waited = 0;

	established_passive();
	app_send(100);
	peer_drain();
	while (app.nb_error == 0 && waited < 3600000000u) {
		waited += advance_to_frame(130000000);
		peer_drain();
	}
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	CU_ASSERT_TRUE(waited >= 100000000);
}

/* MAY-2. */
static void
syn_ends_time_wait(void)
{
	time_wait();
	app_close();
	inject(SYN, .seq = P(1000000), .mss = peer.mss);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(1000001));
	CU_ASSERT_TRUE((int32_t)(peer.last.frame.seg.seq - S(2)) > 0);
}

/* MUST-46: the limited and the directed broadcast, and every multicast address. */
static void
connect_to_a_broadcast_address(void)
{
	static const char *const bad[] = {"255.255.255.255", "192.168.1.255", "224.0.0.1", "ff02::1"};
	struct isla_tcp_ends ends = {.local = isla_addr_any, .remote_port = 80};
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_EQUAL_FATAL(isla_addr_parse(bad[i], &ends.remote), 0);
		rte_errno = 0;
		CU_ASSERT_PTR_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));
		CU_ASSERT_EQUAL(rte_errno, EINVAL);
	}
	expect_nothing();
	/* The address beside it is a host's. */
	CU_ASSERT_EQUAL_FATAL(isla_addr_parse("192.168.1.254", &ends.remote), 0);
	app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL(app.conn);
}

static const struct suite_test tests[] = {
	SUITE_TEST(reset_after_a_simultaneous_open_is_told),
	SUITE_TEST(sack_does_not_lengthen_a_full_segment),
	SUITE_TEST(window_shrinks_to_zero_over_what_is_in_flight),
	SUITE_TEST(shrunk_window_is_retransmitted_into),
	SUITE_TEST(listen_beside_a_handshake),
	SUITE_TEST(port_unreachable_refuses_an_active_open),
	SUITE_TEST(soft_errors_do_not_abort),
	SUITE_TEST(no_mss_without_syn),
	SUITE_TEST(reset_may_bring_data),
	SUITE_TEST(data_is_tried_for_100_seconds),
	SUITE_TEST(syn_ends_time_wait),
	SUITE_TEST(connect_to_a_broadcast_address),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
