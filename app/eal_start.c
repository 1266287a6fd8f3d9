/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's start. Where it fails it prints a page of usage, or several lines of which one tells the
 * cause; a person wants that one.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "eal_start.h"

#define PRINTED_MAX 16384
#define WHERE_MAX   144

/* Output that is held back: where stdout and stderr really go, and what was written instead. */
struct held {
	int fd;
	int out;
	int err;
};

static int
hold(struct held *h)
{
	fflush(stdout);
	h->fd = memfd_create("isla", MFD_CLOEXEC);
	h->out = dup(STDOUT_FILENO);
	h->err = dup(STDERR_FILENO);
	if (h->fd >= 0 && h->out >= 0 && h->err >= 0 && dup2(h->fd, STDOUT_FILENO) >= 0 &&
		dup2(h->fd, STDERR_FILENO) >= 0)
		return 0;
	return -errno;
}

static void
release(struct held *h, char *printed, size_t size)
{
	ssize_t n;

	fflush(stdout);
	if (h->out >= 0)
		dup2(h->out, STDOUT_FILENO);
	if (h->err >= 0)
		dup2(h->err, STDERR_FILENO);
	n = h->fd >= 0 ? pread(h->fd, printed, size - 1, 0) : 0;
	printed[n > 0 ? n : 0] = '\0';
	close(h->fd);
	close(h->out);
	close(h->err);
}

/* What stands between a mark and the end of its line, or NULL. */
static const char *
find_line(const char *printed, const char *mark, char *line, size_t size)
{
	const char *at = strstr(printed, mark);

	if (at == NULL)
		return NULL;
	at += strlen(mark);
	snprintf(line, size, "%.*s", (int)strcspn(at, "\r\n"), at);
	return line;
}

/* The first line of EAL's that tells more than that it ends, or NULL; errors alone are printed. */
static const char *
find_cause(const char *printed, char *line, size_t size)
{
	const char *at = printed;

	while ((at = strstr(at, "EAL: ")) != NULL) {
		if ((at == printed || at[-1] == '\n') && strncmp(at + 5, "FATAL: ", 7) != 0)
			return find_line(at, "EAL: ", line, size);
		at += 5;
	}
	return NULL;
}

/* "FILE:LINE: " where the option comes from the file, else "". */
static const char *
where(const struct eal_args *args, const char *option, char *text, size_t size)
{
	unsigned int line = eal_args_line(args, option);

	text[0] = '\0';
	if (line != 0)
		snprintf(text, size, "%.120s:%u: ", args->config->path, line);
	return text;
}

/* getopt knows no such option. */
static bool
explain_unknown(const struct eal_args *args, const char *printed, char *err, size_t err_size)
{
	static const char *const unknown[] = {"unrecognized option '", "invalid option -- '"};
	char line[160], option[164], at[WHERE_MAX];
	size_t i;

	for (i = 0; i < RTE_DIM(unknown); i++) {
		if (find_line(printed, unknown[i], line, sizeof(line)) == NULL)
			continue;
		/* With its value, where that was given by a '='. */
		line[strcspn(line, i == 0 ? "='" : "'")] = '\0';
		snprintf(option, sizeof(option), "%s%s", i == 0 ? "" : "-", line);
		if (where(args, option, at, sizeof(at))[0] != '\0')
			snprintf(err, err_size, "%s%s is not an option of EAL's; isla's own belong "
				"into the section [isla], and isla --help lists them", at,
				option + strspn(option, "-"));
		else
			snprintf(err, err_size, "%s is not an option of EAL's; isla's own come "
				"behind a \"--\", and isla --help lists them", option);
		return true;
	}
	return false;
}

/* getopt knows it, but not without a value, or with one, or so short, there being several. */
static bool
explain_misuse(const struct eal_args *args, const char *printed, char *err, size_t err_size)
{
	static const char mark[] = "option requires an argument -- '";
	char line[160], option[164], at[WHERE_MAX];
	const char *how;

	if (find_line(printed, mark, line, sizeof(line)) != NULL) {
		how = "needs a value";
		snprintf(option, sizeof(option), "-%.1s", line);
	} else if (find_line(printed, ": option '", line, sizeof(line)) != NULL) {
		how = strstr(line, "requires an argument") != NULL ? "needs a value" :
			strstr(line, "is ambiguous") != NULL ? "is short for several" :
			"takes no value";
		snprintf(option, sizeof(option), "%.*s", (int)strcspn(line, "='"), line);
	} else {
		return false;
	}
	snprintf(err, err_size, "%s%s, an option of EAL's, %s",
		where(args, option, at, sizeof(at)), option, how);
	return true;
}

/* Where the file gives an option that a line of EAL's names, such as "invalid parameters for
 * --vfio-intr". */
static void
find_option(const struct eal_args *args, const char *line, char *at, size_t size)
{
	const char *word;
	char option[64];
	size_t n;

	at[0] = '\0';
	for (word = strstr(line, " -"); word != NULL && at[0] == '\0'; word = strstr(word, " -")) {
		n = strspn(++word, "-");
		n += strcspn(word + n, " =:,.;'\"");
		snprintf(option, sizeof(option), "%.*s", (int)n, word);
		where(args, option, at, size);
	}
}

void
eal_start_explain(const struct eal_args *args, const char *printed, const char *reason, char *err,
	size_t err_size)
{
	char line[160], at[WHERE_MAX];

	if (explain_unknown(args, printed, err, err_size))
		return;
	if (strstr(printed, "another primary process running") != NULL) {
		snprintf(err, err_size,
			"another DPDK program runs with this --file-prefix; give isla "
			"a --file-prefix of its own");
		return;
	}
	if (explain_misuse(args, printed, err, err_size))
		return;
	if (find_cause(printed, line, sizeof(line)) == NULL &&
		find_line(printed, "FATAL: ", line, sizeof(line)) == NULL)
		snprintf(line, sizeof(line), "%s", reason);
	find_option(args, line, at, sizeof(at));
	snprintf(err, err_size, "%sEAL cannot start: %s; --log-level=lib.eal:debug tells more", at,
		line);
}

/*
 * What the driver said in the line before EAL's about the device, without the function's name. Where
 * it said nothing, or its line is about something else, cause is "".
 */
static void
find_driver_cause(const char *printed, char *cause, size_t size)
{
	const char *end = strstr(printed, "failed to initialize "), *begin, *text;

	cause[0] = '\0';
	while (end != NULL && end > printed && end[-1] != '\n')
		end--;
	if (end == NULL || end == printed)
		return;
	for (begin = --end; begin > printed && begin[-1] != '\n'; begin--)
		;
	text = strstr(begin, "(): ");
	if (text != NULL && text < end)
		begin = text + 4;
	snprintf(cause, size, ": %.*s", (int)(end - begin), begin);
}

int
eal_start_check(const struct eal_args *args, const char *printed, char *err, size_t err_size)
{
	char line[160], cause[200];

	if (find_line(printed, "failed to initialize ", line, sizeof(line)) == NULL)
		return 0;
	line[strcspn(line, " ")] = '\0';
	if (args->tap != NULL && strncmp(line, "net_tap", 7) == 0) {
		eal_args_explain_tap(args->tap, err, err_size);
		return -1;
	}
	find_driver_cause(printed, cause, sizeof(cause));
	snprintf(err, err_size, "the device %s cannot be made%s; --log-level=pmd.net.*:debug tells "
		"more", line, cause);
	return -1;
}

int
eal_start(struct eal_args *args, char *err, size_t err_size)
{
	char printed[PRINTED_MAX] = "";
	struct held held;
	bool holds = !args->has_log_level && hold(&held) == 0;
	int rc;

	rc = rte_eal_init(args->argc, args->argv);
	if (holds)
		release(&held, printed, sizeof(printed));
	if (rc >= 0 && eal_start_check(args, printed, err, err_size) != 0) {
		rte_eal_cleanup();
		return -1;
	}
	if (rc >= 0) {
		fputs(printed, stderr);
		return 0;
	}
	eal_start_explain(args, printed, rte_strerror(rte_errno), err, err_size);
	return -1;
}
