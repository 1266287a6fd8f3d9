/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forward RTO-recovery, RFC 5682: was a timeout needless? After it the first segment is sent again;
 * once that moves snd_una, new data go out instead of what else is taken for lost. If the next ACK
 * tells of something that was sent once only, and before the timeout, nothing had been lost but
 * time; so it does where it comes in the same burst, before the new data could go. Section 2.1
 * (without SACK) and section 3 (with SACK) are one here: with SACK, "tells of" includes what is
 * reported out of order.
 */

#include <rte_common.h>

#include "tcp_priv.h"

void
tcp_frto_begin(struct isla_tcp_conn *c)
{
	/* Where the reduction cannot be undone, there is nothing to find out. */
	if ((c->flags & TCP_F_UNDO) == 0)
		return;
	c->flags |= TCP_F_FRTO;
	c->modes &= (uint8_t)~TCP_M_FRTO_NEW;
}

void
tcp_frto_end(struct isla_tcp_conn *c)
{
	c->flags &= ~TCP_F_FRTO;
	c->modes &= (uint8_t)~TCP_M_FRTO_NEW;
}

/* Step 2: the first ACK after the timeout. */
static void
first_ack(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	/* With SACK, duplicates may come before it and say nothing; without, the first is 2a. */
	if (!a->advanced && (!a->is_dup || (c->flags & TCP_F_SACK)))
		return;
	/* 2a: or all is acknowledged, and nothing is left to find out. */
	if (!a->advanced || seq_ge(c->snd_una, c->recover) || !tcp_output_may_send_new(c)) {
		tcp_frto_end(c);
		return;
	}
	/* 2b: two new segments. */
	c->modes |= TCP_M_FRTO_NEW;
	c->cwnd = c->pipe + 2u * c->mss;
}

void
tcp_frto_acked(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	if ((c->modes & TCP_M_FRTO_NEW) == 0) {
		first_ack(c, a);
		return;
	}
	/* An ACK of nothing at all, such as a window update, decides nothing. */
	if (!a->advanced && a->delivered == 0 && !a->is_dup)
		return;
	if (a->original) {
		core_count(c->tcp->core, ISLA_C_TCP_SPURIOUS_RTOS);
		tcp_undo(c);
	} else {
		tcp_frto_end(c);
	}
	tcp_sched(c);
}
