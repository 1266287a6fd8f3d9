/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive interrupts. They come by an epoll set of their own, which EAL fills and reads, since how
 * an event is taken depends on the kind of interrupt; the shard sleeps on that set's descriptor.
 */

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <rte_epoll.h>
#include <rte_ethdev.h>

#include "rx_intr.h"

static int
ethdev_enable(uint16_t port_id, uint16_t queue)
{
	return rte_eth_dev_rx_intr_enable(port_id, queue);
}

static int
ethdev_disable(uint16_t port_id, uint16_t queue)
{
	return rte_eth_dev_rx_intr_disable(port_id, queue);
}

static int
ethdev_add(uint16_t port_id, uint16_t queue, int epoll_fd)
{
	return rte_eth_dev_rx_intr_ctl_q(port_id, queue, epoll_fd, RTE_INTR_EVENT_ADD, NULL);
}

static int
ethdev_del(uint16_t port_id, uint16_t queue, int epoll_fd)
{
	return rte_eth_dev_rx_intr_ctl_q(port_id, queue, epoll_fd, RTE_INTR_EVENT_DEL, NULL);
}

static int
ethdev_take(int epoll_fd)
{
	struct rte_epoll_event ev[ISLA_ENGINE_PORT_MAX];

	return rte_epoll_wait(epoll_fd, ev, ISLA_ENGINE_PORT_MAX, 0);
}

const struct rx_intr_ops rx_intr_ethdev = {
	.enable = ethdev_enable,
	.disable = ethdev_disable,
	.add = ethdev_add,
	.del = ethdev_del,
	.take = ethdev_take,
};

bool
rx_intr_is_offered(const struct rx_intr_ops *ops, uint16_t port_id, uint16_t nb)
{
	uint16_t q;

	for (q = 0; q < nb; q++)
		if (ops->enable(port_id, q) != 0 || ops->disable(port_id, q) != 0)
			return false;
	return nb > 0;
}

void
rx_intrs_init(struct rx_intrs *intrs, const struct rx_intr_ops *ops)
{
	*intrs = (struct rx_intrs){.ops = ops, .epoll_fd = -1};
}

void
rx_intrs_fini(struct rx_intrs *intrs)
{
	if (intrs->epoll_fd >= 0)
		close(intrs->epoll_fd);
	intrs->epoll_fd = -1;
	intrs->nb = 0;
}

static int
find(const struct rx_intrs *intrs, uint16_t port_id, uint16_t queue)
{
	int i;

	for (i = 0; i < intrs->nb; i++)
		if (intrs->queue[i].port_id == port_id && intrs->queue[i].queue == queue)
			return i;
	return -1;
}

bool
rx_intrs_has(const struct rx_intrs *intrs, uint16_t port_id, uint16_t queue)
{
	return find(intrs, port_id, queue) >= 0;
}

int
rx_intrs_add(struct rx_intrs *intrs, uint16_t port_id, uint16_t queue)
{
	int rc;

	if (intrs->nb == ISLA_ENGINE_PORT_MAX)
		return -ENOSPC;
	if (intrs->epoll_fd < 0)
		intrs->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (intrs->epoll_fd < 0)
		return -errno;
	rc = intrs->ops->add(port_id, queue, intrs->epoll_fd);
	if (rc != 0)
		return rc;
	intrs->queue[intrs->nb].port_id = port_id;
	intrs->queue[intrs->nb].queue = queue;
	intrs->nb++;
	/* This one may keep its word. */
	intrs->nb_late = 0;
	__atomic_store_n(&intrs->is_deaf, false, __ATOMIC_RELAXED);
	return 0;
}

void
rx_intrs_del(struct rx_intrs *intrs, uint16_t port_id, uint16_t queue)
{
	int i = find(intrs, port_id, queue);

	if (i < 0)
		return;
	rx_intrs_disarm(intrs);
	intrs->ops->del(port_id, queue, intrs->epoll_fd);
	intrs->queue[i] = intrs->queue[--intrs->nb];
}

static void
disable(struct rx_intrs *intrs, uint16_t nb)
{
	while (nb-- > 0)
		intrs->ops->disable(intrs->queue[nb].port_id, intrs->queue[nb].queue);
	intrs->is_armed = false;
}

int
rx_intrs_arm(struct rx_intrs *intrs)
{
	uint16_t i;
	int rc;

	for (i = 0; i < intrs->nb; i++) {
		rc = intrs->ops->enable(intrs->queue[i].port_id, intrs->queue[i].queue);
		if (rc == 0)
			continue;
		disable(intrs, i);
		return rc;
	}
	intrs->is_armed = true;
	return 0;
}

void
rx_intrs_disarm(struct rx_intrs *intrs)
{
	if (intrs->is_armed)
		disable(intrs, intrs->nb);
}

void
rx_intrs_slept(struct rx_intrs *intrs, bool by_time)
{
	rx_intrs_disarm(intrs);
	/* Also what came late and unasked for: else it would end all sleeps to come. */
	if (intrs->ops->take(intrs->epoll_fd) > 0)
		intrs->nb_late = 0;
	else
		intrs->is_timed_out = by_time;
}

void
rx_intrs_found(struct rx_intrs *intrs, bool frames)
{
	if (frames && intrs->is_timed_out && ++intrs->nb_late >= RX_INTR_LATE_MAX)
		__atomic_store_n(&intrs->is_deaf, true, __ATOMIC_RELAXED);
	intrs->is_timed_out = false;
}
