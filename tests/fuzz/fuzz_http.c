/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP server against anything: the input is what a client sends, with a few bytes that no
 * request has as commands. The fake TCP aborts where the server breaks TCP's contract, the end
 * where an mbuf or a timer is left behind, a sanitizer for the rest.
 *
 *     0xff  a burst          0xfe  a second passes        0xfd  the client reads a little
 *     0xfc  FIN              0xfb  mbufs run out          0xfa  and are back
 *
 * The first byte says how the input is cut into mbufs.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "fake_tcp.h"
#include "fuzz.h"
#include "heap_pool.h"
#include "isla_http.h"

#define POOL_SIZE 512

struct world {
	struct rte_mempool *pool;
	struct rte_mempool *ref_pool;
	struct isla_stack *stack;
	struct isla_http_site *site;
	struct isla_http_server *server;
	struct isla_tcp_conn *conn;
	bool fin;
};

static void
must(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "fuzz_http: %s\n", what);
	abort();
}

static void
world_open(struct world *w)
{
	static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	static const char *const paths[] = {"/a.txt", "/d/index.html"};
	struct isla_http_conf conf = {
		.max_head_bytes = 512, .max_target_bytes = 100, .max_clients = 2};
	size_t i;

	w->pool = heap_pool_create(POOL_SIZE, 256, ISLA_PKT_PRIV_SIZE);
	w->ref_pool = heap_pool_create(POOL_SIZE, 0, ISLA_PKT_PRIV_SIZE);
	w->stack = fake_stack_create(w->pool, w->ref_pool);
	w->site = isla_http_site_create(2);
	for (i = 0; i < RTE_DIM(paths); i++) {
		const struct isla_http_resource r = {.path = paths[i],
			.type = "text/plain",
			.data = text,
			.iova = RTE_BAD_IOVA,
			.len = sizeof(text) - 1,
			.mtime = 784111000};

		must(isla_http_site_add(w->site, &r) == 0, "no resource");
	}
	conf.site = w->site;
	w->server = isla_http_server_create(w->stack, &conf);
	must(isla_http_server_listen(w->server, &isla_addr_any, 80) == 0, "no listener");
	w->conn = fake_connect(w->stack, 80);
	w->fin = false;
	fake_set_sndbuf(w->conn, 700);
}

static void
world_close(struct world *w)
{
	heap_pool_set_limit(w->pool, POOL_SIZE);
	if (!w->fin)
		fake_fin(w->conn);
	fake_advance(w->stack, 200000000);
	must(fake_is_closed(w->conn) || fake_is_aborted(w->conn), "a client is kept for ever");
	fake_read(w->conn, SIZE_MAX);
	must(fake_len(w->conn) == 0 || strncmp(fake_text(w->conn), "HTTP/1.1 ", 9) == 0,
		"not a response");
	isla_http_server_free(w->server);
	fake_stack_free(w->stack);
	isla_http_site_free(w->site);
	must(heap_pool_in_use(w->pool) == 0 && heap_pool_in_use(w->ref_pool) == 0,
		"an mbuf is left");
	heap_pool_free(w->pool);
	heap_pool_free(w->ref_pool);
}

static bool
command(struct world *w, uint8_t c)
{
	switch (c) {
	case 0xff:
		fake_burst(w->stack);
		return true;
	case 0xfe:
		fake_advance(w->stack, 1000000);
		return true;
	case 0xfd:
		fake_read(w->conn, 100);
		return true;
	case 0xfc:
		if (!w->fin)
			fake_fin(w->conn);
		w->fin = true;
		return true;
	case 0xfb:
		heap_pool_set_limit(w->pool, heap_pool_in_use(w->pool));
		return true;
	case 0xfa:
		heap_pool_set_limit(w->pool, POOL_SIZE);
		return true;
	default:
		return false;
	}
}

/* Bytes for the server; a window and a pool of this size bound them. */
static void
feed(struct world *w, const uint8_t *data, size_t len, uint16_t seg_len)
{
	size_t nb_segs = len / seg_len + 1;

	if (w->fin || len == 0 || fake_unconsumed(w->conn) + len > 4096 ||
		heap_pool_in_use(w->pool) + nb_segs > POOL_SIZE / 2)
		return;
	heap_pool_set_limit(w->pool, POOL_SIZE);
	fake_feed(w->conn, data, len, seg_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w;
	uint16_t seg_len;
	size_t i, begin = 1;

	if (len == 0 || len > 4096)
		return 0;
	seg_len = (uint16_t)(1 + data[0] % 127);
	world_open(&w);
	for (i = 1; i < len; i++) {
		if (data[i] < 0xfa)
			continue;
		feed(&w, data + begin, i - begin, seg_len);
		command(&w, data[i]);
		begin = i + 1;
	}
	feed(&w, data + begin, len - begin, seg_len);
	fake_burst(w.stack);
	world_close(&w);
	return 0;
}
