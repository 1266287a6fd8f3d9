/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resolver and its servers: silent ones, slow ones, broken ones, liars, and TCP.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_world.h"

/* ---- servers that are silent, slow or broken */

/* RFC 1035, 4.2.1: twice the time from round to round. */
static void
a_silent_server_is_asked_again(void)
{
	t.fn[0] = silent;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	CU_ASSERT_TRUE(t.log[1].at_us - t.log[0].at_us >= 2 * SECOND - 5000); /* ARP */
	CU_ASSERT_TRUE(t.log[2].at_us - t.log[1].at_us >= 4 * SECOND);
	CU_ASSERT_TRUE(t.got.at_us - t.log[2].at_us >= 8 * SECOND - 2000);
	CU_ASSERT_NOT_EQUAL(t.log[0].ask.from_port, t.log[1].ask.from_port);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_TIMEOUTS), 3);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_FAILURES), 1);
	t.fn[0] = NULL;
	pass(5 * SECOND);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
}

static void
loss_is_survived(void)
{
	unsigned int i, nb_ok = 0;
	char name[32];

	t.sim->conf.dir[0].loss_ppm = t.sim->conf.dir[1].loss_ppm = 200000;
	t.sim->conf.spare_neigh = true;
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		nb_ok += resolve(name, ISLA_DNS_A)->status == ISLA_DNS_NO_NAME;
	}
	/* 0.36^3: one in 21 is lost. */
	CU_ASSERT_TRUE(nb_ok >= 34);
	CU_ASSERT_TRUE(t.nb_log > 40);
}

/* RFC 1536, 1 and 2: all servers before one a second time. */
static void
the_next_server_is_asked(void)
{
	struct isla_dns_server_info info[NB_SERVERS + 1];
	uint32_t cursor = 0;

	reopen(NULL, 3, false);
	t.fn[0] = t.fn[1] = silent;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	CU_ASSERT_EQUAL(t.log[0].server, 0);
	CU_ASSERT_EQUAL(t.log[1].server, 1);
	CU_ASSERT_EQUAL(t.log[2].server, 2);
	t.fn[2] = silent;
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("v6.test", ISLA_DNS_AAAA)->status, ISLA_DNS_TIMEOUT);
	CU_ASSERT_EQUAL(t.nb_log, 9);
	CU_ASSERT_EQUAL(isla_dns_list_servers(t.dns, &cursor, info, NB_SERVERS + 1), 3);
	CU_ASSERT_EQUAL(isla_dns_list_servers(t.dns, &cursor, info, NB_SERVERS + 1), 0);
	CU_ASSERT_EQUAL(info[0].nb_timeouts, 4);
	CU_ASSERT_EQUAL(info[2].nb_answers, 1);
	CU_ASSERT_EQUAL(info[2].nb_sent, 4);
	CU_ASSERT_TRUE(info[2].rtt_us >= 2000 && info[2].rtt_us < 4000);
	CU_ASSERT_TRUE(info[0].avoided_ms > 0);
	CU_ASSERT_EQUAL(info[1].server.port, 54);
}

static void
a_dead_server_is_avoided_for_a_while(void)
{
	reopen(NULL, 2, false);
	t.fn[0] = silent;
	resolve("n1.test", ISLA_DNS_A);
	resolve("n2.test", ISLA_DNS_A);
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("n3.test", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	CU_ASSERT_EQUAL(t.log[0].server, 1);
	/* Alone it is better than nobody, and back it is welcome. */
	t.fn[0] = NULL;
	t.fn[1] = silent;
	pass(6 * SECOND);
	t.nb_log = 0;
	resolve("n4.test", ISLA_DNS_A);
	CU_ASSERT_EQUAL(t.log[0].server, 0);
	CU_ASSERT_EQUAL(t.nb_log, 1);
}

static void
questions_are_spread_where_that_is_wanted(void)
{
	unsigned int i, nb[NB_SERVERS] = {0};
	char name[32];

	reopen(&(struct isla_dns_conf){.rotate = true}, 3, false);
	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		resolve(name, ISLA_DNS_A);
		nb[t.log[i].server]++;
	}
	CU_ASSERT_TRUE(nb[0] == 3 && nb[1] == 3 && nb[2] == 3);
}

static uint32_t delay_us;

static bool
slow(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	out->delay_us = delay_us;
	return good(ctx, ask, out);
}

static void
a_slow_server_is_waited_for(void)
{
	t.fn[0] = slow;
	delay_us = 1900000;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	/* Slower than the first attempt: a later one waits longer. */
	delay_us = 3 * SECOND;
	CU_ASSERT_EQUAL(resolve("v6.test", ISLA_DNS_AAAA)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 3);
}

static unsigned int rcode;

static bool
failing(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	out->b[3] |= (uint8_t)rcode;
	return true;
}

static void
a_failing_server_is_left_at_once(void)
{
	static const unsigned int rcodes[] = {2, 5, 9};
	size_t i;

	reopen(NULL, 3, false);
	t.fn[0] = t.fn[1] = failing;
	for (i = 0; i < RTE_DIM(rcodes); i++) {
		rcode = rcodes[i];
		t.nb_log = 0;
		isla_dns_flush(t.dns);
		CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
		CU_ASSERT_EQUAL(t.nb_log, 3);
		CU_ASSERT_TRUE(t.log[2].at_us - t.log[0].at_us < 10000);
	}
	t.fn[2] = failing;
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("b.test", ISLA_DNS_A)->status, ISLA_DNS_FAILED);
	CU_ASSERT_EQUAL(t.nb_log, 3);
}

/* ICMP says that nobody is there. */
static void
a_closed_port_is_left_at_once(void)
{
	struct isla_dns_server servers[2] = {t.server[0], t.server[1]};
	uint64_t begin;

	servers[0].port = 5300;
	isla_dns_set_servers(t.dns, servers, 2);
	pass(SECOND);
	begin = t.sim->now_us;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_TRUE(t.got.at_us - begin < 100000);
	isla_dns_set_servers(t.dns, servers, 1);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
}

static void
there_may_be_no_route(void)
{
	struct isla_dns_server server = {.netif = ISLA_NETIF_ANY};

	isla_addr_parse("198.51.100.1", &server.addr);
	isla_dns_set_servers(t.dns, &server, 1);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
	/* A server that is found in the meantime is asked. */
	ask("a.test", ISLA_DNS_A, &t.got);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 0);
	isla_dns_set_servers(t.dns, t.server, 1);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.status, ISLA_DNS_OK);
}

static bool
without_edns(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (!ask->has_opt)
		return good(ctx, ask, out);
	out->b[3] |= (uint8_t)rcode;
	if (rcode == 1 && delay_us == 1) {
		out->delay_us = 0;
		out->len = 12;
		out->b[5] = 0;
	}
	return true;
}

/* RFC 6891, 7 */
static void
a_server_without_edns_is_asked_without(void)
{
	struct isla_dns_server_info info;
	uint32_t cursor = 0;

	t.fn[0] = without_edns;
	rcode = 1;
	delay_us = 0;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	CU_ASSERT_EQUAL(resolve("v6.test", ISLA_DNS_AAAA)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	isla_dns_list_servers(t.dns, &cursor, &info, 1);
	CU_ASSERT_FALSE(info.edns);
	/* Later it is tried again; now the answer has not even a question. */
	pass(601 * SECOND);
	delay_us = 1;
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("v6.test", ISLA_DNS_AAAA)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	delay_us = 0;
}

static bool
malformed(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	dns_out_rr(out, 1, ask->lower, 1, 60, "abc", 3);
	return true;
}

static void
a_malformed_answer_is_a_failure(void)
{
	reopen(NULL, 2, false);
	t.fn[0] = malformed;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.log[1].server, 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_IN_MALFORMED), 1);
}

/* ---- aliases */

static bool
piecemeal(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (strcmp(ask->lower, "p1.test") == 0)
		dns_out_name(out, ask->lower, 5, 40, "p2.elsewhere");
	else if (strcmp(ask->lower, "p2.elsewhere") == 0)
		dns_out_name(out, ask->lower, 5, 20, "a.test");
	else
		return good(ctx, ask, out);
	return true;
}

static bool
endless(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	char next[300];

	snprintf(next, sizeof(next), "%cx.test", ask->lower[0] == 'z' ? 'a' : ask->lower[0] + 1);
	dns_out_name(out, ask->lower, 5, 40, next);
	return true;
}

static bool
circle(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	dns_out_name(out, "ax.test", 5, 40, "bx.test");
	dns_out_name(out, "bx.test", 5, 40, "ax.test");
	return true;
}

static void
aliases_are_followed_to_their_end(void)
{
	t.fn[0] = piecemeal;
	CU_ASSERT_EQUAL(resolve("p1.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.name, "a.test");
	CU_ASSERT_EQUAL(t.got.ttl_s, 20);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	CU_ASSERT_TRUE(resolve("p1.test", ISLA_DNS_A)->is_cached);
}

static void
aliases_without_end_are_given_up(void)
{
	t.fn[0] = endless;
	CU_ASSERT_EQUAL(resolve("ax.test", ISLA_DNS_A)->status, ISLA_DNS_LOOP);
	CU_ASSERT_EQUAL(t.nb_log, 11);
	t.fn[0] = circle;
	t.nb_log = 0;
	isla_dns_flush(t.dns);
	CU_ASSERT_EQUAL(resolve("ax.test", ISLA_DNS_ADDR)->status, ISLA_DNS_LOOP);
	CU_ASSERT_EQUAL(t.nb_log, 2);
}

/* ---- liars */

static bool
poisoning(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	good(ctx, ask, out);
	dns_out_addr(out, "bank.test", 86400, "203.0.113.66");
	dns_out_addr(out, "v6.test", 86400, "203.0.113.66");
	return true;
}

static void
what_was_not_asked_for_is_not_believed(void)
{
	t.fn[0] = poisoning;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->nb_records, 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_IN_FOREIGN), 2);
	t.fn[0] = NULL;
	CU_ASSERT_EQUAL(resolve("bank.test", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(resolve("v6.test", ISLA_DNS_A)->status, ISLA_DNS_NO_DATA);
}

/* What a liar gets wrong; the true answer comes 100 ms later. */
enum lie { LIE_ID, LIE_NAME, LIE_TYPE, LIE_PORT, LIE_ADDR, LIE_QUERY, LIE_SHORT, NB_LIES };

static enum lie lie;

static bool
lying(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	struct isla_udp_ends ends = {.remote = t.sim->host[1].v4, .remote_port = ask->from_port,
		.netif = ISLA_NETIF_ANY};
	struct isla_udp_sock *from = dns_peer_sock(t.peer[lie == LIE_PORT ? 1 : 0]);
	struct dns_out *forged = calloc(1, sizeof(*forged));
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.sim->host[0].pool);

	dns_out_reply(forged, ask->b, ask->len, 0);
	dns_out_addr(forged, ask->lower, 86400, "203.0.113.66");
	switch (lie) {
	case LIE_ID:
		forged->b[1] ^= 1;
		break;
	case LIE_NAME:
		forged->b[13] = 'q';
		break;
	case LIE_TYPE:
		forged->b[12 + strlen(ask->name) + 3] = 28;
		break;
	case LIE_ADDR:
		isla_addr_parse("192.168.1.66", &ends.local);
		break;
	case LIE_QUERY:
		forged->b[2] &= 0x7f;
		break;
	case LIE_SHORT:
		forged->len = 11;
		break;
	default:
		break;
	}
	memcpy(rte_pktmbuf_append(m, (uint16_t)forged->len), forged->b, forged->len);
	free(forged);
	CU_ASSERT_EQUAL(isla_udp_send(from, m, &ends), 0);
	out->delay_us = 100000;
	return good(ctx, ask, out);
}

static void
forgeries_are_passed_over(void)
{
	struct isla_prefix second = {.len = 24};

	isla_addr_parse("192.168.1.66", &second.addr);
	CU_ASSERT_EQUAL(isla_stack_addr_add(t.sim->host[0].stack, 0, &second), 0);
	t.fn[0] = lying;
	for (lie = 0; lie < NB_LIES; lie++) {
		isla_dns_flush(t.dns);
		t.nb_log = 0;
		CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
		CU_ASSERT_STRING_EQUAL(t.got.text[0], "192.0.2.1");
		CU_ASSERT_EQUAL(t.nb_log, 1);
		CU_ASSERT_EQUAL(counter(ISLA_C_DNS_IN_MISMATCHES), (uint64_t)lie + 1);
	}
}

static bool
to_another_address(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	struct isla_udp_ends ends = {.remote_port = ask->from_port, .netif = ISLA_NETIF_ANY};
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.sim->host[0].pool);

	isla_addr_parse("192.168.1.99", &ends.remote);
	memcpy(rte_pktmbuf_append(m, (uint16_t)out->len), out->b, out->len);
	isla_udp_send(dns_peer_sock(t.peer[0]), m, &ends);
	out->delay_us = 100000;
	return good(ctx, ask, out);
}

/* RFC 5452, 9.1: to the address that the question came from. */
static void
an_answer_to_another_address_is_none(void)
{
	struct isla_prefix second = {.len = 24};

	isla_addr_parse("192.168.1.99", &second.addr);
	CU_ASSERT_EQUAL(isla_stack_addr_add(t.stack, 0, &second), 0);
	t.fn[0] = to_another_address;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->nb_records, 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_UDP_NO_PORTS), 1);
}

static void
an_answer_that_comes_too_late_is_none(void)
{
	t.fn[0] = slow;
	delay_us = 500000;
	isla_dns_cancel(ask("a.test", ISLA_DNS_A, &t.got));
	ask("a.test", ISLA_DNS_A, &t.got);
	pass(100000);
	t.fn[0] = NULL;
	/* Other servers now: what the first one still says is not wanted. */
	isla_dns_set_servers(t.dns, t.server + 1, 1);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 1);
	CU_ASSERT_EQUAL(isla_stack_stats(t.stack)->counter[ISLA_C_UDP_NO_PORTS], 1);
}

static unsigned int nb_floods;

static bool
flooding(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	struct isla_udp_ends ends = {.remote = t.sim->host[1].v4, .remote_port = ask->from_port,
		.netif = ISLA_NETIF_ANY};
	unsigned int i;

	if (ask->over_tcp)
		return good(ctx, ask, out);
	for (i = 0; i < nb_floods; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(t.sim->host[0].pool);

		memcpy(rte_pktmbuf_append(m, (uint16_t)out->len), out->b, out->len);
		*rte_pktmbuf_mtod_offset(m, uint8_t *, 1) ^= (uint8_t)(i + 1);
		isla_udp_send(dns_peer_sock(t.peer[0]), m, &ends);
	}
	return false;
}

/* RFC 5452, 9.3: who guesses makes himself known. */
static void
a_flood_of_guesses_leads_to_tcp(void)
{
	t.fn[0] = flooding;
	nb_floods = 31;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
	nb_floods = 40;
	isla_dns_flush(t.dns);
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	CU_ASSERT_TRUE(t.log[1].ask.over_tcp);
}

static bool
lower_case(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	size_t i;

	for (i = 12; i < out->len - 4; i++)
		if (out->b[i] >= 'A' && out->b[i] <= 'Z')
			out->b[i] |= 0x20;
	return good(ctx, ask, out);
}

static void
a_server_that_changes_letters_is_asked_over_tcp(void)
{
	t.fn[0] = lower_case;
	CU_ASSERT_EQUAL(resolve("a.long-enough-to-have-letters.test", ISLA_DNS_A)->status,
		ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	CU_ASSERT_TRUE(t.log[1].ask.over_tcp);
	CU_ASSERT_STRING_EQUAL(t.log[1].ask.name, "a.long-enough-to-have-letters.test");
}

/* The answer's names point into the question, whose letters we have mixed. */
static bool
compressing(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	static const uint8_t rdata[] = {4, 'h', 'o', 's', 't', 0xc0, 12};

	dns_out_rr(out, 1, "", 12, 60, rdata, sizeof(rdata));
	/* The owner, too: a pointer instead of the root's one byte. */
	memmove(out->b + out->len - 16, out->b + out->len - 17, 17);
	out->b[out->len - 18] = 0xc0;
	out->b[out->len++ - 17] = 12;
	return true;
}

static void
mixed_letters_are_not_told(void)
{
	t.fn[0] = compressing;
	CU_ASSERT_EQUAL(resolve("Some.Letters.test", ISLA_DNS_PTR)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.name, "Some.Letters.test");
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "host.Some.Letters.test");
}

/* ---- TCP */

static unsigned int nb_addrs;

/* As many addresses as asked for; what does not fit is cut. */
static bool
many(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	char addr[20];
	unsigned int i;

	for (i = 0; i < nb_addrs; i++) {
		snprintf(addr, sizeof(addr), "10.0.%u.%u", i / 256, i % 256);
		dns_out_addr(out, ask->lower, 60, addr);
	}
	if (!ask->over_tcp && out->len > (ask->has_opt ? ask->udp_size : 512u)) {
		out->b[2] |= 2;
		memset(out->b + 6, 0, 6);
		out->len = 12 + strlen(ask->name) + 2 + 4;
	}
	return true;
}

static void
a_truncated_answer_is_fetched_over_tcp(void)
{
	t.fn[0] = many;
	nb_addrs = 100;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.got.nb_records, 100);
	CU_ASSERT_FALSE(t.got.is_partial);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	CU_ASSERT_TRUE(t.log[1].ask.over_tcp);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_IN_TRUNCATED), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_OUT_TCP), 1);
	CU_ASSERT_TRUE(resolve("a.test", ISLA_DNS_A)->is_cached);
	/* With 1232 bytes there is no need. */
	nb_addrs = 40;
	resolve("b.test", ISLA_DNS_A);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	/* Very large ones are told, as far as there is room, and not remembered. */
	nb_addrs = 300;
	CU_ASSERT_EQUAL(resolve("c.test", ISLA_DNS_A)->nb_records, 256);
	CU_ASSERT_TRUE(t.got.is_partial);
	nb_addrs = 1900;
	CU_ASSERT_EQUAL(resolve("c.test", ISLA_DNS_A)->nb_records, 256);
	CU_ASSERT_FALSE(t.got.is_cached);
	/* Both families: kept until the other one is there. */
	nb_addrs = 250;
	CU_ASSERT_TRUE(resolve("d.test", ISLA_DNS_ADDR)->is_partial);
	CU_ASSERT_TRUE(t.got.nb_records >= 170);
}

/* RFC 7766, 6.2.1 and 6.2.3 */
static void
a_connection_is_kept_for_a_while(void)
{
	struct isla_dns_server_info info;
	uint32_t cursor = 0;

	t.fn[0] = many;
	nb_addrs = 100;
	resolve("a.test", ISLA_DNS_A);
	resolve("b.test", ISLA_DNS_A);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 1);
	CU_ASSERT_EQUAL(dns_peer_nb_open(t.peer[0]), 1);
	isla_dns_list_servers(t.dns, &cursor, &info, 1);
	CU_ASSERT_TRUE(info.is_connected);
	pass(6 * SECOND);
	CU_ASSERT_EQUAL(dns_peer_nb_open(t.peer[0]), 0);
	resolve("c.test", ISLA_DNS_A);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 2);
	pass(10 * SECOND);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(t.stack), 0);
}

static bool
reversed(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	many(ctx, ask, out);
	if (ask->over_tcp) {
		out->delay_us = ask->lower[0] == 'a' ? 600000 :
			ask->lower[0] == 'b' ? 300000 : 100000;
		out->seg_len = 7;
	}
	return true;
}

/* RFC 7766, 6.2.1.1 and 7 */
static void
questions_share_a_connection_in_any_order(void)
{
	struct got third;

	t.fn[0] = reversed;
	nb_addrs = 80;
	ask("a.test", ISLA_DNS_A, &t.got);
	ask("b.test", ISLA_DNS_A, &t.got2);
	ask("c.test", ISLA_DNS_A, &third);
	pass(2 * SECOND);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 1);
	CU_ASSERT_TRUE(t.got.nb == 1 && t.got2.nb == 1 && third.nb == 1);
	CU_ASSERT_TRUE(third.at_us < t.got2.at_us && t.got2.at_us < t.got.at_us);
	CU_ASSERT_EQUAL(t.got.nb_records, 80);
	CU_ASSERT_TRUE(third.at_us < t.log[0].at_us + SECOND);
	CU_ASSERT_EQUAL(t.nb_log, 6);
	CU_ASSERT_TRUE(t.log[3].ask.id != t.log[4].ask.id && t.log[4].ask.id != t.log[5].ask.id &&
		t.log[3].ask.id != t.log[5].ask.id);
	CU_ASSERT_EQUAL(dns_peer_nb_pieces(t.peer[0]), 0); /* RFC 7766, 8 */
}

static unsigned int nb_before;

static bool
closing(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	many(ctx, ask, out);
	if (ask->over_tcp && nb_before > 0) {
		nb_before--;
		out->len = 0;
		out->close = true;
	} else if (ask->over_tcp) {
		out->close = true;
	}
	return true;
}

static bool
resetting(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	many(ctx, ask, out);
	out->reset = true;
	return true;
}

static void
a_server_may_close_when_it_likes(void)
{
	reopen(NULL, 2, false);
	nb_addrs = 80;
	/* It answers and closes: the next question opens another connection. */
	t.fn[0] = t.fn[1] = closing;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(resolve("b.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 2);
	/* It closes instead of answering: another server is asked. */
	nb_before = 1;
	CU_ASSERT_EQUAL(resolve("c.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[1]), 1);
	t.fn[0] = resetting;
	CU_ASSERT_EQUAL(resolve("d.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	t.fn[1] = resetting;
	CU_ASSERT_EQUAL(resolve("e.test", ISLA_DNS_A)->status, ISLA_DNS_FAILED);
}

static bool
closing_on_the_second(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	many(ctx, ask, out);
	if (ask->over_tcp && ask->lower[0] == 'b' && nb_before > 0) {
		nb_before--;
		out->len = 0;
		out->close = true;
	}
	return true;
}

/* RFC 7766, 6.2.4: it had been idle, and the question crossed the FIN. */
static void
a_question_that_a_close_has_crossed_is_asked_again(void)
{
	t.fn[0] = closing_on_the_second;
	nb_addrs = 80;
	nb_before = 1;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(resolve("b.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 2);
}

static bool
silent_over_tcp(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	return !ask->over_tcp && many(ctx, ask, out);
}

static bool
babbling(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (!ask->over_tcp)
		return many(ctx, ask, out);
	out->b[0] ^= 1;
	return true;
}

static bool
cut_over_tcp(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	many(ctx, ask, out);
	out->b[2] |= 2;
	return true;
}

static void
a_server_that_is_bad_over_tcp_is_left(void)
{
	dns_peer_fn *const fns[] = {silent_over_tcp, babbling, cut_over_tcp};
	char name[32];
	size_t i;

	reopen(NULL, 2, false);
	nb_addrs = 80;
	t.fn[1] = many;
	for (i = 0; i < RTE_DIM(fns); i++) {
		snprintf(name, sizeof(name), "n%zu.test", i);
		t.fn[0] = fns[i];
		CU_ASSERT_EQUAL(resolve(name, ISLA_DNS_A)->status, ISLA_DNS_OK);
		CU_ASSERT_EQUAL(t.got.nb_records, 80);
	}
	isla_dns_set_servers(t.dns, t.server, 1);
	t.fn[0] = silent_over_tcp;
	CU_ASSERT_EQUAL(resolve("x.test", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
}

static void
other_servers_end_connections(void)
{
	t.fn[0] = silent_over_tcp;
	nb_addrs = 80;
	ask("a.test", ISLA_DNS_A, &t.got);
	pass(SECOND);
	t.fn[1] = many;
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, t.server + 1, 1), 0);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(dns_peer_nb_open(t.peer[0]), 0);
}

static void
servers_that_stay_the_same_change_nothing(void)
{
	struct isla_dns_server again = t.server[0];

	resolve("a.test", ISLA_DNS_A);
	again.port = 0; /* 53 */
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, &again, 1), 0);
	CU_ASSERT_TRUE(resolve("a.test", ISLA_DNS_A)->is_cached);
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, t.server, 2), 0);
	CU_ASSERT_FALSE(resolve("a.test", ISLA_DNS_A)->is_cached);
}

/* ---- a server out of its mind */

static uint64_t madness;

static bool
mad(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	uint64_t r = sim_rand(&madness);
	unsigned int i, nb = (unsigned int)(r >> 8) % 6;

	nb_addrs = (unsigned int)(r >> 16) % 200;
	switch (r % 8) {
	case 0:
		return false;
	case 1:
		many(ctx, ask, out);
		break;
	case 2:
		endless(ctx, ask, out);
		break;
	case 3:
		out->b[3] |= (uint8_t)(r >> 24) & 15;
		break;
	case 4:
		out->b[2] |= 2;
		break;
	default:
		good(ctx, ask, out);
		break;
	}
	/* Behind id and question, which must be right to be looked at. */
	for (i = 0; i < nb && r % 3 != 0; i++) {
		uint64_t q = sim_rand(&madness);

		if (out->len > 13)
			out->b[q % 4 == 0 ? 2 + q / 4 % 10 : 12 + q / 4 % (out->len - 12)] =
				(uint8_t)(q >> 40);
	}
	if (r >> 32 & 1)
		out->len = 1 + (r >> 33) % out->len;
	if (r >> 40 & 1)
		out->delay_us = (uint32_t)(r >> 41) % 3000000;
	out->seg_len = (uint16_t)((r >> 44) % 50);
	out->close = (r >> 50) % 4 == 0;
	out->reset = (r >> 52) % 8 == 0;
	return true;
}

/* Whatever servers say: each question ends, once, in bounded time, and nothing is left. */
static void
every_question_ends(void)
{
	static const enum isla_dns_type types[] = {ISLA_DNS_ADDR, ISLA_DNS_A, ISLA_DNS_AAAA,
		ISLA_DNS_PTR, ISLA_DNS_TXT, ISLA_DNS_CNAME, ISLA_DNS_SOA};
	static struct got got[4];
	const char *seed = getenv("SIM_SEED");
	unsigned int i, j, nb_ok = 0, nb_bad = 0;
	char name[32];

	reopen(&(struct isla_dns_conf){.max_queries = 8, .max_cache = 16}, 3, false);
	madness = seed != NULL ? strtoull(seed, NULL, 10) : 42; /* SIM_SEED=N: another one */
	t.fn[0] = t.fn[1] = t.fn[2] = mad;
	for (i = 0; i < 600; i++) {
		struct isla_dns_query *q[RTE_DIM(got)];

		for (j = 0; j < RTE_DIM(got); j++) {
			snprintf(name, sizeof(name), "%c%u.test", 'a' + (int)(i % 3), j / 2 + i % 7);
			q[j] = ask(name, types[(i + j) % RTE_DIM(types)], &got[j]);
		}
		pass(1000 * (i % 40));
		if (i % 5 == 0 && got[0].nb == 0) {
			isla_dns_cancel(q[0]);
			got[0].nb = 1;
		}
		if (i % 50 == 0)
			isla_dns_set_servers(t.dns, t.server, (uint16_t)(1 + i % 3));
		for (j = 0; j < 300 && (got[0].nb & got[1].nb & got[2].nb & got[3].nb) == 0; j++)
			pass(SECOND);
		for (j = 0; j < RTE_DIM(got); j++) {
			CU_ASSERT_EQUAL(got[j].nb, 1);
			nb_ok += got[j].status == ISLA_DNS_OK;
			nb_bad += got[j].status != ISLA_DNS_OK;
		}
	}
	CU_ASSERT_TRUE(nb_ok > 100 && nb_bad > 100);
	pass(60 * SECOND);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_silent_server_is_asked_again),
	SUITE_TEST(loss_is_survived),
	SUITE_TEST(the_next_server_is_asked),
	SUITE_TEST(a_dead_server_is_avoided_for_a_while),
	SUITE_TEST(questions_are_spread_where_that_is_wanted),
	SUITE_TEST(a_slow_server_is_waited_for),
	SUITE_TEST(a_failing_server_is_left_at_once),
	SUITE_TEST(a_closed_port_is_left_at_once),
	SUITE_TEST(there_may_be_no_route),
	SUITE_TEST(a_server_without_edns_is_asked_without),
	SUITE_TEST(a_malformed_answer_is_a_failure),
	SUITE_TEST(aliases_are_followed_to_their_end),
	SUITE_TEST(aliases_without_end_are_given_up),
	SUITE_TEST(what_was_not_asked_for_is_not_believed),
	SUITE_TEST(forgeries_are_passed_over),
	SUITE_TEST(an_answer_to_another_address_is_none),
	SUITE_TEST(an_answer_that_comes_too_late_is_none),
	SUITE_TEST(a_flood_of_guesses_leads_to_tcp),
	SUITE_TEST(a_server_that_changes_letters_is_asked_over_tcp),
	SUITE_TEST(mixed_letters_are_not_told),
	SUITE_TEST(a_truncated_answer_is_fetched_over_tcp),
	SUITE_TEST(a_connection_is_kept_for_a_while),
	SUITE_TEST(questions_share_a_connection_in_any_order),
	SUITE_TEST(a_server_may_close_when_it_likes),
	SUITE_TEST(a_question_that_a_close_has_crossed_is_asked_again),
	SUITE_TEST(a_server_that_is_bad_over_tcp_is_left),
	SUITE_TEST(other_servers_end_connections),
	SUITE_TEST(servers_that_stay_the_same_change_nothing),
	SUITE_TEST(every_question_ends),
};

int
main(void)
{
	return suite_run("dns_server", tests, RTE_DIM(tests), world_setup, world_close);
}
