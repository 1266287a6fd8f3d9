/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of the rooms below TCP, as isla_list.h has it, and what is forgotten of them: each is
 * its room's own, and found here by the stack's handle.
 */

#include "inet.h"
#include "link.h"
#include "stack_priv.h"

uint16_t
isla_addr_list(struct isla_stack *stack, uint32_t *cursor, struct isla_addr_entry *entries,
	uint16_t max)
{
	return link_addr_list(stack_link(stack), cursor, entries, max);
}

uint16_t
isla_neigh_list(struct isla_stack *stack, uint32_t *cursor, struct isla_neigh_entry *entries,
	uint16_t max)
{
	return link_neigh_list(stack_link(stack), cursor, entries, max);
}

uint16_t
isla_neigh_clear(struct isla_stack *stack, uint32_t *cursor, const struct isla_addr *addr)
{
	return link_neigh_clear(stack_link(stack), cursor, addr);
}

uint16_t
isla_pmtu_list(struct isla_stack *stack, uint32_t *cursor, struct isla_pmtu_entry *entries,
	uint16_t max)
{
	return inet_pmtu_list(stack_inet(stack), cursor, entries, max);
}

uint16_t
isla_pmtu_clear(struct isla_stack *stack, const struct isla_addr *dst)
{
	return inet_pmtu_clear(stack_inet(stack), dst);
}

uint16_t
isla_route_list(struct isla_stack *stack, uint32_t *cursor, struct isla_route_entry *entries,
	uint16_t max)
{
	return inet_route_list(stack_inet(stack), cursor, entries, max);
}
