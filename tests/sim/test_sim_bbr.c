/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BBR over a bottleneck: how much of it is used, how long the queue is, who gets what. Clients send
 * to the server, so that each can have an algorithm of its own; all share one link.
 */

#include <stdio.h>

#include "sim_tcp.h"
#include "suite.h"
#include "tcp_bbr.h"

#define SECOND 1000000ull
#define FLOWS_MAX 4

static struct sim_tcp st;

struct path {
	uint64_t rate_bps;
	uint32_t delay_us; /* each way */
	uint32_t queue_bytes;
	uint32_t loss_ppm;
};

static void
start(uint64_t seed, const struct path *path)
{
	struct sim_tcp_conf conf = {.sim.seed = seed, .max_sides = FLOWS_MAX, .may_fail = true};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct isla_tcp_conf *tcp = &conf.sim.host[i].stack.tcp;

		conf.sim.dir[i].delay_us = path->delay_us;
		tcp->sndbuf_bytes = 8 << 20;
		tcp->rcvbuf_bytes = 8 << 20;
		tcp->ooo_segs = 16384;
		tcp->max_segs = 32768;
		conf.sim.host[i].stack.key.k[0] = seed * 2 + i + 1;
	}
	conf.sim.dir[1].rate_bps = path->rate_bps;
	conf.sim.dir[1].queue_bytes = path->queue_bytes;
	conf.sim.dir[1].loss_ppm = path->loss_ppm;
	conf.from_client = UINT32_MAX;
	sim_tcp_start(&st, &conf);
}

static struct sim_side *
flow(const char *cc)
{
	st.conf.opts[1].cc = cc;
	CU_ASSERT_TRUE_FATAL(sim_tcp_open(&st));
	return &st.side[1][st.nb[1] - 1];
}

static uint64_t
acked(const struct sim_side *side)
{
	struct isla_tcp_info info;

	if (side->conn == NULL)
		return 0;
	isla_tcp_get_info(side->conn, &info);
	return info.bytes_acked;
}

/* What each flow gets in a time, in bytes. */
static void
run(uint64_t for_us, uint64_t got[FLOWS_MAX])
{
	uint32_t i;

	for (i = 0; i < st.nb[1]; i++)
		got[i] = acked(&st.side[1][i]);
	sim_run(st.sim, NULL, NULL, for_us);
	for (i = 0; i < st.nb[1]; i++)
		got[i] = acked(&st.side[1][i]) - got[i];
}

static void
stop(void)
{
	uint32_t i;

	for (i = 0; i < st.nb[1]; i++)
		if (st.side[1][i].conn != NULL)
			isla_tcp_abort(st.side[1][i].conn);
	sim_run(st.sim, NULL, NULL, SECOND);
	st.nb_done[1] = st.nb[1];
	for (i = 0; i < st.nb[1]; i++)
		st.side[1][i].conn = NULL;
	sim_tcp_stop(&st);
}

/* Payload in per cent of what the link could carry. */
static uint32_t
utilisation(const struct path *path, uint64_t bytes, uint64_t us)
{
	/* 1448 of 1514 bytes are payload. */
	return (uint32_t)(bytes * 8 * 1514 / 1448 * 100 / (path->rate_bps * us / SECOND));
}

/* What one flow uses of the link after two seconds; its last words in *info. Fast links are watched
 * for a shorter time. */
static uint32_t
bulk(const struct path *path, const char *cc, uint64_t seed, struct isla_tcp_info *info)
{
	uint64_t for_us = path->rate_bps > 50000000 ? SECOND : 8 * SECOND, got[FLOWS_MAX];

	start(seed, path);
	flow(cc);
	run(for_us / 4, got);
	run(for_us, got);
	CU_ASSERT_PTR_NOT_NULL_FATAL(st.side[1][0].conn);
	isla_tcp_get_info(st.side[1][0].conn, info);
	stop();
	return utilisation(path, got[0], for_us);
}

static uint64_t
nb_seeds(uint64_t nb)
{
	return sim_seed() != 0 ? sim_seed() : nb;
}

static uint64_t
first_seed(void)
{
	return sim_seed() != 0 ? sim_seed() : 1;
}

/* A queue of two bandwidth-delay products, of one, or of a fifth: it is used, and stays short. */
static void
a_bottleneck_is_used(void)
{
	static const uint32_t queues[] = {200000, 100000, 20000};
	struct isla_tcp_info info;
	uint64_t seed;
	unsigned int i;

	for (seed = first_seed(); seed <= nb_seeds(3); seed++) {
		for (i = 0; i < RTE_DIM(queues); i++) {
			const struct path path = {20000000, 20000, queues[i], 0};

			CU_ASSERT_TRUE(bulk(&path, "bbr", seed, &info) >= 92);
			CU_ASSERT_TRUE(info.min_rtt_us < 41000);
			CU_ASSERT_TRUE(info.rtt_us < 50000);
			CU_ASSERT_TRUE(info.pacing_rate > 20000000 / 8 / 2);
		}
	}
}

/* Two megabytes of buffer would hold packets up for 0.8 s. */
static void
a_deep_queue_stays_short(void)
{
	const struct path path = {20000000, 20000, 2000000, 0};
	struct isla_tcp_info info;

	CU_ASSERT_TRUE(bulk(&path, "bbr", 1, &info) >= 92);
	CU_ASSERT_TRUE(info.rtt_us < 50000);
	CU_ASSERT_EQUAL(info.total_retrans, 0);
	bulk(&path, "newreno", 1, &info);
	CU_ASSERT_TRUE(info.rtt_us > 200000);
}

/* Loss by chance is no congestion. By the draft's design, the bound of the short term gives way a
 * little with each round until the next probe: by up to a quarter with 1 %. */
static void
random_loss_costs_little(void)
{
	const struct path path = {10000000, 40000, 100000, 10000};
	struct isla_tcp_info info;
	uint32_t sum = 0, nb = 0, percent;
	uint64_t seed;

	for (seed = first_seed(); seed <= nb_seeds(24); seed++, nb++) {
		percent = bulk(&path, "bbr", seed, &info);
		CU_ASSERT_TRUE(percent >= 70);
		sum += percent;
	}
	CU_ASSERT_TRUE(sim_seed() != 0 || sum >= 85 * nb);
	CU_ASSERT_TRUE(bulk(&path, "newreno", 1, &info) < 30);
}

/* Rates from a modem's to a data centre's; a pipe of less than a segment, and of a thousand. */
static void
many_rates(void)
{
	static const struct path paths[] = {
		{64000, 1000, 20000, 0},
		{1000000, 100000, 30000, 0},
		{100000000, 500, 50000, 0},
		{500000000, 5000, 500000, 0},
	};
	struct isla_tcp_info info;
	unsigned int i;

	for (i = 0; i < RTE_DIM(paths); i++)
		CU_ASSERT_TRUE(bulk(&paths[i], "bbr", 1, &info) >= 80);
}

/* What two flows get in twenty seconds, in per cent of the link. */
static void
pair(const char *a, const char *b, const struct path *path, uint64_t seed, uint32_t percent[2])
{
	uint64_t got[FLOWS_MAX];
	unsigned int i;

	start(seed, path);
	flow(a);
	run(SECOND, got);
	flow(b);
	run(4 * SECOND, got);
	run(20 * SECOND, got);
	for (i = 0; i < 2; i++)
		percent[i] = utilisation(path, got[i], 20 * SECOND);
	stop();
}

/* Jain's index of two, in per cent. */
static uint32_t
jain(const uint32_t x[2])
{
	return 100 * (x[0] + x[1]) * (x[0] + x[1]) / (2 * (x[0] * x[0] + x[1] * x[1]));
}

static void
two_flows_share(void)
{
	const struct path path = {10000000, 20000, 50000, 0};
	uint32_t percent[2];
	uint64_t seed;

	for (seed = first_seed(); seed <= nb_seeds(8); seed++) {
		pair("bbr", "bbr", &path, seed, percent);
		CU_ASSERT_TRUE(jain(percent) >= 80);
		CU_ASSERT_TRUE(percent[0] + percent[1] >= 90);
	}
}

/* Beside the default algorithm and NewReno, nobody starves. */
static void
others_live_beside_it(void)
{
	static const char *const others[] = {NULL, "newreno"};
	static const uint32_t queues[] = {15000, 50000, 150000};
	uint32_t percent[2];
	unsigned int i, k;

	for (i = 0; i < RTE_DIM(others); i++) {
		for (k = 0; k < RTE_DIM(queues); k++) {
			const struct path path = {10000000, 20000, queues[k], 0};

			pair("bbr", others[i], &path, 1, percent);
			CU_ASSERT_TRUE(percent[0] >= 15);
			CU_ASSERT_TRUE(percent[1] >= 15);
			CU_ASSERT_TRUE(percent[0] + percent[1] >= 85);
		}
	}
}

/* The link becomes ten times as fast, and then as slow as before. */
static void
it_follows_the_path(void)
{
	const struct path slow = {5000000, 20000, 100000, 0}, fast = {50000000, 20000, 100000, 0};
	uint64_t got[FLOWS_MAX];

	start(1, &slow);
	flow("bbr");
	run(5 * SECOND, got);
	st.sim->conf.dir[1].rate_bps = fast.rate_bps;
	run(10 * SECOND, got);
	run(5 * SECOND, got);
	CU_ASSERT_TRUE(utilisation(&fast, got[0], 5 * SECOND) >= 85);
	st.sim->conf.dir[1].rate_bps = slow.rate_bps;
	run(10 * SECOND, got);
	run(5 * SECOND, got);
	CU_ASSERT_TRUE(utilisation(&slow, got[0], 5 * SECOND) >= 85);
	CU_ASSERT_TRUE(bbr_of(st.side[1][0].conn)->max_bw < 5000000 / 8 * 11 / 10);
	stop();
}

/* Another flow's queue hides the path's round trip; now and then it has to be looked for. */
static void
probe_rtt_happens(void)
{
	const struct path path = {10000000, 20000, 200000, 0};
	unsigned int i, nb_seen = 0, nb_steps = 0;
	bool was = false;

	start(1, &path);
	flow("bbr");
	flow("newreno");
	for (i = 0; i < 6000; i++) {
		const struct isla_tcp_conn *c = st.side[1][0].conn;
		bool is;

		sim_run(st.sim, NULL, NULL, 5000);
		if (c->cc != &tcp_cc_bbr || tcp_cc_more(c) == NULL)
			continue;
		is = bbr_of(c)->state == BBR_PROBE_RTT;
		nb_seen += is && !was;
		nb_steps += is;
		was = is;
	}
	/* Every five seconds in thirty, for 200 ms and a round or so. */
	CU_ASSERT_TRUE(nb_seen >= 2);
	CU_ASSERT_TRUE(nb_seen <= 6);
	CU_ASSERT_TRUE(nb_steps >= nb_seen * 40);
	CU_ASSERT_TRUE(nb_steps <= nb_seen * 160);
	stop();
}

static void
the_same_seed_gives_the_same_run(void)
{
	const struct path path = {20000000, 20000, 50000, 5000};
	struct isla_tcp_info a, b;

	bulk(&path, "bbr", 3, &a);
	bulk(&path, "bbr", 3, &b);
	CU_ASSERT_EQUAL(a.bytes_acked, b.bytes_acked);
	CU_ASSERT_EQUAL(a.segs_out, b.segs_out);
}

/* Whatever a link does, what was sent arrives; with BBR, and with paced windows. */
static void
bad_links(void)
{
	uint64_t seed;
	unsigned int i;

	for (seed = first_seed(); seed <= nb_seeds(36); seed++) {
		struct sim_tcp_conf conf = {.sim.seed = seed, .is_v6 = seed % 2 == 0};
		unsigned int failures = CU_get_number_of_failures();
		uint64_t rng = seed;

		for (i = 0; i < 2; i++) {
			struct isla_tcp_conf *tcp = &conf.sim.host[i].stack.tcp;

			conf.sim.dir[i] = (struct sim_dir){
				.delay_us = 100 + (uint32_t)(sim_rand(&rng) % 50000),
				.jitter_us = (uint32_t)(sim_rand(&rng) % 5000),
				.rate_bps = 1000000 + sim_rand(&rng) % 100000000,
				.queue_bytes = 20000 + (uint32_t)(sim_rand(&rng) % 100000),
				.loss_ppm = (uint32_t)(sim_rand(&rng) % 50000),
				.dup_ppm = (uint32_t)(sim_rand(&rng) % 20000),
				.reorder_ppm = (uint32_t)(sim_rand(&rng) % 50000),
				.reorder_us = 5000,
				.corrupt_ppm = (uint32_t)(sim_rand(&rng) % 10000),
			};
			tcp->cc = seed % 3 != 0 ? "bbr" : NULL;
			tcp->pacing = seed % 3 == 0;
			tcp->no_sack = seed % 5 == 0;
			tcp->no_timestamps = seed % 7 == 0;
			tcp->syn_retries = 15;
			conf.opts[i].max_pacing_rate = seed % 4 == 0 ? 300000 : 0;
		}
		conf.from_client = 300000;
		conf.from_server = 100000 + (uint32_t)(sim_rand(&rng) % 300000);
		sim_tcp_start(&st, &conf);
		CU_ASSERT_TRUE(sim_tcp_open(&st));
		CU_ASSERT_TRUE(sim_tcp_run(&st, 600 * SECOND));
		sim_tcp_stop(&st);
		if (CU_get_number_of_failures() != failures)
			fprintf(stderr, "# failed with seed %llu: SIM_SEED=%llu repeats it\n",
				(unsigned long long)seed, (unsigned long long)seed);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(bad_links),
	SUITE_TEST(a_bottleneck_is_used),
	SUITE_TEST(a_deep_queue_stays_short),
	SUITE_TEST(random_loss_costs_little),
	SUITE_TEST(many_rates),
	SUITE_TEST(two_flows_share),
	SUITE_TEST(others_live_beside_it),
	SUITE_TEST(it_follows_the_path),
	SUITE_TEST(probe_rtt_happens),
	SUITE_TEST(the_same_seed_gives_the_same_run),
};

int
main(void)
{
	return suite_run("bbr over a link", tests, RTE_DIM(tests), NULL, NULL);
}
