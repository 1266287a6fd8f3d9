/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delivery rate samples (draft-ietf-ccwg-bbr, 4.1; draft-cheng-iccrg-delivery-rate-estimation).
 * Each segment keeps what had been delivered when it left. When it is acknowledged, the difference
 * over the time is the rate: the time in which ACKs came, or in which the data was sent, whichever
 * is longer, so that neither ACKs in a heap nor ACKs of what has not arrived make it too large.
 *
 * Only algorithms with TCP_CC_RATE have this done: their segments bear TCP_SEG_RATE.
 */

#include <string.h>

#include <rte_common.h>

#include "tcp_priv.h"

struct tcp_cc_more *
tcp_cc_more(const struct isla_tcp_conn *c)
{
	return c->cc_state[0] != 0 ? &c->tcp->cc_more[c->cc_state[0] - 1] : NULL;
}

/* What another algorithm has sent knows nothing of this record. */
static void
segs_forget(struct isla_tcp_conn *c)
{
	uint32_t i;

	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next)
		c->tcp->seg[i].flags &= (uint8_t)~TCP_SEG_RATE;
}

bool
tcp_cc_more_get(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	struct tcp_cc_more *more;

	/* Init comes again where the peer's SYN does. */
	if (c->cc_state[0] == 0) {
		if (tcp->cc_more_free == TCP_NONE)
			return false;
		c->cc_state[0] = tcp->cc_more_free + 1;
		tcp->cc_more_free = tcp_cc_more(c)->next;
	}
	more = tcp_cc_more(c);
	memset(more, 0, sizeof(*more));
	more->rate.first_sent_us = more->rate.delivered_us = (uint32_t)tcp->core->now_us;
	segs_forget(c);
	return true;
}

void
tcp_cc_more_put(struct isla_tcp_conn *c)
{
	if (c->cc_state[0] == 0)
		return; /* it ends before the handshake has told the MSS */
	segs_forget(c);
	tcp_cc_more(c)->next = c->tcp->cc_more_free;
	c->tcp->cc_more_free = c->cc_state[0] - 1;
	c->cc_state[0] = 0;
}

/* NULL until the handshake has told the MSS. */
static struct tcp_rate *
rate_of(const struct isla_tcp_conn *c)
{
	struct tcp_cc_more *more = tcp_cc_more(c);

	return more != NULL ? &more->rate : NULL;
}

static struct tcp_seg_rate *
rate_of_seg(const struct isla_tcp_conn *c, const struct tcp_seg *s)
{
	return &c->tcp->seg_rate[s - c->tcp->seg];
}

static uint32_t
now32(const struct isla_tcp_conn *c)
{
	return (uint32_t)c->tcp->core->now_us;
}

void
tcp_rate_sent(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	struct tcp_seg_rate *p = rate_of_seg(c, s);
	struct tcp_rate *r = rate_of(c);

	if (r == NULL)
		return;
	/* Nothing was in flight: the interval begins now. */
	if (c->pipe == 0)
		r->first_sent_us = r->delivered_us = now32(c);
	p->delivered = (uint32_t)r->delivered;
	p->delivered_us = r->delivered_us;
	p->first_sent_us = r->first_sent_us;
	p->in_flight = c->pipe + s->len;
	p->lost = r->lost;
	p->is_app_limited = r->app_limited;
	s->flags |= TCP_SEG_RATE;
}

/* Was it sent after all that has been delivered so far? */
static bool
is_newest(const struct tcp_rate *r, const struct tcp_seg *s)
{
	return seq_gt(s->sent_us, r->first_sent_us) ||
		(s->sent_us == r->first_sent_us && seq_gt(s->seq + s->len, r->newest_end));
}

void
tcp_rate_delivered(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	const struct tcp_seg_rate *p = rate_of_seg(c, s);
	struct tcp_rate *r = rate_of(c);
	struct tcp_rate_sample *rs = &r->sample;
	uint32_t now = now32(c);

	s->flags &= (uint8_t)~TCP_SEG_RATE;
	r->delivered_us = now;
	/* Karn. */
	if ((s->flags & TCP_SEG_RETRANS) == 0)
		rs->rtt_us = RTE_MIN(rs->rtt_us, now - s->sent_us);
	if (rs->has_data && !is_newest(r, s))
		return;
	rs->has_data = true;
	rs->prior = p->delivered;
	rs->in_flight = p->in_flight;
	rs->lost = p->lost;
	rs->is_app_limited = p->is_app_limited;
	r->interval_us = RTE_MAX(s->sent_us - p->first_sent_us, now - p->delivered_us);
	r->newest_end = s->seq + s->len;
	r->first_sent_us = s->sent_us;
}

void
tcp_rate_lost(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	const struct tcp_seg_rate *p = rate_of_seg(c, s);
	struct tcp_rate *r = rate_of(c);
	struct tcp_rate_sample rs = {
		.rtt_us = UINT32_MAX,
		.in_flight = p->in_flight,
		.is_app_limited = p->is_app_limited,
	};

	r->lost += s->len;
	rs.lost = r->lost - p->lost;
	c->cc->seg_lost(c, s, &rs);
}

void
tcp_rate_mark_app(struct isla_tcp_conn *c)
{
	struct tcp_rate *r = rate_of(c);

	r->app_limited = true;
	r->bubble = (uint32_t)r->delivered + c->pipe;
}

void
tcp_rate_check_app(struct isla_tcp_conn *c)
{
	/* What is lost has been sent again unless the window or pacing held it back. */
	if (rate_of(c) != NULL && tcp_sndq_unsent(c) == 0 && c->pipe < c->cwnd &&
		(c->flags & TCP_F_PACE_WAIT) == 0)
		tcp_rate_mark_app(c);
}

void
tcp_rate_ack_begin(struct isla_tcp_conn *c)
{
	struct tcp_rate *r = rate_of(c);

	if (r == NULL)
		return;
	r->sample.has_data = false;
	r->sample.rate = 0;
	r->sample.rtt_us = UINT32_MAX;
	tcp_rate_check_app(c);
}

void
tcp_rate_ack_end(struct isla_tcp_conn *c, const struct tcp_acked *a)
{
	struct tcp_rate *r = rate_of(c);
	struct tcp_rate_sample *rs;

	if (r == NULL)
		return;
	rs = &r->sample;
	r->delivered += a->delivered;
	rs->acked = a->delivered;
	if (r->app_limited && seq_gt((uint32_t)r->delivered, r->bubble))
		r->app_limited = false;
	if (rs->has_data) {
		rs->delivered = (uint32_t)r->delivered - rs->prior;
		rs->lost = r->lost - rs->lost;
		/* Shorter than a round trip: a retransmission whose original was acknowledged. */
		if (r->interval_us > 0 && r->interval_us >= c->min_rtt)
			rs->rate = (uint64_t)rs->delivered * 1000000 / r->interval_us;
		if (rs->rate != 0)
			r->last_rate = rs->rate;
	}
	c->cc->sample(c, rs);
	rs->has_data = false;
}

uint64_t
tcp_rate_last(const struct isla_tcp_conn *c)
{
	struct tcp_rate *r = rate_of(c);

	return r != NULL ? r->last_rate : 0;
}
