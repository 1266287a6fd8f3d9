/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_COUNTER_H
#define ISLA_COUNTER_H

/**
 * @file
 * One shard's counters. One list gives the enumeration, the names and the descriptions:
 * X(NAME, "name", description). Names are those of the SNMP MIBs: IP-MIB (RFC 4293), TCP-MIB
 * (RFC 4022), UDP-MIB (RFC 4113); where the MIBs have none, Linux's SNMP names or our own follow.
 *
 * The IPv4 and the IPv6 block have the same order, so that one piece of code counts for both:
 * isla_count_ip() adds the distance between them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_drop.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ISLA_COUNTER_IP_LIST(X, P, n)                                                              \
	X(P##_IN_RECEIVES, "ipSystemStatsInReceives." n, "datagrams received")                     \
	X(P##_IN_HDR_ERRORS, "ipSystemStatsInHdrErrors." n, "datagrams with a bad header")         \
	X(P##_IN_ADDR_ERRORS, "ipSystemStatsInAddrErrors." n,                                      \
		"datagrams to or from a bad address")                                              \
	X(P##_IN_UNKNOWN_PROTOS, "ipSystemStatsInUnknownProtos." n, "protocol not supported")      \
	X(P##_IN_TRUNCATED_PKTS, "ipSystemStatsInTruncatedPkts." n, "frame shorter than datagram") \
	X(P##_IN_DISCARDS, "ipSystemStatsInDiscards." n, "good datagrams that were dropped")       \
	X(P##_IN_DELIVERS, "ipSystemStatsInDelivers." n, "datagrams given to a protocol")          \
	X(P##_OUT_REQUESTS, "ipSystemStatsOutRequests." n, "datagrams that protocols sent")        \
	X(P##_OUT_NO_ROUTES, "ipSystemStatsOutNoRoutes." n, "datagrams without a route")           \
	X(P##_OUT_DISCARDS, "ipSystemStatsOutDiscards." n, "datagrams dropped on the way out")     \
	X(P##_OUT_TRANSMITS, "ipSystemStatsOutTransmits." n, "datagrams given to the link")        \
	X(P##_ICMP_IN_MSGS, "icmpStatsInMsgs." n, "ICMP messages received")                        \
	X(P##_ICMP_IN_ERRORS, "icmpStatsInErrors." n, "ICMP messages with an error")               \
	X(P##_ICMP_IN_ECHOS, "icmpMsgStatsInPkts.echo." n, "echo requests received")               \
	X(P##_ICMP_OUT_MSGS, "icmpStatsOutMsgs." n, "ICMP messages sent")                          \
	X(P##_ICMP_OUT_ECHO_REPS, "icmpMsgStatsOutPkts.echoReply." n, "echo replies sent")         \
	X(P##_ICMP_OUT_DEST_UNREACHS, "icmpMsgStatsOutPkts.unreach." n, "unreachables sent")

#define ISLA_COUNTER_LIST(X)                                                                       \
	X(IF_IN_PKTS, "ifInPkts", "frames received")                                               \
	X(IF_IN_OCTETS, "ifHCInOctets", "bytes of frames received")                                \
	X(IF_OUT_PKTS, "ifOutPkts", "frames sent")                                                 \
	X(IF_OUT_OCTETS, "ifHCOutOctets", "bytes of frames sent")                                  \
	X(ARP_IN_REQUESTS, "arpInRequests", "ARP requests received")                               \
	X(ARP_IN_REPLIES, "arpInReplies", "ARP replies received")                                  \
	X(ARP_OUT_REQUESTS, "arpOutRequests", "ARP requests sent")                                 \
	X(ARP_OUT_REPLIES, "arpOutReplies", "ARP replies sent")                                    \
	X(ARP_CONFLICTS, "arpConflicts", "addresses that somebody else had (RFC 5227)")            \
	X(ARP_DEFENCES, "arpDefences", "own addresses that were defended by ARP")                  \
	X(ND_IN_SOLICITS, "ndInNeighborSolicits", "neighbour solicitations received")              \
	X(ND_IN_ADVERTS, "ndInNeighborAdvertisements", "neighbour advertisements received")        \
	X(ND_OUT_SOLICITS, "ndOutNeighborSolicits", "neighbour solicitations sent")                \
	X(ND_OUT_ADVERTS, "ndOutNeighborAdvertisements", "neighbour advertisements sent")          \
	ISLA_COUNTER_IP_LIST(X, IP4, "ipv4")                                                       \
	ISLA_COUNTER_IP_LIST(X, IP6, "ipv6")                                                       \
	X(UDP_IN_DATAGRAMS, "udpInDatagrams", "datagrams given to a service")                      \
	X(UDP_NO_PORTS, "udpNoPorts", "datagrams to a port without a service")                     \
	X(UDP_IN_ERRORS, "udpInErrors", "datagrams with an error")                                 \
	X(UDP_OUT_DATAGRAMS, "udpOutDatagrams", "datagrams sent")                                  \
	X(TCP_ACTIVE_OPENS, "tcpActiveOpens", "CLOSED to SYN-SENT")                                \
	X(TCP_PASSIVE_OPENS, "tcpPassiveOpens", "LISTEN to SYN-RECEIVED")                          \
	X(TCP_ATTEMPT_FAILS, "tcpAttemptFails", "SYN-SENT or SYN-RECEIVED to CLOSED or LISTEN")    \
	X(TCP_ESTAB_RESETS, "tcpEstabResets", "ESTABLISHED or CLOSE-WAIT to CLOSED")               \
	X(TCP_CURR_ESTAB, "tcpCurrEstab", "connections ESTABLISHED or CLOSE-WAIT now")             \
	X(TCP_IN_SEGS, "tcpHCInSegs", "segments received, errors included")                        \
	X(TCP_OUT_SEGS, "tcpHCOutSegs", "segments sent, retransmissions excluded")                 \
	X(TCP_RETRANS_SEGS, "tcpRetransSegs", "segments retransmitted")                            \
	X(TCP_IN_ERRS, "tcpInErrs", "segments received in error")                                  \
	X(TCP_OUT_RSTS, "tcpOutRsts", "segments sent with RST")                                    \
	X(TCP_RTO_TIMEOUTS, "TCPTimeouts", "retransmission timeouts")                              \
	X(TCP_FAST_RETRANS, "TCPFastRetrans", "segments retransmitted on duplicate ACKs")          \
	X(TCP_LOSS_PROBES, "TCPLossProbes", "tail loss probes sent")                               \
	X(TCP_UNDOS, "TCPUndos", "window reductions undone: nothing had been lost")                \
	X(TCP_MTU_LOWERED, "TCPMtuLowered", "connections whose path took smaller packets only")    \
	X(TCP_SPURIOUS_RTOS, "TCPSpuriousRTOs", "timeouts that F-RTO found needless")              \
	X(TCP_DUP_ACKS_IN, "TCPDupAcksIn", "duplicate ACKs received")                              \
	X(TCP_DELAYED_ACKS, "DelayedACKs", "ACKs sent by the delayed ACK timer")                   \
	X(TCP_OFO_QUEUE, "TCPOFOQueue", "segments queued out of order")                            \
	X(TCP_OFO_MERGE, "TCPOFOMerge", "segments out of order that held nothing new")             \
	X(TCP_ZERO_WINDOW_PROBES, "TCPWinProbe", "zero-window probes sent")                        \
	X(TCP_KEEPALIVES, "TCPKeepAlive", "keep-alive probes sent")                                \
	X(TCP_CHALLENGE_ACKS, "TCPChallengeACK", "challenge ACKs sent")                            \
	X(TCP_ORPHANS_RESET, "TCPAbortOnMemory", "connections reset: too many had no program")     \
	X(TCP_ECN_AGREED, "TCPECNEstab", "connections that agreed on ECN")                         \
	X(TCP_ECN_FALLBACKS, "TCPECNFallbacks", "SYNs sent again without ECN")                     \
	X(TCP_IN_CE, "InCEPkts", "data segments that came marked: congestion experienced")         \
	X(TCP_DELIVERED_CE, "TCPDeliveredCE", "ACKs that told of marks")                           \
	X(TCP_ECN_REDUCTIONS, "TCPECNReductions", "congestion windows reduced for a mark")         \
	X(TCP_TFO_PASSIVE, "TCPFastOpenPassive", "SYNs whose data was taken")                      \
	X(TCP_TFO_PASSIVE_FAIL, "TCPFastOpenPassiveFail", "SYNs with a cookie that is not ours")   \
	X(TCP_TFO_OVERFLOW, "TCPFastOpenListenOverflow", "SYNs with data beyond the bound")        \
	X(TCP_TFO_COOKIE_REQD, "TCPFastOpenCookieReqd", "SYNs that asked for a cookie")            \
	X(TCP_TFO_ACTIVE, "TCPFastOpenActive", "SYNs of ours whose data was taken")                \
	X(TCP_TFO_ACTIVE_FAIL, "TCPFastOpenActiveFail", "SYNs of ours whose data was not taken")   \
	X(TCP_TFO_COOKIES, "TCPFastOpenCookies", "cookies learnt from servers")                    \
	X(TCP_TFO_BLACK_HOLES, "TCPFastOpenBlackhole", "paths on which the option gets lost")      \
	X(TCP_TIME_WAIT, "TW", "connections that entered TIME-WAIT")                               \
	X(TCP_LISTEN_OVERFLOWS, "ListenOverflows", "SYNs that found the backlog full")             \
	X(TCP_SYNCOOKIES_SENT, "SyncookiesSent", "SYN cookies sent")                               \
	X(TCP_SYNCOOKIES_RECV, "SyncookiesRecv", "connections opened by a SYN cookie")             \
	X(TCP_SYNCOOKIES_FAILED, "SyncookiesFailed", "ACKs that held no SYN cookie of ours")       \
	X(DHCP_OUT_MSGS, "dhcpOutMsgs", "DHCP messages sent")                                      \
	X(DHCP_IN_MSGS, "dhcpInMsgs", "DHCP messages received, ignored ones included")             \
	X(DHCP_LEASES, "dhcpLeases", "leases that began")                                          \
	X(DHCP_RENEWALS, "dhcpRenewals", "leases renewed")                                         \
	X(DHCP_NAKS, "dhcpNaks", "refusals of servers")                                            \
	X(DHCP_DECLINES, "dhcpDeclines", "addresses declined: somebody else had them")             \
	X(DHCP_EXPIRIES, "dhcpExpiries", "leases that nobody renewed in time")                     \
	X(HTTP_REQUESTS, "httpRequests", "HTTP requests answered")                                 \
	X(HTTP_ERRORS, "httpErrors", "HTTP requests answered with 4xx or 5xx")                     \
	X(DNS_QUERIES, "dnsQueries", "names that programs asked for")                              \
	X(DNS_FAILURES, "dnsFailures", "of these, those that gave no record")                      \
	X(DNS_CACHE_HITS, "dnsCacheHits", "questions answered from the cache")                     \
	X(DNS_OUT_QUERIES, "dnsOutQueries", "questions sent to servers, repetitions included")     \
	X(DNS_OUT_TCP, "dnsOutTcp", "of these, those over TCP")                                    \
	X(DNS_IN_ANSWERS, "dnsInAnswers", "answers of servers")                                    \
	X(DNS_IN_TRUNCATED, "dnsInTruncated", "of these, those cut short: TCP is asked")           \
	X(DNS_IN_MALFORMED, "dnsInMalformed", "of these, those that made no sense")                \
	X(DNS_IN_MISMATCHES, "dnsInMismatches", "messages that answered no question of ours")      \
	X(DNS_IN_FOREIGN, "dnsInForeign", "records that were not asked for")                       \
	X(DNS_TIMEOUTS, "dnsTimeouts", "questions that a server did not answer in time")           \
	X(PAYLOAD_BYTES_COPIED, "PayloadBytesCopied", "payload bytes that were copied")

/** The counters, as indices into isla_stats::counter. */
enum isla_counter {
#define ISLA_COUNTER_ENUM(name, text, desc) ISLA_C_##name,
	ISLA_COUNTER_LIST(ISLA_COUNTER_ENUM)
#undef ISLA_COUNTER_ENUM
	ISLA_C_MAX
};

/** What one shard has counted. A plain value: copy it as one. */
struct isla_stats {
	uint64_t counter[ISLA_C_MAX];
	uint64_t drop[ISLA_DROP_MAX];
};

/** The counter's name, as a MIB has it, or "?" outside the list. Any thread. */
const char *isla_counter_name(enum isla_counter counter);

/** One line on the counter, without a full stop, or "?" outside the list. Any thread. */
const char *isla_counter_desc(enum isla_counter counter);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_COUNTER_H */
