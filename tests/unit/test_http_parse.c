/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Request heads, paths, bodies, ranges and dates. Input is always copied to the end of an
 * allocation of its exact size, so that a sanitizer sees every byte read too many.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "http_parse.h"
#include "isla_http.h"
#include "suite.h"

static const struct http_limits limits = {.max_head_bytes = 512, .max_target_bytes = 128};

static char *
exact(const char *text, size_t len)
{
	char *mem = malloc(len > 0 ? len : 1);

	memcpy(mem, text, len);
	return mem;
}

/* Scan a head in one piece and parse it; the answer is the status, or -1 where it is not complete.
 */
static int
parse(const char *text, size_t len, struct http_request *req, char **mem)
{
	struct http_scan scan = {0};
	char *head = exact(text, len);
	int status = -1;

	*mem = head;
	switch (http_scan_feed(&scan, &limits, head, (uint32_t)len)) {
	case HTTP_MORE:
		break;
	case HTTP_BAD:
		status = scan.status;
		break;
	case HTTP_DONE:
		status = (int)http_parse_head(head + scan.skip, scan.len - scan.skip, &limits, req);
		break;
	}
	return status;
}

static int
status_of(const char *text)
{
	struct http_request req;
	char *mem;
	int status = parse(text, strlen(text), &req, &mem);

	free(mem);
	return status;
}

struct head_case {
	const char *head;
	int status;
};

#define H "Host: a\r\n"

static const struct head_case request_lines[] = {
	{"GET / HTTP/1.1\r\n" H "\r\n", 0},
	{"GET / HTTP/1.1\n" "Host: a\n" "\n", 0}, /* lone LF: RFC 9112, 2.2 */
	{"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 0},
	{"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400},
	{"GET / HTTP/1.0\r\n\r\n", 0},
	{"GET / HTTP/1.7\r\n" H "\r\n", 0},
	{"GET / HTTP/2.0\r\n" H "\r\n", 505},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
	{"GET / HTTP/0.9\r\n\r\n", 505},
	{"GET / HTTP/1.10\r\n" H "\r\n", 400},
	{"GET / HTTP/11\r\n" H "\r\n", 400},
	{"GET / http/1.1\r\n" H "\r\n", 400},
	{"GET / HTTP/1.1 \r\n" H "\r\n", 400},
	{"GET /\r\n\r\n", 400},
	{"GET\r\n\r\n", 400},
	{"GET  / HTTP/1.1\r\n" H "\r\n", 400},
	{"GET /  HTTP/1.1\r\n" H "\r\n", 400},
	{"GET\t/ HTTP/1.1\r\n" H "\r\n", 400},
	{" GET / HTTP/1.1\r\n" H "\r\n", 400},
	{"G(T / HTTP/1.1\r\n" H "\r\n", 400},
	{"GET / HTTP/1.1\rx\n" H "\r\n", 400},
	{"GET /a b HTTP/1.1\r\n" H "\r\n", 400},
	{"GET /a\x01 HTTP/1.1\r\n" H "\r\n", 400},
	{"GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 400},
	{"GET /#top HTTP/1.1\r\n" H "\r\n", 400},
	{"GET a HTTP/1.1\r\n" H "\r\n", 400},
	{"GET * HTTP/1.1\r\n" H "\r\n", 400},
	{"OPTIONS * HTTP/1.1\r\n" H "\r\n", 0},
	{"OPTIONS / HTTP/1.1\r\n" H "\r\n", 0},
	{"CONNECT a:80 HTTP/1.1\r\n" H "\r\n", 0},
	{"CONNECT / HTTP/1.1\r\n" H "\r\n", 400},
	{"GET http://a/b HTTP/1.1\r\n" H "\r\n", 0},
	{"GET HTTP://a:80?q HTTP/1.1\r\n" H "\r\n", 0},
	{"GET http:///b HTTP/1.1\r\n" H "\r\n", 400},
	{"GET http://u@a/b HTTP/1.1\r\n" H "\r\n", 400},
	{"GET ftp://a/b HTTP/1.1\r\n" H "\r\n", 400},
	{"GET http:/a HTTP/1.1\r\n" H "\r\n", 400},
	{"GET http HTTP/1.1\r\n" H "\r\n", 400},
	{"\x16\x03\x01\x02", 400}, /* a TLS hello, at once */
	{"\r", -1},
	{"\rGET / HTTP/1.1\r\n" H "\r\n", 400},
	{"", -1},
};

static const struct head_case field_lines[] = {
	{"GET / HTTP/1.1\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H H "\r\n", 400},
	{"GET / HTTP/1.0\r\n" H H "\r\n", 400},
	{"GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\nHOST:[::1]:8080\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A : b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n A: b\r\n" H "\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A: b\rc\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A: b\r\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A: b\x7f\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "A:\t b \xff\t \r\nB:\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 5, 6\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: \r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 18446744073709551621\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: , Chunked ,\r\n\r\n", 0},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\nA : b\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 400},
	{"GET / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "Range: bytes=0-1\r\nRange: bytes=0-1\r\n\r\n", 400},
	{"GET / HTTP/1.1\r\n" H "\r\n", 0},
	{"GET / HTTP/1.1\r\n" H, -1},
};

static void
heads_are_accepted_or_refused_by_the_grammar(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(request_lines); i++) {
		int status = status_of(request_lines[i].head);

		CU_ASSERT_EQUAL(status, request_lines[i].status);
		if (status != request_lines[i].status)
			printf("\n  %d, not %d: %s", status, request_lines[i].status,
				request_lines[i].head);
	}
	for (i = 0; i < RTE_DIM(field_lines); i++) {
		int status = status_of(field_lines[i].head);

		CU_ASSERT_EQUAL(status, field_lines[i].status);
		if (status != field_lines[i].status)
			printf("\n  %d, not %d: %s", status, field_lines[i].status,
				field_lines[i].head);
	}
}

static void
nul_is_refused_everywhere(void)
{
	static const char head[] = "GET /ab HTTP/1.1\r\nHost: a\r\nAb: cd\r\n\r\n";
	size_t i;

	for (i = 0; i < sizeof(head) - 1; i++) {
		struct http_request req;
		char bad[sizeof(head)], *mem;
		int status;

		memcpy(bad, head, sizeof(head));
		bad[i] = '\0';
		status = parse(bad, sizeof(head) - 1, &req, &mem);
		/* In the last line's place the head only does not end. */
		CU_ASSERT_TRUE(status == 400 || (status == -1 && i >= sizeof(head) - 4));
		free(mem);
	}
}

/* Every way to cut the input into three pieces, empty ones among them, must say the same. */
static void
check_splits(const char *text, enum http_progress want, uint32_t want_len)
{
	size_t len = strlen(text), a, b;

	for (a = 0; a <= len; a++) {
		for (b = a; b <= len; b++) {
			size_t cut[4] = {0, a, b, len};
			struct http_scan scan = {0};
			enum http_progress got = HTTP_MORE;
			int i;

			for (i = 0; i < 3 && got == HTTP_MORE; i++) {
				char *piece = exact(text + cut[i], cut[i + 1] - cut[i]);

				got = http_scan_feed(&scan, &limits, piece,
					(uint32_t)(cut[i + 1] - cut[i]));
				free(piece);
			}
			if (got != want || (want == HTTP_DONE && scan.len != want_len)) {
				CU_FAIL("a split changes the result");
				return;
			}
		}
	}
	CU_PASS("all splits agree");
}

static void
every_split_point_gives_the_same(void)
{
	static const char one[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

	check_splits("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_DONE, sizeof(one) - 1);
	check_splits("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n", HTTP_DONE,
		sizeof(one) - 1);
	check_splits("\r\n\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nrest", HTTP_DONE, sizeof(one) + 2);
	check_splits("GET /a HTTP/1.1\nHost: a\n\nrest", HTTP_DONE, sizeof(one) - 4);
	check_splits("GET /a HTTP/1.1\nHost: a\n\r\nrest", HTTP_DONE, sizeof(one) - 3);
	check_splits("GET /a HTTP/1.1\r\nHost: a\r\n\r", HTTP_MORE, 0);
	check_splits("\r\n\r\n\r\n\r\n\r\n\r\n", HTTP_BAD, 0);
}

static void
every_truncation_waits_for_more(void)
{
	static const char head[] = "GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	size_t len;

	for (len = 0; len < sizeof(head) - 1; len++) {
		struct http_request req;
		char *mem;

		CU_ASSERT_EQUAL(parse(head, len, &req, &mem), -1);
		free(mem);
		/* A parser that is given a part of a head must not run on either. */
		mem = exact(head, len);
		if (len == 0 || head[len - 1] != '\n' || len < 20)
			CU_ASSERT_EQUAL(http_parse_head(mem, (uint32_t)len, &limits, &req),
				HTTP_BAD_REQUEST);
		free(mem);
	}
}

/* A head of a target of that length, padded to head_len bytes by a field. */
static int
sized(uint32_t target_len, uint32_t head_len, bool complete)
{
	char head[2048];
	size_t n = 0;
	char *mem;
	struct http_request req;
	int status;

	n += (size_t)sprintf(head, "GET /");
	memset(head + n, 'a', target_len - 1);
	n += target_len - 1;
	n += (size_t)sprintf(head + n, " HTTP/1.1\r\nHost: a\r\nX: ");
	while (n < head_len - 4)
		head[n++] = 'x';
	memcpy(head + n, complete ? "\r\n\r\n" : "yyyy", 4);
	status = parse(head, n + 4, &req, &mem);
	free(mem);
	return status;
}

static void
limits_are_exact(void)
{
	struct http_scan scan = {0};
	char line[1024];

	CU_ASSERT_EQUAL(sized(128, 512, true), 0);
	CU_ASSERT_EQUAL(sized(129, 512, true), 414);
	CU_ASSERT_EQUAL(sized(128, 513, true), 431);
	CU_ASSERT_EQUAL(sized(10, 512, false), -1);
	CU_ASSERT_EQUAL(sized(10, 513, false), 431);
	/* A request line without an end. */
	memset(line, 'a', sizeof(line));
	CU_ASSERT_EQUAL(http_scan_feed(&scan, &limits, line, 128 + 64), HTTP_MORE);
	CU_ASSERT_EQUAL(http_scan_feed(&scan, &limits, line, 1), HTTP_BAD);
	CU_ASSERT_EQUAL(scan.status, 414);
}

static void
a_request_is_read_in_full(void)
{
	static const char head[] =
		"GET http://isla.test/a%20b?c=d HTTP/1.1\r\n"
		"host: isla.test\r\n"
		"Range: bytes=0-1\r\n"
		"If-Range: x\r\n"
		"If-Match: \"y\"\r\n"
		"If-None-Match: *\r\n"
		"If-Modified-Since:  Sun, 06 Nov 1994 08:49:37 GMT  \r\n"
		"If-Unmodified-Since: z\r\n"
		"Expect: 100-Continue\r\n"
		"Content-Length: 0012\r\n\r\n";
	struct http_request req;
	char *mem;

	CU_ASSERT_EQUAL(parse(head, sizeof(head) - 1, &req, &mem), 0);
	CU_ASSERT_EQUAL(req.method, HTTP_GET);
	CU_ASSERT_TRUE(http_str_eq(&req.path, "/a%20b", 6));
	CU_ASSERT_TRUE(http_str_eq(&req.query, "?c=d", 4));
	CU_ASSERT_TRUE(http_str_eq(&req.range, "bytes=0-1", 9));
	CU_ASSERT_TRUE(http_str_eq(&req.if_range, "x", 1));
	CU_ASSERT_TRUE(http_str_eq(&req.if_match, "\"y\"", 3));
	CU_ASSERT_TRUE(http_str_eq(&req.if_modified_since, "Sun, 06 Nov 1994 08:49:37 GMT", 29));
	CU_ASSERT_TRUE(http_str_eq(&req.if_unmodified_since, "z", 1));
	CU_ASSERT_TRUE(req.if_none_match && req.expect_continue && !req.expect_unknown);
	CU_ASSERT_TRUE(req.keep_alive && !req.is_http10 && !req.chunked);
	CU_ASSERT_EQUAL(req.content_length, 12);
	free(mem);
}

static void
absolute_form_without_a_path_asks_for_the_root(void)
{
	struct http_request req;
	char *mem;
	static const char head[] = "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n";

	CU_ASSERT_EQUAL(parse(head, sizeof(head) - 1, &req, &mem), 0);
	CU_ASSERT_TRUE(http_str_eq(&req.path, "/", 1));
	CU_ASSERT_TRUE(http_str_eq(&req.query, "?q", 2));
	free(mem);
}

static void
methods_are_told_apart(void)
{
	static const struct {
		const char *name;
		uint8_t method;
	} cases[] = {
		{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_METHOD_KNOWN},
		{"PUT", HTTP_METHOD_KNOWN}, {"DELETE", HTTP_METHOD_KNOWN},
		{"OPTIONS", HTTP_METHOD_KNOWN}, {"TRACE", HTTP_METHOD_KNOWN},
		{"PATCH", HTTP_METHOD_KNOWN}, {"get", HTTP_METHOD_UNKNOWN},
		{"GETT", HTTP_METHOD_UNKNOWN}, {"BREW", HTTP_METHOD_UNKNOWN},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct http_request req;
		char head[64], *mem;
		int n = sprintf(head, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].name);

		CU_ASSERT_EQUAL(parse(head, (size_t)n, &req, &mem), 0);
		CU_ASSERT_EQUAL(req.method, cases[i].method);
		free(mem);
		CU_ASSERT_EQUAL(isla_http_is_request(head, (uint32_t)n),
			cases[i].method != HTTP_METHOD_UNKNOWN);
	}
	CU_ASSERT_FALSE(isla_http_is_request("GET", 3));
	CU_ASSERT_FALSE(isla_http_is_request("", 0));
	CU_ASSERT_TRUE(isla_http_is_request("GET ", 4));
}

static void
persistence_follows_version_and_connection(void)
{
	static const struct {
		const char *lines;
		bool keep;
	} cases[] = {
		{"HTTP/1.1\r\n" H, true},
		{"HTTP/1.1\r\n" H "Connection: close\r\n", false},
		{"HTTP/1.1\r\n" H "Connection: x, CLOSE ,y\r\n", false},
		{"HTTP/1.1\r\n" H "Connection: keep-alive\r\nConnection: close\r\n", false},
		{"HTTP/1.1\r\n" H "Connection: closed\r\n", true},
		{"HTTP/1.0\r\n", false},
		{"HTTP/1.0\r\nConnection: Keep-Alive\r\n", true},
		{"HTTP/1.0\r\nConnection: keep-alive, close\r\n", false},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct http_request req;
		char head[128], *mem;
		int n = sprintf(head, "GET / %s\r\n", cases[i].lines);

		CU_ASSERT_EQUAL(parse(head, (size_t)n, &req, &mem), 0);
		CU_ASSERT_EQUAL(req.keep_alive, cases[i].keep);
		CU_ASSERT_EQUAL(req.client_closes, !cases[i].keep);
		free(mem);
	}
}

static void
paths_reach_their_final_form_or_are_refused(void)
{
	static const struct {
		const char *raw;
		const char *path; /* NULL: refused */
	} cases[] = {
		{"/", "/"}, {"/a/b.html", "/a/b.html"}, {"/a%2fb", "/a/b"}, {"/%41%7A", "/Az"},
		{"/a%20b", "/a b"}, {"//", "//"}, {"//a", "//a"},
		{"/.", "/"}, {"/./", "/"}, {"/a/.", "/a/"}, {"/a/..", "/"}, {"/a/../", "/"},
		{"/a/b/../c", "/a/c"}, {"/a/./b", "/a/b"}, {"/a/b/c/./../../g", "/a/g"},
		{"/a/%2e%2e/b", "/b"}, {"/a%2f..%2fb", "/b"}, {"/.a", "/.a"}, {"/..a", "/..a"},
		{"/a..", "/a.."}, {"/...", "/..."}, {"/a/...", "/a/..."}, {"//..", "/"},
		{"/..", NULL}, {"/../", NULL}, {"/../a", NULL}, {"/a/../../b", NULL},
		{"/%2e%2e/etc/passwd", NULL}, {"/%2e%2e%2fetc", NULL}, {"/.%2e/", NULL},
		{"/a/..//../..", NULL}, {"/./..", NULL},
		{"/%00", NULL}, {"/a%00b", NULL}, {"/%", NULL}, {"/%4", NULL}, {"/%4g", NULL},
		{"/%g4", NULL}, {"/%%41", NULL},
		{"/%252e%252e/", "/%2e%2e/"},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		size_t len = strlen(cases[i].raw);
		char *raw = exact(cases[i].raw, len), *buf = malloc(len);
		struct http_str in = {raw, (uint32_t)len}, out;
		bool good = http_path_normalize(&in, buf, &out);

		CU_ASSERT_EQUAL(good, cases[i].path != NULL);
		if (good && cases[i].path != NULL)
			CU_ASSERT_TRUE(http_str_eq(&out, cases[i].path, strlen(cases[i].path)));
		if (good != (cases[i].path != NULL))
			printf("\n  %s", cases[i].raw);
		free(raw);
		free(buf);
	}
}

struct body_case {
	const char *body;
	enum http_progress progress;
	uint32_t used; /* where it is HTTP_DONE */
};

static const struct body_case bodies[] = {
	{"0\r\n\r\nX", HTTP_DONE, 5},
	{"5\r\nhello\r\n0\r\n\r\nGET ", HTTP_DONE, 15},
	{"A;x=\"y\"\r\n0123456789\r\n00\r\nT: u\r\nV: w\r\n\r\n", HTTP_DONE, 39},
	{"a \r\n0123456789\r\n0\r\n\r\n", HTTP_DONE, 21},
	{"5\r\nhello\r\n", HTTP_MORE, 0},
	{"\r\n", HTTP_BAD, 0},
	{"g\r\n", HTTP_BAD, 0},
	{"-1\r\n", HTTP_BAD, 0},
	{"0x5\r\n", HTTP_BAD, 0},
	{"5\nhello\r\n", HTTP_BAD, 0},
	{"5;x\nhello\r\n", HTTP_BAD, 0},
	{"5\r\nhelloX\r\n", HTTP_BAD, 0},
	{"5\r\nhello\rX", HTTP_BAD, 0},
	{"5\rX", HTTP_BAD, 0},
	{"0\r\n\rX", HTTP_BAD, 0},
	{"0\r\nT: u\n\r\n", HTTP_BAD, 0},
	{"0\r\n\n", HTTP_BAD, 0},
	{"0\r\nT: u\rX", HTTP_BAD, 0},
	{"fffffffffffffffff\r\n", HTTP_BAD, 0},
	{"ffffffff\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		HTTP_BAD, 0}, /* the budget */
};

static void
chunked_bodies_end_where_they_should(void)
{
	const struct http_request req = {.chunked = true};
	size_t i;

	for (i = 0; i < RTE_DIM(bodies); i++) {
		size_t len = strlen(bodies[i].body), cut;

		for (cut = 0; cut <= len; cut++) {
			char *a = exact(bodies[i].body, cut);
			char *b = exact(bodies[i].body + cut, len - cut);
			struct http_body body;
			uint32_t used, more = 0;
			enum http_progress got;

			http_body_init(&body, &req, 64);
			got = http_body_feed(&body, a, (uint32_t)cut, &used);
			if (got == HTTP_MORE) {
				CU_ASSERT_EQUAL(used, cut);
				got = http_body_feed(&body, b, (uint32_t)(len - cut), &more);
				used += more;
			}
			CU_ASSERT_EQUAL(got, bodies[i].progress);
			if (got == HTTP_DONE)
				CU_ASSERT_EQUAL(used, bodies[i].used);
			free(a);
			free(b);
		}
	}
}

static void
a_body_with_a_length_ends_after_it(void)
{
	const struct http_request req = {.content_length = 5};
	struct http_body body;
	uint32_t used;

	http_body_init(&body, &req, 5);
	CU_ASSERT_EQUAL(http_body_feed(&body, "", 0, &used), HTTP_MORE);
	CU_ASSERT_EQUAL(http_body_feed(&body, "abc", 3, &used), HTTP_MORE);
	CU_ASSERT_EQUAL(used, 3);
	CU_ASSERT_EQUAL(http_body_feed(&body, "deGET", 5, &used), HTTP_DONE);
	CU_ASSERT_EQUAL(used, 2);
	http_body_init(&body, &req, 4);
	CU_ASSERT_EQUAL(http_body_feed(&body, "abcde", 5, &used), HTTP_BAD);
	CU_ASSERT_EQUAL(body.budget, 0);
}

static void
ranges_follow_rfc_9110(void)
{
	static const struct {
		const char *field;
		uint64_t size;
		enum http_range range;
		uint64_t first;
		uint64_t len;
	} cases[] = {
		{"bytes=0-499", 10000, HTTP_RANGE_ONE, 0, 500},
		{"bytes=500-999", 10000, HTTP_RANGE_ONE, 500, 500},
		{"bytes=-500", 10000, HTTP_RANGE_ONE, 9500, 500},
		{"bytes=9500-", 10000, HTTP_RANGE_ONE, 9500, 500},
		{"bytes=0-0", 10000, HTTP_RANGE_ONE, 0, 1},
		{"bytes=-1", 10000, HTTP_RANGE_ONE, 9999, 1},
		{"bytes=9999-9999", 10000, HTTP_RANGE_ONE, 9999, 1},
		{"bytes=9999-10000", 10000, HTTP_RANGE_ONE, 9999, 1},
		{"bytes=0-", 10000, HTTP_RANGE_ONE, 0, 10000},
		{"bytes=-20000", 10000, HTTP_RANGE_ONE, 0, 10000},
		{"Bytes= 1-2", 10000, HTTP_RANGE_ONE, 1, 2},
		{"bytes=10000-", 10000, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-0", 10000, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-", 0, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-5", 0, HTTP_RANGE_NONE, 0, 0},
		{"bytes=5-4", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=-", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=5", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=a-b", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=1-2x", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=0-1,3-4", 10000, HTTP_RANGE_NONE, 0, 0},
		{"lines=0-1", 10000, HTTP_RANGE_NONE, 0, 0},
		{"bytes=0-18446744073709551616", 10000, HTTP_RANGE_ONE, 0, 10000},
		{"bytes=18446744073709551616-", 10000, HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-99999999999999999999999", 10000, HTTP_RANGE_ONE, 0, 10000},
		{"bytes=1073741823-", 1ull << 30, HTTP_RANGE_ONE, 1073741823, 1},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		size_t n = strlen(cases[i].field);
		char *mem = exact(cases[i].field, n);
		struct http_str field = {mem, (uint32_t)n};
		uint64_t first = 0, len = 0;

		CU_ASSERT_EQUAL(http_range_parse(&field, cases[i].size, &first, &len),
			cases[i].range);
		CU_ASSERT_EQUAL(first, cases[i].first);
		CU_ASSERT_EQUAL(len, cases[i].len);
		free(mem);
	}
}

static void
dates_are_written_and_read(void)
{
	static const struct {
		int64_t sec;
		const char *text;
	} cases[] = {
		{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110's own */
		{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
		{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
		{1709251199, "Thu, 29 Feb 2024 23:59:59 GMT"},
		{4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
		{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
	};
	char buf[HTTP_DATE_LEN + 1];
	int64_t sec;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		char *mem = exact(cases[i].text, HTTP_DATE_LEN);
		struct http_str text = {mem, HTTP_DATE_LEN};

		http_date_format(cases[i].sec, buf);
		CU_ASSERT_STRING_EQUAL(buf, cases[i].text);
		sec = 7;
		CU_ASSERT_TRUE(http_date_parse(&text, 0, &sec));
		CU_ASSERT_EQUAL(sec, cases[i].sec);
		free(mem);
	}
	http_date_format(INT64_MAX, buf);
	CU_ASSERT_STRING_EQUAL(buf, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date_format(INT64_MIN, buf);
	CU_ASSERT_STRING_EQUAL(buf, "Mon, 01 Jan 0001 00:00:00 GMT");
}

static void
all_three_forms_of_a_date_are_read(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", true},
		{"Sunday, 06-Nov-94 08:49:37 GMT", true},
		{"Sun Nov  6 08:49:37 1994", true},
		{"Sun, 06 Nov 1994 08:49:37", false},
		{"Sun, 06 Nov 1994 08:49:37 UTC", false},
		{"Sun, 06 Nov 1994 24:49:37 GMT", false},
		{"Sun, 31 Jun 1994 08:49:37 GMT", false},
		{"Tue, 29 Feb 1994 08:49:37 GMT", false},
		{"Sun, 6 Nov 1994 08:49:37 GMT", false},
		{"Sun, 06 Now 1994 08:49:37 GMT", false},
		{"Xun, 06 Nov 1994 08:49:37 GMT", false},
		{"784111777", false},
		{"Sun", false},
		{"", false},
	};
	size_t i, cut;

	for (i = 0; i < RTE_DIM(cases); i++) {
		size_t len = strlen(cases[i].text);

		for (cut = 0; cut <= len; cut++) {
			char *mem = exact(cases[i].text, cut);
			struct http_str text = {mem, (uint32_t)cut};
			int64_t sec = 0;
			bool good = http_date_parse(&text, 1700000000, &sec);

			CU_ASSERT_EQUAL(good, cases[i].good && cut == len);
			if (good)
				CU_ASSERT_EQUAL(sec, 784111777);
			free(mem);
		}
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(heads_are_accepted_or_refused_by_the_grammar),
	SUITE_TEST(nul_is_refused_everywhere),
	SUITE_TEST(every_split_point_gives_the_same),
	SUITE_TEST(every_truncation_waits_for_more),
	SUITE_TEST(limits_are_exact),
	SUITE_TEST(a_request_is_read_in_full),
	SUITE_TEST(absolute_form_without_a_path_asks_for_the_root),
	SUITE_TEST(methods_are_told_apart),
	SUITE_TEST(persistence_follows_version_and_connection),
	SUITE_TEST(paths_reach_their_final_form_or_are_refused),
	SUITE_TEST(chunked_bodies_end_where_they_should),
	SUITE_TEST(a_body_with_a_length_ends_after_it),
	SUITE_TEST(ranges_follow_rfc_9110),
	SUITE_TEST(dates_are_written_and_read),
	SUITE_TEST(all_three_forms_of_a_date_are_read),
};

int
main(void)
{
	return suite_run("http_parse", tests, RTE_DIM(tests), NULL, NULL);
}
