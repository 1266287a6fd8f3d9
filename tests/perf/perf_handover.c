/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What it costs to find a frame's shard and to hand it over, in nanoseconds a frame: the best of
 * many rounds, so that whatever else the machine does matters little.
 *
 *   owner      owner_burst() of TCP segments
 *   give       handover_put() and handover_flush(), the owner being awake
 *   take       handover_get()
 *   across     both, from a thread on one CPU to a thread on another
 *   doorbell   from handover_flush() to the end of the owner's sleep, one frame each time: median
 *
 * usage: perf_handover [CPU CPU]
 */

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_pause.h>
#include <rte_tcp.h>

#include "handover.h"
#include "heap_pool.h"
#include "owner.h"
#include "segment.h"

#define BURST_MAX 64
#define ROUNDS    20000
#define NB_ACROSS 4000000u
#define NB_RINGS  2000

static struct rte_mempool *pool;
static struct owner_map map;
static struct handover h[2];
static struct idle idle[2];
static struct rte_mbuf *pkts[BURST_MAX];
static int cpu[2] = {0, 1};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
run_on(int i)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu[i], &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		fprintf(stderr, "perf_handover: there is no CPU %d\n", cpu[i]);
}

static void
make_frames(bool is_v6)
{
	struct frame_ends ends = {.src_mac = {2, 1}, .dst_mac = {2, 2}};
	struct seg seg = {.flags = RTE_TCP_ACK_FLAG, .dport = 80, .len = 100};
	static uint8_t buf[2048];
	unsigned int i;

	isla_addr_parse(is_v6 ? "2001:db8::1" : "10.0.0.1", &ends.src);
	isla_addr_parse(is_v6 ? "2001:db8::2" : "10.0.0.2", &ends.dst);
	for (i = 0; i < BURST_MAX; i++) {
		uint32_t len;

		seg.sport = (uint16_t)(1024 + i * 911);
		len = frame_build_tcp(buf, &ends, &seg);
		pkts[i] = rte_pktmbuf_alloc(pool);
		memcpy(rte_pktmbuf_append(pkts[i], (uint16_t)len), buf, len);
	}
}

static double
owner_ns(uint16_t burst)
{
	uint16_t owner[BURST_MAX];
	uint64_t best = UINT64_MAX, t;
	unsigned int i, k;

	for (i = 0; i < ROUNDS / 20; i++) {
		t = now_ns();
		for (k = 0; k < 20; k++)
			owner_burst(&map, pkts, burst, owner);
		best = RTE_MIN(best, now_ns() - t);
	}
	return (double)best / 20 / burst;
}

/* In one thread: what either end has to do. */
static void
give_and_take(uint16_t burst, double *give, double *take)
{
	uint64_t best[2] = {UINT64_MAX, UINT64_MAX}, t;
	struct rte_mbuf *got[BURST_MAX];
	unsigned int i, j, k;

	for (i = 0; i < ROUNDS / 20; i++) {
		t = now_ns();
		for (k = 0; k < 20; k++) {
			for (j = 0; j < burst; j++)
				handover_put(&h[0], 1, pkts[j]);
			handover_flush(&h[0]);
		}
		best[0] = RTE_MIN(best[0], now_ns() - t);
		t = now_ns();
		for (k = 0; k < 20; k++)
			handover_get(&h[1], 0, got, burst);
		best[1] = RTE_MIN(best[1], now_ns() - t);
	}
	*give = (double)best[0] / 20 / burst;
	*take = (double)best[1] / 20 / burst;
}

static uint16_t across_burst;

static void *
take_all(void *arg)
{
	struct rte_mbuf *got[BURST_MAX];
	uint32_t nb = 0;

	run_on(1);
	while (nb < NB_ACROSS) {
		uint16_t n = handover_get(&h[1], 0, got, across_burst);

		if (n == 0)
			rte_pause();
		nb += n;
	}
	return arg;
}

static double
across_ns(uint16_t burst)
{
	pthread_t thread;
	uint32_t nb = 0;
	uint64_t t;
	unsigned int j;

	across_burst = burst;
	pthread_create(&thread, NULL, take_all, NULL);
	t = now_ns();
	while (nb < NB_ACROSS) {
		while (rte_ring_free_count(h[1].rx_in[0]) < burst)
			rte_pause();
		for (j = 0; j < burst; j++)
			handover_put(&h[0], 1, pkts[j]);
		handover_flush(&h[0]);
		nb += burst;
	}
	pthread_join(thread, NULL);
	/* What was too much of the last burst. */
	for (j = 0; j < BURST_MAX; j++) {
		struct rte_mbuf *m;

		handover_get(&h[1], 0, &m, 1);
	}
	return (double)(now_ns() - t) / NB_ACROSS;
}

static uint64_t rung_ns, woken_ns[NB_RINGS]; /* atomic; the taker's */

static void *
sleep_and_take(void *arg)
{
	struct rte_mbuf *m;
	unsigned int i;

	run_on(1);
	for (i = 0; i < NB_RINGS; i++) {
		while (handover_get(&h[1], 0, &m, 1) == 0)
			if (handover_sleeps(&h[1])) {
				idle_wait(&idle[1], 1000000, true);
				handover_wakes(&h[1]);
			}
		woken_ns[i] = now_ns() - __atomic_load_n(&rung_ns, __ATOMIC_ACQUIRE);
	}
	return arg;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double
doorbell_us(void)
{
	struct timespec pause = {.tv_nsec = 200000};
	pthread_t thread;
	unsigned int i;

	pthread_create(&thread, NULL, sleep_and_take, NULL);
	for (i = 0; i < NB_RINGS; i++) {
		nanosleep(&pause, NULL);
		__atomic_store_n(&rung_ns, now_ns(), __ATOMIC_RELEASE);
		handover_put(&h[0], 1, pkts[0]);
		handover_flush(&h[0]);
	}
	pthread_join(thread, NULL);
	qsort(woken_ns, NB_RINGS, sizeof(woken_ns[0]), by_size);
	return (double)woken_ns[NB_RINGS / 2] / 1000;
}

int
main(int argc, char **argv)
{
	static const uint16_t bursts[] = {1, 8, 32, 64};
	uint8_t key[OWNER_KEY_LEN];
	double give, take;
	uint16_t i;

	for (i = 0; i < 2 && argc > 2; i++)
		cpu[i] = atoi(argv[i + 1]);
	run_on(0);
	pool = heap_pool_create(1024, 2176, ISLA_PKT_PRIV_SIZE);
	if (owner_key_random(key) != 0)
		return EXIT_FAILURE;
	owner_map_init(&map, OWNER_MODE_2TUPLE, key, 4);
	for (i = 0; i < 2; i++)
		if (idle_init(&idle[i]) != 0 ||
			handover_init(&h[i], i, 2, 0, &idle[i], &isla_mem_libc, -1) != 0)
			return EXIT_FAILURE;
	handover_connect(&h[0], &h[1]);
	handover_connect(&h[1], &h[0]);
	printf("ns a frame, burst of %20s %8s %8s %8s\n", "1", "8", "32", "64");
	for (i = 0; i < 2; i++) {
		make_frames(i == 1);
		printf("owner, IPv%c            %18.1f %8.1f %8.1f %8.1f\n", i == 1 ? '6' : '4',
			owner_ns(1), owner_ns(8), owner_ns(32), owner_ns(64));
	}
	for (i = 0; i < RTE_DIM(bursts); i++) {
		give_and_take(bursts[i], &give, &take);
		printf("burst of %2u: give %6.1f  take %6.1f  across CPUs %6.1f\n", bursts[i],
			give, take, across_ns(bursts[i]));
	}
	printf("doorbell to a shard that sleeps: %.1f us\n", doorbell_us());
	return EXIT_SUCCESS;
}
