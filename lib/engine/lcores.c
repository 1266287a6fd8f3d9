/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's lcores.
 */

#include <errno.h>

#include <rte_launch.h>

#include "lcores.h"

int
lcores_choose(unsigned int *lcore, uint16_t nb, struct fault *fault)
{
	unsigned int id, n = 0;

	lcore[n++] = rte_get_main_lcore();
	RTE_LCORE_FOREACH_WORKER(id) {
		if (n == nb)
			return 0;
		lcore[n++] = id;
	}
	if (n == nb)
		return 0;
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
