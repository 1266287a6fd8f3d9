/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments as they leave: a fresh mbuf with the header, and behind it references to the payload,
 * which is never copied. Whether and when to send is decided in tcp_output.c.
 */

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "cksum.h"
#include "tcp_priv.h"

/* The ends of a segment that may belong to no connection. */
struct seg_hdr {
	const struct isla_addr *local;
	const struct isla_addr *remote;
	rte_be16_t local_port;
	rte_be16_t remote_port;
	uint32_t seq;
	uint32_t ack;
	uint16_t wnd;
	uint16_t urp;
	uint8_t flags;
	const struct tcp_opts *opts; /* NULL: none */
};

/* Put the header into an empty mbuf to which the payload is chained already. There is room for the
 * longest, and the options are written where they belong; what they leave of it is cut off. */
static void
hdr_put(struct rte_mbuf *m, const struct seg_hdr *seg, uint8_t offloads)
{
	struct rte_tcp_hdr *h = (struct rte_tcp_hdr *)rte_pktmbuf_prepend(m, TCP_HDR_LEN_MAX);
	unsigned int n = seg->opts != NULL ? tcp_opts_build((uint8_t *)(h + 1), seg->opts) : 0;
	uint16_t hdr_len = (uint16_t)(TCP_HDR_LEN + n);

	m->data_len = hdr_len;
	m->pkt_len -= TCP_HDR_LEN_MAX - hdr_len;
	h->src_port = seg->local_port;
	h->dst_port = seg->remote_port;
	h->sent_seq = rte_cpu_to_be_32(seg->seq);
	h->recv_ack = rte_cpu_to_be_32(seg->ack);
	h->data_off = (uint8_t)(hdr_len / 4 << 4);
	h->tcp_flags = seg->flags;
	h->rx_win = rte_cpu_to_be_16(seg->wnd);
	h->cksum = 0;
	h->tcp_urp = rte_cpu_to_be_16(seg->urp);
	if (offloads & ISLA_NETIF_TX_TCP_CKSUM) {
		h->cksum = cksum_fold(cksum_pseudo(seg->local, seg->remote, IPPROTO_TCP, m->pkt_len));
		m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		m->l4_len = hdr_len;
	} else {
		h->cksum = cksum_l4(seg->local, seg->remote, IPPROTO_TCP, m, 0, m->pkt_len);
	}
}

/* The window field: RFC 7323, 2.3; never scaled with SYN. */
static uint16_t
window_field(struct isla_tcp_conn *c, uint8_t flags)
{
	uint32_t wnd = tcp_rcv_window(c);

	if (flags & RTE_TCP_SYN_FLAG) {
		wnd = RTE_MIN(wnd, (uint32_t)UINT16_MAX);
		c->rcv_adv = c->rcv_nxt + wnd;
		return (uint16_t)wnd;
	}
	return (uint16_t)RTE_MIN(wnd >> c->rcv_wscale, (uint32_t)UINT16_MAX);
}

/*
 * The options of a segment without SYN. Duplicates and gaps are reported as far as there is room
 * beside `payload` bytes.
 */
static void
seg_opts(struct isla_tcp_conn *c, uint32_t payload, uint8_t flags, struct tcp_opts *opts)
{
	uint32_t room = c->mss - payload;

	opts->present = 0;
	if (c->flags & TCP_F_TS) {
		opts->present |= TCP_OPT_TIMESTAMPS;
		opts->ts_val = tcp_ts_now(c);
		opts->ts_ecr = c->ts_recent; /* c->mss has been reduced for them */
	}
	if (flags & RTE_TCP_RST_FLAG)
		return;
	if ((c->flags & TCP_F_SACK) && (tcp_has_ooo(c) || (c->flags & TCP_F_DSACK))) {
		unsigned int max = opts->present != 0 ? TCP_SACK_MAX - 1 : TCP_SACK_MAX;

		/* 4 bytes, and 8 a block. */
		if (room >= 12)
			tcp_sack_build(c, opts, RTE_MIN(max, (room - 4) / 8));
	}
}

/* RFC 9293, 3.8.5: where the urgent data end, as far as the field reaches. */
static __rte_noinline void
urgent_put(struct isla_tcp_conn *c, struct seg_hdr *seg)
{
	if (seq_ge(c->snd_una, c->snd_up)) {
		c->flags &= ~TCP_F_SND_URG;
	} else if (seq_gt(c->snd_up, seg->seq)) {
		seg->flags |= RTE_TCP_URG_FLAG;
		seg->urp = (uint16_t)RTE_MIN(c->snd_up - seg->seq, (uint32_t)UINT16_MAX);
	}
}

/* RFC 3168, 6.1.3: every ACK, with data or without. */
static uint8_t
seg_ece(const struct isla_tcp_conn *c, uint8_t flags)
{
	return (c->modes & TCP_M_ECN_ECHO) != 0 &&
			(flags & (RTE_TCP_ACK_FLAG | RTE_TCP_SYN_FLAG | RTE_TCP_RST_FLAG)) ==
				RTE_TCP_ACK_FLAG ?
		RTE_TCP_ECE_FLAG : 0;
}

/* Send m, which holds the payload behind an empty header mbuf, as a segment of the connection; ecn
 * is the IP header's. */
static void
conn_send(struct isla_tcp_conn *c, struct rte_mbuf *m, uint32_t seq, uint8_t flags, uint8_t ecn,
	const struct tcp_opts *opts)
{
	uint8_t ece = seg_ece(c, flags);
	struct tcp_opts own;
	struct seg_hdr seg = {
		.local = &c->local,
		.remote = &c->remote,
		.local_port = c->local_port,
		.remote_port = c->remote_port,
		.seq = seq,
		.ack = flags & RTE_TCP_ACK_FLAG ? c->rcv_nxt : 0,
		.wnd = window_field(c, flags),
		.flags = flags | ece,
		.opts = opts,
	};
	struct inet_dst via;
	struct inet_tx tx = {
		.src = &c->local,
		.dst = &c->remote,
		.via = &via,
		.hint = &c->hint,
		.proto = IPPROTO_TCP,
		.hop_limit = tcp_opts_of(c)->hop_limit,
		.tos = tcp_opts_of(c)->tos | ecn,
	};

	tcp_via(c, &via);
	if (opts == NULL) {
		seg_opts(c, m->pkt_len, flags, &own);
		seg.opts = &own;
	}
	/* An ACK that had no room for its SACK follows by itself. */
	if ((flags & RTE_TCP_ACK_FLAG) != 0 && (!tcp_has_ooo(c) ||
		    (c->flags & TCP_F_SACK) == 0 || (seg.opts->present & TCP_OPT_SACK) != 0)) {
		c->flags &= ~(TCP_F_ACK_NOW | TCP_F_ACK_DELAYED);
		if (c->repair != 0)
			tcp_repair(c)->nb_sack_news = 0;
		tcp_deadline_stop(c, TCP_T_DELACK);
	}
	if (flags & RTE_TCP_ACK_FLAG) {
		/* A conversation: the next answer will carry its ACK. */
		if (c->quick_acks > 0 && m->pkt_len > 0 && c->bytes_received > 0)
			c->quick_acks = 0;
		c->rcv_acked = c->rcv_nxt;
	}
	if (unlikely(c->flags & TCP_F_SND_URG) && (flags & RTE_TCP_RST_FLAG) == 0)
		urgent_put(c, &seg);
	hdr_put(m, &seg, c->path.offloads);
	c->segs_out++;
	inet_output(c->tcp->inet, m, &tx);
}

bool
tcp_send_ack(struct isla_tcp_conn *c)
{
	struct rte_mbuf *m = core_alloc(c->tcp->core);

	if (unlikely(m == NULL))
		return false;
	core_count(c->tcp->core, ISLA_C_TCP_OUT_SEGS);
	conn_send(c, m, c->snd_nxt, RTE_TCP_ACK_FLAG, TCP_ECN_NOT_ECT, NULL);
	return true;
}

bool
tcp_send_keepalive(struct isla_tcp_conn *c)
{
	struct rte_mbuf *m = core_alloc(c->tcp->core);

	if (m == NULL)
		return false;
	core_count(c->tcp->core, ISLA_C_TCP_OUT_SEGS);
	core_count(c->tcp->core, ISLA_C_TCP_KEEPALIVES);
	conn_send(c, m, c->snd_nxt - 1, RTE_TCP_ACK_FLAG, TCP_ECN_NOT_ECT, NULL);
	return true;
}

bool
tcp_send_limited_ack(struct isla_tcp_conn *c)
{
	uint8_t now_s = (uint8_t)(c->tcp->core->now_us / 1000000);

	if (c->challenge_s != now_s) {
		c->challenge_s = now_s;
		c->nb_challenge = 0;
	}
	if (c->nb_challenge >= c->tcp->conf.challenge_acks)
		return false;
	c->nb_challenge++;
	c->flags |= TCP_F_ACK_NOW;
	tcp_sched(c);
	return true;
}

void
tcp_send_challenge_ack(struct isla_tcp_conn *c)
{
	if (tcp_send_limited_ack(c))
		core_count(c->tcp->core, ISLA_C_TCP_CHALLENGE_ACKS);
}

void
tcp_send_rst(struct isla_tcp_conn *c)
{
	struct rte_mbuf *m = core_alloc(c->tcp->core);
	uint32_t edge = c->snd_una + c->snd_wnd;

	if (m == NULL)
		return; /* the peer finds out by the RST that its next segment gets */
	core_count(c->tcp->core, ISLA_C_TCP_OUT_SEGS);
	core_count(c->tcp->core, ISLA_C_TCP_OUT_RSTS);
	/* The peer believes it only where it expects the next byte (RFC 5961, 3.2), and a probe
	 * beyond its window has not moved that on. */
	conn_send(c, m, seq_gt(c->snd_nxt, edge) ? edge : c->snd_nxt,
		RTE_TCP_RST_FLAG | RTE_TCP_ACK_FLAG, TCP_ECN_NOT_ECT, NULL);
}

void
tcp_send_rst_at(struct isla_tcp_conn *c, uint32_t seq)
{
	struct rte_mbuf *m = core_alloc(c->tcp->core);

	if (m == NULL)
		return;
	core_count(c->tcp->core, ISLA_C_TCP_OUT_SEGS);
	core_count(c->tcp->core, ISLA_C_TCP_OUT_RSTS);
	conn_send(c, m, seq, RTE_TCP_RST_FLAG, TCP_ECN_NOT_ECT, NULL);
}

bool
tcp_send_reply(struct isla_tcp *tcp, const struct isla_pkt *pkt, const struct tcp_reply *reply)
{
	struct seg_hdr seg = {
		.local = &pkt->dst,
		.remote = &pkt->src,
		.local_port = pkt->dst_port,
		.remote_port = pkt->src_port,
		.seq = reply->seq,
		.ack = reply->ack,
		.wnd = reply->wnd,
		.flags = reply->flags,
		.opts = reply->opts,
	};
	struct inet_dst via;
	struct inet_tx tx = {
		.src = &pkt->dst,
		.dst = &pkt->src,
		.via = &via,
		.proto = IPPROTO_TCP,
		.hop_limit = reply->hop_limit,
		.tos = reply->tos,
	};
	struct rte_mbuf *m;

	if (!inet_route_back(tcp->inet, &pkt->src, pkt->netif, &via))
		return false;
	m = core_alloc(tcp->core);
	if (m == NULL)
		return false;
	core_count(tcp->core, ISLA_C_TCP_OUT_SEGS);
	hdr_put(m, &seg, via.offloads);
	return inet_output(tcp->inet, m, &tx) == ISLA_ACCEPTED;
}

void
tcp_reply_rst(struct isla_tcp *tcp, const struct tcp_in *in)
{
	struct tcp_reply reply = {.flags = RTE_TCP_RST_FLAG};

	if (in->flags & RTE_TCP_RST_FLAG)
		return;
	/* RFC 9293, 3.10.7.1. */
	if (in->flags & RTE_TCP_ACK_FLAG) {
		reply.seq = in->ack;
	} else {
		reply.ack = in->seq + tcp_in_seglen(in);
		reply.flags |= RTE_TCP_ACK_FLAG;
	}
	if (tcp_send_reply(tcp, in->pkt, &reply))
		core_count(tcp->core, ISLA_C_TCP_OUT_RSTS);
}

/* Chain references to len bytes of the send queue behind h; false where mbufs run out. */
static bool
refs_put(struct core *core, struct rte_mbuf *h, struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	struct rte_mbuf *last = h;

	h->pkt_len += len;
	for (; len > 0; m = m->next) {
		uint32_t n = RTE_MIN(len, m->data_len - off);
		struct rte_mbuf *ref;

		if (n == 0) {
			off = 0;
			continue;
		}
		ref = rte_pktmbuf_alloc(core->ref_pool);
		if (unlikely(ref == NULL))
			return false;
		rte_pktmbuf_attach(ref, m);
		ref->data_off = (uint16_t)(m->data_off + off);
		ref->data_len = (uint16_t)n;
		last->next = ref;
		last = ref;
		h->nb_segs++;
		len -= n;
		off = 0;
	}
	return true;
}

/* RFC 7323, 2.2 and 3.2; RFC 2018, 2: in a SYN,ACK only where the SYN had it. */
static void
syn_opts(const struct isla_tcp_conn *c, bool active, struct tcp_opts *opts)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;

	opts->present = TCP_OPT_MSS;
	opts->mss = c->rcv_mss;
	opts->wscale = c->rcv_wscale;
	opts->ts_val = tcp_ts_now(c);
	opts->ts_ecr = active ? 0 : c->ts_recent;
	if (active ? !conf->no_wscale : (c->flags & TCP_F_WSCALE) != 0)
		opts->present |= TCP_OPT_WSCALE;
	if (active ? !conf->no_sack : (c->flags & TCP_F_SACK) != 0)
		opts->present |= TCP_OPT_SACK_PERMITTED;
	if (active ? !conf->no_timestamps : (c->flags & TCP_F_TS) != 0)
		opts->present |= TCP_OPT_TIMESTAMPS;
}

bool
tcp_send_syn(struct isla_tcp_conn *c)
{
	struct core *core = c->tcp->core;
	struct rte_mbuf *m = core_alloc(core);
	bool active = tcp_in_state(c, ISLA_TCP_SYN_SENT);
	uint8_t flags = active ? RTE_TCP_SYN_FLAG : RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG;
	struct tcp_opts opts;
	uint32_t len = 0;

	if (unlikely(m == NULL))
		return false;
	syn_opts(c, active, &opts);
	if (active)
		len = tcp_tfo_syn(c, &opts);
	else if (c->modes & TCP_M_TFO_COOKIE)
		tcp_tfo_cookie(c, &opts);
	if (len > 0 && !refs_put(core, m, c->snd_head, c->snd_head_off, len)) {
		rte_pktmbuf_free(m);
		return false;
	}
	tcp_sent_now(c);
	/* Once only: data may have been sent behind the first one. */
	if (c->snd_nxt == c->snd_una) {
		core_count(core, ISLA_C_TCP_OUT_SEGS);
		c->snd_nxt = c->snd_una + 1 + len;
	} else {
		core_count(core, ISLA_C_TCP_RETRANS_SEGS);
		c->total_retrans++;
	}
	conn_send(c, m, c->snd_una, flags | tcp_ecn_syn_flags(c), TCP_ECN_NOT_ECT, &opts);
	return true;
}

/* RFC 3168, 6.1.4 to 6.1.6: data that is sent for the first time, and that the window has room for:
 * no retransmission, not even in part, and no probe. */
static bool
is_ect(const struct isla_tcp_conn *c, const struct tcp_seg *s, uint32_t payload)
{
	return tcp_ecn_is_ect(c) && s->seq == c->snd_nxt && payload > 0 &&
		(s->flags & TCP_SEG_RETRANS) == 0 &&
		seq_le(s->seq + s->len, c->snd_una + c->snd_wnd);
}

bool
tcp_send_seg(struct isla_tcp_conn *c, struct tcp_seg *s, bool push)
{
	struct core *core = c->tcp->core;
	struct rte_mbuf *h = core_alloc(core);
	uint8_t flags = RTE_TCP_ACK_FLAG, ecn = TCP_ECN_NOT_ECT;
	uint32_t len = s->len;

	if (unlikely(h == NULL))
		return false;
	if (s->flags & TCP_SEG_FIN) {
		flags |= RTE_TCP_FIN_FLAG;
		len--;
	}
	if (push && len > 0)
		flags |= RTE_TCP_PSH_FLAG;
	if (unlikely(!refs_put(core, h, s->m, s->off, len))) {
		rte_pktmbuf_free(h);
		return false;
	}
	s->sent_us = (uint32_t)core->now_us;
	tcp_sent_now(c);
	if (is_ect(c, s, len)) {
		ecn = TCP_ECN_ECT0;
		if (c->modes & TCP_M_ECN_CWR) {
			c->modes &= (uint8_t)~TCP_M_ECN_CWR;
			flags |= RTE_TCP_CWR_FLAG;
		}
	}
	conn_send(c, h, s->seq, flags, ecn, NULL);
	return true;
}
