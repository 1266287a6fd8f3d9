/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Discard (RFC 863), over TCP and UDP: what comes is thrown away.
 */

#include <rte_common.h>

#include "service_base.h"

#define MAX_CONNS 16384

static void
discard_datagram(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	RTE_SET_USED(sock);
	RTE_SET_USED(ctx);
	RTE_SET_USED(ends);
	rte_pktmbuf_free(m);
}

static const struct isla_tcp_ops discard_ops = {
	.accept = svc_accept,
	.readable = svc_discard,
	.eof = svc_eof,
	.error = svc_error,
};

static void *
discard_start(const struct service_env *env, uint16_t port)
{
	const struct svc_conf conf = {
		.ops = &discard_ops, .recv = discard_datagram, .max_conns = MAX_CONNS};

	return svc_create(env, port, &conf);
}

static void
discard_stop(void *instance)
{
	svc_free(instance, false);
}

const struct service service_discard = {
	.name = "discard",
	.help = "throws away what it gets, over TCP and UDP (RFC 863)",
	.start = discard_start,
	.stop = discard_stop,
};
