/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINK_ENV_H
#define LINK_ENV_H

/*
 * A link room with one interface, a clock to turn, and both its ends in the test's hands: frames
 * that go in, packets that are handed up, frames that come out.
 *
 * The interface is 02:00:00:00:00:02 with 192.168.1.2/24, fe80::ff:fe00:2/64 and 2001:db8::2/64.
 * The peer of the tests is 02:00:00:00:00:01 with .1, ::ff:fe00:1 and ::1.
 */

#include <stdbool.h>
#include <stdint.h>

#include "heap_pool.h"
#include "link.h"
#include "neigh.h"
#include "suite.h"

#define LINK_ENV_UP_MAX 64

/* 6 bytes of a frame. */
#define OUR_MAC   0x02, 0x00, 0x00, 0x00, 0x00, 0x02
#define PEER_MAC  0x02, 0x00, 0x00, 0x00, 0x00, 0x01
#define OTHER_MAC 0x02, 0x00, 0x00, 0x00, 0x00, 0x03
#define BCAST_MAC 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

struct link_env {
	struct core core;
	struct link link;
	struct rte_mempool *pool;
	/* what was handed up */
	unsigned int nb_up;
	struct rte_mbuf *up[LINK_ENV_UP_MAX];
	bool up_is_v6[LINK_ENV_UP_MAX];
};

/* The one environment of a suite: setup and teardown of suite_run(). The cache has 8 entries, 3
 * packets may wait for one neighbour, 12 for all; REACHABLE is 30 s, retransmission 1 s. */
extern struct link_env *env;

void link_env_setup(void);

/* Frees all that is left, and checks that every mbuf came back. */
void link_env_teardown(void);

/* A new link room, with a cache of another size. */
void link_env_resize(uint32_t max_neigh, uint32_t neigh_queue);

/* An mbuf that holds these bytes; split after `first` bytes where that is less than n. */
struct rte_mbuf *link_env_pkt(const void *bytes, uint32_t n, uint32_t first);

/* A frame comes in: as isla_stack_input() does it. */
enum isla_drop link_env_input(const void *frame, uint32_t n);

/* Time passes, and timers fire. */
void link_env_run(uint64_t us);

/* An IPv4 or IPv6 packet to a next hop (text): 20 or 40 bytes of header, from `src`, and one that
 * is its number. */
struct rte_mbuf *link_env_ip(const char *src, const char *dst, uint8_t number);
enum isla_drop link_env_send(const char *next_hop, uint8_t number, uint16_t *hint);

/* The oldest frame that waits for the port, or NULL. The caller frees it. */
struct rte_mbuf *link_env_pop(void);

/* Frames that wait for the port. */
unsigned int link_env_nb_out(void);

/* Throw away what waits for the port. */
void link_env_clear_out(void);

/* True where the oldest frame is this one, byte by byte; it is freed. */
bool link_env_out_is(const void *frame, uint32_t n);

/* True where the oldest frame is link_env_send()'s packet with this number, to this MAC; freed. */
bool link_env_out_is_pkt(const uint8_t mac[6], uint8_t number);

/* The peer's ARP reply to us, as it answers a request. */
enum isla_drop link_env_arp_reply(const uint8_t sha[6], const char *sip);

struct isla_addr link_env_addr(const char *text);

/* The state of an entry; NEIGH_FREE where there is none. */
enum neigh_state link_env_state(const char *addr);

uint64_t link_env_count(enum isla_counter c);
uint64_t link_env_drops(enum isla_drop drop);

#endif /* LINK_ENV_H */
