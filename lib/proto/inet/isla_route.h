/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_ROUTE_H
#define ISLA_ROUTE_H

/**
 * @file
 * A stack's routes, to be looked at, and what it has learnt of paths. Routes are added by
 * isla_stack_route_add().
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_addr.h"
#include "isla_list.h"

#ifdef __cplusplus
extern "C" {
#endif

struct isla_stack;

/** One route. */
struct isla_route_entry {
	struct isla_prefix prefix; /**< its host bits are zero */
	struct isla_addr gateway;  /**< unspecified: the prefix is directly reachable */
	uint8_t netif;
	bool connected;            /**< the prefix of an interface's own address */
	bool leased;               /**< of a lease: isla_dhcp_lease_apply() */
};

/**
 * Read the routes, connected prefixes among them, in pieces; see isla_list.h. Two addresses of one
 * prefix give it twice.
 *
 * @param cursor  0 at first; ISLA_LIST_END once all has been given
 * @param max     entries that there is room for, 1 or more
 * @return how many were given
 */
uint16_t isla_route_list(struct isla_stack *stack, uint32_t *cursor,
	struct isla_route_entry *entries, uint16_t max);

/** What is known of a path that carries less than its first link (RFC 1191, RFC 8201). */
struct isla_pmtu_entry {
	struct isla_addr dst;
	uint16_t mtu;              /**< bytes of an IP packet */
	uint64_t left_us;          /**< until it is forgotten */
};

/** Read them in pieces, as isla_route_list(). */
uint16_t isla_pmtu_list(struct isla_stack *stack, uint32_t *cursor,
	struct isla_pmtu_entry *entries, uint16_t max);

/**
 * Forget what is known of paths: who begins to send believes the first link. Connections that there
 * are go by what they have learnt themselves.
 *
 * @param dst  whose path; NULL: all of them
 * @return how many were forgotten
 */
uint16_t isla_pmtu_clear(struct isla_stack *stack, const struct isla_addr *dst);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_ROUTE_H */
