/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIPHASH_H
#define SIPHASH_H

/*
 * SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012), over 64-bit words.
 * SipHash-2-4 where the result leaves the machine (sequence numbers, ports); SipHash-1-3 for
 * tables, where only the collisions must not be foreseeable.
 */

#include <stdint.h>

#include "isla_key.h"

struct siphash {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
siphash_rotl(uint64_t x, unsigned int n)
{
	return (x << n) | (x >> (64 - n));
}

static inline void
siphash_round(struct siphash *s)
{
	s->v0 += s->v1;
	s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
	s->v0 = siphash_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotl(s->v2, 32);
}

/* SipHash-c-d of n words and a last one, which has the length in its highest byte and below it what
 * is no whole word; in the paper's terms the input is little endian. */
static inline uint64_t
siphash_words(const struct isla_key *key, const uint64_t *words, unsigned int n, uint64_t last,
	unsigned int c, unsigned int d)
{
	struct siphash s = {
		.v0 = key->k[0] ^ 0x736f6d6570736575ull,
		.v1 = key->k[1] ^ 0x646f72616e646f6dull,
		.v2 = key->k[0] ^ 0x6c7967656e657261ull,
		.v3 = key->k[1] ^ 0x7465646279746573ull,
	};
	unsigned int i, r;

	for (i = 0; i <= n; i++) {
		uint64_t w = i < n ? words[i] : last;

		s.v3 ^= w;
		for (r = 0; r < c; r++)
			siphash_round(&s);
		s.v0 ^= w;
	}
	s.v2 ^= 0xff;
	for (r = 0; r < d; r++)
		siphash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* For what others can see. */
static inline uint64_t
siphash24(const struct isla_key *key, const uint64_t *words, unsigned int n)
{
	return siphash_words(key, words, n, (uint64_t)(n * 8) << 56, 2, 4);
}

/* For tables. */
static inline uint64_t
siphash13(const struct isla_key *key, const uint64_t *words, unsigned int n)
{
	return siphash_words(key, words, n, (uint64_t)(n * 8) << 56, 1, 3);
}

/* Likewise, of n words and half a one: it goes with the length, and costs nothing. */
static inline uint64_t
siphash13_half(const struct isla_key *key, const uint64_t *words, unsigned int n, uint32_t half)
{
	return siphash_words(key, words, n, (uint64_t)(n * 8 + 4) << 56 | half, 1, 3);
}

#endif /* SIPHASH_H */
