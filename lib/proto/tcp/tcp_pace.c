/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pacing: a connection with a rate sends a quantum, about a millisecond's worth, and waits until as
 * much time has gone by as the rate says it takes. What is late, because the wheel has ticks and
 * the loop sleeps, is made good with the next quantum, up to a bound.
 *
 * The rate is that of the algorithm (TCP_CC_PACE), or follows the congestion window where the
 * stack's configuration wants that, or is what the program has set as the most. An output
 * pass asks tcp_pace_begin() how much may leave and tells tcp_pace_end() how much did.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define QUANTUM_US  1000
#define QUANTUM_MAX 65536u
/* So much lateness is made good. */
#define CREDIT_US   1000
/* With no less than a full segment a second, two of them and a part lie that far ahead at most.
 * What seems to be further away is long past: the clock's low bits have wrapped. */
#define AHEAD_US    4000000
#define SECOND_US   1000000u

/* Paced, but for now as fast as can be: there is no round-trip time yet. */
#define RATE_NOT_KNOWN (UINT32_MAX - 1)

static uint32_t
max_rate(const struct isla_tcp_conn *c)
{
	uint32_t max = tcp_opts_of(c)->max_pacing_rate;

	return max != 0 && max != UINT32_MAX ? max : RATE_NOT_KNOWN;
}

void
tcp_pace_set(struct isla_tcp_conn *c, uint64_t rate)
{
	uint32_t max = max_rate(c);

	c->pace_rate = RTE_MAX((uint32_t)RTE_MIN(rate, max), (uint32_t)c->mss);
}

void
tcp_pace_init(struct isla_tcp_conn *c)
{
	if (c->cc->flags & TCP_CC_PACE)
		tcp_pace_set(c, c->pace_rate);
	else if (c->tcp->conf.pacing || max_rate(c) != RATE_NOT_KNOWN)
		tcp_pace_set(c, RATE_NOT_KNOWN);
	else
		c->pace_rate = UINT32_MAX;
	/* What waits may go now. */
	c->flags &= ~TCP_F_PACE_WAIT;
	tcp_deadline_stop(c, TCP_T_PACE);
}

/* Twice the window in a round trip where it may double, and somewhat more than it later on: never
 * the rate that holds up, but no burst either. */
static void
follow_cwnd(struct isla_tcp_conn *c)
{
	uint64_t percent = c->cwnd < c->ssthresh ? 200 : 120;

	if (c->srtt8 != 0)
		tcp_pace_set(c, c->cwnd * percent * (8 * SECOND_US / 100) / c->srtt8);
}

static uint32_t
now32(const struct isla_tcp_conn *c)
{
	return (uint32_t)c->tcp->core->now_us;
}

/* How far the next segment's time lies ahead, in us; below 0: it has been due for so long. Only
 * what has waited for its time can be late. */
static int32_t
ahead(const struct isla_tcp_conn *c)
{
	int32_t us = (int32_t)(c->pace_next_us - now32(c));
	int32_t least = c->flags & TCP_F_PACE_WAIT ? -CREDIT_US : 0;

	return us > AHEAD_US || us < least ? least : us;
}

uint32_t
tcp_pace_quantum(const struct isla_tcp_conn *c)
{
	uint32_t quantum = (uint32_t)((uint64_t)c->pace_rate * QUANTUM_US / SECOND_US);

	return RTE_MAX(RTE_MIN(quantum, QUANTUM_MAX), 2u * c->mss);
}

uint32_t
tcp_pace_begin(struct isla_tcp_conn *c)
{
	int32_t us = ahead(c);

	c->pace_next_us = now32(c) + (uint32_t)us;
	c->flags &= ~TCP_F_PACE_WAIT;
	if (c->tcp->conf.pacing && (c->cc->flags & TCP_CC_PACE) == 0)
		follow_cwnd(c);
	if (us > 0)
		return 0;
	/* The last segment begins where there is room for all of it. */
	return tcp_pace_quantum(c) - (c->mss - 1u) +
		(uint32_t)((uint64_t)c->pace_rate * (uint32_t)-us / SECOND_US);
}

void
tcp_pace_end(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	uint32_t rate = c->pace_rate;
	int32_t us;

	c->pace_next_us += (uint32_t)(((uint64_t)nb_bytes * SECOND_US + rate / 2) / rate);
	if ((c->flags & TCP_F_PACE_WAIT) == 0) {
		tcp_deadline_stop(c, TCP_T_PACE);
		return;
	}
	/* Where the window follows from the rate, it is that which holds up. */
	if ((c->cc->flags & TCP_CC_PACE) == 0 && rate < max_rate(c))
		c->flags |= TCP_F_CWND_LIMITED;
	us = (int32_t)(c->pace_next_us - now32(c));
	tcp_deadline_set(c, TCP_T_PACE, (uint32_t)RTE_MAX(us, 0));
}
