/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables that are read in pieces: all entries come, each once, whatever the pieces, also where the
 * table changes in between, and no call looks at more places than it may.
 */

#include <errno.h>
#include <string.h>

#include "inet.h"
#include "isla_ping.h"
#include "isla_route.h"
#include "stack_priv.h"
#include "tcp_peer.h"

#define MANY 2000

static struct isla_tcp_entry tcp_entry[MANY];

/* A stack with tables of the usual size; the fixture's are small. */
static void
large_tables(void)
{
	const struct isla_tcp_conf conf = {.max_conns = 16384};

	peer_restart_tcp(&conf);
}

/* Read all listeners and connections; returns how many, and checks the bounds of each call. */
static uint32_t
read_tcp(uint16_t max, uint32_t *nb_calls)
{
	uint32_t cursor = 0, nb = 0, calls = 0;

	memset(tcp_entry, 0, sizeof(tcp_entry));
	do {
		uint32_t from = cursor;
		uint16_t n;

		CU_ASSERT_FATAL(nb + max <= MANY);
		n = isla_tcp_list(peer.tcp, &cursor, tcp_entry + nb, max);
		CU_ASSERT_FATAL(n <= max);
		if (cursor != ISLA_LIST_END)
			CU_ASSERT_FATAL(cursor > from && cursor - from <= ISLA_LIST_LOOKS);
		nb += n;
		calls++;
		CU_ASSERT_FATAL(calls < 100000);
	} while (cursor != ISLA_LIST_END);
	if (nb_calls != NULL)
		*nb_calls = calls;
	return nb;
}

static const struct isla_tcp_entry *
find_state(uint32_t nb, enum isla_tcp_state state)
{
	uint32_t i;

	for (i = 0; i < nb; i++)
		if (tcp_entry[i].state == state)
			return &tcp_entry[i];
	return NULL;
}

static const struct isla_addr *
own_addr(void)
{
	return peer.is_v6 ? &peer.host.v6 : &peer.host.v4;
}

/* Connections to a port that nobody answers, so that they stay in SYN-SENT. */
static void
connect_many(uint32_t nb)
{
	uint32_t i;

	for (i = 0; i < nb; i++) {
		struct isla_tcp_ends ends = {
			.remote = peer.ends.src, .remote_port = 9, .local_port = 20000 + i};

		CU_ASSERT_PTR_NOT_NULL_FATAL(
			isla_tcp_connect(peer.tcp, &ends, &app_ops, NULL, NULL));
	}
	peer_flush();
	peer_drain();
}

static void
nothing_is_listed_of_an_empty_table(void)
{
	uint32_t nb_calls;

	large_tables();
	CU_ASSERT_EQUAL(read_tcp(8, &nb_calls), 0);
	/* 64 listeners, 16384 connections, half as many that are half open. */
	CU_ASSERT_EQUAL(nb_calls, (64 + 16384 + 8192 + ISLA_LIST_LOOKS - 1) / ISLA_LIST_LOOKS);
}

static void
a_listener_has_its_backlog(void)
{
	uint32_t nb;

	listen_on(STACK_PORT);
	nb = read_tcp(1, NULL);
	CU_ASSERT_EQUAL_FATAL(nb, 1);
	CU_ASSERT_EQUAL(tcp_entry[0].state, ISLA_TCP_LISTEN);
	CU_ASSERT_EQUAL(tcp_entry[0].ends.local_port, STACK_PORT);
	CU_ASSERT_EQUAL(tcp_entry[0].ends.remote_port, 0);
	CU_ASSERT(isla_addr_is_unspecified(&tcp_entry[0].ends.remote));
	CU_ASSERT_EQUAL(tcp_entry[0].recvq, 0);
	CU_ASSERT(tcp_entry[0].sendq >= 1);
	inject(SYN, .seq = P(0));
	peer_drain();
	nb = read_tcp(1, NULL);
	CU_ASSERT_EQUAL_FATAL(nb, 2);
	CU_ASSERT_EQUAL(tcp_entry[0].recvq, 1);
	CU_ASSERT_EQUAL(tcp_entry[1].state, ISLA_TCP_SYN_RECEIVED);
}

static void
every_state_is_told_with_its_ends(void)
{
	const struct ladder *l;

	for (l = ladder; l < ladder + LADDER_NB; l++) {
		const struct isla_tcp_entry *e;
		struct isla_tcp_entry again;
		struct isla_tcp_info info;

		ladder_enter(l);
		e = find_state(read_tcp(3, NULL), l->state);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT(isla_addr_eq(&e->ends.local, own_addr()));
		CU_ASSERT(isla_addr_eq(&e->ends.remote, &peer.ends.src));
		CU_ASSERT_EQUAL(e->ends.remote_port, peer.port);
		CU_ASSERT_EQUAL(e->ends.local_port, peer.stack_port);
		CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, e->id, &again, &info), 0);
		CU_ASSERT_EQUAL(memcmp(&again, e, sizeof(again)), 0);
		CU_ASSERT_EQUAL(info.state, l->state);
		CU_ASSERT_PTR_NOT_NULL(info.cc);
	}
}

/* As `ss -K` does: where somebody waits he gets a reset, and the program hears of it. */
static void
any_connection_can_be_ended(void)
{
	const unsigned int told = ISLA_TCP_SYN_RECEIVED | ISLA_TCP_ESTABLISHED |
		ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_FIN_WAIT_2 | ISLA_TCP_CLOSE_WAIT;
	const struct ladder *l;

	for (l = ladder; l < ladder + LADDER_NB; l++) {
		const struct isla_tcp_entry *e;
		struct isla_tcp_entry again;
		bool held;

		ladder_enter(l);
		e = find_state(read_tcp(3, NULL), l->state);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		held = !e->orphan && app.conn != NULL;
		CU_ASSERT_EQUAL(isla_tcp_list_abort(peer.tcp, e->id), 0);
		CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, e->id, &again, NULL), -ENOENT);
		peer_flush();
		CU_ASSERT_EQUAL(app.nb_error, held ? 1 : 0);
		if (held)
			CU_ASSERT_EQUAL(app.err, ECONNABORTED);
		if (((unsigned int)l->state & told) != 0)
			CU_ASSERT((take()->flags & RST) != 0);
		expect_nothing();
		CU_ASSERT_EQUAL(isla_tcp_list_abort(peer.tcp, e->id), -ENOENT);
	}
}

static void
what_cannot_be_ended(void)
{
	listen_on(STACK_PORT);
	CU_ASSERT_EQUAL(isla_tcp_list_abort(peer.tcp, 0), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(isla_tcp_list_abort(peer.tcp, 1), -ENOENT);
	CU_ASSERT_EQUAL(isla_tcp_list_abort(peer.tcp, 64), -ENOENT);
	CU_ASSERT_EQUAL(isla_tcp_list_abort(peer.tcp, UINT32_MAX), -ENOENT);
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
}

static void
queues_are_those_of_the_connection(void)
{
	const struct isla_tcp_entry *e;

	established_passive();
	app.no_read = true;
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	app_send(5000);
	e = find_state(read_tcp(8, NULL), ISLA_TCP_ESTABLISHED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(e->recvq, 100);
	CU_ASSERT_EQUAL(e->sendq, 5000);
	CU_ASSERT_FALSE(e->orphan);
	peer_drain();
}

/* What runs is told, with the time that it has left; what does not is off. */
static void
timers_count_down(void)
{
	const struct isla_tcp_entry *e;
	uint32_t before;

	established_passive();
	e = find_state(read_tcp(8, NULL), ISLA_TCP_ESTABLISHED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(e->timer_us[ISLA_TCP_TIMER_RTX], ISLA_TCP_TIMER_OFF);
	CU_ASSERT_EQUAL(e->timer_us[ISLA_TCP_TIMER_STATE], ISLA_TCP_TIMER_OFF);
	app_send(100);
	e = find_state(read_tcp(8, NULL), ISLA_TCP_ESTABLISHED);
	before = RTE_MIN(e->timer_us[ISLA_TCP_TIMER_RTX], e->timer_us[ISLA_TCP_TIMER_LOSS]);
	CU_ASSERT(before > 0 && before <= 1000000);
	advance_us(before / 2);
	e = find_state(read_tcp(8, NULL), ISLA_TCP_ESTABLISHED);
	CU_ASSERT(RTE_MIN(e->timer_us[ISLA_TCP_TIMER_RTX], e->timer_us[ISLA_TCP_TIMER_LOSS]) <
		before);
	peer_drain();
	ladder_enter(&ladder[LADDER_NB - 1]);
	e = find_state(read_tcp(8, NULL), ISLA_TCP_TIME_WAIT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT(e->timer_us[ISLA_TCP_TIMER_STATE] > 59000000);
	CU_ASSERT(e->timer_us[ISLA_TCP_TIMER_STATE] <= 60000000 + TIMER_SLACK_US);
}

static void
large_tables_come_whole_in_any_pieces(void)
{
	static const uint16_t piece[] = {1, 7, 64, 700};
	unsigned int i;

	large_tables();
	connect_many(700);
	listen_on(STACK_PORT);
	for (i = 0; i < RTE_DIM(piece); i++) {
		uint32_t nb = read_tcp(piece[i], NULL), j;
		bool seen[700] = {false};

		CU_ASSERT_EQUAL(nb, 701);
		for (j = 0; j < nb; j++) {
			uint16_t port = tcp_entry[j].ends.local_port;

			if (tcp_entry[j].state == ISLA_TCP_LISTEN)
				continue;
			CU_ASSERT_FATAL(port >= 20000 && port < 20700);
			CU_ASSERT_FALSE(seen[port - 20000]);
			seen[port - 20000] = true;
		}
	}
}

/* Half of the connections go while the list is read: those that stay come once. */
static void
what_stays_comes_once(void)
{
	struct isla_tcp_conn *conn[600];
	bool seen[600] = {false};
	uint32_t cursor = 0, i;

	large_tables();
	for (i = 0; i < RTE_DIM(conn); i++) {
		struct isla_tcp_ends ends = {
			.remote = peer.ends.src, .remote_port = 9, .local_port = 20000 + i};

		conn[i] = isla_tcp_connect(peer.tcp, &ends, &app_ops, NULL, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(conn[i]);
	}
	peer_flush();
	for (i = 0; cursor != ISLA_LIST_END; i++) {
		uint16_t n = isla_tcp_list(peer.tcp, &cursor, tcp_entry, 50), j;

		for (j = 0; j < n; j++) {
			CU_ASSERT_FALSE(seen[tcp_entry[j].ends.local_port - 20000]);
			seen[tcp_entry[j].ends.local_port - 20000] = true;
		}
		if (i < 300) {
			isla_tcp_abort(conn[i * 2 + 1]);
			peer_flush();
		}
	}
	for (i = 0; i < RTE_DIM(conn); i += 2)
		CU_ASSERT_TRUE(seen[i]);
	peer_drain();
}

static void
a_number_that_is_nobodys(void)
{
	struct isla_tcp_entry e;
	struct isla_tcp_info info;

	large_tables();
	CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, 0, &e, &info), -ENOENT);
	CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, 64, &e, &info), -ENOENT);
	CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, 64 + 16384, &e, &info), -ENOENT);
	CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, UINT32_MAX, &e, NULL), -ENOENT);
	listen_on(STACK_PORT);
	CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, 0, &e, &info), 0);
	CU_ASSERT_EQUAL(info.state, ISLA_TCP_LISTEN);
	CU_ASSERT_EQUAL(isla_tcp_list_get(peer.tcp, 0, &e, NULL), 0);
}

/* A cursor that no call has given: nothing is read outside the table. */
static void
cursors_beyond_the_end(void)
{
	static const uint32_t from[] = {64 + 16384 + 8192, 1u << 31, UINT32_MAX - 1, UINT32_MAX};
	unsigned int i;

	large_tables();
	listen_on(STACK_PORT);
	for (i = 0; i < RTE_DIM(from); i++) {
		struct isla_udp_entry udp;
		struct isla_neigh_entry neigh;
		struct isla_addr_entry addr;
		struct isla_route_entry route;
		struct isla_tcp_entry tcp;
		uint32_t c[5] = {from[i], from[i], from[i], from[i], from[i]};
		struct isla_stack *s = peer.host.stack;
		unsigned int j;

		CU_ASSERT_EQUAL(isla_tcp_list(peer.tcp, &c[0], &tcp, 1), 0);
		CU_ASSERT_EQUAL(isla_udp_list(isla_stack_udp(s), &c[1], &udp, 1), 0);
		CU_ASSERT_EQUAL(isla_neigh_list(s, &c[2], &neigh, 1), 0);
		CU_ASSERT_EQUAL(isla_addr_list(s, &c[3], &addr, 1), 0);
		CU_ASSERT_EQUAL(isla_route_list(s, &c[4], &route, 1), 0);
		for (j = 0; j < RTE_DIM(c); j++)
			CU_ASSERT_EQUAL(c[j], ISLA_LIST_END);
	}
}

static void
nobody(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	rte_pktmbuf_free(m);
}

static void
udp_ports(void)
{
	struct isla_udp *udp = isla_stack_udp(peer.host.stack);
	struct isla_udp_sock *sock[3];
	struct isla_udp_entry e[4];
	uint32_t cursor = 0;

	sock[0] = isla_udp_bind(udp, &isla_addr_any, 7, nobody, NULL);
	sock[1] = isla_udp_bind(udp, own_addr(), 9, nobody, NULL);
	sock[2] = isla_udp_bind(udp, own_addr(), 53, nobody, NULL);
	isla_udp_set_v6only(sock[0]);
	isla_udp_set_tos(sock[1], 0x28);
	isla_udp_set_hop_limit(sock[1], 3);
	isla_udp_close(sock[2]);
	CU_ASSERT_EQUAL(isla_udp_list(udp, &cursor, e, 1), 1);
	CU_ASSERT_NOT_EQUAL(cursor, ISLA_LIST_END);
	CU_ASSERT_EQUAL(isla_udp_list(udp, &cursor, e + 1, 3), 1);
	CU_ASSERT_EQUAL(cursor, ISLA_LIST_END);
	CU_ASSERT_EQUAL(e[0].port, 7);
	CU_ASSERT_TRUE(e[0].v6only);
	CU_ASSERT(isla_addr_is_unspecified(&e[0].local));
	CU_ASSERT_EQUAL(e[1].port, 9);
	CU_ASSERT(isla_addr_eq(&e[1].local, own_addr()));
	CU_ASSERT_EQUAL(e[1].tos, 0x28);
	CU_ASSERT_EQUAL(e[1].hop_limit, 3);
	CU_ASSERT_FALSE(e[1].v6only);
}

static void
neighbours(void)
{
	struct isla_neigh_entry e[8];
	uint32_t cursor = 0;
	uint16_t nb = 0, i;
	bool found = false;

	established_active();
	while (cursor != ISLA_LIST_END) {
		uint32_t from = cursor;

		nb += isla_neigh_list(peer.host.stack, &cursor, e + nb, (uint16_t)(8 - nb));
		if (cursor != ISLA_LIST_END)
			CU_ASSERT_FATAL(cursor > from && cursor - from <= ISLA_LIST_LOOKS);
	}
	for (i = 0; i < nb; i++) {
		if (!isla_addr_eq(&e[i].addr, &peer.ends.src))
			continue;
		found = true;
		CU_ASSERT_EQUAL(e[i].state, ISLA_NEIGH_REACHABLE);
		CU_ASSERT_TRUE(e[i].used);
		CU_ASSERT(e[i].mac[0] == 0x02);
		CU_ASSERT(e[i].confirmed_us < 1000000);
		CU_ASSERT(e[i].timer_us <= 45000000);
	}
	CU_ASSERT_TRUE(found);
	CU_ASSERT_STRING_EQUAL(isla_neigh_state_name(ISLA_NEIGH_STALE), "STALE");
	CU_ASSERT_STRING_EQUAL(isla_neigh_state_name(77), "?");
}

/* Forget neighbours, in pieces. */
static uint32_t
clear_neigh(const struct isla_addr *addr)
{
	uint32_t cursor = 0, nb = 0;

	while (cursor != ISLA_LIST_END) {
		uint32_t from = cursor;

		nb += isla_neigh_clear(peer.host.stack, &cursor, addr);
		if (cursor != ISLA_LIST_END)
			CU_ASSERT_FATAL(cursor > from && cursor - from <= ISLA_LIST_LOOKS);
	}
	return nb;
}

/* The connection that went by it asks anew with its next segment, and nothing is lost. */
static void
a_neighbour_is_forgotten(void)
{
	struct isla_neigh_entry e;
	struct isla_addr other;
	uint64_t asked;

	established_active();
	asked = counter(peer.is_v6 ? ISLA_C_ND_OUT_SOLICITS : ISLA_C_ARP_OUT_REQUESTS);
	isla_addr_parse(peer.is_v6 ? "fd00::4711" : "192.168.1.211", &other);
	CU_ASSERT_EQUAL(clear_neigh(&other), 0);
	CU_ASSERT_EQUAL(isla_neigh_get(peer.host.stack, 0, &peer.ends.src, &e), 0);
	CU_ASSERT_EQUAL(clear_neigh(&peer.ends.src), 1);
	CU_ASSERT_EQUAL(isla_neigh_get(peer.host.stack, 0, &peer.ends.src, &e), -ENOENT);
	CU_ASSERT_EQUAL(clear_neigh(NULL), 0);
	app_send(10);
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10);
	CU_ASSERT_EQUAL(counter(peer.is_v6 ? ISLA_C_ND_OUT_SOLICITS : ISLA_C_ARP_OUT_REQUESTS),
		asked + 1);
	CU_ASSERT_EQUAL(clear_neigh(NULL), 1);
}

/* One that is asked for is no knowledge: what waits for it goes on waiting. */
static void
a_question_is_not_forgotten(void)
{
	struct isla_neigh_entry e;

	peer.deaf = true;
	app_connect();
	CU_ASSERT_EQUAL(clear_neigh(NULL), 0);
	CU_ASSERT_EQUAL(clear_neigh(&peer.ends.src), 0);
	CU_ASSERT_EQUAL_FATAL(isla_neigh_get(peer.host.stack, 0, &peer.ends.src, &e), 0);
	CU_ASSERT_EQUAL(e.nb_queued, 1);
	peer_drain();
}

static void
paths_are_told_and_forgotten(void)
{
	struct inet *inet = stack_inet(peer.host.stack);
	struct isla_pmtu_entry e[4];
	struct isla_addr dst[3];
	uint32_t cursor = 0;
	uint16_t nb = 0, i;

	CU_ASSERT_EQUAL(isla_pmtu_list(peer.host.stack, &cursor, e, 4), 0);
	CU_ASSERT_EQUAL(cursor, ISLA_LIST_END);
	for (i = 0; i < RTE_DIM(dst); i++) {
		char text[ISLA_ADDR_STRLEN];

		snprintf(text, sizeof(text), peer.is_v6 ? "2001:db8::%u" : "10.0.0.%u", i + 1);
		isla_addr_parse(text, &dst[i]);
		inet_pmtu_lower(inet, &dst[i], (uint16_t)(1300 + i));
	}
	for (cursor = 0; cursor != ISLA_LIST_END;)
		nb += isla_pmtu_list(peer.host.stack, &cursor, e + nb, 1);
	CU_ASSERT_EQUAL_FATAL(nb, RTE_DIM(dst));
	for (i = 0; i < nb; i++) {
		CU_ASSERT(isla_addr_eq(&e[i].dst, &dst[e[i].mtu - 1300]));
		CU_ASSERT(e[i].left_us == 600000000);
	}
	CU_ASSERT_EQUAL(isla_pmtu_clear(peer.host.stack, &dst[1]), 1);
	CU_ASSERT_EQUAL(isla_pmtu_clear(peer.host.stack, &dst[1]), 0);
	CU_ASSERT_EQUAL(inet_pmtu(inet, &dst[1], 1500), 1500);
	CU_ASSERT_EQUAL(inet_pmtu(inet, &dst[0], 1500), 1300);
	CU_ASSERT_EQUAL(isla_pmtu_clear(peer.host.stack, NULL), 2);
	CU_ASSERT_EQUAL(inet_pmtu(inet, &dst[0], 1500), 1500);
	/* What is learnt again counts again. */
	inet_pmtu_lower(inet, &dst[1], 1400);
	CU_ASSERT_EQUAL(inet_pmtu(inet, &dst[1], 1500), 1400);
	advance_us(600000000);
	CU_ASSERT_EQUAL(isla_pmtu_clear(peer.host.stack, NULL), 0);
}

/* It is asked for, and has no address yet. */
static void
a_neighbour_that_keeps_silent(void)
{
	struct isla_neigh_entry e;
	uint32_t cursor = 0;

	peer.deaf = true;
	app_connect();
	CU_ASSERT_EQUAL_FATAL(isla_neigh_list(peer.host.stack, &cursor, &e, 1), 1);
	CU_ASSERT_EQUAL(e.state, ISLA_NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(e.nb_queued, 1);
	CU_ASSERT_EQUAL(memcmp(e.mac, "\0\0\0\0\0\0", 6), 0);
	CU_ASSERT(e.confirmed_us == UINT64_MAX);
	CU_ASSERT(e.timer_us > 0 && e.timer_us <= 1000000);
	peer_drain();
}

/* Asked for with nothing to send; it answers, and that is told. */
static void
a_neighbour_is_asked(void)
{
	struct isla_stack *s = peer.host.stack;
	struct isla_neigh_entry e;
	uint8_t netif = ISLA_NETIF_ANY;

	CU_ASSERT_EQUAL(isla_neigh_get(s, 0, &peer.ends.src, &e), -ENOENT);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &peer.ends.src, &netif), 0);
	CU_ASSERT_EQUAL(netif, 0);
	peer_flush();
	CU_ASSERT_EQUAL(isla_neigh_get(s, netif, &peer.ends.src, &e), 0);
	CU_ASSERT_EQUAL(e.state, ISLA_NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(e.mac[0], 0x02);
	/* And again, though it is known: what was confirmed long ago is so now. */
	advance_us(10000000);
	CU_ASSERT_EQUAL(isla_neigh_get(s, netif, &peer.ends.src, &e), 0);
	CU_ASSERT(e.confirmed_us >= 10000000);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &peer.ends.src, &netif), 0);
	peer_flush();
	CU_ASSERT_EQUAL(isla_neigh_get(s, netif, &peer.ends.src, &e), 0);
	CU_ASSERT(e.confirmed_us < 1000);
}

static void
no_event(struct isla_ping *ping, void *ctx, const struct isla_ping_event *event)
{
}

/* A link-local address says nothing about the link: the caller does (RFC 4007, 6). */
static void
others_are_asked_by_an_interface(void)
{
	const struct isla_netif_conf conf = {.mtu = 1500, .mac = {2, 0, 0, 0, 0, 0x77}};
	struct isla_stack *s = peer.host.stack;
	struct isla_prefix own = {.addr = isla_addr_link_local(conf.mac), .len = 64};
	struct isla_neigh_entry e;
	struct isla_addr a, b;
	struct isla_ping *ping;
	uint8_t netif = 1;

	CU_ASSERT_EQUAL_FATAL(isla_stack_netif_add(s, &conf), 1);
	isla_addr_parse("fe80::4711", &a);
	isla_addr_parse("fe80::4712", &b);
	/* Not before there is a way by it. */
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &a, &netif), -EHOSTUNREACH);
	CU_ASSERT_PTR_NULL(isla_ping_open(s, &b, 1, no_event, NULL));
	CU_ASSERT_EQUAL(isla_stack_addr_add(s, 1, &own), 0);
	own.addr.b[15]++;
	CU_ASSERT_EQUAL(isla_stack_addr_add(s, 0, &own), 0);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &a, &netif), 0);
	CU_ASSERT_EQUAL(netif, 1);
	CU_ASSERT_EQUAL(isla_neigh_get(s, 1, &a, &e), 0);
	CU_ASSERT_EQUAL(isla_neigh_get(s, 0, &a, &e), -ENOENT);
	ping = isla_ping_open(s, &b, 1, no_event, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ping);
	CU_ASSERT_EQUAL(isla_ping_send(ping, 8), 1);
	CU_ASSERT_EQUAL(isla_neigh_get(s, 1, &b, &e), 0);
	CU_ASSERT_EQUAL(e.nb_queued, 1);
	CU_ASSERT_EQUAL(isla_neigh_get(s, 0, &b, &e), -ENOENT);
	isla_ping_close(ping);
	CU_ASSERT_PTR_NULL(isla_ping_open(s, &peer.ends.src, 7, no_event, NULL));
	peer_drain();
}

static void
a_neighbour_that_is_not_there(void)
{
	struct isla_stack *s = peer.host.stack;
	struct isla_neigh_entry e;
	struct isla_addr other;
	uint8_t netif = ISLA_NETIF_ANY;

	peer.deaf = true;
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &peer.ends.src, &netif), 0);
	CU_ASSERT_EQUAL(isla_neigh_get(s, netif, &peer.ends.src, &e), 0);
	CU_ASSERT_EQUAL(e.state, ISLA_NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(e.nb_queued, 0);
	advance_us(4000000);
	CU_ASSERT_EQUAL(isla_neigh_get(s, netif, &peer.ends.src, &e), -ENOENT);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, own_addr(), &netif), -EINVAL);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &isla_addr_any, &netif), -EINVAL);
	isla_addr_parse(peer.is_v6 ? "2001:db8:77::1" : "10.9.8.7", &other);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &other, &netif), -EHOSTUNREACH);
	isla_addr_parse(peer.is_v6 ? "ff02::1" : "192.168.1.255", &other);
	CU_ASSERT_EQUAL(isla_neigh_ask(s, &other, &netif), -EINVAL);
	peer_drain();
}

static void
addresses_and_routes(void)
{
	struct isla_stack *s = peer.host.stack;
	struct isla_prefix to;
	struct isla_addr gateway;
	struct isla_addr_entry a[4];
	struct isla_route_entry r[4];
	uint32_t cursor = 0, i;

	isla_prefix_parse("10.1.0.0/16", &to);
	isla_addr_parse("192.168.1.77", &gateway);
	CU_ASSERT_EQUAL(isla_stack_route_add(s, &to, &gateway, 0), 0);
	CU_ASSERT_EQUAL(isla_addr_list(s, &cursor, a, 1), 1);
	CU_ASSERT_EQUAL(isla_addr_list(s, &cursor, a + 1, 3), 1);
	CU_ASSERT_EQUAL(cursor, ISLA_LIST_END);
	CU_ASSERT(isla_addr_eq(&a[0].prefix.addr, &peer.host.v4));
	CU_ASSERT(isla_addr_eq(&a[1].prefix.addr, &peer.host.v6));
	CU_ASSERT_EQUAL(a[0].prefix.len, 24);
	CU_ASSERT_EQUAL(a[0].netif, 0);
	for (i = 0, cursor = 0; cursor != ISLA_LIST_END;)
		i += isla_route_list(s, &cursor, r + i, 1);
	CU_ASSERT_EQUAL_FATAL(i, 3);
	CU_ASSERT_TRUE(r[0].connected && r[1].connected);
	CU_ASSERT_EQUAL(r[0].prefix.addr.b[15], 0);
	CU_ASSERT_FALSE(r[2].connected);
	CU_ASSERT(isla_addr_eq(&r[2].gateway, &gateway));
	CU_ASSERT(isla_addr_eq(&r[2].prefix.addr, &to.addr));
	CU_ASSERT_EQUAL(r[2].prefix.len, 16);
}

static void
timers_of_the_stack(void)
{
	struct isla_stack_timers t;

	isla_stack_get_timers(peer.host.stack, &t);
	CU_ASSERT_EQUAL(t.nb_armed, 0);
	CU_ASSERT(t.next_us == UINT64_MAX);
	app_connect();
	isla_stack_get_timers(peer.host.stack, &t);
	/* Of the SYN, and of the neighbour. */
	CU_ASSERT_EQUAL(t.nb_armed, 2);
	CU_ASSERT(t.next_us > 0 && t.next_us <= 1000000);
	CU_ASSERT_STRING_EQUAL(isla_tcp_timer_name(ISLA_TCP_TIMER_KEEP), "keepalive");
	CU_ASSERT_STRING_EQUAL(isla_tcp_timer_name(ISLA_TCP_TIMER_MAX), "?");
	peer_drain();
}

static const struct suite_test tests[] = {
	SUITE_TEST(nothing_is_listed_of_an_empty_table),
	SUITE_TEST(a_listener_has_its_backlog),
	SUITE_TEST(every_state_is_told_with_its_ends),
	SUITE_TEST(any_connection_can_be_ended),
	SUITE_TEST(what_cannot_be_ended),
	SUITE_TEST(queues_are_those_of_the_connection),
	SUITE_TEST(timers_count_down),
	SUITE_TEST(large_tables_come_whole_in_any_pieces),
	SUITE_TEST(what_stays_comes_once),
	SUITE_TEST(a_number_that_is_nobodys),
	SUITE_TEST(cursors_beyond_the_end),
	SUITE_TEST(udp_ports),
	SUITE_TEST(neighbours),
	SUITE_TEST(a_neighbour_is_forgotten),
	SUITE_TEST(a_question_is_not_forgotten),
	SUITE_TEST(paths_are_told_and_forgotten),
	SUITE_TEST(a_neighbour_that_keeps_silent),
	SUITE_TEST(a_neighbour_is_asked),
	SUITE_TEST(others_are_asked_by_an_interface),
	SUITE_TEST(a_neighbour_that_is_not_there),
	SUITE_TEST(addresses_and_routes),
	SUITE_TEST(timers_of_the_stack),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
