/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CAPTURE_H
#define CAPTURE_H

/*
 * Letting DPDK's secondary processes look in: dpdk-dumpcap captures what the ports receive and
 * send, dpdk-proc-info shows them. That takes memory which another process can map.
 */

#include <stdbool.h>
#include <stddef.h>

#include "eal_args.h"

/*
 * Make it possible to capture, where it is; costs nothing until somebody does. After EAL's start.
 *
 * @param wanted  --pdump: where it is not possible that is an error
 * @return 0; -ENOTSUP or what DPDK returned, with one line in err that says what is in the way
 */
int capture_init(const struct eal_args *eal, bool wanted, char *err, size_t err_size);

/* What stands in the way, and its cure, or NULL. Needs no EAL. */
const char *capture_obstacle(const struct eal_args *eal);

/* Before EAL's end. */
void capture_fini(void);

#endif /* CAPTURE_H */
