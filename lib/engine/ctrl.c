/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls into shards, from threads that are none, and the control thread.
 */

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "ctrl.h"
#include "engine_priv.h"

/* A function on its way into a shard; it stands on the stack of whoever waits for it. */
struct call {
	struct isla_engine_request req;
	void (*fn)(struct isla_stack *stack, void *arg);
	void *arg;
	sem_t done;
};

int
ctrl_init(struct ctrl *c)
{
	pthread_mutexattr_t attr;

	memset(c, 0, sizeof(*c));
	c->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->bell_fd < 0)
		return -errno;
	/* What is called may call in turn. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&c->lock, &attr);
	pthread_mutex_init(&c->tick, &attr);
	pthread_mutexattr_destroy(&attr);
	pthread_mutex_init(&c->admin, NULL);
	pthread_mutex_init(&c->ports, NULL);
	c->is_made = true;
	return 0;
}

/* End a sleep of the control thread. */
static void
ring(struct ctrl *c)
{
	uint64_t one = 1;
	int saved = errno;

	/* A counter that is full rings already. */
	if (write(c->bell_fd, &one, sizeof(one)) < 0)
		errno = saved;
}

void
ctrl_fini(struct ctrl *c)
{
	if (!c->is_made)
		return;
	if (c->is_started) {
		__atomic_store_n(&c->stop, 1, __ATOMIC_RELEASE);
		ring(c);
		pthread_join(c->thread, NULL);
	}
	close(c->bell_fd);
	pthread_mutex_destroy(&c->ports);
	pthread_mutex_destroy(&c->tick);
	pthread_mutex_destroy(&c->admin);
	pthread_mutex_destroy(&c->lock);
	c->is_made = c->is_started = false;
}

/* ---- which thread is what ---- */

static_assert(sizeof(pthread_t) == sizeof(uintptr_t), "a thread's name is read at once");

/* The caller runs this shard. */
static bool
is_own(const struct worker *w)
{
	return __atomic_load_n(&w->thread, __ATOMIC_RELAXED) == (uintptr_t)pthread_self();
}

bool
ctrl_is_shard(const struct isla_engine *e)
{
	uint16_t i;

	for (i = 0; i < e->nb_workers; i++)
		if (is_own(&e->worker[i]))
			return true;
	return false;
}

void
ctrl_shard_begins(struct worker *w)
{
	struct ctrl *c = &w->engine->ctrl;

	pthread_mutex_lock(&c->lock);
	__atomic_store_n(&w->thread, (uintptr_t)pthread_self(), __ATOMIC_RELAXED);
	pthread_mutex_unlock(&c->lock);
}

void
ctrl_shard_ends(struct worker *w)
{
	struct ctrl *c = &w->engine->ctrl;

	/* Whoever waits was posted under this lock, so nobody is forgotten. */
	pthread_mutex_lock(&c->lock);
	isla_stack_set_now(w->stack, worker_now_us(w));
	mailbox_run(&w->mailbox, w->stack);
	__atomic_store_n(&w->thread, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&c->lock);
}

void
ctrl_shards_have_ended(struct isla_engine *e)
{
	pthread_mutex_lock(&e->ctrl.lock);
	pthread_mutex_unlock(&e->ctrl.lock);
}

int
ctrl_admin_lock(struct isla_engine *e)
{
	/* Who holds the lock may be waiting for this shard. */
	if (ctrl_is_shard(e))
		return -EDEADLK;
	pthread_mutex_lock(&e->ctrl.admin);
	return 0;
}

void
ctrl_admin_unlock(struct isla_engine *e)
{
	pthread_mutex_unlock(&e->ctrl.admin);
}

/* A lock is no part of what a reader must leave as it is. */
static pthread_mutex_t *
ports_mutex(const struct isla_engine *e)
{
	return (pthread_mutex_t *)(uintptr_t)&e->ctrl.ports;
}

void
ctrl_ports_lock(const struct isla_engine *e)
{
	pthread_mutex_lock(ports_mutex(e));
}

void
ctrl_ports_unlock(const struct isla_engine *e)
{
	pthread_mutex_unlock(ports_mutex(e));
}

/* ---- calls ---- */

static void
call_run(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct call *call = (struct call *)req;

	call->fn(stack, call->arg);
	sem_post(&call->done);
}

static void
call_wait(struct call *call)
{
	while (sem_wait(&call->done) != 0)
		; /* a signal's handler ran */
	sem_destroy(&call->done);
}

static void
call_one(struct worker *w, void (*fn)(struct isla_stack *stack, void *arg), void *arg)
{
	struct call call = {.req.run = call_run, .fn = fn, .arg = arg};
	struct ctrl *c = &w->engine->ctrl;

	pthread_mutex_lock(&c->lock);
	if (__atomic_load_n(&w->thread, __ATOMIC_RELAXED) != 0) {
		sem_init(&call.done, 0, 0);
		isla_engine_post(w->engine, w->index, &call.req);
		pthread_mutex_unlock(&c->lock);
		call_wait(&call);
	} else {
		isla_stack_set_now(w->stack, worker_now_us(w));
		fn(w->stack, arg);
		pthread_mutex_unlock(&c->lock);
	}
}

int
isla_engine_call(struct isla_engine *e, uint16_t shard,
	void (*fn)(struct isla_stack *stack, void *arg), void *arg)
{
	bool all = shard == ISLA_ENGINE_ALL_SHARDS;
	uint16_t i, first = all ? 0 : shard, end = all ? e->nb_workers : shard + 1u;

	if (first >= e->nb_workers)
		return -EINVAL;
	if (ctrl_is_shard(e)) {
		if (end - first > 1 || !is_own(&e->worker[first]))
			return -EDEADLK;
		fn(e->worker[first].stack, arg);
		return 0;
	}
	for (i = first; i < end; i++)
		call_one(&e->worker[i], fn, arg);
	return 0;
}

/* ---- the control thread ---- */

int
isla_engine_ctrl_post(struct isla_engine *e, struct isla_engine_request *req)
{
	if (mailbox_post(&e->ctrl.mailbox, req))
		ring(&e->ctrl);
	return 0;
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Sleep until there is mail, or the time has come. */
static void
ctrl_sleep(struct ctrl *c, uint64_t us)
{
	struct pollfd bell = {.fd = c->bell_fd, .events = POLLIN};
	struct timespec ts = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};
	uint64_t rings;

	if (ppoll(&bell, 1, us == UINT64_MAX ? NULL : &ts, NULL) > 0 &&
		read(c->bell_fd, &rings, sizeof(rings)) < 0)
		return; /* as good as read */
}

static void
ctrl_tick(struct isla_engine *e)
{
	pthread_mutex_lock(&e->ctrl.tick);
	if (!e->ctrl.no_ticks)
		e->conf.tick(e, e->conf.tick_ctx);
	pthread_mutex_unlock(&e->ctrl.tick);
}

void
ctrl_tell_link_up(struct isla_engine *e, uint16_t port_id)
{
	pthread_mutex_lock(&e->ctrl.tick);
	if (!e->ctrl.no_ticks && e->conf.link_up != NULL)
		e->conf.link_up(e, port_id, e->conf.link_up_ctx);
	pthread_mutex_unlock(&e->ctrl.tick);
}

static void *
ctrl_main(void *arg)
{
	struct isla_engine *e = arg;
	struct ctrl *c = &e->ctrl;
	uint64_t now = now_us(), next_us = UINT64_MAX, watch_us = now + PORTS_WATCH_US, until_us;

	if (e->conf.tick != NULL)
		next_us = now + e->conf.tick_us;
	while (__atomic_load_n(&c->stop, __ATOMIC_ACQUIRE) == 0) {
		mailbox_run(&c->mailbox, NULL);
		now = now_us();
		if (now >= next_us) {
			next_us = RTE_MAX(next_us + e->conf.tick_us, now);
			ctrl_tick(e);
			now = now_us();
		}
		if (now >= watch_us) {
			ports_watch(e);
			now = now_us();
			watch_us = now + PORTS_WATCH_US;
		}
		until_us = RTE_MIN(next_us, watch_us);
		if (mailbox_has_mail(&c->mailbox) || now >= until_us)
			continue;
		ctrl_sleep(c, until_us - now);
	}
	return NULL;
}

int
ctrl_start(struct isla_engine *e, struct fault *fault)
{
	sigset_t all, old;
	int rc;

	/* Signals are for the main thread, and a driver's for the one that polls. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = rte_ctrl_thread_create(&e->ctrl.thread, "isla-ctrl", NULL, ctrl_main, e);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return fault_set(fault, rc, "there is no control thread: %s", rte_strerror(-rc));
	e->ctrl.is_started = true;
	return 0;
}

void
ctrl_ends_ticking(struct isla_engine *e)
{
	pthread_mutex_lock(&e->ctrl.tick);
	e->ctrl.no_ticks = true;
	pthread_mutex_unlock(&e->ctrl.tick);
}
