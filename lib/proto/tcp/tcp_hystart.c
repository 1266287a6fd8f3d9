/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slow start, for the algorithms that have one: HyStart++ (RFC 9406). Where round-trip times grow
 * in the first slow start, a queue is building up, and the window grows by a quarter only
 * (conservative slow start, CSS) until it is clear that they do: then slow start is over, before
 * the queue has overflowed. Names are those of its section 4.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define N_RTT_SAMPLE       8
#define MIN_RTT_THRESH_US  4000
#define MAX_RTT_THRESH_US  16000
#define MIN_RTT_DIVISOR    8
#define CSS_GROWTH_DIVISOR 4
#define CSS_ROUNDS         5
/* L without pacing: what one ACK may add, in segments. */
#define L_UNPACED          8

void
tcp_hystart_begin(struct tcp_hystart *h)
{
	*h = (struct tcp_hystart){
		.last_min = UINT32_MAX,
		.curr_min = UINT32_MAX,
		.css_min = UINT32_MAX,
	};
}

uint32_t
tcp_slow_start(const struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	/* RFC 3465, 2.3: no more while what a timeout lost is still coming back. */
	if (c->flags & TCP_F_RTO_RECOVERY)
		return RTE_MIN(nb_bytes, (uint32_t)c->mss);
	if (c->pace_rate != UINT32_MAX)
		return nb_bytes;
	return RTE_MIN(nb_bytes, (uint32_t)L_UNPACED * c->mss);
}

/* RttThresh, and whether this round's times are beyond it. */
static bool
delay_grows(const struct tcp_hystart *h)
{
	uint32_t thresh = RTE_MIN(h->last_min / MIN_RTT_DIVISOR, (uint32_t)MAX_RTT_THRESH_US);

	if (h->last_min == UINT32_MAX)
		return false;
	return h->curr_min >= h->last_min + RTE_MAX(thresh, (uint32_t)MIN_RTT_THRESH_US);
}

static void
sample(struct tcp_hystart *h, uint32_t rtt_us)
{
	h->curr_min = RTE_MIN(h->curr_min, rtt_us);
	if (h->nb_samples < N_RTT_SAMPLE && ++h->nb_samples < N_RTT_SAMPLE)
		return;
	if (h->css_min == UINT32_MAX) {
		if (!delay_grows(h))
			return;
		h->css_min = h->curr_min;
		h->css_rounds = 0;
	} else if (h->curr_min < h->css_min) {
		/* It was jitter: slow start goes on. */
		h->css_min = UINT32_MAX;
	}
}

bool
tcp_hystart_acked(struct isla_tcp_conn *c, struct tcp_hystart *h, const struct tcp_acked *a,
	uint32_t nb_bytes)
{
	uint32_t grow = tcp_slow_start(c, nb_bytes);

	if (a->rtt_us != UINT32_MAX)
		sample(h, RTE_MIN(a->rtt_us, (uint32_t)INT32_MAX));
	c->cwnd += h->css_min != UINT32_MAX ? grow / CSS_GROWTH_DIVISOR : grow;
	if (!a->round)
		return false;
	h->last_min = h->curr_min;
	h->curr_min = UINT32_MAX;
	h->nb_samples = 0;
	/* The round in which CSS began counts, too. */
	if (h->css_min == UINT32_MAX || ++h->css_rounds < CSS_ROUNDS)
		return false;
	c->ssthresh = c->cwnd;
	return true;
}
