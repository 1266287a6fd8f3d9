/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMA_NODES_H
#define NUMA_NODES_H

/*
 * Which node memory should be on, and what nodes there are. A node is -1 where it does not matter:
 * the machine has none, or a set of CPUs has several.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_lcore.h>

#include "isla_engine.h"

/* What libnuma says of the machine; tests make up another one. */
struct numa_ops {
	bool (*is_available)(void);
	int (*max_node)(void);
	int (*node_of_cpu)(int cpu);                       /* or -1 */
	int64_t (*node_bytes)(int node, int64_t *free_bytes); /* or -1: there is no such node */
};

extern const struct numa_ops numa_system;

/* The node of all CPUs of a set. */
int numa_node_of_cpus(const struct numa_ops *ops, const rte_cpuset_t *cpus);

/* The node of the CPU that the calling thread runs on. EAL's own figure is wrong where lcores are
 * mapped to CPUs by --lcores. */
int numa_node_here(void);

/* Let what the calling thread allocates from the C library come from a node; -1 does nothing. */
void numa_prefer(int node);

/* The nodes with memory, the first max of them, and how many CPUs each has. Returns how many were
 * written; 0 where there are no nodes. */
uint16_t numa_nodes(const struct numa_ops *ops, struct isla_numa_node *nodes, uint16_t max);

/* Put those of nb lcores that are on the wanted node before the others, in their order; the first
 * one, EAL's main lcore, stays where it is. node[i] is lcore[i]'s. */
void numa_sort_lcores(unsigned int *lcore, int *node, unsigned int nb, int wanted);

/* Whether something on one node is far from something on another. */
static inline bool
numa_is_far(int a, int b)
{
	return a >= 0 && b >= 0 && a != b;
}

#endif /* NUMA_NODES_H */
