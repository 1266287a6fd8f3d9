/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PEER_ICMP_H
#define PEER_ICMP_H

/* ICMP errors about what the stack has sent to the scripted peer of tcp_peer.h. */

#include "tcp_peer.h"

struct icmp_type {
	uint8_t type;
	uint8_t code;
};

/* From the peer about a frame, as much of which is quoted as a router would; rest is the second
 * word of the message, the MTU for instance. */
void icmp_about(const struct peer_frame *f, struct icmp_type v4, struct icmp_type v6,
	uint32_t rest);

/* About the frame that was looked at last. */
void icmp_about_last(struct icmp_type v4, struct icmp_type v6);

/* The frame that was looked at last is larger than that MTU. */
void icmp_too_big(uint32_t mtu);

#endif /* PEER_ICMP_H */
