/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The socket room, and the agent's calls on top of it: a peer that is played segment by segment,
 * and requests as the agent gets them. What Linux answers to the same was looked up with the kernel
 * as the peer's other side (dts, TestSuite_agent); here the clock is virtual, so that time-outs and
 * states that pass quickly are seen, too.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <rte_errno.h>

#include "agent_call.h"
#include "tcp_peer.h"

#define ALL "POLLIN|POLLOUT|POLLPRI|POLLRDHUP"

static struct rte_mbuf_ext_shared_info shinfo[4];
static const uint8_t zeros[32768];
static struct agent_env env;
static struct agent_call call; /* the last one */
static unsigned int nb_wakes;
static char answer[AGENT_ANSWER_MAX];

static void
wake(void *ctx, int fd)
{
	CU_ASSERT_PTR_EQUAL(ctx, &env);
	CU_ASSERT_TRUE(fd >= -1);
	nb_wakes++;
}

static void
begin_with(const struct isla_socket_conf *conf)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(shinfo); i++)
		rte_mbuf_ext_refcnt_set(&shinfo[i], 1);
	env.zeros = (struct isla_socket_mem){.data = zeros, .iova = RTE_BAD_IOVA,
		.len = sizeof(zeros)};
	env.shinfo = shinfo;
	env.nb_shinfo = RTE_DIM(shinfo);
	env.table = isla_socket_table_create(peer.host.stack, conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(env.table);
	nb_wakes = 0;
}

static void
begin(void)
{
	const struct isla_socket_conf conf = {
		.max_socks = 8, .max_items = 8, .first_fd = 3, .wake = wake, .ctx = &env};

	begin_with(&conf);
}

static void
end(void)
{
	isla_socket_table_free(env.table);
	peer_drain();
}

/* Put the addresses into a request: PEER and STACK. */
static void
fill_in(char *line, size_t size, const char *text)
{
	char addr[ISLA_ADDR_STRLEN];
	size_t at = 0;

	while (*text != '\0' && at + ISLA_ADDR_STRLEN < size) {
		bool is_peer = strncmp(text, "PEER", 4) == 0;

		if (is_peer || strncmp(text, "STACK", 5) == 0) {
			isla_addr_format(is_peer ? &peer.ends.src : &peer.ends.dst, addr,
				sizeof(addr));
			at += (size_t)snprintf(line + at, size - at, "%s", addr);
			text += is_peer ? 4 : 5;
		} else if (strncmp(text, "FAMILY", 6) == 0) {
			at += (size_t)snprintf(line + at, size - at, "%s",
				peer.is_v6 ? "AF_INET6" : "AF_INET");
			text += 6;
		} else {
			line[at++] = *text++;
		}
	}
	line[at] = '\0';
}

/* Run the last call again; its answer without the newline, or "waits". */
static const char *
again(void)
{
	enum agent_progress progress;
	size_t n;

	isla_stack_set_now(peer.host.stack, peer.now_us);
	progress = agent_call_run(&env, &call);
	peer_flush();
	if (progress == AGENT_WAITS)
		return "waits";
	n = agent_answer(&call, answer, sizeof(answer));
	answer[n - 1] = '\0';
	return answer;
}

/* One request, and its answer. */
static const char *
ask(const char *text)
{
	char line[AGENT_LINE_MAX];
	size_t n;

	fill_in(line, sizeof(line), text);
	if (agent_parse(&call, line))
		return again();
	n = agent_answer(&call, answer, sizeof(answer));
	answer[n - 1] = '\0';
	return answer;
}

#define gives(text, want) check_answer(__FILE__, __LINE__, text, ask(text), want)
#define now_gives(want)   check_answer(__FILE__, __LINE__, "again", again(), want)

static void
check_answer(const char *file, unsigned int line, const char *text, const char *got,
	const char *want)
{
	char why[600];

	snprintf(why, sizeof(why), "%.200s gives '%.150s', not '%s'", text, got, want);
	CU_assertImplementation(strcmp(got, want) == 0, line, why, file, "", false);
}

/* The port that a socket got by itself. */
static void
learn_port(const char *fd)
{
	char line[64];

	snprintf(line, sizeof(line), "getsockname %s", fd);
	ask(line);
	peer.stack_port = call.peer.port;
}

/* Socket 3 has begun to connect, without blocking. */
static void
connecting(void)
{
	begin();
	gives("socket FAMILY SOCK_STREAM|SOCK_NONBLOCK 0", "3 0");
	gives("connect 3 PEER 40000", "-1 115");
	learn_port("3");
	expect(SYN, .seq = S(0));
}

static void
connected(void)
{
	connecting();
	inject(SYN | ACK, .seq = P(0), .ack = S(1), .mss = 1460);
	expect(ACK, .seq = S(1), .ack = P(1));
}

/* Socket 3 listens on port 80. */
static void
listening(const char *backlog)
{
	char line[32];

	begin();
	gives("socket FAMILY SOCK_STREAM|SOCK_NONBLOCK 0", "3 0");
	gives("bind 3 STACK 80", "0 0");
	snprintf(line, sizeof(line), "listen 3 %s", backlog);
	gives(line, "0 0");
	peer.stack_port = 80;
}

static void
connect_goes_its_way(void)
{
	connecting();
	gives("connect 3 PEER 40000", "-1 114");
	gives("poll 0 3 " ALL, "0 0 3 0");
	gives("write 3 10", "-1 11");
	gives("read 3 10", "-1 11");
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 02");
	gives("getpeername 3", "-1 107");
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	expect(ACK, .seq = S(1), .ack = P(1));
	CU_ASSERT_TRUE(nb_wakes > 0);
	gives("poll 0 3 " ALL, "1 0 3 4");
	gives("getsockopt 3 SOL_SOCKET SO_ERROR 4", "0 0 00000000");
	gives("connect 3 PEER 40000", "0 0");
	gives("connect 3 PEER 40000", "-1 106");
	end();
}

static void
connect_waits_where_it_may(void)
{
	begin();
	gives("socket FAMILY SOCK_STREAM 0", "3 0");
	gives("connect 3 PEER 40000", "waits");
	peer.stack_port = 0;
	isla_socket_getsockname(env.table, 3, &call.peer);
	peer.stack_port = call.peer.port;
	expect(SYN, .seq = S(0));
	now_gives("waits");
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	now_gives("0 0");
	end();
}

static void
connect_is_refused(void)
{
	connecting();
	inject(RST | ACK, .seq = P(0), .ack = S(1));
	gives("poll 0 3 " ALL, "1 0 3 8221");
	gives("write 3 1", "-1 111");
	gives("write 3 1", "-1 32");
	gives("read 3 1", "0 0");
	end();
}

/* RFC 9293, 3.8.3: nobody answers. */
static void
connect_times_out(void)
{
	begin();
	gives("socket FAMILY SOCK_STREAM 0", "3 0");
	gives("setsockopt 3 SOL_TCP TCP_SYNCNT 01000000", "0 0");
	gives("connect 3 PEER 40000", "waits");
	advance_us(2900000);
	now_gives("waits");
	advance_us(300000);
	now_gives("-1 110");
	/* And the next attempt begins afresh. */
	gives("connect 3 PEER 40000", "waits");
	peer_drain();
	end();
}

/* SO_SNDTIMEO: the call ends, the attempt goes on. */
static void
connect_stops_waiting(void)
{
	begin();
	gives("socket FAMILY SOCK_STREAM 0", "3 0");
	gives("setsockopt 3 SOL_SOCKET SO_SNDTIMEO 0000000000000000a086010000000000", "0 0");
	gives("connect 3 PEER 40000", "waits");
	advance_us(99000);
	now_gives("waits");
	advance_us(2000);
	now_gives("-1 115");
	learn_port("3");
	expect(SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	gives("connect 3 PEER 40000", "0 0");
	end();
}

/* Both open at once (RFC 9293, figure 7). */
static void
simultaneous_open(void)
{
	connecting();
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 03");
	gives("connect 3 PEER 40000", "-1 114");
	gives("poll 0 3 " ALL, "0 0 3 0");
	inject(ACK, .seq = P(1), .ack = S(1));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 01");
	gives("poll 0 3 " ALL, "1 0 3 4");
	end();
}

/* Each state by its number in TCP_INFO and its events in poll. */
static void
our_end_closes_first(void)
{
	connected();
	gives("shutdown 3 SHUT_WR", "0 0");
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 04");
	gives("poll 0 3 " ALL, "1 0 3 4");
	inject(ACK, .seq = P(1), .ack = S(2));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 05");
	gives("write 3 1", "-1 32");
	gives("read 3 1", "-1 11");
	inject(ACK | PSH, .seq = P(1), .ack = S(2), .len = 100);
	gives("poll 0 3 " ALL, "1 0 3 5");
	gives("ioctl 3 FIONREAD", "0 0 100");
	gives("read 3 60", "60 0");
	inject(FIN | ACK, .seq = P(101), .ack = S(2));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 07");
	gives("poll 0 3 " ALL, "1 0 3 8213");
	gives("read 3 60", "40 0");
	gives("read 3 60", "0 0");
	gives("shutdown 3 SHUT_WR", "-1 107");
	gives("close 3", "0 0");
	end();
}

static void
the_peer_closes_first(void)
{
	connected();
	inject(FIN | ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	peer_drain();
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 08");
	gives("poll 0 3 " ALL, "1 0 3 8197");
	gives("write 3 5", "5 0");
	expect(ACK | PSH, .seq = S(1), .ack = P(102), .len = 5, .data = zeros);
	gives("shutdown 3 SHUT_WR", "0 0");
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 09");
	peer_drain();
	gives("poll 0 3 " ALL, "1 0 3 8213");
	gives("read 3 1000", "100 0");
	inject(ACK, .seq = P(102), .ack = S(7));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 07");
	gives("read 3 1000", "0 0");
	gives("close 3", "0 0");
	end();
}

static void
both_close_at_once(void)
{
	connected();
	gives("shutdown 3 SHUT_RDWR", "0 0");
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	inject(FIN | ACK, .seq = P(1), .ack = S(1));
	expect(ACK, .seq = S(2), .ack = P(2));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 0b");
	gives("poll 0 3 " ALL, "1 0 3 8213");
	inject(ACK, .seq = P(2), .ack = S(2));
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 07");
	end();
}

static void
data_before_a_reset_is_read(void)
{
	connected();
	burst_begin();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 100);
	inject(RST | ACK, .seq = P(101), .ack = S(1));
	burst_end();
	peer_drain();
	gives("poll 0 3 " ALL, "1 0 3 8221");
	gives("ioctl 3 FIONREAD", "0 0 100");
	gives("read 3 30", "30 0");
	gives("recv 3 1000 MSG_WAITALL", "70 0");
	gives("read 3 30", "-1 104");
	gives("read 3 30", "0 0");
	gives("write 3 30", "-1 32");
	gives("close 3", "0 0");
	end();
}

/* What the agent throws away is read by nobody; the copying call and the mbufs have the bytes. */
static void
bytes_are_the_peers(void)
{
	static uint8_t buf[4000];
	struct rte_mbuf *m;

	connected();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 1000);
	inject(ACK | PSH, .seq = P(1001), .ack = S(1), .len = 1000);
	CU_ASSERT_EQUAL(isla_socket_recv(env.table, 3, buf, 300, MSG_PEEK, NULL), 300);
	CU_ASSERT_TRUE(pattern_is(buf, P(1), 300));
	CU_ASSERT_EQUAL(isla_socket_recv(env.table, 3, buf, 1200, 0, NULL), 1200);
	CU_ASSERT_TRUE(pattern_is(buf, P(1), 1200));
	CU_ASSERT_EQUAL(isla_socket_recv_mbuf(env.table, 3, &m, 0, NULL), 800);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->pkt_len, 800);
	CU_ASSERT_TRUE(pattern_is(rte_pktmbuf_read(m, 0, 800, buf), P(1201), 800));
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(isla_socket_recv_mbuf(env.table, 3, &m, 0, NULL), -EAGAIN);
	CU_ASSERT_PTR_NULL(m);
	peer_drain();
	/* And the other way. */
	pattern_fill(buf, S(1), 500);
	CU_ASSERT_EQUAL(isla_socket_send(env.table, 3, buf, 500, 0, NULL), 500);
	peer_flush();
	expect(ACK | PSH, .seq = S(1), .ack = P(2001), .len = 500);
	end();
}

/* The window opens as the program reads, not as the socket takes. */
static void
the_window_closes_on_who_does_not_read(void)
{
	uint32_t sent = 0;
	const struct seg *seg;
	int32_t wnd = -1;

	begin();
	gives("socket FAMILY SOCK_STREAM|SOCK_NONBLOCK 0", "3 0");
	gives("setsockopt 3 SOL_SOCKET SO_RCVBUF 00100000", "0 0");
	gives("getsockopt 3 SOL_SOCKET SO_RCVBUF 4", "0 0 00200000");
	gives("connect 3 PEER 40000", "-1 115");
	learn_port("3");
	expect(SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	peer_drain();
	while (sent < 4096 && wnd != 0) {
		inject(ACK | PSH, .seq = P(1 + sent), .ack = S(1), .len = 512);
		sent += 512;
		advance_us(50000);
		while (peer_nb_pending() > 0) {
			seg = take();
			wnd = seg->wnd;
		}
		/* To look is not to read. */
		ask("recv 3 100000 MSG_PEEK");
		CU_ASSERT_EQUAL(call.ret, sent);
	}
	CU_ASSERT_EQUAL(sent, 4096);
	CU_ASSERT_TRUE(wnd < 512);
	gives("read 3 100000", "4096 0");
	CU_ASSERT_TRUE(peer_nb_pending() > 0);
	end();
}

static void
backlog_is_linuxs(void)
{
	unsigned int i;

	listening("1");
	/* Two wait to be accepted, as with Linux; the third one's SYN is not answered. */
	for (i = 0; i < 2; i++) {
		peer.irs_known = false;
		peer.port = (uint16_t)(40000 + i);
		inject(SYN, .seq = P(0));
		expect(SYN | ACK, .seq = S(0), .ack = P(1));
		inject(ACK, .seq = P(1), .ack = S(1));
	}
	peer.port = 40002;
	inject(SYN, .seq = P(0));
	expect_nothing();
	gives("poll 0 3 POLLIN", "1 0 3 1");
	CU_ASSERT_EQUAL(strncmp(ask("accept 3"), "4 0 ", 4), 0);
	CU_ASSERT_EQUAL(call.peer.port, 40000);
	peer.irs_known = false;
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	CU_ASSERT_EQUAL(strncmp(ask("accept 3"), "5 0 ", 4), 0);
	gives("accept 3", "-1 11");
	end();
}

/* Closing a listener resets who waits, and whoever has been accepted lives on. */
static void
closing_a_listener(void)
{
	listening("5");
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	gives("close 3", "0 0");
	expect(RST | ACK, .seq = S(1), .ack = P(1));
	end();
}

static struct rte_mbuf *
mbuf_of(uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(peer.host.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	memset(rte_pktmbuf_append(m, len), 0, len);
	return m;
}

/* RFC 9293, 3.8.5: the peer is told where urgent data ends; ours to read is in line (RFC 6093). */
static void
urgent_data(void)
{
	struct rte_mbuf *m;

	connected();
	gives("send 3 1 MSG_OOB", "1 0");
	expect(ACK | PSH | URG, .seq = S(1), .ack = P(1), .len = 1, .urg = 1, .data = zeros);
	inject(ACK | PSH | URG, .seq = P(1), .ack = S(2), .len = 3, .urg = 3);
	gives("poll 0 3 " ALL, "1 0 3 7");
	gives("recv 3 1 MSG_OOB", "-1 22");
	gives("read 3 2", "2 0");
	gives("ioctl 3 SIOCATMARK", "0 0 1");
	gives("read 3 2", "1 0");
	gives("poll 0 3 " ALL, "1 0 3 4");
	/* Whoever takes the mbufs has read it, too. */
	inject(ACK | PSH | URG, .seq = P(4), .ack = S(2), .len = 2, .urg = 2);
	gives("poll 0 3 " ALL, "1 0 3 7");
	CU_ASSERT_EQUAL(isla_socket_recv_mbuf(env.table, 3, &m, 0, NULL), 2);
	rte_pktmbuf_free(m);
	gives("poll 0 3 " ALL, "1 0 3 4");
	end();
}

/* A chain is the caller's after -EAGAIN, and freed on all other errors (peer_drain() counts). */
static void
mbufs_have_one_owner(void)
{
	const struct isla_socket_addr nowhere = {
		.family = AF_INET, .port = 9, .addr = isla_addr_from_v4(RTE_BE32(0xcb007101))};
	struct rte_mbuf *m;
	int64_t rc;

	connected();
	CU_ASSERT_EQUAL(isla_socket_send_mbuf(env.table, 9, mbuf_of(10), 0, NULL), -EBADF);
	do {
		m = mbuf_of(1000);
		rc = isla_socket_send_mbuf(env.table, 3, m, 0, NULL);
	} while (rc > 0);
	CU_ASSERT_EQUAL(rc, -EAGAIN);
	rte_pktmbuf_free(m);
	gives("shutdown 3 SHUT_WR", "0 0");
	CU_ASSERT_EQUAL(isla_socket_send_mbuf(env.table, 3, mbuf_of(10), 0, NULL), -EPIPE);
	gives("socket AF_INET SOCK_DGRAM 0", "4 0");
	CU_ASSERT_EQUAL(isla_socket_send_mbuf(env.table, 4, mbuf_of(10), 0, NULL), -EDESTADDRREQ);
	CU_ASSERT_EQUAL(isla_socket_send_mbuf(env.table, 4, mbuf_of(10), MSG_OOB, NULL),
		-EOPNOTSUPP);
	CU_ASSERT_EQUAL(isla_socket_send_mbuf(env.table, 4, mbuf_of(10), 0, &nowhere),
		-ENETUNREACH);
	end();
}

static void
sending_until_it_is_full(void)
{
	int64_t total = 0;

	begin();
	gives("socket FAMILY SOCK_STREAM|SOCK_NONBLOCK 0", "3 0");
	gives("setsockopt 3 SOL_SOCKET SO_SNDBUF 00200000", "0 0");
	gives("connect 3 PEER 40000", "-1 115");
	learn_port("3");
	expect(SYN, .seq = S(0));
	inject(SYN | ACK, .seq = P(0), .ack = S(1));
	peer_drain();
	while (ask("write 3 3000")[0] != '-')
		total += call.ret;
	CU_ASSERT_STRING_EQUAL(answer, "-1 11");
	CU_ASSERT_EQUAL(total, 8192);
	gives("ioctl 3 SIOCOUTQ", "0 0 8192");
	gives("poll 0 3 POLLOUT", "0 0 3 0");
	peer_drain();
	nb_wakes = 0;
	inject(ACK, .seq = P(1), .ack = S(1001));
	CU_ASSERT_EQUAL(nb_wakes, 0);
	inject(ACK, .seq = P(1), .ack = S(5001));
	CU_ASSERT_TRUE(nb_wakes > 0);
	gives("poll 0 3 POLLOUT", "1 0 3 4");
	/* A write that waits goes on as there is room, and counts all of it. */
	gives("fcntl 3 F_SETFL 0", "0 0");
	gives("write 3 10000", "waits");
	inject(ACK, .seq = P(1), .ack = S(8193));
	now_gives("waits");
	/* Reset in between: what was taken counts, and the error is for the next call. */
	inject(RST | ACK, .seq = P(1), .ack = S(8193));
	CU_ASSERT_EQUAL(strncmp(again(), "-1", 2) != 0, 1);
	CU_ASSERT_TRUE(call.ret > 0 && call.ret <= 10000);
	gives("write 3 10", "-1 104");
	gives("write 3 10", "-1 32");
	peer_drain();
	end();
}

static void
linger_waits_for_the_fin(void)
{
	connected();
	gives("setsockopt 3 SOL_SOCKET SO_LINGER 0100000002000000", "0 0");
	gives("close 3", "waits");
	expect(FIN | ACK, .seq = S(1), .ack = P(1));
	now_gives("waits");
	inject(ACK, .seq = P(1), .ack = S(2));
	now_gives("0 0");
	gives("close 3", "-1 9");
	end();
}

static void
linger_has_an_end(void)
{
	connected();
	gives("setsockopt 3 SOL_SOCKET SO_LINGER 0100000002000000", "0 0");
	gives("close 3", "waits");
	advance_us(1900000);
	now_gives("waits");
	advance_us(200000);
	now_gives("0 0");
	gives("close 3", "-1 9");
	end();
}

static void
tables_are_bounded(void)
{
	const struct isla_socket_conf conf = {.max_socks = 3, .max_items = 1};
	unsigned int i;

	begin_with(&conf);
	gives("socket FAMILY SOCK_STREAM 0", "0 0");
	gives("socket FAMILY SOCK_DGRAM 0", "1 0");
	gives("epoll_create", "2 0");
	gives("socket FAMILY SOCK_STREAM 0", "-1 24");
	gives("epoll_create", "-1 24");
	gives("epoll_ctl 2 EPOLL_CTL_ADD 0 EPOLLIN", "0 0");
	gives("epoll_ctl 2 EPOLL_CTL_ADD 1 EPOLLIN", "-1 28");
	gives("close 0", "0 0");
	gives("epoll_ctl 2 EPOLL_CTL_ADD 1 EPOLLIN", "0 0");
	gives("socket FAMILY SOCK_STREAM 0", "0 0");
	/* A connection that nobody can be given is reset. */
	gives("bind 0 STACK 80", "0 0");
	gives("listen 0 5", "0 0");
	peer.stack_port = 80;
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	expect(RST | ACK, .seq = S(1), .ack = P(1));
	for (i = 0; i < 100; i++) {
		gives("close 2", "0 0");
		gives("epoll_create", "2 0");
	}
	gives("reset", "0 0");
	gives("close 1", "-1 9");
	end();
}

static void
udp_inject(uint16_t port, uint16_t len)
{
	static uint8_t frame[2048], data[1500];
	uint32_t n = frame_build_udp(frame, &peer.ends, PEER_PORT, port, data, len);

	peer_inject_bytes(frame, n);
}

/* Empty datagrams fill a queue, too. */
static void
datagrams_wait_in_a_bounded_queue(void)
{
	unsigned int i, nb = 0;

	begin();
	gives("socket FAMILY SOCK_DGRAM|SOCK_NONBLOCK 0", "3 0");
	gives("setsockopt 3 SOL_SOCKET SO_RCVBUF 00100000", "0 0");
	gives("bind 3 STACK 5000", "0 0");
	for (i = 0; i < 200; i++)
		udp_inject(5000, 0);
	CU_ASSERT_TRUE(drops(ISLA_DROP_UDP_RCV_FULL) > 100);
	while (ask("read 3 10")[0] == '0')
		nb++;
	CU_ASSERT_EQUAL(nb + drops(ISLA_DROP_UDP_RCV_FULL), 200);
	udp_inject(5000, 700);
	gives("ioctl 3 FIONREAD", "0 0 700");
	CU_ASSERT_EQUAL(strncmp(ask("recvfrom 3 100 MSG_TRUNC"), "700 0 ", 6), 0);
	CU_ASSERT_EQUAL(call.peer.port, PEER_PORT);
	gives("read 3 10", "-1 11");
	/* read(2) of no bytes takes nothing, recv(2) takes a datagram. */
	gives("read 3 0", "0 0");
	udp_inject(5000, 700);
	gives("read 3 0", "0 0");
	gives("ioctl 3 FIONREAD", "0 0 700");
	gives("recv 3 0 0", "0 0");
	gives("recv 3 0 0", "-1 11");
	gives("shutdown 3 SHUT_RD", "-1 107");
	gives("read 3 10", "-1 11");
	gives("fcntl 3 F_SETFL 0", "0 0");
	gives("read 3 10", "0 0");
	/* Datagrams that nobody reads are freed. */
	udp_inject(5000, 700);
	udp_inject(5000, 700);
	end();
}

/* Programs find their own address so. */
static void
a_connected_datagram_socket_knows_its_address(void)
{
	char want[100];

	begin();
	gives("socket FAMILY SOCK_DGRAM 0", "3 0");
	gives("connect 3 PEER 9", "0 0");
	fill_in(want, sizeof(want), "0 0 STACK ");
	CU_ASSERT_EQUAL(strncmp(ask("getsockname 3"), want, strlen(want)), 0);
	gives("disconnect 3", "0 0");
	CU_ASSERT_NOT_EQUAL(strncmp(ask("getsockname 3"), want, strlen(want)), 0);
	gives("socket AF_INET SOCK_DGRAM 0", "4 0");
	gives("connect 4 203.0.113.1 9", "-1 101");
	gives("getsockname 4", "0 0 0.0.0.0 0");
	end();
}

/* Two may have one port where both want it: the one that came last hears. */
static void
datagram_sockets_share_a_port(void)
{
	begin();
	gives("socket FAMILY SOCK_DGRAM|SOCK_NONBLOCK 0", "3 0");
	gives("socket FAMILY SOCK_DGRAM|SOCK_NONBLOCK 0", "4 0");
	gives("socket FAMILY SOCK_DGRAM|SOCK_NONBLOCK 0", "5 0");
	gives("setsockopt 3 SOL_SOCKET SO_REUSEADDR 01000000", "0 0");
	gives("setsockopt 4 SOL_SOCKET SO_REUSEADDR 01000000", "0 0");
	gives("bind 3 STACK 5000", "0 0");
	gives("bind 5 STACK 5000", "-1 98");
	gives("bind 4 STACK 5000", "0 0");
	gives("bind 5 STACK 5000", "-1 98");
	udp_inject(5000, 10);
	gives("read 3 100", "-1 11");
	gives("read 4 100", "10 0");
	gives("close 4", "0 0");
	udp_inject(5000, 20);
	gives("read 3 100", "20 0");
	end();
}

/* Linux takes it, and then nothing is ever heard of anybody. */
static void
a_datagram_socket_connects_to_port_0(void)
{
	begin();
	gives("socket FAMILY SOCK_DGRAM|SOCK_NONBLOCK 0", "3 0");
	gives("bind 3 STACK 5000", "0 0");
	gives("connect 3 PEER 0", "0 0");
	gives("getpeername 3", "-1 107");
	udp_inject(5000, 10);
	gives("read 3 100", "-1 11");
	gives("shutdown 3 SHUT_RD", "0 0");
	gives("disconnect 3", "0 0");
	udp_inject(5000, 10);
	gives("read 3 100", "10 0");
	end();
}

/* Flags that this call has no use for are passed over; only of errors there is never one to read.
 */
static void
flags_that_mean_nothing(void)
{
	connected();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	gives("recv 3 4 0x10000000", "4 0");
	gives("recv 3 4 0x8000", "4 0");
	gives("recv 3 4 0x2000", "-1 11");
	gives("send 3 1 0x4", "1 0");
	gives("epoll_create", "4 0");
	gives("read 4 10", "-1 22");
	gives("read 4 0", "-1 22");
	gives("write 4 10", "-1 22");
	gives("recv 4 10 0", "-1 88");
	gives("send 4 10 0", "-1 88");
	end();
}

/* What a record ends with is a segment's end. */
static void
records_are_segments(void)
{
	connected();
	peer_drain();
	gives("setsockopt 3 SOL_TCP TCP_CORK 01000000", "0 0");
	gives("send 3 100 0", "100 0");
	gives("send 3 200 MSG_EOR", "200 0");
	expect_nothing();
	gives("send 3 400 0", "400 0");
	CU_ASSERT_EQUAL(take()->len, 300);
	CU_ASSERT_TRUE((peer.last.frame.seg.flags & PSH) != 0);
	expect_nothing();
	gives("setsockopt 3 SOL_TCP TCP_CORK 00000000", "0 0");
	inject(ACK, .seq = P(1), .ack = S(301));
	CU_ASSERT_EQUAL(take()->len, 400);
	end();
}

/* TCP_DEFER_ACCEPT: no accept() before there is something to read, or the time has passed and the
 * peer is still there. */
static void
a_listener_waits_for_data(void)
{
	listening("5");
	gives("setsockopt 3 SOL_TCP TCP_DEFER_ACCEPT 05000000", "0 0");
	gives("getsockopt 3 SOL_TCP TCP_DEFER_ACCEPT 4", "0 0 07000000");
	inject(SYN, .seq = P(0), .mss = 1460);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	inject(ACK, .seq = P(1), .ack = S(1));
	expect_nothing();
	gives("accept 3", "-1 11");
	advance_us(5000000);
	expect_nothing();
	inject(ACK | PSH, .seq = P(1), .ack = S(1), .len = 10);
	peer_drain();
	CU_ASSERT_EQUAL(strncmp(ask("accept 3"), "4 0", 3), 0);
	gives("read 4 100", "10 0");
	advance_us(100000);
	peer_drain();
	/* Another says nothing. */
	peer.port++;
	peer.irs_known = false;
	inject(SYN, .seq = P(0), .mss = 1460);
	peer.irs = take()->seq;
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_TRUE(advance_to_frame(20000000) >= 6800000);
	CU_ASSERT_EQUAL(take()->flags, SYN | ACK);
	gives("accept 3", "-1 11");
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(strncmp(ask("accept 3"), "5 0", 3), 0);
	/* Switched off again. */
	gives("setsockopt 3 SOL_TCP TCP_DEFER_ACCEPT 00000000", "0 0");
	gives("getsockopt 3 SOL_TCP TCP_DEFER_ACCEPT 4", "0 0 00000000");
	end();
}

/* What the stack has not got says so. */
static void
options_that_do_nothing(void)
{
	static const char *const names[] = {"SOL_TCP 34", /* TCP_FASTOPEN_NO_COOKIE */
		"SOL_TCP TCP_WINDOW_CLAMP", "SOL_TCP TCP_MD5SIG", "SOL_SOCKET SO_MARK",
		"SOL_SOCKET SO_PRIORITY", "SOL_SOCKET SO_TIMESTAMP", "SOL_SOCKET SO_REUSEPORT"};
	char line[100];
	unsigned int i;

	begin();
	gives("socket FAMILY SOCK_STREAM 0", "3 0");
	for (i = 0; i < RTE_DIM(names); i++) {
		snprintf(line, sizeof(line), "setsockopt 3 %s 01000000", names[i]);
		gives(line, "-1 92");
		snprintf(line, sizeof(line), "getsockopt 3 %s 4", names[i]);
		gives(line, "-1 92");
	}
	end();
}

/* Options that were set before the connection are the connection's, on either side. */
static void
options_reach_the_connection(void)
{
	listening("5");
	gives("setsockopt 3 SOL_TCP TCP_NODELAY 01000000", "0 0");
	gives("setsockopt 3 SOL_TCP TCP_KEEPIDLE 05000000", "0 0");
	inject(SYN, .seq = P(0));
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	inject(ACK, .seq = P(1), .ack = S(1));
	CU_ASSERT_EQUAL(strncmp(ask("accept 3"), "4 0 ", 4), 0);
	gives("getsockopt 4 SOL_TCP TCP_NODELAY 4", "0 0 01000000");
	gives("getsockopt 4 SOL_TCP TCP_KEEPIDLE 4", "0 0 05000000");
	/* Without Nagle two small writes are two segments. */
	gives("write 4 10", "10 0");
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10, .data = zeros);
	gives("write 4 10", "10 0");
	expect(ACK | PSH, .seq = S(11), .ack = P(1), .len = 10, .data = zeros);
	end();
}

/* Linux's words about memory, its whole tcp_info, and what an algorithm without news tells of
 * itself. */
static void
information_has_linuxs_shape(void)
{
	connected();
	gives("setsockopt 3 SOL_SOCKET SO_RCVBUF 00400000", "0 0");
	gives("setsockopt 3 SOL_SOCKET SO_SNDBUF 00400000", "0 0");
	gives("write 3 10", "10 0");
	expect(ACK | PSH, .seq = S(1), .ack = P(1), .len = 10, .data = zeros);
	inject(ACK, .seq = P(1), .ack = S(1), .len = 3);
	peer_drain();
	gives("getsockopt 3 SOL_SOCKET 55 36", "0 0 03000000" "00800000" "0a000000" "00800000"
		"00000000" "0a000000" "00000000" "00000000" "00000000");
	gives("getsockopt 3 SOL_SOCKET 55 5", "0 0 0300000000");
	gives("getsockopt 3 SOL_TCP 26 20", "0 0");
	ask("getsockopt 3 SOL_TCP TCP_INFO 512");
	CU_ASSERT_EQUAL(strlen(answer), strlen("0 0 ") + 2 * 280);
	gives("getsockopt 3 SOL_TCP TCP_INFO 1", "0 0 01");
	end();
}

static void
numbers_are_strict(void)
{
	static const char *const bad[] = {"", "-", "0x", "1x", "0x1g", "|1", "1|", "1||2", " 1",
		"NO_SUCH", "AF_INE", "AF_INETX", "18446744073709551616", "-2147483649", "+1",
		"4294967296", "99999999999999999999999999999999999999"};
	int64_t n;
	unsigned int i;

	for (i = 0; i < RTE_DIM(bad); i++)
		CU_ASSERT_FALSE(agent_number(bad[i], &n));
	CU_ASSERT_TRUE(agent_number("0x80000001", &n) && n == 0x80000001);
	CU_ASSERT_TRUE(agent_number("-1", &n) && n == -1);
	CU_ASSERT_TRUE(agent_number("EPOLLIN|EPOLLET|0x4", &n) && n == (int64_t)0x80000005);
}

/* Requests put together at random from words that mean something, and then damaged: whatever they
 * do, the answer is one line, and nothing leaks or breaks. */
static void
requests_at_random(void)
{
	static const char *const words[] = {"3", "4", "5", "6", "0", "1", "-1", "10", "100000",
		"AF_INET", "AF_INET6", "SOCK_STREAM", "SOCK_DGRAM", "SOCK_STREAM|SOCK_NONBLOCK",
		"PEER", "STACK", "::", "0.0.0.0", "40000", "80", "SOL_SOCKET", "SOL_TCP",
		"TCP_INFO", "SO_LINGER", "SO_RCVBUF", "TCP_CORK", "TCP_CONGESTION", "POLLIN",
		"01000000", "0100000000000000", "F_SETFL", "2048", "MSG_PEEK", "MSG_WAITALL",
		"SHUT_RDWR", "FIONREAD", "EPOLL_CTL_ADD", "EPOLLET|EPOLLIN", "cubic"};
	const struct agent_verb *v;
	unsigned int nb_verbs = 0, i, j, nb_answered = 0;
	char line[300];

	begin();
	for (v = agent_verbs; v->name != NULL; v++)
		nb_verbs++;
	for (i = 0; i < 20000; i++) {
		unsigned int nb = (unsigned int)(sim_rand(&peer.rng) % 6);
		size_t n;

		n = (size_t)snprintf(line, sizeof(line), "%s",
			agent_verbs[sim_rand(&peer.rng) % nb_verbs].name);
		for (j = 0; j < nb; j++)
			n += (size_t)snprintf(line + n, sizeof(line) - n, " %s",
				words[sim_rand(&peer.rng) % RTE_DIM(words)]);
		if (sim_rand(&peer.rng) % 4 == 0)
			line[sim_rand(&peer.rng) % n] = (char)sim_rand(&peer.rng);
		ask(line);
		nb_answered += call.ret >= 0;
		if (i % 16 == 0) {
			inject(i % 32 == 0 ? SYN : ACK | PSH, .seq = P(0), .ack = S(1),
				.dport = 80, .len = i % 32 == 0 ? 0 : 10);
			advance_us(10000);
		}
		peer_drain();
	}
	CU_ASSERT_TRUE(nb_answered > 100);
	end();
}

static const struct suite_test tests[] = {
	SUITE_TEST(connect_goes_its_way),
	SUITE_TEST(connect_waits_where_it_may),
	SUITE_TEST(connect_is_refused),
	SUITE_TEST(connect_times_out),
	SUITE_TEST(connect_stops_waiting),
	SUITE_TEST(simultaneous_open),
	SUITE_TEST(our_end_closes_first),
	SUITE_TEST(the_peer_closes_first),
	SUITE_TEST(both_close_at_once),
	SUITE_TEST(data_before_a_reset_is_read),
	SUITE_TEST(bytes_are_the_peers),
	SUITE_TEST(the_window_closes_on_who_does_not_read),
	SUITE_TEST(backlog_is_linuxs),
	SUITE_TEST(closing_a_listener),
	SUITE_TEST(urgent_data),
	SUITE_TEST(mbufs_have_one_owner),
	SUITE_TEST(sending_until_it_is_full),
	SUITE_TEST(linger_waits_for_the_fin),
	SUITE_TEST(linger_has_an_end),
	SUITE_TEST(tables_are_bounded),
	SUITE_TEST(datagrams_wait_in_a_bounded_queue),
	SUITE_TEST(a_connected_datagram_socket_knows_its_address),
	SUITE_TEST(datagram_sockets_share_a_port),
	SUITE_TEST(a_datagram_socket_connects_to_port_0),
	SUITE_TEST(flags_that_mean_nothing),
	SUITE_TEST(records_are_segments),
	SUITE_TEST(a_listener_waits_for_data),
	SUITE_TEST(options_that_do_nothing),
	SUITE_TEST(options_reach_the_connection),
	SUITE_TEST(information_has_linuxs_shape),
	SUITE_TEST(numbers_are_strict),
	SUITE_TEST(requests_at_random),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
