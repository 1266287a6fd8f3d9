/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a burst. Connections with work stand in a list, each once; tcp_flush() takes them in
 * turn, runs the callbacks that are owed and then the output pass, so that what a callback sends
 * and the ACK of what it received leave together.
 */

#include <errno.h>

#include <rte_common.h>

#include "tcp_priv.h"

/* How long to wait for mbufs, or for a port that takes nothing. */
#define STALL_US 1000

void
tcp_work_put(struct isla_tcp_conn *c)
{
	struct isla_tcp *tcp = c->tcp;
	uint32_t i = tcp_index(c);

	c->flags |= TCP_F_ON_WORK;
	c->work_next = TCP_NONE;
	if (tcp->work_tail != TCP_NONE)
		tcp->conn[tcp->work_tail].work_next = i;
	else
		tcp->work_head = i;
	tcp->work_tail = i;
}

void
tcp_trouble(struct isla_tcp_conn *c, int err)
{
	c->err = (uint8_t)err;
	c->events |= TCP_EV_TROUBLE;
	tcp_sched(c);
}

static struct isla_tcp_conn *
work_pop(struct isla_tcp *tcp)
{
	struct isla_tcp_conn *c = &tcp->conn[tcp->work_head];

	tcp->work_head = c->work_next;
	if (tcp->work_head == TCP_NONE)
		tcp->work_tail = TCP_NONE;
	return c;
}

/* True while the program holds the handle; a callback may have let it go. */
static bool
is_held(const struct isla_tcp_conn *c)
{
	return c->ops != NULL && (c->flags & (TCP_F_RELEASED | TCP_F_DEAD)) == 0;
}

static void
tell_error(struct isla_tcp_conn *c)
{
	if (c->ops->error != NULL)
		c->ops->error(c, c->ctx, c->err);
	tcp_rcvq_purge(c);
	if (is_held(c)) {
		c->flags |= TCP_F_RELEASED;
		tcp_conn_free(c);
	}
}

static void
tell_accept(struct isla_tcp_conn *c)
{
	struct isla_tcp_listener *l = tcp_listener_of(c);

	/* In mid-handshake, with Fast Open, the listener counts it still. */
	if (!tcp_in_state(c, ISLA_TCP_SYN_RECEIVED))
		c->listener = 0;
	c->ops = l->ops;
	if (c->ops->accept != NULL && c->ops->accept(c, l->arg) != 0 && is_held(c))
		isla_tcp_abort(c);
}

/* The callbacks that this connection's program is owed. */
static void
tell(struct isla_tcp_conn *c)
{
	uint8_t events = c->events;

	c->events = 0;
	if (events & TCP_EV_ERROR) {
		tell_error(c);
		return;
	}
	if (events & TCP_EV_ACCEPT)
		tell_accept(c);
	if ((events & TCP_EV_CONNECTED) && is_held(c) && c->ops->connected != NULL)
		c->ops->connected(c, c->ctx);
	if ((events & TCP_EV_TROUBLE) && is_held(c) && c->ops->trouble != NULL &&
		(c->state != ISLA_TCP_CLOSED || c->err == ECONNRESET))
		c->ops->trouble(c, c->ctx, c->err);
	if ((events & TCP_EV_URGENT) && tcp_rcv_urgent(c) > 0 && is_held(c) &&
		c->ops->urgent != NULL)
		c->ops->urgent(c, c->ctx, tcp_rcv_urgent(c));
	if ((events & TCP_EV_READABLE) && c->rcv_head != NULL && is_held(c) &&
		c->ops->readable != NULL)
		c->ops->readable(c, c->ctx);
	if ((events & TCP_EV_FIN) && is_held(c) && c->ops->fin != NULL)
		c->ops->fin(c, c->ctx);
	if ((events & TCP_EV_WRITABLE) && is_held(c) && tcp_in_state(c, TCP_SENDING) &&
		c->ops->writable != NULL)
		c->ops->writable(c, c->ctx);
	if ((c->flags & (TCP_F_FIN_RCVD | TCP_F_EOF_TOLD)) == TCP_F_FIN_RCVD &&
		c->rcv_head == NULL && is_held(c)) {
		c->flags |= TCP_F_EOF_TOLD;
		if (c->ops->eof != NULL)
			c->ops->eof(c, c->ctx);
	}
}

/* One connection's turn; false where its output stopped for want of mbufs or room. */
static bool
conn_flush(struct isla_tcp_conn *c)
{
	bool done = true;

	if ((c->flags & TCP_F_DEAD) == 0)
		tell(c);
	if ((c->flags & TCP_F_DEAD) == 0 && c->state != ISLA_TCP_CLOSED)
		done = tcp_output(c);
	c->flags &= ~TCP_F_ON_WORK;
	if (c->repair != 0)
		tcp_repair_settle(c);
	if (c->flags & TCP_F_DEAD) {
		c->flags &= ~TCP_F_DEAD;
		tcp_conn_free(c);
	} else if (!done || c->events != 0) {
		/* Events that a callback left behind: it found no mbuf either. */
		tcp_sched(c);
		done = false;
	} else if (unlikely(tcp_in_state(c, ISLA_TCP_SYN_RECEIVED))) {
		tcp_syn_fold(c);
	}
	return done;
}

void
tcp_flush(struct isla_tcp *tcp)
{
	uint32_t last = tcp->work_tail;

	tcp->stalled = false;
	while (tcp->work_head != TCP_NONE) {
		bool was_last = tcp->work_head == last;

		if (!conn_flush(work_pop(tcp))) {
			tcp->stalled = true;
			timer_set(&tcp->core->wheel, &tcp->stall_timer,
				tcp->core->now_us + STALL_US);
			return;
		}
		/* What callbacks have added since waits for the next turn. */
		if (was_last)
			return;
	}
}

bool
tcp_has_work(const struct isla_tcp *tcp)
{
	return tcp->work_head != TCP_NONE && !tcp->stalled;
}

uint32_t
tcp_nb_conns(const struct isla_tcp *tcp)
{
	return tcp->nb_conns - tcp->nb_quiet + tcp->nb_syns;
}

/* Let go of a connection on the program's behalf. */
static void
conn_shutdown(struct isla_tcp_conn *c)
{
	if (tcp_in_state(c, ISLA_TCP_SYN_SENT | ISLA_TCP_SYN_RECEIVED)) {
		if ((c->flags & TCP_F_ACTIVE) == 0)
			tcp_send_rst(c);
		tcp_conn_drop(c, ECONNABORTED);
		return;
	}
	if (c->ops != NULL && (c->flags & TCP_F_RELEASED) == 0 && c->ops->error != NULL)
		c->ops->error(c, c->ctx, ECONNABORTED);
	if ((c->flags & TCP_F_RELEASED) == 0) {
		tcp_rcvq_purge(c);
		c->rcv_held = 0;
		isla_tcp_close(c);
	}
}

void
tcp_shutdown(struct isla_tcp *tcp)
{
	uint32_t i;

	for (i = 0; i < tcp->nb_listeners; i++)
		if (tcp->listener[i].port != 0)
			isla_tcp_unlisten(&tcp->listener[i]);
	/* By record, not by bucket: a program may let go of any connection when it hears of one. */
	for (i = 0; i < tcp->conf.max_conns; i++)
		if (tcp_in_state(&tcp->conn[i], ~ISLA_TCP_CLOSED))
			conn_shutdown(&tcp->conn[i]);
}
