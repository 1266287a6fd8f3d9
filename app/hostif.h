/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOSTIF_H
#define HOSTIF_H

/* The kernel's side of a TAP: its addresses and whether it is up, in the namespace that we run in.
 */

#include <isla_addr.h>

/* Add an address to an interface. Returns 0 or -errno; -EEXIST where it has it already. */
int hostif_addr_add(const char *ifname, const struct isla_prefix *prefix);

/* Bring an interface up. Returns 0 or -errno. */
int hostif_up(const char *ifname);

#endif /* HOSTIF_H */
