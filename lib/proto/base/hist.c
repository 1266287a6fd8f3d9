/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Histograms: what is done with them once they are recorded, and their names.
 */

#include <assert.h>
#include <stddef.h>

#include "isla_hist.h"
#include "text.h"

static_assert(sizeof(struct isla_hist) <= 1024, "one for every shard and kind");

static const struct text texts[ISLA_HIST_MAX] = {
#define HIST_TEXT(name, text, unit, desc) [ISLA_HIST_##name] = {text, unit, desc},
	ISLA_HIST_LIST(HIST_TEXT)
#undef HIST_TEXT
};

void
isla_hist_halve(struct isla_hist *hist)
{
	unsigned int i;

	/* Upwards, so that what was rare does not vanish. */
	for (i = 0; i < ISLA_HIST_BUCKETS; i++)
		hist->bucket[i] = hist->bucket[i] / 2 + hist->bucket[i] % 2;
}

uint64_t
isla_hist_low(unsigned int bucket)
{
	unsigned int shift = bucket >> ISLA_HIST_SUB_BITS;

	if (shift == 0)
		return bucket;
	return (uint64_t)(bucket - ((shift - 1) << ISLA_HIST_SUB_BITS)) << (shift - 1);
}

void
isla_hist_merge(struct isla_hist *to, const struct isla_hist *from)
{
	struct isla_hist other = *from;
	unsigned int i;

	for (i = 0; i < ISLA_HIST_BUCKETS; i++) {
		if (to->bucket[i] > UINT32_MAX / 2 || other.bucket[i] > UINT32_MAX / 2) {
			isla_hist_halve(to);
			isla_hist_halve(&other);
			break;
		}
	}
	for (i = 0; i < ISLA_HIST_BUCKETS; i++)
		to->bucket[i] += other.bucket[i];
	to->nb += other.nb;
	to->sum += other.sum;
	to->max = to->max > other.max ? to->max : other.max;
}

uint64_t
isla_hist_quantile(const struct isla_hist *hist, unsigned int permille)
{
	uint64_t total = 0, rank, seen = 0, high;
	unsigned int i;

	for (i = 0; i < ISLA_HIST_BUCKETS; i++)
		total += hist->bucket[i];
	/* The first whose share is reached: at least one value. */
	rank = (total * (permille < 1000 ? permille : 1000) + 999) / 1000;
	rank = rank > 0 ? rank : 1;
	for (i = 0; i < ISLA_HIST_BUCKETS; i++) {
		seen += hist->bucket[i];
		if (seen < rank)
			continue;
		high = isla_hist_low(i + 1) - 1;
		return i + 1 < ISLA_HIST_BUCKETS && high < hist->max ? high : hist->max;
	}
	return 0;
}

const char *
isla_hist_name(enum isla_hist_id id)
{
	return text_of(texts, ISLA_HIST_MAX, id).name;
}

const char *
isla_hist_unit(enum isla_hist_id id)
{
	return text_of(texts, ISLA_HIST_MAX, id).unit;
}

const char *
isla_hist_desc(enum isla_hist_id id)
{
	return text_of(texts, ISLA_HIST_MAX, id).desc;
}
