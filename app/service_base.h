/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SERVICE_BASE_H
#define SERVICE_BASE_H

/*
 * What the small services share: a listener and a UDP port, a bounded table of connections, and
 * sending a chain that may not fit at once.
 */

#include <stdbool.h>

#include "service.h"

/* One connection of a service; the ctx of its callbacks. */
struct svc_conn {
	struct svc *svc;
	struct isla_tcp_conn *conn; /* NULL: the record is free */
	struct rte_mbuf *held;      /* to be sent as there is room */
	uint32_t owed; /* received bytes to report as consumed once held has been sent */
	uint32_t pos;               /* the service's own */
	bool eof;                   /* the peer's FIN has come: close when held has been sent */
	struct svc_conn *next;      /* free records */
};

/* A service on a port. */
struct svc {
	struct isla_stack *stack;
	void *priv;                 /* the service's own */
	struct isla_tcp_listener *listener;
	struct isla_udp_sock *sock;
	struct svc_conn *conns;
	uint32_t max_conns;
	uint32_t nb_used;           /* records that have ever been used: the first ones */
	struct svc_conn *free;
};

struct svc_conf {
	const struct isla_tcp_ops *ops; /* accept: svc_accept, or one that calls it */
	isla_udp_recv_fn *recv;         /* its ctx is the svc; NULL: no UDP */
	uint32_t max_conns;
};

/* Open TCP and UDP on the port. NULL with rte_errno. */
struct svc *svc_create(const struct service_env *env, uint16_t port, const struct svc_conf *conf);

/* Close what is open and free it. Connections are closed, or, with abort, reset. NULL is allowed.
 */
void svc_free(struct svc *svc, bool abort);

/* Callbacks that services share. */
int svc_accept(struct isla_tcp_conn *conn, void *arg);
void svc_error(struct isla_tcp_conn *conn, void *ctx, int err);
/* Readable: throw away what has come. */
void svc_discard(struct isla_tcp_conn *conn, void *ctx);
/* The peer has closed: so do we. */
void svc_eof(struct isla_tcp_conn *conn, void *ctx);

/* Give the record back; the connection lives on. */
void svc_conn_put(struct svc_conn *c);

/* End the connection and give the record back. */
void svc_conn_close(struct svc_conn *c);
void svc_conn_abort(struct svc_conn *c);

/* All was sent; the rest waits for room; it failed, and the record is gone. */
enum svc_progress { SVC_SENT, SVC_WAIT, SVC_GONE };

/* Send what is held, and report what was owed. */
enum svc_progress svc_conn_send(struct svc_conn *c);

/*
 * Whether a datagram may be answered: it came to an address of ours alone, and not from a port
 * whose service might answer in turn, for ever (echo, daytime, qotd, chargen, time).
 */
bool svc_may_answer(struct rte_mbuf *m, const struct isla_udp_ends *ends);

extern const struct service service_http;
extern const struct service service_echo;
extern const struct service service_discard;
extern const struct service service_chargen;
extern const struct service service_demo;

#endif /* SERVICE_BASE_H */
