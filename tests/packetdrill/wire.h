/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKETDRILL_WIRE_H
#define PACKETDRILL_WIRE_H

/*
 * Between a script's numbers and live ones. A flow is one connection's, or several one after the
 * other between the same ports: its sequence numbers are live = script + base, in each direction,
 * and so are the stack's timestamps, once the first has been seen.
 */

#include <stdbool.h>
#include <stdint.h>

#include "script.h"
#include "segment.h"

#define WIRE_TS_MAX 256
#define WIRE_TEXT 400

struct flow {
	uint16_t local_port;  /* the stack's; 0: not known yet */
	uint16_t remote_port;
	uint32_t local_base;  /* of the stack's sequence numbers */
	uint32_t remote_base; /* of the peer's */
	bool local_known;     /* a SYN of the stack has been expected */
	bool renewed;         /* a SYN or connect() since: the next SYN may begin anew */
	bool ts_known;
	uint32_t ts_base;
	uint32_t nb_ts;
	uint32_t ts[WIRE_TS_MAX][2]; /* the script's, the live one */
	struct opt cookie;           /* what the stack gave last (RFC 7413) */
	uint32_t last_seq;           /* the last segment that the stack sent, live */
	uint32_t last_len;
};

/* A frame from the stack, with what segment.h leaves out. */
struct sent {
	uint64_t at_us;
	uint32_t len;
	uint8_t *bytes;
	struct frame frame;
	uint8_t tos;
};

/* A whole frame; returns its length. */
uint32_t wire_build(struct flow *f, const struct frame_ends *ends, const struct packet *p,
	uint8_t *buf);
uint32_t wire_build_icmp(struct flow *f, const struct frame_ends *ends,
	const struct icmp_error *icmp, uint8_t *buf);

/* Take a frame apart; false where it is malformed: see sent->frame.error. */
bool wire_parse(struct sent *s);

/* The segment in the script's notation. */
const char *wire_format(const struct flow *f, const struct sent *s, char *buf, uint32_t size);
const char *wire_format_packet(const struct packet *p, char *buf, uint32_t size);

struct wire_rules {
	uint32_t ts_tick_us;
	uint32_t tolerance_us;
};

/* What is wrong with a segment, in why; true: nothing. Learns what it can from it. */
bool wire_matches(struct flow *f, const struct packet *want, const struct sent *s,
	const struct wire_rules *rules, char *why, uint32_t size);

#endif /* PACKETDRILL_WIRE_H */
