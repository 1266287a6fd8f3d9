/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine on a port made of a ring: frames in and out, what a port does not take, the stop, the
 * count of mbufs at the end.
 */

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_arp.h>
#include <rte_common.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal_env.h"
#include "engine_priv.h"
#include "isla_engine.h"

#define PEER_IP  RTE_BE32(0x0a000001)
#define STACK_IP RTE_BE32(0x0a000002)

static const struct rte_ether_addr peer_mac = {{0x02, 0, 0, 0, 0, 0x99}};

static struct isla_engine_conf conf;
static struct isla_engine *engine;
static struct rte_ring *ring;
static char err[ISLA_ENGINE_ERR_SIZE];
static unsigned int nb_ticks;

static void
setup(void)
{
	isla_engine_conf_init(&conf);
	conf.nb_ports = 1;
	conf.nb_mbufs = 1023;
	conf.nb_refs = 1023;
	conf.stack.max_neigh = 64;
	conf.stack.tcp.max_conns = 64;
	conf.stack.tcp.max_segs = 256;
	nb_ticks = 0;
	engine = NULL;
	conf.port[0].port_id = eal_port_add("net_ring", "");
	ring = eal_port_ring();
}

static void
start(void)
{
	struct isla_prefix prefix = {.addr = isla_addr_from_v4(STACK_IP), .len = 8};

	engine = isla_engine_create(&conf, err, sizeof(err));
	if (engine == NULL)
		printf("'%s'\n", err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(engine);
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, conf.port[0].port_id, &prefix), 0);
	CU_ASSERT_EQUAL(isla_engine_start(engine, err, sizeof(err)), 0);
}

/* The next frame that was sent, or NULL. */
static struct rte_mbuf *
take(void)
{
	void *m = NULL;

	return rte_ring_dequeue(ring, &m) == 0 ? m : NULL;
}

static void
drain(void)
{
	struct rte_mbuf *m;

	while ((m = take()) != NULL)
		rte_pktmbuf_free(m);
}

static void
teardown(void)
{
	drain();
	CU_ASSERT_EQUAL(isla_engine_free(engine), 0);
	eal_port_remove();
}

static struct worker *
worker(void)
{
	return &engine->worker[0];
}

/* "Who has 10.0.0.2? Tell 10.0.0.1", as if the port had received it. */
static void
inject_arp_request(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker()->pools.pkt);
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, 60);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(eth + 1);

	memset(rte_pktmbuf_mtod(m, void *), 0, 60);
	memset(&eth->dst_addr, 0xff, 6);
	eth->src_addr = peer_mac;
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
	arp->arp_hardware = RTE_BE16(1);
	arp->arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	arp->arp_hlen = 6;
	arp->arp_plen = 4;
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST);
	arp->arp_data.arp_sha = peer_mac;
	arp->arp_data.arp_sip = PEER_IP;
	arp->arp_data.arp_tip = STACK_IP;
	CU_ASSERT_EQUAL(rte_ring_enqueue(ring, m), 0);
}

/* A round some microseconds after the last. */
static bool
round_after(uint64_t us)
{
	static uint64_t now_us;

	now_us = RTE_MAX(now_us, worker_now_us(worker())) + us;
	return loop_round(worker(), NULL, now_us);
}

static void
a_request_is_answered_in_the_same_round(void)
{
	struct isla_engine_port_info info;
	struct isla_engine_stats stats;
	const struct rte_arp_hdr *arp;
	const struct rte_ether_hdr *eth;
	struct rte_mbuf *m;

	start();
	inject_arp_request();
	CU_ASSERT_TRUE(round_after(1));
	m = take();
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(isla_engine_port_info(engine, 0, &info), 0);
	eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	arp = (const struct rte_arp_hdr *)(eth + 1);
	CU_ASSERT_EQUAL(memcmp(&eth->dst_addr, &peer_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(&eth->src_addr, info.mac, 6), 0);
	CU_ASSERT_EQUAL(arp->arp_opcode, RTE_BE16(RTE_ARP_OP_REPLY));
	CU_ASSERT_EQUAL(arp->arp_data.arp_sip, STACK_IP);
	CU_ASSERT_EQUAL(arp->arp_data.arp_tip, PEER_IP);
	rte_pktmbuf_free(m);
	CU_ASSERT_FALSE(round_after(1));
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.stack.counter[ISLA_C_ARP_IN_REQUESTS], 1);
	CU_ASSERT_EQUAL(stats.stack.counter[ISLA_C_ARP_OUT_REPLIES], 1);
	CU_ASSERT_EQUAL(stats.loop.nb_rx_bursts, 1);
	CU_ASSERT_EQUAL(stats.port[0].ipackets, 1);
	CU_ASSERT_EQUAL(stats.port[0].opackets, 1);
}

static uint64_t nb_seen;

static void
look(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct isla_engine_stats stats;

	RTE_SET_USED(stack);
	RTE_SET_USED(req);
	isla_engine_get_stats(engine, &stats);
	nb_seen = stats.stack.counter[ISLA_C_ARP_IN_REQUESTS];
}

/* Also where they are more than a burst. */
static void
frames_come_before_a_request_that_came_later(void)
{
	struct isla_engine_request req = {.run = look};
	unsigned int i;

	start();
	nb_seen = 0;
	for (i = 0; i < worker()->burst + 5u; i++)
		inject_arp_request();
	loop_round(worker(), &req, worker_now_us(worker()));
	CU_ASSERT_EQUAL(nb_seen, i);
}

static unsigned int nb_floods;

/* A port that always has as many requests as are asked for. */
static uint16_t
flood(uint16_t port_id, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max, void *arg)
{
	struct rte_mbuf *m;
	uint16_t i;

	rte_pktmbuf_free_bulk(pkts, nb);
	if (nb_floods == 0)
		return 0;
	nb_floods--;
	for (i = 0; i < max; i++) {
		inject_arp_request();
		m = take();
		pkts[i] = m;
	}
	return max;
}

/* And takes all that it is given. */
static uint16_t
sink(uint16_t port_id, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	drain();
	return nb;
}

/* What the port brings before a request is answered before it, too: it does not pile up. */
static void
a_request_in_a_flood_costs_no_frame(void)
{
	const struct rte_eth_rxtx_callback *rx, *tx;
	struct isla_engine_request req = {.run = look};
	struct isla_engine_stats stats;
	uint16_t port = conf.port[0].port_id;
	unsigned int i;

	conf.burst = 256;
	conf.nb_mbufs = 4095;
	start();
	rx = rte_eth_add_rx_callback(port, 0, flood, NULL);
	tx = rte_eth_add_tx_callback(port, 0, sink, NULL);
	nb_floods = 10;
	nb_seen = 0;
	loop_round(worker(), &req, worker_now_us(worker()));
	CU_ASSERT_EQUAL(nb_seen, 10 * 256);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.stack.counter[ISLA_C_ARP_OUT_REPLIES], 10 * 256);
	CU_ASSERT_EQUAL(stats.port[0].opackets, 10 * 256);
	for (i = 1; i < ISLA_DROP_MAX; i++)
		CU_ASSERT_EQUAL(stats.stack.drop[i], 0);
	rte_eth_remove_rx_callback(port, 0, rx);
	rte_eth_remove_tx_callback(port, 0, tx);
}

static uint16_t tx_budget;

/* A port that takes so many frames and no more. */
static uint16_t
limit_tx(uint16_t port_id, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	uint16_t n = RTE_MIN(nb, tx_budget);

	tx_budget -= n;
	return n;
}

static void
what_the_port_does_not_take_is_offered_again(void)
{
	const struct rte_eth_rxtx_callback *cb;
	struct rte_mbuf *m;
	unsigned int i;

	start();
	cb = rte_eth_add_tx_callback(conf.port[0].port_id, 0, limit_tx, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cb);
	tx_budget = 0;
	for (i = 0; i < 5; i++)
		inject_arp_request();
	round_after(1);
	CU_ASSERT_PTR_NULL(take());
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_stalls, 1);
	CU_ASSERT_TRUE(worker()->stalled);
	CU_ASSERT_FALSE(round_after(1));
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_stalls, 2);
	tx_budget = 2;
	CU_ASSERT_TRUE(round_after(1));
	CU_ASSERT_FALSE(worker()->stalled);
	tx_budget = 100;
	/* Those that were sent come back from the ring; take them first. */
	for (i = 0; i < 2; i++)
		rte_pktmbuf_free(take());
	CU_ASSERT_TRUE(round_after(1));
	for (i = 0; (m = take()) != NULL; i++)
		rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(i, 3);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_dropped, 0);
	rte_eth_remove_tx_callback(conf.port[0].port_id, 0, cb);
}

/* Where the port's descriptor tells of every frame, only a timer would end the sleep otherwise. */
static void
a_port_that_stalls_is_asked_again_soon(void)
{
	const struct rte_eth_rxtx_callback *cb;
	uint64_t now_us;

	start();
	worker()->hears_all = true;
	worker()->next_chore_us = UINT64_MAX;
	cb = rte_eth_add_tx_callback(conf.port[0].port_id, 0, limit_tx, NULL);
	tx_budget = 0;
	inject_arp_request();
	round_after(1);
	now_us = worker_now_us(worker());
	CU_ASSERT_EQUAL(loop_next_us(worker(), now_us, UINT64_MAX), now_us + 50);
	/* Nor all the time, where there is more to do for it. */
	CU_ASSERT_EQUAL(loop_next_us(worker(), now_us, now_us), now_us + 50);
	tx_budget = 1;
	round_after(1);
	now_us = worker_now_us(worker());
	CU_ASSERT_TRUE(loop_next_us(worker(), now_us, UINT64_MAX) > now_us + 10000);
	CU_ASSERT_EQUAL(loop_next_us(worker(), now_us, now_us + 7), now_us + 7);
	rte_eth_remove_tx_callback(conf.port[0].port_id, 0, cb);
}

static void
a_stall_ends_by_dropping_one_frame_at_a_time(void)
{
	const struct rte_eth_rxtx_callback *cb;

	start();
	cb = rte_eth_add_tx_callback(conf.port[0].port_id, 0, limit_tx, NULL);
	tx_budget = 0;
	inject_arp_request();
	inject_arp_request();
	round_after(1);
	round_after(99000);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_dropped, 0);
	round_after(2000);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_dropped, 1);
	round_after(1000);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_dropped, 1);
	round_after(100000);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_dropped, 2);
	round_after(100000);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_stalls, 5);
	rte_eth_remove_tx_callback(conf.port[0].port_id, 0, cb);
}

static void
nothing_waits_for_a_link_that_is_down(void)
{
	const struct rte_eth_rxtx_callback *cb;

	start();
	cb = rte_eth_add_tx_callback(conf.port[0].port_id, 0, limit_tx, NULL);
	tx_budget = 0;
	rte_eth_dev_set_link_down(conf.port[0].port_id);
	inject_arp_request();
	inject_arp_request();
	round_after(1);
	CU_ASSERT_EQUAL(worker()->stats.nb_tx_dropped, 2);
	rte_eth_remove_tx_callback(conf.port[0].port_id, 0, cb);
}

static void
set_fault(const char *text)
{
	struct isla_fault fault[ISLA_FAULT_DIRS];
	unsigned int dirs, i;

	CU_ASSERT_EQUAL(isla_fault_parse(text, fault, &dirs, err, sizeof(err)), 0);
	for (i = 0; i < ISLA_FAULT_DIRS; i++)
		if ((dirs & 1u << i) != 0)
			CU_ASSERT_EQUAL(isla_engine_fault_set(engine, (enum isla_fault_dir)i,
				&fault[i], err, sizeof(err)), 0);
}

static void
faults_come_and_go_at_run_time(void)
{
	struct isla_engine_stats stats;
	struct isla_fault fault;
	struct rte_mbuf *m;

	start();
	CU_ASSERT_PTR_NULL(worker()->faults);
	set_fault("rx drop 100%");
	inject_arp_request();
	round_after(1);
	CU_ASSERT_PTR_NULL(take());
	set_fault("off");
	set_fault("tx delay 5ms");
	isla_engine_fault_get(engine, ISLA_FAULT_TX, &fault);
	CU_ASSERT_EQUAL(fault.delay_us, 5000);
	inject_arp_request();
	round_after(1);
	CU_ASSERT_PTR_NULL(take());
	round_after(4000);
	CU_ASSERT_PTR_NULL(take());
	CU_ASSERT_EQUAL(worker()->faults, worker()->fault_stage);
	set_fault("off");
	CU_ASSERT_TRUE(round_after(1000));
	m = take();
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	rte_pktmbuf_free(m);
	/* The last frame is out: the path is as it is again. */
	CU_ASSERT_PTR_NULL(worker()->faults);
	inject_arp_request();
	round_after(1);
	m = take();
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	rte_pktmbuf_free(m);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_RX].nb_frames, 1);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_RX].nb_dropped, 1);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_TX].nb_frames, 1);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_TX].nb_passed, 1);
	isla_engine_clear_stats(engine);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_RX].nb_frames, 0);
}

static void
faults_hold_mbufs_until_the_end(void)
{
	conf.fault[ISLA_FAULT_RX].delay_us = 1000000;
	conf.fault[ISLA_FAULT_TX].delay_us = 1000000;
	start();
	CU_ASSERT_PTR_NOT_NULL(worker()->faults);
	inject_arp_request();
	round_after(1);
	round_after(1000001);
	inject_arp_request();
	round_after(1);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(worker()->pools.pkt), 2);
	/* teardown() sees that none is missing. */
}

/* Its time would come, and the shard would look for it for ever instead of sleeping. */
static void
what_a_stopped_port_has_received_is_dropped(void)
{
	struct isla_engine_stats stats;

	start();
	worker()->hears_all = true;
	worker()->next_chore_us = UINT64_MAX;
	set_fault("rx delay 5ms");
	inject_arp_request();
	round_after(1);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(worker()->pools.pkt), 1);
	CU_ASSERT_EQUAL(isla_engine_port_stop(engine, conf.port[0].port_id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(worker()->pools.pkt), 0);
	CU_ASSERT_FALSE(round_after(6000));
	CU_ASSERT_TRUE(loop_next_us(worker(), worker_now_us(worker()), UINT64_MAX) >
		worker_now_us(worker()));
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_RX].nb_flushed, 1);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_RX].nb_waiting, 0);
}

static void
a_link_that_is_down_frees_what_waits(void)
{
	const struct rte_eth_rxtx_callback *cb;
	struct isla_engine_stats stats;
	unsigned int i;

	start();
	set_fault("tx rate 8mbit");
	cb = rte_eth_add_tx_callback(conf.port[0].port_id, 0, limit_tx, NULL);
	tx_budget = 0;
	for (i = 0; i < 20; i++)
		inject_arp_request();
	round_after(1);
	rte_eth_dev_set_link_down(conf.port[0].port_id);
	round_after(100);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_TRUE(stats.loop.nb_tx_dropped > 0);
	CU_ASSERT_TRUE(stats.fault[ISLA_FAULT_TX].nb_flushed > 0);
	CU_ASSERT_EQUAL(
		stats.loop.nb_tx_dropped + stats.fault[ISLA_FAULT_TX].nb_flushed, 20);
	CU_ASSERT_EQUAL(stats.fault[ISLA_FAULT_TX].nb_waiting, 0);
	rte_eth_remove_tx_callback(conf.port[0].port_id, 0, cb);
}

static void
faults_that_cannot_be(void)
{
	static const struct isla_fault bad[] = {
		{.drop_ppb = ISLA_FAULT_ONE + 1},
		{.dup_ppb = UINT32_MAX},
		{.delay_us = ISLA_FAULT_TIME_MAX_US + 1},
		{.delay_us = 5, .jitter_us = 6},
		{.drop_ppb = 1, .burst_pkts = 1001},
		{.rate_bps = 999},
		{.rate_bps = UINT64_MAX},
		{.delay_us = 1, .limit_pkts = 1023 / 4 + 1},
	};
	struct isla_fault good = {.delay_us = 1, .limit_pkts = 1023 / 4};
	size_t i;

	start();
	for (i = 0; i < RTE_DIM(bad); i++) {
		err[0] = '\0';
		CU_ASSERT_TRUE(isla_engine_fault_set(engine, ISLA_FAULT_RX, &bad[i], err,
			sizeof(err)) < 0);
		CU_ASSERT_NOT_EQUAL(err[0], '\0');
	}
	CU_ASSERT_PTR_NULL(worker()->faults);
	CU_ASSERT_EQUAL(isla_engine_fault_set(engine, (enum isla_fault_dir)2, &good, err,
		sizeof(err)), -EINVAL);
	CU_ASSERT_EQUAL(isla_engine_fault_set(engine, ISLA_FAULT_RX, &good, err,
		sizeof(err)), 0);
	CU_ASSERT_PTR_NOT_NULL(worker()->faults);
}

static void
stop_at_tick(struct isla_engine *e, void *ctx)
{
	struct isla_engine_stats stats;

	CU_ASSERT_PTR_EQUAL(ctx, &nb_ticks);
	isla_engine_get_stats(e, &stats);
	CU_ASSERT_EQUAL(stats.nb_ports, 1);
	if (++nb_ticks == 3)
		isla_engine_stop(e);
}

static void
it_runs_until_it_is_stopped(void)
{
	struct isla_engine_stats stats;

	conf.tick = stop_at_tick;
	conf.tick_ctx = &nb_ticks;
	conf.tick_us = 1000;
	start();
	isla_engine_run(engine);
	/* It ticks until the connections have ended, and not afterwards. */
	CU_ASSERT_TRUE(nb_ticks >= 3);
	CU_ASSERT_TRUE(engine->ctrl.no_ticks);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_TRUE(stats.loop.spin.nb_rounds > 0);
	CU_ASSERT_TRUE(stats.loop.sleep.time_us + stats.loop.spin.time_us +
		stats.loop.yield.time_us >= 1000);
	isla_engine_clear_stats(engine);
	isla_engine_get_stats(engine, &stats);
	CU_ASSERT_EQUAL(stats.loop.spin.nb_rounds, 0);
	CU_ASSERT_EQUAL(stats.loop.sleep.time_us, 0);
}

static unsigned int nb_words;

/* Ends after so many calls; more than 200 ms of them there never are. */
static bool
say_words(struct isla_engine *e, struct isla_stack *stack, void *ctx)
{
	const unsigned int *nb = ctx;

	CU_ASSERT_PTR_EQUAL(e, engine);
	CU_ASSERT_PTR_EQUAL(stack, isla_engine_stack(engine, 0));
	return ++nb_words < *nb;
}

static void
run_with_words(unsigned int nb, unsigned int nb_stops)
{
	nb_words = 0;
	conf.last_words = say_words;
	conf.last_words_ctx = &nb;
	start();
	while (nb_stops-- > 0)
		isla_engine_stop(engine);
	isla_engine_run(engine);
}

static void
last_words_are_said(void)
{
	run_with_words(3, 1);
	CU_ASSERT_EQUAL(nb_words, 3);
}

static void
last_words_have_an_end(void)
{
	run_with_words(UINT_MAX, 1);
	CU_ASSERT_TRUE(nb_words >= 3);
}

static void
who_is_in_a_hurry_does_without_last_words(void)
{
	run_with_words(UINT_MAX, 2);
	CU_ASSERT_TRUE(nb_words <= 1);
}

static void *
stop_from_elsewhere(void *arg)
{
	isla_engine_stop(engine);
	return arg;
}

static void
it_is_stopped_from_another_thread(void)
{
	pthread_t thread;

	start();
	CU_ASSERT_EQUAL(pthread_create(&thread, NULL, stop_from_elsewhere, NULL), 0);
	isla_engine_run(engine);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(engine->nb_stops, 1);
}

static void
a_stop_before_the_run_counts(void)
{
	start();
	isla_engine_stop(engine);
	isla_engine_stop(engine);
	isla_engine_run(engine);
	CU_ASSERT_PTR_NOT_NULL(isla_engine_stack(engine, 0));
	CU_ASSERT_PTR_NULL(isla_engine_stack(engine, 1));
}

static void
an_mbuf_that_is_held_is_missed(void)
{
	struct rte_mempool *pool;
	struct rte_mbuf *m;

	start();
	pool = worker()->pools.pkt;
	m = rte_pktmbuf_alloc(pool);
	CU_ASSERT_EQUAL(isla_engine_free(engine), 1);
	engine = NULL;
	/* Its pool is still there, so that to free it is no crash. */
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(pool), 0);
	rte_mempool_free(pool);
}

static void
refused_settings_leave_nothing_behind(void)
{
	struct isla_engine_conf good = conf;

	conf.nb_mbufs = 1 << 24;
	CU_ASSERT_PTR_NULL(isla_engine_create(&conf, err, sizeof(err)));
	CU_ASSERT_EQUAL(rte_errno, ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "cannot make 16777216 mbufs"));
	conf = good;
	conf.stack.tcp.max_conns = 1 << 22;
	CU_ASSERT_PTR_NULL(isla_engine_create(&conf, err, sizeof(err)));
	CU_ASSERT_EQUAL(rte_errno, ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "stack for 4194304 connections"));
	conf = good;
	conf.nb_shards = 5;
	CU_ASSERT_PTR_NULL(isla_engine_create(&conf, err, sizeof(err)));
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	conf = good;
	conf.port[1] = conf.port[0];
	conf.nb_ports = 2;
	CU_ASSERT_PTR_NULL(isla_engine_create(&conf, err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "given twice"));
	conf = good;
	conf.nb_ports = 0;
	CU_ASSERT_PTR_NULL(isla_engine_create(&conf, err, sizeof(err)));
	CU_ASSERT_EQUAL(rte_errno, ENODEV);
	conf = good;
	start();
}

static void
addresses_go_to_ports_of_the_engine(void)
{
	struct isla_prefix prefix = {.addr = isla_addr_from_v4(RTE_BE32(0x0b000001)), .len = 8};
	struct isla_prefix any = {.addr = isla_addr_from_v4(0), .len = 0};
	struct isla_addr gateway = isla_addr_from_v4(RTE_BE32(0x0a000001));

	start();
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, 99, &prefix), -ENODEV);
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, conf.port[0].port_id, &prefix), 0);
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, conf.port[0].port_id, &prefix), -EEXIST);
	CU_ASSERT_EQUAL(isla_engine_addr_del(engine, 99, &prefix.addr), -ENODEV);
	CU_ASSERT_EQUAL(isla_engine_addr_del(engine, conf.port[0].port_id, &prefix.addr), 0);
	CU_ASSERT_EQUAL(isla_engine_addr_del(engine, conf.port[0].port_id, &prefix.addr),
		-EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, conf.port[0].port_id, &prefix), 0);
	CU_ASSERT_EQUAL(isla_engine_route_del(engine, conf.port[0].port_id, &prefix), -ESRCH);
	CU_ASSERT_EQUAL(isla_engine_route_add(engine, 99, &any, &gateway), -ENODEV);
	CU_ASSERT_EQUAL(
		isla_engine_route_add(engine, conf.port[0].port_id, &any, &gateway), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_request_is_answered_in_the_same_round),
	SUITE_TEST(frames_come_before_a_request_that_came_later),
	SUITE_TEST(a_request_in_a_flood_costs_no_frame),
	SUITE_TEST(what_the_port_does_not_take_is_offered_again),
	SUITE_TEST(a_port_that_stalls_is_asked_again_soon),
	SUITE_TEST(a_stall_ends_by_dropping_one_frame_at_a_time),
	SUITE_TEST(nothing_waits_for_a_link_that_is_down),
	SUITE_TEST(faults_come_and_go_at_run_time),
	SUITE_TEST(faults_hold_mbufs_until_the_end),
	SUITE_TEST(what_a_stopped_port_has_received_is_dropped),
	SUITE_TEST(a_link_that_is_down_frees_what_waits),
	SUITE_TEST(faults_that_cannot_be),
	SUITE_TEST(it_runs_until_it_is_stopped),
	SUITE_TEST(last_words_are_said),
	SUITE_TEST(last_words_have_an_end),
	SUITE_TEST(who_is_in_a_hurry_does_without_last_words),
	SUITE_TEST(it_is_stopped_from_another_thread),
	SUITE_TEST(a_stop_before_the_run_counts),
	SUITE_TEST(an_mbuf_that_is_held_is_missed),
	SUITE_TEST(refused_settings_leave_nothing_behind),
	SUITE_TEST(addresses_go_to_ports_of_the_engine),
};

int
main(void)
{
	return eal_suite_run("loop", tests, RTE_DIM(tests), setup, teardown);
}
