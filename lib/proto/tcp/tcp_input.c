/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments on their way in. tcp_rx() checks and decodes one segment and keeps it for the end of the
 * burst; tcp_input_burst() finds the connections of all of them, first the memory, then the
 * records, so that the cache misses overlap; then each goes through its state's steps: LISTEN and
 * SYN-SENT here (RFC 9293, 3.10.7.1 to 3.10.7.3), all others in tcp_steps.c.
 */

#include <errno.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#include "cksum.h"
#include "tcp_priv.h"

static enum isla_drop
checksum_verify(struct isla_tcp *tcp, struct rte_mbuf *m)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	uint64_t verdict = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	/* The link room has cleared the verdict of a port that is not believed. NONE: what is in
	 * the segment is blank, since it never was on a wire (virtio). */
	if (verdict == RTE_MBUF_F_RX_L4_CKSUM_GOOD || verdict == RTE_MBUF_F_RX_L4_CKSUM_NONE)
		return ISLA_ACCEPTED;
	if (likely(cksum_l4(&pkt->src, &pkt->dst, IPPROTO_TCP, m, 0, pkt->l4_len) == 0))
		return ISLA_ACCEPTED;
	inet_note_bad_cksum(tcp->inet, isla_pkt(m), IPPROTO_TCP,
		rte_pktmbuf_mtod(m, const struct rte_tcp_hdr *)->cksum);
	return ISLA_DROP_TCP_CKSUM;
}

/* Bring a header together that is cut between mbufs; what cannot be is refused by tcp_hdr_parse().
 */
static __rte_noinline void
hdr_pull(struct rte_mbuf *m)
{
	uint8_t data_off;

	if (!inet_pull(m, TCP_HDR_LEN))
		return;
	data_off = rte_pktmbuf_mtod(m, const struct rte_tcp_hdr *)->data_off;
	inet_pull(m, (data_off >> 4) * 4u);
}

enum isla_drop
tcp_rx(void *ctx, struct rte_mbuf *m)
{
	struct isla_tcp *tcp = ctx;
	struct isla_pkt *pkt = isla_pkt(m);
	enum isla_drop drop;

	core_count(tcp->core, ISLA_C_TCP_IN_SEGS);
	if (unlikely(m->next != NULL && rte_pktmbuf_data_len(m) < TCP_HDR_LEN_MAX))
		hdr_pull(m);
	drop = tcp_hdr_parse(m);
	if (drop == ISLA_ACCEPTED)
		drop = checksum_verify(tcp, m);
	if (unlikely(drop != ISLA_ACCEPTED)) {
		core_count(tcp->core, ISLA_C_TCP_IN_ERRS);
		return drop;
	}
	/* RFC 9293, MUST-57 and 3.9.2.3: TCP is for two. */
	if (unlikely(pkt->flags & (ISLA_PKT_L2_MULTICAST | ISLA_PKT_L3_MULTICAST |
			     ISLA_PKT_L3_BROADCAST)) || pkt->src_port == 0 || pkt->dst_port == 0)
		return ISLA_DROP_TCP_ADDR;
	pkt->hash = tcp_hash(tcp, &pkt->dst, &pkt->src, pkt->dst_port, pkt->src_port);
	rte_prefetch0(&tcp->bucket[pkt->hash & tcp->bucket_mask]);
	if (tcp->nb_burst == TCP_BURST_MAX)
		tcp_input_burst(tcp);
	tcp->burst[tcp->nb_burst++] = m;
	return ISLA_ACCEPTED;
}

void
tcp_ends_of(const struct isla_pkt *pkt, struct isla_tcp_ends *ends)
{
	ends->local = pkt->dst;
	ends->remote = pkt->src;
	ends->local_port = rte_be_to_cpu_16(pkt->dst_port);
	ends->remote_port = rte_be_to_cpu_16(pkt->src_port);
}

enum isla_drop
tcp_passive_open(struct isla_tcp *tcp, struct isla_tcp_listener *l, struct tcp_in *in,
	uint64_t iss, struct isla_tcp_conn **conn)
{
	bool cookie = iss != TCP_ISS_NEW;
	struct isla_tcp_ends ends;
	struct isla_tcp_conn *c;

	c = tcp_conn_alloc(tcp);
	if (c == NULL)
		return ISLA_DROP_TCP_CONN_TABLE;
	tcp_ends_of(in->pkt, &ends);
	if (tcp_conn_init(c, &ends, in->pkt->netif, l->profile) != 0) {
		tcp_conn_free(c);
		return ISLA_DROP_NO_ROUTE;
	}
	tcp_conn_negotiate(c, in);
	c->rcv_nxt = c->rcv_adv = cookie ? in->seq : in->seq + 1;
	if (!cookie) {
		tcp_ecn_syn(c, in);
	} else {
		tcp_set_iss(c, (uint32_t)iss);
		c->snd_nxt = c->snd_una + 1;
		c->rcv_adv += RTE_MIN(c->rcvbuf, (uint32_t)UINT16_MAX);
		c->rcv_acked = c->rcv_nxt;
		/* When the SYN,ACK left is not known: no round-trip time from it. */
		c->nb_timeouts = 1;
	}
	c->snd_wnd = c->snd_wnd_max = in->wnd;
	c->snd_wl1 = c->rcv_nxt - 1;
	c->listener = (uint16_t)(l - tcp->listener + 1);
	c->flags |= l->nodelay ? TCP_F_NODELAY : 0;
	c->modes |= l->cork ? TCP_M_CORK : 0;
	l->nb_pending++;
	tcp_set_state(c, ISLA_TCP_SYN_RECEIVED);
	if (!cookie) {
		c->flags |= TCP_F_SYN_NOW;
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
		tcp_sched(c);
		if (unlikely(in->opts.present & TCP_OPT_FASTOPEN))
			tcp_tfo_listen(c, l, in);
	}
	*conn = c;
	return ISLA_ACCEPTED;
}

/* A SYN for a listener: with a connection in SYN-RECEIVED, or with a cookie. */
static enum isla_drop
syn_input(struct isla_tcp *tcp, struct isla_tcp_listener *l, struct tcp_in *in)
{
	struct isla_tcp_conn *c;

	if (l->room == 0)
		return ISLA_DROP_TCP_BACKLOG;
	if (l->nb_pending < l->backlog)
		return tcp_passive_open(tcp, l, in, TCP_ISS_NEW, &c);
	core_count(tcp->core, ISLA_C_TCP_LISTEN_OVERFLOWS);
	return tcp_cookie_send(tcp, l, in) ? ISLA_ACCEPTED : ISLA_DROP_TCP_BACKLOG;
}

void
tcp_listen_input(struct isla_tcp *tcp, struct isla_tcp_listener *l, struct tcp_in *in)
{
	if (in->flags & RTE_TCP_RST_FLAG) {
		in->drop = ISLA_DROP_TCP_RST;
	} else if (in->flags & RTE_TCP_ACK_FLAG) {
		if (tcp_cookie_input(tcp, l, in))
			return;
		tcp_reply_rst(tcp, in);
		in->drop = ISLA_DROP_TCP_NO_CONN;
	} else if ((in->flags & RTE_TCP_SYN_FLAG) == 0) {
		in->drop = ISLA_DROP_TCP_FLAGS;
	} else {
		/* Data and FIN with a SYN are not acknowledged, and so come again. */
		in->drop = syn_input(tcp, l, in);
	}
}

/* Fourth step of SYN-SENT: the SYN, with an acceptable ACK or with none. */
static void
syn_sent_syn(struct isla_tcp_conn *c, struct tcp_in *in)
{
	c->rcv_nxt = c->rcv_adv = in->seq + 1;
	tcp_conn_negotiate(c, in);
	tcp_ecn_syn(c, in);
	c->snd_wnd = c->snd_wnd_max = in->wnd;
	c->snd_wl1 = in->seq;
	if ((in->flags & RTE_TCP_ACK_FLAG) == 0) {
		/* Simultaneous open (RFC 9293, 3.5, figure 7). */
		tcp_set_state(c, ISLA_TCP_SYN_RECEIVED);
		c->flags |= TCP_F_SYN_NOW;
		tcp_sched(c);
		return;
	}
	tcp_tfo_syn_acked(c, in);
	tcp_conn_established(c);
	c->flags |= TCP_F_ACK_NOW;
	/* The window to which data behind the SYN must keep. */
	tcp_rcv_window(c);
	in->seq++;
	in->flags &= (uint8_t)~RTE_TCP_SYN_FLAG;
	tcp_steps_text(c, in);
}

/* RFC 9293, 3.10.7.3. */
static void
syn_sent_input(struct isla_tcp_conn *c, struct tcp_in *in)
{
	if (in->flags & RTE_TCP_ACK_FLAG) {
		if (seq_le(in->ack, c->snd_una) || seq_gt(in->ack, c->snd_nxt)) {
			tcp_reply_rst(c->tcp, in);
			in->drop = ISLA_DROP_TCP_ACK;
			return;
		}
	}
	if (in->flags & RTE_TCP_RST_FLAG) {
		in->drop = ISLA_DROP_TCP_RST;
		if ((in->flags & RTE_TCP_ACK_FLAG) == 0)
			return;
		if (tcp_ecn_fall_back(c)) {
			/* Somebody on the way may not like what it does not know (RFC 3168,
			 * 6.1.1.1). */
			c->flags |= TCP_F_SYN_NOW;
			tcp_sched(c);
			return;
		}
		in->drop = ISLA_ACCEPTED;
		tcp_conn_drop(c, ECONNREFUSED);
		return;
	}
	if (in->flags & RTE_TCP_SYN_FLAG)
		syn_sent_syn(c, in);
	else
		in->drop = ISLA_DROP_TCP_FLAGS;
}

/* Describe a decoded segment; the mbuf is left with its payload alone. */
static bool
in_init(struct tcp_in *in, struct rte_mbuf *m)
{
	struct isla_pkt *pkt = isla_pkt(m);
	uint16_t hdr_len = (uint16_t)(pkt->l4_len - pkt->data_len);
	bool ok = true;

	in->m = m;
	in->pkt = pkt;
	in->seq = pkt->seq;
	in->ack = pkt->ack;
	in->wnd = pkt->wnd;
	in->len = pkt->data_len;
	in->flags = pkt->tcp_flags;
	if (unlikely(in->flags & RTE_TCP_URG_FLAG))
		in->urp = rte_be_to_cpu_16(rte_pktmbuf_mtod(m, struct rte_tcp_hdr *)->tcp_urp);
	in->drop = ISLA_ACCEPTED;
	in->opts.present = 0;
	if (hdr_len > TCP_HDR_LEN)
		ok = tcp_opts_parse(rte_pktmbuf_mtod_offset(m, const uint8_t *, TCP_HDR_LEN),
			hdr_len - TCP_HDR_LEN, &in->opts);
	rte_pktmbuf_adj(m, hdr_len);
	return ok;
}

static void
conn_input(struct isla_tcp_conn *c, struct tcp_in *in)
{
	c->segs_in++;
	if ((in->flags & RTE_TCP_SYN_FLAG) == 0)
		in->wnd <<= c->snd_wscale;
	if (unlikely(tcp_in_state(c, ISLA_TCP_SYN_SENT)))
		syn_sent_input(c, in);
	else
		tcp_steps_run(c, in);
}

/* A segment of no connection: of one that is half open and folded up, for a listener, or for
 * nobody. */
static void
other_input(struct isla_tcp *tcp, struct tcp_in *in)
{
	const struct isla_pkt *pkt = in->pkt;
	struct tcp_syn *s = tcp->nb_syns > 0 ? tcp_syn_lookup(tcp, pkt) : NULL;
	struct isla_tcp_listener *l;

	if (s != NULL) {
		struct isla_tcp_conn *c = tcp_syn_unfold(tcp, s);

		if (c == NULL) {
			in->drop = ISLA_DROP_TCP_CONN_TABLE;
			return;
		}
		/* To be folded up again where it comes to nothing. */
		tcp_sched(c);
		conn_input(c, in);
		return;
	}
	l = tcp_listener_lookup(tcp, &pkt->dst, rte_be_to_cpu_16(pkt->dst_port));
	if (l != NULL) {
		tcp_listen_input(tcp, l, in);
	} else {
		tcp_reply_rst(tcp, in);
		in->drop = ISLA_DROP_TCP_NO_CONN;
	}
}

static void
seg_input(struct isla_tcp *tcp, struct rte_mbuf *m)
{
	struct isla_pkt *pkt = isla_pkt(m);
	struct isla_tcp_conn *c = tcp_lookup(tcp, pkt->hash, &pkt->dst, &pkt->src, pkt->dst_port,
		pkt->src_port);
	struct tcp_in in;

	if (unlikely(!in_init(&in, m))) {
		core_count(tcp->core, ISLA_C_TCP_IN_ERRS);
		in.drop = ISLA_DROP_TCP_OPTIONS;
	} else if (likely(c != NULL)) {
		conn_input(c, &in);
	} else {
		other_input(tcp, &in);
	}
	if (in.drop != ISLA_ACCEPTED)
		core_drop_pkt(tcp->core, m, in.drop);
	else if (in.m != NULL)
		rte_pktmbuf_free(m);
}

void
tcp_input_burst(struct isla_tcp *tcp)
{
	uint16_t i, nb = tcp->nb_burst;

	for (i = 0; i < nb; i++) {
		uint32_t n = tcp->bucket[isla_pkt(tcp->burst[i])->hash & tcp->bucket_mask];

		if (n != TCP_NONE) {
			rte_prefetch0(&tcp->conn[n]);
			rte_prefetch0(RTE_PTR_ADD(&tcp->conn[n], RTE_CACHE_LINE_SIZE));
		}
	}
	tcp->nb_burst = 0;
	for (i = 0; i < nb; i++)
		seg_input(tcp, tcp->burst[i]);
}
