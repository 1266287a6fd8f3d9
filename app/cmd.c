/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of commands, and how a line finds its own in it: cmd_run_line() cuts it into words; the
 * command is the one whose name has the most words of it; what follows are its arguments.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "cmd.h"

static const struct cmd *const tables[] = {
	cmds_general,
	cmds_port,
	cmds_net,
	cmds_set,
	cmds_ping,
	cmds_dhcp,
	cmds_dns,
	cmds_tcp,
	cmds_service,
	cmds_shard,
	cmds_state,
};

const char *const cmd_group_titles[CMD_GROUPS] = {
	[CMD_GENERAL] = "General",
	[CMD_PORTS] = "Ports",
	[CMD_ADDRS] = "Addresses, routes and neighbours",
	[CMD_TCP] = "TCP",
	[CMD_SERVICES] = "Services",
	[CMD_STATE] = "Shards, counters and memory",
	[CMD_FAULTS] = "A bad path on purpose",
};

void
cmd_env_begin(struct cmd_env *env)
{
	uint16_t i;

	if (isla_engine_get_stats(env->engine, &env->shown) != 0)
		return;
	for (i = 0; i < env->shown.nb_ports; i++) {
		env->shown_port[i].stats = env->shown.port[i];
		env->shown_port[i].at_us = env->shown.time_us;
	}
}

const struct cmd *
cmd_at(unsigned int i)
{
	unsigned int t;

	for (t = 0; t < RTE_DIM(tables); t++) {
		const struct cmd *c;

		for (c = tables[t]; c->name != NULL; c++)
			if (i-- == 0)
				return c;
	}
	return NULL;
}

/* Words of a name that stand at the beginning of the line; *nb_words: how many the name has. */
static int
words_in_common(const char *name, int argc, char **argv, int *nb_words)
{
	bool equal = true;
	int nb = 0;

	for (*nb_words = 0; *name != '\0'; (*nb_words)++) {
		size_t n = strcspn(name, " ");

		equal = equal && *nb_words < argc && strlen(argv[*nb_words]) == n &&
			memcmp(argv[*nb_words], name, n) == 0;
		nb += equal;
		name += n + strspn(name + n, " ");
	}
	return nb;
}

/* The word of a command's name behind those that are known, and its length; NULL: it has none. */
static const char *
word_behind(const struct cmd *c, int nb_known, char **argv, size_t *len)
{
	const char *word = c->name;
	int k, n;

	if (words_in_common(c->name, nb_known, argv, &n) < nb_known || n == nb_known)
		return NULL;
	for (k = 0; k < nb_known; k++)
		word += strcspn(word, " ") + 1;
	*len = strcspn(word, " ");
	return word;
}

/* "show tcp": no such command. Say which words might follow those that are known. */
static int
say_unknown(struct cmd_env *env, int argc, char **argv, int nb_known)
{
	const char *word, *other;
	const struct cmd *c;
	size_t len, other_len;
	unsigned int i, j;
	bool any = false;
	int k;

	fputc('\'', env->out);
	for (k = 0; k <= nb_known && k < argc; k++)
		fprintf(env->out, "%s%.64s", k > 0 ? " " : "", argv[k]);
	fputs(nb_known < argc ? "' is no command; " : "' is not all of it; ", env->out);
	if (nb_known == 0) {
		fputs("help lists them\n", env->out);
		return -EINVAL;
	}
	fputs("there may follow", env->out);
	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		word = word_behind(c, nb_known, argv, &len);
		for (j = 0; word != NULL && j < i; j++) {
			other = word_behind(cmd_at(j), nb_known, argv, &other_len);
			if (other != NULL && other_len == len && memcmp(other, word, len) == 0)
				word = NULL;
		}
		if (word == NULL)
			continue;
		fprintf(env->out, "%s %.*s", any ? "," : "", (int)len, word);
		any = true;
	}
	fputc('\n', env->out);
	return -EINVAL;
}

static int
run_words(struct cmd_env *env, int argc, char **argv)
{
	const struct cmd *best = NULL, *c;
	int best_words = 0, nb_known = 0, common, n;
	unsigned int i;

	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		common = words_in_common(c->name, argc, argv, &n);
		nb_known = RTE_MAX(nb_known, common);
		if (common == n && n > best_words) {
			best = c;
			best_words = n;
		}
	}
	/* "show port" is no command where "show" is one and "port" goes on to others. */
	if (best == NULL || nb_known > best_words)
		return say_unknown(env, argc, argv, nb_known);
	n = argc - best_words;
	if (n < best->min_args)
		return cmd_fail(env, best, "wants %s", best->args);
	if (n > best->max_args && best->max_args == 0)
		return cmd_fail(env, best, "'%.64s' is too much: nothing may follow",
			argv[best_words]);
	if (n > best->max_args)
		return cmd_fail(env, best, "'%.64s' is too much: give %s",
			argv[best_words + best->max_args], best->args);
	return best->run(env, best, n, argv + best_words);
}

int
cmd_run_line(struct cmd_env *env, char *line)
{
	char *argv[CMD_ARGS_MAX], *word, *rest;
	int argc = 0;

	env->interrupted = false;
	line[strcspn(line, "#\r\n")] = '\0';
	/* A message that repeats some of it must not steer the terminal that it is shown on. */
	for (word = line; *word != '\0'; word++)
		if (*word != '\t' && ((unsigned char)*word < ' ' || *word == 0x7f))
			*word = '?';
	for (word = strtok_r(line, " \t", &rest); word != NULL;
		word = strtok_r(NULL, " \t", &rest)) {
		if (argc == CMD_ARGS_MAX) {
			fprintf(env->out, "a line may have %u words; the next one is '%.64s'\n",
				CMD_ARGS_MAX, word);
			return -EINVAL;
		}
		argv[argc++] = word;
	}
	return argc > 0 ? run_words(env, argc, argv) : 0;
}

int
cmd_fail(struct cmd_env *env, const struct cmd *cmd, const char *format, ...)
{
	va_list ap;

	fprintf(env->out, "%s: ", cmd->name);
	va_start(ap, format);
	vfprintf(env->out, format, ap);
	va_end(ap);
	fputc('\n', env->out);
	return -EINVAL;
}

int
cmd_arg_number(struct cmd_env *env, const struct cmd *cmd, const char *what, const char *text,
	uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *value >= min &&
		*value <= max)
		return 0;
	return cmd_fail(env, cmd, "%s '%.64s' is not possible: give a number from %" PRIu64
		" to %" PRIu64, what, text, min, max);
}

int
cmd_arg_addr(struct cmd_env *env, const struct cmd *cmd, const char *text, struct isla_addr *addr)
{
	if (isla_addr_parse(text, addr) == 0)
		return 0;
	return cmd_fail(env, cmd,
		"'%.64s' is no address: give one such as 192.168.1.1 or 2001:db8::1", text);
}

int
cmd_arg_addr_on(struct cmd_env *env, const struct cmd *cmd, const char *text,
	struct isla_addr *addr, uint8_t *netif)
{
	const char *port = strchr(text, '%');
	size_t n = port != NULL ? (size_t)(port - text) : strlen(text);
	struct isla_engine_port_info info;
	char only[ISLA_ADDR_STRLEN];
	uint16_t id;
	uint8_t i;

	*netif = ISLA_NETIF_ANY;
	snprintf(only, sizeof(only), "%.*s", (int)RTE_MIN(n, sizeof(only)), text);
	if (n >= sizeof(only) || isla_addr_parse(only, addr) != 0)
		return cmd_arg_addr(env, cmd, text, addr);
	for (i = 0; port != NULL && isla_engine_port_info(env->engine, i, &info) == 0; i++)
		if (strcmp(port + 1, info.name) == 0)
			*netif = i;
	if (port == NULL || *netif != ISLA_NETIF_ANY)
		return 0;
	if (cmd_arg_port(env, cmd, port + 1, false, &id) != 0)
		return -EINVAL;
	for (i = 0; isla_engine_port_info(env->engine, i, &info) == 0; i++)
		if (info.port_id == id)
			*netif = i;
	return 0;
}

int
cmd_arg_prefix(struct cmd_env *env, const struct cmd *cmd, const char *text,
	struct isla_prefix *prefix)
{
	if (isla_prefix_parse(text, prefix) == 0)
		return 0;
	return cmd_fail(env, cmd,
		"'%.64s' is no address with a prefix length: give one such as 192.168.1.2/24 or "
		"2001:db8::2/64", text);
}

int
cmd_port_info(const struct cmd_env *env, uint16_t port_id, struct isla_engine_port_info *info)
{
	uint16_t i;

	for (i = 0; isla_engine_port_info(env->engine, i, info) == 0; i++)
		if (info->port_id == port_id)
			return 0;
	return -ENODEV;
}

int
cmd_arg_port(struct cmd_env *env, const struct cmd *cmd, const char *text, bool may_be_all,
	uint16_t *port)
{
	struct isla_engine_port_info info;
	unsigned long n;
	uint16_t i;
	char *end;

	*port = CMD_ALL_PORTS;
	if (may_be_all && strcmp(text, "all") == 0)
		return 0;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && n < CMD_ALL_PORTS &&
		cmd_port_info(env, (uint16_t)n, &info) == 0) {
		*port = (uint16_t)n;
		return 0;
	}
	fprintf(env->out, "%s: '%.64s' is no port of ours: give", cmd->name, text);
	for (i = 0; isla_engine_port_info(env->engine, i, &info) == 0; i++)
		fprintf(env->out, "%s %u", i > 0 ? "," : "", info.port_id);
	fputs(may_be_all ? " or all\n" : "\n", env->out);
	return -EINVAL;
}

bool
cmd_is_stopped(struct cmd_env *env)
{
	if (!env->interrupted && env->is_interrupted != NULL)
		env->interrupted = env->is_interrupted(env->interrupt_ctx);
	return env->interrupted ||
		(env->stop != NULL && __atomic_load_n(env->stop, __ATOMIC_RELAXED) != 0);
}
