/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NewReno's congestion windows: RFC 5681 (slow start, congestion avoidance), RFC 6928 (initial
 * window), RFC 3465 (bytes are counted, not ACKs).
 */

#include <rte_common.h>

#include "tcp_priv.h"

static uint32_t
initial_window(const struct isla_tcp_conn *c)
{
	return (uint32_t)c->tcp->conf.init_cwnd_segs * c->mss;
}

static void
newreno_init(struct isla_tcp_conn *c)
{
	c->cwnd = initial_window(c);
	c->ssthresh = UINT32_MAX;
	c->cwnd_acc = 0;
}

static void
newreno_acked(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	if (c->cwnd < c->ssthresh) {
		/* RFC 3465, 2.2: L = 2, but 1 while what a timeout lost is still coming back. */
		uint32_t limit = c->flags & TCP_F_RTO_RECOVERY ? c->mss : 2u * c->mss;

		c->cwnd += RTE_MIN(nb_bytes, limit);
		return;
	}
	c->cwnd_acc += nb_bytes;
	if (c->cwnd_acc >= c->cwnd) {
		c->cwnd_acc -= c->cwnd;
		c->cwnd += c->mss;
	}
}

/* RFC 5681, equation (4), with what is in flight. */
static uint32_t
half_flight(const struct isla_tcp_conn *c)
{
	return RTE_MAX((c->snd_nxt - c->snd_una) / 2, 2u * c->mss);
}

static void
newreno_loss(struct isla_tcp_conn *c)
{
	c->ssthresh = half_flight(c);
	c->cwnd = c->ssthresh;
	c->cwnd_acc = 0;
}

static void
newreno_timeout(struct isla_tcp_conn *c)
{
	c->ssthresh = half_flight(c);
	c->cwnd = c->mss;
	c->cwnd_acc = 0;
}

static void
newreno_restart(struct isla_tcp_conn *c)
{
	c->cwnd = RTE_MIN(c->cwnd, initial_window(c));
	c->cwnd_acc = 0;
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.acked = newreno_acked,
	.loss = newreno_loss,
	.timeout = newreno_timeout,
	.restart = newreno_restart,
};
