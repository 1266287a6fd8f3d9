/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The resolver as a program sees it: answers, the cache, the search list, connecting by name, the
 * order of addresses.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_world.h"

/* ---- asking */

static void
an_address_is_found(void)
{
	const struct got *g = resolve("a.test", ISLA_DNS_A);

	CU_ASSERT_EQUAL(g->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(g->name, "a.test");
	CU_ASSERT_EQUAL(g->ttl_s, 300);
	CU_ASSERT_EQUAL(g->nb_records, 2);
	CU_ASSERT_STRING_EQUAL(g->text[0], "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(g->text[1], "192.0.2.2");
	CU_ASSERT_FALSE(g->is_cached);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	CU_ASSERT_TRUE(t.log[0].ask.has_opt);
	CU_ASSERT_EQUAL(t.log[0].ask.udp_size, 1232);
	CU_ASSERT_TRUE(t.log[0].ask.from_port >= 49152);
}

static void
both_families_of_servers_are_asked(void)
{
	reopen(NULL, 1, true);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 1);
}

/* RFC 5452, 4.3 and 9.2: neither ids nor ports repeat, and both use their range. */
static void
ids_and_ports_are_random(void)
{
	unsigned int i, j, same_id = 0, same_port = 0, next_id = 0, next_port = 0;
	uint16_t lo = UINT16_MAX, hi = 0;
	char name[32];

	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		CU_ASSERT_EQUAL(resolve(name, ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	}
	CU_ASSERT_EQUAL(t.nb_log, 60);
	for (i = 0; i < 60; i++) {
		lo = RTE_MIN(lo, t.log[i].ask.from_port);
		hi = RTE_MAX(hi, t.log[i].ask.from_port);
		for (j = i + 1; j < 60; j++) {
			same_id += t.log[i].ask.id == t.log[j].ask.id;
			same_port += t.log[i].ask.from_port == t.log[j].ask.from_port;
			next_id += (uint16_t)(t.log[i].ask.id + 1) == t.log[j].ask.id;
			next_port += t.log[i].ask.from_port + 1 == t.log[j].ask.from_port;
		}
	}
	CU_ASSERT_TRUE(same_id <= 1 && next_id <= 1);
	CU_ASSERT_TRUE(same_port <= 2 && next_port <= 2);
	CU_ASSERT_TRUE(lo >= 49152 && lo < 51200 && hi > 63000);
}

static void
letters_are_mixed(void)
{
	unsigned int i, upper = 0, lower = 0;

	reopen(NULL, 1, false);
	for (i = 0; i < 8; i++) {
		const char *p;

		t.nb_log = 0;
		isla_dns_flush(t.dns);
		resolve("both.test", ISLA_DNS_A);
		for (p = t.log[0].ask.name; *p != '\0'; p++) {
			upper += *p >= 'A' && *p <= 'Z';
			lower += *p >= 'a' && *p <= 'z';
		}
		CU_ASSERT_STRING_EQUAL(t.log[0].ask.lower, "both.test");
	}
	CU_ASSERT_EQUAL(upper + lower, 64);
	CU_ASSERT_TRUE(upper > 16 && lower > 16);
	reopen(&(struct isla_dns_conf){.no_0x20 = true, .no_edns = true}, 1, false);
	t.nb_log = 0;
	resolve("A.test", ISLA_DNS_A);
	CU_ASSERT_STRING_EQUAL(t.log[0].ask.name, "A.test");
	CU_ASSERT_FALSE(t.log[0].ask.has_opt);
}

static bool
all_types(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	uint8_t b[300] = {0, 5, 0, 6, 0x1f, 0x90};
	size_t n;

	switch (ask->type) {
	case ISLA_DNS_MX:
		n = dns_wire_name(b + 2, "mail.test") + 2;
		dns_out_rr(out, 1, ask->lower, ask->type, 60, b, (uint16_t)n);
		return true;
	case ISLA_DNS_SRV:
		n = dns_wire_name(b + 6, "web.test") + 6;
		dns_out_rr(out, 1, ask->lower, ask->type, 60, b, (uint16_t)n);
		return true;
	case ISLA_DNS_TXT:
		dns_out_rr(out, 1, ask->lower, ask->type, 60, "\3abc\2de", 7);
		return true;
	default:
		dns_out_name(out, ask->lower, ask->type, 60, "other.test");
		return true;
	}
}

static void
other_types_are_found(void)
{
	CU_ASSERT_EQUAL(resolve("192.0.2.1", ISLA_DNS_PTR)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "a.test");
	t.fn[0] = all_types;
	CU_ASSERT_EQUAL(resolve("m.test", ISLA_DNS_MX)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "5 mail.test");
	CU_ASSERT_EQUAL(resolve("_s._tcp.test", ISLA_DNS_SRV)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "5 6 8080 web.test");
	CU_ASSERT_EQUAL(resolve("t.test", ISLA_DNS_TXT)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "\"abc\" \"de\"");
	CU_ASSERT_EQUAL(resolve("n.test", ISLA_DNS_NS)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "other.test");
	CU_ASSERT_EQUAL(resolve("n.test", ISLA_DNS_CNAME)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "other.test");
}

static void
addresses_of_both_families_come_together(void)
{
	CU_ASSERT_EQUAL(resolve("both.test", ISLA_DNS_ADDR)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.got.nb_records, 2);
	/* RFC 6724: a unique local address of the same prefix matches its own label, as IPv4 does
	 * its; then precedence: IPv4's 35, fc00::/7's 3. */
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "192.168.1.80");
	CU_ASSERT_STRING_EQUAL(t.got.text[1], "fd00::80");
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_ADDR)->nb_records, 2);
	CU_ASSERT_EQUAL(resolve("v6.test", ISLA_DNS_ADDR)->nb_records, 1);
	CU_ASSERT_EQUAL(t.got.type[0], ISLA_DNS_AAAA);
	CU_ASSERT_EQUAL(resolve("x.test", ISLA_DNS_ADDR)->status, ISLA_DNS_NO_NAME);
}

static void
addresses_are_their_own_answer(void)
{
	CU_ASSERT_EQUAL(resolve("192.0.2.77", ISLA_DNS_ADDR)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "192.0.2.77");
	CU_ASSERT_EQUAL(resolve("fe80::1", ISLA_DNS_AAAA)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "fe80::1");
	CU_ASSERT_EQUAL(resolve("fe80::1", ISLA_DNS_A)->status, ISLA_DNS_NO_DATA);
	CU_ASSERT_EQUAL(t.nb_log, 0);
}

static void
what_is_no_question_is_refused(void)
{
	static const char *const names[] = {"", "a..b", ".a", "a b"};
	char label[80];
	size_t i;

	memset(label, 'a', sizeof(label));
	label[79] = '\0';
	for (i = 0; i < RTE_DIM(names); i++) {
		CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, names[i], ISLA_DNS_A, take, &t.got));
		CU_ASSERT_EQUAL(rte_errno, EINVAL);
	}
	CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, label, ISLA_DNS_A, take, &t.got));
	CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, "a", (enum isla_dns_type)255, take, &t.got));
	CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, "a", (enum isla_dns_type)41, take, &t.got));
	CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, "a", (enum isla_dns_type)70000, take, &t.got));
	CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, "a", ISLA_DNS_A, NULL, NULL));
}

static void
there_may_be_no_server(void)
{
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, NULL, 0), 0);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_ADDR)->status, ISLA_DNS_NO_SERVER);
	/* They vanish while a question waits. */
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, t.server, 1), 0);
	t.fn[0] = silent;
	ask("a.test", ISLA_DNS_A, &t.got);
	pass(100000);
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, NULL, 0), 0);
	pass(100000);
	CU_ASSERT_EQUAL(t.got.nb, 1);
	CU_ASSERT_EQUAL(t.got.status, ISLA_DNS_NO_SERVER);
}

static void
servers_that_are_none_are_refused(void)
{
	static const char *const bad[] = {"0.0.0.0", "::", "224.0.0.251", "ff02::fb",
		"255.255.255.255"};
	struct isla_dns_server many[ISLA_DNS_SERVERS_MAX + 1];
	struct isla_dns_info info;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		many[0] = t.server[0];
		isla_addr_parse(bad[i], &many[0].addr);
		CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, many, 1), -EINVAL);
	}
	for (i = 0; i < RTE_DIM(many); i++)
		many[i] = t.server[0];
	CU_ASSERT_EQUAL(isla_dns_set_servers(t.dns, many, RTE_DIM(many)), -EINVAL);
	isla_dns_get_info(t.dns, &info);
	CU_ASSERT_EQUAL(info.nb_servers, 1);
}

/* ---- the cache */

static void
answers_are_remembered_for_their_time(void)
{
	resolve("short.test", ISLA_DNS_A);
	pass(2 * SECOND);
	resolve("SHORT.test", ISLA_DNS_A);
	CU_ASSERT_TRUE(t.got.is_cached);
	CU_ASSERT_EQUAL(t.got.ttl_s, 3);
	CU_ASSERT_STRING_EQUAL(t.got.text[0], "192.0.2.5");
	CU_ASSERT_EQUAL(t.nb_log, 1);
	pass(3 * SECOND);
	resolve("short.test", ISLA_DNS_A);
	CU_ASSERT_FALSE(t.got.is_cached);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	CU_ASSERT_EQUAL(counter(ISLA_C_DNS_CACHE_HITS), 1);
}

static void
a_ttl_of_0_is_for_once(void)
{
	CU_ASSERT_EQUAL(resolve("zero.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(resolve("zero.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 2);
}

static void
a_chain_lives_as_long_as_its_weakest(void)
{
	CU_ASSERT_EQUAL(resolve("alias.test", ISLA_DNS_A)->ttl_s, 60);
	CU_ASSERT_STRING_EQUAL(t.got.name, "a.test");
	CU_ASSERT_EQUAL(t.got.nb_records, 2);
	pass(59 * SECOND);
	CU_ASSERT_TRUE(resolve("alias.test", ISLA_DNS_A)->is_cached);
	CU_ASSERT_STRING_EQUAL(t.got.name, "a.test");
	pass(SECOND);
	CU_ASSERT_FALSE(resolve("alias.test", ISLA_DNS_A)->is_cached);
}

/* RFC 2308, 5: NXDOMAIN holds for all types, NODATA for one; as long as the SOA says. */
static void
that_there_is_nothing_is_remembered(void)
{
	CU_ASSERT_EQUAL(resolve("none.test", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(resolve("none.test", ISLA_DNS_AAAA)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_TRUE(t.got.is_cached);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_AAAA)->status, ISLA_DNS_NO_DATA);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_AAAA)->status, ISLA_DNS_NO_DATA);
	CU_ASSERT_TRUE(t.got.is_cached);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	pass(31 * SECOND);
	CU_ASSERT_EQUAL(resolve("none.test", ISLA_DNS_AAAA)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_FALSE(t.got.is_cached);
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_AAAA)->status, ISLA_DNS_NO_DATA);
	CU_ASSERT_FALSE(t.got.is_cached);
	/* The alias exists, whatever its target does not. */
	CU_ASSERT_EQUAL(resolve("dangling.test", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(resolve("dangling.test", ISLA_DNS_CNAME)->status, ISLA_DNS_OK);
}

static bool
without_soa(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	out->b[3] |= 3;
	return true;
}

static bool
for_ever(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	if (ask->type == 1) {
		dns_out_addr(out, ask->lower, 0x7fffffff, "192.0.2.1");
		return true;
	}
	dns_out_soa(out, "test", 0x7fffffff, 0x7fffffff);
	return true;
}

static void
time_to_remember_has_bounds(void)
{
	t.fn[0] = without_soa;
	CU_ASSERT_EQUAL(resolve("x.test", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(resolve("x.test", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 2);
	t.fn[0] = for_ever;
	CU_ASSERT_EQUAL(resolve("y.test", ISLA_DNS_A)->ttl_s, 86400);
	CU_ASSERT_EQUAL(resolve("y.test", ISLA_DNS_AAAA)->ttl_s, 10800);
}

static void
the_cache_is_bounded(void)
{
	struct isla_dns_info info;
	char name[32];
	int i;

	reopen(&(struct isla_dns_conf){.max_cache = 8}, 1, false);
	resolve("a.test", ISLA_DNS_A);
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		resolve(name, ISLA_DNS_A);
		resolve("a.test", ISLA_DNS_A);
		CU_ASSERT_TRUE(t.got.is_cached); /* what is used stays */
	}
	isla_dns_get_info(t.dns, &info);
	CU_ASSERT_EQUAL(info.nb_cached, 8);
	CU_ASSERT_EQUAL(info.max_cache, 8);
	resolve("n0.test", ISLA_DNS_A);
	CU_ASSERT_FALSE(t.got.is_cached);
	isla_dns_flush(t.dns);
	isla_dns_get_info(t.dns, &info);
	CU_ASSERT_EQUAL(info.nb_cached, 0);
	CU_ASSERT_FALSE(resolve("a.test", ISLA_DNS_A)->is_cached);
}

static void
the_cache_is_listed(void)
{
	struct isla_dns_cache_info info[2];
	uint32_t cursor = 0, n, nb = 0;
	bool has_alias = false, has_none = false;

	resolve("alias.test", ISLA_DNS_A);
	resolve("none.test", ISLA_DNS_A);
	resolve("a.test", ISLA_DNS_AAAA);
	pass(10 * SECOND);
	while ((n = isla_dns_list_cache(t.dns, &cursor, info, RTE_DIM(info))) > 0) {
		nb += n;
		while (n-- > 0) {
			if (strcmp(info[n].name, "alias.test") == 0) {
				has_alias = true;
				CU_ASSERT_STRING_EQUAL(info[n].text, "192.0.2.1 192.0.2.2");
				CU_ASSERT_EQUAL(info[n].first, 9);
				CU_ASSERT_EQUAL(info[n].ttl_s, 49);
				CU_ASSERT_EQUAL(info[n].type, ISLA_DNS_A);
			}
			if (strcmp(info[n].name, "none.test") == 0) {
				has_none = true;
				CU_ASSERT_EQUAL(info[n].status, ISLA_DNS_NO_NAME);
				CU_ASSERT_EQUAL(info[n].type, ISLA_DNS_ADDR);
			}
		}
	}
	CU_ASSERT_EQUAL(nb, 3);
	CU_ASSERT_TRUE(has_alias && has_none);
}

/* ---- several at once */

static void
equal_questions_are_sent_once(void)
{
	ask("a.test", ISLA_DNS_A, &t.got);
	ask("A.TEST", ISLA_DNS_A, &t.got2);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	CU_ASSERT_EQUAL(t.got.nb, 1);
	CU_ASSERT_EQUAL(t.got2.nb, 1);
	CU_ASSERT_EQUAL(t.got2.nb_records, 2);
}

static void
a_question_is_taken_back(void)
{
	struct isla_dns_query *q = ask("a.test", ISLA_DNS_A, &t.got);

	isla_dns_cancel(q);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.nb_log, 0);
	/* On its way; and another one waits for the same. */
	q = ask("a.test", ISLA_DNS_A, &t.got);
	ask("a.test", ISLA_DNS_A, &t.got2);
	pass(1500);
	isla_dns_cancel(q);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 0);
	CU_ASSERT_EQUAL(t.got2.nb, 1);
	q = ask("both.test", ISLA_DNS_ADDR, &t.got);
	pass(1500);
	isla_dns_cancel(q);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 0);
}

/* Whichever of two is told first cancels the other one, and asks something else. */
static struct isla_dns_query *pair[2];

static void
cancel_the_other(void *ctx, const struct isla_dns_answer *a)
{
	unsigned int me = (unsigned int)(uintptr_t)ctx;

	take(&t.got, a);
	isla_dns_cancel(pair[1 - me]);
	CU_ASSERT_PTR_NOT_NULL(isla_dns_query(t.dns, "v6.test", ISLA_DNS_AAAA, take, &t.got2));
}

static void
a_callback_may_cancel_and_ask(void)
{
	uintptr_t i;

	for (i = 0; i < 2; i++)
		pair[i] = isla_dns_query(t.dns, "a.test", ISLA_DNS_A, cancel_the_other, (void *)i);
	pass(SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 1);
	CU_ASSERT_EQUAL(t.got2.nb, 1);
	CU_ASSERT_EQUAL(t.got2.status, ISLA_DNS_OK);
}

static void
count_only(void *ctx, const struct isla_dns_answer *a)
{
	++*(unsigned int *)ctx;
}

static void
questions_are_bounded(void)
{
	unsigned int nb = 0, i;
	char name[32];

	reopen(&(struct isla_dns_conf){.max_queries = 8}, 1, false);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		CU_ASSERT_PTR_NOT_NULL(
			isla_dns_query(t.dns, name, ISLA_DNS_ADDR, count_only, &nb));
	}
	CU_ASSERT_PTR_NULL(isla_dns_query(t.dns, "x.test", ISLA_DNS_A, count_only, &nb));
	CU_ASSERT_EQUAL(rte_errno, ENOBUFS);
	pass(SECOND);
	CU_ASSERT_EQUAL(nb, 8);
	CU_ASSERT_EQUAL(t.nb_log, 16);
	/* RFC 5452, 9.2: each from a port of its own. */
	for (i = 1; i < 16; i++)
		CU_ASSERT_NOT_EQUAL(t.log[i].ask.from_port, t.log[i - 1].ask.from_port);
	CU_ASSERT_PTR_NOT_NULL(isla_dns_query(t.dns, "x.test", ISLA_DNS_A, count_only, &nb));
	pass(SECOND);
	CU_ASSERT_EQUAL(nb, 9);
}

/* ---- the search list */

static void
search_domains_are_tried(void)
{
	static const char *const domains[] = {"corp.test", "eng.test"};
	static const char *const bad[] = {"corp.test", "a..b"};

	CU_ASSERT_EQUAL(isla_dns_set_search(t.dns, domains, 2), 0);
	CU_ASSERT_EQUAL(isla_dns_set_search(t.dns, bad, 2), -EINVAL);
	CU_ASSERT_STRING_EQUAL(isla_dns_search(t.dns, 1), "eng.test");
	CU_ASSERT_PTR_NULL(isla_dns_search(t.dns, 2));
	CU_ASSERT_EQUAL(resolve("www", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.name, "www.corp.test");
	CU_ASSERT_EQUAL(t.nb_log, 1);
	CU_ASSERT_EQUAL(resolve("host", ISLA_DNS_ADDR)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.name, "host.eng.test");
	/* At last as it is. */
	CU_ASSERT_EQUAL(resolve("one", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(t.got.name, "one");
	/* With a dot: first. */
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("a.test", ISLA_DNS_A)->status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	/* Complete: nothing else. */
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("www.", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 1);
	CU_ASSERT_EQUAL(resolve("nowhere.at-all", ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 4);
	/* It exists somewhere, without such an address. */
	CU_ASSERT_EQUAL(resolve("www", ISLA_DNS_AAAA)->status, ISLA_DNS_NO_DATA);
	/* An address is no name to be completed. */
	t.nb_log = 0;
	CU_ASSERT_EQUAL(resolve("192.0.2.99", ISLA_DNS_PTR)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 1);
}

static void
a_name_too_long_for_a_domain_is_tried_alone(void)
{
	static const char *const domains[] = {"corp.test"};
	char name[254];
	int i;

	for (i = 0; i < 250; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[250] = '\0';
	name[249] = 'b';
	CU_ASSERT_EQUAL(isla_dns_set_search(t.dns, domains, 1), 0);
	CU_ASSERT_EQUAL(resolve(name, ISLA_DNS_A)->status, ISLA_DNS_NO_NAME);
	CU_ASSERT_EQUAL(t.nb_log, 1);
}

/* A server that fails says nothing about the name, so no other one is tried for it. */
static void
a_failure_ends_the_search(void)
{
	static const char *const domains[] = {"corp.test", "eng.test"};

	isla_dns_set_search(t.dns, domains, 2);
	t.fn[0] = silent;
	CU_ASSERT_EQUAL(resolve("www", ISLA_DNS_A)->status, ISLA_DNS_TIMEOUT);
	CU_ASSERT_EQUAL(t.nb_log, 3);
	CU_ASSERT_STRING_EQUAL(t.log[2].ask.lower, "www.corp.test");
}

/* ---- memory */

static void
it_lives_through_a_lack_of_mbufs(void)
{
	struct rte_mempool *pool = t.sim->host[1].pool;

	heap_pool_set_limit(pool, 0);
	ask("a.test", ISLA_DNS_A, &t.got);
	pass(SECOND);
	heap_pool_set_limit(pool, 65536);
	pass(10 * SECOND);
	CU_ASSERT_EQUAL(t.got.nb, 1);
	CU_ASSERT_EQUAL(t.got.status, ISLA_DNS_OK);
}

static uint32_t allocs_left;

static void *
counting_alloc(size_t size, size_t align, int socket_id)
{
	if (allocs_left == 0)
		return NULL;
	allocs_left--;
	return isla_mem_libc.alloc(size, align, socket_id);
}

static void
creation_fails_cleanly(void)
{
	struct sim_host_conf conf = {.number = 9,
		.stack = {.mem = {.alloc = counting_alloc, .free = isla_mem_libc.free},
			.tcp = {.max_conns = 64, .max_segs = 4096}}};
	const struct isla_dns_conf bad[] = {
		{.max_queries = 7}, {.max_queries = 5000}, {.max_cache = 1},
		{.timeout_us = 61000000}};
	struct isla_dns *dns = NULL;
	struct sim_host host;
	uint32_t n, nb_failed = 0;
	size_t i;

	allocs_left = UINT32_MAX;
	sim_host_init(&host, &conf);
	for (n = 0; dns == NULL && n < 100; n++) {
		allocs_left = n;
		dns = isla_dns_create(host.stack, NULL);
		nb_failed += dns == NULL;
	}
	CU_ASSERT_TRUE(nb_failed > 5);
	isla_dns_free(dns);
	allocs_left = UINT32_MAX;
	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_PTR_NULL(isla_dns_create(host.stack, &bad[i]));
		CU_ASSERT_EQUAL(rte_errno, EINVAL);
	}
	isla_dns_free(NULL);
	CU_ASSERT_EQUAL(sim_host_fini(&host), 0);
}

static void
it_ends_with_questions_open(void)
{
	struct isla_dns *dns = isla_dns_create(t.stack, NULL);
	struct got g = {.nb = 0};

	isla_dns_set_servers(dns, t.server, 1);
	t.fn[0] = silent;
	isla_dns_query(dns, "a.test", ISLA_DNS_A, take, &g);
	isla_dns_query(dns, "b.test", ISLA_DNS_ADDR, take, &g);
	isla_dns_connect(dns, "c.test", 80, NULL, NULL, NULL);
	pass(SECOND);
	isla_dns_free(dns);
	pass(60 * SECOND);
	CU_ASSERT_EQUAL(g.nb, 0);
}

/* ---- connecting by name */

struct connected {
	unsigned int nb;
	struct isla_tcp_conn *conn;
	enum isla_dns_status status;
	int err;
	uint64_t at_us;
	struct isla_tcp_ends ends;
};

static void
connected(void *ctx, struct isla_tcp_conn *conn, enum isla_dns_status status, int err)
{
	struct connected *c = ctx;

	c->nb++;
	c->conn = conn;
	c->status = status;
	c->err = err;
	c->at_us = t.sim->now_us;
	if (conn != NULL) {
		isla_tcp_get_ends(conn, &c->ends);
		isla_tcp_close(conn);
	}
}

static void
a_name_is_connected_to(void)
{
	struct connected c = {.nb = 0};
	char text[ISLA_ADDR_STRLEN];

	CU_ASSERT_PTR_NOT_NULL(isla_dns_connect(t.dns, "peer.test", 53, NULL, connected, &c));
	pass(SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_PTR_NOT_NULL(c.conn);
	CU_ASSERT_EQUAL(c.status, ISLA_DNS_OK);
	CU_ASSERT_STRING_EQUAL(isla_addr_format(&c.ends.remote, text, sizeof(text)), "192.168.1.1");
	CU_ASSERT_EQUAL(dns_peer_nb_conns(t.peer[0]), 1); /* the other family was not needed */
	c.nb = 0;
	CU_ASSERT_PTR_NOT_NULL(isla_dns_connect(t.dns, "fd00::1", 53, NULL, connected, &c));
	pass(SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_PTR_NOT_NULL(c.conn);
	pass(120 * SECOND);
}

static void
what_cannot_be_connected_to_is_said(void)
{
	struct connected c = {.nb = 0};

	isla_dns_connect(t.dns, "none.test", 53, NULL, connected, &c);
	pass(SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_PTR_NULL(c.conn);
	CU_ASSERT_EQUAL(c.status, ISLA_DNS_NO_NAME);
	c.nb = 0;
	isla_dns_connect(t.dns, "peer.test", 9999, NULL, connected, &c);
	pass(SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_EQUAL(c.status, ISLA_DNS_OK);
	CU_ASSERT_EQUAL(c.err, ECONNREFUSED);
	c.nb = 0;
	isla_dns_connect(t.dns, "198.51.100.1", 80, NULL, connected, &c);
	pass(SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_EQUAL(c.err, EHOSTUNREACH);
	CU_ASSERT_PTR_NULL(isla_dns_connect(t.dns, "peer.test", 0, NULL, connected, &c));
	CU_ASSERT_PTR_NULL(isla_dns_connect(t.dns, "a..b", 80, NULL, connected, &c));
}

/* Only IPv6 works: nobody answers IPv4's SYN. */
static bool
no_tcp_over_v4(struct sim *sim, void *ctx, const struct sim_frame *frame)
{
	return !(frame->len > 34 && frame->bytes[12] == 8 && frame->bytes[13] == 0 &&
		frame->bytes[23] == 6);
}

/* RFC 8305, 5 */
static void
the_other_family_is_tried_soon(void)
{
	struct connected c = {.nb = 0};
	uint64_t begin;

	t.sim->conf.tap = no_tcp_over_v4;
	begin = t.sim->now_us;
	CU_ASSERT_PTR_NOT_NULL(isla_dns_connect(t.dns, "peer.test", 53, NULL, connected, &c));
	pass(2 * SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_PTR_NOT_NULL(c.conn);
	CU_ASSERT_FALSE(isla_addr_is_v4(&c.ends.remote));
	CU_ASSERT_TRUE(c.at_us - begin > 250000 && c.at_us - begin < 400000);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(t.stack), 0); /* the other one was given up */
}

static bool
silent_about_aaaa(void *ctx, const struct dns_ask *ask, struct dns_out *out)
{
	return ask->type != 28 && good(ctx, ask, out);
}

/* RFC 8305, 3 */
static void
one_family_does_not_wait_for_the_other(void)
{
	struct connected c = {.nb = 0};
	uint64_t begin;

	t.fn[0] = silent_about_aaaa;
	begin = t.sim->now_us;
	CU_ASSERT_PTR_NOT_NULL(isla_dns_connect(t.dns, "peer.test", 53, NULL, connected, &c));
	pass(2 * SECOND);
	CU_ASSERT_EQUAL(c.nb, 1);
	CU_ASSERT_TRUE(c.at_us - begin < 100000);
}

static void
a_connect_is_taken_back(void)
{
	struct connected c = {.nb = 0};
	struct isla_dns_connect *k;

	k = isla_dns_connect(t.dns, "peer.test", 53, NULL, connected, &c);
	isla_dns_connect_cancel(k);
	pass(SECOND);
	k = isla_dns_connect(t.dns, "fd00::99", 53, NULL, connected, &c);
	pass(100000);
	isla_dns_connect_cancel(k);
	pass(SECOND);
	CU_ASSERT_EQUAL(c.nb, 0);
	CU_ASSERT_EQUAL(isla_stack_nb_conns(t.stack), 0);
}

/* ---- RFC 6724 */

static void
addresses_are_put_in_order(void)
{
	static const struct {
		const char *in[3];
		const char *out[3];
	} cases[] = {
		/* rule 1: what has no route or source comes last */
		{{"2001:db8::1", "192.168.1.9"}, {"192.168.1.9", "2001:db8::1"}},
		{{"203.0.113.1", "fd00::9"}, {"fd00::9", "203.0.113.1"}},
		/* rule 5 and 6: labels match, then precedence */
		{{"fd00::9", "192.168.1.9"}, {"192.168.1.9", "fd00::9"}},
		/* rule 9: the longest common prefix */
		{{"fd00:0:0:1::9", "fd00::9"}, {"fd00::9", "fd00:0:0:1::9"}},
		/* rule 10: as they came; IPv4's prefixes do not count */
		{{"192.168.1.200", "192.168.1.3"}, {"192.168.1.200", "192.168.1.3"}},
	};
	char text[ISLA_ADDR_STRLEN];
	struct isla_addr a[3];
	size_t i, j;

	for (i = 0; i < RTE_DIM(cases); i++) {
		for (j = 0; j < 3 && cases[i].in[j] != NULL; j++)
			isla_addr_parse(cases[i].in[j], &a[j]);
		isla_dns_sort(t.stack, a, (uint16_t)j);
		for (j = 0; j < 3 && cases[i].in[j] != NULL; j++)
			CU_ASSERT_STRING_EQUAL(
				isla_addr_format(&a[j], text, sizeof(text)), cases[i].out[j]);
	}
}
static const struct suite_test tests[] = {
	SUITE_TEST(an_address_is_found),
	SUITE_TEST(both_families_of_servers_are_asked),
	SUITE_TEST(ids_and_ports_are_random),
	SUITE_TEST(letters_are_mixed),
	SUITE_TEST(other_types_are_found),
	SUITE_TEST(addresses_of_both_families_come_together),
	SUITE_TEST(addresses_are_their_own_answer),
	SUITE_TEST(what_is_no_question_is_refused),
	SUITE_TEST(there_may_be_no_server),
	SUITE_TEST(servers_that_are_none_are_refused),
	SUITE_TEST(answers_are_remembered_for_their_time),
	SUITE_TEST(a_ttl_of_0_is_for_once),
	SUITE_TEST(a_chain_lives_as_long_as_its_weakest),
	SUITE_TEST(that_there_is_nothing_is_remembered),
	SUITE_TEST(time_to_remember_has_bounds),
	SUITE_TEST(the_cache_is_bounded),
	SUITE_TEST(the_cache_is_listed),
	SUITE_TEST(equal_questions_are_sent_once),
	SUITE_TEST(a_question_is_taken_back),
	SUITE_TEST(a_callback_may_cancel_and_ask),
	SUITE_TEST(questions_are_bounded),
	SUITE_TEST(search_domains_are_tried),
	SUITE_TEST(a_name_too_long_for_a_domain_is_tried_alone),
	SUITE_TEST(a_failure_ends_the_search),
	SUITE_TEST(it_lives_through_a_lack_of_mbufs),
	SUITE_TEST(creation_fails_cleanly),
	SUITE_TEST(it_ends_with_questions_open),
	SUITE_TEST(a_name_is_connected_to),
	SUITE_TEST(what_cannot_be_connected_to_is_said),
	SUITE_TEST(the_other_family_is_tried_soon),
	SUITE_TEST(one_family_does_not_wait_for_the_other),
	SUITE_TEST(a_connect_is_taken_back),
	SUITE_TEST(addresses_are_put_in_order),
};

int
main(void)
{
	return suite_run("dns", tests, RTE_DIM(tests), world_setup, world_close);
}
