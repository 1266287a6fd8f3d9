/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services on every shard: each change goes into the shards as a call, one after the other, and is
 * undone where one of them refuses.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "service_set.h"

void
service_set_init(struct service_set *set, struct isla_engine *engine,
	const struct isla_http_site *site)
{
	memset(set, 0, sizeof(*set));
	pthread_mutex_init(&set->lock, NULL);
	set->engine = engine;
	set->site = site;
}

/* On its way into a shard. */
struct change {
	const struct service_set *set;
	struct service_entry *entry;
	uint16_t shard;
	int err;
};

static void
start_there(struct isla_stack *stack, void *arg)
{
	struct change *c = arg;
	struct service_env env = {.stack = stack, .site = c->set->site};

	c->entry->instance[c->shard] = c->entry->service->start(&env, c->entry->port);
	c->err = c->entry->instance[c->shard] != NULL ? 0 : rte_errno;
}

static void
stop_there(struct isla_stack *stack, void *arg)
{
	struct change *c = arg;

	RTE_SET_USED(stack);
	c->entry->service->stop(c->entry->instance[c->shard]);
	c->entry->instance[c->shard] = NULL;
}

/* On the first nb shards. */
static void
entry_stop(struct service_set *set, struct service_entry *entry, uint16_t nb)
{
	struct change c = {.set = set, .entry = entry};

	for (c.shard = 0; c.shard < nb; c.shard++)
		isla_engine_call(set->engine, c.shard, stop_there, &c);
}

static int
entry_start(struct service_set *set, struct service_entry *entry, char *err, size_t err_size)
{
	struct change c = {.set = set, .entry = entry};
	uint16_t nb = isla_engine_nb_shards(set->engine);

	for (c.shard = 0; c.shard < nb; c.shard++) {
		int rc = isla_engine_call(set->engine, c.shard, start_there, &c);

		if (rc == 0 && c.err == 0)
			continue;
		entry_stop(set, entry, c.shard);
		rc = rc != 0 ? rc : -c.err;
		snprintf(err, err_size, "%s:%u: %s", entry->service->name, entry->port,
			service_strerror(-rc));
		return rc;
	}
	return 0;
}

static struct service_entry *
find(struct service_set *set, const struct service *service, uint16_t port)
{
	uint16_t i;

	for (i = 0; i < set->nb; i++)
		if (set->entry[i].service == service && set->entry[i].port == port)
			return &set->entry[i];
	return NULL;
}

static int
add_locked(struct service_set *set, const struct service *service, uint16_t port, char *err,
	size_t err_size)
{
	struct service_entry *entry = &set->entry[set->nb];
	int rc = 0;

	if (find(set, service, port) != NULL) {
		snprintf(err, err_size, "%s:%u: it runs already", service->name, port);
		return -EEXIST;
	}
	if (set->nb == SERVICE_SET_MAX) {
		snprintf(err, err_size, "%s:%u: there are %u services already, which is the most",
			service->name, port, SERVICE_SET_MAX);
		return -ENOSPC;
	}
	memset(entry, 0, sizeof(*entry));
	entry->service = service;
	entry->port = port;
	if (!set->is_stopped)
		rc = entry_start(set, entry, err, err_size);
	if (rc == 0)
		set->nb++;
	return rc;
}

static int
del_locked(struct service_set *set, const struct service *service, uint16_t port)
{
	struct service_entry *entry = find(set, service, port);

	if (entry == NULL)
		return -ENOENT;
	if (!set->is_stopped)
		entry_stop(set, entry, isla_engine_nb_shards(set->engine));
	set->nb--;
	memmove(entry, entry + 1, (size_t)(&set->entry[set->nb] - entry) * sizeof(*entry));
	return 0;
}

static int
stop_locked(struct service_set *set)
{
	uint16_t i;

	if (set->is_stopped)
		return -EALREADY;
	for (i = set->nb; i > 0; i--)
		entry_stop(set, &set->entry[i - 1], isla_engine_nb_shards(set->engine));
	set->is_stopped = true;
	return 0;
}

static int
start_locked(struct service_set *set, char *err, size_t err_size)
{
	uint16_t i;
	int rc;

	if (!set->is_stopped)
		return -EALREADY;
	for (i = 0; i < set->nb; i++) {
		rc = entry_start(set, &set->entry[i], err, err_size);
		if (rc == 0)
			continue;
		while (i-- > 0)
			entry_stop(set, &set->entry[i], isla_engine_nb_shards(set->engine));
		return rc;
	}
	set->is_stopped = false;
	return 0;
}

int
service_set_add(struct service_set *set, const struct service *service, uint16_t port, char *err,
	size_t err_size)
{
	int rc;

	pthread_mutex_lock(&set->lock);
	rc = add_locked(set, service, port, err, err_size);
	pthread_mutex_unlock(&set->lock);
	return rc;
}

int
service_set_del(struct service_set *set, const struct service *service, uint16_t port)
{
	int rc;

	pthread_mutex_lock(&set->lock);
	rc = del_locked(set, service, port);
	pthread_mutex_unlock(&set->lock);
	return rc;
}

int
service_set_stop(struct service_set *set)
{
	int rc;

	pthread_mutex_lock(&set->lock);
	rc = stop_locked(set);
	pthread_mutex_unlock(&set->lock);
	return rc;
}

int
service_set_start(struct service_set *set, char *err, size_t err_size)
{
	int rc;

	pthread_mutex_lock(&set->lock);
	rc = start_locked(set, err, err_size);
	pthread_mutex_unlock(&set->lock);
	return rc;
}

uint16_t
service_set_list(struct service_set *set, struct service_line lines[SERVICE_SET_MAX])
{
	uint16_t i, nb;

	pthread_mutex_lock(&set->lock);
	nb = set->nb;
	for (i = 0; i < nb; i++)
		lines[i] = (struct service_line){
			.service = set->entry[i].service,
			.port = set->entry[i].port,
			.is_running = !set->is_stopped,
		};
	pthread_mutex_unlock(&set->lock);
	return nb;
}

void
service_set_fini(struct service_set *set)
{
	if (set->engine == NULL)
		return;
	service_set_stop(set);
	set->nb = 0;
	pthread_mutex_destroy(&set->lock);
	set->engine = NULL;
}
