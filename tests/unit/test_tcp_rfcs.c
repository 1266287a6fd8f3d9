/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requirements of RFC 5681, RFC 5927, RFC 5961, RFC 6056, RFC 6298, RFC 7323 and RFC 8985 that no
 * other suite shows. Their names stand in doc/conformance.
 */

#include <string.h>

#include <rte_common.h>

#include "peer_icmp.h"
#include "peer_opts.h"

#define RTT_US 100000

/* Data of n segments, each acknowledged after a round trip of that length. */
static void
round_trips(unsigned int n, uint64_t rtt_us)
{
	uint32_t from = 1 + app.tx_len;
	unsigned int i;

	for (i = 0; i < n; i++) {
		app_send(100);
		expect(ACK, .seq = S(from), .ack = P(1), .len = 100);
		from += 100;
		advance_us(rtt_us);
		inject_opts(ACK, .seq = P(1), .ack = S(from));
	}
}

/* RFC 5681, 3.2 (RFC 3042): the first two duplicates let a new segment out each, which ssthresh
 * does not count; the third sends what is lost, each further one lets one more out. */
static void
duplicate_acks_let_data_out(void)
{
	uint32_t mss = peer.mss, i;

	established_passive();
	app_send(30 * mss);
	CU_ASSERT_EQUAL(peer_drain(), 10);
	for (i = 10; i < 12; i++) {
		inject(ACK, .seq = P(1), .ack = S(1));
		expect(ACK, .seq = S(1 + i * mss), .ack = P(1), .len = (uint16_t)mss);
		expect_nothing();
	}
	inject(ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, 5 * mss);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 8 * mss);
	/* 12 segments are in flight: the window has to grow by more than 4. */
	for (i = 0; i < 4; i++) {
		inject(ACK, .seq = P(1), .ack = S(1));
		expect_nothing();
	}
	for (i = 12; i < 15; i++) {
		inject(ACK, .seq = P(1), .ack = S(1));
		expect(ACK, .seq = S(1 + i * mss), .ack = P(1), .len = (uint16_t)mss);
		expect_nothing();
	}
	inject(ACK, .seq = P(1), .ack = S(1 + 15 * mss));
	CU_ASSERT(app_info().snd_cwnd_bytes <= 5 * mss);
	CU_ASSERT_FALSE(app_info().in_recovery);
}

/* RFC 6056, 3: nor is one that a program listens on. */
static void
a_port_that_listens_is_not_chosen(void)
{
	struct isla_tcp_ends first, second;

	app_connect();
	isla_tcp_get_ends(app.conn, &first);
	/* Again, from the same beginning. */
	peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 0});
	app_connect();
	isla_tcp_get_ends(app.conn, &second);
	CU_ASSERT_EQUAL(first.local_port, second.local_port);
	peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 0});
	listen_on(first.local_port);
	app_connect();
	isla_tcp_get_ends(app.conn, &second);
	CU_ASSERT_NOT_EQUAL(first.local_port, second.local_port);
}

/* RFC 5927, 5.2: a host that says that there is no such port, or protocol, had the connection. */
static void
hard_errors_do_not_abort(void)
{
	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	icmp_about_last((struct icmp_type){3, 2}, (struct icmp_type){4, 1});
	icmp_about_last((struct icmp_type){3, 3}, (struct icmp_type){1, 4});
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK, .seq = P(1), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

/* RFC 5961, 3.2: the peer that knows nothing of the connection answers the challenge, and its
 * sequence number is what the challenge said. */
static void
answer_to_a_challenge_resets(void)
{
	uint32_t seq;

	established_passive();
	inject(RST, .seq = P(100));
	seq = take()->ack;
	CU_ASSERT_EQUAL(peer.last.frame.seg.flags, ACK);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(RST, .seq = seq);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	expect_closed();
}

/* 5.2: as far back as the largest window that the peer has offered, and no further. */
static void
old_acks_are_taken_as_far_as_the_largest_window(void)
{
	unsigned int i;

	peer.wnd = 8000;
	established_passive();
	for (i = 0; i < 10; i++) {
		app_send(1000);
		peer_drain();
		inject(ACK, .seq = P(1), .ack = S(1001 + 1000 * i), .wnd = i == 0 ? 8000 : 4000);
	}
	inject(ACK, .seq = P(1), .ack = S(10001 - 8000), .len = 10);
	expect_received(10);
	peer_drain();
	inject(ACK, .seq = P(11), .ack = S(10001 - 8001), .len = 10);
	expect(ACK, .seq = S(10001), .ack = P(11));
	expect_received(10);
}

/* RFC 5961, 7: as many in a second as are asked for. */
static void
the_number_of_challenges_can_be_set(void)
{
	unsigned int i, second, nb;

	peer_restart_tcp(&(const struct isla_tcp_conf){.challenge_acks = 3});
	established_passive();
	for (second = 0; second < 3; second++) {
		advance_us(1000000);
		for (i = nb = 0; i < 10; i++) {
			inject(SYN, .seq = P(1));
			nb += peer_drain();
		}
		CU_ASSERT_EQUAL(nb, 3);
	}
}

/* RFC 6298, 2.1. */
static void
without_a_sample_the_timer_is_one_second(void)
{
	app_connect();
	expect(SYN, .seq = S(0));
	expect_after(1000000, SYN, .seq = S(0));
	peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 0});
	syn_received();
	expect_after(1000000, SYN | ACK, .seq = S(0), .ack = P(1));
}

/* 3: the smoothed time follows each round trip, with timestamps and without. */
static void
every_round_trip_gives_a_sample(void)
{
	uint32_t before, ts;

	for (ts = 0; ts < 2; ts++) {
		unsigned int i;

		establish_opts(false, ts, RTT_US);
		for (i = 0; i < 10; i++) {
			before = app_info().rtt_us;
			round_trips(1, 2 * RTT_US);
			CU_ASSERT(app_info().rtt_us > before);
		}
		CU_ASSERT(app_info().rtt_us > RTT_US * 3 / 2);
		peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 0});
	}
}

/* 4: RTO = SRTT + max(G, 4 RTTVAR), with the minimum, which is more than the timers' tick, as G. */
static void
variance_is_at_least_a_tick(void)
{
	establish_opts(false, false, 3 * RTT_US);
	round_trips(200, 3 * RTT_US);
	CU_ASSERT_EQUAL(app_info().rttvar_us, 0);
	CU_ASSERT_EQUAL(app_info().rtt_us, 3 * RTT_US);
	CU_ASSERT_EQUAL(app_info().rto_us, 3 * RTT_US + 200000);
}

/* RFC 7323, 2.2: in both directions, and in an active open, too. */
static void
window_of_a_syn_is_not_scaled(void)
{
	app_connect();
	expect(SYN, .seq = S(0), .wnd = 65535);
	CU_ASSERT(peer.last.frame.seg.wscale > WSCALE(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss, .wscale = WSCALE(7),
		.wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 1000);
	expect(ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 128000);
}

/* 2.4: the field is rounded down with each ACK; what an earlier one allowed is taken. */
static void
what_a_window_once_allowed_is_taken(void)
{
	/* Small segments in many mbufs each fill the queue sooner. */
	uint32_t edge = 0, nb = peer.split ? 10 : 200, i;

	peer.wscale = WSCALE(7);
	app.no_read = true;
	established_passive();
	for (i = 0; i < nb; i++) {
		const struct seg *s;
		uint32_t right;

		inject(ACK | PSH, .seq = P(1 + 101 * i), .ack = S(1), .len = 101);
		advance_us(50000);
		s = take();
		CU_ASSERT_EQUAL(s->ack, P(1 + 101 * (i + 1)));
		right = s->ack + ((uint32_t)s->wnd << app_info().rcv_wscale) - P(1);
		edge = RTE_MAX(edge, right);
	}
	CU_ASSERT(edge > 0);
	/* The last byte of it. */
	inject(ACK, .seq = P(edge), .ack = S(1), .len = 1);
	CU_ASSERT_EQUAL(app_info().ooo_segs, 1);
}

/* 3.2. */
static void
reset_carries_timestamps(void)
{
	establish_opts(true, true, RTT_US);
	app_abort();
	CU_ASSERT((take()->flags & RST) != 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS));
	CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), 1000);
}

/* 3.2: the segment is processed as if it had none, whatever they say. */
static void
timestamps_without_leave_are_ignored(void)
{
	establish_opts(false, false, RTT_US);
	peer_opts.ts = true;
	peer_opts.ts_val = 5000;
	inject_opts(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	peer_opts.ts_val = 4000;
	inject_opts(ACK | PSH, .seq = P(101), .ack = S(1), .len = 100);
	expect_received(200);
	advance_us(100000);
	while (peer_nb_pending() > 0) {
		take();
		CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS));
	}
}

/* 3.2: there is nothing yet that it could echo. */
static void
echo_in_a_syn_is_ignored(void)
{
	struct opts o = {.len = 0};

	opts_put_timestamps(&o, 1000, 0x12345678);
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = peer.mss, .opts = o.bytes, .opts_len = o.len);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	peer_opts = (struct peer_opts){.ts = true, .ts_val = 1001};
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(RTT_US);
	inject_opts(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app_info().rtt_us, RTT_US);
	CU_ASSERT_EQUAL(app_info().min_rtt_us, RTT_US);
}

/* RFC 8985, 3.3.2: however many D-SACKs there were, a round trip is waited and no longer. */
static void
the_reordering_window_is_bounded(void)
{
	uint32_t mss, n = 1, i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.rto_min_us = 1000000});
	establish_opts(true, false, RTT_US);
	mss = app_info().snd_mss;
	for (i = 0; i < 40; i++) {
		app_send(2 * mss);
		CU_ASSERT_EQUAL(peer_drain(), 2);
		advance_us(RTT_US);
		n += 2 * mss;
		inject_sack(n, n - mss, n);
	}
	app_send(2 * mss);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	advance_us(RTT_US);
	inject_sack(n, n + mss, n + 2 * mss);
	expect_after(RTT_US, ACK, .seq = S(n), .ack = P(1), .len = (uint16_t)mss);
}

/* 7.2: the handshake gave no round-trip time, as its SYN,ACK was sent twice; the timer is 3 s. */
static void
a_probe_without_a_sample_waits_a_second(void)
{
	uint32_t mss;
	struct opts o = {.len = 0};

	opts_put_sack_permitted(&o);
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = peer.mss, .opts = o.bytes, .opts_len = o.len);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	expect_after(1000000, SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app_info().rtt_us, 0);
	CU_ASSERT_EQUAL(app_info().rto_us, 3000000);
	mss = app_info().snd_mss;
	app_send(2 * mss);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	expect_after(1000000, ACK, .seq = S(1 + mss), .ack = P(1), .len = (uint16_t)mss);
}

static const struct suite_test tests[] = {
	SUITE_TEST(duplicate_acks_let_data_out),
	SUITE_TEST(a_port_that_listens_is_not_chosen),
	SUITE_TEST(hard_errors_do_not_abort),
	SUITE_TEST(answer_to_a_challenge_resets),
	SUITE_TEST(old_acks_are_taken_as_far_as_the_largest_window),
	SUITE_TEST(the_number_of_challenges_can_be_set),
	SUITE_TEST(without_a_sample_the_timer_is_one_second),
	SUITE_TEST(every_round_trip_gives_a_sample),
	SUITE_TEST(variance_is_at_least_a_tick),
	SUITE_TEST(window_of_a_syn_is_not_scaled),
	SUITE_TEST(what_a_window_once_allowed_is_taken),
	SUITE_TEST(reset_carries_timestamps),
	SUITE_TEST(timestamps_without_leave_are_ignored),
	SUITE_TEST(echo_in_a_syn_is_ignored),
	SUITE_TEST(the_reordering_window_is_bounded),
	SUITE_TEST(a_probe_without_a_sample_waits_a_second),
};

int
main(void)
{
	/* The windows above are those of RFC 5681. */
	peer_cc = "newreno";
	return peer_suite_run(tests, RTE_DIM(tests));
}
