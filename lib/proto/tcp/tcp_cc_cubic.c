/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC, RFC 9438: after a reduction the window follows a cubic function of time, which is flat
 * around the size at which there was congestion last, and steep far from it; where Reno would have
 * more, it gets that (section 4.3). Slow start is HyStart++'s. Windows are in bytes, times in us,
 * and all is integer arithmetic; section numbers below are that RFC's.
 *
 * In place of the beginning of an epoch and K their sum is kept: where the curve passes W_max.
 */

#include <rte_common.h>

#include "tcp_priv.h"

/* cubic::flags */
#define CUBIC_AVOID     0x01 /* the first slow start is over: the words below hold the curve */
#define CUBIC_EPOCH     0x02 /* origin and w_est are those of a running epoch */
#define CUBIC_FROZEN    0x04 /* the window is not in use: origin is relative to now */
#define CUBIC_FRESH     0x08 /* the next epoch begins at its own W_max (4.7, 4.10) */
#define CUBIC_CONVERGED 0x10 /* w_max has been lowered by fast convergence (4.7) */
#define CUBIC_TIMED_OUT 0x20 /* cwnd_prior is that before a timeout */

#define TICK_US       (1u << TCP_TICK_SHIFT)
#define TICKS_MAX     (1 << 30)
#define CURVE_MAX_US  1000000000u

/* beta_cubic, and RFC 8511's for a mark, in percent. */
#define BETA          70
#define BETA_ECN      85

struct cubic {
	union {
		struct tcp_hystart hystart;    /* without CUBIC_AVOID */
		struct {
			uint32_t w_max;
			uint32_t undo_w_max;   /* as before the last reduction */
			uint32_t origin;       /* t_epoch + K, in ticks of 64 us */
			uint32_t w_est;
		};
	};
	uint16_t cwnd_frac;     /* what cwnd and w_est have in 1/65536 bytes */
	uint16_t w_est_frac;
	uint8_t flags;          /* CUBIC_* */
	uint8_t undo_flags;
};

static_assert(sizeof(struct cubic) <= sizeof(((struct isla_tcp_conn *)0)->cc_state),
	"an algorithm's state");

static struct cubic *
state(struct isla_tcp_conn *c)
{
	return (struct cubic *)c->cc_state;
}

static uint32_t
now_ticks(const struct isla_tcp_conn *c)
{
	return tcp_tick_now(c->tcp);
}

/* The largest y with y^3 =< x, bit by bit from the top. */
static uint32_t
cube_root(uint64_t x)
{
	uint64_t y = 0;
	int bit;

	for (bit = 21; bit >= 0; bit--) {
		uint64_t try = y | 1ull << bit;

		if (try * try <= x / try)
			y = try;
	}
	return (uint32_t)y;
}

uint32_t
tcp_cubic_time_us(uint32_t nb_bytes, uint32_t mss)
{
	uint64_t cubed = (uint64_t)RTE_MIN(nb_bytes, TCP_CWND_MAX) * 2560 / mss;

	/* nb_bytes / mss / C is in 1/1024 s^3; with 5e8 in (s/8000)^3. */
	return cube_root(cubed * 500000000) * 125;
}

uint32_t
tcp_cubic_bytes(uint32_t time_us, uint32_t mss)
{
	uint64_t t = RTE_MIN(time_us, CURVE_MAX_US), cubed = t * t / 100000000 * t;

	/* In 1e-10 s^3; times C and MSS, without leaving 64 bits. */
	return (uint32_t)RTE_MIN(cubed / 1000000 * 4 * mss / 100000, (uint64_t)TCP_CWND_MAX);
}

/* W_cubic() at a time after the curve passes W_max, or before (4.2). */
static uint32_t
curve(const struct cubic *r, uint32_t mss, int64_t us)
{
	uint32_t bytes = tcp_cubic_bytes((uint32_t)RTE_MIN(us < 0 ? -us : us, CURVE_MAX_US), mss);

	if (us >= 0)
		return RTE_MIN(r->w_max + bytes, TCP_CWND_MAX);
	return r->w_max > bytes ? r->w_max - bytes : 0;
}

/* Add n / d to a count that has a fraction. */
static uint32_t
add(uint32_t count, uint16_t *frac, uint64_t n, uint32_t d)
{
	uint64_t f = *frac + ((n % d) << 16) / d;

	*frac = (uint16_t)f;
	return (uint32_t)RTE_MIN(count + n / d + (f >> 16), (uint64_t)TCP_CWND_MAX);
}

static bool
cubic_init(struct isla_tcp_conn *c)
{
	struct cubic *r = state(c);

	if (c->cwnd == 0) {
		c->cwnd = tcp_cc_initial_window(c);
		c->ssthresh = UINT32_MAX;
	}
	*r = (struct cubic){.flags = 0};
	if (c->ssthresh == UINT32_MAX)
		tcp_hystart_begin(&r->hystart);
	else
		r->flags = CUBIC_AVOID | CUBIC_FRESH;
	return true;
}

/* The beginning of congestion avoidance. */
static void
epoch_begin(struct isla_tcp_conn *c, struct cubic *r)
{
	uint32_t k_us = 0;

	if ((r->flags & CUBIC_FRESH) || r->w_max <= c->cwnd)
		r->w_max = c->cwnd;
	else
		k_us = tcp_cubic_time_us(r->w_max - c->cwnd, c->mss);
	r->origin = now_ticks(c) + k_us / TICK_US;
	r->w_est = c->cwnd;
	r->cwnd_frac = r->w_est_frac = 0;
	r->flags |= CUBIC_EPOCH;
	r->flags &= (uint8_t) ~(CUBIC_FRESH | CUBIC_FROZEN);
}

/* How far W_max is behind us, in us; less than 0: it is yet to come. */
static int64_t
since_origin(struct isla_tcp_conn *c, struct cubic *r)
{
	uint32_t now = now_ticks(c);

	if (r->flags & CUBIC_FROZEN) {
		r->origin += now;
		r->flags &= (uint8_t)~CUBIC_FROZEN;
	}
	/* After 19 hours nothing grows any more that way; and ticks wrap. */
	if ((int32_t)(now - r->origin) > TICKS_MAX)
		r->origin = now - TICKS_MAX;
	return (int64_t)(int32_t)(now - r->origin) * TICK_US;
}

/* 4.3: alpha_cubic is 3 (1 - beta) / (1 + beta) = 9/17, and 1 from cwnd_prior on. */
static bool
is_beyond_prior(const struct cubic *r)
{
	uint64_t prior = r->w_max;

	if (r->flags & CUBIC_TIMED_OUT)
		prior = prior * 100 / BETA;
	else if (r->flags & CUBIC_CONVERGED)
		prior = prior * 20 / 17;
	return r->w_est >= prior;
}

static void
avoid(struct isla_tcp_conn *c, struct cubic *r, uint32_t nb_bytes)
{
	uint64_t acked;
	int64_t us;

	/* More than a window at once is left over from a larger one. */
	nb_bytes = RTE_MIN(nb_bytes, c->cwnd);
	acked = (uint64_t)nb_bytes * c->mss;
	if ((r->flags & CUBIC_EPOCH) == 0)
		epoch_begin(c, r);
	us = since_origin(c, r);
	if (!is_beyond_prior(r))
		acked = acked * 9 / 17;
	r->w_est = add(r->w_est, &r->w_est_frac, acked, c->cwnd);
	if (curve(r, c->mss, us) < r->w_est) {
		/* The Reno-friendly region. */
		c->cwnd = RTE_MAX(c->cwnd, r->w_est);
	} else {
		uint32_t target = curve(r, c->mss, us + c->srtt8 / 8);

		/* 4.2: within [cwnd, 1.5 cwnd]; 4.4 and 4.5: a part of the way to it. */
		target = RTE_MIN(RTE_MAX(target, c->cwnd), c->cwnd + c->cwnd / 2);
		c->cwnd = add(c->cwnd, &r->cwnd_frac, (uint64_t)(target - c->cwnd) * nb_bytes,
			c->cwnd);
	}
}

static void
cubic_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes)
{
	struct cubic *r = state(c);

	if (c->cwnd >= c->ssthresh) {
		if ((r->flags & CUBIC_AVOID) == 0)
			r->flags |= CUBIC_AVOID | CUBIC_FRESH;
		avoid(c, r, nb_bytes);
	} else if (r->flags & CUBIC_AVOID) {
		c->cwnd += tcp_slow_start(c, nb_bytes);
	} else if (tcp_hystart_acked(c, &r->hystart, a, nb_bytes)) {
		*r = (struct cubic){.flags = CUBIC_AVOID | CUBIC_FRESH};
	}
	/* 5.8: what follows is no time in which the window is in use. */
	if (c->snd_una == c->snd_nxt && tcp_sndq_unsent(c) == 0)
		c->cc->limited(c);
}

static void
cubic_limited(struct isla_tcp_conn *c)
{
	struct cubic *r = state(c);

	if ((r->flags & (CUBIC_EPOCH | CUBIC_FROZEN)) != CUBIC_EPOCH)
		return;
	r->origin -= now_ticks(c);
	r->flags |= CUBIC_FROZEN;
}

/* 4.6 and 4.7: ssthresh, W_max; what the reduction was for is the caller's to say. */
static void
reduce(struct isla_tcp_conn *c, uint32_t beta)
{
	struct cubic *r = state(c);
	uint32_t flight = tcp_cc_flight(c), w_max = RTE_MIN(c->cwnd, TCP_CWND_MAX);

	/* A window that takes no further segment is in use to its last byte: what is a part of a
	 * segment of many is much of a few (4.6 leaves the choice). */
	if (c->cwnd - flight < c->mss)
		flight = c->cwnd;
	/* A window that was not in use is no measure (RFC 7661, 4.4.1). */
	if (c->nonvalid_s != 0)
		w_max = RTE_MIN(flight, w_max);
	c->ssthresh = (uint32_t)((uint64_t)flight * beta / 100);
	if ((r->flags & CUBIC_AVOID) == 0)
		r->w_max = 0;
	r->flags &= (uint8_t) ~(CUBIC_EPOCH | CUBIC_FROZEN | CUBIC_FRESH | CUBIC_CONVERGED |
		CUBIC_TIMED_OUT);
	r->flags |= CUBIC_AVOID;
	if (w_max < r->w_max) {
		/* Another one wants a part: release more than that (fast convergence). */
		w_max = (uint32_t)((uint64_t)w_max * (100 + BETA) / 200);
		r->flags |= CUBIC_CONVERGED;
	}
	r->w_max = w_max;
	c->cwnd = RTE_MAX(c->ssthresh, (uint32_t)c->mss);
	c->ssthresh = RTE_MAX(c->ssthresh, 2u * c->mss);
}

static void
undo_begin(struct cubic *r)
{
	r->undo_flags = r->flags;
	if (r->flags & CUBIC_AVOID)
		r->undo_w_max = r->w_max;
}

static void
cubic_loss(struct isla_tcp_conn *c)
{
	undo_begin(state(c));
	reduce(c, BETA);
	c->cwnd = c->ssthresh;
}

static void
cubic_ecn(struct isla_tcp_conn *c)
{
	reduce(c, c->cwnd < c->ssthresh ? BETA : BETA_ECN);
}

static void
cubic_timeout(struct isla_tcp_conn *c)
{
	struct cubic *r = state(c);

	/* In fast recovery the reduction that may be undone is that of its beginning. */
	if ((c->flags & TCP_F_RECOVERY) == 0)
		undo_begin(r);
	reduce(c, BETA);
	c->cwnd = c->mss;
	r->flags |= CUBIC_FRESH | CUBIC_TIMED_OUT;
}

/* 4.9: back to where we were on the curve. */
static void
cubic_undo(struct isla_tcp_conn *c)
{
	struct cubic *r = state(c);
	uint8_t flags = r->undo_flags;
	uint32_t us;

	if ((flags & CUBIC_AVOID) == 0) {
		*r = (struct cubic){.flags = 0};
		tcp_hystart_begin(&r->hystart);
		return;
	}
	r->w_max = r->undo_w_max;
	if ((flags & CUBIC_EPOCH) && (r->flags & CUBIC_EPOCH)) {
		/* A new epoch has taken the old one's place; the curve itself tells where cwnd is.
		 */
		flags &= (uint8_t)~CUBIC_FROZEN;
		us = tcp_cubic_time_us(c->cwnd > r->w_max ? c->cwnd - r->w_max : r->w_max - c->cwnd,
			c->mss);
		r->origin = c->cwnd > r->w_max ? now_ticks(c) - us / TICK_US :
						 now_ticks(c) + us / TICK_US;
	}
	r->flags = flags;
}

static void
cubic_restart(struct isla_tcp_conn *c)
{
	struct cubic *r = state(c);

	tcp_cc_restart(c);
	r->flags &= (uint8_t) ~(CUBIC_EPOCH | CUBIC_FROZEN);
}

const struct tcp_cc_ops tcp_cc_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.acked = cubic_acked,
	.limited = cubic_limited,
	.loss = cubic_loss,
	.ecn = cubic_ecn,
	.timeout = cubic_timeout,
	.undo = cubic_undo,
	.restart = cubic_restart,
};
