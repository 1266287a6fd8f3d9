/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ENGINE_MEM_H
#define ENGINE_MEM_H

#include <isla_mem.h>

/* EAL's heap, on the node that is asked for. */
extern const struct isla_mem engine_mem;

#endif /* ENGINE_MEM_H */
