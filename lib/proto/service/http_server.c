/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server as a whole: made, listening, freed. What it does with a connection is in
 * http_client.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "http_server.h"
#include "stack_priv.h"

#define DEFAULT_MAX_HEAD    8192
#define DEFAULT_MAX_TARGET  4096
#define DEFAULT_IDLE_US     60000000
#define DEFAULT_HEAD_US     10000000
#define DEFAULT_MAX_CLIENTS 16384
#define MAX_HEAD_LIMIT      65536
#define BACKLOG             1024
#define MIN_RCVBUF          32768
#define DEFAULT_SERVER      "Isla/" ISLA_VERSION

static void
refs_put(struct http_refs *refs)
{
	if (__atomic_sub_fetch(&refs->nb_live, 1, __ATOMIC_ACQ_REL) == 0)
		refs->free(refs);
}

/* The last mbuf that refers to a count has gone; on the thread of whichever shard has sent it. */
static void
refs_cb(void *addr, void *opaque)
{
	struct http_refs *refs = opaque;

	RTE_SET_USED(addr);
	if (refs->released)
		refs_put(refs);
}

static struct http_refs *
refs_create(struct core *core)
{
	struct http_refs *refs =
		core->mem.alloc(sizeof(*refs), RTE_CACHE_LINE_SIZE, core->socket_id);
	unsigned int i;

	if (refs == NULL)
		return NULL;
	refs->free = core->mem.free;
	for (i = 0; i < HTTP_NB_SHINFO; i++) {
		refs->shinfo[i].free_cb = refs_cb;
		refs->shinfo[i].fcb_opaque = refs;
		rte_mbuf_ext_refcnt_set(&refs->shinfo[i], 1);
	}
	return refs;
}

/* Freed now, or with the last mbuf. */
static void
refs_release(struct http_refs *refs)
{
	unsigned int i;

	if (refs == NULL)
		return;
	refs->released = true;
	refs->nb_live = HTTP_NB_SHINFO + 1;
	for (i = 0; i < HTTP_NB_SHINFO; i++)
		if (rte_mbuf_ext_refcnt_update(&refs->shinfo[i], -1) == 0)
			__atomic_sub_fetch(&refs->nb_live, 1, __ATOMIC_ACQ_REL);
	refs_put(refs);
}

static bool
conf_is_valid(const struct isla_http_conf *conf)
{
	const char *p;

	if (conf->site == NULL || conf->max_head_bytes > MAX_HEAD_LIMIT ||
		conf->max_target_bytes > MAX_HEAD_LIMIT)
		return false;
	if (conf->server == NULL)
		return true;
	if (conf->server[0] == '\0' || strlen(conf->server) > 128)
		return false;
	for (p = conf->server; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			return false;
	return true;
}

static void
init_common(struct isla_http_server *s, const char *name)
{
	if (name == NULL)
		name = DEFAULT_SERVER;
	s->server_len = (uint32_t)snprintf(s->common, sizeof(s->common), "Server: %s\r\nDate: ",
		name);
	s->common_len = s->server_len + HTTP_DATE_LEN + 2;
	s->date_sec = UINT64_MAX;
}

struct http_str
http_server_common(struct isla_http_server *s)
{
	uint64_t sec = isla_stack_wall_us(s->stack) / 1000000;
	struct http_str common = {s->common, s->common_len};

	if (sec != s->date_sec) {
		s->date_sec = sec;
		http_date_format((int64_t)sec, s->common + s->server_len);
		memcpy(s->common + s->server_len + HTTP_DATE_LEN, "\r\n", 2);
	}
	return common;
}

static uint32_t
or_default(uint32_t value, uint32_t def)
{
	return value != 0 ? value : def;
}

/* The tables of a server whose limits are set; what is there already is freed by the caller. */
static int
alloc_tables(struct isla_http_server *s)
{
	const struct isla_mem *mem = &s->core->mem;
	int socket_id = s->core->socket_id;
	uint32_t i;

	s->clients = mem->alloc((size_t)s->max_clients * sizeof(*s->clients), RTE_CACHE_LINE_SIZE,
		socket_id);
	s->gather = mem->alloc(s->limits.max_head_bytes, 1, socket_id);
	s->path = mem->alloc((size_t)s->limits.max_target_bytes + 1, 1, socket_id);
	s->refs = refs_create(s->core);
	if (s->clients == NULL || s->gather == NULL || s->path == NULL || s->refs == NULL)
		return -ENOMEM;
	for (i = s->max_clients; i > 0; i--) {
		s->clients[i - 1].next = s->free;
		s->free = &s->clients[i - 1];
	}
	return 0;
}

struct isla_http_server *
isla_http_server_create(struct isla_stack *stack, const struct isla_http_conf *conf)
{
	struct core *core = stack_core(stack);
	struct isla_http_server *s;

	if (!conf_is_valid(conf)) {
		rte_errno = EINVAL;
		return NULL;
	}
	s = core->mem.alloc(sizeof(*s), RTE_CACHE_LINE_SIZE, core->socket_id);
	if (s == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	s->stack = stack;
	s->core = core;
	s->site = conf->site;
	s->limits.max_head_bytes = or_default(conf->max_head_bytes, DEFAULT_MAX_HEAD);
	s->limits.max_target_bytes = or_default(conf->max_target_bytes, DEFAULT_MAX_TARGET);
	s->idle_us = or_default(conf->idle_us, DEFAULT_IDLE_US);
	s->head_us = or_default(conf->head_us, DEFAULT_HEAD_US);
	s->max_clients = or_default(conf->max_clients, DEFAULT_MAX_CLIENTS);
	/* Requests that wait must leave mbufs for those that can go on. */
	s->max_held = RTE_MAX(core->pool->size / 4, 16u);
	init_common(s, conf->server);
	if (alloc_tables(s) != 0) {
		isla_http_server_free(s);
		rte_errno = ENOMEM;
		return NULL;
	}
	timer_wheel_set_class(&core->wheel, TIMER_HTTP, http_client_timer, NULL);
	return s;
}

void
isla_http_server_free(struct isla_http_server *s)
{
	const struct isla_mem *mem;
	uint32_t i;

	if (s == NULL)
		return;
	mem = &s->core->mem;
	for (i = 0; i < s->nb_listeners; i++)
		isla_tcp_unlisten(s->listeners[i]);
	for (i = 0; s->clients != NULL && i < s->max_clients; i++) {
		struct http_client *c = &s->clients[i];

		if (c->state == CLIENT_FREE)
			continue;
		isla_tcp_close(c->conn);
		http_client_free(c);
	}
	refs_release(s->refs);
	mem->free(s->path);
	mem->free(s->gather);
	mem->free(s->clients);
	mem->free(s);
}

int
isla_http_server_listen(struct isla_http_server *s, const struct isla_addr *local, uint16_t port)
{
	struct isla_tcp_opts opts = {
		.rcvbuf_bytes = RTE_MAX(4 * s->limits.max_head_bytes, (uint32_t)MIN_RCVBUF),
		.nodelay = true,
	};
	struct isla_tcp_listener *listener;

	if (s->nb_listeners == HTTP_MAX_LISTENERS)
		return -ENOSPC;
	listener = isla_tcp_listen(isla_stack_tcp(s->stack), local, port, BACKLOG,
		&http_client_ops, s, &opts);
	if (listener == NULL)
		return -rte_errno;
	s->listeners[s->nb_listeners++] = listener;
	return 0;
}

int
isla_http_server_adopt(struct isla_http_server *s, struct isla_tcp_conn *conn,
	struct rte_mbuf *head)
{
	struct http_client *c = http_client_new(s, conn);

	if (c == NULL)
		return -ENOSPC;
	isla_tcp_set_ops(conn, &http_client_ops);
	isla_tcp_set_nodelay(conn, true);
	c->once = true;
	c->in = head;
	http_client_run(c);
	return 0;
}
