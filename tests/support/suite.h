/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SUITE_H
#define SUITE_H

/*
 * One executable a module: a table of named tests, run by CUnit.
 *
 *     int main(void) { return suite_run("timer", tests, RTE_DIM(tests), NULL, NULL); }
 */

#include <stddef.h>

#include <CUnit/CUnit.h>

struct suite_test {
	const char *name;
	void (*fn)(void);
};

#define SUITE_TEST(fn) \
	{ \
#fn, fn \
	}

/*
 * Runs the tests in order, setup before and teardown after each (both may be NULL). Returns the
 * exit code: 0 where all assertions held. With TEST_FILTER=SUBSTRING in the environment only the
 * tests whose name has it.
 */
int suite_run(const char *name, const struct suite_test *tests, size_t nb_tests,
	void (*setup)(void), void (*teardown)(void));

/* The same tests, or others, one suite after the other. */
struct suite {
	const char *name;
	const struct suite_test *tests;
	size_t nb_tests;
	void (*setup)(void);
	void (*teardown)(void);
};

int suite_run_all(const struct suite *suites, size_t nb_suites);

#endif /* SUITE_H */
