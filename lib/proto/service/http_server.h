/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

/* The server and its clients, one record for each connection, in a table of fixed size. */

#include <assert.h>

#include "core.h"
#include "http_parse.h"
#include "http_site.h"
#include "timer.h"

#define HTTP_MAX_LISTENERS 16
#define HTTP_NB_SHINFO     64 /* a power of two */
#define HTTP_COMMON_MAX    256

/*
 * The reference counts of site memory in flight. Mbufs may outlive the server, in TCP's queues and
 * in a port's ring, so this block is freed by the last of them. A count has 16 bits: clients are
 * spread over several, and a count that overflows while the server lives does no harm, since its
 * callback does nothing then.
 */
struct http_refs {
	struct rte_mbuf_ext_shared_info shinfo[HTTP_NB_SHINFO];
	uint32_t nb_live;  /* counts that are not zero, once released */
	bool released;
	void (*free)(void *mem);
};

enum client_state {
	CLIENT_FREE,
	CLIENT_HEAD,   /* waits for a request; idle as long as no byte of it has come */
	CLIENT_BODY,   /* passes over the request's body; the response is made already */
	CLIENT_FAIL,   /* an error response is to be made */
	CLIENT_SEND,   /* the response is being sent */
	CLIENT_LINGER, /* our FIN is queued; what still comes is thrown away (RFC 9112, 9.6) */
};

struct http_client {
	struct timer timer;
	struct isla_http_server *server;
	struct isla_tcp_conn *conn;
	struct rte_mbuf *in;      /* received, not consumed */
	struct rte_mbuf *out;     /* the response's head, until TCP has taken it */
	const struct http_resource *resource;
	uint64_t pos;             /* of the resource: the next byte to send */
	uint64_t left;            /* bytes of it to send; CLIENT_LINGER: to throw away */
	uint64_t deadline_us;     /* what happens then hangs on the state */
	uint64_t again_us;        /* work is left, or mbufs were short; 0: no */
	uint64_t acked_bytes;     /* at the last deadline */
	union {
		struct http_scan scan; /* CLIENT_HEAD */
		struct http_body body; /* CLIENT_BODY */
	};
	uint16_t status;          /* CLIENT_FAIL */
	uint16_t held_segs;       /* of in, as counted in the server's nb_held */
	uint8_t state;            /* enum client_state */
	bool head_done;           /* the head is complete; its response could not be made yet */
	bool eof;                 /* the peer's FIN has come */
	bool once;                /* adopted: one request */
	bool close;               /* after this response */
	bool client_closes;       /* and the client knows, so it sends nothing more */
	uint32_t begin_us;        /* the low bits of when the request's first byte came */
	struct http_client *next; /* free records */
};

static_assert(sizeof(struct http_client) <= 192, "idle connections are many");

struct isla_http_server {
	struct isla_stack *stack;
	struct core *core;
	const struct isla_http_site *site;
	struct http_limits limits;
	uint32_t idle_us;
	uint32_t head_us;
	struct http_client *free;      /* chain of free records */
	struct http_client *clients;
	uint32_t max_clients;
	uint32_t nb_held;    /* mbufs of requests that wait for their rest, or for their turn */
	uint32_t max_held;
	char *gather;        /* a head that is spread over several mbufs */
	char *path;          /* a path that needed decoding */
	struct http_refs *refs;
	uint64_t date_sec;   /* what common says */
	uint32_t server_len; /* of common: the part that does not change */
	uint32_t common_len;
	char common[HTTP_COMMON_MAX];
	struct isla_tcp_listener *listeners[HTTP_MAX_LISTENERS];
	uint32_t nb_listeners;
};

/* A record for a connection, in CLIENT_HEAD; NULL where the table is full. */
struct http_client *http_client_new(struct isla_http_server *server, struct isla_tcp_conn *conn);

/* Give the record back, with its mbufs; the connection must be gone, or is left alone. */
void http_client_free(struct http_client *c);

/* Go on as far as possible. The client may be gone afterwards. */
void http_client_run(struct http_client *c);

/* timer_fn of TIMER_HTTP. */
void http_client_timer(void *ctx, struct timer *t);

extern const struct isla_tcp_ops http_client_ops;

/* The field lines of every response, with the time of this second. */
struct http_str http_server_common(struct isla_http_server *server);

#endif /* HTTP_SERVER_H */
