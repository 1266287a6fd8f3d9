/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>
#include <stdint.h>

/*
 * A copy of an input whose end is the end of a page, and behind it a page that nobody may touch: so
 * a read of one byte too many is a crash also where no sanitizer looks. Valid until the next call;
 * there is room for 64 KB. Of len 0 too.
 */
const uint8_t *guard_put(const uint8_t *data, size_t len);

/* Memory of that size before such a page, to be written to; another one than guard_put()'s. */
uint8_t *guard_room(size_t len);

#endif /* GUARD_H */
