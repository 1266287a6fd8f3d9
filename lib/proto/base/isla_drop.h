/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_DROP_H
#define ISLA_DROP_H

/**
 * @file
 * Why a packet was dropped. A per-packet call answers with one of these; 0 is "accepted". Each drop
 * is counted once, by the loop that holds the packet when it is refused.
 *
 * One list gives the enumeration, the names and the descriptions: X(NAME, description).
 */

#ifdef __cplusplus
extern "C" {
#endif

#define ISLA_DROP_LIST(X)                                                                          \
	X(NO_MBUF, "no free mbuf")                                                                 \
	X(TX_FULL, "the list of frames to send is full")                                           \
	X(ETHER_SHORT, "frame shorter than its Ethernet header")                                   \
	X(ETHER_DST, "destination MAC address is not ours")                                        \
	X(ETHER_SRC, "source MAC address is multicast or ours")                                    \
	X(ETHER_TYPE, "EtherType not supported")                                                   \
	X(VLAN, "VLAN not configured")                                                             \
	X(ARP_SHORT, "ARP packet truncated")                                                       \
	X(ARP_FORMAT, "ARP hardware or protocol type, length or operation not supported")          \
	X(ARP_ADDR, "ARP sender or target address not acceptable")                                 \
	X(ARP_NOT_OURS, "ARP request for somebody else, or an answer that nobody waits for")       \
	X(NEIGH_FULL, "neighbour cache full")                                                      \
	X(NEIGH_QUEUE, "too many packets wait for one neighbour")                                  \
	X(NEIGH_FAILED, "neighbour did not answer")                                                \
	X(NO_ROUTE, "no route to the destination")                                                 \
	X(NO_SRC_ADDR, "no source address of the destination's family")                            \
	X(TOO_BIG, "datagram larger than the MTU")                                                 \
	X(IP_SHORT, "IP header truncated")                                                         \
	X(IP_VERSION, "IP version does not match the EtherType")                                   \
	X(IP_HDR_LEN, "IPv4 header length below 20 or beyond the packet")                          \
	X(IP_LEN, "IP total or payload length beyond the frame or below the header")               \
	X(IP_CKSUM, "IPv4 header checksum wrong")                                                  \
	X(IP_SRC, "IP source address not acceptable")                                              \
	X(IP_DST, "IP destination address is not ours")                                            \
	X(IP_OPTIONS, "IPv4 options malformed")                                                    \
	X(IP_FRAGMENT, "IP fragment; fragments are not reassembled")                               \
	X(IP_PROTO, "transport protocol not supported")                                            \
	X(IP6_EXT_HDR, "IPv6 extension header malformed or not supported")                         \
	X(IP6_EXT_CHAIN, "IPv6 extension header chain too long")                                   \
	X(ICMP_SHORT, "ICMP message truncated")                                                    \
	X(ICMP_CKSUM, "ICMP checksum wrong")                                                       \
	X(ICMP_TYPE, "ICMP type or code not handled")                                              \
	X(ICMP_QUOTE, "ICMP error that quotes no packet of ours")                                  \
	X(ICMP_RATE, "ICMP rate limit reached")                                                    \
	X(ICMP_BROADCAST, "ICMP request to a broadcast or multicast address")                      \
	X(ND_HOP_LIMIT, "neighbour discovery hop limit is not 255")                                \
	X(ND_FORMAT, "neighbour discovery message or option malformed")                            \
	X(ND_ADDR, "neighbour discovery address not acceptable")                                   \
	X(ND_NOT_OURS, "neighbour message for somebody else, or that nobody waits for")            \
	X(UDP_SHORT, "UDP header truncated")                                                       \
	X(UDP_LEN, "UDP length does not match the packet")                                         \
	X(UDP_CKSUM, "UDP checksum wrong or, over IPv6, absent")                                   \
	X(UDP_NO_PORT, "no UDP service on that port")                                              \
	X(UDP_RCV_FULL, "UDP socket's receive buffer full")                                        \
	X(DHCP_FORMAT, "DHCP message truncated or malformed")                                      \
	X(DHCP_NOT_OURS, "DHCP message for another client, or that nobody waits for")              \
	X(DHCP_LEASE, "DHCP lease that cannot be used")                                            \
	X(TCP_SHORT, "TCP header truncated")                                                       \
	X(TCP_DATA_OFFSET, "TCP data offset below 5 or beyond the segment")                        \
	X(TCP_OPTIONS, "TCP options malformed")                                                    \
	X(TCP_CKSUM, "TCP checksum wrong")                                                         \
	X(TCP_ADDR, "TCP segment to or from a multicast or broadcast address")                     \
	X(TCP_FLAGS, "TCP flags make no sense in this state")                                      \
	X(TCP_NO_CONN, "no TCP connection or listener")                                            \
	X(TCP_BACKLOG, "listen backlog full")                                                      \
	X(TCP_CONN_TABLE, "TCP connection table full")                                             \
	X(TCP_SEQ, "TCP segment outside the receive window")                                       \
	X(TCP_ACK, "TCP acknowledgment not acceptable")                                            \
	X(TCP_PAWS, "TCP timestamp too old (PAWS)")                                                \
	X(TCP_RST, "TCP reset not at the expected sequence number")                                \
	X(TCP_SYN, "TCP SYN in a synchronized state")                                              \
	X(TCP_NO_ACK, "TCP segment without ACK")                                                   \
	X(TCP_DUP, "TCP segment that holds nothing new")                                           \
	X(TCP_RCV_FULL, "TCP receive queue full")                                                  \
	X(TCP_OOO_FULL, "TCP out-of-order queue full")                                             \
	X(TCP_CLOSED, "data after the local side was closed")

/** The reasons; ISLA_ACCEPTED is no drop. */
enum isla_drop {
	ISLA_ACCEPTED = 0,
#define ISLA_DROP_ENUM(name, desc) ISLA_DROP_##name,
	ISLA_DROP_LIST(ISLA_DROP_ENUM)
#undef ISLA_DROP_ENUM
	ISLA_DROP_MAX
};

/** The reason's name, as in the list, or "?" outside the list. Any thread. */
const char *isla_drop_name(enum isla_drop drop);

/** One line on the reason, without a full stop, or "?" outside the list. Any thread. */
const char *isla_drop_desc(enum isla_drop drop);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_DROP_H */
