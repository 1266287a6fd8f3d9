/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resolver as a whole: made, told whom to ask, looked into, freed. Questions are in
 * dns_query.c, what servers are asked in dns_lookup.c.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_priv.h"
#include "siphash.h"

#define KEY_PURPOSE 32
#define ROUNDS_MAX  3 /* RFC 9520, 3.1: no more than two repetitions */

uint64_t
dns_rand(struct isla_dns *dns)
{
	uint64_t words[2] = {dns->rand_count++, dns->core->now_us};

	return siphash24(&dns->rand_key, words, 2);
}

static uint32_t
or_default(uint32_t value, uint32_t def)
{
	return value != 0 ? value : def;
}

static int
conf_init(struct isla_dns_conf *conf, const struct isla_dns_conf *from)
{
	if (from != NULL)
		*conf = *from;
	conf->max_queries = or_default(conf->max_queries, 128);
	conf->max_cache = or_default(conf->max_cache, 512);
	conf->timeout_us = or_default(conf->timeout_us, 2000000);
	conf->max_ttl_s = or_default(conf->max_ttl_s, 86400);
	conf->max_neg_ttl_s = or_default(conf->max_neg_ttl_s, 10800);
	conf->nb_rounds = (uint8_t)or_default(conf->nb_rounds, 3);
	conf->ndots = (uint8_t)or_default(conf->ndots, 1);
	conf->fail_ttl_s = or_default(conf->fail_ttl_s, 5);
	conf->max_fail_ttl_s = or_default(conf->max_fail_ttl_s, RTE_MAX(conf->fail_ttl_s, 60u));
	if (conf->nb_rounds > ROUNDS_MAX || conf->fail_ttl_s < DNS_FAIL_MIN_S ||
		conf->max_fail_ttl_s < conf->fail_ttl_s || conf->max_fail_ttl_s > DNS_FAIL_MAX_S)
		return -EINVAL;
	return conf->max_queries >= 8 && conf->max_queries <= 4096 && conf->max_cache >= 8 &&
			conf->max_cache <= 65536 && conf->timeout_us <= 60000000 ? 0 : -EINVAL;
}

static void *
dns_alloc(struct isla_dns *dns, size_t size)
{
	return dns->core->mem.alloc(size, RTE_CACHE_LINE_SIZE, dns->core->socket_id);
}

/* Each query has two; and the one that is just ending is not free yet. */
static uint32_t
nb_lookups(const struct isla_dns_conf *conf)
{
	return 2 * conf->max_queries + 1;
}

/* Few names fail, and they are soon forgotten. */
static uint32_t
nb_fails(const struct isla_dns_conf *conf)
{
	return RTE_MAX(conf->max_cache / 4, 8u);
}

static int
tables_alloc(struct isla_dns *dns)
{
	const struct isla_dns_conf *conf = &dns->conf;
	unsigned int i;

	dns->query = dns_alloc(dns, conf->max_queries * sizeof(dns->query[0]));
	dns->lookup = dns_alloc(dns, nb_lookups(conf) * sizeof(dns->lookup[0]));
	dns->connect = dns_alloc(dns, DNS_CONNECTS * sizeof(dns->connect[0]));
	dns->msg = dns_alloc(dns, DNS_MSG_MAX);
	dns->data = dns_alloc(dns, DNS_MSG_MAX);
	dns->text = dns_alloc(dns, DNS_TEXT_MAX);
	dns->record = dns_alloc(dns, ISLA_DNS_RECORDS_MAX * sizeof(dns->record[0]));
	if (dns->query == NULL || dns->lookup == NULL || dns->connect == NULL ||
		dns->msg == NULL || dns->data == NULL || dns->text == NULL || dns->record == NULL)
		return -ENOMEM;
	for (i = 0; i < ISLA_DNS_SERVERS_MAX; i++) {
		struct dns_conn *c = &dns->server[i].conn;

		c->dns = dns;
		c->buf = dns_alloc(dns, 2 + DNS_MSG_MAX);
		if (c->buf == NULL)
			return -ENOMEM;
		timer_init(&c->timer, TIMER_DNS_CONN);
	}
	if (dns_cache_init(&dns->cache, dns->core, conf->max_cache) != 0)
		return -ENOMEM;
	return dns_fails_init(&dns->fails, dns->core, nb_fails(conf), conf->fail_ttl_s,
		conf->max_fail_ttl_s);
}

struct isla_dns *
isla_dns_create(struct isla_stack *stack, const struct isla_dns_conf *from)
{
	struct core *core = stack_core(stack);
	struct isla_dns_conf conf = {.max_queries = 0};
	struct isla_dns *dns;
	uint32_t i;

	if (conf_init(&conf, from) != 0) {
		rte_errno = EINVAL;
		return NULL;
	}
	dns = core->mem.alloc(sizeof(*dns), RTE_CACHE_LINE_SIZE, core->socket_id);
	if (dns == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	dns->core = core;
	dns->inet = stack_inet(stack);
	dns->stack = stack;
	dns->conf = conf;
	dns->rand_key = core_derive_key(core, KEY_PURPOSE);
	dns->rand_count = core_rand(core);
	TAILQ_INIT(&dns->lookups);
	TAILQ_INIT(&dns->free_lookups);
	if (tables_alloc(dns) != 0) {
		isla_dns_free(dns);
		rte_errno = ENOMEM;
		return NULL;
	}
	for (i = 0; i < nb_lookups(&conf); i++)
		TAILQ_INSERT_TAIL(&dns->free_lookups, &dns->lookup[i], link);
	dns_queries_init(dns);
	dns_connects_init(dns);
	timer_wheel_set_class(&core->wheel, TIMER_DNS_QUERY, dns_query_timer, NULL);
	timer_wheel_set_class(&core->wheel, TIMER_DNS_LOOKUP, dns_lookup_timer, NULL);
	timer_wheel_set_class(&core->wheel, TIMER_DNS_CONN, dns_conn_timer, NULL);
	timer_wheel_set_class(&core->wheel, TIMER_DNS_CONNECT, dns_connect_timer, NULL);
	return dns;
}

void
isla_dns_free(struct isla_dns *dns)
{
	const struct isla_mem *mem;
	uint32_t i;

	if (dns == NULL)
		return;
	mem = &dns->core->mem;
	for (i = 0; dns->connect != NULL && i < DNS_CONNECTS; i++)
		if (dns->connect[i].fn != NULL)
			isla_dns_connect_cancel(&dns->connect[i]);
	for (i = 0; dns->query != NULL && i < dns->conf.max_queries; i++)
		if (dns->query[i].fn != NULL)
			isla_dns_cancel(&dns->query[i]);
	for (i = 0; i < ISLA_DNS_SERVERS_MAX; i++) {
		dns_tcp_abort(&dns->server[i].conn);
		mem->free(dns->server[i].conn.buf);
	}
	dns_cache_fini(&dns->cache, dns->core);
	dns_fails_fini(&dns->fails, dns->core);
	mem->free(dns->query);
	mem->free(dns->lookup);
	mem->free(dns->connect);
	mem->free(dns->msg);
	mem->free(dns->data);
	mem->free(dns->text);
	mem->free(dns->record);
	mem->free(dns);
}

static bool
servers_eq(const struct isla_dns *dns, const struct isla_dns_server *servers, uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb && i < dns->nb_servers; i++) {
		const struct isla_dns_server *a = &dns->server[i].addr, *b = &servers[i];

		if (!isla_addr_eq(&a->addr, &b->addr) || a->netif != b->netif ||
			a->port != (b->port != 0 ? b->port : ISLA_DNS_PORT))
			return false;
	}
	return nb == dns->nb_servers;
}

int
isla_dns_set_servers(struct isla_dns *dns, const struct isla_dns_server *servers, uint16_t nb)
{
	uint16_t i;

	if (nb > ISLA_DNS_SERVERS_MAX)
		return -EINVAL;
	for (i = 0; i < nb; i++)
		if (isla_addr_is_unspecified(&servers[i].addr) ||
			isla_addr_is_multicast(&servers[i].addr) ||
			isla_addr_is_broadcast(&servers[i].addr))
			return -EINVAL;
	if (servers_eq(dns, servers, nb))
		return 0;
	for (i = 0; i < ISLA_DNS_SERVERS_MAX; i++) {
		struct dns_server *s = &dns->server[i];
		struct dns_conn conn;

		dns_tcp_abort(&s->conn);
		conn = s->conn;
		memset(s, 0, sizeof(*s));
		s->conn = conn;
		if (i >= nb)
			continue;
		s->addr = servers[i];
		if (s->addr.port == 0)
			s->addr.port = ISLA_DNS_PORT;
	}
	dns->nb_servers = nb;
	dns_cache_flush(&dns->cache);
	dns_fails_flush(&dns->fails);
	dns_lookups_restart(dns);
	return 0;
}

int
isla_dns_set_search(struct isla_dns *dns, const char *const *domains, uint16_t nb)
{
	struct dns_name name;
	uint16_t i;

	if (nb > ISLA_DNS_SEARCH_MAX)
		return -EINVAL;
	for (i = 0; i < nb; i++)
		if (dns_name_parse(domains[i], &name) != 0)
			return -EINVAL;
	for (i = 0; i < nb; i++) {
		dns_name_parse(domains[i], &dns->search[i]);
		dns_name_format(&dns->search[i], dns->search_text[i], ISLA_DNS_NAME_STRLEN);
	}
	dns->nb_search = nb;
	return 0;
}

const char *
isla_dns_search(const struct isla_dns *dns, uint16_t i)
{
	return i < dns->nb_search ? dns->search_text[i] : NULL;
}

void
isla_dns_flush(struct isla_dns *dns)
{
	dns_cache_flush(&dns->cache);
	dns_fails_flush(&dns->fails);
}

void
isla_dns_forget_failures(struct isla_dns *dns)
{
	uint16_t i;

	dns_fails_flush(&dns->fails);
	for (i = 0; i < dns->nb_servers; i++) {
		dns->server[i].nb_fails = 0;
		dns->server[i].avoid_until_us = 0;
	}
}

void
isla_dns_get_info(const struct isla_dns *dns, struct isla_dns_info *info)
{
	*info = (struct isla_dns_info){
		.nb_servers = dns->nb_servers,
		.nb_search = dns->nb_search,
		.nb_queries = dns->nb_queries,
		.max_queries = dns->conf.max_queries,
		.nb_cached = dns->cache.nb_used,
		.max_cache = dns->cache.nb_entries,
	};
}

uint32_t
isla_dns_list_servers(const struct isla_dns *dns, uint32_t *cursor,
	struct isla_dns_server_info *info, uint32_t nb)
{
	uint64_t now_us = dns->core->now_us;
	uint32_t n;

	for (n = 0; n < nb && *cursor < dns->nb_servers; n++, (*cursor)++) {
		const struct dns_server *s = &dns->server[*cursor];

		info[n] = s->info;
		info[n].server = s->addr;
		info[n].edns = !dns->conf.no_edns && now_us >= s->no_edns_until_us;
		info[n].is_connected = s->conn.tcp != NULL;
		if (s->avoid_until_us > now_us)
			info[n].avoided_ms = (uint32_t)((s->avoid_until_us - now_us) / 1000) + 1;
	}
	return n;
}

/* The records as text, as many as fit. */
static void
entry_text(const struct dns_entry *e, struct isla_dns_cache_info *info)
{
	char name[ISLA_DNS_NAME_STRLEN], text[256];
	struct isla_dns_record record;
	size_t at = 0, n = 0, len;

	while (at < e->data_len) {
		uint16_t rdlen = dns_get16(e->data + at);

		if (dns_record_fill(&record, e->type, e->data + at + 2, rdlen, name,
				sizeof(name)) < 0)
			return;
		at += 2u + rdlen;
		len = isla_dns_record_format(&record, text, sizeof(text));
		if (len >= sizeof(text) || n + len + 1 >= sizeof(info->text))
			return;
		if (n > 0)
			info->text[n++] = ' ';
		else
			info->first = (uint16_t)len;
		memcpy(info->text + n, text, len + 1);
		n += len;
	}
}

uint32_t
isla_dns_list_cache(const struct isla_dns *dns, uint32_t *cursor,
	struct isla_dns_cache_info *info, uint32_t nb)
{
	uint64_t now_us = dns->core->now_us;
	uint32_t n;

	for (n = 0; n < nb && *cursor < dns->cache.nb_entries; (*cursor)++) {
		const struct dns_entry *e = &dns->cache.entry[*cursor];

		if (!e->is_used || now_us >= e->expire_us)
			continue;
		memset(&info[n], 0, sizeof(info[n]));
		dns_name_format(&e->name, info[n].name, sizeof(info[n].name));
		info[n].type = (enum isla_dns_type)e->type;
		info[n].status = (enum isla_dns_status)e->status;
		info[n].ttl_s = (uint32_t)((e->expire_us - now_us) / 1000000);
		info[n].nb_records = e->nb_records;
		entry_text(e, &info[n]);
		n++;
	}
	return n;
}
