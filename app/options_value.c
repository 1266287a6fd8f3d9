/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of options, from text to their fields. Every parser takes the whole text or nothing.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "options.h"

/* Digits only: no sign, no space. Returns what follows them, or NULL. */
static const char *
parse_digits(const char *text, int base, uint64_t *number)
{
	char *end;

	if (base == 10 && (*text < '0' || *text > '9'))
		return NULL;
	if (base == 16 && strspn(text, "0123456789abcdefABCDEF") == 0)
		return NULL;
	errno = 0;
	*number = strtoull(text, &end, base);
	return errno != 0 ? NULL : end;
}

static int
parse_number(const struct option *o, const char *text, uint64_t *number)
{
	const char *end = parse_digits(text, 10, number);

	if (end == NULL || *end != '\0' || *number < o->min || *number > o->max)
		return -EINVAL;
	return 0;
}

static void *
field(const struct option *o, struct options *opts)
{
	return (char *)opts + o->offset;
}

int
option_flag(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	*(bool *)field(o, opts) = true;
	return 0;
}

int
option_u16(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	uint64_t number;
	int rc = parse_number(o, value, &number);

	if (rc == 0)
		*(uint16_t *)field(o, opts) = (uint16_t)number;
	return rc;
}

int
option_u32(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	uint64_t number;
	int rc = parse_number(o, value, &number);

	if (rc == 0)
		*(uint32_t *)field(o, opts) = (uint32_t)number;
	return rc;
}

int
option_u64(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	return parse_number(o, value, field(o, opts));
}

/* Hexadecimal with or without 0x; where the option has a max it is a mask of what may be set. */
int
option_mask(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	const char *text = strncmp(value, "0x", 2) == 0 || strncmp(value, "0X", 2) == 0 ?
		value + 2 : value, *end;
	uint64_t mask;

	end = parse_digits(text, 16, &mask);
	if (end == NULL || *end != '\0' || (mask & ~o->max) != 0 || mask < o->min)
		return -EINVAL;
	*(uint64_t *)field(o, opts) = mask;
	return 0;
}

int
option_bytes(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	static const char suffixes[] = "KMG";
	uint64_t number;
	const char *end = parse_digits(value, 10, &number), *s;

	if (end == NULL)
		return -EINVAL;
	if (*end != '\0') {
		s = strchr(suffixes, *end & ~0x20);
		if (s == NULL || end[1] != '\0' || number > UINT32_MAX)
			return -EINVAL;
		number <<= 10 * (s - suffixes + 1);
	}
	if (number < o->min || number > o->max)
		return -EINVAL;
	*(uint32_t *)field(o, opts) = (uint32_t)number;
	return 0;
}

/* A number with its unit: us, ms or s. */
static int
parse_time_us(const char *text, size_t len, uint64_t *us)
{
	static const struct {
		const char *name;
		uint64_t us;
	} units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}};
	const char *end = parse_digits(text, 10, us);
	size_t i, n;

	if (end == NULL || end > text + len || *us > UINT32_MAX)
		return -EINVAL;
	n = (size_t)(text + len - end);
	for (i = 0; i < RTE_DIM(units); i++) {
		if (strlen(units[i].name) == n && strncmp(end, units[i].name, n) == 0) {
			*us *= units[i].us;
			return 0;
		}
	}
	return -EINVAL;
}

int
option_time(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	uint64_t us;

	if (parse_time_us(value, strlen(value), &us) != 0 || us < o->min || us > o->max)
		return -EINVAL;
	*(uint32_t *)field(o, opts) = (uint32_t)us;
	return 0;
}

/* Whole milliseconds. */
int
option_time_ms(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	uint64_t us;

	if (parse_time_us(value, strlen(value), &us) != 0 || us % 1000 != 0 || us / 1000 < o->min ||
		us / 1000 > o->max)
		return -EINVAL;
	*(uint32_t *)field(o, opts) = (uint32_t)(us / 1000);
	return 0;
}

/* Whole seconds. */
int
option_keepalive(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	struct isla_tcp_conf *tcp = &opts->engine.stack.tcp;
	uint64_t us;

	if (parse_time_us(value, strlen(value), &us) != 0 || us % 1000000 != 0 ||
		us / 1000000 < o->min || us / 1000000 > o->max)
		return -EINVAL;
	tcp->keepalive = true;
	tcp->keep_idle_s = (uint16_t)(us / 1000000);
	return 0;
}

int
option_string(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	if (*value == '\0')
		return -EINVAL;
	*(const char **)field(o, opts) = value;
	return 0;
}

/* TEXT[@PORT]: the text to buf, the port or OPTIONS_PORT_NONE. */
static int
split_port(const char *value, char *buf, size_t size, uint16_t *port)
{
	const char *at = strchr(value, '@'), *end;
	size_t n = at != NULL ? (size_t)(at - value) : strlen(value);
	uint64_t number = OPTIONS_PORT_NONE;

	if (n == 0 || n >= size)
		return -EINVAL;
	memcpy(buf, value, n);
	buf[n] = '\0';
	if (at != NULL) {
		end = parse_digits(at + 1, 10, &number);
		if (end == NULL || *end != '\0' || number >= RTE_MAX_ETHPORTS)
			return -EINVAL;
	}
	*port = (uint16_t)number;
	return 0;
}

static bool
is_unicast(const struct isla_addr *a)
{
	return !isla_addr_is_unspecified(a) && !isla_addr_is_multicast(a) &&
		!isla_addr_is_broadcast(a) && !isla_addr_is_loopback(a);
}

const char *
options_why_no_host(const struct isla_prefix *prefix)
{
	uint32_t mask, bits;

	if (!isla_addr_is_v4(&prefix->addr) || prefix->len > 30)
		return NULL;
	mask = UINT32_MAX >> prefix->len;
	bits = rte_be_to_cpu_32(isla_addr_v4(&prefix->addr)) & mask;
	return bits == 0 ? "is the address of the network itself; give a host's" :
		bits == mask ? "is the network's broadcast address; give a host's" : NULL;
}

/* Append an address with its prefix, which must be given where want_len is set, to a list. */
static int
addr_append(struct option_addr *list, uint16_t *nb, uint16_t max, const char *value, bool want_len,
	char *why, size_t why_size)
{
	char text[ISLA_ADDR_STRLEN + 8];
	struct option_addr a = {.port = 0};

	if (split_port(value, text, sizeof(text), &a.port) != 0 ||
		(strchr(text, '/') != NULL) != want_len ||
		isla_prefix_parse(text, &a.prefix) != 0 || !is_unicast(&a.prefix.addr) ||
		a.prefix.len == 0)
		return -EINVAL;
	if (want_len && options_why_no_host(&a.prefix) != NULL) {
		snprintf(why, why_size, "this %s", options_why_no_host(&a.prefix));
		return -EINVAL;
	}
	if (*nb == max)
		return -ENOSPC;
	list[(*nb)++] = a;
	return 0;
}

int
option_ip(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	return addr_append(opts->ip, &opts->nb_ips, OPTIONS_IP_MAX, value, true, why,
		why_size);
}

/* P=ADDR/LEN */
int
option_port_ip(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	char text[ISLA_ADDR_STRLEN + 16];
	const char *equals = strchr(value, '=');

	if (equals == NULL || equals == value || strchr(value, '@') != NULL ||
		snprintf(text, sizeof(text), "%s@%.*s", equals + 1, (int)(equals - value),
			value) >= (int)sizeof(text))
		return -EINVAL;
	return addr_append(opts->ip, &opts->nb_ips, OPTIONS_IP_MAX, text, true, why,
		why_size);
}

int
option_host_ip(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	return addr_append(opts->host_ip, &opts->nb_host_ips, OPTIONS_IP_MAX, value, true, why,
		why_size);
}

int
option_gateway(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	return addr_append(opts->gateway, &opts->nb_gateways, OPTIONS_GATEWAY_MAX, value, false,
		why, why_size);
}

int
option_mac(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	struct rte_ether_addr mac;
	struct option_mac m;
	char text[32];
	uint16_t i;

	if (split_port(value, text, sizeof(text), &m.port) != 0 ||
		rte_ether_unformat_addr(text, &mac) != 0 ||
		!rte_is_valid_assigned_ether_addr(&mac))
		return -EINVAL;
	for (i = 0; i < opts->nb_macs; i++) {
		if (opts->mac[i].port == m.port) {
			if (m.port == OPTIONS_PORT_NONE)
				m.port = 0;
			snprintf(why, why_size, "port %u has been given a MAC address already",
				m.port);
			return -EEXIST;
		}
	}
	if (opts->nb_macs == RTE_DIM(opts->mac))
		return -ENOSPC;
	memcpy(m.mac, mac.addr_bytes, sizeof(m.mac));
	opts->mac[opts->nb_macs++] = m;
	return 0;
}

/* "http, echo, discard" */
static void
service_names(char *buf, size_t size)
{
	const struct service *const *s;
	size_t n = 0;

	buf[0] = '\0';
	for (s = services; *s != NULL && (*s)->name != NULL && n < size; s++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", n > 0 ? ", " : "", (*s)->name);
}

int
option_service(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	const char *colon = strrchr(value, ':'), *end;
	char name[32], names[96];
	struct option_service s;
	uint64_t port;
	uint16_t i;

	if (colon == NULL || (size_t)(colon - value) >= sizeof(name))
		return -EINVAL;
	memcpy(name, value, (size_t)(colon - value));
	name[colon - value] = '\0';
	end = parse_digits(colon + 1, 10, &port);
	if (end == NULL || *end != '\0' || port < 1 || port > UINT16_MAX)
		return -EINVAL;
	s.service = service_find(name);
	s.port = (uint16_t)port;
	if (s.service == NULL) {
		service_names(names, sizeof(names));
		snprintf(why, why_size, "no service is called '%s'; there are %s", name, names);
		return -ENOENT;
	}
	for (i = 0; i < opts->nb_services; i++) {
		if (opts->service[i].port == s.port) {
			snprintf(why, why_size, "port %u is taken by %s:%u; give another", s.port,
				opts->service[i].service->name, s.port);
			return -EADDRINUSE;
		}
	}
	if (opts->nb_services == OPTIONS_SERVICE_MAX)
		return -ENOSPC;
	opts->service[opts->nb_services++] = s;
	return 0;
}

int
option_idle(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	static const char *const names[] = {
		[ISLA_ENGINE_IDLE_EPOLL] = "epoll",
		[ISLA_ENGINE_IDLE_SLEEP] = "sleep",
		[ISLA_ENGINE_IDLE_POLL] = "poll",
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			opts->engine.idle = (enum isla_engine_idle)i;
			return 0;
		}
	}
	return -EINVAL;
}

int
option_shard_by(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	static const char *const names[] = {
		[ISLA_ENGINE_SHARD_BY_2TUPLE] = "2tuple",
		[ISLA_ENGINE_SHARD_BY_4TUPLE] = "4tuple",
		[ISLA_ENGINE_SHARD_BY_SRC_IP] = "src-ip",
		[ISLA_ENGINE_SHARD_BY_PORT_RSS] = "port-rss",
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			opts->engine.shard_by = (enum isla_engine_shard_by)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* One of the names that isla_tcp_cc_names() gives with commas between. */
int
option_cc(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	const char *names = isla_tcp_cc_names(), *at = names;
	size_t len = strlen(value);

	/* The default's text is a copy that goes. */
	if (strcmp(value, o->def) == 0) {
		opts->engine.stack.tcp.cc = o->def;
		return 0;
	}
	while (len > 0 && strcspn(value, ", ") == len &&
		(at = strstr(at, value)) != NULL) {
		if ((at == names || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0')) {
			opts->engine.stack.tcp.cc = value;
			return 0;
		}
		at += len;
	}
	snprintf(why, why_size, "there is no such congestion control: give one of %s", names);
	return -EINVAL;
}

int
option_ecn(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	static const char *const names[] = {
		[ISLA_TCP_ECN_ON] = "on",
		[ISLA_TCP_ECN_PASSIVE] = "passive",
		[ISLA_TCP_ECN_OFF] = "off",
	};
	unsigned int i;

	for (i = ISLA_TCP_ECN_ON; i < RTE_DIM(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			opts->engine.stack.tcp.ecn = (uint8_t)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* One of spin=N, yield=N, sleep=TIME. */
static int
backoff_part(const char *text, size_t len, struct isla_engine_backoff *b)
{
	const char *equals = memchr(text, '=', len), *end;
	size_t n = equals != NULL ? (size_t)(equals - text) : 0;
	uint64_t number;

	if (n == 0)
		return -EINVAL;
	if (n == 5 && strncmp(text, "sleep", n) == 0) {
		if (parse_time_us(equals + 1, len - n - 1, &number) != 0 || number < 1 ||
			number > 1000000)
			return -EINVAL;
		b->sleep_us = (uint32_t)number;
		return 0;
	}
	end = parse_digits(equals + 1, 10, &number);
	if (end != text + len || number > UINT32_MAX / 4)
		return -EINVAL;
	if (n == 4 && strncmp(text, "spin", n) == 0)
		b->spin_rounds = (uint32_t)number;
	else if (n == 5 && strncmp(text, "yield", n) == 0)
		b->yield_rounds = (uint32_t)number;
	else
		return -EINVAL;
	return 0;
}

int
option_backoff(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	struct isla_engine_backoff b = opts->engine.backoff;
	const char *all = value, *same;
	size_t n;

	do {
		n = strcspn(value, ",");
		if (backoff_part(value, n, &b) != 0)
			return -EINVAL;
		/* No name is the end of another one. */
		same = strstr(all, strncmp(value, "spin", 4) == 0 ? "spin=" :
			strncmp(value, "yield", 5) == 0 ? "yield=" : "sleep=");
		if (same != value) {
			snprintf(why, why_size, "%.*s is given twice",
				(int)strcspn(value, "="), value);
			return -EEXIST;
		}
		value += n;
	} while (*value++ == ',');
	opts->engine.backoff = b;
	return 0;
}

int
option_fault(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	struct isla_fault fault[ISLA_FAULT_DIRS];
	unsigned int dirs;

	memcpy(fault, opts->engine.fault, sizeof(fault));
	if (isla_fault_parse(value, fault, &dirs, why, why_size) != 0)
		return -EINVAL;
	if ((opts->fault_dirs & dirs) != 0) {
		snprintf(why, why_size, "this direction has been given its faults already");
		return -EEXIST;
	}
	opts->fault_dirs |= dirs;
	memcpy(opts->engine.fault, fault, sizeof(fault));
	return 0;
}
