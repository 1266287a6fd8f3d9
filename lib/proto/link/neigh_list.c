/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link room's tables, to be looked at: addresses and neighbours, in pieces (isla_list.h).
 */

#include <errno.h>

#include "link.h"
#include "neigh.h"

static_assert((int)ISLA_NEIGH_INCOMPLETE == (int)NEIGH_INCOMPLETE &&
		(int)ISLA_NEIGH_REACHABLE == (int)NEIGH_REACHABLE &&
		(int)ISLA_NEIGH_STALE == (int)NEIGH_STALE &&
		(int)ISLA_NEIGH_DELAY == (int)NEIGH_DELAY &&
		(int)ISLA_NEIGH_PROBE == (int)NEIGH_PROBE,
	"the states are told by their own numbers");

uint16_t
link_addr_list(const struct link *link, uint32_t *cursor, struct isla_addr_entry *entries,
	uint16_t max)
{
	uint32_t nb_places = link->nb_netifs * (uint32_t)ISLA_NETIF_ADDR_MAX, i;
	uint16_t nb = 0;

	static_assert(NETIF_MAX * ISLA_NETIF_ADDR_MAX <= ISLA_LIST_LOOKS, "all are seen at once");
	for (i = *cursor; i < nb_places && nb < max; i++) {
		const struct netif *nif = &link->netif[i / ISLA_NETIF_ADDR_MAX];

		if (i % ISLA_NETIF_ADDR_MAX >= nif->nb_addrs)
			continue;
		entries[nb].prefix = nif->addr[i % ISLA_NETIF_ADDR_MAX];
		entries[nb].netif = (uint8_t)(i / ISLA_NETIF_ADDR_MAX);
		nb++;
	}
	*cursor = i < nb_places ? i : ISLA_LIST_END;
	return nb;
}

static void
neigh_fill(const struct neigh_table *t, const struct neigh *n, struct isla_neigh_entry *e)
{
	uint64_t now_us = t->core->now_us;

	memset(e, 0, sizeof(*e));
	e->addr = n->addr;
	e->netif = n->netif;
	e->is_router = n->is_router;
	e->used = n->used;
	e->state = (enum isla_neigh_state)n->state;
	e->nb_queued = n->nb_queued;
	e->confirmed_us = n->confirmed_us != 0 ? now_us - n->confirmed_us : UINT64_MAX;
	e->timer_us = n->timer.expire_us > now_us ? n->timer.expire_us - now_us : 0;
	if (n->state != NEIGH_INCOMPLETE)
		memcpy(e->mac, n->eth.dst_addr.addr_bytes, sizeof(e->mac));
}

/* A place of the list is the entry's own less one: entry 0 is never used. */
uint16_t
link_neigh_list(const struct link *link, uint32_t *cursor, struct isla_neigh_entry *entries,
	uint16_t max)
{
	const struct neigh_table *t = link->neigh;
	uint32_t nb_places = t->nb_entries - 1, i = *cursor;
	uint32_t end = (uint32_t)RTE_MIN(i + (uint64_t)ISLA_LIST_LOOKS, nb_places);
	uint16_t nb = 0;

	for (; i < end && nb < max; i++)
		if (t->entry[i + 1].state != NEIGH_FREE)
			neigh_fill(t, &t->entry[i + 1], &entries[nb++]);
	*cursor = i < nb_places ? i : ISLA_LIST_END;
	return nb;
}

uint16_t
link_neigh_clear(struct link *link, uint32_t *cursor, const struct isla_addr *addr)
{
	struct neigh_table *t = link->neigh;
	uint32_t nb_places = t->nb_entries - 1, i = *cursor;
	uint32_t end = (uint32_t)RTE_MIN(i + (uint64_t)ISLA_LIST_LOOKS, nb_places);
	uint16_t nb = 0;

	for (; i < end; i++)
		if (addr == NULL || isla_addr_eq(&t->entry[i + 1].addr, addr))
			nb += neigh_forget(t, &t->entry[i + 1]);
	*cursor = i < nb_places ? i : ISLA_LIST_END;
	return nb;
}

int
link_neigh_ask(struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	return neigh_ask(link->neigh, netif, addr) ? 0 : -ENOSPC;
}

int
link_neigh_get(const struct link *link, uint8_t netif, const struct isla_addr *addr,
	struct isla_neigh_entry *entry)
{
	const struct neigh *n = neigh_lookup(link->neigh, netif, addr);

	if (n == NULL)
		return -ENOENT;
	neigh_fill(link->neigh, n, entry);
	return 0;
}

const char *
isla_neigh_state_name(enum isla_neigh_state state)
{
	static const char *const names[] = {"?", "INCOMPLETE", "REACHABLE", "STALE", "DELAY",
		"PROBE"};

	return (unsigned int)state < RTE_DIM(names) ? names[state] : names[0];
}
