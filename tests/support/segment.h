/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SEGMENT_H
#define SEGMENT_H

/*
 * Frames as bytes, for tests: TCP segments built and taken apart, ARP and neighbour discovery
 * answered. It shares nothing with the code under test, its checksum least of all.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_addr.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
#define ECE 0x40
#define CWR 0x80

#define WND_ZERO (-1)       /* seg::wnd: a window of zero */
#define WSCALE(n) ((n) + 1) /* seg::wscale: the option with shift n */
#define WSCALE_NONE 0xffff  /* seg::wscale, expected: no option */
#define FRAME_MAX (65535 + 14)

/* The ECN field of seg::tos. */
#define ECT1 0x01
#define ECT0 0x02
#define CE   0x03

/* A TCP segment. */
struct seg {
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	int32_t wnd; /* as in the header; 0: the peer's usual one, or anything */
	uint16_t urg;
	uint16_t len; /* of data; a segment to build with data NULL gets a pattern */
	const uint8_t *data;
	uint16_t mss;        /* 0: no option */
	uint16_t wscale;     /* 0: no option */
	const uint8_t *opts; /* more options, as they are */
	uint8_t opts_len;
	uint8_t data_off; /* to build: words, where not what is right */
	uint8_t tos;      /* of the IP header */
	uint16_t sport;
	uint16_t dport;
	bool bad_cksum;
};

/* Where a frame goes from and to. */
struct frame_ends {
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
	struct isla_addr src;
	struct isla_addr dst;
};

enum frame_kind {
	FRAME_BAD, /* see frame::error */
	FRAME_ARP_REQ,
	FRAME_NS,
	FRAME_TCP,
	FRAME_OTHER,
};

/* A frame taken apart; pointers go into its bytes. */
struct frame {
	enum frame_kind kind;
	const char *error;
	struct frame_ends ends;
	struct isla_addr target; /* of an ARP request or a solicitation */
	struct seg seg;
	const uint8_t *l4;
	uint16_t l4_len;
	uint8_t proto;
	uint8_t hop_limit;
};

/* The byte at an offset of the pattern that test data is made of; offsets wrap as sequence numbers
 * do, so that the sequence number can be the offset. */
static inline uint8_t
pattern_at(uint32_t off)
{
	return (uint8_t)((off * 0x9e3779b97f4a7c15ull) >> 56);
}

void pattern_fill(uint8_t *data, uint32_t off, uint32_t len);
bool pattern_is(const uint8_t *data, uint32_t off, uint32_t len);

/* Each writes a whole frame to buf and returns its length. A short one is padded with rubbish. */
uint32_t frame_build_tcp(uint8_t *buf, const struct frame_ends *ends, const struct seg *seg);
uint32_t frame_build_udp(uint8_t *buf, const struct frame_ends *ends, uint16_t sport,
	uint16_t dport, const void *data, uint16_t len);
uint32_t frame_build_echo(uint8_t *buf, const struct frame_ends *ends, uint16_t id, uint16_t seq,
	const void *data, uint16_t len);

/* The answer to an ARP request or a neighbour solicitation: the target is at `mac`. */
uint32_t frame_build_resolved(uint8_t *buf, const struct frame *question, const uint8_t mac[6]);

/* Put an IP header and an Ethernet header before len bytes at buf + frame_l4_off(ends). */
uint32_t frame_finish(uint8_t *buf, const struct frame_ends *ends, uint8_t proto, uint32_t len);
uint32_t frame_l4_off(const struct frame_ends *ends);
/* Set the DS field and ECN bits, or traffic class, of a finished frame. */
void frame_set_tos(uint8_t *buf, const struct frame_ends *ends, uint8_t tos);

/* The transport checksum: to store where the field is zero, 0 where the packet is right. */
uint16_t frame_l4_cksum(
	const struct frame_ends *ends, uint8_t proto, const uint8_t *l4, uint32_t len);

/* Every length and every checksum is verified. */
void frame_parse(const uint8_t *bytes, uint32_t len, struct frame *f);

/* "SYN|ACK seq=.. ack=.. wnd=.. len=.." in a buffer of size bytes; returns buf. */
const char *seg_format(const struct seg *seg, char *buf, size_t size);

#endif /* SEGMENT_H */
