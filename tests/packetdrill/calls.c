/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls of a script: arguments evaluated, descriptors mapped, results compared.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "play.h"
#include "text.h"

#define ARGS_MAX 6
#define FD_ALWAYS_BLOCKS (-2)

struct args {
	struct play *p;
	const struct event *e;
	const struct expr *arg[ARGS_MAX];
	unsigned int nb;
	bool again; /* the call has been waiting */
	bool ok;
	int wait_fd; /* would it block, this socket decides; the stack's */
};

/* Both would be -1 with an errno; a call that waits says so by this. */
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

static int
arg_fd(struct args *a, unsigned int i)
{
	int64_t fd = arg_int(a, i);

	if (!a->ok)
		return -1;
	if (fd < 0 || fd >= PLAY_FDS || a->p->fd_of[fd] < 0)
		return -1;
	a->wait_fd = a->p->fd_of[fd];
	return a->p->fd_of[fd];
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

/* The port of a socket address; of "..." the usual one. The host in it is whatever we have. */
static uint16_t
arg_port(struct args *a, unsigned int i)
{
	const struct expr *x = i < a->nb ? a->arg[i] : NULL, *port;
	int64_t n = PLAY_PORT;

	if (x == NULL || x->kind != EXPR_STRUCT)
		return PLAY_PORT;
	port = field(x, "sin_port");
	if (port == NULL)
		port = field(x, "sin6_port");
	if (port != NULL && port->kind != EXPR_ANY && !eval(a->p, a->e, port, &n))
		a->ok = false;
	return ntohs((uint16_t)n);
}

static int64_t
do_socket(struct args *a)
{
	int domain = a->p->is_v6 ? AF_INET6 : AF_INET, type = (int)arg_int(a, 1);
	int proto = a->nb > 2 ? (int)arg_int(a, 2) : 0;

	return a->ok ? sock_socket(a->p->socks, domain, type, proto) : 0;
}

static int64_t
do_bind(struct args *a)
{
	int fd = arg_fd(a, 0);
	uint16_t port = arg_port(a, 1);
	struct flow *f = &a->p->flow[0];

	if (fd >= 0 && f->local_port == PLAY_PORT)
		f->local_port = port;
	return sock_bind(a->p->socks, fd, &isla_addr_any, port);
}

static int64_t
do_listen(struct args *a)
{
	int fd = arg_fd(a, 0);

	return sock_listen(a->p->socks, fd, (int)arg_int(a, 1));
}

static int64_t
do_accept(struct args *a)
{
	return sock_accept(a->p->socks, arg_fd(a, 0));
}

/* The first flow is now this connection's. */
static int64_t
do_connect(struct args *a)
{
	int fd = arg_fd(a, 0);
	uint16_t port = arg_port(a, 1);
	struct flow *f = &a->p->flow[0];
	int64_t rc = sock_connect(a->p->socks, fd, &a->p->ends.src, port);

	if (!a->again && (rc == -EINPROGRESS || rc == -EAGAIN)) {
		f->remote_port = port;
		f->local_port = sock_port(a->p->socks, fd);
		f->renewed = true;
	}
	return rc;
}

static int64_t
do_read(struct args *a)
{
	int fd = arg_fd(a, 0);

	return sock_recv(a->p->socks, fd, (uint32_t)arg_int(a, 2), 0);
}

static int64_t
do_recv(struct args *a)
{
	int fd = arg_fd(a, 0), flags = (int)arg_int(a, 3);

	if (flags & MSG_DONTWAIT)
		a->wait_fd = -1;
	return sock_recv(a->p->socks, fd, (uint32_t)arg_int(a, 2), flags & ~MSG_DONTWAIT);
}

static int64_t
do_write(struct args *a)
{
	int fd = arg_fd(a, 0);

	return sock_send(a->p->socks, fd, (uint32_t)arg_int(a, 2), 0);
}

static int64_t
do_send(struct args *a)
{
	int fd = arg_fd(a, 0), flags = (int)arg_int(a, 3);

	if (flags & MSG_DONTWAIT)
		a->wait_fd = -1;
	return sock_send(a->p->socks, fd, (uint32_t)arg_int(a, 2), flags & ~MSG_DONTWAIT);
}

static int64_t
do_shutdown(struct args *a)
{
	int fd = arg_fd(a, 0);

	return sock_shutdown(a->p->socks, fd, (int)arg_int(a, 1));
}

static int64_t
do_close(struct args *a)
{
	int fd = arg_fd(a, 0);
	int64_t n = arg_int(a, 0), rc = sock_close(a->p->socks, fd);

	if (rc == 0)
		a->p->fd_of[n] = -1;
	return rc;
}

static int64_t
do_fcntl(struct args *a)
{
	int fd = arg_fd(a, 0), cmd = (int)arg_int(a, 1);

	return sock_fcntl(a->p->socks, fd, cmd, a->nb > 2 ? arg_int(a, 2) : 0);
}

/* A value of an option as bytes: [1], {onoff=1, linger=0}, "cubic"; returns its length. */
static uint32_t
option_bytes(struct args *a, const struct expr *x, uint8_t *buf, uint32_t size)
{
	const struct expr *i;
	uint32_t n = 0;
	int64_t v;
	int word;

	if (x->kind == EXPR_STRING) {
		n = (uint32_t)RTE_MIN(strlen(x->name), (size_t)size);
		memcpy(buf, x->name, n);
		return n;
	}
	if (x->kind == EXPR_LIST && x->child != NULL && x->child->kind == EXPR_STRUCT)
		x = x->child;
	for (i = x->child; i != NULL && n + 4 <= size; i = i->next, n += 4) {
		if (!eval(a->p, a->e, i->kind == EXPR_FIELD ? i->child : i, &v)) {
			a->ok = false;
			return n;
		}
		word = (int)v;
		memcpy(buf + n, &word, 4);
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
	return sock_setsockopt(a->p->socks, fd, level, opt, buf, len);
}

static int64_t
do_getsockopt(struct args *a)
{
	int fd = arg_fd(a, 0), level = (int)arg_int(a, 1), opt = (int)arg_int(a, 2);
	uint8_t buf[512] = {0}, want[64];
	uint32_t len = sizeof(buf), nb;
	int64_t rc;

	rc = sock_getsockopt(a->p->socks, fd, level, opt, buf, &len);
	if (rc != 0 || a->nb < 4 || a->arg[3]->kind == EXPR_ANY ||
		(a->arg[3]->child != NULL && a->arg[3]->child->kind == EXPR_ANY))
		return rc;
	nb = option_bytes(a, a->arg[3], want, sizeof(want));
	if (a->ok && memcmp(buf, want, nb) != 0) {
		int word;

		memcpy(&word, buf, 4);
		a->ok = play_fail(a->p, a->e, "the option's value is %d (%s)", word,
			errno_name(word));
	}
	return rc;
}

/* One socket or several: [{fd=4, events=POLLIN, revents=POLLIN}]. */
static int64_t
do_poll(struct args *a)
{
	const struct expr *x, *f;
	int64_t fd, events, revents, timeout = arg_int(a, 2);
	int nb = 0, got;
	bool differs = false;

	if (a->nb < 3 || a->arg[0]->kind != EXPR_LIST)
		return -EINVAL;
	for (x = a->arg[0]->child; x != NULL; x = x->next) {
		if ((f = field(x, "fd")) == NULL || !eval(a->p, a->e, f, &fd) ||
			(f = field(x, "events")) == NULL || !eval(a->p, a->e, f, &events) ||
			(f = field(x, "revents")) == NULL || !eval(a->p, a->e, f, &revents)) {
			a->ok = play_fail(a->p, a->e, "fd, events and revents are wanted");
			return 0;
		}
		got = fd >= 0 && fd < PLAY_FDS ? sock_poll(a->p->socks, a->p->fd_of[fd],
			(int)events) : 0;
		nb += got != 0;
		if (got != revents && (got != 0 || timeout == 0)) {
			differs = true;
			revents = got;
			break;
		}
	}
	if (nb == 0 && timeout != 0) {
		a->wait_fd = FD_ALWAYS_BLOCKS;
		return -EAGAIN;
	}
	if (differs)
		a->ok = play_fail(a->p, a->e, "revents is 0x%x", (unsigned int)revents);
	return nb;
}

static int64_t
do_ioctl(struct args *a)
{
	int fd = arg_fd(a, 0), value = 0;
	int64_t rc = sock_ioctl(a->p->socks, fd, (unsigned long)arg_int(a, 1), &value), want;

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
	{"connect", do_connect, false},
	{"read", do_read, false},
	{"recv", do_recv, false},
	{"recvfrom", do_recv, false},
	{"write", do_write, false},
	{"send", do_send, false},
	{"sendto", do_send, false},
	{"shutdown", do_shutdown, false},
	{"close", do_close, false},
	{"fcntl", do_fcntl, false},
	{"setsockopt", do_setsockopt, false},
	{"getsockopt", do_getsockopt, false},
	{"poll", do_poll, false},
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

enum call_verdict
call_run(struct play *p, const struct event *e, bool again)
{
	struct args a = {.p = p, .e = e, .ok = true, .again = again, .wait_fd = -1};
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
	if (rc == -EAGAIN && (a.wait_fd == FD_ALWAYS_BLOCKS || sock_is_blocking(p->socks, a.wait_fd)))
		return CALL_WAITS;
	return result_check(p, e, rc, calls[i].makes_fd) ? CALL_DONE : CALL_FAILED;
}
