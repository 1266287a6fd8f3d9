/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 extension headers (RFC 8200, 4). ext_walk() goes from header to header, bounded in their
 * number and in that of their options (RFC 8504, 5.3), until it finds one that is none or that it
 * does not know; the caller judges that one. Nothing here is acted upon but what RFC 8200
 * demands of the destination of a packet.
 */

#include "inet_priv.h"

#define NH_HOP_BY_HOP 0
#define NH_ROUTING    43
#define NH_FRAGMENT   44
#define NH_DST_OPTS   60

#define EXT_HDRS_MAX 8  /* of one packet */
#define EXT_OPTS_MAX 32 /* of one header, padding included */

#define OPT_PAD1 0
#define OPT_PADN 1

static bool
is_ext_hdr(uint8_t nh)
{
	return nh == NH_HOP_BY_HOP || nh == NH_ROUTING || nh == NH_FRAGMENT || nh == NH_DST_OPTS;
}

static unsigned int
ext_hdr_len(uint8_t nh, const uint8_t *hdr)
{
	return nh == NH_FRAGMENT ? 8 : (hdr[1] + 1u) * 8;
}

/* Is the packet an ICMPv6 error or a redirect? Looks past all headers that the walk has not
 * reached; where that cannot be told, yes. */
static bool
is_icmpv6_error(const struct rte_mbuf *m, const struct ext_walk *w)
{
	unsigned int off = w->off, n;
	uint8_t nh = w->nh, copy[8];

	for (n = 0; n <= EXT_HDRS_MAX; n++) {
		bool ext = is_ext_hdr(nh);
		const uint8_t *hdr;

		if (!ext && nh != INET_PROTO_ICMPV6)
			return false;
		hdr = rte_pktmbuf_read(m, off, ext ? 8 : 1, copy);
		if (hdr == NULL)
			return true;
		if (!ext)
			return hdr[0] < ICMPV6_FIRST_INFO || hdr[0] == ICMPV6_REDIRECT;
		off += ext_hdr_len(nh, hdr);
		nh = hdr[0];
	}
	return true;
}

void
ext_param_problem(struct inet *inet, struct rte_mbuf *m, const struct ext_walk *w, uint8_t code,
	uint16_t ptr)
{
	if (!is_icmpv6_error(m, w))
		icmp_send_error(inet, m, 0, ICMPV6_PARAM_PROBLEM, code, ptr);
}

/* RFC 8200, 4.2: the two highest bits of an unknown option's type say what to do. */
static enum isla_drop
unknown_option(struct inet *inet, struct rte_mbuf *m, const struct ext_walk *w, uint8_t type,
	uint16_t ptr)
{
	bool group = (isla_pkt(m)->flags & ISLA_PKT_L3_MULTICAST) != 0;

	switch (type >> 6) {
	case 0:
		return ISLA_ACCEPTED;
	case 1:
		break;
	case 2:
		ext_param_problem(inet, m, w, ICMPV6_PARAM_OPTION, ptr);
		break;
	default:
		if (!group)
			ext_param_problem(inet, m, w, ICMPV6_PARAM_OPTION, ptr);
		break;
	}
	return ISLA_DROP_IP6_EXT_HDR;
}

/* The options of a header of len bytes, which lies in one piece. */
static enum isla_drop
walk_options(struct inet *inet, struct rte_mbuf *m, const struct ext_walk *w, unsigned int len)
{
	const uint8_t *hdr = rte_pktmbuf_mtod_offset(m, const uint8_t *, w->off);
	unsigned int i = 2, nb_opts = 0;

	while (i < len) {
		enum isla_drop drop;

		if (++nb_opts > EXT_OPTS_MAX)
			return ISLA_DROP_IP6_EXT_CHAIN;
		if (hdr[i] == OPT_PAD1) {
			i++;
			continue;
		}
		if (len - i < 2 || hdr[i + 1] > len - i - 2)
			return ISLA_DROP_IP6_EXT_HDR;
		if (hdr[i] != OPT_PADN) {
			drop = unknown_option(inet, m, w, hdr[i], (uint16_t)(w->off + i));
			if (drop != ISLA_ACCEPTED)
				return drop;
		}
		i += 2u + hdr[i + 1];
	}
	return ISLA_ACCEPTED;
}

/* One header of len bytes, which lies in one piece. */
static enum isla_drop
process_header(struct inet *inet, struct rte_mbuf *m, struct ext_walk *w, unsigned int len)
{
	const uint8_t *hdr = rte_pktmbuf_mtod_offset(m, const uint8_t *, w->off);

	switch (w->nh) {
	case NH_ROUTING:
		/* No type is known. With no segments left a header is passed over, else the type is
		 * to blame (RFC 8200, 4.4; RFC 5095 for type 0). */
		if (hdr[3] == 0)
			return ISLA_ACCEPTED;
		ext_param_problem(inet, m, w, ICMPV6_PARAM_FIELD, (uint16_t)(w->off + 2));
		return ISLA_DROP_IP6_EXT_HDR;
	case NH_FRAGMENT:
		/* A fragment that is the whole datagram is processed by itself (RFC 6946, 4). */
		w->fragment = true;
		return hdr[2] == 0 && (hdr[3] & 0xf9) == 0 ? ISLA_ACCEPTED : ISLA_DROP_IP_FRAGMENT;
	default:
		return walk_options(inet, m, w, len);
	}
}

enum isla_drop
ext_walk(struct inet *inet, struct rte_mbuf *m, struct ext_walk *w)
{
	unsigned int nb_hdrs, len;

	for (nb_hdrs = 0; is_ext_hdr(w->nh); nb_hdrs++) {
		const uint8_t *hdr;
		enum isla_drop drop;

		/* Hop-by-hop options come first; elsewhere their number is one that is not known
		 * (RFC 8200, 4). */
		if (w->nh == NH_HOP_BY_HOP && nb_hdrs > 0)
			return ISLA_ACCEPTED;
		if (nb_hdrs == EXT_HDRS_MAX)
			return ISLA_DROP_IP6_EXT_CHAIN;
		if (w->end - w->off < 8)
			return ISLA_DROP_IP6_EXT_HDR;
		if (!inet_pull(m, w->off + 8u))
			return ISLA_DROP_IP_SHORT;
		hdr = rte_pktmbuf_mtod_offset(m, const uint8_t *, w->off);
		len = ext_hdr_len(w->nh, hdr);
		if (len > (unsigned int)(w->end - w->off))
			return ISLA_DROP_IP6_EXT_HDR;
		if (!inet_pull(m, w->off + len))
			return ISLA_DROP_IP_SHORT;
		drop = process_header(inet, m, w, len);
		if (drop != ISLA_ACCEPTED)
			return drop;
		hdr = rte_pktmbuf_mtod_offset(m, const uint8_t *, w->off);
		w->nh_off = w->off;
		w->nh = hdr[0];
		w->off = (uint16_t)(w->off + len);
	}
	return ISLA_ACCEPTED;
}
