/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core: lists of frames, the one copy of payload, derived keys, random numbers, drops.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "core.h"
#include "heap_pool.h"
#include "suite.h"

static struct core *core;
static struct rte_mempool *pool;

static void
setup(void)
{
	core = calloc(1, sizeof(*core));
	pool = heap_pool_create(64, 2176, ISLA_PKT_PRIV_SIZE);
	core->pool = core->ref_pool = pool;
}

static void
teardown(void)
{
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
	free(core);
}

/* Not a pointer to anything: a list does not look at what it holds. */
static struct rte_mbuf *
token(unsigned int n)
{
	return (struct rte_mbuf *)(uintptr_t)(n + 1);
}

static void
a_list_is_first_in_first_out_and_bounded(void)
{
	struct outlist *out = &core->out[0];
	unsigned int i;

	CU_ASSERT_EQUAL(outlist_room(out), OUTLIST_MAX);
	for (i = 0; i < OUTLIST_MAX; i++) {
		CU_ASSERT_TRUE(outlist_put(out, token(i)));
		CU_ASSERT_EQUAL(outlist_room(out), OUTLIST_MAX - 1 - i);
	}
	CU_ASSERT_FALSE(outlist_put(out, token(i)));
	CU_ASSERT_EQUAL(outlist_room(out), 0);
	for (i = 0; i < OUTLIST_MAX; i++)
		CU_ASSERT_PTR_EQUAL(out->pkt[out->head + i], token(i));
	outlist_consume(out, OUTLIST_MAX);
	CU_ASSERT_EQUAL(outlist_room(out), OUTLIST_MAX);
	CU_ASSERT_EQUAL(out->head, out->tail);
}

/* The port takes some, the stack adds some: nothing is lost or turned around, all room is used. */
static void
a_list_that_is_partly_taken_keeps_its_order(void)
{
	struct outlist *out = &core->out[0];
	unsigned int put = 0, taken = 0, round;

	srand(1);
	for (round = 0; round < 20000; round++) {
		unsigned int n = (unsigned int)rand() % 300;

		while (n-- > 0) {
			bool full = put - taken == OUTLIST_MAX;

			CU_ASSERT_EQUAL(outlist_put(out, token(put)), !full);
			put += !full;
		}
		CU_ASSERT_EQUAL(outlist_room(out), OUTLIST_MAX - (put - taken));
		n = (unsigned int)rand() % (put - taken + 1);
		if (n > 0) {
			CU_ASSERT_PTR_EQUAL(out->pkt[out->head], token(taken));
			CU_ASSERT_PTR_EQUAL(out->pkt[out->head + n - 1], token(taken + n - 1));
		}
		outlist_consume(out, (uint16_t)n);
		taken += n;
	}
	CU_ASSERT_TRUE(put > 100 * OUTLIST_MAX);
}

static struct rte_mbuf *
chain(const uint8_t *bytes, const uint32_t *lens, unsigned int nb_lens)
{
	struct rte_mbuf *head = NULL;
	unsigned int i;

	for (i = 0; i < nb_lens; i++) {
		struct rte_mbuf *m = core_alloc(core);

		if (lens[i] > 0)
			memcpy(rte_pktmbuf_append(m, (uint16_t)lens[i]), bytes, lens[i]);
		bytes += lens[i];
		if (head == NULL)
			head = m;
		else
			rte_pktmbuf_chain(head, m);
	}
	return head;
}

static void
payload_is_copied_across_segments_and_counted(void)
{
	static const uint32_t lens[] = {3, 0, 1, 8, 0, 5};
	uint8_t bytes[17], to[19];
	struct rte_mbuf *m;
	uint32_t off, len;
	uint64_t counted = 0;

	for (off = 0; off < sizeof(bytes); off++)
		bytes[off] = (uint8_t)(off + 1);
	m = chain(bytes, lens, RTE_DIM(lens));
	CU_ASSERT_EQUAL_FATAL(m->pkt_len, sizeof(bytes));
	for (off = 0; off <= sizeof(bytes); off++) {
		for (len = 0; off + len <= sizeof(bytes); len++) {
			memset(to, 0xee, sizeof(to));
			payload_copy(core, to + 1, m, off, len);
			counted += len;
			CU_ASSERT_EQUAL(memcmp(to + 1, bytes + off, len), 0);
			CU_ASSERT_EQUAL(to[0], 0xee);
			CU_ASSERT_EQUAL(to[len + 1], 0xee);
			CU_ASSERT_EQUAL(core->stats.counter[ISLA_C_PAYLOAD_BYTES_COPIED], counted);
		}
	}
	rte_pktmbuf_free(m);
}

static void
keys_differ_by_purpose_and_secret(void)
{
	struct isla_key key[64], again;
	unsigned int i, j;

	core->key.k[0] = 1;
	core->key.k[1] = 2;
	for (i = 0; i < RTE_DIM(key); i++) {
		key[i] = core_derive_key(core, i);
		again = core_derive_key(core, i);
		CU_ASSERT_EQUAL(memcmp(&key[i], &again, sizeof(again)), 0);
		CU_ASSERT_NOT_EQUAL(key[i].k[0], key[i].k[1]);
		CU_ASSERT_NOT_EQUAL(memcmp(&key[i], &core->key, sizeof(again)), 0);
		for (j = 0; j < i; j++) {
			CU_ASSERT_NOT_EQUAL(key[i].k[0], key[j].k[0]);
			CU_ASSERT_NOT_EQUAL(key[i].k[1], key[j].k[1]);
		}
	}
	core->key.k[1] ^= 1ull << 63;
	again = core_derive_key(core, 5);
	CU_ASSERT_NOT_EQUAL(again.k[0], key[5].k[0]);
	CU_ASSERT_NOT_EQUAL(again.k[1], key[5].k[1]);
}

static void
random_numbers_replay_from_their_seed(void)
{
	uint64_t first[100];
	unsigned int i, ones = 0;

	for (i = 0; i < RTE_DIM(first); i++) {
		if (i == 0) {
			core->rng[0] = 1;
			core->rng[1] = 42;
		}
		first[i] = core_rand(core);
		ones += (unsigned int)__builtin_popcountll(first[i]);
		CU_ASSERT_TRUE(i == 0 || first[i] != first[i - 1]);
	}
	/* 6,400 bits: half of them, by ten standard deviations. */
	CU_ASSERT_TRUE(ones > 2800 && ones < 3600);
	core->rng[0] = 1;
	core->rng[1] = 42;
	for (i = 0; i < RTE_DIM(first); i++)
		CU_ASSERT_EQUAL(core_rand(core), first[i]);
}

static void
a_drop_is_counted_once_and_frees_the_chain(void)
{
	static const uint32_t lens[] = {1, 2, 3};
	static const uint8_t bytes[6] = {0};
	unsigned int i;
	uint64_t sum = 0;

	core_drop_pkt(core, chain(bytes, lens, RTE_DIM(lens)), ISLA_DROP_IP_SRC);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	core_drop(core, ISLA_DROP_IP_SRC);
	for (i = 0; i < ISLA_DROP_MAX; i++)
		sum += core->stats.drop[i];
	CU_ASSERT_EQUAL(core->stats.drop[ISLA_DROP_IP_SRC], 2);
	CU_ASSERT_EQUAL(sum, 2);
}

static void
an_empty_pool_gives_null(void)
{
	heap_pool_set_limit(pool, 0);
	CU_ASSERT_PTR_NULL(core_alloc(core));
}

static bool
is_short_with(struct rte_mempool *from)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(from);

	core_check_reserve(core, &m, 1);
	rte_pktmbuf_free(m);
	return core->is_short;
}

/* What another shard has received fills that one's pool. */
static void
mbufs_are_short_where_the_burst_comes_from_too(void)
{
	struct rte_mempool *like = heap_pool_create(pool->size, 2176, ISLA_PKT_PRIV_SIZE);
	struct rte_mempool *other = heap_pool_create(pool->size / 2, 2176, ISLA_PKT_PRIV_SIZE);

	core->reserve = 5;
	core_check_reserve(core, NULL, 0);
	CU_ASSERT_FALSE(core->is_short);
	CU_ASSERT_FALSE(is_short_with(pool));
	CU_ASSERT_FALSE(is_short_with(like));
	heap_pool_set_limit(like, 5);
	CU_ASSERT_TRUE(is_short_with(like));
	CU_ASSERT_FALSE(is_short_with(pool));
	/* Nothing is known of a pool that is no shard's. */
	heap_pool_set_limit(other, 5);
	CU_ASSERT_FALSE(is_short_with(other));
	heap_pool_set_limit(pool, 4);
	CU_ASSERT_TRUE(is_short_with(other));
	core_check_reserve(core, NULL, 0);
	CU_ASSERT_TRUE(core->is_short);
	heap_pool_free(like);
	heap_pool_free(other);
}

static void
memory_is_zeroed_and_aligned(void)
{
	unsigned int shift, i;

	for (shift = 0; shift <= 12; shift++) {
		uint8_t *p = isla_mem_libc.alloc(100, 1u << shift, -1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL((uintptr_t)p & ((1u << shift) - 1), 0);
		for (i = 0; i < 100; i++)
			CU_ASSERT_EQUAL(p[i], 0);
		memset(p, 0xff, 100);
		isla_mem_libc.free(p);
	}
	isla_mem_libc.free(NULL);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_list_is_first_in_first_out_and_bounded),
	SUITE_TEST(a_list_that_is_partly_taken_keeps_its_order),
	SUITE_TEST(payload_is_copied_across_segments_and_counted),
	SUITE_TEST(keys_differ_by_purpose_and_secret),
	SUITE_TEST(random_numbers_replay_from_their_seed),
	SUITE_TEST(a_drop_is_counted_once_and_frees_the_chain),
	SUITE_TEST(an_empty_pool_gives_null),
	SUITE_TEST(mbufs_are_short_where_the_burst_comes_from_too),
	SUITE_TEST(memory_is_zeroed_and_aligned),
};

int
main(void)
{
	return suite_run("core", tests, RTE_DIM(tests), setup, teardown);
}
