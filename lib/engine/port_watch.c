/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port in its later life: its link, its counters, the interface behind it that somebody deletes,
 * and its second birth.
 */

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "engine_log.h"
#include "port.h"

void
port_stats(const struct port *port, struct rte_eth_stats *stats)
{
	struct rte_eth_stats now;

	*stats = port->before;
	if (port->state != PORT_STARTED || port_devs_stats(port, &now) != 0)
		port_stats_add(stats, &port->last);
	else
		port_stats_add(stats, &now);
}

void
port_clear_stats(struct port *port)
{
	uint16_t d;

	memset(&port->before, 0, sizeof(port->before));
	memset(&port->last, 0, sizeof(port->last));
	port->nb_link_downs = port->nb_gone = 0;
	for (d = 0; port->state != PORT_NONE && d < port->nb_devs; d++)
		rte_eth_stats_reset(port->dev[d]);
}

/* The kernel's interface is not in this network namespace, or nowhere: only its driver's descriptor
 * can tell which. */
static bool
is_deleted(const struct port *port)
{
	struct pollfd fd = {.fd = port->rx_fd[0]};

	if ((port->quirks->flags & QUIRK_RX_FD) == 0 || fd.fd < 0)
		return true;
	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR) != 0;
}

bool
port_watch(struct port *port)
{
	char name[IF_NAMESIZE];
	struct rte_eth_link link;
	bool is_up;

	if (port->if_index != 0 && if_indextoname(port->if_index, name) == NULL) {
		if (is_deleted(port)) {
			port->is_gone = true;
			port->is_link_up = false;
			port->nb_gone++;
			return false;
		}
		/* In another namespace, where its link cannot be asked for. */
		return true;
	}
	is_up = port_link_is_up(port);
	port->came_up |= is_up && (!port->is_link_up ||
		__atomic_load_n(&port->link_was_down, __ATOMIC_RELAXED));
	if (is_up)
		__atomic_store_n(&port->link_was_down, false, __ATOMIC_RELAXED);
	if (is_up != port->is_link_up) {
		ENGINE_LOG(NOTICE, "port %u (%s): link %s\n", port->id, port->name,
			is_up ? "up" : "down");
		port->nb_link_downs += is_up ? 0 : 1;
		port->is_link_up = is_up;
	}
	port->link_mbps = 0;
	if (rte_eth_link_get_nowait(port->id, &link) == 0 &&
		link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		port->link_mbps = link.link_speed;
	return true;
}

/* The name of the other end where that is here, too: the kernel says which interface it is. */
static bool
peer_name(const struct port *port, char *name)
{
	char path[128];
	unsigned int index = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/iflink", port->name);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fscanf(f, "%u", &index) != 1)
		index = 0;
	fclose(f);
	return index != 0 && index != port->if_index && if_indextoname(index, name) != NULL;
}

void
port_peer_cure(const struct port *port, char *buf, size_t size)
{
	char name[IF_NAMESIZE];

	if (peer_name(port, name))
		snprintf(buf, size, "ethtool -K %s tx off", name);
	else
		snprintf(buf, size, "ethtool -K PEER tx off, PEER being its interface there");
}

int
port_renew(struct port *port, struct rte_mempool *const *pools, struct fault *fault)
{
	struct rte_eth_dev_info info;
	struct rte_eth_stats sum;
	uint16_t id;
	int rc;

	port_stats(port, &sum);
	port_close(port);
	rte_eal_hotplug_remove(port->bus, port->dev_name);
	rc = rte_eal_hotplug_add(port->bus, port->dev_name, port->dev_args);
	if (rc == 0)
		rc = rte_eth_dev_get_port_by_name(port->dev_name, &id);
	if (rc == 0)
		rc = rte_eth_dev_info_get(id, &info);
	if (rc != 0)
		return fault_set(fault, rc,
			"port %u (%s): %s cannot be made anew: is there an interface for %s?", port->id,
			port->name, port->dev_name, port->dev_args);
	port->before = sum;
	memset(&port->last, 0, sizeof(port->last));
	if (id != port->id)
		ENGINE_LOG(WARNING, "port %u (%s) is port %u now\n", port->id, port->name, id);
	port->id = id;
	port->if_index = info.if_index;
	port->is_gone = false;
	port->state = PORT_PROBED;
	return port_setup(port, pools, fault);
}
