/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that show what is below TCP, and have what was learnt forgotten: addresses, routes,
 * neighbours, paths, UDP ports.
 * Addresses, routes and ports are the same on every shard, and the first one is asked; each has a
 * neighbour cache of its own.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include <isla_route.h>

#include "cmd.h"

/* Entries of one request. */
#define PAGE 32

/* A page of some table, on its way into a shard and back. */
struct page {
	uint32_t cursor;
	uint16_t nb;
	union {
		struct isla_addr_entry addr[PAGE];
		struct isla_route_entry route[PAGE];
		struct isla_neigh_entry neigh[PAGE];
		struct isla_udp_entry udp[PAGE];
		struct isla_pmtu_entry pmtu[PAGE];
	};
};

/* The interface i is the port i of the engine's. */
static uint16_t
port_of(const struct cmd_env *env, uint8_t netif)
{
	struct isla_engine_port_info info;

	return isla_engine_port_info(env->engine, netif, &info) == 0 ? info.port_id : netif;
}

/* Read a shard's table page by page. */
static int
each_page(struct cmd_env *env, uint16_t shard,
	void (*read_page)(struct isla_stack *stack, void *page),
	void (*show)(struct cmd_env *env, uint16_t shard, const struct page *page))
{
	struct page page = {.cursor = 0};
	int rc = 0;

	while (rc == 0 && page.cursor != ISLA_LIST_END && !cmd_is_stopped(env)) {
		rc = isla_engine_call(env->engine, shard, read_page, &page);
		if (rc == 0)
			show(env, shard, &page);
	}
	return rc;
}

static void
read_addrs(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;

	p->nb = isla_addr_list(stack, &p->cursor, p->addr, PAGE);
}

static void
show_addrs(struct cmd_env *env, uint16_t shard, const struct page *page)
{
	char text[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < page->nb; i++)
		fprintf(env->out, "%4u  %s\n", port_of(env, page->addr[i].netif),
			isla_prefix_format(&page->addr[i].prefix, text, sizeof(text)));
}

static int
cmd_show_addrs(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	fprintf(env->out, "Port  Address\n");
	return each_page(env, 0, read_addrs, show_addrs);
}

static void
read_routes(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;

	p->nb = isla_route_list(stack, &p->cursor, p->route, PAGE);
}

static void
show_routes(struct cmd_env *env, uint16_t shard, const struct page *page)
{
	char to[ISLA_ADDR_STRLEN], via[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < page->nb; i++) {
		const struct isla_route_entry *r = &page->route[i];
		bool direct = isla_addr_is_unspecified(&r->gateway);

		fprintf(env->out, "%4u  %-26s %-26s %s\n", port_of(env, r->netif),
			r->prefix.len == 0 && isla_addr_is_v4(&r->prefix.addr) ? "default" :
			r->prefix.len == 0 ? "default (IPv6)" :
			isla_prefix_format(&r->prefix, to, sizeof(to)),
			direct ? "-" : isla_addr_format(&r->gateway, via, sizeof(via)),
			r->connected ? "connected" : r->leased ? "DHCP" : "static");
	}
}

static int
cmd_show_routes(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	fprintf(env->out, "Port  %-26s %-26s %s\n", "Destination", "Gateway", "Kind");
	return each_page(env, 0, read_routes, show_routes);
}

static void
read_neigh(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;

	p->nb = isla_neigh_list(stack, &p->cursor, p->neigh, PAGE);
}

static void
show_neigh(struct cmd_env *env, uint16_t shard, const struct page *page)
{
	char addr[ISLA_ADDR_STRLEN], mac[18], age[32];
	uint16_t i;

	for (i = 0; i < page->nb; i++) {
		const struct isla_neigh_entry *n = &page->neigh[i];

		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", n->mac[0], n->mac[1],
			n->mac[2], n->mac[3], n->mac[4], n->mac[5]);
		snprintf(age, sizeof(age), "%.1f s ago", (double)n->confirmed_us / 1e6);
		fprintf(env->out, "%5u %4u  %-26s %-17s  %-10s  %-12s  %6u%s\n", shard,
			port_of(env, n->netif), isla_addr_format(&n->addr, addr, sizeof(addr)),
			n->state == ISLA_NEIGH_INCOMPLETE ? "-" : mac,
			isla_neigh_state_name(n->state),
			n->confirmed_us == UINT64_MAX ? "never" : age, n->nb_queued,
			n->is_router ? "  router" : "");
	}
}

static int
cmd_show_neigh(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t i;
	int rc = 0;

	fprintf(env->out, "Shard Port  %-26s %-17s  %-10s  %-12s  %s\n", "Address", "MAC", "State",
		"Confirmed", "Queued");
	for (i = 0; rc == 0 && i < isla_engine_nb_shards(env->engine); i++)
		rc = each_page(env, i, read_neigh, show_neigh);
	return rc;
}

static void
read_udp(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;

	p->nb = isla_udp_list(isla_stack_udp(stack), &p->cursor, p->udp, PAGE);
}

static void
show_udp(struct cmd_env *env, uint16_t shard, const struct page *page)
{
	char addr[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < page->nb; i++) {
		const struct isla_udp_entry *u = &page->udp[i];

		fprintf(env->out, "%5u %5u  %-26s %s\n", shard, u->port,
			isla_addr_eq(&u->local, &isla_addr_any) ? (u->v6only ? "::" : "*") :
			isla_addr_format(&u->local, addr, sizeof(addr)),
			u->v6only ? "IPv6 only" : "");
	}
}

static int
cmd_show_udp(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t i;
	int rc = 0;

	fprintf(env->out, "Shard  Port  %s\n", "Address");
	for (i = 0; rc == 0 && i < isla_engine_nb_shards(env->engine); i++)
		rc = each_page(env, i, read_udp, show_udp);
	return rc;
}

static void
read_pmtu(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;

	p->nb = isla_pmtu_list(stack, &p->cursor, p->pmtu, PAGE);
}

static void
show_pmtu(struct cmd_env *env, uint16_t shard, const struct page *page)
{
	char addr[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < page->nb; i++)
		fprintf(env->out, "%5u  %-26s %5u  %6.1f s\n", shard,
			isla_addr_format(&page->pmtu[i].dst, addr, sizeof(addr)),
			page->pmtu[i].mtu, (double)page->pmtu[i].left_us / 1e6);
}

static int
cmd_show_pmtu(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t i;
	int rc = 0;

	fprintf(env->out, "Shard  %-26s %5s  %s\n", "Destination", "MTU", "Forgotten in");
	for (i = 0; rc == 0 && i < isla_engine_nb_shards(env->engine); i++)
		rc = each_page(env, i, read_pmtu, show_pmtu);
	return rc;
}

/* What is to be forgotten, on its way through the shards. */
struct forget {
	const struct isla_addr *addr; /* NULL: all */
	uint32_t cursor;
	uint32_t nb;
};

static void
forget_neigh(struct isla_stack *stack, void *arg)
{
	struct forget *f = arg;

	f->nb += isla_neigh_clear(stack, &f->cursor, f->addr);
}

static void
forget_pmtu(struct isla_stack *stack, void *arg)
{
	struct forget *f = arg;

	f->nb += isla_pmtu_clear(stack, f->addr);
	f->cursor = ISLA_LIST_END;
}

/* On every shard, piece by piece. */
static int
forget_all(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv,
	void (*forget)(struct isla_stack *stack, void *arg), const char *what)
{
	struct forget f = {.addr = NULL};
	struct isla_addr addr;
	uint16_t i;
	int rc = 0;

	if (argc > 0 && cmd_arg_addr(env, cmd, argv[0], &addr) != 0)
		return -EINVAL;
	if (argc > 0)
		f.addr = &addr;
	for (i = 0; rc == 0 && i < isla_engine_nb_shards(env->engine); i++)
		for (f.cursor = 0; rc == 0 && f.cursor != ISLA_LIST_END && !cmd_is_stopped(env);)
			rc = isla_engine_call(env->engine, i, forget, &f);
	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	if (argc > 0 && f.nb == 0)
		return cmd_fail(env, cmd, "no shard knows %s%s", what, argv[0]);
	fprintf(env->out, "%u forgotten\n", f.nb);
	return 0;
}

static int
cmd_clear_neigh(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return forget_all(env, cmd, argc, argv, forget_neigh, "where to find ");
}

static int
cmd_clear_pmtu(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return forget_all(env, cmd, argc, argv, forget_pmtu, "a path MTU to ");
}

const struct cmd cmds_net[] = {
	{
		.name = "show addrs", .args = "", .group = CMD_ADDRS, .run = cmd_show_addrs,
		.help = "the stack's own addresses",
	},
	{
		.name = "show routes", .args = "", .group = CMD_ADDRS, .run = cmd_show_routes,
		.help = "connected prefixes and routes",
	},
	{
		.name = "show neigh", .args = "", .group = CMD_ADDRS, .run = cmd_show_neigh,
		.help = "the neighbour caches: ARP and neighbour discovery",
	},
	{
		.name = "clear neigh", .args = "[ADDR]", .group = CMD_ADDRS,
		.run = cmd_clear_neigh, .max_args = 1,
		.help = "forget a neighbour, or all that have answered, on every shard",
	},
	{
		.name = "show pmtu", .args = "", .group = CMD_ADDRS, .run = cmd_show_pmtu,
		.help = "destinations whose path carries less than the first link",
	},
	{
		.name = "clear pmtu", .args = "[ADDR]", .group = CMD_ADDRS, .run = cmd_clear_pmtu,
		.max_args = 1,
		.help = "forget that of one or of all of them; new connections try the link's MTU",
	},
	{
		.name = "show udp", .args = "", .group = CMD_ADDRS, .run = cmd_show_udp,
		.help = "UDP ports that are bound",
	},
	{.name = NULL},
};
