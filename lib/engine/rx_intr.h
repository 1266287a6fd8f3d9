/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef RX_INTR_H
#define RX_INTR_H

/*
 * The receive interrupts that end a shard's sleep: those of its queue of each port whose driver has
 * them (network cards, virtio, vhost) instead of a descriptor that is readable while frames wait.
 * An interrupt is enabled only for the sleep, and tells only of frames that come after that: so
 * once they are armed the queues are looked at once more.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_engine.h"

/* A lost interrupt costs no more than this; nor does a link that came up in the sleep, whose driver
 * has forgotten that its interrupt was enabled. */
#define RX_INTR_LOOK_US  100000
/* So often frames were there and no interrupt told of them: none will. */
#define RX_INTR_LATE_MAX 8

/* What ethdev does; tests have others. As rte_eth_dev_rx_intr_*() and rte_epoll_wait(). */
struct rx_intr_ops {
	int (*enable)(uint16_t port_id, uint16_t queue);
	int (*disable)(uint16_t port_id, uint16_t queue);
	/* Have the queue's interrupt make epoll_fd readable, or not any more. */
	int (*add)(uint16_t port_id, uint16_t queue, int epoll_fd);
	int (*del)(uint16_t port_id, uint16_t queue, int epoll_fd);
	/* Take what has made epoll_fd readable; returns how many there were. */
	int (*take)(int epoll_fd);
};

extern const struct rx_intr_ops rx_intr_ethdev;

struct rx_intrs {
	const struct rx_intr_ops *ops;
	int epoll_fd;    /* readable after an interrupt; -1: there are none */
	bool is_armed;
	bool is_timed_out; /* the last sleep was ended by time */
	bool is_deaf;    /* atomic: they do not come, whatever the drivers say */
	uint16_t nb_late; /* frames that were found and not told, in a row */
	uint16_t nb;
	struct {
		uint16_t port_id;
		uint16_t queue;
	} queue[ISLA_ENGINE_PORT_MAX];
};

/* Whether the driver offers them on queues 0 to nb - 1 of a port that is started. */
bool rx_intr_is_offered(const struct rx_intr_ops *ops, uint16_t port_id, uint16_t nb);

void rx_intrs_init(struct rx_intrs *intrs, const struct rx_intr_ops *ops);
void rx_intrs_fini(struct rx_intrs *intrs);

/* The interrupt of a queue will end sleeps. Returns 0 or -errno. */
int rx_intrs_add(struct rx_intrs *intrs, uint16_t port_id, uint16_t queue);
/* As if it had not been added; also where it was not. */
void rx_intrs_del(struct rx_intrs *intrs, uint16_t port_id, uint16_t queue);
bool rx_intrs_has(const struct rx_intrs *intrs, uint16_t port_id, uint16_t queue);

/* Before a sleep: enable them all. Returns 0, or -errno, and then none is. */
int rx_intrs_arm(struct rx_intrs *intrs);
/* No sleep after all, or enough of it: disable them all. */
void rx_intrs_disarm(struct rx_intrs *intrs);

/* After a sleep, armed or not, which something has ended or the time: take what came, disable. */
void rx_intrs_slept(struct rx_intrs *intrs, bool by_time);
/* After the round that follows a sleep: whether it found frames. What time found and no interrupt
 * told is held against them. */
void rx_intrs_found(struct rx_intrs *intrs, bool frames);

#endif /* RX_INTR_H */
