/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EAL's arguments: taken apart, completed, and checked before EAL is.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rte_common.h>

#include "eal_args.h"
#include "eal_user.h"
#include "options.h"

#define HUGE_DIR      "/sys/kernel/mm/hugepages"
#define NO_HUGE_MB    "512"

/* Harmless lines of a plain start, and those that our own message says better. */
static char quiet_eal[] = "--log-level=lib.eal:error";
static char quiet_tap[] = "--log-level=pmd.net.tap:critical";
/* So that it runs beside other DPDK programs, and its telemetry is found. */
static char file_prefix[] = "--file-prefix=isla";
static char quiet_telemetry[] = "--log-level=lib.telemetry:critical";

/* True for `--name`, `--name=...`; for a short option, `-x` and `-xVALUE`. */
static bool
is_option(const char *arg, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) != 0)
		return false;
	return n == 2 ? arg[1] != '-' : arg[n] == '\0' || arg[n] == '=';
}

static bool
is_any_of(const char *arg, const char *const *names)
{
	for (; *names != NULL; names++)
		if (is_option(arg, *names))
			return true;
	return false;
}

/* What of the user's arguments matters to us. */
static void
note(struct eal_args *args, const char *arg, const char *next)
{
	static const char *const memory[] = {"-m", "--socket-mem", "--legacy-mem", NULL};
	static const char *const cores[] = {"-c", "-l", "--lcores", "-s", "-S", NULL};
	const char *vdev = NULL;

	args->help |= strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
	args->version |= strcmp(arg, "--version") == 0 || strcmp(arg, "-v") == 0;
	args->no_huge |= strcmp(arg, "--no-huge") == 0;
	args->in_memory |= strcmp(arg, "--in-memory") == 0;
	args->no_shconf |= strcmp(arg, "--no-shconf") == 0;
	args->huge_unlink |= strcmp(arg, "--huge-unlink") == 0 ||
		strcmp(arg, "--huge-unlink=always") == 0;
	args->has_prefix |= is_option(arg, "--file-prefix");
	args->has_huge_dir |= is_option(arg, "--huge-dir");
	args->has_memory |= is_any_of(arg, memory);
	args->has_cores |= is_any_of(arg, cores);
	args->has_log_level |= is_option(arg, "--log-level");
	args->secondary |= strcmp(arg, "--proc-type=secondary") == 0 ||
		(strcmp(arg, "--proc-type") == 0 && next != NULL &&
		strcmp(next, "secondary") == 0);
	if (strncmp(arg, "--vdev=", 7) == 0)
		vdev = arg + 7;
	else if (strcmp(arg, "--vdev") == 0)
		vdev = next;
	if (vdev != NULL && strncmp(vdev, "net_tap", 7) == 0)
		args->tap = vdev;
	if (vdev != NULL && strncmp(vdev, "net_af_", 7) == 0)
		args->packet = vdev;
}

/* One core is used, so EAL need not start threads on the others. */
static void
add_cores(struct eal_args *args)
{
	cpu_set_t set;
	int cpu;

	if (args->has_cores || sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	for (cpu = 0; cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set); cpu++)
		;
	snprintf(args->cores, sizeof(args->cores), "-l%d", cpu);
	args->argv[args->argc++] = args->cores;
}

/* True where an argument gives an option, under this name or another; EAL takes some that exclude
 * one another, and the command line counts. */
static bool
same_option(const char *arg, const char *name)
{
	static const char *const groups[][7] = {
		{"-c", "-l", "--lcores", "-s", "-S", NULL},
		{"-m", "--socket-mem", "--legacy-mem", NULL},
		{"-a", "--allow", NULL},
		{"-b", "--block", NULL},
		{"-d", NULL},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(groups); i++)
		if (is_any_of(name, groups[i]))
			return is_any_of(arg, groups[i]);
	return is_option(arg, name);
}

/* The user has given it, so that the file's does not count. */
static bool
is_given(const struct eal_args *args, const char *option)
{
	int i;

	for (i = 1; i < args->nb_user; i++)
		if (same_option(args->user[i], option))
			return true;
	return false;
}

unsigned int
eal_args_line(const struct eal_args *args, const char *option)
{
	size_t dashes = strspn(option, "-");
	unsigned int i;

	for (i = 0; args->config != NULL && i < args->config->nb_entries; i++) {
		const struct config_entry *e = &args->config->entry[i];

		if (e->is_eal && strcmp(e->name, option + dashes) == 0 &&
			(strlen(e->name) == 1) == (dashes == 1) && strcmp(e->value, "no") != 0)
			return is_given(args, option) ? 0 : e->line;
	}
	return 0;
}

/* An entry of the file's section [eal], as an argument: name = yes is `--name`. */
static int
add_entry(struct eal_args *args, const struct config *config, const struct config_entry *e,
	char *err, size_t err_size)
{
	const struct option *o = options_find(e->name);
	char *text = args->text + args->nb_text;
	size_t room = sizeof(args->text) - args->nb_text;
	bool is_short = strlen(e->name) == 1;
	int n;

	if (o != NULL) {
		snprintf(err, err_size, "%.120s:%u: %s is an option of isla's: it belongs into the "
			"section [isla]", config->path, e->line, e->name);
		return -EINVAL;
	}
	if (strcmp(e->value, "no") == 0)
		return 0;
	n = snprintf(text, room, "%s%s", is_short ? "-" : "--", e->name);
	if (n > 0 && (size_t)n < room && is_given(args, text))
		return 0;
	if (strcmp(e->value, "yes") != 0)
		n = snprintf(text, room, "%s%s%s%s", is_short ? "-" : "--", e->name,
			is_short ? "" : "=", e->value);
	if (n < 0 || (size_t)n >= room || args->argc > EAL_ARGS_MAX - 8 - args->nb_user) {
		snprintf(err, err_size, "%.120s:%u: the section [eal] is too long", config->path,
			e->line);
		return -EINVAL;
	}
	args->nb_text += (size_t)n + 1;
	args->argv[args->argc++] = text;
	note(args, text, NULL);
	return 0;
}

static int
add_entries(struct eal_args *args, const struct config *config, char *err, size_t err_size)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; rc == 0 && i < config->nb_entries; i++)
		if (config->entry[i].is_eal)
			rc = add_entry(args, config, &config->entry[i], err, err_size);
	return rc;
}

void
eal_args_split(struct eal_args *args, int argc, char **argv)
{
	int end;

	memset(args, 0, sizeof(*args));
	for (end = 1; end < argc && strcmp(argv[end], "--") != 0; end++)
		;
	args->nb_user = RTE_MIN(end, argc);
	args->user = argv;
	args->rest = argv + RTE_MIN(end + 1, argc);
	args->nb_rest = RTE_MAX(argc - end - 1, 0);
}

/* The user's arguments are EAL's, and what matters of them is noted. */
static int
check_user(struct eal_args *args, char *err, size_t err_size)
{
	char **argv = args->user;
	const struct option *o;
	int i, end = args->nb_user;
	char name[64];

	if (end > EAL_ARGS_MAX - 8) {
		snprintf(err, err_size, "%d arguments are too many", end - 1);
		return -EINVAL;
	}
	for (i = 1; i < end; i++) {
		note(args, argv[i], i + 1 < end ? argv[i + 1] : NULL);
		if (strncmp(argv[i], "--", 2) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(argv[i] + 2, "="), argv[i] + 2);
		o = options_find(name);
		if (o == NULL || strcmp(name, "help") == 0 || strcmp(name, "version") == 0)
			continue;
		snprintf(err, err_size,
			"--%s is an option of isla's: it belongs behind a \"--\", as "
			"in isla [EAL options] -- --%s",
			name, name);
		return -EINVAL;
	}
	return 0;
}

/* What EAL refuses with a page of usage, or waits for in silence. */
static int
check_modes(const struct eal_args *args, char *err, size_t err_size)
{
	if (args->no_huge && args->in_memory) {
		snprintf(err, err_size, "--no-huge and --in-memory exclude each other: give "
			"--no-huge --no-shconf, or --in-memory with hugepages");
		return -EINVAL;
	}
	if (args->secondary) {
		snprintf(err, err_size, "--proc-type=secondary: isla has ports of its own and can "
			"only be a primary process; dpdk-proc-info and dpdk-dumpcap look into one "
			"that runs");
		return -EINVAL;
	}
	return 0;
}

int
eal_args_build(struct eal_args *args, const struct config *config, char *err, size_t err_size)
{
	int i;

	if (check_user(args, err, err_size) != 0)
		return -EINVAL;
	args->argv[args->argc++] = args->nb_user > 0 ? args->user[0] : quiet_eal;
	args->argv[args->argc++] = quiet_eal;
	args->argv[args->argc++] = quiet_tap;
	args->argv[args->argc++] = quiet_telemetry;
	args->config = config;
	if (config != NULL && add_entries(args, config, err, err_size) != 0)
		return -EINVAL;
	if (check_modes(args, err, err_size) != 0)
		return -EINVAL;
	if (!args->has_prefix)
		args->argv[args->argc++] = file_prefix;
	add_cores(args);
	/* Without hugepages EAL would take 64 MB; what is not used of it costs nothing. */
	if (args->no_huge && !args->has_memory) {
		snprintf(args->memory, sizeof(args->memory), "-m%s", NO_HUGE_MB);
		args->argv[args->argc++] = args->memory;
	}
	for (i = 1; i < args->nb_user; i++)
		args->argv[args->argc++] = args->user[i];
	return 0;
}

static uint64_t
read_number(const char *dir, const char *file)
{
	char path[512];
	uint64_t number = 0;
	FILE *f;

	snprintf(path, sizeof(path), HUGE_DIR "/%s/%s", dir, file);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%" SCNu64, &number) != 1)
		number = 0;
	fclose(f);
	return number;
}

/* Bytes of hugepages that are free or that the kernel would make; false where it does not say. */
static bool
huge_bytes(uint64_t *bytes)
{
	DIR *dir = opendir(HUGE_DIR);
	struct dirent *e;
	unsigned long kb;

	*bytes = 0;
	if (dir == NULL)
		return false;
	while ((e = readdir(dir)) != NULL) {
		uint64_t pages;

		if (sscanf(e->d_name, "hugepages-%lukB", &kb) != 1)
			continue;
		pages = read_number(e->d_name, "free_hugepages") +
			read_number(e->d_name, "nr_overcommit_hugepages") -
			read_number(e->d_name, "surplus_hugepages");
		*bytes += pages * kb * 1024;
	}
	closedir(dir);
	return true;
}

static int
check_huge(uint64_t want, char *err, size_t err_size)
{
	uint64_t have;

	if (!huge_bytes(&have) || have >= want)
		return 0;
	snprintf(err, err_size,
		"not enough hugepages: %" PRIu64 " MB are free, %" PRIu64 " MB are needed; reserve "
		"them (scripts/setup-hugepages.sh reserve %" PRIu64 ") or go without: "
		"--no-huge --no-shconf", have >> 20, want >> 20, want >> 20);
	return -ENOMEM;
}

/* The TAP's name among its device's arguments, or "dtap0", which is what the driver would take. */
static void
tap_name(const char *tap, char *name, size_t size)
{
	const char *iface = strstr(tap, ",iface=");

	if (iface == NULL)
		snprintf(name, size, "dtap0");
	else
		snprintf(name, size, "%.*s", (int)strcspn(iface + 7, ","), iface + 7);
}

/*
 * Try to open a queue of a TAP that may be there already. Returns 0, or -errno: -EINVAL where it is
 * something else, -EBUSY where somebody uses it.
 */
static int
try_tap(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_MULTI_QUEUE};
	bool is_there = if_nametoindex(name) != 0;
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), rc = 0;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.*s", IF_NAMESIZE - 1, name);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &ifr) != 0)
		rc = -errno;
	/* Nobody made it to last, so whoever made it is there. */
	else if (is_there && ioctl(fd, TUNGETIFF, &ifr) == 0 && (ifr.ifr_flags & IFF_PERSIST) == 0)
		rc = -EBUSY;
	close(fd);
	return rc;
}

static void
explain_tap(const char *name, int rc, char *err, size_t err_size)
{
	if (rc == -EINVAL)
		snprintf(err, err_size, "%s exists and is no TAP with multi_queue; choose another "
			"name, or make it by scripts/setup-tap.sh", name);
	else if (rc == -EBUSY)
		snprintf(err, err_size, "the TAP %s is in use by another program; choose another "
			"name", name);
	else if ((rc == -EPERM || rc == -EACCES) && if_nametoindex(name) != 0)
		snprintf(err, err_size, "the TAP %s is there, but its MTU and MAC cannot be set "
			"without CAP_NET_ADMIN; grant that (setpriv --ambient-caps=+net_admin "
			"--inh-caps=+net_admin), or run isla as root", name);
	else if (rc == -EPERM || rc == -EACCES)
		snprintf(err, err_size, "the TAP %s cannot be made without CAP_NET_ADMIN; run isla "
			"as root, or in a namespace of your own (unshare -Urn)", name);
	else if (rc == -ENOENT || rc == -ENXIO || rc == -ENODEV)
		snprintf(err, err_size, "the TAP %s cannot be made: /dev/net/tun: %s; load the "
			"kernel's module (modprobe tun)", name, strerror(-rc));
	else if (rc != 0)
		snprintf(err, err_size, "the TAP %s cannot be made: %s", name, strerror(-rc));
	else
		snprintf(err, err_size, "the TAP %s cannot be set up; "
			"--log-level=pmd.net.tap:debug tells more", name);
}

/* The driver makes a TAP named dtap0 of arguments of which it does not know one. */
int
eal_args_check_tap_keys(const char *tap, char *err, size_t err_size)
{
	static const char *const keys[] = {"iface", "remote", "mac", "persist"};
	const char *at = strchr(tap, ',');
	size_t i, n;

	while (at != NULL) {
		n = strcspn(++at, "=,");
		for (i = 0; i < RTE_DIM(keys); i++)
			if (strlen(keys[i]) == n && strncmp(at, keys[i], n) == 0)
				break;
		if (i == RTE_DIM(keys)) {
			snprintf(err, err_size, "--vdev=%.80s: '%.*s' is no argument of net_tap; "
				"give iface, remote, mac or persist, each with =VALUE", tap,
				(int)RTE_MIN(n, 32u), at);
			return -EINVAL;
		}
		at = strchr(at, ',');
	}
	return 0;
}

static int
check_tap(const char *tap, char *err, size_t err_size)
{
	char name[64];
	int fd, rc = 0;

	if (eal_args_check_tap_keys(tap, err, err_size) != 0)
		return -EINVAL;
	tap_name(tap, name, sizeof(name));
	if (strlen(name) == 0 || strlen(name) >= IF_NAMESIZE) {
		snprintf(err, err_size, "iface=%s: the name of an interface has 1 to %d characters",
			name, IF_NAMESIZE - 1);
		return -EINVAL;
	}
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		rc = -errno;
	else
		close(fd);
	if (rc == 0 && !eal_user_has_cap(CAP_NET_ADMIN))
		rc = -EPERM;
	if (rc == 0 && if_nametoindex(name) != 0)
		rc = try_tap(name);
	if (rc != 0)
		explain_tap(name, rc, err, err_size);
	return rc;
}

void
eal_args_explain_tap(const char *tap, char *err, size_t err_size)
{
	char name[64];

	tap_name(tap, name, sizeof(name));
	explain_tap(name, try_tap(name), err, err_size);
}

int
eal_args_check(const struct eal_args *args, uint64_t bytes, char *err, size_t err_size)
{
	int rc = 0;

	if (!args->no_huge)
		rc = check_huge(bytes, err, err_size);
	if (rc == 0 && !args->no_huge && !args->in_memory && !args->has_huge_dir)
		rc = eal_user_check_huge(err, err_size);
	if (rc == 0 && args->packet != NULL)
		rc = eal_user_check_vdev(args->packet, err, err_size);
	if (rc == 0 && args->tap != NULL)
		rc = check_tap(args->tap, err, err_size);
	return rc;
}
