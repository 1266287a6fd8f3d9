/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAULT_H
#define FAULT_H

/* Why setting up failed, as one line for a person: what, why, and the way out. */

#include <stddef.h>

#include <rte_common.h>

/* Where a line goes; only the first one stays, since what follows is a consequence. */
struct fault {
	char *text;
	size_t size;
};

static inline struct fault
fault_init(char *text, size_t size)
{
	struct fault f = {text, size};

	if (size > 0)
		text[0] = '\0';
	return f;
}

/* Write the line and return err, a negative errno value. */
int fault_set(struct fault *f, int err, const char *format, ...) __rte_format_printf(3, 4);

#endif /* FAULT_H */
