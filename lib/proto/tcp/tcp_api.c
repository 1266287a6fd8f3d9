/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The calls of isla_tcp.h: RFC 9293's user calls (3.10.1 to 3.10.6) in event-driven form.
 */

#include <errno.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "ports.h"
#include "tcp_priv.h"

/* RFC 9293, 3.10.2: in the handshake data is queued until it is over. */
#define QUEUEING (ISLA_TCP_SYN_SENT | ISLA_TCP_SYN_RECEIVED | TCP_SENDING)

/* Payload of one mbuf whose buffer is the program's own memory. */
#define EXT_CHUNK 32768u

/* A free slot for a listener; TCP_NONE with rte_errno set where its ends are taken, or all are. */
static uint32_t
listener_slot(struct isla_tcp *tcp, const struct isla_addr *local, uint16_t port)
{
	uint32_t i, slot = tcp->nb_listeners;

	for (i = 0; i < tcp->nb_listeners; i++) {
		const struct isla_tcp_listener *l = &tcp->listener[i];

		if (l->port == port && isla_addr_eq(&l->local, local)) {
			rte_errno = EADDRINUSE;
			return TCP_NONE;
		}
		if (l->port == 0)
			slot = RTE_MIN(slot, i);
	}
	if (slot < tcp->conf.max_listeners)
		return slot;
	rte_errno = ENOSPC;
	return TCP_NONE;
}

struct isla_tcp_listener *
isla_tcp_listen(struct isla_tcp *tcp, const struct isla_addr *local, uint16_t port,
	uint16_t backlog, const struct isla_tcp_ops *ops, void *arg,
	const struct isla_tcp_opts *opts)
{
	struct isla_tcp_listener *l;
	uint16_t profile;
	uint32_t slot;
	int rc;

	if (port == 0 || backlog == 0 || ops == NULL || ops->accept == NULL) {
		rte_errno = EINVAL;
		return NULL;
	}
	if (!isla_addr_is_unspecified(local) && !inet_is_own(tcp->inet, local)) {
		rte_errno = EADDRNOTAVAIL;
		return NULL;
	}
	slot = listener_slot(tcp, local, port);
	if (slot == TCP_NONE)
		return NULL;
	rc = tcp_profile_get(tcp, opts, &profile);
	if (rc != 0) {
		rte_errno = -rc;
		return NULL;
	}
	tcp->nb_listeners = RTE_MAX(tcp->nb_listeners, slot + 1);
	l = &tcp->listener[slot];
	memset(l, 0, sizeof(*l));
	l->tcp = tcp;
	l->local = *local;
	l->port = port;
	l->backlog = backlog;
	l->room = UINT32_MAX;
	l->ops = ops;
	l->arg = arg;
	l->profile = profile;
	l->nodelay = opts != NULL && opts->nodelay;
	l->v6only = opts != NULL && opts->v6only;
	l->cork = opts != NULL && opts->cork;
	l->fastopen = tcp->conf.fastopen || (opts != NULL && opts->fastopen);
	ports_tcp_listen(tcp->core, port, true);
	return l;
}

void
isla_tcp_listener_set_room(struct isla_tcp_listener *l, uint32_t room)
{
	l->room = room;
}

int
isla_tcp_listener_set_opts(struct isla_tcp_listener *l, const struct isla_tcp_opts *opts)
{
	uint16_t profile;
	int rc = tcp_profile_get(l->tcp, opts, &profile);

	if (rc != 0)
		return rc;
	tcp_profile_put(l->tcp, l->profile);
	l->profile = profile;
	l->nodelay = opts != NULL && opts->nodelay;
	l->cork = opts != NULL && opts->cork;
	if (!l->fastopen_set)
		l->fastopen = l->tcp->conf.fastopen || (opts != NULL && opts->fastopen);
	return 0;
}

void
isla_tcp_listener_set_backlog(struct isla_tcp_listener *l, uint16_t backlog)
{
	l->backlog = RTE_MAX(backlog, (uint16_t)1);
}

void
isla_tcp_listener_set_fastopen(struct isla_tcp_listener *l, uint16_t max)
{
	l->fastopen = max > 0;
	l->fastopen_set = true;
	l->tfo_max = max;
}

void
isla_tcp_listener_set_defer(struct isla_tcp_listener *l, uint32_t us)
{
	l->defer_us = us;
}

/* Whatever its address. */
static bool
has_listener(const struct isla_tcp *tcp, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < tcp->nb_listeners; i++)
		if (tcp->listener[i].port == port)
			return true;
	return false;
}

void
isla_tcp_unlisten(struct isla_tcp_listener *l)
{
	struct isla_tcp *tcp = l->tcp;
	uint16_t port;
	uint32_t i;

	tcp_syn_purge(tcp, l, NULL);
	for (i = 0; i <= tcp->bucket_mask; i++) {
		uint32_t n = tcp->bucket[i];

		while (n != TCP_NONE) {
			struct isla_tcp_conn *c = &tcp->conn[n];

			n = c->next;
			if (c->listener != l - tcp->listener + 1)
				continue;
			if (c->ops != NULL) {
				c->listener = 0; /* Fast Open: accepted in mid-handshake */
			} else {
				tcp_send_rst(c);
				tcp_conn_drop(c, 0);
			}
		}
	}
	tcp_profile_put(tcp, l->profile);
	port = l->port;
	l->port = 0;
	if (!has_listener(tcp, port))
		ports_tcp_listen(tcp->core, port, false);
}

/* The local port of an active open, which is claimed then: the program's choice, unless the answer
 * would come to another shard, or ours. 0 or -errno. */
static int
port_take(struct isla_tcp_conn *c, const struct isla_tcp_ends *ends)
{
	struct isla_tcp *tcp = c->tcp;
	uint16_t port = ends->local_port;

	if (port == 0) {
		port = tcp_ephemeral_port(tcp, &c->local, &c->remote, ends->remote_port);
		if (port == 0)
			return -EADDRNOTAVAIL;
		c->local_port = rte_cpu_to_be_16(port);
		tcp_set_iss(c, tcp_isn(tcp, c));
		return 0;
	}
	if (!ports_tcp_claim(tcp->core, port))
		return -EADDRNOTAVAIL;
	if (tcp_find(tcp, &c->local, &c->remote, c->local_port, c->remote_port) == NULL)
		return 0;
	ports_tcp_leave(tcp->core, port);
	return -EADDRINUSE;
}

struct isla_tcp_conn *
isla_tcp_connect(struct isla_tcp *tcp, const struct isla_tcp_ends *ends,
	const struct isla_tcp_ops *ops, void *ctx, const struct isla_tcp_opts *opts)
{
	struct isla_tcp_conn *c = NULL;
	uint16_t profile = 0;
	int rc = -EINVAL;

	if (ends->remote_port == 0 || ops == NULL || isla_addr_is_unspecified(&ends->remote) ||
		isla_addr_is_multicast(&ends->remote) || inet_is_broadcast(tcp->inet, &ends->remote))
		goto fail;
	rc = -EADDRNOTAVAIL;
	if (!isla_addr_is_unspecified(&ends->local) && !inet_is_own(tcp->inet, &ends->local))
		goto fail;
	rc = tcp_profile_get(tcp, opts, &profile);
	if (rc != 0)
		goto fail;
	c = tcp_conn_alloc(tcp);
	rc = c != NULL ? tcp_conn_init(c, ends, ISLA_NETIF_ANY, profile) : -ENOSPC;
	tcp_profile_put(tcp, profile);
	if (rc != 0)
		goto fail;
	rc = port_take(c, ends);
	if (rc != 0)
		goto fail;
	c->flags |= opts != NULL && opts->nodelay ? TCP_F_NODELAY : 0;
	c->modes |= opts != NULL && opts->cork ? TCP_M_CORK : 0;
	c->ops = ops;
	c->ctx = ctx;
	c->flags |= TCP_F_ACTIVE | TCP_F_SYN_NOW;
	tcp_ecn_ask(c);
	tcp_set_state(c, ISLA_TCP_SYN_SENT);
	ports_tcp_leave(tcp->core, rte_be_to_cpu_16(c->local_port));
	tcp_deadline_set(c, TCP_T_RTX, c->rto);
	tcp_sched(c);
	return c;
fail:
	if (c != NULL)
		tcp_conn_free(c);
	rte_errno = -rc;
	return NULL;
}

void
isla_tcp_set_ctx(struct isla_tcp_conn *c, void *ctx)
{
	c->ctx = ctx;
}

void *
isla_tcp_get_ctx(const struct isla_tcp_conn *c)
{
	return c->ctx;
}

void
isla_tcp_set_ops(struct isla_tcp_conn *c, const struct isla_tcp_ops *ops)
{
	c->ops = ops;
}

uint32_t
isla_tcp_send_room(const struct isla_tcp_conn *c)
{
	if (!tcp_in_state(c, QUEUEING) || (c->flags & TCP_F_FIN_QUEUED) ||
		c->sndq_bytes >= c->sndbuf || c->snd_segs >= tcp_sndq_max_mbufs(c))
		return 0;
	return c->sndbuf - c->sndq_bytes;
}

/* 0 where the program may queue data now. */
static int
may_send(const struct isla_tcp_conn *c)
{
	if (!tcp_in_state(c, QUEUEING) || (c->flags & TCP_F_FIN_QUEUED))
		return -EPIPE;
	return 0;
}

int
isla_tcp_send(struct isla_tcp_conn *c, struct rte_mbuf *m)
{
	int rc = may_send(c);

	if (rc != 0)
		return rc;
	if (m->pkt_len > isla_tcp_send_room(c))
		return -EAGAIN;
	if (m->pkt_len == 0) {
		rte_pktmbuf_free(m);
		return 0;
	}
	tcp_sndq_append(c, m, m->pkt_len);
	tcp_sched(c);
	return 0;
}

int
isla_tcp_send_urgent(struct isla_tcp_conn *c)
{
	int rc = tcp_in_state(c, ISLA_TCP_SYN_SENT | ISLA_TCP_SYN_RECEIVED) ? -ENOTCONN :
									      may_send(c);

	if (rc != 0 || c->sndq_bytes == 0)
		return rc;
	c->snd_up = c->snd_una + c->sndq_bytes;
	c->flags |= TCP_F_SND_URG;
	/* An ACK says so where the data may not go now. */
	if (tcp_sndq_unsent(c) > 0)
		c->flags |= TCP_F_ACK_NOW;
	tcp_sched(c);
	return 0;
}

void
isla_tcp_send_record(struct isla_tcp_conn *c)
{
	tcp_sndq_end_record(c);
}

static void
ext_freed(void *addr, void *opaque)
{
	RTE_SET_USED(addr);
	RTE_SET_USED(opaque);
}

/* An mbuf that stands for n bytes of the program's memory. */
static struct rte_mbuf *
ext_mbuf(struct isla_tcp_conn *c, const uint8_t *data, rte_iova_t iova, uint16_t n,
	struct rte_mbuf_ext_shared_info *shinfo)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(c->tcp->core->ref_pool);

	if (m == NULL)
		return NULL;
	rte_mbuf_ext_refcnt_update(shinfo, 1);
	/* The data is referenced and never written to. */
	rte_pktmbuf_attach_extbuf(m, (void *)(uintptr_t)data, iova, n, shinfo);
	m->data_off = 0;
	m->data_len = n;
	m->pkt_len = n;
	return m;
}

int64_t
isla_tcp_send_ext(struct isla_tcp_conn *c, const void *data, rte_iova_t iova, uint64_t len,
	struct rte_mbuf_ext_shared_info *shinfo)
{
	const uint8_t *p = data;
	uint64_t left = RTE_MIN(len, (uint64_t)isla_tcp_send_room(c)), taken = 0;
	uint32_t max_mbufs = tcp_sndq_max_mbufs(c);
	int rc = may_send(c);

	if (rc != 0)
		return rc;
	if (shinfo->free_cb == NULL)
		shinfo->free_cb = ext_freed;
	while (left > 0 && c->snd_segs < max_mbufs) {
		uint16_t n = (uint16_t)RTE_MIN(left, EXT_CHUNK);
		rte_iova_t at = iova == RTE_BAD_IOVA ? iova : iova + taken;
		struct rte_mbuf *m = ext_mbuf(c, p + taken, at, n, shinfo);

		if (m == NULL)
			break;
		tcp_sndq_append(c, m, n);
		taken += n;
		left -= n;
	}
	if (taken == 0 && left > 0 && c->sndq_bytes == 0) {
		/* Nothing in flight will bring a writable event: try again at the next turn. */
		c->events |= TCP_EV_WRITABLE;
		tcp_sched(c);
		return -ENOBUFS;
	}
	tcp_sched(c);
	return (int64_t)taken;
}

struct rte_mbuf *
isla_tcp_recv(struct isla_tcp_conn *c)
{
	struct rte_mbuf *m = c->rcv_head;

	if (m == NULL)
		return NULL;
	c->rcv_head = c->rcv_last = NULL;
	c->rcvq_bytes = 0;
	if ((c->flags & TCP_F_RCV_URG) && tcp_rcv_urgent(c) == 0)
		c->flags &= ~TCP_F_RCV_URG;
	/* FIN may have waited behind it. */
	if ((c->flags & (TCP_F_FIN_RCVD | TCP_F_EOF_TOLD)) == TCP_F_FIN_RCVD)
		tcp_sched(c);
	return m;
}

void
isla_tcp_consumed(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	c->rcv_held -= RTE_MIN(nb_bytes, c->rcv_held - c->rcvq_bytes);
	if (tcp_in_state(c, TCP_RECEIVING) && tcp_rcv_window_opened(c))
		tcp_sched(c);
}

int
isla_tcp_shutdown(struct isla_tcp_conn *c)
{
	if (c->state == ISLA_TCP_SYN_SENT || c->state == ISLA_TCP_CLOSED)
		return -ENOTCONN;
	tcp_conn_shutdown(c);
	return 0;
}

/* The handle is gone: no callback from now on. */
static void
release(struct isla_tcp_conn *c)
{
	c->flags |= TCP_F_RELEASED;
	c->tcp->nb_orphans += (c->state & (ISLA_TCP_CLOSED | ISLA_TCP_TIME_WAIT)) == 0;
	tcp_quiet_update(c);
	c->events = 0;
	c->ctx = NULL;
}

void
isla_tcp_close(struct isla_tcp_conn *c)
{
	bool unread = c->rcv_head != NULL || tcp_has_ooo(c);

	release(c);
	if (c->state == ISLA_TCP_CLOSED) {
		tcp_rcvq_purge(c);
		tcp_conn_free(c);
		return;
	}
	if (tcp_in_state(c, ISLA_TCP_SYN_SENT)) {
		tcp_conn_drop(c, 0);
		return;
	}
	if (unread && tcp_in_state(c, (TCP_SYNCHRONIZED | ISLA_TCP_SYN_RECEIVED) &
				~ISLA_TCP_TIME_WAIT)) {
		/* Data that nobody will read: RST, not FIN (RFC 9293, 3.6.1). */
		tcp_send_rst(c);
		tcp_conn_drop(c, 0);
		return;
	}
	tcp_rcvq_purge(c);
	if (tcp_in_state(c, ISLA_TCP_FIN_WAIT_2))
		tcp_deadline_set(c, TCP_T_STATE, tcp_fin_wait2_us(c));
	else if (!tcp_in_state(c, ISLA_TCP_TIME_WAIT))
		tcp_conn_shutdown(c);
	tcp_orphans_bound(c);
}

void
isla_tcp_abort(struct isla_tcp_conn *c)
{
	release(c);
	if (c->state == ISLA_TCP_CLOSED) {
		tcp_rcvq_purge(c);
		tcp_conn_free(c);
		return;
	}
	tcp_conn_abort(c, 0);
}

void
isla_tcp_get_ends(const struct isla_tcp_conn *c, struct isla_tcp_ends *ends)
{
	ends->local = c->local;
	ends->remote = c->remote;
	ends->local_port = rte_be_to_cpu_16(c->local_port);
	ends->remote_port = rte_be_to_cpu_16(c->remote_port);
}
