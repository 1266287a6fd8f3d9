/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TELEM_H
#define TELEM_H

/*
 * Telemetry: the endpoints /isla/..., read from DPDK's telemetry socket. telemetry.c has them in a
 * table, takes requests apart and knows the engine; telem_engine.c and telem_tables.c answer.
 */

#include <isla_route.h>

#include "engine_priv.h"
#include "telem_out.h"

/* Parameters, as `/isla/...,name=value,name=value`; each endpoint takes some of them. */
enum telem_key {
	TELEM_SHARD,
	TELEM_CURSOR,
	TELEM_ID,
	TELEM_NAME,
	TELEM_STATE,
	TELEM_LOCAL_PORT,
	TELEM_REMOTE_PORT,
	TELEM_REMOTE,
	TELEM_KEYS
};

#define TELEM_KEY(key) (1u << TELEM_##key)

struct telem_params {
	unsigned int given;     /* 1 << enum telem_key */
	uint16_t shard;         /* one that exists */
	uint64_t cursor;        /* 0 where not given: the beginning */
	uint16_t id_shard;      /* SHARD/ID */
	uint32_t id;
	char name[32];
	char state[16];
	uint16_t local_port;
	uint16_t remote_port;
	struct isla_addr remote;
};

/* Answer; returns 0, or what telem_fail() has returned. */
typedef int telem_fn(struct isla_engine *e, const struct telem_params *p, struct telem_out *out);

struct telem_command {
	const char *name;
	unsigned int keys;      /* the parameters that it takes */
	const char *help;       /* less than 64 characters */
	telem_fn *fn;
};

/* All of them; the last one's name is NULL. */
extern const struct telem_command telem_commands[];

/*
 * Take a request's parameters apart; text may be NULL. Returns 0, or -EINVAL with the error in out,
 * which names the parameter, its value and what is accepted.
 */
int telem_params_parse(struct telem_params *p, const struct telem_command *cmd, const char *text,
	uint16_t nb_shards, struct telem_out *out);

/* The engine is there to be asked, as long as no other one is; and no more, once that returns. */
void telem_attach(struct isla_engine *e);
void telem_detach(struct isla_engine *e);

/* telem_engine.c */
telem_fn telem_info;
telem_fn telem_ports;
telem_fn telem_shards;
telem_fn telem_loop;
telem_fn telem_counters;
telem_fn telem_drops;
telem_fn telem_histograms;
telem_fn telem_histogram;
telem_fn telem_faults;
telem_fn telem_mempools;
telem_fn telem_numa;
telem_fn telem_timers;

/* telem_shards.c */
telem_fn telem_handover;
telem_fn telem_reta;
telem_fn telem_rates;
void telem_rates_init(struct isla_engine *e);
void telem_rates_fini(struct isla_engine *e);

/* Counters of the shard that was asked for, else of all shards together. Returns 0, or an error. */
int telem_get_stats(struct isla_engine *e, const struct telem_params *p,
	struct isla_engine_stats *stats, struct telem_out *out);

/* A call into the shards was not possible. */
int telem_no_call(struct telem_out *out, int rc);

/* A number as a name: "3". */
const char *telem_digits(unsigned int number, char buf[16]);

/* telem_tables.c */
telem_fn telem_tcp_conns;
telem_fn telem_tcp_conn;
telem_fn telem_udp;
telem_fn telem_neigh;
telem_fn telem_addrs;
telem_fn telem_routes;
telem_fn telem_pmtu;

/* Entries of tables that a page has at most; with the longest values it is as long as an answer may
 * be. */
#define TELEM_PAGE 28

/* One entry of each. */
void telem_tcp_entry(struct telem_out *out, const struct isla_tcp_entry *e);
void telem_tcp_info(struct telem_out *out, const struct isla_tcp_info *info);
void telem_udp_entry(struct telem_out *out, const struct isla_udp_entry *e);
void telem_neigh_entry(struct telem_out *out, const struct isla_neigh_entry *e);
void telem_addr_entry(struct telem_out *out, const struct isla_addr_entry *e);
void telem_route_entry(struct telem_out *out, const struct isla_route_entry *e);
void telem_pmtu_entry(struct telem_out *out, const struct isla_pmtu_entry *e);

/* A histogram in short. */
void telem_hist(struct telem_out *out, const struct isla_hist *h, const char *unit);

#endif /* TELEM_H */
