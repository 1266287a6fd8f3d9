/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a connection outside of segments: filled in, opened, ended. tcp_set_state() is the
 * one place where a state changes; it keeps the counters of RFC 4022 and the table.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "tcp_priv.h"

#define TCP_MSS_DEFAULT_V4 536  /* RFC 9293, MUST-15 */
#define TCP_MSS_DEFAULT_V6 1220

/* Records that are looked at for the one that has been silent longest. */
#define ORPHANS_LOOK 64u
/* Likewise, for one in TIME-WAIT that can go. */
#define TIME_WAIT_LOOK 64u

static bool
is_estab(unsigned int state)
{
	return (state & (ISLA_TCP_ESTABLISHED | ISLA_TCP_CLOSE_WAIT)) != 0;
}

static void
time_wait_link(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	uint32_t i = tcp_index(c);

	c->tw_prev = tcp->tw_tail;
	c->tw_next = TCP_NONE;
	if (tcp->tw_tail != TCP_NONE)
		tcp->conn[tcp->tw_tail].tw_next = i;
	else
		tcp->tw_head = i;
	tcp->tw_tail = i;
}

static void
time_wait_unlink(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;

	if (c->tw_prev != TCP_NONE)
		tcp->conn[c->tw_prev].tw_next = c->tw_next;
	else
		tcp->tw_head = c->tw_next;
	if (c->tw_next != TCP_NONE)
		tcp->conn[c->tw_next].tw_prev = c->tw_prev;
	else
		tcp->tw_tail = c->tw_prev;
	c->tw_prev = c->tw_next = TCP_NONE;
}

void
tcp_time_wait_reclaim(struct isla_tcp *tcp)
{
	uint32_t nb;

	for (nb = 0; nb < TIME_WAIT_LOOK && tcp->tw_head != TCP_NONE && tcp->conn_free == TCP_NONE;
		nb++) {
		struct isla_tcp_conn *c = &tcp->conn[tcp->tw_head];

		if (c->ops == NULL || (c->flags & TCP_F_RELEASED) != 0) {
			tcp_conn_drop(c, 0);
			continue;
		}
		/* The record would stay with its program: look elsewhere, next time, too. */
		time_wait_unlink(c);
		time_wait_link(c);
	}
}

/* What RFC 4022 counts about a transition. */
static void
count_transition(struct isla_tcp_conn *c, unsigned int from, unsigned int to)
{
	struct core *core = c->tcp->core;

	if (to == ISLA_TCP_SYN_SENT)
		core_count(core, ISLA_C_TCP_ACTIVE_OPENS);
	if (to == ISLA_TCP_SYN_RECEIVED && from == ISLA_TCP_CLOSED)
		core_count(core, ISLA_C_TCP_PASSIVE_OPENS);
	if (to == ISLA_TCP_TIME_WAIT)
		core_count(core, ISLA_C_TCP_TIME_WAIT);
	if (is_estab(to) && !is_estab(from))
		core_count(core, ISLA_C_TCP_CURR_ESTAB);
	if (is_estab(from) && !is_estab(to))
		core->stats.counter[ISLA_C_TCP_CURR_ESTAB]--;
	if (to != ISLA_TCP_CLOSED)
		return;
	if (from == ISLA_TCP_SYN_SENT || from == ISLA_TCP_SYN_RECEIVED)
		core_count(core, ISLA_C_TCP_ATTEMPT_FAILS);
	if (is_estab(from))
		core_count(core, ISLA_C_TCP_ESTAB_RESETS);
}

void
tcp_quiet_update(struct isla_tcp_conn *c)
{
	bool was = (c->flags & TCP_F_QUIET) != 0;
	bool is = tcp_in_state(c, ISLA_TCP_TIME_WAIT) ||
		(tcp_in_state(c, ISLA_TCP_FIN_WAIT_2) && (c->flags & TCP_F_RELEASED) != 0);

	if (was == is)
		return;
	c->flags ^= TCP_F_QUIET;
	c->tcp->nb_quiet += is ? 1 : UINT32_MAX;
}

/* States in which a connection without a program costs more than a record. */
static bool
is_alive(unsigned int state)
{
	return (state & (ISLA_TCP_CLOSED | ISLA_TCP_TIME_WAIT)) == 0;
}

void
tcp_orphans_bound(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	uint32_t now = tcp_tick_now(tcp), i;
	uint32_t nb = RTE_MIN(ORPHANS_LOOK, tcp->conf.max_conns);
	struct isla_tcp_conn *victim = c;

	if (tcp->nb_orphans <= tcp->conf.max_orphans)
		return;
	for (i = 0; i < nb; i++) {
		struct isla_tcp_conn *o = &tcp->conn[tcp->orphan_hand];

		tcp->orphan_hand = (tcp->orphan_hand + 1) % tcp->conf.max_conns;
		if ((o->flags & TCP_F_RELEASED) && is_alive(o->state) &&
			now - o->rcvd_tick > now - victim->rcvd_tick)
			victim = o;
	}
	core_count(tcp->core, ISLA_C_TCP_ORPHANS_RESET);
	tcp_send_rst(victim);
	tcp_conn_drop(victim, 0);
}

void
tcp_set_state(struct isla_tcp_conn *c, enum isla_tcp_state state)
{
	unsigned int from = c->state;

	if (from == (unsigned int)state)
		return;
	count_transition(c, from, state);
	if (from == ISLA_TCP_CLOSED)
		tcp_conn_insert(c);
	if (from == ISLA_TCP_SYN_RECEIVED && c->listener != 0) {
		tcp_listener_of(c)->nb_pending--;
		tcp_listener_of(c)->nb_tfo -= (c->modes & TCP_M_TFO_DATA) != 0;
		/* While the program has not heard of it, the listener is still needed. */
		if (state != ISLA_TCP_ESTABLISHED || c->ops != NULL)
			c->listener = 0;
	}
	if (from == ISLA_TCP_TIME_WAIT)
		time_wait_unlink(c);
	c->state = (uint16_t)state;
	tcp_quiet_update(c);
	if ((c->flags & TCP_F_RELEASED) && is_alive(from) && !is_alive(state))
		c->tcp->nb_orphans--;
	if (state == ISLA_TCP_TIME_WAIT)
		time_wait_link(c);
	if (state == ISLA_TCP_CLOSED)
		tcp_conn_remove(c);
}

/* The payload of a full segment over a path: its MTU less the headers. */
static uint16_t
mss_of_mtu(const struct isla_tcp_conn *c)
{
	return (uint16_t)(c->path.mtu - inet_hdr_len(&c->local) - TCP_HDR_LEN);
}

/* The smallest scale with which the whole buffer can be offered (RFC 7323, 2.3). */
static uint8_t
wscale_of(uint32_t rcvbuf)
{
	uint8_t scale = 0;

	while (scale < TCP_WSCALE_MAX && rcvbuf >> scale > UINT16_MAX)
		scale++;
	return scale;
}

void
tcp_set_iss(struct isla_tcp_conn *c, uint32_t iss)
{
	c->snd_una = c->snd_nxt = c->recover = iss;
}

int
tcp_conn_init(struct isla_tcp_conn *c, const struct isla_tcp_ends *ends, uint8_t netif,
	uint16_t profile)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	const struct isla_tcp_opts *opts;
	struct inet_dst via;

	tcp_profile_ref(c->tcp, profile);
	c->profile = profile;
	opts = tcp_opts_of(c);
	c->local = ends->local;
	c->remote = ends->remote;
	if (!inet_route_back(c->tcp->inet, &ends->remote, netif, &via) || !tcp_set_path(c, &via))
		return -EHOSTUNREACH;
	if (isla_addr_is_unspecified(&c->local) &&
		!inet_select_src(c->tcp->inet, &c->remote, c->path.netif, &c->local))
		return -EHOSTUNREACH;
	c->local_port = rte_cpu_to_be_16(ends->local_port);
	c->remote_port = rte_cpu_to_be_16(ends->remote_port);
	c->rcvbuf = conf->rcvbuf_bytes;
	c->rcv_wscale = wscale_of(conf->no_autotune ? c->rcvbuf : conf->rcvbuf_max_bytes);
	if (opts->rcvbuf_bytes != 0) {
		c->modes |= TCP_M_RCVBUF_SET;
		c->rcvbuf = opts->rcvbuf_bytes;
		c->rcv_wscale = wscale_of(c->rcvbuf);
	}
	c->sndbuf = opts->sndbuf_bytes != 0 ? opts->sndbuf_bytes : conf->sndbuf_bytes;
	if (conf->no_wscale)
		c->rcv_wscale = 0;
	c->rcv_mss = mss_of_mtu(c);
	if (opts->mss != 0)
		c->rcv_mss = RTE_MIN(c->rcv_mss, RTE_MAX(opts->mss, (uint16_t)TCP_MSS_MIN));
	/* What we can receive follows from our link, what the path takes does not (RFC 1191, 3.1).
	 */
	c->path.mtu = inet_pmtu(c->tcp->inet, &c->remote, c->path.mtu);
	c->mss = RTE_MIN(c->rcv_mss, mss_of_mtu(c));
	c->rcv_seg_max = RTE_MIN(c->rcv_mss, (uint16_t)TCP_MSS_DEFAULT_V4);
	tcp_cc_set(c, c->tcp->profile[profile].cc);
	c->rto = conf->rto_init_us;
	c->rcvd_tick = tcp_tick_now(c->tcp);
	c->min_rtt = UINT32_MAX;
	c->ts_offset = tcp_ts_offset(c->tcp, c);
	tcp_set_iss(c, tcp_isn(c->tcp, c));
	return 0;
}

void
tcp_conn_negotiate(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	uint16_t mss = isla_addr_is_v4(&c->local) ? TCP_MSS_DEFAULT_V4 : TCP_MSS_DEFAULT_V6;

	if (in->opts.present & TCP_OPT_MSS)
		mss = RTE_MAX(in->opts.mss, (uint16_t)TCP_MSS_MIN);
	if (tcp_opts_of(c)->mss != 0)
		mss = RTE_MIN(mss, RTE_MAX(tcp_opts_of(c)->mss, (uint16_t)TCP_MSS_MIN));
	c->mss = RTE_MIN(mss, mss_of_mtu(c));
	if ((in->opts.present & TCP_OPT_TIMESTAMPS) && !conf->no_timestamps) {
		/* They take their place in every segment (RFC 6691). */
		c->mss = (uint16_t)(c->mss - TCP_TS_LEN);
		tcp_ts_begin(c, in->opts.ts_val);
	}
	if ((in->opts.present & TCP_OPT_SACK_PERMITTED) && !conf->no_sack)
		c->flags |= TCP_F_SACK;
	if ((in->opts.present & TCP_OPT_WSCALE) && !conf->no_wscale) {
		c->flags |= TCP_F_WSCALE;
		c->snd_wscale = RTE_MIN(in->opts.wscale, (uint8_t)TCP_WSCALE_MAX);
	} else {
		c->rcv_wscale = 0;
	}
	/* No room for its state: the default has none. */
	if (!c->cc->init(c)) {
		tcp_cc_set(c, tcp_cc_find(NULL));
		c->cc->init(c);
	}
}

void
tcp_conn_established(struct isla_tcp_conn *c)
{
	/* RFC 6298, 2.1 and 5.7: the handshake gives the first sample, or a cautious start; none
	 * where our SYN went out twice because the peer's came twice (Karn). */
	if (c->nb_timeouts == 0 && c->seg_head == TCP_NONE && c->total_retrans == 0) {
		uint32_t rtt_us = (uint32_t)tcp_since_sent_us(c);

		tcp_rtt_sample(c, rtt_us);
		core_record(c->tcp->core, ISLA_HIST_TCP_RTT, rtt_us);
	} else if (c->nb_timeouts > 0)
		c->rto = RTE_MIN(3 * c->tcp->conf.rto_init_us, c->tcp->conf.rto_max_us);
	/* RFC 5681, 3.1; once may have been needless, with a timer of 1 s (RFC 6928, 2). */
	if (c->nb_timeouts > 1)
		c->cwnd = c->mss;
	if (c->modes & TCP_M_ECN)
		core_count(c->tcp->core, ISLA_C_TCP_ECN_AGREED);
	tcp_set_state(c, ISLA_TCP_ESTABLISHED);
	c->rcvd_tick = tcp_tick_now(c->tcp);
	/* A SYN that came again in the same burst is answered by then. */
	c->flags &= ~TCP_F_SYN_NOW;
	c->nb_timeouts = 0;
	tcp_limit_begin(c);
	tcp_drs_begin(c);
	c->recover = c->snd_una - 1;
	c->fack = c->reo_round = c->round_end = c->snd_una;
	tcp_deadline_stop(c, TCP_T_RTX);
	/* What a Fast Open server has sent already. */
	if (c->seg_head != TCP_NONE)
		tcp_deadline_set(c, TCP_T_RTX, c->rto);
	if (tcp_opts_of(c)->keepalive)
		tcp_keep_begin(c);
	c->quick_acks = c->tcp->conf.no_quickack ? 0 : TCP_QUICK_ACKS;
	/* Closed by the program in mid-handshake: FIN comes right after it (RFC 9293, 3.10.4). */
	if (c->flags & TCP_F_FIN_QUEUED)
		tcp_set_state(c, ISLA_TCP_FIN_WAIT_1);
	if (c->flags & TCP_F_ACTIVE)
		c->events |= TCP_EV_CONNECTED;
	else if (c->ops == NULL)
		c->events |= TCP_EV_ACCEPT;
	tcp_sched(c);
}

void
tcp_conn_drop(struct isla_tcp_conn *c, int err)
{
	/* The program knows of a connection from its accept callback on, which sets ops. */
	bool held = c->ops != NULL && (c->flags & TCP_F_RELEASED) == 0;

	if (c->listener != 0 && (c->events & TCP_EV_ACCEPT) &&
		tcp_listener_of(c)->room != UINT32_MAX)
		tcp_listener_of(c)->room++;
	tcp_set_state(c, ISLA_TCP_CLOSED);
	tcp_sndq_purge(c);
	timer_stop(&c->tcp->core->wheel, &c->timer);
	memset(c->deadline, 0, sizeof(c->deadline)); /* TCP_DEADLINE_NONE */
	if (c->cc->release != NULL)
		c->cc->release(c);
	if (held && err == 0)
		return; /* an orderly end; what was received can still be read */
	tcp_ooo_purge(c);
	if (!held)
		tcp_rcvq_purge(c);
	c->events = 0;
	if (held) {
		c->err = (uint8_t)err;
		c->events = TCP_EV_ERROR;
		tcp_sched(c);
	} else {
		tcp_conn_free(c);
	}
}

void
tcp_conn_abort(struct isla_tcp_conn *c, int err)
{
	/* The other states have nobody to tell, or have told it already. */
	if (tcp_in_state(c, ISLA_TCP_SYN_RECEIVED | ISLA_TCP_ESTABLISHED | ISLA_TCP_FIN_WAIT_1 |
			    ISLA_TCP_FIN_WAIT_2 | ISLA_TCP_CLOSE_WAIT))
		tcp_send_rst(c);
	tcp_conn_drop(c, err);
}

void
tcp_conn_shutdown(struct isla_tcp_conn *c)
{
	if (c->flags & TCP_F_FIN_QUEUED)
		return;
	c->flags |= TCP_F_FIN_QUEUED;
	if (tcp_in_state(c, ISLA_TCP_ESTABLISHED))
		tcp_set_state(c, ISLA_TCP_FIN_WAIT_1);
	else if (tcp_in_state(c, ISLA_TCP_CLOSE_WAIT))
		tcp_set_state(c, ISLA_TCP_LAST_ACK);
	tcp_sched(c);
}

void
tcp_time_wait_enter(struct isla_tcp_conn *c)
{
	tcp_set_state(c, ISLA_TCP_TIME_WAIT);
	/* Records for larger state are few, and those who wait here many. */
	if (c->cc->release != NULL)
		c->cc->release(c);
	tcp_deadline_stop(c, TCP_T_RTX);
	tcp_deadline_stop(c, TCP_T_KEEP);
	tcp_deadline_set(c, TCP_T_STATE, c->tcp->conf.time_wait_us);
}
