/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WORKER_H
#define WORKER_H

/*
 * A shard: one stack, one queue of every port, one thread. worker.c makes it and runs it from the
 * first burst to the last; loop.c is what it does in between.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_cycles.h>

#include <isla_stack.h>

#include "backoff.h"
#include "clock.h"
#include "fault.h"
#include "fault_stage.h"
#include "handover.h"
#include "idle.h"
#include "isla_engine.h"
#include "mailbox.h"
#include "owner.h"
#include "pools.h"
#include "port.h"
#include "rx_intr.h"

/* Sending on one port. */
struct worker_tx {
	uint64_t stalled_since_us; /* the port has taken nothing since then; 0: it takes */
	uint64_t next_look_us;     /* when to look whether its link is down */
};

#define BURST_MAX 512
#define RELAY_MAX 256

/* What others want sent on one port. */
struct worker_relay {
	struct worker_tx tx;
	uint16_t nb;
	struct rte_mbuf *pkts[RELAY_MAX];
};

struct worker {
	/* What every round touches. */
	struct isla_stack *stack;
	struct clock clock;
	struct port *port;         /* the engine's; netif i of the stack is port[i] */
	uint16_t nb_ports;
	uint16_t queue;
	uint16_t burst;
	struct fault_stage *faults; /* NULL: the path is as it is */
	uint32_t ports_off;        /* bit i: port[i] is stopped: it is not to be touched */
	bool stalled;              /* in this round a port took none of what waited */
	struct owner_map *map;     /* whose a frame is, the engine's; NULL: there is one shard */
	uint64_t next_chore_us;
	struct mailbox mailbox;
	struct worker_tx tx[ISLA_ENGINE_PORT_MAX];
	struct isla_loop_stats stats; /* but for the steps, which backoff keeps */
	uint64_t tx_copied_bytes;
	struct backoff backoff;
	struct isla_hist rx_burst;
	struct isla_hist loop_busy;
	/* With other shards. */
	struct handover handover;
	struct owner_sweep sweep;
	struct worker_relay relay[ISLA_ENGINE_PORT_MAX];
	/* What it seldom touches. */
	struct idle idle;
	struct rx_intrs intrs;
	enum isla_engine_idle idle_mode;
	bool hears_all;            /* each queue that it polls has what ends a sleep */
	bool has_told_deaf;        /* that receive interrupts do not come */
	bool is_crowded;           /* it shares its CPU with other shards */
	bool is_done;              /* atomic: it has nothing left to end */
	uint64_t words_until_us;   /* last words: 0: not begun; UINT64_MAX: said */
	struct isla_engine_backoff backoff_conf;
	struct fault_stage *fault_stage; /* once a fault was set; faults is this, or NULL */
	struct pools pools;
	const uint32_t *nb_stops;  /* how often a stop was asked for */
	uintptr_t thread;          /* atomic: its pthread_t while it runs, else 0; see ctrl.h */
	struct isla_engine *engine;
	const struct isla_engine_conf *conf;
	uint16_t index;
	unsigned int lcore_id;
	int socket_id;             /* NUMA node of its memory, or -1 */
};

/* Pools and stack for a shard, on its own thread; ports are probed. Returns 0, or -errno with a
 * line in fault, having undone what it did. */
int worker_init(struct worker *w, const struct isla_engine_conf *conf, struct port *ports,
	struct fault *fault);

/* The ports are started: what the shard will sleep on. Returns 0, or -errno with a line. */
int worker_prepare(struct worker *w, struct fault *fault);

/* Run until a stop is asked for, then end the connections. */
void worker_run(struct worker *w);

/* Free the stack, then, once the ports are closed, the pools; returns the mbufs that are missing.
 */
void worker_free_stack(struct worker *w);
uint32_t worker_free_pools(struct worker *w);

/* From now on; on the shard's thread. */
void worker_set_backoff(struct worker *w, const struct isla_engine_backoff *backoff,
	enum isla_engine_idle idle);

/* fault_set.c: what is done to the frames of a direction, from now on; on the shard's thread.
 * Returns 0, -E2BIG or -ENOMEM. */
int worker_fault_set(struct worker *w, enum isla_fault_dir dir, const struct isla_fault *f);

/* The loop's counters, with those of its steps. */
void worker_get_stats(const struct worker *w, struct isla_loop_stats *stats);
/* what: ISLA_ENGINE_CLEAR_* */
void worker_clear_stats(struct worker *w, unsigned int what);

/* Add the histograms of the shard, its stack's included. */
void worker_add_hists(const struct worker *w, struct isla_hists *sum);

static inline uint64_t
worker_now_us(const struct worker *w)
{
	return clock_us(&w->clock, rte_rdtsc());
}

/* loop.c: one round at now_us. True where it brought frames or other work. mail, of mailbox_take(),
 * runs when all that the ports had is dealt with: what came before a request was posted has
 * happened. */
bool loop_round(struct worker *w, struct isla_engine_request *mail, uint64_t now_us);

/* worker.c, on the shard's thread: leave a port alone from now on, or use it (again). */
void worker_port_off(struct worker *w, uint16_t i);
/* Returns 0, or -errno: the shard cannot sleep on it. */
int worker_port_on(struct worker *w, uint16_t i);

static inline bool
worker_port_is_off(const struct worker *w, uint16_t i)
{
	return (w->ports_off >> i & 1) != 0;
}

/* loop.c: send frames on a port by the shard's queue; returns how many it took. */
uint16_t loop_tx_burst(struct worker *w, const struct port *port, struct rte_mbuf **pkts,
	uint16_t nb);

/* loop.c: the port of interface i took none of nb frames. Returns how many to drop, from the first.
 */
uint16_t loop_tx_stalled(struct worker *w, uint16_t i, struct worker_tx *tx, uint16_t nb,
	uint64_t now_us);

/* loop.c: until when a shard may sleep after a round that began at now_us. */
uint64_t loop_next_us(const struct worker *w, uint64_t now_us, uint64_t until_us);

/* loop.c: what to do after a round that began at now_us; nothing may be put off beyond until_us. */
void loop_rest(struct worker *w, bool worked, uint64_t now_us, uint64_t until_us);

#endif /* WORKER_H */
