/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BBR, version 3, as in draft-ietf-ccwg-bbr: the rate and the window follow from a model of the
 * path, its bandwidth and its round-trip time, and not from the last loss. Here are the calls that
 * congestion control consists of, and what they set; tcp_bbr.h says where the rest is.
 *
 * The draft leaves the response to ECN open: an echo of CE counts as a loss in its round, ends a
 * probe as too many losses do, and ends Startup where it comes in two windows.
 */

#include <rte_common.h>

#include "tcp_bbr.h"

#define MARKS_END_STARTUP 2

static uint64_t
now_us(const struct isla_tcp_conn *c)
{
	return c->tcp->core->now_us;
}

void
bbr_save_cwnd(struct isla_tcp_conn *c, struct bbr *b)
{
	bool modulated = (c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) != 0 ||
		b->state == BBR_PROBE_RTT;

	b->prior_cwnd = modulated ? RTE_MAX(b->prior_cwnd, c->cwnd) : c->cwnd;
}

void
bbr_restore_cwnd(struct isla_tcp_conn *c, struct bbr *b)
{
	c->cwnd = RTE_MAX(c->cwnd, b->prior_cwnd);
}

/* A segment in a round trip is the least: hostile ACKs must not make the connection stand still. */
static void
set_rate(struct isla_tcp_conn *c, struct bbr *b, uint64_t rate)
{
	uint64_t least = 8000000ull * c->mss / RTE_MAX(c->srtt8, 8u);

	b->pace_rate = RTE_MAX(rate, c->srtt8 != 0 ? least : 0);
	tcp_pace_set(c, b->pace_rate);
}

void
bbr_set_pacing_rate(struct isla_tcp_conn *c, struct bbr *b, uint32_t gain)
{
	uint64_t rate = RTE_MIN(b->bw, BBR_BW_MAX) * gain * (100 - BBR_PACING_MARGIN) / 10000;

	if (b->full_bw_reached || rate > b->pace_rate)
		set_rate(c, b, rate);
}

/* Without a sample, what the window would take in a round trip, or in 1 ms. */
static void
init_pacing_rate(struct isla_tcp_conn *c, struct bbr *b)
{
	uint64_t rtt8 = c->srtt8 != 0 ? RTE_MAX(c->srtt8, 8u) : 8000;

	b->has_seen_rtt = c->srtt8 != 0;
	set_rate(c, b, (uint64_t)RTE_MIN(c->cwnd, BBR_CWND_MAX) * BBR_STARTUP_PACING_GAIN *
		80000 / rtt8);
}

static bool
bbr_init(struct isla_tcp_conn *c)
{
	uint64_t now = now_us(c);
	struct bbr *b;

	if (!tcp_cc_more_get(c))
		return false;
	b = bbr_of(c);
	if (c->cwnd == 0)
		c->cwnd = tcp_cc_initial_window(c);
	c->ssthresh = UINT32_MAX;
	b->min_rtt_us = c->srtt8 != 0 ? RTE_MAX(RTE_MIN(c->srtt8 / 8, BBR_RTT_MAX), 1u) : UINT32_MAX;
	b->probe_rtt_min_us = b->min_rtt_us;
	b->min_rtt_stamp_us = b->probe_rtt_min_stamp_us = b->extra_acked_start_us = now;
	b->inflight_longterm = BBR_BYTES_NONE;
	b->probe_up_acked_per_inc = UINT32_MAX;
	b->undo_state = BBR_NO_STATE;
	b->prior_cwnd = c->cwnd;
	b->max_inflight = c->cwnd;
	bbr_reset_short_term(b);
	bbr_enter_startup(b);
	init_pacing_rate(c, b);
	return true;
}

static uint32_t
cap_of_model(const struct isla_tcp_conn *c, const struct bbr *b)
{
	uint32_t cap = BBR_BYTES_NONE;

	if (b->state == BBR_PROBE_RTT || b->state == BBR_PROBE_BW_CRUISE)
		cap = bbr_inflight_with_headroom(c, b);
	else if (bbr_is_probing_bw_cycle(b))
		cap = b->inflight_longterm;
	return RTE_MAX(RTE_MIN(cap, b->inflight_shortterm), bbr_min_pipe(c));
}

static void
set_cwnd(struct isla_tcp_conn *c, struct bbr *b, const struct tcp_rate_sample *rs)
{
	uint32_t cwnd = RTE_MIN(c->cwnd, BBR_CWND_MAX), acked = RTE_MIN(rs->acked, BBR_CWND_MAX);

	bbr_update_max_inflight(c, b);
	if (b->full_bw_reached)
		cwnd = RTE_MIN(cwnd + acked, b->max_inflight);
	else if (cwnd < b->max_inflight || bbr_rate_of(c)->delivered < tcp_cc_initial_window(c))
		cwnd += acked;
	cwnd = RTE_MAX(cwnd, bbr_min_pipe(c));
	if (b->state == BBR_PROBE_RTT)
		cwnd = RTE_MIN(cwnd, RTE_MAX(bbr_bdp(c, b, b->bw, BBR_PROBE_RTT_CWND_GAIN),
			bbr_min_pipe(c)));
	c->cwnd = RTE_MIN(RTE_MIN(cwnd, cap_of_model(c, b)), BBR_CWND_MAX);
}

static void
bbr_sample(struct isla_tcp_conn *c, const struct tcp_rate_sample *rs)
{
	bool in_recovery = (c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) != 0;
	struct bbr *b = bbr_of(c);

	if (!b->has_seen_rtt && c->srtt8 != 0)
		init_pacing_rate(c, b);
	b->is_cwnd_limited |= (c->flags & TCP_F_CWND_LIMITED) != 0;
	bbr_model_update(c, b, rs);
	bbr_state_update(c, b, rs);
	bbr_model_advance(b, rs);
	if (b->in_recovery && !in_recovery)
		bbr_restore_cwnd(c, b);
	b->in_recovery = in_recovery;
	bbr_set_pacing_rate(c, b, b->pacing_gain);
	set_cwnd(c, b, rs);
}

static void
bbr_seg_lost(struct isla_tcp_conn *c, const struct tcp_seg *s, struct tcp_rate_sample *rs)
{
	struct bbr *b = bbr_of(c);

	if ((!b->is_loss_in_round || s->seq != b->lost_end) && b->losses_in_round < UINT8_MAX)
		b->losses_in_round++;
	b->lost_end = s->seq + s->len;
	bbr_note_loss(c, b);
	if (!b->is_bw_probe_sample || !bbr_is_inflight_too_high(c, rs))
		return;
	rs->in_flight = bbr_inflight_at_loss(rs, s->len);
	bbr_handle_inflight_too_high(c, b, rs);
}

static void
bbr_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	/* The sample tells more, and of every ACK. */
	RTE_SET_USED(c);
	RTE_SET_USED(a);
	RTE_SET_USED(nb_bytes);
}

static void
bbr_loss(struct isla_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (b != NULL)
		bbr_save_state(c, b);
}

static void
bbr_ecn(struct isla_tcp_conn *c)
{
	struct tcp_rate_sample rs = {.in_flight = c->pipe};
	struct bbr *b = bbr_of(c);

	if (b == NULL)
		return;
	bbr_note_loss(c, b);
	if (b->state == BBR_STARTUP && ++b->marks_in_startup >= MARKS_END_STARTUP)
		bbr_handle_full_pipe(c, b);
	if (b->is_bw_probe_sample)
		bbr_handle_inflight_too_high(c, b, &rs);
}

static void
bbr_timeout(struct isla_tcp_conn *c)
{
	bbr_loss(c);
	/* The segment that is sent again needs no room in it. */
	c->cwnd = c->mss;
}

static void
bbr_undo(struct isla_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (b == NULL)
		return;
	bbr_restore_cwnd(c, b);
	b->is_loss_in_round = false;
	bbr_reset_full_bw(b);
	b->bw_shortterm = RTE_MAX(b->bw_shortterm, b->undo_bw_shortterm);
	b->inflight_shortterm = RTE_MAX(b->inflight_shortterm, b->undo_inflight_shortterm);
	b->inflight_longterm = RTE_MAX(b->inflight_longterm, b->undo_inflight_longterm);
	bbr_state_undo(c, b);
}

/* Sending begins anew after all was acknowledged, at the bandwidth that is known. */
static void
bbr_restart(struct isla_tcp_conn *c)
{
	struct bbr *b = bbr_of(c);

	if (b == NULL)
		return;
	if (!b->has_seen_rtt && c->srtt8 != 0)
		init_pacing_rate(c, b);
	if (!bbr_rate_of(c)->app_limited)
		return;
	b->idle_restart = true;
	b->extra_acked_start_us = now_us(c);
	if (bbr_is_probing_bw_cycle(b))
		bbr_set_pacing_rate(c, b, BBR_UNIT_GAIN);
	else if (b->state == BBR_PROBE_RTT)
		bbr_check_probe_rtt_done(c, b);
}

static void
bbr_info(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	const struct bbr *b = bbr_of(c);

	if (b == NULL)
		return;
	info->cc_info.bbr.bw = b->bw;
	info->cc_info.bbr.min_rtt_us = b->min_rtt_us == UINT32_MAX ? 0 : b->min_rtt_us;
	info->cc_info.bbr.pacing_gain = b->pacing_gain;
	info->cc_info.bbr.cwnd_gain = b->cwnd_gain;
}

const struct tcp_cc_ops tcp_cc_bbr = {
	.name = "bbr",
	.flags = TCP_CC_RATE | TCP_CC_OWN | TCP_CC_PACE,
	.init = bbr_init,
	.release = tcp_cc_more_put,
	.acked = bbr_acked,
	.loss = bbr_loss,
	.ecn = bbr_ecn,
	.timeout = bbr_timeout,
	.undo = bbr_undo,
	.restart = bbr_restart,
	.info = bbr_info,
	.sample = bbr_sample,
	.seg_lost = bbr_seg_lost,
};
