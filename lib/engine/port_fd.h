/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_FD_H
#define PORT_FD_H

/*
 * What can be waited for where a driver keeps its descriptors to itself: the sockets behind
 * net_af_packet and net_af_xdp are this process's own, and the kernel tells what they are.
 */

#include <stdint.h>

/*
 * The packet sockets with a receive ring that are bound to an interface, in the order of their
 * queues: ascending, as they were made. Returns how many there are; the first max of them are
 * written.
 */
unsigned int port_fd_packet(uint32_t if_index, int *fds, unsigned int max);

/* As port_fd_packet(), for all AF_XDP sockets of the process: which interface they are bound to is
 * not to be learnt. */
unsigned int port_fd_xdp(int *fds, unsigned int max);

#endif /* PORT_FD_H */
