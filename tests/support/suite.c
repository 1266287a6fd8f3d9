/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one main of all CUnit suites.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "suite.h"

int
suite_run(const char *name, const struct suite_test *tests, size_t nb_tests, void (*setup)(void),
	void (*teardown)(void))
{
	const char *filter = getenv("TEST_FILTER");
	unsigned int failures;
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
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
