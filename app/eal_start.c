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

void
eal_start_explain(const char *printed, const char *reason, char *err, size_t err_size)
{
	static const char *const unknown[] = {"unrecognized option '", "invalid option -- '"};
	char line[160];
	size_t i;

	for (i = 0; i < RTE_DIM(unknown); i++) {
		if (find_line(printed, unknown[i], line, sizeof(line)) == NULL)
			continue;
		line[strcspn(line, "'")] = '\0';
		snprintf(err, err_size, "%s%s is not an option of EAL's; isla's own come behind "
			"a \"--\", and isla --help lists them", i == 0 ? "" : "-", line);
		return;
	}
	if (strstr(printed, "another primary process running") != NULL) {
		snprintf(err, err_size,
			"another DPDK program runs with this --file-prefix; give isla "
			"a --file-prefix of its own");
		return;
	}
	if (find_line(printed, ": option '", line, sizeof(line)) != NULL) {
		bool wants = strstr(line, "requires an argument") != NULL;

		line[strcspn(line, "'")] = '\0';
		snprintf(err, err_size, "%s, an option of EAL's, %s", line,
			wants ? "needs a value" : "takes no value");
		return;
	}
	if (find_cause(printed, line, sizeof(line)) == NULL &&
		find_line(printed, "FATAL: ", line, sizeof(line)) == NULL)
		snprintf(line, sizeof(line), "%s", reason);
	snprintf(err, err_size, "EAL cannot start: %s; --log-level=lib.eal:debug tells more", line);
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
	eal_start_explain(printed, rte_strerror(rte_errno), err, err_size);
	return -1;
}
