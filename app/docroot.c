/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The docroot: a walk below DIR that reads each file into memory, then a site of what was read.
 *
 * Files are read, not mapped: one that is cut short later must not take the server with it. They
 * lie in large anonymous mappings, a large file in one of its own, which are read-only when all is
 * loaded. Every entry is opened relative to its directory and without following links; a symbolic
 * link is followed only after the kernel has told where it leads.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "docroot.h"

#define MAX_FILES  65536
#define MAX_DEPTH  32
#define MAX_BYTES  (1ll << 30) /* of one file, as isla_http_resource::len */
#define MAX_PATH   4095        /* as isla_http_site_add() */
#define MAX_NOTES  8
#define CHUNK      (4u << 20)
#define LARGE      (1u << 20)  /* a file from here on has a mapping of its own */
#define FILE_ALIGN 64
#define HUGE_PAGE  (2u << 20)

struct mapping {
	void *mem;
	size_t size;
	struct mapping *next;
};

struct file {
	char *path;
	const uint8_t *data;
	uint64_t len;
	int64_t mtime;
};

struct docroot {
	struct isla_http_site *site;
	struct mapping *maps;
	struct file *files;
	unsigned int nb_files;
	uint64_t nb_bytes;
};

/* One directory on the way down. */
struct dir {
	const struct dir *parent;
	int fd;
	unsigned int depth;
	dev_t dev;
	ino_t ino;
	size_t path_len; /* of loader::path up to and with this directory's slash */
};

struct loader {
	struct docroot *docroot;
	const char *dir;
	char root[PATH_MAX];   /* where DIR really is; "" where the kernel does not tell */
	char path[MAX_PATH + NAME_MAX + 2];
	uint8_t *chunk;        /* free room in the last chunk */
	size_t chunk_left;
	unsigned int max_files; /* files that the array has room for */
	unsigned int nb_notes;
	char *err;
	size_t err_size;
};

static int set_error(struct loader *l, const char *format, ...) __rte_format_printf(2, 3);

/* One line, which begins with the option. Returns -1. */
static int
set_error(struct loader *l, const char *format, ...)
{
	va_list ap;
	int n = snprintf(l->err, l->err_size, "--docroot %s: ", l->dir);

	va_start(ap, format);
	if (n >= 0 && (size_t)n < l->err_size)
		vsnprintf(l->err + n, l->err_size - (size_t)n, format, ap);
	va_end(ap);
	return -1;
}

/* Say what is left out, but not a thousand times. */
static void
note_skipped(struct loader *l, const char *why)
{
	if (l->nb_notes++ < MAX_NOTES)
		fprintf(stderr, "isla: --docroot %s: left out %s: %s\n", l->dir, l->path, why);
}

static uint8_t *
map_memory(struct docroot *d, size_t size)
{
	struct mapping *map = malloc(sizeof(*map));

	if (map == NULL)
		return NULL;
	map->size = size < LARGE ? RTE_ALIGN_CEIL(size, (size_t)4096)
				 : RTE_ALIGN_CEIL(size, (size_t)HUGE_PAGE);
	map->mem =
		mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map->mem == MAP_FAILED) {
		free(map);
		return NULL;
	}
	/* A wish: fewer TLB misses where the kernel grants it. */
	madvise(map->mem, map->size, MADV_HUGEPAGE);
	map->next = d->maps;
	d->maps = map;
	return map->mem;
}

static uint8_t *
file_memory(struct loader *l, size_t size)
{
	size_t aligned = RTE_ALIGN_CEIL(size, (size_t)FILE_ALIGN);
	uint8_t *mem;

	if (size >= LARGE)
		return map_memory(l->docroot, size);
	if (aligned > l->chunk_left) {
		l->chunk = map_memory(l->docroot, CHUNK);
		if (l->chunk == NULL)
			return NULL;
		l->chunk_left = CHUNK;
	}
	mem = l->chunk;
	l->chunk += aligned;
	l->chunk_left -= aligned;
	return mem;
}

/* Read up to size bytes. Returns how many there were, or -1. */
static int64_t
read_all(int fd, uint8_t *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

/* A slot for one more file, or NULL. */
static struct file *
add_file(struct loader *l)
{
	struct docroot *d = l->docroot;

	if (d->nb_files == l->max_files) {
		unsigned int max = l->max_files == 0 ? 64 : 2 * l->max_files;
		struct file *files = realloc(d->files, max * sizeof(*files));

		if (files == NULL)
			return NULL;
		d->files = files;
		l->max_files = max;
	}
	return &d->files[d->nb_files];
}

static int
load_file(struct loader *l, int fd, const struct stat *st)
{
	struct docroot *d = l->docroot;
	struct file *f;
	uint8_t *mem;
	int64_t len;

	if (st->st_size > MAX_BYTES)
		return set_error(l, "%s is larger than 1 GiB; move it elsewhere", l->path);
	if (d->nb_files == MAX_FILES)
		return set_error(l, "more than %u files; choose a smaller directory", MAX_FILES);
	f = add_file(l);
	mem = file_memory(l, RTE_MAX((size_t)st->st_size, (size_t)1));
	if (f == NULL || mem == NULL)
		return set_error(l, "no memory for %s (%lld bytes); choose a smaller directory",
			l->path, (long long)st->st_size);
	len = read_all(fd, mem, (size_t)st->st_size);
	if (len < 0) {
		note_skipped(l, strerror(errno));
		return 0;
	}
	f->path = strdup(l->path);
	if (f->path == NULL)
		return set_error(l, "no memory for %s", l->path);
	f->data = mem;
	f->len = (uint64_t)len;
	f->mtime = st->st_mtime;
	d->nb_files++;
	d->nb_bytes += f->len;
	return 0;
}

/* Where an open file really is; false where the kernel does not tell. */
static bool
real_path(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0 || path[0] != '/')
		return false;
	path[n] = '\0';
	return true;
}

/* True where a link led to something below DIR that is not hidden. */
static bool
is_inside(const struct loader *l, int fd)
{
	size_t len = strlen(l->root);
	char path[PATH_MAX];

	if (len == 0 || !real_path(fd, path) || strncmp(path, l->root, len) != 0)
		return false;
	/* "/" ends with the slash that others are followed by. */
	if (l->root[len - 1] != '/' && path[len] != '/' && path[len] != '\0')
		return false;
	return strstr(path + len - (l->root[len - 1] == '/'), "/.") == NULL;
}

/* Open an entry, whatever kind it is; -1 where it is to be left out. */
static int
open_entry(struct loader *l, const struct dir *dir, const char *name)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat st;
	int fd;

	/* Opening a device can do things: look first. */
	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		note_skipped(l, strerror(errno));
		return -1;
	}
	if (S_ISLNK(st.st_mode)) {
		if (fstatat(dir->fd, name, &st, 0) != 0) {
			note_skipped(l, "a link that leads nowhere");
			return -1;
		}
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return -1;
		fd = openat(dir->fd, name, flags);
		if (fd >= 0 && !is_inside(l, fd)) {
			note_skipped(
				l, "a link that leads out of the directory or to a hidden file");
			close(fd);
			return -1;
		}
	} else if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		fd = openat(dir->fd, name, flags | O_NOFOLLOW);
	} else {
		return -1;
	}
	if (fd < 0)
		note_skipped(l, strerror(errno));
	return fd;
}

static int walk(struct loader *l, struct dir *dir);

/* A directory that was opened; takes fd. */
static int
enter(struct loader *l, const struct dir *parent, int fd, const struct stat *st)
{
	struct dir dir = {.parent = parent, .fd = fd, .dev = st->st_dev, .ino = st->st_ino};
	const struct dir *d;

	dir.depth = parent->depth + 1;
	for (d = parent; d != NULL; d = d->parent)
		if (d->dev == st->st_dev && d->ino == st->st_ino)
			break;
	if (d != NULL || dir.depth > MAX_DEPTH) {
		note_skipped(l, d != NULL ? "a link to a directory above it" : "too deep");
		close(fd);
		return 0;
	}
	return walk(l, &dir);
}

static int
visit(struct loader *l, const struct dir *dir, const char *name)
{
	size_t len = strlen(name);
	struct stat st = {0};
	int fd, rc = 0;

	if (name[0] == '.')
		return 0;
	memcpy(l->path + dir->path_len, name, len + 1);
	if (dir->path_len + len > MAX_PATH) {
		note_skipped(l, "its path is too long");
		return 0;
	}
	fd = open_entry(l, dir, name);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return enter(l, dir, fd, &st);
	if (S_ISREG(st.st_mode))
		rc = load_file(l, fd, &st);
	close(fd);
	return rc;
}

/* All entries of a directory whose path, without its last slash, is in l->path; takes dir->fd. */
static int
walk(struct loader *l, struct dir *dir)
{
	DIR *stream = fdopendir(dir->fd);
	struct dirent *entry;
	int rc = 0;

	if (stream == NULL) {
		note_skipped(l, strerror(errno));
		close(dir->fd);
		return 0;
	}
	dir->path_len = strlen(l->path) + 1;
	l->path[dir->path_len - 1] = '/';
	while (rc == 0 && (entry = readdir(stream)) != NULL)
		rc = visit(l, dir, entry->d_name);
	closedir(stream);
	return rc;
}

/* The way from DIR on. */
static int
load_files(struct loader *l)
{
	struct dir root = {.fd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	struct stat st;
	int rc;

	if (root.fd < 0 || fstat(root.fd, &st) != 0) {
		rc = errno;
		if (root.fd >= 0)
			close(root.fd);
		return set_error(l, "%s; give a directory that can be read", strerror(rc));
	}
	root.dev = st.st_dev;
	root.ino = st.st_ino;
	if (!real_path(root.fd, l->root))
		l->root[0] = '\0';
	rc = walk(l, &root);
	if (l->nb_notes > MAX_NOTES)
		fprintf(stderr, "isla: --docroot %s: left out %u more\n", l->dir,
			l->nb_notes - MAX_NOTES);
	return rc;
}

static int
make_site(struct loader *l)
{
	struct docroot *d = l->docroot;
	unsigned int i;

	d->site = isla_http_site_create(d->nb_files);
	if (d->site == NULL)
		return set_error(l, "no memory for a table of %u files", d->nb_files);
	for (i = 0; i < d->nb_files; i++) {
		const struct file *f = &d->files[i];
		const struct isla_http_resource r = {
			.path = f->path,
			.type = isla_http_type_of(f->path),
			.data = f->data,
			.iova = RTE_BAD_IOVA,
			.len = f->len,
			.mtime = f->mtime,
		};
		int rc = isla_http_site_add(d->site, &r);

		if (rc != 0)
			return set_error(l, "%s: %s", f->path, strerror(-rc));
	}
	return 0;
}

/* Nobody writes to it from now on; names are in the site. */
static void
seal(struct docroot *d)
{
	const struct mapping *map;
	unsigned int i;

	for (map = d->maps; map != NULL; map = map->next)
		mprotect(map->mem, map->size, PROT_READ);
	for (i = 0; i < d->nb_files; i++)
		free(d->files[i].path);
	free(d->files);
	d->files = NULL;
}

struct docroot *
docroot_load(const char *dir, char *err, size_t err_size)
{
	struct docroot *d = calloc(1, sizeof(*d));
	struct loader *l = calloc(1, sizeof(*l));

	if (d == NULL || l == NULL) {
		snprintf(err, err_size, "no memory");
		goto fail;
	}
	l->docroot = d;
	l->dir = dir != NULL ? dir : "";
	l->err = err;
	l->err_size = err_size;
	if ((dir != NULL && load_files(l) != 0) || make_site(l) != 0)
		goto fail;
	seal(d);
	free(l);
	return d;
fail:
	free(l);
	docroot_free(d);
	return NULL;
}

const struct isla_http_site *
docroot_site(const struct docroot *docroot)
{
	return docroot->site;
}

void
docroot_size(const struct docroot *docroot, unsigned int *nb_files, uint64_t *nb_bytes)
{
	*nb_files = docroot->nb_files;
	*nb_bytes = docroot->nb_bytes;
}

void
docroot_free(struct docroot *d)
{
	unsigned int i;

	if (d == NULL)
		return;
	for (i = 0; d->files != NULL && i < d->nb_files; i++)
		free(d->files[i].path);
	free(d->files);
	isla_http_site_free(d->site);
	while (d->maps != NULL) {
		struct mapping *map = d->maps;

		d->maps = map->next;
		munmap(map->mem, map->size);
		free(map);
	}
	free(d);
}
