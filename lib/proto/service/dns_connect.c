/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connecting by name (RFC 8305, "happy eyeballs"): the name's addresses, the families in turn, are
 * tried one after the other, 250 ms apart, and the first connection that is established is the one;
 * the others are given up.
 */

#include <errno.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_priv.h"

/* RFC 8305, 5: between two attempts. */
#define ATTEMPT_US 250000

void
dns_connects_init(struct isla_dns *dns)
{
	unsigned int i, j;

	for (i = DNS_CONNECTS; i > 0; i--) {
		struct isla_dns_connect *k = &dns->connect[i - 1];

		k->dns = dns;
		timer_init(&k->timer, TIMER_DNS_CONNECT);
		for (j = 0; j < DNS_TRIES_MAX; j++)
			k->try[j].connect = k;
		k->next = dns->free_connect;
		dns->free_connect = k;
	}
}

/* Give up whatever goes on. */
static void
connect_free(struct isla_dns_connect *k)
{
	unsigned int i;

	timer_stop(&k->dns->core->wheel, &k->timer);
	if (k->query != NULL)
		isla_dns_cancel(k->query);
	for (i = 0; i < k->nb_tried; i++) {
		struct isla_tcp_conn *conn = k->try[i].conn;

		k->try[i].conn = NULL;
		if (conn != NULL)
			isla_tcp_abort(conn);
	}
	k->query = NULL;
	k->fn = NULL;
	k->next = k->dns->free_connect;
	k->dns->free_connect = k;
}

static void
connect_end(struct isla_dns_connect *k, struct isla_tcp_conn *conn, enum isla_dns_status status,
	int err)
{
	isla_dns_connect_fn *fn = k->fn;
	void *ctx = k->ctx;

	connect_free(k);
	fn(ctx, conn, status, err);
}

static void connect_next(struct isla_dns_connect *k);

static void
try_connected(struct isla_tcp_conn *conn, void *ctx)
{
	static const struct isla_tcp_ops no_ops;
	struct dns_try *t = ctx;

	t->conn = NULL;
	isla_tcp_set_ops(conn, &no_ops);
	isla_tcp_set_ctx(conn, NULL);
	connect_end(t->connect, conn, ISLA_DNS_OK, 0);
}

static void
try_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct dns_try *t = ctx;

	RTE_SET_USED(conn);
	t->conn = NULL;
	t->connect->nb_open--;
	t->connect->err = err;
	connect_next(t->connect);
}

static const struct isla_tcp_ops try_ops = {
	.connected = try_connected,
	.error = try_error,
};

/* Try the next address; where all have failed, that is the end. */
static void
connect_next(struct isla_dns_connect *k)
{
	struct isla_dns *dns = k->dns;

	while (k->nb_tried < k->nb_addrs) {
		struct dns_try *t = &k->try[k->nb_tried];
		struct isla_tcp_ends ends = {
			.remote = k->addr[k->nb_tried], .remote_port = k->port};

		k->nb_tried++;
		t->conn = isla_tcp_connect(isla_stack_tcp(dns->stack), &ends, &try_ops, t,
			k->has_opts ? &k->opts : NULL);
		if (t->conn != NULL) {
			k->nb_open++;
			timer_set(&dns->core->wheel, &k->timer, dns->core->now_us + ATTEMPT_US);
			return;
		}
		k->err = rte_errno;
	}
	if (k->nb_open == 0)
		connect_end(k, NULL, ISLA_DNS_OK, k->err);
}

void
dns_connect_timer(void *ctx, struct timer *t)
{
	RTE_SET_USED(ctx);
	connect_next(container_of(t, struct isla_dns_connect, timer));
}

/* The addresses in the order in which they are tried: that of RFC 6724, and after each one the
 * first one left of the other family (RFC 8305, 4). */
static void
connect_order(struct isla_dns_connect *k, const struct isla_dns_answer *answer)
{
	bool is_used[ISLA_DNS_RECORDS_MAX] = {false}, want_v4 = false;
	uint16_t i, pick;

	k->nb_addrs = 0;
	while (k->nb_addrs < RTE_MIN(answer->nb_records, DNS_TRIES_MAX)) {
		pick = answer->nb_records;
		for (i = 0; i < answer->nb_records; i++) {
			if (is_used[i])
				continue;
			if (pick == answer->nb_records)
				pick = i;
			if (k->nb_addrs == 0 ||
				isla_addr_is_v4(&answer->record[i].addr) == want_v4) {
				pick = i;
				break;
			}
		}
		is_used[pick] = true;
		k->addr[k->nb_addrs++] = answer->record[pick].addr;
		want_v4 = !isla_addr_is_v4(&answer->record[pick].addr);
	}
}

static void
connect_resolved(void *ctx, const struct isla_dns_answer *answer)
{
	struct isla_dns_connect *k = ctx;

	k->query = NULL;
	if (answer->status != ISLA_DNS_OK) {
		connect_end(k, NULL, answer->status, 0);
		return;
	}
	connect_order(k, answer);
	connect_next(k);
}

struct isla_dns_connect *
isla_dns_connect(struct isla_dns *dns, const char *name, uint16_t port,
	const struct isla_tcp_opts *opts, isla_dns_connect_fn *fn, void *ctx)
{
	struct isla_dns_connect *k = dns->free_connect;

	if (port == 0 || fn == NULL || k == NULL) {
		rte_errno = k == NULL ? ENOBUFS : EINVAL;
		return NULL;
	}
	k->query = isla_dns_query(dns, name, ISLA_DNS_ADDR, connect_resolved, k);
	if (k->query == NULL)
		return NULL;
	dns_query_hurry(k->query);
	dns->free_connect = k->next;
	k->fn = fn;
	k->ctx = ctx;
	k->port = port;
	k->nb_addrs = k->nb_tried = k->nb_open = 0;
	k->err = 0;
	k->has_opts = opts != NULL;
	if (opts != NULL)
		k->opts = *opts;
	return k;
}

void
isla_dns_connect_cancel(struct isla_dns_connect *k)
{
	connect_free(k);
}
