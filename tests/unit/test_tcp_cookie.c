/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A backlog that is full: SYN cookies (RFC 4987, 3.6). No state is kept for the SYN, its options
 * survive as far as the cookie carries them, and nobody can make one up.
 */

#include <string.h>

#include "tcp_peer.h"

/* A listener whose backlog of two is in use. */
static void
full_backlog(void)
{
	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 2, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
	inject(SYN, .seq = P(0), .sport = 1001);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	inject(SYN, .seq = P(0), .sport = 1002);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
}

/* The cookie that a SYN from that port gets. */
static uint32_t
cookie_for(uint16_t port, uint16_t mss)
{
	const struct seg *seg;

	inject(SYN, .seq = P(0), .sport = port, .mss = mss);
	seg = take();
	CU_ASSERT_EQUAL(seg->flags, SYN | ACK);
	CU_ASSERT_EQUAL(seg->ack, P(1));
	CU_ASSERT_EQUAL(seg->dport, port);
	CU_ASSERT_NOT_EQUAL(seg->mss, 0);
	expect_nothing();
	return seg->seq;
}

static struct isla_tcp_info
info(void)
{
	struct isla_tcp_info i;

	isla_tcp_get_info(app.conn, &i);
	return i;
}

static void
a_syn_beyond_the_backlog_keeps_no_state(void)
{
	full_backlog();
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 2);
	cookie_for(1003, 1460);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LISTEN_OVERFLOWS), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_SENT), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 2);
	/* And it is not sent again by itself. */
	advance_us(400000);
	expect_nothing();
}

static void
a_cookie_opens_a_connection(void)
{
	uint32_t isn;

	full_backlog();
	isn = cookie_for(1003, 1460);
	inject(ACK, .seq = P(1), .ack = isn + 1, .sport = 1003);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_RECV), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_CURR_ESTAB), 1);
	inject(ACK | PSH, .seq = P(1), .ack = isn + 1, .len = 100, .sport = 1003);
	expect_received(100);
	app_send(100);
	CU_ASSERT_EQUAL(take()->seq, isn + 1);
	CU_ASSERT_EQUAL(peer.last.frame.seg.len, 100);
	CU_ASSERT_EQUAL(peer.last.frame.seg.ack, P(101));
}

static void
the_ack_may_bring_data(void)
{
	uint32_t isn;

	full_backlog();
	isn = cookie_for(1003, 1460);
	/* The bare ACK was lost, the request came. */
	inject(ACK | PSH, .seq = P(1), .ack = isn + 1, .len = 77, .sport = 1003);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	expect_received(77);
}

static void
the_mss_is_rounded_down(void)
{
	static const struct {
		uint16_t offered, used;
	} cases[] = {{1460, 1440}, {1440, 1440}, {1400, 1400}, {1399, 1360}, {1300, 1220},
		{600, 536}, {100, 88}, {9000, 1440}};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		uint16_t port = (uint16_t)(1100 + i), used = cases[i].used;
		uint32_t isn;

		peer_restart(&(const struct sim_host_conf){.number = 0});
		full_backlog();
		isn = cookie_for(port, cases[i].offered);
		inject(ACK, .seq = P(1), .ack = isn + 1, .sport = port);
		CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
		/* Over IPv4 a full frame has 20 bytes more. */
		if (!peer.is_v6 && cases[i].offered >= 1460)
			used = 1460;
		CU_ASSERT_EQUAL(info().snd_mss, used);
	}
}

/* With timestamps in the SYN, window scale and SACK survive, too. */
static void
timestamps_carry_the_options(void)
{
	/* SACK permitted, timestamp 1000, NOP, window scale 9. */
	static const uint8_t syn[] = {4, 2, 8, 10, 0, 0, 3, 0xe8, 0, 0, 0, 0, 1, 3, 3, 9};
	uint8_t ack[12] = {1, 1, 8, 10, 0, 0, 3, 0xe9};
	const struct seg *seg;
	const uint8_t *ts;
	uint32_t isn;

	full_backlog();
	inject(SYN, .seq = P(0), .sport = 1003, .mss = 1460, .opts = syn,
		.opts_len = sizeof(syn));
	seg = take();
	isn = seg->seq;
	CU_ASSERT_EQUAL(seg->flags, SYN | ACK);
	/* Its own timestamp comes back in the ACK. */
	for (ts = seg->opts; ts < seg->opts + seg->opts_len && ts[0] != 8;)
		ts += ts[0] == 1 ? 1 : ts[1];
	CU_ASSERT_FATAL(ts + 10 <= seg->opts + seg->opts_len);
	CU_ASSERT_EQUAL(memcmp(ts + 6, syn + 4, 4), 0);
	memcpy(ack + 8, ts + 2, 4);
	inject(ACK, .seq = P(1), .ack = isn + 1, .sport = 1003, .wnd = 100, .opts = ack,
		.opts_len = sizeof(ack));
	CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
	CU_ASSERT_EQUAL(info().snd_wscale, 9);
	CU_ASSERT_EQUAL(info().snd_wnd_bytes, 100u << 9);
	CU_ASSERT_TRUE(info().sack);
	CU_ASSERT_TRUE(info().timestamps);
}

static void
no_cookie_is_made_up(void)
{
	uint32_t isn, i;

	full_backlog();
	isn = cookie_for(1003, 1460);
	/* Another port, another sequence number, a bit flipped: each is refused. */
	inject(ACK, .seq = P(1), .ack = isn + 1, .sport = 1004);
	expect(RST, .seq = isn + 1, .dport = 1004);
	inject(ACK, .seq = P(2), .ack = isn + 1, .sport = 1003);
	expect(RST, .seq = isn + 1, .dport = 1003);
	for (i = 0; i < 32; i++) {
		inject(ACK, .seq = P(1), .ack = (isn ^ 1u << i) + 1, .sport = 1003);
		CU_ASSERT_EQUAL(take()->flags, RST);
	}
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_FAILED), 34);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 2);
}

static void
a_cookie_ages(void)
{
	uint32_t isn;

	full_backlog();
	isn = cookie_for(1003, 1460);
	advance_us(140000000);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = isn + 1, .sport = 1003);
	expect(RST, .seq = isn + 1, .dport = 1003);
	CU_ASSERT_EQUAL(app.nb_accept, 0);
}

static void
without_an_overflow_an_ack_is_reset(void)
{
	listen_on(80);
	inject(ACK, .seq = P(1), .ack = 12345, .sport = 1003);
	expect(RST, .seq = 12345, .dport = 1003);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_FAILED), 0);
}

/* Whoever completes the handshake makes room for the next SYN, which is then kept. */
static void
room_comes_back(void)
{
	uint32_t isn;

	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 1, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
	inject(SYN, .seq = P(0), .sport = 1001);
	isn = take()->seq;
	cookie_for(1003, 1460);
	inject(ACK, .seq = P(1), .ack = isn + 1, .sport = 1001);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	inject(SYN, .seq = P(0), .sport = 1004);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_SENT), 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_syn_beyond_the_backlog_keeps_no_state),
	SUITE_TEST(a_cookie_opens_a_connection),
	SUITE_TEST(the_ack_may_bring_data),
	SUITE_TEST(the_mss_is_rounded_down),
	SUITE_TEST(timestamps_carry_the_options),
	SUITE_TEST(no_cookie_is_made_up),
	SUITE_TEST(a_cookie_ages),
	SUITE_TEST(without_an_overflow_an_ack_is_reset),
	SUITE_TEST(room_comes_back),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
