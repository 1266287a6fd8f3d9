/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ENGINE_PRIV_H
#define ENGINE_PRIV_H

/* What an engine consists of. */

#include "ctrl.h"
#include "isla_engine.h"
#include "port.h"
#include "worker.h"

struct isla_engine {
	struct isla_engine_conf conf;
	struct port port[ISLA_ENGINE_PORT_MAX]; /* conf.nb_ports of them */
	uint16_t nb_workers;
	uint32_t nb_stops;  /* atomic: how often a stop was asked for */
	struct ctrl ctrl;
	struct worker worker[ISLA_ENGINE_SHARD_MAX];
};

#endif /* ENGINE_PRIV_H */
