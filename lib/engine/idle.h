/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef IDLE_H
#define IDLE_H

/*
 * How a shard sleeps: in epoll on its ports' file descriptors, until the next timer; or for a
 * while. A doorbell ends either kind of sleep from any thread and from a signal's handler.
 */

#include <stdbool.h>
#include <stdint.h>

struct idle {
	int epoll_fd;
	int doorbell_fd;
	bool no_pwait2;    /* the kernel has only milliseconds */
};

/* Returns 0 or -errno. */
int idle_init(struct idle *idle);
void idle_fini(struct idle *idle);

/* Wake up when this is readable. Returns 0 or -errno. */
int idle_add_fd(struct idle *idle, int fd);

/* As if it had not been added; it may have been closed, or removed already. */
void idle_del_fd(struct idle *idle, int fd);

/* Sleep, at most for timeout_us, until the doorbell rings or, hears_fds, a descriptor is readable.
 * True where something else than the time ended it. What has become useless (a TAP whose interface
 * was deleted) is not waited for again. */
bool idle_wait(struct idle *idle, uint64_t timeout_us, bool hears_fds);

/* End a sleep. Async-signal-safe. */
void idle_ring(const struct idle *idle);

#endif /* IDLE_H */
