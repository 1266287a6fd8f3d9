/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether a port's own hash is believed.
 */

#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "rss.h"
#include "suite.h"

#define ALL (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

static const struct port good = {.nb_queues = 4, .rss_hf = ALL, .rss_key_len = PORT_RSS_KEY_LEN,
	.rx_offloads = RTE_ETH_RX_OFFLOAD_RSS_HASH};

/* Each thing that is missing is named, in a word that is its own. */
static void
each_obstacle_is_named(void)
{
	struct port p = good;

	CU_ASSERT_PTR_NULL(rss_obstacle(&p));
	p.nb_queues = 1;
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(rss_obstacle(&p), "one queue"));
	p = good;
	p.rss_hf = 0;
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(rss_obstacle(&p), "cannot spread"));
	/* Any of the four flows is needed, the others are not. */
	p.rss_hf = ALL & ~RTE_ETH_RSS_NONFRAG_IPV6_UDP;
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(rss_obstacle(&p), "both families"));
	p.rss_hf = ALL & ~RTE_ETH_RSS_NONFRAG_IPV4_TCP;
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(rss_obstacle(&p), "both families"));
	p.rss_hf = ALL & ~RTE_ETH_RSS_IPV6_EX;
	CU_ASSERT_PTR_NULL(rss_obstacle(&p));
	p = good;
	p.rss_key_len = 52;
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(rss_obstacle(&p), "40 bytes"));
	p = good;
	p.rx_offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM;
	CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(rss_obstacle(&p), "hash of a frame"));
}

/* An engine whose ports are as they are given; nothing of it runs. */
static struct isla_engine engine;

static void
begin(uint16_t nb_workers, enum isla_engine_shard_by by)
{
	static const uint8_t key[OWNER_KEY_LEN] = {1, 2, 3};

	memset(&engine, 0, sizeof(engine));
	engine.nb_workers = nb_workers;
	engine.conf.shard_by = by;
	engine.conf.nb_ports = 2;
	engine.port[0] = engine.port[1] = good;
	owner_map_init(&engine.map, (enum owner_mode)by, key, nb_workers);
}

static void
one_port_that_cannot_is_enough(void)
{
	begin(4, ISLA_ENGINE_SHARD_BY_PORT_RSS);
	rss_init(&engine);
	CU_ASSERT_EQUAL(engine.map.mode, OWNER_MODE_PORT_RSS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(engine.port[1].rss_key);
	CU_ASSERT_EQUAL(memcmp(engine.port[1].rss_key, (uint8_t[]){1, 2, 3, 0}, 4), 0);
	begin(4, ISLA_ENGINE_SHARD_BY_PORT_RSS);
	engine.port[1].nb_queues = 1;
	rss_init(&engine);
	CU_ASSERT_EQUAL(engine.map.mode, OWNER_MODE_4TUPLE);
}

/* Who did not ask for it keeps the driver's key. */
static void
others_are_left_alone(void)
{
	begin(4, ISLA_ENGINE_SHARD_BY_2TUPLE);
	rss_init(&engine);
	CU_ASSERT_EQUAL(engine.map.mode, OWNER_MODE_2TUPLE);
	CU_ASSERT_PTR_NULL(engine.port[0].rss_key);
	begin(1, ISLA_ENGINE_SHARD_BY_PORT_RSS);
	rss_init(&engine);
	CU_ASSERT_PTR_NULL(engine.port[0].rss_key);
}

static const struct suite_test tests[] = {
	SUITE_TEST(each_obstacle_is_named),
	SUITE_TEST(one_port_that_cannot_is_enough),
	SUITE_TEST(others_are_left_alone),
};

int
main(void)
{
	return suite_run("rss", tests, RTE_DIM(tests), NULL, NULL);
}
