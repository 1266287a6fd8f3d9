/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_H
#define SIM_H

/*
 * Two stacks joined by a link, on a virtual clock. The link has, in each direction, a delay, a
 * rate, a bounded queue, and loses, duplicates, reorders and corrupts frames; all of it comes from
 * one seed, so a run can be repeated exactly. sim_step() jumps to the next thing that happens.
 *
 *     sim = sim_create(&conf);
 *     ... listen, connect, send on sim->host[0].stack and sim->host[1].stack ...
 *     while (!done && sim_step(sim));
 *     CU_ASSERT_EQUAL(sim_free(sim), 0);
 *
 * A frame crosses as a copy in a fresh mbuf of the receiver's pool, cut into chained
 * segments where asked. With SIM_PCAP=FILE in the environment every frame that a stack sends
 * is written there, at the virtual time, lost ones included.
 *
 * A struct sim_host alone is a stack without a link, for a test that plays the peer (tcp_peer.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "heap_pool.h"
#include "isla_stack.h"

/* A stack with its pools, one interface, an IPv4 and an IPv6 address. */
struct sim_host {
	struct isla_stack *stack;
	struct rte_mempool *pool;     /* the port's and the stack's */
	struct rte_mempool *ref_pool; /* references to payload */
	uint8_t mac[6];
	struct isla_addr v4; /* 192.168.1.N */
	struct isla_addr v6; /* fd00::N */
};

struct sim_host_conf {
	uint8_t number;               /* N of the addresses, and the last byte of the MAC */
	uint16_t mtu;                 /* 0: 1500 */
	uint32_t pool_limit;          /* mbufs in each pool; 0: 65536 */
	struct isla_stack_conf stack; /* pools are filled in; so is a key that is 0 */
};

void sim_host_init(struct sim_host *host, const struct sim_host_conf *conf);

/* Returns the number of mbufs that did not come back. */
uint32_t sim_host_fini(struct sim_host *host);

/* A pseudo-random number; the same for the same state (splitmix64). */
uint64_t sim_rand(uint64_t *rng);

/* Ports leave the headers in one piece: the first segment has room for the largest. */
#define SIM_HEADERS (14 + 40 + 60)

/* A received frame; with rng not NULL cut into segments at random, the first one of at least that
 * many bytes. NULL where the pool is empty. */
struct rte_mbuf *sim_mbuf(struct rte_mempool *pool, const uint8_t *bytes, uint32_t len,
	uint32_t first, uint64_t *rng);

/* pcap files, readable by tshark. Each NULL-safe. */
struct sim_pcap *sim_pcap_open(const char *path);
void sim_pcap_write(struct sim_pcap *pcap, uint64_t now_us, const uint8_t *bytes, uint32_t len);
void sim_pcap_close(struct sim_pcap *pcap);

/* One direction of the link. Chances are in parts of a million. */
struct sim_dir {
	uint32_t delay_us;
	uint32_t jitter_us;   /* added at random, frames keep their order */
	uint64_t rate_bps;    /* 0: no limit */
	uint32_t queue_bytes; /* that wait for the link at most; 0: no bound */
	uint32_t mark_bytes;  /* an ECT frame that finds more of them waiting gets CE; 0: none */
	uint32_t loss_ppm;
	uint32_t dup_ppm;
	uint32_t reorder_ppm; /* such a frame comes up to reorder_us later */
	uint32_t reorder_us;
	uint32_t corrupt_ppm; /* such a frame has up to 8 adjacent bits flipped */
};

/* A frame as the tap sees it, when it leaves a stack. */
struct sim_frame {
	unsigned int from;
	uint64_t now_us;
	const uint8_t *bytes;
	uint32_t len;
};

struct sim;

/* False: the frame is lost. */
typedef bool sim_tap_fn(struct sim *sim, void *ctx, const struct sim_frame *frame);

struct sim_conf {
	uint64_t seed;
	struct sim_dir dir[2];        /* dir[i]: what host i sends */
	struct sim_host_conf host[2]; /* number is filled in */
	uint32_t split_first;         /* received frames come in chained segments, the first of
	                               * at least that many bytes; 0: each in one */
	bool spare_neigh;             /* ARP and neighbour discovery suffer no loss: a link so bad
	                               * that nobody answers is another test */
	sim_tap_fn *tap;
	void (*jump)(struct sim *sim, void *ctx, uint64_t to_us); /* the clock is about to go on by
	                               * more than SIM_JUMP_US: nothing happens until then */
	void *tap_ctx;                /* of both */
};

#define SIM_JUMP_US 20000

struct sim_stats {
	uint64_t nb_sent, nb_delivered, nb_lost, nb_queue_full, nb_duplicated, nb_reordered;
	uint64_t nb_corrupted, nb_no_mbuf, nb_marked;
};

struct sim {
	uint64_t now_us;
	struct sim_host host[2];
	struct sim_conf conf; /* dir may be changed during a run */
	struct sim_stats stats;
	uint64_t trace; /* a hash over every frame sent, and when */
	uint64_t rng;
	uint64_t busy_us[2]; /* until when each direction's link is sending */
	uint64_t last_us[2]; /* the latest ordered arrival */
	struct sim_flight *heap;
	uint32_t nb_flights, max_flights;
	uint64_t serial;
	uint64_t nb_steps;
	struct sim_pcap *pcap;
};

struct sim *sim_create(const struct sim_conf *conf);

/* Returns the number of mbufs that did not come back from the stacks and the tests. */
uint32_t sim_free(struct sim *sim);

/* Both stacks flush now: what the test queued between two steps is sent. */
void sim_flush(struct sim *sim);

/* Jump to the next arrival or timer and do it; false where nothing will ever happen. */
bool sim_step(struct sim *sim);

/* Step until done(ctx), for at most `for_us`; true if it was done in time. */
bool sim_run(struct sim *sim, bool (*done)(void *ctx), void *ctx, uint64_t for_us);

#endif /* SIM_H */
