/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages behind which there is nothing; see guard.h.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard.h"

#define ROOM 65536u

/* Where the page begins that nobody may touch. */
static uint8_t *
area(uint8_t **end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p;

	if (*end != NULL)
		return *end;
	p = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p + ROOM, page, PROT_NONE) != 0)
		abort();
	*end = p + ROOM;
	return *end;
}

const uint8_t *
guard_put(const uint8_t *data, size_t len)
{
	static uint8_t *end;
	uint8_t *at = area(&end) - len;

	if (len > ROOM)
		abort();
	if (len > 0)
		memcpy(at, data, len);
	return at;
}

uint8_t *
guard_room(size_t len)
{
	static uint8_t *end;

	if (len > ROOM)
		abort();
	return area(&end) - len;
}
