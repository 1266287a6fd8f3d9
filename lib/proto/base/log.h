/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOG_H
#define LOG_H

/* The library's log type, lib.isla_proto: the control path only; the data path counts. */

#include <rte_log.h>

extern int isla_proto_logtype;

#define PROTO_LOG(level, ...)                                                                      \
	rte_log(RTE_LOG_##level, (uint32_t)isla_proto_logtype, "isla: " __VA_ARGS__)

#endif /* LOG_H */
