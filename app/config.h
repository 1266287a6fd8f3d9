/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_H
#define CONFIG_H

/*
 * The file of --config, in rte_cfgfile's format: a section [isla] with the options of the command
 * line under the same names and without the dashes, and a section [eal] with EAL's. Pure but for
 * the reading.
 */

#include <stdbool.h>
#include <stddef.h>

/* One "name = value". */
struct config_entry {
	const char *name;
	const char *value;
	unsigned int line;  /* in the file, from 1 on */
	bool is_eal;        /* of [eal], else of [isla] */
};

struct rte_cfgfile_entry;

struct config {
	const char *path;   /* NULL: there is no file */
	struct config_entry *entry;
	unsigned int nb_entries;
	struct rte_cfgfile_entry *text; /* what the entries refer to */
};

/* The value of --config among the arguments behind the "--", or NULL. */
const char *config_find(int argc, char **argv);

/*
 * Read a file; a path of NULL gives an empty config. Whatever is neither a section nor an entry nor
 * empty is refused. Returns 0, or -errno with one line in err; free it in either case.
 */
int config_read(struct config *config, const char *path, char *err, size_t err_size);

void config_free(struct config *config);

#endif /* CONFIG_H */
