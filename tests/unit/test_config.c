/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of --config: what is read, what is refused and how that is told, and that the command
 * line counts instead of it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_common.h>

#include "config.h"
#include "eal_args.h"
#include "eal_start.h"
#include "options.h"
#include "suite.h"

static struct config config;
static struct options opts;
static struct eal_args args;
static char err[OPTIONS_ERR_SIZE], path[64];
static int fd = -1;

static void
setup(void)
{
	memset(&config, 0, sizeof(config));
	memset(&args, 0, sizeof(args));
	err[0] = '\0';
}

static void
teardown(void)
{
	config_free(&config);
	if (fd >= 0)
		close(fd);
	fd = -1;
}

/* A file of so many bytes, and what config_read() says of it. */
static int
read_bytes(const char *text, size_t len)
{
	teardown();
	err[0] = '\0';
	fd = memfd_create("config", MFD_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return config_read(&config, path, err, sizeof(err));
}

static int
read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

/* A file and a command line behind the "--", as main() has them. */
static int
parse(const char *text, const char *line)
{
	static char copy[512];
	char *argv[64], *word, *rest;
	int argc = 0, rc = read_text(text);

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return rc != 0 ? rc : options_parse(&opts, argc, argv, &config, err, sizeof(err));
}

static void
take(const char *text, const char *line)
{
	CU_ASSERT_EQUAL(parse(text, line), 0);
	CU_ASSERT_STRING_EQUAL(err, "");
}

/* Refused in one line, which has the file with the number of the line, and these words. */
static void
refuse(const char *text, unsigned int line, const char *word, const char *other)
{
	char where[96];
	int rc = parse(text, "");

	snprintf(where, sizeof(where), "%s:%u: ", path, line);
	if (rc == 0 || strstr(err, where) != err || strstr(err, word) == NULL ||
		strstr(err, other) == NULL)
		printf("\n%d '%s', not '%s' '%s' '%s'\n", rc, err, where, word, other);
	CU_ASSERT_EQUAL(rc, -EINVAL);
	CU_ASSERT_PTR_EQUAL(strstr(err, where), err);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, word));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, other));
	CU_ASSERT_PTR_NULL(strchr(err, '\n'));
	CU_ASSERT_TRUE(strlen(err) < sizeof(err) - 1);
}

static void
entries_reach_their_fields(void)
{
	char text[ISLA_ADDR_STRLEN];

	take("; how it all begins\n\n[isla]\nrxd = 128 ; a comment\n  tcp-rcvbuf=64K\n"
	     "backoff = spin=7,yield=8,sleep=9us\nenable-rx-cksum = yes\nno-lsc-interrupt = no\n"
	     "ip = 10.0.0.2/8\nip = fd00::2/64\nfault = tx drop 1% delay 5ms\n\t\r\n"
	     "docroot = /srv/a b=c\n[isla]\nservice=http:8080\r\nservice=echo:7000",
		"");
	CU_ASSERT_EQUAL(opts.engine.nb_rxd, 128);
	CU_ASSERT_EQUAL(opts.engine.stack.tcp.rcvbuf_bytes, 65536);
	CU_ASSERT_EQUAL(opts.engine.backoff.spin_rounds, 7);
	CU_ASSERT_EQUAL(opts.engine.backoff.sleep_us, 9);
	CU_ASSERT_TRUE(opts.engine.rx_cksum);
	CU_ASSERT_FALSE(opts.engine.no_lsc);
	CU_ASSERT_EQUAL(opts.nb_ips, 2);
	CU_ASSERT_STRING_EQUAL(
		isla_prefix_format(&opts.ip[1].prefix, text, sizeof(text)), "fd00::2/64");
	CU_ASSERT_EQUAL(opts.engine.fault[ISLA_FAULT_TX].drop_ppb, 10000000);
	CU_ASSERT_STRING_EQUAL(opts.docroot, "/srv/a b=c");
	CU_ASSERT_EQUAL(opts.nb_services, 2);
	CU_ASSERT_EQUAL(opts.service[1].port, 7000);
	/* What the file does not say has its default. */
	CU_ASSERT_EQUAL(opts.engine.burst, 32);
}

static void
an_empty_file_changes_nothing(void)
{
	static const char *const empty[] = {"", "\n\n", "; nothing", "[isla]", "[eal]\n[isla]\n",
		" [ isla ] \n"};
	size_t i;

	for (i = 0; i < RTE_DIM(empty); i++) {
		take(empty[i], "");
		CU_ASSERT_EQUAL(config.nb_entries, 0);
		CU_ASSERT_EQUAL(opts.nb_ips, 1);
	}
}

static void
the_command_line_counts(void)
{
	take("[isla]\nrxd = 128\nburst = 16\nip = 10.0.0.2/8\nip = 10.0.0.3/8\n",
		"--rxd=256 --ip 10.9.9.9/8");
	CU_ASSERT_EQUAL(opts.engine.nb_rxd, 256);
	CU_ASSERT_EQUAL(opts.engine.burst, 16);
	/* All of a repeated option's values are replaced. */
	CU_ASSERT_EQUAL(opts.nb_ips, 1);
	take("[isla]\nenable-rx-cksum = no\n", "--enable-rx-cksum");
	CU_ASSERT_TRUE(opts.engine.rx_cksum);
}

/* An error is one also where the command line gives something else. */
static void
what_does_not_count_is_checked_too(void)
{
	CU_ASSERT_EQUAL(parse("[isla]\nrxd = many\n", "--rxd=256"), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, ":2: rxd 'many' is not possible"));
}

static void
bad_values_are_named_with_their_line(void)
{
	refuse("[isla]\n\nrxd = 0\n", 3, "rxd '0'", "1 to 32768");
	refuse("[isla]\nrxd =\n", 2, "rxd ''", "1 to 32768");
	refuse("; c\n[isla]\nmtu=9000000\n", 3, "mtu '9000000'", "1280 to 65535");
	refuse("[isla]\nip = 10.0.0.300/8\n", 2, "ip '10.0.0.300/8'", "prefix length");
	refuse("[isla]\nfault = tx drop lots\n", 2, "tx drop lots", "drop 'lots'");
	refuse("[isla]\nenable-rx-cksum = 1\n", 2, "enable-rx-cksum '1'", "yes or no");
	refuse("[isla]\nfrobnicate = 1\n", 2, "frobnicate", "not a known option");
	refuse("[isla]\nrxd=1\n[eal]\nl=0\n[isla]\nrxd=2\n", 6, "rxd", "twice");
	refuse("[isla]\nconfig = /etc/other\n", 2, "config", "command line");
	refuse("[isla]\nhelp = yes\n", 2, "help", "command line");
}

static void
lines_that_are_nothing_are_named(void)
{
	static char longest[512];

	refuse("[isla]\nenable-rx-cksum\n", 2, "enable-rx-cksum", "NAME = yes");
	refuse("\xef\xbb\xbf[isla]\nrxd = 5\n", 1, "byte order mark", "without");
	refuse("[isla]\nrxd \x1b[2J= 5\n", 2, "value 27", "text");
	refuse("[isla]\nrxd = 5 ; \x07\n", 2, "value 7", "text");
	refuse("# a comment\n", 1, "# a comment", "begins with a ';'");
	refuse("[isla]\n--rxd = 5\n", 2, "--rxd", "no dashes");
	refuse("[isla]\n= 5\n", 2, "''", "name of an option");
	refuse("[isla]\nr xd = 5\n", 2, "r xd", "name of an option");
	refuse("rxd = 5\n", 1, "rxd", "no section");
	refuse("[isla\nrxd = 5\n", 1, "[isla", "not a section");
	refuse("[isla] rxd = 5\n", 1, "[isla]", "not a section");
	refuse("[tcp]\nrxd = 5\n", 1, "[tcp]", "[isla] or [eal]");
	refuse("[isla]\ndocroot = /a\\;b\n", 2, "';'", "part of a value");
	snprintf(longest, sizeof(longest), "[isla]\ndocroot = %0255d\n", 0);
	take(longest, "");
	CU_ASSERT_EQUAL(strlen(opts.docroot), 255);
	snprintf(longest, sizeof(longest), "[isla]\ndocroot = %0256d\n", 0);
	refuse(longest, 2, "docroot", "too long");
	snprintf(longest, sizeof(longest), "[isla]\nd = 1;%0400d\n", 0);
	refuse(longest, 2, "line is too long", "320");
	CU_ASSERT_EQUAL(read_bytes("[isla]\nrxd = 1\0 2\n", 18), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, ":2: a byte of value 0"));
}

static void
too_much_is_refused(void)
{
	static char text[32768];
	size_t n = (size_t)sprintf(text, "[isla]\n");
	int i;

	for (i = 0; i < 1024; i++)
		n += (size_t)sprintf(text + n, "ip = 1.1.1.1/8\n");
	CU_ASSERT_EQUAL(read_text(text), 0);
	CU_ASSERT_EQUAL(config.nb_entries, 1024);
	strcat(text, "ip = 1.1.1.1/8\n");
	CU_ASSERT_EQUAL(read_text(text), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, ":1026: more than 1024 entries"));
	for (n = 0, i = 0; i < 65; i++)
		n += (size_t)sprintf(text + n, "[isla]\n");
	CU_ASSERT_EQUAL(read_text(text), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, ":65: more than 64 sections"));
}

/* Whatever bytes come, it ends, and says why or gives entries that are text. */
static void
any_bytes_are_survived(void)
{
	static const char alphabet[] = "[]=;#\\\n\r\t -abisleaxd019.\0\xff";
	char text[256];
	uint32_t x = 1;
	int i, round;
	unsigned int j;

	for (round = 0; round < 3000; round++) {
		size_t len;

		for (i = 0; i < (int)sizeof(text); i++) {
			x = x * 1664525 + 1013904223;
			text[i] = alphabet[(x >> 16) % (sizeof(alphabet) - 1)];
		}
		memcpy(text, round % 2 == 0 ? "[isla]\n" : "[eal]\na=", 7);
		len = x % sizeof(text);
		err[0] = '\0';
		if (read_bytes(text, len) != 0) {
			CU_ASSERT_NOT_EQUAL(err[0], '\0');
			continue;
		}
		for (j = 0; j < config.nb_entries; j++) {
			CU_ASSERT_NOT_EQUAL(config.entry[j].name[0], '\0');
			CU_ASSERT_TRUE(config.entry[j].line > 0);
		}
	}
}

static void
a_file_that_cannot_be_read_is_named(void)
{
	CU_ASSERT_EQUAL(config_read(&config, "/nonexistent/isla.conf", err, sizeof(err)), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--config /nonexistent/isla.conf: No such file"));
	CU_ASSERT_EQUAL(config_read(&config, "/proc/self", err, sizeof(err)), -EISDIR);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--config /proc/self"));
	CU_ASSERT_EQUAL(config_read(&config, NULL, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(config.nb_entries, 0);
}

static void
the_option_is_found_in_either_spelling(void)
{
	static char equals[] = "--config=a", name[] = "--config", b[] = "b", other[] = "--configs";
	char *argv[] = {other, name, b};
	char *last[] = {name};
	char *first[] = {equals, name, b};

	CU_ASSERT_STRING_EQUAL(config_find(3, argv), "b");
	CU_ASSERT_STRING_EQUAL(config_find(3, first), "a");
	CU_ASSERT_PTR_NULL(config_find(1, last));
	CU_ASSERT_PTR_NULL(config_find(1, argv));
}

/* EAL's arguments of a file and of a command line, with spaces in between. */
static char *
eal(const char *text, const char *line)
{
	static char copy[512], joined[4096];
	static char *argv[32];
	char *word, *rest;
	int argc = 0, i;
	size_t n = 0;

	CU_ASSERT_EQUAL(read_text(text), 0);
	snprintf(copy, sizeof(copy), "isla %s", line);
	for (word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	eal_args_split(&args, argc, argv);
	joined[0] = '\0';
	if (eal_args_build(&args, &config, err, sizeof(err)) != 0)
		return joined;
	for (i = 1; i < args.argc; i++)
		if (strncmp(args.argv[i], "--log-level", 11) != 0 &&
			strcmp(args.argv[i], "--file-prefix=isla") != 0)
			n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s",
				n > 0 ? " " : "", args.argv[i]);
	return joined;
}

static void
eals_section_goes_to_eal(void)
{
	CU_ASSERT_STRING_EQUAL(eal("[eal]\nl = 0\nno-huge = yes\nno-shconf=no\nm = 100\n"
				   "vdev = net_tap0,iface=isla0\nvdev = net_null0\n", ""),
		"-l0 --no-huge -m100 --vdev=net_tap0,iface=isla0 --vdev=net_null0");
	CU_ASSERT_TRUE(args.no_huge);
	CU_ASSERT_TRUE(args.has_cores);
	CU_ASSERT_STRING_EQUAL(args.tap, "net_tap0,iface=isla0");
}

static void
the_command_line_counts_for_eal_too(void)
{
	static const char text[] = "[eal]\nlcores = 0-3\nvdev = net_tap0\nvdev = net_null0\n"
				   "file-prefix = a\nno-huge = yes\nm = 1\n";

	CU_ASSERT_STRING_EQUAL(eal(text, "-l 1 --vdev net_null7 --no-huge --socket-mem=2"),
		"--file-prefix=a -l 1 --vdev net_null7 --no-huge --socket-mem=2");
	CU_ASSERT_PTR_NULL(args.tap);
	CU_ASSERT_STRING_EQUAL(eal(text, "--file-prefix=b -- --vdev=x"),
		"--lcores=0-3 --vdev=net_tap0 --vdev=net_null0 --no-huge -m1 --file-prefix=b");
}

static void
options_in_the_wrong_section_are_named(void)
{
	eal("[eal]\nno-huge = yes\nrxd = 5\n", "");
	CU_ASSERT_PTR_NOT_NULL(strstr(err, ":3: rxd is an option of isla's"));
	refuse("[isla]\nvdev = net_tap0\n", 2, "vdev", "not a known option");
}

/* EAL's start has failed with this output. */
static const char *
explain(const char *printed)
{
	eal_start_explain(&args, printed, "Reason", err, sizeof(err));
	CU_ASSERT_PTR_NULL(strchr(err, '\n'));
	return strncmp(err, path, strlen(path)) == 0 ? err + strlen(path) : err;
}

static void
what_eal_refuses_is_named_with_its_line(void)
{
	static const char text[] = "[isla]\nhost-ip = 10.0.0.2/24\n[eal]\nno-huge = yes\nfoo = 3\n"
				   "Z = yes\nvdev = yes\nvfio-intr = x\nbar = no\nm = yes\n";

	eal(text, "--quux");
	CU_ASSERT_PTR_NOT_NULL(strstr(explain("isla: unrecognized option '--foo=3'\n"),
		":5: foo is not an option of EAL's; isla's own belong into the section [isla]"));
	CU_ASSERT_EQUAL(strncmp(err, path, strlen(path)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(explain("isla: invalid option -- 'Z'\n"),
		":6: Z is not an option of EAL's"));
	CU_ASSERT_PTR_NOT_NULL(strstr(explain("isla: option '--vdev' requires an argument\n"),
		":7: --vdev, an option of EAL's, needs a value"));
	CU_ASSERT_PTR_NOT_NULL(strstr(explain("isla: option requires an argument -- 'm'\n"),
		":10: -m, an option of EAL's, needs a value"));
	CU_ASSERT_PTR_NOT_NULL(strstr(explain("EAL: invalid parameters for --vfio-intr\n"),
		":8: EAL cannot start: invalid parameters for --vfio-intr; "));
	/* What the file has not, or not so, is not its fault. */
	CU_ASSERT_EQUAL(strncmp(explain("isla: unrecognized option '--quux'\n"), "--quux", 6), 0);
	CU_ASSERT_EQUAL(strncmp(explain("isla: unrecognized option '--bar'\n"), "--bar is", 8), 0);
	CU_ASSERT_EQUAL(strncmp(explain("isla: unrecognized option '--Z'\n"), "--Z is", 6), 0);
	CU_ASSERT_EQUAL(strncmp(explain("EAL: Not enough memory\n"), "EAL cannot", 10), 0);
	/* Nor where the command line counts. */
	eal(text, "--vfio-intr=y --foo");
	CU_ASSERT_EQUAL(strncmp(explain("EAL: invalid parameters for --vfio-intr\n"), "EAL", 3), 0);
	CU_ASSERT_EQUAL(strncmp(explain("isla: unrecognized option '--foo'\n"), "--foo", 5), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(entries_reach_their_fields),
	SUITE_TEST(an_empty_file_changes_nothing),
	SUITE_TEST(the_command_line_counts),
	SUITE_TEST(what_does_not_count_is_checked_too),
	SUITE_TEST(bad_values_are_named_with_their_line),
	SUITE_TEST(lines_that_are_nothing_are_named),
	SUITE_TEST(too_much_is_refused),
	SUITE_TEST(any_bytes_are_survived),
	SUITE_TEST(a_file_that_cannot_be_read_is_named),
	SUITE_TEST(the_option_is_found_in_either_spelling),
	SUITE_TEST(eals_section_goes_to_eal),
	SUITE_TEST(the_command_line_counts_for_eal_too),
	SUITE_TEST(options_in_the_wrong_section_are_named),
	SUITE_TEST(what_eal_refuses_is_named_with_its_line),
};

int
main(void)
{
	return suite_run("config", tests, RTE_DIM(tests), setup, teardown);
}
