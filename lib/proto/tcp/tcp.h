/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_H
#define TCP_H

/* TCP, as the stack drives it. */

#include "inet.h"
#include "isla_tcp.h"

/* NULL where memory is short. Registers itself with inet and the timer wheel. */
struct isla_tcp *tcp_create(struct core *core, struct inet *inet, const struct isla_tcp_conf *conf);

/* Frees every connection without a word to the peer, and every queued mbuf. */
void tcp_free(struct isla_tcp *tcp);

/* The segments that inet handed over during this burst: look them up in bulk and process them. */
void tcp_input_burst(struct isla_tcp *tcp);

/* The end of a burst: callbacks and one output pass for every connection with work. Stops
 * early where an interface's list is full, and goes on at the next call. */
void tcp_flush(struct isla_tcp *tcp);

/* True where tcp_flush() has work left: the loop must not sleep. */
bool tcp_has_work(const struct isla_tcp *tcp);

/* The connection with these ends, which need not be open any more; NULL where there is none. */
struct isla_tcp_conn *tcp_find(const struct isla_tcp *tcp, const struct isla_addr *local,
	const struct isla_addr *remote, rte_be16_t local_port, rte_be16_t remote_port);

/* True where one that is half open has these ends, and is folded up (tcp_syncache.c). */
bool tcp_syn_knows(const struct isla_tcp *tcp, const struct isla_tcp_ends *ends);

/* Close every connection: programs hear ECONNABORTED, queued data and FIN are sent. */
void tcp_shutdown(struct isla_tcp *tcp);

/* An own address goes: its connections are reset, and programs hear EADDRNOTAVAIL. Called while it
 * is still ours, since the resets come from it. Listeners on it stay, and wait for it to come back.
 */
void tcp_addr_gone(struct isla_tcp *tcp, const struct isla_addr *addr);

/* Routes have changed: connections go the way that they would go if they began now. One that has
 * none keeps its way. */
void tcp_reroute(struct isla_tcp *tcp);

/* True where a connection of any program, or of none any more, has that local port, at an address
 * that local (perhaps unspecified) covers. Looks at every connection. */
bool tcp_port_is_used(const struct isla_tcp *tcp, const struct isla_addr *local, uint16_t port);

/* Connections that have something left to send or to tell: all but those in TIME-WAIT, and those in
 * FIN-WAIT-2 that the program has let go. */
uint32_t tcp_nb_conns(const struct isla_tcp *tcp);

#endif /* TCP_H */
