/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: what is chosen from what drivers offer, what is refused and in which words, and chains
 * made one segment.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include <isla_pkt.h>

#include "eal_env.h"
#include "heap_pool.h"
#include "port.h"

static struct isla_engine_conf conf;
static struct isla_engine_port want;
static struct port port;
static char err[ISLA_ENGINE_ERR_SIZE];

static void
setup(void)
{
	isla_engine_conf_init(&conf);
	memset(&want, 0, sizeof(want));
}

/* Probe a new device; it is removed. */
static int
probe(const char *driver, const char *args)
{
	struct fault fault = fault_init(err, sizeof(err));
	int rc;

	want.port_id = eal_port_add(driver, args);
	rc = port_probe(&port, &want, &conf, &fault);
	eal_port_remove();
	return rc;
}

/* It is refused in one line with these words. */
static void
refused(const char *driver, int rc, const char *words)
{
	CU_ASSERT_EQUAL(probe(driver, ""), rc);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, words));
	CU_ASSERT_PTR_NULL(strchr(err, '\n'));
	if (strstr(err, words) == NULL)
		printf("'%s'\n", err);
}

static void
a_port_that_is_not_there(void)
{
	struct fault fault = fault_init(err, sizeof(err));

	want.port_id = 31;
	CU_ASSERT_EQUAL(port_probe(&port, &want, &conf, &fault), -ENODEV);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "no port 31"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--vdev=net_tap0"));
}

static void
net_null_sends_chains_without_offering_it(void)
{
	CU_ASSERT_EQUAL(probe("net_null", ""), 0);
	CU_ASSERT_STRING_EQUAL(port.driver, "net_null");
	CU_ASSERT_EQUAL(strncmp(port.name, "net_null", 8), 0);
	CU_ASSERT_EQUAL(port.if_index, 0);
	CU_ASSERT_EQUAL(port.tx_offloads, 0);
	CU_ASSERT_FALSE(port.linearize);
	CU_ASSERT_EQUAL(port.netif_offloads, 0);
	CU_ASSERT_EQUAL(port.mtu, 1500);
	CU_ASSERT_FALSE(port.want_rx_fd);
	CU_ASSERT_TRUE(port.nb_rxd > 0 && port.nb_txd > 0);
	/* It has a MAC address, which nobody shares. */
	CU_ASSERT_FALSE(port.own_mac);
}

static void
chains_can_be_forbidden(void)
{
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(port.tx_offloads, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	CU_ASSERT_FALSE(port.linearize);
	conf.tx_offloads = 0;
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(port.tx_offloads, 0);
	CU_ASSERT_TRUE(port.linearize);
}

static void
offloads_that_the_port_has_not(void)
{
	conf.tx_offloads = RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	refused("net_ring", -EINVAL, "of the transmit offloads 0x8008 only 0x8000");
	conf.tx_offloads = ISLA_ENGINE_TX_OFFLOADS_AUTO;
	conf.rx_cksum = true;
	refused("net_null", -EINVAL, "net_null cannot verify checksums");
	conf.rx_cksum = false;
	conf.rx_offloads = RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_SCATTER;
	refused("net_ring", -EINVAL, "of the receive offloads 0x2008 only 0x2000");
	conf.rx_offloads = RTE_ETH_RX_OFFLOAD_SCATTER;
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(port.rx_offloads, RTE_ETH_RX_OFFLOAD_SCATTER);
	/* What a long MTU needs was not allowed. */
	conf.rx_offloads = 0;
	want.mtu = 9000;
	refused("net_ring", -EINVAL, "receives a frame into one mbuf");
}

/* The only driver here that can be told how to spread flows, though it has none. */
static void
flows_are_spread_where_the_port_can(void)
{
	struct fault fault = fault_init(err, sizeof(err));
	struct rte_mempool *pools[2], *pool;
	struct rte_eth_rss_reta_entry64 reta[2];
	static const uint16_t queue[] = {1, 0, 1, 1};

	pool = rte_pktmbuf_pool_create("rss", 63, 0, ISLA_PKT_PRIV_SIZE, 2176, 0);
	pools[0] = pools[1] = pool;
	conf.nb_shards = 2;
	want.port_id = eal_port_add("net_null", "");
	CU_ASSERT_EQUAL_FATAL(port_probe(&port, &want, &conf, &fault), 0);
	CU_ASSERT_TRUE(port.rss_hf != 0);
	CU_ASSERT_EQUAL_FATAL(port_setup(&port, pools, &fault), 0);
	CU_ASSERT_EQUAL(port_set_reta(&port, queue, RTE_DIM(queue)), 0);
	memset(reta, 0, sizeof(reta));
	reta[0].mask = reta[1].mask = UINT64_MAX;
	CU_ASSERT_EQUAL(rte_eth_dev_rss_reta_query(port.id, reta, port.reta_size), 0);
	CU_ASSERT_EQUAL(reta[0].reta[0], 1);
	CU_ASSERT_EQUAL(reta[0].reta[5], 0);
	CU_ASSERT_EQUAL(reta[1].reta[63], 1);
	port_close(&port);
	eal_port_remove();
	rte_mempool_free(pool);
	conf.nb_shards = 1;
	CU_ASSERT_EQUAL(probe("net_null", ""), 0);
	CU_ASSERT_EQUAL(port.rss_hf, 0);
	CU_ASSERT_EQUAL(port_set_reta(&port, queue, RTE_DIM(queue)), -ENOTSUP);
}

static void
mtus(void)
{
	want.mtu = 1400;
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(port.mtu, 1400);
	want.mtu = 1279;
	refused("net_ring", -EINVAL, "an MTU of 1279 is not possible: net_ring takes 1280 to");
	/* Too long for one mbuf: scattered where the driver can, else refused. */
	want.mtu = 9000;
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(port.rx_offloads, RTE_ETH_RX_OFFLOAD_SCATTER);
	refused("net_null", -EINVAL, "needs mbufs of 9150 bytes");
	conf.mbuf_size = 9150;
	CU_ASSERT_EQUAL(probe("net_null", ""), 0);
	CU_ASSERT_EQUAL(port.rx_offloads, 0);
}

static void
queues_are_as_many_as_shards_poll(void)
{
	CU_ASSERT_EQUAL(probe("net_null", ""), 0);
	CU_ASSERT_EQUAL(port.nb_queues, 1);
	conf.nb_shards = 5;
	CU_ASSERT_EQUAL(probe("net_null", ""), 0);
	CU_ASSERT_EQUAL(port.nb_queues, 5);
	/* They come in pairs. */
	conf.nb_rxq = 4;
	conf.nb_txq = 3;
	CU_ASSERT_EQUAL(probe("net_null", ""), 0);
	CU_ASSERT_EQUAL(port.nb_queues, 3);
}

static void
queues_that_the_port_has_not(void)
{
	/* An empty capture, from one file to one file: a port with one pair of queues. */
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snaplen, link;
	} header = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
	char path[] = "/tmp/isla-test-XXXXXX", args[96];
	int fd = mkstemp(path);

	CU_ASSERT_EQUAL_FATAL(write(fd, &header, sizeof(header)), sizeof(header));
	close(fd);
	snprintf(args, sizeof(args), "rx_pcap=%s,tx_pcap=/dev/null", path);
	/* Not asked for: as many as there are. */
	conf.nb_shards = 4;
	CU_ASSERT_EQUAL(probe("net_pcap", args), 0);
	CU_ASSERT_EQUAL(port.nb_queues, 1);
	/* Of the fewer the port has enough. */
	conf.nb_rxq = 1;
	conf.nb_txq = 4;
	CU_ASSERT_EQUAL(probe("net_pcap", args), 0);
	CU_ASSERT_EQUAL(port.nb_queues, 1);
	conf.nb_rxq = 2;
	CU_ASSERT_EQUAL(probe("net_pcap", args), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "2 queues are not possible: net_pcap has 1 here"));
	unlink(path);
}

static void
two_ports_are_two_interfaces(void)
{
	struct fault fault = fault_init(err, sizeof(err));
	struct port other;

	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	other = port;
	CU_ASSERT_EQUAL(port_differs(&port, &other, &fault), 0); /* neither is one of the kernel's */
	port.if_index = 3;
	other.if_index = 4;
	CU_ASSERT_EQUAL(port_differs(&port, &other, &fault), 0);
	other.if_index = 3;
	other.id = 17;
	CU_ASSERT_EQUAL(port_differs(&port, &other, &fault), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "port 17 is this interface already"));
}

/* Every queue receives into the mbufs of the shard that polls it. */
static void
each_queue_has_its_pool(void)
{
	struct fault fault = fault_init(err, sizeof(err));
	struct rte_mempool *pools[ISLA_ENGINE_SHARD_MAX];
	struct rte_mbuf *m;
	char name[16];
	uint16_t q;

	conf.nb_shards = ISLA_ENGINE_SHARD_MAX;
	for (q = 0; q < ISLA_ENGINE_SHARD_MAX; q++) {
		snprintf(name, sizeof(name), "queue%u", q);
		pools[q] = rte_pktmbuf_pool_create(name, 63, 0, ISLA_PKT_PRIV_SIZE, 2176, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(pools[q]);
	}
	want.port_id = eal_port_add("net_null", "");
	CU_ASSERT_EQUAL_FATAL(port_probe(&port, &want, &conf, &fault), 0);
	CU_ASSERT_EQUAL(port.nb_queues, ISLA_ENGINE_SHARD_MAX);
	CU_ASSERT_EQUAL_FATAL(port_setup(&port, pools, &fault), 0);
	CU_ASSERT_EQUAL_FATAL(port_start(&port, &fault), 0);
	for (q = 0; q < ISLA_ENGINE_SHARD_MAX; q++) {
		CU_ASSERT_EQUAL(port.rx_fd[q], -1);
		CU_ASSERT_EQUAL_FATAL(rte_eth_rx_burst(port.id, q, &m, 1), 1);
		CU_ASSERT_PTR_EQUAL(m->pool, pools[q]);
		CU_ASSERT_EQUAL(rte_eth_tx_burst(port.id, q, &m, 1), 1);
	}
	port_close(&port);
	eal_port_remove();
	for (q = 0; q < ISLA_ENGINE_SHARD_MAX; q++) {
		CU_ASSERT_EQUAL(rte_mempool_in_use_count(pools[q]), 0);
		rte_mempool_free(pools[q]);
	}
}

static void
macs(void)
{
	struct rte_ether_addr multicast = {{0x01, 0, 0x5e, 0, 0, 1}};

	memcpy(want.mac, multicast.addr_bytes, 6);
	refused("net_ring", -EINVAL, "must be unicast");
	want.mac[0] = 0x02;
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(memcmp(port.mac.addr_bytes, want.mac, 6), 0);
	CU_ASSERT_TRUE(port.own_mac);
	/* net_ring has none: one is derived, local and unicast, the same for the same name. */
	memset(want.mac, 0, 6);
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_TRUE(rte_is_valid_assigned_ether_addr(&port.mac));
}

static void
descriptors_are_the_drivers_unless_given(void)
{
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_TRUE(port.nb_rxd > 0);
	conf.nb_rxd = 48;
	conf.nb_txd = 96;
	CU_ASSERT_EQUAL(probe("net_ring", ""), 0);
	CU_ASSERT_EQUAL(port.nb_rxd, 48);
	CU_ASSERT_EQUAL(port.nb_txd, 96);
}

/* A chain of segments of these lengths, filled with a running byte. */
static struct rte_mbuf *
chain(struct rte_mempool *pool, const uint16_t *lens, unsigned int nb)
{
	struct rte_mbuf *head = NULL, *m;
	uint8_t byte = 0;
	unsigned int i;
	uint16_t j;

	for (i = 0; i < nb; i++) {
		uint8_t *data;

		m = rte_pktmbuf_alloc(pool);
		data = (uint8_t *)rte_pktmbuf_append(m, lens[i]);
		for (j = 0; j < lens[i]; j++)
			data[j] = byte++;
		if (head == NULL)
			head = m;
		else
			rte_pktmbuf_chain(head, m);
	}
	return head;
}

static void
check_bytes(const struct rte_mbuf *m, uint32_t len)
{
	uint32_t i;

	CU_ASSERT_EQUAL(m->nb_segs, 1);
	CU_ASSERT_EQUAL(m->pkt_len, len);
	CU_ASSERT_EQUAL_FATAL(m->data_len, len);
	for (i = 0; i < len; i++)
		if (rte_pktmbuf_mtod(m, const uint8_t *)[i] != (uint8_t)i)
			CU_FAIL_FATAL("bytes differ");
}

static void
one_segment_is_left_alone(void)
{
	struct rte_mempool *pool = heap_pool_create(8, 2176, ISLA_PKT_PRIV_SIZE);
	static const uint16_t lens[] = {100};
	struct rte_mbuf *m = chain(pool, lens, 1);
	uint64_t copied = 0;

	CU_ASSERT_PTR_EQUAL(port_linearize(m, pool, &copied), m);
	CU_ASSERT_EQUAL(copied, 0);
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

static void
payload_is_put_behind_its_headers(void)
{
	struct rte_mempool *pool = heap_pool_create(8, 2176, ISLA_PKT_PRIV_SIZE);
	static const uint16_t lens[] = {54, 1000, 460};
	struct rte_mbuf *m = chain(pool, lens, 3);
	uint64_t copied = 7;

	CU_ASSERT_PTR_EQUAL(port_linearize(m, pool, &copied), m);
	CU_ASSERT_EQUAL(copied, 7 + 1460);
	check_bytes(m, 1514);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 1);
	rte_pktmbuf_free(m);
	heap_pool_free(pool);
}

static void
a_shared_first_segment_is_copied_too(void)
{
	struct rte_mempool *pool = heap_pool_create(8, 2176, ISLA_PKT_PRIV_SIZE);
	struct rte_mempool *refs = heap_pool_create(8, 0, ISLA_PKT_PRIV_SIZE);
	static const uint16_t lens[] = {54, 1460};
	struct rte_mbuf *m = chain(pool, lens, 2), *ref = rte_pktmbuf_clone(m, refs), *copy;
	uint64_t copied = 0;

	ref->l3_len = 20;
	ref->l4_len = 24;
	copy = port_linearize(ref, pool, &copied);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	CU_ASSERT_PTR_NOT_EQUAL(copy, ref);
	check_bytes(copy, 1514);
	CU_ASSERT_EQUAL(copied, 1514);
	CU_ASSERT_EQUAL(copy->l3_len, 20);
	CU_ASSERT_EQUAL(copy->l4_len, 24);
	/* The original is as it was. */
	CU_ASSERT_EQUAL(m->nb_segs, 2);
	CU_ASSERT_EQUAL(m->data_len, 54);
	rte_pktmbuf_free(copy);
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(refs), 0);
	heap_pool_free(refs);
	heap_pool_free(pool);
}

static void
without_an_mbuf_the_chain_stays(void)
{
	struct rte_mempool *pool = heap_pool_create(8, 2176, ISLA_PKT_PRIV_SIZE);
	struct rte_mempool *refs = heap_pool_create(8, 0, ISLA_PKT_PRIV_SIZE);
	static const uint16_t lens[] = {54, 1460};
	struct rte_mbuf *m = chain(pool, lens, 2), *ref = rte_pktmbuf_clone(m, refs);
	uint64_t copied = 0;

	heap_pool_set_limit(pool, 2);
	CU_ASSERT_PTR_NULL(port_linearize(ref, pool, &copied));
	CU_ASSERT_EQUAL(copied, 0);
	CU_ASSERT_EQUAL(ref->nb_segs, 2);
	rte_pktmbuf_free(ref);
	rte_pktmbuf_free(m);
	heap_pool_free(refs);
	heap_pool_free(pool);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_port_that_is_not_there),
	SUITE_TEST(net_null_sends_chains_without_offering_it),
	SUITE_TEST(chains_can_be_forbidden),
	SUITE_TEST(offloads_that_the_port_has_not),
	SUITE_TEST(flows_are_spread_where_the_port_can),
	SUITE_TEST(mtus),
	SUITE_TEST(queues_are_as_many_as_shards_poll),
	SUITE_TEST(queues_that_the_port_has_not),
	SUITE_TEST(each_queue_has_its_pool),
	SUITE_TEST(two_ports_are_two_interfaces),
	SUITE_TEST(macs),
	SUITE_TEST(descriptors_are_the_drivers_unless_given),
	SUITE_TEST(one_segment_is_left_alone),
	SUITE_TEST(payload_is_put_behind_its_headers),
	SUITE_TEST(a_shared_first_segment_is_copied_too),
	SUITE_TEST(without_an_mbuf_the_chain_stays),
};

int
main(void)
{
	return eal_suite_run("port", tests, RTE_DIM(tests), setup, NULL);
}
