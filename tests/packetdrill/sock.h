/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKETDRILL_SOCK_H
#define PACKETDRILL_SOCK_H

/*
 * POSIX's socket calls on the stack under test, as far as scripts use them. No call blocks: one that
 * would returns -EAGAIN, and whether that is the answer or the script waits is the caller's to
 * know, from sock_is_blocking(). All return what the system call does, or -errno.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_stack.h"

struct socks;

struct socks *socks_create(struct isla_stack *stack, struct rte_mempool *pool);
void socks_free(struct socks *s);

int sock_socket(struct socks *s, int domain, int type, int proto);
int sock_bind(struct socks *s, int fd, const struct isla_addr *addr, uint16_t port);
int sock_listen(struct socks *s, int fd, int backlog);
int sock_accept(struct socks *s, int fd);
int sock_connect(struct socks *s, int fd, const struct isla_addr *addr, uint16_t port);
int64_t sock_recv(struct socks *s, int fd, uint32_t len, int flags);
int64_t sock_send(struct socks *s, int fd, uint32_t len, int flags);
int sock_shutdown(struct socks *s, int fd, int how);
int sock_close(struct socks *s, int fd);
int sock_fcntl(struct socks *s, int fd, int cmd, int64_t arg);
int sock_setsockopt(struct socks *s, int fd, int level, int opt, const void *val, uint32_t len);
int sock_getsockopt(struct socks *s, int fd, int level, int opt, void *val, uint32_t *len);
int sock_poll(struct socks *s, int fd, int events); /* revents */
int sock_ioctl(struct socks *s, int fd, unsigned long request, int *value);

bool sock_is_blocking(const struct socks *s, int fd);
/* The local port of a socket that is bound or connected; 0: neither. */
uint16_t sock_port(const struct socks *s, int fd);

#endif /* PACKETDRILL_SOCK_H */
