/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls with their arguments, "setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0", and the
 * assertions between %{ and }%, in C's operators.
 */

#include <ctype.h>
#include <string.h>

#include "text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Weakest first; within a level the longer first. */
static const char *const levels[][6] = {
	{"||"},
	{"&&"},
	{"|"},
	{"&"},
	{"==", "!="},
	{"<=", ">=", "<", ">"},
	{"<<", ">>"},
	{"+", "-"},
	{"*", "/", "%"},
};

static struct expr *parse_level(struct text *t, unsigned int level, bool vars);

static struct expr *
expr_new(struct text *t, enum expr_kind kind)
{
	struct expr *e = text_alloc(t, sizeof(*e));

	e->kind = kind;
	return e;
}

/* Up to the closing sign; NULL with t->failed on an error. */
static struct expr *
parse_members(struct text *t, const char *close, bool vars)
{
	struct expr *first = NULL, **link = &first;

	if (take(t, close))
		return NULL;
	do {
		*link = parse_expr(t, vars);
		if (*link == NULL)
			return NULL;
		link = &(*link)->next;
	} while (take(t, ","));
	need(t, close);
	return first;
}

static struct expr *
parse_string(struct text *t)
{
	struct expr *e = expr_new(t, EXPR_STRING);
	const char *end = strpbrk(t->p, "\"\n");

	if (end == NULL || *end == '\n') {
		fail_expected(t, "the string's end");
		return NULL;
	}
	e->name = text_dup(t, t->p, (size_t)(end - t->p));
	t->p = end + 1;
	return e;
}

/* A constant, a call, a field of a structure, a variable. */
static struct expr *
parse_named(struct text *t, bool vars)
{
	const char *at = t->p;
	char name[64];
	struct expr *e;
	int64_t n;

	if (!need_name(t, name, sizeof(name), "a name"))
		return NULL;
	if (take(t, "(")) {
		e = expr_new(t, EXPR_CALL);
		e->child = parse_members(t, ")", vars);
	} else if (const_lookup(name, &n)) {
		e = expr_new(t, EXPR_INT);
		e->num = n;
		return e;
	} else if (!vars && take(t, "=")) {
		e = expr_new(t, EXPR_FIELD);
		e->child = parse_expr(t, false);
	} else if (vars) {
		e = expr_new(t, EXPR_VAR);
	} else {
		fail_at(t, at, "expected a constant, got '%s'", name);
		return NULL;
	}
	e->name = text_dup(t, name, strlen(name));
	return t->failed ? NULL : e;
}

static struct expr *
parse_unary(struct text *t, const char *op, bool vars)
{
	struct expr *e = expr_new(t, EXPR_OP);

	e->name = op;
	e->child = parse_level(t, COUNT(levels), vars);
	return e->child != NULL ? e : NULL;
}

static struct expr *
parse_primary(struct text *t, bool vars)
{
	struct expr *e;
	int64_t n;

	if (take(t, "..."))
		return expr_new(t, EXPR_ANY);
	if (take(t, "-"))
		return parse_unary(t, "-", vars);
	if (take(t, "!"))
		return parse_unary(t, "!", vars);
	if (take(t, "~"))
		return parse_unary(t, "~", vars);
	if (take(t, "\""))
		return parse_string(t);
	if (take(t, "(")) {
		e = parse_expr(t, vars);
		return e != NULL && need(t, ")") ? e : NULL;
	}
	if (take(t, "[") || take(t, "{")) {
		bool list = t->p[-1] == '[';

		e = expr_new(t, list ? EXPR_LIST : EXPR_STRUCT);
		e->child = parse_members(t, list ? "]" : "}", vars);
		return t->failed ? NULL : e;
	}
	if (take_number(t, &n)) {
		e = expr_new(t, EXPR_INT);
		e->num = n;
		return e;
	}
	if (isalpha((unsigned char)*t->p) || *t->p == '_')
		return parse_named(t, vars);
	fail_expected(t, "a value");
	return NULL;
}

static const char *
take_op(struct text *t, unsigned int level)
{
	unsigned int i;

	for (i = 0; i < COUNT(levels[level]) && levels[level][i] != NULL; i++) {
		const char *op = levels[level][i];

		skip_blanks(t);
		/* "|" is not the beginning of "||", nor "<" that of "<<". */
		if (op[1] == '\0' && strchr("|&<>", op[0]) != NULL && t->p[0] == op[0] &&
			t->p[1] == op[0])
			continue;
		if (take(t, op))
			return op;
	}
	return NULL;
}

static struct expr *
parse_level(struct text *t, unsigned int level, bool vars)
{
	struct expr *left, *e;
	const char *op;

	if (level == COUNT(levels))
		return parse_primary(t, vars);
	left = parse_level(t, level + 1, vars);
	while (left != NULL && (op = take_op(t, level)) != NULL) {
		e = expr_new(t, EXPR_OP);
		e->name = op;
		e->child = left;
		left->next = parse_level(t, level + 1, vars);
		if (left->next == NULL)
			return NULL;
		left = e;
	}
	return left;
}

struct expr *
parse_expr(struct text *t, bool vars)
{
	return parse_level(t, 0, vars);
}

/* "= -1 EAGAIN (Resource temporarily unavailable)" */
static bool
parse_result(struct text *t, struct call *call)
{
	struct expr *e;
	bool minus;

	if (take(t, "...")) {
		call->any_result = true;
		return true;
	}
	minus = take(t, "-");
	e = parse_primary(t, false);
	if (e == NULL || e->kind != EXPR_INT)
		return fail_expected(t, "the result, a number");
	call->result = minus ? -e->num : e->num;
	skip_blanks_in_line(t);
	if (*t->p == 'E') {
		const char *at = t->p;
		char name[32];

		if (!need_name(t, name, sizeof(name), "an errno"))
			return false;
		call->err = errno_lookup(name);
		if (call->err == 0)
			return fail_at(t, at, "expected the name of an errno, got '%s'", name);
		skip_blanks_in_line(t);
	}
	if (*t->p == '(') {
		t->p += strcspn(t->p, ")\n");
		return need(t, ")");
	}
	return true;
}

bool
parse_call(struct text *t, struct call *call)
{
	char name[32];

	if (!need_name(t, name, sizeof(name), "a system call") || !need(t, "("))
		return false;
	call->name = text_dup(t, name, strlen(name));
	call->args = parse_members(t, ")", false);
	return !t->failed && need(t, "=") && parse_result(t, call);
}

bool
parse_checks(struct text *t, struct expr **checks)
{
	while (!take(t, "}%")) {
		take_word(t, "assert");
		*checks = parse_expr(t, true);
		if (*checks == NULL)
			return false;
		/* Python's message behind an assertion. */
		if (take(t, ",") && parse_expr(t, true) == NULL)
			return false;
		take(t, ";");
		checks = &(*checks)->next;
	}
	return true;
}
