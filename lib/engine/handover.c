/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames from shard to shard.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>

#include "handover.h"

#define COPIES_LEAVE 16 /* this part of the mbufs, besides what is in queues and caches */

static struct rte_ring *
ring_create(const char *what, uint16_t port, uint16_t from, uint16_t to,
	const struct isla_mem *mem, int socket_id)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *r;
	ssize_t size = rte_ring_get_memsize(HANDOVER_RING_LEN);

	if (size < 0)
		return NULL;
	r = mem->alloc((size_t)size, RTE_CACHE_LINE_SIZE, socket_id);
	if (r == NULL)
		return NULL;
	snprintf(name, sizeof(name), "isla_%s%u_%u_%u", what, port, from, to);
	rte_ring_init(r, name, HANDOVER_RING_LEN, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return r;
}

/* The rings from one shard to this one. */
static int
rings_create(struct handover *h, uint16_t from, int socket_id)
{
	uint16_t port;

	h->rx_in[from] = ring_create("rx", 0, from, h->self, &h->mem, socket_id);
	if (h->rx_in[from] == NULL)
		return -ENOMEM;
	for (port = 0; h->tx_ports >> port != 0; port++) {
		if ((h->tx_ports >> port & 1) == 0)
			continue;
		h->tx_in[port][from] = ring_create("tx", port, from, h->self, &h->mem, socket_id);
		if (h->tx_in[port][from] == NULL)
			return -ENOMEM;
	}
	return 0;
}

int
handover_init(struct handover *h, uint16_t self, uint16_t nb_shards, uint32_t tx_ports,
	const struct idle *idle, const struct isla_mem *mem, int socket_id)
{
	uint16_t i;

	memset(h, 0, sizeof(*h));
	h->self = self;
	h->nb_shards = nb_shards;
	h->tx_ports = tx_ports;
	h->idle = idle;
	h->mem = *mem;
	for (i = 0; i < nb_shards; i++) {
		if (i == self || rings_create(h, i, socket_id) == 0)
			continue;
		handover_fini(h);
		return -ENOMEM;
	}
	return 0;
}

void
handover_connect(struct handover *h, struct handover *to)
{
	h->to[to->self] = to;
}

static void
ring_free(const struct handover *h, struct rte_ring **r)
{
	void *m;

	if (*r == NULL)
		return;
	while (rte_ring_sc_dequeue(*r, &m) == 0)
		rte_pktmbuf_free(m);
	h->mem.free(*r);
	*r = NULL;
}

void
handover_fini(struct handover *h)
{
	uint16_t i, port;

	for (i = 0; i < h->nb_shards; i++) {
		ring_free(h, &h->rx_in[i]);
		for (port = 0; port < ISLA_ENGINE_PORT_MAX; port++)
			ring_free(h, &h->tx_in[port][i]);
		rte_pktmbuf_free_bulk(h->out[i].pkts, h->out[i].nb);
		h->out[i].nb = 0;
	}
	h->nb_shards = 0;
}

/* Wake a shard that sleeps, after something was put into a ring of its. */
static inline void
bell(struct handover *h, struct handover *to)
{
	/* The ring's new end is written before the flag is read; its reader does it the other way
	 * round, in handover_sleeps(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&to->asleep, __ATOMIC_RELAXED) == 0)
		return;
	/* Of several who see it one rings. */
	if (__atomic_exchange_n(&to->asleep, 0, __ATOMIC_RELAXED) == 0)
		return;
	idle_ring(to->idle);
	h->stats.nb_doorbells++;
}

void
handover_flush_to(struct handover *h, uint16_t to)
{
	struct handover_out *out = &h->out[to];
	struct handover *peer = h->to[to];
	uint16_t n;

	if (out->nb == 0)
		return;
	n = (uint16_t)rte_ring_sp_enqueue_burst(
		peer->rx_in[h->self], (void *const *)out->pkts, out->nb, NULL);
	h->stats.nb_out += n;
	h->stats.nb_out_bursts++;
	bell(h, peer);
	if (unlikely(n < out->nb)) {
		h->stats.nb_full += out->nb - n;
		rte_pktmbuf_free_bulk(out->pkts + n, out->nb - n);
	}
	out->nb = 0;
}

void
handover_flush(struct handover *h)
{
	uint16_t i;

	for (i = 0; i < h->nb_shards; i++)
		handover_flush_to(h, i);
}

/*
 * One frame makes a copy for each other shard, and whoever sends many of them, and they cost him
 * nothing, could empty the pool by that. What is left of it is for receiving.
 */
static bool
has_room_for_copies(const struct rte_mempool *pool)
{
	return rte_mempool_get_ops(pool->ops_index)->get_count(pool) >= pool->size / COPIES_LEAVE;
}

void
handover_put_copies(struct handover *h, const struct rte_mbuf *m, uint16_t netif,
	struct rte_mempool *pool)
{
	struct rte_mbuf *copy;
	uint16_t i;

	if (unlikely(!has_room_for_copies(pool))) {
		h->stats.nb_no_copy += h->nb_shards - 1u;
		return;
	}
	for (i = 0; i < h->nb_shards; i++) {
		if (i == h->self)
			continue;
		copy = rte_pktmbuf_copy(m, pool, 0, UINT32_MAX);
		if (copy == NULL) {
			h->stats.nb_no_copy++;
			continue;
		}
		copy->port = netif | HANDOVER_LEARN;
		h->stats.nb_copies++;
		handover_put(h, i, copy);
	}
}

uint16_t
handover_send(struct handover *h, uint16_t to, uint16_t port, struct rte_mbuf **pkts, uint16_t nb)
{
	struct handover *peer = h->to[to];
	uint16_t n = (uint16_t)rte_ring_sp_enqueue_burst(
		peer->tx_in[port][h->self], (void *const *)pkts, nb, NULL);

	h->stats.nb_tx_out += n;
	h->stats.nb_tx_full += nb - n;
	if (n > 0)
		bell(h, peer);
	return n;
}

static bool
are_empty(struct rte_ring *const *ring, uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb; i++)
		if (ring[i] != NULL && !handover_ring_is_empty(ring[i]))
			return false;
	return true;
}

bool
handover_is_empty(const struct handover *h)
{
	bool is_empty = are_empty(h->rx_in, h->nb_shards);
	uint16_t port;

	for (port = 0; is_empty && h->tx_ports >> port != 0; port++)
		is_empty = are_empty(h->tx_in[port], h->nb_shards);
	return is_empty;
}

bool
handover_sleeps(struct handover *h)
{
	__atomic_store_n(&h->asleep, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (handover_is_empty(h))
		return true;
	handover_wakes(h);
	return false;
}
