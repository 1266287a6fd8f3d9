/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an acknowledgment does: the queue shrinks, the round-trip time is sampled (RFC 6298), the
 * windows move, loss is recognised and repaired (RFC 5681, RFC 6582).
 */

#include <stdlib.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

#define MIN_RTT_WINDOW_S 300

/* The least of the last five minutes, or a little more: a path may change for the worse. */
static void
min_rtt_update(struct isla_tcp_conn *c, uint32_t rtt)
{
	uint32_t now_s = (uint32_t)(c->tcp->core->now_us / 1000000);

	if (rtt > c->min_rtt && now_s - c->min_rtt_s <= MIN_RTT_WINDOW_S)
		return;
	c->min_rtt = rtt;
	c->min_rtt_s = now_s;
}

void
tcp_rtt_sample(struct isla_tcp_conn *c, uint32_t rtt_us)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	uint32_t rtt = RTE_MAX(RTE_MIN(rtt_us, conf->rto_max_us), 1u);
	uint64_t rto;

	min_rtt_update(c, rtt);
	if (c->srtt8 == 0) {
		c->srtt8 = rtt * 8;
		c->rttvar4 = rtt * 2;
	} else {
		uint32_t diff = (uint32_t)abs((int32_t)(c->srtt8 / 8) - (int32_t)rtt);

		/* beta = 1/4, alpha = 1/8 (RFC 6298, 2.3); the variance first. */
		c->rttvar4 += diff - c->rttvar4 / 4;
		c->srtt8 += rtt - c->srtt8 / 8;
	}
	/* The least is counted from the round trip on, not from 0: an ACK that the peer delays must
	 * not make a timeout of a path as long as that. */
	rto = (uint64_t)c->srtt8 / 8 + RTE_MAX(c->rttvar4, conf->rto_min_us);
	c->rto = (uint32_t)RTE_MIN(rto, conf->rto_max_us);
}

/* RFC 9293, 3.10.7.4, fifth: SND.WND and SND.WL1; SND.WL2 is never beyond SEG.ACK here. An ACK that
 * advances is newer than all before it, also where a retransmission brought it and its sequence
 * number is old. */
static void
wnd_update(struct isla_tcp_conn *c, const struct tcp_in *in, bool advanced)
{
	if (!advanced && seq_gt(c->snd_wl1, in->seq))
		return;
	if (in->wnd > c->snd_wnd)
		tcp_sched(c);
	c->snd_wnd = in->wnd;
	c->snd_wl1 = in->seq;
	c->snd_wnd_max = RTE_MAX(c->snd_wnd_max, in->wnd);
}

/* The window is open again, or what was in flight has been acknowledged: no more probes. */
static void
persist_leave(struct isla_tcp_conn *c)
{
	c->flags &= ~TCP_F_PERSIST;
	c->nb_timeouts = 0;
	tcp_deadline_stop(c, TCP_T_RTX);
	if (c->snd_nxt - c->snd_una == 1) {
		/* The probe's byte, for which the peer had no room, goes with what follows it. */
		tcp_segs_rewind(c);
		c->flags |= TCP_F_PROBED;
	} else if (c->seg_head != TCP_NONE) {
		/* Data over which the window was closed. */
		tcp_segs_mark_lost(c, true);
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
	}
	tcp_sched(c);
}

/* A round-trip time from the echoed timestamp (RFC 7323, 4), where no segment gave a better one. */
static void
ts_sample(struct isla_tcp_conn *c, struct tcp_acked *a)
{
	uint32_t ms;

	if (a->rtt_us != UINT32_MAX || (c->flags & TCP_F_TS) == 0 || a->in->opts.ts_ecr == 0)
		return;
	ms = tcp_ts_now(c) - a->in->opts.ts_ecr;
	if (ms > 0 && ms < c->tcp->conf.rto_max_us / 1000)
		a->rtt_us = ms * 1000;
}

/* Forward progress: the neighbour is there (RFC 4861, 7.3.1). Once in a round trip is enough of it,
 * for what is known lasts half a minute; and of what the statistics say of its time. */
static void
round_ended(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	struct inet_dst via;

	/* As recover: it must not seem to lie ahead after 2^31 bytes. */
	if (seq_lt(c->reo_round, c->snd_una))
		c->reo_round = c->snd_una;
	if (a->rtt_us != UINT32_MAX)
		core_record(c->tcp->core, ISLA_HIST_TCP_RTT, a->rtt_us);
	tcp_via(c, &via);
	inet_confirm(c->tcp->inet, &via, c->hint);
}

static void
new_ack(struct isla_tcp_conn *c, struct tcp_acked *a)
{
	uint32_t ack = a->in->ack, nb = ack - c->snd_una, payload = nb;

	if ((c->flags & TCP_F_FIN_SENT) && ack == c->snd_nxt)
		payload--;
	tcp_segs_acked(c, ack, a);
	c->snd_una = ack;
	if (payload > 0) {
		tcp_sndq_acked(c, payload);
		c->bytes_acked += payload;
		c->events |= TCP_EV_WRITABLE;
	}
	ts_sample(c, a);
	if (a->rtt_us != UINT32_MAX)
		tcp_rtt_sample(c, a->rtt_us);
	c->nb_timeouts = 0;
	a->round = tcp_round_acked(c, nb);
	if (c->flags & TCP_F_UNDO)
		tcp_undo_check(c, a);
	if ((c->flags & TCP_F_RECOVERY) == 0) {
		c->dupacks = 0;
		tcp_cc_acked(c, a, nb);
		if ((c->flags & TCP_F_RTO_RECOVERY) && seq_ge(ack, c->recover)) {
			c->flags &= ~TCP_F_RTO_RECOVERY;
			tcp_frto_end(c);
			tcp_rack_recovered(c);
		}
		/* It must stay behind also where nothing is lost for more than 2^31 bytes. */
		if ((c->flags & (TCP_F_RTO_RECOVERY | TCP_F_CWR)) == 0)
			c->recover = c->snd_una - 1;
	} else if ((c->flags & TCP_F_SACK) == 0) {
		tcp_recovery_acked(c, a, nb);
	}
	if (unlikely(c->cwnd > c->sndbuf / 2))
		tcp_sndbuf_grow(c);
	/* RFC 6298, 5.2 and 5.3. */
	if (c->snd_una == c->snd_nxt) {
		tcp_deadline_stop(c, TCP_T_RTX);
		tcp_deadline_stop(c, TCP_T_LOSS);
	} else {
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
	}
	if (a->round)
		round_ended(c, a);
	tcp_sched(c);
}

/* RFC 5681, 2: what counts as a duplicate. */
static bool
is_dupack(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	return in->ack == c->snd_una && c->snd_nxt != c->snd_una && in->len == 0 &&
		(in->flags & (RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG)) == 0 &&
		in->wnd == c->snd_wnd && (c->flags & TCP_F_PERSIST) == 0;
}

/* With SACK, loss is found by time and by what has arrived (RFC 8985). */
static void
sack_ack(struct isla_tcp_conn *c, struct tcp_acked *a)
{
	if (a->dsack) {
		tcp_rack_dsack(c);
		if (c->flags & TCP_F_UNDO)
			tcp_undo_check(c, a);
	}
	if (c->nb_sacked > 0 || (c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) != 0)
		a->lost = tcp_rack_detect(c);
	if (a->lost && (c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) == 0) {
		tcp_recovery_enter(c);
		/* RecoverFS counts what this ACK brought: it will be delivered in recovery. What
		 * earlier ones let out belongs to the flight, and not to prr_out. */
		if (c->repair != 0)
			tcp_repair(c)->prr_fs += a->delivered + a->unused;
		c->prr_out -= a->unused;
	}
	if (c->flags & TCP_F_RECOVERY)
		tcp_recovery_acked(c, a, 0);
	/* Also where this ACK has ended a recovery. */
	if (a->advanced)
		tcp_tlp_arm(c);
	if (a->lost || a->delivered > 0)
		tcp_sched(c);
}

/* While one of these is set, every ACK may mean something. */
#define TCP_F_ACK_COUNTS                                                                           \
	(TCP_F_RECOVERY | TCP_F_RTO_RECOVERY | TCP_F_FRTO | TCP_F_TLP_OUT | TCP_F_CWR |            \
		TCP_F_PERSIST)

/*
 * Header prediction (Jacobson, 1990): who only receives gets the same acknowledgment with all data.
 * True where it can change nothing but the peer's window: it is neither new nor a duplicate, brings
 * no SACK and no ECE, and nobody looks out for it.
 */
static bool
says_nothing_new(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	return in->ack == c->snd_una && (in->len > 0 || c->snd_nxt == c->snd_una) &&
		(c->flags & TCP_F_ACK_COUNTS) == 0 && c->nb_sacked == 0 &&
		(in->opts.present & TCP_OPT_SACK) == 0 && (in->flags & RTE_TCP_ECE_FLAG) == 0 &&
		c->cc->ack == NULL && (c->cc->flags & TCP_CC_RATE) == 0;
}

/* Apart, so that an ACK which says nothing new costs no more than to see that. */
static __rte_noinline void
ack_process(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	bool advanced = seq_gt(in->ack, c->snd_una), old = seq_lt(in->ack, c->snd_una);
	struct tcp_acked a = {
		.in = in,
		.fack = c->fack,
		.rtt_us = UINT32_MAX,
		.flags = c->flags,
		.advanced = advanced,
		.is_dup = is_dupack(c, in),
	};

	if (unlikely(c->soft_err != 0) && advanced)
		c->soft_err = 0; /* it was passing */
	if (c->cc->flags & TCP_CC_RATE)
		tcp_rate_ack_begin(c);
	if ((c->flags & TCP_F_RECOVERY) != 0 || (in->opts.present & TCP_OPT_SACK) != 0)
		a.unused = tcp_output_unused(c);
	if ((c->flags & TCP_F_SACK) && (in->opts.present & TCP_OPT_SACK))
		tcp_sack_mark(c, &a);
	/* While what was in flight can still be seen. */
	if (c->flags & TCP_F_TLP_OUT)
		tcp_tlp_acked(c, &a);
	if (unlikely(in->flags & RTE_TCP_ECE_FLAG) && advanced && tcp_ecn_is_ect(c)) {
		a.ce_bytes = in->ack - c->snd_una;
		c->nb_ce += a.ce_bytes;
	}
	if (c->cc->ack != NULL)
		c->cc->ack(c, &a);
	if (advanced) {
		new_ack(c, &a);
	} else if (a.is_dup) {
		core_count(c->tcp->core, ISLA_C_TCP_DUP_ACKS_IN);
		if ((c->flags & TCP_F_SACK) == 0)
			tcp_recovery_dupack(c);
	}
	if (c->flags & TCP_F_SACK)
		sack_ack(c, &a);
	if (unlikely((in->flags & RTE_TCP_ECE_FLAG) || (c->flags & TCP_F_CWR)) && !old)
		tcp_ecn_acked(c, &a);
	if (!old)
		wnd_update(c, in, advanced);
	if (c->flags & TCP_F_FRTO)
		tcp_frto_acked(c, &a);
	if (c->cc->flags & TCP_CC_RATE)
		tcp_rate_ack_end(c, &a);
	if ((c->flags & TCP_F_PERSIST) && c->snd_wnd > 0)
		persist_leave(c);
}

void
tcp_ack_process(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	c->nb_unanswered = 0;
	if (says_nothing_new(c, in))
		wnd_update(c, in, false);
	else
		ack_process(c, in);
}
