/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Characters, words and numbers of a script, and where in the file they stand.
 */

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct chunk {
	struct chunk *next;
};

void *
text_alloc(struct text *t, size_t size)
{
	struct chunk *c = calloc(1, sizeof(*c) + size);

	if (c == NULL)
		abort();
	c->next = t->script->chunks;
	t->script->chunks = c;
	return c + 1;
}

void
script_free(struct script *s)
{
	if (s == NULL)
		return;
	while (s->chunks != NULL) {
		struct chunk *c = s->chunks;

		s->chunks = c->next;
		free(c);
	}
	free(s);
}

const char *
text_dup(struct text *t, const char *p, size_t n)
{
	char *copy = text_alloc(t, n + 1);

	memcpy(copy, p, n);
	return copy;
}

static unsigned int
line_of(const struct text *t, const char *at)
{
	unsigned int line = 1;
	const char *p;

	for (p = t->begin; p < at; p++)
		line += *p == '\n';
	return line;
}

unsigned int
text_line(const struct text *t)
{
	return line_of(t, t->p);
}

static unsigned int
column_of(const struct text *t, const char *at)
{
	unsigned int column = 1;

	while (at > t->begin && at[-1] != '\n') {
		at--;
		column++;
	}
	return column;
}

static void
skip(struct text *t, bool lines)
{
	for (;;) {
		const char *end;

		if (*t->p == ' ' || *t->p == '\t' || *t->p == '\r' || (lines && *t->p == '\n')) {
			t->p++;
		} else if (t->p[0] == '/' && t->p[1] == '*') {
			end = strstr(t->p + 2, "*/");
			t->p = end != NULL ? end + 2 : t->p + strlen(t->p);
		} else if (*t->p == '#' || (t->p[0] == '/' && t->p[1] == '/')) {
			t->p += strcspn(t->p, "\n");
		} else {
			return;
		}
	}
}

void
skip_blanks(struct text *t)
{
	skip(t, true);
}

void
skip_blanks_in_line(struct text *t)
{
	skip(t, false);
}

bool
at_end(struct text *t)
{
	skip_blanks(t);
	return *t->p == '\0';
}

bool
fail_at(struct text *t, const char *p, const char *fmt, ...)
{
	va_list ap;

	if (t->failed)
		return false;
	t->failed = true;
	t->error->line = line_of(t, p);
	t->error->column = column_of(t, p);
	va_start(ap, fmt);
	vsnprintf(t->error->text, sizeof(t->error->text), fmt, ap);
	va_end(ap);
	return false;
}

bool
fail_expected(struct text *t, const char *what)
{
	size_t n;

	skip_blanks_in_line(t);
	n = strcspn(t->p, " \t\n");
	if (*t->p == '\0')
		return fail_at(t, t->p, "expected %s, but the file ends", what);
	if (n == 0)
		return fail_at(t, t->p, "expected %s, but the line ends", what);
	return fail_at(t, t->p, "expected %s, got '%.*s'", what, (int)(n < 40 ? n : 40), t->p);
}

bool
take(struct text *t, const char *punct)
{
	size_t n = strlen(punct);

	skip_blanks(t);
	if (strncmp(t->p, punct, n) != 0)
		return false;
	t->p += n;
	return true;
}

bool
need(struct text *t, const char *punct)
{
	char what[16];

	if (take(t, punct))
		return true;
	snprintf(what, sizeof(what), "'%s'", punct);
	return fail_expected(t, what);
}

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool
take_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(t);
	if (strncmp(t->p, word, n) != 0 || is_word_char(t->p[n]))
		return false;
	t->p += n;
	return true;
}

bool
need_name(struct text *t, char *name, size_t size, const char *what)
{
	size_t n = 0;

	skip_blanks(t);
	if (!isalpha((unsigned char)*t->p) && *t->p != '_')
		return fail_expected(t, what);
	while (is_word_char(t->p[n]))
		n++;
	if (n >= size)
		return fail_expected(t, what);
	memcpy(name, t->p, n);
	name[n] = '\0';
	t->p += n;
	return true;
}

bool
take_number(struct text *t, int64_t *n)
{
	char *end;

	skip_blanks(t);
	if (!isdigit((unsigned char)*t->p))
		return false;
	*n = (int64_t)strtoull(t->p, &end, 0);
	t->p = end;
	return true;
}

bool
need_number(struct text *t, int64_t min, int64_t max, int64_t *n, const char *what)
{
	const char *at;

	skip_blanks(t);
	at = t->p;
	if (!take_number(t, n))
		return fail_expected(t, what);
	if (*n < min || *n > max)
		return fail_at(t, at, "expected %s from %lld to %lld, got %lld", what,
			(long long)min, (long long)max, (long long)*n);
	return true;
}

bool
need_u32(struct text *t, uint32_t *n, const char *what)
{
	int64_t v = 0;

	if (!need_number(t, 0, UINT32_MAX, &v, what))
		return false;
	*n = (uint32_t)v;
	return true;
}

bool
need_seconds(struct text *t, int64_t *us)
{
	int64_t unit = 100000;

	skip_blanks(t);
	if (!isdigit((unsigned char)*t->p) &&
		(*t->p != '.' || !isdigit((unsigned char)t->p[1])))
		return fail_expected(t, "a time in seconds");
	*us = 0;
	while (isdigit((unsigned char)*t->p))
		*us = *us * 10 + (*t->p++ - '0') * 1000000;
	if (*t->p == '.' && isdigit((unsigned char)t->p[1]))
		for (t->p++; isdigit((unsigned char)*t->p); t->p++, unit /= 10)
			*us += (*t->p - '0') * unit;
	return true;
}
