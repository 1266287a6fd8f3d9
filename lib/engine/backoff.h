/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BACKOFF_H
#define BACKOFF_H

/*
 * From a busy loop to an idle one in three steps: poll on for some rounds, then give the CPU away
 * between rounds, then sleep, longer the longer there is no work. Pure: told what each round
 * brought and when, it says what to do next and keeps account of where the time went.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_engine.h"

/* Sleeps of one length, and how often the length then doubles: from 50 us to 1.6 ms in about a
 * second of silence. */
#define BACKOFF_SLEEPS    256
#define BACKOFF_DOUBLINGS 5

enum backoff_step {
	BACKOFF_BUSY,  /* there was work: go on */
	BACKOFF_SPIN,  /* rte_pause(), and go on */
	BACKOFF_YIELD, /* sched_yield() */
	BACKOFF_SLEEP, /* sleep, or wait */
	BACKOFF_STEPS
};

struct backoff {
	uint32_t spin_until;  /* empty rounds before the first yield */
	uint32_t yield_until; /* empty rounds before the first sleep; UINT32_MAX: never sleep */
	uint32_t nb_empty;    /* empty rounds since there was work */
	uint32_t nb_sleeps;   /* sleeps since there was work */
	uint32_t sleep_us;    /* the first sleep */
	enum backoff_step step;
	uint64_t since_us;    /* the beginning of the last round */
	struct isla_loop_step account[BACKOFF_STEPS];
};

void backoff_init(struct backoff *b, uint64_t now_us);

/* Set the steps, also on the way; the account stays. never_sleep: spin for ever, or, where there is
 * not one round to spin, yield for ever. */
void backoff_set(struct backoff *b, const struct isla_engine_backoff *conf, bool never_sleep);

/* How long the sleep that backoff_next() told may last where nothing can end it early. */
static inline uint64_t
backoff_sleep_us(const struct backoff *b)
{
	uint32_t n = b->nb_sleeps / BACKOFF_SLEEPS;

	return (uint64_t)b->sleep_us << (n < BACKOFF_DOUBLINGS ? n : BACKOFF_DOUBLINGS);
}

/*
 * A round has ended which began at now_us; worked: it brought frames or other work. Returns what to
 * do. From one round's beginning to the next is the time of the step that was told in between.
 */
static inline enum backoff_step
backoff_next(struct backoff *b, bool worked, uint64_t now_us)
{
	b->account[b->step].time_us += now_us - b->since_us;
	b->since_us = now_us;
	if (worked) {
		b->nb_empty = b->nb_sleeps = 0;
		b->step = BACKOFF_BUSY;
	} else if (b->nb_empty < b->spin_until) {
		b->nb_empty++;
		b->step = BACKOFF_SPIN;
	} else if (b->nb_empty < b->yield_until) {
		b->nb_empty++;
		b->step = BACKOFF_YIELD;
	} else {
		/* UINT32_MAX rounds, and no sleep. */
		b->step = b->yield_until != UINT32_MAX ? BACKOFF_SLEEP :
			b->spin_until > 0 ? BACKOFF_SPIN : BACKOFF_YIELD;
	}
	if (b->step == BACKOFF_SLEEP && b->nb_sleeps < UINT32_MAX)
		b->nb_sleeps++;
	b->account[b->step].nb_rounds++;
	return b->step;
}

#endif /* BACKOFF_H */
