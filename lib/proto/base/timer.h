/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIMER_H
#define TIMER_H

/*
 * A hierarchical timer wheel (Varghese, Lauck: "Hashed and Hierarchical Timing Wheels", 1987).
 *
 * Four levels of 256 slots; a tick is 64 us, so the levels reach 16 ms, 4.2 s, 17.9 min and 76 h.
 * What lies beyond is parked in the last level and looked at again there. Setting and stopping cost
 * a few instructions; a bitmap a level finds the next slot that holds anything, so that an idle
 * wheel is not walked and the loop knows how long it may sleep.
 *
 * A timer never fires early, and at most one tick late. It is embedded in its owner and
 * belongs to a class; the class has the function. One owner, one timer: an object with several
 * deadlines keeps them itself and arms the earliest.
 */

#include <stdbool.h>
#include <stdint.h>

#define TIMER_TICK_SHIFT 6 /* 64 us */
#define TIMER_LEVELS     4
#define TIMER_SLOTS      256

/* Who owns a timer; the index of its function. */
enum timer_class {
	TIMER_NEIGH,
	TIMER_ACD,
	TIMER_DHCP,
	TIMER_TCP,
	TIMER_TCP_STALL,
	TIMER_TCP_SYN,
	TIMER_HTTP,
	TIMER_SOCKET,
	TIMER_DNS_QUERY,
	TIMER_DNS_LOOKUP,
	TIMER_DNS_CONN,
	TIMER_DNS_CONNECT,
	TIMER_TEST,
	TIMER_CLASS_MAX
};

struct timer {
	struct timer *next;
	struct timer **pprev; /* NULL: not armed */
	uint64_t expire_us : 56;
	uint64_t class : 8;
};

typedef void timer_fn(void *ctx, struct timer *t);

struct timer_wheel {
	uint64_t tick; /* all before and this one have been run */
	uint32_t nb_armed;
	struct {
		timer_fn *fn;
		void *ctx;
	} class[TIMER_CLASS_MAX];
	uint64_t map[TIMER_LEVELS][TIMER_SLOTS / 64];
	struct timer *slot[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *w, uint64_t now_us);

/* Which function runs for a class; set at init, before the first timer of the class. */
void timer_wheel_set_class(struct timer_wheel *w, enum timer_class c, timer_fn *fn, void *ctx);

/* Run all that is due; a function may set and stop any timer, its own included. */
void timer_wheel_run(struct timer_wheel *w, uint64_t now_us);

/* No timer fires before this time; UINT64_MAX where none is armed. It may be early, never late. */
uint64_t timer_wheel_next_us(const struct timer_wheel *w);

static inline void
timer_init(struct timer *t, enum timer_class c)
{
	t->next = 0;
	t->pprev = 0;
	t->expire_us = 0;
	t->class = c;
}

static inline bool
timer_is_armed(const struct timer *t)
{
	return t->pprev != 0;
}

/* Arm or re-arm. A time that has passed fires at the next run. */
void timer_set(struct timer_wheel *w, struct timer *t, uint64_t expire_us);

void timer_stop(struct timer_wheel *w, struct timer *t);

#endif /* TIMER_H */
