/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DHCP_H
#define APP_DHCP_H

/*
 * The program's side of DHCP: which ports have a client, what becomes of a lease on all shards, the
 * address to do with meanwhile, the lease file.
 *
 * The clients run on shard 0. What they tell there is noted, and the control thread gives it to
 * every shard, says it in one line, and writes the file.
 */

#include <stdbool.h>
#include <stdint.h>

#include <isla_dhcp.h>
#include <isla_engine.h>

#include "options.h"

struct dhcp;

/* Told on the control thread, or by dhcp_start(): the DNS servers and the search list of all leases
 * have changed. */
typedef void dhcp_dns_fn(void *ctx, const struct isla_addr *servers, unsigned int nb,
	const char *search);

/* True where --dhcp is for a port: one without an IPv4 address of --ip. */
bool dhcp_is_for_port(const struct options *opts, uint16_t port_id);

/* What needs no engine: that the lease file can be read and written, and what it holds. NULL with a
 * line in err. */
struct dhcp *dhcp_create(const struct options *opts, char *err, size_t err_size);

/* What the engine must call at a stop: before isla_engine_create(). */
void dhcp_conf_engine(struct dhcp *dhcp, struct isla_engine_conf *conf);

/* Who hears of DNS servers; before dhcp_start(). */
void dhcp_set_dns(struct dhcp *dhcp, dhcp_dns_fn *fn, void *ctx);

/* Begin, once the engine is started. Returns 0, or -errno with a line in err. */
int dhcp_start(struct dhcp *dhcp, struct isla_engine *engine, char *err, size_t err_size);

/* After isla_engine_run(), before isla_engine_free(): writes what the last words have changed. NULL
 * is allowed. */
void dhcp_free(struct dhcp *dhcp);

/* A port's link is back, as isla_engine_conf::link_up has it. NULL is allowed. */
void dhcp_link_up(struct dhcp *dhcp, uint16_t port_id);

/* Commands, from any thread that is no shard. -ENOENT: the port has no client. */
int dhcp_renew(struct dhcp *dhcp, uint16_t port_id);
int dhcp_release(struct dhcp *dhcp, uint16_t port_id);
int dhcp_get_info(struct dhcp *dhcp, uint16_t port_id, struct isla_dhcp_info *info,
	bool *has_fallback);

#endif /* APP_DHCP_H */
