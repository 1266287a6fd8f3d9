/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where EAL's run-time files go, for a user who cannot write where EAL would: a directory of his
 * own, and never one that somebody else has laid out for him.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>

#include "eal_user.h"
#include "suite.h"

static char tmp[] = "/tmp/isla-test-XXXXXX";
static char own[256], said[512];

static void
setup(void)
{
	strcpy(tmp + strlen(tmp) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(tmp));
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
}

static void
teardown(void)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s", tmp);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* The directory that the tests expect; the number is not 0 within a user namespace. */
static const char *
own_dir(void)
{
	unsigned long inner, outer = geteuid();
	FILE *map = fopen("/proc/self/uid_map", "re");

	if (map != NULL) {
		if (fscanf(map, "%lu %lu", &inner, &outer) == 2)
			outer += geteuid() - inner;
		fclose(map);
	}
	snprintf(own, sizeof(own), "%s/isla-%lu", tmp, outer);
	return own;
}

static void
what_eal_takes_is_left_alone(void)
{
	eal_user_runtime_dir_of(tmp, "/nonexistent", true, said, sizeof(said));
	CU_ASSERT_STRING_EQUAL(said, "");
	CU_ASSERT_PTR_NULL(getenv("RUNTIME_DIRECTORY"));
	eal_user_runtime_dir_of("/nonexistent", tmp, false, said, sizeof(said));
	CU_ASSERT_STRING_EQUAL(said, "");
	CU_ASSERT_PTR_NULL(getenv("RUNTIME_DIRECTORY"));
}

static void
what_the_user_has_said_is_left_alone(void)
{
	setenv("RUNTIME_DIRECTORY", "/somewhere", 1);
	eal_user_runtime_dir_of("/nonexistent", tmp, true, said, sizeof(said));
	CU_ASSERT_STRING_EQUAL(said, "");
	CU_ASSERT_STRING_EQUAL(getenv("RUNTIME_DIRECTORY"), "/somewhere");
}

static void
a_directory_of_his_own_is_made(void)
{
	struct stat st;

	eal_user_runtime_dir_of("/nonexistent", tmp, true, said, sizeof(said));
	CU_ASSERT_PTR_NOT_NULL_FATAL(getenv("RUNTIME_DIRECTORY"));
	CU_ASSERT_STRING_EQUAL(getenv("RUNTIME_DIRECTORY"), own_dir());
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "/nonexistent/dpdk cannot be written"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, own));
	CU_ASSERT_EQUAL(stat(own, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
	/* And taken again. */
	unsetenv("RUNTIME_DIRECTORY");
	eal_user_runtime_dir_of("/nonexistent", tmp, true, said, sizeof(said));
	CU_ASSERT_PTR_NOT_NULL(getenv("RUNTIME_DIRECTORY"));
}

static void
a_login_sessions_directory_is_taken_first(void)
{
	setenv("XDG_RUNTIME_DIR", tmp, 1);
	eal_user_runtime_dir_of("/nonexistent", "/nonexistent", true, said, sizeof(said));
	CU_ASSERT_PTR_NOT_NULL_FATAL(getenv("RUNTIME_DIRECTORY"));
	CU_ASSERT_STRING_EQUAL(getenv("RUNTIME_DIRECTORY"), tmp);
}

/* /tmp is everybody's: who knows the name may have been there before. */
static void
what_others_have_laid_out_is_not_taken(void)
{
	char elsewhere[280];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", tmp);
	CU_ASSERT_EQUAL(mkdir(elsewhere, 0700), 0);
	CU_ASSERT_EQUAL(symlink(elsewhere, own_dir()), 0);
	eal_user_runtime_dir_of("/nonexistent", tmp, true, said, sizeof(said));
	CU_ASSERT_PTR_NULL(getenv("RUNTIME_DIRECTORY"));
	CU_ASSERT_STRING_EQUAL(said, "");
	unlink(own);
	CU_ASSERT_EQUAL(mkdir(own, 0700), 0);
	CU_ASSERT_EQUAL(chmod(own, 0777), 0);
	eal_user_runtime_dir_of("/nonexistent", tmp, true, said, sizeof(said));
	CU_ASSERT_PTR_NULL(getenv("RUNTIME_DIRECTORY"));
	CU_ASSERT_EQUAL(rmdir(own), 0);
	CU_ASSERT_EQUAL(fclose(fopen(own, "w")), 0);
	eal_user_runtime_dir_of("/nonexistent", tmp, true, said, sizeof(said));
	CU_ASSERT_PTR_NULL(getenv("RUNTIME_DIRECTORY"));
}

static void
devices_without_needs_are_not_looked_at(void)
{
	char err[256] = "";

	CU_ASSERT_EQUAL(eal_user_check_vdev("net_null0", err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(eal_user_check_vdev("net_ring0,x=1", err, sizeof(err)), 0);
	CU_ASSERT_STRING_EQUAL(err, "");
}

static const struct suite_test tests[] = {
	SUITE_TEST(what_eal_takes_is_left_alone),
	SUITE_TEST(what_the_user_has_said_is_left_alone),
	SUITE_TEST(a_directory_of_his_own_is_made),
	SUITE_TEST(a_login_sessions_directory_is_taken_first),
	SUITE_TEST(what_others_have_laid_out_is_not_taken),
	SUITE_TEST(devices_without_needs_are_not_looked_at),
};

int
main(void)
{
	return suite_run("eal_user", tests, RTE_DIM(tests), setup, teardown);
}
