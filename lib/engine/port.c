/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One ethdev port, from the first look to the last mbuf; see port.h for the order of calls.
 */

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_jhash.h>
#include <rte_string_fns.h>

#include "engine_log.h"
#include "port.h"
#include "port_fd.h"
#include "rx_intr.h"

#define DEFAULT_NB_DESC 1024
#define XDP_FD_MAX      256
/* Without these a port cannot segment what the stack gives it. */
#define TSO_NEEDS       (RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS)
#define TSO_SEGS_MAX    40
/* What a frame has beyond its IP packet: Ethernet header, one VLAN tag, CRC. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)

/* Give up with a line that names the port. */
#define PORT_FAULT(port, fault, err, format, ...)                                                  \
	fault_set(fault, err, "port %u (%s): " format, (port)->id, (port)->name, ##__VA_ARGS__)

static void
forget_rx_fds(struct port *port)
{
	size_t q;

	for (q = 0; q < RTE_DIM(port->rx_fd); q++)
		port->rx_fd[q] = -1;
}

/* The kernel's name for the interface where there is one, else the device's. */
static void
probe_name(struct port *port, const struct rte_eth_dev_info *info)
{
	char ifname[IF_NAMESIZE], dev[RTE_ETH_NAME_MAX_LEN];

	port->if_index = info->if_index;
	if (info->if_index != 0 && if_indextoname(info->if_index, ifname) != NULL)
		rte_strlcpy(port->name, ifname, sizeof(port->name));
	else if (rte_eth_dev_get_name_by_port(port->id, dev) == 0)
		rte_strlcpy(port->name, dev, sizeof(port->name));
	rte_strlcpy(port->driver, info->driver_name, sizeof(port->driver));
}

/* A locally administered address that is the same at each start: it hangs on the machine, the
 * interface's name and the port's number. */
static void
derive_mac(const struct port *port, struct rte_ether_addr *mac)
{
	char seed[160] = "";
	FILE *f = fopen("/etc/machine-id", "re");
	uint32_t a = port->id, b = ~(uint32_t)port->id;
	size_t n;

	if (f != NULL) {
		if (fgets(seed, 64, f) == NULL)
			seed[0] = '\0';
		fclose(f);
	}
	n = strlen(seed);
	snprintf(seed + n, sizeof(seed) - n, "%s", port->name);
	rte_jhash_2hashes(seed, (uint32_t)strlen(seed), &a, &b);
	mac->addr_bytes[0] = 0x02;
	mac->addr_bytes[1] = (uint8_t)(b >> 24);
	memcpy(&mac->addr_bytes[2], &a, sizeof(a));
}

static int
probe_mac(struct port *port, const struct isla_engine_port *want, struct fault *fault)
{
	struct rte_ether_addr port_mac;

	if (rte_eth_macaddr_get(port->id, &port_mac) != 0)
		memset(&port_mac, 0, sizeof(port_mac));
	memcpy(port->mac.addr_bytes, want->mac, sizeof(want->mac));
	if (rte_is_zero_ether_addr(&port->mac)) {
		if ((port->quirks->flags & QUIRK_SHARED_MAC) != 0 ||
			!rte_is_valid_assigned_ether_addr(&port_mac))
			derive_mac(port, &port->mac);
		else
			port->mac = port_mac;
	}
	if (!rte_is_valid_assigned_ether_addr(&port->mac))
		return PORT_FAULT(port, fault, -EINVAL,
			"a MAC address of the stack's must be unicast, for example 02:00:00:00:00:01");
	port->own_mac = !rte_is_same_ether_addr(&port->mac, &port_mac);
	if (!port->own_mac && (port->quirks->flags & QUIRK_SHARED_MAC) != 0)
		return PORT_FAULT(port, fault, -EINVAL,
			"this MAC address is that of the kernel's interface; the stack needs another");
	return 0;
}

static int
probe_mtu(struct port *port, const struct isla_engine_port *want,
	const struct rte_eth_dev_info *info, struct fault *fault)
{
	uint32_t max = info->max_mtu;

	if (info->max_rx_pktlen > RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN)
		max = RTE_MIN(max, info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN);
	port->set_mtu = want->mtu != 0;
	port->mtu = want->mtu;
	if (want->mtu == 0 && rte_eth_dev_get_mtu(port->id, &port->mtu) != 0)
		port->mtu = RTE_ETHER_MTU;
	if (want->mtu == 0 && port->mtu > max)
		port->mtu = (uint16_t)max;
	if (port->mtu < 1280 || port->mtu > max)
		return PORT_FAULT(port, fault, -EINVAL,
			"an MTU of %u is not possible: %s takes 1280 to %u", port->mtu,
			port->driver, max);
	return 0;
}

static int
probe_rx(struct port *port, const struct isla_engine_conf *conf,
	const struct rte_eth_dev_info *info, struct fault *fault)
{
	uint64_t usable = info->rx_offload_capa & PORT_RX_OFFLOADS;
	uint32_t room = conf->mbuf_size - RTE_PKTMBUF_HEADROOM;
	bool scatters = (uint32_t)port->mtu + FRAME_OVERHEAD > room;

	if (conf->rx_offloads != ISLA_ENGINE_RX_OFFLOADS_AUTO) {
		if ((conf->rx_offloads & ~usable) != 0)
			return PORT_FAULT(port, fault, -EINVAL,
				"of the receive offloads 0x%" PRIx64 " only 0x%" PRIx64
				" can be used with %s", conf->rx_offloads, usable, port->driver);
		port->rx_offloads = usable = conf->rx_offloads;
	} else {
		/* Scattering costs where it is not needed, a hash where there is one queue. */
		port->rx_offloads = usable & ~port->quirks->no_rx_offloads &
			~(RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_RSS_HASH);
		if (conf->nb_shards > 1)
			port->rx_offloads |= usable & RTE_ETH_RX_OFFLOAD_RSS_HASH;
	}
	if (scatters && (usable & RTE_ETH_RX_OFFLOAD_SCATTER) == 0)
		return PORT_FAULT(port, fault, -EINVAL,
			"%s receives a frame into one mbuf: an MTU of %u needs mbufs of %u bytes",
			port->driver, port->mtu,
			port->mtu + FRAME_OVERHEAD + RTE_PKTMBUF_HEADROOM);
	if (scatters)
		port->rx_offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	if (conf->rx_cksum) {
		if ((info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_CHECKSUM) !=
			RTE_ETH_RX_OFFLOAD_CHECKSUM)
			return PORT_FAULT(port, fault, -EINVAL,
				"%s cannot verify checksums; leave it to the stack", port->driver);
		port->rx_offloads |= RTE_ETH_RX_OFFLOAD_CHECKSUM;
	}
	if ((port->rx_offloads & RTE_ETH_RX_OFFLOAD_CHECKSUM) != 0)
		port->netif_offloads |= ISLA_NETIF_RX_CKSUM;
	return 0;
}

/* What the port can spread flows by, where it has several queues. */
static void
probe_rss(struct port *port, const struct rte_eth_dev_info *info)
{
	port->rss_hf = info->flow_type_rss_offloads &
		(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
	if (port->nb_queues == 1 || (port->quirks->flags & QUIRK_NO_RSS) != 0)
		port->rss_hf = 0;
	port->reta_size = port->rss_hf != 0 ? info->reta_size : 0;
	port->rss_key_len = info->hash_key_size;
}

static int
probe_tx(struct port *port, const struct isla_engine_conf *conf,
	const struct rte_eth_dev_info *info, struct fault *fault)
{
	uint64_t usable = info->tx_offload_capa & PORT_TX_OFFLOADS & ~port->quirks->no_tx_offloads;

	/* Segmentation only where it is asked for. */
	port->tx_offloads = usable & ~RTE_ETH_TX_OFFLOAD_TCP_TSO;
	if (conf->tx_offloads != ISLA_ENGINE_TX_OFFLOADS_AUTO) {
		if ((conf->tx_offloads & ~usable) != 0)
			return PORT_FAULT(port, fault, -EINVAL,
				"of the transmit offloads 0x%" PRIx64 " only 0x%" PRIx64
				" can be used with %s", conf->tx_offloads, usable, port->driver);
		port->tx_offloads = conf->tx_offloads;
	}
	if ((port->tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_TSO) != 0) {
		if ((port->tx_offloads & TSO_NEEDS) != TSO_NEEDS)
			return PORT_FAULT(port, fault, -EINVAL,
				"segmentation (0x20) needs the TCP checksum (0x8) and chains of "
				"mbufs (0x8000) as well: transmit offloads 0x%" PRIx64,
				port->tx_offloads | TSO_NEEDS);
		port->tso = true;
		port->tso_conf.ip_cksum =
			(port->tx_offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0;
		port->tso_conf.max_segs = info->tx_desc_lim.nb_seg_max != 0 ?
			RTE_MIN(info->tx_desc_lim.nb_seg_max, TSO_SEGS_MAX) : TSO_SEGS_MAX;
	}
	if ((port->tx_offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0)
		port->netif_offloads |= ISLA_NETIF_TX_IPV4_CKSUM;
	if ((port->tx_offloads & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) != 0)
		port->netif_offloads |= ISLA_NETIF_TX_TCP_CKSUM;
	if ((port->tx_offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0)
		port->netif_offloads |= ISLA_NETIF_TX_UDP_CKSUM;
	port->linearize = (port->tx_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) == 0 &&
		(port->quirks->flags & QUIRK_TX_CHAINS) == 0;
	return 0;
}

static int
probe_descriptors(struct port *port, const struct isla_engine_conf *conf,
	const struct rte_eth_dev_info *info, struct fault *fault)
{
	const struct port_quirks *q = port->quirks;
	int rc;

	port->nb_rxd = conf->nb_rxd;
	port->nb_txd = conf->nb_txd;
	if (port->nb_rxd == 0)
		port->nb_rxd = q->nb_rxd != 0 ? q->nb_rxd : info->default_rxportconf.ring_size;
	if (port->nb_rxd == 0)
		port->nb_rxd = DEFAULT_NB_DESC;
	if (port->nb_txd == 0)
		port->nb_txd = info->default_txportconf.ring_size;
	if (port->nb_txd == 0)
		port->nb_txd = DEFAULT_NB_DESC;
	/* Each descriptor is looked at for each frame where frames are scattered. */
	if ((port->rx_offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0 && q->max_rxd != 0)
		port->nb_rxd = RTE_MIN(port->nb_rxd, q->max_rxd);
	rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &port->nb_rxd, &port->nb_txd);
	if (rc != 0)
		return PORT_FAULT(port, fault, rc, "descriptors: %s", rte_strerror(-rc));
	if (conf->nb_rxd != 0 && conf->nb_rxd != port->nb_rxd)
		ENGINE_LOG(NOTICE, "port %u: %u receive descriptors instead of %u\n", port->id,
			port->nb_rxd, conf->nb_rxd);
	if (conf->nb_txd != 0 && conf->nb_txd != port->nb_txd)
		ENGINE_LOG(NOTICE, "port %u: %u transmit descriptors instead of %u\n", port->id,
			port->nb_txd, conf->nb_txd);
	return 0;
}

/* What the device was made from. */
static void
probe_device(struct port *port, const struct rte_device *dev)
{
	const struct rte_devargs *args = rte_dev_devargs(dev);

	rte_strlcpy(port->dev_name, rte_dev_name(dev), sizeof(port->dev_name));
	rte_strlcpy(port->bus, rte_bus_name(rte_dev_bus(dev)), sizeof(port->bus));
	if (args != NULL && args->args != NULL)
		rte_strlcpy(port->dev_args, args->args, sizeof(port->dev_args));
}

/* Queues come in pairs, and no more of them than there are shards to poll them. */
static int
probe_queues(struct port *port, const struct isla_engine_conf *conf,
	const struct rte_eth_dev_info *info, struct fault *fault)
{
	uint16_t max = RTE_MIN(info->max_rx_queues, info->max_tx_queues);
	uint16_t want = conf->nb_shards;

	port->nb_dev_queues = max;
	if (port->quirks->max_queues != 0)
		port->nb_dev_queues = RTE_MIN(max, port->quirks->max_queues);
	if (!port_devs_can_join(port))
		max = port->nb_dev_queues;
	max = RTE_MIN(max, port->nb_dev_queues * PORT_DEVS_MAX);
	if (conf->nb_rxq != 0)
		want = RTE_MIN(want, conf->nb_rxq);
	if (conf->nb_txq != 0)
		want = RTE_MIN(want, conf->nb_txq);
	if (want > max && (conf->nb_rxq | conf->nb_txq) != 0)
		return PORT_FAULT(port, fault, -EINVAL,
			"%u queues are not possible: %s has %u here", want, port->driver, max);
	port->nb_queues = RTE_MIN(want, max);
	if (port->nb_queues == 0)
		return PORT_FAULT(port, fault, -EINVAL, "%s has no pair of queues", port->driver);
	/* The device spreads frames over all that it has, whoever polls them. */
	if ((port->quirks->flags & QUIRK_ALL_QUEUES) != 0 && info->max_rx_queues > port->nb_queues)
		return PORT_FAULT(port, fault, -EINVAL,
			"it has %u queues, all of them receive, and only %u would be polled; make "
			"it with as many (%s)", info->max_rx_queues, port->nb_queues,
			strcmp(port->driver, "net_af_packet") == 0 ? "qpairs=" :
			strcmp(port->driver, "net_vhost") == 0 ? "queues=" : "--vdev");
	return 0;
}

int
port_probe(struct port *port, const struct isla_engine_port *want,
	const struct isla_engine_conf *conf, struct fault *fault)
{
	struct rte_eth_dev_info info;
	int rc;

	memset(port, 0, sizeof(*port));
	port->id = want->port_id;
	port->nb_devs = 1;
	forget_rx_fds(port);
	if (!rte_eth_dev_is_valid_port(port->id))
		return fault_set(fault, -ENODEV,
			"there is no port %u (ports: %u); give EAL one, for example "
			"--vdev=net_tap0,iface=isla0", port->id, rte_eth_dev_count_avail());
	rc = rte_eth_dev_info_get(port->id, &info);
	if (rc != 0)
		return fault_set(fault, rc, "port %u tells nothing about itself: %s", port->id,
			rte_strerror(-rc));
	probe_name(port, &info);
	probe_device(port, info.device);
	port->quirks = port_quirks_find(info.driver_name);
	/* What ethdev says is where a virtual device's own tables are, which does not matter. */
	port->socket_id = rte_dev_numa_node(info.device);
	port->keeps_mbufs = (port->quirks->flags & QUIRK_KEEPS_MBUFS) != 0 ||
		((port->quirks->flags & QUIRK_ZC_KEEPS_MBUFS) != 0 &&
			strstr(port->dev_args, "zero-copy=yes") != NULL);
	port->is_file = (port->quirks->flags & QUIRK_FILE) != 0 &&
		strstr(port->dev_args, "iface=") == NULL;
	port->want_rx_fd = (port->quirks->flags & QUIRK_RX_FD) != 0;
	port->want_rx_intr = (port->quirks->flags &
		(QUIRK_RX_FD | QUIRK_FD_PACKET | QUIRK_FD_XDP)) == 0 && !port->is_file;
	port->lsc = !conf->no_lsc && (port->quirks->flags & QUIRK_NO_LSC) == 0 &&
		(*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	rc = probe_mac(port, want, fault);
	if (rc == 0)
		rc = probe_mtu(port, want, &info, fault);
	if (rc == 0)
		rc = probe_rx(port, conf, &info, fault);
	if (rc == 0)
		rc = probe_tx(port, conf, &info, fault);
	if (rc == 0)
		rc = probe_descriptors(port, conf, &info, fault);
	if (rc == 0)
		rc = probe_queues(port, conf, &info, fault);
	if (rc != 0)
		return rc;
	probe_rss(port, &info);
	port->state = PORT_PROBED;
	return 0;
}

int
port_differs(const struct port *port, const struct port *other, struct fault *fault)
{
	if (port->if_index == 0 || port->if_index != other->if_index)
		return 0;
	return PORT_FAULT(port, fault, -EEXIST,
		"port %u is this interface already; one is enough, with a queue for each shard",
		other->id);
}

/*
 * net_tap looks for a free realtime signal when it opens a queue, and does without where all are
 * in use: then it reads always, which is what we want. To clear O_ASYNC afterwards would be too
 * late on an interface that is up already: after one signal the queue stays deaf. So for the time
 * of the set-up all of them are in use: ignored.
 */
struct held_signals {
	struct sigaction old[64];
};

static void
signals_hold(struct held_signals *held)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	int sig;

	for (sig = SIGRTMIN + 1; sig < SIGRTMAX; sig++)
		sigaction(sig, &ignore, &held->old[sig - SIGRTMIN]);
}

static void
signals_release(const struct held_signals *held)
{
	int sig;

	for (sig = SIGRTMIN + 1; sig < SIGRTMAX; sig++)
		sigaction(sig, &held->old[sig - SIGRTMIN], NULL);
}

/* The AF_XDP socket that was not among those of before; -1 where there is none, or several. */
static int
new_xdp_fd(const int *before, unsigned int nb_before)
{
	int after[XDP_FD_MAX], found = -1;
	unsigned int i, j, nb = port_fd_xdp(after, XDP_FD_MAX);

	if (nb != nb_before + 1 || nb > XDP_FD_MAX)
		return -1;
	for (i = 0; i < nb && found < 0; i++) {
		for (j = 0; j < nb_before && before[j] != after[i]; j++)
			;
		if (j == nb_before)
			found = after[i];
	}
	return found;
}

static int
rx_queue_setup(struct port *port, uint16_t q, int node, const struct rte_eth_rxconf *rx,
	struct rte_mempool *pool)
{
	bool xdp = (port->quirks->flags & QUIRK_FD_XDP) != 0;
	int before[XDP_FD_MAX], rc;
	unsigned int nb = xdp ? port_fd_xdp(before, XDP_FD_MAX) : 0;

	rc = rte_eth_rx_queue_setup(port->q[q].id, port->q[q].queue, port->nb_rxd,
		(unsigned int)node, rx, pool);
	if (rc == 0 && xdp && nb < XDP_FD_MAX)
		port->rx_fd[q] = new_xdp_fd(before, nb);
	return rc;
}

static int
queues_setup_on(struct port *port, int node, struct rte_mempool *const *pools, struct fault *fault)
{
	struct rte_eth_dev_info info;
	struct rte_eth_rxconf rx;
	struct rte_eth_txconf tx;
	uint16_t q;
	int rc = rte_eth_dev_info_get(port->id, &info);

	if (rc != 0)
		return PORT_FAULT(port, fault, rc, "%s", rte_strerror(-rc));
	rx = info.default_rxconf;
	rx.offloads = port->rx_offloads;
	tx = info.default_txconf;
	tx.offloads = port->tx_offloads;
	for (q = 0; q < port->nb_queues; q++) {
		rc = rx_queue_setup(port, q, node, &rx, pools[q]);
		if (rc != 0)
			return PORT_FAULT(port, fault, rc,
				"receive queue %u with %u descriptors: %s; are there enough mbufs?",
				q, port->nb_rxd, rte_strerror(-rc));
		rc = rte_eth_tx_queue_setup(port->q[q].id, port->q[q].queue, port->nb_txd,
			(unsigned int)node, &tx);
		if (rc != 0)
			return PORT_FAULT(port, fault, rc,
				"transmit queue %u with %u descriptors: %s", q, port->nb_txd,
				rte_strerror(-rc));
	}
	return 0;
}

/* On the port's node; where EAL has no memory there, anywhere. */
static int
queues_setup(struct port *port, struct rte_mempool *const *pools, struct fault *fault)
{
	int rc = queues_setup_on(port, port->socket_id, pools, fault);

	if (rc != -ENOMEM || port->socket_id < 0)
		return rc;
	rc = queues_setup_on(port, SOCKET_ID_ANY, pools, fault);
	if (rc == 0)
		ENGINE_LOG(NOTICE, "port %u (%s): no memory for its queues on its NUMA node %d: they are "
			"on another (EAL's --socket-mem)\n", port->id, port->name,
			port->socket_id);
	return rc;
}

static int
configure(struct port *port)
{
	struct rte_eth_conf conf = {
		.rxmode = {.mtu = port->mtu, .offloads = port->rx_offloads},
		.txmode = {.offloads = port->tx_offloads},
		.intr_conf = {.lsc = port->lsc, .rxq = port->want_rx_fd || port->want_rx_intr},
	};
	uint16_t d;
	int rc = 0;

	if (port->rss_hf != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = port->rss_hf;
		/* A key of another length than ours is the driver's affair. */
		if (port->rss_key != NULL && port->rss_key_len == PORT_RSS_KEY_LEN) {
			conf.rx_adv_conf.rss_conf.rss_key = (uint8_t *)(uintptr_t)port->rss_key;
			conf.rx_adv_conf.rss_conf.rss_key_len = PORT_RSS_KEY_LEN;
		}
	}
	for (d = 0; rc == 0 && d < port->nb_devs; d++) {
		uint16_t nb = port_devs_queues(port, d);

		rc = rte_eth_dev_configure(port->dev[d], nb, nb, &conf);
	}
	return rc;
}

int
port_setup(struct port *port, struct rte_mempool *const *pools, struct fault *fault)
{
	struct held_signals held;
	uint16_t d;
	int rc = port_devs_add(port, fault);

	if (rc != 0)
		return rc;
	rc = configure(port);
	if (rc != 0 && port->want_rx_intr) {
		port->want_rx_intr = false;
		rc = configure(port);
	}
	if (rc != 0)
		return PORT_FAULT(port, fault, rc, "cannot be configured with %u queues: %s",
			port->nb_queues, rte_strerror(-rc));
	port->state = PORT_CONFIGURED;
	memmove(port->pool, pools, port->nb_queues * sizeof(port->pool[0]));
	for (d = 0; port->set_mtu && d < port->nb_devs; d++) {
		rc = rte_eth_dev_set_mtu(port->dev[d], port->mtu);
		if (rc != 0 && rc != -ENOTSUP)
			return PORT_FAULT(port, fault, rc, "cannot set an MTU of %u: %s",
				port->mtu, rte_strerror(-rc));
	}
	if ((port->quirks->flags & QUIRK_RX_SIGNAL) != 0)
		signals_hold(&held);
	rc = queues_setup(port, pools, fault);
	if ((port->quirks->flags & QUIRK_RX_SIGNAL) != 0)
		signals_release(&held);
	return rc;
}

int
port_set_reta(struct port *port, const uint16_t *queue, uint16_t nb)
{
	struct rte_eth_rss_reta_entry64 reta[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];
	uint16_t i;

	if (port->reta_size == 0 || port->reta_size > RTE_ETH_RSS_RETA_SIZE_512)
		return -ENOTSUP;
	memset(reta, 0, sizeof(reta));
	for (i = 0; i < port->reta_size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &reta[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = queue[i % nb] % port->nb_queues;
	}
	return rte_eth_dev_rss_reta_update(port->id, reta, port->reta_size);
}

/* EAL's interrupt thread: the link went up or down. port_watch() tells. */
static int
link_changed(uint16_t port_id, enum rte_eth_event_type type, void *arg, void *ret)
{
	struct port *port = arg;
	struct rte_eth_link link;

	RTE_SET_USED(type);
	RTE_SET_USED(ret);
	if (rte_eth_link_get_nowait(port_id, &link) != 0)
		return 0;
	if (link.link_status == RTE_ETH_LINK_DOWN)
		__atomic_store_n(&port->link_was_down, true, __ATOMIC_RELAXED);
	__atomic_store_n(&port->link_down, link.link_status == RTE_ETH_LINK_DOWN,
		__ATOMIC_RELAXED);
	return 0;
}

/* Frames to the stack's MAC address and to groups must come through the port's filter. */
static int
filter_open(struct port *port, struct fault *fault)
{
	int rc;

	if ((port->quirks->flags & QUIRK_NO_MAC_FILTER) != 0)
		return 0;
	if (!port->own_mac && rte_eth_allmulticast_enable(port->id) == 0)
		return 0;
	rc = rte_eth_promiscuous_enable(port->id);
	if (rc == -ENOTSUP && !port->own_mac) {
		/* Neither can be asked for: there is no filter (virtio without a control queue). */
		ENGINE_LOG(INFO, "port %u (%s) has no filter that could be opened\n", port->id,
			port->name);
		return 0;
	}
	if (rc != 0)
		return PORT_FAULT(port, fault, rc,
			"cannot be made promiscuous, which the stack's own MAC address needs: %s",
			rte_strerror(-rc));
	return 0;
}

static void
find_intr_fds(struct port *port)
{
	uint16_t q;
	int flags;

	for (q = 0; q < port->nb_queues; q++) {
		int fd = rte_eth_dev_rx_intr_ctl_q_get_fd(port->q[q].id, port->q[q].queue);

		port->rx_fd[q] = fd;
		if (fd < 0 || (port->quirks->flags & QUIRK_RX_SIGNAL) == 0)
			continue;
		flags = fcntl(fd, F_GETFL);
		if (flags != -1 && (flags & O_ASYNC) != 0) {
			ENGINE_LOG(WARNING, "port %u (%s) took a signal in spite of all\n",
				port->id, port->name);
			fcntl(fd, F_SETFL, flags & ~O_ASYNC);
		}
	}
}

/* The fd of each queue to wait for; the loop can do without. */
static void
find_rx_fds(struct port *port)
{
	if ((port->quirks->flags & QUIRK_FD_PACKET) != 0) {
		int fds[ISLA_ENGINE_SHARD_MAX];

		if (port_fd_packet(port->if_index, fds, RTE_DIM(fds)) == port->nb_queues)
			memcpy(port->rx_fd, fds, port->nb_queues * sizeof(fds[0]));
	}
	if (port->want_rx_fd)
		find_intr_fds(port);
	port->has_rx_intr = port->want_rx_intr &&
		rx_intr_is_offered(&rx_intr_ethdev, port->id, port->nb_queues);
}

/* Some drivers learn only here that they cannot have receive interrupts. */
static int
start(struct port *port, struct fault *fault)
{
	int rc = port_devs_start(port);

	if (rc != 0 && port->want_rx_intr) {
		port->want_rx_intr = false;
		if (port_setup(port, port->pool, fault) == 0)
			rc = port_devs_start(port);
	}
	return rc;
}

int
port_start(struct port *port, struct fault *fault)
{
	int rc;

	if (port->lsc)
		rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_LSC, link_changed, port);
	rc = start(port, fault);
	if (rc != 0)
		return PORT_FAULT(port, fault, rc, "cannot be started: %s", rte_strerror(-rc));
	port->state = PORT_STARTED;
	rc = filter_open(port, fault);
	if (rc != 0)
		return rc;
	find_rx_fds(port);
	/* A kernel's interface needs a moment after it was set up. */
	port->is_link_up = port->if_index != 0 || port_link_is_up(port);
	if (!port->is_link_up)
		ENGINE_LOG(NOTICE, "port %u (%s): link down\n", port->id, port->name);
	return 0;
}

void
port_stop(struct port *port)
{
	if (port->state != PORT_STARTED)
		return;
	port_devs_stats(port, &port->last);
	port_devs_stop(port);
	port->state = PORT_CONFIGURED;
}

void
port_close(struct port *port)
{
	port_stop(port);
	port_devs_del(port);
	if (port->state != PORT_CONFIGURED)
		return;
	if (port->lsc)
		rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_LSC, link_changed,
			port);
	forget_rx_fds(port);
	rte_eth_dev_close(port->id);
	port->state = PORT_NONE;
}

bool
port_link_is_up(struct port *port)
{
	struct rte_eth_link link;

	if (port->lsc)
		return !__atomic_load_n(&port->link_down, __ATOMIC_RELAXED);
	return rte_eth_link_get_nowait(port->id, &link) != 0 ||
		link.link_status != RTE_ETH_LINK_DOWN;
}

struct rte_mbuf *
port_linearize(struct rte_mbuf *m, struct rte_mempool *pool, uint64_t *copied)
{
	uint32_t rest = m->pkt_len - m->data_len;
	struct rte_mbuf *copy;

	if (m->nb_segs == 1)
		return m;
	/* Behind its headers, where the first mbuf has the room. */
	if (RTE_MBUF_DIRECT(m) && rte_mbuf_refcnt_read(m) == 1 && rte_pktmbuf_linearize(m) == 0) {
		*copied += rest;
		return m;
	}
	copy = rte_pktmbuf_copy(m, pool, 0, UINT32_MAX);
	if (copy == NULL)
		return NULL;
	if (copy->nb_segs > 1) {
		rte_pktmbuf_free(copy);
		return NULL;
	}
	copy->l2_len = m->l2_len;
	copy->l3_len = m->l3_len;
	copy->l4_len = m->l4_len;
	*copied += copy->pkt_len;
	rte_pktmbuf_free(m);
	return copy;
}
