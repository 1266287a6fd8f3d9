/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbour cache; its states and what happens when it is full stand in neigh.h.
 *
 * A packet for an unknown neighbour makes an entry (neigh_resolve) and waits in it. ARP and
 * neighbour discovery report what they hear (neigh_learn, neigh_answer), which sends what waited.
 * neigh_timer() moves an entry on where nothing is heard. Every change of state goes through
 * set_state().
 */

#include <rte_common.h>

#include "link_priv.h"
#include "neigh.h"
#include "siphash.h"

#define KEY_PURPOSE 0x6e65696768ull /* "neigh" */

static timer_fn neigh_timer;

/* REACHABLE_TIME: between half and one and a half of its base (RFC 4861, 6.3.2 and 10). */
static void
draw_reachable_time(struct neigh_table *t)
{
	uint64_t base = t->base_reachable_us;

	t->reachable_us = base / 2 + core_rand(t->core) % (base + 1);
}

static void
table_init(struct neigh_table *t)
{
	uint32_t i;

	for (i = 0; i < NEIGH_LIST_MAX; i++)
		TAILQ_INIT(&t->list[i]);
	for (i = 0; i < t->nb_entries; i++) {
		struct neigh *n = &t->entry[i];

		n->netif = ISLA_NETIF_ANY;
		STAILQ_INIT(&n->queue);
		timer_init(&n->timer, TIMER_NEIGH);
		if (i > 0)
			TAILQ_INSERT_TAIL(&t->list[NEIGH_LIST_FREE], n, link);
	}
	STAILQ_INIT(&t->free_waits);
	for (i = 0; i < t->nb_queued_max; i++)
		STAILQ_INSERT_TAIL(&t->free_waits, &t->waits[i], next);
	draw_reachable_time(t);
}

struct neigh_table *
neigh_table_create(struct link *link, const struct link_conf *conf)
{
	struct core *core = link->core;
	const struct isla_mem *mem = &core->mem;
	uint32_t nb = RTE_MAX(RTE_MIN(conf->max_neigh, NEIGH_MAX), 1u);
	uint32_t nb_buckets = rte_align32pow2(nb * 2);
	struct neigh_table *t = mem->alloc(sizeof(*t), RTE_CACHE_LINE_SIZE, core->socket_id);

	if (t == NULL)
		return NULL;
	t->core = core;
	t->link = link;
	t->key = core_derive_key(core, KEY_PURPOSE);
	t->nb_entries = nb + 1;
	t->bucket_mask = nb_buckets - 1;
	t->base_reachable_us = conf->reachable_us;
	t->retrans_us = conf->retrans_us;
	t->queue_max = RTE_MAX(conf->neigh_queue, 1u); /* RFC 4861, 7.2.2 */
	t->nb_queued_max = RTE_MAX(nb / 4, t->queue_max * 4);
	t->entry = mem->alloc(t->nb_entries * sizeof(*t->entry), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	t->bucket = mem->alloc(nb_buckets * sizeof(*t->bucket), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	t->waits = mem->alloc(t->nb_queued_max * sizeof(*t->waits), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	if (t->entry == NULL || t->bucket == NULL || t->waits == NULL) {
		mem->free(t->waits);
		mem->free(t->bucket);
		mem->free(t->entry);
		mem->free(t);
		return NULL;
	}
	table_init(t);
	timer_wheel_set_class(&core->wheel, TIMER_NEIGH, neigh_timer, t);
	return t;
}

static struct rte_mbuf *
queue_take(struct neigh_table *t, struct neigh *n)
{
	struct neigh_wait *w = STAILQ_FIRST(&n->queue);
	struct rte_mbuf *m = w->m;

	STAILQ_REMOVE_HEAD(&n->queue, next);
	STAILQ_INSERT_HEAD(&t->free_waits, w, next);
	n->nb_queued--;
	t->nb_queued--;
	return m;
}

static void
queue_drop(struct neigh_table *t, struct neigh *n, enum isla_drop why)
{
	while (n->nb_queued > 0)
		core_drop_pkt(t->core, queue_take(t, n), why);
}

void
neigh_table_free(struct neigh_table *t)
{
	const struct isla_mem *mem;
	uint32_t i;

	if (t == NULL)
		return;
	mem = &t->core->mem;
	for (i = 1; i < t->nb_entries; i++) {
		timer_stop(&t->core->wheel, &t->entry[i].timer);
		while (t->entry[i].nb_queued > 0)
			rte_pktmbuf_free(queue_take(t, &t->entry[i]));
	}
	mem->free(t->waits);
	mem->free(t->bucket);
	mem->free(t->entry);
	mem->free(t);
}

static uint16_t *
bucket_of(const struct neigh_table *t, uint8_t netif, const struct isla_addr *addr)
{
	uint64_t words[3] = {netif, addr->q[0], addr->q[1]};

	return &t->bucket[siphash13(&t->key, words, 3) & t->bucket_mask];
}

struct neigh *
neigh_lookup(const struct neigh_table *t, uint8_t netif, const struct isla_addr *addr)
{
	uint16_t i;

	for (i = *bucket_of(t, netif, addr); i != 0; i = t->entry[i].chain)
		if (neigh_is(&t->entry[i], netif, addr))
			return &t->entry[i];
	return NULL;
}

/* Put an entry at the end of the list where its state and use say that it belongs. */
static void
relist(struct neigh_table *t, struct neigh *n)
{
	uint8_t list = NEIGH_LIST_BUSY;

	if (n->state == NEIGH_FREE)
		list = NEIGH_LIST_FREE;
	else if (n->state == NEIGH_INCOMPLETE)
		list = NEIGH_LIST_WAITING;
	else if (!n->used)
		list = NEIGH_LIST_LEARNT;
	else if (n->state == NEIGH_STALE)
		list = NEIGH_LIST_STALE;
	TAILQ_REMOVE(&t->list[n->list], n, link);
	TAILQ_INSERT_TAIL(&t->list[list], n, link);
	n->list = list;
}

static void
set_state(struct neigh_table *t, struct neigh *n, enum neigh_state state, uint64_t timeout_us)
{
	n->state = (uint8_t)state;
	n->nb_solicits = 0;
	relist(t, n);
	timer_set(&t->core->wheel, &n->timer, t->core->now_us + timeout_us);
}

static void
entry_free(struct neigh_table *t, struct neigh *n, enum isla_drop why)
{
	uint16_t *at = bucket_of(t, n->netif, &n->addr);

	while (*at != neigh_index(t, n))
		at = &t->entry[*at].chain;
	*at = n->chain;
	queue_drop(t, n, why);
	timer_stop(&t->core->wheel, &n->timer);
	n->netif = ISLA_NETIF_ANY;
	n->state = NEIGH_FREE;
	n->used = false;
	n->is_router = false;
	relist(t, n);
}

/* A free entry, if need be another one's; `own` for a packet of our own. NULL: full. */
static struct neigh *
entry_take(struct neigh_table *t, bool own)
{
	struct neigh *n = TAILQ_FIRST(&t->list[NEIGH_LIST_FREE]);

	if (n != NULL)
		return n;
	n = TAILQ_FIRST(&t->list[NEIGH_LIST_LEARNT]);
	if (n == NULL && own)
		n = TAILQ_FIRST(&t->list[NEIGH_LIST_STALE]);
	if (n == NULL && own)
		n = TAILQ_FIRST(&t->list[NEIGH_LIST_WAITING]);
	if (n != NULL)
		entry_free(t, n, ISLA_DROP_NEIGH_FULL);
	return n;
}

/* A new entry in no state yet: the caller sets it. NULL: full. */
static struct neigh *
entry_add(struct neigh_table *t, uint8_t netif, const struct isla_addr *addr, bool own)
{
	struct neigh *n = entry_take(t, own);
	uint16_t *bucket = bucket_of(t, netif, addr);

	if (n == NULL)
		return NULL;
	n->addr = *addr;
	n->netif = netif;
	n->used = own;
	n->confirmed_us = 0;
	n->chain = *bucket;
	*bucket = neigh_index(t, n);
	memcpy(n->eth.src_addr.addr_bytes, t->link->netif[netif].mac, RTE_ETHER_ADDR_LEN);
	n->eth.ether_type = isla_addr_is_v4(addr) ? RTE_BE16(RTE_ETHER_TYPE_IPV4)
						  : RTE_BE16(RTE_ETHER_TYPE_IPV6);
	return n;
}

/* The source address of a packet of ours that waits, where it is one of the interface's own. */
static bool
waiting_src(const struct neigh_table *t, const struct neigh *n, struct isla_addr *src)
{
	const struct neigh_wait *w = STAILQ_FIRST(&n->queue);
	bool v4 = isla_addr_is_v4(&n->addr);
	uint8_t buf[16];
	const void *p;

	if (w == NULL)
		return false;
	p = rte_pktmbuf_read(w->m, v4 ? 12 : 8, v4 ? 4 : 16, buf);
	if (p == NULL)
		return false;
	if (v4) {
		rte_be32_t be;

		memcpy(&be, p, sizeof(be));
		*src = isla_addr_from_v4(be);
	} else {
		*src = isla_addr_from_v6(p);
	}
	return link_addr_is_own(t->link, n->netif, src);
}

/* Whom to ask as: the packet's source (RFC 4861, 7.2.2), else an own address beside the
 * neighbour's, else any of the family. */
static bool
solicit_src(const struct neigh_table *t, const struct neigh *n, struct isla_addr *src)
{
	const struct netif *nif = &t->link->netif[n->netif];
	const struct isla_addr *any = NULL;
	unsigned int i;

	if (waiting_src(t, n, src))
		return true;
	for (i = 0; i < nif->nb_addrs; i++) {
		const struct isla_prefix *p = &nif->addr[i];

		if (isla_prefix_match(p, &n->addr)) {
			*src = p->addr;
			return true;
		}
		if (any == NULL && isla_addr_is_v4(&p->addr) == isla_addr_is_v4(&n->addr))
			any = &p->addr;
	}
	if (any != NULL)
		*src = *any;
	return any != NULL;
}

static enum isla_drop
solicit(struct neigh_table *t, struct neigh *n)
{
	struct isla_addr src;

	if (!solicit_src(t, n, &src))
		return ISLA_DROP_NO_SRC_ADDR;
	n->nb_solicits++;
	return isla_addr_is_v4(&n->addr) ? arp_solicit(t->link, n, &src)
					 : ndp_solicit(t->link, n, &src);
}

/* The oldest gives way: of this neighbour's packets, or all that wait for the neighbour that has
 * kept silent longest. */
static void
queue_put(struct neigh_table *t, struct neigh *n, struct rte_mbuf *m)
{
	struct neigh *oldest = TAILQ_FIRST(&t->list[NEIGH_LIST_WAITING]);
	struct neigh_wait *w;

	if (n->nb_queued == t->queue_max)
		core_drop_pkt(t->core, queue_take(t, n), ISLA_DROP_NEIGH_QUEUE);
	else if (t->nb_queued == t->nb_queued_max && oldest == n)
		core_drop_pkt(t->core, queue_take(t, n), ISLA_DROP_NEIGH_QUEUE);
	else if (t->nb_queued == t->nb_queued_max)
		entry_free(t, oldest, ISLA_DROP_NEIGH_QUEUE);
	w = STAILQ_FIRST(&t->free_waits);
	STAILQ_REMOVE_HEAD(&t->free_waits, next);
	w->m = m;
	STAILQ_INSERT_TAIL(&n->queue, w, next);
	n->nb_queued++;
	t->nb_queued++;
}

enum isla_drop
neigh_resolve(struct neigh_table *t, struct rte_mbuf *m, uint8_t netif,
	const struct isla_addr *addr, uint16_t *hint)
{
	struct neigh *n = entry_add(t, netif, addr, true);

	if (n == NULL) {
		core_drop_pkt(t->core, m, ISLA_DROP_NEIGH_FULL);
		return ISLA_DROP_NEIGH_FULL;
	}
	set_state(t, n, NEIGH_INCOMPLETE, t->retrans_us);
	queue_put(t, n, m);
	/* A shortage of mbufs may pass until the next try; a missing address does not. */
	if (solicit(t, n) == ISLA_DROP_NO_SRC_ADDR) {
		entry_free(t, n, ISLA_DROP_NO_SRC_ADDR);
		return ISLA_DROP_NO_SRC_ADDR;
	}
	if (hint != NULL)
		*hint = neigh_index(t, n);
	return ISLA_ACCEPTED;
}

enum isla_drop
neigh_output(struct neigh_table *t, struct neigh *n, struct rte_mbuf *m)
{
	if (n->state == NEIGH_INCOMPLETE) {
		queue_put(t, n, m);
		return ISLA_ACCEPTED;
	}
	n->used = true;
	if (n->state == NEIGH_STALE)
		set_state(t, n, NEIGH_DELAY, NEIGH_DELAY_US);
	else if (n->list == NEIGH_LIST_LEARNT)
		relist(t, n);
	return ether_output(t->core, m, n->netif, &n->eth);
}

void
neigh_set_reachable(struct neigh_table *t, struct neigh *n)
{
	n->confirmed_us = t->core->now_us;
	set_state(t, n, NEIGH_REACHABLE, t->reachable_us);
}

static void
set_mac(struct neigh_table *t, struct neigh *n, const struct rte_ether_addr *mac, bool solicited)
{
	n->eth.dst_addr = *mac;
	if (solicited)
		neigh_set_reachable(t, n);
	else
		set_state(t, n, NEIGH_STALE, NEIGH_STALE_US);
	while (n->nb_queued > 0)
		ether_output(t->core, queue_take(t, n), n->netif, &n->eth);
}

void
neigh_learn(struct neigh_table *t, uint8_t netif, const struct isla_addr *addr,
	const struct rte_ether_addr *mac)
{
	struct neigh *n = neigh_lookup(t, netif, addr);

	if (n == NULL)
		n = entry_add(t, netif, addr, false);
	else if (n->state != NEIGH_INCOMPLETE && rte_is_same_ether_addr(&n->eth.dst_addr, mac))
		return;
	if (n != NULL)
		set_mac(t, n, mac, false);
}

void
neigh_answer(struct neigh_table *t, struct neigh *n, const struct rte_ether_addr *mac,
	uint8_t flags)
{
	bool solicited = flags & NEIGH_SOLICITED;
	bool other = mac != NULL && !rte_is_same_ether_addr(&n->eth.dst_addr, mac);

	if (n->state == NEIGH_INCOMPLETE) {
		if (mac == NULL)
			return;
		set_mac(t, n, mac, solicited);
	} else if (other && !(flags & NEIGH_OVERRIDE)) {
		if (n->state == NEIGH_REACHABLE)
			set_state(t, n, NEIGH_STALE, NEIGH_STALE_US);
		return;
	} else if (other) {
		set_mac(t, n, mac, solicited);
	} else if (solicited) {
		neigh_set_reachable(t, n);
	}
	n->is_router = flags & NEIGH_ROUTER;
}

/*
 * Nobody has answered: the entry goes, and whoever sent what waited hears of it. The entry is gone
 * before the first of them does, since they may send again.
 */
static void
resolution_failed(struct neigh_table *t, struct neigh *n)
{
	const struct link *link = t->link;
	uint8_t netif = n->netif;
	struct neigh_queue failed;

	STAILQ_INIT(&failed);
	STAILQ_CONCAT(&failed, &n->queue);
	t->nb_queued -= n->nb_queued;
	n->nb_queued = 0;
	entry_free(t, n, ISLA_DROP_NEIGH_FAILED);
	while (!STAILQ_EMPTY(&failed)) {
		struct neigh_wait *w = STAILQ_FIRST(&failed);
		struct rte_mbuf *m = w->m;

		STAILQ_REMOVE_HEAD(&failed, next);
		STAILQ_INSERT_HEAD(&t->free_waits, w, next);
		if (link->unreach != NULL)
			link->unreach(link->unreach_ctx, m, netif);
		core_drop_pkt(t->core, m, ISLA_DROP_NEIGH_FAILED);
	}
}

/* The next question of INCOMPLETE or PROBE, or the end of the entry after the last one. */
static void
solicit_again(struct neigh_table *t, struct neigh *n)
{
	if (n->nb_solicits >= NEIGH_SOLICITS) {
		resolution_failed(t, n);
		return;
	}
	timer_set(&t->core->wheel, &n->timer, t->core->now_us + t->retrans_us);
	/* Even if none could be sent it counts as a try: an entry must come to an end. */
	if (solicit(t, n) == ISLA_DROP_NO_SRC_ADDR)
		n->nb_solicits++;
}

void
neigh_suspect(struct neigh_table *t, struct neigh *n)
{
	if (n->state != NEIGH_REACHABLE && n->state != NEIGH_STALE && n->state != NEIGH_DELAY)
		return;
	set_state(t, n, NEIGH_PROBE, t->retrans_us);
	solicit_again(t, n);
}

bool
neigh_ask(struct neigh_table *t, uint8_t netif, const struct isla_addr *addr)
{
	struct neigh *n = neigh_lookup(t, netif, addr);

	if (n != NULL) {
		neigh_suspect(t, n);
		return true;
	}
	n = entry_add(t, netif, addr, true);
	if (n == NULL)
		return false;
	set_state(t, n, NEIGH_INCOMPLETE, t->retrans_us);
	if (solicit(t, n) != ISLA_DROP_NO_SRC_ADDR)
		return true;
	entry_free(t, n, ISLA_DROP_NO_SRC_ADDR);
	return false;
}

static void
neigh_timer(void *ctx, struct timer *timer)
{
	struct neigh_table *t = ctx;
	struct neigh *n = RTE_PTR_SUB(timer, offsetof(struct neigh, timer));

	switch (n->state) {
	case NEIGH_INCOMPLETE:
	case NEIGH_PROBE:
		solicit_again(t, n);
		break;
	case NEIGH_REACHABLE:
		/* Confirmations only note the time, since they are frequent. */
		if (n->confirmed_us + t->reachable_us > t->core->now_us) {
			timer_set(&t->core->wheel, timer, n->confirmed_us + t->reachable_us);
			break;
		}
		set_state(t, n, NEIGH_STALE, NEIGH_STALE_US);
		draw_reachable_time(t);
		break;
	case NEIGH_DELAY:
		set_state(t, n, NEIGH_PROBE, t->retrans_us);
		solicit_again(t, n);
		break;
	case NEIGH_STALE:
		entry_free(t, n, ISLA_DROP_NEIGH_FAILED);
		break;
	}
}

bool
neigh_forget(struct neigh_table *t, struct neigh *n)
{
	if (n->state == NEIGH_FREE || n->state == NEIGH_INCOMPLETE)
		return false;
	entry_free(t, n, ISLA_DROP_NEIGH_FAILED);
	return true;
}

void
neigh_purge(struct neigh_table *t, uint8_t netif)
{
	uint32_t i;

	for (i = 1; i < t->nb_entries; i++) {
		struct neigh *n = &t->entry[i];

		if (n->netif == netif &&
			(link_addr_is_own(t->link, netif, &n->addr) ||
				link_addr_is_broadcast(t->link, netif, &n->addr)))
			entry_free(t, n, ISLA_DROP_NO_ROUTE);
	}
}
