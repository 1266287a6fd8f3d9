/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP behind a socket: datagrams wait in a bounded queue, errors that ICMP tells of are reported to
 * a socket that is connected, as Linux does.
 */

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <rte_errno.h>
#include <rte_ether.h>

#include "inet.h"
#include "socket_priv.h"

#define RCVBUF_DEFAULT 212992u
/* What a datagram counts for in the queue beside its data, so that empty ones are bounded, too. */
#define DATAGRAM_COST 256u

static struct rte_mbuf *
next_of(struct rte_mbuf *m)
{
	struct rte_mbuf *next;

	memcpy(&next, isla_pkt(m)->dst.b, sizeof(next));
	return next;
}

static void
set_next(struct rte_mbuf *m, struct rte_mbuf *next)
{
	memcpy(isla_pkt(m)->dst.b, &next, sizeof(next));
}

static void
udp_recv(struct isla_udp_sock *us, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	struct sock *s = ctx;
	struct isla_pkt *pkt = isla_pkt(m);
	uint64_t cost = (uint64_t)s->rx_bytes + (uint64_t)s->nb_rx * DATAGRAM_COST;

	(void)us;
	if (s->phase == SOCK_CONNECTED && (ends->remote_port != s->remote_port ||
		!isla_addr_eq(&ends->remote, &s->remote))) {
		core_drop_pkt(s->t->core, m, ISLA_DROP_UDP_NO_PORT);
		return;
	}
	if (cost + m->pkt_len > (s->rcvbuf != 0 ? s->rcvbuf : RCVBUF_DEFAULT) ||
		s->t->core->is_short) {
		core_drop_pkt(s->t->core, m, ISLA_DROP_UDP_RCV_FULL);
		return;
	}
	pkt->src = ends->remote;
	pkt->src_port = rte_cpu_to_be_16(ends->remote_port);
	set_next(m, NULL);
	if (s->rx == NULL)
		s->rx = m;
	else
		set_next(s->rx_tail, m);
	s->rx_tail = m;
	s->rx_bytes += m->pkt_len;
	s->nb_rx++;
	sock_wake(s, EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND);
}

static void
udp_error(struct isla_udp_sock *us, void *ctx, int err, const struct isla_udp_ends *ends)
{
	struct sock *s = ctx;

	(void)us;
	if (err == EADDRNOTAVAIL) {
		s->err = err;
		sock_wake(s, 0);
		return;
	}
	if (s->remote_port != ends->remote_port || !isla_addr_eq(&s->remote, &ends->remote))
		return;
	/* Only a hard error is for a socket that has not asked for more. */
	if (err != ECONNREFUSED && err != ENOPROTOOPT && err != EACCES)
		return;
	s->err = err;
	sock_wake(s, 0);
}

int
sock_udp_open(struct sock *s)
{
	int rc = sock_autobind(s);

	if (rc != 0 || s->udp != NULL)
		return rc;
	rc = sock_uses_port(s);
	if (rc != 0)
		return rc;
	s->udp = s->reuse ?
		isla_udp_bind_shared(s->t->udp, &s->local, s->local_port, udp_recv, s) :
		isla_udp_bind(s->t->udp, &s->local, s->local_port, udp_recv, s);
	if (s->udp == NULL) {
		if (s->autobound)
			s->bound = s->autobound = false;
		return rte_errno == ENOSPC ? -ENOBUFS : -rte_errno;
	}
	if (s->v6only)
		isla_udp_set_v6only(s->udp);
	isla_udp_set_error(s->udp, udp_error);
	return 0;
}

void
sock_udp_close(struct sock *s)
{
	if (s->udp != NULL)
		isla_udp_close(s->udp);
	s->udp = NULL;
}

/* What a connected socket sends from, as getsockname() tells it. 0 or -ENETUNREACH */
static int
choose_src(struct sock *s, const struct isla_addr *remote)
{
	struct inet_dst via;

	s->src = s->local;
	if (s->bound && !isla_addr_is_unspecified(&s->local))
		return isla_addr_is_v4(&s->local) == isla_addr_is_v4(remote) ? 0 : -ENETUNREACH;
	return inet_route(s->t->inet, remote, ISLA_NETIF_ANY, &via) &&
		inet_select_src(s->t->inet, remote, via.netif, &s->src) ? 0 : -ENETUNREACH;
}

int
sock_udp_connect(struct sock *s, const struct isla_addr *remote, uint16_t port)
{
	int rc;

	if (remote == NULL) {
		s->remote_port = 0;
		s->phase = SOCK_UNCONNECTED;
		return 0;
	}
	if (s->v6only && isla_addr_is_v4(remote))
		return -ENETUNREACH;
	rc = choose_src(s, remote);
	if (rc == 0)
		rc = sock_udp_open(s);
	if (rc != 0)
		return rc;
	s->remote = *remote;
	s->remote_port = port; /* 0, too: then nothing passes, as with Linux */
	s->phase = SOCK_CONNECTED;
	s->err = 0;
	return 0;
}

uint32_t
sock_udp_next_len(const struct sock *s)
{
	return s->rx != NULL ? s->rx->pkt_len : 0;
}

/* The first datagram; NULL with *rc set where there is none. */
static struct rte_mbuf *
first(struct sock *s, int flags, int *rc)
{
	bool blocks = !s->nonblock && (flags & MSG_DONTWAIT) == 0;

	*rc = sock_error(s);
	if (*rc != 0)
		return NULL;
	/* Linux looks at what is shut down only on its way to wait. */
	if (s->rx == NULL)
		*rc = blocks && (s->shut & SHUT_RCV) != 0 ? 0 : -EAGAIN;
	return s->rx;
}

static void
take(struct sock *s)
{
	struct rte_mbuf *m = s->rx;

	s->rx = next_of(m);
	if (s->rx == NULL)
		s->rx_tail = NULL;
	s->rx_bytes -= m->pkt_len;
	s->nb_rx--;
}

int64_t
sock_udp_recv(struct sock *s, void *buf, size_t len, int flags, struct isla_socket_addr *from)
{
	struct rte_mbuf *m;
	uint32_t n, whole;
	int rc;

	if ((flags & MSG_OOB) != 0)
		return -EOPNOTSUPP;
	m = first(s, flags, &rc);
	if (m == NULL)
		return rc;
	sock_addr_out(s, &isla_pkt(m)->src, rte_be_to_cpu_16(isla_pkt(m)->src_port), from);
	whole = m->pkt_len;
	n = (uint32_t)RTE_MIN(len, (size_t)whole);
	if (buf != NULL)
		payload_copy(s->t->core, buf, m, 0, n);
	if ((flags & MSG_PEEK) == 0) {
		take(s);
		rte_pktmbuf_free(m);
	}
	return (flags & MSG_TRUNC) != 0 ? whole : n;
}

int64_t
sock_udp_recv_mbuf(struct sock *s, struct rte_mbuf **m, int flags,
	struct isla_socket_addr *from)
{
	int rc;

	*m = first(s, flags, &rc);
	if (*m == NULL)
		return rc;
	sock_addr_out(s, &isla_pkt(*m)->src, rte_be_to_cpu_16(isla_pkt(*m)->src_port), from);
	take(s);
	return (*m)->pkt_len;
}

/* Where a datagram goes: 0, or -errno. */
static int
destination(const struct sock *s, const struct isla_socket_addr *to, struct isla_udp_ends *ends)
{
	int rc;

	ends->netif = ISLA_NETIF_ANY;
	if (to != NULL) {
		rc = sock_addr_in(s, to, &ends->remote);
		if (rc != 0)
			return rc;
		if (to->port == 0)
			return -EINVAL;
		ends->remote_port = to->port;
	} else if (s->phase == SOCK_CONNECTED) {
		ends->remote = s->remote;
		ends->remote_port = s->remote_port;
	} else {
		return -EDESTADDRREQ;
	}
	if (s->v6only && isla_addr_is_v4(&ends->remote))
		return -ENETUNREACH;
	return isla_addr_is_broadcast(&ends->remote) && !s->broadcast ? -EACCES : 0;
}

int64_t
sock_udp_send(struct sock *s, struct rte_mbuf *m, const struct isla_socket_addr *to)
{
	struct isla_udp_ends ends = {.local = isla_addr_any};
	uint32_t len = m->pkt_len;
	int rc = 0;

	if ((s->shut & SHUT_SND) != 0)
		rc = -EPIPE;
	if (rc == 0)
		rc = destination(s, to, &ends);
	if (rc == 0)
		rc = sock_error(s);
	if (rc == 0)
		rc = sock_udp_open(s);
	if (rc != 0) {
		rte_pktmbuf_free(m);
		return rc;
	}
	rc = isla_udp_send(s->udp, m, &ends);
	if (rc == -EHOSTUNREACH)
		rc = -ENETUNREACH;
	return rc != 0 ? rc : (int64_t)len;
}
