/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Assertions on a connection, in the names of Linux's struct tcp_info, and the settings of a
 * script.
 */

#include <arpa/inet.h>
#include <string.h>

#include "isla_tcp.h"
#include "play.h"
#include "tcp_priv.h"

/* Linux's numbers for RFC 9293's states. */
static int64_t
linux_state(unsigned int state)
{
	switch (state) {
	case ISLA_TCP_ESTABLISHED:
		return 1;
	case ISLA_TCP_SYN_SENT:
		return 2;
	case ISLA_TCP_SYN_RECEIVED:
		return 3;
	case ISLA_TCP_FIN_WAIT_1:
		return 4;
	case ISLA_TCP_FIN_WAIT_2:
		return 5;
	case ISLA_TCP_TIME_WAIT:
		return 6;
	case ISLA_TCP_CLOSE_WAIT:
		return 8;
	case ISLA_TCP_LAST_ACK:
		return 9;
	case ISLA_TCP_LISTEN:
		return 10;
	case ISLA_TCP_CLOSING:
		return 11;
	default:
		return 7;
	}
}

static int64_t
in_segs(uint32_t bytes, uint16_t mss)
{
	return mss != 0 ? ((int64_t)bytes + mss - 1) / mss : 0;
}

/* Linux's enum tcp_ca_state, as far as we tell. */
static int64_t
ca_state(const struct isla_tcp_info *i)
{
	if (i->in_loss)
		return 4;
	if (i->in_recovery)
		return 3;
	return i->in_cwr ? 2 : i->sacked_segs != 0;
}

/* Of a connection that is gone: the state CLOSE, and zeros. */
static void
get_info(struct play *p, struct isla_tcp_info *info)
{
	const struct flow *f = &p->flow[0];
	struct isla_tcp *tcp = isla_stack_tcp(p->host.stack);
	struct isla_pkt pkt = {
		.dst = p->ends.dst,
		.src = p->ends.src,
		.dst_port = rte_cpu_to_be_16(f->local_port),
		.src_port = rte_cpu_to_be_16(f->remote_port),
	};
	struct isla_tcp_conn *c = tcp_find(tcp, &pkt.dst, &pkt.src, pkt.dst_port, pkt.src_port);
	const struct tcp_syn *syn;

	memset(info, 0, sizeof(*info));
	info->state = ISLA_TCP_CLOSED;
	pkt.hash = tcp_hash(tcp, &pkt.dst, &pkt.src, pkt.dst_port, pkt.src_port);
	syn = tcp_syn_lookup(tcp, &pkt);
	if (c != NULL)
		isla_tcp_get_info(c, info);
	else if (syn != NULL)
		tcp_syn_info(tcp, syn, info);
}

static bool
variable(struct play *p, const char *name, int64_t *value)
{
	struct isla_tcp_info i;
	unsigned int k;

	get_info(p, &i);
	const struct {
		const char *name;
		int64_t value;
	} vars[] = {
		{"tcpi_state", linux_state(i.state)},
		{"tcpi_ca_state", ca_state(&i)},
		{"tcpi_backoff", i.backoff},
		{"tcpi_retransmits", i.backoff},
		{"tcpi_probes", i.probes},
		{"tcpi_options", i.timestamps | i.sack << 1 | i.wscale << 2 | i.ecn << 3 |
				i.fastopen_data << 5},
		{"tcpi_snd_wscale", i.snd_wscale},
		{"tcpi_rcv_wscale", i.rcv_wscale},
		{"tcpi_rto", i.rto_us},
		{"tcpi_snd_mss", i.snd_mss},
		{"tcpi_rcv_mss", i.rcv_mss},
		{"tcpi_advmss", i.advmss},
		{"tcpi_pmtu", i.pmtu},
		{"tcpi_unacked", i.unacked_segs},
		{"tcpi_sacked", i.sacked_segs},
		{"tcpi_lost", i.lost_segs},
		{"tcpi_retrans", i.retrans_segs},
		{"tcpi_reord_seen", i.reordering},
		{"tcpi_delivered_ce", in_segs(i.delivered_ce_bytes, i.snd_mss)},
		{"tcpi_rtt", i.rtt_us},
		{"tcpi_rttvar", i.rttvar_us},
		{"tcpi_min_rtt", i.min_rtt_us},
		{"tcpi_snd_ssthresh", in_segs(i.snd_ssthresh_bytes, i.snd_mss)},
		{"tcpi_snd_cwnd", i.snd_mss != 0 ? i.snd_cwnd_bytes / i.snd_mss : 0},
		{"tcpi_total_retrans", i.total_retrans},
		{"tcpi_bytes_acked", (int64_t)i.bytes_acked},
		{"tcpi_bytes_received", (int64_t)i.bytes_received},
		{"tcpi_segs_out", i.segs_out},
		{"tcpi_segs_in", i.segs_in},
		{"tcpi_notsent_bytes", i.notsent_bytes},
		{"tcpi_rwnd_limited", i.limited_us[ISLA_TCP_LIMIT_RWND]},
		{"tcpi_snd_wnd", i.snd_wnd_bytes},
		{"tcpi_rcv_wnd", i.rcv_wnd_bytes},
	};
	for (k = 0; k < RTE_DIM(vars); k++) {
		if (strcmp(name, vars[k].name) == 0) {
			*value = vars[k].value;
			return true;
		}
	}
	return false;
}

static int64_t
operate(const char *op, int64_t a, int64_t b)
{
	switch (op[0]) {
	case '|':
		return op[1] == '|' ? a || b : a | b;
	case '&':
		return op[1] == '&' ? a && b : a & b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		return op[1] == '=' ? a <= b : op[1] == '<' ? a << (b & 63) : a < b;
	case '>':
		return op[1] == '=' ? a >= b : op[1] == '>' ? a >> (b & 63) : a > b;
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return b != 0 ? a / b : 0;
	default:
		return b != 0 ? a % b : 0;
	}
}

static bool
eval_op(struct play *p, const struct event *e, const struct expr *x, int64_t *value)
{
	int64_t a, b;

	if (!eval(p, e, x->child, &a))
		return false;
	if (x->child->next == NULL) {
		*value = x->name[0] == '-' ? -a : x->name[0] == '!' ? !a : ~a;
		return true;
	}
	if (!eval(p, e, x->child->next, &b))
		return false;
	*value = operate(x->name, a, b);
	return true;
}

bool
eval(struct play *p, const struct event *e, const struct expr *x, int64_t *value)
{
	switch (x->kind) {
	case EXPR_INT:
		*value = x->num;
		return true;
	case EXPR_OP:
		return eval_op(p, e, x, value);
	case EXPR_VAR:
		if (variable(p, x->name, value))
			return true;
		return play_fail(p, e, "there is no variable %s", x->name);
	case EXPR_CALL:
		if (x->child == NULL || x->child->kind == EXPR_STRING) {
			*value = 0; /* inet_addr("..."): the host is whatever we have */
			return true;
		}
		if (!eval(p, e, x->child, value))
			return false;
		if (strcmp(x->name, "htons") == 0)
			*value = htons((uint16_t)*value);
		else if (strcmp(x->name, "htonl") == 0)
			*value = htonl((uint32_t)*value);
		return true;
	default:
		return play_fail(p, e, "an integer is wanted");
	}
}

/* The variables of a condition and what they are, for a failure. */
static void
describe(struct play *p, const struct expr *x, char *buf, size_t size)
{
	int64_t v;
	size_t n = strlen(buf);

	for (; x != NULL; x = x->next) {
		if (x->kind == EXPR_VAR && variable(p, x->name, &v)) {
			snprintf(buf + n, size - n, " %s is %lld", x->name, (long long)v);
			n = strlen(buf);
		}
		if (x->kind == EXPR_OP) {
			describe(p, x->child, buf, size);
			n = strlen(buf);
		}
	}
}

bool
checks_run(struct play *p, const struct event *e)
{
	const struct expr *x;
	unsigned int nb = 0;
	int64_t v;

	for (x = e->checks; x != NULL; x = x->next) {
		char text[300] = "";

		nb++;
		if (!eval(p, e, x, &v))
			return false;
		if (v != 0)
			continue;
		if (x->kind == EXPR_OP)
			describe(p, x->child, text, sizeof(text));
		return play_fail(p, e, "condition %u does not hold:%s", nb, text);
	}
	return true;
}

#define TCP_SETTING(field) \
	{#field, offsetof(struct isla_tcp_conf, field), \
		sizeof(((struct isla_tcp_conf *)0)->field)}

static const struct {
	const char *name;
	size_t off, size;
} settings[] = {
	TCP_SETTING(max_conns),
	TCP_SETTING(max_listeners),
	TCP_SETTING(max_segs),
	TCP_SETTING(rcvbuf_bytes),
	TCP_SETTING(rcvbuf_max_bytes),
	TCP_SETTING(sndbuf_bytes),
	TCP_SETTING(sndbuf_max_bytes),
	TCP_SETTING(rto_min_us),
	TCP_SETTING(rto_init_us),
	TCP_SETTING(rto_max_us),
	TCP_SETTING(delack_us),
	TCP_SETTING(time_wait_us),
	TCP_SETTING(fin_wait2_us),
	TCP_SETTING(syn_retries),
	TCP_SETTING(data_retries),
	TCP_SETTING(ooo_segs),
	TCP_SETTING(init_cwnd_segs),
	TCP_SETTING(max_orphans),
	TCP_SETTING(rcvbuf_max_bytes),
	TCP_SETTING(user_timeout_ms),
	TCP_SETTING(r1_retries),
	TCP_SETTING(keep_idle_s),
	TCP_SETTING(keep_intvl_s),
	TCP_SETTING(keep_cnt),
	TCP_SETTING(challenge_acks),
	TCP_SETTING(ecn),
	TCP_SETTING(fastopen),
	TCP_SETTING(no_autotune),
	TCP_SETTING(pacing),
	TCP_SETTING(no_wscale),
	TCP_SETTING(no_timestamps),
	TCP_SETTING(no_sack),
	TCP_SETTING(no_quickack),
};

bool
setting_apply(struct sim_host_conf *conf, const struct setting *set)
{
	uint8_t *tcp = (uint8_t *)&conf->stack.tcp;
	size_t i;

	if (strcmp(set->name, "cc") == 0) {
		conf->stack.tcp.cc = set->word;
		return set->word != NULL;
	}
	for (i = 0; i < RTE_DIM(settings); i++) {
		if (set->word != NULL || strcmp(set->name, settings[i].name) != 0)
			continue;
		/* Little-endian, as all that DPDK's mbufs live on here. */
		memcpy(tcp + settings[i].off, &set->value, settings[i].size);
		return true;
	}
	return false;
}
