/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive queue: payload in order as one chain of the port's own mbufs, payload out of order as
 * a sorted list of packets. tcp_rcvq_input() puts a segment where it belongs and joins what has
 * become contiguous. The window that follows from it (RFC 9293, 3.8.6) is computed here, too.
 */

#include <errno.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

/* Copy into the last mbuf's tail rather than keep one more mbuf: only at the queue's bound. */
#define COALESCE_MAX 256

/* The list of packets out of order runs through the source address, which has done its work. */
static struct rte_mbuf *
ooo_next(struct rte_mbuf *m)
{
	struct rte_mbuf *next;

	memcpy(&next, isla_pkt(m)->src.b, sizeof(next));
	return next;
}

static void
ooo_set_next(struct rte_mbuf *m, struct rte_mbuf *next)
{
	memcpy(isla_pkt(m)->src.b, &next, sizeof(next));
}

/* Where the payload of a queued packet ends. */
static uint32_t
pkt_end(struct rte_mbuf *m)
{
	return isla_pkt(m)->seq + isla_pkt(m)->data_len;
}

/* Cut n bytes off the front; the head mbuf stays, perhaps empty, since it carries isla_pkt. */
static void
trim_front(struct rte_mbuf *m, uint32_t n)
{
	struct isla_pkt *pkt = isla_pkt(m);
	struct rte_mbuf *s = m;

	pkt->seq += n;
	pkt->data_len = (uint16_t)(pkt->data_len - n);
	m->pkt_len -= n;
	while (n > 0) {
		uint32_t k = RTE_MIN(n, (uint32_t)s->data_len);

		s->data_off = (uint16_t)(s->data_off + k);
		s->data_len = (uint16_t)(s->data_len - k);
		n -= k;
		s = s->next;
	}
}

/* Leave the first len bytes. */
static void
trim_to(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *s = m;

	isla_pkt(m)->data_len = (uint16_t)len;
	m->pkt_len = len;
	while (len > s->data_len) {
		len -= s->data_len;
		s = s->next;
	}
	s->data_len = (uint16_t)len;
	if (s->next != NULL) {
		uint16_t nb = 1;
		struct rte_mbuf *i;

		rte_pktmbuf_free(s->next);
		s->next = NULL;
		for (i = m; i->next != NULL; i = i->next)
			nb++;
		m->nb_segs = nb;
	}
}

/* Move payload into the free room behind the queue's last mbuf. */
static bool
coalesce(struct isla_tcp_conn *c, struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *last = c->rcv_last;

	if (len > COALESCE_MAX || !RTE_MBUF_DIRECT(last) || rte_mbuf_refcnt_read(last) != 1 ||
		rte_pktmbuf_tailroom(last) < len)
		return false;
	payload_copy(c->tcp->core, rte_pktmbuf_mtod_offset(last, void *, last->data_len), m, 0,
		len);
	last->data_len = (uint16_t)(last->data_len + len);
	c->rcv_head->pkt_len += len;
	rte_pktmbuf_free(m);
	return true;
}

/* Append a packet that begins at rcv_nxt; false where the queue holds too many mbufs. */
static bool
append(struct isla_tcp_conn *c, struct rte_mbuf *m)
{
	uint32_t len = isla_pkt(m)->data_len;

	if (c->rcv_head == NULL) {
		c->rcv_head = m;
		c->rcv_last = rte_pktmbuf_lastseg(m);
	} else if ((uint32_t)c->rcv_head->nb_segs + m->nb_segs > tcp_queue_max_mbufs(c->rcvbuf)) {
		if (!coalesce(c, m, len))
			return false;
	} else {
		c->rcv_last->next = m;
		c->rcv_last = rte_pktmbuf_lastseg(m);
		c->rcv_head->nb_segs = (uint16_t)(c->rcv_head->nb_segs + m->nb_segs);
		c->rcv_head->pkt_len += len;
	}
	c->rcv_nxt += len;
	c->rcvq_bytes += len;
	c->rcv_held += len;
	c->bytes_received += len;
	return true;
}

struct rte_mbuf *
tcp_ooo_block(struct rte_mbuf *m, struct tcp_sack_block *b)
{
	b->left = isla_pkt(m)->seq;
	do {
		b->right = pkt_end(m);
		m = ooo_next(m);
	} while (m != NULL && isla_pkt(m)->seq == b->right);
	return m;
}

/* The range with seq, which is in the queue, comes first, and once; the others follow as they were.
 */
static void
sack_recent_put(struct isla_tcp_conn *c, uint32_t seq)
{
	uint32_t recent[TCP_SACK_RECENT];
	struct rte_mbuf *m = c->ooo;
	struct tcp_sack_block b;
	unsigned int i, nb = 0;

	do
		m = tcp_ooo_block(m, &b);
	while (m != NULL && seq_le(b.right, seq));
	recent[nb++] = seq;
	for (i = 0; i < TCP_SACK_RECENT && nb < TCP_SACK_RECENT; i++) {
		uint32_t old = c->sack_recent[i];

		if (seq_gt(old, c->rcv_nxt) && (seq_lt(old, b.left) || seq_ge(old, b.right)))
			recent[nb++] = old;
	}
	while (nb < TCP_SACK_RECENT)
		recent[nb++] = seq;
	memcpy(c->sack_recent, recent, sizeof(recent));
}

/* The first contiguous part of a packet that was there already (RFC 2883, 4, (2)). */
static void
dup_add(struct tcp_sack_block *dup, uint32_t left, uint32_t right)
{
	if (dup->left == dup->right)
		dup->left = left;
	else if (dup->right != left)
		return;
	dup->right = right;
}

static void
ooo_unlink_head(struct isla_tcp_conn *c)
{
	c->ooo = ooo_next(c->ooo);
	c->nb_ooo--;
	c->tcp->nb_ooo--;
}

/* Join what has become contiguous. A FIN that waited there is given to `in`. */
static void
ooo_join(struct isla_tcp_conn *c, struct tcp_in *in)
{
	struct rte_mbuf *m;

	while ((m = c->ooo) != NULL && seq_le(isla_pkt(m)->seq, c->rcv_nxt)) {
		bool fin = (isla_pkt(m)->tcp_flags & RTE_TCP_FIN_FLAG) != 0;

		if (seq_gt(pkt_end(m), c->rcv_nxt)) {
			uint32_t n = c->rcv_nxt - isla_pkt(m)->seq;

			if (n > 0)
				trim_front(m, n);
			ooo_unlink_head(c);
			if (!append(c, m)) {
				core_drop_pkt(c->tcp->core, m, ISLA_DROP_TCP_RCV_FULL);
				return;
			}
		} else {
			fin = fin && pkt_end(m) == c->rcv_nxt;
			ooo_unlink_head(c);
			core_count(c->tcp->core, ISLA_C_TCP_OFO_MERGE);
			rte_pktmbuf_free(m);
		}
		if (fin) {
			in->flags |= RTE_TCP_FIN_FLAG;
			in->seq = c->rcv_nxt;
			in->len = 0;
		}
	}
}

/* Put a packet into the sorted list. What is there already is kept, the new one is cut to fit. */
static void
ooo_insert(struct isla_tcp_conn *c, struct tcp_in *in)
{
	struct core *core = c->tcp->core;
	struct rte_mbuf *prev = NULL, *next = c->ooo, *m = in->m;
	uint32_t seq = in->seq, end = in->seq + in->len;
	struct tcp_sack_block dup = {seq, seq};

	if (c->nb_ooo >= c->tcp->conf.ooo_segs || c->tcp->nb_ooo >= c->tcp->max_ooo) {
		in->drop = ISLA_DROP_TCP_OOO_FULL;
		return;
	}
	while (next != NULL && seq_le(isla_pkt(next)->seq, seq)) {
		prev = next;
		next = ooo_next(next);
	}
	if (prev != NULL && seq_gt(pkt_end(prev), seq)) {
		if (seq_ge(pkt_end(prev), end)) {
			core_count(core, ISLA_C_TCP_OFO_MERGE);
			tcp_dsack_note(c, seq, end);
			sack_recent_put(c, isla_pkt(prev)->seq);
			in->drop = ISLA_DROP_TCP_DUP;
			return;
		}
		dup_add(&dup, seq, pkt_end(prev));
		trim_front(m, pkt_end(prev) - seq);
	}
	/* Those that the new one covers whole are not needed. */
	while (next != NULL && seq_le(pkt_end(next), end)) {
		struct rte_mbuf *covered = next;

		dup_add(&dup, isla_pkt(covered)->seq, pkt_end(covered));
		isla_pkt(m)->tcp_flags |= isla_pkt(covered)->tcp_flags & RTE_TCP_FIN_FLAG;
		next = ooo_next(next);
		rte_pktmbuf_free(covered);
		c->nb_ooo--;
		c->tcp->nb_ooo--;
		core_count(core, ISLA_C_TCP_OFO_MERGE);
	}
	if (next != NULL && seq_lt(isla_pkt(next)->seq, end)) {
		dup_add(&dup, isla_pkt(next)->seq, end);
		trim_to(m, isla_pkt(next)->seq - isla_pkt(m)->seq);
		isla_pkt(m)->tcp_flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
	}
	ooo_set_next(m, next);
	if (prev != NULL)
		ooo_set_next(prev, m);
	else
		c->ooo = m;
	c->nb_ooo++;
	c->tcp->nb_ooo++;
	tcp_dsack_note(c, dup.left, dup.right);
	sack_recent_put(c, isla_pkt(m)->seq);
	core_count(core, ISLA_C_TCP_OFO_QUEUE);
	in->m = NULL;
}

/* Cut the segment to what is new and inside the window (RFC 9293, 3.10.7.4, first). */
static void
tailor(struct isla_tcp_conn *c, struct tcp_in *in)
{
	struct isla_pkt *pkt = isla_pkt(in->m);

	pkt->seq = in->seq;
	if (seq_lt(in->seq, c->rcv_nxt)) {
		uint32_t n = RTE_MIN(c->rcv_nxt - in->seq, in->len);

		tcp_dsack_note(c, in->seq, in->seq + n);
		trim_front(in->m, n);
		in->seq += n;
		in->len -= n;
	}
	if (seq_gt(in->seq + in->len, c->rcv_adv)) {
		uint32_t len = seq_gt(c->rcv_adv, in->seq) ? c->rcv_adv - in->seq : 0;

		trim_to(in->m, len);
		in->len = len;
		in->flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
	}
	pkt->tcp_flags = in->flags;
}

void
tcp_rcvq_input(struct isla_tcp_conn *c, struct tcp_in *in)
{
	tailor(c, in);
	if (in->len == 0)
		return;
	/* What it acknowledged has been dealt with; its payload comes again. */
	if (unlikely(c->tcp->core->is_short)) {
		in->drop = ISLA_DROP_NO_MBUF;
		in->flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
		return;
	}
	if (in->seq != c->rcv_nxt) {
		c->flags |= TCP_F_ACK_NOW;
		ooo_insert(c, in);
		/* A FIN travels with its packet. */
		in->flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
		tcp_sched(c);
		return;
	}
	if (!append(c, in->m)) {
		in->drop = ISLA_DROP_TCP_RCV_FULL;
		in->flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
		return;
	}
	in->m = NULL;
	if (unlikely(tcp_drs_is_due(c)))
		tcp_drs_input(c, in);
	/* RFC 5681, 4.2: at once where a gap is filled, or partly so. */
	if (c->ooo != NULL) {
		c->flags |= TCP_F_ACK_NOW;
		c->quick_acks = TCP_QUICK_ACKS;
		ooo_join(c, in);
	}
	c->events |= TCP_EV_READABLE;
	tcp_sched(c);
}

void
tcp_ooo_purge(struct isla_tcp_conn *c)
{
	while (c->ooo != NULL) {
		struct rte_mbuf *m = c->ooo;

		ooo_unlink_head(c);
		rte_pktmbuf_free(m);
	}
}

void
tcp_rcvq_purge(struct isla_tcp_conn *c)
{
	rte_pktmbuf_free(c->rcv_head);
	c->rcv_head = c->rcv_last = NULL;
	c->rcvq_bytes = 0;
	tcp_ooo_purge(c);
}

uint32_t
tcp_rcv_urgent(const struct isla_tcp_conn *c)
{
	uint32_t end = c->rcv_nxt - ((c->flags & TCP_F_FIN_RCVD) != 0);
	uint32_t next = end - c->rcvq_bytes;

	if ((c->flags & TCP_F_RCV_URG) == 0)
		return 0;
	/* Behind the FIN nothing comes any more, whatever the pointer says. */
	if ((c->flags & TCP_F_FIN_RCVD) == 0 || seq_lt(c->rcv_up, end))
		end = c->rcv_up;
	return seq_gt(end, next) ? end - next : 0;
}

/* The right edge that the buffer allows. */
static uint32_t
free_edge(const struct isla_tcp_conn *c)
{
	uint32_t room = c->rcv_held < c->rcvbuf ? c->rcvbuf - c->rcv_held : 0;
	uint32_t max = (uint32_t)UINT16_MAX << c->rcv_wscale;

	return c->rcv_nxt + RTE_MIN(room, max);
}

/* RFC 9293, 3.8.6.2.2: the window moves in worthwhile steps only. */
static bool
edge_worthwhile(const struct isla_tcp_conn *c, uint32_t edge)
{
	uint32_t step = RTE_MIN(c->rcvbuf / 2, (uint32_t)c->rcv_mss);

	return seq_ge(edge, c->rcv_adv + step);
}

uint32_t
tcp_rcv_window(struct isla_tcp_conn *c)
{
	uint32_t edge = free_edge(c);

	if (edge_worthwhile(c, edge))
		c->rcv_adv = edge;
	return c->rcv_adv - c->rcv_nxt;
}

bool
tcp_rcv_window_opened(const struct isla_tcp_conn *c)
{
	/* While the peer has this much left, the window comes with the next ACK. */
	uint32_t enough = RTE_MIN(c->rcvbuf / 2, 32768u);

	return c->rcv_adv - c->rcv_nxt < enough && edge_worthwhile(c, free_edge(c));
}
