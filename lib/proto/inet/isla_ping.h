/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_PING_H
#define ISLA_PING_H

/**
 * @file
 * Asking whether somebody is there: ICMP echo requests of either family (RFC 792; RFC 4443, 4.1)
 * and their replies, with the round-trip time; and asking the link for a neighbour (ARP, RFC 826;
 * neighbour discovery, RFC 4861, 7.2).
 *
 * All calls are made from the shard's own thread, between bursts or within a callback.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_addr.h"
#include "isla_netif.h"

#ifdef __cplusplus
extern "C" {
#endif

struct isla_stack;

/** Pings that one stack may have open. */
#define ISLA_PING_MAX 16

/** Requests of one ping that may wait for their replies; older ones are forgotten. */
#define ISLA_PING_WAITING 64

/** An open ping: one destination and one identifier. */
struct isla_ping;

/** What came of a request. */
struct isla_ping_event {
	int err;             /**< 0: the reply. EHOSTUNREACH, ENETUNREACH, EACCES, EMSGSIZE and so on:
			      * an ICMP error, or nobody on the link has the next hop */
	uint16_t seq;        /**< of the request: what isla_ping_send() returned */
	bool is_dup;         /**< it had been answered already */
	bool is_damaged;     /**< the reply does not bring back what was sent */
	uint8_t hop_limit;   /**< of the reply */
	uint32_t nb_bytes;   /**< of the reply's data */
	uint32_t rtt_us;     /**< on the stack's clock, which is read once a burst */
};

/** The callback may send and close. */
typedef void isla_ping_fn(struct isla_ping *ping, void *ctx, const struct isla_ping_event *event);

/**
 * Open a ping. Its identifier is one whose answers come to this shard.
 *
 * @param netif  the interface that it goes by, which a link-local address needs where there are
 *               several (RFC 4007, 6); ISLA_NETIF_ANY: the one that the routes say
 * @return NULL with rte_errno EINVAL (not a unicast address of another host), EHOSTUNREACH (no
 *         route or no source address) or ENOSPC (ISLA_PING_MAX)
 */
struct isla_ping *isla_ping_open(struct isla_stack *stack, const struct isla_addr *dst,
	uint8_t netif, isla_ping_fn *fn, void *ctx);

/**
 * Bytes of data that a request may have now: what the MTU of the path leaves. No thread but the
 * shard's.
 *
 * @return as many; -EHOSTUNREACH (no route any more)
 */
int isla_ping_most(const struct isla_ping *ping);

/**
 * Send one request, with that many bytes of data.
 *
 * @return its sequence number, 1 at first and 0 after 65535; -EMSGSIZE (more than
 *         isla_ping_most()), -EHOSTUNREACH (no route any more),
 *         -ENOBUFS (no mbuf, or no room in the interface's list)
 */
int isla_ping_send(struct isla_ping *ping, uint32_t nb_bytes);

/** Close it; no callback follows. */
void isla_ping_close(struct isla_ping *ping);

/**
 * Ask the link for a neighbour, whatever the cache says: a new one by broadcast or multicast, one
 * that is known directly. isla_neigh_get() tells what came of it.
 *
 * @param netif  the interface to ask by, or ISLA_NETIF_ANY; receives the one that it lies behind
 * @return 0; -EINVAL (not a unicast address of another host), -EHOSTUNREACH (not on a link of ours),
 *         -ENOSPC (the cache is full of neighbours in use, or there is no address to ask as)
 */
int isla_neigh_ask(struct isla_stack *stack, const struct isla_addr *addr, uint8_t *netif);

/** Look a neighbour up. Returns 0, or -ENOENT: it is not in the cache (any more). */
int isla_neigh_get(struct isla_stack *stack, uint8_t netif, const struct isla_addr *addr,
	struct isla_neigh_entry *entry);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_PING_H */
