/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selective acknowledgment: RFC 2018 as receiver and as sender, D-SACK by RFC 2883.
 */

#include <string.h>

#include "peer_opts.h"
#include "tcp_priv.h"

#define RTT_US 100000

/* n bytes of the peer's, from P(from) on. */
static void
data(uint32_t from, uint16_t n)
{
	inject_opts(ACK, .seq = P(from), .ack = S(1), .len = n);
}

/* S(n) of the i-th full segment. */
static uint32_t
at(unsigned int i)
{
	return 1 + i * app_info().snd_mss;
}

/* Ten full segments have left. */
static void
flight_of_ten(void)
{
	unsigned int i;

	app_send(at(10) - 1);
	for (i = 0; i < 10; i++)
		expect(ACK, .seq = S(at(i)), .ack = P(1), .len = app_info().snd_mss);
	expect_nothing();
}

/* The receiver. */

/* RFC 2018, 2: SACK must not be sent where the SYN did not permit it. */
static void
nothing_is_sent_that_was_not_permitted(void)
{
	establish_opts(false, false, 0);
	CU_ASSERT_FALSE(app_info().sack);
	data(101, 100);
	expect_no_sack(1);
	/* Nor D-SACK. */
	data(101, 100);
	expect_no_sack(1);
	data(1, 100);
	expect_no_sack(201);
	data(1, 100);
	expect_no_sack(201);
}

/* RFC 2018, 4: what one ACK has no room for, another tells, or the peer would think it lost. */
static void
a_burst_of_many_gaps_is_told_whole(void)
{
	establish_opts(true, false, 0);
	burst_begin();
	data(101, 100);
	data(301, 100);
	data(501, 100);
	data(701, 100);
	data(901, 100);
	data(1001, 100);
	burst_end();
	expect_sack(1, 701, 801, 501, 601, 301, 401, 101, 201);
	expect_sack(1, 901, 1101, 701, 801, 501, 601, 301, 401);
	expect_nothing();
	/* One ACK where one has room. */
	burst_begin();
	data(1101, 100);
	data(1201, 100);
	data(1301, 100);
	data(1401, 100);
	data(1501, 100);
	burst_end();
	expect_sack(1, 901, 1601, 701, 801, 501, 601, 301, 401);
	expect_nothing();
}

static void
connect_offers_it(void)
{
	struct opts o = {.len = 0};
	unsigned int permitted;

	for (permitted = 0; permitted < 2; permitted++) {
		peer_restart(&(const struct sim_host_conf){.number = 0});
		peer_opts = (struct peer_opts){.sack = permitted};
		syn_sent();
		CU_ASSERT_PTR_NOT_NULL(opts_find(&peer.last.frame.seg, KIND_SACK_PERMITTED));
		if (permitted)
			opts_put_sack_permitted(&o);
		inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss, .opts = o.bytes,
			.opts_len = o.len);
		expect(ACK, .seq = S(1), .ack = P(1));
		CU_ASSERT_EQUAL(app_info().sack, permitted);
		data(101, 100);
		if (permitted)
			expect_sack(1, 101, 201);
		else
			expect_no_sack(1);
	}
}

static void
configured_off(void)
{
	struct opts o = {.len = 0};

	peer_restart_tcp(&(const struct isla_tcp_conf){.no_sack = true});
	opts_put_sack_permitted(&o);
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = peer.mss, .opts = o.bytes, .opts_len = o.len);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_SACK_PERMITTED));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_FALSE(app_info().sack);
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	expect_no_sack(1);
	peer_restart_tcp(&(const struct isla_tcp_conf){.no_sack = true});
	syn_sent();
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_SACK_PERMITTED));
	/* A SYN,ACK that permits what was not offered changes nothing. */
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .opts = o.bytes, .opts_len = o.len);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_FALSE(app_info().sack);
}

static void
a_range_grows(void)
{
	establish_opts(true, false, 0);
	CU_ASSERT_TRUE(app_info().sack);
	data(101, 100);
	expect_sack(1, 101, 201);
	data(201, 100);
	expect_sack(1, 101, 301);
	data(51, 50);
	expect_sack(1, 51, 301);
	expect_received(0);
}

/* RFC 2018, 4: the first block is the one with the segment that triggered the ACK; the others are
 * repeated, the most recently reported ones first. */
static void
the_most_recent_is_first(void)
{
	establish_opts(true, false, 0);
	data(101, 100);
	expect_sack(1, 101, 201);
	data(501, 100);
	expect_sack(1, 501, 601, 101, 201);
	data(301, 100);
	expect_sack(1, 301, 401, 501, 601, 101, 201);
	/* Now the oldest grows. */
	data(201, 50);
	expect_sack(1, 101, 251, 301, 401, 501, 601);
	/* Two become one. */
	data(401, 100);
	expect_sack(1, 301, 601, 101, 251);
	expect_nothing();
}

/* RFC 2018, 3: 8 n + 2 bytes: four fit a header. */
static void
at_most_four_blocks(void)
{
	establish_opts(true, false, 0);
	data(101, 100);
	data(301, 100);
	data(501, 100);
	peer_drain();
	data(701, 100);
	expect_sack(1, 701, 801, 501, 601, 301, 401, 101, 201);
	data(901, 100);
	expect_sack(1, 901, 1001, 701, 801, 501, 601, 301, 401);
}

static void
at_most_three_beside_timestamps(void)
{
	establish_opts(true, true, 0);
	data(101, 100);
	data(301, 100);
	data(501, 100);
	peer_drain();
	data(701, 100);
	expect_sack(1, 701, 801, 501, 601, 301, 401);
	CU_ASSERT_PTR_NOT_NULL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS));
	CU_ASSERT_EQUAL(peer.last.frame.seg.opts_len, 40);
}

/* RFC 2018, 4: as many distinct blocks as possible. Segments that join one range do not push the
 * other ranges out. */
static void
a_long_range_hides_no_other(void)
{
	uint32_t from;

	establish_opts(true, false, 0);
	data(5001, 100);
	data(3001, 100);
	peer_drain();
	for (from = 101; from < 1001; from += 100) {
		data(from, 100);
		expect_sack(1, 101, from + 100, 3001, 3101, 5001, 5101);
	}
	/* From below as well. */
	for (from = 4901; from > 4001; from -= 100) {
		data(from, 100);
		expect_sack(1, from, 5101, 101, 1001, 3001, 3101);
	}
}

static void
a_filled_gap_is_reported_no_more(void)
{
	establish_opts(true, false, 0);
	data(101, 100);
	expect_sack(1, 101, 201);
	data(301, 100);
	expect_sack(1, 301, 401, 101, 201);
	data(1, 100);
	expect_sack(201, 301, 401);
	data(201, 100);
	expect_no_sack(401);
	expect_received(400);
	data(401, 100);
	advance_to_frame(500000);
	expect_no_sack(501);
}

/* What had no room among four comes back when others are gone. */
static void
a_range_that_was_crowded_out_returns(void)
{
	uint32_t i;

	establish_opts(true, false, 0);
	for (i = 0; i < 6; i++)
		data(101 + 200 * i, 100);
	peer_drain();
	data(201, 100);
	CU_ASSERT_EQUAL(peer_drain(), 1);
	data(401, 100);
	CU_ASSERT_EQUAL(peer_drain(), 1);
	/* 101-601, 701-801, 901-1001, 1101-1201 are left. */
	data(1, 100);
	CU_ASSERT_EQUAL(take()->ack, P(601));
	CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_SACK)[1], 2 + 3 * 8);
}

static void
sequence_numbers_wrap(void)
{
	peer.iss = 0xffffff38; /* P(200) is 0 */
	establish_opts(true, false, 0);
	data(151, 100);
	expect_sack(1, 151, 251);
	data(401, 100);
	expect_sack(1, 401, 501, 151, 251);
	data(101, 50);
	expect_sack(1, 101, 251, 401, 501);
	data(1, 100);
	expect_sack(251, 401, 501);
	data(251, 150);
	expect_no_sack(501);
	expect_received(500);
}

/* A segment of ours reports, too; where it is full, an ACK of its own does. */
static void
data_of_ours_carries_blocks(void)
{
	const uint8_t *p;

	establish_opts(true, false, 0);
	data(101, 100);
	expect_sack(1, 101, 201);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	p = opts_find(&peer.last.frame.seg, KIND_SACK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p[1], 10);
	app_send(app_info().snd_mss);
	advance_to_frame(1000000);
	expect(ACK, .seq = S(101), .ack = P(1), .len = app_info().snd_mss);
	CU_ASSERT_TRUE(peer.last.len <= 1514);
}

/* RFC 2883, 4.1: a duplicate of what is acknowledged; reported once. */
static void
a_duplicate_below_the_ack(void)
{
	establish_opts(true, false, 0);
	data(1, 100);
	data(1, 100);
	expect_sack(101, 1, 101);
	data(1, 50);
	expect_sack(101, 1, 51);
	data(101, 100);
	advance_to_frame(500000);
	expect_no_sack(201);
	expect_received(200);
}

/* Followed by what is out of order (RFC 2883, 4.1.3). */
static void
a_duplicate_below_the_ack_and_a_gap(void)
{
	establish_opts(true, false, 0);
	data(1, 100);
	data(201, 100);
	expect_sack(101, 201, 301);
	data(1, 100);
	expect_sack(101, 1, 101, 201, 301);
	/* The D-SACK is not repeated. */
	data(301, 100);
	expect_sack(101, 201, 401);
}

/* RFC 2883, 4.2: a duplicate out of order: the block that holds it follows. */
static void
a_duplicate_above_the_ack(void)
{
	establish_opts(true, false, 0);
	data(201, 100);
	expect_sack(1, 201, 301);
	data(201, 100);
	expect_sack(1, 201, 301, 201, 301);
	data(301, 100);
	expect_sack(1, 201, 401);
	data(601, 100);
	expect_sack(1, 601, 701, 201, 401);
	data(301, 100);
	expect_sack(1, 301, 401, 201, 401, 601, 701);
	data(801, 100);
	expect_sack(1, 801, 901, 201, 401, 601, 701);
}

/* RFC 2883, 4.3: in part. */
static void
a_duplicate_in_part(void)
{
	establish_opts(true, false, 0);
	data(1, 200);
	data(101, 200);
	advance_to_frame(500000);
	expect_sack(301, 101, 201);
	data(501, 100);
	expect_sack(301, 501, 601);
	/* The front of it is there. */
	data(551, 100);
	expect_sack(301, 551, 601, 501, 651);
	/* The new one holds the old one whole. */
	data(801, 100);
	expect_sack(301, 801, 901, 501, 651);
	data(751, 200);
	expect_sack(301, 801, 901, 751, 951, 501, 651);
	/* The end of it is there. */
	data(701, 100);
	expect_sack(301, 751, 801, 701, 951, 501, 651);
}

static void
a_duplicate_takes_one_of_the_places(void)
{
	establish_opts(true, true, 0);
	data(101, 100);
	data(301, 100);
	data(501, 100);
	peer_drain();
	data(301, 100);
	expect_sack(1, 301, 401, 301, 401, 501, 601);
}

/* The sender. */

/* Count retransmissions: how often each of ten segments was among what was sent. */
static void
count_sent(unsigned int nb[10])
{
	while (peer_nb_pending() > 0) {
		unsigned int i = (take()->seq - S(1)) / app_info().snd_mss;

		CU_ASSERT_FATAL(i < 10);
		CU_ASSERT_EQUAL(peer.last.frame.seg.seq, S(at(i)));
		CU_ASSERT_EQUAL(peer.last.frame.seg.len, app_info().snd_mss);
		CU_ASSERT_TRUE(pattern_is(peer.last.frame.seg.data, S(at(i)),
			peer.last.frame.seg.len));
		nb[i]++;
	}
}

static void
only_what_is_lost_is_sent_again(void)
{
	unsigned int nb[10] = {0}, i;

	establish_opts(true, false, RTT_US);
	flight_of_ten();
	advance_us(RTT_US);
	/* The second and the fifth are lost. */
	inject_sack(at(1), at(2), at(3));
	inject_sack(at(1), at(2), at(4));
	expect_nothing();
	inject_sack(at(1), at(5), at(6), at(2), at(4));
	for (i = 7; i <= 10; i++)
		inject_sack(at(1), at(5), at(i), at(2), at(4));
	count_sent(nb);
	for (i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(nb[i], i == 1 || i == 4);
	advance_us(RTT_US);
	inject_sack(at(4), at(5), at(10));
	inject_opts(ACK, .seq = P(1), .ack = S(at(10)));
	advance_us(10000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app_info().total_retrans, 2);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_FAST_RETRANS), 1);
}

/* However often the timer expires. */
static void
what_the_peer_has_is_never_sent_again(void)
{
	unsigned int nb[10] = {0}, i;

	establish_opts(true, false, RTT_US);
	flight_of_ten();
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(7), at(8), at(10));
	advance_us(10000000);
	count_sent(nb);
	CU_ASSERT_TRUE(counter(ISLA_C_TCP_RTO_TIMEOUTS) >= 3);
	CU_ASSERT_TRUE(nb[0] >= 4);
	for (i = 1; i < 10; i++)
		CU_ASSERT_TRUE(i == 7 ? nb[i] <= 1 : nb[i] == 0);
	nb[7] = 0;
	inject_sack(at(7), at(8), at(10));
	count_sent(nb);
	CU_ASSERT_EQUAL(nb[7], 1);
	for (i = 1; i < 10; i++)
		CU_ASSERT_TRUE(i == 7 || nb[i] == 0);
	inject_opts(ACK, .seq = P(1), .ack = S(at(10)));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	advance_us(100000000);
	expect_nothing();
}

/* RFC 2018, 8: the peer may drop what it reported; after a timeout all of it is sent again. */
static void
a_peer_that_reneges(void)
{
	unsigned int has = 0, rounds;

	establish_opts(true, false, RTT_US);
	flight_of_ten();
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(10));
	expect(ACK, .seq = S(at(0)), .ack = P(1), .len = app_info().snd_mss);
	expect_nothing();
	/* It has forgotten everything, and acknowledges what comes in order. */
	has = 1;
	inject_opts(ACK, .seq = P(1), .ack = S(at(has)));
	for (rounds = 0; rounds < 100 && has < 10; rounds++) {
		advance_to_frame(60000000);
		while (peer_nb_pending() > 0) {
			if (take()->seq == S(at(has)))
				has++;
		}
		inject_opts(ACK, .seq = P(1), .ack = S(at(has)));
	}
	CU_ASSERT_EQUAL(has, 10);
	CU_ASSERT_TRUE(rounds <= 10);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	advance_us(100000000);
	expect_nothing();
}

/* Blocks that no receiver sends: they mark nothing, so a timeout sends all again. */
static void
hostile_blocks_change_nothing(void)
{
	static const struct {
		const char *what;
		int64_t left, right; /* from snd_una, in segments; */
		int32_t plus;        /* and that many bytes more to the right */
	} cases[] = {
		{"empty", 3, 3, 0},
		{"left after right", 5, 3, 0},
		{"below snd_una", -5, -2, 0},
		{"from below snd_una", -1, 5, 0},
		{"at snd_una", 0, 5, 0},
		{"beyond snd_nxt", 20, 25, 0},
		{"to one byte beyond snd_nxt", 1, 9, 1},
		{"all of it", 0, 9, 1},
		{"from half the space away", -1400000, 5, 0},
		{"to half the space away", 1, 1400000, 0},
		{"within a segment", 1, 2, -1},
	};
	uint32_t cwnd, i;
	unsigned int k, nb[10];

	for (i = 0; i < RTE_DIM(cases); i++) {
		uint32_t e[2];

		peer_restart(&(const struct sim_host_conf){.number = 0});
		peer.context = cases[i].what;
		establish_opts(true, false, RTT_US);
		flight_of_ten();
		advance_us(RTT_US);
		inject_opts(ACK, .seq = P(1), .ack = S(at(1)));
		cwnd = app_info().snd_cwnd_bytes;
		e[0] = (uint32_t)(at(1) + cases[i].left * app_info().snd_mss);
		e[1] = (uint32_t)(at(1) + cases[i].right * app_info().snd_mss + cases[i].plus);
		for (k = 0; k < 5; k++) {
			peer_inject_sack(at(1), e, 1);
			/* An old ACK, too. */
			peer_inject_sack(at(0), e, 1);
		}
		expect_nothing();
		CU_ASSERT_FALSE(app_info().in_recovery);
		CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, cwnd);
		/* With anything marked there would be no probe. */
		advance_to_frame(10000000);
		expect(ACK, .seq = S(at(9)), .ack = P(1), .len = app_info().snd_mss);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LOSS_PROBES), 1);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 0);
		/* The timeout, and slow start from there. */
		memset(nb, 0, sizeof(nb));
		for (k = 1; k < 10; k++) {
			advance_us(2000000);
			count_sent(nb);
			inject_opts(ACK, .seq = P(1), .ack = S(at(k + 1)));
		}
		count_sent(nb);
		for (k = 1; k < 9; k++)
			CU_ASSERT_TRUE(nb[k] >= 1);
		CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	}
}

/* An ACK that carries blocks where none were permitted is a duplicate ACK, no more. */
static void
blocks_without_permission(void)
{
	establish_opts(false, false, RTT_US);
	flight_of_ten();
	inject_sack(at(0), at(1), at(9));
	inject_sack(at(0), at(1), at(9));
	expect_nothing();
	inject_sack(at(0), at(1), at(9));
	expect(ACK, .seq = S(at(0)), .ack = P(1), .len = app_info().snd_mss);
	expect_nothing();
}

/* The peer takes back what it had reported, and closes its window: each probe is in flight once. */
static void
probes_of_what_was_reported(void)
{
	unsigned int i;
	uint32_t m;

	establish_opts(true, false, 100000);
	m = app_info().snd_mss;
	app_send(4 * m);
	peer_drain();
	inject_sack(1, 1 + m, 1 + 3 * m);
	peer.wnd = 0;
	inject_opts(ACK, .seq = P(1), .ack = S(1 + m), .wnd = 0);
	for (i = 0; i < 6; i++) {
		peer_drain();
		advance_to_frame(100000000);
		expect(ACK, .seq = S(1 + m), .ack = P(1), .len = (uint16_t)m);
		peer_drain();
		CU_ASSERT_TRUE(app.conn->pipe <= 4 * m);
		inject(ACK, .seq = P(1), .ack = S(1 + m), .wnd = 0);
	}
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(1 + 4 * m), .wnd = 60000);
	CU_ASSERT_EQUAL(app.conn->pipe, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(nothing_is_sent_that_was_not_permitted),
	SUITE_TEST(a_burst_of_many_gaps_is_told_whole),
	SUITE_TEST(connect_offers_it),
	SUITE_TEST(configured_off),
	SUITE_TEST(a_range_grows),
	SUITE_TEST(the_most_recent_is_first),
	SUITE_TEST(at_most_four_blocks),
	SUITE_TEST(at_most_three_beside_timestamps),
	SUITE_TEST(a_long_range_hides_no_other),
	SUITE_TEST(a_filled_gap_is_reported_no_more),
	SUITE_TEST(a_range_that_was_crowded_out_returns),
	SUITE_TEST(sequence_numbers_wrap),
	SUITE_TEST(data_of_ours_carries_blocks),
	SUITE_TEST(a_duplicate_below_the_ack),
	SUITE_TEST(a_duplicate_below_the_ack_and_a_gap),
	SUITE_TEST(a_duplicate_above_the_ack),
	SUITE_TEST(a_duplicate_in_part),
	SUITE_TEST(a_duplicate_takes_one_of_the_places),
	SUITE_TEST(only_what_is_lost_is_sent_again),
	SUITE_TEST(what_the_peer_has_is_never_sent_again),
	SUITE_TEST(a_peer_that_reneges),
	SUITE_TEST(hostile_blocks_change_nothing),
	SUITE_TEST(blocks_without_permission),
	SUITE_TEST(probes_of_what_was_reported),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
