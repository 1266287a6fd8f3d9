/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Responses (RFC 9112, 4; RFC 9110, 15). http_reply_compose() writes the status line, the fields
 * that all have, those of the status, and the page of an error, into one mbuf; another is chained
 * where a long Location does not fit.
 */

#include <string.h>

#include <rte_common.h>

#include "http_response.h"

struct status {
	uint16_t status;
	const char *text; /* code and reason phrase */
};

static const struct status statuses[] = {
	{HTTP_OK, "200 OK"},
	{HTTP_PARTIAL_CONTENT, "206 Partial Content"},
	{HTTP_MOVED_PERMANENTLY, "301 Moved Permanently"},
	{HTTP_NOT_MODIFIED, "304 Not Modified"},
	{HTTP_BAD_REQUEST, "400 Bad Request"},
	{HTTP_NOT_FOUND, "404 Not Found"},
	{HTTP_METHOD_NOT_ALLOWED, "405 Method Not Allowed"},
	{HTTP_REQUEST_TIMEOUT, "408 Request Timeout"},
	{HTTP_PRECONDITION_FAILED, "412 Precondition Failed"},
	{HTTP_CONTENT_TOO_LARGE, "413 Content Too Large"},
	{HTTP_URI_TOO_LONG, "414 URI Too Long"},
	{HTTP_RANGE_NOT_SATISFIABLE, "416 Range Not Satisfiable"},
	{HTTP_EXPECTATION_FAILED, "417 Expectation Failed"},
	{HTTP_FIELDS_TOO_LARGE, "431 Request Header Fields Too Large"},
	{HTTP_NOT_IMPLEMENTED, "501 Not Implemented"},
	{HTTP_VERSION_NOT_SUPPORTED, "505 HTTP Version Not Supported"},
};

static const char page_before[] = "<!doctype html>\n<html lang=\"en\"><title>";
static const char page_between[] = "</title>\n<h1>";
static const char page_after[] = "</h1>\n</html>\n";

/* A chain that grows at its end. */
struct writer {
	struct rte_mempool *pool;
	struct rte_mbuf *first;
	struct rte_mbuf *last;
	bool failed;
};

static void
put(struct writer *w, const char *text, size_t len)
{
	while (len > 0 && !w->failed) {
		uint16_t room = w->last != NULL ? rte_pktmbuf_tailroom(w->last) : 0;
		uint16_t n = (uint16_t)RTE_MIN((size_t)room, len);

		if (room == 0) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

			if (m == NULL || rte_pktmbuf_tailroom(m) == 0 ||
				(w->first != NULL && rte_pktmbuf_chain(w->first, m) != 0)) {
				rte_pktmbuf_free(m);
				w->failed = true;
				return;
			}
			if (w->first == NULL)
				w->first = m;
			w->last = m;
			continue;
		}
		memcpy(rte_pktmbuf_mtod_offset(w->last, char *, w->last->data_len), text, n);
		w->last->data_len += n;
		w->first->pkt_len += n;
		text += n;
		len -= n;
	}
}

static void
put_text(struct writer *w, const char *text)
{
	put(w, text, strlen(text));
}

static void
put_number(struct writer *w, uint64_t value)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put(w, digits + i, sizeof(digits) - i);
}

/* A path as it may stand in a URI: all but the unreserved characters and "/" is escaped. */
static void
put_path(struct writer *w, const struct http_str *path)
{
	static const char hex[] = "0123456789ABCDEF";
	uint32_t i;

	for (i = 0; i < path->len; i++) {
		uint8_t c = (uint8_t)path->p[i];
		char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			(c != 0 && strchr("/-._~", c) != NULL))
			put(w, path->p + i, 1);
		else
			put(w, escape, sizeof(escape));
	}
}

static const char *
status_text(uint16_t status)
{
	size_t i;

	for (i = 0; i < RTE_DIM(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "500 Internal Server Error";
}

/* The page of an error or a redirection, and the two fields that describe it. */
static void
put_page(struct writer *w, const char *text, bool head_only)
{
	size_t len = sizeof(page_before) - 1 + sizeof(page_between) - 1 + sizeof(page_after) - 1 +
		2 * strlen(text);

	put_text(w, "Content-Type: text/html; charset=utf-8\r\nContent-Length: ");
	put_number(w, len);
	put_text(w, "\r\n\r\n");
	if (head_only)
		return;
	put_text(w, page_before);
	put_text(w, text);
	put_text(w, page_between);
	put_text(w, text);
	put_text(w, page_after);
}

/* The fields of a response that carries a resource or a part of it. */
static void
put_resource(struct writer *w, const struct http_reply *r)
{
	put(w, r->resource->fields, r->resource->fields_len);
	if (r->status == HTTP_PARTIAL_CONTENT) {
		put_text(w, "Content-Range: bytes ");
		put_number(w, r->first);
		put_text(w, "-");
		put_number(w, r->first + r->len - 1);
		put_text(w, "/");
		put_number(w, r->resource->len);
		put_text(w, "\r\n");
	}
	put_text(w, "Content-Length: ");
	put_number(w, r->len);
	put_text(w, "\r\n\r\n");
}

/* What the status asks for beyond what all have. */
static void
put_rest(struct writer *w, const struct http_reply *r, const char *text)
{
	switch (r->status) {
	case HTTP_OK:
	case HTTP_PARTIAL_CONTENT:
		put_resource(w, r);
		return;
	case HTTP_NOT_MODIFIED:
		put_text(w, "Last-Modified: ");
		put_text(w, r->resource->last_modified);
		put_text(w, "\r\n\r\n");
		return;
	case HTTP_MOVED_PERMANENTLY:
		put_text(w, "Location: ");
		put_path(w, &r->location);
		put_text(w, "/");
		put(w, r->query.p, r->query.len);
		put_text(w, "\r\n");
		break;
	case HTTP_METHOD_NOT_ALLOWED:
		put_text(w, "Allow: GET, HEAD\r\n");
		break;
	case HTTP_RANGE_NOT_SATISFIABLE:
		put_text(w, "Content-Range: bytes */");
		put_number(w, r->resource->len);
		put_text(w, "\r\n");
		break;
	default:
		break;
	}
	put_page(w, text, r->head_only);
}

struct rte_mbuf *
http_reply_compose(struct rte_mempool *pool, const struct http_reply *reply,
	const struct http_str *common)
{
	struct writer w = {.pool = pool};
	const char *text = status_text(reply->status);

	put_text(&w, "HTTP/1.1 ");
	put_text(&w, text);
	put_text(&w, "\r\n");
	put(&w, common->p, common->len);
	if (reply->close)
		put_text(&w, "Connection: close\r\n");
	else if (reply->keep_alive)
		put_text(&w, "Connection: keep-alive\r\n");
	put_rest(&w, reply, text);
	if (w.failed) {
		rte_pktmbuf_free(w.first);
		return NULL;
	}
	return w.first;
}
