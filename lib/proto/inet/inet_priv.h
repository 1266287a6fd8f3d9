/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef INET_PRIV_H
#define INET_PRIV_H

/*
 * What the files of the inet room share. Input: ipv4_accept() or ipv6_accept() validate a packet
 * and describe it, inet_input() gives it to its protocol. Output: inet_output().
 */

#include "inet.h"

/* Numbers of the protocols that only one family has. */
#define INET_PROTO_ICMPV4 1
#define INET_PROTO_ICMPV6 58

/*
 * A token bucket (RFC 4443, 2.4 (f)), kept as the time at which it would be full again: each
 * message moves that on by interval_ns, and it may be ahead of the clock by depth_ns.
 */
struct icmp_rate {
	uint64_t full_ns;
	uint64_t interval_ns; /* 0: no limit */
	uint64_t depth_ns;
};

struct inet_static_route {
	struct isla_prefix prefix; /* host bits are zero */
	struct isla_addr gateway;  /* unspecified: directly reachable */
	uint8_t netif;
	bool leased;               /* of a lease; one set by hand goes before it */
};

/* A path's MTU, and until when it is believed. */
struct pmtu_entry {
	struct isla_addr dst;
	uint64_t until_us; /* 0: free */
	uint16_t mtu;
};

#define PMTU_WAYS 4

struct pmtu_set {
	struct pmtu_entry entry[PMTU_WAYS];
};

struct inet {
	struct core *core;
	struct link *link;
	struct icmp_rate errors;
	struct icmp_rate echo_replies;
	uint32_t nb_routes;
	uint32_t max_routes;
	struct inet_static_route *routes; /* the longest prefix first */
	struct isla_key pmtu_key;
	uint64_t pmtu_until_us; /* when the youngest entry ends */
	struct pmtu_set *pmtu;
	struct isla_ping *pings; /* ISLA_PING_MAX */
	struct inet_proto proto[256];
};

/* Types and codes: RFC 792 and RFC 4443. */
enum icmp_number {
	ICMPV4_ECHO_REPLY = 0,
	ICMPV4_UNREACH = 3,
	ICMPV4_UNREACH_PROTO = 2,
	ICMPV4_UNREACH_PORT = 3,
	ICMPV4_UNREACH_TOO_BIG = 4,
	ICMPV4_ECHO = 8,
	ICMPV4_TIME_EXCEEDED = 11,
	ICMPV4_PARAM_PROBLEM = 12,
	ICMPV6_UNREACH = 1,
	ICMPV6_UNREACH_PORT = 4,
	ICMPV6_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAM_PROBLEM = 4,
	ICMPV6_PARAM_FIELD = 0,
	ICMPV6_PARAM_NEXT_HEADER = 1,
	ICMPV6_PARAM_OPTION = 2,
	ICMPV6_FIRST_INFO = 128, /* lower types are errors */
	ICMPV6_ECHO = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_NEIGHB_SOLICIT = 135,
	ICMPV6_NEIGHB_ADVERT = 136,
	ICMPV6_REDIRECT = 137,
};

/* The ICMP and ICMPv6 header; rest is what the type makes of it. */
struct icmp_hdr {
	uint8_t type;
	uint8_t code;
	rte_be16_t cksum;
	rte_be32_t rest;
};

/* chain.c */

/* inet_trim() of a chain that is longer. */
void inet_trim_chain(struct rte_mbuf *m, uint32_t len);

/* Cut a chain to its first len bytes. */
static inline void
inet_trim(struct rte_mbuf *m, uint32_t len)
{
	if (m->pkt_len > len)
		inet_trim_chain(m, len);
}

/* True where nobody else sees the mbuf's buffer, so that it may be written to. */
static inline bool
inet_is_writable(const struct rte_mbuf *m)
{
	return RTE_MBUF_DIRECT(m) && rte_mbuf_refcnt_read(m) == 1;
}

/* The packet behind a new mbuf, whatever room it has itself; NULL as for inet_front(). */
struct rte_mbuf *inet_front_mbuf(struct core *core, struct rte_mbuf *m);

/* The same packet with room for n bytes in front of it that may be written: m itself, or a new mbuf
 * before it. NULL where no mbuf is free; the packet is then dropped and counted. */
static inline struct rte_mbuf *
inet_front(struct core *core, struct rte_mbuf *m, uint16_t n)
{
	if (likely(inet_is_writable(m) && rte_pktmbuf_headroom(m) >= n))
		return m;
	return inet_front_mbuf(core, m);
}

/* inet.c */

/* True where a packet of that family and protocol has a receiver. */
static inline bool
inet_knows_proto(const struct inet *inet, uint8_t proto, bool is_v6)
{
	return inet->proto[proto].input != NULL &&
		proto != (is_v6 ? INET_PROTO_ICMPV4 : INET_PROTO_ICMPV6);
}

/* ipv4.c, ipv6.c: validate a packet whose data begins with the IP header, fill isla_pkt, cut
 * padding off and move the data on to the transport header. Input calls. */
enum isla_drop ipv4_accept(struct inet *inet, struct rte_mbuf *m);
enum isla_drop ipv6_accept(struct inet *inet, struct rte_mbuf *m);

/* ext.c */

/* Where a walk over IPv6 extension headers stands; offsets count from the IPv6 header. */
struct ext_walk {
	uint16_t off;    /* of the header that comes next */
	uint16_t end;    /* of the datagram */
	uint16_t nh_off; /* of the byte that names the next header */
	uint8_t nh;      /* its number */
	bool fragment;   /* a fragment header was passed */
};

/*
 * Walk until a header that is no extension header known here. Sends what parameter problems are
 * due. The mbuf's data begins with the IPv6 header, and isla_pkt has the addresses and flags.
 */
enum isla_drop ext_walk(struct inet *inet, struct rte_mbuf *m, struct ext_walk *w);

/* Send a parameter problem (RFC 4443, 3.4) about a packet whose extension headers have been walked
 * so far, unless the packet is itself an ICMPv6 error. ptr counts from the IPv6 header. */
void ext_param_problem(struct inet *inet, struct rte_mbuf *m, const struct ext_walk *w,
	uint8_t code, uint16_t ptr);

/* pmtu.c */

/* False where memory is short. */
bool inet_pmtu_init(struct inet *inet);

/* ping.c */

/* False where memory is short. */
bool inet_ping_init(struct inet *inet);

/* An echo reply whose header is the mbuf's data; the checksum is right. Input call. */
enum isla_drop ping_reply(struct inet *inet, struct rte_mbuf *m, const struct icmp_hdr *icmp);

/* The inet_proto::error of ICMP and ICMPv6; ctx is the inet. */
void ping_error(void *ctx, const struct inet_error *err);

/* icmp.c */

/* The checksum of a message, all that is in the chain; ICMPv6's has a pseudo-header. */
uint16_t icmp_cksum(const struct isla_addr *src, const struct isla_addr *dst,
	const struct rte_mbuf *m);

/* Send a message whose header is the mbuf's data. Output call. */
enum isla_drop icmp_send(struct inet *inet, struct rte_mbuf *m, const struct isla_addr *src,
	const struct isla_addr *dst, const struct inet_dst *via, uint8_t tos);

void icmp_rate_init(struct icmp_rate *rate, uint32_t per_second);

/* Take a token; false where there is none. */
bool icmp_rate_take(struct icmp_rate *rate, uint64_t now_us);

/* The link room's word that nobody has a packet's next hop: as if a router had said so. */
void icmp_unreachable(void *ctx, const struct rte_mbuf *m, uint8_t netif);

/* The inet_proto::input of ICMP and ICMPv6; ctx is the inet. */
enum isla_drop icmp_input(void *ctx, struct rte_mbuf *m);

/*
 * Send an ICMP error about a packet, back bytes before whose data the IP header stands. rest is the
 * second word of the message, in host order. Rate limited; silent where an error is forbidden, but
 * that the packet is no ICMP error is for the caller to know. The mbuf stays the caller's.
 */
void icmp_send_error(struct inet *inet, struct rte_mbuf *m, uint16_t back, uint8_t type,
	uint8_t code, uint32_t rest);

/* icmpv6.c */

/* What an ICMPv6 error says; false for a type that is none. mtu is set for INET_ERR_TOO_BIG. */
bool icmpv6_error_kind(const struct icmp_hdr *icmp, enum inet_error_kind *kind, uint32_t *mtu);

/* The messages that only IPv6 has; the checksum is right. Input call. */
enum isla_drop icmpv6_input(struct inet *inet, struct rte_mbuf *m, const struct icmp_hdr *icmp);

/* True where an error may be sent about a packet with these flags, RFC 4443, 2.4 (e). */
bool icmpv6_error_allowed(const struct isla_pkt *pkt, uint8_t type, uint8_t code);

#endif /* INET_PRIV_H */
