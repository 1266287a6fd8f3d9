/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN cache (RFC 4987, 3.3). A connection that is half open has sent its SYN,ACK and waits: so
 * long it is folded up into an entry of 96 bytes, and its record is free. A segment for it, or the
 * timer, unfolds it; what that segment means is for the steps of all connections to say, and if it
 * is half open after that, it is folded up again at the end of the burst. So a flood of SYNs takes
 * no records from those who are what they say, and when a listener's backlog is full, cookies take
 * over.
 *
 * What stays a whole record: the active side, Fast Open (it may have data, and a program), and what
 * finds no free entry.
 */

#include <string.h>

#include <rte_common.h>

#include "ports.h"
#include "tcp_priv.h"

/* tcp_syn::opts */
#define TCP_SYN_TS     0x01
#define TCP_SYN_SACK   0x02
#define TCP_SYN_WSCALE 0x04
#define TCP_SYN_ECN    0x08

#define RETRY_US       100000 /* with the timer's work, where no record is free */

static struct tcp_syn *
entry_alloc(struct isla_tcp *tcp, uint32_t hash)
{
	uint32_t i = tcp->syn_free, *bucket = &tcp->syn_bucket[hash & tcp->syn_bucket_mask];
	struct tcp_syn *s = &tcp->syn[i];

	tcp->syn_free = s->next;
	tcp->nb_syns++;
	s->next = *bucket;
	*bucket = i;
	return s;
}

static void
entry_free(struct isla_tcp *tcp, struct tcp_syn *s)
{
	uint32_t hash = tcp_hash(tcp, &s->local, &s->remote, s->local_port, s->remote_port);
	uint32_t *link = &tcp->syn_bucket[hash & tcp->syn_bucket_mask];
	uint32_t i = (uint32_t)(s - tcp->syn);

	while (*link != i)
		link = &tcp->syn[*link].next;
	*link = s->next;
	timer_stop(&tcp->core->wheel, &s->timer);
	tcp_profile_put(tcp, s->profile);
	ports_tcp_leave(tcp->core, rte_be_to_cpu_16(s->local_port));
	s->listener = 0;
	s->next = tcp->syn_free;
	tcp->syn_free = i;
	tcp->nb_syns--;
}

struct tcp_syn *
tcp_syn_lookup(const struct isla_tcp *tcp, const struct isla_pkt *pkt)
{
	uint32_t i = tcp->syn_bucket[pkt->hash & tcp->syn_bucket_mask];

	while (i != TCP_NONE) {
		struct tcp_syn *s = &tcp->syn[i];

		if (s->remote_port == pkt->src_port && s->local_port == pkt->dst_port &&
			isla_addr_eq(&s->remote, &pkt->src) && isla_addr_eq(&s->local, &pkt->dst))
			return s;
		i = s->next;
	}
	return NULL;
}

bool
tcp_syn_knows(const struct isla_tcp *tcp, const struct isla_tcp_ends *ends)
{
	struct isla_pkt pkt = {
		.dst = ends->local,
		.src = ends->remote,
		.dst_port = rte_cpu_to_be_16(ends->local_port),
		.src_port = rte_cpu_to_be_16(ends->remote_port),
	};

	if (tcp->nb_syns == 0)
		return false;
	pkt.hash = tcp_hash(tcp, &pkt.dst, &pkt.src, pkt.dst_port, pkt.src_port);
	return tcp_syn_lookup(tcp, &pkt) != NULL;
}

void
tcp_syn_info(const struct isla_tcp *tcp, const struct tcp_syn *s, struct isla_tcp_info *info)
{
	memset(info, 0, sizeof(*info));
	info->state = ISLA_TCP_SYN_RECEIVED;
	info->cc = tcp->profile[s->profile].cc->name;
	info->snd_wscale = s->snd_wscale;
	info->timestamps = (s->opts & TCP_SYN_TS) != 0;
	info->sack = (s->opts & TCP_SYN_SACK) != 0;
	info->wscale = (s->opts & TCP_SYN_WSCALE) != 0;
	info->ecn = (s->opts & TCP_SYN_ECN) != 0;
	info->snd_mss = s->mss;
	info->snd_wnd_bytes = s->wnd;
	info->total_retrans = s->nb_retrans;
	info->segs_in = 1;
	info->segs_out = 1u + s->nb_retrans;
}

/* Nothing is left to do but to wait, and nobody knows of it but the listener. */
static bool
can_fold(const struct isla_tcp_conn *c)
{
	return c->listener != 0 && c->ops == NULL && c->events == 0 && c->repair == 0 &&
		(c->flags & (TCP_F_ACTIVE | TCP_F_SYN_NOW | TCP_F_ACK_NOW | TCP_F_ON_WORK)) == 0 &&
		(c->modes & (TCP_M_TFO_DATA | TCP_M_TFO_COOKIE)) == 0 &&
		c->seg_head == TCP_NONE && c->rcv_head == NULL &&
		tcp_deadline_is_set(c, TCP_T_RTX) && c->tcp->syn_free != TCP_NONE;
}

static void
fold(const struct isla_tcp_conn *c, struct tcp_syn *s)
{
	s->local = c->local;
	s->remote = c->remote;
	s->local_port = c->local_port;
	s->remote_port = c->remote_port;
	s->iss = c->snd_una;
	s->rcv_nxt = c->rcv_nxt;
	s->ts_recent = c->ts_recent;
	s->since = c->nb_timeouts == 0 ? c->last_sent_us : c->stalled_ms;
	s->listener = c->listener;
	s->profile = c->profile;
	s->wnd = (uint16_t)c->snd_wnd;
	s->mss = (uint16_t)(c->mss + (c->flags & TCP_F_TS ? TCP_TS_LEN : 0));
	s->netif = c->path.netif;
	s->snd_wscale = c->snd_wscale;
	s->opts = (uint8_t)((c->flags & TCP_F_TS ? TCP_SYN_TS : 0) |
		(c->flags & TCP_F_SACK ? TCP_SYN_SACK : 0) |
		(c->flags & TCP_F_WSCALE ? TCP_SYN_WSCALE : 0) |
		(c->modes & TCP_M_ECN ? TCP_SYN_ECN : 0));
	s->nb_timeouts = c->nb_timeouts;
	s->nb_retrans = (uint8_t)RTE_MIN(c->total_retrans, (uint32_t)UINT8_MAX);
	s->nb_challenge = c->nb_challenge;
	s->challenge_s = c->challenge_s;
	s->soft_err = c->soft_err;
}

bool
tcp_syn_fold(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	struct tcp_syn *s;

	if (!can_fold(c))
		return false;
	s = entry_alloc(tcp, c->hash);
	fold(c, s);
	ports_tcp_enter(tcp->core, rte_be_to_cpu_16(s->local_port));
	timer_init(&s->timer, TIMER_TCP_SYN);
	timer_set(&tcp->core->wheel, &s->timer,
		tcp->core->now_us + tcp_deadline_in_us(c, TCP_T_RTX));
	tcp_profile_ref(tcp, s->profile);
	/* The listener goes on counting it. */
	tcp_conn_remove(c);
	c->state = ISLA_TCP_CLOSED;
	timer_stop(&tcp->core->wheel, &c->timer);
	if (c->cc->release != NULL)
		c->cc->release(c);
	tcp_conn_free(c);
	return true;
}

/* The options of the SYN, as far as they were agreed on. */
static void
opts_of(const struct tcp_syn *s, struct tcp_opts *opts)
{
	opts->present = TCP_OPT_MSS;
	opts->mss = s->mss;
	opts->ts_val = s->ts_recent;
	opts->wscale = s->snd_wscale;
	if (s->opts & TCP_SYN_TS)
		opts->present |= TCP_OPT_TIMESTAMPS;
	if (s->opts & TCP_SYN_SACK)
		opts->present |= TCP_OPT_SACK_PERMITTED;
	if (s->opts & TCP_SYN_WSCALE)
		opts->present |= TCP_OPT_WSCALE;
}

/* What follows neither from the ends nor from the options. */
static void
unfold(const struct tcp_syn *s, struct isla_tcp_conn *c)
{
	const struct isla_tcp_listener *l = &c->tcp->listener[s->listener - 1];
	uint8_t i;

	tcp_set_iss(c, s->iss);
	c->snd_nxt = s->iss + 1;
	c->rcv_nxt = c->rcv_acked = s->rcv_nxt;
	c->rcv_adv = s->rcv_nxt + RTE_MIN(c->rcvbuf, (uint32_t)UINT16_MAX);
	c->snd_wnd = c->snd_wnd_max = s->wnd;
	c->snd_wl1 = s->rcv_nxt - 1;
	c->listener = s->listener;
	c->flags |= l->nodelay ? TCP_F_NODELAY : 0;
	c->modes |= l->cork ? TCP_M_CORK : 0;
	c->modes |= s->opts & TCP_SYN_ECN ? TCP_M_ECN : 0;
	c->nb_timeouts = s->nb_timeouts;
	for (i = 0; i < s->nb_timeouts; i++)
		tcp_rto_double(c);
	if (s->nb_timeouts == 0)
		tcp_sent_ago(c, (uint32_t)c->tcp->core->now_us - s->since);
	else
		c->stalled_ms = s->since;
	c->total_retrans = s->nb_retrans;
	c->segs_in = 1;
	c->segs_out = 1u + s->nb_retrans;
	c->nb_challenge = s->nb_challenge;
	c->challenge_s = s->challenge_s;
	c->soft_err = s->soft_err;
}

/* Nobody will ever hear of it. */
static void
give_up(struct isla_tcp *tcp, struct tcp_syn *s)
{
	tcp->listener[s->listener - 1].nb_pending--;
	core_count(tcp->core, ISLA_C_TCP_ATTEMPT_FAILS);
	entry_free(tcp, s);
}

struct isla_tcp_conn *
tcp_syn_unfold(struct isla_tcp *tcp, struct tcp_syn *s)
{
	struct isla_tcp_ends ends = {
		.local = s->local,
		.remote = s->remote,
		.local_port = rte_be_to_cpu_16(s->local_port),
		.remote_port = rte_be_to_cpu_16(s->remote_port),
	};
	struct isla_tcp_conn *c = tcp_conn_alloc(tcp);
	uint64_t due_us = s->timer.expire_us, now_us = tcp->core->now_us;
	struct tcp_in syn;

	if (c == NULL)
		return NULL;
	if (tcp_conn_init(c, &ends, s->netif, s->profile) != 0) {
		tcp_conn_free(c);
		give_up(tcp, s);
		return NULL;
	}
	opts_of(s, &syn.opts);
	tcp_conn_negotiate(c, &syn);
	unfold(s, c);
	c->state = ISLA_TCP_SYN_RECEIVED;
	/* First: its port may not be seen without a connection in between. */
	tcp_conn_insert(c);
	entry_free(tcp, s);
	tcp_deadline_set(c, TCP_T_RTX, (uint32_t)(due_us > now_us ? due_us - now_us : 0));
	return c;
}

/* The SYN,ACK is due once more, or has been sent often enough. */
static void
syn_timer(void *ctx, struct timer *t)
{
	struct isla_tcp *tcp = ctx;
	struct tcp_syn *s = RTE_PTR_SUB(t, offsetof(struct tcp_syn, timer));
	struct isla_tcp_conn *c = tcp_syn_unfold(tcp, s);

	if (c != NULL)
		tcp_syn_timeout(c);
	else if (s->listener != 0)
		timer_set(&tcp->core->wheel, &s->timer, tcp->core->now_us + RETRY_US);
}

void
tcp_syn_abort(struct isla_tcp *tcp, struct tcp_syn *s)
{
	struct isla_tcp_conn *c = tcp_syn_unfold(tcp, s);

	if (c != NULL)
		tcp_conn_abort(c, 0);
	else if (s->listener != 0)
		give_up(tcp, s);
}

void
tcp_syn_purge(struct isla_tcp *tcp, const struct isla_tcp_listener *l, const struct isla_addr *local)
{
	uint16_t listener = l != NULL ? (uint16_t)(l - tcp->listener + 1) : 0;
	uint32_t i;

	for (i = 0; tcp->nb_syns > 0 && i < tcp->conf.max_syns; i++) {
		struct tcp_syn *s = &tcp->syn[i];

		if (s->listener == 0 || (l != NULL && s->listener != listener) ||
			(local != NULL && !isla_addr_eq(&s->local, local)))
			continue;
		tcp_syn_abort(tcp, s);
	}
}

bool
tcp_syncache_init(struct isla_tcp *tcp)
{
	const struct isla_mem *mem = &tcp->core->mem;
	uint32_t nb = tcp->conf.max_syns, nb_buckets = rte_align32pow2(nb), i;
	int node = tcp->core->socket_id;

	tcp->syn = mem->alloc(nb * sizeof(*tcp->syn), RTE_CACHE_LINE_SIZE, node);
	tcp->syn_bucket = mem->alloc(nb_buckets * sizeof(*tcp->syn_bucket), RTE_CACHE_LINE_SIZE,
		node);
	if (tcp->syn == NULL || tcp->syn_bucket == NULL)
		return false;
	tcp->syn_bucket_mask = nb_buckets - 1;
	for (i = 0; i < nb_buckets; i++)
		tcp->syn_bucket[i] = TCP_NONE;
	for (i = 0; i < nb; i++) {
		tcp->syn[i].listener = 0;
		tcp->syn[i].next = i + 1 < nb ? i + 1 : TCP_NONE;
	}
	timer_wheel_set_class(&tcp->core->wheel, TIMER_TCP_SYN, syn_timer, tcp);
	return true;
}

void
tcp_syncache_free(struct isla_tcp *tcp)
{
	const struct isla_mem *mem = &tcp->core->mem;
	uint32_t i;

	for (i = 0; tcp->nb_syns > 0 && i < tcp->conf.max_syns; i++)
		if (tcp->syn[i].listener != 0)
			entry_free(tcp, &tcp->syn[i]);
	mem->free(tcp->syn);
	mem->free(tcp->syn_bucket);
}
