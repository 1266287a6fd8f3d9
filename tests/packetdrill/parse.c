/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scripts: option lines, then events, each a time and what happens then. Segments are read in
 * parse_packet.c, calls and assertions in parse_expr.c.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define TOLERANCE_US 4000
#define MTU 1500
#define FILE_MAX (1 << 20)
#define DEPTH_MAX 8

static bool
parse_ip_version(struct text *t)
{
	struct script *s = t->script;

	/* What packetdrill calls mapped is what every IPv4 address is to us. */
	if (take_word(t, "ipv4") || take_word(t, "ipv4_mapped_ipv6"))
		s->no_v6 = true;
	else if (take_word(t, "ipv6"))
		s->no_v4 = true;
	else
		return fail_expected(t, "ipv4, ipv4_mapped_ipv6 or ipv6");
	return true;
}

static bool read_events(struct text *outer, const char *path);

/* "--begin FILE": what FILE says happens first. Relative to the directory of this script. */
static bool
parse_begin(struct text *t)
{
	const char *slash = strrchr(t->path, '/');
	char path[400];
	size_t n;

	skip_blanks_in_line(t);
	n = strcspn(t->p, " \t\r\n");
	if (n == 0)
		return fail_expected(t, "a script's name");
	if (t->depth == DEPTH_MAX)
		return fail_expected(t, "no more scripts that begin with another");
	snprintf(path, sizeof(path), "%.*s%.*s", slash != NULL ? (int)(slash + 1 - t->path) : 0,
		t->path, (int)n, t->p);
	t->p += n;
	return read_events(t, text_dup(t, path, strlen(path)));
}

static bool
parse_setting(struct text *t)
{
	struct setting *set = text_alloc(t, sizeof(*set));
	char name[64];
	int64_t n;

	set->line = text_line(t);
	if (!need_name(t, name, sizeof(name), "a setting's name") || !need(t, "="))
		return false;
	set->name = text_dup(t, name, strlen(name));
	if (take_number(t, &n)) {
		set->value = (uint64_t)n;
	} else {
		if (!need_name(t, name, sizeof(name), "a number or a name"))
			return false;
		set->word = text_dup(t, name, strlen(name));
	}
	set->next = t->script->settings;
	t->script->settings = set;
	return true;
}

/* Behind "--". */
static bool
parse_option(struct text *t)
{
	struct script *s = t->script;
	int64_t n;

	if (take_word(t, "begin"))
		return parse_begin(t);
	if (take_word(t, "set"))
		return parse_setting(t);
	if (take_word(t, "ip_version"))
		return need(t, "=") && parse_ip_version(t);
	if (take_word(t, "tolerance_usecs")) {
		if (!need(t, "=") || !need_number(t, 0, 10000000, &n, "microseconds"))
			return false;
		s->tolerance_us = (uint32_t)n;
		return true;
	}
	if (take_word(t, "tcp_ts_tick_usecs")) {
		if (!need(t, "=") || !need_number(t, 0, 1000000, &n, "microseconds"))
			return false;
		s->ts_tick_us = (uint32_t)n;
		return true;
	}
	if (take_word(t, "mtu")) {
		if (!need(t, "=") || !need_number(t, 576, 9000, &n, "an MTU"))
			return false;
		s->mtu = (uint16_t)n;
		return true;
	}
	return fail_expected(t,
		"begin, set, ip_version, tolerance_usecs, tcp_ts_tick_usecs or mtu behind '--'");
}

static bool
parse_when(struct text *t, struct when *w)
{
	if (take(t, "*")) {
		w->any = true;
		return true;
	}
	w->relative = take(t, "+");
	if (!need_seconds(t, &w->from_us))
		return fail_expected(t, "a time: 1.2, +0.3, a range of these, or *");
	w->to_us = w->from_us;
	if (*t->p == '~') {
		t->p++;
		if (w->relative && !need(t, "+"))
			return false;
		return need_seconds(t, &w->to_us);
	}
	if (strncmp(t->p, "...", 3) == 0) {
		t->p += 3;
		w->blocking = true;
		return need_seconds(t, &w->end_us);
	}
	return true;
}

static bool
parse_in(struct text *t, struct event *e)
{
	e->kind = EVENT_IN;
	if (!parse_ip_info(t, &e->packet))
		return false;
	if (!take_word(t, "icmp"))
		return parse_packet(t, true, &e->packet);
	e->kind = EVENT_ICMP;
	e->icmp.port = e->packet.port;
	return parse_icmp(t, &e->icmp);
}

static bool
parse_what(struct text *t, struct event *e)
{
	if (take(t, "<"))
		return parse_in(t, e);
	if (take(t, ">")) {
		e->kind = EVENT_OUT;
		return parse_ip_info(t, &e->packet) && parse_packet(t, false, &e->packet);
	}
	if (take(t, "%{")) {
		e->kind = EVENT_CHECK;
		return parse_checks(t, &e->checks);
	}
	skip_blanks(t);
	if (!isalpha((unsigned char)*t->p))
		return fail_expected(t, "'<', '>', '%{' or a system call");
	e->kind = EVENT_CALL;
	return parse_call(t, &e->call);
}

static bool
parse_event(struct text *t, struct event *e)
{
	const char *begin;

	skip_blanks(t);
	begin = t->p;
	e->path = t->path;
	e->line = text_line(t);
	e->text = text_dup(t, begin, strcspn(begin, "\n"));
	if (!parse_when(t, &e->when) || !parse_what(t, e))
		return false;
	if (e->when.blocking && e->kind != EVENT_CALL)
		return fail_at(t, begin, "only a system call may block");
	if (e->when.any && e->kind != EVENT_OUT)
		return fail_at(t, begin, "only a segment from the stack may come at any time");
	return true;
}

static bool
parse_script(struct text *t)
{
	bool begun = false;

	while (!at_end(t)) {
		struct event *e;

		if (take(t, "--")) {
			if (begun)
				return fail_at(t, t->p - 2, "options stand before the first event");
			if (!parse_option(t))
				return false;
			continue;
		}
		begun = true;
		e = text_alloc(t, sizeof(*e));
		if (!parse_event(t, e))
			return false;
		*t->tail = e;
		t->tail = &e->next;
	}
	if (t->script->events == NULL)
		return fail_expected(t, "an event");
	return true;
}

/* NULL: errno. */
static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	text = malloc(FILE_MAX + 1);
	if (text == NULL)
		abort();
	n = fread(text, 1, FILE_MAX, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* Add the events of a text to those that there are. */
static bool
add_events(struct text *outer, const char *path, const char *text)
{
	struct text t = *outer;
	bool ok;

	t.path = path;
	t.begin = t.p = text;
	t.depth++;
	ok = parse_script(&t);
	if (!ok && t.error->path[0] == '\0')
		snprintf(t.error->path, sizeof(t.error->path), "%s", path);
	outer->tail = t.tail;
	outer->failed = t.failed;
	return ok;
}

static bool
read_events(struct text *outer, const char *path)
{
	char *text = read_file(path);
	bool ok;

	if (text == NULL)
		return fail_at(outer, outer->p, "%s: %s", path, strerror(errno));
	ok = add_events(outer, path, text);
	free(text);
	return ok;
}

static struct script *
read_script(const char *path, const char *text, struct script_error *error)
{
	struct script *s = calloc(1, sizeof(*s));
	struct text t = {.script = s, .error = error, .path = path, .begin = "", .p = ""};

	if (s == NULL)
		abort();
	memset(error, 0, sizeof(*error));
	s->path = path;
	s->tolerance_us = TOLERANCE_US;
	s->mtu = MTU;
	t.tail = &s->events;
	if (text != NULL ? add_events(&t, path, text) : read_events(&t, path))
		return s;
	if (error->path[0] == '\0')
		snprintf(error->path, sizeof(error->path), "%s", path);
	script_free(s);
	return NULL;
}

struct script *
script_read(const char *path, struct script_error *error)
{
	return read_script(path, NULL, error);
}

struct script *
script_read_text(const char *path, const char *text, struct script_error *error)
{
	return read_script(path, text, error);
}
