/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet II (RFC 894, RFC 2464). link_input() checks both MAC addresses, begins the packet's
 * record, strips the header and hands on by EtherType. link_output() finds the header to put in
 * front: in the cache's entry that the caller remembers, which is the fast way, else by multicast
 * or broadcast mapping or by a look-up.
 */

#include "link.h"
#include "link_priv.h"
#include "neigh.h"

/* isla_pkt's flags for a destination MAC address; false where the frame is not for us. */
static bool
dst_flags(const struct netif *nif, const struct rte_ether_addr *dst, uint8_t *flags)
{
	const uint8_t *b = dst->addr_bytes;

	*flags = 0;
	if (likely(memcmp(b, nif->mac, sizeof(nif->mac)) == 0))
		return true;
	*flags = ISLA_PKT_L2_MULTICAST;
	/* RFC 1112, 6.4: 23 bits of the group; RFC 2464, 7: 32 bits of it. */
	if ((b[0] == 0x33 && b[1] == 0x33) ||
		(b[0] == 0x01 && b[1] == 0x00 && b[2] == 0x5e && b[3] < 0x80))
		return true;
	*flags |= ISLA_PKT_L2_BROADCAST;
	return rte_is_broadcast_ether_addr(dst);
}

enum isla_drop
link_input(struct link *link, struct rte_mbuf *m, uint8_t netif)
{
	const struct netif *nif = &link->netif[netif];
	struct isla_pkt *p = isla_pkt(m);
	struct rte_ether_hdr eth;
	uint8_t flags;

	if (unlikely(rte_pktmbuf_data_len(m) < sizeof(eth)))
		return ISLA_DROP_ETHER_SHORT;
	memcpy(&eth, rte_pktmbuf_mtod(m, const void *), sizeof(eth));
	if (unlikely(!dst_flags(nif, &eth.dst_addr, &flags)))
		return ISLA_DROP_ETHER_DST;
	if (unlikely(rte_is_multicast_ether_addr(&eth.src_addr) ||
		    memcmp(eth.src_addr.addr_bytes, nif->mac, sizeof(nif->mac)) == 0))
		return ISLA_DROP_ETHER_SRC;
	if (unlikely(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED))
		return ISLA_DROP_VLAN;

	/* Of a port that is not believed no verdict goes further up. */
	if ((nif->offloads & ISLA_NETIF_RX_CKSUM) == 0)
		m->ol_flags &= ~(RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	memset(p, 0, sizeof(*p));
	p->netif = netif;
	p->flags = flags | link->learn;
	p->l3_off = sizeof(eth);
	rte_pktmbuf_adj(m, sizeof(eth));
	switch (eth.ether_type) {
	case RTE_BE16(RTE_ETHER_TYPE_IPV4):
		return link->up(link->up_ctx, m, false);
	case RTE_BE16(RTE_ETHER_TYPE_IPV6):
		return link->up(link->up_ctx, m, true);
	case RTE_BE16(RTE_ETHER_TYPE_ARP):
		return arp_input(link, m);
	case RTE_BE16(RTE_ETHER_TYPE_VLAN):
	case RTE_BE16(RTE_ETHER_TYPE_QINQ):
		return ISLA_DROP_VLAN;
	default:
		return ISLA_DROP_ETHER_TYPE;
	}
}

__rte_noinline enum isla_drop
ether_output_no_headroom(struct core *core, struct rte_mbuf *m, uint8_t netif,
	const struct rte_ether_hdr *eth)
{
	struct rte_mbuf *head = core_alloc(core);

	if (head == NULL) {
		core_drop_pkt(core, m, ISLA_DROP_NO_MBUF);
		return ISLA_DROP_NO_MBUF;
	}
	memcpy(rte_pktmbuf_append(head, sizeof(*eth)), eth, sizeof(*eth));
	/* What the port is to do stands in the first mbuf. */
	head->ol_flags |= m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
	head->tx_offload = m->tx_offload;
	head->l2_len = sizeof(*eth);
	if (rte_pktmbuf_chain(head, m) != 0) {
		rte_pktmbuf_free(head);
		core_drop_pkt(core, m, ISLA_DROP_NO_MBUF);
		return ISLA_DROP_NO_MBUF;
	}
	return ether_list(core, head, netif);
}

static enum isla_drop
output_multicast(struct link *link, struct rte_mbuf *m, uint8_t netif,
	const struct isla_addr *group)
{
	struct rte_ether_hdr eth;
	uint8_t *dst = eth.dst_addr.addr_bytes;

	if (isla_addr_is_v4(group)) {
		eth.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
		dst[0] = 0x01;
		dst[1] = 0x00;
		dst[2] = 0x5e;
		dst[3] = group->b[13] & 0x7f;
	} else {
		eth.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
		dst[0] = 0x33;
		dst[1] = 0x33;
		dst[2] = group->b[12];
		dst[3] = group->b[13];
	}
	dst[4] = group->b[14];
	dst[5] = group->b[15];
	memcpy(eth.src_addr.addr_bytes, link->netif[netif].mac, RTE_ETHER_ADDR_LEN);
	return ether_output(link->core, m, netif, &eth);
}

static enum isla_drop
output_broadcast(struct link *link, struct rte_mbuf *m, uint8_t netif)
{
	struct rte_ether_hdr eth = {.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4)};

	memset(eth.dst_addr.addr_bytes, 0xff, RTE_ETHER_ADDR_LEN);
	memcpy(eth.src_addr.addr_bytes, link->netif[netif].mac, RTE_ETHER_ADDR_LEN);
	return ether_output(link->core, m, netif, &eth);
}

/* All that the caller's hint does not answer: groups, unknown neighbours, the first packet. */
static __rte_noinline enum isla_drop
output_lookup(struct link *link, struct rte_mbuf *m, uint8_t netif,
	const struct isla_addr *next_hop, uint16_t *hint)
{
	struct neigh *n;

	if (isla_addr_is_multicast(next_hop))
		return output_multicast(link, m, netif, next_hop);
	n = neigh_lookup(link->neigh, netif, next_hop);
	if (n == NULL) {
		if (link_addr_is_broadcast(link, netif, next_hop))
			return output_broadcast(link, m, netif);
		if (isla_addr_is_unspecified(next_hop) || isla_addr_is_loopback(next_hop) ||
			link_addr_is_own(link, netif, next_hop)) {
			core_drop_pkt(link->core, m, ISLA_DROP_NO_ROUTE);
			return ISLA_DROP_NO_ROUTE;
		}
		return neigh_resolve(link->neigh, m, netif, next_hop, hint);
	}
	if (hint != NULL)
		*hint = neigh_index(link->neigh, n);
	return neigh_output(link->neigh, n, m);
}

enum isla_drop
link_output(struct link *link, struct rte_mbuf *m, uint8_t netif,
	const struct isla_addr *next_hop, uint16_t *hint)
{
	if (likely(hint != NULL)) {
		struct neigh *n = neigh_at(link->neigh, *hint);

		if (likely(neigh_is(n, netif, next_hop))) {
			if (likely(n->state == NEIGH_REACHABLE))
				return ether_output(link->core, m, netif, &n->eth);
			return neigh_output(link->neigh, n, m);
		}
	}
	return output_lookup(link, m, netif, next_hop, hint);
}

void
link_confirm(struct link *link, uint8_t netif, const struct isla_addr *next_hop, uint16_t hint)
{
	struct neigh *n = neigh_at(link->neigh, hint);

	if (likely(neigh_is(n, netif, next_hop)))
		neigh_confirm(link->neigh, n);
}

void
link_suspect(struct link *link, uint8_t netif, const struct isla_addr *next_hop, uint16_t hint)
{
	struct neigh *n = neigh_at(link->neigh, hint);

	if (neigh_is(n, netif, next_hop))
		neigh_suspect(link->neigh, n);
}
