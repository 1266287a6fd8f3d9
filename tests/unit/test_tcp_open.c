/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening a connection: RFC 9293, 3.5 and 3.10.7.1 to 3.10.7.4, with its options (3.7.1, RFC 7323
 * section 2) and the retransmission of SYN (RFC 6298).
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>

#include "tcp_peer.h"

static const uint8_t syn_v4[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x08, 0x00, 0x45, 0x00, 0x00, 0x2c, 0x00, 0x01, 0x40, 0x00, 0x40, 0x06, 0xb7, 0x77,
	0xc0, 0xa8, 0x01, 0x01, 0xc0, 0xa8, 0x01, 0x02, 0x9c, 0x40, 0x00, 0x50, 0x00, 0x0f, 0x42,
	0x40, 0x00, 0x00, 0x00, 0x00, 0x60, 0x02, 0xff, 0xff, 0x35, 0xf3, 0x00, 0x00, 0x02, 0x04,
	0x05, 0xb4};
static const uint8_t syn_ack_v4[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00,
	0x00, 0x02, 0x08, 0x00, 0x45, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x40, 0x00, 0x40, 0x06, 0xb7,
	0x78, 0xc0, 0xa8, 0x01, 0x02, 0xc0, 0xa8, 0x01, 0x01, 0x00, 0x50, 0x9c, 0x40, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x0f, 0x42, 0x41, 0x60, 0x12, 0xff, 0xff, 0x35, 0xe2, 0x00, 0x00, 0x02,
	0x04, 0x05, 0xb4};
static const uint8_t syn_v6[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x06, 0x40, 0xfd, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xfd, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x9c, 0x40,
	0x00, 0x50, 0x00, 0x0f, 0x42, 0x40, 0x00, 0x00, 0x00, 0x00, 0x60, 0x02, 0xff, 0xff, 0xbf,
	0x56, 0x00, 0x00, 0x02, 0x04, 0x05, 0xa0};
static const uint8_t syn_ack_v6[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00,
	0x00, 0x02, 0x86, 0xdd, 0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x06, 0x40, 0xfd, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xfd, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
	0x50, 0x9c, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0x42, 0x41, 0x60, 0x12, 0xff, 0xff,
	0xbf, 0x45, 0x00, 0x00, 0x02, 0x04, 0x05, 0xa0};

/* A golden frame with the stack's own choices filled in: IPv4's ID, the ISN, the checksums; these
 * have been verified when the frame was taken apart. */
static void
check_golden(const uint8_t *golden, uint32_t len, uint32_t l4_off)
{
	uint8_t want[128];
	const uint8_t *got = peer.last.bytes;

	CU_ASSERT_EQUAL_FATAL(peer.last.len, len);
	memcpy(want, golden, len);
	if (!peer.is_v6) {
		memcpy(want + 14 + 4, got + 14 + 4, 2);
		memcpy(want + 14 + 10, got + 14 + 10, 2);
	}
	memcpy(want + l4_off + 4, got + l4_off + 4, 4);
	memcpy(want + l4_off + 16, got + l4_off + 16, 2);
	CU_ASSERT_EQUAL(memcmp(want, got, len), 0);
}

static void
syn_ack_is_golden(void)
{
	listen_on(80);
	if (peer.is_v6)
		peer_inject_bytes(syn_v6, sizeof(syn_v6));
	else
		peer_inject_bytes(syn_v4, sizeof(syn_v4));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	if (peer.is_v6)
		check_golden(syn_ack_v6, sizeof(syn_ack_v6), 54);
	else
		check_golden(syn_ack_v4, sizeof(syn_ack_v4), 34);
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CURR_ESTAB), 1);
}

static void
active_open(void)
{
	struct isla_tcp_ends ends;

	established_active();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ACTIVE_OPENS), 1);
	isla_tcp_get_ends(app.conn, &ends);
	CU_ASSERT_TRUE(isla_addr_eq(&ends.local, &peer.ends.dst));
	CU_ASSERT_TRUE(isla_addr_eq(&ends.remote, &peer.ends.src));
	CU_ASSERT_EQUAL(ends.remote_port, PEER_PORT);
	CU_ASSERT_TRUE(ends.local_port >= 1024);
}

static void
syn_offers_mss_and_window_scale(void)
{
	app_connect();
	expect(SYN, .seq = S(0), .mss = peer.mss, .wnd = 65535);
	/* 262144 bytes fit into 16 bits with a shift of 3. */
	CU_ASSERT_TRUE(peer.last.frame.seg.wscale >= WSCALE(3));
	CU_ASSERT_TRUE(peer.last.frame.seg.wscale <= WSCALE(14));
	CU_ASSERT_EQUAL(peer.last.frame.seg.len, 0);
}

/* RFC 9293, 3.7.1: without the option, 536 over IPv4 and 1220 over IPv6. */
static void
mss_defaults_without_the_option(void)
{
	uint16_t mss = peer.is_v6 ? 1220 : 536;

	peer.mss = 0;
	established_passive();
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	app_send(mss + 100u);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
}

static void
mss_is_bounded_by_our_mtu(void)
{
	uint16_t mss = peer.mss;

	peer.mss = 9000;
	established_passive();
	CU_ASSERT_EQUAL(app_info().snd_mss, mss);
	app_send(2u * mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = mss);
	expect(ACK, .seq = S(1 + mss), .ack = P(1), .len = mss);
	expect_nothing();
}

static void
mss_of_the_peer_is_kept_to(void)
{
	peer.mss = 300;
	established_passive();
	app_send(900);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 300);
	expect(ACK, .seq = S(301), .ack = P(1), .len = 300);
	expect(ACK, .seq = S(601), .ack = P(1), .len = 300);
}

/* An MSS that leaves no room for data must not make the stack send empty segments for ever. */
static void
absurd_mss_is_survived(void)
{
	static const uint8_t zero[] = {2, 4, 0, 0};
	unsigned int nb = 0;

	listen_on(80);
	inject(SYN, .seq = P(0), .opts = zero, .opts_len = sizeof(zero));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
	app_send(100);
	while (peer_nb_pending() > 0) {
		CU_ASSERT_TRUE(take()->len > 0);
		nb++;
	}
	CU_ASSERT_TRUE(nb >= 1);
	CU_ASSERT_TRUE(nb <= 10);
}

/* RFC 7323, 2.2: a SYN,ACK has the option only where the SYN had it. */
static void
window_scale_is_not_forced_on_the_peer(void)
{
	listen_on(80);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1), .wscale = WSCALE_NONE, .wnd = 65535);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 1000);
	CU_ASSERT_EQUAL(app_info().rcv_wscale, 0);
	CU_ASSERT_TRUE(app_info().rcv_wnd_bytes <= 65535);
}

static void
window_scale_both_ways(void)
{
	uint32_t shift;

	listen_on(80);
	/* The window of a SYN is never scaled (RFC 7323, 2.2). */
	inject(SYN, .seq = P(0), .mss = peer.mss, .wscale = WSCALE(7), .wnd = 5000);
	expect(SYN | ACK, .seq = S(0), .ack = P(1), .wnd = 65535);
	CU_ASSERT_FATAL(peer.last.frame.seg.wscale != 0);
	shift = peer.last.frame.seg.wscale - 1u;
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_wscale, 7);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 128000);
	CU_ASSERT_EQUAL(app_info().rcv_wscale, shift);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	expect_after(40000, ACK, .seq = S(1), .ack = P(101));
	/* The program has read: all of its buffer of 262144 bytes is free again. */
	CU_ASSERT_TRUE((uint32_t)peer.last.frame.seg.wnd << shift > 65535);
	CU_ASSERT_TRUE((uint32_t)peer.last.frame.seg.wnd << shift <= 262144);
}

/* RFC 7323, 2.3: a shift beyond 14 is taken as 14. */
static void
window_scale_is_limited_to_14(void)
{
	peer.wscale = WSCALE(15);
	established_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 3);
	CU_ASSERT_EQUAL(app_info().snd_wscale, 14);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 3u << 14);
}

static void
window_scale_refused_by_the_server(void)
{
	established_active();
	CU_ASSERT_EQUAL(app_info().snd_wscale, 0);
	CU_ASSERT_EQUAL(app_info().rcv_wscale, 0);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1234);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 1234);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10);
	expect_after(40000, ACK, .seq = S(1), .ack = P(11));
	CU_ASSERT_TRUE(app_info().rcv_wnd_bytes <= 65535);
	CU_ASSERT_TRUE(peer.last.frame.seg.wnd >= 65000);
}

static void
window_scale_accepted_by_the_server(void)
{
	peer.wscale = WSCALE(2);
	established_active();
	CU_ASSERT_EQUAL(app_info().snd_wscale, 2);
	CU_ASSERT_TRUE(app_info().rcv_wscale >= 3);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	CU_ASSERT_EQUAL(app_info().snd_wnd_bytes, 4000);
}

/* RFC 6298: 1 s at first, doubled each time. */
static void
syn_is_retransmitted_and_given_up(void)
{
	unsigned int i;

	syn_sent();
	for (i = 0; i < 5; i++)
		expect_after(1000000ull << i, SYN, .seq = S(0));
	/* The seventh after the longest RTO, and then the last wait: 183 s in all (3.8.3). */
	expect_after(32000000, SYN, .seq = S(0));
	expect_after(60000000, SYN, .seq = S(0));
	advance_us(57000000);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	advance_us(3000000 + 1000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ATTEMPT_FAILS), 1);
	expect_closed();
}

static void
syn_ack_is_retransmitted_and_given_up(void)
{
	unsigned int i;

	syn_received();
	for (i = 0; i < 6; i++)
		expect_after(1000000ull << i, SYN | ACK, .seq = S(0), .ack = P(1));
	expect_after(60000000, SYN | ACK, .seq = S(0), .ack = P(1));
	advance_us(60000000 + 1000000);
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ATTEMPT_FAILS), 1);
	expect_closed();
}

static void
ack_of_a_retransmitted_syn_ack_opens(void)
{
	syn_received();
	expect_after(1000000, SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	advance_us(100000000);
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* RFC 9293, 3.5, figure 7; the peer's SYN,ACK was overtaken by its ACK. */
static void
simultaneous_open(void)
{
	syn_sent();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	expect_state(ISLA_TCP_SYN_RECEIVED);
	CU_ASSERT_EQUAL(app.nb_connected, 0);
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app.nb_connected, 1);
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	expect_nothing();
}

/* The peer's SYN,ACK itself: its SYN is old, so it is answered with an ACK; its own ACK may count.
 */
static void
simultaneous_open_with_both_syn_acks(void)
{
	syn_sent();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	if (peer_nb_pending() > 0)
		expect(ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app.nb_connected, 1);
	expect_nothing();
}

/* RFC 9293, 3.10.7.1. */
static void
closed_port_is_answered_with_reset(void)
{
	inject(SYN, .seq = P(0));
	expect(RST | ACK, .seq = 0, .ack = P(1));
	inject(SYN, .seq = P(0), .len = 10);
	expect(RST | ACK, .seq = 0, .ack = P(11));
	inject(FIN, .seq = P(5), .len = 3);
	expect(RST | ACK, .seq = 0, .ack = P(9));
	inject(0, .seq = P(5), .len = 3);
	expect(RST | ACK, .seq = 0, .ack = P(8));
	inject(ACK, .seq = P(7), .ack = 77777);
	expect(RST, .seq = 77777);
	inject(SYN | ACK, .seq = P(7), .ack = 88888);
	expect(RST, .seq = 88888);
	inject(FIN | ACK | PSH, .seq = P(7), .ack = 99999, .len = 100);
	expect(RST, .seq = 99999);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_OUT_RSTS), 7);
	inject(RST, .seq = P(0));
	inject(RST | ACK, .seq = P(0), .ack = 5);
	inject(RST | SYN, .seq = P(0));
	expect_nothing();
}

/* RFC 9293, 3.10.7.2. */
static void
listen_state(void)
{
	listen_on(80);
	inject(RST, .seq = P(0));
	inject(RST | ACK, .seq = P(0), .ack = 5);
	inject(RST | SYN, .seq = P(0));
	expect_nothing();
	inject(ACK, .seq = P(7), .ack = 77777);
	expect(RST, .seq = 77777);
	inject(SYN | ACK, .seq = P(7), .ack = 88888);
	expect(RST, .seq = 88888);
	inject(FIN, .seq = P(5));
	inject(0, .seq = P(5), .len = 10);
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 0);
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
}

/* RFC 9293, 3.10.7.3, first and second. */
static void
unacceptable_ack_in_syn_sent(void)
{
	syn_sent();
	inject(SYN | ACK, .seq = P(0), .ack = S(0));
	expect(RST, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(2));
	expect(RST, .seq = S(2));
	inject(ACK, .seq = P(0), .ack = S(1000));
	expect(RST, .seq = S(1000));
	inject(RST | ACK, .seq = P(0), .ack = S(2));
	expect_nothing();
	inject(RST, .seq = P(0));
	expect_nothing();
	/* Neither SYN nor RST. */
	inject(ACK, .seq = P(0), .ack = S(1));
	inject(FIN, .seq = P(0));
	inject(0, .seq = P(0), .len = 10);
	expect_nothing();
	expect_state(ISLA_TCP_SYN_SENT);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	expect_state(ISLA_TCP_ESTABLISHED);
}

static void
connection_refused(void)
{
	syn_sent();
	inject(RST | ACK, .seq = 0, .ack = S(1));
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ECONNREFUSED);
	CU_ASSERT_EQUAL(app.nb_connected, 0);
	expect_closed();
}

/* RFC 9293, 3.10.7.4, fifth, SYN-RECEIVED. */
static void
unacceptable_ack_in_syn_received(void)
{
	syn_received();
	inject(ACK, .seq = P(1), .ack = S(2));
	expect(RST, .seq = S(2));
	inject(ACK, .seq = P(1), .ack = S(0));
	expect(RST, .seq = S(0));
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	expect_nothing();
}

static void
reset_in_syn_received_goes_back_to_listen(void)
{
	syn_received();
	inject(RST, .seq = P(1));
	expect_nothing();
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ATTEMPT_FAILS), 1);
	advance_us(10000000);
	expect_nothing();
	peer.irs_known = false;
	inject(SYN, .seq = P(5000));
	expect(SYN | ACK, .seq = S(0), .ack = P(5001));
	inject(ACK, .seq = P(5001), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
}

/* The peer did not get our SYN,ACK. RFC 9293 answers its SYN with an ACK; to send SYN,ACK again is
 * what most do, and the peer can use both. */
static void
syn_again_in_syn_received(void)
{
	const struct seg *seg;

	syn_received();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	seg = take();
	CU_ASSERT_TRUE((seg->flags == (SYN | ACK) && seg->seq == S(0)) ||
		(seg->flags == ACK && seg->seq == S(1)));
	CU_ASSERT_EQUAL(seg->ack, P(1));
	expect_nothing();
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 1);
}

static void
program_refuses(void)
{
	app.accept_rc = -ECONNREFUSED;
	syn_received();
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	CU_ASSERT_EQUAL(take()->flags & RST, RST);
	CU_ASSERT_EQUAL(peer.last.frame.seg.seq, S(1));
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_closed();
}

/* The handshake's last ACK was lost: data that follows brings it. */
static void
data_completes_the_handshake(void)
{
	syn_received();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	expect_received(100);
	advance_us(40000 + TIMER_SLACK_US);
	expect(ACK, .seq = S(1), .ack = P(101));
	expect_nothing();
}

static void
data_and_fin_complete_the_handshake(void)
{
	syn_received();
	inject(ACK | FIN | PSH, .seq = P(1), .ack = S(1), .len = 100);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	expect_received(100);
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	expect(ACK, .seq = S(1), .ack = P(102));
	expect_state(ISLA_TCP_CLOSE_WAIT);
}

/* Data on a SYN may be kept or left to the peer to send again, but must come once and whole. */
static void
data_on_syn_comes_once(void)
{
	uint32_t acked;

	listen_on(80);
	inject(SYN, .seq = P(0), .mss = peer.mss, .len = 0);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(RST, .seq = P(1));
	peer.irs_known = false;
	peer.iss += 1000;
	/* The pattern begins with the sequence number of the segment, which is the SYN's. */
	{
		uint8_t data[50];

		pattern_fill(data, P(1), sizeof(data));
		inject(SYN, .seq = P(0), .len = sizeof(data), .data = data);
	}
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	acked = peer.last.frame.seg.ack;
	CU_ASSERT_TRUE(acked == P(1) || acked == P(51));
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	inject(ACK, .seq = acked, .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 50);
	expect_received(50);
}

static void
peer_without_a_mac_address(void)
{
	peer.deaf = true;
	app_connect();
	expect_nothing();
	advance_us(200000000);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, EHOSTUNREACH);
	CU_ASSERT_PTR_NULL(app.conn);
}

static void
connect_arguments(void)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = PEER_PORT}, other;
	struct isla_tcp_conn *a, *b;

	ends.remote_port = 0;
	CU_ASSERT_PTR_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	ends.remote_port = PEER_PORT;
	/* No way leads there: no route, no default gateway. */
	isla_addr_parse(peer.is_v6 ? "2001:db8::1" : "203.0.113.1", &ends.remote);
	CU_ASSERT_PTR_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EHOSTUNREACH);
	isla_addr_parse(peer.is_v6 ? "ff02::1" : "224.0.0.1", &ends.remote);
	CU_ASSERT_PTR_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));

	ends.remote = peer.ends.src;
	a = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
	b = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
	CU_ASSERT_FATAL(a != NULL && b != NULL);
	isla_tcp_get_ends(a, &ends);
	isla_tcp_get_ends(b, &other);
	CU_ASSERT_NOT_EQUAL(ends.local_port, other.local_port);
	/* A tuple that is in use. */
	CU_ASSERT_PTR_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
	isla_tcp_abort(a);
	isla_tcp_abort(b);
}

static void
chosen_local_port_is_used(void)
{
	struct isla_tcp_ends ends = {.local = peer.ends.dst,
		.remote = peer.ends.src,
		.remote_port = PEER_PORT,
		.local_port = 12345};

	peer.stack_port = 12345;
	app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	peer_flush();
	expect(SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	expect_state(ISLA_TCP_ESTABLISHED);
}

static void
listen_arguments(void)
{
	struct isla_addr foreign;

	listen_on(80);
	CU_ASSERT_PTR_NULL(isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 16, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
	CU_ASSERT_PTR_NULL(isla_tcp_listen(peer.tcp, &isla_addr_any, 0, 16, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	CU_ASSERT_PTR_NULL(isla_tcp_listen(peer.tcp, &isla_addr_any, 81, 0, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	isla_addr_parse("224.0.0.1", &foreign);
	CU_ASSERT_PTR_NULL(isla_tcp_listen(peer.tcp, &foreign, 81, 16, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
	isla_tcp_unlisten(app.listener);
	/* The port is free again, and silent. */
	inject(SYN, .seq = P(0));
	expect(RST | ACK, .seq = 0, .ack = P(1));
	listen_on(80);
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
}

static void
listener_table_is_bounded(void)
{
	uint16_t port;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_listeners = 4});
	for (port = 1; port <= 4; port++)
		CU_ASSERT_PTR_NOT_NULL(
			isla_tcp_listen(peer.tcp, &isla_addr_any, port, 16, &app_ops, &app, NULL));
	CU_ASSERT_PTR_NULL(isla_tcp_listen(peer.tcp, &isla_addr_any, 5, 16, &app_ops, &app, NULL));
	CU_ASSERT_EQUAL(rte_errno, ENOSPC);
}

static void
listener_on_one_address(void)
{
	struct isla_addr other = peer.is_v6 ? peer.host.v4 : peer.host.v6;

	CU_ASSERT_PTR_NOT_NULL(isla_tcp_listen(peer.tcp, &other, 80, 16, &app_ops, &app, NULL));
	inject(SYN, .seq = P(0));
	expect(RST | ACK, .seq = 0, .ack = P(1));
	CU_ASSERT_PTR_NOT_NULL(
		isla_tcp_listen(peer.tcp, &peer.ends.dst, 81, 16, &app_ops, &app, NULL));
	peer.stack_port = 81;
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
}

static void
unlisten_resets_handshakes_only(void)
{
	established_passive();
	inject(SYN, .seq = P(0), .sport = 1001);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	isla_tcp_unlisten(app.listener);
	peer_flush();
	CU_ASSERT_EQUAL(take()->flags & RST, RST);
	CU_ASSERT_EQUAL(peer.last.frame.seg.dport, 1001);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	expect_received(10);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* The SYN comes again right before the ACK: nothing is left to answer it with. */
static void
syn_again_and_ack_in_one_burst(void)
{
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	burst_begin();
	inject(SYN, .seq = P(0), .mss = peer.mss);
	inject(ACK, .seq = P(1), .ack = S(1));
	burst_end();
	expect_state(ISLA_TCP_ESTABLISHED);
	expect_nothing();
	app_send(10);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 10);
}

/* The program's bound holds for what we send as well as for what we offer. */
static void
mss_of_the_program_is_kept_to(void)
{
	const struct isla_tcp_opts opts = {.mss = 500};

	peer.stack_port = 80;
	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 16, &app_ops, &app, &opts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
	inject(SYN, .seq = P(0), .mss = 1200);
	expect(SYN | ACK, .seq = S(0), .ack = P(1), .mss = 500);
	inject(ACK, .seq = P(1), .ack = S(1));
	app_send(1000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 500);
	expect(ACK, .seq = S(501), .ack = P(1), .len = 500);
}

/* Karn: the peer's SYN came twice, and so did the answer. Which of them is acknowledged now, and
 * how long that took, nobody knows (RFC 6298, 3). */
static void
answers_sent_twice_are_no_sample(void)
{
	listen_on(80);
	inject(SYN, .seq = P(0), .mss = 1460);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	advance_us(900000);
	inject(SYN, .seq = P(0), .mss = 1460);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app_info().rtt_us, 0);
	CU_ASSERT_EQUAL(app_info().min_rtt_us, 0);
	CU_ASSERT_EQUAL(app_info().rto_us, 1000000);
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(syn_again_and_ack_in_one_burst),
	SUITE_TEST(syn_ack_is_golden),
	SUITE_TEST(active_open),
	SUITE_TEST(syn_offers_mss_and_window_scale),
	SUITE_TEST(mss_defaults_without_the_option),
	SUITE_TEST(mss_is_bounded_by_our_mtu),
	SUITE_TEST(mss_of_the_peer_is_kept_to),
	SUITE_TEST(mss_of_the_program_is_kept_to),
	SUITE_TEST(absurd_mss_is_survived),
	SUITE_TEST(window_scale_is_not_forced_on_the_peer),
	SUITE_TEST(window_scale_both_ways),
	SUITE_TEST(window_scale_is_limited_to_14),
	SUITE_TEST(window_scale_refused_by_the_server),
	SUITE_TEST(window_scale_accepted_by_the_server),
	SUITE_TEST(syn_is_retransmitted_and_given_up),
	SUITE_TEST(syn_ack_is_retransmitted_and_given_up),
	SUITE_TEST(ack_of_a_retransmitted_syn_ack_opens),
	SUITE_TEST(simultaneous_open),
	SUITE_TEST(simultaneous_open_with_both_syn_acks),
	SUITE_TEST(closed_port_is_answered_with_reset),
	SUITE_TEST(listen_state),
	SUITE_TEST(unacceptable_ack_in_syn_sent),
	SUITE_TEST(connection_refused),
	SUITE_TEST(unacceptable_ack_in_syn_received),
	SUITE_TEST(reset_in_syn_received_goes_back_to_listen),
	SUITE_TEST(syn_again_in_syn_received),
	SUITE_TEST(answers_sent_twice_are_no_sample),
	SUITE_TEST(program_refuses),
	SUITE_TEST(data_completes_the_handshake),
	SUITE_TEST(data_and_fin_complete_the_handshake),
	SUITE_TEST(data_on_syn_comes_once),
	SUITE_TEST(peer_without_a_mac_address),
	SUITE_TEST(connect_arguments),
	SUITE_TEST(chosen_local_port_is_used),
	SUITE_TEST(listen_arguments),
	SUITE_TEST(listener_table_is_bounded),
	SUITE_TEST(listener_on_one_address),
	SUITE_TEST(unlisten_resets_handshakes_only),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
