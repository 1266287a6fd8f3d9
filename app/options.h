/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OPTIONS_H
#define OPTIONS_H

/*
 * The command line behind EAL's: one table of options, which parses, checks, explains and gives the
 * defaults. Pure: nothing here needs EAL or a privilege.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <isla_addr.h>
#include <isla_dhcp.h>
#include <isla_dns.h>
#include <isla_engine.h>

#include "config.h"
#include "service.h"

#define OPTIONS_IP_MAX      64
#define OPTIONS_GATEWAY_MAX 16
#define OPTIONS_SERVICE_MAX 64
#define OPTIONS_DNS_MAX        ISLA_DNS_SERVERS_MAX
#define OPTIONS_DNS_SEARCH_MAX ISLA_DNS_SEARCH_MAX
#define OPTIONS_DNS_TYPES      "A, AAAA, CNAME, MX, NS, PTR, SOA, SRV or TXT"
#define OPTIONS_ERR_SIZE    320

/* While options are parsed: no port was said. */
#define OPTIONS_PORT_NONE   UINT16_MAX

/* ADDR/LEN[@PORT], or ADDR[@PORT]. */
struct option_addr {
	struct isla_prefix prefix;
	uint16_t port;
};

struct option_mac {
	uint8_t mac[6];
	uint16_t port;
};

/* NAME:PORT */
struct option_service {
	const struct service *service;
	uint16_t port;
};

/* ADDR[%ZONE][:PORT] */
struct option_dns {
	struct isla_addr addr;
	uint16_t port;
	char zone[32]; /* of a link-local address: a port's number or its interface's name; or empty */
};

struct options {
	struct isla_engine_conf engine;
	bool help;
	bool version;
	bool interactive;
	const char *cmdline_file;
	uint64_t portmask; /* 0: every port */
	uint16_t nb_cores; /* 0: all that EAL has */
	/* What was given for all shards together, once options_share_out() has shared it out. */
	uint32_t total_mbufs;
	uint32_t total_conns;
	uint32_t stats_period_s;
	bool no_link_local;
	const char *config;
	bool pdump;
	const char *docroot;
	const char *agent;
	uint16_t mtu;
	uint16_t nb_ips;
	uint16_t nb_host_ips;
	uint16_t nb_gateways;
	uint16_t nb_macs;
	uint16_t nb_services;
	bool dhcp;
	const char *dhcp_lease_file;
	const char *dhcp_hostname;
	const char *dhcp_vendor_class;
	uint16_t dhcp_client_id_len; /* 0: not given */
	uint8_t dhcp_client_id[ISLA_DHCP_ID_MAX];
	struct option_addr dhcp_fallback; /* a length of 0: none */
	uint16_t nb_dns;
	uint16_t nb_dns_search;
	uint16_t dns_fail_ttl_s;
	struct option_dns dns[OPTIONS_DNS_MAX];
	const char *dns_search[OPTIONS_DNS_SEARCH_MAX];
	char resolve[ISLA_DNS_NAME_STRLEN]; /* empty: not wanted */
	enum isla_dns_type resolve_type;
	unsigned int fault_dirs; /* for which there was a --fault: 1 << enum isla_fault_dir */
	struct option_addr ip[OPTIONS_IP_MAX];
	struct option_addr host_ip[OPTIONS_IP_MAX];
	struct option_addr gateway[OPTIONS_GATEWAY_MAX];
	struct option_mac mac[ISLA_ENGINE_PORT_MAX];
	struct option_service service[OPTIONS_SERVICE_MAX];
};

enum option_group {
	OPTION_GENERAL,
	OPTION_PORTS,
	OPTION_ADDRS,
	OPTION_DHCP,
	OPTION_DNS,
	OPTION_SERVICES,
	OPTION_LOOP,
	OPTION_TCP,
	OPTION_FAULTS,
	OPTION_GROUPS
};

struct option;

/*
 * Parse one value into its field. Returns 0, or -errno; then `why`, if it is not left empty, says
 * more than that what the option accepts is wanted.
 */
typedef int option_parse_fn(const struct option *o, const char *value, struct options *opts,
	char *why, size_t why_size);

struct option {
	const char *name;   /* without the dashes */
	char letter;        /* of `-i`, which is short for it; or 0 */
	const char *arg;    /* what its argument is called; NULL: it has none */
	enum option_group group;
	bool repeats;
	const char *help;
	const char *def; /* parsed where the option is not given, words of it one by one; or NULL */
	const char *accepts; /* what is accepted, for the error; NULL: a number from min to max */
	option_parse_fn *parse;
	size_t offset;      /* of the field in struct options */
	uint64_t min;
	uint64_t max;
};

/* The table; the last entry's name is NULL. */
extern const struct option options_table[];

extern const char *const options_group_titles[OPTION_GROUPS];

/* The option of that name, or NULL. */
const struct option *options_find(const char *name);

/*
 * Parse the arguments behind the first `--`: `--name=value`, `--name value` or `--name`; then the
 * section [isla] of a file, which may be NULL, but for the options that these have given. Strings
 * are referred to, not copied. Returns 0, or -EINVAL with one line in err.
 */
int options_parse(struct options *opts, int argc, char **argv, const struct config *config,
	char *err, size_t err_size);

/*
 * Once it is known how many shards there are: what was given for all of them becomes each one's
 * share, rounded up. Returns 0, or -EINVAL with one line in err: a share would be too small.
 */
int options_share_out(struct options *opts, uint16_t nb_shards, char *err, size_t err_size);

/* Explain all options. */
void options_help(FILE *out);

/* Parsers of values, in options_value.c. */
option_parse_fn option_flag;
option_parse_fn option_u16;
option_parse_fn option_u32;
option_parse_fn option_u64;
option_parse_fn option_mask;
option_parse_fn option_bytes;
option_parse_fn option_time;
option_parse_fn option_string;
option_parse_fn option_ip;
option_parse_fn option_port_ip;
option_parse_fn option_host_ip;
option_parse_fn option_gateway;
option_parse_fn option_mac;
option_parse_fn option_service;
option_parse_fn option_cc;
option_parse_fn option_idle;
option_parse_fn option_shard_by;
option_parse_fn option_ecn;
option_parse_fn option_keepalive;
option_parse_fn option_time_ms;
option_parse_fn option_backoff;
option_parse_fn option_fault;

/* Why an IPv4 address of the prefix is no host's ("is ..."), or NULL. */
const char *options_why_no_host(const struct isla_prefix *prefix);
option_parse_fn option_dhcp_fallback;
option_parse_fn option_dhcp_hostname;
option_parse_fn option_dhcp_client_id;
option_parse_fn option_dhcp_vendor_class;

/* In options_dns.c. */
option_parse_fn option_dns;
option_parse_fn option_dns_search;
option_parse_fn option_resolve;

#endif /* OPTIONS_H */
