/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections as text: filters in ss's words, and lines as `ss -tin` prints them.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "suite.h"
#include "tcp_text.h"

static char err[TCP_TEXT_ERR_SIZE];
static struct tcp_filter filter;

static int
parse(const char *line)
{
	char copy[512], *argv[32], *rest;
	int argc = 0;
	char *word;

	snprintf(copy, sizeof(copy), "%s", line);
	err[0] = '\0';
	for (word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return tcp_filter_parse(argc, argv, &filter, err, sizeof(err));
}

static struct isla_tcp_entry
entry(enum isla_tcp_state state, const char *local, uint16_t lport, const char *remote,
	uint16_t rport)
{
	struct isla_tcp_entry e = {.state = state};

	CU_ASSERT_EQUAL_FATAL(isla_addr_parse(local, &e.ends.local), 0);
	CU_ASSERT_EQUAL_FATAL(isla_addr_parse(remote, &e.ends.remote), 0);
	e.ends.local_port = lport;
	e.ends.remote_port = rport;
	return e;
}

static void
check(const char *line, bool v4, bool v6, bool listener)
{
	struct isla_tcp_entry a = entry(ISLA_TCP_ESTABLISHED, "10.0.0.2", 80, "10.1.2.3", 4000);
	struct isla_tcp_entry b = entry(ISLA_TCP_TIME_WAIT, "fd00::2", 443, "fd00:1::3", 5000);
	struct isla_tcp_entry c = entry(ISLA_TCP_LISTEN, "::", 80, "::", 0);
	int rc = parse(line);

	CU_ASSERT_EQUAL(rc, 0);
	if (rc != 0)
		printf("\n    %s: %s", line, err);
	CU_ASSERT_EQUAL(tcp_filter_match(&filter, &a), v4);
	CU_ASSERT_EQUAL(tcp_filter_match(&filter, &b), v6);
	CU_ASSERT_EQUAL(tcp_filter_match(&filter, &c), listener);
	if (tcp_filter_match(&filter, &a) != v4 || tcp_filter_match(&filter, &b) != v6 ||
		tcp_filter_match(&filter, &c) != listener)
		printf("\n    %s", line);
}

static void
terms_are_those_of_ss(void)
{
	check("", true, true, false);
	check("state all", true, true, true);
	check("state connected", true, true, false);
	check("state established", true, false, false);
	check("state established state time-wait", true, true, false);
	check("state listening", false, false, true);
	check("state bucket", false, true, false);
	check("state big", true, false, true);
	check("state syn-sent", false, false, false);
	check("dst 10.1.2.3", true, false, false);
	check("dst 10.0.0.0/8", true, false, false);
	check("dst fd00::/16", false, true, false);
	check("src 10.0.0.2", true, false, false);
	check("src 10.1.2.3", false, false, false);
	check("addr 10.1.2.3", true, false, false);
	check("addr fd00::2", false, true, false);
	check("sport = :80", true, false, false);
	check("sport 80 state all", true, false, true);
	check("dport :5000", false, true, false);
	check("port 4000", true, false, false);
	check("port 443 dst fd00:1::3 state time-wait", false, true, false);
	check("port 443 dst 10.1.2.3", false, false, false);
	check("shard 0", true, true, false);
	CU_ASSERT_EQUAL(filter.shard, 0);
}

static void
refuse(const char *line, const char *word, const char *other)
{
	struct tcp_filter before;

	memset(&filter, 0x55, sizeof(filter));
	before = filter;
	CU_ASSERT_EQUAL(parse(line), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, word));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, other));
	CU_ASSERT_EQUAL(memcmp(&before, &filter, sizeof(filter)), 0);
	if (strstr(err, word) == NULL || strstr(err, other) == NULL)
		printf("\n    %s: %s", line, err);
}

static void
a_state_may_stand_alone(void)
{
	check("all", true, true, true);
	check("listening", false, false, true);
	check("established", true, false, false);
	check("established time-wait", true, true, false);
	check("state established listening", true, false, true);
	check("listening sport = :80", false, false, true);
	check("dst fd00::/16 all", false, true, false);
	check("syn-sent", false, false, false);
	refuse("alls", "'alls' is no term", "[state] NAME");
	/* A term's value is no state. */
	refuse("dst all", "dst 'all'", "prefix");
	refuse("state state all", "state 'state'", "established");
}

static void
what_is_no_term_is_named(void)
{
	refuse("frob 1", "'frob'", "[state] NAME");
	refuse("80", "'80'", "sport");
	refuse("state", "state wants a value", "");
	refuse("sport =", "sport wants a value", "");
	refuse("state frob", "'frob'", "time-wait");
	refuse("dst 10.0.0", "dst '10.0.0'", "10.0.0.0/8");
	refuse("dst 10.0.0.1/33", "'10.0.0.1/33'", "prefix");
	refuse("dst 10.0.0.1 dst 10.0.0.2", "dst is given twice", "");
	refuse("sport 0", "sport '0'", "1 to 65535");
	refuse("dport 65536", "'65536'", "1 to 65535");
	refuse("port http", "'http'", "1 to 65535");
	refuse("sport -1", "'-1'", "1 to 65535");
	refuse("shard x", "shard 'x'", "0 to");
	refuse("state established 80", "'80'", "[state] NAME");
}

static void
ends_have_one_form(void)
{
	struct isla_addr a;
	char text[64];

	isla_addr_parse("192.168.1.2", &a);
	CU_ASSERT_STRING_EQUAL(tcp_end_text(&a, 80, text, sizeof(text)), "192.168.1.2:80");
	CU_ASSERT_STRING_EQUAL(tcp_end_text(&a, 0, text, sizeof(text)), "192.168.1.2:*");
	isla_addr_parse("fe80::1", &a);
	CU_ASSERT_STRING_EQUAL(tcp_end_text(&a, 65535, text, sizeof(text)), "[fe80::1]:65535");
	CU_ASSERT_STRING_EQUAL(tcp_end_text(&isla_addr_any, 7, text, sizeof(text)), "*:7");
}

/* What fn prints of info. */
static char *
print(void (*fn)(FILE *out, const struct isla_tcp_info *info), const struct isla_tcp_info *info)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fn(out, info);
	fclose(out);
	return text;
}

static void
a_line_as_ss_has_it(void)
{
	struct isla_tcp_info info = {.state = ISLA_TCP_ESTABLISHED, .timestamps = true,
		.sack = true, .wscale = true, .snd_wscale = 7, .rcv_wscale = 8, .cc = "cubic",
		.rto_us = 204000, .rtt_us = 4000, .rttvar_us = 2000, .min_rtt_us = 3500,
		.snd_mss = 1448, .rcv_mss = 536, .advmss = 1460, .pmtu = 1500,
		.snd_cwnd_bytes = 14480, .snd_ssthresh_bytes = 7240, .bytes_acked = 100,
		.bytes_received = 7, .segs_out = 3, .segs_in = 4, .last_data_sent_ms = 5,
		.last_recv_ms = 6, .pacing_rate = UINT32_MAX, .unacked_segs = 2,
		.total_retrans = 1, .rcv_wnd_bytes = 65535, .snd_wnd_bytes = 64240};
	char *text = print(tcp_print_info, &info);

	CU_ASSERT_STRING_EQUAL(text, "\t ts sack cubic wscale:7,8 rto:204 rtt:4.000/2.000 mss:1448 "
		"pmtu:1500 rcvmss:536 advmss:1460 cwnd:10 ssthresh:5 bytes_acked:100 "
		"bytes_received:7 segs_out:3 segs_in:4 send 28.96Mbps lastsnd:5 lastrcv:6 "
		"unacked:2 retrans:0/1 rcv_wnd:65535 snd_wnd:64240 minrtt:3.500\n");
	free(text);
	/* Nothing is known yet: no division by what is 0. */
	memset(&info, 0, sizeof(info));
	info.snd_ssthresh_bytes = UINT32_MAX;
	text = print(tcp_print_info, &info);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "cwnd:0"));
	CU_ASSERT_PTR_NULL(strstr(text, "ssthresh"));
	free(text);
}

/* The names of the fields come from the header itself: one that is new is missed here. */
static void
every_field_is_told(void)
{
	struct isla_tcp_info info = {.state = ISLA_TCP_ESTABLISHED, .cc = "bbr"};
	char *text = print(tcp_print_all, &info), line[256];
	FILE *header = fopen(TCP_HEADER, "r");
	unsigned int nb = 0;
	bool within = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(header);
	while (fgets(line, sizeof(line), header) != NULL) {
		char *end, *name, field[64];

		if (strncmp(line, "struct isla_tcp_info {", 22) == 0)
			within = true;
		if (strncmp(line, "};", 2) == 0)
			within = false;
		end = strchr(line, ';');
		if (!within || end == NULL || strncmp(line, "\t\t", 2) == 0 || line[0] != '\t' ||
			line[1] == '/' || line[1] == ' ')
			continue;
		*end = '\0';
		if (strchr(line, '[') != NULL)
			*strchr(line, '[') = '\0';
		name = strrchr(line, ' ') + 1;
		name += *name == '*';
		snprintf(field, sizeof(field), "  %s ", name);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, field));
		if (strstr(text, field) == NULL)
			printf("\n    %s", name);
		nb++;
	}
	fclose(header);
	CU_ASSERT(nb > 50);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "pacing_gain"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  pacing_rate          0\n"));
	free(text);
	/* What has no bound is not a number. */
	info.snd_ssthresh_bytes = info.pacing_rate = UINT32_MAX;
	text = print(tcp_print_all, &info);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  snd_ssthresh_bytes   none\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  pacing_rate          none\n"));
	free(text);
}

static const struct suite_test tests[] = {
	SUITE_TEST(terms_are_those_of_ss),
	SUITE_TEST(a_state_may_stand_alone),
	SUITE_TEST(what_is_no_term_is_named),
	SUITE_TEST(ends_have_one_form),
	SUITE_TEST(a_line_as_ss_has_it),
	SUITE_TEST(every_field_is_told),
};

int
main(void)
{
	return suite_run("tcp_text", tests, RTE_DIM(tests), NULL, NULL);
}
