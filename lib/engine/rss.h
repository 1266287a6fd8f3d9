/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RSS_H
#define RSS_H

/*
 * Flows spread by the ports themselves (ISLA_ENGINE_SHARD_BY_PORT_RSS): their key and their table
 * are programmed with the engine's own, so that both come to the same shard. A port that cannot do
 * that is no obstacle: its frames are hashed by the shards, and handed over.
 */

#include "engine_priv.h"

/* Why a port's hash is of no use; NULL: it is what owner.c would compute. */
const char *rss_obstacle(const struct port *port);

/* Ports are probed, and the map is made: the key, and whether their hash is believed. */
void rss_init(struct isla_engine *e);

/* A port was started: its table. */
void rss_start(struct isla_engine *e, struct port *port);

/* An entry was moved. */
void rss_move(struct isla_engine *e);

#endif /* RSS_H */
