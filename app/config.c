/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file. rte_cfgfile reads it; but it passes over lines that it does not
 * understand, cuts long ones short and keeps no line numbers. So the file is looked through first:
 * what rte_cfgfile would lose is refused, and the entries' lines are noted, in their order.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cfgfile.h>
#include <rte_common.h>

#include "config.h"

#define ENTRIES_MAX  1024
#define SECTIONS_MAX 64

/* What the first look finds. */
struct scan {
	const char *path;
	char *err;
	size_t err_size;
	unsigned int line;
	bool is_eal;
	unsigned int nb_sections;
	unsigned int nb_entries;
	struct config_entry entry[ENTRIES_MAX];
};

static int __rte_format_printf(2, 3)
refuse(struct scan *s, const char *format, ...)
{
	int n = snprintf(s->err, s->err_size, "%.120s:%u: ", s->path, s->line);
	va_list ap;

	va_start(ap, format);
	if (n >= 0 && (size_t)n < s->err_size)
		vsnprintf(s->err + n, s->err_size - (size_t)n, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Cut spaces off both ends. */
static char *
strip(char *text)
{
	static const char spaces[] = " \t\r\n\f\v";
	size_t n;

	text += strspn(text, spaces);
	n = strlen(text);
	while (n > 0 && strchr(spaces, text[n - 1]) != NULL)
		n--;
	text[n] = '\0';
	return text;
}

static int
scan_section(struct scan *s, char *text)
{
	char *end = strchr(text, ']');
	const char *name;

	if (end == NULL || end[1] != '\0')
		return refuse(s, "'%.60s' is not a section; give [isla] or [eal]", text);
	*end = '\0';
	name = strip(text + 1);
	if (strcmp(name, "isla") != 0 && strcmp(name, "eal") != 0)
		return refuse(s, "there is no section [%.60s]; give [isla] or [eal]", name);
	if (s->nb_sections++ == SECTIONS_MAX)
		return refuse(s, "more than %d sections", SECTIONS_MAX);
	s->is_eal = strcmp(name, "eal") == 0;
	return 0;
}

static int
scan_entry(struct scan *s, char *text)
{
	char *equals = strchr(text, '='), *name, *value;

	if (equals == NULL) {
		if (text[0] == '#')
			return refuse(s, "'%.60s': a comment begins with a ';'", text);
		return refuse(s, "'%.60s' is not an entry; give NAME = VALUE, and NAME = yes for "
			"an option that takes no value", text);
	}
	*equals = '\0';
	name = strip(text);
	value = strip(equals + 1);
	if (name[0] == '\0' || strlen(name) >= CFG_NAME_LEN || strpbrk(name, " \t") != NULL)
		return refuse(s, "'%.80s' is not the name of an option", name);
	if (name[0] == '-')
		return refuse(s, "'%.60s': names have no dashes in front here", name);
	if (strlen(value) >= CFG_VALUE_LEN)
		return refuse(s, "the value of %s is too long; at most %d bytes are possible", name,
			CFG_VALUE_LEN - 1);
	if (s->nb_sections == 0)
		return refuse(s, "%s stands in no section; begin with a line [isla]", name);
	if (s->nb_entries == ENTRIES_MAX)
		return refuse(s, "more than %d entries", ENTRIES_MAX);
	s->entry[s->nb_entries++] = (struct config_entry){.line = s->line, .is_eal = s->is_eal};
	return 0;
}

/* What an editor for other systems leaves in front, and what would confuse a terminal if it were
 * quoted in a message. */
static int
scan_bytes(struct scan *s, const char *text, size_t len)
{
	size_t i;

	if (s->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		return refuse(s, "the file begins with a byte order mark; save it without one");
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && strchr("\t\r\n", c) == NULL) || c == '\0' || c == 0x7f)
			return refuse(s, "a byte of value %u; give text", c);
	}
	return 0;
}

static int
scan_line(struct scan *s, char *text, size_t len)
{
	char *comment;
	int rc;

	s->line++;
	rc = scan_bytes(s, text, len);
	if (rc != 0)
		return rc;
	comment = strchr(text, CFG_DEFAULT_COMMENT_CHARACTER);
	if (comment != NULL && comment > text && comment[-1] == '\\')
		return refuse(s, "a ';' cannot be part of a value");
	if (comment != NULL)
		*comment = '\0';
	/* rte_cfgfile's own buffer takes a whole line, its comment included. */
	if (len > CFG_NAME_LEN + CFG_VALUE_LEN)
		return refuse(s, "the line is too long; at most %d bytes are possible",
			CFG_NAME_LEN + CFG_VALUE_LEN);
	text = strip(text);
	if (text[0] == '\0')
		return 0;
	return text[0] == '[' ? scan_section(s, text) : scan_entry(s, text);
}

static int
scan_file(struct scan *s)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t len = 0;
	FILE *in;
	int rc = 0;

	errno = 0;
	in = fopen(s->path, "re");
	while (in != NULL && rc == 0 && (len = getline(&text, &size, in)) >= 0)
		rc = scan_line(s, text, (size_t)len);
	if (in == NULL || (rc == 0 && ferror(in))) {
		rc = errno != 0 ? -errno : -EIO;
		snprintf(s->err, s->err_size, "--config %.120s: %s; give a file that can be read",
			s->path, strerror(-rc));
	}
	free(text);
	if (in != NULL)
		fclose(in);
	return rc;
}

/* The entries of all sections, one after the other, to config->text. Returns how many there are. */
static int
load(struct config *config)
{
	struct rte_cfgfile *file = rte_cfgfile_load(config->path, CFG_FLAG_EMPTY_VALUES);
	char name[CFG_NAME_LEN];
	int i, n, nb = 0, nb_sections;

	if (file == NULL)
		return -EINVAL;
	nb_sections = rte_cfgfile_num_sections(file, NULL, 0);
	for (i = 0; i < nb_sections; i++) {
		n = rte_cfgfile_section_num_entries_by_index(file, name, i);
		if (n < 0 || nb + n > (int)config->nb_entries)
			break;
		n = rte_cfgfile_section_entries_by_index(file, i, name, config->text + nb, n);
		if (n < 0)
			break;
		nb += n;
	}
	rte_cfgfile_close(file);
	return nb;
}

static int
take(struct config *config, const struct scan *s)
{
	unsigned int i;

	config->nb_entries = s->nb_entries;
	config->entry = calloc(s->nb_entries + 1, sizeof(*config->entry));
	config->text = calloc(s->nb_entries + 1, sizeof(*config->text));
	if (config->entry == NULL || config->text == NULL)
		return -ENOMEM;
	if (load(config) != (int)s->nb_entries)
		return -EIO;
	for (i = 0; i < s->nb_entries; i++) {
		config->entry[i] = s->entry[i];
		config->entry[i].name = config->text[i].name;
		config->entry[i].value = config->text[i].value;
	}
	return 0;
}

int
config_read(struct config *config, const char *path, char *err, size_t err_size)
{
	struct scan *s;
	int rc;

	memset(config, 0, sizeof(*config));
	if (path == NULL)
		return 0;
	config->path = path;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		snprintf(err, err_size, "--config %.120s: out of memory", path);
		return -ENOMEM;
	}
	s->path = path;
	s->err = err;
	s->err_size = err_size;
	rc = scan_file(s);
	if (rc == 0) {
		rc = take(config, s);
		if (rc != 0)
			snprintf(err, err_size, "--config %.120s: it cannot be read twice; give a "
				"file, not a pipe: %s", path, strerror(-rc));
	}
	free(s);
	return rc;
}

void
config_free(struct config *config)
{
	free(config->entry);
	free(config->text);
	memset(config, 0, sizeof(*config));
}

const char *
config_find(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0)
			return argv[i] + 9;
		if (strcmp(argv[i], "--config") == 0)
			return i + 1 < argc ? argv[i + 1] : NULL;
	}
	return NULL;
}
