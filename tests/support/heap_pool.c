/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mempool operations that malloc and free each object, and a struct rte_mempool built by hand
 * around them, since rte_mempool_create() needs EAL.
 */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "heap_pool.h"

struct heap {
	uint32_t limit;
	uint32_t in_use; /* atomic: an mbuf may be freed on another thread than made */
};

static int
heap_alloc(struct rte_mempool *mp)
{
	RTE_SET_USED(mp);
	return 0;
}

static void
heap_free(struct rte_mempool *mp)
{
	RTE_SET_USED(mp);
}

static uint32_t
in_use(const struct heap *heap)
{
	return __atomic_load_n(&heap->in_use, __ATOMIC_RELAXED);
}

static int
heap_enqueue(struct rte_mempool *mp, void *const *obj, unsigned int n)
{
	struct heap *heap = mp->pool_data;
	unsigned int i;

	for (i = 0; i < n; i++) {
		assert(in_use(heap) > 0);
		__atomic_fetch_sub(&heap->in_use, 1, __ATOMIC_RELAXED);
		free((uint8_t *)obj[i] - mp->header_size);
	}
	return 0;
}

static int
heap_dequeue(struct rte_mempool *mp, void **obj, unsigned int n)
{
	struct heap *heap = mp->pool_data;
	unsigned int i;

	if (heap->limit - in_use(heap) < n || in_use(heap) > heap->limit)
		return -ENOBUFS;
	for (i = 0; i < n; i++) {
		uint8_t *mem;

		if (posix_memalign((void **)&mem, RTE_CACHE_LINE_SIZE,
			    mp->header_size + mp->elt_size) != 0)
			abort();
		memset(mem, 0, mp->header_size + mp->elt_size);
		((struct rte_mempool_objhdr *)(mem + mp->header_size) - 1)->mp = mp;
		((struct rte_mempool_objhdr *)(mem + mp->header_size) - 1)->iova = (rte_iova_t)(
			uintptr_t)(mem + mp->header_size);
		obj[i] = mem + mp->header_size;
		rte_pktmbuf_init(mp, NULL, obj[i], i);
		/* What a driver leaves behind the mbuf itself is not zero either. */
		memset((struct rte_mbuf *)obj[i] + 1, 0xa5, mp->elt_size - sizeof(struct rte_mbuf));
	}
	__atomic_fetch_add(&heap->in_use, n, __ATOMIC_RELAXED);
	return 0;
}

static unsigned int
heap_get_count(const struct rte_mempool *mp)
{
	const struct heap *heap = mp->pool_data;

	return heap->limit - in_use(heap);
}

static const struct rte_mempool_ops heap_ops = {
	.name = "isla_heap",
	.alloc = heap_alloc,
	.free = heap_free,
	.enqueue = heap_enqueue,
	.dequeue = heap_dequeue,
	.get_count = heap_get_count,
};

RTE_MEMPOOL_REGISTER_OPS(heap_ops)

static int
heap_ops_index(void)
{
	unsigned int i;

	for (i = 0; i < rte_mempool_ops_table.num_ops; i++)
		if (strcmp(rte_mempool_ops_table.ops[i].name, heap_ops.name) == 0)
			return (int)i;
	abort();
}

struct rte_mempool *
heap_pool_create(uint32_t limit, uint16_t data_room, uint16_t priv_size)
{
	size_t size = RTE_MEMPOOL_HEADER_SIZE((struct rte_mempool *)NULL, 0) +
		sizeof(struct rte_pktmbuf_pool_private);
	struct rte_pktmbuf_pool_private *priv;
	struct rte_mempool *mp;
	struct heap *heap = calloc(1, sizeof(*heap));

	if (heap == NULL || posix_memalign((void **)&mp, RTE_CACHE_LINE_SIZE, size) != 0)
		abort();
	memset(mp, 0, size);
	snprintf(mp->name, sizeof(mp->name), "heap");
	heap->limit = limit;
	mp->pool_data = heap;
	mp->ops_index = heap_ops_index();
	mp->size = limit;
	mp->header_size = RTE_CACHE_LINE_ROUNDUP(sizeof(struct rte_mempool_objhdr));
	mp->elt_size = (uint32_t)sizeof(struct rte_mbuf) + priv_size + data_room;
	mp->private_data_size = sizeof(*priv);
	priv = rte_mempool_get_priv(mp);
	priv->mbuf_data_room_size = data_room;
	priv->mbuf_priv_size = priv_size;
	return mp;
}

uint32_t
heap_pool_in_use(const struct rte_mempool *mp)
{
	const struct heap *heap = mp->pool_data;

	return in_use(heap);
}

void
heap_pool_set_limit(struct rte_mempool *mp, uint32_t limit)
{
	struct heap *heap = mp->pool_data;

	heap->limit = limit;
}

void
heap_pool_free(struct rte_mempool *mp)
{
	free(mp->pool_data);
	free(mp);
}
