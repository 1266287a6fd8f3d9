/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Passing over the body of a request, which a static server has no use for: by its length, or
 * chunk by chunk (RFC 9112, 7.1). Lines of the chunked coding must end with CR LF; chunk extensions
 * and trailer fields are ignored. Everything counts against one budget.
 */

#include <rte_common.h>

#include "http_parse.h"

enum body_state {
	BODY_BYTES,       /* Content-Length */
	BODY_SIZE_FIRST,  /* chunk-size = 1*HEXDIG */
	BODY_SIZE,
	BODY_EXT,
	BODY_SIZE_LF,
	BODY_CHUNK,
	BODY_CHUNK_CR,
	BODY_CHUNK_LF,
	BODY_TRAILER,     /* at the beginning of a line */
	BODY_TRAILER_LINE,
	BODY_TRAILER_LF,
	BODY_LAST_LF,
};

void
http_body_init(struct http_body *body, const struct http_request *req, uint32_t budget)
{
	body->left = req->chunked ? 0 : req->content_length;
	body->budget = budget;
	body->state = req->chunked ? BODY_SIZE_FIRST : BODY_BYTES;
}

/* One byte of a size. A size beyond any budget is wrong as well. */
static enum http_progress
size_byte(struct http_body *body, uint8_t c)
{
	int digit = -1;

	if (c >= '0' && c <= '9')
		digit = c - '0';
	else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		digit = (c | 0x20) - 'a' + 10;
	if (digit >= 0) {
		if (body->left >> 56 != 0)
			return HTTP_BAD;
		body->left = body->left << 4 | (uint64_t)digit;
		body->state = BODY_SIZE;
		return HTTP_MORE;
	}
	if (body->state == BODY_SIZE_FIRST)
		return HTTP_BAD;
	if (c == '\r')
		body->state = BODY_SIZE_LF;
	else if (c == ';' || c == ' ' || c == '\t')
		body->state = BODY_EXT;
	else
		return HTTP_BAD;
	return HTTP_MORE;
}

static enum http_progress
expect_byte(struct http_body *body, uint8_t c, uint8_t want, enum body_state next)
{
	body->state = (uint8_t)next;
	return c == want ? HTTP_MORE : HTTP_BAD;
}

/* One byte of the framing. */
static enum http_progress
framing_byte(struct http_body *body, uint8_t c)
{
	switch (body->state) {
	case BODY_SIZE_FIRST:
	case BODY_SIZE:
		return size_byte(body, c);
	case BODY_EXT:
		if (c == '\r')
			body->state = BODY_SIZE_LF;
		return c == '\n' ? HTTP_BAD : HTTP_MORE;
	case BODY_SIZE_LF:
		return expect_byte(body, c, '\n', body->left > 0 ? BODY_CHUNK : BODY_TRAILER);
	case BODY_CHUNK_CR:
		return expect_byte(body, c, '\r', BODY_CHUNK_LF);
	case BODY_CHUNK_LF:
		return expect_byte(body, c, '\n', BODY_SIZE_FIRST);
	case BODY_TRAILER:
	case BODY_TRAILER_LINE:
		if (c == '\n')
			return HTTP_BAD;
		if (c == '\r')
			body->state = body->state == BODY_TRAILER ? BODY_LAST_LF : BODY_TRAILER_LF;
		else
			body->state = BODY_TRAILER_LINE;
		return HTTP_MORE;
	case BODY_TRAILER_LF:
		return expect_byte(body, c, '\n', BODY_TRAILER);
	default: /* BODY_LAST_LF */
		return c == '\n' ? HTTP_DONE : HTTP_BAD;
	}
}

enum http_progress
http_body_feed(struct http_body *body, const void *data, uint32_t len, uint32_t *used)
{
	const uint8_t *p = data;
	uint32_t i = 0;

	for (;;) {
		enum http_progress progress = HTTP_MORE;
		uint32_t n = 1;

		*used = i;
		if (body->state == BODY_BYTES && body->left == 0)
			return HTTP_DONE;
		if (i == len)
			return HTTP_MORE;
		if (body->state == BODY_BYTES || body->state == BODY_CHUNK) {
			n = (uint32_t)RTE_MIN(body->left, (uint64_t)(len - i));
			body->left -= n;
			if (body->state == BODY_CHUNK && body->left == 0)
				body->state = BODY_CHUNK_CR;
		} else {
			progress = framing_byte(body, p[i]);
		}
		if (n > body->budget) {
			body->budget = 0;
			return HTTP_BAD;
		}
		body->budget -= n;
		i += n;
		*used = i;
		if (progress != HTTP_MORE)
			return progress;
	}
}
