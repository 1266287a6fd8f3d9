/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN cache (RFC 4987, 3.3): what is half open takes no connection's record, and nobody can
 * tell from outside that it does not.
 */

#include <string.h>

#include "peer_opts.h"
#include "tcp_priv.h"

#define FIRST_PORT 2000

static void
start(uint32_t max_conns, uint32_t max_syns)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){
		.max_conns = max_conns, .max_syns = max_syns});
	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 1000, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
}

/* A SYN from that port; returns the sequence number of what answers it. */
static uint32_t
syn_from(uint16_t port)
{
	const struct seg *seg;

	inject(SYN, .seq = P(0), .sport = port, .mss = 1000);
	seg = take();
	CU_ASSERT_EQUAL(seg->flags, SYN | ACK);
	CU_ASSERT_EQUAL(seg->ack, P(1));
	CU_ASSERT_EQUAL(seg->dport, port);
	expect_nothing();
	return seg->seq;
}

static void
a_flood_takes_no_records(void)
{
	uint32_t iss[60], i;

	start(4, 64);
	for (i = 0; i < 60; i++)
		iss[i] = syn_from((uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(peer.tcp->nb_conns, 0);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 60);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 60);
	/* Whoever answers is welcome, in any order. */
	for (i = 0; i < 4; i++) {
		uint16_t port = (uint16_t)(FIRST_PORT + 59 - 7 * i);

		inject(ACK | PSH, .seq = P(1), .ack = iss[59 - 7 * i] + 1, .sport = port, .len = 10);
		CU_ASSERT_EQUAL(app.nb_accept, i + 1);
		CU_ASSERT_EQUAL(app.rx_len, 10 * (i + 1));
	}
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CURR_ESTAB), 4);
	/* No record is left: the handshake's end is dropped, not refused, and counts the next time.
	 */
	inject(ACK, .seq = P(1), .ack = iss[0] + 1, .sport = FIRST_PORT);
	expect_nothing();
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_CONN_TABLE), 1);
	app_abort();
	peer_drain();
	inject(ACK, .seq = P(1), .ack = iss[0] + 1, .sport = FIRST_PORT);
	CU_ASSERT_EQUAL(app.nb_accept, 5);
}

/* RFC 6298, 5.5: 1, 2, 4 s later, the same each time; and it ends. */
static void
the_syn_ack_is_sent_again(void)
{
	static const uint8_t opts[] = {4, 2, 8, 10, 0, 0, 3, 232, 0, 0, 0, 0};
	uint64_t after_us;
	struct seg first;
	unsigned int i;

	start(4, 4);
	inject(SYN, .seq = P(0), .sport = FIRST_PORT, .mss = 1000, .wscale = WSCALE(3),
		.opts = opts, .opts_len = sizeof(opts));
	first = *take();
	CU_ASSERT_NOT_EQUAL(first.wscale, 0);
	for (i = 0, after_us = 1000000; i < 7; i++, after_us *= 2) {
		expect_after(RTE_MIN(after_us, 60000000u), SYN | ACK, .seq = first.seq, .ack = P(1), .mss = first.mss,
			.wscale = first.wscale, .dport = FIRST_PORT);
		CU_ASSERT_EQUAL(peer.tcp->nb_conns, 0);
		CU_ASSERT_EQUAL(peer.last.frame.seg.opts_len, first.opts_len);
	}
	advance_us(130000000);
	expect_nothing();
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ATTEMPT_FAILS), 1);
	inject(ACK, .seq = P(1), .ack = first.seq + 1, .sport = FIRST_PORT);
	expect(RST, .seq = first.seq + 1, .dport = FIRST_PORT);
}

/* What the SYN brought is there when the handshake is over, the round-trip time included. */
static void
nothing_is_forgotten(void)
{
	struct isla_tcp_info info;

	establish_opts(true, true, 50000);
	info = app_info();
	CU_ASSERT_TRUE(info.sack);
	CU_ASSERT_TRUE(info.timestamps);
	CU_ASSERT_TRUE(info.rtt_us >= 50000 && info.rtt_us <= 50000 + TIMER_SLACK_US);
	CU_ASSERT_EQUAL(info.total_retrans, 0);
	peer_opts.ts_val = 900; /* older than the SYN's */
	inject_opts(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_PAWS), 1);
}

/* Karn: no round-trip time of a SYN,ACK that was sent twice, and a cautious start. */
static void
no_sample_after_a_retransmission(void)
{
	uint32_t iss;

	start(4, 4);
	iss = syn_from(FIRST_PORT);
	expect_after(1000000, SYN | ACK, .seq = iss, .ack = P(1), .dport = FIRST_PORT);
	expect_after(2000000, SYN | ACK, .seq = iss, .ack = P(1), .dport = FIRST_PORT);
	inject(ACK, .seq = P(1), .ack = iss + 1, .sport = FIRST_PORT);
	CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
	CU_ASSERT_EQUAL(app_info().rtt_us, 0);
	CU_ASSERT_EQUAL(app_info().rto_us, 3000000);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, app_info().snd_mss);
}

/* RFC 9293, 3.10.7.4 for SYN-RECEIVED, and folded up again after each. */
static void
segments_for_a_half_open_one(void)
{
	uint32_t iss, i;

	start(4, 4);
	iss = syn_from(FIRST_PORT);
	for (i = 0; i < 3; i++) {
		inject(SYN, .seq = P(0), .sport = FIRST_PORT, .mss = 1000);
		expect(SYN | ACK, .seq = iss, .ack = P(1), .dport = FIRST_PORT);
		CU_ASSERT_EQUAL(peer.tcp->nb_conns, 0);
	}
	inject(RST, .seq = P(100), .sport = FIRST_PORT); /* RFC 5961, 3.2 */
	expect(ACK, .seq = iss + 1, .ack = P(1), .dport = FIRST_PORT);
	inject(ACK, .seq = P(1), .ack = iss, .sport = FIRST_PORT);
	expect(RST, .seq = iss, .dport = FIRST_PORT);
	inject(ACK, .seq = P(1), .ack = iss + 2, .sport = FIRST_PORT);
	expect(RST, .seq = iss + 2, .dport = FIRST_PORT);
	CU_ASSERT_EQUAL(peer.tcp->nb_conns, 0);
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 1);
	/* All that did not put the timer off. */
	expect_after(1000000, SYN | ACK, .seq = iss, .ack = P(1), .dport = FIRST_PORT);
	inject(RST, .seq = P(1), .sport = FIRST_PORT);
	expect_nothing();
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 0);
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

/* RFC 5961, 7: the limit counts what came while it was folded up. */
static void
challenges_are_limited(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.challenge_acks = 3});
	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 10, &app_ops, &app, NULL);
	syn_from(FIRST_PORT);
	for (i = 0; i < 10; i++)
		inject(RST, .seq = P(100 + i), .sport = FIRST_PORT);
	CU_ASSERT_EQUAL(peer_drain(), 3);
}

static void
a_full_cache_leaves_records(void)
{
	uint32_t iss[4], i;

	start(8, 2);
	for (i = 0; i < 4; i++)
		iss[i] = syn_from((uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 2);
	CU_ASSERT_EQUAL(peer.tcp->nb_conns, 2);
	for (i = 0; i < 4; i++)
		inject(ACK, .seq = P(1), .ack = iss[i] + 1, .sport = (uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(app.nb_accept, 4);
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 0);
}

static void
the_listener_goes(void)
{
	uint32_t iss[3], i;

	start(1, 8);
	for (i = 0; i < 3; i++)
		iss[i] = syn_from((uint16_t)(FIRST_PORT + i));
	isla_tcp_unlisten(app.listener);
	app.listener = NULL;
	peer_flush();
	for (i = 0; i < 3; i++)
		expect(RST | ACK, .seq = iss[i] + 1, .ack = P(1),
			.dport = (uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

static void
the_address_goes(void)
{
	start(4, 4);
	syn_from(FIRST_PORT);
	CU_ASSERT_EQUAL(isla_stack_addr_del(peer.host.stack, 0, &peer.ends.dst), 0);
	peer_drain();
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 0);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

/* The timer comes, and every record is taken: it is tried again, and nothing is lost. */
static void
the_timer_finds_no_record(void)
{
	uint32_t iss[2];

	start(1, 4);
	iss[0] = syn_from(FIRST_PORT);
	iss[1] = syn_from(FIRST_PORT + 1);
	inject(ACK, .seq = P(1), .ack = iss[0] + 1, .sport = FIRST_PORT);
	CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
	advance_us(1500000);
	expect_nothing();
	app_abort();
	peer_drain();
	advance_us(200000);
	expect(SYN | ACK, .seq = iss[1], .ack = P(1), .dport = FIRST_PORT + 1);
	inject(ACK, .seq = P(1), .ack = iss[1] + 1, .sport = FIRST_PORT + 1);
	CU_ASSERT_EQUAL(app.nb_accept, 2);
}

/* Tuples that look alike are told apart, whatever the order in which they end. */
static void
many_come_and_go(void)
{
	uint32_t iss[256], i;

	start(256, 256);
	for (i = 0; i < 256; i++)
		iss[i] = syn_from((uint16_t)(FIRST_PORT + i));
	for (i = 0; i < 256; i += 2)
		inject(RST, .seq = P(1), .sport = (uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 128);
	for (i = 1; i < 256; i += 2)
		inject(ACK, .seq = P(1), .ack = iss[i] + 1, .sport = (uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(app.nb_accept, 128);
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 0);
	expect_nothing();
	for (i = 0; i < 256; i += 2)
		syn_from((uint16_t)(FIRST_PORT + i));
	CU_ASSERT_EQUAL(peer.tcp->nb_syns, 128);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_flood_takes_no_records),
	SUITE_TEST(the_syn_ack_is_sent_again),
	SUITE_TEST(nothing_is_forgotten),
	SUITE_TEST(no_sample_after_a_retransmission),
	SUITE_TEST(segments_for_a_half_open_one),
	SUITE_TEST(challenges_are_limited),
	SUITE_TEST(a_full_cache_leaves_records),
	SUITE_TEST(the_listener_goes),
	SUITE_TEST(the_address_goes),
	SUITE_TEST(the_timer_finds_no_record),
	SUITE_TEST(many_come_and_go),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
