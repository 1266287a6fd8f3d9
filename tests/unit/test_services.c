/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The application's services on a fake TCP and UDP.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "core.h"
#include "fake_tcp.h"
#include "heap_pool.h"
#include "service.h"
#include "stack_priv.h"
#include "suite.h"

#define PORT 7777

static struct rte_mempool *pool, *ref_pool;
static struct isla_stack *stack;
static struct isla_http_site *site;
static const struct service *service;
static void *instance;
static uint8_t bulk[400000];

static void
setup(void)
{
	size_t i;

	pool = heap_pool_create(4096, 2176, ISLA_PKT_PRIV_SIZE);
	ref_pool = heap_pool_create(4096, 0, ISLA_PKT_PRIV_SIZE);
	stack = fake_stack_create(pool, ref_pool);
	site = isla_http_site_create(1);
	for (i = 0; i < sizeof(bulk); i++)
		bulk[i] = (uint8_t)(i * 13 + i / 253 + 1);
	instance = NULL;
}

static void
stop(void)
{
	if (instance != NULL)
		service->stop(instance);
	instance = NULL;
}

static void
teardown(void)
{
	stop();
	fake_stack_free(stack);
	isla_http_site_free(site);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(ref_pool), 0);
	heap_pool_free(pool);
	heap_pool_free(ref_pool);
}

static void
start(const char *name)
{
	const struct service_env env = {.stack = stack, .site = site};

	service = service_find(name);
	CU_ASSERT_PTR_NOT_NULL_FATAL(service);
	instance = service->start(&env, PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(instance);
}

static struct isla_tcp_conn *
client(void)
{
	struct isla_tcp_conn *c = fake_connect(stack, PORT);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

static void
say(struct isla_tcp_conn *c, const char *text)
{
	fake_feed(c, text, strlen(text), 0);
	fake_burst(stack);
}

static const char *
hear(struct isla_tcp_conn *c)
{
	int quiet = 0;

	while (quiet < 2) {
		quiet = fake_read(c, SIZE_MAX) == 0 ? quiet + 1 : 0;
		fake_burst(stack);
	}
	return fake_text(c);
}

static struct isla_udp_ends
ends_of(uint16_t remote_port)
{
	struct isla_udp_ends ends = {
		.local = isla_addr_from_v4(RTE_BE32(0xc0a80102)),
		.remote = isla_addr_from_v4(RTE_BE32(0xc0a80101)),
		.local_port = PORT,
		.remote_port = remote_port,
	};

	return ends;
}

static void
the_table_is_complete(void)
{
	static const char *const names[] = {"http", "echo", "discard", "chargen", "demo"};
	size_t i;

	for (i = 0; i < RTE_DIM(names); i++) {
		CU_ASSERT_STRING_EQUAL(services[i]->name, names[i]);
		CU_ASSERT_PTR_EQUAL(service_find(names[i]), services[i]);
		CU_ASSERT_TRUE(strlen(services[i]->help) > 10);
	}
	CU_ASSERT_PTR_NULL(services[i]->name);
	CU_ASSERT_PTR_NULL(service_find("smtp"));
	CU_ASSERT_PTR_NULL(service_find(""));
	CU_ASSERT_STRING_EQUAL(service_strerror(EADDRINUSE),
		"the port is taken by another service");
}

static void
a_taken_port_is_refused_and_nothing_is_left(void)
{
	const struct service_env env = {.stack = stack, .site = site};
	size_t i;

	start("echo");
	for (i = 0; services[i]->name != NULL; i++) {
		CU_ASSERT_PTR_NULL(services[i]->start(&env, PORT));
		CU_ASSERT_EQUAL(rte_errno, EADDRINUSE);
		CU_ASSERT_EQUAL(fake_nb_ports(stack), 2);
	}
}

static void
each_service_starts_and_stops_with_clients(void)
{
	size_t i;

	for (i = 0; services[i]->name != NULL; i++) {
		struct isla_tcp_conn *c[3];
		int j;

		start(services[i]->name);
		for (j = 0; j < 3; j++) {
			c[j] = client();
			if (j > 0)
				say(c[j], "hello");
		}
		stop();
		CU_ASSERT_EQUAL(fake_nb_ports(stack), 0);
		for (j = 0; j < 3; j++) {
			CU_ASSERT_TRUE(fake_is_closed(c[j]) || fake_is_aborted(c[j]));
			fake_read(c[j], SIZE_MAX);
		}
	}
}

static void
echo_turns_the_mbufs_around(void)
{
	struct isla_tcp_conn *c;
	uint32_t nb_mbufs;

	start("echo");
	c = client();
	fake_feed(c, bulk, 10000, 1000);
	nb_mbufs = heap_pool_in_use(pool);
	fake_burst(stack);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), nb_mbufs);
	CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	CU_ASSERT_EQUAL(memcmp(hear(c), bulk, 10000), 0);
	CU_ASSERT_EQUAL(fake_len(c), 10000);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_PAYLOAD_BYTES_COPIED], 0);
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_closed(c));
}

static void
echo_waits_for_a_peer_that_does_not_read(void)
{
	struct isla_tcp_conn *c;

	start("echo");
	c = client();
	fake_set_sndbuf(c, 5000);
	fake_feed(c, bulk, 20000, 1448);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_sndq(c) > 3000 && fake_sndq(c) <= 5000);
	/* The window does not open, and what comes now stays with TCP. */
	CU_ASSERT_EQUAL(fake_unconsumed(c), 20000);
	fake_feed(c, bulk + 20000, 5000, 1448);
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_EQUAL(fake_unconsumed(c), 25000);
	CU_ASSERT_FALSE(fake_is_closed(c));
	while (fake_read(c, 777) > 0)
		fake_burst(stack);
	CU_ASSERT_EQUAL(fake_len(c), 25000);
	CU_ASSERT_EQUAL(memcmp(fake_text(c), bulk, 25000), 0);
	/* The half-close is answered once all is echoed. */
	CU_ASSERT_TRUE(fake_is_closed(c));
}

static void
echo_survives_a_reset_while_it_waits(void)
{
	struct isla_tcp_conn *c;

	start("echo");
	c = client();
	fake_set_sndbuf(c, 1000);
	fake_feed(c, bulk, 20000, 500);
	fake_burst(stack);
	fake_reset(c, ECONNRESET);
	c = client();
	say(c, "again");
	CU_ASSERT_STRING_EQUAL(hear(c), "again");
}

static void
echo_answers_datagrams_in_place(void)
{
	struct isla_udp_ends ends = ends_of(40000), sent;
	char buf[2048];

	start("echo");
	fake_datagram(stack, PORT, &ends, 0, "hello", 5);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 1);
	CU_ASSERT_EQUAL(fake_datagram_sent(stack, &sent, buf, sizeof(buf)), 5);
	CU_ASSERT_EQUAL(memcmp(buf, "hello", 5), 0);
	CU_ASSERT_EQUAL(memcmp(&sent, &ends, sizeof(ends)), 0);
	fake_datagram(stack, PORT, &ends, ISLA_PKT_V6, "", 0);
	CU_ASSERT_EQUAL(fake_datagram_sent(stack, &sent, buf, sizeof(buf)), 0);
}

static void
datagrams_that_could_start_a_loop_or_a_flood_are_not_answered(void)
{
	static const char *const names[] = {"echo", "chargen"};
	static const uint16_t ports[] = {0, 7, 13, 17, 19, 37};
	static const uint8_t flags[] = {ISLA_PKT_L2_MULTICAST, ISLA_PKT_L2_BROADCAST,
		ISLA_PKT_L3_MULTICAST, ISLA_PKT_L3_BROADCAST};
	struct isla_udp_ends ends, sent;
	char buf[2048];
	size_t i, j;

	for (i = 0; i < RTE_DIM(names); i++) {
		start(names[i]);
		for (j = 0; j < RTE_DIM(ports); j++) {
			ends = ends_of(ports[j]);
			fake_datagram(stack, PORT, &ends, 0, "x", 1);
			CU_ASSERT_EQUAL(fake_datagram_sent(stack, &sent, buf, sizeof(buf)), -1);
		}
		ends = ends_of(40000);
		for (j = 0; j < RTE_DIM(flags); j++) {
			fake_datagram(stack, PORT, &ends, flags[j], "x", 1);
			CU_ASSERT_EQUAL(fake_datagram_sent(stack, &sent, buf, sizeof(buf)), -1);
		}
		ends.local = isla_addr_from_v4(RTE_BE32(0xe0000001));
		fake_datagram(stack, PORT, &ends, 0, "x", 1);
		CU_ASSERT_EQUAL(fake_datagram_sent(stack, &sent, buf, sizeof(buf)), -1);
		stop();
	}
}

static void
discard_takes_everything(void)
{
	struct isla_udp_ends ends = ends_of(40000), sent;
	struct isla_tcp_conn *c;
	char buf[64];

	start("discard");
	c = client();
	fake_feed(c, bulk, 100000, 0);
	fake_burst(stack);
	CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	CU_ASSERT_EQUAL(fake_sndq(c), 0);
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_closed(c));
	fake_datagram(stack, PORT, &ends, 0, "x", 1);
	CU_ASSERT_EQUAL(fake_datagram_sent(stack, &sent, buf, sizeof(buf)), -1);
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
}

static void
chargen_sends_the_pattern_of_rfc_864(void)
{
	struct isla_tcp_conn *c;
	const char *text;
	size_t i, bad = 0, n;

	start("chargen");
	c = client();
	fake_set_sndbuf(c, 50000);
	say(c, "be quiet");
	CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	for (i = 0; i < 100; i++) {
		fake_read(c, 997);
		fake_burst(stack);
	}
	text = fake_text(c);
	n = (size_t)fake_len(c);
	CU_ASSERT_EQUAL(n, 99700);
	CU_ASSERT_EQUAL(memcmp(text,
		" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n"
		"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n",
		148), 0);
	for (i = 95 * 74; i < n; i++)
		bad += text[i] != text[i - 95 * 74];
	CU_ASSERT_EQUAL(bad, 0);
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_closed(c));
	fake_read(c, SIZE_MAX);
}

static void
chargen_goes_on_when_mbufs_were_short(void)
{
	struct isla_tcp_conn *c;

	start("chargen");
	fake_set_enobufs(stack, 1);
	c = client();
	CU_ASSERT_EQUAL(fake_sndq(c), 0);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_sndq(c) > 0);
	/* The pattern's memory outlives the service where mbufs refer to it. */
	fake_fin(c);
	fake_burst(stack);
	stop();
	CU_ASSERT_TRUE(heap_pool_in_use(ref_pool) > 0);
	CU_ASSERT_TRUE(fake_read(c, SIZE_MAX) > 0);
	CU_ASSERT_EQUAL(fake_text(c)[0], ' ');
}

static void
chargen_never_answers_with_more_than_it_got(void)
{
	static const size_t sizes[] = {0, 1, 100, 512, 1400};
	struct isla_udp_ends ends = ends_of(40000), sent;
	char buf[2048];
	size_t i;

	start("chargen");
	for (i = 0; i < RTE_DIM(sizes); i++) {
		int n;

		fake_datagram(stack, PORT, &ends, 0, bulk, sizes[i]);
		n = fake_datagram_sent(stack, &sent, buf, sizeof(buf));
		CU_ASSERT_EQUAL(n, (int)RTE_MIN(sizes[i], (size_t)512));
		if (n > 0)
			CU_ASSERT_EQUAL(buf[0], ' ');
	}
}

static void
http_serves_the_site(void)
{
	struct isla_tcp_conn *c;

	start("http");
	c = client();
	say(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(hear(c), "<title>Project Isla</title>"));
	CU_ASSERT_FALSE(fake_got_fin(c));
}

static void
demo_echoes_what_is_not_http(void)
{
	struct isla_tcp_conn *c;
	char *text;

	start("demo");
	c = client();
	say(c, "hello\n");
	CU_ASSERT_STRING_EQUAL(hear(c), "Isla Echo: hello\n> ");
	fake_text_clear(c);
	/* In several mbufs, without room behind the last one. */
	fake_feed(c, "abcdef", 6, 2);
	fake_burst(stack);
	CU_ASSERT_STRING_EQUAL(hear(c), "Isla Echo: abcdef> ");
	fake_text_clear(c);
	say(c, "GETAWAY");
	say(c, "G");
	say(c, "get / HTTP/1.1\r\n");
	CU_ASSERT_STRING_EQUAL(hear(c),
		"Isla Echo: GETAWAY> Isla Echo: G> Isla Echo: get / HTTP/1.1\r\n> ");
	CU_ASSERT_EQUAL(fake_unconsumed(c), 0);
	CU_ASSERT_EQUAL(stack_core(stack)->stats.counter[ISLA_C_PAYLOAD_BYTES_COPIED], 0);
	/* A chunk that has to wait for room. */
	fake_text_clear(c);
	fake_set_sndbuf(c, 3000);
	fake_feed(c, bulk, 8000, 1448);
	fake_fin(c);
	fake_burst(stack);
	text = malloc(8013);
	memcpy(text, "Isla Echo: ", 11);
	memcpy(text + 11, bulk, 8000);
	memcpy(text + 8011, "> ", 2);
	CU_ASSERT_EQUAL(memcmp(hear(c), text, 8013), 0);
	CU_ASSERT_TRUE(fake_is_closed(c));
	free(text);
}

static void
demo_answers_http_once_and_closes(void)
{
	struct isla_tcp_conn *c;

	start("demo");
	c = client();
	say(c, "hi");
	say(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	CU_ASSERT_TRUE(strncmp(hear(c), "Isla Echo: hi> HTTP/1.1 200 OK\r\n", 32) == 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_text(c), "<title>Project Isla</title>"));
	CU_ASSERT_TRUE(fake_got_fin(c));
	fake_fin(c);
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_closed(c));
	c = client();
	fake_feed(c, "POST / HTTP/1.1\r\nHost: a\r\n\r\n", 28, 1);
	fake_burst(stack);
	CU_ASSERT_TRUE(strncmp(hear(c), "HTTP/1.1 405 ", 13) == 0);
}

static void
demo_closes_when_it_cannot_wrap(void)
{
	struct isla_tcp_conn *c;

	start("demo");
	c = client();
	fake_feed(c, bulk, 2048, 0); /* to the end of its mbuf, so the suffix needs another */
	heap_pool_set_limit(pool, heap_pool_in_use(pool));
	fake_burst(stack);
	CU_ASSERT_TRUE(fake_is_aborted(c));
	heap_pool_set_limit(pool, 4096);
}

static const struct suite_test tests[] = {
	SUITE_TEST(the_table_is_complete),
	SUITE_TEST(a_taken_port_is_refused_and_nothing_is_left),
	SUITE_TEST(each_service_starts_and_stops_with_clients),
	SUITE_TEST(echo_turns_the_mbufs_around),
	SUITE_TEST(echo_waits_for_a_peer_that_does_not_read),
	SUITE_TEST(echo_survives_a_reset_while_it_waits),
	SUITE_TEST(echo_answers_datagrams_in_place),
	SUITE_TEST(datagrams_that_could_start_a_loop_or_a_flood_are_not_answered),
	SUITE_TEST(discard_takes_everything),
	SUITE_TEST(chargen_sends_the_pattern_of_rfc_864),
	SUITE_TEST(chargen_goes_on_when_mbufs_were_short),
	SUITE_TEST(chargen_never_answers_with_more_than_it_got),
	SUITE_TEST(http_serves_the_site),
	SUITE_TEST(demo_echoes_what_is_not_http),
	SUITE_TEST(demo_answers_http_once_and_closes),
	SUITE_TEST(demo_closes_when_it_cannot_wrap),
};

int
main(void)
{
	return suite_run("services", tests, RTE_DIM(tests), setup, teardown);
}
