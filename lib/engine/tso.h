/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TSO_H
#define TSO_H

/*
 * Segmentation by the port: consecutive segments of a connection, each made and accounted for by
 * itself, become one frame just before the port takes it, which cuts it up again. TCP knows nothing
 * of it, so nothing of it can go wrong there; what is saved is the port's work for each frame.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

struct tso_conf {
	uint16_t max_segs; /* mbufs of a frame that the port takes */
	bool ip_cksum;     /* it writes the IPv4 header's checksum */
};

/*
 * Merge what can be merged of nb frames in the order in which they are to leave. Returns how many
 * are left: they stand at the end of pkts, in pkts[nb - left] and behind it.
 */
uint16_t tso_merge(const struct tso_conf *conf, struct rte_mbuf **pkts, uint16_t nb);

#endif /* TSO_H */
