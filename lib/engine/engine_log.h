/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ENGINE_LOG_H
#define ENGINE_LOG_H

/* The library's log type, lib.isla.engine: the control path only; the loop counts. */

#include <rte_log.h>

extern int isla_engine_logtype;

#define ENGINE_LOG(level, ...)                                                                     \
	rte_log(RTE_LOG_##level, (uint32_t)isla_engine_logtype, "isla: " __VA_ARGS__)

#endif /* ENGINE_LOG_H */
