/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records and how they are found. Connections live in one array, linked by index: free ones in a
 * list, open ones in the buckets of a keyed hash table, those in TIME-WAIT also in a list
 * by age, from which the oldest is taken when records run out.
 */

#include <errno.h>

#include <rte_common.h>

#include "ports.h"
#include "siphash.h"
#include "tcp_priv.h"

static __rte_noinline uint32_t
hash_v6(const struct isla_tcp *tcp, const struct isla_addr *local, const struct isla_addr *remote,
	uint32_t ports)
{
	uint64_t words[4] = {remote->q[0], remote->q[1], local->q[0], local->q[1]};

	return (uint32_t)siphash13_half(&tcp->hash_key, words, 4, ports);
}

uint32_t
tcp_hash(const struct isla_tcp *tcp, const struct isla_addr *local,
	const struct isla_addr *remote, rte_be16_t local_port, rte_be16_t remote_port)
{
	uint32_t ports = (uint32_t)local_port << 16 | remote_port;
	uint64_t pair;

	if (!isla_addr_is_v4(remote))
		return hash_v6(tcp, local, remote, ports);
	/* What is the same in all mapped addresses need not be mixed in. */
	pair = (uint64_t)isla_addr_v4(local) << 32 | isla_addr_v4(remote);
	return (uint32_t)siphash13_half(&tcp->hash_key, &pair, 1, ports);
}

struct isla_tcp_conn *
tcp_lookup(const struct isla_tcp *tcp, uint32_t hash, const struct isla_addr *local,
	const struct isla_addr *remote, rte_be16_t local_port, rte_be16_t remote_port)
{
	uint32_t i = tcp->bucket[hash & tcp->bucket_mask];

	while (i != TCP_NONE) {
		struct isla_tcp_conn *c = &tcp->conn[i];

		if (c->hash == hash && c->remote_port == remote_port &&
			c->local_port == local_port && isla_addr_eq(&c->remote, remote) &&
			isla_addr_eq(&c->local, local))
			return c;
		i = c->next;
	}
	return NULL;
}

struct isla_tcp_conn *
tcp_find(const struct isla_tcp *tcp, const struct isla_addr *local,
	const struct isla_addr *remote, rte_be16_t local_port, rte_be16_t remote_port)
{
	return tcp_lookup(tcp, tcp_hash(tcp, local, remote, local_port, remote_port), local,
		remote, local_port, remote_port);
}

struct isla_tcp_listener *
tcp_listener_lookup(const struct isla_tcp *tcp, const struct isla_addr *local, uint16_t port)
{
	const struct isla_addr any_v4 = isla_addr_from_v4(0);
	struct isla_tcp_listener *any = NULL;
	bool is_v4 = isla_addr_is_v4(local);
	uint32_t i;

	for (i = 0; i < tcp->nb_listeners; i++) {
		struct isla_tcp_listener *l = &tcp->listener[i];

		if (l->port != port || port == 0)
			continue;
		if (isla_addr_eq(&l->local, local))
			return l;
		if (isla_addr_eq(&l->local, &any_v4)) {
			if (is_v4)
				any = l;
		} else if (isla_addr_eq(&l->local, &isla_addr_any) && any == NULL &&
			!(is_v4 && l->v6only)) {
			any = l;
		}
	}
	return any;
}

bool
tcp_port_is_used(const struct isla_tcp *tcp, const struct isla_addr *local, uint16_t port)
{
	rte_be16_t wanted = rte_cpu_to_be_16(port);
	uint32_t i;

	for (i = 0; i < tcp->conf.max_conns; i++) {
		const struct isla_tcp_conn *c = &tcp->conn[i];

		if (c->local_port != wanted || c->state == 0 || tcp_in_state(c, ISLA_TCP_CLOSED))
			continue;
		if (isla_addr_eq(&c->local, local) || isla_addr_eq(local, &isla_addr_any) ||
			(isla_addr_is_unspecified(local) && isla_addr_is_v4(&c->local)))
			return true;
	}
	return false;
}

struct isla_tcp_conn *
tcp_conn_alloc(struct isla_tcp *tcp)
{
	struct isla_tcp_conn *c;

	if (tcp->conn_free == TCP_NONE)
		tcp_time_wait_reclaim(tcp);
	if (tcp->conn_free == TCP_NONE)
		return NULL;
	c = &tcp->conn[tcp->conn_free];
	tcp->conn_free = c->next;
	tcp->nb_conns++;
	memset(c, 0, sizeof(*c));
	c->tcp = tcp;
	c->state = ISLA_TCP_CLOSED;
	c->next = c->work_next = c->tw_prev = c->tw_next = TCP_NONE;
	c->seg_head = c->seg_tail = c->seg_lost = TCP_NONE;
	timer_init(&c->timer, TIMER_TCP);
	return c;
}

void
tcp_conn_insert(struct isla_tcp_conn *c)
{
	uint32_t *bucket;

	c->hash = tcp_hash(c->tcp, &c->local, &c->remote, c->local_port, c->remote_port);
	bucket = &c->tcp->bucket[c->hash & c->tcp->bucket_mask];
	c->next = *bucket;
	*bucket = tcp_index(c);
	ports_tcp_enter(c->tcp->core, rte_be_to_cpu_16(c->local_port));
}

void
tcp_conn_remove(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	uint32_t *link = &tcp->bucket[c->hash & tcp->bucket_mask];

	while (*link != tcp_index(c))
		link = &tcp->conn[*link].next;
	*link = c->next;
	c->next = TCP_NONE;
	ports_tcp_leave(tcp->core, rte_be_to_cpu_16(c->local_port));
}

void
tcp_conn_free(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;

	if (c->flags & TCP_F_ON_WORK) {
		c->flags |= TCP_F_DEAD;
		return;
	}
	tcp_repair_put(c);
	tcp_profile_put(tcp, c->profile);
	tcp->nb_conns--;
	c->next = tcp->conn_free;
	tcp->conn_free = tcp_index(c);
}

struct tcp_seg *
tcp_seg_alloc(struct isla_tcp *tcp, uint32_t *index)
{
	struct tcp_seg *s;

	if (tcp->seg_free == TCP_NONE)
		return NULL;
	*index = tcp->seg_free;
	s = &tcp->seg[*index];
	tcp->seg_free = s->next;
	s->next = TCP_NONE;
	s->flags = 0;
	s->nb = 1;
	return s;
}

/* Fill what the caller left at 0. */
static void
conf_defaults(struct isla_tcp_conf *f)
{
	f->max_conns = f->max_conns != 0 ? f->max_conns : 16384;
	f->max_listeners = f->max_listeners != 0 ? f->max_listeners : 64;
	f->max_syns = f->max_syns != 0 ? f->max_syns : RTE_MAX(f->max_conns / 2, 16u);
	f->max_segs = f->max_segs != 0 ? f->max_segs : 65536;
	f->max_orphans = f->max_orphans != 0 ? f->max_orphans : RTE_MAX(f->max_conns / 2, 1u);
	f->rcvbuf_bytes = f->rcvbuf_bytes != 0 ? f->rcvbuf_bytes : 262144;
	f->rcvbuf_max_bytes = f->rcvbuf_max_bytes != 0 ? f->rcvbuf_max_bytes : 4194304;
	f->rcvbuf_max_bytes = RTE_MAX(f->rcvbuf_max_bytes, f->rcvbuf_bytes);
	f->sndbuf_bytes = f->sndbuf_bytes != 0 ? f->sndbuf_bytes : 262144;
	f->sndbuf_max_bytes = f->sndbuf_max_bytes != 0 ? f->sndbuf_max_bytes : 4194304;
	f->sndbuf_max_bytes = RTE_MAX(f->sndbuf_max_bytes, f->sndbuf_bytes);
	f->rto_min_us = f->rto_min_us != 0 ? f->rto_min_us : 200000;
	f->rto_init_us = f->rto_init_us != 0 ? f->rto_init_us : 1000000;
	f->rto_max_us = f->rto_max_us != 0 ? f->rto_max_us : 60000000;
	f->delack_us = f->delack_us != 0 ? RTE_MIN(f->delack_us, 400000u) : 40000;
	f->time_wait_us = f->time_wait_us != 0 ? f->time_wait_us : 60000000;
	f->fin_wait2_us = f->fin_wait2_us != 0 ? f->fin_wait2_us : 60000000;
	f->syn_retries = f->syn_retries != 0 ? f->syn_retries : 7;
	f->data_retries = f->data_retries != 0 ? RTE_MIN(f->data_retries, UINT8_MAX) : 15;
	f->r1_retries = f->r1_retries != 0 ? f->r1_retries : 3;
	f->keep_idle_s = f->keep_idle_s != 0 ? f->keep_idle_s : 7200;
	f->keep_intvl_s = f->keep_intvl_s != 0 ? f->keep_intvl_s : 75;
	f->keep_cnt = f->keep_cnt != 0 ? f->keep_cnt : 9;
	f->ecn = f->ecn != ISLA_TCP_ECN_DEFAULT ? f->ecn : ISLA_TCP_ECN_PASSIVE;
	f->max_repairs = f->max_repairs != 0 ? f->max_repairs : RTE_MAX(f->max_conns / 4, 16u);
	f->ooo_segs = f->ooo_segs != 0 ? f->ooo_segs : 512;
	if (f->max_rate_conns == 0) {
		const struct tcp_cc_ops *cc = tcp_cc_find(f->cc);

		f->max_rate_conns = cc != NULL && (cc->flags & TCP_CC_RATE) ? f->max_conns : 1024;
	}
	f->max_rate_conns = RTE_MIN(f->max_rate_conns, f->max_conns);
	f->init_cwnd_segs = f->init_cwnd_segs != 0 ? f->init_cwnd_segs : 10;
	f->challenge_acks = f->challenge_acks != 0 ? f->challenge_acks : 100;
}

/* What algorithms need that measure the delivery rate. */
static bool
rate_tables_alloc(struct isla_tcp *tcp)
{
	const struct isla_mem *mem = &tcp->core->mem;
	uint32_t nb = tcp->conf.max_rate_conns, i;
	int node = tcp->core->socket_id;

	tcp->seg_rate = mem->alloc(tcp->conf.max_segs * sizeof(*tcp->seg_rate),
		RTE_CACHE_LINE_SIZE, node);
	tcp->cc_more = mem->alloc(nb * sizeof(*tcp->cc_more), RTE_CACHE_LINE_SIZE, node);
	if (tcp->seg_rate == NULL || tcp->cc_more == NULL)
		return false;
	for (i = 0; i < nb; i++)
		tcp->cc_more[i].next = i + 1 < nb ? i + 1 : TCP_NONE;
	return true;
}

static bool
tables_alloc(struct isla_tcp *tcp)
{
	const struct isla_mem *mem = &tcp->core->mem;
	const struct isla_tcp_conf *f = &tcp->conf;
	uint32_t nb_buckets = rte_align32pow2(f->max_conns), i;
	int node = tcp->core->socket_id;

	tcp->bucket = mem->alloc(nb_buckets * sizeof(*tcp->bucket), RTE_CACHE_LINE_SIZE, node);
	tcp->conn = mem->alloc(f->max_conns * sizeof(*tcp->conn), RTE_CACHE_LINE_SIZE, node);
	tcp->seg = mem->alloc(f->max_segs * sizeof(*tcp->seg), RTE_CACHE_LINE_SIZE, node);
	tcp->listener = mem->alloc(f->max_listeners * sizeof(*tcp->listener),
		RTE_CACHE_LINE_SIZE, node);
	tcp->profile = mem->alloc(TCP_PROFILES_MAX * sizeof(*tcp->profile), RTE_CACHE_LINE_SIZE,
		node);
	tcp->tfo_server = mem->alloc(TCP_TFO_SERVERS * sizeof(*tcp->tfo_server),
		RTE_CACHE_LINE_SIZE, node);
	if (tcp->bucket == NULL || tcp->conn == NULL || tcp->seg == NULL ||
		tcp->listener == NULL || tcp->profile == NULL || tcp->tfo_server == NULL)
		return false;
	tcp->bucket_mask = nb_buckets - 1;
	for (i = 0; i < nb_buckets; i++)
		tcp->bucket[i] = TCP_NONE;
	for (i = 0; i < f->max_conns; i++)
		tcp->conn[i].next = i + 1 < f->max_conns ? i + 1 : TCP_NONE;
	for (i = 0; i < f->max_segs; i++)
		tcp->seg[i].next = i + 1 < f->max_segs ? i + 1 : TCP_NONE;
	return rate_tables_alloc(tcp);
}

/* RFC 9293, MUST-56 and SHLD-25: the program hears of it, and may go on. */
static void
soft_error(struct isla_tcp_conn *c, int err)
{
	c->soft_err = (uint8_t)err;
	tcp_trouble(c, err);
}

/* ICMP errors are hints from anybody who has seen a packet: they end an attempt to connect, and no
 * connection that is synchronized (RFC 5927, 5.2 and 6). */
static void
tcp_icmp_error(void *ctx, const struct inet_error *err)
{
	struct isla_tcp *tcp = ctx;
	struct isla_tcp_conn *c = tcp_find(tcp, &err->local, &err->remote, err->local_port,
		err->remote_port);

	if (c == NULL || seq_lt(err->seq, c->snd_una) || seq_ge(err->seq, c->snd_nxt))
		return;
	switch (err->kind) {
	case INET_ERR_PROTO_UNREACH:
	case INET_ERR_PORT_UNREACH:
		/* ICMPv6 tells of the protocol as a parameter problem, a soft error (MUST-56). */
		if (tcp_in_state(c, ISLA_TCP_SYN_SENT) &&
			(err->kind == INET_ERR_PORT_UNREACH || isla_addr_is_v4(&c->remote)))
			tcp_conn_drop(c, ECONNREFUSED);
		break;
	case INET_ERR_NET_UNREACH:
		soft_error(c, ENETUNREACH);
		break;
	case INET_ERR_HOST_UNREACH:
		/* Nobody can forge what the link room says itself. */
		if (err->is_local && tcp_in_state(c, ISLA_TCP_SYN_SENT)) {
			tcp_conn_drop(c, EHOSTUNREACH);
			break;
		}
		soft_error(c, EHOSTUNREACH);
		break;
	case INET_ERR_ADMIN_PROHIBITED:
	case INET_ERR_TIME_EXCEEDED:
		soft_error(c, EHOSTUNREACH);
		break;
	case INET_ERR_TOO_BIG:
		tcp_pmtu_error(c, err);
		break;
	default:
		break;
	}
}

struct isla_tcp *
tcp_create(struct core *core, struct inet *inet, const struct isla_tcp_conf *conf)
{
	struct isla_tcp *tcp = core->mem.alloc(sizeof(*tcp), RTE_CACHE_LINE_SIZE, core->socket_id);
	struct inet_proto proto = {.ctx = tcp, .input = tcp_rx, .error = tcp_icmp_error};

	if (tcp == NULL)
		return NULL;
	tcp->core = core;
	tcp->inet = inet;
	tcp->conf = *conf;
	conf_defaults(&tcp->conf);
	tcp->hash_key = core_derive_key(core, 16);
	tcp->isn_key = core_derive_key(core, 17);
	tcp->port_key = core_derive_key(core, 18);
	tcp->ts_key = core_derive_key(core, 19);
	tcp->cookie_key = core_derive_key(core, 20);
	tcp->tfo_key = core_derive_key(core, 21);
	tcp->max_ooo = core->pool->size / 4;
	tcp->max_queue = RTE_MIN(core->pool->size, core->ref_pool->size) / 8;
	tcp->work_head = tcp->work_tail = TCP_NONE;
	tcp->tw_head = tcp->tw_tail = TCP_NONE;
	if (!tables_alloc(tcp) || !tcp_syncache_init(tcp) || !tcp_repair_init(tcp) || tcp_profile_init(tcp) != 0) {
		tcp_free(tcp);
		return NULL;
	}
	tcp_timer_init(tcp);
	inet_set_proto(inet, IPPROTO_TCP, &proto);
	return tcp;
}

void
tcp_free(struct isla_tcp *tcp)
{
	const struct isla_mem *mem;
	uint32_t i;

	if (tcp == NULL)
		return;
	mem = &tcp->core->mem;
	for (i = 0; tcp->conn != NULL && i < tcp->conf.max_conns; i++) {
		struct isla_tcp_conn *c = &tcp->conn[i];

		/* One in CLOSED may still hold what its program has not taken. */
		tcp_rcvq_purge(c);
		if (tcp_in_state(c, ~ISLA_TCP_CLOSED)) {
			tcp_sndq_purge(c);
			timer_stop(&tcp->core->wheel, &c->timer);
		}
	}
	for (i = 0; i < tcp->nb_burst; i++)
		rte_pktmbuf_free(tcp->burst[i]);
	timer_stop(&tcp->core->wheel, &tcp->stall_timer);
	tcp_syncache_free(tcp);
	mem->free(tcp->bucket);
	mem->free(tcp->conn);
	mem->free(tcp->seg);
	mem->free(tcp->seg_rate);
	mem->free(tcp->cc_more);
	mem->free(tcp->listener);
	mem->free(tcp->profile);
	mem->free(tcp->repair);
	mem->free(tcp->tfo_server);
	mem->free(tcp);
}
