/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telemetry without an engine: parameters and what is said of bad ones, answers that stay within
 * what rte_telemetry takes, and that the documentation has each endpoint.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "suite.h"
#include "telem.h"

static struct telem_params params;
static struct telem_out out;

/* rte_telemetry frees what is within an answer while it writes it; here nobody does. */
static struct rte_tel_data *opened[256];
static unsigned int nb_opened;

struct rte_tel_data *__real_rte_tel_data_alloc(void);
struct rte_tel_data *__wrap_rte_tel_data_alloc(void);
void __real_rte_tel_data_free(struct rte_tel_data *data);
void __wrap_rte_tel_data_free(struct rte_tel_data *data);

struct rte_tel_data *
__wrap_rte_tel_data_alloc(void)
{
	CU_ASSERT_TRUE_FATAL(nb_opened < RTE_DIM(opened));
	opened[nb_opened] = __real_rte_tel_data_alloc();
	return opened[nb_opened++];
}

void
__wrap_rte_tel_data_free(struct rte_tel_data *data)
{
	unsigned int i;

	for (i = 0; i < nb_opened; i++)
		if (opened[i] == data)
			opened[i] = NULL;
	__real_rte_tel_data_free(data);
}

static void
setup(void)
{
	nb_opened = 0;
	telem_begin(&out, rte_tel_data_alloc());
	CU_ASSERT_PTR_NOT_NULL_FATAL(out.data);
}

static void
teardown(void)
{
	while (nb_opened > 0)
		__real_rte_tel_data_free(opened[--nb_opened]);
}

static const struct telem_command *
command(const char *name)
{
	const struct telem_command *cmd = telem_commands;

	while (cmd->name != NULL && strcmp(cmd->name, name) != 0)
		cmd++;
	CU_ASSERT_PTR_NOT_NULL_FATAL(cmd->name);
	return cmd;
}

static void
take(const char *name, const char *text)
{
	out.error[0] = '\0';
	CU_ASSERT_EQUAL(telem_params_parse(&params, command(name), text, 4, &out), 0);
	CU_ASSERT_STRING_EQUAL(out.error, "");
}

/* Refused, and the error has both words. */
static void
refuse(const char *name, const char *text, const char *word, const char *other)
{
	int rc = telem_params_parse(&params, command(name), text, 4, &out);

	if (rc == 0 || strstr(out.error, word) == NULL || strstr(out.error, other) == NULL)
		printf("\n'%s' -> %d '%s'\n", text, rc, out.error);
	CU_ASSERT_EQUAL(rc, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.error, word));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.error, other));
	CU_ASSERT_TRUE(strlen(out.error) < sizeof(out.error) - 1);
}

static void
parameters_are_taken_apart(void)
{
	char text[ISLA_ADDR_STRLEN];

	take("/isla/info", NULL);
	take("/isla/info", "");
	CU_ASSERT_EQUAL(params.given, 0);
	take("/isla/tcp/conns", "shard=3,cursor=12884901890,state=time-wait,local_port=80,"
				"remote_port=65535,remote=fe80::1");
	CU_ASSERT_EQUAL(params.shard, 3);
	CU_ASSERT_TRUE(params.cursor == UINT64_C(12884901890));
	CU_ASSERT_STRING_EQUAL(params.state, "time-wait");
	CU_ASSERT_EQUAL(params.local_port, 80);
	CU_ASSERT_EQUAL(params.remote_port, 65535);
	CU_ASSERT_STRING_EQUAL(isla_addr_format(&params.remote, text, sizeof(text)), "fe80::1");
	take("/isla/tcp/conn", "id=2/4294967295");
	CU_ASSERT_EQUAL(params.id_shard, 2);
	CU_ASSERT_EQUAL(params.id, UINT32_MAX);
	take("/isla/tcp/conn", "id=2.17");
	CU_ASSERT_EQUAL(params.id, 17);
	take("/isla/histogram", "name=tcpRtt");
	CU_ASSERT_STRING_EQUAL(params.name, "tcpRtt");
}

static void
bad_parameters_are_named(void)
{
	char line[1200];

	refuse("/isla/info", "shard=0", "'shard' is no parameter", "/help,/isla/info");
	refuse("/isla/loop", "5", "'5'", "NAME=VALUE");
	refuse("/isla/loop", "shard=4", "shard=4", "0 to 3");
	refuse("/isla/loop", "shard=-1", "shard=-1", "0 to 3");
	refuse("/isla/loop", "shard=", "shard=", "0 to 3");
	refuse("/isla/loop", "shard=1x", "shard=1x", "0 to 3");
	refuse("/isla/loop", "shard=0x1", "shard=0x1", "0 to 3");
	refuse("/isla/loop", "shard=18446744073709551616", "shard=18446744073709551616", "0 to 3");
	refuse("/isla/loop", "shard=1,shard=1", "shard", "twice");
	refuse("/isla/loop", "shard=1,", "''", "NAME=VALUE");
	refuse("/isla/loop", ",", "''", "NAME=VALUE");
	refuse("/isla/loop", "=1", "''", "no parameter");
	refuse("/isla/tcp/conns", "local_port=65536", "local_port=65536", "0 to 65535");
	refuse("/isla/tcp/conns", "remote=1.2.3", "remote=1.2.3", "an address");
	refuse("/isla/tcp/conns", "state=", "state=", "1 to 15");
	refuse("/isla/tcp/conns", "state=AAAAAAAAAAAAAAAA", "state=AAAA", "1 to 15");
	refuse("/isla/tcp/conns", "cursor=17179869184", "cursor=17179869184", "next");
	refuse("/isla/tcp/conns", "shard=1,cursor=5", "cursor=5", "shard 1");
	refuse("/isla/tcp/conn", "id=1", "id=1", "SHARD/ID");
	refuse("/isla/tcp/conn", "id=1.", "id=1.", "SHARD/ID");
	refuse("/isla/tcp/conn", "id=4/1", "id=4/1", "SHARD/ID");
	refuse("/isla/tcp/conn", "id=1/", "id=1/", "SHARD/ID");
	refuse("/isla/tcp/conn", "id=1/4294967296", "id=1/4294967296", "SHARD/ID");
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	refuse("/isla/tcp/conns", line, "too long", "parameters");
	line[900] = '\0';
	refuse("/isla/tcp/conns", line, "aaaa", "NAME=VALUE");
}

/* What a dictionary takes more than it has room for is told, not lost without a word. */
static void
too_much_is_told(void)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		telem_u64(&out, name, i);
	}
	CU_ASSERT_FALSE(out.truncated);
	telem_u64(&out, "more", 1);
	CU_ASSERT_TRUE(out.truncated);
	telem_begin(&out, out.data);
	for (i = 0; i < 200 && !out.truncated; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		telem_string(&out, name, "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""
					 "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"");
	}
	CU_ASSERT_TRUE(out.truncated);
	CU_ASSERT_TRUE(i > 100);
	CU_ASSERT_TRUE(out.nb_bytes <= TELEM_TEXT_MAX);
}

static void
names_become_possible(void)
{
	telem_u64(&out, "ipSystemStatsInReceives.ipv4", 1);
	telem_u64(&out, "a b\"c\\d", 1);
	telem_u64(&out, "0/16777215", 1);
	CU_ASSERT_FALSE(out.truncated);
}

/* A page of the longest entries there can be fits into an answer. */
static void
expect_page_fits(void (*add)(struct telem_out *out))
{
	struct telem_out list, inner;
	char key[24];
	unsigned int i;

	telem_begin(&out, out.data);
	telem_u64(&out, "entries", TELEM_PAGE);
	telem_u64(&out, "next", UINT64_MAX);
	telem_open(&list);
	for (i = 0; i < TELEM_PAGE; i++) {
		telem_open(&inner);
		add(&inner);
		CU_ASSERT_TRUE(inner.nb_bytes > 2);
		snprintf(key, sizeof(key), "15/%u", UINT32_MAX - i);
		telem_close(&list, key, &inner);
	}
	telem_close(&out, "conns", &list);
	CU_ASSERT_FALSE(out.truncated);
	CU_ASSERT_TRUE(out.nb_bytes <= TELEM_TEXT_MAX);
}

static struct isla_addr
longest(void)
{
	struct isla_addr a;

	CU_ASSERT_EQUAL(isla_addr_parse("2001:1db8:2db8:3db8:4db8:5db8:6db8:7db8", &a), 0);
	return a;
}

static void
add_tcp(struct telem_out *o)
{
	struct isla_tcp_entry e = {
		.state = ISLA_TCP_SYN_RECEIVED,
		.ends = {.local = longest(), .remote = longest(), .local_port = 65535,
			.remote_port = 65535},
		.recvq = UINT32_MAX,
		.sendq = UINT32_MAX,
	};

	telem_tcp_entry(o, &e);
}

static void
add_udp(struct telem_out *o)
{
	struct isla_udp_entry e = {
		.local = longest(), .port = 65535, .hop_limit = 255, .tos = 255,
	};

	telem_udp_entry(o, &e);
}

static void
add_neigh(struct telem_out *o)
{
	struct isla_neigh_entry e = {
		.addr = longest(), .netif = 15, .state = ISLA_NEIGH_INCOMPLETE,
		.nb_queued = UINT32_MAX, .confirmed_us = UINT64_MAX - 1, .timer_us = UINT64_MAX,
	};

	telem_neigh_entry(o, &e);
}

static void
add_route(struct telem_out *o)
{
	struct isla_route_entry e = {
		.prefix = {.addr = longest(), .len = 128}, .gateway = longest(), .netif = 15,
	};

	telem_route_entry(o, &e);
}

static void
add_addr(struct telem_out *o)
{
	struct isla_addr_entry e = {.prefix = {.addr = longest(), .len = 128}, .netif = 15};

	telem_addr_entry(o, &e);
}

static void
add_pmtu(struct telem_out *o)
{
	struct isla_pmtu_entry e = {.dst = longest(), .mtu = UINT16_MAX, .left_us = UINT64_MAX};

	telem_pmtu_entry(o, &e);
}

static void
a_page_fits_into_an_answer(void)
{
	expect_page_fits(add_tcp);
	expect_page_fits(add_udp);
	expect_page_fits(add_neigh);
	expect_page_fits(add_route);
	expect_page_fits(add_addr);
	expect_page_fits(add_pmtu);
}

static void
a_connection_fits_into_an_answer(void)
{
	struct isla_tcp_info info;

	memset(&info, 0xff, sizeof(info));
	info.in_recovery = info.in_loss = info.in_cwr = info.fin_rcvd = info.timestamps = true;
	info.sack = info.wscale = info.ecn = info.fastopen_data = info.quickack = true;
	info.reordering = true;
	info.cc = "bbr";
	info.limited_by = ISLA_TCP_LIMIT_SNDBUF;
	add_tcp(&out);
	telem_tcp_info(&out, &info);
	CU_ASSERT_FALSE(out.truncated);
	CU_ASSERT_TRUE(out.nb_bytes < 4096);
}

static void
counters_fit_into_an_answer(void)
{
	unsigned int i;

	for (i = 0; i < ISLA_C_MAX; i++)
		telem_u64(&out, isla_counter_name(i), UINT64_MAX);
	CU_ASSERT_FALSE(out.truncated);
	telem_begin(&out, out.data);
	for (i = 0; i < ISLA_DROP_MAX; i++)
		telem_u64(&out, isla_drop_name(i), UINT64_MAX);
	CU_ASSERT_FALSE(out.truncated);
}

static void
a_histogram_is_told_in_short(void)
{
	struct isla_hist h;

	memset(&h, 0, sizeof(h));
	isla_hist_record(&h, 7);
	telem_hist(&out, &h, "us");
	CU_ASSERT_FALSE(out.truncated);
	CU_ASSERT_TRUE(out.nb_bytes > 60);
}

static void
commands_are_what_dpdk_takes(void)
{
	const struct telem_command *cmd, *other;

	for (cmd = telem_commands; cmd->name != NULL; cmd++) {
		CU_ASSERT_EQUAL(strncmp(cmd->name, "/isla/", 6), 0);
		CU_ASSERT_TRUE(strlen(cmd->name) < 56);
		CU_ASSERT_TRUE(strlen(cmd->help) < 64);
		CU_ASSERT_PTR_NOT_NULL(cmd->fn);
		for (other = telem_commands; other < cmd; other++)
			CU_ASSERT_STRING_NOT_EQUAL(cmd->name, other->name);
	}
}

/* True where a line of the documentation begins with `| `NAME` |`. */
static bool
documents(const char *text, const char *name)
{
	char row[80];

	snprintf(row, sizeof(row), "\n| `%s` |", name);
	return strstr(text, row) != NULL;
}

static void
every_endpoint_is_documented(void)
{
	static char text[65536];
	const struct telem_command *cmd;
	FILE *in = fopen(TELEMETRY_MD, "re");
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	CU_ASSERT_TRUE(fread(text, 1, sizeof(text) - 1, in) > 0);
	fclose(in);
	for (cmd = telem_commands; cmd->name != NULL; cmd++) {
		if (!documents(text, cmd->name))
			printf("\n%s is not documented\n", cmd->name);
		CU_ASSERT_TRUE(documents(text, cmd->name));
	}
	for (i = 0; i < ISLA_HIST_MAX; i++)
		CU_ASSERT_TRUE(documents(text, isla_hist_name(i)));
}

static const struct suite_test tests[] = {
	SUITE_TEST(parameters_are_taken_apart),
	SUITE_TEST(bad_parameters_are_named),
	SUITE_TEST(too_much_is_told),
	SUITE_TEST(names_become_possible),
	SUITE_TEST(a_page_fits_into_an_answer),
	SUITE_TEST(a_connection_fits_into_an_answer),
	SUITE_TEST(counters_fit_into_an_answer),
	SUITE_TEST(a_histogram_is_told_in_short),
	SUITE_TEST(commands_are_what_dpdk_takes),
	SUITE_TEST(every_endpoint_is_documented),
};

int
main(void)
{
	return suite_run("telem", tests, RTE_DIM(tests), setup, teardown);
}
