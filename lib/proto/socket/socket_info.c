/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP_INFO: Linux's struct tcp_info, as far as its fields have a meaning here. The others are 0.
 */

#include <linux/tcp.h>
#include <string.h>

#include <rte_common.h>

#include "socket_priv.h"

/* Linux's congestion avoidance states. */
enum { CA_OPEN, CA_DISORDER, CA_CWR, CA_RECOVERY, CA_LOSS };

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
	to->tcpi_busy_time = i->limited_us[ISLA_TCP_LIMIT_RWND] +
		i->limited_us[ISLA_TCP_LIMIT_CWND] + i->limited_us[ISLA_TCP_LIMIT_SNDBUF];
	to->tcpi_rwnd_limited = i->limited_us[ISLA_TCP_LIMIT_RWND];
	to->tcpi_sndbuf_limited = i->limited_us[ISLA_TCP_LIMIT_SNDBUF];
}

static void
fill_counts(const struct isla_tcp_info *i, struct tcp_info *to)
{
	to->tcpi_unacked = i->unacked_segs;
	to->tcpi_sacked = i->sacked_segs;
	to->tcpi_lost = i->lost_segs;
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

uint32_t
sock_tcp_info(const struct sock *s, void *value, uint32_t len)
{
	struct isla_tcp_info info;
	struct tcp_info to;

	memset(&to, 0, sizeof(to));
	to.tcpi_state = (uint8_t)sock_tcp_state(s);
	len = RTE_MIN(len, (uint32_t)sizeof(to));
	if (s->conn == NULL) {
		memcpy(value, &to, len);
		return len;
	}
	isla_tcp_get_info(s->conn, &info);
	to.tcpi_ca_state = ca_state(&info);
	to.tcpi_retransmits = info.backoff;
	to.tcpi_backoff = info.backoff;
	to.tcpi_probes = info.probes;
	to.tcpi_options = (uint8_t)((info.timestamps ? TCPI_OPT_TIMESTAMPS : 0) |
		(info.sack ? TCPI_OPT_SACK : 0) | (info.wscale ? TCPI_OPT_WSCALE : 0) |
		(info.ecn ? TCPI_OPT_ECN : 0) | (info.fastopen_data ? TCPI_OPT_SYN_DATA : 0));
	if (info.wscale) {
		to.tcpi_snd_wscale = info.snd_wscale & 0xf;
		to.tcpi_rcv_wscale = info.rcv_wscale & 0xf;
	}
	to.tcpi_snd_mss = info.snd_mss;
	to.tcpi_rcv_mss = info.rcv_mss;
	to.tcpi_advmss = info.advmss;
	to.tcpi_pmtu = info.pmtu;
	fill_times(&info, &to);
	fill_counts(&info, &to);
	memcpy(value, &to, len);
	return len;
}
