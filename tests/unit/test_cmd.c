/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prompt's commands, without a prompt: which line is whose, what bad input gets, what is told
 * of tables that are large, what is undone, and what completion offers.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmdline.h>

#include "cmd.h"
#include "fake_engine.h"
#include "inet.h"
#include "prompt_line.h"
#include "stack_priv.h"
#include "tcp_peer.h"

#define GARBAGE "?!x"

static struct options opts;
static struct service_set set;
static struct cmd_env env;
static char *text;
static size_t text_size;

/* Run a line; what it printed is in text. */
static int
run(const char *line)
{
	char copy[2 * CMD_LINE_MAX];
	int rc;

	free(text);
	text = NULL;
	snprintf(copy, sizeof(copy), "%s", line);
	env.out = open_memstream(&text, &text_size);
	rc = cmd_run_line(&env, copy);
	fclose(env.out);
	return rc;
}

static unsigned int
count(const char *word)
{
	unsigned int nb = 0;
	const char *at;

	for (at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		nb++;
	return nb;
}

/* The line is refused, in one line that has these words, and nothing is changed. */
static void
refuse(const char *line, const char *word, const char *other)
{
	uint32_t nb = fake_engine.nb_changes;
	int rc = run(line);

	CU_ASSERT(rc < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, word));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, other));
	CU_ASSERT_EQUAL(count("\n"), 1);
	CU_ASSERT_EQUAL(fake_engine.nb_changes, nb);
	if (rc >= 0 || strstr(text, word) == NULL || strstr(text, other) == NULL)
		printf("\n    %s -> %d %s", line, rc, text);
}

static void
works(const char *line)
{
	int rc = run(line);

	CU_ASSERT_EQUAL(rc, 0);
	if (rc != 0)
		printf("\n    %s -> %d %s", line, rc, text);
}

static void
begin(void)
{
	char *none[] = {NULL};
	char err[OPTIONS_ERR_SIZE];

	fake_engine_begin(peer.host.stack);
	CU_ASSERT_EQUAL_FATAL(options_parse(&opts, 0, none, NULL, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL_FATAL(options_share_out(&opts, 3, err, sizeof(err)), 0);
	service_set_init(&set, fake_engine_handle(), NULL);
	env = (struct cmd_env){.engine = fake_engine_handle(), .services = &set, .opts = &opts};
}

static void
the_table_is_well_formed(void)
{
	const struct cmd *c, *other;
	unsigned int i, k;

	begin();
	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		const char *p;

		CU_ASSERT(strlen(c->name) < 40);
		for (p = c->name; *p != '\0'; p++)
			CU_ASSERT(islower((unsigned char)*p) || *p == ' ' || *p == '-');
		CU_ASSERT_EQUAL(c->args[0] != '\0', c->max_args > 0);
		CU_ASSERT(c->min_args <= c->max_args);
		CU_ASSERT_PTR_NOT_NULL_FATAL(c->help);
		CU_ASSERT_PTR_NOT_NULL(c->run);
		CU_ASSERT_NOT_EQUAL(c->help[strlen(c->help) - 1], '.');
		CU_ASSERT(c->group < CMD_GROUPS);
		for (k = i + 1; (other = cmd_at(k)) != NULL; k++)
			CU_ASSERT_STRING_NOT_EQUAL(c->name, other->name);
	}
	CU_ASSERT(i > 40);
}

static void
what_is_not_known_is_named(void)
{
	begin();
	refuse("frobnicate", "'frobnicate' is no command", "help");
	refuse("frobnicate 1 2", "'frobnicate' is no command", "help");
	refuse("show", "'show' is not all of it", "port");
	CU_ASSERT_EQUAL(count(" config"), 1);
	refuse("show frob", "'show frob' is no command", "port");
	refuse("show port", "'show port' is not all of it", "xstats");
	refuse("show port frob 0", "'show port frob' is no command", "stats");
	refuse("show tcp connx", "'show tcp connx' is no command", "conns");
	refuse("SHOW drops", "'SHOW' is no command", "help");
	refuse("show drop", "'show drop' is no command", "drops");
}

static void
words_are_counted(void)
{
	char line[512] = "show";
	int i;

	begin();
	refuse("show port stats", "show port stats", "wants N|all");
	refuse("show port stats 0 1", "'1' is too much", "N|all");
	refuse("quit now", "'now' is too much", "nothing may follow");
	CU_ASSERT_FALSE(env.quit);
	for (i = 0; i < 40; i++)
		strcat(line, " w");
	refuse(line, "32 words", "'w'");
}

static void
nothing_is_nothing(void)
{
	static const char *const lines[] = {"", "   ", "\t", "# a comment", "  # show", "\r\n",
		"\n"};
	unsigned int i;

	begin();
	for (i = 0; i < RTE_DIM(lines); i++) {
		CU_ASSERT_EQUAL(run(lines[i]), 0);
		CU_ASSERT_EQUAL(text_size, 0);
	}
	works("  show \t services  # of all\r\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Port"));
}

/* What a message repeats cannot steer the terminal. */
static void
what_cannot_be_printed_is_not(void)
{
	static const char *const lines[] = {"\x1b[2Jfrob", "set verbose \x1b]0;x\x07", "frob\x7f\b",
		"show port stats \x01", "ping \x9b\x1b%\x02", "\xff\xfe\xc0\x80"};
	unsigned int i;
	const char *c;

	begin();
	for (i = 0; i < RTE_DIM(lines); i++) {
		CU_ASSERT(run(lines[i]) < 0);
		for (c = text; *c != '\0'; c++)
			CU_ASSERT(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	}
}

/* Ctrl-C ends a command that waits, and the next one is not. */
static unsigned int nb_asked;

static bool
interrupt_soon(void *ctx)
{
	return ++nb_asked == 3;
}

static void
a_command_that_waits_is_interrupted(void)
{
	begin();
	env.is_interrupted = interrupt_soon;
	nb_asked = 0;
	peer.deaf = true;
	CU_ASSERT_EQUAL(run("tcp connect 192.168.1.66 9"), -EINVAL);
	CU_ASSERT_EQUAL(nb_asked, 3);
	CU_ASSERT_TRUE(env.interrupted);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "given up"));
	works("show services");
	CU_ASSERT_FALSE(env.interrupted);
	nb_asked = 0;
	CU_ASSERT_EQUAL(run("ping 192.168.1.66 10000"), -ETIMEDOUT);
	CU_ASSERT_EQUAL(nb_asked, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 sent, 0 received"));
	peer_drain();
}

/* Whatever wants an argument refuses one that cannot be, by its name, and changes nothing. */
static void
every_command_refuses_garbage(void)
{
	const struct cmd *c;
	unsigned int i, nb = 0;

	begin();
	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		char line[256];
		int k;

		/* DHCP and DNS have no client here; any name may be asked for. */
		if (c->max_args == 0 || strcmp(c->name, "help") == 0 ||
			strstr(c->name, "dns") != NULL || strstr(c->name, "dhcp") != NULL)
			continue;
		snprintf(line, sizeof(line), "%s", c->name);
		for (k = 0; k < RTE_MAX(c->min_args, 1); k++)
			strcat(line, " " GARBAGE);
		refuse(line, c->name, GARBAGE);
		nb++;
	}
	CU_ASSERT(nb > 15);
}

/* Numbers and names beside what is possible. */
static void
values_have_bounds(void)
{
	begin();
	refuse("show port stats 1", "'1' is no port of ours", "0 or all");
	refuse("show port stats 65536", "'65536'", "0 or all");
	refuse("show port stats -1", "'-1'", "0 or all");
	refuse("show port stats 0x0", "'0x0'", "0 or all");
	refuse("show port stats ALL", "'ALL'", "0 or all");
	refuse("set verbose 65536", "'65536'", "0 to 65535");
	refuse("set verbose -1", "'-1'", "0 to 65535");
	refuse("set verbose 1", "set verbose", "no frames to show");
	refuse("set reta 128 0", "IDX '128'", "0 to 127");
	refuse("set reta 5 1", "SHARD '1'", "0 to 0");
	refuse("set reta 99999999999999999999 0", "IDX", "0 to 127");
	refuse("set backoff spin=1,frob=2", "spin=1,frob=2", "yield=N");
	refuse("set backoff sleep=0us", "sleep=0us", "1us to 1s");
	refuse("set backoff spin=1 7", "SHARD '7'", "0 to 0");
	refuse("set idle doze", "'doze'", "epoll, sleep or poll");
	refuse("set ip add 10.0.0.1/33", "10.0.0.1/33", "192.168.1.2/24");
	refuse("set ip add 10.0.0.1/24 3", "'3' is no port of ours", "0");
	refuse("set ip del 10.0.0", "'10.0.0'", "2001:db8::1");
	refuse("set gateway 172.16.0.1", "172.16.0.1 is no gateway", "off");
	refuse("set gateway 192.168.1.255", "192.168.1.255 is no gateway", "another host");
	refuse("set ip add 10.2.0.0/16", "10.2.0.0/16", "network itself");
	refuse("set ip add 10.2.255.255/16", "10.2.255.255/16", "broadcast");
	refuse("set ip add 10.2.0.1", "10.2.0.1", "prefix length");
	refuse("set ip add 10.2.0.1/0", "10.2.0.1/0", "prefix length");
	refuse("set gateway off", "port 0 has no gateway", "set gateway");
	refuse("service add http", "'http'", "NAME:PORT");
	refuse("service add http:0", "'http:0'", "1 to 65535");
	refuse("service add http:65536", "'http:65536'", "1 to 65535");
	refuse("service add http:80x", "'http:80x'", "1 to 65535");
	refuse("service add frob:80", "'frob:80'", "echo");
	refuse("service del echo:7", "echo:7 does not run", "show services");
	refuse("fault set rx drop 101%", "drop '101%'", "0% to 100%");
	refuse("fault set sideways drop 1%", "sideways", "rx");
	refuse("tcp connect 192.168.1.1 0", "PORT '0'", "1 to 65535");
	refuse("tcp connect 192.168.1.1 65536", "PORT '65536'", "1 to 65535");
	refuse("ping 192.168.1.1 0", "COUNT '0'", "1 to 10000");
	refuse("ping 192.168.1.1 1 65536", "SIZE '65536'", "0 to 65535");
	refuse("log level nobody debug", "'nobody'", "show log");
	refuse("help frobnicate", "'frobnicate'", "help");
}

static void
help_explains_every_command(void)
{
	const struct cmd *c;
	unsigned int i;

	begin();
	works("help");
	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		char line[128];

		snprintf(line, sizeof(line), "  %s%s%s", c->name, c->args[0] != '\0' ? " " : "",
			c->args);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, c->help));
	}
	works("help show port");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "show port xstats"));
	CU_ASSERT_PTR_NULL(strstr(text, "clear port"));
}

static void
quit_is_remembered(void)
{
	begin();
	works("quit");
	CU_ASSERT_TRUE(env.quit);
}

/* More connections than one request tells of: all come, and each request is bounded. */
static void
large_tables_are_told_whole(void)
{
	const struct isla_tcp_conf conf = {.max_conns = 16384};
	unsigned int i;

	peer_restart_tcp(&conf);
	begin();
	for (i = 0; i < 700; i++) {
		struct isla_tcp_ends ends = {
			.remote = peer.ends.src, .remote_port = 9, .local_port = 20000 + i};

		CU_ASSERT_PTR_NOT_NULL_FATAL(
			isla_tcp_connect(peer.tcp, &ends, &app_ops, NULL, NULL));
	}
	peer_flush();
	peer_drain();
	listen_on(STACK_PORT);
	works("show tcp conns");
	CU_ASSERT_EQUAL(count("SYN-SENT"), 700);
	CU_ASSERT_EQUAL(count("LISTEN"), 0);
	CU_ASSERT_EQUAL(count("rto:"), 700);
	CU_ASSERT(fake_engine.nb_calls >= 700 / 32 + 16384 / ISLA_LIST_LOOKS);
	works("show tcp conns sport = :20123");
	CU_ASSERT_EQUAL(count("SYN-SENT"), 1);
	CU_ASSERT_EQUAL(count(":20123 "), 1);
	works("show tcp conns state all");
	CU_ASSERT_EQUAL(count("SYN-SENT"), 700);
	CU_ASSERT_EQUAL(count("LISTEN"), 1);
	works("show timers");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "retransmit        700"));
}

static void
one_connection_is_told_in_full(void)
{
	char line[64], id[32];
	const char *at;

	established_passive();
	begin();
	works("show tcp conns state established");
	CU_ASSERT_EQUAL(count("ESTAB"), 1);
	at = strstr(text, "  0.");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	sscanf(at, "%31s", id);
	snprintf(line, sizeof(line), "show tcp conn %s", id);
	works(line);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "state                ESTABLISHED"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "snd_cwnd_bytes"));
	/* With one shard its number may be left out. */
	snprintf(line, sizeof(line), "show tcp conn %s", id + 2);
	works(line);
	/* A listener has no windows and no round trips. */
	works("show tcp conn 0.0");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "LISTEN"));
	CU_ASSERT_PTR_NULL(strstr(text, "snd_cwnd_bytes"));
	refuse("show tcp conn 0.99999", "0.99999", "show tcp conns");
	refuse("show tcp conn 1.0", "'1.0'", "from 0 to 0");
	refuse("show tcp conn 0.", "'0.'", "such as 0.64");
	refuse("show tcp conn 0.4294967295", "'0.4294967295'", "such as 0.64");
	fake_engine.nb_shards = 2;
	fake_engine.stack[1] = peer.host.stack;
	refuse("show tcp conn 64", "'64'", "from 0 to 1");
	works("show tcp conns");
	CU_ASSERT_EQUAL(count("ESTAB"), 2);
	works("show tcp conns shard 1");
	CU_ASSERT_EQUAL(count("ESTAB"), 1);
	CU_ASSERT_EQUAL(count("  1."), 1);
	refuse("show tcp conns shard 2", "shard 2", "from 0 to 1");
}

static void
tables_below_tcp_are_told(void)
{
	established_active();
	begin();
	works("show addrs");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "192.168.1."));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "fd00::"));
	works("show routes");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "192.168.1.0/24"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "connected"));
	works("show neigh");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "REACHABLE"));
	works("show udp");
	works("show timers");
	works("show shards");
	works("show drops");
	works("show numa");
	works("show config cores");
	works("show config rxtx");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "mbufs: 32768, 10923 of each shard"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "connections at most: 16384, 5462 of each shard"));
	works("show config fwd");
	works("show stats");
	works("fault show");
}

/* Since they were cleared; what the ports count is left alone, and where that is cleared it counts. */
static void
forwarding_is_counted_from_a_base(void)
{
	begin();
	fake_engine.nb_ports = 2;
	fake_engine.ipackets[0] = 100;
	fake_engine.ipackets[1] = 7;
	works("show fwd stats all");
	CU_ASSERT_EQUAL(count("Forward statistics for port"), 2);
	CU_ASSERT_EQUAL(count("RX-packets: 100 "), 1);
	CU_ASSERT_EQUAL(count("RX-packets: 107 "), 1);
	works("clear fwd stats all");
	fake_engine.ipackets[0] = 130;
	works("show fwd stats all");
	CU_ASSERT_EQUAL(count("RX-packets: 30 "), 2);
	CU_ASSERT_EQUAL(count("RX-packets: 0 "), 1);
	fake_engine.ipackets[0] = 5;
	works("show fwd stats all");
	CU_ASSERT_EQUAL(count("RX-packets: 5 "), 2);
	refuse("show fwd stats 0", "'show fwd stats 0' is no command", "all");
	refuse("clear fwd stats", "'clear fwd stats' is not all of it", "all");
	CU_ASSERT_EQUAL(fake_engine.nb_changes, 0);
}

/* Each takes away its own and leaves the others alone; on every shard. */
static void
counters_are_cleared_apart(void)
{
	static const struct {
		const char *line;
		unsigned int what;
	} all[] = {
		{"clear drops", ISLA_ENGINE_CLEAR_DROPS},
		{"clear hists", ISLA_ENGINE_CLEAR_HISTS},
		{"clear shards", ISLA_ENGINE_CLEAR_LOOP},
		{"fault clear", ISLA_ENGINE_CLEAR_FAULTS},
	};
	struct sim_host_conf conf = {.number = 77};
	struct sim_host other;
	unsigned int i;

	sim_host_init(&other, &conf);
	established_passive();
	begin();
	fake_engine.nb_shards = 2;
	fake_engine.stack[1] = other.stack;
	for (i = 0; i < RTE_DIM(all); i++) {
		works(all[i].line);
		CU_ASSERT_EQUAL(fake_engine.cleared, all[i].what);
	}
	fake_engine.fail_at = 1;
	fake_engine.fail_rc = -EDEADLK;
	CU_ASSERT(run("clear drops") < 0);
	CU_ASSERT_EQUAL(count("\n"), 1);
	works("show hists");
	works("show hists 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "nothing has been measured"));
	refuse("show hists 2", "'2'", "from 0 to 1");
	CU_ASSERT_EQUAL(sim_host_fini(&other), 0);
}

/* Neighbours and paths, on every shard; one by its address, or all. */
static void
what_was_learnt_is_forgotten(void)
{
	struct sim_host_conf conf = {.number = 77};
	struct isla_addr far, v6far;
	struct sim_host other;

	isla_addr_parse("10.9.9.9", &far);
	isla_addr_parse("2001:db8::9", &v6far);
	sim_host_init(&other, &conf);
	established_active();
	begin();
	fake_engine.nb_shards = 2;
	fake_engine.stack[1] = other.stack;
	works("show neigh");
	CU_ASSERT_EQUAL(count("REACHABLE"), 1);
	refuse("clear neigh 192.168.1.231", "192.168.1.231", "no shard knows");
	works("clear neigh");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 forgotten"));
	works("show neigh");
	CU_ASSERT_EQUAL(count("REACHABLE"), 0);
	works("clear neigh");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "0 forgotten"));

	inet_pmtu_lower(stack_inet(peer.host.stack), &far, 1300);
	inet_pmtu_lower(stack_inet(other.stack), &far, 1300);
	inet_pmtu_lower(stack_inet(other.stack), &v6far, 1300);
	works("show pmtu");
	CU_ASSERT_EQUAL(count("10.9.9.9 "), 2);
	CU_ASSERT_EQUAL(count("2001:db8::9 "), 1);
	CU_ASSERT_EQUAL(count(" 1300 "), 3);
	works("clear pmtu 10.9.9.9");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "2 forgotten"));
	refuse("clear pmtu 10.9.9.9", "10.9.9.9", "no shard knows");
	works("clear pmtu");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 forgotten"));
	CU_ASSERT_EQUAL(sim_host_fini(&other), 0);
}

static void
a_connection_is_ended(void)
{
	char line[64], id[32];
	const char *at;

	established_passive();
	begin();
	refuse("clear tcp conn 0.0", "0.0 is a listener", "service del");
	refuse("clear tcp conn 0.99999", "0.99999", "show tcp conns");
	refuse("clear tcp conn 7.1", "'7.1'", "from 0 to 0");
	refuse("clear tcp conn all", "'all'", "such as 0.64");
	works("show tcp conns state established");
	at = strstr(text, "  0.");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	sscanf(at, "%31s", id);
	snprintf(line, sizeof(line), "clear tcp conn %s", id);
	works(line);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ESTABLISHED "));
	peer_flush();
	CU_ASSERT((take()->flags & RST) != 0);
	CU_ASSERT_EQUAL(app.err, ECONNABORTED);
	refuse(line, id, "show tcp conns");
	works("show tcp conns");
	CU_ASSERT_EQUAL(count("ESTAB"), 0);
}

static void
addresses_come_and_go(void)
{
	begin();
	works("set ip add 10.1.0.2/16");
	works("show addrs");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "10.1.0.2/16"));
	CU_ASSERT(run("set ip add 10.1.0.2/16") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "already"));
	CU_ASSERT(run("set ip add 10.1.255.255/16") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "10.1.255.255/16"));
	works("set ip del 10.1.0.2");
	CU_ASSERT(run("set ip del 10.1.0.2") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "show addrs"));
}

static void
a_gateway_takes_the_place_of_the_old_one(void)
{
	begin();
	works("set gateway 192.168.1.100");
	works("show routes");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "192.168.1.100"));
	works("set gateway 192.168.1.101 0");
	works("show routes");
	CU_ASSERT_PTR_NULL(strstr(text, "192.168.1.100"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "192.168.1.101"));
	/* Of the other family: both stay. */
	works("set gateway fd00::77");
	works("show routes");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "fd00::77"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "192.168.1.101"));
	/* The new one is refused: the old one is back. */
	fake_engine.fail_at = 2;
	fake_engine.fail_rc = -ENOSPC;
	CU_ASSERT(run("set gateway 192.168.1.102") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "full"));
	works("show routes");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "192.168.1.101"));
	works("set gateway off");
	works("show routes");
	CU_ASSERT_EQUAL(count("static"), 0);
}

/* Of two directions the second is refused: the first is as it was. */
static void
faults_are_set_whole_or_not(void)
{
	begin();
	works("fault set rx drop 1% delay 5ms");
	CU_ASSERT_EQUAL(fake_engine.fault[ISLA_FAULT_RX].delay_us, 5000);
	CU_ASSERT_EQUAL(fake_engine.fault[ISLA_FAULT_TX].delay_us, 0);
	fake_engine.fail_at = 2;
	fake_engine.fail_rc = -E2BIG;
	CU_ASSERT(run("fault set both delay 9ms") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "the test says no"));
	CU_ASSERT_EQUAL(fake_engine.fault[ISLA_FAULT_RX].delay_us, 5000);
	CU_ASSERT_EQUAL(fake_engine.fault[ISLA_FAULT_TX].delay_us, 0);
	works("fault show");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "rx drop 1%"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "tx off"));
	works("fault off");
	CU_ASSERT_EQUAL(fake_engine.fault[ISLA_FAULT_RX].delay_us, 0);
}

static void
rest_is_changed_in_part(void)
{
	begin();
	works("set backoff yield=7");
	CU_ASSERT_EQUAL(fake_engine.backoff.spin_rounds, 100);
	CU_ASSERT_EQUAL(fake_engine.backoff.yield_rounds, 7);
	CU_ASSERT_EQUAL(fake_engine.backoff.sleep_us, 50);
	works("set idle sleep 0");
	CU_ASSERT_EQUAL(fake_engine.idle, ISLA_ENGINE_IDLE_SLEEP);
	works("set idle epoll");
	CU_ASSERT_EQUAL(fake_engine.idle, ISLA_ENGINE_IDLE_EPOLL);
	fake_engine.nb_shards = 2;
	fake_engine.stack[1] = peer.host.stack;
	works("set reta 127 1");
	CU_ASSERT_EQUAL(fake_engine.reta[127], 1);
	works("show reta");
	CU_ASSERT_EQUAL(count(" 1 "), 1);
	CU_ASSERT_EQUAL(count("\n"), 8);
}

static void
services_come_and_go(void)
{
	begin();
	works("service add echo:7");
	works("show tcp conns state listening");
	CU_ASSERT_EQUAL(count("*:7 "), 1);
	CU_ASSERT(run("service add echo:7") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "runs already"));
	CU_ASSERT(run("service add discard:7") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "discard:7: the port is taken"));
	works("service add discard:9");
	works("stop");
	works("show tcp conns state listening");
	CU_ASSERT_EQUAL(count("LISTEN"), 0);
	works("show services");
	CU_ASSERT_EQUAL(count("stopped"), 2);
	CU_ASSERT(run("stop") < 0);
	works("service del discard:9");
	works("start");
	CU_ASSERT(run("start") < 0);
	works("show tcp conns state listening");
	CU_ASSERT_EQUAL(count("LISTEN"), 1);
	works("service del echo:7");
	CU_ASSERT_EQUAL(set.nb, 0);
}

/* The second shard refuses: the first one does not serve, either. */
static void
a_service_runs_on_all_shards_or_on_none(void)
{
	struct sim_host_conf conf = {.number = 77};
	struct sim_host other;

	sim_host_init(&other, &conf);
	begin();
	fake_engine.nb_shards = 2;
	fake_engine.stack[1] = other.stack;
	CU_ASSERT_PTR_NOT_NULL_FATAL(isla_tcp_listen(isla_stack_tcp(other.stack), &isla_addr_any,
		7, 8, &app_ops, NULL, NULL));
	CU_ASSERT(run("service add echo:7") < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "echo:7: the port is taken"));
	works("show tcp conns state listening shard 0");
	CU_ASSERT_EQUAL(count("LISTEN"), 0);
	works("service add echo:8");
	works("show tcp conns state listening sport 8");
	CU_ASSERT_EQUAL(count("LISTEN"), 2);
	service_set_fini(&set);
	CU_ASSERT_EQUAL(sim_host_fini(&other), 0);
}

static void
what_cannot_be_asked_is_named(void)
{
	begin();
	refuse("tcp connect 10.9.9.9 80", "10.9.9.9:80", "No route to host");
	refuse("ping 10.9.9.9", "10.9.9.9", "no route");
	refuse("ping 192.168.1.255", "192.168.1.255", "not the address of one other host");
	refuse("arping 10.9.9.9", "10.9.9.9", "no neighbour");
	refuse("arping 224.0.0.1", "224.0.0.1", "not the address of one other host");
}

/* ADDR%PORT: by the port's number or its interface's name. */
static void
a_link_local_address_has_a_port(void)
{
	const struct isla_netif_conf conf = {.mtu = 1500, .mac = {2, 0, 0, 0, 0, 0x77}};
	struct isla_prefix own = {.addr = isla_addr_link_local(conf.mac), .len = 64};
	struct isla_stack *s = peer.host.stack;
	uint32_t stop = 1; /* nobody waits for an answer */
	struct isla_neigh_entry e;
	struct isla_addr a;

	begin();
	isla_addr_parse("fe80::4711", &a);
	CU_ASSERT_EQUAL_FATAL(isla_stack_netif_add(s, &conf), 1);
	CU_ASSERT_EQUAL(isla_stack_addr_add(s, 1, &own), 0);
	fake_engine.nb_ports = 2;
	env.stop = &stop;
	CU_ASSERT_EQUAL(run("arping fe80::4711%1"), -ETIMEDOUT);
	CU_ASSERT_EQUAL(isla_neigh_get(s, 1, &a, &e), 0);
	isla_addr_parse("fe80::4712", &a);
	CU_ASSERT_EQUAL(run("arping fe80::4712%fake1"), -ETIMEDOUT);
	CU_ASSERT_EQUAL(isla_neigh_get(s, 1, &a, &e), 0);
	refuse("ping fe80::1%0", "fe80::1%0", "no route");
	refuse("ping fe80::1%7", "'7' is no port of ours", "0, 1");
	refuse("ping fe80::1%fake", "'fake' is no port of ours", "0, 1");
	refuse("ping fe80::1%", "'' is no port of ours", "0, 1");
	refuse("ping %1", "'%1'", "no address");
	refuse("ping fe80::1%1%1", "'1%1' is no port", "0, 1");
	refuse("arping 1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd%1",
		"no address", "1111:2222");
}

/* What completion offers, as words with a space behind them. */
static void
complete(const char *line, const char *const *words, unsigned int nb)
{
	struct prompt_ctx *ctx = prompt_ctx_create(NULL, NULL);
	struct cmdline *cl;
	char dst[512];
	int state = -1;
	unsigned int i, found = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
	cl = cmdline_new(prompt_ctx_of(ctx), "", -1, STDOUT_FILENO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cl);
	while (cmdline_complete(cl, line, &state, dst, sizeof(dst)) == 1) {
		bool known = false;

		dst[strcspn(dst, " ")] = '\0';
		for (i = 0; i < nb; i++)
			known = known || strcmp(dst, words[i]) == 0;
		CU_ASSERT_TRUE(known);
		if (!known)
			printf("\n    '%s' offers %s", line, dst);
		found++;
	}
	CU_ASSERT(found >= nb);
	if (found < nb)
		printf("\n    '%s' offers %u words of %u", line, found, nb);
	cmdline_free(cl);
	prompt_ctx_free(ctx);
}

static void
completion_offers_what_may_stand_there(void)
{
	static const char *const clear[] = {"port", "fwd", "stats", "drops", "hists", "shards", "neigh",
		"pmtu", "tcp"};
	static const char *const fault[] = {"set", "show", "clear", "off"};
	static const char *const dirs[] = {"rx", "tx", "both"};
	static const char *const idle[] = {"epoll", "sleep", "poll"};
	static const char *const all[] = {"all"};
	static const char *const delay[] = {"delay"};
	static const char *const state[] = {"syn-sent", "syn-recv", "synchronized"};

	begin();
	complete("clear ", clear, RTE_DIM(clear));
	complete("fault ", fault, RTE_DIM(fault));
	complete("fault set ", dirs, RTE_DIM(dirs));
	complete("fault set rx drop 1% del", delay, RTE_DIM(delay));
	complete("set idle ", idle, RTE_DIM(idle));
	complete("show port stats a", all, RTE_DIM(all));
	complete("show tcp conns state syn", state, RTE_DIM(state));
	complete("show frobnicate ", NULL, 0);
}

/* Whether completion offers a word behind that line. */
static bool
offers(struct cmdline *cl, const char *line, const char *word, size_t len)
{
	char dst[512];
	int state = -1;
	bool found = false;

	while (cmdline_complete(cl, line, &state, dst, sizeof(dst)) == 1)
		found = found || (strncmp(dst, word, len) == 0 &&
			(dst[len] == ' ' || dst[len] == '\0'));
	return found;
}

/* Each word of each command's name, wherever the line stands; then its first argument's choices. */
static void
every_word_of_every_command_is_completed(void)
{
	struct prompt_ctx *ctx = prompt_ctx_create(NULL, NULL);
	struct cmdline *cl;
	const struct cmd *c;
	unsigned int i, nb_words = 0, nb_choices = 0;

	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
	cl = cmdline_new(prompt_ctx_of(ctx), "", -1, STDOUT_FILENO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cl);
	for (i = 0; (c = cmd_at(i)) != NULL; i++) {
		size_t end = strcspn(c->args, " .");
		const char *at, *word;
		char line[128];

		for (word = c->name; *word != '\0'; word += strspn(word, " ")) {
			size_t n = strcspn(word, " ");
			int from = (int)(word - c->name);

			/* Behind a space, and with a letter of it typed. */
			snprintf(line, sizeof(line), "%.*s", from, c->name);
			CU_ASSERT(from == 0 || offers(cl, line, word, n));
			snprintf(line, sizeof(line), "%.*s", from + 1, c->name);
			CU_ASSERT(offers(cl, line, word, n));
			nb_words++;
			word += n;
		}
		for (at = c->args; at < c->args + end; at += strcspn(at, "| ]") + 1) {
			size_t n = strcspn(at, "| ].");

			/* What has a capital stands for something else. */
			if (n == 0 || strcspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") < n)
				continue;
			snprintf(line, sizeof(line), "%s ", c->name);
			CU_ASSERT(offers(cl, line, at, n));
			if (!offers(cl, line, at, n))
				printf("\n    '%s' does not offer %.*s", line, (int)n, at);
			nb_choices++;
		}
	}
	CU_ASSERT(nb_words > 120);
	CU_ASSERT(nb_choices > 15);
	cmdline_free(cl);
	prompt_ctx_free(ctx);
}

/* A line that is run goes to the one function, as it is. */
static char taken[128];

static void
take_line(void *arg, char *line)
{
	snprintf(taken, sizeof(taken), "%s", line);
}

static void
a_line_is_given_whole(void)
{
	struct prompt_ctx *ctx = prompt_ctx_create(take_line, NULL);
	struct cmdline *cl = cmdline_new(prompt_ctx_of(ctx), "", -1, STDOUT_FILENO);

	begin();
	CU_ASSERT(cmdline_parse(cl, "show port stats all\n") >= 0);
	CU_ASSERT_STRING_EQUAL(taken, "show port stats all");
	CU_ASSERT(cmdline_parse(cl, "no such thing 1 2 3\n") >= 0);
	CU_ASSERT_STRING_EQUAL(taken, "no such thing 1 2 3");
	cmdline_free(cl);
	prompt_ctx_free(ctx);
}

static const struct suite_test tests[] = {
	SUITE_TEST(the_table_is_well_formed),
	SUITE_TEST(what_is_not_known_is_named),
	SUITE_TEST(words_are_counted),
	SUITE_TEST(nothing_is_nothing),
	SUITE_TEST(what_cannot_be_printed_is_not),
	SUITE_TEST(a_command_that_waits_is_interrupted),
	SUITE_TEST(every_command_refuses_garbage),
	SUITE_TEST(values_have_bounds),
	SUITE_TEST(help_explains_every_command),
	SUITE_TEST(quit_is_remembered),
	SUITE_TEST(large_tables_are_told_whole),
	SUITE_TEST(one_connection_is_told_in_full),
	SUITE_TEST(tables_below_tcp_are_told),
	SUITE_TEST(forwarding_is_counted_from_a_base),
	SUITE_TEST(counters_are_cleared_apart),
	SUITE_TEST(what_was_learnt_is_forgotten),
	SUITE_TEST(a_connection_is_ended),
	SUITE_TEST(addresses_come_and_go),
	SUITE_TEST(a_gateway_takes_the_place_of_the_old_one),
	SUITE_TEST(faults_are_set_whole_or_not),
	SUITE_TEST(rest_is_changed_in_part),
	SUITE_TEST(services_come_and_go),
	SUITE_TEST(a_service_runs_on_all_shards_or_on_none),
	SUITE_TEST(what_cannot_be_asked_is_named),
	SUITE_TEST(a_link_local_address_has_a_port),
	SUITE_TEST(completion_offers_what_may_stand_there),
	SUITE_TEST(every_word_of_every_command_is_completed),
	SUITE_TEST(a_line_is_given_whole),
};

int
main(void)
{
	int rc = peer_suite_run(tests, RTE_DIM(tests));

	free(text);
	return rc;
}
