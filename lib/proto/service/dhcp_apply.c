/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leases, as a stack has them: isla_dhcp_lease_apply() changes what is different.
 */

#include <errno.h>

#include "isla_dhcp.h"
#include "stack_priv.h"

static bool
same_prefix(const struct isla_prefix *a, const struct isla_prefix *b)
{
	return a->len == b->len && isla_addr_eq(&a->addr, &b->addr);
}

static bool
has_route(const struct isla_dhcp_lease *lease, const struct isla_dhcp_route *route)
{
	uint8_t i;

	for (i = 0; lease != NULL && i < lease->nb_routes; i++)
		if (same_prefix(&lease->route[i].prefix, &route->prefix) &&
			isla_addr_eq(&lease->route[i].gateway, &route->gateway))
			return true;
	return false;
}

/* Of two errors the first; what is there already is none. */
static int
first_error(int rc, int next)
{
	return rc != 0 || next == -EEXIST ? rc : next;
}

static int
mtu_apply(struct isla_stack *stack, uint8_t netif, uint16_t mtu)
{
	/* One that the port does not take, or that is absurd, is passed over: what the port has. */
	if (isla_stack_netif_set_mtu(stack, netif, mtu) == 0)
		return 0;
	return isla_stack_netif_set_mtu(stack, netif, 0);
}

int
isla_dhcp_lease_apply(struct isla_stack *stack, uint8_t netif, const struct isla_dhcp_lease *from,
	const struct isla_dhcp_lease *to)
{
	bool stays = from != NULL && to != NULL && same_prefix(&from->prefix, &to->prefix);
	uint8_t i;
	int rc = 0;

	for (i = 0; from != NULL && i < from->nb_routes; i++)
		if (!has_route(to, &from->route[i]))
			stack_route_unlease(stack, &from->route[i].prefix, netif);
	if (from != NULL && !stays)
		stack_addr_unlease(stack, netif, &from->prefix.addr);
	if (to != NULL && !stays)
		rc = first_error(rc, stack_addr_lease(stack, netif, &to->prefix));
	for (i = 0; to != NULL && i < to->nb_routes; i++)
		if (!has_route(from, &to->route[i]))
			rc = first_error(rc, stack_route_lease(stack, &to->route[i].prefix,
				&to->route[i].gateway, netif));
	if ((from != NULL ? from->mtu : 0) != (to != NULL ? to->mtu : 0))
		rc = first_error(rc, mtu_apply(stack, netif, to != NULL ? to->mtu : 0));
	return rc;
}
