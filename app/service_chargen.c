/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Character generator (RFC 864). Over TCP the pattern of the RFC for as long as the peer reads it,
 * sent from one piece of memory. Over UDP one datagram for each that comes, and never more bytes
 * than came, so that nobody can use it to multiply traffic (the RFC leaves the length free, 0 to
 * 512).
 */

#include <errno.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "service_base.h"

#define MAX_CONNS   1024
#define LINE_CHARS  72
#define LINE_LEN    (LINE_CHARS + 2)
#define FIRST_CHAR  ' '
#define NB_CHARS    95 /* printable ASCII, the space included */
/* The pattern repeats after as many lines as there are characters; four rounds make long sends. */
#define PATTERN_LEN (NB_CHARS * LINE_LEN * 4)
#define MAX_REPLY   512

/* Lives as long as mbufs refer to it, which may be longer than the service. */
struct pattern {
	struct rte_mbuf_ext_shared_info shinfo;
	bool released;
	uint8_t bytes[PATTERN_LEN];
};

static void
fill_pattern(uint8_t *to, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++) {
		uint32_t line = i / LINE_LEN, col = i % LINE_LEN;

		if (col < LINE_CHARS)
			to[i] = (uint8_t)(FIRST_CHAR + (line + col) % NB_CHARS);
		else
			to[i] = col == LINE_CHARS ? '\r' : '\n';
	}
}

/* While the service lives its own count is there; a count of 16 bits that runs over and back is
 * none of the last reference. */
static void
pattern_unused(void *addr, void *opaque)
{
	struct pattern *p = opaque;

	RTE_SET_USED(addr);
	if (p->released)
		free(p);
}

static struct pattern *
pattern_create(void)
{
	struct pattern *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->shinfo.free_cb = pattern_unused;
	p->shinfo.fcb_opaque = p;
	rte_mbuf_ext_refcnt_set(&p->shinfo, 1);
	fill_pattern(p->bytes, PATTERN_LEN);
	return p;
}

static void
pattern_release(struct pattern *p)
{
	if (p == NULL)
		return;
	p->released = true;
	if (rte_mbuf_ext_refcnt_update(&p->shinfo, -1) == 0)
		free(p);
}

/* As much as there is room for. */
static void
chargen_run(struct svc_conn *c)
{
	struct pattern *p = c->svc->priv;
	int64_t n;

	while ((n = isla_tcp_send_ext(c->conn, p->bytes + c->pos, RTE_BAD_IOVA,
			PATTERN_LEN - c->pos, &p->shinfo)) > 0)
		c->pos = (c->pos + (uint32_t)n) % PATTERN_LEN;
	if (n < 0 && n != -ENOBUFS)
		svc_conn_abort(c);
}

static int
chargen_accept(struct isla_tcp_conn *conn, void *arg)
{
	int rc = svc_accept(conn, arg);

	if (rc == 0)
		chargen_run(isla_tcp_get_ctx(conn));
	return rc;
}

static void
chargen_writable(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(conn);
	chargen_run(ctx);
}

static void
chargen_datagram(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	uint16_t len = RTE_MIN(m->data_len, (uint16_t)MAX_REPLY);

	RTE_SET_USED(ctx);
	if (!svc_may_answer(m, ends)) {
		rte_pktmbuf_free(m);
		return;
	}
	rte_pktmbuf_free(m->next);
	m->next = NULL;
	m->nb_segs = 1;
	m->data_len = len;
	m->pkt_len = len;
	fill_pattern(rte_pktmbuf_mtod(m, uint8_t *), len);
	isla_udp_send(sock, m, ends);
}

static const struct isla_tcp_ops chargen_ops = {
	.accept = chargen_accept,
	.readable = svc_discard,
	.writable = chargen_writable,
	.eof = svc_eof,
	.error = svc_error,
};

static void *
chargen_start(const struct service_env *env, uint16_t port)
{
	const struct svc_conf conf = {
		.ops = &chargen_ops, .recv = chargen_datagram, .max_conns = MAX_CONNS};
	struct pattern *pattern = pattern_create();
	struct svc *svc;

	if (pattern == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	svc = svc_create(env, port, &conf);
	if (svc == NULL) {
		pattern_release(pattern);
		return NULL;
	}
	svc->priv = pattern;
	return svc;
}

/* A stream without an end has nothing to finish: connections are reset. */
static void
chargen_stop(void *instance)
{
	struct svc *svc = instance;
	struct pattern *pattern = svc->priv;

	svc_free(svc, true);
	pattern_release(pattern);
}

const struct service service_chargen = {
	.name = "chargen",
	.help = "sends characters without an end over TCP, as many as it gets over UDP (RFC 864)",
	.start = chargen_start,
	.stop = chargen_stop,
};
