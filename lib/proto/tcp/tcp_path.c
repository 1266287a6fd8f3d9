/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way of a connection: where its packets go first, and what becomes of it when routes change
 * (tcp_reroute) or its own address goes (tcp_addr_gone).
 */

#include <errno.h>

#include <rte_common.h>

#include "tcp_priv.h"

/* A place for one more gateway: a new one, or that of a gateway which no connection uses any more;
 * 0 where there is none. The latter looks at every connection. */
static uint16_t
gateway_slot(struct isla_tcp *tcp)
{
	bool used[TCP_GATEWAYS_MAX] = {false};
	uint16_t slot;
	uint32_t i;

	if (tcp->nb_gateways + 1 < TCP_GATEWAYS_MAX)
		return ++tcp->nb_gateways;
	for (i = 0; i < tcp->conf.max_conns; i++)
		if (tcp_in_state(&tcp->conn[i], ~ISLA_TCP_CLOSED))
			used[tcp->conn[i].path.gateway] = true;
	for (slot = 1; slot < TCP_GATEWAYS_MAX; slot++)
		if (!used[slot])
			return slot;
	return 0;
}

bool
tcp_set_path(struct isla_tcp_conn *c, const struct inet_dst *via)
{
	struct isla_tcp *tcp = c->tcp;
	uint16_t i = 0;

	if (!isla_addr_eq(&via->next_hop, &c->remote)) {
		for (i = 1; i <= tcp->nb_gateways; i++)
			if (isla_addr_eq(&tcp->gateway[i], &via->next_hop))
				break;
		if (i > tcp->nb_gateways)
			i = gateway_slot(tcp);
		if (i == 0)
			return false;
		tcp->gateway[i] = via->next_hop;
	}
	c->path.gateway = i;
	c->path.netif = via->netif;
	c->path.offloads = via->offloads;
	c->path.mtu = via->mtu;
	return true;
}

/* The path of a connection never carries more than it was once thought to (tcp_pmtu.c). */
static void
conn_reroute(struct isla_tcp_conn *c)
{
	uint16_t mtu = c->path.mtu;
	struct inet_dst via, now;

	tcp_via(c, &now);
	if (!inet_route_back(c->tcp->inet, &c->remote, c->path.netif, &via))
		return;
	if (via.netif == now.netif && isla_addr_eq(&via.next_hop, &now.next_hop) &&
		via.mtu >= mtu)
		return;
	if (!tcp_set_path(c, &via))
		return;
	c->path.mtu = mtu;
	if (via.mtu < mtu)
		tcp_pmtu_lower(c, via.mtu);
}

void
tcp_reroute(struct isla_tcp *tcp)
{
	uint32_t i;

	for (i = 0; i < tcp->conf.max_conns; i++)
		if (tcp_in_state(&tcp->conn[i], ~ISLA_TCP_CLOSED))
			conn_reroute(&tcp->conn[i]);
}

void
tcp_addr_gone(struct isla_tcp *tcp, const struct isla_addr *addr)
{
	uint32_t i;

	tcp_syn_purge(tcp, NULL, addr);
	for (i = 0; i < tcp->conf.max_conns; i++) {
		struct isla_tcp_conn *c = &tcp->conn[i];

		if (!tcp_in_state(c, ~ISLA_TCP_CLOSED) || !isla_addr_eq(&c->local, addr))
			continue;
		tcp_conn_abort(c, EADDRNOTAVAIL);
	}
}
