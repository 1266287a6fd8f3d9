/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * testpmd's commands about ports, under testpmd's names.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "cmd.h"
#include "verbose.h"

/* Run a function for the ports that an argument names; none: all. */
static int
each_port(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv,
	int (*fn)(struct cmd_env *env, const struct cmd *cmd,
		const struct isla_engine_port_info *info))
{
	struct isla_engine_port_info info;
	uint16_t port = CMD_ALL_PORTS, i;
	int rc = 0, one;

	if (argc > 0 && cmd_arg_port(env, cmd, argv[0], true, &port) != 0)
		return -EINVAL;
	for (i = 0; isla_engine_port_info(env->engine, i, &info) == 0; i++) {
		if (port != CMD_ALL_PORTS && port != info.port_id)
			continue;
		one = fn(env, cmd, &info);
		rc = rc != 0 ? rc : one;
	}
	return rc;
}

static int
cmd_show_port_stats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_engine_stats *now;
	uint16_t port, i;
	int rc;

	if (cmd_arg_port(env, cmd, argv[0], true, &port) != 0)
		return -EINVAL;
	now = malloc(sizeof(*now));
	if (now == NULL)
		return cmd_fail(env, cmd, "memory is short");
	rc = isla_engine_get_stats(env->engine, now);
	for (i = 0; rc == 0 && i < now->nb_ports; i++) {
		if (port != CMD_ALL_PORTS && port != now->port[i].port_id)
			continue;
		isla_engine_print_port(env->out, &now->port[i], &env->shown_port[i].stats,
			now->time_us - env->shown_port[i].at_us);
		env->shown_port[i].stats = now->port[i];
		env->shown_port[i].at_us = now->time_us;
	}
	free(now);
	return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", strerror(-rc));
}

static int
clear_stats(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info)
{
	int rc = isla_engine_port_clear_stats(env->engine, info->port_id);

	if (rc != 0)
		return cmd_fail(env, cmd, "port %u: %s", info->port_id, strerror(-rc));
	fprintf(env->out, "\n  NIC statistics for port %u cleared\n", info->port_id);
	return 0;
}

static int
cmd_clear_port_stats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_port(env, cmd, argc, argv, clear_stats);
}

/* A device of a port, and the port's queues that it has. */
struct device {
	uint16_t id;
	uint16_t first;
	uint16_t last;
};

/* The device that has a queue of a port; false: there are no more queues. */
static bool
device_of(struct cmd_env *env, uint16_t i, uint16_t first, struct device *d)
{
	uint16_t id, queue, q = first;

	if (isla_engine_port_queue(env->engine, i, q, &d->id, &queue) != 0)
		return false;
	d->first = first;
	do {
		d->last = q++;
	} while (isla_engine_port_queue(env->engine, i, q, &id, &queue) == 0 && id == d->id);
	return true;
}

/* Run a function for every device of a port, until one fails. */
static int
each_device(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info,
	int (*fn)(struct cmd_env *env, const struct cmd *cmd,
		const struct isla_engine_port_info *info, const struct device *d))
{
	struct isla_engine_port_info other;
	struct device d;
	uint16_t i, q;
	int rc = 0;

	for (i = 0; isla_engine_port_info(env->engine, i, &other) == 0; i++)
		if (other.port_id == info->port_id)
			break;
	for (q = 0; rc == 0 && device_of(env, i, q, &d); q = (uint16_t)(d.last + 1))
		rc = fn(env, cmd, info, &d);
	return rc;
}

/* Functions of ethdev's, as isla_engine_port_call() has them; they print nothing, since that may take
 * its time. */
static int
reset_xstats(void *arg)
{
	const struct device *d = arg;

	return rte_eth_xstats_reset(d->id);
}

static int
clear_device(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info,
	const struct device *d)
{
	struct device device = *d;
	int rc = isla_engine_port_call(env->engine, info->port_id, reset_xstats, &device);

	return rc == 0 ? 0 : cmd_fail(env, cmd, "port %u: %s", info->port_id, strerror(-rc));
}

static int
clear_xstats(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info)
{
	int rc = each_device(env, cmd, info, clear_device);

	if (rc == 0)
		fprintf(env->out, "\n  NIC extended statistics for port %u cleared\n",
			info->port_id);
	return rc;
}

static int
cmd_clear_port_xstats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_port(env, cmd, argc, argv, clear_xstats);
}

struct xstats {
	uint16_t dev;
	int nb;
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;
};

/* Names and values must be of the same number. */
static int
read_xstats(void *arg)
{
	struct xstats *x = arg;

	x->nb = rte_eth_xstats_get_names(x->dev, NULL, 0);
	if (x->nb < 0)
		return x->nb;
	x->names = calloc((size_t)x->nb + 1, sizeof(*x->names));
	x->values = calloc((size_t)x->nb + 1, sizeof(*x->values));
	if (x->names == NULL || x->values == NULL)
		return -ENOMEM;
	return rte_eth_xstats_get_names(x->dev, x->names, (unsigned int)x->nb) == x->nb &&
		rte_eth_xstats_get(x->dev, x->values, (unsigned int)x->nb) == x->nb ? 0 : -EIO;
}

static int
show_device(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info,
	const struct device *d)
{
	struct xstats x = {.dev = d->id};
	int i, rc = isla_engine_port_call(env->engine, info->port_id, read_xstats, &x);

	if (rc != 0) {
		rc = cmd_fail(env, cmd, "port %u: they cannot be read: %s", info->port_id,
			strerror(-rc));
	} else {
		fprintf(env->out, "###### NIC extended statistics for port %-2u", info->port_id);
		if (d->last - d->first + 1 < info->nb_queues)
			fprintf(env->out, " queues %u to %u, which are a device's", d->first,
				d->last);
		fputc('\n', env->out);
		for (i = 0; i < x.nb; i++)
			fprintf(env->out, "%s: %" PRIu64 "\n", x.names[x.values[i].id].name,
				x.values[i].value);
	}
	free(x.names);
	free(x.values);
	return rc;
}

static int
show_xstats(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info)
{
	return each_device(env, cmd, info, show_device);
}

static int
cmd_show_port_xstats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_port(env, cmd, argc, argv, show_xstats);
}

/* Since the base; where the port's own counters were cleared after that, since then. */
static uint64_t
since(uint64_t now, uint64_t base)
{
	return now >= base ? now - base : now;
}

/* What a port, or all of them, have done since a base. */
struct fwd_sum {
	uint64_t rx, rx_dropped, tx, tx_dropped;
};

static void
print_fwd(FILE *out, const struct fwd_sum *s)
{
	fprintf(out, "  RX-packets: %-14" PRIu64 " RX-dropped: %-14" PRIu64 "RX-total: %" PRIu64
		"\n", s->rx, s->rx_dropped, s->rx + s->rx_dropped);
	fprintf(out, "  TX-packets: %-14" PRIu64 " TX-dropped: %-14" PRIu64 "TX-total: %" PRIu64
		"\n", s->tx, s->tx_dropped, s->tx + s->tx_dropped);
}

static int
cmd_show_fwd_stats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	const struct isla_engine_stats *base = &env->fwd_base;
	struct fwd_sum all = {.rx = 0};
	struct isla_engine_stats *now;
	uint16_t i;
	int rc;

	now = malloc(sizeof(*now));
	rc = now != NULL ? isla_engine_get_stats(env->engine, now) : -ENOMEM;
	for (i = 0; rc == 0 && i < now->nb_ports; i++) {
		const struct isla_port_stats *n = &now->port[i], *b = &base->port[i];
		const struct fwd_sum s = {
			.rx = since(n->ipackets, b->ipackets),
			.rx_dropped = since(n->imissed, b->imissed),
			.tx = since(n->opackets, b->opackets),
			.tx_dropped = since(n->oerrors, b->oerrors),
		};

		fprintf(env->out, "\n  ---------------------- Forward statistics for port %-2u "
			"----------------------\n", n->port_id);
		print_fwd(env->out, &s);
		all.rx += s.rx;
		all.rx_dropped += s.rx_dropped;
		all.tx += s.tx;
		all.tx_dropped += s.tx_dropped;
	}
	if (rc == 0) {
		all.tx_dropped += since(now->loop.nb_tx_dropped, base->loop.nb_tx_dropped);
		fprintf(env->out, "\n  +++++++++++++++ Accumulated forward statistics for all "
			"ports+++++++++++++++\n");
		print_fwd(env->out, &all);
	}
	free(now);
	return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", strerror(-rc));
}

static int
cmd_clear_fwd_stats(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	int rc = isla_engine_get_stats(env->engine, &env->fwd_base);

	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	fprintf(env->out, "forward statistics begin anew\n");
	return 0;
}

static void
print_mac(FILE *out, const char *what, const uint8_t mac[6])
{
	fprintf(out, "%s: %02X:%02X:%02X:%02X:%02X:%02X\n", what, mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
}

struct mac {
	uint16_t dev;
	struct rte_ether_addr addr;
};

static int
read_mac(void *arg)
{
	struct mac *m = arg;

	return rte_eth_macaddr_get(m->dev, &m->addr);
}

static int
show_info(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} offloads[] = {
		{ISLA_NETIF_TX_IPV4_CKSUM, "TX IPv4 checksum"},
		{ISLA_NETIF_TX_TCP_CKSUM, "TX TCP checksum"},
		{ISLA_NETIF_TX_UDP_CKSUM, "TX UDP checksum"},
		{ISLA_NETIF_RX_CKSUM, "RX checksum"},
	};
	static const char *const states[] = {
		[ISLA_ENGINE_PORT_STOPPED] = "stopped",
		[ISLA_ENGINE_PORT_STARTED] = "started",
		[ISLA_ENGINE_PORT_GONE] = "gone: its interface was deleted; port start makes it anew",
	};
	static const char *const wakes[] = {
		[ISLA_ENGINE_WAKES_NOT] = "no",
		[ISLA_ENGINE_WAKES_BY_FD] = "yes, by descriptor",
		[ISLA_ENGINE_WAKES_BY_INTR] = "yes, by interrupt",
		[ISLA_ENGINE_WAKES_NEEDLESS] = "no need, it is a file",
	};
	struct mac mac = {.dev = info->port_id};
	char socket[12] = "any";
	bool any = false;
	unsigned int i;

	if (info->socket_id >= 0)
		snprintf(socket, sizeof(socket), "%d", info->socket_id);
	fprintf(env->out, "\n********************* Infos for port %-2u *********************\n",
		info->port_id);
	print_mac(env->out, "MAC address of the stack", info->mac);
	if (isla_engine_port_call(env->engine, info->port_id, read_mac, &mac) == 0)
		print_mac(env->out, "MAC address of the port", mac.addr.addr_bytes);
	fprintf(env->out, "Device name: %s\nDriver name: %s\n", info->name, info->driver);
	fprintf(env->out, "State: %s\nConnect to socket: %s\nLink status: %s\n"
		"Link speed: %u Mbps\nMTU: %u\n", states[info->state], socket,
		info->link_up ? "up" : "down", info->link_mbps, info->mtu);
	fprintf(env->out, "Number of queue pairs: %u\nRX descriptors of a queue: %u\n"
		"TX descriptors of a queue: %u\n", info->nb_queues, info->nb_rxd, info->nb_txd);
	fprintf(env->out, "Interface of the kernel: %u\nReceive queues can be waited for: %s\n"
		"Chains are copied to be sent: %s\nOffloads used:", info->if_index,
		wakes[info->wakes], info->linearizes ? "yes" : "no");
	for (i = 0; i < RTE_DIM(offloads); i++) {
		if ((info->offloads & offloads[i].bit) == 0)
			continue;
		fprintf(env->out, "%s %s", any ? "," : "", offloads[i].name);
		any = true;
	}
	if (info->segments)
		fprintf(env->out, "%s TX TCP segmentation", any ? "," : "");
	fputs(any || info->segments ? "\n" : " none\n", env->out);
	return 0;
}

static int
cmd_show_port_info(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_port(env, cmd, argc, argv, show_info);
}

static int
stop_port(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info)
{
	char err[ISLA_ENGINE_ERR_SIZE];
	int rc = isla_engine_port_stop(env->engine, info->port_id, err, sizeof(err));

	return rc == 0 ? 0 : cmd_fail(env, cmd, "%s", err);
}

static int
cmd_port_stop(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_port(env, cmd, argc, argv, stop_port);
}

static int
start_port(struct cmd_env *env, const struct cmd *cmd, const struct isla_engine_port_info *info)
{
	char err[ISLA_ENGINE_ERR_SIZE];
	int rc = isla_engine_port_start(env->engine, info->port_id, err, sizeof(err));

	if (rc != 0)
		return cmd_fail(env, cmd, "%s", err);
	verbose_again(env->verbose);
	return 0;
}

static int
cmd_port_start(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return each_port(env, cmd, argc, argv, start_port);
}

struct link_change {
	uint16_t dev;
	bool up;
};

static int
change_link(void *arg)
{
	const struct link_change *c = arg;

	return c->up ? rte_eth_dev_set_link_up(c->dev) : rte_eth_dev_set_link_down(c->dev);
}

/* The words in between are a part of the name, the last of which tells the direction. */
static int
cmd_set_link(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct link_change c = {.up = strstr(cmd->name, "link-up") != NULL};
	int rc;

	if (cmd_arg_port(env, cmd, argv[0], false, &c.dev) != 0)
		return -EINVAL;
	rc = isla_engine_port_call(env->engine, c.dev, change_link, &c);
	return rc == 0 ? 0 : cmd_fail(env, cmd, "port %u: %s", c.dev, strerror(-rc));
}

const struct cmd cmds_port[] = {
	{
		.name = "port stop", .args = "N|all", .group = CMD_PORTS, .run = cmd_port_stop,
		.min_args = 1, .max_args = 1,
		.help = "leave a port alone and stop its driver; connections live on",
	},
	{
		.name = "port start", .args = "N|all", .group = CMD_PORTS, .run = cmd_port_start,
		.min_args = 1, .max_args = 1,
		.help = "start it again; one whose interface was deleted is made anew",
	},
	{
		.name = "set link-up port", .args = "N", .group = CMD_PORTS, .run = cmd_set_link,
		.min_args = 1, .max_args = 1, .help = "have the driver set the link up",
	},
	{
		.name = "set link-down port", .args = "N", .group = CMD_PORTS, .run = cmd_set_link,
		.min_args = 1, .max_args = 1, .help = "have the driver set the link down",
	},
	{
		.name = "show port stats", .args = "N|all", .group = CMD_PORTS,
		.run = cmd_show_port_stats, .min_args = 1, .max_args = 1,
		.help = "packets, bytes and errors, and rates since they were last shown",
	},
	{
		.name = "clear port stats", .args = "N|all", .group = CMD_PORTS,
		.run = cmd_clear_port_stats, .min_args = 1, .max_args = 1,
		.help = "set these to zero",
	},
	{
		.name = "show port xstats", .args = "N|all", .group = CMD_PORTS,
		.run = cmd_show_port_xstats, .min_args = 1, .max_args = 1,
		.help = "whatever the driver counts",
	},
	{
		.name = "clear port xstats", .args = "N|all", .group = CMD_PORTS,
		.run = cmd_clear_port_xstats, .min_args = 1, .max_args = 1,
		.help = "set these to zero",
	},
	{
		.name = "show fwd stats all", .args = "", .group = CMD_PORTS,
		.run = cmd_show_fwd_stats,
		.help = "packets received, sent and dropped, of each port and of all",
	},
	{
		.name = "clear fwd stats all", .args = "", .group = CMD_PORTS,
		.run = cmd_clear_fwd_stats,
		.help = "count these from zero, and leave those of the ports alone",
	},
	{
		.name = "show port info", .args = "N|all", .group = CMD_PORTS,
		.run = cmd_show_port_info, .min_args = 1, .max_args = 1,
		.help = "MAC addresses, driver, link, queues and offloads",
	},
	{.name = NULL},
};
