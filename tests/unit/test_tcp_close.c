/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Closing a connection: RFC 9293, 3.6, 3.10.4, 3.10.5 and the eighth check of 3.10.7.4.
 */

#include <errno.h>
#include <string.h>

#include "tcp_peer.h"

/* The peer closes its half; we go on sending. */
static void
half_close_by_the_peer(void)
{
	close_wait();
	app_send(1000);
	expect(ACK | PSH, .seq = S(1), .ack = P(2), .len = 1000);
	inject(ACK, .seq = P(2), .ack = S(1001));
	app_send(2000);
	expect(ACK, .seq = S(1001), .ack = P(2), .len = peer.mss);
	expect(ACK | PSH, .seq = S(1001 + peer.mss), .ack = P(2),
		.len = (uint16_t)(2000 - peer.mss));
	inject(ACK, .seq = P(2), .ack = S(3001));
	app_close();
	expect(FIN | ACK, .seq = S(3001), .ack = P(2));
	inject(ACK, .seq = P(2), .ack = S(3002));
	expect_closed();
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* We close ours; the peer goes on sending. */
static void
half_close_by_us(void)
{
	fin_wait_2();
	inject(ACK | PSH, .seq = P(1), .ack = S(2), .len = 1000);
	expect_after(40000, ACK, .seq = S(2), .ack = P(1001));
	/* With the handle open there is no limit to that (RFC 9293, 3.6). */
	advance_us(300000000);
	expect_nothing();
	expect_state(ISLA_TCP_FIN_WAIT_2);
	inject(ACK | PSH | FIN, .seq = P(1001), .ack = S(2), .len = 1000);
	expect(ACK, .seq = S(2), .ack = P(2002));
	expect_received(2000);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	expect_state(ISLA_TCP_TIME_WAIT);
}

static void
active_close(void)
{
	established_passive();
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(2));
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	advance_us(60000000 + TIMER_SLACK_US);
	expect_closed();
	CU_ASSERT_EQUAL(app.nb_error + app.nb_eof, 0);
}

static void
passive_close(void)
{
	app.close_on_eof = true;
	established_passive();
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	/* The ACK of the FIN and our FIN are one segment, since the program closes at once. */
	expect(FIN | ACK, .seq = S(1), .ack = P(2));
	expect_nothing();
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_closed();
}

static void
simultaneous_close(void)
{
	established_passive();
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(2), .ack = P(2));
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_nothing();
	advance_us(60000000 - 1000);
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	advance_us(60000000 + 1000);
	expect_closed();
}

/* What was queued before close is sent; the FIN comes with the last of it. */
static void
close_sends_what_is_queued(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 2 * mss);
	app_send(2u * mss + 100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	app_close();
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss));
	expect(FIN | ACK | PSH, .seq = S(1 + 2 * mss), .ack = P(1), .len = 100);
	inject(FIN | ACK, .seq = P(1), .ack = S(102 + 2 * mss));
	expect(ACK, .seq = S(102 + 2 * mss), .ack = P(2));
	expect_nothing();
}

/* Nagle does not hold back the last segment: with FIN it is the last. */
static void
close_overrules_nagle(void)
{
	established_passive();
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	app_send(10);
	expect_nothing();
	app_close();
	expect(FIN | ACK | PSH, .seq = S(11), .ack = P(1), .len = 10);
}

/* A closed window holds back data and FIN; probes go on after close. */
static void
close_with_a_closed_window(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(100);
	app_close();
	expect_nothing();
	advance_to_frame(5000000);
	CU_ASSERT_TRUE(take()->len <= 1);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	/* Where the probe was a byte of data, that byte may come by itself. */
	if (peer_nb_pending() == 2)
		expect(ACK, .seq = S(1), .ack = P(1), .len = 1);
	CU_ASSERT_EQUAL(take()->flags, FIN | PSH | ACK);
	CU_ASSERT_EQUAL(peer.last.frame.seg.seq + peer.last.frame.seg.len, S(101));
	inject(ACK, .seq = P(1), .ack = S(102));
	inject(FIN | ACK, .seq = P(1), .ack = S(102));
	expect(ACK, .seq = S(102), .ack = P(2));
}

/* A FIN alone needs no window (it is a control, and the peer must take it at RCV.NXT); but a stack
 * may hold it back until the window opens. Either way, in the end it must come. */
static void
fin_into_a_closed_window(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_close();
	if (peer_nb_pending() == 0)
		advance_to_frame(5000000);
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	CU_ASSERT_EQUAL(take()->seq, S(1));
	CU_ASSERT_TRUE(peer.last.frame.seg.flags & FIN);
}

static void
fin_is_retransmitted(void)
{
	established_passive();
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	expect_after(200000, FIN | ACK, .seq = S(1), .ack = P(1));
	expect_after(400000, FIN | ACK, .seq = S(1), .ack = P(1));
	expect_after(800000, FIN | ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(2));
	advance_us(30000000);
	expect_nothing();
}

static void
fin_in_last_ack_is_retransmitted_and_given_up(void)
{
	unsigned int nb = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.data_retries = 4});
	app.close_on_eof = true;
	established_passive();
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect(FIN | ACK, .seq = S(1), .ack = P(2));
	advance_us(600000000);
	while (peer_nb_pending() > 0 && !(take()->flags & RST)) {
		CU_ASSERT_EQUAL(peer.last.frame.seg.flags, FIN | ACK);
		nb++;
	}
	CU_ASSERT_EQUAL(nb, 4);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_closed();
}

/* Data and FIN are lost together: both are sent again. */
static void
data_with_fin_is_retransmitted(void)
{
	uint32_t got = 0;
	bool fin = false;

	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	app_send(100);
	app_close();
	expect(FIN | ACK, .seq = S(101), .ack = P(1), .len = 100);
	while (!fin && advance_to_frame(5000000) < 5000000) {
		const struct seg *seg = take();

		CU_ASSERT_EQUAL(seg->seq, S(1 + got));
		got += seg->len;
		fin = (seg->flags & FIN) != 0;
		inject(ACK, .seq = P(1), .ack = S(1 + got + fin));
	}
	CU_ASSERT_TRUE(fin);
	CU_ASSERT_EQUAL(got, 200);
	advance_us(1000000);
	expect_nothing();
}

static void
fin_with_data(void)
{
	established_passive();
	inject(FIN | ACK | PSH, .seq = P(1), .ack = S(1), .len = 700);
	expect(ACK, .seq = S(1), .ack = P(702));
	expect_received(700);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	expect_state(ISLA_TCP_CLOSE_WAIT);
}

/* A FIN that comes early counts when the gap has been filled. */
static void
fin_out_of_order(void)
{
	established_passive();
	inject(FIN | ACK, .seq = P(201), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.nb_eof, 0);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(101));
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(302));
	expect_received(300);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	expect_state(ISLA_TCP_CLOSE_WAIT);
}

static void
fin_alone_out_of_order(void)
{
	established_passive();
	inject(FIN | ACK, .seq = P(101), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.nb_eof, 0);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	/* It was kept, or the peer sends it again. */
	if (app.nb_eof == 0) {
		inject(FIN | ACK, .seq = P(101), .ack = S(1));
	}
	expect_received(100);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	advance_us(50000);
	while (peer_nb_pending() > 1)
		take();
	expect(ACK, .seq = S(1), .ack = P(102));
	expect_state(ISLA_TCP_CLOSE_WAIT);
}

/* eof comes after the data has been taken, not before. */
static void
eof_comes_after_the_data(void)
{
	app.no_read = true;
	established_passive();
	inject(FIN | ACK, .seq = P(1), .ack = S(1), .len = 500);
	expect(ACK, .seq = S(1), .ack = P(502));
	CU_ASSERT_EQUAL(app.nb_readable, 1);
	CU_ASSERT_EQUAL(app.nb_eof, 0);
	app_read();
	peer_flush();
	expect_received(500);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
}

/* RFC 9293, 3.6.1 (RFC 2525, 2.17): data that nobody will read must not be swallowed. */
static void
close_with_unread_data_resets(void)
{
	app.no_read = true;
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 500);
	expect_after(40000, ACK, .seq = S(1), .ack = P(501));
	app_close();
	CU_ASSERT_TRUE(take()->flags & RST);
	CU_ASSERT_EQUAL(peer.last.frame.seg.seq, S(1));
	expect_closed();
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
}

/* The same for data that comes after close. */
static void
data_after_close_resets(void)
{
	established_passive();
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(2));
	inject(ACK | PSH, .seq = P(1), .ack = S(2), .len = 100);
	CU_ASSERT_TRUE(take()->flags & RST);
	CU_ASSERT_EQUAL(peer.last.frame.seg.seq, S(2));
	expect_closed();
}

/* The peer's FIN with data that nobody reads. */
static void
data_and_fin_after_close(void)
{
	established_passive();
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(FIN | ACK | PSH, .seq = P(1), .ack = S(2), .len = 100);
	CU_ASSERT_TRUE(take()->flags & RST);
	expect_closed();
}

static void
abort_resets(void)
{
	const struct ladder *l;

	for (l = ladder; l < ladder + LADDER_NB; l++) {
		if (l->state == ISLA_TCP_SYN_RECEIVED)
			continue; /* no handle yet */
		ladder_enter(l);
		app_abort();
		/* RFC 9293, 3.10.5. */
		if ((l->state &
			    (ISLA_TCP_ESTABLISHED | ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_FIN_WAIT_2 |
				    ISLA_TCP_CLOSE_WAIT)) != 0) {
			CU_ASSERT_TRUE(take()->flags & RST);
			CU_ASSERT_EQUAL(peer.last.frame.seg.seq, S(l->snd_nxt));
		} else {
			/* Not asked for there; nobody is hurt by one in CLOSING or LAST-ACK. */
			peer_drain();
		}
		expect_closed();
		CU_ASSERT_EQUAL(app.nb_error, 0);
		CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
		CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CURR_ESTAB), 0);
	}
}

static void
abort_drops_what_is_queued(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 2 * peer.mss);
	app_send(20000);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	app_abort();
	CU_ASSERT_TRUE(take()->flags & RST);
	/* At what the peer expects, or at the end of what was sent: both are in its window. */
	CU_ASSERT_TRUE(
		peer.last.frame.seg.seq == S(1) || peer.last.frame.seg.seq == S(1 + 2 * peer.mss));
	expect_nothing();
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.ref_pool), 0);
}

static void
close_in_syn_sent(void)
{
	syn_sent();
	app_close();
	peer_drain();
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	expect(RST, .seq = S(1));
	expect_closed();
	advance_us(100000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* RFC 9293, 3.10.4: in SYN-RECEIVED without data a FIN is sent, and FIN-WAIT-1 follows. */
static void
close_in_syn_received(void)
{
	syn_sent();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	app_close();
	if (peer_nb_pending() == 0)
		inject(ACK, .seq = P(1), .ack = S(1));
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(2));
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_nothing();
}

/* The program closes while it is told of the connection. */
static int
close_at_once(struct isla_tcp_conn *conn, void *arg)
{
	RTE_SET_USED(arg);
	app.nb_accept++;
	isla_tcp_close(conn);
	return 0;
}

static void
close_in_accept(void)
{
	static const struct isla_tcp_ops ops = {.accept = close_at_once};

	CU_ASSERT_PTR_NOT_NULL_FATAL(
		isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 16, &ops, NULL, NULL));
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
}

static void
abort_in_readable(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(ctx);
	app.nb_readable++;
	isla_tcp_abort(conn);
	app.conn = NULL;
}

/* Data and FIN come in one burst; no callback follows the abort. */
static void
abort_in_a_callback(void)
{
	struct isla_tcp_ops ops = app_ops;

	ops.readable = abort_in_readable;
	established_passive();
	isla_tcp_set_ops(app.conn, &ops);
	inject(ACK | FIN | PSH, .seq = P(1), .ack = S(1), .len = 100);
	CU_ASSERT_EQUAL(app.nb_readable, 1);
	CU_ASSERT_EQUAL(app.nb_eof, 0);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	while (peer_nb_pending() > 1)
		take();
	CU_ASSERT_TRUE(take()->flags & RST);
	expect_closed();
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
}

/* After close a peer that never sends its FIN does not hold the connection for ever. */
static void
fin_wait_2_ends_after_close(void)
{
	established_passive();
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(2));
	advance_us(60000000 + 1000);
	peer_drain(); /* a reset is allowed */
	expect_closed();
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

/* The limit begins with the close, also where FIN-WAIT-2 was there before. */
static void
a_closed_connection_in_fin_wait_2_keeps_nobody_waiting(void)
{
	fin_wait_2();
	/* The program may still be told of data. */
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 1);
	app_close();
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
	/* TIME-WAIT ends as well. */
	advance_us(130000000);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

static void
close_in_fin_wait_2(void)
{
	fin_wait_2();
	advance_us(100000000);
	app_close();
	expect_nothing();
	advance_us(50000000);
	inject(ACK, .seq = P(0), .ack = S(2), .len = 1);
	expect(ACK, .seq = S(2), .ack = P(1));
	advance_us(11000000);
	peer_drain();
	expect_closed();
}

static void
reset_while_data_is_unread(void)
{
	app.no_read = true;
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 500);
	app_send(500);
	peer_drain();
	inject(RST, .seq = P(501));
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ESTAB_RESETS), 1);
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
	expect_closed();
}

/* isla_stack_shutdown(): programs hear ECONNABORTED, the peer a FIN. */
static void
stack_shutdown(void)
{
	established_passive();
	isla_stack_shutdown(peer.host.stack);
	peer_flush();
	CU_ASSERT_EQUAL(app.err, ECONNABORTED);
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

static struct isla_tcp_conn *held[8];

/* One connection's end makes the program let go of all others. */
static void
abort_the_others(struct isla_tcp_conn *conn, void *ctx, int err)
{
	unsigned int i;

	RTE_SET_USED(ctx);
	CU_ASSERT_EQUAL(err, ECONNABORTED);
	app.nb_error++;
	for (i = 0; i < RTE_DIM(held); i++) {
		if (held[i] != conn && held[i] != NULL)
			isla_tcp_abort(held[i]);
		held[i] = NULL;
	}
}

/* The keys differ, so that connections fall into each other's buckets in every way. */
static void
abort_during_stack_shutdown(void)
{
	struct sim_host_conf conf = {.stack.tcp.max_conns = 2 * RTE_DIM(held)};
	struct isla_tcp_ops ops = {.error = abort_the_others};
	struct isla_tcp_ends ends = {0};
	unsigned int i, key;

	for (key = 1; key <= 50; key++) {
		conf.stack.key.k[0] = key;
		peer_restart(&conf);
		ends.remote = peer.ends.src;
		for (i = 0; i < RTE_DIM(held); i++) {
			ends.remote_port = (uint16_t)(100 + i);
			held[i] = isla_tcp_connect(peer.tcp, &ends, &ops, NULL, NULL);
			CU_ASSERT_PTR_NOT_NULL_FATAL(held[i]);
			isla_tcp_get_ends(held[i], &ends);
			peer_flush();
			inject(SYN | ACK, .seq = P(0), .ack = take()->seq + 1,
				.sport = ends.remote_port, .dport = ends.local_port);
			ends.local_port = 0;
			peer_drain();
		}
		isla_stack_shutdown(peer.host.stack);
		peer_flush();
		CU_ASSERT_EQUAL(app.nb_error, 1);
		/* The one that heard of it sends its FIN; the records of the others are free. */
		CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 1);
		for (i = 0; i < 2 * RTE_DIM(held); i++) {
			ends.remote_port = (uint16_t)(1000 + i);
			CU_ASSERT_EQUAL(
				isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL) != NULL,
				i + 1 < 2 * RTE_DIM(held));
		}
	}
}

/* Data that was received and never taken, on a connection that is over. */
static void
free_with_a_closed_connection(void)
{
	app.no_read = true;
	last_ack();
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_state(ISLA_TCP_CLOSED);
	peer_restart(&(const struct sim_host_conf){0});
	app.no_read = true;
	established_passive();
	inject(ACK | FIN | PSH, .seq = P(1), .ack = S(1), .len = 100);
	app_shutdown();
	peer_drain();
	inject(ACK, .seq = P(102), .ack = S(2));
	expect_state(ISLA_TCP_CLOSED);
	/* It can still be read; here it is not. */
	CU_ASSERT_EQUAL(app_info().rcvq_bytes, 100);
}

/* The stack is freed with a connection in each state: the teardown sees that nothing leaks. */
static void
free_in_every_state(void)
{
	const struct ladder *l;

	for (l = ladder; l < ladder + LADDER_NB; l++)
		ladder_enter(l);
	peer_restart(&(const struct sim_host_conf){0});
	app.no_read = true;
	established_passive();
	app_send(30000);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK, .seq = P(1001), .ack = S(1), .len = 100);
}

static const struct suite_test tests[] = {
	SUITE_TEST(half_close_by_the_peer),
	SUITE_TEST(half_close_by_us),
	SUITE_TEST(active_close),
	SUITE_TEST(passive_close),
	SUITE_TEST(simultaneous_close),
	SUITE_TEST(close_sends_what_is_queued),
	SUITE_TEST(close_overrules_nagle),
	SUITE_TEST(close_with_a_closed_window),
	SUITE_TEST(fin_into_a_closed_window),
	SUITE_TEST(fin_is_retransmitted),
	SUITE_TEST(fin_in_last_ack_is_retransmitted_and_given_up),
	SUITE_TEST(data_with_fin_is_retransmitted),
	SUITE_TEST(fin_with_data),
	SUITE_TEST(fin_out_of_order),
	SUITE_TEST(fin_alone_out_of_order),
	SUITE_TEST(eof_comes_after_the_data),
	SUITE_TEST(close_with_unread_data_resets),
	SUITE_TEST(data_after_close_resets),
	SUITE_TEST(data_and_fin_after_close),
	SUITE_TEST(abort_resets),
	SUITE_TEST(abort_drops_what_is_queued),
	SUITE_TEST(close_in_syn_sent),
	SUITE_TEST(close_in_syn_received),
	SUITE_TEST(close_in_accept),
	SUITE_TEST(abort_in_a_callback),
	SUITE_TEST(fin_wait_2_ends_after_close),
	SUITE_TEST(a_closed_connection_in_fin_wait_2_keeps_nobody_waiting),
	SUITE_TEST(close_in_fin_wait_2),
	SUITE_TEST(reset_while_data_is_unread),
	SUITE_TEST(stack_shutdown),
	SUITE_TEST(abort_during_stack_shutdown),
	SUITE_TEST(free_with_a_closed_connection),
	SUITE_TEST(free_in_every_state),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
