/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes out of order, in any order, with overlaps, and in pieces as small as can be: all of it
 * is delivered once the gaps are filled, and what it holds meanwhile is bounded.
 */

#include <string.h>

#include <rte_common.h>

#include "peer_opts.h"
#include "tcp_peer.h"

static void
begin(const struct isla_tcp_conf *tcp, uint32_t pool_limit)
{
	struct sim_host_conf host = {.pool_limit = pool_limit, .stack.tcp = *tcp};

	peer_restart(&host);
	peer.wscale = WSCALE(7);
	peer_opts.ts_val = 1000;
	establish_opts(true, false, 10000);
	peer_drain();
}

static void
data(uint32_t from, uint32_t len)
{
	inject(ACK, .seq = P(from), .ack = S(1), .len = (uint16_t)len);
}

/* Everything from the first byte on, so that no gap remains. */
static void
fill(uint32_t len)
{
	uint32_t at;

	peer_drain();
	for (at = 1; at <= len; at += 1000) {
		data(at, RTE_MIN(1000u, len + 1 - at));
		peer_drain();
	}
	expect_received(len);
	CU_ASSERT_EQUAL(app_info().ooo_segs, 0);
}

static uint32_t
nb_held(void)
{
	return heap_pool_in_use(peer.host.pool);
}

/* One lost, hundreds behind it: one range, and not a byte is dropped. */
static void
many_behind_one_gap(void)
{
	unsigned int i;

	/* Small mbufs reach the bound earlier. */
	if (peer.split)
		return;
	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 2000000, .rcvbuf_max_bytes = 2000000}, 0);
	for (i = 1; i <= 1300; i++) {
		data(1 + i * 1000, 1000);
		expect_sack(1, 1001, 1001 + i * 1000);
		peer_drain();
	}
	CU_ASSERT_EQUAL(app_info().ooo_segs, 1300);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_OOO_FULL), 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
	data(1, 1000);
	expect_received(1301000);
	peer_drain();
}

/* One byte in every second place, forwards and backwards: ranges are bounded, what there is no
 * room for is dropped and counted, and what is kept is not copied. */
static void
every_second_byte(void)
{
	unsigned int i, back;

	for (back = 0; back < 2; back++) {
		uint32_t before;

		begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 1000000, .ooo_segs = 300}, 0);
		before = nb_held();
		for (i = 0; i < 1000; i++) {
			data(back ? 2002 - 2 * i : 2 + 2 * i, 1);
			peer_drain();
		}
		CU_ASSERT_EQUAL(app_info().ooo_segs, 300);
		CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_OOO_FULL), 700);
		if (!peer.split)
			CU_ASSERT_TRUE(nb_held() - before <= 300);
		CU_ASSERT_EQUAL(counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
		fill(3000);
	}
}

/* Bytes that adjoin, one by one: up to the bound of mbufs each stays where it is, then they are
 * copied together, and nothing is lost. */
static void
single_bytes_behind_a_gap(void)
{
	const uint32_t max = 64 + 100000 / 1024;
	uint64_t dropped;
	uint32_t before;
	unsigned int i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 100000, .no_autotune = true}, 0);
	before = nb_held();
	for (i = 0; i < 2000; i++) {
		data(2 + i, 1);
		peer_drain();
		if (i + 1 == max && !peer.split)
			CU_ASSERT_EQUAL(counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
	}
	dropped = drops(ISLA_DROP_TCP_OOO_FULL);
	CU_ASSERT_TRUE(nb_held() - before <= max);
	/* Where ports deliver small mbufs there may be no room behind the last one. */
	if (!peer.split) {
		CU_ASSERT_EQUAL(dropped, 0);
		CU_ASSERT_TRUE(counter(ISLA_C_PAYLOAD_BYTES_COPIED) > 0);
		CU_ASSERT_TRUE(counter(ISLA_C_PAYLOAD_BYTES_COPIED) <= 2000 - max);
		data(1, 1);
		expect_received(2001);
	}
	fill(2001);
}

/* All connections together leave three quarters of the pool to others. */
static void
share_of_the_pool(void)
{
	uint32_t before, i;

	begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 1000000, .ooo_segs = 4000}, 1000);
	before = nb_held();
	for (i = 0; i < 600; i++) {
		data(2 + 2 * i, 1);
		peer_drain();
	}
	CU_ASSERT_TRUE(nb_held() - before <= 1000 / 4);
	CU_ASSERT_TRUE(drops(ISLA_DROP_TCP_OOO_FULL) > 0);
	fill(2000);
}

/* Pieces of every size in every place: what was taken is reported as it is, and all arrives. */
static void
any_order(void)
{
	static bool has[6001];
	uint64_t rng = 4711;
	unsigned int round, i, k;

	for (round = 0; round < 60; round++) {
		begin(&(const struct isla_tcp_conf){.rcvbuf_bytes = 100000}, 0);
		memset(has, 0, sizeof(has));
		for (i = 0; i < 80; i++) {
			uint32_t from = 2 + (uint32_t)(sim_rand(&rng) % 5000);
			uint32_t len = 1 + (uint32_t)(sim_rand(&rng) % (i % 3 == 0 ? 900 : 30));
			const uint8_t *o;

			data(from, len);
			memset(&has[from], true, len);
			/* Each range reported is one that came, and ends where a gap begins; the
			 * first behind a duplicate holds this packet. */
			o = opts_find(take(), KIND_SACK);
			CU_ASSERT_PTR_NOT_NULL_FATAL(o);
			for (k = 0; k < (o[1] - 2u) / 8; k++) {
				uint32_t left, right;

				memcpy(&left, o + 2 + 8 * k, 4);
				memcpy(&right, o + 6 + 8 * k, 4);
				left = rte_be_to_cpu_32(left) - P(0);
				right = rte_be_to_cpu_32(right) - P(0);
				CU_ASSERT_TRUE_FATAL(left >= 2 && right <= 6000 && left < right);
				CU_ASSERT_PTR_NULL(memchr(&has[left], false, right - left));
				if (k > 0)
					CU_ASSERT_TRUE(!has[left - 1] && !has[right]);
			}
			peer_drain();
		}
		CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_OOO_FULL), 0);
		fill(6000);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(many_behind_one_gap),
	SUITE_TEST(every_second_byte),
	SUITE_TEST(single_bytes_behind_a_gap),
	SUITE_TEST(share_of_the_pool),
	SUITE_TEST(any_order),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
