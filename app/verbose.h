/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VERBOSE_H
#define VERBOSE_H

/*
 * A line for each frame that a port receives or sends, as testpmd's `set verbose` has it. The ports'
 * own callbacks see the frames, as they do for dpdk-dumpcap: while it is off nothing is asked of a
 * burst that DPDK does not ask anyway. While it is on a shard copies the beginning of each frame to a
 * ring of its own, and never waits: a thread of this file's prints, so many lines a second at most,
 * and counts what it leaves out.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <isla_engine.h>

/* Lines a second, of all shards together. */
#define VERBOSE_LINES_PER_S 2000u

#define VERBOSE_RX 0x01u
#define VERBOSE_TX 0x02u

struct verbose;

/* Off at first; NULL where memory is short. */
struct verbose *verbose_create(struct isla_engine *engine, FILE *out);

/* Off, with what was seen until then printed. To be called before the engine is freed. */
void verbose_free(struct verbose *v);

/*
 * Show received frames, sent ones, both or none. From one thread, which is no shard.
 *
 * dirs  VERBOSE_RX | VERBOSE_TX
 * Returns 0, or -errno, with a line in err; then nothing is shown.
 */
int verbose_set(struct verbose *v, unsigned int dirs, char *err, size_t err_size);

/* A port has been started, and perhaps made anew: show its frames, too, where any are shown. */
void verbose_again(struct verbose *v);

#endif /* VERBOSE_H */
