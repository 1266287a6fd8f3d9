/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking others (isla_ping.h), by the stack's handle.
 */

#include <errno.h>

#include "inet.h"
#include "link.h"
#include "stack_priv.h"

struct isla_ping *
isla_ping_open(struct isla_stack *stack, const struct isla_addr *dst, uint8_t netif,
	isla_ping_fn *fn, void *ctx)
{
	return ping_open(stack_inet(stack), dst, netif, fn, ctx);
}

int
isla_neigh_ask(struct isla_stack *stack, const struct isla_addr *addr, uint8_t *netif)
{
	const struct inet *inet = stack_inet(stack);
	struct inet_dst via;

	if (isla_addr_is_unspecified(addr) || isla_addr_is_multicast(addr) ||
		isla_addr_is_loopback(addr) || inet_is_broadcast(inet, addr) ||
		inet_is_own(inet, addr))
		return -EINVAL;
	if (!inet_route(inet, addr, *netif, &via) || !isla_addr_eq(&via.next_hop, addr))
		return -EHOSTUNREACH;
	*netif = via.netif;
	return link_neigh_ask(stack_link(stack), via.netif, addr);
}

int
isla_neigh_get(struct isla_stack *stack, uint8_t netif, const struct isla_addr *addr,
	struct isla_neigh_entry *entry)
{
	return link_neigh_get(stack_link(stack), netif, addr, entry);
}
