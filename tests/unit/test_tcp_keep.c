/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a peer may be silent: keep-alive (RFC 9293, 3.8.4), the user timeout (RFC 5482), R1 and
 * R2 (RFC 9293, 3.8.3), soft errors (3.9.1.8).
 */

#include <errno.h>

#include "peer_icmp.h"
#include "tcp_peer.h"
#include "tcp_priv.h"

#define S_US 1000000ull

static void
keep_alive(uint16_t idle_s, uint16_t intvl_s, uint8_t cnt)
{
	struct isla_tcp_opts opts = app_opts();

	opts.keepalive = true;
	opts.keep_idle_s = idle_s;
	opts.keep_intvl_s = intvl_s;
	opts.keep_cnt = cnt;
	app_set_opts(&opts);
}

static void
user_timeout(uint32_t ms)
{
	struct isla_tcp_opts opts = app_opts();

	opts.user_timeout_ms = ms;
	app_set_opts(&opts);
}

/* Nobody has asked for it: nothing is ever sent (MUST-25). */
static void
keepalive_is_off_by_default(void)
{
	established_passive();
	CU_ASSERT_FALSE(app_opts().keepalive);
	CU_ASSERT_EQUAL(app_opts().keep_idle_s, 7200);
	advance_us(100000 * S_US);
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* The stack's own default: whoever says nothing of it has it, with settings of his own or without.
 */
static void
keepalive_by_default(void)
{
	const struct isla_tcp_conf conf = {.keepalive = true, .keep_idle_s = 10};
	const struct isla_tcp_opts own = {.nodelay = true};

	peer_restart_tcp(&conf);
	established_passive();
	CU_ASSERT_TRUE(app_opts().keepalive);
	app_set_opts(&own);
	CU_ASSERT_TRUE(app_opts().keepalive);
	expect_after(10 * S_US, ACK, .seq = S(0), .ack = P(1));
}

/* The default: two hours, then every 75 s, nine times (MUST-28). */
static void
keepalive_waits_two_hours(void)
{
	struct isla_tcp_opts opts;
	unsigned int i;

	established_passive();
	opts = app_opts();
	opts.keepalive = true;
	app_set_opts(&opts);
	expect_after(7200 * S_US, ACK, .seq = S(0), .ack = P(1));
	CU_ASSERT_EQUAL(app_info().probes, 1);
	for (i = 1; i < 9; i++)
		expect_after(75 * S_US, ACK, .seq = S(0), .ack = P(1));
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_after(75 * S_US, RST | ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_KEEPALIVES), 9);
	expect_closed();
}

/* A probe that is answered begins a new interval (MUST-26), and one that is not answered means
 * nothing yet (MUST-29). */
static void
keepalive_answer_begins_anew(void)
{
	unsigned int i;

	established_passive();
	keep_alive(10, 3, 2);
	for (i = 0; i < 5; i++) {
		expect_after((i == 0 ? 10 : 7) * S_US, ACK, .seq = S(0), .ack = P(1));
		expect_after(3 * S_US, ACK, .seq = S(0), .ack = P(1));
		inject(ACK, .seq = P(1), .ack = S(1));
		CU_ASSERT_EQUAL(app_info().probes, 0);
		advance_us(3 * S_US);
	}
	expect_state(ISLA_TCP_ESTABLISHED);
	expect_nothing();
}

/* The answer comes where the interval is longer than the idle time. */
static void
keepalive_interval_longer_than_idle(void)
{
	unsigned int i;

	established_passive();
	keep_alive(5, 20, 1);
	for (i = 0; i < 4; i++) {
		expect_after((i == 0 ? 5 : 19) * S_US, ACK, .seq = S(0), .ack = P(1));
		advance_us(S_US);
		inject(ACK, .seq = P(1), .ack = S(1));
	}
	expect_after(19 * S_US, ACK, .seq = S(0), .ack = P(1));
	expect_after(20 * S_US, RST | ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
}

/* Whatever the peer sends shows that it is there: data, its own probe. */
static void
keepalive_any_segment_resets(void)
{
	established_passive();
	keep_alive(10, 3, 1);
	advance_us(9 * S_US);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	advance_us(1 * S_US);
	peer_drain();
	advance_us(8 * S_US);
	expect_nothing();
	inject(ACK, .seq = P(100), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(101));
	expect_after(10 * S_US, ACK, .seq = S(0), .ack = P(101));
	inject(ACK, .seq = P(100), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(101));
	expect_after(10 * S_US, ACK, .seq = S(0), .ack = P(101));
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* Never while something is in flight or waits for a window (MUST-26). */
static void
keepalive_not_while_data_is_in_flight(void)
{
	uint32_t nb = 0;

	established_passive();
	keep_alive(1, 1, 1);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	advance_us(10 * S_US);
	while (peer_nb_pending() > 0) {
		CU_ASSERT_EQUAL(take()->len, 100);
		nb++;
	}
	CU_ASSERT_TRUE(nb >= 4);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK, .seq = P(1), .ack = S(101), .wnd = WND_ZERO);
	app_send(100);
	advance_us(10 * S_US);
	while (peer_nb_pending() > 0)
		CU_ASSERT_EQUAL(take()->len, 1);
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_KEEPALIVES), 0);
}

/* In each state where nothing may happen for long, and in no other. */
static void
keepalive_in_every_state(void)
{
	unsigned int i;

	for (i = 0; i < LADDER_NB; i++) {
		const struct ladder *l = &ladder[i];

		ladder_enter(l);
		if (app.conn == NULL)
			continue;
		keep_alive(2, 1, 2);
		if (l->state & (ISLA_TCP_ESTABLISHED | ISLA_TCP_CLOSE_WAIT | ISLA_TCP_FIN_WAIT_2)) {
			expect_after(2 * S_US, ACK, .seq = S(l->snd_nxt - 1),
				.ack = P(l->rcv_nxt));
			expect_after(1 * S_US, ACK, .seq = S(l->snd_nxt - 1),
				.ack = P(l->rcv_nxt));
			expect_after(1 * S_US, RST | ACK, .seq = S(l->snd_nxt),
				.ack = P(l->rcv_nxt));
			CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
		} else {
			advance_us(20 * S_US);
			CU_ASSERT_EQUAL(counter(ISLA_C_TCP_KEEPALIVES), 0);
			peer_drain();
			expect_state(l->state);
		}
	}
}

/* Switched on and off, and changed, while it runs. */
static void
keepalive_is_changed_live(void)
{
	struct isla_tcp_opts opts;

	established_active();
	keep_alive(100, 10, 3);
	advance_us(50 * S_US);
	keep_alive(60, 10, 3);
	expect_after(10 * S_US, ACK, .seq = S(0), .ack = P(1));
	keep_alive(60, 2, 3);
	expect_after(2 * S_US, ACK, .seq = S(0), .ack = P(1));
	opts = app_opts();
	opts.keepalive = false;
	app_set_opts(&opts);
	advance_us(1000 * S_US);
	expect_nothing();
	opts.keepalive = true;
	app_set_opts(&opts);
	inject(ACK, .seq = P(1), .ack = S(1));
	/* Overdue at once. */
	advance_us(30 * S_US);
	keep_alive(20, 2, 3);
	expect_after(0, ACK, .seq = S(0), .ack = P(1));
}

/* Another setting of the connection is changed: keep-alive goes on as it was. */
static void
keepalive_is_left_alone_by_other_settings(void)
{
	unsigned int i;

	established_active();
	keep_alive(10, 5, 3);
	for (i = 0; i < 9; i++) {
		advance_us(S_US);
		user_timeout(100000 + i);
	}
	expect_after(S_US, ACK, .seq = S(0), .ack = P(1));
}

/* A listener's connections have its settings. */
static void
keepalive_of_a_listener(void)
{
	const struct isla_tcp_opts opts = {.keepalive = true, .keep_idle_s = 4,
		.keep_intvl_s = 4, .keep_cnt = 1};

	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, STACK_PORT, 16, &app_ops, &app,
		&opts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_after(4 * S_US, ACK, .seq = S(0), .ack = P(1));
	/* The program has gone, and the peer as well: FIN-WAIT-2 has its own limit. */
	inject(ACK, .seq = P(1), .ack = S(1));
	app_close();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(2));
	advance_us(70 * S_US);
	while (peer_nb_pending() > 0)
		CU_ASSERT_TRUE(take()->seq == S(1) || (peer.last.frame.seg.flags & RST));
	expect_closed();
}

/* The peer has rebooted: its answer to the probe ends the connection. */
static void
keepalive_finds_a_half_open_connection(void)
{
	established_passive();
	keep_alive(10, 1, 5);
	expect_after(10 * S_US, ACK, .seq = S(0), .ack = P(1));
	inject(RST, .seq = P(1));
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	advance_us(100 * S_US);
	expect_nothing();
}

/* As on Linux, the user timeout decides in place of the count. */
static void
keepalive_with_user_timeout(void)
{
	established_passive();
	keep_alive(2, 1, 2);
	user_timeout(5500);
	expect_after(2 * S_US, ACK, .seq = S(0), .ack = P(1));
	expect_after(1 * S_US, ACK, .seq = S(0), .ack = P(1));
	expect_after(1 * S_US, ACK, .seq = S(0), .ack = P(1));
	expect_after(1 * S_US, ACK, .seq = S(0), .ack = P(1));
	expect_after(1 * S_US, RST | ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
}

/* Data that is not acknowledged, to the millisecond. */
static void
user_timeout_of_data(void)
{
	uint64_t begin_us;
	uint32_t nb = 0;

	established_passive();
	user_timeout(3000);
	begin_us = peer.now_us;
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	advance_us(2999000);
	expect_state(ISLA_TCP_ESTABLISHED);
	for (; peer_nb_pending() > 0; nb++)
		CU_ASSERT_EQUAL(take()->len, 100);
	CU_ASSERT_EQUAL(nb, 3);
	advance_us(1000 + TIMER_SLACK_US);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	CU_ASSERT_EQUAL(peer.now_us - begin_us, 3000000 + TIMER_SLACK_US);
	expect_closed();
}

/* Each ACK of something new begins it anew. */
static void
user_timeout_counts_from_the_last_progress(void)
{
	established_passive();
	user_timeout(3000);
	app_send(100);
	app_send(100);
	advance_us(2500000);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(101));
	app_send(100);
	advance_us(2500000);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK, .seq = P(1), .ack = S(201));
	advance_us(2500000);
	expect_state(ISLA_TCP_ESTABLISHED);
	peer_drain();
}

/* A long one lets the connection live beyond R2. */
static void
user_timeout_longer_than_r2(void)
{
	peer_restart_tcp(&(const struct isla_tcp_conf){.data_retries = 3});
	established_passive();
	user_timeout(60000);
	app_send(100);
	advance_us(59 * S_US);
	expect_state(ISLA_TCP_ESTABLISHED);
	peer_drain();
	advance_us(2 * S_US);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	peer_drain();
}

/* R2 without one: the whole stack's count. */
static void
without_user_timeout_r2_counts(void)
{
	uint32_t nb = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.data_retries = 3});
	established_passive();
	app_send(100);
	advance_us(60 * S_US);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	for (; peer_nb_pending() > 0; nb++)
		take();
	CU_ASSERT_EQUAL(nb, 4);
}

/* A closed window, whether probes are answered or not: from the first probe on. */
static void
user_timeout_of_a_closed_window(void)
{
	unsigned int answered;

	for (answered = 0; answered < 2; answered++) {
		uint64_t begin_us;

		peer_restart(&(const struct sim_host_conf){0});
		established_passive();
		user_timeout(4000);
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
		app_send(100);
		advance_to_frame(10 * S_US);
		begin_us = peer.now_us;
		while (app.nb_error == 0 && peer.now_us - begin_us < 20 * S_US) {
			if (peer_nb_pending() > 0) {
				CU_ASSERT_EQUAL(take()->len, 1);
				if (answered)
					inject(ACK, .seq = P(1), .ack = S(1), .wnd = WND_ZERO);
			}
			advance_us(1000);
		}
		CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
		CU_ASSERT_TRUE(peer.now_us - begin_us >= 4000000);
		CU_ASSERT_TRUE(peer.now_us - begin_us <= 4002000);
		peer_drain();
	}
}

/* Of a connection in the making, as on Linux. */
static void
user_timeout_of_connect(void)
{
	uint32_t nb = 0;

	syn_sent();
	user_timeout(5000);
	advance_us(4990000);
	expect_state(ISLA_TCP_SYN_SENT);
	advance_us(20000);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	for (; peer_nb_pending() > 0; nb++)
		CU_ASSERT_EQUAL(take()->flags, SYN);
	CU_ASSERT_EQUAL(nb, 2);
}

/* It is never so short that nothing is tried twice. */
static void
user_timeout_of_a_millisecond(void)
{
	established_passive();
	user_timeout(1);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	expect_after(200000, ACK, .seq = S(1), .ack = P(1), .len = 100);
	advance_us(2000);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
}

/* After R1 retransmissions the program hears of it, once, and the neighbour is asked. */
static void
r1_of_data(void)
{
	unsigned int i;

	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(app.nb_trouble, 0);
		expect_after(200000ull << i, ACK, .seq = S(1), .ack = P(1), .len = 100);
	}
	CU_ASSERT_EQUAL(app.nb_trouble, 1);
	CU_ASSERT_EQUAL(app.trouble, ETIMEDOUT);
	advance_us(20 * S_US);
	CU_ASSERT_EQUAL(app.nb_trouble, 1);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	peer_drain();
	/* The next row of time-outs is news again. */
	inject(ACK, .seq = P(1), .ack = S(101));
	app_send(100);
	advance_us(100 * S_US);
	CU_ASSERT_EQUAL(app.nb_trouble, 2);
	peer_drain();
}

static uint64_t
nb_questions(void)
{
	return counter(ISLA_C_ARP_OUT_REQUESTS) + counter(ISLA_C_ND_OUT_SOLICITS);
}

/* The next hop is asked, first directly; when it keeps silent, it is looked for anew, and the
 * program hears that nobody answers on the link. */
static void
r1_finds_a_dead_next_hop(void)
{
	uint64_t nb;

	established_passive();
	nb = nb_questions();
	peer.deaf = true;
	app_send(100);
	advance_us(1390000);
	CU_ASSERT_EQUAL(nb_questions(), nb);
	advance_us(20000);
	CU_ASSERT_EQUAL(nb_questions(), nb + 1);
	CU_ASSERT_EQUAL(app.trouble, ETIMEDOUT);
	advance_us(20 * S_US);
	CU_ASSERT_EQUAL(app.trouble, EHOSTUNREACH);
	expect_state(ISLA_TCP_ESTABLISHED);
	peer_drain();
	/* It has come back, with another MAC address perhaps. */
	peer.deaf = false;
	advance_us(60 * S_US);
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(101));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* A next hop that answers is left in peace but for one question each time. */
static void
r1_with_a_next_hop_that_lives(void)
{
	uint64_t nb;

	established_passive();
	nb = nb_questions();
	app_send(100);
	advance_us(20 * S_US);
	CU_ASSERT_EQUAL(app.trouble, ETIMEDOUT);
	CU_ASSERT_TRUE(nb_questions() > nb);
	CU_ASSERT_TRUE(nb_questions() <= nb + 5);
	peer_drain();
}

static void
r1_of_connect(void)
{
	syn_sent();
	advance_us(6900000);
	CU_ASSERT_EQUAL(app.nb_trouble, 0);
	advance_us(200000);
	CU_ASSERT_EQUAL(app.nb_trouble, 1);
	CU_ASSERT_EQUAL(app.trouble, ETIMEDOUT);
	expect_state(ISLA_TCP_SYN_SENT);
	peer_drain();
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1));
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* Of a listener, nobody is there to hear of it. */
static void
r1_in_the_handshake_of_a_listener(void)
{
	syn_received();
	advance_us(20 * S_US);
	CU_ASSERT_EQUAL(app.nb_trouble, 0);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	CU_ASSERT_EQUAL(app.nb_trouble, 0);
}

/* Beyond a window that shrank, but not to zero, the count is of silence, not of time-outs. */
static void
shrunk_window_does_not_time_out(void)
{
	uint32_t nb = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.data_retries = 4, .rto_max_us = 2000000});
	established_passive();
	app_send(1000);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 1000);
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 200);
	while (nb < 40 && advance_to_frame(5 * S_US) < 5 * S_US) {
		CU_ASSERT_EQUAL(take()->seq, S(1));
		peer_drain();
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = 200);
		nb++;
	}
	CU_ASSERT_EQUAL(nb, 40);
	expect_state(ISLA_TCP_ESTABLISHED);
	/* A peer that does not even answer is given up. */
	advance_us(20 * S_US);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	peer_drain();
}

/* A shrunk window must not hold a connection that no program owns. */
static void
shrunk_window_does_not_hold_an_orphan(void)
{
	uint32_t nb = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.data_retries = 4, .rto_max_us = 2000000});
	established_passive();
	app_send(1000);
	app_close();
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(1), .wnd = 200);
	while (nb < 40 && advance_to_frame(5 * S_US) < 5 * S_US) {
		peer_drain();
		inject(ACK, .seq = P(1), .ack = S(1), .wnd = 200);
		if (peer_nb_pending() > 0 && (take()->flags & RST))
			break;
		nb++;
	}
	CU_ASSERT_TRUE(nb <= 6);
	peer_drain();
	expect_closed();
}

/* A router says so about the frame that was looked at last. */
static void
host_unreachable(void)
{
	icmp_about_last((struct icmp_type){3, 1}, (struct icmp_type){1, 3});
}

/* RFC 9293, MUST-47 and MUST-56: what ICMP says is passed on, and the connection lives; after
 * progress it is forgotten. */
static void
soft_errors_are_reported(void)
{
	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	host_unreachable();
	CU_ASSERT_EQUAL(app.nb_trouble, 1);
	CU_ASSERT_EQUAL(app.trouble, EHOSTUNREACH);
	expect_state(ISLA_TCP_ESTABLISHED);
	inject(ACK, .seq = P(1), .ack = S(101));
	/* About something that is not in flight: anybody could say so. */
	host_unreachable();
	CU_ASSERT_EQUAL(app.nb_trouble, 1);
	app_send(100);
	advance_us(2000 * S_US);
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	peer_drain();
}

/* The error of a time-out is what ICMP has said. */
static void
soft_error_becomes_the_error(void)
{
	established_passive();
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	host_unreachable();
	advance_us(2000 * S_US);
	CU_ASSERT_EQUAL(app.err, EHOSTUNREACH);
	peer_drain();
}

/* SHLD-20: a program that does not want to hear of it has no such callback. */
static void
soft_errors_can_be_switched_off(void)
{
	struct isla_tcp_ops ops = app_ops;

	ops.trouble = NULL;
	established_passive();
	isla_tcp_set_ops(app.conn, &ops);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
	host_unreachable();
	advance_us(10 * S_US);
	CU_ASSERT_EQUAL(app.nb_trouble, 0);
	expect_state(ISLA_TCP_ESTABLISHED);
	peer_drain();
	app_abort();
	peer_drain();
}

/* RFC 5482's option, kind 28: of any length it does no harm, and changes nothing. */
static void
user_timeout_option_is_ignored(void)
{
	static const uint8_t good[] = {28, 4, 0, 1}, bad[] = {28, 3, 0, 1};

	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .opts = good, .opts_len = 4);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1), .opts = bad, .opts_len = 4);
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app_opts().user_timeout_ms, 0);
	app_send(100);
	advance_us(10 * S_US);
	expect_state(ISLA_TCP_ESTABLISHED);
	peer_drain();
}

/* A connection that has ended is not probed, whatever its program sets before it lets it go. */
static void
settings_after_the_end_start_nothing(void)
{
	established_passive();
	keep_alive(10, 10, 3);
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(2));
	app_shutdown();
	expect(FIN | ACK, .seq = S(1), .ack = P(2));
	inject(ACK, .seq = P(2), .ack = S(2));
	expect_state(ISLA_TCP_CLOSED);
	keep_alive(20, 20, 3);
	CU_ASSERT_FALSE(timer_is_armed(&app.conn->timer));
	app_close();
	advance_us(100 * S_US);
	expect_nothing();
}

static const struct suite_test tests[] = {
	SUITE_TEST(keepalive_is_off_by_default),
	SUITE_TEST(keepalive_by_default),
	SUITE_TEST(keepalive_waits_two_hours),
	SUITE_TEST(keepalive_answer_begins_anew),
	SUITE_TEST(keepalive_interval_longer_than_idle),
	SUITE_TEST(settings_after_the_end_start_nothing),
	SUITE_TEST(keepalive_any_segment_resets),
	SUITE_TEST(keepalive_not_while_data_is_in_flight),
	SUITE_TEST(keepalive_in_every_state),
	SUITE_TEST(keepalive_is_changed_live),
	SUITE_TEST(keepalive_is_left_alone_by_other_settings),
	SUITE_TEST(keepalive_of_a_listener),
	SUITE_TEST(keepalive_finds_a_half_open_connection),
	SUITE_TEST(keepalive_with_user_timeout),
	SUITE_TEST(user_timeout_of_data),
	SUITE_TEST(user_timeout_counts_from_the_last_progress),
	SUITE_TEST(user_timeout_longer_than_r2),
	SUITE_TEST(without_user_timeout_r2_counts),
	SUITE_TEST(user_timeout_of_a_closed_window),
	SUITE_TEST(user_timeout_of_connect),
	SUITE_TEST(user_timeout_of_a_millisecond),
	SUITE_TEST(r1_of_data),
	SUITE_TEST(r1_finds_a_dead_next_hop),
	SUITE_TEST(r1_with_a_next_hop_that_lives),
	SUITE_TEST(r1_of_connect),
	SUITE_TEST(r1_in_the_handshake_of_a_listener),
	SUITE_TEST(shrunk_window_does_not_time_out),
	SUITE_TEST(shrunk_window_does_not_hold_an_orphan),
	SUITE_TEST(soft_errors_are_reported),
	SUITE_TEST(soft_error_becomes_the_error),
	SUITE_TEST(soft_errors_can_be_switched_off),
	SUITE_TEST(user_timeout_option_is_ignored),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
