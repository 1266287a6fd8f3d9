/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retransmission and congestion: RFC 6298 (timer), RFC 5681 (slow start, fast retransmit), RFC 6928
 * (initial window), RFC 6582 (NewReno), RFC 9293, 3.8.
 */

#include <errno.h>
#include <string.h>

#include "tcp_peer.h"
#include "tcp_priv.h"

/* As established_passive(), the handshake's round trip taking that long. */
static void
establish_with_rtt(uint64_t rtt_us)
{
	syn_received();
	advance_us(rtt_us);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* Full segments from the n-th byte on, `nb` of them, are what was sent. */
static void
expect_segs(uint32_t from, unsigned int nb)
{
	for (; nb > 0; nb--, from += peer.mss)
		expect(ACK, .seq = S(from), .ack = P(1), .len = peer.mss);
	expect_nothing();
}

/* RFC 6298, 2.2: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR; 5.5: doubled each time. */
static void
first_sample_sets_rto(void)
{
	establish_with_rtt(300000);
	CU_ASSERT_EQUAL(app_info().rtt_us, 300000);
	CU_ASSERT_EQUAL(app_info().rttvar_us, 150000);
	CU_ASSERT_EQUAL(app_info().rto_us, 900000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(900000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(1800000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(3600000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(app_info().backoff, 3);
	CU_ASSERT_EQUAL(app_info().total_retrans, 3);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RETRANS_SEGS), 3);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 3);
	inject(ACK, .seq = P(1), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().backoff, 0);
	advance_us(100000000);
	expect_nothing();
}

/* RFC 6298, 2.3. */
static void
later_samples_are_smoothed(void)
{
	establish_with_rtt(300000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	advance_us(300000);
	inject(ACK, .seq = P(1), .ack = S(101));
	/* RTTVAR = 3/4 * 150 + 1/4 * |300 - 300|, SRTT = 7/8 * 300 + 1/8 * 300. */
	CU_ASSERT_TRUE(app_info().rttvar_us >= 112400 && app_info().rttvar_us <= 112600);
	CU_ASSERT_TRUE(app_info().rtt_us >= 299900 && app_info().rtt_us <= 300100);
	CU_ASSERT_TRUE(app_info().rto_us >= 749000 && app_info().rto_us <= 751000);
	app_send(100);
	expect(ACK, .seq = S(101), .ack = P(1), .len = 100);
	advance_us(100000);
	inject(ACK, .seq = P(1), .ack = S(201));
	/* RTTVAR = 3/4 * 112.5 + 1/4 * 200 = 134.375, SRTT = 7/8 * 300 + 1/8 * 100 = 275. */
	CU_ASSERT_TRUE(app_info().rttvar_us >= 134200 && app_info().rttvar_us <= 134500);
	CU_ASSERT_TRUE(app_info().rtt_us >= 274900 && app_info().rtt_us <= 275100);
	CU_ASSERT_EQUAL(app_info().min_rtt_us, 100000);
}

/* The handshake's, and one a round trip, however many segments it has. */
static void
a_round_trip_is_counted_once(void)
{
	const struct isla_hist *rtt = &isla_stack_hists(peer.host.stack)->hist[ISLA_HIST_TCP_RTT];

	establish_with_rtt(300000);
	CU_ASSERT_EQUAL(rtt->nb, 1);
	CU_ASSERT_EQUAL(rtt->sum, 300000);
	app_send(3 * peer.mss);
	expect_segs(1, 3);
	advance_us(100000);
	inject(ACK, .seq = P(1), .ack = S(1 + peer.mss));
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * peer.mss));
	inject(ACK, .seq = P(1), .ack = S(1 + 3 * peer.mss));
	CU_ASSERT_EQUAL(rtt->nb, 2);
	CU_ASSERT_TRUE(rtt->sum >= 400000 && rtt->sum < 401000);
	CU_ASSERT_EQUAL(rtt->max, 300000);
	isla_stack_stats_clear(peer.host.stack);
	CU_ASSERT_EQUAL(rtt->nb, 0);
}

static void
rto_has_a_minimum(void)
{
	establish_with_rtt(1000);
	CU_ASSERT_EQUAL(app_info().rto_us, 201000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(201000, ACK, .seq = S(1), .ack = P(1), .len = 100);
}

static void
rto_has_a_maximum(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.rto_max_us = 2000000});
	establish_with_rtt(300000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(900000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(1800000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	for (i = 0; i < 5; i++)
		expect_after(2000000, ACK, .seq = S(1), .ack = P(1), .len = 100);
}

/* RFC 6298, 3: what was retransmitted gives no sample. */
static void
karn(void)
{
	establish_with_rtt(300000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(900000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	advance_us(1000);
	inject(ACK, .seq = P(1), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().rtt_us, 300000);
	CU_ASSERT_EQUAL(app_info().rttvar_us, 150000);
	CU_ASSERT_EQUAL(app_info().min_rtt_us, 300000);
}

/* Nor does an ACK that covers, with others, what was retransmitted: it waited for that. */
static void
ack_of_a_filled_hole_gives_no_sample(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	establish_with_rtt(100000);
	app_send(10u * mss);
	expect_segs(1, 10);
	advance_us(100000);
	for (i = 0; i < 3; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	advance_us(100000);
	inject(ACK, .seq = P(1), .ack = S(1 + 10 * mss));
	CU_ASSERT_EQUAL(app_info().rtt_us, 100000);
	CU_ASSERT_EQUAL(app_info().rttvar_us, 50000);
}

/* Nor does a handshake whose SYN,ACK was retransmitted. RFC 6298, 5.7: the timer expired while a
 * SYN was waiting, so the data begins with 3 s. */
static void
retransmitted_syn_ack_gives_no_sample(void)
{
	syn_received();
	expect_after(1000000, SYN | ACK, .seq = S(0), .ack = P(1));
	advance_us(1000);
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app_info().rtt_us, 0);
	CU_ASSERT_EQUAL(app_info().rto_us, 3000000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(3000000, ACK, .seq = S(1), .ack = P(1), .len = 100);
}

/* RFC 6298, 5.3: an ACK of new data restarts the timer. */
static void
new_ack_restarts_the_timer(void)
{
	establish_with_rtt(1000);
	app_send(3u * peer.mss);
	expect_segs(1, 3);
	advance_us(150000);
	inject(ACK, .seq = P(1), .ack = S(1 + peer.mss));
	advance_us(150000);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * peer.mss));
	advance_us(150000);
	expect_nothing();
	/* One that acknowledges nothing new does not. */
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * peer.mss), .wnd = 60000);
	advance_us(app_info().rto_us - 150000 + TIMER_SLACK_US);
	expect(ACK, .seq = S(1 + 2 * peer.mss), .ack = P(1), .len = peer.mss);
	expect_nothing();
}

static void
timer_stops_when_all_is_acknowledged(void)
{
	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	inject(ACK, .seq = P(1), .ack = S(101));
	advance_us(1000000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* RFC 9293, 3.8.3: R2. */
static void
data_is_given_up(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.data_retries = 3});
	establish_with_rtt(300000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(900000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(1800000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(3600000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	advance_us(7200000 + TIMER_SLACK_US);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	peer_drain(); /* a reset is allowed */
	expect_closed();
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
}

static void
default_retries(void)
{
	unsigned int nb = 0;

	establish_with_rtt(1000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	while (app.nb_error == 0 && nb < 100) {
		advance_to_frame(130000000);
		while (peer_nb_pending() > 0 && !(take()->flags & RST))
			nb++;
	}
	CU_ASSERT_EQUAL(nb, 15);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
}

/* RFC 6928: ten segments. */
static void
initial_window(void)
{
	established_passive();
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 10u * peer.mss);
	app_send(20u * peer.mss);
	expect_segs(1, 10);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 10u * peer.mss);
}

/* RFC 5681, 3.1: one segment where the SYN,ACK was lost; RFC 6928, 2: but not on account of the
 * first retransmission, which a timer of 1 s may have made needlessly. */
static void
initial_window_after_lost_syn_acks(void)
{
	syn_received();
	expect_after(1000000, SYN | ACK, .seq = S(0), .ack = P(1));
	expect_after(2000000, SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	app_send(20u * peer.mss);
	expect_segs(1, 1);
}

/* RFC 5681, 3.1: slow start adds at most what was acknowledged, and a segment at most (RFC 3465
 * with L = 2: two). */
static void
slow_start(void)
{
	uint32_t acked = 0, sent = 10, i, cwnd;

	established_passive();
	app_send(60u * peer.mss);
	expect_segs(1, 10);
	for (i = 0; i < 10; i++) {
		uint32_t nb;

		cwnd = app_info().snd_cwnd_bytes;
		inject(ACK, .seq = P(1), .ack = S(1 + (acked + 1) * peer.mss));
		acked++;
		CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, cwnd + peer.mss);
		nb = peer_nb_pending();
		CU_ASSERT_EQUAL(nb, 2);
		expect_segs(1 + sent * peer.mss, nb);
		sent += nb;
	}
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 20u * peer.mss);
}

/* A peer that acknowledges byte by byte must not make us burst (RFC 3465; Savage et al.). */
static void
divided_acks_do_not_open_the_window(void)
{
	uint32_t i, cwnd;

	established_passive();
	app_send(60u * peer.mss);
	peer_drain();
	cwnd = app_info().snd_cwnd_bytes;
	for (i = 1; i <= peer.mss; i += 10)
		inject(ACK, .seq = P(1), .ack = S(1 + i));
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= cwnd + 2u * peer.mss);
	peer_drain();
}

/* A program that sends little does not earn a large window (RFC 2861, RFC 7661 in spirit). */
static void
unused_window_does_not_grow(void)
{
	uint32_t i, cwnd = 0;

	established_passive();
	for (i = 0; i < 100; i++) {
		app_send(10);
		expect(ACK, .seq = S(1 + 10 * i), .ack = P(1), .len = 10);
		inject(ACK, .seq = P(1), .ack = S(11 + 10 * i));
		cwnd = app_info().snd_cwnd_bytes;
	}
	CU_ASSERT_TRUE(cwnd <= 20u * peer.mss);
}

/* RFC 5681, 3.2. */
static void
fast_retransmit(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	established_passive();
	app_send(10u * mss);
	expect_segs(1, 10);
	inject(ACK, .seq = P(1), .ack = S(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, 5u * mss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_FAST_RETRANS), 1);
	CU_ASSERT_TRUE(counter(ISLA_C_TCP_DUP_ACKS_IN) >= 3);
	/* Further ones do not send it again. */
	for (i = 0; i < 6; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1 + 10 * mss));
	expect_nothing();
	CU_ASSERT_FALSE(app_info().in_recovery);
	/* RFC 6582, 3.2, step 3: ssthresh at most. */
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 5u * mss);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 1u * mss);
	advance_us(100000000);
	expect_nothing();
}

/* RFC 6582, 3.2: a partial ACK shows the next hole, which is sent at once. */
static void
partial_ack_retransmits_the_next_hole(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	established_passive();
	app_send(10u * mss);
	expect_segs(1, 10);
	for (i = 0; i < 3; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	inject(ACK, .seq = P(1), .ack = S(1 + 4 * mss));
	expect(ACK, .seq = S(1 + 4 * mss), .ack = P(1), .len = mss);
	CU_ASSERT_TRUE(app_info().in_recovery);
	inject(ACK, .seq = P(1), .ack = S(1 + 10 * mss));
	CU_ASSERT_FALSE(app_info().in_recovery);
	expect_nothing();
}

/* RFC 5681, 2: what is no duplicate ACK: with data, with another window, with nothing in flight. */
static void
what_is_no_duplicate_ack(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	established_passive();
	for (i = 0; i < 5; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	app_send(5u * mss);
	expect_segs(1, 5);
	for (i = 0; i < 5; i++)
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = (int32_t)(40000 + i));
	expect_nothing();
	for (i = 0; i < 5; i++)
		inject(ACK, .seq = P(1 + 10 * i), .ack = S(1), .len = 10);
	while (peer_nb_pending() > 0)
		CU_ASSERT_EQUAL(take()->len, 0);
	CU_ASSERT_FALSE(app_info().in_recovery);
}

/* RFC 5681, 3.2: three in one burst are three. */
static void
duplicate_acks_in_one_burst(void)
{
	unsigned int i;

	established_passive();
	app_send(10u * peer.mss);
	expect_segs(1, 10);
	burst_begin();
	for (i = 0; i < 3; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	burst_end();
	expect(ACK, .seq = S(1), .ack = P(1), .len = peer.mss);
	expect_nothing();
}

/* RFC 5681, 3.1, equation 4: half of what was in flight, and one segment to begin with. */
static void
timeout_closes_the_congestion_window(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(20u * mss);
	expect_segs(1, 10);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, 5u * mss);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, mss);
	/* A second timeout of the same segment does not halve again. */
	expect_after(400000, ACK, .seq = S(1), .ack = P(1), .len = mss);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, 5u * mss);
	expect_nothing();
	/* Slow start from there: one acknowledged, two may go. */
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 2u * mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + 2 * mss), .ack = P(1), .len = mss);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1 + 10 * mss));
	CU_ASSERT_TRUE(peer_nb_pending() >= 2);
	CU_ASSERT_EQUAL(take()->seq, S(1 + 10 * mss));
	peer_drain();
}

/* The peer has the rest already: nothing that it acknowledged is sent again. */
static void
ack_of_everything_after_a_timeout(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(10u * mss);
	expect_segs(1, 10);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = mss);
	inject(ACK, .seq = P(1), .ack = S(1 + 10 * mss));
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	advance_us(100000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

/* An ACK in the middle of a segment: what remains of it is sent. */
static void
ack_within_a_segment(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(3u * mss);
	expect_segs(1, 3);
	inject(ACK, .seq = P(1), .ack = S(101));
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 3u * mss - 100);
	advance_to_frame(3000000);
	CU_ASSERT_EQUAL(take()->seq, S(101));
	CU_ASSERT_TRUE(peer.last.frame.seg.len >= mss - 100);
	CU_ASSERT_TRUE(pattern_is(peer.last.frame.seg.data, S(101), peer.last.frame.seg.len));
	inject(ACK, .seq = P(1), .ack = S(1 + 3 * mss));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	peer_drain();
}

/* The retransmission carries the present ACK and window. */
static void
retransmission_acknowledges(void)
{
	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	expect_after(40000, ACK, .seq = S(101), .ack = P(11));
	advance_to_frame(1000000);
	expect(ACK, .seq = S(1), .ack = P(11), .len = 100);
}

/* RFC 6582's recover is compared with what is acknowledged now, however long ago it was set. */
static void
fast_retransmit_after_two_gigabytes(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app.conn->recover = app.conn->snd_una - 0x7fffffff;
	app_send(10u * mss);
	expect_segs(1, 10);
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	peer_drain();
}

/* RFC 5681, 3.1: beyond ssthresh about one segment a round trip. */
static void
congestion_avoidance(void)
{
	uint16_t mss = peer.mss;
	uint32_t acked = 0, start, i;

	established_passive();
	app_send(100u * mss);
	expect_segs(1, 10);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = mss);
	/* The duplicate says that the timeout was no mistake (RFC 5682). */
	acked++;
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	/* Up to ssthresh = 5 segments in slow start, one ACK a segment. */
	for (i = 0; app_info().snd_cwnd_bytes < 5u * mss && i < 20; i++) {
		acked++;
		inject(ACK, .seq = P(1), .ack = S(1 + acked * mss));
	}
	start = app_info().snd_cwnd_bytes;
	CU_ASSERT_TRUE(start <= 6u * mss);
	/* Three windows' worth of ACKs. */
	for (i = 0; i < 3 * 6; i++) {
		acked++;
		inject(ACK, .seq = P(1), .ack = S(1 + acked * mss));
	}
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= start + 1u * mss);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= start + 4u * mss);
	peer_drain();
}

/* RFC 5681, 4.1: after an idle time longer than the RTO no more than the initial window. */
static void
restart_after_idle(void)
{
	uint16_t mss = peer.mss;
	uint32_t acked = 0, i;

	established_passive();
	app_send(40u * mss);
	for (i = 0; i < 40; i++) {
		peer_drain();
		acked += mss;
		inject(ACK, .seq = P(1), .ack = S(1 + acked));
	}
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 20u * mss);
	expect_nothing();
	/* Shorter than that, all of the window may be used. */
	advance_us(100000);
	app_send(20u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 20);
	acked += 20u * mss;
	inject(ACK, .seq = P(1), .ack = S(1 + acked));
	advance_us(app_info().rto_us + 100000);
	app_send(20u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 10);
}

/* The pool is dry when the retransmission is due: it is made later. */
static void
no_mbuf_for_the_retransmission(void)
{
	establish_with_rtt(1000);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	heap_pool_set_limit(peer.host.pool, heap_pool_in_use(peer.host.pool));
	advance_us(1000000);
	expect_nothing();
	heap_pool_set_limit(peer.host.pool, 65536);
	advance_to_frame(10000000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	inject(ACK, .seq = P(1), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(first_sample_sets_rto),
	SUITE_TEST(later_samples_are_smoothed),
	SUITE_TEST(a_round_trip_is_counted_once),
	SUITE_TEST(rto_has_a_minimum),
	SUITE_TEST(rto_has_a_maximum),
	SUITE_TEST(karn),
	SUITE_TEST(ack_of_a_filled_hole_gives_no_sample),
	SUITE_TEST(retransmitted_syn_ack_gives_no_sample),
	SUITE_TEST(new_ack_restarts_the_timer),
	SUITE_TEST(timer_stops_when_all_is_acknowledged),
	SUITE_TEST(data_is_given_up),
	SUITE_TEST(default_retries),
	SUITE_TEST(initial_window),
	SUITE_TEST(initial_window_after_lost_syn_acks),
	SUITE_TEST(slow_start),
	SUITE_TEST(divided_acks_do_not_open_the_window),
	SUITE_TEST(unused_window_does_not_grow),
	SUITE_TEST(fast_retransmit),
	SUITE_TEST(partial_ack_retransmits_the_next_hole),
	SUITE_TEST(what_is_no_duplicate_ack),
	SUITE_TEST(duplicate_acks_in_one_burst),
	SUITE_TEST(timeout_closes_the_congestion_window),
	SUITE_TEST(ack_of_everything_after_a_timeout),
	SUITE_TEST(ack_within_a_segment),
	SUITE_TEST(retransmission_acknowledges),
	SUITE_TEST(congestion_avoidance),
	SUITE_TEST(fast_retransmit_after_two_gigabytes),
	SUITE_TEST(restart_after_idle),
	SUITE_TEST(no_mbuf_for_the_retransmission),
};

int
main(void)
{
	/* The windows below are those of RFC 5681. */
	peer_cc = "newreno";
	return peer_suite_run(tests, RTE_DIM(tests));
}
