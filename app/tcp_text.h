/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_TEXT_H
#define TCP_TEXT_H

/*
 * Connections as text: filters such as ss(8) takes, and lines such as `ss -tin` prints. Pure.
 */

#include <stdio.h>

#include <isla_tcp.h>

#define TCP_TEXT_ERR_SIZE 320

/* Which connections to show: all of the terms must hold. */
struct tcp_filter {
	uint16_t states;     /* of enum isla_tcp_state, as bits */
	bool has_src, has_dst, has_addr;
	struct isla_prefix src, dst, addr; /* the own end, the peer's, either */
	uint16_t sport, dport, port; /* likewise; 0: any */
	uint16_t shard;      /* UINT16_MAX: all */
};

/*
 * Read the terms: state NAME, src|dst|addr ADDR[/LEN], sport|dport|port N, shard N; ss's "= :80" is
 * as good as "80", and states add up. No term: every connection, no listener. Returns 0, or -EINVAL
 * with a line in err that names the term and what is accepted.
 */
int tcp_filter_parse(int argc, char **argv, struct tcp_filter *filter, char *err, size_t err_size);

bool tcp_filter_match(const struct tcp_filter *filter, const struct isla_tcp_entry *entry);

/* Words that a filter may have, with spaces in between. */
#define TCP_FILTER_WORDS "state src dst addr sport dport port shard all connected synchronized " \
	"bucket big established syn-sent syn-recv fin-wait-1 fin-wait-2 close-wait closing " \
	"last-ack time-wait listening"

/* ss's head line, and one connection. */
void tcp_print_head(FILE *out);
void tcp_print_entry(FILE *out, uint16_t shard, const struct isla_tcp_entry *entry);
/* The second line of `ss -tin`: what is worth telling. */
void tcp_print_info(FILE *out, const struct isla_tcp_info *info);
/* Every field, one a line, under its name in struct isla_tcp_info. */
void tcp_print_all(FILE *out, const struct isla_tcp_info *info);

/* "ESTAB", as ss has it. */
const char *tcp_state_text(enum isla_tcp_state state);

/* "192.168.1.2:80", "[fe80::1]:80", "*:80"; at least 64 bytes. */
char *tcp_end_text(const struct isla_addr *addr, uint16_t port, char *buf, size_t size);

#endif /* TCP_TEXT_H */
