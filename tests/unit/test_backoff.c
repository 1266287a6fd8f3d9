/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The backoff's three steps and its account of them, in virtual time.
 */

#include <rte_common.h>

#include "backoff.h"
#include "suite.h"

static const struct isla_engine_backoff conf = {
	.spin_rounds = 3,
	.yield_rounds = 2,
	.sleep_us = 50,
};

static struct backoff b;
static uint64_t now_us;

static void
begin(const struct isla_engine_backoff *c, bool never_sleep)
{
	backoff_init(&b, now_us);
	backoff_set(&b, c, never_sleep);
}

static void
setup(void)
{
	now_us = 1000;
	begin(&conf, false);
}

/* A round of one microsecond. */
static enum backoff_step
round_of(bool worked)
{
	return backoff_next(&b, worked, now_us++);
}

static void
spins_then_yields_then_sleeps(void)
{
	static const enum backoff_step expected[] = {BACKOFF_SPIN, BACKOFF_SPIN, BACKOFF_SPIN,
		BACKOFF_YIELD, BACKOFF_YIELD, BACKOFF_SLEEP, BACKOFF_SLEEP, BACKOFF_SLEEP};
	unsigned int i;

	for (i = 0; i < RTE_DIM(expected); i++)
		CU_ASSERT_EQUAL(round_of(false), expected[i]);
}

static void
work_begins_it_all_again(void)
{
	unsigned int i;

	for (i = 0; i < 6; i++)
		round_of(false);
	CU_ASSERT_EQUAL(round_of(true), BACKOFF_BUSY);
	CU_ASSERT_EQUAL(round_of(true), BACKOFF_BUSY);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
	CU_ASSERT_EQUAL(round_of(true), BACKOFF_BUSY);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_YIELD);
}

static void
steps_of_no_rounds_are_left_out(void)
{
	struct isla_engine_backoff c = conf;

	c.spin_rounds = 0;
	begin(&c, false);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_YIELD);
	c.yield_rounds = 0;
	begin(&c, false);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SLEEP);
	c.spin_rounds = c.yield_rounds = UINT32_MAX;
	begin(&c, false);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
	/* Their sum must not wrap to few rounds. */
	b.nb_empty = UINT32_MAX - 2;
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
}

static void
polling_never_sleeps(void)
{
	unsigned int i;

	begin(&conf, true);
	for (i = 0; i < 100000; i++)
		CU_ASSERT_EQUAL_FATAL(round_of(false), BACKOFF_SPIN);
	b.nb_empty = UINT32_MAX;
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
}

/* Several lcores on one CPU: another one must get it. */
static void
polling_without_a_spin_yields_for_ever(void)
{
	struct isla_engine_backoff c = conf;
	unsigned int i;

	c.spin_rounds = 0;
	begin(&c, true);
	for (i = 0; i < 100000; i++)
		CU_ASSERT_EQUAL_FATAL(round_of(false), BACKOFF_YIELD);
	b.nb_empty = UINT32_MAX;
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_YIELD);
}

static void
steps_change_on_the_way(void)
{
	struct isla_engine_backoff c = conf;
	unsigned int i;

	for (i = 0; i < 600; i++)
		round_of(false);
	CU_ASSERT_EQUAL(backoff_sleep_us(&b), 200);
	c.spin_rounds = 1;
	c.yield_rounds = 1;
	c.sleep_us = 70;
	backoff_set(&b, &c, false);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SPIN);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_YIELD);
	CU_ASSERT_EQUAL(round_of(false), BACKOFF_SLEEP);
	CU_ASSERT_EQUAL(backoff_sleep_us(&b), 70);
	/* The account goes on. */
	CU_ASSERT_EQUAL(b.account[BACKOFF_SLEEP].nb_rounds, 596);
	CU_ASSERT_EQUAL(b.account[BACKOFF_SPIN].nb_rounds, 4);
}

static void
time_goes_to_the_step_that_was_told(void)
{
	unsigned int i;

	round_of(true);               /* 1000 */
	now_us += 9;
	for (i = 0; i < 5; i++)       /* spin 3, yield 2 */
		round_of(false);
	round_of(false);              /* sleep */
	now_us += 49;
	round_of(true);
	CU_ASSERT_EQUAL(b.account[BACKOFF_BUSY].time_us, 10);
	CU_ASSERT_EQUAL(b.account[BACKOFF_SPIN].time_us, 3);
	CU_ASSERT_EQUAL(b.account[BACKOFF_YIELD].time_us, 2);
	CU_ASSERT_EQUAL(b.account[BACKOFF_SLEEP].time_us, 50);
	CU_ASSERT_EQUAL(b.account[BACKOFF_BUSY].nb_rounds, 2);
	CU_ASSERT_EQUAL(b.account[BACKOFF_SPIN].nb_rounds, 3);
	CU_ASSERT_EQUAL(b.account[BACKOFF_YIELD].nb_rounds, 2);
	CU_ASSERT_EQUAL(b.account[BACKOFF_SLEEP].nb_rounds, 1);
}

static void
sleeps_grow_in_silence(void)
{
	uint64_t total_us = 0, last_us = 0;
	unsigned int i;

	for (i = 0; i < 5; i++)
		round_of(false);
	for (i = 0; i < 100000; i++) {
		CU_ASSERT_EQUAL_FATAL(round_of(false), BACKOFF_SLEEP);
		CU_ASSERT_TRUE(backoff_sleep_us(&b) >= last_us);
		last_us = backoff_sleep_us(&b);
		if (i < 255)
			CU_ASSERT_EQUAL_FATAL(last_us, 50);
		if (last_us == 1600)
			break;
		total_us += last_us;
	}
	CU_ASSERT_EQUAL(last_us, 1600);
	CU_ASSERT_TRUE(total_us < 1000000);
	for (i = 0; i < 100000; i++)
		round_of(false);
	CU_ASSERT_EQUAL(backoff_sleep_us(&b), 1600);
	round_of(true);
	CU_ASSERT_EQUAL(backoff_sleep_us(&b), 50);
}

static const struct suite_test tests[] = {
	SUITE_TEST(spins_then_yields_then_sleeps),
	SUITE_TEST(work_begins_it_all_again),
	SUITE_TEST(steps_of_no_rounds_are_left_out),
	SUITE_TEST(polling_never_sleeps),
	SUITE_TEST(polling_without_a_spin_yields_for_ever),
	SUITE_TEST(steps_change_on_the_way),
	SUITE_TEST(time_goes_to_the_step_that_was_told),
	SUITE_TEST(sleeps_grow_in_silence),
};

int
main(void)
{
	return suite_run("backoff", tests, RTE_DIM(tests), setup, NULL);
}
