/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a program on top of TCP needs to behave as a socket does: to hear of a FIN before it has
 * read, to read what came before a reset, to bound its queue of accepted connections, and to listen
 * for one family.
 */

#include <errno.h>
#include <string.h>

#include "tcp_peer.h"

/* What `fin` and `error` found. */
static struct {
	unsigned int nb_fin, nb_error;
	uint32_t nb_unread; /* bytes that were there to be taken */
	bool fin_rcvd;
} heard;

static void
hear_fin(struct isla_tcp_conn *conn, void *ctx)
{
	struct isla_tcp_info info;

	RTE_SET_USED(ctx);
	isla_tcp_get_info(conn, &info);
	heard.nb_fin++;
	heard.nb_unread = info.rcvq_bytes;
	heard.fin_rcvd = info.fin_rcvd;
}

static void
hear_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct isla_tcp_info info;
	struct rte_mbuf *m;

	RTE_SET_USED(ctx);
	isla_tcp_get_info(conn, &info);
	heard.nb_error++;
	heard.fin_rcvd = info.fin_rcvd;
	m = isla_tcp_recv(conn);
	heard.nb_unread = m != NULL ? m->pkt_len : 0;
	rte_pktmbuf_free(m);
	app.conn = NULL;
	app.err = err;
}

/* As above, but leaves all data where it is: the stack must free it. */
static void
hear_error_only(struct isla_tcp_conn *conn, void *ctx, int err)
{
	RTE_SET_USED(conn);
	RTE_SET_USED(ctx);
	heard.nb_error++;
	app.conn = NULL;
	app.err = err;
}

static const struct isla_tcp_ops hearing = {.fin = hear_fin, .error = hear_error};
static const struct isla_tcp_ops careless = {.fin = hear_fin, .error = hear_error_only};

static void
established(const struct isla_tcp_ops *ops)
{
	memset(&heard, 0, sizeof(heard));
	established_passive();
	isla_tcp_set_ops(app.conn, ops);
}

static void
fin_is_told_before_data_is_read(void)
{
	established(&hearing);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	CU_ASSERT_EQUAL(heard.nb_fin, 0);
	inject(FIN | ACK, .seq = P(101), .ack = S(1));
	CU_ASSERT_EQUAL(heard.nb_fin, 1);
	CU_ASSERT_EQUAL(heard.nb_unread, 100);
	CU_ASSERT_TRUE(heard.fin_rcvd);
	/* Once: the same FIN again is a duplicate. */
	inject(FIN | ACK, .seq = P(101), .ack = S(1));
	CU_ASSERT_EQUAL(heard.nb_fin, 1);
	peer_drain();
}

/* RFC 9293, 3.10.7.4, second: what came in order before the reset has been received. */
static void
data_before_reset_can_be_taken(void)
{
	established(&hearing);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK | PSH, .seq = P(201), .ack = S(1), .len = 50);
	peer_drain();
	inject(RST, .seq = P(101));
	CU_ASSERT_EQUAL(heard.nb_error, 1);
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	CU_ASSERT_EQUAL(heard.nb_unread, 100);
	CU_ASSERT_FALSE(heard.fin_rcvd);
	expect_closed();
}

static void
data_before_reset_in_one_burst(void)
{
	established(&hearing);
	burst_begin();
	inject(FIN | ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	inject(RST, .seq = P(102));
	burst_end();
	CU_ASSERT_EQUAL(heard.nb_error, 1);
	CU_ASSERT_EQUAL(heard.nb_fin, 0);
	CU_ASSERT_EQUAL(heard.nb_unread, 100);
	CU_ASSERT_TRUE(heard.fin_rcvd);
	expect_closed();
}

static void
data_before_reset_is_freed(void)
{
	established(&careless);
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	inject(ACK | PSH, .seq = P(201), .ack = S(1), .len = 50);
	peer_drain();
	inject(RST, .seq = P(101));
	CU_ASSERT_EQUAL(heard.nb_error, 1);
	/* The runner finds what leaks. */
	expect_closed();
}

/* Without room a SYN is dropped, and so is the last ACK of a handshake that had begun. */
static void
handshake_waits_for_room(void)
{
	syn_received();
	isla_tcp_listener_set_room(app.listener, 0);
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_BACKLOG), 1);
	expect_nothing();
	peer.port++;
	inject(SYN, .seq = P(0));
	expect_nothing();
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_BACKLOG), 2);
	peer.port--;
	isla_tcp_listener_set_room(app.listener, 1);
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	expect_state(ISLA_TCP_ESTABLISHED);
	/* And that was all the room. */
	peer.port++;
	inject(SYN, .seq = P(0));
	expect_nothing();
	peer.port--;
}

/* Room that a handshake took comes back where the program never heard of the connection. */
static void
room_comes_back(void)
{
	syn_received();
	isla_tcp_listener_set_room(app.listener, 1);
	burst_begin();
	inject(ACK, .seq = P(1), .ack = S(1));
	inject(RST, .seq = P(1));
	burst_end();
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	inject(SYN, .seq = P(0));
	CU_ASSERT_EQUAL(peer_nb_pending(), 1);
	peer_drain();
}

/* Listen for one family; true where a SYN of the peer's family gets SYN,ACK, not RST. */
static bool
is_answered(const struct isla_addr *local, bool v6only)
{
	const struct isla_tcp_opts opts = {.v6only = v6only};
	struct isla_tcp_listener *l;
	const struct seg *seg;
	bool answered;

	l = isla_tcp_listen(peer.tcp, local, 81, 16, &app_ops, &app, &opts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	peer.stack_port = 81;
	peer.port++;
	inject(SYN, .seq = P(0));
	seg = take();
	answered = (seg->flags & SYN) != 0;
	CU_ASSERT_NOT_EQUAL(seg->flags, 0);
	isla_tcp_unlisten(l);
	peer_flush();
	peer_drain();
	peer.irs_known = false;
	return answered;
}

static void
listeners_have_a_family(void)
{
	const struct isla_addr any_v4 = isla_addr_from_v4(0);

	CU_ASSERT_TRUE(is_answered(&isla_addr_any, false));
	CU_ASSERT_EQUAL(is_answered(&isla_addr_any, true), peer.is_v6);
	CU_ASSERT_EQUAL(is_answered(&any_v4, false), !peer.is_v6);
}

/* Both may have the port, and each gets its own. */
static void
listeners_share_a_port(void)
{
	const struct isla_tcp_opts opts = {.v6only = true};
	const struct isla_addr any_v4 = isla_addr_from_v4(0);
	struct isla_tcp_listener *v4, *v6;

	v6 = isla_tcp_listen(peer.tcp, &isla_addr_any, 81, 16, &app_ops, &app, &opts);
	v4 = isla_tcp_listen(peer.tcp, &any_v4, 81, 16, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(v4);
	CU_ASSERT_PTR_NOT_NULL_FATAL(v6);
	isla_tcp_listener_set_room(peer.is_v6 ? v4 : v6, 0);
	peer.stack_port = 81;
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
}

static const struct suite_test tests[] = {
	SUITE_TEST(fin_is_told_before_data_is_read),
	SUITE_TEST(data_before_reset_can_be_taken),
	SUITE_TEST(data_before_reset_in_one_burst),
	SUITE_TEST(data_before_reset_is_freed),
	SUITE_TEST(handshake_waits_for_room),
	SUITE_TEST(room_comes_back),
	SUITE_TEST(listeners_have_a_family),
	SUITE_TEST(listeners_share_a_port),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
