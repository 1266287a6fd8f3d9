/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel. timer_set() chooses the level by the distance and the slot by the tick;
 * timer_wheel_run() moves the wheel tick by tick over slots that hold something, and brings a
 * higher level's slot down when the lower one wraps.
 */

#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "timer.h"

#define SLOT_BITS 8
#define SLOT_MASK (TIMER_SLOTS - 1)

void
timer_wheel_init(struct timer_wheel *w, uint64_t now_us)
{
	memset(w, 0, sizeof(*w));
	w->tick = now_us >> TIMER_TICK_SHIFT;
}

void
timer_wheel_set_class(struct timer_wheel *w, enum timer_class c, timer_fn *fn, void *ctx)
{
	w->class[c].fn = fn;
	w->class[c].ctx = ctx;
}

/* The first tick that does not begin before the time: a timer is never early. */
static uint64_t
tick_of(uint64_t expire_us)
{
	return (expire_us + (1u << TIMER_TICK_SHIFT) - 1) >> TIMER_TICK_SHIFT;
}

static void
slot_link(struct timer_wheel *w, struct timer *t, uint64_t earliest)
{
	uint64_t tick = RTE_MAX(tick_of(t->expire_us), earliest);
	uint64_t diff = tick ^ w->tick;
	unsigned int level = 0, slot;
	struct timer **head;

	/* The level is that of the highest digit in which the two ticks differ. */
	while (level < TIMER_LEVELS - 1 && diff >> (SLOT_BITS * (level + 1)) != 0)
		level++;
	/* The top level is a circle; beyond its horizon, the slot that the hand reaches last. */
	if (tick - w->tick >= (uint64_t)SLOT_MASK << (SLOT_BITS * level))
		tick = w->tick + ((uint64_t)SLOT_MASK << (SLOT_BITS * level));
	slot = (unsigned int)(tick >> (SLOT_BITS * level)) & SLOT_MASK;
	head = &w->slot[level][slot];
	t->next = *head;
	t->pprev = head;
	if (t->next != NULL)
		t->next->pprev = &t->next;
	*head = t;
	w->map[level][slot / 64] |= 1ull << (slot % 64);
}

static void
slot_unlink(struct timer_wheel *w, struct timer *t)
{
	struct timer **pprev = t->pprev;

	*pprev = t->next;
	if (t->next != NULL) {
		t->next->pprev = pprev;
	} else {
		/* Perhaps the slot's last one: pprev then points into the slot array. */
		struct timer **first = &w->slot[0][0];
		ptrdiff_t i = pprev - first;

		if (pprev >= first && i < TIMER_LEVELS * TIMER_SLOTS)
			w->map[i / TIMER_SLOTS][(i % TIMER_SLOTS) / 64] &= ~(1ull << (i % 64));
	}
	t->next = NULL;
	t->pprev = NULL;
}

void
timer_set(struct timer_wheel *w, struct timer *t, uint64_t expire_us)
{
	if (timer_is_armed(t))
		slot_unlink(w, t);
	else
		w->nb_armed++;
	t->expire_us = RTE_MIN(expire_us, (1ull << 56) - 1);
	slot_link(w, t, w->tick + 1);
}

void
timer_stop(struct timer_wheel *w, struct timer *t)
{
	if (!timer_is_armed(t))
		return;
	slot_unlink(w, t);
	w->nb_armed--;
}

/* The first slot from `from` on that holds something, or TIMER_SLOTS. */
static unsigned int
map_next(const uint64_t *map, unsigned int from)
{
	unsigned int i = from / 64;
	uint64_t word;

	if (from >= TIMER_SLOTS)
		return TIMER_SLOTS;
	word = map[i] & (~0ull << (from % 64));
	while (word == 0) {
		if (++i == TIMER_SLOTS / 64)
			return TIMER_SLOTS;
		word = map[i];
	}
	return i * 64 + (unsigned int)__builtin_ctzll(word);
}

/* The next tick at which a slot must be run or brought down; UINT64_MAX where all are empty. */
static uint64_t
next_tick(const struct timer_wheel *w)
{
	unsigned int level;

	for (level = 0; level < TIMER_LEVELS; level++) {
		unsigned int shift = SLOT_BITS * level;
		uint64_t pos = w->tick >> shift, turn = pos & ~(uint64_t)SLOT_MASK;
		unsigned int s = map_next(w->map[level], (unsigned int)(pos & SLOT_MASK) + 1);

		if (s == TIMER_SLOTS && level == TIMER_LEVELS - 1) {
			s = map_next(w->map[level], 0);
			turn += TIMER_SLOTS;
		}
		if (s < TIMER_SLOTS)
			return (turn | s) << shift;
	}
	return UINT64_MAX;
}

uint64_t
timer_wheel_next_us(const struct timer_wheel *w)
{
	uint64_t tick = next_tick(w);

	return tick == UINT64_MAX ? UINT64_MAX : tick << TIMER_TICK_SHIFT;
}

/* Take a slot's timers off the wheel, as a chain through next. */
static struct timer *
slot_take(struct timer_wheel *w, unsigned int level, unsigned int slot, struct timer **head)
{
	*head = w->slot[level][slot];
	w->slot[level][slot] = NULL;
	w->map[level][slot / 64] &= ~(1ull << (slot % 64));
	if (*head != NULL)
		(*head)->pprev = head;
	return *head;
}

/* Bring down the slots that begin with the current tick, the highest level first. */
static void
cascade(struct timer_wheel *w)
{
	unsigned int level;

	for (level = TIMER_LEVELS - 1; level > 0; level--) {
		unsigned int shift = SLOT_BITS * level;
		unsigned int slot = (unsigned int)(w->tick >> shift) & SLOT_MASK;
		struct timer *head, *t;

		if ((w->tick & ((1ull << shift) - 1)) != 0)
			continue;
		slot_take(w, level, slot, &head);
		while ((t = head) != NULL) {
			slot_unlink(w, t);
			slot_link(w, t, w->tick);
		}
	}
}

void
timer_wheel_run(struct timer_wheel *w, uint64_t now_us)
{
	uint64_t end = now_us >> TIMER_TICK_SHIFT;
	struct timer *head, *t;

	while (w->tick < end) {
		uint64_t tick = next_tick(w);

		if (tick > end) {
			w->tick = end;
			return;
		}
		w->tick = tick;
		cascade(w);
		slot_take(w, 0, (unsigned int)tick & SLOT_MASK, &head);
		while ((t = head) != NULL) {
			slot_unlink(w, t);
			w->nb_armed--;
			w->class[t->class].fn(w->class[t->class].ctx, t);
		}
	}
}
