/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EAL_START_H
#define EAL_START_H

#include <stddef.h>

#include "eal_args.h"

/*
 * Initialise EAL. What it prints meanwhile is held back: shown where it succeeded, and made one
 * line in err where it did not. Where the user set a log level it is shown as it comes. Returns 0
 * or -1.
 */
int eal_start(struct eal_args *args, char *err, size_t err_size);

/* One line on a failed start from what EAL printed, with the line of the file that gives the option
 * which is the cause. Pure. */
void eal_start_explain(const struct eal_args *args, const char *printed, const char *reason,
	char *err, size_t err_size);

/* EAL goes on without a device that it cannot make; its user would wonder. Returns 0, or -1 and one
 * line. */
int eal_start_check(const struct eal_args *args, const char *printed, char *err, size_t err_size);

#endif /* EAL_START_H */
