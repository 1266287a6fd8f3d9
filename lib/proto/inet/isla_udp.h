/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_UDP_H
#define ISLA_UDP_H

/**
 * @file
 * UDP (RFC 768, RFC 8200 for IPv6): ports bound to functions, datagrams sent as mbufs.
 *
 * All calls are made from the shard's own thread, between bursts or within a callback.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "isla_addr.h"
#include "isla_list.h"
#include "isla_netif.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One shard's UDP; see isla_stack_udp(). */
struct isla_udp;

/** One bound port. */
struct isla_udp_sock;

/** Both ends of a datagram. */
struct isla_udp_ends {
	struct isla_addr local;
	struct isla_addr remote;
	uint16_t local_port;  /**< host byte order */
	uint16_t remote_port; /**< host byte order */
	uint8_t netif;        /**< interface, or ISLA_NETIF_ANY on sending */
};

/**
 * A datagram has come. The mbuf's data is the payload alone, perhaps of no bytes, and becomes the
 * callee's: to free, to keep or to send. Where it came to a multicast or broadcast address,
 * ends->local is that address.
 */
typedef void isla_udp_recv_fn(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends);

/**
 * A datagram of this socket's did not arrive: an ICMP error quotes it, or nobody on the link has
 * its next hop. A hint only, since anybody who knows the ports can send one. Or EADDRNOTAVAIL: the
 * address that the socket is bound to is no longer ours (isla_stack_addr_del()), which is certain;
 * it neither sends nor receives until that comes back.
 *
 * @param err   ECONNREFUSED (no such port), EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT (no UDP there),
 *              EACCES (prohibited), EMSGSIZE (beyond the MTU of the path), EPROTO
 *              or EADDRNOTAVAIL
 * @param ends  of the datagram: local is the address that it was sent from; with EADDRNOTAVAIL
 *              remote is unspecified
 */
typedef void isla_udp_error_fn(struct isla_udp_sock *sock, void *ctx, int err,
	const struct isla_udp_ends *ends);

/**
 * Bind a port.
 *
 * @param local  own address, 0.0.0.0 for every one of IPv4, or isla_addr_any for every one of either
 *               family; the most specific socket gets the datagram
 * @param port   host byte order; 0: one of this shard's ephemeral ports that is free, which cannot be
 *               foreseen (RFC 6056). What comes to any other port goes to the shards by its hash
 *               where it is below ISLA_PORT_FIRST or all of them have it bound, and else to the
 *               shard whose slice it is in; a pinned one's to one shard (isla_ports_pin())
 * @return the socket; NULL with rte_errno EADDRINUSE, EINVAL or ENOSPC (table full, no port free)
 */
struct isla_udp_sock *isla_udp_bind(struct isla_udp *udp, const struct isla_addr *local,
	uint16_t port, isla_udp_recv_fn *recv, void *ctx);

/** The same, where all who have this address and port were bound by this call: the last of them
 * gets what comes. */
struct isla_udp_sock *isla_udp_bind_shared(struct isla_udp *udp, const struct isla_addr *local,
	uint16_t port, isla_udp_recv_fn *recv, void *ctx);

/** Who hears of errors (RFC 1122, 4.1.3.3), with the context of isla_udp_bind(); NULL: nobody, as
 * at first. The callback may send, and may close its socket. */
void isla_udp_set_error(struct isla_udp_sock *sock, isla_udp_error_fn *error);

/** A socket that is bound to isla_addr_any takes no datagram of IPv4's any more. */
void isla_udp_set_v6only(struct isla_udp_sock *sock);

/** TTL or hop limit of what is sent; 0: the default, 64. */
void isla_udp_set_hop_limit(struct isla_udp_sock *sock, uint8_t hop_limit);

/** DS field of what is sent: DSCP in the upper six bits, ECN below. */
void isla_udp_set_tos(struct isla_udp_sock *sock, uint8_t tos);

/** The port, in host byte order. */
uint16_t isla_udp_port(const struct isla_udp_sock *sock);

/** Give the port back; no callback follows. */
void isla_udp_close(struct isla_udp_sock *sock);

/**
 * Send one datagram; the mbuf is taken in every case, other than by isla_tcp_send(): what cannot go
 * now is dropped and counted here, since a datagram may get lost anywhere. Its data is the payload, with at least
 * 64 bytes of headroom in the first segment, or another mbuf is put in front. An unspecified
 * ends->local is chosen by the route.
 *
 * @return 0; -EMSGSIZE (beyond the MTU), -EHOSTUNREACH (no route or no source address), -ENOBUFS;
 *         -EINVAL (remote_port 0, as a datagram has that wants no answer)
 */
int isla_udp_send(struct isla_udp_sock *sock, struct rte_mbuf *m,
	const struct isla_udp_ends *ends);

/** A bound port, to be looked at. */
struct isla_udp_entry {
	struct isla_addr local;
	uint16_t port;     /**< host byte order */
	bool v6only;
	uint8_t hop_limit; /**< 0: the default */
	uint8_t tos;
};

/**
 * Read the bound ports in pieces; see isla_list.h.
 *
 * @param cursor  0 at first; ISLA_LIST_END once all has been given
 * @param max     entries that there is room for, 1 or more
 * @return how many were given
 */
uint16_t isla_udp_list(const struct isla_udp *udp, uint32_t *cursor,
	struct isla_udp_entry *entries, uint16_t max);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_UDP_H */
