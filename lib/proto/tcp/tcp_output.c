/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The output pass of a connection, once a burst: what was lost, then what is new, then FIN, then,
 * if nothing carried it, the ACK. RFC 9293, 3.8.6.2.1 (when to send), RFC 5681 (how much), RFC 3042
 * (limited transmit), RFC 9293, 3.8.6.1 (zero-window probes).
 */

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

#define CORK_US    200000  /* the most that a segment which is not full is held back */
#define SWS_MIN_US 100000  /* RFC 9293, 3.8.6.2.1: the override timeout */
#define SWS_MAX_US 1000000

/* A segment has left, for the first time or again; the timer runs (RFC 6298, 5.1). */
static void
in_flight(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	if (c->cc->flags & TCP_CC_RATE)
		tcp_rate_sent(c, s);
	c->pipe += s->len;
	c->prr_out += s->len;
	if (!tcp_deadline_is_set(c, TCP_T_RTX))
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
}

bool
tcp_retransmit(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	bool push;

	/* The path may have become narrower since it was cut. */
	if (s->len > c->mss && !tcp_pmtu_fit(c, s))
		return false;
	push = s->seq + s->len == c->snd_una + c->sndq_bytes ||
		(s->flags & TCP_SEG_RECORD) != 0;
	if (tcp_out_full(c) || !tcp_send_seg(c, s, push))
		return false;
	if (c->repair != 0)
		tcp_undo_retransmitted(c);
	s->flags &= (uint8_t)~TCP_SEG_LOST;
	s->flags |= TCP_SEG_RETRANS;
	c->total_retrans++;
	core_count(c->tcp->core, ISLA_C_TCP_RETRANS_SEGS);
	in_flight(c, s);
	return true;
}

/* True where pacing lets no more out in this pass: prr_out counts what leaves. */
static bool
paced_out(struct isla_tcp_conn *c, uint32_t stop)
{
	if ((int32_t)(c->prr_out - stop) < 0)
		return false;
	c->flags |= TCP_F_PACE_WAIT;
	return true;
}

/* The first lost segment goes out whatever the window says; the others as it lets them. */
static bool
output_lost(struct isla_tcp_conn *c, uint32_t stop)
{
	struct tcp_seg *s;

	if (c->modes & TCP_M_FRTO_NEW)
		return true;
	while ((s = tcp_seg_first_lost(c)) != NULL) {
		if (s != &c->tcp->seg[c->seg_head] && c->pipe + s->len > c->cwnd)
			return true;
		if (paced_out(c, stop))
			return true;
		if (!tcp_retransmit(c, s))
			return false;
	}
	return true;
}

/* Bytes that the peer's window still takes. */
static uint32_t
usable_window(const struct isla_tcp_conn *c)
{
	uint32_t edge = c->snd_una + c->snd_wnd;

	return seq_gt(edge, c->snd_nxt) ? edge - c->snd_nxt : 0;
}

/* A new segment of n bytes of payload from the cursor on, with FIN or without. */
static bool
send_new(struct isla_tcp_conn *c, uint32_t n, bool fin, bool push)
{
	struct isla_tcp *tcp = c->tcp;
	struct tcp_seg *s;
	uint32_t i;

	if (tcp_out_full(c))
		return false;
	s = tcp_seg_alloc(tcp, &i);
	if (s == NULL)
		return false;
	s->m = c->snd_cur;
	s->off = c->snd_cur_off;
	s->seq = c->snd_nxt;
	s->len = n + fin;
	if (fin)
		s->flags |= TCP_SEG_FIN;
	if (c->flags & TCP_F_PROBED)
		s->flags |= TCP_SEG_RETRANS; /* in part: no RTT sample */
	if (!tcp_send_seg(c, s, push)) {
		tcp_seg_free(tcp, i);
		return false;
	}
	c->flags &= ~TCP_F_PROBED;
	core_count(tcp->core, ISLA_C_TCP_OUT_SEGS);
	if (c->seg_tail != TCP_NONE)
		tcp->seg[c->seg_tail].next = i;
	else
		c->seg_head = i;
	c->seg_tail = i;
	if (c->snd_nxt == c->snd_una) {
		/* What has held it back is over; the deadline is that of retransmission from now
		 * on. */
		if ((c->flags & TCP_F_PERSIST) == 0)
			tcp_deadline_stop(c, TCP_T_RTX);
		tcp_rack_begin(c);
	}
	c->snd_nxt += s->len;
	if (n > 0 && n < c->mss)
		c->snd_sml = s->seq + n;
	in_flight(c, s);
	if (fin)
		c->flags |= TCP_F_FIN_SENT;
	tcp_sndq_sent(c, n);
	return true;
}

/* What is sent next is urgent. */
static bool
is_urgent(const struct isla_tcp_conn *c)
{
	return (c->flags & TCP_F_SND_URG) != 0 && seq_gt(c->snd_up, c->snd_nxt);
}

/* One small segment at a time may be unacknowledged, and full ones hold none back (Minshall's
 * change of Nagle's algorithm). */
static bool
small_in_flight(const struct isla_tcp_conn *c)
{
	return seq_gt(c->snd_sml, c->snd_una) && seq_le(c->snd_sml, c->snd_nxt);
}

/* RFC 9293, 3.8.6.2.1, with RFC 1122's Nagle algorithm: is a segment of n bytes worth sending? */
static bool
worth_sending(const struct isla_tcp_conn *c, uint32_t n, uint32_t unsent)
{
	bool idle = c->seg_head == TCP_NONE;
	bool corked = (c->modes & TCP_M_CORK) != 0 && (c->flags & TCP_F_FIN_QUEUED) == 0;

	if (n == c->mss)
		return true;
	if (n == unsent)
		return !corked && (!small_in_flight(c) || is_urgent(c) ||
					  (c->flags & (TCP_F_NODELAY | TCP_F_FIN_QUEUED)) != 0);
	return n >= c->snd_wnd_max / 2 && (idle || (c->flags & TCP_F_NODELAY));
}

/* The congestion window, with what the first two duplicate ACKs allow beyond it (RFC 3042). */
static uint32_t
allowed_in_flight(const struct isla_tcp_conn *c)
{
	if ((c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY | TCP_F_SACK)) == 0 &&
		c->dupacks < 3)
		return c->cwnd + c->dupacks * (uint32_t)c->mss;
	return c->cwnd;
}

/* What holds sending up where the program's bytes are all sent, or not worth a segment. */
static unsigned int
limit_of_program(const struct isla_tcp_conn *c)
{
	if (c->sndq_bytes == 0)
		return TCP_LIMIT_IDLE;
	return c->sndq_bytes >= c->sndbuf ? ISLA_TCP_LIMIT_SNDBUF : ISLA_TCP_LIMIT_APP;
}

/* True where a segment of n bytes is the last for now, though `left` more are queued: windows or
 * pacing end the run here. The peer then need not wait for them before it hands over what came. */
static bool
ends_run(const struct isla_tcp_conn *c, uint32_t n, uint32_t left, uint32_t usable,
	uint32_t allowed, uint32_t stop)
{
	uint32_t next = RTE_MIN(RTE_MIN(left, usable - n), (uint32_t)c->mss);

	return next == 0 || c->pipe + n + next > allowed ||
		(int32_t)(c->prr_out + n - stop) >= 0 || !worth_sending(c, next, left);
}

/* The payload of the next segment: what is left, the window, or a full one; but a record's end is a
 * segment's, too. */
static uint32_t
next_len(const struct isla_tcp_conn *c, uint32_t unsent, uint32_t usable, bool *is_record)
{
	uint32_t n = RTE_MIN(RTE_MIN(unsent, usable), (uint32_t)c->mss), record = n;

	if (unlikely(c->ecn & TCP_E_RECORD))
		record = tcp_sndq_record(c, n);
	*is_record = record < n;
	return record;
}

/* New segments, as far as they may go; false where mbufs or room ran out. */
static bool
output_new(struct isla_tcp_conn *c, uint32_t stop)
{
	uint32_t allowed = allowed_in_flight(c), unsent, usable, nb_sent = 0;
	unsigned int limit = limit_of_program(c);

	c->flags &= ~TCP_F_CWND_LIMITED;
	while ((unsent = tcp_sndq_unsent(c)) > 0) {
		bool fin, push, is_record;
		uint32_t n;

		usable = usable_window(c);
		if (usable == 0) {
			limit = ISLA_TCP_LIMIT_RWND;
			break;
		}
		n = next_len(c, unsent, usable, &is_record);
		if (!is_record && !worth_sending(c, n, unsent)) {
			limit = n == unsent ? limit : ISLA_TCP_LIMIT_RWND;
			break;
		}
		if (c->pipe + n > allowed) {
			c->flags |= TCP_F_CWND_LIMITED;
			limit = ISLA_TCP_LIMIT_CWND;
			break;
		}
		if (paced_out(c, stop)) {
			limit = ISLA_TCP_LIMIT_CWND;
			break;
		}
		fin = n == unsent && n < usable && (c->flags & TCP_F_FIN_QUEUED) &&
			!tcp_in_state(c, ISLA_TCP_SYN_RECEIVED);
		push = n == unsent || is_record ||
			(nb_sent > 0 && ends_run(c, n, unsent - n, usable, allowed, stop));
		nb_sent++;
		if (!send_new(c, n, fin, push))
			return false;
		if (unlikely(is_record))
			c->tcp->seg[c->seg_tail].flags |= TCP_SEG_RECORD;
	}
	tcp_limit_set(c, limit);
	/* A window that is just full was in use, too. */
	if (c->pipe + c->mss > c->cwnd)
		c->flags |= TCP_F_CWND_LIMITED;
	return true;
}

static bool
fin_pending(const struct isla_tcp_conn *c)
{
	return (c->flags & (TCP_F_FIN_QUEUED | TCP_F_FIN_SENT)) == TCP_F_FIN_QUEUED;
}

static bool
output_fin(struct isla_tcp_conn *c)
{
	if (!fin_pending(c) || tcp_sndq_unsent(c) > 0 || usable_window(c) == 0)
		return true;
	return send_new(c, 0, true, false);
}

/* RFC 5681, 4.1: after an idle time longer than the RTO, begin as with a new connection. */
static void
restart_if_idle(struct isla_tcp_conn *c)
{
	uint64_t idle_us;

	if (c->snd_una != c->snd_nxt || tcp_sndq_unsent(c) == 0)
		return;
	idle_us = tcp_since_sent_us(c);
	if ((c->cc->flags & TCP_CC_RATE) || idle_us > c->rto)
		c->cc->restart(c);
	tcp_cwv_idle(c, idle_us);
}

uint32_t
tcp_output_unused(const struct isla_tcp_conn *c)
{
	uint32_t room = c->cwnd > c->pipe ? c->cwnd - c->pipe : 0;

	/* What is left over of a segment was no use to anybody. */
	if (room < c->mss)
		return 0;
	return RTE_MIN(room, RTE_MIN(tcp_sndq_unsent(c), usable_window(c)));
}

bool
tcp_output_may_send_new(const struct isla_tcp_conn *c)
{
	return tcp_sndq_unsent(c) > 0 && usable_window(c) > 0;
}

bool
tcp_output_beyond_cwnd(struct isla_tcp_conn *c)
{
	uint32_t unsent = tcp_sndq_unsent(c);
	bool is_record;
	uint32_t n = next_len(c, unsent, usable_window(c), &is_record);

	return n > 0 && send_new(c, n, false, n == unsent);
}

static bool
output_segs(struct isla_tcp_conn *c, uint32_t stop)
{
	if (c->seg_head != TCP_NONE && !output_lost(c, stop))
		return false;
	if ((c->flags & TCP_F_PERSIST) != 0 || (c->ecn & TCP_E_HOLD) != 0)
		return true;
	if (!output_new(c, stop) || !output_fin(c))
		return false;
	if ((c->modes & TCP_M_FRTO_NEW) == 0 || c->snd_nxt != c->recover ||
		(c->flags & TCP_F_PACE_WAIT) != 0)
		return true;
	/* There was new data, but none that was worth sending: what is lost does not wait for it
	 * (RFC 5682, 2.1, step 2a). */
	tcp_frto_end(c);
	return output_lost(c, stop);
}

/* Something waits, and nothing is in flight to bring news of the window. */
static void
await(struct isla_tcp_conn *c)
{
	uint32_t usable = usable_window(c), in_us = c->rto;

	if (usable > 0 && usable >= RTE_MIN(tcp_sndq_unsent(c), (uint32_t)c->mss)) {
		/* It is not the window: the program has held it back, for so long at most. */
		tcp_deadline_set(c, TCP_T_RTX, CORK_US);
		return;
	}
	/* A small window is used in the end, a closed one is probed. */
	if (usable > 0)
		in_us = RTE_MIN(RTE_MAX(in_us, (uint32_t)SWS_MIN_US), (uint32_t)SWS_MAX_US);
	c->flags |= TCP_F_PERSIST;
	c->nb_timeouts = 0;
	tcp_deadline_set(c, TCP_T_RTX, in_us);
}

static bool
output_data(struct isla_tcp_conn *c)
{
	uint32_t nxt = c->snd_nxt, out = c->prr_out;
	bool done;

	restart_if_idle(c);
	if (c->pace_rate != UINT32_MAX) {
		done = output_segs(c, out + tcp_pace_begin(c));
		tcp_pace_end(c, c->prr_out - out);
	} else {
		done = output_segs(c, out + INT32_MAX);
	}
	if (!done)
		return false;
	if (unlikely(c->flags & TCP_F_RECOVERY))
		tcp_tlp_arm_in_recovery(c);
	else if (c->snd_nxt != nxt)
		tcp_tlp_arm(c);
	if (c->snd_una == c->snd_nxt && (tcp_sndq_unsent(c) > 0 || fin_pending(c)) &&
		(c->flags & TCP_F_PACE_WAIT) == 0 && !tcp_deadline_is_set(c, TCP_T_RTX))
		await(c);
	return true;
}

bool
tcp_output(struct isla_tcp_conn *c)
{
	if (c->flags & TCP_F_SYN_NOW) {
		if (tcp_out_full(c) || !tcp_send_syn(c))
			return false;
		c->flags &= ~(TCP_F_SYN_NOW | TCP_F_ACK_NOW);
		if (!tcp_tfo_is_pending(c))
			return true;
	}
	if (tcp_in_state(c, TCP_UNACKED)) {
		if (!output_data(c))
			return false;
	} else if (tcp_tfo_is_pending(c) && !output_new(c, c->prr_out + INT32_MAX)) {
		return false; /* RFC 7413, 4.2.2: the answer need not wait for the handshake */
	}
	if (tcp_in_state(c, TCP_RECEIVING) && tcp_rcv_window_opened(c))
		c->flags |= TCP_F_ACK_NOW;
	if ((c->flags & TCP_F_ACK_NOW) == 0)
		return true;
	return !tcp_out_full(c) && tcp_send_ack(c);
}

void
tcp_output_probe(struct isla_tcp_conn *c)
{
	uint32_t unsent = tcp_sndq_unsent(c), usable = usable_window(c), n;
	bool is_record;

	if (c->seg_head != TCP_NONE) {
		/* What was sent into the closed window is the probe. */
		tcp_segs_check_reneged(c);
		tcp_segs_mark_lost(c, false);
		tcp_retransmit(c, &c->tcp->seg[c->seg_head]);
	} else if (usable > 0) {
		/* The window is small, not closed: silly-window avoidance has waited long enough.
		 */
		c->flags &= ~TCP_F_PERSIST;
		c->nb_timeouts = 0;
		n = next_len(c, unsent, usable, &is_record);
		send_new(c, n, unsent == 0 && fin_pending(c), n == unsent);
		/* Like any other segment, from now on. */
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
	} else if (unsent > 0) {
		send_new(c, 1, false, unsent == 1);
	} else if (fin_pending(c)) {
		send_new(c, 0, true, false);
	}
	if (c->flags & TCP_F_PERSIST)
		core_count(c->tcp->core, ISLA_C_TCP_ZERO_WINDOW_PROBES);
}
