/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Congestion control alone; see cc_env.h. What is done to the connection here is what tcp_ack.c and
 * tcp_recovery.c do around the calls of an algorithm.
 */

#include <stdlib.h>

#include <rte_common.h>

#include "cc_env.h"

struct cc_env cc;

void
cc_env_fill(void)
{
	cc.conn->snd_nxt = cc.conn->snd_una + cc.conn->cwnd;
}

void
cc_env_start(const struct tcp_cc_ops *ops, uint16_t mss)
{
	cc_env_stop();
	cc.core = calloc(1, sizeof(*cc.core));
	cc.tcp = calloc(1, sizeof(*cc.tcp));
	cc.conn = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*cc.conn));
	if (cc.core == NULL || cc.tcp == NULL || cc.conn == NULL)
		abort();
	memset(cc.conn, 0, sizeof(*cc.conn));
	cc.core->now_us = 1000000;
	cc.tcp->core = cc.core;
	cc.tcp->conf.init_cwnd_segs = 10;
	cc.tcp->conn = cc.conn;
	cc.tcp->repair = calloc(2, sizeof(*cc.tcp->repair));
	if (cc.tcp->repair == NULL)
		abort();
	cc.tcp->repair_free = cc.tcp->nb_repairs = 1;
	cc.conn->tcp = cc.tcp;
	cc.conn->mss = mss;
	cc.conn->sndq_bytes = UINT32_MAX / 2;
	cc.conn->flags = TCP_F_CWND_LIMITED;
	cc.conn->pace_rate = UINT32_MAX;
	/* Sequence numbers wrap in every test. */
	cc.conn->snd_una = cc.conn->snd_nxt = cc.conn->round_end = UINT32_MAX - 5000;
	cc.conn->cc = ops;
	tcp_repair_get(cc.conn);
	if (!ops->init(cc.conn))
		abort();
	cc_env_fill();
}

void
cc_env_stop(void)
{
	if (cc.conn != NULL && cc.conn->cc->release != NULL)
		cc.conn->cc->release(cc.conn);
	if (cc.tcp != NULL)
		free(cc.tcp->repair);
	free(cc.core);
	free(cc.tcp);
	free(cc.conn);
	memset(&cc, 0, sizeof(cc));
}

void
cc_env_ack(uint32_t nb_bytes, uint32_t rtt_us)
{
	struct tcp_in in = {.ack = cc.conn->snd_una + nb_bytes};
	struct tcp_acked a = {
		.in = &in,
		.delivered = nb_bytes,
		.rtt_us = rtt_us,
		.ce_bytes = cc.ce_bytes,
		.advanced = true,
	};

	if (rtt_us != UINT32_MAX)
		cc.conn->srtt8 = rtt_us * 8;
	if (cc.conn->cc->ack != NULL)
		cc.conn->cc->ack(cc.conn, &a);
	cc.conn->snd_una += nb_bytes;
	a.round = tcp_round_acked(cc.conn, nb_bytes);
	tcp_cc_acked(cc.conn, &a, nb_bytes);
	cc_env_fill();
}

void
cc_env_round(unsigned int nb_acks, uint32_t rtt_us)
{
	uint32_t flight = cc.conn->snd_nxt - cc.conn->snd_una;
	unsigned int i;

	for (i = 0; i < nb_acks; i++) {
		cc.core->now_us += rtt_us / nb_acks;
		cc_env_ack(flight / nb_acks, rtt_us);
	}
}

void
cc_env_loss(void)
{
	tcp_repair(cc.conn)->undo_cwnd = cc.conn->cwnd;
	tcp_repair(cc.conn)->undo_ssthresh = cc.conn->ssthresh;
	cc.conn->cc->loss(cc.conn);
	cc_env_fill();
}

void
cc_env_timeout(void)
{
	tcp_repair(cc.conn)->undo_cwnd = cc.conn->cwnd;
	tcp_repair(cc.conn)->undo_ssthresh = cc.conn->ssthresh;
	cc.conn->cc->timeout(cc.conn);
	cc_env_fill();
}
