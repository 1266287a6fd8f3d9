/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_NETIF_H
#define ISLA_NETIF_H

/**
 * @file
 * An interface as a stack sees it: a MAC address, an MTU, addresses, and what the port
 * behind it can do. Interfaces are numbered from 0 in the order in which they are added.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_addr.h"
#include "isla_list.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Interfaces that one stack can have. */
#define ISLA_NETIF_MAX 16
/** Addresses that one interface can have, both families together. */
#define ISLA_NETIF_ADDR_MAX 16
/** For a route or a socket: whichever interface the destination lies behind. */
#define ISLA_NETIF_ANY 0xff

/** isla_netif_conf::offloads: what the port does by itself */
#define ISLA_NETIF_TX_IPV4_CKSUM 0x01 /**< writes the IPv4 header checksum */
#define ISLA_NETIF_TX_TCP_CKSUM  0x02 /**< completes the TCP checksum from the pseudo-header's */
#define ISLA_NETIF_TX_UDP_CKSUM  0x04 /**< completes the UDP checksum from the pseudo-header's */
#define ISLA_NETIF_RX_CKSUM      0x08 /**< its mbufs' checksum flags may be believed */

struct isla_netif_conf {
	uint8_t mac[6];     /**< the stack's own, unicast; not the kernel netdev's */
	uint16_t mtu;       /**< bytes of an IP packet, 1280 to 65535 */
	uint32_t offloads;  /**< ISLA_NETIF_* */
};

struct isla_stack;

/** An address of an interface's own. */
struct isla_addr_entry {
	struct isla_prefix prefix;
	uint8_t netif;
};

/** What is known of a neighbour: the states of RFC 4861, 7.3.2, which ARP uses as well. */
enum isla_neigh_state {
	ISLA_NEIGH_INCOMPLETE = 1, /**< asked for; packets wait */
	ISLA_NEIGH_REACHABLE,      /**< confirmed a short time ago */
	ISLA_NEIGH_STALE,          /**< known, not confirmed, not used since */
	ISLA_NEIGH_DELAY,          /**< used again; transport may confirm it */
	ISLA_NEIGH_PROBE,          /**< asked whether it is still there */
};

/** A neighbour in the cache. */
struct isla_neigh_entry {
	struct isla_addr addr;
	uint8_t mac[6];            /**< zero where it is INCOMPLETE */
	uint8_t netif;
	bool is_router;
	bool used;                 /**< something was sent to it */
	enum isla_neigh_state state;
	uint32_t nb_queued;        /**< packets that wait for it */
	uint64_t confirmed_us;     /**< since it was last known to be reachable; UINT64_MAX: never */
	uint64_t timer_us;         /**< until the state changes or it is asked again */
};

/**
 * Read the interfaces' own addresses in pieces; see isla_list.h.
 *
 * @param cursor  0 at first; ISLA_LIST_END once all has been given
 * @param max     entries that there is room for, 1 or more
 * @return how many were given
 */
uint16_t isla_addr_list(struct isla_stack *stack, uint32_t *cursor,
	struct isla_addr_entry *entries, uint16_t max);

/** Read the neighbour cache in pieces, both families; as isla_addr_list(). */
uint16_t isla_neigh_list(struct isla_stack *stack, uint32_t *cursor,
	struct isla_neigh_entry *entries, uint16_t max);

/**
 * Forget neighbours, in pieces as isla_neigh_list() reads them: the next packet to one of them asks
 * anew. One that has not answered yet (ISLA_NEIGH_INCOMPLETE) is left alone, and so is what waits
 * for it.
 *
 * @param cursor  0 at first; ISLA_LIST_END once the whole cache has been looked at
 * @param addr    the neighbour, on whatever interface; NULL: all of them
 * @return how many were forgotten
 */
uint16_t isla_neigh_clear(struct isla_stack *stack, uint32_t *cursor,
	const struct isla_addr *addr);

/** The state's name as in RFC 4861: "REACHABLE". Any thread. */
const char *isla_neigh_state_name(enum isla_neigh_state state);

/**
 * What a kernel leaves to a network card that is not there: frames of a virtual link (veth),
 * dropped because of it.
 */
struct isla_netif_odd {
	uint32_t nb_blank_cksums; /**< TCP or UDP, the checksum being the pseudo-header's sum only:
				       so many in a row, those with a right one left out */
	uint32_t nb_cut_frames;   /**< IP packets of which a part has come, longer than the MTU */
};

/** Somebody else on the link who uses an IPv4 address that the interface was given by hand (RFC 5227,
 * 2.4). */
struct isla_netif_conflict {
	uint32_t nb;              /**< ARP packets that said so */
	struct isla_addr addr;    /**< that of the last one */
	uint8_t mac[6];           /**< who sent it */
};

#ifdef __cplusplus
}
#endif

#endif /* ISLA_NETIF_H */
