/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef POOLS_H
#define POOLS_H

/* A shard's two mempools, and the check at the end that every mbuf has come back. */

#include <stdint.h>

#include <rte_mempool.h>

#include "fault.h"

struct pools {
	struct rte_mempool *pkt; /* frames: a data room, ISLA_PKT_PRIV_SIZE private bytes */
	struct rte_mempool *ref; /* references to payload: no data room */
};

struct pools_conf {
	uint32_t nb_mbufs;
	uint32_t nb_refs;
	uint16_t mbuf_size; /* data room, headroom included */
	uint16_t shard;     /* for the names */
	uint16_t nb_shards; /* whose lcores keep some of them in caches; 0: one */
	int socket_id;
};

/* Returns 0, or -errno with a line in fault and nothing left over. */
int pools_create(struct pools *pools, const struct pools_conf *conf, struct fault *fault);

/* The node that the frames' memory is really on, or -1. */
int pools_node(const struct pools *pools);

/* Mbufs that have not come back. */
uint32_t pools_missing(const struct pools *pools);

/* Frees the pools from which no mbuf is missing; the others must stay, somebody may yet use them.
 */
void pools_free(struct pools *pools);

#endif /* POOLS_H */
