/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of the options for DHCP.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "options.h"

int
option_dhcp_fallback(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	struct option_addr *a = &opts->dhcp_fallback;
	char text[ISLA_ADDR_STRLEN + 8];
	const char *at = strchr(value, '@');
	size_t n = at != NULL ? (size_t)(at - value) : strlen(value);
	char *end;

	RTE_SET_USED(o);
	RTE_SET_USED(why);
	RTE_SET_USED(why_size);
	memset(a, 0, sizeof(*a));
	a->port = OPTIONS_PORT_NONE;
	if (strcmp(value, "none") == 0)
		return 0;
	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, value, n);
	text[n] = '\0';
	if (isla_prefix_parse(text, &a->prefix) != 0 || !isla_addr_is_v4(&a->prefix.addr) ||
		strchr(text, '/') == NULL || a->prefix.len == 0 ||
		!isla_prefix_is_unicast(&a->prefix))
		return -EINVAL;
	if (at != NULL) {
		unsigned long port = strtoul(at + 1, &end, 10);

		if (at[1] < '0' || at[1] > '9' || *end != '\0' || port >= OPTIONS_PORT_NONE)
			return -EINVAL;
		a->port = (uint16_t)port;
	}
	return 0;
}

/* RFC 1123, 2.1; RFC 1035, 2.3.4. */
int
option_dhcp_hostname(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const char *label = value;

	RTE_SET_USED(o);
	RTE_SET_USED(why);
	RTE_SET_USED(why_size);
	if (strlen(value) > 253)
		return -EINVAL;
	for (;;) {
		size_t n = strspn(label, good);

		if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-')
			return -EINVAL;
		label += n;
		if (*label == '\0')
			break;
		if (*label++ != '.')
			return -EINVAL;
	}
	opts->dhcp_hostname = value;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "01:02:..." as bytes; how many, or 0 where the text is something else. */
static uint16_t
hex_bytes(const char *text, uint8_t *bytes, size_t max)
{
	size_t n = 0;

	for (;; text++) {
		int high = hex_digit(text[0]), low = high >= 0 ? hex_digit(text[1]) : -1;

		if (low < 0 || n == max)
			return 0;
		bytes[n++] = (uint8_t)(high << 4 | low);
		text += 2;
		if (*text == '\0')
			return (uint16_t)n;
		if (*text != ':')
			return 0;
	}
}

/* A text has type 0 (RFC 2132, 9.14). */
int
option_dhcp_client_id(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	size_t len = strlen(value);
	uint16_t n = strchr(value, ':') != NULL ?
		hex_bytes(value, opts->dhcp_client_id, ISLA_DHCP_ID_MAX) : 0;

	RTE_SET_USED(o);
	RTE_SET_USED(why);
	RTE_SET_USED(why_size);
	if (n == 0) {
		if (len == 0 || len > ISLA_DHCP_ID_MAX - 1)
			return -EINVAL;
		opts->dhcp_client_id[0] = 0;
		memcpy(opts->dhcp_client_id + 1, value, len);
		n = (uint16_t)(len + 1);
	}
	opts->dhcp_client_id_len = n;
	return 0;
}

int
option_dhcp_vendor_class(const struct option *o, const char *value, struct options *opts, char *why,
	size_t why_size)
{
	RTE_SET_USED(o);
	RTE_SET_USED(why);
	RTE_SET_USED(why_size);
	if (value[0] == '\0' || strlen(value) > ISLA_DHCP_CLASS_MAX)
		return -EINVAL;
	opts->dhcp_vendor_class = value;
	return 0;
}
