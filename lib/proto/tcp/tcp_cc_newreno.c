/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NewReno's congestion windows: RFC 5681 (slow start, congestion avoidance), RFC 6928 (initial
 * window), RFC 3465 (bytes are counted, not ACKs).
 */

#include <rte_common.h>

#include "tcp_priv.h"

struct newreno {
	uint32_t acc; /* bytes acknowledged since cwnd last grew */
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
	return true;
}

static void
newreno_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	struct newreno *r = state(c);

	RTE_SET_USED(a);
	if (c->cwnd < c->ssthresh) {
		/* RFC 3465, 2.2: L = 2, but 1 while what a timeout lost is still coming back. */
		uint32_t limit = c->flags & TCP_F_RTO_RECOVERY ? c->mss : 2u * c->mss;

		c->cwnd += RTE_MIN(nb_bytes, limit);
		return;
	}
	r->acc += nb_bytes;
	if (r->acc >= c->cwnd) {
		r->acc -= c->cwnd;
		c->cwnd += c->mss;
	}
}

static void
newreno_loss(struct isla_tcp_conn *c)
{
	c->ssthresh = tcp_cc_half_flight(c);
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
	c->cwnd = RTE_MIN(c->cwnd, tcp_cc_initial_window(c));
	state(c)->acc = 0;
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.acked = newreno_acked,
	.loss = newreno_loss,
	.timeout = newreno_timeout,
	.restart = newreno_restart,
};
