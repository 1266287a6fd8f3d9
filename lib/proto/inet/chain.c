/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What headers need of a chain of mbufs: to lie in one piece (inet_pull), to end where the datagram
 * ends (inet_trim), to find room in front (inet_front).
 */

#include <string.h>

#include <rte_mbuf.h>

#include "inet_priv.h"

/* Take the second segment out of the chain once it is empty. */
static void
drop_empty_second(struct rte_mbuf *m)
{
	struct rte_mbuf *next = m->next;

	m->next = next->next;
	m->nb_segs--;
	next->next = NULL;
	next->nb_segs = 1;
	rte_pktmbuf_free_seg(next);
}

bool
inet_pull_chain(struct rte_mbuf *m, uint32_t n)
{
	if (m->pkt_len < n || !inet_is_writable(m) || n - m->data_len > rte_pktmbuf_tailroom(m))
		return false;
	while (m->data_len < n) {
		struct rte_mbuf *next = m->next;
		uint16_t take;

		if (next == NULL)
			return false;
		take = (uint16_t)RTE_MIN(n - m->data_len, (uint32_t)next->data_len);
		memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, m->data_len),
			rte_pktmbuf_mtod(next, const uint8_t *), take);
		m->data_len += take;
		next->data_off += take;
		next->data_len -= take;
		if (next->data_len == 0)
			drop_empty_second(m);
	}
	return true;
}

void
inet_trim_chain(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *last = m, *rest;
	uint32_t left = len;
	uint16_t nb_segs = 1;

	while (left > last->data_len && last->next != NULL) {
		left -= last->data_len;
		last = last->next;
		nb_segs++;
	}
	last->data_len = (uint16_t)RTE_MIN(left, (uint32_t)last->data_len);
	rest = last->next;
	last->next = NULL;
	m->nb_segs = nb_segs;
	m->pkt_len = len;
	while (rest != NULL) {
		struct rte_mbuf *next = rest->next;

		rte_pktmbuf_free_seg(rest);
		rest = next;
	}
}

struct rte_mbuf *
inet_front_mbuf(struct core *core, struct rte_mbuf *m)
{
	struct rte_mbuf *head = core_alloc(core);

	if (head == NULL || m->nb_segs >= RTE_MBUF_MAX_NB_SEGS) {
		rte_pktmbuf_free(head);
		core_drop_pkt(core, m, ISLA_DROP_NO_MBUF);
		return NULL;
	}
	head->next = m;
	head->nb_segs = m->nb_segs + 1;
	head->pkt_len = m->pkt_len;
	/* What the port is to do stands in the first mbuf. */
	head->ol_flags |= m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
	head->tx_offload = m->tx_offload;
	return head;
}
