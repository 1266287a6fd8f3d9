/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line for each frame: the ports' callbacks are the test's, which has them see frames; the thread
 * that prints is a real one, and what it has printed is looked at once it has ended.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "fake_engine.h"
#include "heap_pool.h"
#include "suite.h"
#include "verbose.h"

#define NB_SHARDS 2
#define NB_PORTS  2

/* What stands in a queue's list: as DPDK's own, which is not known here. */
struct callback {
	uint16_t port;
	uint16_t queue;
	bool is_there;
	rte_rx_callback_fn rx;
	rte_tx_callback_fn tx;
	void *param;
};

static struct callback *callback[64];
static unsigned int nb_callbacks;
static unsigned int nb_freed;
static unsigned int fail_at; /* the n-th call to add one fails */
static uint64_t tsc_hz;
static struct rte_mempool *pool;
static struct verbose *verbose;
static char *text;
static size_t text_size;
static FILE *out;

const struct rte_eth_rxtx_callback *__wrap_rte_eth_add_rx_callback(uint16_t port, uint16_t queue,
	rte_rx_callback_fn fn, void *param);
const struct rte_eth_rxtx_callback *__wrap_rte_eth_add_tx_callback(uint16_t port, uint16_t queue,
	rte_tx_callback_fn fn, void *param);
int __wrap_rte_eth_remove_rx_callback(uint16_t port, uint16_t queue,
	const struct rte_eth_rxtx_callback *cb);
int __wrap_rte_eth_remove_tx_callback(uint16_t port, uint16_t queue,
	const struct rte_eth_rxtx_callback *cb);
void __wrap_rte_free(void *ptr);
uint64_t __wrap_rte_get_tsc_hz(void);

static struct callback *
add(uint16_t port, uint16_t queue, void *param)
{
	struct callback *c;

	if (fail_at > 0 && --fail_at == 0) {
		rte_errno = ENOTSUP;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	c->port = port;
	c->queue = queue;
	c->param = param;
	c->is_there = true;
	callback[nb_callbacks++] = c;
	return c;
}

const struct rte_eth_rxtx_callback *
__wrap_rte_eth_add_rx_callback(uint16_t port, uint16_t queue, rte_rx_callback_fn fn, void *param)
{
	struct callback *c = add(port, queue, param);

	if (c != NULL)
		c->rx = fn;
	return (const struct rte_eth_rxtx_callback *)c;
}

const struct rte_eth_rxtx_callback *
__wrap_rte_eth_add_tx_callback(uint16_t port, uint16_t queue, rte_tx_callback_fn fn, void *param)
{
	struct callback *c = add(port, queue, param);

	if (c != NULL)
		c->tx = fn;
	return (const struct rte_eth_rxtx_callback *)c;
}

static int
del(uint16_t port, uint16_t queue, const struct rte_eth_rxtx_callback *cb)
{
	unsigned int i;

	for (i = 0; i < nb_callbacks; i++) {
		if (callback[i] != (const void *)cb)
			continue;
		CU_ASSERT_EQUAL(callback[i]->port, port);
		CU_ASSERT_EQUAL(callback[i]->queue, queue);
		CU_ASSERT_TRUE(callback[i]->is_there);
		callback[i]->is_there = false;
		return 0;
	}
	CU_FAIL("not one of them");
	return -EINVAL;
}

int
__wrap_rte_eth_remove_rx_callback(uint16_t port, uint16_t queue,
	const struct rte_eth_rxtx_callback *cb)
{
	return del(port, queue, cb);
}

int
__wrap_rte_eth_remove_tx_callback(uint16_t port, uint16_t queue,
	const struct rte_eth_rxtx_callback *cb)
{
	return del(port, queue, cb);
}

/* Nothing is freed that a shard could be in: it is out of its list, and all have been asked. */
void
__wrap_rte_free(void *ptr)
{
	unsigned int i;

	for (i = 0; i < nb_callbacks; i++) {
		if (callback[i] != ptr)
			continue;
		CU_ASSERT_FALSE(callback[i]->is_there);
		CU_ASSERT(fake_engine.nb_calls > 0);
		callback[i] = callback[--nb_callbacks];
		nb_freed++;
	}
	free(ptr);
}

uint64_t
__wrap_rte_get_tsc_hz(void)
{
	return tsc_hz;
}

static void
setup(void)
{
	uint16_t i;

	fake_engine_begin(NULL);
	fake_engine.nb_shards = NB_SHARDS;
	fake_engine.nb_ports = NB_PORTS;
	for (i = 0; i < NB_SHARDS; i++)
		fake_engine.stack[i] = NULL;
	tsc_hz = 1ull << 60; /* a second lasts for ever */
	fail_at = nb_callbacks = nb_freed = 0;
	pool = heap_pool_create(8192, 2176, 0);
	out = open_memstream(&text, &text_size);
	verbose = verbose_create(fake_engine_handle(), out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(verbose);
}

static void
teardown(void)
{
	verbose_free(verbose);
	CU_ASSERT_EQUAL(nb_callbacks, 0);
	fclose(out);
	free(text);
	text = NULL;
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

static void
show(unsigned int dirs)
{
	char err[256];

	CU_ASSERT_EQUAL(verbose_set(verbose, dirs, err, sizeof(err)), 0);
}

static unsigned int
count(const char *word)
{
	unsigned int nb = 0;
	const char *at;

	fflush(out);
	for (at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		nb++;
	return nb;
}

static struct callback *
find(uint16_t port, uint16_t queue, bool is_tx)
{
	unsigned int i;

	for (i = 0; i < nb_callbacks; i++)
		if (callback[i]->is_there && callback[i]->port == port &&
			callback[i]->queue == queue && (callback[i]->tx != NULL) == is_tx)
			return callback[i];
	return NULL;
}

/* An ARP question in so many segments, the first of which may be empty. */
static struct rte_mbuf *
frame(unsigned int nb_segs, bool first_is_empty)
{
	static const uint8_t arp[42] =
		"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\6\4\0\1"
		"\x02\0\0\0\0\x01\xc0\xa8\x01\x01\0\0\0\0\0\0\xc0\xa8\x01\x02";
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool), *last = head;
	unsigned int i, at = 0;

	for (i = first_is_empty; i < nb_segs; i++) {
		unsigned int n = i + 1 < nb_segs ? 5 : (unsigned int)sizeof(arp) - at;

		if (i > 0) {
			last->next = rte_pktmbuf_alloc(pool);
			last = last->next;
			head->nb_segs++;
		}
		memcpy(rte_pktmbuf_mtod(last, uint8_t *), arp + at, n);
		last->data_len = (uint16_t)n;
		at += n;
	}
	head->pkt_len = sizeof(arp);
	return head;
}

/* A callback sees the same frame so many times. */
static void
see(const struct callback *c, struct rte_mbuf *m, uint16_t nb)
{
	struct rte_mbuf *pkts[4096];
	uint16_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (i = 0; i < nb; i++)
		pkts[i] = m;
	if (c->rx != NULL)
		CU_ASSERT_EQUAL(c->rx(c->port, c->queue, pkts, nb, 4096, c->param), nb);
	if (c->tx != NULL)
		CU_ASSERT_EQUAL(c->tx(c->port, c->queue, pkts, nb, c->param), nb);
}

static void
nothing_is_asked_while_it_is_off(void)
{
	CU_ASSERT_EQUAL(nb_callbacks, 0);
	show(0);
	CU_ASSERT_EQUAL(nb_callbacks, 0);
	show(VERBOSE_RX);
	CU_ASSERT_EQUAL(nb_callbacks, NB_PORTS * NB_SHARDS);
	show(0);
	CU_ASSERT_EQUAL(nb_callbacks, 0);
	CU_ASSERT_EQUAL(nb_freed, NB_PORTS * NB_SHARDS);
}

static void
each_direction_is_told(void)
{
	struct rte_mbuf *m = frame(1, false);

	show(VERBOSE_RX);
	CU_ASSERT_PTR_NULL(find(0, 0, true));
	m->ol_flags = RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	m->hash.rss = 0xabcd;
	see(find(1, 0, false), m, 1);
	see(find(0, 1, false), m, 2);
	show(VERBOSE_TX);
	CU_ASSERT_EQUAL(count("\n"), 3);
	CU_ASSERT_EQUAL(count("port 1/queue 0: received src=02:00:00:00:00:01 - "
		"dst=FF:FF:FF:FF:FF:FF - type=0x0806 - length=42 - nb_segs=1 - RSS hash=0xabcd - "
		"ol_flags: "), 1);
	CU_ASSERT_EQUAL(count("port 0/queue 1: received"), 2);
	CU_ASSERT_EQUAL(count("RTE_MBUF_F_RX_IP_CKSUM_GOOD"), 3);
	CU_ASSERT_EQUAL(count("- ARP who has 192.168.1.2, tell 192.168.1.1\n"), 3);
	CU_ASSERT_PTR_NULL(find(0, 0, false));
	m->ol_flags = RTE_MBUF_F_TX_TCP_CKSUM;
	see(find(0, 0, true), m, 1);
	show(VERBOSE_RX | VERBOSE_TX);
	CU_ASSERT_EQUAL(count("port 0/queue 0: sent"), 1);
	CU_ASSERT_EQUAL(count("RTE_MBUF_F_TX_TCP_CKSUM"), 1);
	see(find(0, 0, true), m, 1);
	see(find(0, 0, false), m, 1);
	see(find(0, 0, false), m, 0);
	show(0);
	CU_ASSERT_EQUAL(count("\n"), 6);
	rte_pktmbuf_free(m);
}

/* A port of several devices: each queue is seen where it is, and told by the port's number. */
static void
queues_of_further_devices_are_told(void)
{
	struct rte_mbuf *m = frame(1, false);

	fake_engine.nb_dev_queues = 1;
	show(VERBOSE_RX | VERBOSE_TX);
	CU_ASSERT_EQUAL(nb_callbacks, 2 * NB_PORTS * NB_SHARDS);
	CU_ASSERT_PTR_NULL(find(0, 1, false));
	see(find(FAKE_ENGINE_DEV_STEP, 0, false), m, 1);
	see(find(1 + FAKE_ENGINE_DEV_STEP, 0, true), m, 1);
	see(find(0, 0, false), m, 1);
	show(0);
	CU_ASSERT_EQUAL(nb_callbacks, 0);
	CU_ASSERT_EQUAL(count("\n"), 3);
	CU_ASSERT_EQUAL(count("port 0/queue 1: received"), 1);
	CU_ASSERT_EQUAL(count("port 1/queue 1: sent"), 1);
	CU_ASSERT_EQUAL(count("port 0/queue 0: received"), 1);
	rte_pktmbuf_free(m);
}

/* Chains, empty segments, and none at all. */
static void
frames_of_any_shape(void)
{
	struct rte_mbuf *m[] = {frame(1, false), frame(5, false), frame(3, true),
		rte_pktmbuf_alloc(pool)};
	unsigned int i;

	show(VERBOSE_RX);
	for (i = 0; i < RTE_DIM(m); i++)
		see(find(0, 0, false), m[i], 1);
	show(0);
	CU_ASSERT_EQUAL(count("\n"), 4);
	CU_ASSERT_EQUAL(count("- ARP who has 192.168.1.2, tell 192.168.1.1\n"), 3);
	CU_ASSERT_EQUAL(count("nb_segs=5"), 1);
	CU_ASSERT_EQUAL(count("length=0 - nb_segs=1 - ol_flags"), 1);
	CU_ASSERT_EQUAL(count("(cut short)"), 1);
	rte_pktmbuf_free_bulk(m, RTE_DIM(m));
}

static unsigned int
not_printed(void)
{
	const char *at;
	unsigned int nb = 0, sum = 0;

	for (at = text; (at = strchr(at, '\n')) != NULL; at++) {
		int n = 0;

		if (sscanf(at, "\n%u frames not printed%n", &nb, &n) == 1 && n > 0)
			sum += nb;
	}
	return sum;
}

/* However many come, so many lines are printed in a second, and the others are counted. */
static void
lines_are_bounded(void)
{
	struct rte_mbuf *m = frame(1, false);
	unsigned int i, nb;

	show(VERBOSE_RX);
	for (i = 0; i < 10; i++) {
		see(find(0, 0, false), m, 4000);
		see(find(0, 1, false), m, 4000);
	}
	show(0);
	nb = count(": received");
	CU_ASSERT(nb >= 2 * 512 && nb <= VERBOSE_LINES_PER_S);
	CU_ASSERT_EQUAL(nb + not_printed(), 80000);
	CU_ASSERT_EQUAL(count("at most 2000 lines a second"), 1);
	rte_pktmbuf_free(m);
}

/* Another second: more lines. */
static void
a_second_later_there_are_more(void)
{
	struct rte_mbuf *m = frame(1, false);
	unsigned int i;

	tsc_hz = 1; /* it is over at once */
	show(VERBOSE_RX);
	for (i = 0; i < 5000; i++)
		see(find(0, 0, false), m, 1);
	show(0);
	CU_ASSERT(count(": received") >= 512);
	CU_ASSERT_EQUAL(count(": received") + not_printed(), 5000);
	rte_pktmbuf_free(m);
}

static void
all_or_nothing_is_shown(void)
{
	char err[256] = "";
	unsigned int i;

	for (i = 1; i <= 2 * NB_PORTS * NB_SHARDS; i++) {
		fail_at = i;
		CU_ASSERT_EQUAL(verbose_set(verbose, VERBOSE_RX | VERBOSE_TX, err, sizeof(err)),
			-ENOTSUP);
		CU_ASSERT_PTR_NOT_NULL(strstr(err, "cannot be seen"));
		CU_ASSERT_EQUAL(nb_callbacks, 0);
	}
}

static void
a_port_that_is_made_anew_is_seen(void)
{
	struct rte_mbuf *m = frame(1, false);

	verbose_again(NULL);
	verbose_again(verbose);
	CU_ASSERT_EQUAL(nb_callbacks, 0);
	show(VERBOSE_TX);
	verbose_again(verbose);
	CU_ASSERT_EQUAL(nb_callbacks, NB_PORTS * NB_SHARDS);
	CU_ASSERT_EQUAL(nb_freed, NB_PORTS * NB_SHARDS);
	see(find(0, 1, true), m, 1);
	show(0);
	CU_ASSERT_EQUAL(count(": sent"), 1);
	rte_pktmbuf_free(m);
}

/* Left on: its end is in teardown(). */
static void
it_ends_with_the_program(void)
{
	struct rte_mbuf *m = frame(1, false);

	show(VERBOSE_RX);
	see(find(1, 1, false), m, 100);
	rte_pktmbuf_free(m);
}

static const struct suite_test tests[] = {
	SUITE_TEST(nothing_is_asked_while_it_is_off),
	SUITE_TEST(each_direction_is_told),
	SUITE_TEST(queues_of_further_devices_are_told),
	SUITE_TEST(frames_of_any_shape),
	SUITE_TEST(lines_are_bounded),
	SUITE_TEST(a_second_later_there_are_more),
	SUITE_TEST(all_or_nothing_is_shown),
	SUITE_TEST(a_port_that_is_made_anew_is_seen),
	SUITE_TEST(it_ends_with_the_program),
};

int
main(void)
{
	return suite_run("verbose", tests, RTE_DIM(tests), setup, teardown);
}
