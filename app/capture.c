/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures by dpdk-dumpcap; see capture.h. It is a secondary process: it maps our hugepages by
 * their files, asks us over EAL's channel to copy frames into a pool of its own, and uses that
 * pool's operations by number, which agrees only where both have the same shared libraries.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_pdump.h>

#include "capture.h"

const char *
capture_obstacle(const struct eal_args *eal)
{
#ifdef ISLA_DPDK_STATIC
	return "this isla has DPDK linked statically; take one with shared libraries";
#endif
	if (eal->in_memory)
		return "with EAL's --in-memory no other process can map its memory; leave it out";
	if (eal->no_huge)
		return "without hugepages no other process can map its memory; leave --no-huge out";
	if (eal->no_shconf)
		return "with EAL's --no-shconf no other process finds it; leave it out";
	if (eal->huge_unlink)
		return "with EAL's --huge-unlink no other process can map its memory; leave it out";
	return NULL;
}

int
capture_init(const struct eal_args *eal, bool wanted, char *err, size_t err_size)
{
	const char *obstacle = capture_obstacle(eal);

	if (obstacle != NULL) {
		if (!wanted)
			return 0;
		snprintf(err, err_size, "--pdump: %s", obstacle);
		return -ENOTSUP;
	}
	if (rte_pdump_init() == 0 || !wanted)
		return 0;
	snprintf(err, err_size, "--pdump: %s", rte_strerror(rte_errno));
	return rte_errno != 0 ? -rte_errno : -EIO;
}

void
capture_fini(void)
{
	rte_pdump_uninit();
}
