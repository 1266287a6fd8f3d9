/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The default source of memory: the C library.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "isla_mem.h"

static void *
libc_alloc(size_t size, size_t align, int socket_id)
{
	void *mem;

	RTE_SET_USED(socket_id);
	if (align < sizeof(void *))
		align = sizeof(void *);
	if (posix_memalign(&mem, align, size) != 0)
		return NULL;
	memset(mem, 0, size);
	return mem;
}

static void
libc_free(void *mem)
{
	free(mem);
}

const struct isla_mem isla_mem_libc = {
	.alloc = libc_alloc,
	.free = libc_free,
};
