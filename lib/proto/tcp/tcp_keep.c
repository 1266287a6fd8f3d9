/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the peer may be silent: keep-alive (RFC 9293, 3.8.4), the user timeout (RFC 5482), and
 * the bounds R1 and R2 of retransmission (RFC 9293, 3.8.3). RFC 5482's option is not used: it is
 * advice that a host may ignore, and the timeout is the program's to set.
 *
 * A connection that lives costs nothing for it: input notes when a segment came, for all, and the
 * timer looks when it fires; silence is measured from the first timer on that found it.
 */

#include <errno.h>

#include <rte_common.h>

#include "tcp_priv.h"

/* Where there was no mbuf for a probe. */
#define RETRY_US 500000

/* States in which there may be nothing in flight for hours. */
#define KEPT (ISLA_TCP_ESTABLISHED | ISLA_TCP_CLOSE_WAIT | ISLA_TCP_FIN_WAIT_1 | \
	ISLA_TCP_FIN_WAIT_2 | ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK)

static uint32_t
now_ms(const struct isla_tcp_conn *c)
{
	return (uint32_t)(c->tcp->core->now_us / 1000);
}

static uint64_t
silent_us(const struct isla_tcp_conn *c)
{
	uint32_t now = tcp_tick_now(c->tcp);

	return (uint64_t)(now - c->rcvd_tick) << TCP_TICK_SHIFT;
}

static uint64_t
s_to_us(uint32_t s)
{
	return (uint64_t)s * 1000000;
}

int
tcp_timeout_err(const struct isla_tcp_conn *c)
{
	return c->soft_err != 0 ? (int)c->soft_err : ETIMEDOUT;
}

void
tcp_stall_begin(struct isla_tcp_conn *c, uint32_t waited_us)
{
	c->stalled_ms = (uint32_t)((c->tcp->core->now_us - waited_us) / 1000);
}

bool
tcp_is_hopeless(const struct isla_tcp_conn *c, unsigned int nb, unsigned int max)
{
	uint32_t timeout_ms = tcp_opts_of(c)->user_timeout_ms;

	/* One try at least; and no program is there to hear of one that never ends. */
	if (timeout_ms == 0 || ((c->flags & TCP_F_RELEASED) && c->nb_timeouts >= max))
		return nb >= max;
	return c->nb_timeouts > 0 && now_ms(c) - c->stalled_ms >= timeout_ms;
}

uint32_t
tcp_stall_clamp(const struct isla_tcp_conn *c, uint32_t in_us)
{
	uint32_t timeout_ms = tcp_opts_of(c)->user_timeout_ms;
	uint32_t stalled_ms = now_ms(c) - c->stalled_ms;
	uint64_t left_us;

	if (timeout_ms == 0)
		return in_us;
	left_us = timeout_ms > stalled_ms ? (uint64_t)(timeout_ms - stalled_ms) * 1000 : 1000;
	return (uint32_t)RTE_MIN(left_us, in_us);
}

void
tcp_doubt(struct isla_tcp_conn *c, unsigned int nb)
{
	const struct isla_tcp_conf *conf = &c->tcp->conf;
	struct inet_dst via;

	if (nb < conf->r1_retries)
		return;
	tcp_via(c, &via);
	inet_suspect(c->tcp->inet, &via, c->hint);
	if (nb == conf->r1_retries)
		tcp_trouble(c, tcp_timeout_err(c));
}

void
tcp_keep_begin(struct isla_tcp_conn *c)
{
	const struct isla_tcp_opts *opts = tcp_opts_of(c);

	if (opts->keepalive && tcp_in_state(c, KEPT))
		tcp_deadline_set(c, TCP_T_KEEP, s_to_us(opts->keep_idle_s));
	else
		tcp_deadline_stop(c, TCP_T_KEEP);
}

void
tcp_keep_change(struct isla_tcp_conn *c)
{
	const struct isla_tcp_opts *opts = tcp_opts_of(c);
	uint64_t idle_us = s_to_us(opts->keep_idle_s), silent = silent_us(c);

	if (!opts->keepalive || !tcp_deadline_is_set(c, TCP_T_KEEP))
		tcp_keep_begin(c);
	else if (c->nb_unanswered > 0)
		tcp_deadline_set(c, TCP_T_KEEP, s_to_us(opts->keep_intvl_s));
	else
		tcp_deadline_set(c, TCP_T_KEEP, silent < idle_us ? idle_us - silent : 0);
}

/* True where the probes so far have shown that nobody is there. */
static bool
is_dead(const struct isla_tcp_conn *c, uint64_t silent)
{
	const struct isla_tcp_opts *opts = tcp_opts_of(c);

	if (opts->user_timeout_ms == 0)
		return c->nb_unanswered >= opts->keep_cnt;
	return c->nb_unanswered > 0 && silent / 1000 >= opts->user_timeout_ms;
}

void
tcp_keep_timer(struct isla_tcp_conn *c)
{
	const struct isla_tcp_opts *opts = tcp_opts_of(c);
	uint64_t idle_us = s_to_us(opts->keep_idle_s), intvl_us = s_to_us(opts->keep_intvl_s);
	uint64_t silent = silent_us(c);

	/* What waits to be sent or acknowledged has a timer of its own (MUST-26). */
	if (tcp_deadline_is_set(c, TCP_T_RTX)) {
		tcp_deadline_set(c, TCP_T_KEEP, idle_us);
		return;
	}
	/* Something has come since the last probe. */
	if (silent < RTE_MAX(idle_us, intvl_us))
		c->nb_unanswered = 0;
	if (silent < idle_us) {
		tcp_deadline_set(c, TCP_T_KEEP, idle_us - silent);
		return;
	}
	if (is_dead(c, silent)) {
		tcp_send_rst(c);
		tcp_conn_drop(c, tcp_timeout_err(c));
		return;
	}
	if (!tcp_send_keepalive(c)) {
		tcp_deadline_set(c, TCP_T_KEEP, RETRY_US);
		return;
	}
	if (c->nb_unanswered < UINT8_MAX)
		c->nb_unanswered++;
	tcp_deadline_set(c, TCP_T_KEEP, intvl_us);
	tcp_doubt(c, c->nb_unanswered);
}
