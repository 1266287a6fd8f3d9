/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OWNER_FRAME_H
#define OWNER_FRAME_H

/*
 * What a frame says about whom it belongs to. Pure, and bounded: at most two VLAN tags, eight IPv6
 * extension headers, and one packet within another.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

enum owner_rule {
	OWNER_BY_POLLER, /* anybody may deal with it, or nobody can: whoever has it keeps it */
	OWNER_BY_ALL,    /* every shard is to hear of it */
	OWNER_BY_NUMBER, /* shard number % nb_shards */
	OWNER_BY_SRC,    /* by its source address */
	OWNER_BY_FLOW,   /* by its addresses and ports, as the mode says */
};

/* Addresses are in host byte order, as the hash wants them: 1 word of IPv4's, 4 of IPv6's. They and
 * the ports are set for OWNER_BY_SRC (source alone) and OWNER_BY_FLOW; the ports also by has_ports.
 */
struct owner_frame {
	uint8_t rule; /* enum owner_rule */
	bool is_v6;
	bool is_tcp;
	bool has_ports; /* they are set, whatever the rule is */
	bool is_quoted; /* of a packet of ours within an ICMP error: source is who it went to */
	uint16_t number;
	uint32_t ports; /* source << 16 | destination */
	uint32_t src[4];
	uint32_t dst[4];
};

/* Only the fields that the rule needs are set. The mbuf is read, chains and short first segments
 * are allowed. */
void owner_frame_parse(const struct rte_mbuf *m, struct owner_frame *f);

#endif /* OWNER_FRAME_H */
