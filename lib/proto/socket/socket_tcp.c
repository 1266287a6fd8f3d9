/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP's life as a program sees it through a socket: connect, listen, accept, shutdown, close, and
 * what is heard from the connection meanwhile.
 */

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "socket_priv.h"

#define WAKE_IN  (EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND)
#define WAKE_OUT (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)

static int tell_accept(struct isla_tcp_conn *conn, void *arg);
static void tell_connected(struct isla_tcp_conn *conn, void *ctx);
static void tell_readable(struct isla_tcp_conn *conn, void *ctx);
static void tell_fin(struct isla_tcp_conn *conn, void *ctx);
static void tell_writable(struct isla_tcp_conn *conn, void *ctx);
static void tell_urgent(struct isla_tcp_conn *conn, void *ctx, uint32_t nb_bytes);
static void tell_trouble(struct isla_tcp_conn *conn, void *ctx, int err);
static void tell_error(struct isla_tcp_conn *conn, void *ctx, int err);

static const struct isla_tcp_ops sock_ops = {
	.accept = tell_accept,
	.connected = tell_connected,
	.readable = tell_readable,
	.fin = tell_fin,
	.writable = tell_writable,
	.urgent = tell_urgent,
	.trouble = tell_trouble,
	.error = tell_error,
};

int
sock_tcp_state(const struct sock *s)
{
	if (s->listener != NULL)
		return LX_LISTEN;
	if (s->conn == NULL)
		return s->deferred ? LX_SYN_SENT : LX_CLOSE;
	switch (isla_tcp_get_state(s->conn)) {
	case ISLA_TCP_SYN_SENT:
		return LX_SYN_SENT;
	case ISLA_TCP_SYN_RECEIVED:
		return LX_SYN_RECV;
	case ISLA_TCP_ESTABLISHED:
		return LX_ESTABLISHED;
	case ISLA_TCP_FIN_WAIT_1:
		return LX_FIN_WAIT1;
	case ISLA_TCP_FIN_WAIT_2:
		return LX_FIN_WAIT2;
	case ISLA_TCP_CLOSE_WAIT:
		return LX_CLOSE_WAIT;
	case ISLA_TCP_CLOSING:
		return LX_CLOSING;
	case ISLA_TCP_LAST_ACK:
		return LX_LAST_ACK;
	default:
		/* Of TIME-WAIT Linux tells a program nothing: its socket is closed by then. */
		return LX_CLOSE;
	}
}

static int
tell_accept(struct isla_tcp_conn *conn, void *arg)
{
	struct sock *l = arg, *s = sock_alloc(l->t, SOCK_TCP);
	struct isla_tcp_ends ends;
	uint32_t i;

	if (s == NULL)
		return -ENFILE;
	i = sock_index(s);
	isla_tcp_get_ends(conn, &ends);
	s->conn = conn;
	s->phase = SOCK_CONNECTED;
	s->is_v6 = l->is_v6;
	s->v6only = l->v6only;
	s->reuse = l->reuse;
	s->linger_on = l->linger_on;
	s->linger_s = l->linger_s;
	s->rcvbuf = l->rcvbuf;
	s->sndbuf = l->sndbuf;
	s->notsent_lowat = l->notsent_lowat;
	s->rcvlowat = l->rcvlowat;
	s->rcvtimeo_us = l->rcvtimeo_us;
	s->sndtimeo_us = l->sndtimeo_us;
	s->opts = l->opts;
	memcpy(s->cc, l->cc, sizeof(s->cc));
	if (s->opts.cc != NULL)
		s->opts.cc = s->cc;
	s->local = ends.local;
	s->local_port = ends.local_port;
	s->remote = ends.remote;
	s->remote_port = ends.remote_port;
	s->bound = true;
	isla_tcp_set_ctx(conn, s);
	if (l->opts_changed)
		sock_tcp_apply(s);
	if (l->accept_tail != SOCK_NONE)
		l->t->sock[l->accept_tail].next = i;
	else
		l->accept_head = i;
	l->accept_tail = i;
	l->nb_accept++;
	sock_wake(l, WAKE_IN);
	return 0;
}

static void
tell_connected(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(conn);
	sock_wake(ctx, 0);
}

static void
tell_readable(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(conn);
	sock_wake(ctx, WAKE_IN);
}

static void
tell_fin(struct isla_tcp_conn *conn, void *ctx)
{
	struct sock *s = ctx;

	RTE_SET_USED(conn);
	s->shut |= SHUT_RCV;
	s->done = true;
	sock_wake(s, 0);
}

static void
tell_writable(struct isla_tcp_conn *conn, void *ctx)
{
	struct sock *s = ctx;

	RTE_SET_USED(conn);
	if (!s->nospace || (sock_poll(s) & EPOLLOUT) == 0)
		return;
	s->nospace = false;
	sock_wake(s, WAKE_OUT);
}

static void
tell_urgent(struct isla_tcp_conn *conn, void *ctx, uint32_t nb_bytes)
{
	struct sock *s = ctx;

	RTE_SET_USED(conn);
	s->urgent = true;
	s->urgent_left = s->rx_bytes + nb_bytes;
	sock_wake(s, EPOLLPRI);
}

static void
tell_trouble(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct sock *s = ctx;

	if (isla_tcp_get_state(conn) == ISLA_TCP_CLOSED) {
		/* A reset behind the peer's FIN. */
		s->err = err;
		sock_wake(s, 0);
	} else if (err != ETIMEDOUT) {
		s->soft_err = err;
	}
}

static void
tell_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct sock *s = ctx;
	struct rte_mbuf *m = isla_tcp_recv(conn);
	struct isla_tcp_info info;

	isla_tcp_get_info(conn, &info);
	s->done = info.fin_rcvd;
	if (m != NULL) {
		s->rx_bytes += m->pkt_len;
		if (s->rx == NULL)
			s->rx = m;
		else if (rte_pktmbuf_chain(s->rx, m) != 0)
			rte_pktmbuf_free(m);
		if (s->rx != m)
			s->rx_bytes = s->rx->pkt_len;
	}
	/* Linux's name for a reset where the peer has closed already, and we have not. */
	s->err = err == ECONNRESET && s->done && (s->shut & SHUT_SND) == 0 ? EPIPE : err;
	s->shut = SHUT_RCV | SHUT_SND;
	s->conn = NULL;
	sock_wake(s, 0);
}

int
sock_tcp_apply(struct sock *s)
{
	if (s->listener != NULL) {
		/* Those in the handshake get it when they are accepted. */
		s->opts_changed = true;
		return isla_tcp_listener_set_opts(s->listener, &s->opts);
	}
	return s->conn != NULL ? isla_tcp_set_opts(s->conn, &s->opts) : 0;
}

/* Queued bytes that the windows hold back; what they let go leaves at the end of the burst. */
static uint32_t
held_back(const struct sock *s)
{
	struct isla_tcp_info info;
	uint32_t wnd;

	isla_tcp_get_info(s->conn, &info);
	wnd = RTE_MIN(info.snd_cwnd_bytes, info.snd_wnd_bytes);
	wnd -= RTE_MIN(wnd, info.unacked_bytes);
	return info.notsent_bytes - RTE_MIN(info.notsent_bytes, wnd);
}

bool
sock_tcp_has_backlog(const struct sock *s)
{
	return s->notsent_lowat != 0 && s->conn != NULL &&
		2 * (uint64_t)held_back(s) >= s->notsent_lowat;
}

uint64_t
sock_tcp_send_max(const struct sock *s)
{
	struct isla_tcp_info info;
	uint32_t wnd, held;

	if (s->notsent_lowat == 0)
		return UINT64_MAX;
	held = held_back(s);
	if (held >= s->notsent_lowat)
		return 0;
	isla_tcp_get_info(s->conn, &info);
	wnd = RTE_MIN(info.snd_cwnd_bytes, info.snd_wnd_bytes);
	wnd -= RTE_MIN(wnd, info.unacked_bytes + info.notsent_bytes);
	return (uint64_t)wnd + s->notsent_lowat - held;
}

/* Connections that may wait in the accept queue; Linux's test lets one more in. */
static void
set_room(struct sock *s)
{
	uint32_t max = s->backlog + 1;

	isla_tcp_listener_set_room(s->listener, s->nb_accept < max ? max - s->nb_accept : 0);
}

int
sock_tcp_listen(struct sock *s, int backlog)
{
	uint32_t nb = backlog < 0 ? UINT16_MAX : RTE_MIN((uint32_t)backlog, UINT16_MAX - 1u);
	uint16_t pending = (uint16_t)RTE_MAX(nb, 1u);
	int state = sock_tcp_state(s), rc;

	if (s->phase != SOCK_UNCONNECTED || (state != LX_CLOSE && state != LX_LISTEN))
		return -EINVAL;
	rc = sock_autobind(s);
	if (rc == 0 && s->listener == NULL)
		rc = sock_uses_port(s);
	if (rc != 0)
		return rc;
	s->backlog = nb;
	if (s->listener == NULL) {
		s->opts.v6only = s->v6only;
		s->listener = isla_tcp_listen(s->t->tcp, &s->local, s->local_port, pending,
			&sock_ops, s, &s->opts);
		if (s->listener == NULL)
			return -rte_errno;
		if (s->fastopen_max > 0)
			isla_tcp_listener_set_fastopen(s->listener, s->fastopen_max);
		isla_tcp_listener_set_defer(s->listener, s->defer_s * 1000000u);
		s->opts_changed = false;
		s->shut = 0;
	}
	isla_tcp_listener_set_backlog(s->listener, pending);
	set_room(s);
	return 0;
}

int
isla_socket_listen(struct isla_socket_table *t, int fd, int backlog)
{
	struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	return s->kind == SOCK_TCP ? sock_tcp_listen(s, backlog) : -EOPNOTSUPP;
}

int
isla_socket_accept(struct isla_socket_table *t, int fd, struct isla_socket_addr *addr, int flags)
{
	struct sock *l = sock_get(t, fd), *s;
	int rc;

	if (l == NULL)
		return -EBADF;
	if (l->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0)
		return -EINVAL;
	if (l->kind != SOCK_TCP)
		return -EOPNOTSUPP;
	if (l->listener == NULL)
		return -EINVAL;
	if (l->accept_head == SOCK_NONE)
		return -EAGAIN;
	s = &t->sock[l->accept_head];
	rc = sock_fd(s);
	if (rc < 0)
		return rc;
	l->accept_head = s->next;
	if (l->accept_head == SOCK_NONE)
		l->accept_tail = SOCK_NONE;
	l->nb_accept--;
	set_room(l);
	s->next = SOCK_NONE;
	s->nonblock = (flags & SOCK_NONBLOCK) != 0;
	s->cloexec = (flags & SOCK_CLOEXEC) != 0;
	sock_addr_out(s, &s->remote, s->remote_port, addr);
	return rc;
}

/* What Linux calls it when an attempt to connect fails at once. */
static int
connect_errno(int err)
{
	switch (err) {
	case EHOSTUNREACH: /* no route */
	case EINVAL:       /* a group, a broadcast address */
		return -ENETUNREACH;
	case EADDRINUSE:
		return -EADDRNOTAVAIL;
	case ENOSPC:
		return -ENOBUFS;
	default:
		return -err;
	}
}

static int
connect_begin(struct sock *s, const struct isla_addr *remote, uint16_t port)
{
	struct isla_tcp_ends ends = {.remote = *remote, .remote_port = port};
	int rc;

	if (s->v6only && isla_addr_is_v4(remote))
		return -ENETUNREACH;
	if (port == 0)
		return -ECONNREFUSED;
	if (s->bound) {
		ends.local_port = s->local_port;
		if (!isla_addr_is_unspecified(&s->local))
			ends.local = s->local;
	}
	if (!isla_addr_is_unspecified(&ends.local) &&
		isla_addr_is_v4(&ends.local) != isla_addr_is_v4(remote))
		return -ENETUNREACH;
	if (sock_fastopen_defer(s, remote, port))
		return 0;
	rc = sock_uses_port(s);
	if (rc != 0)
		return connect_errno(-rc);
	s->conn = isla_tcp_connect(s->t->tcp, &ends, &sock_ops, s, &s->opts);
	if (s->conn == NULL)
		return connect_errno(rte_errno);
	isla_tcp_get_ends(s->conn, &ends);
	s->autobound = s->autobound || !s->bound;
	s->bound = true;
	s->local = ends.local;
	s->local_port = ends.local_port;
	s->remote = ends.remote;
	s->remote_port = ends.remote_port;
	s->shut = 0;
	s->done = false;
	s->err = s->soft_err = 0;
	s->phase = SOCK_CONNECTING;
	return -EINPROGRESS;
}

int
sock_tcp_connect(struct sock *s, const struct isla_addr *remote, uint16_t port)
{
	int state = sock_tcp_state(s), rc;

	if (s->phase == SOCK_CONNECTED)
		return -EISCONN;
	if (s->phase == SOCK_DISCONNECTING)
		return -EINVAL;
	if (s->phase == SOCK_UNCONNECTED)
		return state == LX_CLOSE ? connect_begin(s, remote, port) : -EISCONN;
	if (state == LX_SYN_SENT || state == LX_SYN_RECV)
		return s->deferred ? -EISCONN : -EALREADY;
	if (state != LX_CLOSE) {
		s->phase = SOCK_CONNECTED;
		return 0;
	}
	/* It has failed: that is told once, and the next attempt begins afresh. */
	rc = sock_error(s);
	sock_tcp_disconnect(s);
	return rc != 0 ? rc : -ECONNABORTED;
}

int
isla_socket_connect(struct isla_socket_table *t, int fd, const struct isla_socket_addr *addr)
{
	struct sock *s = sock_get(t, fd);
	struct isla_addr remote;
	int rc;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if (addr == NULL && s->kind == SOCK_TCP) {
		sock_tcp_disconnect(s);
		return 0;
	}
	if (addr == NULL)
		return sock_udp_connect(s, NULL, 0);
	/* Linux looks at the address only where it uses it. */
	if (s->kind == SOCK_TCP && s->phase != SOCK_UNCONNECTED)
		return sock_tcp_connect(s, NULL, 0);
	rc = sock_addr_in(s, addr, &remote);
	if (rc != 0)
		return s->kind == SOCK_TCP && s->listener != NULL ? -EISCONN : rc;
	if (s->kind == SOCK_UDP)
		return sock_udp_connect(s, &remote, addr->port);
	return sock_tcp_connect(s, &remote, addr->port);
}

/* Stop listening; whoever waits to be accepted is reset. */
static void
unlisten(struct sock *s)
{
	isla_tcp_unlisten(s->listener);
	s->listener = NULL;
	while (s->accept_head != SOCK_NONE) {
		struct sock *a = &s->t->sock[s->accept_head];

		s->accept_head = a->next;
		sock_close(a, true);
	}
	s->accept_tail = SOCK_NONE;
	s->nb_accept = 0;
}

void
sock_tcp_disconnect(struct sock *s)
{
	int state = sock_tcp_state(s);

	s->err = s->soft_err = 0;
	if (s->listener != NULL)
		unlisten(s);
	if (s->conn != NULL) {
		isla_tcp_abort(s->conn);
		s->conn = NULL;
		if (state != LX_CLOSE)
			s->err = ECONNRESET;
	}
	sock_rx_purge(s);
	s->shut = 0;
	s->done = s->urgent = s->nospace = s->deferred = false;
	s->phase = SOCK_UNCONNECTED;
	s->remote_port = 0;
	if (s->autobound)
		s->bound = s->autobound = false;
	if (!s->bound)
		s->local_port = 0;
}

void
sock_tcp_shutdown(struct sock *s, int how)
{
	if ((how & SHUT_SND) != 0 && s->conn != NULL)
		isla_tcp_shutdown(s->conn);
}

static int
tcp_shutdown_call(struct sock *s, int how)
{
	int state = sock_tcp_state(s), rc = 0;

	if (s->phase == SOCK_CONNECTING)
		s->phase = state == LX_SYN_SENT || state == LX_SYN_RECV || state == LX_CLOSE ?
			SOCK_DISCONNECTING : SOCK_CONNECTED;
	switch (state) {
	case LX_LISTEN:
		if ((how & SHUT_RCV) != 0)
			sock_tcp_disconnect(s);
		break;
	case LX_SYN_SENT:
		sock_tcp_disconnect(s);
		break;
	case LX_CLOSE:
		rc = -ENOTCONN;
		s->shut |= (uint8_t)how;
		break;
	default:
		s->shut |= (uint8_t)how;
		sock_tcp_shutdown(s, how);
		break;
	}
	sock_wake(s, 0);
	return rc;
}

int
isla_socket_shutdown(struct isla_socket_table *t, int fd, int how)
{
	struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	/* SHUT_RD, SHUT_WR and SHUT_RDWR count from 0; the mask of both from 1. */
	if (s->kind == SOCK_TCP)
		return tcp_shutdown_call(s, how + 1);
	s->shut |= (uint8_t)(how + 1);
	sock_wake(s, 0);
	return s->phase == SOCK_CONNECTED ? 0 : -ENOTCONN;
}

int
isla_socket_linger(struct isla_socket_table *t, int fd)
{
	struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return -EBADF;
	if (s->kind != SOCK_TCP || !s->linger_on || s->linger_s == 0 || s->conn == NULL ||
		s->rx != NULL || isla_tcp_recv_bytes(s->conn) > 0)
		return 0;
	sock_tcp_shutdown(s, SHUT_SND);
	return isla_socket_is_closing(t, fd) ? (int)s->linger_s : 0;
}

void
sock_tcp_close(struct sock *s, bool abort)
{
	struct isla_tcp_conn *conn = s->conn;

	if (s->listener != NULL)
		unlisten(s);
	s->conn = NULL;
	if (conn == NULL)
		return;
	/* Data that was taken from TCP and not read is as unread as that which was not. */
	if (abort || s->rx != NULL || (s->linger_on && s->linger_s == 0))
		isla_tcp_abort(conn);
	else
		isla_tcp_close(conn);
}
