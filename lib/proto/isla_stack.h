/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_STACK_H
#define ISLA_STACK_H

/**
 * @file
 * One shard's stack: frames go in, frames and events come out. It knows no port, no lcore and no
 * clock; whoever drives it says what time it is. With the same input it does the same thing.
 *
 * The order of an iteration, all from the shard's one thread:
 *
 *     isla_stack_input()    a burst of received frames, once for each interface
 *     isla_stack_flush()    timers, callbacks, one output pass for each connection with work
 *     isla_stack_output()   look at the frames to send, give them to the port,
 *     isla_stack_sent()     and say how many it took
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "isla_addr.h"
#include "isla_counter.h"
#include "isla_hist.h"
#include "isla_key.h"
#include "isla_mem.h"
#include "isla_netif.h"
#include "isla_pkt.h"
#include "isla_port.h"
#include "isla_ports.h"
#include "isla_tcp.h"
#include "isla_udp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most shards that share a set of addresses. */
#define ISLA_STACK_SHARD_MAX 16

/** One shard's stack. */
struct isla_stack;

/** How a stack is made. A field that is 0 takes the default in brackets. */
struct isla_stack_conf {
	/** Mbufs with a data room of at least 2048 bytes and ISLA_PKT_PRIV_SIZE private ones, for
	 * headers and replies. Required; not owned by the stack. */
	struct rte_mempool *pool;
	/** Mbufs for references to payload; they need no data room [pool]. */
	struct rte_mempool *ref_pool;
	struct isla_mem mem;       /**< where tables come from [isla_mem_libc] */
	int socket_id;             /**< NUMA node of the tables, -1: any */
	struct isla_key key;       /**< random bits that are new at each start, and secret */
	uint64_t now_us;           /**< the time at creation; never goes back */
	uint64_t wall_us;          /**< microseconds since 1970 (UTC) at now_us, for dates */
	uint32_t max_neigh;        /**< entries of the neighbour cache [4096] */
	uint32_t neigh_queue;      /**< packets that wait for one neighbour [64] */
	uint32_t reachable_us;     /**< a neighbour's REACHABLE time, RFC 4861 [30000000] */
	uint32_t max_routes;       /**< [64] */
	uint32_t max_udp_socks;    /**< [256] */
	uint32_t icmp_rate;        /**< ICMP errors a second, and echo replies a second [10000] */
	uint16_t shard;            /**< which of nb_shards: it says what ports are its own */
	uint16_t nb_shards;        /**< [1], at most ISLA_STACK_SHARD_MAX */
	/** What all of them have of ports; not owned by the stack, which it outlives [none: only its
	 * own slice's ports come back to a shard]. */
	struct isla_ports *ports;
	struct isla_tcp_conf tcp;
};

/**
 * Create a stack without interfaces.
 *
 * @return the stack; NULL with rte_errno EINVAL (no pool, its mbufs' private area is too small; no
 *         such shard) or ENOMEM
 */
struct isla_stack *isla_stack_create(const struct isla_stack_conf *conf);

/** Free it with all that it holds, and every mbuf that it kept; NULL is allowed. */
void isla_stack_free(struct isla_stack *stack);

/**
 * Add an interface.
 *
 * @return its index, from 0 on; -EINVAL (MAC or MTU), -ENOSPC
 */
int isla_stack_netif_add(struct isla_stack *stack, const struct isla_netif_conf *conf);

/**
 * Set an interface's MTU, as a DHCP server may tell it, for what is sent from now on; connections
 * keep to it, too. IPv6 has at least 1280 (RFC 8200, 5).
 *
 * @param mtu  576 to that of isla_stack_netif_add(); 0: that one
 * @return 0; -EINVAL
 */
int isla_stack_netif_set_mtu(struct isla_stack *stack, uint8_t netif, uint16_t mtu);

/**
 * Give an interface an address; its prefix becomes directly reachable.
 *
 * @return 0; -EINVAL (no such interface; not unicast), -EEXIST, -ENOSPC
 */
int isla_stack_addr_add(struct isla_stack *stack, uint8_t netif,
	const struct isla_prefix *prefix);

/**
 * Add a route. Connections go by it from now on where it is better than theirs.
 *
 * @param gateway  unspecified: the prefix is directly reachable
 * @return 0; -EINVAL, -EEXIST, -ENOSPC
 */
int isla_stack_route_add(struct isla_stack *stack, const struct isla_prefix *prefix,
	const struct isla_addr *gateway, uint8_t netif);

/**
 * Take an address away from an interface. Its connections are reset, and their programs hear
 * EADDRNOTAVAIL, as do the UDP sockets that are bound to it (isla_udp_error_fn). Listeners on it
 * and those sockets stay, for the case that it comes back. Not from a callback of TCP's.
 *
 * @return 0; -EINVAL (no such interface), -EADDRNOTAVAIL (not its address)
 */
int isla_stack_addr_del(struct isla_stack *stack, uint8_t netif, const struct isla_addr *addr);

/**
 * Take a route away. Connections that went by it go another way where there is one, and else
 * keep theirs.
 *
 * @return 0; -ESRCH (no route to that prefix over that interface that isla_stack_route_add() has
 *         added)
 */
int isla_stack_route_del(struct isla_stack *stack, const struct isla_prefix *prefix,
	uint8_t netif);

/** Process a burst of frames; every mbuf is taken. */
void isla_stack_input(struct isla_stack *stack, uint8_t netif, struct rte_mbuf **pkts,
	uint16_t nb_pkts, uint64_t now_us);

/**
 * Hear of ARP and neighbour discovery that another shard has received and answers: neighbours are
 * learnt, and what waited for them is sent, but nothing is answered and no arrival is counted. Any
 * other frame, and one that says nothing new, is freed. Every mbuf is taken; this shard must be the
 * only one that has it, since headers are stripped.
 */
void isla_stack_learn(struct isla_stack *stack, uint8_t netif, struct rte_mbuf **pkts,
	uint16_t nb_pkts, uint64_t now_us);

/** True where a TCP connection with these ends exists here, one in TIME-WAIT included. Listeners do
 * not count. */
bool isla_stack_knows(const struct isla_stack *stack, const struct isla_tcp_ends *ends);

/** Tell the time, before calls that are made neither within a callback nor right after a burst:
 * what they begin is timed from then on. */
void isla_stack_set_now(struct isla_stack *stack, uint64_t now_us);

/** Run timers and callbacks and produce frames. */
void isla_stack_flush(struct isla_stack *stack, uint64_t now_us);

/**
 * The frames that wait for an interface's port, oldest first.
 *
 * @param pkts  receives the address of an array that is valid until the next call on this stack
 * @return how many there are
 */
uint16_t isla_stack_output(struct isla_stack *stack, uint8_t netif, struct rte_mbuf ***pkts);

/** The port has taken the first nb_pkts of them. The rest stays. */
void isla_stack_sent(struct isla_stack *stack, uint8_t netif, uint16_t nb_pkts);

/** When isla_stack_flush() must be called next, frames or no frames: a time, or UINT64_MAX. Now or
 * earlier where work is left over. */
uint64_t isla_stack_next_us(const struct isla_stack *stack);

/** The wall clock was set: microseconds since 1970 (UTC) at now_us. */
void isla_stack_set_wall(struct isla_stack *stack, uint64_t wall_us, uint64_t now_us);

/** The wall clock, in microseconds since 1970 (UTC), at the last burst. */
uint64_t isla_stack_wall_us(const struct isla_stack *stack);

/** End every connection in good form; isla_stack_flush() must go on being called. */
void isla_stack_shutdown(struct isla_stack *stack);

/** Connections that still have something to send or to tell. TIME-WAIT does not count, nor does one
 * that the program has closed and whose FIN is acknowledged. */
uint32_t isla_stack_nb_conns(const struct isla_stack *stack);

struct isla_tcp *isla_stack_tcp(struct isla_stack *stack);
struct isla_udp *isla_stack_udp(struct isla_stack *stack);

/** A stack's timers, to be looked at. */
struct isla_stack_timers {
	uint32_t nb_armed;
	uint64_t next_us;  /**< until the wheel is looked at again, at most; UINT64_MAX: never */
};

/** The timers now. From the shard's thread. */
void isla_stack_get_timers(const struct isla_stack *stack, struct isla_stack_timers *timers);

/** What an interface has received that a network card should have completed. Any thread. */
void isla_stack_netif_odd(const struct isla_stack *stack, uint8_t netif,
	struct isla_netif_odd *odd);

/** Who else uses addresses of an interface's. Any thread. */
void isla_stack_netif_conflict(const struct isla_stack *stack, uint8_t netif,
	struct isla_netif_conflict *conflict);

/** The shard's counters, which live as long as the stack. Read from the shard's thread, or copied
 * in a request to it. */
const struct isla_stats *isla_stack_stats(const struct isla_stack *stack);

/** The shard's histograms; as isla_stack_stats(). */
const struct isla_hists *isla_stack_hists(const struct isla_stack *stack);

/** Parts of what a stack counts, for isla_stack_clear(). */
#define ISLA_STACK_CLEAR_COUNTERS 0x01u /**< isla_stats::counter, but for gauges (tcpCurrEstab) */
#define ISLA_STACK_CLEAR_DROPS    0x02u /**< isla_stats::drop */
#define ISLA_STACK_CLEAR_HISTS    0x04u /**< the histograms */

/** Set some of it to zero. From the shard's thread. @param what  ISLA_STACK_CLEAR_* */
void isla_stack_clear(struct isla_stack *stack, unsigned int what);

/** Set all of it to zero. */
void isla_stack_stats_clear(struct isla_stack *stack);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_STACK_H */
