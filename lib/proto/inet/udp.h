/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UDP_H
#define UDP_H

/* UDP, as the stack makes and frees it. */

#include "inet.h"
#include "isla_udp.h"

/* NULL where memory is short. Registers itself with inet. */
struct isla_udp *udp_create(struct core *core, struct inet *inet, uint32_t max_socks);

/* Frees the sockets that are still bound, too. */
void udp_free(struct isla_udp *udp);

/* As isla_udp_send(), but from 0.0.0.0 to 255.255.255.255 over ends->netif, also where that has no
 * address yet (RFC 2131, 4.1). */
int udp_send_broadcast(struct isla_udp_sock *sock, struct rte_mbuf *m,
	const struct isla_udp_ends *ends);

/* An own address goes: the sockets that are bound to it hear EADDRNOTAVAIL, and send nothing more.
 */
void udp_addr_gone(struct isla_udp *udp, const struct isla_addr *addr);

#endif /* UDP_H */
