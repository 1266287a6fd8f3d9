/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A path that carries less than was thought. Routers say so by ICMP (RFC 1191, RFC 8201), and
 * tcp_pmtu_error() believes them only about a segment that is in flight and that can have been too
 * big (RFC 5927, 7.2); where they keep silent, timeouts do, tcp_pmtu_timeout() (RFC 4821, 7.7). The
 * segments that are too big are sent again in pieces, which is no sign of congestion (RFC 1191,
 * 6.5). The path's MTU never grows during a connection.
 */

#include <rte_common.h>

#include "tcp_priv.h"

/* From which timeout in a row on a silent router is thought of, and when once more. */
#define SUSPECT_TIMEOUTS 3
#define SUSPECT_AGAIN    5

/* What IPv4 falls back to first, as IPv6 does. */
#define FALLBACK_MTU 1280

static uint32_t
payload_of(const struct tcp_seg *s)
{
	return s->len - ((s->flags & TCP_SEG_FIN) != 0);
}

/* The payload of a full segment in packets of that size. */
static uint32_t
mss_of(const struct isla_tcp_conn *c, uint16_t mtu)
{
	uint32_t opts = c->flags & TCP_F_TS ? TCP_TS_LEN : 0;

	return mtu - inet_hdr_len(&c->local) - TCP_HDR_LEN - opts;
}

/* The segment in flight that holds a sequence number; NULL: none that has not arrived. */
static const struct tcp_seg *
seg_at(const struct isla_tcp_conn *c, uint32_t seq)
{
	uint32_t i;

	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		const struct tcp_seg *s = &c->tcp->seg[i];

		if (seq - s->seq < s->len)
			return s->flags & TCP_SEG_SACKED ? NULL : s;
	}
	return NULL;
}

void
tcp_pmtu_lower(struct isla_tcp_conn *c, uint16_t mtu)
{
	uint32_t mss = mss_of(c, mtu), i;

	c->path.mtu = mtu;
	c->mss = (uint16_t)RTE_MIN(c->mss, mss);
	core_count(c->tcp->core, ISLA_C_TCP_MTU_LOWERED);
	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		struct tcp_seg *s = &c->tcp->seg[i];

		if (payload_of(s) > c->mss)
			tcp_seg_mark_lost(c, s);
	}
	/* Duplicate ACKs of what came through meanwhile tell of no congestion either. */
	if ((c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) == 0)
		c->recover = c->snd_nxt;
	tcp_sched(c);
}

/* RFC 1191, 5 and 7: a router of before names no MTU, so one after the other is tried. */
static uint16_t
next_plateau(uint16_t mtu)
{
	static const uint16_t plateau[] = {8166, 4352, 2002, 1492, 1006};
	unsigned int i;

	for (i = 0; i < RTE_DIM(plateau); i++)
		if (plateau[i] < mtu)
			return plateau[i];
	return 0;
}

void
tcp_pmtu_error(struct isla_tcp_conn *c, const struct inet_error *err)
{
	uint16_t min = inet_pmtu_min(&c->remote);
	const struct tcp_seg *s = seg_at(c, err->seq);
	uint32_t mtu = err->mtu;

	if (s == NULL)
		return;
	if (isla_addr_is_v4(&c->remote)) {
		if (mtu < 68)
			mtu = next_plateau(c->path.mtu);
		mtu = RTE_MAX(mtu, (uint32_t)min);
	}
	/* RFC 8201, 4: an MTU that cannot be is no reason for anything. Other options than
	 * timestamps can have made the packet larger than its payload tells. */
	if (mtu < min || mtu >= c->path.mtu ||
		payload_of(s) + TCP_OPTS_MAX <= mss_of(c, (uint16_t)mtu))
		return;
	inet_pmtu_lower(c->tcp->inet, &c->remote, (uint16_t)mtu);
	tcp_pmtu_lower(c, (uint16_t)mtu);
}

/* True where packets larger than that have arrived: in order, or out of order. */
static bool
has_passed(const struct isla_tcp_conn *c, uint32_t mss)
{
	uint32_t i;

	if (c->bytes_acked >= c->mss)
		return true;
	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		const struct tcp_seg *s = &c->tcp->seg[i];

		if (s->seq + s->len == c->fack)
			return payload_of(s) > mss;
	}
	return false;
}

void
tcp_pmtu_timeout(struct isla_tcp_conn *c)
{
	uint16_t min = inet_pmtu_min(&c->remote), mtu = RTE_MAX(min, (uint16_t)FALLBACK_MTU);

	if (c->nb_timeouts == SUSPECT_AGAIN)
		mtu = min;
	else if (c->nb_timeouts != SUSPECT_TIMEOUTS)
		return;
	/* Where full segments have passed, they are not what is lost now. */
	if (mtu >= c->path.mtu || payload_of(&c->tcp->seg[c->seg_head]) <= mss_of(c, mtu) ||
		has_passed(c, mss_of(c, mtu)))
		return;
	tcp_pmtu_lower(c, mtu);
}

bool
tcp_pmtu_fit(struct isla_tcp_conn *c, struct tcp_seg *s)
{
	return payload_of(s) <= c->mss || tcp_seg_split(c, s, c->mss);
}
