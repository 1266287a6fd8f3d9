/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The urgent mechanism: RFC 9293, 3.8.5 and the sixth check of 3.10.7.4; RFC 6093 (data in line,
 * the pointer behind the last urgent byte).
 */

#include <errno.h>

#include "tcp_peer.h"

/* The program is told how far it goes, at once, and again when it goes further (MUST-32, MUST-33);
 * the data are data. */
static void
program_is_told(void)
{
	established_passive();
	inject(ACK | URG | PSH, .seq = P(1), .ack = S(1), .urg = 10, .len = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app.urgent_bytes, 10);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 0);
	expect_received(100);
	inject(ACK | PSH, .seq = P(101), .ack = S(1), .len = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	/* Ahead of its data, which are longer than any segment (MUST-31). */
	inject(ACK | URG, .seq = P(201), .ack = S(1), .urg = 5000);
	CU_ASSERT_EQUAL(app.nb_urgent, 2);
	CU_ASSERT_EQUAL(app.urgent_bytes, 5000);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 5000);
	inject(ACK | URG, .seq = P(201), .ack = S(1), .urg = 5000, .len = 1000);
	CU_ASSERT_EQUAL(app.nb_urgent, 2);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 4000);
	inject(ACK | URG, .seq = P(1201), .ack = S(1), .urg = 4001, .len = 1000);
	CU_ASSERT_EQUAL(app.nb_urgent, 3);
	CU_ASSERT_EQUAL(app.urgent_bytes, 4001);
	expect_received(2200);
}

/* What lies in the queue counts up to the end. */
static void
unread_data_count(void)
{
	app.no_read = true;
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK | URG | PSH, .seq = P(101), .ack = S(1), .urg = 50, .len = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app.urgent_bytes, 150);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 150);
	app_read();
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 0);
}

/* It never moves back, and what has been read is not urgent any more. */
static void
pointer_only_moves_forward(void)
{
	established_passive();
	inject(ACK | URG, .seq = P(1), .ack = S(1), .urg = 1000, .len = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	inject(ACK | URG, .seq = P(101), .ack = S(1), .urg = 10, .len = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 800);
	inject(ACK, .seq = P(201), .ack = S(1), .len = 1000);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 0);
	/* An old segment again. */
	inject(ACK | URG, .seq = P(101), .ack = S(1), .urg = 200, .len = 100);
	inject(ACK | URG, .seq = P(1001), .ack = S(1), .urg = 200, .len = 250);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	expect_received(1250);
}

/* The pointer counts from SEG.SEQ, also where the front was received before. */
static void
pointer_of_a_trimmed_segment(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK | URG, .seq = P(51), .ack = S(1), .urg = 80, .len = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app.urgent_bytes, 30);
	expect_received(150);
}

/* MUST-66: also where the window is closed. */
static void
urg_into_a_closed_window(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.rcvbuf_bytes = 1000, .no_autotune = true});
	app.no_read = true;
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 1000);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().rcv_wnd_bytes, 0);
	inject(ACK | URG, .seq = P(1001), .ack = S(1), .urg = 5);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app.urgent_bytes, 1005);
	/* With data, which find no room. */
	inject(ACK | URG, .seq = P(1001), .ack = S(1), .urg = 9, .len = 9);
	CU_ASSERT_EQUAL(app.nb_urgent, 2);
	CU_ASSERT_EQUAL(app.urgent_bytes, 1009);
	for (i = 0; peer_nb_pending() > 0; i++)
		CU_ASSERT_EQUAL(take()->ack, P(1001));
}

/* Outside the window, without ACK, with an ACK of nothing sent: never. */
static void
unacceptable_segments_tell_nothing(void)
{
	established_passive();
	inject(ACK | URG, .seq = P(-50000), .ack = S(1), .urg = 60000, .len = 10);
	inject(ACK | URG, .seq = P(1 << 30), .ack = S(1), .urg = 100, .len = 10);
	inject(URG, .seq = P(1), .urg = 100, .len = 10);
	inject(ACK | URG, .seq = P(1), .ack = S(9999), .urg = 100, .len = 10);
	inject(SYN | ACK | URG, .seq = P(1), .ack = S(1), .urg = 100);
	inject(RST | URG, .seq = P(2), .ack = S(1), .urg = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 0);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 0);
	peer_drain();
	/* Without the flag the field means nothing. */
	inject(ACK, .seq = P(1), .ack = S(1), .urg = 100, .len = 10);
	/* A pointer to what was there all along: RFC 6093, 2.1 knows of senders of 0. */
	inject(ACK | URG, .seq = P(11), .ack = S(1), .urg = 0, .len = 10);
	CU_ASSERT_EQUAL(app.nb_urgent, 0);
	expect_received(20);
}

/* A pointer that leads nowhere holds nothing up, and is bounded by the FIN. */
static void
pointer_beyond_the_fin(void)
{
	app.no_read = true;
	established_passive();
	inject(ACK | URG | FIN, .seq = P(1), .ack = S(1), .urg = 65535, .len = 10);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app.urgent_bytes, 10);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 10);
	app_read();
	peer_flush();
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 0);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	/* After it, URG is ignored. */
	inject(ACK | URG, .seq = P(12), .ack = S(1), .urg = 100);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
}

/* One callback a burst, however many pointers come. */
static void
many_pointers_are_one_call(void)
{
	unsigned int i;

	established_passive();
	burst_begin();
	for (i = 0; i < 32; i++)
		inject(ACK | URG, .seq = P(1 + i), .ack = S(1), .urg = (uint16_t)(100 + i),
			.len = 1);
	burst_end();
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app.urgent_bytes, 162);
	expect_received(32);
}

/* Random pointers on random segments: the data arrive, nothing else matters. */
static void
random_pointers_do_no_harm(void)
{
	uint64_t rng = 5;
	uint32_t at = 1, i;

	established_passive();
	for (i = 0; i < 500; i++) {
		uint16_t len = (uint16_t)(1 + sim_rand(&rng) % 100);

		inject(ACK | (sim_rand(&rng) % 2 ? URG : 0), .seq = P(at), .ack = S(1),
			.urg = (uint16_t)sim_rand(&rng), .len = len);
		at += len;
		CU_ASSERT_TRUE(app_info().urgent_bytes <= 65535);
	}
	expect_received(at - 1);
	peer_drain();
}

/* Sequence numbers wrap in mid-urgency. */
static void
pointer_wraps(void)
{
	peer.iss = UINT32_MAX - 20;
	established_passive();
	inject(ACK | URG, .seq = P(1), .ack = S(1), .urg = 100, .len = 10);
	CU_ASSERT_EQUAL(app.urgent_bytes, 100);
	inject(ACK | URG, .seq = P(11), .ack = S(1), .urg = 90, .len = 50);
	CU_ASSERT_EQUAL(app.nb_urgent, 1);
	CU_ASSERT_EQUAL(app_info().urgent_bytes, 40);
	expect_received(60);
}

static void
send_urgent(uint32_t nb_bytes)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	pattern_fill((uint8_t *)rte_pktmbuf_append(m, (uint16_t)nb_bytes), S(1) + app.tx_len,
		nb_bytes);
	CU_ASSERT_EQUAL(isla_tcp_send(app.conn, m), 0);
	app.tx_len += nb_bytes;
	CU_ASSERT_EQUAL(isla_tcp_send_urgent(app.conn), 0);
	peer_flush();
}

/* MUST-30 and MUST-62: each segment that begins before the end says where that is. */
static void
sent_pointer(void)
{
	established_passive();
	send_urgent(10);
	expect(ACK | URG, .seq = S(1), .ack = P(1), .len = 10);
	CU_ASSERT_EQUAL(peer.last.frame.seg.urg, 10);
	/* Nagle does not hold it back; what is not urgent waits. */
	app_send(5);
	expect_nothing();
	send_urgent(10);
	expect(ACK | URG, .seq = S(11), .ack = P(1), .len = 15);
	CU_ASSERT_EQUAL(peer.last.frame.seg.urg, 15);
	/* A retransmission has it, too. */
	expect_after(200000, ACK | URG, .seq = S(1), .ack = P(1), .len = 10);
	CU_ASSERT_EQUAL(peer.last.frame.seg.urg, 25);
	peer_drain();
	/* An ACK that says where we are has nothing urgent before it. */
	inject(ACK, .seq = P(1), .ack = S(26));
	peer_drain();
	app_send(100);
	expect(ACK, .seq = S(26), .ack = P(1), .len = 100);
	CU_ASSERT_EQUAL(peer.last.frame.seg.urg, 0);
}

/* Of many segments, all but those behind it; the field is full where the end is far. */
static void
sent_pointer_is_clamped(void)
{
	uint32_t i, nb = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.init_cwnd_segs = 100});
	peer.wscale = WSCALE(4);
	established_passive();
	for (i = 0; i < 40; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

		pattern_fill((uint8_t *)rte_pktmbuf_append(m, 2000), S(1) + app.tx_len, 2000);
		CU_ASSERT_EQUAL(isla_tcp_send(app.conn, m), 0);
		app.tx_len += 2000;
	}
	CU_ASSERT_EQUAL(isla_tcp_send_urgent(app.conn), 0);
	peer_flush();
	while (peer_nb_pending() > 0) {
		const struct seg *seg = take();
		uint32_t left = S(80001) - seg->seq;

		CU_ASSERT_TRUE((seg->flags & URG) != 0);
		CU_ASSERT_EQUAL(seg->urg, left > 65535 ? 65535 : left);
		nb++;
	}
	CU_ASSERT_TRUE(nb > 50);
}

/* A closed window takes no data, but the peer hears that there are some (MUST-66). */
static void
sent_into_a_closed_window(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	send_urgent(10);
	expect(ACK | URG, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(peer.last.frame.seg.urg, 10);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	expect(ACK | URG, .seq = S(1), .ack = P(1), .len = 10);
}

/* Where there is nothing to be urgent, nothing is. */
static void
nothing_to_send_urgently(void)
{
	syn_sent();
	CU_ASSERT_EQUAL(isla_tcp_send_urgent(app.conn), -ENOTCONN);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	peer_drain();
	CU_ASSERT_EQUAL(isla_tcp_send_urgent(app.conn), 0);
	peer_flush();
	expect_nothing();
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
	app_shutdown();
	CU_ASSERT_EQUAL(isla_tcp_send_urgent(app.conn), -EPIPE);
	peer_drain();
}

static const struct suite_test tests[] = {
	SUITE_TEST(program_is_told),
	SUITE_TEST(unread_data_count),
	SUITE_TEST(pointer_only_moves_forward),
	SUITE_TEST(pointer_of_a_trimmed_segment),
	SUITE_TEST(urg_into_a_closed_window),
	SUITE_TEST(unacceptable_segments_tell_nothing),
	SUITE_TEST(pointer_beyond_the_fin),
	SUITE_TEST(many_pointers_are_one_call),
	SUITE_TEST(random_pointers_do_no_harm),
	SUITE_TEST(pointer_wraps),
	SUITE_TEST(sent_pointer),
	SUITE_TEST(sent_pointer_is_clamped),
	SUITE_TEST(sent_into_a_closed_window),
	SUITE_TEST(nothing_to_send_urgently),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
