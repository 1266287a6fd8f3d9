/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 input (RFC 8200, RFC 4291): the fixed header and the addresses, by ipv6_accept(); the walk
 * over extension headers is in ext.c.
 */

#include <string.h>

#include <rte_ip.h>

#include "inet_priv.h"

#define NH_NONE 59

/* An IPv4-mapped address would be taken for one of IPv4's: it is legal in no header. */
static bool
is_bad_source(const struct inet *inet, const struct isla_addr *src)
{
	return isla_addr_is_v4(src) || isla_addr_is_multicast(src) ||
		isla_addr_is_loopback(src) || inet_is_own(inet, src);
}

/*
 * The groups that every node is in: all nodes of the link, and the solicited-node group of each own
 * address. ff01::1 is not among them, since a packet with interface-local scope never comes
 * from another node (RFC 4291, 2.7 and erratum 3480).
 */
static bool
is_own_group(const struct netif *netif, const struct isla_addr *dst)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 0x01};
	unsigned int i;

	if (memcmp(dst->b, all_nodes, sizeof(all_nodes)) == 0)
		return true;
	for (i = 0; i < netif->nb_addrs; i++) {
		struct isla_addr group;

		if (isla_addr_is_v4(&netif->addr[i].addr))
			continue;
		group = isla_addr_solicited_node(&netif->addr[i].addr);
		if (isla_addr_eq(&group, dst))
			return true;
	}
	return false;
}

static enum isla_drop
check_destination(const struct inet *inet, struct isla_pkt *pkt)
{
	if (isla_addr_is_multicast(&pkt->dst)) {
		pkt->flags |= ISLA_PKT_L3_MULTICAST;
		return is_own_group(&inet->link->netif[pkt->netif], &pkt->dst) ? ISLA_ACCEPTED
									       : ISLA_DROP_IP_DST;
	}
	if (isla_addr_is_v4(&pkt->dst) || !link_addr_is_own(inet->link, pkt->netif, &pkt->dst))
		return ISLA_DROP_IP_DST;
	return ISLA_ACCEPTED;
}

/* The fixed header. A hop limit of 0 is no reason to refuse what has arrived (RFC 8200, 3). */
static enum isla_drop
check_header(const struct inet *inet, struct rte_mbuf *m, struct ext_walk *w)
{
	struct isla_pkt *pkt = isla_pkt(m);
	const struct rte_ipv6_hdr *ip;
	uint32_t end;

	if (!inet_pull(m, sizeof(*ip)))
		return ISLA_DROP_IP_SHORT;
	ip = rte_pktmbuf_mtod(m, const struct rte_ipv6_hdr *);
	if (*(const uint8_t *)ip >> 4 != 6)
		return ISLA_DROP_IP_VERSION;
	end = (uint32_t)sizeof(*ip) + rte_be_to_cpu_16(ip->payload_len);
	/* The longest datagrams are beyond what 16-bit offsets reach, and beyond any MTU. */
	if (end > m->pkt_len || end > UINT16_MAX) {
		inet_note_cut(inet, pkt->netif, end, m->pkt_len);
		return ISLA_DROP_IP_LEN;
	}
	pkt->src = isla_addr_from_v6(ip->src_addr);
	pkt->dst = isla_addr_from_v6(ip->dst_addr);
	pkt->flags &= ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST | ISLA_PKT_LEARN;
	pkt->flags |= ISLA_PKT_V6;
	pkt->hop_limit = ip->hop_limits;
	pkt->tos = (uint8_t)(rte_be_to_cpu_32(ip->vtc_flow) >> 20);
	w->off = sizeof(*ip);
	w->end = (uint16_t)end;
	w->nh_off = offsetof(struct rte_ipv6_hdr, proto);
	w->nh = ip->proto;
	w->fragment = false;
	if (is_bad_source(inet, &pkt->src))
		return ISLA_DROP_IP_SRC;
	return check_destination(inet, pkt);
}

enum isla_drop
ipv6_accept(struct inet *inet, struct rte_mbuf *m)
{
	struct isla_pkt *pkt = isla_pkt(m);
	struct ext_walk w;
	enum isla_drop drop = check_header(inet, m, &w);

	if (drop != ISLA_ACCEPTED)
		return drop;
	inet_trim(m, w.end);
	drop = ext_walk(inet, m, &w);
	if (drop != ISLA_ACCEPTED)
		return drop;
	/* Another shard has what else there may be. */
	if (unlikely((pkt->flags & ISLA_PKT_LEARN) != 0) && w.nh != INET_PROTO_ICMPV6)
		return ISLA_DROP_IP_PROTO;
	/* RFC 8200, 4.7: what follows "no next header" is ignored without a word. */
	if (w.nh == NH_NONE)
		return ISLA_DROP_IP_PROTO;
	if (!inet_knows_proto(inet, w.nh, true)) {
		ext_param_problem(inet, m, &w, ICMPV6_PARAM_NEXT_HEADER, w.nh_off);
		return ISLA_DROP_IP_PROTO;
	}
	/* Only neighbour discovery has use for a sender without an address (RFC 4861, 4.3). */
	if (isla_addr_is_unspecified(&pkt->src) && w.nh != INET_PROTO_ICMPV6)
		return ISLA_DROP_IP_SRC;
	if (w.fragment)
		pkt->flags |= ISLA_PKT_FRAG_HDR;
	pkt->proto = w.nh;
	pkt->l4_off = (uint16_t)(pkt->l3_off + w.off);
	pkt->l4_len = (uint16_t)(w.end - w.off);
	rte_pktmbuf_adj(m, w.off);
	return ISLA_ACCEPTED;
}
