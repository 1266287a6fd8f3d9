/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of options, and what is made of it: parsing, defaults, errors, --help.
 */

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "options.h"

#define FIELD(field) .offset = offsetof(struct options, field)

/* Names are testpmd's wherever testpmd has the thing. */
const struct option options_table[] = {
	{
		.name = "help", .group = OPTION_GENERAL, .parse = option_flag, FIELD(help),
		.help = "show this and exit",
	},
	{
		.name = "version", .group = OPTION_GENERAL, .parse = option_flag, FIELD(version),
		.help = "show the versions of Isla and DPDK and exit",
	},
	{
		.name = "config", .arg = "FILE", .group = OPTION_GENERAL, .parse = option_string,
		FIELD(config), .accepts = "a file",
		.help = "take options from a file; what the command line gives counts instead",
	},
	{
		.name = "interactive", .letter = 'i', .group = OPTION_GENERAL,
		.parse = option_flag, FIELD(interactive),
		.help = "read commands from standard input: a prompt on a terminal; help explains "
			"them. Its end is the program's",
	},
	{
		.name = "cmdline-file", .arg = "FILE", .group = OPTION_GENERAL,
		.parse = option_string, FIELD(cmdline_file),
		.accepts = "a file of commands",
		.help = "run the commands of a file at the start",
	},
	{
		.name = "pdump", .group = OPTION_GENERAL, .parse = option_flag, FIELD(pdump),
		.help = "insist that dpdk-dumpcap can capture, and end where it cannot; without "
			"it that is possible wherever EAL's options let it be",
	},
	{
		.name = "stats-period", .arg = "SECONDS", .group = OPTION_GENERAL,
		.parse = option_u32, FIELD(stats_period_s), .max = 86400, .def = "0",
		.help = "print statistics every so many seconds; 0: only at the end",
	},

	{
		.name = "portmask", .arg = "MASK", .group = OPTION_PORTS, .parse = option_mask,
		FIELD(portmask), .min = 1, .max = UINT64_MAX,
		.accepts = "a hexadecimal mask of ports, such as 0x1",
		.help = "the ports to use; all of EAL's where it is not given",
	},
	{
		.name = "rxq", .arg = "N", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(engine.nb_rxq), .min = 1, .max = ISLA_ENGINE_SHARD_MAX,
		.help = "receive queues a port; where it is not given as many as there are cores, "
			"or as the driver has",
	},
	{
		.name = "txq", .arg = "N", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(engine.nb_txq), .min = 1, .max = ISLA_ENGINE_SHARD_MAX,
		.help = "transmit queues a port; queues come in pairs, so the fewer of both count",
	},
	{
		.name = "rxd", .arg = "N", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(engine.nb_rxd), .min = 1, .max = 32768,
		.help = "receive descriptors a queue; what suits the driver where it is not given "
			"(net_tap: 64)",
	},
	{
		.name = "txd", .arg = "N", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(engine.nb_txd), .min = 1, .max = 32768,
		.help = "transmit descriptors a queue; what suits the driver where it is not given",
	},
	{
		.name = "burst", .arg = "N", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(engine.burst), .min = 1, .max = 512, .def = "32",
		.help = "frames that are received or sent at once",
	},
	{
		.name = "mbuf-size", .arg = "BYTES", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(engine.mbuf_size), .min = 2048, .max = 65535, .def = "2176",
		.help = "data room of an mbuf, 128 bytes of headroom included",
	},
	{
		.name = "total-num-mbufs", .arg = "N", .group = OPTION_PORTS, .parse = option_u32,
		FIELD(engine.nb_mbufs), .min = 1024, .max = 16777216, .def = "32768",
		.help = "mbufs of all shards together, each of which has its share, 1024 or more; "
			"twice as many small ones are made for references to payload",
	},
	{
		.name = "enable-rx-cksum", .group = OPTION_PORTS, .parse = option_flag,
		FIELD(engine.rx_cksum),
		.help = "let the port verify checksums (on net_tap it costs what it saves)",
	},
	{
		.name = "rx-offloads", .arg = "MASK", .group = OPTION_PORTS, .parse = option_mask,
		FIELD(engine.rx_offloads), .max = 0x8200e,
		.accepts = "a hexadecimal sum of 0x2 (IPv4 checksum), 0x4 (UDP), 0x8 (TCP), 0x2000 "
			"(frames scattered over several mbufs) and 0x80000 (RSS hash)",
		.help = "what the port does in receiving; all that it does rightly and that is of "
			"use where it is not given",
	},
	{
		.name = "tx-offloads", .arg = "MASK", .group = OPTION_PORTS, .parse = option_mask,
		FIELD(engine.tx_offloads), .max = 0x802e,
		.accepts = "a hexadecimal sum of 0x2 (IPv4 checksum), 0x4 (UDP), 0x8 (TCP), 0x20 "
			"(TCP segmentation) and 0x8000 (chains of mbufs)",
		.help = "what the port does in sending; all that it does rightly where it is not "
			"given, but for segmentation",
	},
	{
		.name = "no-lsc-interrupt", .group = OPTION_PORTS, .parse = option_flag,
		FIELD(engine.no_lsc),
		.help = "ask the port for its link's state instead of waiting to be told",
	},
	{
		.name = "mtu", .arg = "BYTES", .group = OPTION_PORTS, .parse = option_u16,
		FIELD(mtu), .min = 1280, .max = 65535,
		.help = "MTU of the ports; the driver's where it is not given, usually 1500",
	},

	{
		.name = "ip", .arg = "ADDR/LEN[@PORT]", .group = OPTION_ADDRS, .parse = option_ip,
		.repeats = true, .def = "192.168.1.2/24",
		.accepts = "a unicast address and a prefix length, such as 10.0.0.2/24 or "
			"2001:db8::2/64, and @PORT for another port than the first",
		.help = "an address of the stack's, IPv4 or IPv6; repeatable",
	},
	{
		.name = "port-ip", .arg = "PORT=ADDR/LEN", .group = OPTION_ADDRS,
		.parse = option_port_ip, .repeats = true,
		.accepts = "a port's number and an address with its prefix length, such as "
			"1=10.0.0.2/24",
		.help = "the same for one port among several; repeatable",
	},
	{
		.name = "gateway", .arg = "ADDR[@PORT]", .group = OPTION_ADDRS,
		.parse = option_gateway, .repeats = true,
		.accepts = "a unicast address, and @PORT for another port than the one whose prefix "
			"it is in",
		.help = "the default router of its family over a port: the one with an address in "
			"whose prefix it is, or PORT; repeatable",
	},
	{
		.name = "mac", .arg = "MAC[@PORT]", .group = OPTION_ADDRS, .parse = option_mac,
		.repeats = true,
		.accepts = "a unicast MAC address such as 02:00:00:00:00:01, and @PORT for another "
			"port than the first",
		.help = "the stack's MAC address; where it is not given it is derived from the "
			"machine and the interface",
	},
	{
		.name = "no-ipv6-link-local", .group = OPTION_ADDRS, .parse = option_flag,
		FIELD(no_link_local),
		.help = "no link-local IPv6 address",
	},
	{
		.name = "host-ip", .arg = "ADDR/LEN[@PORT]", .group = OPTION_ADDRS,
		.parse = option_host_ip, .repeats = true,
		.accepts = "a unicast address and a prefix length, such as 192.168.1.1/24, and @PORT "
			"for another port than the first",
		.help = "give the kernel's side of a TAP this address; repeatable. Without it the "
			"kernel's interface is left alone",
	},

	{
		.name = "dhcp", .group = OPTION_DHCP, .parse = option_flag, FIELD(dhcp),
		.help = "get address, routes, MTU and DNS servers of each port that has no IPv4 "
			"address of --ip from a DHCP server",
	},
	{
		.name = "dhcp-fallback", .arg = "ADDR/LEN[@PORT]", .group = OPTION_DHCP,
		.parse = option_dhcp_fallback, .def = "192.168.1.2/24",
		.accepts = "an IPv4 address and a prefix length, such as 192.168.1.2/24, with @PORT "
			"for another port than the first with DHCP; or none",
		.help = "the address that serves while no server has answered for 5 s, or none",
	},
	{
		.name = "dhcp-lease-file", .arg = "FILE", .group = OPTION_DHCP,
		.parse = option_string, FIELD(dhcp_lease_file), .accepts = "a file",
		.help = "keep leases there, and ask for the same again at the next start",
	},
	{
		.name = "dhcp-hostname", .arg = "NAME", .group = OPTION_DHCP,
		.parse = option_dhcp_hostname,
		.accepts = "letters, digits, '-' and '.', at most 63 between dots and 253 in all",
		.help = "the name that the server is told",
	},
	{
		.name = "dhcp-client-id", .arg = "ID", .group = OPTION_DHCP,
		.parse = option_dhcp_client_id,
		.accepts = "bytes in hexadecimal with ':' in between, two at least, of which the "
			"first is the type; or any text of at most 254 characters",
		.help = "the client identifier; RFC 4361's, made of the MAC address, where it is not "
			"given",
	},
	{
		.name = "dhcp-vendor-class", .arg = "TEXT", .group = OPTION_DHCP,
		.parse = option_dhcp_vendor_class, .accepts = "a text of 1 to 512 characters",
		.help = "the vendor class identifier",
	},
	{
		.name = "dns", .arg = "ADDR[%ZONE][:PORT]", .group = OPTION_DNS,
		.parse = option_dns, .repeats = true,
		.accepts = "a unicast address, such as 192.168.1.1, 192.168.1.1:5353, fd00::1, "
			"[fd00::1]:5353, fe80::1%isla0 or [fe80::1%0]:5353",
		.help = "a server to ask for names, instead of DHCP's; repeatable, in this order; "
			"ZONE: the interface or the number of the port that a link-local address "
			"lies behind",
	},
	{
		.name = "dns-search", .arg = "DOMAIN", .group = OPTION_DNS,
		.parse = option_dns_search, .repeats = true, .accepts = "a domain",
		.help = "a domain that is tried behind a name without dots; repeatable",
	},
	{
		.name = "dns-fail-ttl", .arg = "SECONDS", .group = OPTION_DNS, .parse = option_u16,
		FIELD(dns_fail_ttl_s), .min = 1, .max = 300, .def = "5",
		.help = "how long a server that failed is not asked the same again (RFC 9520), "
			"doubled with each failure that follows, up to a minute",
	},
	{
		.name = "resolve", .arg = "'NAME [TYPE]'", .group = OPTION_DNS,
		.parse = option_resolve, .accepts = "a name, and a type behind a blank",
		.help = "look a name up, print one address a line (or one record of TYPE: "
			OPTIONS_DNS_TYPES "), and end; exit code 2 where there is none",
	},

	{
		.name = "service", .arg = "NAME:PORT", .group = OPTION_SERVICES,
		.parse = option_service, .repeats = true, .def = "http:80 echo:7 discard:9",
		.accepts = "NAME:PORT with a port from 1 to 65535",
		.help = "serve on a port; repeatable",
	},
	{
		.name = "docroot", .arg = "DIR", .group = OPTION_SERVICES, .parse = option_string,
		FIELD(docroot), .accepts = "a directory",
		.help = "what http serves, read into memory at start; a built-in page where it is "
			"not given",
	},

	{
		.name = "agent", .arg = "PATH", .group = OPTION_SERVICES, .parse = option_string,
		FIELD(agent), .accepts = "the path of a socket to be made",
		.help = "give socket calls to scripts, as lines of text over the unix socket PATH",
	},

	{
		.name = "nb-cores", .arg = "N", .group = OPTION_LOOP, .parse = option_u16,
		FIELD(nb_cores), .min = 1, .max = ISLA_ENGINE_SHARD_MAX,
		.help = "shards, each with a stack of its own on an lcore of its own; every lcore "
			"of EAL's (-l, --lcores) where it is not given, at most 16",
	},
	{
		.name = "shard-by", .arg = "HOW", .group = OPTION_LOOP, .parse = option_shard_by,
		.def = "2tuple", .accepts = "2tuple, 4tuple, src-ip or port-rss",
		.help = "which shard a flow belongs to: by source address and port (2tuple), by "
			"both addresses and ports (4tuple), by source address (src-ip), or by the "
			"port's own hash (port-rss)",
	},
	{
		.name = "idle", .arg = "HOW", .group = OPTION_LOOP, .parse = option_idle,
		.def = "epoll", .accepts = "epoll, sleep or poll",
		.help = "after the back-off: wait for the port's file descriptor (epoll; where it "
			"has none: sleep), sleep, or poll for ever",
	},
	{
		.name = "backoff", .arg = "spin=N,yield=N,sleep=TIME", .group = OPTION_LOOP,
		.parse = option_backoff, .def = "spin=100,yield=400,sleep=50us",
		.accepts = "spin=N, yield=N (rounds) and sleep=TIME (1us to 1s), those that matter, "
			"with commas in between",
		.help = "empty rounds that poll on at once, rounds after these that yield the CPU, "
			"and the time of one sleep, which grows in silence",
	},

	{
		.name = "tcp-max-conns", .arg = "N", .group = OPTION_TCP, .parse = option_u32,
		FIELD(engine.stack.tcp.max_conns), .min = 16, .max = 4194304, .def = "16384",
		.help = "connections of all shards together, each of which has its share, 16 or "
			"more; those in TIME-WAIT included",
	},
	{
		.name = "tcp-rcvbuf", .arg = "BYTES", .group = OPTION_TCP, .parse = option_bytes,
		FIELD(engine.stack.tcp.rcvbuf_bytes), .min = 2048, .max = 1 << 30, .def = "256K",
		.accepts = "bytes from 2K to 1G",
		.help = "what a receive buffer begins with",
	},
	{
		.name = "tcp-rcvbuf-max", .arg = "BYTES", .group = OPTION_TCP,
		.parse = option_bytes, FIELD(engine.stack.tcp.rcvbuf_max_bytes), .min = 2048,
		.max = 1 << 30, .def = "4M",
		.accepts = "bytes from 2K to 1G",
		.help = "how far it grows, where the path is long and the program reads fast",
	},
	{
		.name = "tcp-sndbuf", .arg = "BYTES", .group = OPTION_TCP, .parse = option_bytes,
		FIELD(engine.stack.tcp.sndbuf_bytes), .min = 2048, .max = 1 << 30, .def = "256K",
		.accepts = "bytes from 2K to 1G",
		.help = "what a send buffer begins with: the most that waits to be acknowledged",
	},
	{
		.name = "tcp-sndbuf-max", .arg = "BYTES", .group = OPTION_TCP,
		.parse = option_bytes, FIELD(engine.stack.tcp.sndbuf_max_bytes), .min = 2048,
		.max = 1 << 30, .def = "4M",
		.accepts = "bytes from 2K to 1G",
		.help = "how far it grows, with the congestion window",
	},
	{
		.name = "tcp-rto-min", .arg = "TIME", .group = OPTION_TCP, .parse = option_time,
		FIELD(engine.stack.tcp.rto_min_us), .min = 1000, .max = 60000000, .def = "200ms",
		.accepts = "a time from 1ms to 60s",
		.help = "the shortest retransmission timeout, counted from the round-trip time on",
	},
	{
		.name = "tcp-cc", .arg = "NAME", .group = OPTION_TCP, .parse = option_cc,
		.def = "cubic",
		.help = "congestion control: cubic, newreno, dctcp or bbr",
	},
	{
		.name = "tcp-pacing", .group = OPTION_TCP, .parse = option_flag,
		FIELD(engine.stack.tcp.pacing),
		.help = "spread each window over its round trip instead of sending it in bursts",
	},
	{
		.name = "tcp-time-wait", .arg = "TIME", .group = OPTION_TCP, .parse = option_time,
		FIELD(engine.stack.tcp.time_wait_us), .min = 1000, .max = 240000000, .def = "60s",
		.accepts = "a time from 1ms to 240s",
		.help = "how long a connection stays in TIME-WAIT",
	},
	{
		.name = "tcp-keepalive", .arg = "TIME", .group = OPTION_TCP,
		.parse = option_keepalive, .min = 1, .max = 32767,
		.accepts = "whole seconds from 1s to 32767s",
		.help = "probe every connection that has been idle for so long; none where it is "
			"not given",
	},
	{
		.name = "tcp-user-timeout", .arg = "TIME", .group = OPTION_TCP,
		.parse = option_time_ms, FIELD(engine.stack.tcp.user_timeout_ms), .min = 1,
		.max = 86400000,
		.accepts = "whole milliseconds, from 1ms to 86400s",
		.help = "end a connection whose data waits for its ACK so long; after 15 "
			"retransmissions in a row where it is not given",
	},
	{
		.name = "tcp-fastopen", .group = OPTION_TCP, .parse = option_flag,
		FIELD(engine.stack.tcp.fastopen),
		.help = "take data in a SYN (TCP Fast Open); a request may then be served twice",
	},
	{
		.name = "tcp-ecn", .arg = "HOW", .group = OPTION_TCP, .parse = option_ecn,
		.def = "passive", .accepts = "on, passive or off",
		.help = "explicit congestion notification: ask for it and agree to it (on), only "
			"agree to it (passive), or neither (off)",
	},

	{
		.name = "fault", .arg = "'DIR FAULTS'", .group = OPTION_FAULTS,
		.parse = option_fault, .repeats = true,
		.accepts = "rx, tx or both, and faults such as 'tx drop 1% delay 5ms'",
		.help = "what happens to frames between the port and the stack, DIR being rx, tx or "
			"both: some of drop, dup, corrupt and reorder (a share such as 0.1%), burst "
			"(losses in a row), hold (how long a reordered frame is held back), delay "
			"and jitter (5ms), rate (100mbit), buffer (bytes that wait for the rate) "
			"and limit (frames that wait); once for each direction",
	},
	{
		.name = "fault-seed", .arg = "N", .group = OPTION_FAULTS, .parse = option_u64,
		FIELD(engine.fault_seed), .max = UINT64_MAX, .def = "1",
		.help = "which frames meet a fault follows from it",
	},
	{.name = NULL},
};

const char *const options_group_titles[OPTION_GROUPS] = {
	[OPTION_GENERAL] = "General",
	[OPTION_PORTS] = "Ports and memory",
	[OPTION_ADDRS] = "Addresses",
	[OPTION_DHCP] = "Addresses from a server (DHCP)",
	[OPTION_DNS] = "Names",
	[OPTION_SERVICES] = "Services",
	[OPTION_LOOP] = "Shards and their loop",
	[OPTION_TCP] = "TCP",
	[OPTION_FAULTS] = "A bad path on purpose",
};

const struct option *
options_find(const char *name)
{
	const struct option *o;

	for (o = options_table; o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* "-i"; NULL: none of ours. Only flags have a letter. */
static const struct option *
find_letter(const char *text)
{
	const struct option *o;

	if (text[0] != '-' || text[1] == '\0' || text[2] != '\0')
		return NULL;
	for (o = options_table; o->name != NULL; o++)
		if (o->letter == text[1])
			return o;
	return NULL;
}

/* Parse a value; on failure a line that names option, value and what is accepted. `option` is what
 * the user has written: the option with its dashes, or the file, the line and the name. */
static int
value_parse(const struct option *o, const char *option, const char *value, struct options *opts,
	char *err, size_t err_size)
{
	char why[OPTIONS_ERR_SIZE / 2] = "";
	int rc = o->parse(o, value, opts, why, sizeof(why));

	if (rc == 0)
		return 0;
	if (why[0] != '\0')
		snprintf(err, err_size, "%s %.120s: %s", option, value, why);
	else if (rc == -ENOSPC)
		snprintf(err, err_size, "%s %s: the option is given too often", option, value);
	else if (o->accepts != NULL)
		snprintf(err, err_size, "%s '%.120s' is not possible: give %s", option, value,
			o->accepts);
	else
		snprintf(err, err_size,
			"%s '%.120s' is not possible: give a number from %" PRIu64 " to %" PRIu64,
			option, value, o->min, o->max);
	return -EINVAL;
}

/* One option at argv[i]. Returns how many arguments it took, or -EINVAL. */
static int
option_take(struct options *opts, int argc, char **argv, const struct option **found, char *err,
	size_t err_size)
{
	const char *text = argv[0], *value, *equals;
	const struct option *o;
	char name[64], option[72];
	size_t n;

	*found = find_letter(text);
	if (*found != NULL)
		return value_parse(*found, text, "", opts, err, err_size) == 0 ? 1 : -EINVAL;
	if (strncmp(text, "--", 2) != 0 || text[2] == '\0') {
		snprintf(err, err_size, "'%s' is not an option; isla --help lists them", text);
		return -EINVAL;
	}
	equals = strchr(text, '=');
	n = equals != NULL ? (size_t)(equals - text - 2) : strlen(text + 2);
	n = RTE_MIN(n, sizeof(name) - 1);
	memcpy(name, text + 2, n);
	name[n] = '\0';
	*found = o = options_find(name);
	if (o == NULL) {
		snprintf(err, err_size, "--%s is not a known option; isla --help lists them", name);
		return -EINVAL;
	}
	if (o->arg == NULL && equals != NULL) {
		snprintf(err, err_size, "--%s takes no value, so not '%s'", name, equals + 1);
		return -EINVAL;
	}
	value = equals != NULL ? equals + 1 : o->arg == NULL ? "" : argc > 1 ? argv[1] : NULL;
	if (value == NULL) {
		snprintf(err, err_size, "--%s needs a value: %s", name, o->arg);
		return -EINVAL;
	}
	snprintf(option, sizeof(option), "--%s", name);
	if (value_parse(o, option, value, opts, err, err_size) != 0)
		return -EINVAL;
	return o->arg != NULL && equals == NULL ? 2 : 1;
}

/* The default of an option that was not given: its words, one by one. */
static int
default_parse(const struct option *o, struct options *opts, char *err, size_t err_size)
{
	char words[128], option[72], *word, *rest;
	int rc = 0;

	snprintf(words, sizeof(words), "%s", o->def);
	snprintf(option, sizeof(option), "--%s", o->name);
	for (word = strtok_r(words, " ", &rest); rc == 0 && word != NULL;
		word = strtok_r(NULL, " ", &rest))
		rc = value_parse(o, option, word, opts, err, err_size);
	return rc;
}

/* Options that make no sense in a file. */
static bool
is_for_command_line(const struct option *o)
{
	static const char *const names[] = {"config", "help", "version"};
	size_t i;

	for (i = 0; i < RTE_DIM(names); i++)
		if (strcmp(o->name, names[i]) == 0)
			return true;
	return false;
}

/* An entry of the file. */
static int
entry_take(const struct option *o, const char *entry, const char *value, struct options *opts,
	char *err, size_t err_size)
{
	if (o->arg != NULL)
		return value_parse(o, entry, value, opts, err, err_size);
	if (strcmp(value, "yes") == 0)
		return value_parse(o, entry, "", opts, err, err_size);
	if (strcmp(value, "no") == 0)
		return 0;
	snprintf(err, err_size, "%s '%s' is not possible: give yes or no", entry, value);
	return -EINVAL;
}

/* One entry of [isla]. Where the command line has given its option it is looked at all the same,
 * and goes to `unused`. */
static int
config_take_entry(struct options *opts, struct options *unused, const struct config *config,
	const struct config_entry *e, const bool *given, bool *in_file, char *err, size_t err_size)
{
	const struct option *o = options_find(e->name);
	size_t n = o != NULL ? (size_t)(o - options_table) : 0;
	char entry[256];

	snprintf(entry, sizeof(entry), "%.120s:%u: %s", config->path, e->line, e->name);
	if (o == NULL)
		snprintf(err, err_size, "%s is not a known option; isla --help lists them", entry);
	else if (is_for_command_line(o))
		snprintf(err, err_size, "%s belongs on the command line", entry);
	else if (in_file[n] && !o->repeats)
		snprintf(err, err_size, "%s is given twice", entry);
	else {
		in_file[n] = true;
		return entry_take(o, entry, e->value, given[n] ? unused : opts, err, err_size);
	}
	return -EINVAL;
}

/* The file's section [isla]. given: by the command line; then by either. */
static int
config_take(struct options *opts, const struct config *config, bool *given, char *err,
	size_t err_size)
{
	struct options *unused = calloc(1, sizeof(*unused));
	bool in_file[RTE_DIM(options_table)] = {false};
	unsigned int i;
	int rc = 0;

	if (unused == NULL) {
		snprintf(err, err_size, "%.120s: out of memory", config->path);
		return -ENOMEM;
	}
	for (i = 0; rc == 0 && i < config->nb_entries; i++)
		if (!config->entry[i].is_eal)
			rc = config_take_entry(opts, unused, config, &config->entry[i], given,
				in_file, err, err_size);
	for (i = 0; i < RTE_DIM(in_file); i++)
		given[i] |= in_file[i];
	free(unused);
	return rc;
}

/* True where one of a list's addresses is `addr`, or, with on_link, has it in its prefix. */
static bool
list_has(const struct option_addr *list, uint16_t nb, const struct option_addr *a, bool on_link)
{
	uint16_t i;

	for (i = 0; i < nb; i++) {
		if (on_link ? list[i].port == a->port &&
				isla_prefix_match(&list[i].prefix, &a->prefix.addr) :
				isla_addr_eq(&list[i].prefix.addr, &a->prefix.addr))
			return true;
	}
	return false;
}

/* Where no port was said it is the first one that is used; for a gateway, the one whose prefix it
 * is in. */
static void
resolve_ports(struct options *opts)
{
	uint16_t first = opts->portmask != 0 ? (uint16_t)__builtin_ctzll(opts->portmask) : 0, i, j;

	for (i = 0; i < opts->nb_ips; i++)
		if (opts->ip[i].port == OPTIONS_PORT_NONE)
			opts->ip[i].port = first;
	for (i = 0; i < opts->nb_host_ips; i++)
		if (opts->host_ip[i].port == OPTIONS_PORT_NONE)
			opts->host_ip[i].port = first;
	for (i = 0; i < opts->nb_macs; i++)
		if (opts->mac[i].port == OPTIONS_PORT_NONE)
			opts->mac[i].port = first;
	for (i = 0; i < opts->nb_gateways; i++) {
		struct option_addr *g = &opts->gateway[i];

		if (g->port != OPTIONS_PORT_NONE)
			continue;
		g->port = first;
		for (j = 0; j < opts->nb_ips; j++) {
			if (isla_prefix_match(&opts->ip[j].prefix, &g->prefix.addr)) {
				g->port = opts->ip[j].port;
				break;
			}
		}
	}
}

/* Options that would be forgotten in silence, or win over another one that was given. */
static int
check_given(const struct options *opts, const bool *given, char *err, size_t err_size)
{
	static const char *const dhcp[] = {"dhcp-fallback", "dhcp-lease-file", "dhcp-hostname",
		"dhcp-client-id", "dhcp-vendor-class"};
	static const char *const grown[][2] = {{"tcp-rcvbuf", "tcp-rcvbuf-max"},
		{"tcp-sndbuf", "tcp-sndbuf-max"}};
	const struct isla_tcp_conf *tcp = &opts->engine.stack.tcp;
	const uint32_t bytes[][2] = {{tcp->rcvbuf_bytes, tcp->rcvbuf_max_bytes},
		{tcp->sndbuf_bytes, tcp->sndbuf_max_bytes}};
	size_t i;

	for (i = 0; i < RTE_DIM(dhcp) && !opts->dhcp; i++) {
		if (given[options_find(dhcp[i]) - options_table]) {
			snprintf(err, err_size, "--%s is of use with --dhcp only; give that, too",
				dhcp[i]);
			return -EINVAL;
		}
	}
	for (i = 0; i < RTE_DIM(grown); i++) {
		if (bytes[i][0] > bytes[i][1] && given[options_find(grown[i][0]) - options_table] &&
			given[options_find(grown[i][1]) - options_table]) {
			snprintf(err, err_size, "--%s %u is more than --%s %u; give at most as much",
				grown[i][0], bytes[i][0], grown[i][1], bytes[i][1]);
			return -EINVAL;
		}
	}
	return 0;
}

/* A gateway is another host in a prefix of the port's. */
static int
check_gateway(const struct options *opts, const struct option_addr *a, char *err, size_t err_size)
{
	bool link_local = !isla_addr_is_v4(&a->prefix.addr) &&
		isla_addr_is_link_local(&a->prefix.addr) && !opts->no_link_local;
	const char *why = NULL;
	char text[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < opts->nb_ips && why == NULL; i++) {
		struct isla_prefix p = {.addr = a->prefix.addr, .len = opts->ip[i].prefix.len};

		if (isla_addr_eq(&opts->ip[i].prefix.addr, &a->prefix.addr))
			why = "is the stack's own address; give another host's";
		else if (opts->ip[i].port == a->port &&
			isla_prefix_match(&opts->ip[i].prefix, &a->prefix.addr))
			why = options_why_no_host(&p);
	}
	isla_addr_format(&a->prefix.addr, text, sizeof(text));
	if (why != NULL)
		snprintf(err, err_size, "--gateway %s %s", text, why);
	else if (!link_local && !list_has(opts->ip, opts->nb_ips, a, true))
		snprintf(err, err_size, "--gateway %s: no --ip of port %u has it in its prefix",
			text, a->port);
	else
		return 0;
	return -EINVAL;
}

/* What fits by itself and not together. */
static int
check_together(const struct options *opts, char *err, size_t err_size)
{
	char text[ISLA_ADDR_STRLEN];
	uint16_t i;

	for (i = 0; i < opts->nb_ips; i++) {
		const struct option_addr *a = &opts->ip[i];

		isla_prefix_format(&a->prefix, text, sizeof(text));
		if (list_has(opts->ip, i, a, false)) {
			snprintf(err, err_size, "--ip %s: this address is given twice", text);
			return -EINVAL;
		}
		if (list_has(opts->host_ip, opts->nb_host_ips, a, false)) {
			snprintf(err, err_size, "--host-ip %s is the stack's address, too; the "
				"kernel's side needs another", text);
			return -EINVAL;
		}
	}
	for (i = 0; i < opts->nb_gateways; i++)
		if (check_gateway(opts, &opts->gateway[i], err, err_size) != 0)
			return -EINVAL;
	for (i = 0; i < opts->nb_dns; i++) {
		const struct option_addr a = {.prefix = {.addr = opts->dns[i].addr}};

		if (list_has(opts->ip, opts->nb_ips, &a, false)) {
			snprintf(err, err_size, "--dns %s is the stack's own address; a server has "
				"another", isla_addr_format(&a.prefix.addr, text, sizeof(text)));
			return -EINVAL;
		}
	}
	if (opts->resolve[0] != '\0' && opts->nb_dns == 0 && !opts->dhcp) {
		snprintf(err, err_size, "--resolve %.200s: there is no server to ask; give one by "
			"--dns, or --dhcp", opts->resolve);
		return -EINVAL;
	}
	return 0;
}

int
options_parse(struct options *opts, int argc, char **argv, const struct config *config, char *err,
	size_t err_size)
{
	bool given[RTE_DIM(options_table)] = {false};
	const struct option *o;
	int i = 0, n;

	memset(opts, 0, sizeof(*opts));
	isla_engine_conf_init(&opts->engine);
	while (i < argc) {
		n = option_take(opts, argc - i, argv + i, &o, err, err_size);
		if (n < 0)
			return n;
		if (given[o - options_table] && !o->repeats) {
			snprintf(err, err_size, "--%s is given twice", o->name);
			return -EINVAL;
		}
		given[o - options_table] = true;
		i += n;
	}
	if (config != NULL && config->path != NULL &&
		config_take(opts, config, given, err, err_size) != 0)
		return -EINVAL;
	if (check_given(opts, given, err, err_size) != 0)
		return -EINVAL;
	for (o = options_table; o->name != NULL; o++)
		if (o->def != NULL && !given[o - options_table] &&
			(o->parse != option_ip || (opts->nb_ips == 0 && !opts->dhcp)) &&
			default_parse(o, opts, err, err_size) != 0)
			return -EINVAL;
	opts->engine.nb_refs = 2 * opts->engine.nb_mbufs;
	resolve_ports(opts);
	return check_together(opts, err, err_size);
}

/* An option's total becomes a shard's share of it, rounded up; it must be what the option's least
 * would be for one shard. */
static int
share_out(const char *name, uint32_t *value, uint16_t nb_shards, uint32_t *total, char *err,
	size_t err_size)
{
	const struct option *o = options_find(name);
	uint32_t share = (*value + nb_shards - 1) / nb_shards;

	if (share < o->min) {
		snprintf(err, err_size, "--%s %u: each of %u shards would have %u, and needs %" PRIu64
			": give %" PRIu64 " or more, or fewer shards by --nb-cores", name, *value,
			nb_shards, share, o->min, o->min * nb_shards);
		return -EINVAL;
	}
	*total = *value;
	*value = share;
	return 0;
}

int
options_share_out(struct options *opts, uint16_t nb_shards, char *err, size_t err_size)
{
	struct isla_engine_conf *conf = &opts->engine;

	conf->nb_shards = nb_shards;
	if (share_out("total-num-mbufs", &conf->nb_mbufs, nb_shards, &opts->total_mbufs, err,
			err_size) != 0 ||
		share_out("tcp-max-conns", &conf->stack.tcp.max_conns, nb_shards,
			&opts->total_conns, err, err_size) != 0)
		return -EINVAL;
	conf->nb_refs = 2 * conf->nb_mbufs;
	if (conf->nb_rxq > nb_shards || conf->nb_txq > nb_shards) {
		snprintf(err, err_size, "--%s %u exceeds the number of shards (%u), of which each "
			"has one queue of a port; give fewer, or EAL more lcores",
			conf->nb_rxq > nb_shards ? "rxq" : "txq",
			conf->nb_rxq > nb_shards ? conf->nb_rxq : conf->nb_txq, nb_shards);
		return -EINVAL;
	}
	return 0;
}

/* Text in lines of at most 100 columns, each behind an indent of 34. */
static void
print_wrapped(FILE *out, const char *text)
{
	enum { INDENT = 34, WIDTH = 100 - INDENT };

	while (strlen(text) > WIDTH) {
		int n = WIDTH;

		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			break;
		fprintf(out, "%.*s\n%*s", n, text, INDENT, "");
		text += n + 1;
	}
	fprintf(out, "%s\n", text);
}

static void
print_option(FILE *out, const struct option *o)
{
	char left[64], text[640];
	const struct service *const *s;
	size_t n;

	n = 0;
	if (o->letter != 0)
		n = (size_t)snprintf(left, sizeof(left), "-%c, ", o->letter);
	snprintf(left + n, sizeof(left) - n, "--%s%s%s", o->name, o->arg != NULL ? "=" : "",
		o->arg != NULL ? o->arg : "");
	n = (size_t)snprintf(text, sizeof(text), "%s%s%s%s", o->help, o->def != NULL ? " [" : "",
		o->def != NULL ? o->def : "", o->def != NULL ? "]" : "");
	if (strlen(left) > 30)
		fprintf(out, "  %s\n%34s", left, "");
	else
		fprintf(out, "  %-32s", left);
	if (o->parse != option_service) {
		print_wrapped(out, text);
		return;
	}
	snprintf(text + n, sizeof(text) - n, ". NAME is one of:");
	print_wrapped(out, text);
	for (s = services; *s != NULL && (*s)->name != NULL; s++)
		fprintf(out, "%36s%-9s%s\n", "", (*s)->name, (*s)->help);
}

void
options_help(FILE *out)
{
	const struct option *o;
	int group;

	fprintf(out,
		"Usage: isla [EAL options] -- [options]\n"
		"\n"
		"Isla is a TCP/IP stack on DPDK that serves HTTP and more. For example:\n"
		"\n"
		"  isla --vdev=net_tap0,iface=isla0 -- --ip=192.168.1.2/24 --host-ip=192.168.1.1/24\n"
		"\n"
		"EAL's options come before the \"--\"; DPDK's guide explains them. Often needed:\n"
		"\n"
		"  --vdev=net_tap0,iface=isla0     a port: the TAP interface isla0\n"
		"  --no-huge --no-shconf           without hugepages\n"
		"  -l CORES                        such as 0-3: on each core a shard runs [the first]\n"
		"  -m MB                           memory [with --no-huge: 512]\n"
		"  --file-prefix=NAME              to run beside another isla [isla]\n"
		"  --log-level=PATTERN:LEVEL       such as pmd.net.tap:debug\n");
	for (group = 0; group < OPTION_GROUPS; group++) {
		fprintf(out, "\n%s\n", options_group_titles[group]);
		for (o = options_table; o->name != NULL; o++)
			if ((int)o->group == group)
				print_option(out, o);
	}
}
