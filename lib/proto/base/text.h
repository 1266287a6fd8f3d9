/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEXT_H
#define TEXT_H

/*
 * What things of a numbered list are called: counters, drop reasons, histograms. Their tables are
 * made from the lists of the public headers.
 */

#include <stddef.h>

struct text {
	const char *name;
	const char *unit; /* of its values; NULL: they are numbers of something */
	const char *desc;
};

/* The id-th of nb; outside the list all is "?". */
static inline struct text
text_of(const struct text *texts, size_t nb, unsigned int id)
{
	const struct text unknown = {"?", "?", "?"};

	return id < nb ? texts[id] : unknown;
}

#endif /* TEXT_H */
