/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of drivers' quirks, as read in the sources of DPDK 22.11.11 and measured.
 */

#include <stddef.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "port_quirks.h"

#define TX_CKSUMS                                                                                  \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |                            \
		RTE_ETH_TX_OFFLOAD_TCP_CKSUM)

static const struct port_quirks table[] = {
	{
		/*
                 * Each frame raises a signal, and rx_burst() reads only after one: 2 to 7 times
                 * slower than reading always. Its checksums are software, and wrong where a segment
                 * before the last has an odd length; its TSO is software for IPv4 alone.
                 * Descriptors are entries of one readv(), and one frame needs one. Several devices
                 * may open queues of one interface.
                 */
		.driver = "net_tap",
		.flags = QUIRK_RX_SIGNAL | QUIRK_RX_FD | QUIRK_SHARED_MAC | QUIRK_NO_MAC_FILTER |
			QUIRK_NO_LSC | QUIRK_NO_RSS | QUIRK_JOINS,
		.nb_rxd = 64,
		.max_rxd = 64,
		/* It tells secondary processes of the descriptors of all queues in one message, and
                 * writes beyond the message's end where there are more than fit. */
		.max_queues = RTE_MP_MAX_FD_NUM / 2,
		.no_tx_offloads = TX_CKSUMS | RTE_ETH_TX_OFFLOAD_TCP_TSO,
		.no_rx_offloads = RTE_ETH_RX_OFFLOAD_CHECKSUM,
	},
	{
		/* tx walks chains (memcpy() of each segment to the ring), first without offering
                 * it. The sockets of all qpairs= are members of one fanout group from its making
                 * on. */
		.driver = "net_af_packet",
		.flags = QUIRK_SHARED_MAC | QUIRK_TX_CHAINS | QUIRK_ALL_QUEUES | QUIRK_FD_PACKET,
	},
	{
		/* tx copies pkt_len bytes from the first segment on: chains must never reach it.
                 * What lies in its fill queue is lost when it is closed. */
		.driver = "net_af_xdp",
		.flags = QUIRK_SHARED_MAC | QUIRK_KEEPS_MBUFS | QUIRK_FD_XDP,
	},
	{
		/* tx gathers chains by rte_pktmbuf_read(); on an interface of the kernel's it
                 * captures with that one's MAC address. */
		.driver = "net_pcap",
		.flags = QUIRK_SHARED_MAC | QUIRK_TX_CHAINS | QUIRK_NO_MAC_FILTER | QUIRK_FILE,
	},
	{
		/* Offers MULTI_SEGS, and chains received frames by itself. With zero-copy what lies
                 * in its rings is forgotten when it is stopped. */
		.driver = "net_memif",
		.flags = QUIRK_NO_MAC_FILTER | QUIRK_ZC_KEEPS_MBUFS,
	},
	{
		/* Where the guest cannot take blank checksums they are computed by the driver,
                 * which is known only when the guest comes. Every frame of the guest is received,
                 * and the guest may send on all queues= that there are. */
		.driver = "net_vhost",
		.flags = QUIRK_NO_MAC_FILTER | QUIRK_ALL_QUEUES,
		.no_tx_offloads = TX_CKSUMS,
	},
	{
		/* Passes pointers. */
		.driver = "net_ring",
		.flags = QUIRK_NO_MAC_FILTER,
	},
	{
		/* Frees what it is given. */
		.driver = "net_null",
		.flags = QUIRK_TX_CHAINS | QUIRK_NO_MAC_FILTER,
	},
	{.driver = NULL},
};

const struct port_quirks *
port_quirks_find(const char *driver)
{
	const struct port_quirks *q = table;

	while (q->driver != NULL && strcmp(q->driver, driver) != 0)
		q++;
	return q;
}
