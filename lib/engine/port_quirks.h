/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_QUIRKS_H
#define PORT_QUIRKS_H

/* What drivers do otherwise than ethdev's interface makes one think, by driver name. */

#include <stdbool.h>
#include <stdint.h>

/* port_quirks::flags */
#define QUIRK_RX_SIGNAL      0x01  /* receives only after a signal: take the signal away */
#define QUIRK_RX_FD          0x02  /* a receive queue's interrupt fd is readable while frames wait */
#define QUIRK_SHARED_MAC     0x04  /* the port's MAC address is that of a kernel's interface as well */
#define QUIRK_NO_MAC_FILTER  0x08  /* every frame is received, promiscuous or not */
#define QUIRK_TX_CHAINS      0x10  /* sends chains though it does not offer MULTI_SEGS */
#define QUIRK_NO_LSC         0x20  /* no link state interrupt, whatever it says: ask it */
#define QUIRK_KEEPS_MBUFS    0x40  /* closing it does not give its queues' mbufs back */
#define QUIRK_ALL_QUEUES     0x80  /* frames arrive on every queue it was made with, set up or not */
#define QUIRK_FD_PACKET      0x100 /* its queues are packet sockets, made with the device */
#define QUIRK_FD_XDP         0x200 /* its queues are AF_XDP sockets, made when they are set up */
#define QUIRK_ZC_KEEPS_MBUFS 0x400 /* neither, where it has the argument zero-copy=yes */

#define QUIRK_FILE           0x2000 /* may read a file, unless an argument with iface= says otherwise */
#define QUIRK_JOINS          0x1000 /* several devices can have one interface of the kernel's */
#define QUIRK_NO_RSS         0x800 /* its hash cannot be set as ethdev says */

struct port_quirks {
	const char *driver;       /* ethdev's driver_name; NULL ends the table */
	uint32_t flags;
	uint16_t nb_rxd;          /* the default; 0: ethdev's */
	uint16_t max_rxd; /* more than that costs more than it brings; 0: the driver's limit */
	uint16_t max_queues;      /* of a device, fewer pairs than it says; 0: as it says */
	uint64_t no_tx_offloads;  /* offered, but wrong or of no use */
	uint64_t no_rx_offloads;  /* offered, but software: only where they are asked for */
};

/* The driver's entry; one without flags for a driver that is not in the table. */
const struct port_quirks *port_quirks_find(const char *driver);

#endif /* PORT_QUIRKS_H */
