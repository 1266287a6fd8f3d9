/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inet room's two doors: inet_input() counts, validates (ipv4.c, ipv6.c) and hands a packet to
 * the protocol that registered for it; inet_output() puts the IP header of either family and
 * hands the packet to the link room.
 */

#include <errno.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "cksum.h"
#include "inet_priv.h"

#define DEFAULT_HOP_LIMIT 64

/* Which counter of RFC 4293 tells of a packet that was refused; ISLA_C_IP4_* stands for both. */
static const uint8_t counter_of_drop[ISLA_DROP_MAX] = {
	[ISLA_DROP_IP_SHORT] = ISLA_C_IP4_IN_TRUNCATED_PKTS,
	[ISLA_DROP_IP_LEN] = ISLA_C_IP4_IN_TRUNCATED_PKTS,
	[ISLA_DROP_IP_VERSION] = ISLA_C_IP4_IN_HDR_ERRORS,
	[ISLA_DROP_IP_HDR_LEN] = ISLA_C_IP4_IN_HDR_ERRORS,
	[ISLA_DROP_IP_CKSUM] = ISLA_C_IP4_IN_HDR_ERRORS,
	[ISLA_DROP_IP_OPTIONS] = ISLA_C_IP4_IN_HDR_ERRORS,
	[ISLA_DROP_IP6_EXT_HDR] = ISLA_C_IP4_IN_HDR_ERRORS,
	[ISLA_DROP_IP6_EXT_CHAIN] = ISLA_C_IP4_IN_HDR_ERRORS,
	[ISLA_DROP_IP_SRC] = ISLA_C_IP4_IN_ADDR_ERRORS,
	[ISLA_DROP_IP_DST] = ISLA_C_IP4_IN_ADDR_ERRORS,
	[ISLA_DROP_IP_PROTO] = ISLA_C_IP4_IN_UNKNOWN_PROTOS,
	[ISLA_DROP_IP_FRAGMENT] = ISLA_C_IP4_IN_DISCARDS,
};

static_assert(ISLA_C_IP4_IN_UNKNOWN_PROTOS < 256, "counter_of_drop's elements are bytes");

struct inet *
inet_create(struct core *core, struct link *link, const struct inet_conf *conf)
{
	struct inet *inet = core->mem.alloc(sizeof(*inet), RTE_CACHE_LINE_SIZE, core->socket_id);
	struct inet_proto icmp = {.ctx = inet, .input = icmp_input, .error = ping_error};

	if (inet == NULL)
		return NULL;
	/* Memory for no route at all may be NULL, so there is always one. */
	inet->routes = core->mem.alloc((conf->max_routes + 1ul) * sizeof(inet->routes[0]),
		RTE_CACHE_LINE_SIZE, core->socket_id);
	inet->core = core;
	if (inet->routes == NULL || !inet_pmtu_init(inet) || !inet_ping_init(inet)) {
		inet_free(inet);
		return NULL;
	}
	inet->max_routes = conf->max_routes;
	inet->link = link;
	icmp_rate_init(&inet->errors, conf->icmp_rate);
	icmp_rate_init(&inet->echo_replies, conf->icmp_rate);
	inet_set_proto(inet, INET_PROTO_ICMPV4, &icmp);
	inet_set_proto(inet, INET_PROTO_ICMPV6, &icmp);
	link_set_up(link, inet_input, inet);
	link_set_unreach(link, icmp_unreachable, inet);
	return inet;
}

void
inet_free(struct inet *inet)
{
	if (inet == NULL)
		return;
	inet->core->mem.free(inet->pings);
	inet->core->mem.free(inet->pmtu);
	inet->core->mem.free(inet->routes);
	inet->core->mem.free(inet);
}

void
inet_set_proto(struct inet *inet, uint8_t proto, const struct inet_proto *p)
{
	inet->proto[proto] = *p;
}

enum isla_drop
inet_input(void *ctx, struct rte_mbuf *m, bool is_v6)
{
	struct inet *inet = ctx;
	const struct inet_proto *p;
	enum isla_drop drop;

	core_count_ip(inet->core, ISLA_C_IP4_IN_RECEIVES, is_v6);
	drop = is_v6 ? ipv6_accept(inet, m) : ipv4_accept(inet, m);
	if (drop != ISLA_ACCEPTED) {
		core_count_ip(inet->core, (enum isla_counter)counter_of_drop[drop], is_v6);
		return drop;
	}
	core_count_ip(inet->core, ISLA_C_IP4_IN_DELIVERS, is_v6);
	p = &inet->proto[isla_pkt(m)->proto];
	return p->input(p->ctx, m);
}

/* Every datagram is atomic (RFC 6864, 4): DF is set, so its identification means nothing. */
static void
put_ipv4(struct rte_ipv4_hdr *ip, const struct inet_tx *tx, uint16_t total_len, bool cksum_offload)
{
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->type_of_service = tx->tos;
	ip->total_length = rte_cpu_to_be_16(total_len);
	ip->packet_id = 0;
	ip->fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = tx->hop_limit != 0 ? tx->hop_limit : DEFAULT_HOP_LIMIT;
	ip->next_proto_id = tx->proto;
	ip->hdr_checksum = 0;
	ip->src_addr = isla_addr_v4(tx->src);
	ip->dst_addr = isla_addr_v4(tx->dst);
	if (!cksum_offload)
		ip->hdr_checksum = (uint16_t)~cksum_fold(cksum_add(0, ip, sizeof(*ip)));
}

static void
put_ipv6(struct rte_ipv6_hdr *ip, const struct inet_tx *tx, uint16_t payload_len)
{
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)tx->tos << 20);
	ip->payload_len = rte_cpu_to_be_16(payload_len);
	ip->proto = tx->proto;
	ip->hop_limits = tx->hop_limit != 0 ? tx->hop_limit : DEFAULT_HOP_LIMIT;
	memcpy(ip->src_addr, tx->src->b, sizeof(ip->src_addr));
	memcpy(ip->dst_addr, tx->dst->b, sizeof(ip->dst_addr));
}

/* Put the IP header; there is room. What the port needs to complete checksums is noted as well. */
static void
put_header(struct rte_mbuf *m, const struct inet_tx *tx, uint32_t offloads, bool is_v6)
{
	uint16_t payload_len = (uint16_t)m->pkt_len;
	uint16_t hdr_len = is_v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
	void *ip = rte_pktmbuf_prepend(m, hdr_len);

	m->l2_len = RTE_ETHER_HDR_LEN;
	m->l3_len = hdr_len;
	if (is_v6) {
		m->ol_flags |= RTE_MBUF_F_TX_IPV6;
		put_ipv6(ip, tx, payload_len);
		return;
	}
	m->ol_flags |= RTE_MBUF_F_TX_IPV4;
	if ((offloads & ISLA_NETIF_TX_IPV4_CKSUM) != 0)
		m->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	put_ipv4(ip, tx, (uint16_t)(payload_len + hdr_len),
		(offloads & ISLA_NETIF_TX_IPV4_CKSUM) != 0);
}

static enum isla_drop
output_drop(struct inet *inet, struct rte_mbuf *m, enum isla_drop drop, bool is_v6)
{
	core_count_ip(inet->core,
		drop == ISLA_DROP_NO_ROUTE ? ISLA_C_IP4_OUT_NO_ROUTES : ISLA_C_IP4_OUT_DISCARDS,
		is_v6);
	core_drop_pkt(inet->core, m, drop);
	return drop;
}

void
inet_note_cut(const struct inet *inet, uint8_t netif, uint32_t len, uint32_t nb_come)
{
	struct netif *n = &inet->link->netif[netif];

	/* A port cuts at what it can hold, which is more than the MTU: less is the tale of a
	 * damaged length. */
	if (len > nb_come && nb_come > n->mtu)
		netif_odd_add(&n->nb_cut_frames);
}

void
inet_note_bad_cksum(const struct inet *inet, const struct isla_pkt *pkt, uint8_t proto,
	uint16_t cksum)
{
	struct netif *n = &inet->link->netif[pkt->netif];

	if (cksum_is_blank(&pkt->src, &pkt->dst, proto, pkt->l4_len, cksum))
		netif_odd_add(&n->nb_blank_cksums);
	else
		netif_odd_clear(&n->nb_blank_cksums);
}

enum isla_drop
inet_output(struct inet *inet, struct rte_mbuf *m, const struct inet_tx *tx)
{
	bool is_v6 = !isla_addr_is_v4(tx->src);
	uint16_t hdr_len = inet_hdr_len(tx->src);
	const struct inet_dst *via = tx->via;
	struct inet_dst found;

	core_count_ip(inet->core, ISLA_C_IP4_OUT_REQUESTS, is_v6);
	if (isla_addr_is_v4(tx->dst) == is_v6)
		return output_drop(inet, m, ISLA_DROP_NO_SRC_ADDR, is_v6);
	if (via == NULL) {
		if (!inet_route(inet, tx->dst, ISLA_NETIF_ANY, &found))
			return output_drop(inet, m, ISLA_DROP_NO_ROUTE, is_v6);
		via = &found;
	}
	if (m->pkt_len + hdr_len > via->mtu)
		return output_drop(inet, m, ISLA_DROP_TOO_BIG, is_v6);
	m = inet_front(inet->core, m, hdr_len + RTE_ETHER_HDR_LEN);
	if (m == NULL) {
		core_count_ip(inet->core, ISLA_C_IP4_OUT_DISCARDS, is_v6);
		return ISLA_DROP_NO_MBUF;
	}
	put_header(m, tx, inet->link->netif[via->netif].offloads, is_v6);
	core_count_ip(inet->core, ISLA_C_IP4_OUT_TRANSMITS, is_v6);
	return link_output(inet->link, m, via->netif, &via->next_hop, tx->hint);
}

void
inet_confirm(struct inet *inet, const struct inet_dst *via, uint16_t hint)
{
	link_confirm(inet->link, via->netif, &via->next_hop, hint);
}

void
inet_suspect(struct inet *inet, const struct inet_dst *via, uint16_t hint)
{
	link_suspect(inet->link, via->netif, &via->next_hop, hint);
}
