/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC (RFC 9438), held against its formulas in floating point.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cc_env.h"
#include "suite.h"

#define C 0.4
#define BETA 0.7

/* The RFC's variables, in segments and seconds. */
struct model {
	double cwnd, w_max, k, w_est, prior, epoch, rtt;
};

static double
now(void)
{
	return (double)cc.core->now_us / 1e6;
}

static double
segs(uint32_t nb_bytes)
{
	return (double)nb_bytes / cc.conn->mss;
}

static void
model_epoch(struct model *m, double cwnd, double w_max, double prior, double rtt)
{
	m->cwnd = m->w_est = cwnd;
	m->w_max = w_max > cwnd ? w_max : cwnd;
	m->k = cbrt((m->w_max - cwnd) / C);
	m->prior = prior;
	m->epoch = now();
	m->rtt = rtt;
}

static double
w_cubic(const struct model *m, double t)
{
	return C * pow(t - m->k, 3) + m->w_max;
}

static void
model_ack(struct model *m, double acked)
{
	double t = now() - m->epoch;
	double alpha = m->w_est < m->prior ? 3 * (1 - BETA) / (1 + BETA) : 1;

	m->w_est += alpha * acked / m->cwnd;
	if (w_cubic(m, t) < m->w_est) {
		m->cwnd = fmax(m->cwnd, m->w_est);
	} else {
		double target = fmin(fmax(w_cubic(m, t + m->rtt), m->cwnd), 1.5 * m->cwnd);

		m->cwnd += (target - m->cwnd) / m->cwnd * acked;
	}
}

static bool
is_near(double a, double b, double relative)
{
	return fabs(a - b) <= relative * fmax(fabs(a), fabs(b));
}

/* In congestion avoidance after a loss at `nb_bytes`. */
static void
start_after_loss(uint16_t mss, uint32_t nb_bytes)
{
	cc_env_start(&tcp_cc_cubic, mss);
	cc.conn->cwnd = nb_bytes;
	cc_env_fill();
	cc_env_loss();
}

/* So many round trips of real and model side by side; false where they part. */
static bool
agree(struct model *m, unsigned int rounds, unsigned int nb_acks, double tolerance)
{
	unsigned int i, j;

	for (i = 0; i < rounds; i++) {
		uint32_t flight = cc.conn->cwnd;

		for (j = 0; j < nb_acks; j++) {
			cc.core->now_us += (uint64_t)(m->rtt * 1e6) / nb_acks;
			if (i == 0 && j == 0)
				m->epoch = now();
			model_ack(m, segs(flight / nb_acks));
			cc_env_ack(flight / nb_acks, (uint32_t)(m->rtt * 1e6));
			if (cc.conn->cwnd >= TCP_CWND_MAX)
				return true;
			if (!is_near(segs(cc.conn->cwnd), m->cwnd, tolerance)) {
				fprintf(stderr, "# mss %u rtt %g round %u: %g, not %g\n",
					cc.conn->mss, m->rtt, i, segs(cc.conn->cwnd), m->cwnd);
				return false;
			}
		}
	}
	return true;
}

static void
curve_and_its_inverse(void)
{
	static const uint32_t mss[] = {76, 88, 536, 1220, 1448, 1460, 8960, 65000};
	unsigned int i;
	double t, bytes;

	for (i = 0; i < RTE_DIM(mss); i++) {
		for (t = 0.01; t < 4000; t *= 1.07) {
			bytes = fmin(C * t * t * t * mss[i], TCP_CWND_MAX);
			CU_ASSERT_TRUE(fabs(tcp_cubic_bytes((uint32_t)(t * 1e6), mss[i]) - bytes) <=
				2 + 0.0005 * bytes + mss[i] / 1000.0);
		}
		for (bytes = 1; bytes <= TCP_CWND_MAX; bytes *= 1.3) {
			t = cbrt(floor(bytes) / mss[i] / C);
			CU_ASSERT_TRUE(fabs(tcp_cubic_time_us((uint32_t)bytes, mss[i]) / 1e6 - t) <=
				0.0002 + 0.001 * t + (bytes < mss[i] ? 0.2 : 0));
		}
		CU_ASSERT_EQUAL(tcp_cubic_time_us(0, mss[i]), 0);
		CU_ASSERT_EQUAL(tcp_cubic_bytes(0, mss[i]), 0);
		CU_ASSERT_EQUAL(tcp_cubic_bytes(UINT32_MAX, mss[i]), TCP_CWND_MAX);
		CU_ASSERT_EQUAL(tcp_cubic_time_us(UINT32_MAX, mss[i]),
			tcp_cubic_time_us(TCP_CWND_MAX, mss[i]));
	}
	/* Figures by hand: 64 segments / 0.4 = 160, cube root 5.429; 0.4 * 10^3 = 400. */
	CU_ASSERT_TRUE(is_near(tcp_cubic_time_us(64 * 1000, 1000), 5428835, 0.0002));
	CU_ASSERT_EQUAL(tcp_cubic_bytes(10000000, 1000), 400000);
}

/* 4.2 to 4.5: from a reduction through W_max and beyond, with windows from 10 segments to 1 GB. */
static void
follows_the_formulas(void)
{
	static const uint16_t mss[] = {88, 536, 1448, 8948};
	static const double rtts[] = {0.001, 0.02, 0.1, 0.3};
	static const uint32_t windows[] = {10, 100, 1000, 30000};
	unsigned int i, j, k;

	for (i = 0; i < RTE_DIM(mss); i++)
		for (j = 0; j < RTE_DIM(rtts); j++)
			for (k = 0; k < RTE_DIM(windows); k++) {
				uint32_t w = windows[k];
				struct model m;

				start_after_loss(mss[i], w * mss[i]);
				CU_ASSERT_EQUAL(cc.conn->cwnd, w * mss[i] * 7 / 10);
				CU_ASSERT_EQUAL(cc.conn->ssthresh, w * mss[i] * 7 / 10);
				model_epoch(&m, segs(cc.conn->cwnd), w, w, rtts[j]);
				CU_ASSERT_TRUE(agree(&m, RTE_MIN(3000u,
					(unsigned int)(2 * m.k / rtts[j])), 10, 0.01));
			}
	start_after_loss(8948, 1000u << 20);
	{
		struct model m;

		model_epoch(&m, segs(cc.conn->cwnd), segs(1000u << 20), segs(1000u << 20), 0.1);
		CU_ASSERT_TRUE(agree(&m, (unsigned int)(1.2 * m.k / 0.1), 20, 0.01));
		CU_ASSERT_TRUE(cc.conn->cwnd >= 1000u << 20);
	}
}

/* The clock's ticks pass 2^32, the time of the wrap before, at and after W_max. */
static void
time_wraps(void)
{
	uint64_t wrap_us = (uint64_t)UINT32_MAX << TCP_TICK_SHIFT, before;

	for (before = 0; before < 10000000; before += 1000000) {
		struct model m;

		cc_env_start(&tcp_cc_cubic, 1448);
		cc.core->now_us = wrap_us - before;
		cc.conn->cwnd = 100 * 1448;
		cc_env_fill();
		cc_env_loss();
		model_epoch(&m, 70, 100, 100, 0.1);
		CU_ASSERT_TRUE(agree(&m, 120, 10, 0.01));
	}
}

/* Days without a loss: the window stays where it is, and does not fall. */
static void
days_in_one_epoch(void)
{
	unsigned int hour;
	uint32_t last;

	start_after_loss(1448, 100 * 1448);
	cc_env_round(10, 100000);
	for (hour = 0; hour < 24 * 8; hour++) {
		last = cc.conn->cwnd;
		cc.core->now_us += 3600000000u;
		cc_env_ack(1448, 100000);
		CU_ASSERT_TRUE(cc.conn->cwnd >= last);
		CU_ASSERT_TRUE(cc.conn->cwnd <= last + 1448);
	}
	CU_ASSERT_TRUE(cc.conn->cwnd > 140 * 1448);
}

/* 4.7: the second flow's sign is a window that did not get back to W_max: 17/20 of it is the next
 * W_max, and there the curve is flat. */
static void
fast_convergence(void)
{
	struct model m;

	start_after_loss(1000, 1000 * 1000);
	cc_env_round(10, 100000);
	CU_ASSERT_TRUE(cc.conn->cwnd < 1000 * 1000);
	cc.conn->cwnd = 800 * 1000;
	cc_env_fill();
	cc_env_loss();
	CU_ASSERT_EQUAL(cc.conn->cwnd, 560 * 1000);
	model_epoch(&m, 560, 0.85 * 800, 800, 0.1);
	CU_ASSERT_TRUE(agree(&m, 150, 10, 0.01));
	/* And not where it did. */
	start_after_loss(1000, 1000 * 1000);
	cc.conn->cwnd = 1200 * 1000;
	cc_env_fill();
	cc_env_loss();
	model_epoch(&m, 840, 1200, 1200, 0.1);
	CU_ASSERT_TRUE(agree(&m, 150, 10, 0.01));
}

/* 4.6: at least two segments; what limited transmit has added does not count. */
static void
floors(void)
{
	start_after_loss(1448, 2 * 1448);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 2 * 1448);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 2 * 1448);
	cc_env_start(&tcp_cc_cubic, 1000);
	cc.conn->snd_nxt += 3000;
	cc_env_loss();
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 7000);
	/* A program that has not used its window. */
	cc_env_start(&tcp_cc_cubic, 1000);
	cc.conn->snd_nxt = cc.conn->snd_una + 5000;
	cc.conn->cc->loss(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 3500);
}

/* 4.6 reduces what was in use. A window of 3.9 segments is, where three are in flight: what it has
 * grown by since counts, or a small window would never get anywhere. */
static void
a_part_of_a_segment_counts(void)
{
	cc_env_start(&tcp_cc_cubic, 1000);
	cc.conn->cwnd = 3900;
	cc.conn->snd_nxt = cc.conn->snd_una + 3000;
	cc.conn->cc->loss(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 2730);
	/* A whole one that could have been sent was not in use. */
	cc_env_start(&tcp_cc_cubic, 1000);
	cc.conn->cwnd = 4000;
	cc.conn->snd_nxt = cc.conn->snd_una + 3000;
	cc.conn->cc->loss(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 2100);
}

/* RFC 8511: 0.85 for a mark in congestion avoidance, with one segment as the least window. */
static void
marks(void)
{
	start_after_loss(1000, 1000 * 1000);
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 595 * 1000);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 595 * 1000);
	cc_env_start(&tcp_cc_cubic, 1000);
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 7000); /* in slow start */
	start_after_loss(1000, 2000);
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 1700);
	cc_env_fill();
	cc.conn->cc->ecn(cc.conn);
	cc_env_fill();
	cc.conn->cc->ecn(cc.conn);
	cc_env_fill();
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 1000);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 2000);
}

/* 4.8: slow start to 0.7 of the window, then the convex part from there on, with K = 0. */
static void
after_a_timeout(void)
{
	struct model m;
	unsigned int i;

	start_after_loss(1000, 1000 * 1000);
	cc_env_round(10, 100000);
	cc.conn->cwnd = 1000 * 1000;
	cc_env_fill();
	cc_env_timeout();
	CU_ASSERT_EQUAL(cc.conn->cwnd, 1000);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 700 * 1000);
	cc.conn->flags |= TCP_F_RTO_RECOVERY;
	cc_env_ack(1000, 100000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 2000);
	cc_env_ack(2000, 100000); /* RFC 3465, 2.3 */
	CU_ASSERT_EQUAL(cc.conn->cwnd, 3000);
	cc.conn->flags &= ~TCP_F_RTO_RECOVERY;
	for (i = 0; i < 100 && cc.conn->cwnd < cc.conn->ssthresh; i++) {
		uint32_t cwnd = cc.conn->cwnd;

		cc_env_ack(1000, 100000);
		CU_ASSERT_EQUAL(cc.conn->cwnd, cwnd + 1000);
	}
	cc.conn->cwnd = cc.conn->ssthresh;
	cc_env_fill();
	model_epoch(&m, 700, 0, 1000, 0.1);
	CU_ASSERT_TRUE(agree(&m, 200, 10, 0.01));
}

/* 4.3: where the round trip is short, the window is Reno's with alpha 9/17, and 1 a round trip from
 * cwnd_prior on. */
static void
reno_friendly_region(void)
{
	unsigned int i, rounds = 0;

	start_after_loss(1000, 20 * 1000);
	for (i = 0; i < 10; i++)
		cc_env_round(cc.conn->cwnd / 1000, 1000);
	CU_ASSERT_TRUE(is_near(cc.conn->cwnd, 14000 + 10 * 1000 * 9 / 17, 0.03));
	while (cc.conn->cwnd < 20 * 1000 && rounds++ < 100)
		cc_env_round(cc.conn->cwnd / 1000, 1000);
	CU_ASSERT_TRUE(rounds <= 3);
	i = cc.conn->cwnd;
	for (rounds = 0; rounds < 10; rounds++)
		cc_env_round(cc.conn->cwnd / 1000, 1000);
	CU_ASSERT_TRUE(is_near(cc.conn->cwnd, i + 10000, 0.03));
}

/* 4.2: no more than half as much again in a round trip, however far away the curve is. */
static void
target_is_bounded(void)
{
	uint32_t cwnd;

	start_after_loss(1000, 100 * 1000);
	cc_env_round(10, 10000);
	cc.core->now_us += 600000000;
	cwnd = cc.conn->cwnd;
	cc_env_round(100, 10000);
	CU_ASSERT_TRUE(cc.conn->cwnd > cwnd * 149 / 100 && cc.conn->cwnd <= cwnd * 3 / 2);
	/* One ACK for a whole window: half at most. */
	cwnd = cc.conn->cwnd;
	cc_env_round(1, 10000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, cwnd + cwnd / 2);
}

/* 5.8: time in which the window is not in use is no time. */
static void
idle_time_does_not_count(void)
{
	uint32_t with, without;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		start_after_loss(1448, 500 * 1448);
		cc_env_round(50, 50000);
		if (i == 1) {
			cc.conn->cc->limited(cc.conn);
			cc.core->now_us += 100000000;
			cc.conn->cc->limited(cc.conn);
			cc.core->now_us += 100000000;
		}
		with = without = cc.conn->cwnd;
		cc_env_round(50, 50000);
		cc_env_round(50, 50000);
		if (i == 0)
			without = cc.conn->cwnd - without;
		else
			CU_ASSERT_TRUE(cc.conn->cwnd - with > 0);
		with = cc.conn->cwnd;
	}
	start_after_loss(1448, 500 * 1448);
	for (i = 0; i < 3; i++)
		cc_env_round(50, 50000);
	CU_ASSERT_TRUE(is_near(cc.conn->cwnd, with, 0.002));
	/* All acknowledged, nothing to send: the same by itself. */
	start_after_loss(1448, 500 * 1448);
	cc_env_round(49, 50000);
	cc.conn->sndq_bytes = 0;
	{
		struct tcp_in in = {.ack = cc.conn->snd_nxt};
		struct tcp_acked a = {.in = &in, .rtt_us = 50000, .advanced = true};

		cc.conn->snd_una = cc.conn->snd_nxt;
		cc.conn->cc->acked(cc.conn, &a, 1448);
	}
	cc.conn->sndq_bytes = UINT32_MAX / 2;
	cc.core->now_us += 1000000000;
	cc_env_fill();
	for (i = 0; i < 2; i++)
		cc_env_round(50, 50000);
	CU_ASSERT_TRUE(is_near(cc.conn->cwnd, with, 0.01));
}

static void
undo(void)
{
	cc.conn->cwnd = RTE_MAX(cc.conn->cwnd, tcp_repair(cc.conn)->undo_cwnd);
	cc.conn->ssthresh = RTE_MAX(cc.conn->ssthresh, tcp_repair(cc.conn)->undo_ssthresh);
	cc.conn->cc->undo(cc.conn);
	cc_env_fill();
}

/* 4.9: as if nothing had been; on whichever part of the curve it was. */
static void
a_needless_reduction_is_undone(void)
{
	unsigned int before, kind, i;
	uint32_t plain;

	for (before = 5; before < 200; before += 20) {
		for (plain = 0, kind = 0; kind < 4; kind++) {
			start_after_loss(1448, 1000 * 1448);
			for (i = 0; i < before; i++)
				cc_env_round(10, 100000);
			/* 1: in recovery; 2: after it; 3: a timeout. */
			if (kind == 1 || kind == 2)
				cc_env_loss();
			if (kind == 3)
				cc_env_timeout();
			if (kind == 2)
				cc_env_ack(1448, 100000);
			if (kind != 0)
				undo();
			for (i = 0; i < 30; i++)
				cc_env_round(10, 100000);
			if (kind == 0)
				plain = cc.conn->cwnd;
			else
				CU_ASSERT_TRUE(is_near(cc.conn->cwnd, plain, 0.02));
		}
	}
}

static void
undo_in_the_first_slow_start(void)
{
	uint32_t cwnd;

	cc_env_start(&tcp_cc_cubic, 1448);
	cc_env_round(10, 100000);
	cwnd = cc.conn->cwnd;
	cc_env_loss();
	CU_ASSERT_TRUE(cc.conn->cwnd < cwnd);
	undo();
	CU_ASSERT_EQUAL(cc.conn->cwnd, cwnd);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, UINT32_MAX);
	cc_env_round(20, 100000);
	CU_ASSERT_TRUE(is_near(cc.conn->cwnd, 2 * cwnd, 0.01));
}

/* RFC 3465: a window that is acknowledged byte by byte grows no faster. */
static void
divided_acks(void)
{
	uint32_t whole, i;

	start_after_loss(1448, 100 * 1448);
	cc_env_round(70, 100000);
	cc_env_round(70, 100000);
	whole = cc.conn->cwnd;
	start_after_loss(1448, 100 * 1448);
	cc_env_round(70, 100000);
	for (i = cc.conn->cwnd; i > 0; i--) {
		cc.core->now_us += i % 2;
		cc_env_ack(1, 100000);
	}
	CU_ASSERT_TRUE(cc.conn->cwnd <= whole + 1448);
	/* In slow start: as much as there were bytes. */
	cc_env_start(&tcp_cc_cubic, 1448);
	for (i = 0; i < 14480; i++)
		cc_env_ack(1, 100000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 2 * 14480);
}

/* Whatever is acknowledged at once, nothing overflows, and the window is never 0. */
static void
hostile_figures(void)
{
	static const uint32_t cwnds[] = {76, 1448, 1u << 20, TCP_CWND_MAX};
	static const uint32_t acks[] = {1, 1448, 1u << 16, TCP_CWND_MAX};
	static const uint32_t rtts[] = {1, 1000, 60000000, UINT32_MAX};
	uint64_t rng = 1;
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		uint32_t r = (uint32_t)(rng >> 33), before;

		rng = rng * 6364136223846793005ull + 1442695040888963407ull;
		if (i % 50 == 0) {
			cc_env_start(&tcp_cc_cubic, (uint16_t)(r % 2 == 0 ? 76 : 65000));
			cc.core->now_us = rng >> (r % 40);
			cc.conn->cwnd = cwnds[r / 2 % 4];
			cc.conn->ssthresh = r % 3 == 0 ? UINT32_MAX : cwnds[r / 8 % 4];
			if (cc.conn->ssthresh != UINT32_MAX)
				cc.conn->cc->init(cc.conn);
			cc_env_fill();
		}
		before = cc.conn->cwnd;
		cc.core->now_us += rng >> (24 + r % 30);
		switch (r % 16) {
		case 0: cc_env_loss(); break;
		case 1: cc_env_timeout(); break;
		case 2: cc.conn->cc->ecn(cc.conn); break;
		case 3: cc.conn->cc->limited(cc.conn); break;
		case 4: cc.conn->cc->restart(cc.conn); break;
		case 5: undo(); break;
		default:
			cc_env_ack(acks[r / 16 % 4], rtts[r / 64 % 4]);
			CU_ASSERT_TRUE(cc.conn->cwnd >= before);
			CU_ASSERT_TRUE((uint64_t)cc.conn->cwnd - before <=
				RTE_MAX((uint64_t)acks[r / 16 % 4], before / 2 + 1) + 65000);
		}
		cc.conn->cwnd = RTE_MIN(cc.conn->cwnd, TCP_CWND_MAX);
		CU_ASSERT_TRUE(cc.conn->cwnd >= RTE_MIN(cc.conn->mss, before));
		CU_ASSERT_TRUE(cc.conn->ssthresh >= 2u * cc.conn->mss ||
			cc.conn->ssthresh <= cwnds[1]);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(curve_and_its_inverse),
	SUITE_TEST(follows_the_formulas),
	SUITE_TEST(time_wraps),
	SUITE_TEST(days_in_one_epoch),
	SUITE_TEST(fast_convergence),
	SUITE_TEST(floors),
	SUITE_TEST(a_part_of_a_segment_counts),
	SUITE_TEST(marks),
	SUITE_TEST(after_a_timeout),
	SUITE_TEST(reno_friendly_region),
	SUITE_TEST(target_is_bounded),
	SUITE_TEST(idle_time_does_not_count),
	SUITE_TEST(a_needless_reduction_is_undone),
	SUITE_TEST(undo_in_the_first_slow_start),
	SUITE_TEST(divided_acks),
	SUITE_TEST(hostile_figures),
};

int
main(void)
{
	return suite_run("tcp_cc_cubic", tests, RTE_DIM(tests), NULL, cc_env_stop);
}
