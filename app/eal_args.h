/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EAL_ARGS_H
#define EAL_ARGS_H

/*
 * EAL's part of the command line, before the "--": what we add to it so that a plain start is quiet
 * and has enough memory, and what is looked at before EAL, since EAL would say it in many lines.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"

#define EAL_ARGS_MAX      256
#define EAL_ARGS_TEXT_MAX 64
#define EAL_ARGS_FILE_MAX 16384

struct eal_args {
	int argc;
	char *argv[EAL_ARGS_MAX];  /* for rte_eal_init(): the program, what we add, the user's */
	int nb_user;
	char **user;               /* the program and what stands in front of the "--" */
	int nb_rest;
	char **rest;               /* behind the "--" */
	bool help;                 /* --help or -h is among the user's */
	bool version;              /* --version or -v */
	bool no_huge;
	bool in_memory;
	bool no_shconf;
	bool huge_unlink;          /* --huge-unlink, or with =always */
	bool has_log_level;
	bool secondary;            /* --proc-type=secondary */
	bool has_memory;           /* -m, --socket-mem or --legacy-mem */
	bool has_cores;            /* -c, -l, --lcores, -s or -S */
	bool has_prefix;           /* --file-prefix */
	bool has_huge_dir;         /* --huge-dir */
	const char *packet;        /* a net_af_packet or net_af_xdp device's arguments, or NULL */
	const char *tap;           /* a net_tap device's arguments, from its name on; or NULL */
	char cores[EAL_ARGS_TEXT_MAX];
	char memory[EAL_ARGS_TEXT_MAX];
	char text[EAL_ARGS_FILE_MAX]; /* arguments from the file, one after the other */
	size_t nb_text;
	const struct config *config;  /* what they are from, or NULL */
};

/* Find the "--", and what stands on either side. */
void eal_args_split(struct eal_args *args, int argc, char **argv);

/*
 * Put EAL's command line together after eal_args_split(): quiet logs first, so that what the user
 * says of them comes later and counts; then the file's section [eal], but for the options that
 * the user has given; then those. config may be NULL. Returns 0, or -EINVAL with one line in err:
 * an option of ours, or too many arguments.
 */
int eal_args_build(struct eal_args *args, const struct config *config, char *err, size_t err_size);

/* The line of the file that gives an option of EAL's, such as "-l" or "--vdev"; 0 where none does, or
 * the user gives it as well. */
unsigned int eal_args_line(const struct eal_args *args, const char *option);

/*
 * Whether EAL will find hugepages for so many bytes, and may make the TAP. Returns 0, or -errno
 * with one line in err.
 */
int eal_args_check(const struct eal_args *args, uint64_t bytes, char *err, size_t err_size);

/* 0, or -EINVAL and one line where net_tap would not know one of its arguments. */
int eal_args_check_tap_keys(const char *tap, char *err, size_t err_size);

/* Why the TAP could not be made, found out by trying it: one line in err. */
void eal_args_explain_tap(const char *tap, char *err, size_t err_size);

#endif /* EAL_ARGS_H */
