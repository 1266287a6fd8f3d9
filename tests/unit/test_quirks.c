/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of drivers' quirks.
 */

#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "port.h"
#include "port_quirks.h"
#include "suite.h"

static void
every_driver_is_found_by_its_whole_name(void)
{
	static const char *const drivers[] = {"net_tap", "net_af_packet", "net_af_xdp", "net_pcap",
		"net_memif", "net_vhost", "net_ring", "net_null"};
	size_t i;

	for (i = 0; i < RTE_DIM(drivers); i++) {
		const struct port_quirks *q = port_quirks_find(drivers[i]);

		CU_ASSERT_PTR_NOT_NULL_FATAL(q->driver);
		CU_ASSERT_STRING_EQUAL(q->driver, drivers[i]);
	}
	CU_ASSERT_PTR_NULL(port_quirks_find("net_ta")->driver);
	CU_ASSERT_PTR_NULL(port_quirks_find("net_tapx")->driver);
	CU_ASSERT_PTR_NULL(port_quirks_find("")->driver);
}

static void
a_driver_that_is_not_known_has_none(void)
{
	const struct port_quirks *q = port_quirks_find("net_ixgbe");

	CU_ASSERT_EQUAL(q->flags, 0);
	CU_ASSERT_EQUAL(q->nb_rxd, 0);
	CU_ASSERT_EQUAL(q->max_rxd, 0);
	CU_ASSERT_EQUAL(q->no_tx_offloads, 0);
}

static void
tap_gets_no_offload_and_few_descriptors(void)
{
	const struct port_quirks *q = port_quirks_find("net_tap");

	CU_ASSERT_EQUAL(PORT_TX_OFFLOADS & ~q->no_tx_offloads, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	CU_ASSERT_EQUAL(q->no_tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO, RTE_ETH_TX_OFFLOAD_TCP_TSO);
	CU_ASSERT_TRUE(q->nb_rxd <= 64 && q->max_rxd <= 64 && q->nb_rxd > 0);
	CU_ASSERT_TRUE(q->flags & QUIRK_RX_SIGNAL);
	CU_ASSERT_TRUE(q->flags & QUIRK_RX_FD);
	CU_ASSERT_TRUE(q->flags & QUIRK_SHARED_MAC);
}

/* One message holds the descriptors of all its queues, both directions; more would be too many. */
static void
tap_has_no_more_queues_than_its_message_holds(void)
{
	const struct port_quirks *q = port_quirks_find("net_tap");

	CU_ASSERT_TRUE(q->max_queues > 0);
	CU_ASSERT_TRUE(2 * q->max_queues <= RTE_MP_MAX_FD_NUM);
}

static void
only_drivers_that_gather_get_chains(void)
{
	/* af_xdp reads beyond the first segment of a chain. */
	CU_ASSERT_FALSE(port_quirks_find("net_af_xdp")->flags & QUIRK_TX_CHAINS);
	CU_ASSERT_TRUE(port_quirks_find("net_af_packet")->flags & QUIRK_TX_CHAINS);
	CU_ASSERT_TRUE(port_quirks_find("net_pcap")->flags & QUIRK_TX_CHAINS);
}

static const struct suite_test tests[] = {
	SUITE_TEST(every_driver_is_found_by_its_whole_name),
	SUITE_TEST(a_driver_that_is_not_known_has_none),
	SUITE_TEST(tap_gets_no_offload_and_few_descriptors),
	SUITE_TEST(tap_has_no_more_queues_than_its_message_holds),
	SUITE_TEST(only_drivers_that_gather_get_chains),
};

int
main(void)
{
	return suite_run("quirks", tests, RTE_DIM(tests), NULL, NULL);
}
