/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is printed and read by nobody; see out_guard.h. The guard is a thread: the others may all
 * wait in a write, or for somebody who does.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "out_guard.h"

#define FDS_MAX 2
#define LOOK_MS 50
#define WAKE_BY SIGUSR2

/* There is one standard output, and a signal's handler has no other way to it. */
static struct {
	int fd[FDS_MAX];
	unsigned int nb;
	sem_t end_is_near;
	pthread_t thread;
	int is_on; /* atomic */
	int stop;  /* atomic */
} guard;

static void
nothing(int sig)
{
	(void)sig;
}

/* End every wait in a system call; whoever is interrupted otherwise just goes on. */
static void
wake_all(void)
{
	struct sigaction act = {.sa_handler = nothing}; /* without SA_RESTART */
	pid_t self = (pid_t)syscall(SYS_gettid), tid;
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *d;

	sigaction(WAKE_BY, &act, NULL);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		tid = (pid_t)strtol(d->d_name, NULL, 10);
		if (tid > 0 && tid != self)
			syscall(SYS_tgkill, getpid(), tid, WAKE_BY);
	}
	if (dir != NULL)
		closedir(dir);
}

/* What is in a write to it has the old file, so it is woken after this. */
static void
give_up(int fd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, fd);
	close(null);
}

static bool
takes_something(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) != 0;
}

/* Where somebody reads that. */
static void
tell(int fd)
{
	if (fd == STDOUT_FILENO && takes_something(STDERR_FILENO))
		dprintf(STDERR_FILENO, "isla: nobody reads standard output: the rest is left out\n");
}

static void *
watch(void *arg)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000};
	unsigned int ms[FDS_MAX] = {0}, i;

	(void)arg;
	while (sem_wait(&guard.end_is_near) != 0)
		;
	while (__atomic_load_n(&guard.stop, __ATOMIC_RELAXED) == 0) {
		for (i = 0; i < guard.nb; i++) {
			ms[i] = takes_something(guard.fd[i]) ? 0 : ms[i] + LOOK_MS;
			if (ms[i] < OUT_GUARD_MS)
				continue;
			give_up(guard.fd[i]);
			wake_all();
			tell(guard.fd[i]);
		}
		nanosleep(&look, NULL);
	}
	return NULL;
}

int
out_guard_start(const int *fds, unsigned int nb)
{
	sigset_t all, before;
	int rc;

	if (nb > FDS_MAX)
		return -EINVAL;
	memset(&guard, 0, sizeof(guard));
	memcpy(guard.fd, fds, nb * sizeof(*fds));
	guard.nb = nb;
	if (sem_init(&guard.end_is_near, 0, 0) != 0)
		return -errno;
	/* Signals are for the others. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&guard.thread, NULL, watch, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		sem_destroy(&guard.end_is_near);
	__atomic_store_n(&guard.is_on, rc == 0, __ATOMIC_RELEASE);
	return -rc;
}

void
out_guard_end_is_near(void)
{
	if (__atomic_load_n(&guard.is_on, __ATOMIC_ACQUIRE))
		sem_post(&guard.end_is_near);
}

void
out_guard_stop(void)
{
	if (!__atomic_load_n(&guard.is_on, __ATOMIC_ACQUIRE))
		return;
	__atomic_store_n(&guard.stop, 1, __ATOMIC_RELAXED);
	sem_post(&guard.end_is_near);
	pthread_join(guard.thread, NULL);
	/* A signal that comes now finds the semaphore, which nobody waits for. */
	__atomic_store_n(&guard.is_on, 0, __ATOMIC_RELEASE);
}
