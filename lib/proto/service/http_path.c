/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The path of a request in its final form: percent-decoding (RFC 3986, 2.1), then the removal of
 * dot segments (5.2.4). In this order an encoded ".." is a ".." too, so nothing that is looked up
 * can hold one. A path that would leave the root is refused, where RFC 3986 would stop at the root:
 * no honest client sends one.
 */

#include <string.h>

#include "http_parse.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Returns the bytes written, or 0 for a bad escape. */
static uint32_t
decode(const struct http_str *raw, char *buf)
{
	uint32_t i, n = 0;

	for (i = 0; i < raw->len; i++) {
		int hi, lo;

		if (raw->p[i] != '%') {
			buf[n++] = raw->p[i];
			continue;
		}
		if (raw->len - i < 3)
			return 0;
		hi = hex_value(raw->p[i + 1]);
		lo = hex_value(raw->p[i + 2]);
		if (hi < 0 || lo < 0 || (hi == 0 && lo == 0))
			return 0;
		buf[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	return n;
}

/* In place; the path begins with "/". Returns the new length, or 0 where it leaves the root. */
static uint32_t
remove_dots(char *buf, uint32_t len)
{
	uint32_t in = 0, out = 0;

	while (in < len) {
		/* buf[in] is the slash that begins a segment. */
		const char *next = memchr(buf + in + 1, '/', len - in - 1);
		uint32_t stop = next != NULL ? (uint32_t)(next - buf) : len;
		uint32_t n = stop - in;
		bool one = n == 2 && buf[in + 1] == '.';
		bool two = n == 3 && buf[in + 1] == '.' && buf[in + 2] == '.';

		if (!one && !two) {
			memmove(buf + out, buf + in, n);
			out += n;
		} else if (two) {
			if (out == 0)
				return 0;
			while (buf[--out] != '/')
				;
		}
		/* A dot segment at the end leaves its slash. */
		if ((one || two) && stop == len)
			buf[out++] = '/';
		in = stop;
	}
	return out;
}

bool
http_path_normalize(const struct http_str *raw, char *buf, struct http_str *path)
{
	if (memchr(raw->p, '%', raw->len) == NULL && memmem(raw->p, raw->len, "/.", 2) == NULL) {
		*path = *raw;
		return true;
	}
	path->p = buf;
	path->len = decode(raw, buf);
	if (path->len == 0 || buf[0] != '/')
		return false;
	path->len = remove_dots(buf, path->len);
	return path->len > 0;
}
