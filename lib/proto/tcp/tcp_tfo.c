/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP Fast Open, RFC 7413. Server: tcp_tfo_listen() looks at a SYN's option; where it brings a
 * cookie of ours, the SYN's data is the program's at once, and what it answers leaves before the
 * handshake is over. The cookie is a keyed hash of the client's address and of the time: that of
 * the period before is good, too, and is replaced. Client: tcp_tfo_syn() says what the first SYN
 * carries, tcp_tfo_syn_acked() what became of it; what was learnt of a server is kept in a table by
 * its address. A SYN that is sent again is a plain one.
 */

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include "siphash.h"
#include "tcp_priv.h"

#define COOKIE_LEN   8
#define PERIOD_SHIFT 36 /* 2^36 us, about 19 hours */
/* Connections that were reset before the handshake's end count for so long (5.1): whoever forges
 * SYNs makes others send those resets. */
#define RESET_US     60000000
/* The way to a server loses SYNs with the option (4.1.3.1): for so long we send none. */
#define BLACK_HOLE_US 600000000

static void
cookie_make(const struct isla_tcp *tcp, const struct isla_addr *client,
	const struct isla_addr *server, uint32_t period, uint8_t cookie[COOKIE_LEN])
{
	uint64_t words[5] = {client->q[0], client->q[1], server->q[0], server->q[1], period};
	uint64_t mac = siphash24(&tcp->tfo_key, words, RTE_DIM(words));

	memcpy(cookie, &mac, COOKIE_LEN);
}

static uint32_t
period_now(const struct isla_tcp *tcp)
{
	return (uint32_t)(tcp->core->now_us >> PERIOD_SHIFT);
}

void
tcp_tfo_cookie(const struct isla_tcp_conn *c, struct tcp_opts *opts)
{
	opts->present |= TCP_OPT_FASTOPEN;
	opts->fo_len = COOKIE_LEN;
	cookie_make(c->tcp, &c->remote, &c->local, period_now(c->tcp), opts->fo);
}

/* The period of the cookie that a SYN brings: 0 this one, 1 the one before, 2 none of ours. */
static unsigned int
cookie_age(const struct isla_tcp_conn *c, const struct tcp_opts *opts)
{
	uint8_t cookie[COOKIE_LEN], diff;
	unsigned int age, i;

	if (opts->fo_len != COOKIE_LEN)
		return 2;
	for (age = 0; age < 2; age++) {
		cookie_make(c->tcp, &c->remote, &c->local, period_now(c->tcp) - age, cookie);
		for (i = 0, diff = 0; i < COOKIE_LEN; i++)
			diff |= cookie[i] ^ opts->fo[i];
		if (diff == 0)
			break;
	}
	return age;
}

/* 4.2, PendingFastOpenRequests. */
static bool
has_room(struct isla_tcp_listener *l)
{
	if (l->tcp->core->now_us - l->tfo_reset_us > RESET_US)
		l->nb_tfo_reset = 0;
	return l->nb_tfo + l->nb_tfo_reset <
		(l->tfo_max != 0 ? l->tfo_max : RTE_MAX(l->backlog / 4u, 1u));
}

void
tcp_tfo_listen(struct isla_tcp_conn *c, struct isla_tcp_listener *l, struct tcp_in *in)
{
	struct core *core = c->tcp->core;
	unsigned int age;

	if (!l->fastopen || (in->opts.present & TCP_OPT_FASTOPEN) == 0)
		return;
	age = cookie_age(c, &in->opts);
	if (age > 0)
		c->modes |= TCP_M_TFO_COOKIE;
	if (in->opts.fo_len == 0)
		core_count(core, ISLA_C_TCP_TFO_COOKIE_REQD);
	else if (age > 1)
		core_count(core, ISLA_C_TCP_TFO_PASSIVE_FAIL);
	if (age > 1 || in->len == 0)
		return;
	if (!has_room(l)) {
		core_count(core, ISLA_C_TCP_TFO_OVERFLOW);
		return;
	}
	/* A FIN comes again, after the handshake. */
	tcp_rcv_window(c);
	in->seq++;
	in->flags = 0;
	tcp_rcvq_input(c, in);
	in->drop = ISLA_ACCEPTED;
	if (c->bytes_received == 0)
		return; /* no mbufs to spare: the data comes again, too */
	c->modes |= TCP_M_TFO_DATA;
	c->events |= TCP_EV_ACCEPT;
	l->nb_tfo++;
	if (l->room != UINT32_MAX)
		l->room--;
	core_count(core, ISLA_C_TCP_TFO_PASSIVE);
}

void
tcp_tfo_reset(struct isla_tcp_conn *c)
{
	struct isla_tcp_listener *l;

	if (!tcp_tfo_is_pending(c) || c->listener == 0)
		return;
	l = tcp_listener_of(c);
	l->nb_tfo_reset++;
	l->tfo_reset_us = c->tcp->core->now_us;
}

/* Where what is known of a server stands, or would. */
static struct tcp_tfo_server *
server_slot(const struct isla_tcp *tcp, const struct isla_addr *addr)
{
	uint64_t words[2] = {addr->q[0], addr->q[1]};

	return &tcp->tfo_server[siphash24(&tcp->tfo_key, words, 2) % TCP_TFO_SERVERS];
}

uint32_t
isla_tcp_fastopen_room(const struct isla_tcp *tcp, const struct isla_addr *addr)
{
	const struct tcp_tfo_server *s = server_slot(tcp, addr);

	if (!isla_addr_eq(&s->addr, addr) || s->cookie_len == 0)
		return 0;
	return s->mss - TCP_OPTS_MAX;
}

/* The record of a server, another one's place being taken. */
static struct tcp_tfo_server *
server_take(const struct isla_tcp *tcp, const struct isla_addr *addr)
{
	struct tcp_tfo_server *s = server_slot(tcp, addr);

	if (!isla_addr_eq(&s->addr, addr)) {
		memset(s, 0, sizeof(*s));
		s->addr = *addr;
	}
	return s;
}

uint32_t
tcp_tfo_syn(const struct isla_tcp_conn *c, struct tcp_opts *opts)
{
	const struct tcp_tfo_server *s = server_slot(c->tcp, &c->remote);
	uint32_t max;

	/* The first SYN alone. */
	if (!tcp_opts_of(c)->fastopen || c->snd_nxt != c->snd_una)
		return 0;
	if (!isla_addr_eq(&s->addr, &c->remote) || s->cookie_len == 0) {
		if (isla_addr_eq(&s->addr, &c->remote) && s->closed_until_us > c->tcp->core->now_us)
			return 0;
		opts->present |= TCP_OPT_FASTOPEN;
		opts->fo_len = 0;
		return 0;
	}
	/* 4.2.1: no more than the server's MSS, the options being part of the segment. */
	max = RTE_MIN(s->mss, c->mss);
	max = RTE_MIN(max - TCP_OPTS_MAX, c->sndq_bytes);
	if (max > 0) {
		opts->present |= TCP_OPT_FASTOPEN;
		opts->fo_len = s->cookie_len;
		memcpy(opts->fo, s->cookie, s->cookie_len);
	}
	return max;
}

/* What the SYN,ACK tells about the server, and about the way to it. */
static void
learn(struct isla_tcp_conn *c, const struct tcp_in *in, bool taken)
{
	struct tcp_tfo_server *s;

	if ((in->opts.present & TCP_OPT_FASTOPEN) && in->opts.fo_len > 0) {
		s = server_take(c->tcp, &c->remote);
		s->closed_until_us = 0;
		s->cookie_len = in->opts.fo_len;
		memcpy(s->cookie, in->opts.fo, in->opts.fo_len);
		/* Without an option we do not rely on more than the default. */
		s->mss = in->opts.present & TCP_OPT_MSS ?
			RTE_MAX(in->opts.mss, (uint16_t)TCP_MSS_MIN) : TCP_TFO_MSS_DEFAULT;
		core_count(c->tcp->core, ISLA_C_TCP_TFO_COOKIES);
	} else if (c->nb_timeouts > 0 && !taken) {
		s = server_take(c->tcp, &c->remote);
		s->cookie_len = 0;
		s->closed_until_us = c->tcp->core->now_us + BLACK_HOLE_US;
		core_count(c->tcp->core, ISLA_C_TCP_TFO_BLACK_HOLES);
	}
}

void
tcp_tfo_syn_acked(struct isla_tcp_conn *c, const struct tcp_in *in)
{
	uint32_t sent = c->snd_nxt - c->snd_una - 1, n = in->ack - c->snd_una - 1;

	/* What was not taken is sent as if it never had been. */
	c->snd_una = c->snd_nxt = in->ack;
	if (likely(!tcp_opts_of(c)->fastopen))
		return;
	if (n > 0) {
		tcp_sndq_sent(c, n);
		tcp_sndq_acked(c, n);
		c->bytes_acked += n;
		c->modes |= TCP_M_TFO_DATA;
		c->events |= TCP_EV_WRITABLE;
	}
	if (sent > 0)
		core_count(c->tcp->core,
			n > 0 ? ISLA_C_TCP_TFO_ACTIVE : ISLA_C_TCP_TFO_ACTIVE_FAIL);
	learn(c, in, n > 0);
}
