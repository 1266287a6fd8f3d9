/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HTTP_SITE_H
#define HTTP_SITE_H

/* The table of resources, as the server reads it; shards share it, and nobody writes to it then. */

#include "http_parse.h"
#include "isla_http.h"

#define HTTP_RESOURCE_MAX_BYTES (1ull << 30)
#define HTTP_PATH_MAX           4095

struct http_resource {
	const uint8_t *data;
	rte_iova_t iova;
	uint64_t len;
	int64_t mtime;                         /* 0: unknown */
	char last_modified[HTTP_DATE_LEN + 1]; /* "" where mtime is 0 */
	uint32_t fields_len;
	const char *fields;   /* Content-Type, Last-Modified, Accept-Ranges: whole lines */
};

/* One path that is answered. */
struct http_entry {
	const char *path;
	uint32_t path_len;
	uint32_t hash;
	const struct http_resource *resource; /* NULL: redirect to the path with a slash */
	bool implied;  /* by an index.html below; an entry of its own replaces it */
};

/* The entry of a path in its final form, or NULL. */
const struct http_entry *http_site_lookup(const struct isla_http_site *site,
	const struct http_str *path);

/* The built-in page: text that lives as long as the program. */
extern const char http_page[];
extern const uint32_t http_page_len;

#endif /* HTTP_SITE_H */
