/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The algorithms of congestion control: found by name, given to connections, and what they share.
 */

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

/* The first is the default. */
static const struct tcp_cc_ops *const algorithms[] = {
	&tcp_cc_cubic,
	&tcp_cc_newreno,
	&tcp_cc_dctcp,
	&tcp_cc_bbr,
};

const struct tcp_cc_ops *
tcp_cc_find(const char *name)
{
	size_t i;

	if (name == NULL)
		return algorithms[0];
	for (i = 0; i < RTE_DIM(algorithms); i++)
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	return NULL;
}

const char *
tcp_cc_names(void)
{
	return "cubic, newreno, dctcp, bbr";
}

bool
tcp_cc_set(struct isla_tcp_conn *c, const struct tcp_cc_ops *cc)
{
	const struct tcp_cc_ops *old = c->cc;
	uint32_t state[2][TCP_CC_STATE_WORDS], pace_rate = c->pace_rate;

	if (old == cc)
		return true;
	memcpy(state[0], c->cc_state, sizeof(state[0]));
	c->cc = cc;
	memset(c->cc_state, 0, sizeof(c->cc_state));
	c->pace_rate = UINT32_MAX;
	tcp_pace_init(c);
	/* Before the handshake there is no MSS to begin with: tcp_conn_negotiate() calls init. */
	if (c->cwnd != 0 && !cc->init(c)) {
		c->cc = old;
		memcpy(c->cc_state, state[0], sizeof(state[0]));
		c->pace_rate = pace_rate;
		tcp_sched(c);
		return false;
	}
	if (old != NULL && old->release != NULL) {
		memcpy(state[1], c->cc_state, sizeof(state[1]));
		memcpy(c->cc_state, state[0], sizeof(state[0]));
		old->release(c);
		memcpy(c->cc_state, state[1], sizeof(state[1]));
	}
	/* A recovery under one that set the window itself: this one's end needs a ssthresh. */
	if ((c->flags & TCP_F_RECOVERY) && (c->cc->flags & TCP_CC_OWN) == 0 &&
		c->ssthresh == UINT32_MAX)
		c->cc->loss(c);
	return true;
}

uint32_t
tcp_cc_initial_window(const struct isla_tcp_conn *c)
{
	uint32_t nb_segs = c->tcp->conf.init_cwnd_segs;

	return RTE_MIN(nb_segs * c->mss, RTE_MAX(2u * c->mss, nb_segs * 1460));
}

void
tcp_cc_restart(struct isla_tcp_conn *c)
{
	if (c->pace_rate == UINT32_MAX)
		c->cwnd = RTE_MIN(c->cwnd, tcp_cc_initial_window(c));
}

void
tcp_cc_avoid(struct isla_tcp_conn *c, uint32_t *acc, uint32_t nb_bytes)
{
	*acc += nb_bytes;
	if (*acc < c->cwnd)
		return;
	/* One ACK is not worth more than a window, even if it covers more. */
	*acc = RTE_MIN(*acc - c->cwnd, c->cwnd);
	c->cwnd += c->mss;
}

/* Slow start may double what was in flight when the round trip began, or in one lately: a window
 * below that has been in use, though it is not full at the moment (RFC 7661, 4.3). */
static bool
was_in_use(const struct isla_tcp_conn *c)
{
	uint32_t flight = c->round_end - (c->snd_una - c->round_acked);

	return c->cwnd < c->ssthresh && c->cwnd / 2 < RTE_MAX(flight, c->pipe_ack) &&
		(c->cc->flags & TCP_CC_OWN) == 0;
}

void
tcp_cc_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	if (unlikely(tcp_ecn_forbids_growth(c, a->in)))
		return;
	if ((c->flags & TCP_F_RTO_RECOVERY) != 0 ||
		(((c->flags & TCP_F_CWND_LIMITED) != 0 || was_in_use(c)) && tcp_cwv_is_valid(c))) {
		c->cc->acked(c, a, nb_bytes);
		c->cwnd = RTE_MIN(c->cwnd, TCP_CWND_MAX);
	} else if (c->cc->limited != NULL) {
		c->cc->limited(c);
	}
}

bool
tcp_round_acked(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	/* When the last one ended nothing was in flight: this one began with what was sent next. */
	if (seq_ge(c->snd_una - nb_bytes, c->round_end)) {
		c->round_acked = 0;
		c->round_end = c->snd_nxt;
	}
	c->round_acked += nb_bytes;
	if (seq_lt(c->snd_una, c->round_end))
		return false;
	tcp_cwv_round(c);
	c->round_acked = 0;
	c->round_end = c->snd_nxt;
	return true;
}

uint32_t
tcp_cc_flight(const struct isla_tcp_conn *c)
{
	uint32_t flight = c->snd_nxt - c->snd_una;

	/* In recovery cwnd is what is left of it. */
	if (c->flags & TCP_F_RECOVERY)
		return flight;
	if (c->nonvalid_s != 0)
		flight = RTE_MAX(flight, c->pipe_ack);
	return RTE_MIN(flight, c->cwnd);
}

uint32_t
tcp_cc_half_flight(const struct isla_tcp_conn *c)
{
	return RTE_MAX(tcp_cc_flight(c) / 2, 2u * c->mss);
}
