/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DCTCP (RFC 8257): the estimate and what is made of it.
 */

#include <math.h>

#include "cc_env.h"
#include "suite.h"

#define MSS 1000
#define RTT 200

/* DCTCP.Alpha is the first word of the state. */
static double
alpha(void)
{
	return cc.conn->cc_state[0] / 1048576.0;
}

/* In congestion avoidance with that window. */
static void
start(uint32_t nb_segs)
{
	cc_env_start(&tcp_cc_dctcp, MSS);
	cc.conn->cwnd = cc.conn->ssthresh = nb_segs * MSS;
	cc_env_fill();
}

/* A window of ACKs, of which so many in a hundred are marked. */
static void
window(unsigned int percent)
{
	uint32_t nb = (cc.conn->snd_nxt - cc.conn->snd_una) / MSS, i;

	for (i = 0; i < nb; i++) {
		cc.ce_bytes = (i + 1) * percent / 100 != i * percent / 100 ? MSS : 0;
		cc_env_ack(MSS, RTT);
	}
	cc.ce_bytes = 0;
}

/* 3.3: Alpha = Alpha * (1 - g) + g * M, once a window. */
static void
alpha_follows_the_formula(void)
{
	static const unsigned int percents[] = {0, 10, 50, 100, 0, 25};
	unsigned int i, j;
	double want = 1;

	start(100);
	CU_ASSERT_EQUAL(alpha(), 1);
	for (i = 0; i < RTE_DIM(percents); i++)
		for (j = 0; j < 20; j++) {
			window(percents[i]);
			want = want * 15 / 16 + percents[i] / 100.0 / 16;
			/* The estimate is a window behind: 1/16 of the difference at most. */
			CU_ASSERT_TRUE(fabs(alpha() - want) < 0.08);
		}
	/* What it settles at is the share itself. */
	for (j = 0; j < 200; j++)
		window(25);
	CU_ASSERT_TRUE(fabs(alpha() - 0.25) < 0.01);
	for (j = 0; j < 200; j++)
		window(100);
	CU_ASSERT_TRUE(alpha() > 0.999 && alpha() <= 1);
	for (j = 0; j < 500; j++)
		window(0);
	CU_ASSERT_EQUAL(alpha(), 0);
}

/* 3.3, step 9. */
static void
a_mark_takes_half_of_alpha(void)
{
	unsigned int j;
	uint32_t cwnd;

	start(100);
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 50 * MSS);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 50 * MSS);
	start(100);
	for (j = 0; j < 30; j++)
		window(0);
	cwnd = cc.conn->cwnd;
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_TRUE(fabs(cc.conn->cwnd - cwnd * (1 - alpha() / 2)) <= 1);
	CU_ASSERT_TRUE(cc.conn->cwnd > cwnd * 9 / 10);
	start(2);
	cc.conn->cc->ecn(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 2 * MSS);
}

/* 3.4, 3.5: losses are Reno's affair, and leave Alpha alone. */
static void
losses_halve(void)
{
	unsigned int j;
	double before;

	start(100);
	for (j = 0; j < 30; j++)
		window(0);
	cc.conn->cwnd = 100 * MSS;
	cc_env_fill();
	before = alpha();
	cc_env_loss();
	CU_ASSERT_EQUAL(cc.conn->cwnd, 50 * MSS);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 50 * MSS);
	cc_env_timeout();
	CU_ASSERT_EQUAL(cc.conn->cwnd, MSS);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 25 * MSS);
	CU_ASSERT_EQUAL(alpha(), before);
}

/* Without a mark it is Reno: a segment a round trip. */
static void
grows_as_reno(void)
{
	unsigned int j;

	start(100);
	for (j = 0; j < 10; j++)
		window(0);
	CU_ASSERT_TRUE(cc.conn->cwnd >= 109 * MSS && cc.conn->cwnd <= 110 * MSS);
	cc_env_start(&tcp_cc_dctcp, MSS);
	window(0);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 20 * MSS);
}

/* More marked than was acknowledged, all at once, nothing at all: Alpha stays in [0, 1]. */
static void
hostile_marks(void)
{
	static const uint32_t nbs[] = {1, MSS, 1u << 20, TCP_CWND_MAX};
	unsigned int i;

	start(100);
	for (i = 0; i < 4000; i++) {
		cc.ce_bytes = i % 5 == 0 ? UINT32_MAX : i % 3 == 0 ? nbs[i % 4] : 0;
		cc_env_ack(nbs[i / 7 % 4], RTT);
		if (i % 11 == 0)
			cc.conn->cc->ecn(cc.conn);
		cc.conn->cwnd = RTE_MIN(cc.conn->cwnd, TCP_CWND_MAX);
		CU_ASSERT_TRUE(alpha() >= 0 && alpha() <= 1);
		CU_ASSERT_TRUE(cc.conn->cwnd >= 2 * MSS);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(alpha_follows_the_formula),
	SUITE_TEST(a_mark_takes_half_of_alpha),
	SUITE_TEST(losses_halve),
	SUITE_TEST(grows_as_reno),
	SUITE_TEST(hostile_marks),
};

int
main(void)
{
	return suite_run("tcp_cc_dctcp", tests, RTE_DIM(tests), NULL, cc_env_stop);
}
