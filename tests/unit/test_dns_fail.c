/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the resolver remembers of servers' failures (RFC 9520), and how often it asks.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_world.h"

static unsigned int rcode;

static bool
failing(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(ask);
	out->b[3] |= (uint8_t)rcode;
	return true;
}

static void
setup(void)
{
	world_setup();
	rcode = 2;
}

/* Ask for a name again: how many questions that sends. */
static unsigned int
asks(const char *name, enum isla_dns_type type, enum isla_dns_status status)
{
	unsigned int before = t.nb_log;

	CU_ASSERT_EQUAL(resolve(name, type)->status, status);
	CU_ASSERT_EQUAL(t.got.is_cached, t.nb_log == before);
	return t.nb_log - before;
}

/* 3.2: for 1 s at least; 2: whatever kind of failure it was. */
static void
failures_are_remembered(void)
{
	static const unsigned int rcodes[] = {1, 2, 4, 5, 9};
	unsigned int i;
	char name[32];

	t.fn[0] = failing;
	for (i = 0; i < RTE_DIM(rcodes); i++) {
		uint64_t failed;

		rcode = rcodes[i];
		snprintf(name, sizeof(name), "n%u.test", i);
		CU_ASSERT(asks(name, ISLA_DNS_A, ISLA_DNS_FAILED) >= 1);
		failed = t.sim->now_us;
		CU_ASSERT_EQUAL(asks(name, ISLA_DNS_A, ISLA_DNS_FAILED), 0);
		/* The name in other letters is the same. */
		name[0] = 'N';
		pass(failed + 4900000 - t.sim->now_us);
		CU_ASSERT_EQUAL(asks(name, ISLA_DNS_A, ISLA_DNS_FAILED), 0);
		pass(200000);
		CU_ASSERT(asks(name, ISLA_DNS_A, ISLA_DNS_FAILED) >= 1);
	}
	/* Of another type, or another name, nothing is known. */
	rcode = 2;
	CU_ASSERT_EQUAL(asks("n0.test", ISLA_DNS_MX, ISLA_DNS_FAILED), 1);
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	/* Both families, of which one is known. */
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_ADDR, ISLA_DNS_FAILED), 1);
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_ADDR, ISLA_DNS_FAILED), 0);
}

/* 3.2: longer each time, 5 minutes at most; and not for ever because of what was long ago. */
static void
what_fails_again_is_remembered_for_longer(void)
{
	static const struct {
		struct isla_dns_conf conf;
		unsigned int s[8];
	} cases[] = {
		{{0}, {5, 10, 20, 40, 60, 60, 60, 60}},
		{{.fail_ttl_s = 1, .max_fail_ttl_s = 300}, {1, 2, 4, 8, 16, 32, 64, 128}},
		{{.fail_ttl_s = 200, .max_fail_ttl_s = 300}, {200, 300, 300, 300, 300, 300, 300, 300}},
		{{.fail_ttl_s = 90}, {90, 90, 90, 90, 90, 90, 90, 90}},
	};
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(cases); i++) {
		reopen(&cases[i].conf, 1, false);
		t.fn[0] = failing;
		for (j = 0; j < 8; j++) {
			CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
			pass(cases[i].s[j] * SECOND - 50000);
			CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_FAILED), 0);
			pass(100000);
		}
	}
	/* What was silent about it for 5 minutes begins anew. */
	pass(400 * SECOND);
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	pass(90 * SECOND);
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	/* So does what has had an answer in between. */
	reopen(NULL, 1, false);
	t.fn[0] = failing;
	CU_ASSERT_EQUAL(asks("zero.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	pass(5 * SECOND);
	CU_ASSERT_EQUAL(asks("zero.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	pass(10 * SECOND);
	t.fn[0] = NULL;
	CU_ASSERT_EQUAL(asks("zero.test", ISLA_DNS_A, ISLA_DNS_OK), 1);
	t.fn[0] = failing;
	CU_ASSERT_EQUAL(asks("zero.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	pass(5 * SECOND);
	CU_ASSERT_EQUAL(asks("zero.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
}

/* 3.2: server by server; who has not failed is asked. */
static void
other_servers_are_asked_meanwhile(void)
{
	reopen(NULL, 3, false);
	t.fn[0] = t.fn[1] = failing;
	CU_ASSERT_EQUAL(asks("zero.test", ISLA_DNS_A, ISLA_DNS_OK), 3);
	t.fn[0] = NULL;
	/* The answer has wiped the slate; so another name, whose answer does not come. */
	t.fn[2] = silent;
	t.fn[0] = failing;
	CU_ASSERT_EQUAL(asks("n.test", ISLA_DNS_A, ISLA_DNS_FAILED), 5);
	t.fn[0] = t.fn[1] = t.fn[2] = NULL;
	/* 14 s have gone by, and so only the third is not asked. */
	CU_ASSERT_EQUAL(asks("n.test", ISLA_DNS_A, ISLA_DNS_NO_NAME), 1);
	CU_ASSERT_EQUAL(t.log[t.nb_log - 1].server, 0);
	/* The servers are others: nothing is known of them. */
	t.fn[0] = failing;
	isla_dns_set_servers(t.dns, t.server, 1);
	CU_ASSERT_EQUAL(asks("m.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	isla_dns_set_servers(t.dns, t.server + 1, 1);
	CU_ASSERT_EQUAL(asks("m.test", ISLA_DNS_A, ISLA_DNS_NO_NAME), 1);
}

/* 2.3 and 3.1: three times, and then not before some time has passed. */
static void
silence_is_remembered(void)
{
	reopen(NULL, 2, false);
	t.fn[0] = t.fn[1] = silent;
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_TIMEOUT), 6);
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_TIMEOUT), 0);
	pass(4 * SECOND);
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_TIMEOUT), 0);
	pass(2 * SECOND);
	t.fn[0] = t.fn[1] = NULL;
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_OK), 1);
}

/* Nothing was sent, so no server has failed: with a route it is asked at once. */
static void
without_a_route_no_server_has_failed(void)
{
	struct isla_dns_server server = {.netif = ISLA_NETIF_ANY};
	unsigned int i;

	isla_addr_parse("198.51.100.1", &server.addr);
	isla_dns_set_servers(t.dns, &server, 1);
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
		CU_ASSERT_FALSE(t.got.is_cached);
	}
}

/* 2.5: aliases in a circle. */
static bool
circle(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	dns_out_name(out, ask->lower, 5, 60, ask->lower[0] == 'x' ? "y.test" : "x.test");
	return true;
}

static void
loops_are_remembered(void)
{
	t.fn[0] = circle;
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_A, ISLA_DNS_LOOP), 11);
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_A, ISLA_DNS_LOOP), 0);
	pass(5 * SECOND);
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_A, ISLA_DNS_LOOP), 11);
}

/* An alias whose target fails: neither is asked for. */
static bool
half_alias(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (strcmp(ask->lower, "target.test") == 0)
		return failing(ctx, ask, out);
	dns_out_name(out, ask->lower, 5, 60, "target.test");
	return true;
}

static void
an_alias_fails_with_its_target(void)
{
	t.fn[0] = half_alias;
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_A, ISLA_DNS_FAILED), 2);
	CU_ASSERT_EQUAL(asks("x.test", ISLA_DNS_A, ISLA_DNS_FAILED), 0);
	CU_ASSERT_EQUAL(asks("target.test", ISLA_DNS_A, ISLA_DNS_FAILED), 0);
	CU_ASSERT_EQUAL(asks("z.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
}

/* 3.1: by one transport no more than three times, also where connections end under the question. */
static bool
hangs_up(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	static unsigned int nb;

	if (!ask->over_tcp) {
		out->b[2] |= 2; /* TC */
		return true;
	}
	/* Silent at first, then it hangs up without a word. */
	if (nb++ % 2 == 0)
		return false;
	out->reset = true;
	return true;
}

static void
no_transport_is_tried_more_than_three_times(void)
{
	unsigned int i, nb[2] = {0, 0};

	t.fn[0] = hangs_up;
	CU_ASSERT_NOT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	for (i = 0; i < t.nb_log; i++)
		nb[t.log[i].ask.over_tcp]++;
	CU_ASSERT_EQUAL(nb[0], 1);
	CU_ASSERT(nb[1] >= 2 && nb[1] <= 3);
}

/* 3.2: the table is bounded; who floods it with names only shortens others' memory. */
static void
the_table_of_failures_is_bounded(void)
{
	const struct isla_dns_conf conf = {.max_cache = 64, .fail_ttl_s = 300, .max_fail_ttl_s = 300};
	char name[32];
	unsigned int i;

	reopen(&conf, 1, false);
	t.fn[0] = failing;
	for (i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		CU_ASSERT_EQUAL(asks(name, ISLA_DNS_A, ISLA_DNS_FAILED), 1);
	}
	for (i = 1; i < 17; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		CU_ASSERT_EQUAL(asks(name, ISLA_DNS_A, ISLA_DNS_FAILED), 0);
	}
	CU_ASSERT_EQUAL(asks("n0.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
}

static void
failures_can_be_forgotten(void)
{
	t.fn[0] = failing;
	asks("a.test", ISLA_DNS_A, ISLA_DNS_FAILED);
	t.fn[0] = NULL;
	asks("v6.test", ISLA_DNS_AAAA, ISLA_DNS_OK);
	isla_dns_forget_failures(t.dns);
	CU_ASSERT_EQUAL(asks("a.test", ISLA_DNS_A, ISLA_DNS_OK), 1);
	/* Answers stay. */
	CU_ASSERT_EQUAL(asks("v6.test", ISLA_DNS_AAAA, ISLA_DNS_OK), 0);
	t.fn[0] = failing;
	asks("b.test", ISLA_DNS_A, ISLA_DNS_FAILED);
	isla_dns_flush(t.dns);
	CU_ASSERT_EQUAL(asks("b.test", ISLA_DNS_A, ISLA_DNS_FAILED), 1);
}

/* 3.2: the time can be set, within its bounds; 3.1: so can the rounds. */
static void
settings_beyond_the_bounds_are_refused(void)
{
	static const struct isla_dns_conf bad[] = {
		{.fail_ttl_s = 301},
		{.max_fail_ttl_s = 301},
		{.fail_ttl_s = 10, .max_fail_ttl_s = 9},
		{.nb_rounds = 4},
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		rte_errno = 0;
		CU_ASSERT_PTR_NULL(isla_dns_create(t.stack, &bad[i]));
		CU_ASSERT_EQUAL(rte_errno, EINVAL);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(failures_are_remembered),
	SUITE_TEST(what_fails_again_is_remembered_for_longer),
	SUITE_TEST(other_servers_are_asked_meanwhile),
	SUITE_TEST(silence_is_remembered),
	SUITE_TEST(without_a_route_no_server_has_failed),
	SUITE_TEST(loops_are_remembered),
	SUITE_TEST(an_alias_fails_with_its_target),
	SUITE_TEST(no_transport_is_tried_more_than_three_times),
	SUITE_TEST(the_table_of_failures_is_bounded),
	SUITE_TEST(failures_can_be_forgotten),
	SUITE_TEST(settings_beyond_the_bounds_are_refused),
};

int
main(void)
{
	return suite_run("dns_fail", tests, RTE_DIM(tests), setup, world_close);
}
