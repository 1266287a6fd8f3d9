/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loss by time (RACK) and the tail loss probe: RFC 8985. How much leaves in recovery: RFC 9937.
 * What proves needless is undone: RFC 3522 and RFC 4015 (timestamps), RFC 3708 (D-SACK).
 */

#include <string.h>

#include "peer_opts.h"

#define RTT_US 100000

/* S(n) of the i-th full segment. */
static uint32_t
at(unsigned int i)
{
	return 1 + i * app_info().snd_mss;
}

#define expect_seg(i) expect(ACK, .seq = S(at(i)), .ack = P(1), .len = app_info().snd_mss)
#define expect_seg_after(us, i) \
	expect_after(us, ACK, .seq = S(at(i)), .ack = P(1), .len = app_info().snd_mss)
#define ack_all(i) inject_opts(ACK, .seq = P(1), .ack = S(at(i)))

/* nb full segments are queued; those that the window lets out have been looked at. */
static void
send_segs(unsigned int nb)
{
	unsigned int first = app.tx_len / app_info().snd_mss, i;

	app_send(nb * app_info().snd_mss);
	for (i = first; peer_nb_pending() > 0; i++)
		expect_seg(i);
}

/* A connection with a round-trip time of RTT_US on which nb segments have been sent. */
static void
flight(unsigned int nb)
{
	establish_opts(true, false, RTT_US);
	send_segs(nb);
}

/* RFC 8985, 6.2, step 4: with DupThresh segments SACKed no time is lost. */
static void
three_sacked_segments(void)
{
	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(2));
	inject_sack(at(0), at(1), at(3));
	expect_nothing();
	CU_ASSERT_FALSE(app_info().in_recovery);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, 5u * app_info().snd_mss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_FAST_RETRANS), 1);
}

/* One ACK may report three of them. */
static void
three_sacked_at_once(void)
{
	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	expect_nothing();
}

/* Fewer than that: a quarter of the round-trip time later than it should have been here. */
static void
the_reordering_window_passes(void)
{
	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(2));
	expect_seg_after(RTT_US / 4, 0);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_recovery);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
}

static void
late_is_not_lost(void)
{
	uint32_t cwnd;

	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(2));
	cwnd = app_info().snd_cwnd_bytes;
	advance_us(RTT_US / 4 - 1000);
	expect_nothing();
	ack_all(10);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= cwnd);
	advance_us(10000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 0);
}

/* 6.2, steps 3 and 4: once reordering was seen, three segments prove nothing, time does. */
static void
reordering_was_seen(void)
{
	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(2));
	ack_all(2);
	inject_sack(at(2), at(3), at(6));
	expect_nothing();
	expect_seg_after(RTT_US / 4, 2);
	expect_nothing();
}

/* 3.2: what was sent with or after what has arrived is not lost yet. */
static void
only_what_was_sent_before(void)
{
	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(3), at(6));
	/* 0 to 2 are lost, 6 to 9 are on their way; one leaves at once, the others as PRR has it.
	 */
	expect_seg(0);
	inject_sack(at(1), at(3), at(7));
	inject_sack(at(1), at(3), at(8));
	inject_sack(at(1), at(3), at(9));
	inject_sack(at(1), at(3), at(10));
	expect_seg(1);
	expect_seg(2);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 3);
}

/* 3.4: a retransmission is found lost by what was sent after it. */
static void
a_lost_retransmission(void)
{
	unsigned int i, nb = 0;

	establish_opts(true, false, RTT_US);
	send_segs(30);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	expect_nothing();
	advance_us(1000);
	for (i = 5; i <= 10; i++)
		inject_sack(at(0), at(1), at(i));
	/* New data, later than the retransmission. */
	expect_seg(10);
	peer_drain();
	advance_us(RTT_US - 1000);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
	advance_us(1000);
	inject_sack(at(0), at(1), at(11));
	while (peer_nb_pending() > 0)
		nb += take()->seq == S(at(0));
	CU_ASSERT_EQUAL(nb, 1);
	CU_ASSERT_EQUAL(app_info().total_retrans, 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
	/* Once for a window: no second reduction. */
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_FAST_RETRANS), 1);
}

/* 6.2, step 2: the ACK of a retransmission, told by its timestamp, makes older segments lost; ours
 * count milliseconds, and what was sent in the last microsecond of one is no exception. */
static void
a_delivered_retransmission(void)
{
	establish_opts(true, true, RTT_US);
	send_segs(10);
	advance_us(RTT_US + 999 - (peer.now_us + RTT_US) % 1000);
	inject_sack(at(0), at(1), at(9));
	expect_seg(0);
	expect_nothing();
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(RTT_US + 1);
	ack_all(9);
	expect_seg(9);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
}

/* That of the first transmission, which was late, tells nothing of that kind. */
static void
an_ack_too_early_for_a_retransmission(void)
{
	establish_opts(true, false, RTT_US);
	send_segs(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(9));
	expect_seg(0);
	advance_us(1000);
	ack_all(9);
	expect_nothing();
}

/* RFC 8985, 6.2, step 4: each round trip with a D-SACK widens the window by a quarter of the
 * round-trip time, 16 recoveries without one make it narrow again. */
static void
dsack_widens_the_window(void)
{
	unsigned int next = 20, i;

	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	advance_us(RTT_US / 10);
	ack_all(10);
	advance_us(RTT_US * 9 / 10);
	inject_sack(at(10), at(0), at(1));
	send_segs(10);
	advance_us(RTT_US);
	inject_sack(at(10), at(11), at(12));
	expect_seg_after(RTT_US / 2, 10);
	advance_us(RTT_US);
	ack_all(20);
	/* That was the first. */
	for (i = 0; i < 15; i++) {
		CU_ASSERT_FALSE(app_info().in_recovery);
		send_segs(2);
		advance_us(RTT_US);
		inject_sack(at(next), at(next + 1), at(next + 2));
		expect_seg_after(RTT_US / 2, next);
		advance_us(RTT_US / 5);
		next += 2;
		ack_all(next);
	}
	send_segs(2);
	advance_us(RTT_US);
	inject_sack(at(next), at(next + 1), at(next + 2));
	expect_seg_after(RTT_US / 4, next);
}

/* 6.3: the timer makes the first segment lost and those that are old; what was sent less than a
 * round trip ago is still on its way. */
static void
a_timeout_spares_what_is_new(void)
{
	flight(1);
	advance_us(RTT_US);
	ack_all(1);
	send_segs(2);
	advance_to_frame(10000000);
	expect_seg(2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	advance_us(app_info().rto_us - RTT_US / 2);
	send_segs(2);
	advance_to_frame(10000000);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
	expect_seg(1);
	expect_nothing();
	/* The first transmissions were late. */
	advance_us(RTT_US / 10);
	ack_all(3);
	expect_nothing();
	ack_all(5);
	CU_ASSERT_EQUAL(app_info().total_retrans, 2);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

/* What is old is lost with the first, and comes as slow start lets it. */
static void
a_timeout_takes_the_old_for_lost(void)
{
	flight(1);
	advance_us(RTT_US);
	ack_all(1);
	send_segs(5);
	advance_to_frame(10000000);
	expect_seg(5);
	advance_to_frame(10000000);
	expect_seg(1);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
	advance_us(RTT_US);
	ack_all(2);
	expect_seg(2);
	expect_seg(3);
	expect_nothing();
}

/* The tail loss probe. */

/* RFC 8985, 7.2 and 7.3: after two round trips the last segment once more; then the timer. */
static void
the_last_segment_is_the_probe(void)
{
	flight(3);
	expect_seg_after(2 * RTT_US, 2);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 10u * app_info().snd_mss);
	/* Once a flight; the timer begins anew with the probe. */
	expect_seg_after(3 * RTT_US, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
}

static void
new_data_is_the_probe(void)
{
	flight(12);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 10u * app_info().snd_mss);
	expect_seg_after(2 * RTT_US, 10);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	CU_ASSERT_EQUAL(app_info().total_retrans, 0);
	/* Its ACK ends it: the next flight has a probe of its own. */
	advance_us(RTT_US);
	ack_all(11);
	expect_seg(11);
	CU_ASSERT_TRUE(advance_to_frame(10000000) > 0);
	expect_seg(11);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
}

/* New data that the peer's window does not take is none. */
static void
the_probe_keeps_to_the_window(void)
{
	establish_opts(true, false, RTT_US);
	inject_opts(ACK, .seq = P(1), .ack = S(1), .wnd = 3 * app_info().snd_mss);
	send_segs(6);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 3u * app_info().snd_mss);
	expect_seg_after(2 * RTT_US, 2);
}

static void
a_probe_has_a_minimum(void)
{
	establish_opts(true, false, 1000);
	send_segs(3);
	expect_seg_after(10000, 2);
}

/* 7.2: a single segment may wait for a delayed ACK. */
static void
a_single_segment_waits_longer(void)
{
	establish_opts(true, false, 300000);
	send_segs(1);
	expect_seg_after(2 * 300000 + 200000, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
}

/* 7.2, TLP_calc_PTO(): no later than the retransmission timer, whose place it takes then. */
static void
a_probe_is_not_later_than_the_timer(void)
{
	flight(1);
	expect_seg_after(3 * RTT_US, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 10u * app_info().snd_mss);
	expect_seg_after(3 * RTT_US, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
}

/* 7.1: only with SACK. */
static void
no_probe_without_sack(void)
{
	establish_opts(false, false, RTT_US);
	send_segs(3);
	expect_seg_after(3 * RTT_US, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 0);
}

/* 7.2: neither in recovery nor while the peer has something out of order. */
static void
no_probe_in_recovery(void)
{
	flight(5);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	/* Its deadline would have come after 200 ms; the timer's comes after 300 ms. */
	advance_us(2 * RTT_US - TIMER_SLACK_US - 1000);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 0);
}

#define SHORT_RTT_US 1000
#define PTO_MIN_US   10000

/* Of four segments the first is lost, and so is its retransmission. What the SACKs let
 * out has arrived. */
static void
lost_retransmission(uint32_t rtt_us, unsigned int nb_waiting)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.init_cwnd_segs = 4});
	establish_opts(true, false, rtt_us);
	send_segs(4 + nb_waiting);
	advance_us(rtt_us);
	for (i = 2; i <= 4; i++)
		inject_sack(at(0), at(1), at(i));
	peer_drain();
	CU_ASSERT_TRUE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

/* Beyond 7.2: the path is much shorter than the least RTO, and nothing else would tell. */
static void
a_probe_shows_the_lost_retransmission(void)
{
	lost_retransmission(SHORT_RTT_US, 20);
	expect_seg_after(PTO_MIN_US, 6);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	advance_us(SHORT_RTT_US);
	inject_sack(at(0), at(6), at(7));
	expect_seg(0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
	CU_ASSERT_TRUE(app_info().in_recovery);
}

/* One of them; if it is lost, too, the timer is next. */
static void
one_probe_in_recovery(void)
{
	lost_retransmission(SHORT_RTT_US, 20);
	expect_seg_after(PTO_MIN_US, 6);
	advance_us(10 * PTO_MIN_US);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	advance_us(11 * PTO_MIN_US);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
}

/* Where the RTO is the path's own it is soon enough. */
static void
no_probe_in_recovery_on_a_long_path(void)
{
	lost_retransmission(RTT_US, 20);
	/* The timer has run since the first of them was sent. */
	expect_seg_after(2 * RTT_US, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
}

/* It is new data or nothing: what is lost is sent again when it is known to be. */
static void
no_probe_in_recovery_without_data(void)
{
	lost_retransmission(SHORT_RTT_US, 2);
	advance_us(15 * PTO_MIN_US);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 0);
}

/* The ACK that ends a recovery arms it for what is in flight. */
static void
a_probe_after_recovery(void)
{
	flight(12);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(10));
	expect_seg(0);
	while (peer_nb_pending() > 0)
		CU_ASSERT_TRUE(take()->seq == S(at(10)) ||
			peer.last.frame.seg.seq == S(at(11)));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 12u * app_info().snd_mss);
	advance_us(RTT_US);
	ack_all(10);
	expect_nothing();
	CU_ASSERT_FALSE(app_info().in_recovery);
	expect_seg_after(2 * app_info().rtt_us, 11);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
}

/* 7.2: acknowledged data moves the deadline. */
static void
an_ack_moves_the_probe(void)
{
	uint32_t wait;

	flight(3);
	advance_us(RTT_US);
	ack_all(1);
	wait = 2 * app_info().rtt_us;
	expect_seg_after(wait, 2);
}

/* 7.4.1: the probe was needless: a D-SACK says so, or a second ACK; there was no loss. */
static void
a_needless_probe(void)
{
	unsigned int dsack;

	for (dsack = 0; dsack < 2; dsack++) {
		peer_restart(&(const struct sim_host_conf){.number = 0});
		flight(3);
		expect_seg_after(2 * RTT_US, 2);
		ack_all(3);
		if (dsack)
			inject_sack(at(3), at(2), at(3));
		else
			ack_all(3);
		send_segs(3);
		advance_us(RTT_US);
		ack_all(4);
		CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 10u * app_info().snd_mss);
		CU_ASSERT_TRUE(app_info().snd_ssthresh_bytes > 10u * app_info().snd_mss);
		/* And the next flight has its own. */
		advance_to_frame(10000000);
		expect_seg(5);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 2);
	}
}

/* 7.4.1: it has repaired the only loss: congestion control must hear of it. */
static void
a_probe_that_repaired(void)
{
	flight(10);
	advance_us(RTT_US);
	ack_all(9);
	expect_nothing();
	advance_to_frame(10000000);
	expect_seg(9);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
	advance_us(RTT_US);
	ack_all(10);
	send_segs(5);
	advance_us(RTT_US);
	ack_all(11);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 5u * app_info().snd_mss);
	CU_ASSERT_FALSE(app_info().in_recovery);
}

/* 7.4.2: the SACK of the probe shows what else of the tail is lost. */
static void
a_probe_shows_the_loss(void)
{
	flight(5);
	advance_us(RTT_US);
	ack_all(3);
	advance_to_frame(10000000);
	expect_seg(4);
	advance_us(RTT_US);
	inject_sack(at(3), at(4), at(5));
	expect_seg(3);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_recovery);
	advance_us(RTT_US);
	ack_all(5);
	CU_ASSERT_FALSE(app_info().in_recovery);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
}

/* Proportional rate reduction. */

/* Twenty segments in flight and more to send. */
static void
flight_of_twenty(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.init_cwnd_segs = 20});
	peer.wscale = WSCALE(4);
	establish_opts(true, false, RTT_US);
	send_segs(60);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 20u * app_info().snd_mss);
	advance_us(RTT_US);
}

/* RFC 9937, 6.2: while more is in flight than ssthresh, half of what arrives may leave. */
static void
prr_is_proportional(void)
{
	uint32_t delivered, out;

	flight_of_twenty();
	inject_sack(at(0), at(1), at(4));
	out = peer_drain();
	CU_ASSERT_EQUAL(out, 1);
	/* CEIL(prr_delivered * ssthresh / RecoverFS) in bytes, of which whole segments leave. */
	for (delivered = 4; delivered < 16; delivered++) {
		inject_sack(at(0), at(1), at(1 + delivered));
		out += peer_drain();
		CU_ASSERT_EQUAL(out, delivered / 2);
		CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, 10u * app_info().snd_mss);
	}
	/* No more than ssthresh are in flight: each lets out what is missing to that. */
	for (; delivered <= 19; delivered++) {
		inject_sack(at(0), at(1), at(1 + delivered));
		CU_ASSERT_TRUE(peer_nb_pending() <= 1);
		out += peer_drain();
	}
	CU_ASSERT_EQUAL(out, 10);
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
	/* 5: at the end ssthresh is the window. */
	ack_all(20);
	CU_ASSERT_FALSE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 10u * app_info().snd_mss);
}

/* RFC 9937, 6.2: less than ssthresh is in flight. One for one, and slow start's two for one only
 * where snd_una moves and nothing else is found lost. */
static void
prr_after_heavy_loss(void)
{
	flight_of_twenty();
	/* Three have arrived: three leave. */
	inject_sack(at(0), at(15), at(18));
	CU_ASSERT_EQUAL(peer_drain(), 3);
	inject_sack(at(0), at(15), at(19));
	CU_ASSERT_EQUAL(peer_drain(), 1);
	inject_sack(at(0), at(15), at(20));
	CU_ASSERT_EQUAL(peer_drain(), 1);
	CU_ASSERT_EQUAL(app_info().total_retrans, 5);
	/* Each retransmission that arrives lets out two. */
	advance_us(RTT_US);
	ack_all(1);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	ack_all(2);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	CU_ASSERT_TRUE(app_info().in_recovery);
}

/* An ACK of several segments lets out no more than what it says has arrived, and one. */
static void
prr_does_not_burst(void)
{
	flight_of_twenty();
	inject_sack(at(0), at(10), at(13));
	CU_ASSERT_TRUE(peer_drain() <= 4);
	inject_sack(at(0), at(10), at(20));
	CU_ASSERT_TRUE(peer_drain() <= 8);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 10u * app_info().snd_mss);
}

/* Four segments fill the window, and more wait. */
static void
flight_of_four(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.init_cwnd_segs = 4});
	establish_opts(true, false, RTT_US);
	send_segs(60);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 4u * app_info().snd_mss);
	advance_us(RTT_US);
}

/* RFC 3042, RFC 9937: what the first two ACKs let out beyond what is SACKed leaves also where the
 * third comes in the same burst; without it a lost retransmission would have nothing behind it. */
static void
a_burst_lets_out_what_its_acks_do(void)
{
	flight_of_four();
	inject_sack(at(0), at(1), at(2));
	expect_seg(4);
	inject_sack(at(0), at(1), at(3));
	expect_seg(5);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	expect_nothing();
	flight_of_four();
	burst_begin();
	inject_sack(at(0), at(1), at(2));
	inject_sack(at(0), at(1), at(3));
	inject_sack(at(0), at(1), at(4));
	burst_end();
	expect_seg(0);
	expect_seg(4);
	expect_seg(5);
	expect_nothing();
}

/* Heavy loss, and retransmissions that arrive: returns what leaves. */
static uint32_t
recover_from_heavy_loss(bool as_burst)
{
	unsigned int i;
	uint32_t out;

	flight_of_twenty();
	inject_sack(at(0), at(15), at(20));
	out = peer_drain();
	advance_us(RTT_US);
	if (as_burst)
		burst_begin();
	for (i = 1; i <= 4; i++) {
		ack_all(i);
		if (!as_burst)
			out += peer_drain();
	}
	if (as_burst) {
		burst_end();
		out += peer_drain();
	}
	CU_ASSERT_TRUE(app_info().in_recovery);
	return out;
}

/* Slow start's two for one, ACK by ACK. */
static void
a_burst_in_recovery_counts_ack_by_ack(void)
{
	uint32_t each = recover_from_heavy_loss(false);

	CU_ASSERT_TRUE(each > 5 + 4);
	CU_ASSERT_EQUAL(recover_from_heavy_loss(true), each);
}

/* Nothing was held back by the window: then there is nothing to make up for. */
static void
a_burst_with_nothing_to_send(void)
{
	flight(4);
	advance_us(RTT_US);
	burst_begin();
	inject_sack(at(0), at(1), at(2));
	inject_sack(at(0), at(1), at(3));
	inject_sack(at(0), at(1), at(4));
	burst_end();
	expect_seg(0);
	app_send(20 * app_info().snd_mss);
	CU_ASSERT_TRUE(peer_drain() <= 1);
}

/* Undo. */

/* RFC 3522: the ACK of the first retransmission echoes a timestamp from before it. */
static void
eifel_after_fast_retransmit(void)
{
	uint32_t ssthresh;

	establish_opts(true, true, RTT_US);
	ssthresh = app_info().snd_ssthresh_bytes;
	send_segs(10);
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	CU_ASSERT_TRUE(app_info().snd_ssthresh_bytes < ssthresh);
	advance_us(5000);
	ack_all(4);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 1);
	CU_ASSERT_FALSE(app_info().in_recovery);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 10u * app_info().snd_mss);
	/* Slow start goes on with what this ACK brought. */
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 14u * app_info().snd_mss);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, ssthresh);
	ack_all(10);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 1);
}

static void
a_true_loss_is_not_undone(void)
{
	establish_opts(true, true, RTT_US);
	send_segs(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(RTT_US);
	ack_all(10);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 0);
	CU_ASSERT_FALSE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 5u * app_info().snd_mss);
}

/* RFC 4015: after a timeout, too; and what was taken for lost is not sent again. */
static void
eifel_after_a_timeout(void)
{
	establish_opts(false, true, RTT_US);
	send_segs(10);
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	expect_seg_after(3 * RTT_US, 0);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, app_info().snd_mss);
	advance_us(1000);
	ack_all(1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 1);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 10u * app_info().snd_mss);
	CU_ASSERT_TRUE(app_info().snd_ssthresh_bytes > 10u * app_info().snd_mss);
	expect_nothing();
	ack_all(10);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

/* RFC 3708: every retransmission has arrived twice. */
static void
dsack_undo(void)
{
	uint32_t ssthresh;

	flight(10);
	ssthresh = app_info().snd_ssthresh_bytes;
	advance_us(RTT_US);
	inject_sack(at(0), at(2), at(5));
	expect_seg(0);
	inject_sack(at(0), at(2), at(10));
	expect_seg(1);
	expect_nothing();
	advance_us(5000);
	ack_all(10);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 5u * app_info().snd_mss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 0);
	advance_us(RTT_US);
	inject_sack(at(10), at(0), at(1));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 0);
	inject_sack(at(10), at(1), at(2));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 1);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 10u * app_info().snd_mss);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, ssthresh);
	/* No second time. */
	inject_sack(at(10), at(1), at(2));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 1);
	expect_nothing();
}

/* D-SACKs of what was never sent prove nothing. */
static void
a_dsack_that_cannot_be(void)
{
	flight(10);
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect_seg(0);
	/* Beyond what was sent, within a block that is, too. */
	inject_sack(at(0), at(30), at(31), at(29), at(40));
	inject_sack(at(0), at(30), at(31), at(29), at(40));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 0);
	CU_ASSERT_TRUE(app_info().in_recovery);
}

/* RFC 8985, 6.2, step 1: the shortest round trip is that of the last minutes, not of a path that is
 * there no more. */
static void
the_shortest_round_trip_is_forgotten(void)
{
	flight(1);
	advance_us(RTT_US / 2);
	ack_all(1);
	CU_ASSERT_TRUE(app_info().min_rtt_us <= RTT_US / 2 + 1000);
	advance_us(200000000);
	send_segs(1);
	advance_us(RTT_US);
	ack_all(2);
	CU_ASSERT_TRUE(app_info().min_rtt_us <= RTT_US / 2 + 1000);
	advance_us(101000000);
	send_segs(1);
	advance_us(RTT_US);
	ack_all(3);
	CU_ASSERT_TRUE(app_info().min_rtt_us >= RTT_US);
	CU_ASSERT_TRUE(app_info().min_rtt_us <= RTT_US + 1000);
}

/* Times are the clock's low bits: what was sent last before a long silence is not later than what
 * is sent after it. */
static void
a_long_silence(void)
{
	unsigned int i;

	flight(1);
	advance_us(RTT_US);
	ack_all(1);
	/* More than half of 2^32 us. */
	advance_us(2400000000);
	app_send(2 * app_info().snd_mss);
	expect_seg(1);
	expect_seg(2);
	advance_us(RTT_US / 2);
	app_send(2 * app_info().snd_mss);
	expect_seg(3);
	expect_seg(4);
	advance_us(RTT_US / 2);
	inject_sack(at(1), at(2), at(3));
	expect_seg_after(RTT_US / 4, 1);
	for (i = 0; i < 4; i++)
		advance_us(RTT_US / 8);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(the_shortest_round_trip_is_forgotten),
	SUITE_TEST(three_sacked_segments),
	SUITE_TEST(a_long_silence),
	SUITE_TEST(three_sacked_at_once),
	SUITE_TEST(the_reordering_window_passes),
	SUITE_TEST(late_is_not_lost),
	SUITE_TEST(reordering_was_seen),
	SUITE_TEST(only_what_was_sent_before),
	SUITE_TEST(a_lost_retransmission),
	SUITE_TEST(a_delivered_retransmission),
	SUITE_TEST(an_ack_too_early_for_a_retransmission),
	SUITE_TEST(dsack_widens_the_window),
	SUITE_TEST(a_timeout_spares_what_is_new),
	SUITE_TEST(a_timeout_takes_the_old_for_lost),
	SUITE_TEST(the_last_segment_is_the_probe),
	SUITE_TEST(new_data_is_the_probe),
	SUITE_TEST(the_probe_keeps_to_the_window),
	SUITE_TEST(a_probe_has_a_minimum),
	SUITE_TEST(a_single_segment_waits_longer),
	SUITE_TEST(a_probe_is_not_later_than_the_timer),
	SUITE_TEST(no_probe_without_sack),
	SUITE_TEST(no_probe_in_recovery),
	SUITE_TEST(a_probe_after_recovery),
	SUITE_TEST(a_probe_shows_the_lost_retransmission),
	SUITE_TEST(one_probe_in_recovery),
	SUITE_TEST(no_probe_in_recovery_on_a_long_path),
	SUITE_TEST(no_probe_in_recovery_without_data),
	SUITE_TEST(an_ack_moves_the_probe),
	SUITE_TEST(a_needless_probe),
	SUITE_TEST(a_probe_that_repaired),
	SUITE_TEST(a_probe_shows_the_loss),
	SUITE_TEST(prr_is_proportional),
	SUITE_TEST(prr_after_heavy_loss),
	SUITE_TEST(prr_does_not_burst),
	SUITE_TEST(a_burst_lets_out_what_its_acks_do),
	SUITE_TEST(a_burst_in_recovery_counts_ack_by_ack),
	SUITE_TEST(a_burst_with_nothing_to_send),
	SUITE_TEST(eifel_after_fast_retransmit),
	SUITE_TEST(a_true_loss_is_not_undone),
	SUITE_TEST(eifel_after_a_timeout),
	SUITE_TEST(dsack_undo),
	SUITE_TEST(a_dsack_that_cannot_be),
};

int
main(void)
{
	/* The windows below are those of RFC 5681. */
	peer_cc = "newreno";
	return peer_suite_run(tests, RTE_DIM(tests));
}
