/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_PKT_H
#define ISLA_PKT_H

/**
 * @file
 * What the stack knows about a received packet. Headers are decoded once, into this record in the
 * mbuf's private area; nothing is swapped in place. Every mempool whose mbufs enter a stack must
 * reserve ISLA_PKT_PRIV_SIZE bytes of private area (rte_pktmbuf_pool_create()'s priv_size).
 */

#include <assert.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_mbuf.h>

#include "isla_addr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** isla_pkt::flags */
#define ISLA_PKT_L2_MULTICAST 0x01 /**< destination MAC was multicast, broadcast included */
#define ISLA_PKT_L2_BROADCAST 0x02 /**< destination MAC was ff:ff:ff:ff:ff:ff */
#define ISLA_PKT_L3_MULTICAST 0x04 /**< destination address is multicast */
#define ISLA_PKT_L3_BROADCAST 0x08 /**< destination address is a broadcast address (IPv4) */
#define ISLA_PKT_V6           0x10 /**< IPv6; else IPv4 */
#define ISLA_PKT_FRAG_HDR     0x20 /**< IPv6: came with a fragment header */
#define ISLA_PKT_LEARN        0x40 /**< another shard answers: isla_stack_learn() */

/**
 * One received packet. Sequence numbers and window are in host byte order, ports in network order.
 * Offsets count from the first byte of the frame as the mbuf held it on arrival.
 */
struct isla_pkt {
	struct isla_addr src;
	struct isla_addr dst;
	uint16_t l3_off;      /**< of the IP header */
	uint16_t l4_off;      /**< of the transport header */
	uint16_t l4_len;      /**< bytes from l4_off to the end of the datagram */
	uint8_t netif;        /**< index of the interface it came in on */
	uint8_t proto;        /**< transport protocol, extension headers passed over */
	uint8_t hop_limit;    /**< TTL or hop limit */
	uint8_t tos;          /**< DS field and ECN bits */
	uint8_t flags;        /**< ISLA_PKT_* */
	uint8_t tcp_flags;    /**< RTE_TCP_*_FLAG */
	rte_be16_t src_port;
	rte_be16_t dst_port;
	uint32_t seq;         /**< SEG.SEQ */
	uint32_t ack;         /**< SEG.ACK */
	uint16_t wnd;         /**< SEG.WND as it stands in the header, not scaled */
	uint16_t data_len;    /**< bytes of payload after the transport header */
	uint32_t hash;        /**< keyed hash of the connection's tuple */
};

static_assert(sizeof(struct isla_pkt) == 64, "one cache line");

/** Private bytes that an mbuf needs. */
#define ISLA_PKT_PRIV_SIZE sizeof(struct isla_pkt)

/** The record of a packet. */
static inline struct isla_pkt *
isla_pkt(struct rte_mbuf *m)
{
	return (struct isla_pkt *)rte_mbuf_to_priv(m);
}

#ifdef __cplusplus
}
#endif

#endif /* ISLA_PKT_H */
