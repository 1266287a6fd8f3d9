/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must not be foreseen: initial sequence numbers (RFC 6528) and ephemeral ports (RFC 6056).
 */

#include <string.h>

#include "tcp_peer.h"

#define START_US 1000000ull

static const struct isla_key key_a = {{1, 2}}, key_b = {{1, 3}};

/* The ISN with which a fresh stack answers a SYN from that port, some time after its start. */
static uint32_t
isn_at(const struct isla_key *key, uint16_t port, uint16_t stack_port, uint64_t after_us)
{
	struct sim_host_conf conf = {.stack = {.key = *key, .now_us = START_US}};

	peer_restart(&conf);
	listen_on(stack_port);
	advance_us(after_us);
	inject(SYN, .seq = P(0), .sport = port);
	return take()->seq;
}

/* RFC 6528, 3: ISN = M + F(ends, secret), where M grows by one every 4 us. */
static void
grows_with_the_clock(void)
{
	uint32_t first = isn_at(&key_a, 1000, 80, 0);

	CU_ASSERT_EQUAL(isn_at(&key_a, 1000, 80, 0), first);
	CU_ASSERT_EQUAL(isn_at(&key_a, 1000, 80, 4000), first + 1000);
	CU_ASSERT_EQUAL(isn_at(&key_a, 1000, 80, 4000000), first + 1000000);
	/* The clock wraps after 4.77 hours. */
	CU_ASSERT_EQUAL(isn_at(&key_a, 1000, 80, 4ull << 32), first);
}

static void
differs_by_ends(void)
{
	uint32_t isn[100], i, j, nb_close = 0;
	struct isla_addr other;

	for (i = 0; i < 100; i++)
		isn[i] = isn_at(&key_a, (uint16_t)(1000 + i), 80, 0);
	for (i = 0; i < 100; i++)
		for (j = 0; j < i; j++) {
			CU_ASSERT_NOT_EQUAL(isn[i], isn[j]);
			/* Two of 2^32 random numbers are that near with a chance of 1 in 4096. */
			nb_close += isn[i] - isn[j] + (1u << 19) < 1u << 20;
		}
	CU_ASSERT_TRUE(nb_close < 10);
	CU_ASSERT_NOT_EQUAL(isn_at(&key_a, 1000, 81, 0), isn[0]);
	peer_restart(&(const struct sim_host_conf){.stack = {.key = key_a, .now_us = START_US}});
	isla_addr_parse(peer.is_v6 ? "fd00::77" : "192.168.1.77", &other);
	peer.ends.src = other;
	listen_on(80);
	inject(SYN, .seq = P(0), .sport = 1000);
	CU_ASSERT_NOT_EQUAL(take()->seq, isn[0]);
}

static void
differs_by_key(void)
{
	CU_ASSERT_NOT_EQUAL(isn_at(&key_a, 1000, 80, 0), isn_at(&key_b, 1000, 80, 0));
}

/* A new incarnation of the same ends is ahead of the old one. */
static void
next_incarnation_is_ahead(void)
{
	uint32_t isn, last, i;

	listen_on(80);
	inject(SYN, .seq = P(0));
	last = take()->seq;
	for (i = 0; i < 10; i++) {
		inject(RST, .seq = P(1));
		advance_us(1000);
		inject(SYN, .seq = P(0));
		isn = take()->seq;
		CU_ASSERT_TRUE((int32_t)(isn - last) >= 250);
		last = isn;
	}
}

/* The active side follows the same rule. */
static void
active_open_has_it_too(void)
{
	struct sim_host_conf conf = {.stack = {.key = key_a, .now_us = START_US}};
	struct isla_tcp_ends ends = {.remote_port = PEER_PORT, .local_port = 2000};
	uint32_t isn[3], i;

	for (i = 0; i < 3; i++) {
		conf.stack.key = i == 2 ? key_b : key_a;
		peer_restart(&conf);
		ends.remote = peer.ends.src;
		advance_us(i == 1 ? 400 : 0);
		app.conn = isla_tcp_connect(peer.tcp, &ends, &app_ops, &app, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(app.conn);
		peer_flush();
		isn[i] = take()->seq;
	}
	CU_ASSERT_EQUAL(isn[1], isn[0] + 100);
	CU_ASSERT_NOT_EQUAL(isn[2], isn[0]);
}

static uint16_t
ephemeral_port(const struct isla_key *key, uint16_t remote_port)
{
	struct sim_host_conf conf = {.stack = {.key = *key, .now_us = START_US}};

	peer_restart(&conf);
	peer.port = remote_port;
	app_connect();
	take();
	return peer.stack_port;
}

/* RFC 6056, 3.3.3. */
static void
ephemeral_ports_are_not_foreseen(void)
{
	uint16_t a = ephemeral_port(&key_a, 80), b = ephemeral_port(&key_b, 80);
	uint16_t c = ephemeral_port(&key_a, 81);

	CU_ASSERT_TRUE(a >= 1024 && b >= 1024 && c >= 1024);
	CU_ASSERT_NOT_EQUAL(a, b);
	CU_ASSERT_NOT_EQUAL(a, c);
	CU_ASSERT_EQUAL(ephemeral_port(&key_a, 80), a);
}

static const struct suite_test tests[] = {
	SUITE_TEST(grows_with_the_clock),
	SUITE_TEST(differs_by_ends),
	SUITE_TEST(differs_by_key),
	SUITE_TEST(next_incarnation_is_ahead),
	SUITE_TEST(active_open_has_it_too),
	SUITE_TEST(ephemeral_ports_are_not_foreseen),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
