/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DHCP_FILE_H
#define DHCP_FILE_H

/*
 * Leases in a file, as text: what a client had before a restart. One block of lines for each
 * interface, which begins with its MAC address; written anew as a whole, so that whoever reads it,
 * or comes back after a power cut, finds the old file or the new one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <isla_dhcp.h>
#include <isla_netif.h>

struct dhcp_file_entry {
	uint8_t mac[6];
	struct isla_dhcp_lease lease;
};

struct dhcp_file {
	unsigned int nb;
	struct dhcp_file_entry entry[ISLA_NETIF_MAX];
};

/* Read text; lines that make no sense spoil their block, which is left out. Returns how many lines
 * those were. */
unsigned int dhcp_file_parse(struct dhcp_file *file, FILE *in);

void dhcp_file_print(const struct dhcp_file *file, FILE *out);

/* Read it; one that is not there is empty, and one that holds anything else than leases is refused,
 * since it would be lost. Returns 0, or -errno with a clause in err. */
int dhcp_file_load(struct dhcp_file *file, const char *path, char *err, size_t err_size);

/* Write it. Returns 0, or -errno with a clause in err; then the old one is as it was. */
int dhcp_file_save(const struct dhcp_file *file, const char *path, char *err, size_t err_size);

/* The lease of an interface, or NULL. */
const struct isla_dhcp_lease *dhcp_file_find(const struct dhcp_file *file, const uint8_t mac[6]);

/* Set the lease of an interface; NULL: it has none any more. */
void dhcp_file_set(struct dhcp_file *file, const uint8_t mac[6],
	const struct isla_dhcp_lease *lease);

#endif /* DHCP_FILE_H */
