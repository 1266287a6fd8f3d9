/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CC_ENV_H
#define CC_ENV_H

/*
 * A congestion control algorithm alone, on a connection that exists on paper: tests say when ACKs
 * come and what they acknowledge, and look at cwnd and ssthresh.
 *
 *     cc_env_start(&tcp_cc_cubic, 1448);
 *     cc.conn->cwnd = 100 * 1448; cc.conn->ssthresh = ...
 *     cc_env_ack(2896, 50000);    two segments, with a round-trip time of 50 ms
 *
 * The window is always in use: what an ACK lets out is in flight at once.
 */

#include <stdint.h>

#include "tcp_priv.h"

struct cc_env {
	struct core *core;
	struct isla_tcp *tcp;
	struct isla_tcp_conn *conn;
	uint32_t ce_bytes; /* what the next ACKs report as marked */
};

extern struct cc_env cc;

/* A connection with its initial window, all of it in flight. */
void cc_env_start(const struct tcp_cc_ops *ops, uint16_t mss);
void cc_env_stop(void);
/* As much is in flight as cwnd allows. */
void cc_env_fill(void);
/* New data is acknowledged; rtt_us UINT32_MAX: without a sample. */
void cc_env_ack(uint32_t nb_bytes, uint32_t rtt_us);
/* A round trip of so many ACKs, each of an equal part of what is in flight; time goes on by it. */
void cc_env_round(unsigned int nb_acks, uint32_t rtt_us);
void cc_env_loss(void);
void cc_env_timeout(void);

#endif /* CC_ENV_H */
