/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An address that is taken away (RFC 2131, 3.1.6 and 4.4.5; RFC 5227, 2.4): its connections are
 * reset and their programs hear why, what stands on other addresses goes on, and all works again
 * when it comes back. And routes that change under connections.
 */

#include <errno.h>
#include <string.h>

#include <sys/socket.h>

#include <rte_common.h>

#include "isla_socket.h"
#include "tcp_peer.h"

static int
own_del(void)
{
	int rc = isla_stack_addr_del(peer.host.stack, 0, &peer.ends.dst);

	peer_flush();
	return rc;
}

static int
own_add(void)
{
	struct isla_prefix p = {.addr = peer.ends.dst, .len = peer.is_v6 ? 64 : 24};

	return isla_stack_addr_add(peer.host.stack, 0, &p);
}

/* Who is told by a reset: the states of isla_tcp_abort(). */
#define TOLD (ISLA_TCP_SYN_RECEIVED | ISLA_TCP_ESTABLISHED | ISLA_TCP_FIN_WAIT_1 | \
	ISLA_TCP_FIN_WAIT_2 | ISLA_TCP_CLOSE_WAIT)

static void
every_state_ends_and_is_told(void)
{
	unsigned int i;

	for (i = 0; i < LADDER_NB; i++) {
		const struct ladder *l = &ladder[i];
		bool held;

		ladder_enter(l);
		held = app.conn != NULL;
		CU_ASSERT_EQUAL(own_del(), 0);
		if ((l->state & TOLD) != 0)
			expect(RST | ACK, .seq = S(l->snd_nxt), .ack = P(l->rcv_nxt));
		expect_nothing();
		CU_ASSERT_EQUAL(app.nb_error, held ? 1 : 0);
		if (held)
			CU_ASSERT_EQUAL(app.err, EADDRNOTAVAIL);
		CU_ASSERT_PTR_NULL(app.conn);
		CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
		/* Nothing is left that would send later, and what still comes is not for us. */
		inject(ACK, .seq = P(l->rcv_nxt), .ack = S(l->snd_nxt));
		advance_us(300 * 1000000ull);
		expect_nothing();
	}
	peer.context = NULL;
}

static void
data_that_waits_is_given_up_but_what_came_can_be_read(void)
{
	established_passive();
	app.no_read = true;
	inject(ACK, .seq = P(1), .ack = S(1), .len = 100);
	app_send(5000);
	peer_drain();
	app.no_read = false;
	CU_ASSERT_EQUAL(own_del(), 0);
	CU_ASSERT((take()->flags & RST) != 0);
	CU_ASSERT_EQUAL(app.err, EADDRNOTAVAIL);
	CU_ASSERT_PTR_NULL(app.conn);
}

/* RFC 5961, 3.2: behind a window that is closed, and a probe that it refused, the reset stands
 * where the peer expects the next byte. */
static void
a_reset_is_believed_behind_a_closed_window(void)
{
	established_passive();
	app_send(1000);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 1000);
	inject(ACK, .seq = P(1), .ack = S(1001), .wnd = WND_ZERO);
	app_send(1000);
	advance_to_frame(10 * 1000000ull);
	expect(ACK, .seq = S(1001), .ack = P(1), .len = 1);
	CU_ASSERT_EQUAL(own_del(), 0);
	expect(RST | ACK, .seq = S(1001), .ack = P(1));
}

static void
a_listener_waits_for_its_address_to_come_back(void)
{
	listen_on(STACK_PORT);
	CU_ASSERT_EQUAL(own_del(), 0);
	inject(SYN, .seq = P(0), .mss = 1460);
	expect_nothing();
	CU_ASSERT_EQUAL(own_add(), 0);
	inject(SYN, .seq = P(0), .mss = 1460);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
}

static void
other_addresses_keep_their_connections(void)
{
	struct isla_addr other = peer.is_v6 ? peer.host.v4 : peer.host.v6;

	established_passive();
	CU_ASSERT_EQUAL(isla_stack_addr_del(peer.host.stack, 0, &other), 0);
	peer_flush();
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
	app_send(10);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10);
}

static void
the_address_on_another_interface_keeps_it(void)
{
	struct isla_netif_conf conf = {.mac = {0x02, 0, 0, 0, 0, 0x77}, .mtu = 1500};
	struct isla_prefix p = {.addr = peer.ends.dst, .len = peer.is_v6 ? 64 : 24};

	established_passive();
	CU_ASSERT_EQUAL(isla_stack_netif_add(peer.host.stack, &conf), 1);
	CU_ASSERT_EQUAL(isla_stack_addr_add(peer.host.stack, 1, &p), 0);
	CU_ASSERT_EQUAL(isla_stack_addr_del(peer.host.stack, 1, &peer.ends.dst), 0);
	peer_flush();
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
}

static void
what_is_not_there_cannot_go(void)
{
	struct isla_prefix any = {.addr = peer.is_v6 ? isla_addr_any : isla_addr_from_v4(0)};
	struct isla_addr gone = peer.ends.src;

	CU_ASSERT_EQUAL(isla_stack_addr_del(peer.host.stack, 0, &gone), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(isla_stack_addr_del(peer.host.stack, 1, &peer.ends.dst), -EINVAL);
	CU_ASSERT_EQUAL(isla_stack_route_del(peer.host.stack, &any, 0), -ESRCH);
	any.len = 200;
	CU_ASSERT_EQUAL(isla_stack_route_del(peer.host.stack, &any, 0), -ESRCH);
	CU_ASSERT_EQUAL(own_del(), 0);
	CU_ASSERT_EQUAL(own_del(), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(own_add(), 0);
}

/* Nothing is answered for an address that is gone: neither ping nor ARP. */
static void
nobody_is_there_any_more(void)
{
	uint64_t nb = counter(ISLA_C_ARP_OUT_REPLIES);
	uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6,
		4, 0, 1, 2, 0, 0, 0, 0, 9, 192, 168, 1, 9};

	memcpy(arp + 38, &peer.host.v4.b[12], 4);
	peer_inject_bytes(arp, sizeof(arp));
	CU_ASSERT_EQUAL(counter(ISLA_C_ARP_OUT_REPLIES), nb + 1);
	CU_ASSERT_EQUAL(isla_stack_addr_del(peer.host.stack, 0, &peer.host.v4), 0);
	peer_inject_bytes(arp, sizeof(arp));
	CU_ASSERT_EQUAL(counter(ISLA_C_ARP_OUT_REPLIES), nb + 1);
}

static struct {
	unsigned int nb;
	int err;
	struct isla_addr local;
	uint16_t port;
} udp_heard;

static void
udp_recv(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	RTE_SET_USED(sock);
	RTE_SET_USED(ctx);
	RTE_SET_USED(ends);
	rte_pktmbuf_free(m);
}

static void
udp_error(struct isla_udp_sock *sock, void *ctx, int err, const struct isla_udp_ends *ends)
{
	RTE_SET_USED(ctx);
	udp_heard.nb++;
	udp_heard.err = err;
	udp_heard.local = ends->local;
	udp_heard.port = ends->local_port;
	isla_udp_close(sock);
}

static void
udp_sockets_hear_of_it_where_it_is_theirs(void)
{
	struct isla_udp *udp = isla_stack_udp(peer.host.stack);
	struct isla_udp_sock *bound, *any;

	memset(&udp_heard, 0, sizeof(udp_heard));
	bound = isla_udp_bind(udp, &peer.ends.dst, 1000, udp_recv, NULL);
	any = isla_udp_bind(udp, &isla_addr_any, 1000, udp_recv, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bound);
	CU_ASSERT_PTR_NOT_NULL_FATAL(any);
	isla_udp_set_error(bound, udp_error);
	isla_udp_set_error(any, udp_error);
	CU_ASSERT_EQUAL(own_del(), 0);
	CU_ASSERT_EQUAL(udp_heard.nb, 1);
	CU_ASSERT_EQUAL(udp_heard.err, EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(udp_heard.port, 1000);
	CU_ASSERT_TRUE(isla_addr_eq(&udp_heard.local, &peer.ends.dst));
}

static void
wake(void *ctx, int fd)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(fd);
}

/* A datagram socket that is bound to it, a connection, and what a program may do next. */
static void
sockets_report_it_once(void)
{
	const struct isla_socket_conf conf = {
		.max_socks = 8, .max_items = 8, .first_fd = 3, .wake = wake};
	struct isla_socket_table *t = isla_socket_table_create(peer.host.stack, &conf);
	struct isla_socket_addr own = {.family = peer.is_v6 ? AF_INET6 : AF_INET, .port = 5000,
		.addr = peer.ends.dst};
	struct isla_socket_addr to = own;
	uint8_t buf[10];

	to.addr = peer.ends.src;
	to.port = PEER_PORT;
	CU_ASSERT_EQUAL(isla_socket_open(t, own.family, SOCK_DGRAM | SOCK_NONBLOCK, 0), 3);
	CU_ASSERT_EQUAL(isla_socket_bind(t, 3, &own), 0);
	CU_ASSERT_EQUAL(isla_socket_open(t, own.family, SOCK_STREAM | SOCK_NONBLOCK, 0), 4);
	CU_ASSERT_EQUAL(isla_socket_connect(t, 4, &to), -EINPROGRESS);
	CU_ASSERT_EQUAL(own_del(), 0);
	peer_drain();
	CU_ASSERT_EQUAL(isla_socket_recv(t, 3, buf, sizeof(buf), 0, NULL), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(isla_socket_recv(t, 3, buf, sizeof(buf), 0, NULL), -EAGAIN);
	CU_ASSERT_EQUAL(isla_socket_recv(t, 4, buf, sizeof(buf), 0, NULL), -EADDRNOTAVAIL);
	own.port = 5001;
	CU_ASSERT_EQUAL(isla_socket_open(t, own.family, SOCK_DGRAM, 0), 5);
	CU_ASSERT_EQUAL(isla_socket_bind(t, 5, &own), -EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(own_add(), 0);
	CU_ASSERT_EQUAL(isla_socket_bind(t, 5, &own), 0);
	isla_socket_table_free(t);
	peer_drain();
}

/* The peer stands behind a router, whose MAC address is another at each router. */
static void
route(const char *to, const char *gateway, bool add)
{
	struct isla_prefix prefix;
	struct isla_addr gw;

	CU_ASSERT_EQUAL_FATAL(isla_prefix_parse(to, &prefix), 0);
	CU_ASSERT_EQUAL_FATAL(isla_addr_parse(gateway, &gw), 0);
	CU_ASSERT_EQUAL(add ? isla_stack_route_add(peer.host.stack, &prefix, &gw, 0) :
		isla_stack_route_del(peer.host.stack, &prefix, 0), 0);
	peer_flush();
}

/* Whom the stack asks ARP for; false where it asks for nobody. */
static bool
asks_for(const char *who)
{
	struct rte_mbuf **pkts;
	struct isla_addr addr;
	uint16_t nb, i;
	bool found = false;

	isla_addr_parse(who, &addr);
	isla_stack_flush(peer.host.stack, peer.now_us);
	nb = isla_stack_output(peer.host.stack, 0, &pkts);
	for (i = 0; i < nb; i++) {
		const uint8_t *b = rte_pktmbuf_mtod(pkts[i], const uint8_t *);

		found |= b[12] == 8 && b[13] == 6 && b[21] == 1 &&
			memcmp(b + 38, &addr.b[12], 4) == 0;
	}
	for (i = 0; i < nb; i++)
		rte_pktmbuf_free(pkts[i]);
	isla_stack_sent(peer.host.stack, 0, nb);
	return found;
}

static struct isla_tcp_conn *
far_connect(void)
{
	struct isla_tcp_ends ends = {.remote_port = 80};

	isla_addr_parse("10.9.9.9", &ends.remote);
	return isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
}

static void
connections_follow_the_routes(void)
{
	route("0.0.0.0/0", "192.168.1.101", true);
	app.conn = far_connect();
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	CU_ASSERT_TRUE(asks_for("192.168.1.101"));
	/* A better one comes, goes, and the default changes. */
	route("10.0.0.0/8", "192.168.1.102", true);
	peer.now_us += 1100000;
	CU_ASSERT_TRUE(asks_for("192.168.1.102"));
	route("10.0.0.0/8", "192.168.1.102", false);
	route("0.0.0.0/0", "192.168.1.101", false);
	route("0.0.0.0/0", "192.168.1.103", true);
	peer.now_us += 3000000;
	CU_ASSERT_TRUE(asks_for("192.168.1.103"));
	isla_tcp_abort(app.conn);
	app.conn = NULL;
}

/* More gateways than the table has places, one after the other. */
static void
gateways_that_nobody_uses_make_room(void)
{
	struct isla_tcp_conn *conn;
	char gateway[32];
	unsigned int i;

	for (i = 0; i < 200; i++) {
		snprintf(gateway, sizeof(gateway), "192.168.1.%u", 20 + i);
		route("0.0.0.0/0", gateway, true);
		conn = far_connect();
		CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
		CU_ASSERT_TRUE(asks_for(gateway));
		isla_tcp_abort(conn);
		route("0.0.0.0/0", gateway, false);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(every_state_ends_and_is_told),
	SUITE_TEST(data_that_waits_is_given_up_but_what_came_can_be_read),
	SUITE_TEST(a_reset_is_believed_behind_a_closed_window),
	SUITE_TEST(a_listener_waits_for_its_address_to_come_back),
	SUITE_TEST(other_addresses_keep_their_connections),
	SUITE_TEST(the_address_on_another_interface_keeps_it),
	SUITE_TEST(what_is_not_there_cannot_go),
	SUITE_TEST(nobody_is_there_any_more),
	SUITE_TEST(udp_sockets_hear_of_it_where_it_is_theirs),
	SUITE_TEST(sockets_report_it_once),
	SUITE_TEST(connections_follow_the_routes),
	SUITE_TEST(gateways_that_nobody_uses_make_room),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
