/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The documentation and the tables of commands and options agree, both ways. With --print it writes
 * the tables as the documentation has them: `test_reference --print commands` and `... options`.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "cmd.h"
#include "suite.h"

static char *
read_file(const char *path)
{
	char *text = NULL;
	size_t size;
	FILE *f = fopen(path, "r"), *out = open_memstream(&text, &size);
	int c;

	if (f == NULL)
		printf("\n    %s is missing", path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while ((c = fgetc(f)) != EOF)
		fputc(c, out);
	fclose(f);
	fclose(out);
	return text;
}

/* A cell of a table: | separates cells. */
static void
put_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fprintf(out, *text == '|' ? "\\|" : "%c", *text);
}

static void
put_command(FILE *out, const struct cmd *c)
{
	fputs("| `", out);
	put_cell(out, c->name);
	if (c->args[0] != '\0')
		fputc(' ', out);
	put_cell(out, c->args);
	fputs("` | ", out);
	put_cell(out, c->help);
	fputs(" |\n", out);
}

static void
put_option(FILE *out, const struct option *o)
{
	fputs("| `", out);
	if (o->letter != 0)
		fprintf(out, "-%c`, `", o->letter);
	fprintf(out, "--%s", o->name);
	if (o->arg != NULL) {
		fputc('=', out);
		put_cell(out, o->arg);
	}
	fputs("` | ", out);
	put_cell(out, o->help);
	fprintf(out, " | %s%s%s |\n", o->def != NULL ? "`" : "", o->def != NULL ? o->def : "",
		o->def != NULL ? "`" : "");
}

/* A row as it should be, in a buffer that the caller frees. */
static char *
row_of(const struct cmd *c, const struct option *o)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (c != NULL)
		put_command(out, c);
	else
		put_option(out, o);
	fclose(out);
	return text;
}

static bool
is_row_of_a_command(const char *row, size_t len)
{
	const struct cmd *c;
	unsigned int i;

	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		char *want = row_of(c, NULL);
		bool same = strlen(want) == len && memcmp(want, row, len) == 0;

		free(want);
		if (same)
			return true;
	}
	return false;
}

static bool
is_row_of_an_option(const char *row, size_t len)
{
	const struct option *o;

	for (o = options_table; o->name != NULL; o++) {
		char *want = row_of(NULL, o);
		bool same = strlen(want) == len && memcmp(want, row, len) == 0;

		free(want);
		if (same)
			return true;
	}
	return false;
}

/* Each row that begins with code must be one of the table's. */
static void
check_rows(const char *doc, bool (*is_row)(const char *row, size_t len))
{
	const char *line = doc;

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		len += line[len] == '\n';
		if (strncmp(line, "| `", 3) == 0 && !is_row(line, len)) {
			CU_FAIL("the documentation has what the program has not");
			printf("\n    %.*s    run scripts/update-reference", (int)len, line);
		}
		line += len;
	}
}

static void
check_has(const char *doc, char *row)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(doc, row));
	if (strstr(doc, row) == NULL)
		printf("\n    the documentation lacks (run scripts/update-reference) %s", row);
	free(row);
}

static void
commands_are_documented(void)
{
	char *doc = read_file(DOC_DIR "/commands.md");
	const struct cmd *c;
	unsigned int i;

	for (i = 0; (c = cmd_at(i)) != NULL; i++)
		check_has(doc, row_of(c, NULL));
	check_rows(doc, is_row_of_a_command);
	free(doc);
}

static void
options_are_documented(void)
{
	char *doc = read_file(DOC_DIR "/options.md");
	const struct option *o;

	for (o = options_table; o->name != NULL; o++)
		check_has(doc, row_of(NULL, o));
	check_rows(doc, is_row_of_an_option);
	free(doc);
}

/* Options of others that our texts mention: EAL's, and those of tools. */
static const char *const foreign[] = {
	/* EAL */
	"file-prefix", "huge-dir", "huge-unlink", "in-memory", "iova-mode", "lcores", "log-level",
	"allow", "base-virtaddr", "block", "legacy-mem", "main-lcore", "match-allocations",
	"no-huge", "no-pci", "no-shconf", "no-telemetry", "proc-type", "single-file-segments",
	"socket-limit", "socket-mem", "syslog", "telemetry", "trace", "trace-dir", "vfio-intr",
	"vdev",
	/* dpdk-testpmd, dpdk-proc-info, dpdk-dumpcap, setpriv, pkg-config, curl, tc, ethtool */
	"ambient-caps", "bounding-set", "cflags", "forward-mode", "inh-caps", "keep-caps", "libs",
	"max-time", "reuid", "stats", "xstats",
};

/* --word of one of our own scripts. */
static bool
is_of_a_script(const char *name, size_t n)
{
	DIR *dir = opendir(DOC_DIR "/../scripts");
	char path[1024], option[64];
	struct dirent *d;
	bool found = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	snprintf(option, sizeof(option), "--%.*s", (int)n, name);
	while (!found && (d = readdir(dir)) != NULL) {
		char *text;

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), DOC_DIR "/../scripts/%s", d->d_name);
		text = read_file(path);
		found = strstr(text, option) != NULL;
		free(text);
	}
	closedir(dir);
	return found;
}

static bool
is_known_option(const char *name, size_t n)
{
	const struct option *o;
	unsigned int i;

	for (o = options_table; o->name != NULL; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return true;
	for (i = 0; i < RTE_DIM(foreign); i++)
		if (strlen(foreign[i]) == n && memcmp(foreign[i], name, n) == 0)
			return true;
	return is_of_a_script(name, n);
}

/* Each --word of a text is an option of ours or a known one of others. */
static void
check_options_of(const char *path)
{
	char *text = read_file(path);
	const char *at = text;

	while ((at = strstr(at, "--")) != NULL) {
		bool begins = at == text || strchr(" `([\n'\"|", at[-1]) != NULL;
		size_t n;

		at += 2;
		n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (!begins || n == 0 || at[0] == '-')
			continue;
		if (!is_known_option(at, n)) {
			CU_FAIL("an option that nobody has");
			printf("\n    %s: --%.*s", path, (int)n, at);
		}
		at += n;
	}
	free(text);
}

static void
options_in_texts_exist(void)
{
	DIR *dir = opendir(DOC_DIR);
	struct dirent *d;
	char path[1024];

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	check_options_of(DOC_DIR "/../README.md");
	while ((d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name);

		if (n < 3 || strcmp(d->d_name + n - 3, ".md") != 0)
			continue;
		snprintf(path, sizeof(path), DOC_DIR "/%s", d->d_name);
		check_options_of(path);
	}
	closedir(dir);
}

static void
print_commands(void)
{
	const struct cmd *c;
	unsigned int i;
	int group;

	for (group = 0; group < CMD_GROUPS; group++) {
		printf("\n### %s\n\n| command | |\n|---|---|\n", cmd_group_titles[group]);
		for (i = 0; (c = cmd_at(i)) != NULL; i++)
			if ((int)c->group == group)
				put_command(stdout, c);
	}
}

static void
print_options(void)
{
	const struct option *o;
	int group;

	for (group = 0; group < OPTION_GROUPS; group++) {
		printf("\n## %s\n\n| option | | default |\n|---|---|---|\n",
			options_group_titles[group]);
		for (o = options_table; o->name != NULL; o++)
			if ((int)o->group == group)
				put_option(stdout, o);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(commands_are_documented),
	SUITE_TEST(options_are_documented),
	SUITE_TEST(options_in_texts_exist),
};

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--print") == 0) {
		if (strcmp(argv[2], "commands") == 0)
			print_commands();
		else
			print_options();
		return 0;
	}
	return suite_run("reference", tests, RTE_DIM(tests), NULL, NULL);
}
