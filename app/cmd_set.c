/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that change addresses and gateways.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include <isla_route.h>

#include "cmd.h"

/* [PORT]: the first one where it is not given; its index, which is the interface's, too. */
static int
take_port(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv, uint16_t *port,
	uint8_t *netif)
{
	struct isla_engine_port_info info;
	uint8_t i;

	if (argc > 1 && cmd_arg_port(env, cmd, argv[1], false, port) != 0)
		return -EINVAL;
	for (i = 0; isla_engine_port_info(env->engine, i, &info) == 0; i++) {
		if (argc > 1 && info.port_id != *port)
			continue;
		*port = info.port_id;
		*netif = i;
		return 0;
	}
	return cmd_fail(env, cmd, "there is no port");
}

static int
cmd_set_ip_add(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_prefix prefix;
	uint16_t port = 0;
	uint8_t netif;
	int rc;

	if (cmd_arg_prefix(env, cmd, argv[0], &prefix) != 0 ||
		take_port(env, cmd, argc, argv, &port, &netif) != 0)
		return -EINVAL;
	if (options_why_no_host(&prefix) != NULL)
		return cmd_fail(env, cmd, "%s %s", argv[0], options_why_no_host(&prefix));
	/* As --ip: no length is none, not the longest. */
	rc = strchr(argv[0], '/') == NULL || prefix.len == 0 ? -EINVAL :
		isla_engine_addr_add(env->engine, port, &prefix);
	if (rc == 0)
		return 0;
	return cmd_fail(env, cmd, "%s on port %u: %s", argv[0], port, rc == -EINVAL ?
		"give a unicast address and a prefix length, such as 10.0.0.2/24" :
		rc == -EEXIST ? "the port has it already" :
		rc == -ENOSPC ? "the port has as many addresses as it may" : strerror(-rc));
}

static int
cmd_set_ip_del(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_addr addr;
	uint16_t port = 0;
	uint8_t netif;
	int rc;

	if (cmd_arg_addr(env, cmd, argv[0], &addr) != 0 ||
		take_port(env, cmd, argc, argv, &port, &netif) != 0)
		return -EINVAL;
	rc = isla_engine_addr_del(env->engine, port, &addr);
	if (rc == 0)
		return 0;
	return cmd_fail(env, cmd, "%s on port %u: %s", argv[0], port, rc == -EADDRNOTAVAIL ?
		"the port does not have it; show addrs lists those that it has" : strerror(-rc));
}

/* What there is of addresses and of default routes, as the first shard has it. */
struct look {
	uint8_t netif;
	struct isla_addr gateway;  /* the one that is wanted */
	bool is_on_link;           /* it lies in a prefix of the interface's */
	bool is_own;
	bool has[2];               /* a default route of IPv4's, of IPv6's */
	struct isla_addr old[2];
};

static void
look(struct isla_stack *stack, void *arg)
{
	struct look *l = arg;
	struct isla_addr_entry a;
	struct isla_route_entry r;
	uint32_t cursor = 0;
	struct isla_prefix p;

	while (cursor != ISLA_LIST_END) {
		if (isla_addr_list(stack, &cursor, &a, 1) == 0)
			continue;
		l->is_own = l->is_own || isla_addr_eq(&a.prefix.addr, &l->gateway);
		p = (struct isla_prefix){.addr = l->gateway, .len = a.prefix.len};
		l->is_on_link = l->is_on_link || (a.netif == l->netif &&
			isla_prefix_match(&a.prefix, &l->gateway) &&
			options_why_no_host(&p) == NULL);
	}
	/* There are some tens of routes, as many as max_routes says. */
	for (cursor = 0; cursor != ISLA_LIST_END;) {
		unsigned int v6;

		if (isla_route_list(stack, &cursor, &r, 1) == 0 || r.connected || r.leased ||
			r.prefix.len != 0 || r.netif != l->netif)
			continue;
		v6 = !isla_addr_is_v4(&r.prefix.addr);
		l->has[v6] = true;
		l->old[v6] = r.gateway;
	}
}

static struct isla_prefix
default_prefix(bool v6)
{
	struct isla_prefix p = {.len = 0};

	p.addr = v6 ? isla_addr_any : isla_addr_from_v4(0);
	return p;
}

static int
gateway_off(struct cmd_env *env, const struct cmd *cmd, uint16_t port, const struct look *l)
{
	unsigned int v6;

	if (!l->has[0] && !l->has[1])
		return cmd_fail(env, cmd, "port %u has no gateway", port);
	for (v6 = 0; v6 < 2; v6++) {
		struct isla_prefix all = default_prefix(v6 != 0);
		int rc = l->has[v6] ? isla_engine_route_del(env->engine, port, &all) : 0;

		if (rc != 0)
			return cmd_fail(env, cmd, "%s", strerror(-rc));
	}
	return 0;
}

/* In the place of the one that there is, which comes back where the new one is refused. */
static int
gateway_set(struct cmd_env *env, const struct cmd *cmd, uint16_t port, const struct look *l)
{
	bool v6 = !isla_addr_is_v4(&l->gateway);
	struct isla_prefix all = default_prefix(v6);
	int rc;

	if (l->has[v6])
		isla_engine_route_del(env->engine, port, &all);
	rc = isla_engine_route_add(env->engine, port, &all, &l->gateway);
	if (rc == 0)
		return 0;
	if (l->has[v6])
		isla_engine_route_add(env->engine, port, &all, &l->old[v6]);
	return cmd_fail(env, cmd, "%s", rc == -ENOSPC ? "the table of routes is full" :
		strerror(-rc));
}

static int
cmd_set_gateway(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	bool off = strcmp(argv[0], "off") == 0;
	struct look l = {.netif = 0};
	uint16_t port = 0;
	int rc;

	if ((!off && cmd_arg_addr(env, cmd, argv[0], &l.gateway) != 0) ||
		take_port(env, cmd, argc, argv, &port, &l.netif) != 0)
		return -EINVAL;
	rc = isla_engine_call(env->engine, 0, look, &l);
	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	if (off)
		return gateway_off(env, cmd, port, &l);
	if (isla_addr_is_unspecified(&l.gateway) || isla_addr_is_multicast(&l.gateway) ||
		l.is_own || !l.is_on_link)
		return cmd_fail(env, cmd, "%s is no gateway: give the address of another host in a "
			"prefix of port %u, or off; show addrs lists the prefixes", argv[0], port);
	return gateway_set(env, cmd, port, &l);
}

const struct cmd cmds_set[] = {
	{
		.name = "set ip add", .args = "ADDR/LEN [PORT]", .group = CMD_ADDRS,
		.run = cmd_set_ip_add, .min_args = 1, .max_args = 2,
		.help = "give a port, the first one, one more address",
	},
	{
		.name = "set ip del", .args = "ADDR [PORT]", .group = CMD_ADDRS,
		.run = cmd_set_ip_del, .min_args = 1, .max_args = 2,
		.help = "take an address away; its connections are reset",
	},
	{
		.name = "set gateway", .args = "ADDR|off [PORT]", .group = CMD_ADDRS,
		.run = cmd_set_gateway, .min_args = 1, .max_args = 2,
		.help = "the default router of its family behind a port, the first one; off: none",
	},
	{.name = NULL},
};
