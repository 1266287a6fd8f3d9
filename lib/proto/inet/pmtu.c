/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of paths that carry less than their first link (RFC 1191, RFC 8201): a small cache
 * by destination. A transport that trusts an error enters it with inet_pmtu_lower(); who begins to
 * send asks inet_pmtu(). After ten minutes an entry is forgotten, since the path may have
 * changed (RFC 1191, 6.3).
 */

#include "inet_priv.h"
#include "siphash.h"

#define KEY_PURPOSE 0x706d7475ull /* "pmtu" */
#define NB_SETS     64u           /* of PMTU_WAYS entries each */
#define NB_PLACES   (NB_SETS * PMTU_WAYS)
#define AGE_US      600000000ull

/* RFC 8201, 4: no path has less. Of IPv4's, whose true minimum is 68, only that much is believed:
 * smaller ones are extinct, and asked for by attackers alone (RFC 5927, 7.2). */
#define MIN_V4 552
#define MIN_V6 1280

bool
inet_pmtu_init(struct inet *inet)
{
	struct core *core = inet->core;

	inet->pmtu_key = core_derive_key(core, KEY_PURPOSE);
	inet->pmtu = core->mem.alloc(NB_SETS * sizeof(inet->pmtu[0]), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	return inet->pmtu != NULL;
}

static struct pmtu_set *
set_of(const struct inet *inet, const struct isla_addr *dst)
{
	return &inet->pmtu[siphash13(&inet->pmtu_key, dst->q, 2) % NB_SETS];
}

uint16_t
inet_pmtu_min(const struct isla_addr *dst)
{
	return isla_addr_is_v4(dst) ? MIN_V4 : MIN_V6;
}

uint16_t
inet_pmtu(const struct inet *inet, const struct isla_addr *dst, uint16_t mtu)
{
	const struct pmtu_set *set;
	unsigned int i;

	if (inet->pmtu_until_us <= inet->core->now_us)
		return mtu; /* all that there was is too old */
	set = set_of(inet, dst);
	for (i = 0; i < PMTU_WAYS; i++) {
		const struct pmtu_entry *e = &set->entry[i];

		if (e->until_us > inet->core->now_us && isla_addr_eq(&e->dst, dst))
			mtu = RTE_MIN(mtu, e->mtu);
	}
	return mtu;
}

void
inet_pmtu_lower(struct inet *inet, const struct isla_addr *dst, uint16_t mtu)
{
	struct pmtu_set *set = set_of(inet, dst);
	struct pmtu_entry *e = &set->entry[0];
	uint64_t now_us = inet->core->now_us;
	unsigned int i;

	/* Its own entry, else the one that ends first. */
	for (i = 0; i < PMTU_WAYS; i++) {
		if (isla_addr_eq(&set->entry[i].dst, dst)) {
			e = &set->entry[i];
			break;
		}
		if (set->entry[i].until_us < e->until_us)
			e = &set->entry[i];
	}
	mtu = RTE_MAX(mtu, inet_pmtu_min(dst));
	if (e->until_us > now_us && isla_addr_eq(&e->dst, dst))
		mtu = RTE_MIN(mtu, e->mtu);
	e->dst = *dst;
	e->mtu = mtu;
	e->until_us = inet->pmtu_until_us = now_us + AGE_US;
}

/* The table's i-th place. */
static struct pmtu_entry *
entry_at(const struct inet *inet, uint32_t i)
{
	return &inet->pmtu[i / PMTU_WAYS].entry[i % PMTU_WAYS];
}

static_assert(NB_PLACES <= ISLA_LIST_LOOKS, "all are seen at once");

uint16_t
inet_pmtu_list(const struct inet *inet, uint32_t *cursor, struct isla_pmtu_entry *entries,
	uint16_t max)
{
	uint64_t now_us = inet->core->now_us;
	uint32_t i;
	uint16_t nb = 0;

	for (i = *cursor; i < NB_PLACES && nb < max; i++) {
		const struct pmtu_entry *e = entry_at(inet, i);

		if (e->until_us <= now_us)
			continue;
		entries[nb].dst = e->dst;
		entries[nb].mtu = e->mtu;
		entries[nb].left_us = e->until_us - now_us;
		nb++;
	}
	*cursor = i < NB_PLACES ? i : ISLA_LIST_END;
	return nb;
}

uint16_t
inet_pmtu_clear(struct inet *inet, const struct isla_addr *dst)
{
	uint16_t nb = 0;
	uint32_t i;

	for (i = 0; i < NB_PLACES; i++) {
		struct pmtu_entry *e = entry_at(inet, i);

		if (e->until_us <= inet->core->now_us ||
			(dst != NULL && !isla_addr_eq(&e->dst, dst)))
			continue;
		e->until_us = 0;
		nb++;
	}
	return nb;
}
