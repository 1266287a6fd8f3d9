/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop's clock against a made-up counter and kernel: right within microseconds, never
 * backwards.
 */

#include <math.h>
#include <string.h>

#include <rte_common.h>

#include "clock.h"
#include "suite.h"

/* A machine whose counter runs at hz while the kernel's clock runs true. */
struct machine {
	double hz;
	double ns;
	double tsc;
};

static struct clock c;

static void
run_ns(struct machine *m, double ns)
{
	m->ns += ns;
	m->tsc += ns * m->hz / 1e9;
}

static uint64_t
read_us(const struct machine *m)
{
	return clock_us(&c, (uint64_t)m->tsc);
}

static double
error_us(const struct machine *m)
{
	return (double)read_us(m) - m->ns / 1000;
}

static void
begin(struct machine *m, double hz, double guess_hz)
{
	m->hz = hz;
	m->ns = 5e12;
	m->tsc = 7e15;
	clock_init(&c, (uint64_t)m->tsc, (uint64_t)m->ns, (uint64_t)guess_hz);
}

/* Run for some seconds as the loop does; the clock must never go back. */
static void
run_calibrated(struct machine *m, double seconds)
{
	uint64_t next_us = read_us(m), last_us = next_us;
	double end = m->ns + seconds * 1e9;

	while (m->ns < end) {
		uint64_t us = read_us(m);

		if (us < last_us)
			CU_FAIL_FATAL("the clock went back");
		if (us >= next_us)
			next_us = us + clock_calibrate(&c, (uint64_t)m->tsc, (uint64_t)m->ns);
		if (read_us(m) < us)
			CU_FAIL_FATAL("the clock went back at a calibration");
		last_us = us;
		run_ns(m, 700e3);
	}
}

static void
begins_at_the_kernels_time(void)
{
	struct machine m;

	begin(&m, 2.5e9, 2.5e9);
	CU_ASSERT_EQUAL(read_us(&m), 5000000000ull);
	run_ns(&m, 1e9);
	CU_ASSERT_TRUE(fabs(error_us(&m)) <= 1);
	run_ns(&m, 3600e9);
	CU_ASSERT_TRUE(fabs(error_us(&m)) <= 10);
}

static void
a_wrong_frequency_is_found_out(void)
{
	static const double wrong[] = {0.998, 1.002, 0.9, 1.1, 0.5, 2.0};
	struct machine m;
	size_t i;

	for (i = 0; i < RTE_DIM(wrong); i++) {
		begin(&m, 2.5e9, 2.5e9 * wrong[i]);
		run_calibrated(&m, 60);
		CU_ASSERT_TRUE(fabs(error_us(&m)) <= 3);
		run_ns(&m, 1e9);
		CU_ASSERT_TRUE(fabs(error_us(&m)) <= 10);
	}
}

static void
drift_is_followed(void)
{
	struct machine m;
	unsigned int i;

	begin(&m, 3e9, 3e9);
	run_calibrated(&m, 30);
	for (i = 0; i < 50; i++) {
		m.hz *= i % 2 == 0 ? 1.00005 : 0.9999;
		run_calibrated(&m, 20);
		CU_ASSERT_TRUE(fabs(error_us(&m)) <= 100);
	}
}

static void
a_counter_that_stood_still_is_made_up_for(void)
{
	struct machine m;

	begin(&m, 3e9, 3e9);
	run_calibrated(&m, 30);
	m.ns += 3600e9; /* an hour's suspension */
	run_calibrated(&m, 60);
	CU_ASSERT_TRUE(fabs(error_us(&m)) <= 5);
}

/* As the counters of two CPUs may differ. */
static void
a_counter_that_goes_back_a_little_stops_the_clock(void)
{
	struct machine m;
	struct clock before;
	uint64_t us;

	begin(&m, 3e9, 3e9);
	run_calibrated(&m, 10);
	clock_calibrate(&c, (uint64_t)m.tsc, (uint64_t)m.ns);
	before = c;
	us = read_us(&m);
	m.tsc -= 60000;
	CU_ASSERT_EQUAL(read_us(&m), us);
	CU_ASSERT_FALSE(clock_is_lost(&c, (uint64_t)m.tsc));
	m.tsc += 60000;
	CU_ASSERT_TRUE(read_us(&m) >= us);
	CU_ASSERT_EQUAL(memcmp(&c, &before, sizeof(c)), 0);
}

/* It begins at 0 again, say, and the machine has been up for a week. */
static void
a_counter_that_goes_back_far_begins_again(void)
{
	struct machine m;
	uint64_t us;

	begin(&m, 3e9, 3e9);
	run_calibrated(&m, 30);
	us = read_us(&m);
	m.ns += 5e9;
	m.tsc = 1000;
	CU_ASSERT_EQUAL(read_us(&m), c.base_us);
	CU_ASSERT_TRUE(clock_is_lost(&c, (uint64_t)m.tsc));
	CU_ASSERT_EQUAL(clock_calibrate(&c, (uint64_t)m.tsc, (uint64_t)m.ns), 10000);
	CU_ASSERT_FALSE(clock_is_lost(&c, (uint64_t)m.tsc));
	CU_ASSERT_TRUE(read_us(&m) >= us);
	CU_ASSERT_TRUE(fabs(error_us(&m)) <= 5);
	run_calibrated(&m, 60);
	CU_ASSERT_TRUE(fabs(error_us(&m)) <= 5);
}

/* And where the clock was ahead of the kernel's it stays there, for a while. */
static void
a_clock_that_begins_again_does_not_go_back(void)
{
	struct machine m;
	uint64_t us;

	begin(&m, 3e9, 2.9e9);
	run_ns(&m, 1e9);
	us = read_us(&m);
	clock_calibrate(&c, (uint64_t)m.tsc, (uint64_t)m.ns);
	CU_ASSERT_TRUE(us > m.ns / 1000 + 10000);
	m.tsc = 0;
	clock_calibrate(&c, (uint64_t)m.tsc, (uint64_t)m.ns);
	CU_ASSERT_TRUE(read_us(&m) >= us);
	run_calibrated(&m, 120);
	CU_ASSERT_TRUE(fabs(error_us(&m)) <= 50000);
}

static void
intervals_grow_to_a_second(void)
{
	struct machine m;
	uint64_t us = 0, last;
	unsigned int i;

	begin(&m, 3e9, 3e9);
	/* At once there is nothing to measure. */
	CU_ASSERT_EQUAL(clock_calibrate(&c, (uint64_t)m.tsc, (uint64_t)m.ns), 10000);
	CU_ASSERT_EQUAL(c.nb_calibrations, 0);
	for (i = 0; i < 12; i++) {
		last = us;
		run_ns(&m, 1e7);
		us = clock_calibrate(&c, (uint64_t)m.tsc, (uint64_t)m.ns);
		CU_ASSERT_TRUE(us >= last);
	}
	CU_ASSERT_EQUAL(us, 1000000);
}

static void
the_machines_clocks_agree(void)
{
	uint64_t tsc, ns, wall;

	clock_read_pair(&tsc, &ns);
	CU_ASSERT_TRUE(tsc > 0);
	CU_ASSERT_TRUE(ns > 0);
	wall = clock_wall_us();
	CU_ASSERT_TRUE(wall > 1600000000000000ull);
}

static const struct suite_test tests[] = {
	SUITE_TEST(begins_at_the_kernels_time),
	SUITE_TEST(a_wrong_frequency_is_found_out),
	SUITE_TEST(drift_is_followed),
	SUITE_TEST(a_counter_that_stood_still_is_made_up_for),
	SUITE_TEST(a_counter_that_goes_back_a_little_stops_the_clock),
	SUITE_TEST(a_counter_that_goes_back_far_begins_again),
	SUITE_TEST(a_clock_that_begins_again_does_not_go_back),
	SUITE_TEST(intervals_grow_to_a_second),
	SUITE_TEST(the_machines_clocks_agree),
};

int
main(void)
{
	return suite_run("clock", tests, RTE_DIM(tests), NULL, NULL);
}
