/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BBR's states, filters and bounds (draft-ietf-ccwg-bbr), on samples that the test makes up; then
 * the whole of it against ACKs that no honest peer sends.
 */

#include <errno.h>
#include <string.h>

#include "peer_opts.h"
#include "tcp_bbr.h"

#define RTT_US 100000u
#define MB     1000000u

static struct isla_tcp_conn *c;
static struct bbr *b;

static void
start(void)
{
	struct isla_tcp_opts opts;

	peer_restart(&(const struct sim_host_conf){.number = 0});
	establish_opts(true, false, RTT_US);
	isla_tcp_get_opts(app.conn, &opts);
	opts.cc = "bbr";
	CU_ASSERT_EQUAL_FATAL(isla_tcp_set_opts(app.conn, &opts), 0);
	c = app.conn;
	b = bbr_of(c);
}

/* An ACK that begins a round, or does not, of so many bytes and that rate. */
static struct tcp_rate_sample
sample_of(bool round, uint64_t rate, uint32_t acked)
{
	struct tcp_rate *r = bbr_rate_of(c);
	struct tcp_rate_sample rs = {
		.rate = rate,
		.delivered = acked,
		.prior = (uint32_t)b->next_round_delivered - !round,
		.in_flight = 1000,
		.acked = acked,
		.rtt_us = RTT_US,
		.has_data = true,
	};

	r->delivered += acked;
	return rs;
}

static void
tell_late(struct tcp_rate_sample rs)
{
	c->cc->sample(c, &rs);
}

/* The round-trip time is known to be what it is: no ProbeRTT. */
static void
tell(struct tcp_rate_sample rs)
{
	b->probe_rtt_min_stamp_us = peer.now_us;
	tell_late(rs);
}

static void
round_of(uint64_t rate, uint32_t acked)
{
	advance_us(RTT_US);
	tell(sample_of(true, rate, acked));
}

/* A pipe that 1 MB/s fill: 100,000 bytes. */
static void
fill_pipe(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		round_of(MB, 40000);
	CU_ASSERT_TRUE(b->full_bw_reached);
}

static void
to_state(enum bbr_state state)
{
	unsigned int i;

	start();
	c->pipe = 200000;
	fill_pipe();
	CU_ASSERT_EQUAL(b->state, BBR_DRAIN);
	if (state == BBR_DRAIN)
		return;
	/* The queue stays. */
	for (i = 0; i < 4; i++)
		round_of(MB, 10000);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	if (state == BBR_PROBE_BW_DOWN)
		return;
	c->pipe = 90000;
	tell(sample_of(false, MB, 10000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
	if (state == BBR_PROBE_BW_CRUISE)
		return;
	advance_us(3100000);
	tell(sample_of(false, MB, 10000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_REFILL);
	if (state == BBR_PROBE_BW_REFILL)
		return;
	tell(sample_of(true, MB, 10000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_UP);
}

/* What was made up must not stay: the connection is to end in order. */
static void
done(void)
{
	c->pipe = 0;
	isla_tcp_abort(app.conn);
	peer_flush();
	peer_drain();
}

/* 5.6.2: the gain, the initial window and the round trip. */
static void
the_first_rate(void)
{
	uint32_t cwnd;

	start();
	cwnd = app_info().snd_cwnd_bytes;
	CU_ASSERT_EQUAL(cwnd, 10u * c->mss);
	CU_ASSERT_EQUAL(app_info().pacing_rate, cwnd * 277ull / 10);
	CU_ASSERT_EQUAL(b->state, BBR_STARTUP);
	CU_ASSERT_EQUAL(app_info().cc_info.bbr.cwnd_gain, 200);
	CU_ASSERT_EQUAL(app_info().cc_info.bbr.pacing_gain, 277);
	CU_ASSERT_EQUAL(app_info().cc_info.bbr.min_rtt_us, RTT_US);
	CU_ASSERT_STRING_EQUAL(app_info().cc, "bbr");
	done();
}

static void
startup_ends_on_a_plateau(void)
{
	unsigned int i;

	start();
	for (i = 1; i <= 16; i *= 2)
		round_of(i * 100000, 20000);
	CU_ASSERT_EQUAL(b->max_bw, 1600000);
	/* 2.77 x 0.99 */
	CU_ASSERT_EQUAL(app_info().pacing_rate, 1600000ull * 277 * 99 / 10000);
	round_of(1999999, 20000); /* less than a quarter more */
	round_of(1999999, 20000);
	/* Not a new round, and one where the program was slow: neither counts. */
	tell(sample_of(false, 1999999, 1000));
	{
		struct tcp_rate_sample rs = sample_of(true, 1000, 1000);

		rs.is_app_limited = true;
		tell(rs);
	}
	CU_ASSERT_EQUAL(b->state, BBR_STARTUP);
	CU_ASSERT_FALSE(b->full_bw_reached);
	c->pipe = 10 * MB;
	round_of(1999999, 20000);
	CU_ASSERT_TRUE(b->full_bw_reached);
	CU_ASSERT_EQUAL(b->state, BBR_DRAIN);
	CU_ASSERT_EQUAL(app_info().pacing_rate, 1999999ull * 50 * 99 / 10000);
	CU_ASSERT_EQUAL(app_info().cc_info.bbr.bw, 1999999);
	done();
}

static void
startup_goes_on_while_it_grows(void)
{
	uint64_t rate = 100000;
	unsigned int i;

	start();
	for (i = 0; i < 40; i++) {
		rate = rate * 5 / 4 + 1;
		round_of(rate, 20000);
		CU_ASSERT_EQUAL(b->state, BBR_STARTUP);
	}
	done();
}

/* 5.3.1.3: in recovery, six ranges, more than 2 %. */
static void
startup_ends_on_loss(void)
{
	struct tcp_seg s = {.len = 1000};
	struct tcp_rate_sample rs, loss = {.in_flight = 100000};
	unsigned int ranges, i;

	for (ranges = 5; ranges <= 6; ranges++) {
		start();
		round_of(MB, 50000);
		c->flags |= TCP_F_RECOVERY;
		round_of(2 * MB, 50000);
		for (i = 0; i < ranges; i++) {
			/* Two segments each, without a gap between them. */
			s.seq = i * 10000;
			c->cc->seg_lost(c, &s, &loss);
			s.seq += 1000;
			c->cc->seg_lost(c, &s, &loss);
		}
		advance_us(RTT_US);
		rs = sample_of(true, 3 * MB, 50000);
		rs.prior = (uint32_t)bbr_rate_of(c)->delivered;
		rs.in_flight = 100000;
		rs.lost = 2001;
		c->pipe = 10 * MB;
		tell(rs);
		CU_ASSERT_EQUAL(b->state, ranges < 6 ? BBR_STARTUP : BBR_DRAIN);
		/* max(bdp, inflight_latest) */
		if (ranges == 6)
			CU_ASSERT_EQUAL(b->inflight_longterm, 300000);
		c->flags &= ~TCP_F_RECOVERY;
		done();
	}
}

static void
drain_ends_when_the_queue_is_gone(void)
{
	to_state(BBR_DRAIN);
	CU_ASSERT_EQUAL(b->pacing_gain, 50);
	c->pipe = 100001;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_DRAIN);
	c->pipe = 100000;
	b->inflight_longterm = 100000; /* of which a part is to be left to others */
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	CU_ASSERT_EQUAL(b->pacing_gain, 90);
	c->pipe = 85001;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	c->pipe = 85000;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
	done();
}

static void
drain_ends_after_three_rounds(void)
{
	unsigned int i;

	to_state(BBR_DRAIN);
	for (i = 0; i < 3; i++) {
		round_of(MB, 1000);
		CU_ASSERT_EQUAL(b->state, BBR_DRAIN);
	}
	round_of(MB, 1000);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	done();
}

/* Twice the product and what comes in heaps, and never faster than by what is acknowledged. */
static void
the_window_follows_the_product(void)
{
	unsigned int i;

	to_state(BBR_PROBE_BW_CRUISE);
	b->extra_acked[0] = b->extra_acked[1] = 0;
	b->extra_acked_delivered = 0;
	b->extra_acked_start_us = peer.now_us;
	c->cwnd = 100000;
	tell(sample_of(false, MB, 3000));
	CU_ASSERT_EQUAL(c->cwnd, 103000);
	for (i = 0; i < 300; i++) {
		advance_us(3000);
		tell(sample_of(false, MB, 3000));
	}
	CU_ASSERT_TRUE(c->cwnd >= 200000);
	CU_ASSERT_TRUE(c->cwnd <= 206000);
	done();
}

/* 62 or 63 round trips, or as many as there are segments in the pipe; or two to three seconds. */
static void
probing_is_due_by_rounds_or_time(void)
{
	unsigned int i;

	to_state(BBR_PROBE_BW_CRUISE);
	c->cwnd = 200000;
	CU_ASSERT_TRUE(b->bw_probe_wait_us >= 2000000);
	CU_ASSERT_TRUE(b->bw_probe_wait_us < 3000000);
	CU_ASSERT_TRUE(b->rounds_since_probe_up <= 1);
	for (i = b->rounds_since_probe_up; i < 62; i++) {
		tell(sample_of(true, MB, 1000));
		CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
	}
	tell(sample_of(true, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_REFILL);
	CU_ASSERT_EQUAL(b->pacing_gain, 100);
	done();
}

static void
up_ends_on_a_plateau(void)
{
	unsigned int i;

	to_state(BBR_PROBE_BW_UP);
	CU_ASSERT_EQUAL(b->pacing_gain, 125);
	CU_ASSERT_EQUAL(b->cwnd_gain, 225);
	for (i = 0; i < 2; i++) {
		round_of(MB, 1000);
		CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_UP);
	}
	round_of(2 * MB, 1000); /* there is more */
	for (i = 0; i < 2; i++) {
		round_of(2 * MB, 1000);
		CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_UP);
	}
	round_of(2 * MB, 1000);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	CU_ASSERT_FALSE(b->prev_probe_too_high);
	done();
}

/* 5.5.10.2: the bound is where losses crossed 2 %, no less than 0.7 of the target. */
static void
up_ends_on_loss(void)
{
	struct tcp_seg s = {.len = 1000};
	struct tcp_rate_sample loss = {.in_flight = 150000, .lost = 4000};
	unsigned int i;

	to_state(BBR_PROBE_BW_UP);
	c->cc->seg_lost(c, &s, &loss);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	/* 149,000 before it, 3,000 of them lost: already more than 2 %. */
	CU_ASSERT_EQUAL(b->inflight_longterm, 149000);
	CU_ASSERT_TRUE(b->prev_probe_too_high);
	/* Once a probe is enough. */
	loss = (struct tcp_rate_sample){.in_flight = 1000, .lost = 1000};
	c->cc->seg_lost(c, &s, &loss);
	CU_ASSERT_EQUAL(b->inflight_longterm, 149000);
	/* 0.85 of it leaves others room. */
	c->pipe = 200000;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	CU_ASSERT_EQUAL(bbr_inflight_with_headroom(c, b), 149000 - 22350);
	/* The next probe turns round as soon as it has come so far, ... */
	c->pipe = 90000;
	tell(sample_of(true, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
	advance_us(3100000);
	tell(sample_of(false, MB, 1000));
	tell(sample_of(true, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_UP);
	c->pipe = 149000;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	CU_ASSERT_TRUE(b->prev_probe_precautionary);
	/* ... and where that cost nothing, goes further a round later. */
	round_of(MB, 1000);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_REFILL);
	for (i = 0; i < 2; i++)
		round_of(MB, 1000);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_UP);
	done();
}

static void
the_bound_is_where_losses_crossed_it(void)
{
	struct tcp_rate_sample rs = {.in_flight = 101000, .lost = 2500};

	/* 100,000 before, 500 lost: (2,000 - 500) / 0.98 more. */
	CU_ASSERT_EQUAL(bbr_inflight_at_loss(&rs, 2000), 99000 + (1980 - 500) * 100 / 98);
	rs.lost = 100;
	rs.in_flight = 100;
	CU_ASSERT_EQUAL(bbr_inflight_at_loss(&rs, 1000), 0);
}

/* In UP the bound grows by 1, 2, 4 segments a round while the window presses upon it. */
static void
the_bound_is_raised_by_doubling(void)
{
	uint32_t i;

	to_state(BBR_PROBE_BW_UP);
	for (i = 1; i < 6; i++) {
		b->inflight_longterm = c->cwnd = 150000;
		c->flags |= TCP_F_CWND_LIMITED;
		advance_us(RTT_US);
		tell(sample_of(true, MB, 0));
		CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_UP);
		CU_ASSERT_EQUAL(b->probe_up_acked_per_inc, 150000u >> i);
		b->bw_probe_up_acked = 0;
		tell(sample_of(false, MB, 150000));
		CU_ASSERT_EQUAL(b->inflight_longterm, 150000 + (1u << i) * c->mss);
	}
	/* Where the window does not press, it stays. */
	c->flags &= ~TCP_F_CWND_LIMITED;
	b->is_cwnd_limited = b->was_cwnd_limited = false;
	b->inflight_longterm = 150000;
	tell(sample_of(false, MB, 150000));
	CU_ASSERT_EQUAL(b->inflight_longterm, 150000);
	done();
}

/* 5.5.10.3: max(latest, 0.7) of both, once a round. */
static void
loss_while_cruising(void)
{
	struct tcp_seg s = {.len = 1000};
	struct tcp_rate_sample loss = {.in_flight = 100000, .lost = 1000}, rs;

	to_state(BBR_PROBE_BW_CRUISE);
	c->cwnd = 200000;
	b->bw_latest = b->inflight_latest = 0;
	c->cc->seg_lost(c, &s, &loss);
	CU_ASSERT_EQUAL(b->bw_shortterm, BBR_BW_NONE);
	rs = sample_of(false, 500000, 50000);
	rs.prior = (uint32_t)bbr_rate_of(c)->delivered;
	tell(rs);
	CU_ASSERT_EQUAL(b->bw_shortterm, 700000);
	CU_ASSERT_EQUAL(b->bw, 700000);
	CU_ASSERT_EQUAL(b->inflight_shortterm, 140000);
	CU_ASSERT_EQUAL(c->cwnd, 140000);
	CU_ASSERT_EQUAL(app_info().pacing_rate, 700000ull * 99 / 100);
	/* A round of loss that brought 650,000. */
	c->cc->seg_lost(c, &s, &loss);
	rs = sample_of(false, 650000, 130000);
	rs.prior = (uint32_t)bbr_rate_of(c)->delivered;
	tell(rs);
	CU_ASSERT_EQUAL(b->bw_shortterm, 650000);
	CU_ASSERT_EQUAL(b->inflight_shortterm, 130000);
	/* The next probe begins without it. */
	advance_us(3100000);
	tell(sample_of(false, 600000, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_REFILL);
	CU_ASSERT_EQUAL(b->bw, MB);
	done();
}

/* Two cycles: a rate of old is forgotten. */
static void
the_best_rate_of_two_cycles_counts(void)
{
	unsigned int cycle, i;

	to_state(BBR_PROBE_BW_CRUISE);
	for (cycle = 0; cycle < 3; cycle++) {
		CU_ASSERT_EQUAL(b->max_bw, cycle < 2 ? MB : MB / 2);
		advance_us(3100000);
		c->pipe = 40000;
		tell(sample_of(false, MB / 2, 1000));
		for (i = 0; i < 12 && b->state != BBR_PROBE_BW_DOWN; i++)
			round_of(MB / 2, 1000);
		CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
		round_of(MB / 2, 1000);
		CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
		tell(sample_of(false, MB / 2, 1000));
	}
	done();
}

/* A slow program's samples count only where they are better. */
static void
slow_programs_do_not_lower_it(void)
{
	struct tcp_rate_sample rs;

	to_state(BBR_PROBE_BW_CRUISE);
	b->bw_filter[0] = b->bw_filter[1] = 0;
	b->max_bw = MB;
	rs = sample_of(false, MB / 2, 1000);
	rs.is_app_limited = true;
	b->bw_filter[0] = MB;
	tell(rs);
	CU_ASSERT_EQUAL(b->bw_filter[1], 0);
	rs = sample_of(false, 2 * MB, 1000);
	rs.is_app_limited = true;
	tell(rs);
	CU_ASSERT_EQUAL(b->max_bw, 2 * MB);
	done();
}

/* Five seconds without so short a round trip: little in flight for 200 ms and a round. */
static void
probe_rtt(void)
{
	struct tcp_rate_sample rs;

	to_state(BBR_PROBE_BW_CRUISE);
	c->cwnd = 200000;
	rs = sample_of(false, MB, 1000);
	rs.rtt_us = RTT_US + 1;
	advance_us(1850000);
	tell_late(rs);
	CU_ASSERT_NOT_EQUAL(b->state, BBR_PROBE_RTT);
	advance_us(3300000);
	rs = sample_of(false, MB, 1000);
	rs.rtt_us = RTT_US + 1;
	tell_late(rs);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_RTT);
	CU_ASSERT_EQUAL(b->cwnd_gain, 50);
	CU_ASSERT_EQUAL(c->cwnd, 50000); /* half of what 1 MB/s and the round trip make */
	CU_ASSERT_EQUAL(b->probe_rtt_done_us, 0);
	c->pipe = 49000;
	tell_late(sample_of(false, MB, 1000));
	CU_ASSERT_NOT_EQUAL(b->probe_rtt_done_us, 0);
	advance_us(190000);
	tell_late(sample_of(true, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_RTT);
	advance_us(10001);
	tell_late(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
	CU_ASSERT_TRUE(c->cwnd >= 199000);
	done();
}

static void
probe_rtt_waits_for_a_round(void)
{
	to_state(BBR_PROBE_BW_CRUISE);
	advance_us(5100000);
	c->pipe = 1000;
	tell_late(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_RTT);
	advance_us(500000);
	tell_late(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_RTT);
	tell_late(sample_of(true, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_CRUISE);
	done();
}

static void
probe_rtt_in_startup_returns_there(void)
{
	start();
	round_of(MB, 1000);
	advance_us(5100000);
	tell_late(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_RTT);
	tell_late(sample_of(true, MB, 1000));
	advance_us(300000);
	tell_late(sample_of(true, MB, 1000));
	CU_ASSERT_EQUAL(b->state, BBR_STARTUP);
	CU_ASSERT_EQUAL(b->pacing_gain, 277);
	done();
}

/* Ten seconds, and the least of the last five takes its place. */
static void
a_longer_path_is_believed(void)
{
	struct tcp_rate_sample rs;
	unsigned int i;

	to_state(BBR_PROBE_BW_CRUISE);
	CU_ASSERT_EQUAL(b->min_rtt_us, RTT_US);
	for (i = 0; i < 120; i++) {
		advance_us(100000);
		c->pipe = 1000;
		rs = sample_of(true, MB, 1000);
		rs.rtt_us = 2 * RTT_US;
		tell_late(rs);
	}
	CU_ASSERT_EQUAL(b->min_rtt_us, 2 * RTT_US);
	rs = sample_of(true, MB, 1000);
	rs.rtt_us = RTT_US / 2;
	tell_late(rs);
	CU_ASSERT_EQUAL(b->min_rtt_us, RTT_US / 2);
	done();
}

/* Silence has emptied the queue: no ProbeRTT, and on at the rate that is known. */
static void
restart_from_idle(void)
{
	to_state(BBR_PROBE_BW_DOWN);
	c->pipe = 0;
	advance_us(6000000);
	tcp_rate_mark_app(c);
	c->cc->restart(c);
	CU_ASSERT_TRUE(b->idle_restart);
	CU_ASSERT_EQUAL(app_info().pacing_rate, MB * 99ull / 100);
	tell_late(sample_of(true, MB, 1000));
	CU_ASSERT_NOT_EQUAL(b->state, BBR_PROBE_RTT);
	CU_ASSERT_FALSE(b->idle_restart);
	done();
}

static void
a_timeout_keeps_what_was_known(void)
{
	to_state(BBR_PROBE_BW_CRUISE);
	c->cwnd = 150000;
	c->cc->timeout(c);
	CU_ASSERT_EQUAL(c->cwnd, c->mss);
	c->flags |= TCP_F_RTO_RECOVERY;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(c->cwnd, 4u * c->mss);
	c->flags &= ~TCP_F_RTO_RECOVERY;
	tell(sample_of(false, MB, 1000));
	CU_ASSERT_EQUAL(c->cwnd, 151000);
	done();
}

static void
a_needless_recovery_is_undone(void)
{
	struct tcp_seg s = {.len = 1000};
	struct tcp_rate_sample loss = {.in_flight = 50000, .lost = 4000};

	to_state(BBR_PROBE_BW_UP);
	c->cwnd = 150000;
	c->cc->seg_lost(c, &s, &loss);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	CU_ASSERT_NOT_EQUAL(b->inflight_longterm, BBR_BYTES_NONE);
	c->cwnd = 50000;
	c->cc->undo(c);
	CU_ASSERT_EQUAL(b->inflight_longterm, BBR_BYTES_NONE);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_REFILL);
	CU_ASSERT_EQUAL(c->cwnd, 150000);
	done();
}

/* An echo of CE is a loss in its round, and ends a probe; two of them end Startup. */
static void
marks_are_congestion(void)
{
	start();
	round_of(MB, 1000);
	c->pipe = MB;
	c->cc->ecn(c);
	round_of(2 * MB, 1000);
	CU_ASSERT_EQUAL(b->state, BBR_STARTUP);
	c->cc->ecn(c);
	round_of(4 * MB, 1000);
	CU_ASSERT_EQUAL(b->state, BBR_DRAIN);
	done();
	to_state(BBR_PROBE_BW_UP);
	c->pipe = 130000;
	c->cc->ecn(c);
	CU_ASSERT_EQUAL(b->state, BBR_PROBE_BW_DOWN);
	CU_ASSERT_EQUAL(b->inflight_longterm, 130000);
	done();
}

static uint64_t
any(uint64_t *rng)
{
	uint64_t r = sim_rand(rng);

	return sim_rand(rng) % 4 == 0 ? r : r >> (sim_rand(rng) % 64);
}

static void
check_bounds(void)
{
	CU_ASSERT_TRUE(c->cwnd >= c->mss);
	CU_ASSERT_TRUE(c->cwnd <= BBR_CWND_MAX);
	CU_ASSERT_TRUE(c->pace_rate >= c->mss);
	CU_ASSERT_TRUE(c->pace_rate < UINT32_MAX);
	CU_ASSERT_TRUE(b->max_bw <= BBR_BW_MAX);
	CU_ASSERT_TRUE(b->state <= BBR_PROBE_RTT);
	CU_ASSERT_TRUE(tcp_pace_quantum(c) >= 2u * c->mss);
}

/* Whatever samples say: no overflow, no rate of 0, no window of 0. */
static void
any_sample_at_all(void)
{
	struct tcp_seg s = {.len = 1000};
	uint64_t rng = 11;
	unsigned int i;

	start();
	for (i = 0; i < 60000; i++) {
		struct tcp_rate_sample rs = {
			.rate = any(&rng),
			.delivered = (uint32_t)any(&rng),
			.prior = (uint32_t)b->next_round_delivered - (uint32_t)(any(&rng) % 2),
			.in_flight = (uint32_t)any(&rng),
			.lost = (uint32_t)any(&rng),
			.acked = (uint32_t)any(&rng),
			.rtt_us = (uint32_t)any(&rng),
			.has_data = any(&rng) % 4 != 0,
			.is_app_limited = any(&rng) % 4 == 0,
		};

		bbr_rate_of(c)->delivered += rs.acked;
		c->pipe = (uint32_t)any(&rng) % BBR_CWND_MAX;
		c->srtt8 = (uint32_t)any(&rng);
		c->tcp->core->now_us += any(&rng) % 8000000;
		c->flags ^= any(&rng) % 16 == 0 ? TCP_F_RECOVERY : 0;
		c->flags ^= any(&rng) % 2 == 0 ? TCP_F_CWND_LIMITED : 0;
		s.seq = (uint32_t)any(&rng);
		if (any(&rng) % 4 == 0)
			c->cc->seg_lost(c, &s, &rs);
		if (any(&rng) % 64 == 0)
			c->cc->ecn(c);
		if (any(&rng) % 64 == 0)
			c->cc->undo(c);
		if (any(&rng) % 64 == 0)
			c->cc->timeout(c);
		if (any(&rng) % 64 == 0)
			c->cc->restart(c);
		tell(rs);
		check_bounds();
	}
	c->flags &= ~TCP_F_RECOVERY;
	c->tcp->core->now_us = peer.now_us;
	done();
}

/* A peer that acknowledges a byte at a time, or all before it can have come. */
static void
acks_divided_or_too_early(void)
{
	unsigned int mode, i, n;

	for (mode = 0; mode < 2; mode++) {
		uint32_t una = 1;

		start();
		for (i = 0; i < 400; i++) {
			n = RTE_MIN(isla_tcp_send_room(app.conn), 20000u);
			if (n > 0)
				app_send(n);
			advance_us(mode == 0 ? 2000 : 1);
			peer_drain();
			n = app_info().unacked_bytes;
			una += mode == 0 ? RTE_MIN(n, 1u) : n;
			inject_opts(ACK, .seq = P(1), .ack = S(una));
			check_bounds();
		}
		/* And it goes on. */
		n = peer_drain() + (uint32_t)advance_to_frame(3000000);
		CU_ASSERT_TRUE(n > 0);
		CU_ASSERT_TRUE(peer_nb_pending() > 0);
		CU_ASSERT_TRUE(app_info().pacing_rate > 0);
		done();
	}
}

static void
no_room_for_its_state(void)
{
	const struct isla_tcp_conf tcp = {.max_rate_conns = 1};
	struct isla_tcp_opts opts;
	struct isla_tcp_conn *first;

	peer_restart_tcp(&tcp);
	start();
	first = app.conn;
	peer.port++;
	app.conn = NULL;
	inject(SYN, .seq = P(0), .mss = peer.mss);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = peer.irs + 1);
	if (app.conn != NULL && app.conn != first) {
		isla_tcp_get_opts(app.conn, &opts);
		opts.cc = "bbr";
		CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, &opts), -ENOSPC);
		CU_ASSERT_STRING_EQUAL(app_info().cc, tcp_cc_find(NULL)->name);
		isla_tcp_abort(app.conn);
	}
	isla_tcp_abort(first);
	peer_flush();
	peer_drain();
}

/* A connection in TIME-WAIT needs no model of the path: another one has its record. */
static void
time_wait_needs_none(void)
{
	const struct isla_tcp_conf tcp = {.max_rate_conns = 1, .cc = "bbr"};
	struct isla_tcp_conn *first;

	peer_restart_tcp(&tcp);
	time_wait();
	peer_drain();
	first = app.conn;
	RTE_SET_USED(first);
	app.conn = NULL;
	peer.port++;
	inject(SYN, .seq = P(0), .mss = peer.mss);
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	inject(ACK, .seq = P(1), .ack = take()->seq + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	CU_ASSERT_STRING_EQUAL(app_info().cc, "bbr");
	isla_tcp_abort(app.conn);
	peer_flush();
	peer_drain();
}

/* Another algorithm takes over in the midst of a recovery, which must have an end for it. */
static void
another_takes_over_in_recovery(void)
{
	const char *const names[] = {"cubic", "newreno", "dctcp"};
	struct isla_tcp_opts opts;
	unsigned int i;
	uint32_t m;

	for (i = 0; i < RTE_DIM(names); i++) {
		start();
		m = app_info().snd_mss;
		app_send(10 * m);
		peer_drain();
		advance_us(RTT_US);
		inject_sack(1, 1 + m, 1 + 5 * m);
		CU_ASSERT_TRUE(app_info().in_recovery);
		isla_tcp_get_opts(app.conn, &opts);
		opts.cc = names[i];
		CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, &opts), 0);
		peer_drain();
		inject_opts(ACK, .seq = P(1), .ack = S(1 + app_info().unacked_bytes));
		CU_ASSERT_FALSE(app_info().in_recovery);
		CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 20 * m);
		done();
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(the_first_rate),
	SUITE_TEST(startup_ends_on_a_plateau),
	SUITE_TEST(startup_goes_on_while_it_grows),
	SUITE_TEST(startup_ends_on_loss),
	SUITE_TEST(drain_ends_when_the_queue_is_gone),
	SUITE_TEST(drain_ends_after_three_rounds),
	SUITE_TEST(the_window_follows_the_product),
	SUITE_TEST(probing_is_due_by_rounds_or_time),
	SUITE_TEST(up_ends_on_a_plateau),
	SUITE_TEST(up_ends_on_loss),
	SUITE_TEST(the_bound_is_where_losses_crossed_it),
	SUITE_TEST(the_bound_is_raised_by_doubling),
	SUITE_TEST(loss_while_cruising),
	SUITE_TEST(the_best_rate_of_two_cycles_counts),
	SUITE_TEST(slow_programs_do_not_lower_it),
	SUITE_TEST(probe_rtt),
	SUITE_TEST(probe_rtt_waits_for_a_round),
	SUITE_TEST(probe_rtt_in_startup_returns_there),
	SUITE_TEST(a_longer_path_is_believed),
	SUITE_TEST(restart_from_idle),
	SUITE_TEST(a_timeout_keeps_what_was_known),
	SUITE_TEST(a_needless_recovery_is_undone),
	SUITE_TEST(marks_are_congestion),
	SUITE_TEST(any_sample_at_all),
	SUITE_TEST(acks_divided_or_too_early),
	SUITE_TEST(no_room_for_its_state),
	SUITE_TEST(another_takes_over_in_recovery),
	SUITE_TEST(time_wait_needs_none),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
