/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets go and which address they come from: prefixes of the interfaces' own addresses,
 * then static routes, the longest match wins (RFC 1812, 5.2.4.3); source addresses by RFC 6724, 5.
 * There are a few routes only, so a scan of a sorted array is all there is. A connection looks
 * its way up once.
 */

#include <errno.h>
#include <string.h>

#include "inet_priv.h"

/* Scopes, with the numbers that IPv6 multicast addresses have (RFC 4291, 2.7; RFC 6724, 3.1). */
#define SCOPE_LINK   2
#define SCOPE_SITE   5
#define SCOPE_GLOBAL 14

static uint8_t
scope_of(const struct isla_addr *a)
{
	if (isla_addr_is_v4(a)) {
		bool local_group = a->b[12] == 224 && a->b[13] == 0 && a->b[14] == 0;

		return isla_addr_is_link_local(a) || isla_addr_is_loopback(a) || local_group ||
				isla_addr_is_broadcast(a)
			? SCOPE_LINK
			: SCOPE_GLOBAL;
	}
	if (isla_addr_is_multicast(a))
		return a->b[1] & 0x0f;
	if (isla_addr_is_link_local(a) || isla_addr_is_loopback(a))
		return SCOPE_LINK;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

bool
inet_is_own(const struct inet *inet, const struct isla_addr *addr)
{
	uint8_t i;

	for (i = 0; i < inet->link->nb_netifs; i++)
		if (link_addr_is_own(inet->link, i, addr))
			return true;
	return false;
}

/* Zero the bits of the address behind the prefix. */
static void
mask_prefix(struct isla_prefix *prefix)
{
	unsigned int bits = prefix->len + (isla_addr_is_v4(&prefix->addr) ? 96u : 0u), i;

	for (i = bits; i < 128; i++)
		prefix->addr.b[i / 8] &= (uint8_t)~(0x80u >> (i % 8));
}

static bool
is_gateway_possible(const struct inet *inet, const struct isla_prefix *prefix,
	const struct isla_addr *gateway)
{
	if (isla_addr_is_unspecified(gateway))
		return true;
	return isla_addr_is_v4(gateway) == isla_addr_is_v4(&prefix->addr) &&
		!isla_addr_is_multicast(gateway) && !inet_is_broadcast(inet, gateway) &&
		!isla_addr_is_loopback(gateway) && !inet_is_own(inet, gateway);
}

static int
route_add(struct inet *inet, const struct isla_prefix *prefix, const struct isla_addr *gateway,
	uint8_t netif, bool leased)
{
	struct inet_static_route route = {
		.prefix = *prefix, .gateway = *gateway, .netif = netif, .leased = leased};
	unsigned int max_len = isla_addr_is_v4(&prefix->addr) ? 32 : 128;
	uint32_t i, at;

	if (netif >= inet->link->nb_netifs || prefix->len > max_len ||
		!is_gateway_possible(inet, prefix, gateway))
		return -EINVAL;
	mask_prefix(&route.prefix);
	at = inet->nb_routes;
	for (i = 0; i < inet->nb_routes; i++) {
		const struct inet_static_route *r = &inet->routes[i];

		if (r->prefix.len == route.prefix.len && r->netif == netif && r->leased == leased &&
			isla_addr_eq(&r->prefix.addr, &route.prefix.addr))
			return -EEXIST;
		if (i < at && (r->prefix.len < route.prefix.len ||
				(r->prefix.len == route.prefix.len && r->leased && !leased)))
			at = i;
	}
	if (inet->nb_routes == inet->max_routes)
		return -ENOSPC;
	memmove(&inet->routes[at + 1], &inet->routes[at],
		(inet->nb_routes - at) * sizeof(inet->routes[0]));
	inet->routes[at] = route;
	inet->nb_routes++;
	return 0;
}

int
inet_route_add(struct inet *inet, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif)
{
	return route_add(inet, prefix, gateway, netif, false);
}

int
inet_route_lease(struct inet *inet, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif)
{
	return route_add(inet, prefix, gateway, netif, true);
}

static int
route_del(struct inet *inet, const struct isla_prefix *prefix, uint8_t netif, bool leased)
{
	struct isla_prefix wanted = *prefix;
	uint32_t i;

	if (prefix->len > (isla_addr_is_v4(&prefix->addr) ? 32 : 128))
		return -ESRCH;
	mask_prefix(&wanted);
	for (i = 0; i < inet->nb_routes; i++) {
		const struct inet_static_route *r = &inet->routes[i];

		if (r->prefix.len == wanted.len && r->netif == netif && r->leased == leased &&
			isla_addr_eq(&r->prefix.addr, &wanted.addr))
			break;
	}
	if (i == inet->nb_routes)
		return -ESRCH;
	inet->nb_routes--;
	memmove(&inet->routes[i], &inet->routes[i + 1],
		(inet->nb_routes - i) * sizeof(inet->routes[0]));
	return 0;
}

int
inet_route_del(struct inet *inet, const struct isla_prefix *prefix, uint8_t netif)
{
	return route_del(inet, prefix, netif, false);
}

int
inet_route_unlease(struct inet *inet, const struct isla_prefix *prefix, uint8_t netif)
{
	return route_del(inet, prefix, netif, true);
}

/* True where an interface has an address of the family. */
static bool
has_family(const struct netif *n, bool v4)
{
	unsigned int i;

	for (i = 0; i < n->nb_addrs; i++)
		if (isla_addr_is_v4(&n->addr[i].addr) == v4)
			return true;
	return false;
}

static void
set_via(const struct inet *inet, struct inet_dst *via, const struct isla_addr *next_hop,
	uint8_t netif)
{
	via->next_hop = *next_hop;
	via->netif = netif;
	via->offloads = (uint8_t)inet->link->netif[netif].offloads;
	via->mtu = isla_addr_is_v4(next_hop) ? inet->link->netif[netif].mtu_v4 :
					       inet->link->netif[netif].mtu;
}

/* Multicast and limited broadcast: over the interface asked for, or the first of the family. */
static bool
route_group(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via)
{
	uint8_t i;

	for (i = 0; i < inet->link->nb_netifs; i++) {
		if (netif != ISLA_NETIF_ANY && netif != i)
			continue;
		if (!has_family(&inet->link->netif[i], isla_addr_is_v4(dst)))
			continue;
		set_via(inet, via, dst, i);
		return true;
	}
	return false;
}

void
inet_route_broadcast(const struct inet *inet, uint8_t netif, struct inet_dst *via)
{
	const struct isla_addr all = isla_addr_from_v4(RTE_BE32(0xffffffff));

	set_via(inet, via, &all, netif);
}

/* The longest connected prefix; its length, or -1. */
static int
route_connected(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via)
{
	int best = -1;
	uint8_t i, j;

	for (i = 0; i < inet->link->nb_netifs; i++) {
		const struct netif *n = &inet->link->netif[i];

		if (netif != ISLA_NETIF_ANY && netif != i)
			continue;
		for (j = 0; j < n->nb_addrs; j++) {
			const struct isla_prefix *p = &n->addr[j];

			if (p->len <= best || !isla_prefix_match(p, dst))
				continue;
			set_via(inet, via, dst, i);
			best = p->len;
		}
	}
	return best;
}

bool
inet_is_broadcast(const struct inet *inet, const struct isla_addr *addr)
{
	uint8_t i;

	for (i = 0; i < inet->link->nb_netifs; i++)
		if (link_addr_is_broadcast(inet->link, i, addr))
			return true;
	return isla_addr_is_broadcast(addr);
}

bool
inet_route(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via)
{
	int best;
	uint32_t i;

	if (isla_addr_is_multicast(dst) || isla_addr_is_broadcast(dst))
		return route_group(inet, dst, netif, via);
	if (isla_addr_is_unspecified(dst) || isla_addr_is_loopback(dst) || inet_is_own(inet, dst))
		return false;
	best = route_connected(inet, dst, netif, via);
	for (i = 0; i < inet->nb_routes && inet->routes[i].prefix.len > best; i++) {
		const struct inet_static_route *r = &inet->routes[i];
		bool direct = isla_addr_is_unspecified(&r->gateway);

		if ((netif != ISLA_NETIF_ANY && netif != r->netif) ||
			!isla_prefix_match(&r->prefix, dst))
			continue;
		/* No router passes these on (RFC 3927, 2.6.2; RFC 4291, 2.5.6). */
		if (!direct && isla_addr_is_link_local(dst))
			continue;
		set_via(inet, via, direct ? dst : &r->gateway, r->netif);
		return true;
	}
	return best >= 0;
}

bool
inet_route_back(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via)
{
	return inet_route(inet, dst, netif, via) ||
		(!isla_addr_is_link_local(dst) && inet_route(inet, dst, ISLA_NETIF_ANY, via));
}

/* Bits that an own address shares with dst, no more than its prefix has (RFC 6724, 2.2). */
static unsigned int
common_prefix_len(const struct isla_prefix *own, const struct isla_addr *dst)
{
	unsigned int max = own->len + (isla_addr_is_v4(&own->addr) ? 96u : 0u), i;

	for (i = 0; i < max; i++)
		if (((own->addr.b[i / 8] ^ dst->b[i / 8]) & (0x80u >> (i % 8))) != 0)
			return i;
	return max;
}

/* Rules 1, 2 and 8 of RFC 6724, 5: is a better than b? */
static bool
is_better_src(const struct isla_prefix *a, const struct isla_prefix *b,
	const struct isla_addr *dst)
{
	uint8_t scope = scope_of(dst), scope_a = scope_of(&a->addr), scope_b = scope_of(&b->addr);

	if (isla_addr_eq(&a->addr, dst) != isla_addr_eq(&b->addr, dst))
		return isla_addr_eq(&a->addr, dst);
	if (scope_a < scope_b)
		return scope_a >= scope;
	if (scope_b < scope_a)
		return scope_b < scope;
	return common_prefix_len(a, dst) > common_prefix_len(b, dst);
}

bool
inet_select_src(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct isla_addr *src)
{
	const struct isla_prefix *best = NULL;
	const struct netif *n;
	uint8_t i;

	if (netif >= inet->link->nb_netifs)
		return false;
	n = &inet->link->netif[netif];
	for (i = 0; i < n->nb_addrs; i++) {
		if (isla_addr_is_v4(&n->addr[i].addr) != isla_addr_is_v4(dst))
			continue;
		if (best == NULL || is_better_src(&n->addr[i], best, dst))
			best = &n->addr[i];
	}
	if (best == NULL)
		return false;
	*src = best->addr;
	return true;
}

/* A place of the list: the interfaces' addresses first, then the routes. */
static bool
route_at(const struct inet *inet, uint32_t i, struct isla_route_entry *entry)
{
	uint32_t nb_places = inet->link->nb_netifs * (uint32_t)ISLA_NETIF_ADDR_MAX;

	memset(entry, 0, sizeof(*entry));
	if (i < nb_places) {
		const struct netif *n = &inet->link->netif[i / ISLA_NETIF_ADDR_MAX];

		if (i % ISLA_NETIF_ADDR_MAX >= n->nb_addrs)
			return false;
		entry->prefix = n->addr[i % ISLA_NETIF_ADDR_MAX];
		mask_prefix(&entry->prefix);
		entry->netif = (uint8_t)(i / ISLA_NETIF_ADDR_MAX);
		entry->connected = true;
		return true;
	}
	entry->prefix = inet->routes[i - nb_places].prefix;
	entry->gateway = inet->routes[i - nb_places].gateway;
	entry->netif = inet->routes[i - nb_places].netif;
	entry->leased = inet->routes[i - nb_places].leased;
	return true;
}

uint16_t
inet_route_list(const struct inet *inet, uint32_t *cursor, struct isla_route_entry *entries,
	uint16_t max)
{
	uint32_t nb = inet->link->nb_netifs * (uint32_t)ISLA_NETIF_ADDR_MAX + inet->nb_routes;
	uint32_t i = *cursor, end = (uint32_t)RTE_MIN(i + (uint64_t)ISLA_LIST_LOOKS, nb);
	uint16_t n = 0;

	for (; i < end && n < max; i++)
		if (route_at(inet, i, &entries[n]))
			n++;
	*cursor = i < nb ? i : ISLA_LIST_END;
	return n;
}
