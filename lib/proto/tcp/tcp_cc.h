/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_CC_H
#define TCP_CC_H

/*
 * Congestion control as a plug-in: one file and one struct each. An algorithm sets cwnd and
 * ssthresh of a connection, in bytes, and pace_rate where it paces; when to retransmit is not its
 * business. What it remembers lies in tcp_conn::cc_state, which its file casts to a struct of its
 * own, with an assertion on the size; one that needs more takes a record of isla_tcp::cc_more in
 * init and gives it back in release.
 */

#include <stdbool.h>
#include <stdint.h>

/* Words of state that each connection has for its algorithm. */
#define TCP_CC_STATE_WORDS 6

struct isla_tcp;
struct isla_tcp_conn;
struct tcp_acked;
struct tcp_rate_sample;
struct tcp_seg;

/* tcp_cc_ops::flags */
#define TCP_CC_ECN  0x01 /* answers single marks (RFC 8257): ECE follows each CE */
#define TCP_CC_RATE 0x02 /* wants delivery rate samples */
#define TCP_CC_OWN  0x04 /* sets cwnd in recovery, too: no proportional rate reduction */
#define TCP_CC_PACE 0x08 /* sets pace_rate, by tcp_pace_set() */

struct tcp_cc_ops {
	const char *name;
	uint32_t flags; /* TCP_CC_* */
	/* The MSS is known: the initial window (RFC 6928). Also where a running connection takes
	 * to this algorithm: cwnd is not 0 then, and stays. False: no room for its state. */
	bool (*init)(struct isla_tcp_conn *c);
	/* The connection ends, or takes to another algorithm. NULL: nothing to do. */
	void (*release)(struct isla_tcp_conn *c);
	/* Any ACK, before all else that is done about it. NULL: not wanted. */
	void (*ack)(struct isla_tcp_conn *c, const struct tcp_acked *a);
	/* New data was acknowledged outside of recovery, the window having been in use. */
	void (*acked)(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes);
	/* Loss was detected by duplicate ACKs or by time: the first time in this window. */
	void (*loss)(struct isla_tcp_conn *c);
	/* The peer echoes a mark: the first time in this window. NULL: as loss. */
	void (*ecn)(struct isla_tcp_conn *c);
	/* The retransmission timer expired: the first time for this window. */
	void (*timeout)(struct isla_tcp_conn *c);
	/* The last reduction was needless: cwnd and ssthresh are back already. NULL: that is all. */
	void (*undo)(struct isla_tcp_conn *c);
	/* Sending resumes after an idle period (RFC 5681, 4.1); with TCP_CC_RATE also where all was
	 * acknowledged just now, and at the very first. */
	void (*restart)(struct isla_tcp_conn *c);
	/* With TCP_CC_RATE: any ACK, after all else that is done about it; and a segment taken for
	 * lost, with in_flight, lost and is_app_limited of the sample filled in. */
	void (*sample)(struct isla_tcp_conn *c, const struct tcp_rate_sample *rs);
	void (*seg_lost)(struct isla_tcp_conn *c, const struct tcp_seg *s,
		struct tcp_rate_sample *rs);
};

extern const struct tcp_cc_ops tcp_cc_newreno;

/* The algorithm of that name; NULL where there is none. NULL asks for the default. */
const struct tcp_cc_ops *tcp_cc_find(const char *name);
/* The names that there are, with commas, for messages. */
const char *tcp_cc_names(void);
/* Have a connection use an algorithm; false where it has no room for its state. */
bool tcp_cc_set(struct isla_tcp_conn *c, const struct tcp_cc_ops *cc);
/* RFC 6928. */
uint32_t tcp_cc_initial_window(const struct isla_tcp_conn *c);
/* RFC 5681, equation (4): half of what is in flight. */
uint32_t tcp_cc_half_flight(const struct isla_tcp_conn *c);

#endif /* TCP_CC_H */
