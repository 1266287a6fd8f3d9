/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of a large window: blocks in any order and of any peer are kept as they are, what
 * is lost goes out again in order, and what a peer takes back is cut into segments again.
 */

#include <string.h>

#include <rte_common.h>

#include "peer_opts.h"
#include "tcp_peer.h"

#define SEG 1400u

/* nb full segments are in flight. */
static void
in_flight(uint32_t nb)
{
	uint32_t i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.sndbuf_bytes = 2000000,
		.init_cwnd_segs = 1000, .no_autotune = true, .cc = "newreno"});
	peer.wscale = WSCALE(7);
	peer.mss = SEG;
	establish_opts(true, false, 10000);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
	for (i = 0; i < nb; i++)
		app_send(SEG);
	peer_drain();
	CU_ASSERT_EQUAL_FATAL(app_info().unacked_segs, nb);
	advance_us(10000);
	peer_drain();
}

static uint32_t
edge(uint32_t seg)
{
	return 1 + seg * SEG;
}

/* Four blocks at random with each ACK, some of them nonsense; and what they cover by a model. */
static void
blocks_at_random(void)
{
	enum { NB = 300 };
	static bool has[NB];
	uint64_t rng = 815;
	unsigned int round, i, k, s;

	for (round = 0; round < 20; round++) {
		in_flight(NB);
		memset(has, 0, sizeof(has));
		for (i = 0; i < 60; i++) {
			uint32_t e[8], nb = 0;

			for (k = 0; k < 4; k++) {
				/* Never the first segment, which lies behind the gap. */
				uint32_t from = 1 + (uint32_t)(sim_rand(&rng) % (NB - 1));
				uint32_t to = from + 1 + (uint32_t)(sim_rand(&rng) % 9);

				e[2 * k] = edge(from);
				e[2 * k + 1] = edge(RTE_MIN(to, (uint32_t)NB));
				if (sim_rand(&rng) % 4 == 0)
					e[2 * k] += 100;
				if (sim_rand(&rng) % 4 == 0)
					e[2 * k + 1] -= 100;
				if (sim_rand(&rng) % 16 == 0)
					e[2 * k + 1] += NB * SEG;
			}
			/* Where the first lies within the second it reports a duplicate. */
			if (e[0] >= e[2] && e[1] <= e[3]) {
				e[0] = edge(0) + 1;
				e[1] = edge(0) + 2;
			}
			for (k = 0; k < 4; k++)
				for (s = 0; s < NB && e[2 * k + 1] <= edge(NB); s++)
					has[s] |= edge(s) >= e[2 * k] && edge(s + 1) <= e[2 * k + 1];
			peer_inject_sack(1, e, 4);
			for (s = 0; s < NB; s++)
				nb += has[s];
			CU_ASSERT_EQUAL(app_info().sacked_segs, nb);
			CU_ASSERT_EQUAL(app_info().unacked_segs, NB);
			peer_drain();
		}
		/* In the midst of what has arrived, then all. */
		inject(ACK, .seq = P(1), .ack = S(edge(NB / 2) + 700));
		CU_ASSERT_EQUAL(app_info().unacked_bytes, NB / 2 * SEG - 700);
		inject(ACK, .seq = P(1), .ack = S(edge(NB)));
		CU_ASSERT_EQUAL(app_info().unacked_segs, 0);
		CU_ASSERT_EQUAL(app_info().sacked_segs, 0);
		peer_drain();
	}
}

static void
lost_ones_go_in_order(void)
{
	static const uint32_t lost[] = {0, 7, 8, 90, 199, 200, 201, 298};
	unsigned int i;

	in_flight(300);
	/* From behind, so that what is found first lies last. */
	for (i = RTE_DIM(lost); i-- > 0;) {
		uint32_t to = i + 1 < RTE_DIM(lost) ? lost[i + 1] : 300;

		if (to > lost[i] + 1)
			inject_sack(1, edge(lost[i] + 1), edge(to));
	}
	CU_ASSERT_EQUAL(app_info().sacked_segs, 300 - RTE_DIM(lost));
	/* They might still have been overtaken. */
	expect_nothing();
	advance_us(5000);
	for (i = 0; i < RTE_DIM(lost); i++) {
		uint32_t to = i + 1 < RTE_DIM(lost) ? lost[i + 1] : 300;

		expect(ACK, .seq = S(edge(lost[i])), .ack = P(1), .len = SEG);
		if (to == 300)
			expect_nothing();
		inject(ACK, .seq = P(1), .ack = S(edge(to)));
	}
	CU_ASSERT_EQUAL(app_info().unacked_segs, 0);
	CU_ASSERT_EQUAL(app_info().total_retrans, RTE_DIM(lost));
}

/* RFC 2018, 8: what was reported is dropped by the peer. It comes again, segment by segment. */
static void
reneging(void)
{
	unsigned int i;

	in_flight(100);
	inject_sack(1, edge(1), edge(40));
	inject_sack(1, edge(41), edge(100), edge(1), edge(40));
	CU_ASSERT_EQUAL(app_info().sacked_segs, 98);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(edge(1)));
	peer_drain();
	/* The first one in flight is one that was reported, and the timer expires. */
	CU_ASSERT_TRUE(advance_to_frame(5000000) < 5000000);
	for (i = 1; i < 100; i++) {
		if (peer_nb_pending() == 0)
			advance_to_frame(5000000);
		expect(ACK, .seq = S(edge(i)), .ack = P(1), .len = SEG);
		inject(ACK, .seq = P(1), .ack = S(edge(i + 1)));
	}
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	CU_ASSERT_EQUAL(app_info().sndq_bytes, 0);
	peer_drain();
}

static const struct suite_test tests[] = {
	SUITE_TEST(blocks_at_random),
	SUITE_TEST(lost_ones_go_in_order),
	SUITE_TEST(reneging),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
