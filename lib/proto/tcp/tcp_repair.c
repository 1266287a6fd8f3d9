/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of what is amiss with a connection: data out of order, a duplicate to report, a recovery
 * and what it would take to undo it. Few connections need one at a time, so there are fewer of
 * them than of connections. The first stands for none: it is all zero and never written to.
 */

#include <rte_common.h>

#include "tcp_priv.h"

/* Records that are looked at for one that is hardly needed any more. */
#define LOOK_MAX 64

/* All that one could still serve for is to undo a reduction, and nothing is in flight. */
static bool
is_stale(const struct isla_tcp_conn *c)
{
	return c->snd_una == c->snd_nxt && tcp_repair(c)->ooo == NULL &&
		(c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) == 0;
}

/* Take one from whom it serves least. */
static void
steal(struct isla_tcp *tcp)
{
	uint32_t i;

	for (i = 0; i < LOOK_MAX && tcp->repair_free == 0; i++) {
		struct isla_tcp_conn *c;

		tcp->repair_hand = tcp->repair_hand % tcp->nb_repairs + 1;
		c = &tcp->conn[tcp->repair[tcp->repair_hand].owner];
		if (is_stale(c))
			tcp_repair_put(c);
	}
}

bool
tcp_repair_get(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	struct tcp_repair *r;

	if (c->repair != 0)
		return true;
	if (tcp->repair_free == 0)
		steal(tcp);
	if (tcp->repair_free == 0)
		return false;
	c->repair = tcp->repair_free;
	r = tcp_repair(c);
	tcp->repair_free = r->owner;
	memset(r, 0, sizeof(*r));
	r->owner = tcp_index(c);
	return true;
}

void
tcp_repair_put(struct isla_tcp_conn *c)
{
	uint32_t i = c->repair;

	if (i == 0)
		return;
	tcp_ooo_purge(c);
	c->flags &= ~(TCP_F_UNDO | TCP_F_DSACK);
	c->repair = 0;
	c->tcp->repair[i].owner = c->tcp->repair_free;
	c->tcp->repair_free = i;
}

void
tcp_repair_settle(struct isla_tcp_conn *c)
{
	if (tcp_repair(c)->ooo == NULL &&
		(c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY | TCP_F_UNDO | TCP_F_DSACK)) == 0)
		tcp_repair_put(c);
}

bool
tcp_repair_init(struct isla_tcp *tcp)
{
	const struct isla_mem *mem = &tcp->core->mem;
	uint32_t i;

	tcp->nb_repairs = tcp->conf.max_repairs;
	tcp->repair = mem->alloc((tcp->nb_repairs + 1) * sizeof(*tcp->repair), RTE_CACHE_LINE_SIZE,
		tcp->core->socket_id);
	if (tcp->repair == NULL)
		return false;
	for (i = 1; i <= tcp->nb_repairs; i++)
		tcp->repair[i].owner = i < tcp->nb_repairs ? i + 1 : 0;
	tcp->repair_free = 1;
	return true;
}
