/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_MEM_H
#define ISLA_MEM_H

/**
 * @file
 * Where a stack's tables come from. They are all allocated at creation, none on the packet's way. A
 * program on EAL gives functions that stand on rte_malloc (lib/engine does so); the default is the
 * C library, so that a stack runs without EAL in a test.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct isla_mem {
	/** Zeroed memory, aligned to a power of two, on a NUMA node (-1: any); NULL if there is
	 * none. */
	void *(*alloc)(size_t size, size_t align, int socket_id);
	/** Gives back what alloc returned; NULL is allowed. */
	void (*free)(void *mem);
};

/** The C library's memory; ignores the node. */
extern const struct isla_mem isla_mem_libc;

#ifdef __cplusplus
}
#endif

#endif /* ISLA_MEM_H */
