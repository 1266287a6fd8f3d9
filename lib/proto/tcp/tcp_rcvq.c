/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive queue: payload in order as one chain of the port's own mbufs. tcp_rcvq_input() puts a
 * segment where it belongs; what is out of order waits in tcp_ooo.c's queue. The window that
 * follows from it (RFC 9293, 3.8.6) is computed here, too.
 */

#include <errno.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "tcp_priv.h"

/* Copy into the last mbuf's tail rather than keep one more mbuf: only at a queue's bound. */
#define COALESCE_MAX 1024

void
tcp_payload_trim_front(struct rte_mbuf *m, uint32_t n)
{
	struct rte_mbuf *s = m;

	isla_pkt(m)->seq += n;
	m->pkt_len -= n;
	while (n > 0) {
		uint32_t k = RTE_MIN(n, (uint32_t)s->data_len);

		s->data_off = (uint16_t)(s->data_off + k);
		s->data_len = (uint16_t)(s->data_len - k);
		n -= k;
		s = s->next;
	}
}

void
tcp_payload_trim_to(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *s = m;

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

bool
tcp_payload_coalesce(struct isla_tcp_conn *c, struct rte_mbuf *head, struct rte_mbuf *last,
	struct rte_mbuf *m)
{
	uint32_t len = m->pkt_len;

	if (len > COALESCE_MAX || !RTE_MBUF_DIRECT(last) || rte_mbuf_refcnt_read(last) != 1 ||
		rte_pktmbuf_tailroom(last) < len)
		return false;
	payload_copy(c->tcp->core, rte_pktmbuf_mtod_offset(last, void *, last->data_len), m, 0,
		len);
	last->data_len = (uint16_t)(last->data_len + len);
	head->pkt_len += len;
	rte_pktmbuf_free(m);
	return true;
}

static void
came_in_order(struct isla_tcp_conn *c, uint32_t len)
{
	c->rcv_nxt += len;
	c->rcvq_bytes += len;
	c->rcv_held += len;
	c->bytes_received += len;
}

void
tcp_rcvq_append(struct isla_tcp_conn *c, struct rte_mbuf *m, struct rte_mbuf *last)
{
	uint32_t len = m->pkt_len;

	if (c->rcv_head == NULL) {
		c->rcv_head = m;
	} else {
		c->rcv_last->next = m;
		c->rcv_head->nb_segs = (uint16_t)(c->rcv_head->nb_segs + m->nb_segs);
		c->rcv_head->pkt_len += len;
	}
	c->rcv_last = last;
	came_in_order(c, len);
}

/* A packet that begins at rcv_nxt; false where the queue holds too many mbufs. */
static bool
append(struct isla_tcp_conn *c, struct rte_mbuf *m)
{
	uint32_t len = m->pkt_len;

	if (c->rcv_head != NULL &&
		(uint32_t)c->rcv_head->nb_segs + m->nb_segs > tcp_queue_max_mbufs(c->rcvbuf)) {
		if (!tcp_payload_coalesce(c, c->rcv_head, c->rcv_last, m))
			return false;
		came_in_order(c, len);
		return true;
	}
	tcp_rcvq_append(c, m, rte_pktmbuf_lastseg(m));
	return true;
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
		tcp_payload_trim_front(in->m, n);
		in->seq += n;
		in->len -= n;
	}
	if (seq_gt(in->seq + in->len, c->rcv_adv)) {
		uint32_t len = seq_gt(c->rcv_adv, in->seq) ? c->rcv_adv - in->seq : 0;

		tcp_payload_trim_to(in->m, len);
		in->len = len;
		in->flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
	}
	pkt->tcp_flags = in->flags;
}

/*
 * How many ranges the ACK at the burst's end can tell of. What has no room there would look lost to
 * the peer, so an ACK goes out before.
 */
static unsigned int
sack_room(const struct isla_tcp_conn *c)
{
	return TCP_SACK_MAX - ((c->flags & TCP_F_TS) != 0) - ((c->flags & TCP_F_DSACK) != 0);
}

/* True where the ACK at the burst's end would not tell all about what has come out of order.
 * Without SACK it is the number of ACKs that tells the peer (RFC 5681, 4.2). */
static bool
ack_at_once(const struct isla_tcp_conn *c)
{
	if ((c->flags & TCP_F_SACK) == 0)
		return true;
	return tcp_has_ooo(c) && tcp_repair(c)->nb_sack_news >= sack_room(c);
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
		tcp_ooo_insert(c, in);
		if (ack_at_once(c) && !tcp_out_full(c))
			tcp_send_ack(c);
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
	if (tcp_has_ooo(c)) {
		c->flags |= TCP_F_ACK_NOW;
		c->quick_acks = TCP_QUICK_ACKS;
		tcp_ooo_join(c, in);
	}
	c->events |= TCP_EV_READABLE;
	tcp_sched(c);
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
	uint32_t step = RTE_MAX(RTE_MIN(c->rcvbuf / 2, (uint32_t)c->rcv_mss), 1u);

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
	uint32_t enough = RTE_MAX(RTE_MIN(c->rcvbuf / 2, 32768u), 1u);

	return c->rcv_adv - c->rcv_nxt < enough && edge_worthwhile(c, free_edge(c));
}
