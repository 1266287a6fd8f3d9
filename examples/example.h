/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EXAMPLE_H
#define EXAMPLE_H

/*
 * What every example needs before and after what it shows: EAL, an engine on DPDK's port 0, options
 * for its addresses, signals. All of it is in example.c, to be read first.
 */

#include <stdint.h>

#include <rte_common.h>

#include <isla_engine.h>

#define EXAMPLE_OPTIONS "[EAL options] -- [-a ADDR/LEN]... [-g GATEWAY]"

struct example {
	const char *name;
	const char *usage;             /* what follows EXAMPLE_OPTIONS on the command line */
	const char *options;           /* more of them, as getopt() wants them; each has a value */
	int (*option)(int c, const char *value); /* handles one of these; 0, or -1: malformed */
	struct isla_engine_conf conf;  /* example_init() sets it, then it may be changed */
	struct isla_engine *engine;    /* from example_open() on */
	int nb_args;                   /* what is left of the command line */
	char **args;
};

/* Default settings. */
void example_init(struct example *ex);

/* Start EAL, make the engine, read the command line. Returns 0, or -1 after a line on stderr. */
int example_open(struct example *ex, int argc, char **argv);

/* Start the port: frames may come. Returns 0, or -1 after a line on stderr. */
int example_start(struct example *ex);

/* Take everything apart, at whatever point it is. Returns 0, or -1 where mbufs are missing. */
int example_close(struct example *ex);

/* One line on stderr. */
void example_complain(const struct example *ex, const char *format, ...) __rte_format_printf(2, 3);

/* A whole number from 1 to max, or 0 where the text is something else. */
uint32_t example_number(const char *text, uint32_t max);

#endif /* EXAMPLE_H */
