/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Socket calls for scripts, over the events of isla_tcp.h.
 */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>
#include <rte_errno.h>

#include "sock.h"

#define FD_FIRST 3
#define FD_MAX 64
#define ACCEPT_MAX 64

struct sock {
	struct socks *socks;
	bool used, nonblock, connecting, connected, eof, shut_wr, shut_rd;
	int err;
	uint16_t port;
	struct isla_addr local;
	struct isla_tcp_opts opts;
	struct isla_tcp_listener *listener;
	struct isla_tcp_conn *conn;
	struct rte_mbuf *rx; /* taken, not yet read */
	uint32_t rx_off;
	unsigned int nb_queue; /* to accept */
	struct sock *queue[ACCEPT_MAX];
	struct linger linger;
};

struct socks {
	struct isla_stack *stack;
	struct rte_mempool *pool;
	struct sock fd[FD_MAX];
};

static struct sock *
sock_new(struct socks *s)
{
	unsigned int i;

	for (i = 0; i < FD_MAX; i++) {
		struct sock *k = &s->fd[i];

		if (k->used)
			continue;
		memset(k, 0, sizeof(*k));
		k->socks = s;
		k->used = true;
		return k;
	}
	return NULL;
}

static struct sock *
find(const struct socks *s, int fd)
{
	struct sock *k;

	if (fd < FD_FIRST || fd >= FD_FIRST + FD_MAX)
		return NULL;
	k = (struct sock *)(uintptr_t)&s->fd[fd - FD_FIRST];
	return k->used ? k : NULL;
}

static int
fd_of(const struct sock *k)
{
	return (int)(k - k->socks->fd) + FD_FIRST;
}

static const struct isla_tcp_ops ops;

static int
on_accept(struct isla_tcp_conn *conn, void *arg)
{
	struct sock *l = arg, *k = sock_new(l->socks);

	if (k == NULL || l->nb_queue == ACCEPT_MAX)
		return -EMFILE;
	k->conn = conn;
	k->connected = true;
	k->port = l->port;
	isla_tcp_set_ctx(conn, k);
	l->queue[l->nb_queue++] = k;
	return 0;
}

static void
on_connected(struct isla_tcp_conn *conn, void *ctx)
{
	struct sock *k = ctx;

	(void)conn;
	k->connecting = false;
	k->connected = true;
}

static void
take_data(struct sock *k)
{
	struct rte_mbuf *m = k->conn != NULL ? isla_tcp_recv(k->conn) : NULL;

	if (m == NULL)
		return;
	if (k->rx == NULL)
		k->rx = m;
	else if (rte_pktmbuf_chain(k->rx, m) != 0)
		abort();
}

static void
on_eof(struct isla_tcp_conn *conn, void *ctx)
{
	(void)conn;
	((struct sock *)ctx)->eof = true;
}

static void
on_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct sock *k = ctx;

	(void)conn;
	k->err = err;
	k->conn = NULL;
	k->connecting = k->connected = false;
}

static void
on_nothing(struct isla_tcp_conn *conn, void *ctx)
{
	(void)conn;
	(void)ctx;
}

static const struct isla_tcp_ops ops = {
	.accept = on_accept,
	.connected = on_connected,
	.readable = on_nothing,
	.writable = on_nothing,
	.eof = on_eof,
	.error = on_error,
};

struct socks *
socks_create(struct isla_stack *stack, struct rte_mempool *pool)
{
	struct socks *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->stack = stack;
	s->pool = pool;
	return s;
}

void
socks_free(struct socks *s)
{
	unsigned int i;

	for (i = 0; i < FD_MAX; i++)
		rte_pktmbuf_free(s->fd[i].rx);
	free(s);
}

int
sock_socket(struct socks *s, int domain, int type, int proto)
{
	struct sock *k;

	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if ((type & 15) != SOCK_STREAM || (proto != 0 && proto != IPPROTO_TCP))
		return -EPROTONOSUPPORT;
	k = sock_new(s);
	if (k == NULL)
		return -EMFILE;
	k->nonblock = (type & SOCK_NONBLOCK) != 0;
	return fd_of(k);
}

int
sock_bind(struct socks *s, int fd, const struct isla_addr *addr, uint16_t port)
{
	struct sock *k = find(s, fd);

	if (k == NULL)
		return -EBADF;
	if (k->port != 0 || k->conn != NULL)
		return -EINVAL;
	k->local = *addr;
	k->port = port;
	return 0;
}

int
sock_listen(struct socks *s, int fd, int backlog)
{
	struct sock *k = find(s, fd);

	if (k == NULL)
		return -EBADF;
	if (k->conn != NULL)
		return -EINVAL;
	if (k->listener != NULL)
		return 0;
	k->listener = isla_tcp_listen(isla_stack_tcp(s->stack), &k->local, k->port,
		(uint16_t)(backlog > 0 ? backlog : 1), &ops, k, &k->opts);
	return k->listener != NULL ? 0 : -rte_errno;
}

int
sock_accept(struct socks *s, int fd)
{
	struct sock *l = find(s, fd), *k;

	if (l == NULL)
		return -EBADF;
	if (l->listener == NULL)
		return -EINVAL;
	if (l->nb_queue == 0)
		return -EAGAIN;
	k = l->queue[0];
	l->nb_queue--;
	memmove(l->queue, l->queue + 1, l->nb_queue * sizeof(l->queue[0]));
	return fd_of(k);
}

int
sock_connect(struct socks *s, int fd, const struct isla_addr *addr, uint16_t port)
{
	struct sock *k = find(s, fd);
	struct isla_tcp_ends ends = {.remote = *addr, .remote_port = port};

	if (k == NULL)
		return -EBADF;
	if (k->connecting)
		return k->nonblock ? -EALREADY : -EAGAIN;
	if (k->err != 0) {
		int err = k->err;

		k->err = 0;
		return -err;
	}
	if (k->connected)
		return k->nonblock ? -EISCONN : 0;
	ends.local = k->local;
	ends.local_port = k->port;
	k->conn = isla_tcp_connect(isla_stack_tcp(s->stack), &ends, &ops, k, &k->opts);
	if (k->conn == NULL)
		return -rte_errno;
	isla_tcp_get_ends(k->conn, &ends);
	k->port = ends.local_port;
	k->connecting = true;
	return k->nonblock ? -EINPROGRESS : -EAGAIN;
}

int64_t
sock_recv(struct socks *s, int fd, uint32_t len, int flags)
{
	struct sock *k = find(s, fd);
	uint32_t n;

	if (k == NULL)
		return -EBADF;
	take_data(k);
	if (k->rx != NULL) {
		n = RTE_MIN(len, k->rx->pkt_len - k->rx_off);
		if (flags & MSG_PEEK)
			return n;
		k->rx_off += n;
		if (k->conn != NULL)
			isla_tcp_consumed(k->conn, n);
		if (k->rx_off == k->rx->pkt_len) {
			rte_pktmbuf_free(k->rx);
			k->rx = NULL;
			k->rx_off = 0;
		}
		return n;
	}
	if (k->err != 0) {
		int err = k->err;

		k->err = 0;
		return -err;
	}
	if (k->eof || k->shut_rd)
		return 0;
	if (k->conn == NULL || k->connecting)
		return k->connected ? 0 : -ENOTCONN;
	return -EAGAIN;
}

int64_t
sock_send(struct socks *s, int fd, uint32_t len, int flags)
{
	struct sock *k = find(s, fd);
	uint32_t done = 0;
	int rc = 0;

	(void)flags;
	if (k == NULL)
		return -EBADF;
	if (k->err != 0) {
		rc = k->err;
		k->err = 0;
		return -rc;
	}
	if (k->connecting)
		return -EAGAIN;
	if (k->conn == NULL || k->shut_wr)
		return -EPIPE;
	while (done < len) {
		uint32_t n = RTE_MIN(RTE_MIN(len - done, 1800u), isla_tcp_send_room(k->conn));
		struct rte_mbuf *m;

		if (n == 0)
			break;
		m = rte_pktmbuf_alloc(s->pool);
		memset(rte_pktmbuf_append(m, (uint16_t)n), 0, n);
		rc = isla_tcp_send(k->conn, m);
		if (rc != 0) {
			rte_pktmbuf_free(m);
			break;
		}
		done += n;
	}
	if (done != 0 || len == 0)
		return done;
	return rc != 0 ? rc : -EAGAIN;
}

int
sock_shutdown(struct socks *s, int fd, int how)
{
	struct sock *k = find(s, fd);

	if (k == NULL)
		return -EBADF;
	if (k->conn == NULL || k->connecting)
		return -ENOTCONN;
	if (how != SHUT_WR)
		k->shut_rd = true;
	if (how == SHUT_RD)
		return 0;
	k->shut_wr = true;
	return isla_tcp_shutdown(k->conn);
}

int
sock_close(struct socks *s, int fd)
{
	struct sock *k = find(s, fd);
	unsigned int i;

	if (k == NULL)
		return -EBADF;
	if (k->listener != NULL) {
		isla_tcp_unlisten(k->listener);
		for (i = 0; i < k->nb_queue; i++) {
			if (k->queue[i]->conn != NULL)
				isla_tcp_abort(k->queue[i]->conn);
			k->queue[i]->used = false;
		}
	}
	if (k->conn != NULL) {
		bool unread = k->rx != NULL;

		if (unread || (k->linger.l_onoff && k->linger.l_linger == 0))
			isla_tcp_abort(k->conn);
		else
			isla_tcp_close(k->conn);
	}
	rte_pktmbuf_free(k->rx);
	memset(k, 0, sizeof(*k));
	return 0;
}

int
sock_fcntl(struct socks *s, int fd, int cmd, int64_t arg)
{
	struct sock *k = find(s, fd);

	if (k == NULL)
		return -EBADF;
	if (cmd == F_GETFL)
		return O_RDWR | (k->nonblock ? O_NONBLOCK : 0);
	if (cmd != F_SETFL)
		return -EINVAL;
	k->nonblock = (arg & O_NONBLOCK) != 0;
	return 0;
}

int
sock_setsockopt(struct socks *s, int fd, int level, int opt, const void *val, uint32_t len)
{
	struct sock *k = find(s, fd);
	int n = 0;

	if (k == NULL)
		return -EBADF;
	if (len < sizeof(n))
		return -EINVAL;
	memcpy(&n, val, sizeof(n));
	if (level == SOL_SOCKET && opt == SO_LINGER && len >= sizeof(k->linger))
		memcpy(&k->linger, val, sizeof(k->linger));
	else if (level == SOL_SOCKET && opt == SO_RCVBUF)
		k->opts.rcvbuf_bytes = (uint32_t)n * 2;
	else if (level == SOL_SOCKET && opt == SO_SNDBUF)
		k->opts.sndbuf_bytes = (uint32_t)n * 2;
	else if (level == SOL_TCP && opt == TCP_MAXSEG)
		k->opts.mss = (uint16_t)n;
	else if (level == SOL_TCP && opt == TCP_NODELAY) {
		k->opts.nodelay = n != 0;
		if (k->conn != NULL)
			isla_tcp_set_nodelay(k->conn, n != 0);
	} else if (level != SOL_SOCKET || (opt != SO_REUSEADDR && opt != SO_OOBINLINE))
		return -ENOPROTOOPT;
	return 0;
}

int
sock_getsockopt(struct socks *s, int fd, int level, int opt, void *val, uint32_t *len)
{
	struct sock *k = find(s, fd);

	if (k == NULL)
		return -EBADF;
	if (level != SOL_SOCKET || opt != SO_ERROR)
		return -ENOPROTOOPT;
	memcpy(val, &k->err, sizeof(k->err));
	*len = sizeof(k->err);
	k->err = 0;
	return 0;
}

int
sock_poll(struct socks *s, int fd, int events)
{
	struct sock *k = find(s, fd);
	int r = 0;

	if (k == NULL)
		return POLLNVAL;
	take_data(k);
	if (k->rx != NULL || k->eof || k->nb_queue != 0)
		r |= POLLIN | (k->eof ? POLLRDHUP : 0);
	if (k->conn != NULL && k->connected && isla_tcp_send_room(k->conn) != 0)
		r |= POLLOUT;
	r &= events;
	if (k->err != 0)
		r |= POLLERR | POLLHUP | (events & (POLLIN | POLLOUT));
	return r;
}

int
sock_ioctl(struct socks *s, int fd, unsigned long request, int *value)
{
	struct sock *k = find(s, fd);

	if (k == NULL)
		return -EBADF;
	take_data(k);
	if (request != SIOCINQ)
		return -EINVAL;
	*value = k->rx != NULL ? (int)(k->rx->pkt_len - k->rx_off) : 0;
	return 0;
}

bool
sock_is_blocking(const struct socks *s, int fd)
{
	const struct sock *k = find(s, fd);

	return k != NULL && !k->nonblock;
}

uint16_t
sock_port(const struct socks *s, int fd)
{
	const struct sock *k = find(s, fd);

	return k != NULL ? k->port : 0;
}
