/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Input that nobody honest sends, and resources that run out. What must hold: no crash, no leak
 * (the teardown counts mbufs), no more than a few frames of answer to one, and a connection or a
 * listener that goes on working afterwards.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tcp_peer.h"

#define PROTO_TCP 6

/* A segment of len bytes as they are, in an IP packet of that length; the checksum is made right
 * where there is room for it. */
static void
inject_raw(const uint8_t *tcp, uint32_t len)
{
	uint8_t buf[FRAME_MAX];
	uint8_t *l4 = buf + frame_l4_off(&peer.ends);
	uint16_t cksum;

	memcpy(l4, tcp, len);
	if (len >= 18) {
		l4[16] = l4[17] = 0;
		cksum = frame_l4_cksum(&peer.ends, PROTO_TCP, l4, len);
		l4[16] = (uint8_t)(cksum >> 8);
		l4[17] = (uint8_t)cksum;
	}
	peer_inject_bytes(buf, frame_finish(buf, &peer.ends, PROTO_TCP, len));
}

/* The bytes of a segment, for inject_raw(); returns their number. */
static uint32_t
seg_bytes(uint8_t *tcp, struct seg seg)
{
	uint8_t buf[FRAME_MAX];
	struct frame f;

	seg.sport = peer.port;
	seg.dport = peer.stack_port;
	frame_parse(buf, frame_build_tcp(buf, &peer.ends, &seg), &f);
	CU_ASSERT_EQUAL_FATAL(f.kind, FRAME_TCP);
	memcpy(tcp, f.l4, f.l4_len);
	return f.l4_len;
}

/* The connection of established_passive() still works: n bytes at P(from) arrive. */
static void
check_alive(uint32_t from)
{
	uint32_t had = app.rx_len;

	peer_drain();
	inject(ACK | PSH, .seq = P(from), .ack = S(1), .len = 10);
	CU_ASSERT_EQUAL(app.rx_len, had + 10);
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

/* Cut at each length: once with the IP header telling the old length, once with the new. */
static void
truncated_segments(void)
{
	static const uint8_t opts[] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t tcp[200], buf[400];
	uint32_t len, n, off;

	established_passive();
	off = frame_l4_off(&peer.ends);
	len = seg_bytes(tcp,
		(struct seg){.flags = ACK | PSH | FIN,
			.seq = P(1),
			.ack = S(1),
			.wnd = 1000,
			.len = 20,
			.opts = opts,
			.opts_len = sizeof(opts)});
	CU_ASSERT_EQUAL_FATAL(len, 52);
	for (n = 0; n < len; n++) {
		memcpy(buf + off, tcp, len);
		frame_finish(buf, &peer.ends, PROTO_TCP, len);
		peer_inject_bytes(buf, off + n);
	}
	expect_nothing();
	CU_ASSERT_EQUAL(app.rx_len, 0);
	/* Below 32 bytes the header is not whole. */
	for (n = 0; n < 32; n++)
		inject_raw(tcp, n);
	expect_nothing();
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_TRUE(drops(ISLA_DROP_TCP_SHORT) >= 20);
	CU_ASSERT_TRUE(drops(ISLA_DROP_TCP_DATA_OFFSET) >= 12);
	check_alive(1);
}

static void
frames_of_every_length(void)
{
	uint8_t buf[100];
	uint32_t n;

	established_passive();
	memset(buf, 0, sizeof(buf));
	frame_build_tcp(buf, &peer.ends, &(struct seg){.flags = ACK});
	for (n = 1; n < 74; n++)
		peer_inject_bytes(buf, n);
	peer_drain();
	check_alive(1);
}

static void
data_offset_is_checked(void)
{
	uint8_t off;

	established_passive();
	for (off = 1; off <= 15; off++) {
		if (off == 5)
			continue;
		/* 20 bytes of header, 8 of data: an offset of 6 and 7 makes options of the data. */
		inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 8, .data_off = off);
	}
	CU_ASSERT_TRUE(drops(ISLA_DROP_TCP_DATA_OFFSET) >= 4 + 8);
	CU_ASSERT_TRUE(app.rx_len <= 4);
	CU_ASSERT_EQUAL(app.nb_error, 0);
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* RFC 9293, 3.2: a length that cannot be must not hurt, nor make the walk go on for ever. */
static void
malformed_options(void)
{
	static const struct {
		uint8_t len;
		uint8_t opts[12];
	} cases[] = {
		{4, {2, 0, 5, 180}},
		{4, {2, 1, 5, 180}},
		{4, {2, 5, 5, 180}},
		{4, {2, 255, 5, 180}},
		{4, {1, 1, 1, 2}},
		{4, {3, 0, 1, 1}},
		{4, {3, 1, 1, 1}},
		{4, {3, 4, 1, 1}},
		{4, {1, 1, 1, 3}},
		{4, {1, 1, 3, 3}},
		{4, {253, 0, 0, 0}},
		{4, {253, 1, 0, 0}},
		{4, {253, 200, 0, 0}},
		{8, {8, 10, 0, 0, 0, 0, 0, 0}},
		{8, {5, 3, 0, 0, 0, 0, 0, 0}},
		{8, {5, 9, 0, 0, 0, 0, 0, 0}},
		{4, {4, 0, 0, 0}},
		{4, {4, 3, 0, 0}},
		{4, {0, 99, 99, 99}},
		{12, {2, 4, 5, 180, 2, 0, 3, 3, 7, 1, 1, 1}},
		{12, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}},
	};
	unsigned int i;

	listen_on(80);
	for (i = 0; i < RTE_DIM(cases); i++) {
		inject(SYN, .seq = P(0), .sport = (uint16_t)(100 + i), .opts = cases[i].opts,
			.opts_len = cases[i].len);
		CU_ASSERT_TRUE(peer_nb_pending() <= 1);
		if (peer_drain() == 1)
			inject(RST, .seq = P(1), .sport = (uint16_t)(100 + i));
		expect_nothing();
	}
	/* The same on a connection. */
	isla_tcp_unlisten(app.listener);
	peer.irs_known = false;
	established_passive();
	for (i = 0; i < RTE_DIM(cases); i++) {
		inject(ACK, .seq = P(1), .ack = S(1), .opts = cases[i].opts,
			.opts_len = cases[i].len);
		CU_ASSERT_TRUE(peer_drain() <= 1);
	}
	/* What was refused for that was counted, as the MIB has it. */
	CU_ASSERT_TRUE(drops(ISLA_DROP_TCP_OPTIONS) > 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_IN_ERRS), drops(ISLA_DROP_TCP_OPTIONS));
	check_alive(1);
}

static void
options_at_random(void)
{
	uint8_t opts[40];
	uint64_t rng = 7;
	unsigned int i, j;

	listen_on(80);
	for (i = 0; i < 20000; i++) {
		uint8_t len = (uint8_t)(sim_rand(&rng) % 11 * 4);

		for (j = 0; j < len; j++)
			opts[j] = (uint8_t)(sim_rand(&rng) % (sim_rand(&rng) % 2 != 0 ? 12 : 256));
		inject(SYN, .seq = P(0), .opts = opts, .opts_len = len);
		CU_ASSERT_TRUE(peer_nb_pending() <= 1);
		peer_drain();
		inject(RST, .seq = P(1));
		expect_nothing();
	}
	CU_ASSERT_EQUAL(app.nb_accept, 0);
}

static void
bad_checksum_is_dropped(void)
{
	established_passive();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10, .bad_cksum = true);
	inject(RST, .seq = P(1), .bad_cksum = true);
	inject(SYN, .seq = P(0), .sport = 77, .bad_cksum = true);
	inject(SYN, .seq = P(0), .dport = 77, .bad_cksum = true);
	expect_nothing();
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_CKSUM), 4);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_IN_ERRS), 4);
	check_alive(1);
}

/* All 256 combinations of flags, in each state, at places that matter. */
static void
every_flag_in_every_state(void)
{
	static const uint32_t seq_offs[] = {0, (uint32_t)-1, 1, 100000};
	static const uint32_t ack_offs[] = {0, (uint32_t)-1, 1};
	const struct ladder *l;
	unsigned int flags, i, j;

	for (l = ladder; l < ladder + LADDER_NB; l++) {
		for (flags = 0; flags < 256; flags++) {
			ladder_enter(l);
			for (i = 0; i < RTE_DIM(seq_offs); i++)
				for (j = 0; j < RTE_DIM(ack_offs); j++) {
					inject((uint8_t)flags, .seq = P(l->rcv_nxt + seq_offs[i]),
						.ack = S(l->snd_nxt + ack_offs[j]),
						.len = (uint16_t)(i == 2 ? 10 : 0));
					CU_ASSERT_TRUE(peer_drain() <= 2);
				}
			if (flags % 16 == 0) {
				advance_us(200000000);
				peer_drain();
			}
		}
	}
}

/* Random segments, each state as they make it, and a program that calls at random. */
static void
random_step(uint64_t *rng)
{
	uint32_t n = (uint32_t)(sim_rand(rng) % 100);
	struct rte_mbuf *m;

	if (app.conn == NULL)
		return;
	if (n < 10) {
		m = rte_pktmbuf_alloc(peer.host.pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		rte_pktmbuf_append(m, (uint16_t)(sim_rand(rng) % 2000));
		if (isla_tcp_send(app.conn, m) != 0)
			rte_pktmbuf_free(m);
	} else if (n < 14) {
		app.no_read = !app.no_read;
	} else if (n < 15) {
		isla_tcp_shutdown(app.conn);
	} else if (n < 16) {
		isla_tcp_close(app.conn);
		app.conn = NULL;
	} else if (n < 17) {
		isla_tcp_abort(app.conn);
		app.conn = NULL;
	} else if (n < 20) {
		app.rx_len = 0;
		app_read();
	}
	peer_flush();
}

static uint32_t
around(uint64_t *rng, uint32_t at)
{
	switch (sim_rand(rng) % 8) {
	case 0:
		return (uint32_t)sim_rand(rng);
	case 1:
		return at + (uint32_t)(sim_rand(rng) % 70000) - 2000;
	case 2:
		return at + (uint32_t)(sim_rand(rng) % 8) - 4;
	default:
		return at;
	}
}

static void
random_segments(void)
{
	static const uint8_t likely_flags[] = {
		ACK, ACK, ACK, ACK | PSH, ACK | PSH, FIN | ACK, SYN, SYN | ACK, RST};
	uint64_t rng = 42;
	unsigned int i, max = 0;
	uint32_t rcv_nxt = 0, snd_nxt = 0;

	peer_restart_tcp(&(const struct isla_tcp_conf){.rcvbuf_bytes = 20000, .ooo_segs = 16});
	listen_on(80);
	for (i = 0; i < 100000; i++) {
		uint8_t flags = sim_rand(&rng) % 8 == 0 ? (uint8_t)sim_rand(&rng)
							: likely_flags[sim_rand(&rng) % 9];

		inject(flags, .seq = around(&rng, rcv_nxt), .ack = around(&rng, snd_nxt),
			.len = (uint16_t)(sim_rand(&rng) % 3 == 0 ? sim_rand(&rng) % 1400 : 0),
			.wnd = sim_rand(&rng) % 4 == 0 ? WND_ZERO
						       : (int32_t)(sim_rand(&rng) % 65536),
			.urg = (uint16_t)sim_rand(&rng),
			.wscale = (uint16_t)(flags & SYN ? sim_rand(&rng) % 16 : 0));
		max = RTE_MAX(max, peer_nb_pending());
		while (peer_nb_pending() > 0) {
			const struct seg *seg = &peer.queue[peer.head].frame.seg;

			if (seg->flags & ACK)
				rcv_nxt = seg->ack;
			snd_nxt = seg->seq + seg->len + ((seg->flags & (SYN | FIN)) != 0);
			take();
		}
		app.rx_len = 0;
		random_step(&rng);
		peer_drain();
		if (i % 16 == 0) {
			advance_us(sim_rand(&rng) % 200000);
			peer_drain();
		}
	}
	/* A window of 64 KiB of small segments is the most that one segment may set free. */
	CU_ASSERT_TRUE(max < 800);
	CU_ASSERT_TRUE(app.nb_accept > 100);
	peer_drain();
}

/* The land attack, and addresses that nobody has. */
static void
segments_from_ourselves(void)
{
	struct frame_ends ends;

	listen_on(80);
	ends = peer.ends;
	peer.ends.src = peer.ends.dst;
	inject(SYN, .seq = P(0), .sport = 80);
	inject(SYN, .seq = P(0), .sport = 81);
	inject(ACK, .seq = P(0), .ack = 5, .sport = 80);
	expect_nothing();
	isla_addr_parse(peer.is_v6 ? "ff02::1" : "224.0.0.1", &peer.ends.src);
	inject(SYN, .seq = P(0));
	isla_addr_parse(peer.is_v6 ? "::1" : "127.0.0.1", &peer.ends.src);
	inject(SYN, .seq = P(0));
	if (!peer.is_v6) {
		isla_addr_parse("255.255.255.255", &peer.ends.src);
		inject(SYN, .seq = P(0));
		isla_addr_parse("192.168.1.255", &peer.ends.src);
		inject(SYN, .seq = P(0));
		isla_addr_parse("0.0.0.0", &peer.ends.src);
		inject(SYN, .seq = P(0));
	}
	advance_us(10000000);
	expect_nothing();
	peer.ends = ends;
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 0);
	inject(SYN, .seq = P(0));
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
}

/* RFC 9293, MUST-57, 3.9.2.3. */
static void
segments_to_many(void)
{
	listen_on(80);
	isla_addr_parse(peer.is_v6 ? "ff02::1" : "224.0.0.1", &peer.ends.dst);
	memcpy(peer.ends.dst_mac,
		peer.is_v6 ? "\x33\x33\x00\x00\x00\x01" : "\x01\x00\x5e\x00\x00\x01", 6);
	inject(SYN, .seq = P(0));
	inject(SYN, .seq = P(0), .dport = 99);
	peer.ends.dst = peer.is_v6 ? peer.host.v6 : peer.host.v4;
	inject(SYN, .seq = P(0));
	memset(peer.ends.dst_mac, 0xff, 6);
	inject(SYN, .seq = P(0));
	if (!peer.is_v6) {
		isla_addr_parse("192.168.1.255", &peer.ends.dst);
		inject(SYN, .seq = P(0));
		isla_addr_parse("255.255.255.255", &peer.ends.dst);
		inject(SYN, .seq = P(0));
	}
	expect_nothing();
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 0);
}

static void
port_zero(void)
{
	uint8_t tcp[60];
	uint32_t len = seg_bytes(tcp, (struct seg){.flags = SYN, .seq = P(0), .wnd = 1000});

	tcp[2] = tcp[3] = 0;
	inject_raw(tcp, len);
	tcp[0] = tcp[1] = 0;
	inject_raw(tcp, len);
	expect_nothing();
}

/* Segments that the peer must answer, thousands a second: the answers are limited (RFC 5961, 7). */
static void
challenge_acks_are_limited(void)
{
	unsigned int i, nb = 0;

	established_passive();
	for (i = 0; i < 2000; i++) {
		inject(SYN, .seq = P(1));
		nb += peer_drain();
		inject(RST, .seq = P(5));
		nb += peer_drain();
		inject(ACK, .seq = P(1), .ack = S(5000));
		nb += peer_drain();
	}
	CU_ASSERT_TRUE(nb >= 1);
	CU_ASSERT_TRUE(nb <= 1000);
	advance_us(1100000);
	inject(SYN, .seq = P(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	check_alive(1);
}

/* More SYNs than there is room for: bounded, and over when the attack is over. */
static void
syn_flood(void)
{
	unsigned int i;

	listen_on(80);
	for (i = 0; i < 20000; i++) {
		inject(SYN, .seq = P(i * 1000), .sport = (uint16_t)(1024 + i));
		CU_ASSERT_TRUE(peer_drain() <= 1);
	}
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_PASSIVE_OPENS), 16);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_LISTEN_OVERFLOWS), 20000 - 16);
	advance_us(200000000);
	peer_drain();
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
	peer.irs_known = false;
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(app.nb_accept, 1);
}

static void
connection_table_full(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 4});
	listen_on(80);
	for (i = 0; i < 10; i++) {
		inject(SYN, .seq = P(0), .sport = (uint16_t)(1000 + i));
		if (peer_nb_pending() == 0)
			continue;
		inject(ACK, .seq = P(1), .ack = take()->seq + 1, .sport = (uint16_t)(1000 + i));
	}
	CU_ASSERT_EQUAL(app.nb_accept, 4);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_TCP_CONN_TABLE), 6);
	{
		struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = 9};

		CU_ASSERT_PTR_NULL(isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL));
	}
	/* One ends: there is room for one. */
	inject(RST, .seq = P(1), .sport = 1003);
	CU_ASSERT_EQUAL(app.nb_error, 1);
	inject(SYN, .seq = P(0), .sport = 2000);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
}

/* Connections in TIME-WAIT make room: the oldest goes first. */
static void
time_wait_makes_room(void)
{
	unsigned int i;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_conns = 4});
	app.close_on_eof = true;
	listen_on(80);
	for (i = 0; i < 50; i++) {
		uint32_t iss;

		peer.port = (uint16_t)(1000 + i);
		inject(SYN, .seq = P(0));
		CU_ASSERT_EQUAL_FATAL(take()->flags, SYN | ACK);
		iss = peer.last.frame.seg.seq;
		inject(ACK, .seq = P(1), .ack = iss + 1);
		app_close();
		inject(FIN | ACK, .seq = P(1), .ack = iss + 2);
		peer_drain();
	}
	CU_ASSERT_EQUAL(app.nb_accept, 50);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TIME_WAIT), 50);
}

/* Records of segments in flight run out: less is in flight, and all of it arrives. */
static void
segment_table_full(void)
{
	uint32_t acked = 0, rounds;

	peer_restart_tcp(&(const struct isla_tcp_conf){.max_segs = 4});
	established_passive();
	app_send(20u * peer.mss);
	for (rounds = 0; rounds < 200 && acked < 20u * peer.mss; rounds++) {
		CU_ASSERT_TRUE(peer_nb_pending() <= 4);
		while (peer_nb_pending() > 0) {
			uint16_t len = peer.queue[peer.head].frame.seg.len;

			expect(ACK, .seq = S(1 + acked), .ack = P(1), .len = len);
			acked += len;
		}
		inject(ACK, .seq = P(1), .ack = S(1 + acked));
		if (peer_nb_pending() == 0)
			advance_to_frame(1000000);
	}
	CU_ASSERT_EQUAL(acked, 20u * peer.mss);
}

/* No mbuf is left but the one that the port fills: nothing can be answered, and payload is not
 * kept; it comes again. */
static void
pool_dry_in_mid_conversation(void)
{
	struct rte_mempool *pool;
	unsigned int i;

	/* The frame itself gets in: it is one mbuf. */
	peer.split = false;
	established_passive();
	pool = peer.host.pool;
	for (i = 0; i < 10; i++) {
		heap_pool_set_limit(pool, heap_pool_in_use(pool) + 1);
		inject(ACK | PSH, .seq = P(1 + 10 * i), .ack = S(1), .len = 10);
		advance_us(1000000);
		peer_drain();
		expect_received(10 * i);
		heap_pool_set_limit(pool, 65536);
		inject(ACK | PSH, .seq = P(1 + 10 * i), .ack = S(1), .len = 10);
	}
	CU_ASSERT_EQUAL(drops(ISLA_DROP_NO_MBUF), 10);
	advance_us(1000000);
	expect_received(100);
	peer_drain();
	inject(ACK | PSH, .seq = P(101), .ack = S(1), .len = 10);
	expect_after(40000, ACK, .seq = S(1), .ack = P(111));
	expect_state(ISLA_TCP_ESTABLISHED);
}

static void
pool_dry_while_sending(void)
{
	uint32_t acked = 0, rounds, i;

	established_passive();
	for (i = 0; i < 20; i++) {
		heap_pool_set_limit(peer.host.pool, 65536);
		app_send(1000);
		/* No header, or no reference to the payload. */
		if (i % 2 == 0)
			heap_pool_set_limit(peer.host.pool, heap_pool_in_use(peer.host.pool));
		else
			heap_pool_set_limit(
				peer.host.ref_pool, heap_pool_in_use(peer.host.ref_pool));
		advance_us(10000);
	}
	heap_pool_set_limit(peer.host.pool, 65536);
	heap_pool_set_limit(peer.host.ref_pool, 65536);
	for (rounds = 0; rounds < 500 && acked < 20000; rounds++) {
		while (peer_nb_pending() > 0) {
			const struct seg *seg = take();

			CU_ASSERT_TRUE(pattern_is(seg->data, seg->seq, seg->len));
			if (seg->seq == S(1 + acked))
				acked += seg->len;
		}
		inject(ACK, .seq = P(1), .ack = S(1 + acked));
		if (peer_nb_pending() == 0)
			advance_to_frame(2000000);
	}
	CU_ASSERT_EQUAL(acked, 20000);
	CU_ASSERT_EQUAL(app.nb_error, 0);
}

static void
pool_dry_in_the_handshake(void)
{
	peer.split = false;
	listen_on(80);
	heap_pool_set_limit(peer.host.pool, 1);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect_nothing();
	heap_pool_set_limit(peer.host.pool, 65536);
	advance_to_frame(10000000);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* The program does not read, and the peer sends ever smaller segments: mbufs are bounded too. */
static void
small_segments_do_not_eat_the_pool(void)
{
	uint32_t i;

	app.no_read = true;
	established_passive();
	for (i = 0; i < 20000; i++) {
		inject(ACK, .seq = P(1 + i), .ack = S(1), .len = 1);
		peer_drain();
	}
	/* A mbuf is two kilobytes: what 64 KiB of window may hold, twice over. */
	CU_ASSERT_TRUE(heap_pool_in_use(peer.host.pool) <= 2000);
	app_read();
	CU_ASSERT_TRUE(app.rx_len > 0);
	CU_ASSERT_TRUE(pattern_is(app.rx, P(1), app.rx_len));
}

static void
small_gaps_do_not_eat_the_pool(void)
{
	uint32_t i;

	established_passive();
	for (i = 0; i < 20000; i++) {
		inject(ACK, .seq = P(2 + 2 * (i % 30000)), .ack = S(1), .len = 1);
		peer_drain();
	}
	CU_ASSERT_TRUE(heap_pool_in_use(peer.host.pool) <= 2000);
	CU_ASSERT_TRUE(app_info().ooo_segs <= 512);
	check_alive(1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(truncated_segments),
	SUITE_TEST(frames_of_every_length),
	SUITE_TEST(data_offset_is_checked),
	SUITE_TEST(malformed_options),
	SUITE_TEST(options_at_random),
	SUITE_TEST(bad_checksum_is_dropped),
	SUITE_TEST(every_flag_in_every_state),
	SUITE_TEST(random_segments),
	SUITE_TEST(segments_from_ourselves),
	SUITE_TEST(segments_to_many),
	SUITE_TEST(port_zero),
	SUITE_TEST(challenge_acks_are_limited),
	SUITE_TEST(syn_flood),
	SUITE_TEST(connection_table_full),
	SUITE_TEST(time_wait_makes_room),
	SUITE_TEST(segment_table_full),
	SUITE_TEST(pool_dry_in_mid_conversation),
	SUITE_TEST(pool_dry_while_sending),
	SUITE_TEST(pool_dry_in_the_handshake),
	SUITE_TEST(small_segments_do_not_eat_the_pool),
	SUITE_TEST(small_gaps_do_not_eat_the_pool),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
