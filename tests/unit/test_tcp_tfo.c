/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP Fast Open, RFC 7413: the server's cookies and what it does with a SYN's data (4.1.2, 4.2.2),
 * the client's table and what it sends with a SYN (4.1.3, 4.2.1), and what becomes of it where the
 * other side, or somebody between, does not play along.
 */

#include <errno.h>
#include <string.h>

#include "peer_opts.h"

#define KIND_FASTOPEN 34

/* The option with n bytes of a cookie. */
static struct opts
fo(const uint8_t *cookie, uint8_t n)
{
	struct opts o = {.len = (uint8_t)(4 + n)};

	o.bytes[0] = o.bytes[1] = 1;
	o.bytes[2] = KIND_FASTOPEN;
	o.bytes[3] = (uint8_t)(2 + n);
	if (n > 0)
		memcpy(o.bytes + 4, cookie, n);
	return o;
}

static void
listen_fast(uint16_t backlog)
{
	struct isla_tcp_opts opts = {.fastopen = true};

	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, 80, backlog, &app_ops, &app,
		&opts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
	peer.stack_port = 80;
}

/* A SYN from a port with data that begins at P(1). */
static void
syn(uint16_t port, const struct opts *o, uint16_t len)
{
	static uint8_t data[1500];

	pattern_fill(data, P(1), len);
	inject(SYN, .seq = P(0), .sport = port, .mss = peer.mss, .opts = o->bytes,
		.opts_len = o->len, .len = len, .data = data);
}

/* Ask for a cookie, and go away. */
static void
cookie_get(uint8_t cookie[8])
{
	struct opts ask = fo(NULL, 0);
	const struct seg *seg;
	const uint8_t *opt;

	syn(30000, &ask, 0);
	seg = take();
	CU_ASSERT_EQUAL(seg->flags, SYN | ACK);
	opt = opts_find(seg, KIND_FASTOPEN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(opt);
	CU_ASSERT_EQUAL_FATAL(opt[1], 10);
	memcpy(cookie, opt + 2, 8);
	inject(RST, .seq = P(1), .sport = 30000);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
	expect_nothing();
	peer.irs_known = false;
}

/* SYN-RECEIVED, 10 bytes of a SYN being the program's already. */
static void
fast_open(uint8_t cookie[8])
{
	struct opts o;

	listen_fast(16);
	cookie_get(cookie);
	o = fo(cookie, 8);
	syn(PEER_PORT, &o, 10);
	expect(SYN | ACK, .seq = S(0), .ack = P(11));
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
	CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
	expect_received(10);
	expect_state(ISLA_TCP_SYN_RECEIVED);
	CU_ASSERT_TRUE(app_info().fastopen_data);
}

static void
data_of_a_syn_is_taken(void)
{
	uint8_t cookie[8];

	fast_open(cookie);
	inject(ACK, .seq = P(11), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
	inject(ACK, .seq = P(11), .ack = S(1), .len = 5);
	expect_received(15);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_PASSIVE), 1);
}

static void
the_answer_does_not_wait(void)
{
	uint8_t cookie[8];
	uint16_t m;

	fast_open(cookie);
	m = app_info().snd_mss;
	app_send(2u * m);
	expect(ACK, .seq = S(1), .ack = P(11), .len = m);
	expect(ACK, .seq = S(1 + m), .ack = P(11), .len = m);
	/* The ACK of the handshake acknowledges data, too. */
	inject(ACK, .seq = P(11), .ack = S(1 + 2 * m));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
	CU_ASSERT_EQUAL(app_info().sndq_bytes, 0);
	app_send(10);
	expect(ACK, .seq = S(1 + 2 * m), .ack = P(11), .len = 10);
}

static void
an_answer_that_is_lost_comes_again(void)
{
	uint8_t cookie[8];

	fast_open(cookie);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(11), .len = 100);
	/* SYN,ACK first; the answer once the handshake is over. */
	expect_after(1000000, SYN | ACK, .seq = S(0), .ack = P(11));
	inject(ACK, .seq = P(11), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	CU_ASSERT_TRUE(advance_to_frame(4000000) < 4000000);
	expect(ACK, .seq = S(1), .ack = P(11), .len = 100);
	inject(ACK, .seq = P(11), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().unacked_bytes, 0);
}

static void
the_syn_again_is_answered_again(void)
{
	uint8_t cookie[8];
	struct opts o;

	fast_open(cookie);
	o = fo(cookie, 8);
	syn(PEER_PORT, &o, 10);
	expect(SYN | ACK, .seq = S(0), .ack = P(11));
	/* As a plain one, too. */
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(11));
	expect_received(10);
	CU_ASSERT_EQUAL(app.nb_accept, 1);
}

static void
a_close_in_mid_handshake_ends_after_it(void)
{
	uint8_t cookie[8];

	fast_open(cookie);
	app_send(100);
	expect(ACK, .seq = S(1), .ack = P(11), .len = 100);
	app_close();
	expect_nothing();
	inject(ACK, .seq = P(11), .ack = S(101));
	expect(FIN | ACK, .seq = S(101), .ack = P(11));
	inject(FIN | ACK, .seq = P(11), .ack = S(102));
	expect(ACK, .seq = S(102), .ack = P(12));
}

static void
a_reset_is_told_to_the_program(void)
{
	uint8_t cookie[8];

	fast_open(cookie);
	inject(RST, .seq = P(11));
	CU_ASSERT_EQUAL(app.err, ECONNRESET);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

static void
without_an_ack_it_times_out(void)
{
	uint8_t cookie[8];

	fast_open(cookie);
	advance_us(400000000);
	peer_drain();
	CU_ASSERT_EQUAL(app.err, ETIMEDOUT);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(peer.host.stack), 0);
}

/* What is no cookie of ours: a plain handshake, and a cookie for the next time. */
static void
a_wrong_cookie_is_replaced(void)
{
	uint8_t good[8], bad[16];
	unsigned int i;

	listen_fast(16);
	cookie_get(good);
	for (i = 0; i < 64; i++) {
		struct opts o;

		memcpy(bad, good, 8);
		bad[i / 8] ^= (uint8_t)(1u << i % 8);
		o = fo(bad, 8);
		syn((uint16_t)(31000 + i), &o, 10);
		CU_ASSERT_EQUAL(take()->ack, P(1));
		CU_ASSERT_PTR_NOT_NULL_FATAL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
		CU_ASSERT_EQUAL(memcmp(opts_find(&peer.last.frame.seg, KIND_FASTOPEN) + 2, good, 8),
			0);
		inject(RST, .seq = P(1), .sport = (uint16_t)(31000 + i));
	}
	CU_ASSERT_EQUAL(app.nb_accept, 0);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_PASSIVE_FAIL), 64);
}

/* 4 and 16 bytes may be cookies of others; other lengths are none at all. */
static void
lengths_of_cookies(void)
{
	uint8_t cookie[18] = {0};
	uint8_t n;

	listen_fast(64);
	for (n = 1; n <= 18; n++) {
		struct opts o = fo(cookie, n);
		bool is_cookie = n >= 4 && n <= 16 && n % 2 == 0;

		syn((uint16_t)(31000 + n), &o, 10);
		CU_ASSERT_EQUAL(take()->ack, P(1));
		CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN) != NULL, is_cookie);
	}
	CU_ASSERT_EQUAL(app.nb_accept, 0);
}

static void
another_address_has_another_cookie(void)
{
	uint8_t cookie[8];
	struct opts o;

	listen_fast(16);
	cookie_get(cookie);
	peer.ends.src.b[15] ^= 8;
	o = fo(cookie, 8);
	syn(PEER_PORT, &o, 10);
	CU_ASSERT_EQUAL(take()->ack, P(1));
	CU_ASSERT_EQUAL(app.nb_accept, 0);
}

static void
a_cookie_ages(void)
{
	uint8_t cookie[8];
	struct opts o;
	unsigned int age;

	for (age = 0; age < 3; age++) {
		peer_restart(&(const struct sim_host_conf){0});
		listen_fast(16);
		cookie_get(cookie);
		o = fo(cookie, 8);
		advance_us((uint64_t)age << 36);
		syn(PEER_PORT, &o, 10);
		CU_ASSERT_EQUAL(take()->ack, age < 2 ? P(11) : P(1));
		/* One of the period before is good, and replaced. */
		CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN) != NULL, age > 0);
	}
}

static void
a_listener_without_knows_nothing_of_it(void)
{
	struct opts ask = fo(NULL, 0);

	listen_on(80);
	syn(PEER_PORT, &ask, 10);
	CU_ASSERT_EQUAL(take()->ack, P(1));
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
}

/* A flood of SYNs with data of somebody who has a cookie. */
static void
pending_requests_are_bounded(void)
{
	uint8_t cookie[8];
	unsigned int i;
	struct opts o;

	listen_fast(16);
	cookie_get(cookie);
	o = fo(cookie, 8);
	for (i = 0; i < 16; i++) {
		syn((uint16_t)(31000 + i), &o, 10);
		CU_ASSERT_EQUAL(take()->ack, i < 4 ? P(11) : P(1));
	}
	CU_ASSERT_EQUAL(app.nb_accept, 4);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_OVERFLOW), 12);
	/* With SYN cookies there is none either. */
	syn(32000, &o, 10);
	CU_ASSERT_EQUAL(take()->ack, P(1));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SYNCOOKIES_SENT), 1);
	/* What is reset counts on for a minute (5.1). */
	for (i = 0; i < 16; i++)
		inject(RST, .seq = i < 4 ? P(11) : P(1), .sport = (uint16_t)(31000 + i));
	peer_drain();
	syn(32001, &o, 10);
	CU_ASSERT_EQUAL(take()->ack, P(1));
	inject(RST, .seq = P(1), .sport = 32001);
	advance_us(61000000);
	syn(32002, &o, 10);
	CU_ASSERT_EQUAL(take()->ack, P(11));
}

/* The client. */

static void
connect_fast(uint16_t len)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = peer.port};
	struct isla_tcp_opts opts = {.fastopen = true};

	app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, &opts);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	isla_tcp_get_ends(app.conn, &ends);
	peer.stack_port = ends.local_port;
	peer.irs_known = false;
	if (len > 0) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

		memset(rte_pktmbuf_append(m, len), 'x', len);
		CU_ASSERT_EQUAL(isla_tcp_send(app.conn, m), 0);
	}
	peer_flush();
}

static uint8_t xs[2000];

/* The stack has a cookie of 8 bytes, and the first connection is gone. */
static void
learn_cookie(void)
{
	struct opts o = fo((const uint8_t *)"abcdefgh", 8);

	memset(xs, 'x', sizeof(xs));
	connect_fast(0);
	expect(SYN, .seq = S(0));
	CU_ASSERT_PTR_NOT_NULL_FATAL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
	CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN)[1], 2);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss, .opts = o.bytes,
		.opts_len = o.len);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_COOKIES), 1);
	app_abort();
	peer_drain();
}

static void
data_goes_with_the_syn(void)
{
	learn_cookie();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	CU_ASSERT_PTR_NOT_NULL_FATAL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
	CU_ASSERT_EQUAL(memcmp(opts_find(&peer.last.frame.seg, KIND_FASTOPEN) + 2, "abcdefgh", 8),
		0);
	inject(SYN | ACK, .seq = P(0), .ack = S(101), .mss = peer.mss);
	expect(ACK, .seq = S(101), .ack = P(1));
	CU_ASSERT_TRUE(app_info().fastopen_data);
	CU_ASSERT_EQUAL(app_info().sndq_bytes, 0);
	CU_ASSERT_EQUAL(app_info().bytes_acked, 100);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_ACTIVE), 1);
}

static void
what_is_not_taken_is_sent_again(void)
{
	learn_cookie();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100, .data = xs);
	CU_ASSERT_FALSE(app_info().fastopen_data);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_ACTIVE_FAIL), 1);
	app_abort();
	peer_drain();
	/* In part. */
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	inject(SYN | ACK, .seq = P(0), .ack = S(41), .mss = peer.mss);
	expect(ACK, .seq = S(41), .ack = P(1), .len = 60, .data = xs);
	inject(ACK, .seq = P(1), .ack = S(101));
	CU_ASSERT_EQUAL(app_info().sndq_bytes, 0);
}

/* The SYN again has neither; then the way is taken for a black hole. */
static void
the_syn_again_is_a_plain_one(void)
{
	learn_cookie();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	expect_after(1000000, SYN, .seq = S(0));
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100, .data = xs);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_BLACK_HOLES), 1);
	app_abort();
	peer_drain();
	connect_fast(100);
	expect(SYN, .seq = S(0));
	CU_ASSERT_PTR_NULL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
	app_abort();
	peer_drain();
	advance_us(601000000);
	connect_fast(100);
	expect(SYN, .seq = S(0));
	CU_ASSERT_PTR_NOT_NULL(opts_find(&peer.last.frame.seg, KIND_FASTOPEN));
}

/* The answer to the first SYN was lost, not the SYN. */
static void
a_late_answer_acknowledges_the_data(void)
{
	learn_cookie();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	expect_after(1000000, SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(101), .mss = peer.mss);
	expect(ACK, .seq = S(101), .ack = P(1));
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_TFO_BLACK_HOLES), 0);
	/* But nothing that was never sent. */
	app_abort();
	peer_drain();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	inject(SYN | ACK, .seq = P(0), .ack = S(102), .mss = peer.mss);
	expect(RST, .seq = S(102));
	expect_state(ISLA_TCP_SYN_SENT);
}

static void
no_more_than_the_mss_goes_with_it(void)
{
	struct opts o = fo((const uint8_t *)"0123456789abcdef", 16);

	memset(xs, 'x', sizeof(xs));
	connect_fast(0);
	expect(SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = 600, .opts = o.bytes,
		.opts_len = o.len);
	app_abort();
	peer_drain();
	connect_fast(2000);
	expect(SYN, .seq = S(0), .len = 560, .data = xs);
	inject(SYN | ACK, .seq = P(0), .ack = S(561), .mss = 600);
	expect(ACK, .seq = S(561), .ack = P(1), .len = 600, .data = xs);
}

static void
simultaneous_open_sends_it_again(void)
{
	learn_cookie();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	inject(SYN, .seq = P(0), .mss = peer.mss);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100, .data = xs);
	expect_state(ISLA_TCP_ESTABLISHED);
}

/* RFC 9293, 3.10.2, without Fast Open. */
static void
data_waits_for_the_handshake(void)
{
	syn_sent();
	app_send(100);
	expect_nothing();
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss);
	expect(ACK, .seq = S(1), .ack = P(1), .len = 100);
}

static void
a_refusal_frees_what_waited(void)
{
	learn_cookie();
	connect_fast(100);
	expect(SYN, .seq = S(0), .len = 100, .data = xs);
	inject(RST | ACK, .seq = 0, .ack = S(101));
	CU_ASSERT_EQUAL(app.err, ECONNREFUSED);
}

/* What holds the answer up counts from the handshake on. */
static void
time_held_up_begins_with_the_handshake(void)
{
	struct isla_tcp_info info;
	uint8_t cookie[8];
	uint64_t sum = 0;
	unsigned int i;

	fast_open(cookie);
	app_send(40u * app_info().snd_mss);
	peer_drain();
	inject(ACK, .seq = P(11), .ack = S(1));
	peer_drain();
	info = app_info();
	for (i = 0; i < ISLA_TCP_LIMIT_MAX; i++)
		sum += info.limited_us[i];
	CU_ASSERT_TRUE(sum < 1000);
}

static const struct suite_test tests[] = {
	SUITE_TEST(data_of_a_syn_is_taken),
	SUITE_TEST(the_answer_does_not_wait),
	SUITE_TEST(time_held_up_begins_with_the_handshake),
	SUITE_TEST(an_answer_that_is_lost_comes_again),
	SUITE_TEST(the_syn_again_is_answered_again),
	SUITE_TEST(a_close_in_mid_handshake_ends_after_it),
	SUITE_TEST(a_reset_is_told_to_the_program),
	SUITE_TEST(without_an_ack_it_times_out),
	SUITE_TEST(a_wrong_cookie_is_replaced),
	SUITE_TEST(lengths_of_cookies),
	SUITE_TEST(another_address_has_another_cookie),
	SUITE_TEST(a_cookie_ages),
	SUITE_TEST(a_listener_without_knows_nothing_of_it),
	SUITE_TEST(pending_requests_are_bounded),
	SUITE_TEST(data_goes_with_the_syn),
	SUITE_TEST(what_is_not_taken_is_sent_again),
	SUITE_TEST(the_syn_again_is_a_plain_one),
	SUITE_TEST(a_late_answer_acknowledges_the_data),
	SUITE_TEST(no_more_than_the_mss_goes_with_it),
	SUITE_TEST(simultaneous_open_sends_it_again),
	SUITE_TEST(data_waits_for_the_handshake),
	SUITE_TEST(a_refusal_frees_what_waited),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
