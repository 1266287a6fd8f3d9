/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment arrival in SYN-RECEIVED and all synchronized states: the steps of RFC 9293, 3.10.7.4, in
 * its order. A step returns true to go on; else the segment has been dealt with, and in->drop says
 * whether it was dropped.
 */

#include <errno.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

static uint32_t
rcv_wnd(const struct isla_tcp_conn *c)
{
	return c->rcv_adv - c->rcv_nxt;
}

/* RFC 9293, 3.10.7.4, first: table 6. A segment that spans the whole window is acceptable, too. */
static bool
is_acceptable(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	uint32_t len = tcp_in_seglen(in), wnd = rcv_wnd(c);

	if (wnd == 0)
		return in->seq == c->rcv_nxt && len == 0;
	if (len == 0)
		return in->seq - c->rcv_nxt < wnd;
	return seq_lt(in->seq, c->rcv_adv) && seq_gt(in->seq + len, c->rcv_nxt);
}

/* A SYN in TIME-WAIT begins a new incarnation where nothing of the old one can be taken for its
 * own: by its timestamps (RFC 6191, 2), else by its sequence numbers (RFC 1122, 4.2.2.13). */
static bool
is_new_incarnation(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	bool beyond = seq_gt(in->seq, c->rcv_nxt);

	if ((in->opts.present & TCP_OPT_TIMESTAMPS) == 0 || c->tcp->conf.no_timestamps)
		return beyond;
	return (c->flags & TCP_F_TS) == 0 || seq_gt(in->opts.ts_val, c->ts_recent) ||
		(in->opts.ts_val == c->ts_recent && beyond);
}

/* RFC 9293, 3.10.7.4, fourth, TIME-WAIT. */
static bool
reopen(struct isla_tcp_conn *c, struct tcp_in *in)
{
	struct isla_tcp *tcp = c->tcp;
	const struct isla_pkt *pkt = in->pkt;
	struct isla_tcp_listener *l;
	uint32_t old = c->snd_nxt;

	if (!tcp_in_state(c, ISLA_TCP_TIME_WAIT) ||
		(in->flags & (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG | RTE_TCP_RST_FLAG)) !=
			RTE_TCP_SYN_FLAG || !is_new_incarnation(c, in))
		return false;
	l = tcp_listener_lookup(tcp, &c->local, rte_be_to_cpu_16(c->local_port));
	if (l == NULL || l->room == 0)
		return false;
	tcp_conn_drop(c, 0);
	tcp_listen_input(tcp, l, in);
	c = tcp_lookup(tcp, pkt->hash, &pkt->dst, &pkt->src, pkt->dst_port, pkt->src_port);
	/* Its own must lie beyond the old ones, too, which may have run ahead of the ISN's clock.
	 */
	if (c != NULL && seq_le(c->snd_una, old))
		tcp_set_iss(c, old + UINT16_MAX);
	return true;
}

/*
 * The peer's SYN once more, in SYN-RECEIVED. With an ACK it is the second half of a simultaneous
 * open (RFC 9293, figure 7): what is behind the SYN counts. Without, our SYN,ACK was lost.
 */
static bool
syn_again(struct isla_tcp_conn *c, struct tcp_in *in)
{
	tcp_ecn_syn(c, in);
	if (in->flags & RTE_TCP_ACK_FLAG) {
		in->seq++;
		in->flags &= (uint8_t)~RTE_TCP_SYN_FLAG;
		return true;
	}
	in->drop = ISLA_DROP_TCP_SEQ;
	c->flags |= TCP_F_SYN_NOW;
	tcp_sched(c);
	return false;
}

/* First step's answer to what is not acceptable. */
static void
refuse(struct isla_tcp_conn *c, struct tcp_in *in)
{
	in->drop = ISLA_DROP_TCP_SEQ;
	if (in->flags & RTE_TCP_RST_FLAG)
		return;
	if (tcp_in_state(c, ISLA_TCP_TIME_WAIT) && (in->flags & RTE_TCP_FIN_FLAG))
		tcp_deadline_set(c, TCP_T_STATE, c->tcp->conf.time_wait_us);
	if (in->flags & RTE_TCP_SYN_FLAG) {
		tcp_send_challenge_ack(c); /* RFC 5961, 4.2: wherever it lies */
		return;
	}
	if (in->seq == c->rcv_nxt - 1 && in->ack == c->snd_nxt)
		c->rcvd_tick = tcp_tick_now(c->tcp); /* the peer's own keep-alive */
	if (tcp_in_seglen(in) == 0) {
		/* A probe of our window or of our being there, which is no attack. */
		tcp_send_limited_ack(c);
		return;
	}
	if (in->len > 0 && seq_le(in->seq + in->len, c->rcv_nxt))
		tcp_dsack_note(c, in->seq, in->seq + in->len);
	c->flags |= TCP_F_ACK_NOW;
	tcp_sched(c);
}

/* RFC 7323, 3.2 and 5.3: a segment without a timestamp is dropped, one with an old one refused. A
 * SYN gets its answer in any case (RFC 5961, 4.2). */
static bool
step_timestamp(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (in->flags & (RTE_TCP_RST_FLAG | RTE_TCP_SYN_FLAG))
		return true;
	if ((in->opts.present & TCP_OPT_TIMESTAMPS) == 0) {
		in->drop = ISLA_DROP_TCP_OPTIONS;
		return false;
	}
	if (likely(!tcp_ts_is_old(c, in)))
		return true;
	in->drop = ISLA_DROP_TCP_PAWS;
	if (in->len > 0 && seq_le(in->seq + in->len, c->rcv_nxt))
		tcp_dsack_note(c, in->seq, in->seq + in->len);
	c->flags |= TCP_F_ACK_NOW;
	tcp_sched(c);
	return false;
}

/* First: check sequence number. */
static bool
step_seq(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (unlikely(in->flags & RTE_TCP_SYN_FLAG)) {
		if (reopen(c, in))
			return false;
		if (tcp_in_state(c, ISLA_TCP_SYN_RECEIVED) &&
			in->seq + 1 == c->rcv_nxt - (uint32_t)c->bytes_received &&
			(in->flags & RTE_TCP_RST_FLAG) == 0 && !syn_again(c, in))
			return false;
	}
	if ((c->flags & TCP_F_TS) && !step_timestamp(c, in))
		return false;
	if (likely(is_acceptable(c, in)))
		return true;
	if (rcv_wnd(c) == 0 && in->seq == c->rcv_nxt) {
		/* A closed window takes no data, but valid ACKs and RSTs. */
		in->len = 0;
		in->flags &= (uint8_t)~(RTE_TCP_FIN_FLAG | RTE_TCP_SYN_FLAG);
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
		return true;
	}
	refuse(c, in);
	return false;
}

/* All of the peer's data has come, and may wait to be read: that stays. But of ours the last may
 * not have arrived. */
static void
reset_at_the_end(struct isla_tcp_conn *c)
{
	tcp_trouble(c, ECONNRESET);
	tcp_conn_drop(c, 0);
}

/* Second: check the RST bit; third, security, has no use any more. */
static bool
step_rst(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (likely((in->flags & RTE_TCP_RST_FLAG) == 0))
		return true;
	if (in->seq != c->rcv_nxt) {
		in->drop = ISLA_DROP_TCP_RST;
		tcp_send_challenge_ack(c);
		return false;
	}
	/* RFC 1337: a reset that an old duplicate has brought about must not end TIME-WAIT. */
	if (tcp_in_state(c, ISLA_TCP_TIME_WAIT)) {
		in->drop = ISLA_DROP_TCP_RST;
		return false;
	}
	tcp_tfo_reset(c);
	if (tcp_in_state(c, ISLA_TCP_SYN_RECEIVED) && !tcp_tfo_is_pending(c))
		tcp_conn_drop(c, ECONNREFUSED);
	else if (tcp_in_state(c, ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK))
		reset_at_the_end(c);
	else
		tcp_conn_drop(c, ECONNRESET);
	return false;
}

/* Fourth: check the SYN bit. */
static bool
step_syn(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (likely((in->flags & RTE_TCP_SYN_FLAG) == 0))
		return true;
	in->drop = ISLA_DROP_TCP_SYN;
	if (tcp_in_state(c, ISLA_TCP_SYN_RECEIVED) && (c->flags & TCP_F_ACTIVE) == 0 &&
		!tcp_tfo_is_pending(c)) {
		/* Back to LISTEN: the listener has never left it. */
		tcp_conn_drop(c, 0);
		return false;
	}
	tcp_send_challenge_ack(c);
	return false;
}

/* The handshake's last ACK has come, and the listener waits for data: for so long after the
 * SYN,ACK, which is then sent again to see whether the peer is still there. */
static bool
defers(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	uint32_t defer_us = c->listener != 0 ? tcp_listener_of(c)->defer_us : 0;
	uint64_t since_us = tcp_since_sent_us(c);

	if (likely(defer_us == 0) || tcp_in_seglen(in) > 0 || c->nb_timeouts > 0)
		return false;
	tcp_deadline_set(c, TCP_T_RTX, since_us < defer_us ? defer_us - since_us : 0);
	return true;
}

/* The handshake's last ACK. False where it acknowledges something else. */
static bool
syn_received_ack(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (!seq_lt(c->snd_una, in->ack) || seq_gt(in->ack, c->snd_nxt)) {
		tcp_reply_rst(c->tcp, in);
		in->drop = ISLA_DROP_TCP_ACK;
		return false;
	}
	if (defers(c, in))
		return false;
	if (c->listener != 0 && tcp_listener_of(c)->room != UINT32_MAX && !tcp_tfo_is_pending(c)) {
		if (tcp_listener_of(c)->room == 0) {
			in->drop = ISLA_DROP_TCP_BACKLOG;
			return false;
		}
		tcp_listener_of(c)->room--;
	}
	if (c->flags & TCP_F_ACTIVE)
		tcp_tfo_syn_acked(c, in);
	else
		c->snd_una++; /* our SYN */
	c->snd_wnd = in->wnd;
	c->snd_wnd_max = RTE_MAX(c->snd_wnd_max, in->wnd);
	c->snd_wl1 = in->seq;
	tcp_conn_established(c);
	return true;
}

/* What our FIN's acknowledgment changes. False where the connection is gone. */
static bool
fin_acked(struct isla_tcp_conn *c)
{
	switch (c->state) {
	case ISLA_TCP_FIN_WAIT_1:
		tcp_set_state(c, ISLA_TCP_FIN_WAIT_2);
		if (c->flags & TCP_F_RELEASED)
			tcp_deadline_set(c, TCP_T_STATE, tcp_fin_wait2_us(c));
		return true;
	case ISLA_TCP_CLOSING:
		tcp_time_wait_enter(c);
		return true;
	case ISLA_TCP_LAST_ACK:
		tcp_conn_drop(c, 0);
		return false;
	default:
		return true;
	}
}

/* Fifth: check the ACK field. */
static bool
step_ack(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (unlikely((in->flags & RTE_TCP_ACK_FLAG) == 0)) {
		in->drop = ISLA_DROP_TCP_NO_ACK;
		return false;
	}
	if (unlikely(tcp_in_state(c, ISLA_TCP_SYN_RECEIVED)) && !syn_received_ack(c, in))
		return false;
	/* RFC 5961, 5: neither what was never sent nor what is older than any window. */
	if (unlikely(seq_gt(in->ack, c->snd_nxt) ||
		     seq_lt(in->ack, c->snd_una - c->snd_wnd_max))) {
		in->drop = ISLA_DROP_TCP_ACK;
		tcp_send_challenge_ack(c);
		return false;
	}
	if (tcp_in_state(c, TCP_UNACKED | ISLA_TCP_FIN_WAIT_2))
		tcp_ack_process(c, in);
	/* RFC 9293 knows of nothing but the peer's FIN here, and has that acknowledged: where the
	 * peer has got beyond it, it must hear what we expect. */
	if (unlikely(tcp_in_state(c, ISLA_TCP_TIME_WAIT)) &&
		(in->seq != c->rcv_nxt || tcp_in_seglen(in) > 0))
		tcp_send_limited_ack(c);
	if ((c->flags & TCP_F_FIN_SENT) && tcp_fin_acked(c))
		return fin_acked(c);
	return true;
}

/* Sixth: check the URG bit. Urgent data stays in line (RFC 6093, 4); the pointer, which counts from
 * SEG.SEQ as it came, says where it ends. */
static void
step_urg(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	uint32_t up = in->pkt->seq + in->urp;

	if (!tcp_in_state(c, TCP_RECEIVING) || !seq_gt(up, c->rcv_nxt - c->rcvq_bytes) ||
		((c->flags & TCP_F_RCV_URG) && !seq_gt(up, c->rcv_up)))
		return;
	c->rcv_up = up;
	c->flags |= TCP_F_RCV_URG;
	c->events |= TCP_EV_URGENT;
	tcp_sched(c);
}

/* RFC 9293, 3.8.6.3: an ACK for every second full segment at least, the others within delack_us. */
static void
ack_received(struct isla_tcp_conn *c)
{
	if (c->flags & TCP_F_ACK_NOW)
		return;
	/* Without SACK what came out of order has had its ACK, and the peer counts them. */
	if ((c->flags & TCP_F_SACK) == 0 && c->rcv_nxt == c->rcv_acked)
		return;
	if (c->rcv_nxt - c->rcv_acked >= 2u * c->rcv_seg_max || c->quick_acks > 0) {
		c->quick_acks -= c->quick_acks > 0;
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
	} else if ((c->flags & TCP_F_ACK_DELAYED) == 0) {
		c->flags |= TCP_F_ACK_DELAYED;
		tcp_deadline_set(c, TCP_T_DELACK, c->tcp->conf.delack_us);
	}
}

/* Seventh: process the segment text. */
static bool
step_text(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (in->len == 0)
		return true;
	if (!tcp_in_state(c, TCP_RECEIVING)) {
		/* The peer's FIN has been received: this cannot be, and is ignored. */
		in->drop = ISLA_DROP_TCP_CLOSED;
		return false;
	}
	if ((c->flags & TCP_F_RELEASED) && seq_gt(in->seq + in->len, c->rcv_nxt)) {
		/* Nobody is left to read it, and the peer must know (RFC 9293, 3.6.1), by the
		 * number that it expects: it may not have seen our FIN (RFC 5961, 3.2). */
		tcp_send_rst_at(c, in->ack);
		tcp_conn_drop(c, 0);
		in->drop = ISLA_DROP_TCP_CLOSED;
		return false;
	}
	c->rcv_seg_max = RTE_MAX(c->rcv_seg_max, (uint16_t)RTE_MIN(in->len, c->rcv_mss));
	if (unlikely(tcp_ecn_concerns(c, in)))
		tcp_ecn_received(c, in);
	tcp_rcvq_input(c, in);
	if (in->drop == ISLA_ACCEPTED)
		ack_received(c);
	return in->drop == ISLA_ACCEPTED;
}

/* Eighth: check the FIN bit. */
static void
step_fin(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (likely((in->flags & RTE_TCP_FIN_FLAG) == 0) || !tcp_in_state(c, TCP_RECEIVING))
		return;
	if (in->seq + in->len != c->rcv_nxt) {
		/* Out of order, and without data to keep: it comes again once the gap is filled. */
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
		return;
	}
	c->rcv_nxt++;
	c->rcv_adv = seq_lt(c->rcv_adv, c->rcv_nxt) ? c->rcv_nxt : c->rcv_adv;
	c->flags |= TCP_F_FIN_RCVD | TCP_F_ACK_NOW;
	c->events |= TCP_EV_FIN;
	tcp_sched(c);
	switch (c->state) {
	case ISLA_TCP_ESTABLISHED:
		tcp_set_state(c, ISLA_TCP_CLOSE_WAIT);
		break;
	case ISLA_TCP_FIN_WAIT_1:
		/* Our own FIN would have been acknowledged in the fifth step. */
		tcp_set_state(c, ISLA_TCP_CLOSING);
		break;
	default:
		tcp_time_wait_enter(c);
		break;
	}
}

void
tcp_steps_text(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (unlikely(in->flags & RTE_TCP_URG_FLAG))
		step_urg(c, in);
	if (step_text(c, in))
		step_fin(c, in);
}

void
tcp_steps_run(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (!step_seq(c, in) || !step_rst(c, in) || !step_syn(c, in) || !step_ack(c, in))
		return;
	/* What passes is the peer's own, and shows that it is there. */
	c->rcvd_tick = tcp_tick_now(c->tcp);
	/* RFC 7323 has it in the first step; but a segment that the fifth refuses is none of the
	 * peer's, and must not shut out those that are. */
	if ((c->flags & TCP_F_TS) && (in->opts.present & TCP_OPT_TIMESTAMPS))
		tcp_ts_update(c, in);
	tcp_steps_text(c, in);
}
