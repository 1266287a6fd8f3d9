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
struct isla_tcp_info;
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
	/* The connection enters TIME-WAIT or ends, or takes to another algorithm; it may come
	 * twice, and without init where there was no handshake. NULL: nothing to do. */
	void (*release)(struct isla_tcp_conn *c);
	/* Any ACK, before all else that is done about it. NULL: not wanted. */
	void (*ack)(struct isla_tcp_conn *c, const struct tcp_acked *a);
	/* New data was acknowledged outside of recovery, the window having been in use. */
	void (*acked)(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes);
	/* The same, the window not having been in use: it may not grow. NULL: nothing to do. */
	void (*limited)(struct isla_tcp_conn *c);
	/* Loss was detected by duplicate ACKs or by time: the first time in this window. */
	void (*loss)(struct isla_tcp_conn *c);
	/* The peer echoes a mark: the first time in this window. NULL: as loss. */
	void (*ecn)(struct isla_tcp_conn *c);
	/* The retransmission timer expired: the first time for this window. */
	void (*timeout)(struct isla_tcp_conn *c);
	/* The last reduction was needless: cwnd and ssthresh are back already. NULL: that is all.
	 */
	void (*undo)(struct isla_tcp_conn *c);
	/* Sending resumes after an idle period (RFC 5681, 4.1); with TCP_CC_RATE also where all was
	 * acknowledged just now, and at the very first. */
	void (*restart)(struct isla_tcp_conn *c);
	/* Fill in isla_tcp_info::cc_info. NULL: there is nothing to tell. */
	void (*info)(const struct isla_tcp_conn *c, struct isla_tcp_info *info);
	/* With TCP_CC_RATE: any ACK, after all else that is done about it; and a segment taken for
	 * lost, with in_flight, lost and is_app_limited of the sample filled in. */
	void (*sample)(struct isla_tcp_conn *c, const struct tcp_rate_sample *rs);
	void (*seg_lost)(struct isla_tcp_conn *c, const struct tcp_seg *s,
		struct tcp_rate_sample *rs);
};

/* No window that a peer can offer is larger (RFC 7323, 2.3). */
#define TCP_CWND_MAX (1u << 30)

extern const struct tcp_cc_ops tcp_cc_cubic;
extern const struct tcp_cc_ops tcp_cc_dctcp;
extern const struct tcp_cc_ops tcp_cc_newreno;
extern const struct tcp_cc_ops tcp_cc_bbr;

/* The algorithm of that name; NULL where there is none. NULL asks for the default. */
const struct tcp_cc_ops *tcp_cc_find(const char *name);
/* The names that there are, with commas, for messages. */
const char *tcp_cc_names(void);
/* Have a connection use an algorithm; false where it has no room for its state, and all stays as it
 * was. */
bool tcp_cc_set(struct isla_tcp_conn *c, const struct tcp_cc_ops *cc);
/*
 * Round trips: one ends where what was sent last when it began is acknowledged. True where this
 * ACK, of nb_bytes, ends one.
 */
bool tcp_round_acked(struct isla_tcp_conn *c, uint32_t nb_bytes);
/* The congestion window's part in an ACK of new data outside of recovery. */
void tcp_cc_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes);
/* Congestion avoidance of RFC 5681 by bytes: a segment a window; acc counts what remains. */
void tcp_cc_avoid(struct isla_tcp_conn *c, uint32_t *acc, uint32_t nb_bytes);
/* RFC 5681, 4.1: no more than the initial window at once after an idle time; where output is paced
 * there is no burst, and the window stays (RFC 7661, 4.4.2). */
void tcp_cc_restart(struct isla_tcp_conn *c);
/* RFC 6928. */
uint32_t tcp_cc_initial_window(const struct isla_tcp_conn *c);
/* RFC 5681, equation (4): half of what is in flight. */
uint32_t tcp_cc_half_flight(const struct isla_tcp_conn *c);
/* What was in flight when congestion showed: FlightSize, without what limited transmit and the
 * wait for reordering have added to it (RFC 5681, 3.2). */
uint32_t tcp_cc_flight(const struct isla_tcp_conn *c);

/* tcp_cwv.c: the part of the window that is known to be usable (RFC 7661) */
/* A round trip is over, round_acked not yet begun anew. */
void tcp_cwv_round(struct isla_tcp_conn *c);
/* Sending resumes, and nothing has been sent for so long. */
void tcp_cwv_idle(struct isla_tcp_conn *c, uint64_t idle_us);
/* True in the validated phase: the window may grow. */
bool tcp_cwv_is_valid(const struct isla_tcp_conn *c);
/* Loss recovery is over, ssthresh is what it asked for. */
void tcp_cwv_recovered(struct isla_tcp_conn *c);

/* tcp_hystart.c: slow start */
struct tcp_hystart {
	uint32_t last_min;  /* lastRoundMinRTT; UINT32_MAX: none, as with those below */
	uint32_t curr_min;  /* currentRoundMinRTT */
	uint32_t css_min;   /* cssBaselineMinRtt, in conservative slow start */
	uint8_t nb_samples; /* rttSampleCount, up to 8 */
	uint8_t css_rounds;
};

void tcp_hystart_begin(struct tcp_hystart *h);
/* New data was acknowledged in the first slow start: cwnd grows. True: slow start is over, and
 * ssthresh says so. */
bool tcp_hystart_acked(struct isla_tcp_conn *c, struct tcp_hystart *h, const struct tcp_acked *a,
	uint32_t nb_bytes);
/* What an ACK adds to cwnd in slow start (RFC 5681, RFC 3465 with RFC 9406's L). */
uint32_t tcp_slow_start(const struct isla_tcp_conn *c, uint32_t nb_bytes);

/* tcp_cc_cubic.c: K, the time that the curve takes to grow by so much up to W_max, and how much it
 * grows in a time; at most TCP_CWND_MAX. */
uint32_t tcp_cubic_time_us(uint32_t nb_bytes, uint32_t mss);
uint32_t tcp_cubic_bytes(uint32_t time_us, uint32_t mss);

#endif /* TCP_CC_H */
