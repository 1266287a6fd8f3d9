/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about names: dns query, dns show, dns flush. The resolver lives on the first shard; what
 * it finds is made text there, and printed here.
 */

#include <errno.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "cmd.h"
#include "dns.h"

#define PAGE 8

/* A question, on its way into the shard and back. */
struct lookup {
	struct dns *dns;
	const char *name;
	enum isla_dns_type type;
	struct isla_dns_query *query;
	sem_t done;
	bool has_ended;
	int err;
	enum isla_dns_status status;
	bool is_cached;
	FILE *text;     /* written on the shard, then posted */
	char *buf;
	size_t len;
};

static void
lookup_done(void *ctx, const struct isla_dns_answer *a)
{
	struct lookup *l = ctx;
	char text[4 * ISLA_DNS_NAME_STRLEN];
	uint16_t i;

	l->query = NULL;
	l->status = a->status;
	l->is_cached = a->is_cached;
	for (i = 0; i < a->nb_records; i++) {
		isla_dns_record_format(&a->record[i], text, sizeof(text));
		fprintf(l->text, "%s %u %s %s\n", a->name, a->ttl_s,
			isla_dns_type_name(a->record[i].type), text);
	}
	if (a->is_partial)
		fputs("and more, which are left out\n", l->text);
	l->has_ended = true;
	sem_post(&l->done);
}

static void
lookup_begin(struct isla_stack *stack, void *arg)
{
	struct lookup *l = arg;

	l->query = isla_dns_query(dns_resolver(l->dns), l->name, l->type, lookup_done, l);
	l->err = l->query != NULL ? 0 : rte_errno;
}

static void
lookup_end(struct isla_stack *stack, void *arg)
{
	struct lookup *l = arg;

	if (l->query != NULL)
		isla_dns_cancel(l->query);
	l->query = NULL;
}

/* In small pieces, since the program may be told to end. The resolver itself ends in time. */
static void
lookup_wait(struct cmd_env *env, struct lookup *l)
{
	struct timespec until;

	do {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	} while (sem_timedwait(&l->done, &until) != 0 && !cmd_is_stopped(env));
}

static int
lookup_tell(struct cmd_env *env, const struct cmd *cmd, struct lookup *l)
{
	if (l->err == ENOBUFS)
		return cmd_fail(env, cmd, "%.256s: too many questions wait; try again", l->name);
	if (l->err != 0)
		return cmd_fail(env, cmd, "%.256s: %s", l->name, strerror(l->err));
	if (!l->has_ended)
		return cmd_fail(env, cmd, "%.256s: given up", l->name);
	if (l->status != ISLA_DNS_OK)
		return cmd_fail(env, cmd, "%.256s: %s%s", l->name, isla_dns_status_text(l->status),
			l->is_cached ? " (as remembered)" : "");
	fputs(l->buf, env->out);
	if (l->is_cached)
		fputs("(as remembered)\n", env->out);
	return 0;
}

static int
cmd_dns_query(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct lookup l = {.dns = env->dns, .name = argv[0], .type = ISLA_DNS_ADDR};
	const char *wrong = isla_dns_name_check(argv[0]);
	int type = argc > 1 ? isla_dns_type_parse(argv[1]) : ISLA_DNS_ADDR, rc;

	if (wrong != NULL)
		return cmd_fail(env, cmd, "'%.256s' is no name: %s", argv[0], wrong);
	if (type < 0)
		return cmd_fail(env, cmd, "no type is called '%.64s': give " OPTIONS_DNS_TYPES,
			argv[1]);
	l.type = (enum isla_dns_type)type;
	l.text = open_memstream(&l.buf, &l.len);
	if (l.text == NULL)
		return cmd_fail(env, cmd, "memory is short");
	sem_init(&l.done, 0, 0);
	rc = isla_engine_call(env->engine, 0, lookup_begin, &l);
	if (rc == 0 && l.err == 0) {
		lookup_wait(env, &l);
		isla_engine_call(env->engine, 0, lookup_end, &l);
	}
	fclose(l.text);
	rc = lookup_tell(env, cmd, &l);
	free(l.buf);
	sem_destroy(&l.done);
	return rc;
}

struct page {
	struct dns *dns;
	uint32_t cursor;
	uint32_t nb;
	struct isla_dns_info info;
	struct isla_dns_cache_info *entry;
	struct isla_dns_server_info server[ISLA_DNS_SERVERS_MAX];
	char search[ISLA_DNS_SEARCH_MAX][256];
};

static void
page_cache(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;

	isla_dns_get_info(dns_resolver(p->dns), &p->info);
	p->nb = isla_dns_list_cache(dns_resolver(p->dns), &p->cursor, p->entry, PAGE);
}

static void
print_entry(FILE *out, const struct isla_dns_cache_info *e)
{
	fprintf(out, "%s %u %s ", e->name, e->ttl_s,
		e->type == ISLA_DNS_ADDR ? "*" : isla_dns_type_name(e->type));
	if (e->status != ISLA_DNS_OK)
		fprintf(out, "(%s)\n", isla_dns_status_text(e->status));
	else
		fprintf(out, "%s\n", e->text);
}

static int
show_cache(struct cmd_env *env, const struct cmd *cmd)
{
	struct page p = {.dns = env->dns};
	uint32_t i;
	int rc;

	p.entry = calloc(PAGE, sizeof(*p.entry));
	if (p.entry == NULL)
		return cmd_fail(env, cmd, "memory is short");
	do {
		rc = isla_engine_call(env->engine, 0, page_cache, &p);
		for (i = 0; rc == 0 && i < p.nb; i++)
			print_entry(env->out, &p.entry[i]);
	} while (rc == 0 && p.nb > 0 && !cmd_is_stopped(env));
	fprintf(env->out, "%u of %u places in use\n", p.info.nb_cached, p.info.max_cache);
	free(p.entry);
	return rc;
}

static void
page_servers(struct isla_stack *stack, void *arg)
{
	struct page *p = arg;
	struct isla_dns *dns = dns_resolver(p->dns);
	uint16_t i;

	isla_dns_get_info(dns, &p->info);
	p->nb = isla_dns_list_servers(dns, &p->cursor, p->server, ISLA_DNS_SERVERS_MAX);
	for (i = 0; i < p->info.nb_search; i++)
		snprintf(p->search[i], sizeof(p->search[i]), "%s", isla_dns_search(dns, i));
}

static void
print_server(struct cmd_env *env, const struct isla_dns_server_info *s)
{
	struct isla_engine_port_info info;
	char text[ISLA_ADDR_STRLEN];
	bool is_v4 = isla_addr_is_v4(&s->server.addr);
	FILE *out = env->out;

	fprintf(out, "%s%s", is_v4 ? "" : "[",
		isla_addr_format(&s->server.addr, text, sizeof(text)));
	if (s->server.netif != ISLA_NETIF_ANY &&
		isla_engine_port_info(env->engine, s->server.netif, &info) == 0)
		fprintf(out, "%%%s", info.name);
	fprintf(out, "%s:%u sent %" PRIu64 " (%" PRIu64 " over TCP) answered %" PRIu64
		" timed out %" PRIu64 " failed %" PRIu64, is_v4 ? "" : "]",
		s->server.port, s->nb_sent, s->nb_tcp, s->nb_answers, s->nb_timeouts,
		s->nb_failures);
	if (s->rtt_us != 0)
		fprintf(out, " rtt %.3f ms", s->rtt_us / 1000.0);
	if (!s->edns)
		fputs(" no-edns", out);
	if (s->is_connected)
		fputs(" connected", out);
	if (s->avoided_ms != 0)
		fprintf(out, " avoided for %u ms", s->avoided_ms);
	fputc('\n', out);
}

static int
show_servers(struct cmd_env *env, const struct cmd *cmd)
{
	struct page p = {.dns = env->dns};
	int rc = isla_engine_call(env->engine, 0, page_servers, &p);
	uint32_t i;

	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	for (i = 0; i < p.nb; i++)
		print_server(env, &p.server[i]);
	if (p.nb == 0)
		fputs("no server: --dns gives one, or DHCP\n", env->out);
	for (i = 0; i < p.info.nb_search; i++)
		fprintf(env->out, "%s%s", i == 0 ? "search " : " ", p.search[i]);
	if (i > 0)
		fputc('\n', env->out);
	return 0;
}

static int
cmd_dns_show(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	if (strcmp(argv[0], "cache") == 0)
		return show_cache(env, cmd);
	if (strcmp(argv[0], "servers") == 0)
		return show_servers(env, cmd);
	return cmd_fail(env, cmd, "'%.64s' is not possible: give cache or servers", argv[0]);
}

static void
flush(struct isla_stack *stack, void *arg)
{
	isla_dns_flush(arg);
}

static int
cmd_dns_flush(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	return isla_engine_call(env->engine, 0, flush, dns_resolver(env->dns));
}

const struct cmd cmds_dns[] = {
	{
		.name = "dns query", .args = "NAME [TYPE]", .group = CMD_ADDRS,
		.run = cmd_dns_query, .min_args = 1, .max_args = 2,
		.help = "look a name up; TYPE: " OPTIONS_DNS_TYPES "; both kinds of addresses "
			"without it",
	},
	{
		.name = "dns show", .args = "cache|servers", .group = CMD_ADDRS,
		.run = cmd_dns_show, .min_args = 1, .max_args = 1,
		.help = "the answers that are remembered, or the servers and how they fare",
	},
	{
		.name = "dns flush", .args = "", .group = CMD_ADDRS, .run = cmd_dns_flush,
		.help = "forget the answers that are remembered",
	},
	{.name = NULL},
};
