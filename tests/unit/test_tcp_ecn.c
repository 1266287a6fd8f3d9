/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explicit congestion notification, RFC 3168: what the SYNs agree on (6.1.1), which packets are
 * sent as ECT (6.1.4 to 6.1.6), how a receiver echoes marks (6.1.3) and a sender answers them
 * (6.1.2).
 */

#include <errno.h>
#include <string.h>

#include "peer_opts.h"

static void
restart(enum isla_tcp_ecn ecn)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.ecn = (uint8_t)ecn});
}

/* The peer asks for it. */
static void
ecn_passive(void)
{
	listen_on(STACK_PORT);
	inject(SYN | ECE | CWR, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK | ECE, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	CU_ASSERT_TRUE(app_info().ecn);
}

static void
ecn_active(void)
{
	restart(ISLA_TCP_ECN_ON);
	app_connect();
	expect(SYN | ECE | CWR, .seq = S(0));
	inject(SYN | ACK | ECE, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_TRUE(app_info().ecn);
}

static uint32_t
mss(void)
{
	return app_info().snd_mss;
}

/* n full segments from S(1 + at) on, ECT; the first with these flags, too. */
static void
expect_new(uint32_t at, uint32_t n, uint8_t flags)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		expect((uint8_t)(ACK | flags), .seq = S(1 + at + i * mss()), .ack = P(1),
			.len = (uint16_t)mss(), .tos = ECT0);
		flags = 0;
	}
}

/* Negotiation. */

static void
a_syn_that_asks_is_agreed_to(void)
{
	ecn_passive();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_AGREED), 1);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100, .tos = ECT0);
}

static void
a_syn_that_does_not_ask_is_not(void)
{
	static const uint8_t flags[] = {SYN, SYN | ECE, SYN | CWR};
	size_t i;

	for (i = 0; i < RTE_DIM(flags); i++) {
		restart(ISLA_TCP_ECN_ON);
		listen_on(STACK_PORT);
		inject(flags[i], .seq = P(0), .mss = peer.mss);
		expect(SYN | ACK, .seq = S(0), .ack = P(1));
		inject(ACK, .seq = P(1), .ack = S(1));
		CU_ASSERT_FALSE(app_info().ecn);
		app_send(100);
		expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
		/* Nor does CE or ECE mean anything then. */
		inject(ACK | ECE, .seq = P(1), .ack = S(101), .len = 10, .tos = CE);
		advance_us(50000);
		expect(ACK, .seq = S(101), .ack = P(11));
		CU_ASSERT_FALSE(app_info().in_cwr);
	}
}

static void
off_is_off(void)
{
	restart(ISLA_TCP_ECN_OFF);
	listen_on(STACK_PORT);
	inject(SYN | ECE | CWR, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	restart(ISLA_TCP_ECN_OFF);
	app_connect();
	expect(SYN, .seq = S(0));
	restart(ISLA_TCP_ECN_PASSIVE);
	app_connect();
	expect(SYN, .seq = S(0));
	/* An answer to what nobody asked is none. */
	inject(SYN | ACK | ECE, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_FALSE(app_info().ecn);
}

static void
passive_is_the_default(void)
{
	struct sim_host_conf conf = {.number = 3};
	struct sim_host host;
	struct rte_mbuf **pkts;
	struct frame f;
	struct isla_tcp_ends ends = {.remote_port = 80};
	uint16_t nb;

	sim_host_init(&host, &conf);
	isla_addr_parse("192.168.1.1", &ends.remote);
	isla_tcp_connect(isla_stack_tcp(host.stack), &ends, &app_ops, &app, NULL);
	isla_stack_flush(host.stack, 0);
	/* Whom it asks for is not there yet: answer for him. */
	nb = isla_stack_output(host.stack, 0, &pkts);
	CU_ASSERT_EQUAL_FATAL(nb, 1);
	frame_parse(rte_pktmbuf_mtod(pkts[0], uint8_t *), pkts[0]->pkt_len, &f);
	CU_ASSERT_EQUAL_FATAL(f.kind, FRAME_ARP_REQ);
	{
		uint8_t buf[256];
		uint32_t len = frame_build_resolved(buf, &f, (const uint8_t *)"\x02\0\0\0\0\x09");
		struct rte_mbuf *m = sim_mbuf(host.pool, buf, len, 14, NULL);

		rte_pktmbuf_free(pkts[0]);
		isla_stack_sent(host.stack, 0, nb);
		isla_stack_input(host.stack, 0, &m, 1, 0);
		isla_stack_flush(host.stack, 0);
	}
	nb = isla_stack_output(host.stack, 0, &pkts);
	CU_ASSERT_EQUAL_FATAL(nb, 1);
	frame_parse(rte_pktmbuf_mtod(pkts[0], uint8_t *), pkts[0]->pkt_len, &f);
	CU_ASSERT_EQUAL(f.seg.flags, SYN);
	rte_pktmbuf_free(pkts[0]);
	isla_stack_sent(host.stack, 0, nb);
	CU_ASSERT_EQUAL(sim_host_fini(&host), 0);
}

static void
the_answer_must_have_ece_alone(void)
{
	static const struct {
		uint8_t flags;
		bool ecn;
	} cases[] = {{SYN | ACK | ECE, true}, {SYN | ACK, false}, {SYN | ACK | ECE | CWR, false},
		{SYN | ACK | CWR, false}};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		restart(ISLA_TCP_ECN_ON);
		app_connect();
		expect(SYN | ECE | CWR, .seq = S(0));
		inject(cases[i].flags, .seq = P(0), .ack = S(1), .mss = peer.mss);
		expect(ACK, .seq = S(1), .ack = P(1));
		CU_ASSERT_EQUAL(app_info().ecn, cases[i].ecn);
		app_send(100);
		expect(ACK, .seq = S(1), .ack = P(1), .len = 100,
			.tos = cases[i].ecn ? ECT0 : 0);
	}
}

/* 6.1.1.1: the first SYN is lost, or somebody on the way throws such SYNs away. */
static void
a_syn_without_answer_goes_without(void)
{
	restart(ISLA_TCP_ECN_ON);
	app_connect();
	expect(SYN | ECE | CWR, .seq = S(0));
	expect_after(1000000, SYN, .seq = S(0));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_FALLBACKS), 1);
	expect_after(2000000, SYN, .seq = S(0));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_FALLBACKS), 1);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_FALSE(app_info().ecn);
}

/* The first one came late: the peer may send ECT, and we must echo; we must send none ourselves. */
static void
after_falling_back_we_only_echo(void)
{
	restart(ISLA_TCP_ECN_ON);
	app_connect();
	expect(SYN | ECE | CWR, .seq = S(0));
	expect_after(1000000, SYN, .seq = S(0));
	inject(SYN | ACK | ECE, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1));
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	inject(ACK | ECE, .seq = P(1), .ack = S(101), .len = 10, .tos = CE);
	expect(ACK | ECE, .seq = S(101), .ack = P(11));
	CU_ASSERT_FALSE(app_info().in_cwr);
}

static void
a_reset_of_the_syn_is_asked_again(void)
{
	restart(ISLA_TCP_ECN_ON);
	app_connect();
	expect(SYN | ECE | CWR, .seq = S(0));
	/* One that could be anybody's is not. */
	inject(RST | ACK, .seq = 0, .ack = S(7));
	expect_nothing();
	inject(RST, .seq = 0);
	expect_nothing();
	inject(RST | ACK, .seq = 0, .ack = S(1));
	expect(SYN, .seq = S(0));
	CU_ASSERT_EQUAL(app.nb_error, 0);
	inject(RST | ACK, .seq = 0, .ack = S(1));
	expect_nothing();
	CU_ASSERT_EQUAL(app.err, ECONNREFUSED);
}

static void
a_second_syn_without_ends_the_agreement(void)
{
	listen_on(STACK_PORT);
	inject(SYN | ECE | CWR, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK | ECE, .seq = S(0), .ack = P(1));
	/* Ours comes again as it was. */
	expect_after(1000000, SYN | ACK | ECE, .seq = S(0), .ack = P(1));
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_FALSE(app_info().ecn);
}

static void
simultaneous_open_agrees(void)
{
	restart(ISLA_TCP_ECN_ON);
	app_connect();
	expect(SYN | ECE | CWR, .seq = S(0));
	inject(SYN | ECE | CWR, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK | ECE, .seq = S(0), .ack = P(1));
	inject(SYN | ACK | ECE, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_TRUE(app_info().ecn);
	restart(ISLA_TCP_ECN_ON);
	app_connect();
	expect(SYN | ECE | CWR, .seq = S(0));
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	CU_ASSERT_FALSE(app_info().ecn);
}

/* Who marks SYNs writes into a field that he does not understand. */
static void
a_syn_that_is_ect_is_not_agreed_to(void)
{
	uint8_t tos;

	for (tos = ECT1; tos <= CE; tos++) {
		restart(ISLA_TCP_ECN_ON);
		listen_on(STACK_PORT);
		inject(SYN | ECE | CWR, .seq = P(0), .mss = peer.mss, .tos = tos);
		expect(SYN | ACK, .seq = S(0), .ack = P(1));
	}
}

/* A SYN cookie remembers it in our timestamp. */
static void
a_cookie_remembers(void)
{
	/* SACK permitted, timestamp 1000. */
	static const uint8_t syn[] = {4, 2, 8, 10, 0, 0, 3, 0xe8, 0, 0, 0, 0};
	uint8_t ack[12] = {1, 1, 8, 10, 0, 0, 3, 0xe9}, turn;
	const struct seg *seg;

	for (turn = 0; turn < 2; turn++) {
		restart(ISLA_TCP_ECN_ON);
		app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 1, &app_ops, &app,
			NULL);
		inject(SYN, .seq = P(0), .sport = 1001);
		take();
		inject((uint8_t)(SYN | (turn ? ECE | CWR : 0)), .seq = P(0), .sport = 1003,
			.mss = 1460, .opts = syn, .opts_len = sizeof(syn));
		seg = take();
		CU_ASSERT_EQUAL(seg->flags, SYN | ACK | (turn ? ECE : 0));
		CU_ASSERT_PTR_NOT_NULL_FATAL(opts_find(seg, KIND_TIMESTAMPS));
		memcpy(ack + 8, opts_find(seg, KIND_TIMESTAMPS) + 2, 4);
		inject(ACK, .seq = P(1), .ack = seg->seq + 1, .sport = 1003, .opts = ack,
			.opts_len = sizeof(ack));
		CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
		CU_ASSERT_EQUAL(app_info().ecn, turn != 0);
		CU_ASSERT_TRUE(app_info().sack);
	}
	/* Without timestamps there is no room for it. */
	inject(SYN | ECE | CWR, .seq = P(0), .sport = 1004, .mss = 1460);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
}

/* What is sent as ECT. */

static void
only_new_data_is_ect(void)
{
	ecn_active();
	/* An ACK is not, data is, a retransmission is not, and has no CWR. */
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10, .tos = ECT0);
	advance_us(50000);
	expect(ACK, .seq = S(1), .ack = P(11));
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(11), .len = 100, .tos = ECT0);
	advance_to_frame(1000000);
	expect(ACK, .seq = S(1), .ack = P(11), .len = 100);
	inject(ACK, .seq = P(11), .ack = S(101));
	/* The timeout has reduced the window: the next new segment says so. */
	app_send(100);
	expect(ACK | CWR, .seq = S(101), .ack = P(11), .len = 100, .tos = ECT0);
	inject(ACK, .seq = P(11), .ack = S(201));
	/* A FIN alone is no data. */
	app_shutdown();
	expect(FIN | ACK, .seq = S(201), .ack = P(11));
}

static void
a_window_probe_is_not_ect(void)
{
	ecn_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
	app_send(100);
	expect_nothing();
	advance_to_frame(2000000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 1);
	/* Its byte goes again with those behind it: not new data as a whole. */
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 1000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	inject(ACK, .seq = P(1), .ack = S(101), .wnd = 1000);
	app_send(100);
	expect(ACK, .seq = S(101), .ack = P(1), .len = 100, .tos = ECT0);
}

static void
the_ds_field_stays_beside_it(void)
{
	struct isla_tcp_opts opts = {.tos = 0xb8};

	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, 16, &app_ops, &app, &opts);
	inject(SYN | ECE | CWR, .seq = P(0), .mss = peer.mss);
	CU_ASSERT_EQUAL(take()->tos, 0xb8);
	inject(ACK, .seq = P(1), .ack = S(1));
	app_send(100);
	CU_ASSERT_EQUAL(take()->tos, 0xb8 | ECT0);
}

/* The receiver: 6.1.3. */

static void
ce_is_echoed_until_cwr(void)
{
	ecn_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10, .tos = ECT0);
	advance_us(50000);
	expect(ACK, .seq = S(1), .ack = P(11));
	/* The first mark is told at once. */
	inject(ACK, .seq = P(11), .ack = S(1), .len = 10, .tos = CE);
	expect(ACK | ECE, .seq = S(1), .ack = P(21));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_IN_CE), 1);
	/* Every ACK, whether what it acknowledges was marked or not; with data, too. */
	inject(ACK, .seq = P(21), .ack = S(1), .len = 10, .tos = ECT0);
	advance_us(50000);
	expect(ACK | ECE, .seq = S(1), .ack = P(31));
	app_send(10);
	expect(ACK | ECE, .seq = S(1), .ack = P(31), .len = 10, .tos = ECT0);
	/* CWR ends it. */
	inject(ACK | CWR, .seq = P(31), .ack = S(11), .len = 10, .tos = ECT0);
	expect(ACK, .seq = S(11), .ack = P(41));
	/* One that is marked itself begins anew. */
	inject(ACK | CWR, .seq = P(41), .ack = S(11), .len = 10, .tos = CE);
	expect(ACK | ECE, .seq = S(11), .ack = P(51));
	/* A pure ACK with CWR is none of the first new data. */
	inject(ACK | CWR, .seq = P(51), .ack = S(11));
	inject(ACK, .seq = P(51), .ack = S(11), .len = 10);
	advance_us(50000);
	expect(ACK | ECE, .seq = S(11), .ack = P(61));
}

static void
ect1_is_as_good_as_ect0(void)
{
	ecn_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10, .tos = ECT1);
	advance_us(50000);
	expect(ACK, .seq = S(1), .ack = P(11));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_IN_CE), 0);
}

/* 6.1.5: what anybody could send, knowing no sequence number. */
static void
marks_outside_the_window_mean_nothing(void)
{
	ecn_passive();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10);
	advance_us(50000);
	expect(ACK, .seq = S(1), .ack = P(11));
	/* Old. */
	inject(ACK, .seq = P(1), .ack = S(1), .len = 10, .tos = CE);
	expect(ACK, .seq = S(1), .ack = P(11));
	/* Far ahead. */
	inject(ACK, .seq = P(0x40000000), .ack = S(1), .len = 10, .tos = CE);
	expect(ACK, .seq = S(1), .ack = P(11));
	/* A pure ACK is not ECT, and a mark on it forged or an error. */
	inject(ACK, .seq = P(11), .ack = S(1), .tos = CE);
	inject(ACK, .seq = P(11), .ack = S(1), .len = 10);
	advance_us(50000);
	expect(ACK, .seq = S(1), .ack = P(21));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_IN_CE), 0);
	/* An old CWR does not end an echo that is younger. */
	inject(ACK, .seq = P(21), .ack = S(1), .len = 10, .tos = CE);
	expect(ACK | ECE, .seq = S(1), .ack = P(31));
	inject(ACK | CWR, .seq = P(11), .ack = S(1), .len = 10);
	expect(ACK | ECE, .seq = S(1), .ack = P(31));
	/* Out of order, but inside the window: it counts. */
	inject(ACK | CWR, .seq = P(41), .ack = S(1), .len = 10);
	expect(ACK, .seq = S(1), .ack = P(31));
	inject(ACK, .seq = P(51), .ack = S(1), .len = 10, .tos = CE);
	expect(ACK | ECE, .seq = S(1), .ack = P(31));
}

static void
a_closed_window_ignores_marks_on_probes(void)
{
	uint32_t n = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.rcvbuf_bytes = 4000, .no_autotune = true});
	ecn_passive();
	app.no_read = true;
	while (app_info().rcv_wnd_bytes > 0) {
		uint32_t len = RTE_MIN(app_info().rcv_wnd_bytes, 1000u);

		inject(ACK, .seq = P(1 + n), .ack = S(1), .len = (uint16_t)len, .tos = ECT0);
		n += len;
	}
	advance_us(50000);
	peer_drain();
	inject(ACK, .seq = P(1 + n), .ack = S(1), .len = 1, .tos = CE);
	expect(ACK, .seq = S(1), .ack = P(1 + n));
}

/* The sender: 6.1.2. */

/* The RFC's own algorithm: half a window. */
static void
ecn_newreno(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.cc = "newreno"});
	ecn_passive();
}

static void
ece_halves_the_window_once_a_round_trip(void)
{
	uint32_t m, cwnd;

	ecn_newreno();
	m = mss();
	app_send(30 * m);
	expect_new(0, 10, 0);
	expect_nothing();
	cwnd = app_info().snd_cwnd_bytes;
	CU_ASSERT_EQUAL(cwnd, 10 * m);
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + m));
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, app_info().snd_ssthresh_bytes);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= cwnd / 2);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= cwnd / 2 - m);
	CU_ASSERT_TRUE(app_info().in_cwr);
	CU_ASSERT_EQUAL(app_info().delivered_ce_bytes, m);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 1);
	cwnd = app_info().snd_cwnd_bytes;
	/* All of that window tells of the same. */
	expect_nothing();
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + 7 * m));
	/* What may leave then is new, and the first says that we have understood. */
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	expect_new(10 * m, 1, CWR);
	while (peer_nb_pending() > 0)
		CU_ASSERT_EQUAL(take()->flags & (CWR | ECE), 0);
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + 10 * m));
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, cwnd);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 1);
	while (peer_nb_pending() > 0)
		CU_ASSERT_EQUAL(take()->flags & (CWR | ECE), 0);
	/* The peer has seen CWR, and marks again. */
	inject(ACK, .seq = P(1), .ack = S(1 + 11 * m));
	CU_ASSERT_FALSE(app_info().in_cwr);
	peer_drain();
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + 12 * m));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 2);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes < cwnd);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RETRANS_SEGS), 0);
}

static void
an_ack_with_ece_opens_no_window(void)
{
	uint32_t m;

	ecn_newreno();
	m = mss();
	app_send(10 * m);
	peer_drain();
	/* Slow start would add one. */
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + m));
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 5 * m);
}

static void
ece_for_nothing_in_flight_is_ignored(void)
{
	ecn_newreno();
	inject(ACK | ECE, .seq = P(1), .ack = S(1));
	inject(ACK | ECE, .seq = P(1), .ack = S(1), .len = 10);
	CU_ASSERT_FALSE(app_info().in_cwr);
	/* An old ACK, too. */
	app_send(100);
	inject(ACK, .seq = P(11), .ack = S(101));
	app_send(100);
	inject(ACK | ECE, .seq = P(11), .ack = S(1));
	CU_ASSERT_FALSE(app_info().in_cwr);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 0);
	/* And what we never sent. */
	inject(ACK | ECE, .seq = P(11), .ack = S(5000));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 0);
}

/* A loss in the window that was reduced already, without SACK: repaired, not punished again. */
static void
a_loss_in_the_same_window_reduces_no_more(void)
{
	uint32_t m, ssthresh, i;

	ecn_newreno();
	m = mss();
	app_send(30 * m);
	peer_drain();
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + m));
	ssthresh = app_info().snd_ssthresh_bytes;
	for (i = 0; i < 3; i++)
		inject(ACK | ECE, .seq = P(1), .ack = S(1 + m));
	CU_ASSERT_TRUE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, ssthresh);
	/* The retransmission is neither ECT nor has it CWR. */
	expect(ACK, .seq = S(1 + m), .ack = P(1), .len = (uint16_t)m);
}

/* The other way round: ECE in recovery is no news. The reduction is told by CWR all the same. */
static void
ece_in_recovery_reduces_no_more(void)
{
	uint32_t m, ssthresh, i;

	ecn_newreno();
	m = mss();
	app_send(30 * m);
	peer_drain();
	for (i = 0; i < 3; i++)
		inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_TRUE(app_info().in_recovery);
	ssthresh = app_info().snd_ssthresh_bytes;
	while (peer_nb_pending() > 0 && take()->seq != S(1))
		;
	CU_ASSERT_EQUAL(peer.last.frame.seg.tos, 0);
	CU_ASSERT_EQUAL(peer.last.frame.seg.flags & CWR, 0);
	peer_drain();
	/* The ACK that ends it comes from before our CWR. */
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + 12 * m));
	CU_ASSERT_FALSE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_ssthresh_bytes, ssthresh);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 0);
	for (i = 0; peer_nb_pending() > 0; i++)
		CU_ASSERT_EQUAL(take()->flags & CWR, i == 0 ? CWR : 0);
	CU_ASSERT_TRUE(i > 0);
}

/* 6.1.2: a window of one segment cannot be halved. It waits for the retransmission timer instead.
 */
static void
a_window_of_one_segment_waits(void)
{
	uint32_t m;
	uint64_t rto_us;

	ecn_newreno();
	m = mss();
	/* A timeout leaves one segment; an ACK with ECE does not make it two. */
	app_send(m);
	peer_drain();
	advance_to_frame(2000000);
	peer_drain();
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + m));
	CU_ASSERT_EQUAL_FATAL(app_info().snd_cwnd_bytes, m);
	app_send(m);
	expect_new(m, 1, CWR);
	inject(ACK, .seq = P(1), .ack = S(1 + m));
	inject(ACK | ECE, .seq = P(1), .ack = S(1 + 2 * m));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_ECN_REDUCTIONS), 1);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, m);
	app_send(3 * m);
	rto_us = app_info().rto_us;
	expect_nothing();
	CU_ASSERT_TRUE(advance_to_frame(2 * rto_us) + 1 >= rto_us);
	expect_new(2 * m, 1, CWR);
	expect_nothing();
	/* That was no loss, and the next ACK lets the next one go. */
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
	inject(ACK, .seq = P(1), .ack = S(1 + 3 * m));
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_syn_that_asks_is_agreed_to),
	SUITE_TEST(a_syn_that_does_not_ask_is_not),
	SUITE_TEST(off_is_off),
	SUITE_TEST(passive_is_the_default),
	SUITE_TEST(the_answer_must_have_ece_alone),
	SUITE_TEST(a_syn_without_answer_goes_without),
	SUITE_TEST(after_falling_back_we_only_echo),
	SUITE_TEST(a_reset_of_the_syn_is_asked_again),
	SUITE_TEST(a_second_syn_without_ends_the_agreement),
	SUITE_TEST(simultaneous_open_agrees),
	SUITE_TEST(a_syn_that_is_ect_is_not_agreed_to),
	SUITE_TEST(a_cookie_remembers),
	SUITE_TEST(only_new_data_is_ect),
	SUITE_TEST(a_window_probe_is_not_ect),
	SUITE_TEST(the_ds_field_stays_beside_it),
	SUITE_TEST(ce_is_echoed_until_cwr),
	SUITE_TEST(ect1_is_as_good_as_ect0),
	SUITE_TEST(marks_outside_the_window_mean_nothing),
	SUITE_TEST(a_closed_window_ignores_marks_on_probes),
	SUITE_TEST(ece_halves_the_window_once_a_round_trip),
	SUITE_TEST(an_ack_with_ece_opens_no_window),
	SUITE_TEST(ece_for_nothing_in_flight_is_ignored),
	SUITE_TEST(a_loss_in_the_same_window_reduces_no_more),
	SUITE_TEST(ece_in_recovery_reduces_no_more),
	SUITE_TEST(a_window_of_one_segment_waits),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
