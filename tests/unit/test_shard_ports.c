/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What several shards share: stacks behind one map of owners, a test that plays the peer. A
 * handshake whose entry of the table is moved in its middle, cookies of one shard that come to
 * another, ports of the ephemeral range that all shards serve, pinned ports.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "isla_socket.h"
#include "owner.h"
#include "ports.h"
#include "segment.h"
#include "sim.h"
#include "suite.h"

#define NB      4
#define IDX     77 /* shard 1's at first */
#define HIGH    50000
#define SECOND  1000000ull
#define T0      (SECOND << 7)
#define ISS     1000u
#define PERIOD  (1ull << 26) /* of SYN cookies */

static struct owner_map map;
static struct sim_host host[NB];
static struct owner_sweep sweep[NB];
static struct isla_tcp_listener *listener[NB];
static struct isla_tcp_conn *accepted[NB]; /* the last one */
static uint32_t nb_accepted[NB], nb_connected[NB], nb_err[NB], nb_datagrams[NB];
static uint64_t now_us;
static int64_t skew_us[NB];
static struct seg sent; /* the last segment that a shard has sent, flags 0: none */
static uint8_t sent_opts[40];
static struct frame_ends in = {.src_mac = {2, 0, 0, 0, 0, 1}, .dst_mac = {2, 0, 0, 0, 0, 2}};

static uint16_t
shard_of(const void *ctx)
{
	return (uint16_t)((const struct sim_host *)ctx - host);
}

static int
on_accept(struct isla_tcp_conn *conn, void *arg)
{
	uint16_t s = shard_of(arg);

	accepted[s] = conn;
	nb_accepted[s]++;
	isla_tcp_set_ctx(conn, arg);
	return 0;
}

static void
on_connected(struct isla_tcp_conn *conn, void *ctx)
{
	nb_connected[shard_of(ctx)]++;
}

static void
on_data(struct isla_tcp_conn *conn, void *ctx)
{
	struct rte_mbuf *m = isla_tcp_recv(conn);

	isla_tcp_consumed(conn, m->pkt_len);
	rte_pktmbuf_free(m);
}

static void
on_nothing(struct isla_tcp_conn *conn, void *ctx)
{
}

static void
on_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	nb_err[shard_of(ctx)]++;
}

static const struct isla_tcp_ops ops = {.accept = on_accept, .connected = on_connected,
	.readable = on_data, .writable = on_nothing, .eof = on_nothing, .error = on_error};

static void
on_datagram(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	nb_datagrams[shard_of(ctx)]++;
	rte_pktmbuf_free(m);
}

static struct isla_tcp *
tcp_of(uint16_t s)
{
	return isla_stack_tcp(host[s].stack);
}

static uint64_t
count(uint16_t s, enum isla_counter c)
{
	return isla_stack_stats(host[s].stack)->counter[c];
}

static uint64_t
count_all(enum isla_counter c)
{
	uint64_t n = 0;
	uint16_t s;

	for (s = 0; s < NB; s++)
		n += count(s, c);
	return n;
}

static void
setup(void)
{
	struct sim_host_conf conf = {.number = 2, .stack = {.now_us = T0, .nb_shards = NB,
		.ports = &map.ports, .max_udp_socks = 5000, .tcp = {.max_conns = 8192, .fastopen = true}}};
	uint8_t key[OWNER_KEY_LEN];
	unsigned int i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	now_us = T0;
	memset(sweep, 0, sizeof(sweep));
	memset(nb_accepted, 0, sizeof(nb_accepted));
	memset(nb_connected, 0, sizeof(nb_connected));
	memset(nb_err, 0, sizeof(nb_err));
	memset(nb_datagrams, 0, sizeof(nb_datagrams));
	memset(skew_us, 0, sizeof(skew_us));
	owner_map_init(&map, OWNER_MODE_2TUPLE, key, NB);
	for (i = 0; i < NB; i++) {
		conf.stack.shard = (uint16_t)i;
		sim_host_init(&host[i], &conf);
	}
	isla_addr_parse("192.168.1.1", &in.src);
	in.dst = host[0].v4;
}

static void
teardown(void)
{
	unsigned int i;

	for (i = 0; i < NB; i++)
		CU_ASSERT_EQUAL(sim_host_fini(&host[i]), 0);
}

/* ---- frames ---- */

static void input(uint16_t s, const uint8_t *bytes, uint32_t len);

/* What a shard sends: the peer answers who asks for it, and keeps the last segment. */
static void
collect(uint16_t s)
{
	struct rte_mbuf **pkts;
	uint8_t copy[2048], answer[256];
	struct frame f;

	isla_stack_flush(host[s].stack, now_us + skew_us[s]);
	while (isla_stack_output(host[s].stack, 0, &pkts) > 0) {
		struct rte_mbuf *m = pkts[0];
		uint32_t len = m->pkt_len;

		memcpy(copy, rte_pktmbuf_read(m, 0, len, copy), RTE_MIN(len, sizeof(copy)));
		isla_stack_sent(host[s].stack, 0, 1);
		rte_pktmbuf_free(m);
		frame_parse(copy, len, &f);
		if (f.kind == FRAME_ARP_REQ) {
			input(s, answer, frame_build_resolved(answer, &f, in.src_mac));
		} else if (f.kind == FRAME_TCP) {
			sent = f.seg;
			memcpy(sent_opts, f.seg.opts, RTE_MIN(f.seg.opts_len, sizeof(sent_opts)));
			sent.opts = sent_opts;
		}
	}
}

static void
input(uint16_t s, const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *m = sim_mbuf(host[s].pool, bytes, len, len, NULL);

	isla_stack_input(host[s].stack, 0, &m, 1, now_us + skew_us[s]);
	collect(s);
}

/* A frame comes; the shard that keeps it. */
static uint16_t
deliver(const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *m = sim_mbuf(host[0].pool, bytes, len, len, NULL);
	uint16_t at, next, i;

	owner_burst(&map, &m, 1, &at);
	for (i = 0; i < 8 && owner_is_moving(&map, now_us); i++) {
		owner_second(&map, at, host[at].stack, &sweep[at], &m, 1, &next);
		if (next == OWNER_SELF)
			break;
		at = next;
	}
	CU_ASSERT_FATAL(at < NB && i < 8);
	rte_pktmbuf_free(m);
	sent.flags = 0;
	input(at, bytes, len);
	return at;
}

static uint16_t
inject(struct seg seg)
{
	uint8_t buf[2048];

	seg.wnd = seg.wnd != 0 ? seg.wnd : 60000;
	return deliver(buf, frame_build_tcp(buf, &in, &seg));
}

#define send_seg(f, ...) inject((struct seg){.flags = (f), __VA_ARGS__})

/* The n-th remote port whose frames go by an entry. */
static uint16_t
port_of(uint16_t idx, uint32_t n)
{
	uint32_t words[2] = {rte_be_to_cpu_32(in.src.w[3])}, port;

	for (port = 1024; port < 65536; port++) {
		words[1] = port << 16;
		if (owner_toeplitz(&map, words, 2) % OWNER_TABLE_LEN == idx && n-- == 0)
			return (uint16_t)port;
	}
	CU_FAIL_FATAL("no such port");
	return 0;
}

/* Time passes on all shards, in rounds of 10 ms. */
static void
run(uint64_t us)
{
	uint64_t end = now_us + us;
	uint16_t i;

	for (; now_us < end; now_us += 10000)
		for (i = 0; i < NB; i++) {
			collect(i);
			if (owner_is_moving(&map, now_us))
				owner_sweep(&sweep[i], &map, i, host[i].stack, now_us);
		}
}

static void
listen_all(uint16_t port, uint16_t backlog)
{
	uint16_t s;

	for (s = 0; s < NB; s++) {
		listener[s] = isla_tcp_listen(tcp_of(s), &isla_addr_any, port, backlog, &ops,
			&host[s], NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(listener[s]);
	}
}

static void
unlisten_all(void)
{
	uint16_t s;

	for (s = 0; s < NB; s++)
		isla_tcp_unlisten(listener[s]);
}

/* The cookie that the n-th flow of an entry gets, the backlog of its owner being full. */
static uint32_t
cookie_for(uint16_t idx, uint32_t n, uint16_t port)
{
	if (n == 1)
		send_seg(SYN, .seq = ISS, .sport = port_of(idx, 0), .dport = port);
	send_seg(SYN, .seq = ISS, .sport = port_of(idx, n), .dport = port, .mss = 1460);
	CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
	return sent.seq;
}

/* ---- handshakes and moved entries ---- */

static void
another_shard_takes_a_cookie(void)
{
	uint16_t older;
	uint32_t isn;

	listen_all(80, 1);
	isn = cookie_for(IDX, 1, 80);
	CU_ASSERT_EQUAL(count(1, ISLA_C_TCP_SYNCOOKIES_SENT), 1);
	owner_map_set(&map, IDX, 2);
	CU_ASSERT_EQUAL(send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = port_of(IDX, 1),
				.dport = 80), 2);
	CU_ASSERT_EQUAL(sent.flags & RST, 0);
	CU_ASSERT_EQUAL(nb_accepted[2], 1);
	CU_ASSERT_EQUAL(count(2, ISLA_C_TCP_SYNCOOKIES_RECV), 1);
	/* And what follows. */
	CU_ASSERT_EQUAL(send_seg(ACK | PSH, .seq = ISS + 1, .ack = isn + 1, .len = 100,
				.sport = port_of(IDX, 1), .dport = 80), 2);
	CU_ASSERT_EQUAL(count(2, ISLA_C_TCP_ESTAB_RESETS), 0);
	/* Later, too, when the mark has gone. */
	isn = cookie_for(IDX + NB, 1, 80);
	owner_map_set(&map, IDX + NB, 3);
	run(20 * SECOND);
	owner_map_get(&map, IDX + NB, &older);
	CU_ASSERT_EQUAL(older, 0);
	CU_ASSERT_EQUAL(send_seg(ACK, .seq = ISS + 1, .ack = isn + 1,
				.sport = port_of(IDX + NB, 1), .dport = 80), 3);
	CU_ASSERT_EQUAL(nb_accepted[3], 1);
}

/* Their clocks differ by less than a millisecond; either may be the first to hear of a period's end. */
static void
clocks_may_differ(void)
{
	uint64_t turn = (T0 / PERIOD + 1) * PERIOD;
	uint32_t isn, k;

	listen_all(80, 1);
	for (k = 0; k < 2; k++) {
		now_us = turn + (k == 0 ? 100 : 400);
		skew_us[2] = k == 0 ? -900 : 900;
		isn = cookie_for(IDX, k + 1, 80);
		owner_map_set(&map, IDX, 2);
		send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = port_of(IDX, k + 1),
			.dport = 80);
		CU_ASSERT_EQUAL_FATAL(nb_accepted[2], k + 1);
		isla_tcp_abort(accepted[2]);
		owner_map_set(&map, IDX, 1);
	}
}

/* Guessing is as hard as ever: not even looked at where no shard has sent a cookie from that port
 * lately, and else each guess is one try. */
static void
cookies_open_no_door(void)
{
	uint32_t isn, i;

	listen_all(80, 1);
	listen_all(81, 1);
	for (i = 0; i < 8; i++) {
		send_seg(ACK, .seq = ISS, .ack = 0x12345678u * i, .sport = port_of(i, 5),
			.dport = 80);
		CU_ASSERT_EQUAL(sent.flags, RST);
	}
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_SYNCOOKIES_FAILED), 0);
	isn = cookie_for(IDX, 1, 80);
	owner_map_set(&map, IDX, 2);
	/* Another port's are none of its business. */
	send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = port_of(IDX, 1), .dport = 81);
	CU_ASSERT_EQUAL(sent.flags, RST);
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_SYNCOOKIES_FAILED), 0);
	for (i = 0; i < 32; i++) {
		send_seg(ACK, .seq = ISS + 1, .ack = (isn ^ 1u << i) + 1,
			.sport = port_of(IDX, 1), .dport = 80);
		CU_ASSERT_EQUAL(sent.flags, RST);
	}
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_SYNCOOKIES_FAILED), 32);
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_SYNCOOKIES_RECV), 0);
	run(140 * SECOND);
	send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = port_of(IDX, 1), .dport = 80);
	CU_ASSERT_EQUAL(sent.flags, RST);
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_SYNCOOKIES_FAILED), 32);
}

/* A client's connections are spread, its Fast Open cookie is good for all of them. */
static void
another_shard_takes_a_fast_open_cookie(void)
{
	static const uint8_t request[] = {34, 2, 1, 1};
	uint8_t opts[12] = {34, 10}, i;
	const uint8_t *p;

	listen_all(80, 64);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(1, 0), .dport = 80,
				.mss = 1460, .opts = request, .opts_len = 4), 1);
	CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
	for (p = sent.opts; p < sent.opts + sent.opts_len && *p != 34;)
		p += *p <= 1 ? 1 : p[1];
	CU_ASSERT_FATAL(p + 10 <= sent.opts + sent.opts_len && p[1] == 10);
	memcpy(opts + 2, p + 2, 8);
	opts[10] = opts[11] = 1;
	for (i = 0; i < NB; i++) {
		CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(i, 1), .dport = 80,
					.mss = 1460, .opts = opts, .opts_len = 12, .len = 50), i);
		CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
		CU_ASSERT_EQUAL(sent.ack, ISS + 51);
		CU_ASSERT_EQUAL(nb_accepted[i], 1);
		CU_ASSERT_EQUAL(count(i, ISLA_C_TCP_TFO_PASSIVE), 1);
		CU_ASSERT_EQUAL(count(i, ISLA_C_TCP_TFO_PASSIVE_FAIL), 0);
	}
}

static void
half_open_ones_stay(void)
{
	uint16_t port = port_of(IDX, 0), older;
	uint32_t isn;

	listen_all(80, 16);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port, .dport = 80), 1);
	isn = sent.seq;
	owner_map_set(&map, IDX, 2);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port, .dport = 80), 1);
	CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
	CU_ASSERT_EQUAL(sent.seq, isn);
	run(3 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 1 << 1);
	CU_ASSERT_EQUAL(send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = port, .dport = 80),
		1);
	CU_ASSERT_EQUAL(nb_accepted[1], 1);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(IDX, 1), .dport = 80), 2);
}

/* Our timestamp in the last segment. */
static uint32_t
ts_sent(void)
{
	const uint8_t *p = sent.opts;

	while (p + 10 <= sent.opts + sent.opts_len && *p != 8)
		p += *p <= 1 ? 1 : p[1];
	CU_ASSERT_FATAL(p + 10 <= sent.opts + sent.opts_len);
	return (uint32_t)p[2] << 24 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8 | p[5];
}

/* Open a flow of the entry with timestamps, and let the program close it first: TIME-WAIT. Returns
 * the initial sequence number. */
static uint32_t
wait_of(uint16_t port, uint32_t seq, uint16_t shard)
{
	static const uint8_t ts[] = {8, 10, 0, 0, 3, 0xe8, 0, 0, 0, 0, 1, 1};
	uint8_t ack[12];
	uint32_t isn, n = nb_accepted[shard];

	CU_ASSERT_EQUAL(send_seg(SYN, .seq = seq, .sport = port, .dport = 80, .opts = ts,
				.opts_len = 12), shard);
	CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
	isn = sent.seq;
	memcpy(ack, ts, 12);
	ack[6] = (uint8_t)(ts_sent() >> 24);
	ack[7] = (uint8_t)(ts_sent() >> 16);
	ack[8] = (uint8_t)(ts_sent() >> 8);
	ack[9] = (uint8_t)ts_sent();
	send_seg(ACK, .seq = seq + 1, .ack = isn + 1, .sport = port, .dport = 80, .opts = ack,
		.opts_len = 12);
	CU_ASSERT_EQUAL_FATAL(nb_accepted[shard], n + 1);
	isla_tcp_close(accepted[shard]);
	collect(shard);
	send_seg(FIN | ACK, .seq = seq + 1, .ack = isn + 2, .sport = port, .dport = 80,
		.opts = ack, .opts_len = 12);
	CU_ASSERT_EQUAL(sent.flags, ACK);
	return isn;
}

/* Who is in TIME-WAIT judges the next SYN of its ends (RFC 6191), whoever has the entry; after that
 * the new owner goes on where the older one was: no sequence number, no timestamp goes back. */
static void
time_wait_judges_after_a_move(void)
{
	uint16_t port = port_of(IDX, 0), older;
	uint32_t isn[3], ts[3];

	listen_all(80, 16);
	isn[0] = wait_of(port, ISS, 1);
	ts[0] = ts_sent();
	owner_map_set(&map, IDX, 2);
	run(3 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 1 << 1);
	/* An old duplicate is refused, a new connection is opened, both there. */
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS - 100, .sport = port, .dport = 80), 1);
	CU_ASSERT_EQUAL(sent.flags, ACK);
	isn[1] = wait_of(port, ISS + 100000, 1);
	ts[1] = ts_sent();
	run(70 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 0);
	skew_us[2] = -900;
	isn[2] = wait_of(port, ISS + 200000, 2);
	ts[2] = ts_sent();
	CU_ASSERT_TRUE((int32_t)(isn[1] - isn[0]) > 0 && (int32_t)(isn[2] - isn[1]) > 0);
	CU_ASSERT_TRUE((int32_t)(ts[1] - ts[0]) > 0 && (int32_t)(ts[2] - ts[1]) > 0);
}

/* ---- ports of the ephemeral range ---- */

static uint16_t
owner_by_slice(uint16_t port)
{
	return (uint16_t)((port - ISLA_PORT_FIRST) % NB);
}

static void
what_all_listen_on_is_spread(void)
{
	uint16_t i, s, sport;
	uint32_t isn;

	/* As long as somebody does not listen, the slice says. */
	for (i = 0; i < OWNER_TABLE_LEN; i += 5)
		CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(i, 0), .dport = HIGH),
			owner_by_slice(HIGH));
	listen_all(HIGH, 64);
	for (i = 0; i < OWNER_TABLE_LEN; i += 5) {
		sport = port_of(i, 0);
		s = i % NB;
		CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = sport, .dport = HIGH), s);
		CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
		isn = sent.seq;
		CU_ASSERT_EQUAL(send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = sport,
					.dport = HIGH), s);
	}
	for (s = 0; s < NB; s++)
		CU_ASSERT_TRUE(nb_accepted[s] > 5);
	/* Moved entries as with any other port. */
	owner_map_set(&map, 5, 3);
	CU_ASSERT_EQUAL(send_seg(ACK, .seq = ISS + 1, .ack = 1, .sport = port_of(5, 0),
				.dport = HIGH), 1);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(5, 1), .dport = HIGH), 3);
	run(3 * SECOND);
	CU_ASSERT_EQUAL(send_seg(ACK, .seq = ISS + 1, .ack = 1, .sport = port_of(5, 0),
				.dport = HIGH), 1);
	/* Others of the range are as they were. */
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(2, 0), .dport = HIGH + 1),
		owner_by_slice(HIGH + 1));
}

/* What was accepted stays where it is when the listeners go; then the slice has the port. */
static void
a_port_that_is_done_with_is_sliced(void)
{
	uint16_t other = (uint16_t)(owner_by_slice(HIGH) + 1) % NB, sport = port_of(other, 0);
	uint32_t isn;

	listen_all(HIGH, 64);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = sport, .dport = HIGH), other);
	isn = sent.seq;
	send_seg(ACK, .seq = ISS + 1, .ack = isn + 1, .sport = sport, .dport = HIGH);
	CU_ASSERT_EQUAL(nb_accepted[other], 1);
	unlisten_all();
	CU_ASSERT_EQUAL(send_seg(ACK | PSH, .seq = ISS + 1, .ack = isn + 1, .len = 10,
				.sport = sport, .dport = HIGH), other);
	CU_ASSERT_EQUAL(sent.flags & RST, 0);
	CU_ASSERT_TRUE(isla_ports_is_spread(&map.ports, HIGH, true));
	isla_tcp_abort(accepted[other]);
	collect(other);
	CU_ASSERT_FALSE(isla_ports_is_spread(&map.ports, HIGH, true));
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = sport, .dport = HIGH),
		owner_by_slice(HIGH));
	/* Half open ones count, too, and are gone with their listeners. */
	listen_all(HIGH, 64);
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = sport, .dport = HIGH), other);
	unlisten_all();
	CU_ASSERT_FALSE(isla_ports_is_spread(&map.ports, HIGH, true));
}

static struct isla_tcp_conn *
open_from(uint16_t s, uint16_t port, uint16_t remote_port)
{
	struct isla_tcp_ends ends = {.remote = in.src, .local_port = port,
		.remote_port = remote_port};

	return isla_tcp_connect(tcp_of(s), &ends, &ops, &host[s], NULL);
}

/* A connection that was opened from the port is there first: it goes on hearing its answers. */
static void
listeners_take_no_answers_away(void)
{
	uint16_t s = owner_by_slice(HIGH), remote = port_of((uint16_t)((s + 1) % NB), 0);
	struct isla_tcp_conn *c = open_from(s, HIGH, remote);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	listen_all(HIGH, 64);
	CU_ASSERT_FALSE(isla_ports_is_spread(&map.ports, HIGH, true));
	collect(s);
	CU_ASSERT_EQUAL(sent.flags, SYN);
	CU_ASSERT_EQUAL(send_seg(SYN | ACK, .seq = ISS, .ack = sent.seq + 1, .sport = remote,
				.dport = HIGH), s);
	CU_ASSERT_EQUAL(nb_connected[s], 1);
	isla_tcp_abort(c);
	collect(s);
	CU_ASSERT_TRUE(isla_ports_is_spread(&map.ports, HIGH, true));
	CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = remote, .dport = HIGH), (s + 1) % NB);
}

static void
active_opens_avoid_listeners(void)
{
	uint16_t s = owner_by_slice(HIGH), other = (uint16_t)(s + 1) % NB;
	struct isla_tcp_ends ends;
	struct isla_tcp_conn *c;
	uint32_t i;

	/* One listener, on a shard that has it not in its slice. */
	listener[other] = isla_tcp_listen(tcp_of(other), &isla_addr_any, HIGH, 8, &ops,
		&host[other], NULL);
	CU_ASSERT_PTR_NULL(open_from(s, HIGH, 80));
	CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
	for (i = 0; i < ISLA_PORT_COUNT / NB - 1; i++) {
		c = open_from(s, 0, 80);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c);
		isla_tcp_get_ends(c, &ends);
		CU_ASSERT_NOT_EQUAL(ends.local_port, HIGH);
	}
	CU_ASSERT_PTR_NULL(open_from(s, 0, 80));
	CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
	isla_tcp_unlisten(listener[other]);
	c = open_from(s, 0, 80);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	isla_tcp_get_ends(c, &ends);
	CU_ASSERT_EQUAL(ends.local_port, HIGH);
	isla_stack_shutdown(host[s].stack);
}

static void
what_all_have_bound_is_spread(void)
{
	struct isla_udp_sock *sock[NB], *one, *two;
	uint16_t slice = owner_by_slice(HIGH), s, i;
	uint8_t buf[256];

	for (s = 0; s < NB; s++) {
		for (i = 0; i < NB; i++)
			CU_ASSERT_EQUAL(deliver(buf, frame_build_udp(buf, &in, port_of(i, 0), HIGH,
				"x", 1)), slice);
		sock[s] = isla_udp_bind(isla_stack_udp(host[s].stack), &isla_addr_any, HIGH,
			on_datagram, &host[s]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sock[s]);
	}
	memset(nb_datagrams, 0, sizeof(nb_datagrams));
	for (i = 0; i < NB; i++) {
		CU_ASSERT_EQUAL(deliver(buf, frame_build_udp(buf, &in, port_of(i, 0), HIGH, "x",
			1)), i);
		CU_ASSERT_EQUAL(nb_datagrams[i], 1);
	}
	/* Of two on one shard the last one counts. */
	two = isla_udp_bind(isla_stack_udp(host[1].stack), &host[1].v4, HIGH, on_datagram,
		&host[1]);
	isla_udp_close(two);
	CU_ASSERT_TRUE(isla_ports_is_spread(&map.ports, HIGH, false));
	CU_ASSERT_FALSE(isla_ports_is_spread(&map.ports, HIGH, true));
	isla_udp_close(sock[1]);
	CU_ASSERT_FALSE(isla_ports_is_spread(&map.ports, HIGH, false));
	CU_ASSERT_EQUAL(deliver(buf, frame_build_udp(buf, &in, port_of(1, 0), HIGH, "x", 1)),
		slice);
	/* Nobody is given a port that others have. */
	isla_udp_close(sock[slice]);
	for (i = 0; i < ISLA_PORT_COUNT / NB - 1; i++) {
		one = isla_udp_bind(isla_stack_udp(host[slice].stack), &isla_addr_any, 0,
			on_datagram, &host[slice]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(one);
		CU_ASSERT_NOT_EQUAL(isla_udp_port(one), HIGH);
	}
	CU_ASSERT_PTR_NULL(isla_udp_bind(isla_stack_udp(host[slice].stack), &isla_addr_any, 0,
		on_datagram, &host[slice]));
}

/* ---- pinned ports ---- */

static void
a_pinned_port_connects(void)
{
	static const uint16_t ports[] = {1234, HIGH + 1, HIGH + 2};
	struct isla_tcp_conn *c;
	uint16_t i, k, s;

	CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, 1, NB), -EINVAL);
	for (i = 0; i < RTE_DIM(ports); i++) {
		/* To a shard that does not have it in its slice. */
		s = (uint16_t)(owner_by_slice(ports[i]) + 1) % NB;
		for (k = 0; k < NB; k++) {
			if (ports[i] >= ISLA_PORT_FIRST && k == owner_by_slice(ports[i]))
				continue;
			CU_ASSERT_PTR_NULL(open_from(k, ports[i], 80));
			CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
		}
		CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, ports[i], s), 0);
		for (k = 0; k < NB; k++) {
			c = open_from(k, ports[i], 80);
			CU_ASSERT_EQUAL(c != NULL, k == s);
			if (k != s)
				CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
		}
		collect(s);
		CU_ASSERT_EQUAL(sent.flags, SYN);
		CU_ASSERT_EQUAL(sent.sport, ports[i]);
		CU_ASSERT_EQUAL(send_seg(SYN | ACK, .seq = ISS, .ack = sent.seq + 1, .sport = 80,
					.dport = ports[i]), s);
		CU_ASSERT_EQUAL(sent.flags, ACK);
		CU_ASSERT_PTR_NULL(open_from(s, ports[i], 80));
		CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
	}
	CU_ASSERT_EQUAL(nb_connected[0] + nb_connected[1] + nb_connected[2] + nb_connected[3],
		RTE_DIM(ports));
}

/* Nobody takes away what others serve. */
static void
a_port_in_use_is_not_pinned(void)
{
	struct isla_udp_sock *sock;
	uint16_t ports[] = {80, HIGH}, i;

	for (i = 0; i < RTE_DIM(ports); i++) {
		listen_all(ports[i], 8);
		CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, ports[i], 1), -EADDRINUSE);
		unlisten_all();
		listener[1] = isla_tcp_listen(tcp_of(1), &isla_addr_any, ports[i], 8, &ops,
			&host[1], NULL);
		CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, ports[i], 1), 0);
		/* All may listen on it: the one that has it hears. */
		isla_tcp_unlisten(listener[1]);
		listen_all(ports[i], 8);
		CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(2, 0),
					.dport = ports[i]), 1);
		unlisten_all();
	}
	sock = isla_udp_bind(isla_stack_udp(host[2].stack), &isla_addr_any, 53, on_datagram,
		&host[2]);
	CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, 53, 1), -EADDRINUSE);
	isla_udp_close(sock);
	CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, 53, 1), 0);
}

static int
pin(void *ctx, uint16_t port)
{
	return isla_ports_pin(&map.ports, port, *(uint16_t *)ctx);
}

/* The errno of a socket that is bound to a port and then connects, or listens. */
static int
err_of(struct isla_socket_table *t, uint16_t port, bool listens)
{
	struct isla_socket_addr addr = {.family = AF_INET, .port = port, .addr = in.dst};
	int fd = isla_socket_open(t, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), rc;

	CU_ASSERT_EQUAL_FATAL(isla_socket_bind(t, fd, &addr), 0);
	addr.addr = in.src;
	addr.port = 80;
	rc = listens ? isla_socket_listen(t, fd, 5) : isla_socket_connect(t, fd, &addr);
	if (rc != 0 && rc != -EINPROGRESS)
		isla_socket_close(t, fd);
	return -rc;
}

/* Sockets of one shard: with the engine's help they connect from any port that no other shard
 * serves, without it only from those of its slice. */
static void
sockets_connect_from_where_they_are_bound(void)
{
	uint16_t s = 2, mine = ISLA_PORT_FIRST + 10 * NB + 2, i;
	struct isla_socket_conf conf = {.max_socks = 32, .max_items = 8, .ctx = &s};
	struct isla_socket_table *t;

	for (i = 0; i < 2; i++) {
		conf.uses_port = i == 0 ? NULL : pin;
		t = isla_socket_table_create(host[s].stack, &conf);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		listen_all(8080, 8);
		CU_ASSERT_EQUAL(err_of(t, mine, false), EINPROGRESS);
		CU_ASSERT_EQUAL(err_of(t, 1234, false), i == 0 ? EADDRNOTAVAIL : EINPROGRESS);
		CU_ASSERT_EQUAL(err_of(t, mine + 1, false), i == 0 ? EADDRNOTAVAIL : EINPROGRESS);
		CU_ASSERT_EQUAL(err_of(t, 8080, false), EADDRNOTAVAIL);
		CU_ASSERT_EQUAL(err_of(t, 8080, true), i == 0 ? 0 : EADDRINUSE);
		CU_ASSERT_EQUAL(err_of(t, 0, false), EINPROGRESS);
		if (i == 1) {
			CU_ASSERT_EQUAL(err_of(t, 4321, true), 0);
			CU_ASSERT_EQUAL(send_seg(SYN, .seq = ISS, .sport = port_of(1, 0),
						.dport = 4321), s);
			CU_ASSERT_EQUAL(sent.flags, SYN | ACK);
		}
		unlisten_all();
		isla_socket_table_free(t);
		collect(s);
	}
}

/* ---- threads ---- */

static int nb_openers_left; /* atomic */

/* Opens from the port, and looks while it has it. */
static void *
open_and_close(void *arg)
{
	static struct core core = {.nb_shards = NB, .ports = &map.ports};
	uint32_t nb = 0, i;

	core.shard = owner_by_slice(HIGH);
	for (i = 0; i < 20000; i++) {
		if (!ports_tcp_claim(&core, HIGH))
			continue;
		ports_tcp_enter(&core, HIGH);
		ports_tcp_leave(&core, HIGH);
		nb += isla_ports_is_spread(&map.ports, HIGH, true);
		ports_tcp_leave(&core, HIGH);
	}
	*(uint32_t *)arg = nb;
	__atomic_store_n(&nb_openers_left, 0, __ATOMIC_RELEASE);
	return NULL;
}

/* A listener that comes with an active open never takes its answers away. */
static void
threads_see_one_another(void)
{
	static struct core core[NB];
	uint32_t nb_wrong = UINT32_MAX;
	pthread_t thread;
	uint16_t s;

	nb_openers_left = 1;
	for (s = 0; s < NB; s++)
		core[s] = (struct core){.shard = s, .nb_shards = NB, .ports = &map.ports};
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, open_and_close, &nb_wrong), 0);
	while (__atomic_load_n(&nb_openers_left, __ATOMIC_ACQUIRE) != 0) {
		for (s = 0; s < NB; s++)
			ports_tcp_listen(&core[s], HIGH, true);
		for (s = 0; s < NB; s++)
			ports_tcp_listen(&core[s], HIGH, false);
		sched_yield();
	}
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(nb_wrong, 0);
	CU_ASSERT_FALSE(isla_ports_is_spread(&map.ports, HIGH, true));
	CU_ASSERT_TRUE(ports_tcp_claim(&core[owner_by_slice(HIGH)], HIGH));
}

static const struct suite_test tests[] = {
	SUITE_TEST(another_shard_takes_a_cookie),
	SUITE_TEST(clocks_may_differ),
	SUITE_TEST(cookies_open_no_door),
	SUITE_TEST(another_shard_takes_a_fast_open_cookie),
	SUITE_TEST(half_open_ones_stay),
	SUITE_TEST(time_wait_judges_after_a_move),
	SUITE_TEST(what_all_listen_on_is_spread),
	SUITE_TEST(a_port_that_is_done_with_is_sliced),
	SUITE_TEST(listeners_take_no_answers_away),
	SUITE_TEST(active_opens_avoid_listeners),
	SUITE_TEST(what_all_have_bound_is_spread),
	SUITE_TEST(a_pinned_port_connects),
	SUITE_TEST(a_port_in_use_is_not_pinned),
	SUITE_TEST(sockets_connect_from_where_they_are_bound),
	SUITE_TEST(threads_see_one_another),
};

int
main(void)
{
	return suite_run("shard_ports", tests, RTE_DIM(tests), setup, teardown);
}
