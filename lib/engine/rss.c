/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ports' own hash, key and table.
 */

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "engine_log.h"
#include "rss.h"

/* What owner.c hashes by addresses and ports. */
#define RSS_FLOWS                                                                                  \
	(RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |                             \
		RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

static_assert(PORT_RSS_KEY_LEN == OWNER_KEY_LEN, "one key for both");

const char *
rss_obstacle(const struct port *port)
{
	if (port->nb_queues == 1)
		return "has one queue";
	if (port->rss_hf == 0)
		return "cannot spread flows by a hash";
	if ((port->rss_hf & RSS_FLOWS) != RSS_FLOWS)
		return "does not hash TCP and UDP of both families by their ports";
	if (port->rss_key_len != PORT_RSS_KEY_LEN)
		return "takes no key of 40 bytes";
	if ((port->rx_offloads & RTE_ETH_RX_OFFLOAD_RSS_HASH) == 0)
		return "does not tell the hash of a frame";
	return NULL;
}

static bool
is_asked_for(const struct isla_engine *e)
{
	return e->nb_workers > 1 && e->conf.shard_by == ISLA_ENGINE_SHARD_BY_PORT_RSS;
}

void
rss_init(struct isla_engine *e)
{
	uint16_t i;

	if (!is_asked_for(e))
		return;
	for (i = 0; i < e->conf.nb_ports; i++) {
		struct port *port = &e->port[i];
		const char *obstacle = rss_obstacle(port);

		port->rss_key = e->map.rss_key;
		if (obstacle == NULL)
			continue;
		/* What frames of other ports bring is not believed either; it would be the same. */
		e->map.mode = OWNER_MODE_4TUPLE;
		ENGINE_LOG(NOTICE,
			"--shard-by port-rss: port %u (%s, %s) %s; the shards hash each frame by "
			"addresses and ports, and hand over what is not theirs\n",
			port->id, port->name, port->driver, obstacle);
	}
}

void
rss_start(struct isla_engine *e, struct port *port)
{
	uint16_t owner[OWNER_TABLE_LEN], i;
	int rc;

	/* Frames of shards without a queue go to any other, which hands them over. */
	if (!is_asked_for(e) || port->nb_queues == 1 || port->rss_hf == 0)
		return;
	for (i = 0; i < OWNER_TABLE_LEN; i++)
		owner[i] = owner_map_get(&e->map, i, NULL);
	rc = port_set_reta(port, owner, OWNER_TABLE_LEN);
	if (rc != 0)
		ENGINE_LOG(NOTICE,
			"--shard-by port-rss: port %u (%s, %s) does not take a table: %s; frames that "
			"come to another shard's queue are handed over\n",
			port->id, port->name, port->driver, rte_strerror(-rc));
}

void
rss_move(struct isla_engine *e)
{
	uint16_t i;

	if (!is_asked_for(e) || ctrl_admin_lock(e) != 0)
		return;
	for (i = 0; i < e->conf.nb_ports; i++)
		if (e->port[i].state == PORT_STARTED)
			rss_start(e, &e->port[i]);
	ctrl_admin_unlock(e);
}
