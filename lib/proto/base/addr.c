/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses: text in, text out, prefixes, and the addresses that are made from others
 * (RFC 4291, RFC 5952). Pure functions in no particular order of call.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "isla_addr.h"

int
isla_addr_parse(const char *text, struct isla_addr *addr)
{
	struct in_addr v4;
	struct isla_addr a;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*addr = isla_addr_from_v4(v4.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, text, a.b) != 1 || isla_addr_is_v4(&a))
		return -EINVAL;
	*addr = a;
	return 0;
}

int
isla_prefix_parse(const char *text, struct isla_prefix *prefix)
{
	char host[ISLA_ADDR_STRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct isla_prefix p;
	unsigned int max;

	if (n == 0 || n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (isla_addr_parse(host, &p.addr) != 0)
		return -EINVAL;
	max = isla_addr_is_v4(&p.addr) ? 32 : 128;
	p.len = (uint8_t)max;
	if (slash != NULL) {
		unsigned long len = 0;
		const char *s = slash + 1;

		if (*s == '\0' || strlen(s) > 3)
			return -EINVAL;
		for (; *s != '\0'; s++) {
			if (*s < '0' || *s > '9')
				return -EINVAL;
			len = len * 10 + (unsigned long)(*s - '0');
		}
		if (len > max)
			return -EINVAL;
		p.len = (uint8_t)len;
	}
	*prefix = p;
	return 0;
}

const char *
isla_addr_format(const struct isla_addr *addr, char *buf, size_t size)
{
	bool v4 = isla_addr_is_v4(addr);
	const void *bytes = v4 ? (const void *)&addr->b[12] : (const void *)addr->b;

	if (inet_ntop(v4 ? AF_INET : AF_INET6, bytes, buf, (socklen_t)size) == NULL && size > 0)
		buf[0] = '\0';
	return buf;
}

const char *
isla_prefix_format(const struct isla_prefix *prefix, char *buf, size_t size)
{
	char host[ISLA_ADDR_STRLEN];

	isla_addr_format(&prefix->addr, host, sizeof(host));
	snprintf(buf, size, "%s/%u", host, prefix->len);
	return buf;
}

bool
isla_prefix_match(const struct isla_prefix *prefix, const struct isla_addr *addr)
{
	bool v4 = isla_addr_is_v4(&prefix->addr);
	unsigned int bits = prefix->len + (v4 ? 96u : 0u);
	unsigned int bytes = bits / 8;
	uint8_t mask = (uint8_t)(0xff00u >> (bits % 8));

	if (v4 != isla_addr_is_v4(addr))
		return false;
	if (memcmp(prefix->addr.b, addr->b, bytes) != 0)
		return false;
	return bytes == 16 || ((prefix->addr.b[bytes] ^ addr->b[bytes]) & mask) == 0;
}

struct isla_addr
isla_addr_link_local(const uint8_t mac[6])
{
	struct isla_addr a = {
		.b = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(mac[0] ^ 0x02), mac[1], mac[2], 0xff,
			0xfe, mac[3], mac[4], mac[5]},
	};

	return a;
}

struct isla_addr
isla_addr_solicited_node(const struct isla_addr *addr)
{
	struct isla_addr a = {
		.b = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, addr->b[13], addr->b[14],
			addr->b[15]},
	};

	return a;
}

bool
isla_prefix_is_unicast(const struct isla_prefix *prefix)
{
	const struct isla_addr *a = &prefix->addr;

	if (isla_addr_is_unspecified(a) || isla_addr_is_loopback(a) || isla_addr_is_multicast(a) ||
		isla_addr_is_broadcast(a))
		return false;
	if (!isla_addr_is_v4(a))
		return prefix->len <= 128;
	if (prefix->len > 32 || a->b[12] == 0)
		return false;
	/* A prefix of 31 bits has neither of the two (RFC 3021). */
	if (prefix->len < 31) {
		/* The host part: 0 is the network itself, all ones its broadcast. */
		uint32_t mask = prefix->len == 0 ? UINT32_MAX : UINT32_MAX >> prefix->len;
		uint32_t host = rte_be_to_cpu_32(isla_addr_v4(a)) & mask;

		return host != 0 && host != mask;
	}
	return true;
}
