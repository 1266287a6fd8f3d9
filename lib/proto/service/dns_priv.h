/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_PRIV_H
#define DNS_PRIV_H

/*
 * The resolver's parts.
 *
 *     isla_dns_query()     a query: a program's question, tried behind each search domain
 *       part               one of its types: two for ISLA_DNS_ADDR, else one
 *         lookup           a name and a type that servers are asked for; equal ones are asked once,
 *                          and all parts that want it wait for it (RFC 5452, 5)
 *           UDP socket     a new one, with a random port, for each datagram
 *           conn           a server's TCP connection, shared by all lookups (RFC 7766, 6.2)
 *
 * Queries and lookups are advanced by timers and by what is received, so that no callback runs
 * within a program's call.
 */

#include <sys/queue.h>

#include "core.h"
#include "dns_fail.h"
#include "dns_reply.h"
#include "inet.h"
#include "stack_priv.h"

/* Bytes of records of one answer that are remembered; a longer one is only passed on. */
#define DNS_KEEP_MAX    1024
#define DNS_MSG_MAX     65535
#define DNS_TEXT_MAX    65536
/* RFC 9715: what is not fragmented anywhere. */
#define DNS_UDP_SIZE    1232
#define DNS_CONNECTS    32
#define DNS_TRIES_MAX   16

/* What a lookup has found. */
struct dns_result {
	enum isla_dns_status status;
	uint16_t type;
	uint16_t nb_records;
	bool is_cached;
	bool is_partial;
	uint32_t ttl_s;
	const struct dns_name *name; /* that has the records */
	const uint8_t *data;         /* as of struct dns_reply */
	size_t data_len;
};

struct dns_entry {
	TAILQ_ENTRY(dns_entry) lru;
	LIST_ENTRY(dns_entry) chain;
	struct dns_name name;  /* asked for */
	struct dns_name canon; /* that has the records */
	uint16_t type;         /* ISLA_DNS_ADDR: every one, since there is no such name */
	uint16_t nb_records;
	uint16_t data_len;
	uint8_t status;
	bool is_used;
	uint64_t expire_us;
	uint8_t data[DNS_KEEP_MAX];
};

TAILQ_HEAD(dns_lru, dns_entry);
LIST_HEAD(dns_chain, dns_entry);

struct dns_cache {
	struct dns_entry *entry;
	struct dns_chain *chain;
	struct dns_lru lru;    /* the next to be given up first; free ones stand there, too */
	struct isla_key key;
	uint32_t nb_entries;
	uint32_t nb_used;
	uint32_t mask;         /* chains - 1 */
};

struct dns_lookup;

/* One type of a query. */
struct dns_part {
	TAILQ_ENTRY(dns_part) link; /* of those that wait for the lookup */
	struct isla_dns_query *query;
	struct dns_lookup *lookup;  /* NULL: not waiting */
	bool is_done;
	struct dns_result result;   /* name and data point below */
	struct dns_name name;
	uint8_t data[DNS_KEEP_MAX];
};

TAILQ_HEAD(dns_parts, dns_part);

struct isla_dns_query {
	struct timer timer;
	struct isla_dns *dns;
	struct isla_dns_query *next; /* free ones */
	isla_dns_fn *fn;             /* NULL: free */
	void *ctx;
	uint16_t type;
	uint8_t nb_parts;
	uint8_t step;                /* of its list of candidates */
	bool is_complete;            /* no search domain is wanted */
	bool is_literal;             /* an address, its own answer */
	bool hurry;                  /* the other family is not waited for long */
	bool has_begun;
	bool no_data;                /* a candidate exists, without such records */
	bool is_cached;              /* no server was asked so far */
	uint32_t ttl_s;              /* of there being nothing: the least so far */
	struct isla_addr literal;
	struct dns_name name;
	struct dns_part part[2];
};

struct dns_lookup {
	struct timer timer;
	struct isla_dns *dns;
	TAILQ_ENTRY(dns_lookup) link; /* of the active, or free ones */
	struct dns_parts parts;
	struct dns_name name;  /* the key, with type */
	struct dns_name ask;   /* name, or the end of its chain of aliases so far */
	struct dns_name sent;  /* ask in the case that was sent */
	uint32_t hash;
	uint16_t type;
	uint16_t id;
	uint8_t nb_hops;
	uint8_t server;        /* that is being asked */
	uint8_t tried;         /* servers of this round, as bits */
	uint8_t failed;        /* servers that are not asked any more, as bits */
	uint8_t asked;         /* servers that were sent something, as bits */
	uint8_t nb_sent[2][ISLA_DNS_SERVERS_MAX]; /* the same question to each, UDP and TCP */
	uint8_t fail_status;   /* enum isla_dns_status: the worst of what servers did */
	uint8_t round;
	uint8_t nb_again;      /* TCP connections that ended under it */
	uint16_t nb_bad;       /* messages that were not the answer, in this attempt */
	bool via_tcp;
	bool has_edns;         /* OPT was sent */
	bool is_active;
	bool is_lost;          /* its connection has ended, and it does not know yet */
	uint32_t ttl_s;        /* the least of the aliases so far */
	uint64_t sent_us;
	struct isla_udp_sock *sock; /* NULL: no datagram is waited for */
	struct dns_conn *conn;      /* NULL: nothing is waited for over TCP */
};

TAILQ_HEAD(dns_lookups, dns_lookup);

/* A server's TCP connection. */
struct dns_conn {
	struct timer timer;       /* when it has been idle long enough */
	struct isla_dns *dns;
	struct isla_tcp_conn *tcp; /* NULL: there is none */
	bool has_answered;
	uint32_t len;
	uint8_t *buf;             /* the message that is coming, its length first */
};

struct dns_server {
	struct isla_dns_server addr;
	struct isla_dns_server_info info; /* the counters */
	uint8_t nb_fails;         /* in a row */
	uint64_t avoid_until_us;
	uint64_t no_edns_until_us;
	struct dns_conn conn;
};

struct dns_try {
	struct isla_dns_connect *connect;
	struct isla_tcp_conn *conn; /* NULL: it has failed, or not begun */
};

struct isla_dns_connect {
	struct timer timer;
	struct isla_dns *dns;
	struct isla_dns_connect *next; /* free ones */
	isla_dns_connect_fn *fn;       /* NULL: free */
	void *ctx;
	struct isla_dns_query *query;
	uint16_t port;
	bool has_opts;
	uint8_t nb_addrs;
	uint8_t nb_tried;
	uint8_t nb_open;               /* that may still succeed */
	int err;
	struct isla_tcp_opts opts;
	struct isla_addr addr[DNS_TRIES_MAX];
	struct dns_try try[DNS_TRIES_MAX];
};

struct isla_dns {
	struct core *core;
	struct inet *inet;
	struct isla_stack *stack;
	struct isla_dns_conf conf;
	struct isla_key rand_key;
	uint64_t rand_count;
	uint16_t nb_servers;
	uint16_t nb_search;
	uint16_t next_server;          /* conf.rotate: whom the next lookup asks first */
	uint32_t nb_queries;
	struct dns_server server[ISLA_DNS_SERVERS_MAX];
	struct dns_name search[ISLA_DNS_SEARCH_MAX];
	char search_text[ISLA_DNS_SEARCH_MAX][ISLA_DNS_NAME_STRLEN];
	struct dns_cache cache;
	struct dns_fails fails;
	struct isla_dns_query *query;  /* the table, and its free ones */
	struct isla_dns_query *free_query;
	struct dns_lookup *lookup;
	struct dns_lookups free_lookups;
	struct dns_lookups lookups;    /* active */
	struct isla_dns_connect *connect;
	struct isla_dns_connect *free_connect;
	/* Scratch: one message, its records, and what a callback is given. */
	uint8_t *msg;
	uint8_t *data;
	char *text;
	struct isla_dns_record *record;
};

/* ---- dns.c */

/* 64 bits that nobody can guess. */
uint64_t dns_rand(struct isla_dns *dns);

/* ---- dns_cache.c */

/* 0 or -ENOMEM; dns_cache_fini() in every case. */
int dns_cache_init(struct dns_cache *cache, struct core *core, uint32_t nb_entries);
void dns_cache_fini(struct dns_cache *cache, struct core *core);

/* What is known of a name, not too old; false: nothing. The result points into the cache. */
bool dns_cache_get(struct dns_cache *cache, const struct dns_name *name, uint16_t type,
	uint64_t now_us, struct dns_result *result);

/* Remember, for result->ttl_s. The least recently used one gives way. */
void dns_cache_put(struct dns_cache *cache, const struct dns_name *name,
	const struct dns_result *result, bool every_type, uint64_t now_us);
void dns_cache_flush(struct dns_cache *cache);

/* ---- dns_query.c: programs' questions */

void dns_queries_init(struct isla_dns *dns);
void dns_query_timer(void *ctx, struct timer *t);
void dns_query_hurry(struct isla_dns_query *q);

/* A lookup has ended; the part does not wait any more. */
void dns_part_done(struct dns_part *part, const struct dns_result *result);

/* ---- dns_lookup.c: what servers are asked */

/* Let a part wait for a name and a type; false: there is no lookup free, or no server. */
bool dns_lookup_join(struct isla_dns *dns, const struct dns_name *name, uint16_t type,
	struct dns_part *part);
void dns_lookup_leave(struct dns_part *part);
void dns_lookup_timer(void *ctx, struct timer *t);

/* The servers are others now. */
void dns_lookups_restart(struct isla_dns *dns);

/* A message that dns_reply_match() has found to be the answer. */
void dns_lookup_reply(struct dns_lookup *l, const uint8_t *msg, size_t len);

/* Ask the server over TCP instead. */
void dns_lookup_use_tcp(struct dns_lookup *l);

/* The server cannot be reached; hard: or refuses, and is not asked again. */
void dns_lookup_failed(struct dns_lookup *l, bool hard);

/* The connection ended before the answer. */
void dns_lookup_conn_lost(struct dns_lookup *l);

/* ---- dns_udp.c */

/* Send to l->server from a new socket. 0 or -errno. */
int dns_udp_send(struct dns_lookup *l, const uint8_t *query, size_t len);
void dns_udp_close(struct dns_lookup *l);

/* ---- dns_tcp.c */

int dns_tcp_send(struct dns_lookup *l, const uint8_t *query, size_t len);
/* No answer is waited for any more. */
void dns_tcp_leave(struct dns_lookup *l);
/* Nor has any come in time: if nobody else waits, the next question has a connection of its own. */
void dns_tcp_silent(struct dns_lookup *l);
void dns_tcp_abort(struct dns_conn *c);
void dns_conn_timer(void *ctx, struct timer *t);

/* ---- dns_answer.c: from results to what a callback is given */

/* The answer of a query's parts; records and texts are the resolver's scratch. */
void dns_answer_build(struct isla_dns *dns, const struct dns_result *result, unsigned int nb,
	struct isla_dns_answer *answer);

/* ---- dns_sort.c */

/* A destination with what RFC 6724 wants to know of it. */
struct dns_dest {
	struct isla_addr addr;
	bool is_usable;
	uint8_t scope;
	uint8_t src_scope;
	uint8_t label;
	uint8_t src_label;
	uint8_t precedence;
	uint8_t common_len;
};

void dns_dest_init(const struct inet *inet, const struct isla_addr *addr, struct dns_dest *dest);
/* RFC 6724, 6: a before b? */
bool dns_dest_is_better(const struct dns_dest *a, const struct dns_dest *b);
void dns_sort_records(const struct inet *inet, struct isla_dns_record *record, uint16_t nb);

/* ---- dns_connect.c */

void dns_connects_init(struct isla_dns *dns);
void dns_connect_timer(void *ctx, struct timer *t);

#endif /* DNS_PRIV_H */
