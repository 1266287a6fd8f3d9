/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A neighbour that nobody has: what TCP makes of the link room's word (RFC 1122, 2.3.2.2 and
 * 4.2.3.9; RFC 4861, 7.2.2).
 */

#include <errno.h>

#include <rte_common.h>

#include "tcp_peer.h"

#define SECOND 1000000ull

static void
connect_to_nobody(void)
{
	peer.deaf = true;
	app_connect();
}

static void
an_attempt_to_connect_ends(void)
{
	connect_to_nobody();
	/* Three questions, a second apart. */
	advance_us(3 * SECOND - 1000);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_state(ISLA_TCP_SYN_SENT);
	advance_us(2000);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, EHOSTUNREACH);
	CU_ASSERT_PTR_NULL(app.conn);
	/* Both SYNs that waited. */
	CU_ASSERT_EQUAL(drops(ISLA_DROP_NEIGH_FAILED), 2);
	advance_us(200 * SECOND);
	CU_ASSERT_EQUAL(app.nb_error, 1);
}

/* The handle is the program's until it hears of the end, also where it lets go first. */
static void
one_that_was_aborted_hears_nothing(void)
{
	connect_to_nobody();
	app_abort();
	advance_us(4 * SECOND);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

static const struct isla_tcp_ops again_ops;
static unsigned int nb_again;

/* Tries again at once, for ever. */
static void
again_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = peer.port};

	RTE_SET_USED(conn);
	RTE_SET_USED(ctx);
	CU_ASSERT_EQUAL(err, EHOSTUNREACH);
	nb_again++;
	CU_ASSERT_PTR_NOT_NULL(isla_tcp_connect(peer.tcp, &ends, &again_ops, NULL, NULL));
}

static const struct isla_tcp_ops again_ops = {.error = again_error};

static void
trying_again_from_the_callback_is_bounded(void)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = peer.port};

	peer.deaf = true;
	nb_again = 0;
	CU_ASSERT_PTR_NOT_NULL(isla_tcp_connect(peer.tcp, &ends, &again_ops, NULL, NULL));
	peer_flush();
	advance_us(10 * SECOND);
	CU_ASSERT_EQUAL(nb_again, 3);
}

/* Many attempts wait for one neighbour: each hears, once. */
static void
all_who_wait_are_told(void)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = peer.port};
	unsigned int i;

	peer.deaf = true;
	for (i = 0; i < 20; i++)
		CU_ASSERT_PTR_NOT_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));
	peer_flush();
	advance_us(3 * SECOND + 1000);
	CU_ASSERT_EQUAL(app.nb_error, 20);
	CU_ASSERT_EQUAL(app.err, EHOSTUNREACH);
}

/* A connection that stands waits on: the neighbour may come back. */
static void
a_connection_takes_it_as_a_soft_error(void)
{
	unsigned int i;

	established_active();
	peer.deaf = true;
	/* Until the neighbour is STALE, then asked and found silent. */
	advance_us(60 * SECOND);
	app_send(100);
	for (i = 0; i < 60; i++)
		advance_us(SECOND);
	CU_ASSERT(drops(ISLA_DROP_NEIGH_FAILED) > 0);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_state(ISLA_TCP_ESTABLISHED);
	/* In the end the time-out is called by its reason. */
	advance_us(2000 * SECOND);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, EHOSTUNREACH);
}

static void
a_neighbour_that_comes_late_is_in_time(void)
{
	connect_to_nobody();
	advance_us(1500000);
	peer.deaf = false;
	advance_us(SECOND);
	CU_ASSERT_EQUAL(take()->flags, SYN);
	expect_state(ISLA_TCP_SYN_SENT);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_attempt_to_connect_ends),
	SUITE_TEST(one_that_was_aborted_hears_nothing),
	SUITE_TEST(trying_again_from_the_callback_is_bounded),
	SUITE_TEST(all_who_wait_are_told),
	SUITE_TEST(a_connection_takes_it_as_a_soft_error),
	SUITE_TEST(a_neighbour_that_comes_late_is_in_time),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
