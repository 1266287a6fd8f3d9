/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OUT_GUARD_H
#define OUT_GUARD_H

/*
 * Whoever reads what the program prints may have stopped doing so: a pipe that is full, a terminal
 * that is held. A thread that prints then waits, which is as it should be until the program is told
 * to end by a signal; that must not hang on it. From then on a descriptor that takes nothing for
 * OUT_GUARD_MS is put on /dev/null, and who waits in a write to it is woken.
 */

#include <stdbool.h>

#define OUT_GUARD_MS 1000

/* Guard these descriptors, at most 2 of them: one at a time. Returns 0 or -errno. */
int out_guard_start(const int *fds, unsigned int nb);

/* The program has been told to end. Async-signal-safe; nothing where there is no guard. */
void out_guard_end_is_near(void);

/* Guard no longer. Nothing where there is no guard. */
void out_guard_stop(void);

#endif /* OUT_GUARD_H */
