/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash against known outputs. The key is 00 01 .. 0f and the input 00 01 02 .., as in appendix A
 * of the paper and in the vectors of its reference code (SipHash-2-4); those of SipHash-1-3 were
 * computed with OpenSSL (SIPHASH, c-rounds 1, d-rounds 3).
 */

#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "siphash.h"
#include "suite.h"

static const struct isla_key key = {{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull}};

/* The input 00 01 02 .. as words. */
static void
counting_words(uint64_t words[8])
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		words[i] = 0x0706050403020100ull + i * 0x0808080808080808ull;
}

/* Outputs as the bytes that the reference code writes, the first one highest. */
static const struct {
	unsigned int nb_words;
	uint64_t out24, out13;
} vectors[] = {
	{0, 0x310e0edd47db6f72ull, 0xdcc40f055801acabull},
	{1, 0x6224939a79f5f593ull, 0x8e9a298d11959036ull},
	{2, 0xdb9bc2577fcc2a3full, 0x668b907d1add4fccull},
	{3, 0x94af49f6c650adb8ull, 0x8c9c3467b2ae64f4ull},
	{4, 0xce7cf2722f512771ull, 0x0db6a7166c7b1581ull},
	{8, 0xd8ca02850bc4d2acull, 0x65604a4bec9779f1ull},
};

static void
outputs_are_those_of_the_reference(void)
{
	uint64_t words[8];
	size_t i;

	counting_words(words);
	for (i = 0; i < RTE_DIM(vectors); i++) {
		CU_ASSERT_EQUAL(siphash24(&key, words, vectors[i].nb_words),
			rte_bswap64(vectors[i].out24));
		CU_ASSERT_EQUAL(siphash13(&key, words, vectors[i].nb_words),
			rte_bswap64(vectors[i].out13));
	}
}

static void
half_a_word_goes_with_the_length(void)
{
	uint64_t words[8];
	unsigned int bit;

	counting_words(words);
	/* 12 and 36 bytes. */
	CU_ASSERT_EQUAL(siphash13_half(&key, words, 1, 0x0b0a0908),
		rte_bswap64(0xa2d9b457b184a378ull));
	CU_ASSERT_EQUAL(siphash13_half(&key, words, 4, 0x23222120),
		rte_bswap64(0x0662a2add308f52cull));
	for (bit = 0; bit < 32; bit++)
		CU_ASSERT_NOT_EQUAL(siphash13_half(&key, words, 1, 1u << bit),
			siphash13_half(&key, words, 1, 0));
	CU_ASSERT_NOT_EQUAL(siphash13_half(&key, words, 1, 0), siphash13(&key, words, 1));
}

static void
every_bit_of_key_and_input_matters(void)
{
	uint64_t words[8];
	uint64_t plain13, plain24;
	unsigned int bit;

	counting_words(words);
	plain13 = siphash13(&key, words, 3);
	plain24 = siphash24(&key, words, 3);
	for (bit = 0; bit < 3 * 64; bit++) {
		words[bit / 64] ^= 1ull << (bit % 64);
		CU_ASSERT_NOT_EQUAL(siphash13(&key, words, 3), plain13);
		CU_ASSERT_NOT_EQUAL(siphash24(&key, words, 3), plain24);
		words[bit / 64] ^= 1ull << (bit % 64);
	}
	for (bit = 0; bit < 128; bit++) {
		struct isla_key k = key;

		k.k[bit / 64] ^= 1ull << (bit % 64);
		CU_ASSERT_NOT_EQUAL(siphash13(&k, words, 3), plain13);
		CU_ASSERT_NOT_EQUAL(siphash24(&k, words, 3), plain24);
	}
	/* Words of zero are input, too. */
	memset(words, 0, sizeof(words));
	CU_ASSERT_NOT_EQUAL(siphash13(&key, words, 1), siphash13(&key, words, 2));
}

static const struct suite_test tests[] = {
	SUITE_TEST(outputs_are_those_of_the_reference),
	SUITE_TEST(half_a_word_goes_with_the_length),
	SUITE_TEST(every_bit_of_key_and_input_matters),
};

int
main(void)
{
	return suite_run("siphash", tests, RTE_DIM(tests), NULL, NULL);
}
