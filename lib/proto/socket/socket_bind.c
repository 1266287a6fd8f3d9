/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of sockets: addresses in and out, bind() with Linux's rules about who may share a port, and
 * the choice of a port where the program has none.
 */

#include <errno.h>

#include "inet.h"
#include "port_slice.h"
#include "ports.h"
#include "socket_priv.h"
#include "tcp.h"

int
sock_addr_in(const struct sock *s, const struct isla_socket_addr *in, struct isla_addr *addr)
{
	if (!s->is_v6) {
		if (in->family != AF_INET)
			return -EAFNOSUPPORT;
		*addr = in->addr;
		return 0;
	}
	/* A struct sockaddr_in is shorter than IPv6's, and that is what Linux sees first. */
	if (in->family != AF_INET6)
		return in->family == AF_INET ? -EINVAL : -EAFNOSUPPORT;
	*addr = in->addr;
	return 0;
}

void
sock_addr_out(const struct sock *s, const struct isla_addr *addr, uint16_t port,
	struct isla_socket_addr *out)
{
	if (out == NULL)
		return;
	out->family = s->is_v6 ? AF_INET6 : AF_INET;
	out->port = port;
	out->addr = *addr;
	/* The unspecified address has the socket's own family. */
	if (isla_addr_is_unspecified(addr))
		out->addr = s->is_v6 ? isla_addr_any : isla_addr_from_v4(0);
}

/* Whether a packet might be meant for either. */
static bool
addrs_overlap(const struct sock *a, const struct isla_addr *a_addr, const struct sock *b)
{
	bool a_any = isla_addr_is_unspecified(a_addr);
	bool b_any = isla_addr_is_unspecified(&b->local);
	bool a_v4 = isla_addr_is_v4(a_addr), b_v4 = isla_addr_is_v4(&b->local);

	if (!a_any && !b_any)
		return isla_addr_eq(a_addr, &b->local);
	if (a_v4 == b_v4)
		return true;
	/* Of different families: only :: without IPV6_V6ONLY covers IPv4. */
	if (a_v4)
		return b_any && !b->v6only;
	return a_any && !a->v6only;
}

/* Linux's inet_csk_bind_conflict() and udp's own: who may share a port with whom. */
static bool
port_is_taken(const struct sock *s, const struct isla_addr *local, uint16_t port)
{
	const struct isla_socket_table *t = s->t;
	uint32_t i;

	for (i = 0; i < t->conf.max_socks; i++) {
		const struct sock *o = &t->sock[i];

		if (o == s || o->kind != s->kind || !o->bound || o->local_port != port)
			continue;
		if (s->reuse && o->reuse && o->listener == NULL)
			continue;
		if (addrs_overlap(s, local, o))
			return true;
	}
	/* Connections that their programs have let go, TIME-WAIT among them. */
	return s->kind == SOCK_TCP && !s->reuse && tcp_port_is_used(t->tcp, local, port);
}

static uint16_t
port_choose(const struct sock *s, const struct isla_addr *local)
{
	struct core *core = s->t->core;
	uint32_t nb = port_slice_len(core), i;
	/* RFC 6056, 3.3.1. */
	uint32_t first = (uint32_t)core_secret(core) % nb;

	for (i = 0; i < nb; i++) {
		uint16_t port = port_slice_at(core, first + i);

		if (!port_is_taken(s, local, port) && !tcp_port_is_used(s->t->tcp, local, port) &&
			!ports_tcp_is_taken(core, port) && !ports_udp_is_taken(core, port))
			return port;
	}
	return 0;
}

static struct isla_addr
any_of(const struct sock *s)
{
	return s->is_v6 ? isla_addr_any : isla_addr_from_v4(0);
}

int
sock_autobind(struct sock *s)
{
	uint16_t port;

	if (s->bound)
		return 0;
	s->local = any_of(s);
	port = port_choose(s, &s->local);
	if (port == 0)
		return -EADDRINUSE;
	s->local_port = port;
	s->bound = s->autobound = true;
	return 0;
}

int
sock_uses_port(const struct sock *s)
{
	if (!s->bound || s->autobound || s->t->conf.uses_port == NULL)
		return 0;
	return s->t->conf.uses_port(s->t->conf.ctx, s->local_port);
}

int
isla_socket_bind(struct isla_socket_table *t, int fd, const struct isla_socket_addr *addr)
{
	struct sock *s = sock_get(t, fd);
	struct isla_addr local;
	uint16_t port;
	int rc;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	rc = sock_addr_in(s, addr, &local);
	if (rc != 0)
		return rc;
	if (s->is_v6 && s->v6only && isla_addr_is_v4(&local))
		return -EINVAL;
	if (isla_addr_is_unspecified(&local))
		local = s->is_v6 && !isla_addr_is_v4(&local) ? isla_addr_any : isla_addr_from_v4(0);
	else if (!inet_is_own(t->inet, &local))
		return -EADDRNOTAVAIL;
	if (s->bound || (s->kind == SOCK_TCP && sock_tcp_state(s) != LX_CLOSE))
		return -EINVAL;
	port = addr->port != 0 ? addr->port : port_choose(s, &local);
	if (port == 0 || (addr->port != 0 && port_is_taken(s, &local, port)))
		return -EADDRINUSE;
	s->local = local;
	s->local_port = port;
	s->bound = true;
	if (s->kind == SOCK_UDP)
		rc = sock_udp_open(s);
	if (rc != 0)
		s->bound = false;
	return rc;
}

int
isla_socket_getsockname(struct isla_socket_table *t, int fd, struct isla_socket_addr *addr)
{
	struct sock *s = sock_get(t, fd);
	const struct isla_addr *local;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	local = s->bound ? &s->local : &isla_addr_any;
	if (s->kind == SOCK_UDP && s->phase == SOCK_CONNECTED)
		local = &s->src;
	sock_addr_out(s, local, s->local_port, addr);
	return 0;
}

int
isla_socket_getpeername(struct isla_socket_table *t, int fd, struct isla_socket_addr *addr)
{
	struct sock *s = sock_get(t, fd);
	int state;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if (s->kind == SOCK_TCP) {
		state = sock_tcp_state(s);
		if (state == LX_CLOSE || state == LX_SYN_SENT || state == LX_LISTEN)
			return -ENOTCONN;
	}
	if (s->remote_port == 0)
		return -ENOTCONN;
	sock_addr_out(s, &s->remote, s->remote_port, addr);
	return 0;
}
