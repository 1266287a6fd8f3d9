/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fetch [EAL options] -- [-a ADDR/LEN]... [-g GATEWAY] [-d SERVER] [-t SECONDS] HOST PORT PATH
 *
 * Gets PATH from an HTTP server and writes the body to stdout; all else goes to stderr. It shows a
 * connection that we open, by address or, with a name server (-d), by name: its callbacks, memory
 * of our own that is sent without a copy, a deadline, and how a program ends its engine by itself.
 * Exit code: 0 after a 200 with its whole body, 1 otherwise.
 *
 *     fetch -l 0 --no-huge --no-shconf -m 256 --no-pci --vdev=net_tap0,iface=isla0 \
 *             -- -t 5 192.168.1.1 80 /index.html
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <isla_dns.h>
#include <isla_engine.h>

#include "answer.h"
#include "example.h"

#define REQUEST_MAX 4096

struct fetch {
	struct isla_engine *engine;
	const char *host;
	uint16_t port;
	struct isla_dns_server name_server;
	uint16_t nb_name_servers;
	struct isla_dns *dns;
	struct isla_dns_connect *connect; /* while it goes on */
	struct isla_tcp_conn *conn; /* NULL before, and when the handle is gone */
	char *request;
	size_t request_len;
	size_t request_sent;
	struct rte_mbuf_ext_shared_info shinfo;
	struct answer answer;
	uint32_t timeout_s;
	uint32_t nb_idle_s;         /* since the server was last heard */
	bool has_ended;
	int exit_code;
};

static struct fetch fetch = {.timeout_s = 10, .exit_code = EXIT_FAILURE};

static void
end(struct fetch *f, int exit_code)
{
	if (f->has_ended)
		return;
	f->has_ended = true;
	f->exit_code = exit_code;
	if (f->connect != NULL)
		isla_dns_connect_cancel(f->connect);
	f->connect = NULL;
	if (f->conn != NULL && exit_code == EXIT_SUCCESS)
		isla_tcp_close(f->conn);
	else if (f->conn != NULL)
		isla_tcp_abort(f->conn);
	f->conn = NULL;
	isla_engine_stop(f->engine); /* isla_engine_run() sees to the FIN and returns */
}

/* The one line that says why, and the end. */
__rte_format_printf(2, 3)
static void
fail(struct fetch *f, const char *format, ...)
{
	va_list ap;

	if (!f->has_ended) {
		fputs("fetch: ", stderr);
		va_start(ap, format);
		vfprintf(stderr, format, ap);
		va_end(ap);
		fputc('\n', stderr);
	}
	end(f, EXIT_FAILURE);
}

/* Connected, or there is room again: queue what is left of the request, by reference. */
static void
send_request(struct isla_tcp_conn *conn, void *ctx)
{
	struct fetch *f = ctx;
	size_t left = f->request_len - f->request_sent;
	char *from = f->request + f->request_sent;
	int64_t n;

	f->nb_idle_s = 0;
	if (left == 0)
		return;
	n = isla_tcp_send_ext(conn, from, rte_malloc_virt2iova(from), left, &f->shinfo);
	if (n >= 0)
		f->request_sent += (size_t)n;
	else if (n != -ENOBUFS)
		fail(f, "cannot send: %s", strerror((int)-n));
}

/* The answer is complete, or will never be. */
static void
judge(struct fetch *f, enum answer_state state)
{
	if (state == ANSWER_COMPLETE)
		end(f, EXIT_SUCCESS);
	else if (state == ANSWER_WRONG)
		fail(f, "%s", f->answer.err);
}

static void
readable(struct isla_tcp_conn *conn, void *ctx)
{
	struct fetch *f = ctx;
	struct rte_mbuf *chain = isla_tcp_recv(conn), *m;

	f->nb_idle_s = 0;
	if (chain == NULL)
		return;
	isla_tcp_consumed(conn, chain->pkt_len); /* the window opens again */
	/* A slow reader of stdout stops the stack here: a server would not wait in a callback. */
	for (m = chain; m != NULL; m = m->next)
		answer_take(&f->answer, rte_pktmbuf_mtod(m, const char *), m->data_len);
	rte_pktmbuf_free(chain);
	judge(f, f->answer.state);
}

static void
eof(struct isla_tcp_conn *conn, void *ctx)
{
	struct fetch *f = ctx;

	judge(f, answer_end(&f->answer));
}

/* ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH ...; ECONNABORTED: Ctrl-C has stopped the engine. */
static void
error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct fetch *f = ctx;

	f->conn = NULL; /* the stack's again when this returns */
	fail(f, "%s", err == ECONNABORTED ? "interrupted" : strerror(err));
}

static const struct isla_tcp_ops ops = {
	.writable = send_request,
	.readable = readable,
	.eof = eof,
	.error = error,
};

/* One of the host's addresses has answered, or none did. */
static void
connected(void *ctx, struct isla_tcp_conn *conn, enum isla_dns_status status, int err)
{
	struct fetch *f = ctx;

	f->connect = NULL;
	f->conn = conn;
	if (conn == NULL && status != ISLA_DNS_OK) {
		fail(f, "%s: %s", f->host, isla_dns_status_text(status));
	} else if (conn == NULL) {
		error(conn, f, err);
	} else {
		isla_tcp_set_ops(conn, &ops);
		isla_tcp_set_ctx(conn, f);
		send_request(conn, f);
	}
}

/* On the shard, between two bursts, so that TCP may be called. */
static void
look(struct isla_stack *stack, void *ctx)
{
	struct fetch *f = ctx;

	if (++f->nb_idle_s > f->timeout_s)
		fail(f, "timed out: no answer for %u s", f->timeout_s);
}

/* Once a second, from the engine's control thread. */
static void
tick(struct isla_engine *engine, void *ctx)
{
	isla_engine_call(engine, 0, look, ctx);
}

/* The request stays our memory; the last reference to it has gone when this is called. */
static void
request_unused(void *addr, void *opaque)
{
}

/* -t, -d */
static int
own_option(int c, const char *value)
{
	if (c == 'd') {
		fetch.name_server.netif = ISLA_NETIF_ANY;
		fetch.nb_name_servers = 1;
		return isla_addr_parse(value, &fetch.name_server.addr);
	}
	fetch.timeout_s = example_number(value, 3600);
	return fetch.timeout_s != 0 ? 0 : -1;
}

/* HOST PORT /PATH: who is asked, and for what. Returns 0 or -1. */
static int
make_request(struct fetch *f, const struct example *ex)
{
	bool is_v6;
	int n;

	if (ex->nb_args != 3 || isla_dns_name_check(ex->args[0]) != NULL ||
		ex->args[2][0] != '/' || strpbrk(ex->args[2], " \t\r\n") != NULL)
		return -1;
	f->host = ex->args[0];
	f->port = (uint16_t)example_number(ex->args[1], UINT16_MAX);
	is_v6 = strchr(f->host, ':') != NULL;
	f->request = rte_zmalloc(NULL, REQUEST_MAX, 0); /* memory that a port can read */
	if (f->port == 0 || f->request == NULL)
		return -1;
	n = snprintf(f->request, REQUEST_MAX,
		"GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nConnection: close\r\n\r\n", ex->args[2],
		is_v6 ? "[" : "", f->host, is_v6 ? "]" : "", f->port);
	f->request_len = (size_t)n;
	f->shinfo.free_cb = request_unused;
	rte_mbuf_ext_refcnt_set(&f->shinfo, 1); /* ours */
	return n < REQUEST_MAX ? 0 : -1;
}

static void
run(struct fetch *f, struct example *ex)
{
	f->engine = ex->engine;
	f->answer.out = stdout;
	if (make_request(f, ex) != 0) {
		example_complain(ex, "usage: %s " EXAMPLE_OPTIONS " %s", ex->name, ex->usage);
		return;
	}
	if (example_start(ex) != 0)
		return;
	f->dns = isla_dns_create(isla_engine_stack(ex->engine, 0), NULL);
	if (f->dns == NULL ||
		isla_dns_set_servers(f->dns, &f->name_server, f->nb_name_servers) != 0) {
		example_complain(ex, "no resolver: %s", f->dns == NULL ? "memory is short" :
			"the server's address is no host's");
	} else {
		f->connect = isla_dns_connect(f->dns, f->host, f->port, NULL, connected, f);
		if (f->connect == NULL)
			fail(f, "%s", strerror(rte_errno));
		isla_engine_run(ex->engine); /* until end() stops it */
	}
	isla_dns_free(f->dns);
}

int
main(int argc, char **argv)
{
	struct example ex = {
		.name = "fetch", .usage = "[-d SERVER] [-t SECONDS] HOST PORT /PATH",
		.options = "d:t:", .option = own_option,
	};

	example_init(&ex);
	ex.conf.tick = tick;
	ex.conf.tick_ctx = &fetch;
	ex.conf.stack.tcp.syn_retries = 2; /* an open fails after 1 + 2 + 4 seconds */
	if (example_open(&ex, argc, argv) == 0)
		run(&fetch, &ex);
	if (example_close(&ex) != 0)
		return EXIT_FAILURE;
	return fetch.exit_code;
}
