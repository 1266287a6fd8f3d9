/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's calls. The sockets' own never block; what a program would wait for is made here:
 * a call that must wait is run again whenever something has happened, until it has its answer or
 * its time is over.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <rte_common.h>

#include "agent_call.h"

/* How often to look whether a FIN is acknowledged (SO_LINGER). */
#define LINGER_LOOK_US 1000

static enum agent_progress
done(struct agent_call *c, int64_t ret)
{
	c->ret = ret;
	return AGENT_DONE;
}

/* The answer once the time is over; else wait, from the first time on for so long. */
static enum agent_progress
wait_for(const struct agent_env *env, struct agent_call *c, uint64_t timeout_us, int64_t ret)
{
	if (!c->begun) {
		c->begun = true;
		if (timeout_us != UINT64_MAX)
			c->deadline_us = isla_socket_now_us(env->table) + timeout_us;
	}
	return c->expired ? done(c, ret) : AGENT_WAITS;
}

static int
fd_of(const struct agent_call *c)
{
	return (int)c->number[0];
}

static enum agent_progress
run_socket(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_open(env->table, (int)c->number[0], (int)c->number[1],
		(int)c->number[2]));
}

static enum agent_progress
run_bind(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_bind(env->table, fd_of(c), &c->addr));
}

static enum agent_progress
run_listen(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_listen(env->table, fd_of(c), (int)c->number[1]));
}

static enum agent_progress
run_accept(const struct agent_env *env, struct agent_call *c)
{
	int fd = fd_of(c), rc;

	rc = isla_socket_accept(env->table, fd, &c->peer, (int)c->number[1]);
	c->has_peer = rc >= 0;
	if (rc == -EAGAIN && isla_socket_may_block(env->table, fd, 0))
		return wait_for(env, c, isla_socket_timeout_us(env->table, fd, false), rc);
	return done(c, rc);
}

static enum agent_progress
run_connect(const struct agent_env *env, struct agent_call *c)
{
	int fd = fd_of(c), rc;

	/* What it was told at first is what it answers when the time is over. */
	if (c->begun && isla_socket_is_connecting(env->table, fd))
		return wait_for(env, c, 0, c->done);
	rc = isla_socket_connect(env->table, fd, &c->addr);
	if ((rc == -EINPROGRESS || rc == -EALREADY) &&
		isla_socket_may_block(env->table, fd, 0)) {
		c->done = rc;
		return wait_for(env, c, isla_socket_timeout_us(env->table, fd, true), rc);
	}
	return done(c, rc);
}

static enum agent_progress
run_disconnect(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_connect(env->table, fd_of(c), NULL));
}

/* What has happened to a descriptor, data and room aside. An error is for the next call to hear. */
static bool
has_ended(const struct agent_env *env, int fd, uint16_t events)
{
	struct isla_socket_pollfd p = {.fd = fd, .events = events};

	return isla_socket_poll(env->table, &p, 1) > 0;
}

/* MSG_PEEK and MSG_WAITALL together: nothing is taken until all is there. */
static bool
peek_is_short(const struct agent_call *c, int64_t got, int flags)
{
	return (flags & MSG_PEEK) != 0 && got < c->number[1];
}

/* SO_RCVLOWAT: nothing is taken before so much is there, or nothing more will come. */
static bool
is_below_lowat(const struct agent_env *env, const struct agent_call *c, int fd)
{
	int64_t least = RTE_MIN(c->number[1], (int64_t)isla_socket_rcvlowat(env->table, fd));
	int waiting;

	return least > 1 && !c->expired && !has_ended(env, fd, POLLIN) &&
		isla_socket_ioctl(env->table, fd, FIONREAD, &waiting) == 0 && waiting < least;
}

static enum agent_progress
run_recv(const struct agent_env *env, struct agent_call *c)
{
	int fd = fd_of(c), flags = (int)c->number[2];
	bool all = (flags & MSG_WAITALL) != 0, blocks;
	uint64_t timeout = isla_socket_timeout_us(env->table, fd, false);
	int64_t want = c->number[1] - c->done, got;
	int waiting;

	if (c->number[1] < 0)
		return done(c, -EINVAL);
	if (c->done > 0 && !has_ended(env, fd, POLLIN))
		return wait_for(env, c, timeout, c->done);
	if (c->done > 0 && isla_socket_ioctl(env->table, fd, FIONREAD, &waiting) == 0 &&
		waiting == 0)
		return done(c, c->done);
	blocks = isla_socket_may_block(env->table, fd, flags);
	if (!all && blocks && is_below_lowat(env, c, fd))
		return wait_for(env, c, timeout, -EAGAIN);
	got = isla_socket_recv(env->table, fd, NULL, (size_t)want, flags, &c->peer);
	if (got == -EAGAIN && blocks)
		return wait_for(env, c, timeout, c->done > 0 ? c->done : got);
	if (got <= 0)
		return done(c, c->done > 0 ? c->done : got);
	if (all && blocks && peek_is_short(c, got, flags) && !c->expired)
		return wait_for(env, c, timeout, got);
	c->done += got;
	if (all && blocks && c->done < c->number[1] && (flags & MSG_PEEK) == 0 &&
		isla_socket_is_stream(env->table, fd))
		return run_recv(env, c);
	return done(c, c->done);
}

/* Neither read(2) nor write(2) is for an epoll instance. */
static bool
is_epoll(const struct agent_env *env, int fd)
{
	struct isla_socket_addr addr;

	return isla_socket_getsockname(env->table, fd, &addr) == -ENOTSOCK;
}

/* read(2) of no bytes asks nothing of the socket. */
static enum agent_progress
run_read(const struct agent_env *env, struct agent_call *c)
{
	if (is_epoll(env, fd_of(c)))
		return done(c, -EINVAL);
	if (c->number[1] == 0 && isla_socket_fcntl(env->table, fd_of(c), F_GETFL, 0) >= 0)
		return done(c, 0);
	return run_recv(env, c);
}

static enum agent_progress
run_recvfrom(const struct agent_env *env, struct agent_call *c)
{
	enum agent_progress progress = run_recv(env, c);

	c->has_peer = progress == AGENT_DONE && c->ret >= 0 &&
		!isla_socket_is_stream(env->table, fd_of(c));
	return progress;
}

static enum agent_progress
run_send(const struct agent_env *env, struct agent_call *c)
{
	int fd = fd_of(c), flags = (int)c->number[2];
	int64_t want = c->number[1] - c->done, sent;
	struct isla_socket_mem zeros = env->zeros;

	if (c->number[1] < 0)
		return done(c, -EINVAL);
	if (c->done > 0 && has_ended(env, fd, 0))
		return done(c, c->done);
	/* It opens once. */
	if (c->begun)
		flags &= ~MSG_FASTOPEN;
	zeros.shinfo = &env->shinfo[(uint32_t)fd % env->nb_shinfo];
	sent = isla_socket_send_ext(env->table, fd, &zeros, (size_t)want, flags,
		c->has_addr ? &c->addr : NULL);
	if (sent >= 0)
		c->done += sent;
	if (sent < 0 && sent != -EAGAIN)
		return done(c, c->done > 0 ? c->done : sent);
	if (sent >= 0 && c->done == c->number[1])
		return done(c, c->done);
	if (isla_socket_may_block(env->table, fd, flags))
		return wait_for(env, c, isla_socket_timeout_us(env->table, fd, true),
			c->done > 0 ? c->done : -EAGAIN);
	return done(c, c->done > 0 ? c->done : sent);
}

static enum agent_progress
run_write(const struct agent_env *env, struct agent_call *c)
{
	return is_epoll(env, fd_of(c)) ? done(c, -EINVAL) : run_send(env, c);
}

static enum agent_progress
run_shutdown(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_shutdown(env->table, fd_of(c), (int)c->number[1]));
}

static enum agent_progress
run_close(const struct agent_env *env, struct agent_call *c)
{
	int fd = fd_of(c), s;

	if (!c->begun) {
		s = isla_socket_linger(env->table, fd);
		c->must_poll = s > 0;
		if (s > 0)
			return wait_for(env, c, (uint64_t)s * 1000000, 0);
	} else if (!c->expired && isla_socket_is_closing(env->table, fd)) {
		return AGENT_WAITS;
	}
	return done(c, isla_socket_close(env->table, fd));
}

static enum agent_progress
run_fcntl(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_fcntl(env->table, fd_of(c), (int)c->number[1],
		(int)c->number[2]));
}

static enum agent_progress
run_ioctl(const struct agent_env *env, struct agent_call *c)
{
	c->value = (int)c->number[2];
	c->has_value = true;
	return done(c, isla_socket_ioctl(env->table, fd_of(c),
		(unsigned long)(uint32_t)c->number[1], &c->value));
}

static enum agent_progress
run_getsockopt(const struct agent_env *env, struct agent_call *c)
{
	if (c->number[3] < 0)
		return done(c, -EINVAL);
	c->opt_len = (uint32_t)RTE_MIN(c->number[3], (int64_t)sizeof(c->opt));
	c->has_opt = true;
	return done(c, isla_socket_getsockopt(env->table, fd_of(c), (int)c->number[1],
		(int)c->number[2], c->opt, &c->opt_len));
}

static enum agent_progress
run_setsockopt(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_setsockopt(env->table, fd_of(c), (int)c->number[1],
		(int)c->number[2], c->opt, c->opt_len));
}

static enum agent_progress
run_getsockname(const struct agent_env *env, struct agent_call *c)
{
	c->has_peer = true;
	return done(c, isla_socket_getsockname(env->table, fd_of(c), &c->peer));
}

static enum agent_progress
run_getpeername(const struct agent_env *env, struct agent_call *c)
{
	c->has_peer = true;
	return done(c, isla_socket_getpeername(env->table, fd_of(c), &c->peer));
}

/* poll(2)'s milliseconds; less than 0: for ever. */
static uint64_t
poll_us(int64_t ms)
{
	return (int32_t)ms < 0 ? UINT64_MAX : (uint64_t)ms * 1000;
}

static enum agent_progress
run_poll(const struct agent_env *env, struct agent_call *c)
{
	int rc = isla_socket_poll(env->table, c->pair, c->nb_pairs);

	c->has_pairs = true;
	if (rc == 0 && c->number[0] != 0)
		return wait_for(env, c, poll_us(c->number[0]), 0);
	return done(c, rc);
}

static enum agent_progress
run_epoll_create(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_epoll_create(env->table));
}

static enum agent_progress
run_epoll_ctl(const struct agent_env *env, struct agent_call *c)
{
	return done(c, isla_socket_epoll_ctl(env->table, fd_of(c), (int)c->number[1],
		(int)c->number[2], (uint32_t)c->number[3]));
}

static enum agent_progress
run_epoll_wait(const struct agent_env *env, struct agent_call *c)
{
	struct isla_socket_event ev[AGENT_POLL_MAX];
	int max = (int)RTE_MIN(c->number[1], (int64_t)AGENT_POLL_MAX), rc, i;

	rc = isla_socket_epoll_wait(env->table, fd_of(c), ev, max);
	if (rc == 0 && c->number[2] != 0)
		return wait_for(env, c, poll_us(c->number[2]), 0);
	c->has_events = true;
	for (i = 0; i < rc; i++) {
		c->pair[i].fd = ev[i].fd;
		c->event[i] = ev[i].events;
	}
	c->nb_pairs = (uint32_t)RTE_MAX(rc, 0);
	return done(c, rc);
}

static enum agent_progress
run_reset(const struct agent_env *env, struct agent_call *c)
{
	isla_socket_close_all(env->table, true);
	return done(c, 0);
}

const struct agent_verb agent_verbs[] = {
	{"socket", "nnn", run_socket},
	{"bind", "na", run_bind},
	{"listen", "nn", run_listen},
	{"accept", "n", run_accept},
	{"accept4", "nn", run_accept},
	{"connect", "na", run_connect},
	{"disconnect", "n", run_disconnect},
	{"read", "nn", run_read},
	{"recv", "nnn", run_recv},
	{"recvfrom", "nnn", run_recvfrom},
	{"write", "nn", run_write},
	{"send", "nnn", run_send},
	{"sendto", "nnna", run_send},
	{"shutdown", "nn", run_shutdown},
	{"close", "n", run_close},
	{"fcntl", "nn?n", run_fcntl},
	{"ioctl", "nn?n", run_ioctl},
	{"getsockopt", "nnnn", run_getsockopt},
	{"setsockopt", "nnnh", run_setsockopt},
	{"getsockname", "n", run_getsockname},
	{"getpeername", "n", run_getpeername},
	{"poll", "np", run_poll},
	{"epoll_create", "?n", run_epoll_create},
	{"epoll_ctl", "nnn?n", run_epoll_ctl},
	{"epoll_wait", "nnn", run_epoll_wait},
	{"reset", "", run_reset},
	{NULL, NULL, NULL},
};

enum agent_progress
agent_call_run(const struct agent_env *env, struct agent_call *call)
{
	if (call->deadline_us <= isla_socket_now_us(env->table))
		call->expired = true;
	return call->verb->run(env, call);
}

uint64_t
agent_call_wake_us(const struct agent_env *env, const struct agent_call *call)
{
	uint64_t look_us = isla_socket_now_us(env->table) + LINGER_LOOK_US;

	return call->must_poll ? RTE_MIN(look_us, call->deadline_us) : call->deadline_us;
}
