/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_HIST_H
#define ISLA_HIST_H

/**
 * @file
 * Histograms in fixed memory. Buckets are log-linear: values below 8 have one each, and every
 * doubling from there on has 8, so that a value is known to an eighth of itself at worst. 224 of
 * them reach 2^30; what is larger goes into the last.
 *
 * A bucket has 32 bits. Before one overflows all of them are halved: the shape stays, and nb, sum
 * and max are exact for ever.
 *
 * One thread writes; isla_hist_record() is the only function for a busy path. All others are pure.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The logarithm of how many buckets a doubling has. */
#define ISLA_HIST_SUB_BITS 3

/** Buckets: 2^3 values by themselves, then 27 doublings. */
#define ISLA_HIST_BUCKETS 224

/** A histogram; all zero is an empty one. A plain value: it may be copied and compared. */
struct isla_hist {
	uint64_t nb;  /**< values recorded */
	uint64_t sum; /**< of them */
	uint64_t max; /**< the largest */
	uint32_t bucket[ISLA_HIST_BUCKETS];
};

/** Where a value is counted. */
static inline unsigned int
isla_hist_bucket(uint64_t value)
{
	unsigned int shift, i;

	if (value < 1u << ISLA_HIST_SUB_BITS)
		return (unsigned int)value;
	shift = 63u - (unsigned int)__builtin_clzll(value) - ISLA_HIST_SUB_BITS;
	i = (shift << ISLA_HIST_SUB_BITS) + (unsigned int)(value >> shift);
	return i < ISLA_HIST_BUCKETS ? i : ISLA_HIST_BUCKETS - 1;
}

/** Halve all buckets; isla_hist_record() does it where one is full. */
void isla_hist_halve(struct isla_hist *hist);

/** Count a value. */
static inline void
isla_hist_record(struct isla_hist *hist, uint64_t value)
{
	uint32_t *bucket = &hist->bucket[isla_hist_bucket(value)];

	hist->nb++;
	hist->sum += value;
	if (value > hist->max)
		hist->max = value;
	if (__builtin_expect(++*bucket == UINT32_MAX, 0))
		isla_hist_halve(hist);
}

/** The least value of a bucket; for ISLA_HIST_BUCKETS the first that has none of its own. */
uint64_t isla_hist_low(unsigned int bucket);

/** Add what another one has counted. */
void isla_hist_merge(struct isla_hist *to, const struct isla_hist *from);

/**
 * The value that a share of those recorded do not exceed, to an eighth: the greatest of its bucket,
 * and never more than max.
 *
 * @param permille  500: the median; 999: all but one in a thousand; 1000: the largest
 * @return 0 where nothing has been recorded
 */
uint64_t isla_hist_quantile(const struct isla_hist *hist, unsigned int permille);

/** What is measured: X(NAME, "name", "unit", description). The first ones by the stack, the last
 * two by whoever drives it. */
#define ISLA_HIST_LIST(X)                                                                          \
	X(TCP_RTT, "tcpRtt", "us", "round-trip time, sampled once a round trip")                   \
	X(HTTP_LATENCY, "httpLatency", "us",                                                       \
		"from a request's first byte until TCP has its response")                          \
	X(RX_BURST, "rxBurst", "frames", "frames that a port gave at once")                        \
	X(LOOP_BUSY, "loopBusy", "us", "one round of the loop that brought work")

/** One of them. */
enum isla_hist_id {
#define ISLA_HIST_ENUM(name, text, unit, desc) ISLA_HIST_##name,
	ISLA_HIST_LIST(ISLA_HIST_ENUM)
#undef ISLA_HIST_ENUM
	ISLA_HIST_MAX
};

/** All of a shard. */
struct isla_hists {
	struct isla_hist hist[ISLA_HIST_MAX];
};

/** A histogram's name, or "?" outside the list. Any thread, like the next two. */
const char *isla_hist_name(enum isla_hist_id id);

/** Its values' unit. */
const char *isla_hist_unit(enum isla_hist_id id);

/** One line on it, without a full stop. */
const char *isla_hist_desc(enum isla_hist_id id);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_HIST_H */
