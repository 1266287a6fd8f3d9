/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line: values and their fields, defaults, errors that name what is wrong, --help.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "options.h"
#include "suite.h"

static struct options opts;
static char err[OPTIONS_ERR_SIZE];

/* Parse words with spaces in between. */
static int
parse(const char *line)
{
	static char copy[4096];
	char *argv[256], *word, *rest;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	memset(&opts, 0xa5, sizeof(opts));
	err[0] = '\0';
	return options_parse(&opts, argc, argv, NULL, err, sizeof(err));
}

static void
take(const char *line)
{
	CU_ASSERT_EQUAL(parse(line), 0);
	CU_ASSERT_STRING_EQUAL(err, "");
}

/* The line is refused with one line that has these words. */
static void
refuse(const char *line, const char *word, const char *other)
{
	int rc = parse(line);

	if (rc != -EINVAL || strstr(err, word) == NULL || strstr(err, other) == NULL)
		printf("\n'%s' -> %d '%s'\n", line, rc, err);
	CU_ASSERT_EQUAL(rc, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, word));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, other));
	CU_ASSERT_PTR_NULL(strchr(err, '\n'));
	CU_ASSERT_TRUE(strlen(err) < sizeof(err) - 1);
}

static void
what_would_be_forgotten_in_silence_is_refused(void)
{
	refuse("--dhcp-hostname box", "--dhcp-hostname", "with --dhcp only");
	refuse("--dhcp-fallback none", "--dhcp-fallback", "with --dhcp only");
	take("--dhcp --dhcp-hostname box");
	refuse("--tcp-rcvbuf 1M --tcp-rcvbuf-max 512K", "--tcp-rcvbuf 1048576",
		"--tcp-rcvbuf-max 524288");
	refuse("--tcp-sndbuf 2M --tcp-sndbuf-max 1M", "--tcp-sndbuf 2097152", "at most as much");
	take("--tcp-rcvbuf 8M");
	take("--tcp-rcvbuf 1M --tcp-rcvbuf-max 1M");
	refuse("--backoff spin=1,yield=2,spin=3", "spin=1,yield=2,spin=3", "spin is given twice");
	refuse("--backoff sleep=1us,sleep=1us", "sleep=1us", "sleep is given twice");
	take("--backoff yield=2,spin=1,sleep=1us");
}

static void
addresses_that_no_host_has_are_refused(void)
{
	refuse("--ip 10.1.2.0/24", "--ip 10.1.2.0/24", "network itself");
	refuse("--ip 10.1.2.255/24", "--ip 10.1.2.255/24", "broadcast");
	refuse("--port-ip 0=10.1.255.255/16", "--port-ip 0=10.1.255.255/16", "broadcast");
	refuse("--host-ip 192.168.1.0/24", "--host-ip 192.168.1.0/24", "network itself");
	take("--ip 10.1.2.0/16");
	take("--ip 10.1.2.255/16");
	take("--ip 10.1.2.0/31");
	take("--ip 10.1.2.255/32");
	refuse("--ip 10.1.2.3/24 --gateway 10.1.2.255", "--gateway 10.1.2.255", "broadcast");
	refuse("--ip 10.1.2.3/24 --gateway 10.1.2.0", "--gateway 10.1.2.0", "network itself");
	refuse("--ip 10.1.2.3/24 --gateway 10.1.2.3", "--gateway 10.1.2.3", "own address");
	take("--ip 10.1.2.3/24 --gateway 10.1.2.254");
	take("--ip 10.1.2.0/31 --gateway 10.1.2.1");
}

static void
more_queues_than_shards_are_refused(void)
{
	take("--rxq 2");
	CU_ASSERT_EQUAL(options_share_out(&opts, 2, err, sizeof(err)), 0);
	take("--rxq 2");
	CU_ASSERT_EQUAL(options_share_out(&opts, 1, err, sizeof(err)), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--rxq 2 exceeds the number of shards (1)"));
	take("--txq 5");
	CU_ASSERT_EQUAL(options_share_out(&opts, 4, err, sizeof(err)), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--txq 5"));
}

static void
nothing_gives_the_defaults(void)
{
	struct isla_engine_conf conf;
	char text[ISLA_ADDR_STRLEN];

	take("");
	isla_engine_conf_init(&conf);
	CU_ASSERT_EQUAL(opts.engine.burst, conf.burst);
	CU_ASSERT_EQUAL(opts.engine.mbuf_size, conf.mbuf_size);
	CU_ASSERT_EQUAL(opts.engine.nb_mbufs, conf.nb_mbufs);
	CU_ASSERT_EQUAL(opts.engine.nb_refs, conf.nb_refs);
	CU_ASSERT_EQUAL(opts.engine.tx_offloads, ISLA_ENGINE_TX_OFFLOADS_AUTO);
	CU_ASSERT_EQUAL(opts.engine.idle, conf.idle);
	CU_ASSERT_EQUAL(memcmp(&opts.engine.backoff, &conf.backoff, sizeof(conf.backoff)), 0);
	CU_ASSERT_EQUAL(opts.nb_cores, 0);
	CU_ASSERT_EQUAL(opts.engine.shard_by, conf.shard_by);
	CU_ASSERT_EQUAL(opts.engine.nb_rxd, 0);
	CU_ASSERT_FALSE(opts.help);
	CU_ASSERT_FALSE(opts.engine.rx_cksum);
	CU_ASSERT_EQUAL(opts.portmask, 0);
	CU_ASSERT_PTR_NULL(opts.docroot);
	CU_ASSERT_EQUAL(opts.nb_ips, 1);
	CU_ASSERT_STRING_EQUAL(
		isla_prefix_format(&opts.ip[0].prefix, text, sizeof(text)), "192.168.1.2/24");
	CU_ASSERT_EQUAL(opts.nb_host_ips, 0);
	CU_ASSERT_EQUAL(opts.nb_services, 3);
	CU_ASSERT_PTR_EQUAL(opts.service[0].service, services[0]);
	CU_ASSERT_EQUAL(opts.service[0].port, 80);
	CU_ASSERT_PTR_EQUAL(opts.service[1].service, services[1]);
	CU_ASSERT_EQUAL(opts.service[1].port, 7);
	CU_ASSERT_PTR_EQUAL(opts.service[2].service, services[2]);
	CU_ASSERT_EQUAL(opts.service[2].port, 9);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.max_conns, 16384);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rcvbuf_bytes, 262144);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.sndbuf_bytes, 262144);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rcvbuf_max_bytes, 4194304);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.sndbuf_max_bytes, 4194304);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rto_min_us, 200000);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.time_wait_us, 60000000);
}

static void
every_option_reaches_its_field(void)
{
	take("--stats-period=3 --portmask=0x5 --nb-cores=3 --shard-by=src-ip --rxq=1 --txq 1 --rxd=128 --txd 256 "
	       "--burst=64 --mbuf-size=4096 --total-num-mbufs=2048 --enable-rx-cksum "
	       "--tx-offloads=0x8008 --no-lsc-interrupt --mtu=1400 --no-ipv6-link-local "
	       "--docroot=/srv --idle=sleep --tcp-max-conns=100 --tcp-rcvbuf=64K --tcp-sndbuf=2m "
	       "--tcp-rto-min=1s --tcp-pacing --tcp-time-wait=100ms --tcp-cc=newreno --help --version");
	CU_ASSERT_TRUE(opts.engine.stack.tcp.pacing);
	CU_ASSERT_STRING_EQUAL(opts.engine.stack.tcp.cc, "newreno");
	CU_ASSERT_EQUAL(opts.stats_period_s, 3);
	CU_ASSERT_EQUAL(opts.portmask, 5);
	CU_ASSERT_EQUAL(opts.engine.nb_rxq, 1);
	CU_ASSERT_EQUAL(opts.nb_cores, 3);
	CU_ASSERT_EQUAL(opts.engine.shard_by, ISLA_ENGINE_SHARD_BY_SRC_IP);
	CU_ASSERT_EQUAL(opts.engine.nb_txq, 1);
	CU_ASSERT_EQUAL(opts.engine.nb_rxd, 128);
	CU_ASSERT_EQUAL(opts.engine.nb_txd, 256);
	CU_ASSERT_EQUAL(opts.engine.burst, 64);
	CU_ASSERT_EQUAL(opts.engine.mbuf_size, 4096);
	CU_ASSERT_EQUAL(opts.engine.nb_mbufs, 2048);
	CU_ASSERT_EQUAL(opts.engine.nb_refs, 4096);
	CU_ASSERT_TRUE(opts.engine.rx_cksum);
	CU_ASSERT_EQUAL(opts.engine.tx_offloads,
		RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_TCP_CKSUM);
	CU_ASSERT_TRUE(opts.engine.no_lsc);
	CU_ASSERT_EQUAL(opts.mtu, 1400);
	CU_ASSERT_TRUE(opts.no_link_local);
	CU_ASSERT_STRING_EQUAL(opts.docroot, "/srv");
	CU_ASSERT_EQUAL(opts.engine.idle, ISLA_ENGINE_IDLE_SLEEP);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.max_conns, 100);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rcvbuf_bytes, 65536);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.sndbuf_bytes, 2097152);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rto_min_us, 1000000);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.time_wait_us, 100000);
	CU_ASSERT_TRUE(opts.help);
	CU_ASSERT_TRUE(opts.version);
}

static void
what_is_not_known_is_named(void)
{
	refuse("--frobnicate", "--frobnicate is not a known option", "--help");
	refuse("--frobnicate=1", "--frobnicate is not a known option", "--help");
	refuse("--rx 1", "--rx is not a known option", "--help");
	refuse("-x", "'-x' is not an option", "--help");
	refuse("-ii", "'-ii' is not an option", "--help");
	refuse("-a", "'-a' is not an option", "--help");
	refuse("--", "'--' is not an option", "--help");
	refuse("word", "'word' is not an option", "--help");
	refuse("--rxd=1 word", "'word' is not an option", "--help");
	refuse("--=5", "-- is not a known option", "--help");
}

static void
a_letter_is_short_for_its_option(void)
{
	take("-i --cmdline-file=/tmp/commands");
	CU_ASSERT_TRUE(opts.interactive);
	CU_ASSERT_STRING_EQUAL(opts.cmdline_file, "/tmp/commands");
	take("--interactive");
	CU_ASSERT_TRUE(opts.interactive);
	CU_ASSERT_PTR_NULL(opts.cmdline_file);
	take("");
	CU_ASSERT_FALSE(opts.interactive);
	refuse("-i --interactive", "--interactive", "twice");
	refuse("--interactive=1", "--interactive takes no value", "'1'");
	refuse("--cmdline-file", "--cmdline-file needs a value", "FILE");
}

static void
a_missing_value_is_named(void)
{
	refuse("--rxd", "--rxd needs a value", "N");
	refuse("--burst=3 --ip", "--ip needs a value", "ADDR/LEN");
	refuse("--rxd=", "--rxd ''", "1 to 32768");
	refuse("--help=yes", "--help takes no value", "yes");
	refuse("--docroot=", "--docroot", "directory");
}

static void
numbers_must_be_numbers_in_range(void)
{
	refuse("--rxd=0", "--rxd '0'", "1 to 32768");
	refuse("--rxd=32769", "--rxd '32769'", "1 to 32768");
	refuse("--rxd=65537", "--rxd '65537'", "1 to 32768");
	refuse("--rxd=-1", "--rxd '-1'", "1 to 32768");
	refuse("--rxd=+1", "--rxd '+1'", "1 to 32768");
	refuse("--rxd=1x", "--rxd '1x'", "1 to 32768");
	refuse("--rxd=0x10", "--rxd '0x10'", "1 to 32768");
	refuse("--total-num-mbufs=99999999999999999999999", "--total-num-mbufs", "1024 to");
	refuse("--nb-cores=17", "--nb-cores '17'", "from 1 to 16");
	refuse("--shard-by=5tuple", "--shard-by '5tuple'", "2tuple, 4tuple, src-ip or port-rss");
	refuse("--rxq=0", "--rxq '0'", "from 1 to 16");
	refuse("--txq 17", "--txq '17'", "from 1 to 16");
	refuse("--mtu=1279", "--mtu '1279'", "1280 to 65535");
	refuse("--mbuf-size=2047", "--mbuf-size", "2048 to 65535");
	refuse("--burst=513", "--burst", "1 to 512");
	refuse("--portmask=0", "--portmask '0'", "mask");
	refuse("--portmask=0xg", "--portmask '0xg'", "mask");
	refuse("--portmask=0x", "--portmask '0x'", "mask");
	refuse("--tx-offloads=0x40", "--tx-offloads '0x40'", "0x8000");
	take("--tx-offloads=0");
	CU_ASSERT_EQUAL(opts.engine.tx_offloads, 0);
	take("--tx-offloads=800E");
	CU_ASSERT_EQUAL(opts.engine.tx_offloads, 0x800e);
}

static void
congestion_control_has_a_name(void)
{
	take("--rxd=64");
	CU_ASSERT_STRING_EQUAL(opts.engine.stack.tcp.cc, "cubic");
	take("--tcp-cc cubic");
	CU_ASSERT_STRING_EQUAL(opts.engine.stack.tcp.cc, "cubic");
	refuse("--tcp-cc=reno", "--tcp-cc reno", "cubic, ");
	refuse("--tcp-cc=cubi", "--tcp-cc cubi", "newreno");
	refuse("--tcp-cc=,", "--tcp-cc ,", "newreno");
	refuse("--tcp-cc=cubic,newreno", "--tcp-cc cubic,newreno", "newreno");
	refuse("--tcp-cc=", "--tcp-cc", "newreno");
}

static void
once_is_enough(void)
{
	refuse("--rxd=1 --rxd=2", "--rxd", "twice");
	refuse("--help --help", "--help", "twice");
}

static void
times_and_bytes_have_units(void)
{
	refuse("--tcp-rto-min=200", "--tcp-rto-min '200'", "1ms to 60s");
	refuse("--tcp-rto-min=1m", "--tcp-rto-min", "1ms to 60s");
	refuse("--tcp-rto-min=61s", "--tcp-rto-min", "1ms to 60s");
	refuse("--tcp-rto-min=999us", "--tcp-rto-min", "1ms to 60s");
	refuse("--tcp-rto-min=ms", "--tcp-rto-min", "1ms to 60s");
	take("--tcp-rto-min=1000us");
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rto_min_us, 1000);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.ecn, ISLA_TCP_ECN_PASSIVE);
	refuse("--tcp-ecn=maybe", "--tcp-ecn 'maybe'", "on, passive or off");
	take("--tcp-ecn=on");
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.ecn, ISLA_TCP_ECN_ON);
	CU_ASSERT_FALSE(opts.engine.stack.tcp.keepalive);
	refuse("--tcp-keepalive=0s", "--tcp-keepalive '0s'", "1s to 32767s");
	refuse("--tcp-keepalive=1500ms", "--tcp-keepalive", "whole seconds");
	refuse("--tcp-keepalive=32768s", "--tcp-keepalive", "1s to 32767s");
	take("--tcp-keepalive=32767s");
	CU_ASSERT_TRUE(opts.engine.stack.tcp.keepalive);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.keep_idle_s, 32767);
	refuse("--tcp-user-timeout=0ms", "--tcp-user-timeout '0ms'", "1ms to 86400s");
	refuse("--tcp-user-timeout=1500us", "--tcp-user-timeout", "whole milliseconds");
	refuse("--tcp-user-timeout=86401s", "--tcp-user-timeout", "1ms to 86400s");
	take("--tcp-user-timeout=30s");
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.user_timeout_ms, 30000);
	refuse("--tcp-rcvbuf=1K", "--tcp-rcvbuf '1K'", "2K to 1G");
	refuse("--tcp-rcvbuf=2G", "--tcp-rcvbuf", "2K to 1G");
	refuse("--tcp-rcvbuf=2KB", "--tcp-rcvbuf", "2K to 1G");
	refuse("--tcp-rcvbuf=18014398509481985K", "--tcp-rcvbuf", "2K to 1G");
	take("--tcp-rcvbuf=1G");
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rcvbuf_bytes, 1 << 30);
	take("--tcp-rcvbuf=2048");
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rcvbuf_bytes, 2048);
}

static void
addresses_of_either_family(void)
{
	char text[ISLA_ADDR_STRLEN];

	take("--ip=10.1.2.3/8 --ip fd00::7/64@2 --gateway=10.0.0.1 --gateway=fe80::1@2 "
	       "--host-ip=10.0.0.9/8 --host-ip=fd00::9/64");
	CU_ASSERT_EQUAL(opts.nb_ips, 2);
	CU_ASSERT_STRING_EQUAL(
		isla_prefix_format(&opts.ip[0].prefix, text, sizeof(text)), "10.1.2.3/8");
	CU_ASSERT_EQUAL(opts.ip[0].port, 0);
	CU_ASSERT_STRING_EQUAL(
		isla_prefix_format(&opts.ip[1].prefix, text, sizeof(text)), "fd00::7/64");
	CU_ASSERT_EQUAL(opts.ip[1].port, 2);
	CU_ASSERT_EQUAL(opts.nb_gateways, 2);
	CU_ASSERT_EQUAL(opts.gateway[1].port, 2);
	CU_ASSERT_EQUAL(opts.nb_host_ips, 2);
}

static void
addresses_that_cannot_be(void)
{
	static const char *const bad[] = {"10.0.0.2", "10.0.0.2/33", "10.0.0.2/", "10.0.0/8",
		"300.1.1.1/8", "0.0.0.0/8", "224.0.0.1/4", "255.255.255.255/8", "127.0.0.1/8",
		"::/64", "::1/64", "ff02::1/64", "fd00::1/129", "fd00::1", "fd00:::1/64",
		"::ffff:1.2.3.4/96", "10.0.0.2/24@", "10.0.0.2/24@x", "10.0.0.2/24@32",
		"10.0.0.2/0", "@1", "x"};
	char line[80];
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		snprintf(line, sizeof(line), "--ip=%s", bad[i]);
		refuse(line, bad[i], "such as 10.0.0.2/24");
	}
	refuse("--gateway=10.0.0.1/24", "--gateway '10.0.0.1/24'", "unicast address");
	refuse("--host-ip=10.0.0.1", "--host-ip '10.0.0.1'", "prefix length");
}

static void
addresses_must_fit_together(void)
{
	refuse("--ip=10.0.0.2/8 --ip=10.0.0.2/16", "--ip 10.0.0.2/16", "twice");
	refuse("--ip=10.0.0.2/8 --host-ip=10.0.0.2/8", "--host-ip 10.0.0.2/8", "needs another");
	refuse("--host-ip=192.168.1.2/24", "--host-ip 192.168.1.2/24", "needs another");
	refuse("--gateway=10.0.0.1", "--gateway 10.0.0.1", "no --ip of port 0");
	refuse("--ip=10.0.0.2/8 --gateway=10.0.0.1@1", "--gateway 10.0.0.1", "no --ip of port 1");
	refuse("--gateway=fe80::1 --no-ipv6-link-local", "--gateway fe80::1", "no --ip");
	refuse("--gateway=fd00::1", "--gateway fd00::1", "no --ip");
	take("--gateway=192.168.1.254 --gateway=fe80::1");
	take("--ip=fd00::2/64@1 --gateway=fd00::1@1");
}

static void
addresses_of_several_ports(void)
{
	take("--port-ip=1=10.0.0.2/8 --port-ip 3=fd00::7/64");
	CU_ASSERT_EQUAL(opts.nb_ips, 2);
	CU_ASSERT_EQUAL(opts.ip[0].port, 1);
	CU_ASSERT_EQUAL(opts.ip[0].prefix.len, 8);
	CU_ASSERT_EQUAL(opts.ip[1].port, 3);
	/* A gateway is behind the port whose prefix it is in. */
	take("--ip=10.0.0.2/8 --port-ip=2=11.0.0.2/8 --gateway=11.0.0.1 --gateway=10.0.0.1");
	CU_ASSERT_EQUAL(opts.gateway[0].port, 2);
	CU_ASSERT_EQUAL(opts.gateway[1].port, 0);
	refuse("--ip=10.0.0.2/8 --port-ip=2=11.0.0.2/8 --gateway=12.0.0.1", "--gateway 12.0.0.1",
		"no --ip of port 0");
	refuse("--ip=10.0.0.2/8 --port-ip=2=11.0.0.2/8 --gateway=11.0.0.1@0",
		"--gateway 11.0.0.1", "no --ip of port 0");
	refuse("--ip=10.0.0.2/8 --port-ip=2=10.0.0.2/8", "10.0.0.2/8", "twice");
	refuse("--port-ip=10.0.0.2/8", "--port-ip '10.0.0.2/8'", "1=10.0.0.2/24");
	refuse("--port-ip==10.0.0.2/8", "--port-ip", "1=10.0.0.2/24");
	refuse("--port-ip=1=10.0.0.2", "--port-ip", "1=10.0.0.2/24");
	refuse("--port-ip=1=10.0.0.2/8@2", "--port-ip", "1=10.0.0.2/24");
	refuse("--port-ip=x=10.0.0.2/8", "--port-ip", "1=10.0.0.2/24");
	refuse("--port-ip=99=10.0.0.2/8", "--port-ip", "1=10.0.0.2/24");
	refuse("--port-ip=-1=10.0.0.2/8", "--port-ip", "1=10.0.0.2/24");
}

/* What is said of no port in particular is said of the first that is used. */
static void
the_first_port_is_the_first_that_is_used(void)
{
	take("--portmask=0xc --ip=10.0.0.2/8 --host-ip=10.0.0.1/8 --mac=02:00:00:00:00:01 "
	     "--gateway=10.0.0.9 --gateway=fe80::1");
	CU_ASSERT_EQUAL(opts.ip[0].port, 2);
	CU_ASSERT_EQUAL(opts.host_ip[0].port, 2);
	CU_ASSERT_EQUAL(opts.mac[0].port, 2);
	CU_ASSERT_EQUAL(opts.gateway[0].port, 2);
	CU_ASSERT_EQUAL(opts.gateway[1].port, 2);
}

static void
too_many_are_refused(void)
{
	char line[4096] = "";
	int i;

	for (i = 0; i < OPTIONS_IP_MAX; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "--ip=10.0.0.%d/8 ",
			i + 1);
	take(line);
	strcat(line, "--ip=10.0.1.1/8");
	refuse(line, "--ip 10.0.1.1/8", "too often");
}

static void
macs(void)
{
	take("--mac=02:00:00:00:00:2a --mac=02:00:00:00:00:2b@1");
	CU_ASSERT_EQUAL(opts.nb_macs, 2);
	CU_ASSERT_EQUAL(opts.mac[0].mac[5], 0x2a);
	CU_ASSERT_EQUAL(opts.mac[1].port, 1);
	refuse("--mac=01:00:5e:00:00:01", "--mac", "unicast MAC");
	refuse("--mac=00:00:00:00:00:00", "--mac", "unicast MAC");
	refuse("--mac=02:00:00:00:00", "--mac", "unicast MAC");
	refuse("--mac=02:00:00:00:00:01 --mac=02:00:00:00:00:02", "--mac",
		"port 0 has been given");
}

static void
services_and_ports(void)
{
	take("--service=http:8080 --service echo:65535");
	CU_ASSERT_EQUAL(opts.nb_services, 2);
	CU_ASSERT_EQUAL(opts.service[0].port, 8080);
	CU_ASSERT_EQUAL(opts.service[1].port, 65535);
	refuse("--service=gopher:70", "gopher", "there are http, echo, discard");
	refuse("--service=http", "--service 'http'", "NAME:PORT");
	refuse("--service=http:0", "http:0", "1 to 65535");
	refuse("--service=http:65536", "http:65536", "1 to 65535");
	refuse("--service=http:80x", "http:80x", "1 to 65535");
	refuse("--service=:80", "''", "there are http");
	refuse("--service=http:80 --service=echo:80", "echo:80", "port 80 is taken by http:80");
}

static void
the_back_off(void)
{
	take("--backoff=spin=7,yield=8,sleep=9us");
	CU_ASSERT_EQUAL(opts.engine.backoff.spin_rounds, 7);
	CU_ASSERT_EQUAL(opts.engine.backoff.yield_rounds, 8);
	CU_ASSERT_EQUAL(opts.engine.backoff.sleep_us, 9);
	take("--backoff=sleep=1s");
	CU_ASSERT_EQUAL(opts.engine.backoff.sleep_us, 1000000);
	CU_ASSERT_NOT_EQUAL(opts.engine.backoff.spin_rounds, 0);
	take("--backoff spin=0");
	CU_ASSERT_EQUAL(opts.engine.backoff.spin_rounds, 0);
	refuse("--backoff=", "--backoff", "spin=N");
	refuse("--backoff=spin", "--backoff 'spin'", "spin=N");
	refuse("--backoff=spin=", "--backoff", "spin=N");
	refuse("--backoff=spin=1,", "--backoff", "spin=N");
	refuse("--backoff=spin=1;yield=2", "--backoff", "spin=N");
	refuse("--backoff=sleep=50", "--backoff", "sleep=TIME");
	refuse("--backoff=sleep=0us", "--backoff", "1us to 1s");
	refuse("--backoff=sleep=2s", "--backoff", "1us to 1s");
	refuse("--backoff=doze=5", "--backoff", "spin=N");
	refuse("--idle=nap", "--idle 'nap'", "epoll, sleep or poll");
}

static void
help_has_every_option(void)
{
	const struct option *o;
	char *text = NULL, *line, *rest, name[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	options_help(out);
	fclose(out);
	for (o = options_table; o->name != NULL; o++) {
		snprintf(name, sizeof(name), " --%s", o->name);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, name));
		CU_ASSERT_PTR_NOT_NULL(o->help);
		if (o->def != NULL)
			CU_ASSERT_PTR_NOT_NULL(strstr(text, o->def));
		CU_ASSERT_PTR_EQUAL(options_find(o->name), o);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "http     pages"));
	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		CU_ASSERT_TRUE(strlen(line) <= 100);
	free(text);
}

static void
faults_of_either_direction(void)
{
	take("--fault tx,drop=1%,delay=5ms --fault=rx,rate=100mbit --fault-seed 18446744073709551615");
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_TX].drop_ppb, 10000000);
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_TX].delay_us, 5000);
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_TX].rate_bps, 0);
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_RX].rate_bps, 100000000);
	CU_ASSERT_EQUAL(opts.engine.fault_seed, UINT64_MAX);
	take("--fault both,dup=1%");
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_RX].dup_ppb, 10000000);
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_TX].dup_ppb, 10000000);
	CU_ASSERT_EQUAL(opts.engine.fault_seed, 1);
	take("");
	CU_ASSERT_TRUE(isla_fault_is_off(&opts.engine.fault[ISLA_FAULT_RX]));
	CU_ASSERT_TRUE(isla_fault_is_off(&opts.engine.fault[ISLA_FAULT_TX]));
	refuse("--fault=tx,drop=1", "--fault tx,drop=1", "drop '1' is not possible");
	refuse("--fault=up,drop=1%", "--fault", "rx, tx or both");
	refuse("--fault=tx,drop=1% --fault=both,dup=1%", "--fault both", "already");
	refuse("--fault", "--fault", "DIR FAULTS");
	refuse("--fault-seed=-1", "--fault-seed '-1'", "a number from 0");
	refuse("--fault-seed=18446744073709551616", "--fault-seed", "a number from 0");
}

static void
dhcp_and_its_fallback(void)
{
	char text[ISLA_ADDR_STRLEN], line[700];

	take("");
	CU_ASSERT_FALSE(opts.dhcp);
	take("--dhcp");
	CU_ASSERT_TRUE(opts.dhcp);
	/* The default of --ip is that of the fallback then. */
	CU_ASSERT_EQUAL(opts.nb_ips, 0);
	CU_ASSERT_STRING_EQUAL(isla_prefix_format(&opts.dhcp_fallback.prefix, text, sizeof(text)),
		"192.168.1.2/24");
	CU_ASSERT_EQUAL(opts.dhcp_fallback.port, OPTIONS_PORT_NONE);
	CU_ASSERT_EQUAL(opts.dhcp_client_id_len, 0);
	CU_ASSERT_PTR_NULL(opts.dhcp_lease_file);
	take("--dhcp --ip=10.0.0.2/8 --dhcp-fallback=10.1.1.1/16@2");
	CU_ASSERT_EQUAL(opts.nb_ips, 1);
	CU_ASSERT_EQUAL(opts.dhcp_fallback.prefix.len, 16);
	CU_ASSERT_EQUAL(opts.dhcp_fallback.port, 2);
	take("--dhcp --dhcp-fallback none --dhcp-lease-file /x/y");
	CU_ASSERT_EQUAL(opts.dhcp_fallback.prefix.len, 0);
	CU_ASSERT_STRING_EQUAL(opts.dhcp_lease_file, "/x/y");
	refuse("--dhcp-fallback 10.0.0.1", "--dhcp-fallback '10.0.0.1'", "prefix length");
	refuse("--dhcp-fallback fe80::1/64", "--dhcp-fallback", "IPv4");
	refuse("--dhcp-fallback 224.0.0.1/24", "--dhcp-fallback", "IPv4");
	refuse("--dhcp-fallback 10.0.0.1/0", "--dhcp-fallback", "IPv4");
	refuse("--dhcp-fallback 10.0.0.1/24@", "--dhcp-fallback", "@PORT");
	refuse("--dhcp-fallback 10.0.0.1/24@x", "--dhcp-fallback", "@PORT");
	refuse("--dhcp=1", "--dhcp", "no value");
	snprintf(line, sizeof(line), "--dhcp-fallback %0400d/24", 1);
	refuse(line, "--dhcp-fallback", "IPv4");
}

static void
what_a_dhcp_server_is_told(void)
{
	char line[700];

	take("--dhcp --dhcp-hostname box-1.example.net --dhcp-vendor-class isla/1");
	CU_ASSERT_STRING_EQUAL(opts.dhcp_hostname, "box-1.example.net");
	CU_ASSERT_STRING_EQUAL(opts.dhcp_vendor_class, "isla/1");
	refuse("--dhcp-hostname a_b", "--dhcp-hostname 'a_b'", "letters");
	refuse("--dhcp-hostname -a", "--dhcp-hostname", "letters");
	refuse("--dhcp-hostname a-", "--dhcp-hostname", "letters");
	refuse("--dhcp-hostname a..b", "--dhcp-hostname", "letters");
	refuse("--dhcp-hostname a.", "--dhcp-hostname", "letters");
	snprintf(line, sizeof(line), "--dhcp-hostname %064d", 1);
	refuse(line, "--dhcp-hostname", "63");
	snprintf(line, sizeof(line), "--dhcp-hostname %063d.%063d.%063d.%062d", 1, 1, 1, 1);
	refuse(line, "--dhcp-hostname", "253");
	snprintf(line, sizeof(line), "--dhcp-vendor-class %0513d", 1);
	refuse(line, "--dhcp-vendor-class", "512");
	take("--dhcp --dhcp-client-id 01:02:aB");
	CU_ASSERT_EQUAL(opts.dhcp_client_id_len, 3);
	CU_ASSERT_EQUAL(memcmp(opts.dhcp_client_id, "\001\002\xab", 3), 0);
	/* What is no hexadecimal is text, of type 0. */
	take("--dhcp --dhcp-client-id box:1");
	CU_ASSERT_EQUAL(opts.dhcp_client_id_len, 6);
	CU_ASSERT_EQUAL(memcmp(opts.dhcp_client_id, "\0box:1", 6), 0);
	take("--dhcp --dhcp-client-id aa");
	CU_ASSERT_EQUAL(memcmp(opts.dhcp_client_id, "\0aa", 3), 0);
	snprintf(line, sizeof(line), "--dhcp-client-id %0255d", 1);
	refuse(line, "--dhcp-client-id", "254");
}

static void
servers_for_names(void)
{
	static const char *const bad[] = {"a", "192.168.1.1:0", "192.168.1.1:65536",
		"192.168.1.1:", "192.168.1.1:x", "[fd00::1", "[fd00::1]x", "[fd00::1]53", "0.0.0.0",
		"224.0.0.251", "ff02::fb", "127.0.0.1", "::1", "fd00::1:g", "[192.168.1.1",
		"fe80::1%", "fe80::1%%isla0", "fd00::1%0", "192.168.1.1%0", "[fe80::1%0]:0",
		"[fe80::1]%0", "fe80::1%12345678901234567890123456789012", "%0"};
	char line[1200];
	size_t i;

	take("");
	CU_ASSERT_EQUAL(opts.nb_dns, 0);
	CU_ASSERT_EQUAL(opts.nb_dns_search, 0);
	CU_ASSERT_STRING_EQUAL(opts.resolve, "");
	take("--dns=192.168.1.1 --dns=fd00::1 --dns=192.168.1.1:5353 --dns=[fd00::1]:5354 "
	     "--dns-search=corp.test --dns-search=test.");
	CU_ASSERT_EQUAL(opts.nb_dns, 4);
	CU_ASSERT_EQUAL(opts.dns[0].port, 53);
	CU_ASSERT_TRUE(isla_addr_is_v4(&opts.dns[0].addr));
	CU_ASSERT_EQUAL(opts.dns[1].port, 53);
	CU_ASSERT_EQUAL(opts.dns[2].port, 5353);
	CU_ASSERT_EQUAL(opts.dns[3].port, 5354);
	CU_ASSERT_TRUE(isla_addr_eq(&opts.dns[1].addr, &opts.dns[3].addr));
	CU_ASSERT_EQUAL(opts.nb_dns_search, 2);
	CU_ASSERT_STRING_EQUAL(opts.dns_search[1], "test.");
	for (i = 0; i < RTE_DIM(bad); i++) {
		snprintf(line, sizeof(line), "--dns=%s", bad[i]);
		refuse(line, bad[i], "such as 192.168.1.1");
	}
	take("--dns=fe80::1%isla0 --dns=[fe80::1%3]:5353 --dns=fe80::1 --dns=fe80::1%3 "
	     "--dns-fail-ttl=300");
	CU_ASSERT_EQUAL(opts.nb_dns, 4);
	CU_ASSERT_STRING_EQUAL(opts.dns[0].zone, "isla0");
	CU_ASSERT_EQUAL(opts.dns[0].port, 53);
	CU_ASSERT_STRING_EQUAL(opts.dns[1].zone, "3");
	CU_ASSERT_EQUAL(opts.dns[1].port, 5353);
	CU_ASSERT_TRUE(isla_addr_eq(&opts.dns[1].addr, &opts.dns[2].addr));
	CU_ASSERT_STRING_EQUAL(opts.dns[2].zone, "");
	CU_ASSERT_EQUAL(opts.dns_fail_ttl_s, 300);
	refuse("--dns=fe80::1%3 --dns=fe80::1%3", "--dns fe80::1%3", "given twice");
	refuse("--dns-fail-ttl=0", "--dns-fail-ttl", "1");
	refuse("--dns-fail-ttl=301", "--dns-fail-ttl", "300");
	refuse("--dns=192.168.1.1 --dns=192.168.1.1:53", "--dns 192.168.1.1:53", "given twice");
	refuse("--ip=10.0.0.2/8 --dns=10.0.0.2", "--dns 10.0.0.2", "own address");
	refuse("--dns-search=a..b", "--dns-search a..b", "a label is empty");
	take("--dns=192.168.1.1 --resolve=www.test");
	CU_ASSERT_STRING_EQUAL(opts.resolve, "www.test");
	CU_ASSERT_EQUAL(opts.resolve_type, ISLA_DNS_ADDR);
	refuse("--resolve=www.test", "--resolve www.test", "--dns");
	refuse("--dns=192.168.1.1 --resolve=.test", "--resolve .test", "a label is empty");
	i = (size_t)snprintf(line, sizeof(line), "--dns=192.168.1.1 --resolve=");
	memset(line + i, 'a', 64);
	line[i + 64] = '\0';
	refuse(line, "--resolve aaa", "253 characters");
	for (; i < 1100; i++)
		line[i] = i % 50 == 0 ? '.' : 'a';
	line[i] = '\0';
	refuse(line, "--resolve", "253 characters");
}

/* --resolve's value has a blank in it, which parse() would cut at. */
static void
a_name_and_its_type(void)
{
	char name[] = "--resolve=www.test mx", bad[] = "--resolve=www.test any";
	char dns[] = "--dns=10.0.0.1";
	char *argv[] = {dns, name};

	memset(&opts, 0xa5, sizeof(opts));
	CU_ASSERT_EQUAL(options_parse(&opts, 2, argv, NULL, err, sizeof(err)), 0);
	CU_ASSERT_STRING_EQUAL(opts.resolve, "www.test");
	CU_ASSERT_EQUAL(opts.resolve_type, ISLA_DNS_MX);
	argv[1] = bad;
	CU_ASSERT_NOT_EQUAL(options_parse(&opts, 2, argv, NULL, err, sizeof(err)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "no type is called 'any'"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "AAAA"));
}

/* Totals become shares, rounded up; what would leave a shard too little is refused. */
static void
totals_are_shared_out(void)
{
	take("--total-num-mbufs=10001 --tcp-max-conns=100");
	CU_ASSERT_EQUAL(options_share_out(&opts, 3, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(opts.engine.nb_shards, 3);
	CU_ASSERT_EQUAL(opts.engine.nb_mbufs, 3334);
	CU_ASSERT_EQUAL(opts.engine.nb_refs, 6668);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.max_conns, 34);
	CU_ASSERT_EQUAL(opts.total_mbufs, 10001);
	CU_ASSERT_EQUAL(opts.total_conns, 100);
	take("--total-num-mbufs=1024 --tcp-max-conns=16");
	CU_ASSERT_EQUAL(options_share_out(&opts, 1, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(opts.engine.nb_mbufs, 1024);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.max_conns, 16);
	take("");
	CU_ASSERT_EQUAL(options_share_out(&opts, ISLA_ENGINE_SHARD_MAX, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.max_conns, 1024);
}

static void
a_share_that_is_too_small_is_refused(void)
{
	take("--total-num-mbufs=4092");
	CU_ASSERT_EQUAL(options_share_out(&opts, 4, err, sizeof(err)), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err, "--total-num-mbufs 4092: each of 4 shards would have 1023, and "
		"needs 1024: give 4096 or more, or fewer shards by --nb-cores");
	take("--tcp-max-conns=60");
	CU_ASSERT_EQUAL(options_share_out(&opts, 4, err, sizeof(err)), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err, "--tcp-max-conns 60: each of 4 shards would have 15, and needs 16:"
		" give 64 or more, or fewer shards by --nb-cores");
	/* Rounded up it is enough. */
	take("--tcp-max-conns=61");
	CU_ASSERT_EQUAL(options_share_out(&opts, 4, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.max_conns, 16);
}

static const struct suite_test tests[] = {
	SUITE_TEST(faults_of_either_direction),
	SUITE_TEST(nothing_gives_the_defaults),
	SUITE_TEST(what_would_be_forgotten_in_silence_is_refused),
	SUITE_TEST(addresses_that_no_host_has_are_refused),
	SUITE_TEST(more_queues_than_shards_are_refused),
	SUITE_TEST(every_option_reaches_its_field),
	SUITE_TEST(what_is_not_known_is_named),
	SUITE_TEST(a_letter_is_short_for_its_option),
	SUITE_TEST(a_missing_value_is_named),
	SUITE_TEST(numbers_must_be_numbers_in_range),
	SUITE_TEST(congestion_control_has_a_name),
	SUITE_TEST(once_is_enough),
	SUITE_TEST(times_and_bytes_have_units),
	SUITE_TEST(addresses_of_either_family),
	SUITE_TEST(addresses_that_cannot_be),
	SUITE_TEST(addresses_must_fit_together),
	SUITE_TEST(addresses_of_several_ports),
	SUITE_TEST(the_first_port_is_the_first_that_is_used),
	SUITE_TEST(too_many_are_refused),
	SUITE_TEST(macs),
	SUITE_TEST(services_and_ports),
	SUITE_TEST(the_back_off),
	SUITE_TEST(dhcp_and_its_fallback),
	SUITE_TEST(what_a_dhcp_server_is_told),
	SUITE_TEST(servers_for_names),
	SUITE_TEST(a_name_and_its_type),
	SUITE_TEST(help_has_every_option),
	SUITE_TEST(totals_are_shared_out),
	SUITE_TEST(a_share_that_is_too_small_is_refused),
};

int
main(void)
{
	return suite_run("options", tests, RTE_DIM(tests), NULL, NULL);
}
