/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * echo_server [EAL options] -- [-a ADDR/LEN]... [-g GATEWAY] [-p PORT]
 *
 * Sends back over TCP whatever it gets (RFC 862). It shows the life of accepted connections: a
 * record for each, flow control from end to end, and a peer that has finished sending but still
 * listens. Everything happens in callbacks, one after the other in the thread that called
 * isla_engine_run(), so nothing here needs a lock.
 *
 *     echo_server -l 0 --no-huge --no-shconf -m 256 --no-pci --vdev=net_tap0,iface=isla0 -- -p 7
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include <isla_engine.h>

#include "example.h"

#define BACKLOG 64

/* One connection. */
struct client {
	struct rte_mbuf *held; /* came, and waits for room in the send queue */
	bool eof;              /* the peer will send no more */
};

static uint16_t port = 7;

/* Somebody has connected; an error here would reset the connection. */
static int
client_accept(struct isla_tcp_conn *conn, void *arg)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	isla_tcp_set_ctx(conn, c);
	return 0;
}

static void
client_free(struct client *c)
{
	rte_pktmbuf_free(c->held);
	free(c);
}

/* Cut the first mbuf off a chain. Returns the rest, or NULL. */
static struct rte_mbuf *
cut_first(struct rte_mbuf *m)
{
	struct rte_mbuf *rest = m->next;

	if (rest != NULL) {
		rest->nb_segs = (uint16_t)(m->nb_segs - 1);
		rest->pkt_len = m->pkt_len - m->data_len;
	}
	m->next = NULL;
	m->nb_segs = 1;
	m->pkt_len = m->data_len;
	return rest;
}

/*
 * Send what is held, one mbuf after the other for as long as they fit: the mbufs in which the data
 * came go back as they are, without a copy. Each that was sent opens the receive window by as much.
 * So a peer that does not read finds the window closed in the end, and no memory grows.
 * Returns 0 when all of it is sent, or a negative errno value, -EAGAIN when there is no room.
 */
static int
send_held(struct isla_tcp_conn *conn, struct client *c)
{
	while (c->held != NULL) {
		struct rte_mbuf *m = c->held, *rest;
		uint32_t nb_bytes = m->data_len;
		int rc;

		if (nb_bytes > isla_tcp_send_room(conn))
			return -EAGAIN;
		rest = cut_first(m);
		rc = isla_tcp_send(conn, m);
		c->held = rest;
		if (rc != 0) {
			rte_pktmbuf_free(m); /* what is not taken stays ours */
			return rc;
		}
		isla_tcp_consumed(conn, nb_bytes);
	}
	return 0;
}

/* Data has come, or room has been made: go on until one of the two is lacking. */
static void
client_run(struct isla_tcp_conn *conn, void *ctx)
{
	struct client *c = ctx;
	int rc;

	do {
		rc = send_held(conn, c);
		if (rc == -EAGAIN)
			return; /* client_run() is called again, as writable */
		if (rc != 0) {
			isla_tcp_abort(conn);
			client_free(c);
			return;
		}
		c->held = isla_tcp_recv(conn);
	} while (c->held != NULL);
	/* All is queued for a peer that sends no more: our FIN follows the last byte. */
	if (c->eof) {
		isla_tcp_close(conn);
		client_free(c);
	}
}

/* The peer has closed its direction (half-close): what is held must still reach it. */
static void
client_eof(struct isla_tcp_conn *conn, void *ctx)
{
	struct client *c = ctx;

	c->eof = true;
	client_run(conn, c);
}

/* Reset, given up, or the engine stops: the handle dies with this call, and the record too. */
static void
client_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	client_free(ctx);
}

static const struct isla_tcp_ops client_ops = {
	.accept = client_accept,
	.readable = client_run,
	.writable = client_run,
	.eof = client_eof,
	.error = client_error,
};

/* -p */
static int
port_option(int c, const char *value)
{
	port = (uint16_t)example_number(value, UINT16_MAX);
	return port != 0 ? 0 : -1;
}

static int
serve(struct example *ex)
{
	struct isla_tcp *tcp = isla_stack_tcp(isla_engine_stack(ex->engine, 0));

	if (ex->nb_args > 0) {
		example_complain(ex, "%s: what is this?", ex->args[0]);
		return -1;
	}
	if (isla_tcp_listen(tcp, &isla_addr_any, port, BACKLOG, &client_ops, NULL, NULL) == NULL) {
		example_complain(ex, "port %u: %s", port, rte_strerror(rte_errno));
		return -1;
	}
	if (example_start(ex) != 0)
		return -1;
	printf("echo_server: ready: port %u\n", port);
	fflush(stdout);
	return isla_engine_run(ex->engine) == 0 ? 0 : -1; /* until a signal stops it */
}

int
main(int argc, char **argv)
{
	struct example ex = {
		.name = "echo_server", .usage = "[-p PORT]", .options = "p:",
		.option = port_option,
	};
	int rc;

	example_init(&ex);
	rc = example_open(&ex, argc, argv);
	if (rc == 0)
		rc = serve(&ex);
	if (example_close(&ex) != 0)
		rc = -1;
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
