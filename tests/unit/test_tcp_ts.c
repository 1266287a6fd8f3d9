/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timestamps: RFC 7323, 3 to 5, and what of a SYN's options can be configured off.
 */

#include <string.h>

#include "peer_opts.h"

#define RTT_US 100000
#define DAY_US (24ull * 3600 * 1000000)

/* n bytes of the peer's from P(from) on, with that TSval. */
static void
data(uint32_t from, uint16_t n, uint32_t ts_val)
{
	peer_opts.ts_val = ts_val;
	inject_opts(ACK, .seq = P(from), .ack = S(1 + app.tx_len), .len = n);
}

/* At once or as a delayed ACK, P(n) is acknowledged and ts_ecr echoed. */
static void
expect_echo(unsigned int line, uint32_t n, uint32_t ts_ecr)
{
	advance_to_frame(500000);
	if (peer_expect(__FILE__, line,
		    (struct seg){.flags = ACK, .seq = S(1 + app.tx_len), .ack = P(n)}))
		CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), ts_ecr);
	peer_expect_nothing(__FILE__, line);
}

#define expect_echo(n, ecr) expect_echo(__LINE__, n, ecr)

/* RFC 7323, 3.2: only where the SYN had them. */
static void
not_offered(void)
{
	establish_opts(false, false, 0);
	CU_ASSERT_FALSE(app_info().timestamps);
	CU_ASSERT_EQUAL(app_info().snd_mss, peer.mss);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS));
	/* Some that come nevertheless are ignored. */
	peer_opts.ts = true;
	inject_opts(ACK, .seq = P(1), .ack = S(101), .len = 10);
	peer_opts.ts_val = 1;
	inject_opts(ACK, .seq = P(11), .ack = S(101), .len = 10);
	expect_received(20);
	advance_to_frame(500000);
	expect(ACK, .seq = S(101), .ack = P(21));
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS));
}

/* 3.2: then in every segment but RST. */
static void
in_every_segment(void)
{
	establish_opts(false, true, 0);
	CU_ASSERT_TRUE(app_info().timestamps);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), 1000);
	data(1, 10, 1001);
	expect_echo(11, 1001);
	app_shutdown();
	expect(FIN | ACK, .seq = S(101), .ack = P(11));
	CU_ASSERT_PTR_NOT_NULL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS));
	/* The retransmission has the present time. */
	inject_opts(ACK, .seq = P(11), .ack = S(101));
	advance_to_frame(10000000);
	expect(FIN | ACK, .seq = S(101), .ack = P(11));
	CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), 1001);
}

static void
syn_ack_echoes_the_syn(void)
{
	establish_opts(false, true, 0);
	peer_restart(&(const struct sim_host_conf){.number = 0});
	listen_on(STACK_PORT);
	{
		struct opts o = {.len = 0};

		opts_put_timestamps(&o, 0xfedcba98, 0);
		inject(SYN, .seq = P(0), .opts = o.bytes, .opts_len = o.len);
	}
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), 0xfedcba98);
}

static void
connect_offers_them(void)
{
	unsigned int agreed;

	for (agreed = 0; agreed < 2; agreed++) {
		struct opts o = {.len = 0};

		peer_restart(&(const struct sim_host_conf){.number = 0});
		syn_sent();
		CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), 0);
		if (agreed)
			opts_put_timestamps(&o, 7000, opts_ts_val(&peer.last.frame.seg));
		inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss, .opts = o.bytes,
			.opts_len = o.len);
		expect(ACK, .seq = S(1), .ack = P(1));
		CU_ASSERT_EQUAL(app_info().timestamps, agreed);
		if (agreed)
			CU_ASSERT_EQUAL(opts_ts_ecr(&peer.last.frame.seg), 7000);
		CU_ASSERT_EQUAL(
			opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS) != NULL, agreed);
	}
}

/* 4.1: a tick of 1 ms to 1 s; ours is 1 ms. */
static void
the_clock_counts_milliseconds(void)
{
	uint32_t first;

	establish_opts(false, true, 0);
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	first = opts_ts_val(&peer.last.frame.seg);
	inject_opts(ACK, .seq = P(1), .ack = S(11));
	advance_us(5000000);
	app_send(10);
	expect(ACK, .seq = S(11), .ack = P(1), .len = 10);
	CU_ASSERT_EQUAL(opts_ts_val(&peer.last.frame.seg), first + 5000);
}

/* 5.4: nobody learns from one connection what another's clock says. */
static void
the_clock_begins_anywhere(void)
{
	uint32_t val[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct sim_host_conf conf = {.number = 0};

		conf.stack.key.k[0] = 1 + i;
		peer_restart(&conf);
		syn_sent();
		val[i] = opts_ts_val(&peer.last.frame.seg);
	}
	CU_ASSERT_NOT_EQUAL(val[0], val[1]);
	CU_ASSERT_NOT_EQUAL(val[0], peer.now_us / 1000);
}

/* 4.3, (A): a delayed ACK echoes the earliest segment that it acknowledges. */
static void
echo_with_delayed_acks(void)
{
	establish_opts(false, true, 0);
	data(1, 100, 2001);
	data(101, 100, 2002);
	data(201, 100, 2003);
	expect_echo(301, 2001);
	data(301, 100, 2004);
	expect_echo(401, 2004);
}

/* 4.3, (B) and (C): the table of the RFC: A, C, B, E, D. */
static void
echo_with_gaps(void)
{
	establish_opts(false, true, 0);
	data(1, 100, 2001);
	expect_echo(101, 2001);
	data(201, 100, 2003);
	expect_echo(101, 2001);
	data(101, 100, 2002);
	expect_echo(301, 2002);
	data(401, 100, 2005);
	expect_echo(301, 2002);
	data(301, 100, 2004);
	expect_echo(501, 2004);
}

/* 5.3, R1: refused, with an ACK. */
static void
paws_refuses_old_segments(void)
{
	establish_opts(false, true, 0);
	data(1, 100, 5000);
	expect_echo(101, 5000);
	data(101, 100, 4999);
	CU_ASSERT_EQUAL(peer_nb_pending(), 1);
	expect_echo(101, 5000);
	expect_received(100);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_PAWS), 1);
	/* The same time is not old. */
	data(101, 100, 5000);
	expect_echo(201, 5000);
	expect_received(200);
	/* What it acknowledged does not count either. */
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(201), .len = 100);
	peer_opts.ts_val = 0x80000000 + 5001; /* half the space away: old */
	inject_opts(ACK, .seq = P(201), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 100);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_PAWS), 2);
}

static void
timestamps_wrap(void)
{
	establish_opts(false, true, 0);
	data(1, 100, 0x70000000);
	expect_echo(101, 0x70000000);
	data(101, 100, 0xe0000000);
	expect_echo(201, 0xe0000000);
	data(201, 100, 0xfffffffe);
	expect_echo(301, 0xfffffffe);
	data(301, 100, 3);
	expect_echo(401, 3);
	data(401, 100, 0xffffffff);
	expect_echo(401, 3);
	expect_received(400);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_PAWS), 1);
}

/* 5.5: after more than 24 days of silence TS.Recent means nothing, and is replaced. */
static void
idle_for_24_days(void)
{
	establish_opts(false, true, 0);
	data(1, 100, 5000);
	expect_echo(101, 5000);
	advance_us(23 * DAY_US);
	data(101, 100, 4000);
	expect_echo(101, 5000);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_PAWS), 1);
	advance_us(DAY_US + DAY_US / 2);
	expect_nothing();
	data(101, 100, 4000);
	expect_echo(201, 4000);
	expect_received(200);
	/* And it is on guard again. */
	data(201, 100, 3999);
	expect_echo(201, 4000);
	expect_received(200);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_PAWS), 2);
}

/* 3.2: once negotiated, a segment without them is dropped, silently. */
static void
a_segment_without_them(void)
{
	establish_opts(false, true, 0);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	advance_us(1000000);
	expect_nothing();
	expect_received(0);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_OPTIONS), 1);
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
	data(1, 100, 1001);
	expect_received(100);
}

/* 3.2 and 5.2: a reset needs none, and PAWS does not concern it. */
static void
a_reset_needs_none(void)
{
	unsigned int with;

	for (with = 0; with < 2; with++) {
		peer_restart(&(const struct sim_host_conf){.number = 0});
		establish_opts(false, true, 0);
		peer_opts.ts = with;
		peer_opts.ts_val = 1; /* older than 1000 */
		inject_opts(RST, .seq = P(1));
		CU_ASSERT_EQUAL(app.nb_error, 1);
		expect_nothing();
	}
}

/* A reset that is not exactly where it should be is challenged (RFC 5961, 3), and leaves TS.Recent.
 */
static void
a_forged_reset_leaves_no_timestamp(void)
{
	establish_opts(false, true, 0);
	peer_opts.ts_val = 0x7000000;
	inject_opts(RST, .seq = P(2));
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_echo(1, 1000);
}

/* An ACK of what was never sent: the segment is refused, and its timestamp with it. */
static void
a_forged_ack_leaves_no_timestamp(void)
{
	establish_opts(false, true, 0);
	peer_opts.ts_val = 0x7000000;
	inject_opts(ACK, .seq = P(1), .ack = S(9999));
	expect_echo(1, 1000);
}

/* RFC 6691: the MSS is that of a segment without options. */
static void
the_mss_is_12_less(void)
{
	uint16_t mss = (uint16_t)(peer.mss - 12);

	establish_opts(false, true, 0);
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	/* What we offer does not take it into account. */
	CU_ASSERT_EQUAL(app_info().advmss, peer.mss);
	app_send(2u * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	CU_ASSERT_EQUAL(peer.last.len, 1514);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	expect_nothing();
}

/* 4.1: with timestamps a retransmission gives a sample: that of the segment that is echoed. */
static void
round_trip_of_a_retransmission(void)
{
	establish_opts(false, true, RTT_US);
	CU_ASSERT_EQUAL(app_info().rtt_us, RTT_US);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(3 * RTT_US, ACK, .seq = S(1), .ack = P(1), .len = 100);
	peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(50000);
	inject_opts(ACK, .seq = P(1), .ack = S(101));
	/* 7/8 of 100 ms and 1/8 of 50 ms, within a tick of 1 ms. */
	CU_ASSERT_TRUE(app_info().rtt_us >= 93500 && app_info().rtt_us <= 94000);
	CU_ASSERT_TRUE(app_info().min_rtt_us >= 49000 && app_info().min_rtt_us <= 51000);
}

/* An ACK of nothing new gives none, nor does an echo that cannot be. */
static void
what_gives_no_sample(void)
{
	uint32_t sent;

	establish_opts(false, true, RTT_US);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	sent = opts_ts_val(&peer.last.frame.seg);
	expect_after(3 * RTT_US, ACK, .seq = S(1), .ack = P(1), .len = 100);
	peer_opts.ts_ecr = sent;
	inject_opts(ACK, .seq = P(1), .ack = S(1), .len = 10);
	CU_ASSERT_EQUAL(app_info().rtt_us, RTT_US);
	/* From the future; none. */
	peer_opts.ts_ecr = sent + 1000000;
	inject_opts(ACK, .seq = P(11), .ack = S(51));
	CU_ASSERT_EQUAL(app_info().rtt_us, RTT_US);
	peer_opts.ts_ecr = 0;
	inject_opts(ACK, .seq = P(11), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().rtt_us, RTT_US);
	CU_ASSERT_EQUAL(app_info().min_rtt_us, RTT_US);
}

/* A SYN with everything, for a stack with that configuration; what the SYN,ACK has of it, as bits
 * of option kinds. Then the same of its own SYN. */
static void
kinds_with(const struct isla_tcp_conf *conf, uint32_t want)
{
	struct opts o = {.len = 0};
	unsigned int active, kind;

	opts_put_sack_permitted(&o);
	opts_put_timestamps(&o, 1000, 0);
	for (active = 0; active < 2; active++) {
		peer_restart_tcp(conf);
		if (active) {
			syn_sent();
		} else {
			listen_on(STACK_PORT);
			inject(SYN, .seq = P(0), .mss = peer.mss, .wscale = WSCALE(7),
				.opts = o.bytes, .opts_len = o.len);
			expect(SYN | ACK, .seq = S(0), .ack = P(1));
		}
		for (kind = 2; kind < 32; kind++) {
			bool has = opts_find(&peer.last.frame.seg, (uint8_t)kind) != NULL;

			CU_ASSERT_EQUAL(has, (want >> kind & 1) != 0);
		}
	}
}

static void
options_of_a_syn(void)
{
	const uint32_t all = 1 << KIND_MSS | 1 << KIND_WSCALE | 1 << KIND_SACK_PERMITTED |
		1 << KIND_TIMESTAMPS;

	kinds_with(&(const struct isla_tcp_conf){.no_sack = false}, all);
	kinds_with(&(const struct isla_tcp_conf){.no_sack = true},
		all & ~(1u << KIND_SACK_PERMITTED));
	kinds_with(&(const struct isla_tcp_conf){.no_timestamps = true},
		all & ~(1u << KIND_TIMESTAMPS));
	kinds_with(&(const struct isla_tcp_conf){.no_wscale = true}, all & ~(1u << KIND_WSCALE));
	kinds_with(&(const struct isla_tcp_conf){.no_sack = true, .no_timestamps = true,
			   .no_wscale = true}, 1 << KIND_MSS);
}

/* Configured off, they are off, whatever the peer says. */
static void
configured_off(void)
{
	struct opts o = {.len = 0};

	opts_put_sack_permitted(&o);
	opts_put_timestamps(&o, 1000, 0);
	peer_restart_tcp(&(const struct isla_tcp_conf){.no_sack = true, .no_timestamps = true,
		.no_wscale = true});
	syn_sent();
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss, .wscale = WSCALE(7),
		.opts = o.bytes, .opts_len = o.len);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(peer.last.frame.seg.opts_len, 0);
	CU_ASSERT_FALSE(app_info().sack);
	CU_ASSERT_FALSE(app_info().timestamps);
	CU_ASSERT_EQUAL(app_info().snd_wscale, 0);
	CU_ASSERT_EQUAL(app_info().rcv_wscale, 0);
	CU_ASSERT_EQUAL(app_info().snd_mss, peer.mss);
	/* Segments without timestamps are welcome. */
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect_received(100);
	inject(ACK, .seq = P(101), .ack = S(1), .wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 1000);
}

static const struct suite_test tests[] = {
	SUITE_TEST(not_offered),
	SUITE_TEST(in_every_segment),
	SUITE_TEST(syn_ack_echoes_the_syn),
	SUITE_TEST(connect_offers_them),
	SUITE_TEST(the_clock_counts_milliseconds),
	SUITE_TEST(the_clock_begins_anywhere),
	SUITE_TEST(echo_with_delayed_acks),
	SUITE_TEST(echo_with_gaps),
	SUITE_TEST(paws_refuses_old_segments),
	SUITE_TEST(timestamps_wrap),
	SUITE_TEST(idle_for_24_days),
	SUITE_TEST(a_segment_without_them),
	SUITE_TEST(a_reset_needs_none),
	SUITE_TEST(a_forged_reset_leaves_no_timestamp),
	SUITE_TEST(a_forged_ack_leaves_no_timestamp),
	SUITE_TEST(the_mss_is_12_less),
	SUITE_TEST(round_trip_of_a_retransmission),
	SUITE_TEST(what_gives_no_sample),
	SUITE_TEST(options_of_a_syn),
	SUITE_TEST(configured_off),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
