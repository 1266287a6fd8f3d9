/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion window validation, RFC 7661, and the initial window, RFC 6928.
 */

#include "cc_env.h"
#include "suite.h"

#define MSS 1000
#define RTT 100000

/* A round trip in which no more than so much is in flight. */
static void
light_round(uint32_t nb_bytes)
{
	cc.core->now_us += RTT;
	cc.conn->snd_nxt = cc.conn->snd_una + nb_bytes;
	/* The window is not full, if it is not. */
	if (nb_bytes < cc.conn->cwnd)
		cc.conn->flags &= ~TCP_F_CWND_LIMITED;
	cc_env_ack(nb_bytes / 2, RTT);
	cc.conn->snd_nxt = cc.conn->snd_una + nb_bytes / 2;
	cc_env_ack(nb_bytes / 2, RTT);
	cc.conn->snd_nxt = cc.conn->snd_una;
	cc.conn->flags |= TCP_F_CWND_LIMITED;
}

/* In congestion avoidance, with a window of 100 segments that is in use. */
static void
start(const struct tcp_cc_ops *ops)
{
	cc_env_start(ops, MSS);
	cc.conn->cwnd = cc.conn->ssthresh = 100 * MSS;
	cc_env_fill();
	cc_env_round(50, RTT);
	cc_env_round(50, RTT);
	CU_ASSERT_EQUAL(cc.conn->nonvalid_s, 0);
	/* All of it is acknowledged. */
	cc.conn->snd_nxt = cc.conn->round_end = cc.conn->snd_una;
}

static void
a_window_in_use_is_valid(void)
{
	unsigned int i;

	cc_env_start(&tcp_cc_cubic, MSS);
	for (i = 0; i < 10; i++) {
		cc_env_round(cc.conn->cwnd / (2 * MSS), RTT);
		CU_ASSERT_TRUE(tcp_cwv_is_valid(cc.conn));
	}
	CU_ASSERT_EQUAL(cc.conn->cwnd, 10240 * MSS);
	CU_ASSERT_TRUE(cc.conn->pipe_ack >= 2560 * MSS && cc.conn->pipe_ack <= 5120 * MSS);
}

/* 4.2: pipeACK is the most of the last three round trips, or of a second. */
static void
pipe_ack_is_of_late(void)
{
	start(&tcp_cc_newreno);
	CU_ASSERT_TRUE(cc.conn->pipe_ack >= 100 * MSS);
	light_round(10 * MSS);
	CU_ASSERT_TRUE(cc.conn->pipe_ack >= 100 * MSS);
	CU_ASSERT_EQUAL(cc.conn->nonvalid_s, 0);
	cc.core->now_us += 3000000;
	light_round(10 * MSS);
	CU_ASSERT_EQUAL(cc.conn->pipe_ack, 10 * MSS);
	CU_ASSERT_NOT_EQUAL(cc.conn->nonvalid_s, 0);
}

/* 4.4: the window stays, and does not grow, until it is used again. */
static void
no_growth_while_not_valid(void)
{
	uint32_t cwnd;

	start(&tcp_cc_newreno);
	cc.core->now_us += 3000000;
	light_round(10 * MSS);
	cwnd = cc.conn->cwnd;
	cc_env_fill();
	cc_env_ack(10 * MSS, RTT);
	cc_env_ack(10 * MSS, RTT);
	CU_ASSERT_EQUAL(cc.conn->cwnd, cwnd);
	/* Half of it has been acknowledged in a round trip. */
	cc_env_round(50, RTT);
	CU_ASSERT_TRUE(tcp_cwv_is_valid(cc.conn));
	cc_env_round(50, RTT);
	CU_ASSERT_TRUE(cc.conn->cwnd > cwnd);
}

/* 4.4.3: after five minutes half of it goes, not below the initial window, and ssthresh keeps three
 * quarters. */
static void
five_minutes(void)
{
	static const struct tcp_cc_ops *const algorithms[] = {&tcp_cc_newreno, &tcp_cc_cubic};
	unsigned int i, minute;
	uint32_t cwnd;

	for (i = 0; i < RTE_DIM(algorithms); i++) {
		start(algorithms[i]);
		cwnd = cc.conn->cwnd;
		for (minute = 0; minute < 5; minute++) {
			cc.core->now_us += 59000000;
			light_round(10 * MSS);
			CU_ASSERT_EQUAL(cc.conn->cwnd, cwnd);
		}
		cc.core->now_us += 66000000;
		light_round(10 * MSS);
		CU_ASSERT_EQUAL(cc.conn->cwnd, cwnd / 2);
		CU_ASSERT_TRUE(cc.conn->ssthresh >= cwnd - cwnd / 4);
		for (minute = 0; minute < 30; minute++) {
			cc.core->now_us += 60000000;
			light_round(2 * MSS);
		}
		CU_ASSERT_EQUAL(cc.conn->cwnd, 10 * MSS);
		/* Used again, it grows from there. */
		cc_env_fill();
		cc_env_round(10, RTT);
		cc_env_round(10, RTT);
		CU_ASSERT_TRUE(cc.conn->cwnd > 10 * MSS && cc.conn->cwnd <= 40 * MSS);
	}
}

/* 4.4.1: a loss takes its share of what was in flight lately, and of what had to be sent again. */
static void
loss_while_not_valid(void)
{
	start(&tcp_cc_newreno);
	cc.core->now_us += 3000000;
	light_round(20 * MSS);
	cc.conn->snd_nxt = cc.conn->snd_una + 6 * MSS;
	cc.conn->cc->loss(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 10 * MSS);
	tcp_repair(cc.conn)->undo_retrans = 4;
	tcp_cwv_recovered(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 8 * MSS);
	CU_ASSERT_EQUAL(cc.conn->nonvalid_s, 0);
	CU_ASSERT_EQUAL(cc.conn->pipe_ack, 0);
	/* Were there more of them than anything: two segments. */
	cc.conn->nonvalid_s = 1;
	tcp_repair(cc.conn)->undo_retrans = UINT16_MAX;
	tcp_cwv_recovered(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 2 * MSS);
	/* In the validated phase FlightSize alone counts. */
	start(&tcp_cc_newreno);
	cc.conn->snd_nxt = cc.conn->snd_una + 6 * MSS;
	cc.conn->cc->loss(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->ssthresh, 3 * MSS);
}

/* RFC 5681, 4.1; without bursts the window stays. */
static void
restart(void)
{
	start(&tcp_cc_newreno);
	cc.conn->pace_rate = 1000000;
	cc.conn->cc->restart(cc.conn);
	CU_ASSERT_TRUE(cc.conn->cwnd >= 100 * MSS);
	cc.conn->pace_rate = UINT32_MAX;
	cc.conn->cc->restart(cc.conn);
	CU_ASSERT_EQUAL(cc.conn->cwnd, 10 * MSS);
}

/* RFC 6928, (1): min(10 MSS, max(2 MSS, 14600)). */
static void
initial_window(void)
{
	static const struct {
		uint16_t mss;
		uint32_t window;
	} t[] = {{88, 880}, {536, 5360}, {1448, 14480}, {1460, 14600}, {2000, 14600}, {7300, 14600},
		{8960, 17920}, {65000, 130000}};
	unsigned int i;

	for (i = 0; i < RTE_DIM(t); i++) {
		cc_env_start(&tcp_cc_cubic, t[i].mss);
		CU_ASSERT_EQUAL(cc.conn->cwnd, t[i].window);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_window_in_use_is_valid),
	SUITE_TEST(pipe_ack_is_of_late),
	SUITE_TEST(no_growth_while_not_valid),
	SUITE_TEST(five_minutes),
	SUITE_TEST(loss_while_not_valid),
	SUITE_TEST(restart),
	SUITE_TEST(initial_window),
};

int
main(void)
{
	return suite_run("tcp_cwv", tests, RTE_DIM(tests), NULL, cc_env_stop);
}
