/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TCP header's codec: golden bytes both ways, truncation at every length, options that lie.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "heap_pool.h"
#include "isla_pkt.h"
#include "suite.h"
#include "tcp_hdr.h"

/* A SYN as Linux sends it: MSS 1460, SACK permitted, timestamps, NOP, window scale 7. */
static const uint8_t golden_syn[40] = {
	0xc0, 0x01, 0x00, 0x50, 0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xfa,
	0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a, 0x01, 0x02,
	0x03, 0x04, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07};

static struct rte_mempool *pool;

static void
setup(void)
{
	pool = heap_pool_create(16, 2048 + RTE_PKTMBUF_HEADROOM, ISLA_PKT_PRIV_SIZE);
}

static void
teardown(void)
{
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

/* A segment of n bytes; those beyond 40 are payload. */
static struct rte_mbuf *
segment(const uint8_t *bytes, uint16_t n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	memcpy(rte_pktmbuf_append(m, n), bytes, n);
	memset(isla_pkt(m), 0, sizeof(struct isla_pkt));
	isla_pkt(m)->l4_len = n;
	return m;
}

static void
a_syn_is_read(void)
{
	struct rte_mbuf *m = segment(golden_syn, sizeof(golden_syn));
	struct isla_pkt *pkt = isla_pkt(m);
	struct tcp_opts opts;

	CU_ASSERT_EQUAL(tcp_hdr_parse(m), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(pkt->src_port, RTE_BE16(0xc001));
	CU_ASSERT_EQUAL(pkt->dst_port, RTE_BE16(80));
	CU_ASSERT_EQUAL(pkt->seq, 0x12345678);
	CU_ASSERT_EQUAL(pkt->ack, 0);
	CU_ASSERT_EQUAL(pkt->tcp_flags, RTE_TCP_SYN_FLAG);
	CU_ASSERT_EQUAL(pkt->wnd, 0xfaf0);
	CU_ASSERT_EQUAL(pkt->data_len, 0);
	CU_ASSERT_TRUE(tcp_opts_parse(golden_syn + 20, 20, &opts));
	CU_ASSERT_EQUAL(opts.present, TCP_OPT_MSS | TCP_OPT_WSCALE | TCP_OPT_SACK_PERMITTED |
		TCP_OPT_TIMESTAMPS);
	CU_ASSERT_EQUAL(opts.mss, 1460);
	CU_ASSERT_EQUAL(opts.wscale, 7);
	CU_ASSERT_EQUAL(opts.ts_val, 0x01020304);
	CU_ASSERT_EQUAL(opts.ts_ecr, 0);
	rte_pktmbuf_free(m);
}

static void
every_truncation_is_refused(void)
{
	uint16_t n;

	for (n = 0; n < sizeof(golden_syn); n++) {
		struct rte_mbuf *m = segment(golden_syn, n);
		enum isla_drop drop = tcp_hdr_parse(m);

		CU_ASSERT_EQUAL(drop,
			n < 20 ? ISLA_DROP_TCP_SHORT : ISLA_DROP_TCP_DATA_OFFSET);
		rte_pktmbuf_free(m);
	}
}

static void
a_header_cut_by_an_mbuf_is_refused(void)
{
	uint16_t n;

	for (n = 0; n < sizeof(golden_syn); n++) {
		struct rte_mbuf *m = segment(golden_syn, n);

		/* The datagram is whole, its first mbuf is not. */
		isla_pkt(m)->l4_len = sizeof(golden_syn);
		CU_ASSERT_EQUAL(tcp_hdr_parse(m), ISLA_DROP_TCP_SHORT);
		rte_pktmbuf_free(m);
	}
}

static void
data_offsets_are_checked(void)
{
	uint8_t bytes[60];
	unsigned int words;

	memset(bytes, 1, sizeof(bytes));
	for (words = 0; words < 16; words++) {
		struct rte_mbuf *m;
		enum isla_drop drop;

		bytes[12] = (uint8_t)(words << 4);
		m = segment(bytes, 48);
		drop = tcp_hdr_parse(m);
		if (words < 5 || words > 12) {
			CU_ASSERT_EQUAL(drop, ISLA_DROP_TCP_DATA_OFFSET);
		} else {
			CU_ASSERT_EQUAL(drop, ISLA_ACCEPTED);
			CU_ASSERT_EQUAL(isla_pkt(m)->data_len, 48 - 4 * words);
		}
		rte_pktmbuf_free(m);
	}
}

static void
options_that_lie_are_refused(void)
{
	static const struct {
		uint8_t n;
		uint8_t bytes[8];
	} bad[] = {
		{1, {2}},             /* a kind without a length */
		{2, {2, 0}},          /* length 0 */
		{2, {2, 1}},          /* length 1 */
		{4, {2, 5, 1, 1}},    /* beyond the header */
		{4, {1, 1, 1, 8}},    /* cut after the kind */
		{4, {1, 1, 8, 10}},   /* cut after the length */
		{4, {253, 255, 0, 0}},
	};
	struct tcp_opts opts;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		/* In memory of its own, so that a read beyond the end is seen. */
		uint8_t *copy = malloc(bad[i].n);

		memcpy(copy, bad[i].bytes, bad[i].n);
		CU_ASSERT_FALSE(tcp_opts_parse(copy, bad[i].n, &opts));
		free(copy);
	}
}

static void
unknown_options_and_odd_lengths_are_passed_over(void)
{
	/* Unknown kind 253, MSS of length 3, window scale of length 4, then a good MSS. */
	static const uint8_t bytes[] = {253, 4, 9, 9, 2, 3, 9, 3, 4, 9, 9, 1, 2, 4, 0x02, 0x18};
	/* What stands behind the end of the list is no option. */
	static const uint8_t ended[] = {1, 0, 2, 4, 5, 0xb4, 2, 1};
	struct tcp_opts opts;

	CU_ASSERT_TRUE(tcp_opts_parse(bytes, sizeof(bytes), &opts));
	CU_ASSERT_EQUAL(opts.present, TCP_OPT_MSS);
	CU_ASSERT_EQUAL(opts.mss, 536);
	CU_ASSERT_TRUE(tcp_opts_parse(ended, sizeof(ended), &opts));
	CU_ASSERT_EQUAL(opts.present, 0);
}

static void
options_are_written_as_the_rfcs_say(void)
{
	static const uint8_t syn[] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3,
		3, 7};
	static const uint8_t no_ts[] = {2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7};
	static const uint8_t ts_alone[] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
	static const uint8_t sack[] = {1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff,
		0, 0, 0, 0};
	struct tcp_opts opts = {
		.present = TCP_OPT_MSS | TCP_OPT_WSCALE | TCP_OPT_SACK_PERMITTED |
			TCP_OPT_TIMESTAMPS,
		.mss = 1460,
		.wscale = 7,
		.ts_val = 0x01020304,
		.ts_ecr = 0x05060708,
	};
	struct tcp_opts back;
	uint8_t buf[TCP_OPTS_MAX];

	CU_ASSERT_EQUAL(tcp_opts_build(buf, &opts), sizeof(syn));
	CU_ASSERT_EQUAL(memcmp(buf, syn, sizeof(syn)), 0);
	opts.present = TCP_OPT_MSS | TCP_OPT_WSCALE | TCP_OPT_SACK_PERMITTED;
	CU_ASSERT_EQUAL(tcp_opts_build(buf, &opts), sizeof(no_ts));
	CU_ASSERT_EQUAL(memcmp(buf, no_ts, sizeof(no_ts)), 0);
	opts.present = TCP_OPT_TIMESTAMPS;
	CU_ASSERT_EQUAL(tcp_opts_build(buf, &opts), sizeof(ts_alone));
	CU_ASSERT_EQUAL(memcmp(buf, ts_alone, sizeof(ts_alone)), 0);
	opts = (struct tcp_opts){
		.present = TCP_OPT_SACK,
		.nb_sack = 2,
		.sack = {{1, 2}, {0xffffffff, 0}},
	};
	CU_ASSERT_EQUAL(tcp_opts_build(buf, &opts), sizeof(sack));
	CU_ASSERT_EQUAL(memcmp(buf, sack, sizeof(sack)), 0);
	CU_ASSERT_TRUE(tcp_opts_parse(buf, sizeof(sack), &back));
	CU_ASSERT_EQUAL(back.nb_sack, 2);
	CU_ASSERT_EQUAL(back.sack[1].left, 0xffffffff);
	CU_ASSERT_EQUAL(back.sack[1].right, 0);
	opts.present = 0;
	CU_ASSERT_EQUAL(tcp_opts_build(buf, &opts), 0);
}

static void
sack_lengths_are_checked(void)
{
	uint8_t buf[TCP_OPTS_MAX];
	struct tcp_opts opts;
	unsigned int len;

	memset(buf, 0, sizeof(buf));
	buf[0] = 5;
	for (len = 2; len <= TCP_OPTS_MAX; len++) {
		bool ok = len == 10 || len == 18 || len == 26 || len == 34;

		buf[1] = (uint8_t)len;
		CU_ASSERT_TRUE(tcp_opts_parse(buf, len, &opts));
		CU_ASSERT_EQUAL((opts.present & TCP_OPT_SACK) != 0, ok);
		CU_ASSERT_EQUAL(opts.nb_sack, ok ? (len - 2) / 8 : 0);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_syn_is_read),
	SUITE_TEST(every_truncation_is_refused),
	SUITE_TEST(a_header_cut_by_an_mbuf_is_refused),
	SUITE_TEST(data_offsets_are_checked),
	SUITE_TEST(options_that_lie_are_refused),
	SUITE_TEST(unknown_options_and_odd_lengths_are_passed_over),
	SUITE_TEST(options_are_written_as_the_rfcs_say),
	SUITE_TEST(sack_lengths_are_checked),
};

int
main(void)
{
	return suite_run("tcp_hdr", tests, RTE_DIM(tests), setup, teardown);
}
