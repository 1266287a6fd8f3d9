/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stack without protocols: queues between a service and the test that plays its peer.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "fake_tcp.h"
#include "stack_priv.h"

#define MAX_CONNS 4096
#define MAX_PORTS 64

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "fake_tcp: %s: broken: %s\n", __func__, #cond);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct isla_tcp_listener {
	struct isla_stack *stack;
	uint16_t port;
	const struct isla_tcp_ops *ops;
	void *arg;
	struct isla_tcp_opts opts;
};

struct isla_udp_sock {
	struct isla_stack *stack;
	uint16_t port;
	isla_udp_recv_fn *recv;
	void *ctx;
};

struct isla_tcp_conn {
	struct isla_stack *stack;
	const struct isla_tcp_ops *ops;
	void *ctx;
	struct rte_mbuf *rcvq;
	uint32_t unconsumed;
	struct rte_mbuf *sndq[8192];
	uint32_t sndq_head, sndq_tail;
	uint32_t sndq_bytes;
	uint32_t sndbuf;
	uint64_t acked;
	char *text;
	size_t text_len;
	bool count_only;
	bool nodelay;
	bool live;      /* the service may use the handle */
	bool data_new;  /* readable is due */
	bool room_new;  /* writable is due */
	bool fin;       /* from the peer */
	bool eof_told;
	bool shut, closed, aborted;
};

struct isla_stack {
	struct core core;
	unsigned int enobufs;
	struct isla_tcp_conn *conns[MAX_CONNS];
	unsigned int nb_conns;
	struct isla_tcp_listener *listeners[MAX_PORTS];
	struct isla_udp_sock *socks[MAX_PORTS];
	struct rte_mbuf *datagram;
	struct isla_udp_ends datagram_ends;
};

struct isla_stack *
fake_stack_create(struct rte_mempool *pool, struct rte_mempool *ref_pool)
{
	struct isla_stack *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->core.now_us = 1000000;
	s->core.wall_off_us = 784111777000000ll - 1000000; /* RFC 9110's example of a date */
	s->core.pool = pool;
	s->core.ref_pool = ref_pool;
	s->core.mem = isla_mem_libc;
	s->core.socket_id = -1;
	timer_wheel_init(&s->core.wheel, s->core.now_us);
	return s;
}

static void
sndq_free(struct isla_tcp_conn *c)
{
	while (c->sndq_head != c->sndq_tail)
		rte_pktmbuf_free(c->sndq[c->sndq_head++ % RTE_DIM(c->sndq)]);
	c->sndq_bytes = 0;
}

void
fake_stack_free(struct isla_stack *s)
{
	unsigned int i;

	for (i = 0; i < s->nb_conns; i++) {
		struct isla_tcp_conn *c = s->conns[i];

		CHECK(!c->live);
		sndq_free(c);
		rte_pktmbuf_free(c->rcvq);
		free(c->text);
		free(c);
	}
	CHECK(fake_nb_ports(s) == 0);
	CHECK(s->core.wheel.nb_armed == 0);
	rte_pktmbuf_free(s->datagram);
	free(s);
}

struct core *
stack_core(struct isla_stack *s)
{
	return &s->core;
}

struct isla_tcp *
isla_stack_tcp(struct isla_stack *s)
{
	return (struct isla_tcp *)s;
}

struct isla_udp *
isla_stack_udp(struct isla_stack *s)
{
	return (struct isla_udp *)s;
}

uint64_t
isla_stack_wall_us(const struct isla_stack *s)
{
	return s->core.now_us + (uint64_t)s->core.wall_off_us;
}

static void
conn_callbacks(struct isla_tcp_conn *c)
{
	if (c->live && c->data_new && c->rcvq != NULL) {
		c->data_new = false;
		if (c->ops->readable != NULL)
			c->ops->readable(c, c->ctx);
	}
	if (c->live && c->fin && !c->eof_told && c->rcvq == NULL) {
		c->eof_told = true;
		if (c->ops->eof != NULL)
			c->ops->eof(c, c->ctx);
	}
	if (c->live && c->room_new) {
		c->room_new = false;
		if (c->ops->writable != NULL)
			c->ops->writable(c, c->ctx);
	}
}

void
fake_burst(struct isla_stack *s)
{
	unsigned int i;

	timer_wheel_run(&s->core.wheel, s->core.now_us);
	for (i = 0; i < s->nb_conns; i++)
		conn_callbacks(s->conns[i]);
}

void
fake_advance(struct isla_stack *s, uint64_t us)
{
	uint64_t end = s->core.now_us + us;

	while (s->core.now_us < end) {
		uint64_t next = timer_wheel_next_us(&s->core.wheel);

		s->core.now_us = RTE_MIN(RTE_MAX(next, s->core.now_us + 1), end);
		fake_burst(s);
	}
}

struct isla_tcp_listener *
isla_tcp_listen(struct isla_tcp *tcp, const struct isla_addr *local, uint16_t port,
	uint16_t backlog, const struct isla_tcp_ops *ops, void *arg,
	const struct isla_tcp_opts *opts)
{
	struct isla_stack *s = (struct isla_stack *)tcp;
	int i, free_slot = -1;

	CHECK(local != NULL && backlog > 0 && ops->accept != NULL);
	for (i = MAX_PORTS - 1; i >= 0; i--) {
		if (s->listeners[i] == NULL)
			free_slot = i;
		else if (s->listeners[i]->port == port)
			free_slot = MAX_PORTS;
		if (free_slot == MAX_PORTS)
			break;
	}
	if (port == 0 || free_slot == MAX_PORTS || free_slot < 0) {
		rte_errno = port == 0 ? EINVAL : free_slot < 0 ? ENOSPC : EADDRINUSE;
		return NULL;
	}
	s->listeners[free_slot] = calloc(1, sizeof(struct isla_tcp_listener));
	*s->listeners[free_slot] = (struct isla_tcp_listener){
		.stack = s, .port = port, .ops = ops, .arg = arg};
	if (opts != NULL)
		s->listeners[free_slot]->opts = *opts;
	return s->listeners[free_slot];
}

void
isla_tcp_unlisten(struct isla_tcp_listener *listener)
{
	struct isla_stack *s = listener->stack;
	int i;

	for (i = 0; i < MAX_PORTS; i++) {
		if (s->listeners[i] == listener) {
			s->listeners[i] = NULL;
			free(listener);
			return;
		}
	}
	CHECK(!"a listener that is open");
}

struct isla_tcp_conn *
fake_connect(struct isla_stack *s, uint16_t port)
{
	struct isla_tcp_listener *l = NULL;
	struct isla_tcp_conn *c;
	int i;

	for (i = 0; i < MAX_PORTS; i++)
		if (s->listeners[i] != NULL && s->listeners[i]->port == port)
			l = s->listeners[i];
	if (l == NULL)
		return NULL;
	CHECK(s->nb_conns < MAX_CONNS);
	c = calloc(1, sizeof(*c));
	CHECK(c != NULL);
	s->conns[s->nb_conns++] = c;
	c->stack = s;
	c->ops = l->ops;
	c->sndbuf = l->opts.sndbuf_bytes != 0 ? l->opts.sndbuf_bytes : 262144;
	c->nodelay = l->opts.nodelay;
	c->live = true;
	if (l->ops->accept(c, l->arg) < 0) {
		c->live = false;
		c->aborted = true;
		return NULL;
	}
	return c;
}

void
fake_feed(struct isla_tcp_conn *c, const void *data, size_t len, uint16_t seg_len)
{
	const char *p = data;

	CHECK(!c->fin);
	while (len > 0) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(c->stack->core.pool);
		uint16_t n;

		CHECK(m != NULL);
		n = (uint16_t)RTE_MIN(len, (size_t)rte_pktmbuf_tailroom(m));
		if (seg_len != 0)
			n = RTE_MIN(n, seg_len);
		/* To the end of the buffer, so that a sanitizer sees an overread. */
		m->data_off = (uint16_t)(m->buf_len - n);
		memcpy(rte_pktmbuf_append(m, n), p, n);
		p += n;
		len -= n;
		if (c->closed || c->aborted) {
			rte_pktmbuf_free(m);
			continue;
		}
		c->unconsumed += n;
		c->data_new = true;
		if (c->rcvq == NULL)
			c->rcvq = m;
		else
			CHECK(rte_pktmbuf_chain(c->rcvq, m) == 0);
	}
}

void
fake_fin(struct isla_tcp_conn *c)
{
	c->fin = true;
}

void
fake_reset(struct isla_tcp_conn *c, int err)
{
	if (!c->live)
		return;
	if (c->ops->error != NULL)
		c->ops->error(c, c->ctx, err);
	c->live = false;
	c->aborted = true;
}

static void
keep_text(struct isla_tcp_conn *c, const struct rte_mbuf *m, uint32_t n)
{
	if (c->count_only)
		return;
	c->text = realloc(c->text, c->text_len + n + 1);
	CHECK(c->text != NULL);
	memcpy(c->text + c->text_len, rte_pktmbuf_mtod(m, const void *), n);
	c->text_len += n;
	c->text[c->text_len] = '\0';
}

size_t
fake_read(struct isla_tcp_conn *c, size_t len)
{
	size_t total = 0;

	while (len > 0 && c->sndq_head != c->sndq_tail) {
		struct rte_mbuf *m = c->sndq[c->sndq_head % RTE_DIM(c->sndq)];
		uint32_t n = (uint32_t)RTE_MIN(len, (size_t)m->data_len);

		keep_text(c, m, n);
		m->data_off += (uint16_t)n;
		m->data_len -= (uint16_t)n;
		if (m->data_len == 0) {
			rte_pktmbuf_free_seg(m);
			c->sndq_head++;
		}
		c->sndq_bytes -= n;
		c->acked += n;
		len -= n;
		total += n;
	}
	c->room_new |= total > 0;
	return total;
}

const char *
fake_text(struct isla_tcp_conn *c)
{
	return c->text != NULL ? c->text : "";
}

uint64_t
fake_len(const struct isla_tcp_conn *c)
{
	return c->acked;
}

void
fake_text_clear(struct isla_tcp_conn *c)
{
	free(c->text);
	c->text = NULL;
	c->text_len = 0;
}

void
fake_set_count_only(struct isla_tcp_conn *c)
{
	c->count_only = true;
}

void
fake_set_sndbuf(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	c->sndbuf = nb_bytes;
}

void
fake_set_enobufs(struct isla_stack *s, unsigned int nb_calls)
{
	s->enobufs = nb_calls;
}

bool
fake_got_fin(const struct isla_tcp_conn *c)
{
	return (c->shut || c->closed) && c->sndq_bytes == 0;
}

bool
fake_is_closed(const struct isla_tcp_conn *c)
{
	return c->closed;
}

bool
fake_is_aborted(const struct isla_tcp_conn *c)
{
	return c->aborted;
}

bool
fake_is_nodelay(const struct isla_tcp_conn *c)
{
	return c->nodelay;
}

uint32_t
fake_unconsumed(const struct isla_tcp_conn *c)
{
	return c->unconsumed;
}

uint32_t
fake_sndq(const struct isla_tcp_conn *c)
{
	return c->sndq_bytes;
}

void
isla_tcp_set_ctx(struct isla_tcp_conn *c, void *ctx)
{
	CHECK(c->live);
	c->ctx = ctx;
}

void *
isla_tcp_get_ctx(const struct isla_tcp_conn *c)
{
	CHECK(c->live);
	return c->ctx;
}

void
isla_tcp_set_ops(struct isla_tcp_conn *c, const struct isla_tcp_ops *ops)
{
	CHECK(c->live);
	c->ops = ops;
}

void
isla_tcp_set_nodelay(struct isla_tcp_conn *c, bool nodelay)
{
	CHECK(c->live);
	c->nodelay = nodelay;
}

uint32_t
isla_tcp_send_room(const struct isla_tcp_conn *c)
{
	CHECK(c->live);
	return c->sndbuf > c->sndq_bytes ? c->sndbuf - c->sndq_bytes : 0;
}

int
isla_tcp_send(struct isla_tcp_conn *c, struct rte_mbuf *m)
{
	uint32_t total = 0;
	uint16_t nb_segs = 0;
	struct rte_mbuf *seg;

	CHECK(c->live);
	for (seg = m; seg != NULL; seg = seg->next, nb_segs++) {
		CHECK(rte_mbuf_refcnt_read(seg) == 1);
		total += seg->data_len;
	}
	CHECK(total == m->pkt_len && nb_segs == m->nb_segs);
	if (c->shut)
		return -EPIPE;
	if (total > isla_tcp_send_room(c) ||
		c->sndq_tail - c->sndq_head + nb_segs > RTE_DIM(c->sndq))
		return -EAGAIN;
	for (; m != NULL; m = seg) {
		seg = m->next;
		m->next = NULL;
		m->nb_segs = 1;
		m->pkt_len = m->data_len;
		c->sndq[c->sndq_tail++ % RTE_DIM(c->sndq)] = m;
	}
	c->sndq_bytes += total;
	return 0;
}

int64_t
isla_tcp_send_ext(struct isla_tcp_conn *c, const void *data, rte_iova_t iova, uint64_t len,
	struct rte_mbuf_ext_shared_info *shinfo)
{
	uint64_t taken = 0;

	CHECK(c->live && shinfo != NULL && shinfo->free_cb != NULL && shinfo->refcnt >= 1);
	if (c->shut)
		return -EPIPE;
	if (c->stack->enobufs > 0) {
		c->stack->enobufs--;
		c->room_new = true;
		return -ENOBUFS;
	}
	while (taken < len && isla_tcp_send_room(c) > 0) {
		uint64_t n = RTE_MIN(RTE_MIN(len - taken, 65000ull), isla_tcp_send_room(c));
		struct rte_mbuf *m;

		if (c->sndq_tail - c->sndq_head == RTE_DIM(c->sndq))
			break;
		m = rte_pktmbuf_alloc(c->stack->core.ref_pool);
		if (m == NULL) {
			c->room_new = true;
			return taken > 0 ? (int64_t)taken : -ENOBUFS;
		}
		rte_pktmbuf_attach_extbuf(m, (void *)(uintptr_t)((const char *)data + taken),
			iova, (uint16_t)n, shinfo);
		rte_mbuf_ext_refcnt_update(shinfo, 1);
		m->data_off = 0;
		m->data_len = (uint16_t)n;
		m->pkt_len = (uint32_t)n;
		c->sndq[c->sndq_tail++ % RTE_DIM(c->sndq)] = m;
		c->sndq_bytes += (uint32_t)n;
		taken += n;
	}
	return (int64_t)taken;
}

struct rte_mbuf *
isla_tcp_recv(struct isla_tcp_conn *c)
{
	struct rte_mbuf *m = c->rcvq;

	CHECK(c->live);
	c->rcvq = NULL;
	c->data_new = false;
	return m;
}

void
isla_tcp_consumed(struct isla_tcp_conn *c, uint32_t nb_bytes)
{
	CHECK(c->live);
	CHECK(nb_bytes <= c->unconsumed - (c->rcvq != NULL ? c->rcvq->pkt_len : 0));
	c->unconsumed -= nb_bytes;
}

int
isla_tcp_shutdown(struct isla_tcp_conn *c)
{
	CHECK(c->live && !c->shut);
	c->shut = true;
	return 0;
}

void
isla_tcp_close(struct isla_tcp_conn *c)
{
	CHECK(c->live);
	c->live = false;
	c->closed = true;
	rte_pktmbuf_free(c->rcvq);
	c->rcvq = NULL;
}

void
isla_tcp_abort(struct isla_tcp_conn *c)
{
	CHECK(c->live);
	c->live = false;
	c->aborted = true;
	sndq_free(c);
	rte_pktmbuf_free(c->rcvq);
	c->rcvq = NULL;
}

void
isla_tcp_get_info(const struct isla_tcp_conn *c, struct isla_tcp_info *info)
{
	CHECK(c->live);
	memset(info, 0, sizeof(*info));
	info->state = c->fin ? ISLA_TCP_CLOSE_WAIT : ISLA_TCP_ESTABLISHED;
	info->sndq_bytes = c->sndq_bytes;
	info->unacked_bytes = c->sndq_bytes;
	info->rcvq_bytes = c->rcvq != NULL ? c->rcvq->pkt_len : 0;
	info->bytes_acked = c->acked;
}

struct isla_udp_sock *
isla_udp_bind(struct isla_udp *udp, const struct isla_addr *local, uint16_t port,
	isla_udp_recv_fn *recv, void *ctx)
{
	struct isla_stack *s = (struct isla_stack *)udp;
	struct isla_udp_sock **slot = NULL;
	int i;

	CHECK(local != NULL && recv != NULL);
	for (i = 0; i < MAX_PORTS; i++) {
		if (s->socks[i] != NULL && s->socks[i]->port == port) {
			rte_errno = EADDRINUSE;
			return NULL;
		}
		if (s->socks[i] == NULL && slot == NULL)
			slot = &s->socks[i];
	}
	CHECK(slot != NULL);
	*slot = calloc(1, sizeof(**slot));
	**slot = (struct isla_udp_sock){.stack = s, .port = port, .recv = recv, .ctx = ctx};
	return *slot;
}

void
isla_udp_close(struct isla_udp_sock *sock)
{
	struct isla_stack *s = sock->stack;
	int i;

	for (i = 0; i < MAX_PORTS; i++) {
		if (s->socks[i] == sock) {
			s->socks[i] = NULL;
			free(sock);
			return;
		}
	}
	CHECK(!"a socket that is open");
}

int
isla_udp_send(struct isla_udp_sock *sock, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	struct isla_stack *s = sock->stack;

	rte_pktmbuf_free(s->datagram);
	s->datagram = m;
	s->datagram_ends = *ends;
	return 0;
}

void
fake_datagram(struct isla_stack *s, uint16_t port, const struct isla_udp_ends *ends, uint8_t flags,
	const void *data, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(s->core.pool);
	int i;

	CHECK(m != NULL);
	memset(isla_pkt(m), 0, sizeof(struct isla_pkt));
	isla_pkt(m)->flags = flags;
	if (len > 0)
		memcpy(rte_pktmbuf_append(m, (uint16_t)len), data, len);
	for (i = 0; i < MAX_PORTS; i++) {
		if (s->socks[i] != NULL && s->socks[i]->port == port) {
			s->socks[i]->recv(s->socks[i], s->socks[i]->ctx, m, ends);
			return;
		}
	}
	rte_pktmbuf_free(m);
}

int
fake_datagram_sent(struct isla_stack *s, struct isla_udp_ends *ends, void *buf, size_t size)
{
	struct rte_mbuf *m = s->datagram, *seg;
	size_t n = 0;

	if (m == NULL)
		return -1;
	CHECK(m->pkt_len <= size);
	for (seg = m; seg != NULL; seg = seg->next) {
		memcpy((char *)buf + n, rte_pktmbuf_mtod(seg, const void *), seg->data_len);
		n += seg->data_len;
	}
	CHECK(n == m->pkt_len);
	*ends = s->datagram_ends;
	s->datagram = NULL;
	rte_pktmbuf_free(m);
	return (int)n;
}

unsigned int
fake_nb_ports(const struct isla_stack *s)
{
	unsigned int i, nb = 0;

	for (i = 0; i < MAX_PORTS; i++)
		nb += (s->listeners[i] != NULL) + (s->socks[i] != NULL);
	return nb;
}
