/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions over TCP (RFC 7766; RFC 1035, 4.2.2): one connection a server, kept for a while, over
 * which questions are sent as they come and answers are taken in any order.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_priv.h"

/* RFC 7766, 6.2.3: the client closes first, after some seconds. */
#define IDLE_US 5000000

static struct dns_server *
conn_server(struct dns_conn *c)
{
	return container_of(c, struct dns_server, conn);
}

/* The first lookup that waits on the connection; with an id or, -1, any. */
static struct dns_lookup *
conn_lookup(const struct dns_conn *c, int id)
{
	struct dns_lookup *l;

	TAILQ_FOREACH(l, &c->dns->lookups, link)
		if (l->conn == c && (id < 0 || l->id == id))
			return l;
	return NULL;
}

/* The handle is gone: those that waited try again, perhaps over a new connection of this server. */
static void
conn_gone(struct dns_conn *c, bool hard)
{
	struct dns_lookup *l;

	c->tcp = NULL;
	c->len = 0;
	timer_stop(&c->dns->core->wheel, &c->timer);
	TAILQ_FOREACH(l, &c->dns->lookups, link) {
		l->is_lost = l->conn == c;
		if (l->is_lost)
			l->conn = NULL;
	}
	/* Each may end, and others with it. */
	do {
		TAILQ_FOREACH(l, &c->dns->lookups, link)
			if (l->is_lost)
				break;
		if (l == NULL)
			break;
		l->is_lost = false;
		if (hard)
			dns_lookup_failed(l, true);
		else
			dns_lookup_conn_lost(l);
	} while (true);
}

/* Nobody waits any more; what still comes does not make it live longer. */
static void
conn_idle(struct dns_conn *c)
{
	if (c->tcp != NULL && conn_lookup(c, -1) == NULL && !timer_is_armed(&c->timer))
		timer_set(&c->dns->core->wheel, &c->timer, c->dns->core->now_us + IDLE_US);
}

void
dns_conn_timer(void *ctx, struct timer *t)
{
	struct dns_conn *c = container_of(t, struct dns_conn, timer);

	RTE_SET_USED(ctx);
	isla_tcp_close(c->tcp);
	conn_gone(c, false);
}

void
dns_tcp_abort(struct dns_conn *c)
{
	struct isla_tcp_conn *tcp = c->tcp;

	if (tcp == NULL)
		return;
	c->tcp = NULL;
	c->len = 0;
	timer_stop(&c->dns->core->wheel, &c->timer);
	isla_tcp_abort(tcp);
}

/* A message is complete. An answer that nobody waits for (any more) is nobody's. */
static void
conn_message(struct dns_conn *c)
{
	const uint8_t *msg = c->buf + 2;
	size_t len = dns_get16(c->buf);
	struct dns_lookup *l = len >= DNS_HDR_LEN ? conn_lookup(c, dns_get16(msg)) : NULL;
	enum dns_match match = DNS_MISMATCH;

	c->len = 0;
	if (l != NULL)
		match = dns_reply_match(msg, len, l->id, &l->sent, l->type);
	if (match == DNS_MISMATCH) {
		core_count(c->dns->core, ISLA_C_DNS_IN_MISMATCHES);
		return;
	}
	c->has_answered = true;
	dns_lookup_reply(l, msg, len);
}

/* Take bytes; returns how many, up to the end of one message at most. */
static uint32_t
conn_take(struct dns_conn *c, const uint8_t *bytes, uint32_t nb)
{
	uint32_t want = c->len < 2 ? 2 : 2u + dns_get16(c->buf), n;

	n = RTE_MIN(want - c->len, nb);
	memcpy(c->buf + c->len, bytes, n);
	c->len += n;
	if (c->len >= 2 && c->len == 2u + dns_get16(c->buf))
		conn_message(c);
	return n;
}

static void
conn_readable(struct isla_tcp_conn *tcp, void *ctx)
{
	struct dns_conn *c = ctx;
	struct rte_mbuf *chain = isla_tcp_recv(tcp), *m;

	if (chain == NULL)
		return;
	core_count_n(c->dns->core, ISLA_C_PAYLOAD_BYTES_COPIED, chain->pkt_len);
	isla_tcp_consumed(tcp, chain->pkt_len);
	for (m = chain; m != NULL; m = m->next) {
		const uint8_t *bytes = rte_pktmbuf_mtod(m, const uint8_t *);
		uint32_t at = 0;

		/* What a message leads to may end the connection. */
		while (at < m->data_len && c->tcp == tcp)
			at += conn_take(c, bytes + at, m->data_len - at);
	}
	rte_pktmbuf_free(chain);
	conn_idle(c);
}

static void
conn_eof(struct isla_tcp_conn *tcp, void *ctx)
{
	struct dns_conn *c = ctx;

	isla_tcp_close(tcp);
	/* One that never answered does not want to. */
	conn_gone(c, !c->has_answered);
}

static void
conn_error(struct isla_tcp_conn *tcp, void *ctx, int err)
{
	struct dns_conn *c = ctx;

	RTE_SET_USED(tcp);
	/* Where the stack shuts down there is no other connection to be made. */
	conn_gone(c, !c->has_answered || err == ECONNABORTED);
}

static const struct isla_tcp_ops conn_ops = {
	.readable = conn_readable,
	.eof = conn_eof,
	.error = conn_error,
};

static int
conn_open(struct dns_conn *c)
{
	const struct isla_dns_server *server = &conn_server(c)->addr;
	const struct isla_tcp_opts opts = {.nodelay = true, .syn_retries = 3};
	struct isla_tcp_ends ends = {.remote = server->addr, .remote_port = server->port};
	struct inet_dst via;

	/* A link-local address needs its interface; where it is one's only, that is known. */
	if (server->netif != ISLA_NETIF_ANY &&
		(!inet_route(c->dns->inet, &server->addr, server->netif, &via) ||
			!inet_select_src(c->dns->inet, &server->addr, via.netif, &ends.local)))
		return -EHOSTUNREACH;
	c->len = 0;
	c->has_answered = false;
	c->tcp = isla_tcp_connect(isla_stack_tcp(c->dns->stack), &ends, &conn_ops, c, &opts);
	return c->tcp != NULL ? 0 : -rte_errno;
}

int
dns_tcp_send(struct dns_lookup *l, const uint8_t *query, size_t len)
{
	struct dns_conn *c = &l->dns->server[l->server].conn;
	struct rte_mbuf *m;
	int rc;

	rc = c->tcp != NULL ? 0 : conn_open(c);
	if (rc != 0)
		return rc;
	m = core_alloc(l->dns->core);
	if (m == NULL)
		return -ENOBUFS;
	/* Both in one segment (RFC 7766, 8). */
	dns_put16((uint8_t *)rte_pktmbuf_append(m, 2), (uint16_t)len);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), query, len);
	rc = isla_tcp_send(c->tcp, m);
	if (rc != 0) {
		rte_pktmbuf_free(m);
		return rc;
	}
	timer_stop(&l->dns->core->wheel, &c->timer);
	l->conn = c;
	return 0;
}

void
dns_tcp_leave(struct dns_lookup *l)
{
	struct dns_conn *c = l->conn;

	l->conn = NULL;
	if (c == NULL || c->tcp == NULL || conn_lookup(c, -1) != NULL)
		return;
	/* Nobody waits: it is kept for the next one, unless it has never worked. */
	if (c->has_answered)
		conn_idle(c);
	else
		dns_tcp_abort(c);
}

void
dns_tcp_silent(struct dns_lookup *l)
{
	struct dns_conn *c = l->conn;

	dns_tcp_leave(l);
	if (c != NULL && conn_lookup(c, -1) == NULL)
		dns_tcp_abort(c);
}
