/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions over UDP (RFC 1035, 4.2.1). Each datagram leaves from a socket of its own, bound to the
 * address that it is sent from and a random port, so that an answer must name all four ends
 * (RFC 5452, 9.1); the socket is closed with the attempt.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_priv.h"
#include "port_slice.h"

#define PORT_TRIES 32
/* Messages that are not the answer: so many in one attempt are somebody's who guesses (RFC 5452,
 * 9.3). */
#define BAD_MAX    32

static void
udp_error(struct isla_udp_sock *sock, void *ctx, int err, const struct isla_udp_ends *ends)
{
	RTE_SET_USED(sock);
	RTE_SET_USED(err);
	RTE_SET_USED(ends);
	dns_lookup_failed(ctx, false);
}

/* Somebody else's, or a forgery. */
static void
udp_bad(struct dns_lookup *l)
{
	core_count(l->dns->core, ISLA_C_DNS_IN_MISMATCHES);
	if (++l->nb_bad == BAD_MAX)
		dns_lookup_use_tcp(l);
}

/* Names in the answer may point into its question: with the case that was asked for, not with the
 * one that was sent. */
static void
unmix_case(const struct dns_lookup *l, uint8_t *msg, size_t len)
{
	if (len >= DNS_HDR_LEN + (size_t)l->sent.len &&
		memcmp(msg + DNS_HDR_LEN, l->sent.b, l->sent.len) == 0)
		memcpy(msg + DNS_HDR_LEN, l->ask.b, l->ask.len);
}

static void
udp_message(struct dns_lookup *l, uint8_t *msg, size_t len)
{
	switch (dns_reply_match(msg, len, l->id, &l->sent, l->type)) {
	case DNS_MATCH:
	case DNS_MATCH_HEADER:
		unmix_case(l, msg, len);
		dns_lookup_reply(l, msg, len);
		break;
	case DNS_MATCH_CASE:
		/* A server that does not keep it, or who guesses: TCP is safe from that. */
		core_count(l->dns->core, ISLA_C_DNS_IN_MISMATCHES);
		dns_lookup_use_tcp(l);
		break;
	default:
		udp_bad(l);
		break;
	}
}

static void
udp_recv(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	struct dns_lookup *l = ctx;
	struct isla_dns *dns = l->dns;
	const struct isla_dns_server *server = &dns->server[l->server].addr;
	uint32_t len = RTE_MIN(m->pkt_len, (uint32_t)DNS_MSG_MAX);

	RTE_SET_USED(sock);
	if (!isla_addr_eq(&ends->remote, &server->addr) || ends->remote_port != server->port) {
		rte_pktmbuf_free(m);
		udp_bad(l);
		return;
	}
	payload_copy(dns->core, dns->msg, m, 0, len);
	rte_pktmbuf_free(m);
	udp_message(l, dns->msg, len);
}

static struct isla_udp_sock *
udp_bind(struct dns_lookup *l, const struct isla_addr *local)
{
	struct isla_udp *udp = isla_stack_udp(l->dns->stack);
	struct isla_udp_sock *sock = NULL;
	unsigned int i;

	for (i = 0; i < PORT_TRIES && sock == NULL; i++) {
		uint16_t port = port_slice_at(l->dns->core, (uint32_t)dns_rand(l->dns));

		sock = isla_udp_bind(udp, local, port, udp_recv, l);
		if (sock == NULL && rte_errno != EADDRINUSE)
			break;
	}
	return sock;
}

int
dns_udp_send(struct dns_lookup *l, const uint8_t *query, size_t len)
{
	struct isla_dns *dns = l->dns;
	const struct isla_dns_server *server = &dns->server[l->server].addr;
	struct isla_udp_ends ends = {.remote = server->addr, .remote_port = server->port};
	struct inet_dst via;
	struct rte_mbuf *m;
	int rc;

	if (!inet_route(dns->inet, &server->addr, server->netif, &via) ||
		!inet_select_src(dns->inet, &server->addr, via.netif, &ends.local))
		return -EHOSTUNREACH;
	m = core_alloc(dns->core);
	if (m == NULL)
		return -ENOBUFS;
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), query, len);
	l->sock = udp_bind(l, &ends.local);
	if (l->sock == NULL) {
		rte_pktmbuf_free(m);
		return -EADDRINUSE;
	}
	isla_udp_set_error(l->sock, udp_error);
	ends.netif = via.netif;
	rc = isla_udp_send(l->sock, m, &ends);
	if (rc != 0)
		dns_udp_close(l);
	return rc;
}

void
dns_udp_close(struct dns_lookup *l)
{
	if (l->sock != NULL)
		isla_udp_close(l->sock);
	l->sock = NULL;
}
