/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each kind of segment in each state: RFC 9293, 3.10.7.4, with RFC 5961 (blind attacks) and RFC
 * 1337 (TIME-WAIT). Opening and closing have suites of their own.
 */

#include <errno.h>
#include <string.h>

#include "tcp_peer.h"

#define SYNCHRONIZED \
	(ISLA_TCP_ESTABLISHED | ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_FIN_WAIT_2 | ISLA_TCP_CLOSE_WAIT | \
		ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK | ISLA_TCP_TIME_WAIT)
#define TIME_WAIT_US 60000000ull

/* A segment brought forth one ACK of what the stack has, and changed nothing. */
static void
check_acked(const struct ladder *l)
{
	expect(ACK, .seq = S(l->snd_nxt), .ack = P(l->rcv_nxt));
	expect_nothing();
	expect_state(l->state);
	CU_ASSERT_EQUAL(app.rx_len, 0);
}

static void
check_ignored(const struct ladder *l)
{
	expect_nothing();
	/* In SYN-RECEIVED the program has no handle yet. */
	if (l->state != ISLA_TCP_SYN_RECEIVED)
		expect_state(l->state);
	CU_ASSERT_EQUAL(app.rx_len, 0);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* Runs the body once for each state of the set, the connection being in it. */
#define FOR_EACH_STATE(l, set) \
	for (l = ladder; l < ladder + LADDER_NB; l++) \
		if ((l->state & (set)) != 0 && (ladder_enter(l), true))

static void
ladder_reaches_every_state(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, ~0)
	{
		if (l->state != ISLA_TCP_SYN_RECEIVED)
			expect_state(l->state);
		expect_nothing();
	}
}

/* The connection has been reset. Where both sides had closed, the user is not signalled. */
static void
check_reset(const struct ladder *l)
{
	if (l->state & (ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK)) {
		CU_ASSERT_EQUAL(app.nb_error, 0);
		expect_state(ISLA_TCP_CLOSED);
	} else {
		CU_ASSERT_PTR_NULL(app.conn);
		CU_ASSERT_EQUAL(app.nb_error, 1);
		CU_ASSERT_EQUAL(app.err, ECONNRESET);
	}
}

/* Second check: a reset at exactly RCV.NXT ends the connection without an answer. */
static void
reset_at_rcv_nxt(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		inject(RST, .seq = P(l->rcv_nxt));
		expect_nothing();
		check_reset(l);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CURR_ESTAB), 0);
		expect_closed();
		advance_us(200000000);
		expect_nothing();
	}
}

static void
reset_with_ack_at_rcv_nxt(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		inject(RST | ACK, .seq = P(l->rcv_nxt), .ack = S(l->snd_nxt));
		expect_nothing();
		check_reset(l);
		expect_closed();
	}
}

/* Where the peer's FIN has come, all its data has: the program still gets what it did not read. */
static void
reset_after_both_fins_leaves_the_data(void)
{
	app.no_read = true;
	fin_wait_1();
	inject(FIN | ACK | PSH, .seq = P(1), .ack = S(2), .len = 100);
	expect(ACK, .seq = S(2), .ack = P(102));
	expect_state(ISLA_TCP_TIME_WAIT);
	/* RFC 1337: it changes nothing. */
	inject(RST, .seq = P(102));
	CU_ASSERT_EQUAL(app.nb_error, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	CU_ASSERT_EQUAL(app.nb_eof, 0);
	expect_state(ISLA_TCP_TIME_WAIT);
	app_read();
	peer_flush();
	expect_received(100);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	app_close();
	advance_us(2 * TIME_WAIT_US);
	expect_closed();
}

/* RFC 9293 lets TIME-WAIT end by a reset, RFC 1337 does not; neither answers. */
static void
reset_in_time_wait_is_not_answered(void)
{
	time_wait();
	inject(RST, .seq = P(2));
	expect_nothing();
	advance_us(2 * TIME_WAIT_US);
	expect_nothing();
	expect_closed();
}

/* RFC 5961, 3.2: in the window but not at its left edge: a challenge ACK. */
static void
reset_within_the_window(void)
{
	static const uint32_t offs[] = {1, 1000, 60000};
	const struct ladder *l;
	unsigned int i;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		for (i = 0; i < RTE_DIM(offs); i++) {
			inject(RST, .seq = P(l->rcv_nxt + offs[i]));
			check_acked(l);
		}
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CHALLENGE_ACKS), RTE_DIM(offs));
	}
}

static void
reset_outside_the_window(void)
{
	static const uint32_t offs[] = {
		(uint32_t)-1, (uint32_t)-100000, 300000, 0x7fffffff, 0x80000000};
	const struct ladder *l;
	unsigned int i;

	FOR_EACH_STATE(l, SYNCHRONIZED | ISLA_TCP_SYN_RECEIVED)
	{
		for (i = 0; i < RTE_DIM(offs); i++)
			inject(RST, .seq = P(l->rcv_nxt + offs[i]));
		check_ignored(l);
	}
}

/* Fourth check: a SYN brings a challenge ACK, wherever it lies (RFC 5961, 4.2). */
static void
syn_in_synchronized_states(void)
{
	static const uint32_t offs[] = {0, 1, 1000, (uint32_t)-1, (uint32_t)-100000, 0x7fffffff};
	const struct ladder *l;
	unsigned int i;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		for (i = 0; i < RTE_DIM(offs); i++) {
			inject(SYN, .seq = P(l->rcv_nxt + offs[i]));
			check_acked(l);
		}
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CHALLENGE_ACKS), RTE_DIM(offs));
	}
}

static void
syn_ack_in_synchronized_states(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		inject(SYN | ACK, .seq = P(0), .ack = S(1));
		check_acked(l);
	}
}

/* Fifth check: an ACK of what was never sent is answered with an ACK, its data not taken. */
static void
ack_of_unsent_data(void)
{
	static const uint32_t offs[] = {1, 2, 1000, 0x7ffffffe};
	const struct ladder *l;
	unsigned int i;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		for (i = 0; i < RTE_DIM(offs); i++) {
			inject(ACK, .seq = P(l->rcv_nxt), .ack = S(l->snd_nxt + offs[i]));
			check_acked(l);
		}
		inject(ACK, .seq = P(l->rcv_nxt), .ack = S(l->snd_nxt + 5), .len = 100);
		check_acked(l);
	}
}

/* RFC 5961, 5.2: an ACK older than SND.UNA - MAX.SND.WND is answered and its data not taken. */
static void
ack_from_the_distant_past(void)
{
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1) - 0x40000000, .len = 10);
	expect(ACK, .seq = S(1), .ack = P(1));
	expect_nothing();
	CU_ASSERT_EQUAL(app.rx_len, 0);
}

/* An old but possible ACK is a duplicate: ignored, but the data that it carries counts. */
static void
old_ack_with_data(void)
{
	established_passive();
	app_send(1000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 1000);
	inject(ACK, .seq = P(1), .ack = S(1001));
	app_send(1000);
	expect(ACK, .seq = S(1001), .ack = P(1), .len = 1000);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	expect_received(10);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 1000);
}

/* First check: what lies wholly outside the window is answered with an ACK, unless it is a reset.
 */
static void
segment_outside_the_window(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT)
	{
		inject(ACK, .seq = P(l->rcv_nxt - 10), .ack = S(l->snd_nxt), .len = 10);
		check_acked(l);
		/* As a peer asks whether we are there, or our window is open again. */
		inject(ACK, .seq = P(l->rcv_nxt - 1), .ack = S(l->snd_nxt));
		check_acked(l);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CHALLENGE_ACKS), 0);
		inject(ACK, .seq = P(l->rcv_nxt + 300000), .ack = S(l->snd_nxt), .len = 10);
		check_acked(l);
		inject(ACK, .seq = P(l->rcv_nxt + 0x80000000), .ack = S(l->snd_nxt), .len = 10);
		check_acked(l);
		inject(FIN | ACK, .seq = P(l->rcv_nxt - 100), .ack = S(l->snd_nxt));
		check_acked(l);
	}
}

/* In SYN-RECEIVED too. */
static void
segment_outside_the_window_in_syn_received(void)
{
	syn_received();
	inject(ACK, .seq = P(300000), .ack = S(1), .len = 10);
	expect(ACK, .seq = S(1), .ack = P(1));
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_accept, 0);
}

static void
segment_without_ack_is_dropped(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, SYNCHRONIZED | ISLA_TCP_SYN_RECEIVED)
	{
		inject(0, .seq = P(l->rcv_nxt), .len = 10);
		inject(PSH, .seq = P(l->rcv_nxt), .len = 10);
		inject(FIN, .seq = P(l->rcv_nxt));
		inject(URG, .seq = P(l->rcv_nxt), .len = 10, .urg = 5);
		check_ignored(l);
		advance_us(100000);
		expect_nothing();
	}
}

/* Eighth: a FIN that comes again is acknowledged again, and the state stays. */
static void
fin_again(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, ISLA_TCP_CLOSE_WAIT | ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK)
	{
		inject(FIN | ACK, .seq = P(1), .ack = S(1));
		check_acked(l);
		CU_ASSERT_TRUE(app.nb_eof <= 1);
	}
}

/* Seventh: after the peer's FIN there cannot be data; what claims to be is not delivered. */
static void
data_after_fin(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(
		l, ISLA_TCP_CLOSE_WAIT | ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK | ISLA_TCP_TIME_WAIT)
	{
		/* Of ours it acknowledges what it did before: no transition follows from that. */
		inject(ACK, .seq = P(2), .ack = S(l->state == ISLA_TCP_TIME_WAIT ? 2 : 1),
			.len = 10);
		inject(FIN | ACK, .seq = P(2), .ack = S(l->state == ISLA_TCP_TIME_WAIT ? 2 : 1),
			.len = 10);
		advance_us(50000);
		CU_ASSERT_TRUE(peer_nb_pending() <= 2);
		while (peer_nb_pending() > 0)
			expect(ACK, .seq = S(l->snd_nxt), .ack = P(2));
		expect_state(l->state);
		CU_ASSERT_EQUAL(app.rx_len, 0);
		CU_ASSERT_TRUE(app.nb_eof <= 1);
	}
}

/* FIN-WAIT-1 and FIN-WAIT-2 go on receiving. */
static void
data_in_fin_wait(void)
{
	const struct ladder *l;

	FOR_EACH_STATE(l, ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_FIN_WAIT_2)
	{
		inject(ACK | PSH, .seq = P(1), .ack = S(l->state == ISLA_TCP_FIN_WAIT_1 ? 1 : 2),
			.len = 500);
		expect_received(500);
		expect_after(40000, ACK, .seq = S(2), .ack = P(501));
		expect_state(l->state);
	}
}

static void
fin_wait_1_to_fin_wait_2(void)
{
	fin_wait_1();
	inject(ACK | PSH, .seq = P(1), .ack = S(2), .len = 10);
	expect_state(ISLA_TCP_FIN_WAIT_2);
	expect_received(10);
}

static void
fin_wait_1_to_time_wait_at_once(void)
{
	fin_wait_1();
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_state(ISLA_TCP_TIME_WAIT);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
}

static void
closing_to_time_wait(void)
{
	closing();
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_nothing();
	expect_state(ISLA_TCP_TIME_WAIT);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TIME_WAIT), 1);
}

static void
last_ack_to_closed(void)
{
	last_ack();
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_nothing();
	expect_closed();
	CU_ASSERT_EQUAL(app.nb_error, 0);
	/* The handle lives until the program lets it go. */
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	expect_state(ISLA_TCP_CLOSED);
	app_close();
	expect_nothing();
}

static void
time_wait_lasts_two_msl(void)
{
	time_wait();
	app_close();
	expect_nothing();
	advance_us(TIME_WAIT_US - 1000);
	expect_nothing();
	/* Still there: no reset, but the old duplicate is acknowledged. */
	inject(ACK, .seq = P(1), .ack = S(2), .len = 1);
	expect(ACK, .seq = S(2), .ack = P(2));
	/* An ACK restarts nothing (RFC 9293, 3.10.7.4: a FIN does). */
	advance_us(TIME_WAIT_US + 1000);
	expect_closed();
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

static void
time_wait_ends_with_the_handle_open(void)
{
	time_wait();
	advance_us(TIME_WAIT_US + 1000);
	expect_closed();
	CU_ASSERT_EQUAL(app.nb_error, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	expect_state(ISLA_TCP_CLOSED);
	app_close();
}

static void
fin_restarts_time_wait(void)
{
	time_wait();
	app_close();
	advance_us(TIME_WAIT_US - 10000000);
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	advance_us(TIME_WAIT_US - 1000);
	inject(ACK, .seq = P(0), .ack = S(2), .len = 1);
	expect(ACK, .seq = S(2), .ack = P(2));
	advance_us(2000000);
	/* If the last segment did not restart it, the connection is over by now. */
	advance_us(TIME_WAIT_US);
	expect_closed();
}

/* RFC 9293, 3.10.7.4 (RFC 1122, 4.2.2.13): a SYN may open the pair of sockets again; an old one
 * must be answered with an ACK. */
static void
syn_in_time_wait(void)
{
	time_wait();
	app_close();
	inject(SYN, .seq = P(0));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_nothing();
	inject(SYN, .seq = P(1000000), .mss = peer.mss);
	if (take()->flags == (SYN | ACK)) {
		uint32_t isn = peer.last.frame.seg.seq;

		/* The new ISN is larger than any sequence number of the old incarnation. */
		CU_ASSERT_TRUE((int32_t)(isn - S(2)) > 0);
		CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(1000001));
		inject(ACK, .seq = P(1000001), .ack = isn + 1);
		CU_ASSERT_EQUAL(app.nb_accept, 2);
		expect_state(ISLA_TCP_ESTABLISHED);
	} else {
		CU_ASSERT_EQUAL(peer.last.frame.seg.flags, ACK);
	}
}

static void
sending_in_close_wait(void)
{
	close_wait();
	app_send(1000);
	expect(ACK, .seq = S(1), .ack = P(2), .len = 1000);
	inject(ACK, .seq = P(2), .ack = S(1001));
	expect_nothing();
	expect_state(ISLA_TCP_CLOSE_WAIT);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

static void
calls_in_the_wrong_state(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

	rte_pktmbuf_append(m, 10);
	syn_sent();
	CU_ASSERT_PTR_NULL(isla_tcp_recv(app.conn));
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_PTR_NULL(isla_tcp_recv(app.conn));
	app_shutdown();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(isla_tcp_send(app.conn, m), -EPIPE);
	/* Once more is not an error, and sends no second FIN. */
	app_shutdown();
	expect_nothing();
	rte_pktmbuf_free(m);
}

/* The urgent pointer is only a mark: its data are data (RFC 9293, 3.8.5, RFC 6093). */
static void
urgent_data_is_data(void)
{
	established_passive();
	inject(ACK | URG | PSH, .seq = P(1), .ack = S(1), .urg = 1, .len = 100);
	inject(ACK | URG, .seq = P(101), .ack = S(1), .urg = 65535, .len = 100);
	expect_received(200);
}

static void
unknown_flags_and_options_do_no_harm(void)
{
	/* Kind 253 (RFC 4727), SACK, timestamps, NOPs, end of options. */
	static const uint8_t opts[] = {
		253, 4, 1, 2, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 77, 99};

	established_passive();
	inject(ACK | ECE | CWR | PSH, .seq = P(1), .ack = S(1), .len = 100, .opts = opts,
		.opts_len = sizeof(opts));
	expect_received(100);
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* Options that belong to a SYN do not change a connection later (RFC 9293, 3.7.1; RFC 7323, 2.2).
 */
static void
syn_options_count_on_syn_only(void)
{
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10, .mss = 100, .wscale = WSCALE(5),
		.wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_mss, peer.mss);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 1000);
	expect_received(10);
}

static const struct suite_test tests[] = {
	SUITE_TEST(ladder_reaches_every_state),
	SUITE_TEST(reset_at_rcv_nxt),
	SUITE_TEST(reset_with_ack_at_rcv_nxt),
	SUITE_TEST(reset_after_both_fins_leaves_the_data),
	SUITE_TEST(reset_in_time_wait_is_not_answered),
	SUITE_TEST(reset_within_the_window),
	SUITE_TEST(reset_outside_the_window),
	SUITE_TEST(syn_in_synchronized_states),
	SUITE_TEST(syn_ack_in_synchronized_states),
	SUITE_TEST(ack_of_unsent_data),
	SUITE_TEST(ack_from_the_distant_past),
	SUITE_TEST(old_ack_with_data),
	SUITE_TEST(segment_outside_the_window),
	SUITE_TEST(segment_outside_the_window_in_syn_received),
	SUITE_TEST(segment_without_ack_is_dropped),
	SUITE_TEST(fin_again),
	SUITE_TEST(data_after_fin),
	SUITE_TEST(data_in_fin_wait),
	SUITE_TEST(fin_wait_1_to_fin_wait_2),
	SUITE_TEST(fin_wait_1_to_time_wait_at_once),
	SUITE_TEST(closing_to_time_wait),
	SUITE_TEST(last_ack_to_closed),
	SUITE_TEST(time_wait_lasts_two_msl),
	SUITE_TEST(time_wait_ends_with_the_handle_open),
	SUITE_TEST(fin_restarts_time_wait),
	SUITE_TEST(syn_in_time_wait),
	SUITE_TEST(sending_in_close_wait),
	SUITE_TEST(calls_in_the_wrong_state),
	SUITE_TEST(urgent_data_is_data),
	SUITE_TEST(unknown_flags_and_options_do_no_harm),
	SUITE_TEST(syn_options_count_on_syn_only),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
