/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of services.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "service_base.h"

static const struct service end_of_table;

const struct service *const services[] = {
	&service_http,
	&service_echo,
	&service_discard,
	&service_chargen,
	&service_demo,
	&end_of_table,
};

const struct service *
service_find(const char *name)
{
	size_t i;

	for (i = 0; services[i]->name != NULL; i++)
		if (strcmp(services[i]->name, name) == 0)
			return services[i];
	return NULL;
}

const char *
service_strerror(int err)
{
	switch (err) {
	case EADDRINUSE:
		return "the port is taken by another service";
	case EINVAL:
		return "the port must be 1 to 65535";
	case ENOSPC:
		return "the stack's table of ports is full";
	case ENOMEM:
		return "memory is short";
	default:
		return strerror(err);
	}
}
