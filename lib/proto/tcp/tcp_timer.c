/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection's deadlines. All share one timer, which is armed for the earliest of them or before:
 * a deadline that moves away, as that of retransmission does with every ACK, costs a store, and the
 * timer finds out when it fires.
 */

#include <rte_common.h>

#include "tcp_priv.h"

#define TICK_US (1u << TCP_TICK_SHIFT)

void
tcp_deadline_set(struct isla_tcp_conn *c, enum tcp_deadline d, uint64_t in_us)
{
	struct core *core = c->tcp->core;
	uint64_t at = (core->now_us + in_us + TICK_US - 1) >> TCP_TICK_SHIFT;

	/* What falls on the value that stands for none comes a tick later. */
	at += (uint32_t)at == TCP_DEADLINE_NONE;
	c->deadline[d] = (uint32_t)at;
	if (!timer_is_armed(&c->timer) || c->timer.expire_us > at << TCP_TICK_SHIFT)
		timer_set(&core->wheel, &c->timer, at << TCP_TICK_SHIFT);
}

/* Ticks until a deadline that is set, not above 0 where it has passed. */
static int32_t
ticks_left(const struct isla_tcp_conn *c, enum tcp_deadline d)
{
	return (int32_t)(c->deadline[d] - tcp_tick_now(c->tcp));
}

uint32_t
tcp_deadline_in_us(const struct isla_tcp_conn *c, enum tcp_deadline d)
{
	uint64_t now_us = c->tcp->core->now_us, at_us;

	at_us = ((now_us >> TCP_TICK_SHIFT) + RTE_MAX(ticks_left(c, d), 0)) << TCP_TICK_SHIFT;
	return at_us > now_us ? (uint32_t)(at_us - now_us) : 0;
}

void
tcp_rto_double(struct isla_tcp_conn *c)
{
	uint32_t max_us = c->tcp->conf.rto_max_us;

	c->rto = c->rto > max_us / 2 ? max_us : 2 * c->rto;
}

static void
count_up(uint8_t *nb)
{
	*nb += *nb < UINT8_MAX;
}

void
tcp_syn_timeout(struct isla_tcp_conn *c)
{
	uint8_t max = tcp_opts_of(c)->syn_retries;

	if (c->nb_timeouts == 0)
		tcp_stall_begin(c, c->rto);
	if (c->nb_timeouts >= max || tcp_is_hopeless(c, c->nb_timeouts, max)) {
		tcp_conn_drop(c, tcp_timeout_err(c));
		return;
	}
	c->nb_timeouts++;
	tcp_doubt(c, c->nb_timeouts);
	tcp_ecn_fall_back(c);
	tcp_rto_double(c);
	c->flags |= TCP_F_SYN_NOW;
	tcp_deadline_set(c, TCP_T_RTX, tcp_stall_clamp(c, c->rto));
	tcp_sched(c);
}

/* RFC 9293, 3.8.6.1: probe for as long as the peer answers; and only so long where nobody does. */
static void
persist_timeout(struct isla_tcp_conn *c)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	uint64_t in_us;

	if (c->nb_timeouts == 0)
		tcp_stall_begin(c, 0);
	if (tcp_is_hopeless(c, c->nb_unanswered, conf->data_retries) ||
		((c->flags & TCP_F_RELEASED) && c->nb_timeouts >= conf->data_retries)) {
		tcp_conn_drop(c, tcp_timeout_err(c));
		return;
	}
	count_up(&c->nb_unanswered);
	count_up(&c->nb_timeouts);
	tcp_doubt(c, c->nb_unanswered);
	in_us = (uint64_t)c->rto << RTE_MIN(c->nb_timeouts, 16);
	in_us = tcp_stall_clamp(c, (uint32_t)RTE_MIN(in_us, conf->rto_max_us));
	tcp_deadline_set(c, TCP_T_RTX, in_us);
	tcp_output_probe(c);
}

/* RFC 9293, 3.8.3: count a try. False where it is one too many, and the connection has ended. */
static bool
data_try(struct isla_tcp_conn *c)
{
	const struct tcp_seg *head = &c->tcp->seg[c->seg_head];
	uint8_t nb = c->nb_timeouts;

	if (nb == 0)
		tcp_stall_begin(c,
			RTE_MAX(c->rto, (uint32_t)c->tcp->core->now_us - head->sent_us));
	/* What lies beyond a window that has shrunk is not lost for want of an ACK: only silence
	 * counts (RFC 9293, SHLD-17). */
	if (head->len > c->snd_wnd && (c->flags & TCP_F_RELEASED) == 0) {
		nb = c->nb_unanswered;
		count_up(&c->nb_unanswered);
	}
	if (tcp_is_hopeless(c, nb, c->tcp->conf.data_retries)) {
		tcp_conn_drop(c, tcp_timeout_err(c));
		return false;
	}
	count_up(&c->nb_timeouts);
	tcp_doubt(c, c->nb_timeouts);
	return true;
}

/* RFC 6298, 5.4 to 5.7; RFC 5681, 3.1. */
static void
data_timeout(struct isla_tcp_conn *c)
{

	if (!data_try(c))
		return;
	core_count(c->tcp->core, ISLA_C_TCP_RTO_TIMEOUTS);
	if ((c->flags & TCP_F_RTO_RECOVERY) == 0 || seq_ge(c->snd_una, c->recover)) {
		if ((c->flags & TCP_F_RECOVERY) == 0) {
			tcp_undo_begin(c);
		} else if (c->repair != 0) {
			struct tcp_repair *r = tcp_repair(c);

			/* Something was lost already: a timer that was too early proves nothing
			 * about that, and takes back no more than its own reduction. */
			r->undo_cwnd = RTE_MIN(r->undo_cwnd, c->ssthresh);
			r->undo_ssthresh = RTE_MIN(r->undo_ssthresh, c->ssthresh);
		}
		tcp_frto_begin(c);
		c->cc->timeout(c);
		c->pipe_ack = c->nonvalid_s = 0;
	} else {
		tcp_frto_end(c);
		c->cwnd = c->mss;
	}
	tcp_ecn_reduced(c);
	tcp_segs_check_reneged(c);
	tcp_pmtu_timeout(c);
	tcp_deadline_stop(c, TCP_T_LOSS);
	c->flags &= ~(TCP_F_RECOVERY | TCP_F_TLP_ARMED | TCP_F_TLP_OUT);
	c->flags |= TCP_F_RTO_RECOVERY;
	c->recover = c->snd_nxt;
	c->dupacks = 0;
	if (c->flags & TCP_F_SACK)
		tcp_rack_timeout(c);
	else
		tcp_segs_mark_lost(c, true);
	tcp_rto_double(c);
	tcp_deadline_set(c, TCP_T_RTX, tcp_stall_clamp(c, c->rto));
	tcp_sched(c);
}

/* What the program holds back has waited long enough. */
static void
cork_timeout(struct isla_tcp_conn *c)
{
	if (tcp_sndq_unsent(c) == 0)
		return;
	tcp_output_probe(c);
	tcp_sched(c);
}

static void
rtx_expired(struct isla_tcp_conn *c)
{
	if (tcp_in_state(c, ISLA_TCP_SYN_SENT | ISLA_TCP_SYN_RECEIVED)) {
		tcp_syn_timeout(c);
		return;
	}
	if (tcp_ecn_hold_over(c))
		return;
	/* The peer has closed its window over what is in flight: that is no sign of congestion. */
	if (c->snd_wnd == 0 && (c->flags & TCP_F_PERSIST) == 0) {
		c->flags |= TCP_F_PERSIST;
		c->nb_timeouts = 0;
	}
	if (c->flags & TCP_F_PERSIST)
		persist_timeout(c);
	else if (c->seg_head != TCP_NONE)
		data_timeout(c);
	else
		cork_timeout(c);
}

static bool
take_expired(struct isla_tcp_conn *c, enum tcp_deadline d)
{
	if (!tcp_deadline_is_set(c, d) || ticks_left(c, d) > 0)
		return false;
	c->deadline[d] = TCP_DEADLINE_NONE;
	return true;
}

/* Arm the timer for the first deadline that is left. */
static void
rearm(struct isla_tcp_conn *c)
{
	struct core *core = c->tcp->core;
	int32_t next = INT32_MAX;
	unsigned int d;

	for (d = 0; d < TCP_T_MAX; d++)
		if (tcp_deadline_is_set(c, d))
			next = RTE_MIN(next, RTE_MAX(ticks_left(c, d), 1));
	if (next != INT32_MAX)
		timer_set(&core->wheel, &c->timer,
			((core->now_us >> TCP_TICK_SHIFT) + (uint32_t)next) << TCP_TICK_SHIFT);
}

static void
conn_timer(void *ctx, struct timer *t)
{
	struct isla_tcp_conn *c = RTE_PTR_SUB(t, offsetof(struct isla_tcp_conn, timer));

	RTE_SET_USED(ctx);
	if (take_expired(c, TCP_T_STATE)) {
		tcp_conn_drop(c, 0);
		return;
	}
	if (take_expired(c, TCP_T_DELACK)) {
		core_count(c->tcp->core, ISLA_C_TCP_DELAYED_ACKS);
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
	}
	if (take_expired(c, TCP_T_PACE))
		tcp_sched(c);
	if (take_expired(c, TCP_T_LOSS))
		tcp_loss_timer(c);
	if (take_expired(c, TCP_T_RTX))
		rtx_expired(c);
	if (c->state != ISLA_TCP_CLOSED && take_expired(c, TCP_T_KEEP))
		tcp_keep_timer(c);
	if (c->state != ISLA_TCP_CLOSED)
		rearm(c);
}

/* It only has to wake the loop: the flush that follows does the work. */
static void
stall_timer(void *ctx, struct timer *t)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(t);
}

void
tcp_timer_init(struct isla_tcp *tcp)
{
	timer_wheel_set_class(&tcp->core->wheel, TIMER_TCP, conn_timer, tcp);
	timer_wheel_set_class(&tcp->core->wheel, TIMER_TCP_STALL, stall_timer, tcp);
	timer_init(&tcp->stall_timer, TIMER_TCP_STALL);
}
