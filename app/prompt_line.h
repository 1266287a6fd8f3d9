/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PROMPT_LINE_H
#define PROMPT_LINE_H

/*
 * The table of commands as rte_cmdline wants it: for completion and the help of single words. What
 * a line does is not rte_cmdline's to say, whose messages name nothing: one instruction takes every
 * line and gives it to a function.
 */

#include <cmdline_parse.h>

struct prompt_ctx;

/* line: without its end, to be cut up. */
typedef void prompt_line_fn(void *arg, char *line);

/* NULL where memory is short. */
struct prompt_ctx *prompt_ctx_create(prompt_line_fn *fn, void *arg);
void prompt_ctx_free(struct prompt_ctx *ctx);
cmdline_parse_ctx_t *prompt_ctx_of(struct prompt_ctx *ctx);

#endif /* PROMPT_LINE_H */
