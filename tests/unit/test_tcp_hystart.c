/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slow start: HyStart++ (RFC 9406), with the algorithms that use it.
 */

#include "cc_env.h"
#include "suite.h"

#define MSS 1000

static const struct tcp_cc_ops *const users[] = {&tcp_cc_cubic, &tcp_cc_newreno};
static const struct tcp_cc_ops *user;

/* The first round trip: 20 segments in flight after it. */
static void
start(uint32_t rtt_us)
{
	cc_env_start(user, MSS);
	cc_env_round(10, rtt_us);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 20 * MSS);
}

static void
doubles_in_each_round(void)
{
	unsigned int i;

	start(50000);
	for (i = 0; i < 8; i++)
		cc_env_round(cc.conn->cwnd / (4 * MSS), 50000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 20 * 256 * MSS);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, UINT32_MAX);
	/* As well where nothing is known of round-trip times. */
	start(50000);
	for (i = 0; i < 8; i++)
		cc_env_round(cc.conn->cwnd / (4 * MSS), UINT32_MAX);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 20 * 256 * MSS);
}

/* 4.3: L is 8 segments, and without bound where the output is paced. */
static void
one_ack_adds_little(void)
{
	start(50000);
	cc_env_ack(20 * MSS, 50000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 28 * MSS);
	start(50000);
	cc.conn->pace_rate = 1000000;
	cc_env_ack(20 * MSS, 50000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 40 * MSS);
	cc.conn->flags |= TCP_F_RTO_RECOVERY;
	cc_env_ack(20 * MSS, 50000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 41 * MSS);
}

/* RttThresh is an eighth of the last round's time, 4 ms at least and 16 ms at most. With the eighth
 * sample of that kind the window grows by a quarter of what is acknowledged. */
static void
thresholds(void)
{
	static const struct {
		uint32_t rtt_us, thresh_us;
	} t[] = {{1000, 4000}, {10000, 4000}, {32000, 4000}, {64000, 8000}, {128000, 16000},
		{400000, 16000}};
	unsigned int i, beyond;

	for (i = 0; i < RTE_DIM(t); i++)
		for (beyond = 0; beyond < 2; beyond++) {
			uint32_t rtt = t[i].rtt_us + t[i].thresh_us - 1 + beyond;

			start(t[i].rtt_us);
			cc_env_round(20, rtt);
			CU_ASSERT_EQUAL(cc.conn->cwnd,
				beyond ? 27 * MSS + 13 * MSS / 4 : 40 * MSS);
		}
}

static void
eight_samples_are_needed(void)
{
	unsigned int i;

	start(50000);
	for (i = 0; i < 7; i++)
		cc_env_ack(MSS, 90000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 27 * MSS);
	cc_env_ack(MSS, UINT32_MAX);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 28 * MSS);
	cc_env_ack(MSS, 90000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 28 * MSS + MSS / 4);
	/* The least of them counts. */
	start(50000);
	cc_env_ack(MSS, 51000);
	for (i = 0; i < 15; i++)
		cc_env_ack(MSS, 90000);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 36 * MSS);
}

/* 4.2: CSS lasts five rounds, the one in which it began included. */
static void
slow_start_ends(void)
{
	unsigned int i;
	uint32_t cwnd;

	start(50000);
	cc_env_round(20, 60000);
	for (i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(cc.conn->ssthresh, UINT32_MAX);
		cwnd = cc.conn->cwnd;
		cc_env_round(cwnd / MSS, 60000);
		CU_ASSERT_TRUE(cc.conn->cwnd > cwnd * 12 / 10 && cc.conn->cwnd <= cwnd * 5 / 4);
	}
	CU_ASSERT_TRUE(cc.conn->ssthresh <= cc.conn->cwnd);
	CU_ASSERT_TRUE(cc.conn->cwnd < cc.conn->ssthresh + 2 * MSS);
	cwnd = cc.conn->cwnd;
	for (i = 0; i < 5; i++)
		cc_env_round(20, 60000);
	CU_ASSERT_TRUE(cc.conn->cwnd >= cwnd + 2 * MSS && cc.conn->cwnd <= cwnd + 8 * MSS);
}

/* Times below the baseline again: it was jitter, and slow start goes on. */
static void
jitter_ends_css(void)
{
	unsigned int i;
	uint32_t cwnd;

	start(50000);
	cc_env_round(20, 60000);
	cc_env_round(cc.conn->cwnd / MSS, 59000);
	cwnd = cc.conn->cwnd;
	for (i = 0; i < 4; i++)
		cc_env_round(cc.conn->cwnd / MSS, 59000);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, UINT32_MAX);
	CU_ASSERT_TRUE(cc.conn->cwnd >= cwnd * 15);
}

/* Only in the first slow start. */
static void
not_after_a_loss(void)
{
	unsigned int i;
	uint32_t rtt = 50000;

	start(50000);
	cc_env_timeout();
	cc.conn->ssthresh = 1000 * MSS;
	for (i = 0; i < 8; i++) {
		cc_env_round(cc.conn->cwnd / MSS, rtt);
		rtt += 20000;
	}
	CU_ASSERT_EQUAL(cc.conn->cwnd, 256 * MSS);
}

static void
hostile_times(void)
{
	unsigned int i;

	start(1);
	for (i = 0; i < 1000; i++) {
		uint32_t cwnd = cc.conn->cwnd;

		cc_env_ack(MSS, i % 3 == 0 ? 0 : i % 3 == 1 ? UINT32_MAX - 1 : 1);
		CU_ASSERT_TRUE(cc.conn->cwnd >= cwnd && cc.conn->cwnd <= cwnd + 8 * MSS);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(doubles_in_each_round),
	SUITE_TEST(one_ack_adds_little),
	SUITE_TEST(thresholds),
	SUITE_TEST(eight_samples_are_needed),
	SUITE_TEST(slow_start_ends),
	SUITE_TEST(jitter_ends_css),
	SUITE_TEST(not_after_a_loss),
	SUITE_TEST(hostile_times),
};

static void
use_cubic(void)
{
	user = users[0];
}

static void
use_newreno(void)
{
	user = users[1];
}

int
main(void)
{
	const struct suite suites[] = {
		{"cubic", tests, RTE_DIM(tests), use_cubic, cc_env_stop},
		{"newreno", tests, RTE_DIM(tests), use_newreno, cc_env_stop},
	};

	return suite_run_all(suites, RTE_DIM(suites));
}
