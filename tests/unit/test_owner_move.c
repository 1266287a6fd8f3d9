/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries of the table that are moved while connections live: where old and new flows go, and when
 * the marks disappear.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "owner.h"
#include "segment.h"
#include "sim.h"
#include "suite.h"

#define NB     4
#define IDX    77
#define T0     5000000ull
#define SECOND 1000000ull

static struct owner_map map;
static struct sim_host host[NB];
static struct owner_sweep sweep[NB];
static uint64_t now_us;
static const struct isla_tcp_ops no_ops = {.accept = NULL};

static struct isla_addr
addr(const char *text)
{
	struct isla_addr a;

	CU_ASSERT_EQUAL_FATAL(isla_addr_parse(text, &a), 0);
	return a;
}

static void
setup(void)
{
	uint8_t key[OWNER_KEY_LEN];
	struct sim_host_conf conf = {.number = 2, .stack = {.now_us = T0}};
	unsigned int i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	now_us = T0;
	memset(sweep, 0, sizeof(sweep));
	owner_map_init(&map, OWNER_MODE_2TUPLE, key, NB);
	/* Not as shards: a test may then choose the ports of its connections. */
	for (i = 0; i < NB; i++)
		sim_host_init(&host[i], &conf);
}

static void
teardown(void)
{
	unsigned int i;

	for (i = 0; i < NB; i++)
		CU_ASSERT_EQUAL(sim_host_fini(&host[i]), 0);
}

/* The n-th remote port whose frames to port 80 go by an entry. */
static uint16_t
port_of(uint16_t idx, uint32_t n)
{
	struct isla_addr src = addr("192.168.1.1");
	uint32_t words[2] = {rte_be_to_cpu_32(src.w[3])}, port;

	for (port = 1; port < 65536; port++) {
		words[1] = port << 16;
		if (owner_toeplitz(&map, words, 2) % OWNER_TABLE_LEN == idx && n-- == 0)
			return (uint16_t)port;
	}
	CU_FAIL_FATAL("no such port");
	return 0;
}

/* A connection between that port and our port 80, which a shard has. */
static struct isla_tcp_conn *
conn_on(uint16_t shard, uint16_t remote_port)
{
	struct isla_tcp_ends ends = {.remote = addr("192.168.1.1"), .local_port = 80,
		.remote_port = remote_port};
	struct isla_tcp_conn *c = isla_tcp_connect(
		isla_stack_tcp(host[shard].stack), &ends, &no_ops, NULL, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/* The way of a frame: the shards that have it in turn, at most 8. Returns how many; the last one
 * keeps it. */
static unsigned int
way(struct rte_mbuf *m, uint16_t *at)
{
	unsigned int n = 1;
	uint16_t next;

	owner_burst(&map, &m, 1, &at[0]);
	while (n < 8 && owner_is_moving(&map, now_us)) {
		CU_ASSERT_TRUE_FATAL(at[n - 1] < NB);
		owner_second(&map, at[n - 1], host[at[n - 1]].stack, &sweep[at[n - 1]], &m, 1, &next);
		if (next == OWNER_SELF)
			break;
		at[n++] = next;
	}
	return n;
}

static uint16_t
ends_at(uint16_t remote_port)
{
	struct frame_ends in = {.src_mac = {2, 1}, .dst_mac = {2, 2},
		.src = addr("192.168.1.1"), .dst = addr("192.168.1.2")};
	struct seg seg = {.flags = ACK, .sport = remote_port, .dport = 80};
	uint8_t buf[2048];
	struct rte_mbuf *m;
	uint16_t at[8];
	unsigned int n;

	m = sim_mbuf(host[0].pool, buf, frame_build_tcp(buf, &in, &seg), 2048, NULL);
	n = way(m, at);
	rte_pktmbuf_free(m);
	CU_ASSERT_TRUE(n < 8);
	return at[n - 1];
}

/* All shards run for some time, in rounds of 10 ms. */
static void
run(uint64_t us)
{
	uint64_t end = now_us + us;
	uint16_t i;

	for (; now_us < end; now_us += 10000)
		for (i = 0; i < NB; i++)
			if (owner_is_moving(&map, now_us))
				owner_sweep(&sweep[i], &map, i, host[i].stack, now_us);
}

static void
set_and_get(void)
{
	uint16_t older, i;

	for (i = 0; i < OWNER_TABLE_LEN; i++) {
		CU_ASSERT_EQUAL(owner_map_get(&map, i, &older), i % NB);
		CU_ASSERT_EQUAL(older, 0);
	}
	CU_ASSERT_FALSE(owner_is_moving(&map, now_us));
	CU_ASSERT_EQUAL(owner_map_set(&map, OWNER_TABLE_LEN, 0), -EINVAL);
	CU_ASSERT_EQUAL(owner_map_set(&map, 0, NB), -EINVAL);
	CU_ASSERT_FALSE(owner_is_moving(&map, now_us));
	/* To itself: nothing to do. */
	CU_ASSERT_EQUAL(owner_map_set(&map, IDX, IDX % NB), 0);
	CU_ASSERT_EQUAL(owner_map_get(&map, IDX, &older), IDX % NB);
	CU_ASSERT_EQUAL(older, 0);
	run(4 * SECOND);
	CU_ASSERT_FALSE(owner_is_moving(&map, now_us));
	CU_ASSERT_EQUAL(owner_map_set(&map, IDX, 3), 0);
	CU_ASSERT_EQUAL(owner_map_get(&map, IDX, &older), 3);
	CU_ASSERT_EQUAL(older, 1 << IDX % NB);
	/* However long nobody looks. */
	CU_ASSERT_TRUE(owner_is_moving(&map, now_us));
	CU_ASSERT_TRUE(owner_is_moving(&map, now_us + 1000000 * SECOND));
	CU_ASSERT_EQUAL(owner_map_get(&map, IDX + 1, &older), (IDX + 1) % NB);
	CU_ASSERT_EQUAL(older, 0);
}

static void
old_flows_stay_new_ones_follow(void)
{
	uint16_t old_port = port_of(IDX, 0), new_port = port_of(IDX, 1), older;
	struct isla_tcp_conn *old = conn_on(1, old_port), *new;

	CU_ASSERT_EQUAL(ends_at(old_port), 1);
	CU_ASSERT_EQUAL(ends_at(new_port), 1);
	owner_map_set(&map, IDX, 2);
	CU_ASSERT_EQUAL(ends_at(old_port), 1);
	CU_ASSERT_EQUAL(ends_at(new_port), 2);
	new = conn_on(2, new_port);
	run(10 * SECOND);
	CU_ASSERT_EQUAL(ends_at(old_port), 1);
	CU_ASSERT_EQUAL(ends_at(new_port), 2);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 1 << 1);
	CU_ASSERT_TRUE(owner_is_moving(&map, now_us));
	/* The last one of the older owner's ends: the mark goes, and a while later all is as ever.
	 */
	isla_tcp_abort(old);
	run(2 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 0);
	CU_ASSERT_EQUAL(ends_at(old_port), 2);
	run(4 * SECOND);
	CU_ASSERT_FALSE(owner_is_moving(&map, now_us));
	CU_ASSERT_EQUAL(ends_at(new_port), 2);
	isla_tcp_abort(new);
}

/* Moved again and again: each owner keeps what it has, wherever the entry goes. */
static void
an_entry_may_be_moved_on(void)
{
	struct isla_tcp_conn *c[6];
	uint16_t port[6], older, i;
	static const uint16_t to[6] = {1, 3, 0, 2, 1, 3};

	for (i = 0; i < 6; i++) {
		port[i] = port_of(IDX, i);
		owner_map_set(&map, IDX, to[i]);
		CU_ASSERT_EQUAL(ends_at(port[i]), to[i]);
		c[i] = conn_on(to[i], port[i]);
		run(SECOND / 2);
	}
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(ends_at(port[i]), to[i]);
	run(5 * SECOND);
	CU_ASSERT_EQUAL(owner_map_get(&map, IDX, &older), 3);
	CU_ASSERT_EQUAL(older, 1 << 0 | 1 << 1 | 1 << 2);
	isla_tcp_abort(c[2]);
	run(3 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 1 << 1 | 1 << 2);
	isla_tcp_abort(c[0]);
	isla_tcp_abort(c[1]);
	run(3 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 1 << 1 | 1 << 2);
	CU_ASSERT_EQUAL(ends_at(port[3]), 2);
	CU_ASSERT_EQUAL(ends_at(port[4]), 1);
	isla_tcp_abort(c[3]);
	isla_tcp_abort(c[4]);
	isla_tcp_abort(c[5]);
	run(6 * SECOND);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 0);
	CU_ASSERT_FALSE(owner_is_moving(&map, now_us));
}

/* A frame that was on its way to the older owner when its mark was taken away. */
static void
late_frames_are_passed_on(void)
{
	struct frame_ends in = {.src_mac = {2, 1}, .dst_mac = {2, 2},
		.src = addr("192.168.1.1"), .dst = addr("192.168.1.2")};
	struct seg seg = {.flags = SYN, .sport = port_of(IDX, 0), .dport = 80};
	uint8_t buf[2048];
	struct rte_mbuf *m;
	uint16_t owner, next, older;
	uint64_t moved_us = now_us;

	owner_map_set(&map, IDX, 2);
	m = sim_mbuf(host[0].pool, buf, frame_build_tcp(buf, &in, &seg), 2048, NULL);
	owner_burst(&map, &m, 1, &owner);
	CU_ASSERT_EQUAL(owner, 1);
	while (owner_map_get(&map, IDX, &older) == 2 && older != 0)
		run(10000);
	/* No connection was there: it took one look. */
	CU_ASSERT_TRUE(now_us - moved_us < SECOND);
	CU_ASSERT_TRUE(owner_is_moving(&map, now_us + SECOND));
	owner_second(&map, 1, host[1].stack, &sweep[1], &m, 1, &next);
	CU_ASSERT_EQUAL(next, 2);
	owner_second(&map, 2, host[2].stack, &sweep[2], &m, 1, &next);
	CU_ASSERT_EQUAL(next, OWNER_SELF);
	rte_pktmbuf_free(m);
}

/* What does not go by the table is nobody else's. */
static void
other_frames_are_not_passed_on(void)
{
	struct frame_ends in = {.src_mac = {2, 1}, .dst_mac = {2, 2},
		.src = addr("192.168.1.1"), .dst = addr("192.168.1.2")};
	uint8_t buf[2048];
	struct rte_mbuf *m;
	uint16_t i, next;

	for (i = 0; i < OWNER_TABLE_LEN; i++)
		owner_map_set(&map, i, 3);
	m = sim_mbuf(host[0].pool, buf, frame_build_udp(buf, &in, 53, 50000, "x", 1), 2048, NULL);
	owner_second(&map, 1, host[1].stack, &sweep[1], &m, 1, &next);
	CU_ASSERT_EQUAL(next, OWNER_SELF);
	rte_pktmbuf_free(m);
	m = sim_mbuf(host[0].pool, buf, frame_build_echo(buf, &in, 53, 0, "x", 1), 2048, NULL);
	owner_second(&map, 1, host[1].stack, &sweep[1], &m, 1, &next);
	CU_ASSERT_EQUAL(next, OWNER_SELF);
	rte_pktmbuf_free(m);
	/* UDP has no flow that anybody would know: it follows at once. */
	m = sim_mbuf(host[0].pool, buf, frame_build_udp(buf, &in, port_of(IDX, 0), 80, "x", 1), 2048,
		NULL);
	owner_burst(&map, &m, 1, &next);
	CU_ASSERT_EQUAL(next, 1);
	owner_second(&map, 1, host[1].stack, &sweep[1], &m, 1, &next);
	CU_ASSERT_EQUAL(next, 3);
	rte_pktmbuf_free(m);
}

/* ICMP errors find the connection that they quote, where it is. */
static void
errors_follow_their_flow(void)
{
	struct frame_ends out = {.src = addr("192.168.1.2"), .dst = addr("192.168.1.1")};
	struct frame_ends in = {.src = addr("10.0.0.9"), .dst = addr("192.168.1.2")};
	struct seg seg = {.flags = ACK, .sport = 80, .dport = port_of(IDX, 0)};
	struct isla_tcp_conn *c = conn_on(1, seg.dport);
	uint8_t buf[2048], *p = buf + frame_l4_off(&in);
	struct rte_mbuf *m;
	uint16_t at[8];
	unsigned int i, n;

	owner_map_set(&map, IDX, 0);
	for (i = 0; i < 2; i++) {
		uint8_t quote[2048];

		frame_build_tcp(quote, &out, &seg);
		memset(p, 0, 8);
		p[0] = 3;
		memcpy(p + 8, quote + 14, 28);
		m = sim_mbuf(host[0].pool, buf, frame_finish(buf, &in, 1, 36), 2048, NULL);
		n = way(m, at);
		rte_pktmbuf_free(m);
		CU_ASSERT_EQUAL(at[0], 1);
		CU_ASSERT_EQUAL(n, i == 0 ? 1 : 2);
		CU_ASSERT_EQUAL(at[n - 1], i == 0 ? 1 : 0);
		if (i == 0)
			isla_tcp_abort(c);
	}
}

/* An entry that comes back and goes again while its connections are being looked at keeps its mark
 * until another look. */
static void
a_move_in_mid_look_is_noticed(void)
{
	uint16_t older;
	struct isla_tcp_conn *c;

	owner_map_set(&map, IDX, 2);
	owner_sweep(&sweep[1], &map, 1, host[1].stack, now_us);
	CU_ASSERT_TRUE(sweep[1].is_running);
	owner_map_set(&map, IDX, 1);
	while (sweep[1].is_running && sweep[1].cursor == 0)
		owner_sweep(&sweep[1], &map, 1, host[1].stack, now_us);
	/* Where it has been looked already. */
	c = conn_on(1, port_of(IDX, 0));
	owner_map_set(&map, IDX, 2);
	while (sweep[1].is_running)
		owner_sweep(&sweep[1], &map, 1, host[1].stack, now_us);
	owner_map_get(&map, IDX, &older);
	CU_ASSERT_EQUAL(older, 1 << 1);
	CU_ASSERT_EQUAL(ends_at(port_of(IDX, 0)), 1);
	isla_tcp_abort(c);
}

static const struct suite_test tests[] = {
	SUITE_TEST(set_and_get),
	SUITE_TEST(old_flows_stay_new_ones_follow),
	SUITE_TEST(an_entry_may_be_moved_on),
	SUITE_TEST(late_frames_are_passed_on),
	SUITE_TEST(other_frames_are_not_passed_on),
	SUITE_TEST(errors_follow_their_flow),
	SUITE_TEST(a_move_in_mid_look_is_noticed),
};

int
main(void)
{
	return suite_run("owner_move", tests, RTE_DIM(tests), setup, teardown);
}
