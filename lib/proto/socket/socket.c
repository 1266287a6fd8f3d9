/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of sockets and their descriptors: made, found, closed; who is told that something has
 * happened; and the small calls that are the same for all kinds.
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/sockios.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "socket_priv.h"
#include "stack_priv.h"

static void
table_timer(void *ctx, struct timer *timer)
{
	struct isla_socket_table *t = RTE_PTR_SUB(timer, offsetof(struct isla_socket_table, timer));

	RTE_SET_USED(ctx);
	if (t->conf.wake != NULL)
		t->conf.wake(t->conf.ctx, -1);
}

struct isla_socket_table *
isla_socket_table_create(struct isla_stack *stack, const struct isla_socket_conf *conf)
{
	struct core *core = stack_core(stack);
	struct isla_socket_table *t;
	uint32_t i;

	t = core->mem.alloc(sizeof(*t), RTE_CACHE_LINE_SIZE, core->socket_id);
	if (t == NULL)
		goto fail;
	t->core = core;
	t->tcp = isla_stack_tcp(stack);
	t->udp = isla_stack_udp(stack);
	t->inet = stack_inet(stack);
	t->conf = *conf;
	t->conf.max_socks = conf->max_socks != 0 ? conf->max_socks : 1024;
	t->conf.max_items = conf->max_items != 0 ? conf->max_items : 4096;
	t->sock = core->mem.alloc(t->conf.max_socks * sizeof(*t->sock), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	t->fd = core->mem.alloc(t->conf.max_socks * sizeof(*t->fd), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	t->item = core->mem.alloc(t->conf.max_items * sizeof(*t->item), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	if (t->sock == NULL || t->fd == NULL || t->item == NULL)
		goto fail;
	for (i = 0; i < t->conf.max_socks; i++) {
		t->fd[i] = SOCK_NONE;
		t->sock[i].t = t;
		t->sock[i].next = i + 1 < t->conf.max_socks ? i + 1 : SOCK_NONE;
	}
	for (i = 0; i < t->conf.max_items; i++)
		t->item[i].ep_next = i + 1 < t->conf.max_items ? i + 1 : SOCK_NONE;
	timer_wheel_set_class(&core->wheel, TIMER_SOCKET, table_timer, NULL);
	timer_init(&t->timer, TIMER_SOCKET);
	return t;
fail:
	if (t != NULL) {
		core->mem.free(t->sock);
		core->mem.free(t->fd);
		core->mem.free(t->item);
		core->mem.free(t);
	}
	rte_errno = ENOMEM;
	return NULL;
}

void
isla_socket_table_free(struct isla_socket_table *t)
{
	struct core *core;

	if (t == NULL)
		return;
	core = t->core;
	isla_socket_close_all(t, true);
	timer_stop(&core->wheel, &t->timer);
	core->mem.free(t->sock);
	core->mem.free(t->fd);
	core->mem.free(t->item);
	core->mem.free(t);
}

int
isla_socket_close_all(struct isla_socket_table *t, bool abort)
{
	uint32_t i;
	int nb = 0;

	for (i = 0; t->nb_fds > 0 && i < t->conf.max_socks; i++) {
		if (t->fd[i] == SOCK_NONE)
			continue;
		sock_close(&t->sock[t->fd[i]], abort);
		t->fd[i] = SOCK_NONE;
		t->nb_fds--;
		nb++;
	}
	if (nb > 0 && t->conf.wake != NULL)
		t->conf.wake(t->conf.ctx, -1);
	return nb;
}

struct sock *
sock_get(struct isla_socket_table *t, int fd)
{
	uint32_t i = (uint32_t)fd - t->conf.first_fd;

	if (fd < 0 || (uint32_t)fd < t->conf.first_fd || i >= t->conf.max_socks ||
		t->fd[i] == SOCK_NONE)
		return NULL;
	return &t->sock[t->fd[i]];
}

int
sock_none(const struct isla_socket_table *t)
{
	return t->nb_fds == t->conf.max_socks ? -EMFILE : -ENFILE;
}

struct sock *
sock_alloc(struct isla_socket_table *t, enum sock_kind kind)
{
	uint32_t i = t->sock_free;
	struct sock *s;

	if (i == SOCK_NONE)
		return NULL;
	s = &t->sock[i];
	t->sock_free = s->next;
	memset(s, 0, sizeof(*s));
	s->t = t;
	s->kind = (uint8_t)kind;
	s->fd = -1;
	s->next = s->accept_head = s->accept_tail = s->item = SOCK_NONE;
	s->rcvtimeo_us = s->sndtimeo_us = UINT64_MAX;
	return s;
}

int
sock_fd(struct sock *s)
{
	struct isla_socket_table *t = s->t;
	uint32_t i;

	for (i = 0; i < t->conf.max_socks; i++) {
		if (t->fd[i] != SOCK_NONE)
			continue;
		t->fd[i] = sock_index(s);
		t->nb_fds++;
		s->fd = (int)(t->conf.first_fd + i);
		return s->fd;
	}
	return -EMFILE;
}

void
sock_wake(struct sock *s, uint32_t events)
{
	struct isla_socket_table *t = s->t;
	uint32_t i;

	for (i = s->item; i != SOCK_NONE; i = t->item[i].sock_next)
		if (events == 0 || (t->item[i].events & events) != 0)
			t->item[i].is_new = true;
	if (t->conf.wake != NULL)
		t->conf.wake(t->conf.ctx, s->fd);
}

void
sock_rx_purge(struct sock *s)
{
	struct rte_mbuf *m = s->rx, *next;

	if (s->kind != SOCK_UDP) {
		rte_pktmbuf_free(m);
	} else {
		for (; m != NULL; m = next) {
			memcpy(&next, isla_pkt(m)->dst.b, sizeof(next));
			rte_pktmbuf_free(m);
		}
	}
	s->rx = s->rx_tail = NULL;
	s->rx_bytes = s->nb_rx = 0;
}

void
sock_close(struct sock *s, bool abort)
{
	struct isla_socket_table *t = s->t;

	if (s->kind == SOCK_TCP)
		sock_tcp_close(s, abort);
	else if (s->kind == SOCK_UDP)
		sock_udp_close(s);
	else
		sock_epoll_close(s);
	if (s->kind != SOCK_EPOLL)
		sock_epoll_forget(s);
	sock_rx_purge(s);
	s->kind = SOCK_FREE;
	s->next = t->sock_free;
	t->sock_free = sock_index(s);
}

int
sock_error(struct sock *s)
{
	int err = s->err;

	s->err = 0;
	return -err;
}

int
isla_socket_close(struct isla_socket_table *t, int fd)
{
	struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return -EBADF;
	t->fd[(uint32_t)fd - t->conf.first_fd] = SOCK_NONE;
	t->nb_fds--;
	sock_close(s, false);
	/* Whoever waits for this descriptor is to notice. */
	if (t->conf.wake != NULL)
		t->conf.wake(t->conf.ctx, fd);
	return 0;
}

/* The type and protocol of socket(2): SOCK_TCP, SOCK_UDP, or -errno. */
static int
kind_of(int domain, int type, int proto)
{
	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	switch (type) {
	case SOCK_STREAM:
		return proto == 0 || proto == IPPROTO_TCP ? SOCK_TCP : -EPROTONOSUPPORT;
	case SOCK_DGRAM:
		return proto == 0 || proto == IPPROTO_UDP ? SOCK_UDP : -EPROTONOSUPPORT;
	default:
		return -ESOCKTNOSUPPORT;
	}
}

int
isla_socket_open(struct isla_socket_table *t, int domain, int type, int proto)
{
	int flags = type & ~0xf, kind, fd;
	struct sock *s;

	if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0)
		return -EINVAL;
	kind = kind_of(domain, type & 0xf, proto);
	if (kind < 0)
		return kind;
	s = sock_alloc(t, kind);
	if (s == NULL)
		return sock_none(t);
	s->is_v6 = domain == AF_INET6;
	s->nonblock = (flags & SOCK_NONBLOCK) != 0;
	s->cloexec = (flags & SOCK_CLOEXEC) != 0;
	fd = sock_fd(s);
	if (fd < 0)
		sock_close(s, true);
	return fd;
}

int
isla_socket_fcntl(struct isla_socket_table *t, int fd, int cmd, int arg)
{
	struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return -EBADF;
	switch (cmd) {
	case F_GETFL:
		return O_RDWR | (s->nonblock ? O_NONBLOCK : 0);
	case F_SETFL:
		/* The access mode and the creation flags are passed over, as by Linux. */
		s->nonblock = (arg & O_NONBLOCK) != 0;
		return 0;
	case F_GETFD:
		return s->cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		s->cloexec = (arg & FD_CLOEXEC) != 0;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Bytes that could be read now. */
static int
inq(const struct sock *s)
{
	if (s->kind == SOCK_UDP)
		return (int)sock_udp_next_len(s);
	return (int)(s->rx_bytes + (s->conn != NULL ? isla_tcp_recv_bytes(s->conn) : 0));
}

/* Bytes that are not acknowledged, or, with unsent, that were never sent. */
static int
outq(const struct sock *s, bool unsent)
{
	struct isla_tcp_info info;

	if (s->conn == NULL)
		return 0;
	isla_tcp_get_info(s->conn, &info);
	return (int)(unsent ? info.notsent_bytes : info.sndq_bytes);
}

int
isla_socket_ioctl(struct isla_socket_table *t, int fd, unsigned long req, int *arg)
{
	struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return -EBADF;
	if (req == FIONBIO) {
		s->nonblock = *arg != 0;
		return 0;
	}
	if (s->kind == SOCK_EPOLL)
		return -ENOTTY;
	if (s->kind == SOCK_TCP && s->listener != NULL && req != SIOCATMARK)
		return -EINVAL;
	switch (req) {
	case FIONREAD:
		*arg = inq(s);
		return 0;
	case SIOCOUTQ:
		*arg = outq(s, false);
		return 0;
	case SIOCOUTQNSD:
		if (s->kind != SOCK_TCP)
			return -ENOTTY;
		*arg = outq(s, true);
		return 0;
	case SIOCATMARK:
		if (s->kind != SOCK_TCP)
			return -ENOTTY;
		*arg = s->urgent && s->urgent_left == 1;
		return 0;
	default:
		return -ENOTTY;
	}
}

bool
isla_socket_may_block(struct isla_socket_table *t, int fd, int flags)
{
	const struct sock *s = sock_get(t, fd);

	return s != NULL && !s->nonblock && (flags & MSG_DONTWAIT) == 0;
}

uint64_t
isla_socket_timeout_us(struct isla_socket_table *t, int fd, bool is_send)
{
	const struct sock *s = sock_get(t, fd);

	if (s == NULL)
		return UINT64_MAX;
	return is_send ? s->sndtimeo_us : s->rcvtimeo_us;
}

uint32_t
isla_socket_rcvlowat(struct isla_socket_table *t, int fd)
{
	const struct sock *s = sock_get(t, fd);

	return s != NULL ? RTE_MAX(s->rcvlowat, 1u) : 1;
}

bool
isla_socket_is_stream(struct isla_socket_table *t, int fd)
{
	const struct sock *s = sock_get(t, fd);

	return s != NULL && s->kind == SOCK_TCP;
}

bool
isla_socket_is_connecting(struct isla_socket_table *t, int fd)
{
	const struct sock *s = sock_get(t, fd);
	int state;

	if (s == NULL || s->kind != SOCK_TCP)
		return false;
	state = sock_tcp_state(s);
	return state == LX_SYN_SENT || state == LX_SYN_RECV;
}

bool
isla_socket_is_closing(struct isla_socket_table *t, int fd)
{
	const struct sock *s = sock_get(t, fd);
	int state;

	if (s == NULL || s->kind != SOCK_TCP)
		return false;
	state = sock_tcp_state(s);
	return state == LX_FIN_WAIT1 || state == LX_CLOSING || state == LX_LAST_ACK;
}

uint64_t
isla_socket_now_us(const struct isla_socket_table *t)
{
	return t->core->now_us;
}

void
isla_socket_wake_at(struct isla_socket_table *t, uint64_t at_us)
{
	if (at_us == UINT64_MAX)
		timer_stop(&t->core->wheel, &t->timer);
	else
		timer_set(&t->core->wheel, &t->timer, at_us);
}
