/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stacks' tables come from EAL's heap: huge pages, on the shard's node.
 */

#include <rte_malloc.h>
#include <rte_memory.h>

#include "engine_mem.h"

static void *
eal_alloc(size_t size, size_t align, int socket_id)
{
	void *mem = rte_zmalloc_socket("isla", size, (unsigned int)align, socket_id);

	/* Far memory is better than none; that the node has none was said of the mbufs. */
	if (mem == NULL && socket_id >= 0)
		mem = rte_zmalloc_socket("isla", size, (unsigned int)align, SOCKET_ID_ANY);
	return mem;
}

static void
eal_free(void *mem)
{
	rte_free(mem);
}

const struct isla_mem engine_mem = {
	.alloc = eal_alloc,
	.free = eal_free,
};
