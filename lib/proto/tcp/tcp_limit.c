/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds sending up: each connection is always held up by something, or it would send. The time
 * is kept in ticks of the clock, so that what is too short for one is not lost but falls to the
 * one or the other by chance. A sum that reaches its end, after 50 days, stays there.
 */

#include <string.h>

#include <rte_common.h>

#include "tcp_priv.h"

/* Ticks of 1,024 us. tcp_conn::limit_tick has 32 bits of them, and tcp_conn::limit five more beside
 * what it is named for: that is for years. */
#define TICK_SHIFT 10
#define LIMIT_BITS 3
#define LIMIT_MASK ((1u << LIMIT_BITS) - 1)
#define TICK_MASK  ((UINT64_C(1) << (32 + 8 - LIMIT_BITS)) - 1)

static_assert(TCP_LIMIT_IDLE <= LIMIT_MASK, "they share a byte");

/* What has been going on, for how long, in ticks. */
static uint64_t
ticks_since(const struct isla_tcp_conn *c)
{
	uint64_t since = (uint64_t)(c->limit >> LIMIT_BITS) << 32 | c->limit_tick;

	return ((c->tcp->core->now_us >> TICK_SHIFT) - since) & TICK_MASK;
}

static void
begin(struct isla_tcp_conn *c, unsigned int limit)
{
	uint64_t now = (c->tcp->core->now_us >> TICK_SHIFT) & TICK_MASK;

	c->limit_tick = (uint32_t)now;
	c->limit = (uint8_t)(limit | (uint32_t)(now >> 32) << LIMIT_BITS);
}

static uint32_t
sum(const struct isla_tcp_conn *c, unsigned int limit)
{
	uint64_t ticks = c->limit_ticks[limit];

	if (limit == (c->limit & LIMIT_MASK))
		ticks += ticks_since(c);
	return (uint32_t)RTE_MIN(ticks, UINT32_MAX);
}

void
tcp_limit_set(struct isla_tcp_conn *c, unsigned int limit)
{
	unsigned int old = c->limit & LIMIT_MASK;

	if (old == limit)
		return;
	c->limit_ticks[old] = sum(c, old);
	begin(c, limit);
}

void
tcp_limit_begin(struct isla_tcp_conn *c)
{
	/* With Fast Open there may have been data before. */
	memset(c->limit_ticks, 0, sizeof(c->limit_ticks));
	begin(c, TCP_LIMIT_IDLE);
}

void
tcp_limit_info(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	bool runs = tcp_in_state(c, TCP_SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT);
	unsigned int i, now = c->limit & LIMIT_MASK;

	for (i = 0; i <= TCP_LIMIT_IDLE; i++) {
		uint32_t ticks = runs ? sum(c, i) : c->limit_ticks[i];
		uint64_t us = (uint64_t)ticks << TICK_SHIFT;

		/* To the program, it is the program. */
		info->limited_us[i == TCP_LIMIT_IDLE ? ISLA_TCP_LIMIT_APP : i] += us;
		if (i != TCP_LIMIT_IDLE)
			info->busy_us += us;
	}
	info->limited_by = now == TCP_LIMIT_IDLE ? ISLA_TCP_LIMIT_APP : now;
}
