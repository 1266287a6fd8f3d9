/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Paths that carry less than their first link: RFC 1191 and RFC 8201 with the protection of RFC
 * 5927, 7.2, and RFC 4821, 7.7 where routers keep silent.
 */

#include <string.h>

#include <rte_common.h>

#include "peer_icmp.h"
#include "peer_opts.h"

#define SECOND 1000000ull

/* The payload of a full packet of that size, without options. */
static uint32_t
mss_of(uint32_t mtu)
{
	return mtu - (peer.is_v6 ? 60 : 40);
}

/* Bytes from S(from) to S(to) leave in segments of n, the last as large as it comes. */
static void
expect_pieces(uint32_t from, uint32_t to, uint32_t n)
{
	while (from < to) {
		uint32_t len = RTE_MIN(n, to - from);

		expect(ACK, .seq = S(from), .ack = P(1), .len = (uint16_t)len);
		from += len;
	}
}

/* RFC 1191, 6.5: sent again in pieces, at once, and the congestion window stays. */
static void
what_was_too_big_is_sent_again(void)
{
	uint32_t mss = peer.mss, small = mss_of(1300), cwnd, ssthresh;
	unsigned int i;

	established_passive();
	cwnd = app_info().snd_cwnd_bytes;
	ssthresh = app_info().snd_ssthresh_bytes;
	app_send(3 * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	icmp_too_big(1300);
	expect_pieces(1 + mss, 1 + 3 * mss, mss);
	for (i = 0; i < 3; i++) {
		expect(ACK, .seq = S(1 + i * mss), .ack = P(1), .len = (uint16_t)small);
		expect(ACK, .seq = S(1 + i * mss + small), .ack = P(1), .len = (uint16_t)(mss - small));
	}
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().snd_mss, small);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, cwnd);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, ssthresh);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_MTU_LOWERED), 1);
	/* What follows is cut to the new size. */
	inject(ACK, .seq = P(1), .ack = S(1 + 3 * mss));
	app_send(2 * small);
	expect_pieces(1 + 3 * mss, 1 + 3 * mss + 2 * small, small);
	inject(ACK, .seq = P(1), .ack = S(1 + 3 * mss + 2 * small));
	advance_us(10 * SECOND);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

/* Timestamps take their place in each of the pieces, and a FIN stays at the end. */
static void
options_and_fin_are_kept(void)
{
	uint32_t mss = peer.mss - 12u, small;

	establish_opts(true, true, 0);
	small = mss_of(1280) - 12;
	app_send(mss);
	app_shutdown();
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	icmp_too_big(1280);
	expect(FIN | ACK, .seq = S(1 + mss), .ack = P(1));
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)small);
	CU_ASSERT_EQUAL(peer.last.len, 14u + 1280);
	expect(ACK, .seq = S(1 + small), .ack = P(1), .len = (uint16_t)(mss - small));
	expect_nothing();
	inject_opts(ACK, .seq = P(1), .ack = S(2 + mss));
	expect_state(ISLA_TCP_FIN_WAIT_2);
}

/* The FIN that rides on a full segment goes with its last piece. */
static void
fin_of_a_full_segment(void)
{
	uint32_t mss = peer.mss, small = mss_of(1400);

	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(mss);
	app_shutdown();
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
	expect(FIN | ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	icmp_too_big(1400);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)small);
	expect(FIN | ACK, .seq = S(1 + small), .ack = P(1), .len = (uint16_t)(mss - small));
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(2 + mss));
	expect_state(ISLA_TCP_FIN_WAIT_2);
}

/* RFC 5927, 7.2: nobody who does not see the connection can make it slow. */
static void
forged_errors_do_nothing(void)
{
	uint32_t mss = peer.mss;
	struct peer_frame sent;
	uint8_t bytes[2048], *seq = bytes + 14 + (peer.is_v6 ? 40 : 20) + 4;
	unsigned int i;

	established_passive();
	app_send(2 * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	sent = peer.last;
	memcpy(bytes, sent.bytes, sent.len);
	sent.bytes = bytes;
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = (uint16_t)mss);
	for (i = 0; i < 4; i++) {
		static const int32_t off[] = {-1, 0, 1, -70000};
		uint32_t n = S(i == 0 || i == 3 ? 1u : 1 + 2 * mss) + (uint32_t)off[i];
		unsigned int j;

		for (j = 0; j < 4; j++)
			seq[j] = (uint8_t)(n >> (24 - 8 * j));
		icmp_about(&sent, (struct icmp_type){3, 4}, (struct icmp_type){2, 0}, 1280);
		CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	}
	/* It is in flight, but no larger MTU is news. */
	icmp_too_big(1500);
	icmp_too_big(65535);
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	/* What has arrived cannot have been too big. */
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss));
	icmp_too_big(1280);
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	/* Nor can what is small. */
	app_send(500);
	expect(ACK, .seq = S(1 + 2 * mss), .ack = P(1), .len = 500);
	icmp_too_big(1280);
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_MTU_LOWERED), 0);
}

/* Nor can what the peer has out of order, whoever quotes it. */
static void
what_was_sacked_cannot_have_been_too_big(void)
{
	uint32_t mss;

	establish_opts(true, false, 0);
	mss = peer.mss;
	app_send(2 * mss);
	expect_pieces(1, 1 + 2 * mss, mss);
	inject_sack(1, 1 + mss, 1 + 2 * mss);
	icmp_too_big(1280);
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_MTU_LOWERED), 0);
}

/* RFC 8201, 4: below 1280 an error is no reason for anything. IPv4's floor is 552 here. */
static void
there_is_a_floor(void)
{
	static const uint32_t mtus[] = {0, 1, 68, 296, 551, 1279};
	unsigned int i;

	for (i = 0; i < RTE_DIM(mtus); i++) {
		uint32_t mss = peer.mss, mtu;

		established_passive();
		app_send(mss);
		expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
		icmp_too_big(mtus[i]);
		/* A router that names none is asked again, from one plateau to the next. */
		mtu = peer.is_v6 ? 1500 : mtus[i] < 68 ? 1492 : RTE_MAX(mtus[i], 552u);
		CU_ASSERT_EQUAL(app_info().snd_mss, mss_of(mtu));
		peer_drain();
		peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 0});
	}
}

static void
an_old_router_is_asked_plateau_by_plateau(void)
{
	static const uint32_t plateau[] = {1492, 1006, 552, 552};
	unsigned int i;

	if (peer.is_v6)
		return; /* every router of IPv6 names its MTU */
	established_passive();
	app_send(peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = peer.mss);
	for (i = 0; i < RTE_DIM(plateau); i++) {
		icmp_too_big(0);
		CU_ASSERT_EQUAL(app_info().snd_mss, mss_of(plateau[i]));
		if (i + 1 < RTE_DIM(plateau)) {
			expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss_of(plateau[i]));
			while (peer_nb_pending() > 1)
				take();
			/* The rest is small; the first piece is what is still too big. */
			peer_drain();
		}
		app_send(1);
		advance_to_frame(10 * SECOND);
		peer_drain();
		advance_to_frame(100 * SECOND);
		CU_ASSERT_EQUAL(take()->seq, S(1));
	}
}

/* 6.3 and 5.3 of RFC 1191: the next connection knows, for ten minutes; what we offer to receive is
 * not concerned (3.1). */
static void
the_next_connection_knows(void)
{
	uint32_t mss = peer.mss, small = mss_of(1300);

	established_active();
	app_send(mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	icmp_too_big(1300);
	peer_drain();
	app_abort();
	peer_drain();
	advance_us(599 * SECOND);
	peer.irs_known = false;
	peer.port++;
	app_connect();
	expect(SYN, .seq = S(0), .mss = (uint16_t)mss);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = (uint16_t)mss, .sport = peer.port);
	CU_ASSERT_EQUAL(app_info().snd_mss, small);
	app_abort();
	peer_drain();
	advance_us(2 * SECOND);
	peer.irs_known = false;
	peer.port++;
	app_connect();
	expect(SYN, .seq = S(0), .mss = (uint16_t)mss);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = (uint16_t)mss, .sport = peer.port);
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
}

/* Acknowledged in part by a peer that got what was small: no fast retransmit, no reduction. */
static void
duplicate_acks_do_not_count_as_congestion(void)
{
	uint32_t mss = peer.mss, cwnd;
	unsigned int i;

	established_passive();
	app_send(8 * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	icmp_too_big(1300);
	peer_drain();
	cwnd = app_info().snd_cwnd_bytes;
	for (i = 0; i < 5; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, cwnd);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_FAST_RETRANS), 0);
}

/* Cutting needs a record a piece; it waits until one is free. */
static void
cutting_waits_for_records(void)
{
	uint32_t mss, small, acked = 1, i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_segs = 3});
	mss = peer.mss;
	small = mss_of(1300);
	established_passive();
	app_send(3 * mss);
	expect_pieces(1, 1 + 3 * mss, mss);
	icmp_too_big(1300);
	expect_nothing();
	/* The first of them has come through another way. */
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	acked += mss;
	for (i = 0; i < 20 && acked < 1 + 3 * mss; i++) {
		const struct seg *s = take();

		if (s->flags == 0) {
			advance_to_frame(10 * SECOND);
			continue;
		}
		CU_ASSERT(s->len <= small);
		if (s->seq == S(acked)) {
			acked += s->len;
			inject(ACK, .seq = P(1), .ack = S(acked));
		}
	}
	CU_ASSERT_EQUAL(acked, 1 + 3 * mss);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

/* RFC 4821, 7.7: full segments get no answer and no router says why. */
static void
a_black_hole_is_got_around(void)
{
	uint32_t mss = peer.mss, small = mss_of(1280);
	unsigned int i;

	established_passive();
	app_send(mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	for (i = 0; i < 2; i++) {
		advance_to_frame(60 * SECOND);
		expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	}
	advance_to_frame(60 * SECOND);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)small);
	/* The window is one segment after a timeout. */
	inject(ACK, .seq = P(1), .ack = S(1 + small));
	expect(ACK, .seq = S(1 + small), .ack = P(1), .len = (uint16_t)(mss - small));
	CU_ASSERT_EQUAL(app_info().snd_mss, small);
}

/* A path that has carried full segments is not blamed for a peer that is away. */
static void
an_outage_does_not_make_segments_small(void)
{
	uint32_t mss = peer.mss;
	unsigned int i;

	established_passive();
	app_send(mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = (uint16_t)mss);
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	app_send(mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = (uint16_t)mss);
	for (i = 0; i < 6; i++) {
		advance_to_frame(60 * SECOND);
		expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = (uint16_t)mss);
	}
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
}

/* Nor is one that has carried them out of order. */
static void
a_full_segment_that_was_sacked_speaks_for_the_path(void)
{
	uint32_t mss;
	unsigned int i;

	establish_opts(true, false, 0);
	mss = peer.mss;
	app_send(2 * mss);
	expect_pieces(1, 1 + 2 * mss, mss);
	inject_sack(1, 1 + mss, 1 + 2 * mss);
	for (i = 0; i < 6; i++) {
		advance_to_frame(60 * SECOND);
		CU_ASSERT_EQUAL(take()->len, mss);
		peer_drain();
	}
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
}

static const struct suite_test tests[] = {
	SUITE_TEST(what_was_too_big_is_sent_again),
	SUITE_TEST(options_and_fin_are_kept),
	SUITE_TEST(fin_of_a_full_segment),
	SUITE_TEST(forged_errors_do_nothing),
	SUITE_TEST(what_was_sacked_cannot_have_been_too_big),
	SUITE_TEST(there_is_a_floor),
	SUITE_TEST(an_old_router_is_asked_plateau_by_plateau),
	SUITE_TEST(the_next_connection_knows),
	SUITE_TEST(duplicate_acks_do_not_count_as_congestion),
	SUITE_TEST(cutting_waits_for_records),
	SUITE_TEST(a_black_hole_is_got_around),
	SUITE_TEST(an_outage_does_not_make_segments_small),
	SUITE_TEST(a_full_segment_that_was_sacked_speaks_for_the_path),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
