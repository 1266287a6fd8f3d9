/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAKE_TCP_H
#define FAKE_TCP_H

/*
 * A stack for tests of what stands on TCP and UDP: the calls of isla_tcp.h and isla_udp.h without a
 * protocol behind them. The test plays the peer. A breach of the contract (a handle used after it
 * was closed, more consumed than received, an mbuf with two owners, ...) aborts the test at once.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_stack.h"

/* Mbufs come from the pool, references to memory from ref_pool. One fake at a time. */
struct isla_stack *fake_stack_create(struct rte_mempool *pool, struct rte_mempool *ref_pool);

/* All connections must have been closed by the service, or be reset here first: their queues are
 * freed, without a callback. */
void fake_stack_free(struct isla_stack *stack);

/* One round of the shard: timers, then callbacks. Time passes only by fake_advance(). */
void fake_burst(struct isla_stack *stack);

/* Let time pass, in rounds at each of the wheel's deadlines. */
void fake_advance(struct isla_stack *stack, uint64_t us);

/* A peer connects. NULL where nobody listens or the service refuses. */
struct isla_tcp_conn *fake_connect(struct isla_stack *stack, uint16_t port);

/* The peer sends bytes, in mbufs of at most seg_len bytes (0: as large as they get). */
void fake_feed(struct isla_tcp_conn *conn, const void *data, size_t len, uint16_t seg_len);

/* The peer sends FIN, or RST (or vanishes: err). */
void fake_fin(struct isla_tcp_conn *conn);
void fake_reset(struct isla_tcp_conn *conn, int err);

/* The peer reads and acknowledges up to len bytes of what was sent; SIZE_MAX: all. Returns how
 * many. */
size_t fake_read(struct isla_tcp_conn *conn, size_t len);

/* What the peer has read, and how much. Not kept after fake_set_count_only(). */
const char *fake_text(struct isla_tcp_conn *conn);
uint64_t fake_len(const struct isla_tcp_conn *conn);
void fake_text_clear(struct isla_tcp_conn *conn);
void fake_set_count_only(struct isla_tcp_conn *conn);

/* Settings: the size of the send queue; failures of isla_tcp_send_ext() with -ENOBUFS. */
void fake_set_sndbuf(struct isla_tcp_conn *conn, uint32_t nb_bytes);
void fake_set_enobufs(struct isla_stack *stack, unsigned int nb_calls);

/* What the service did. Still valid after the service let go of the handle. */
bool fake_got_fin(const struct isla_tcp_conn *conn);    /* shut down or closed; all is read */
bool fake_is_closed(const struct isla_tcp_conn *conn);  /* isla_tcp_close() */
bool fake_is_aborted(const struct isla_tcp_conn *conn); /* isla_tcp_abort(), or refused */
bool fake_is_nodelay(const struct isla_tcp_conn *conn);
uint32_t fake_unconsumed(const struct isla_tcp_conn *conn);
uint32_t fake_sndq(const struct isla_tcp_conn *conn);

/* A datagram comes. It is described in isla_pkt with the flags. */
void fake_datagram(struct isla_stack *stack, uint16_t port, const struct isla_udp_ends *ends,
	uint8_t flags, const void *data, size_t len);

/* The last datagram that was sent since the last call, as text; -1: none. */
int fake_datagram_sent(struct isla_stack *stack, struct isla_udp_ends *ends, void *buf,
	size_t size);

/* Ports that are open now, both protocols together. */
unsigned int fake_nb_ports(const struct isla_stack *stack);

#endif /* FAKE_TCP_H */
