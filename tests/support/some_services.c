/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Services by name only, for suites of what parses an application's command line.
 */

#include <stddef.h>
#include <string.h>

#include "service.h"

static const struct service http = {.name = "http", .help = "pages"};
static const struct service echo = {.name = "echo", .help = "what comes"};
static const struct service discard = {.name = "discard", .help = "nothing"};

const struct service *const services[] = {&http, &echo, &discard, NULL};

const struct service *
service_find(const char *name)
{
	const struct service *const *s;

	for (s = services; *s != NULL; s++)
		if (strcmp((*s)->name, name) == 0)
			return *s;
	return NULL;
}
