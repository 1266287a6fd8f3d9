/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scripted peer; see tcp_peer.h. Each injected segment is one burst: input, flush, and
 * what the stack sent is taken apart and queued for expect().
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <rte_ether.h>

#include "tcp_peer.h"

struct peer peer;
struct app app;
const char *peer_cc;

bool peer_quickack;

static bool mode_v6, mode_split;

static void
fail(const char *file, unsigned int line, const char *text)
{
	char full[700];

	snprintf(full, sizeof(full), "%s%s%s", peer.context != NULL ? peer.context : "",
		peer.context != NULL ? ": " : "", text);
	CU_assertImplementation(CU_FALSE, line, full, file, "", CU_FALSE);
}

static void
pass(const char *file, unsigned int line)
{
	CU_assertImplementation(CU_TRUE, line, "", file, "", CU_FALSE);
}

/* The program. */

void
app_read(void)
{
	struct rte_mbuf *m = isla_tcp_recv(app.conn), *s;
	uint32_t n = 0;

	if (m == NULL)
		return;
	for (s = m; s != NULL; s = s->next) {
		CU_ASSERT_FATAL(app.rx_len + s->data_len <= APP_RX_MAX);
		memcpy(app.rx + app.rx_len, rte_pktmbuf_mtod(s, void *), s->data_len);
		app.rx_len += s->data_len;
		n += s->data_len;
	}
	CU_ASSERT_EQUAL(n, m->pkt_len);
	rte_pktmbuf_free(m);
	if (!app.no_consume)
		isla_tcp_consumed(app.conn, n);
}

static int
on_accept(struct isla_tcp_conn *conn, void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &app);
	app.nb_accept++;
	if (app.accept_rc == 0) {
		app.conn = conn;
		isla_tcp_set_ctx(conn, &app);
	}
	return app.accept_rc;
}

static void
on_connected(struct isla_tcp_conn *conn, void *ctx)
{
	CU_ASSERT_PTR_EQUAL(conn, app.conn);
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_connected++;
}

static void
on_readable(struct isla_tcp_conn *conn, void *ctx)
{
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_readable++;
	if (conn == app.conn && !app.no_read)
		app_read();
}

static void
on_writable(struct isla_tcp_conn *conn, void *ctx)
{
	CU_ASSERT_PTR_EQUAL(conn, app.conn);
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_writable++;
}

static void
on_eof(struct isla_tcp_conn *conn, void *ctx)
{
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_eof++;
	if (app.close_on_eof) {
		isla_tcp_close(conn);
		app.conn = NULL;
	}
}

static void
on_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_error++;
	app.err = err;
	if (conn == app.conn)
		app.conn = NULL;
}

static void
on_trouble(struct isla_tcp_conn *conn, void *ctx, int err)
{
	CU_ASSERT_PTR_EQUAL(conn, app.conn);
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_trouble++;
	app.trouble = err;
}

static void
on_urgent(struct isla_tcp_conn *conn, void *ctx, uint32_t nb_bytes)
{
	CU_ASSERT_PTR_EQUAL(conn, app.conn);
	CU_ASSERT_PTR_EQUAL(ctx, &app);
	app.nb_urgent++;
	app.urgent_bytes = nb_bytes;
}

const struct isla_tcp_ops app_ops = {
	.accept = on_accept,
	.connected = on_connected,
	.readable = on_readable,
	.writable = on_writable,
	.eof = on_eof,
	.urgent = on_urgent,
	.trouble = on_trouble,
	.error = on_error,
};

void
listen_on(uint16_t port)
{
	app.listener = isla_tcp_listen(peer.tcp, &isla_addr_any, port, 16, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.listener);
	peer.stack_port = port;
}

void
app_connect(void)
{
	struct isla_tcp_ends ends = {.remote = peer.ends.src, .remote_port = peer.port};

	app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
	isla_tcp_get_ends(app.conn, &ends);
	peer.stack_port = ends.local_port;
	peer_flush();
}

void
app_send(uint32_t nb_bytes)
{
	while (nb_bytes > 0) {
		uint32_t n = RTE_MIN(nb_bytes, 2000u);
		struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		pattern_fill((uint8_t *)rte_pktmbuf_append(m, (uint16_t)n), S(1) + app.tx_len, n);
		if (isla_tcp_send(app.conn, m) != 0) {
			CU_FAIL("send was refused");
			rte_pktmbuf_free(m);
			break;
		}
		app.tx_len += n;
		nb_bytes -= n;
	}
	peer_flush();
}

void
app_shutdown(void)
{
	CU_ASSERT_EQUAL(isla_tcp_shutdown(app.conn), 0);
	peer_flush();
}

void
app_close(void)
{
	isla_tcp_close(app.conn);
	app.conn = NULL;
	peer_flush();
}

void
app_abort(void)
{
	isla_tcp_abort(app.conn);
	app.conn = NULL;
	peer_flush();
}

struct isla_tcp_opts
app_opts(void)
{
	struct isla_tcp_opts opts;

	isla_tcp_get_opts(app.conn, &opts);
	return opts;
}

void
app_set_opts(const struct isla_tcp_opts *opts)
{
	CU_ASSERT_EQUAL(isla_tcp_set_opts(app.conn, opts), 0);
	peer_flush();
}

struct isla_tcp_info
app_info(void)
{
	struct isla_tcp_info info = {0};

	if (app.conn != NULL)
		isla_tcp_get_info(app.conn, &info);
	return info;
}

uint64_t
counter(enum isla_counter c)
{
	return isla_stack_stats(peer.host.stack)->counter[c];
}

uint64_t
drops(enum isla_drop d)
{
	return isla_stack_stats(peer.host.stack)->drop[d];
}

/* Frames from the stack. */

/* Answer a question for the peer's address. */
static void
answer(const struct frame *f)
{
	uint8_t buf[256];

	if (peer.deaf || (f->kind != FRAME_ARP_REQ && f->kind != FRAME_NS) ||
		!isla_addr_eq(&f->target, &peer.ends.src))
		return;
	peer_inject_bytes(buf, frame_build_resolved(buf, f, peer.ends.src_mac));
}

static void
queue_add(const uint8_t *bytes, uint32_t len)
{
	struct peer_frame f = {.at_us = peer.now_us, .len = len};
	char text[160];

	f.bytes = malloc(len != 0 ? len : 1);
	CU_ASSERT_FATAL(f.bytes != NULL && peer.tail < PEER_QUEUE_MAX);
	memcpy(f.bytes, bytes, len);
	frame_parse(f.bytes, len, &f.frame);
	if (f.frame.kind == FRAME_BAD) {
		snprintf(text, sizeof(text), "the stack sent a malformed frame: %s", f.frame.error);
		fail(__FILE__, __LINE__, text);
	}
	if (f.frame.kind != FRAME_TCP) {
		answer(&f.frame);
		free(f.bytes);
		return;
	}
	if ((f.frame.seg.flags & SYN) && !peer.irs_known) {
		peer.irs = f.frame.seg.seq;
		peer.irs_known = true;
	}
	peer.queue[peer.tail++] = f;
}

static bool
collect(void)
{
	uint8_t buf[65535 + 14];
	struct rte_mbuf **pkts, *copy[64];
	uint16_t nb = isla_stack_output(peer.host.stack, 0, &pkts), i;

	/* The array is valid until the next call only, and an answer to ARP is such a call. */
	nb = RTE_MIN(nb, (uint16_t)RTE_DIM(copy));
	memcpy(copy, pkts, nb * sizeof(copy[0]));
	isla_stack_sent(peer.host.stack, 0, nb);
	for (i = 0; i < nb; i++) {
		const uint8_t *bytes = rte_pktmbuf_read(copy[i], 0, copy[i]->pkt_len, buf);
		uint32_t len = copy[i]->pkt_len;

		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		sim_pcap_write(peer.pcap, peer.now_us, bytes, len);
		if (bytes != buf)
			memcpy(buf, bytes, len);
		rte_pktmbuf_free(copy[i]);
		queue_add(buf, len);
	}
	return nb > 0;
}

void
peer_flush(void)
{
	unsigned int rounds;

	for (rounds = 0; rounds < 1000; rounds++) {
		isla_stack_flush(peer.host.stack, peer.now_us);
		if (!collect() && isla_stack_next_us(peer.host.stack) > peer.now_us)
			return;
	}
	CU_FAIL("the stack has work for ever");
}

void
peer_inject_bytes(const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *m =
		sim_mbuf(peer.host.pool, bytes, len, RTE_ETHER_HDR_LEN,
			peer.split ? &peer.rng : NULL);

	sim_pcap_write(peer.pcap, peer.now_us, bytes, len);
	if (m == NULL)
		return; /* the port has no mbuf: the frame is lost */
	if (peer.in_burst) {
		peer.burst[peer.burst_nb++] = m;
		CU_ASSERT_FATAL(peer.burst_nb < RTE_DIM(peer.burst));
		return;
	}
	isla_stack_input(peer.host.stack, 0, &m, 1, peer.now_us);
	peer_flush();
}

void
burst_begin(void)
{
	peer.in_burst = true;
	peer.burst_nb = 0;
}

void
burst_end(void)
{
	peer.in_burst = false;
	isla_stack_input(peer.host.stack, 0, peer.burst, (uint16_t)peer.burst_nb, peer.now_us);
	peer_flush();
}

void
peer_inject(struct seg seg)
{
	static uint8_t buf[FRAME_MAX + 64];
	uint32_t len;

	if (seg.wnd == 0)
		seg.wnd = peer.wnd;
	if (seg.sport == 0)
		seg.sport = peer.port;
	if (seg.dport == 0)
		seg.dport = peer.stack_port;
	len = frame_build_tcp(buf, &peer.ends, &seg);
	peer_inject_bytes(buf, len);
}

uint32_t
peer_nb_pending(void)
{
	return peer.tail - peer.head;
}

static bool
queue_pop(void)
{
	free(peer.last.bytes);
	peer.last.bytes = NULL;
	if (peer.head == peer.tail)
		return false;
	peer.last = peer.queue[peer.head++];
	if (peer.head == peer.tail)
		peer.head = peer.tail = 0;
	return true;
}

const struct seg *
take(void)
{
	static const struct seg none;

	if (queue_pop())
		return &peer.last.frame.seg;
	fail(__FILE__, __LINE__, "nothing was sent");
	return &none;
}

uint32_t
peer_drain(void)
{
	uint32_t n = peer_nb_pending();

	while (queue_pop())
		;
	return n;
}

/* What is wrong with a segment, or NULL. */
static const char *
seg_mismatch(const struct seg *want, const struct seg *got)
{
	if (got->sport != (want->sport != 0 ? want->sport : peer.stack_port) ||
		got->dport != (want->dport != 0 ? want->dport : peer.port))
		return "ports";
	if (((got->flags ^ want->flags) & (uint8_t)~PSH) != 0 ||
		((want->flags & PSH) && !(got->flags & PSH)))
		return "flags";
	if ((got->tos & 3) != (want->tos & 3))
		return "ECN field";
	if (got->seq != want->seq)
		return "SEG.SEQ";
	if ((want->flags & ACK) && got->ack != want->ack)
		return "SEG.ACK";
	if (got->len != want->len)
		return "length";
	if (want->data != NULL ? memcmp(got->data, want->data, want->len) != 0
			       : !pattern_is(got->data, got->seq, got->len))
		return "payload";
	if (want->wnd != 0 && got->wnd != (want->wnd == WND_ZERO ? 0 : want->wnd))
		return "SEG.WND";
	if (want->mss != 0 && got->mss != want->mss)
		return "MSS option";
	if (want->wscale == WSCALE_NONE ? got->wscale != 0
					: want->wscale != 0 && got->wscale != want->wscale)
		return "window scale option";
	return NULL;
}

bool
peer_expect(const char *file, unsigned int line, struct seg want)
{
	char text[500], a[160], b[160];
	const char *wrong;

	/* Shown as it is compared: relative numbers would hide an error of the fixture. */
	if (want.sport == 0)
		want.sport = peer.stack_port;
	if (want.dport == 0)
		want.dport = peer.port;
	if (!queue_pop()) {
		snprintf(text, sizeof(text), "nothing was sent; expected %s",
			seg_format(&want, a, sizeof(a)));
		fail(file, line, text);
		return false;
	}
	wrong = seg_mismatch(&want, &peer.last.frame.seg);
	if (wrong != NULL) {
		snprintf(text, sizeof(text), "%s differs: expected %s, got %s (ISS %u, IRS %u)",
			wrong, seg_format(&want, a, sizeof(a)),
			seg_format(&peer.last.frame.seg, b, sizeof(b)), peer.irs, peer.iss);
		fail(file, line, text);
		return false;
	}
	pass(file, line);
	return true;
}

bool
peer_expect_after(const char *file, unsigned int line, uint64_t us, struct seg want)
{
	char text[100];
	uint64_t waited;

	if (!peer_expect_nothing(file, line))
		return false;
	waited = advance_to_frame(us + TIMER_SLACK_US);
	if (peer_nb_pending() > 0 && waited < us) {
		snprintf(text, sizeof(text), "sent after %llu us instead of %llu",
			(unsigned long long)waited, (unsigned long long)us);
		fail(file, line, text);
	}
	return peer_expect(file, line, want);
}

bool
peer_expect_nothing(const char *file, unsigned int line)
{
	char text[300], a[160];

	if (peer_nb_pending() == 0) {
		pass(file, line);
		return true;
	}
	snprintf(text, sizeof(text), "expected nothing, got %u frames, first %s", peer_nb_pending(),
		seg_format(&peer.queue[peer.head].frame.seg, a, sizeof(a)));
	fail(file, line, text);
	return false;
}

bool
peer_expect_state(const char *file, unsigned int line, enum isla_tcp_state want)
{
	char text[100];
	struct isla_tcp_info info = app_info();

	if (app.conn != NULL && info.state == want) {
		pass(file, line);
		return true;
	}
	snprintf(text, sizeof(text), "state is %s, expected %s",
		app.conn != NULL ? isla_tcp_state_name(info.state) : "gone",
		isla_tcp_state_name(want));
	fail(file, line, text);
	return false;
}

bool
peer_expect_closed(const char *file, unsigned int line)
{
	if (!peer_expect_nothing(file, line))
		return false;
	/* Far from every window, so that a living connection would not answer so. */
	inject(ACK, .seq = P(0x12345678), .ack = S(0x23456789));
	return peer_expect(file, line, (struct seg){.flags = RST, .seq = S(0x23456789)}) &&
		peer_expect_nothing(file, line);
}

bool
peer_expect_received(const char *file, unsigned int line, uint32_t nb_bytes)
{
	char text[100];

	if (app.rx_len == nb_bytes && pattern_is(app.rx, P(1), nb_bytes)) {
		pass(file, line);
		return true;
	}
	snprintf(text, sizeof(text), "the program received %u bytes, expected %u%s", app.rx_len,
		nb_bytes, app.rx_len == nb_bytes ? "; they are wrong" : "");
	fail(file, line, text);
	return false;
}

static bool
step_until(uint64_t end_us)
{
	uint64_t next = isla_stack_next_us(peer.host.stack);

	if (next > end_us || peer.now_us >= end_us) {
		peer.now_us = end_us;
		peer_flush();
		return false;
	}
	peer.now_us = RTE_MAX(next, peer.now_us + 1);
	peer_flush();
	return true;
}

void
advance_us(uint64_t us)
{
	uint64_t end_us = peer.now_us + us;

	while (step_until(end_us))
		;
}

uint64_t
advance_to_frame(uint64_t us)
{
	uint64_t start_us = peer.now_us;

	while (peer_nb_pending() == 0 && step_until(start_us + us))
		;
	return peer.now_us - start_us;
}

/* Fixtures. */

static void
start(const struct sim_host_conf *conf)
{
	struct sim_host_conf host = *conf;
	uint8_t *rx = app.rx;

	memset(&peer, 0, sizeof(peer));
	memset(&app, 0, sizeof(app));
	app.rx = rx != NULL ? rx : malloc(APP_RX_MAX);
	peer.queue = calloc(PEER_QUEUE_MAX, sizeof(peer.queue[0]));
	if (app.rx == NULL || peer.queue == NULL)
		abort();
	peer.is_v6 = mode_v6;
	peer.split = mode_split;
	peer.rng = 1;
	host.number = host.number != 0 ? host.number : 2;
	/* Small tables: most tests begin anew many times. */
	if (host.stack.tcp.max_conns == 0)
		host.stack.tcp.max_conns = 64;
	if (host.stack.tcp.max_segs == 0)
		host.stack.tcp.max_segs = 4096;
	if (host.stack.max_neigh == 0)
		host.stack.max_neigh = 16;
	if (host.stack.now_us == 0)
		host.stack.now_us = 1000000;
	host.stack.tcp.no_quickack |= !peer_quickack;
	if (host.stack.tcp.cc == NULL)
		host.stack.tcp.cc = peer_cc;
	peer.now_us = host.stack.now_us;
	sim_host_init(&peer.host, &host);
	peer.tcp = isla_stack_tcp(peer.host.stack);
	peer.ends.dst = peer.is_v6 ? peer.host.v6 : peer.host.v4;
	isla_addr_parse(peer.is_v6 ? "fd00::1" : "192.168.1.1", &peer.ends.src);
	memcpy(peer.ends.dst_mac, peer.host.mac, 6);
	memcpy(peer.ends.src_mac, "\x02\x00\x00\x00\x00\x01", 6);
	peer.port = PEER_PORT;
	peer.stack_port = STACK_PORT;
	peer.iss = 1000000;
	peer.wnd = 65535;
	peer.mss = peer.is_v6 ? 1440 : 1460;
	peer.pcap = sim_pcap_open(getenv("SIM_PCAP"));
}

static void
stop(void)
{
	peer_drain();
	free(peer.last.bytes);
	free(peer.queue);
	sim_pcap_close(peer.pcap);
	CU_ASSERT_EQUAL(sim_host_fini(&peer.host), 0);
}

static void
setup(bool is_v6, bool is_split)
{
	mode_v6 = is_v6;
	mode_split = is_split;
	start(&(const struct sim_host_conf){0});
}

static void
setup_v4(void)
{
	setup(false, false);
}

static void
setup_v6(void)
{
	setup(true, false);
}

static void
setup_split(void)
{
	setup(false, true);
}

void
peer_restart(const struct sim_host_conf *conf)
{
	stop();
	start(conf);
}

void
peer_restart_tcp(const struct isla_tcp_conf *tcp)
{
	struct sim_host_conf conf = {.stack.tcp = *tcp};

	peer_restart(&conf);
}

void
ladder_enter(const struct ladder *l)
{
	peer_restart(&(const struct sim_host_conf){0});
	peer.context = l->name;
	l->enter();
}

int
peer_suite_run(const struct suite_test *tests, size_t nb_tests)
{
	const struct suite modes[] = {
		{"IPv4", tests, nb_tests, setup_v4, stop},
		{"IPv6", tests, nb_tests, setup_v6, stop},
		{"IPv4, many mbufs", tests, nb_tests, setup_split, stop},
	};
	int rc = suite_run_all(modes, RTE_DIM(modes));

	free(app.rx);
	app.rx = NULL;
	return rc;
}

/* The ladder. */

void
syn_sent(void)
{
	app_connect();
	expect(SYN, .seq = S(0));
	expect_nothing();
	expect_state(ISLA_TCP_SYN_SENT);
}

void
syn_received(void)
{
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = peer.mss, .wscale = peer.wscale);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	expect_nothing();
}

void
established_passive(void)
{
	syn_received();
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL_FATAL(app.nb_accept, 1);
	expect_state(ISLA_TCP_ESTABLISHED);
	expect_nothing();
}

void
established_active(void)
{
	syn_sent();
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = peer.mss, .wscale = peer.wscale);
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_EQUAL_FATAL(app.nb_connected, 1);
	expect_state(ISLA_TCP_ESTABLISHED);
	expect_nothing();
}

void
fin_wait_1(void)
{
	established_passive();
	app_shutdown();
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	expect_state(ISLA_TCP_FIN_WAIT_1);
	expect_nothing();
}

void
fin_wait_2(void)
{
	fin_wait_1();
	inject(ACK, .seq = P(1), .ack = S(2));
	expect_state(ISLA_TCP_FIN_WAIT_2);
	expect_nothing();
}

void
close_wait(void)
{
	established_passive();
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(2));
	CU_ASSERT_EQUAL(app.nb_eof, 1);
	expect_state(ISLA_TCP_CLOSE_WAIT);
	expect_nothing();
}

void
closing(void)
{
	fin_wait_1();
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_state(ISLA_TCP_CLOSING);
	expect_nothing();
}

void
last_ack(void)
{
	close_wait();
	app_shutdown();
	expect(FIN | ACK, .seq = S(1), .ack = P(2));
	expect_state(ISLA_TCP_LAST_ACK);
	expect_nothing();
}

void
time_wait(void)
{
	fin_wait_2();
	inject(FIN | ACK, .seq = P(1), .ack = S(2));
	expect(ACK, .seq = S(2), .ack = P(2));
	expect_state(ISLA_TCP_TIME_WAIT);
	expect_nothing();
}

const struct ladder ladder[LADDER_NB] = {
	{"SYN-SENT", syn_sent, ISLA_TCP_SYN_SENT, 1, 0},
	{"SYN-RECEIVED", syn_received, ISLA_TCP_SYN_RECEIVED, 1, 1},
	{"ESTABLISHED", established_passive, ISLA_TCP_ESTABLISHED, 1, 1},
	{"ESTABLISHED (active)", established_active, ISLA_TCP_ESTABLISHED, 1, 1},
	{"FIN-WAIT-1", fin_wait_1, ISLA_TCP_FIN_WAIT_1, 2, 1},
	{"FIN-WAIT-2", fin_wait_2, ISLA_TCP_FIN_WAIT_2, 2, 1},
	{"CLOSE-WAIT", close_wait, ISLA_TCP_CLOSE_WAIT, 1, 2},
	{"CLOSING", closing, ISLA_TCP_CLOSING, 2, 2},
	{"LAST-ACK", last_ack, ISLA_TCP_LAST_ACK, 2, 2},
	{"TIME-WAIT", time_wait, ISLA_TCP_TIME_WAIT, 2, 2},
};
