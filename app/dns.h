/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DNS_H
#define APP_DNS_H

/*
 * The program's resolver: it lives on shard 0, asks the servers of --dns or, where there is none,
 * those that DHCP tells of, and looks a name up for --resolve.
 */

#include <stdbool.h>
#include <stdint.h>

#include <isla_dns.h>
#include <isla_engine.h>

#include "options.h"

struct dns;

/* Exit codes of --resolve. */
#define DNS_EXIT_FOUND  0
#define DNS_EXIT_FAILED 1 /* nobody could be asked, or nobody knows */
#define DNS_EXIT_NONE   2 /* there is no such name, or it has no such record */

/* Make it, before isla_engine_run(). NULL with a line in err. */
struct dns *dns_create(struct isla_engine *engine, const struct options *opts, char *err,
	size_t err_size);

/* After isla_engine_run(), before isla_engine_free(); NULL is allowed. */
void dns_free(struct dns *dns);

/* The resolver, for calls in shard 0. */
struct isla_dns *dns_resolver(struct dns *dns);

/* What DHCP tells: servers, and domains with spaces in between. From any thread that is no shard;
 * --dns and --dns-search go before it. ctx: the struct dns. */
void dns_from_dhcp(void *ctx, const struct isla_addr *servers, unsigned int nb, const char *search);

/* A link is back: what could not be answered before may be now. From any thread that is no shard. */
void dns_link_up(struct dns *dns);

/* --resolve: from now on standard output is for the answer alone; what others print there goes to
 * standard error. Before all else. */
void dns_resolve_claim_stdout(void);

/* Look the name up, print, and stop the engine. Once that is started; it happens when it runs,
 * and with DHCP when that has told of a server. SIGALRM must stop the engine: it comes where no
 * lease does. */
void dns_resolve_begin(struct dns *dns);

/* After isla_engine_run(): DNS_EXIT_*, having said on stderr what is not DNS_EXIT_FOUND. */
int dns_resolve_end(struct dns *dns);

#endif /* APP_DNS_H */
