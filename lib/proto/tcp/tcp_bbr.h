/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_BBR_H
#define TCP_BBR_H

/*
 * BBR version 3: what its three files share. tcp_cc_bbr.c has the calls of congestion control and
 * sets window and rate, tcp_bbr_model.c keeps the model of the path, tcp_bbr_state.c walks through
 * the states. The names are those of draft-ietf-ccwg-bbr: a "long-term" bound is what probing has
 * found, a "short-term" one what losses since then advise.
 */

#include "tcp_priv.h"

/* Bounds that keep products within 64 bits; nothing that exists comes near. */
#define BBR_BW_MAX  ((uint64_t)1 << 36) /* bytes a second */
#define BBR_RTT_MAX ((uint32_t)1 << 27) /* us */
#define BBR_CWND_MAX ((uint32_t)1 << 30)

#define BBR_BW_NONE UINT64_MAX   /* no short-term bound */
#define BBR_BYTES_NONE UINT32_MAX /* no bound on what is in flight */

/* Gains are in hundredths. */
#define BBR_STARTUP_PACING_GAIN 277
#define BBR_DRAIN_PACING_GAIN   50
#define BBR_DOWN_PACING_GAIN    90
#define BBR_UP_PACING_GAIN      125
#define BBR_CWND_GAIN           200
#define BBR_UP_CWND_GAIN        225
#define BBR_PROBE_RTT_CWND_GAIN 50
#define BBR_UNIT_GAIN           100

#define BBR_PACING_MARGIN  1   /* per cent of the bandwidth */
#define BBR_LOSS_THRESH    2   /* per cent of what was in flight */
#define BBR_BETA           70  /* per cent that remain */
#define BBR_HEADROOM       15  /* per cent of inflight_longterm */
#define BBR_MIN_PIPE_SEGS  4

#define BBR_MIN_RTT_WINDOW_US    10000000
#define BBR_PROBE_RTT_INTERVAL_US 5000000
#define BBR_PROBE_RTT_TIME_US      200000

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_PROBE_BW_DOWN,
	BBR_PROBE_BW_CRUISE,
	BBR_PROBE_BW_REFILL,
	BBR_PROBE_BW_UP,
	BBR_PROBE_RTT,
	BBR_NO_STATE, /* nothing to return to */
};

/* What the ACKs that come now say about probing. */
enum bbr_ack_phase {
	BBR_ACKS_INIT,
	BBR_ACKS_REFILLING,
	BBR_ACKS_PROBE_STARTING,
	BBR_ACKS_PROBE_FEEDBACK,
	BBR_ACKS_PROBE_STOPPING,
};

struct bbr {
	/* Bandwidth, bytes a second. */
	uint64_t bw;              /* min(max_bw, bw_shortterm) */
	uint64_t max_bw;
	uint64_t bw_filter[2];    /* the most of the previous cycle, and of this one */
	uint64_t bw_shortterm;
	uint64_t bw_latest;       /* the most of this round */
	uint64_t full_bw;
	uint64_t undo_bw_shortterm;
	uint64_t pace_rate;       /* before the program's bound */

	/* Amounts delivered, as tcp_rate::delivered. */
	uint64_t next_round_delivered;
	uint64_t loss_round_delivered;
	uint64_t extra_acked_delivered;

	/* Times, us. */
	uint64_t extra_acked_start_us;
	uint64_t min_rtt_stamp_us;
	uint64_t probe_rtt_min_stamp_us;
	uint64_t probe_rtt_done_us; /* 0: not set */
	uint64_t cycle_stamp_us;
	uint32_t bw_probe_wait_us;
	uint32_t min_rtt_us;
	uint32_t probe_rtt_min_us;

	/* Bytes in flight. */
	uint32_t max_inflight;
	uint32_t inflight_longterm;
	uint32_t inflight_shortterm;
	uint32_t inflight_latest;
	uint32_t undo_inflight_longterm;
	uint32_t undo_inflight_shortterm;
	uint32_t prior_cwnd;
	uint32_t extra_acked[2];  /* the most of the window before, and of this one */
	uint32_t probe_up_acked_per_inc;
	uint32_t bw_probe_up_acked;

	/* Rounds. */
	uint32_t round_count;
	uint32_t drain_start_round;
	uint32_t extra_acked_round; /* when this window of extra_acked began */
	uint32_t rounds_since_probe_up;
	uint32_t lost_end;        /* of the last segment taken for lost: another range begins? */

	uint16_t pacing_gain;
	uint16_t cwnd_gain;
	uint8_t state;            /* enum bbr_state */
	uint8_t undo_state;
	uint8_t ack_phase;        /* enum bbr_ack_phase */
	uint8_t full_bw_count;
	uint8_t bw_probe_up_rounds;
	uint8_t losses_in_round;  /* ranges */
	uint8_t marks_in_startup; /* windows with an echo of CE */

	bool round_start;
	bool loss_round_start;
	bool is_loss_in_round;
	bool full_bw_now;
	bool full_bw_reached;
	bool is_bw_probe_sample;
	bool prev_probe_too_high;
	bool prev_probe_precautionary;
	bool probe_rtt_expired;
	bool probe_rtt_round_done;
	bool idle_restart;
	bool in_recovery;         /* when the last ACK came */
	bool has_seen_rtt;
	bool is_cwnd_limited;     /* in this round, */
	bool was_cwnd_limited;    /* in the one before */
};

static_assert(sizeof(struct bbr) <= TCP_CC_MORE_WORDS * sizeof(uint64_t), "an algorithm's state");

/* NULL before the handshake and in TIME-WAIT. */
static inline struct bbr *
bbr_of(const struct isla_tcp_conn *c)
{
	struct tcp_cc_more *more = tcp_cc_more(c);

	return more != NULL ? (struct bbr *)more->state : NULL;
}

static inline struct tcp_rate *
bbr_rate_of(const struct isla_tcp_conn *c)
{
	return &tcp_cc_more(c)->rate;
}

static inline bool
bbr_is_probing_bw_cycle(const struct bbr *b)
{
	return b->state >= BBR_PROBE_BW_DOWN && b->state <= BBR_PROBE_BW_UP;
}

static inline uint32_t
bbr_min_pipe(const struct isla_tcp_conn *c)
{
	return BBR_MIN_PIPE_SEGS * (uint32_t)c->mss;
}

/* tcp_cc_bbr.c */
void bbr_save_cwnd(struct isla_tcp_conn *c, struct bbr *b);
void bbr_restore_cwnd(struct isla_tcp_conn *c, struct bbr *b);
void bbr_set_pacing_rate(struct isla_tcp_conn *c, struct bbr *b, uint32_t gain);

/* tcp_bbr_model.c: estimates, and bounds for what is in flight */
/* gain x bandwidth x round-trip time; the initial window where that is not known. */
uint32_t bbr_bdp(const struct isla_tcp_conn *c, const struct bbr *b, uint64_t bw, uint32_t gain);
/* The same with what sending in quanta needs. */
uint32_t bbr_inflight(const struct isla_tcp_conn *c, const struct bbr *b, uint64_t bw,
	uint32_t gain);
uint32_t bbr_inflight_with_headroom(const struct isla_tcp_conn *c, const struct bbr *b);
/* The bandwidth-delay product, unless congestion has made the window smaller. */
uint32_t bbr_target_inflight(const struct isla_tcp_conn *c, const struct bbr *b);
void bbr_update_max_inflight(const struct isla_tcp_conn *c, struct bbr *b);
void bbr_start_round(const struct isla_tcp_conn *c, struct bbr *b);
void bbr_reset_congestion_signals(struct bbr *b);
void bbr_reset_short_term(struct bbr *b);
void bbr_reset_full_bw(struct bbr *b);
void bbr_advance_max_bw_filter(struct bbr *b);
bool bbr_is_inflight_too_high(const struct isla_tcp_conn *c, const struct tcp_rate_sample *rs);
/* The steps of each ACK, before and after the state machine's. */
void bbr_model_update(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs);
void bbr_model_advance(struct bbr *b, const struct tcp_rate_sample *rs);
void bbr_min_rtt_update(const struct isla_tcp_conn *c, struct bbr *b,
	const struct tcp_rate_sample *rs);
/* A loss, or a mark, in this round. */
void bbr_note_loss(struct isla_tcp_conn *c, struct bbr *b);
void bbr_save_state(struct isla_tcp_conn *c, struct bbr *b);
/* What was in flight when losses came to be too many, within the segment that was lost. */
uint32_t bbr_inflight_at_loss(const struct tcp_rate_sample *rs, uint32_t size);

/* tcp_bbr_state.c */
void bbr_enter_startup(struct bbr *b);
/* The steps of each ACK. */
void bbr_state_update(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs);
/* Probing went too far: what was in flight then is the bound. */
void bbr_handle_inflight_too_high(struct isla_tcp_conn *c, struct bbr *b,
	const struct tcp_rate_sample *rs);
/* Startup has filled the pipe, as losses or marks say. */
void bbr_handle_full_pipe(struct isla_tcp_conn *c, struct bbr *b);
void bbr_check_probe_rtt_done(struct isla_tcp_conn *c, struct bbr *b);
/* The last recovery was needless: go on where it interrupted. */
void bbr_state_undo(struct isla_tcp_conn *c, struct bbr *b);

#endif /* TCP_BBR_H */
