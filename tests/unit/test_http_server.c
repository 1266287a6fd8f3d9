/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server on a fake TCP: what a client sees, request by request, with a peer that is slow,
 * silent, hostile or gone, and a pool that runs dry.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_common.h>

#include "core.h"
#include "fake_tcp.h"
#include "heap_pool.h"
#include "http_site.h"
#include "isla_http.h"
#include "stack_priv.h"
#include "suite.h"

#define DATE  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define MTIME 784111000 /* Sun, 06 Nov 1994 08:36:40 GMT */
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

#define BIG_LEN  1000000u
#define HUGE_LEN (1ull << 30)

static struct rte_mempool *pool, *ref_pool;
static struct isla_stack *stack;
static struct isla_http_site *site;
static struct isla_http_server *server;
static uint8_t *big, *huge;

static void
add(const char *path, const void *data, uint64_t len, int64_t mtime)
{
	const struct isla_http_resource r = {.path = path, .type = isla_http_type_of(path),
		.data = data, .iova = RTE_BAD_IOVA, .len = len, .mtime = mtime};

	CU_ASSERT_EQUAL_FATAL(isla_http_site_add(site, &r), 0);
}

static void
setup(void)
{
	struct isla_http_conf conf = {.server = "T", .max_head_bytes = 1024,
		.max_target_bytes = 200, .max_clients = 3};
	uint32_t i;

	pool = heap_pool_create(2048, 2176, ISLA_PKT_PRIV_SIZE);
	ref_pool = heap_pool_create(8192, 0, ISLA_PKT_PRIV_SIZE);
	stack = fake_stack_create(pool, ref_pool);
	site = isla_http_site_create(16);
	big = malloc(BIG_LEN);
	for (i = 0; i < BIG_LEN; i++)
		big[i] = (uint8_t)(i * 7 + i / 251);
	huge = mmap(NULL, HUGE_LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(huge, MAP_FAILED);
	add("/a.txt", "0123456789", 10, MTIME);
	add("/empty.txt", "", 0, MTIME);
	add("/d/index.html", "index", 5, 0);
	add("/a b/index.html", "space", 5, 0);
	add("/big", big, BIG_LEN, 0);
	add("/huge", huge, HUGE_LEN, MTIME);
	conf.site = site;
	server = isla_http_server_create(stack, &conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(server);
	CU_ASSERT_EQUAL_FATAL(isla_http_server_listen(server, &isla_addr_any, 80), 0);
}

static void
teardown(void)
{
	isla_http_server_free(server);
	fake_stack_free(stack);
	isla_http_site_free(site);
	munmap(huge, HUGE_LEN);
	free(big);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(ref_pool), 0);
	heap_pool_free(pool);
	heap_pool_free(ref_pool);
}

static struct isla_tcp_conn *
client(void)
{
	struct isla_tcp_conn *c = fake_connect(stack, 80);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

static void
say(struct isla_tcp_conn *c, const char *text)
{
	fake_feed(c, text, strlen(text), 0);
	fake_burst(stack);
}

/* Read all that comes until nothing more does. */
static const char *
hear(struct isla_tcp_conn *c)
{
	int quiet = 0;

	while (quiet < 2) {
		quiet = fake_read(c, SIZE_MAX) == 0 ? quiet + 1 : 0;
		fake_burst(stack);
	}
	return fake_text(c);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool
has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static const char *
body_of(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

/* The length that a response announces is the length that it has. */
static void
check_length(const char *text)
{
	const char *field = strstr(text, "Content-Length: ");

	CU_ASSERT_PTR_NOT_NULL_FATAL(field);
	CU_ASSERT_EQUAL(strtoul(field + 16, NULL, 10), strlen(body_of(text)));
}

static void
a_page_is_served_byte_for_byte(void)
{
	struct isla_tcp_conn *c = client();

	CU_ASSERT_TRUE(fake_is_nodelay(c));
	say(c, GET("/a.txt"));
	CU_ASSERT_STRING_EQUAL(hear(c),
		"HTTP/1.1 200 OK\r\nServer: T\r\n" DATE
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Last-Modified: Sun, 06 Nov 1994 08:36:40 GMT\r\n"
		"Accept-Ranges: bytes\r\n"
		"Content-Length: 10\r\n\r\n0123456789");
	CU_ASSERT_FALSE(fake_got_fin(c));
	CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_HTTP_REQUESTS], 1);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_HTTP_ERRORS], 0);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_PAYLOAD_BYTES_COPIED], 0);
}

static void
a_connection_is_kept_and_dates_go_on(void)
{
	struct isla_tcp_conn *c = client();
	int i;

	for (i = 0; i < 3; i++) {
		fake_text_clear(c);
		say(c, GET("/"));
		CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 200 OK\r\n"));
		CU_ASSERT_TRUE(has(fake_text(c), "<title>Project Isla</title>"));
		check_length(fake_text(c));
		fake_advance(stack, 1000000);
	}
	CU_ASSERT_TRUE(has(fake_text(c), "Date: Sun, 06 Nov 1994 08:49:39 GMT\r\n"));
	say(c, "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	CU_ASSERT_TRUE(has(hear(c), "Connection: close\r\n"));
	CU_ASSERT_TRUE(fake_got_fin(c));
	CU_ASSERT_TRUE(fake_is_closed(c));
}

static void
http10_closes_unless_asked(void)
{
	struct isla_tcp_conn *c = client();

	say(c, "GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	CU_ASSERT_TRUE(has(hear(c), "Connection: keep-alive\r\n"));
	CU_ASSERT_FALSE(fake_got_fin(c));
	fake_text_clear(c);
	say(c, "GET /a.txt HTTP/1.0\r\n\r\n");
	CU_ASSERT_TRUE(has(hear(c), "Connection: close\r\n"));
	CU_ASSERT_TRUE(fake_got_fin(c));
}

struct exchange {
	const char *request;
	const char *status;
	const char *part;   /* that the response has, or NULL */
	bool closes;
	bool bare;          /* no body, whatever Content-Length says */
};

#define R(line, fields) line " HTTP/1.1\r\nHost: a\r\n" fields "\r\n"

static const struct exchange exchanges[] = {
	{R("GET /none", ""), "404 Not Found", "<h1>404 Not Found</h1>", false, false},
	{R("GET /d", ""), "301 Moved Permanently", "Location: /d/\r\n", false, false},
	{R("GET /a%20b?x=%20y", ""), "301 Moved Permanently", "Location: /a%20b/?x=%20y\r\n", false,
		false},
	{R("GET /d/", ""), "200 OK", "\r\n\r\nindex", false, false},
	{R("GET /d/../a.txt?q", ""), "200 OK", "0123456789", false, false},
	{R("GET http://b/a.txt", ""), "200 OK", "0123456789", false, false},
	{R("GET /../a.txt", ""), "400 Bad Request", NULL, false, false},
	{R("GET /%00", ""), "400 Bad Request", NULL, false, false},
	{R("GET /%zz", ""), "400 Bad Request", NULL, false, false},
	{R("GET /empty.txt", ""), "200 OK", "Content-Length: 0\r\n\r\n", false, false},
	{R("HEAD /a.txt", ""), "200 OK", "Content-Length: 10\r\n", false, true},
	{R("HEAD /none", ""), "404 Not Found", "Content-Length: ", false, true},
	{R("POST /", "Content-Length: 0\r\n"), "405 Method Not Allowed", "Allow: GET, HEAD\r\n",
		false, false},
	{R("OPTIONS *", ""), "405 Method Not Allowed", "Allow: GET, HEAD\r\n", false, false},
	{R("CONNECT a:1", ""), "405 Method Not Allowed", "Allow: GET, HEAD\r\n", false, false},
	{R("BREW /", ""), "501 Not Implemented", NULL, false, false},
	{R("GET /", "Transfer-Encoding: gzip\r\n"), "501 Not Implemented", NULL, true, false},
	{R("GET /", "Expect: tea\r\n"), "417 Expectation Failed", NULL, false, false},
	{"GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported", NULL, true, false},
	{"GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "Connection: close\r\n", true, false},
	{"\x16\x03\x01", "400 Bad Request", NULL, true, false},
	{R("GET /", "Content-Length: 1\r\nContent-Length: 2\r\n"), "400 Bad Request", NULL, true,
		false},
	{R("POST /", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n") "x", "400 Bad Request",
		NULL, true, false},
	{R("POST /", "Content-Length: 65537\r\n"), "413 Content Too Large", NULL, true, false},
	{R("POST /", "Content-Length: 5\r\nExpect: 100-continue\r\n"), "405 Method Not Allowed",
		"Connection: close\r\n", true, false},
	{R("GET /a.txt", "Expect: 100-continue\r\n"), "200 OK", "0123456789", false, false},
	{R("GET /", "If-Match: \"x\"\r\n"), "412 Precondition Failed", NULL, false, false},
	{R("GET /a.txt", "If-Match: *\r\n"), "200 OK", NULL, false, false},
	{R("GET /a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:36:39 GMT\r\n"),
		"412 Precondition Failed", NULL, false, false},
	{R("GET /a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:36:40 GMT\r\n"), "200 OK", NULL,
		false, false},
	{R("GET /a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:36:40 GMT\r\n"),
		"304 Not Modified", "Last-Modified: Sun, 06 Nov 1994 08:36:40 GMT\r\n\r\n", false,
		true},
	{R("GET /a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:36:39 GMT\r\n"), "200 OK", NULL,
		false, false},
	{R("GET /a.txt", "If-Modified-Since: nonsense\r\n"), "200 OK", NULL, false, false},
	{R("GET /a.txt",
		 "If-None-Match: \"x\"\r\n"
		 "If-Modified-Since: Sun, 06 Nov 1994 08:36:40 GMT\r\n"),
		"200 OK", NULL, false, false},
	{R("GET /a.txt", "Range: bytes=2-4\r\n"), "206 Partial Content",
		"Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234", false, false},
	{R("GET /a.txt", "Range: bytes=7-\r\n"), "206 Partial Content",
		"Content-Range: bytes 7-9/10\r\nContent-Length: 3\r\n\r\n789", false, false},
	{R("GET /a.txt", "Range: bytes=-1\r\n"), "206 Partial Content",
		"Content-Range: bytes 9-9/10\r\nContent-Length: 1\r\n\r\n9", false, false},
	{R("GET /a.txt", "Range: bytes=10-\r\n"), "416 Range Not Satisfiable",
		"Content-Range: bytes */10\r\n", false, false},
	{R("GET /a.txt", "Range: bytes=0-1,3-4\r\n"), "200 OK", "0123456789", false, false},
	{R("HEAD /a.txt", "Range: bytes=0-1\r\n"), "200 OK", "Content-Length: 10\r\n", false, true},
	{R("GET /a.txt", "Range: bytes=2-4\r\nIf-Range: Sun, 06 Nov 1994 08:36:40 GMT\r\n"),
		"206 Partial Content", "\r\n\r\n234", false, false},
	{R("GET /a.txt", "Range: bytes=2-4\r\nIf-Range: Sun, 06 Nov 1994 08:36:41 GMT\r\n"),
		"200 OK", "0123456789", false, false},
	{R("GET /a.txt", "Range: bytes=2-4\r\nIf-Range: \"x\"\r\n"), "200 OK", "0123456789", false,
		false},
};

static void
check_exchange(const struct exchange *x)
{
	struct isla_tcp_conn *c = client();
	const char *text;

	say(c, x->request);
	text = hear(c);
	if (!begins(text, "HTTP/1.1 ") || !begins(text + 9, x->status) ||
		(x->part != NULL && !has(text, x->part))) {
		CU_FAIL("not the response that is due");
		printf("\n  to %s  came %s", x->request, text);
	}
	CU_ASSERT_TRUE(has(text, "\r\nServer: T\r\n" DATE));
	CU_ASSERT_EQUAL(fake_got_fin(c), x->closes);
	CU_ASSERT_EQUAL(has(text, "Connection: close\r\n"), x->closes);
	if (x->bare) {
		CU_ASSERT_STRING_EQUAL(body_of(text), "");
	} else {
		check_length(text);
	}
	if (!x->closes) {
		/* The connection is still in step. */
		fake_text_clear(c);
		say(c, GET("/d/"));
		CU_ASSERT_STRING_EQUAL(body_of(hear(c)), "index");
	}
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_closed(c));
}

static void
each_request_gets_the_status_that_is_due(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(exchanges); i++)
		check_exchange(&exchanges[i]);
}

static void
lengths_beyond_the_limits_get_414_and_431(void)
{
	char text[2048];
	struct isla_tcp_conn *c = client();
	int n;

	n = sprintf(text, "GET /%0200d HTTP/1.1\r\nHost: a\r\n\r\n", 1);
	fake_feed(c, text, (size_t)n, 0);
	fake_burst(stack);
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 414 "));
	CU_ASSERT_TRUE(fake_got_fin(c));
	/* Without an end in sight. */
	c = client();
	memset(text, 'a', 300);
	fake_feed(c, text, 300, 7);
	fake_burst(stack);
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 414 "));
	c = client();
	n = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: %01500d", 1);
	fake_feed(c, text, (size_t)n, 0);
	fake_burst(stack);
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 431 "));
	CU_ASSERT_TRUE(fake_got_fin(c));
}

static void
a_head_may_come_in_any_pieces(void)
{
	static const char req[] = "\r\n" R("GET /a.txt", "X: yz\r\n") R("GET /d/", "");
	size_t len = sizeof(req) - 1, a, b;
	unsigned int bad = 0;

	for (a = 1; a < len; a += 1) {
		for (b = a; b < len; b += 3) {
			struct isla_tcp_conn *c = client();
			const char *text;

			fake_feed(c, req, a, 0);
			if (b % 2 == 0)
				fake_burst(stack);
			fake_feed(c, req + a, b - a, 0);
			if (b % 5 != 0)
				fake_burst(stack);
			fake_feed(c, req + b, len - b, 0);
			fake_burst(stack);
			text = hear(c);
			bad += !has(text, "0123456789HTTP/1.1 200 OK");
			bad += !has(text, "\r\n\r\nindex");
			bad += fake_unconsumed(c) != 0;
			fake_fin(c);
			fake_burst(stack);
			bad += !fake_is_closed(c);
		}
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void
bytes_one_by_one_do_not_hold_many_mbufs(void)
{
	struct isla_tcp_conn *c = client();
	char text[1024];
	int i, n = sprintf(text, "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: %0900d\r\n\r\n", 1);
	uint32_t most = 0;

	for (i = 0; i < n; i++) {
		fake_feed(c, text + i, 1, 0);
		fake_burst(stack);
		if (i < n - 1)
			most = RTE_MAX(most, heap_pool_in_use(pool));
	}
	CU_ASSERT_TRUE(most <= 9);
	CU_ASSERT_TRUE(has(hear(c), "0123456789"));
	CU_ASSERT_TRUE(stack_core(stack)->stats.counter[ISLA_C_PAYLOAD_BYTES_COPIED] > 0);
}

static void
pipelined_requests_are_answered_in_order(void)
{
	struct isla_tcp_conn *c = client();
	char text[200 * 64];
	const char *p;
	size_t n = 0;
	int i;

	for (i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n",
			i % 2 == 0 ? "a.txt" : "d/");
	fake_feed(c, text, n, 100);
	fake_burst(stack);
	/* Not all in one burst. */
	CU_ASSERT_TRUE(stack_core(stack)->stats.counter[ISLA_C_HTTP_REQUESTS] < 50);
	fake_advance(stack, 10000);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_HTTP_REQUESTS], 200);
	p = hear(c);
	for (i = 0; i < 200; i++) {
		p = strstr(p, "\r\n\r\n");
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		p += 4;
		CU_ASSERT_TRUE(begins(p, i % 2 == 0 ? "0123456789" : "index"));
		p += i % 2 == 0 ? 10 : 5;
	}
	CU_ASSERT_STRING_EQUAL(p, "");
}

/* From its first byte until TCP has all of the answer; 0 where that is one burst. */
static void
the_time_a_request_takes_is_counted(void)
{
	const struct isla_hist *h = &stack_core(stack)->hists.hist[ISLA_HIST_HTTP_LATENCY];
	struct isla_tcp_conn *c = client();

	say(c, GET("/a.txt"));
	CU_ASSERT_EQUAL(h->nb, 1);
	CU_ASSERT_EQUAL(h->max, 0);
	fake_advance(stack, 1000000);
	say(c, "GET /a.txt HT");
	fake_advance(stack, 3000);
	CU_ASSERT_EQUAL(h->nb, 1);
	say(c, "TP/1.1\r\nHost: a\r\n\r\n");
	CU_ASSERT_EQUAL(h->nb, 2);
	CU_ASSERT_TRUE(h->max >= 3000 && h->max < 10000);
	/* What does not fit into TCP's queue is not sent yet. */
	fake_set_sndbuf(c, 50000);
	say(c, GET("/big"));
	CU_ASSERT_EQUAL(h->nb, 2);
	fake_advance(stack, 50000);
	hear(c);
	CU_ASSERT_EQUAL(h->nb, 3);
	CU_ASSERT_TRUE(h->max >= 50000 && h->max < 100000);
}

static void
a_half_closed_client_gets_all_its_answers(void)
{
	struct isla_tcp_conn *c = client();

	fake_set_sndbuf(c, 50000);
	fake_feed(c, GET("/big") GET("/a.txt"), strlen(GET("/big") GET("/a.txt")), 0);
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_FALSE(fake_is_closed(c));
	hear(c);
	CU_ASSERT_TRUE(fake_got_fin(c));
	CU_ASSERT_TRUE(fake_is_closed(c));
	CU_ASSERT_TRUE(fake_len(c) > BIG_LEN + 10);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_HTTP_REQUESTS], 2);
}

static void
a_large_body_goes_out_as_there_is_room(void)
{
	struct isla_tcp_conn *c = client();
	const char *text;
	uint32_t refs;

	fake_set_sndbuf(c, 20000);
	say(c, GET("/big"));
	CU_ASSERT_EQUAL(fake_sndq(c), 20000);
	while (fake_read(c, 1 + fake_len(c) % 7000) > 0)
		fake_burst(stack);
	text = body_of(fake_text(c));
	CU_ASSERT_EQUAL(fake_len(c) - (uint64_t)(text - fake_text(c)), BIG_LEN);
	CU_ASSERT_EQUAL(memcmp(text, big, BIG_LEN), 0);
	refs = heap_pool_in_use(ref_pool);
	CU_ASSERT_EQUAL(refs, 0);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_PAYLOAD_BYTES_COPIED], 0);
}

static void
one_gibibyte_is_counted_right(void)
{
	struct isla_tcp_conn *c = client();
	uint64_t head;

	fake_set_count_only(c);
	say(c, "HEAD /huge HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(c);
	head = fake_len(c);
	say(c, GET("/huge"));
	hear(c);
	CU_ASSERT_EQUAL(fake_len(c), 2 * head + HUGE_LEN);
	fake_fin(c);
	fake_burst(stack);
	c = client();
	say(c, "GET /huge HTTP/1.1\r\nHost: a\r\nRange: bytes=1073741822-\r\n\r\n");
	CU_ASSERT_TRUE(has(hear(c), "Content-Range: bytes 1073741822-1073741823/1073741824\r\n"
		"Content-Length: 2\r\n"));
}

static void
bodies_of_requests_are_passed_over(void)
{
	static const char chunked[] = R("POST /", "Transfer-Encoding: chunked\r\n")
		"5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n";
	struct isla_tcp_conn *c = client();
	size_t i;

	say(c, R("GET /a.txt", "Content-Length: 10\r\n") "GET /");
	CU_ASSERT_STRING_EQUAL(hear(c), "");
	say(c, "12345" GET("/d/"));
	CU_ASSERT_TRUE(has(hear(c), "0123456789HTTP/1.1 200 OK"));
	CU_ASSERT_TRUE(has(fake_text(c), "\r\n\r\nindex"));
	for (i = 0; i < 2; i++) {
		fake_text_clear(c);
		fake_feed(c, chunked, sizeof(chunked) - 1, i == 0 ? 0 : 1);
		fake_burst(stack);
		CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 405 "));
		CU_ASSERT_FALSE(fake_got_fin(c));
	}
	fake_text_clear(c);
	say(c, R("POST /", "Transfer-Encoding: chunked\r\n") "5\r\nhelloX");
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 400 "));
	CU_ASSERT_TRUE(fake_got_fin(c));
}

static void
a_chunked_body_without_end_gets_413(void)
{
	struct isla_tcp_conn *c = client();
	char chunk[1024];
	int i, n = sprintf(chunk, "3e8\r\n%01000d\r\n", 1);

	say(c, R("POST /", "Transfer-Encoding: chunked\r\n"));
	for (i = 0; i < 66 && !fake_is_closed(c); i++) {
		fake_feed(c, chunk, (size_t)n, 0);
		fake_burst(stack);
	}
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 413 "));
	CU_ASSERT_TRUE(fake_got_fin(c));
}

static void
an_error_lingers_so_that_it_can_be_read(void)
{
	struct isla_tcp_conn *c = client();
	int i;

	say(c, R("POST /", "Content-Length: 900000\r\n"));
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 413 "));
	CU_ASSERT_TRUE(fake_got_fin(c));
	CU_ASSERT_FALSE(fake_is_closed(c));
	/* What still comes is thrown away, and the window stays open. */
	for (i = 0; i < 100; i++) {
		fake_feed(c, big, 9000, 0);
		fake_burst(stack);
		CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	}
	CU_ASSERT_FALSE(fake_is_closed(c));
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_closed(c));
}

static void
lingering_is_bounded_in_time_and_bytes(void)
{
	struct isla_tcp_conn *c = client();
	int i;

	say(c, "\x16");
	CU_ASSERT_FALSE(fake_is_closed(c));
	fake_advance(stack, 4900000);
	CU_ASSERT_FALSE(fake_is_closed(c));
	fake_advance(stack, 200000);
	CU_ASSERT_TRUE(fake_is_closed(c));
	c = client();
	say(c, "\x16");
	for (i = 0; i < 500 && !fake_is_closed(c); i++) {
		fake_feed(c, big, 10000, 0);
		fake_burst(stack);
	}
	CU_ASSERT_EQUAL(i, 420);
}

static void
idle_connections_are_closed_in_time(void)
{
	struct isla_tcp_conn *c = client(), *d = client();

	fake_advance(stack, 59000000);
	say(d, GET("/a.txt"));
	hear(d);
	CU_ASSERT_FALSE(fake_is_closed(c));
	fake_advance(stack, 1100000);
	CU_ASSERT_TRUE(fake_is_closed(c));
	CU_ASSERT_EQUAL(fake_len(c), 0);
	CU_ASSERT_FALSE(fake_is_closed(d));
	fake_advance(stack, 59000000);
	CU_ASSERT_TRUE(fake_is_closed(d));
}

static void
a_head_that_takes_too_long_gets_408(void)
{
	struct isla_tcp_conn *c = client();
	int i;

	fake_advance(stack, 30000000);
	/* A byte now and then does not help. */
	for (i = 0; i < 9; i++) {
		say(c, "G");
		fake_advance(stack, 1000000);
	}
	CU_ASSERT_EQUAL(fake_sndq(c), 0);
	fake_advance(stack, 1100000);
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 408 "));
	CU_ASSERT_TRUE(fake_got_fin(c));
	/* A body that takes too long, too. */
	c = client();
	say(c, R("POST /", "Content-Length: 10\r\n") "12345");
	fake_advance(stack, 10100000);
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 408 "));
}

static void
a_reader_that_stops_is_reset_and_a_slow_one_is_not(void)
{
	struct isla_tcp_conn *slow = client(), *stopped = client();
	int i;

	say(slow, GET("/big"));
	say(stopped, GET("/big"));
	for (i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(fake_read(slow, 1000), 1000);
		fake_advance(stack, 50000000);
	}
	CU_ASSERT_FALSE(fake_is_aborted(slow));
	CU_ASSERT_TRUE(fake_is_aborted(stopped));
	CU_ASSERT_EQUAL(hear(slow) != NULL, true);
	CU_ASSERT_EQUAL(memcmp(body_of(fake_text(slow)), big, BIG_LEN), 0);
}

static void
an_idle_client_whose_response_is_unread_is_not_kept(void)
{
	struct isla_tcp_conn *slow = client(), *stopped = client();

	/* All of it fits TCP's queue, so the server itself waits for the next request. */
	say(slow, GET("/a.txt"));
	say(stopped, GET("/a.txt"));
	fake_read(slow, 10);
	fake_advance(stack, 61000000);
	CU_ASSERT_FALSE(fake_is_aborted(slow) || fake_is_closed(slow));
	CU_ASSERT_TRUE(fake_is_aborted(stopped));
	hear(slow);
	fake_advance(stack, 61000000);
	CU_ASSERT_TRUE(fake_is_closed(slow));
}

static void
a_dry_pool_delays_and_loses_nothing(void)
{
	struct isla_tcp_conn *c = client();

	fake_feed(c, GET("/a.txt") GET("/d/"), strlen(GET("/a.txt") GET("/d/")), 0);
	heap_pool_set_limit(pool, heap_pool_in_use(pool));
	fake_burst(stack);
	fake_advance(stack, 100000);
	CU_ASSERT_EQUAL(fake_sndq(c), 0);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_HTTP_REQUESTS], 0);
	heap_pool_set_limit(pool, 2048);
	fake_advance(stack, 10000);
	CU_ASSERT_TRUE(has(hear(c), "0123456789HTTP/1.1 200 OK"));
	CU_ASSERT_TRUE(has(fake_text(c), "\r\n\r\nindex"));
	/* The references run out in the middle of a body. */
	fake_text_clear(c);
	heap_pool_set_limit(ref_pool, 1);
	say(c, GET("/big"));
	fake_read(c, SIZE_MAX);
	heap_pool_set_limit(ref_pool, 0);
	fake_advance(stack, 100000);
	heap_pool_set_limit(ref_pool, 100);
	fake_set_enobufs(stack, 3);
	fake_advance(stack, 100000);
	CU_ASSERT_EQUAL(memcmp(body_of(hear(c)), big, BIG_LEN), 0);
	/* An error response needs an mbuf, too. */
	fake_feed(c, "\x16", 1, 0);
	heap_pool_set_limit(pool, heap_pool_in_use(pool));
	fake_text_clear(c);
	fake_burst(stack);
	heap_pool_set_limit(pool, 0);
	fake_advance(stack, 100000);
	heap_pool_set_limit(pool, 2048);
	fake_advance(stack, 10000);
	CU_ASSERT_TRUE(begins(hear(c), "HTTP/1.1 400 "));
}

static void
a_pool_that_stays_dry_costs_the_connection(void)
{
	struct isla_tcp_conn *c = client();

	say(c, "\x16");
	c = client();
	fake_feed(c, GET("/a.txt"), strlen(GET("/a.txt")), 0);
	heap_pool_set_limit(pool, 0);
	fake_burst(stack);
	fake_advance(stack, 25000000);
	CU_ASSERT_TRUE(fake_is_aborted(c));
	heap_pool_set_limit(pool, 2048);
}

static void
requests_that_wait_cannot_take_the_whole_pool(void)
{
	struct isla_tcp_conn *c[3];
	char text[700];
	unsigned int i;

	/* Requests in many mbufs behind a response that does not get out: a quarter of the pool at
	 * most is held so. */
	memset(text, '\n', sizeof(text));
	memcpy(text, GET("/big"), strlen(GET("/big")));
	for (i = 0; i < 3; i++) {
		c[i] = client();
		fake_set_sndbuf(c[i], 1000);
		fake_feed(c[i], text, i < 2 ? 280 : 100, 1);
		fake_burst(stack);
	}
	CU_ASSERT_FALSE(fake_is_aborted(c[0]) || fake_is_aborted(c[1]));
	CU_ASSERT_TRUE(fake_is_aborted(c[2]));
	CU_ASSERT_TRUE(heap_pool_in_use(pool) < 512 + 8);
	/* What a client took back is free for the others. */
	fake_reset(c[0], ECONNRESET);
	c[0] = client();
	fake_set_sndbuf(c[0], 1000);
	fake_feed(c[0], text, 280, 1);
	fake_burst(stack);
	CU_ASSERT_FALSE(fake_is_aborted(c[0]));
}

static void
the_table_of_clients_is_bounded(void)
{
	struct isla_tcp_conn *c[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		c[i] = client();
	CU_ASSERT_PTR_NULL(fake_connect(stack, 80));
	fake_reset(c[1], ECONNRESET);
	c[1] = client();
	say(c[1], GET("/a.txt"));
	CU_ASSERT_TRUE(has(hear(c[1]), "0123456789"));
}

static void
a_reset_frees_everything_at_any_point(void)
{
	static const char *const starts[] = {"", "GET /", GET("/a.txt"), GET("/big"), "\x16",
		R("POST /", "Content-Length: 10\r\n") "123", GET("/big") GET("/big")};
	size_t i;

	for (i = 0; i < RTE_DIM(starts); i++) {
		struct isla_tcp_conn *c = client();

		fake_set_sndbuf(c, 5000);
		say(c, starts[i]);
		fake_reset(c, i % 2 == 0 ? ECONNRESET : ETIMEDOUT);
		c = client();
		fake_set_sndbuf(c, 5000);
		say(c, starts[i]);
		fake_fin(c);
		fake_burst(stack);
		hear(c);
		CU_ASSERT_TRUE(fake_is_closed(c));
	}
	/* teardown sees whether anything was left behind */
}

static void
references_may_outlive_the_server(void)
{
	struct isla_tcp_conn *c = client();

	say(c, GET("/big"));
	isla_http_server_free(server);
	server = NULL;
	CU_ASSERT_TRUE(fake_is_closed(c));
	CU_ASSERT_TRUE(heap_pool_in_use(ref_pool) > 0);
	/* Closed, but what is queued is still sent. */
	fake_read(c, SIZE_MAX);
	CU_ASSERT_EQUAL(memcmp(body_of(fake_text(c)), big, 200000), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(ref_pool), 0);
}

/* A listener of another service that hands its connections over. */
static int
other_accept(struct isla_tcp_conn *conn, void *arg)
{
	RTE_SET_USED(conn);
	RTE_SET_USED(arg);
	return 0;
}

static void
other_readable(struct isla_tcp_conn *conn, void *ctx)
{
	struct rte_mbuf *m = isla_tcp_recv(conn);

	RTE_SET_USED(ctx);
	if (isla_http_server_adopt(server, conn, m) != 0) {
		isla_tcp_abort(conn);
		rte_pktmbuf_free(m);
	}
}

static void
an_adopted_connection_gets_one_answer(void)
{
	static const struct isla_tcp_ops ops = {.accept = other_accept, .readable = other_readable};
	struct isla_tcp_listener *l = isla_tcp_listen(isla_stack_tcp(stack), &isla_addr_any, 99, 1,
		&ops, NULL, NULL);
	struct isla_tcp_conn *c = fake_connect(stack, 99);
	int i;

	say(c, "GET /a.t");
	say(c, "xt HTTP/1.1\r\nHost: a\r\n\r\n" GET("/d/"));
	CU_ASSERT_TRUE(has(hear(c), "Connection: close\r\n"));
	CU_ASSERT_TRUE(has(fake_text(c), "0123456789"));
	CU_ASSERT_FALSE(has(fake_text(c), "index"));
	CU_ASSERT_TRUE(fake_got_fin(c));
	CU_ASSERT_TRUE(fake_is_nodelay(c));
	CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	for (i = 0; i < 2; i++)
		client();
	c = fake_connect(stack, 99);
	say(c, GET("/"));
	CU_ASSERT_TRUE(fake_is_aborted(c));
	isla_tcp_unlisten(l);
}

static void
what_cannot_be_is_refused(void)
{
	struct isla_http_conf conf = {.site = NULL};

	CU_ASSERT_PTR_NULL(isla_http_server_create(stack, &conf));
	conf.site = site;
	conf.server = "evil\r\nX: y";
	CU_ASSERT_PTR_NULL(isla_http_server_create(stack, &conf));
	CU_ASSERT_EQUAL(isla_http_server_listen(server, &isla_addr_any, 80), -EADDRINUSE);
	CU_ASSERT_EQUAL(isla_http_server_listen(server, &isla_addr_any, 0), -EINVAL);
	CU_ASSERT_EQUAL(isla_http_server_listen(server, &isla_addr_any, 81), 0);
	isla_http_server_free(NULL);
}

static void
the_server_names_itself(void)
{
	struct isla_http_conf conf = {.site = site};
	struct isla_http_server *other = isla_http_server_create(stack, &conf);
	struct isla_tcp_conn *c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(other);
	CU_ASSERT_EQUAL(isla_http_server_listen(other, &isla_addr_any, 8080), 0);
	c = fake_connect(stack, 8080);
	say(c, GET("/"));
	CU_ASSERT_TRUE(has(hear(c), "\r\nServer: Isla/"));
	isla_http_server_free(other);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_page_is_served_byte_for_byte),
	SUITE_TEST(a_connection_is_kept_and_dates_go_on),
	SUITE_TEST(http10_closes_unless_asked),
	SUITE_TEST(each_request_gets_the_status_that_is_due),
	SUITE_TEST(lengths_beyond_the_limits_get_414_and_431),
	SUITE_TEST(a_head_may_come_in_any_pieces),
	SUITE_TEST(bytes_one_by_one_do_not_hold_many_mbufs),
	SUITE_TEST(pipelined_requests_are_answered_in_order),
	SUITE_TEST(the_time_a_request_takes_is_counted),
	SUITE_TEST(a_half_closed_client_gets_all_its_answers),
	SUITE_TEST(a_large_body_goes_out_as_there_is_room),
	SUITE_TEST(one_gibibyte_is_counted_right),
	SUITE_TEST(bodies_of_requests_are_passed_over),
	SUITE_TEST(a_chunked_body_without_end_gets_413),
	SUITE_TEST(an_error_lingers_so_that_it_can_be_read),
	SUITE_TEST(lingering_is_bounded_in_time_and_bytes),
	SUITE_TEST(idle_connections_are_closed_in_time),
	SUITE_TEST(a_head_that_takes_too_long_gets_408),
	SUITE_TEST(a_reader_that_stops_is_reset_and_a_slow_one_is_not),
	SUITE_TEST(an_idle_client_whose_response_is_unread_is_not_kept),
	SUITE_TEST(a_dry_pool_delays_and_loses_nothing),
	SUITE_TEST(a_pool_that_stays_dry_costs_the_connection),
	SUITE_TEST(requests_that_wait_cannot_take_the_whole_pool),
	SUITE_TEST(the_table_of_clients_is_bounded),
	SUITE_TEST(a_reset_frees_everything_at_any_point),
	SUITE_TEST(references_may_outlive_the_server),
	SUITE_TEST(an_adopted_connection_gets_one_answer),
	SUITE_TEST(what_cannot_be_is_refused),
	SUITE_TEST(the_server_names_itself),
};

int
main(void)
{
	return suite_run("http_server", tests, RTE_DIM(tests), setup, teardown);
}
