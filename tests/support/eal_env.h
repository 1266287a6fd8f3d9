/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EAL_ENV_H
#define EAL_ENV_H

/*
 * Suites that need EAL: it is initialised once a process, without hugepages, devices or privileges.
 * Ports are made and removed by the tests.
 */

#include <stdint.h>

#include <rte_ring.h>

#include "suite.h"

/* As suite_run(), with EAL around it. */
int eal_suite_run(const char *name, const struct suite_test *tests, size_t nb_tests,
	void (*setup)(void), void (*teardown)(void));

/* A device of a driver, such as "net_null"; returns its port. Aborts where it cannot be made. */
uint16_t eal_port_add(const char *driver, const char *args);

/* Remove the device that was added last, its port being closed or not. */
void eal_port_remove(void);

/* The ring that a port of net_ring receives from and sends to, both; NULL for other drivers. */
struct rte_ring *eal_port_ring(void);

#endif /* EAL_ENV_H */
