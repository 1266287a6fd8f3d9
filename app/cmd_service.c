/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about services: which there are, more and fewer of them, all of them on and off.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "cmd.h"

/* NAME:PORT */
static int
parse_service(struct cmd_env *env, const struct cmd *cmd, const char *text,
	const struct service **service, uint16_t *port)
{
	const char *colon = strchr(text, ':');
	char name[32] = "", *end = NULL;
	unsigned long n = 0;
	unsigned int i;

	if (colon != NULL && (size_t)(colon - text) < sizeof(name)) {
		memcpy(name, text, (size_t)(colon - text));
		name[colon - text] = '\0';
		errno = 0;
		if (colon[1] >= '0' && colon[1] <= '9')
			n = strtoul(colon + 1, &end, 10);
	}
	*service = service_find(name);
	if (*service != NULL && end != NULL && *end == '\0' && errno == 0 && n >= 1 &&
		n <= UINT16_MAX) {
		*port = (uint16_t)n;
		return 0;
	}
	fprintf(env->out, "%s: '%.64s' is not possible: give NAME:PORT with a port from 1 to "
		"65535, and one of the names", cmd->name, text);
	for (i = 0; services[i]->name != NULL; i++)
		fprintf(env->out, "%s %s", i > 0 ? "," : "", services[i]->name);
	fputc('\n', env->out);
	return -EINVAL;
}

static int
cmd_service_add(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	char err[SERVICE_SET_ERR_SIZE];
	const struct service *service;
	uint16_t port;
	int rc;

	if (parse_service(env, cmd, argv[0], &service, &port) != 0)
		return -EINVAL;
	rc = service_set_add(env->services, service, port, err, sizeof(err));
	if (rc != 0)
		cmd_fail(env, cmd, "%s", err);
	return rc;
}

static int
cmd_service_del(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	const struct service *service;
	uint16_t port;
	int rc;

	if (parse_service(env, cmd, argv[0], &service, &port) != 0)
		return -EINVAL;
	rc = service_set_del(env->services, service, port);
	if (rc != 0)
		cmd_fail(env, cmd, "%s:%u does not run; show services lists those that do",
			service->name, port);
	return rc;
}

static int
cmd_show_services(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct service_line lines[SERVICE_SET_MAX];
	uint16_t i, nb = service_set_list(env->services, lines);

	fprintf(env->out, "%-9s %5s  %-8s %s\n", "Service", "Port", "State", "What it does");
	for (i = 0; i < nb; i++)
		fprintf(env->out, "%-9s %5u  %-8s %s\n", lines[i].service->name, lines[i].port,
			lines[i].is_running ? "runs" : "stopped", lines[i].service->help);
	return 0;
}

static int
cmd_stop(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	if (service_set_stop(env->services) != 0)
		return cmd_fail(env, cmd, "the services are stopped already; start starts them");
	fprintf(env->out, "%u services stopped\n", env->services->nb);
	return 0;
}

static int
cmd_start(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	char err[SERVICE_SET_ERR_SIZE];
	int rc = service_set_start(env->services, err, sizeof(err));

	if (rc == -EALREADY)
		return cmd_fail(env, cmd, "the services run already; stop stops them");
	if (rc != 0)
		return cmd_fail(env, cmd, "%s; none runs", err);
	fprintf(env->out, "%u services started\n", env->services->nb);
	return 0;
}

const struct cmd cmds_service[] = {
	{
		.name = "start", .args = "", .group = CMD_SERVICES, .run = cmd_start,
		.help = "start the services that stop has stopped",
	},
	{
		.name = "stop", .args = "", .group = CMD_SERVICES, .run = cmd_stop,
		.help = "stop all services: their connections are closed, new ones refused",
	},
	{
		.name = "service add", .args = "NAME:PORT", .group = CMD_SERVICES,
		.run = cmd_service_add, .min_args = 1, .max_args = 1,
		.help = "serve on one more port, on every shard",
	},
	{
		.name = "service del", .args = "NAME:PORT", .group = CMD_SERVICES,
		.run = cmd_service_del, .min_args = 1, .max_args = 1,
		.help = "stop serving on a port; its connections are closed",
	},
	{
		.name = "show services", .args = "", .group = CMD_SERVICES,
		.run = cmd_show_services,
		.help = "the services and their ports",
	},
	{.name = NULL},
};
