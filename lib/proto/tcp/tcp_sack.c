/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selective acknowledgment: RFC 2018, with duplicates by RFC 2883. As a receiver, ranges out of
 * order are reported; as a sender, the segments in flight are marked that the peer reports.
 */

#include <rte_common.h>

#include "tcp_priv.h"

void
tcp_dsack_note(struct isla_tcp_conn *c, uint32_t left, uint32_t right)
{
	if ((c->flags & TCP_F_SACK) == 0 || left == right || !tcp_repair_get(c))
		return;
	/* An ACK tells of one (RFC 2883, 4): the one that waits goes first, and the next is still
	 * owed.
	 */
	if ((c->flags & TCP_F_DSACK) && !tcp_out_full(c)) {
		tcp_send_ack(c);
		c->flags |= TCP_F_ACK_NOW;
		tcp_sched(c);
	}
	c->flags |= TCP_F_DSACK;
	tcp_repair(c)->dsack = (struct tcp_sack_block){left, right};
}

/* One of the queue's contiguous ranges takes its place among those reported lately; false: it has
 * none. */
static bool
candidate(const struct tcp_repair *r, const struct tcp_sack_block *b,
	struct tcp_sack_block cand[TCP_SACK_RECENT])
{
	unsigned int i;

	for (i = 0; i < TCP_SACK_RECENT; i++) {
		if (seq_le(b->left, r->sack_recent[i]) && seq_lt(r->sack_recent[i], b->right)) {
			cand[i] = *b;
			return true;
		}
	}
	return false;
}

void
tcp_sack_build(struct isla_tcp_conn *c, struct tcp_opts *opts, unsigned int max)
{
	struct tcp_sack_block cand[TCP_SACK_RECENT] = {{0, 0}}, other[TCP_SACK_MAX], b;
	const struct tcp_repair *r = tcp_repair(c);
	struct rte_mbuf *m = r->ooo;
	unsigned int i, nb = 0, nb_cand = 0, nb_other = 0;

	if (c->flags & TCP_F_DSACK) {
		opts->sack[nb++] = r->dsack;
		c->flags &= ~TCP_F_DSACK;
	}
	while (m != NULL && nb_cand < TCP_SACK_RECENT) {
		m = tcp_ooo_block(m, &b);
		if (candidate(r, &b, cand))
			nb_cand++;
		else if (nb_other < TCP_SACK_MAX)
			other[nb_other++] = b;
	}
	for (i = 0; i < TCP_SACK_RECENT && nb < max; i++)
		if (cand[i].left != cand[i].right)
			opts->sack[nb++] = cand[i];
	/* As many as there is room for. */
	for (i = 0; i < nb_other && nb < max; i++)
		opts->sack[nb++] = other[i];
	opts->nb_sack = (uint8_t)nb;
	if (nb > 0)
		opts->present |= TCP_OPT_SACK;
}

/* Does the first block report a duplicate (RFC 2883, 4)? */
static bool
is_dsack(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	const struct tcp_sack_block *b = in->opts.sack;

	if (!seq_lt(b[0].left, b[0].right) || seq_gt(b[0].right, c->snd_nxt))
		return false;
	if (seq_le(b[0].right, in->ack))
		return true;
	return in->opts.nb_sack > 1 && seq_ge(b[0].left, b[1].left) &&
		seq_le(b[0].right, b[1].right);
}

/* A segment has arrived out of order. */
static void
mark(struct isla_tcp_conn *c, struct tcp_seg *s, struct tcp_acked *a)
{
	tcp_acked_note(c, s, a);
	if (s->flags & TCP_SEG_RATE)
		tcp_rate_delivered(c, s);
	if ((s->flags & TCP_SEG_LOST) == 0)
		c->pipe -= s->len;
	s->flags &= (uint8_t)~TCP_SEG_LOST;
	s->flags |= TCP_SEG_SACKED;
	c->nb_sacked++;
	a->delivered += s->len;
	tcp_rack_update(c, s, a);
}

/*
 * Where both have arrived, prev takes the segment i behind it in: a window has as many records as
 * gaps and runs then. Small ones stay by themselves, for their size tells tcp_pmtu.c what passes.
 * Should they be forgotten, they are one large segment, which is cut before it is sent again.
 */
static bool
join(struct isla_tcp_conn *c, uint32_t prev, uint32_t i)
{
	struct tcp_seg *p = &c->tcp->seg[prev], *s = &c->tcp->seg[i];

	if ((p->flags & s->flags & TCP_SEG_SACKED) == 0 || p->len < c->mss || s->len < c->mss ||
		(uint32_t)p->nb + s->nb > UINT16_MAX)
		return false;
	p->len += s->len;
	p->nb = (uint16_t)(p->nb + s->nb);
	p->flags |= s->flags;
	if (seq_gt(s->sent_us, p->sent_us))
		p->sent_us = s->sent_us;
	p->next = s->next;
	if (c->seg_tail == i)
		c->seg_tail = prev;
	tcp_seg_remove(c, i, p->next);
	return true;
}

/* Is a segment wholly within one of these? */
static bool
is_within(const struct tcp_seg *s, const struct tcp_sack_block *b, unsigned int nb)
{
	for (; nb > 0; nb--, b++)
		if (seq_ge(s->seq, b->left) && seq_le(s->seq + s->len, b->right))
			return true;
	return false;
}

/* Mark what nb blocks cover, which are sorted by their left edges: one walk for all of them. */
static void
mark_blocks(struct isla_tcp_conn *c, const struct tcp_sack_block *b, unsigned int nb,
	struct tcp_acked *a)
{
	uint32_t i = c->seg_head, prev = TCP_NONE;

	while (i != TCP_NONE) {
		struct tcp_seg *s = &c->tcp->seg[i];

		for (; nb > 0 && seq_ge(s->seq, b->right); b++)
			nb--;
		if ((s->flags & TCP_SEG_SACKED) == 0 && is_within(s, b, nb))
			mark(c, s, a);
		if (prev != TCP_NONE && join(c, prev, i)) {
			i = c->tcp->seg[prev].next;
			continue;
		}
		if (nb == 0)
			return;
		prev = i;
		i = s->next;
	}
}

void
tcp_sack_mark(struct isla_tcp_conn *c, struct tcp_acked *a)
{
	const struct tcp_in *in = a->in;
	struct tcp_sack_block sorted[TCP_SACK_MAX];
	unsigned int i, k, nb = 0;

	a->dsack = is_dsack(c, in);
	for (i = a->dsack ? 1 : 0; i < in->opts.nb_sack; i++) {
		const struct tcp_sack_block *b = &in->opts.sack[i];

		/* Only what was sent and lies beyond a gap can be out of order. */
		if (!seq_lt(b->left, b->right) || !seq_gt(b->left, in->ack) ||
			!seq_gt(b->left, c->snd_una) || !seq_le(b->right, c->snd_nxt))
			continue;
		for (k = nb++; k > 0 && seq_gt(sorted[k - 1].left, b->left); k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = *b;
	}
	if (nb > 0)
		mark_blocks(c, sorted, nb, a);
}
