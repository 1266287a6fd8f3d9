/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames from shard to shard: order, full rings, who is woken, and that nobody sleeps over what has
 * come. Meant for ThreadSanitizer as well as for itself.
 */

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rte_common.h>

#include "handover.h"
#include "heap_pool.h"
#include "suite.h"

#define NB_SHARDS 3
#define NB_FRAMES 30000

static struct handover h[NB_SHARDS];
static struct idle idle[NB_SHARDS];
static struct rte_mempool *pool;

static void
setup(void)
{
	uint16_t i, j;

	pool = heap_pool_create(8192, 256, 0);
	for (i = 0; i < NB_SHARDS; i++) {
		CU_ASSERT_EQUAL_FATAL(idle_init(&idle[i]), 0);
		/* The first one sends for the others. */
		CU_ASSERT_EQUAL_FATAL(handover_init(&h[i], i, NB_SHARDS, i == 0, &idle[i],
			&isla_mem_libc, -1), 0);
	}
	for (i = 0; i < NB_SHARDS; i++)
		for (j = 0; j < NB_SHARDS; j++)
			if (i != j)
				handover_connect(&h[i], &h[j]);
}

static void
teardown(void)
{
	uint16_t i;

	for (i = 0; i < NB_SHARDS; i++) {
		handover_fini(&h[i]);
		idle_fini(&idle[i]);
	}
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

static struct rte_mbuf *
frame(uint32_t number)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	memcpy(rte_pktmbuf_append(m, sizeof(number)), &number, sizeof(number));
	m->port = 0;
	return m;
}

static uint32_t
number_of(const struct rte_mbuf *m)
{
	uint32_t number;

	memcpy(&number, rte_pktmbuf_mtod(m, const void *), sizeof(number));
	return number;
}

static void
frames_come_once_and_in_order(void)
{
	struct rte_mbuf *pkts[256];
	uint32_t i;

	for (i = 0; i < HANDOVER_BURST + 5; i++)
		handover_put(&h[0], 1, frame(i));
	/* A burst went as soon as it was full. */
	CU_ASSERT_EQUAL(h[0].stats.nb_out, HANDOVER_BURST);
	handover_flush(&h[0]);
	handover_flush(&h[0]);
	CU_ASSERT_EQUAL(h[0].stats.nb_out, HANDOVER_BURST + 5);
	CU_ASSERT_EQUAL(h[0].stats.nb_out_bursts, 2);
	CU_ASSERT_EQUAL(handover_get(&h[2], 0, pkts, 256), 0);
	CU_ASSERT_EQUAL(handover_get(&h[1], 2, pkts, 256), 0);
	CU_ASSERT_EQUAL(handover_get(&h[1], 1, pkts, 256), 0);
	CU_ASSERT_EQUAL(handover_get(&h[1], 0, pkts, 10), 10);
	CU_ASSERT_EQUAL(handover_get(&h[1], 0, pkts + 10, 246), HANDOVER_BURST - 5);
	for (i = 0; i < HANDOVER_BURST + 5; i++)
		CU_ASSERT_EQUAL(number_of(pkts[i]), i);
	rte_pktmbuf_free_bulk(pkts, i);
	CU_ASSERT_EQUAL(handover_get(&h[1], 0, pkts, 256), 0);
	CU_ASSERT_TRUE(handover_is_empty(&h[1]));
}

static void
what_a_full_ring_refuses_is_counted(void)
{
	uint32_t i;

	for (i = 0; i < HANDOVER_RING_LEN + 100; i++)
		handover_put(&h[0], 1, frame(i));
	handover_flush(&h[0]);
	CU_ASSERT_EQUAL(h[0].stats.nb_out, HANDOVER_RING_LEN - 1);
	CU_ASSERT_EQUAL(h[0].stats.nb_full, 101);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), HANDOVER_RING_LEN - 1);
	/* One ring is full, the others are not. */
	handover_put(&h[0], 2, frame(0));
	handover_put(&h[2], 1, frame(0));
	handover_flush(&h[0]);
	handover_flush(&h[2]);
	CU_ASSERT_EQUAL(h[0].stats.nb_full, 101);
	CU_ASSERT_EQUAL(h[2].stats.nb_out, 1);
	/* teardown() sees that all are given back. */
}

static void
copies_go_to_all_others_and_are_marked(void)
{
	struct rte_mbuf *m = frame(7), *copy;
	uint16_t i;

	handover_put_copies(&h[1], m, 3, pool);
	rte_pktmbuf_free(m);
	handover_flush(&h[1]);
	for (i = 0; i < NB_SHARDS; i += 2) {
		CU_ASSERT_EQUAL_FATAL(handover_get(&h[i], 1, &copy, 1), 1);
		CU_ASSERT_EQUAL(number_of(copy), 7);
		CU_ASSERT_EQUAL(copy->port, 3 | HANDOVER_LEARN);
		rte_pktmbuf_free(copy);
	}
	CU_ASSERT_EQUAL(h[1].stats.nb_copies, 2);
}

/* Of frames that anybody may send at no cost: there must be mbufs left to receive others. */
static void
copies_leave_mbufs_for_others(void)
{
	struct rte_mbuf *m = frame(8);
	uint32_t least = 8192 / 16;

	heap_pool_set_limit(pool, 1 + least + 2);
	handover_put_copies(&h[1], m, 3, pool);
	CU_ASSERT_EQUAL(h[1].stats.nb_copies, 2);
	CU_ASSERT_EQUAL(h[1].stats.nb_no_copy, 0);
	heap_pool_set_limit(pool, 3 + least - 1);
	handover_put_copies(&h[1], m, 3, pool);
	CU_ASSERT_EQUAL(h[1].stats.nb_copies, 2);
	CU_ASSERT_EQUAL(h[1].stats.nb_no_copy, 2);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 3);
	rte_pktmbuf_free(m);
}

static void
what_cannot_be_sent_stays_with_its_sender(void)
{
	struct rte_mbuf *pkts[HANDOVER_BURST], *got[HANDOVER_BURST];
	uint32_t i, nb = 0;
	uint16_t n;

	do {
		for (i = 0; i < HANDOVER_BURST; i++)
			pkts[i] = frame(nb + i);
		n = handover_send(&h[2], 0, 0, pkts, HANDOVER_BURST);
		nb += n;
	} while (n == HANDOVER_BURST);
	CU_ASSERT_EQUAL(nb, HANDOVER_RING_LEN - 1);
	CU_ASSERT_EQUAL(h[2].stats.nb_tx_out, nb);
	CU_ASSERT_EQUAL(h[2].stats.nb_tx_full, 1);
	rte_pktmbuf_free_bulk(pkts + n, HANDOVER_BURST - n);
	CU_ASSERT_EQUAL(handover_get_tx(&h[0], 1, 0, got, HANDOVER_BURST), 0);
	CU_ASSERT_EQUAL(handover_get_tx(&h[0], 2, 0, got, HANDOVER_BURST), HANDOVER_BURST);
	CU_ASSERT_EQUAL(number_of(got[0]), 0);
	CU_ASSERT_FALSE(handover_is_empty(&h[0]));
	rte_pktmbuf_free_bulk(got, HANDOVER_BURST);
	/* Nobody sends by a shard that has no queue to lend. */
	CU_ASSERT_EQUAL(handover_get_tx(&h[1], 0, 0, got, HANDOVER_BURST), 0);
}

static void
only_who_sleeps_is_woken_and_once(void)
{
	struct rte_mbuf *m;

	handover_put(&h[0], 1, frame(1));
	handover_flush(&h[0]);
	CU_ASSERT_FALSE(idle_wait(&idle[1], 0, true));
	CU_ASSERT_EQUAL(h[0].stats.nb_doorbells, 0);
	/* Something is there: no sleep. */
	CU_ASSERT_FALSE(handover_sleeps(&h[1]));
	CU_ASSERT_EQUAL(h[1].asleep, 0);
	CU_ASSERT_EQUAL(handover_get(&h[1], 0, &m, 1), 1);
	rte_pktmbuf_free(m);
	CU_ASSERT_TRUE(handover_sleeps(&h[1]));
	handover_put(&h[0], 1, frame(2));
	handover_flush(&h[0]);
	handover_put(&h[2], 1, frame(3));
	handover_flush(&h[2]);
	CU_ASSERT_EQUAL(h[0].stats.nb_doorbells + h[2].stats.nb_doorbells, 1);
	CU_ASSERT_TRUE(idle_wait(&idle[1], UINT64_MAX, true));
	CU_ASSERT_FALSE(idle_wait(&idle[1], 0, true));
	handover_wakes(&h[1]);
}

static void
no_memory_leaves_nothing(void)
{
	struct handover other;

	memset(&other, 0, sizeof(other));
	handover_fini(&other);
	CU_ASSERT_EQUAL(handover_init(&other, 0, 2, 1, &idle[0], &isla_mem_libc, -1), 0);
	CU_ASSERT_PTR_NULL(other.rx_in[0]);
	CU_ASSERT_PTR_NOT_NULL(other.rx_in[1]);
	CU_ASSERT_PTR_NOT_NULL(other.tx_in[0][1]);
	CU_ASSERT_PTR_NULL(other.tx_in[1][1]);
	handover_fini(&other);
	handover_fini(&other);
}

static uint32_t nb_taken[NB_SHARDS]; /* atomic */

/* The consumer sleeps without an end whenever it finds nothing: a lost ring would be for ever. */
static void *
consume(void *arg)
{
	struct rte_mbuf *pkts[32];
	uint32_t next[NB_SHARDS] = {0}, nb = 0;
	uint16_t from, i, n;

	while (nb < 2 * NB_FRAMES) {
		uint32_t before = nb;

		for (from = 0; from < NB_SHARDS; from++) {
			n = handover_get(&h[1], from, pkts, RTE_DIM(pkts));
			for (i = 0; i < n; i++)
				if (number_of(pkts[i]) != next[from]++)
					return NULL;
			rte_pktmbuf_free_bulk(pkts, n);
			nb += n;
			__atomic_fetch_add(&nb_taken[from], n, __ATOMIC_RELAXED);
		}
		if (nb == before && handover_sleeps(&h[1])) {
			idle_wait(&idle[1], UINT64_MAX, true);
			handover_wakes(&h[1]);
		}
	}
	return arg;
}

static void *
produce(void *arg)
{
	struct handover *mine = arg;
	struct rte_mempool *own = heap_pool_create(2 * NB_FRAMES, 256, 0);
	uint32_t i;

	for (i = 0; i < NB_FRAMES; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(own);

		memcpy(rte_pktmbuf_append(m, sizeof(i)), &i, sizeof(i));
		/* Never more than fits: nothing is to be dropped here. */
		while (i - __atomic_load_n(&nb_taken[mine->self], __ATOMIC_RELAXED) >=
			HANDOVER_RING_LEN - 1)
			sched_yield();
		handover_put(mine, 1, m);
		handover_flush(mine);
	}
	return own;
}

static void
nobody_sleeps_over_what_has_come(void)
{
	pthread_t consumer, producer[2];
	void *rc, *own[2];

	CU_ASSERT_EQUAL_FATAL(pthread_create(&consumer, NULL, consume, &h[1]), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer[0], NULL, produce, &h[0]), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer[1], NULL, produce, &h[2]), 0);
	pthread_join(producer[0], &own[0]);
	pthread_join(producer[1], &own[1]);
	pthread_join(consumer, &rc);
	CU_ASSERT_PTR_NOT_NULL(rc);
	CU_ASSERT_EQUAL(h[0].stats.nb_out + h[2].stats.nb_out, 2 * NB_FRAMES);
	CU_ASSERT_EQUAL(heap_pool_in_use(own[0]), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(own[1]), 0);
	heap_pool_free(own[0]);
	heap_pool_free(own[1]);
}

static const struct suite_test tests[] = {
	SUITE_TEST(frames_come_once_and_in_order),
	SUITE_TEST(what_a_full_ring_refuses_is_counted),
	SUITE_TEST(copies_go_to_all_others_and_are_marked),
	SUITE_TEST(copies_leave_mbufs_for_others),
	SUITE_TEST(what_cannot_be_sent_stays_with_its_sender),
	SUITE_TEST(only_who_sleeps_is_woken_and_once),
	SUITE_TEST(no_memory_leaves_nothing),
	SUITE_TEST(nobody_sleeps_over_what_has_come),
};

int
main(void)
{
	return suite_run("handover", tests, RTE_DIM(tests), setup, teardown);
}
