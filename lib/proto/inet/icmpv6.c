/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ICMPv6 (RFC 4443) has of its own: the meaning of its errors, where they are forbidden, and
 * neighbour discovery, which goes to the link room. icmp.c does the rest for both families.
 */

#include "inet_priv.h"

bool
icmpv6_error_kind(const struct icmp_hdr *icmp, enum inet_error_kind *kind, uint32_t *mtu)
{
	/* RFC 4443, 3.1; a code that is not known is unreachable all the same (2.4 (d)). */
	static const uint8_t kind_of_code[] = {
		[0] = INET_ERR_NET_UNREACH,
		[1] = INET_ERR_ADMIN_PROHIBITED,
		[2] = INET_ERR_NET_UNREACH,
		[3] = INET_ERR_HOST_UNREACH,
		[4] = INET_ERR_PORT_UNREACH,
		[5] = INET_ERR_ADMIN_PROHIBITED,
		[6] = INET_ERR_ADMIN_PROHIBITED,
	};

	switch (icmp->type) {
	case ICMPV6_UNREACH:
		*kind = icmp->code < RTE_DIM(kind_of_code)
			? (enum inet_error_kind)kind_of_code[icmp->code]
			: INET_ERR_HOST_UNREACH;
		return true;
	case ICMPV6_TOO_BIG:
		*kind = INET_ERR_TOO_BIG;
		*mtu = rte_be_to_cpu_32(icmp->rest);
		return true;
	case ICMPV6_TIME_EXCEEDED:
		*kind = INET_ERR_TIME_EXCEEDED;
		return true;
	case ICMPV6_PARAM_PROBLEM:
		*kind = icmp->code == ICMPV6_PARAM_NEXT_HEADER ? INET_ERR_PROTO_UNREACH
								: INET_ERR_PARAM_PROBLEM;
		return true;
	default:
		return false;
	}
}

enum isla_drop
icmpv6_input(struct inet *inet, struct rte_mbuf *m, const struct icmp_hdr *icmp)
{
	if (icmp->type != ICMPV6_NEIGHB_SOLICIT && icmp->type != ICMPV6_NEIGHB_ADVERT)
		return ISLA_DROP_ICMP_TYPE;
	/* RFC 6980, 5: not even in a fragment that is whole. */
	if ((isla_pkt(m)->flags & ISLA_PKT_FRAG_HDR) != 0)
		return ISLA_DROP_ND_FORMAT;
	return ndp_input(inet->link, m);
}

bool
icmpv6_error_allowed(const struct isla_pkt *pkt, uint8_t type, uint8_t code)
{
	bool group = (pkt->flags & (ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST |
					   ISLA_PKT_L3_MULTICAST)) != 0;

	if (isla_addr_is_unspecified(&pkt->src))
		return false;
	return !group || (type == ICMPV6_PARAM_PROBLEM && code == ICMPV6_PARAM_OPTION);
}
