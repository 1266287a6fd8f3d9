/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

/* Writing responses: status line, fields and, for an error, its small page, straight into mbufs. */

#include <rte_mbuf.h>

#include "http_site.h"

/* What is to be answered. */
struct http_reply {
	uint16_t status;              /* enum http_status */
	bool close;                   /* say "Connection: close" */
	bool keep_alive;              /* say "Connection: keep-alive", to a client of HTTP/1.0 */
	bool head_only;               /* the request was HEAD */
	const struct http_resource *resource; /* of 200, 206, 304 and 416 */
	uint64_t first; /* 200 and 206: the part of the resource that follows the head */
	uint64_t len;
	struct http_str location;     /* 301: a path in its final form, to which a slash is added */
	struct http_str query;        /* 301: as it was sent */
};

/*
 * Make the response up to the resource's bytes, which the caller sends behind it.
 *
 * common: the field lines of every response (Date, Server).
 * Returns a chain, of one mbuf wherever it fits, or NULL where mbufs are short.
 */
struct rte_mbuf *http_reply_compose(struct rte_mempool *pool, const struct http_reply *reply,
	const struct http_str *common);

#endif /* HTTP_RESPONSE_H */
