/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One shard's stack: it owns the core and the rooms, wires them together from the link upwards, and
 * drives a burst through them. See isla_stack.h for the order of calls.
 */

#include <errno.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_errno.h>
#include <rte_ether.h>

#include "core.h"
#include "inet.h"
#include "isla_stack.h"
#include "link.h"
#include "stack_priv.h"
#include "tcp.h"
#include "udp.h"

struct isla_stack {
	struct core core;
	struct link link;
	struct inet *inet;
	struct isla_udp *udp;
	struct isla_tcp *tcp;
};

static void
core_init(struct core *core, const struct isla_stack_conf *conf)
{
	core->now_us = conf->now_us;
	core->wall_off_us = (int64_t)(conf->wall_us - conf->now_us);
	core->key = conf->key;
	core->pool = conf->pool;
	core->reserve = conf->pool->size / 8;
	core->ref_pool = conf->ref_pool != NULL ? conf->ref_pool : conf->pool;
	core->mem = conf->mem.alloc != NULL ? conf->mem : isla_mem_libc;
	core->socket_id = conf->socket_id;
	core->shard = conf->nb_shards > 1 ? conf->shard : 0;
	core->nb_shards = RTE_MAX(conf->nb_shards, (uint16_t)1);
	core->ports = core->nb_shards > 1 ? conf->ports : NULL;
	timer_wheel_init(&core->wheel, conf->now_us);
	/* A generator of zeros would stay zero. */
	core->rng[0] = core_derive_key(core, 1).k[0] | 1;
	core->rng[1] = core_derive_key(core, 1).k[1];
}

static int
rooms_init(struct isla_stack *s, const struct isla_stack_conf *conf)
{
	struct link_conf link = {
		.max_neigh = conf->max_neigh != 0 ? conf->max_neigh : 4096,
		.neigh_queue = conf->neigh_queue != 0 ? conf->neigh_queue : 64,
		.reachable_us = conf->reachable_us != 0 ? conf->reachable_us : 30000000,
		.retrans_us = 1000000,
	};
	struct inet_conf inet = {
		.max_routes = conf->max_routes != 0 ? conf->max_routes : 64,
		.icmp_rate = conf->icmp_rate != 0 ? conf->icmp_rate : 10000,
	};
	int rc = link_init(&s->link, &s->core, &link);

	if (rc != 0)
		return rc;
	s->inet = inet_create(&s->core, &s->link, &inet);
	if (s->inet == NULL)
		return -ENOMEM;
	s->udp = udp_create(&s->core, s->inet,
		conf->max_udp_socks != 0 ? conf->max_udp_socks : 256);
	s->tcp = tcp_create(&s->core, s->inet, &conf->tcp);
	return s->udp != NULL && s->tcp != NULL ? 0 : -ENOMEM;
}

struct isla_stack *
isla_stack_create(const struct isla_stack_conf *conf)
{
	const struct isla_mem *mem = conf->mem.alloc != NULL ? &conf->mem : &isla_mem_libc;
	struct isla_stack *s;

	if (conf->pool == NULL || rte_pktmbuf_priv_size(conf->pool) < ISLA_PKT_PRIV_SIZE ||
		rte_pktmbuf_data_room_size(conf->pool) < 2048 ||
		(conf->nb_shards > 1 && conf->shard >= conf->nb_shards) ||
		conf->nb_shards > ISLA_STACK_SHARD_MAX) {
		rte_errno = EINVAL;
		return NULL;
	}
	s = mem->alloc(sizeof(*s), RTE_CACHE_LINE_SIZE, conf->socket_id);
	if (s == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	core_init(&s->core, conf);
	if (rooms_init(s, conf) != 0) {
		isla_stack_free(s);
		rte_errno = ENOMEM;
		return NULL;
	}
	return s;
}

void
isla_stack_free(struct isla_stack *s)
{
	unsigned int i;

	if (s == NULL)
		return;
	tcp_free(s->tcp);
	udp_free(s->udp);
	inet_free(s->inet);
	link_fini(&s->link);
	for (i = 0; i < NETIF_MAX; i++) {
		struct outlist *out = &s->core.out[i];

		rte_pktmbuf_free_bulk(out->pkt + out->head, (unsigned int)(out->tail - out->head));
	}
	s->core.mem.free(s);
}

int
isla_stack_netif_add(struct isla_stack *s, const struct isla_netif_conf *conf)
{
	return link_netif_add(&s->link, conf);
}

int
isla_stack_netif_set_mtu(struct isla_stack *s, uint8_t netif, uint16_t mtu)
{
	int rc = link_netif_set_mtu(&s->link, netif, mtu);

	if (rc == 0)
		tcp_reroute(s->tcp);
	return rc;
}

int
isla_stack_addr_add(struct isla_stack *s, uint8_t netif, const struct isla_prefix *prefix)
{
	int rc = link_addr_add(&s->link, netif, prefix);

	if (rc == 0)
		tcp_reroute(s->tcp);
	return rc;
}

int
isla_stack_route_add(struct isla_stack *s, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif)
{
	int rc = inet_route_add(s->inet, prefix, gateway, netif);

	if (rc == 0)
		tcp_reroute(s->tcp);
	return rc;
}

/* True where another interface has the address as well. */
static bool
is_own_elsewhere(const struct isla_stack *s, uint8_t netif, const struct isla_addr *addr)
{
	uint8_t i;

	for (i = 0; i < s->link.nb_netifs; i++)
		if (i != netif && link_addr_is_own(&s->link, i, addr))
			return true;
	return false;
}

int
isla_stack_addr_del(struct isla_stack *s, uint8_t netif, const struct isla_addr *addr)
{
	/* With a copy: the caller's may be the very one that goes. */
	struct isla_addr gone = *addr;

	if (netif >= s->link.nb_netifs)
		return -EINVAL;
	if (!link_addr_is_own(&s->link, netif, &gone))
		return -EADDRNOTAVAIL;
	/* Resets go out before the address does; their way may be by its prefix. */
	if (!is_own_elsewhere(s, netif, &gone)) {
		tcp_addr_gone(s->tcp, &gone);
		udp_addr_gone(s->udp, &gone);
	}
	link_addr_del(&s->link, netif, &gone);
	tcp_reroute(s->tcp);
	return 0;
}

int
isla_stack_route_del(struct isla_stack *s, const struct isla_prefix *prefix, uint8_t netif)
{
	int rc = inet_route_del(s->inet, prefix, netif);

	if (rc == 0)
		tcp_reroute(s->tcp);
	return rc;
}

int
stack_addr_lease(struct isla_stack *s, uint8_t netif, const struct isla_prefix *prefix)
{
	int rc = isla_stack_addr_add(s, netif, prefix);

	if (rc == 0)
		link_addr_lease(&s->link, netif, &prefix->addr);
	return rc;
}

void
stack_addr_unlease(struct isla_stack *s, uint8_t netif, const struct isla_addr *addr)
{
	if (link_addr_is_leased(&s->link, netif, addr))
		isla_stack_addr_del(s, netif, addr);
}

int
stack_route_lease(struct isla_stack *s, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif)
{
	int rc = inet_route_lease(s->inet, prefix, gateway, netif);

	if (rc == 0)
		tcp_reroute(s->tcp);
	return rc;
}

void
stack_route_unlease(struct isla_stack *s, const struct isla_prefix *prefix, uint8_t netif)
{
	if (inet_route_unlease(s->inet, prefix, netif) == 0)
		tcp_reroute(s->tcp);
}

/* The wheel runs before what is new is looked at, so that now_us is never behind a timer. */
static void
set_now(struct isla_stack *s, uint64_t now_us)
{
	if (now_us > s->core.now_us)
		s->core.now_us = now_us;
}

void
isla_stack_input(struct isla_stack *s, uint8_t netif, struct rte_mbuf **pkts, uint16_t nb_pkts,
	uint64_t now_us)
{
	struct core *core = &s->core;
	uint64_t octets = 0;
	uint16_t i;

	set_now(s, now_us);
	core_check_reserve(core, pkts, nb_pkts);
	for (i = 0; i < nb_pkts; i++) {
		enum isla_drop drop;

		octets += pkts[i]->pkt_len;
		drop = link_input(&s->link, pkts[i], netif);
		if (unlikely(drop != ISLA_ACCEPTED))
			core_drop_pkt(core, pkts[i], drop);
	}
	core_count_n(core, ISLA_C_IF_IN_PKTS, nb_pkts);
	core_count_n(core, ISLA_C_IF_IN_OCTETS, octets);
	tcp_input_burst(s->tcp);
}

/*
 * What counts arrivals: the shard that polled a frame has counted it. The ranges are those of the
 * list of counters.
 */
static const struct {
	uint16_t first;
	uint16_t last;
} in_counters[] = {
	{ISLA_C_ARP_IN_REQUESTS, ISLA_C_ARP_IN_REPLIES},
	{ISLA_C_ND_IN_SOLICITS, ISLA_C_ND_IN_ADVERTS},
	{ISLA_C_IP6_IN_RECEIVES, ISLA_C_IP6_IN_DELIVERS},
	{ISLA_C_IP6_ICMP_IN_MSGS, ISLA_C_IP6_ICMP_IN_ECHOS},
};

static bool
is_ipv4(const struct rte_mbuf *m)
{
	rte_be16_t copy;
	const void *type = rte_pktmbuf_read(m, offsetof(struct rte_ether_hdr, ether_type),
		sizeof(copy), &copy);

	return type == NULL || memcmp(type, &(rte_be16_t){RTE_BE16(RTE_ETHER_TYPE_IPV4)}, 2) == 0;
}

void
isla_stack_learn(struct isla_stack *s, uint8_t netif, struct rte_mbuf **pkts, uint16_t nb_pkts,
	uint64_t now_us)
{
	uint64_t *counter = s->core.stats.counter;
	uint64_t kept[ISLA_C_MAX];
	uint16_t i;

	set_now(s, now_us);
	core_check_reserve(&s->core, pkts, nb_pkts);
	memcpy(kept, counter, sizeof(kept));
	s->link.learn = ISLA_PKT_LEARN;
	for (i = 0; i < nb_pkts; i++)
		if (is_ipv4(pkts[i]) || link_input(&s->link, pkts[i], netif) != ISLA_ACCEPTED)
			rte_pktmbuf_free(pkts[i]);
	s->link.learn = 0;
	for (i = 0; i < RTE_DIM(in_counters); i++)
		memcpy(counter + in_counters[i].first, kept + in_counters[i].first,
			(in_counters[i].last - in_counters[i].first + 1u) * sizeof(kept[0]));
}

bool
isla_stack_knows(const struct isla_stack *s, const struct isla_tcp_ends *ends)
{
	return tcp_find(s->tcp, &ends->local, &ends->remote, rte_cpu_to_be_16(ends->local_port),
		       rte_cpu_to_be_16(ends->remote_port)) != NULL ||
		tcp_syn_knows(s->tcp, ends);
}

void
isla_stack_flush(struct isla_stack *s, uint64_t now_us)
{
	set_now(s, now_us);
	timer_wheel_run(&s->core.wheel, s->core.now_us);
	tcp_flush(s->tcp);
}

void
isla_stack_set_now(struct isla_stack *s, uint64_t now_us)
{
	set_now(s, now_us);
}

uint16_t
isla_stack_output(struct isla_stack *s, uint8_t netif, struct rte_mbuf ***pkts)
{
	struct outlist *out = &s->core.out[netif];

	*pkts = out->pkt + out->head;
	return out->tail - out->head;
}

void
isla_stack_sent(struct isla_stack *s, uint8_t netif, uint16_t nb_pkts)
{
	outlist_consume(&s->core.out[netif], nb_pkts);
}

uint64_t
isla_stack_next_us(const struct isla_stack *s)
{
	return tcp_has_work(s->tcp) ? s->core.now_us : timer_wheel_next_us(&s->core.wheel);
}

void
isla_stack_set_wall(struct isla_stack *s, uint64_t wall_us, uint64_t now_us)
{
	s->core.wall_off_us = (int64_t)(wall_us - now_us);
}

uint64_t
isla_stack_wall_us(const struct isla_stack *s)
{
	return s->core.now_us + (uint64_t)s->core.wall_off_us;
}

void
isla_stack_shutdown(struct isla_stack *s)
{
	tcp_shutdown(s->tcp);
}

uint32_t
isla_stack_nb_conns(const struct isla_stack *s)
{
	return tcp_nb_conns(s->tcp);
}

struct core *
stack_core(struct isla_stack *s)
{
	return &s->core;
}

struct inet *
stack_inet(struct isla_stack *s)
{
	return s->inet;
}

struct link *
stack_link(struct isla_stack *s)
{
	return &s->link;
}

struct isla_tcp *
isla_stack_tcp(struct isla_stack *s)
{
	return s->tcp;
}

struct isla_udp *
isla_stack_udp(struct isla_stack *s)
{
	return s->udp;
}

void
isla_stack_get_timers(const struct isla_stack *s, struct isla_stack_timers *timers)
{
	uint64_t next_us = timer_wheel_next_us(&s->core.wheel);

	timers->nb_armed = s->core.wheel.nb_armed;
	timers->next_us = UINT64_MAX;
	if (next_us != UINT64_MAX)
		timers->next_us = next_us > s->core.now_us ? next_us - s->core.now_us : 0;
}

void
isla_stack_netif_odd(const struct isla_stack *s, uint8_t netif, struct isla_netif_odd *odd)
{
	const struct netif *n = &s->link.netif[netif];

	odd->nb_blank_cksums = __atomic_load_n(&n->nb_blank_cksums, __ATOMIC_RELAXED);
	odd->nb_cut_frames = __atomic_load_n(&n->nb_cut_frames, __ATOMIC_RELAXED);
}

void
isla_stack_netif_conflict(const struct isla_stack *s, uint8_t netif,
	struct isla_netif_conflict *conflict)
{
	const struct netif *n = &s->link.netif[netif];
	uint64_t mac = __atomic_load_n(&n->conflict_mac, __ATOMIC_RELAXED);

	conflict->nb = __atomic_load_n(&n->nb_conflicts, __ATOMIC_RELAXED);
	conflict->addr = isla_addr_from_v4(__atomic_load_n(&n->conflict_v4, __ATOMIC_RELAXED));
	memcpy(conflict->mac, &mac, sizeof(conflict->mac));
}

const struct isla_stats *
isla_stack_stats(const struct isla_stack *s)
{
	return &s->core.stats;
}

const struct isla_hists *
isla_stack_hists(const struct isla_stack *s)
{
	return &s->core.hists;
}

void
isla_stack_clear(struct isla_stack *s, unsigned int what)
{
	struct isla_stats *stats = &s->core.stats;
	uint64_t estab = stats->counter[ISLA_C_TCP_CURR_ESTAB];

	if ((what & ISLA_STACK_CLEAR_COUNTERS) != 0)
		memset(stats->counter, 0, sizeof(stats->counter));
	if ((what & ISLA_STACK_CLEAR_DROPS) != 0)
		memset(stats->drop, 0, sizeof(stats->drop));
	if ((what & ISLA_STACK_CLEAR_HISTS) != 0)
		memset(&s->core.hists, 0, sizeof(s->core.hists));
	stats->counter[ISLA_C_TCP_CURR_ESTAB] = estab;
}

void
isla_stack_stats_clear(struct isla_stack *s)
{
	isla_stack_clear(s, ISLA_STACK_CLEAR_COUNTERS | ISLA_STACK_CLEAR_DROPS |
		ISLA_STACK_CLEAR_HISTS);
}
