/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Merging of segments for a port that segments. Two of them belong together if a port that is given
 * both as one would send just these two: RFC 9293's header fields the same, but for the sequence
 * number, which goes on; all but the last of one length; PSH on the last alone.
 */

#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "tso.h"

#define TSO_BYTES_MAX 60000 /* of an IP packet, with something to spare */
#define LAST_FLAGS    (RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG)

/* The headers of a frame, in its first mbuf. */
struct seg {
	struct rte_mbuf *m;
	uint8_t *eth;
	uint8_t *ip;
	struct rte_tcp_hdr *tcp;
	uint16_t hdr_len;    /* all three */
	uint32_t payload;
	bool is_v6;
};

/* False where the frame is nothing to merge: no data, no plain ACK, no checksum for the port to
 * complete, or headers that are not ours alone to change. */
static bool
seg_look(struct rte_mbuf *m, struct seg *s)
{
	uint16_t ip_len;

	if ((m->ol_flags & RTE_MBUF_F_TX_L4_MASK) != RTE_MBUF_F_TX_TCP_CKSUM ||
		(m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0 || !RTE_MBUF_DIRECT(m) ||
		rte_mbuf_refcnt_read(m) != 1)
		return false;
	s->m = m;
	s->is_v6 = (m->ol_flags & RTE_MBUF_F_TX_IPV6) != 0;
	ip_len = s->is_v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
	s->hdr_len = (uint16_t)(m->l2_len + m->l3_len + m->l4_len);
	if (m->l3_len != ip_len || m->l4_len < sizeof(struct rte_tcp_hdr) ||
		m->data_len < s->hdr_len || m->pkt_len <= s->hdr_len)
		return false;
	s->eth = rte_pktmbuf_mtod(m, uint8_t *);
	s->ip = s->eth + m->l2_len;
	s->tcp = (struct rte_tcp_hdr *)(s->ip + ip_len);
	s->payload = m->pkt_len - s->hdr_len;
	return (s->tcp->tcp_flags & ~RTE_TCP_PSH_FLAG) == RTE_TCP_ACK_FLAG;
}

/* The IP headers differ in nothing but length, identification and checksum. */
static bool
ip_fits(const struct seg *a, const struct seg *b)
{
	const struct rte_ipv4_hdr *x = (const struct rte_ipv4_hdr *)a->ip;
	const struct rte_ipv4_hdr *y = (const struct rte_ipv4_hdr *)b->ip;

	if (a->is_v6)
		return memcmp(a->ip, b->ip, 4) == 0 &&
			memcmp(a->ip + 6, b->ip + 6, sizeof(struct rte_ipv6_hdr) - 6) == 0;
	return x->version_ihl == y->version_ihl && x->type_of_service == y->type_of_service &&
		x->fragment_offset == y->fragment_offset && x->time_to_live == y->time_to_live &&
		x->next_proto_id == y->next_proto_id && x->src_addr == y->src_addr &&
		x->dst_addr == y->dst_addr;
}

/* b goes on where a, which holds segments of segsz bytes, ends. */
static bool
seg_fits(const struct tso_conf *conf, const struct seg *a, const struct seg *b, uint16_t segsz)
{
	uint32_t next = rte_be_to_cpu_32(a->tcp->sent_seq) + a->payload;
	uint16_t opts = (uint16_t)(a->m->l4_len - sizeof(*a->tcp));

	return a->is_v6 == b->is_v6 && a->hdr_len == b->hdr_len && a->m->l4_len == b->m->l4_len &&
		a->m->l2_len == b->m->l2_len && b->payload <= segsz &&
		a->m->pkt_len + b->payload <= TSO_BYTES_MAX &&
		a->m->nb_segs + b->m->nb_segs <= conf->max_segs &&
		(a->tcp->tcp_flags & RTE_TCP_PSH_FLAG) == 0 &&
		rte_be_to_cpu_32(b->tcp->sent_seq) == next &&
		a->tcp->src_port == b->tcp->src_port && a->tcp->dst_port == b->tcp->dst_port &&
		a->tcp->recv_ack == b->tcp->recv_ack && a->tcp->rx_win == b->tcp->rx_win &&
		a->tcp->data_off == b->tcp->data_off && a->tcp->tcp_urp == 0 &&
		b->tcp->tcp_urp == 0 && memcmp(a->tcp + 1, b->tcp + 1, opts) == 0 &&
		memcmp(a->eth, b->eth, a->m->l2_len) == 0 && ip_fits(a, b);
}

/* b's payload behind a's. */
static void
seg_append(struct seg *a, struct seg *b)
{
	struct rte_mbuf *rest = b->m;

	a->tcp->tcp_flags |= b->tcp->tcp_flags & RTE_TCP_PSH_FLAG;
	if (b->m->data_len == b->hdr_len) {
		rest = b->m->next;
		rest->pkt_len = b->payload;
		rest->nb_segs = (uint16_t)(b->m->nb_segs - 1);
		rte_pktmbuf_free_seg(b->m);
	} else {
		rte_pktmbuf_adj(rest, b->hdr_len);
	}
	/* There are fewer mbufs than would not fit. */
	rte_pktmbuf_chain(a->m, rest);
	a->payload += b->payload;
}

/* What the port needs: lengths, and the pseudo-header's sum without one. */
static void
seg_finish(const struct tso_conf *conf, struct seg *a, uint16_t segsz)
{
	struct rte_mbuf *m = a->m;

	m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	m->tso_segsz = segsz;
	if (a->is_v6) {
		struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)a->ip;

		ip->payload_len = rte_cpu_to_be_16((uint16_t)(m->l4_len + a->payload));
		a->tcp->cksum = rte_ipv6_phdr_cksum(ip, m->ol_flags);
	} else {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)a->ip;

		ip->total_length = rte_cpu_to_be_16((uint16_t)(m->l3_len + m->l4_len + a->payload));
		ip->hdr_checksum = 0;
		if (conf->ip_cksum)
			m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
		else
			ip->hdr_checksum = rte_ipv4_cksum(ip);
		a->tcp->cksum = rte_ipv4_phdr_cksum(ip, m->ol_flags);
	}
}

uint16_t
tso_merge(const struct tso_conf *conf, struct rte_mbuf **pkts, uint16_t nb)
{
	uint16_t i = 0, left = 0, n, segsz;
	struct seg a, b;

	/* To the front first: what is written there has been read. */
	while (i < nb) {
		n = 1;
		if (seg_look(pkts[i], &a)) {
			segsz = (uint16_t)RTE_MIN(a.payload, (uint32_t)UINT16_MAX);
			while (i + n < nb && a.payload == (uint32_t)n * segsz &&
				seg_look(pkts[i + n], &b) && seg_fits(conf, &a, &b, segsz)) {
				seg_append(&a, &b);
				n++;
			}
			if (n > 1)
				seg_finish(conf, &a, segsz);
		}
		pkts[left++] = pkts[i];
		i = (uint16_t)(i + n);
	}
	if (left < nb)
		memmove(&pkts[nb - left], pkts, left * sizeof(pkts[0]));
	return left;
}
