/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers have said, for as long as they said (RFC 1035, 7.4; RFC 2308): a hash table of fixed
 * size, whose least recently used entry gives way to a new one. That a name does not exist holds
 * for every type of record, and is found for each (RFC 2308, 5).
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dns_priv.h"

#define KEY_PURPOSE 33

int
dns_cache_init(struct dns_cache *cache, struct core *core, uint32_t nb_entries)
{
	uint32_t nb_chains = rte_align32pow2(nb_entries), i;

	TAILQ_INIT(&cache->lru);
	cache->key = core_derive_key(core, KEY_PURPOSE);
	cache->entry = core->mem.alloc(nb_entries * sizeof(cache->entry[0]), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	cache->chain = core->mem.alloc(nb_chains * sizeof(cache->chain[0]), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	if (cache->entry == NULL || cache->chain == NULL)
		return -ENOMEM;
	for (i = 0; i < nb_entries; i++)
		TAILQ_INSERT_TAIL(&cache->lru, &cache->entry[i], lru);
	cache->nb_entries = nb_entries;
	cache->mask = nb_chains - 1;
	return 0;
}

void
dns_cache_fini(struct dns_cache *cache, struct core *core)
{
	core->mem.free(cache->entry);
	core->mem.free(cache->chain);
	cache->entry = NULL;
	cache->chain = NULL;
}

static void
entry_drop(struct dns_cache *cache, struct dns_entry *e)
{
	if (!e->is_used)
		return;
	LIST_REMOVE(e, chain);
	e->is_used = false;
	cache->nb_used--;
	TAILQ_REMOVE(&cache->lru, e, lru);
	TAILQ_INSERT_HEAD(&cache->lru, e, lru);
}

/* The entry of exactly this type. */
static struct dns_entry *
entry_find(struct dns_cache *cache, const struct dns_name *name, uint16_t type)
{
	struct dns_chain *chain = &cache->chain[dns_name_hash(name, &cache->key) & cache->mask];
	struct dns_entry *e;

	LIST_FOREACH(e, chain, chain)
		if (e->type == type && dns_name_eq(&e->name, name))
			return e;
	return NULL;
}

bool
dns_cache_get(struct dns_cache *cache, const struct dns_name *name, uint16_t type,
	uint64_t now_us, struct dns_result *result)
{
	struct dns_entry *e = entry_find(cache, name, type);

	if (e == NULL)
		e = entry_find(cache, name, ISLA_DNS_ADDR);
	if (e != NULL && now_us >= e->expire_us) {
		entry_drop(cache, e);
		return type == e->type && dns_cache_get(cache, name, ISLA_DNS_ADDR, now_us, result);
	}
	if (e == NULL)
		return false;
	TAILQ_REMOVE(&cache->lru, e, lru);
	TAILQ_INSERT_TAIL(&cache->lru, e, lru);
	*result = (struct dns_result){
		.status = (enum isla_dns_status)e->status,
		.type = type,
		.nb_records = e->nb_records,
		.is_cached = true,
		.ttl_s = (uint32_t)((e->expire_us - now_us + 999999) / 1000000),
		.name = &e->canon,
		.data = e->data,
		.data_len = e->data_len,
	};
	return true;
}

void
dns_cache_put(struct dns_cache *cache, const struct dns_name *name,
	const struct dns_result *result, bool every_type, uint64_t now_us)
{
	uint16_t type = every_type ? ISLA_DNS_ADDR : result->type;
	struct dns_entry *e = entry_find(cache, name, type);

	if (result->ttl_s == 0 || result->is_partial || result->data_len > sizeof(e->data))
		return;
	if (e == NULL) {
		e = TAILQ_FIRST(&cache->lru);
		entry_drop(cache, e);
		LIST_INSERT_HEAD(&cache->chain[dns_name_hash(name, &cache->key) & cache->mask], e,
			chain);
		e->is_used = true;
		cache->nb_used++;
	}
	TAILQ_REMOVE(&cache->lru, e, lru);
	TAILQ_INSERT_TAIL(&cache->lru, e, lru);
	e->name = *name;
	e->canon = *result->name;
	e->type = type;
	e->status = (uint8_t)result->status;
	e->nb_records = result->nb_records;
	e->data_len = (uint16_t)result->data_len;
	e->expire_us = now_us + result->ttl_s * UINT64_C(1000000);
	memcpy(e->data, result->data, result->data_len);
}

void
dns_cache_flush(struct dns_cache *cache)
{
	uint32_t i;

	for (i = 0; i < cache->nb_entries; i++)
		entry_drop(cache, &cache->entry[i]);
}
