/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the small services share. svc_create() opens the ports; svc_accept() gives each connection a
 * record; svc_conn_send() is called when there is something to send and when there is room again.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "service_base.h"

#define BACKLOG 1024

struct svc *
svc_create(const struct service_env *env, uint16_t port, const struct svc_conf *conf)
{
	struct svc *svc = calloc(1, sizeof(*svc));
	int err;

	if (svc == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	svc->stack = env->stack;
	svc->max_conns = conf->max_conns;
	svc->conns = calloc(conf->max_conns, sizeof(*svc->conns));
	if (svc->conns == NULL) {
		rte_errno = ENOMEM;
		goto fail;
	}
	svc->listener = isla_tcp_listen(isla_stack_tcp(env->stack), &isla_addr_any, port, BACKLOG,
		conf->ops, svc, NULL);
	if (svc->listener == NULL)
		goto fail;
	if (conf->recv == NULL)
		return svc;
	svc->sock = isla_udp_bind(isla_stack_udp(env->stack), &isla_addr_any, port, conf->recv,
		svc);
	if (svc->sock == NULL)
		goto fail;
	return svc;
fail:
	err = rte_errno;
	svc_free(svc, false);
	rte_errno = err;
	return NULL;
}

void
svc_free(struct svc *svc, bool abort)
{
	uint32_t i;

	if (svc == NULL)
		return;
	if (svc->listener != NULL)
		isla_tcp_unlisten(svc->listener);
	if (svc->sock != NULL)
		isla_udp_close(svc->sock);
	for (i = 0; i < svc->nb_used; i++) {
		struct svc_conn *c = &svc->conns[i];

		if (c->conn == NULL)
			continue;
		if (abort)
			svc_conn_abort(c);
		else
			svc_conn_close(c);
	}
	free(svc->conns);
	free(svc);
}

int
svc_accept(struct isla_tcp_conn *conn, void *arg)
{
	struct svc *svc = arg;
	struct svc_conn *c = svc->free;

	if (c != NULL)
		svc->free = c->next;
	else if (svc->nb_used < svc->max_conns)
		c = &svc->conns[svc->nb_used++];
	else
		return -ENOSPC;
	memset(c, 0, sizeof(*c));
	c->svc = svc;
	c->conn = conn;
	isla_tcp_set_ctx(conn, c);
	return 0;
}

void
svc_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	RTE_SET_USED(conn);
	RTE_SET_USED(err);
	svc_conn_put(ctx);
}

void
svc_discard(struct isla_tcp_conn *conn, void *ctx)
{
	struct rte_mbuf *m = isla_tcp_recv(conn);
	uint32_t nb_bytes;

	RTE_SET_USED(ctx);
	if (m == NULL)
		return;
	nb_bytes = m->pkt_len;
	rte_pktmbuf_free(m);
	isla_tcp_consumed(conn, nb_bytes);
}

void
svc_eof(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(conn);
	svc_conn_close(ctx);
}

void
svc_conn_put(struct svc_conn *c)
{
	rte_pktmbuf_free(c->held);
	c->held = NULL;
	c->conn = NULL;
	c->next = c->svc->free;
	c->svc->free = c;
}

void
svc_conn_close(struct svc_conn *c)
{
	isla_tcp_close(c->conn);
	svc_conn_put(c);
}

void
svc_conn_abort(struct svc_conn *c)
{
	isla_tcp_abort(c->conn);
	svc_conn_put(c);
}

/* Cut a chain behind the last mbuf that fits into len bytes. Returns the rest, or m where not even
 * the first one fits. */
static struct rte_mbuf *
chain_split(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *last = NULL, *rest = m;
	uint32_t total = m->pkt_len, nb_bytes = 0;
	uint16_t all = m->nb_segs, nb_segs = 0;

	while (rest != NULL && nb_bytes + rest->data_len <= len) {
		nb_bytes += rest->data_len;
		nb_segs++;
		last = rest;
		rest = rest->next;
	}
	if (last == NULL || rest == NULL)
		return rest;
	last->next = NULL;
	m->pkt_len = nb_bytes;
	m->nb_segs = nb_segs;
	rest->pkt_len = total - nb_bytes;
	rest->nb_segs = (uint16_t)(all - nb_segs);
	return rest;
}

enum svc_progress
svc_conn_send(struct svc_conn *c)
{
	while (c->held != NULL) {
		struct rte_mbuf *m = c->held;
		struct rte_mbuf *rest = chain_split(m, isla_tcp_send_room(c->conn));
		int rc;

		if (rest == m)
			return SVC_WAIT;
		rc = isla_tcp_send(c->conn, m);
		if (rc != 0) {
			/* The chain may be in two now. */
			rte_pktmbuf_free(rest);
			svc_conn_abort(c);
			return SVC_GONE;
		}
		c->held = rest;
	}
	isla_tcp_consumed(c->conn, c->owed);
	c->owed = 0;
	return SVC_SENT;
}

bool
svc_may_answer(struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	const uint8_t shared = ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST |
		ISLA_PKT_L3_MULTICAST | ISLA_PKT_L3_BROADCAST;

	if ((isla_pkt(m)->flags & shared) != 0 || isla_addr_is_multicast(&ends->local) ||
		isla_addr_is_broadcast(&ends->local))
		return false;
	switch (ends->remote_port) {
	case 0:
	case 7:
	case 13:
	case 17:
	case 19:
	case 37:
		return false;
	default:
		return true;
	}
}
