/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a connection tells about itself.
 */

#include <string.h>

#include <rte_common.h>

#include "tcp_priv.h"

/* The segments in flight, by what is thought of them. */
static void
info_segs(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	uint32_t i;

	for (i = c->seg_head; i != TCP_NONE; i = c->tcp->seg[i].next) {
		uint8_t flags = c->tcp->seg[i].flags;

		info->unacked_segs += c->tcp->seg[i].nb;
		info->lost_segs += (flags & TCP_SEG_LOST) != 0;
		info->retrans_segs += (flags & (TCP_SEG_RETRANS | TCP_SEG_LOST | TCP_SEG_SACKED)) ==
			TCP_SEG_RETRANS;
	}
	info->sacked_segs = c->nb_sacked;
}

static void
info_negotiated(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	info->snd_wscale = c->snd_wscale;
	info->rcv_wscale = c->rcv_wscale;
	info->timestamps = (c->flags & TCP_F_TS) != 0;
	info->sack = (c->flags & TCP_F_SACK) != 0;
	info->wscale = (c->flags & TCP_F_WSCALE) != 0;
	info->ecn = (c->modes & TCP_M_ECN) != 0;
	info->fastopen_data = (c->modes & TCP_M_TFO_DATA) != 0;
	info->snd_mss = c->mss;
	info->rcv_mss = c->rcv_seg_max;
	info->advmss = c->rcv_mss;
	info->pmtu = c->path.mtu;
	info->cc = c->cc->name;
}

static void
info_times(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	uint32_t now_tick = tcp_tick_now(c->tcp);

	info->rto_us = c->rto;
	info->rtt_us = c->srtt8 / 8;
	info->rttvar_us = c->rttvar4 / 4;
	info->min_rtt_us = c->min_rtt == UINT32_MAX ? 0 : c->min_rtt;
	info->rcv_rtt_us = c->drs_rtt;
	info->quickack = c->quick_acks > 0;
	info->last_data_sent_ms = (uint32_t)RTE_MIN(tcp_since_sent_us(c) / 1000, UINT32_MAX);
	info->last_recv_ms =
		(uint32_t)(((uint64_t)(now_tick - c->rcvd_tick) << TCP_TICK_SHIFT) / 1000);
	info->delivery_rate = c->cc->flags & TCP_CC_RATE ? tcp_rate_last(c) : 0;
	if (info->delivery_rate == 0 && c->srtt8 >= 8)
		info->delivery_rate = (uint64_t)c->pipe_ack * 1000000 / (c->srtt8 / 8);
	tcp_limit_info(c, info);
}

void
isla_tcp_get_info(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	memset(info, 0, sizeof(*info));
	info->state = c->state;
	info->backoff = c->nb_timeouts;
	info->probes = c->nb_unanswered;
	info->in_recovery = (c->flags & (TCP_F_RECOVERY | TCP_F_RTO_RECOVERY)) != 0;
	info->fin_rcvd = (c->flags & TCP_F_FIN_RCVD) != 0;
	info->in_loss = (c->flags & TCP_F_RTO_RECOVERY) != 0;
	info->in_cwr = (c->flags & TCP_F_CWR) != 0;
	info->reordering = (c->flags & TCP_F_REORDERING) != 0;
	info_negotiated(c, info);
	info_times(c, info);
	info_segs(c, info);
	info->snd_cwnd_bytes = c->cwnd;
	info->snd_ssthresh_bytes = c->ssthresh;
	info->snd_wnd_bytes = c->snd_wnd;
	info->rcv_wnd_bytes = c->rcv_adv - c->rcv_nxt;
	info->rcvbuf_bytes = c->rcvbuf;
	info->sndbuf_bytes = c->sndbuf;
	info->unacked_bytes = c->snd_nxt - c->snd_una;
	info->sndq_bytes = c->sndq_bytes;
	info->notsent_bytes = tcp_sndq_unsent(c);
	info->rcvq_bytes = c->rcvq_bytes;
	info->urgent_bytes = tcp_rcv_urgent(c);
	info->ooo_segs = tcp_repair(c)->nb_ooo;
	info->pacing_rate = c->pace_rate;
	if (c->cc->info != NULL)
		c->cc->info(c, info);
	info->bytes_acked = c->bytes_acked;
	info->bytes_received = c->bytes_received;
	info->delivered_ce_bytes = c->nb_ce;
	info->segs_out = c->segs_out;
	info->segs_in = c->segs_in;
	info->total_retrans = c->total_retrans;
}

enum isla_tcp_state
isla_tcp_get_state(const struct isla_tcp_conn *c)
{
	return c->state;
}

uint32_t
isla_tcp_recv_bytes(const struct isla_tcp_conn *c)
{
	return c->rcvq_bytes;
}

uint32_t
isla_tcp_sendq_bytes(const struct isla_tcp_conn *c)
{
	return c->sndq_bytes;
}

const char *
isla_tcp_state_name(enum isla_tcp_state state)
{
	static const char *const names[] = {"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED",
		"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK",
		"TIME-WAIT"};
	unsigned int i = (unsigned int)__builtin_ctz((unsigned int)state | 1u << 31);

	return i < RTE_DIM(names) ? names[i] : "?";
}
