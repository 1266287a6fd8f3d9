/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow of data: segmentation, Nagle and delayed ACKs (RFC 9293, 3.7 and 3.8.6.3; RFC
 * 5681, 4.2), the receive window and its silly windows (3.8.6.2), zero-window probes (3.8.6.1),
 * reassembly (3.10.7.4, seventh).
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap_pool.h"
#include "tcp_peer.h"

#define DELACK_US 40000

static void
send_is_cut_at_mss(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(3u * mss + 100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + 2 * mss), .ack = P(1), .len = mss);
	/* The rest is small, and nothing small is in flight: Nagle, as Minshall has it. */
	expect(ACK | PSH, .seq = S(1 + 3 * mss), .ack = P(1), .len = 100);
	expect_nothing();
}

/* RFC 9293, 3.9.1.2: the last segment of what the program had to send is pushed. */
static void
push_on_the_last_segment(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(2u * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	CU_ASSERT_EQUAL(peer.last.frame.seg.flags & PSH, 0);
	expect(ACK | PSH, .seq = S(1 + mss), .ack = P(1), .len = mss);
}

static void
nagle(void)
{
	established_passive();
	app_send(10);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10);
	app_send(10);
	app_send(20);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(11));
	expect(ACK | PSH, .seq = S(11), .ack = P(1), .len = 30);
	/* A full segment does not wait. */
	app_send(5);
	expect_nothing();
	app_send(peer.mss);
	expect(ACK, .seq = S(41), .ack = P(1), .len = peer.mss);
	expect_nothing();
}

static void
no_nagle(void)
{
	established_passive();
	isla_tcp_set_nodelay(app.conn, true);
	app_send(10);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10);
	app_send(10);
	expect(ACK | PSH, .seq = S(11), .ack = P(1), .len = 10);
	isla_tcp_set_nodelay(app.conn, false);
	app_send(10);
	expect_nothing();
}

/* The peer's window bounds what is sent. */
static void
send_window(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 2 * mss + 10);
	app_send(4u * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	/* What would fit is small: silly window avoidance of the sender (3.8.6.2.1). */
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1 + mss), .wnd = 2 * mss);
	expect(ACK, .seq = S(1 + 2 * mss), .ack = P(1), .len = mss);
	expect_nothing();
	/* The window opens without an acknowledgment. */
	inject(ACK, .seq = P(1), .ack = S(1 + mss), .wnd = 3 * mss);
	expect(ACK, .seq = S(1 + 3 * mss), .ack = P(1), .len = mss);
	expect_nothing();
}

/* 3.10.7.4, fifth: an old segment must not set the window (SND.WL1, SND.WL2). */
static void
window_of_an_old_segment_is_ignored(void)
{
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10, .wnd = 5000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 5000);
	inject(ACK | PSH, .seq = P(11), .ack = S(1), .len = 10, .wnd = 7000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 7000);
	/* Unacceptable, and older by its sequence number. */
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10, .wnd = 100);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 7000);
	/* Acceptable in part, but it begins before what was last taken. */
	inject(ACK | PSH, .seq = P(5), .ack = S(1), .len = 26, .wnd = 200);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 7000);
	expect_received(30);
}

/* A retransmission has an old sequence number, but where its ACK is new, its window is, too. */
static void
window_of_a_retransmission_counts(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 4 * mss);
	app_send(10u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 4);
	inject(ACK, .seq = P(1001), .ack = S(1), .wnd = 4 * mss, .len = 10);
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss), .wnd = 2 * mss, .len = 10);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 2u * mss);
	while (peer_nb_pending() > 0)
		CU_ASSERT_EQUAL(take()->len, 0);
}

static void
shrunk_window_is_survived(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	app_send(4u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 4);
	/* 3.8.6: the peer should not do that, we must stand it. */
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = mss);
	inject(ACK, .seq = P(1), .ack = S(1 + 4 * mss), .wnd = 65535);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	expect_nothing();
	app_send(100);
	expect(ACK, .seq = S(1 + 4 * mss), .ack = P(1), .len = 100);
}

static void
delayed_ack(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect_after(DELACK_US, ACK, .seq = S(1), .ack = P(101));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_DELAYED_ACKS), 1);
	expect_received(100);
}

/* RFC 9293, 3.8.6.3: at least every second full segment is acknowledged at once. */
static void
every_second_full_segment_is_acknowledged(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	established_passive();
	for (i = 0; i < 10; i++) {
		inject(ACK, .seq = P(1 + 2 * i * mss), .ack = S(1), .len = mss);
		expect_nothing();
		inject(ACK, .seq = P(1 + (2 * i + 1) * mss), .ack = S(1), .len = mss);
		expect(ACK, .seq = S(1), .ack = P(1 + (2 * i + 2) * mss));
		expect_nothing();
	}
	advance_us(10 * DELACK_US);
	expect_nothing();
	expect_received(20u * mss);
}

/* A burst is acknowledged once. */
static void
burst_of_segments_brings_one_ack(void)
{
	uint16_t mss = peer.mss;
	unsigned int i;

	established_passive();
	burst_begin();
	for (i = 0; i < 16; i++)
		inject(ACK, .seq = P(1 + i * mss), .ack = S(1), .len = mss);
	burst_end();
	expect(ACK, .seq = S(1), .ack = P(1 + 16 * mss));
	expect_nothing();
	expect_received(16u * mss);
	CU_ASSERT_EQUAL(app.nb_readable, 1);
}

static void
ack_rides_on_data(void)
{
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	expect_nothing();
	app_send(50);
	expect(ACK | PSH, .seq = S(1), .ack = P(101), .len = 50);
	inject(ACK, .seq = P(101), .ack = S(51));
	advance_us(10 * DELACK_US);
	expect_nothing();
}

/* RFC 5681, 4.2: a gap is reported at once, and so is its closing. */
static void
gap_is_acknowledged_at_once(void)
{
	established_passive();
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(201), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.rx_len, 0);
	CU_ASSERT_EQUAL(app_info().ooo_segs, 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_OFO_QUEUE), 2);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(301));
	expect_nothing();
	expect_received(300);
	CU_ASSERT_EQUAL(app_info().ooo_segs, 0);
}

static void
duplicate_is_acknowledged_at_once(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect_after(DELACK_US, ACK, .seq = S(1), .ack = P(101));
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(101));
	expect_nothing();
	expect_received(100);
}

/* All 120 orders of five segments of different lengths. */
static void
every_order_of_five_segments(void)
{
	static const uint16_t offs[] = {0, 100, 101, 700, 1400, 1500};
	unsigned int perm, i;

	for (perm = 0; perm < 120; perm++) {
		unsigned int order[] = {0, 1, 2, 3, 4}, n = perm;

		for (i = 5; i > 1; i--) {
			unsigned int j = n % i, t = order[i - 1];

			n /= i;
			order[i - 1] = order[j];
			order[j] = t;
		}
		peer_restart(&(const struct sim_host_conf){0});
		established_passive();
		for (i = 0; i < 5; i++) {
			unsigned int s = order[i];

			inject(ACK, .seq = P(1 + offs[s]), .ack = S(1),
				.len = (uint16_t)(offs[s + 1] - offs[s]));
		}
		expect_received(1500);
		CU_ASSERT_EQUAL(app_info().ooo_segs, 0);
		advance_us(DELACK_US + TIMER_SLACK_US);
		CU_ASSERT_TRUE(peer_nb_pending() <= 5);
		while (peer_nb_pending() > 1)
			take();
		expect(ACK, .seq = S(1), .ack = P(1501));
	}
}

/* Slices of a stream, at random, overlapping in every way, until all of it has come. */
static void
overlapping_segments(void)
{
	enum { TOTAL = 20000 };
	uint64_t rng;
	unsigned int seed, i;

	for (seed = 0; seed < 20; seed++) {
		peer_restart(&(const struct sim_host_conf){0});
		peer.iss = (uint32_t)(0 - seed * 1000);
		rng = seed;
		established_passive();
		for (i = 0; i < 20000 && app.rx_len < TOTAL; i++) {
			uint32_t base = sim_rand(&rng) % 2 != 0 ? app.rx_len : 0;
			uint32_t off = base + (uint32_t)(sim_rand(&rng) % 4000);
			uint32_t len = 1 + (uint32_t)(sim_rand(&rng) % peer.mss);

			off -= RTE_MIN(off, (uint32_t)(sim_rand(&rng) % 1000));
			if (off >= TOTAL)
				continue;
			inject(ACK, .seq = P(1 + off), .ack = S(1),
				.len = (uint16_t)RTE_MIN(len, TOTAL - off));
			peer_drain();
		}
		expect_received(TOTAL);
		CU_ASSERT_EQUAL(app_info().rcvq_bytes, 0);
	}
}

static void
out_of_order_queue_is_bounded(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.ooo_segs = 8});
	established_passive();
	for (i = 1; i <= 100; i++)
		inject(ACK, .seq = P(1 + 20 * i), .ack = S(1), .len = 10);
	CU_ASSERT_TRUE(app_info().ooo_segs <= 8);
	CU_ASSERT_TRUE(drops(ISLA_DROP_TCP_OOO_FULL) >= 90);
	peer_drain();
	/* It still works when the data comes in order. */
	for (i = 0; i < 30; i++)
		inject(ACK, .seq = P(1 + 100 * i), .ack = S(1), .len = 100);
	expect_received(3000);
}

/* The sequence number wraps within the data, in both directions. */
static void
sequence_numbers_wrap(void)
{
	unsigned int i;

	for (i = 0; i < 40; i++) {
		peer_restart(&(const struct sim_host_conf){0});
		peer.iss = 0u - 100 * i;
		established_passive();
		inject(ACK, .seq = P(1001), .ack = S(1), .len = 1000);
		inject(ACK, .seq = P(501), .ack = S(1), .len = 1000);
		inject(ACK, .seq = P(1), .ack = S(1), .len = 600);
		inject(FIN | ACK, .seq = P(2001), .ack = S(1), .len = 500);
		expect_received(2500);
		CU_ASSERT_EQUAL(app.nb_eof, 1);
		peer_drain();
		inject(RST, .seq = P(2501));
		expect_nothing();
		inject(RST, .seq = P(2502));
		CU_ASSERT_EQUAL(app.err, ECONNRESET);
	}
}

/* The stack's own: its ISN follows the clock, one step in 4 us (RFC 6528), so a start at the right
 * time brings it where it is wanted. */
static void
own_sequence_numbers_wrap(void)
{
	struct sim_host_conf conf = {.stack.now_us = 1000000};
	uint16_t mss = peer.mss;
	uint32_t i;

	established_passive();
	conf.stack.now_us += 4ull * (uint32_t)(0u - 2 * mss - peer.irs);
	peer_restart(&conf);
	established_passive();
	CU_ASSERT_TRUE(peer.irs > 0u - 3 * mss);
	app_send(10u * mss);
	for (i = 0; i < 10; i++)
		expect(ACK, .seq = S(1 + i * mss), .ack = P(1), .len = mss);
	/* Duplicate ACKs across the wrap, retransmission, and the end. */
	for (i = 0; i < 3; i++)
		inject(ACK, .seq = P(1), .ack = S(1 + mss));
	inject(ACK, .seq = P(1), .ack = S(1 + mss));
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	inject(ACK, .seq = P(1), .ack = S(1 + 10 * mss));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	expect_nothing();
}

static void
restart_with_rcvbuf(uint32_t rcvbuf_bytes)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.rcvbuf_bytes = rcvbuf_bytes});
	app.no_read = true;
	established_passive();
}

/* Send n bytes from the peer in segments of the MSS. */
static void
inject_bytes(uint32_t from, uint32_t n)
{
	while (n > 0) {
		uint16_t len = (uint16_t)RTE_MIN(n, (uint32_t)peer.mss);

		inject(ACK, .seq = P(from), .ack = S(1), .len = len);
		from += len;
		n -= len;
	}
}

static void
receive_window_closes_and_opens(void)
{
	struct rte_mbuf *m;
	uint32_t edge, wnd;

	restart_with_rcvbuf(4000);
	inject_bytes(1, 4000);
	advance_us(DELACK_US + TIMER_SLACK_US);
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	edge = P(1);
	while (peer_nb_pending() > 0) {
		const struct seg *seg = take();

		/* The right edge stays where it was: at 4000 bytes. */
		CU_ASSERT_TRUE((int32_t)(seg->ack + (uint32_t)seg->wnd - edge) >= 0);
		edge = seg->ack + (uint32_t)seg->wnd;
		CU_ASSERT_TRUE((int32_t)(edge - P(4001)) <= 0);
	}
	CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(4001));
	CU_ASSERT_EQUAL(peer.last.frame.seg.wnd, 0);
	CU_ASSERT_EQUAL(app_info().rcv_wnd_bytes, 0);
	CU_ASSERT_EQUAL(app_info().rcvq_bytes, 4000);
	/* isla_tcp_recv() does not open it. */
	m = isla_tcp_recv(app.conn);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->pkt_len, 4000);
	peer_flush();
	expect_nothing();
	/* 3.8.6.2.2: not by less than a segment or half of the buffer. */
	isla_tcp_consumed(app.conn, 100);
	peer_flush();
	isla_tcp_consumed(app.conn, 900);
	peer_flush();
	advance_us(1000000);
	expect_nothing();
	isla_tcp_consumed(app.conn, 1000);
	peer_flush();
	expect(ACK, .seq = S(1), .ack = P(4001));
	wnd = (uint32_t)peer.last.frame.seg.wnd;
	CU_ASSERT_TRUE(wnd >= 1400 && wnd <= 2000);
	rte_pktmbuf_free(m);
	inject_bytes(4001, 1400);
	CU_ASSERT_EQUAL(app_info().rcvq_bytes, 1400);
}

/* A probe of a closed window is answered, and its byte is not taken (3.8.6.1, 3.10.7.4). */
static void
probe_of_our_closed_window(void)
{
	restart_with_rcvbuf(4000);
	inject_bytes(1, 4000);
	advance_us(DELACK_US + TIMER_SLACK_US);
	peer_drain();
	inject(ACK, .seq = P(4001), .ack = S(1), .len = 1);
	expect(ACK, .seq = S(1), .ack = P(4001), .wnd = WND_ZERO);
	CU_ASSERT_EQUAL(app_info().rcvq_bytes, 4000);
	/* An ACK or a reset at RCV.NXT is acceptable even then (3.10.7.4, first). */
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(4001), .len = 10, .wnd = WND_ZERO);
	inject(ACK, .seq = P(4001), .ack = S(11));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	expect_nothing();
	inject(RST, .seq = P(4001));
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	expect_nothing();
}

static void
data_beyond_the_window_is_trimmed(void)
{
	restart_with_rcvbuf(4000);
	inject_bytes(1, 3000);
	inject(ACK, .seq = P(3001), .ack = S(1), .len = 1400);
	CU_ASSERT_EQUAL(app_info().rcvq_bytes, 4000);
	advance_us(DELACK_US + TIMER_SLACK_US);
	while (peer_nb_pending() > 1)
		take();
	expect(ACK, .seq = S(1), .ack = P(4001), .wnd = WND_ZERO);
	app_read();
	peer_flush();
	expect_received(4000);
}

/* A FIN that lies beyond the window has not come. */
static void
fin_beyond_the_window_is_trimmed(void)
{
	restart_with_rcvbuf(4000);
	inject_bytes(1, 3000);
	inject(FIN | ACK, .seq = P(3001), .ack = S(1), .len = 1001);
	expect_state(ISLA_TCP_ESTABLISHED);
	app_read();
	peer_flush();
	expect_received(4000);
	CU_ASSERT_EQUAL(app.nb_eof, 0);
	inject(FIN | ACK, .seq = P(4001), .ack = S(1), .len = 1);
	app_read();
	peer_flush();
	expect_received(4001);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
}

static void
out_of_order_data_beyond_the_window_is_trimmed(void)
{
	restart_with_rcvbuf(4000);
	inject(ACK, .seq = P(3001), .ack = S(1), .len = 1400);
	inject_bytes(1, 3000);
	CU_ASSERT_EQUAL(app_info().rcvq_bytes, 4000);
	app_read();
	expect_received(4000);
}

/* The program reads a little at a time; each window that is offered is worth sending. */
static void
no_silly_windows(void)
{
	uint32_t sent = 0, edge = 4000, nb_updates = 0;

	restart_with_rcvbuf(4000);
	app.no_consume = true;
	inject_bytes(1, 4000);
	sent = 4000;
	advance_us(DELACK_US + TIMER_SLACK_US);
	peer_drain();
	while (sent < 40000) {
		app_read();
		isla_tcp_consumed(app.conn, 50);
		peer_flush();
		while (peer_nb_pending() > 0) {
			const struct seg *seg = take();
			uint32_t new_edge = seg->ack + (uint32_t)seg->wnd - P(1);

			CU_ASSERT_EQUAL(seg->len, 0);
			if (new_edge == edge)
				continue;
			CU_ASSERT_TRUE((int32_t)(new_edge - edge) >= 1400);
			edge = new_edge;
			nb_updates++;
		}
		if (edge > sent) {
			inject_bytes(1 + sent, edge - sent);
			sent = edge;
		}
	}
	CU_ASSERT_TRUE(nb_updates >= 36000 / 2000);
	CU_ASSERT_TRUE(nb_updates <= 36000 / 1400 + 1);
}

/* 3.8.6.1: probes at growing intervals, for ever while they are answered. */
static void
zero_window_probes(void)
{
	uint64_t interval = 0, waited;
	unsigned int i;

	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(1000);
	expect_nothing();
	for (i = 0; i < 30; i++) {
		const struct seg *seg;

		waited = advance_to_frame(130000000);
		seg = take();
		CU_ASSERT_EQUAL_FATAL(seg->flags & (uint8_t)~PSH, ACK);
		/* New data, or, as BSD does, old sequence space; either must be answered. */
		CU_ASSERT_TRUE(seg->len <= 1);
		CU_ASSERT_TRUE(seg->seq == S(1) || seg->seq == S(0));
		expect_nothing();
		if (i == 0)
			CU_ASSERT_TRUE(waited >= 200000 && waited <= 3000000)
		else if (i < 5)
			CU_ASSERT_TRUE(waited >= interval * 3 / 2 && waited <= interval * 5 / 2)
		else
			CU_ASSERT_TRUE(waited + TIMER_SLACK_US >= interval && waited <= 121000000)
		interval = waited;
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	}
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ZERO_WINDOW_PROBES), 30);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
	/* Where the probe was a byte of data, that byte may come by itself, and Nagle after it. */
	CU_ASSERT_EQUAL(take()->seq, S(1));
	if (peer.last.frame.seg.len == 1) {
		inject(ACK, .seq = P(1), .ack = S(2));
		expect(ACK, .seq = S(2), .ack = P(1), .len = 999);
	} else {
		CU_ASSERT_EQUAL(peer.last.frame.seg.len, 1000);
	}
	inject(ACK, .seq = P(1), .ack = S(1001));
	advance_us(100000000);
	expect_nothing();
}

/* The byte of a probe was taken. */
static void
accepted_probe_counts(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(1000);
	advance_to_frame(3000000);
	if (take()->len == 1) {
		inject(ACK, .seq = P(1), .ack = S(2), .wnd = 65535);
		expect(ACK, .seq = S(2), .ack = P(1), .len = 999);
	} else {
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
		expect(ACK, .seq = S(1), .ack = P(1), .len = 1000);
	}
	expect_nothing();
}

/* A window that closes while data is in flight: the data is acknowledged, the rest waits. */
static void
window_closes_in_mid_flight(void)
{
	uint16_t mss = peer.mss;

	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 2 * mss);
	app_send(3u * mss);
	CU_ASSERT_EQUAL(peer_drain(), 2);
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss), .wnd = WND_ZERO);
	expect_nothing();
	/* The update is lost: only a probe saves the connection. */
	advance_to_frame(3000000);
	CU_ASSERT_TRUE(take()->len <= 1);
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss), .wnd = 65535);
	CU_ASSERT_EQUAL(take()->seq, S(1 + 2 * mss));
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * mss + peer.last.frame.seg.len));
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(1 + 3 * mss));
	CU_ASSERT_EQUAL(app_info().unacked_bytes + app_info().sndq_bytes, 0);
}

/* 3.8.6.2.1: a window that stays smaller than a segment is used after the override timeout. */
static void
small_window_is_used_in_the_end(void)
{
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 500);
	app_send(2000);
	expect_nothing();
	advance_to_frame(3000000);
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	CU_ASSERT_EQUAL(take()->seq, S(1));
	CU_ASSERT_TRUE(peer.last.frame.seg.len <= 500);
	CU_ASSERT_TRUE(peer.last.frame.seg.len > 0);
}

/* 3.8.6.2.1 (3): a peer whose window was never larger gets half of it, but not while data is out.
 */
static void
half_of_a_small_window_is_used(void)
{
	listen_on(80);
	inject(SYN, .seq = P(0), .mss = peer.mss, .wnd = 1000);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	app_send(3000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 1000);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(501), .wnd = 1000);
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1001), .wnd = 600);
	expect(ACK, .seq = S(1001), .ack = P(1), .len = 600);
	inject(ACK, .seq = P(1), .ack = S(1601), .wnd = 400);
	expect_nothing();
}

static void
send_queue_is_bounded(void)
{
	struct rte_mbuf *m;

	peer_restart_tcp(&(const struct isla_tcp_conf){.sndbuf_bytes = 10000, .no_autotune = true});
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	CU_ASSERT_EQUAL(isla_tcp_send_room(app.conn), 10000);
	app_send(9000);
	CU_ASSERT_EQUAL(isla_tcp_send_room(app.conn), 1000);
	m = rte_pktmbuf_alloc(peer.host.pool);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	rte_pktmbuf_append(m, 1001);
	CU_ASSERT_EQUAL(isla_tcp_send(app.conn, m), -EAGAIN);
	rte_pktmbuf_free(m);
	app_send(1000);
	CU_ASSERT_EQUAL(isla_tcp_send_room(app.conn), 0);
	CU_ASSERT_EQUAL(app.nb_writable, 0);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 65535);
	CU_ASSERT_TRUE(peer_drain() > 0);
	inject(ACK, .seq = P(1), .ack = S(1 + 2 * peer.mss), .wnd = 65535);
	CU_ASSERT_TRUE(app.nb_writable >= 1);
	CU_ASSERT_EQUAL(isla_tcp_send_room(app.conn), 2u * peer.mss);
}

/* Memory of the program's: sent by reference, given back when all of it is acknowledged. */
static unsigned int nb_freed;

static void
ext_freed(void *addr, void *opaque)
{
	RTE_SET_USED(addr);
	RTE_SET_USED(opaque);
	nb_freed++;
}

static void
external_memory(void)
{
	enum { TOTAL = 200000 };
	struct rte_mbuf_ext_shared_info shinfo = {.free_cb = ext_freed};
	uint8_t *data = malloc(TOTAL);
	uint32_t acked = 0, queued = 0, nb;

	nb_freed = 0;
	rte_mbuf_ext_refcnt_set(&shinfo, 1);
	established_passive();
	pattern_fill(data, S(1), TOTAL);
	for (nb = 0; acked < TOTAL && nb < 10000; nb++) {
		int64_t n = isla_tcp_send_ext(
			app.conn, data + queued, RTE_BAD_IOVA, TOTAL - queued, &shinfo);

		CU_ASSERT_FATAL(n >= 0);
		queued += (uint32_t)n;
		peer_flush();
		if (peer_nb_pending() == 0)
			advance_to_frame(1000000);
		while (peer_nb_pending() > 0) {
			uint16_t len = peer.queue[peer.head].frame.seg.len;

			expect(ACK, .seq = S(1 + acked), .ack = P(1), .len = len);
			acked += len;
		}
		inject(ACK, .seq = P(1), .ack = S(1 + acked));
	}
	CU_ASSERT_EQUAL(acked, TOTAL);
	expect_nothing();
	CU_ASSERT_EQUAL(nb_freed, 0);
	CU_ASSERT_EQUAL(rte_mbuf_ext_refcnt_read(&shinfo), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
	free(data);
}

/* A chain in which every mbuf has its own length. */
static void
chain_of_many_mbufs(void)
{
	struct rte_mbuf *head = NULL, *m;
	uint32_t total = 0, got = 0, i;

	established_passive();
	for (i = 1; i <= 60; i++) {
		m = rte_pktmbuf_alloc(peer.host.pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		pattern_fill(
			(uint8_t *)rte_pktmbuf_append(m, (uint16_t)(i * 3)), S(1 + total), i * 3);
		total += i * 3;
		if (head == NULL)
			head = m;
		else
			CU_ASSERT_EQUAL(rte_pktmbuf_chain(head, m), 0);
	}
	CU_ASSERT_EQUAL_FATAL(isla_tcp_send(app.conn, head), 0);
	isla_tcp_set_nodelay(app.conn, true);
	peer_flush();
	while (peer_nb_pending() > 0) {
		uint16_t len = peer.queue[peer.head].frame.seg.len;

		expect(ACK, .seq = S(1 + got), .ack = P(1), .len = len);
		got += len;
	}
	CU_ASSERT_EQUAL(got, total);
	inject(ACK, .seq = P(1), .ack = S(1 + total));
	/* Only the port's own mbufs are out now. */
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
}

/* An echo: the chain that came is the chain that goes. */
static void
echo_turns_the_chain_around(void)
{
	struct rte_mbuf *m;

	app.no_read = true;
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 1000);
	m = isla_tcp_recv(app.conn);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	isla_tcp_consumed(app.conn, m->pkt_len);
	CU_ASSERT_EQUAL(isla_tcp_send(app.conn, m), 0);
	peer_flush();
	{
		uint8_t data[1000];

		pattern_fill(data, P(1), sizeof(data));
		expect(ACK | PSH, .seq = S(1), .ack = P(1001), .len = 1000, .data = data);
	}
	inject(ACK, .seq = P(1001), .ack = S(1001));
	CU_ASSERT_EQUAL(counter(ISLA_C_PAYLOAD_BYTES_COPIED), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(peer.host.pool), 0);
}

/* 3.10.7.4: whether data comes with an ACK of ours or without, both count. */
static void
both_directions_at_once(void)
{
	unsigned int i;

	established_passive();
	for (i = 0; i < 20; i++) {
		app_send(100);
		expect(ACK | PSH, .seq = S(1 + 100 * i), .ack = P(1 + 50 * i), .len = 100);
		inject(ACK | PSH, .seq = P(1 + 50 * i), .ack = S(101 + 100 * i), .len = 50);
		expect_nothing();
	}
	expect_received(1000);
	CU_ASSERT_EQUAL(app_info().bytes_received, 1000);
	CU_ASSERT_EQUAL(app_info().bytes_acked, 2000);
}

/* Payload that stays would take the last mbufs, which the acknowledgments need that free the rest.
 */
static void
payload_is_refused_while_mbufs_run_short(void)
{
	struct rte_mempool *pool = peer.host.pool;
	uint32_t all = pool->size;

	established_passive();
	app_send(10);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10);
	heap_pool_set_limit(pool, heap_pool_in_use(pool) + all / 8 - 1);
	inject(ACK | PSH | FIN, .seq = P(1), .ack = S(11), .len = 100);
	inject(ACK | PSH, .seq = P(201), .ack = S(11), .len = 100);
	expect_nothing();
	expect_received(0);
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app_info().bytes_acked, 10);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_NO_MBUF), 2);
	/* The peer sends it again, and there are mbufs by then. */
	heap_pool_set_limit(pool, all);
	inject(ACK | PSH | FIN, .seq = P(1), .ack = S(11), .len = 100);
	expect(ACK, .seq = S(11), .ack = P(102));
	expect_received(100);
	expect_state(ISLA_TCP_CLOSE_WAIT);
}

static const struct suite_test tests[] = {
	SUITE_TEST(send_is_cut_at_mss),
	SUITE_TEST(push_on_the_last_segment),
	SUITE_TEST(nagle),
	SUITE_TEST(no_nagle),
	SUITE_TEST(send_window),
	SUITE_TEST(window_of_an_old_segment_is_ignored),
	SUITE_TEST(window_of_a_retransmission_counts),
	SUITE_TEST(shrunk_window_is_survived),
	SUITE_TEST(delayed_ack),
	SUITE_TEST(every_second_full_segment_is_acknowledged),
	SUITE_TEST(burst_of_segments_brings_one_ack),
	SUITE_TEST(ack_rides_on_data),
	SUITE_TEST(gap_is_acknowledged_at_once),
	SUITE_TEST(duplicate_is_acknowledged_at_once),
	SUITE_TEST(every_order_of_five_segments),
	SUITE_TEST(overlapping_segments),
	SUITE_TEST(out_of_order_queue_is_bounded),
	SUITE_TEST(sequence_numbers_wrap),
	SUITE_TEST(own_sequence_numbers_wrap),
	SUITE_TEST(receive_window_closes_and_opens),
	SUITE_TEST(probe_of_our_closed_window),
	SUITE_TEST(data_beyond_the_window_is_trimmed),
	SUITE_TEST(fin_beyond_the_window_is_trimmed),
	SUITE_TEST(out_of_order_data_beyond_the_window_is_trimmed),
	SUITE_TEST(no_silly_windows),
	SUITE_TEST(zero_window_probes),
	SUITE_TEST(accepted_probe_counts),
	SUITE_TEST(window_closes_in_mid_flight),
	SUITE_TEST(small_window_is_used_in_the_end),
	SUITE_TEST(half_of_a_small_window_is_used),
	SUITE_TEST(send_queue_is_bounded),
	SUITE_TEST(external_memory),
	SUITE_TEST(chain_of_many_mbufs),
	SUITE_TEST(echo_turns_the_chain_around),
	SUITE_TEST(both_directions_at_once),
	SUITE_TEST(payload_is_refused_while_mbufs_run_short),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
