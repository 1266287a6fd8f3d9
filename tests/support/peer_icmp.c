/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_common.h>

#include "peer_icmp.h"

#define ICMP_V4 1
#define ICMP_V6 58

void
icmp_about(const struct peer_frame *f, struct icmp_type v4, struct icmp_type v6, uint32_t rest)
{
	uint8_t buf[FRAME_MAX], proto = peer.is_v6 ? ICMP_V6 : ICMP_V4;
	uint8_t *icmp = buf + frame_l4_off(&peer.ends);
	uint32_t quote = RTE_MIN(f->len - 14, 128u), i;
	uint16_t cksum;

	memset(icmp, 0, 8);
	icmp[0] = peer.is_v6 ? v6.type : v4.type;
	icmp[1] = peer.is_v6 ? v6.code : v4.code;
	for (i = 0; i < 4; i++)
		icmp[4 + i] = (uint8_t)(rest >> (24 - 8 * i));
	memcpy(icmp + 8, f->bytes + 14, quote);
	cksum = frame_l4_cksum(&peer.ends, proto, icmp, 8 + quote);
	icmp[2] = (uint8_t)(cksum >> 8);
	icmp[3] = (uint8_t)cksum;
	peer_inject_bytes(buf, frame_finish(buf, &peer.ends, proto, 8 + quote));
}

void
icmp_about_last(struct icmp_type v4, struct icmp_type v6)
{
	icmp_about(&peer.last, v4, v6, 0);
}

void
icmp_too_big(uint32_t mtu)
{
	icmp_about(&peer.last, (struct icmp_type){3, 4}, (struct icmp_type){2, 0}, mtu);
}
