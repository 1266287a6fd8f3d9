/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_PORTS_H
#define ISLA_PORTS_H

/**
 * @file
 * What several shards tell each other of their local ports: one record for all of them, which each
 * stack writes to as listeners and connections come and go, and which whoever deals out frames
 * reads. Nothing in it is locked: fields are atomic, one by one.
 *
 *     a pinned port       is one shard's, whatever flow a frame is of
 *     a spread port       of the ephemeral range: every shard listens on it (TCP) or has it bound
 *                         (UDP), so that its frames go by a hash, as those of lower ports do
 *     all other ephemeral ports belong to the shard whose slice they are in (isla_port.h)
 *
 * With TCP a port becomes spread while there is no connection of it anywhere, and stays so until
 * there is neither a listener nor a connection left: what is open stays where its shard is.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most shards that share a record. */
#define ISLA_PORTS_SHARD_MAX 16

/** The record; to be made and read by the functions below. About a megabyte, of which what is used
 * is touched. */
struct isla_ports {
	uint16_t nb_shards;
	uint8_t has_rules; /**< once a port was pinned or spread */
	uint8_t pin[UINT16_MAX + 1]; /**< the shard and 1, or 0 */
	uint16_t udp[UINT16_MAX + 1]; /**< a bit for each shard that has it bound */
	/** Bits 0-15: who listens; 16: it is spread; 32-63: connections, of ephemeral ports only.
	 * The ports of a slice are side by side. */
	uint64_t tcp[UINT16_MAX + 1 + ISLA_PORTS_SHARD_MAX];
	uint32_t cookie_s[UINT16_MAX + 1]; /**< when a SYN cookie was sent last, in s; 0: never */
};

/** Empty it. nb_shards is 1 to ISLA_PORTS_SHARD_MAX. */
void isla_ports_init(struct isla_ports *ports, uint16_t nb_shards);

/**
 * A local port's frames are this shard's from now on, those of TCP and of UDP. Any thread.
 *
 * @return 0; -EINVAL (no such shard), -EADDRINUSE (another shard listens on it or has it bound: it
 *         would hear nothing any more)
 */
int isla_ports_pin(struct isla_ports *ports, uint16_t port, uint16_t shard);

/** Whether any port is, or was, pinned or spread: where not, the two below need not be asked. */
static inline bool
isla_ports_has_rules(const struct isla_ports *ports)
{
	return __atomic_load_n(&ports->has_rules, __ATOMIC_RELAXED) != 0;
}

/** The shard that a port is pinned to, and 1; or 0. */
static inline uint16_t
isla_ports_pin_of(const struct isla_ports *ports, uint16_t port)
{
	return __atomic_load_n(&ports->pin[port], __ATOMIC_RELAXED);
}

/** Whether frames to an ephemeral port go by their hash. */
bool isla_ports_is_spread(const struct isla_ports *ports, uint16_t port, bool is_tcp);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_PORTS_H */
