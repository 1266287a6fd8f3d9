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

/* A function on its way to an lcore. EAL orders what is written before it with what it reads, and
 * so on with its end; that it is said here as well is for tools that do not see into EAL. */
struct errand {
	int (*fn)(void *arg);
	void *arg;
	uint32_t stage; /* atomic: 1 it may begin, 2 it has ended */
};

static int
errand_run(void *arg)
{
	struct errand *errand = arg;
	int rc = 0;

	if (__atomic_load_n(&errand->stage, __ATOMIC_ACQUIRE) == 1)
		rc = errand->fn(errand->arg);
	__atomic_store_n(&errand->stage, 2, __ATOMIC_RELEASE);
	return rc;
}

int
lcores_call(unsigned int lcore, int (*fn)(void *arg), void *arg)
{
	struct errand errand = {.fn = fn, .arg = arg};
	int rc;

	if (lcore == rte_lcore_id())
		return fn(arg);
	__atomic_store_n(&errand.stage, 1, __ATOMIC_RELEASE);
	rc = rte_eal_remote_launch(errand_run, &errand, lcore);
	if (rc != 0)
		return rc;
	rc = rte_eal_wait_lcore(lcore);
	return __atomic_load_n(&errand.stage, __ATOMIC_ACQUIRE) == 2 ? rc : -EIO;
}
