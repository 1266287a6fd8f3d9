/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telemetry of what the application has besides the engine. rte_telemetry calls back without a
 * context, from threads of its own, so what is meant stands in this file, under a lock. No endpoint
 * takes a parameter, and each answer is known to fit into the 16 KB that DPDK gives it: 64
 * services, 16 DHCP clients, 16 servers.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_telemetry.h>

#include "telem_app.h"

static struct {
	pthread_rwlock_t lock;
	struct telem_app app;   /* engine NULL: there is nothing */
} telem = {
	/* Clients that ask without a pause must not hold up the end. */
	.lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP,
};

static struct rte_tel_data *
begin(void)
{
	struct rte_tel_data *dict = rte_tel_data_alloc();

	if (dict != NULL)
		rte_tel_data_start_dict(dict);
	return dict;
}

/* inner becomes a value of data, or is freed; NULL is allowed. */
static void
end(struct rte_tel_data *data, const char *name, struct rte_tel_data *inner)
{
	if (inner != NULL && rte_tel_data_add_dict_container(data, name, inner, 0) != 0)
		rte_tel_data_free(inner);
}

static void
add_addr(struct rte_tel_data *data, const char *name, const struct isla_addr *addr)
{
	char text[ISLA_ADDR_STRLEN];

	rte_tel_data_add_dict_string(data, name, isla_addr_format(addr, text, sizeof(text)));
}

/* A number that a structure has, of 32 or of 64 bits. */
struct number {
	const char *name;
	size_t offset;
	size_t size;
};

#define NUMBER(type, name, field) {name, offsetof(type, field), sizeof(((type *)NULL)->field)}

static void
add_numbers(struct rte_tel_data *data, const void *from, const struct number *numbers, size_t nb)
{
	size_t i;

	for (i = 0; i < nb; i++) {
		const uint8_t *at = (const uint8_t *)from + numbers[i].offset;
		uint64_t value64;
		uint32_t value32;

		if (numbers[i].size == sizeof(value64)) {
			memcpy(&value64, at, sizeof(value64));
		} else {
			memcpy(&value32, at, sizeof(value32));
			value64 = value32;
		}
		rte_tel_data_add_dict_u64(data, numbers[i].name, value64);
	}
}

static void
list_services(struct rte_tel_data *data)
{
	struct service_line lines[SERVICE_SET_MAX];
	struct rte_tel_data *list = begin(), *entry;
	uint16_t i, nb = service_set_list(telem.app.services, lines);
	char key[40];

	rte_tel_data_add_dict_u64(data, "entries", nb);
	for (i = 0; list != NULL && i < nb; i++) {
		entry = begin();
		if (entry == NULL)
			break;
		rte_tel_data_add_dict_string(entry, "name", lines[i].service->name);
		rte_tel_data_add_dict_u64(entry, "port", lines[i].port);
		rte_tel_data_add_dict_u64(entry, "running", lines[i].is_running ? 1 : 0);
		snprintf(key, sizeof(key), "%s/%u", lines[i].service->name, lines[i].port);
		end(list, key, entry);
	}
	end(data, "services", list);
}

static void
add_lease(struct rte_tel_data *entry, const struct isla_dhcp_info *info)
{
	char text[ISLA_ADDR_STRLEN];

	isla_prefix_format(&info->lease.prefix, text, sizeof(text));
	rte_tel_data_add_dict_string(entry, "addr", text);
	add_addr(entry, "server", &info->lease.server);
	rte_tel_data_add_dict_u64(entry, "lease_s", info->lease.lease_s);
	/* Without an end there are no such times. */
	if (info->end_us != UINT64_MAX) {
		rte_tel_data_add_dict_u64(entry, "renewal_us", info->t1_us);
		rte_tel_data_add_dict_u64(entry, "rebinding_us", info->t2_us);
		rte_tel_data_add_dict_u64(entry, "end_us", info->end_us);
	}
	if (info->lease.nb_routers > 0)
		add_addr(entry, "router", &info->lease.router[0]);
	if (info->lease.nb_dns > 0)
		add_addr(entry, "dns", &info->lease.dns[0]);
}

static void
add_client(struct rte_tel_data *entry, const struct isla_dhcp_info *info, bool has_fallback)
{
	static const struct number counts[] = {
		NUMBER(struct isla_dhcp_info, "discovers", nb_discovers),
		NUMBER(struct isla_dhcp_info, "offers", nb_offers),
		NUMBER(struct isla_dhcp_info, "requests", nb_requests),
		NUMBER(struct isla_dhcp_info, "acks", nb_acks),
		NUMBER(struct isla_dhcp_info, "naks", nb_naks),
		NUMBER(struct isla_dhcp_info, "declines", nb_declines),
		NUMBER(struct isla_dhcp_info, "releases", nb_releases),
		NUMBER(struct isla_dhcp_info, "ignored", nb_ignored),
	};

	rte_tel_data_add_dict_string(entry, "state", isla_dhcp_state_name(info->state));
	rte_tel_data_add_dict_u64(entry, "has_lease", info->has_lease ? 1 : 0);
	rte_tel_data_add_dict_u64(entry, "has_fallback", has_fallback ? 1 : 0);
	if (info->has_lease)
		add_lease(entry, info);
	add_numbers(entry, info, counts, RTE_DIM(counts));
}

static void
list_dhcp(struct rte_tel_data *data)
{
	struct rte_tel_data *list = begin(), *entry;
	struct isla_engine_port_info port;
	struct isla_dhcp_info info;
	bool has_fallback;
	char key[16];
	uint16_t i, nb = 0;

	for (i = 0; telem.app.dhcp != NULL && list != NULL &&
		isla_engine_port_info(telem.app.engine, i, &port) == 0; i++) {
		if (dhcp_get_info(telem.app.dhcp, port.port_id, &info, &has_fallback) != 0)
			continue;
		entry = begin();
		if (entry == NULL)
			break;
		add_client(entry, &info, has_fallback);
		snprintf(key, sizeof(key), "%u", port.port_id);
		end(list, key, entry);
		nb++;
	}
	rte_tel_data_add_dict_u64(data, "entries", nb);
	end(data, "ports", list);
}

/* On its way into shard 0. */
struct resolver {
	struct isla_dns_info info;
	struct isla_dns_server_info server[ISLA_DNS_SERVERS_MAX];
	uint32_t nb;
};

static void
read_resolver(struct isla_stack *stack, void *arg)
{
	struct isla_dns *dns = dns_resolver(telem.app.dns);
	struct resolver *r = arg;
	uint32_t cursor = 0;

	RTE_SET_USED(stack);
	isla_dns_get_info(dns, &r->info);
	r->nb = isla_dns_list_servers(dns, &cursor, r->server, ISLA_DNS_SERVERS_MAX);
}

static void
add_server(struct rte_tel_data *entry, const struct isla_dns_server_info *s)
{
	static const struct number numbers[] = {
		NUMBER(struct isla_dns_server_info, "sent", nb_sent),
		NUMBER(struct isla_dns_server_info, "answers", nb_answers),
		NUMBER(struct isla_dns_server_info, "timeouts", nb_timeouts),
		NUMBER(struct isla_dns_server_info, "failures", nb_failures),
		NUMBER(struct isla_dns_server_info, "over_tcp", nb_tcp),
		NUMBER(struct isla_dns_server_info, "rtt_us", rtt_us),
		NUMBER(struct isla_dns_server_info, "avoided_ms", avoided_ms),
	};

	add_addr(entry, "addr", &s->server.addr);
	rte_tel_data_add_dict_u64(entry, "port", s->server.port);
	add_numbers(entry, s, numbers, RTE_DIM(numbers));
}

static void
list_dns(struct rte_tel_data *data)
{
	struct rte_tel_data *list, *entry;
	struct resolver r = {.nb = 0};
	char key[16];
	uint32_t i;

	if (isla_engine_call(telem.app.engine, 0, read_resolver, &r) != 0) {
		rte_tel_data_add_dict_string(data, "error", "shard 0 cannot be asked");
		return;
	}
	rte_tel_data_add_dict_u64(data, "entries", r.nb);
	rte_tel_data_add_dict_u64(data, "queries_waiting", r.info.nb_queries);
	rte_tel_data_add_dict_u64(data, "queries_max", r.info.max_queries);
	rte_tel_data_add_dict_u64(data, "cached", r.info.nb_cached);
	rte_tel_data_add_dict_u64(data, "cache_max", r.info.max_cache);
	list = begin();
	for (i = 0; list != NULL && i < r.nb; i++) {
		entry = begin();
		if (entry == NULL)
			break;
		add_server(entry, &r.server[i]);
		snprintf(key, sizeof(key), "%u", i);
		end(list, key, entry);
	}
	end(data, "servers", list);
}

static const struct {
	const char *name;
	void (*list)(struct rte_tel_data *data);
	const char *help;
} commands[] = {
	{"/isla/services", list_services, "The services and their ports"},
	{"/isla/dhcp", list_dhcp, "The DHCP client of each port, and its lease"},
	{"/isla/dns", list_dns, "The resolver and its servers"},
};

static int
handle(const char *name, const char *params, struct rte_tel_data *data)
{
	char error[RTE_TEL_MAX_STRING_LEN];
	size_t i = 0;

	rte_tel_data_start_dict(data);
	if (params != NULL && *params != '\0') {
		snprintf(error, sizeof(error), "'%.*s' is no parameter here; see /help,%s",
			(int)RTE_MIN(strcspn(params, "=,"), (size_t)40), params, name);
		rte_tel_data_add_dict_string(data, "error", error);
		return 0;
	}
	while (i < RTE_DIM(commands) && strcmp(commands[i].name, name) != 0)
		i++;
	if (i == RTE_DIM(commands))
		return -EINVAL;
	pthread_rwlock_rdlock(&telem.lock);
	if (telem.app.engine != NULL)
		commands[i].list(data);
	else
		rte_tel_data_add_dict_string(data, "error", "it has ended");
	pthread_rwlock_unlock(&telem.lock);
	return 0;
}

void
telem_app_init(const struct telem_app *app)
{
	size_t i;

	pthread_rwlock_wrlock(&telem.lock);
	telem.app = *app;
	pthread_rwlock_unlock(&telem.lock);
	for (i = 0; i < RTE_DIM(commands); i++)
		rte_telemetry_register_cmd(commands[i].name, handle, commands[i].help);
}

void
telem_app_fini(void)
{
	pthread_rwlock_wrlock(&telem.lock);
	memset(&telem.app, 0, sizeof(telem.app));
	pthread_rwlock_unlock(&telem.lock);
}
