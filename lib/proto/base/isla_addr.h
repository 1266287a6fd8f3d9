/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_ADDR_H
#define ISLA_ADDR_H

/**
 * @file
 * One address type for both families.
 *
 * An IPv4 address is kept in its IPv4-mapped form, 0:0:0:0:0:ffff:a.b.c.d (RFC 4291, 2.5.5.2). So a
 * comparison, a hash and a table key are the same code for both. Mapped addresses are never legal
 * in an IPv6 header; the stack drops such packets, so that the two families cannot be confused.
 *
 * All functions here are pure and may be called from any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that isla_addr_format() and isla_prefix_format() may write, the NUL included. */
#define ISLA_ADDR_STRLEN 50

/** An IPv4 or IPv6 address, in network byte order. */
struct isla_addr {
	union {
		uint8_t b[16];
		rte_be32_t w[4];
		uint64_t q[2];
	};
};

/** An address and the length of its network prefix, in bits of its own family (0-32 or 0-128). */
struct isla_prefix {
	struct isla_addr addr;
	uint8_t len;
};

/** The unspecified IPv6 address; as a local address to listen on: any address of either family. */
static const struct isla_addr isla_addr_any = {.q = {0, 0}};

/** An IPv4 address from its form on the wire. */
static inline struct isla_addr
isla_addr_from_v4(rte_be32_t v4)
{
	struct isla_addr a = {.w = {0, 0, RTE_BE32(0xffff), v4}};

	return a;
}

/** An IPv6 address from 16 bytes of a packet, which need not be aligned. */
static inline struct isla_addr
isla_addr_from_v6(const void *bytes)
{
	struct isla_addr a;

	memcpy(a.b, bytes, sizeof(a.b));
	return a;
}

/** True for an IPv4 address (one in mapped form). */
static inline bool
isla_addr_is_v4(const struct isla_addr *a)
{
	return a->q[0] == 0 && a->w[2] == RTE_BE32(0xffff);
}

/** The IPv4 address as it stands on the wire; only for an address for which isla_addr_is_v4(). */
static inline rte_be32_t
isla_addr_v4(const struct isla_addr *a)
{
	return a->w[3];
}

static inline bool
isla_addr_eq(const struct isla_addr *a, const struct isla_addr *b)
{
	return ((a->q[0] ^ b->q[0]) | (a->q[1] ^ b->q[1])) == 0;
}

/** True for 0.0.0.0 and for ::. */
static inline bool
isla_addr_is_unspecified(const struct isla_addr *a)
{
	return a->q[0] == 0 && a->w[3] == 0 && (a->w[2] == 0 || a->w[2] == RTE_BE32(0xffff));
}

/** True for 224.0.0.0/4 and ff00::/8. */
static inline bool
isla_addr_is_multicast(const struct isla_addr *a)
{
	return isla_addr_is_v4(a) ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

/** True for 127.0.0.0/8 and ::1. */
static inline bool
isla_addr_is_loopback(const struct isla_addr *a)
{
	if (isla_addr_is_v4(a))
		return a->b[12] == 127;
	return a->q[0] == 0 && a->w[2] == 0 && a->w[3] == RTE_BE32(1);
}

/** True for 169.254.0.0/16 and fe80::/10. */
static inline bool
isla_addr_is_link_local(const struct isla_addr *a)
{
	if (isla_addr_is_v4(a))
		return a->b[12] == 169 && a->b[13] == 254;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/** True for 255.255.255.255, the limited broadcast address (RFC 1122, 3.2.1.3). */
static inline bool
isla_addr_is_broadcast(const struct isla_addr *a)
{
	return isla_addr_is_v4(a) && a->w[3] == RTE_BE32(0xffffffff);
}

/**
 * Read an address in its textual form (RFC 4291, 2.2, or four decimal parts).
 *
 * @return 0, or -EINVAL where the text is anything else, a mapped IPv6 address among it.
 */
int isla_addr_parse(const char *text, struct isla_addr *addr);

/**
 * Read `ADDR/LEN`; without `/LEN` the length is that of the whole address.
 *
 * @return 0, or -EINVAL where the address or the length is malformed.
 */
int isla_prefix_parse(const char *text, struct isla_prefix *prefix);

/**
 * Write an address in its textual form (RFC 5952).
 *
 * @param buf  receives at most size bytes, NUL included; ISLA_ADDR_STRLEN always suffice
 * @return buf
 */
const char *isla_addr_format(const struct isla_addr *addr, char *buf, size_t size);

/** Write `ADDR/LEN`; as isla_addr_format(). */
const char *isla_prefix_format(const struct isla_prefix *prefix, char *buf, size_t size);

/** True where addr lies in the prefix (and so is of the same family). */
bool isla_prefix_match(const struct isla_prefix *prefix, const struct isla_addr *addr);

/** True where an interface may have this address: that of one host, and not of a network or its
 * broadcast address (RFC 1122, 3.2.1.3; RFC 3021; RFC 4291, 2.5). */
bool isla_prefix_is_unicast(const struct isla_prefix *prefix);

/** The link-local IPv6 address of a MAC address: fe80::/64 and modified EUI-64 (RFC 4291, A). */
struct isla_addr isla_addr_link_local(const uint8_t mac[6]);

/** The solicited-node multicast address of a unicast address (RFC 4291, 2.7.1). */
struct isla_addr isla_addr_solicited_node(const struct isla_addr *addr);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_ADDR_H */
