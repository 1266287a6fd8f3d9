/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CORE_H
#define CORE_H

/*
 * What every layer of one shard's stack needs: the time of this burst, counters, randomness, pools,
 * the timer wheel and the lists of frames to send. The stack owns it; each layer keeps a pointer.
 * One shard, one thread: nothing here is locked.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "isla_counter.h"
#include "isla_drop.h"
#include "isla_hist.h"
#include "isla_key.h"
#include "isla_mem.h"
#include "isla_pkt.h"
#include "isla_ports.h"
#include "timer.h"

#define NETIF_MAX   16
#define OUTLIST_MAX 1024

/* Frames that wait for the port of one interface, oldest first: pkt[head] to pkt[tail - 1]. */
struct outlist {
	uint16_t head;
	uint16_t tail;
	struct rte_mbuf *pkt[OUTLIST_MAX];
};

struct core {
	uint64_t now_us;      /* set once a burst; the stack's only clock */
	int64_t wall_off_us;  /* now_us + this = microseconds since 1970 (UTC), for dates */
	struct isla_stats stats;
	struct isla_key key;  /* the secret */
	uint64_t rng[2];      /* xorshift128+; never for what an attacker must not guess */
	uint64_t nb_secrets;  /* how many numbers core_secret() has given */
	uint16_t shard;       /* of nb_shards, which is 1 at least: see port_slice.h */
	uint16_t nb_shards;
	struct isla_ports *ports; /* of all shards; NULL: see ports.h */
	struct rte_mempool *pool;     /* headers, replies: mbufs with a data room */
	struct rte_mempool *ref_pool; /* references to payload: without a data room, or pool */
	uint32_t reserve;     /* mbufs of pool that nobody may keep: they receive and answer */
	bool is_short;        /* fewer than that were free when the burst began */
	struct isla_mem mem;
	int socket_id;
	struct timer_wheel wheel;
	struct outlist out[NETIF_MAX];
	struct isla_hists hists;
};

static inline void
core_count(struct core *core, enum isla_counter c)
{
	core->stats.counter[c]++;
}

static inline void
core_count_n(struct core *core, enum isla_counter c, uint64_t n)
{
	core->stats.counter[c] += n;
}

/* Count in the IPv4 or the IPv6 block: c is a counter ISLA_C_IP4_*. */
static inline void
core_count_ip(struct core *core, enum isla_counter c, bool is_v6)
{
	core->stats.counter[c + (is_v6 ? ISLA_C_IP6_IN_RECEIVES - ISLA_C_IP4_IN_RECEIVES : 0)]++;
}

static inline void
core_drop(struct core *core, enum isla_drop drop)
{
	core->stats.drop[drop]++;
}

/* Free a packet, whole chain, and count why. */
static inline void
core_drop_pkt(struct core *core, struct rte_mbuf *m, enum isla_drop drop)
{
	core->stats.drop[drop]++;
	rte_pktmbuf_free(m);
}

/* Count a value in one of the stack's histograms: once a request or a round trip, not a packet. */
static inline void
core_record(struct core *core, enum isla_hist_id id, uint64_t value)
{
	isla_hist_record(&core->hists.hist[id], value);
}

/* A pseudo-random number for jitter and the like. */
static inline uint64_t
core_rand(struct core *core)
{
	uint64_t s1 = core->rng[0], s0 = core->rng[1], sum = s0 + s1;

	core->rng[0] = s0;
	s1 ^= s1 << 23;
	core->rng[1] = s1 ^ s0 ^ (s1 >> 18) ^ (s0 >> 5);
	return sum;
}

/* A number that nobody can foresee who has seen all those before it; of each shard others. */
uint64_t core_secret(struct core *core);

/* An empty mbuf, or NULL; the failure is not
 * counted here. Its headroom, RTE_PKTMBUF_HEADROOM, suffices for every header there is. */
static inline struct rte_mbuf *
core_alloc(struct core *core)
{
	return rte_pktmbuf_alloc(core->pool);
}

static inline bool
core_is_low(const struct core *core, const struct rte_mempool *pool)
{
	return rte_mempool_get_ops(pool->ops_index)->get_count(pool) < core->reserve;
}

/*
 * Look whether mbufs run short, once a burst. Whoever would keep what it received asks is_short:
 * were the pool to run dry, the acknowledgments that empty the queues could not be received. What
 * lies in the cores' caches is not counted, which errs on the safe side.
 * A burst that another shard has received is of that one's pool, which is as large as the own one;
 * it must not run dry either. Of any other pool nothing is known.
 */
static inline void
core_check_reserve(struct core *core, struct rte_mbuf *const *pkts, uint16_t nb)
{
	core->is_short = core_is_low(core, core->pool);
	if (nb > 0 && unlikely(pkts[0]->pool != core->pool) &&
		pkts[0]->pool->size == core->pool->size)
		core->is_short |= core_is_low(core, pkts[0]->pool);
}

/* How many frames an interface's list still takes. */
static inline unsigned int
outlist_room(const struct outlist *out)
{
	return OUTLIST_MAX - (unsigned int)(out->tail - out->head);
}

/* Move the list to the front of its array; false where it is there already. */
bool outlist_compact(struct outlist *out);

/* Append a frame; false where the list is full, and the caller keeps the mbuf. */
static inline bool
outlist_put(struct outlist *out, struct rte_mbuf *m)
{
	if (unlikely(out->tail == OUTLIST_MAX) && !outlist_compact(out))
		return false;
	out->pkt[out->tail++] = m;
	return true;
}

/* Forget the first n frames, which the port has taken. */
void outlist_consume(struct outlist *out, uint16_t n);

/* Derive a key for one purpose from the stack's secret; each purpose has its own number. */
struct isla_key core_derive_key(const struct core *core, uint64_t purpose);

/*
 * The one place where payload is copied: len bytes from offset off of a chain to dst. It
 * counts PayloadBytesCopied. The chain must hold off + len bytes.
 */
void payload_copy(struct core *core, void *dst, const struct rte_mbuf *m, uint32_t off,
	uint32_t len);

#endif /* CORE_H */
