/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A name server for tests; see dns_peer.h.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "dns_peer.h"
#include "stack_priv.h"

#define NB_PENDING 64
#define NB_CONNS   16

struct peer_conn {
	struct dns_peer *peer;
	struct isla_tcp_conn *tcp;
	unsigned int number;
	size_t len;
	uint8_t b[4096];
};

/* An answer that waits for its time. */
struct pending {
	struct timer timer;
	struct dns_peer *peer;
	bool is_used;
	struct isla_udp_ends ends;
	struct peer_conn *conn; /* NULL: over UDP */
	struct isla_tcp_conn *tcp;
	struct dns_out *out;
};

struct dns_peer {
	struct isla_stack *stack;
	struct core *core;
	struct isla_udp_sock *sock;
	struct isla_tcp_listener *listener;
	dns_peer_fn *fn;
	void *ctx;
	unsigned int nb_conns, nb_open, nb_pieces;
	struct peer_conn conn[NB_CONNS];
	struct pending pending[NB_PENDING];
};

size_t
dns_wire_name(uint8_t *b, const char *text)
{
	size_t n = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, ".");

		b[n++] = (uint8_t)len;
		memcpy(b + n, text, len);
		n += len;
		text += len + (text[len] == '.');
	}
	b[n++] = 0;
	return n;
}

static size_t
name_len(const uint8_t *b, size_t len)
{
	size_t at = 0;

	while (at < len && b[at] != 0)
		at += 1u + b[at];
	return at + 1;
}

void
dns_out_reply(struct dns_out *o, const uint8_t *query, size_t len, uint16_t flags)
{
	size_t n = 12 + name_len(query + 12, len - 12) + 4;

	memset(o->b, 0, 12);
	memcpy(o->b, query, 2);
	o->b[2] = (uint8_t)(0x80 | (query[2] & 0x01) | flags >> 8);
	o->b[3] = (uint8_t)(0x80 | flags);
	o->b[5] = 1;
	memcpy(o->b + 12, query + 12, n - 12);
	o->len = n;
}

void
dns_out_rr(struct dns_out *o, unsigned int section, const char *name, uint16_t type,
	uint32_t ttl_s, const void *rdata, uint16_t rdlen)
{
	const uint8_t fixed[10] = {(uint8_t)(type >> 8), (uint8_t)type, 0, 1,
		(uint8_t)(ttl_s >> 24), (uint8_t)(ttl_s >> 16), (uint8_t)(ttl_s >> 8),
		(uint8_t)ttl_s, (uint8_t)(rdlen >> 8), (uint8_t)rdlen};
	uint8_t *count = o->b + 4 + 2 * section;
	unsigned int nb = (unsigned int)(count[0] << 8 | count[1]) + 1;

	o->len += dns_wire_name(o->b + o->len, name);
	memcpy(o->b + o->len, fixed, sizeof(fixed));
	o->len += sizeof(fixed);
	memcpy(o->b + o->len, rdata, rdlen);
	o->len += rdlen;
	count[0] = (uint8_t)(nb >> 8);
	count[1] = (uint8_t)nb;
}

void
dns_out_addr(struct dns_out *o, const char *name, uint32_t ttl_s, const char *text)
{
	struct isla_addr a;

	if (isla_addr_parse(text, &a) != 0)
		abort();
	if (isla_addr_is_v4(&a))
		dns_out_rr(o, 1, name, 1, ttl_s, a.b + 12, 4);
	else
		dns_out_rr(o, 1, name, 28, ttl_s, a.b, 16);
}

void
dns_out_name(struct dns_out *o, const char *name, uint16_t type, uint32_t ttl_s,
	const char *target)
{
	uint8_t b[256];

	dns_out_rr(o, 1, name, type, ttl_s, b, (uint16_t)dns_wire_name(b, target));
}

void
dns_out_soa(struct dns_out *o, const char *zone, uint32_t ttl_s, uint32_t minimum_s)
{
	uint8_t b[64] = {0};
	size_t n = dns_wire_name(b, "ns.test");

	n += dns_wire_name(b + n, "root.test") + 16;
	b[n++] = (uint8_t)(minimum_s >> 24);
	b[n++] = (uint8_t)(minimum_s >> 16);
	b[n++] = (uint8_t)(minimum_s >> 8);
	b[n++] = (uint8_t)minimum_s;
	dns_out_rr(o, 2, zone, 6, ttl_s, b, (uint16_t)n);
}

static bool
ask_parse(struct dns_ask *ask, const uint8_t *b, size_t len)
{
	size_t at = 12, n = 0;

	memset(ask, 0, sizeof(*ask));
	ask->b = b;
	ask->len = len;
	if (len < 17)
		return false;
	ask->id = (uint16_t)(b[0] << 8 | b[1]);
	while (at < len && b[at] != 0) {
		if (n > 0)
			ask->name[n++] = '.';
		memcpy(ask->name + n, b + at + 1, b[at]);
		n += b[at];
		at += 1u + b[at];
	}
	for (n = 0; ask->name[n] != '\0'; n++)
		ask->lower[n] = ask->name[n] >= 'A' && ask->name[n] <= 'Z' ? ask->name[n] | 0x20 :
									 ask->name[n];
	ask->type = (uint16_t)(b[at + 1] << 8 | b[at + 2]);
	at += 5;
	ask->has_opt = b[11] == 1 && len == at + 11 && b[at] == 0 && b[at + 1] == 0 &&
		b[at + 2] == 41;
	if (ask->has_opt)
		ask->udp_size = (uint16_t)(b[at + 3] << 8 | b[at + 4]);
	return true;
}

static void
send_udp(struct dns_peer *peer, const struct dns_out *out, struct isla_udp_ends ends)
{
	struct rte_mbuf *m = core_alloc(peer->core);

	if (!isla_addr_is_unspecified(&out->from_addr))
		ends.local = out->from_addr;
	memcpy(rte_pktmbuf_append(m, (uint16_t)out->len), out->b, out->len);
	isla_udp_send(out->from != NULL ? out->from : peer->sock, m, &ends);
}

static void
send_bytes(struct isla_tcp_conn *tcp, struct core *core, const uint8_t *b, size_t len,
	uint16_t seg_len)
{
	while (len > 0) {
		size_t n = RTE_MIN(len, seg_len != 0 ? seg_len : 1400u);
		struct rte_mbuf *m = core_alloc(core);

		memcpy(rte_pktmbuf_append(m, (uint16_t)n), b, n);
		if (isla_tcp_send(tcp, m) != 0)
			rte_pktmbuf_free(m);
		b += n;
		len -= n;
	}
}

static void
conn_drop(struct peer_conn *c)
{
	c->tcp = NULL;
	c->peer->nb_open--;
}

static void
send_tcp(struct peer_conn *c, const struct dns_out *out)
{
	uint8_t len[2] = {(uint8_t)(out->len >> 8), (uint8_t)out->len};
	struct isla_tcp_conn *tcp = c->tcp;

	if (out->reset) {
		conn_drop(c);
		isla_tcp_abort(tcp);
		return;
	}
	if (out->len > 0) {
		send_bytes(tcp, c->peer->core, len, 2, out->seg_len);
		send_bytes(tcp, c->peer->core, out->b, out->len, out->seg_len);
	}
	if (out->close) {
		conn_drop(c);
		isla_tcp_close(tcp);
	}
}

static void
pending_done(struct pending *p)
{
	p->is_used = false;
	free(p->out);
}

static void
pending_timer(void *ctx, struct timer *t)
{
	struct pending *p = container_of(t, struct pending, timer);

	RTE_SET_USED(ctx);
	if (p->conn == NULL)
		send_udp(p->peer, p->out, p->ends);
	else if (p->conn->tcp == p->tcp)
		send_tcp(p->conn, p->out);
	pending_done(p);
}

/* What the test says to a question, now or later. */
static void
answer(struct dns_peer *peer, struct dns_ask *ask, const struct isla_udp_ends *ends,
	struct peer_conn *conn)
{
	struct dns_out *out = calloc(1, sizeof(*out));
	unsigned int i;

	if (out == NULL)
		abort();
	dns_out_reply(out, ask->b, ask->len, 0);
	if (!peer->fn(peer->ctx, ask, out)) {
		free(out);
		return;
	}
	if (out->delay_us == 0) {
		if (conn != NULL)
			send_tcp(conn, out);
		else
			send_udp(peer, out, *ends);
		free(out);
		return;
	}
	for (i = 0; i < NB_PENDING && peer->pending[i].is_used; i++)
		;
	if (i == NB_PENDING)
		abort();
	peer->pending[i].is_used = true;
	peer->pending[i].peer = peer;
	peer->pending[i].conn = conn;
	peer->pending[i].tcp = conn != NULL ? conn->tcp : NULL;
	peer->pending[i].out = out;
	if (ends != NULL)
		peer->pending[i].ends = *ends;
	timer_set(&peer->core->wheel, &peer->pending[i].timer, peer->core->now_us + out->delay_us);
}

static void
udp_recv(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	uint8_t b[2048];
	struct dns_ask ask;
	uint32_t len = m->pkt_len;

	RTE_SET_USED(sock);
	memcpy(b, rte_pktmbuf_read(m, 0, len, b), len);
	rte_pktmbuf_free(m);
	if (!ask_parse(&ask, b, len))
		return;
	ask.from_port = ends->remote_port;
	answer(ctx, &ask, ends, NULL);
}

static int
tcp_accept(struct isla_tcp_conn *tcp, void *arg)
{
	struct dns_peer *peer = arg;
	unsigned int i;

	for (i = 0; i < NB_CONNS; i++) {
		struct peer_conn *c = &peer->conn[i];

		if (c->tcp != NULL)
			continue;
		c->peer = peer;
		c->tcp = tcp;
		c->len = 0;
		c->number = ++peer->nb_conns;
		peer->nb_open++;
		isla_tcp_set_ctx(tcp, c);
		return 0;
	}
	return -1;
}

static void
tcp_readable(struct isla_tcp_conn *tcp, void *ctx)
{
	struct peer_conn *c = ctx;
	struct rte_mbuf *chain = isla_tcp_recv(tcp);
	struct isla_tcp_ends ends;
	size_t at = 0;

	if (chain == NULL)
		return;
	isla_tcp_get_ends(tcp, &ends);
	if (c->len + chain->pkt_len > sizeof(c->b))
		abort();
	memcpy(c->b + c->len, rte_pktmbuf_read(chain, 0, chain->pkt_len, c->b + c->len),
		chain->pkt_len);
	c->len += chain->pkt_len;
	isla_tcp_consumed(tcp, chain->pkt_len);
	rte_pktmbuf_free(chain);
	while (c->tcp == tcp && c->len - at >= 2) {
		size_t n = (size_t)(c->b[at] << 8 | c->b[at + 1]);
		struct dns_ask ask;

		if (c->len - at < 2 + n)
			break;
		if (ask_parse(&ask, c->b + at + 2, n)) {
			ask.over_tcp = true;
			ask.conn = c->number;
			ask.from_port = ends.remote_port;
			answer(c->peer, &ask, NULL, c);
		}
		at += 2 + n;
	}
	c->peer->nb_pieces += c->len != at;
	memmove(c->b, c->b + at, c->len - at);
	c->len -= at;
}

static void
tcp_eof(struct isla_tcp_conn *tcp, void *ctx)
{
	conn_drop(ctx);
	isla_tcp_close(tcp);
}

static void
tcp_error(struct isla_tcp_conn *tcp, void *ctx, int err)
{
	RTE_SET_USED(tcp);
	RTE_SET_USED(err);
	conn_drop(ctx);
}

static const struct isla_tcp_ops ops = {
	.accept = tcp_accept,
	.readable = tcp_readable,
	.eof = tcp_eof,
	.error = tcp_error,
};

struct dns_peer *
dns_peer_create(struct isla_stack *stack, uint16_t port, dns_peer_fn *fn, void *ctx)
{
	struct dns_peer *peer = calloc(1, sizeof(*peer));
	unsigned int i;

	if (peer == NULL)
		abort();
	peer->stack = stack;
	peer->core = stack_core(stack);
	peer->fn = fn;
	peer->ctx = ctx;
	peer->sock = isla_udp_bind(isla_stack_udp(stack), &isla_addr_any, port, udp_recv, peer);
	peer->listener = isla_tcp_listen(
		isla_stack_tcp(stack), &isla_addr_any, port, 16, &ops, peer, NULL);
	timer_wheel_set_class(&peer->core->wheel, TIMER_TEST, pending_timer, NULL);
	for (i = 0; i < NB_PENDING; i++)
		timer_init(&peer->pending[i].timer, TIMER_TEST);
	if (peer->sock == NULL || peer->listener == NULL)
		abort();
	return peer;
}

void
dns_peer_push(struct dns_peer *peer, const void *bytes, size_t len)
{
	unsigned int i;

	for (i = 0; i < NB_CONNS; i++)
		if (peer->conn[i].tcp != NULL)
			send_bytes(peer->conn[i].tcp, peer->core, bytes, len, 0);
}

void
dns_peer_free(struct dns_peer *peer)
{
	unsigned int i;

	if (peer == NULL)
		return;
	for (i = 0; i < NB_PENDING; i++) {
		if (!peer->pending[i].is_used)
			continue;
		timer_stop(&peer->core->wheel, &peer->pending[i].timer);
		pending_done(&peer->pending[i]);
	}
	for (i = 0; i < NB_CONNS; i++)
		if (peer->conn[i].tcp != NULL)
			isla_tcp_abort(peer->conn[i].tcp);
	isla_udp_close(peer->sock);
	isla_tcp_unlisten(peer->listener);
	free(peer);
}

struct isla_udp_sock *
dns_peer_sock(struct dns_peer *peer)
{
	return peer->sock;
}

unsigned int
dns_peer_nb_conns(const struct dns_peer *peer)
{
	return peer->nb_conns;
}

unsigned int
dns_peer_nb_pieces(const struct dns_peer *peer)
{
	return peer->nb_pieces;
}

unsigned int
dns_peer_nb_open(const struct dns_peer *peer)
{
	return peer->nb_open;
}
