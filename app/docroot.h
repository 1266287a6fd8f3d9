/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DOCROOT_H
#define DOCROOT_H

/*
 * The files of --docroot DIR: read into memory at start, below DIR only (a symbolic link that leads
 * out is not followed), regular files only, hidden ones left out.
 */

#include <stddef.h>

#include <isla_http.h>

struct docroot;

/*
 * Load DIR and make a site of it; DIR NULL: the site with the built-in page. On failure NULL and a
 * message of one line in err, which names the directory or file and the way out.
 */
struct docroot *docroot_load(const char *dir, char *err, size_t err_size);

const struct isla_http_site *docroot_site(const struct docroot *docroot);

/* Files, and bytes of them. */
void docroot_size(const struct docroot *docroot, unsigned int *nb_files, uint64_t *nb_bytes);

/* After the last server. */
void docroot_free(struct docroot *docroot);

#endif /* DOCROOT_H */
