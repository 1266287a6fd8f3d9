/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKETDRILL_TEXT_H
#define PACKETDRILL_TEXT_H

/*
 * The reader's bottom: a place in the text, what can be taken from there, and the first error. All
 * take_*() skip blanks and comments before it and return false where the text has something else;
 * need_*() also say so, in the error.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "script.h"

struct text {
	struct script *script;
	struct script_error *error;
	const char *path;
	const char *begin;
	const char *p;
	struct event **tail; /* where the next event goes */
	unsigned int depth; /* of scripts that begin with another */
	bool failed;
};

void *text_alloc(struct text *t, size_t size);
const char *text_dup(struct text *t, const char *p, size_t n);
unsigned int text_line(const struct text *t);

void skip_blanks(struct text *t);
/* Without going to the next line. */
void skip_blanks_in_line(struct text *t);
bool at_end(struct text *t);

/* Say what was expected where; always false, and only the first time remembered. */
bool fail_expected(struct text *t, const char *what);
bool fail_at(struct text *t, const char *p, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

bool take(struct text *t, const char *punct);
bool need(struct text *t, const char *punct);
/* A word is what stands alone: letters, digits, '_'. */
bool take_word(struct text *t, const char *word);
bool need_name(struct text *t, char *name, size_t size, const char *what);
bool take_number(struct text *t, int64_t *n);
bool need_number(struct text *t, int64_t min, int64_t max, int64_t *n, const char *what);
bool need_u32(struct text *t, uint32_t *n, const char *what);
/* Seconds with a fraction, in us. */
bool need_seconds(struct text *t, int64_t *us);

/* parse_packet.c: behind the direction's sign */
bool parse_packet(struct text *t, bool is_in, struct packet *p);
/* Behind "icmp". */
bool parse_icmp(struct text *t, struct icmp_error *icmp);
/* "[ect0, ttl 64]". */
bool parse_ip_info(struct text *t, struct packet *p);

/* parse_expr.c */
struct expr *parse_expr(struct text *t, bool vars);
bool parse_call(struct text *t, struct call *call);
/* Behind "%{". */
bool parse_checks(struct text *t, struct expr **checks);

/* names.c: a constant's value by Linux's name */
bool const_lookup(const char *name, int64_t *value);
int errno_lookup(const char *name); /* 0: no such */
const char *errno_name(int err);

#endif /* PACKETDRILL_TEXT_H */
