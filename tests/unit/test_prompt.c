/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prompt's thread: a file of commands, which may be a pipe to which nobody writes, and the end
 * that comes from elsewhere. The engine and EAL's thread are played by the test.
 */

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "fake_engine.h"
#include "prompt.h"
#include "sim.h"
#include "suite.h"

static char path[64];
static struct sim_host host;
static sem_t stopped;
static struct prompt *prompt;

void
isla_engine_stop(struct isla_engine *engine)
{
	RTE_SET_USED(engine);
	sem_post(&stopped);
}

static void
setup(void)
{
	const struct sim_host_conf conf = {.number = 2};

	sim_host_init(&host, &conf);
	fake_engine_begin(host.stack);
	sem_init(&stopped, 0, 0);
	snprintf(path, sizeof(path), "/tmp/isla-test-prompt.%d", (int)getpid());
	prompt = NULL;
	/* Whatever hangs does so in here. */
	alarm(60);
}

static void
teardown(void)
{
	prompt_free(prompt);
	unlink(path);
	sem_destroy(&stopped);
	CU_ASSERT_EQUAL(sim_host_fini(&host), 0);
	alarm(0);
}

static void
start(void)
{
	const struct prompt_conf conf = {.engine = fake_engine_handle(), .file = path};
	char err[320] = "";

	prompt = prompt_start(&conf, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(prompt);
}

/* True once the program was told to end. */
static bool
is_stopped(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	return sem_timedwait(&stopped, &until) == 0;
}

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void
a_file_is_run_to_its_last_line(void)
{
	write_file("# nothing\n\nquit");
	start();
	CU_ASSERT_TRUE(is_stopped());
}

/* Without quit the program goes on. */
static void
a_file_that_ends_ends_nothing(void)
{
	write_file("# nothing\n");
	start();
	prompt_free(prompt);
	prompt = NULL;
	CU_ASSERT_NOT_EQUAL(sem_trywait(&stopped), 0);
}

static void
a_file_may_be_a_pipe(void)
{
	int fd;

	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	start();
	fd = open(path, O_WRONLY);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "# not", 5), 5);
	CU_ASSERT_EQUAL(write(fd, "hing\nqu", 7), 7);
	CU_ASSERT_EQUAL(write(fd, "it\n", 3), 3);
	CU_ASSERT_TRUE(is_stopped());
	close(fd);
}

/* Neither where it is opened nor at the end. */
static void
nobody_waits_for_a_pipe_without_a_writer(void)
{
	int fd;

	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	start();
	prompt_free(prompt);
	/* Nor for one whose writer says nothing. */
	start();
	fd = open(path, O_WRONLY);
	CU_ASSERT_EQUAL(write(fd, "quit", 4), 4);
	prompt_free(prompt);
	prompt = NULL;
	CU_ASSERT_NOT_EQUAL(sem_trywait(&stopped), 0);
	close(fd);
}

static void
a_file_that_is_not_there_is_told(void)
{
	const struct prompt_conf conf = {.engine = fake_engine_handle(), .file = "/nonexistent/x"};
	char err[320] = "";

	CU_ASSERT_PTR_NULL(prompt_start(&conf, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "--cmdline-file /nonexistent/x: No such file or directory");
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_file_is_run_to_its_last_line),
	SUITE_TEST(a_file_that_ends_ends_nothing),
	SUITE_TEST(a_file_may_be_a_pipe),
	SUITE_TEST(nobody_waits_for_a_pipe_without_a_writer),
	SUITE_TEST(a_file_that_is_not_there_is_told),
};

int
main(void)
{
	return suite_run("prompt", tests, RTE_DIM(tests), setup, teardown);
}
