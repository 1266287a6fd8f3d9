/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a backoff begins; what follows is inline, since it runs once a round.
 */

#include <string.h>

#include <rte_common.h>

#include "backoff.h"

void
backoff_init(struct backoff *b, uint64_t now_us)
{
	memset(b, 0, sizeof(*b));
	b->since_us = now_us;
}

void
backoff_set(struct backoff *b, const struct isla_engine_backoff *conf, bool never_sleep)
{
	uint64_t yield_until = (uint64_t)conf->spin_rounds + conf->yield_rounds;

	b->spin_until = conf->spin_rounds;
	b->yield_until = (uint32_t)RTE_MIN(yield_until, (uint64_t)UINT32_MAX - 1);
	if (never_sleep) {
		b->yield_until = UINT32_MAX;
		if (b->spin_until > 0)
			b->spin_until = UINT32_MAX;
	}
	b->sleep_us = conf->sleep_us;
	b->nb_empty = b->nb_sleeps = 0;
}
