/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about shards: which lcore and memory they have, whose flows are whose, how they rest.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "cmd.h"

static const char *const idle_names[] = {
	[ISLA_ENGINE_IDLE_EPOLL] = "epoll",
	[ISLA_ENGINE_IDLE_SLEEP] = "sleep",
	[ISLA_ENGINE_IDLE_POLL] = "poll",
};

static int
cmd_show_config_cores(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t nb = isla_engine_nb_shards(env->engine), i;
	struct isla_engine_shard_info info;

	fprintf(env->out, "lcores: %u  main lcore: %u  shards: %u\n", rte_lcore_count(),
		rte_get_main_lcore(), nb);
	fprintf(env->out, "Shard  Lcore  Queues  Idle   Spin  Yield  Sleep\n");
	for (i = 0; i < nb; i++) {
		int rc = isla_engine_shard_info(env->engine, i, &info);

		if (rc != 0)
			return cmd_fail(env, cmd, "%s", strerror(-rc));
		fprintf(env->out, "%5u  %5u  %6u  %-5s %5u  %5u  %u us%s%s\n", i, info.lcore_id,
			info.nb_queues, idle_names[info.idle], info.backoff.spin_rounds,
			info.backoff.yield_rounds, info.backoff.sleep_us,
			info.is_crowded ? "  shares its CPU: never spins" : "",
			info.hears_all ? "" : "  not woken by every frame");
	}
	return 0;
}

static void
print_node(FILE *out, int node)
{
	if (node >= 0)
		fprintf(out, "%4d", node);
	else
		fprintf(out, "%4s", "any");
}

static void
show_nodes(FILE *out, const struct isla_numa_info *info)
{
	uint16_t i;

	fprintf(out, "nodes: %u\n", info->nb_nodes);
	for (i = 0; i < info->nb_nodes; i++)
		fprintf(out, "node  %3d  %u CPUs  %" PRIu64 " MB, %" PRIu64 " MB free\n",
			info->node[i].node, info->node[i].nb_cpus, info->node[i].size_bytes >> 20,
			info->node[i].free_bytes >> 20);
}

static int
cmd_show_numa(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_engine_port_info port;
	struct isla_engine_shard_info s;
	struct isla_numa_info info;
	uint16_t i, p;

	isla_engine_numa_info(env->engine, &info);
	show_nodes(env->out, &info);
	for (p = 0; isla_engine_port_info(env->engine, p, &port) == 0; p++) {
		fprintf(env->out, "port  %3u  node ", port.port_id);
		print_node(env->out, info.port_node[p]);
		fprintf(env->out, "  %s\n", port.name);
	}
	for (i = 0; i < info.nb_shards; i++) {
		int rc = isla_engine_shard_info(env->engine, i, &s);

		if (rc != 0)
			return cmd_fail(env, cmd, "%s", strerror(-rc));
		fprintf(env->out, "shard %3u  node ", i);
		print_node(env->out, info.shard[i].node);
		fprintf(env->out, "  memory on node ");
		print_node(env->out, info.shard[i].mem_node);
		fprintf(env->out, "  lcore %u", s.lcore_id);
		for (p = 0; isla_engine_port_info(env->engine, p, &port) == 0; p++)
			if ((info.shard[i].far_ports >> p & 1) != 0)
				fprintf(env->out, "  far from port %u", port.port_id);
		fputc('\n', env->out);
	}
	return 0;
}

/* The table, 16 entries a line; what still has older owners is marked. */
static int
cmd_show_reta(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t idx, shard, older;
	unsigned int nb_moved = 0;

	for (idx = 0; idx < ISLA_ENGINE_RETA_LEN; idx++) {
		if (isla_engine_reta_get(env->engine, idx, &shard, &older) != 0)
			return cmd_fail(env, cmd, "entry %u cannot be read", idx);
		if (idx % 16 == 0)
			fprintf(env->out, "%s%3u:", idx > 0 ? "\n" : "", idx);
		fprintf(env->out, " %2u%c", shard, older != 0 ? '*' : ' ');
		nb_moved += older != 0;
	}
	fputc('\n', env->out);
	if (nb_moved > 0)
		fprintf(env->out, "* %u of them: connections that they had are still another's\n",
			nb_moved);
	return 0;
}

static int
cmd_set_reta(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t nb = isla_engine_nb_shards(env->engine);
	uint64_t idx, shard;
	int rc;

	if (cmd_arg_number(env, cmd, "IDX", argv[0], 0, ISLA_ENGINE_RETA_LEN - 1, &idx) != 0 ||
		cmd_arg_number(env, cmd, "SHARD", argv[1], 0, nb - 1u, &shard) != 0)
		return -EINVAL;
	rc = isla_engine_reta_set(env->engine, (uint16_t)idx, (uint16_t)shard);
	return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", strerror(-rc));
}

/* [SHARD]: all of them where it is not given. */
static int
take_shard(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv, uint16_t *shard)
{
	uint64_t n = ISLA_ENGINE_ALL_SHARDS;

	if (argc > 1 && cmd_arg_number(env, cmd, "SHARD", argv[1], 0,
				isla_engine_nb_shards(env->engine) - 1u, &n) != 0)
		return -EINVAL;
	*shard = (uint16_t)n;
	return 0;
}

/* Read a value as the option of that name does. */
static int
parse_as_option(struct cmd_env *env, const struct cmd *cmd, const char *name, const char *value,
	struct options *opts)
{
	const struct option *o = options_find(name);
	char why[OPTIONS_ERR_SIZE] = "";

	if (o->parse(o, value, opts, why, sizeof(why)) == 0)
		return 0;
	return cmd_fail(env, cmd, "'%.64s' is not possible: %s%s", value,
		why[0] != '\0' ? why : "give ", why[0] != '\0' ? "" : o->accepts);
}

static int
cmd_set_backoff(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct options *opts = calloc(1, sizeof(*opts));
	char err[ISLA_ENGINE_ERR_SIZE];
	uint16_t shard;
	int rc = -ENOMEM;

	if (opts == NULL)
		return cmd_fail(env, cmd, "memory is short");
	rc = take_shard(env, cmd, argc, argv, &shard);
	if (rc == 0)
		rc = isla_engine_backoff_get(env->engine,
			shard != ISLA_ENGINE_ALL_SHARDS ? shard : 0, &opts->engine.backoff);
	/* What is not given stays as it is. */
	if (rc == 0)
		rc = parse_as_option(env, cmd, "backoff", argv[0], opts);
	if (rc == 0) {
		rc = isla_engine_backoff_set(env->engine, shard, &opts->engine.backoff, err,
			sizeof(err));
		if (rc != 0)
			cmd_fail(env, cmd, "%s", err);
	}
	free(opts);
	return rc;
}

static int
cmd_set_idle(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	char err[ISLA_ENGINE_ERR_SIZE];
	uint16_t shard;
	unsigned int i;
	int rc;

	if (take_shard(env, cmd, argc, argv, &shard) != 0)
		return -EINVAL;
	for (i = 0; i < RTE_DIM(idle_names); i++) {
		if (strcmp(argv[0], idle_names[i]) != 0)
			continue;
		rc = isla_engine_idle_set(env->engine, shard, (enum isla_engine_idle)i, err,
			sizeof(err));
		return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", err);
	}
	return cmd_fail(env, cmd, "'%.64s' is not possible: give epoll, sleep or poll", argv[0]);
}

const struct cmd cmds_shard[] = {
	{
		.name = "show config cores", .args = "", .group = CMD_STATE,
		.run = cmd_show_config_cores,
		.help = "lcores and shards, and how each rests",
	},
	{
		.name = "show numa", .args = "", .group = CMD_STATE, .run = cmd_show_numa,
		.help = "the memory nodes of ports and shards",
	},
	{
		.name = "show reta", .args = "", .group = CMD_STATE, .run = cmd_show_reta,
		.help = "which shard owns the flows of each entry of the indirection table",
	},
	{
		.name = "set reta", .args = "IDX SHARD", .group = CMD_STATE, .run = cmd_set_reta,
		.min_args = 2, .max_args = 2,
		.help = "give an entry's new flows to a shard; those that there are stay",
	},
	{
		.name = "set backoff", .args = "spin=N,yield=N,sleep=TIME [SHARD]",
		.group = CMD_STATE, .run = cmd_set_backoff, .min_args = 1, .max_args = 2,
		.help = "rounds without work that spin and yield, and the time of a sleep",
	},
	{
		.name = "set idle", .args = "epoll|sleep|poll [SHARD]", .group = CMD_STATE,
		.run = cmd_set_idle, .min_args = 1, .max_args = 2,
		.help = "what a shard does after that",
	},
	{.name = NULL},
};
