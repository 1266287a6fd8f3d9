/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PEER_OPTS_H
#define PEER_OPTS_H

/*
 * SACK and timestamps for the scripted peer of tcp_peer.h: options as bytes both ways, a handshake
 * that negotiates them, and segments that carry them from then on. Independent of the code under
 * test.
 */

#include "tcp_peer.h"

#define KIND_MSS 2
#define KIND_WSCALE 3
#define KIND_SACK_PERMITTED 4
#define KIND_SACK 5
#define KIND_TIMESTAMPS 8

/* What goes into a header behind MSS and window scale. */
struct opts {
	uint8_t bytes[40];
	uint8_t len;
};

void opts_put_sack_permitted(struct opts *o);
void opts_put_timestamps(struct opts *o, uint32_t val, uint32_t ecr);
/* nb blocks: left and right edge of each, as they go on the wire. */
void opts_put_sack(struct opts *o, const uint32_t *edges, unsigned int nb);

/* The option's kind byte in what the stack sent, or NULL. */
const uint8_t *opts_find(const struct seg *seg, uint8_t kind);
/* TSval and TSecr; a failure of the test, and 0, where there are none. */
uint32_t opts_ts_val(const struct seg *seg);
uint32_t opts_ts_ecr(const struct seg *seg);

/* What was negotiated, and what the peer's timestamps say. */
struct peer_opts {
	bool sack, ts;
	uint32_t ts_val;
	uint32_t ts_ecr;
};

extern struct peer_opts peer_opts;

/*
 * As established_passive(), the SYN offering what is asked for, the handshake's round trip taking
 * that long. Our first timestamp is 1000; that of the stack's SYN,ACK is echoed.
 */
void establish_opts(bool sack, bool ts, uint64_t rtt_us);

/* inject() with the timestamps that were negotiated, and nb SACK blocks. */
void peer_inject_opts(struct seg seg, const uint32_t *edges, unsigned int nb);
#define inject_opts(f, ...) \
	peer_inject_opts((struct seg){.flags = (f), __VA_ARGS__}, NULL, 0)

/* An ACK of S(n) with blocks; the edges are n of S(n), too. */
#define inject_sack(n, ...) \
	peer_inject_sack(n, (const uint32_t[]){__VA_ARGS__}, \
		sizeof((const uint32_t[]){__VA_ARGS__}) / 8)
void peer_inject_sack(uint32_t n, const uint32_t *edges, unsigned int nb);

/* The oldest frame is an ACK of P(n) with just these blocks, edges being n of P(n). */
#define expect_sack(n, ...) \
	peer_expect_sack(__FILE__, __LINE__, n, (const uint32_t[]){__VA_ARGS__}, \
		sizeof((const uint32_t[]){__VA_ARGS__}) / 8)
/* Likewise, without any. */
#define expect_no_sack(n) peer_expect_sack(__FILE__, __LINE__, n, NULL, 0)
void peer_expect_sack(const char *file, unsigned int line, uint32_t n, const uint32_t *edges,
	unsigned int nb);

#endif /* PEER_OPTS_H */
