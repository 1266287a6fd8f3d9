/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum, RFC 1071. 32-bit words go into a 64-bit sum, which the compiler
 * turns into vector code; folding is left to the end.
 */

#include <string.h>

#include <rte_common.h>

#include "cksum.h"

uint64_t
cksum_add(uint64_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i + 4 <= n; i += 4) {
		uint32_t w;

		memcpy(&w, p + i, sizeof(w));
		sum += w;
	}
	if (i + 2 <= n) {
		uint16_t w;

		memcpy(&w, p + i, sizeof(w));
		sum += w;
		i += 2;
	}
	if (i < n) {
		uint8_t last[2] = {p[i], 0};
		uint16_t w;

		memcpy(&w, last, sizeof(w));
		sum += w;
	}
	return sum;
}

uint64_t
cksum_add_mbuf(uint64_t sum, const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	bool odd = false;

	for (; m != NULL && off >= m->data_len; m = m->next)
		off -= m->data_len;
	for (; m != NULL && len > 0; m = m->next) {
		uint32_t n = RTE_MIN(len, m->data_len - off);
		const void *data = rte_pktmbuf_mtod_offset(m, const void *, off);

		if (!odd) {
			sum += cksum_fold(cksum_add(0, data, n));
		} else {
			/* At an odd offset every byte stands in the other half (RFC 1071, 2.B). */
			sum += rte_bswap16(cksum_fold(cksum_add(0, data, n)));
		}
		odd ^= n & 1;
		len -= n;
		off = 0;
	}
	return sum;
}
