/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHARDS_H
#define SHARDS_H

/*
 * What a shard's loop does beside its own where there are several: tell whose a frame is, hand it
 * over, take over, send for those that have no queue of a port. loop.c calls these, and only then.
 */

#include "worker.h"

/*
 * nb frames of interface i that a port has brought: hand over those of others. Returns how many are
 * left, the shard's own, in pkts from the first one on and in their order.
 */
uint16_t shards_sort(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb,
	uint64_t now_us);

/* Tell others of what was handed over to them, and put into the stack what others have handed over.
 * Returns how much that was. */
uint32_t shards_input(struct worker *w, uint64_t now_us);

/* Frames for interface i, of whose port the shard has no queue: to one that has. Returns how many
 * were taken. */
uint16_t shards_send(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb);

/* Send what others want sent by this shard's queues. Returns how many frames were sent. */
uint32_t shards_relay(struct worker *w, uint64_t now_us);

/* True where frames of others wait, received or to be sent. */
bool shards_have_waiting(const struct worker *w);

/* Rings between the shards, once all of them are made. Returns 0, or -errno with a line. */
int shards_init(struct isla_engine *e, struct fault *fault);
void shards_fini(struct isla_engine *e);

#endif /* SHARDS_H */
