/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Setting faults: what cannot be, and the way from the engine's call to each shard's stage.
 */

#include <errno.h>
#include <inttypes.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "conf.h"
#include "engine_mem.h"
#include "engine_priv.h"

#define BURST_PKTS_MAX 1000u /* as isla_fault_parse() has it */

/* The queues of a direction may hold a fourth of the mbufs. */
static uint32_t
limit_max(const struct isla_engine_conf *conf)
{
	return RTE_MIN(conf->nb_mbufs / 4 / RTE_MAX(conf->nb_ports, 1u), ISLA_FAULT_LIMIT_MAX);
}

int
conf_check_fault(const struct isla_engine_conf *conf, const struct isla_fault *f,
	struct fault *line)
{
	const uint32_t share[] = {f->drop_ppb, f->dup_ppb, f->corrupt_ppb, f->reorder_ppb};
	const uint32_t time_us[] = {f->delay_us, f->jitter_us, f->hold_us};
	size_t i;

	for (i = 0; i < RTE_DIM(share); i++)
		if (share[i] > ISLA_FAULT_ONE)
			return fault_set(line, -EINVAL, "a share of %u of frames is not possible: "
				"at most %u", share[i], ISLA_FAULT_ONE);
	for (i = 0; i < RTE_DIM(time_us); i++)
		if (time_us[i] > ISLA_FAULT_TIME_MAX_US)
			return fault_set(line, -EINVAL, "to delay frames by %u us is not possible: "
				"at most %u", time_us[i], ISLA_FAULT_TIME_MAX_US);
	if (f->burst_pkts > BURST_PKTS_MAX)
		return fault_set(line, -EINVAL, "bursts of %u losses are not possible: at most %u",
			f->burst_pkts, BURST_PKTS_MAX);
	if (f->jitter_us > f->delay_us)
		return fault_set(line, -EINVAL, "a jitter of %u us is longer than the delay",
			f->jitter_us);
	if (f->rate_bps != 0 && (f->rate_bps < 1000 || f->rate_bps > UINT64_C(400000000000)))
		return fault_set(line, -EINVAL, "a rate of %" PRIu64 " bit/s is not possible: "
			"1000 to 400000000000", f->rate_bps);
	if (f->limit_pkts > limit_max(conf))
		return fault_set(line, -E2BIG, "limit %u is more than a fourth of the mbufs: give "
			"at most %u, or more mbufs", f->limit_pkts, limit_max(conf));
	return 0;
}

int
worker_fault_set(struct worker *w, enum isla_fault_dir dir, const struct isla_fault *f)
{
	struct fault_stage_conf conf = {
		.nb_ports = w->nb_ports,
		.limit_max = limit_max(w->conf),
		.socket_id = w->socket_id,
		.pool = w->pools.pkt,
		.mem = engine_mem,
		.seed = w->conf->fault_seed + w->index,
	};
	int rc;

	if (w->fault_stage == NULL && isla_fault_is_off(f))
		return 0;
	if (w->fault_stage == NULL)
		w->fault_stage = fault_stage_create(&conf);
	if (w->fault_stage == NULL)
		return -ENOMEM;
	rc = fault_stage_set(w->fault_stage, dir, f);
	/* Where all is off now, the loop takes it away once it is empty. */
	if (rc == 0 && !isla_fault_is_off(f))
		w->faults = w->fault_stage;
	return rc;
}

/* On its way into a shard. */
struct change {
	struct worker *w;
	enum isla_fault_dir dir;
	const struct isla_fault *fault;
	int rc;
};

static void
change(struct isla_stack *stack, void *arg)
{
	struct change *c = arg;

	RTE_SET_USED(stack);
	c->rc = worker_fault_set(c->w, c->dir, c->fault);
}

/* On all shards up to the first one that cannot. */
static int
change_all(struct isla_engine *e, enum isla_fault_dir dir, const struct isla_fault *fault)
{
	struct change c = {.dir = dir, .fault = fault};
	uint16_t i;

	for (i = 0; c.rc == 0 && i < e->nb_workers; i++) {
		c.w = &e->worker[i];
		isla_engine_call(e, i, change, &c);
	}
	return c.rc;
}

int
isla_engine_fault_set(struct isla_engine *e, enum isla_fault_dir dir,
	const struct isla_fault *fault, char *err, size_t err_size)
{
	struct fault line = fault_init(err, err_size);
	int rc;

	if (dir != ISLA_FAULT_RX && dir != ISLA_FAULT_TX)
		return fault_set(&line, -EINVAL, "there is no direction %d", (int)dir);
	rc = conf_check_fault(&e->conf, fault, &line);
	if (rc == 0)
		rc = ctrl_admin_lock(e);
	if (rc != 0)
		return fault_set(&line, rc, "not from a shard");
	rc = change_all(e, dir, fault);
	if (rc == 0) {
		e->conf.fault[dir] = *fault;
	} else {
		change_all(e, dir, &e->conf.fault[dir]);
		fault_set(&line, rc, "no memory for a queue of frames: %s", rte_strerror(-rc));
	}
	ctrl_admin_unlock(e);
	return rc;
}

int
isla_engine_fault_get(struct isla_engine *e, enum isla_fault_dir dir, struct isla_fault *fault)
{
	int rc = ctrl_admin_lock(e);

	if (rc != 0)
		return rc;
	*fault = e->conf.fault[dir];
	ctrl_admin_unlock(e);
	return 0;
}
