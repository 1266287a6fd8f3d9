/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls of a script: arguments evaluated, descriptors mapped, the call made on the
 * stack's socket layer, results compared. That layer never blocks; a call that would is made again
 * whenever the stack has done something.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "play.h"
#include "text.h"

#define ARGS_MAX 6
#define WRITE_MAX (1u << 20)

struct args {
	struct play *p;
	const struct event *e;
	struct isla_socket_table *t;
	const struct expr *arg[ARGS_MAX];
	unsigned int nb;
	bool again; /* the call has been waiting */
	bool ok;
	/* Should it return -EAGAIN: does it wait, for how long at most, and what says it then? */
	bool waits;
	uint64_t timeout_us;
	int64_t timeout_rc;
};

static int64_t
arg_int(struct args *a, unsigned int i)
{
	int64_t n = 0;

	if (i >= a->nb)
		a->ok = play_fail(a->p, a->e, "%s() wants more arguments", a->e->call.name);
	else if (a->arg[i]->kind == EXPR_ANY)
		a->ok = play_fail(a->p, a->e, "argument %u of %s() cannot be ...", i + 1,
			a->e->call.name);
	else if (!eval(a->p, a->e, a->arg[i], &n))
		a->ok = false;
	return n;
}

/* The stack's descriptor for a script's; one that it has not stays wrong. */
static int
live_fd(const struct play *p, int64_t fd)
{
	return fd >= 0 && fd < PLAY_FDS ? p->fd_of[fd] : -1;
}

static int
arg_fd(struct args *a, unsigned int i)
{
	return live_fd(a->p, arg_int(a, i));
}

static void
may_wait(struct args *a, int fd, int flags, bool is_send)
{
	a->waits = isla_socket_may_block(a->t, fd, flags);
	a->timeout_us = isla_socket_timeout_us(a->t, fd, is_send);
	a->timeout_rc = -EAGAIN;
}

static const struct expr *
field(const struct expr *x, const char *name)
{
	const struct expr *f;

	for (f = x->child; f != NULL; f = f->next)
		if (f->kind == EXPR_FIELD && strcmp(f->name, name) == 0)
			return f->child;
	return NULL;
}

static bool
field_int(struct args *a, const struct expr *x, const char *name, int64_t *n)
{
	const struct expr *f = field(x, name);

	if (f != NULL && eval(a->p, a->e, f, n))
		return true;
	a->ok = play_fail(a->p, a->e, "%s() wants the field %s", a->e->call.name, name);
	return false;
}

/* A socket address; of "..." the usual port. The host in it is whatever we have. */
static struct isla_socket_addr
arg_addr(struct args *a, unsigned int i, const struct isla_addr *host)
{
	const struct expr *x = i < a->nb ? a->arg[i] : NULL, *port = NULL;
	struct isla_socket_addr addr = {
		.family = a->p->is_v6 ? AF_INET6 : AF_INET,
		.port = PLAY_PORT,
		.addr = *host,
	};
	int64_t n;

	if (x != NULL && x->kind == EXPR_STRUCT) {
		port = field(x, "sin_port");
		if (port == NULL)
			port = field(x, "sin6_port");
	}
	if (port == NULL || port->kind == EXPR_ANY)
		return addr;
	if (!eval(a->p, a->e, port, &n))
		a->ok = false;
	else
		addr.port = ntohs((uint16_t)n);
	return addr;
}

static int64_t
do_socket(struct args *a)
{
	int type = (int)arg_int(a, 1), proto = a->nb > 2 ? (int)arg_int(a, 2) : 0;
	int64_t domain = a->p->is_v6 ? AF_INET6 : AF_INET;

	/* AF_INET and AF_INET6 mean the family that is played. */
	if (a->nb > 0 && a->arg[0]->kind != EXPR_ANY) {
		int64_t said = arg_int(a, 0);

		domain = said == AF_INET || said == AF_INET6 ? domain : said;
	}
	return a->ok ? isla_socket_open(a->t, (int)domain, type, proto) : 0;
}

static int64_t
do_bind(struct args *a)
{
	int fd = arg_fd(a, 0);
	struct isla_socket_addr addr = arg_addr(a, 1, &isla_addr_any);
	struct flow *f = &a->p->flow[0];

	if (fd >= 0 && f->local_port == PLAY_PORT)
		f->local_port = addr.port;
	return isla_socket_bind(a->t, fd, &addr);
}

static int64_t
do_listen(struct args *a)
{
	int fd = arg_fd(a, 0);

	return isla_socket_listen(a->t, fd, (int)arg_int(a, 1));
}

static int64_t
do_accept(struct args *a)
{
	int fd = arg_fd(a, 0);

	may_wait(a, fd, 0, false);
	return isla_socket_accept(a->t, fd, NULL, a->nb > 3 ? (int)arg_int(a, 3) : 0);
}

/* The first flow is now this connection's. */
static void
follow(struct args *a, int fd, uint16_t port)
{
	struct flow *f = &a->p->flow[0];
	struct isla_socket_addr local;

	f->remote_port = port;
	f->renewed = true;
	f->local_port = isla_socket_getsockname(a->t, fd, &local) == 0 ? local.port : 0;
}

static int64_t
so_error(struct args *a, int fd)
{
	int err = 0;
	uint32_t len = sizeof(err);

	isla_socket_getsockopt(a->t, fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return -err;
}

static int64_t
do_connect(struct args *a)
{
	int fd = arg_fd(a, 0);
	struct isla_socket_addr addr = arg_addr(a, 1, &a->p->ends.src);
	const struct expr *family = a->nb > 1 && a->arg[1]->kind == EXPR_STRUCT ?
		field(a->arg[1], "sa_family") : NULL;
	int64_t rc, n;

	may_wait(a, fd, 0, true);
	a->timeout_rc = -EINPROGRESS;
	if (a->again)
		return isla_socket_is_connecting(a->t, fd) ? -EAGAIN : so_error(a, fd);
	if (family != NULL && eval(a->p, a->e, family, &n) && n == AF_UNSPEC)
		return isla_socket_connect(a->t, fd, NULL);
	rc = isla_socket_connect(a->t, fd, &addr);
	if (rc == -EINPROGRESS || rc == 0)
		follow(a, fd, addr.port);
	return rc == -EINPROGRESS && a->waits ? -EAGAIN : rc;
}

static int64_t
receive(struct args *a, int flags)
{
	int fd = arg_fd(a, 0);

	may_wait(a, fd, flags, false);
	return isla_socket_recv(a->t, fd, NULL, (size_t)arg_int(a, 2), flags, NULL);
}

static int64_t
do_read(struct args *a)
{
	return receive(a, 0);
}

static int64_t
do_recv(struct args *a)
{
	return receive(a, (int)arg_int(a, 3));
}

/* A blocking one goes on until all has been taken. */
static int64_t
transmit(struct args *a, int flags, const struct isla_socket_addr *to)
{
	static const uint8_t zeros[WRITE_MAX];
	struct play *p = a->p;
	int fd = arg_fd(a, 0);
	int64_t len = arg_int(a, 2), rc;

	if (len < 0 || len > WRITE_MAX)
		return -EINVAL;
	if (!a->again)
		p->waiting_done = 0;
	may_wait(a, fd, flags, true);
	rc = isla_socket_send(a->t, fd, zeros, (size_t)(len - p->waiting_done), flags, to);
	if (rc == -EINPROGRESS && to != NULL && a->waits)
		rc = -EAGAIN;
	if (rc < 0)
		return p->waiting_done > 0 && rc != -EAGAIN ? p->waiting_done : rc;
	p->waiting_done += rc;
	return p->waiting_done < len && a->waits ? -EAGAIN : p->waiting_done;
}

static int64_t
do_write(struct args *a)
{
	return transmit(a, 0, NULL);
}

static int64_t
do_send(struct args *a)
{
	return transmit(a, (int)arg_int(a, 3), NULL);
}

/* With MSG_FASTOPEN it is the connect() as well. */
static int64_t
do_sendto(struct args *a)
{
	int flags = (int)arg_int(a, 3);
	struct isla_socket_addr to = arg_addr(a, 4, &a->p->ends.src);
	int64_t rc;

	if ((flags & MSG_FASTOPEN) == 0)
		return transmit(a, flags, NULL);
	rc = transmit(a, a->again ? flags & ~MSG_FASTOPEN : flags, a->again ? NULL : &to);
	if (!a->again && (rc >= 0 || rc == -EINPROGRESS || rc == -EAGAIN))
		follow(a, arg_fd(a, 0), to.port);
	return rc;
}

static int64_t
do_shutdown(struct args *a)
{
	int fd = arg_fd(a, 0);

	return isla_socket_shutdown(a->t, fd, (int)arg_int(a, 1));
}

/* With SO_LINGER and a time it waits for the peer's ACK of our FIN. */
static int64_t
do_close(struct args *a)
{
	int fd = arg_fd(a, 0);
	int64_t n = arg_int(a, 0), rc;
	int seconds = 0;

	a->waits = true;
	if (!a->again && isla_socket_is_stream(a->t, fd))
		seconds = isla_socket_linger(a->t, fd);
	a->timeout_us = seconds > 0 ? (uint64_t)seconds * 1000000 : UINT64_MAX;
	if ((seconds > 0 || a->again) && isla_socket_is_closing(a->t, fd) &&
		(!a->again || a->p->now_us < a->p->waiting_until_us))
		return -EAGAIN;
	rc = isla_socket_close(a->t, fd);
	if (rc == 0)
		a->p->fd_of[n] = -1;
	return rc;
}

static int64_t
do_fcntl(struct args *a)
{
	int fd = arg_fd(a, 0), cmd = (int)arg_int(a, 1);

	return isla_socket_fcntl(a->t, fd, cmd, a->nb > 2 ? (int)arg_int(a, 2) : 0);
}

/* A value of an option as bytes: [1], {onoff=1, linger=0}, {tv_sec=1, tv_usec=0}, "cubic"; returns
 * its length. */
static uint32_t
option_bytes(struct args *a, const struct expr *x, uint8_t *buf, uint32_t size)
{
	const struct expr *i;
	uint32_t n = 0;
	int64_t v;

	if (x->kind == EXPR_STRING) {
		n = (uint32_t)RTE_MIN(strlen(x->name), (size_t)size);
		memcpy(buf, x->name, n);
		return n;
	}
	if (x->kind == EXPR_LIST && x->child != NULL && x->child->kind == EXPR_STRUCT)
		x = x->child;
	for (i = x->child; i != NULL && n + 8 <= size; i = i->next) {
		bool is_time = i->kind == EXPR_FIELD && strncmp(i->name, "tv_", 3) == 0;
		int word;

		if (!eval(a->p, a->e, i->kind == EXPR_FIELD ? i->child : i, &v)) {
			a->ok = false;
			return n;
		}
		word = (int)v;
		memcpy(buf + n, is_time ? (const void *)&v : &word, is_time ? 8 : 4);
		n += is_time ? 8 : 4;
	}
	return n;
}

static int64_t
do_setsockopt(struct args *a)
{
	int fd = arg_fd(a, 0), level = (int)arg_int(a, 1), opt = (int)arg_int(a, 2);
	uint8_t buf[64];
	uint32_t len;

	if (!a->ok || a->nb < 4)
		return -EINVAL;
	len = option_bytes(a, a->arg[3], buf, sizeof(buf));
	return isla_socket_setsockopt(a->t, fd, level, opt, buf, len);
}

static int64_t
do_getsockopt(struct args *a)
{
	int fd = arg_fd(a, 0), level = (int)arg_int(a, 1), opt = (int)arg_int(a, 2), word;
	uint8_t buf[512] = {0}, want[64];
	uint32_t len = sizeof(buf), nb;
	int64_t rc;

	rc = isla_socket_getsockopt(a->t, fd, level, opt, buf, &len);
	if (rc != 0 || a->nb < 4 || a->arg[3]->kind == EXPR_ANY ||
		(a->arg[3]->child != NULL && a->arg[3]->child->kind == EXPR_ANY))
		return rc;
	nb = option_bytes(a, a->arg[3], want, sizeof(want));
	if (a->ok && (nb > len || memcmp(buf, want, nb) != 0)) {
		memcpy(&word, buf, 4);
		a->ok = play_fail(a->p, a->e, "the option's value is %d (%s)", word,
			errno_name(word));
	}
	return rc;
}

static uint64_t
ms_timeout(int64_t ms)
{
	return ms < 0 ? UINT64_MAX : (uint64_t)ms * 1000;
}

/* One socket or several: [{fd=4, events=POLLIN, revents=POLLIN}]. */
static int64_t
do_poll(struct args *a)
{
	struct isla_socket_pollfd fds[16];
	int64_t want[RTE_DIM(fds)], fd, events, timeout = arg_int(a, 2), rc;
	const struct expr *x;
	uint32_t nb = 0, i;

	if (a->nb < 3 || a->arg[0]->kind != EXPR_LIST)
		return -EINVAL;
	for (x = a->arg[0]->child; x != NULL && nb < RTE_DIM(fds); x = x->next, nb++) {
		if (!field_int(a, x, "fd", &fd) || !field_int(a, x, "events", &events) ||
			!field_int(a, x, "revents", &want[nb]))
			return 0;
		fds[nb].fd = live_fd(a->p, fd);
		fds[nb].events = (uint16_t)events;
	}
	rc = isla_socket_poll(a->t, fds, nb);
	a->waits = timeout != 0;
	a->timeout_us = ms_timeout(timeout);
	if (rc == 0 && a->waits && (!a->again || a->p->now_us < a->p->waiting_until_us))
		return -EAGAIN;
	for (i = 0; i < nb; i++)
		if (fds[i].revents != want[i])
			a->ok = play_fail(a->p, a->e, "revents is 0x%x", fds[i].revents);
	return rc;
}

static int64_t
do_epoll_create(struct args *a)
{
	return isla_socket_epoll_create(a->t);
}

/* epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) */
static int64_t
do_epoll_ctl(struct args *a)
{
	int ep = arg_fd(a, 0), op = (int)arg_int(a, 1), fd = arg_fd(a, 2);
	int64_t events = 0;

	if (op != EPOLL_CTL_DEL && (a->nb < 4 || !field_int(a, a->arg[3], "events", &events)))
		return -EINVAL;
	return isla_socket_epoll_ctl(a->t, ep, op, fd, (uint32_t)events);
}

/* epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0): of what it tells the first is compared. */
static int64_t
do_epoll_wait(struct args *a)
{
	struct isla_socket_event got[16];
	int ep = arg_fd(a, 0), max = (int)arg_int(a, 2);
	int64_t timeout = arg_int(a, 3), events, fd, rc;

	rc = isla_socket_epoll_wait(a->t, ep, got, RTE_MIN(max, (int)RTE_DIM(got)));
	a->waits = timeout != 0;
	a->timeout_us = ms_timeout(timeout);
	if (rc == 0 && a->waits && (!a->again || a->p->now_us < a->p->waiting_until_us))
		return -EAGAIN;
	if (rc > 0 && a->arg[1]->kind == EXPR_STRUCT && field_int(a, a->arg[1], "fd", &fd) &&
		field_int(a, a->arg[1], "events", &events) &&
		(got[0].events != (uint32_t)events || got[0].fd != live_fd(a->p, fd)))
		a->ok = play_fail(a->p, a->e, "the event is 0x%x of descriptor %d", got[0].events,
			got[0].fd);
	return rc;
}

static int64_t
do_ioctl(struct args *a)
{
	int fd = arg_fd(a, 0), value = 0;
	int64_t rc = isla_socket_ioctl(a->t, fd, (unsigned long)arg_int(a, 1), &value), want;

	if (rc == 0 && a->nb > 2 && a->arg[2]->kind == EXPR_LIST &&
		eval(a->p, a->e, a->arg[2]->child, &want) && want != value)
		a->ok = play_fail(a->p, a->e, "the value is %d", value);
	return rc;
}

static const struct {
	const char *name;
	int64_t (*fn)(struct args *a);
	bool makes_fd;
} calls[] = {
	{"socket", do_socket, true},
	{"bind", do_bind, false},
	{"listen", do_listen, false},
	{"accept", do_accept, true},
	{"accept4", do_accept, true},
	{"connect", do_connect, false},
	{"read", do_read, false},
	{"recv", do_recv, false},
	{"recvfrom", do_recv, false},
	{"write", do_write, false},
	{"send", do_send, false},
	{"sendto", do_sendto, false},
	{"shutdown", do_shutdown, false},
	{"close", do_close, false},
	{"fcntl", do_fcntl, false},
	{"setsockopt", do_setsockopt, false},
	{"getsockopt", do_getsockopt, false},
	{"poll", do_poll, false},
	{"epoll_create", do_epoll_create, true},
	{"epoll_ctl", do_epoll_ctl, false},
	{"epoll_wait", do_epoll_wait, false},
	{"ioctl", do_ioctl, false},
};

/* Compare the result; a new descriptor gets the script's number. */
static bool
result_check(struct play *p, const struct event *e, int64_t rc, bool makes_fd)
{
	const struct call *call = &e->call;
	int err = rc < 0 ? (int)-rc : 0;

	if (makes_fd && rc >= 0 && call->result >= 0 && call->result < PLAY_FDS) {
		p->fd_of[call->result] = (int)rc;
		return true;
	}
	if (call->any_result)
		return true;
	if (rc < 0)
		rc = -1;
	if (rc == call->result && (err == call->err || call->err == 0))
		return true;
	return play_fail(p, e, "%s() returned %lld%s%s", call->name, (long long)rc,
		err != 0 ? " " : "", err != 0 ? errno_name(err) : "");
}

/* It would block: until when at most? */
static enum call_verdict
wait_begin(struct args *a)
{
	struct play *p = a->p;

	if (!a->again) {
		p->waiting_until_us = a->timeout_us == UINT64_MAX ? UINT64_MAX :
			p->now_us + a->timeout_us;
		isla_socket_wake_at(a->t, p->waiting_until_us);
	}
	return CALL_WAITS;
}

enum call_verdict
call_run(struct play *p, const struct event *e, bool again)
{
	struct args a = {.p = p, .e = e, .t = p->socks, .ok = true, .again = again};
	const struct expr *x;
	int64_t rc;
	unsigned int i;

	for (x = e->call.args; x != NULL && a.nb < ARGS_MAX; x = x->next)
		a.arg[a.nb++] = x;
	for (i = 0; i < RTE_DIM(calls); i++)
		if (strcmp(calls[i].name, e->call.name) == 0)
			break;
	if (i == RTE_DIM(calls)) {
		play_fail(p, e, "there is no system call %s()", e->call.name);
		return CALL_FAILED;
	}
	rc = calls[i].fn(&a);
	if (!a.ok)
		return CALL_FAILED;
	if (rc == -EAGAIN && a.waits) {
		if (!again || p->now_us < p->waiting_until_us)
			return wait_begin(&a);
		rc = a.timeout_rc;
	}
	return result_check(p, e, rc, calls[i].makes_fd) ? CALL_DONE : CALL_FAILED;
}
