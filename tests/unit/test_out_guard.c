/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes that nobody reads: who writes waits, until the program is told to end.
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>

#include "out_guard.h"
#include "suite.h"

#define NB_LINES 100000u

static int ends[2];
static FILE *out;
static int has_ended; /* atomic */

/* As a thread that prints: the stream's lock is held meanwhile. */
static void *
write_much(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < NB_LINES; i++)
		fprintf(out, "line %u of what nobody reads\n", i);
	fflush(out);
	__atomic_store_n(&has_ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void
sleep_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static void
setup(void)
{
	has_ended = 0;
	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	out = fdopen(ends[1], "w");
	CU_ASSERT_EQUAL_FATAL(out_guard_start(&ends[1], 1), 0);
	/* Whatever hangs does so in here. */
	alarm(60);
}

static void
teardown(void)
{
	out_guard_stop();
	out_guard_stop();
	out_guard_end_is_near();
	fclose(out);
	close(ends[0]);
	alarm(0);
}

static void
nobody_reads_and_it_ends_all_the_same(void)
{
	pthread_t a, b;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&a, NULL, write_much, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&b, NULL, write_much, NULL), 0);
	/* Until then it waits, however long that takes. */
	sleep_ms(OUT_GUARD_MS + 500);
	CU_ASSERT_EQUAL(__atomic_load_n(&has_ended, __ATOMIC_ACQUIRE), 0);
	out_guard_end_is_near();
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	/* And whatever comes after it. */
	write_much(NULL);
}

/* Where somebody reads nothing is lost. */
static void
a_slow_reader_gets_it_all(void)
{
	unsigned int nb_reads = 0, nb_lines = 0;
	char bytes[4096];
	pthread_t a;
	ssize_t n, i;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&a, NULL, write_much, NULL), 0);
	out_guard_end_is_near();
	while (nb_lines < NB_LINES) {
		if (nb_reads++ % 256 == 0)
			sleep_ms(OUT_GUARD_MS / 4);
		n = read(ends[0], bytes, sizeof(bytes));
		CU_ASSERT_TRUE_FATAL(n > 0);
		for (i = 0; i < n; i++)
			nb_lines += bytes[i] == '\n';
	}
	pthread_join(a, NULL);
}

static const struct suite_test tests[] = {
	SUITE_TEST(nobody_reads_and_it_ends_all_the_same),
	SUITE_TEST(a_slow_reader_gets_it_all),
};

int
main(void)
{
	return suite_run("out_guard", tests, RTE_DIM(tests), setup, teardown);
}
