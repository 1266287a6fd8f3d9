/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef INET_H
#define INET_H

/*
 * The inet room: IPv4, IPv6, ICMP, ICMPv6, routes, UDP. Packets come from the link room by
 * inet_input(), are validated, described in isla_pkt and given to the protocol that registered for
 * their number; they leave by inet_output().
 *
 * Input calls return 0 where they took the mbuf; else the caller still has it. Output calls take
 * the mbuf whatever happens and count their own drops.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "core.h"
#include "isla_ping.h"
#include "isla_route.h"
#include "link.h"

/* What an ICMP error says about a packet of ours (RFC 792, RFC 4443). */
enum inet_error_kind {
	INET_ERR_NET_UNREACH,
	INET_ERR_HOST_UNREACH,
	INET_ERR_PROTO_UNREACH,
	INET_ERR_PORT_UNREACH,
	INET_ERR_ADMIN_PROHIBITED,
	INET_ERR_TOO_BIG,       /* fragmentation needed, or packet too big: mtu is set */
	INET_ERR_TIME_EXCEEDED,
	INET_ERR_PARAM_PROBLEM,
};

/* An ICMP error, with the packet it quotes seen from our side: local is the quoted source. */
struct inet_error {
	enum inet_error_kind kind;
	uint8_t netif;
	uint8_t proto;
	uint32_t mtu;           /* of the next hop; 0 where the message has none */
	struct isla_addr local;
	struct isla_addr remote;
	rte_be16_t local_port;
	rte_be16_t remote_port;
	uint32_t seq;           /* TCP: the quoted sequence number, host order; an echo request:
				 * its identifier and sequence number */
	bool is_local;          /* the link room says so itself: no message that could be forged */
};

/* A transport protocol. */
struct inet_proto {
	void *ctx;
	/*
	 * Input call: the mbuf's data begins with the transport header and holds isla_pkt::l4_len
	 * bytes, padding trimmed; addresses are checked, and dst is ours, or multicast or
	 * broadcast.
	 */
	enum isla_drop (*input)(void *ctx, struct rte_mbuf *m);
	/* An ICMP error; may be NULL. */
	void (*error)(void *ctx, const struct inet_error *err);
};

/* Where a packet goes. */
struct inet_dst {
	struct isla_addr next_hop;
	uint8_t netif;
	uint8_t offloads; /* ISLA_NETIF_* of that interface */
	uint16_t mtu;
};

/* What inet_output() puts in the IP header. */
struct inet_tx {
	const struct isla_addr *src; /* own address; decides the family */
	const struct isla_addr *dst;
	const struct inet_dst *via;  /* from inet_route(); NULL: looked up here */
	uint16_t *hint;              /* as for link_output(); may be NULL */
	uint8_t proto;
	uint8_t hop_limit;           /* 0: the default, 64 */
	uint8_t tos;
};

struct inet;

struct inet_conf {
	uint32_t max_routes;
	uint32_t icmp_rate; /* ICMP errors and echo replies a second each, 0: no limit */
};

/* NULL where memory is short. Takes the link room's upward handler and stands on it. */
struct inet *inet_create(struct core *core, struct link *link, const struct inet_conf *conf);
void inet_free(struct inet *inet);

/* Who receives a protocol's packets; set once, at init. The struct is copied. */
void inet_set_proto(struct inet *inet, uint8_t proto, const struct inet_proto *p);

/* Returns 0, -EEXIST, -ENOSPC or -EINVAL (gateway of another family, no such interface). A gateway
 * that is unspecified makes the prefix directly reachable. Connected prefixes of an interface's
 * addresses need no route. */
int inet_route_add(struct inet *inet, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif);

/* The same of a lease, whose route is one beside that which was set by hand, and comes behind it. */
int inet_route_lease(struct inet *inet, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif);
int inet_route_unlease(struct inet *inet, const struct isla_prefix *prefix, uint8_t netif);

/* isla_route_list(). */
uint16_t inet_route_list(const struct inet *inet, uint32_t *cursor,
	struct isla_route_entry *entries, uint16_t max);

/* Take a route away: 0, or -ESRCH where there is none to that prefix over that interface. */
int inet_route_del(struct inet *inet, const struct isla_prefix *prefix, uint8_t netif);

/* isla_ping_open(). */
struct isla_ping *ping_open(struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	isla_ping_fn *fn, void *ctx);

/* The errno of what an ICMP error says. */
int inet_errno(enum inet_error_kind kind);
/* Of a packet of len bytes nb_come have come: count it where a port has cut it, nobody being meant
 * to send it so long. */
void inet_note_cut(const struct inet *inet, uint8_t netif, uint32_t len, uint32_t nb_come);

/* The checksum of a TCP segment or a UDP datagram is wrong: count it where it is blank, as a kernel
 * at the other end of a virtual link leaves it to a network card. Damage looks like that once in
 * 65,536 times, so any other wrong one begins the count anew. */
void inet_note_bad_cksum(const struct inet *inet, const struct isla_pkt *pkt, uint8_t proto,
	uint16_t cksum);

/* True where addr is an own address of any interface. */
bool inet_is_own(const struct inet *inet, const struct isla_addr *addr);

/*
 * The way to dst: the longest matching prefix among connected ones and routes. netif restricts it
 * to one interface (link-local destinations need that; ISLA_NETIF_ANY takes the first). False:
 * none.
 */
bool inet_route(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via);

/* The way of a limited broadcast over an interface, also where that has no address. */
void inet_route_broadcast(const struct inet *inet, uint8_t netif, struct inet_dst *via);

/* The way back for an answer: over the interface that the packet came in on where a route goes
 * there, else over any. */
bool inet_route_back(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via);

/* True for 255.255.255.255 and the broadcast address of any interface's IPv4 networks. */
bool inet_is_broadcast(const struct inet *inet, const struct isla_addr *addr);

/* An own address to send from to dst over an interface (RFC 6724's scope rule and the longest
 * common prefix); false where it has none of the family. */
bool inet_select_src(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct isla_addr *src);

/* The MTU of the whole path to dst, as far as it is known (RFC 1191, RFC 8201): at most mtu, that
 * of its first link. */
uint16_t inet_pmtu(const struct inet *inet, const struct isla_addr *dst, uint16_t mtu);

/* The path to dst carries no more than that, for the next ten minutes; no less than inet_pmtu_min()
 * is believed. For those who have made sure that the error is about a packet of theirs. */
void inet_pmtu_lower(struct inet *inet, const struct isla_addr *dst, uint16_t mtu);
uint16_t inet_pmtu_min(const struct isla_addr *dst);

/* isla_pmtu_list() and isla_pmtu_clear(). */
uint16_t inet_pmtu_list(const struct inet *inet, uint32_t *cursor, struct isla_pmtu_entry *entries,
	uint16_t max);
uint16_t inet_pmtu_clear(struct inet *inet, const struct isla_addr *dst);

/*
 * Send a transport packet: the mbuf's data begins with the transport header, whose checksum is
 * complete or, with RTE_MBUF_F_TX_TCP_CKSUM or _UDP_CKSUM set in ol_flags and l4_len filled, left
 * to the port. Puts the IP header and hands it to link_output().
 */
enum isla_drop inet_output(struct inet *inet, struct rte_mbuf *m, const struct inet_tx *tx);

/* Transport saw forward progress over this way (RFC 4861, 7.3.1): its next hop is reachable. */
void inet_confirm(struct inet *inet, const struct inet_dst *via, uint16_t hint);

/* The opposite (RFC 9293, MUST-20; RFC 1122, 3.3.1.4): nothing comes back over this way, so its
 * next hop may be dead, and is asked. */
void inet_suspect(struct inet *inet, const struct inet_dst *via, uint16_t hint);

/* Input: the link room's upward handler. */
enum isla_drop inet_input(void *ctx, struct rte_mbuf *m, bool is_v6);

/* Send "destination unreachable, port unreachable" about a packet whose data begins with the
 * transport header as inet_proto::input() got it; the mbuf stays the caller's. Rate limited, and
 * silent where RFC 1122, 3.2.2 or RFC 4443, 2.4 (e) forbid an error. */
void inet_send_port_unreach(struct inet *inet, struct rte_mbuf *m);

/* inet_pull() where more is to do than to look. */
bool inet_pull_chain(struct rte_mbuf *m, uint32_t n);

/*
 * Make the first n bytes of a received packet lie in its first segment, moving what stands in later
 * ones. False where the packet is shorter, or the segment has no room or is not ours alone.
 */
static inline bool
inet_pull(struct rte_mbuf *m, uint32_t n)
{
	return likely(m->data_len >= n) || inet_pull_chain(m, n);
}

/* Bytes of the IP header that inet_output() puts for this source address. */
static inline uint16_t
inet_hdr_len(const struct isla_addr *src)
{
	return isla_addr_is_v4(src) ? 20 : 40;
}

#endif /* INET_H */
