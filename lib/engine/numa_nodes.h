/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NUMA_NODES_H
#define NUMA_NODES_H

/* Which node memory should be on. */

/* The node of the CPU that the calling thread runs on; -1 where the machine has no nodes. EAL's own
 * figure is wrong where lcores are mapped to CPUs by --lcores. */
int numa_node_here(void);

/* Let what the calling thread allocates from the C library come from a node; -1 does nothing. */
void numa_prefer(int node);

#endif /* NUMA_NODES_H */
