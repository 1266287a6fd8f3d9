/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line on why setting up failed.
 */

#include <stdarg.h>
#include <stdio.h>

#include "fault.h"

int
fault_set(struct fault *f, int err, const char *format, ...)
{
	va_list ap;

	if (f->size == 0 || f->text[0] != '\0')
		return err;
	va_start(ap, format);
	vsnprintf(f->text, f->size, format, ap);
	va_end(ap);
	return err;
}
