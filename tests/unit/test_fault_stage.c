/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fault stage in virtual time: how many frames meet what, when the others come out and in which
 * order, that queues are bounded, that a copy is changed and not the frame, and that every mbuf is
 * accounted for.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <isla_pkt.h>

#include "fault_stage.h"
#include "heap_pool.h"
#include "suite.h"

#define NB_PORTS 2
#define LIMIT    4096

static struct rte_mempool *pool;
static struct fault_stage *stage;
static struct isla_fault_stats stats;
static uint64_t next_id;

static struct fault_stage *
stage_new(uint64_t seed)
{
	struct fault_stage_conf conf = {
		.nb_ports = NB_PORTS,
		.limit_max = LIMIT,
		.socket_id = -1,
		.pool = pool,
		.mem = isla_mem_libc,
		.seed = seed,
	};

	return fault_stage_create(&conf);
}

static void
setup(void)
{
	pool = heap_pool_create(3 * LIMIT, 2176, ISLA_PKT_PRIV_SIZE);
	stage = stage_new(1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stage);
	next_id = 0;
}

static void
teardown(void)
{
	fault_stage_free(stage);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

static void
set(enum isla_fault_dir dir, const char *text)
{
	struct isla_fault fault[ISLA_FAULT_DIRS];
	char err[ISLA_FAULT_ERR_SIZE] = "", line[200];

	snprintf(line, sizeof(line), "%s %s", dir == ISLA_FAULT_RX ? "rx" : "tx", text);
	CU_ASSERT_EQUAL_FATAL(isla_fault_parse(line, fault, NULL, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(fault_stage_set(stage, dir, &fault[dir]), 0);
}

/* Frames are numbered in their first bytes. */
static struct rte_mbuf *
frame(uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char *data = m != NULL ? rte_pktmbuf_append(m, len) : NULL;

	if (data == NULL)
		abort();
	memset(data, 0x5a, len);
	memcpy(data, &next_id, sizeof(next_id));
	next_id++;
	return m;
}

static uint64_t
id_of(const struct rte_mbuf *m)
{
	uint64_t id;

	memcpy(&id, rte_pktmbuf_mtod(m, const char *), sizeof(id));
	return id;
}

/* One frame in; what is due comes out. */
static uint16_t
rx(uint16_t len, struct rte_mbuf **pkts, uint16_t max, uint64_t now_us)
{
	pkts[0] = frame(len);
	return fault_stage_rx(stage, 0, pkts, 1, max, now_us);
}

static void
rx_get_stats(void)
{
	fault_stage_get_stats(stage, ISLA_FAULT_RX, &stats);
	CU_ASSERT_EQUAL(stats.nb_frames + stats.nb_duplicated, stats.nb_passed +
		stats.nb_dropped + stats.nb_limit_full + stats.nb_buffer_full +
		stats.nb_flushed + stats.nb_waiting);
}

/* Run nb frames through; victims receives a hash of who was lost, where it is not NULL. */
static void
run(unsigned int nb, uint64_t *victims)
{
	struct rte_mbuf *pkts[64];
	unsigned int i, j, n;
	uint64_t seen = 0;

	for (i = 0; i < nb; i++) {
		n = rx(100, pkts, RTE_DIM(pkts), i);
		for (j = 0; j < n; j++)
			seen = (seen ^ id_of(pkts[j])) * UINT64_C(0x100000001b3);
		rte_pktmbuf_free_bulk(pkts, n);
	}
	if (victims != NULL)
		*victims = seen;
	rx_get_stats();
}

/* Within eight standard deviations: a test in a good generator's lifetime does not see the ninth.
 */
static void
expect_share(uint64_t count, unsigned int nb, double share)
{
	double mean = nb * share, off = (double)count - mean;
	double bound = 64 * nb * share * (1 - share);

	CU_ASSERT_TRUE(off * off <= bound);
}

static void
what_is_off_is_passed_by(void)
{
	struct rte_mbuf *pkts[8];
	uint16_t i;

	CU_ASSERT_TRUE(fault_stage_is_done(stage));
	CU_ASSERT_TRUE(fault_stage_is_idle(stage, ISLA_FAULT_TX, 1));
	for (i = 0; i < 8; i++)
		pkts[i] = frame(60);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 8, 8, 5), 8);
	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(id_of(pkts[i]), i);
	rte_pktmbuf_free_bulk(pkts, 8);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), UINT64_MAX);
	CU_ASSERT_FALSE(fault_stage_has_output(stage));
}

static void
shares_are_what_was_asked_for(void)
{
	set(ISLA_FAULT_RX, "drop 5% dup 3% corrupt 2% reorder 1% hold 10us");
	run(100000, NULL);
	CU_ASSERT_EQUAL(stats.nb_frames, 100000);
	expect_share(stats.nb_dropped, 100000, 0.05);
	expect_share(stats.nb_duplicated, 95000, 0.03);
	expect_share(stats.nb_corrupted, 95000, 0.02);
	expect_share(stats.nb_reordered, 97850, 0.01);
	CU_ASSERT_EQUAL(stats.nb_limit_full, 0);
	CU_ASSERT_EQUAL(stats.nb_no_mbuf, 0);
}

static void
all_and_nothing_are_exact(void)
{
	set(ISLA_FAULT_RX, "drop 100%");
	run(1000, NULL);
	CU_ASSERT_EQUAL(stats.nb_dropped, 1000);
	fault_stage_clear_stats(stage);
	set(ISLA_FAULT_RX, "drop 100% burst 10");
	run(1000, NULL);
	CU_ASSERT_EQUAL(stats.nb_dropped, 1000);
	fault_stage_clear_stats(stage);
	set(ISLA_FAULT_RX, "drop 0% dup 100%");
	run(1000, NULL);
	CU_ASSERT_EQUAL(stats.nb_dropped, 0);
	CU_ASSERT_EQUAL(stats.nb_passed, 2000);
}

static void
losses_come_in_bursts(void)
{
	struct rte_mbuf *pkts[4];
	unsigned int i, nb_bursts = 0, nb_lost = 0;
	bool lost = false;

	set(ISLA_FAULT_RX, "drop 10% burst 8");
	for (i = 0; i < 200000; i++) {
		uint16_t n = rx(60, pkts, RTE_DIM(pkts), i);

		nb_bursts += n == 0 && !lost;
		nb_lost += n == 0;
		lost = n == 0;
		rte_pktmbuf_free_bulk(pkts, n);
	}
	/* 20,000 losses in some 2,500 bursts: eight deviations of each are about a fifth. */
	CU_ASSERT_TRUE(nb_lost > 15500 && nb_lost < 24500);
	CU_ASSERT_TRUE(nb_lost > 6 * nb_bursts && nb_lost < 10 * nb_bursts);
}

/* Where bursts of that length, with one frame between each two, would lose less than was asked. */
static void
much_loss_makes_bursts_longer(void)
{
	static const struct {
		const char *text;
		double share;
	} cases[] = {
		{"drop 66% burst 2", 0.66},
		{"drop 67% burst 2", 0.67},
		{"drop 80% burst 2", 0.8},
		{"drop 99% burst 10", 0.99},
		{"drop 50% burst 1000", 0.5},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		double share = cases[i].share, off;

		/* Time begins again. */
		fault_stage_free(stage);
		stage = stage_new(i + 1);
		set(ISLA_FAULT_RX, cases[i].text);
		run(400000, NULL);
		off = (double)stats.nb_dropped / 400000 - share;
		/* Of bursts of 1000 there are some 200 only. */
		CU_ASSERT_TRUE(off * off < (share == 0.5 ? 0.2 * 0.2 : 0.01 * 0.01));
	}
}

static void
the_same_seed_has_the_same_victims(void)
{
	uint64_t victims[3];
	unsigned int i;

	for (i = 0; i < RTE_DIM(victims); i++) {
		fault_stage_free(stage);
		stage = stage_new(i < 2 ? 7 : 8);
		next_id = 0;
		set(ISLA_FAULT_RX, "drop 5% dup 5% corrupt 5% reorder 5% hold 3us");
		run(2000, &victims[i]);
	}
	CU_ASSERT_EQUAL(victims[0], victims[1]);
	CU_ASSERT_NOT_EQUAL(victims[0], victims[2]);
}

static void
lanes_have_luck_of_their_own(void)
{
	struct rte_mbuf *pkts[1];
	unsigned int i, nb_same = 0;

	set(ISLA_FAULT_RX, "drop 50%");
	for (i = 0; i < 1000; i++) {
		uint16_t n[2], port;

		for (port = 0; port < 2; port++) {
			pkts[0] = frame(60);
			n[port] = fault_stage_rx(stage, port, pkts, 1, 1, i);
			rte_pktmbuf_free_bulk(pkts, n[port]);
		}
		nb_same += n[0] == n[1];
	}
	CU_ASSERT_TRUE(nb_same > 350 && nb_same < 650);
}

static void
a_delay_is_kept_to_the_microsecond(void)
{
	struct rte_mbuf *pkts[8];

	set(ISLA_FAULT_RX, "delay 20ms");
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 1000), 0);
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 1500), 0);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), 21000);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 20999), 0);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 21000), 1);
	CU_ASSERT_EQUAL(id_of(pkts[0]), 0);
	rte_pktmbuf_free(pkts[0]);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), 21500);
	CU_ASSERT_FALSE(fault_stage_has_output(stage));
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 30000), 1);
	CU_ASSERT_EQUAL(id_of(pkts[0]), 1);
	rte_pktmbuf_free(pkts[0]);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), UINT64_MAX);
}

static void
jitter_keeps_to_its_bounds_and_the_order(void)
{
	struct rte_mbuf *pkts[8];
	uint64_t now_us, sent_us[500], expected = 0, shortest = UINT64_MAX, longest = 0;
	unsigned int i = 0;
	uint16_t n, j;

	set(ISLA_FAULT_RX, "delay 5ms jitter 5ms");
	for (now_us = 0; expected < RTE_DIM(sent_us); now_us += 10) {
		n = 0;
		if (now_us % 20000 == 0 && i < RTE_DIM(sent_us)) {
			sent_us[i++] = now_us;
			pkts[0] = frame(60);
			n = 1;
		}
		n = fault_stage_rx(stage, 0, pkts, n, 8, now_us);
		for (j = 0; j < n; j++) {
			uint64_t took_us = now_us - sent_us[expected];

			CU_ASSERT_EQUAL(id_of(pkts[j]), expected);
			expected++;
			shortest = RTE_MIN(shortest, took_us);
			longest = RTE_MAX(longest, took_us);
			rte_pktmbuf_free(pkts[j]);
		}
	}
	CU_ASSERT_TRUE(longest <= 10010);
	/* 500 even draws that all miss a tenth at an end: 0.9^500. */
	CU_ASSERT_TRUE(longest > 9000);
	CU_ASSERT_TRUE(shortest < 1000);
}

static void
jitter_does_not_overtake(void)
{
	struct rte_mbuf *pkts[8];
	uint64_t now_us, expected = 0;
	uint16_t n, j;

	set(ISLA_FAULT_RX, "delay 5ms jitter 5ms");
	for (now_us = 0; now_us < 200000; now_us += 100) {
		n = rx(60, pkts, 8, now_us);
		for (j = 0; j < n; j++) {
			CU_ASSERT_EQUAL(id_of(pkts[j]), expected);
			expected++;
		}
		rte_pktmbuf_free_bulk(pkts, n);
	}
	CU_ASSERT_TRUE(expected > 1000);
}

static void
a_held_frame_is_overtaken(void)
{
	struct rte_mbuf *pkts[8];

	set(ISLA_FAULT_RX, "reorder 100% hold 2ms delay 1ms");
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 0), 0);
	set(ISLA_FAULT_RX, "delay 1ms");
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 100), 0);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), 1100);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 2999), 1);
	CU_ASSERT_EQUAL(id_of(pkts[0]), 1);
	rte_pktmbuf_free(pkts[0]);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), 3000);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 3000), 1);
	CU_ASSERT_EQUAL(id_of(pkts[0]), 0);
	rte_pktmbuf_free(pkts[0]);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_reordered, 1);
}

static void
a_rate_has_its_times_of_departure(void)
{
	struct rte_mbuf *pkts[8];
	unsigned int i;

	/* 1250 bytes at 100 Mbit/s: 100 us. */
	set(ISLA_FAULT_RX, "rate 100mbit");
	for (i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(rx(1250, pkts, 8, 1000), 0);
	for (i = 1; i <= 5; i++) {
		CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 1000 + 100 * i - 1), 0);
		CU_ASSERT_EQUAL(fault_stage_next_us(stage), 1000 + 100 * i);
		CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 1000 + 100 * i), 1);
		CU_ASSERT_EQUAL(id_of(pkts[0]), i - 1);
		rte_pktmbuf_free(pkts[0]);
	}
	/* An idle link saves nothing up. */
	CU_ASSERT_EQUAL(rx(1250, pkts, 8, 1000000), 0);
	CU_ASSERT_EQUAL(rx(1250, pkts, 8, 1000000), 0);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 1000100), 1);
	rte_pktmbuf_free(pkts[0]);
}

static void
a_rate_loses_nothing_to_rounding(void)
{
	struct rte_mbuf *pkts[8];
	uint64_t now_us, nb_bytes = 0;
	uint16_t n;

	/* 101 bytes at 7 Mbit/s take 115.43 us, for ten seconds. */
	set(ISLA_FAULT_RX, "rate 7mbit limit 100");
	for (now_us = 0; now_us <= 10000000; now_us += 100) {
		n = rx(101, pkts, 8, now_us);
		nb_bytes += n * 101;
		rte_pktmbuf_free_bulk(pkts, n);
	}
	CU_ASSERT_TRUE(nb_bytes <= 8750000);
	CU_ASSERT_TRUE(nb_bytes > 8750000 - 202);
}

static void
a_fast_rate_does_not_overflow(void)
{
	struct rte_mbuf *pkts[64];
	uint64_t now_us = UINT64_C(1) << 50;
	unsigned int i;
	uint16_t n = 0;

	/* 1500 bytes at 400 Gbit/s: 30 ns; 33 of them in a microsecond. */
	set(ISLA_FAULT_RX, "rate 400gbit buffer 1G");
	for (i = 0; i < 33; i++)
		CU_ASSERT_EQUAL(rx(1500, pkts, 64, now_us), 0);
	n = fault_stage_rx(stage, 0, pkts, 0, 64, now_us + 1);
	CU_ASSERT_EQUAL(n, 33);
	rte_pktmbuf_free_bulk(pkts, n);
}

static void
as_many_frames_wait_as_may(void)
{
	struct rte_mbuf *pkts[16];
	unsigned int i;

	set(ISLA_FAULT_RX, "delay 1s limit 10");
	for (i = 0; i < 15; i++)
		CU_ASSERT_EQUAL(rx(60, pkts, 16, i), 0);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_waiting, 10);
	CU_ASSERT_EQUAL(stats.nb_limit_full, 5);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 10);
	/* Held frames count, too. */
	set(ISLA_FAULT_RX, "delay 1s limit 12 reorder 100%");
	for (i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(rx(60, pkts, 16, 20 + i), 0);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_waiting, 12);
	CU_ASSERT_EQUAL(stats.nb_limit_full, 8);
}

static void
as_many_bytes_wait_for_the_rate_as_may(void)
{
	struct rte_mbuf *pkts[16];
	unsigned int i;

	/* 1000 bytes leave in 1 ms; what is on the link's way already (delay) is not counted. */
	set(ISLA_FAULT_RX, "rate 8mbit buffer 5000 delay 1s");
	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(rx(1000, pkts, 16, 0), 0);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_waiting, 5);
	CU_ASSERT_EQUAL(stats.nb_buffer_full, 3);
	CU_ASSERT_EQUAL(rx(1000, pkts, 16, 1000), 0);
	CU_ASSERT_EQUAL(rx(1000, pkts, 16, 1000), 0);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_waiting, 6);
	CU_ASSERT_EQUAL(stats.nb_buffer_full, 4);
}

static void
limits_of_the_limit(void)
{
	struct isla_fault fault = {.delay_us = 1, .limit_pkts = LIMIT};

	CU_ASSERT_EQUAL(fault_stage_set(stage, ISLA_FAULT_RX, &fault), 0);
	fault.limit_pkts++;
	CU_ASSERT_EQUAL(fault_stage_set(stage, ISLA_FAULT_RX, &fault), -E2BIG);
	CU_ASSERT_EQUAL(stage->lane[ISLA_FAULT_RX][0].fault.limit_pkts, LIMIT);
	fault.limit_pkts = 0;
	CU_ASSERT_EQUAL(fault_stage_set(stage, ISLA_FAULT_RX, &fault), 0);
	CU_ASSERT_EQUAL(
		stage->lane[ISLA_FAULT_RX][0].fault.limit_pkts, ISLA_FAULT_LIMIT_DEFAULT);
}

static void
a_queue_grows_with_frames_in_it(void)
{
	struct rte_mbuf *pkts[64];
	unsigned int i;
	uint16_t n;

	set(ISLA_FAULT_RX, "delay 1ms limit 8");
	/* So that the ring's end lies in the middle of what waits. */
	for (i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(rx(60, pkts, 64, 0), 0);
		CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 64, 1000), 1);
		rte_pktmbuf_free(pkts[0]);
		stage->lane[ISLA_FAULT_RX][0].line.last_due_us = 0;
	}
	for (i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(rx(60, pkts, 64, 2000 + i), 0);
	set(ISLA_FAULT_RX, "delay 1ms limit 40");
	for (i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(rx(60, pkts, 64, 2010 + i), 0);
	n = fault_stage_rx(stage, 0, pkts, 0, 64, 10000);
	CU_ASSERT_EQUAL(n, 40);
	for (i = 0; i < n; i++)
		CU_ASSERT_EQUAL(id_of(pkts[i]), 5 + i);
	rte_pktmbuf_free_bulk(pkts, n);
}

static void
off_lets_out_what_waits_in_its_time(void)
{
	struct rte_mbuf *pkts[8];

	set(ISLA_FAULT_RX, "delay 5ms");
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 0), 0);
	set(ISLA_FAULT_RX, "off");
	CU_ASSERT_FALSE(fault_stage_is_done(stage));
	/* Whoever comes later stays behind. */
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 100), 0);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 8, 5000), 2);
	CU_ASSERT_EQUAL(id_of(pkts[0]), 0);
	CU_ASSERT_EQUAL(id_of(pkts[1]), 1);
	rte_pktmbuf_free_bulk(pkts, 2);
	CU_ASSERT_TRUE(fault_stage_is_done(stage));
	CU_ASSERT_EQUAL(rx(60, pkts, 8, 5001), 1);
	rte_pktmbuf_free(pkts[0]);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_frames, 2);
}

/* A frame whose payload is somebody else's memory, as the stack sends them. */
static struct rte_mbuf *
frame_with_external(uint8_t *payload, uint16_t len, struct rte_mbuf_ext_shared_info *shinfo)
{
	struct rte_mbuf *head = frame(54), *tail = rte_pktmbuf_alloc(pool);

	rte_pktmbuf_attach_extbuf(tail, payload, 0, len, shinfo);
	tail->data_len = len;
	tail->pkt_len = len;
	CU_ASSERT_EQUAL(rte_pktmbuf_chain(head, tail), 0);
	return head;
}

static void
no_free(void *addr, void *opaque)
{
}

static unsigned int
nb_bits_off(const struct rte_mbuf *m, const uint8_t *want, uint16_t len)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned int nb = 0, i;

	for (i = 0; i < len; i++)
		nb += (unsigned int)__builtin_popcount(data[i] ^ want[i]);
	return nb;
}

static void
a_bit_is_flipped_in_a_copy(void)
{
	struct rte_mbuf_ext_shared_info shinfo = {.free_cb = no_free};
	uint8_t payload[1000], saved[1000], whole[1054];
	struct rte_mbuf *m, **out;
	unsigned int i, nb_payload = 0;

	set(ISLA_FAULT_TX, "corrupt 100%");
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)i;
	memcpy(saved, payload, sizeof(payload));
	for (i = 0; i < 200; i++) {
		rte_mbuf_ext_refcnt_set(&shinfo, 1);
		m = frame_with_external(payload, sizeof(payload), &shinfo);
		memcpy(whole, rte_pktmbuf_mtod(m, void *), 54);
		memcpy(whole + 54, saved, sizeof(saved));
		fault_stage_tx(stage, 0, &m, 1, 10);
		CU_ASSERT_EQUAL_FATAL(fault_stage_output(stage, 0, &out, 10), 1);
		CU_ASSERT_EQUAL(out[0]->pkt_len, sizeof(whole));
		CU_ASSERT_EQUAL(out[0]->nb_segs, 1);
		CU_ASSERT_EQUAL(nb_bits_off(out[0], whole, sizeof(whole)), 1);
		nb_payload += nb_bits_off(out[0], whole, 54) == 0;
		CU_ASSERT_EQUAL(memcmp(payload, saved, sizeof(saved)), 0);
		rte_pktmbuf_free(out[0]);
		fault_stage_sent(stage, 0, 1);
	}
	/* One in twenty meets the headers: of 200 neither none nor all. */
	CU_ASSERT_TRUE(nb_payload > 100 && nb_payload < 200);
	fault_stage_get_stats(stage, ISLA_FAULT_TX, &stats);
	CU_ASSERT_EQUAL(stats.nb_corrupted, 200);
	CU_ASSERT_EQUAL(stats.copied_bytes, 200 * sizeof(whole));
}

static void
the_port_cannot_make_it_right_again(void)
{
	struct rte_mbuf *m = frame(14 + 20 + 8 + 32), *want, **out;
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	memset(ip, 0, 20);
	ip->version_ihl = 0x45;
	ip->total_length = RTE_BE16(20 + 8 + 32);
	ip->next_proto_id = IPPROTO_UDP;
	udp->dgram_len = RTE_BE16(8 + 32);
	udp->dgram_cksum = 0;
	want = rte_pktmbuf_copy(m, pool, 0, UINT32_MAX);
	m->l2_len = 14;
	m->l3_len = 20;
	m->ol_flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM;
	ip = rte_pktmbuf_mtod_offset(want, struct rte_ipv4_hdr *, 14);
	udp = (struct rte_udp_hdr *)(ip + 1);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	set(ISLA_FAULT_TX, "corrupt 100%");
	fault_stage_tx(stage, 0, &m, 1, 10);
	CU_ASSERT_EQUAL_FATAL(fault_stage_output(stage, 0, &out, 10), 1);
	CU_ASSERT_TRUE((out[0]->ol_flags & RTE_MBUF_F_TX_UDP_CKSUM) == 0);
	CU_ASSERT_TRUE((out[0]->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) == 0);
	CU_ASSERT_EQUAL(nb_bits_off(out[0], rte_pktmbuf_mtod(want, uint8_t *), 74), 1);
	rte_pktmbuf_free(want);
	rte_pktmbuf_free(out[0]);
	fault_stage_sent(stage, 0, 1);
}

static void
the_port_is_not_believed_any_more(void)
{
	struct rte_mbuf *pkts[2];

	set(ISLA_FAULT_RX, "corrupt 100%");
	pkts[0] = frame(60);
	pkts[0]->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 1, 2, 0), 1);
	CU_ASSERT_EQUAL(pkts[0]->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK,
		RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN);
	CU_ASSERT_EQUAL(pkts[0]->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK,
		RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN);
	rte_pktmbuf_free(pkts[0]);
}

static void
a_duplicate_shares_no_byte(void)
{
	struct rte_mbuf *pkts[4];

	set(ISLA_FAULT_RX, "dup 100%");
	CU_ASSERT_EQUAL(rx(60, pkts, 4, 0), 2);
	CU_ASSERT_EQUAL(id_of(pkts[0]), id_of(pkts[1]));
	CU_ASSERT_EQUAL(pkts[0]->pkt_len, pkts[1]->pkt_len);
	memset(rte_pktmbuf_mtod(pkts[0], void *), 0xff, 60);
	CU_ASSERT_EQUAL(id_of(pkts[1]), 0);
	rte_pktmbuf_free_bulk(pkts, 2);
}

static void
a_dry_pool_costs_the_copy_and_not_the_frame(void)
{
	struct rte_mbuf *pkts[4];

	set(ISLA_FAULT_RX, "dup 100% corrupt 100%");
	heap_pool_set_limit(pool, 1);
	CU_ASSERT_EQUAL(rx(60, pkts, 4, 0), 1);
	CU_ASSERT_EQUAL(id_of(pkts[0]), 0);
	rte_pktmbuf_free(pkts[0]);
	rx_get_stats();
	CU_ASSERT_EQUAL(stats.nb_no_mbuf, 2);
	CU_ASSERT_EQUAL(stats.nb_duplicated, 0);
	CU_ASSERT_EQUAL(stats.nb_corrupted, 0);
}

static void
what_the_port_does_not_take_stays(void)
{
	struct rte_mbuf *pkts[600], **out;
	unsigned int i;

	set(ISLA_FAULT_TX, "delay 1ms");
	for (i = 0; i < 300; i++)
		pkts[i] = frame(60);
	fault_stage_tx(stage, 1, pkts, 300, 0);
	CU_ASSERT_TRUE(fault_stage_has_output(stage));
	CU_ASSERT_EQUAL(fault_stage_output(stage, 1, &out, 999), 0);
	CU_ASSERT_EQUAL(fault_stage_output(stage, 1, &out, 1000), FAULT_READY_MAX);
	CU_ASSERT_EQUAL(fault_stage_next_us(stage), 0);
	for (i = 0; i < 10; i++)
		rte_pktmbuf_free(out[i]);
	fault_stage_sent(stage, 1, 10);
	CU_ASSERT_EQUAL(fault_stage_output(stage, 1, &out, 1001), FAULT_READY_MAX - 10);
	CU_ASSERT_EQUAL(id_of(out[0]), 10);
	/* The link goes down: the rest of the queue goes, what was shown is the caller's. */
	fault_stage_flush(stage, ISLA_FAULT_TX, 1);
	fault_stage_get_stats(stage, ISLA_FAULT_TX, &stats);
	CU_ASSERT_EQUAL(stats.nb_flushed, 300 - FAULT_READY_MAX);
	CU_ASSERT_EQUAL(stats.nb_waiting, 0);
	for (i = 0; i < FAULT_READY_MAX - 10; i++)
		rte_pktmbuf_free(out[i]);
	fault_stage_sent(stage, 1, FAULT_READY_MAX - 10);
	CU_ASSERT_FALSE(fault_stage_has_output(stage));
	/* Port 0 has nothing to do with it; and what is left at the end is freed. */
	CU_ASSERT_EQUAL(fault_stage_output(stage, 0, &out, 5000), 0);
	for (i = 0; i < 300; i++)
		pkts[i] = frame(60);
	fault_stage_tx(stage, 1, pkts, 300, 5000);
	CU_ASSERT_EQUAL(fault_stage_output(stage, 1, &out, 6000), FAULT_READY_MAX);
}

static void
more_is_due_than_is_wanted(void)
{
	struct rte_mbuf *pkts[4];
	unsigned int i;

	set(ISLA_FAULT_RX, "delay 1ms");
	for (i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(rx(60, pkts, 4, 0), 0);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 4, 1000), 4);
	rte_pktmbuf_free_bulk(pkts, 4);
	CU_ASSERT_TRUE(fault_stage_next_us(stage) <= 1000);
	CU_ASSERT_EQUAL(fault_stage_rx(stage, 0, pkts, 0, 4, 1000), 2);
	rte_pktmbuf_free_bulk(pkts, 2);
}

static const struct suite_test tests[] = {
	SUITE_TEST(what_is_off_is_passed_by),
	SUITE_TEST(shares_are_what_was_asked_for),
	SUITE_TEST(all_and_nothing_are_exact),
	SUITE_TEST(losses_come_in_bursts),
	SUITE_TEST(much_loss_makes_bursts_longer),
	SUITE_TEST(the_same_seed_has_the_same_victims),
	SUITE_TEST(lanes_have_luck_of_their_own),
	SUITE_TEST(a_delay_is_kept_to_the_microsecond),
	SUITE_TEST(jitter_keeps_to_its_bounds_and_the_order),
	SUITE_TEST(jitter_does_not_overtake),
	SUITE_TEST(a_held_frame_is_overtaken),
	SUITE_TEST(a_rate_has_its_times_of_departure),
	SUITE_TEST(a_rate_loses_nothing_to_rounding),
	SUITE_TEST(a_fast_rate_does_not_overflow),
	SUITE_TEST(as_many_frames_wait_as_may),
	SUITE_TEST(as_many_bytes_wait_for_the_rate_as_may),
	SUITE_TEST(limits_of_the_limit),
	SUITE_TEST(a_queue_grows_with_frames_in_it),
	SUITE_TEST(off_lets_out_what_waits_in_its_time),
	SUITE_TEST(a_bit_is_flipped_in_a_copy),
	SUITE_TEST(the_port_cannot_make_it_right_again),
	SUITE_TEST(the_port_is_not_believed_any_more),
	SUITE_TEST(a_duplicate_shares_no_byte),
	SUITE_TEST(a_dry_pool_costs_the_copy_and_not_the_frame),
	SUITE_TEST(what_the_port_does_not_take_stays),
	SUITE_TEST(more_is_due_than_is_wanted),
};

int
main(void)
{
	return suite_run("fault_stage", tests, RTE_DIM(tests), setup, teardown);
}
