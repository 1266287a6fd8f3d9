/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that is several devices which have joined one interface: which they are, where its queues
 * are, and that they come and go together. The devices are made by a driver that joins nothing.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include <isla_pkt.h>

#include "eal_env.h"
#include "port.h"

#define NB_QUEUES 10
#define OF_ONE    4

static const struct port_quirks joins = {.driver = "net_null", .flags = QUIRK_JOINS};

static struct isla_engine_conf conf;
static struct isla_engine_port want;
static struct port port;
static struct rte_mempool *pools[ISLA_ENGINE_SHARD_MAX];
static struct fault fault;
static char err[ISLA_ENGINE_ERR_SIZE];

/* The node that has no memory for receive queues. */
static int empty_node;
static unsigned int nb_elsewhere;

int __real_rte_eth_rx_queue_setup(uint16_t, uint16_t, uint16_t, unsigned int,
	const struct rte_eth_rxconf *, struct rte_mempool *);
int __wrap_rte_eth_rx_queue_setup(uint16_t, uint16_t, uint16_t, unsigned int,
	const struct rte_eth_rxconf *, struct rte_mempool *);

int
__wrap_rte_eth_rx_queue_setup(uint16_t id, uint16_t queue, uint16_t nb, unsigned int node,
	const struct rte_eth_rxconf *rx, struct rte_mempool *pool)
{
	if ((int)node == empty_node)
		return -ENOMEM;
	nb_elsewhere += (int)node == SOCKET_ID_ANY;
	return __real_rte_eth_rx_queue_setup(id, queue, nb, node, rx, pool);
}

/* What EAL was asked for. */
static unsigned int nb_adds, nb_until_refusal;
static char names[PORT_DEVS_MAX][RTE_DEV_NAME_MAX_LEN], args[PORT_DEVS_MAX][128];

int __real_rte_eal_hotplug_add(const char *, const char *, const char *);
int __wrap_rte_eal_hotplug_add(const char *, const char *, const char *);

int
__wrap_rte_eal_hotplug_add(const char *bus, const char *name, const char *drvargs)
{
	if (strchr(name, '_') != NULL && strstr(drvargs, "iface=") == NULL)
		return __real_rte_eal_hotplug_add(bus, name, drvargs);
	if (nb_adds == nb_until_refusal)
		return -EBUSY;
	snprintf(names[nb_adds], sizeof(names[0]), "%s", name);
	snprintf(args[nb_adds++], sizeof(args[0]), "%s", drvargs);
	return __real_rte_eal_hotplug_add(bus, name, "");
}

static void
setup(void)
{
	uint16_t q;

	empty_node = INT_MAX;
	nb_adds = nb_elsewhere = 0;
	nb_until_refusal = PORT_DEVS_MAX;
	isla_engine_conf_init(&conf);
	conf.nb_shards = NB_QUEUES;
	memset(&want, 0, sizeof(want));
	fault = fault_init(err, sizeof(err));
	want.port_id = eal_port_add("net_null", "");
	CU_ASSERT_EQUAL_FATAL(port_probe(&port, &want, &conf, &fault), 0);
	CU_ASSERT_EQUAL(port.nb_queues, NB_QUEUES);
	CU_ASSERT_EQUAL(port.nb_devs, 1);
	pools[0] = rte_pktmbuf_pool_create("devs", 1023, 0, ISLA_PKT_PRIV_SIZE, 2176, 0);
	for (q = 1; q < NB_QUEUES; q++)
		pools[q] = pools[0];
	/* As if the driver were such a one, and an interface of the kernel's behind it. */
	port.nb_dev_queues = OF_ONE;
	strcpy(port.name, "isla0");
}

static void
teardown(void)
{
	port_close(&port);
	eal_port_remove();
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(pools[0]), 0);
	rte_mempool_free(pools[0]);
}

static void
who_can_join(void)
{
	port.quirks = &joins;
	CU_ASSERT_FALSE(port_devs_can_join(&port)); /* what? */
	port.if_index = 7;
	CU_ASSERT_TRUE(port_devs_can_join(&port));
	strcpy(port.dev_args, "iface=isla0,remote=eth0");
	CU_ASSERT_FALSE(port_devs_can_join(&port));
	strcpy(port.dev_args, "iface=isla0");
	port.quirks = port_quirks_find("net_null");
	CU_ASSERT_FALSE(port_devs_can_join(&port));
	CU_ASSERT_TRUE((port_quirks_find("net_tap")->flags & QUIRK_JOINS) != 0);
}

static void
queues_are_spread_over_devices(void)
{
	static const uint16_t nb[] = {4, 4, 2};
	struct rte_eth_dev_info info;
	struct rte_eth_stats stats;
	struct rte_mbuf *m;
	uint16_t q, d;

	CU_ASSERT_EQUAL_FATAL(port_setup(&port, pools, &fault), 0);
	CU_ASSERT_EQUAL(port.nb_devs, 3);
	CU_ASSERT_EQUAL(port.dev[0], port.id);
	for (d = 0; d < port.nb_devs; d++) {
		CU_ASSERT_EQUAL(rte_eth_dev_info_get(port.dev[d], &info), 0);
		CU_ASSERT_EQUAL(info.nb_rx_queues, nb[d]);
		CU_ASSERT_EQUAL(info.nb_tx_queues, nb[d]);
	}
	CU_ASSERT_EQUAL_FATAL(port_start(&port, &fault), 0);
	for (q = 0; q < NB_QUEUES; q++) {
		CU_ASSERT_EQUAL(port.q[q].id, port.dev[q / OF_ONE]);
		CU_ASSERT_EQUAL(port.q[q].queue, q % OF_ONE);
		CU_ASSERT_EQUAL(rte_eth_rx_burst(port.q[q].id, port.q[q].queue, &m, 1), 1);
		CU_ASSERT_EQUAL(rte_eth_tx_burst(port.q[q].id, port.q[q].queue, &m, 1), 1);
	}
	/* What they have counted is the port's, also once it is stopped; so is their oblivion. */
	port_stats(&port, &stats);
	CU_ASSERT_EQUAL(stats.ipackets, NB_QUEUES);
	CU_ASSERT_EQUAL(stats.opackets, NB_QUEUES);
	port_stop(&port);
	port_stats(&port, &stats);
	CU_ASSERT_EQUAL(stats.ipackets, NB_QUEUES);
	CU_ASSERT_EQUAL_FATAL(port_start(&port, &fault), 0);
	CU_ASSERT_EQUAL(nb_adds, 2);
	port_clear_stats(&port);
	port_stats(&port, &stats);
	CU_ASSERT_EQUAL(stats.ipackets, 0);
}

static void
they_are_made_as_the_first_and_go_with_it(void)
{
	char mac[RTE_ETHER_ADDR_FMT_SIZE], expected[128];
	struct rte_ether_addr addr;
	uint16_t id;
	int d;

	strcpy(port.dev_args, "persist=1,iface=isla0");
	CU_ASSERT_EQUAL_FATAL(port_setup(&port, pools, &fault), 0);
	CU_ASSERT_EQUAL(rte_eth_macaddr_get(port.id, &addr), 0);
	rte_ether_format_addr(mac, sizeof(mac), &addr);
	snprintf(expected, sizeof(expected), "iface=isla0,mac=%s,persist=1", mac);
	CU_ASSERT_EQUAL_FATAL(nb_adds, 2);
	for (d = 0; d < 2; d++) {
		CU_ASSERT_STRING_EQUAL(args[d], expected);
		CU_ASSERT_EQUAL(strncmp(names[d], "net_null", 8), 0);
		CU_ASSERT_EQUAL(rte_eth_dev_get_port_by_name(names[d], &id), 0);
		CU_ASSERT_EQUAL(id, port.dev[d + 1]);
	}
	CU_ASSERT_STRING_NOT_EQUAL(names[0], names[1]);
	port_close(&port);
	for (d = 0; d < 2; d++)
		CU_ASSERT_NOT_EQUAL(rte_eth_dev_get_port_by_name(names[d], &id), 0);
}

static void
one_that_cannot_be_made_is_told_of(void)
{
	nb_until_refusal = 1;
	CU_ASSERT_EQUAL(port_setup(&port, pools, &fault), -EBUSY);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "(isla0): no device for queues from 8 on: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--rxq 4 does without"));
	CU_ASSERT_EQUAL(port.nb_devs, 2);
	/* Closed or tried again, nothing is there twice. */
	nb_until_refusal = PORT_DEVS_MAX;
	CU_ASSERT_EQUAL(port_setup(&port, pools, &fault), 0);
	CU_ASSERT_EQUAL(nb_adds, 2);
}

/* As with EAL's --socket-mem, which may leave the port's node without any. */
static void
queues_are_elsewhere_where_their_node_has_no_memory(void)
{
	port.socket_id = 3;
	empty_node = 3;
	CU_ASSERT_EQUAL(port_setup(&port, pools, &fault), 0);
	CU_ASSERT_EQUAL(nb_elsewhere, NB_QUEUES);
	CU_ASSERT_EQUAL(port_start(&port, &fault), 0);
	/* Where there is none anywhere it is told. */
	port_stop(&port);
	port.socket_id = empty_node = SOCKET_ID_ANY;
	CU_ASSERT_EQUAL(port_setup(&port, pools, &fault), -ENOMEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "receive queue 0 with "));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "are there enough mbufs?"));
}

static const struct suite_test tests[] = {
	SUITE_TEST(who_can_join),
	SUITE_TEST(queues_are_spread_over_devices),
	SUITE_TEST(they_are_made_as_the_first_and_go_with_it),
	SUITE_TEST(one_that_cannot_be_made_is_told_of),
	SUITE_TEST(queues_are_elsewhere_where_their_node_has_no_memory),
};

int
main(void)
{
	return eal_suite_run("port_devs", tests, RTE_DIM(tests), setup, teardown);
}
