/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that show what the shards do and have: counters, drops, loops, timers, memory; and the
 * faults on purpose.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_mempool.h>

#include "cmd.h"

/* Listeners and connections of one request. */
#define PAGE 64

static int
cmd_show_stats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_engine_stats *now = malloc(sizeof(*now));
	int rc;

	if (now == NULL)
		return cmd_fail(env, cmd, "memory is short");
	rc = isla_engine_get_stats(env->engine, now);
	if (rc == 0) {
		isla_engine_print_stats(env->out, now, &env->shown);
		env->shown = *now;
	}
	free(now);
	return rc;
}

static int
cmd_clear_stats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	int rc = isla_engine_clear_stats(env->engine);

	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	fprintf(env->out, "all counters are zero\n");
	return 0;
}

/* A part of what all shards count. */
static int
clear(struct cmd_env *env, const struct cmd *cmd, unsigned int what, const char *done)
{
	int rc = isla_engine_clear(env->engine, ISLA_ENGINE_ALL_SHARDS, what);

	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	fprintf(env->out, "%s\n", done);
	return 0;
}

static int
cmd_clear_drops(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return clear(env, cmd, ISLA_ENGINE_CLEAR_DROPS, "all drop reasons are zero");
}

static int
cmd_clear_hists(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return clear(env, cmd, ISLA_ENGINE_CLEAR_HISTS, "all histograms are empty");
}

static int
cmd_clear_shards(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return clear(env, cmd, ISLA_ENGINE_CLEAR_LOOP, "the shards' times begin anew");
}

static int
cmd_fault_clear(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return clear(env, cmd, ISLA_ENGINE_CLEAR_FAULTS, "the faults' victims are zero");
}

static int
cmd_show_hists(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint64_t shard = 0;
	struct isla_shard_stats *s;
	struct isla_engine_stats *all;
	int rc;

	if (argc > 0 && cmd_arg_number(env, cmd, "SHARD", argv[0], 0,
				isla_engine_nb_shards(env->engine) - 1u, &shard) != 0)
		return -EINVAL;
	s = malloc(sizeof(*s));
	all = malloc(sizeof(*all));
	if (s == NULL || all == NULL)
		rc = -ENOMEM;
	else if (argc > 0)
		rc = isla_engine_get_shard_stats(env->engine, (uint16_t)shard, s);
	else
		rc = isla_engine_get_stats(env->engine, all);
	if (rc == 0)
		isla_engine_print_hists(env->out, argc > 0 ? &s->hists : &all->hists);
	free(all);
	free(s);
	return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", strerror(-rc));
}

static int
cmd_show_drops(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_shard_stats *s = calloc(1, sizeof(*s));
	uint64_t sum[ISLA_DROP_MAX] = {0}, total = 0;
	uint16_t shard;
	unsigned int i;
	int rc = 0;

	if (s == NULL)
		return cmd_fail(env, cmd, "memory is short");
	for (shard = 0; rc == 0 && shard < isla_engine_nb_shards(env->engine); shard++) {
		rc = isla_engine_get_shard_stats(env->engine, shard, s);
		for (i = 1; rc == 0 && i < ISLA_DROP_MAX; i++)
			sum[i] += s->stack.drop[i];
	}
	free(s);
	for (i = 1; rc == 0 && i < ISLA_DROP_MAX; i++) {
		total += sum[i];
		if (sum[i] != 0)
			fprintf(env->out, "%-20s %14" PRIu64 "  %s\n", isla_drop_name(i), sum[i],
				isla_drop_desc(i));
	}
	if (rc == 0)
		fprintf(env->out, "%-20s %14" PRIu64 "\n", "all", total);
	return rc;
}

static double
share(uint64_t part_us, const struct isla_loop_stats *l)
{
	uint64_t all_us = l->busy.time_us + l->spin.time_us + l->yield.time_us + l->sleep.time_us;

	return all_us != 0 ? 100.0 * (double)part_us / (double)all_us : 0.0;
}

static int
cmd_show_shards(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_shard_stats *s = calloc(1, sizeof(*s));
	uint16_t shard;
	int rc = 0;

	if (s == NULL)
		return cmd_fail(env, cmd, "memory is short");
	fprintf(env->out, "Shard  Conns      RX frames      TX frames   Busy   Spin  Yield  Sleep  "
		"   Wake-ups\n");
	for (shard = 0; rc == 0 && shard < isla_engine_nb_shards(env->engine); shard++) {
		const struct isla_loop_stats *l = &s->loop;

		rc = isla_engine_get_shard_stats(env->engine, shard, s);
		if (rc != 0)
			break;
		fprintf(env->out, "%5u %6u %14" PRIu64 " %14" PRIu64 " %5.1f%% %5.1f%% %5.1f%% "
			"%5.1f%% %12" PRIu64 "\n", shard, s->nb_conns,
			s->stack.counter[ISLA_C_IF_IN_PKTS], s->stack.counter[ISLA_C_IF_OUT_PKTS],
			share(l->busy.time_us, l), share(l->spin.time_us, l),
			share(l->yield.time_us, l), share(l->sleep.time_us, l), l->nb_wakeups);
	}
	free(s);
	return rc;
}

/* Timers of a shard, by what they are for. */
struct timer_page {
	uint32_t cursor;
	struct isla_stack_timers timers;
	uint32_t nb[ISLA_TCP_TIMER_MAX + 1]; /* the last: neighbours */
	uint32_t first_us[ISLA_TCP_TIMER_MAX + 1];
};

static void
note_timer(struct timer_page *p, unsigned int kind, uint64_t in_us)
{
	p->nb[kind]++;
	p->first_us[kind] = RTE_MIN(p->first_us[kind], (uint32_t)RTE_MIN(in_us, UINT32_MAX));
}

static void
read_tcp_timers(struct isla_stack *stack, void *arg)
{
	struct timer_page *p = arg;
	struct isla_tcp_entry e[PAGE];
	uint16_t nb = isla_tcp_list(isla_stack_tcp(stack), &p->cursor, e, PAGE), i;
	unsigned int t;

	for (i = 0; i < nb; i++)
		for (t = 0; t < ISLA_TCP_TIMER_MAX; t++)
			if (e[i].timer_us[t] != ISLA_TCP_TIMER_OFF)
				note_timer(p, t, e[i].timer_us[t]);
	isla_stack_get_timers(stack, &p->timers);
}

static void
read_neigh_timers(struct isla_stack *stack, void *arg)
{
	struct timer_page *p = arg;
	struct isla_neigh_entry e[PAGE];
	uint16_t nb = isla_neigh_list(stack, &p->cursor, e, PAGE), i;

	for (i = 0; i < nb; i++)
		note_timer(p, ISLA_TCP_TIMER_MAX, e[i].timer_us);
}

static int
show_timers_of(struct cmd_env *env, uint16_t shard)
{
	struct timer_page p = {.cursor = 0};
	unsigned int i;
	int rc = 0;

	memset(p.first_us, 0xff, sizeof(p.first_us));
	while (rc == 0 && p.cursor != ISLA_LIST_END && !cmd_is_stopped(env))
		rc = isla_engine_call(env->engine, shard, read_tcp_timers, &p);
	p.cursor = 0;
	while (rc == 0 && p.cursor != ISLA_LIST_END && !cmd_is_stopped(env))
		rc = isla_engine_call(env->engine, shard, read_neigh_timers, &p);
	if (rc != 0)
		return rc;
	fprintf(env->out, "Shard %u: %u timers run", shard, p.timers.nb_armed);
	if (p.timers.next_us != UINT64_MAX)
		fprintf(env->out, ", the next in %.3f ms at most",
			(double)p.timers.next_us / 1000.0);
	fputc('\n', env->out);
	for (i = 0; i <= ISLA_TCP_TIMER_MAX; i++)
		if (p.nb[i] != 0)
			fprintf(env->out, "  %s %-12s %8u, the first in %.3f ms\n",
				i < ISLA_TCP_TIMER_MAX ? "TCP" : "   ",
				i < ISLA_TCP_TIMER_MAX ? isla_tcp_timer_name(i) : "neighbour",
				p.nb[i], (double)p.first_us[i] / 1000.0);
	return 0;
}

static int
cmd_show_timers(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t shard;
	int rc = 0;

	for (shard = 0; rc == 0 && shard < isla_engine_nb_shards(env->engine); shard++)
		rc = show_timers_of(env, shard);
	return rc;
}

static void
show_mempool(struct rte_mempool *mp, void *arg)
{
	struct cmd_env *env = arg;
	unsigned int nb_free = rte_mempool_avail_count(mp);

	fprintf(env->out, "%-24s %8u %8u %8u %8u %6u\n", mp->name, mp->size,
		mp->size - nb_free, nb_free, mp->elt_size, (unsigned int)mp->cache_size);
}

static int
cmd_show_mempools(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	fprintf(env->out, "%-24s %8s %8s %8s %8s %6s\n", "Mempool", "Size", "In use", "Free",
		"Bytes", "Cache");
	rte_mempool_walk(show_mempool, env);
	return 0;
}

/* The rest of a line as one text again. */
static void
join(char *text, size_t size, int argc, char **argv)
{
	size_t n = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < argc && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", i > 0 ? " " : "", argv[i]);
}

static int
fault_apply(struct cmd_env *env, const struct cmd *cmd, const char *text)
{
	char err[RTE_MAX(ISLA_FAULT_ERR_SIZE, ISLA_ENGINE_ERR_SIZE)];
	struct isla_fault fault[ISLA_FAULT_DIRS], old[ISLA_FAULT_DIRS];
	unsigned int dirs, dir, undo;
	int rc;

	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++)
		isla_engine_fault_get(env->engine, dir, &old[dir]);
	memcpy(fault, old, sizeof(fault));
	if (isla_fault_parse(text, fault, &dirs, err, sizeof(err)) != 0)
		return cmd_fail(env, cmd, "%s", err);
	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++) {
		if ((dirs & 1u << dir) == 0)
			continue;
		rc = isla_engine_fault_set(env->engine, dir, &fault[dir], err, sizeof(err));
		if (rc == 0)
			continue;
		cmd_fail(env, cmd, "%s", err);
		for (undo = 0; undo < dir; undo++)
			isla_engine_fault_set(env->engine, undo, &old[undo], err, sizeof(err));
		return rc;
	}
	return 0;
}

static int
cmd_fault_set(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	char text[CMD_LINE_MAX];

	join(text, sizeof(text), argc, argv);
	return fault_apply(env, cmd, text);
}

static int
cmd_fault_off(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return fault_apply(env, cmd, "off");
}

static int
cmd_fault_show(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	static const char *const names[ISLA_FAULT_DIRS] = {"rx", "tx"};
	struct isla_engine_stats *now = malloc(sizeof(*now));
	char text[ISLA_FAULT_STRLEN];
	struct isla_fault fault;
	unsigned int dir;
	int rc = now != NULL ? isla_engine_get_stats(env->engine, now) : -ENOMEM;

	for (dir = 0; rc == 0 && dir < ISLA_FAULT_DIRS; dir++) {
		const struct isla_fault_stats *s = &now->fault[dir];

		isla_engine_fault_get(env->engine, dir, &fault);
		fprintf(env->out, "%s %s\n", names[dir], isla_fault_is_off(&fault) ? "off" :
			isla_fault_format(&fault, text, sizeof(text)));
		fprintf(env->out, "  frames %" PRIu64 "  passed %" PRIu64 "  dropped %" PRIu64
			"  duplicated %" PRIu64 "  corrupted %" PRIu64 "  reordered %" PRIu64
			"\n  limit full %" PRIu64 "  buffer full %" PRIu64 "  no mbuf %" PRIu64
			"  flushed %" PRIu64 "  waiting %" PRIu64 "\n", s->nb_frames, s->nb_passed,
			s->nb_dropped, s->nb_duplicated, s->nb_corrupted, s->nb_reordered,
			s->nb_limit_full, s->nb_buffer_full, s->nb_no_mbuf, s->nb_flushed,
			s->nb_waiting);
	}
	free(now);
	return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", strerror(-rc));
}

const struct cmd cmds_state[] = {
	{
		.name = "show stats", .args = "", .group = CMD_STATE, .run = cmd_show_stats,
		.help = "ports, counters, drops and the loop, with rates since they were last shown",
	},
	{
		.name = "clear stats", .args = "", .group = CMD_STATE, .run = cmd_clear_stats,
		.help = "set all counters to zero, those of the ports among them",
	},
	{
		.name = "show drops", .args = "", .group = CMD_STATE, .run = cmd_show_drops,
		.help = "packets that were dropped, by reason",
	},
	{
		.name = "clear drops", .args = "", .group = CMD_STATE, .run = cmd_clear_drops,
		.help = "set these to zero",
	},
	{
		.name = "show hists", .args = "[SHARD]", .group = CMD_STATE, .run = cmd_show_hists,
		.max_args = 1,
		.help = "histograms: round trips, latency of requests, bursts, rounds of the loop",
	},
	{
		.name = "clear hists", .args = "", .group = CMD_STATE, .run = cmd_clear_hists,
		.help = "empty these",
	},
	{
		.name = "show shards", .args = "", .group = CMD_STATE, .run = cmd_show_shards,
		.help = "connections, frames and how each shard spends its time",
	},
	{
		.name = "clear shards", .args = "", .group = CMD_STATE, .run = cmd_clear_shards,
		.help = "count their times, rounds and handed over frames from zero",
	},
	{
		.name = "show timers", .args = "", .group = CMD_STATE, .run = cmd_show_timers,
		.help = "timers that run, by what they are for",
	},
	{
		.name = "show mempools", .args = "", .group = CMD_STATE, .run = cmd_show_mempools,
		.help = "mempools and what of them is in use",
	},
	{
		.name = "fault set", .args = "rx|tx|both FAULTS...", .group = CMD_FAULTS,
		.run = cmd_fault_set, .min_args = 2, .max_args = CMD_ARGS_MAX,
		.words = "drop dup corrupt reorder burst hold delay jitter rate buffer limit off",
		.help = "what happens to frames from now on, as with --fault",
	},
	{
		.name = "fault show", .args = "", .group = CMD_FAULTS, .run = cmd_fault_show,
		.help = "what is set, and whom it has met",
	},
	{
		.name = "fault clear", .args = "", .group = CMD_FAULTS, .run = cmd_fault_clear,
		.help = "count its victims from zero",
	},
	{
		.name = "fault off", .args = "", .group = CMD_FAULTS, .run = cmd_fault_off,
		.help = "nothing happens to frames any more",
	},
	{.name = NULL},
};
