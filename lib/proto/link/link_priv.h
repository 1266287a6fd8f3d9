/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINK_PRIV_H
#define LINK_PRIV_H

/* What the files of the link room share among themselves: the last step of every frame on its way
 * out, ARP and neighbour discovery as the cache and the Ethernet decoder call them. */

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>

#include "link.h"

struct neigh;

/* For a first segment without room in front: the header gets an mbuf of its own. */
enum isla_drop ether_output_no_headroom(struct core *core, struct rte_mbuf *m, uint8_t netif,
	const struct rte_ether_hdr *eth);

/* List a frame that is complete. Output call. */
static inline enum isla_drop
ether_list(struct core *core, struct rte_mbuf *m, uint8_t netif)
{
	uint32_t octets = m->pkt_len;

	if (unlikely(!outlist_put(&core->out[netif], m))) {
		core_drop_pkt(core, m, ISLA_DROP_TX_FULL);
		return ISLA_DROP_TX_FULL;
	}
	core_count(core, ISLA_C_IF_OUT_PKTS);
	core_count_n(core, ISLA_C_IF_OUT_OCTETS, octets);
	return ISLA_ACCEPTED;
}

/* Put the Ethernet header in front of a packet and list the frame. Output call. */
static inline enum isla_drop
ether_output(struct core *core, struct rte_mbuf *m, uint8_t netif, const struct rte_ether_hdr *eth)
{
	if (unlikely(rte_pktmbuf_headroom(m) < sizeof(*eth)))
		return ether_output_no_headroom(core, m, netif, eth);
	memcpy(rte_pktmbuf_prepend(m, sizeof(*eth)), eth, sizeof(*eth));
	/* A port that completes checksums finds the headers by their lengths. */
	if (m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK)
		m->l2_len = sizeof(*eth);
	return ether_list(core, m, netif);
}

/* Send an ARP request by broadcast: from this interface's MAC address and the address src, which
 * may be 0.0.0.0, for the target. Output call. */
enum isla_drop arp_ask(struct link *link, uint8_t netif, const struct isla_addr *src,
	const struct isla_addr *target);

/* Input call: an ARP packet, without its Ethernet header; isla_pkt::netif is set. */
enum isla_drop arp_input(struct link *link, struct rte_mbuf *m);

/* Ask for a neighbour's MAC address, from an own address: by broadcast or multicast while it is
 * INCOMPLETE, else directly, as a probe. The reason tells why nothing was sent. */
enum isla_drop arp_solicit(struct link *link, const struct neigh *n, const struct isla_addr *src);
enum isla_drop ndp_solicit(struct link *link, const struct neigh *n, const struct isla_addr *src);

#endif /* LINK_PRIV_H */
