/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's lcores.
 */

#include <errno.h>
#include <string.h>

#include <rte_launch.h>

#include "lcores.h"

int
lcores_choose(unsigned int *lcore, uint16_t nb, const struct numa_ops *ops, int node,
	struct fault *fault)
{
	unsigned int all[RTE_MAX_LCORE], id, n = 0, i;
	int node_of[RTE_MAX_LCORE];
	rte_cpuset_t cpus;

	all[n++] = rte_get_main_lcore();
	RTE_LCORE_FOREACH_WORKER(id)
		all[n++] = id;
	for (i = 0; i < n; i++) {
		cpus = rte_lcore_cpuset(all[i]);
		node_of[i] = numa_node_of_cpus(ops, &cpus);
	}
	numa_sort_lcores(all, node_of, n, node);
	if (n >= nb) {
		memcpy(lcore, all, nb * sizeof(lcore[0]));
		return 0;
	}
	return fault_set(fault, -EINVAL, "%u shards need as many lcores, and EAL has %u; give it "
		"more, for example -l 0-%u, or --lcores '(0-%u)@0' for one CPU", nb, n, nb - 1,
		nb - 1);
}

bool
lcores_is_crowded(const rte_cpuset_t *sets, uint16_t nb, uint16_t i)
{
	rte_cpuset_t common, all;
	unsigned int nb_sharing = 0;
	uint16_t j;

	CPU_ZERO(&all);
	for (j = 0; j < nb; j++) {
		CPU_AND(&common, &sets[i], &sets[j]);
		if (CPU_COUNT(&common) == 0)
			continue;
		nb_sharing++;
		CPU_OR(&all, &all, &sets[j]);
	}
	return nb_sharing > (unsigned int)CPU_COUNT(&all);
}

int
lcores_call(unsigned int lcore, int (*fn)(void *arg), void *arg)
{
	int rc;

	if (lcore == rte_lcore_id())
		return fn(arg);
	rc = rte_eal_remote_launch(fn, arg, lcore);
	return rc != 0 ? rc : rte_eal_wait_lcore(lcore);
}
