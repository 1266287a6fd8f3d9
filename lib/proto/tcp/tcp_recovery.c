/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fast recovery. With SACK: proportional rate reduction (RFC 9937) decides how much each ACK lets
 * out, RACK what is lost. Without: NewReno (RFC 6582), which takes the first segment for lost
 * with each partial ACK and inflates the window by each duplicate one. A reduction that proves
 * needless is undone: Eifel by timestamps (RFC 3522, RFC 4015), or D-SACK (RFC 3708).
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define DUPACK_THRESHOLD 3

void
tcp_undo_begin(struct isla_tcp_conn *c)
{
	struct tcp_repair *r;

	c->flags &= ~TCP_F_UNDO;
	if (!tcp_repair_get(c))
		return; /* then there will be no way back */
	r = tcp_repair(c);
	c->flags |= TCP_F_UNDO;
	r->undo_cwnd = c->cwnd;
	r->undo_ssthresh = c->ssthresh;
	r->undo_ts = 0;
	r->undo_retrans = 0;
}

void
tcp_undo_retransmitted(struct isla_tcp_conn *c)
{
	struct tcp_repair *r = tcp_repair(c);

	if (r->undo_ts == 0)
		r->undo_ts = tcp_ts_now(c) | (tcp_ts_now(c) == 0);
	r->undo_retrans++;
}

/* What was taken for lost and not sent again is in flight after all. */
static void
unmark_lost(struct isla_tcp_conn *c)
{
	uint32_t i;

	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		struct tcp_seg *s = &c->tcp->seg[i];

		if (s->flags & TCP_SEG_LOST) {
			s->flags &= (uint8_t)~TCP_SEG_LOST;
			c->pipe += s->len;
		}
	}
}

void
tcp_undo(struct isla_tcp_conn *c)
{
	const struct tcp_repair *r = tcp_repair(c);

	core_count(c->tcp->core, ISLA_C_TCP_UNDOS);
	c->cwnd = RTE_MAX(c->cwnd, r->undo_cwnd);
	c->ssthresh = RTE_MAX(c->ssthresh, r->undo_ssthresh);
	if (c->cc->undo != NULL)
		c->cc->undo(c);
	c->flags &= ~(TCP_F_UNDO | TCP_F_RECOVERY | TCP_F_RTO_RECOVERY);
	tcp_frto_end(c);
	c->recover = c->snd_una - 1;
	c->dupacks = 0;
	tcp_ecn_undone(c);
	unmark_lost(c);
	tcp_sched(c);
}

void
tcp_undo_check(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_repair *r = tcp_repair(c);
	bool needless = false;

	/* The ACK answers what was sent before the first retransmission. Long after, the clock may
	 * have come around; then only a D-SACK can still tell. */
	if (a->advanced && (a->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) != 0 &&
		(c->flags & TCP_F_TS) && a->in->opts.ts_ecr != 0 && r->undo_ts != 0)
		needless = seq_lt(a->in->opts.ts_ecr, r->undo_ts);
	/* Every retransmission arrived as a duplicate. */
	if (a->dsack && r->undo_retrans > 0)
		needless |= --r->undo_retrans == 0;
	if (needless)
		tcp_undo(c);
}

/* What had arrived out of order before. */
static uint32_t
sacked_bytes(const struct isla_tcp_conn *c)
{
	uint32_t i, sum = 0;

	for (i = c->nb_sacked > 0 ? c->seg_head : TCP_NONE; i != TCP_NONE; i = c->tcp->seg[i].next)
		if (c->tcp->seg[i].flags & TCP_SEG_SACKED)
			sum += c->tcp->seg[i].len;
	return sum;
}

void
tcp_recovery_enter(struct isla_tcp_conn *c)
{
	tcp_undo_begin(c);
	c->prr_out = 0;
	if (c->repair != 0) {
		tcp_repair(c)->prr_fs = RTE_MAX(c->snd_nxt - c->snd_una - sacked_bytes(c), 1u);
		tcp_repair(c)->prr_delivered = 0;
	}
	/* Once a window: what was lost had left before a mark was answered (RFC 3168, 6.1.2). */
	if ((c->flags & TCP_F_CWR) == 0 || seq_ge(c->snd_una, c->recover))
		c->cc->loss(c);
	else
		c->flags &= ~TCP_F_UNDO; /* the reduction was the mark's */
	tcp_ecn_reduced(c);
	c->recover = c->snd_nxt;
	c->flags |= TCP_F_RECOVERY;
	core_count(c->tcp->core, ISLA_C_TCP_FAST_RETRANS);
	tcp_sched(c);
}

static void
recovery_leave(struct isla_tcp_conn *c)
{
	c->flags &= ~TCP_F_RECOVERY;
	tcp_rack_recovered(c);
	c->recover = c->snd_una - 1;
	c->dupacks = 0;
}

/*
 * RFC 9937, 6.2. It has the sender transmit after each ACK, while here a burst of them comes before
 * the output pass: what the earlier ones of it let out counts as sent and in flight.
 */
static void
prr_acked(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_repair *r = tcp_repair(c);
	int64_t out = (int64_t)(int32_t)c->prr_out + a->unused;
	uint32_t delivered, sndcnt, pipe = c->pipe + a->unused;

	if (c->repair == 0) {
		/* No record is free: the window falls at once, not with the ACKs. */
		c->cwnd = RTE_MAX(c->ssthresh, (uint32_t)c->mss);
		return;
	}
	delivered = r->prr_delivered += a->delivered;
	if (pipe > c->ssthresh) {
		int64_t target = (int64_t)(
			((uint64_t)delivered * c->ssthresh + r->prr_fs - 1) / r->prr_fs);

		sndcnt = target > out ? (uint32_t)(target - out) : 0;
	} else {
		uint32_t limit = delivered > out ? (uint32_t)(delivered - out) : 0;

		/* The conservative bound; SafeACK: things go well, and slow start's it is. */
		limit = RTE_MAX(limit, a->delivered);
		if (a->advanced && !a->lost)
			limit += c->mss;
		sndcnt = RTE_MIN(c->ssthresh - pipe, limit);
	}
	/* The first retransmission goes out in any case. */
	if (out <= 0 && sndcnt < c->mss)
		sndcnt = c->mss;
	c->cwnd = RTE_MAX(pipe + sndcnt, (uint32_t)c->mss);
}

/* RFC 6582, 3.2, steps 3 and 4: an ACK of new data in fast recovery without SACK. */
static void
newreno_acked(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	/* A partial ACK: the next segment is lost, too. */
	tcp_segs_mark_lost(c, false);
	c->cwnd -= RTE_MIN(c->cwnd, nb_bytes);
	if (nb_bytes >= c->mss)
		c->cwnd += c->mss;
	c->cwnd = RTE_MAX(c->cwnd, (uint32_t)c->mss);
}

void
tcp_recovery_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	bool sack = (c->flags & TCP_F_SACK) != 0;
	uint32_t cwnd = c->cwnd;

	if (seq_ge(c->snd_una, c->recover)) {
		uint32_t flight = c->snd_nxt - c->snd_una;

		tcp_cwv_recovered(c);
		c->cwnd = sack ? c->ssthresh :
			RTE_MIN(c->ssthresh, RTE_MAX(flight, (uint32_t)c->mss) + c->mss);
		recovery_leave(c);
	} else if (sack) {
		prr_acked(c, a);
	} else {
		newreno_acked(c, nb_bytes);
	}
	if (c->cc->flags & TCP_CC_OWN)
		c->cwnd = cwnd;
}

void
tcp_recovery_dupack(struct isla_tcp_conn *c)
{
	uint32_t cwnd = c->cwnd;

	if (c->dupacks < UINT8_MAX)
		c->dupacks++;
	if (c->flags & TCP_F_RECOVERY) {
		/* RFC 5681, 3.2: no more of them than there were segments in flight. */
		if (c->cwnd < c->ssthresh + tcp_repair(c)->prr_fs)
			c->cwnd += c->mss;
	} else if (c->dupacks == DUPACK_THRESHOLD &&
		(seq_gt(c->snd_una, c->recover) || (c->flags & TCP_F_CWR))) {
		tcp_recovery_enter(c);
		c->cwnd = c->ssthresh + DUPACK_THRESHOLD * c->mss;
		tcp_segs_mark_lost(c, false);
	}
	if (c->cc->flags & TCP_CC_OWN)
		c->cwnd = cwnd;
	tcp_sched(c);
}
