/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands of DHCP: what the clients have got, asking for more time, giving back.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_common.h>

#include "cmd.h"
#include "dhcp.h"

/* "in 12 s", "now", "never" */
static const char *
when(uint64_t us, char *text, size_t size)
{
	if (us == UINT64_MAX)
		return "never";
	if (us == 0)
		return "now";
	snprintf(text, size, "in %" PRIu64 " s", (us + 999999) / 1000000);
	return text;
}

static void
print_addrs(FILE *out, const char *what, const struct isla_addr *addr, uint8_t nb)
{
	char text[ISLA_ADDR_STRLEN];
	uint8_t i;

	if (nb == 0)
		return;
	fprintf(out, "  %-10s", what);
	for (i = 0; i < nb; i++)
		fprintf(out, " %s", isla_addr_format(&addr[i], text, sizeof(text)));
	fputc('\n', out);
}

static void
print_lease(FILE *out, const struct isla_dhcp_info *info)
{
	const struct isla_dhcp_lease *l = &info->lease;
	char a[ISLA_ADDR_STRLEN], b[ISLA_ADDR_STRLEN];
	uint8_t i;

	fprintf(out, "  address    %s\n", isla_prefix_format(&l->prefix, a, sizeof(a)));
	print_addrs(out, "server", &l->server, 1);
	if (l->lease_s == ISLA_DHCP_INFINITE)
		fprintf(out, "  lease      for ever\n");
	else
		fprintf(out, "  lease      %" PRIu32 " s\n", l->lease_s);
	fprintf(out, "  renewal    %s\n", when(info->t1_us, a, sizeof(a)));
	fprintf(out, "  rebinding  %s\n", when(info->t2_us, a, sizeof(a)));
	fprintf(out, "  end        %s\n", when(info->end_us, a, sizeof(a)));
	for (i = 0; i < l->nb_routes; i++)
		fprintf(out, "  route      %s via %s\n",
			isla_prefix_format(&l->route[i].prefix, a, sizeof(a)),
			isla_addr_format(&l->route[i].gateway, b, sizeof(b)));
	print_addrs(out, "router", l->router, l->nb_routers);
	print_addrs(out, "dns", l->dns, l->nb_dns);
	if (!isla_addr_is_unspecified(&l->broadcast))
		print_addrs(out, "broadcast", &l->broadcast, 1);
	if (l->mtu != 0)
		fprintf(out, "  mtu        %u\n", l->mtu);
	if (l->hostname[0] != '\0')
		fprintf(out, "  hostname   %s\n", l->hostname);
	if (l->domain[0] != '\0')
		fprintf(out, "  domain     %s\n", l->domain);
	if (l->search[0] != '\0')
		fprintf(out, "  search     %s\n", l->search);
}

static void
print_client(struct cmd_env *env, uint16_t port_id, const struct isla_dhcp_info *info,
	bool has_fallback)
{
	char text[ISLA_ADDR_STRLEN];

	fprintf(env->out, "Port %u: %s\n", port_id, isla_dhcp_state_name(info->state));
	if (info->has_lease)
		print_lease(env->out, info);
	if (has_fallback)
		fprintf(env->out, "  fallback   %s\n",
			isla_prefix_format(&env->opts->dhcp_fallback.prefix, text, sizeof(text)));
	fprintf(env->out, "  next       %s\n", when(info->next_us, text, sizeof(text)));
	fprintf(env->out, "  sent       %" PRIu32 " DISCOVER, %" PRIu32 " REQUEST, %" PRIu32
		" DECLINE, %" PRIu32 " RELEASE\n",
		info->nb_discovers, info->nb_requests, info->nb_declines, info->nb_releases);
	fprintf(env->out, "  received   %" PRIu32 " OFFER, %" PRIu32 " ACK, %" PRIu32
		" NAK, %" PRIu32 " ignored\n",
		info->nb_offers, info->nb_acks, info->nb_naks, info->nb_ignored);
}

static int
show(struct cmd_env *env, uint16_t port_id)
{
	struct isla_dhcp_info info;
	bool has_fallback;
	int rc = dhcp_get_info(env->dhcp, port_id, &info, &has_fallback);

	if (rc == 0)
		print_client(env, port_id, &info, has_fallback);
	return rc;
}

static int
renew(struct cmd_env *env, uint16_t port_id)
{
	return dhcp_renew(env->dhcp, port_id);
}

static int
release(struct cmd_env *env, uint16_t port_id)
{
	return dhcp_release(env->dhcp, port_id);
}

/* On the port that is named, or on every one with a client. */
static int
each_client(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv,
	int (*fn)(struct cmd_env *env, uint16_t port_id))
{
	struct isla_engine_port_info info;
	uint16_t wanted = CMD_ALL_PORTS, i;
	bool any = false;

	if (env->dhcp == NULL)
		return cmd_fail(env, cmd, "there is no DHCP client; start with --dhcp");
	if (argc > 0 && cmd_arg_port(env, cmd, argv[0], true, &wanted) != 0)
		return -EINVAL;
	for (i = 0; isla_engine_port_info(env->engine, i, &info) == 0; i++)
		if (wanted == CMD_ALL_PORTS || info.port_id == wanted)
			any |= fn(env, info.port_id) == 0;
	if (!any && wanted == CMD_ALL_PORTS)
		return cmd_fail(env, cmd, "no port has a DHCP client: each has an address of --ip");
	if (!any)
		return cmd_fail(env, cmd, "port %u has no DHCP client: it has an address of --ip",
			wanted);
	return 0;
}

static int
cmd_dhcp_show(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_client(env, cmd, argc, argv, show);
}

static int
cmd_dhcp_renew(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_client(env, cmd, argc, argv, renew);
}

static int
cmd_dhcp_release(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_client(env, cmd, argc, argv, release);
}

const struct cmd cmds_dhcp[] = {
	{
		.name = "dhcp show", .args = "[N|all]", .group = CMD_ADDRS, .run = cmd_dhcp_show,
		.max_args = 1, .help = "show leases, and what the DHCP clients do",
	},
	{
		.name = "dhcp renew", .args = "[N|all]", .group = CMD_ADDRS, .run = cmd_dhcp_renew,
		.max_args = 1,
		.help = "ask the server for more time now, or look for one; after a release begin again",
	},
	{
		.name = "dhcp release", .args = "[N|all]", .group = CMD_ADDRS,
		.run = cmd_dhcp_release, .max_args = 1,
		.help = "give the lease back, and do without until a renew",
	},
	{.name = NULL},
};
