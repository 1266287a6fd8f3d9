/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of a shard without a queue, sent by one that has one: two shards without stacks, and two
 * ports whose driver is the test.
 */

#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "heap_pool.h"
#include "shards.h"
#include "suite.h"

#define NB_PORTS 2
#define BURST    32

static struct worker lender, sender;
static struct port ports[NB_PORTS];
static struct idle idle[2];
static struct rte_mempool *pool;
static struct {
	bool is_stuck;
	uint32_t nb;      /* frames taken */
	uint32_t next;    /* the number that is due */
} driver[NB_PORTS];

/* The engine's own would ask ethdev. */
bool
port_link_is_up(struct port *port)
{
	return true;
}

static uint16_t
take(void *queue, struct rte_mbuf **pkts, uint16_t nb)
{
	size_t i = (size_t)((char *)queue - (char *)driver) / sizeof(driver[0]);
	uint16_t n;

	if (driver[i].is_stuck)
		return 0;
	for (n = 0; n < nb; n++) {
		CU_ASSERT(*rte_pktmbuf_mtod(pkts[n], uint32_t *) >= driver[i].next);
		driver[i].next = *rte_pktmbuf_mtod(pkts[n], uint32_t *) + 1;
		rte_pktmbuf_free(pkts[n]);
	}
	driver[i].nb += nb;
	return nb;
}

static void
setup(void)
{
	static void *queue[NB_PORTS][1], *callbacks[1];
	struct worker *w[] = {&lender, &sender};
	const uint32_t tx_ports[] = {3, 0};
	uint16_t i;

	pool = heap_pool_create(8192, 256, 0);
	memset(driver, 0, sizeof(driver));
	memset(ports, 0, sizeof(ports));
	for (i = 0; i < NB_PORTS; i++) {
		ports[i].nb_queues = 1;
		ports[i].q[0].id = i;
		queue[i][0] = &driver[i];
		rte_eth_fp_ops[i].tx_pkt_burst = take;
		rte_eth_fp_ops[i].txq.data = queue[i];
		rte_eth_fp_ops[i].txq.clbk = callbacks;
	}
	for (i = 0; i < 2; i++) {
		memset(w[i], 0, sizeof(*w[i]));
		w[i]->index = w[i]->queue = i;
		w[i]->port = ports;
		w[i]->nb_ports = NB_PORTS;
		w[i]->burst = BURST;
		CU_ASSERT_EQUAL_FATAL(idle_init(&idle[i]), 0);
		CU_ASSERT_EQUAL_FATAL(handover_init(&w[i]->handover, i, 2, tx_ports[i],
			&idle[i], &isla_mem_libc, -1), 0);
	}
	handover_connect(&sender.handover, &lender.handover);
	handover_connect(&lender.handover, &sender.handover);
}

static void
teardown(void)
{
	uint16_t i;

	for (i = 0; i < NB_PORTS; i++)
		rte_pktmbuf_free_bulk(lender.relay[i].pkts, lender.relay[i].nb);
	handover_fini(&lender.handover);
	handover_fini(&sender.handover);
	for (i = 0; i < 2; i++)
		idle_fini(&idle[i]);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

/* So many frames, numbered from first; returns how many are taken over. */
static uint16_t
hand_over(uint16_t port, uint32_t first, uint16_t nb)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t i, n;

	for (i = 0; i < nb; i++) {
		pkts[i] = rte_pktmbuf_alloc(pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(pkts[i]);
		*(uint32_t *)rte_pktmbuf_append(pkts[i], 60) = first + i;
	}
	n = shards_send(&sender, port, pkts, nb);
	rte_pktmbuf_free_bulk(pkts + n, nb - n);
	return n;
}

static void
each_port_gets_its_own(void)
{
	CU_ASSERT_EQUAL(hand_over(1, 0, 10), 10);
	CU_ASSERT_EQUAL(hand_over(0, 0, 20), 20);
	CU_ASSERT_TRUE(shards_have_waiting(&lender));
	CU_ASSERT_EQUAL(shards_relay(&lender, 1), 30);
	CU_ASSERT_EQUAL(driver[0].nb, 20);
	CU_ASSERT_EQUAL(driver[1].nb, 10);
	CU_ASSERT_EQUAL(lender.handover.stats.nb_tx_in, 30);
	CU_ASSERT_FALSE(shards_have_waiting(&lender));
}

static void
a_port_that_is_stuck_holds_no_other_up(void)
{
	uint64_t now_us = 1000000;
	uint32_t nb = 0, i;
	uint16_t n;

	driver[0].is_stuck = true;
	do {
		n = hand_over(0, nb, BURST);
		nb += n;
		shards_relay(&lender, now_us);
	} while (n == BURST);
	CU_ASSERT_EQUAL(lender.stats.nb_tx_dropped, 0);
	/* The other one has its frames at once, for as long as that may last. */
	for (i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL(hand_over(1, i, 1), 1);
		shards_relay(&lender, now_us);
		CU_ASSERT_EQUAL(driver[1].nb, i + 1);
	}
	/* And the first one has, once it takes them again, what was promised. */
	driver[0].is_stuck = false;
	for (i = 0; i < 100; i++)
		shards_relay(&lender, now_us);
	CU_ASSERT_EQUAL(driver[0].nb, nb);
	CU_ASSERT_FALSE(shards_have_waiting(&lender));
}

static const struct suite_test tests[] = {
	SUITE_TEST(each_port_gets_its_own),
	SUITE_TEST(a_port_that_is_stuck_holds_no_other_up),
};

int
main(void)
{
	return suite_run("relay", tests, RTE_DIM(tests), setup, teardown);
}
