/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes of memory, by libnuma.
 */

#include <sched.h>

#include <numa.h>

#include "numa_nodes.h"

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
