/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address conflict detection (RFC 5227); see acd.h. Sections are of that RFC.
 */

#include <string.h>

#include <rte_common.h>

#include "acd.h"
#include "link_priv.h"

static void
acd_set(struct acd *a, uint64_t us)
{
	timer_set(&a->link->core->wheel, &a->timer, a->link->core->now_us + us);
}

/* 2.3: an announcement names the address as sender and as target, a probe (2.1.1) no sender. */
static void
announce(struct acd *a)
{
	arp_ask(a->link, a->netif, &a->addr, &a->addr);
}

static void
probe(struct acd *a)
{
	const struct isla_addr none = isla_addr_from_v4(0);

	arp_ask(a->link, a->netif, &none, &a->addr);
}

static void
tell(struct acd *a, enum acd_event event, const struct rte_ether_addr *other)
{
	if (event == ACD_CONFLICT) {
		core_count(a->link->core, ISLA_C_ARP_CONFLICTS);
		acd_stop(a);
	}
	a->fn(a->ctx, event, other);
}

static void
timer_probing(struct acd *a)
{
	struct core *core = a->link->core;

	if (a->nb_sent == ACD_PROBE_NUM) {
		if (a->in_use)
			acd_announce(a, &a->addr);
		else
			tell(a, ACD_FREE, NULL);
		return;
	}
	probe(a);
	if (++a->nb_sent == ACD_PROBE_NUM)
		acd_set(a, ACD_ANNOUNCE_WAIT_US);
	else
		acd_set(a, ACD_PROBE_MIN_US +
			core_rand(core) % (ACD_PROBE_MAX_US - ACD_PROBE_MIN_US + 1));
}

static void
acd_timer(void *ctx, struct timer *timer)
{
	struct acd *a = RTE_PTR_SUB(timer, offsetof(struct acd, timer));

	RTE_SET_USED(ctx);
	if (a->state == ACD_PROBING) {
		timer_probing(a);
		return;
	}
	if (a->state != ACD_ANNOUNCING)
		return;
	announce(a);
	if (++a->nb_sent < ACD_ANNOUNCE_NUM)
		acd_set(a, ACD_ANNOUNCE_INTERVAL_US);
	else
		a->state = ACD_WATCHING;
}

void
acd_link_init(struct link *link)
{
	timer_wheel_set_class(&link->core->wheel, TIMER_ACD, acd_timer, NULL);
}

void
acd_init(struct acd *a, struct link *link, uint8_t netif, acd_fn *fn, void *ctx)
{
	memset(a, 0, sizeof(*a));
	a->link = link;
	a->netif = netif;
	a->fn = fn;
	a->ctx = ctx;
	timer_init(&a->timer, TIMER_ACD);
}

static void
begin(struct acd *a, enum acd_state state, const struct isla_addr *addr)
{
	acd_stop(a);
	a->addr = *addr;
	a->state = (uint8_t)state;
	a->nb_sent = 0;
	a->defended = a->in_use = false;
	a->next = a->link->acds;
	a->link->acds = a;
}

void
acd_probe(struct acd *a, const struct isla_addr *addr)
{
	const struct isla_addr copy = *addr;

	begin(a, ACD_PROBING, &copy);
	acd_set(a, core_rand(a->link->core) % (ACD_PROBE_WAIT_US + 1));
}

void
acd_verify(struct acd *a, const struct isla_addr *addr)
{
	acd_probe(a, addr);
	a->in_use = true;
}

void
acd_announce(struct acd *a, const struct isla_addr *addr)
{
	const struct isla_addr copy = *addr;

	begin(a, ACD_ANNOUNCING, &copy);
	acd_set(a, 0);
}

void
acd_stop(struct acd *a)
{
	struct acd **at = &a->link->acds;

	if (a->state == ACD_IDLE)
		return;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->next = NULL;
	a->state = ACD_IDLE;
	timer_stop(&a->link->core->wheel, &a->timer);
}

/* 2.1.1: the address is somebody's, or somebody else probes for it at the same time. */
static bool
is_conflict(const struct acd *a, const struct isla_addr *sip, const struct isla_addr *tip,
	bool is_request)
{
	if (isla_addr_eq(sip, &a->addr))
		return true;
	return a->state == ACD_PROBING && !a->in_use && is_request && isla_addr_is_unspecified(sip) &&
		isla_addr_eq(tip, &a->addr);
}

/* 2.4 (b): a first conflict is answered, a second one within ten seconds loses the address. */
static void
conflict(struct acd *a, const struct rte_ether_addr *other)
{
	uint64_t now = a->link->core->now_us;

	if (a->state == ACD_PROBING || (a->defended && now < a->defended_us + ACD_DEFEND_US)) {
		tell(a, ACD_CONFLICT, other);
		return;
	}
	a->defended = true;
	a->defended_us = now;
	core_count(a->link->core, ISLA_C_ARP_DEFENCES);
	announce(a);
}

void
acd_input(struct link *link, uint8_t netif, const struct rte_ether_addr *sha,
	const struct isla_addr *sip, const struct isla_addr *tip, bool is_request)
{
	struct acd *a, *next;

	if (!rte_is_valid_assigned_ether_addr(sha) ||
		memcmp(sha->addr_bytes, link->netif[netif].mac, RTE_ETHER_ADDR_LEN) == 0)
		return;
	for (a = link->acds; a != NULL; a = next) {
		next = a->next;
		if (a->state != ACD_IDLE && a->netif == netif &&
			is_conflict(a, sip, tip, is_request))
			conflict(a, sha);
	}
}

/* Whether somebody has asked for the address to be looked after. */
static bool
is_watched(const struct link *link, uint8_t netif, const struct isla_addr *addr)
{
	const struct acd *a;

	for (a = link->acds; a != NULL; a = a->next)
		if (a->netif == netif && isla_addr_eq(&a->addr, addr))
			return true;
	return false;
}

void
acd_defend(struct link *link, uint8_t netif, const struct rte_ether_addr *sha,
	const struct isla_addr *sip)
{
	struct netif *nif = &link->netif[netif];
	uint64_t mac = 0, now = link->core->now_us;
	unsigned int i = 0;

	while (i < nif->nb_addrs && !isla_addr_eq(&nif->addr[i].addr, sip))
		i++;
	if (i == nif->nb_addrs || (nif->leased >> i & 1) != 0 || is_watched(link, netif, sip) ||
		!rte_is_valid_assigned_ether_addr(sha) ||
		memcmp(sha->addr_bytes, nif->mac, RTE_ETHER_ADDR_LEN) == 0)
		return;
	core_count(link->core, ISLA_C_ARP_CONFLICTS);
	memcpy(&mac, sha->addr_bytes, RTE_ETHER_ADDR_LEN);
	__atomic_store_n(&nif->conflict_v4, isla_addr_v4(sip), __ATOMIC_RELAXED);
	__atomic_store_n(&nif->conflict_mac, mac, __ATOMIC_RELAXED);
	netif_odd_add(&nif->nb_conflicts);
	if (nif->defended_us[i] != 0 && now < nif->defended_us[i] + ACD_DEFEND_US)
		return;
	nif->defended_us[i] = RTE_MAX(now, UINT64_C(1));
	core_count(link->core, ISLA_C_ARP_DEFENCES);
	arp_ask(link, netif, sip, sip);
}
