/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_FAULT_H
#define ISLA_FAULT_H

/**
 * @file
 * A bad path on purpose: what the fault stage, which stands between the ports and the stack, does
 * to the frames of one direction, and how that is written as text. Only values and text are here;
 * isla_engine_conf::fault and isla_engine_fault_set() put them to work.
 *
 * A frame that enters meets, in this order: loss, duplication, corruption, the limits of the queue,
 * the rate, the delay, and being held back to be overtaken. What happens to which frame follows
 * from a seed, so that a run can be had again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The two directions, as the stack sees them. */
enum isla_fault_dir {
	ISLA_FAULT_RX, /**< from the port to the stack */
	ISLA_FAULT_TX, /**< from the stack to the port */
	ISLA_FAULT_DIRS
};

/** A probability of 1, in parts per billion. */
#define ISLA_FAULT_ONE 1000000000u

/** The longest isla_fault::delay_us, jitter_us and hold_us. */
#define ISLA_FAULT_TIME_MAX_US 10000000u

/** The largest isla_fault::limit_pkts. */
#define ISLA_FAULT_LIMIT_MAX 65536u

/** What limit_pkts is where it is not given, if the mempool allows as many. */
#define ISLA_FAULT_LIMIT_DEFAULT 1000u

/** What hold_us is where it is not given. */
#define ISLA_FAULT_HOLD_DEFAULT_US 1000u

/** Enough for every message that a call here writes to its err. */
#define ISLA_FAULT_ERR_SIZE 256

/** Enough for isla_fault_format(). */
#define ISLA_FAULT_STRLEN 256

/** What happens to the frames of one direction of each port; all zero: nothing. */
struct isla_fault {
	uint32_t drop_ppb;    /**< share of frames that are lost, in parts per billion */
	/** Mean number of frames that are lost in a row (the two-state model of Gilbert), at most
	 * 1000; 0 or 1: each frame by itself. More where there is so much loss that bursts of that
	 * length would follow each other without a frame between them. */
	uint32_t burst_pkts;
	uint32_t dup_ppb;     /**< share of frames that come twice */
	uint32_t corrupt_ppb; /**< share of frames with one bit flipped, anywhere in the frame */
	uint32_t reorder_ppb; /**< share of frames that those behind them overtake */
	uint32_t hold_us;     /**< how long a frame is held back to be overtaken; 0: the default */
	uint32_t delay_us;    /**< how long each frame takes */
	/** Each frame takes up to that much more or less than delay_us, evenly spread; the order
	 * stays. At most delay_us. */
	uint32_t jitter_us;
	/** Bits a second, counted over frames without preamble and check sequence; 0: no limit. */
	uint64_t rate_bps;
	uint32_t buffer_bytes; /**< most bytes that may wait for the rate; 0: no limit */
	uint32_t limit_pkts; /**< most frames that may wait for rate and delay; 0: the default */
};

/** What became of the frames of one direction. */
struct isla_fault_stats {
	uint64_t nb_frames;      /**< came in */
	uint64_t nb_passed;      /**< went on, duplicates included */
	uint64_t nb_dropped;     /**< lost by chance */
	uint64_t nb_duplicated;  /**< copies that were added */
	uint64_t nb_corrupted;
	uint64_t nb_reordered;   /**< held back to be overtaken */
	uint64_t nb_limit_full;  /**< dropped: as many frames waited as may */
	uint64_t nb_buffer_full; /**< dropped: as many bytes waited for the rate as may */
	uint64_t nb_no_mbuf;     /**< not duplicated or not corrupted, for want of an mbuf */
	uint64_t nb_flushed;     /**< dropped: the link went down, or the end came */
	uint64_t nb_waiting;     /**< wait now (a gauge) */
	uint64_t copied_bytes;   /**< of frames, in order to change or to duplicate them */
};

/** True where nothing happens to a frame. */
bool isla_fault_is_off(const struct isla_fault *fault);

/**
 * Read a text such as `tx drop 1% reorder=2%, delay 5ms rate 100mbit`: a direction (rx, tx or
 * both), then `off` or settings, each a name and a value with a space or `=` in between, separated
 * by spaces or commas:
 *
 *     drop, dup, corrupt, reorder   a share such as 1% or 0.01%
 *     burst                         frames, 1 to 1000
 *     delay, jitter, hold           a time such as 20ms, 1.5ms, 300us or 1s; at most 10s
 *     rate                          such as 100mbit, 1.5gbit or 64kbit; at most 400gbit
 *     limit                         frames, 1 to 65536
 *     buffer                        bytes such as 256K or 1M; at most 1G
 *
 * `off` alone means both directions. Pure; any thread.
 *
 * @param fault  the directions that the text names are replaced as a whole, the other is left alone
 * @param dirs   receives which ones those are, as a sum of 1 << enum isla_fault_dir; may be NULL
 * @param err    receives one line that names the setting, its value and what is accepted
 * @return 0, or -EINVAL and then nothing is changed
 */
int isla_fault_parse(const char *text, struct isla_fault fault[ISLA_FAULT_DIRS],
	unsigned int *dirs, char *err, size_t err_size);

/**
 * Write a fault as isla_fault_parse() would read it, but for the direction.
 *
 * @param buf  of ISLA_FAULT_STRLEN bytes or more
 * @return buf
 */
char *isla_fault_format(const struct isla_fault *fault, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_FAULT_H */
