/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ENGINE_PRIV_H
#define ENGINE_PRIV_H

/* What an engine consists of. */

#include "ctrl.h"
#include "isla_engine.h"
#include "owner.h"
#include "port.h"
#include "worker.h"

struct isla_engine {
	struct isla_engine_conf conf;
	struct port port[ISLA_ENGINE_PORT_MAX]; /* conf.nb_ports of them */
	uint16_t nb_workers;
	bool is_started;    /* isla_engine_start() has succeeded */
	uint32_t nb_stops;  /* atomic: how often a stop was asked for */
	struct ctrl ctrl;
	struct owner_map map; /* of several shards: whose a frame is */
	struct telem_rates *rates; /* telem_shards.c */
	struct worker worker[ISLA_ENGINE_SHARD_MAX];
};

/* Which of the stack's interfaces a port is, or -ENODEV. */
int engine_netif_of(const struct isla_engine *e, uint16_t port_id);

/* The pools that the queues of ports receive into, the i-th being shard i's. */
void engine_rx_pools(const struct isla_engine *e, struct rte_mempool **pools);

/* numa_info.c: isla_engine_numa_info(), on a machine of one's own. */
struct numa_ops;
void engine_numa_info(const struct isla_engine *e, const struct numa_ops *ops,
	struct isla_numa_info *info);

/* port_ctl.c: look at the ports' links, and whether the interfaces behind them are still there. On
 * the control thread, every PORTS_WATCH_US. */
#define PORTS_WATCH_US UINT64_C(1000000)
void ports_watch(struct isla_engine *e);

#endif /* ENGINE_PRIV_H */
