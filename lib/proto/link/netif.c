/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link room's life, its interfaces and their addresses: link_init(), link_set_up(), then
 * link_netif_add() and link_addr_add() for each interface.
 */

#include <errno.h>

#include <rte_common.h>

#include "acd.h"
#include "link.h"
#include "link_priv.h"
#include "neigh.h"

#define MTU_MIN    1280 /* RFC 8200, 5 */
#define MTU_MIN_V4 576  /* what every host of IPv4 takes (RFC 791, 3.1), so smaller is a mistake */

/* Until the room above has registered. */
static enum isla_drop
up_none(void *ctx, struct rte_mbuf *m, bool is_v6)
{
	return ISLA_DROP_ETHER_TYPE;
}

int
link_init(struct link *link, struct core *core, const struct link_conf *conf)
{
	memset(link, 0, sizeof(*link));
	link->core = core;
	link->up = up_none;
	acd_link_init(link);
	link->neigh = neigh_table_create(link, conf);
	return link->neigh != NULL ? 0 : -ENOMEM;
}

void
link_fini(struct link *link)
{
	neigh_table_free(link->neigh);
	link->neigh = NULL;
}

void
link_set_up(struct link *link, link_up_fn *up, void *ctx)
{
	link->up = up;
	link->up_ctx = ctx;
}

void
link_set_unreach(struct link *link, link_unreach_fn *unreach, void *ctx)
{
	link->unreach = unreach;
	link->unreach_ctx = ctx;
}

int
link_netif_add(struct link *link, const struct isla_netif_conf *conf)
{
	struct rte_ether_addr mac;
	struct netif *nif;

	memcpy(mac.addr_bytes, conf->mac, sizeof(conf->mac));
	if (!rte_is_valid_assigned_ether_addr(&mac) || conf->mtu < MTU_MIN)
		return -EINVAL;
	if (link->nb_netifs == NETIF_MAX)
		return -ENOSPC;
	nif = &link->netif[link->nb_netifs];
	memcpy(nif->mac, conf->mac, sizeof(nif->mac));
	nif->mtu = nif->mtu_v4 = nif->mtu_max = conf->mtu;
	nif->offloads = conf->offloads;
	return link->nb_netifs++;
}

int
link_netif_set_mtu(struct link *link, uint8_t netif, uint16_t mtu)
{
	struct netif *nif = &link->netif[netif];

	if (netif >= link->nb_netifs)
		return -EINVAL;
	if (mtu == 0)
		mtu = nif->mtu_max;
	if (mtu < MTU_MIN_V4 || mtu > nif->mtu_max)
		return -EINVAL;
	nif->mtu_v4 = mtu;
	nif->mtu = RTE_MAX(mtu, (uint16_t)MTU_MIN);
	return 0;
}

/* The host part of an IPv4 prefix's address: 0 is the network itself, all ones its broadcast. */
static uint32_t
host_mask(const struct isla_prefix *prefix)
{
	return prefix->len == 0 ? UINT32_MAX : ~(UINT32_MAX << (32 - prefix->len));
}

int
link_addr_add(struct link *link, uint8_t netif, const struct isla_prefix *prefix)
{
	struct netif *nif;

	if (netif >= link->nb_netifs || !isla_prefix_is_unicast(prefix))
		return -EINVAL;
	if (link_addr_is_own(link, netif, &prefix->addr))
		return -EEXIST;
	nif = &link->netif[netif];
	if (nif->nb_addrs == ISLA_NETIF_ADDR_MAX)
		return -ENOSPC;
	nif->defended_us[nif->nb_addrs] = 0;
	nif->addr[nif->nb_addrs++] = *prefix;
	if (isla_addr_is_v4(&prefix->addr)) {
		rte_be32_t host = prefix->len > 30 ? UINT32_MAX :
						     rte_cpu_to_be_32(host_mask(prefix));

		nif->v4[nif->nb_v4].addr = isla_addr_v4(&prefix->addr);
		nif->v4[nif->nb_v4].broadcast = isla_addr_v4(&prefix->addr) | host;
		nif->nb_v4++;
	}
	/* Whoever was thought to have that address: it is ours, or the broadcast address, now. */
	neigh_purge(link->neigh, netif);
	return 0;
}

/* Take an address out of those that every IPv4 packet is compared with; it is among them. */
static void
v4_del(struct netif *nif, rte_be32_t addr)
{
	unsigned int i = 0;

	while (nif->v4[i].addr != addr)
		i++;
	nif->nb_v4--;
	memmove(&nif->v4[i], &nif->v4[i + 1], (nif->nb_v4 - i) * sizeof(nif->v4[0]));
}

static_assert(ISLA_NETIF_ADDR_MAX <= 16, "netif::leased has a bit for each address");

/* The place of an address, or nb_addrs. */
static unsigned int
addr_find(const struct netif *nif, const struct isla_addr *addr)
{
	unsigned int i = 0;

	while (i < nif->nb_addrs && !isla_addr_eq(&nif->addr[i].addr, addr))
		i++;
	return i;
}

void
link_addr_lease(struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	struct netif *nif = &link->netif[netif];
	unsigned int i = addr_find(nif, addr);

	if (i < nif->nb_addrs)
		nif->leased |= (uint16_t)(1u << i);
}

bool
link_addr_is_leased(const struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	const struct netif *nif = &link->netif[netif];
	unsigned int i = addr_find(nif, addr);

	return i < nif->nb_addrs && (nif->leased >> i & 1) != 0;
}

int
link_addr_del(struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	struct netif *nif;
	unsigned int i;

	if (netif >= link->nb_netifs)
		return -EINVAL;
	nif = &link->netif[netif];
	i = addr_find(nif, addr);
	if (i == nif->nb_addrs)
		return -EADDRNOTAVAIL;
	/* The order decides between addresses that are equally good, so it stays. */
	nif->nb_addrs--;
	nif->leased = (uint16_t)((nif->leased & ((1u << i) - 1)) | (nif->leased >> (i + 1) << i));
	memmove(&nif->addr[i], &nif->addr[i + 1], (nif->nb_addrs - i) * sizeof(nif->addr[0]));
	memmove(&nif->defended_us[i], &nif->defended_us[i + 1],
		(nif->nb_addrs - i) * sizeof(nif->defended_us[0]));
	if (isla_addr_is_v4(addr))
		v4_del(nif, isla_addr_v4(addr));
	return 0;
}

bool
link_addr_is_own(const struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	const struct netif *nif = &link->netif[netif];
	unsigned int i;

	for (i = 0; i < nif->nb_addrs; i++)
		if (isla_addr_eq(&nif->addr[i].addr, addr))
			return true;
	return false;
}

bool
link_addr_is_broadcast(const struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	return isla_addr_is_v4(addr) &&
		netif_v4_is_broadcast(&link->netif[netif], isla_addr_v4(addr));
}
