/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAULT_STAGE_H
#define FAULT_STAGE_H

/*
 * The fault stage of a shard, between its ports and its stack; isla_fault.h says what it does to a
 * frame. Each port has a lane for either direction, with queue, rate and random numbers of its own.
 * It is told the time, so it does the same thing with the same input and the same seed.
 *
 * Memory is taken when a fault is set, none on the packet path but the mbufs of copies. At most
 * isla_fault::limit_pkts frames wait in a lane, and FAULT_READY_MAX that the port has not taken.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <isla_mem.h>

#include "isla_fault.h"

#define FAULT_READY_MAX 256

struct fault_slot {
	uint64_t due_us;
	struct rte_mbuf *m;
};

/* Frames in the order in which they leave; size is a power of two, or 0. */
struct fault_fifo {
	struct fault_slot *slot;
	uint32_t size;
	uint32_t head;
	uint32_t tail;
	uint64_t last_due_us; /* of the frame that came last: nobody behind it is due earlier */
};

struct fault_lane {
	struct isla_fault fault; /* with limit and hold filled in */
	bool is_off;
	bool in_burst;           /* of losses */
	uint32_t enter_ppb;      /* chances to enter and to leave one */
	uint32_t leave_ppb;
	uint64_t random;
	uint64_t free_ns;        /* when the last bit of the last frame has left, by the rate */
	uint64_t rate_rest;      /* what the division left over */
	struct fault_fifo line;  /* frames that keep their order */
	struct fault_fifo held;  /* frames that are held back, to be overtaken */
	uint16_t ready_head;     /* frames that have left the lane for a port and wait for it */
	uint16_t ready_tail;
	struct rte_mbuf *ready[FAULT_READY_MAX];
};

struct fault_stage {
	uint16_t nb_ports;
	uint32_t limit_max;      /* the most frames that may wait in a lane */
	int socket_id;
	struct rte_mempool *pool; /* for copies */
	struct isla_mem mem;
	struct isla_fault_stats stats[ISLA_FAULT_DIRS]; /* but for nb_waiting */
	struct fault_lane *lane[ISLA_FAULT_DIRS];       /* nb_ports of each */
};

struct fault_stage_conf {
	uint16_t nb_ports;
	uint32_t limit_max;
	int socket_id;
	struct rte_mempool *pool;
	struct isla_mem mem;
	uint64_t seed;
};

/* All off. NULL where there is no memory. */
struct fault_stage *fault_stage_create(const struct fault_stage_conf *conf);

/* With the frames in it. NULL is allowed. */
void fault_stage_free(struct fault_stage *s);

/*
 * Change what happens in a direction, from the next frame on; those that wait keep their time.
 * Returns 0, -E2BIG (limit_pkts is more than limit_max), -ENOMEM; then nothing has changed.
 */
int fault_stage_set(struct fault_stage *s, enum isla_fault_dir dir, const struct isla_fault *fault);

/* A lane that does nothing and holds nothing; frames may pass beside it. */
static inline bool
fault_stage_is_idle(const struct fault_stage *s, enum isla_fault_dir dir, uint16_t port)
{
	const struct fault_lane *lane = &s->lane[dir][port];

	return lane->is_off && lane->line.head == lane->line.tail &&
		lane->held.head == lane->held.tail && lane->ready_head == lane->ready_tail;
}

/*
 * nb received frames of pkts go in, and those that are due come out into pkts, at most max of them.
 * Returns their number.
 */
uint16_t fault_stage_rx(struct fault_stage *s, uint16_t port, struct rte_mbuf **pkts, uint16_t nb,
	uint16_t max, uint64_t now_us);

/* nb frames to be sent go in. */
void fault_stage_tx(struct fault_stage *s, uint16_t port, struct rte_mbuf **pkts, uint16_t nb,
	uint64_t now_us);

/* The frames that are due for the port, oldest first; valid until the next call. */
uint16_t fault_stage_output(struct fault_stage *s, uint16_t port, struct rte_mbuf ***pkts,
	uint64_t now_us);

/* The port has taken the first nb of them. */
void fault_stage_sent(struct fault_stage *s, uint16_t port, uint16_t nb);

/* Free what waits in a lane, but for those that fault_stage_output() has shown. */
void fault_stage_flush(struct fault_stage *s, enum isla_fault_dir dir, uint16_t port);

/* When the next frame is due; UINT64_MAX: none waits. */
uint64_t fault_stage_next_us(const struct fault_stage *s);

/* True where frames wait on their way out. */
bool fault_stage_has_output(const struct fault_stage *s);

/* True where all is off and nothing waits. */
bool fault_stage_is_done(const struct fault_stage *s);

void fault_stage_get_stats(const struct fault_stage *s, enum isla_fault_dir dir,
	struct isla_fault_stats *stats);
void fault_stage_clear_stats(struct fault_stage *s);

#endif /* FAULT_STAGE_H */
