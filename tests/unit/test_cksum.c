/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum: published vectors, and a sum made as RFC 1071 tells it, over all lengths,
 * offsets and ways to cut a chain.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "cksum.h"
#include "heap_pool.h"
#include "suite.h"

static struct rte_mempool *pool;

static void
setup(void)
{
	pool = heap_pool_create(4096, 2176, 0);
	srand(1);
}

static void
teardown(void)
{
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

/* RFC 1071, 1: 16-bit big-endian words, end-around carry, a last odd byte padded with zero. */
static uint16_t
naive(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

static uint16_t
ours(const void *p, size_t n)
{
	return rte_be_to_cpu_16(cksum_fold(cksum_add(0, p, n)));
}

/* 0 and ffff are both zero in ones' complement. */
static bool
same(uint16_t a, uint16_t b)
{
	return a == b || (a == 0 && b == 0xffff) || (a == 0xffff && b == 0);
}

/* A chain with segments of these lengths; the rest goes into the last one. */
static struct rte_mbuf *
chain(const uint8_t *bytes, uint32_t n, const uint32_t *lens, unsigned int nb_lens)
{
	struct rte_mbuf *head = NULL;
	unsigned int i;

	for (i = 0; i <= nb_lens; i++) {
		uint32_t len = i < nb_lens ? RTE_MIN(lens[i], n) : n;
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		if (len > 0)
			memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
		bytes += len;
		n -= len;
		if (head == NULL)
			head = m;
		else
			rte_pktmbuf_chain(head, m);
	}
	return head;
}

static void
published_vectors(void)
{
	/* RFC 1071, 3 */
	static const uint8_t rfc1071[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	/* an IPv4 header whose checksum is b861 */
	static const uint8_t ipv4[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
		0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
	uint8_t blank[sizeof(ipv4)];

	CU_ASSERT_EQUAL(ours(rfc1071, sizeof(rfc1071)), 0xddf2);
	CU_ASSERT_EQUAL(ours(ipv4, sizeof(ipv4)), 0xffff);
	memcpy(blank, ipv4, sizeof(blank));
	blank[10] = blank[11] = 0;
	CU_ASSERT_EQUAL((uint16_t)~ours(blank, sizeof(blank)), 0xb861);
}

/* Datagrams as another implementation (scapy) builds them. */
static void
transport_checksums_of_another_implementation(void)
{
	static const uint8_t udp4[] = {0x00, 0x07, 0x9c, 0x40, 0x00, 0x0d, 0x9c, 0x66, 'h', 'e',
		'l', 'l', 'o'};
	static const uint8_t udp6[] = {0x00, 0x07, 0x9c, 0x40, 0x00, 0x0d, 0xc4, 0x45, 'h', 'e',
		'l', 'l', 'o'};
	static const uint8_t icmp6[] = {0x81, 0x00, 0x5e, 0xdf, 0x00, 0x01, 0x00, 0x02, 'a', 'b',
		'c'};
	static const struct {
		const uint8_t *bytes;
		const char *src, *dst;
		uint32_t len, cksum_off;
		uint8_t proto;
	} cases[] = {
		{udp4, "192.168.1.2", "192.168.1.1", sizeof(udp4), 6, 17},
		{udp6, "2001:db8::2", "2001:db8::1", sizeof(udp6), 6, 17},
		{icmp6, "2001:db8::2", "2001:db8::1", sizeof(icmp6), 2, 58},
	};
	size_t i;
	uint32_t cut;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr src, dst;
		uint8_t blank[16], with[3 + 16] = {0xff, 0xff, 0xff};
		uint16_t cksum;
		struct rte_mbuf *m;

		isla_addr_parse(cases[i].src, &src);
		isla_addr_parse(cases[i].dst, &dst);
		memcpy(blank, cases[i].bytes, cases[i].len);
		memset(blank + cases[i].cksum_off, 0, 2);
		/* something in front that is passed over, an odd number of bytes at that */
		memcpy(with + 3, cases[i].bytes, cases[i].len);
		for (cut = 0; cut <= cases[i].len + 3; cut++) {
			m = chain(with, cases[i].len + 3, &cut, 1);
			CU_ASSERT_EQUAL(
				cksum_l4(&src, &dst, cases[i].proto, m, 3, cases[i].len), 0);
			CU_ASSERT_NOT_EQUAL(
				cksum_l4(&dst, &dst, cases[i].proto, m, 3, cases[i].len), 0);
			CU_ASSERT_NOT_EQUAL(
				cksum_l4(&src, &dst, cases[i].proto + 1, m, 3, cases[i].len), 0);
			rte_pktmbuf_free(m);
		}
		m = chain(blank, cases[i].len, NULL, 0);
		cksum = cksum_l4(&src, &dst, cases[i].proto, m, 0, cases[i].len);
		CU_ASSERT_EQUAL(memcmp(&cksum, cases[i].bytes + cases[i].cksum_off, 2), 0);
		rte_pktmbuf_free(m);
	}
}

static void
every_length_and_alignment(void)
{
	uint8_t buf[300];
	unsigned int n, at;

	for (n = 0; n < sizeof(buf); n++)
		buf[n] = (uint8_t)rand();
	for (at = 0; at < 9; at++)
		for (n = 0; n + at < sizeof(buf); n++)
			CU_ASSERT_TRUE(same(ours(buf + at, n), naive(buf + at, n)));
}

static void
sums_do_not_overflow(void)
{
	uint8_t *buf = malloc(65535);

	CU_ASSERT_EQUAL(cksum_fold(0), 0);
	CU_ASSERT_EQUAL(cksum_fold(0xffff), 0xffff);
	CU_ASSERT_EQUAL(cksum_fold(0x10000), 1);
	CU_ASSERT_EQUAL(cksum_fold(0xffffffff), 0xffff);
	CU_ASSERT_EQUAL(cksum_fold(0x1ffffffffull), 1);
	CU_ASSERT_EQUAL(cksum_fold(UINT64_MAX), 0xffff);
	CU_ASSERT_EQUAL(cksum_fold(UINT64_MAX - 1), 0xfffe);
	memset(buf, 0xff, 65535);
	CU_ASSERT_TRUE(same(ours(buf, 65535), naive(buf, 65535)));
	CU_ASSERT_TRUE(same(ours(buf, 65534), naive(buf, 65534)));
	free(buf);
}

/* A sum may be continued at any even offset. */
static void
sums_add_up(void)
{
	uint8_t buf[64];
	unsigned int i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)rand();
	for (i = 0; i <= sizeof(buf); i += 2) {
		uint64_t sum = cksum_add(cksum_add(0, buf, i), buf + i, sizeof(buf) - i);

		CU_ASSERT_EQUAL(rte_be_to_cpu_16(cksum_fold(sum)), naive(buf, sizeof(buf)));
	}
}

static void
chains_are_summed_as_one_piece(void)
{
	uint8_t buf[1500];
	unsigned int round, i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)rand();
	for (round = 0; round < 3000; round++) {
		uint32_t lens[6], n = (uint32_t)rand() % sizeof(buf);
		uint32_t off = (uint32_t)rand() % (n + 1);
		uint32_t len = (uint32_t)rand() % (n - off + 1);
		uint16_t sum;
		struct rte_mbuf *m;

		/* odd, even and empty segments */
		for (i = 0; i < RTE_DIM(lens); i++)
			lens[i] = (uint32_t)rand() % (rand() % 2 ? 4 : 400);
		m = chain(buf, n, lens, RTE_DIM(lens));
		sum = rte_be_to_cpu_16(cksum_fold(cksum_add_mbuf(0, m, off, len)));
		CU_ASSERT_TRUE(same(sum, naive(buf + off, len)));
		rte_pktmbuf_free(m);
	}
}

static void
a_chain_that_is_too_short_is_not_overread(void)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5};
	const uint32_t cut = 2;
	struct rte_mbuf *m = chain(bytes, sizeof(bytes), &cut, 1);

	CU_ASSERT_EQUAL(cksum_fold(cksum_add_mbuf(0, m, 0, 1000)),
		rte_cpu_to_be_16(naive(bytes, 5)));
	CU_ASSERT_EQUAL(cksum_fold(cksum_add_mbuf(7, m, 5, 1)), 7);
	CU_ASSERT_EQUAL(cksum_fold(cksum_add_mbuf(7, m, 1000, 1)), 7);
	CU_ASSERT_EQUAL(cksum_fold(cksum_add_mbuf(7, NULL, 0, 1)), 7);
	rte_pktmbuf_free(m);
}

static void
one_wrong_bit_is_seen(void)
{
	uint8_t buf[40];
	unsigned int bit;
	uint16_t right;

	for (bit = 0; bit < sizeof(buf); bit++)
		buf[bit] = (uint8_t)rand();
	right = ours(buf, sizeof(buf));
	for (bit = 0; bit < sizeof(buf) * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		CU_ASSERT_FALSE(same(ours(buf, sizeof(buf)), right));
		buf[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(published_vectors),
	SUITE_TEST(transport_checksums_of_another_implementation),
	SUITE_TEST(every_length_and_alignment),
	SUITE_TEST(sums_do_not_overflow),
	SUITE_TEST(sums_add_up),
	SUITE_TEST(chains_are_summed_as_one_piece),
	SUITE_TEST(a_chain_that_is_too_short_is_not_overread),
	SUITE_TEST(one_wrong_bit_is_seen),
};

int
main(void)
{
	return suite_run("cksum", tests, RTE_DIM(tests), setup, teardown);
}
