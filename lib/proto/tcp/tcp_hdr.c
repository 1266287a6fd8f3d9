/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TCP header's codec. tcp_hdr_parse() describes the segment in isla_pkt, tcp_opts_parse() reads
 * the options when the connection wants them, tcp_opts_build() writes ours.
 */

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>

#include "isla_pkt.h"
#include "tcp_hdr.h"

enum {
	KIND_END = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_WSCALE = 3,
	KIND_SACK_PERMITTED = 4,
	KIND_SACK = 5,
	KIND_TIMESTAMPS = 8,
	KIND_FASTOPEN = 34,
};

enum isla_drop
tcp_hdr_parse(struct rte_mbuf *m)
{
	struct isla_pkt *pkt = isla_pkt(m);
	const struct rte_tcp_hdr *h;
	unsigned int hdr_len;

	if (pkt->l4_len < TCP_HDR_LEN || rte_pktmbuf_data_len(m) < TCP_HDR_LEN)
		return ISLA_DROP_TCP_SHORT;
	h = rte_pktmbuf_mtod(m, const struct rte_tcp_hdr *);
	hdr_len = (h->data_off >> 4) * 4u;
	if (hdr_len < TCP_HDR_LEN || hdr_len > pkt->l4_len)
		return ISLA_DROP_TCP_DATA_OFFSET;
	if (hdr_len > rte_pktmbuf_data_len(m))
		return ISLA_DROP_TCP_SHORT;
	pkt->src_port = h->src_port;
	pkt->dst_port = h->dst_port;
	pkt->seq = rte_be_to_cpu_32(h->sent_seq);
	pkt->ack = rte_be_to_cpu_32(h->recv_ack);
	pkt->wnd = rte_be_to_cpu_16(h->rx_win);
	pkt->tcp_flags = h->tcp_flags;
	pkt->data_len = (uint16_t)(pkt->l4_len - hdr_len);
	return ISLA_ACCEPTED;
}

/* What nearly all segments have, padded as in RFC 7323, appendix A; the two values follow. */
#define TIMESTAMPS_ALONE (KIND_NOP << 24 | KIND_NOP << 16 | KIND_TIMESTAMPS << 8 | 10)

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

static void
timestamps_parse(const uint8_t *p, struct tcp_opts *opts)
{
	opts->ts_val = get32(p + 2);
	opts->ts_ecr = get32(p + 6);
	opts->present |= TCP_OPT_TIMESTAMPS;
}

static void
sack_parse(const uint8_t *p, unsigned int len, struct tcp_opts *opts)
{
	unsigned int i, nb = (len - 2) / 8;

	if (len < 10 || (len - 2) % 8 != 0 || nb > TCP_SACK_MAX)
		return;
	for (i = 0; i < nb; i++) {
		opts->sack[i].left = get32(p + 2 + 8 * i);
		opts->sack[i].right = get32(p + 6 + 8 * i);
	}
	opts->nb_sack = (uint8_t)nb;
	opts->present |= TCP_OPT_SACK;
}

/* RFC 7413, 4.1.1: a cookie of n bytes, an even number, or none. */
static void
fastopen_parse(const uint8_t *p, unsigned int n, struct tcp_opts *opts)
{
	if (n != 0 && (n < TCP_FO_COOKIE_MIN || n > TCP_FO_COOKIE_MAX || n % 2 != 0))
		return;
	opts->fo_len = (uint8_t)n;
	memcpy(opts->fo, p + 2, n);
	opts->present |= TCP_OPT_FASTOPEN;
}

/* One option of len bytes, its kind and length bytes among them. */
static void
opt_parse(const uint8_t *p, unsigned int len, struct tcp_opts *opts)
{
	switch (p[0]) {
	case KIND_MSS:
		if (len == 4) {
			opts->mss = (uint16_t)(p[2] << 8 | p[3]);
			opts->present |= TCP_OPT_MSS;
		}
		break;
	case KIND_WSCALE:
		if (len == 3) {
			opts->wscale = p[2];
			opts->present |= TCP_OPT_WSCALE;
		}
		break;
	case KIND_SACK_PERMITTED:
		if (len == 2)
			opts->present |= TCP_OPT_SACK_PERMITTED;
		break;
	case KIND_SACK:
		sack_parse(p, len, opts);
		break;
	case KIND_TIMESTAMPS:
		if (len == 10)
			timestamps_parse(p, opts);
		break;
	case KIND_FASTOPEN:
		fastopen_parse(p, len - 2, opts);
		break;
	default:
		break;
	}
}

/* Apart, so that the plain case costs no more than itself. */
static __rte_noinline bool
opts_walk(const uint8_t *p, unsigned int n, struct tcp_opts *opts)
{
	unsigned int i = 0;

	while (i < n && p[i] != KIND_END) {
		if (p[i] == KIND_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= n || p[i + 1] < 2 || p[i + 1] > n - i)
			return false;
		opt_parse(p + i, p[i + 1], opts);
		i += p[i + 1];
	}
	return true;
}

bool
tcp_opts_parse(const uint8_t *p, unsigned int n, struct tcp_opts *opts)
{
	opts->present = 0;
	opts->nb_sack = 0;
	if (unlikely(n != TCP_TS_LEN || get32(p) != TIMESTAMPS_ALONE))
		return opts_walk(p, n, opts);
	timestamps_parse(p + 2, opts);
	return true;
}

static __rte_noinline unsigned int
opts_put(uint8_t *buf, const struct tcp_opts *opts)
{
	uint8_t *p = buf;
	unsigned int i;

	if (opts->present & TCP_OPT_MSS) {
		*p++ = KIND_MSS;
		*p++ = 4;
		*p++ = (uint8_t)(opts->mss >> 8);
		*p++ = (uint8_t)opts->mss;
	}
	/* Two bytes in front of those of timestamps keep the latter aligned, as NOPs would. */
	if (opts->present & TCP_OPT_SACK_PERMITTED) {
		if ((opts->present & TCP_OPT_TIMESTAMPS) == 0) {
			*p++ = KIND_NOP;
			*p++ = KIND_NOP;
		}
		*p++ = KIND_SACK_PERMITTED;
		*p++ = 2;
	} else if (opts->present & TCP_OPT_TIMESTAMPS) {
		*p++ = KIND_NOP;
		*p++ = KIND_NOP;
	}
	if (opts->present & TCP_OPT_TIMESTAMPS) {
		*p++ = KIND_TIMESTAMPS;
		*p++ = 10;
		p = put32(p, opts->ts_val);
		p = put32(p, opts->ts_ecr);
	}
	if (opts->present & TCP_OPT_WSCALE) {
		*p++ = KIND_NOP;
		*p++ = KIND_WSCALE;
		*p++ = 3;
		*p++ = opts->wscale;
	}
	if (opts->present & TCP_OPT_SACK) {
		*p++ = KIND_NOP;
		*p++ = KIND_NOP;
		*p++ = KIND_SACK;
		*p++ = (uint8_t)(2 + 8 * opts->nb_sack);
		for (i = 0; i < opts->nb_sack; i++) {
			p = put32(p, opts->sack[i].left);
			p = put32(p, opts->sack[i].right);
		}
	}
	if (opts->present & TCP_OPT_FASTOPEN) {
		if ((2 + opts->fo_len) % 4 != 0) {
			*p++ = KIND_NOP;
			*p++ = KIND_NOP;
		}
		*p++ = KIND_FASTOPEN;
		*p++ = (uint8_t)(2 + opts->fo_len);
		memcpy(p, opts->fo, opts->fo_len);
		p += opts->fo_len;
	}
	while ((p - buf) % 4 != 0)
		*p++ = KIND_NOP;
	return (unsigned int)(p - buf);
}

unsigned int
tcp_opts_build(uint8_t *buf, const struct tcp_opts *opts)
{
	uint8_t *p = buf;

	if (unlikely(opts->present != TCP_OPT_TIMESTAMPS))
		return opts_put(buf, opts);
	p = put32(p, TIMESTAMPS_ALONE);
	p = put32(p, opts->ts_val);
	put32(p, opts->ts_ecr);
	return TCP_TS_LEN;
}
