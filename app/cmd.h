/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CMD_H
#define CMD_H

/*
 * The prompt's commands: one table, from which come the dispatch of a line, completion, `help` and
 * the check that doc/commands.md knows them all. What is here has no terminal: a line goes in, text
 * goes to a FILE, so that a pipe, a file of commands and a test are as good as a prompt.
 *
 * A command runs in the prompt's thread, which is no shard. It looks into shards by
 * isla_engine_call(), a bounded number of entries at a time. Bad input is named in one line, with
 * what is accepted, and changes nothing.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <isla_engine.h>

#include "options.h"
#include "service_set.h"

/* Words of a line, and bytes of it with its end. */
#define CMD_ARGS_MAX 32
#define CMD_LINE_MAX 4096

struct dhcp;
struct dns;
struct verbose;

/* What commands work on. */
struct cmd_env {
	struct isla_engine *engine;
	struct service_set *services;
	const struct options *opts;
	struct dhcp *dhcp; /* NULL: none */
	struct dns *dns;
	struct verbose *verbose; /* NULL: frames cannot be shown */
	FILE *out;
	bool quit;       /* the prompt, and the program with it, shall end */
	uint32_t *stop;  /* atomic: not 0 where whoever waits shall give up */
	/* A user may end a command that waits; NULL: there is none. */
	bool (*is_interrupted)(void *ctx);
	void *interrupt_ctx;
	bool interrupted; /* this line's command was */
	/* What was shown last, and when: rates count from there. */
	struct isla_engine_stats shown;
	struct isla_engine_stats fwd_base; /* what there was when `clear fwd stats` was said */
	struct {
		struct isla_port_stats stats;
		uint64_t at_us;
	} shown_port[ISLA_ENGINE_PORT_MAX];
};

/* Before the first line: rates count from now. */
void cmd_env_begin(struct cmd_env *env);

enum cmd_group {
	CMD_GENERAL,
	CMD_PORTS,
	CMD_ADDRS,
	CMD_TCP,
	CMD_SERVICES,
	CMD_STATE,
	CMD_FAULTS,
	CMD_GROUPS
};

struct cmd {
	const char *name;   /* the words that it begins with: "show port stats" */
	const char *args;   /* what follows, as help shows it: "N|all"; "" for nothing */
	enum cmd_group group;
	const char *help;   /* one line, without a full stop */
	uint8_t min_args;
	uint8_t max_args;
	/* Completed where args ends in "...": words that may stand there, with spaces between. */
	const char *words;
	/* argv: what follows the name. Returns 0, or -errno, having said why. */
	int (*run)(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv);
};

/* Each file's part of the table; the last entry's name is NULL. */
extern const struct cmd cmds_general[];
extern const struct cmd cmds_port[];
extern const struct cmd cmds_net[];
extern const struct cmd cmds_ping[];
extern const struct cmd cmds_dhcp[];
extern const struct cmd cmds_set[];
extern const struct cmd cmds_shard[];
extern const struct cmd cmds_dns[];
extern const struct cmd cmds_tcp[];
extern const struct cmd cmds_service[];
extern const struct cmd cmds_state[];

/* The table's i-th command, NULL behind the last one. */
const struct cmd *cmd_at(unsigned int i);

extern const char *const cmd_group_titles[CMD_GROUPS];

/*
 * Run a line; the line is cut into words in place. Nothing but spaces, or a comment from # on, is
 * nothing. Returns 0, or -errno: -EINVAL for what is no command.
 */
int cmd_run_line(struct cmd_env *env, char *line);

/* "show port stats: MESSAGE" and a newline; returns -EINVAL. */
int cmd_fail(struct cmd_env *env, const struct cmd *cmd, const char *format, ...)
	__rte_format_printf(3, 4);

/* Arguments. Each returns 0, or -EINVAL having said what is accepted. */
int cmd_arg_number(struct cmd_env *env, const struct cmd *cmd, const char *what, const char *text,
	uint64_t min, uint64_t max, uint64_t *value);
int cmd_arg_addr(struct cmd_env *env, const struct cmd *cmd, const char *text,
	struct isla_addr *addr);
/* ADDR, or ADDR%PORT with a port's number or its interface: *netif is the port's index then, else
 * ISLA_NETIF_ANY. */
int cmd_arg_addr_on(struct cmd_env *env, const struct cmd *cmd, const char *text,
	struct isla_addr *addr, uint8_t *netif);
int cmd_arg_prefix(struct cmd_env *env, const struct cmd *cmd, const char *text,
	struct isla_prefix *prefix);
/* "N" of one of the engine's ports, or "all": then *port is CMD_ALL_PORTS. */
#define CMD_ALL_PORTS UINT16_MAX
int cmd_arg_port(struct cmd_env *env, const struct cmd *cmd, const char *text, bool may_be_all,
	uint16_t *port);

/* A port of the engine's by its number; -ENODEV. */
int cmd_port_info(const struct cmd_env *env, uint16_t port_id,
	struct isla_engine_port_info *info);

/* True where whoever waits shall give up: the program ends, or the user has pressed Ctrl-C. */
bool cmd_is_stopped(struct cmd_env *env);

#endif /* CMD_H */
