/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sleeping and waking up.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>

#include "idle.h"

int
idle_init(struct idle *idle)
{
	int rc;

	memset(idle, 0, sizeof(*idle));
	idle->epoll_fd = -1;
	idle->doorbell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (idle->doorbell_fd < 0)
		return -errno;
	idle->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (idle->epoll_fd >= 0) {
		rc = idle_add_fd(idle, idle->doorbell_fd);
		if (rc == 0)
			return 0;
	} else {
		rc = -errno;
	}
	idle_fini(idle);
	return rc;
}

void
idle_fini(struct idle *idle)
{
	if (idle->epoll_fd >= 0)
		close(idle->epoll_fd);
	if (idle->doorbell_fd >= 0)
		close(idle->doorbell_fd);
	idle->epoll_fd = idle->doorbell_fd = -1;
}

int
idle_add_fd(struct idle *idle, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(idle->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

void
idle_del_fd(struct idle *idle, int fd)
{
	epoll_ctl(idle->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static struct timespec
timespec_of(uint64_t us)
{
	return (struct timespec){
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};
}

/* Until the doorbell rings. */
static bool
sleep_us(const struct idle *idle, uint64_t us)
{
	struct pollfd bell = {.fd = idle->doorbell_fd, .events = POLLIN};
	struct timespec ts = timespec_of(us);
	uint64_t rings;

	return ppoll(&bell, 1, &ts, NULL) > 0 &&
		read(idle->doorbell_fd, &rings, sizeof(rings)) == sizeof(rings);
}

/* epoll_wait() to the microsecond where the kernel can (Linux 5.11), else to the next millisecond.
 */
static int
wait_us(struct idle *idle, struct epoll_event *ev, int nb, uint64_t us)
{
#ifdef SYS_epoll_pwait2
	struct timespec ts = timespec_of(us);
	int rc;

	if (!idle->no_pwait2) {
		rc = (int)syscall(SYS_epoll_pwait2, idle->epoll_fd, ev, nb, &ts, NULL, 0);
		if (rc >= 0 || errno != ENOSYS)
			return rc;
		idle->no_pwait2 = true;
	}
#endif
	return epoll_wait(idle->epoll_fd, ev, nb, (int)((us + 999) / 1000));
}

/*
 * A descriptor says that something is wrong, and would end every sleep at once. A socket forgets it
 * when asked (its interface is down, and may come up again); a TAP whose interface is deleted stays
 * so for ever, so nobody waits for it any more.
 */
static __rte_noinline void
fd_trouble(struct idle *idle, int fd)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0)
		return;
	idle_del_fd(idle, fd);
}

bool
idle_wait(struct idle *idle, uint64_t timeout_us, bool hears_fds)
{
	struct epoll_event ev[8];
	uint64_t rings;
	int i, n;

	if (!hears_fds)
		return sleep_us(idle, RTE_MIN(timeout_us, 1000000u));
	/* Whoever counts on it looks again after a minute at the latest. */
	n = wait_us(idle, ev, RTE_DIM(ev), RTE_MIN(timeout_us, 60000000u));
	for (i = 0; i < n; i++) {
		if ((ev[i].events & (EPOLLERR | EPOLLHUP)) != 0)
			fd_trouble(idle, ev[i].data.fd);
		if (ev[i].data.fd == idle->doorbell_fd &&
			read(idle->doorbell_fd, &rings, sizeof(rings)) < 0)
			continue; /* somebody else was faster: as good */
	}
	return n > 0;
}

void
idle_ring(const struct idle *idle)
{
	uint64_t one = 1;
	int saved = errno;

	/* It fails only where the counter is full: then it rings already. */
	if (write(idle->doorbell_fd, &one, sizeof(one)) < 0)
		errno = saved;
}
