/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HEAP_POOL_H
#define HEAP_POOL_H

/*
 * A mempool of mbufs without EAL: each mbuf is one malloc, freed when it returns to the pool. So a
 * sanitizer sees a use after free, a double free and a leak of any mbuf.
 */

#include <stdint.h>

#include <rte_mempool.h>

/*
 * limit: the most mbufs that may be out at once; beyond it the pool is "empty".
 * data_room: headroom included; 0 for a pool of references. Never NULL.
 */
struct rte_mempool *heap_pool_create(uint32_t limit, uint16_t data_room, uint16_t priv_size);

/* Mbufs that are out now: 0 at the end of every test. */
uint32_t heap_pool_in_use(const struct rte_mempool *mp);

/* Change the limit, to make the pool run dry in mid-test. */
void heap_pool_set_limit(struct rte_mempool *mp, uint32_t limit);

/* Frees the pool; mbufs that are out then are a leak for the sanitizer to report. */
void heap_pool_free(struct rte_mempool *mp);

#endif /* HEAP_POOL_H */
