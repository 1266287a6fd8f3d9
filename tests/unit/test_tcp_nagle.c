/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small segments and small answers: Nagle's algorithm (RFC 9293, 3.7.4) with Minshall's change,
 * nodelay and cork, the sender's silly-window avoidance (3.8.6.2.1), and ACKs that are not delayed.
 */

#include "tcp_peer.h"

static void
ack(uint32_t n)
{
	inject(ACK, .seq = P(1), .ack = S(n));
}

/* A full segment in flight holds no small one back; a small one does. */
static void
small_waits_for_small_only(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(2u * mss + 100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	expect(ACK | PSH, .seq = S(1 + 2 * mss), .ack = P(1), .len = 100);
	app_send(10);
	ack(1 + mss);
	ack(1 + 2 * mss);
	expect_nothing();
	/* It has become a full one. */
	app_send(mss);
	expect(ACK, .seq = S(101 + 2 * mss), .ack = P(1), .len = mss);
	expect_nothing();
	/* The small one has arrived, the full one has not: that is enough. */
	ack(101 + 2 * mss);
	expect(ACK | PSH, .seq = S(101 + 3 * mss), .ack = P(1), .len = 10);
	expect_nothing();
}

/* The end of the last small segment is told from what lies behind it, also where numbers wrap. */
static void
small_waits_where_numbers_wrap(void)
{
	uint32_t i, at = 1;

	established_passive();
	for (i = 0; i < 50; i++) {
		app_send(7);
		expect(ACK, .seq = S(at), .ack = P(1), .len = 7);
		app_send(7);
		expect_nothing();
		ack(at + 7);
		expect(ACK, .seq = S(at + 7), .ack = P(1), .len = 7);
		at += 14;
		ack(at);
	}
}

/* A segment ends where a record does, whatever is queued behind it; and is sent once that is known.
 */
static void
a_record_ends_a_segment(void)
{
	established_passive();
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	app_send(20);
	isla_tcp_send_record(app.conn);
	expect_nothing();
	app_send(30);
	expect(ACK | PSH, .seq = S(11), .ack = P(1), .len = 20);
	expect_nothing();
	ack(11);
	expect_nothing();
	advance_us(1500000);
	expect(ACK | PSH, .seq = S(11), .ack = P(1), .len = 20);
	peer_drain();
	ack(31);
	expect(ACK | PSH, .seq = S(31), .ack = P(1), .len = 30);
}

static void
a_record_ends_a_run(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	isla_tcp_set_cork(app.conn, true);
	app_send(mss / 2u);
	app_send(mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect_nothing();
	isla_tcp_send_record(app.conn);
	app_send(2u * mss);
	expect(ACK | PSH, .seq = S(1 + mss), .ack = P(1), .len = (uint16_t)(mss / 2));
	expect(ACK, .seq = S(1 + mss + mss / 2), .ack = P(1), .len = mss);
	expect(ACK | PSH, .seq = S(1 + 2 * mss + mss / 2), .ack = P(1), .len = mss);
	expect_nothing();
}

static void
nodelay_lets_go_what_waits(void)
{
	established_passive();
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	app_send(20);
	expect_nothing();
	isla_tcp_set_nodelay(app.conn, true);
	peer_flush();
	expect(ACK | PSH, .seq = S(11), .ack = P(1), .len = 20);
}

static void
fin_lets_go_what_waits(void)
{
	established_passive();
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	app_send(20);
	app_shutdown();
	expect(FIN | ACK, .seq = S(11), .ack = P(1), .len = 20);
}

static void
cork(bool on)
{
	isla_tcp_set_cork(app.conn, on);
	peer_flush();
}

/* Only full segments leave; the rest when the cork is drawn. */
static void
cork_holds_and_lets_go(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	cork(true);
	app_send(100);
	app_send(100);
	expect_nothing();
	app_send(mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect_nothing();
	cork(false);
	expect(ACK | PSH, .seq = S(1 + mss), .ack = P(1), .len = 200);
	/* Also where nodelay is set: the cork is stronger. */
	ack(201 + mss);
	isla_tcp_set_nodelay(app.conn, true);
	cork(true);
	app_send(10);
	expect_nothing();
	CU_ASSERT_TRUE(app_opts().cork);
	cork(false);
	expect(ACK | PSH, .seq = S(201 + mss), .ack = P(1), .len = 10);
}

/* Nodelay takes what waits now out of the bottle, and leaves the cork in (as on Linux). */
static void
nodelay_passes_a_cork_once(void)
{
	struct isla_tcp_opts opts;

	established_passive();
	cork(true);
	app_send(100);
	expect_nothing();
	isla_tcp_set_nodelay(app.conn, true);
	peer_flush();
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 100);
	app_send(10);
	expect_nothing();
	/* Nor does another setting, nor nodelay while nothing waits. */
	opts = app_opts();
	opts.keepalive = true;
	app_set_opts(&opts);
	expect_nothing();
	cork(false);
	expect(ACK | PSH, .seq = S(101), .ack = P(1), .len = 10);
	ack(111);
	cork(true);
	isla_tcp_set_nodelay(app.conn, true);
	peer_flush();
	app_send(10);
	expect_nothing();
}

/* For 200 ms at most; then retransmission has its own time. */
static void
cork_ends_after_200_ms(void)
{
	established_passive();
	cork(true);
	app_send(100);
	expect_after(200000, ACK | PSH, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ZERO_WINDOW_PROBES), 0);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
	ack(101);
	app_send(5);
	advance_us(100000);
	app_send(5);
	expect_after(100000, ACK, .seq = S(101), .ack = P(1), .len = 10);
	ack(111);
	advance_us(10000000);
	expect_nothing();
}

/* A segment that fills up just before is not taken for lost when the time would have come. */
static void
cork_time_is_not_retransmission(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	cork(true);
	app_send(100);
	advance_us(190000);
	app_send(mss - 100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = mss);
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

static void
cork_and_close(void)
{
	established_passive();
	cork(true);
	app_send(100);
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1), .len = 100);
}

/* A closed window is probed as ever, a small one used in time. */
static void
cork_and_closed_window(void)
{
	established_passive();
	cork(true);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(100);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ZERO_WINDOW_PROBES), 1);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 5000);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = 100);
}

static void
cork_of_a_listener(void)
{
	const struct isla_tcp_opts opts = {.cork = true};

	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, STACK_PORT, 16, &app_ops, &app,
		&opts);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	app_send(10);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = 10);
}

/* RFC 9293, 3.8.6.2.1: the override timeout is 0.1 to 1 s, whatever the RTO. */
static void
small_window_is_used_within_a_second(void)
{
	static const uint32_t rto_us[] = {5000, 200000, 5000000};
	static const uint32_t after_us[] = {100000, 200000, 1000000};
	unsigned int i;

	for (i = 0; i < RTE_DIM(rto_us); i++) {
		peer_restart_tcp(&(const struct isla_tcp_conf){.rto_min_us = rto_us[i]});
		established_passive();
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = 500);
		app_send(1000);
		expect_after(after_us[i], ACK, .seq = S(1), .ack = P(1), .len = 500);
		peer_drain();
	}
}

/* The first ACKs are not delayed: the peer's window opens by them (RFC 5681, 4.2 allows it). */
static void
first_acks_are_quick(void)
{
	uint32_t i;

	established_passive();
	for (i = 0; i < 16; i++) {
		inject(ACK | PSH, .seq = P(1 + 10 * i), .ack = S(1), .len = 10);
		expect(ACK, .seq = S(1), .ack = P(11 + 10 * i));
	}
	inject(ACK | PSH, .seq = P(161), .ack = S(1), .len = 10);
	expect_after(40000, ACK, .seq = S(1), .ack = P(171));
}

static void
first_acks_of_an_active_open_are_quick(void)
{
	established_active();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	expect(ACK, .seq = S(1), .ack = P(11));
}

static void
quick_acks_can_be_switched_off(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.no_quickack = true});
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	expect_after(40000, ACK, .seq = S(1), .ack = P(11));
}

/* After a gap the peer's window is small, and ACKs matter again. */
static void
acks_after_a_gap_are_quick(void)
{
	uint32_t i;

	first_acks_are_quick();
	inject(ACK, .seq = P(181), .ack = S(1), .len = 10);
	expect(ACK, .seq = S(1), .ack = P(171));
	inject(ACK, .seq = P(171), .ack = S(1), .len = 10);
	expect(ACK, .seq = S(1), .ack = P(191));
	for (i = 0; i < 16; i++) {
		inject(ACK | PSH, .seq = P(191 + 10 * i), .ack = S(1), .len = 10);
		expect(ACK, .seq = S(1), .ack = P(201 + 10 * i));
	}
	inject(ACK | PSH, .seq = P(351), .ack = S(1), .len = 10);
	expect_nothing();
}

/* A server: each request is answered in its own callback. */
static void
serve(struct isla_tcp_conn *conn, void *ctx)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

	(void)ctx;
	app_read();
	pattern_fill((uint8_t *)rte_pktmbuf_append(m, 50), S(1) + app.tx_len, 50);
	CU_ASSERT_EQUAL(isla_tcp_send(conn, m), 0);
	app.tx_len += 50;
}

/* Request and response: one segment each way, from the first on, as with delayed ACKs. */
static void
response_carries_the_ack(void)
{
	struct isla_tcp_ops ops = app_ops;
	uint32_t i, quick;

	ops.readable = serve;
	for (quick = 0; quick < 2; quick++) {
		peer_restart_tcp(&(const struct isla_tcp_conf){.no_quickack = quick == 0});
		established_passive();
		isla_tcp_set_ops(app.conn, &ops);
		for (i = 0; i < 30; i++) {
			inject(ACK | PSH, .seq = P(1 + 20 * i), .ack = S(1 + 50 * i), .len = 20);
			expect(ACK | PSH, .seq = S(1 + 50 * i), .ack = P(21 + 20 * i), .len = 50);
			expect_nothing();
			advance_us(1000);
		}
		/* SYN,ACK and the responses. */
		CU_ASSERT_EQUAL(app_info().segs_out, 31);
	}
}

/* A response that takes its time: only the first request is acknowledged by itself. */
static void
late_response_carries_the_ack(void)
{
	uint32_t i;

	established_passive();
	for (i = 0; i < 10; i++) {
		inject(ACK | PSH, .seq = P(1 + 20 * i), .ack = S(1 + 50 * i), .len = 20);
		if (i == 0)
			expect(ACK, .seq = S(1), .ack = P(21));
		expect_nothing();
		advance_us(10000);
		app_send(50);
		expect(ACK | PSH, .seq = S(1 + 50 * i), .ack = P(21 + 20 * i), .len = 50);
		expect_nothing();
	}
}

/* A client that has only asked gets its answer at full speed. */
static void
download_is_acknowledged_quickly(void)
{
	uint32_t i;

	established_active();
	app_send(50);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 50);
	for (i = 0; i < 10; i++) {
		inject(ACK, .seq = P(1 + 500 * i), .ack = S(51), .len = 500);
		expect(ACK, .seq = S(51), .ack = P(501 + 500 * i));
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(small_waits_for_small_only),
	SUITE_TEST(small_waits_where_numbers_wrap),
	SUITE_TEST(a_record_ends_a_segment),
	SUITE_TEST(a_record_ends_a_run),
	SUITE_TEST(nodelay_lets_go_what_waits),
	SUITE_TEST(fin_lets_go_what_waits),
	SUITE_TEST(cork_holds_and_lets_go),
	SUITE_TEST(nodelay_passes_a_cork_once),
	SUITE_TEST(cork_ends_after_200_ms),
	SUITE_TEST(cork_time_is_not_retransmission),
	SUITE_TEST(cork_and_close),
	SUITE_TEST(cork_and_closed_window),
	SUITE_TEST(cork_of_a_listener),
	SUITE_TEST(small_window_is_used_within_a_second),
	SUITE_TEST(first_acks_are_quick),
	SUITE_TEST(first_acks_of_an_active_open_are_quick),
	SUITE_TEST(quick_acks_can_be_switched_off),
	SUITE_TEST(acks_after_a_gap_are_quick),
	SUITE_TEST(response_carries_the_ack),
	SUITE_TEST(late_response_carries_the_ack),
	SUITE_TEST(download_is_acknowledged_quickly),
};

int
main(void)
{
	peer_quickack = true;
	return peer_suite_run(tests, RTE_DIM(tests));
}
