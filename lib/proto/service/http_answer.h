/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

/* What a request is answered with. */

#include "http_response.h"

/* The largest request body that is passed over to keep a connection; a larger one gets 413. */
#define HTTP_BODY_MAX 65536

/*
 * Decide on the response to a request that was read without error; reply is zeroed but for close,
 * which the caller may have set.
 *
 * path_buf: room for a path, limits.max_target_bytes + 1; the reply may refer to it
 * now_sec: seconds since 1970
 */
void http_answer(const struct isla_http_site *site, const struct http_request *req, char *path_buf,
	int64_t now_sec, struct http_reply *reply);

static inline bool
http_has_body(const struct http_request *req)
{
	return req->chunked || req->content_length > 0;
}

#endif /* HTTP_ANSWER_H */
