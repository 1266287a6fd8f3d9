/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What came out of order: a sorted list of ranges, each one chain of the packets that make it up.
 * So the list has as many entries as there are gaps, not packets, and one end or the other is
 * where most packets go. tcp_ooo_insert() puts a packet there, tcp_ooo_join() takes what rcv_nxt
 * has reached. Ranges and mbufs are bounded; copied together is only what would exceed the bound.
 */

#include <rte_common.h>

#include "tcp_priv.h"

/* Of a range: in the source address of its first packet, which has done its work. */
struct range {
	struct rte_mbuf *next; /* range */
	struct rte_mbuf *tail; /* the last mbuf of this one */
};

/* Of the whole list: in the destination address of the first range. */
struct list {
	struct rte_mbuf *last; /* range */
	uint32_t nb_ranges;
	uint32_t nb_mbufs;
};

static_assert(sizeof(struct range) <= sizeof(struct isla_addr), "they share their room");
static_assert(sizeof(struct list) <= sizeof(struct isla_addr), "likewise");

static struct range *
range_of(struct rte_mbuf *m)
{
	return (struct range *)&isla_pkt(m)->src;
}

static struct list *
list_of(const struct isla_tcp_conn *c)
{
	return (struct list *)&isla_pkt(tcp_repair(c)->ooo)->dst;
}

static uint32_t
range_begin(struct rte_mbuf *m)
{
	return isla_pkt(m)->seq;
}

static uint32_t
range_end(struct rte_mbuf *m)
{
	return isla_pkt(m)->seq + m->pkt_len;
}

/* How many packets it is made of; SEG.ACK has done its work, too. */
static uint32_t *
range_packets(struct rte_mbuf *m)
{
	return &isla_pkt(m)->ack;
}

struct rte_mbuf *
tcp_ooo_block(struct rte_mbuf *m, struct tcp_sack_block *b)
{
	b->left = range_begin(m);
	b->right = range_end(m);
	return range_of(m)->next;
}

/* The range that a packet came into is reported first, and once; the others follow as they were. */
static void
sack_recent_put(struct isla_tcp_conn *c, struct rte_mbuf *range)
{
	uint32_t left = range_begin(range), right = range_end(range);
	uint32_t recent[TCP_SACK_RECENT];
	struct tcp_repair *r = tcp_repair(c);
	unsigned int i, nb = 0;

	recent[nb++] = left;
	for (i = 0; i < r->nb_sack_news; i++)
		if (seq_ge(r->sack_recent[i], left) && seq_lt(r->sack_recent[i], right))
			break;
	if (i == r->nb_sack_news && i < TCP_SACK_RECENT)
		r->nb_sack_news++;
	for (i = 0; i < TCP_SACK_RECENT && nb < TCP_SACK_RECENT; i++) {
		uint32_t old = r->sack_recent[i];

		if (seq_gt(old, c->rcv_nxt) && (seq_lt(old, left) || seq_ge(old, right)))
			recent[nb++] = old;
	}
	while (nb < TCP_SACK_RECENT)
		recent[nb++] = left;
	memcpy(r->sack_recent, recent, sizeof(recent));
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

/* Take the range behind prev (NULL: the first) off the list, with all that is counted. */
static struct rte_mbuf *
unlink_after(struct isla_tcp_conn *c, struct rte_mbuf *prev)
{
	struct rte_mbuf *m = prev != NULL ? range_of(prev)->next : tcp_repair(c)->ooo;
	struct rte_mbuf *next = range_of(m)->next;
	struct list *list = list_of(c);

	list->nb_ranges--;
	list->nb_mbufs -= m->nb_segs;
	c->tcp->nb_ooo -= m->nb_segs;
	tcp_repair(c)->nb_ooo = (uint16_t)(tcp_repair(c)->nb_ooo - *range_packets(m));
	if (prev != NULL) {
		range_of(prev)->next = next;
		if (list->last == m)
			list->last = prev;
	} else {
		if (next != NULL)
			isla_pkt(next)->dst = isla_pkt(m)->dst;
		tcp_repair(c)->ooo = next;
	}
	return m;
}

/* The reverse: a range of its own. */
static void
link_after(struct isla_tcp_conn *c, struct rte_mbuf *prev, struct rte_mbuf *m)
{
	struct list *list;

	if (prev != NULL) {
		range_of(m)->next = range_of(prev)->next;
		range_of(prev)->next = m;
	} else {
		if (tcp_repair(c)->ooo != NULL)
			isla_pkt(m)->dst = isla_pkt(tcp_repair(c)->ooo)->dst;
		else
			*(struct list *)&isla_pkt(m)->dst = (struct list){.last = NULL};
		range_of(m)->next = tcp_repair(c)->ooo;
		tcp_repair(c)->ooo = m;
	}
	list = list_of(c);
	if (range_of(m)->next == NULL)
		list->last = m;
	list->nb_ranges++;
	list->nb_mbufs += m->nb_segs;
	c->tcp->nb_ooo += m->nb_segs;
	tcp_repair(c)->nb_ooo = (uint16_t)(tcp_repair(c)->nb_ooo + *range_packets(m));
}

/* Add what begins where a range ends; it is counted by whoever calls. */
static void
range_extend(struct rte_mbuf *m, struct rte_mbuf *more)
{
	range_of(m)->tail->next = more;
	range_of(m)->tail = range_of(more)->tail;
	m->nb_segs = (uint16_t)(m->nb_segs + more->nb_segs);
	m->pkt_len += more->pkt_len;
	*range_packets(m) += *range_packets(more);
	/* Behind a FIN nothing can come: then it was none. */
	isla_pkt(m)->tcp_flags = isla_pkt(more)->tcp_flags;
}

/* The range that begins at or before seq, the last of these; NULL: all begin later. */
static struct rte_mbuf *
find(const struct isla_tcp_conn *c, uint32_t seq)
{
	struct rte_mbuf *prev = NULL, *m = tcp_repair(c)->ooo;

	if (m != NULL && seq_le(range_begin(list_of(c)->last), seq))
		return list_of(c)->last;
	for (; m != NULL && seq_le(range_begin(m), seq); m = range_of(m)->next)
		prev = m;
	return prev;
}

/* True where nb more mbufs would be too many: of this connection, whose received data count as
 * well, or of all. */
static bool
is_full(const struct isla_tcp_conn *c, uint32_t nb)
{
	uint32_t held = tcp_repair(c)->ooo != NULL ? list_of(c)->nb_mbufs : 0;

	if (c->rcv_head != NULL)
		held += c->rcv_head->nb_segs;
	return held + nb > tcp_queue_max_mbufs(c->rcvbuf) ||
		c->tcp->nb_ooo + nb > c->tcp->max_ooo;
}

/* Put m, which overlaps with nothing, behind prev: the range that it is in, or NULL where there is
 * no room for it. */
static struct rte_mbuf *
place(struct isla_tcp_conn *c, struct rte_mbuf *prev, struct rte_mbuf *m)
{
	bool adjoins = prev != NULL && range_end(prev) == range_begin(m);
	uint8_t flags = isla_pkt(m)->tcp_flags;

	if (is_full(c, m->nb_segs)) {
		if (!adjoins || !tcp_payload_coalesce(c, prev, range_of(prev)->tail, m))
			return NULL;
		isla_pkt(prev)->tcp_flags = flags;
		return prev;
	}
	range_of(m)->tail = rte_pktmbuf_lastseg(m);
	*range_packets(m) = 1;
	if (!adjoins) {
		if (tcp_repair(c)->ooo != NULL && list_of(c)->nb_ranges >= c->tcp->conf.ooo_segs)
			return NULL;
		link_after(c, prev, m);
		return m;
	}
	list_of(c)->nb_mbufs += m->nb_segs;
	c->tcp->nb_ooo += m->nb_segs;
	tcp_repair(c)->nb_ooo++;
	range_extend(prev, m);
	return prev;
}

/* A range has reached the next one. */
static void
merge_next(struct isla_tcp_conn *c, struct rte_mbuf *m)
{
	struct rte_mbuf *next = range_of(m)->next;
	uint32_t nb, packets;

	if (next == NULL || range_end(m) != range_begin(next))
		return;
	nb = next->nb_segs;
	packets = *range_packets(next);
	unlink_after(c, m);
	list_of(c)->nb_mbufs += nb;
	c->tcp->nb_ooo += nb;
	tcp_repair(c)->nb_ooo = (uint16_t)(tcp_repair(c)->nb_ooo + packets);
	range_extend(m, next);
}

static struct rte_mbuf *
behind(const struct isla_tcp_conn *c, struct rte_mbuf *prev)
{
	return prev != NULL ? range_of(prev)->next : tcp_repair(c)->ooo;
}

/* Is there room for m behind prev once what it covers has gone? Nothing may go before that is
 * known: the peer has been told that it is here. */
static bool
fits(const struct isla_tcp_conn *c, struct rte_mbuf *prev, struct rte_mbuf *m)
{
	struct rte_mbuf *next = behind(c, prev);
	uint32_t nb_mbufs = m->nb_segs, nb_ranges = 0;

	for (; next != NULL && seq_le(range_end(next), range_end(m)); next = range_of(next)->next) {
		nb_mbufs -= RTE_MIN(nb_mbufs, next->nb_segs);
		nb_ranges++;
	}
	/* Nothing goes: place() may still refuse it, or find another way. */
	return nb_ranges == 0 || !is_full(c, nb_mbufs);
}

/* Ranges behind prev that m covers whole are not needed; one that it reaches into stays. */
static void
cut_to_fit(struct isla_tcp_conn *c, struct rte_mbuf *prev, struct rte_mbuf *m,
	struct tcp_sack_block *dup)
{
	uint32_t end = range_end(m);
	struct rte_mbuf *next;

	while ((next = behind(c, prev)) != NULL && seq_le(range_end(next), end)) {
		dup_add(dup, range_begin(next), range_end(next));
		isla_pkt(m)->tcp_flags |= isla_pkt(next)->tcp_flags & RTE_TCP_FIN_FLAG;
		core_count(c->tcp->core, ISLA_C_TCP_OFO_MERGE);
		rte_pktmbuf_free(unlink_after(c, prev));
	}
	if (next != NULL && seq_lt(range_begin(next), end)) {
		dup_add(dup, range_begin(next), end);
		tcp_payload_trim_to(m, range_begin(next) - range_begin(m));
		isla_pkt(m)->tcp_flags &= (uint8_t)~RTE_TCP_FIN_FLAG;
	}
}

void
tcp_ooo_insert(struct isla_tcp_conn *c, struct tcp_in *in)
{
	uint32_t seq = in->seq, end = in->seq + in->len;
	struct tcp_sack_block dup = {seq, seq};
	struct rte_mbuf *prev, *m = in->m;

	if (!tcp_repair_get(c)) {
		in->drop = ISLA_DROP_TCP_OOO_FULL;
		return;
	}
	prev = find(c, seq);
	if (prev != NULL && seq_gt(range_end(prev), seq)) {
		if (seq_ge(range_end(prev), end)) {
			core_count(c->tcp->core, ISLA_C_TCP_OFO_MERGE);
			tcp_dsack_note(c, seq, end);
			sack_recent_put(c, prev);
			in->drop = ISLA_DROP_TCP_DUP;
			return;
		}
		dup_add(&dup, seq, range_end(prev));
		tcp_payload_trim_front(m, range_end(prev) - seq);
	}
	if (!fits(c, prev, m)) {
		in->drop = ISLA_DROP_TCP_OOO_FULL;
		return;
	}
	cut_to_fit(c, prev, m, &dup);
	m = place(c, prev, m);
	if (m == NULL) {
		in->drop = ISLA_DROP_TCP_OOO_FULL;
		return;
	}
	merge_next(c, m);
	tcp_dsack_note(c, dup.left, dup.right);
	sack_recent_put(c, m);
	core_count(c->tcp->core, ISLA_C_TCP_OFO_QUEUE);
	in->m = NULL;
}

void
tcp_ooo_join(struct isla_tcp_conn *c, struct tcp_in *in)
{
	struct rte_mbuf *m;

	while ((m = tcp_repair(c)->ooo) != NULL && seq_le(range_begin(m), c->rcv_nxt)) {
		bool fin = (isla_pkt(m)->tcp_flags & RTE_TCP_FIN_FLAG) != 0;

		unlink_after(c, NULL);
		if (seq_gt(range_end(m), c->rcv_nxt)) {
			uint32_t n = c->rcv_nxt - range_begin(m);

			if (n > 0)
				tcp_payload_trim_front(m, n);
			/* These mbufs are held already: there is no bound to ask. */
			tcp_rcvq_append(c, m, range_of(m)->tail);
		} else {
			fin = fin && range_end(m) == c->rcv_nxt;
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

void
tcp_ooo_purge(struct isla_tcp_conn *c)
{
	while (tcp_has_ooo(c))
		rte_pktmbuf_free(unlink_after(c, NULL));
}
