/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_PEER_H
#define DNS_PEER_H

/*
 * A name server for tests: it listens on a port of a stack, over UDP and TCP, and answers as a
 * function of the test's says. And messages to answer with, written by code that is not the
 * resolver's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isla_stack.h"

/* A message under construction. */
struct dns_out {
	uint8_t b[65535];
	size_t len;
	/* How it is sent: */
	uint32_t delay_us;
	struct isla_udp_sock *from; /* another socket than the server's */
	struct isla_addr from_addr; /* another address than was asked; or unspecified */
	bool close;                 /* TCP: the connection ends behind it */
	bool reset;                 /* TCP: it ends instead */
	uint16_t seg_len;           /* TCP: in pieces of that size; 0: in one */
};

/* Header and question of an answer to the query, no records. */
void dns_out_reply(struct dns_out *o, const uint8_t *query, size_t len, uint16_t flags);

/* A record; section 1: answer, 2: authority, 3: additional. Names are not compressed. */
void dns_out_rr(struct dns_out *o, unsigned int section, const char *name, uint16_t type,
	uint32_t ttl_s, const void *rdata, uint16_t rdlen);
void dns_out_addr(struct dns_out *o, const char *name, uint32_t ttl_s, const char *addr);
void dns_out_name(struct dns_out *o, const char *name, uint16_t type, uint32_t ttl_s,
	const char *target);
void dns_out_soa(struct dns_out *o, const char *zone, uint32_t ttl_s, uint32_t minimum_s);

/* A name in wire form, from text without escapes; returns its length. */
size_t dns_wire_name(uint8_t *b, const char *text);

struct dns_ask {
	const uint8_t *b;
	size_t len;
	char name[256];     /* as it came */
	char lower[256];    /* in lower case, without a dot at the end */
	uint16_t id;
	uint16_t type;
	bool over_tcp;
	bool has_opt;
	uint16_t udp_size;
	uint16_t from_port;
	unsigned int conn;  /* TCP: the number of the connection */
};

/* False: say nothing. */
typedef bool dns_peer_fn(void *ctx, const struct dns_ask *ask, struct dns_out *out);

struct dns_peer;

struct dns_peer *dns_peer_create(struct isla_stack *stack, uint16_t port, dns_peer_fn *fn,
	void *ctx);
void dns_peer_free(struct dns_peer *peer);

/* Bytes that nobody asked for, over every connection that is open. */
void dns_peer_push(struct dns_peer *peer, const void *bytes, size_t len);

struct isla_udp_sock *dns_peer_sock(struct dns_peer *peer);
unsigned int dns_peer_nb_conns(const struct dns_peer *peer);      /* so far */
unsigned int dns_peer_nb_open(const struct dns_peer *peer);       /* now */
unsigned int dns_peer_nb_pieces(const struct dns_peer *peer);     /* of questions over TCP */

#endif /* DNS_PEER_H */
