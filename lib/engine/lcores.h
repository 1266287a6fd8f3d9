/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LCORES_H
#define LCORES_H

/*
 * Which shard runs on which lcore: the first on EAL's main lcore, the others on the next ones of
 * EAL's set; and starting something there.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_lcore.h>

#include "fault.h"
#include "numa_nodes.h"

/* The lcores of nb shards: EAL's main lcore, then those on a node (-1: any), then others. Returns
 * 0, or -EINVAL with a line: EAL has fewer. */
int lcores_choose(unsigned int *lcore, uint16_t nb, const struct numa_ops *ops, int node,
	struct fault *fault);

/*
 * Whether the i-th of nb sets of CPUs has to share: there are more that have a CPU in common with
 * it than they have CPUs. Then to spin in one is to keep another from running.
 */
bool lcores_is_crowded(const rte_cpuset_t *sets, uint16_t nb, uint16_t i);

/* Let fn run on an lcore, at once where it is the caller's. Returns what fn returned, or -errno. */
int lcores_call(unsigned int lcore, int (*fn)(void *arg), void *arg);

#endif /* LCORES_H */
