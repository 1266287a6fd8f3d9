/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP for IPv4 over Ethernet (RFC 826). arp_input() checks every field, takes the sender's address
 * where the cache knows it or where we are asked, and answers requests for our addresses, those of
 * an address probe (RFC 5227, 2.1.1) as well. Somebody else who uses our address is not believed;
 * whether he is argued with, acd.c decides. arp_solicit() asks.
 */

#include <rte_arp.h>

#include "acd.h"
#include "link_priv.h"
#include "neigh.h"

/* A packet whose fields were found to be good. */
struct arp {
	struct rte_ether_addr sha;
	struct rte_ether_addr tha;
	struct isla_addr sip;
	struct isla_addr tip;
	bool is_request;
};

/* Build a packet and list it. The sender is this interface's MAC and the address src. */
static enum isla_drop
arp_send(struct link *link, uint8_t netif, uint16_t op, const struct isla_addr *src,
	const struct rte_ether_addr *eth_dst, const struct rte_ether_addr *tha,
	const struct isla_addr *tip)
{
	struct rte_mbuf *m = core_alloc(link->core);
	struct rte_ether_hdr eth = {
		.dst_addr = *eth_dst,
		.ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP),
	};
	struct rte_arp_hdr arp = {
		.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
		.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = RTE_ETHER_ADDR_LEN,
		.arp_plen = sizeof(rte_be32_t),
		.arp_opcode = rte_cpu_to_be_16(op),
		.arp_data.arp_sip = isla_addr_v4(src),
		.arp_data.arp_tha = *tha,
		.arp_data.arp_tip = isla_addr_v4(tip),
	};

	if (m == NULL) {
		core_drop(link->core, ISLA_DROP_NO_MBUF);
		return ISLA_DROP_NO_MBUF;
	}
	memcpy(eth.src_addr.addr_bytes, link->netif[netif].mac, RTE_ETHER_ADDR_LEN);
	arp.arp_data.arp_sha = eth.src_addr;
	memcpy(rte_pktmbuf_append(m, sizeof(arp)), &arp, sizeof(arp));
	core_count(link->core,
		op == RTE_ARP_OP_REQUEST ? ISLA_C_ARP_OUT_REQUESTS : ISLA_C_ARP_OUT_REPLIES);
	return ether_output(link->core, m, netif, &eth);
}

enum isla_drop
arp_ask(struct link *link, uint8_t netif, const struct isla_addr *src,
	const struct isla_addr *target)
{
	static const struct rte_ether_addr broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	static const struct rte_ether_addr unknown = {{0}};

	return arp_send(link, netif, RTE_ARP_OP_REQUEST, src, &broadcast, &unknown, target);
}

enum isla_drop
arp_solicit(struct link *link, const struct neigh *n, const struct isla_addr *src)
{
	static const struct rte_ether_addr broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	static const struct rte_ether_addr unknown = {{0}};
	const struct rte_ether_addr *dst =
		n->state == NEIGH_INCOMPLETE ? &broadcast : &n->eth.dst_addr;

	return arp_send(link, n->netif, RTE_ARP_OP_REQUEST, src, dst, &unknown, &n->addr);
}

/* The sender: 0.0.0.0 in a probe, else an address that a single other host may have. */
static bool
sender_is_good(const struct link *link, uint8_t netif, const struct arp *a)
{
	if (!rte_is_valid_assigned_ether_addr(&a->sha) ||
		memcmp(a->sha.addr_bytes, link->netif[netif].mac, RTE_ETHER_ADDR_LEN) == 0)
		return false;
	if (isla_addr_is_unspecified(&a->sip))
		return a->is_request;
	return !isla_addr_is_multicast(&a->sip) && !isla_addr_is_loopback(&a->sip) &&
		!link_addr_is_broadcast(link, netif, &a->sip) &&
		!link_addr_is_own(link, netif, &a->sip);
}

static enum isla_drop
arp_parse(const struct link *link, const struct rte_mbuf *m, uint8_t netif, struct arp *a)
{
	struct rte_arp_hdr buf, arp;
	const void *p = rte_pktmbuf_read(m, 0, sizeof(buf), &buf);

	if (p == NULL)
		return ISLA_DROP_ARP_SHORT;
	memcpy(&arp, p, sizeof(arp));
	if (arp.arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER) ||
		arp.arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
		arp.arp_hlen != RTE_ETHER_ADDR_LEN || arp.arp_plen != sizeof(rte_be32_t) ||
		(arp.arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST) &&
			arp.arp_opcode != RTE_BE16(RTE_ARP_OP_REPLY)))
		return ISLA_DROP_ARP_FORMAT;
	a->is_request = arp.arp_opcode == RTE_BE16(RTE_ARP_OP_REQUEST);
	a->sha = arp.arp_data.arp_sha;
	a->tha = arp.arp_data.arp_tha;
	a->sip = isla_addr_from_v4(arp.arp_data.arp_sip);
	a->tip = isla_addr_from_v4(arp.arp_data.arp_tip);
	return sender_is_good(link, netif, a) ? ISLA_ACCEPTED : ISLA_DROP_ARP_ADDR;
}

/* Asked for one of our addresses. */
static void
request_input(struct link *link, uint8_t netif, const struct arp *a)
{
	if (!isla_addr_is_unspecified(&a->sip))
		neigh_learn(link->neigh, netif, &a->sip, &a->sha);
	if (link->learn != 0)
		return;
	arp_send(link, netif, RTE_ARP_OP_REPLY, &a->tip, &a->sha, &a->sha, &a->sip);
}

/* A reply, an announcement, or a request for somebody else: it only changes what we know already,
 * and confirms it only where we asked. */
static enum isla_drop
hearsay_input(struct link *link, uint8_t netif, const struct arp *a, bool for_us)
{
	struct neigh *n = neigh_lookup(link->neigh, netif, &a->sip);
	uint8_t flags = NEIGH_OVERRIDE;

	if (n == NULL)
		return ISLA_DROP_ARP_NOT_OURS;
	if (for_us && (n->state == NEIGH_INCOMPLETE || n->state == NEIGH_PROBE) &&
		memcmp(a->tha.addr_bytes, link->netif[netif].mac, RTE_ETHER_ADDR_LEN) == 0)
		flags |= NEIGH_SOLICITED;
	neigh_answer(link->neigh, n, &a->sha, flags);
	if (a->is_request && !isla_addr_eq(&a->sip, &a->tip))
		return ISLA_DROP_ARP_NOT_OURS;
	return ISLA_ACCEPTED;
}

enum isla_drop
arp_input(struct link *link, struct rte_mbuf *m)
{
	uint8_t netif = isla_pkt(m)->netif;
	enum isla_drop drop;
	struct arp a;
	bool for_us;

	drop = arp_parse(link, m, netif, &a);
	if (drop == ISLA_ACCEPTED || drop == ISLA_DROP_ARP_ADDR)
		core_count(link->core,
			a.is_request ? ISLA_C_ARP_IN_REQUESTS : ISLA_C_ARP_IN_REPLIES);
	/* Somebody else who uses our address is among those that are refused. */
	if (link->acds != NULL && (drop == ISLA_ACCEPTED || drop == ISLA_DROP_ARP_ADDR))
		acd_input(link, netif, &a.sha, &a.sip, &a.tip, a.is_request);
	/* A copy that another shard has received is that one's to answer. */
	if (drop == ISLA_DROP_ARP_ADDR && link->learn == 0)
		acd_defend(link, netif, &a.sha, &a.sip);
	if (drop != ISLA_ACCEPTED)
		return drop;
	for_us = link_addr_is_own(link, netif, &a.tip);
	if (for_us && a.is_request)
		request_input(link, netif, &a);
	else
		drop = hearsay_input(link, netif, &a, for_us);
	if (drop == ISLA_ACCEPTED)
		rte_pktmbuf_free(m);
	return drop;
}
