/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a frame to the rule by which it finds its shard: Ethernet and VLAN tags, IPv4 or IPv6 with
 * its extension headers, then ports, ICMP's type or the packet that an ICMP error quotes. Nothing
 * is judged that the stack will judge anyway: what makes no sense stays where it is, and is dropped
 * and counted there.
 */

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include <isla_stack.h>

#include "owner_frame.h"

#define VLAN_TAGS_MAX 2
#define EXT_HDRS_MAX  8 /* as the stack walks them */

#define PROTO_HOP_BY_HOP 0
#define PROTO_ICMPV4     1
#define PROTO_IGMP       2
#define PROTO_TCP        6
#define PROTO_UDP        17
#define PROTO_ROUTING    43
#define PROTO_FRAGMENT   44
#define PROTO_ICMPV6     58
#define PROTO_DST_OPTS   60

#define PORT_DHCP_CLIENT   68
#define PORT_DHCPV6_CLIENT 546

/* Where an IP packet is looked at. */
struct at {
	const struct rte_mbuf *m;
	uint32_t off;   /* of the header that comes next */
	bool is_quoted;
};

static void parse_icmpv4(struct at *at, struct owner_frame *f);
static void parse_icmpv6(struct at *at, struct owner_frame *f, uint8_t hop_limit);

static inline uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_32(v);
}

static void
by_number(struct owner_frame *f, uint16_t number)
{
	f->rule = OWNER_BY_NUMBER;
	f->number = number;
}

/* TCP or UDP: remote is the end that is not ours. */
static void
parse_ports(struct at *at, struct owner_frame *f, uint8_t proto)
{
	uint8_t copy[4];
	const uint8_t *p = rte_pktmbuf_read(at->m, at->off, sizeof(copy), copy);
	uint16_t local, remote;

	if (unlikely(p == NULL))
		return;
	remote = get_u16(at->is_quoted ? p + 2 : p);
	local = get_u16(at->is_quoted ? p : p + 2);
	f->is_tcp = proto == PROTO_TCP;
	f->ports = (uint32_t)remote << 16 | local;
	f->has_ports = true;
	if (local >= ISLA_PORT_FIRST)
		by_number(f, (uint16_t)(local - ISLA_PORT_FIRST));
	else if (proto == PROTO_UDP &&
		local == (f->is_v6 ? PORT_DHCPV6_CLIENT : PORT_DHCP_CLIENT))
		by_number(f, 0);
	else
		f->rule = OWNER_BY_FLOW;
}

static void
parse_l4(struct at *at, struct owner_frame *f, uint8_t proto, uint8_t hop_limit)
{
	if (likely(proto == PROTO_TCP || proto == PROTO_UDP))
		parse_ports(at, f, proto);
	else if (proto == PROTO_ICMPV4 && !f->is_v6)
		parse_icmpv4(at, f);
	else if (proto == PROTO_ICMPV6 && f->is_v6)
		parse_icmpv6(at, f, hop_limit);
	else if (at->is_quoted)
		f->rule = OWNER_BY_POLLER;
	else if (proto == PROTO_IGMP && !f->is_v6)
		by_number(f, 0);
	else
		f->rule = OWNER_BY_SRC;
}

static void
parse_ipv4(struct at *at, struct owner_frame *f)
{
	struct rte_ipv4_hdr copy;
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_read(at->m, at->off, sizeof(copy), &copy);
	const uint8_t *src, *dst;
	uint16_t frag;

	if (unlikely(ip == NULL || ip->version_ihl >> 4 != 4 ||
		    rte_ipv4_hdr_len(ip) < sizeof(*ip)))
		return;
	src = (const uint8_t *)&ip->src_addr;
	dst = (const uint8_t *)&ip->dst_addr;
	f->is_v6 = false;
	f->src[0] = get_u32(at->is_quoted ? dst : src);
	f->dst[0] = get_u32(at->is_quoted ? src : dst);
	at->off += rte_ipv4_hdr_len(ip);
	frag = rte_be_to_cpu_16(ip->fragment_offset);
	if (at->is_quoted ? (frag & RTE_IPV4_HDR_OFFSET_MASK) != 0
			  : (frag & (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0) {
		/* Ports stand in the first one alone. */
		f->rule = at->is_quoted ? OWNER_BY_POLLER : OWNER_BY_SRC;
		return;
	}
	parse_l4(at, f, ip->next_proto_id, ip->time_to_live);
}

/* Pass over extension headers; false where there is nothing behind them that could be read. The
 * rule is set where a fragment ends the walk. */
static bool
walk_ext_hdrs(struct at *at, struct owner_frame *f, uint8_t *proto)
{
	unsigned int i;

	for (i = 0; i <= EXT_HDRS_MAX; i++) {
		uint8_t copy[8], nh = *proto;
		const uint8_t *p;

		if (nh != PROTO_HOP_BY_HOP && nh != PROTO_ROUTING && nh != PROTO_DST_OPTS &&
			nh != PROTO_FRAGMENT)
			return true;
		p = rte_pktmbuf_read(at->m, at->off, sizeof(copy), copy);
		if (p == NULL || i == EXT_HDRS_MAX)
			return false;
		*proto = p[0];
		if (nh != PROTO_FRAGMENT) {
			at->off += (p[1] + 1u) * 8;
			continue;
		}
		/* One that is the whole packet is none (RFC 6946); of ours the first has the ports.
		 */
		if ((get_u16(p + 2) & (at->is_quoted ? 0xfff8 : 0xfff9)) != 0) {
			f->rule = at->is_quoted ? OWNER_BY_POLLER : OWNER_BY_SRC;
			return false;
		}
		at->off += 8;
	}
	return false;
}

static void
parse_ipv6(struct at *at, struct owner_frame *f)
{
	struct rte_ipv6_hdr copy;
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_read(at->m, at->off, sizeof(copy), &copy);
	const uint8_t *src, *dst;
	uint8_t proto, hop_limit;
	unsigned int i;

	if (unlikely(ip == NULL || *(const uint8_t *)ip >> 4 != 6))
		return;
	src = at->is_quoted ? ip->dst_addr : ip->src_addr;
	dst = at->is_quoted ? ip->src_addr : ip->dst_addr;
	f->is_v6 = true;
	for (i = 0; i < 4; i++) {
		f->src[i] = get_u32(src + i * 4);
		f->dst[i] = get_u32(dst + i * 4);
	}
	proto = ip->proto;
	hop_limit = ip->hop_limits;
	at->off += (uint32_t)sizeof(*ip);
	if (walk_ext_hdrs(at, f, &proto))
		parse_l4(at, f, proto, hop_limit);
}

/* An ICMP error: the packet of ours that it quotes, behind 8 bytes of header. */
static void
parse_quoted(struct at *at, struct owner_frame *f)
{
	if (at->is_quoted)
		return; /* nobody sends errors about errors */
	at->is_quoted = f->is_quoted = true;
	at->off += 8;
	if (f->is_v6)
		parse_ipv6(at, f);
	else
		parse_ipv4(at, f);
}

static void
parse_icmpv4(struct at *at, struct owner_frame *f)
{
	uint8_t copy[8];
	const uint8_t *p = rte_pktmbuf_read(at->m, at->off, sizeof(copy), copy);

	if (p == NULL)
		return;
	switch (p[0]) {
	case 0: /* echo reply: to whoever has asked */
		if (!at->is_quoted)
			by_number(f, get_u16(p + 4));
		break;
	case 8: /* echo request: whoever polled it answers */
		if (at->is_quoted)
			by_number(f, get_u16(p + 4));
		break;
	case 3:  /* unreachable */
	case 5:  /* redirect */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		parse_quoted(at, f);
		break;
	default:
		break;
	}
}

static void
parse_icmpv6(struct at *at, struct owner_frame *f, uint8_t hop_limit)
{
	uint8_t copy[8];
	const uint8_t *p = rte_pktmbuf_read(at->m, at->off, sizeof(copy), copy);

	if (p == NULL)
		return;
	switch (p[0]) {
	case 128: /* echo request */
		if (at->is_quoted)
			by_number(f, get_u16(p + 4));
		break;
	case 129: /* echo reply */
		if (!at->is_quoted)
			by_number(f, get_u16(p + 4));
		break;
	case 130: /* multicast listener discovery, in both versions: groups live on shard 0 */
	case 131:
	case 132:
	case 143:
		if (!at->is_quoted)
			by_number(f, 0);
		break;
	case 134: /* router advertisement */
	case 135: /* neighbour solicitation, advertisement */
	case 136:
	case 137: /* redirect */
		/* From beyond the link it is refused (RFC 4861), and so not worth many copies. */
		if (!at->is_quoted && hop_limit == 255)
			f->rule = OWNER_BY_ALL;
		break;
	default:
		if (p[0] < 128)
			parse_quoted(at, f);
		break;
	}
}

void
owner_frame_parse(const struct rte_mbuf *m, struct owner_frame *f)
{
	struct at at = {.m = m, .off = RTE_ETHER_HDR_LEN};
	uint8_t copy[2];
	const uint8_t *p = rte_pktmbuf_read(m, 12, sizeof(copy), copy);
	uint16_t type;
	unsigned int i;

	f->rule = OWNER_BY_POLLER;
	f->is_tcp = f->has_ports = f->is_quoted = false;
	if (unlikely(p == NULL))
		return;
	type = get_u16(p);
	for (i = 0; i < VLAN_TAGS_MAX; i++) {
		if (likely(type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ))
			break;
		p = rte_pktmbuf_read(m, at.off + 2, sizeof(copy), copy);
		if (p == NULL)
			return;
		type = get_u16(p);
		at.off += 4;
	}
	if (likely(type == RTE_ETHER_TYPE_IPV4))
		parse_ipv4(&at, f);
	else if (type == RTE_ETHER_TYPE_IPV6)
		parse_ipv6(&at, f);
	else if (type == RTE_ETHER_TYPE_ARP)
		f->rule = OWNER_BY_ALL;
}
