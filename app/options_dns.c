/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of the options for name lookups.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "options.h"

/* ":PORT", or nothing. 0: malformed, or 0. */
static uint16_t
parse_port(const char *text)
{
	unsigned long port;
	char *end;

	if (*text == '\0')
		return ISLA_DNS_PORT;
	if (text[0] != ':' || text[1] < '0' || text[1] > '9')
		return 0;
	port = strtoul(text + 1, &end, 10);
	return *end == '\0' && port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* ADDR, or ADDR%ZONE (RFC 4007, 11) where it is a link-local one. */
static int
parse_addr(char *text, struct option_dns *d)
{
	char *zone = strchr(text, '%');

	d->zone[0] = '\0';
	if (zone != NULL) {
		*zone++ = '\0';
		if (*zone == '\0' || strchr(zone, '%') != NULL ||
			strlen(zone) >= sizeof(d->zone))
			return -EINVAL;
		strcpy(d->zone, zone);
	}
	if (isla_addr_parse(text, &d->addr) != 0 || isla_addr_is_unspecified(&d->addr) ||
		isla_addr_is_multicast(&d->addr) || isla_addr_is_broadcast(&d->addr) ||
		isla_addr_is_loopback(&d->addr))
		return -EINVAL;
	return zone == NULL || isla_addr_is_link_local(&d->addr) ? 0 : -EINVAL;
}

/* ADDR, ADDR:PORT where that is IPv4's, [ADDR]:PORT where it is IPv6's. */
int
option_dns(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	const char *rest = value + strlen(value), *colon = strchr(value, ':');
	struct option_dns d;
	char text[ISLA_ADDR_STRLEN + sizeof(d.zone)];
	uint16_t i;
	size_t n;

	RTE_SET_USED(o);
	if (value[0] == '[') {
		value++;
		rest = strchr(value, ']');
		if (rest == NULL)
			return -EINVAL;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		rest = colon;
	}
	n = (size_t)(rest - value);
	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, value, n);
	text[n] = '\0';
	d.port = parse_port(rest + (*rest == ']'));
	if (d.port == 0 || parse_addr(text, &d) != 0)
		return -EINVAL;
	for (i = 0; i < opts->nb_dns; i++) {
		if (isla_addr_eq(&opts->dns[i].addr, &d.addr) && opts->dns[i].port == d.port &&
			strcmp(opts->dns[i].zone, d.zone) == 0) {
			snprintf(why, why_size, "this server is given twice");
			return -EEXIST;
		}
	}
	if (opts->nb_dns == OPTIONS_DNS_MAX)
		return -ENOSPC;
	opts->dns[opts->nb_dns++] = d;
	return 0;
}

int
option_dns_search(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	const char *wrong = isla_dns_name_check(value);

	RTE_SET_USED(o);
	if (wrong != NULL) {
		snprintf(why, why_size, "%s", wrong);
		return -EINVAL;
	}
	if (opts->nb_dns_search == OPTIONS_DNS_SEARCH_MAX)
		return -ENOSPC;
	opts->dns_search[opts->nb_dns_search++] = value;
	return 0;
}

/* NAME, or NAME and a type in one argument. */
int
option_resolve(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	const char *blank = strchr(value, ' '), *wrong;
	size_t n = blank != NULL ? (size_t)(blank - value) : strlen(value);
	int type = ISLA_DNS_ADDR;

	RTE_SET_USED(o);
	n = RTE_MIN(n, sizeof(opts->resolve) - 1);
	memcpy(opts->resolve, value, n);
	opts->resolve[n] = '\0';
	wrong = isla_dns_name_check(opts->resolve);
	if (wrong != NULL) {
		snprintf(why, why_size, "%s", wrong);
		return -EINVAL;
	}
	if (blank != NULL)
		type = isla_dns_type_parse(blank + strspn(blank, " "));
	if (type < 0) {
		snprintf(why, why_size, "no type is called '%s'; there are " OPTIONS_DNS_TYPES,
			blank + strspn(blank, " "));
		return -EINVAL;
	}
	opts->resolve_type = (enum isla_dns_type)type;
	return 0;
}
