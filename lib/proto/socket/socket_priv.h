/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SOCKET_PRIV_H
#define SOCKET_PRIV_H

/*
 * The inside of the socket room. A socket mirrors what Linux keeps of one where its answers depend
 * on it: an error to be reported once, the directions that are shut down, whether a FIN has come,
 * and how far connect() has got; the rest it asks the connection for.
 */

#include <stdbool.h>
#include <stdint.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core.h"
#include "isla_socket.h"
#include "isla_tcp.h"
#include "isla_udp.h"

#define SOCK_NONE UINT32_MAX

#define SHUT_RCV 1 /* sock::shut */
#define SHUT_SND 2

/* Linux's numbers of TCP's states (TCP_INFO); also used for what no connection stands behind. */
enum {
	LX_ESTABLISHED = 1,
	LX_SYN_SENT,
	LX_SYN_RECV,
	LX_FIN_WAIT1,
	LX_FIN_WAIT2,
	LX_TIME_WAIT,
	LX_CLOSE,
	LX_CLOSE_WAIT,
	LX_LAST_ACK,
	LX_LISTEN,
	LX_CLOSING,
};

enum sock_kind {
	SOCK_FREE,
	SOCK_TCP,
	SOCK_UDP,
	SOCK_EPOLL,
};

/* What connect() has been told: Linux's SS_*. */
enum sock_phase {
	SOCK_UNCONNECTED,
	SOCK_CONNECTING,
	SOCK_CONNECTED,
	SOCK_DISCONNECTING, /* shut down before it got anywhere */
};

struct sock {
	struct isla_socket_table *t;
	uint32_t next;          /* free ones; the accept queue's next */
	uint8_t kind;           /* enum sock_kind */
	uint8_t phase;          /* enum sock_phase */
	uint8_t shut;           /* SHUT_RCV, SHUT_SND */
	int fd;                 /* -1 while it waits to be accepted */
	bool done;              /* a FIN has come, or the connection has ended: SOCK_DONE */
	bool nonblock;
	bool cloexec;
	bool is_v6;             /* AF_INET6 */
	bool v6only;
	bool reuse;
	bool linger_on;
	bool bound;             /* local and local_port are set */
	bool autobound;         /* but not by bind() */
	bool nospace;           /* somebody wants to hear when there is room to send */
	bool opts_changed;      /* opts of a listener, since it listens */
	bool broadcast;
	bool fastopen_connect;  /* TCP_FASTOPEN_CONNECT */
	bool deferred;          /* such a connect() waits for the first data: no conn yet */
	uint16_t fastopen_max;  /* TCP_FASTOPEN of a listener */
	uint8_t defer_s;        /* TCP_DEFER_ACCEPT of a listener; 0: off */
	uint32_t rcvlowat;      /* SO_RCVLOWAT; 0: one byte */
	bool urgent;            /* urgent data has come: POLLPRI until urgent_left is read */
	int err;                /* to be reported once */
	int soft_err;
	uint32_t linger_s;
	uint64_t rcvtimeo_us;   /* UINT64_MAX: none */
	uint64_t sndtimeo_us;
	struct isla_addr local;
	struct isla_addr remote;
	uint16_t local_port;
	uint16_t remote_port;   /* not 0: connected */
	uint32_t urgent_left;
	uint32_t rcvbuf;        /* as SO_RCVBUF tells it: twice what there is */
	uint32_t sndbuf;

	/* TCP. */
	struct isla_tcp_conn *conn;
	struct isla_tcp_listener *listener;
	struct isla_tcp_opts opts; /* what was asked for; of conn, too, where there is one */
	char cc[16];
	uint32_t notsent_lowat; /* TCP_NOTSENT_LOWAT; 0: no bound */
	uint32_t backlog;
	uint32_t nb_accept;     /* in the accept queue */
	uint32_t accept_head, accept_tail;

	/* What was received: of TCP what isla_tcp_recv() gave and the program has not read, of UDP
	 * datagrams, one behind the other by their private area. */
	struct rte_mbuf *rx;
	struct rte_mbuf *rx_tail;
	uint32_t rx_bytes;
	uint32_t nb_rx;
	struct isla_udp_sock *udp;
	struct isla_addr src;   /* of UDP while it is connected: what it sends from */

	uint32_t item;          /* the first epoll item: of an instance its own, else of this fd */
	uint32_t cursor;        /* epoll: where the next wait begins to look */
};

/* A descriptor in an epoll instance. */
struct sock_item {
	uint32_t ep;            /* socks of the instance and of the descriptor */
	uint32_t sock;
	uint32_t ep_next;       /* in the instance; free ones */
	uint32_t sock_next;     /* of the descriptor */
	uint32_t events;        /* 0 but for EPOLLET and EPOLLONESHOT: switched off */
	bool is_new;            /* edge triggered: something has happened since it was reported */
};

struct isla_socket_table {
	struct core *core;
	struct isla_tcp *tcp;
	struct isla_udp *udp;
	struct inet *inet;
	struct isla_socket_conf conf;
	struct sock *sock;
	uint32_t *fd;           /* a descriptor's socket, or SOCK_NONE */
	uint32_t sock_free;
	uint32_t nb_fds;        /* in use */
	struct sock_item *item;
	uint32_t item_free;
	struct timer timer;
};

/* socket.c */
static inline uint32_t
sock_index(const struct sock *s)
{
	return (uint32_t)(s - s->t->sock);
}
/* NULL where the descriptor is not open. */
struct sock *sock_get(struct isla_socket_table *t, int fd);
/* A fresh one without a descriptor; NULL: none is left. */
struct sock *sock_alloc(struct isla_socket_table *t, enum sock_kind kind);
/* Why there is none: -EMFILE where all have descriptors, -ENFILE where some wait to be accepted. */
int sock_none(const struct isla_socket_table *t);
/* Give it a descriptor; -EMFILE. */
int sock_fd(struct sock *s);
/* Something has happened that EPOLL* tell; 0: anything. */
void sock_wake(struct sock *s, uint32_t events);
/* Close it: as close(2), or with a reset. */
void sock_close(struct sock *s, bool abort);
/* The error to report, once; 0 or less than that. */
int sock_error(struct sock *s);
/* Throw what was received away. */
void sock_rx_purge(struct sock *s);

/* socket_bind.c */
/* 0, -EAFNOSUPPORT or -EINVAL: what the stack calls this address, on this socket. */
int sock_addr_in(const struct sock *s, const struct isla_socket_addr *in, struct isla_addr *addr);
/* An address as the program sees it. */
void sock_addr_out(const struct sock *s, const struct isla_addr *addr, uint16_t port,
	struct isla_socket_addr *out);
/* Choose a free local port, if there is none yet. 0, -EADDRINUSE */
int sock_autobind(struct sock *s);
/* What it is bound to comes to use. 0 or -errno */
int sock_uses_port(const struct sock *s);

/* socket_tcp.c */
/* True where data may pass: also in the handshake of a connection that was accepted in it, with
 * Fast Open. */
static inline bool
sock_tcp_is_open(const struct sock *s, int state)
{
	return state != LX_SYN_SENT && (state != LX_SYN_RECV || s->phase == SOCK_CONNECTED);
}
/* Linux's number of the state. */
int sock_tcp_state(const struct sock *s);
int sock_tcp_listen(struct sock *s, int backlog);
int sock_tcp_connect(struct sock *s, const struct isla_addr *remote, uint16_t port);
/* AF_UNSPEC, and what shutdown() makes of SYN-SENT. */
void sock_tcp_disconnect(struct sock *s);
void sock_tcp_shutdown(struct sock *s, int how);
void sock_tcp_close(struct sock *s, bool abort);
/* Let the connection or the listener have s->opts. 0 or -errno. */
int sock_tcp_apply(struct sock *s);
/* TCP_NOTSENT_LOWAT: true where half of that waits to be sent, and there is no room to tell of. */
bool sock_tcp_has_backlog(const struct sock *s);
/* Likewise: the most that a call queues. */
uint64_t sock_tcp_send_max(const struct sock *s);

/* socket_fastopen.c */
/* connect() with TCP_FASTOPEN_CONNECT: true where it is done, and the first data opens. */
bool sock_fastopen_defer(struct sock *s, const struct isla_addr *remote, uint16_t port);
/* A call that sends and opens. 0: go on, data for sock_fastopen_most() may be queued; -EINPROGRESS,
 * or -EAGAIN where the call blocks: the connection is being opened, without data. */
int sock_fastopen_begin(struct sock *s, int flags, const struct isla_socket_addr *to);
/* What may be queued of len: in SYN-SENT what goes with the SYN. */
size_t sock_fastopen_most(const struct sock *s, size_t len);
int sock_fastopen_get_queue(struct sock *s);
int sock_fastopen_set_queue(struct sock *s, int v);
int sock_fastopen_get_connect(struct sock *s);
int sock_fastopen_set_connect(struct sock *s, int v);

/* socket_udp.c */
int sock_udp_connect(struct sock *s, const struct isla_addr *remote, uint16_t port);
void sock_udp_close(struct sock *s);
/* Have a port at the stack; 0 or -errno. */
int sock_udp_open(struct sock *s);
int64_t sock_udp_recv(struct sock *s, void *buf, size_t len, int flags,
	struct isla_socket_addr *from);
int64_t sock_udp_recv_mbuf(struct sock *s, struct rte_mbuf **m, int flags,
	struct isla_socket_addr *from);
/* Takes the mbuf in every case. */
int64_t sock_udp_send(struct sock *s, struct rte_mbuf *m, const struct isla_socket_addr *to);
/* The length of the next datagram, as FIONREAD has it. */
uint32_t sock_udp_next_len(const struct sock *s);

/* socket_poll.c */
/* What poll(2) would tell: EPOLL*. */
uint32_t sock_poll(const struct sock *s);
bool sock_epoll_is_ready(const struct sock *s);
void sock_epoll_close(struct sock *s);
/* Take a socket out of every instance. */
void sock_epoll_forget(struct sock *s);

/* socket_info.c */
struct isla_tcp_info;
/* Linux's struct tcp_info; len bytes of it at most. Returns its length. */
uint32_t sock_tcp_info(const struct sock *s, void *value, uint32_t len);
/* SO_MEMINFO, likewise. */
uint32_t sock_mem_info(struct sock *s, void *value, uint32_t len);

/* socket_opt.c */
/* SO_RCVBUF and SO_SNDBUF. */
int sock_rcvbuf(struct sock *s);
int sock_sndbuf(struct sock *s);

#endif /* SOCKET_PRIV_H */
