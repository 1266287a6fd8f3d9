/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records of what is amiss: taken when needed, given back when all is well, done without where none
 * is free.
 */

#include <errno.h>

#include "peer_opts.h"
#include "tcp_priv.h"

#define RTT_US 100000

static uint32_t
at(unsigned int i)
{
	return 1 + i * app_info().snd_mss;
}

static uint32_t
nb_free(void)
{
	uint32_t i, nb = 0;

	for (i = peer.tcp->repair_free; i != 0; i = peer.tcp->repair[i].owner)
		nb++;
	return nb;
}

static void
a_gap_takes_one_until_it_is_filled(void)
{
	uint32_t nb;

	establish_opts(true, false, RTT_US);
	nb = nb_free();
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(nb_free(), nb - 1);
	CU_ASSERT_EQUAL(app_info().ooo_segs, 1);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(201));
	CU_ASSERT_EQUAL(nb_free(), nb);
	CU_ASSERT_EQUAL(app_info().ooo_segs, 0);
	expect_received(200);
}

/* Nothing below the window is kept; the record serves for the report alone. */
static void
a_duplicate_takes_one_until_it_is_reported(void)
{
	uint32_t nb;

	establish_opts(true, false, RTT_US);
	nb = nb_free();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	advance_us(500000);
	peer_drain();
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(101));
	CU_ASSERT_EQUAL(nb_free(), nb);
}

static void
the_end_gives_it_back(void)
{
	uint32_t nb;

	establish_opts(true, false, RTT_US);
	nb = nb_free();
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	peer_drain();
	CU_ASSERT_EQUAL(nb_free(), nb - 1);
	inject(RST, .seq = P(1));
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	CU_ASSERT_EQUAL(nb_free(), nb);
}

/* A reduction that nothing can undo any more but a late D-SACK holds a record until another
 * connection wants it. */
static void
an_idle_one_is_taken_away(void)
{
	const struct isla_tcp_conf conf = {.max_repairs = 1};
	struct isla_tcp_conn *first, *other;

	peer_restart_tcp(&conf);
	establish_opts(true, false, RTT_US);
	first = app.conn;
	app_send(10u * app_info().snd_mss);
	peer_drain();
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	peer_drain();
	inject_opts(ACK, .seq = P(1), .ack = S(at(10)));
	CU_ASSERT_EQUAL(nb_free(), 0);
	other = &peer.tcp->conn[peer.tcp->conf.max_conns - 1];
	other->tcp = peer.tcp;
	CU_ASSERT_TRUE(tcp_repair_get(other));
	CU_ASSERT_EQUAL(first->repair, 0);
	CU_ASSERT_EQUAL(first->flags & TCP_F_UNDO, 0);
	tcp_repair_put(other);
	CU_ASSERT_EQUAL(nb_free(), 1);
}

/* Data out of order is dropped, and the peer hears where the gap is. */
static void
none_is_free_for_data(void)
{
	const struct isla_tcp_conf conf = {.max_repairs = 1};

	peer_restart_tcp(&conf);
	establish_opts(true, false, RTT_US);
	peer.tcp->repair_free = 0;
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_OOO_FULL), 1);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK, .seq = P(101), .ack = S(1), .len = 100);
	advance_us(500000);
	peer_drain();
	expect_received(200);
}

/* Loss is repaired; the window falls at once. */
static void
none_is_free_for_recovery(void)
{
	const struct isla_tcp_conf conf = {.max_repairs = 1};

	peer_restart_tcp(&conf);
	establish_opts(true, false, RTT_US);
	peer.tcp->repair_free = 0;
	app_send(10u * app_info().snd_mss);
	peer_drain();
	advance_us(RTT_US);
	inject_sack(at(0), at(1), at(4));
	expect(ACK, .seq = S(at(0)), .ack = P(1), .len = app_info().snd_mss);
	CU_ASSERT_TRUE(app_info().in_recovery);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, app_info().snd_ssthresh_bytes);
	inject_opts(ACK, .seq = P(1), .ack = S(at(10)));
	CU_ASSERT_FALSE(app_info().in_recovery);
	/* And a timeout. */
	app_send(app_info().snd_mss);
	peer_drain();
	advance_us(1000000);
	CU_ASSERT_TRUE(app_info().in_loss);
	inject_opts(ACK, .seq = P(1), .ack = S(at(11)));
	CU_ASSERT_FALSE(app_info().in_loss);
	peer_drain();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_gap_takes_one_until_it_is_filled),
	SUITE_TEST(a_duplicate_takes_one_until_it_is_reported),
	SUITE_TEST(the_end_gives_it_back),
	SUITE_TEST(an_idle_one_is_taken_away),
	SUITE_TEST(none_is_free_for_data),
	SUITE_TEST(none_is_free_for_recovery),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
