/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP_INFO and SO_MEMINFO: Linux's struct tcp_info and its nine words, as far as they have a
 * meaning here. The others are 0.
 */

#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "socket_priv.h"

/* Linux's congestion avoidance states. */
enum { CA_OPEN, CA_DISORDER, CA_CWR, CA_RECOVERY, CA_LOSS };

/* What newer headers have behind tcpi_snd_wnd; the length of it all is the kernel's, whose programs
 * take less than they ask for as a sign of an old one. */
#define INFO_OLD (offsetof(struct tcp_info, tcpi_snd_wnd) + sizeof(uint32_t))

struct info_new {
	uint32_t rcv_wnd;
	uint32_t rehash;
	uint16_t total_rto;
	uint16_t total_rto_recoveries;
	uint32_t total_rto_time;
	uint32_t received_ce;
	uint32_t delivered_e1_bytes;
	uint32_t delivered_e0_bytes;
	uint32_t delivered_ce_bytes;
	uint32_t received_e1_bytes;
	uint32_t received_e0_bytes;
	uint32_t received_ce_bytes;
	uint32_t ecn;
};

static uint32_t
segs(uint32_t bytes, uint32_t mss)
{
	return mss != 0 ? RTE_MAX(bytes / mss, 1u) : 0;
}

static uint8_t
ca_state(const struct isla_tcp_info *i)
{
	if (i->in_loss)
		return CA_LOSS;
	if (i->in_recovery)
		return CA_RECOVERY;
	if (i->in_cwr)
		return CA_CWR;
	return i->sacked_segs > 0 ? CA_DISORDER : CA_OPEN;
}

static void
fill_times(const struct isla_tcp_info *i, struct tcp_info *to)
{
	to->tcpi_rto = i->rto_us;
	to->tcpi_rtt = i->rtt_us;
	to->tcpi_rttvar = i->rttvar_us;
	to->tcpi_min_rtt = i->min_rtt_us;
	to->tcpi_rcv_rtt = i->rcv_rtt_us;
	to->tcpi_last_data_sent = i->last_data_sent_ms;
	to->tcpi_last_data_recv = i->last_recv_ms;
	to->tcpi_last_ack_recv = i->last_recv_ms;
	to->tcpi_busy_time = i->busy_us;
	to->tcpi_rwnd_limited = i->limited_us[ISLA_TCP_LIMIT_RWND];
	to->tcpi_sndbuf_limited = i->limited_us[ISLA_TCP_LIMIT_SNDBUF];
}

static void
fill_counts(const struct isla_tcp_info *i, struct tcp_info *to)
{
	to->tcpi_unacked = i->unacked_segs;
	to->tcpi_sacked = i->sacked_segs;
	/* There what has been sent again still counts as lost. */
	to->tcpi_lost = i->lost_segs + i->retrans_segs;
	to->tcpi_retrans = i->retrans_segs;
	to->tcpi_total_retrans = i->total_retrans;
	to->tcpi_snd_cwnd = segs(i->snd_cwnd_bytes, i->snd_mss);
	to->tcpi_snd_ssthresh = i->snd_ssthresh_bytes >= INT32_MAX ?
		INT32_MAX : segs(i->snd_ssthresh_bytes, i->snd_mss);
	to->tcpi_rcv_ssthresh = i->rcv_wnd_bytes;
	to->tcpi_rcv_space = i->rcvbuf_bytes;
	to->tcpi_reordering = 3;
	to->tcpi_bytes_acked = i->bytes_acked;
	to->tcpi_bytes_received = i->bytes_received;
	to->tcpi_segs_out = i->segs_out;
	to->tcpi_segs_in = i->segs_in;
	to->tcpi_notsent_bytes = i->notsent_bytes;
	to->tcpi_delivery_rate = i->delivery_rate;
	to->tcpi_pacing_rate = i->pacing_rate == UINT32_MAX ? UINT64_MAX : i->pacing_rate;
	to->tcpi_max_pacing_rate = UINT64_MAX;
	to->tcpi_snd_wnd = i->snd_wnd_bytes;
}

static void
fill(const struct isla_tcp_info *info, struct tcp_info *to)
{
	to->tcpi_ca_state = ca_state(info);
	to->tcpi_retransmits = info->backoff;
	to->tcpi_backoff = info->backoff;
	to->tcpi_probes = info->probes;
	to->tcpi_options = (uint8_t)((info->timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
		(info->sack ? TCPI_OPT_SACK : 0) | (info->wscale ? TCPI_OPT_WSCALE : 0) |
		(info->ecn ? TCPI_OPT_ECN : 0) | (info->fastopen_data ? TCPI_OPT_SYN_DATA : 0));
	if (info->wscale) {
		to->tcpi_snd_wscale = info->snd_wscale & 0xf;
		to->tcpi_rcv_wscale = info->rcv_wscale & 0xf;
	}
	to->tcpi_snd_mss = info->snd_mss;
	to->tcpi_rcv_mss = info->rcv_mss;
	to->tcpi_advmss = info->advmss;
	to->tcpi_pmtu = info->pmtu;
	fill_times(info, to);
	fill_counts(info, to);
}

uint32_t
sock_tcp_info(const struct sock *s, void *value, uint32_t len)
{
	uint8_t all[INFO_OLD + sizeof(struct info_new)] = {0};
	struct info_new more = {0};
	struct isla_tcp_info info;
	struct tcp_info to;

	memset(&to, 0, sizeof(to));
	to.tcpi_state = (uint8_t)sock_tcp_state(s);
	if (s->conn != NULL) {
		isla_tcp_get_info(s->conn, &info);
		fill(&info, &to);
		more.rcv_wnd = info.rcv_wnd_bytes;
		more.delivered_ce_bytes = info.delivered_ce_bytes;
		more.ecn = info.ecn;
	}
	memcpy(all, &to, INFO_OLD);
	memcpy(all + INFO_OLD, &more, sizeof(more));
	len = RTE_MIN(len, (uint32_t)sizeof(all));
	memcpy(value, all, len);
	return len;
}

uint32_t
sock_mem_info(struct sock *s, void *value, uint32_t len)
{
	uint32_t words[SK_MEMINFO_VARS] = {0};

	words[SK_MEMINFO_RMEM_ALLOC] = s->rx_bytes;
	words[SK_MEMINFO_RCVBUF] = (uint32_t)sock_rcvbuf(s);
	words[SK_MEMINFO_SNDBUF] = (uint32_t)sock_sndbuf(s);
	if (s->conn != NULL) {
		struct isla_tcp_info info;

		isla_tcp_get_info(s->conn, &info);
		words[SK_MEMINFO_RMEM_ALLOC] += info.rcvq_bytes;
		words[SK_MEMINFO_WMEM_ALLOC] = info.unacked_bytes;
		words[SK_MEMINFO_WMEM_QUEUED] = info.sndq_bytes;
	}
	len = RTE_MIN(len, (uint32_t)sizeof(words));
	memcpy(value, words, len);
	return len;
}
