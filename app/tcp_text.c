/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections as text, in the manner of `ss -tin`.
 */

#include <inttypes.h>
#include <stddef.h>

#include <rte_common.h>

#include "tcp_text.h"

const char *
tcp_state_text(enum isla_tcp_state state)
{
	static const char *const names[] = {"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECV", "ESTAB",
		"FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"};
	unsigned int i = (unsigned int)__builtin_ctz((unsigned int)state | 1u << 31);

	return i < RTE_DIM(names) ? names[i] : "?";
}

char *
tcp_end_text(const struct isla_addr *addr, uint16_t port, char *buf, size_t size)
{
	char text[ISLA_ADDR_STRLEN], number[8];

	isla_addr_format(addr, text, sizeof(text));
	snprintf(number, sizeof(number), port != 0 ? "%u" : "*", port);
	if (isla_addr_eq(addr, &isla_addr_any))
		snprintf(buf, size, "*:%s", number);
	else
		snprintf(buf, size, isla_addr_is_v4(addr) ? "%s:%s" : "[%s]:%s", text, number);
	return buf;
}

void
tcp_print_head(FILE *out)
{
	fprintf(out, "%-10s %8s %8s %28s %28s  %s\n", "State", "Recv-Q", "Send-Q",
		"Local Address:Port", "Peer Address:Port", "ID");
}

void
tcp_print_entry(FILE *out, uint16_t shard, const struct isla_tcp_entry *e)
{
	char local[64], remote[64];

	fprintf(out, "%-10s %8u %8u %28s %28s  %u.%u%s\n", tcp_state_text(e->state), e->recvq,
		e->sendq, tcp_end_text(&e->ends.local, e->ends.local_port, local, sizeof(local)),
		tcp_end_text(&e->ends.remote, e->ends.remote_port, remote, sizeof(remote)), shard,
		e->id, e->orphan ? "  orphan" : "");
}

/* Bytes a second, as bits in a unit that reads well. */
static void
print_rate(FILE *out, const char *name, uint64_t rate)
{
	double bps = (double)rate * 8;

	if (bps >= 1e9)
		fprintf(out, " %s %.2fGbps", name, bps / 1e9);
	else if (bps >= 1e6)
		fprintf(out, " %s %.2fMbps", name, bps / 1e6);
	else if (bps >= 1e3)
		fprintf(out, " %s %.2fKbps", name, bps / 1e3);
	else
		fprintf(out, " %s %.0fbps", name, bps);
}

static void
print_if(FILE *out, const char *name, uint64_t value)
{
	if (value != 0)
		fprintf(out, " %s:%" PRIu64, name, value);
}

static void
print_path(FILE *out, const struct isla_tcp_info *i)
{
	uint32_t mss = RTE_MAX(i->snd_mss, 1);

	fprintf(out, "\t%s%s%s%s %s", i->timestamps ? " ts" : "", i->sack ? " sack" : "",
		i->ecn ? " ecn" : "", i->fastopen_data ? " fastopen" : "",
		i->cc != NULL ? i->cc : "?");
	if (i->wscale)
		fprintf(out, " wscale:%u,%u", i->snd_wscale, i->rcv_wscale);
	fprintf(out, " rto:%.3g", (double)i->rto_us / 1000);
	print_if(out, "backoff", i->backoff);
	fprintf(out, " rtt:%.3f/%.3f mss:%u pmtu:%u rcvmss:%u advmss:%u cwnd:%u",
		(double)i->rtt_us / 1000, (double)i->rttvar_us / 1000, i->snd_mss, i->pmtu,
		i->rcv_mss, i->advmss, i->snd_cwnd_bytes / mss);
	if (i->snd_ssthresh_bytes < INT32_MAX)
		fprintf(out, " ssthresh:%u", i->snd_ssthresh_bytes / mss);
}

void
tcp_print_info(FILE *out, const struct isla_tcp_info *i)
{
	print_path(out, i);
	print_if(out, "bytes_acked", i->bytes_acked);
	print_if(out, "bytes_received", i->bytes_received);
	fprintf(out, " segs_out:%u segs_in:%u", i->segs_out, i->segs_in);
	if (i->rtt_us != 0)
		print_rate(out, "send", (uint64_t)i->snd_cwnd_bytes * 1000000 / i->rtt_us);
	fprintf(out, " lastsnd:%u lastrcv:%u", i->last_data_sent_ms, i->last_recv_ms);
	if (i->pacing_rate != UINT32_MAX)
		print_rate(out, "pacing_rate", i->pacing_rate);
	if (i->delivery_rate != 0)
		print_rate(out, "delivery_rate", i->delivery_rate);
	print_if(out, "unacked", i->unacked_segs);
	if (i->retrans_segs != 0 || i->total_retrans != 0)
		fprintf(out, " retrans:%u/%u", i->retrans_segs, i->total_retrans);
	print_if(out, "lost", i->lost_segs);
	print_if(out, "sacked", i->sacked_segs);
	print_if(out, "ooo", i->ooo_segs);
	print_if(out, "notsent", i->notsent_bytes);
	if (i->rcv_rtt_us != 0)
		fprintf(out, " rcv_rtt:%.3f", (double)i->rcv_rtt_us / 1000);
	fprintf(out, " rcv_wnd:%u snd_wnd:%u", i->rcv_wnd_bytes, i->snd_wnd_bytes);
	if (i->min_rtt_us != 0)
		fprintf(out, " minrtt:%.3f", (double)i->min_rtt_us / 1000);
	fprintf(out, "%s%s%s\n", i->in_loss ? " loss" : i->in_recovery ? " recovery" : "",
		i->in_cwr ? " cwr" : "", i->reordering ? " reordering" : "");
}

enum field_type {
	F_BOOL,
	F_U8,
	F_U16,
	F_U32,
	F_U64,
	F_BOUND, /* 32 bits, of which UINT32_MAX is none */
};

#define FIELD(type, field) \
	{ \
#field, offsetof(struct isla_tcp_info, field), type \
	}

static const struct field {
	const char *name;
	size_t offset;
	enum field_type type;
} fields[] = {
	FIELD(F_U8, snd_wscale),
	FIELD(F_U8, rcv_wscale),
	FIELD(F_U8, backoff),
	FIELD(F_U8, probes),
	FIELD(F_BOOL, in_recovery),
	FIELD(F_BOOL, in_loss),
	FIELD(F_BOOL, in_cwr),
	FIELD(F_BOOL, fin_rcvd),
	FIELD(F_BOOL, timestamps),
	FIELD(F_BOOL, sack),
	FIELD(F_BOOL, wscale),
	FIELD(F_BOOL, ecn),
	FIELD(F_BOOL, fastopen_data),
	FIELD(F_BOOL, quickack),
	FIELD(F_BOOL, reordering),
	FIELD(F_U16, snd_mss),
	FIELD(F_U16, rcv_mss),
	FIELD(F_U16, advmss),
	FIELD(F_U16, pmtu),
	FIELD(F_U32, rto_us),
	FIELD(F_U32, rtt_us),
	FIELD(F_U32, rttvar_us),
	FIELD(F_U32, min_rtt_us),
	FIELD(F_U32, rcv_rtt_us),
	FIELD(F_U32, snd_cwnd_bytes),
	FIELD(F_BOUND, snd_ssthresh_bytes),
	FIELD(F_U32, snd_wnd_bytes),
	FIELD(F_U32, rcv_wnd_bytes),
	FIELD(F_U32, rcvbuf_bytes),
	FIELD(F_U32, sndbuf_bytes),
	FIELD(F_U32, unacked_bytes),
	FIELD(F_U32, unacked_segs),
	FIELD(F_U32, sacked_segs),
	FIELD(F_U32, lost_segs),
	FIELD(F_U32, retrans_segs),
	FIELD(F_U32, sndq_bytes),
	FIELD(F_U32, notsent_bytes),
	FIELD(F_U32, rcvq_bytes),
	FIELD(F_U32, urgent_bytes),
	FIELD(F_U32, ooo_segs),
	FIELD(F_BOUND, pacing_rate),
	FIELD(F_U64, delivery_rate),
	FIELD(F_U32, last_data_sent_ms),
	FIELD(F_U32, last_recv_ms),
	FIELD(F_U64, bytes_acked),
	FIELD(F_U64, bytes_received),
	FIELD(F_U32, delivered_ce_bytes),
	FIELD(F_U32, segs_out),
	FIELD(F_U32, segs_in),
	FIELD(F_U32, total_retrans),
	FIELD(F_U64, busy_us),
};

static void
print_field(FILE *out, const struct field *f, const struct isla_tcp_info *info)
{
	const char *at = (const char *)info + f->offset;
	uint64_t value = 0;

	switch (f->type) {
	case F_BOOL:
		fprintf(out, "  %-20s %s\n", f->name, *(const bool *)at ? "yes" : "no");
		return;
	case F_U8:
		value = *(const uint8_t *)at;
		break;
	case F_U16:
		value = *(const uint16_t *)at;
		break;
	case F_BOUND:
		if (*(const uint32_t *)at == UINT32_MAX) {
			fprintf(out, "  %-20s none\n", f->name);
			return;
		}
		/* fallthrough */
	case F_U32:
		value = *(const uint32_t *)at;
		break;
	case F_U64:
		value = *(const uint64_t *)at;
		break;
	}
	fprintf(out, "  %-20s %" PRIu64 "\n", f->name, value);
}

static const char *
limit_text(enum isla_tcp_limit limit)
{
	static const char *const names[ISLA_TCP_LIMIT_MAX] = {
		[ISLA_TCP_LIMIT_APP] = "app",
		[ISLA_TCP_LIMIT_SNDBUF] = "sndbuf",
		[ISLA_TCP_LIMIT_RWND] = "rwnd",
		[ISLA_TCP_LIMIT_CWND] = "cwnd",
	};

	return (unsigned int)limit < RTE_DIM(names) ? names[limit] : "?";
}

void
tcp_print_all(FILE *out, const struct isla_tcp_info *info)
{
	unsigned int i;

	fprintf(out, "  %-20s %s\n", "state", isla_tcp_state_name(info->state));
	fprintf(out, "  %-20s %s\n", "cc", info->cc != NULL ? info->cc : "-");
	for (i = 0; i < RTE_DIM(fields); i++)
		print_field(out, &fields[i], info);
	fprintf(out, "  %-20s", "limited_us");
	for (i = 0; i < ISLA_TCP_LIMIT_MAX; i++)
		fprintf(out, " %s %" PRIu64, limit_text(i), info->limited_us[i]);
	fprintf(out, "\n  %-20s %s\n", "limited_by", limit_text(info->limited_by));
	fprintf(out, "  %-20s", "cc_info");
	if (info->cc != NULL && info->cc[0] == 'b')
		fprintf(out, " bw %" PRIu64 " min_rtt_us %u pacing_gain %u cwnd_gain %u\n",
			info->cc_info.bbr.bw, info->cc_info.bbr.min_rtt_us,
			info->cc_info.bbr.pacing_gain, info->cc_info.bbr.cwnd_gain);
	else
		fputs(" -\n", out);
}
