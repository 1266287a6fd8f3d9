/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

/*
 * Reading requests (RFC 9112): where a head ends, what it says, and where its body ends.
 *
 * A head comes in pieces. http_scan_feed() looks at each byte once, wherever the pieces lie, and
 * says when the head is complete or too long; http_parse_head() then reads the head as one piece of
 * memory. Nothing here allocates, and nothing refers to the input but struct http_request.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the input; not terminated. p is NULL where the part is absent. */
struct http_str {
	const char *p;
	uint32_t len;
};

/* Status codes that the server sends (RFC 9110, 15). */
enum http_status {
	HTTP_NONE = 0, /* nothing wrong so far */
	HTTP_OK = 200,
	HTTP_PARTIAL_CONTENT = 206,
	HTTP_MOVED_PERMANENTLY = 301,
	HTTP_NOT_MODIFIED = 304,
	HTTP_BAD_REQUEST = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD_NOT_ALLOWED = 405,
	HTTP_REQUEST_TIMEOUT = 408,
	HTTP_PRECONDITION_FAILED = 412,
	HTTP_CONTENT_TOO_LARGE = 413,
	HTTP_URI_TOO_LONG = 414,
	HTTP_RANGE_NOT_SATISFIABLE = 416,
	HTTP_EXPECTATION_FAILED = 417,
	HTTP_FIELDS_TOO_LARGE = 431,
	HTTP_NOT_IMPLEMENTED = 501,
	HTTP_VERSION_NOT_SUPPORTED = 505,
};

struct http_limits {
	uint32_t max_head_bytes;
	uint32_t max_target_bytes;
};

/* More input is needed; the thing is complete; the input is wrong. */
enum http_progress { HTTP_MORE, HTTP_DONE, HTTP_BAD };

/* How far a head has been read; zeroed before its first byte. */
struct http_scan {
	uint32_t len;        /* bytes so far; of the whole head when it is complete */
	uint32_t line_len;   /* bytes of the line that has begun */
	uint16_t nb_lines;   /* that are complete */
	uint8_t skip; /* bytes of empty lines before the request line, which RFC 9112, 2.2 lets
	               * pass */
	bool line_is_cr;     /* the line that has begun starts with CR */
	uint16_t status;     /* after HTTP_BAD: enum http_status */
};

/* Look at the bytes that follow. After HTTP_DONE scan->len says where in the input the head ends;
 * what lies behind it has not been looked at. */
enum http_progress http_scan_feed(struct http_scan *scan, const struct http_limits *limits,
	const void *data, uint32_t len);

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_METHOD_KNOWN,   /* one of RFC 9110 or PATCH that a static server does not do */
	HTTP_METHOD_UNKNOWN,
};

struct http_request {
	uint8_t method;           /* enum http_method */
	bool is_http10; /* HTTP/1.0; else 1.1 or a higher minor version, which is the same */
	bool keep_alive;          /* RFC 9112, 9.3 */
	bool client_closes;       /* "Connection: close", or 1.0 without keep-alive */
	bool chunked;             /* else the body has content_length bytes */
	bool expect_continue;
	bool expect_unknown;
	bool if_none_match;
	struct http_str path;     /* as it was sent; "*" only with OPTIONS */
	struct http_str query;    /* the "?" included */
	uint64_t content_length;
	struct http_str range;
	struct http_str if_range;
	struct http_str if_match;
	struct http_str if_modified_since;
	struct http_str if_unmodified_since;
};

/*
 * Read a complete head, from its request line to its empty line. Returns HTTP_NONE, or the
 * status to answer with before the connection is closed, since what follows cannot be trusted.
 * req->method is right where the request line was.
 */
enum http_status http_parse_head(const char *head, uint32_t len, const struct http_limits *limits,
	struct http_request *req);

/*
 * The path in its final form: percent-decoded, then without dot segments (RFC 3986, 5.2.4). It lies
 * in raw itself where that needs no change, else in buf, which must have room for raw->len bytes.
 * False for an escape that is malformed or NUL, and for a path that leads above the root.
 */
bool http_path_normalize(const struct http_str *raw, char *buf, struct http_str *path);

/* Reading past a body (RFC 9112, 6 and 7.1). */
struct http_body {
	uint64_t left;    /* bytes of the body, or of the chunk */
	uint32_t budget;  /* bytes, framing included, that may still come */
	uint8_t state;
};

void http_body_init(struct http_body *body, const struct http_request *req, uint32_t budget);

/* Pass over the bytes that follow; *used says how many belong to the body. HTTP_BAD where the
 * framing is wrong, or the budget is spent (body->budget is 0 then). */
enum http_progress http_body_feed(struct http_body *body, const void *data, uint32_t len,
	uint32_t *used);

/* What a Range field asks for. */
enum http_range {
	HTTP_RANGE_NONE,          /* nothing that we understand: send the whole */
	HTTP_RANGE_ONE,
	HTTP_RANGE_UNSATISFIABLE,
};

/* Read a Range field (RFC 9110, 14.2) for a representation of size bytes. Several ranges are
 * answered with the whole, as 14.2 allows. */
enum http_range http_range_parse(const struct http_str *field, uint64_t size, uint64_t *first,
	uint64_t *len);

#define HTTP_DATE_LEN 29 /* of an IMF-fixdate (RFC 9110, 5.6.7) */

/* Write a time, in seconds since 1970, as an IMF-fixdate and a NUL; years 1 to 9999. */
void http_date_format(int64_t sec, char buf[HTTP_DATE_LEN + 1]);

/* Read any of the three forms of a date; now_sec settles the century of RFC 850's form. */
bool http_date_parse(const struct http_str *text, int64_t now_sec, int64_t *sec);

static inline bool
http_str_eq(const struct http_str *s, const char *text, size_t len)
{
	return s->len == len && __builtin_memcmp(s->p, text, len) == 0;
}

/* Compare without regard to case; lower is in lower case and ends with NUL. */
bool http_str_is(const struct http_str *s, const char *lower);

#endif /* HTTP_PARSE_H */
