/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From request to response (RFC 9110): expectation and method, then the resource, then
 * preconditions (13.2.2), then the range (14.2). We make no entity tags, so a tag never matches.
 */

#include <string.h>

#include "http_answer.h"

/* 13.1.1, 13.1.3 and 13.1.4; HTTP_NONE where the method is to be carried out. */
static enum http_status
check_preconditions(const struct http_request *req, const struct http_resource *res,
	int64_t now_sec)
{
	int64_t since;

	if (req->if_match.p != NULL) {
		if (!http_str_eq(&req->if_match, "*", 1))
			return HTTP_PRECONDITION_FAILED;
	} else if (req->if_unmodified_since.p != NULL && res->mtime != 0 &&
		http_date_parse(&req->if_unmodified_since, now_sec, &since) && res->mtime > since) {
		return HTTP_PRECONDITION_FAILED;
	}
	if (!req->if_none_match && req->if_modified_since.p != NULL && res->mtime != 0 &&
		http_date_parse(&req->if_modified_since, now_sec, &since) && res->mtime <= since)
		return HTTP_NOT_MODIFIED;
	return HTTP_NONE;
}

/* 14.2 and 13.1.5: a validator that is not exactly ours means that the whole is wanted. */
static enum http_status
choose_part(const struct http_request *req, struct http_reply *reply)
{
	const struct http_resource *res = reply->resource;

	reply->first = 0;
	reply->len = res->len;
	if (req->method != HTTP_GET || req->range.p == NULL)
		return HTTP_OK;
	if (req->if_range.p != NULL &&
		(res->mtime == 0 ||
			!http_str_eq(&req->if_range, res->last_modified, HTTP_DATE_LEN)))
		return HTTP_OK;
	switch (http_range_parse(&req->range, res->len, &reply->first, &reply->len)) {
	case HTTP_RANGE_ONE:
		return HTTP_PARTIAL_CONTENT;
	case HTTP_RANGE_UNSATISFIABLE:
		reply->len = 0;
		return HTTP_RANGE_NOT_SATISFIABLE;
	default:
		return HTTP_OK;
	}
}

static enum http_status
answer_get(const struct isla_http_site *site, const struct http_request *req, char *path_buf,
	int64_t now_sec, struct http_reply *reply)
{
	const struct http_entry *entry;
	enum http_status status;
	struct http_str path;

	if (!http_path_normalize(&req->path, path_buf, &path))
		return HTTP_BAD_REQUEST;
	entry = http_site_lookup(site, &path);
	if (entry == NULL)
		return HTTP_NOT_FOUND;
	if (entry->resource == NULL) {
		reply->location = path;
		reply->query = req->query;
		return HTTP_MOVED_PERMANENTLY;
	}
	status = check_preconditions(req, entry->resource, now_sec);
	if (status == HTTP_PRECONDITION_FAILED)
		return status;
	reply->resource = entry->resource;
	return status != HTTP_NONE ? status : choose_part(req, reply);
}

void
http_answer(const struct isla_http_site *site, const struct http_request *req, char *path_buf,
	int64_t now_sec, struct http_reply *reply)
{
	reply->head_only = req->method == HTTP_HEAD;
	/* A client that waits for 100 gets its answer instead, and need not send the body. */
	reply->close |= !req->keep_alive || (req->expect_continue && http_has_body(req));
	if (req->content_length > HTTP_BODY_MAX) {
		reply->status = HTTP_CONTENT_TOO_LARGE;
		reply->close = true;
	} else if (req->expect_unknown) {
		reply->status = HTTP_EXPECTATION_FAILED;
	} else if (req->method == HTTP_METHOD_UNKNOWN) {
		reply->status = HTTP_NOT_IMPLEMENTED;
	} else if (req->method == HTTP_METHOD_KNOWN) {
		reply->status = HTTP_METHOD_NOT_ALLOWED;
	} else {
		reply->status = (uint16_t)answer_get(site, req, path_buf, now_sec, reply);
	}
	reply->keep_alive = req->is_http10 && !reply->close;
}
