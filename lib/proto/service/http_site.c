/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A site: a hash table from path to resource, with open addressing, filled before it is
 * shared and only read then. A resource "/a/index.html" has three entries: its own, "/a/", and
 * "/a", which redirects.
 *
 * The hash has no secret key, unlike those of the packet's way: only the operator adds entries, so
 * nobody else can choose paths that collide, and the table is at most half full.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "http_site.h"

#define INDEX_NAME     "index.html"
#define INDEX_NAME_LEN 10
#define MAX_TYPE_LEN   255
/* A resource's own entry and two that its index.html implies. */
#define ENTRIES_EACH   3

struct isla_http_site {
	uint32_t max_resources;
	uint32_t nb_resources;
	uint32_t mask;             /* slots - 1 */
	struct http_entry *slots;  /* path NULL: free */
	struct http_resource *resources;
	char **texts;              /* a resource's path and fields, in one allocation */
};

/* Multiply and fold, eight bytes at a time. */
static uint32_t
hash_path(const char *path, uint32_t len)
{
	const uint64_t odd = 0x9e3779b97f4a7c15ull;
	uint64_t h = len * odd, word;

	for (; len >= 8; len -= 8, path += 8) {
		memcpy(&word, path, 8);
		h = (h ^ word) * odd;
		h ^= h >> 29;
	}
	word = 0;
	memcpy(&word, path, len);
	h = (h ^ word) * odd;
	return (uint32_t)(h >> 32);
}

/* The slot that holds the path, or the free one where it belongs. */
static struct http_entry *
find_slot(const struct isla_http_site *site, const char *path, uint32_t len, uint32_t hash)
{
	uint32_t i;

	for (i = hash & site->mask;; i = (i + 1) & site->mask) {
		struct http_entry *e = &site->slots[i];

		if (e->path == NULL)
			return e;
		if (e->hash == hash && e->path_len == len && memcmp(e->path, path, len) == 0)
			return e;
	}
}

const struct http_entry *
http_site_lookup(const struct isla_http_site *site, const struct http_str *path)
{
	const struct http_entry *e =
		find_slot(site, path->p, path->len, hash_path(path->p, path->len));

	return e->path != NULL ? e : NULL;
}

/* Free, or implied and so to be replaced. */
static int
put_entry(struct isla_http_site *site, const char *path, uint32_t len,
	const struct http_resource *resource, bool implied)
{
	uint32_t hash = hash_path(path, len);
	struct http_entry *e = find_slot(site, path, len, hash);

	if (e->path != NULL && (implied || !e->implied))
		return -EEXIST;
	e->path = path;
	e->path_len = len;
	e->hash = hash;
	e->resource = resource;
	e->implied = implied;
	return 0;
}

static void
init_resource(struct http_resource *to, const struct isla_http_resource *from)
{
	to->data = from->data;
	to->iova = from->iova;
	to->len = from->len;
	to->mtime = from->mtime;
	if (from->mtime != 0)
		http_date_format(from->mtime, to->last_modified);
}

/* Path and field lines in one allocation, the path first; the caller frees it. */
static char *
make_text(const struct isla_http_resource *from, struct http_resource *to, size_t path_len)
{
	size_t size = path_len + 1 + strlen(from->type) + 128;
	char *text = malloc(size);
	int n;

	if (text == NULL)
		return NULL;
	memcpy(text, from->path, path_len + 1);
	n = snprintf(text + path_len + 1, size - path_len - 1, "Content-Type: %s\r\n%s%s%s%s",
		from->type, to->mtime != 0 ? "Last-Modified: " : "", to->last_modified,
		to->mtime != 0 ? "\r\n" : "", "Accept-Ranges: bytes\r\n");
	to->fields = text + path_len + 1;
	to->fields_len = (uint32_t)n;
	return text;
}

static bool
type_is_valid(const char *type)
{
	const char *p;

	if (type == NULL || type[0] == '\0' || strlen(type) > MAX_TYPE_LEN)
		return false;
	for (p = type; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			return false;
	return true;
}

/* What "/a/index.html" answers beside itself. Entries that exist already go first. */
static void
imply_entries(struct isla_http_site *site, const char *path, size_t len,
	const struct http_resource *resource)
{
	if (len <= INDEX_NAME_LEN || path[len - INDEX_NAME_LEN - 1] != '/' ||
		memcmp(path + len - INDEX_NAME_LEN, INDEX_NAME, INDEX_NAME_LEN) != 0)
		return;
	len -= INDEX_NAME_LEN;
	put_entry(site, path, (uint32_t)len, resource, true);
	if (len > 1)
		put_entry(site, path, (uint32_t)len - 1, NULL, true);
}

/* The built-in page has no resource of the program's; the first "/" or "/index.html" takes over. */
static int
add_page(struct isla_http_site *site)
{
	const struct isla_http_resource page = {
		.path = "/",
		.type = "text/html; charset=utf-8",
		.data = http_page,
		.iova = RTE_BAD_IOVA,
		.len = http_page_len,
	};
	struct http_resource *resource = &site->resources[site->max_resources];

	init_resource(resource, &page);
	site->texts[site->max_resources] = make_text(&page, resource, 1);
	if (site->texts[site->max_resources] == NULL)
		return -ENOMEM;
	return put_entry(site, site->texts[site->max_resources], 1, resource, true);
}

struct isla_http_site *
isla_http_site_create(uint32_t max_resources)
{
	struct isla_http_site *site = calloc(1, sizeof(*site));
	uint64_t nb_slots = rte_align64pow2(2 * (ENTRIES_EACH * (uint64_t)max_resources + 1));

	if (site == NULL || nb_slots > UINT32_MAX)
		goto fail;
	site->max_resources = max_resources;
	site->mask = (uint32_t)nb_slots - 1;
	site->slots = calloc(nb_slots, sizeof(*site->slots));
	site->resources = calloc((size_t)max_resources + 1, sizeof(*site->resources));
	site->texts = calloc((size_t)max_resources + 1, sizeof(*site->texts));
	if (site->slots == NULL || site->resources == NULL || site->texts == NULL)
		goto fail;
	if (add_page(site) != 0)
		goto fail;
	return site;
fail:
	isla_http_site_free(site);
	rte_errno = ENOMEM;
	return NULL;
}

void
isla_http_site_free(struct isla_http_site *site)
{
	uint32_t i;

	if (site == NULL)
		return;
	if (site->texts != NULL)
		for (i = 0; i <= site->max_resources; i++)
			free(site->texts[i]);
	free(site->texts);
	free(site->resources);
	free(site->slots);
	free(site);
}

int
isla_http_site_add(struct isla_http_site *site, const struct isla_http_resource *from)
{
	size_t len = from->path != NULL ? strlen(from->path) : 0;
	struct http_resource *to = &site->resources[site->nb_resources];
	char *text;
	int rc;

	if (len == 0 || len > HTTP_PATH_MAX || from->path[0] != '/' || !type_is_valid(from->type) ||
		(from->data == NULL && from->len > 0))
		return -EINVAL;
	if (from->len > HTTP_RESOURCE_MAX_BYTES)
		return -EFBIG;
	if (site->nb_resources == site->max_resources)
		return -ENOSPC;
	init_resource(to, from);
	text = make_text(from, to, len);
	if (text == NULL)
		return -ENOMEM;
	rc = put_entry(site, text, (uint32_t)len, to, false);
	if (rc != 0) {
		free(text);
		memset(to, 0, sizeof(*to));
		return rc;
	}
	site->texts[site->nb_resources++] = text;
	/* The built-in page yields to the first index. */
	if (strcmp(text, "/" INDEX_NAME) == 0) {
		struct http_entry *root = find_slot(site, "/", 1, hash_path("/", 1));

		if (root->implied)
			root->resource = to;
	}
	imply_entries(site, text, len, to);
	return 0;
}
