/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's part of the command line: where it ends, what is added to it, and one line of a failed
 * start.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "eal_args.h"
#include "eal_start.h"
#include "options.h"
#include "suite.h"

static struct eal_args args;
static char err[OPTIONS_ERR_SIZE];

static int
build(const char *line)
{
	static char copy[8192];
	static char *argv[EAL_ARGS_MAX + 8];
	char *word, *rest;
	int argc = 0;

	snprintf(copy, sizeof(copy), "isla %s", line);
	for (word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	err[0] = '\0';
	eal_args_split(&args, argc, argv);
	return eal_args_build(&args, NULL, err, sizeof(err));
}

/* Where EAL finds an argument; 0: nowhere. */
static int
place(const char *arg)
{
	int i;

	for (i = 1; i < args.argc; i++)
		if (strcmp(args.argv[i], arg) == 0)
			return i;
	return 0;
}

static void
what_stands_behind_the_dashes_is_ours(void)
{
	CU_ASSERT_EQUAL(build("-l 1 --vdev=net_null0 -- --rxd=3 -- x"), 0);
	CU_ASSERT_STRING_EQUAL(args.argv[0], "isla");
	CU_ASSERT_EQUAL(args.nb_rest, 3);
	CU_ASSERT_STRING_EQUAL(args.rest[0], "--rxd=3");
	CU_ASSERT_STRING_EQUAL(args.rest[2], "x");
	CU_ASSERT_TRUE(place("--vdev=net_null0") > 0);
	CU_ASSERT_EQUAL(place("--rxd=3"), 0);
	CU_ASSERT_EQUAL(place("--"), 0);
	CU_ASSERT_EQUAL(build(""), 0);
	CU_ASSERT_EQUAL(args.nb_rest, 0);
	CU_ASSERT_EQUAL(build("--"), 0);
	CU_ASSERT_EQUAL(args.nb_rest, 0);
}

static void
an_option_of_ours_in_front_is_told(void)
{
	CU_ASSERT_EQUAL(build("--rxd 3"), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--rxd"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "behind a \"--\""));
	CU_ASSERT_EQUAL(build("--service=http:80 -- --rxd=3"), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--service"));
}

static void
help_and_version_are_seen_in_front(void)
{
	CU_ASSERT_EQUAL(build("--help"), 0);
	CU_ASSERT_TRUE(args.help);
	CU_ASSERT_EQUAL(build("-h"), 0);
	CU_ASSERT_TRUE(args.help);
	CU_ASSERT_EQUAL(build("-v"), 0);
	CU_ASSERT_TRUE(args.version);
	CU_ASSERT_EQUAL(build("-l 0 -- --help"), 0);
	CU_ASSERT_FALSE(args.help);
}

static void
what_the_user_says_comes_last(void)
{
	CU_ASSERT_EQUAL(build("--log-level=lib.eal:debug"), 0);
	CU_ASSERT_TRUE(args.has_log_level);
	CU_ASSERT_TRUE(place("--log-level=lib.eal:error") > 0);
	CU_ASSERT_TRUE(place("--log-level=lib.eal:debug") > place("--log-level=lib.eal:error"));
	CU_ASSERT_EQUAL(build("-l 0"), 0);
	CU_ASSERT_FALSE(args.has_log_level);
}

/* Where dpdk-telemetry.py -f isla looks for it. */
static void
the_file_prefix_is_isla(void)
{
	CU_ASSERT_EQUAL(build("-l 0"), 0);
	CU_ASSERT_TRUE(place("--file-prefix=isla") > 0);
	CU_ASSERT_EQUAL(build("--file-prefix=other"), 0);
	CU_ASSERT_EQUAL(place("--file-prefix=isla"), 0);
	CU_ASSERT_EQUAL(build("--file-prefix other"), 0);
	CU_ASSERT_EQUAL(place("--file-prefix=isla"), 0);
}

static void
what_captures_cannot_have_is_seen(void)
{
	CU_ASSERT_EQUAL(build("-l 0"), 0);
	CU_ASSERT_FALSE(args.in_memory || args.no_shconf || args.huge_unlink);
	CU_ASSERT_EQUAL(build("--in-memory --no-shconf --huge-unlink"), 0);
	CU_ASSERT_TRUE(args.in_memory && args.no_shconf && args.huge_unlink);
	CU_ASSERT_EQUAL(build("--huge-unlink=existing --vdev=net_af_packet0,iface=x"), 0);
	CU_ASSERT_FALSE(args.huge_unlink);
	CU_ASSERT_STRING_EQUAL(args.packet, "net_af_packet0,iface=x");
}

static void
memory_is_added_where_there_are_no_hugepages(void)
{
	CU_ASSERT_EQUAL(build("--no-huge"), 0);
	CU_ASSERT_TRUE(args.no_huge);
	CU_ASSERT_TRUE(place("-m512") > 0);
	CU_ASSERT_EQUAL(build("--no-huge -m 64"), 0);
	CU_ASSERT_EQUAL(place("-m512"), 0);
	CU_ASSERT_EQUAL(build("--no-huge -m64"), 0);
	CU_ASSERT_EQUAL(place("-m512"), 0);
	CU_ASSERT_EQUAL(build("--no-huge --socket-mem=64"), 0);
	CU_ASSERT_EQUAL(place("-m512"), 0);
	CU_ASSERT_EQUAL(build("-l 0"), 0);
	CU_ASSERT_FALSE(args.no_huge);
	CU_ASSERT_EQUAL(place("-m512"), 0);
	/* Neither of these is -m. */
	CU_ASSERT_EQUAL(build("--no-huge --main-lcore=0"), 0);
	CU_ASSERT_TRUE(place("-m512") > 0);
}

static void
one_core_unless_told_otherwise(void)
{
	static const char *const told[] = {"-l 3", "-l3", "-c f", "--lcores=0@0", "--lcores 0@0"};
	size_t i;

	CU_ASSERT_EQUAL(build("--no-huge"), 0);
	CU_ASSERT_NOT_EQUAL(args.cores[0], '\0');
	CU_ASSERT_TRUE(place(args.cores) > 0);
	for (i = 0; i < RTE_DIM(told); i++) {
		CU_ASSERT_EQUAL(build(told[i]), 0);
		CU_ASSERT_EQUAL(args.cores[0], '\0');
	}
}

static void
a_tap_is_found(void)
{
	CU_ASSERT_EQUAL(build("--vdev=net_tap0,iface=isla0"), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(args.tap);
	CU_ASSERT_STRING_EQUAL(args.tap, "net_tap0,iface=isla0");
	CU_ASSERT_EQUAL(build("--vdev net_tap1"), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(args.tap);
	CU_ASSERT_STRING_EQUAL(args.tap, "net_tap1");
	CU_ASSERT_EQUAL(build("--vdev=net_null0"), 0);
	CU_ASSERT_PTR_NULL(args.tap);
	CU_ASSERT_EQUAL(build("--vdev"), 0);
	CU_ASSERT_PTR_NULL(args.tap);
}

static void
too_many_arguments(void)
{
	char line[4096] = "";
	int i;

	for (i = 0; i < EAL_ARGS_MAX; i++)
		strcat(line, "-d ");
	CU_ASSERT_EQUAL(build(line), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "too many"));
}

static void
explain(const char *printed, const char *words)
{
	eal_start_explain(&args, printed, "Reason", err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, words));
	CU_ASSERT_PTR_NULL(strchr(err, '\n'));
}

static void
a_failed_start_is_one_line(void)
{
	explain("isla: unrecognized option '--foo'\n\nUsage: ...\n",
		"--foo is not an option of EAL's");
	explain("isla: invalid option -- 'Z'\n", "-Z is not an option of EAL's");
	explain("EAL: Cannot create lock on 'x'. Is another primary process running?\n"
		"EAL: FATAL: Cannot init config\n", "--file-prefix of its own");
	explain("EAL: Not enough memory available!\nEAL: FATAL: Cannot init memory\n",
		"EAL cannot start: Not enough memory available!; ");
	explain("EAL: lcore 99 unavailable\nEAL: invalid core list\n\nUsage: isla EAL: x\n",
		"EAL cannot start: lcore 99 unavailable; ");
	explain("EAL: FATAL: Cannot init memory\n", "EAL cannot start: Cannot init memory; ");
	explain("isla: option '--vdev' requires an argument\nUsage: ...\n",
		"--vdev, an option of EAL's, needs a value");
	explain("isla: option '--no-huge' doesn't allow an argument\nUsage: ...\n",
		"--no-huge, an option of EAL's, takes no value");
	explain("isla: option requires an argument -- 'm'\nUsage: ...\n",
		"-m, an option of EAL's, needs a value");
	explain("isla: option '--no-h' is ambiguous; possibilities: '--no-hpet' '--no-huge'\n",
		"--no-h, an option of EAL's, is short for several");
	explain("", "EAL cannot start: Reason; ");
}

static void
what_a_driver_says_of_its_device_is_passed_on(void)
{
	CU_ASSERT_EQUAL(build("--vdev=net_pcap0,rx_pcap=x"), 0);
	CU_ASSERT_EQUAL(eal_start_check(&args, "EAL: all is well\n", err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(eal_start_check(&args, "open_pcap(): Couldn't open x\n"
		"vdev_probe(): failed to initialize net_pcap0 device\n", err, sizeof(err)), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "net_pcap0 cannot be made: Couldn't open x; "));
	CU_ASSERT_EQUAL(eal_start_check(&args,
		"vdev_probe(): failed to initialize net_pcap0 device\n", err, sizeof(err)), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "net_pcap0 cannot be made; "));
}

static void
modes_that_cannot_be_are_refused(void)
{
	CU_ASSERT_EQUAL(build("--no-huge --in-memory"), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--no-huge --no-shconf"));
	CU_ASSERT_EQUAL(build("--proc-type=secondary"), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--proc-type=secondary"));
	CU_ASSERT_EQUAL(build("--proc-type secondary"), -EINVAL);
	CU_ASSERT_EQUAL(build("--proc-type=primary --no-huge"), 0);
}

static void
an_argument_that_no_tap_has_is_told(void)
{
	CU_ASSERT_EQUAL(eal_args_check_tap_keys("net_tap0", err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(eal_args_check_tap_keys("net_tap0,iface=a,persist=1,mac=fixed,remote=b",
		err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(eal_args_check_tap_keys("net_tap0,iface=a,ifcae=b", err, sizeof(err)),
		-EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "'ifcae' is no argument of net_tap"));
	CU_ASSERT_EQUAL(eal_args_check_tap_keys("net_tap0,", err, sizeof(err)), -EINVAL);
	CU_ASSERT_EQUAL(eal_args_check_tap_keys("net_tap0,if=a", err, sizeof(err)), -EINVAL);
}

static const struct suite_test tests[] = {
	SUITE_TEST(what_stands_behind_the_dashes_is_ours),
	SUITE_TEST(an_option_of_ours_in_front_is_told),
	SUITE_TEST(help_and_version_are_seen_in_front),
	SUITE_TEST(what_the_user_says_comes_last),
	SUITE_TEST(the_file_prefix_is_isla),
	SUITE_TEST(what_captures_cannot_have_is_seen),
	SUITE_TEST(memory_is_added_where_there_are_no_hugepages),
	SUITE_TEST(one_core_unless_told_otherwise),
	SUITE_TEST(a_tap_is_found),
	SUITE_TEST(too_many_arguments),
	SUITE_TEST(a_failed_start_is_one_line),
	SUITE_TEST(what_a_driver_says_of_its_device_is_passed_on),
	SUITE_TEST(modes_that_cannot_be_are_refused),
	SUITE_TEST(an_argument_that_no_tap_has_is_told),
};

int
main(void)
{
	return suite_run("eal_args", tests, RTE_DIM(tests), NULL, NULL);
}
