/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 input (RFC 791, RFC 1122): one pass of checks in the order of the header, by ipv4_accept().
 */

#include <rte_branch_prediction.h>
#include <rte_ip.h>

#include "cksum.h"
#include "inet_priv.h"

/* Options, RFC 791, 3.1; types with their copied bit and class. */
#define OPT_EOL  0
#define OPT_NOP  1
#define OPT_LSRR 131
#define OPT_SSRR 137

#define ALL_HOSTS RTE_BE32(0xe0000001) /* 224.0.0.1 */

/*
 * Options are looked at only so far as to know that they end. Source routes are refused: nothing
 * here forwards, and they are a known means to get around address checks (RFC 7126, 4.3).
 */
static enum isla_drop
check_options(const uint8_t *opt, unsigned int len)
{
	unsigned int i = 0;

	while (i < len && opt[i] != OPT_EOL) {
		if (opt[i] == OPT_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || opt[i + 1] < 2 || opt[i + 1] > len - i)
			return ISLA_DROP_IP_OPTIONS;
		if (opt[i] == OPT_LSRR || opt[i] == OPT_SSRR)
			return ISLA_DROP_IP_OPTIONS;
		i += opt[i + 1];
	}
	return ISLA_ACCEPTED;
}

/* RFC 1122, 3.2.1.3: a source is one host, and another one than this. */
static bool
is_bad_source(const struct link *link, const struct isla_addr *src, uint8_t netif)
{
	rte_be32_t v4 = isla_addr_v4(src);
	uint8_t first = src->b[12], i;

	if (first == 0 || first == 127 || isla_addr_is_multicast(src) ||
		netif_v4_is_broadcast(&link->netif[netif], v4))
		return true;
	for (i = 0; i < link->nb_netifs; i++)
		if (netif_v4_is_own(&link->netif[i], v4))
			return true;
	return false;
}

/* Is the packet for us? Sets the flags that say how. */
static enum isla_drop
check_destination(const struct netif *nif, struct isla_pkt *pkt)
{
	rte_be32_t v4 = isla_addr_v4(&pkt->dst);

	if (likely(netif_v4_is_own(nif, v4))) {
		/* RFC 1122, 3.3.6: no unicast within a link-layer broadcast. */
		if ((pkt->flags & ISLA_PKT_L2_BROADCAST) != 0)
			return ISLA_DROP_IP_DST;
		return ISLA_ACCEPTED;
	}
	if (v4 == ALL_HOSTS)
		pkt->flags |= ISLA_PKT_L3_MULTICAST;
	else if (netif_v4_is_broadcast(nif, v4))
		pkt->flags |= ISLA_PKT_L3_BROADCAST;
	else
		return ISLA_DROP_IP_DST;
	return ISLA_ACCEPTED;
}

static bool
is_cksum_known_good(const struct inet *inet, const struct rte_mbuf *m, uint8_t netif)
{
	return (inet->link->netif[netif].offloads & ISLA_NETIF_RX_CKSUM) != 0 &&
		(m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

/* Version, lengths and checksum; the header lies in one piece afterwards. */
static enum isla_drop
check_header(const struct inet *inet, struct rte_mbuf *m, unsigned int *hdr_len)
{
	const struct rte_ipv4_hdr *ip;
	uint16_t total_len;

	if (!inet_pull(m, sizeof(*ip)))
		return ISLA_DROP_IP_SHORT;
	ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	if (ip->version_ihl >> 4 != 4)
		return ISLA_DROP_IP_VERSION;
	*hdr_len = rte_ipv4_hdr_len(ip);
	total_len = rte_be_to_cpu_16(ip->total_length);
	if (*hdr_len < sizeof(*ip) || *hdr_len > total_len)
		return ISLA_DROP_IP_HDR_LEN;
	if (total_len > m->pkt_len) {
		inet_note_cut(inet, isla_pkt(m)->netif, total_len, m->pkt_len);
		return ISLA_DROP_IP_LEN;
	}
	if (!inet_pull(m, *hdr_len))
		return ISLA_DROP_IP_SHORT;
	ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	if (!is_cksum_known_good(inet, m, isla_pkt(m)->netif) &&
		cksum_fold(cksum_add(0, ip, *hdr_len)) != 0xffff)
		return ISLA_DROP_IP_CKSUM;
	return ISLA_ACCEPTED;
}

/* What is left to judge once the header is known to be whole. */
static enum isla_drop
check_fields(const struct inet *inet, const struct rte_ipv4_hdr *ip, unsigned int hdr_len,
	struct isla_pkt *pkt)
{
	enum isla_drop drop;

	/* A TTL below 2, 0 among them, is no reason to discard (RFC 1122, 3.2.1.7). */
	if (is_bad_source(inet->link, &pkt->src, pkt->netif))
		return ISLA_DROP_IP_SRC;
	drop = check_destination(&inet->link->netif[pkt->netif], pkt);
	if (drop != ISLA_ACCEPTED)
		return drop;
	drop = check_options((const uint8_t *)(ip + 1), hdr_len - (unsigned int)sizeof(*ip));
	if (drop != ISLA_ACCEPTED)
		return drop;
	if ((ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0)
		return ISLA_DROP_IP_FRAGMENT;
	return ISLA_ACCEPTED;
}

enum isla_drop
ipv4_accept(struct inet *inet, struct rte_mbuf *m)
{
	struct isla_pkt *pkt = isla_pkt(m);
	const struct rte_ipv4_hdr *ip;
	unsigned int hdr_len;
	enum isla_drop drop = check_header(inet, m, &hdr_len);
	uint16_t total_len;

	if (drop != ISLA_ACCEPTED)
		return drop;
	ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	pkt->src = isla_addr_from_v4(ip->src_addr);
	pkt->dst = isla_addr_from_v4(ip->dst_addr);
	pkt->flags &= ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST;
	drop = check_fields(inet, ip, hdr_len, pkt);
	if (drop != ISLA_ACCEPTED)
		return drop;
	total_len = rte_be_to_cpu_16(ip->total_length);
	inet_trim(m, total_len);
	pkt->proto = ip->next_proto_id;
	pkt->hop_limit = ip->time_to_live;
	pkt->tos = ip->type_of_service;
	pkt->l4_off = (uint16_t)(pkt->l3_off + hdr_len);
	pkt->l4_len = (uint16_t)(total_len - hdr_len);
	if (!inet_knows_proto(inet, pkt->proto, false)) {
		icmp_send_error(inet, m, 0, ICMPV4_UNREACH, ICMPV4_UNREACH_PROTO, 0);
		return ISLA_DROP_IP_PROTO;
	}
	rte_pktmbuf_adj(m, (uint16_t)hdr_len);
	return ISLA_ACCEPTED;
}
