/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sites: what is found under which path, and media types.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "http_site.h"
#include "suite.h"

static struct isla_http_site *site;

static const struct http_entry *
lookup(const char *path)
{
	struct http_str s = {path, (uint32_t)strlen(path)};

	return http_site_lookup(site, &s);
}

/* data doubles as the resource's name. */
static int
add(const char *path, const char *data)
{
	struct isla_http_resource r = {
		.path = path,
		.type = isla_http_type_of(path),
		.data = data,
		.iova = RTE_BAD_IOVA,
		.len = strlen(data),
	};

	return isla_http_site_add(site, &r);
}

static bool
answers(const char *path, const char *data)
{
	const struct http_entry *e = lookup(path);

	return e != NULL && e->resource != NULL && e->resource->len == strlen(data) &&
		memcmp(e->resource->data, data, strlen(data)) == 0;
}

static void
setup(void)
{
	site = isla_http_site_create(16);
}

static void
teardown(void)
{
	isla_http_site_free(site);
}

static void
an_empty_site_has_the_page(void)
{
	const struct http_entry *e = lookup("/");

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->resource);
	CU_ASSERT_PTR_NOT_NULL(memmem(e->resource->data, e->resource->len,
		"<title>Project Isla</title>", 27));
	CU_ASSERT_TRUE(e->resource->len < 2048);
	CU_ASSERT_PTR_NULL(lookup("/index.html"));
	CU_ASSERT_PTR_NULL(lookup(""));
	CU_ASSERT_PTR_NULL(lookup("//"));
	isla_http_site_free(NULL);
}

static void
an_index_answers_for_its_directory(void)
{
	CU_ASSERT_EQUAL(add("/a/index.html", "A"), 0);
	CU_ASSERT_EQUAL(add("/a/xindex.html", "X"), 0);
	CU_ASSERT_EQUAL(add("/b.html", "B"), 0);
	CU_ASSERT_TRUE(answers("/a/index.html", "A"));
	CU_ASSERT_TRUE(answers("/a/", "A"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(lookup("/a"));
	CU_ASSERT_PTR_NULL(lookup("/a")->resource);
	CU_ASSERT_TRUE(answers("/a/xindex.html", "X"));
	CU_ASSERT_PTR_NULL(lookup("/a/x"));
	CU_ASSERT_TRUE(answers("/b.html", "B"));
	CU_ASSERT_PTR_NULL(lookup("/b"));
	CU_ASSERT_PTR_NULL(lookup("/A/"));
}

static void
the_first_root_replaces_the_page(void)
{
	CU_ASSERT_EQUAL(add("/index.html", "I"), 0);
	CU_ASSERT_TRUE(answers("/", "I"));
	CU_ASSERT_TRUE(answers("/index.html", "I"));
	CU_ASSERT_EQUAL(add("/", "R"), 0);
	CU_ASSERT_TRUE(answers("/", "R"));
	CU_ASSERT_TRUE(answers("/index.html", "I"));
	CU_ASSERT_EQUAL(add("/", "S"), -EEXIST);
	CU_ASSERT_EQUAL(add("/index.html", "J"), -EEXIST);
	CU_ASSERT_TRUE(answers("/", "R"));
}

static void
an_entry_of_its_own_goes_before_an_implied_one(void)
{
	CU_ASSERT_EQUAL(add("/a/", "own"), 0);
	CU_ASSERT_EQUAL(add("/a/index.html", "index"), 0);
	CU_ASSERT_TRUE(answers("/a/", "own"));
	CU_ASSERT_EQUAL(add("/b/index.html", "index"), 0);
	CU_ASSERT_EQUAL(add("/b", "file"), 0);
	CU_ASSERT_TRUE(answers("/b", "file"));
	CU_ASSERT_TRUE(answers("/b/", "index"));
}

static void
bad_resources_are_refused(void)
{
	struct isla_http_resource r = {
		.path = "/a", .type = "text/plain", .data = "x", .len = 1, .iova = RTE_BAD_IOVA};
	char path[4098];

	CU_ASSERT_EQUAL(add("", "x"), -EINVAL);
	CU_ASSERT_EQUAL(add("a", "x"), -EINVAL);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[4096] = '\0';
	CU_ASSERT_EQUAL(add(path, "x"), -EINVAL);
	path[4095] = '\0';
	CU_ASSERT_EQUAL(add(path, "x"), 0);
	CU_ASSERT_TRUE(answers(path, "x"));
	r.type = NULL;
	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), -EINVAL);
	r.type = "text/plain\r\nEvil: 1";
	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), -EINVAL);
	r.type = "text/plain";
	r.len = (1ull << 30) + 1;
	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), -EFBIG);
	r.len = 1ull << 30;
	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), 0);
	r.data = NULL;
	r.path = "/b";
	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), -EINVAL);
	r.len = 0;
	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), 0);
}

static void
a_full_site_refuses_and_keeps_what_it_has(void)
{
	char path[32];
	int i;

	for (i = 0; i < 16; i++) {
		sprintf(path, "/d%d/index.html", i);
		CU_ASSERT_EQUAL(add(path, "x"), 0);
	}
	CU_ASSERT_EQUAL(add("/more", "x"), -ENOSPC);
	for (i = 0; i < 16; i++) {
		sprintf(path, "/d%d/", i);
		CU_ASSERT_TRUE(answers(path, "x"));
		path[strlen(path) - 1] = '\0';
		CU_ASSERT_PTR_NOT_NULL(lookup(path));
	}
	CU_ASSERT_PTR_NULL(lookup("/d16/"));
}

static void
many_paths_are_all_found(void)
{
	enum { NB = 20000 };
	char path[64];
	int i, found = 0, strangers = 0;

	isla_http_site_free(site);
	site = isla_http_site_create(NB);
	for (i = 0; i < NB; i++) {
		sprintf(path, "/files/%d/number-%d.txt", i % 100, i);
		CU_ASSERT_EQUAL(add(path, path), 0);
	}
	for (i = 0; i < NB; i++) {
		sprintf(path, "/files/%d/number-%d.txt", i % 100, i);
		found += lookup(path) != NULL && lookup(path)->resource != NULL;
		sprintf(path, "/files/%d/number-%d.txt", (i + 1) % 100, i);
		strangers += lookup(path) != NULL;
	}
	CU_ASSERT_EQUAL(found, NB);
	CU_ASSERT_EQUAL(strangers, 0);
}

static void
fields_are_made_once(void)
{
	struct isla_http_resource r = {.path = "/a", .type = "text/plain", .data = "x", .len = 1,
		.iova = RTE_BAD_IOVA, .mtime = 784111777};
	const struct http_resource *got;
	static const char want[] = "Content-Type: text/plain\r\n"
		"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nAccept-Ranges: bytes\r\n";

	CU_ASSERT_EQUAL(isla_http_site_add(site, &r), 0);
	got = lookup("/a")->resource;
	CU_ASSERT_EQUAL(got->fields_len, sizeof(want) - 1);
	CU_ASSERT_EQUAL(memcmp(got->fields, want, sizeof(want) - 1), 0);
	CU_ASSERT_STRING_EQUAL(lookup("/")->resource->last_modified, "");
}

static void
types_follow_the_extension(void)
{
	static const char *const cases[][2] = {
		{"a.html", "text/html; charset=utf-8"},
		{"A.HTML", "text/html; charset=utf-8"},
		{"/x.y/a.css", "text/css; charset=utf-8"},
		{"a.js", "text/javascript; charset=utf-8"},
		{"a.min.js", "text/javascript; charset=utf-8"},
		{"a.json", "application/json"},
		{"a.png", "image/png"},
		{"a.svg", "image/svg+xml"},
		{"a.txt", "text/plain; charset=utf-8"},
		{"a.wasm", "application/wasm"},
		{"a.zst", "application/zstd"},
		{"a.7z", "application/x-7z-compressed"},
		{"a.tar.gz", "application/gzip"},
		{"a.webmanifest", "application/manifest+json"},
		{"a.jpg", "image/jpeg"},
		{"a.woff", "font/woff"},
		{"a.woff2", "font/woff2"},
		{"a.c", "text/plain; charset=utf-8"},
		{"a.mp4", "video/mp4"},
		{"a.avi", "video/x-msvideo"},
		{"a.avif", "image/avif"},
		{"a", "application/octet-stream"},
		{"", "application/octet-stream"},
		{".html", "application/octet-stream"},
		{"a.", "application/octet-stream"},
		{"a.nothing", "application/octet-stream"},
		{"x.html/a", "application/octet-stream"},
		{"a.htmlx", "application/octet-stream"},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++)
		CU_ASSERT_STRING_EQUAL(isla_http_type_of(cases[i][0]), cases[i][1]);
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_empty_site_has_the_page),
	SUITE_TEST(an_index_answers_for_its_directory),
	SUITE_TEST(the_first_root_replaces_the_page),
	SUITE_TEST(an_entry_of_its_own_goes_before_an_implied_one),
	SUITE_TEST(bad_resources_are_refused),
	SUITE_TEST(a_full_site_refuses_and_keeps_what_it_has),
	SUITE_TEST(many_paths_are_all_found),
	SUITE_TEST(fields_are_made_once),
	SUITE_TEST(types_follow_the_extension),
};

int
main(void)
{
	return suite_run("http_site", tests, RTE_DIM(tests), setup, teardown);
}
