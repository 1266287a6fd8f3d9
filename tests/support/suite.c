/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one main of all CUnit suites. It speaks TAP, version 12, so that meson knows each test by
 * name: a plan, then "ok" or "not ok" for each. Failed assertions go to standard error.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>

#include "suite.h"

/* Of one test; an assertion in a loop may fail a million times. */
#define MAX_FAILURES_SHOWN 20

static void
test_complete(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	const CU_FailureRecord *f = failure;
	unsigned int i;

	printf("%s %u - %s: %s\n", failure == NULL ? "ok" : "not ok", CU_get_number_of_tests_run(),
		suite->pName, test->pName);
	fflush(stdout);
	for (i = 0; f != NULL && i < MAX_FAILURES_SHOWN; f = f->pNext, i++)
		fprintf(stderr, "%s: %s: %s:%u: %s\n", suite->pName, test->pName,
			f->strFileName != NULL ? f->strFileName : "?", f->uiLineNumber,
			f->strCondition != NULL ? f->strCondition : "?");
}

/* Returns the number of tests added, or -1. */
static int
add_suite(const struct suite *suite)
{
	const char *filter = getenv("TEST_FILTER");
	CU_pSuite s = CU_add_suite_with_setup_and_teardown(
		suite->name, NULL, NULL, suite->setup, suite->teardown);
	int nb = 0;
	size_t i;

	if (s == NULL)
		return -1;
	for (i = 0; i < suite->nb_tests; i++) {
		if (filter != NULL && strstr(suite->tests[i].name, filter) == NULL)
			continue;
		if (CU_add_test(s, suite->tests[i].name, suite->tests[i].fn) == NULL)
			return -1;
		nb++;
	}
	return nb;
}

int
suite_run_all(const struct suite *suites, size_t nb_suites)
{
	unsigned int failures;
	int nb_added = 0, nb;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	for (i = 0; i < nb_suites; i++) {
		nb = add_suite(&suites[i]);
		if (nb < 0)
			return EXIT_FAILURE;
		nb_added += nb;
	}
	printf("1..%d\n", nb_added);
	fflush(stdout);
	CU_set_test_complete_handler(test_complete);
	CU_run_all_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
suite_run(const char *name, const struct suite_test *tests, size_t nb_tests, void (*setup)(void),
	void (*teardown)(void))
{
	const struct suite suite = {name, tests, nb_tests, setup, teardown};

	return suite_run_all(&suite, 1);
}
