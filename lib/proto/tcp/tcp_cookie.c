/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN cookies (Bernstein, 1996; RFC 4987, 3.6): where a listener's backlog is full, the SYN,ACK
 * carries all that is known of the connection, and nothing is kept. The ACK that comes back proves
 * that the peer is where it says, and brings it along:
 *
 *   sequence number   5 bits of time (64 s each), 3 bits of MSS, 24 bits of keyed hash
 *   timestamp         in its low 6 bits, where the SYN had one: window scale, SACK and ECN
 */

#include <rte_common.h>

#include "ports.h"
#include "siphash.h"
#include "tcp_priv.h"

#define TIME_SHIFT  26 /* 2^26 us, about 67 s */
#define TIME_BITS   5
#define MSS_BITS    3
#define MAC_BITS    24
#define TS_BITS     6
#define TS_NO_SCALE 15 /* no window scale: a scale is 14 at most */
#define TS_SACK     0x10
#define TS_ECN      0x20
#define SKEW_US     1000000 /* another shard's clock may be ahead, by far less */

/* What a cookie's three bits can say; the peer's MSS is rounded down. */
static const uint16_t mss_table[1 << MSS_BITS] = {88, 536, 1200, 1220, 1360, 1400, 1440, 1460};

static uint32_t
time_now(const struct isla_tcp *tcp)
{
	return (uint32_t)(tcp->core->now_us >> TIME_SHIFT);
}

/* irs: the peer's initial sequence number. */
static uint32_t
cookie_make(const struct isla_tcp *tcp, const struct isla_pkt *pkt, uint32_t irs, uint32_t time,
	uint32_t mss_index)
{
	uint32_t head = (time & ((1u << TIME_BITS) - 1)) << MSS_BITS | mss_index;
	uint64_t words[7] = {pkt->dst.q[0], pkt->dst.q[1], pkt->src.q[0], pkt->src.q[1],
		(uint64_t)pkt->dst_port << 16 | pkt->src_port, (uint64_t)time << 32 | irs,
		mss_index};
	uint64_t mac = siphash24(&tcp->cookie_key, words, RTE_DIM(words));

	return head << MAC_BITS | (uint32_t)(mac & ((1u << MAC_BITS) - 1));
}

/* The MSS that a cookie of ours carries, or 0 where it is none, or too old. */
static uint16_t
cookie_check(const struct isla_tcp *tcp, const struct isla_pkt *pkt, uint32_t irs, uint32_t cookie)
{
	uint32_t mss_index = cookie >> MAC_BITS & ((1u << MSS_BITS) - 1);
	uint32_t latest = (uint32_t)((tcp->core->now_us + SKEW_US) >> TIME_SHIFT);
	/* What it says of its time is right, or it is none of ours: one guess is one try. */
	uint32_t age = (latest - (cookie >> (MAC_BITS + MSS_BITS))) & ((1u << TIME_BITS) - 1);

	if (age > latest - time_now(tcp) + 1 ||
		cookie != cookie_make(tcp, pkt, irs, latest - age, mss_index))
		return 0;
	return mss_table[mss_index];
}

static uint32_t
mss_to_index(const struct tcp_in *in)
{
	uint16_t mss = in->opts.present & TCP_OPT_MSS ? in->opts.mss : mss_table[1];
	uint32_t i = RTE_DIM(mss_table) - 1;

	while (i > 0 && mss_table[i] > mss)
		i--;
	return i;
}

/* Our timestamp with what it has to carry; not ahead of the clock. */
static uint32_t
ts_encode(uint32_t now, const struct tcp_in *in, const struct isla_tcp *tcp)
{
	const struct isla_tcp_conf *conf = &tcp->conf;
	uint32_t bits = TS_NO_SCALE, ts;

	if ((in->opts.present & TCP_OPT_WSCALE) && !conf->no_wscale)
		bits = RTE_MIN(in->opts.wscale, (uint8_t)TCP_WSCALE_MAX);
	if ((in->opts.present & TCP_OPT_SACK_PERMITTED) && !conf->no_sack)
		bits |= TS_SACK;
	if (tcp_ecn_agrees(tcp, in))
		bits |= TS_ECN;
	ts = (now & ~((1u << TS_BITS) - 1)) | bits;
	return seq_gt(ts, now) ? ts - (1u << TS_BITS) : ts;
}

/* The options of the SYN, as far as the ACK brings them back. */
static void
opts_decode(struct tcp_in *in, uint16_t mss)
{
	uint32_t bits = in->opts.ts_ecr & ((1u << TS_BITS) - 1);

	in->opts.mss = mss;
	if ((in->opts.present & TCP_OPT_TIMESTAMPS) == 0) {
		in->opts.present = TCP_OPT_MSS;
		return;
	}
	in->opts.present = TCP_OPT_MSS | TCP_OPT_TIMESTAMPS;
	if (bits & TS_SACK)
		in->opts.present |= TCP_OPT_SACK_PERMITTED;
	if ((bits & TS_NO_SCALE) != TS_NO_SCALE) {
		in->opts.present |= TCP_OPT_WSCALE;
		in->opts.wscale = (uint8_t)(bits & TS_NO_SCALE);
	}
}

bool
tcp_cookie_send(struct isla_tcp *tcp, struct isla_tcp_listener *l, const struct tcp_in *in)
{
	const struct isla_tcp_conf *conf = &tcp->conf;
	/* Only to ask what a connection would say: it is in no table. */
	struct isla_tcp_conn c = {.tcp = tcp, .min_rtt = 0};
	struct isla_tcp_ends ends;
	struct tcp_opts opts = {.present = TCP_OPT_MSS};
	struct tcp_reply reply = {.flags = RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG, .opts = &opts};
	int rc;

	tcp_ends_of(in->pkt, &ends);
	rc = tcp_conn_init(&c, &ends, in->pkt->netif, l->profile);
	tcp_profile_put(tcp, l->profile);
	if (rc != 0)
		return false;
	opts.mss = c.rcv_mss;
	if ((in->opts.present & TCP_OPT_TIMESTAMPS) && !conf->no_timestamps) {
		opts.present |= TCP_OPT_TIMESTAMPS;
		opts.ts_val = ts_encode(tcp_ts_now(&c), in, tcp);
		if (tcp_ecn_agrees(tcp, in))
			reply.flags |= RTE_TCP_ECE_FLAG;
		opts.ts_ecr = in->opts.ts_val;
		if ((in->opts.present & TCP_OPT_SACK_PERMITTED) && !conf->no_sack)
			opts.present |= TCP_OPT_SACK_PERMITTED;
		if ((in->opts.present & TCP_OPT_WSCALE) && !conf->no_wscale) {
			opts.present |= TCP_OPT_WSCALE;
			opts.wscale = c.rcv_wscale;
		}
	}
	reply.seq = cookie_make(tcp, in->pkt, in->seq, time_now(tcp), mss_to_index(in));
	reply.ack = in->seq + 1;
	reply.hop_limit = tcp_opts_of(&c)->hop_limit;
	reply.tos = tcp_opts_of(&c)->tos;
	reply.wnd = (uint16_t)RTE_MIN(c.rcvbuf, (uint32_t)UINT16_MAX);
	if (!tcp_send_reply(tcp, in->pkt, &reply))
		return false;
	l->cookie_us = tcp->core->now_us;
	ports_cookie_sent(tcp->core, l->port);
	core_count(tcp->core, ISLA_C_TCP_SYNCOOKIES_SENT);
	return true;
}

/* Whether the ACK of a cookie may come: of a listener's own, or of another shard's on the same port,
 * since an entry of the table of owners may have been moved in between. */
static bool
may_come(const struct isla_tcp *tcp, const struct isla_tcp_listener *l)
{
	if (l->cookie_us != 0 && tcp->core->now_us - l->cookie_us <= 2ull << TIME_SHIFT)
		return true;
	return ports_cookie_was_sent(tcp->core, l->port, (2u << TIME_SHIFT) / 1000000);
}

bool
tcp_cookie_input(struct isla_tcp *tcp, struct isla_tcp_listener *l, struct tcp_in *in)
{
	struct isla_tcp_conn *c;
	uint16_t mss;

	/* Where none was sent lately, none can come back, and guessing is of no use. */
	if (!may_come(tcp, l) || (in->flags & (RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG)) != 0)
		return false;
	mss = cookie_check(tcp, in->pkt, in->seq - 1, in->ack - 1);
	if (mss == 0) {
		core_count(tcp->core, ISLA_C_TCP_SYNCOOKIES_FAILED);
		return false;
	}
	if (l->room == 0) {
		in->drop = ISLA_DROP_TCP_BACKLOG;
		return true;
	}
	opts_decode(in, mss);
	in->drop = tcp_passive_open(tcp, l, in, in->ack - 1, &c);
	if (in->drop != ISLA_ACCEPTED)
		return true;
	core_count(tcp->core, ISLA_C_TCP_SYNCOOKIES_RECV);
	if ((in->opts.present & TCP_OPT_TIMESTAMPS) && (in->opts.ts_ecr & TS_ECN) &&
		tcp->conf.ecn != ISLA_TCP_ECN_OFF)
		c->modes |= TCP_M_ECN;
	in->wnd <<= c->snd_wscale;
	tcp_steps_run(c, in);
	return true;
}
