/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that outlive their programs: TIME-WAIT, its protection (RFC 1337) and its early end
 * by a new SYN (RFC 6191, RFC 1122, 4.2.2.13), and the bound on orphans.
 */

#include "peer_opts.h"
#include "tcp_peer.h"

#define TIME_WAIT_US 60000000ull

/* TIME-WAIT after a connection with timestamps or without; the peer's last one is in
 * peer_opts.ts_val. */
static void
enter(bool ts)
{
	peer_restart(&(const struct sim_host_conf){0});
	establish_opts(false, ts, 10000);
	app_close();
	peer_drain();
	inject_opts(ACK, .seq = P(1), .ack = S(2));
	inject_opts(FIN | ACK, .seq = P(1), .ack = S(2));
	CU_ASSERT_EQUAL(take()->ack, P(2));
	expect_nothing();
}

/* Inject a SYN, with a timestamp that lies ts_ahead after the last one, or with none. */
static void
inject_syn(uint32_t seq, bool ts, int32_t ts_ahead)
{
	struct opts o = {.len = 0};

	if (ts)
		opts_put_timestamps(&o, peer_opts.ts_val + (uint32_t)ts_ahead, 0);
	inject(SYN, .seq = seq, .mss = peer.mss, .opts = o.bytes, .opts_len = o.len);
}

/* The table of RFC 6191, 2. */
static void
syn_in_time_wait(void)
{
	static const struct {
		bool had_ts, ts;
		int32_t ts_ahead, seq_ahead;
		bool opens;
	} cases[] = {
		{true, true, 1, 1000, true},
		{true, true, 1, -1000, true},
		{true, true, 1, 0x7fffff00, true},
		{true, true, 0, 1000, true},
		{true, true, 0, 0, false},
		{true, true, 0, -1000, false},
		{true, true, -1, 1000, false},
		{true, true, -1, -1000, false},
		{true, true, INT32_MIN + 10, 1000, false},
		{true, false, 0, 1000, true},
		{true, false, 0, 0, false},
		{true, false, 0, -1000, false},
		{false, true, 0, 1000, true},
		{false, true, 0, -1000, true},
		{false, false, 0, 1000, true},
		{false, false, 0, 0, false},
		{false, false, 0, -1000, false},
	};
	char name[16];
	unsigned int i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		uint32_t seq, snd_nxt;

		snprintf(name, sizeof(name), "case %u", i);
		enter(cases[i].had_ts);
		peer.context = name;
		seq = P(2) + (uint32_t)cases[i].seq_ahead;
		snd_nxt = S(2);
		inject_syn(seq, cases[i].ts, cases[i].ts_ahead);
		if (!cases[i].opens) {
			/* The old connection is still there. */
			if (peer_nb_pending() > 0)
				expect(ACK, .seq = S(2), .ack = P(2));
			expect_nothing();
			CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 1);
			continue;
		}
		CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
		CU_ASSERT_EQUAL(peer.last.frame.seg.ack, seq + 1);
		CU_ASSERT_TRUE((int32_t)(peer.last.frame.seg.seq - snd_nxt) > 0);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 2);
		CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS) != NULL,
			cases[i].ts);
		/* And it works. */
		peer.irs = peer.last.frame.seg.seq;
		peer.iss = seq;
		peer_opts.ts = false;
		if (!cases[i].ts) {
			inject(ACK, .seq = P(1), .ack = S(1));
			CU_ASSERT_EQUAL(app.nb_accept, 2);
		}
	}
}

/* Where timestamps are switched off, those of a SYN say nothing. */
static void
syn_with_timestamps_that_are_not_wanted(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.no_timestamps = true});
	time_wait();
	inject_syn(P(-1000), true, 5);
	expect(ACK, .seq = S(2), .ack = P(2));
	inject_syn(P(1000), true, 5);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
}

/* With ACK, RST or without a listener it is no beginning. */
static void
syn_that_opens_nothing(void)
{
	time_wait();
	inject(SYN | ACK, .seq = P(1000), .ack = S(2), .mss = peer.mss);
	expect(ACK, .seq = S(2), .ack = P(2));
	inject(SYN | RST, .seq = P(1000), .mss = peer.mss);
	expect(ACK, .seq = S(2), .ack = P(2));
	isla_tcp_listener_set_room(app.listener, 0);
	inject(SYN, .seq = P(1000), .mss = peer.mss);
	expect(ACK, .seq = S(2), .ack = P(2));
	isla_tcp_unlisten(app.listener);
	inject(SYN, .seq = P(1000), .mss = peer.mss);
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_state(ISLA_TCP_TIME_WAIT);
}

/* RFC 1337: TIME-WAIT is not assassinated: neither by a reset nor by what brings one about. */
static void
reset_does_not_end_time_wait(void)
{
	time_wait();
	inject(RST, .seq = P(2));
	inject(RST | ACK, .seq = P(2), .ack = S(2));
	expect_nothing();
	inject(RST, .seq = P(3));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_state(ISLA_TCP_TIME_WAIT);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_RST), 3);
	/* Old data are acknowledged, the peer's reset of that is ignored. */
	inject(ACK, .seq = P(1), .ack = S(1), .len = 1);
	expect(ACK, .seq = S(2), .ack = P(2));
	inject(RST, .seq = P(2));
	advance_us(TIME_WAIT_US - 1000000);
	expect_state(ISLA_TCP_TIME_WAIT);
	advance_us(1100000);
	expect_state(ISLA_TCP_CLOSED);
}

/* The peer's FIN once more restarts 2 MSL, nothing else does. */
static void
fin_restarts_two_msl(void)
{
	time_wait();
	advance_us(40000000);
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	advance_us(40000000);
	expect_state(ISLA_TCP_TIME_WAIT);
	inject(ACK, .seq = P(2), .ack = S(2));
	inject(RST, .seq = P(2));
	advance_us(21000000);
	expect_state(ISLA_TCP_CLOSED);
}

/* Figure 12 of RFC 9293: both close at once, both wait. */
static void
simultaneous_close(void)
{
	closing();
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_state(ISLA_TCP_TIME_WAIT);
	advance_us(TIME_WAIT_US + 1000000);
	expect_state(ISLA_TCP_CLOSED);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* Figure 10: we have gone and come back, the peer has not noticed. */
static void
half_open_is_recovered(void)
{
	syn_sent();
	inject(ACK, .seq = P(300), .ack = S(-100));
	expect(RST, .seq = S(-100));
	/* The peer has understood; our SYN comes again. */
	expect_after(1000000, SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1));
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* A new connection from another port of the peer's, closed by the program in FIN-WAIT-1. */
static void
orphan(uint16_t port)
{
	peer.port = port;
	peer.irs_known = false;
	inject(SYN, .seq = P(0), .mss = peer.mss);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	app_close();
}

/* Beyond the bound, the one that has been silent longest is reset. */
static void
orphans_are_bounded(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_orphans = 4, .max_conns = 64});
	listen_on(STACK_PORT);
	for (i = 0; i < 4; i++) {
		orphan((uint16_t)(2000 + i));
		CU_ASSERT_EQUAL(take()->flags, FIN | ACK);
		advance_us(10000);
	}
	expect_nothing();
	for (i = 0; i < 3; i++) {
		bool rst = false, fin = false;

		orphan((uint16_t)(3000 + i));
		while (peer_nb_pending() > 0) {
			uint16_t port;

			CU_ASSERT_TRUE(peer.queue[peer.head].frame.seg.flags & ACK);
			port = take()->dport;
			if (peer.last.frame.seg.flags & RST) {
				CU_ASSERT_EQUAL(port, 2000 + i);
				rst = true;
			} else if (port == 3000 + i) {
				fin = (peer.last.frame.seg.flags & FIN) != 0;
			}
		}
		CU_ASSERT_TRUE(rst);
		CU_ASSERT_TRUE(fin);
		CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ORPHANS_RESET), i + 1);
		advance_us(10000);
		peer_drain();
	}
}

/* Where the end comes by itself, there is room again: the count is exact. */
static void
orphans_that_end_make_room(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_orphans = 2, .max_conns = 64});
	listen_on(STACK_PORT);
	for (i = 0; i < 20; i++) {
		orphan((uint16_t)(2000 + i));
		CU_ASSERT_EQUAL(take()->flags, FIN | ACK);
		switch (i % 4) {
		case 0: /* to TIME-WAIT */
			inject(FIN | ACK, .seq = P(1), .ack = S(2));
			CU_ASSERT_EQUAL(take()->ack, P(2));
			break;
		case 1:
			inject(RST, .seq = P(1));
			break;
		case 2: /* by its own time */
			inject(ACK, .seq = P(1), .ack = S(2));
			advance_us(TIME_WAIT_US + 1000000);
			break;
		default: /* nobody answers */
			advance_us(2000000000);
			peer_drain();
			break;
		}
		expect_nothing();
	}
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ORPHANS_RESET), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(syn_in_time_wait),
	SUITE_TEST(syn_with_timestamps_that_are_not_wanted),
	SUITE_TEST(syn_that_opens_nothing),
	SUITE_TEST(reset_does_not_end_time_wait),
	SUITE_TEST(fin_restarts_two_msl),
	SUITE_TEST(simultaneous_close),
	SUITE_TEST(half_open_is_recovered),
	SUITE_TEST(orphans_are_bounded),
	SUITE_TEST(orphans_that_end_make_room),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
