/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be asked and changed of shards while they run: backoff, sleep, the table of owners.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "conf.h"
#include "engine_priv.h"
#include "rss.h"

/* A change on its way into shards; NULL: as it is. */
struct change {
	struct isla_engine *engine;
	const struct isla_engine_backoff *backoff;
	const enum isla_engine_idle *idle;
};

/* The shard that a stack belongs to. */
static struct worker *
worker_of(struct isla_engine *e, const struct isla_stack *stack)
{
	uint16_t i = 0;

	while (e->worker[i].stack != stack)
		i++;
	return &e->worker[i];
}

static void
change(struct isla_stack *stack, void *arg)
{
	const struct change *c = arg;
	struct worker *w = worker_of(c->engine, stack);

	worker_set_backoff(w, c->backoff != NULL ? c->backoff : &w->backoff_conf,
		c->idle != NULL ? *c->idle : w->idle_mode);
}

static int
change_shards(uint16_t shard, struct change *c, struct fault *fault)
{
	int rc = isla_engine_call(c->engine, shard, change, c);

	if (rc == -EINVAL)
		return fault_set(fault, rc, "there is no shard %u: 0 to %u", shard,
			c->engine->nb_workers - 1u);
	return rc == 0 ? 0 : fault_set(fault, rc, "not from a shard");
}

int
isla_engine_backoff_set(struct isla_engine *e, uint16_t shard,
	const struct isla_engine_backoff *backoff, char *err, size_t err_size)
{
	struct fault fault = fault_init(err, err_size);
	struct change c = {.engine = e, .backoff = backoff};
	int rc = conf_check_backoff(backoff, &fault);

	return rc != 0 ? rc : change_shards(shard, &c, &fault);
}

int
isla_engine_idle_set(struct isla_engine *e, uint16_t shard, enum isla_engine_idle idle, char *err,
	size_t err_size)
{
	struct fault fault = fault_init(err, err_size);
	struct change c = {.engine = e, .idle = &idle};

	if (idle != ISLA_ENGINE_IDLE_EPOLL && idle != ISLA_ENGINE_IDLE_SLEEP &&
		idle != ISLA_ENGINE_IDLE_POLL)
		return fault_set(&fault, -EINVAL, "there is no way to be idle of number %d",
			(int)idle);
	return change_shards(shard, &c, &fault);
}

/* A question on its way into a shard. */
struct question {
	struct isla_engine *engine;
	struct isla_engine_shard_info *info;
};

static void
answer(struct isla_stack *stack, void *arg)
{
	const struct question *q = arg;
	const struct worker *w = worker_of(q->engine, stack);
	struct isla_engine_shard_info *info = q->info;
	uint16_t i;

	memset(info, 0, sizeof(*info));
	info->shard = w->index;
	info->lcore_id = w->lcore_id;
	info->socket_id = w->socket_id;
	info->is_crowded = w->is_crowded;
	info->hears_all = w->hears_all && !w->intrs.is_deaf;
	info->idle = w->idle_mode;
	info->backoff = w->backoff_conf;
	for (i = 0; i < w->nb_ports; i++)
		if (w->queue < w->port[i].nb_queues)
			info->nb_queues++;
}

int
isla_engine_shard_info(struct isla_engine *e, uint16_t shard, struct isla_engine_shard_info *info)
{
	struct question q = {.engine = e, .info = info};

	if (shard >= e->nb_workers)
		return -EINVAL;
	return isla_engine_call(e, shard, answer, &q);
}

int
isla_engine_backoff_get(struct isla_engine *e, uint16_t shard, struct isla_engine_backoff *backoff)
{
	struct isla_engine_shard_info info;
	int rc = isla_engine_shard_info(e, shard, &info);

	if (rc == 0)
		*backoff = info.backoff;
	return rc;
}

int
isla_engine_idle_get(struct isla_engine *e, uint16_t shard, enum isla_engine_idle *idle)
{
	struct isla_engine_shard_info info;
	int rc = isla_engine_shard_info(e, shard, &info);

	if (rc == 0)
		*idle = info.idle;
	return rc;
}

int
isla_engine_reta_set(struct isla_engine *e, uint16_t idx, uint16_t shard)
{
	int rc;

	/* One shard owns all there is. */
	if (e->nb_workers == 1)
		return idx < ISLA_ENGINE_RETA_LEN && shard == 0 ? 0 : -EINVAL;
	rc = owner_map_set(&e->map, idx, shard);
	if (rc == 0)
		rss_move(e);
	return rc;
}

int
isla_engine_pin_port(struct isla_engine *e, uint16_t port, uint16_t shard)
{
	if (e->nb_workers == 1)
		return shard == 0 ? 0 : -EINVAL;
	return isla_ports_pin(&e->map.ports, port, shard);
}

int
isla_engine_reta_get(const struct isla_engine *e, uint16_t idx, uint16_t *shard, uint16_t *older)
{
	if (idx >= ISLA_ENGINE_RETA_LEN)
		return -EINVAL;
	*shard = *older = 0;
	if (e->nb_workers > 1)
		*shard = owner_map_get(&e->map, idx, older);
	return 0;
}
