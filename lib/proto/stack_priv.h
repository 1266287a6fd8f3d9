/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STACK_PRIV_H
#define STACK_PRIV_H

/* What the services of lib/proto may see of a stack beyond its public header. */

#include "core.h"
#include "isla_stack.h"

struct inet;
struct link;

struct core *stack_core(struct isla_stack *stack);
struct link *stack_link(struct isla_stack *stack);
struct inet *stack_inet(struct isla_stack *stack);

/* As isla_stack_addr_add() and its like, of a lease. The route of a lease is one beside that which
 * was set by hand, and comes behind it; an address that was there before is not the lease's, and is
 * not taken away with it. */
int stack_addr_lease(struct isla_stack *stack, uint8_t netif, const struct isla_prefix *prefix);
void stack_addr_unlease(struct isla_stack *stack, uint8_t netif, const struct isla_addr *addr);
int stack_route_lease(struct isla_stack *stack, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif);
void stack_route_unlease(struct isla_stack *stack, const struct isla_prefix *prefix, uint8_t netif);

#endif /* STACK_PRIV_H */
