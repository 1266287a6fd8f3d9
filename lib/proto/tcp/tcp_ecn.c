/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explicit congestion notification, RFC 3168. Negotiated by the SYNs: tcp_ecn_syn() reads the
 * peer's, tcp_ecn_syn_flags() says what ours carry. From then on new data is sent as ECT(0), and
 * nothing else (6.1.4 to 6.1.6). A receiver that sees CE sets ECE until it sees CWR:
 * tcp_ecn_received(). A sender that sees ECE reduces its window once for a window's worth of data
 * and says so by CWR: tcp_ecn_acked().
 *
 * Where the congestion control answers single marks (TCP_CC_ECN), the receiver echoes each as RFC
 * 8257, 3.2 has it: TCP_M_ECN_ECHO is that RFC's DCTCP.CE then.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define SETUP_FLAGS (RTE_TCP_ECE_FLAG | RTE_TCP_CWR_FLAG)

bool
tcp_ecn_agrees(const struct isla_tcp *tcp, const struct tcp_in *in)
{
	/* A SYN is never sent as ECT (6.1.1): where one comes so, somebody on the way writes into
	 * that field, and what it says is worth nothing. */
	return tcp->conf.ecn != ISLA_TCP_ECN_OFF && (in->flags & SETUP_FLAGS) == SETUP_FLAGS &&
		(in->pkt->tos & TCP_ECN_MASK) == TCP_ECN_NOT_ECT;
}

/* An agreement that has come to nothing. */
static void
give_up(struct isla_tcp_conn *c)
{
	c->modes &= (uint8_t)~(TCP_M_ECN | TCP_M_ECN_ECHO | TCP_M_ECN_CWR);
}

void
tcp_ecn_ask(struct isla_tcp_conn *c)
{
	uint8_t ecn = c->tcp->conf.ecn;

	if (ecn == ISLA_TCP_ECN_ON || (ecn != ISLA_TCP_ECN_OFF && (c->cc->flags & TCP_CC_ECN)))
		c->modes |= TCP_M_ECN;
}

void
tcp_ecn_syn(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	bool ack = (in->flags & RTE_TCP_ACK_FLAG) != 0;

	if (c->flags & TCP_F_ACTIVE) {
		/* 6.1.1: a SYN,ACK that mirrors both flags comes from somebody who knows nothing of
		 * either. */
		if (ack ? (in->flags & SETUP_FLAGS) != RTE_TCP_ECE_FLAG :
			!tcp_ecn_agrees(c->tcp, in))
			give_up(c);
	} else if (tcp_ecn_agrees(c->tcp, in)) {
		c->modes |= TCP_M_ECN;
	} else {
		/* Also the second SYN of a peer whose first one asked for it (6.1.1.1). */
		give_up(c);
	}
}

uint8_t
tcp_ecn_syn_flags(const struct isla_tcp_conn *c)
{
	if (tcp_in_state(c, ISLA_TCP_SYN_SENT))
		return tcp_ecn_is_ect(c) ? SETUP_FLAGS : 0;
	return c->modes & TCP_M_ECN ? RTE_TCP_ECE_FLAG : 0;
}

bool
tcp_ecn_fall_back(struct isla_tcp_conn *c)
{
	if (!tcp_in_state(c, ISLA_TCP_SYN_SENT) || tcp_ecn_syn_flags(c) == 0)
		return false;
	/* The first SYN may have arrived all the same, and the peer may mark what it sends: we echo
	 * that, but send no ECT ourselves (6.1.1). */
	c->ecn |= TCP_E_NO_ECT;
	core_count(c->tcp->core, ISLA_C_TCP_ECN_FALLBACKS);
	return true;
}

/* RFC 8257, 3.2: an ACK at once where the marks begin or end, and before it, with the mark that was
 * valid so far, one for what waits for its ACK. */
static void
received_exact(struct isla_tcp_conn *c, bool ce)
{
	if (ce == ((c->modes & TCP_M_ECN_ECHO) != 0))
		return;
	if (c->rcv_acked != c->rcv_nxt && !tcp_out_full(c))
		tcp_send_ack(c);
	c->modes ^= TCP_M_ECN_ECHO;
	c->flags |= TCP_F_ACK_NOW;
	tcp_sched(c);
}

void
tcp_ecn_received(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	bool ce = (in->pkt->tos & TCP_ECN_MASK) == TCP_ECN_CE;

	if (ce)
		core_count(c->tcp->core, ISLA_C_TCP_IN_CE);
	if (c->cc->flags & TCP_CC_ECN) {
		received_exact(c, ce);
		return;
	}
	/* 6.1.3: CWR ends the echo; what carries it may be marked itself. The peer's window may be
	 * down to one segment, so that it waits for this ACK. */
	if (in->flags & RTE_TCP_CWR_FLAG) {
		c->modes &= (uint8_t)~TCP_M_ECN_ECHO;
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
	}
	if (ce && (c->modes & TCP_M_ECN_ECHO) == 0) {
		c->modes |= TCP_M_ECN_ECHO;
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
	}
}

void
tcp_ecn_reduced(struct isla_tcp_conn *c)
{
	c->flags &= ~TCP_F_CWR;
	if (tcp_ecn_is_ect(c))
		c->modes |= TCP_M_ECN_CWR;
}

void
tcp_ecn_undone(struct isla_tcp_conn *c)
{
	c->modes &= (uint8_t)~TCP_M_ECN_CWR;
}

/* 6.1.2: a mark that is new to this window. */
static void
reduce(struct isla_tcp_conn *c)
{
	bool smallest = c->cwnd <= c->mss && c->snd_una == c->snd_nxt;

	core_count(c->tcp->core, ISLA_C_TCP_ECN_REDUCTIONS);
	if (c->cc->ecn != NULL)
		c->cc->ecn(c);
	else
		c->cc->loss(c);
	if (smallest) {
		/* What is less than a segment a round trip: one when the timer expires. */
		c->cwnd = c->mss;
		c->ecn |= TCP_E_HOLD;
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
	}
	c->flags |= TCP_F_CWR;
	c->modes |= TCP_M_ECN_CWR;
	/* The reduction before can no longer be undone: this one is right. */
	c->flags &= ~TCP_F_UNDO;
	c->recover = c->snd_nxt;
	tcp_sched(c);
}

void
tcp_ecn_acked(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	const struct tcp_in *in = a->in;
	uint32_t flags = a->flags | c->flags;

	/* Something beyond it must be acknowledged: the first of that carried CWR. */
	if ((c->flags & TCP_F_CWR) && seq_gt(c->snd_una, c->recover)) {
		c->flags &= ~TCP_F_CWR;
		flags &= ~TCP_F_CWR;
		c->recover = c->snd_una - 1;
	}
	if ((in->flags & RTE_TCP_ECE_FLAG) == 0 || !tcp_ecn_is_ect(c))
		return;
	core_count(c->tcp->core, ISLA_C_TCP_DELIVERED_CE);
	/* Once a window, whatever was the reason, and until the peer has seen CWR. */
	if ((flags & (TCP_F_CWR | TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) == 0 &&
		(c->modes & TCP_M_ECN_CWR) == 0 && (a->advanced || a->delivered > 0))
		reduce(c);
}

bool
tcp_ecn_hold_over(struct isla_tcp_conn *c)
{
	if ((c->ecn & TCP_E_HOLD) == 0)
		return false;
	c->ecn &= (uint8_t)~TCP_E_HOLD;
	tcp_sched(c);
	return true;
}
