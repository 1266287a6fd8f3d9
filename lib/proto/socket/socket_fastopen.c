/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP Fast Open (RFC 7413) as Linux offers it. sendto() with MSG_FASTOPEN is the connect() as well;
 * with TCP_FASTOPEN_CONNECT a connect() waits for the first write(). Where the server's cookie is
 * known, data goes with the SYN; else the SYN asks for one, and data has to wait.
 */

#include <errno.h>

#include <rte_common.h>

#include "socket_priv.h"

bool
sock_fastopen_defer(struct sock *s, const struct isla_addr *remote, uint16_t port)
{
	if (!s->fastopen_connect)
		return false;
	s->opts.fastopen = true;
	if (isla_tcp_fastopen_room(s->t->tcp, remote) == 0 || sock_autobind(s) != 0)
		return false;
	s->deferred = true;
	s->remote = *remote;
	s->remote_port = port;
	s->shut = 0;
	s->done = false;
	s->err = s->soft_err = 0;
	s->phase = SOCK_CONNECTING;
	return true;
}

/* Where the call wants to go; 0 or -errno. */
static int
destination(struct sock *s, const struct isla_socket_addr *to, struct isla_addr *remote,
	uint16_t *port)
{
	if (s->deferred) {
		*remote = s->remote;
		*port = s->remote_port;
		s->deferred = false;
		s->phase = SOCK_UNCONNECTED;
		return 0;
	}
	if (to == NULL)
		return -EINVAL;
	*port = to->port;
	return sock_addr_in(s, to, remote);
}

int
sock_fastopen_begin(struct sock *s, int flags, const struct isla_socket_addr *to)
{
	bool connects = s->fastopen_connect;
	struct isla_addr remote;
	uint16_t port;
	int rc;

	rc = destination(s, to, &remote, &port);
	if (rc != 0)
		return rc;
	s->opts.fastopen = true;
	s->fastopen_connect = false;
	rc = sock_tcp_connect(s, &remote, port);
	s->fastopen_connect = connects;
	if (rc != -EINPROGRESS || isla_tcp_fastopen_room(s->t->tcp, &remote) > 0)
		return rc == -EINPROGRESS ? 0 : rc;
	return s->nonblock || (flags & MSG_DONTWAIT) != 0 ? -EINPROGRESS : -EAGAIN;
}

size_t
sock_fastopen_most(const struct sock *s, size_t len)
{
	if (sock_tcp_state(s) != LX_SYN_SENT)
		return len;
	return RTE_MIN(len, (size_t)isla_tcp_fastopen_room(s->t->tcp, &s->remote));
}

int
sock_fastopen_get_queue(struct sock *s)
{
	return s->fastopen_max;
}

int
sock_fastopen_set_queue(struct sock *s, int v)
{
	int state = sock_tcp_state(s);

	if (v < 0 || (state != LX_CLOSE && state != LX_LISTEN))
		return -EINVAL;
	s->fastopen_max = (uint16_t)RTE_MIN(v, UINT16_MAX);
	if (s->listener != NULL)
		isla_tcp_listener_set_fastopen(s->listener, s->fastopen_max);
	return 0;
}

int
sock_fastopen_get_connect(struct sock *s)
{
	return s->fastopen_connect;
}

int
sock_fastopen_set_connect(struct sock *s, int v)
{
	if (v < 0 || v > 1 || sock_tcp_state(s) != LX_CLOSE)
		return -EINVAL;
	s->fastopen_connect = v != 0;
	return 0;
}
