/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLOCK_H
#define CLOCK_H

/*
 * Microseconds from the CPU's time stamp counter, at one multiplication a reading.
 *
 * us = base_us + ((tsc - base_tsc) * mult >> CLOCK_SHIFT). DPDK's figure of the counter's frequency
 * can be 0.2 % off, so the clock is held against CLOCK_MONOTONIC_RAW: often at first, then every
 * second. It never goes back: where it is ahead it is slowed down until time has caught up. A
 * counter that goes back (a machine that was suspended may begin anew) is noticed by
 * clock_is_lost(), and then the clock stands still until the next clock_calibrate().
 */

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SHIFT 40

/* The counters of two CPUs may differ by so much: a few microseconds. */
#define CLOCK_SKEW_TSC 65536

struct clock {
	uint64_t base_tsc;
	uint64_t base_us;
	uint64_t mult;
	/* Calibration. */
	uint64_t ref_tsc;     /* the pair that the frequency is measured from */
	uint64_t ref_ns;
	double us_per_tsc;    /* the measured rate; mult is this and a correction */
	uint32_t nb_calibrations;
};

/* A first pair of readings and a guess at the frequency; the clock begins at ns / 1000. */
void clock_init(struct clock *c, uint64_t tsc, uint64_t ns, uint64_t tsc_hz);

/*
 * A later pair of readings. Returns after how many microseconds the next should come.
 * Where the clock is behind by more than 1 ms it is set right at once, else bent by at most 500
 * ppm. After clock_is_lost() it begins again.
 */
uint64_t clock_calibrate(struct clock *c, uint64_t tsc, uint64_t ns);

static inline uint64_t
clock_us(const struct clock *c, uint64_t tsc)
{
	/* Counters of two CPUs may differ by a few ticks; time stands still meanwhile. */
	uint64_t delta = tsc > c->base_tsc ? tsc - c->base_tsc : 0;

	return c->base_us + (uint64_t)(((unsigned __int128)delta * c->mult) >> CLOCK_SHIFT);
}

static inline bool
clock_is_lost(const struct clock *c, uint64_t tsc)
{
	return tsc + CLOCK_SKEW_TSC < c->base_tsc;
}

/* Both clocks at one instant: the counter, and CLOCK_MONOTONIC_RAW in nanoseconds. */
void clock_read_pair(uint64_t *tsc, uint64_t *ns);

/* Microseconds since 1970 (UTC), CLOCK_REALTIME. */
uint64_t clock_wall_us(void);

#endif /* CLOCK_H */
