/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sleeping on file descriptors: what ends a sleep, and that a doorbell is never lost.
 */

#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_common.h>

#include "idle.h"
#include "suite.h"

static struct idle idle;
static int fds[2];

static void
setup(void)
{
	CU_ASSERT_EQUAL_FATAL(idle_init(&idle), 0);
	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	CU_ASSERT_EQUAL(idle_add_fd(&idle, fds[0]), 0);
}

static void
teardown(void)
{
	idle_fini(&idle);
	close(fds[0]);
	close(fds[1]);
}

static void
time_alone_is_no_wake_up(void)
{
	CU_ASSERT_FALSE(idle_wait(&idle, 0, true));
	CU_ASSERT_FALSE(idle_wait(&idle, 1, true));
	CU_ASSERT_FALSE(idle_wait(&idle, 1001, true));
	/* A kernel without epoll_pwait2() has milliseconds. */
	idle.no_pwait2 = true;
	CU_ASSERT_FALSE(idle_wait(&idle, 1, true));
}

static void
what_is_readable_ends_a_sleep(void)
{
	char c;

	CU_ASSERT_EQUAL(write(fds[1], "x", 1), 1);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
	/* As long as it is. */
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
	CU_ASSERT_EQUAL(read(fds[0], &c, 1), 1);
	CU_ASSERT_FALSE(idle_wait(&idle, 0, true));
}

static void
a_doorbell_ends_one_sleep_even_if_it_rang_before(void)
{
	idle_ring(&idle);
	idle_ring(&idle);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
	CU_ASSERT_FALSE(idle_wait(&idle, 0, true));
	idle_ring(&idle);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
}

static void
what_is_dead_is_not_waited_for_again(void)
{
	close(fds[1]);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
	CU_ASSERT_FALSE(idle_wait(&idle, 0, true));
	/* The doorbell is. */
	idle_ring(&idle);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
}

static void
an_error_that_passes_is_forgotten(void)
{
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CU_ASSERT_EQUAL(idle_add_fd(&idle, pair[0]), 0);
	/* The other end goes without having read: ECONNRESET, once; and there is nobody, always. */
	CU_ASSERT_EQUAL(write(pair[0], "x", 1), 1);
	close(pair[1]);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, true));
	CU_ASSERT_TRUE(idle_wait(&idle, 0, true));
	CU_ASSERT_FALSE(idle_wait(&idle, 0, true));
	close(pair[0]);
}

static void
a_plain_sleep_hears_the_doorbell_alone(void)
{
	CU_ASSERT_EQUAL(write(fds[1], "x", 1), 1);
	CU_ASSERT_FALSE(idle_wait(&idle, 1, false));
	idle_ring(&idle);
	idle_ring(&idle);
	CU_ASSERT_TRUE(idle_wait(&idle, UINT64_MAX, false));
	CU_ASSERT_FALSE(idle_wait(&idle, 0, false));
	idle_fini(&idle);
	/* A ring that comes too late does no harm. */
	idle_ring(&idle);
}

static const struct suite_test tests[] = {
	SUITE_TEST(time_alone_is_no_wake_up),
	SUITE_TEST(what_is_readable_ends_a_sleep),
	SUITE_TEST(a_doorbell_ends_one_sleep_even_if_it_rang_before),
	SUITE_TEST(what_is_dead_is_not_waited_for_again),
	SUITE_TEST(an_error_that_passes_is_forgotten),
	SUITE_TEST(a_plain_sleep_hears_the_doorbell_alone),
};

int
main(void)
{
	return suite_run("idle", tests, RTE_DIM(tests), setup, teardown);
}
