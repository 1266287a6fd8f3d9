/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Echo (RFC 862), over TCP and UDP: what comes is turned around in the mbufs that it came in.
 */

#include <rte_common.h>

#include "service_base.h"

#define MAX_CONNS 16384

/* Turn around what there is. While something is held nothing more is taken from TCP, so the window
 * closes and the peer must read first. */
static void
echo_run(struct svc_conn *c)
{
	for (;;) {
		if (c->held == NULL) {
			c->held = isla_tcp_recv(c->conn);
			if (c->held == NULL)
				break;
			c->owed = c->held->pkt_len;
		}
		if (svc_conn_send(c) != SVC_SENT)
			return;
	}
	if (c->eof)
		svc_conn_close(c);
}

static void
echo_ready(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(conn);
	echo_run(ctx);
}

static void
echo_eof(struct isla_tcp_conn *conn, void *ctx)
{
	struct svc_conn *c = ctx;

	RTE_SET_USED(conn);
	c->eof = true;
	echo_run(c);
}

static void
echo_datagram(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	RTE_SET_USED(ctx);
	if (svc_may_answer(m, ends))
		isla_udp_send(sock, m, ends);
	else
		rte_pktmbuf_free(m);
}

static const struct isla_tcp_ops echo_ops = {
	.accept = svc_accept,
	.readable = echo_ready,
	.writable = echo_ready,
	.eof = echo_eof,
	.error = svc_error,
};

static void *
echo_start(const struct service_env *env, uint16_t port)
{
	const struct svc_conf conf = {
		.ops = &echo_ops, .recv = echo_datagram, .max_conns = MAX_CONNS};

	return svc_create(env, port, &conf);
}

static void
echo_stop(void *instance)
{
	svc_free(instance, false);
}

const struct service service_echo = {
	.name = "echo",
	.help = "sends back what it gets, over TCP and UDP (RFC 862)",
	.start = echo_start,
	.stop = echo_stop,
};
