/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BBR's model of the path (draft-ietf-ccwg-bbr, 5.5): the bandwidth, the round-trip time without
 * queues, how ACKs come in heaps, and what losses say about how much may be in flight.
 */

#include <rte_common.h>

#include "tcp_bbr.h"

/* Rounds that extra_acked looks back, in two halves: 5 to 10 of them. */
#define EXTRA_ACKED_HALF 5
#define FULL_BW_ROUNDS   3

static uint64_t
now_us(const struct isla_tcp_conn *c)
{
	return c->tcp->core->now_us;
}

uint32_t
bbr_bdp(const struct isla_tcp_conn *c, const struct bbr *b, uint64_t bw, uint32_t gain)
{
	uint64_t bdp;

	if (b->min_rtt_us == UINT32_MAX)
		return tcp_cc_initial_window(c);
	/* At most 2^36 x 2^27. */
	bdp = RTE_MIN(bw, BBR_BW_MAX) * b->min_rtt_us / 1000000;
	return (uint32_t)RTE_MIN(bdp * gain / 100, BBR_CWND_MAX);
}

/* Segments wait to be sent together, and the peer waits to acknowledge them. */
static uint32_t
with_quanta(const struct isla_tcp_conn *c, const struct bbr *b, uint32_t inflight)
{
	inflight = RTE_MAX(inflight, 3 * tcp_pace_quantum(c));
	inflight = RTE_MAX(inflight, bbr_min_pipe(c));
	if (b->state == BBR_PROBE_BW_UP)
		inflight += 2u * c->mss;
	return inflight;
}

uint32_t
bbr_inflight(const struct isla_tcp_conn *c, const struct bbr *b, uint64_t bw, uint32_t gain)
{
	return with_quanta(c, b, bbr_bdp(c, b, bw, gain));
}

void
bbr_update_max_inflight(const struct isla_tcp_conn *c, struct bbr *b)
{
	uint32_t extra = RTE_MAX(b->extra_acked[0], b->extra_acked[1]);

	/* Both are less than 2^30 or so. */
	b->max_inflight = with_quanta(c, b, bbr_bdp(c, b, b->bw, b->cwnd_gain) + extra);
}

uint32_t
bbr_inflight_with_headroom(const struct isla_tcp_conn *c, const struct bbr *b)
{
	uint32_t headroom;

	if (b->inflight_longterm == BBR_BYTES_NONE)
		return BBR_BYTES_NONE;
	headroom = (uint32_t)((uint64_t)b->inflight_longterm * BBR_HEADROOM / 100);
	headroom = RTE_MAX(headroom, (uint32_t)c->mss);
	return RTE_MAX(b->inflight_longterm - RTE_MIN(headroom, b->inflight_longterm),
		bbr_min_pipe(c));
}

uint32_t
bbr_target_inflight(const struct isla_tcp_conn *c, const struct bbr *b)
{
	return RTE_MIN(bbr_bdp(c, b, b->bw, BBR_UNIT_GAIN), c->cwnd);
}

void
bbr_start_round(const struct isla_tcp_conn *c, struct bbr *b)
{
	b->next_round_delivered = bbr_rate_of(c)->delivered;
}

void
bbr_reset_congestion_signals(struct bbr *b)
{
	b->is_loss_in_round = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
}

void
bbr_reset_short_term(struct bbr *b)
{
	b->bw_shortterm = BBR_BW_NONE;
	b->inflight_shortterm = BBR_BYTES_NONE;
}

void
bbr_reset_full_bw(struct bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

/* A cycle without any sample leaves the filter as it is: there must be a bandwidth. */
void
bbr_advance_max_bw_filter(struct bbr *b)
{
	if (b->bw_filter[1] == 0)
		return;
	b->bw_filter[0] = b->bw_filter[1];
	b->bw_filter[1] = 0;
}

bool
bbr_is_inflight_too_high(const struct isla_tcp_conn *c, const struct tcp_rate_sample *rs)
{
	if ((c->flags & TCP_F_SACK) == 0)
		return rs->lost > 0;
	return (uint64_t)rs->lost * 100 > (uint64_t)rs->in_flight * BBR_LOSS_THRESH;
}

/* Had so much been delivered when the segment left that was sent last, of those acknowledged? What
 * a segment remembers are the low bits. */
static bool
had_delivered(const struct tcp_rate_sample *rs, uint64_t delivered)
{
	return rs->has_data && seq_ge(rs->prior, (uint32_t)delivered);
}

static void
update_latest_signals(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	b->loss_round_start = false;
	if (!rs->has_data)
		return;
	b->bw_latest = RTE_MAX(b->bw_latest, RTE_MIN(rs->rate, BBR_BW_MAX));
	b->inflight_latest = RTE_MAX(b->inflight_latest, rs->delivered);
	if (had_delivered(rs, b->loss_round_delivered)) {
		b->loss_round_delivered = bbr_rate_of(c)->delivered;
		b->loss_round_start = true;
	}
}

static void
update_round(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	b->round_start = had_delivered(rs, b->next_round_delivered);
	if (!b->round_start)
		return;
	bbr_start_round(c, b);
	b->round_count++;
	b->rounds_since_probe_up++;
	b->was_cwnd_limited = b->is_cwnd_limited;
	b->is_cwnd_limited = false;
}

static void
update_max_bw(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	uint64_t rate = RTE_MIN(rs->rate, BBR_BW_MAX);

	update_round(c, b, rs);
	if (rate > 0 && (rate >= b->max_bw || !rs->is_app_limited))
		b->bw_filter[1] = RTE_MAX(b->bw_filter[1], rate);
	b->max_bw = RTE_MAX(b->bw_filter[0], b->bw_filter[1]);
}

static bool
is_probing_bw(const struct bbr *b)
{
	return b->state == BBR_STARTUP || b->state == BBR_PROBE_BW_REFILL ||
		b->state == BBR_PROBE_BW_UP;
}

/* Once a round: slow down towards what was delivered in it, by no more than CUBIC would. */
static void
adapt_short_term(struct isla_tcp_conn *c, struct bbr *b)
{
	if (is_probing_bw(b) || !b->is_loss_in_round)
		return;
	if (b->bw_shortterm == BBR_BW_NONE)
		b->bw_shortterm = b->max_bw;
	if (b->inflight_shortterm == BBR_BYTES_NONE)
		b->inflight_shortterm = c->cwnd;
	b->bw_shortterm = RTE_MAX(b->bw_latest, b->bw_shortterm * BBR_BETA / 100);
	b->inflight_shortterm = RTE_MAX(b->inflight_latest,
		(uint32_t)((uint64_t)b->inflight_shortterm * BBR_BETA / 100));
}

/* What is acknowledged beyond what the bandwidth explains: ACKs come in heaps. */
static void
update_ack_aggregation(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	uint64_t since_us = RTE_MIN(now_us(c) - b->extra_acked_start_us, (uint64_t)BBR_RTT_MAX);
	uint64_t expected = RTE_MIN(b->bw, BBR_BW_MAX) * since_us / 1000000;
	uint32_t half = b->full_bw_reached ? EXTRA_ACKED_HALF : 1;
	uint64_t extra;

	if (b->extra_acked_delivered <= expected) {
		b->extra_acked_delivered = 0;
		b->extra_acked_start_us = now_us(c);
		expected = 0;
	}
	b->extra_acked_delivered += rs->acked;
	extra = RTE_MIN(b->extra_acked_delivered - expected, (uint64_t)c->cwnd);
	if (b->round_start && b->round_count - b->extra_acked_round >= half) {
		b->extra_acked_round = b->round_count;
		b->extra_acked[0] = b->full_bw_reached ? b->extra_acked[1] : 0;
		b->extra_acked[1] = 0;
	}
	b->extra_acked[1] = RTE_MAX(b->extra_acked[1], (uint32_t)extra);
}

/* Three rounds of trying that did not bring a quarter more: the pipe is full. */
static void
check_full_bw(struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (b->full_bw_now || !b->round_start || rs->is_app_limited)
		return;
	if (RTE_MIN(rs->rate, BBR_BW_MAX) * 4 >= b->full_bw * 5) {
		bbr_reset_full_bw(b);
		b->full_bw = RTE_MIN(rs->rate, BBR_BW_MAX);
		return;
	}
	if (++b->full_bw_count < FULL_BW_ROUNDS)
		return;
	b->full_bw_now = true;
	b->full_bw_reached = true;
}

void
bbr_model_update(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	update_latest_signals(c, b, rs);
	update_max_bw(c, b, rs);
	if (b->loss_round_start) {
		adapt_short_term(c, b);
		b->is_loss_in_round = false;
	}
	update_ack_aggregation(c, b, rs);
	check_full_bw(b, rs);
}

void
bbr_model_advance(struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (b->loss_round_start) {
		b->bw_latest = RTE_MIN(rs->rate, BBR_BW_MAX);
		b->inflight_latest = rs->delivered;
	}
	b->bw = RTE_MIN(b->max_bw, b->bw_shortterm);
}

void
bbr_min_rtt_update(const struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	uint64_t now = now_us(c);

	b->probe_rtt_expired = now > b->probe_rtt_min_stamp_us + BBR_PROBE_RTT_INTERVAL_US;
	if (rs->rtt_us != UINT32_MAX &&
		(rs->rtt_us < b->probe_rtt_min_us || b->probe_rtt_expired)) {
		b->probe_rtt_min_us = RTE_MAX(RTE_MIN(rs->rtt_us, BBR_RTT_MAX), 1u);
		b->probe_rtt_min_stamp_us = now;
	}
	if (b->probe_rtt_min_us < b->min_rtt_us ||
		now > b->min_rtt_stamp_us + BBR_MIN_RTT_WINDOW_US) {
		b->min_rtt_us = b->probe_rtt_min_us;
		b->min_rtt_stamp_us = b->probe_rtt_min_stamp_us;
	}
}

void
bbr_save_state(struct isla_tcp_conn *c, struct bbr *b)
{
	bbr_save_cwnd(c, b);
	b->undo_state = BBR_NO_STATE;
	b->undo_bw_shortterm = b->bw_shortterm;
	b->undo_inflight_shortterm = b->inflight_shortterm;
	b->undo_inflight_longterm = b->inflight_longterm;
}

void
bbr_note_loss(struct isla_tcp_conn *c, struct bbr *b)
{
	if (!b->is_loss_in_round) {
		b->loss_round_delivered = bbr_rate_of(c)->delivered;
		bbr_save_state(c, b);
	}
	b->is_loss_in_round = true;
}

uint32_t
bbr_inflight_at_loss(const struct tcp_rate_sample *rs, uint32_t size)
{
	uint32_t before = rs->in_flight - RTE_MIN(size, rs->in_flight);
	uint32_t lost_before = rs->lost - RTE_MIN(size, rs->lost);
	uint64_t allowed = (uint64_t)before * BBR_LOSS_THRESH;
	uint64_t lost = (uint64_t)lost_before * 100;

	/* (thresh x before - lost) / (1 - thresh) more bytes made it too many. */
	return before + (allowed > lost ? (uint32_t)((allowed - lost) / (100 - BBR_LOSS_THRESH)) : 0);
}
