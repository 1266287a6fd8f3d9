/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop's clock: a counter scaled to microseconds and held against the kernel's clock.
 *
 * clock_init() and clock_calibrate() are pure, so that hours of drift are tested in no time;
 * clock_read_pair() and clock_wall_us() ask the machine.
 */

#include <math.h>
#include <time.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "clock.h"

#define FIRST_INTERVAL_US 10000
#define LAST_INTERVAL_US  1000000
#define MAX_BEND          500e-6
#define STEP_US           1000.0
#define MAX_DRIFT         0.01

static uint64_t
mult_of(double us_per_tsc)
{
	return (uint64_t)(us_per_tsc * (double)(1ull << CLOCK_SHIFT) + 0.5);
}

void
clock_init(struct clock *c, uint64_t tsc, uint64_t ns, uint64_t tsc_hz)
{
	c->base_tsc = c->ref_tsc = tsc;
	c->base_us = ns / 1000;
	c->ref_ns = ns;
	c->us_per_tsc = 1e6 / (double)RTE_MAX(tsc_hz, 1u);
	c->mult = mult_of(c->us_per_tsc);
	c->nb_calibrations = 0;
}

/* From here on the clock shows us at tsc and runs at a rate. */
static void
rebase(struct clock *c, uint64_t tsc, uint64_t us, double us_per_tsc)
{
	c->base_tsc = tsc;
	c->base_us = us;
	c->mult = mult_of(us_per_tsc);
}

/* What was measured counts no more, but for the rate. */
static void
begin_again(struct clock *c, uint64_t tsc, uint64_t ns, uint64_t us)
{
	c->nb_calibrations = 0;
	c->ref_tsc = tsc;
	c->ref_ns = ns;
	rebase(c, tsc, us, c->us_per_tsc);
}

uint64_t
clock_calibrate(struct clock *c, uint64_t tsc, uint64_t ns)
{
	uint64_t us = clock_us(c, tsc), interval_us;
	double rate, behind_us, bend;

	if (clock_is_lost(c, tsc)) {
		begin_again(c, tsc, ns, RTE_MAX(us, ns / 1000));
		return FIRST_INTERVAL_US;
	}
	/* Too short an interval measures noise; a counter that went back measures nothing. */
	if (tsc <= c->ref_tsc || ns < c->ref_ns + FIRST_INTERVAL_US * 1000 / 2)
		return FIRST_INTERVAL_US;
	behind_us = (double)(int64_t)(ns / 1000 - us);
	if (behind_us > STEP_US) {
		us = ns / 1000;
		behind_us = 0;
	}
	rate = (double)(ns - c->ref_ns) / 1000.0 / (double)(tsc - c->ref_tsc);
	if (c->nb_calibrations > 0 && fabs(rate / c->us_per_tsc - 1) > MAX_DRIFT) {
		/* One of the two stood still: the machine was suspended. Begin again. */
		begin_again(c, tsc, ns, us);
		return FIRST_INTERVAL_US;
	}
	interval_us = (uint64_t)FIRST_INTERVAL_US << RTE_MIN(c->nb_calibrations, 7u);
	interval_us = RTE_MIN(interval_us, (uint64_t)LAST_INTERVAL_US);
	c->us_per_tsc = rate;
	c->nb_calibrations++;
	/* The longer the distance the better the figure, until it is good enough to follow drift.
	 */
	if (ns - c->ref_ns > 4ull * LAST_INTERVAL_US * 1000) {
		c->ref_tsc = tsc;
		c->ref_ns = ns;
	}
	bend = behind_us / (double)interval_us;
	bend = RTE_MAX(-MAX_BEND, RTE_MIN(MAX_BEND, bend));
	rebase(c, tsc, us, rate * (1.0 + bend));
	return interval_us;
}

void
clock_read_pair(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;
	unsigned int i;

	/* Of a few tries the one that was interrupted least. */
	for (i = 0; i < 5; i++) {
		uint64_t before = rte_rdtsc_precise(), after;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = rte_rdtsc_precise();
		if (after - before < best) {
			best = after - before;
			*tsc = before + best / 2;
			*ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
		}
	}
}

uint64_t
clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}
