/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Listeners and connections, to be looked at in pieces (isla_list.h). A number stands for a place:
 * the listeners' places come first, then the connections', then those of the SYN cache.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "tcp_priv.h"

static_assert((int)ISLA_TCP_TIMER_RTX == (int)TCP_T_RTX &&
		(int)ISLA_TCP_TIMER_LOSS == (int)TCP_T_LOSS &&
		(int)ISLA_TCP_TIMER_DELACK == (int)TCP_T_DELACK &&
		(int)ISLA_TCP_TIMER_STATE == (int)TCP_T_STATE &&
		(int)ISLA_TCP_TIMER_KEEP == (int)TCP_T_KEEP &&
		(int)ISLA_TCP_TIMER_PACE == (int)TCP_T_PACE &&
		(int)ISLA_TCP_TIMER_MAX == (int)TCP_T_MAX,
	"the timers are told by their own numbers");

static void
listener_fill(const struct isla_tcp_listener *l, struct isla_tcp_entry *e)
{
	e->state = ISLA_TCP_LISTEN;
	e->ends.local = l->local;
	e->ends.local_port = l->port;
	/* Of the same family, so that the two are written alike. */
	e->ends.remote = isla_addr_is_v4(&l->local) ? isla_addr_from_v4(0) : isla_addr_any;
	e->recvq = l->nb_pending;
	e->sendq = l->backlog;
}

static void
conn_fill(const struct isla_tcp_conn *c, struct isla_tcp_entry *e)
{
	unsigned int i;

	e->state = c->state;
	isla_tcp_get_ends(c, &e->ends);
	e->orphan = (c->flags & TCP_F_RELEASED) != 0;
	e->persist = (c->flags & TCP_F_PERSIST) != 0;
	e->recvq = c->rcvq_bytes;
	e->sendq = c->sndq_bytes;
	for (i = 0; i < TCP_T_MAX; i++)
		if (tcp_deadline_is_set(c, i))
			e->timer_us[i] = tcp_deadline_in_us(c, i);
}

/* The connection at a place; NULL: none. */
static const struct isla_tcp_conn *
conn_at(const struct isla_tcp *tcp, uint32_t id)
{
	const struct isla_tcp_conn *c;

	if (id < tcp->conf.max_listeners || id - tcp->conf.max_listeners >= tcp->conf.max_conns)
		return NULL;
	c = &tcp->conn[id - tcp->conf.max_listeners];
	return c->state == 0 || tcp_in_state(c, ISLA_TCP_CLOSED) ? NULL : c;
}

/* The entry of the SYN cache at a place; NULL: none. */
static const struct tcp_syn *
syn_at(const struct isla_tcp *tcp, uint32_t id)
{
	uint32_t first = tcp->conf.max_listeners + tcp->conf.max_conns;

	if (id < first || id - first >= tcp->conf.max_syns || tcp->syn[id - first].listener == 0)
		return NULL;
	return &tcp->syn[id - first];
}

static void
syn_fill(const struct isla_tcp *tcp, const struct tcp_syn *s, struct isla_tcp_entry *e)
{
	uint64_t now_us = tcp->core->now_us;

	e->state = ISLA_TCP_SYN_RECEIVED;
	e->ends.local = s->local;
	e->ends.remote = s->remote;
	e->ends.local_port = rte_be_to_cpu_16(s->local_port);
	e->ends.remote_port = rte_be_to_cpu_16(s->remote_port);
	e->timer_us[TCP_T_RTX] =
		s->timer.expire_us > now_us ? (uint32_t)(s->timer.expire_us - now_us) : 0;
}

static bool
place_fill(const struct isla_tcp *tcp, uint32_t id, struct isla_tcp_entry *e)
{
	const struct isla_tcp_conn *c = conn_at(tcp, id);
	const struct tcp_syn *syn = syn_at(tcp, id);

	memset(e, 0, sizeof(*e));
	memset(e->timer_us, 0xff, sizeof(e->timer_us));
	e->id = id;
	if (c != NULL)
		conn_fill(c, e);
	else if (syn != NULL)
		syn_fill(tcp, syn, e);
	else if (id < tcp->nb_listeners && tcp->listener[id].port != 0)
		listener_fill(&tcp->listener[id], e);
	else
		return false;
	return true;
}

uint16_t
isla_tcp_list(const struct isla_tcp *tcp, uint32_t *cursor, struct isla_tcp_entry *entries,
	uint16_t max)
{
	uint32_t nb_places = tcp->conf.max_listeners + tcp->conf.max_conns + tcp->conf.max_syns;
	uint32_t i = *cursor;
	uint32_t end = (uint32_t)RTE_MIN(i + (uint64_t)ISLA_LIST_LOOKS, nb_places);
	uint16_t nb = 0;

	for (; i < end && nb < max; i++)
		if (place_fill(tcp, i, &entries[nb]))
			nb++;
	*cursor = i < nb_places ? i : ISLA_LIST_END;
	return nb;
}

int
isla_tcp_list_get(const struct isla_tcp *tcp, uint32_t id, struct isla_tcp_entry *entry,
	struct isla_tcp_info *info)
{
	const struct isla_tcp_conn *c = conn_at(tcp, id);
	const struct tcp_syn *syn = syn_at(tcp, id);

	if (!place_fill(tcp, id, entry))
		return -ENOENT;
	if (info != NULL && c != NULL) {
		isla_tcp_get_info(c, info);
	} else if (info != NULL && syn != NULL) {
		tcp_syn_info(tcp, syn, info);
	} else if (info != NULL) {
		memset(info, 0, sizeof(*info));
		info->state = ISLA_TCP_LISTEN;
	}
	return 0;
}

int
isla_tcp_list_abort(struct isla_tcp *tcp, uint32_t id)
{
	const struct isla_tcp_conn *c = conn_at(tcp, id);
	const struct tcp_syn *syn = syn_at(tcp, id);
	struct isla_tcp_entry e;

	if (c == NULL && syn == NULL)
		return place_fill(tcp, id, &e) ? -EOPNOTSUPP : -ENOENT;
	if (c != NULL)
		tcp_conn_abort(&tcp->conn[c - tcp->conn], ECONNABORTED);
	else
		tcp_syn_abort(tcp, &tcp->syn[syn - tcp->syn]);
	return 0;
}

const char *
isla_tcp_timer_name(enum isla_tcp_timer timer)
{
	static const char *const names[] = {"retransmit", "loss", "delayed-ack", "state",
		"keepalive", "pace"};

	return (unsigned int)timer < RTE_DIM(names) ? names[timer] : "?";
}
