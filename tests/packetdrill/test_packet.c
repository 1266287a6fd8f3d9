/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet scripts as tests: each *.pkt below the directories and files named is played over IPv4 and
 * over IPv6, and is one TAP line. See tests/packet/README.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "play.h"

#define PATHS_MAX 2048

struct paths {
	char *path[PATHS_MAX];
	unsigned int nb;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every script below a directory; a file that is named itself may have any name. */
static void
find_scripts(struct paths *paths, const char *path, bool named)
{
	size_t n = strlen(path);
	const struct dirent *d;
	struct stat st;
	char sub[1024];
	DIR *dir;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		if (named || (n > 4 && strcmp(path + n - 4, ".pkt") == 0)) {
			if (paths->nb == PATHS_MAX)
				abort();
			paths->path[paths->nb++] = strdup(path);
		}
		return;
	}
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
		find_scripts(paths, sub, false);
	}
	if (dir != NULL)
		closedir(dir);
}

static bool
run(const char *path, bool verbose)
{
	struct script_error error;
	struct script *s = script_read(path, &error);
	bool ok = true;

	if (s == NULL) {
		fprintf(stderr, "%s:%u:%u: %s\n", error.path, error.line, error.column, error.text);
		return false;
	}
	if (!s->no_v4)
		ok &= play_script(s, false, verbose, stderr);
	if (!s->no_v6)
		ok &= play_script(s, true, verbose, stderr);
	script_free(s);
	return ok;
}

int
main(int argc, char **argv)
{
	static struct paths paths;
	const char *root = argc > 1 ? argv[argc - 1] : ".";
	bool verbose = false, failed = false;
	unsigned int i;
	int opt;

	while ((opt = getopt(argc, argv, "v")) != -1) {
		if (opt != 'v') {
			fprintf(stderr, "usage: %s [-v] SCRIPT|DIRECTORY...\n", argv[0]);
			return EXIT_FAILURE;
		}
		verbose = true;
	}
	for (; optind < argc; optind++)
		find_scripts(&paths, argv[optind], true);
	qsort(paths.path, paths.nb, sizeof(paths.path[0]), compare);
	printf("1..%u\n", paths.nb);
	for (i = 0; i < paths.nb; i++) {
		const char *name = paths.path[i];
		bool ok = run(name, verbose);

		if (strncmp(name, root, strlen(root)) == 0 && name[strlen(root)] == '/')
			name += strlen(root) + 1;
		printf("%s %u - %s\n", ok ? "ok" : "not ok", i + 1, name);
		fflush(stdout);
		failed |= !ok;
		free(paths.path[i]);
	}
	return failed || paths.nb == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
