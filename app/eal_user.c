/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ordinary user's rights, as EAL and its drivers need them; see eal_user.h.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_common.h>

#include "eal_user.h"

#define HOW "run isla as root, or in a namespace of your own (unshare -Urn)"

bool
eal_user_has_cap(unsigned int cap)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) != 0)
		return true;
	return (data[cap / 32].effective & (1u << cap % 32)) != 0;
}

int
eal_user_check_vdev(const char *args, char *err, size_t err_size)
{
	static const struct {
		const char *driver;
		unsigned int cap;
		const char *name;
	} needs[] = {
		{"net_af_packet", CAP_NET_RAW, "CAP_NET_RAW"},
		{"net_af_packet", CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{"net_af_xdp", CAP_NET_RAW, "CAP_NET_RAW"},
		{"net_af_xdp", CAP_NET_ADMIN, "CAP_NET_ADMIN"},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(needs); i++) {
		if (strncmp(args, needs[i].driver, strlen(needs[i].driver)) != 0 ||
			eal_user_has_cap(needs[i].cap))
			continue;
		snprintf(err, err_size, "%.*s needs %s; " HOW, (int)strcspn(args, ","), args,
			needs[i].name);
		return -EPERM;
	}
	return 0;
}

int
eal_user_check_huge(char *err, size_t err_size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char buf[1024], dir[256] = "";
	struct mntent m;
	int rc = -ENODEV;

	/* Who cannot see mounts may have them all the same. */
	if (mounts == NULL)
		return 0;
	while (rc != 0 && getmntent_r(mounts, &m, buf, sizeof(buf)) != NULL) {
		if (strcmp(m.mnt_type, "hugetlbfs") != 0)
			continue;
		rc = faccessat(AT_FDCWD, m.mnt_dir, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : -EACCES;
		snprintf(dir, sizeof(dir), "%s", m.mnt_dir);
	}
	endmntent(mounts);
	if (rc == -EACCES)
		snprintf(err, err_size, "this user cannot take hugepages from %.100s; let him write "
			"there, or take EAL's --in-memory, or --no-huge --no-shconf", dir);
	else if (rc != 0)
		snprintf(err, err_size, "no file system of hugepages is mounted; mount one "
			"(hugetlbfs), or take EAL's --in-memory, or --no-huge --no-shconf");
	return rc;
}

/* ---- the directory for run-time files ---- */

static bool
is_writable(const char *dir)
{
	return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0;
}

/* EAL makes `dpdk` in it, and a directory for its prefix in that. */
static bool
is_usable(const char *base)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/dpdk", base);
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) && is_writable(path);
	return is_writable(base);
}

/* The user's number outside of his user namespace; in it everybody may be number 0. */
static unsigned long
outer_uid(void)
{
	unsigned long inner, outer, nb, uid = geteuid();
	FILE *map = fopen("/proc/self/uid_map", "re");

	while (map != NULL && fscanf(map, "%lu %lu %lu", &inner, &outer, &nb) == 3) {
		if (uid >= inner && uid - inner < nb) {
			uid = outer + uid - inner;
			break;
		}
	}
	if (map != NULL)
		fclose(map);
	return uid;
}

/* A directory of our own in one that everybody may write to: it must be ours, and nobody else's. */
static bool
make_own(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return false;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
		(st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void
eal_user_runtime_dir_of(const char *run, const char *tmp, bool is_root, char *said,
	size_t said_size)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	const char *base = is_root ? run : xdg != NULL ? xdg : tmp;
	char own[256];

	said[0] = '\0';
	if (getenv("RUNTIME_DIRECTORY") != NULL || is_usable(base))
		return;
	if (xdg != NULL && xdg != base && is_usable(xdg)) {
		snprintf(own, sizeof(own), "%s", xdg);
	} else {
		snprintf(own, sizeof(own), "%s/isla-%lu", tmp, outer_uid());
		if (!make_own(own))
			return;
	}
	setenv("RUNTIME_DIRECTORY", own, 1);
	snprintf(said, said_size, "%s/dpdk cannot be written, so EAL's files are in %s: "
		"RUNTIME_DIRECTORY=%s dpdk-telemetry.py finds them", base, own, own);
}

void
eal_user_runtime_dir(char *said, size_t said_size)
{
	/* As EAL looks at it. */
	eal_user_runtime_dir_of("/var/run", "/tmp", getuid() == 0, said, said_size);
}
