/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_LISTENER_H
#define TCP_LISTENER_H

/*
 * What is there before a connection, or for many of them: listeners, the SYN cache, servers of whom
 * a Fast Open cookie is known, settings.
 */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "isla_tcp.h"
#include "tcp_hdr.h"
#include "timer.h"

struct tcp_cc_ops;

struct isla_tcp_listener {
	struct isla_tcp *tcp;
	struct isla_addr local;
	uint16_t port; /* 0: the slot is free */
	uint16_t backlog;
	uint32_t nb_pending; /* connections in SYN-RECEIVED */
	uint32_t room;       /* of isla_tcp_listener_set_room() */
	uint64_t cookie_us;  /* when the last SYN cookie was sent; 0: never */
	uint64_t tfo_reset_us; /* when the last of nb_tfo_reset was reset */
	uint32_t defer_us;   /* of isla_tcp_listener_set_defer() */
	uint32_t nb_tfo;     /* of nb_pending: those whose SYN's data was taken (RFC 7413, 4.2) */
	uint32_t nb_tfo_reset; /* those of the last time that were reset */
	const struct isla_tcp_ops *ops;
	void *arg;
	uint16_t profile;    /* of its connections */
	bool nodelay;
	bool cork;
	bool v6only;
	bool fastopen;
	bool fastopen_set;   /* by isla_tcp_listener_set_fastopen(), not by isla_tcp_opts */
	uint16_t tfo_max;    /* of isla_tcp_listener_set_fastopen(); 0: a quarter of the backlog */
};

/* What a client has learnt of a server (RFC 7413, 4.1.3). */
struct tcp_tfo_server {
	struct isla_addr addr;
	uint64_t closed_until_us; /* the way to it loses SYNs with the option */
	uint16_t mss;
	uint8_t cookie_len;       /* 0: none */
	uint8_t cookie[TCP_FO_COOKIE_MAX];
};

#define TCP_TFO_SERVERS     256
#define TCP_TFO_MSS_DEFAULT 536

/*
 * Settings that change rarely, kept once for all connections that have the same: those of the
 * stack, of a listener, or of a single connection. Index 0 is the stack's own, and never goes.
 */
struct tcp_profile {
	struct isla_tcp_opts opts;    /* defaults filled in; nodelay, cork and cc are empty */
	const struct tcp_cc_ops *cc;
	uint32_t nb_refs;             /* 0: free */
};

/*
 * A connection that is half open, folded up (RFC 4987, 3.3): what its SYN has brought, and what
 * must be known to send the SYN,ACK once more. The rest follows from that.
 */
struct tcp_syn {
	struct isla_addr local;
	struct isla_addr remote;
	rte_be16_t local_port;
	rte_be16_t remote_port;
	uint32_t next;          /* in the bucket, or in the list of free ones */
	struct timer timer;     /* of the SYN,ACK's retransmission */
	uint32_t iss;
	uint32_t rcv_nxt;
	uint32_t ts_recent;     /* with TCP_F_TS */
	uint32_t since;         /* before a timeout: isla_tcp_conn::last_sent_us; then: stalled_ms */
	uint16_t listener;      /* index + 1; 0: the entry is free */
	uint16_t profile;
	uint16_t wnd;           /* of the SYN, not scaled */
	uint16_t mss;           /* the peer's, as far as we use it */
	uint8_t netif;
	uint8_t snd_wscale;
	uint8_t opts;           /* what was agreed: TCP_SYN_* */
	uint8_t nb_timeouts;
	uint8_t nb_retrans;     /* of the SYN,ACK, those for a SYN that came again among them */
	uint8_t nb_challenge;
	uint8_t challenge_s;
	uint8_t soft_err;
};

static_assert(sizeof(struct tcp_syn) <= 96, "a fifth of a connection");

#endif /* TCP_LISTENER_H */
