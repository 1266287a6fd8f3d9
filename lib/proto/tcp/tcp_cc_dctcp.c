/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DCTCP, RFC 8257: the share of bytes that were marked in each window gives an estimate of how full
 * the queue is, and a mark takes as much from the window as that is worth. Losses are answered as
 * Reno's are; without ECN nothing else remains. For networks under one hand only (section 1).
 *
 * The receiver's part, an ACK at once where marks begin or end (3.2), is in tcp_ecn.c; what an ACK
 * with ECE acknowledges comes as tcp_acked::ce_bytes.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define ALPHA_SHIFT 20 /* DCTCP.Alpha is in 1 / 2^20 */
#define ALPHA_ONE   (1u << ALPHA_SHIFT)
#define G_SHIFT     4  /* g = 1/16 */

struct dctcp {
	uint32_t alpha;
	uint32_t nb_acked;   /* DCTCP.BytesAcked */
	uint32_t nb_marked;  /* DCTCP.BytesMarked */
	uint32_t window_end; /* DCTCP.WindowEnd */
	uint32_t acc;        /* bytes acknowledged since cwnd last grew */
};

static_assert(sizeof(struct dctcp) <= sizeof(((struct isla_tcp_conn *)0)->cc_state),
	"an algorithm's state");

static struct dctcp *
state(struct isla_tcp_conn *c)
{
	return (struct dctcp *)c->cc_state;
}

static bool
dctcp_init(struct isla_tcp_conn *c)
{
	if (c->cwnd == 0) {
		c->cwnd = tcp_cc_initial_window(c);
		c->ssthresh = UINT32_MAX;
	}
	/* 4.2: the first mark is answered as Reno would. */
	*state(c) = (struct dctcp){.alpha = ALPHA_ONE, .window_end = c->snd_nxt};
	return true;
}

/* 3.3, steps 3 to 8. */
static void
window_over(struct isla_tcp_conn *c, struct dctcp *r)
{
	uint64_t marked = RTE_MIN(r->nb_marked, r->nb_acked);
	uint32_t m = (uint32_t)((marked << ALPHA_SHIFT) / RTE_MAX(r->nb_acked, 1u));
	uint32_t decay = r->alpha >> G_SHIFT;

	/* What shifting would leave for ever goes, too. */
	r->alpha = r->alpha - RTE_MAX(decay, RTE_MIN(r->alpha, 1u)) + (m >> G_SHIFT);
	r->alpha = RTE_MIN(r->alpha, ALPHA_ONE);
	r->nb_acked = r->nb_marked = 0;
	r->window_end = c->snd_nxt;
}

static void
dctcp_ack(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	struct dctcp *r = state(c);

	if (!a->advanced)
		return;
	r->nb_acked += a->in->ack - c->snd_una;
	r->nb_marked += a->ce_bytes;
	if (seq_gt(a->in->ack, r->window_end))
		window_over(c, r);
}

static void
dctcp_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	struct dctcp *r = state(c);

	RTE_SET_USED(a);
	if (c->cwnd < c->ssthresh)
		c->cwnd += tcp_slow_start(c, nb_bytes);
	else
		tcp_cc_avoid(c, &r->acc, nb_bytes);
}

/* 3.3, step 9: cwnd = cwnd * (1 - DCTCP.Alpha / 2). */
static void
dctcp_ecn(struct isla_tcp_conn *c)
{
	struct dctcp *r = state(c);
	uint64_t cut = ((uint64_t)c->cwnd * r->alpha) >> (ALPHA_SHIFT + 1);

	c->ssthresh = RTE_MAX(c->cwnd - (uint32_t)cut, 2u * c->mss);
	c->cwnd = c->ssthresh;
	r->acc = 0;
}

/* 3.4 and 3.5: as any other; Alpha stays. */
static void
dctcp_loss(struct isla_tcp_conn *c)
{
	c->ssthresh = tcp_cc_half_flight(c);
	c->cwnd = c->ssthresh;
	state(c)->acc = 0;
}

static void
dctcp_timeout(struct isla_tcp_conn *c)
{
	c->ssthresh = tcp_cc_half_flight(c);
	c->cwnd = c->mss;
	state(c)->acc = 0;
}

static void
dctcp_restart(struct isla_tcp_conn *c)
{
	tcp_cc_restart(c);
	state(c)->acc = 0;
}

const struct tcp_cc_ops tcp_cc_dctcp = {
	.name = "dctcp",
	.flags = TCP_CC_ECN,
	.init = dctcp_init,
	.ack = dctcp_ack,
	.acked = dctcp_acked,
	.loss = dctcp_loss,
	.ecn = dctcp_ecn,
	.timeout = dctcp_timeout,
	.restart = dctcp_restart,
};
