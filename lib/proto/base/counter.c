/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names and descriptions of counters and drop reasons, made from their lists.
 */

#include <stddef.h>

#include "isla_counter.h"
#include "text.h"

static const struct text counters[] = {
#define COUNTER_TEXT(name, text, desc) [ISLA_C_##name] = {text, NULL, desc},
	ISLA_COUNTER_LIST(COUNTER_TEXT)
#undef COUNTER_TEXT
};

static const struct text drops[] = {
	[ISLA_ACCEPTED] = {"accepted", NULL, "not dropped"},
#define DROP_TEXT(name, desc) [ISLA_DROP_##name] = {#name, NULL, desc},
	ISLA_DROP_LIST(DROP_TEXT)
#undef DROP_TEXT
};

const char *
isla_counter_name(enum isla_counter counter)
{
	return text_of(counters, ISLA_C_MAX, counter).name;
}

const char *
isla_counter_desc(enum isla_counter counter)
{
	return text_of(counters, ISLA_C_MAX, counter).desc;
}

const char *
isla_drop_name(enum isla_drop drop)
{
	return text_of(drops, ISLA_DROP_MAX, drop).name;
}

const char *
isla_drop_desc(enum isla_drop drop)
{
	return text_of(drops, ISLA_DROP_MAX, drop).desc;
}
