/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BBR's states (draft-ietf-ccwg-bbr, 5.3). Startup doubles the rate until the pipe is full, Drain
 * lets the queue go that this has made. From then on ProbeBW goes round: DOWN leaves room for
 * others, CRUISE keeps the rate, REFILL fills the pipe again, UP tries for more. ProbeRTT
 * comes in between where no ACK has shown the path without a queue for five seconds.
 */

#include <rte_common.h>

#include "tcp_bbr.h"

#define STARTUP_LOSS_RANGES 6
#define DRAIN_ROUNDS        3
#define PROBE_WAIT_US       2000000
#define PROBE_WAIT_RAND_US  1000000
#define RENO_ROUNDS_MAX     63
#define UP_ROUNDS_MAX       30

static uint64_t
now_us(const struct isla_tcp_conn *c)
{
	return c->tcp->core->now_us;
}

static void
set_state(struct bbr *b, enum bbr_state state, uint16_t pacing_gain, uint16_t cwnd_gain)
{
	b->state = (uint8_t)state;
	b->pacing_gain = pacing_gain;
	b->cwnd_gain = cwnd_gain;
}

void
bbr_enter_startup(struct bbr *b)
{
	set_state(b, BBR_STARTUP, BBR_STARTUP_PACING_GAIN, BBR_CWND_GAIN);
}

/* How long until the next probe: by the clock, and in rounds as a Reno flow would take to lose;
 * both at random, so that flows do not march in step. */
static void
pick_probe_wait(struct isla_tcp_conn *c, struct bbr *b)
{
	uint64_t rand = core_rand(c->tcp->core);

	b->rounds_since_probe_up = (uint32_t)(rand & 1);
	b->bw_probe_wait_us = PROBE_WAIT_US + (uint32_t)((rand >> 1) % PROBE_WAIT_RAND_US);
}

static void
start_down(struct isla_tcp_conn *c, struct bbr *b)
{
	bbr_reset_congestion_signals(b);
	b->probe_up_acked_per_inc = UINT32_MAX;
	pick_probe_wait(c, b);
	b->cycle_stamp_us = now_us(c);
	b->ack_phase = BBR_ACKS_PROBE_STOPPING;
	bbr_start_round(c, b);
	set_state(b, BBR_PROBE_BW_DOWN, BBR_DOWN_PACING_GAIN, BBR_CWND_GAIN);
}

static void
start_cruise(struct bbr *b)
{
	set_state(b, BBR_PROBE_BW_CRUISE, BBR_UNIT_GAIN, BBR_CWND_GAIN);
}

static void
start_refill(struct isla_tcp_conn *c, struct bbr *b)
{
	bbr_reset_short_term(b);
	b->bw_probe_up_rounds = 0;
	b->bw_probe_up_acked = 0;
	b->prev_probe_precautionary = false;
	b->ack_phase = BBR_ACKS_REFILLING;
	bbr_start_round(c, b);
	set_state(b, BBR_PROBE_BW_REFILL, BBR_UNIT_GAIN, BBR_CWND_GAIN);
}

/* The bound grows by 1, 2, 4 segments and so on in each round of UP, evenly over the round. */
static void
raise_longterm_slope(const struct isla_tcp_conn *c, struct bbr *b)
{
	uint32_t growth = 1u << b->bw_probe_up_rounds;

	b->bw_probe_up_rounds = (uint8_t)RTE_MIN(b->bw_probe_up_rounds + 1, UP_ROUNDS_MAX);
	b->probe_up_acked_per_inc = RTE_MAX(c->cwnd / growth, (uint32_t)c->mss);
}

static void
start_up(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	b->ack_phase = BBR_ACKS_PROBE_STARTING;
	bbr_start_round(c, b);
	bbr_reset_full_bw(b);
	b->full_bw = RTE_MIN(rs->rate, BBR_BW_MAX);
	set_state(b, BBR_PROBE_BW_UP, BBR_UP_PACING_GAIN, BBR_UP_CWND_GAIN);
	raise_longterm_slope(c, b);
}

void
bbr_handle_full_pipe(struct isla_tcp_conn *c, struct bbr *b)
{
	if (b->state != BBR_STARTUP || b->max_bw == 0)
		return;
	b->undo_state = BBR_STARTUP;
	b->full_bw_now = true;
	b->full_bw_reached = true;
	b->inflight_longterm =
		RTE_MAX(bbr_bdp(c, b, b->max_bw, BBR_UNIT_GAIN), b->inflight_latest);
	b->inflight_longterm = RTE_MAX(b->inflight_longterm, bbr_min_pipe(c));
}

/* Losses in Startup: in recovery for a round at least, of several ranges, and too many. */
static void
check_startup_loss(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	bool sack = (c->flags & TCP_F_SACK) != 0;

	if (!b->loss_round_start && sack)
		return;
	if (!b->full_bw_reached && b->in_recovery && rs->has_data &&
		(!sack || b->losses_in_round >= STARTUP_LOSS_RANGES) &&
		bbr_is_inflight_too_high(c, rs))
		bbr_handle_full_pipe(c, b);
	b->losses_in_round = 0;
}

static void
check_startup_done(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	check_startup_loss(c, b, rs);
	if (b->state != BBR_STARTUP || !b->full_bw_reached)
		return;
	set_state(b, BBR_DRAIN, BBR_DRAIN_PACING_GAIN, BBR_CWND_GAIN);
	b->drain_start_round = b->round_count;
}

static void
check_drain_done(struct isla_tcp_conn *c, struct bbr *b)
{
	if (b->state == BBR_DRAIN && (c->pipe <= bbr_inflight(c, b, b->bw, BBR_UNIT_GAIN) ||
					     b->round_count - b->drain_start_round > DRAIN_ROUNDS))
		start_down(c, b);
}

static bool
was_cwnd_limited(const struct bbr *b)
{
	return b->is_cwnd_limited || b->was_cwnd_limited;
}

static void
probe_longterm_upward(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (!was_cwnd_limited(b) || c->cwnd < b->inflight_longterm)
		return;
	b->bw_probe_up_acked += RTE_MIN(rs->acked, BBR_CWND_MAX);
	if (b->bw_probe_up_acked >= b->probe_up_acked_per_inc) {
		uint32_t n = b->bw_probe_up_acked / b->probe_up_acked_per_inc;
		uint64_t raised = b->inflight_longterm + (uint64_t)n * c->mss;

		b->bw_probe_up_acked -= n * b->probe_up_acked_per_inc;
		b->inflight_longterm = (uint32_t)RTE_MIN(raised, BBR_CWND_MAX);
	}
	if (b->round_start)
		raise_longterm_slope(c, b);
}

/* What the ACKs of a probe tell. True where that has decided the next state. */
static bool
adapt_long_term(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (b->ack_phase == BBR_ACKS_PROBE_STARTING && b->round_start)
		b->ack_phase = BBR_ACKS_PROBE_FEEDBACK;
	if (b->ack_phase == BBR_ACKS_PROBE_STOPPING && b->round_start) {
		b->is_bw_probe_sample = false;
		b->ack_phase = BBR_ACKS_INIT;
		if (bbr_is_probing_bw_cycle(b) && !rs->is_app_limited)
			bbr_advance_max_bw_filter(b);
		/* The short look has gone well: now in earnest. */
		if (bbr_is_probing_bw_cycle(b) && b->prev_probe_precautionary &&
			!b->prev_probe_too_high) {
			start_refill(c, b);
			return true;
		}
	}
	if (!rs->has_data || bbr_is_inflight_too_high(c, rs) ||
		b->inflight_longterm == BBR_BYTES_NONE)
		return false;
	if (rs->in_flight > b->inflight_longterm)
		b->inflight_longterm = RTE_MIN(rs->in_flight, BBR_CWND_MAX);
	if (b->state == BBR_PROBE_BW_UP)
		probe_longterm_upward(c, b, rs);
	return false;
}

void
bbr_handle_inflight_too_high(struct isla_tcp_conn *c, struct bbr *b,
	const struct tcp_rate_sample *rs)
{
	uint32_t least = (uint32_t)((uint64_t)bbr_target_inflight(c, b) * BBR_BETA / 100);

	b->prev_probe_too_high = true;
	b->is_bw_probe_sample = false;
	if (!rs->is_app_limited)
		b->inflight_longterm = RTE_MIN(RTE_MAX(rs->in_flight, least), BBR_CWND_MAX);
	if (b->state == BBR_PROBE_BW_UP) {
		b->undo_state = BBR_PROBE_BW_UP;
		start_down(c, b);
	}
}

static bool
is_time_to_probe_bw(struct isla_tcp_conn *c, struct bbr *b)
{
	uint32_t reno_rounds = bbr_target_inflight(c, b) / c->mss;

	if (now_us(c) <= b->cycle_stamp_us + b->bw_probe_wait_us &&
		b->rounds_since_probe_up < RTE_MIN(reno_rounds, (uint32_t)RENO_ROUNDS_MAX))
		return false;
	start_refill(c, b);
	return true;
}

static bool
is_time_to_cruise(struct isla_tcp_conn *c, struct bbr *b)
{
	return c->pipe <= bbr_inflight_with_headroom(c, b) &&
		c->pipe <= bbr_inflight(c, b, b->max_bw, BBR_UNIT_GAIN);
}

static bool
is_time_to_go_down(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (b->prev_probe_too_high && c->pipe >= b->inflight_longterm) {
		b->prev_probe_precautionary = true;
		return true;
	}
	if (was_cwnd_limited(b) && c->cwnd >= b->inflight_longterm) {
		/* It is the bound that holds the rate, not the path. */
		bbr_reset_full_bw(b);
		b->full_bw = RTE_MIN(rs->rate, BBR_BW_MAX);
		return false;
	}
	return b->full_bw_now;
}

static void
update_probe_bw(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (!b->full_bw_reached || adapt_long_term(c, b, rs))
		return;
	switch (b->state) {
	case BBR_PROBE_BW_DOWN:
		if (!is_time_to_probe_bw(c, b) && is_time_to_cruise(c, b))
			start_cruise(b);
		break;
	case BBR_PROBE_BW_CRUISE:
		is_time_to_probe_bw(c, b);
		break;
	case BBR_PROBE_BW_REFILL:
		if (b->round_start) {
			b->is_bw_probe_sample = true;
			start_up(c, b, rs);
		}
		break;
	case BBR_PROBE_BW_UP:
		if (is_time_to_go_down(c, b, rs)) {
			b->prev_probe_too_high = false;
			start_down(c, b);
		}
		break;
	default:
		break;
	}
}

void
bbr_check_probe_rtt_done(struct isla_tcp_conn *c, struct bbr *b)
{
	if (b->probe_rtt_done_us == 0 || now_us(c) <= b->probe_rtt_done_us)
		return;
	b->probe_rtt_min_stamp_us = now_us(c);
	bbr_restore_cwnd(c, b);
	bbr_reset_short_term(b);
	if (b->full_bw_reached) {
		start_down(c, b);
		start_cruise(b);
	} else {
		bbr_enter_startup(b);
	}
}

static uint32_t
probe_rtt_cwnd(const struct isla_tcp_conn *c, const struct bbr *b)
{
	return RTE_MAX(bbr_bdp(c, b, b->bw, BBR_PROBE_RTT_CWND_GAIN), bbr_min_pipe(c));
}

static void
handle_probe_rtt(struct isla_tcp_conn *c, struct bbr *b)
{
	/* So little in flight says nothing of the bandwidth. */
	tcp_rate_mark_app(c);
	if (b->probe_rtt_done_us == 0) {
		if (c->pipe > probe_rtt_cwnd(c, b))
			return;
		b->probe_rtt_done_us = now_us(c) + BBR_PROBE_RTT_TIME_US;
		b->probe_rtt_round_done = false;
		bbr_start_round(c, b);
		return;
	}
	b->probe_rtt_round_done |= b->round_start;
	if (b->probe_rtt_round_done)
		bbr_check_probe_rtt_done(c, b);
}

static void
check_probe_rtt(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (b->state != BBR_PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
		bbr_save_cwnd(c, b);
		set_state(b, BBR_PROBE_RTT, BBR_UNIT_GAIN, BBR_PROBE_RTT_CWND_GAIN);
		b->probe_rtt_done_us = 0;
		b->ack_phase = BBR_ACKS_PROBE_STOPPING;
		bbr_start_round(c, b);
	}
	if (b->state == BBR_PROBE_RTT)
		handle_probe_rtt(c, b);
	if (rs->acked > 0)
		b->idle_restart = false;
}

void
bbr_state_update(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	check_startup_done(c, b, rs);
	check_drain_done(c, b);
	update_probe_bw(c, b, rs);
	bbr_min_rtt_update(c, b, rs);
	check_probe_rtt(c, b, rs);
}

void
bbr_state_undo(struct isla_tcp_conn *c, struct bbr *b)
{
	uint8_t state = b->undo_state;

	b->undo_state = BBR_NO_STATE;
	if (state == BBR_STARTUP && b->state != BBR_STARTUP) {
		b->full_bw_reached = false;
		if (b->state != BBR_PROBE_RTT)
			bbr_enter_startup(b);
	} else if (state == BBR_PROBE_BW_UP && b->state != BBR_PROBE_BW_UP &&
		b->state != BBR_PROBE_RTT) {
		start_refill(c, b);
	}
}
