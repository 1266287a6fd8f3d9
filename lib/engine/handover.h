/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HANDOVER_H
#define HANDOVER_H

/*
 * How frames go from shard to shard: a ring for each pair of shards and each direction, with one
 * thread at either end, so that nothing is locked. There are two kinds:
 *
 *   rx   received frames, to the shard that owns them; m->port says on which interface they came
 *   tx   frames to be sent, to the shard that has a queue of the port; one for each port, so that
 *        one which takes nothing holds no other one's frames up
 *
 * Received frames are gathered for each shard and put into its ring in bursts. Whoever is about to
 * sleep says so and looks into its rings once more; whoever puts something in looks for that
 * afterwards, and rings: one of the two sees the other.
 *
 *   handover_init() for each shard, handover_connect() for each pair
 *   handover_put() ..., handover_flush()       the producer
 *   handover_get()                             the consumer
 *   handover_sleeps(), asleep, handover_wakes()
 *   handover_fini()                            all mbufs are given back
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <isla_mem.h>

#include "idle.h"
#include "isla_engine.h"

#define HANDOVER_RING_LEN 2048 /* frames on their way between two shards, and one more */
#define HANDOVER_BURST    64   /* frames that are gathered for a shard */

/* In m->port, beside the interface's number: another shard answers this one, learn from it. */
#define HANDOVER_LEARN 0x8000

/* Frames on their way to one shard. */
struct handover_out {
	uint16_t nb;
	struct rte_mbuf *pkts[HANDOVER_BURST];
};

struct handover {
	/* What others look at: the shard sleeps. Atomic. */
	uint32_t asleep __rte_cache_aligned;
	const struct idle *idle; /* its doorbell */

	/* Its own. */
	uint16_t self __rte_cache_aligned;
	uint16_t nb_shards; /* 0: not made */
	uint16_t next_from; /* whose ring is looked into first; the user's */
	struct rte_ring *rx_in[ISLA_ENGINE_SHARD_MAX]; /* from each other shard; NULL for itself */
	uint32_t tx_ports;  /* bit i: others send on port i by this one */
	struct rte_ring *tx_in[ISLA_ENGINE_PORT_MAX][ISLA_ENGINE_SHARD_MAX];
	struct handover *to[ISLA_ENGINE_SHARD_MAX];
	struct isla_handover_stats stats;
	struct isla_mem mem;
	struct handover_out out[ISLA_ENGINE_SHARD_MAX];
};

/* Make the rings into a shard, from mem on its node. tx_ports: bit i: others send on port i by
 * its queues. idle, which is to be made before anybody sleeps, has its doorbell. Returns 0, or -ENOMEM with nothing
 * left. */
int handover_init(struct handover *h, uint16_t self, uint16_t nb_shards, uint32_t tx_ports,
	const struct idle *idle, const struct isla_mem *mem, int socket_id);

/* From h to another. */
void handover_connect(struct handover *h, struct handover *to);

/* Free what waits, and the rings; one that is all zero is left alone. */
void handover_fini(struct handover *h);

/* Put what was gathered for a shard into its ring. What does not fit is dropped and counted. */
void handover_flush_to(struct handover *h, uint16_t to);

/* The same for every shard. */
void handover_flush(struct handover *h);

/* Gather a received frame for another shard, which from now on has it. */
static inline void
handover_put(struct handover *h, uint16_t to, struct rte_mbuf *m)
{
	struct handover_out *out = &h->out[to];

	out->pkts[out->nb++] = m;
	if (unlikely(out->nb == HANDOVER_BURST))
		handover_flush_to(h, to);
}

/* Gather a copy for every other shard, marked HANDOVER_LEARN; m stays the caller's. */
void handover_put_copies(struct handover *h, const struct rte_mbuf *m, uint16_t netif,
	struct rte_mempool *pool);

/* rte_ring_empty() reads what another thread writes as if it were nobody's. */
static inline bool
handover_ring_is_empty(const struct rte_ring *r)
{
	return __atomic_load_n(&r->prod.tail, __ATOMIC_RELAXED) ==
		__atomic_load_n(&r->cons.tail, __ATOMIC_RELAXED);
}

/* The oldest frames that another shard has handed over, at most nb. */
static inline uint16_t
handover_get(struct handover *h, uint16_t from, struct rte_mbuf **pkts, uint16_t nb)
{
	if (h->rx_in[from] == NULL || handover_ring_is_empty(h->rx_in[from]))
		return 0;
	return (uint16_t)rte_ring_sc_dequeue_burst(h->rx_in[from], (void **)pkts, nb, NULL);
}

/* Give frames of a port to the shard that has a queue for them, oldest first. Returns how many it takes; the
 * others stay the caller's. */
uint16_t handover_send(struct handover *h, uint16_t to, uint16_t port, struct rte_mbuf **pkts,
	uint16_t nb);

/* The oldest frames that another shard wants sent on a port, at most nb. */
static inline uint16_t
handover_get_tx(struct handover *h, uint16_t from, uint16_t port, struct rte_mbuf **pkts,
	uint16_t nb)
{
	struct rte_ring *r = h->tx_in[port][from];

	if (r == NULL || handover_ring_is_empty(r))
		return 0;
	return (uint16_t)rte_ring_sc_dequeue_burst(r, (void **)pkts, nb, NULL);
}

/* Nothing waits in any ring. */
bool handover_is_empty(const struct handover *h);

/* The shard is about to sleep; false: it must not, something has come. */
bool handover_sleeps(struct handover *h);

static inline void
handover_wakes(struct handover *h)
{
	__atomic_store_n(&h->asleep, 0, __ATOMIC_RELAXED);
}

#endif /* HANDOVER_H */
