/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of sockets: one table for those whose value is an int, and a few by themselves. What is
 * not here does nothing in this stack, and says so: ENOPROTOOPT.
 */

#include <errno.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include <rte_common.h>

#include "socket_priv.h"

#define BUF_MAX    (8u << 20) /* of SO_RCVBUF and SO_SNDBUF */
#define RCVBUF_MIN 2304
#define SNDBUF_MIN 4608
#define UDP_RCVBUF 212992
#define CC_NAME    16
#define FOR_TCP    (1 << SOCK_TCP)
#define FOR_UDP    (1 << SOCK_UDP)
#define FOR_ALL    (FOR_TCP | FOR_UDP)

/* The options in force, defaults filled in. */
static struct isla_tcp_opts
in_force(const struct sock *s)
{
	const struct isla_tcp_opts *o = &s->opts;
	struct isla_tcp_opts f;

	if (s->conn != NULL) {
		isla_tcp_get_opts(s->conn, &f);
		return f;
	}
	isla_tcp_default_opts(s->t->tcp, &f);
	f.rcvbuf_bytes = o->rcvbuf_bytes != 0 ? o->rcvbuf_bytes : f.rcvbuf_bytes;
	f.sndbuf_bytes = o->sndbuf_bytes != 0 ? o->sndbuf_bytes : f.sndbuf_bytes;
	f.user_timeout_ms = o->user_timeout_ms != 0 ? o->user_timeout_ms : f.user_timeout_ms;
	f.keep_idle_s = o->keep_idle_s != 0 ? o->keep_idle_s : f.keep_idle_s;
	f.keep_intvl_s = o->keep_intvl_s != 0 ? o->keep_intvl_s : f.keep_intvl_s;
	f.keepalive = f.keepalive || o->keepalive;
	f.fin_wait2_s = o->fin_wait2_s != 0 ? o->fin_wait2_s : f.fin_wait2_s;
	f.keep_cnt = o->keep_cnt != 0 ? o->keep_cnt : f.keep_cnt;
	f.syn_retries = o->syn_retries != 0 ? o->syn_retries : f.syn_retries;
	f.hop_limit = o->hop_limit;
	f.tos = o->tos;
	f.cc = o->cc != NULL ? o->cc : f.cc;
	return f;
}

static int
get_error(struct sock *s)
{
	int err = -sock_error(s);

	if (err == 0) {
		err = s->soft_err;
		s->soft_err = 0;
	}
	return err;
}

static int
get_type(struct sock *s)
{
	return s->kind == SOCK_TCP ? SOCK_STREAM : SOCK_DGRAM;
}

static int
get_protocol(struct sock *s)
{
	return s->kind == SOCK_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

static int
get_domain(struct sock *s)
{
	return s->is_v6 ? AF_INET6 : AF_INET;
}

static int
get_acceptconn(struct sock *s)
{
	return s->listener != NULL;
}

static int
get_reuse(struct sock *s)
{
	return s->reuse;
}

static int
set_reuse(struct sock *s, int v)
{
	s->reuse = v != 0;
	return 0;
}

static int
get_broadcast(struct sock *s)
{
	return s->broadcast;
}

static int
set_broadcast(struct sock *s, int v)
{
	s->broadcast = v != 0;
	return 0;
}

/* Urgent data stays in line, always (RFC 6093, 4). */
static int
get_inline(struct sock *s)
{
	RTE_SET_USED(s);
	return 1;
}

static int
set_inline(struct sock *s, int v)
{
	RTE_SET_USED(s);
	return v != 0 ? 0 : -ENOPROTOOPT;
}

static int
get_keepalive(struct sock *s)
{
	return in_force(s).keepalive;
}

static int
set_keepalive(struct sock *s, int v)
{
	s->opts.keepalive = v != 0;
	return sock_tcp_apply(s);
}

int
sock_rcvbuf(struct sock *s)
{
	struct isla_tcp_info info;

	if (s->rcvbuf != 0)
		return (int)s->rcvbuf;
	if (s->kind == SOCK_UDP)
		return UDP_RCVBUF;
	if (s->conn == NULL)
		return (int)RTE_MIN(2ull * in_force(s).rcvbuf_bytes, (uint64_t)INT32_MAX);
	isla_tcp_get_info(s->conn, &info);
	return (int)RTE_MIN(2ull * info.rcvbuf_bytes, (uint64_t)INT32_MAX);
}

/* Linux keeps twice the value, for what it calls overhead; here half of that is data. */
static int
set_rcvbuf(struct sock *s, int v)
{
	uint32_t old = s->opts.rcvbuf_bytes;
	int rc;

	v = v < 0 || v > (int)BUF_MAX ? (int)BUF_MAX : v;
	s->opts.rcvbuf_bytes = (uint32_t)RTE_MAX(2 * v, RCVBUF_MIN) / 2;
	rc = sock_tcp_apply(s);
	if (rc == 0)
		s->rcvbuf = 2 * s->opts.rcvbuf_bytes;
	else
		s->opts.rcvbuf_bytes = old;
	return rc;
}

int
sock_sndbuf(struct sock *s)
{
	struct isla_tcp_info info;

	if (s->sndbuf != 0)
		return (int)s->sndbuf;
	if (s->conn == NULL)
		return (int)RTE_MIN(2ull * in_force(s).sndbuf_bytes, (uint64_t)INT32_MAX);
	isla_tcp_get_info(s->conn, &info);
	return (int)RTE_MIN(2ull * info.sndbuf_bytes, (uint64_t)INT32_MAX);
}

static int
set_sndbuf(struct sock *s, int v)
{
	uint32_t old = s->opts.sndbuf_bytes;
	int rc;

	v = v < 0 || v > (int)BUF_MAX ? (int)BUF_MAX : v;
	s->opts.sndbuf_bytes = (uint32_t)RTE_MAX(2 * v, SNDBUF_MIN) / 2;
	rc = sock_tcp_apply(s);
	if (rc == 0)
		s->sndbuf = 2 * s->opts.sndbuf_bytes;
	else
		s->opts.sndbuf_bytes = old;
	return rc;
}

/* Linux caps it where the window could not hold so much, and so do we. */
static int
set_rcvlowat(struct sock *s, int v)
{
	uint32_t most = (uint32_t)sock_rcvbuf(s) / 4;

	s->rcvlowat = v < 0 ? most : RTE_MIN((uint32_t)v, most);
	sock_wake(s, 0);
	return 0;
}

static int
get_rcvlowat(struct sock *s)
{
	return (int)RTE_MAX(s->rcvlowat, 1u);
}

static int
get_pacing(struct sock *s)
{
	return s->opts.max_pacing_rate != 0 ? (int)s->opts.max_pacing_rate : -1;
}

/* ~0 of an int or of a long: no bound. */
static int
set_pacing(struct sock *s, const void *value, uint32_t len)
{
	uint64_t rate = 0;

	if (len < sizeof(uint32_t))
		return -EINVAL;
	memcpy(&rate, value, len < sizeof(rate) ? sizeof(uint32_t) : sizeof(rate));
	s->opts.max_pacing_rate = rate >= UINT32_MAX ? 0 : (uint32_t)rate;
	return sock_tcp_apply(s);
}

static int
get_quickack(struct sock *s)
{
	struct isla_tcp_info info;

	if (s->conn == NULL)
		return 1;
	isla_tcp_get_info(s->conn, &info);
	return info.quickack;
}

/* An even number but 0: what is owed at once, and no more. */
static int
set_quickack(struct sock *s, int v)
{
	if (s->conn == NULL)
		return (v & 1) != 0 ? 0 : -ENOTCONN;
	isla_tcp_set_quickack(s->conn, v != 0);
	if (v != 0 && (v & 1) == 0)
		isla_tcp_set_quickack(s->conn, false);
	return 0;
}

static int
get_linger2(struct sock *s)
{
	return in_force(s).fin_wait2_s;
}

/* Linux's bound; 0, and what is beyond it: the stack's. Not to wait at all is not to be had. */
static int
set_linger2(struct sock *s, int v)
{
	if (v < 0)
		return -EINVAL;
	s->opts.fin_wait2_s = (uint16_t)(v > 120 ? 0 : v);
	return sock_tcp_apply(s);
}

static int
get_nodelay(struct sock *s)
{
	return s->opts.nodelay;
}

static int
set_nodelay(struct sock *s, int v)
{
	int rc;

	s->opts.nodelay = v != 0;
	rc = sock_tcp_apply(s);
	/* What cork or MSG_MORE hold back leaves. */
	if (rc == 0 && s->conn != NULL && v != 0)
		isla_tcp_set_nodelay(s->conn, true);
	return rc;
}

static int
get_cork(struct sock *s)
{
	return s->opts.cork;
}

static int
set_cork(struct sock *s, int v)
{
	s->opts.cork = v != 0;
	return sock_tcp_apply(s);
}

static int
get_maxseg(struct sock *s)
{
	struct isla_tcp_info info;

	if (s->conn == NULL)
		return s->opts.mss != 0 ? s->opts.mss : 536;
	isla_tcp_get_info(s->conn, &info);
	return info.snd_mss;
}

static int
set_maxseg(struct sock *s, int v)
{
	if (v != 0 && (v < 88 || v > 32767))
		return -EINVAL;
	s->opts.mss = (uint16_t)v;
	return sock_tcp_apply(s);
}

static int
get_user_timeout(struct sock *s)
{
	return (int)in_force(s).user_timeout_ms;
}

static int
set_user_timeout(struct sock *s, int v)
{
	if (v < 0)
		return -EINVAL;
	s->opts.user_timeout_ms = (uint32_t)v;
	return sock_tcp_apply(s);
}

static int
get_notsent_lowat(struct sock *s)
{
	return (int)s->notsent_lowat;
}

static int
set_notsent_lowat(struct sock *s, int v)
{
	s->notsent_lowat = (uint32_t)v;
	sock_wake(s, EPOLLOUT);
	return 0;
}

static int
get_keepidle(struct sock *s)
{
	return in_force(s).keep_idle_s;
}

static int
set_keepidle(struct sock *s, int v)
{
	if (v < 1 || v > 32767)
		return -EINVAL;
	s->opts.keep_idle_s = (uint16_t)v;
	return sock_tcp_apply(s);
}

static int
get_keepintvl(struct sock *s)
{
	return in_force(s).keep_intvl_s;
}

static int
set_keepintvl(struct sock *s, int v)
{
	if (v < 1 || v > 32767)
		return -EINVAL;
	s->opts.keep_intvl_s = (uint16_t)v;
	return sock_tcp_apply(s);
}

static int
get_keepcnt(struct sock *s)
{
	return in_force(s).keep_cnt;
}

static int
set_keepcnt(struct sock *s, int v)
{
	if (v < 1 || v > 127)
		return -EINVAL;
	s->opts.keep_cnt = (uint8_t)v;
	return sock_tcp_apply(s);
}

static int
get_syncnt(struct sock *s)
{
	return in_force(s).syn_retries;
}

static int
set_syncnt(struct sock *s, int v)
{
	if (v < 1 || v > 127)
		return -EINVAL;
	s->opts.syn_retries = (uint8_t)v;
	return sock_tcp_apply(s);
}

static int
get_defer(struct sock *s)
{
	return s->defer_s;
}

/* Linux counts it in retransmissions of the SYN,ACK: what 1 s, doubled up to 64 s each time, comes
 * to. */
static int
set_defer(struct sock *s, int v)
{
	int wait = 1, sum = 1;

	while (v > sum && sum <= UINT8_MAX - 64) {
		wait = RTE_MIN(2 * wait, 64);
		sum += wait;
	}
	s->defer_s = (uint8_t)(v > 0 ? sum : 0);
	if (s->listener != NULL)
		isla_tcp_listener_set_defer(s->listener, s->defer_s * 1000000u);
	return 0;
}

static int
get_tos(struct sock *s)
{
	return s->opts.tos;
}

static int
set_tos(struct sock *s, int v)
{
	/* The two lowest bits are ECN's, and TCP's own. */
	s->opts.tos = (uint8_t)(v & 0xfc);
	return sock_tcp_apply(s);
}

static int
set_tclass(struct sock *s, int v)
{
	if (v < -1 || v > 255)
		return -EINVAL;
	return set_tos(s, v == -1 ? 0 : v);
}

static int
get_hops(struct sock *s)
{
	return s->opts.hop_limit != 0 ? s->opts.hop_limit : 64;
}

static int
set_hops(struct sock *s, int v)
{
	if (v != -1 && (v < 1 || v > 255))
		return -EINVAL;
	s->opts.hop_limit = (uint8_t)(v == -1 ? 0 : v);
	return sock_tcp_apply(s);
}

static int
get_v6only(struct sock *s)
{
	return s->v6only;
}

static int
set_v6only(struct sock *s, int v)
{
	if (s->bound)
		return -EINVAL;
	s->v6only = v != 0;
	return 0;
}

struct option {
	int level;
	int name;
	uint8_t kinds;
	int (*get)(struct sock *s);
	int (*set)(struct sock *s, int value); /* NULL: it can only be read */
};

static const struct option options[] = {
	{SOL_SOCKET, SO_ERROR, FOR_ALL, get_error, NULL},
	{SOL_SOCKET, SO_TYPE, FOR_ALL, get_type, NULL},
	{SOL_SOCKET, SO_PROTOCOL, FOR_ALL, get_protocol, NULL},
	{SOL_SOCKET, SO_DOMAIN, FOR_ALL, get_domain, NULL},
	{SOL_SOCKET, SO_ACCEPTCONN, FOR_ALL, get_acceptconn, NULL},
	{SOL_SOCKET, SO_REUSEADDR, FOR_ALL, get_reuse, set_reuse},
	{SOL_SOCKET, SO_BROADCAST, FOR_UDP, get_broadcast, set_broadcast},
	{SOL_SOCKET, SO_OOBINLINE, FOR_TCP, get_inline, set_inline},
	{SOL_SOCKET, SO_KEEPALIVE, FOR_TCP, get_keepalive, set_keepalive},
	{SOL_SOCKET, SO_RCVBUF, FOR_ALL, sock_rcvbuf, set_rcvbuf},
	{SOL_SOCKET, SO_SNDBUF, FOR_TCP, sock_sndbuf, set_sndbuf},
	{SOL_SOCKET, SO_RCVLOWAT, FOR_TCP, get_rcvlowat, set_rcvlowat},
	{SOL_SOCKET, SO_MAX_PACING_RATE, FOR_TCP, get_pacing, NULL},
	{IPPROTO_TCP, TCP_NODELAY, FOR_TCP, get_nodelay, set_nodelay},
	{IPPROTO_TCP, TCP_CORK, FOR_TCP, get_cork, set_cork},
	{IPPROTO_TCP, TCP_MAXSEG, FOR_TCP, get_maxseg, set_maxseg},
	{IPPROTO_TCP, TCP_USER_TIMEOUT, FOR_TCP, get_user_timeout, set_user_timeout},
	{IPPROTO_TCP, TCP_NOTSENT_LOWAT, FOR_TCP, get_notsent_lowat, set_notsent_lowat},
	{IPPROTO_TCP, TCP_KEEPIDLE, FOR_TCP, get_keepidle, set_keepidle},
	{IPPROTO_TCP, TCP_KEEPINTVL, FOR_TCP, get_keepintvl, set_keepintvl},
	{IPPROTO_TCP, TCP_KEEPCNT, FOR_TCP, get_keepcnt, set_keepcnt},
	{IPPROTO_TCP, TCP_SYNCNT, FOR_TCP, get_syncnt, set_syncnt},
	{IPPROTO_TCP, TCP_QUICKACK, FOR_TCP, get_quickack, set_quickack},
	{IPPROTO_TCP, TCP_LINGER2, FOR_TCP, get_linger2, set_linger2},
	{IPPROTO_TCP, TCP_DEFER_ACCEPT, FOR_TCP, get_defer, set_defer},
	{IPPROTO_TCP, TCP_FASTOPEN, FOR_TCP, sock_fastopen_get_queue, sock_fastopen_set_queue},
	{IPPROTO_TCP, TCP_FASTOPEN_CONNECT, FOR_TCP, sock_fastopen_get_connect,
		sock_fastopen_set_connect},
	{IPPROTO_IP, IP_TOS, FOR_TCP, get_tos, set_tos},
	{IPPROTO_IP, IP_TTL, FOR_TCP, get_hops, set_hops},
	{IPPROTO_IPV6, IPV6_TCLASS, FOR_TCP, get_tos, set_tclass},
	{IPPROTO_IPV6, IPV6_UNICAST_HOPS, FOR_TCP, get_hops, set_hops},
	{IPPROTO_IPV6, IPV6_V6ONLY, FOR_ALL, get_v6only, set_v6only},
};

static const struct option *
option_find(const struct sock *s, int level, int name)
{
	unsigned int i;

	/* IPPROTO_IPV6 is for AF_INET6 alone; of the other way round nothing is left to set. */
	if ((level == IPPROTO_IPV6 && !s->is_v6) || (level == IPPROTO_IP && s->is_v6))
		return NULL;
	for (i = 0; i < RTE_DIM(options); i++)
		if (options[i].level == level && options[i].name == name &&
			(options[i].kinds & 1 << s->kind) != 0)
			return &options[i];
	return NULL;
}

/* The other way to say NewReno. */
static const char *
cc_name(const char *name, const char *from, const char *to)
{
	return strcmp(name, from) == 0 ? to : name;
}

static int
set_congestion(struct sock *s, const void *value, uint32_t len)
{
	char name[CC_NAME] = "", old[CC_NAME];
	const char *names = isla_tcp_cc_names(), *known, *at;
	size_t n;
	int rc;

	if (len < 1)
		return -EINVAL;
	memcpy(name, value, RTE_MIN(len, (uint32_t)CC_NAME - 1));
	known = cc_name(name, "reno", "newreno");
	n = strlen(known);
	for (at = names; at != NULL; at = strchr(at, ',')) {
		at += strspn(at, ", ");
		if (n > 0 && strncmp(at, known, n) == 0 && strcspn(at, ", ") == n)
			break;
	}
	if (at == NULL)
		return -ENOENT;
	memcpy(old, s->cc, sizeof(old));
	memset(s->cc, 0, sizeof(s->cc));
	memcpy(s->cc, known, n);
	s->opts.cc = s->cc;
	rc = sock_tcp_apply(s);
	if (rc == 0)
		return 0;
	memcpy(s->cc, old, sizeof(old));
	s->opts.cc = s->cc[0] != '\0' ? s->cc : NULL;
	return rc;
}

static int
set_linger(struct sock *s, const void *value, uint32_t len)
{
	struct linger linger;

	if (len < sizeof(linger))
		return -EINVAL;
	memcpy(&linger, value, sizeof(linger));
	s->linger_on = linger.l_onoff != 0;
	if (s->linger_on)
		s->linger_s = (uint32_t)RTE_MAX(linger.l_linger, 0);
	return 0;
}

static int
set_timeout(uint64_t *us, const void *value, uint32_t len)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	/* Negative: not at all, which is what 1 us comes to. */
	if (tv.tv_sec < 0)
		*us = 1;
	else if (tv.tv_sec == 0 && tv.tv_usec == 0)
		*us = UINT64_MAX;
	else
		*us = (uint64_t)RTE_MIN(tv.tv_sec, INT32_MAX) * 1000000 + (uint64_t)tv.tv_usec;
	return 0;
}

int
isla_socket_setsockopt(struct isla_socket_table *t, int fd, int level, int name,
	const void *value, uint32_t len)
{
	struct sock *s = sock_get(t, fd);
	const struct option *o;
	int v = 0;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if (level == SOL_SOCKET && name == SO_LINGER)
		return set_linger(s, value, len);
	if (level == SOL_SOCKET && name == SO_RCVTIMEO)
		return set_timeout(&s->rcvtimeo_us, value, len);
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		return set_timeout(&s->sndtimeo_us, value, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION && s->kind == SOCK_TCP)
		return set_congestion(s, value, len);
	if (level == SOL_SOCKET && name == SO_MAX_PACING_RATE && s->kind == SOCK_TCP)
		return set_pacing(s, value, len);
	o = option_find(s, level, name);
	if (o == NULL || o->set == NULL)
		return -ENOPROTOOPT;
	/* Options of IPv4's may be a byte. */
	if (len < sizeof(v) && (level != IPPROTO_IP || len < 1))
		return -EINVAL;
	if (len < sizeof(v))
		v = *(const uint8_t *)value;
	else
		memcpy(&v, value, sizeof(v));
	return o->set(s, v);
}

/* Give a value out, cut to the room there is. */
static int
give(void *value, uint32_t *len, const void *from, uint32_t size)
{
	*len = RTE_MIN(*len, size);
	memcpy(value, from, *len);
	return 0;
}

static int
get_timeout(uint64_t us, void *value, uint32_t *len)
{
	struct timeval tv = {.tv_sec = 0};

	if (us != UINT64_MAX) {
		tv.tv_sec = (time_t)(us / 1000000);
		tv.tv_usec = (suseconds_t)(us % 1000000);
	}
	return give(value, len, &tv, sizeof(tv));
}

static int
get_congestion(struct sock *s, void *value, uint32_t *len)
{
	char name[CC_NAME] = "";
	const char *known = cc_name(in_force(s).cc, "newreno", "reno");

	memcpy(name, known, RTE_MIN(strlen(known), sizeof(name) - 1));
	return give(value, len, name, sizeof(name));
}

int
isla_socket_getsockopt(struct isla_socket_table *t, int fd, int level, int name, void *value,
	uint32_t *len)
{
	struct sock *s = sock_get(t, fd);
	struct linger linger;
	const struct option *o;
	int v;

	if (s == NULL)
		return -EBADF;
	if (s->kind == SOCK_EPOLL)
		return -ENOTSOCK;
	if (level == SOL_SOCKET && name == SO_LINGER) {
		linger.l_onoff = s->linger_on;
		linger.l_linger = (int)s->linger_s;
		return give(value, len, &linger, sizeof(linger));
	}
	if (level == SOL_SOCKET && name == SO_RCVTIMEO)
		return get_timeout(s->rcvtimeo_us, value, len);
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		return get_timeout(s->sndtimeo_us, value, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION && s->kind == SOCK_TCP)
		return get_congestion(s, value, len);
	if (level == IPPROTO_TCP && name == TCP_INFO && s->kind == SOCK_TCP) {
		*len = sock_tcp_info(s, value, *len);
		return 0;
	}
	if (level == SOL_SOCKET && name == SO_MEMINFO) {
		*len = sock_mem_info(s, value, *len);
		return 0;
	}
	if (level == IPPROTO_TCP && name == TCP_CC_INFO && s->kind == SOCK_TCP) {
		/* What an algorithm tells that has nothing to tell. */
		*len = 0;
		return 0;
	}
	o = option_find(s, level, name);
	/* Linux's words for a level that is none of the socket's. */
	if (o == NULL && !s->is_v6 && level != SOL_SOCKET && level != IPPROTO_IP &&
		level != (s->kind == SOCK_TCP ? IPPROTO_TCP : IPPROTO_UDP))
		return -EOPNOTSUPP;
	if (o == NULL)
		return -ENOPROTOOPT;
	v = o->get(s);
	return give(value, len, &v, sizeof(v));
}
