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
	if ((c->flags & TCP_F_SACK) == 0 || left == right)
		return;
	c->flags |= TCP_F_DSACK;
	c->dsack.left = left;
	c->dsack.right = right;
}

/* One of the queue's contiguous ranges takes its place among those reported lately; false: it has
 * none. */
static bool
candidate(const struct isla_tcp_conn *c, const struct tcp_sack_block *b,
	struct tcp_sack_block cand[TCP_SACK_RECENT])
{
	unsigned int i;

	for (i = 0; i < TCP_SACK_RECENT; i++) {
		if (seq_le(b->left, c->sack_recent[i]) && seq_lt(c->sack_recent[i], b->right)) {
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
	struct rte_mbuf *m = c->ooo;
	unsigned int i, nb = 0, nb_cand = 0, nb_other = 0;

	if (c->flags & TCP_F_DSACK) {
		opts->sack[nb++] = c->dsack;
		c->flags &= ~TCP_F_DSACK;
	}
	while (m != NULL && nb_cand < TCP_SACK_RECENT) {
		m = tcp_ooo_block(m, &b);
		if (candidate(c, &b, cand))
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

static void
mark_block(struct isla_tcp_conn *c, const struct tcp_sack_block *b, struct tcp_acked *a)
{
	uint32_t i;

	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		struct tcp_seg *s = &c->tcp->seg[i];

		if (seq_ge(s->seq, b->right))
			return;
		if (seq_lt(s->seq, b->left) || seq_gt(s->seq + s->len, b->right) ||
			(s->flags & TCP_SEG_SACKED) != 0)
			continue;
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
}

void
tcp_sack_mark(struct isla_tcp_conn *c, struct tcp_acked *a)
{
	const struct tcp_in *in = a->in;
	unsigned int i;

	a->dsack = is_dsack(c, in);
	for (i = a->dsack ? 1 : 0; i < in->opts.nb_sack; i++) {
		const struct tcp_sack_block *b = &in->opts.sack[i];

		/* Only what was sent and lies beyond a gap can be out of order. */
		if (seq_lt(b->left, b->right) && seq_gt(b->left, in->ack) &&
			seq_gt(b->left, c->snd_una) && seq_le(b->right, c->snd_nxt))
			mark_block(c, b, a);
	}
}
