/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An application without services, for suites of what parses its command line.
 */

#include <stddef.h>

#include "service.h"

static const struct service end = {.name = NULL};

const struct service *const services[] = {&end};

const struct service *
service_find(const char *name)
{
	return NULL;
}
