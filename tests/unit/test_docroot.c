/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The docroot, on a directory made for each test.
 */

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>

#include "docroot.h"
#include "http_site.h"
#include "suite.h"

static char base[64], root[80];
static char err[256];

static void
setup(void)
{
	snprintf(base, sizeof(base), "/tmp/isla-test-docroot-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	snprintf(root, sizeof(root), "%s/root", base);
	CU_ASSERT_EQUAL_FATAL(mkdir(root, 0755), 0);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	RTE_SET_USED(st);
	RTE_SET_USED(type);
	RTE_SET_USED(ftw);
	return remove(path);
}

static void
teardown(void)
{
	CU_ASSERT_EQUAL(nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *
path_of(const char *name)
{
	static char path[2][512];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", base, name);
	return path[turn];
}

static void
make_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void
make_dir(const char *name)
{
	CU_ASSERT_EQUAL_FATAL(mkdir(path_of(name), 0755), 0);
}

static void
make_link(const char *name, const char *to)
{
	CU_ASSERT_EQUAL_FATAL(symlink(to, path_of(name)), 0);
}

static const struct http_resource *
find(const struct docroot *d, const char *path)
{
	struct http_str s = {path, (uint32_t)strlen(path)};
	const struct http_entry *e = http_site_lookup(docroot_site(d), &s);

	return e != NULL ? e->resource : NULL;
}

static bool
holds(const struct docroot *d, const char *path, const char *text)
{
	const struct http_resource *r = find(d, path);

	return r != NULL && r->len == strlen(text) && memcmp(r->data, text, r->len) == 0;
}

static struct docroot *
load(void)
{
	struct docroot *d = docroot_load(root, err, sizeof(err));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	return d;
}

static void
without_a_directory_there_is_the_page(void)
{
	struct docroot *d = docroot_load(NULL, err, sizeof(err));
	unsigned int nb_files;
	uint64_t nb_bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	CU_ASSERT_PTR_NOT_NULL(find(d, "/"));
	docroot_size(d, &nb_files, &nb_bytes);
	CU_ASSERT_EQUAL(nb_files, 0);
	CU_ASSERT_EQUAL(nb_bytes, 0);
	docroot_free(d);
	docroot_free(NULL);
}

static void
files_are_found_below_the_directory(void)
{
	struct docroot *d;
	unsigned int nb_files;
	uint64_t nb_bytes;

	make_file("root/index.html", "<p>");
	make_file("root/a b%.txt", "text");
	make_file("root/empty", "");
	make_dir("root/sub");
	make_dir("root/sub/deeper");
	make_file("root/sub/deeper/index.html", "deep");
	make_file("outside", "secret");
	d = load();
	CU_ASSERT_TRUE(holds(d, "/", "<p>"));
	CU_ASSERT_TRUE(holds(d, "/index.html", "<p>"));
	CU_ASSERT_TRUE(holds(d, "/a b%.txt", "text"));
	CU_ASSERT_TRUE(holds(d, "/empty", ""));
	CU_ASSERT_TRUE(holds(d, "/sub/deeper/", "deep"));
	CU_ASSERT_PTR_NULL(find(d, "/sub/"));
	CU_ASSERT_PTR_NULL(find(d, "/outside"));
	CU_ASSERT_TRUE(find(d, "/")->mtime > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(find(d, "/")->fields, "text/html"));
	docroot_size(d, &nb_files, &nb_bytes);
	CU_ASSERT_EQUAL(nb_files, 4);
	CU_ASSERT_EQUAL(nb_bytes, 3 + 4 + 0 + 4);
	/* What happens to the files later does not matter. */
	CU_ASSERT_EQUAL(truncate(path_of("root/index.html"), 0), 0);
	CU_ASSERT_TRUE(holds(d, "/", "<p>"));
	docroot_free(d);
}

static void
hidden_and_special_files_are_left_out(void)
{
	struct docroot *d;
	unsigned int nb_files;
	uint64_t nb_bytes;

	make_file("root/.htpasswd", "secret");
	make_dir("root/.git");
	make_file("root/.git/config", "secret");
	make_link("root/config", ".git/config");
	CU_ASSERT_EQUAL(mkfifo(path_of("root/fifo"), 0644), 0);
	make_link("root/fifo-link", "fifo");
	make_link("root/device", "/dev/zero");
	d = load();
	docroot_size(d, &nb_files, &nb_bytes);
	CU_ASSERT_EQUAL(nb_files, 0);
	/* Nothing but the built-in page. */
	CU_ASSERT_PTR_NOT_NULL(find(d, "/"));
	docroot_free(d);
}

static void
links_are_followed_inside_and_only_there(void)
{
	struct docroot *d;
	unsigned int nb_files;
	uint64_t nb_bytes;

	make_dir("root/sub");
	make_file("root/sub/a", "A");
	make_link("root/inside", "sub/a");
	make_link("root/dir", "sub");
	make_dir("root-too");
	make_file("root-too/b", "B");
	make_file("outside", "secret");
	make_link("root/out", "../outside");
	make_link("root/neighbour", "../root-too");
	make_link("root/absolute", "/etc/passwd");
	make_link("root/etc", "/etc");
	make_link("root/broken", "nowhere");
	make_link("root/self", "self");
	make_link("root/sub/up", "..");
	make_link("root/here", ".");
	d = load();
	CU_ASSERT_TRUE(holds(d, "/sub/a", "A"));
	CU_ASSERT_TRUE(holds(d, "/inside", "A"));
	CU_ASSERT_TRUE(holds(d, "/dir/a", "A"));
	docroot_size(d, &nb_files, &nb_bytes);
	CU_ASSERT_EQUAL(nb_files, 3);
	docroot_free(d);
}

static void
large_files_are_whole(void)
{
	static const size_t sizes[] = {1u << 20, (1u << 20) - 1, 3000001, 4095, 4096};
	struct docroot *d;
	uint8_t *bytes = malloc(3000001);
	size_t i, j;

	for (i = 0; i < 3000001; i++)
		bytes[i] = (uint8_t)(i * 31 + i / 255);
	for (i = 0; i < RTE_DIM(sizes); i++) {
		char name[32];
		FILE *f;

		snprintf(name, sizeof(name), "root/%zu", i);
		f = fopen(path_of(name), "w");
		CU_ASSERT_EQUAL(fwrite(bytes, 1, sizes[i], f), sizes[i]);
		fclose(f);
	}
	d = load();
	for (i = 0; i < RTE_DIM(sizes); i++) {
		const struct http_resource *r;
		char name[32];

		snprintf(name, sizeof(name), "/%zu", i);
		r = find(d, name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(r);
		CU_ASSERT_EQUAL_FATAL(r->len, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(r->data, bytes, sizes[i]), 0);
		for (j = 0; j < i; j++) {
			snprintf(name, sizeof(name), "/%zu", j);
			CU_ASSERT_PTR_NOT_EQUAL(find(d, name)->data, r->data);
		}
	}
	docroot_free(d);
	free(bytes);
}

static void
a_file_beyond_one_gibibyte_is_an_error(void)
{
	make_file("root/huge", "");
	CU_ASSERT_EQUAL(truncate(path_of("root/huge"), (1ll << 30) + 1), 0);
	CU_ASSERT_PTR_NULL(docroot_load(root, err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "/huge"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "1 GiB"));
	CU_ASSERT_PTR_NULL(strchr(err, '\n'));
}

static void
a_directory_that_is_none_is_an_error(void)
{
	CU_ASSERT_PTR_NULL(docroot_load(path_of("nothing"), err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--docroot"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "No such file or directory"));
	make_file("file", "x");
	CU_ASSERT_PTR_NULL(docroot_load(path_of("file"), err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "Not a directory"));
}

static void
a_deep_tree_ends(void)
{
	char name[512] = "root";
	struct docroot *d;
	unsigned int nb_files, i;
	uint64_t nb_bytes;

	for (i = 0; i < 40; i++) {
		strcat(name, "/d");
		make_dir(name);
		strcat(name, "/f");
		make_file(name, "x");
		name[strlen(name) - 2] = '\0';
	}
	d = load();
	docroot_size(d, &nb_files, &nb_bytes);
	CU_ASSERT_EQUAL(nb_files, 32);
	docroot_free(d);
}

static const struct suite_test tests[] = {
	SUITE_TEST(without_a_directory_there_is_the_page),
	SUITE_TEST(files_are_found_below_the_directory),
	SUITE_TEST(hidden_and_special_files_are_left_out),
	SUITE_TEST(links_are_followed_inside_and_only_there),
	SUITE_TEST(large_files_are_whole),
	SUITE_TEST(a_file_beyond_one_gibibyte_is_an_error),
	SUITE_TEST(a_directory_that_is_none_is_an_error),
	SUITE_TEST(a_deep_tree_ends),
};

int
main(void)
{
	return suite_run("docroot", tests, RTE_DIM(tests), setup, teardown);
}
