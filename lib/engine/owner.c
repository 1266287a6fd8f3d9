/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which shard owns a frame: the hash, the table and its moved entries. owner_frame.c says by which
 * rule a frame goes.
 */

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_thash.h>

#include "owner.h"
#include "owner_frame.h"

#define ENTRY_OWNER(e)      ((uint16_t)((e) & 0xff))
#define ENTRY_GENERATION(e) ((e) >> 8 & 0xff)
#define ENTRY_OLDER(e)      ((uint16_t)((e) >> 16))

/* Longer than any frame waits in a ring. */
#define SETTLE_US   2000000
#define MOVING_MIN  (UINT64_MAX / 2) /* owner_map::moving_until_us while entries have marks */
#define SWEEP_US    1000000
#define SWEEP_CONNS 64 /* a step, at most */

#define PINNED 0xff /* of enum owner_rule, by the port */

static_assert(OWNER_SHARD_MAX <= 16, "an entry has a bit for each older owner");

/* The hash is linear: that of an input is the sum of those of its nibbles. */
static void
nibbles_init(struct owner_map *map)
{
	uint32_t words[OWNER_NIBBLES / 8], i, value;

	for (i = 0; i < OWNER_NIBBLES; i++) {
		for (value = 0; value < 16; value++) {
			memset(words, 0, sizeof(words));
			words[i / 8] = value << (28 - i % 8 * 4);
			map->nibble[i][value] = rte_softrss_be(words, RTE_DIM(words),
				(const uint8_t *)map->key);
		}
	}
}

void
owner_map_init(struct owner_map *map, enum owner_mode mode, const uint8_t key[OWNER_KEY_LEN],
	uint16_t nb_shards)
{
	uint32_t words[OWNER_KEY_LEN / 4], i;

	memset(map, 0, offsetof(struct owner_map, ports));
	memcpy(map->rss_key, key, OWNER_KEY_LEN);
	memcpy(words, key, sizeof(words));
	rte_convert_rss_key(words, map->key, OWNER_KEY_LEN);
	nibbles_init(map);
	map->mode = (uint8_t)mode;
	map->nb_shards = nb_shards;
	isla_ports_init(&map->ports, nb_shards);
	for (i = 0; i < OWNER_TABLE_LEN; i++)
		map->entry[i] = i % nb_shards;
}

int
owner_key_random(uint8_t key[OWNER_KEY_LEN])
{
	ssize_t n = getrandom(key, OWNER_KEY_LEN, 0);

	if (n == OWNER_KEY_LEN)
		return 0;
	return n < 0 ? -errno : -EIO;
}

static inline uint32_t
entry_load(const struct owner_map *map, uint32_t idx)
{
	return __atomic_load_n(&map->entry[idx], __ATOMIC_RELAXED);
}

/* Frames get a second look from now on, until stop_moving(). */
static void
begin_moving(struct owner_map *map)
{
	uint64_t old = __atomic_load_n(&map->moving_until_us, __ATOMIC_RELAXED), new;

	do
		new = old >= MOVING_MIN && old < UINT64_MAX ? old + 1 : MOVING_MIN;
	while (!__atomic_compare_exchange_n(&map->moving_until_us, &old, new, true,
		__ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

int
owner_map_set(struct owner_map *map, uint16_t idx, uint16_t shard)
{
	uint32_t old, new, older;

	if (idx >= OWNER_TABLE_LEN || shard >= map->nb_shards)
		return -EINVAL;
	/* Before it, so that no mark is seen without; and after it, so that whoever has looked for
	 * marks meanwhile, and found none, does not end it. */
	begin_moving(map);
	old = entry_load(map, idx);
	do {
		if (ENTRY_OWNER(old) == shard)
			break;
		older = (ENTRY_OLDER(old) | 1u << ENTRY_OWNER(old)) & ~(1u << shard);
		new = older << 16 | ((ENTRY_GENERATION(old) + 1) & 0xff) << 8 | shard;
	} while (!__atomic_compare_exchange_n(&map->entry[idx], &old, new, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	begin_moving(map);
	return 0;
}

uint16_t
owner_map_get(const struct owner_map *map, uint16_t idx, uint16_t *older)
{
	uint32_t entry = entry_load(map, idx % OWNER_TABLE_LEN);

	if (older != NULL)
		*older = ENTRY_OLDER(entry);
	return ENTRY_OWNER(entry);
}

/* The rule of a frame where a port may have one of its own: PINNED, or another enum owner_rule. */
static uint8_t
rule_of_port(const struct owner_map *map, const struct owner_frame *f)
{
	uint16_t port = (uint16_t)f->ports;

	if (isla_ports_pin_of(&map->ports, port) != 0)
		return PINNED;
	return isla_ports_is_spread(&map->ports, port, f->is_tcp) ? OWNER_BY_FLOW : f->rule;
}

static inline uint8_t
rule_of(const struct owner_map *map, const struct owner_frame *f)
{
	if (likely(!isla_ports_has_rules(&map->ports)) || !f->has_ports)
		return f->rule;
	return rule_of_port(map, f);
}

uint32_t
owner_toeplitz(const struct owner_map *map, const uint32_t *words, uint32_t nb)
{
	const uint32_t (*t)[16] = map->nibble;
	uint32_t hash = 0, i;

	/* Bit by bit it would be a branch for each one that is set, and nobody can foretell them. */
	for (i = 0; i < nb; i++, t += 8) {
		uint32_t w = words[i];

		hash ^= t[0][w >> 28] ^ t[1][w >> 24 & 15] ^ t[2][w >> 20 & 15] ^
			t[3][w >> 16 & 15] ^ t[4][w >> 12 & 15] ^ t[5][w >> 8 & 15] ^
			t[6][w >> 4 & 15] ^ t[7][w & 15];
	}
	return hash;
}

static uint32_t
src_hash(const struct owner_map *map, const struct owner_frame *f)
{
	return owner_toeplitz(map, f->src, f->is_v6 ? 4 : 1);
}

static uint32_t
flow_hash(const struct owner_map *map, const struct owner_frame *f)
{
	uint32_t words[OWNER_KEY_LEN / 4 - 1], n = f->is_v6 ? 4 : 1;

	if (map->mode == OWNER_MODE_SRC_IP)
		return src_hash(map, f);
	memcpy(words, f->src, n * sizeof(words[0]));
	if (map->mode == OWNER_MODE_2TUPLE) {
		words[n] = f->ports & 0xffff0000;
		return owner_toeplitz(map, words, n + 1);
	}
	memcpy(words + n, f->dst, n * sizeof(words[0]));
	words[2 * n] = f->ports;
	return owner_toeplitz(map, words, 2 * n + 1);
}

/* The table's entry of a flow. */
static uint32_t
flow_index(const struct owner_map *map, const struct rte_mbuf *m, const struct owner_frame *f)
{
	if (map->mode == OWNER_MODE_PORT_RSS && !f->is_quoted &&
		(m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0)
		return m->hash.rss % OWNER_TABLE_LEN;
	return flow_hash(map, f) % OWNER_TABLE_LEN;
}

static inline uint16_t
owner_of(const struct owner_map *map, const struct rte_mbuf *m)
{
	struct owner_frame f;
	uint32_t entry;

	owner_frame_parse(m, &f);
	switch (rule_of(map, &f)) {
	case PINNED:
		return isla_ports_pin_of(&map->ports, (uint16_t)f.ports) - 1;
	case OWNER_BY_FLOW:
		entry = entry_load(map, flow_index(map, m, &f));
		if (unlikely(ENTRY_OLDER(entry) != 0))
			return (uint16_t)__builtin_ctz(ENTRY_OLDER(entry));
		return ENTRY_OWNER(entry);
	case OWNER_BY_SRC:
		return ENTRY_OWNER(entry_load(map, src_hash(map, &f) % OWNER_TABLE_LEN));
	case OWNER_BY_NUMBER:
		return f.number % map->nb_shards;
	case OWNER_BY_ALL:
		return OWNER_ALL;
	default:
		return OWNER_SELF;
	}
}

/* The shards that have said that they do not know a frame's flow. The field belongs to what a port
 * strips of two VLAN tags, which none is asked to do; it lies beside the port's number, which is
 * written to each frame anyway. */
static inline uint16_t *
asked(struct rte_mbuf *m)
{
	return &m->vlan_tci_outer;
}

void
owner_burst(const struct owner_map *map, struct rte_mbuf *const *pkts, uint16_t nb,
	uint16_t *owner)
{
	uint16_t i;

	for (i = 0; i < nb; i++) {
		*asked(pkts[i]) = 0;
		owner[i] = owner_of(map, pkts[i]);
	}
}

static struct isla_addr
addr_of(const uint32_t *words, bool is_v6)
{
	struct isla_addr a;
	unsigned int i;

	if (!is_v6)
		return isla_addr_from_v4(rte_cpu_to_be_32(words[0]));
	for (i = 0; i < 4; i++)
		a.w[i] = rte_cpu_to_be_32(words[i]);
	return a;
}

static bool
is_known(const struct isla_stack *stack, const struct owner_frame *f)
{
	struct isla_tcp_ends ends = {
		.local = addr_of(f->dst, f->is_v6),
		.remote = addr_of(f->src, f->is_v6),
		.local_port = (uint16_t)f->ports,
		.remote_port = (uint16_t)(f->ports >> 16),
	};

	return f->is_tcp && isla_stack_knows(stack, &ends);
}

void
owner_second(const struct owner_map *map, uint16_t self, const struct isla_stack *stack,
	struct owner_sweep *sweep, struct rte_mbuf *const *pkts, uint16_t nb, uint16_t *owner)
{
	uint16_t i;

	for (i = 0; i < nb; i++) {
		struct owner_frame f;
		uint32_t idx, entry, next;

		owner[i] = OWNER_SELF;
		owner_frame_parse(pkts[i], &f);
		if (rule_of(map, &f) != OWNER_BY_FLOW)
			continue;
		idx = flow_index(map, pkts[i], &f);
		entry = entry_load(map, idx);
		if (is_known(stack, &f)) {
			sweep->used[idx / 64] |= 1ull << idx % 64;
			continue;
		}
		/* To each once, whatever becomes of the entry meanwhile, and then to the owner, who
		 * keeps it: nothing goes in circles, and nobody is left out. */
		*asked(pkts[i]) |= (uint16_t)(1u << self);
		next = ENTRY_OLDER(entry) & ~(uint32_t)*asked(pkts[i]);
		if (next != 0)
			owner[i] = (uint16_t)__builtin_ctz(next);
		else if (ENTRY_OWNER(entry) != self)
			owner[i] = ENTRY_OWNER(entry);
	}
}

/* The entry that the frames of a connection go by; false where it is not the table that says. */
static bool
index_of_ends(const struct owner_map *map, const struct isla_tcp_ends *ends, uint32_t *idx)
{
	struct owner_frame f = {
		.is_v6 = !isla_addr_is_v4(&ends->remote),
		.ports = (uint32_t)ends->remote_port << 16 | ends->local_port,
	};
	unsigned int i;

	if (ends->local_port >= ISLA_PORT_FIRST &&
		!isla_ports_is_spread(&map->ports, ends->local_port, true))
		return false;
	for (i = 0; i < 4; i++) {
		f.src[i] = rte_be_to_cpu_32(ends->remote.w[f.is_v6 ? i : 3]);
		f.dst[i] = rte_be_to_cpu_32(ends->local.w[f.is_v6 ? i : 3]);
	}
	*idx = flow_hash(map, &f) % OWNER_TABLE_LEN;
	return true;
}

/* Is there anything to do for this shard? */
static bool
sweep_begin(struct owner_sweep *s, struct owner_map *map, uint16_t self, uint64_t now_us)
{
	/* Whoever sees the number that was set behind a mark sees the mark. */
	uint64_t moving = __atomic_load_n(&map->moving_until_us, __ATOMIC_ACQUIRE);
	bool any = false, mine = false;
	uint32_t i;

	for (i = 0; i < OWNER_TABLE_LEN; i++) {
		s->entry[i] = entry_load(map, i);
		any = any || ENTRY_OLDER(s->entry[i]) != 0;
		mine = mine || (ENTRY_OLDER(s->entry[i]) & 1u << self) != 0;
	}
	/* Frames that are on their way to a former owner are to be passed on for a while. */
	if (!any && moving >= MOVING_MIN)
		__atomic_compare_exchange_n(&map->moving_until_us, &moving, now_us + SETTLE_US,
			false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	s->cursor = 0;
	memset(s->used, 0, sizeof(s->used));
	return mine;
}

/* Every connection was looked at: take the marks away of what has none. */
static void
sweep_end(const struct owner_sweep *s, struct owner_map *map, uint16_t self)
{
	uint32_t bit = 1u << (16 + self), i;

	for (i = 0; i < OWNER_TABLE_LEN; i++) {
		uint32_t entry = s->entry[i];

		if ((entry & bit) == 0 || (s->used[i / 64] & 1ull << i % 64) != 0)
			continue;
		/* It may have been moved meanwhile, which calls for another look. */
		while (ENTRY_GENERATION(entry) == ENTRY_GENERATION(s->entry[i]) &&
			!__atomic_compare_exchange_n(&map->entry[i], &entry, entry & ~bit, true,
				__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
	}
}

void
owner_sweep(struct owner_sweep *s, struct owner_map *map, uint16_t self,
	struct isla_stack *stack, uint64_t now_us)
{
	struct isla_tcp_entry conn[SWEEP_CONNS];
	uint32_t nb, i, idx;

	if (!s->is_running) {
		if (now_us < s->next_us)
			return;
		s->next_us = now_us + SWEEP_US;
		s->is_running = sweep_begin(s, map, self, now_us);
		return;
	}
	nb = isla_tcp_list(isla_stack_tcp(stack), &s->cursor, conn, RTE_DIM(conn));
	for (i = 0; i < nb; i++)
		if (conn[i].state != ISLA_TCP_LISTEN && index_of_ends(map, &conn[i].ends, &idx))
			s->used[idx / 64] |= 1ull << idx % 64;
	if (s->cursor != ISLA_LIST_END)
		return;
	sweep_end(s, map, self);
	s->is_running = false;
}
