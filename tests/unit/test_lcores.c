/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which shards have to share their CPUs, by the sets that EAL gives their threads.
 */

#include <rte_common.h>

#include "lcores.h"
#include "suite.h"

/* One set: its CPUs, 0 to 15, as bits. */
static rte_cpuset_t
cpus(unsigned int bits)
{
	rte_cpuset_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < 16; i++)
		if ((bits >> i & 1) != 0)
			CPU_SET(i, &set);
	return set;
}

static void
a_cpu_each_is_no_crowd(void)
{
	rte_cpuset_t sets[] = {cpus(1), cpus(2), cpus(4)};
	uint16_t i;

	for (i = 0; i < RTE_DIM(sets); i++)
		CU_ASSERT_FALSE(lcores_is_crowded(sets, RTE_DIM(sets), i));
}

/* --lcores '(0-3)@0', and four on two CPUs. */
static void
several_on_too_few_are(void)
{
	rte_cpuset_t one[] = {cpus(1), cpus(1), cpus(1), cpus(1)};
	rte_cpuset_t two[] = {cpus(3), cpus(3), cpus(3), cpus(3)};
	uint16_t i;

	for (i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(lcores_is_crowded(one, 4, i));
		CU_ASSERT_TRUE(lcores_is_crowded(two, 4, i));
	}
	CU_ASSERT_FALSE(lcores_is_crowded(two, 2, 0));
	CU_ASSERT_TRUE(lcores_is_crowded(two, 3, 0));
	CU_ASSERT_FALSE(lcores_is_crowded(one, 1, 0));
}

static void
only_those_that_share_are_counted(void)
{
	rte_cpuset_t sets[] = {cpus(1), cpus(2), cpus(2), cpus(12)};

	CU_ASSERT_FALSE(lcores_is_crowded(sets, 4, 0));
	CU_ASSERT_TRUE(lcores_is_crowded(sets, 4, 1));
	CU_ASSERT_TRUE(lcores_is_crowded(sets, 4, 2));
	CU_ASSERT_FALSE(lcores_is_crowded(sets, 4, 3));
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_cpu_each_is_no_crowd),
	SUITE_TEST(several_on_too_few_are),
	SUITE_TEST(only_those_that_share_are_counted),
};

int
main(void)
{
	return suite_run("lcores", tests, RTE_DIM(tests), NULL, NULL);
}
