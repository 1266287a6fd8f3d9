/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names and descriptions of counters and drop reasons, made from their lists.
 */

#include <stddef.h>

#include "isla_counter.h"

struct text {
	const char *name;
	const char *desc;
};

static const struct text counters[] = {
#define COUNTER_TEXT(name, text, desc) [ISLA_C_##name] = {text, desc},
	ISLA_COUNTER_LIST(COUNTER_TEXT)
#undef COUNTER_TEXT
};

static const struct text drops[] = {
	[ISLA_ACCEPTED] = {"accepted", "not dropped"},
#define DROP_TEXT(name, desc) [ISLA_DROP_##name] = {#name, desc},
	ISLA_DROP_LIST(DROP_TEXT)
#undef DROP_TEXT
};

const char *
isla_counter_name(enum isla_counter counter)
{
	return (unsigned int)counter < ISLA_C_MAX ? counters[counter].name : "?";
}

const char *
isla_counter_desc(enum isla_counter counter)
{
	return (unsigned int)counter < ISLA_C_MAX ? counters[counter].desc : "?";
}

const char *
isla_drop_name(enum isla_drop drop)
{
	return (unsigned int)drop < ISLA_DROP_MAX ? drops[drop].name : "?";
}

const char *
isla_drop_desc(enum isla_drop drop)
{
	return (unsigned int)drop < ISLA_DROP_MAX ? drops[drop].desc : "?";
}
