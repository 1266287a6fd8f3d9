/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets of this process, by family: descriptors are looked through from the lowest to the
 * highest that is open.
 */

#include <dirent.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "port_fd.h"

/* The highest descriptor that is open, or -1. */
static int
highest_fd(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;
	int highest = -1;

	if (dir == NULL)
		return -1;
	while ((e = readdir(dir)) != NULL) {
		int fd = atoi(e->d_name);

		if (fd > highest && e->d_name[0] != '.')
			highest = fd;
	}
	closedir(dir);
	return highest;
}

static bool
is_of_family(int fd, int family)
{
	int domain;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == family;
}

/* Bound to the interface, with rings of the version that the driver sets. A socket that somebody
 * else listens with (libpcap's, say) has another version or none. */
static bool
is_packet_queue(int fd, uint32_t if_index)
{
	struct sockaddr_ll addr;
	socklen_t addr_size = sizeof(addr), size;
	int version, fanout;

	if (!is_of_family(fd, AF_PACKET))
		return false;
	memset(&addr, 0, sizeof(addr));
	if (getsockname(fd, (struct sockaddr *)&addr, &addr_size) != 0 ||
		addr.sll_ifindex != (int)if_index)
		return false;
	size = sizeof(version);
	if (getsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, &size) != 0 ||
		version != TPACKET_V2)
		return false;
	size = sizeof(fanout);
	return getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, &size) == 0 && fanout != 0;
}

static unsigned int
collect(int family, uint32_t if_index, int *fds, unsigned int max)
{
	int fd, highest = highest_fd();
	unsigned int nb = 0;

	for (fd = 0; fd <= highest; fd++) {
		if (family == AF_PACKET ? !is_packet_queue(fd, if_index) :
			!is_of_family(fd, family))
			continue;
		if (nb < max)
			fds[nb] = fd;
		nb++;
	}
	return nb;
}

unsigned int
port_fd_packet(uint32_t if_index, int *fds, unsigned int max)
{
	return collect(AF_PACKET, if_index, fds, max);
}

unsigned int
port_fd_xdp(int *fds, unsigned int max)
{
	return collect(AF_XDP, 0, fds, max);
}
