/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Range field (RFC 9110, 14.1.1 and 14.2): "bytes=a-b", "bytes=a-" and "bytes=-n". What is
 * malformed is ignored, as the RFC wants it.
 */

#include "http_parse.h"

/* Digits of any number; a value beyond 2^63 stays there. False where there is no digit. */
static bool
take_digits(const char **p, const char *end, uint64_t *value)
{
	const char *s = *p;
	uint64_t v = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		v = v > INT64_MAX / 10 - 1 ? INT64_MAX : v * 10 + (uint64_t)(*s - '0');
	*value = v;
	if (s == *p)
		return false;
	*p = s;
	return true;
}

static enum http_range
suffix_range(uint64_t suffix, uint64_t size, uint64_t *first, uint64_t *len)
{
	if (suffix == 0)
		return HTTP_RANGE_UNSATISFIABLE;
	/* Nothing of nothing has no Content-Range; the whole says the same. */
	if (size == 0)
		return HTTP_RANGE_NONE;
	*len = suffix < size ? suffix : size;
	*first = size - *len;
	return HTTP_RANGE_ONE;
}

enum http_range
http_range_parse(const struct http_str *field, uint64_t size, uint64_t *first, uint64_t *len)
{
	struct http_str unit = {field->p, 6};
	const char *p, *end;
	uint64_t a, b;
	bool has_a, has_b;

	if (field->p == NULL || field->len < 6 || !http_str_is(&unit, "bytes="))
		return HTTP_RANGE_NONE;
	p = field->p + 6;
	end = field->p + field->len;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	has_a = take_digits(&p, end, &a);
	if (p == end || *p++ != '-')
		return HTTP_RANGE_NONE;
	has_b = take_digits(&p, end, &b);
	if (p != end || (!has_a && !has_b) || (has_a && has_b && b < a))
		return HTTP_RANGE_NONE;
	if (!has_a)
		return suffix_range(b, size, first, len);
	if (a >= size)
		return HTTP_RANGE_UNSATISFIABLE;
	*first = a;
	*len = (has_b && b < size ? b + 1 : size) - a;
	return HTTP_RANGE_ONE;
}
