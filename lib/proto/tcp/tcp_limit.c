/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds sending up: each connection is always held up by something, or it would send. The time
 * is kept in ticks of the clock, so that what is too short for one is not lost but falls to the
 * one or the other by chance.
 */

#include <string.h>

#include "tcp_priv.h"

void
tcp_limit_set(struct isla_tcp_conn *c, enum isla_tcp_limit limit)
{
	uint32_t now;

	if (c->limit == limit)
		return;
	now = tcp_tick_now(c->tcp);
	c->limit_ticks[c->limit] += now - c->limit_tick;
	c->limit_tick = now;
	c->limit = (uint8_t)limit;
}

void
tcp_limit_begin(struct isla_tcp_conn *c)
{
	/* With Fast Open there may have been data before. */
	memset(c->limit_ticks, 0, sizeof(c->limit_ticks));
	c->limit = ISLA_TCP_LIMIT_APP;
	c->limit_tick = tcp_tick_now(c->tcp);
}

void
tcp_limit_info(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	bool runs = tcp_in_state(c, TCP_SYNCHRONIZED & ~ISLA_TCP_TIME_WAIT);
	unsigned int i;

	for (i = 0; i < ISLA_TCP_LIMIT_MAX; i++) {
		uint32_t ticks = c->limit_ticks[i];

		if (runs && i == c->limit)
			ticks += tcp_tick_now(c->tcp) - c->limit_tick;
		info->limited_us[i] = (uint64_t)ticks << TCP_TICK_SHIFT;
	}
	info->limited_by = c->limit;
}
