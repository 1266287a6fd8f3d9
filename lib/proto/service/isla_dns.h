/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_DNS_H
#define ISLA_DNS_H

/**
 * @file
 * A DNS stub resolver (RFC 1034, 5.3.1; RFC 1035, 2181, 2308, 5452, 6891, 7766): it asks recursive
 * servers, over UDP and, where an answer does not fit, over TCP, and remembers what they say.
 *
 * A resolver belongs to one shard's stack and thread; every call is made from there, between bursts
 * or within a callback. No callback runs within the call that begins a query: it follows when the
 * stack flushes. All memory is taken at creation.
 *
 * Names are text as in zone files: labels with dots between, `\.` and `\\` for these
 * characters in a label, `\DDD` (decimal) for any byte. A dot at the end says that the name is
 * complete: then no search domain is tried. What callbacks are given ends without that dot, but for
 * the root.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isla_addr.h"
#include "isla_netif.h"
#include "isla_stack.h"
#include "isla_tcp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of the longest name as text, the NUL included. */
#define ISLA_DNS_NAME_STRLEN 1025
/** Servers, and domains of the search list, that a resolver has at most. */
#define ISLA_DNS_SERVERS_MAX 8
#define ISLA_DNS_SEARCH_MAX  8
/** Records of an answer that a callback is given at most. */
#define ISLA_DNS_RECORDS_MAX 256
/** The port of servers (RFC 1035, 4.2). */
#define ISLA_DNS_PORT 53

/** One shard's resolver. */
struct isla_dns;
/** One question that waits for its answer. */
struct isla_dns_query;
/** One name that is being connected to. */
struct isla_dns_connect;

/** What can be asked for (RFC 1035, 3.2.2; RFC 3596; RFC 2782), the numbers being the wire's. */
enum isla_dns_type {
	ISLA_DNS_ADDR = 0, /**< A and AAAA together, in the order of RFC 6724 */
	ISLA_DNS_A = 1,
	ISLA_DNS_NS = 2,
	ISLA_DNS_CNAME = 5,
	ISLA_DNS_SOA = 6,
	ISLA_DNS_PTR = 12,
	ISLA_DNS_MX = 15,
	ISLA_DNS_TXT = 16,
	ISLA_DNS_AAAA = 28,
	ISLA_DNS_SRV = 33,
};

/** What became of a question. */
enum isla_dns_status {
	ISLA_DNS_OK,
	ISLA_DNS_NO_NAME,   /**< there is no such name (NXDOMAIN) */
	ISLA_DNS_NO_DATA,   /**< the name has no record of this type */
	ISLA_DNS_TIMEOUT,   /**< no server has answered */
	ISLA_DNS_FAILED,    /**< every server failed, or refused */
	ISLA_DNS_LOOP,      /**< the chain of aliases is too long, or has no end */
	ISLA_DNS_NO_SERVER, /**< there is no server to ask */
	ISLA_DNS_STATUS_MAX
};

/** One record. What it points to is valid as long as the callback runs. */
struct isla_dns_record {
	enum isla_dns_type type;
	struct isla_addr addr;  /**< A, AAAA */
	const char *name;       /**< NS, CNAME, PTR: the name; MX, SRV: the host; SOA: the zone's */
	uint16_t priority;      /**< MX, SRV */
	uint16_t weight;        /**< SRV */
	uint16_t port;          /**< SRV */
	/** The data as on the wire, names in it not compressed; TXT: strings, each behind a byte
	 * with its length. */
	const uint8_t *data;
	uint16_t len;
};

/** An answer; valid as long as the callback runs. */
struct isla_dns_answer {
	enum isla_dns_status status;
	const char *name;       /**< which has the records: the last of a chain of aliases */
	uint32_t ttl_s;         /**< how long it may be believed */
	bool is_cached;         /**< no server was asked for it */
	bool is_partial;        /**< there are more records than fit */
	uint16_t nb_records;    /**< 0 unless status is ISLA_DNS_OK */
	const struct isla_dns_record *record;
};

/** The question has ended; its handle is gone when this is called. It may begin and cancel
 * others. */
typedef void isla_dns_fn(void *ctx, const struct isla_dns_answer *answer);

/** Whom to ask. */
struct isla_dns_server {
	struct isla_addr addr;
	uint16_t port;  /**< host byte order; 0: ISLA_DNS_PORT */
	uint8_t netif;  /**< which a link-local address needs, or ISLA_NETIF_ANY */
};

/** How a resolver is made. A field that is 0 takes the default in brackets. */
struct isla_dns_conf {
	uint32_t max_queries;  /**< questions at a time, 8 to 4096 [128] */
	uint32_t max_cache;    /**< answers that are remembered, 8 to 65536 [512] */
	uint32_t timeout_us;   /**< how long a server has at first; doubles from round to round
				* [2000000] */
	uint32_t max_ttl_s;    /**< the longest that an answer is remembered [86400] */
	uint32_t max_neg_ttl_s; /**< likewise, that there is none (RFC 2308, 5) [10800] */
	uint32_t fail_ttl_s;   /**< how long a server that failed is not asked the same again (RFC 9520,
				* 3.2), doubled each time that it fails again, 1 to 300 [5] */
	uint32_t max_fail_ttl_s; /**< up to this, fail_ttl_s to 300 [60, or fail_ttl_s] */
	uint8_t nb_rounds;     /**< how often every server is asked, 1 to 3 (RFC 9520, 3.1) [3] */
	uint8_t ndots;         /**< a name with that many dots is tried as it is first [1] */
	bool rotate;           /**< spread the questions over all servers, instead of asking the
				* first that works */
	bool no_edns;          /**< no EDNS(0): answers of more than 512 bytes come over TCP */
	bool no_0x20;          /**< send names as they are, not in random upper and lower case */
};

/** What a resolver has seen of one server. */
struct isla_dns_server_info {
	struct isla_dns_server server;
	uint64_t nb_sent;      /**< questions, repetitions included */
	uint64_t nb_answers;
	uint64_t nb_timeouts;
	uint64_t nb_failures;  /**< SERVFAIL, REFUSED and the like, resets, unreachable */
	uint64_t nb_tcp;       /**< questions over TCP, of nb_sent */
	uint32_t rtt_us;       /**< smoothed; 0: not known */
	uint32_t avoided_ms;   /**< others are asked first for so long; 0: it is not avoided */
	bool edns;             /**< not known to do without */
	bool is_connected;     /**< a TCP connection is kept */
};

/** One remembered answer. */
struct isla_dns_cache_info {
	char name[ISLA_DNS_NAME_STRLEN];
	/** What was asked; ISLA_DNS_ADDR: the name does not exist, whatever is asked for. */
	enum isla_dns_type type;
	enum isla_dns_status status;
	uint32_t ttl_s;        /**< left */
	uint16_t nb_records;
	uint16_t first;        /**< how many characters of text are the first record */
	char text[256];        /**< the records as text, a blank between, as far as they fit */
};

/** A resolver at a glance. */
struct isla_dns_info {
	uint32_t nb_servers;
	uint32_t nb_search;
	uint32_t nb_queries;   /**< that wait */
	uint32_t max_queries;
	uint32_t nb_cached;
	uint32_t max_cache;
};

/**
 * Make a resolver on a stack, without servers.
 *
 * @param conf  NULL: all defaults
 * @return the resolver; NULL with rte_errno EINVAL (conf) or ENOMEM
 */
struct isla_dns *isla_dns_create(struct isla_stack *stack, const struct isla_dns_conf *conf);

/** End it: waiting questions and connects get no callback. Before isla_stack_free(), and
 * not from a callback of its own; NULL is allowed. */
void isla_dns_free(struct isla_dns *dns);

/**
 * Whom to ask from now on, in this order; as DHCP or a program says. Where that is a change,
 * questions that wait begin anew and what was remembered is forgotten.
 *
 * @return 0; -EINVAL (too many, or an address that is no host's); then nothing is changed
 */
int isla_dns_set_servers(struct isla_dns *dns, const struct isla_dns_server *servers, uint16_t nb);

/**
 * Domains that are tried behind a name which is not complete, in this order.
 *
 * @return 0; -EINVAL (too many), or as isla_dns_name_check() finds one of them; then nothing is
 *         changed
 */
int isla_dns_set_search(struct isla_dns *dns, const char *const *domains, uint16_t nb);

/**
 * Is this a name? RFC 1035, 2.3.4: labels of 1 to 63 bytes, at most 253 in all.
 *
 * @return NULL, or what is wrong with it, as a clause: "a label is empty". Any thread
 */
const char *isla_dns_name_check(const char *name);

/**
 * Ask.
 *
 * @param name  of a host or a service; for ISLA_DNS_PTR also an address, whose name is then asked
 *              for; for ISLA_DNS_A, _AAAA and _ADDR also an address, which is its own answer
 * @param type  also a number that isla_dns_type does not have (RFC 3597); record::data has it then
 * @return a handle until fn is called; NULL with rte_errno EINVAL (not a name, or a type for
 *         questions only), ENOBUFS (max_queries are waiting)
 */
struct isla_dns_query *isla_dns_query(struct isla_dns *dns, const char *name,
	enum isla_dns_type type, isla_dns_fn *fn, void *ctx);

/** No callback follows. */
void isla_dns_cancel(struct isla_dns_query *query);

/** Forget that servers failed, so that they are asked at once: the link or the network is another
 * one. */
void isla_dns_forget_failures(struct isla_dns *dns);

/** Forget all that is remembered, failures as well. */
void isla_dns_flush(struct isla_dns *dns);

/**
 * A connection by name was made, or cannot be.
 *
 * @param conn    established, without callbacks as yet: set them by isla_tcp_set_ops() and
 *                isla_tcp_set_ctx() now, or close it; NULL where there is none
 * @param status  of the name
 * @param err     where conn is NULL although the name has addresses: why the last one of them
 *                could not be reached, as isla_tcp_ops::error has it
 */
typedef void isla_dns_connect_fn(void *ctx, struct isla_tcp_conn *conn, enum isla_dns_status status,
	int err);

/**
 * Connect to a name: its addresses are tried in the order of RFC 6724, the families in turn, each
 * 250 ms after the one before or as soon as that has failed (RFC 8305), and the first that answers
 * is the one.
 *
 * @param name  a host or an address
 * @param port  host byte order
 * @param opts  as of isla_tcp_connect(); may be NULL, and is copied
 * @return a handle until fn is called; NULL with rte_errno EINVAL (no name, port 0), ENOBUFS
 */
struct isla_dns_connect *isla_dns_connect(struct isla_dns *dns, const char *name, uint16_t port,
	const struct isla_tcp_opts *opts, isla_dns_connect_fn *fn, void *ctx);

/** Stop trying; no callback follows. */
void isla_dns_connect_cancel(struct isla_dns_connect *connect);

/** Put addresses in the order in which they should be tried (RFC 6724, 6), as this stack's own
 * addresses and routes are. */
void isla_dns_sort(struct isla_stack *stack, struct isla_addr *addrs, uint16_t nb);

void isla_dns_get_info(const struct isla_dns *dns, struct isla_dns_info *info);

/**
 * What is known of the servers, from the one with the number *cursor on, which is advanced.
 *
 * @param cursor  0 at first
 * @return how many were written to info, at most nb; 0 at the end
 */
uint32_t isla_dns_list_servers(const struct isla_dns *dns, uint32_t *cursor,
	struct isla_dns_server_info *info, uint32_t nb);

/** What is remembered; as isla_dns_list_servers(). The cursor is a place in the cache: what is
 * remembered or forgotten between two calls may be missed. */
uint32_t isla_dns_list_cache(const struct isla_dns *dns, uint32_t *cursor,
	struct isla_dns_cache_info *info, uint32_t nb);

/** The domains of the search list; NULL beyond them. Valid until isla_dns_set_search(). */
const char *isla_dns_search(const struct isla_dns *dns, uint16_t i);

/** A record's data as a zone file has it: "10 mail.example", "192.0.2.1". At most size bytes, NUL
 * included. Returns the length of the whole. Any thread. */
size_t isla_dns_record_format(const struct isla_dns_record *record, char *buf, size_t size);

/** A type's name, "AAAA", or "?"; ISLA_DNS_ADDR has none. Any thread. */
const char *isla_dns_type_name(enum isla_dns_type type);

/** The type of that name, in upper or lower case; -1 where none is called so. Any thread. */
int isla_dns_type_parse(const char *name);

/** A status in words, "there is no such name". Any thread. */
const char *isla_dns_status_text(enum isla_dns_status status);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_DNS_H */
