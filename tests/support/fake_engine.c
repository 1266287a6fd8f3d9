/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine without ports and threads.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_engine.h"

struct fake_engine fake_engine;

void
fake_engine_begin(struct isla_stack *stack)
{
	memset(&fake_engine, 0, sizeof(fake_engine));
	fake_engine.nb_shards = 1;
	fake_engine.stack[0] = stack;
	fake_engine.nb_ports = 1;
	fake_engine.backoff = (struct isla_engine_backoff){100, 400, 50};
}

struct isla_engine *
fake_engine_handle(void)
{
	return (struct isla_engine *)&fake_engine;
}

/* 0, or the error that the test wants of this change. */
static int
change(char *err, size_t err_size)
{
	fake_engine.nb_changes++;
	if (fake_engine.fail_at == 0 || --fake_engine.fail_at != 0)
		return 0;
	if (err != NULL)
		snprintf(err, err_size, "the test says no");
	return fake_engine.fail_rc;
}

int
isla_engine_call(struct isla_engine *e, uint16_t shard,
	void (*fn)(struct isla_stack *stack, void *arg), void *arg)
{
	bool all = shard == ISLA_ENGINE_ALL_SHARDS;
	uint16_t i;

	if (!all && shard >= fake_engine.nb_shards)
		return -EINVAL;
	for (i = 0; i < fake_engine.nb_shards; i++) {
		if (!all && i != shard)
			continue;
		fake_engine.nb_calls++;
		fn(fake_engine.stack[i], arg);
	}
	return 0;
}

int
isla_engine_ctrl_post(struct isla_engine *e, struct isla_engine_request *req)
{
	req->run(NULL, req);
	return 0;
}

int
isla_engine_post(struct isla_engine *e, uint16_t shard, struct isla_engine_request *req)
{
	if (shard >= fake_engine.nb_shards)
		return -EINVAL;
	req->run(fake_engine.stack[shard], req);
	return 0;
}

struct isla_stack *
isla_engine_stack(struct isla_engine *e, uint16_t shard)
{
	return shard < fake_engine.nb_shards ? fake_engine.stack[shard] : NULL;
}

uint16_t
isla_engine_nb_shards(const struct isla_engine *e)
{
	return fake_engine.nb_shards;
}

int
isla_engine_shard_info(struct isla_engine *e, uint16_t shard, struct isla_engine_shard_info *info)
{
	memset(info, 0, sizeof(*info));
	info->shard = shard;
	info->lcore_id = shard;
	info->socket_id = -1;
	info->idle = fake_engine.idle;
	info->backoff = fake_engine.backoff;
	return shard < fake_engine.nb_shards ? 0 : -EINVAL;
}

void
isla_engine_numa_info(const struct isla_engine *e, struct isla_numa_info *info)
{
	memset(info, 0, sizeof(*info));
	info->nb_shards = fake_engine.nb_shards;
	info->nb_ports = fake_engine.nb_ports;
}

int
isla_engine_port_info(const struct isla_engine *e, uint16_t i, struct isla_engine_port_info *info)
{
	memset(info, 0, sizeof(*info));
	info->port_id = i;
	info->socket_id = -1;
	info->nb_queues = fake_engine.nb_shards;
	snprintf(info->name, sizeof(info->name), "fake%u", i);
	snprintf(info->driver, sizeof(info->driver), "net_fake");
	return i < fake_engine.nb_ports ? 0 : -ENODEV;
}

int
isla_engine_port_queue(const struct isla_engine *e, uint16_t i, uint16_t shard, uint16_t *dev_id,
	uint16_t *queue)
{
	uint16_t of_one = fake_engine.nb_dev_queues != 0 ? fake_engine.nb_dev_queues : UINT16_MAX;

	*dev_id = (uint16_t)(i + shard / of_one * FAKE_ENGINE_DEV_STEP);
	*queue = shard % of_one;
	return i >= fake_engine.nb_ports ? -ENODEV : shard >= fake_engine.nb_shards ? -EINVAL : 0;
}

int
isla_engine_get_shard_stats(struct isla_engine *e, uint16_t shard, struct isla_shard_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->shard = shard;
	stats->nb_conns = isla_stack_nb_conns(fake_engine.stack[shard]);
	stats->stack = *isla_stack_stats(fake_engine.stack[shard]);
	return 0;
}

int
isla_engine_get_stats(struct isla_engine *e, struct isla_engine_stats *stats)
{
	uint16_t i;

	memset(stats, 0, sizeof(*stats));
	stats->stack = *isla_stack_stats(fake_engine.stack[0]);
	stats->nb_ports = fake_engine.nb_ports;
	for (i = 0; i < fake_engine.nb_ports; i++) {
		stats->port[i].port_id = i;
		stats->port[i].ipackets = fake_engine.ipackets[i];
	}
	return 0;
}

int
isla_engine_clear_stats(struct isla_engine *e)
{
	return change(NULL, 0);
}

int
isla_engine_clear(struct isla_engine *e, uint16_t shard, unsigned int what)
{
	uint16_t i;
	int rc = change(NULL, 0);

	for (i = 0; rc == 0 && i < fake_engine.nb_shards; i++)
		if (shard == ISLA_ENGINE_ALL_SHARDS || shard == i)
			isla_stack_clear(fake_engine.stack[i], what);
	fake_engine.cleared = what;
	return rc;
}

int
isla_engine_addr_add(struct isla_engine *e, uint16_t port, const struct isla_prefix *prefix)
{
	int rc = change(NULL, 0);

	return rc != 0 ? rc : isla_stack_addr_add(fake_engine.stack[0], (uint8_t)port, prefix);
}

int
isla_engine_addr_del(struct isla_engine *e, uint16_t port, const struct isla_addr *addr)
{
	int rc = change(NULL, 0);

	return rc != 0 ? rc : isla_stack_addr_del(fake_engine.stack[0], (uint8_t)port, addr);
}

int
isla_engine_route_add(struct isla_engine *e, uint16_t port, const struct isla_prefix *prefix,
	const struct isla_addr *gateway)
{
	int rc = change(NULL, 0);

	return rc != 0 ? rc : isla_stack_route_add(fake_engine.stack[0], prefix, gateway,
			(uint8_t)port);
}

int
isla_engine_route_del(struct isla_engine *e, uint16_t port, const struct isla_prefix *prefix)
{
	int rc = change(NULL, 0);

	return rc != 0 ? rc : isla_stack_route_del(fake_engine.stack[0], prefix, (uint8_t)port);
}

int
isla_engine_fault_set(struct isla_engine *e, enum isla_fault_dir dir,
	const struct isla_fault *fault, char *err, size_t err_size)
{
	int rc = change(err, err_size);

	if (rc == 0)
		fake_engine.fault[dir] = *fault;
	return rc;
}

int
isla_engine_fault_get(struct isla_engine *e, enum isla_fault_dir dir, struct isla_fault *fault)
{
	*fault = fake_engine.fault[dir];
	return 0;
}

int
isla_engine_backoff_set(struct isla_engine *e, uint16_t shard,
	const struct isla_engine_backoff *backoff, char *err, size_t err_size)
{
	int rc = change(err, err_size);

	if (rc == 0)
		fake_engine.backoff = *backoff;
	return rc;
}

int
isla_engine_backoff_get(struct isla_engine *e, uint16_t shard, struct isla_engine_backoff *backoff)
{
	*backoff = fake_engine.backoff;
	return 0;
}

int
isla_engine_idle_set(struct isla_engine *e, uint16_t shard, enum isla_engine_idle idle, char *err,
	size_t err_size)
{
	int rc = change(err, err_size);

	if (rc == 0)
		fake_engine.idle = idle;
	return rc;
}

int
isla_engine_reta_set(struct isla_engine *e, uint16_t idx, uint16_t shard)
{
	int rc = change(NULL, 0);

	if (rc == 0)
		fake_engine.reta[idx] = shard;
	return rc;
}

int
isla_engine_reta_get(const struct isla_engine *e, uint16_t idx, uint16_t *shard, uint16_t *older)
{
	*shard = fake_engine.reta[idx];
	*older = 0;
	return 0;
}

int
isla_engine_port_stop(struct isla_engine *e, uint16_t port, char *err, size_t err_size)
{
	return change(err, err_size);
}

int
isla_engine_port_start(struct isla_engine *e, uint16_t port, char *err, size_t err_size)
{
	return change(err, err_size);
}

int
isla_engine_port_call(const struct isla_engine *e, uint16_t port, isla_engine_port_fn *fn,
	void *arg)
{
	return port < fake_engine.nb_ports ? fn(arg) : -ENODEV;
}

int
isla_engine_port_clear_stats(struct isla_engine *e, uint16_t port)
{
	return change(NULL, 0);
}
