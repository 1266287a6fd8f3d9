/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conversations over the simulated link; see sim_tcp.h. The callbacks do what a program would; the
 * slow reader alone is driven from outside, one portion at each step of the simulator.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "segment.h"
#include "sim_tcp.h"

#define FLOWS_MAX 64
/* May have data or FIN to send. */
#define SENDERS                                                                                    \
	(ISLA_TCP_ESTABLISHED | ISLA_TCP_CLOSE_WAIT | ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_CLOSING |     \
		ISLA_TCP_LAST_ACK)
/* Ticks of the timers and of the clock of milliseconds. */
#define STALL_SLACK_US 5000

/* What one side of a connection has shown on the wire. */
struct sim_flow {
	struct isla_addr src;
	uint16_t sport;
	uint16_t dport;
	bool has_end, has_edge;
	uint32_t end;    /* beyond the last sequence number sent */
	uint32_t edge;   /* right edge of the window offered */
	uint16_t mss;    /* offered in its SYN */
	uint16_t wscale; /* likewise, as WSCALE(n); 0: none */
	uint32_t isn;
	bool syn_seen;
	bool is_doubtful; /* nothing can be said any more */
};

uint64_t
sim_seed(void)
{
	const char *text = getenv("SIM_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : 0;
}

static uint32_t
pattern_of(const struct sim_side *side, bool received)
{
	/* The two directions differ. */
	return side->number * 1000003u + ((side->host != 0) != received ? 0 : 0x55555555);
}

static void
side_end(struct sim_side *side)
{
	if (side->is_done)
		return;
	side->is_done = true;
	side->conn = NULL;
	rte_pktmbuf_free(side->unread);
	side->unread = NULL;
	side->st->nb_done[side->host]++;
}

static void
try_close(struct sim_side *side)
{
	if (!side->is_shut || !side->is_eof || side->unread != NULL || side->is_done)
		return;
	isla_tcp_close(side->conn);
	side_end(side);
}

static void
try_send(struct sim_side *side)
{
	struct rte_mempool *pool = side->st->sim->host[side->host].pool;

	while (side->sent < side->to_send) {
		uint32_t n = RTE_MIN(side->to_send - side->sent, 1900u);
		struct rte_mbuf *m;

		n = RTE_MIN(n, isla_tcp_send_room(side->conn));
		m = n > 0 ? rte_pktmbuf_alloc(pool) : NULL;
		if (m == NULL)
			return;
		pattern_fill((uint8_t *)rte_pktmbuf_append(m, (uint16_t)n),
			pattern_of(side, false) + side->sent, n);
		if (isla_tcp_send(side->conn, m) != 0) {
			rte_pktmbuf_free(m);
			return;
		}
		side->sent += n;
	}
	if (!side->is_shut) {
		side->is_shut = true;
		isla_tcp_shutdown(side->conn);
	}
}

static void
verify(struct sim_side *side, struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint32_t at = pattern_of(side, true) + side->received;

	for (; m != NULL && len > 0; m = m->next) {
		uint32_t n;

		if (off >= m->data_len) {
			off -= m->data_len;
			continue;
		}
		n = RTE_MIN(len, m->data_len - off);
		if (!pattern_is(rte_pktmbuf_mtod_offset(m, const uint8_t *, off), at, n))
			CU_FAIL("wrong bytes were received");
		at += n;
		len -= n;
		off = 0;
	}
}

static void
take(struct sim_side *side)
{
	struct rte_mbuf *m = isla_tcp_recv(side->conn);

	if (m == NULL)
		return;
	verify(side, m, 0, m->pkt_len);
	side->received += m->pkt_len;
	isla_tcp_consumed(side->conn, m->pkt_len);
	rte_pktmbuf_free(m);
}

/* A portion of what waits; the chain is kept until all of it has been taken. */
static void
take_some(struct sim_side *side)
{
	uint32_t n;

	if (side->unread == NULL)
		side->unread = isla_tcp_recv(side->conn);
	if (side->unread == NULL)
		return;
	n = RTE_MIN(side->unread->pkt_len, side->read_max);
	verify(side, side->unread, 0, n);
	side->received += n;
	isla_tcp_consumed(side->conn, n);
	while (n > 0 || (side->unread != NULL && side->unread->data_len == 0)) {
		struct rte_mbuf *m = side->unread;
		uint32_t k = RTE_MIN(n, (uint32_t)m->data_len);

		m->data_off = (uint16_t)(m->data_off + k);
		m->data_len = (uint16_t)(m->data_len - k);
		m->pkt_len -= k;
		n -= k;
		if (m->data_len > 0)
			break;
		side->unread = m->next;
		if (m->next != NULL) {
			m->next->pkt_len = m->pkt_len;
			m->next->nb_segs = (uint16_t)(m->nb_segs - 1);
		}
		rte_pktmbuf_free_seg(m);
	}
	try_close(side);
}

static void
on_readable(struct isla_tcp_conn *conn, void *ctx)
{
	struct sim_side *side = ctx;

	CU_ASSERT_PTR_EQUAL(conn, side->conn);
	if (side->read_max == 0)
		take(side);
}

static void
on_writable(struct isla_tcp_conn *conn, void *ctx)
{
	struct sim_side *side = ctx;

	CU_ASSERT_PTR_EQUAL(conn, side->conn);
	try_send(side);
	try_close(side);
}

static void
on_eof(struct isla_tcp_conn *conn, void *ctx)
{
	struct sim_side *side = ctx;

	CU_ASSERT_PTR_EQUAL(conn, side->conn);
	CU_ASSERT_FALSE(side->is_eof);
	side->is_eof = true;
	try_close(side);
}

static void
on_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct sim_side *side = ctx;

	CU_ASSERT_PTR_EQUAL(conn, side->conn);
	side->err = err;
	side->st->nb_errors++;
	side_end(side);
}

static struct sim_side *
side_add(struct sim_tcp *st, unsigned int host, struct isla_tcp_conn *conn)
{
	struct sim_side *side;

	CU_ASSERT_FATAL(st->nb[host] < st->conf.max_sides);
	side = &st->side[host][st->nb[host]];
	*side = (struct sim_side){.st = st, .conn = conn, .host = host};
	side->to_send = host == 0 ? st->conf.from_server : st->conf.from_client;
	side->to_receive = host == 0 ? st->conf.from_client : st->conf.from_server;
	side->read_max = st->conf.read_max[host];
	st->nb[host]++;
	return side;
}

static void
on_connected(struct isla_tcp_conn *conn, void *ctx)
{
	struct sim_side *side = ctx;

	CU_ASSERT_PTR_EQUAL(conn, side->conn);
	side->is_open = true;
	try_send(side);
	try_close(side);
}

/* The client's port tells which conversation it is. */
static uint32_t
number_of(const struct sim_tcp *st, uint16_t port)
{
	struct isla_tcp_ends ends;
	uint32_t i;

	for (i = st->nb[1]; i-- > 0;) {
		if (st->side[1][i].conn == NULL)
			continue;
		isla_tcp_get_ends(st->side[1][i].conn, &ends);
		if (ends.local_port == port)
			return st->side[1][i].number;
	}
	return 0;
}

static int
on_accept(struct isla_tcp_conn *conn, void *arg)
{
	struct sim_tcp *st = arg;
	struct sim_side *side = side_add(st, 0, conn);
	struct isla_tcp_ends ends;

	isla_tcp_get_ends(conn, &ends);
	side->number = number_of(st, ends.remote_port);
	side->is_open = true;
	isla_tcp_set_ctx(conn, side);
	try_send(side);
	return 0;
}

static const struct isla_tcp_ops ops = {
	.accept = on_accept,
	.connected = on_connected,
	.readable = on_readable,
	.writable = on_writable,
	.eof = on_eof,
	.error = on_error,
};

/* The wire. */

static struct sim_flow *
flow_of(struct sim_tcp *st, const struct isla_addr *src, uint16_t sport, uint16_t dport)
{
	struct sim_flow *f;
	uint32_t i;

	for (i = 0; i < st->nb_flows; i++) {
		f = &st->flow[i];
		if (f->sport == sport && f->dport == dport && isla_addr_eq(&f->src, src))
			return f;
	}
	if (st->nb_flows == FLOWS_MAX)
		return NULL;
	f = &st->flow[st->nb_flows++];
	memset(f, 0, sizeof(*f));
	f->src = *src;
	f->sport = sport;
	f->dport = dport;
	return f;
}

static void
violation(struct sim_tcp *st, const char *what, const struct seg *seg)
{
	char text[160];

	if (st->nb_violations++ > 0)
		return;
	snprintf(st->violation, sizeof(st->violation), "%s: %s", what,
		seg != NULL ? seg_format(seg, text, sizeof(text)) : "");
}

static bool
seq_beyond(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static void
check_sent(struct sim_tcp *st, struct sim_flow *me, const struct sim_flow *other,
	const struct seg *seg)
{
	uint32_t end = seg->seq + seg->len + ((seg->flags & SYN) != 0) + ((seg->flags & FIN) != 0);

	if (seg->flags & SYN) {
		/* An old SYN has begun another incarnation, which the other end does not share. */
		me->is_doubtful |= me->syn_seen && seg->seq != me->isn;
		me->isn = seg->seq;
		me->mss = seg->mss;
		me->wscale = seg->wscale;
		me->syn_seen = true;
	}
	if (!me->has_end || seq_beyond(end, me->end))
		me->end = end;
	me->has_end = true;
	if (me->is_doubtful || other->is_doubtful)
		return;
	if (other->syn_seen && other->mss != 0 && seg->len > other->mss)
		violation(st, "more than the peer's MSS", seg);
	/* A probe of a closed window may be one byte beyond. */
	if (other->has_edge && !(seg->flags & SYN) &&
		seq_beyond(seg->seq + seg->len, other->edge + (seg->len <= 1)))
		violation(st, "beyond the peer's window", seg);
}

static void
check_acked(struct sim_tcp *st, struct sim_flow *me, const struct sim_flow *other,
	const struct seg *seg)
{
	uint32_t shift = 0, edge;

	if (me->wscale != 0 && other->wscale != 0 && !(seg->flags & SYN))
		shift = RTE_MIN(me->wscale - 1u, 14u);
	edge = seg->ack + ((uint32_t)seg->wnd << shift);
	if (other->has_end && seq_beyond(seg->ack, other->end))
		violation(st, "an ACK of what was never sent", seg);
	/* What scaling cuts off may come and go (RFC 7323, 2.4). */
	if (me->has_edge && seq_beyond(me->edge, edge + (1u << shift)))
		violation(st, "the window has shrunk", seg);
	if (!me->has_edge || seq_beyond(edge, me->edge))
		me->edge = edge;
	me->has_edge = true;
}

static bool
tap(struct sim *sim, void *ctx, const struct sim_frame *frame)
{
	struct sim_tcp *st = ctx;
	struct sim_flow *me, *other;
	struct frame f;

	RTE_SET_USED(sim);
	frame_parse(frame->bytes, frame->len, &f);
	if (f.kind == FRAME_BAD)
		violation(st, f.error, NULL);
	if (f.kind != FRAME_TCP)
		return true;
	me = flow_of(st, &f.ends.src, f.seg.sport, f.seg.dport);
	other = flow_of(st, &f.ends.dst, f.seg.dport, f.seg.sport);
	if (me == NULL || other == NULL || (f.seg.flags & RST))
		return true;
	check_sent(st, me, other, &f.seg);
	if ((f.seg.flags & ACK) && !me->is_doubtful && !other->is_doubtful)
		check_acked(st, me, other, &f.seg);
	return true;
}

/* The test's calls. */

static uint32_t
rto_max_us(const struct sim_tcp *st, unsigned int host)
{
	uint32_t us = st->conf.sim.host[host].stack.tcp.rto_max_us;

	return us != 0 ? us : 60000000;
}

/*
 * A side that has something to send and hears nothing waits for its retransmission timer, or for
 * that of the persist state, and for no longer.
 */
static void
check_stall(struct sim_tcp *st, const struct sim_side *side, uint64_t to_us)
{
	uint64_t quiet_us, limit_us;
	struct isla_tcp_info info;
	char text[160];

	if (side->conn == NULL)
		return;
	isla_tcp_get_info(side->conn, &info);
	if ((info.state & SENDERS) == 0 || info.unacked_bytes + info.notsent_bytes == 0)
		return;
	quiet_us = to_us - st->sim->now_us +
		1000ull * RTE_MIN(info.last_data_sent_ms, info.last_recv_ms);
	limit_us = info.rto_us;
	if (info.probes > 0 || info.snd_wnd_bytes < info.snd_mss)
		limit_us <<= RTE_MIN(info.backoff, 16);
	/* Silly-window avoidance holds back for a second at most (RFC 9293, 3.8.6.2.1). */
	if (info.unacked_bytes == 0)
		limit_us = RTE_MAX(limit_us, 1000000u);
	limit_us = RTE_MIN(limit_us, (uint64_t)rto_max_us(st, side->host)) + STALL_SLACK_US;
	if (quiet_us <= limit_us)
		return;
	snprintf(text, sizeof(text), "at %llu us host %u, %s: nothing for %llu us, the timer %u us, %u + %u bytes",
		(unsigned long long)st->sim->now_us,
		side->host, isla_tcp_state_name(info.state), (unsigned long long)quiet_us,
		info.rto_us, info.unacked_bytes, info.notsent_bytes);
	violation(st, text, NULL);
}

static void
jump(struct sim *sim, void *ctx, uint64_t to_us)
{
	struct sim_tcp *st = ctx;
	unsigned int host;
	uint32_t i;

	RTE_SET_USED(sim);
	for (host = 0; host < 2; host++)
		for (i = 0; i < st->nb[host]; i++)
			check_stall(st, &st->side[host][i], to_us);
}

void
sim_tcp_start(struct sim_tcp *st, const struct sim_tcp_conf *conf)
{
	unsigned int i;

	memset(st, 0, sizeof(*st));
	st->conf = *conf;
	if (st->conf.max_sides == 0)
		st->conf.max_sides = 1;
	for (i = 0; i < 2; i++) {
		struct isla_tcp_conf *tcp = &st->conf.sim.host[i].stack.tcp;

		if (tcp->max_conns == 0)
			tcp->max_conns = 256;
		if (tcp->max_segs == 0)
			tcp->max_segs = 8192;
		st->side[i] = calloc(st->conf.max_sides, sizeof(st->side[i][0]));
	}
	st->flow = calloc(FLOWS_MAX, sizeof(st->flow[0]));
	CU_ASSERT_FATAL(st->side[0] != NULL && st->side[1] != NULL && st->flow != NULL);
	st->conf.sim.tap = tap;
	st->conf.sim.jump = jump;
	st->conf.sim.tap_ctx = st;
	st->conf.sim.spare_neigh = true;
	st->sim = sim_create(&st->conf.sim);
	st->listener = isla_tcp_listen(isla_stack_tcp(st->sim->host[0].stack), &isla_addr_any,
		SIM_TCP_PORT, 1024, &ops, st, &conf->opts[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(st->listener);
}

bool
sim_tcp_open(struct sim_tcp *st)
{
	struct isla_tcp_ends ends = {.remote_port = SIM_TCP_PORT};
	struct sim_side *side = side_add(st, 1, NULL);

	ends.remote = st->conf.is_v6 ? st->sim->host[0].v6 : st->sim->host[0].v4;
	side->number = st->nb[1];
	side->conn = isla_tcp_connect(
		isla_stack_tcp(st->sim->host[1].stack), &ends, &ops, side, &st->conf.opts[1]);
	if (side->conn == NULL) {
		st->nb[1]--;
		return false;
	}
	return true;
}

/* What no callback does: a slow reader reads, a program that found no mbuf tries again. */
static void
step(struct sim_side *side)
{
	if (side->read_max != 0)
		take_some(side);
	if (!side->is_done && !side->is_shut)
		try_send(side);
}

static bool
all_done(void *ctx)
{
	struct sim_tcp *st = ctx;
	unsigned int host;
	uint32_t i;

	for (host = 0; host < 2; host++) {
		if (st->conf.read_max[host] == 0 && st->conf.sim.host[host].pool_limit == 0)
			continue;
		for (i = 0; i < st->nb[host]; i++)
			if (st->side[host][i].is_open && !st->side[host][i].is_done)
				step(&st->side[host][i]);
	}
	return st->nb_done[1] == st->nb[1] && st->nb_done[0] == st->nb[0];
}

static uint64_t
nb_received(const struct sim_tcp *st)
{
	uint64_t sum = 0;
	unsigned int host;
	uint32_t i;

	for (host = 0; host < 2; host++)
		for (i = 0; i < st->nb[host]; i++)
			sum += st->side[host][i].received + st->side[host][i].is_done;
	return sum;
}

bool
sim_tcp_run(struct sim_tcp *st, uint64_t limit_us)
{
	uint64_t before;

	/* A slow reader may have much to read when nothing happens on the link any more. */
	do {
		before = nb_received(st);
		if (sim_run(st->sim, all_done, st, limit_us))
			return true;
	} while (nb_received(st) != before);
	return false;
}

static void
check_sides(const struct sim_tcp *st)
{
	unsigned int host;
	uint32_t i;

	for (host = 0; host < 2; host++)
		for (i = 0; i < st->nb[host]; i++) {
			const struct sim_side *side = &st->side[host][i];

			CU_ASSERT_TRUE(side->is_done);
			CU_ASSERT_EQUAL(side->err, 0);
			CU_ASSERT_EQUAL(side->received, side->to_receive);
			CU_ASSERT_EQUAL(side->sent, side->to_send);
		}
	CU_ASSERT_EQUAL(st->nb[0], st->nb[1]);
}

static void
check_nothing_left(const struct sim_host *host)
{
	CU_ASSERT_EQUAL(isla_stack_nb_conns(host->stack), 0);
	CU_ASSERT_EQUAL(isla_stack_stats(host->stack)->counter[ISLA_C_TCP_CURR_ESTAB], 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(host->pool), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(host->ref_pool), 0);
}

uint64_t
sim_tcp_stop(struct sim_tcp *st)
{
	uint64_t trace;
	unsigned int i;

	/* Retransmissions of a FIN that nobody answers any more, then TIME-WAIT. */
	sim_run(st->sim, NULL, NULL, 3600000000ull);
	trace = st->sim->trace;
	if (!st->conf.may_fail)
		check_sides(st);
	if (st->nb_violations > 0) {
		CU_FAIL("the wire has seen what must not be");
		fprintf(stderr, "# %u times, first %s\n", st->nb_violations, st->violation);
	}
	for (i = 0; i < 2; i++)
		check_nothing_left(&st->sim->host[i]);
	CU_ASSERT_EQUAL(sim_free(st->sim), 0);
	free(st->side[0]);
	free(st->side[1]);
	free(st->flow);
	return trace;
}
