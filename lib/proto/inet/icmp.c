/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP and what ICMPv6 shares with it (RFC 792, RFC 1122, 3.2.2; RFC 4443): icmp_input() verifies a
 * message and answers an echo request in the mbuf that brought it, or tells a transport protocol
 * of an error about one of its packets; icmp_send_error() sends errors. The numbers of the two
 * families differ, the code does not; what only IPv6 has is in icmpv6.c.
 */

#include <errno.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "cksum.h"
#include "inet_priv.h"

#define PROTO_UDP 17

/* Room in front of a message: its header, an IPv6 and an Ethernet header. */
#define HEADERS_MAX (sizeof(struct icmp_hdr) + 40 + RTE_ETHER_HDR_LEN)

/* Datagrams with an error are no larger: RFC 1812, 4.3.2.3 and RFC 4443, 2.4 (c). */
#define ICMPV4_ERROR_MAX 576
#define ICMPV6_ERROR_MAX 1280

/* What is always quoted of a transport header (RFC 792): ports and TCP's sequence number. */
#define QUOTED_L4_LEN 8

#define ECN_MASK 0x03

void
icmp_rate_init(struct icmp_rate *rate, uint32_t per_second)
{
	/* A tenth of a second's worth may go out at once, but 10 in any case, or all where the rate
	 * is lower. */
	uint64_t depth = RTE_MAX(per_second / 10, RTE_MIN(per_second, 10u));

	rate->full_ns = 0;
	rate->interval_ns = per_second != 0 ? 1000000000ull / per_second : 0;
	rate->depth_ns = depth * rate->interval_ns;
}

bool
icmp_rate_take(struct icmp_rate *rate, uint64_t now_us)
{
	uint64_t now_ns = now_us * 1000;
	uint64_t full_ns = RTE_MAX(rate->full_ns, now_ns) + rate->interval_ns;

	if (full_ns - now_ns > rate->depth_ns)
		return false;
	rate->full_ns = full_ns;
	return true;
}

uint16_t
icmp_cksum(const struct isla_addr *src, const struct isla_addr *dst, const struct rte_mbuf *m)
{
	uint64_t sum = 0;

	if (!isla_addr_is_v4(src))
		sum = cksum_pseudo(src, dst, INET_PROTO_ICMPV6, m->pkt_len);
	return (uint16_t)~cksum_fold(cksum_add_mbuf(sum, m, 0, m->pkt_len));
}

enum isla_drop
icmp_send(struct inet *inet, struct rte_mbuf *m, const struct isla_addr *src,
	const struct isla_addr *dst, const struct inet_dst *via, uint8_t tos)
{
	bool is_v6 = !isla_addr_is_v4(src);
	struct inet_tx tx = {
		.src = src,
		.dst = dst,
		.via = via,
		.proto = is_v6 ? INET_PROTO_ICMPV6 : INET_PROTO_ICMPV4,
		.tos = tos,
	};

	core_count_ip(inet->core, ISLA_C_IP4_ICMP_OUT_MSGS, is_v6);
	return inet_output(inet, m, &tx);
}

/*
 * RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). What changes is the type, and in IPv6 the address
 * that the request came to, where that was a group: source and destination only change places else.
 */
static uint16_t
echo_reply_cksum(const struct icmp_hdr *request, const struct icmp_hdr *reply,
	const struct isla_addr *old_dst, const struct isla_addr *src)
{
	uint64_t sum = (uint16_t)~request->cksum;
	uint16_t from, to, cksum;
	unsigned int i;

	memcpy(&from, request, sizeof(from));
	memcpy(&to, reply, sizeof(to));
	sum += (uint64_t)(uint16_t)~from + to;
	if (!isla_addr_is_v4(src))
		for (i = 0; i < 4; i++)
			sum += (uint64_t)(uint32_t)~old_dst->w[i] + src->w[i];
	cksum = (uint16_t)~cksum_fold(sum);
	/* A message of nothing but zeros needs the other form of 0, which suits all others too. */
	return cksum != 0 ? cksum : 0xffff;
}

/*
 * Turn an echo request around: RFC 1122, 3.2.2.6; RFC 4443, 4.2. A request to an IPv4 group is met
 * with silence, as RFC 1122 permits, since the answers of many could be aimed at one.
 */
static enum isla_drop
echo_input(struct inet *inet, struct rte_mbuf *m, const struct icmp_hdr *request)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	bool is_v6 = (pkt->flags & ISLA_PKT_V6) != 0;
	bool group = (pkt->flags & (ISLA_PKT_L3_MULTICAST | ISLA_PKT_L3_BROADCAST)) != 0;
	/* The record may be gone once headers are put in front. */
	struct isla_addr src = pkt->dst, dst = pkt->src;
	uint8_t tos = pkt->tos & (uint8_t)~ECN_MASK;
	struct icmp_hdr reply = *request;
	struct inet_dst via;

	core_count_ip(inet->core, ISLA_C_IP4_ICMP_IN_ECHOS, is_v6);
	if (group && !is_v6)
		return ISLA_DROP_ICMP_BROADCAST;
	if (!inet_route_back(inet, &dst, pkt->netif, &via))
		return ISLA_DROP_NO_ROUTE;
	if (group && !inet_select_src(inet, &dst, pkt->netif, &src))
		return ISLA_DROP_NO_SRC_ADDR;
	if (!icmp_rate_take(&inet->echo_replies, inet->core->now_us))
		return ISLA_DROP_ICMP_RATE;
	reply.type = is_v6 ? ICMPV6_ECHO_REPLY : ICMPV4_ECHO_REPLY;
	reply.cksum = echo_reply_cksum(request, &reply, &pkt->dst, &src);
	rte_pktmbuf_adj(m, sizeof(reply));
	m = inet_front(inet->core, m, HEADERS_MAX);
	if (m == NULL)
		return ISLA_ACCEPTED;
	/* What receiving left there means something else on sending. */
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	m->tx_offload = 0;
	memcpy(rte_pktmbuf_prepend(m, sizeof(reply)), &reply, sizeof(reply));
	core_count_ip(inet->core, ISLA_C_IP4_ICMP_OUT_ECHO_REPS, is_v6);
	icmp_send(inet, m, &src, &dst, &via, tos);
	return ISLA_ACCEPTED;
}

/* What an ICMP error says (RFC 792; RFC 1122, 3.2.2.1; RFC 1812, 5.2.7.1; RFC 1191 for the MTU). */
static bool
icmpv4_error_kind(const struct icmp_hdr *icmp, enum inet_error_kind *kind, uint32_t *mtu)
{
	static const uint8_t kind_of_code[] = {
		[0] = INET_ERR_NET_UNREACH,
		[1] = INET_ERR_HOST_UNREACH,
		[2] = INET_ERR_PROTO_UNREACH,
		[3] = INET_ERR_PORT_UNREACH,
		[4] = INET_ERR_TOO_BIG,
		[5] = INET_ERR_NET_UNREACH,
		[6] = INET_ERR_NET_UNREACH,
		[7] = INET_ERR_HOST_UNREACH,
		[8] = INET_ERR_HOST_UNREACH,
		[9] = INET_ERR_ADMIN_PROHIBITED,
		[10] = INET_ERR_ADMIN_PROHIBITED,
		[11] = INET_ERR_NET_UNREACH,
		[12] = INET_ERR_HOST_UNREACH,
		[13] = INET_ERR_ADMIN_PROHIBITED,
		[14] = INET_ERR_HOST_UNREACH,
		[15] = INET_ERR_HOST_UNREACH,
	};

	switch (icmp->type) {
	case ICMPV4_UNREACH:
		*kind = icmp->code < RTE_DIM(kind_of_code)
			? (enum inet_error_kind)kind_of_code[icmp->code]
			: INET_ERR_HOST_UNREACH;
		if (icmp->code == ICMPV4_UNREACH_TOO_BIG)
			*mtu = rte_be_to_cpu_32(icmp->rest) & 0xffff;
		return true;
	case ICMPV4_TIME_EXCEEDED:
		*kind = INET_ERR_TIME_EXCEEDED;
		return true;
	case ICMPV4_PARAM_PROBLEM:
		*kind = INET_ERR_PARAM_PROBLEM;
		return true;
	default:
		return false;
	}
}

/*
 * The IP header of a quoted packet at offset off of the message: addresses and protocol to err, the
 * transport header's offset returned, or 0 where it is no first fragment of a packet such as
 * inet_output() makes.
 */
static uint32_t
parse_quoted_ip(const struct rte_mbuf *m, uint32_t off, bool is_v6, struct inet_error *err)
{
	struct rte_ipv4_hdr copy;
	struct rte_ipv6_hdr copy6;
	const struct rte_ipv4_hdr *ip;
	const struct rte_ipv6_hdr *ip6;

	if (is_v6) {
		ip6 = rte_pktmbuf_read(m, off, sizeof(copy6), &copy6);
		if (ip6 == NULL || *(const uint8_t *)ip6 >> 4 != 6)
			return 0;
		err->local = isla_addr_from_v6(ip6->src_addr);
		err->remote = isla_addr_from_v6(ip6->dst_addr);
		err->proto = ip6->proto;
		/* A mapped address would be taken for IPv4's. */
		return isla_addr_is_v4(&err->remote) ? 0 : off + (uint32_t)sizeof(*ip6);
	}
	ip = rte_pktmbuf_read(m, off, sizeof(copy), &copy);
	/* Routers on the way may have put options, not taken bytes away. */
	if (ip == NULL || ip->version_ihl >> 4 != 4 || rte_ipv4_hdr_len(ip) < sizeof(*ip) ||
		(ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0)
		return 0;
	err->local = isla_addr_from_v4(ip->src_addr);
	err->remote = isla_addr_from_v4(ip->dst_addr);
	err->proto = ip->next_proto_id;
	return off + rte_ipv4_hdr_len(ip);
}

/* A packet of ours at offset off of m, as far as errors quote it; false where it is none. */
static bool
parse_quoted(const struct rte_mbuf *m, uint32_t off, bool is_v6, struct inet_error *err)
{
	uint32_t l4_off = parse_quoted_ip(m, off, is_v6, err);
	uint8_t copy[QUOTED_L4_LEN];
	const uint8_t *l4;

	l4 = l4_off != 0 ? rte_pktmbuf_read(m, l4_off, sizeof(copy), copy) : NULL;
	if (l4 == NULL)
		return false;
	memcpy(&err->local_port, l4, sizeof(err->local_port));
	memcpy(&err->remote_port, l4 + 2, sizeof(err->remote_port));
	if (err->proto != PROTO_UDP) {
		rte_be32_t seq;

		memcpy(&seq, l4 + 4, sizeof(seq));
		err->seq = rte_be_to_cpu_32(seq);
	}
	return true;
}

int
inet_errno(enum inet_error_kind kind)
{
	static const int errno_of[] = {
		[INET_ERR_NET_UNREACH] = ENETUNREACH,
		[INET_ERR_HOST_UNREACH] = EHOSTUNREACH,
		[INET_ERR_PROTO_UNREACH] = ENOPROTOOPT,
		[INET_ERR_PORT_UNREACH] = ECONNREFUSED,
		[INET_ERR_ADMIN_PROHIBITED] = EACCES,
		[INET_ERR_TOO_BIG] = EMSGSIZE,
		[INET_ERR_TIME_EXCEEDED] = EHOSTUNREACH,
		[INET_ERR_PARAM_PROBLEM] = EPROTO,
	};

	return errno_of[kind];
}

void
icmp_unreachable(void *ctx, const struct rte_mbuf *m, uint8_t netif)
{
	struct inet *inet = ctx;
	struct inet_error err = {
		.kind = INET_ERR_HOST_UNREACH, .netif = netif, .is_local = true};
	bool is_v6 = *rte_pktmbuf_mtod(m, const uint8_t *) >> 4 == 6;
	const struct inet_proto *p;

	if (!parse_quoted(m, 0, is_v6, &err))
		return;
	p = &inet->proto[err.proto];
	if (p->error != NULL)
		p->error(p->ctx, &err);
}

/* An error that came: whose packet does it quote? */
static enum isla_drop
error_input(struct inet *inet, struct rte_mbuf *m, struct inet_error *err)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	bool is_v6 = (pkt->flags & ISLA_PKT_V6) != 0;
	const struct inet_proto *p;

	if (!parse_quoted(m, sizeof(struct icmp_hdr), is_v6, err))
		return ISLA_DROP_ICMP_QUOTE;
	/* Errors come back to who sent the packet: one of our unicast addresses, the same as the
	 * error's own destination, and not about a packet to ourselves or to a group. */
	if ((pkt->flags & (ISLA_PKT_L3_MULTICAST | ISLA_PKT_L3_BROADCAST)) != 0 ||
		!isla_addr_eq(&err->local, &pkt->dst) || isla_addr_is_unspecified(&err->remote) ||
		isla_addr_is_multicast(&err->remote) ||
		link_addr_is_broadcast(inet->link, pkt->netif, &err->remote) ||
		inet_is_own(inet, &err->remote))
		return ISLA_DROP_ICMP_QUOTE;
	p = &inet->proto[err->proto];
	if (p->error == NULL)
		return ISLA_DROP_ICMP_TYPE;
	err->netif = pkt->netif;
	p->error(p->ctx, err);
	rte_pktmbuf_free(m);
	return ISLA_ACCEPTED;
}

static enum isla_drop
message_input(struct inet *inet, struct rte_mbuf *m)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	bool is_v6 = (pkt->flags & ISLA_PKT_V6) != 0;
	struct inet_error err = {.mtu = 0};
	struct icmp_hdr icmp;

	if (m->pkt_len < sizeof(icmp) || !inet_pull(m, sizeof(icmp)))
		return ISLA_DROP_ICMP_SHORT;
	if (icmp_cksum(&pkt->src, &pkt->dst, m) != 0)
		return ISLA_DROP_ICMP_CKSUM;
	memcpy(&icmp, rte_pktmbuf_mtod(m, const void *), sizeof(icmp));
	if ((pkt->flags & ISLA_PKT_LEARN) != 0)
		return icmpv6_input(inet, m, &icmp);
	if (icmp.type == (is_v6 ? ICMPV6_ECHO : ICMPV4_ECHO)) {
		if (isla_addr_is_unspecified(&pkt->src))
			return ISLA_DROP_IP_SRC;
		return icmp.code == 0 ? echo_input(inet, m, &icmp) : ISLA_DROP_ICMP_TYPE;
	}
	if (icmp.type == (is_v6 ? ICMPV6_ECHO_REPLY : ICMPV4_ECHO_REPLY))
		return ping_reply(inet, m, &icmp);
	if (is_v6 ? icmpv6_error_kind(&icmp, &err.kind, &err.mtu)
		  : icmpv4_error_kind(&icmp, &err.kind, &err.mtu))
		return error_input(inet, m, &err);
	return is_v6 ? icmpv6_input(inet, m, &icmp) : ISLA_DROP_ICMP_TYPE;
}

enum isla_drop
icmp_input(void *ctx, struct rte_mbuf *m)
{
	struct inet *inet = ctx;
	bool is_v6 = (isla_pkt(m)->flags & ISLA_PKT_V6) != 0;
	enum isla_drop drop;

	core_count_ip(inet->core, ISLA_C_IP4_ICMP_IN_MSGS, is_v6);
	drop = message_input(inet, m);
	if (drop == ISLA_DROP_ICMP_SHORT || drop == ISLA_DROP_ICMP_CKSUM ||
		drop == ISLA_DROP_ICMP_QUOTE)
		core_count_ip(inet->core, ISLA_C_IP4_ICMP_IN_ERRORS, is_v6);
	return drop;
}

/* RFC 1122, 3.2.2: about nothing that came to a group, nor to a sender that is not one host. */
static bool
icmpv4_error_allowed(const struct isla_pkt *pkt)
{
	return (pkt->flags & (ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST |
				     ISLA_PKT_L3_MULTICAST | ISLA_PKT_L3_BROADCAST)) == 0 &&
		(pkt->src.b[12] & 0xf0) != 0xf0;
}

/* A message with as much of the packet as may be quoted, or NULL. The checksum is not set. */
static struct rte_mbuf *
build_error(struct inet *inet, struct rte_mbuf *m, uint16_t back, const struct icmp_hdr *icmp,
	uint32_t max_quote)
{
	uint32_t len = RTE_MIN(m->pkt_len + back, max_quote);
	struct rte_mbuf *e = core_alloc(inet->core);
	char *data;

	if (e == NULL)
		return NULL;
	data = rte_pktmbuf_append(e, (uint16_t)(sizeof(*icmp) + len));
	if (data == NULL) {
		rte_pktmbuf_free(e);
		return NULL;
	}
	memcpy(data, icmp, sizeof(*icmp));
	/* The headers still stand where they stood, before the data. */
	rte_pktmbuf_prepend(m, back);
	payload_copy(inet->core, data + sizeof(*icmp), m, 0, len);
	rte_pktmbuf_adj(m, back);
	return e;
}

void
icmp_send_error(struct inet *inet, struct rte_mbuf *m, uint16_t back, uint8_t type, uint8_t code,
	uint32_t rest)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	bool is_v6 = (pkt->flags & ISLA_PKT_V6) != 0;
	struct icmp_hdr icmp = {.type = type, .code = code, .rest = rte_cpu_to_be_32(rest)};
	uint32_t max_len = is_v6 ? ICMPV6_ERROR_MAX : ICMPV4_ERROR_MAX;
	struct isla_addr src = pkt->dst;
	struct inet_dst via;
	struct rte_mbuf *e;

	if ((pkt->flags & ISLA_PKT_LEARN) != 0 ||
		!(is_v6 ? icmpv6_error_allowed(pkt, type, code) : icmpv4_error_allowed(pkt)) ||
		back > rte_pktmbuf_headroom(m) ||
		!inet_route_back(inet, &pkt->src, pkt->netif, &via))
		return;
	if ((pkt->flags & ISLA_PKT_L3_MULTICAST) != 0 &&
		!inet_select_src(inet, &pkt->src, pkt->netif, &src))
		return;
	if (!icmp_rate_take(&inet->errors, inet->core->now_us))
		return;
	e = build_error(inet, m, back, &icmp,
		max_len - inet_hdr_len(&src) - (uint32_t)sizeof(icmp));
	if (e == NULL) {
		core_drop(inet->core, ISLA_DROP_NO_MBUF);
		return;
	}
	icmp.cksum = icmp_cksum(&src, &pkt->src, e);
	memcpy(rte_pktmbuf_mtod(e, void *), &icmp, sizeof(icmp));
	if (type == (is_v6 ? ICMPV6_UNREACH : ICMPV4_UNREACH))
		core_count_ip(inet->core, ISLA_C_IP4_ICMP_OUT_DEST_UNREACHS, is_v6);
	icmp_send(inet, e, &src, &pkt->src, &via, 0);
}

void
inet_send_port_unreach(struct inet *inet, struct rte_mbuf *m)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	bool is_v6 = (pkt->flags & ISLA_PKT_V6) != 0;

	icmp_send_error(inet, m, (uint16_t)(pkt->l4_off - pkt->l3_off),
		is_v6 ? ICMPV6_UNREACH : ICMPV4_UNREACH,
		is_v6 ? ICMPV6_UNREACH_PORT : ICMPV4_UNREACH_PORT, 0);
}
