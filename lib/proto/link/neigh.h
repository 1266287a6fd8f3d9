/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEIGH_H
#define NEIGH_H

/*
 * The neighbour cache: one for both families, with the states of RFC 4861, 7.3.2, which ARP uses as
 * well (RFC 1122, 2.3.2). Static size, keyed hash, one timer an entry.
 *
 *             no entry
 *      packet to it |     \ it asks us
 *                   v      \
 *      +----- INCOMPLETE    \          packets wait; asked 3 times by broadcast or multicast
 *      |            | answer \
 *      |            v         v        a fact that was learnt without asking is STALE
 *      |       REACHABLE -> STALE      REACHABLE for reachable_us since the last confirmation
 *      |            ^         | packet to it
 *      |            |         v
 *      |            +---- DELAY        5 s for transport to confirm it by itself
 *      |            |         |
 *      |            |         v
 *      | no answer  +---- PROBE        asked 3 times directly; packets go on being sent
 *      v                      | no answer
 *      no entry <-------------+
 *
 * What happens when it is full, in this order: a free entry; the oldest one that was learnt but to
 * which nothing was ever sent; for a packet of our own also the least recently used STALE one, then
 * the oldest INCOMPLETE one. Entries in use are never given up. So a flood of requests from many
 * addresses turns over only what requests like them have made.
 */

#include <sys/queue.h>

#include <rte_ether.h>

#include "link.h"

#define NEIGH_MAX      65535u     /* a hint has 16 bits, and 0 means none */
#define NEIGH_SOLICITS 3          /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
#define NEIGH_DELAY_US 5000000    /* DELAY_FIRST_PROBE_TIME */
#define NEIGH_STALE_US 1200000000 /* an entry that nobody used for so long is forgotten */

enum neigh_state {
	NEIGH_FREE,
	NEIGH_INCOMPLETE,
	NEIGH_REACHABLE,
	NEIGH_STALE,
	NEIGH_DELAY,
	NEIGH_PROBE,
};

/* Which list an entry is on: by its state, and by whether anything was ever sent to it. */
enum neigh_list {
	NEIGH_LIST_FREE,
	NEIGH_LIST_LEARNT,  /* never used, oldest first */
	NEIGH_LIST_STALE,   /* least recently used first */
	NEIGH_LIST_WAITING, /* INCOMPLETE, oldest first */
	NEIGH_LIST_BUSY,
	NEIGH_LIST_MAX
};

/* What an answer says: neigh_answer(). */
#define NEIGH_SOLICITED 0x01
#define NEIGH_OVERRIDE  0x02
#define NEIGH_ROUTER    0x04

/* A packet that waits for its neighbour. */
struct neigh_wait {
	struct rte_mbuf *m;
	STAILQ_ENTRY(neigh_wait) next;
};

STAILQ_HEAD(neigh_queue, neigh_wait);

struct neigh {
	/* read for each packet to it */
	struct isla_addr addr;
	struct rte_ether_hdr
		eth; /* with this its frames begin; dst_addr is what the cache is for */
	uint8_t netif;            /* 0xff: free */
	uint8_t state;
	uint64_t confirmed_us;    /* when it was last known to be reachable */
	struct timer timer;
	/* cold */
	TAILQ_ENTRY(neigh) link __rte_cache_aligned;
	struct neigh_queue queue; /* INCOMPLETE: packets that wait, oldest first */
	uint32_t nb_queued;
	uint16_t chain;           /* the next in its bucket */
	uint8_t nb_solicits;
	bool used;                /* something was sent to it */
	bool is_router;
	uint8_t list;             /* which it is on */
} __rte_cache_aligned;

static_assert(offsetof(struct neigh, link) == RTE_CACHE_LINE_SIZE, "hot part is one cache line");

TAILQ_HEAD(neigh_head, neigh);

struct neigh_table {
	struct neigh *entry;  /* entry[0] is never used, so that a hint may be 0 */
	uint32_t nb_entries;  /* entry[0] included */
	uint32_t bucket_mask;
	uint16_t *bucket;
	struct isla_key key;
	struct core *core;
	struct link *link;
	uint64_t reachable_us;      /* REACHABLE_TIME: random, as RFC 4861, 6.3.2 has it */
	uint32_t base_reachable_us;
	uint32_t retrans_us;
	uint32_t queue_max;         /* packets that may wait for one neighbour */
	uint32_t nb_queued_max;     /* and for all of them together */
	uint32_t nb_queued;
	struct neigh_head list[NEIGH_LIST_MAX];
	struct neigh_queue free_waits;
	struct neigh_wait *waits;
};

/* NULL where memory is short. max_neigh is cut to what a hint can number, and to 1 at least. */
struct neigh_table *neigh_table_create(struct link *link, const struct link_conf *conf);
void neigh_table_free(struct neigh_table *t);

/* The entry that a hint means, in whatever state it is now. */
static inline struct neigh *
neigh_at(const struct neigh_table *t, uint16_t hint)
{
	return &t->entry[hint < t->nb_entries ? hint : 0];
}

static inline uint16_t
neigh_index(const struct neigh_table *t, const struct neigh *n)
{
	return (uint16_t)(n - t->entry);
}

/* True where the entry is that neighbour's; never for a free one. */
static inline bool
neigh_is(const struct neigh *n, uint8_t netif, const struct isla_addr *addr)
{
	return n->netif == netif && isla_addr_eq(&n->addr, addr);
}

/* The neighbour's entry, or NULL. */
struct neigh *neigh_lookup(const struct neigh_table *t, uint8_t netif,
	const struct isla_addr *addr);

/* Output call: a packet for a neighbour that has an entry. */
enum isla_drop neigh_output(struct neigh_table *t, struct neigh *n, struct rte_mbuf *m);

/* Output call: a packet for a neighbour that has none; makes it and asks. Sets the hint. */
enum isla_drop neigh_resolve(struct neigh_table *t, struct rte_mbuf *m, uint8_t netif,
	const struct isla_addr *addr, uint16_t *hint);

/* A neighbour asked us and named its MAC address (RFC 4861, 7.2.3; RFC 826): note it, make an
 * entry where there is none. */
void neigh_learn(struct neigh_table *t, uint8_t netif, const struct isla_addr *addr,
	const struct rte_ether_addr *mac);

/* A neighbour that has an entry advertised itself (RFC 4861, 7.2.5); flags are NEIGH_SOLICITED and
 * the like, mac is NULL where it named none. */
void neigh_answer(struct neigh_table *t, struct neigh *n, const struct rte_ether_addr *mac,
	uint8_t flags);

void neigh_set_reachable(struct neigh_table *t, struct neigh *n);

/* It is reachable, as an upper layer knows (RFC 4861, 7.3.1). */
static inline void
neigh_confirm(struct neigh_table *t, struct neigh *n)
{
	n->confirmed_us = t->core->now_us;
	if (n->state > NEIGH_REACHABLE)
		neigh_set_reachable(t, n);
}

/* Ask for it, whatever is known of it. False: the table is full, or there is no address to ask
 * as. */
bool neigh_ask(struct neigh_table *t, uint8_t netif, const struct isla_addr *addr);

/* It may have died, as an upper layer thinks: ask, while packets go on being sent. */
void neigh_suspect(struct neigh_table *t, struct neigh *n);

/* Forget what was learnt. False: there was nothing yet, and whoever waits for it goes on waiting. */
bool neigh_forget(struct neigh_table *t, struct neigh *n);

/* Forget the entries of an interface whose address has become our own or a broadcast address. */
void neigh_purge(struct neigh_table *t, uint8_t netif);

#endif /* NEIGH_H */
