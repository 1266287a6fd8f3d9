/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_H
#define PORT_H

/*
 * One ethdev port: probe it, choose its settings by what it offers and by its driver's quirks, set
 * up its queues, start, stop and close it.
 *
 *   port_probe()  port_setup()  port_start()  ...  port_stop()  port_close()
 *                               port_watch()       (port_start() again)
 *   port_renew()  where the interface behind it was deleted
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "fault.h"
#include "isla_engine.h"
#include "port_quirks.h"
#include "tso.h"

/* RTE_ETH_TX_OFFLOAD_* that a stack has a use for. */
#define PORT_TX_OFFLOADS                                                                           \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |                            \
		RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO |                        \
		RTE_ETH_TX_OFFLOAD_MULTI_SEGS)

/* RTE_ETH_RX_OFFLOAD_* likewise. */
#define PORT_RX_OFFLOADS                                                                           \
	(RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_RSS_HASH)

#define PORT_RSS_KEY_LEN 40
#define PORT_DEVS_MAX    4

enum port_state {
	PORT_NONE,
	PORT_PROBED,
	PORT_CONFIGURED, /* must be closed */
	PORT_STARTED,
};

struct port {
	uint16_t id;
	enum port_state state;
	const struct port_quirks *quirks;
	char name[64];   /* the kernel's interface, or the device */
	char driver[32];
	struct rte_ether_addr mac; /* the stack's own */
	bool own_mac;    /* it differs from the port's */
	uint32_t if_index;
	uint16_t mtu;
	bool set_mtu;    /* asked for, so the driver must be told */
	uint16_t nb_rxd;
	uint16_t nb_txd;
	uint64_t rx_offloads;
	uint64_t tx_offloads;
	uint32_t netif_offloads; /* ISLA_NETIF_* */
	uint64_t rss_hf; /* the port spreads flows over its queues by these; 0: not */
	uint16_t reta_size;
	uint8_t rss_key_len;
	/* What it hashes with: set by the engine before port_setup(); NULL: the driver's own. */
	const uint8_t *rss_key;
	bool keeps_mbufs; /* closing it does not give its queues' mbufs back */
	bool tso;        /* segments are merged for it */
	struct tso_conf tso_conf;
	bool linearize;  /* the driver cannot send chains */
	bool is_file;    /* what there is to receive is there at once: nobody needs to be woken */
	bool want_rx_fd;
	bool want_rx_intr; /* ask the driver for receive interrupts, which it may refuse */
	bool has_rx_intr;  /* once started: each queue's can be enabled; see rx_intr.h */
	bool lsc;
	int socket_id;
	uint16_t nb_queues; /* pairs of them: shard q polls receive queue q, and sends to queue q */
	/* Where its queues are: of the device with the port's number, and of others that have joined
	 * its interface; see port_devs.c. */
	struct {
		uint16_t id;
		uint16_t queue;
	} q[ISLA_ENGINE_SHARD_MAX];
	uint16_t nb_devs;
	uint16_t nb_dev_queues; /* pairs of queues that one device can have */
	uint16_t dev[PORT_DEVS_MAX];
	/* Of each receive queue, once started: readable while frames wait; or -1. */
	int rx_fd[ISLA_ENGINE_SHARD_MAX];
	struct rte_mempool *pool[ISLA_ENGINE_SHARD_MAX]; /* of each receive queue, once set up */
	/* What the device was made from, to make it anew. */
	char bus[16];
	char dev_name[RTE_DEV_NAME_MAX_LEN];
	char dev_args[1024];
	/* Written by whoever has the engine's administration, read by anybody. */
	bool is_gone;    /* the interface behind it was deleted */
	bool is_link_up;
	bool came_up;    /* its link has been down, and nobody was told that it is back */
	uint32_t nb_conflicts; /* of its addresses with others', when that was told last */
	uint32_t conflict_looks; /* until it may be told again */
	bool has_told_odd; /* that the other end leaves to a card what it should do itself */
	uint32_t link_mbps;
	uint64_t nb_link_downs;
	uint64_t nb_gone;
	struct rte_eth_stats last;   /* when it was stopped: some drivers forget them then */
	struct rte_eth_stats before; /* of the devices it was before it was made anew */
	/* Set from EAL's interrupt thread, read by the loop: the link is known to be down. */
	bool link_down;
	/* Likewise, read and cleared by port_watch(): it was down since, if only for a moment. */
	bool link_was_down;
};

/* Look at a port and choose its settings. Returns 0, or -errno with a line in fault. */
int port_probe(struct port *port, const struct isla_engine_port *want,
	const struct isla_engine_conf *conf, struct fault *fault);

/* Two ports must not be the same interface of the kernel's; as port_probe(). */
int port_differs(const struct port *port, const struct port *other, struct fault *fault);

/* Configure it and set up its nb_queues pairs of queues; receive queue q fills mbufs of pools[q].
 * As port_probe(). */
int port_setup(struct port *port, struct rte_mempool *const *pools, struct fault *fault);

/* port_devs.c: whether further devices can bring further queues. */
bool port_devs_can_join(const struct port *port);
/* Make those that are missing for nb_queues, which port_devs_del() removes. As port_probe(). */
int port_devs_add(struct port *port, struct fault *fault);
void port_devs_del(struct port *port);
/* How many pairs of queues device d is to have. */
uint16_t port_devs_queues(const struct port *port, uint16_t d);
/* All or none. Returns 0 or -errno; so does what they have counted together. */
int port_devs_start(const struct port *port);
void port_devs_stop(const struct port *port);
int port_devs_stats(const struct port *port, struct rte_eth_stats *sum);
void port_stats_add(struct rte_eth_stats *sum, const struct rte_eth_stats *s);

/* Have the port's own table send entry i of nb to queue[i]; it is spread over the port's size.
 * Between port_setup() and port_close(). Returns 0 or -errno: -ENOTSUP where the port has none. */
int port_set_reta(struct port *port, const uint16_t *queue, uint16_t nb);

int port_start(struct port *port, struct fault *fault);
void port_stop(struct port *port);
/* Gives every mbuf of the queues back. */
void port_close(struct port *port);

/* What its driver has counted, devices that it was before included. */
void port_stats(const struct port *port, struct rte_eth_stats *stats);
void port_clear_stats(struct port *port);

/* Look at the link of a port that is started: its changes are told and counted. False: the
 * interface behind it is gone, which is counted, too. */
bool port_watch(struct port *port);

/* How to have the kernel at the other end of a virtual link send whole frames: "ethtool ...". */
void port_peer_cure(const struct port *port, char *buf, size_t size);

/* Make the device of a port that is gone anew, and set it up as port_setup(). */
int port_renew(struct port *port, struct rte_mempool *const *pools, struct fault *fault);

/* Whether frames can leave; costs a system call with some drivers. */
bool port_link_is_up(struct port *port);

/*
 * One segment instead of a chain. Returns m itself, or a copy of it, m being freed; NULL where no
 * mbuf is free: m stays as it was. copied is raised by the bytes that were copied.
 */
struct rte_mbuf *port_linearize(struct rte_mbuf *m, struct rte_mempool *pool, uint64_t *copied);

#endif /* PORT_H */
