/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery for IPv6 over Ethernet (RFC 4861, RFC 2464): solicitations and
 * advertisements. ndp_input() makes the validity checks of 7.1, then does what 7.2.3 to 7.2.5 say;
 * the cache holds the state table. ndp_solicit() asks. Router and redirect messages are not ours
 * yet.
 */

#include <rte_icmp.h>
#include <rte_ip.h>

#include "cksum.h"
#include "link_priv.h"
#include "neigh.h"

#define ND_NS          135
#define ND_NA          136
#define ND_HOP_LIMIT   255
#define ND_FLAG_R      RTE_BE32(0x80000000)
#define ND_FLAG_S      RTE_BE32(0x40000000)
#define ND_FLAG_O      RTE_BE32(0x20000000)
#define ND_OPT_SLLA    1 /* source link-layer address */
#define ND_OPT_TLLA    2 /* target link-layer address */

/* A solicitation or an advertisement. */
struct nd_hdr {
	uint8_t type;
	uint8_t code;
	rte_be16_t cksum;
	rte_be32_t flags; /* reserved in a solicitation */
	uint8_t target[16];
};

/* The option that holds an Ethernet address. */
struct nd_lladdr {
	uint8_t type;
	uint8_t len; /* in units of 8 bytes: 1 */
	uint8_t mac[RTE_ETHER_ADDR_LEN];
};

static_assert(sizeof(struct nd_hdr) == 24, "as on the wire");
static_assert(sizeof(struct nd_lladdr) == 8, "as on the wire");

/* A received message. */
struct nd {
	const struct isla_pkt *pkt;
	struct isla_addr target;
	rte_be32_t flags;
	uint8_t type;
	bool has_mac;
	struct rte_ether_addr mac; /* of the option that belongs to the type */
};

/* Build a message with our MAC address in its option and send it. */
static enum isla_drop
nd_send(struct link *link, uint8_t netif, const struct nd_hdr *nd, const struct isla_addr *src,
	const struct isla_addr *dst)
{
	struct core *core = link->core;
	struct rte_mbuf *m = core_alloc(core);
	struct nd_lladdr opt = {.type = nd->type == ND_NS ? ND_OPT_SLLA : ND_OPT_TLLA, .len = 1};
	const uint16_t len = sizeof(*nd) + sizeof(opt);
	struct rte_ipv6_hdr ip = {
		.vtc_flow = RTE_BE32(6u << 28),
		.payload_len = rte_cpu_to_be_16(len),
		.proto = IPPROTO_ICMPV6,
		.hop_limits = ND_HOP_LIMIT,
	};
	struct nd_hdr *hdr;
	uint8_t *p;

	if (m == NULL) {
		core_drop(core, ISLA_DROP_NO_MBUF);
		return ISLA_DROP_NO_MBUF;
	}
	memcpy(ip.src_addr, src->b, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, dst->b, sizeof(ip.dst_addr));
	memcpy(opt.mac, link->netif[netif].mac, sizeof(opt.mac));
	p = (uint8_t *)rte_pktmbuf_append(m, sizeof(ip) + len);
	memcpy(p, &ip, sizeof(ip));
	hdr = (struct nd_hdr *)(p + sizeof(ip));
	memcpy(hdr, nd, sizeof(*nd));
	memcpy(hdr + 1, &opt, sizeof(opt));
	hdr->cksum = 0;
	hdr->cksum = cksum_l4(src, dst, IPPROTO_ICMPV6, m, sizeof(ip), len);
	core_count(core, nd->type == ND_NS ? ISLA_C_ND_OUT_SOLICITS : ISLA_C_ND_OUT_ADVERTS);
	core_count(core, ISLA_C_IP6_ICMP_OUT_MSGS);
	core_count(core, ISLA_C_IP6_OUT_REQUESTS);
	core_count(core, ISLA_C_IP6_OUT_TRANSMITS);
	return link_output(link, m, netif, dst, NULL);
}

enum isla_drop
ndp_solicit(struct link *link, const struct neigh *n, const struct isla_addr *src)
{
	struct isla_addr dst =
		n->state == NEIGH_INCOMPLETE ? isla_addr_solicited_node(&n->addr) : n->addr;
	struct nd_hdr nd = {.type = ND_NS};

	memcpy(nd.target, n->addr.b, sizeof(nd.target));
	return nd_send(link, n->netif, &nd, src, &dst);
}

/* Walk the options; each takes at least 8 bytes, so that the walk ends. */
static enum isla_drop
options_parse(const struct rte_mbuf *m, struct nd *nd)
{
	uint8_t wanted = nd->type == ND_NS ? ND_OPT_SLLA : ND_OPT_TLLA;
	uint32_t off = sizeof(struct nd_hdr), end = nd->pkt->l4_len;

	while (off < end) {
		struct nd_lladdr buf, opt;
		const void *p = rte_pktmbuf_read(m, off, sizeof(buf), &buf);

		if (p == NULL)
			return ISLA_DROP_ND_FORMAT;
		memcpy(&opt, p, sizeof(opt));
		if (opt.len == 0 || off + opt.len * 8u > end)
			return ISLA_DROP_ND_FORMAT;
		off += opt.len * 8u;
		if (opt.type != wanted || nd->has_mac)
			continue;
		if (opt.len != 1)
			return ISLA_DROP_ND_FORMAT;
		memcpy(nd->mac.addr_bytes, opt.mac, sizeof(opt.mac));
		nd->has_mac = true;
	}
	return ISLA_ACCEPTED;
}

/* The validity checks that both messages share (RFC 4861, 7.1.1 and 7.1.2). */
static enum isla_drop
nd_parse(const struct link *link, const struct rte_mbuf *m, struct nd *nd)
{
	struct nd_hdr buf, hdr;
	enum isla_drop drop;
	const void *p;

	if (nd->pkt->hop_limit != ND_HOP_LIMIT)
		return ISLA_DROP_ND_HOP_LIMIT;
	p = rte_pktmbuf_read(m, 0, sizeof(buf), &buf);
	if (p == NULL || nd->pkt->l4_len < sizeof(buf))
		return ISLA_DROP_ND_FORMAT;
	memcpy(&hdr, p, sizeof(hdr));
	if (hdr.code != 0)
		return ISLA_DROP_ND_FORMAT;
	nd->flags = hdr.flags;
	nd->target = isla_addr_from_v6(hdr.target);
	drop = options_parse(m, nd);
	if (drop != ISLA_ACCEPTED)
		return drop;
	/* A mapped address would be taken for an IPv4 neighbour's. */
	if (isla_addr_is_multicast(&nd->target) || isla_addr_is_unspecified(&nd->target) ||
		isla_addr_is_loopback(&nd->target) || isla_addr_is_v4(&nd->target))
		return ISLA_DROP_ND_ADDR;
	if (nd->has_mac &&
		(!rte_is_valid_assigned_ether_addr(&nd->mac) ||
			memcmp(nd->mac.addr_bytes, link->netif[nd->pkt->netif].mac,
				RTE_ETHER_ADDR_LEN) == 0))
		return ISLA_DROP_ND_ADDR;
	return ISLA_ACCEPTED;
}

/* Answer (RFC 4861, 7.2.4). Who probes for a duplicate address has none yet: all nodes hear it. */
static void
advert_send(struct link *link, const struct nd *ns)
{
	static const struct isla_addr all_nodes = {.b = {0xff, 0x02, [15] = 1}};
	bool is_probe = isla_addr_is_unspecified(&ns->pkt->src);
	struct nd_hdr nd = {.type = ND_NA, .flags = ND_FLAG_O | (is_probe ? 0 : ND_FLAG_S)};

	memcpy(nd.target, ns->target.b, sizeof(nd.target));
	nd_send(link, ns->pkt->netif, &nd, &ns->target, is_probe ? &all_nodes : &ns->pkt->src);
}

static enum isla_drop
solicit_input(struct link *link, const struct nd *ns)
{
	const struct isla_pkt *pkt = ns->pkt;
	struct isla_addr group = isla_addr_solicited_node(&pkt->dst);

	if (isla_addr_is_unspecified(&pkt->src)) {
		/* 7.1.1: to a solicited-node group only, which is its own group, and without a
		 * source link-layer address. */
		if (!isla_addr_eq(&pkt->dst, &group))
			return ISLA_DROP_ND_ADDR;
		if (ns->has_mac)
			return ISLA_DROP_ND_FORMAT;
	} else if (isla_addr_is_multicast(&pkt->src) || isla_addr_is_loopback(&pkt->src) ||
		isla_addr_is_v4(&pkt->src) || link_addr_is_own(link, pkt->netif, &pkt->src)) {
		return ISLA_DROP_ND_ADDR;
	}
	if (!link_addr_is_own(link, pkt->netif, &ns->target))
		return ISLA_DROP_ND_NOT_OURS;
	if (ns->has_mac)
		neigh_learn(link->neigh, pkt->netif, &pkt->src, &ns->mac);
	if ((pkt->flags & ISLA_PKT_LEARN) == 0)
		advert_send(link, ns);
	return ISLA_ACCEPTED;
}

static enum isla_drop
advert_input(struct link *link, const struct nd *na)
{
	const struct isla_pkt *pkt = na->pkt;
	struct neigh *n;
	uint8_t flags = 0;

	if (isla_addr_is_multicast(&pkt->dst) && (na->flags & ND_FLAG_S))
		return ISLA_DROP_ND_FORMAT;
	if (link_addr_is_own(link, pkt->netif, &na->target))
		return ISLA_DROP_ND_ADDR;
	n = neigh_lookup(link->neigh, pkt->netif, &na->target);
	if (n == NULL)
		return ISLA_DROP_ND_NOT_OURS;
	/* 7.2.5: without an address it cannot answer the question. */
	if (n->state == NEIGH_INCOMPLETE && !na->has_mac)
		return ISLA_DROP_ND_FORMAT;
	if (na->flags & ND_FLAG_R)
		flags |= NEIGH_ROUTER;
	if (na->flags & ND_FLAG_S)
		flags |= NEIGH_SOLICITED;
	if (na->flags & ND_FLAG_O)
		flags |= NEIGH_OVERRIDE;
	neigh_answer(link->neigh, n, na->has_mac ? &na->mac : NULL, flags);
	return ISLA_ACCEPTED;
}

enum isla_drop
ndp_input(struct link *link, struct rte_mbuf *m)
{
	struct nd nd = {.pkt = isla_pkt(m)};
	enum isla_drop drop;
	uint8_t buf;
	const uint8_t *type = rte_pktmbuf_read(m, 0, sizeof(buf), &buf);

	if (type == NULL || nd.pkt->l4_len == 0)
		return ISLA_DROP_ICMP_SHORT;
	nd.type = *type;
	if (nd.type != ND_NS && nd.type != ND_NA)
		return ISLA_DROP_ICMP_TYPE;
	core_count(link->core, nd.type == ND_NS ? ISLA_C_ND_IN_SOLICITS : ISLA_C_ND_IN_ADVERTS);
	drop = nd_parse(link, m, &nd);
	if (drop == ISLA_ACCEPTED)
		drop = nd.type == ND_NS ? solicit_input(link, &nd) : advert_input(link, &nd);
	if (drop == ISLA_ACCEPTED)
		rte_pktmbuf_free(m);
	return drop;
}
