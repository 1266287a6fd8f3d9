/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mempools of a shard.
 */

#include <errno.h>
#include <stdio.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <isla_pkt.h>

#include "engine_log.h"
#include "pools.h"

/*
 * Each lcore that frees mbufs of a pool keeps some in a cache of its own, up to half as many again as
 * its size, and any shard may free those of any other: all caches together must leave the pool most
 * of what it has, or it runs dry while nobody uses them.
 */
static unsigned int
cache_size(const struct pools_conf *conf, uint32_t nb)
{
	uint32_t nb_caches = RTE_MAX(conf->nb_shards, (uint16_t)1);

	return RTE_MIN(nb / 4 / nb_caches, (uint32_t)RTE_MEMPOOL_CACHE_MAX_SIZE);
}

static int
pool_create(struct rte_mempool **pool, const char *what, const struct pools_conf *conf, uint32_t nb,
	uint16_t data_room, struct fault *fault)
{
	uint64_t bytes = (uint64_t)nb *
		(sizeof(struct rte_mbuf) + ISLA_PKT_PRIV_SIZE + data_room + RTE_CACHE_LINE_SIZE);
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "isla_%s_%u", what, conf->shard);
	*pool = rte_pktmbuf_pool_create(name, nb, cache_size(conf, nb), ISLA_PKT_PRIV_SIZE, data_room,
		conf->socket_id);
	if (*pool == NULL && conf->socket_id >= 0 && rte_errno == ENOMEM) {
		*pool = rte_pktmbuf_pool_create(name, nb, cache_size(conf, nb), ISLA_PKT_PRIV_SIZE,
			data_room, SOCKET_ID_ANY);
		if (*pool != NULL)
			ENGINE_LOG(NOTICE, "shard %u: NUMA node %d has no memory for %u mbufs, so "
				"another node's is used; give EAL memory there (--socket-mem)\n",
				conf->shard, conf->socket_id, nb);
	}
	if (*pool != NULL)
		return 0;
	return fault_set(fault, -rte_errno,
		"cannot make %u mbufs (%.0f MB): %s; give EAL more memory (hugepages, or -m with "
		"--no-huge) or ask for fewer mbufs", nb, (double)bytes / 1e6,
		rte_strerror(rte_errno));
}

int
pools_create(struct pools *pools, const struct pools_conf *conf, struct fault *fault)
{
	int rc;

	pools->pkt = pools->ref = NULL;
	rc = pool_create(&pools->pkt, "pkt", conf, conf->nb_mbufs, conf->mbuf_size, fault);
	if (rc == 0)
		rc = pool_create(&pools->ref, "ref", conf, conf->nb_refs, 0, fault);
	if (rc != 0)
		pools_free(pools);
	return rc;
}

int
pools_node(const struct pools *pools)
{
	return pools->pkt == NULL || pools->pkt->mz == NULL ? -1 : pools->pkt->mz->socket_id;
}

static uint32_t
missing(const struct rte_mempool *pool)
{
	return pool == NULL ? 0 : rte_mempool_in_use_count(pool);
}

uint32_t
pools_missing(const struct pools *pools)
{
	return missing(pools->pkt) + missing(pools->ref);
}

static void
pool_free(struct rte_mempool **pool)
{
	if (missing(*pool) == 0)
		rte_mempool_free(*pool);
	*pool = NULL;
}

void
pools_free(struct pools *pools)
{
	pool_free(&pools->ref);
	pool_free(&pools->pkt);
}
