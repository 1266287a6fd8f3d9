/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers could not answer (RFC 9520, 3.2); see dns_fail.h. A failure that is repeated is
 * remembered for twice the time of the one before; one that was followed by DNS_FAIL_MAX_S of
 * silence counts as a first one again.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dns_fail.h"

#define KEY_PURPOSE 34
#define SECOND      UINT64_C(1000000)

int
dns_fails_init(struct dns_fails *f, struct core *core, uint32_t nb_entries, uint32_t first_s,
	uint32_t max_s)
{
	uint32_t nb_chains = rte_align32pow2(nb_entries), i;

	TAILQ_INIT(&f->lru);
	f->key = core_derive_key(core, KEY_PURPOSE);
	f->first_us = first_s * SECOND;
	f->max_us = max_s * SECOND;
	f->entry = core->mem.alloc(nb_entries * sizeof(f->entry[0]), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	f->chain = core->mem.alloc(nb_chains * sizeof(f->chain[0]), RTE_CACHE_LINE_SIZE,
		core->socket_id);
	if (f->entry == NULL || f->chain == NULL)
		return -ENOMEM;
	for (i = 0; i < nb_entries; i++)
		TAILQ_INSERT_TAIL(&f->lru, &f->entry[i], lru);
	f->nb_entries = nb_entries;
	f->mask = nb_chains - 1;
	return 0;
}

void
dns_fails_fini(struct dns_fails *f, struct core *core)
{
	core->mem.free(f->entry);
	core->mem.free(f->chain);
	f->entry = NULL;
	f->chain = NULL;
}

static struct dns_fail_chain *
chain_of(struct dns_fails *f, const struct dns_name *name)
{
	return &f->chain[dns_name_hash(name, &f->key) & f->mask];
}

static struct dns_fail *
entry_find(struct dns_fails *f, const struct dns_name *name, uint16_t type)
{
	struct dns_fail *e;

	LIST_FOREACH(e, chain_of(f, name), chain)
		if (e->type == type && dns_name_eq(&e->name, name))
			return e;
	return NULL;
}

static void
entry_drop(struct dns_fails *f, struct dns_fail *e)
{
	if (!e->is_used)
		return;
	LIST_REMOVE(e, chain);
	e->is_used = false;
	TAILQ_REMOVE(&f->lru, e, lru);
	TAILQ_INSERT_HEAD(&f->lru, e, lru);
}

uint8_t
dns_fails_get(struct dns_fails *f, const struct dns_name *name, uint16_t type, uint64_t now_us,
	enum isla_dns_status *status)
{
	const struct dns_fail *e = entry_find(f, name, type);
	uint8_t bits = 0;
	unsigned int i;

	*status = ISLA_DNS_TIMEOUT;
	for (i = 0; e != NULL && i < ISLA_DNS_SERVERS_MAX; i++) {
		if (now_us >= e->server[i].until_us)
			continue;
		bits |= (uint8_t)(1u << i);
		*status = RTE_MAX(*status, (enum isla_dns_status)e->server[i].status);
	}
	return bits;
}

void
dns_fails_put(struct dns_fails *f, const struct dns_name *name, uint16_t type, unsigned int server,
	enum isla_dns_status status, uint64_t now_us)
{
	struct dns_fail *e = entry_find(f, name, type);
	struct dns_fail_server *s;
	uint64_t us;

	if (e == NULL) {
		e = TAILQ_FIRST(&f->lru);
		entry_drop(f, e);
		memset(e->server, 0, sizeof(e->server));
		e->name = *name;
		e->type = type;
		e->is_used = true;
		LIST_INSERT_HEAD(chain_of(f, name), e, chain);
	}
	TAILQ_REMOVE(&f->lru, e, lru);
	TAILQ_INSERT_TAIL(&f->lru, e, lru);
	s = &e->server[server];
	if (now_us >= s->until_us + DNS_FAIL_MAX_S * SECOND)
		s->nb = 0;
	us = f->first_us << RTE_MIN(s->nb, (uint8_t)16);
	s->until_us = now_us + RTE_MIN(us, f->max_us);
	s->status = (uint8_t)status;
	if (s->nb < UINT8_MAX)
		s->nb++;
}

void
dns_fails_forget(struct dns_fails *f, const struct dns_name *name, uint16_t type)
{
	struct dns_fail *e = entry_find(f, name, type);

	if (e != NULL)
		entry_drop(f, e);
}

void
dns_fails_flush(struct dns_fails *f)
{
	uint32_t i;

	for (i = 0; i < f->nb_entries; i++)
		entry_drop(f, &f->entry[i]);
}
