/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * poll(2) and epoll(7): readiness of a socket in each state as Linux tells it, and instances that
 * remember what is to be told once.
 */

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include <rte_common.h>

#include "socket_priv.h"

#define ITEM_FLAGS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define ALWAYS     (EPOLLERR | EPOLLHUP)
#define READABLE   (EPOLLIN | EPOLLRDNORM)
#define WRITABLE   (EPOLLOUT | EPOLLWRNORM)

/* A third of the buffer is free (sk_stream_is_writeable()). */
static bool
has_room(const struct sock *s)
{
	uint32_t room;

	if (s->conn == NULL)
		return true;
	if ((isla_tcp_get_state(s->conn) & (ISLA_TCP_ESTABLISHED | ISLA_TCP_CLOSE_WAIT)) == 0)
		return true;
	room = isla_tcp_send_room(s->conn);
	return room > 0 && room >= isla_tcp_sendq_bytes(s->conn) / 2 &&
		!sock_tcp_has_backlog(s);
}

/* Linux's tcp_poll(), in its order. */
static uint32_t
tcp_events(const struct sock *s)
{
	int state = sock_tcp_state(s);
	uint32_t ev = 0;

	if (state == LX_LISTEN)
		return s->accept_head != SOCK_NONE ? READABLE : 0;
	if (s->shut == (SHUT_RCV | SHUT_SND) || state == LX_CLOSE)
		ev |= EPOLLHUP;
	if ((s->shut & SHUT_RCV) != 0)
		ev |= READABLE | EPOLLRDHUP;
	if (s->deferred)
		ev |= WRITABLE;
	if (sock_tcp_is_open(s, state)) {
		if (s->rx_bytes + (s->conn != NULL ? isla_tcp_recv_bytes(s->conn) : 0) >=
			RTE_MAX(s->rcvlowat, 1u))
			ev |= READABLE;
		if ((s->shut & SHUT_SND) != 0 || has_room(s))
			ev |= WRITABLE;
		if (s->urgent)
			ev |= EPOLLPRI;
	}
	return s->err != 0 ? ev | EPOLLERR : ev;
}

static uint32_t
udp_events(const struct sock *s)
{
	uint32_t ev = WRITABLE | EPOLLWRBAND;

	if (s->err != 0)
		ev |= EPOLLERR;
	if ((s->shut & SHUT_RCV) != 0)
		ev |= EPOLLRDHUP | READABLE;
	if (s->shut == (SHUT_RCV | SHUT_SND))
		ev |= EPOLLHUP;
	return s->rx != NULL ? ev | READABLE : ev;
}

uint32_t
sock_poll(const struct sock *s)
{
	if (s->kind == SOCK_TCP)
		return tcp_events(s);
	if (s->kind == SOCK_UDP)
		return udp_events(s);
	return sock_epoll_is_ready(s) ? READABLE : 0;
}

int
isla_socket_poll(struct isla_socket_table *t, struct isla_socket_pollfd *fds, uint32_t nb)
{
	uint32_t i;
	int ready = 0;

	for (i = 0; i < nb; i++) {
		struct sock *s = sock_get(t, fds[i].fd);
		uint32_t ev = POLLNVAL;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		if (s != NULL) {
			ev = sock_poll(s);
			/* Whoever looks for room and finds none wants to be told. */
			s->nospace = s->nospace || (ev & EPOLLOUT) == 0;
			ev &= fds[i].events | ALWAYS;
		}
		fds[i].revents = (uint16_t)ev;
		ready += ev != 0;
	}
	return ready;
}

int
isla_socket_epoll_create(struct isla_socket_table *t)
{
	struct sock *s = sock_alloc(t, SOCK_EPOLL);
	int fd;

	if (s == NULL)
		return sock_none(t);
	fd = sock_fd(s);
	if (fd < 0)
		sock_close(s, false);
	return fd;
}

/* What is to be told of an item now. */
static uint32_t
item_events(struct isla_socket_table *t, const struct sock_item *it)
{
	struct sock *s = &t->sock[it->sock];
	uint32_t want = it->events & ~ITEM_FLAGS, ev;

	if (want == 0 || ((it->events & EPOLLET) != 0 && !it->is_new))
		return 0;
	ev = sock_poll(s);
	s->nospace = s->nospace || (ev & EPOLLOUT) == 0;
	return ev & want;
}

bool
sock_epoll_is_ready(const struct sock *s)
{
	uint32_t i;

	for (i = s->item; i != SOCK_NONE; i = s->t->item[i].ep_next)
		if (item_events(s->t, &s->t->item[i]) != 0)
			return true;
	return false;
}

/* Where the list of an instance has the item of a socket; *link is SOCK_NONE where it has none. */
static uint32_t *
item_find(struct isla_socket_table *t, struct sock *ep, uint32_t sock)
{
	uint32_t *link = &ep->item;

	while (*link != SOCK_NONE && t->item[*link].sock != sock)
		link = &t->item[*link].ep_next;
	return link;
}

static void
item_remove(struct isla_socket_table *t, uint32_t *link)
{
	uint32_t i = *link;
	struct sock_item *it = &t->item[i];
	uint32_t *other = &t->sock[it->sock].item;

	*link = it->ep_next;
	while (*other != i)
		other = &t->item[*other].sock_next;
	*other = it->sock_next;
	it->ep_next = t->item_free;
	t->item_free = i;
}

static int
item_add(struct isla_socket_table *t, struct sock *ep, struct sock *s, uint32_t events)
{
	uint32_t i = t->item_free, *end = &ep->item;
	struct sock_item *it;

	if (i == SOCK_NONE)
		return -ENOSPC;
	it = &t->item[i];
	t->item_free = it->ep_next;
	it->ep = sock_index(ep);
	it->sock = sock_index(s);
	it->events = events | ALWAYS;
	it->is_new = true;
	it->ep_next = SOCK_NONE;
	it->sock_next = s->item;
	s->item = i;
	while (*end != SOCK_NONE)
		end = &t->item[*end].ep_next;
	*end = i;
	return 0;
}

int
isla_socket_epoll_ctl(struct isla_socket_table *t, int epfd, int op, int fd, uint32_t events)
{
	struct sock *ep = sock_get(t, epfd), *s = sock_get(t, fd);
	uint32_t *link;
	int rc = 0;

	if (ep == NULL || s == NULL)
		return -EBADF;
	/* An instance within another is not to be had. */
	if (ep->kind != SOCK_EPOLL || s->kind == SOCK_EPOLL)
		return -EINVAL;
	link = item_find(t, ep, sock_index(s));
	switch (op) {
	case EPOLL_CTL_ADD:
		rc = *link != SOCK_NONE ? -EEXIST : item_add(t, ep, s, events);
		break;
	case EPOLL_CTL_DEL:
		if (*link == SOCK_NONE)
			return -ENOENT;
		item_remove(t, link);
		break;
	case EPOLL_CTL_MOD:
		if (*link == SOCK_NONE)
			return -ENOENT;
		if (((events | t->item[*link].events) & EPOLLEXCLUSIVE) != 0)
			return -EINVAL;
		t->item[*link].events = events | ALWAYS;
		t->item[*link].is_new = true;
		break;
	default:
		return -EINVAL;
	}
	if (rc == 0 && t->conf.wake != NULL)
		t->conf.wake(t->conf.ctx, epfd);
	return rc;
}

/* The item after this one, round and round. */
static uint32_t
item_after(const struct isla_socket_table *t, const struct sock *ep, uint32_t i)
{
	uint32_t next = t->item[i].ep_next;

	return next != SOCK_NONE ? next : ep->item;
}

int
isla_socket_epoll_wait(struct isla_socket_table *t, int epfd, struct isla_socket_event *events,
	int max)
{
	struct sock *ep = sock_get(t, epfd);
	uint32_t i, first;
	int nb = 0;

	if (ep == NULL)
		return -EBADF;
	if (ep->kind != SOCK_EPOLL || max <= 0)
		return -EINVAL;
	/* Where the last wait ended, so that a short array is fair to all. */
	first = ep->item;
	for (i = ep->item; i != SOCK_NONE; i = t->item[i].ep_next)
		if (i == ep->cursor)
			first = i;
	i = first;
	while (i != SOCK_NONE && nb < max) {
		struct sock_item *it = &t->item[i];
		uint32_t ev = item_events(t, it);

		if (ev != 0) {
			events[nb].fd = t->sock[it->sock].fd;
			events[nb++].events = ev;
			if ((it->events & EPOLLONESHOT) != 0)
				it->events &= ITEM_FLAGS;
		}
		it->is_new = false;
		i = item_after(t, ep, i);
		if (i == first)
			break;
	}
	ep->cursor = i;
	return nb;
}

void
sock_epoll_close(struct sock *s)
{
	while (s->item != SOCK_NONE)
		item_remove(s->t, &s->item);
}

void
sock_epoll_forget(struct sock *s)
{
	struct isla_socket_table *t = s->t;

	while (s->item != SOCK_NONE) {
		struct sock *ep = &t->sock[t->item[s->item].ep];

		item_remove(t, item_find(t, ep, sock_index(s)));
	}
}
