/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_WORLD_H
#define DNS_WORLD_H

/*
 * The resolver in virtual time: two stacks on a simulated link, host 0 with name servers that
 * behave as each test says, host 1 with the resolver. One world at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "dns_peer.h"
#include "isla_dns.h"
#include "sim.h"
#include "suite.h"

#define NB_SERVERS 3
#define SECOND     1000000ull

/* What the servers have been asked, all together. */
#define LOG_MAX 256

struct log_entry {
	struct dns_ask ask;
	unsigned int server;
	uint64_t at_us;
};

/* What a callback was given. */
struct got {
	unsigned int nb;
	enum isla_dns_status status;
	char name[ISLA_DNS_NAME_STRLEN];
	uint32_t ttl_s;
	bool is_cached, is_partial;
	uint16_t nb_records;
	enum isla_dns_type type[8];
	char text[8][512];
	uint64_t at_us;
};

struct dns_world {
	struct sim *sim;
	struct isla_dns *dns;
	struct isla_stack *stack;
	struct dns_peer *peer[NB_SERVERS];
	struct isla_dns_server server[NB_SERVERS];
	dns_peer_fn *fn[NB_SERVERS]; /* NULL: the good one */
	struct log_entry log[LOG_MAX];
	unsigned int nb_log;
	struct got got, got2;
};

extern struct dns_world t;

/* A good server: a small zone (dns_world.c). One that says nothing. */
dns_peer_fn good;
dns_peer_fn silent;

/* Setup and teardown of a suite's tests: one server, defaults. */
void world_setup(void);
void world_close(void);
/* Another world: other settings, more servers, or servers with IPv6 addresses. */
void reopen(const struct isla_dns_conf *conf, unsigned int nb_servers, bool is_v6);

/* The callback: ctx is a struct got. */
void take(void *ctx, const struct isla_dns_answer *a);
struct isla_dns_query *ask(const char *name, enum isla_dns_type type, struct got *g);
/* Ask, and wait for the answer, which is t.got. */
const struct got *resolve(const char *name, enum isla_dns_type type);
/* Time passes. */
void pass(uint64_t us);
uint64_t counter(enum isla_counter c);

#endif /* DNS_WORLD_H */
