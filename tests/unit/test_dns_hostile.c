/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Name servers that want more than to answer: connections that they keep open or let die; and ids that
 * must not meet.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_world.h"

/* Truncated over UDP, so that it is asked over TCP. */
static bool
by_tcp(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (ask->over_tcp)
		return good(ctx, ask, out);
	out->b[2] |= 2;
	return true;
}

static bool
silent_tcp(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	return !ask->over_tcp && by_tcp(ctx, ask, out);
}

/* RFC 7766, 6.2.3: idle is who has no question open, whatever the server sends. */
static void
a_server_cannot_keep_a_connection_open(void)
{
	struct isla_dns_server_info info;
	uint32_t cursor = 0;
	unsigned int i;

	t.fn[0] = by_tcp;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	for (i = 0; i < 10; i++) {
		dns_peer_push(t.peer[0], "x", 1);
		pass(SECOND);
	}
	isla_dns_list_servers(t.dns, &cursor, &info, 1);
	CU_ASSERT_FALSE(info.is_connected);
}

/* A connection that has answered before, and over which nothing comes any more: the next attempt has
 * one of its own. */
static void
a_dead_connection_is_left(void)
{
	t.fn[0] = by_tcp;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 1);
	t.fn[0] = silent_tcp;
	ask("v6.test", ISLA_DNS_AAAA, &t.got);
	pass(4 * SECOND);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 1);
	t.fn[0] = by_tcp;
	pass(10 * SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 1);
	CU_ASSERT_EQUAL(t.got.status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 2);
}

/* RFC 7766, 6.2.1: of 200 random ids two are equal in every fourth round; no server sees that. */
#define NB_ASKED  200
#define NB_ROUNDS 40

static uint8_t id_is_used[65536 / 8];
static unsigned int nb_twice, nb_asked;

static bool
ids(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (nb_asked++ < NB_ASKED) {
		nb_twice += id_is_used[ask->id / 8] >> (ask->id % 8) & 1;
		id_is_used[ask->id / 8] |= (uint8_t)(1 << (ask->id % 8));
	}
	return false;
}

static void
no_two_questions_to_a_server_have_one_id(void)
{
	const struct isla_dns_conf conf = {.max_queries = NB_ASKED};
	struct isla_dns_query *query[NB_ASKED];
	unsigned int i, round;
	char name[32];

	nb_twice = 0;
	reopen(&conf, 1, false);
	/* The neighbour is known, so that nothing waits in its queue. */
	resolve("a.test", ISLA_DNS_A);
	t.fn[0] = ids;
	for (round = 0; round < NB_ROUNDS; round++) {
		memset(id_is_used, 0, sizeof(id_is_used));
		nb_asked = 0;
		for (i = 0; i < NB_ASKED; i++) {
			snprintf(name, sizeof(name), "n%u.test", i);
			query[i] = isla_dns_query(t.dns, name, ISLA_DNS_A, take, &t.got);
			CU_ASSERT_PTR_NOT_NULL_FATAL(query[i]);
		}
		pass(10000);
		CU_ASSERT_EQUAL(nb_asked, NB_ASKED);
		for (i = 0; i < NB_ASKED; i++)
			isla_dns_cancel(query[i]);
	}
	CU_ASSERT_EQUAL(nb_twice, 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_server_cannot_keep_a_connection_open),
	SUITE_TEST(a_dead_connection_is_left),
	SUITE_TEST(no_two_questions_to_a_server_have_one_id),
};

int
main(void)
{
	return suite_run("dns_hostile", tests, RTE_DIM(tests), world_setup, world_close);
}
