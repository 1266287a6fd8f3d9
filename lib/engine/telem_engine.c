/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What telemetry tells of the engine: ports, shards, what they have counted and measured, memory.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <rte_version.h>

#include "telem.h"

int
telem_info(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_shard_stats s;
	int rc = isla_engine_get_shard_stats(e, 0, &s);

	if (rc != 0)
		return telem_no_call(out, rc);
	telem_string(out, "version", ISLA_VERSION);
	telem_string(out, "dpdk", rte_version());
	telem_u64(out, "nb_shards", e->nb_workers);
	telem_u64(out, "nb_ports", e->conf.nb_ports);
	telem_u64(out, "time_us", s.time_us);
	telem_u64(out, "burst", e->conf.burst);
	telem_u64(out, "mbufs_a_shard", e->conf.nb_mbufs);
	telem_u64(out, "references_a_shard", e->conf.nb_refs);
	telem_u64(out, "tcp_max_conns_a_shard", e->conf.stack.tcp.max_conns);
	telem_u64(out, "max_answer_bytes", 16384);
	return 0;
}

static void
port(struct telem_out *out, const struct isla_engine_port_info *info, const struct rte_eth_stats *s)
{
	static const char *const states[] = {
		[ISLA_ENGINE_PORT_STOPPED] = "stopped",
		[ISLA_ENGINE_PORT_STARTED] = "started",
		[ISLA_ENGINE_PORT_GONE] = "gone",
	};

	telem_string(out, "name", info->name);
	telem_string(out, "driver", info->driver);
	telem_mac(out, "mac", info->mac);
	telem_u64(out, "mtu", info->mtu);
	telem_u64(out, "nb_queues", info->nb_queues);
	telem_u64(out, "nb_rxd", info->nb_rxd);
	telem_u64(out, "nb_txd", info->nb_txd);
	telem_u64(out, "if_index", info->if_index);
	telem_i32(out, "socket_id", info->socket_id);
	telem_string(out, "state", (unsigned int)info->state < RTE_DIM(states) ?
		states[info->state] : "?");
	telem_bool(out, "link_up", info->link_up);
	telem_u64(out, "link_mbps", info->link_mbps);
	telem_u64(out, "ipackets", s->ipackets);
	telem_u64(out, "opackets", s->opackets);
	telem_u64(out, "ibytes", s->ibytes);
	telem_u64(out, "obytes", s->obytes);
	telem_u64(out, "imissed", s->imissed);
	telem_u64(out, "ierrors", s->ierrors);
	telem_u64(out, "oerrors", s->oerrors);
	telem_u64(out, "rx_nombuf", s->rx_nombuf);
}

int
telem_ports(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_port_info info;
	struct rte_eth_stats stats;
	struct telem_out inner;
	char name[16];
	uint16_t i;

	for (i = 0; isla_engine_port_info(e, i, &info) == 0; i++) {
		/* It may be stopped or made anew by now: its statistics outlive that. */
		ctrl_ports_lock(e);
		port_stats(&e->port[i], &stats);
		ctrl_ports_unlock(e);
		telem_open(&inner);
		port(&inner, &info, &stats);
		telem_close(out, telem_digits(info.port_id, name), &inner);
	}
	return 0;
}

int
telem_get_stats(struct isla_engine *e, const struct telem_params *p, struct isla_engine_stats *stats,
	struct telem_out *out)
{
	struct isla_shard_stats s;
	int rc;

	if ((p->given & TELEM_KEY(SHARD)) == 0) {
		rc = isla_engine_get_stats(e, stats);
		return rc == 0 ? 0 : telem_no_call(out, rc);
	}
	memset(stats, 0, sizeof(*stats));
	rc = isla_engine_get_shard_stats(e, p->shard, &s);
	if (rc != 0)
		return telem_no_call(out, rc);
	stats->time_us = s.time_us;
	stats->stack = s.stack;
	stats->loop = s.loop;
	stats->hists = s.hists;
	memcpy(stats->fault, s.fault, sizeof(s.fault));
	return 0;
}

static void
step(struct telem_out *out, const char *name, const struct isla_loop_step *s)
{
	struct telem_out inner;

	telem_open(&inner);
	telem_u64(&inner, "rounds", s->nb_rounds);
	telem_u64(&inner, "time_us", s->time_us);
	telem_close(out, name, &inner);
}

int
telem_loop(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_stats s;

	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
	step(out, "busy", &s.loop.busy);
	step(out, "spin", &s.loop.spin);
	step(out, "yield", &s.loop.yield);
	step(out, "sleep", &s.loop.sleep);
	telem_u64(out, "wakeups", s.loop.nb_wakeups);
	telem_u64(out, "rx_bursts", s.loop.nb_rx_bursts);
	telem_u64(out, "tx_bursts", s.loop.nb_tx_bursts);
	telem_u64(out, "tx_stalls", s.loop.nb_tx_stalls);
	telem_u64(out, "tx_dropped", s.loop.nb_tx_dropped);
	telem_u64(out, "tx_linearized", s.loop.nb_tx_linearized);
	return 0;
}

int
telem_counters(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_stats s;
	unsigned int i;

	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
	for (i = 0; i < ISLA_C_MAX; i++)
		telem_u64(out, isla_counter_name(i), s.stack.counter[i]);
	return 0;
}

int
telem_drops(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_stats s;
	unsigned int i;

	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
	for (i = 1; i < ISLA_DROP_MAX; i++)
		telem_u64(out, isla_drop_name(i), s.stack.drop[i]);
	return 0;
}

void
telem_hist(struct telem_out *out, const struct isla_hist *h, const char *unit)
{
	telem_string(out, "unit", unit);
	telem_u64(out, "values", h->nb);
	telem_u64(out, "sum", h->sum);
	telem_u64(out, "max", h->max);
	telem_u64(out, "p50", isla_hist_quantile(h, 500));
	telem_u64(out, "p90", isla_hist_quantile(h, 900));
	telem_u64(out, "p99", isla_hist_quantile(h, 990));
	telem_u64(out, "p999", isla_hist_quantile(h, 999));
}

int
telem_histograms(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_stats s;
	struct telem_out inner;
	unsigned int i;

	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
	for (i = 0; i < ISLA_HIST_MAX; i++) {
		telem_open(&inner);
		telem_hist(&inner, &s.hists.hist[i], isla_hist_unit(i));
		telem_close(out, isla_hist_name(i), &inner);
	}
	return 0;
}

/* The names, for an error. */
static const char *
hist_names(char *buf, size_t size)
{
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < ISLA_HIST_MAX && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i > 0 ? ", " : "",
			isla_hist_name(i));
	return buf;
}

int
telem_histogram(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_stats s;
	struct telem_out inner;
	char text[TELEM_ERROR_MAX];
	unsigned int i = 0, b;

	while (i < ISLA_HIST_MAX && strcmp(p->name, isla_hist_name(i)) != 0)
		i++;
	if (i == ISLA_HIST_MAX)
		return telem_fail(out, "name='%s': give one of %s", p->name,
			hist_names(text, sizeof(text)));
	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
	telem_hist(out, &s.hists.hist[i], isla_hist_unit(i));
	telem_open(&inner);
	for (b = 0; b < ISLA_HIST_BUCKETS; b++) {
		if (s.hists.hist[i].bucket[b] == 0)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64, isla_hist_low(b));
		telem_u64(&inner, text, s.hists.hist[i].bucket[b]);
	}
	telem_close(out, "buckets", &inner);
	return 0;
}

static void
fault_conf(struct telem_out *out, const struct isla_fault *f)
{
	telem_u64(out, "drop_ppb", f->drop_ppb);
	telem_u64(out, "burst_pkts", f->burst_pkts);
	telem_u64(out, "dup_ppb", f->dup_ppb);
	telem_u64(out, "corrupt_ppb", f->corrupt_ppb);
	telem_u64(out, "reorder_ppb", f->reorder_ppb);
	telem_u64(out, "hold_us", f->hold_us);
	telem_u64(out, "delay_us", f->delay_us);
	telem_u64(out, "jitter_us", f->jitter_us);
	telem_u64(out, "rate_bps", f->rate_bps);
	telem_u64(out, "buffer_bytes", f->buffer_bytes);
	telem_u64(out, "limit_pkts", f->limit_pkts);
}

static void
fault_counts(struct telem_out *out, const struct isla_fault_stats *s)
{
	telem_u64(out, "frames", s->nb_frames);
	telem_u64(out, "passed", s->nb_passed);
	telem_u64(out, "dropped", s->nb_dropped);
	telem_u64(out, "duplicated", s->nb_duplicated);
	telem_u64(out, "corrupted", s->nb_corrupted);
	telem_u64(out, "reordered", s->nb_reordered);
	telem_u64(out, "limit_full", s->nb_limit_full);
	telem_u64(out, "buffer_full", s->nb_buffer_full);
	telem_u64(out, "no_mbuf", s->nb_no_mbuf);
	telem_u64(out, "flushed", s->nb_flushed);
	telem_u64(out, "waiting", s->nb_waiting);
}

int
telem_faults(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	static const char *const names[] = {[ISLA_FAULT_RX] = "rx", [ISLA_FAULT_TX] = "tx"};
	struct isla_engine_stats s;
	unsigned int dir;

	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++) {
		struct telem_out inner;
		struct isla_fault f;

		memset(&f, 0, sizeof(f));
		isla_engine_fault_get(e, (enum isla_fault_dir)dir, &f);
		telem_open(&inner);
		telem_bool(&inner, "on", !isla_fault_is_off(&f));
		fault_conf(&inner, &f);
		fault_counts(&inner, &s.fault[dir]);
		telem_close(out, names[dir], &inner);
	}
	return 0;
}

static void
mempool(struct telem_out *out, const char *name, const struct rte_mempool *pool)
{
	struct telem_out inner;

	telem_open(&inner);
	telem_string(&inner, "name", pool->name);
	telem_u64(&inner, "size", pool->size);
	telem_u64(&inner, "free", rte_mempool_avail_count(pool));
	telem_u64(&inner, "cache", pool->cache_size);
	telem_u64(&inner, "object_bytes",
		pool->header_size + pool->elt_size + pool->trailer_size);
	telem_i32(&inner, "socket_id", pool->socket_id);
	telem_close(out, name, &inner);
}

int
telem_mempools(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct telem_out inner;
	char name[16];
	uint16_t i;

	for (i = 0; i < e->nb_workers; i++) {
		telem_open(&inner);
		mempool(&inner, "frames", e->worker[i].pools.pkt);
		mempool(&inner, "references", e->worker[i].pools.ref);
		telem_close(out, telem_digits(i, name), &inner);
	}
	return 0;
}

/* How much memory a node has, and what is on it. */
static void
nodes(struct telem_out *out, const struct isla_numa_info *info)
{
	struct telem_out list, inner;
	char name[16];
	uint16_t i;

	telem_open(&list);
	for (i = 0; i < info->nb_nodes; i++) {
		telem_open(&inner);
		telem_u64(&inner, "cpus", info->node[i].nb_cpus);
		telem_u64(&inner, "size_bytes", info->node[i].size_bytes);
		telem_u64(&inner, "free_bytes", info->node[i].free_bytes);
		telem_close(&list, telem_digits((unsigned int)info->node[i].node, name), &inner);
	}
	telem_close(out, "nodes", &list);
}

int
telem_numa(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_port_info port_info;
	struct isla_numa_info info;
	struct telem_out list, inner;
	char name[16];
	uint16_t i;

	isla_engine_numa_info(e, &info);
	nodes(out, &info);
	telem_open(&list);
	for (i = 0; i < info.nb_shards; i++) {
		telem_open(&inner);
		telem_i32(&inner, "node", info.shard[i].node);
		telem_i32(&inner, "memory_node", info.shard[i].mem_node);
		telem_u64(&inner, "far_ports", info.shard[i].far_ports);
		telem_close(&list, telem_digits(i, name), &inner);
	}
	telem_close(out, "shards", &list);
	telem_open(&list);
	for (i = 0; i < info.nb_ports && isla_engine_port_info(e, i, &port_info) == 0; i++)
		telem_i32(&list, telem_digits(port_info.port_id, name), info.port_node[i]);
	telem_close(out, "ports", &list);
	return 0;
}

static void
get_timers(struct isla_stack *stack, void *arg)
{
	isla_stack_get_timers(stack, arg);
}

int
telem_timers(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_stack_timers timers;
	struct telem_out inner;
	char name[16];
	uint16_t i;
	int rc;

	for (i = 0; i < e->nb_workers; i++) {
		rc = isla_engine_call(e, i, get_timers, &timers);
		if (rc != 0)
			return telem_no_call(out, rc);
		telem_open(&inner);
		telem_u64(&inner, "armed", timers.nb_armed);
		if (timers.next_us != UINT64_MAX)
			telem_u64(&inner, "next_us", timers.next_us);
		telem_close(out, telem_digits(i, name), &inner);
	}
	return 0;
}
