/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_LIST_H
#define ISLA_LIST_H

/**
 * @file
 * How tables are read in pieces: isla_tcp_list(), isla_udp_list(), isla_neigh_list(),
 * isla_addr_list() and isla_route_list() go by this.
 *
 *     uint32_t cursor = 0;
 *
 *     do {
 *             n = isla_tcp_list(tcp, &cursor, entries, RTE_DIM(entries));
 *             ... n entries, perhaps none ...
 *     } while (cursor != ISLA_LIST_END);
 *
 * Each call gives at most as many entries as are asked for and looks at no more than
 * ISLA_LIST_LOOKS places of its table, so that a shard is held up for a short time only, however
 * large the table is. Between two calls the shard may go on: what stays in the table comes exactly
 * once, what comes or goes meanwhile may be told of or not.
 *
 * The entries are plain values without pointers into the stack. All calls are made from the shard's
 * own thread.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The cursor's value once all has been given. */
#define ISLA_LIST_END UINT32_MAX

/** Places that one call looks at, at most. */
#define ISLA_LIST_LOOKS 512

#ifdef __cplusplus
}
#endif

#endif /* ISLA_LIST_H */
