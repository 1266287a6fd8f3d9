/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_SLICE_H
#define PORT_SLICE_H

/*
 * The ephemeral ports of one shard: every nb_shards-th one of the dynamic range, so that packets to
 * them find their way back by the port alone. One shard has them all.
 */

#include <rte_branch_prediction.h>

#include "core.h"
#include "isla_port.h"

/* How many there are. */
static inline uint32_t
port_slice_len(const struct core *core)
{
	return (ISLA_PORT_COUNT - core->shard + core->nb_shards - 1) / core->nb_shards;
}

/* The i-th of them, modulo their number. */
static inline uint16_t
port_slice_at(const struct core *core, uint32_t i)
{
	return (uint16_t)(ISLA_PORT_FIRST + core->shard +
		i % port_slice_len(core) * core->nb_shards);
}

/* Whether answers to that port come to this shard, whoever sends them. */
static inline bool
port_slice_has(const struct core *core, uint16_t port)
{
	return core->nb_shards == 1 ||
		(port >= ISLA_PORT_FIRST &&
			(port - ISLA_PORT_FIRST) % core->nb_shards == core->shard);
}

#endif /* PORT_SLICE_H */
