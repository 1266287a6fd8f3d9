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

	printf("%s %u - %s\n", failure == NULL ? "ok" : "not ok", CU_get_number_of_tests_run(),
		test->pName);
	fflush(stdout);
	for (i = 0; f != NULL && i < MAX_FAILURES_SHOWN; f = f->pNext, i++)
		fprintf(stderr, "%s: %s: %s:%u: %s\n", suite->pName, test->pName,
			f->strFileName != NULL ? f->strFileName : "?", f->uiLineNumber,
			f->strCondition != NULL ? f->strCondition : "?");
}

int
suite_run(const char *name, const struct suite_test *tests, size_t nb_tests, void (*setup)(void),
	void (*teardown)(void))
{
	const char *filter = getenv("TEST_FILTER");
	unsigned int failures, nb_added = 0;
	CU_pSuite suite;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	suite = CU_add_suite_with_setup_and_teardown(name, NULL, NULL, setup, teardown);
	if (suite == NULL)
		return EXIT_FAILURE;
	for (i = 0; i < nb_tests; i++) {
		if (filter != NULL && strstr(tests[i].name, filter) == NULL)
			continue;
		if (CU_add_test(suite, tests[i].name, tests[i].fn) == NULL)
			return EXIT_FAILURE;
		nb_added++;
	}
	printf("1..%u\n", nb_added);
	fflush(stdout);
	CU_set_test_complete_handler(test_complete);
	CU_run_all_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
