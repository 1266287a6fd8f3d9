/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_HDR_H
#define TCP_HDR_H

/*
 * The TCP header's codec: RFC 9293, 3.1 and 3.2; options of RFC 7323 and RFC 2018.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "isla_drop.h"

#define TCP_HDR_LEN     20
#define TCP_HDR_LEN_MAX 60
#define TCP_OPTS_MAX    40
#define TCP_TS_LEN      12 /* timestamps with their padding */
#define TCP_WSCALE_MAX  14 /* RFC 7323, 2.3 */
#define TCP_SACK_MAX    4
#define TCP_FO_COOKIE_MIN 4  /* RFC 7413, 2 */
#define TCP_FO_COOKIE_MAX 16

/* tcp_opts::present */
#define TCP_OPT_MSS            0x01
#define TCP_OPT_WSCALE         0x02
#define TCP_OPT_SACK_PERMITTED 0x04
#define TCP_OPT_TIMESTAMPS     0x08
#define TCP_OPT_SACK           0x10
#define TCP_OPT_FASTOPEN       0x20

struct tcp_sack_block {
	uint32_t left;
	uint32_t right;
};

/* A segment's options in host byte order. */
struct tcp_opts {
	uint8_t present; /* TCP_OPT_* */
	uint8_t wscale;
	uint8_t nb_sack;
	uint8_t fo_len;  /* of the cookie; 0: one is asked for */
	uint16_t mss;
	uint32_t ts_val;
	uint32_t ts_ecr;
	struct tcp_sack_block sack[TCP_SACK_MAX];
	uint8_t fo[TCP_FO_COOKIE_MAX];
};

/*
 * Read the fixed header at the start of the mbuf's data into isla_pkt: ports, seq, ack, flags, wnd,
 * data_len. The header, options included, must lie in the first segment. l4_len is that of
 * isla_pkt.
 */
enum isla_drop tcp_hdr_parse(struct rte_mbuf *m);

/*
 * Read the options of a header that tcp_hdr_parse() has accepted: n bytes. False where a length is
 * below 2 or runs beyond the header (RFC 9293, MUST-7). An option of the wrong length
 * for its kind is ignored, as is an unknown one (MUST-6).
 */
bool tcp_opts_parse(const uint8_t *p, unsigned int n, struct tcp_opts *opts);

/* Write what opts holds; padded to a multiple of four. Returns the bytes written, at most 40. */
unsigned int tcp_opts_build(uint8_t *p, const struct tcp_opts *opts);

#endif /* TCP_HDR_H */
