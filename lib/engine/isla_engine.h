/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_ENGINE_H
#define ISLA_ENGINE_H

/**
 * @file
 * Runs Isla's stacks on DPDK's ports: it configures the ports with what their drivers need, makes
 * the mempools and one stack for each shard, drives the loop, sleeps when there is nothing to do,
 * and counts. A program brings its own services; see isla_tcp.h, isla_udp.h and isla_http.h.
 *
 * The order of calls, EAL being initialised:
 *
 *     isla_engine_conf_init(&conf), and set what matters
 *     engine = isla_engine_create(&conf, err, sizeof(err))
 *     isla_engine_addr_add(engine, port, &prefix), isla_engine_route_add() ...
 *     start services on isla_engine_stack(engine, shard) of every shard
 *     isla_engine_start(engine, err, sizeof(err))
 *     isla_engine_run(engine)             until isla_engine_stop(), then the connections are ended
 *     stop the services
 *     isla_engine_free(engine)            tells how many mbufs are missing: 0
 *
 * Which thread: isla_engine_create(), _start(), _run() and _free() are called from EAL's main
 * thread. While isla_engine_run() runs, each shard's stack belongs to its thread; the first shard's
 * is the one which called it. isla_engine_start() makes a further thread which is no shard, the
 * control thread: tick runs there, and what isla_engine_ctrl_post() brings. "From any thread that
 * is no shard" says that a call may be made at any time between isla_engine_create() and
 * isla_engine_free(), by several threads at once, also from tick and from EAL's main thread while
 * isla_engine_run() does not run: the call reaches into the shards by isla_engine_call(), and waits
 * for them. From a shard it would wait for itself, and returns -EDEADLK.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <isla_addr.h>
#include <isla_counter.h>
#include <isla_hist.h>
#include <isla_netif.h>
#include <isla_stack.h>

#include "isla_fault.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Ports that one engine drives. */
#define ISLA_ENGINE_PORT_MAX ISLA_NETIF_MAX

/** Shards of one engine, and so queues of a port. */
#define ISLA_ENGINE_SHARD_MAX 16

/** isla_engine_call(): every shard. */
#define ISLA_ENGINE_ALL_SHARDS UINT16_MAX

/** isla_engine_conf::tx_offloads: whatever the port does by itself and does rightly. */
#define ISLA_ENGINE_TX_OFFLOADS_AUTO UINT64_MAX

/** isla_engine_conf::rx_offloads: whatever the port does by itself, does rightly and is of use. */
#define ISLA_ENGINE_RX_OFFLOADS_AUTO UINT64_MAX

/** Enough for every message that a call here writes to its err. */
#define ISLA_ENGINE_ERR_SIZE 256

/** Ports, stacks and threads of one program. */
struct isla_engine;

/** What a shard does once spinning and yielding have brought nothing. */
enum isla_engine_idle {
	ISLA_ENGINE_IDLE_EPOLL, /**< wait for the ports' file descriptors and the next timer; where
				     a port has none: as SLEEP */
	ISLA_ENGINE_IDLE_SLEEP, /**< sleep for isla_engine_backoff::sleep_us at a time; frames
				     do not end that, requests and other shards do */
	ISLA_ENGINE_IDLE_POLL,  /**< nothing: poll for ever */
};

/** Three steps from a busy loop to an idle one. */
struct isla_engine_backoff {
	uint32_t spin_rounds;  /**< rounds without work that go on polling at once */
	uint32_t yield_rounds; /**< rounds after these that call sched_yield() in between */
	uint32_t sleep_us; /**< length of a sleep, 1 to 1000000; in a second of silence it grows to
	                        32 times that */
};

/** By what a flow's shard is chosen, where there are several. What a shard opens itself returns to
 * it in any case. */
enum isla_engine_shard_by {
	ISLA_ENGINE_SHARD_BY_2TUPLE,   /**< source address and source port */
	ISLA_ENGINE_SHARD_BY_4TUPLE,   /**< both addresses and both ports */
	ISLA_ENGINE_SHARD_BY_SRC_IP,   /**< source address */
	ISLA_ENGINE_SHARD_BY_PORT_RSS, /**< the port's own hash; where it gives none, as 4TUPLE */
};

/** Entries of the table from hash to shard. */
#define ISLA_ENGINE_RETA_LEN 128

/** One port and its interface. */
struct isla_engine_port {
	uint16_t port_id;      /**< ethdev's number of it */
	uint16_t mtu; /**< bytes of an IP packet, 1280 or more; 0: the driver's, usually 1500 */
	/** The stack's own MAC address. All zero: the port's, unless a kernel's interface has that
	 * one too (net_tap, net_af_packet); then one that is derived from the machine and the
	 * interface's name, the same at each start. */
	uint8_t mac[6];
	bool no_link_local;    /**< do not add the link-local IPv6 address of that MAC address */
};

/** How an engine is made; isla_engine_conf_init() fills in the defaults, given in brackets. */
struct isla_engine_conf {
	struct isla_engine_port port[ISLA_ENGINE_PORT_MAX];
	uint16_t nb_ports;     /**< the first ones of port[] [0] */
	/** Stacks, each with its own thread: the first on EAL's main lcore, the others on the next
	 * lcores of its set; 1 to ISLA_ENGINE_SHARD_MAX [1] */
	uint16_t nb_shards;
	enum isla_engine_shard_by shard_by; /**< [ISLA_ENGINE_SHARD_BY_2TUPLE] */
	/** Receive and transmit queues of a port: they come in pairs, so the fewer count, and a
	 * shard polls one pair of each port; shards beyond them are handed their frames by the
	 * others. 0: as many as there are shards, or as the driver has [0, 0] */
	uint16_t nb_rxq;
	uint16_t nb_txq;
	uint16_t nb_rxd;       /**< receive descriptors of a queue; 0: what suits the driver [0] */
	uint16_t nb_txd;       /**< transmit descriptors of a queue; 0: what suits the driver [0] */
	uint16_t burst;        /**< frames that are received or sent at once, 1 to 512 [32] */
	uint16_t mbuf_size;    /**< data room of an mbuf, headroom included, 2048 or more [2176] */
	uint32_t nb_mbufs;     /**< mbufs of a shard [32768] */
	uint32_t nb_refs;      /**< mbufs without data room of a shard, for references [65536] */
	bool rx_cksum;         /**< the port must be able to verify checksums, and does [false] */
	bool no_lsc;           /**< do not ask for link state interrupts [false] */
	/** RTE_ETH_TX_OFFLOAD_* to use, of those that isla_engine_create() finds usable
	 * [ISLA_ENGINE_TX_OFFLOADS_AUTO] */
	uint64_t tx_offloads;
	/** RTE_ETH_RX_OFFLOAD_* to use, as tx_offloads [ISLA_ENGINE_RX_OFFLOADS_AUTO] */
	uint64_t rx_offloads;
	enum isla_engine_idle idle;         /**< [ISLA_ENGINE_IDLE_EPOLL] */
	struct isla_engine_backoff backoff; /**< [100, 400, 50] */
	uint32_t stop_us;      /**< how long connections may take to end at a stop [2000000] */
	/** Called every tick_us from the control thread, from isla_engine_start() to the end of
	 * isla_engine_run(); NULL: never. No shard waits for it; what it wants of one goes by
	 * isla_engine_call(). */
	void (*tick)(struct isla_engine *engine, void *ctx);
	void *tick_ctx;
	uint64_t tick_us;      /**< [1000000] */
	/** Last words at a stop: called on shard 0, round by round, once the connections of all
	 * shards have ended or stop_us has passed, until it returns false or 200 ms are over. NULL:
	 * none. The stack goes on receiving and sending in between. */
	bool (*last_words)(struct isla_engine *engine, struct isla_stack *stack, void *ctx);
	void *last_words_ctx;
	/** A port's link is back, or the port was started again: what is behind it may be another
	 * network. Called from the control thread, within a second, or by whoever calls
	 * isla_engine_port_start(), to the end of isla_engine_run(); NULL: never. It may call what
	 * tick() may. */
	void (*link_up)(struct isla_engine *engine, uint16_t port_id, void *ctx);
	void *link_up_ctx;
	struct isla_fault fault[ISLA_FAULT_DIRS]; /**< a bad path on purpose [none] */
	uint64_t fault_seed;   /**< which frames that meets follows from it [1] */
	/** Of the stacks. The engine sets the pools, mem, socket_id and the times; the key too
	 * (from getrandom(2)) where it is all zero. */
	struct isla_stack_conf stack;
};

/** What a shard's loop did in one of its states. */
struct isla_loop_step {
	uint64_t nb_rounds;
	uint64_t time_us;
};

/** What frames go from shard to shard: X(field, name, description). All are 0 where there is one
 * shard. The share of frames that are handed over is (nb_out - nb_copies) / nb_polled. */
#define ISLA_HANDOVER_LIST(X)                                                                      \
	X(nb_polled, "handoverPolled", "frames received by polling ports")                         \
	X(nb_out, "handoverOut", "frames handed to other shards, copies among them")               \
	X(nb_out_bursts, "handoverBursts", "bursts of those")                                      \
	X(nb_copies, "handoverCopies", "copies of neighbour packets, for every other shard")       \
	X(nb_passed_on, "handoverPassedOn", "frames of a moved entry, passed on to its new owner") \
	X(nb_in, "handoverIn", "frames taken over from other shards")                              \
	X(nb_tx_out, "handoverTxOut", "frames given to the shard that has a queue to send by")     \
	X(nb_tx_in, "handoverTxIn", "frames to be sent for shards without a queue")                \
	X(nb_doorbells, "handoverDoorbells", "other shards that were woken")                       \
	X(nb_full, "handoverDropFull", "dropped: the owner's ring was full")                       \
	X(nb_no_copy, "handoverDropNoMbuf", "copies not made, for want of an mbuf")                \
	X(nb_tx_full, "handoverTxFull", "times that frames had to wait: the ring was full")

/** Frames from shard to shard. */
struct isla_handover_stats {
#define ISLA_HANDOVER_FIELD(field, name, desc) uint64_t field;
	ISLA_HANDOVER_LIST(ISLA_HANDOVER_FIELD)
#undef ISLA_HANDOVER_FIELD
};

/** What a shard's loop has counted. */
struct isla_loop_stats {
	struct isla_loop_step busy;  /**< rounds with frames or other work */
	struct isla_loop_step spin;  /**< without, polling on at once */
	struct isla_loop_step yield; /**< without, after sched_yield() */
	struct isla_loop_step sleep; /**< asleep, in epoll_wait() or in ppoll() */
	uint64_t nb_wakeups;         /**< sleeps that a frame or a stop ended, not the time */
	uint64_t nb_rx_bursts;       /**< bursts that brought a frame */
	uint64_t nb_tx_bursts;
	uint64_t nb_tx_stalls;       /**< rounds in which a port took none of what waited */
	uint64_t nb_tx_dropped; /**< frames dropped: the link was down, or the port took none */
	uint64_t nb_tx_linearized;   /**< frames copied into one segment, which the driver needs */
	struct isla_handover_stats handover;
};

/** One port's ethdev statistics. */
struct isla_port_stats {
	uint16_t port_id;
	uint64_t ipackets;
	uint64_t opackets;
	uint64_t ibytes;
	uint64_t obytes;
	uint64_t imissed;
	uint64_t ierrors;
	uint64_t oerrors;
	uint64_t rx_nombuf;
	uint64_t nb_link_downs;  /**< how often its link was seen to go down */
	uint64_t nb_gone;        /**< how often the interface behind it was deleted */
};

/** One shard's counters; a plain value. See isla_engine_get_shard_stats(). */
struct isla_shard_stats {
	uint64_t time_us;             /**< when they were read, on the shard's clock */
	uint16_t shard;
	uint32_t nb_conns;            /**< isla_stack_nb_conns() */
	struct isla_stats stack;
	struct isla_loop_stats loop;
	struct isla_hists hists;
	struct isla_fault_stats fault[ISLA_FAULT_DIRS]; /**< of all ports together */
};

/** A snapshot of all counters; a plain value. */
struct isla_engine_stats {
	uint64_t time_us;             /**< when it was taken, on the first shard's clock */
	struct isla_stats stack;      /**< of all shards together */
	struct isla_loop_stats loop;  /**< of all shards together */
	struct isla_hists hists;      /**< of all shards together */
	struct isla_fault_stats fault[ISLA_FAULT_DIRS]; /**< of all shards and ports together */
	uint16_t nb_ports;
	struct isla_port_stats port[ISLA_ENGINE_PORT_MAX];
};

/**
 * A request into a shard: a function that runs there, between two bursts. Embedded in what it is
 * about; the caller sets run. See isla_engine_post() and isla_engine_ctrl_post().
 */
struct isla_engine_request {
	/** On the shard's thread, or, stack being NULL, on the control thread. The request is the
	 * caller's again: it may be posted or freed. */
	void (*run)(struct isla_stack *stack, struct isla_engine_request *req);
	struct isla_engine_request *next; /**< the engine's own */
};

/** What a shard is; see isla_engine_shard_info(). */
struct isla_engine_shard_info {
	uint16_t shard;
	unsigned int lcore_id;
	int socket_id;           /**< NUMA node of its memory, or -1 */
	uint16_t nb_queues;      /**< pairs of queues that it polls, of all ports together */
	bool is_crowded;         /**< it shares its CPUs with more shards than they are: it never spins */
	bool hears_all;          /**< a frame ends its sleep, of whatever queue that it polls */
	enum isla_engine_idle idle;
	struct isla_engine_backoff backoff; /**< as it was set */
};

/** NUMA nodes that isla_engine_numa_info() tells of. */
#define ISLA_NUMA_NODE_MAX 16

/** A node of the machine. */
struct isla_numa_node {
	int node;
	uint16_t nb_cpus;
	uint64_t size_bytes;
	uint64_t free_bytes;
};

/** Where a shard runs and has its memory; -1: it does not matter, or is not known. */
struct isla_numa_shard {
	int node;               /**< of the CPUs of its lcore */
	int mem_node;           /**< of its mbufs */
	uint32_t far_ports;     /**< bit i: the i-th of conf's ports is on another node */
};

/** What is where; see isla_engine_numa_info(). */
struct isla_numa_info {
	uint16_t nb_nodes;      /**< 0: the machine has none */
	uint16_t nb_shards;
	uint16_t nb_ports;
	struct isla_numa_node node[ISLA_NUMA_NODE_MAX];
	struct isla_numa_shard shard[ISLA_ENGINE_SHARD_MAX];
	int port_node[ISLA_ENGINE_PORT_MAX]; /**< of the i-th of conf's ports, or -1 */
};

/** What a port is doing. */
enum isla_engine_port_state {
	ISLA_ENGINE_PORT_STOPPED, /**< not started yet, or stopped */
	ISLA_ENGINE_PORT_STARTED,
	ISLA_ENGINE_PORT_GONE,    /**< the kernel's interface behind it was deleted:
				       isla_engine_port_start() makes the port anew */
};

/** How a port ends the sleep of a shard that has nothing to do; see ISLA_ENGINE_IDLE_EPOLL. */
enum isla_engine_wakes {
	ISLA_ENGINE_WAKES_NOT,     /**< its shards sleep for a while, and look */
	ISLA_ENGINE_WAKES_BY_FD,   /**< a descriptor is readable while frames wait */
	ISLA_ENGINE_WAKES_BY_INTR, /**< receive interrupts of the driver's */
	ISLA_ENGINE_WAKES_NEEDLESS, /**< a file: what it has is there at once */
};

/** What became of a port; see isla_engine_port_info(). */
struct isla_engine_port_info {
	uint16_t port_id;
	char name[64];           /**< the kernel's interface where there is one, or the device */
	char driver[32];
	uint8_t mac[6];          /**< the stack's own */
	uint16_t mtu;
	uint16_t nb_queues;      /**< pairs of a receive and a transmit queue */
	uint16_t nb_rxd;
	uint16_t nb_txd;
	uint32_t if_index;       /**< the kernel's interface, or 0 */
	uint32_t offloads;       /**< ISLA_NETIF_* */
	enum isla_engine_wakes wakes; /**< while it is started, or was */
	bool segments;           /**< it cuts up TCP segments that are merged for it */
	bool linearizes;         /**< chains are copied into one mbuf before they are sent */
	int socket_id;           /**< NUMA node, or -1 */
	enum isla_engine_port_state state;
	bool link_up;            /**< at the last look: while it is started, once a second */
	uint32_t link_mbps;      /**< the link's speed; 0: unknown */
};

/** Set all fields to their defaults. */
void isla_engine_conf_init(struct isla_engine_conf *conf);

/**
 * Configure the ports, make mempools and stacks.
 *
 * @param err       receives one line without a newline that names the cause and the way out
 * @param err_size  ISLA_ENGINE_ERR_SIZE suffices
 * @return the engine; NULL with rte_errno EINVAL (a setting), ENODEV (no such port), ENOMEM, or
 * what the driver returned
 */
struct isla_engine *isla_engine_create(const struct isla_engine_conf *conf, char *err,
	size_t err_size);

/**
 * Give a port's interface an address, on every shard. From any thread that is no shard.
 *
 * @return 0; -ENODEV (not one of the engine's ports), -EDEADLK (from a shard), or as
 *         isla_stack_addr_add()
 */
int isla_engine_addr_add(struct isla_engine *engine, uint16_t port_id,
	const struct isla_prefix *prefix);

/**
 * Add a route over a port's interface, on every shard; as isla_engine_addr_add().
 *
 * @return 0; -ENODEV, -EDEADLK, or as isla_stack_route_add()
 */
int isla_engine_route_add(struct isla_engine *engine, uint16_t port_id,
	const struct isla_prefix *prefix, const struct isla_addr *gateway);

/**
 * Take an address away, on every shard, also where one of them does not have it; as
 * isla_engine_addr_add().
 *
 * @return 0; -ENODEV, -EDEADLK, or as isla_stack_addr_del()
 */
int isla_engine_addr_del(struct isla_engine *engine, uint16_t port_id,
	const struct isla_addr *addr);

/**
 * Take a route away, as isla_engine_addr_del().
 *
 * @return 0; -ENODEV, -EDEADLK, or as isla_stack_route_del()
 */
int isla_engine_route_del(struct isla_engine *engine, uint16_t port_id,
	const struct isla_prefix *prefix);

/** Shards, and so stacks, of the engine. */
uint16_t isla_engine_nb_shards(const struct isla_engine *engine);

/** A shard's stack, NULL where there is no such shard. It lives as long as the engine. To be used
 * before isla_engine_run(), after it, or in a request that runs on the shard. */
struct isla_stack *isla_engine_stack(struct isla_engine *engine, uint16_t shard);

/** What is known about a shard. From any thread that is no shard, and from that shard. Returns 0,
 * -EINVAL (there is no such shard), or -EDEADLK. */
int isla_engine_shard_info(struct isla_engine *engine, uint16_t shard,
	struct isla_engine_shard_info *info);

/** Which NUMA nodes there are, and which of them shards and ports are on. From any thread. */
void isla_engine_numa_info(const struct isla_engine *engine, struct isla_numa_info *info);

/** What is known about the i-th of conf's ports. From any thread. Returns 0, or -ENODEV. */
int isla_engine_port_info(const struct isla_engine *engine, uint16_t i,
	struct isla_engine_port_info *info);

/**
 * Where a shard's pair of queues of the i-th of conf's ports is. A port may be several devices of
 * ethdev's that have joined one interface (net_tap with more than 4 shards), the first of which has
 * the port's number: whoever asks ethdev about queues asks the one that has them. Shards with
 * queues are the first isla_engine_port_info::nb_queues ones, and those of one device follow each
 * other. It stays so until the port is made anew by isla_engine_port_start(). From any thread.
 *
 * @param dev_id  receives ethdev's number of the device
 * @param queue   receives the queues' number there
 * @return 0; -ENODEV (no such port), -EINVAL (the shard has no queue of it)
 */
int isla_engine_port_queue(const struct isla_engine *engine, uint16_t i, uint16_t shard,
	uint16_t *dev_id, uint16_t *queue);

/**
 * Start the ports, from now on frames may arrive, and the control thread. isla_engine_run() should
 * follow soon.
 *
 * @return 0, or what the driver returned, or -errno, with a line in err
 */
int isla_engine_start(struct isla_engine *engine, char *err, size_t err_size);

/**
 * Stop a port at run time: each shard leaves it alone first, then its driver is stopped. What waits
 * for it, and what is sent to it from now on, is dropped and counted (nb_tx_dropped). Connections
 * live on, as over any link that is down. From any thread that is no shard, once
 * isla_engine_start() has returned.
 *
 * @param err  receives one line that names the cause
 * @return 0; -ENODEV (not one of the engine's ports), -EALREADY (it is stopped, or gone), -EAGAIN
 *         (isla_engine_start() has not been called), -EDEADLK (from a shard)
 */
int isla_engine_port_stop(struct isla_engine *engine, uint16_t port_id, char *err,
	size_t err_size);

/**
 * Start a port that was stopped, as isla_engine_port_stop(). One whose interface was deleted
 * (ISLA_ENGINE_PORT_GONE) is made anew from its device arguments, with the settings it had; a TAP's
 * kernel side then has lost its addresses.
 *
 * @return 0, or as isla_engine_port_stop() (-EALREADY: it is started), or what the driver returned;
 *         then it is stopped, and may be started again
 */
int isla_engine_port_start(struct isla_engine *engine, uint16_t port_id, char *err,
	size_t err_size);

/** Set the statistics of one port to zero. As isla_engine_port_stop(); 0, -ENODEV or -EDEADLK. */
int isla_engine_port_clear_stats(struct isla_engine *engine, uint16_t port_id);

/** What isla_engine_port_call() runs. */
typedef int isla_engine_port_fn(void *arg);

/**
 * Run a function of the program's that asks ethdev about a port, or changes what the engine does not,
 * such as its link (rte_eth_xstats_get(), rte_eth_dev_set_link_up()): ethdev leaves it to its callers
 * that one thread at a time does so, and the engine's control thread looks after ports, too. While
 * the function runs no port of the engine's is set up, started, stopped, watched or asked by the
 * engine; what shards receive and send goes on. It runs in the calling thread, should be short, and
 * must neither wait for a shard nor call functions of the engine's. From any thread.
 *
 * @return what the function returned; -ENODEV (not one of the engine's ports: it did not run)
 */
int isla_engine_port_call(const struct isla_engine *engine, uint16_t port_id,
	isla_engine_port_fn *fn, void *arg);

/**
 * Run the shards until isla_engine_stop(); then end all connections in good form, for at most
 * isla_engine_conf::stop_us, and stop the ports. A second isla_engine_stop() cuts that short.
 * Call it once.
 *
 * @return 0; or, where a shard could not be begun, -EBUSY (somebody else has its lcore) or what
 *         rte_eal_remote_launch() returned: then those that could be have been stopped at once
 */
int isla_engine_run(struct isla_engine *engine);

/** Ask isla_engine_run() to return. Async-signal-safe; from any thread. */
void isla_engine_stop(struct isla_engine *engine);

/**
 * Let a function run on a shard, between two bursts: requests run in the order in which they were
 * posted, with the stack's clock set, and a shard that sleeps wakes up. From any thread, the
 * shard's own included, once isla_engine_start() has returned. Without a lock and without memory.
 * What is posted before isla_engine_run() runs when it begins; what has not run when
 * it returns never does, and is the caller's again then.
 *
 * @param req  must not be waiting already
 * @return 0, or -EINVAL: there is no such shard
 */
int isla_engine_post(struct isla_engine *engine, uint16_t shard, struct isla_engine_request *req);

/**
 * Let a function run on a shard, between two bursts and with the stack's clock set, and wait until
 * it has. Before isla_engine_run() and after it the caller runs it himself, one caller at a time.
 * From any thread that is no shard; from the shard itself it is called at once.
 * A shard that sleeps wakes up, however it sleeps.
 * fn must not wait for another thread that calls.
 *
 * @param shard  ISLA_ENGINE_ALL_SHARDS: on every shard in turn; or, where it returns an error, on
 *               none
 * @return 0; -EINVAL (no such shard), -EDEADLK (from another shard, or from one of several for all)
 */
int isla_engine_call(struct isla_engine *engine, uint16_t shard,
	void (*fn)(struct isla_stack *stack, void *arg), void *arg);

/**
 * Let a request run on the control thread, its stack being NULL: how a shard has something done
 * that takes a call into every shard. From any thread, shards included, without a lock and without
 * memory. What is posted before isla_engine_start() runs when it has made the thread; what has not
 * run when isla_engine_free() ends it never does, and is the caller's again then.
 *
 * @param req  must not be waiting already
 * @return 0
 */
int isla_engine_ctrl_post(struct isla_engine *engine, struct isla_engine_request *req);

/**
 * Free the stacks, close the ports and free the mempools; every service must have been stopped.
 *
 * @return mbufs that did not come back to their pools: 0 unless somebody leaks or still holds some,
 *         in which case their pools stay. 0 for NULL
 */
uint32_t isla_engine_free(struct isla_engine *engine);

/**
 * Change what is done to the frames of one direction, on every port and shard: from the next frame
 * on, while those that wait keep their time. From any thread that is no shard.
 *
 * @param fault  all zero: nothing
 * @param err    receives one line that says what is not possible, and why
 * @return 0; -EINVAL (a value), -E2BIG (limit_pkts: more than a fourth of the mbufs), -ENOMEM,
 *         -EDEADLK (from a shard); then nothing has changed
 */
int isla_engine_fault_set(struct isla_engine *engine, enum isla_fault_dir dir,
	const struct isla_fault *fault, char *err, size_t err_size);

/**
 * Change how a shard goes from busy to idle, from its next round on. From any thread that is no
 * shard. Before isla_engine_run(), too.
 *
 * @param shard  ISLA_ENGINE_ALL_SHARDS: every one
 * @param err    receives one line that says what is not possible
 * @return 0; -EINVAL (no such shard; a sleep of no time or of more than a second), -EDEADLK
 */
int isla_engine_backoff_set(struct isla_engine *engine, uint16_t shard,
	const struct isla_engine_backoff *backoff, char *err, size_t err_size);

/** What a shard does once spinning and yielding have brought nothing; as isla_engine_backoff_set().
 */
int isla_engine_idle_set(struct isla_engine *engine, uint16_t shard, enum isla_engine_idle idle,
	char *err, size_t err_size);

/** What was last set, or configured. As isla_engine_shard_info(). */
int isla_engine_backoff_get(struct isla_engine *engine, uint16_t shard,
	struct isla_engine_backoff *backoff);
int isla_engine_idle_get(struct isla_engine *engine, uint16_t shard, enum isla_engine_idle *idle);

/**
 * Give an entry of the table to a shard: new flows whose hash ends in it are that shard's at once,
 * while connections of the entry stay where they are until they end. Any thread.
 *
 * @param idx  below ISLA_ENGINE_RETA_LEN
 * @return 0, or -EINVAL: there is no such entry or shard
 */
int isla_engine_reta_set(struct isla_engine *engine, uint16_t idx, uint16_t shard);

/**
 * Let what comes to a local port of TCP and UDP be a shard's, whatever flow it is of: where a
 * program listens, or connects from a port of its choice, on one shard only. To be called before
 * that; it stays so. Connections of that port which another shard has are not heard any more. Any
 * thread, shards included.
 *
 * @return 0; -EINVAL (there is no such shard), -EADDRINUSE (another shard listens on that port or
 *         has it bound)
 */
int isla_engine_pin_port(struct isla_engine *engine, uint16_t port, uint16_t shard);

/**
 * Whose an entry is. Any thread.
 *
 * @param older  receives a bit for each shard that had it and may still have connections of it
 * @return 0, or -EINVAL: there is no such entry
 */
int isla_engine_reta_get(const struct isla_engine *engine, uint16_t idx, uint16_t *shard,
	uint16_t *older);

/** What was last set, or configured. From any thread that is no shard. Returns 0, or -EDEADLK. */
int isla_engine_fault_get(struct isla_engine *engine, enum isla_fault_dir dir,
	struct isla_fault *fault);

/**
 * Take a snapshot of all shards, one after the other: of each it is what the shard had counted
 * between two bursts. From any thread that is no shard; from the one shard there is, too.
 *
 * @return 0, or -EDEADLK (from one shard of several)
 */
int isla_engine_get_stats(struct isla_engine *engine, struct isla_engine_stats *stats);

/** The same of one shard. From any thread that is no shard, and from that shard. Returns 0, -EINVAL
 * (no such shard), or -EDEADLK. */
int isla_engine_get_shard_stats(struct isla_engine *engine, uint16_t shard,
	struct isla_shard_stats *stats);

/** Parts of what is counted, for isla_engine_clear(). */
#define ISLA_ENGINE_CLEAR_COUNTERS ISLA_STACK_CLEAR_COUNTERS /**< but for gauges */
#define ISLA_ENGINE_CLEAR_DROPS    ISLA_STACK_CLEAR_DROPS
#define ISLA_ENGINE_CLEAR_HISTS    ISLA_STACK_CLEAR_HISTS
#define ISLA_ENGINE_CLEAR_LOOP     0x10u /**< isla_loop_stats */
#define ISLA_ENGINE_CLEAR_FAULTS   0x20u /**< isla_fault_stats, but for what waits */
#define ISLA_ENGINE_CLEAR_PORTS    0x40u /**< isla_port_stats, where it is for all shards */
#define ISLA_ENGINE_CLEAR_ALL      0x77u

/**
 * Set a part of what a shard has counted to zero. From any thread that is no shard.
 *
 * @param shard  ISLA_ENGINE_ALL_SHARDS: of every one
 * @param what   ISLA_ENGINE_CLEAR_*
 * @return 0; -EINVAL (no such shard), -EDEADLK (from a shard)
 */
int isla_engine_clear(struct isla_engine *engine, uint16_t shard, unsigned int what);

/** Set all counters to zero, gauges excepted; as isla_engine_get_stats(). */
int isla_engine_clear_stats(struct isla_engine *engine);

/**
 * Print one port's statistics in testpmd's manner. Pure; any thread.
 *
 * @param prev   what they were dt_us before, from which rates are computed
 */
void isla_engine_print_port(FILE *out, const struct isla_port_stats *stats,
	const struct isla_port_stats *prev, uint64_t dt_us);

/**
 * Print a table of the histograms that have a value, by some of their quantiles; one line where none
 * has. Pure; any thread.
 */
void isla_engine_print_hists(FILE *out, const struct isla_hists *hists);

/**
 * Print a snapshot: the ports in testpmd's manner, then the counters and drop reasons that are not
 * zero, then the loop. Pure; any thread.
 *
 * @param prev  an earlier snapshot, from which rates are computed; NULL: since the start
 */
void isla_engine_print_stats(FILE *out, const struct isla_engine_stats *stats,
	const struct isla_engine_stats *prev);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_ENGINE_H */
