/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The send queue: one chain of the program's mbufs from snd_una on, and the chain of segments in
 * flight that refers to it. Mbufs are freed as soon as the last of their bytes is acknowledged.
 */

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

/* In rte_mbuf::packet_type of the mbuf that ends a record: a bit that says nothing else, and that a
 * fresh mbuf has not set. */
#define RECORD_END (UINT32_C(1) << 31)

/* Step over mbufs that hold nothing more. */
static void
normalise(struct rte_mbuf **m, uint32_t *off)
{
	while (*m != NULL && *off >= (*m)->data_len) {
		*off -= (*m)->data_len;
		*m = (*m)->next;
	}
}

void
tcp_sndq_append(struct isla_tcp_conn *c, struct rte_mbuf *m, uint32_t len)
{
	if (c->cc->flags & TCP_CC_RATE)
		tcp_rate_check_app(c);
	c->snd_segs += m->nb_segs;
	if (c->snd_head == NULL) {
		c->snd_head = m;
		c->snd_head_off = 0;
	} else {
		c->snd_tail->next = m;
	}
	c->snd_tail = rte_pktmbuf_lastseg(m);
	c->sndq_bytes += len;
	if (c->snd_cur == NULL) {
		c->snd_cur = m;
		c->snd_cur_off = 0;
		normalise(&c->snd_cur, &c->snd_cur_off);
	}
}

void
tcp_sndq_sent(struct isla_tcp_conn *c, uint32_t n)
{
	c->snd_cur_off += n;
	normalise(&c->snd_cur, &c->snd_cur_off);
}

void
tcp_sndq_acked(struct isla_tcp_conn *c, uint32_t n)
{
	c->sndq_bytes -= n;
	c->snd_head_off += n;
	while (c->snd_head != NULL && c->snd_head_off >= c->snd_head->data_len) {
		struct rte_mbuf *m = c->snd_head;

		/* An empty mbuf behind the last acknowledged byte goes, too; an unsent one stays.
		 */
		if (m == c->snd_cur)
			break;
		c->snd_head_off -= m->data_len;
		c->snd_head = m->next;
		rte_pktmbuf_free_seg(m);
		c->snd_segs--;
	}
	if (c->snd_head == NULL) {
		c->snd_tail = NULL;
		c->ecn &= (uint8_t)~TCP_E_RECORD;
	}
}

void
tcp_sndq_end_record(struct isla_tcp_conn *c)
{
	if (c->snd_tail == NULL)
		return;
	c->snd_tail->packet_type |= RECORD_END;
	c->ecn |= TCP_E_RECORD;
}

uint32_t
tcp_sndq_record(const struct isla_tcp_conn *c, uint32_t n)
{
	const struct rte_mbuf *m;
	uint32_t off = c->snd_cur_off, len = 0;

	for (m = c->snd_cur; m != NULL && len < n; m = m->next) {
		len += m->data_len - off;
		off = 0;
		if ((m->packet_type & RECORD_END) != 0 && len > 0 && len < n)
			return len;
	}
	return n;
}

uint32_t
tcp_sndq_unsent(const struct isla_tcp_conn *c)
{
	uint32_t sent = c->snd_nxt - c->snd_una;

	if (c->flags & TCP_F_FIN_SENT)
		return 0;
	/* What went with a SYN counts once it is acknowledged; the SYN itself is no data. */
	if (unlikely(tcp_in_state(c, ISLA_TCP_SYN_SENT | ISLA_TCP_SYN_RECEIVED)))
		sent = (c->flags & TCP_F_ACTIVE) || sent == 0 ? 0 : sent - 1;
	return c->sndq_bytes - RTE_MIN(sent, c->sndq_bytes);
}

static void
segs_purge(struct isla_tcp_conn *c)
{
	uint32_t i = c->seg_head;

	while (i != TCP_NONE) {
		uint32_t next = c->tcp->seg[i].next;

		tcp_seg_free(c->tcp, i);
		i = next;
	}
	c->seg_head = c->seg_tail = c->seg_lost = TCP_NONE;
	c->pipe = 0;
	c->nb_sacked = 0;
}

void
tcp_segs_rewind(struct isla_tcp_conn *c)
{
	segs_purge(c);
	c->snd_nxt = c->snd_una;
	c->flags &= ~TCP_F_FIN_SENT;
	c->snd_cur = c->snd_head;
	c->snd_cur_off = c->snd_head_off;
	normalise(&c->snd_cur, &c->snd_cur_off);
}

void
tcp_sndq_purge(struct isla_tcp_conn *c)
{
	segs_purge(c);
	while (c->snd_head != NULL) {
		struct rte_mbuf *m = c->snd_head;

		c->snd_head = m->next;
		rte_pktmbuf_free_seg(m);
	}
	c->snd_tail = c->snd_cur = NULL;
	c->sndq_bytes = c->snd_segs = c->snd_head_off = 0;
}

void
tcp_segs_acked(struct isla_tcp_conn *c, uint32_t ack, struct tcp_acked *a)
{
	struct isla_tcp *tcp = c->tcp;
	bool waited = false;

	while (c->seg_head != TCP_NONE) {
		uint32_t i = c->seg_head;
		struct tcp_seg *s = &tcp->seg[i];
		uint32_t n;

		if (seq_ge(s->seq, ack))
			break;
		/* Karn: what was sent twice says nothing about the round-trip time, nor does what
		 * had to wait for that, or has been reported before. */
		waited |= (s->flags & (TCP_SEG_RETRANS | TCP_SEG_SACKED)) != 0;
		a->rtt_us = waited ? UINT32_MAX : (uint32_t)tcp->core->now_us - s->sent_us;
		tcp_acked_note(c, s, a);
		n = RTE_MIN(s->len, ack - s->seq);
		if ((s->flags & TCP_SEG_SACKED) == 0)
			a->delivered += n;
		if ((s->flags & (TCP_SEG_LOST | TCP_SEG_SACKED)) == 0)
			c->pipe -= n;
		if (n < s->len) {
			s->seq += n;
			s->len -= n;
			s->off += n;
			normalise(&s->m, &s->off);
			break;
		}
		if (s->flags & TCP_SEG_RATE)
			tcp_rate_delivered(c, s);
		if (s->flags & TCP_SEG_SACKED)
			c->nb_sacked -= s->nb;
		else if (c->flags & TCP_F_SACK)
			tcp_rack_update(c, s, a);
		c->seg_head = s->next;
		tcp_seg_remove(c, i, s->next);
	}
	if (c->seg_head == TCP_NONE)
		c->seg_tail = TCP_NONE;
}

struct tcp_seg *
tcp_seg_first_lost(struct isla_tcp_conn *c)
{
	struct tcp_seg *seg = c->tcp->seg;

	while (c->seg_lost != TCP_NONE && (seg[c->seg_lost].flags & TCP_SEG_LOST) == 0)
		c->seg_lost = seg[c->seg_lost].next;
	return c->seg_lost != TCP_NONE ? &seg[c->seg_lost] : NULL;
}

void
tcp_seg_remove(struct isla_tcp_conn *c, uint32_t i, uint32_t next)
{
	if (c->seg_lost == i)
		c->seg_lost = next;
	tcp_seg_free(c->tcp, i);
}

static void
note_lost(struct isla_tcp_conn *c, const struct tcp_seg *s)
{
	if (c->seg_lost == TCP_NONE || seq_lt(s->seq, c->tcp->seg[c->seg_lost].seq))
		c->seg_lost = (uint32_t)(s - c->tcp->seg);
}

void
tcp_seg_mark_lost(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	if ((s->flags & (TCP_SEG_LOST | TCP_SEG_SACKED)) != 0)
		return;
	s->flags |= TCP_SEG_LOST;
	note_lost(c, s);
	c->pipe -= s->len;
	if (s->flags & TCP_SEG_RATE)
		tcp_rate_lost(c, s);
}

bool
tcp_seg_split(struct isla_tcp_conn *c, struct tcp_seg *s, uint32_t len)
{
	struct isla_tcp *tcp = c->tcp;
	struct tcp_seg *rest;
	uint32_t i;

	rest = tcp_seg_alloc(tcp, &i);
	if (rest == NULL)
		return false;
	*rest = *s;
	rest->seq += len;
	rest->len -= len;
	rest->off += len;
	normalise(&rest->m, &rest->off);
	rest->flags |= TCP_SEG_LOST;
	rest->flags &= (uint8_t)~TCP_SEG_RATE;
	s->len = len;
	s->flags &= (uint8_t)~(TCP_SEG_FIN | TCP_SEG_RECORD);
	s->next = i;
	if (&tcp->seg[c->seg_tail] == s)
		c->seg_tail = i;
	note_lost(c, rest);
	return true;
}

void
tcp_segs_check_reneged(struct isla_tcp_conn *c)
{
	uint32_t i;

	if (c->nb_sacked == 0 || (c->tcp->seg[c->seg_head].flags & TCP_SEG_SACKED) == 0)
		return;
	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		struct tcp_seg *s = &c->tcp->seg[i];

		if (s->flags & TCP_SEG_SACKED) {
			s->flags &= (uint8_t)~TCP_SEG_SACKED;
			s->nb = 1;
			c->pipe += s->len;
		}
	}
	c->nb_sacked = 0;
}

void
tcp_segs_mark_lost(struct isla_tcp_conn *c, bool all)
{
	uint32_t i;

	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		tcp_seg_mark_lost(c, &c->tcp->seg[i]);
		if (!all)
			break;
	}
}
