/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EAL_USER_H
#define EAL_USER_H

/*
 * What EAL and its drivers need of the user who runs them: looked at before EAL, which would fail
 * without saying what is missing.
 */

#include <stdbool.h>
#include <stddef.h>

/* True where the process has a capability of <linux/capability.h> in effect. */
bool eal_user_has_cap(unsigned int cap);

/*
 * Whether a device's driver may do what it must. args: of a --vdev. Returns 0, or -EPERM with a
 * line in err that names what is missing.
 */
int eal_user_check_vdev(const char *args, char *err, size_t err_size);

/* Whether hugepages can be taken from a file system. Returns 0, or -EACCES or -ENODEV with a line.
 */
int eal_user_check_huge(char *err, size_t err_size);

/*
 * The directory for EAL's run-time files, telemetry's socket among them. Where EAL would take one
 * that this user cannot write to, as the root of a user namespace of his own or beside others in
 * /tmp, it is told another by RUNTIME_DIRECTORY, and a line in `said` tells the user; else that is
 * empty.
 */
void eal_user_runtime_dir(char *said, size_t said_size);

/* The same with other places than /var/run and /tmp, for tests. */
void eal_user_runtime_dir_of(const char *run, const char *tmp, bool is_root, char *said,
	size_t said_size);

#endif /* EAL_USER_H */
