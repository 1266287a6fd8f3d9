/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How buffers grow: the receive buffer with what the program takes in a round trip, so that a peer
 * that fills every window is never held back by the next; the send buffer with the congestion
 * window. Neither where it is fixed, nor at anybody else's cost.
 */

#include <string.h>

#include <rte_common.h>

#include "peer_opts.h"
#include "tcp_peer.h"

#define RTT_US 50000
#define SEG 1460u

static uint32_t sent; /* by the peer */

static void
begin(const struct isla_tcp_conf *tcp, uint32_t pool_limit)
{
	struct sim_host_conf host = {.pool_limit = pool_limit, .stack.tcp = *tcp};

	peer_restart(&host);
	sent = 0;
}

/* A handshake that takes a round trip; without, the SYN,ACK is sent twice, and tells nothing. */
static void
open_slowly(bool sampled)
{
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = SEG, .wscale = WSCALE(7));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	advance_us(sampled ? RTT_US : 1100000);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	peer_drain();
}

static void
peer_sends(uint32_t nb_bytes)
{
	while (nb_bytes > 0) {
		uint16_t n = (uint16_t)RTE_MIN(nb_bytes, SEG);

		inject(ACK, .seq = P(1 + sent), .ack = S(1), .len = n);
		sent += n;
		nb_bytes -= n;
		peer_drain();
		if (app.rx_len > APP_RX_MAX / 2)
			app.rx_len = 0;
	}
}

/* A window full, and the round trip until the next; returns how much it was. */
static uint32_t
fill_window(void)
{
	uint32_t nb = app_info().rcv_wnd_bytes;

	peer_sends(nb);
	advance_us(RTT_US);
	peer_drain();
	/* The first segment that comes after it ends the measurement. */
	peer_sends(SEG);
	return nb;
}

static void
receive_buffer_follows_the_program(void)
{
	uint32_t taken, rcvbuf, old, i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000, .rcvbuf_max_bytes = 2000000}, 0);
	open_slowly(true);
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 30000);
	for (i = 0; i < 5; i++) {
		old = app_info().rcvbuf_bytes;
		taken = fill_window();
		rcvbuf = app_info().rcvbuf_bytes;
		/* Twice what was taken, so that what comes next fits though it may be twice as
		 * much; not without bounds. */
		CU_ASSERT_TRUE(rcvbuf >= RTE_MIN(2 * taken, 2000000u));
		CU_ASSERT_TRUE(rcvbuf <= 6 * (taken + 20 * SEG));
		CU_ASSERT_TRUE(rcvbuf >= old);
	}
	CU_ASSERT_EQUAL(rcvbuf, 2000000);
	/* It is offered, with the scale of the handshake. */
	peer_sends(SEG);
	peer_sends(SEG);
	CU_ASSERT_TRUE(app_info().rcv_wnd_bytes > 1990000);
	/* And stays. */
	for (i = 0; i < 5; i++) {
		peer_sends(2 * SEG);
		advance_us(2 * RTT_US);
	}
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 2000000);
	peer_drain();
}

/* Less than half of the buffer in each round trip: there is no reason. */
static void
receive_buffer_that_suffices_stays(void)
{
	unsigned int i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 200000}, 0);
	open_slowly(true);
	for (i = 0; i < 20; i++) {
		peer_sends(15 * SEG);
		advance_us(RTT_US);
		peer_drain();
	}
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 200000);
}

static void
receive_buffer_stays_where_it_is_fixed(void)
{
	struct isla_tcp_opts opts;
	unsigned int i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000, .no_autotune = true}, 0);
	open_slowly(true);
	for (i = 0; i < 4; i++)
		fill_window();
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 30000);
	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000}, 0);
	open_slowly(true);
	opts = app_opts();
	CU_ASSERT_EQUAL(opts.rcvbuf_bytes, 0);
	CU_ASSERT_EQUAL(opts.sndbuf_bytes, 0);
	opts.rcvbuf_bytes = 40000;
	app_set_opts(&opts);
	for (i = 0; i < 4; i++)
		fill_window();
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 40000);
	CU_ASSERT_EQUAL(app_opts().rcvbuf_bytes, 40000);
}

/* What nobody takes is no reason to let more come. */
static void
receive_buffer_stays_where_nobody_reads(void)
{
	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 60000}, 0);
	open_slowly(true);
	app.no_consume = true;
	peer_sends(30000);
	advance_us(RTT_US);
	peer_sends(28000);
	advance_us(RTT_US);
	peer_sends(1000);
	advance_us(RTT_US);
	peer_sends(1000);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 60000);
	CU_ASSERT_EQUAL(app_info().rcv_wnd_bytes, 0);
}

/* Not beyond what an eighth of the pool holds at 1 KB each, nor where half of it is gone. */
static void
receive_buffer_leaves_others_their_share(void)
{
	static struct rte_mbuf *held[1100];
	unsigned int i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000}, 2048);
	open_slowly(true);
	for (i = 0; i < RTE_DIM(held); i++)
		held[i] = rte_pktmbuf_alloc(peer.host.pool);
	for (i = 0; i < 5; i++)
		fill_window();
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 30000);
	rte_pktmbuf_free_bulk(held, RTE_DIM(held));
	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000}, 2048);
	open_slowly(true);
	for (i = 0; i < 8; i++)
		fill_window();
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 2048 / 8 * 1024);
}

/* Without window scaling 65,535 bytes are all that can be offered. */
static void
receive_buffer_without_scaling(void)
{
	unsigned int i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000, .no_wscale = true}, 0);
	open_slowly(true);
	for (i = 0; i < 6; i++)
		fill_window();
	CU_ASSERT_EQUAL(app_info().rcvbuf_bytes, 65535);
}

static void
round_trip_by_timestamps(void)
{
	uint32_t rtt;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000}, 0);
	establish_opts(false, true, RTT_US);
	/* The handshake tells first. */
	CU_ASSERT_TRUE(app_info().rcv_rtt_us >= RTT_US);
	CU_ASSERT_TRUE(app_info().rcv_rtt_us <= RTT_US + TIMER_SLACK_US);
	advance_us(RTT_US);
	inject_opts(ACK, .seq = P(1), .ack = S(1), .len = 1448);
	advance_us(50000);
	take();
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(20000);
	inject_opts(ACK, .seq = P(1449), .ack = S(1), .len = 1448);
	rtt = app_info().rcv_rtt_us;
	CU_ASSERT_TRUE(rtt <= RTT_US + TIMER_SLACK_US && rtt >= 20000);
	/* A timestamp from the future or from long ago is no measurement. */
	advance_us(100000);
	peer_opts.ts_ecr += 100000;
	inject_opts(ACK, .seq = P(2897), .ack = S(1), .len = 1448);
	CU_ASSERT_EQUAL(app_info().rcv_rtt_us, rtt);
	peer_drain();
}

/* Neither the handshake nor timestamps: the time in which one window comes. */
static void
round_trip_by_a_window(void)
{
	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 30000}, 0);
	open_slowly(false);
	CU_ASSERT_EQUAL(app_info().rcv_rtt_us, 0);
	peer_sends(15000);
	advance_us(40000);
	CU_ASSERT_EQUAL(app_info().rcv_rtt_us, 0);
	peer_sends(15000);
	CU_ASSERT_EQUAL(app_info().rcv_rtt_us, 40000);
	peer_drain();
}

/* Queue all there is room for. */
static void
fill_send_queue(void)
{
	uint32_t n;

	while ((n = isla_tcp_send_room(app.conn)) > 0)
		app_send(RTE_MIN(n, 1400u));
}

/* The peer acknowledges all; true while the queue was filled from window to window. */
static void
acknowledge_all(void)
{
	struct isla_tcp_info info = app_info();
	uint32_t una = (uint32_t)info.bytes_acked, nb = info.unacked_bytes;

	peer_drain();
	while (nb > 0) {
		uint32_t n = RTE_MIN(nb, 2 * SEG);

		una += n;
		nb -= n;
		inject(ACK, .seq = P(1), .ack = S(1 + una), .wnd = 65535);
	}
	advance_us(10000);
}

static void
send_buffer_follows_the_window(void)
{
	const struct isla_tcp_conf conf = {.sndbuf_bytes = 20000, .sndbuf_max_bytes = 300000,
		.cc = "newreno"};
	unsigned int i;

	begin(&conf, 0);
	open_slowly(true);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
	for (i = 0; i < 12; i++) {
		struct isla_tcp_info info;

		fill_send_queue();
		info = app_info();
		CU_ASSERT_EQUAL(info.sndq_bytes, info.sndbuf_bytes);
		acknowledge_all();
		info = app_info();
		CU_ASSERT_EQUAL(info.sndbuf_bytes,
			RTE_MIN(RTE_MAX(20000u, 2 * info.snd_cwnd_bytes), 300000u));
		/* It never holds the window up. */
		if (info.sndbuf_bytes < 300000)
			CU_ASSERT_TRUE(info.sndbuf_bytes >= 2 * info.snd_cwnd_bytes ||
				info.sndbuf_bytes == 20000);
	}
	CU_ASSERT_EQUAL(app_info().sndbuf_bytes, 300000);
	CU_ASSERT_EQUAL(isla_tcp_send_room(app.conn), 300000 - app_info().sndq_bytes);
	peer_drain();
}

static void
send_buffer_stays_where_it_is_fixed(void)
{
	struct isla_tcp_opts opts;
	unsigned int i;

	begin(&(const struct isla_tcp_conf){.sndbuf_bytes = 20000}, 0);
	open_slowly(true);
	opts = app_opts();
	opts.sndbuf_bytes = 30000;
	app_set_opts(&opts);
	CU_ASSERT_EQUAL(isla_tcp_send_room(app.conn), 30000);
	for (i = 0; i < 6; i++) {
		fill_send_queue();
		acknowledge_all();
	}
	CU_ASSERT_EQUAL(app_info().sndbuf_bytes, 30000);
	CU_ASSERT_EQUAL(app_opts().sndbuf_bytes, 30000);
	/* Free again, it goes on from there. */
	opts.sndbuf_bytes = 0;
	app_set_opts(&opts);
	for (i = 0; i < 3; i++) {
		fill_send_queue();
		acknowledge_all();
	}
	CU_ASSERT_TRUE(app_info().sndbuf_bytes > 30000);
	begin(&(const struct isla_tcp_conf){.sndbuf_bytes = 20000, .no_autotune = true}, 0);
	open_slowly(true);
	for (i = 0; i < 6; i++) {
		fill_send_queue();
		acknowledge_all();
	}
	CU_ASSERT_EQUAL(app_info().sndbuf_bytes, 20000);
}

/* However many bytes it may hold, small pieces take no more than an eighth of the pool. */
static void
send_queue_of_small_pieces_is_bounded(void)
{
	unsigned int i, nb;

	begin(&(const struct isla_tcp_conf){.sndbuf_bytes = 20000}, 2400);
	open_slowly(true);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
	for (i = 0; i < 10; i++) {
		fill_send_queue();
		acknowledge_all();
	}
	CU_ASSERT_TRUE(app_info().sndbuf_bytes > 300000);
	acknowledge_all();
	acknowledge_all();
	inject(ACK, .seq = P(1), .ack = S(1 + (uint32_t)app_info().bytes_acked), .wnd = WND_ZERO);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().sndq_bytes, 0);
	for (nb = 0; isla_tcp_send_room(app.conn) > 0; nb++)
		app_send(1);
	CU_ASSERT_EQUAL(nb, 2400 / 8);
	peer_drain();
}

static const struct suite_test tests[] = {
	SUITE_TEST(receive_buffer_follows_the_program),
	SUITE_TEST(receive_buffer_that_suffices_stays),
	SUITE_TEST(receive_buffer_stays_where_it_is_fixed),
	SUITE_TEST(receive_buffer_stays_where_nobody_reads),
	SUITE_TEST(receive_buffer_leaves_others_their_share),
	SUITE_TEST(receive_buffer_without_scaling),
	SUITE_TEST(round_trip_by_timestamps),
	SUITE_TEST(round_trip_by_a_window),
	SUITE_TEST(send_buffer_follows_the_window),
	SUITE_TEST(send_buffer_stays_where_it_is_fixed),
	SUITE_TEST(send_queue_of_small_pieces_is_bounded),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
