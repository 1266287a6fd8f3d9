/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_SOCKET_H
#define ISLA_SOCKET_H

/**
 * @file
 * Sockets on one shard's stack: file descriptors, flags, options and errors as Linux has them, over
 * isla_tcp.h and isla_udp.h.
 *
 * No call blocks, whatever O_NONBLOCK says: a call that would block returns -EAGAIN (connect:
 * -EINPROGRESS), and isla_socket_conf::wake tells when to try again. Whoever offers blocking calls
 * to a program asks isla_socket_may_block() and waits.
 *
 * Every call returns 0 or more, or a negative errno value. Constants are those of the system's
 * headers. A socket outlives its connection, until it is closed. All calls are made from the
 * shard's own thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "isla_addr.h"
#include "isla_stack.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A table of sockets, and the descriptors that name them. */
struct isla_socket_table;

/** How a table is made. A field that is 0 takes the default in brackets. */
struct isla_socket_conf {
	uint32_t max_socks;  /**< sockets and epoll instances, also those not accepted yet [1024] */
	uint32_t max_items;  /**< descriptors in all epoll instances together [4096] */
	uint32_t first_fd;   /**< the lowest descriptor; others follow without a gap [0] */
	/**
	 * Something that a call may have been waiting for has happened: on this descriptor, or on
	 * one not accepted yet (-1), or a time has come (-1). Called within the stack's callbacks;
	 * it may make any call here but isla_socket_table_free(). NULL: nobody waits.
	 */
	void (*wake)(void *ctx, int fd);
	/**
	 * A socket is about to receive on a port that the program has chosen, or to connect from
	 * it. Where there are several shards, this one must be sent what comes to it, from now on
	 * and as long as there may be a connection of it. Within the call, which fails with what
	 * it returns, 0 or -errno; NULL: there is one shard, and else connect() from a port that is
	 * not of this shard's slice fails with EADDRNOTAVAIL.
	 */
	int (*uses_port)(void *ctx, uint16_t port);
	void *ctx;
};

/** An end of a connection. */
struct isla_socket_addr {
	uint16_t family;       /**< AF_INET; AF_INET6, perhaps with a mapped IPv4 address */
	uint16_t port;         /**< host byte order */
	struct isla_addr addr;
};

/** Memory of the caller's that is sent without a copy; see isla_tcp_send_ext(). */
struct isla_socket_mem {
	const void *data;
	rte_iova_t iova;       /**< RTE_BAD_IOVA where the port needs none */
	uint32_t len;          /**< what is sent may be longer: then it repeats */
	struct rte_mbuf_ext_shared_info *shinfo;
};

/** One descriptor to isla_socket_poll(). */
struct isla_socket_pollfd {
	int fd;                /**< less than 0: is passed over */
	uint16_t events;
	uint16_t revents;
};

/** One result of isla_socket_epoll_wait(). */
struct isla_socket_event {
	int fd;
	uint32_t events;
};

/**
 * Create a table. One stack may have several.
 *
 * @return the table; NULL with rte_errno ENOMEM
 */
struct isla_socket_table *isla_socket_table_create(struct isla_stack *stack,
	const struct isla_socket_conf *conf);

/** Reset all and free the table, before the stack is freed; NULL is allowed. */
void isla_socket_table_free(struct isla_socket_table *t);

/** Close every descriptor, which wakes whoever waits. abort: connections are reset, as by SO_LINGER
 * with a time of 0. Returns how many there were. */
int isla_socket_close_all(struct isla_socket_table *t, bool abort);

/** As socket(2), with SOCK_NONBLOCK and SOCK_CLOEXEC. AF_INET and AF_INET6, SOCK_STREAM and
 * SOCK_DGRAM. -EMFILE: every descriptor is open; -ENFILE: what is left of the table waits to be
 * accepted. */
int isla_socket_open(struct isla_socket_table *t, int domain, int type, int proto);
int isla_socket_bind(struct isla_socket_table *t, int fd, const struct isla_socket_addr *addr);
int isla_socket_listen(struct isla_socket_table *t, int fd, int backlog);
/** As accept4(2); addr may be NULL. */
int isla_socket_accept(struct isla_socket_table *t, int fd, struct isla_socket_addr *addr,
	int flags);
/** As connect(2) on a socket with O_NONBLOCK. addr NULL stands for AF_UNSPEC: a TCP connection is
 * reset, a UDP socket forgets its peer. */
int isla_socket_connect(struct isla_socket_table *t, int fd, const struct isla_socket_addr *addr);
int isla_socket_shutdown(struct isla_socket_table *t, int fd, int how);
/** As close(2), at once; a program that waits for SO_LINGER calls isla_socket_linger() first. */
int isla_socket_close(struct isla_socket_table *t, int fd);
/** What close(2) does before it waits for SO_LINGER's time: sends FIN. Returns the time in seconds
 * where there is something to wait for, else 0. */
int isla_socket_linger(struct isla_socket_table *t, int fd);
int isla_socket_getsockname(struct isla_socket_table *t, int fd, struct isla_socket_addr *addr);
int isla_socket_getpeername(struct isla_socket_table *t, int fd, struct isla_socket_addr *addr);

/**
 * As recvfrom(2), MSG_WAITALL aside, which is for whoever waits. Copies.
 *
 * @param buf   NULL: the data is thrown away (with MSG_PEEK: counted), and nothing is copied
 * @param from  of a datagram; may be NULL
 */
int64_t isla_socket_recv(struct isla_socket_table *t, int fd, void *buf, size_t len, int flags,
	struct isla_socket_addr *from);

/** All that waits, or one datagram, as a chain that becomes the caller's: without a copy. Returns
 * its length; 0 with *m NULL at the end of a stream. flags: MSG_DONTWAIT alone. */
int64_t isla_socket_recv_mbuf(struct isla_socket_table *t, int fd, struct rte_mbuf **m, int flags,
	struct isla_socket_addr *from);

/** Bytes that a blocking read waits for: SO_RCVLOWAT, 1 by default. */
uint32_t isla_socket_rcvlowat(struct isla_socket_table *t, int fd);

/** As sendto(2); copies. to may be NULL. MSG_EOR: what is taken ends a record, see
 * isla_tcp_send_record(). With MSG_FASTOPEN it opens the connection: -EINPROGRESS, or
 * -EAGAIN where the call may block, says that this goes on without data. */
int64_t isla_socket_send(struct isla_socket_table *t, int fd, const void *buf, size_t len,
	int flags, const struct isla_socket_addr *to);

/** The same from memory that is referred to until the peer has acknowledged it. */
int64_t isla_socket_send_ext(struct isla_socket_table *t, int fd,
	const struct isla_socket_mem *mem, size_t len, int flags,
	const struct isla_socket_addr *to);

/** The same with a chain of mbufs, all or nothing. The chain is taken in every case but -EAGAIN and
 * -EINPROGRESS: on another error it has been freed. */
int64_t isla_socket_send_mbuf(struct isla_socket_table *t, int fd, struct rte_mbuf *m, int flags,
	const struct isla_socket_addr *to);

/** F_GETFL, F_SETFL (O_NONBLOCK alone), F_GETFD, F_SETFD. */
int isla_socket_fcntl(struct isla_socket_table *t, int fd, int cmd, int arg);
/** FIONREAD (SIOCINQ), SIOCOUTQ (TIOCOUTQ), SIOCOUTQNSD, SIOCATMARK, FIONBIO; the value is *arg. */
int isla_socket_ioctl(struct isla_socket_table *t, int fd, unsigned long req, int *arg);
/** @param len  in: room at value; out: length of the value */
int isla_socket_getsockopt(struct isla_socket_table *t, int fd, int level, int name, void *value,
	uint32_t *len);
int isla_socket_setsockopt(struct isla_socket_table *t, int fd, int level, int name,
	const void *value, uint32_t len);

/** As poll(2) with a timeout of 0. */
int isla_socket_poll(struct isla_socket_table *t, struct isla_socket_pollfd *fds, uint32_t nb);
int isla_socket_epoll_create(struct isla_socket_table *t);
/** As epoll_ctl(2); the event's data is the descriptor. */
int isla_socket_epoll_ctl(struct isla_socket_table *t, int epfd, int op, int fd, uint32_t events);
/** As epoll_wait(2) with a timeout of 0. */
int isla_socket_epoll_wait(struct isla_socket_table *t, int epfd, struct isla_socket_event *events,
	int max);

/** True where a call with these MSG_* flags waits: neither O_NONBLOCK nor MSG_DONTWAIT is set. */
bool isla_socket_may_block(struct isla_socket_table *t, int fd, int flags);
/** SO_RCVTIMEO or SO_SNDTIMEO in microseconds; UINT64_MAX: for ever. */
uint64_t isla_socket_timeout_us(struct isla_socket_table *t, int fd, bool is_send);
/** True for SOCK_STREAM. */
bool isla_socket_is_stream(struct isla_socket_table *t, int fd);
/** True while a connection is being opened: connect(2) waits for that. */
bool isla_socket_is_connecting(struct isla_socket_table *t, int fd);
/** True while a FIN of ours has not been acknowledged: close(2) with SO_LINGER waits for that. */
bool isla_socket_is_closing(struct isla_socket_table *t, int fd);

/** The stack's clock. */
uint64_t isla_socket_now_us(const struct isla_socket_table *t);
/** Call isla_socket_conf::wake at that time; one at a table, the last that was set. UINT64_MAX:
 * never. */
void isla_socket_wake_at(struct isla_socket_table *t, uint64_t at_us);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_SOCKET_H */
