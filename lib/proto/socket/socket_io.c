/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and writing. What TCP received stays in TCP's own queue until the program reads, so that
 * the window tells the truth; a chain that was read in part waits in sock::rx.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "socket_priv.h"

#define RX_SEGS_MAX 4096
/* References to one piece of memory, which are counted in 16 bits: frames on their way need some.
 */
#define EXT_REFS_MAX 32768

/* Take what TCP has, behind what is left of the last time. */
static void
rx_pull(struct sock *s)
{
	struct rte_mbuf *m;

	if (s->conn == NULL || (s->rx != NULL && s->rx->nb_segs > RX_SEGS_MAX))
		return;
	m = isla_tcp_recv(s->conn);
	if (m == NULL)
		return;
	s->rx_bytes += m->pkt_len;
	if (s->rx == NULL)
		s->rx = m;
	else
		rte_pktmbuf_chain(s->rx, m);
}

/* The program has read n bytes: let the window open. */
static void
rx_read(struct sock *s, uint32_t n)
{
	s->rx_bytes -= n;
	if (s->urgent) {
		s->urgent = n < s->urgent_left;
		s->urgent_left -= RTE_MIN(n, s->urgent_left);
	}
	if (s->conn != NULL)
		isla_tcp_consumed(s->conn, n);
}

/* The program has read n bytes of rx: free them. */
static void
rx_drop(struct sock *s, uint32_t n)
{
	uint32_t left = n;

	if (n == s->rx_bytes) {
		rte_pktmbuf_free(s->rx);
		s->rx = NULL;
	}
	while (s->rx != NULL && left > 0) {
		struct rte_mbuf *m = s->rx;
		uint16_t k = (uint16_t)RTE_MIN(left, (uint32_t)m->data_len);

		left -= k;
		if (k < m->data_len || m->next == NULL) {
			rte_pktmbuf_adj(m, k);
			break;
		}
		s->rx = m->next;
		s->rx->pkt_len = m->pkt_len - k;
		s->rx->nb_segs = (uint16_t)(m->nb_segs - 1);
		m->next = NULL;
		m->nb_segs = 1;
		rte_pktmbuf_free(m);
	}
	rx_read(s, n);
}

/* What a read finds where there is no data: Linux's tcp_recvmsg(), in its order. */
static int
recv_nothing(struct sock *s)
{
	int state = sock_tcp_state(s);

	if (s->done)
		return 0;
	if (s->err != 0)
		return sock_error(s);
	if ((s->shut & SHUT_RCV) != 0)
		return 0;
	return state == LX_CLOSE ? -ENOTCONN : -EAGAIN;
}

/* True where there is something to read; else *rc is what the call returns. */
static bool
recv_ready(struct sock *s, int flags, int *rc)
{
	if (sock_tcp_state(s) == LX_LISTEN) {
		*rc = -ENOTCONN;
		return false;
	}
	/* Urgent data is in line, where MSG_OOB finds none (as with SO_OOBINLINE). */
	if ((flags & MSG_OOB) != 0) {
		*rc = -EINVAL;
		return false;
	}
	rx_pull(s);
	if (s->rx_bytes > 0)
		return true;
	*rc = recv_nothing(s);
	return false;
}

int64_t
isla_socket_recv(struct isla_socket_table *t, int fd, void *buf, size_t len, int flags,
	struct isla_socket_addr *from)
{
	struct sock *s = sock_get(t, fd);
	uint32_t n;
	int rc;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	/* Nothing is ever there; and flags that mean nothing are passed over, as by Linux. */
	if ((flags & MSG_ERRQUEUE) != 0)
		return -EAGAIN;
	if (s->kind == SOCK_UDP)
		return sock_udp_recv(s, buf, len, flags, from);
	if (!recv_ready(s, flags, &rc))
		return rc;
	n = (uint32_t)RTE_MIN(len, (size_t)s->rx_bytes);
	if (buf != NULL && (flags & MSG_TRUNC) == 0)
		payload_copy(t->core, buf, s->rx, 0, n);
	if ((flags & MSG_PEEK) == 0)
		rx_drop(s, n);
	return n;
}

int64_t
isla_socket_recv_mbuf(struct isla_socket_table *t, int fd, struct rte_mbuf **m, int flags,
	struct isla_socket_addr *from)
{
	struct sock *s = sock_get(t, fd);
	uint32_t n;
	int rc;

	*m = NULL;
	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if ((flags & ~MSG_DONTWAIT) != 0)
		return -EOPNOTSUPP;
	if (s->kind == SOCK_UDP)
		return sock_udp_recv_mbuf(s, m, flags, from);
	if (!recv_ready(s, flags, &rc))
		return rc;
	*m = s->rx;
	n = s->rx_bytes;
	s->rx = NULL;
	rx_read(s, n);
	return n;
}

/* 0 where TCP takes data now, or what Linux's tcp_sendmsg() returns. */
static int
send_check(struct sock *s)
{
	int state = sock_tcp_state(s), rc;

	if (state != LX_ESTABLISHED && state != LX_CLOSE_WAIT &&
		(state != LX_SYN_RECV || !sock_tcp_is_open(s, state))) {
		rc = sock_error(s);
		if (rc != 0)
			return rc;
		return state == LX_SYN_SENT || state == LX_SYN_RECV ? -EAGAIN : -EPIPE;
	}
	if (s->err != 0 || (s->shut & SHUT_SND) != 0) {
		rc = sock_error(s);
		return rc != 0 ? rc : -EPIPE;
	}
	return 0;
}

/* MSG_MORE holds the last segment back for what the next call brings; a call without it lets go. */
static void
send_more(struct sock *s, int flags, bool begin)
{
	if (s->conn == NULL || s->opts.cork)
		return;
	if (begin)
		isla_tcp_set_cork(s->conn, (flags & MSG_MORE) != 0);
}

/* A call has queued `taken` of len bytes. */
static int64_t
send_done(struct sock *s, size_t len, int64_t taken, int flags)
{
	if (taken < (int64_t)len)
		s->nospace = true;
	if (taken == 0 && len > 0)
		return -EAGAIN;
	/* Urgent up to the last byte, which is what the other side's MSG_OOB would read. */
	if ((flags & MSG_OOB) != 0 && taken > 0 && taken == (int64_t)len)
		isla_tcp_send_urgent(s->conn);
	if ((flags & MSG_EOR) != 0 && taken > 0 && taken == (int64_t)len)
		isla_tcp_send_record(s->conn);
	return taken;
}

/* A datagram's mbufs, which stand for the caller's memory. */
static struct rte_mbuf *
ext_chain(struct isla_socket_table *t, const struct isla_socket_mem *mem, size_t len)
{
	struct rte_mbuf *head;

	if (rte_mbuf_ext_refcnt_read(mem->shinfo) >= EXT_REFS_MAX)
		return NULL;
	head = rte_pktmbuf_alloc(t->core->pool);
	while (head != NULL && len > 0) {
		uint16_t n = (uint16_t)RTE_MIN(RTE_MIN(len, (size_t)mem->len), (size_t)32768);
		struct rte_mbuf *m = rte_pktmbuf_alloc(t->core->ref_pool);

		if (m == NULL) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		rte_mbuf_ext_refcnt_update(mem->shinfo, 1);
		rte_pktmbuf_attach_extbuf(m, (void *)(uintptr_t)mem->data, mem->iova, n,
			mem->shinfo);
		m->data_off = 0;
		m->data_len = n;
		m->pkt_len = n;
		rte_pktmbuf_chain(head, m);
		len -= n;
	}
	return head;
}

/* A chain with a copy of the caller's bytes; NULL where mbufs are short. */
static struct rte_mbuf *
copy_chain(struct isla_socket_table *t, const uint8_t *p, size_t len)
{
	struct rte_mbuf *head = NULL;

	do {
		struct rte_mbuf *m = core_alloc(t->core);
		uint16_t n;

		if (m == NULL || (head != NULL && head->nb_segs == UINT16_MAX)) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(head);
			return NULL;
		}
		n = (uint16_t)RTE_MIN(len, (size_t)rte_pktmbuf_tailroom(m));
		if (n > 0)
			memcpy(rte_pktmbuf_append(m, n), p, n);
		p += n;
		len -= n;
		core_count_n(t->core, ISLA_C_PAYLOAD_BYTES_COPIED, n);
		if (head == NULL)
			head = m;
		else
			rte_pktmbuf_chain(head, m);
	} while (len > 0);
	return head;
}

/* What all ways of sending check first: the socket, or NULL with *rc. */
static struct sock *
send_begin(struct isla_socket_table *t, int fd, int flags, const struct isla_socket_addr *to,
	int *rc)
{
	struct sock *s = sock_get(t, fd);

	*rc = -EBADF;
	if (s == NULL)
		return NULL;
	*rc = -ENOTSOCK;
	if (s->kind == SOCK_EPOLL)
		return NULL;
	*rc = -EOPNOTSUPP;
	if (s->kind == SOCK_UDP && (flags & MSG_OOB) != 0)
		return NULL;
	*rc = 0;
	if (s->kind == SOCK_TCP)
		*rc = s->deferred || (flags & MSG_FASTOPEN) != 0 ?
			sock_fastopen_begin(s, flags, to) : send_check(s);
	if (*rc != 0)
		return NULL;
	if (s->kind == SOCK_TCP)
		send_more(s, flags, true);
	return s;
}

int64_t
isla_socket_send_ext(struct isla_socket_table *t, int fd, const struct isla_socket_mem *mem,
	size_t len, int flags, const struct isla_socket_addr *to)
{
	int64_t taken = 0, n = 1;
	struct rte_mbuf *m;
	uint64_t max;
	struct sock *s;
	int rc;

	s = send_begin(t, fd, flags, to, &rc);
	if (s == NULL)
		return rc;
	if (s->kind == SOCK_UDP) {
		if (len > UINT16_MAX)
			return -EMSGSIZE;
		m = ext_chain(t, mem, len);
		return m != NULL ? sock_udp_send(s, m, to) : -ENOBUFS;
	}
	max = RTE_MIN((uint64_t)sock_fastopen_most(s, len), sock_tcp_send_max(s));
	while (taken < (int64_t)max && n > 0 &&
		rte_mbuf_ext_refcnt_read(mem->shinfo) < EXT_REFS_MAX) {
		uint64_t want = RTE_MIN(max - (uint64_t)taken, (uint64_t)mem->len);

		n = isla_tcp_send_ext(s->conn, mem->data, mem->iova, want, mem->shinfo);
		taken += n > 0 ? n : 0;
	}
	return send_done(s, len, taken, flags);
}

int64_t
isla_socket_send(struct isla_socket_table *t, int fd, const void *buf, size_t len, int flags,
	const struct isla_socket_addr *to)
{
	struct rte_mbuf *m;
	struct sock *s;
	size_t n;
	int rc;

	s = send_begin(t, fd, flags, to, &rc);
	if (s == NULL)
		return rc;
	if (s->kind == SOCK_UDP) {
		if (len > UINT16_MAX)
			return -EMSGSIZE;
		m = copy_chain(t, buf, len);
		return m != NULL ? sock_udp_send(s, m, to) : -ENOBUFS;
	}
	n = RTE_MIN(sock_fastopen_most(s, len), (size_t)isla_tcp_send_room(s->conn));
	n = (size_t)RTE_MIN((uint64_t)n, sock_tcp_send_max(s));
	m = n > 0 ? copy_chain(t, buf, n) : NULL;
	if (m != NULL && isla_tcp_send(s->conn, m) != 0) {
		rte_pktmbuf_free(m);
		m = NULL;
	}
	return send_done(s, len, m != NULL ? (int64_t)n : 0, flags);
}

int64_t
isla_socket_send_mbuf(struct isla_socket_table *t, int fd, struct rte_mbuf *m, int flags,
	const struct isla_socket_addr *to)
{
	uint32_t len = m->pkt_len;
	struct sock *s;
	int rc;

	s = send_begin(t, fd, flags, to, &rc);
	if (s != NULL && s->kind == SOCK_UDP)
		return sock_udp_send(s, m, to);
	if (s != NULL) {
		rc = isla_tcp_send(s->conn, m);
		if (rc == 0)
			return send_done(s, len, len, flags);
		s->nospace = true;
	}
	if (rc != -EAGAIN && rc != -EINPROGRESS)
		rte_pktmbuf_free(m);
	return rc;
}
