/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an acknowledgment does: the queue shrinks, the round-trip time is sampled (RFC 6298), the
 * windows move, loss is recognised and repaired (RFC 5681, RFC 6582).
 */

#include <stdlib.h>

#include <rte_common.h>

#include "tcp_priv.h"

#define DUPACK_THRESHOLD 3

void
tcp_rtt_sample(struct isla_tcp_conn *c, uint32_t rtt_us)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	uint32_t rtt = RTE_MAX(RTE_MIN(rtt_us, conf->rto_max_us), 1u);
	uint64_t rto;

	c->min_rtt = RTE_MIN(c->min_rtt, rtt);
	if (c->srtt8 == 0) {
		c->srtt8 = rtt * 8;
		c->rttvar4 = rtt * 2;
	} else {
		uint32_t diff = (uint32_t)abs((int32_t)(c->srtt8 / 8) - (int32_t)rtt);

		/* beta = 1/4, alpha = 1/8 (RFC 6298, 2.3); the variance first. */
		c->rttvar4 += diff - c->rttvar4 / 4;
		c->srtt8 += rtt - c->srtt8 / 8;
	}
	rto = (uint64_t)c->srtt8 / 8 + RTE_MAX(c->rttvar4, 1u << TIMER_TICK_SHIFT);
	c->rto = (uint32_t)RTE_MIN(RTE_MAX(rto, conf->rto_min_us), conf->rto_max_us);
}

void
tcp_wnd_update(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	if (!seq_lt(c->snd_wl1, in->seq) &&
		!(c->snd_wl1 == in->seq && seq_le(c->snd_wl2, in->ack)))
		return;
	if (in->wnd > c->snd_wnd)
		tcp_sched(c);
	c->snd_wnd = in->wnd;
	c->snd_wl1 = in->seq;
	c->snd_wl2 = in->ack;
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

static void
recovery_enter(struct isla_tcp_conn *c)
{
	c->cc->loss(c);
	c->recover = c->snd_nxt;
	c->flags |= TCP_F_RECOVERY;
	c->cwnd = c->ssthresh + DUPACK_THRESHOLD * c->mss;
	tcp_segs_mark_lost(c, false);
	core_count(c->tcp->core, ISLA_C_TCP_FAST_RETRANS);
}

/* RFC 6582, 3.2, steps 3 and 4: an ACK of new data in fast recovery. */
static void
recovery_acked(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	if (seq_ge(c->snd_una, c->recover)) {
		uint32_t flight = c->snd_nxt - c->snd_una;

		c->cwnd = RTE_MIN(c->ssthresh, RTE_MAX(flight, (uint32_t)c->mss) + c->mss);
		c->flags &= ~TCP_F_RECOVERY;
		c->recover = c->snd_una - 1;
		c->dupacks = 0;
		return;
	}
	/* A partial ACK: the next segment is lost, too. */
	tcp_segs_mark_lost(c, false);
	core_count(c->tcp->core, ISLA_C_TCP_FAST_RETRANS);
	c->cwnd -= RTE_MIN(c->cwnd, nb_bytes);
	if (nb_bytes >= c->mss)
		c->cwnd += c->mss;
	c->cwnd = RTE_MAX(c->cwnd, (uint32_t)c->mss);
}

static void
new_ack(struct isla_tcp_conn *c, uint32_t ack)
{
	uint32_t nb = ack - c->snd_una, payload = nb, rtt_us;

	if ((c->flags & TCP_F_FIN_SENT) && ack == c->snd_nxt)
		payload--;
	tcp_segs_acked(c, ack, &rtt_us);
	c->snd_una = ack;
	if (payload > 0) {
		tcp_sndq_acked(c, payload);
		c->bytes_acked += payload;
		c->events |= TCP_EV_WRITABLE;
	}
	if (rtt_us != UINT32_MAX)
		tcp_rtt_sample(c, rtt_us);
	c->nb_timeouts = 0;
	if (c->flags & TCP_F_RECOVERY) {
		recovery_acked(c, nb);
	} else {
		c->dupacks = 0;
		if (c->flags & (TCP_F_CWND_LIMITED | TCP_F_RTO_RECOVERY))
			c->cc->acked(c, nb);
		if (seq_ge(ack, c->recover))
			c->flags &= ~TCP_F_RTO_RECOVERY;
	}
	/* RFC 6298, 5.2 and 5.3. */
	if (c->snd_una == c->snd_nxt)
		tcp_deadline_stop(c, TCP_T_RTX);
	else
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
	inet_confirm(c->tcp->inet, &c->via, c->hint);
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

static void
dup_ack(struct isla_tcp_conn *c)
{
	core_count(c->tcp->core, ISLA_C_TCP_DUP_ACKS_IN);
	if (c->dupacks < UINT8_MAX)
		c->dupacks++;
	if (c->flags & TCP_F_RECOVERY) {
		c->cwnd += c->mss;
	} else if (c->dupacks == DUPACK_THRESHOLD && seq_gt(c->snd_una, c->recover)) {
		recovery_enter(c);
	}
	tcp_sched(c);
}

void
tcp_ack_process(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	c->nb_unanswered = 0;
	if (seq_gt(in->ack, c->snd_una))
		new_ack(c, in->ack);
	else if (is_dupack(c, in))
		dup_ack(c);
	if (seq_ge(in->ack, c->snd_una))
		tcp_wnd_update(c, in);
	if ((c->flags & TCP_F_PERSIST) && c->snd_wnd > 0)
		persist_leave(c);
}
