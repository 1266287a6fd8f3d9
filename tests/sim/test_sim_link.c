/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulator itself, with what is below TCP: neighbours are resolved, UDP datagrams and echo
 * requests cross, and each fault of the link happens as often as it was asked for.
 */

#include <stdlib.h>
#include <string.h>

#include "segment.h"
#include "sim.h"
#include "suite.h"

static struct sim *sim;
static struct isla_udp_sock *sock[2];
static uint32_t nb_received[2], nb_wrong;
static uint64_t last_us;

/* Every datagram is a pattern that begins at its own length. */
static void
received(struct isla_udp_sock *s, void *ctx, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	uint8_t buf[2048];
	uint32_t len = m->pkt_len;

	RTE_SET_USED(ends);
	CU_ASSERT_PTR_EQUAL(s, sock[*(unsigned int *)ctx]);
	CU_ASSERT_FATAL(len <= sizeof(buf));
	if (!pattern_is(len == 0 ? buf : rte_pktmbuf_read(m, 0, len, buf), len, len))
		nb_wrong++;
	nb_received[*(unsigned int *)ctx]++;
	last_us = sim->now_us;
	rte_pktmbuf_free(m);
}

static void
start(const struct sim_conf *conf)
{
	static unsigned int index[2] = {0, 1};
	unsigned int i;

	sim = sim_create(conf);
	nb_wrong = 0;
	for (i = 0; i < 2; i++) {
		nb_received[i] = 0;
		sock[i] = isla_udp_bind(
			isla_stack_udp(sim->host[i].stack), &isla_addr_any, 7, received, &index[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sock[i]);
	}
}

static void
stop(void)
{
	CU_ASSERT_EQUAL(sim_free(sim), 0);
}

static void
send_datagram(unsigned int from, bool is_v6, uint16_t len)
{
	const struct sim_host *to = &sim->host[!from];
	struct isla_udp_ends ends = {.local_port = 7, .remote_port = 7, .netif = ISLA_NETIF_ANY};
	struct rte_mbuf *m = rte_pktmbuf_alloc(sim->host[from].pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	ends.remote = is_v6 ? to->v6 : to->v4;
	pattern_fill((uint8_t *)rte_pktmbuf_append(m, len), len, len);
	CU_ASSERT_EQUAL(isla_udp_send(sock[from], m, &ends), 0);
}

static void
datagrams_cross(void)
{
	const struct sim_conf conf = {.dir = {{.delay_us = 1000}, {.delay_us = 2000}}};
	uint16_t len;
	int is_v6;

	for (is_v6 = 0; is_v6 < 2; is_v6++) {
		start(&conf);
		for (len = 0; len <= 1440; len += 90) {
			send_datagram(0, is_v6, len);
			send_datagram(1, is_v6, len);
		}
		sim_run(sim, NULL, NULL, 1000000);
		CU_ASSERT_EQUAL(nb_received[0], 17);
		CU_ASSERT_EQUAL(nb_received[1], 17);
		CU_ASSERT_EQUAL(nb_wrong, 0);
		stop();
	}
}

static void
chains_are_read_rightly(void)
{
	/* Only the Ethernet header is sure to be in one piece. */
	struct sim_conf conf = {.split_first = 14};
	uint16_t len;

	for (conf.seed = 1; conf.seed < 50; conf.seed++) {
		start(&conf);
		for (len = 1; len <= 1440; len += 97) {
			send_datagram(0, false, len);
			send_datagram(0, true, len);
		}
		sim_run(sim, NULL, NULL, 1000000);
		CU_ASSERT_EQUAL(nb_received[1], 30);
		CU_ASSERT_EQUAL(nb_wrong, 0);
		stop();
	}
}

/* A link of 8 Mbit/s takes 1 us a byte. */
static void
rate_and_delay_are_kept(void)
{
	const struct sim_conf conf = {
		.dir = {{.delay_us = 5000, .rate_bps = 8000000}, {.delay_us = 0}}};
	uint64_t start_us;
	unsigned int i;

	start(&conf);
	send_datagram(0, false, 10);
	sim_run(sim, NULL, NULL, 1000000);
	start_us = sim->now_us;
	for (i = 0; i < 10; i++)
		send_datagram(0, false, 958); /* a frame of 1000 bytes */
	sim_run(sim, NULL, NULL, 1000000);
	CU_ASSERT_EQUAL(nb_received[1], 11);
	CU_ASSERT_EQUAL(last_us, start_us + 10 * 1000 + 5000);
	stop();
}

static void
queue_is_bounded(void)
{
	const struct sim_conf conf = {
		.dir = {{.rate_bps = 8000000, .queue_bytes = 3000}, {.delay_us = 0}}};
	unsigned int i;

	start(&conf);
	send_datagram(0, false, 10);
	sim_run(sim, NULL, NULL, 1000000);
	for (i = 0; i < 10; i++)
		send_datagram(0, false, 958);
	sim_run(sim, NULL, NULL, 1000000);
	CU_ASSERT_EQUAL(nb_received[1], 1 + 3);
	CU_ASSERT_EQUAL(sim->stats.nb_queue_full, 7);
	stop();
}

static void
send_many(unsigned int nb)
{
	for (; nb > 0; nb--) {
		send_datagram(0, nb % 2 != 0, 100);
		sim_run(sim, NULL, NULL, 1000);
	}
	sim_run(sim, NULL, NULL, 1000000);
}

static void
loss_duplication_and_reordering(void)
{
	struct sim_conf conf = {.seed = 5};

	conf.dir[0] = (struct sim_dir){.loss_ppm = 200000};
	start(&conf);
	send_many(2000);
	CU_ASSERT_TRUE(nb_received[1] > 1500 && nb_received[1] < 1700);
	stop();
	conf.dir[0] = (struct sim_dir){.dup_ppm = 100000};
	start(&conf);
	send_many(2000);
	CU_ASSERT_TRUE(nb_received[1] > 2140 && nb_received[1] < 2260);
	stop();
	conf.dir[0] = (struct sim_dir){.reorder_ppm = 100000, .reorder_us = 10000};
	start(&conf);
	send_many(2000);
	CU_ASSERT_EQUAL(nb_received[1], 2000);
	CU_ASSERT_TRUE(sim->stats.nb_reordered > 140 && sim->stats.nb_reordered < 260);
	stop();
}

/* Not one corrupt datagram is delivered. Those in which the flipped bits mean nothing (time to live
 * is not among them: the header checksum covers it) are none in IPv4 and few in IPv6. */
static void
corruption_is_found(void)
{
	struct sim_conf conf = {.seed = 6};

	conf.dir[0] = (struct sim_dir){.corrupt_ppm = 500000};
	start(&conf);
	send_many(4000);
	CU_ASSERT_TRUE(sim->stats.nb_corrupted > 1700);
	CU_ASSERT_TRUE(nb_received[1] < 2400);
	CU_ASSERT_TRUE(nb_received[1] > 1800);
	CU_ASSERT_EQUAL(nb_wrong, 0);
	stop();
}

static bool
drop_everything(struct sim *s, void *ctx, const struct sim_frame *frame)
{
	struct frame f;

	CU_ASSERT_PTR_EQUAL(s, sim);
	frame_parse(frame->bytes, frame->len, &f);
	CU_ASSERT_PTR_NULL(f.error);
	++*(unsigned int *)ctx;
	return false;
}

static void
tap_sees_and_drops(void)
{
	unsigned int nb = 0;
	struct sim_conf conf = {.tap = drop_everything, .tap_ctx = &nb};

	start(&conf);
	send_datagram(0, false, 10);
	sim_run(sim, NULL, NULL, 100000000);
	CU_ASSERT_TRUE(nb >= 1);
	CU_ASSERT_EQUAL(nb_received[1], 0);
	CU_ASSERT_EQUAL(sim->stats.nb_lost, nb);
	stop();
}

static uint64_t
trace_of(uint64_t seed)
{
	struct sim_conf conf = {.seed = seed, .split_first = SIM_HEADERS};
	uint64_t trace;

	conf.dir[0] = (struct sim_dir){.delay_us = 500,
		.jitter_us = 1000,
		.loss_ppm = 100000,
		.dup_ppm = 100000,
		.reorder_ppm = 100000,
		.reorder_us = 3000,
		.corrupt_ppm = 50000};
	conf.dir[1] = conf.dir[0];
	start(&conf);
	send_many(200);
	trace = sim->trace + nb_received[1];
	stop();
	return trace;
}

static void
same_seed_same_run(void)
{
	CU_ASSERT_EQUAL(trace_of(1), trace_of(1));
	CU_ASSERT_EQUAL(trace_of(2), trace_of(2));
	CU_ASSERT_NOT_EQUAL(trace_of(1), trace_of(2));
}

static const struct suite_test tests[] = {
	SUITE_TEST(datagrams_cross),
	SUITE_TEST(chains_are_read_rightly),
	SUITE_TEST(rate_and_delay_are_kept),
	SUITE_TEST(queue_is_bounded),
	SUITE_TEST(loss_duplication_and_reordering),
	SUITE_TEST(corruption_is_found),
	SUITE_TEST(tap_sees_and_drops),
	SUITE_TEST(same_seed_same_run),
};

int
main(void)
{
	return suite_run("sim_link", tests, RTE_DIM(tests), NULL, NULL);
}
