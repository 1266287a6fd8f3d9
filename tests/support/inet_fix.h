/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef INET_FIX_H
#define INET_FIX_H

/*
 * One interface with the rooms up to inet on it, for the suites of the inet room. Packets go in as
 * IP packets, through Ethernet and the real link room, and come out the same way.
 *
 * The stack has 192.168.1.2/24, 2001:db8::2/64 and fe80::2/64 on interface 0. The peer, whose MAC
 * address is known, is 192.168.1.1, 2001:db8::1 and fe80::1.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "core.h"
#include "inet.h"
#include "suite.h"
#include "udp.h"

#define OWN4       "192.168.1.2"
#define OWN6       "2001:db8::2"
#define OWN6_LL    "fe80::2"
#define OWN6_GROUP "ff02::1:ff00:2"
#define PEER4      "192.168.1.1"
#define PEER6      "2001:db8::1"
#define PEER6_LL   "fe80::1"

/* A transport protocol that only the tests speak: one of RFC 3692's numbers for experiments. */
#define PROBE_PROTO 253

struct inet_fix {
	struct core core;
	struct link link;
	struct inet *inet;
	struct isla_udp *udp;
	struct rte_mempool *pool;
	uint8_t l2_dst[6];  /* destination MAC address of frames that go in: the stack's own */
	uint64_t ol_flags;  /* of mbufs that go in */
	/* What the probe protocol got last. */
	unsigned int nb_delivered;
	struct isla_pkt pkt;
	uint8_t data[65536];
	uint32_t len;
	unsigned int nb_errors;
	struct inet_error error;
};

extern struct inet_fix fix;

/* An IP packet under construction. */
struct packet {
	uint8_t b[4096];
	uint16_t len;
};

/* Setup and teardown of a suite's tests; the latter checks that no mbuf is missing. */
void fix_setup(void);
void fix_teardown(void);

/* Start again with other settings: of inet and of the interface. */
void fix_restart(uint32_t icmp_rate, uint32_t offloads, uint16_t mtu);

/* A frame with the IP packet; `at` bytes of it stand in the first segment, the rest in a second
 * one. at >= len makes one segment. */
struct rte_mbuf *fix_frame(const void *ip, uint16_t len, uint16_t at);

/* Put one more segment with these bytes at the end of a frame. */
void fix_append_seg(struct rte_mbuf *m, const void *bytes, uint16_t len);

/* Feed a frame; what is refused is freed. */
enum isla_drop fix_input_frame(struct rte_mbuf *m);

/* Feed an IP packet in one segment. */
enum isla_drop fix_input(const void *ip, uint16_t len);
enum isla_drop fix_input_packet(const struct packet *p);

/* Take the oldest sent frame off the list; 0 where there is none, else the length of its IP packet,
 * which is copied to p. The frame's mbuf is left in *m where that is not NULL, else freed. */
uint16_t fix_take(struct packet *p, struct rte_mbuf **m);

/* How many frames wait. */
unsigned int fix_nb_sent(void);

/* An address from its text, which must be right. */
struct isla_addr addr(const char *text);

/* Begin an IP packet: a header without options or extensions, and the payload. */
void packet_ip(struct packet *p, const char *src, const char *dst, uint8_t proto,
	const void *payload, uint16_t len);

/* Set the length and the IPv4 header checksum anew after a change. */
void packet_fix_ip(struct packet *p);

/* Put bytes in at an offset. */
void packet_insert(struct packet *p, uint16_t at, const void *bytes, uint16_t len);

/* Set the checksum of an upper-layer packet at offset off, whose field is at off + field. */
void packet_fix_l4(struct packet *p, uint16_t off, uint16_t field, uint8_t proto);

/* What is wrong with the upper-layer checksum at offset off: 0 if nothing. */
uint16_t packet_l4_cksum(const struct packet *p, uint16_t off, uint8_t proto);

/* RFC 1071 to the letter: not complemented, host order, big-endian words. */
uint32_t ref_sum(uint32_t sum, const uint8_t *data, size_t len);

/* Bytes are equal, or the first difference is printed. */
bool same_bytes(const void *a, size_t len_a, const void *b, size_t len_b);

static inline uint64_t
fix_counter(enum isla_counter c)
{
	return fix.core.stats.counter[c];
}

#endif /* INET_FIX_H */
