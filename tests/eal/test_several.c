/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four shards on four lcores of one CPU, with the threads, rings and doorbells they really have:
 * frames come to the first queue alone, and each finds its shard and its way out.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "eal_env.h"
#include "engine_priv.h"
#include "isla_engine.h"
#include "segment.h"
#include "shards.h"

#define NB        4
#define NB_FRAMES 400
#define PORT      7000
#define TICKS_MAX 20000 /* of a millisecond: something hangs */

static struct isla_engine_conf conf;
static struct isla_engine *engine;
static struct isla_udp_sock *sock[NB];
static struct frame_ends ends;
static char err[ISLA_ENGINE_ERR_SIZE];
static struct {
	uint32_t nb;     /* datagrams that its shard has got */
	unsigned int lcore_id;
} got[NB];
static bool answers;
static unsigned int nb_ticks;

static void
setup(void)
{
	isla_engine_conf_init(&conf);
	conf.nb_ports = 1;
	conf.nb_shards = NB;
	conf.nb_mbufs = 2047;
	conf.nb_refs = 1023;
	conf.tick_us = 1000;
	conf.stack.max_neigh = 64;
	conf.stack.tcp.max_conns = 64;
	conf.stack.tcp.max_segs = 256;
	conf.port[0].port_id = eal_port_add("net_ring", "");
	conf.port[0].no_link_local = true;
	ends = (struct frame_ends){.src_mac = {2, 0, 0, 0, 0, 0x99}};
	isla_addr_parse("10.0.0.1", &ends.src);
	isla_addr_parse("10.0.0.2", &ends.dst);
	memset(got, 0, sizeof(got));
	answers = false;
	nb_ticks = 0;
}

static void
teardown(void)
{
	struct rte_ring *ring = eal_port_ring();
	unsigned int i;
	void *m;

	for (i = 0; i < NB; i++)
		if (engine != NULL && sock[i] != NULL)
			isla_udp_close(sock[i]);
	memset(sock, 0, sizeof(sock));
	while (ring != NULL && rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(isla_engine_free(engine), 0);
	engine = NULL;
	eal_port_remove();
}

static void
receive(struct isla_udp_sock *s, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *from)
{
	unsigned int i = (unsigned int)(uintptr_t)ctx;

	got[i].nb++;
	got[i].lcore_id = rte_lcore_id();
	if (answers)
		CU_ASSERT_EQUAL(isla_udp_send(s, m, from), 0)
	else
		rte_pktmbuf_free(m);
}

static void
start(void)
{
	struct isla_prefix prefix = {.addr = ends.dst, .len = 8};
	struct isla_engine_port_info info;
	uint16_t i;

	engine = isla_engine_create(&conf, err, sizeof(err));
	if (engine == NULL)
		printf("'%s'\n", err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(engine);
	CU_ASSERT_EQUAL(isla_engine_nb_shards(engine), NB);
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, conf.port[0].port_id, &prefix), 0);
	for (i = 0; i < NB; i++) {
		sock[i] = isla_udp_bind(isla_stack_udp(isla_engine_stack(engine, i)),
			&isla_addr_any, PORT, receive, (void *)(uintptr_t)i);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sock[i]);
	}
	CU_ASSERT_EQUAL(isla_engine_port_info(engine, 0, &info), 0);
	memcpy(ends.dst_mac, info.mac, sizeof(info.mac));
	CU_ASSERT_EQUAL(isla_engine_start(engine, err, sizeof(err)), 0);
}

/* As if the first queue had received it. */
static void
inject(const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(engine->worker[0].pools.pkt);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
	CU_ASSERT_EQUAL(rte_ring_enqueue(eal_port_ring(), m), 0);
}

/* Whose the i-th datagram is. */
static uint16_t
inject_udp(uint16_t i)
{
	uint8_t buf[256];
	uint32_t len = frame_build_udp(buf, &ends, (uint16_t)(1024 + i * 131), PORT, "hello", 5);
	struct rte_mbuf *m = rte_pktmbuf_alloc(engine->worker[0].pools.pkt);
	uint16_t owner;

	memcpy(rte_pktmbuf_append(m, (uint16_t)len), buf, len);
	owner_burst(&engine->map, &m, 1, &owner);
	CU_ASSERT_EQUAL(rte_ring_enqueue(eal_port_ring(), m), 0);
	return owner;
}

/* On a shard: what it has. */
static void
read_nb(struct isla_stack *stack, void *arg)
{
	uint32_t *nb = arg;
	unsigned int i;

	for (i = 0; i < NB; i++)
		if (stack == engine->worker[i].stack)
			*nb += got[i].nb;
}

static void
stop_when_all_is_there(struct isla_engine *e, void *ctx)
{
	struct isla_engine_stats stats;
	uint32_t nb = 0;

	CU_ASSERT_EQUAL(isla_engine_call(e, ISLA_ENGINE_ALL_SHARDS, read_nb, &nb), 0);
	CU_ASSERT_EQUAL(isla_engine_get_stats(e, &stats), 0);
	if (nb + stats.loop.handover.nb_full >= NB_FRAMES || ++nb_ticks == TICKS_MAX)
		isla_engine_stop(e);
}

/* Of one shard, and of all; each leaves the others' alone. */
static void
parts_are_cleared_apart(void)
{
	struct isla_shard_stats one;
	struct isla_engine_stats all;

	CU_ASSERT_EQUAL(isla_engine_clear(engine, NB, ISLA_ENGINE_CLEAR_ALL), -EINVAL);
	CU_ASSERT_EQUAL(isla_engine_clear(engine, 1, ISLA_ENGINE_CLEAR_COUNTERS), 0);
	isla_engine_get_shard_stats(engine, 1, &one);
	CU_ASSERT_EQUAL(one.stack.counter[ISLA_C_IF_IN_PKTS], 0);
	CU_ASSERT_NOT_EQUAL(one.loop.handover.nb_in, 0);
	CU_ASSERT_EQUAL(isla_engine_clear(engine, 1, ISLA_ENGINE_CLEAR_LOOP), 0);
	isla_engine_get_shard_stats(engine, 1, &one);
	CU_ASSERT_EQUAL(one.loop.handover.nb_in, 0);
	CU_ASSERT_EQUAL(one.loop.sleep.nb_rounds, 0);
	isla_engine_get_stats(engine, &all);
	CU_ASSERT_NOT_EQUAL(all.stack.counter[ISLA_C_IF_IN_PKTS], 0);
	CU_ASSERT_NOT_EQUAL(all.loop.handover.nb_in, 0);
	CU_ASSERT_NOT_EQUAL(all.hists.hist[ISLA_HIST_RX_BURST].nb, 0);
	CU_ASSERT_NOT_EQUAL(all.port[0].ipackets, 0);
	CU_ASSERT_EQUAL(isla_engine_clear(engine, ISLA_ENGINE_ALL_SHARDS,
		ISLA_ENGINE_CLEAR_HISTS | ISLA_ENGINE_CLEAR_DROPS), 0);
	isla_engine_get_stats(engine, &all);
	CU_ASSERT_EQUAL(all.hists.hist[ISLA_HIST_RX_BURST].nb, 0);
	CU_ASSERT_NOT_EQUAL(all.stack.counter[ISLA_C_IF_IN_PKTS], 0);
	/* Ports are not a shard's. */
	CU_ASSERT_EQUAL(isla_engine_clear(engine, 0, ISLA_ENGINE_CLEAR_PORTS), 0);
	isla_engine_get_stats(engine, &all);
	CU_ASSERT_NOT_EQUAL(all.port[0].ipackets, 0);
	CU_ASSERT_EQUAL(isla_engine_clear(engine, ISLA_ENGINE_ALL_SHARDS,
		ISLA_ENGINE_CLEAR_PORTS), 0);
	isla_engine_get_stats(engine, &all);
	CU_ASSERT_EQUAL(all.port[0].ipackets, 0);
	CU_ASSERT_NOT_EQUAL(all.stack.counter[ISLA_C_IF_IN_PKTS], 0);
}

static void
frames_find_their_shard(void)
{
	struct isla_engine_shard_info info;
	struct isla_engine_stats stats;
	struct isla_shard_stats one;
	uint32_t expected[NB] = {0};
	uint16_t i, dev_id, queue;

	conf.tick = stop_when_all_is_there;
	start();
	for (i = 0; i < NB; i++) {
		CU_ASSERT_EQUAL(isla_engine_port_queue(engine, 0, i, &dev_id, &queue), 0);
		CU_ASSERT_EQUAL(dev_id, conf.port[0].port_id);
		CU_ASSERT_EQUAL(queue, i);
	}
	CU_ASSERT_EQUAL(isla_engine_port_queue(engine, 0, NB, &dev_id, &queue), -EINVAL);
	CU_ASSERT_EQUAL(isla_engine_port_queue(engine, 1, 0, &dev_id, &queue), -ENODEV);
	for (i = 0; i < NB_FRAMES; i++)
		expected[inject_udp(i)]++;
	isla_engine_run(engine);
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_polled, NB_FRAMES);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_out, NB_FRAMES - expected[0]);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_in, NB_FRAMES - expected[0]);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_full, 0);
	for (i = 0; i < NB; i++) {
		CU_ASSERT_TRUE(got[i].nb > 0);
		CU_ASSERT_EQUAL(got[i].nb, expected[i]);
		CU_ASSERT_EQUAL(isla_engine_shard_info(engine, i, &info), 0);
		CU_ASSERT_EQUAL(info.lcore_id, got[i].lcore_id);
		CU_ASSERT_EQUAL(info.shard, i);
		CU_ASSERT_EQUAL(info.nb_queues, 1);
		CU_ASSERT_TRUE(info.is_crowded);
		CU_ASSERT_EQUAL(isla_engine_get_shard_stats(engine, i, &one), 0);
		CU_ASSERT_EQUAL(one.loop.handover.nb_in, i == 0 ? 0 : expected[i]);
		CU_ASSERT_EQUAL(one.loop.spin.nb_rounds, 0);
	}
	CU_ASSERT_EQUAL(isla_engine_shard_info(engine, NB, &info), -EINVAL);
	parts_are_cleared_apart();
	isla_engine_clear_stats(engine);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_polled, 0);
}

static void
a_shard_without_a_queue_sends_by_another(void)
{
	struct isla_engine_shard_info info;
	struct isla_engine_stats stats;
	uint32_t expected[NB] = {0};
	uint8_t arp[60] = {0};
	struct rte_mbuf *m;
	uint16_t i;
	unsigned int nb = 0;

	conf.nb_rxq = conf.nb_txq = 1;
	conf.tick = stop_when_all_is_there;
	answers = true;
	start();
	/* Who asks is known to all: each shard can answer without a question of its own. */
	memset(arp, 0xff, 6);
	memcpy(arp + 6, ends.src_mac, 6);
	memcpy(arp + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
	memcpy(arp + 22, ends.src_mac, 6);
	memcpy(arp + 28, &ends.src.w[3], 4);
	memcpy(arp + 38, &ends.dst.w[3], 4);
	inject(arp, sizeof(arp));
	for (i = 0; i < NB_FRAMES; i++)
		expected[inject_udp(i)]++;
	isla_engine_run(engine);
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	/* The answer comes back by the ring, and may be heard by all in turn. */
	CU_ASSERT_TRUE(stats.loop.handover.nb_copies >= NB - 1);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_tx_out, NB_FRAMES - expected[0]);
	CU_ASSERT_EQUAL(stats.loop.handover.nb_tx_in, NB_FRAMES - expected[0]);
	/* One answer to ARP, of who polled it, and one to each datagram. */
	CU_ASSERT_EQUAL(stats.stack.counter[ISLA_C_ARP_OUT_REPLIES], 1);
	CU_ASSERT_EQUAL(stats.stack.counter[ISLA_C_ARP_OUT_REQUESTS], 0);
	CU_ASSERT_EQUAL(stats.port[0].opackets, NB_FRAMES + 1);
	for (i = 0; i < NB; i++) {
		CU_ASSERT_EQUAL(got[i].nb, expected[i]);
		CU_ASSERT_EQUAL(isla_engine_shard_info(engine, i, &info), 0);
		CU_ASSERT_EQUAL(info.nb_queues, i == 0 ? 1 : 0);
	}
	while (rte_ring_dequeue(eal_port_ring(), (void **)&m) == 0) {
		nb++;
		rte_pktmbuf_free(m);
	}
	CU_ASSERT_TRUE(nb <= NB_FRAMES + 1);
}

/* And who had to wait comes first in the next round. The shards do not run. */
static void
no_more_are_taken_over_than_can_be_answered(void)
{
	struct worker *w;
	uint32_t nb[4], n;
	uint16_t i, from;

	start();
	w = engine->worker;
	for (from = 1; from < NB; from++) {
		for (i = 0; i < 400; i++) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(engine->worker[from].pools.pkt);

			CU_ASSERT_PTR_NOT_NULL_FATAL(m);
			CU_ASSERT_PTR_NOT_NULL(rte_pktmbuf_append(m, 60));
			m->port = 0;
			handover_put(&engine->worker[from].handover, 0, m);
		}
		handover_flush(&engine->worker[from].handover);
	}
	/* 256 of 1 and 2; 256 of 3, what is left of 1; what is left of 2 and 3. */
	for (n = 0; n < RTE_DIM(nb); n++)
		nb[n] = shards_input(w, worker_now_us(w));
	CU_ASSERT_EQUAL(nb[0], 512);
	CU_ASSERT_EQUAL(nb[1], 400);
	CU_ASSERT_EQUAL(nb[2], 288);
	CU_ASSERT_EQUAL(nb[3], 0);
	CU_ASSERT_EQUAL(w->handover.stats.nb_in, 1200);
}

static void
change_while_they_run(struct isla_engine *e, void *ctx)
{
	struct isla_engine_backoff b = {.spin_rounds = 1, .yield_rounds = 2, .sleep_us = 3}, now;
	enum isla_engine_idle idle;
	uint16_t shard, older, i;

	CU_ASSERT_EQUAL(isla_engine_reta_get(e, 5, &shard, &older), 0);
	/* It comes again, perhaps, until all has ended. */
	CU_ASSERT_EQUAL(shard, nb_ticks == 0 ? 1 : 3);
	if (nb_ticks++ == 0)
		CU_ASSERT_EQUAL(older, 0);
	CU_ASSERT_EQUAL(isla_engine_backoff_set(e, 1, &b, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(isla_engine_backoff_get(e, 1, &now), 0);
	CU_ASSERT_EQUAL(now.sleep_us, 3);
	CU_ASSERT_EQUAL(isla_engine_backoff_get(e, 2, &now), 0);
	CU_ASSERT_EQUAL(now.sleep_us, 50);
	b.sleep_us = 0;
	CU_ASSERT_EQUAL(isla_engine_backoff_set(e, 1, &b, err, sizeof(err)), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "a sleep of 0 us"));
	CU_ASSERT_EQUAL(isla_engine_idle_set(e, NB, ISLA_ENGINE_IDLE_POLL, err, sizeof(err)),
		-EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "there is no shard 4: 0 to 3"));
	CU_ASSERT_EQUAL(isla_engine_idle_set(e, 0, (enum isla_engine_idle)7, err, sizeof(err)),
		-EINVAL);
	CU_ASSERT_EQUAL(isla_engine_idle_set(e, ISLA_ENGINE_ALL_SHARDS,
		ISLA_ENGINE_IDLE_SLEEP, err, sizeof(err)), 0);
	for (i = 0; i < NB; i++) {
		CU_ASSERT_EQUAL(isla_engine_idle_get(e, i, &idle), 0);
		CU_ASSERT_EQUAL(idle, ISLA_ENGINE_IDLE_SLEEP);
	}
	CU_ASSERT_EQUAL(isla_engine_reta_set(e, 5, 3), 0);
	CU_ASSERT_EQUAL(isla_engine_reta_set(e, ISLA_ENGINE_RETA_LEN, 0), -EINVAL);
	CU_ASSERT_EQUAL(isla_engine_reta_set(e, 0, NB), -EINVAL);
	isla_engine_stop(e);
}

static void
settings_change_at_run_time(void)
{
	uint16_t shard, older;

	conf.tick = change_while_they_run;
	start();
	isla_engine_run(engine);
	CU_ASSERT_EQUAL(isla_engine_reta_get(engine, 5, &shard, &older), 0);
	CU_ASSERT_EQUAL(shard, 3);
	CU_ASSERT_EQUAL(isla_engine_reta_get(engine, ISLA_ENGINE_RETA_LEN, &shard, &older),
		-EINVAL);
	CU_ASSERT_EQUAL(isla_engine_pin_port(engine, 80, NB), -EINVAL);
	CU_ASSERT_EQUAL(isla_engine_pin_port(engine, 80, NB - 1), 0);
}

static bool is_over; /* atomic */

/* All that an administrator may do, as fast as he can. */
static void *
meddle(void *arg)
{
	const struct isla_engine_backoff b = {.spin_rounds = 1, .yield_rounds = 2, .sleep_us = 3};
	const struct isla_fault bad = {.drop_ppb = 1000, .delay_us = 10};
	const struct isla_fault good = {.drop_ppb = 0};
	uint16_t port = conf.port[0].port_id, i = 0;
	struct isla_engine_shard_info info;
	struct isla_engine_stats stats;
	unsigned int *nb_wrong = arg;

	while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
		*nb_wrong += isla_engine_backoff_set(engine, ISLA_ENGINE_ALL_SHARDS, &b, NULL, 0) != 0;
		*nb_wrong += isla_engine_get_stats(engine, &stats) != 0;
		*nb_wrong += isla_engine_fault_set(engine, ISLA_FAULT_RX, i % 2 ? &bad : &good,
			NULL, 0) != 0;
		*nb_wrong += isla_engine_shard_info(engine, i % NB, &info) != 0;
		*nb_wrong += isla_engine_reta_set(engine, i % ISLA_ENGINE_RETA_LEN, i % NB) != 0;
		*nb_wrong += isla_engine_clear_stats(engine) != 0;
		/* The other one may have done it already. */
		isla_engine_port_stop(engine, port, NULL, 0);
		isla_engine_port_start(engine, port, NULL, 0);
		isla_engine_idle_set(engine, i % NB, (enum isla_engine_idle)(i % 3), NULL, 0);
		i++;
	}
	return NULL;
}

static void
stop_after_some_ticks(struct isla_engine *e, void *ctx)
{
	if (++nb_ticks == 300)
		isla_engine_stop(e);
}

/* While the shards begin, run and end: ThreadSanitizer looks on. */
static void
anybody_may_call_at_any_time(void)
{
	pthread_t thread[2];
	unsigned int nb_wrong[2] = {0}, i;

	conf.tick = stop_after_some_ticks;
	is_over = false;
	start();
	for (i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, meddle, &nb_wrong[i]), 0);
	for (i = 0; i < 100; i++)
		inject_udp((uint16_t)i);
	isla_engine_run(engine);
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		CU_ASSERT_EQUAL(nb_wrong[i], 0);
	}
}

static int
keep_the_lcore(void *arg)
{
	const bool *is_kept = arg;

	while (__atomic_load_n(is_kept, __ATOMIC_ACQUIRE))
		rte_delay_us_sleep(1000);
	return 0;
}

/* The others are ended, and nobody waits for whoever has it. */
static void
a_lcore_that_is_busy_is_told(void)
{
	static bool is_kept;
	unsigned int lcore;
	uint16_t i;

	start();
	is_kept = true;
	lcore = engine->worker[2].lcore_id;
	CU_ASSERT_EQUAL_FATAL(rte_eal_remote_launch(keep_the_lcore, &is_kept, lcore), 0);
	alarm(60);
	CU_ASSERT_EQUAL(isla_engine_run(engine), -EBUSY);
	alarm(0);
	for (i = 1; i < NB; i++)
		CU_ASSERT_EQUAL(rte_eal_get_lcore_state(engine->worker[i].lcore_id),
			i == 2 ? RUNNING : WAIT);
	__atomic_store_n(&is_kept, false, __ATOMIC_RELEASE);
	rte_eal_wait_lcore(lcore);
}

/* A worker that does not run, but for its back-off. */
static void
who_shares_a_cpu_gives_it_away_soon(void)
{
	static struct worker w;
	const struct isla_engine_backoff b = {100, 400, 50};
	const enum isla_engine_idle epoll = ISLA_ENGINE_IDLE_EPOLL;

	w.hears_all = true;
	worker_set_backoff(&w, &b, epoll);
	CU_ASSERT_EQUAL(w.backoff.spin_until, 100);
	CU_ASSERT_EQUAL(w.backoff.yield_until, 500);
	w.is_crowded = true;
	worker_set_backoff(&w, &b, epoll);
	CU_ASSERT_EQUAL(w.backoff.spin_until, 0);
	CU_ASSERT_EQUAL(w.backoff.yield_until, 8);
	CU_ASSERT_EQUAL(w.backoff_conf.yield_rounds, 400);
	/* What would not wake it must be looked for. */
	w.hears_all = false;
	worker_set_backoff(&w, &b, epoll);
	CU_ASSERT_EQUAL(w.backoff.yield_until, 400);
	w.hears_all = true;
	worker_set_backoff(&w, &b, ISLA_ENGINE_IDLE_SLEEP);
	CU_ASSERT_EQUAL(w.backoff.yield_until, 400);
	CU_ASSERT_EQUAL(w.backoff.spin_until, 0);
}

static void
more_shards_than_lcores_are_refused(void)
{
	conf.nb_shards = NB + 1;
	engine = isla_engine_create(&conf, err, sizeof(err));
	CU_ASSERT_PTR_NULL(engine);
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "5 shards need as many lcores, and EAL has 4"));
	conf.nb_shards = ISLA_ENGINE_SHARD_MAX + 1;
	CU_ASSERT_PTR_NULL(isla_engine_create(&conf, err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "17 shards are not possible: 1 to 16"));
}

static const struct suite_test tests[] = {
	SUITE_TEST(frames_find_their_shard),
	SUITE_TEST(a_shard_without_a_queue_sends_by_another),
	SUITE_TEST(no_more_are_taken_over_than_can_be_answered),
	SUITE_TEST(settings_change_at_run_time),
	SUITE_TEST(anybody_may_call_at_any_time),
	SUITE_TEST(a_lcore_that_is_busy_is_told),
	SUITE_TEST(who_shares_a_cpu_gives_it_away_soon),
	SUITE_TEST(more_shards_than_lcores_are_refused),
};

int
main(void)
{
	return eal_suite_run("several", tests, RTE_DIM(tests), setup, teardown);
}
