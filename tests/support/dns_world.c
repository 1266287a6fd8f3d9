/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resolver in virtual time; see dns_world.h.
 */

#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "dns_world.h"

struct dns_world t;

/* ---- a good server: a small zone */

static const struct {
	const char *name;
	uint16_t type;
	uint32_t ttl_s;
	const char *text;
} zone[] = {
	{"a.test", 1, 300, "192.0.2.1"},
	{"a.test", 1, 300, "192.0.2.2"},
	{"v6.test", 28, 300, "2001:db8::1"},
	{"both.test", 1, 300, "192.168.1.80"},
	{"both.test", 28, 300, "fd00::80"},
	{"short.test", 1, 5, "192.0.2.5"},
	{"zero.test", 1, 0, "192.0.2.6"},
	{"alias.test", 5, 60, "middle.test"},
	{"middle.test", 5, 120, "a.test"},
	{"dangling.test", 5, 60, "none.test"},
	{"1.2.0.192.in-addr.arpa", 12, 300, "a.test"},
	{"www.corp.test", 1, 300, "192.0.2.9"},
	{"one", 1, 300, "192.0.2.10"},
	{"host.eng.test", 1, 300, "192.0.2.11"},
	{"peer.test", 1, 300, "192.168.1.1"},
	{"peer.test", 28, 300, "fd00::1"},
	{"dead6.test", 1, 300, "192.168.1.1"},
	{"dead6.test", 28, 300, "fd00::99"},
};

static bool
zone_add(const char *name, uint16_t type, struct dns_out *out)
{
	bool found = false;
	size_t i;

	for (i = 0; i < RTE_DIM(zone); i++) {
		if (strcmp(zone[i].name, name) != 0)
			continue;
		if (zone[i].type == 5 && type != 5) {
			dns_out_name(out, name, 5, zone[i].ttl_s, zone[i].text);
			zone_add(zone[i].text, type, out);
			return true;
		}
		if (zone[i].type != type)
			continue;
		found = true;
		if (type == 1 || type == 28)
			dns_out_addr(out, name, zone[i].ttl_s, zone[i].text);
		else
			dns_out_name(out, name, type, zone[i].ttl_s, zone[i].text);
	}
	return found;
}

static bool
zone_has(const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(zone); i++)
		if (strcmp(zone[i].name, name) == 0)
			return true;
	return false;
}

bool
good(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	RTE_SET_USED(ctx);
	if (zone_add(ask->lower, ask->type, out))
		return true;
	if (!zone_has(ask->lower))
		out->b[3] |= 3;
	dns_out_soa(out, "test", 900, 30);
	return true;
}

bool
silent(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	return false;
}

static bool
dispatch(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	unsigned int server = (unsigned int)(uintptr_t)ctx;
	struct log_entry *e = &t.log[t.nb_log % LOG_MAX];

	t.nb_log++;
	e->ask = *ask;
	e->ask.b = NULL;
	e->server = server;
	e->at_us = t.sim->now_us;
	return (t.fn[server] != NULL ? t.fn[server] : good)(NULL, ask, out);
}

/* ---- the world */

static void
world_open(const struct isla_dns_conf *conf, unsigned int nb_servers, bool is_v6)
{
	struct sim_conf sc = {.seed = 1};
	unsigned int i;

	sc.dir[0].delay_us = sc.dir[1].delay_us = 1000;
	for (i = 0; i < 2; i++)
		sc.host[i].stack.tcp = (struct isla_tcp_conf){.max_conns = 64, .max_segs = 4096};
	t.sim = sim_create(&sc);
	t.stack = t.sim->host[1].stack;
	t.dns = isla_dns_create(t.stack, conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.dns);
	for (i = 0; i < NB_SERVERS; i++) {
		t.peer[i] = dns_peer_create(t.sim->host[0].stack, (uint16_t)(53 + i), dispatch,
			(void *)(uintptr_t)i);
		t.server[i] = (struct isla_dns_server){
			.addr = is_v6 ? t.sim->host[0].v6 : t.sim->host[0].v4,
			.port = (uint16_t)(53 + i),
			.netif = ISLA_NETIF_ANY,
		};
	}
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, t.server, (uint16_t)nb_servers), 0);
}

void
world_setup(void)
{
	memset(&t, 0, sizeof(t));
	world_open(NULL, 1, false);
}

void
world_close(void)
{
	struct isla_dns_info info;
	unsigned int i;

	isla_dns_get_info(t.dns, &info);
	CU_ASSERT_EQUAL(info.nb_queries, 0);
	isla_dns_free(t.dns);
	for (i = 0; i < NB_SERVERS; i++)
		dns_peer_free(t.peer[i]);
	CU_ASSERT_EQUAL(sim_free(t.sim), 0);
}

void
reopen(const struct isla_dns_conf *conf, unsigned int nb_servers, bool is_v6)
{
	world_close();
	world_open(conf, nb_servers, is_v6);
}

void
take(void *ctx, const struct isla_dns_answer *a)
{
	struct got *g = ctx;
	uint16_t i;

	g->nb++;
	g->status = a->status;
	snprintf(g->name, sizeof(g->name), "%s", a->name);
	g->ttl_s = a->ttl_s;
	g->is_cached = a->is_cached;
	g->is_partial = a->is_partial;
	g->nb_records = a->nb_records;
	g->at_us = t.sim->now_us;
	for (i = 0; i < a->nb_records && i < RTE_DIM(g->text); i++) {
		g->type[i] = a->record[i].type;
		isla_dns_record_format(&a->record[i], g->text[i], sizeof(g->text[i]));
	}
}

static bool
has_got(void *ctx)
{
	return ((struct got *)ctx)->nb > 0;
}

struct isla_dns_query *
ask(const char *name, enum isla_dns_type type, struct got *g)
{
	struct isla_dns_query *q;

	memset(g, 0, sizeof(*g));
	q = isla_dns_query(t.dns, name, type, take, g);
	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT_EQUAL(g->nb, 0); /* never within the call */
	return q;
}

/* Ask, and wait for the answer. */
const struct got *
resolve(const char *name, enum isla_dns_type type)
{
	ask(name, type, &t.got);
	sim_flush(t.sim);
	CU_ASSERT_TRUE(sim_run(t.sim, has_got, &t.got, 120 * SECOND));
	CU_ASSERT_EQUAL(t.got.nb, 1);
	return &t.got;
}

static bool
never(void *ctx)
{
	return false;
}

void
pass(uint64_t us)
{
	sim_run(t.sim, never, NULL, us);
	sim_flush(t.sim);
}

uint64_t
counter(enum isla_counter c)
{
	return isla_stack_stats(t.stack)->counter[c];
}
