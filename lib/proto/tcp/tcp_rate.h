/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_RATE_H
#define TCP_RATE_H

/*
 * Delivery rate samples, for algorithms with TCP_CC_RATE: how much arrived, in how long a time,
 * between the sending of a segment and its acknowledgment. See draft-ietf-ccwg-bbr, "Delivery Rate
 * Samples", whose names these are. Amounts are bytes, times the low 32 bits of us.
 */

#include <stdbool.h>
#include <stdint.h>

struct isla_tcp_conn;
struct tcp_acked;
struct tcp_seg;

/* What was known when a segment left; beside isla_tcp::seg, by the same index. */
struct tcp_seg_rate {
	uint32_t delivered;     /* low bits */
	uint32_t delivered_us;
	uint32_t first_sent_us;
	uint32_t in_flight;     /* this segment among it */
	uint32_t lost;
	bool is_app_limited;
};

/* What one ACK, or one loss, tells. */
struct tcp_rate_sample {
	uint64_t rate;          /* bytes a second; 0: this ACK gives none */
	uint32_t delivered;     /* since the segment left that was sent last, of those acknowledged */
	uint32_t prior;         /* what had been delivered then, low bits */
	uint32_t in_flight;     /* when it left */
	uint32_t lost;          /* since then */
	uint32_t acked;         /* by this ACK */
	uint32_t rtt_us;        /* the least of this ACK; UINT32_MAX: none */
	bool has_data;          /* something was delivered: the fields above are good */
	bool is_app_limited;
};

/* Of a connection. */
struct tcp_rate {
	uint64_t delivered;
	uint32_t delivered_us;
	uint32_t first_sent_us;
	uint32_t lost;
	uint32_t bubble;        /* while app_limited: once that much is delivered, it is over */
	bool app_limited;
	/* Of the ACK that is being looked at. */
	uint32_t newest_end;
	uint32_t interval_us;
	struct tcp_rate_sample sample;
	uint64_t last_rate;     /* the latest sample that was one */
};

/* Words for the algorithm itself. */
#define TCP_CC_MORE_WORDS 48

/* State of an algorithm for which tcp_conn::cc_state is too small; cc_state[0] is its index. */
struct tcp_cc_more {
	uint32_t next;          /* in the list of free ones */
	struct tcp_rate rate;
	uint64_t state[TCP_CC_MORE_WORDS];
};

/* Take a record, cleared; false where all are in use. Segments in flight give no sample. */
bool tcp_cc_more_get(struct isla_tcp_conn *c);
void tcp_cc_more_put(struct isla_tcp_conn *c);
struct tcp_cc_more *tcp_cc_more(const struct isla_tcp_conn *c);

/* A segment leaves, for the first time or again: before the pipe counts it. */
void tcp_rate_sent(struct isla_tcp_conn *c, struct tcp_seg *s);
/* A segment with TCP_SEG_RATE has arrived, in order or out of order. */
void tcp_rate_delivered(struct isla_tcp_conn *c, struct tcp_seg *s);
/* One was taken for lost. */
void tcp_rate_lost(struct isla_tcp_conn *c, struct tcp_seg *s);
/* The program sends, or an ACK has come: had the connection run out of data? */
void tcp_rate_check_app(struct isla_tcp_conn *c);
/* What is in flight gives samples that say nothing on what more the path would take. */
void tcp_rate_mark_app(struct isla_tcp_conn *c);
/* An ACK begins, and all has been done about it. */
void tcp_rate_ack_begin(struct isla_tcp_conn *c);
void tcp_rate_ack_end(struct isla_tcp_conn *c, const struct tcp_acked *a);
/* The latest rate measured, bytes a second; 0: none. */
uint64_t tcp_rate_last(const struct isla_tcp_conn *c);

#endif /* TCP_RATE_H */
