/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NUMA on machines that are made up: two nodes, one, none; and mbufs where their node has no
 * memory.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include <isla_pkt.h>

#include "engine_priv.h"
#include "heap_pool.h"
#include "numa_nodes.h"
#include "suite.h"

/* Node 0 has CPUs 0-3, node 2 has 4-7, node 1 is not there, node 3 has memory alone. */
static bool
yes(void)
{
	return true;
}

static bool
no(void)
{
	return false;
}

static int
three(void)
{
	return 3;
}

static int
zero(void)
{
	return 0;
}

static int
node_of_cpu(int cpu)
{
	return cpu < 4 ? 0 : cpu < 8 ? 2 : -1;
}

static int
only_node(int cpu)
{
	return cpu < 8 ? 0 : -1;
}

static int64_t
node_bytes(int node, int64_t *free_bytes)
{
	*free_bytes = 100 + node;
	return node == 1 ? -1 : 1000 + node;
}

static const struct numa_ops several = {yes, three, node_of_cpu, node_bytes};
static const struct numa_ops one = {yes, zero, only_node, node_bytes};
/* None of the others may be called then. */
static const struct numa_ops none = {no, NULL, NULL, NULL};

static rte_cpuset_t
cpus(unsigned int bits)
{
	rte_cpuset_t set;
	int i;

	CPU_ZERO(&set);
	for (i = 0; i < 16; i++)
		if ((bits >> i & 1) != 0)
			CPU_SET(i, &set);
	return set;
}

static void
a_set_of_cpus_has_a_node_if_all_have_the_same(void)
{
	static const struct {
		unsigned int bits;
		int node, node_of_one;
	} cases[] = {
		{0x01, 0, 0}, {0x0f, 0, 0}, {0xf0, 2, 0}, {0x10, 2, 0}, {0x18, -1, 0}, {0xff, -1, 0},
		{0x100, -1, -1}, {0x101, -1, -1}, {0, -1, -1},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		rte_cpuset_t set = cpus(cases[i].bits);

		CU_ASSERT_EQUAL(numa_node_of_cpus(&several, &set), cases[i].node);
		CU_ASSERT_EQUAL(numa_node_of_cpus(&one, &set), cases[i].node_of_one);
		CU_ASSERT_EQUAL(numa_node_of_cpus(&none, &set), -1);
	}
}

static void
nodes_that_have_memory(void)
{
	struct isla_numa_node nodes[4];

	CU_ASSERT_EQUAL(numa_nodes(&none, nodes, 4), 0);
	CU_ASSERT_EQUAL(numa_nodes(&one, nodes, 4), 1);
	CU_ASSERT_EQUAL(nodes[0].node, 0);
	CU_ASSERT_EQUAL(nodes[0].nb_cpus, 8);
	CU_ASSERT_EQUAL(numa_nodes(&several, nodes, 4), 3);
	CU_ASSERT_EQUAL(nodes[1].node, 2);
	CU_ASSERT_EQUAL(nodes[1].nb_cpus, 4);
	CU_ASSERT_EQUAL(nodes[1].size_bytes, 1002);
	CU_ASSERT_EQUAL(nodes[1].free_bytes, 102);
	CU_ASSERT_EQUAL(nodes[2].node, 3);
	CU_ASSERT_EQUAL(nodes[2].nb_cpus, 0);
	/* No more than there is room for. */
	CU_ASSERT_EQUAL(numa_nodes(&several, nodes, 2), 2);
}

static void
lcores_of_the_ports_node_come_first(void)
{
	unsigned int lcore[] = {9, 1, 5, 2, 6, 3, 7};
	int node[] = {0, 0, 2, 0, 2, -1, 2};
	static const unsigned int near[] = {9, 5, 6, 7, 1, 2, 3};
	unsigned int same[RTE_DIM(lcore)];

	memcpy(same, lcore, sizeof(lcore));
	numa_sort_lcores(lcore, node, RTE_DIM(lcore), -1);
	CU_ASSERT_EQUAL(memcmp(lcore, same, sizeof(lcore)), 0);
	numa_sort_lcores(lcore, node, RTE_DIM(lcore), 1);
	CU_ASSERT_EQUAL(memcmp(lcore, same, sizeof(lcore)), 0);
	numa_sort_lcores(lcore, node, RTE_DIM(lcore), 2);
	CU_ASSERT_EQUAL(memcmp(lcore, near, sizeof(lcore)), 0);
	CU_ASSERT_EQUAL(node[3], 2);
	CU_ASSERT_EQUAL(node[4], 0);
	/* The main lcore alone. */
	numa_sort_lcores(lcore, node, 1, 2);
	CU_ASSERT_EQUAL(lcore[0], 9);
}

static void
what_is_far(void)
{
	CU_ASSERT_TRUE(numa_is_far(0, 1));
	CU_ASSERT_FALSE(numa_is_far(1, 1));
	CU_ASSERT_FALSE(numa_is_far(-1, 1));
	CU_ASSERT_FALSE(numa_is_far(1, -1));
}

static void
what_is_where(void)
{
	static struct isla_engine e;
	struct isla_numa_info info;

	memset(&e, 0, sizeof(e));
	e.conf.nb_ports = 3;
	e.port[0].socket_id = 0;
	e.port[1].socket_id = 2;
	e.port[2].socket_id = -1;
	e.nb_workers = 2;
	e.worker[0].socket_id = 0;
	e.worker[1].socket_id = -1;
	engine_numa_info(&e, &several, &info);
	CU_ASSERT_EQUAL(info.nb_nodes, 3);
	CU_ASSERT_EQUAL(info.nb_ports, 3);
	CU_ASSERT_EQUAL(info.port_node[1], 2);
	CU_ASSERT_EQUAL(info.port_node[2], -1);
	CU_ASSERT_EQUAL(info.nb_shards, 2);
	CU_ASSERT_EQUAL(info.shard[0].far_ports, 0x2);
	CU_ASSERT_EQUAL(info.shard[0].mem_node, -1);
	CU_ASSERT_EQUAL(info.shard[1].far_ports, 0);
	engine_numa_info(&e, &none, &info);
	CU_ASSERT_EQUAL(info.nb_nodes, 0);
	/* This machine, whatever it is: it must not hang nor crash. */
	isla_engine_numa_info(&e, &info);
	CU_ASSERT_TRUE(info.nb_nodes <= ISLA_NUMA_NODE_MAX);
}

/* ---- pools: EAL's answer for a node ---- */

static int node_with_memory, nb_asked;
static int asked[8];
static unsigned int cache_asked[8];

struct rte_mempool *__wrap_rte_pktmbuf_pool_create(const char *name, unsigned int n,
	unsigned int cache, uint16_t priv, uint16_t room, int socket);
void __wrap_rte_mempool_free(struct rte_mempool *pool);
unsigned int __wrap_rte_mempool_in_use_count(const struct rte_mempool *pool);

struct rte_mempool *
__wrap_rte_pktmbuf_pool_create(const char *name, unsigned int n, unsigned int cache, uint16_t priv,
	uint16_t room, int socket)
{
	cache_asked[nb_asked] = cache;
	asked[nb_asked++] = socket;
	if (socket == node_with_memory || (socket == SOCKET_ID_ANY && node_with_memory >= 0))
		return heap_pool_create(n, room, priv);
	rte_errno = ENOMEM;
	return NULL;
}

void
__wrap_rte_mempool_free(struct rte_mempool *pool)
{
	if (pool != NULL)
		heap_pool_free(pool);
}

unsigned int
__wrap_rte_mempool_in_use_count(const struct rte_mempool *pool)
{
	return heap_pool_in_use(pool);
}

static int
pools_on(int memory, int wanted)
{
	struct pools_conf conf = {
		.nb_mbufs = 7, .nb_refs = 7, .mbuf_size = 2176, .socket_id = wanted,
	};
	char line[ISLA_ENGINE_ERR_SIZE];
	struct fault fault = fault_init(line, sizeof(line));
	struct pools pools;
	int rc;

	node_with_memory = memory;
	nb_asked = 0;
	rc = pools_create(&pools, &conf, &fault);
	if (rc == 0)
		pools_free(&pools);
	return rc;
}

static void
mbufs_come_from_their_node_or_else_from_any(void)
{
	CU_ASSERT_EQUAL(pools_on(1, 1), 0);
	CU_ASSERT_EQUAL(nb_asked, 2);
	CU_ASSERT_EQUAL(asked[0], 1);
	/* Its node has none. */
	CU_ASSERT_EQUAL(pools_on(0, 1), 0);
	CU_ASSERT_EQUAL(nb_asked, 4);
	CU_ASSERT_EQUAL(asked[0], 1);
	CU_ASSERT_EQUAL(asked[1], SOCKET_ID_ANY);
	/* No node has any. */
	CU_ASSERT_EQUAL(pools_on(-9, 1), -ENOMEM);
	CU_ASSERT_EQUAL(nb_asked, 2);
	/* It does not matter, and there is none. */
	CU_ASSERT_EQUAL(pools_on(-9, -1), -ENOMEM);
	CU_ASSERT_EQUAL(nb_asked, 1);
}

/* Any shard may free any mbuf: what the lcores keep in their caches, each half as much again as its
 * size, must leave a pool most of its mbufs. */
static void
caches_leave_a_pool_most_of_its_mbufs(void)
{
	static const uint32_t sizes[] = {256, 2048, 8192, 65536, 1 << 20};
	struct pools_conf conf = {.mbuf_size = 2176, .socket_id = SOCKET_ID_ANY};
	unsigned int i;

	for (i = 0; i < RTE_DIM(sizes) * ISLA_ENGINE_SHARD_MAX; i++) {
		struct fault fault = fault_init(NULL, 0);
		struct pools pools;

		nb_asked = 0;
		node_with_memory = -9; /* it is enough to see what was asked for */
		conf.nb_mbufs = conf.nb_refs = sizes[i / ISLA_ENGINE_SHARD_MAX];
		conf.nb_shards = (uint16_t)(i % ISLA_ENGINE_SHARD_MAX + 1);
		CU_ASSERT_EQUAL(pools_create(&pools, &conf, &fault), -ENOMEM);
		CU_ASSERT_EQUAL_FATAL(nb_asked, 1);
		CU_ASSERT(cache_asked[0] * 3 / 2 * conf.nb_shards <= conf.nb_mbufs / 2);
		CU_ASSERT(cache_asked[0] > 0);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_set_of_cpus_has_a_node_if_all_have_the_same),
	SUITE_TEST(nodes_that_have_memory),
	SUITE_TEST(lcores_of_the_ports_node_come_first),
	SUITE_TEST(what_is_far),
	SUITE_TEST(what_is_where),
	SUITE_TEST(mbufs_come_from_their_node_or_else_from_any),
	SUITE_TEST(caches_leave_a_pool_most_of_its_mbufs),
};

int
main(void)
{
	return suite_run("numa", tests, RTE_DIM(tests), NULL, NULL);
}
