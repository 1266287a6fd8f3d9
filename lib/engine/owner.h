/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OWNER_H
#define OWNER_H

/*
 * Which shard owns a frame. Pure: one map is shared by all shards, which only read it, while any
 * thread may move an entry of its table.
 *
 *   ARP, neighbour discovery      every shard hears of it; whoever polled it answers
 *   TCP, UDP to a pinned port     the shard that it is pinned to
 *   TCP, UDP to a port from 49152 the shard whose slice the port is in: what a shard opened returns;
 *                                 but one that all shards serve is spread, as lower ones are
 *   other TCP and UDP             Toeplitz hash, as the mode says, through the table
 *   ICMP echo reply               by its identifier, which is sliced as the ports are
 *   ICMP error                    whoever owns the packet that it quotes
 *   DHCP's clients, IGMP, MLD     shard 0
 *   fragments, other protocols    hash of the source address, through the table
 *   echo requests, all else       whoever polled it
 *
 * An entry that is moved has older owners, whose connections stay where they are. Its frames go to
 * them first, the lowest number first, and each passes on what it does not know. Whom it has been
 * to stands in the mbuf (vlan_tci_outer), so that a frame sees each of them once, even if the entry
 * is moved again while it is on its way:
 *
 *   owner_burst()  for what a port brought
 *   owner_second() while owner_is_moving(), for what then is about to enter a shard's own stack,
 *                  what other shards have handed over included
 *   owner_sweep()  each round while owner_is_moving(): an older owner that has no connection of the
 *                  entry left takes its mark away
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <isla_stack.h>

#include "isla_engine.h"

#define OWNER_KEY_LEN   40
#define OWNER_NIBBLES   ((OWNER_KEY_LEN / 4 - 1) * 8) /* of the longest input of the hash */
#define OWNER_TABLE_LEN 128
#define OWNER_SHARD_MAX 16 /* an entry has a bit for each */

/* Instead of a shard's number. */
#define OWNER_SELF 0xfffe /* whoever has the frame */
#define OWNER_ALL  0xffff /* every shard: one answers, the others only learn */

enum owner_mode {
	OWNER_MODE_2TUPLE,   /* source address and source port */
	OWNER_MODE_4TUPLE,
	OWNER_MODE_SRC_IP,
	OWNER_MODE_PORT_RSS, /* the port's own hash where a frame has one, else as 4TUPLE */
};

struct owner_map {
	uint32_t key[OWNER_KEY_LEN / 4]; /* words in host byte order */
	uint8_t rss_key[OWNER_KEY_LEN];  /* the same as a NIC takes it */
	/* What each nibble of the input adds to the hash: 16 cache lines of it for two words. */
	uint32_t nibble[OWNER_NIBBLES][16] __rte_cache_aligned;
	uint16_t nb_shards;
	uint8_t mode;
	/* Atomic, relaxed. Bits 0-7: the owner; 8-15: how often it was moved; 16-31: older owners.
	 */
	uint32_t entry[OWNER_TABLE_LEN];
	/* Atomic. While an entry has older owners a number beyond any time, another one at
	 * each move; then the time until which frames in flight may still meet the marks' end. */
	uint64_t moving_until_us;
	/* Local ports that one shard has, or all, whatever the other rules say. */
	struct isla_ports ports;
};

/* The key is 40 random bytes, in the order in which a NIC is given them. Entries are dealt out in
 * turn. nb_shards is 1 to OWNER_SHARD_MAX. */
void owner_map_init(struct owner_map *map, enum owner_mode mode, const uint8_t key[OWNER_KEY_LEN],
	uint16_t nb_shards);

/* 40 bytes that nobody can guess. Returns 0 or -errno. */
int owner_key_random(uint8_t key[OWNER_KEY_LEN]);

/* Move an entry; any thread. Returns 0, or -EINVAL (no such entry or shard). */
int owner_map_set(struct owner_map *map, uint16_t idx, uint16_t shard);

/* Who owns new flows of an entry, and a bit for each older owner that may have connections left. */
uint16_t owner_map_get(const struct owner_map *map, uint16_t idx, uint16_t *older);

/* The hash of an input of nb words in host byte order (for tests: it is what NICs compute). */
uint32_t owner_toeplitz(const struct owner_map *map, const uint32_t *words, uint32_t nb);

/* owner[i] is a shard, OWNER_SELF or OWNER_ALL. */
void owner_burst(const struct owner_map *map, struct rte_mbuf *const *pkts, uint16_t nb,
	uint16_t *owner);

static inline bool
owner_is_moving(const struct owner_map *map, uint64_t now_us)
{
	return now_us < __atomic_load_n(&map->moving_until_us, __ATOMIC_RELAXED);
}

/* One shard's look at its connections, once a second and a few at a time. All zero at first. */
struct owner_sweep {
	uint64_t next_us;
	bool is_running;
	uint32_t cursor;
	uint64_t used[OWNER_TABLE_LEN / 64];
	uint32_t entry[OWNER_TABLE_LEN]; /* as they were when it began */
};

/* The second look, by shard self: owner[i] is OWNER_SELF, or the shard to pass the frame on to.
 * What is known is noted in the shard's sweep, since it may go from a part of the tables that is
 * yet to be looked at to one that was: from the half open connections to the others. */
void owner_second(const struct owner_map *map, uint16_t self, const struct isla_stack *stack,
	struct owner_sweep *sweep, struct rte_mbuf *const *pkts, uint16_t nb, uint16_t *owner);

/* A step of the sweep; on the shard's thread. */
void owner_sweep(struct owner_sweep *sweep, struct owner_map *map, uint16_t self,
	struct isla_stack *stack, uint64_t now_us);

#endif /* OWNER_H */
