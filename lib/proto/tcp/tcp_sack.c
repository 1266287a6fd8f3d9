/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selective acknowledgment, the receiver's side: RFC 2018, 4, with duplicates by RFC 2883.
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

/* Where block i of the queue's contiguous ranges belongs among what is reported, or none. */
static void
candidate(const struct isla_tcp_conn *c, const struct tcp_sack_block *b,
	struct tcp_sack_block cand[TCP_SACK_RECENT])
{
	unsigned int i;

	for (i = 0; i < TCP_SACK_RECENT; i++) {
		if (seq_le(b->left, c->sack_recent[i]) && seq_lt(c->sack_recent[i], b->right)) {
			cand[i] = *b;
			return;
		}
	}
}

void
tcp_sack_build(struct isla_tcp_conn *c, struct tcp_opts *opts, unsigned int max)
{
	struct tcp_sack_block cand[TCP_SACK_RECENT] = {{0, 0}}, b;
	struct rte_mbuf *m = c->ooo;
	unsigned int i, nb = 0;

	if (c->flags & TCP_F_DSACK) {
		opts->sack[nb++] = c->dsack;
		c->flags &= ~TCP_F_DSACK;
	}
	while (m != NULL) {
		m = tcp_ooo_block(m, &b);
		candidate(c, &b, cand);
	}
	for (i = 0; i < TCP_SACK_RECENT && nb < max; i++)
		if (cand[i].left != cand[i].right)
			opts->sack[nb++] = cand[i];
	opts->nb_sack = (uint8_t)nb;
	if (nb > 0)
		opts->present |= TCP_OPT_SACK;
}
