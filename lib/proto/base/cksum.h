/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CKSUM_H
#define CKSUM_H

/*
 * The Internet checksum (RFC 1071) over chains, with the pseudo-headers of IPv4 (RFC 9293, 3.1) and
 * IPv6 (RFC 8200, 8.1). Sums are in the order of the wire: no byte is swapped.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "isla_addr.h"

/* Add n bytes to a sum; the first byte is taken to stand at an even offset. */
uint64_t cksum_add(uint64_t sum, const void *data, size_t n);

/* Fold a sum to 16 bits; not complemented. */
static inline uint16_t
cksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Add len bytes of a chain from offset off; segments of odd length are treated rightly. */
uint64_t cksum_add_mbuf(uint64_t sum, const struct rte_mbuf *m, uint32_t off, uint32_t len);

/* The pseudo-header's sum: addresses, protocol and the length of the upper layer's packet. */
static inline uint64_t
cksum_pseudo(const struct isla_addr *src, const struct isla_addr *dst, uint8_t proto, uint32_t len)
{
	uint64_t sum = (uint64_t)rte_cpu_to_be_16(proto) + rte_cpu_to_be_32(len);

	if (isla_addr_is_v4(src))
		return sum + src->w[3] + dst->w[3];
	sum += (uint64_t)src->w[0] + src->w[1] + src->w[2] + src->w[3];
	return sum + dst->w[0] + dst->w[1] + dst->w[2] + dst->w[3];
}

/*
 * The checksum of an upper-layer packet: len bytes of a chain from offset off. On a packet to send,
 * its checksum field being zero: what to store there. On a received one: 0 if it is right.
 */
static inline uint16_t
cksum_l4(const struct isla_addr *src, const struct isla_addr *dst, uint8_t proto,
	const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	return (uint16_t)~cksum_fold(
		cksum_add_mbuf(cksum_pseudo(src, dst, proto, len), m, off, len));
}

/* Whether the checksum of a packet is blank: what a sender leaves there who wants its network card
 * to complete it. */
static inline bool
cksum_is_blank(const struct isla_addr *src, const struct isla_addr *dst, uint8_t proto, uint32_t len,
	uint16_t cksum)
{
	return cksum_fold(cksum_pseudo(src, dst, proto, len)) == cksum;
}

#endif /* CKSUM_H */
