/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion window validation, RFC 7661: a window that the program has not filled lately says
 * nothing about the path. pipeACK, the most that was acknowledged in one of the last round trips,
 * tells how much of it is known to be usable; while that is less than half (the non-validated
 * phase) the window does not grow, a loss reduces what was really in flight, and after five
 * minutes half of it goes. Section numbers are that RFC's.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define NVP_S         300 /* 4.4: the non-validated period */
#define PERIOD_MIN_US 1000000

static uint16_t
now_s(const struct isla_tcp_conn *c)
{
	return (uint16_t)(c->tcp->core->now_us / 1000000);
}

/* 4.2: the pipeACK sampling period is three round trips, and a second at least. */
static void
sample(struct isla_tcp_conn *c)
{
	uint32_t period_us = RTE_MAX(c->srtt8 / 8 * 3, (uint32_t)PERIOD_MIN_US);
	uint16_t age = (uint16_t)(now_s(c) - c->pipe_ack_s);

	if (c->round_acked < c->pipe_ack && age <= (period_us + 999999) / 1000000)
		return;
	c->pipe_ack = RTE_MAX(c->round_acked, 1u);
	c->pipe_ack_s = now_s(c);
}

/* 4.3. At the end of a round trip: within one, cwnd is ahead of what it has measured. */
static bool
is_used(const struct isla_tcp_conn *c)
{
	/* Windows grow by bytes and leave as segments: a little less is not less. */
	return c->pipe_ack >= c->cwnd / 2 || c->cwnd / 2 - c->pipe_ack <= 2u * c->mss;
}

bool
tcp_cwv_is_valid(const struct isla_tcp_conn *c)
{
	return c->nonvalid_s == 0 || c->round_acked >= c->cwnd / 2;
}

/* 4.4.3: what has not been needed for so long. */
static void
adjust(struct isla_tcp_conn *c)
{
	uint32_t half = RTE_MAX(c->cwnd / 2, tcp_cc_initial_window(c));

	c->ssthresh = RTE_MAX(c->ssthresh, c->cwnd - c->cwnd / 4);
	c->cc->restart(c);
	c->cwnd = half;
}

void
tcp_cwv_round(struct isla_tcp_conn *c)
{
	/* Algorithms that set the window in recovery have a model of the path. */
	if ((c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) || (c->cc->flags & TCP_CC_OWN))
		return;
	sample(c);
	if (is_used(c)) {
		c->nonvalid_s = 0;
		return;
	}
	if (c->nonvalid_s != 0 && (uint16_t)(now_s(c) - c->nonvalid_s) < NVP_S)
		return;
	if (c->nonvalid_s != 0)
		adjust(c);
	c->nonvalid_s = RTE_MAX(now_s(c), (uint16_t)1);
}

void
tcp_cwv_idle(struct isla_tcp_conn *c, uint64_t idle_us)
{
	if (idle_us < NVP_S * UINT64_C(1000000))
		return;
	if (c->nonvalid_s != 0)
		adjust(c);
	c->nonvalid_s = 0;
	c->pipe_ack = 0;
}

/* 4.4.1: what had to be sent again was too much by as much; then all begins anew. */
void
tcp_cwv_recovered(struct isla_tcp_conn *c)
{
	if (c->nonvalid_s != 0) {
		uint32_t again = (uint32_t)tcp_repair(c)->undo_retrans * c->mss / 2;

		c->ssthresh -= RTE_MIN(again, c->ssthresh);
		c->ssthresh = RTE_MAX(c->ssthresh, 2u * c->mss);
	}
	c->nonvalid_s = 0;
	c->pipe_ack = 0;
}
