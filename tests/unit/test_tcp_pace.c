/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pacing: how much leaves at once, how much over time, and what pacing must not hold back.
 */

#include <string.h>

#include "tcp_peer.h"
#include "tcp_priv.h"

#define RATE 1000000u /* a byte a microsecond */

static void
established_paced(uint32_t rate)
{
	struct isla_tcp_opts opts;

	established_passive();
	isla_tcp_get_opts(app.conn, &opts);
	opts.max_pacing_rate = rate;
	CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, &opts), 0);
}

/* Frames that have been sent, thrown away; the payload in them is counted. */
static uint32_t
bytes_sent(void)
{
	uint32_t sum = 0;

	while (peer_nb_pending() > 0)
		sum += take()->len;
	return sum;
}

static void
an_unpaced_window_leaves_at_once(void)
{
	established_passive();
	CU_ASSERT_EQUAL(app_info().pacing_rate, UINT32_MAX);
	app_send(20u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 10u * peer.mss);
}

/* Two segments at least, then as much time as they take. */
static void
a_quantum_leaves_then_time_goes_by(void)
{
	uint32_t sent;
	uint64_t begin_us;

	established_paced(RATE);
	CU_ASSERT_EQUAL(app_info().pacing_rate, RATE);
	begin_us = peer.now_us;
	app_send(20u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	CU_ASSERT_EQUAL(app_info().limited_by, ISLA_TCP_LIMIT_CWND);
	for (sent = 2; sent < 10; sent += 2) {
		advance_us(begin_us + (uint64_t)sent * peer.mss - 100 - peer.now_us);
		expect_nothing();
		/* What the timer is late is made good: the next are due as if it had not been. */
		advance_us(100 + TIMER_SLACK_US);
		CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	}
	advance_us(100000);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 10u * peer.mss);
}

/* A millisecond's worth where that is more than two segments, and 64 KB where it is more. */
static void
the_quantum_grows_with_the_rate(void)
{
	struct isla_tcp_conf tcp = {.init_cwnd_segs = 100};

	peer_restart_tcp(&tcp);
	peer.wscale = WSCALE(7);
	established_paced(10 * RATE);
	app_send(100u * peer.mss);
	CU_ASSERT_TRUE(10000 - bytes_sent() < peer.mss);
	peer_restart_tcp(&tcp);
	peer.wscale = WSCALE(7);
	established_paced(2000 * RATE);
	app_send(100u * peer.mss);
	CU_ASSERT_TRUE(65536 - bytes_sent() < peer.mss);
	advance_us(200);
	CU_ASSERT_TRUE(bytes_sent() > 0);
}

/* All that was sent is acknowledged every ms or later; the clock's wake-ups are up to 1 ms late. */
static uint32_t
run_late(uint32_t for_us, uint64_t rng)
{
	uint64_t end_us = peer.now_us + for_us;
	uint32_t sum = 0, most = 0;

	while (peer.now_us < end_us) {
		uint32_t n;

		peer.now_us += 200 + sim_rand(&rng) % 800;
		n = isla_tcp_send_room(app.conn);
		if (n > 4000)
			app_send(4000);
		peer_flush();
		n = bytes_sent();
		most = RTE_MAX(most, n);
		sum += n;
		inject(ACK, .seq = P(1), .ack = peer.irs + 1 + sum);
		n = bytes_sent();
		most = RTE_MAX(most, n);
		sum += n;
	}
	CU_ASSERT_TRUE(most <= 2 * RATE / 1000 + 3u * peer.mss);
	return sum;
}

/* The rate is met, whether or not the loop is late: within a part in a hundred over 2 s. */
static void
lateness_costs_no_rate(void)
{
	uint32_t sum;

	established_paced(RATE);
	sum = run_late(2000000, 7);
	CU_ASSERT_TRUE(sum > 1980000);
	CU_ASSERT_TRUE(sum < 2020000);
}

/* A pause is no credit for a burst. */
static void
silence_saves_nothing_up(void)
{
	established_paced(RATE);
	app_send(2u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	inject(ACK, .seq = P(1), .ack = S(1u + 2u * peer.mss));
	/* As long as the clock's low bits take to seem to lie in the future, too. */
	advance_us(1ull << 31);
	advance_us(1000000000);
	app_send(20u * peer.mss);
	CU_ASSERT_TRUE(bytes_sent() <= 3u * peer.mss);
	CU_ASSERT_TRUE(advance_to_frame(10000) <= 4000);
}

static void
retransmissions_count(void)
{
	uint32_t sent;

	established_paced(RATE);
	app_send(10u * peer.mss);
	advance_us(20000);
	CU_ASSERT_EQUAL(bytes_sent(), 10u * peer.mss);
	/* All is lost, and most of it is sent again after the first has been acknowledged. */
	CU_ASSERT_TRUE(advance_to_frame(3000000) < 3000000);
	CU_ASSERT_EQUAL(bytes_sent(), peer.mss);
	inject(ACK, .seq = P(1), .ack = S(1u + peer.mss));
	sent = bytes_sent();
	inject(ACK, .seq = P(1), .ack = S(1u + 2u * peer.mss));
	sent += bytes_sent();
	inject(ACK, .seq = P(1), .ack = S(1u + 3u * peer.mss));
	sent += bytes_sent();
	CU_ASSERT_TRUE(sent <= 3u * peer.mss);
	CU_ASSERT_TRUE(advance_to_frame(4000) <= 4000);
}

static void
acks_and_fin_are_not_held_back(void)
{
	established_paced(RATE);
	app_send(2u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 1000);
	inject(ACK, .seq = P(1001), .ack = S(1), .len = 1000);
	expect(ACK, .seq = S(1u + 2u * peer.mss), .ack = P(2001));
	app_shutdown();
	expect(FIN | ACK, .seq = S(1u + 2u * peer.mss), .ack = P(2001));
	expect_nothing();
}

/* What waits for its time is no reason for a probe, nor for a timeout. */
static void
waiting_is_not_persisting(void)
{
	established_paced(1); /* a full segment a second is the least */
	CU_ASSERT_EQUAL(app_info().pacing_rate, peer.mss);
	app_send(5u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	inject(ACK, .seq = P(1), .ack = S(1u + 2u * peer.mss));
	advance_us(1900000);
	expect_nothing();
	advance_us(100000 + TIMER_SLACK_US);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ZERO_WINDOW_PROBES), 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
}

/* Twice the window in a round trip, in slow start. */
static void
a_window_is_spread_over_its_round_trip(void)
{
	struct isla_tcp_conf tcp = {.pacing = true};
	uint32_t sent;

	peer_restart_tcp(&tcp);
	syn_received();
	advance_us(100000);
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	app_send(20u * peer.mss);
	CU_ASSERT_EQUAL(app_info().pacing_rate, 10u * peer.mss * 20);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	advance_us(25000);
	sent = bytes_sent();
	CU_ASSERT_TRUE(sent >= 3u * peer.mss);
	CU_ASSERT_TRUE(sent <= 5u * peer.mss);
	advance_us(20000);
	CU_ASSERT_EQUAL(sent + bytes_sent(), 8u * peer.mss);
}

/* It is the window that holds up, so it grows (RFC 5681, 3.1). */
static void
a_paced_window_grows(void)
{
	struct isla_tcp_conf tcp = {.pacing = true};

	peer_restart_tcp(&tcp);
	syn_received();
	advance_us(100000);
	inject(ACK, .seq = P(1), .ack = S(1));
	app_send(40u * peer.mss);
	advance_us(25000);
	bytes_sent();
	inject(ACK, .seq = P(1), .ack = S(1u + 2u * peer.mss));
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 12u * peer.mss);
}

static void
a_bound_comes_and_goes(void)
{
	struct isla_tcp_opts opts;

	established_paced(RATE);
	isla_tcp_get_opts(app.conn, &opts);
	CU_ASSERT_EQUAL(opts.max_pacing_rate, RATE);
	opts.max_pacing_rate = UINT32_MAX;
	CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, &opts), 0);
	CU_ASSERT_EQUAL(app_info().pacing_rate, UINT32_MAX);
	app_send(20u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 10u * peer.mss);
}

/* A bound that goes while something waits for its time holds nothing back, persist timer included.
 */
static void
what_waited_goes(void)
{
	struct isla_tcp_opts opts;

	established_paced(RATE);
	app_send(20u * peer.mss);
	CU_ASSERT_EQUAL(bytes_sent(), 2u * peer.mss);
	isla_tcp_get_opts(app.conn, &opts);
	opts.max_pacing_rate = UINT32_MAX;
	CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, &opts), 0);
	peer_flush();
	CU_ASSERT_EQUAL(bytes_sent(), 8u * peer.mss);
	peer.wnd = 0;
	inject(ACK, .seq = P(1), .ack = S(1u + 10u * peer.mss));
	CU_ASSERT_EQUAL(bytes_sent(), 0);
	CU_ASSERT_TRUE(advance_to_frame(2000000) < 2000000);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ZERO_WINDOW_PROBES), 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_unpaced_window_leaves_at_once),
	SUITE_TEST(a_quantum_leaves_then_time_goes_by),
	SUITE_TEST(the_quantum_grows_with_the_rate),
	SUITE_TEST(lateness_costs_no_rate),
	SUITE_TEST(silence_saves_nothing_up),
	SUITE_TEST(retransmissions_count),
	SUITE_TEST(acks_and_fin_are_not_held_back),
	SUITE_TEST(waiting_is_not_persisting),
	SUITE_TEST(a_window_is_spread_over_its_round_trip),
	SUITE_TEST(a_paced_window_grows),
	SUITE_TEST(a_bound_comes_and_goes),
	SUITE_TEST(what_waited_goes),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
