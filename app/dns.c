/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's resolver: dns_create(), then dns_from_dhcp() as leases come and go, and for
 * --resolve dns_resolve_begin() -> resolved() -> dns_resolve_end().
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns.h"

/* How long --resolve waits for a lease that names a server. */
#define LEASE_S 30

struct dns {
	struct isla_engine *engine;
	const struct options *opts;
	struct isla_dns *dns;
	/* --resolve */
	bool waits_for_server; /* until DHCP has told of one */
	bool has_ended;
	enum isla_dns_status status;
};

/* Where --resolve prints. */
static FILE *answers;

/* What DHCP has told, on its way into shard 0. */
struct told {
	struct dns *dns;
	struct isla_dns_server server[ISLA_DNS_SERVERS_MAX];
	uint16_t nb_servers;
	const char *domain[ISLA_DNS_SEARCH_MAX];
	uint16_t nb_domains;
	char text[2048];
};

/* Behind which port a server is: the stack's number of it, or -ENODEV. */
static int
zone_netif(const struct isla_engine *engine, const char *zone)
{
	struct isla_engine_port_info info;
	char number[8];
	uint16_t i;

	for (i = 0; isla_engine_port_info(engine, i, &info) == 0; i++) {
		snprintf(number, sizeof(number), "%u", info.port_id);
		if (strcmp(zone, number) == 0 || strcmp(zone, info.name) == 0)
			return i;
	}
	return -ENODEV;
}

/* Whom to ask, by --dns. Returns 0, or -errno with a line in err. */
static int
servers_set(struct dns *d, char *err, size_t err_size)
{
	struct isla_dns_server server[OPTIONS_DNS_MAX];
	struct isla_engine_port_info info;
	char text[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < d->opts->nb_dns; i++) {
		const struct option_dns *o = &d->opts->dns[i];
		int netif = ISLA_NETIF_ANY;

		isla_addr_format(&o->addr, text, sizeof(text));
		if (o->zone[0] != '\0') {
			netif = zone_netif(d->engine, o->zone);
			if (netif < 0) {
				snprintf(err, err_size, "--dns %s%%%s: no port has this number or "
					"interface", text, o->zone);
				return netif;
			}
		} else if (isla_addr_is_link_local(&o->addr) &&
			isla_engine_port_info(d->engine, 1, &info) == 0) {
			snprintf(err, err_size, "--dns %s: there are several ports; say behind which "
				"it is, as in %s%%%s", text, text, info.name);
			return -EINVAL;
		}
		server[i] = (struct isla_dns_server){
			.addr = o->addr, .port = o->port, .netif = (uint8_t)netif};
	}
	isla_dns_set_servers(d->dns, server, d->opts->nb_dns);
	return 0;
}

struct dns *
dns_create(struct isla_engine *engine, const struct options *opts, char *err, size_t err_size)
{
	const struct isla_dns_conf conf = {.fail_ttl_s = opts->dns_fail_ttl_s};
	struct dns *d = calloc(1, sizeof(*d));

	if (d != NULL)
		d->dns = isla_dns_create(isla_engine_stack(engine, 0), &conf);
	if (d == NULL || d->dns == NULL) {
		snprintf(err, err_size, "no memory for name lookups; give EAL more (-m)");
		free(d);
		return NULL;
	}
	d->engine = engine;
	d->opts = opts;
	if (servers_set(d, err, err_size) != 0) {
		dns_free(d);
		return NULL;
	}
	isla_dns_set_search(d->dns, opts->dns_search, opts->nb_dns_search);
	return d;
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	isla_dns_free(d->dns);
	free(d);
}

struct isla_dns *
dns_resolver(struct dns *d)
{
	return d->dns;
}

static void
resolved(void *ctx, const struct isla_dns_answer *answer)
{
	struct dns *d = ctx;
	char text[4 * ISLA_DNS_NAME_STRLEN];
	uint16_t i;

	d->status = answer->status;
	for (i = 0; i < answer->nb_records; i++) {
		isla_dns_record_format(&answer->record[i], text, sizeof(text));
		fprintf(answers, "%s\n", text);
	}
	if (answer->is_partial)
		fprintf(stderr, "isla: --resolve %s: there are more records, which are left out\n",
			d->opts->resolve);
	fflush(answers);
	d->has_ended = true;
	isla_engine_stop(d->engine);
}

/* On shard 0. */
static void
resolve_run(struct dns *d)
{
	if (isla_dns_query(d->dns, d->opts->resolve, d->opts->resolve_type, resolved, d) != NULL)
		return;
	isla_engine_stop(d->engine);
}

void
dns_resolve_claim_stdout(void)
{
	int fd = dup(STDOUT_FILENO);

	answers = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (answers == NULL || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		answers = stdout;
}

static void
resolve_start(struct isla_stack *stack, void *arg)
{
	struct dns *d = arg;
	struct isla_dns_info info;

	d->status = ISLA_DNS_NO_SERVER;
	isla_dns_get_info(d->dns, &info);
	d->waits_for_server = info.nb_servers == 0;
	if (d->waits_for_server)
		alarm(LEASE_S);
	else
		resolve_run(d);
}

void
dns_resolve_begin(struct dns *d)
{
	isla_engine_call(d->engine, 0, resolve_start, d);
}

int
dns_resolve_end(struct dns *d)
{
	if (d->has_ended && d->status == ISLA_DNS_OK)
		return DNS_EXIT_FOUND;
	fprintf(stderr, "isla: --resolve %s: %s\n", d->opts->resolve,
		d->has_ended || d->waits_for_server ? isla_dns_status_text(d->status) :
						      "interrupted");
	return d->has_ended &&
			(d->status == ISLA_DNS_NO_NAME || d->status == ISLA_DNS_NO_DATA) ?
		DNS_EXIT_NONE : DNS_EXIT_FAILED;
}

static void
forget_failures(struct isla_stack *stack, void *arg)
{
	RTE_SET_USED(stack);
	isla_dns_forget_failures(arg);
}

void
dns_link_up(struct dns *d)
{
	isla_engine_call(d->engine, 0, forget_failures, d->dns);
}

static void
set_told(struct isla_stack *stack, void *arg)
{
	struct told *told = arg;
	struct dns *d = told->dns;

	if (d->opts->nb_dns == 0)
		isla_dns_set_servers(d->dns, told->server, told->nb_servers);
	if (d->opts->nb_dns_search == 0)
		isla_dns_set_search(d->dns, told->domain, told->nb_domains);
	if (d->waits_for_server && told->nb_servers > 0) {
		d->waits_for_server = false;
		alarm(0);
		resolve_run(d);
	}
}

void
dns_from_dhcp(void *ctx, const struct isla_addr *servers, unsigned int nb, const char *search)
{
	struct told told = {.dns = ctx};
	char *word, *rest;
	unsigned int i;

	for (i = 0; i < nb && told.nb_servers < ISLA_DNS_SERVERS_MAX; i++) {
		/* A lease may hold anything: one that is no host's must not cost the others. */
		if (isla_addr_is_unspecified(&servers[i]) ||
			isla_addr_is_multicast(&servers[i]) || isla_addr_is_broadcast(&servers[i]))
			continue;
		told.server[told.nb_servers++] = (struct isla_dns_server){
			.addr = servers[i], .netif = ISLA_NETIF_ANY};
	}
	snprintf(told.text, sizeof(told.text), "%s", search != NULL ? search : "");
	for (word = strtok_r(told.text, " ", &rest);
		word != NULL && told.nb_domains < ISLA_DNS_SEARCH_MAX;
		word = strtok_r(NULL, " ", &rest))
		if (isla_dns_name_check(word) == NULL)
			told.domain[told.nb_domains++] = word;
	isla_engine_call(told.dns->engine, 0, set_told, &told);
}
