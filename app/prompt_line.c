/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rte_cmdline's view of the table of commands: each is an instruction whose tokens are the words of
 * its name and of its arguments. rte_cmdline asks tokens without a place for a result where it
 * completes, and with one where it runs a line. Ours answer the former only; the last
 * instruction answers the latter, and takes the whole line.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "cmd.h"
#include "prompt_line.h"

/* Arguments of a command whose args end in "..." that are completed. */
#define MORE_ARGS 12

struct token {
	struct cmdline_token_hdr hdr;
	const struct cmd *cmd;
	const char *word;    /* of the name, up to a space; NULL: an argument */
	const char *choices; /* of an argument: words with spaces or | between; NULL: none */
	char separator;
};

struct inst {
	struct token token[16 + MORE_ARGS];
	unsigned int nb_tokens;
	/* Of cmdline_parse_inst_t, whose end has no size. */
	struct cmdline_inst *cmdline;
};

struct prompt_ctx {
	prompt_line_fn *fn;
	void *arg;
	unsigned int nb_insts;
	struct inst *inst;
	cmdline_parse_ctx_t *table; /* ends with NULL */
};

static size_t
word_len(const char *text, char separator)
{
	const char ends[] = {separator, ' ', ']', '\0'};

	return strcspn(text, ends);
}

/* A choice is what stands for itself: PORT and [COUNT] do not. */
static bool
is_choice(const char *word, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (word[i] >= 'A' && word[i] <= 'Z')
			return false;
	return n > 0;
}

/* The i-th choice of an argument, or NULL. */
static const char *
choice_at(const struct token *t, int i, size_t *n)
{
	const char *at = t->choices;

	while (at != NULL && *at != '\0') {
		*n = word_len(at, t->separator);
		if (is_choice(at, *n) && i-- == 0)
			return at;
		at += *n;
		if (*at != t->separator)
			break;
		at++;
	}
	return NULL;
}

/* Skip one word, or, for an argument, any; never while a line is run. */
static int
token_parse(cmdline_parse_token_hdr_t *hdr, const char *buf, void *res, unsigned int size)
{
	const struct token *t = (const struct token *)hdr;
	size_t n = 0;

	if (res != NULL)
		return -1;
	while (!cmdline_isendoftoken(buf[n]))
		n++;
	if (n == 0)
		return -1;
	if (t->word != NULL && (n != strcspn(t->word, " ") || memcmp(buf, t->word, n) != 0))
		return -1;
	return (int)n;
}

static int
token_nb_choices(cmdline_parse_token_hdr_t *hdr)
{
	const struct token *t = (const struct token *)hdr;
	size_t n;
	int i = 0;

	if (t->word != NULL)
		return 1;
	while (choice_at(t, i, &n) != NULL)
		i++;
	return i;
}

static int
token_choice(cmdline_parse_token_hdr_t *hdr, int i, char *buf, unsigned int size)
{
	const struct token *t = (const struct token *)hdr;
	const char *word = t->word;
	size_t n = 0;

	if (word != NULL)
		n = strcspn(word, " ");
	else
		word = choice_at(t, i, &n);
	if (word == NULL || n >= size)
		return -1;
	memcpy(buf, word, n);
	buf[n] = '\0';
	return 0;
}

static int
token_help(cmdline_parse_token_hdr_t *hdr, char *buf, unsigned int size)
{
	const struct cmd *cmd = ((const struct token *)hdr)->cmd;

	snprintf(buf, size, "%s%s%s", cmd->name, cmd->args[0] != '\0' ? " " : "", cmd->args);
	return 0;
}

static struct cmdline_token_ops word_ops = {
	.parse = token_parse,
	.complete_get_nb = token_nb_choices,
	.complete_get_elt = token_choice,
	.get_help = token_help,
};

/* The whole line, where one is run. */
static int
line_parse(cmdline_parse_token_hdr_t *hdr, const char *buf, void *res, unsigned int size)
{
	size_t n = strcspn(buf, "\r\n");

	if (res == NULL || n >= size)
		return -1;
	memcpy(res, buf, n);
	((char *)res)[n] = '\0';
	return (int)n;
}

/* Nothing to be chosen, but not a word of free choice either, which would be shown. */
static int
line_nb_choices(cmdline_parse_token_hdr_t *hdr)
{
	return 1;
}

static int
line_choice(cmdline_parse_token_hdr_t *hdr, int i, char *buf, unsigned int size)
{
	return -1;
}

static struct cmdline_token_ops line_ops = {
	.parse = line_parse,
	.complete_get_nb = line_nb_choices,
	.complete_get_elt = line_choice,
};

static struct token *
token_add(struct inst *inst, const struct cmd *cmd)
{
	struct token *t = &inst->token[inst->nb_tokens];

	if (inst->nb_tokens == RTE_DIM(inst->token))
		return NULL;
	inst->nb_tokens++;
	t->hdr.ops = &word_ops;
	t->cmd = cmd;
	return t;
}

/* The tokens of a command: its name's words, then its arguments. */
static void
inst_fill(struct inst *inst, const struct cmd *cmd)
{
	size_t len = strlen(cmd->args);
	const char *at;
	struct token *t;
	unsigned int i;

	for (at = cmd->name; *at != '\0'; at += strspn(at, " ")) {
		t = token_add(inst, cmd);
		if (t != NULL)
			t->word = at;
		at += strcspn(at, " ");
	}
	for (at = cmd->args; *at != '\0'; at += strspn(at, " ]")) {
		if (strncmp(at, "[", 1) == 0)
			at++;
		t = token_add(inst, cmd);
		if (t != NULL) {
			t->choices = at;
			t->separator = '|';
		}
		at += strcspn(at, " ]");
	}
	if (len < 3 || strstr(cmd->args, "...") == NULL || cmd->words == NULL)
		return;
	/* What ends in "..." is any number of these words. */
	inst->nb_tokens--;
	for (i = 0; i < MORE_ARGS; i++) {
		t = token_add(inst, cmd);
		if (t == NULL)
			break;
		t->choices = cmd->words;
		t->separator = ' ';
	}
}

static void
run(void *parsed, struct cmdline *cl, void *data)
{
	struct prompt_ctx *ctx = data;

	ctx->fn(ctx->arg, parsed);
}

/* As rte_cmdline has it; help may be NULL. */
static struct cmdline_inst *
cmdline_make(struct inst *inst, const char *help, void *data)
{
	struct cmdline_inst *c;
	unsigned int i;

	c = calloc(1, sizeof(*c) + (inst->nb_tokens + 1) * sizeof(c->tokens[0]));
	if (c == NULL)
		return NULL;
	c->f = run;
	c->data = data;
	c->help_str = help;
	for (i = 0; i < inst->nb_tokens; i++)
		c->tokens[i] = &inst->token[i].hdr;
	return c;
}

struct prompt_ctx *
prompt_ctx_create(prompt_line_fn *fn, void *arg)
{
	struct prompt_ctx *ctx = calloc(1, sizeof(*ctx));
	unsigned int nb = 0, i;

	if (ctx == NULL)
		return NULL;
	while (cmd_at(nb) != NULL)
		nb++;
	ctx->fn = fn;
	ctx->arg = arg;
	ctx->inst = calloc(nb + 1, sizeof(*ctx->inst));
	ctx->table = calloc(nb + 2, sizeof(*ctx->table));
	if (ctx->inst == NULL || ctx->table == NULL)
		goto fail;
	for (i = 0; i <= nb; i++) {
		const struct cmd *cmd = cmd_at(i);
		struct inst *inst = &ctx->inst[i];

		if (cmd != NULL) {
			inst_fill(inst, cmd);
		} else {
			inst->token[0].hdr.ops = &line_ops;
			inst->nb_tokens = 1;
		}
		inst->cmdline = cmdline_make(inst, cmd != NULL ? cmd->help : NULL, ctx);
		if (inst->cmdline == NULL)
			goto fail;
		ctx->table[i] = inst->cmdline;
		ctx->nb_insts = i + 1;
	}
	return ctx;
fail:
	prompt_ctx_free(ctx);
	return NULL;
}

void
prompt_ctx_free(struct prompt_ctx *ctx)
{
	unsigned int i;

	if (ctx == NULL)
		return;
	for (i = 0; i < ctx->nb_insts; i++)
		free(ctx->inst[i].cmdline);
	free(ctx->inst);
	free(ctx->table);
	free(ctx);
}

cmdline_parse_ctx_t *
prompt_ctx_of(struct prompt_ctx *ctx)
{
	return ctx->table;
}
