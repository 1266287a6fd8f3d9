/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RACK-TLP, RFC 8985: a segment is lost where one that was sent later has arrived, and the time
 * in which it could have been overtaken is over; where the end of a flight is lost, and so nothing
 * comes back that would tell, a probe makes the peer speak. Steps and names are those of
 * its sections 6 and 7.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define DUPACK_THRESHOLD 3
#define REO_PERSIST      16
/* TLP.max_ack_delay: what a peer may wait with the ACK of a single segment. */
#define MAX_ACK_DELAY_US 200000
/* A peer on a busy machine is not lost yet. */
#define PTO_MIN_US       10000

/* RACK_sent_after(): was (sent_us, end) transmitted after (sent_us0, end0)? */
static bool
sent_after(uint32_t sent_us, uint32_t end, uint32_t sent_us0, uint32_t end0)
{
	return seq_gt(sent_us, sent_us0) || (sent_us == sent_us0 && seq_gt(end, end0));
}

static uint32_t
now32(const struct isla_tcp_conn *c)
{
	return (uint32_t)c->tcp->core->now_us;
}

/* Whatever arrived before was sent before this: said anew, since after half an hour of silence the
 * low bits of its time would seem to lie ahead. */
void
tcp_rack_begin(struct isla_tcp_conn *c)
{
	c->rack_sent_us = now32(c);
	c->rack_end = c->snd_una;
}

/* 6.2, step 2: the ACK of a retransmitted segment may be that of its first transmission. */
static __rte_noinline bool
is_ambiguous(const struct isla_tcp_conn *c, const struct tcp_in *in, uint32_t rtt)
{
	uint64_t now_us = c->tcp->core->now_us;
	/* In ticks of the timestamp clock, from the one in which it was sent. */
	uint32_t ts_age = (uint32_t)(now_us / 1000 - (now_us - rtt) / 1000);

	if ((c->flags & TCP_F_TS) && in->opts.ts_ecr != 0 &&
		seq_lt(in->opts.ts_ecr, tcp_ts_now(c) - ts_age))
		return true;
	return rtt < c->min_rtt;
}

void
tcp_rack_update(struct isla_tcp_conn *c, const struct tcp_seg *s, const struct tcp_acked *a)
{
	uint32_t end = s->seq + s->len, rtt = now32(c) - s->sent_us;

	/* Step 3: something below what had arrived already, and never sent twice. What one ACK
	 * tells of has no order. */
	if (seq_gt(end, c->fack))
		c->fack = end;
	if (seq_lt(end, a->fack) && (s->flags & TCP_SEG_RETRANS) == 0)
		c->flags |= TCP_F_REORDERING;
	if ((s->flags & TCP_SEG_RETRANS) != 0 && is_ambiguous(c, a->in, rtt))
		return;
	if (c->rack_rtt != 0 && !sent_after(s->sent_us, end, c->rack_sent_us, c->rack_end))
		return;
	c->rack_rtt = RTE_MAX(rtt, 1u);
	c->rack_sent_us = s->sent_us;
	c->rack_end = end;
}

void
tcp_rack_dsack(struct isla_tcp_conn *c)
{
	if (seq_lt(c->snd_una, c->reo_round))
		return; /* once in a round trip */
	c->reo_round = c->snd_nxt;
	if (c->reo_mult < UINT8_MAX)
		c->reo_mult++;
	c->reo_persist = REO_PERSIST;
}

void
tcp_rack_recovered(struct isla_tcp_conn *c)
{
	if (c->reo_persist > 0 && --c->reo_persist == 0)
		c->reo_mult = 0;
}

/* RACK_update_reo_wnd(). */
static uint32_t
reordering_window(const struct isla_tcp_conn *c)
{
	uint64_t wnd;

	if ((c->flags & TCP_F_REORDERING) == 0 &&
		((c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) != 0 ||
			c->nb_sacked >= DUPACK_THRESHOLD))
		return 0;
	if (c->min_rtt == UINT32_MAX)
		return 0;
	wnd = (uint64_t)c->min_rtt / 4 * (1u + c->reo_mult);
	return (uint32_t)RTE_MIN(wnd, c->srtt8 / 8);
}

bool
tcp_rack_detect(struct isla_tcp_conn *c)
{
	uint32_t now = now32(c), limit = c->rack_rtt + reordering_window(c), wait = 0, i;
	bool any = false;

	if (c->rack_rtt == 0)
		return false;
	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		struct tcp_seg *s = &c->tcp->seg[i];
		uint32_t age = now - s->sent_us;

		if (!sent_after(c->rack_sent_us, c->rack_end, s->sent_us, s->seq + s->len)) {
			/* What follows was sent later still, or even sent again. */
			if ((s->flags & TCP_SEG_RETRANS) == 0)
				break;
			continue;
		}
		if ((s->flags & (TCP_SEG_SACKED | TCP_SEG_LOST)) != 0)
			continue;
		if (age >= limit) {
			tcp_seg_mark_lost(c, s);
			any = true;
		} else {
			wait = RTE_MAX(wait, limit - age);
		}
	}
	/* 7.2: no probe where the peer reports a gap, nor in recovery. */
	c->flags &= ~TCP_F_TLP_ARMED;
	if (wait > 0)
		tcp_deadline_set(c, TCP_T_LOSS, wait);
	else
		tcp_deadline_stop(c, TCP_T_LOSS);
	return any;
}

void
tcp_rack_timeout(struct isla_tcp_conn *c)
{
	uint32_t now = now32(c), limit = c->rack_rtt + reordering_window(c), i;

	/* 6.3, RACK_mark_losses_on_RTO(): what was sent just before may still arrive. */
	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		struct tcp_seg *s = &c->tcp->seg[i];

		if (i == c->seg_head || c->rack_rtt == 0 || now - s->sent_us >= limit)
			tcp_seg_mark_lost(c, s);
	}
}

/* TLP_calc_PTO(). */
static uint32_t
probe_timeout(const struct isla_tcp_conn *c)
{
	uint32_t pto = c->srtt8 != 0 ? c->srtt8 / 4 : c->tcp->conf.rto_init_us;

	if (c->srtt8 != 0 && c->seg_head == c->seg_tail)
		pto += MAX_ACK_DELAY_US;
	return RTE_MAX(pto, (uint32_t)PTO_MIN_US);
}

void
tcp_tlp_arm(struct isla_tcp_conn *c)
{
	uint32_t pto;

	if ((c->flags & TCP_F_SACK) == 0 || c->seg_head == TCP_NONE || c->nb_sacked > 0 ||
		(c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY | TCP_F_TLP_OUT | TCP_F_PERSIST)))
		return;
	pto = probe_timeout(c);
	/* 7.2: no later than the retransmission timer, whose place it takes then. */
	if (tcp_deadline_is_set(c, TCP_T_RTX))
		pto = RTE_MIN(pto, tcp_deadline_in_us(c, TCP_T_RTX));
	c->flags |= TCP_F_TLP_ARMED;
	tcp_deadline_set(c, TCP_T_LOSS, pto);
}

/*
 * 7.2 arms no probe in recovery, since other signals tell there. None does where the last thing in
 * flight is a retransmission and is lost: then a new segment makes the peer speak, and RACK sees
 * the loss. Only where the RTO is its minimum rather than the path's: many round trips would be
 * spent in silence.
 */
void
tcp_tlp_arm_in_recovery(struct isla_tcp_conn *c)
{
	uint32_t pto = RTE_MAX(c->srtt8 / 4, (uint32_t)PTO_MIN_US);

	if ((c->flags & TCP_F_SACK) == 0 || (c->flags & (TCP_F_TLP_OUT | TCP_F_PERSIST)) != 0 ||
		c->pipe == 0 || pto > c->rto / 4 || tcp_deadline_is_set(c, TCP_T_LOSS))
		return;
	c->flags |= TCP_F_TLP_ARMED;
	tcp_deadline_set(c, TCP_T_LOSS, pto);
}

/* TLP_send_probe(). */
static void
probe_send(struct isla_tcp_conn *c)
{
	uint32_t end = c->snd_nxt;

	if (c->seg_tail == TCP_NONE)
		return;
	c->flags &= ~TCP_F_TLP_RETRANS;
	if (!tcp_output_beyond_cwnd(c)) {
		struct tcp_seg *s = &c->tcp->seg[c->seg_tail];

		if ((c->flags & TCP_F_RECOVERY) != 0 ||
			(s->flags & (TCP_SEG_LOST | TCP_SEG_SACKED)) != 0)
			return;
		/* It is in flight once, as far as the window is concerned. */
		c->pipe -= s->len;
		if (!tcp_retransmit(c, s)) {
			c->pipe += s->len;
			return;
		}
		c->flags |= TCP_F_TLP_RETRANS;
	}
	core_count(c->tcp->core, ISLA_C_TCP_LOSS_PROBES);
	c->flags |= TCP_F_TLP_OUT;
	c->tlp_end = c->flags & TCP_F_TLP_RETRANS ? end : c->snd_nxt;
	tcp_deadline_set(c, TCP_T_RTX, c->rto);
}

/* TLP_process_ack(). */
void
tcp_tlp_acked(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	if (seq_lt(a->in->ack, c->tlp_end))
		return;
	if ((c->flags & TCP_F_TLP_RETRANS) && !a->dsack) {
		if (a->in->ack == c->tlp_end) {
			/* The second ACK of it, without a word on a duplicate: both arrived. */
			if (!a->advanced && (a->in->opts.present & TCP_OPT_SACK) == 0)
				c->flags &= ~TCP_F_TLP_OUT;
			return;
		}
		/* The probe has repaired a loss that nothing else told of. */
		if ((c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY | TCP_F_CWR)) == 0) {
			c->cc->loss(c);
			tcp_ecn_reduced(c);
		}
	}
	c->flags &= ~TCP_F_TLP_OUT;
}

void
tcp_loss_timer(struct isla_tcp_conn *c)
{
	if (c->flags & TCP_F_TLP_ARMED) {
		c->flags &= ~TCP_F_TLP_ARMED;
		probe_send(c);
		return;
	}
	if (!tcp_rack_detect(c))
		return;
	if ((c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) == 0)
		tcp_recovery_enter(c);
	tcp_sched(c);
}
