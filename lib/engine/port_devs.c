/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that is several devices. A driver may have more queues than it can start (net_tap); where
 * further devices of it can join the same interface of the kernel's, these bring the queues that
 * are missing, a few each. Queue q of the port is queue q % n of device q / n.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_ether.h>

#include "port.h"

bool
port_devs_can_join(const struct port *port)
{
	/* With a remote one each would change what the first has made of that. */
	return (port->quirks->flags & QUIRK_JOINS) != 0 && port->if_index != 0 &&
		strstr(port->dev_args, "remote=") == NULL;
}

uint16_t
port_devs_queues(const struct port *port, uint16_t d)
{
	return RTE_MIN(port->nb_dev_queues, (uint16_t)(port->nb_queues - d * port->nb_dev_queues));
}

static void
dev_name(const struct port *port, uint16_t d, char *name, size_t size)
{
	snprintf(name, size, "%s_%u_%u", port->driver, port->dev[0], d);
}

/* It sets the interface's MAC address to its own, and leaves it up or takes it down, so it is made
 * as the first. */
static int
dev_add(struct port *port, uint16_t d)
{
	char name[RTE_DEV_NAME_MAX_LEN], args[128], mac[RTE_ETHER_ADDR_FMT_SIZE];
	struct rte_ether_addr addr;
	int rc = rte_eth_macaddr_get(port->dev[0], &addr);

	if (rc != 0)
		return rc;
	rte_ether_format_addr(mac, sizeof(mac), &addr);
	dev_name(port, d, name, sizeof(name));
	snprintf(args, sizeof(args), "iface=%s,mac=%s%s", port->name, mac,
		strstr(port->dev_args, "persist=1") != NULL ? ",persist=1" : "");
	rc = rte_eal_hotplug_add(port->bus, name, args);
	return rc != 0 ? rc : rte_eth_dev_get_port_by_name(name, &port->dev[d]);
}

int
port_devs_add(struct port *port, struct fault *fault)
{
	uint16_t nb = (uint16_t)((port->nb_queues + port->nb_dev_queues - 1) / port->nb_dev_queues);
	uint16_t q;
	int rc;

	port->dev[0] = port->id;
	for (; port->nb_devs < nb; port->nb_devs++) {
		rc = dev_add(port, port->nb_devs);
		if (rc != 0)
			return fault_set(fault, rc,
				"port %u (%s): no device for queues from %u on: %s; --rxq %u does "
				"without", port->id, port->name,
				port->nb_devs * port->nb_dev_queues, rte_strerror(-rc),
				port->nb_dev_queues);
	}
	for (q = 0; q < port->nb_queues; q++) {
		port->q[q].id = port->dev[q / port->nb_dev_queues];
		port->q[q].queue = q % port->nb_dev_queues;
	}
	return 0;
}

void
port_devs_del(struct port *port)
{
	char name[RTE_DEV_NAME_MAX_LEN];

	while (port->nb_devs > 1) {
		dev_name(port, --port->nb_devs, name, sizeof(name));
		rte_eal_hotplug_remove(port->bus, name);
	}
}

int
port_devs_start(const struct port *port)
{
	uint16_t d;
	int rc;

	for (d = 0; d < port->nb_devs; d++) {
		rc = rte_eth_dev_start(port->dev[d]);
		if (rc == 0)
			continue;
		while (d-- > 0)
			rte_eth_dev_stop(port->dev[d]);
		return rc;
	}
	return 0;
}

void
port_devs_stop(const struct port *port)
{
	uint16_t d;

	for (d = 0; d < port->nb_devs; d++)
		rte_eth_dev_stop(port->dev[d]);
}

void
port_stats_add(struct rte_eth_stats *sum, const struct rte_eth_stats *s)
{
	sum->ipackets += s->ipackets;
	sum->opackets += s->opackets;
	sum->ibytes += s->ibytes;
	sum->obytes += s->obytes;
	sum->imissed += s->imissed;
	sum->ierrors += s->ierrors;
	sum->oerrors += s->oerrors;
	sum->rx_nombuf += s->rx_nombuf;
}

int
port_devs_stats(const struct port *port, struct rte_eth_stats *sum)
{
	struct rte_eth_stats one;
	uint16_t d;
	int rc;

	memset(sum, 0, sizeof(*sum));
	for (d = 0; d < port->nb_devs; d++) {
		rc = rte_eth_stats_get(port->dev[d], &one);
		if (rc != 0)
			return rc;
		port_stats_add(sum, &one);
	}
	return 0;
}
