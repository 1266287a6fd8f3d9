/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What telemetry tells of the shards' tables: connections, bound ports, neighbours, addresses,
 * routes, paths. An answer is one page, and names the cursor of the next; a page takes a bounded number of
 * calls into the shards, and each of these looks at a bounded number of places.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>

#include "telem.h"

/* Calls that one answer takes at most: as many places are looked at as 64 times ISLA_LIST_LOOKS. */
#define CALLS_MAX 64

/* A page of one of the tables, on its way into a shard. */
struct read {
	uint32_t cursor;
	uint16_t nb;
	uint16_t max;
	union {
		struct isla_tcp_entry tcp[TELEM_PAGE];
		struct isla_udp_entry udp[TELEM_PAGE];
		struct isla_neigh_entry neigh[TELEM_PAGE];
		struct isla_addr_entry addr[TELEM_PAGE];
		struct isla_route_entry route[TELEM_PAGE];
		struct isla_pmtu_entry pmtu[TELEM_PAGE];
	};
};

struct table {
	const char *name;
	void (*read)(struct isla_stack *stack, void *arg);
	/* The i-th entry of those that were read: does it match (NULL: all do), and add it. */
	bool (*match)(const struct read *r, uint16_t i, const struct telem_params *p);
	void (*add)(struct telem_out *out, const struct read *r, uint16_t i);
	bool has_id;     /* keys are SHARD/ID; else SHARD/NUMBER OF THE ENTRY */
	bool is_shared;  /* every shard has the same: one is asked */
};

/* ---- pages ---- */

static void
add_entry(struct telem_out *list, const struct table *t, const struct read *r, uint16_t i,
	uint16_t shard, uint32_t number)
{
	struct telem_out inner;
	char key[24];

	telem_open(&inner);
	t->add(&inner, r, i);
	snprintf(key, sizeof(key), "%u/%u", shard, t->has_id ? r->tcp[i].id : number);
	telem_close(list, key, &inner);
}

/* Read on in one shard. Returns entries added, or -errno. */
static int
read_some(struct isla_engine *e, const struct table *t, const struct telem_params *p, uint64_t *pos,
	uint16_t nb_before, struct telem_out *list)
{
	struct read read = {
		.cursor = (uint32_t)*pos,
		.max = (uint16_t)(TELEM_PAGE - nb_before),
	};
	uint16_t shard = (uint16_t)(*pos >> 32), i, nb = 0;
	int rc = isla_engine_call(e, shard, t->read, &read);

	if (rc != 0)
		return rc;
	for (i = 0; i < read.nb; i++) {
		if (t->match != NULL && !t->match(&read, i, p))
			continue;
		add_entry(list, t, &read, i, shard, nb_before + nb);
		nb++;
	}
	*pos = read.cursor == ISLA_LIST_END ? (uint64_t)(shard + 1u) << 32 :
		(uint64_t)shard << 32 | read.cursor;
	return nb;
}

static int
page(struct isla_engine *e, const struct table *t, const struct telem_params *p,
	struct telem_out *out)
{
	bool one = t->is_shared || (p->given & TELEM_KEY(SHARD)) != 0;
	uint64_t pos = p->cursor != 0 ? p->cursor : (uint64_t)p->shard << 32;
	uint64_t end = (one ? (pos >> 32) + 1 : e->nb_workers) << 32;
	struct telem_out list;
	unsigned int calls;
	uint16_t nb = 0;
	int rc = 0;

	telem_open(&list);
	for (calls = 0; calls < CALLS_MAX && nb < TELEM_PAGE && pos < end; calls++) {
		rc = read_some(e, t, p, &pos, nb, &list);
		if (rc < 0)
			break;
		nb += (uint16_t)rc;
	}
	telem_u64(out, "entries", nb);
	telem_u64(out, "next", pos < end && rc >= 0 ? pos : 0);
	telem_close(out, t->name, &list);
	return rc < 0 ? telem_fail(out, "the shards cannot be asked: %s", rte_strerror(-rc)) : 0;
}

/* ---- TCP ---- */

void
telem_tcp_entry(struct telem_out *out, const struct isla_tcp_entry *e)
{
	telem_string(out, "state", isla_tcp_state_name(e->state));
	telem_addr(out, "local", &e->ends.local);
	telem_u64(out, "local_port", e->ends.local_port);
	telem_addr(out, "remote", &e->ends.remote);
	telem_u64(out, "remote_port", e->ends.remote_port);
	telem_u64(out, "recvq", e->recvq);
	telem_u64(out, "sendq", e->sendq);
	telem_bool(out, "orphan", e->orphan);
}

static void
tcp_timers(struct telem_out *out, const struct isla_tcp_entry *e)
{
	struct telem_out inner;
	unsigned int i;

	telem_open(&inner);
	for (i = 0; i < ISLA_TCP_TIMER_MAX; i++)
		if (e->timer_us[i] != ISLA_TCP_TIMER_OFF)
			telem_u64(&inner, isla_tcp_timer_name((enum isla_tcp_timer)i),
				e->timer_us[i]);
	telem_close(out, "timers_us", &inner);
	telem_bool(out, "persist", e->persist);
}

static void
tcp_read(struct isla_stack *stack, void *arg)
{
	struct read *r = arg;

	r->nb = isla_tcp_list(isla_stack_tcp(stack), &r->cursor, r->tcp, r->max);
}

static bool
tcp_match(const struct read *r, uint16_t i, const struct telem_params *p)
{
	const struct isla_tcp_entry *e = &r->tcp[i];

	return ((p->given & TELEM_KEY(STATE)) == 0 ||
		       strcasecmp(isla_tcp_state_name(e->state), p->state) == 0) &&
		((p->given & TELEM_KEY(LOCAL_PORT)) == 0 || e->ends.local_port == p->local_port) &&
		((p->given & TELEM_KEY(REMOTE_PORT)) == 0 ||
			e->ends.remote_port == p->remote_port) &&
		((p->given & TELEM_KEY(REMOTE)) == 0 ||
			isla_addr_eq(&e->ends.remote, &p->remote));
}

static void
tcp_add(struct telem_out *out, const struct read *r, uint16_t i)
{
	telem_tcp_entry(out, &r->tcp[i]);
}

/* A state that there is not would match nothing, for ever. */
static bool
is_state(const char *name)
{
	unsigned int s;

	for (s = ISLA_TCP_CLOSED; s <= ISLA_TCP_TIME_WAIT; s <<= 1)
		if (strcasecmp(isla_tcp_state_name((enum isla_tcp_state)s), name) == 0)
			return true;
	return false;
}

int
telem_tcp_conns(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const struct table table = {
		.name = "conns", .read = tcp_read, .match = tcp_match, .add = tcp_add, .has_id = true,
	};

	if ((p->given & TELEM_KEY(STATE)) != 0 && !is_state(p->state))
		return telem_fail(out, "state=%s: give a state of RFC 9293, such as TIME-WAIT",
			p->state);
	return page(e, &table, p, out);
}

/* One connection on its way. */
struct get {
	uint32_t id;
	int rc;
	struct isla_tcp_entry entry;
	struct isla_tcp_info info;
};

static void
tcp_get(struct isla_stack *stack, void *arg)
{
	struct get *g = arg;

	g->rc = isla_tcp_list_get(isla_stack_tcp(stack), g->id, &g->entry, &g->info);
}

static void
tcp_flags(struct telem_out *out, const struct isla_tcp_info *i)
{
	telem_bool(out, "in_recovery", i->in_recovery);
	telem_bool(out, "in_loss", i->in_loss);
	telem_bool(out, "in_cwr", i->in_cwr);
	telem_bool(out, "fin_rcvd", i->fin_rcvd);
	telem_bool(out, "timestamps", i->timestamps);
	telem_bool(out, "sack", i->sack);
	telem_bool(out, "wscale", i->wscale);
	telem_bool(out, "ecn", i->ecn);
	telem_bool(out, "fastopen_data", i->fastopen_data);
	telem_bool(out, "quickack", i->quickack);
	telem_bool(out, "reordering", i->reordering);
}

static void
tcp_sizes(struct telem_out *out, const struct isla_tcp_info *i)
{
	telem_u64(out, "snd_mss", i->snd_mss);
	telem_u64(out, "rcv_mss", i->rcv_mss);
	telem_u64(out, "advmss", i->advmss);
	telem_u64(out, "pmtu", i->pmtu);
	telem_u64(out, "snd_wscale", i->snd_wscale);
	telem_u64(out, "rcv_wscale", i->rcv_wscale);
	telem_u64(out, "snd_cwnd_bytes", i->snd_cwnd_bytes);
	telem_u64(out, "snd_ssthresh_bytes", i->snd_ssthresh_bytes);
	telem_u64(out, "snd_wnd_bytes", i->snd_wnd_bytes);
	telem_u64(out, "rcv_wnd_bytes", i->rcv_wnd_bytes);
	telem_u64(out, "rcvbuf_bytes", i->rcvbuf_bytes);
	telem_u64(out, "sndbuf_bytes", i->sndbuf_bytes);
	telem_u64(out, "unacked_bytes", i->unacked_bytes);
	telem_u64(out, "unacked_segs", i->unacked_segs);
	telem_u64(out, "sacked_segs", i->sacked_segs);
	telem_u64(out, "lost_segs", i->lost_segs);
	telem_u64(out, "retrans_segs", i->retrans_segs);
	telem_u64(out, "sndq_bytes", i->sndq_bytes);
	telem_u64(out, "notsent_bytes", i->notsent_bytes);
	telem_u64(out, "rcvq_bytes", i->rcvq_bytes);
	telem_u64(out, "urgent_bytes", i->urgent_bytes);
	telem_u64(out, "ooo_segs", i->ooo_segs);
}

static void
tcp_times(struct telem_out *out, const struct isla_tcp_info *i)
{
	telem_u64(out, "rto_us", i->rto_us);
	telem_u64(out, "rtt_us", i->rtt_us);
	telem_u64(out, "rttvar_us", i->rttvar_us);
	telem_u64(out, "min_rtt_us", i->min_rtt_us);
	telem_u64(out, "rcv_rtt_us", i->rcv_rtt_us);
	telem_u64(out, "backoff", i->backoff);
	telem_u64(out, "probes", i->probes);
	telem_u64(out, "last_data_sent_ms", i->last_data_sent_ms);
	telem_u64(out, "last_recv_ms", i->last_recv_ms);
}

static void
tcp_counts(struct telem_out *out, const struct isla_tcp_info *i)
{
	if (i->pacing_rate != UINT32_MAX)
		telem_u64(out, "pacing_rate", i->pacing_rate);
	telem_u64(out, "delivery_rate", i->delivery_rate);
	telem_u64(out, "bytes_acked", i->bytes_acked);
	telem_u64(out, "bytes_received", i->bytes_received);
	telem_u64(out, "delivered_ce_bytes", i->delivered_ce_bytes);
	telem_u64(out, "segs_out", i->segs_out);
	telem_u64(out, "segs_in", i->segs_in);
	telem_u64(out, "total_retrans", i->total_retrans);
}

static void
tcp_limits(struct telem_out *out, const struct isla_tcp_info *i)
{
	static const char *const names[ISLA_TCP_LIMIT_MAX] = {
		[ISLA_TCP_LIMIT_APP] = "app",
		[ISLA_TCP_LIMIT_SNDBUF] = "sndbuf",
		[ISLA_TCP_LIMIT_RWND] = "rwnd",
		[ISLA_TCP_LIMIT_CWND] = "cwnd",
	};
	struct telem_out inner;
	unsigned int l;

	telem_string(out, "limited_by",
		i->limited_by < ISLA_TCP_LIMIT_MAX ? names[i->limited_by] : "?");
	telem_open(&inner);
	for (l = 0; l < ISLA_TCP_LIMIT_MAX; l++)
		telem_u64(&inner, names[l], i->limited_us[l]);
	telem_close(out, "limited_us", &inner);
}

void
telem_tcp_info(struct telem_out *out, const struct isla_tcp_info *i)
{
	struct telem_out inner;

	telem_string(out, "cc", i->cc != NULL ? i->cc : "");
	tcp_flags(out, i);
	tcp_sizes(out, i);
	tcp_times(out, i);
	tcp_counts(out, i);
	tcp_limits(out, i);
	if (i->cc == NULL || strcmp(i->cc, "bbr") != 0)
		return;
	telem_open(&inner);
	telem_u64(&inner, "bw", i->cc_info.bbr.bw);
	telem_u64(&inner, "min_rtt_us", i->cc_info.bbr.min_rtt_us);
	telem_u64(&inner, "pacing_gain_percent", i->cc_info.bbr.pacing_gain);
	telem_u64(&inner, "cwnd_gain_percent", i->cc_info.bbr.cwnd_gain);
	telem_close(out, "bbr", &inner);
}

int
telem_tcp_conn(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct get g = {.id = p->id};
	int rc;

	if ((p->given & TELEM_KEY(ID)) == 0)
		return telem_fail(out, "give id=SHARD/ID, as /isla/tcp/conns has it");
	rc = isla_engine_call(e, p->id_shard, tcp_get, &g);
	if (rc != 0)
		return telem_fail(out, "shard %u cannot be asked: %s", p->id_shard,
			rte_strerror(-rc));
	if (g.rc != 0)
		return telem_fail(out, "id=%u/%u: there is no such connection", p->id_shard, p->id);
	telem_tcp_entry(out, &g.entry);
	tcp_timers(out, &g.entry);
	if (g.entry.state != ISLA_TCP_LISTEN)
		telem_tcp_info(out, &g.info);
	return 0;
}

/* ---- the others ---- */

void
telem_udp_entry(struct telem_out *out, const struct isla_udp_entry *e)
{
	telem_addr(out, "local", &e->local);
	telem_u64(out, "port", e->port);
	telem_bool(out, "v6only", e->v6only);
	telem_u64(out, "hop_limit", e->hop_limit);
	telem_u64(out, "tos", e->tos);
}

static void
udp_read(struct isla_stack *stack, void *arg)
{
	struct read *r = arg;

	r->nb = isla_udp_list(isla_stack_udp(stack), &r->cursor, r->udp, r->max);
}

static void
udp_add(struct telem_out *out, const struct read *r, uint16_t i)
{
	telem_udp_entry(out, &r->udp[i]);
}

int
telem_udp(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const struct table table = {.name = "ports", .read = udp_read, .add = udp_add};

	return page(e, &table, p, out);
}

void
telem_neigh_entry(struct telem_out *out, const struct isla_neigh_entry *e)
{
	telem_u64(out, "netif", e->netif);
	telem_addr(out, "addr", &e->addr);
	telem_mac(out, "mac", e->mac);
	telem_string(out, "state", isla_neigh_state_name(e->state));
	telem_bool(out, "router", e->is_router);
	telem_bool(out, "used", e->used);
	telem_u64(out, "queued", e->nb_queued);
	if (e->confirmed_us != UINT64_MAX)
		telem_u64(out, "confirmed_us", e->confirmed_us);
	telem_u64(out, "timer_us", e->timer_us);
}

static void
neigh_read(struct isla_stack *stack, void *arg)
{
	struct read *r = arg;

	r->nb = isla_neigh_list(stack, &r->cursor, r->neigh, r->max);
}

static void
neigh_add(struct telem_out *out, const struct read *r, uint16_t i)
{
	telem_neigh_entry(out, &r->neigh[i]);
}

int
telem_neigh(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const struct table table = {.name = "neigh", .read = neigh_read, .add = neigh_add};

	return page(e, &table, p, out);
}

void
telem_addr_entry(struct telem_out *out, const struct isla_addr_entry *e)
{
	telem_u64(out, "netif", e->netif);
	telem_prefix(out, "addr", &e->prefix);
}

static void
addr_read(struct isla_stack *stack, void *arg)
{
	struct read *r = arg;

	r->nb = isla_addr_list(stack, &r->cursor, r->addr, r->max);
}

static void
addr_add(struct telem_out *out, const struct read *r, uint16_t i)
{
	telem_addr_entry(out, &r->addr[i]);
}

int
telem_addrs(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const struct table table = {
		.name = "addrs", .read = addr_read, .add = addr_add, .is_shared = true,
	};

	return page(e, &table, p, out);
}

void
telem_route_entry(struct telem_out *out, const struct isla_route_entry *e)
{
	telem_prefix(out, "prefix", &e->prefix);
	if (!isla_addr_is_unspecified(&e->gateway))
		telem_addr(out, "gateway", &e->gateway);
	telem_u64(out, "netif", e->netif);
	telem_bool(out, "connected", e->connected);
	telem_bool(out, "leased", e->leased);
}

static void
route_read(struct isla_stack *stack, void *arg)
{
	struct read *r = arg;

	r->nb = isla_route_list(stack, &r->cursor, r->route, r->max);
}

static void
route_add(struct telem_out *out, const struct read *r, uint16_t i)
{
	telem_route_entry(out, &r->route[i]);
}

int
telem_routes(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const struct table table = {
		.name = "routes", .read = route_read, .add = route_add, .is_shared = true,
	};

	return page(e, &table, p, out);
}

void
telem_pmtu_entry(struct telem_out *out, const struct isla_pmtu_entry *e)
{
	telem_addr(out, "dst", &e->dst);
	telem_u64(out, "mtu", e->mtu);
	telem_u64(out, "left_us", e->left_us);
}

static void
pmtu_read(struct isla_stack *stack, void *arg)
{
	struct read *r = arg;

	r->nb = isla_pmtu_list(stack, &r->cursor, r->pmtu, r->max);
}

static void
pmtu_add(struct telem_out *out, const struct read *r, uint16_t i)
{
	telem_pmtu_entry(out, &r->pmtu[i]);
}

int
telem_pmtu(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const struct table table = {.name = "paths", .read = pmtu_read, .add = pmtu_add};

	return page(e, &table, p, out);
}
