/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Corners: bursts behind a gap, queues that are full, records that run out, settings that are
 * refused, segments that somebody has made up, and connections that are silent for hours and days.
 */

#include <errno.h>
#include <string.h>

#include "peer_opts.h"
#include "tcp_peer.h"

#define MINUTE_US 60000000ull
#define HOUR_US   (60 * MINUTE_US)

/* RFC 5681, 4.2: an immediate duplicate ACK for each segment behind a gap, or the peer never counts
 * three. */
static void
each_segment_behind_a_gap_is_told_of(void)
{
	unsigned int i;

	established_passive();
	burst_begin();
	for (i = 1; i <= 4; i++)
		inject(ACK, .seq = P(1 + 100 * i), .ack = S(1), .len = 100);
	burst_end();
	for (i = 1; i <= 4; i++)
		expect(ACK, .seq = S(1), .ack = P(1));
	expect_nothing();
	/* The gap is filled: that is one. */
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(501));
	expect_nothing();
	expect_received(500);
}

/* RFC 2883, 4: each duplicate is reported. */
static void
each_duplicate_is_reported(void)
{
	establish_opts(true, false, 10000);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 300);
	peer_drain();
	burst_begin();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	inject(ACK, .seq = P(201), .ack = S(1), .len = 100);
	burst_end();
	expect_sack(301, 1, 101);
	expect_sack(301, 101, 201);
	expect_sack(301, 201, 301);
	expect_nothing();
	/* Likewise out of order, where the range that they are in is told as well; also the last.
	 */
	inject(ACK, .seq = P(501), .ack = S(1), .len = 300);
	expect_sack(301, 501, 801);
	burst_begin();
	inject(ACK, .seq = P(501), .ack = S(1), .len = 100);
	inject(ACK, .seq = P(601), .ack = S(1), .len = 100);
	inject(ACK, .seq = P(701), .ack = S(1), .len = 100);
	burst_end();
	expect_sack(301, 501, 601, 501, 801);
	expect_sack(301, 601, 701, 501, 801);
	expect_sack(301, 701, 801, 501, 801);
	expect_nothing();
}

/* What the peer has been told of stays, also where what comes has no room. */
static void
a_refused_segment_takes_nothing_away(void)
{
	const struct isla_tcp_conf tcp = {.rcvbuf_bytes = 100000, .rcvbuf_max_bytes = 100000,
		.no_autotune = true};
	struct sim_host_conf host = {.pool_limit = 400, .stack.tcp = tcp};
	uint32_t i, nb;

	peer_restart(&host);
	establish_opts(true, false, 10000);
	for (i = 0; i < 200 && drops(ISLA_DROP_TCP_OOO_FULL) == 0; i++)
		inject(ACK, .seq = P(3 + 3 * i), .ack = S(1), .len = 1);
	CU_ASSERT_TRUE_FATAL(drops(ISLA_DROP_TCP_OOO_FULL) > 0);
	peer_drain();
	nb = app_info().ooo_segs;
	/* It covers the last range, which is one mbuf, and in one mode has many itself. */
	inject(ACK, .seq = P(3 + 3 * (i - 2) - 1), .ack = S(1), .len = 1000);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().ooo_segs, nb);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_OOO_FULL), peer.split ? 2 : 1);
	/* One that frees as much as it needs is welcome. */
	inject(ACK, .seq = P(2), .ack = S(1), .len = 9);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().ooo_segs, nb - 2);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 1);
	expect_received(10);
	peer_drain();
}

/* A second connection; app.conn is the first one's again afterwards. */
static struct isla_tcp_conn *
another(void)
{
	struct isla_tcp_conn *first = app.conn, *c;
	uint32_t irs = peer.irs;

	app.conn = NULL;
	peer.port++;
	inject(SYN, .seq = P(0), .mss = peer.mss);
	inject(ACK, .seq = P(1), .ack = take()->seq + 1);
	c = app.conn;
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	peer.irs = irs;
	peer.port--;
	app.conn = first;
	return c;
}

/* "Then nothing is changed." */
static void
an_algorithm_without_room_changes_nothing(void)
{
	struct isla_tcp_opts opts;
	struct isla_tcp_info info;
	struct isla_tcp_conn *c;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_rate_conns = 1, .cc = "newreno"});
	established_passive();
	opts = app_opts();
	opts.cc = "bbr";
	app_set_opts(&opts);
	c = another();
	isla_tcp_get_opts(c, &opts);
	CU_ASSERT_STRING_EQUAL(opts.cc, "newreno");
	opts.cc = "bbr";
	opts.keep_idle_s = 77;
	CU_ASSERT_EQUAL(isla_tcp_set_opts(c, &opts), -ENOSPC);
	isla_tcp_get_info(c, &info);
	CU_ASSERT_STRING_EQUAL(info.cc, "newreno");
	CU_ASSERT_EQUAL(info.pacing_rate, UINT32_MAX);
	isla_tcp_get_opts(c, &opts);
	CU_ASSERT_EQUAL(opts.keep_idle_s, 7200);
	CU_ASSERT_STRING_EQUAL(opts.cc, "newreno");
	/* Once there is room, there is. */
	opts = app_opts();
	opts.cc = "cubic";
	app_set_opts(&opts);
	opts.cc = "bbr";
	CU_ASSERT_EQUAL(isla_tcp_set_opts(c, &opts), 0);
	isla_tcp_get_info(c, &info);
	CU_ASSERT_STRING_EQUAL(info.cc, "bbr");
	isla_tcp_abort(c);
	peer_flush();
	peer_drain();
}

/* One that got the default where its own had no room may still change its other settings. */
static void
the_stand_in_takes_settings(void)
{
	struct isla_tcp_opts opts;
	struct isla_tcp_conn *c;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_rate_conns = 1, .cc = "bbr"});
	established_passive();
	c = another();
	isla_tcp_get_opts(c, &opts);
	CU_ASSERT_STRING_EQUAL(opts.cc, "cubic");
	opts.cc = "bbr"; /* what was asked for in the beginning */
	opts.keep_idle_s = 77;
	CU_ASSERT_EQUAL(isla_tcp_set_opts(c, &opts), 0);
	isla_tcp_get_opts(c, &opts);
	CU_ASSERT_EQUAL(opts.keep_idle_s, 77);
	isla_tcp_abort(c);
	peer_flush();
	peer_drain();
}

/* Only what the peer can have sent shows that it is there. */
static void
made_up_segments_are_no_sign_of_life(void)
{
	struct isla_tcp_opts opts;
	unsigned int i;

	established_passive();
	opts = app_opts();
	opts.keepalive = true;
	opts.keep_idle_s = 10;
	opts.keep_intvl_s = 5;
	opts.keep_cnt = 1;
	app_set_opts(&opts);
	for (i = 0; i < 9; i++) {
		advance_us(1000000);
		inject(ACK, .seq = P(-70000), .ack = S(1));      /* far below the window */
		inject(ACK, .seq = P(1), .ack = S(5000));        /* never sent */
		inject(RST, .seq = P(30000));
		inject(SYN, .seq = P(20000));
		peer_drain();
	}
	/* The probe, and no answer to it. */
	expect_after(1000000, ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(-70000), .ack = S(1));
	peer_drain();
	advance_us(5 * 1000000 + TIMER_SLACK_US);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	peer_drain();
}

/* RFC 7323, 3.2 against RFC 5961, 4.2: a SYN in the window that has no timestamp gets its answer.
 */
static void
a_syn_without_timestamp_is_challenged(void)
{
	establish_opts(false, true, 10000);
	inject(SYN, .seq = P(100), .mss = 1000);
	CU_ASSERT_EQUAL(take()->flags, ACK);
	CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(1));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CHALLENGE_ACKS), 1);
	inject(SYN, .seq = P(-100), .mss = 1000);
	CU_ASSERT_EQUAL(take()->flags, ACK);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CHALLENGE_ACKS), 2);
	/* Anything else without one is still dropped in silence. */
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10);
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* Records that programs hold in TIME-WAIT free nothing: one that nobody holds goes instead. */
static void
time_wait_that_is_held_is_passed_over(void)
{
	struct isla_tcp_conn *held;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 2});
	fin_wait_2();
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_state(ISLA_TCP_TIME_WAIT);
	held = app.conn;
	/* A second, closed by its program. */
	peer.port++;
	app.conn = NULL;
	inject(SYN, .seq = P(0), .mss = peer.mss);
	peer.irs = take()->seq;
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	app_close();
	peer_drain();
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	app.conn = NULL;
	/* The table is full, and there is room for a third. */
	peer.port++;
	inject(SYN, .seq = P(0), .mss = peer.mss);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	inject(ACK, .seq = P(1), .ack = peer.last.frame.seg.seq + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_CONN_TABLE), 0);
	/* The first is as it was. */
	CU_ASSERT_EQUAL(isla_tcp_get_state(held), ISLA_TCP_TIME_WAIT);
	app_abort();
	peer_drain();
	isla_tcp_close(held);
	peer_flush();
}

static void
fastopen_is_a_setting_of_a_listener(void)
{
	struct isla_tcp_opts opts = {.fastopen = true};
	struct opts fo = {.bytes = {1, 1, 34, 2}, .len = 4};

	listen_on(80);
	inject(SYN, .seq = P(0), .mss = 1000, .opts = fo.bytes, .opts_len = fo.len);
	CU_ASSERT_PTR_NULL(opts_find(take(), 34));
	CU_ASSERT_EQUAL(isla_tcp_listener_set_opts(app.listener, &opts), 0);
	peer.port++;
	inject(SYN, .seq = P(0), .mss = 1000, .opts = fo.bytes, .opts_len = fo.len);
	CU_ASSERT_PTR_NOT_NULL(opts_find(take(), 34));
	opts.fastopen = false;
	CU_ASSERT_EQUAL(isla_tcp_listener_set_opts(app.listener, &opts), 0);
	peer.port++;
	inject(SYN, .seq = P(0), .mss = 1000, .opts = fo.bytes, .opts_len = fo.len);
	CU_ASSERT_PTR_NULL(opts_find(take(), 34));
	/* The call of its own has the last word. */
	isla_tcp_listener_set_fastopen(app.listener, 5);
	CU_ASSERT_EQUAL(isla_tcp_listener_set_opts(app.listener, &opts), 0);
	peer.port++;
	inject(SYN, .seq = P(0), .mss = 1000, .opts = fo.bytes, .opts_len = fo.len);
	CU_ASSERT_PTR_NOT_NULL(opts_find(take(), 34));
	peer_drain();
}

/* A buffer of one byte is one: full, then empty, and the peer hears of both. */
static void
a_buffer_of_one_byte(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.rcvbuf_bytes = 1, .no_autotune = true});
	app.no_read = true;
	listen_on(80);
	inject(SYN, .seq = P(0), .mss = 1000);
	CU_ASSERT_EQUAL(take()->wnd, 1);
	inject(ACK, .seq = P(1), .ack = peer.irs + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	app.no_read = true;
	for (i = 1; i <= 3; i++) {
		inject(ACK, .seq = P(i), .ack = S(1), .len = 1);
		advance_us(100000);
		CU_ASSERT_EQUAL(take()->wnd, 0);
		CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(i + 1));
		expect_nothing();
		app_read();
		peer_flush();
		CU_ASSERT_EQUAL(take()->wnd, 1);
		CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(i + 1));
	}
}

/* RFC 5681, 4.1: after an idle time of any length, also where a clock of 32 bits has come round. */
static void
restart_after_any_silence(void)
{
	static const uint64_t silence_us[] = {2000000, 1ull << 32, (1ull << 32) + 100000,
		3 * (1ull << 32) + 1000, 1ull << 38, (1ull << 38) + 5000, 400 * 24 * HOUR_US};
	unsigned int i, k;

	for (i = 0; i < RTE_DIM(silence_us); i++) {
		peer_restart(&(const struct sim_host_conf){0});
		establish_opts(true, false, 100000);
		for (k = 0; k < 4; k++) {
			uint32_t nb = app_info().snd_cwnd_bytes, n = app.tx_len;

			app_send(nb);
			peer_drain();
			advance_us(100000);
			inject_opts(ACK, .seq = P(1), .ack = S(1 + n + nb));
			peer_drain();
		}
		CU_ASSERT_TRUE(app_info().snd_cwnd_bytes > 40u * app_info().snd_mss);
		advance_us(silence_us[i]);
		CU_ASSERT_TRUE(app_info().last_data_sent_ms >= 2000);
		peer_drain();
		app_send(100u * app_info().snd_mss);
		CU_ASSERT_EQUAL(peer_drain(), 10);
	}
}

/* What held sending up is still right after days, and what is too long for its sum stays there. */
static void
time_held_up_for_days(void)
{
	struct isla_tcp_info info;
	uint64_t sum = 0;
	unsigned int i;

	peer_restart(&(const struct sim_host_conf){0});
	peer.wnd = 1000;
	established_passive();
	advance_us(100 * HOUR_US);
	info = app_info();
	CU_ASSERT_TRUE(info.limited_us[ISLA_TCP_LIMIT_APP] / HOUR_US >= 99);
	CU_ASSERT_TRUE(info.limited_us[ISLA_TCP_LIMIT_APP] / HOUR_US <= 100);
	CU_ASSERT_EQUAL(info.busy_us, 0);
	/* Behind the peer's window for a second. */
	app_send(2000);
	peer_drain();
	advance_us(1000000);
	peer_drain();
	info = app_info();
	CU_ASSERT_TRUE(info.limited_us[ISLA_TCP_LIMIT_RWND] > 990000);
	CU_ASSERT_TRUE(info.limited_us[ISLA_TCP_LIMIT_RWND] < 1010000);
	CU_ASSERT_EQUAL(info.busy_us, info.limited_us[ISLA_TCP_LIMIT_RWND]);
	inject(ACK, .seq = P(1), .ack = S(1001), .wnd = 5000);
	peer_drain();
	/* The rest is in flight: that is no idleness, but nothing more is to be sent. */
	advance_us(100000);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(2001), .wnd = 5000);
	peer_drain();
	info = app_info();
	CU_ASSERT_TRUE(info.busy_us > 1090000 && info.busy_us < 1110000);
	CU_ASSERT_EQUAL(info.limited_by, ISLA_TCP_LIMIT_APP);
	advance_us(60 * 24 * HOUR_US);
	info = app_info();
	CU_ASSERT_TRUE(info.limited_us[ISLA_TCP_LIMIT_APP] / (24 * HOUR_US) >= 50);
	for (i = 0; i < ISLA_TCP_LIMIT_MAX; i++)
		sum += info.limited_us[i];
	CU_ASSERT_TRUE(sum <= 65 * 24 * HOUR_US);
}

/* A reset behind the peer's FIN takes nothing that was received, and is told. */
static void
a_reset_behind_the_fin(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		peer_restart(&(const struct sim_host_conf){0});
		established_passive();
		app.no_read = true;
		if (i == 0)
			app_shutdown();
		inject(FIN | ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
		if (i == 1)
			app_shutdown();
		expect_state(i == 0 ? ISLA_TCP_CLOSING : ISLA_TCP_LAST_ACK);
		peer_drain();
		CU_ASSERT_EQUAL(app.nb_trouble, 0);
		inject(RST, .seq = P(102));
		CU_ASSERT_EQUAL(isla_tcp_get_state(app.conn), ISLA_TCP_CLOSED);
		CU_ASSERT_EQUAL(app.nb_trouble, 1);
		CU_ASSERT_EQUAL(app.trouble, ECONNRESET);
		CU_ASSERT_EQUAL(app.nb_error, 0);
		app_read();
		expect_received(100);
		app_close();
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(each_segment_behind_a_gap_is_told_of),
	SUITE_TEST(each_duplicate_is_reported),
	SUITE_TEST(a_refused_segment_takes_nothing_away),
	SUITE_TEST(an_algorithm_without_room_changes_nothing),
	SUITE_TEST(the_stand_in_takes_settings),
	SUITE_TEST(made_up_segments_are_no_sign_of_life),
	SUITE_TEST(a_syn_without_timestamp_is_challenged),
	SUITE_TEST(time_wait_that_is_held_is_passed_over),
	SUITE_TEST(fastopen_is_a_setting_of_a_listener),
	SUITE_TEST(a_buffer_of_one_byte),
	SUITE_TEST(restart_after_any_silence),
	SUITE_TEST(time_held_up_for_days),
	SUITE_TEST(a_reset_behind_the_fin),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
