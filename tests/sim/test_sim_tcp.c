/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two stacks talk TCP over a bad link: what is sent arrives, byte for byte, once, in both
 * directions and over both families; nothing is left afterwards; the same seed gives the same run.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_tcp.h"
#include "suite.h"

#define MINUTE 60000000ull

static struct sim_tcp st;

/* One conversation from beginning to end; returns the trace. */
static uint64_t
converse(const struct sim_tcp_conf *conf)
{
	unsigned int failures = CU_get_number_of_failures();
	uint64_t trace;

	sim_tcp_start(&st, conf);
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_tcp_run(&st, 600 * MINUTE));
	trace = sim_tcp_stop(&st);
	if (CU_get_number_of_failures() != failures)
		fprintf(stderr, "# failed with seed %llu: SIM_SEED=%llu repeats it\n",
			(unsigned long long)conf->sim.seed, (unsigned long long)conf->sim.seed);
	return trace;
}

static struct sim_tcp_conf
lossy(uint64_t seed, uint32_t loss_ppm)
{
	struct sim_tcp_conf conf = {.sim.seed = seed};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		conf.sim.dir[i] = (struct sim_dir){.delay_us = 5000,
			.loss_ppm = loss_ppm,
			.rate_bps = 100000000,
			.queue_bytes = 100000};
		conf.sim.host[i].stack.tcp.syn_retries = 15;
	}
	return conf;
}

static void
a_megabyte_over_a_good_link(void)
{
	struct sim_tcp_conf conf = lossy(1, 0);
	int is_v6;

	for (is_v6 = 0; is_v6 < 2; is_v6++) {
		conf.is_v6 = is_v6;
		conf.from_client = conf.from_server = 1 << 20;
		converse(&conf);
		conf.sim.split_first = SIM_HEADERS;
	}
}

/* The link is never idle for want of a window: 4 MB at 100 Mbit/s take 0.34 s. */
static void
a_good_link_is_used(void)
{
	struct sim_tcp_conf conf = lossy(1, 0);
	const struct isla_stats *stats;

	conf.from_server = 4 << 20;
	sim_tcp_start(&st, &conf);
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_tcp_run(&st, 3000000));
	CU_ASSERT_TRUE(st.sim->now_us < 1000000 + 1500000);
	stats = isla_stack_stats(st.sim->host[0].stack);
	/* Slow start finds the queue's end once. */
	CU_ASSERT_TRUE(stats->counter[ISLA_C_TCP_RTO_TIMEOUTS] <= 1);
	CU_ASSERT_EQUAL(stats->counter[ISLA_C_PAYLOAD_BYTES_COPIED], 0);
	sim_tcp_stop(&st);
}

/* 100 Mbit/s and 100 ms: 1.25 MB are on their way, far more than buffers begin with. */
static uint64_t
long_path_us(bool no_autotune)
{
	struct sim_tcp_conf conf = lossy(1, 0);
	unsigned int i;
	uint64_t us;

	for (i = 0; i < 2; i++) {
		conf.sim.dir[i].delay_us = 50000;
		conf.sim.dir[i].queue_bytes = 1250000;
		conf.sim.host[i].stack.tcp.no_autotune = no_autotune;
	}
	conf.from_server = 80 << 20;
	sim_tcp_start(&st, &conf);
	us = st.sim->now_us;
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_tcp_run(&st, MINUTE));
	us = st.sim->now_us - us;
	sim_tcp_stop(&st);
	return us;
}

static void
a_long_path_is_used(void)
{
	/* What the link takes for it, in frames that carry 1,448 of 1,514 bytes. */
	uint64_t us = (80ull << 20) * 8 / 100 * 1514 / 1448;

	CU_ASSERT_TRUE(long_path_us(false) < us * 100 / 85);
	CU_ASSERT_TRUE(long_path_us(true) > us * 100 / 40);
}

static void
no_retransmission_without_loss(void)
{
	struct sim_tcp_conf conf = lossy(1, 0);
	unsigned int i;

	conf.sim.dir[0].queue_bytes = conf.sim.dir[1].queue_bytes = 0;
	conf.from_client = conf.from_server = 1 << 20;
	sim_tcp_start(&st, &conf);
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_tcp_run(&st, MINUTE));
	for (i = 0; i < 2; i++) {
		const struct isla_stats *stats = isla_stack_stats(st.sim->host[i].stack);

		CU_ASSERT_EQUAL(stats->counter[ISLA_C_TCP_RETRANS_SEGS], 0);
		CU_ASSERT_EQUAL(stats->counter[ISLA_C_TCP_IN_ERRS], 0);
	}
	sim_tcp_stop(&st);
}

/* The first promise: 1 MB both ways through 5 % loss. */
static void
a_megabyte_through_loss(void)
{
	unsigned int seed;

	for (seed = 1; seed <= 6; seed++) {
		struct sim_tcp_conf conf = lossy(seed, 50000);

		conf.is_v6 = seed % 2 == 0;
		conf.from_client = conf.from_server = 1 << 20;
		converse(&conf);
	}
}

static uint32_t
pick(uint64_t *rng, uint32_t from, uint32_t to)
{
	return from + (uint32_t)(sim_rand(rng) % (to - from + 1));
}

/* The name of one of the algorithms of congestion control. */
static const char *
pick_cc(uint64_t *rng)
{
	static char names[16][16];
	static uint32_t nb;
	const char *p = isla_tcp_cc_names();

	while (nb < RTE_DIM(names) && sscanf(p, "%15[^, ]", names[nb]) == 1) {
		p += strlen(names[nb++]);
		p += strspn(p, ", ");
	}
	return names[sim_rand(rng) % nb];
}

/* Options of the protocol, each off and on. */
static void
any_options(struct isla_tcp_conf *tcp, uint64_t *rng)
{
	tcp->no_sack = pick(rng, 0, 2) == 0;
	tcp->no_timestamps = pick(rng, 0, 2) == 0;
	tcp->no_wscale = pick(rng, 0, 2) == 0;
	tcp->no_autotune = pick(rng, 0, 2) == 0;
	tcp->ecn = (uint8_t)pick(rng, 0, 3);
	tcp->rto_min_us = pick(rng, 0, 2) == 0 ? 5000 : 0;
	tcp->delack_us = pick(rng, 0, 2) == 0 ? pick(rng, 1000, 200000) : 0;
}

/* Everything at random: faults up to 20 %, delays, rates, windows, MTU, MSS, slow readers. */
static struct sim_tcp_conf
anything(uint64_t seed)
{
	struct sim_tcp_conf conf = {.sim.seed = seed};
	uint64_t rng = seed * 77;
	unsigned int i;

	conf.is_v6 = seed % 2 == 0;
	conf.sim.split_first = pick(&rng, 0, 3) == 0 ? SIM_HEADERS : 0;
	for (i = 0; i < 2; i++) {
		struct sim_dir *dir = &conf.sim.dir[i];

		dir->delay_us = pick(&rng, 0, 2) == 0 ? 0 : pick(&rng, 0, 200000);
		dir->jitter_us = pick(&rng, 0, 1) == 0 ? 0 : pick(&rng, 0, 20000);
		dir->rate_bps = pick(&rng, 0, 1) == 0 ? 0 : pick(&rng, 1000000, 100000000);
		dir->queue_bytes = pick(&rng, 0, 1) == 0 ? 0 : pick(&rng, 5000, 100000);
		dir->loss_ppm = pick(&rng, 0, 3) == 0 ? 0 : pick(&rng, 0, 200000);
		dir->dup_ppm = pick(&rng, 0, 1) == 0 ? 0 : pick(&rng, 0, 200000);
		dir->reorder_ppm = pick(&rng, 0, 1) == 0 ? 0 : pick(&rng, 0, 200000);
		dir->reorder_us = pick(&rng, 1, 50000);
		dir->corrupt_ppm = pick(&rng, 0, 2) != 0 ? 0 : pick(&rng, 0, 100000);
		conf.sim.host[i].mtu = (uint16_t)pick(&rng, 1280, 1500);
		any_options(&conf.sim.host[i].stack.tcp, &rng);
		conf.opts[i].cc = pick_cc(&rng);
		conf.sim.host[i].stack.tcp.syn_retries = 30;
		conf.sim.host[i].stack.tcp.data_retries = 60;
		conf.sim.host[i].stack.tcp.rto_max_us = 10000000;
		conf.opts[i].mss = (uint16_t)(pick(&rng, 0, 3) == 0 ? pick(&rng, 88, 1460) : 0);
		conf.opts[i].rcvbuf_bytes = pick(&rng, 0, 2) == 0 ? pick(&rng, 2000, 70000) : 0;
		conf.opts[i].sndbuf_bytes = pick(&rng, 0, 2) == 0 ? pick(&rng, 2000, 70000) : 0;
		conf.opts[i].nodelay = pick(&rng, 0, 1);
		conf.read_max[i] = pick(&rng, 0, 4) == 0 ? pick(&rng, 100, 5000) : 0;
	}
	conf.from_client = pick(&rng, 0, 3) == 0 ? 0 : pick(&rng, 1, 100000);
	conf.from_server = pick(&rng, 0, 3) == 0 ? 0 : pick(&rng, 1, 100000);
	return conf;
}

/* SIM_SEED=N: that one alone; SIM_SEEDS=N: the first N, for a long run. */
static void
sweep_of_seeds(void)
{
	const char *nb = getenv("SIM_SEEDS");
	uint64_t seed = 1, last = nb != NULL ? strtoull(nb, NULL, 0) : 3000;
	struct sim_tcp_conf conf;

	if (sim_seed() != 0)
		seed = last = sim_seed();
	for (; seed <= last; seed++) {
		conf = anything(seed);
		converse(&conf);
	}
}

static void
same_seed_same_run(void)
{
	uint64_t seed;

	for (seed = 1000; seed < 1005; seed++) {
		struct sim_tcp_conf conf = anything(seed);
		uint64_t trace;

		conf.sim.dir[0].loss_ppm = conf.sim.dir[1].loss_ppm = 30000;
		trace = converse(&conf);
		CU_ASSERT_EQUAL(converse(&conf), trace);
		conf.sim.seed++;
		CU_ASSERT_NOT_EQUAL(converse(&conf), trace);
	}
}

/* One side sends nothing and closes at once; the other goes on for a megabyte. */
static void
half_close(void)
{
	struct sim_tcp_conf conf = lossy(3, 20000);

	conf.from_client = 1 << 20;
	converse(&conf);
	conf.from_client = 0;
	conf.from_server = 1 << 20;
	converse(&conf);
	conf.from_server = 0;
	converse(&conf);
}

/* The reader takes a little at a time: the window closes and opens, and probes get lost. */
static void
slow_reader(void)
{
	uint64_t seed;

	for (seed = 1; seed <= 10; seed++) {
		struct sim_tcp_conf conf = lossy(seed, 100000);

		conf.opts[0].rcvbuf_bytes = 5000;
		conf.read_max[0] = 300;
		conf.from_client = 50000;
		converse(&conf);
	}
}

static void
many_at_once(void)
{
	struct sim_tcp_conf conf = lossy(4, 20000);
	unsigned int i;

	conf.max_sides = 200;
	/* All may be closed by their programs at once. */
	conf.sim.host[0].stack.tcp.max_conns = conf.sim.host[1].stack.tcp.max_conns = 512;
	conf.sim.dir[0].rate_bps = conf.sim.dir[1].rate_bps = 1000000000;
	conf.from_client = 2000;
	conf.from_server = 20000;
	sim_tcp_start(&st, &conf);
	for (i = 0; i < 200; i++)
		CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_tcp_run(&st, 60 * MINUTE));
	CU_ASSERT_EQUAL(st.nb_done[0], 200);
	sim_tcp_stop(&st);
}

/* Loss and reordering for all at once, and one record of what is amiss between them. */
static void
few_repair_records(void)
{
	struct sim_tcp_conf conf = lossy(11, 50000);
	unsigned int i;

	conf.max_sides = 20;
	conf.from_client = conf.from_server = 100000;
	for (i = 0; i < 2; i++) {
		conf.sim.dir[i].reorder_ppm = 50000;
		conf.sim.dir[i].reorder_us = 5000;
		conf.sim.host[i].stack.tcp.max_repairs = 1;
		conf.sim.host[i].stack.tcp.data_retries = 60;
	}
	sim_tcp_start(&st, &conf);
	for (i = 0; i < 20; i++)
		CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_tcp_run(&st, 60 * MINUTE));
	CU_ASSERT_EQUAL(st.nb_done[0], 20);
	sim_tcp_stop(&st);
}

/* One after the other, five at a time: more than there are records, so that those in TIME-WAIT must
 * make room, and ports come around again. */
static void
churn(void)
{
	struct sim_tcp_conf conf = lossy(5, 10000);
	unsigned int i, j;

	conf.max_sides = 2000;
	conf.sim.host[0].stack.tcp.max_conns = conf.sim.host[1].stack.tcp.max_conns = 64;
	conf.from_client = 100;
	conf.from_server = 3000;
	sim_tcp_start(&st, &conf);
	for (i = 0; i < 400; i++) {
		for (j = 0; j < 5; j++)
			CU_ASSERT_TRUE(sim_tcp_open(&st));
		CU_ASSERT_TRUE(sim_tcp_run(&st, 60 * MINUTE));
	}
	CU_ASSERT_EQUAL(st.nb_done[0], 2000);
	sim_tcp_stop(&st);
}

/* Few mbufs: both pools are dry again and again, and what cannot be sent is sent later. */
static void
small_pools(void)
{
	uint64_t seed;

	for (seed = 1; seed <= 10; seed++) {
		struct sim_tcp_conf conf = lossy(seed, 10000);

		conf.sim.host[0].pool_limit = conf.sim.host[1].pool_limit = 60;
		conf.opts[0].sndbuf_bytes = conf.opts[1].sndbuf_bytes = 20000;
		conf.opts[0].rcvbuf_bytes = conf.opts[1].rcvbuf_bytes = 20000;
		conf.from_client = conf.from_server = 100000;
		converse(&conf);
	}
}

/* The link dies in the middle: both sides notice, and nothing is left. */
static bool
is_halfway(void *ctx)
{
	RTE_SET_USED(ctx);
	return st.nb[0] > 0 && st.side[0][0].received > 100000;
}

static void
dead_link(void)
{
	struct sim_tcp_conf conf = lossy(6, 0);

	conf.may_fail = true;
	conf.from_client = conf.from_server = 1 << 20;
	sim_tcp_start(&st, &conf);
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_run(st.sim, is_halfway, NULL, MINUTE));
	st.sim->conf.dir[0].loss_ppm = st.sim->conf.dir[1].loss_ppm = 1000000;
	CU_ASSERT_TRUE(sim_tcp_run(&st, 120 * MINUTE));
	CU_ASSERT_EQUAL(st.nb_errors, 2);
	sim_tcp_stop(&st);
}

/* The link is dead for ten seconds and then well: the conversation goes on. */
static void
link_comes_back(void)
{
	struct sim_tcp_conf conf = lossy(7, 0);

	conf.from_client = conf.from_server = 1 << 20;
	sim_tcp_start(&st, &conf);
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_run(st.sim, is_halfway, NULL, MINUTE));
	st.sim->conf.dir[0].loss_ppm = st.sim->conf.dir[1].loss_ppm = 1000000;
	sim_run(st.sim, NULL, NULL, 10000000);
	st.sim->conf.dir[0].loss_ppm = st.sim->conf.dir[1].loss_ppm = 0;
	CU_ASSERT_TRUE(sim_tcp_run(&st, MINUTE));
	sim_tcp_stop(&st);
}

/* The whole of both stacks ends in the midst of it. */
static void
shutdown_in_the_middle(void)
{
	struct sim_tcp_conf conf = lossy(8, 20000);

	conf.may_fail = true;
	conf.from_client = conf.from_server = 1 << 20;
	sim_tcp_start(&st, &conf);
	CU_ASSERT_TRUE(sim_tcp_open(&st));
	CU_ASSERT_TRUE(sim_run(st.sim, is_halfway, NULL, MINUTE));
	isla_stack_shutdown(st.sim->host[0].stack);
	CU_ASSERT_TRUE(sim_tcp_run(&st, 60 * MINUTE));
	sim_tcp_stop(&st);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_megabyte_over_a_good_link),
	SUITE_TEST(a_good_link_is_used),
	SUITE_TEST(a_long_path_is_used),
	SUITE_TEST(no_retransmission_without_loss),
	SUITE_TEST(a_megabyte_through_loss),
	SUITE_TEST(sweep_of_seeds),
	SUITE_TEST(same_seed_same_run),
	SUITE_TEST(half_close),
	SUITE_TEST(slow_reader),
	SUITE_TEST(many_at_once),
	SUITE_TEST(few_repair_records),
	SUITE_TEST(churn),
	SUITE_TEST(small_pools),
	SUITE_TEST(dead_link),
	SUITE_TEST(link_comes_back),
	SUITE_TEST(shutdown_in_the_middle),
};

int
main(void)
{
	return suite_run("sim_tcp", tests, RTE_DIM(tests), NULL, NULL);
}
