/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_NETIF_H
#define ISLA_NETIF_H

/**
 * @file
 * An interface as a stack sees it: a MAC address, an MTU, addresses, and what the port
 * behind it can do. Interfaces are numbered from 0 in the order in which they are added.
 */

#include <stdint.h>

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

#ifdef __cplusplus
}
#endif

#endif /* ISLA_NETIF_H */
