/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about the program itself: help, quit, how much is logged, what was configured.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_log.h>

#include "cmd.h"
#include "verbose.h"

static void
help_line(FILE *out, const struct cmd *c)
{
	char left[96];

	snprintf(left, sizeof(left), "%s%s%s", c->name, c->args[0] != '\0' ? " " : "", c->args);
	if (strlen(left) > 37)
		fprintf(out, "  %s\n%40s%s\n", left, "", c->help);
	else
		fprintf(out, "  %-38s%s\n", left, c->help);
}

/* help: all commands. help show tcp: those whose name begins so. */
static int
cmd_help(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	char prefix[CMD_LINE_MAX] = "";
	const struct cmd *c;
	unsigned int i, nb = 0;
	int group;
	size_t n;

	for (i = 0; (int)i < argc; i++) {
		strncat(prefix, argv[i], sizeof(prefix) - strlen(prefix) - 2);
		strcat(prefix, " ");
	}
	n = strlen(prefix);
	for (group = 0; group < CMD_GROUPS; group++) {
		bool titled = false;

		for (i = 0; (c = cmd_at(i)) != NULL; i++) {
			char name[64];

			snprintf(name, sizeof(name), "%s ", c->name);
			if ((int)c->group != group || strncmp(name, prefix, n) != 0)
				continue;
			if (!titled)
				fprintf(env->out, "%s%s\n", nb > 0 ? "\n" : "",
					cmd_group_titles[group]);
			titled = true;
			help_line(env->out, c);
			nb++;
		}
	}
	if (nb > 0)
		return 0;
	prefix[n - 1] = '\0';
	return cmd_fail(env, cmd, "no command begins with '%.64s'; help alone lists them all",
		prefix);
}

static int
cmd_quit(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	env->quit = true;
	return 0;
}

static const char *const level_names[] = {
	[RTE_LOG_EMERG] = "emergency",
	[RTE_LOG_ALERT] = "alert",
	[RTE_LOG_CRIT] = "critical",
	[RTE_LOG_ERR] = "error",
	[RTE_LOG_WARNING] = "warning",
	[RTE_LOG_NOTICE] = "notice",
	[RTE_LOG_INFO] = "info",
	[RTE_LOG_DEBUG] = "debug",
};

/* A level by its name or number, or -1. */
static int
level_find(const char *text)
{
	unsigned int i;

	for (i = 1; i < RTE_DIM(level_names); i++)
		if (strcmp(text, level_names[i]) == 0 ||
			(text[0] == (char)('0' + i) && text[1] == '\0'))
			return (int)i;
	return -1;
}

/* Log types that a pattern matches. */
static unsigned int
count_types(const char *pattern)
{
	char *text = NULL, *line, *rest;
	unsigned int nb = 0;
	size_t size;
	FILE *list = open_memstream(&text, &size);

	if (list == NULL)
		return 0;
	rte_log_list_types(list, "");
	fclose(list);
	for (line = strtok_r(text, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		nb += fnmatch(pattern, line, 0) == 0;
	}
	free(text);
	return nb;
}

static int
cmd_log_level(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	int level = level_find(argv[1]);
	unsigned int nb = count_types(argv[0]);

	if (level < 0)
		return cmd_fail(env, cmd, "'%.64s' is no level: give emergency, alert, critical, "
			"error, warning, notice, info or debug, or 1 to 8", argv[1]);
	if (nb == 0)
		return cmd_fail(env, cmd, "no log type matches '%.64s'; show log lists them",
			argv[0]);
	rte_log_set_level_pattern(argv[0], (uint32_t)level);
	fprintf(env->out, "%u log types at %s\n", nb, level_names[level]);
	return 0;
}

static int
cmd_show_log(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	rte_log_dump(env->out);
	return 0;
}

static int
cmd_set_verbose(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	static const struct {
		unsigned int dirs;
		const char *what;
	} levels[] = {
		{0, "no frame is shown"},
		{VERBOSE_RX, "received frames are shown"},
		{VERBOSE_TX, "sent frames are shown"},
		{VERBOSE_RX | VERBOSE_TX, "received and sent frames are shown"},
	};
	char err[OPTIONS_ERR_SIZE];
	uint64_t n;

	/* There it is a number of 16 bits, and what is above 2 is as good as 3. */
	if (cmd_arg_number(env, cmd, "N", argv[0], 0, UINT16_MAX, &n) != 0)
		return -EINVAL;
	n = RTE_MIN(n, RTE_DIM(levels) - 1);
	if (env->verbose == NULL)
		return cmd_fail(env, cmd, "there are no frames to show");
	if (verbose_set(env->verbose, levels[n].dirs, err, sizeof(err)) != 0)
		return cmd_fail(env, cmd, "%s", err);
	fprintf(env->out, "%s\n", levels[n].what);
	return 0;
}

static int
cmd_show_config_rxtx(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	static const char *const wakes[] = {
		[ISLA_ENGINE_WAKES_NOT] = "no",
		[ISLA_ENGINE_WAKES_BY_FD] = "by descriptor",
		[ISLA_ENGINE_WAKES_BY_INTR] = "by interrupt",
		[ISLA_ENGINE_WAKES_NEEDLESS] = "no need",
	};
	const struct isla_engine_conf *conf = &env->opts->engine;
	struct isla_engine_port_info info;
	uint16_t i;

	fprintf(env->out, "burst: %u  mbuf size: %u\n", conf->burst, conf->mbuf_size);
	fprintf(env->out, "mbufs: %u, %u of each shard  references: %u of each\n",
		env->opts->total_mbufs, conf->nb_mbufs, conf->nb_refs);
	fprintf(env->out, "TCP connections at most: %u, %u of each shard\n",
		env->opts->total_conns, conf->stack.tcp.max_conns);
	for (i = 0; isla_engine_port_info(env->engine, i, &info) == 0; i++)
		fprintf(env->out, "port %u: %s (%s)  RX queues: %u  TX queues: %u  RX descriptors: "
			"%u  TX descriptors: %u  waits for frames: %s\n",
			info.port_id, info.name, info.driver, info.nb_queues, info.nb_queues,
			info.nb_rxd, info.nb_txd, wakes[info.wakes]);
	return 0;
}

static int
cmd_show_config_fwd(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t i, nb = isla_engine_nb_shards(env->engine);

	fprintf(env->out, "each of %u shards serves", nb);
	for (i = 0; i < env->services->nb; i++)
		fprintf(env->out, "%s %s:%u", i > 0 ? "," : "",
			env->services->entry[i].service->name, env->services->entry[i].port);
	fputs(env->services->nb == 0 ? " nothing\n" :
		env->services->is_stopped ? " (stopped)\n" : "\n", env->out);
	return 0;
}

#define LEVELS "emergency|alert|critical|error|warning|notice|info|debug"

const struct cmd cmds_general[] = {
	{
		.name = "help", .args = "[COMMAND...]", .group = CMD_GENERAL, .run = cmd_help,
		.max_args = CMD_ARGS_MAX, .words = "show set clear port service fault tcp dns dhcp log",
		.help = "explain all commands, or those that begin with some words",
	},
	{
		.name = "quit", .args = "", .group = CMD_GENERAL, .run = cmd_quit,
		.help = "end the connections and the program",
	},
	{
		.name = "log level", .args = "TYPE " LEVELS, .group = CMD_GENERAL,
		.run = cmd_log_level, .min_args = 2, .max_args = 2,
		.help = "how much a log type says; TYPE may be a pattern such as lib.isla.*",
	},
	{
		.name = "show log", .args = "", .group = CMD_GENERAL, .run = cmd_show_log,
		.help = "log types and their levels",
	},
	{
		.name = "set verbose", .args = "0|1|2|3", .group = CMD_GENERAL,
		.run = cmd_set_verbose, .min_args = 1, .max_args = 1,
		.help = "a line for each frame received (1), sent (2), both (3), or none (0)",
	},
	{
		.name = "show config rxtx", .args = "", .group = CMD_GENERAL,
		.run = cmd_show_config_rxtx,
		.help = "bursts, mbufs, connections, queues and descriptors",
	},
	{
		.name = "show config fwd", .args = "", .group = CMD_GENERAL,
		.run = cmd_show_config_fwd,
		.help = "what the shards do with connections",
	},
	{.name = NULL},
};
