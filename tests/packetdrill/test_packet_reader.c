/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader of packet scripts, and its player: what a script must not say, and what it must not
 * let pass. A player that cannot fail would prove nothing.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "play.h"
#include "suite.h"

#define SOCKET "0.000 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
#define LISTEN SOCKET "+0 bind(3, ..., ...) = 0\n+0 listen(3, 5) = 0\n"
#define SYN_RECEIVED \
	LISTEN "+0 < S 0:0(0) win 65535 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n"
#define ESTABLISHED SYN_RECEIVED "+0.1 < . 1:1(0) ack 1 win 65535\n+0 accept(3, ..., ...) = 4\n"
/* With timestamps. */
#define TS_OPENED \
	LISTEN "+0 < S 0:0(0) win 65535 <mss 1000,TS val 5 ecr 0>\n" \
	       "+0 > S. 0:0(0) ack 1 <mss 1460,TS val 100 ecr 5>\n" \
	       "+0.1 < . 1:1(0) ack 1 win 65535 <TS val 6 ecr 100>\n" \
	       "+0 accept(3, ..., ...) = 4\n"

static const struct {
	const char *text;
	unsigned int line, column;
	const char *says;
} bad[] = {
	{"", 1, 1, "expected an event, but the file ends"},
	{"// nothing\n", 2, 1, "expected an event"},
	{"hello\n", 1, 1, "expected a time"},
	{"0.1 ?\n", 1, 5, "expected '<', '>', '%{' or a system call, got '?'"},
	{"0.1\n", 2, 1, "but the file ends"},
	{"+0 < X 0:0(0) win 1\n", 1, 6, "expected flags out of F S R P . U E W A, or -, got 'X'"},
	{"+0 < SS 0:0(0) win 1\n", 1, 7, "the flag S stands there twice"},
	{"+0 < S 0(0) win 1\n", 1, 9, "expected ':'"},
	{"+0 < S 0:0 win 1\n", 1, 12, "expected '('"},
	{"+0 < S 1:5(3) win 1\n", 1, 8, "1 and 3 bytes end at 4, not at 5"},
	{"+0 < S 0:0(0)\n", 2, 1, "expected win N"},
	{"+0 < S 0:0(0) win 70000\n", 1, 19, "expected a window from 0 to 65535, got 70000"},
	{"+0 < S 0:0(0) win 1 <mss>\n", 1, 25, "expected an MSS, got '>'"},
	{"+0 < S 0:0(0) win 1 <mss 1,what>\n", 1, 28, "expected mss, wscale, sackOK"},
	{"+0 < S 0:0(0) win 1 <...>\n", 1, 21, "only what is expected may be <...>"},
	{"+0 < S 0:0(0) win 1 <mss 1\n", 2, 1, "expected '>'"},
	{"+0 < S 0:0(0) win 1 <TS 1 ecr 2>\n", 1, 25, "expected val, got '1'"},
	{"+0 < S 0:0(0) win 1 <kind 9 abc>\n", 1, 32, "two digits a byte"},
	{"+0 < [ect2] S 0:0(0) win 1\n", 1, 7, "expected ect0, ect1, ce, noecn"},
	{"+0 < icmp unreachable what\n", 1, 11, "expected an ICMP error, got 'unreachable what'"},
	{"+0 read(3, ..., 10)\n", 2, 1, "expected '='"},
	{"+0 read(3, ..., 10) = x\n", 1, 23, "expected a constant, got 'x'"},
	{"+0 read(3, ..., 10) = -1 EFOO\n", 1, 26, "expected the name of an errno, got 'EFOO'"},
	{"+0 read(3, ..., 10 = 0\n", 1, 20, "expected ')'"},
	{"+0 read(3, WHAT, 10) = 0\n", 1, 12, "expected a constant, got 'WHAT'"},
	{"+0 read(3, \"open\n, 10) = 0\n", 1, 13, "expected the string's end"},
	{"+0 %{ tcpi_state == }%\n", 1, 21, "expected a value"},
	{"+0 %{ tcpi_state == 1\n", 2, 1, "but the file ends"},
	{"* < S 0:0(0) win 1\n", 1, 1, "may come at any time"},
	{"0...1 < S 0:0(0) win 1\n", 1, 1, "only a system call may block"},
	{"--what=1\n", 1, 3, "expected begin, set, ip_version"},
	{"--ip_version=ipv5\n", 1, 14, "expected ipv4, ipv4_mapped_ipv6 or ipv6"},
	{"--mtu=100\n", 1, 7, "expected an MTU from 576 to 9000, got 100"},
	{"--begin /nowhere/at/all.pkt\n", 1, 28, "No such file"},
	{SOCKET "--mtu=1500\n", 2, 1, "options stand before the first event"},
};

static void
syntax_errors_say_where(void)
{
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		struct script_error e;
		struct script *s = script_read_text("a.pkt", bad[i].text, &e);

		CU_ASSERT_PTR_NULL(s);
		script_free(s);
		if (s != NULL || e.line != bad[i].line || e.column != bad[i].column ||
			strstr(e.text, bad[i].says) == NULL || strcmp(e.path, "a.pkt") != 0) {
			CU_FAIL("another error");
			fprintf(stderr, "'%s': %s:%u:%u: %s\n", bad[i].text, e.path, e.line,
				e.column, e.text);
		}
	}
}

/* Play a text; what it printed is in *said, to be freed. */
static bool
play(const char *text, bool is_v6, char **said)
{
	struct script_error error;
	struct script *s = script_read_text("a.pkt", text, &error);
	size_t size;
	FILE *out = open_memstream(said, &size);
	bool ok;

	if (out == NULL)
		abort();
	if (s == NULL)
		fprintf(out, "%u:%u: %s", error.line, error.column, error.text);
	ok = s != NULL && play_script(s, is_v6, false, out);
	fclose(out);
	script_free(s);
	return ok;
}

static const struct {
	const char *text;
	const char *says;
} wrong[] = {
	{SYN_RECEIVED "+0 > . 1:1(0) ack 1\n", "a.pkt:6: over IPv"},
	{SYN_RECEIVED "+0 > . 1:1(0) ack 1\n", "a segment is missing"},
	{SYN_RECEIVED "+0 > . 1:1(0) ack 1\n", "actual:   > nothing"},
	{SYN_RECEIVED "+1 %{ 1 }%\n", "is left that nothing expected"},
	{SYN_RECEIVED "+0.9 > S. 0:0(0) ack 1 <mss 1460>\n", "a segment is missing"},
	{SYN_RECEIVED "+0.9~+0.95 > S. 0:0(0) ack 1 <mss 1460>\n", "a segment is missing"},
	{SYN_RECEIVED "+1.1 > S. 0:0(0) ack 1 <mss 1460>\n", "it was sent at 1.000"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > S. 0:0(0) ack 2 <...>\n",
		"it acknowledges 1, not 2"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > S 0:0(0) <...>\n", "the flags are S., not S"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > S. 0:0(0) ack 1 win 1 <...>\n", "the window is"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > S. 0:0(0) ack 1 <mss 9>\n",
		"the option is not 'mss 9'"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > S. 0:0(0) ack 1\n", "more options"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > S. 0:0(0) ack 1 <mss 1460,sackOK>\n",
		"there is no option 'sackOK'"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > [ce] S. 0:0(0) ack 1 <...>\n",
		"the ECN field is 0, not 3"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > [ttl 1] S. 0:0(0) ack 1 <...>\n",
		"the hop limit is"},
	{LISTEN "+0 < S 0:0(0) win 9 <mss 9>\n+0 > [port 7] S. 0:0(0) ack 1 <...>\n",
		"it is of another connection"},
	{ESTABLISHED "+0 write(4, ..., 10) = 10\n+0 > P. 1:21(20) ack 1\n", "it has 10 bytes, not 20"},
	{ESTABLISHED "+0 write(4, ..., 10) = 10\n+0 > P. 2:12(10) ack 1\n",
		"it begins at 1, not at 2"},
	{ESTABLISHED "+0 write(4, ..., 10) = 11\n", "write() returned 10"},
	{ESTABLISHED "+0 write(9, ..., 10) = 10\n", "write() returned -1 EBADF"},
	{ESTABLISHED "+0 read(4, ..., 10) = 0\n", "the call would block"},
	{ESTABLISHED "+0...0.2 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n",
		"the call did not block"},
	{ESTABLISHED "+0...0.2 read(4, ..., 10) = 10\n", "the call still blocks"},
	{ESTABLISHED "+0...0.2 read(4, ..., 10) = 10\n+0.1 < P. 1:11(10) ack 1 win 9\n",
		"the call returned at 0.2"},
	{ESTABLISHED "+0 frob(4) = 10\n", "there is no system call frob()"},
	{ESTABLISHED "+0 %{ tcpi_state == 7 }%\n", "tcpi_state is 1"},
	{ESTABLISHED "+0 %{ 1; 2 == 3 }%\n", "condition 2 does not hold"},
	{ESTABLISHED "+0 %{ no_such == 3 }%\n", "there is no variable no_such"},
	{ESTABLISHED "0.01 %{ 1 }%\n", "too late for this event"},
	{"--set nothing=1\n" SOCKET, "there is no setting nothing"},
	{"--tcp_ts_tick_usecs=1000\n" TS_OPENED
	 "+1 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1 <TS val 300 ecr 6>\n",
		"TSval is 1200, not 300"},
	{TS_OPENED "+1 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1 <TS val 300 ecr 7>\n",
		"TSecr is 6, not 7"},
};

static void
what_differs_is_a_failure(void)
{
	size_t i;
	int v6;

	for (i = 0; i < 2 * RTE_DIM(wrong); i++) {
		char *said;

		v6 = i % 2 != 0;
		if (play(wrong[i / 2].text, v6, &said) ||
			strstr(said, wrong[i / 2].says) == NULL) {
			CU_FAIL("not the failure that it should be");
			fprintf(stderr, "wanted '%s', got '%s'\n", wrong[i / 2].says, said);
		}
		free(said);
	}
}

static const char *const right[] = {
	"/* a comment */ 0.000 // another\n socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 # and one\n",
	SOCKET "+0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)\n",
	SYN_RECEIVED "+0.9~+1.1 > S. 0:0(0) ack 1 <...>\n1.5 %{ 1 }%\n",
	SYN_RECEIVED "* > S. 0:0(0) ack 1 <...>\n+2 > S. 0:0(0) ack 1 <...>\n",
	ESTABLISHED "+0...0.2 read(4, ..., 10) = 10\n+0.2 < P. 1:11(10) ack 1 win 9\n"
	"+0~+0.5 > . 1:1(0) ack 11\n",
	ESTABLISHED "+0 %{ assert tcpi_state == 1, tcpi_state; 3 * 2 + 1 == 7 && !0 || 0 }%\n",
	ESTABLISHED "+0 < P. 1:11(10) ack 1 win 9\n+0~+0.5 > . 1:1(0) ack 11 <...>\n",
	"--tcp_ts_tick_usecs=1000\n" TS_OPENED
	"+1 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1 <nop,nop,TS val 1200 ecr 6>\n",
	"--mtu=1300\n" LISTEN "+0 < [ect0, ttl 9] S 0:0(0) win 9 <mss 1460>\n"
	"+0 > S. 0:0(0) ack 1 <mss 1260>\n",
};

static void
what_is_right_passes(void)
{
	size_t i;

	for (i = 0; i < 2 * RTE_DIM(right); i++) {
		char *said;

		if (!play(right[i / 2], i % 2 != 0, &said)) {
			CU_FAIL("it should have passed");
			fprintf(stderr, "%s\n", said);
		}
		free(said);
	}
}

static void
the_trace_is_in_the_notation(void)
{
	char *said;

	CU_ASSERT_FALSE(play(ESTABLISHED "+0 read(4, ..., 1) = 1\n", false, &said));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "0.000000 < S 0:0(0) win 65535 <mss 1000>\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "0.000000 > S. 0:0(0) ack 1 win 65535 <mss 1460>\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "0.100000 < . 1:1(0) ack 1 win 65535\n"));
	free(said);
}

static const struct suite_test tests[] = {
	SUITE_TEST(syntax_errors_say_where),
	SUITE_TEST(what_differs_is_a_failure),
	SUITE_TEST(what_is_right_passes),
	SUITE_TEST(the_trace_is_in_the_notation),
};

int
main(void)
{
	return suite_run("packet_reader", tests, RTE_DIM(tests), NULL, NULL);
}
