/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How large the buffers are. The receive buffer follows what the program takes in a round trip
 * (dynamic right-sizing): a peer that fills the window sends one buffer's worth in each, so a
 * buffer of twice that never holds it back. The send buffer follows the congestion window, since
 * twice that keeps what waits for its ACK and what can be sent when it comes. Neither shrinks,
 * neither grows where the program has fixed it, nor where half of the mbufs are in use; and what a
 * queue may hold of them is bounded, whatever its size in bytes.
 */

#include <rte_common.h>

#include "tcp_priv.h"

/* What a slow start brings in its first round trip, RFC 6928: no reason to grow. */
#define SPACE_SEGS    10u
/* Room for what is on its way before the window reaches the peer. */
#define HEADROOM_SEGS 16u

/* Half of the mbufs are held by somebody. */
static bool
is_tight(const struct core *core)
{
	const struct rte_mempool *pool = core->pool;

	return core->is_short ||
		rte_mempool_get_ops(pool->ops_index)->get_count(pool) < pool->size / 2;
}

void
tcp_drs_begin(struct isla_tcp_conn *c)
{
	c->drs_us = (uint32_t)c->tcp->core->now_us;
	c->drs_seq = c->rcv_nxt;
	/* Where the handshake has shown it; else by timestamps, or by one window of data. */
	c->drs_rtt = c->srtt8 / 8;
	c->drs_space = SPACE_SEGS * c->rcv_mss;
}

/* The time from an ACK to the data that it let go, from the timestamp that comes back with it. */
static void
rtt_sample(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	uint32_t ms = tcp_ts_now(c) - in->opts.ts_ecr, us = ms * 1000;

	if ((c->flags & TCP_F_TS) == 0 || in->opts.ts_ecr == 0 || in->len < c->rcv_seg_max ||
		ms > c->tcp->conf.rto_max_us / 1000)
		return;
	/* Less than the clock's tick. */
	if (ms == 0)
		us = c->srtt8 != 0 ? RTE_MIN(c->srtt8 / 8, 1000u) : 1000;
	/* Where the sender had nothing to send it tells too much. */
	if (c->drs_rtt == 0 || us < c->drs_rtt)
		c->drs_rtt = us;
	else
		c->drs_rtt += (us - c->drs_rtt) / 8;
}

/* The buffer for what was taken in a round trip. It may have been twice as much as in the one
 * before: then the next brings twice as much again, and there must be room for it. */
static uint64_t
space_wanted(const struct isla_tcp_conn *c, uint32_t taken)
{
	uint64_t want = 2ull * taken + HEADROOM_SEGS * c->rcv_seg_max;

	return want + 2 * want * RTE_MIN(taken - c->drs_space, c->drs_space) / c->drs_space;
}

static void
rcvbuf_grow(struct isla_tcp_conn *c, uint64_t want)
{
	const struct isla_tcp *tcp = c->tcp;
	uint64_t max = RTE_MIN(tcp->conf.rcvbuf_max_bytes, (uint64_t)tcp->max_queue * 1024);

	/* More cannot be offered. */
	max = RTE_MIN(max, (uint64_t)UINT16_MAX << c->rcv_wscale);
	want = RTE_MIN(want, max);
	if (want > c->rcvbuf && !is_tight(tcp->core))
		c->rcvbuf = (uint32_t)want;
}

void
tcp_drs_input(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	uint32_t now = (uint32_t)c->tcp->core->now_us, taken;

	if (c->drs_space == 0)
		return; /* data of a SYN (RFC 7413): not begun yet */
	rtt_sample(c, in);
	if (c->drs_rtt == 0) {
		/* The window that was open at the beginning has come: that took a round trip. */
		if (seq_lt(c->rcv_nxt, c->drs_seq + c->rcvbuf))
			return;
		c->drs_rtt = RTE_MAX(now - c->drs_us, 1u);
	}
	if (now - c->drs_us < c->drs_rtt)
		return;
	taken = c->rcv_nxt - c->rcv_held - c->drs_seq;
	c->drs_seq += taken;
	c->drs_us = now;
	if ((int32_t)taken <= (int32_t)c->drs_space)
		return;
	if (!c->tcp->conf.no_autotune && (c->modes & TCP_M_RCVBUF_SET) == 0)
		rcvbuf_grow(c, space_wanted(c, taken));
	c->drs_space = taken;
}

void
tcp_sndbuf_grow(struct isla_tcp_conn *c)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	uint64_t want = RTE_MIN(2ull * c->cwnd, conf->sndbuf_max_bytes);

	if (want > c->sndbuf && !conf->no_autotune && tcp_opts_of(c)->sndbuf_bytes == 0 &&
		!is_tight(c->tcp->core))
		c->sndbuf = (uint32_t)want;
}

uint32_t
tcp_sndq_max_mbufs(const struct isla_tcp_conn *c)
{
	const struct isla_tcp *tcp = c->tcp;
	uint32_t max = tcp_queue_max_mbufs(c->sndbuf);

	if (tcp_opts_of(c)->sndbuf_bytes != 0)
		return max;
	return RTE_MIN(max,
		RTE_MAX(tcp->max_queue, tcp_queue_max_mbufs(tcp->conf.sndbuf_bytes)));
}
