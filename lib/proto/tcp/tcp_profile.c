/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings. Most connections of a stack have the same, so each different set is kept once, and a
 * connection has its index. A set is found by comparing, which happens when a listener or a
 * connection gets settings of its own, never for a segment.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "tcp_priv.h"

#define PICK(field) ((opts->field) != 0 ? (opts->field) : (base->field))

/* What is asked for, with the rest from the stack's own. Padding is zero: sets are compared. */
static void
resolve(const struct isla_tcp_opts *base, const struct isla_tcp_opts *opts,
	struct isla_tcp_opts *to)
{
	memset(to, 0, sizeof(*to));
	/* They stay 0 where the program has not fixed them: auto-tuning. */
	to->rcvbuf_bytes = opts->rcvbuf_bytes;
	to->sndbuf_bytes = opts->sndbuf_bytes;
	to->user_timeout_ms = PICK(user_timeout_ms);
	to->max_pacing_rate = PICK(max_pacing_rate);
	to->mss = PICK(mss);
	to->keep_idle_s = PICK(keep_idle_s);
	to->keep_intvl_s = PICK(keep_intvl_s);
	to->fin_wait2_s = PICK(fin_wait2_s);
	to->keep_cnt = PICK(keep_cnt);
	to->syn_retries = PICK(syn_retries);
	to->hop_limit = PICK(hop_limit);
	to->tos = PICK(tos);
	to->keepalive = opts->keepalive || base->keepalive;
	to->fastopen = opts->fastopen;
}

static bool
is_valid(const struct isla_tcp_opts *o)
{
	return (o->tos & 3) == 0;
}

int
tcp_profile_init(struct isla_tcp *tcp)
{
	const struct isla_tcp_conf *conf = &tcp->conf;
	struct tcp_profile *p = &tcp->profile[0];

	p->cc = tcp_cc_find(conf->cc);
	if (p->cc == NULL)
		return -EINVAL;
	p->nb_refs = 1;
	p->opts.user_timeout_ms = conf->user_timeout_ms;
	p->opts.keepalive = conf->keepalive;
	p->opts.keep_idle_s = conf->keep_idle_s;
	p->opts.keep_intvl_s = conf->keep_intvl_s;
	p->opts.fin_wait2_s = (uint16_t)RTE_MIN(conf->fin_wait2_us / 1000000, (uint32_t)UINT16_MAX);
	p->opts.keep_cnt = conf->keep_cnt;
	p->opts.syn_retries = (uint8_t)conf->syn_retries;
	return 0;
}

int
tcp_profile_get(struct isla_tcp *tcp, const struct isla_tcp_opts *opts, uint16_t *profile)
{
	const struct tcp_cc_ops *cc;
	struct isla_tcp_opts want;
	uint16_t i, slot = TCP_PROFILES_MAX;

	if (opts == NULL) {
		*profile = 0;
		tcp->profile[0].nb_refs++;
		return 0;
	}
	cc = opts->cc != NULL ? tcp_cc_find(opts->cc) : tcp->profile[0].cc;
	resolve(&tcp->profile[0].opts, opts, &want);
	if (cc == NULL || !is_valid(&want))
		return -EINVAL;
	for (i = 0; i < TCP_PROFILES_MAX; i++) {
		struct tcp_profile *p = &tcp->profile[i];

		if (p->nb_refs == 0) {
			slot = RTE_MIN(slot, i);
		} else if (p->cc == cc && memcmp(&p->opts, &want, sizeof(want)) == 0) {
			p->nb_refs++;
			*profile = i;
			return 0;
		}
	}
	if (slot == TCP_PROFILES_MAX)
		return -ENOSPC;
	tcp->profile[slot].opts = want;
	tcp->profile[slot].cc = cc;
	tcp->profile[slot].nb_refs = 1;
	*profile = slot;
	return 0;
}

void
tcp_profile_ref(struct isla_tcp *tcp, uint16_t profile)
{
	tcp->profile[profile].nb_refs++;
}

void
tcp_profile_put(struct isla_tcp *tcp, uint16_t profile)
{
	tcp->profile[profile].nb_refs--;
}

static bool
keep_differs(const struct isla_tcp_opts *a, const struct isla_tcp_opts *b)
{
	return a->keepalive != b->keepalive || a->keep_idle_s != b->keep_idle_s ||
		a->keep_intvl_s != b->keep_intvl_s;
}

static void
set_nodelay(struct isla_tcp_conn *c, bool nodelay)
{
	if (nodelay)
		c->flags |= TCP_F_NODELAY;
	else
		c->flags &= ~TCP_F_NODELAY;
	tcp_sched(c);
}

int
isla_tcp_set_opts(struct isla_tcp_conn *c, const struct isla_tcp_opts *opts)
{
	struct isla_tcp *tcp = c->tcp;
	struct isla_tcp_opts old = *tcp_opts_of(c);
	uint16_t profile;
	int rc = tcp_profile_get(tcp, opts, &profile);

	if (rc != 0)
		return rc;
	/* One that had no room for its algorithm's state, and has another, may change the rest. */
	if (c->state != ISLA_TCP_CLOSED && tcp->profile[profile].cc != tcp->profile[c->profile].cc &&
		!tcp_cc_set(c, tcp->profile[profile].cc)) {
		tcp_profile_put(tcp, profile);
		return -ENOSPC;
	}
	tcp_profile_put(tcp, c->profile);
	c->profile = profile;
	tcp_pace_init(c);
	if (keep_differs(&old, tcp_opts_of(c)))
		tcp_keep_change(c);
	if (opts->rcvbuf_bytes != 0) {
		c->modes |= TCP_M_RCVBUF_SET;
		/* The window field can tell of no less. */
		c->rcvbuf = RTE_MAX(opts->rcvbuf_bytes, 1u << c->rcv_wscale);
	}
	c->sndbuf = opts->sndbuf_bytes != 0 ? opts->sndbuf_bytes :
		RTE_MAX(c->sndbuf, tcp->conf.sndbuf_bytes);
	if (opts->mss >= TCP_MSS_MIN)
		c->mss = RTE_MIN(c->mss,
			(uint16_t)(opts->mss - (c->flags & TCP_F_TS ? TCP_TS_LEN : 0)));
	isla_tcp_set_cork(c, opts->cork);
	set_nodelay(c, opts->nodelay);
	return 0;
}

void
isla_tcp_get_opts(const struct isla_tcp_conn *c, struct isla_tcp_opts *opts)
{
	*opts = *tcp_opts_of(c);
	opts->rcvbuf_bytes = c->modes & TCP_M_RCVBUF_SET ? c->rcvbuf : 0;
	opts->nodelay = (c->flags & TCP_F_NODELAY) != 0;
	opts->cork = (c->modes & TCP_M_CORK) != 0;
	opts->cc = c->cc->name;
}

void
isla_tcp_default_opts(const struct isla_tcp *tcp, struct isla_tcp_opts *opts)
{
	*opts = tcp->profile[0].opts;
	opts->rcvbuf_bytes = tcp->conf.rcvbuf_bytes;
	opts->sndbuf_bytes = tcp->conf.sndbuf_bytes;
	opts->cc = tcp->profile[0].cc->name;
}

void
isla_tcp_set_nodelay(struct isla_tcp_conn *c, bool nodelay)
{
	uint8_t cork = c->modes & TCP_M_CORK;

	set_nodelay(c, nodelay);
	if (!nodelay || cork == 0 || !tcp_in_state(c, TCP_SENDING))
		return;
	c->modes &= (uint8_t)~TCP_M_CORK;
	tcp_output(c);
	c->modes |= cork;
}

void
isla_tcp_set_quickack(struct isla_tcp_conn *c, bool quickack)
{
	c->quick_acks = quickack ? TCP_QUICK_ACKS : 0;
	if (!quickack || (c->flags & TCP_F_ACK_DELAYED) == 0)
		return;
	c->flags |= TCP_F_ACK_NOW;
	tcp_sched(c);
}

void
isla_tcp_set_cork(struct isla_tcp_conn *c, bool cork)
{
	if (cork)
		c->modes |= TCP_M_CORK;
	else
		c->modes &= (uint8_t)~TCP_M_CORK;
	tcp_sched(c);
}

const char *
isla_tcp_cc_names(void)
{
	return tcp_cc_names();
}
