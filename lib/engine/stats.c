/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Snapshots of all counters.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "engine_priv.h"

static void
stack_stats_add(struct isla_stats *sum, const struct isla_stats *s)
{
	unsigned int i;

	for (i = 0; i < ISLA_C_MAX; i++)
		sum->counter[i] += s->counter[i];
	for (i = 0; i < ISLA_DROP_MAX; i++)
		sum->drop[i] += s->drop[i];
}

static void
step_add(struct isla_loop_step *sum, const struct isla_loop_step *s)
{
	sum->nb_rounds += s->nb_rounds;
	sum->time_us += s->time_us;
}

static void
loop_stats_add(struct isla_loop_stats *sum, const struct isla_loop_stats *s)
{
	step_add(&sum->busy, &s->busy);
	step_add(&sum->spin, &s->spin);
	step_add(&sum->yield, &s->yield);
	step_add(&sum->sleep, &s->sleep);
	sum->nb_wakeups += s->nb_wakeups;
	sum->nb_rx_bursts += s->nb_rx_bursts;
	sum->nb_tx_bursts += s->nb_tx_bursts;
	sum->nb_tx_stalls += s->nb_tx_stalls;
	sum->nb_tx_dropped += s->nb_tx_dropped;
	sum->nb_tx_linearized += s->nb_tx_linearized;
#define ADD(field, name, desc) sum->handover.field += s->handover.field;
	ISLA_HANDOVER_LIST(ADD)
#undef ADD
}

static void
fault_stats_add(struct isla_fault_stats *sum, const struct isla_fault_stats *s)
{
	sum->nb_frames += s->nb_frames;
	sum->nb_passed += s->nb_passed;
	sum->nb_dropped += s->nb_dropped;
	sum->nb_duplicated += s->nb_duplicated;
	sum->nb_corrupted += s->nb_corrupted;
	sum->nb_reordered += s->nb_reordered;
	sum->nb_limit_full += s->nb_limit_full;
	sum->nb_buffer_full += s->nb_buffer_full;
	sum->nb_no_mbuf += s->nb_no_mbuf;
	sum->nb_flushed += s->nb_flushed;
	sum->nb_waiting += s->nb_waiting;
	sum->copied_bytes += s->copied_bytes;
}

static void
port_stats_get(const struct port *port, struct isla_port_stats *out)
{
	struct rte_eth_stats s;

	memset(out, 0, sizeof(*out));
	out->port_id = port->id;
	port_stats(port, &s);
	out->ipackets = s.ipackets;
	out->opackets = s.opackets;
	out->ibytes = s.ibytes;
	out->obytes = s.obytes;
	out->imissed = s.imissed;
	out->ierrors = s.ierrors;
	out->oerrors = s.oerrors;
	out->rx_nombuf = s.rx_nombuf;
	out->nb_link_downs = port->nb_link_downs;
	out->nb_gone = port->nb_gone;
}

static void
hists_add(struct isla_hists *sum, const struct isla_hists *h)
{
	unsigned int i;

	for (i = 0; i < ISLA_HIST_MAX; i++)
		isla_hist_merge(&sum->hist[i], &h->hist[i]);
}

/* On its way into a shard. */
struct look {
	struct worker *w;
	struct isla_shard_stats *stats;
};

static void
look(struct isla_stack *stack, void *arg)
{
	struct worker *w = ((struct look *)arg)->w;
	struct isla_shard_stats *stats = ((struct look *)arg)->stats;
	unsigned int dir;

	memset(stats, 0, sizeof(*stats));
	stats->time_us = worker_now_us(w);
	stats->shard = w->index;
	stats->nb_conns = isla_stack_nb_conns(stack);
	stats->stack = *isla_stack_stats(stack);
	stats->stack.counter[ISLA_C_PAYLOAD_BYTES_COPIED] += w->tx_copied_bytes;
	worker_get_stats(w, &stats->loop);
	worker_add_hists(w, &stats->hists);
	/* A shard has a fault stage once a fault was set. */
	for (dir = 0; w->fault_stage != NULL && dir < ISLA_FAULT_DIRS; dir++) {
		fault_stage_get_stats(
			w->fault_stage, (enum isla_fault_dir)dir, &stats->fault[dir]);
		stats->stack.counter[ISLA_C_PAYLOAD_BYTES_COPIED] +=
			stats->fault[dir].copied_bytes;
	}
}

int
isla_engine_get_shard_stats(struct isla_engine *e, uint16_t shard, struct isla_shard_stats *stats)
{
	struct look l = {.stats = stats};

	if (shard >= e->nb_workers)
		return -EINVAL;
	l.w = &e->worker[shard];
	return isla_engine_call(e, shard, look, &l);
}

int
isla_engine_get_stats(struct isla_engine *e, struct isla_engine_stats *stats)
{
	struct isla_shard_stats s;
	unsigned int dir;
	uint16_t i;
	int rc;

	memset(stats, 0, sizeof(*stats));
	for (i = 0; i < e->nb_workers; i++) {
		rc = isla_engine_get_shard_stats(e, i, &s);
		if (rc != 0)
			return rc;
		stats->time_us = i == 0 ? s.time_us : stats->time_us;
		stack_stats_add(&stats->stack, &s.stack);
		loop_stats_add(&stats->loop, &s.loop);
		hists_add(&stats->hists, &s.hists);
		for (dir = 0; dir < ISLA_FAULT_DIRS; dir++)
			fault_stats_add(&stats->fault[dir], &s.fault[dir]);
	}
	stats->nb_ports = e->conf.nb_ports;
	ctrl_ports_lock(e);
	for (i = 0; i < e->conf.nb_ports; i++)
		port_stats_get(&e->port[i], &stats->port[i]);
	ctrl_ports_unlock(e);
	return 0;
}

/* On its way into a shard. */
struct clear {
	struct worker *w;
	unsigned int what;
};

static void
clear(struct isla_stack *stack, void *arg)
{
	const struct clear *c = arg;

	isla_stack_clear(stack, c->what);
	worker_clear_stats(c->w, c->what);
}

/* What the drivers count; where a port is being stopped or made anew, before that or after it. */
static void
clear_ports(struct isla_engine *e)
{
	uint16_t i;

	ctrl_ports_lock(e);
	for (i = 0; i < e->conf.nb_ports; i++)
		port_clear_stats(&e->port[i]);
	ctrl_ports_unlock(e);
}

int
isla_engine_clear(struct isla_engine *e, uint16_t shard, unsigned int what)
{
	bool all = shard == ISLA_ENGINE_ALL_SHARDS;
	uint16_t i, first = all ? 0 : shard, end = all ? e->nb_workers : shard + 1u;
	struct clear c = {.what = what};
	int rc;

	if (first >= e->nb_workers)
		return -EINVAL;
	for (i = first; i < end; i++) {
		c.w = &e->worker[i];
		rc = isla_engine_call(e, i, clear, &c);
		if (rc != 0)
			return rc;
	}
	if (all && (what & ISLA_ENGINE_CLEAR_PORTS) != 0)
		clear_ports(e);
	return 0;
}

int
isla_engine_clear_stats(struct isla_engine *e)
{
	return isla_engine_clear(e, ISLA_ENGINE_ALL_SHARDS, ISLA_ENGINE_CLEAR_ALL);
}
