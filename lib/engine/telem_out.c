/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An answer to a telemetry request; see telem_out.h.
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "telem_out.h"

#define NAME_MAX_LEN 64

void
telem_begin(struct telem_out *out, struct rte_tel_data *data)
{
	out->data = data;
	out->nb_bytes = 2;
	out->truncated = false;
	out->error[0] = '\0';
	if (data != NULL)
		rte_tel_data_start_dict(data);
}

void
telem_end(struct telem_out *out)
{
	if (out->error[0] != '\0') {
		rte_tel_data_start_dict(out->data);
		rte_tel_data_add_dict_string(out->data, "error", out->error);
	} else if (out->truncated) {
		rte_tel_data_add_dict_u64(out->data, "truncated", 1);
	}
}

void
telem_open(struct telem_out *inner)
{
	telem_begin(inner, rte_tel_data_alloc());
	inner->truncated = inner->data == NULL;
}

/* A name as rte_telemetry takes it. */
static const char *
clean(const char *name, char *buf)
{
	size_t i;

	for (i = 0; name[i] != '\0' && i < NAME_MAX_LEN - 1; i++)
		buf[i] = isalnum((unsigned char)name[i]) || name[i] == '/' ? name[i] : '_';
	buf[i] = '\0';
	return buf;
}

/* Take the room for `"name":value,`; false where there is none. */
static bool
take(struct telem_out *out, const char *name, size_t nb_bytes)
{
	size_t n = strlen(name) + 4 + nb_bytes;

	if (out->data == NULL || out->nb_bytes + n > TELEM_TEXT_MAX) {
		out->truncated = true;
		return false;
	}
	out->nb_bytes += (uint32_t)n;
	return true;
}

/* rte_telemetry has its own reasons to refuse, such as more than 256 entries. */
static void
added(struct telem_out *out, int rc)
{
	if (rc != 0)
		out->truncated = true;
}

void
telem_close(struct telem_out *out, const char *name, struct telem_out *inner)
{
	char buf[NAME_MAX_LEN];
	int rc;

	out->truncated |= inner->truncated;
	if (inner->data == NULL)
		return;
	if (!take(out, clean(name, buf), inner->nb_bytes)) {
		rte_tel_data_free(inner->data);
		return;
	}
	rc = rte_tel_data_add_dict_container(out->data, buf, inner->data, 0);
	if (rc != 0)
		rte_tel_data_free(inner->data);
	added(out, rc);
}

void
telem_u64(struct telem_out *out, const char *name, uint64_t value)
{
	char buf[NAME_MAX_LEN], digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, value);

	if (take(out, clean(name, buf), (size_t)n))
		added(out, rte_tel_data_add_dict_u64(out->data, buf, value));
}

void
telem_i32(struct telem_out *out, const char *name, int32_t value)
{
	char buf[NAME_MAX_LEN];

	if (take(out, clean(name, buf), 11))
		added(out, rte_tel_data_add_dict_int(out->data, buf, value));
}

void
telem_bool(struct telem_out *out, const char *name, bool value)
{
	telem_u64(out, name, value ? 1 : 0);
}

void
telem_string(struct telem_out *out, const char *name, const char *value)
{
	char buf[NAME_MAX_LEN];
	size_t i, n = 2;

	/* What JSON writes with a backslash. */
	for (i = 0; value[i] != '\0' && i < RTE_TEL_MAX_STRING_LEN - 1; i++)
		n += strchr("\"\\\n\r\t\b\f", value[i]) != NULL ? 2 : 1;
	if (take(out, clean(name, buf), n))
		added(out, rte_tel_data_add_dict_string(out->data, buf, value));
}

void
telem_addr(struct telem_out *out, const char *name, const struct isla_addr *addr)
{
	char text[ISLA_ADDR_STRLEN];

	telem_string(out, name, isla_addr_format(addr, text, sizeof(text)));
}

void
telem_prefix(struct telem_out *out, const char *name, const struct isla_prefix *prefix)
{
	char text[ISLA_ADDR_STRLEN];

	telem_string(out, name, isla_prefix_format(prefix, text, sizeof(text)));
}

void
telem_mac(struct telem_out *out, const char *name, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		mac[3], mac[4], mac[5]);
	telem_string(out, name, text);
}

int
telem_fail(struct telem_out *out, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(out->error, sizeof(out->error), format, ap);
	va_end(ap);
	return -EINVAL;
}
