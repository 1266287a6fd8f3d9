/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control where it matters: connections share a link with a bounded queue. Host 1 sends,
 * host 0 receives.
 */

#include <stdio.h>
#include <stdlib.h>

#include "sim_tcp.h"
#include "suite.h"

#define SECOND 1000000ull

static struct sim_tcp st;

/* A link of rate_bps with that round-trip time, and a queue of so many of its bandwidth-delay
 * products (in percent). */
static struct sim_tcp_conf
bottleneck(uint64_t seed, uint64_t rate_bps, uint32_t rtt_us, uint32_t queue_percent)
{
	struct sim_tcp_conf conf = {.sim.seed = seed, .max_sides = 4, .may_fail = true};
	uint64_t bdp = rate_bps / 8 * rtt_us / SECOND;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct isla_tcp_conf *tcp = &conf.sim.host[i].stack.tcp;

		conf.sim.dir[i].delay_us = rtt_us / 2;
		conf.sim.dir[i].jitter_us = 300;
		tcp->sndbuf_bytes = tcp->rcvbuf_bytes = tcp->rcvbuf_max_bytes = 16u << 20;
		tcp->max_segs = 65536;
		conf.sim.host[i].pool_limit = 200000;
	}
	conf.sim.dir[1].rate_bps = rate_bps;
	conf.sim.dir[1].queue_bytes = (uint32_t)(bdp * queue_percent / 100);
	conf.from_client = 1u << 30;
	return conf;
}

static void
start(const struct sim_tcp_conf *conf, const char *cc)
{
	sim_tcp_start(&st, conf);
	st.conf.opts[1].cc = cc;
	CU_ASSERT_TRUE(sim_tcp_open(&st));
}

/* The program takes its hands off; what is in flight is thrown away. */
static void
stop(void)
{
	isla_stack_shutdown(st.sim->host[0].stack);
	isla_stack_shutdown(st.sim->host[1].stack);
	st.sim->conf.dir[0].loss_ppm = st.sim->conf.dir[1].loss_ppm = 0;
	sim_tcp_stop(&st);
}

static void
run(uint64_t us)
{
	sim_run(st.sim, NULL, NULL, us);
}

static uint64_t
counter(enum isla_counter which)
{
	return isla_stack_stats(st.sim->host[1].stack)->counter[which];
}

/* Payload's share of what the link could have carried in that time. */
static double
share(uint64_t nb_bytes, uint64_t us)
{
	return (double)nb_bytes * 8 * SECOND / ((double)st.conf.sim.dir[1].rate_bps * (double)us);
}

/* 90 % of the link with a queue of one bandwidth-delay product. */
static void
a_link_is_used(void)
{
	static const struct {
		uint64_t rate_bps;
		uint32_t rtt_us;
	} links[] = {{10000000, 40000}, {50000000, 20000}, {20000000, 100000}, {2000000, 100000}};
	static const char *const names[] = {"cubic", "newreno"};
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(links); i++)
		for (j = 0; j < RTE_DIM(names); j++) {
			struct sim_tcp_conf conf =
				bottleneck(i, links[i].rate_bps, links[i].rtt_us, 100);
			uint32_t before;
			double used;

			start(&conf, names[j]);
			run(10 * SECOND);
			before = st.side[0][0].received;
			run(20 * SECOND);
			used = share(st.side[0][0].received - before, 20 * SECOND);
			if (used < 0.9)
				fprintf(stderr, "# %s, link %u: %.3f\n", names[j], i, used);
			CU_ASSERT_TRUE(used >= 0.9);
			stop();
		}
}

static double
jain(double x, double y)
{
	return (x + y) * (x + y) / (2 * (x * x + y * y));
}

/* Two flows, the second of which begins later; Jain's index over 60 s, the mean of some seeds, and
 * each of them not far below. */
static double
fairness(const char *first, const char *second, uint64_t rate_bps, uint32_t rtt_us)
{
	double sum = 0;
	uint64_t seed;

	for (seed = 1; seed <= 5; seed++) {
		struct sim_tcp_conf conf = bottleneck(seed, rate_bps, rtt_us, 100);
		uint32_t a, b;
		double index;

		start(&conf, first);
		run(seed * SECOND / 2);
		st.conf.opts[1].cc = second;
		CU_ASSERT_TRUE(sim_tcp_open(&st));
		run(20 * SECOND);
		a = st.side[0][0].received;
		b = st.side[0][1].received;
		run(60 * SECOND);
		a = st.side[0][0].received - a;
		b = st.side[0][1].received - b;
		index = jain(a, b);
		if (index < 0.8)
			fprintf(stderr, "# %s %s seed %u: %u %u\n", first, second,
				(unsigned int)seed, a, b);
		CU_ASSERT_TRUE(share((uint64_t)a + b, 60 * SECOND) >= 0.9);
		CU_ASSERT_TRUE(index >= 0.8);
		sum += index;
		stop();
	}
	return sum / 5;
}

static void
cubic_is_fair_to_cubic(void)
{
	CU_ASSERT_TRUE(fairness("cubic", "cubic", 10000000, 40000) >= 0.9);
}

/* RFC 9438, 5.1 and 4.3: where the bandwidth-delay product is small, it behaves as Reno does. */
static void
cubic_is_fair_to_newreno(void)
{
	CU_ASSERT_TRUE(fairness("newreno", "cubic", 4000000, 30000) >= 0.9);
}

static void
newreno_is_fair_to_newreno(void)
{
	CU_ASSERT_TRUE(fairness("newreno", "newreno", 4000000, 40000) >= 0.9);
}

static double
through_loss(const char *cc, uint64_t rate_bps, uint32_t rtt_us, uint32_t loss_ppm)
{
	uint64_t sum = 0, seed;

	for (seed = 1; seed <= 5; seed++) {
		struct sim_tcp_conf conf = bottleneck(seed, rate_bps, rtt_us, 100);

		conf.sim.dir[1].loss_ppm = loss_ppm;
		start(&conf, cc);
		run(30 * SECOND);
		sum += st.side[0][0].received;
		stop();
	}
	return (double)sum;
}

/* Losses that are no sign of congestion, on a long fat path and on a short one: never less than
 * NewReno gets there, and much more where the path is long. */
static void
no_slower_than_newreno(void)
{
	double fat = through_loss("cubic", 50000000, 100000, 100);

	CU_ASSERT_TRUE(fat > 1.2 * through_loss("newreno", 50000000, 100000, 100));
	CU_ASSERT_TRUE(through_loss("cubic", 20000000, 10000, 1000) >
		0.98 * through_loss("newreno", 20000000, 10000, 1000));
}

static bool
is_in_avoidance(void *ctx)
{
	struct isla_tcp_info info;

	RTE_SET_USED(ctx);
	isla_tcp_get_info(st.side[1][0].conn, &info);
	return info.state >= ISLA_TCP_ESTABLISHED &&
		info.snd_ssthresh_bytes <= info.snd_cwnd_bytes;
}

/* RFC 9406: slow start ends by the delay, before a queue that would hold many windows has
 * overflowed; and not before the link is full. (Rounds double, and each tells of the one before: a
 * queue of two or three bandwidth-delay products overflows before its delay is seen.) */
static void
slow_start_ends_without_loss(void)
{
	static const struct {
		uint64_t rate_bps;
		uint32_t rtt_us;
	} links[] = {{20000000, 100000}, {50000000, 50000}, {100000000, 40000}, {10000000, 200000}};
	unsigned int i;

	for (i = 0; i < RTE_DIM(links); i++) {
		struct sim_tcp_conf conf = bottleneck(i, links[i].rate_bps, links[i].rtt_us, 1000);
		struct isla_tcp_info info;
		uint64_t bdp = links[i].rate_bps / 8 * links[i].rtt_us / SECOND;

		start(&conf, NULL);
		run(2 * links[i].rtt_us);
		CU_ASSERT_TRUE(sim_run(st.sim, is_in_avoidance, NULL, 60 * SECOND));
		isla_tcp_get_info(st.side[1][0].conn, &info);
		CU_ASSERT_EQUAL(st.sim->stats.nb_queue_full, 0);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RETRANS_SEGS), 0);
		CU_ASSERT_TRUE(info.snd_cwnd_bytes >= bdp && info.snd_cwnd_bytes < 11 * bdp);
		stop();
	}
}

/* RFC 8257: a queue that marks from K on stays about there, nothing is lost, and the link is used;
 * two flows share it. */
static void
dctcp_keeps_the_queue_short(void)
{
	int is_v6;

	for (is_v6 = 0; is_v6 < 2; is_v6++) {
		struct sim_tcp_conf conf = bottleneck(1, 100000000, 2000, 1000);
		uint64_t late = 0, nb = 0;
		uint32_t a, b, i;

		conf.is_v6 = is_v6;
		conf.sim.dir[1].mark_bytes = 15000;
		for (i = 0; i < 2; i++) {
			conf.opts[i].cc = "dctcp";
			conf.sim.host[i].stack.tcp.ecn = ISLA_TCP_ECN_ON;
			conf.sim.dir[i].jitter_us = 0;
		}
		start(&conf, "dctcp");
		run(SECOND / 10);
		CU_ASSERT_TRUE(sim_tcp_open(&st));
		run(SECOND);
		a = st.side[0][0].received;
		b = st.side[0][1].received;
		for (i = 0; i < 2000; i++) {
			run(SECOND / 1000);
			nb++;
			/* 12.5 bytes a us: twice K waits. */
			late += st.sim->busy_us[1] > st.sim->now_us + 30000 * 10 / 125;
		}
		a = st.side[0][0].received - a;
		b = st.side[0][1].received - b;
		CU_ASSERT_TRUE(st.sim->stats.nb_marked > 100);
		CU_ASSERT_EQUAL(st.sim->stats.nb_queue_full, 0);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RETRANS_SEGS), 0);
		CU_ASSERT_TRUE(share((uint64_t)a + b, 2 * SECOND) > 0.9);
		CU_ASSERT_TRUE(jain(a, b) > 0.9);
		CU_ASSERT_TRUE(late * 20 < nb);
		stop();
	}
}

/* The tap: the one frame of data after lose_next was set does not arrive. */
static bool lose_next;

static bool
lose_one(struct sim *sim, void *ctx, const struct sim_frame *frame)
{
	RTE_SET_USED(sim);
	RTE_SET_USED(ctx);
	if (!lose_next || frame->from != 1 || frame->len < 1000)
		return true;
	lose_next = false;
	return false;
}

/* One segment of many is lost: one is sent again, nothing waits for a timer, and the window is back
 * where it was within the time of the curve. */
static void
one_loss_is_repaired(void)
{
	static const char *const names[] = {"cubic", "newreno"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(names); i++) {
		struct sim_tcp_conf conf = bottleneck(i, 20000000, 40000, 0);
		struct isla_tcp_info info;
		uint32_t before;

		conf.opts[1].sndbuf_bytes = 100000; /* what the link holds, without a queue */
		start(&conf, names[i]);
		run(5 * SECOND);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RETRANS_SEGS), 0);
		st.sim->conf.tap = lose_one;
		lose_next = true;
		before = st.side[0][0].received;
		run(2 * SECOND);
		CU_ASSERT_FALSE(lose_next);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RETRANS_SEGS), 1);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 0);
		CU_ASSERT_TRUE(share(st.side[0][0].received - before, 2 * SECOND) > 0.6);
		isla_tcp_get_info(st.side[1][0].conn, &info);
		CU_ASSERT_FALSE(info.in_recovery);
		stop();
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_link_is_used),
	SUITE_TEST(cubic_is_fair_to_cubic),
	SUITE_TEST(cubic_is_fair_to_newreno),
	SUITE_TEST(newreno_is_fair_to_newreno),
	SUITE_TEST(no_slower_than_newreno),
	SUITE_TEST(slow_start_ends_without_loss),
	SUITE_TEST(one_loss_is_repaired),
	SUITE_TEST(dctcp_keeps_the_queue_short),
};

int
main(void)
{
	return suite_run("sim_cc", tests, RTE_DIM(tests), NULL, NULL);
}
