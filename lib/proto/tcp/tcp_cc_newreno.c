/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NewReno's congestion windows: RFC 5681 (congestion avoidance), RFC 6928 (initial window),
 * RFC 3465 (bytes are counted, not ACKs), RFC 8511 (marks); slow start is HyStart++'s.
 */

#include <rte_common.h>

#include "tcp_priv.h"

struct newreno {
	struct tcp_hystart hystart; /* while there has been no congestion: ssthresh is UINT32_MAX */
	uint32_t acc;               /* bytes acknowledged since cwnd last grew */
};

static_assert(sizeof(struct newreno) <= sizeof(((struct isla_tcp_conn *)0)->cc_state),
	"an algorithm's state");

static struct newreno *
state(struct isla_tcp_conn *c)
{
	return (struct newreno *)c->cc_state;
}

static bool
newreno_init(struct isla_tcp_conn *c)
{
	if (c->cwnd == 0) {
		c->cwnd = tcp_cc_initial_window(c);
		c->ssthresh = UINT32_MAX;
	}
	state(c)->acc = 0;
	tcp_hystart_begin(&state(c)->hystart);
	return true;
}

static void
newreno_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	struct newreno *r = state(c);

	if (c->ssthresh == UINT32_MAX) {
		tcp_hystart_acked(c, &r->hystart, a, nb_bytes);
		return;
	}
	if (c->cwnd < c->ssthresh) {
		c->cwnd += tcp_slow_start(c, nb_bytes);
		return;
	}
	tcp_cc_avoid(c, &r->acc, nb_bytes);
}

static void
newreno_loss(struct isla_tcp_conn *c)
{
	c->ssthresh = tcp_cc_half_flight(c);
	c->cwnd = c->ssthresh;
	state(c)->acc = 0;
}

static void
newreno_ecn(struct isla_tcp_conn *c)
{
	/* In congestion avoidance, where the window was about right, by a fifth only. */
	uint32_t percent = c->cwnd < c->ssthresh ? 50 : 80;

	c->ssthresh = (uint32_t)((uint64_t)tcp_cc_flight(c) * percent / 100);
	c->ssthresh = RTE_MAX(c->ssthresh, 2u * c->mss);
	c->cwnd = c->ssthresh;
	state(c)->acc = 0;
}

static void
newreno_timeout(struct isla_tcp_conn *c)
{
	c->ssthresh = tcp_cc_half_flight(c);
	c->cwnd = c->mss;
	state(c)->acc = 0;
}

static void
newreno_restart(struct isla_tcp_conn *c)
{
	tcp_cc_restart(c);
	state(c)->acc = 0;
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.acked = newreno_acked,
	.loss = newreno_loss,
	.ecn = newreno_ecn,
	.timeout = newreno_timeout,
	.restart = newreno_restart,
};
