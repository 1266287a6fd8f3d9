/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delivery rate samples (draft-ietf-ccwg-bbr, 4.1), seen by an algorithm that only listens.
 */

#include <string.h>

#include "peer_opts.h"
#include "tcp_priv.h"

static struct tcp_rate_sample last, lost;
static unsigned int nb_samples, nb_lost, nb_restarts;

static bool
listener_init(struct isla_tcp_conn *c)
{
	return tcp_cc_more_get(c);
}

static void
listener_sample(struct isla_tcp_conn *c, const struct tcp_rate_sample *rs)
{
	RTE_SET_USED(c);
	last = *rs;
	nb_samples++;
}

static void
listener_lost(struct isla_tcp_conn *c, const struct tcp_seg *s, struct tcp_rate_sample *rs)
{
	RTE_SET_USED(c);
	RTE_SET_USED(s);
	lost = *rs;
	nb_lost++;
}

static void
listener_nothing(struct isla_tcp_conn *c)
{
	RTE_SET_USED(c);
}

static void
listener_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	RTE_SET_USED(c);
	RTE_SET_USED(a);
	RTE_SET_USED(nb_bytes);
}

static void
listener_restart(struct isla_tcp_conn *c)
{
	RTE_SET_USED(c);
	nb_restarts++;
}

static const struct tcp_cc_ops listener = {
	.name = "listener",
	.flags = TCP_CC_RATE | TCP_CC_OWN,
	.init = listener_init,
	.release = tcp_cc_more_put,
	.acked = listener_acked,
	.loss = listener_nothing,
	.timeout = listener_nothing,
	.restart = listener_restart,
	.sample = listener_sample,
	.seg_lost = listener_lost,
};

static uint32_t
mss(void)
{
	return app_info().snd_mss;
}

/* A connection with SACK, a round trip of 10 ms and a window of ten segments. */
static void
start(void)
{
	nb_samples = nb_lost = nb_restarts = 0;
	establish_opts(true, false, 10000);
	CU_ASSERT_TRUE_FATAL(tcp_cc_set(app.conn, &listener));
}

static uint32_t
at(unsigned int i)
{
	return 1 + i * mss();
}

static void
ack(unsigned int i)
{
	inject_opts(ACK, .seq = P(1), .ack = S(at(i)));
	peer_drain();
}

static void
send_segs(unsigned int nb)
{
	app_send(nb * mss());
	peer_drain();
}

/* Ten segments leave at 0; two arrive at 20 ms, two more at 30 ms. */
static void
acks_give_the_rate(void)
{
	start();
	send_segs(20);
	advance_us(20000);
	ack(2);
	CU_ASSERT_EQUAL(nb_samples, 1);
	CU_ASSERT_TRUE(last.has_data);
	CU_ASSERT_EQUAL(last.delivered, 2 * mss());
	CU_ASSERT_EQUAL(last.acked, 2 * mss());
	CU_ASSERT_EQUAL(last.rtt_us, 20000);
	CU_ASSERT_EQUAL(last.rate, 2ull * mss() * 1000000 / 20000);
	CU_ASSERT_EQUAL(last.in_flight, 2 * mss());
	CU_ASSERT_EQUAL(last.prior, 0);
	advance_us(10000);
	ack(4);
	CU_ASSERT_EQUAL(last.delivered, 4 * mss());
	CU_ASSERT_EQUAL(last.rate, 4ull * mss() * 1000000 / 30000);
	CU_ASSERT_EQUAL(app_info().delivery_rate, 4ull * mss() * 1000000 / 30000);
	/* The rest of the first window, and what the ACK at 20 ms let out: 2 delivered then. */
	advance_us(15000);
	ack(12);
	CU_ASSERT_EQUAL(last.prior, 2 * mss());
	CU_ASSERT_EQUAL(last.delivered, 10 * mss());
	CU_ASSERT_EQUAL(last.rtt_us, 25000);
	CU_ASSERT_EQUAL(last.rate, 10ull * mss() * 1000000 / 25000);
}

/* ACKs that come in a heap do not make data faster than it was sent. */
static void
the_rate_of_sending_bounds_it(void)
{
	unsigned int i;

	start();
	for (i = 0; i < 8; i++) {
		send_segs(1);
		advance_us(5000);
	}
	ack(1);
	CU_ASSERT_EQUAL(last.rate, 1ull * mss() * 1000000 / 40000);
	advance_us(10);
	ack(8);
	/* Sent over 35 ms, acknowledged since the first left 40 ms ago. */
	CU_ASSERT_EQUAL(last.rate, 8ull * mss() * 1000000 / 40010);
}

/* What was sent again was not lost: its ACK answers the first transmission. */
static void
too_short_an_interval_is_none(void)
{
	start();
	send_segs(5);
	advance_us(20000);
	inject_sack(1, at(1), at(5));
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
	advance_us(3000);
	ack(5);
	CU_ASSERT_TRUE(last.has_data);
	CU_ASSERT_EQUAL(last.delivered, mss());
	CU_ASSERT_EQUAL(last.rate, 0);
}

static void
at_once_is_no_rate(void)
{
	start();
	send_segs(5);
	ack(5);
	CU_ASSERT_EQUAL(last.rate, 0);
	CU_ASSERT_EQUAL(app_info().delivery_rate / 1000000000, 0);
}

/* What is sent after the program had nothing to send says nothing of the path. */
static void
samples_know_that_the_program_was_slow(void)
{
	start();
	send_segs(20);
	advance_us(20000);
	ack(1);
	CU_ASSERT_TRUE(last.is_app_limited); /* the first flight follows upon silence */
	ack(10);
	advance_us(20000);
	/* This one left when the window alone held it up. */
	ack(12);
	CU_ASSERT_FALSE(last.is_app_limited);
	ack(20);
	send_segs(1);
	advance_us(20000);
	ack(21);
	CU_ASSERT_TRUE(last.is_app_limited);
}

static void
an_interval_begins_with_sending(void)
{
	start();
	send_segs(4);
	advance_us(20000);
	ack(4);
	advance_us(5000000);
	send_segs(4);
	CU_ASSERT_EQUAL(nb_restarts, 2);
	advance_us(20000);
	ack(8);
	CU_ASSERT_EQUAL(last.rate, 4ull * mss() * 1000000 / 20000);
}

static void
sack_counts_once(void)
{
	start();
	send_segs(10);
	advance_us(20000);
	inject_sack(1, at(1), at(3));
	CU_ASSERT_EQUAL(last.acked, 2 * mss());
	CU_ASSERT_EQUAL(last.delivered, 2 * mss());
	inject_sack(1, at(1), at(3));
	CU_ASSERT_EQUAL(last.acked, 0);
	CU_ASSERT_FALSE(last.has_data);
	advance_us(1000);
	ack(10);
	CU_ASSERT_EQUAL(last.acked, 8 * mss());
	CU_ASSERT_EQUAL(last.delivered, 10 * mss());
}

static void
losses_are_told_with_their_flight(void)
{
	start();
	send_segs(10);
	advance_us(20000);
	inject_sack(1, at(1), at(10));
	CU_ASSERT_EQUAL(nb_lost, 1);
	CU_ASSERT_EQUAL(lost.in_flight, mss());
	CU_ASSERT_EQUAL(lost.lost, mss());
	/* What left before the loss saw it. */
	CU_ASSERT_EQUAL(last.lost, mss());
	peer_drain();
	/* Its second transmission gives no round-trip time (Karn), but a rate. */
	advance_us(20000);
	ack(10);
	CU_ASSERT_EQUAL(last.rtt_us, UINT32_MAX);
	CU_ASSERT_EQUAL(last.delivered, mss());
	CU_ASSERT_EQUAL(last.lost, 0);
	CU_ASSERT_EQUAL(last.rate, 1ull * mss() * 1000000 / 20000);
}

/* Another algorithm in between leaves nothing behind that a later one would take for its own. */
static void
algorithms_change(void)
{
	start();
	send_segs(10);
	advance_us(20000);
	CU_ASSERT_TRUE(tcp_cc_set(app.conn, &tcp_cc_newreno));
	ack(2);
	CU_ASSERT_EQUAL(nb_samples, 0);
	CU_ASSERT_TRUE(tcp_cc_set(app.conn, &listener));
	ack(5);
	CU_ASSERT_FALSE(last.has_data);
	CU_ASSERT_EQUAL(last.acked, 3 * mss());
	send_segs(2);
	advance_us(20000);
	ack(12);
	CU_ASSERT_TRUE(last.has_data);
	CU_ASSERT_EQUAL(last.prior, 3 * mss());
	CU_ASSERT_EQUAL(last.rate, 7ull * mss() * 1000000 / 20000);
}

static void
records_run_out_and_come_back(void)
{
	const struct isla_tcp_conf tcp = {.max_rate_conns = 1};
	struct isla_tcp_conn *first, *second;
	struct isla_tcp_ends ends;

	peer_restart_tcp(&tcp);
	start();
	first = app.conn;
	isla_tcp_get_ends(first, &ends);
	ends.local_port = 0;
	second = isla_tcp_connect(peer.tcp, &ends, &app_ops, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(second);
	second->cwnd = 1;
	CU_ASSERT_FALSE(tcp_cc_set(second, &listener));
	CU_ASSERT_PTR_EQUAL(second->cc, tcp_cc_find(NULL));
	CU_ASSERT_TRUE(tcp_cc_set(first, &tcp_cc_newreno));
	CU_ASSERT_TRUE(tcp_cc_set(second, &listener));
	isla_tcp_abort(second);
	CU_ASSERT_TRUE(tcp_cc_set(first, &listener));
	peer_flush();
	peer_drain();
}

static const struct suite_test tests[] = {
	SUITE_TEST(acks_give_the_rate),
	SUITE_TEST(the_rate_of_sending_bounds_it),
	SUITE_TEST(too_short_an_interval_is_none),
	SUITE_TEST(at_once_is_no_rate),
	SUITE_TEST(samples_know_that_the_program_was_slow),
	SUITE_TEST(an_interval_begins_with_sending),
	SUITE_TEST(sack_counts_once),
	SUITE_TEST(losses_are_told_with_their_flight),
	SUITE_TEST(algorithms_change),
	SUITE_TEST(records_run_out_and_come_back),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
