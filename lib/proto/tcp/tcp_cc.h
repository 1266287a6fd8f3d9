/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_CC_H
#define TCP_CC_H

/*
 * Congestion control as a plug-in: one file and one struct each. An algorithm sets cwnd and
 * ssthresh of a connection, in bytes; when to retransmit is not its business.
 */

#include <stdint.h>

struct isla_tcp_conn;

struct tcp_cc_ops {
	const char *name;
	/* The MSS is known: the initial window (RFC 6928). */
	void (*init)(struct isla_tcp_conn *c);
	/* New data was acknowledged outside of recovery, the window having been in use. */
	void (*acked)(struct isla_tcp_conn *c, uint32_t nb_bytes);
	/* Loss was detected by duplicate ACKs: the first time in this window. */
	void (*loss)(struct isla_tcp_conn *c);
	/* The retransmission timer expired: the first time for this window. */
	void (*timeout)(struct isla_tcp_conn *c);
	/* Sending resumes after an idle period (RFC 5681, 4.1). */
	void (*restart)(struct isla_tcp_conn *c);
};

extern const struct tcp_cc_ops tcp_cc_newreno;

#endif /* TCP_CC_H */
