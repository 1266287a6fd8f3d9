/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timer wheel: never early, at most a tick late, whatever the distance.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "suite.h"
#include "timer.h"

#define TICK_US (1u << TIMER_TICK_SHIFT)

struct probe {
	struct timer t;
	uint64_t due_us;
	uint64_t fired_us;
	unsigned int nb_fired;
};

static struct timer_wheel wheel;
static uint64_t now_us;

static void
probe_fired(void *ctx, struct timer *t)
{
	struct probe *p = (struct probe *)t;

	CU_ASSERT_PTR_EQUAL(ctx, &wheel);
	CU_ASSERT_FALSE(timer_is_armed(t));
	p->fired_us = now_us;
	p->nb_fired++;
}

static void
setup(void)
{
	now_us = 0;
	timer_wheel_init(&wheel, 0);
	timer_wheel_set_class(&wheel, TIMER_TEST, probe_fired, &wheel);
}

static void
arm(struct probe *p, uint64_t due_us)
{
	memset(p, 0, sizeof(*p));
	timer_init(&p->t, TIMER_TEST);
	p->due_us = due_us;
	timer_set(&wheel, &p->t, due_us);
}

/* Go to where the wheel says that something may be due, until `end_us`. */
static void
run_to(uint64_t end_us)
{
	while (now_us < end_us) {
		uint64_t next = timer_wheel_next_us(&wheel);

		now_us = RTE_MIN(RTE_MAX(next, now_us + 1), end_us);
		timer_wheel_run(&wheel, now_us);
	}
}

static void
check_on_time(const struct probe *p)
{
	CU_ASSERT_EQUAL(p->nb_fired, 1);
	CU_ASSERT_TRUE(p->fired_us >= p->due_us);
	CU_ASSERT_TRUE(p->fired_us < p->due_us + TICK_US);
}

static void
fires_on_time_at_every_distance(void)
{
	/* Up to 40 days, which is beyond what the wheel reaches at once. */
	static const uint64_t distances[] = {1, 63, 64, 65, 16383, 16384, 16385, 200000, 4194303,
		4194304, 60000000, 1073741824, 7200000000ull, 274877906943ull, 274877906944ull,
		3456000000000ull};
	static const uint64_t starts[] = {0, 1, 16383, 4194304 - 64, 1ull << 38, (1ull << 38) - 1};
	struct probe p;
	size_t i, j;

	for (i = 0; i < RTE_DIM(starts); i++) {
		for (j = 0; j < RTE_DIM(distances); j++) {
			now_us = starts[i];
			timer_wheel_init(&wheel, now_us);
			timer_wheel_set_class(&wheel, TIMER_TEST, probe_fired, &wheel);
			arm(&p, starts[i] + distances[j]);
			run_to(starts[i] + distances[j] + TICK_US);
			check_on_time(&p);
			CU_ASSERT_EQUAL(wheel.nb_armed, 0);
		}
	}
}

static void
random_timers_keep_order(void)
{
	enum { NB = 2000 };
	struct probe *p = calloc(NB, sizeof(*p));
	unsigned int i;

	srand(1);
	for (i = 0; i < NB; i++) {
		uint64_t d = (uint64_t)rand() << (rand() % 12);

		arm(&p[i], d);
	}
	for (i = 0; i < NB; i += 3)
		timer_stop(&wheel, &p[i].t);
	for (i = 1; i < NB; i += 3) {
		p[i].due_us = p[i].due_us / 2 + 7;
		timer_set(&wheel, &p[i].t, p[i].due_us);
	}
	run_to(1ull << 43);
	for (i = 0; i < NB; i++) {
		if (i % 3 == 0)
			CU_ASSERT_EQUAL(p[i].nb_fired, 0)
		else
			check_on_time(&p[i]);
	}
	CU_ASSERT_EQUAL(wheel.nb_armed, 0);
	CU_ASSERT_EQUAL(timer_wheel_next_us(&wheel), UINT64_MAX);
	free(p);
}

static void
one_long_step_fires_all(void)
{
	struct probe p[4];

	arm(&p[0], 100);
	arm(&p[1], 100000);
	arm(&p[2], 100000000);
	arm(&p[3], 100000000000ull);
	now_us = 50000000000ull;
	timer_wheel_run(&wheel, now_us);
	CU_ASSERT_EQUAL(p[0].nb_fired + p[1].nb_fired + p[2].nb_fired, 3);
	CU_ASSERT_EQUAL(p[3].nb_fired, 0);
	run_to(100000000000ull + TICK_US);
	check_on_time(&p[3]);
}

static void
a_time_that_has_passed_fires_at_the_next_tick(void)
{
	struct probe p;

	now_us = 1000000;
	timer_wheel_run(&wheel, now_us);
	arm(&p, 5);
	CU_ASSERT_TRUE(timer_wheel_next_us(&wheel) <= now_us + TICK_US);
	run_to(now_us + TICK_US);
	CU_ASSERT_EQUAL(p.nb_fired, 1);
}

static struct probe pair[2];

static void
stop_the_other(void *ctx, struct timer *t)
{
	struct probe *p = (struct probe *)t;

	RTE_SET_USED(ctx);
	p->nb_fired++;
	timer_stop(&wheel, &pair[p == &pair[0]].t);
	if (p->nb_fired < 3)
		timer_set(&wheel, t, now_us);
}

static void
a_function_may_stop_and_set_timers(void)
{
	timer_wheel_set_class(&wheel, TIMER_TEST, stop_the_other, NULL);
	arm(&pair[0], 640);
	arm(&pair[1], 640);
	run_to(640);
	CU_ASSERT_EQUAL(pair[0].nb_fired + pair[1].nb_fired, 1);
	run_to(10000);
	/* The one that ran first stopped the other and set itself twice more. */
	CU_ASSERT_EQUAL(pair[0].nb_fired + pair[1].nb_fired, 3);
	CU_ASSERT_EQUAL(wheel.nb_armed, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(fires_on_time_at_every_distance),
	SUITE_TEST(random_timers_keep_order),
	SUITE_TEST(one_long_step_fires_all),
	SUITE_TEST(a_time_that_has_passed_fires_at_the_next_tick),
	SUITE_TEST(a_function_may_stop_and_set_timers),
};

int
main(void)
{
	return suite_run("timer", tests, RTE_DIM(tests), setup, NULL);
}
