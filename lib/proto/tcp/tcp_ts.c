/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timestamps and PAWS: RFC 7323, 3 to 5.
 */

#include "tcp_priv.h"

/* A clock whose 16 bits last for more than a year. */
#define AGE_SHIFT 29
/* RFC 7323, 5.5: a connection that was idle for longer than 24 days knows nothing any more. */
#define PAWS_IDLE ((uint16_t)((24ull * 24 * 3600 * 1000000) >> AGE_SHIFT))

static uint16_t
age_now(const struct isla_tcp_conn *c)
{
	return (uint16_t)(c->tcp->core->now_us >> AGE_SHIFT);
}

uint32_t
tcp_ts_now(const struct isla_tcp_conn *c)
{
	return (uint32_t)(c->tcp->core->now_us / 1000) + c->ts_offset;
}

void
tcp_ts_begin(struct isla_tcp_conn *c, uint32_t ts_val)
{
	c->flags |= TCP_F_TS;
	c->ts_recent = ts_val;
	c->ts_recent_at = age_now(c);
}

bool
tcp_ts_is_old(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	return seq_lt(in->opts.ts_val, c->ts_recent) &&
		(uint16_t)(age_now(c) - c->ts_recent_at) <= PAWS_IDLE;
}

void
tcp_ts_update(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	/* A segment that begins beyond what was acknowledged must not be echoed yet: the gap
	 * would be missing from the round-trip time. */
	if (seq_gt(in->seq, c->rcv_acked) || tcp_ts_is_old(c, in))
		return;
	c->ts_recent = in->opts.ts_val;
	c->ts_recent_at = age_now(c);
}
