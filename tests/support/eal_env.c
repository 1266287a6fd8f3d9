/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL for a suite, and ports for its tests.
 */

#include <stdio.h>
#include <stdlib.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "eal_env.h"

static char device[32];
static unsigned int nb_devices;

int
eal_suite_run(const char *name, const struct suite_test *tests, size_t nb_tests,
	void (*setup)(void), void (*teardown)(void))
{
	static char args[][40] = {"test", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
		"--iova-mode=va", "-m", "64", "--lcores", "(0-3)@0",
		"--log-level=lib.eal:error",
		"--log-level=lib.isla.*:critical"};
	char *argv[RTE_DIM(args)];
	size_t i;
	int rc;

	for (i = 0; i < RTE_DIM(args); i++)
		argv[i] = args[i];
	if (rte_eal_init(RTE_DIM(argv), argv) < 0) {
		fprintf(stderr, "EAL: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	rc = suite_run(name, tests, nb_tests, setup, teardown);
	rte_eal_cleanup();
	return rc;
}

uint16_t
eal_port_add(const char *driver, const char *args)
{
	uint16_t port;

	/* A name once only, since what a driver made for it may outlive the device. */
	snprintf(device, sizeof(device), "%s%u", driver, nb_devices++);
	if (rte_eal_hotplug_add("vdev", device, args) != 0 ||
		rte_eth_dev_get_port_by_name(device, &port) != 0) {
		fprintf(stderr, "no device %s: %s\n", device, rte_strerror(rte_errno));
		abort();
	}
	return port;
}

void
eal_port_remove(void)
{
	rte_eal_hotplug_remove("vdev", device);
}

struct rte_ring *
eal_port_ring(void)
{
	char name[64];

	snprintf(name, sizeof(name), "ETH_RXTX0_%s", device);
	return rte_ring_lookup(name);
}
