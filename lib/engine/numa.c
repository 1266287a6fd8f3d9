/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes of memory, by libnuma.
 */

#include <sched.h>
#include <string.h>

#include <numa.h>

#include "numa_nodes.h"

static bool
system_is_available(void)
{
	return numa_available() >= 0;
}

static int64_t
system_node_bytes(int node, int64_t *free_bytes)
{
	long long nb_free = 0, size = numa_node_size64(node, &nb_free);

	*free_bytes = nb_free;
	return size;
}

const struct numa_ops numa_system = {
	.is_available = system_is_available,
	.max_node = numa_max_node,
	.node_of_cpu = numa_node_of_cpu,
	.node_bytes = system_node_bytes,
};

int
numa_node_of_cpus(const struct numa_ops *ops, const rte_cpuset_t *cpus)
{
	int cpu, node, found = -1;

	if (!ops->is_available())
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		node = ops->node_of_cpu(cpu);
		if (node < 0 || (found >= 0 && node != found))
			return -1;
		found = node;
	}
	return found;
}

int
numa_node_here(void)
{
	int cpu = sched_getcpu();

	if (cpu < 0 || numa_available() < 0)
		return -1;
	return numa_node_of_cpu(cpu);
}

void
numa_prefer(int node)
{
	if (node >= 0 && numa_available() >= 0)
		numa_set_preferred(node);
}

static uint16_t
nb_cpus_of(const struct numa_ops *ops, int node)
{
	uint16_t nb = 0;
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		nb += ops->node_of_cpu(cpu) == node;
	return nb;
}

uint16_t
numa_nodes(const struct numa_ops *ops, struct isla_numa_node *nodes, uint16_t max)
{
	int64_t size, nb_free;
	uint16_t nb = 0;
	int node;

	if (!ops->is_available())
		return 0;
	for (node = 0; node <= ops->max_node() && nb < max; node++) {
		size = ops->node_bytes(node, &nb_free);
		if (size <= 0)
			continue;
		nodes[nb].node = node;
		nodes[nb].nb_cpus = nb_cpus_of(ops, node);
		nodes[nb].size_bytes = (uint64_t)size;
		nodes[nb].free_bytes = (uint64_t)nb_free;
		nb++;
	}
	return nb;
}

void
numa_sort_lcores(unsigned int *lcore, int *node, unsigned int nb, int wanted)
{
	unsigned int i, j, at = 1, id;

	for (i = 1; wanted >= 0 && i < nb; i++) {
		if (node[i] != wanted)
			continue;
		id = lcore[i];
		for (j = i; j > at; j--) {
			lcore[j] = lcore[j - 1];
			node[j] = node[j - 1];
		}
		lcore[at] = id;
		node[at++] = wanted;
	}
}
