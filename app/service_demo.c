/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP and echo on one port, told apart by what comes: bytes that begin like an HTTP request make
 * the connection the HTTP server's, which answers once and closes; any other chunk is sent back as
 * "Isla Echo: " chunk "> ", in the mbufs that it came in.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "service_base.h"

#define MAX_CONNS 16384

static const char prefix[] = "Isla Echo: ";
static const char suffix[] = "> ";

static bool
is_http(const struct rte_mbuf *m)
{
	char buf[8]; /* "OPTIONS ", the longest */
	uint32_t len = RTE_MIN(m->pkt_len, (uint32_t)sizeof(buf));
	const char *text = rte_pktmbuf_read(m, 0, len, buf);

	return text != NULL && isla_http_is_request(text, len);
}

/* True where we may write around the bytes, in the mbuf that holds them. */
static bool
is_ours(const struct rte_mbuf *m)
{
	return RTE_MBUF_DIRECT(m) && rte_mbuf_refcnt_read(m) == 1;
}

/* A new mbuf of the same pool with a few bytes, or NULL. */
static struct rte_mbuf *
small_mbuf(struct rte_mempool *pool, const char *text, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m != NULL && rte_pktmbuf_tailroom(m) >= len) {
		memcpy(rte_pktmbuf_append(m, len), text, len);
		return m;
	}
	rte_pktmbuf_free(m);
	return NULL;
}

/* Put prefix and suffix around a chunk, where the headers and the frame's end have been. NULL where
 * that takes an mbuf and there is none; the chunk is freed. */
static struct rte_mbuf *
wrap(struct rte_mbuf *m)
{
	const uint16_t before = sizeof(prefix) - 1, after = sizeof(suffix) - 1;
	struct rte_mbuf *last = rte_pktmbuf_lastseg(m), *tail, *front;

	if (is_ours(last) && rte_pktmbuf_tailroom(last) >= after) {
		memcpy(rte_pktmbuf_append(m, after), suffix, after);
	} else {
		tail = small_mbuf(m->pool, suffix, after);
		if (tail == NULL || rte_pktmbuf_chain(m, tail) != 0) {
			rte_pktmbuf_free(tail);
			rte_pktmbuf_free(m);
			return NULL;
		}
	}
	if (is_ours(m) && rte_pktmbuf_headroom(m) >= before) {
		memcpy(rte_pktmbuf_prepend(m, before), prefix, before);
		return m;
	}
	front = small_mbuf(m->pool, prefix, before);
	if (front == NULL || rte_pktmbuf_chain(front, m) != 0) {
		rte_pktmbuf_free(front);
		rte_pktmbuf_free(m);
		return NULL;
	}
	return front;
}

/* The connection becomes the HTTP server's, the record is free. */
static void
hand_over(struct svc_conn *c, struct rte_mbuf *m)
{
	struct isla_tcp_conn *conn = c->conn;

	if (isla_http_server_adopt(c->svc->priv, conn, m) == 0) {
		svc_conn_put(c);
		return;
	}
	rte_pktmbuf_free(m);
	svc_conn_abort(c);
}

static void
demo_run(struct svc_conn *c)
{
	for (;;) {
		if (c->held == NULL) {
			struct rte_mbuf *m = isla_tcp_recv(c->conn);

			if (m == NULL)
				break;
			if (is_http(m)) {
				hand_over(c, m);
				return;
			}
			c->owed = m->pkt_len;
			c->held = wrap(m);
			if (c->held == NULL) {
				svc_conn_abort(c);
				return;
			}
		}
		if (svc_conn_send(c) != SVC_SENT)
			return;
	}
	if (c->eof)
		svc_conn_close(c);
}

static void
demo_ready(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(conn);
	demo_run(ctx);
}

static void
demo_eof(struct isla_tcp_conn *conn, void *ctx)
{
	struct svc_conn *c = ctx;

	RTE_SET_USED(conn);
	c->eof = true;
	demo_run(c);
}

static const struct isla_tcp_ops demo_ops = {
	.accept = svc_accept,
	.readable = demo_ready,
	.writable = demo_ready,
	.eof = demo_eof,
	.error = svc_error,
};

static void *
demo_start(const struct service_env *env, uint16_t port)
{
	const struct svc_conf conf = {.ops = &demo_ops, .max_conns = MAX_CONNS};
	const struct isla_http_conf http = {.site = env->site};
	struct isla_http_server *server = isla_http_server_create(env->stack, &http);
	struct svc *svc;
	int err;

	if (server == NULL)
		return NULL;
	svc = svc_create(env, port, &conf);
	if (svc == NULL) {
		err = rte_errno;
		isla_http_server_free(server);
		rte_errno = err;
		return NULL;
	}
	svc->priv = server;
	return svc;
}

static void
demo_stop(void *instance)
{
	struct svc *svc = instance;
	struct isla_http_server *server = svc->priv;

	svc_free(svc, false);
	isla_http_server_free(server);
}

const struct service service_demo = {
	.name = "demo",
	.help = "HTTP for what looks like it, else \"Isla Echo: <bytes>> \", on one TCP port",
	.start = demo_start,
	.stop = demo_stop,
};
