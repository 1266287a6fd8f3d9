/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Snapshots of all counters.
 */

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
}

/* A shard's fault stage, once it has one. */
static void
fault_stats_add(struct isla_engine_stats *sum, const struct worker *w)
{
	struct isla_fault_stats s;
	unsigned int dir;

	for (dir = 0; w->fault_stage != NULL && dir < ISLA_FAULT_DIRS; dir++) {
		struct isla_fault_stats *to = &sum->fault[dir];

		fault_stage_get_stats(w->fault_stage, (enum isla_fault_dir)dir, &s);
		to->nb_frames += s.nb_frames;
		to->nb_passed += s.nb_passed;
		to->nb_dropped += s.nb_dropped;
		to->nb_duplicated += s.nb_duplicated;
		to->nb_corrupted += s.nb_corrupted;
		to->nb_reordered += s.nb_reordered;
		to->nb_limit_full += s.nb_limit_full;
		to->nb_buffer_full += s.nb_buffer_full;
		to->nb_no_mbuf += s.nb_no_mbuf;
		to->nb_flushed += s.nb_flushed;
		to->nb_waiting += s.nb_waiting;
		to->copied_bytes += s.copied_bytes;
		sum->stack.counter[ISLA_C_PAYLOAD_BYTES_COPIED] += s.copied_bytes;
	}
}

static void
port_stats_get(const struct port *port, struct isla_port_stats *out)
{
	struct rte_eth_stats s;

	memset(out, 0, sizeof(*out));
	out->port_id = port->id;
	if (rte_eth_stats_get(port->id, &s) != 0)
		return;
	out->ipackets = s.ipackets;
	out->opackets = s.opackets;
	out->ibytes = s.ibytes;
	out->obytes = s.obytes;
	out->imissed = s.imissed;
	out->ierrors = s.ierrors;
	out->oerrors = s.oerrors;
	out->rx_nombuf = s.rx_nombuf;
}

void
isla_engine_get_stats(const struct isla_engine *e, struct isla_engine_stats *stats)
{
	struct isla_loop_stats loop;
	uint16_t i;

	memset(stats, 0, sizeof(*stats));
	stats->time_us = worker_now_us(&e->worker[0]);
	for (i = 0; i < e->nb_workers; i++) {
		const struct worker *w = &e->worker[i];

		stack_stats_add(&stats->stack, isla_stack_stats(w->stack));
		stats->stack.counter[ISLA_C_PAYLOAD_BYTES_COPIED] += w->tx_copied_bytes;
		worker_get_stats(w, &loop);
		loop_stats_add(&stats->loop, &loop);
		worker_add_hists(w, &stats->hists);
		fault_stats_add(stats, w);
	}
	stats->nb_ports = e->conf.nb_ports;
	for (i = 0; i < e->conf.nb_ports; i++)
		port_stats_get(&e->port[i], &stats->port[i]);
}

void
isla_engine_clear_stats(struct isla_engine *e)
{
	uint16_t i;

	for (i = 0; i < e->nb_workers; i++) {
		isla_stack_stats_clear(e->worker[i].stack);
		worker_clear_stats(&e->worker[i]);
	}
	for (i = 0; i < e->conf.nb_ports; i++)
		rte_eth_stats_reset(e->port[i].id);
}
