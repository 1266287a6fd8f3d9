/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CTRL_H
#define CTRL_H

/*
 * The engine's hand on its shards, and the thread that is none of them.
 *
 *   ctrl_init()  ctrl_start()                                  the control thread runs, and ticks
 *                ctrl_shard_begins() ... ctrl_shard_ends()     each shard's thread, around its loop
 *                ctrl_ends_ticking()                           all shards have ended
 *   ctrl_fini()                                                the control thread has ended
 *
 * Between ctrl_shard_begins() and ctrl_shard_ends() a shard's stack is its thread's alone, and what
 * others want of it comes as a request. Before and after, whoever calls does it himself, one at a
 * time: under the same lock under which a shard begins and ends.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "mailbox.h"

struct worker;

struct ctrl {
	pthread_mutex_t lock;  /* recursive: shards begin and end; calls into those that do not run */
	pthread_mutex_t admin; /* one change of the engine's settings at a time */
	pthread_mutex_t tick;  /* recursive: while it ticks, or tells of a link */
	pthread_mutex_t ports; /* a port is stopped, started or made anew, or its state is read */
	bool no_ticks;         /* under tick: there will be none any more */
	bool is_made;          /* the mutexes */
	bool is_started;
	uint32_t stop;         /* atomic: the thread is to end */
	int bell_fd;
	pthread_t thread;
	struct mailbox mailbox;
};

/* Returns 0, or -errno. */
int ctrl_init(struct ctrl *c);

/* NULL, nor one that is all zero, does no harm. */
void ctrl_fini(struct ctrl *c);

int ctrl_start(struct isla_engine *e, struct fault *fault);
void ctrl_ends_ticking(struct isla_engine *e);

/* The program hears that a port is back, as long as it ticks. Without the administration's lock: it
 * may change settings itself. */
void ctrl_tell_link_up(struct isla_engine *e, uint16_t port_id);

void ctrl_shard_begins(struct worker *w);

/* What was posted until now runs first. */
void ctrl_shard_ends(struct worker *w);

/* After the wait for all of them, which orders what they did before what follows by means that only
 * EAL and the processor know of: this lock says it to whoever checks, too. */
void ctrl_shards_have_ended(struct isla_engine *e);

/* Whether the caller is one of the shards that run. */
bool ctrl_is_shard(const struct isla_engine *e);

/* For what changes settings of all shards: from no shard, one at a time. -EDEADLK from a shard,
 * which then has no lock. */
int ctrl_admin_lock(struct isla_engine *e);
void ctrl_admin_unlock(struct isla_engine *e);

/* For what changes a port's state, with the administration's lock, and for whoever reads it
 * without. Held for a short time only, and by nobody who waits for a shard. */
void ctrl_ports_lock(const struct isla_engine *e);
void ctrl_ports_unlock(const struct isla_engine *e);

#endif /* CTRL_H */
