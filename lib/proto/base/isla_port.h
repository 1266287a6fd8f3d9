/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_PORT_H
#define ISLA_PORT_H

/**
 * @file
 * Ephemeral ports: those that a stack gives to what it opens itself, TCP and UDP alike. With
 * several shards, shard i has the ports p with (p - ISLA_PORT_FIRST) % nb_shards == i, and of
 * ICMP's echo identifiers those with id % nb_shards == i: what comes back finds its shard by them.
 */

#include <stdint.h> /* so that it is not empty to a compiler */

/** The first of the dynamic ports (RFC 6335, 6). */
#define ISLA_PORT_FIRST 49152u
/** How many there are, up to 65535. */
#define ISLA_PORT_COUNT 16384u

#endif /* ISLA_PORT_H */
