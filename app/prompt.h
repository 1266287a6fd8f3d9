/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PROMPT_H
#define PROMPT_H

/*
 * The prompt: lines from a file of commands, from the terminal or from a pipe, on a thread of its
 * own, which is no shard. Where the prompt ends (quit, Ctrl-D, the pipe's end), the program does.
 */

#include <stdbool.h>

#include "cmd.h"

struct prompt;

struct prompt_conf {
	struct isla_engine *engine;
	struct service_set *services;
	const struct options *opts;
	struct dhcp *dhcp;   /* NULL: none */
	struct dns *dns;
	struct verbose *verbose;
	const char *file;    /* commands to run first; NULL: none */
	bool is_interactive; /* then those of standard input */
};

/* Begin: once the engine is started. NULL with a line in err. */
struct prompt *prompt_start(const struct prompt_conf *conf, char *err, size_t err_size);

/* End it, wherever it stands, and put the terminal as it was; NULL is allowed. The engine must
 * still be there; it need not run. */
void prompt_free(struct prompt *prompt);

#endif /* PROMPT_H */
