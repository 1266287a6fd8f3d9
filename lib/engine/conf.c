/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine's settings: their defaults, and which of them cannot be.
 */

#include <errno.h>
#include <string.h>

#include <rte_mbuf.h>

#include "conf.h"

void
isla_engine_conf_init(struct isla_engine_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->nb_shards = 1;
	conf->burst = 32;
	conf->mbuf_size = RTE_MBUF_DEFAULT_BUF_SIZE;
	conf->nb_mbufs = 32768;
	conf->nb_refs = 65536;
	conf->tx_offloads = ISLA_ENGINE_TX_OFFLOADS_AUTO;
	conf->rx_offloads = ISLA_ENGINE_RX_OFFLOADS_AUTO;
	conf->idle = ISLA_ENGINE_IDLE_EPOLL;
	conf->backoff.spin_rounds = 100;
	conf->backoff.yield_rounds = 400;
	conf->backoff.sleep_us = 50;
	conf->stop_us = 2000000;
	conf->tick_us = 1000000;
	conf->fault_seed = 1;
}

int
conf_check_backoff(const struct isla_engine_backoff *backoff, struct fault *fault)
{
	if (backoff->sleep_us != 0 && backoff->sleep_us <= 1000000)
		return 0;
	return fault_set(fault, -EINVAL, "a sleep of %u us is not possible: 1 to 1000000",
		backoff->sleep_us);
}

int
conf_check(const struct isla_engine_conf *conf, struct fault *fault)
{
	uint16_t i, j;
	int rc = 0;

	if (conf->nb_ports == 0)
		return fault_set(fault, -ENODEV,
			"there is no port; give EAL one, for example --vdev=net_tap0,iface=isla0");
	if (conf->nb_ports > ISLA_ENGINE_PORT_MAX)
		return fault_set(fault, -EINVAL, "%u ports are too many: at most %u",
			conf->nb_ports, ISLA_ENGINE_PORT_MAX);
	for (i = 0; i < conf->nb_ports; i++)
		for (j = 0; j < i; j++)
			if (conf->port[i].port_id == conf->port[j].port_id)
				return fault_set(fault, -EINVAL, "port %u is given twice",
					conf->port[i].port_id);
	if (conf->nb_shards == 0 || conf->nb_shards > ISLA_ENGINE_SHARD_MAX)
		return fault_set(fault, -EINVAL, "%u shards are not possible: 1 to %u",
			conf->nb_shards, ISLA_ENGINE_SHARD_MAX);
	if (conf->shard_by > ISLA_ENGINE_SHARD_BY_PORT_RSS)
		return fault_set(fault, -EINVAL, "there is no way to share flows of number %d",
			(int)conf->shard_by);
	if (conf->nb_rxq > conf->nb_shards || conf->nb_txq > conf->nb_shards)
		return fault_set(fault, -EINVAL,
			"%u queues of a port are more than the %u shards that could poll them",
			RTE_MAX(conf->nb_rxq, conf->nb_txq), conf->nb_shards);
	if (conf->burst == 0 || conf->burst > 512)
		return fault_set(fault, -EINVAL, "a burst of %u is not possible: 1 to 512",
			conf->burst);
	if (conf->mbuf_size < 2048)
		return fault_set(fault, -EINVAL, "mbufs of %u bytes are too small: at least 2048",
			conf->mbuf_size);
	if (conf->nb_mbufs == 0 || conf->nb_refs == 0)
		return fault_set(fault, -EINVAL, "no mbufs: at least 1 of each kind");
	if (conf->tick != NULL && conf->tick_us == 0)
		return fault_set(fault, -EINVAL, "a tick every 0 us is not possible");
	rc = conf_check_backoff(&conf->backoff, fault);
	for (i = 0; rc == 0 && i < ISLA_FAULT_DIRS; i++)
		rc = conf_check_fault(conf, &conf->fault[i], fault);
	return rc;
}
