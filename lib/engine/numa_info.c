/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is on which NUMA node.
 */

#include <string.h>

#include "engine_priv.h"
#include "numa_nodes.h"

void
engine_numa_info(const struct isla_engine *e, const struct numa_ops *ops,
	struct isla_numa_info *info)
{
	uint16_t i, p;

	memset(info, 0, sizeof(*info));
	info->nb_nodes = numa_nodes(ops, info->node, ISLA_NUMA_NODE_MAX);
	info->nb_ports = e->conf.nb_ports;
	for (p = 0; p < e->conf.nb_ports; p++)
		info->port_node[p] = e->port[p].socket_id;
	info->nb_shards = e->nb_workers;
	for (i = 0; i < e->nb_workers; i++) {
		struct isla_numa_shard *s = &info->shard[i];

		s->node = e->worker[i].socket_id;
		s->mem_node = pools_node(&e->worker[i].pools);
		for (p = 0; p < e->conf.nb_ports; p++)
			if (numa_is_far(e->port[p].socket_id, s->node))
				s->far_ports |= UINT32_C(1) << p;
	}
}

void
isla_engine_numa_info(const struct isla_engine *e, struct isla_numa_info *info)
{
	engine_numa_info(e, &numa_system, info);
}
