/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_TCP_H
#define ISLA_TCP_H

/**
 * @file
 * TCP (RFC 9293): event-driven and without copying.
 *
 * Receiving hands over the mbufs that the port filled. Sending takes mbufs, or memory of the
 * caller's as external buffers, and keeps them until the peer has acknowledged them. What a call
 * queues is sent when the shard flushes, at the end of its burst: many small sends in one callback
 * make full segments.
 *
 * Life of a connection. It begins with isla_tcp_ops::accept or with isla_tcp_connect(). The handle
 * is valid until the program calls isla_tcp_close() or isla_tcp_abort(), or until
 * isla_tcp_ops::error returns, whichever is first: exactly one of the three ends it, and
 * no callback comes after. What the protocol still has to do then (send the rest, exchange FINs,
 * TIME-WAIT) goes on without the program.
 *
 * All calls are made from the shard's own thread, within a callback or between bursts. Callbacks
 * run at the end of a burst, at most once each for a connection and burst.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "isla_addr.h"
#include "isla_list.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One shard's TCP; see isla_stack_tcp(). */
struct isla_tcp;
/** One connection. */
struct isla_tcp_conn;
/** One listening port. */
struct isla_tcp_listener;

/** States of RFC 9293, 3.3.2, as bits, so that a set of states is one mask. */
enum isla_tcp_state {
	ISLA_TCP_CLOSED = 1 << 0,
	ISLA_TCP_LISTEN = 1 << 1,
	ISLA_TCP_SYN_SENT = 1 << 2,
	ISLA_TCP_SYN_RECEIVED = 1 << 3,
	ISLA_TCP_ESTABLISHED = 1 << 4,
	ISLA_TCP_FIN_WAIT_1 = 1 << 5,
	ISLA_TCP_FIN_WAIT_2 = 1 << 6,
	ISLA_TCP_CLOSE_WAIT = 1 << 7,
	ISLA_TCP_CLOSING = 1 << 8,
	ISLA_TCP_LAST_ACK = 1 << 9,
	ISLA_TCP_TIME_WAIT = 1 << 10,
};

/** What a program wants to hear; a member that is NULL is not called. A listener needs accept. */
struct isla_tcp_ops {
	/**
	 * A handshake was completed on a listener.
	 *
	 * @param arg  of isla_tcp_listen()
	 * @return 0, or a negative errno value to reset the connection, whose handle is then gone
	 */
	int (*accept)(struct isla_tcp_conn *conn, void *arg);
	/** isla_tcp_connect() succeeded. */
	void (*connected)(struct isla_tcp_conn *conn, void *ctx);
	/** In-order data waits for isla_tcp_recv(). */
	void (*readable)(struct isla_tcp_conn *conn, void *ctx);
	/** The peer acknowledged data: the send queue has room again. */
	void (*writable)(struct isla_tcp_conn *conn, void *ctx);
	/** The peer's FIN has come; data before it may still wait for isla_tcp_recv(). */
	void (*fin)(struct isla_tcp_conn *conn, void *ctx);
	/** The peer's FIN has come and all data before it has been taken by isla_tcp_recv().
	 * Sending is still possible (half-close, RFC 9293, 3.6). */
	void (*eof)(struct isla_tcp_conn *conn, void *ctx);
	/** The peer has sent urgent data (RFC 9293, 3.8.5), or more of it: nb_bytes from what
	 * isla_tcp_recv() gives next up to their end. They stay in line (RFC 6093). */
	void (*urgent)(struct isla_tcp_conn *conn, void *ctx, uint32_t nb_bytes);
	/** Something is wrong, and the connection goes on: err is EHOSTUNREACH or ENETUNREACH
	 * (ICMP, RFC 5927, or nobody answers on the link), or ETIMEDOUT (RFC 9293's R1
	 * retransmissions in a row were not answered). With ECONNRESET it has come to its end, but
	 * by a reset that came behind the peer's FIN: what was received stays, what was sent may
	 * not have arrived. */
	void (*trouble)(struct isla_tcp_conn *conn, void *ctx, int err);
	/**
	 * The connection has ended abnormally; the handle dies when this returns. What was received
	 * in order before can be taken within the callback, by isla_tcp_recv().
	 *
	 * @param err  ECONNRESET, ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
	 *             EADDRNOTAVAIL (the local address is no longer ours) or ECONNABORTED (the
	 *             stack shuts down)
	 */
	void (*error)(struct isla_tcp_conn *conn, void *ctx, int err);
};

/** Settings of one listener's or one connection's TCP; a field that is 0 takes the stack's. */
struct isla_tcp_opts {
	uint32_t rcvbuf_bytes;    /**< the receive buffer, fixed; 0: the stack's, which grows */
	uint32_t sndbuf_bytes;    /**< the most that the send queue holds, fixed; 0: the stack's,
				   * which grows */
	uint32_t user_timeout_ms; /**< data may wait that long for its ACK (RFC 5482) */
	uint32_t max_pacing_rate; /**< bytes a second, a full segment's at least; 0: no bound */
	uint16_t mss;             /**< the most that is offered in the MSS option, and sent */
	uint16_t keep_idle_s;     /**< keep-alive: idle for so long before the first probe */
	uint16_t keep_intvl_s;    /**< between two probes */
	uint16_t fin_wait2_s;     /**< FIN-WAIT-2 after isla_tcp_close() */
	uint8_t keep_cnt;         /**< probes without an answer that end the connection */
	uint8_t syn_retries;      /**< of a SYN or SYN,ACK */
	uint8_t hop_limit;        /**< TTL or hop limit of what is sent */
	uint8_t tos;              /**< DSCP in the upper six bits; the ECN bits are TCP's own */
	bool nodelay;             /**< no Nagle algorithm (RFC 9293, 3.7.4) */
	bool cork;                /**< only full segments leave, for 200 ms at most */
	bool keepalive;           /**< probe a connection that is idle (RFC 9293, 3.8.4) */
	/** TCP Fast Open (RFC 7413): a listener takes data in a SYN, and its connections are
	 * accepted in SYN-RECEIVED then; a client sends it. A SYN can be repeated by the network,
	 * so the same request may be served twice. */
	bool fastopen;
	bool v6only;              /**< a listener on isla_addr_any: none of IPv4's */
	const char *cc;           /**< congestion control: see isla_tcp_cc_names() */
};

/** Explicit congestion notification (RFC 3168). */
enum isla_tcp_ecn {
	ISLA_TCP_ECN_DEFAULT, /**< as ISLA_TCP_ECN_PASSIVE */
	ISLA_TCP_ECN_ON,      /**< ask for it, and agree to it */
	ISLA_TCP_ECN_PASSIVE, /**< agree to it where the peer asks */
	ISLA_TCP_ECN_OFF,
};

/** A stack's TCP. A field that is 0 takes the default in brackets. */
struct isla_tcp_conf {
	uint32_t max_conns;      /**< connections, TIME-WAIT among them [16384] */
	uint32_t max_listeners;  /**< [64] */
	uint32_t max_syns;       /**< half-open connections that are kept in 96 bytes each instead of a
				  * connection's record [max_conns / 2, at least 16] */
	uint32_t max_segs;       /**< segments in flight of all connections together [65536] */
	uint32_t max_rate_conns; /**< of these, with an algorithm that measures the delivery rate (bbr):
				  * 500 bytes each [1024; max_conns where cc is such a one] */
	uint32_t max_orphans;    /**< closed by the program, not yet by the peer [max_conns / 2] */
	uint32_t max_repairs;    /**< connections with loss, or data out of order, at a time: others
				  * do without what was received out of order, PRR and undo
				  * [max_conns / 4, at least 16] */
	uint32_t rcvbuf_bytes;   /**< at first [262144] */
	uint32_t rcvbuf_max_bytes; /**< as far as auto-tuning goes [4194304] */
	uint32_t sndbuf_bytes;   /**< at first [262144] */
	uint32_t sndbuf_max_bytes; /**< as far as auto-tuning goes [4194304] */
	uint32_t rto_min_us;     /**< the least of RTO beyond the round trip [200000] */
	uint32_t rto_init_us;    /**< RFC 6298, 2.1 [1000000] */
	uint32_t rto_max_us;     /**< [60000000] */
	uint32_t delack_us;      /**< at most 400 ms (RFC 9293, 3.8.6.3) [40000] */
	uint32_t time_wait_us;   /**< 2 MSL [60000000] */
	uint32_t fin_wait2_us;   /**< FIN-WAIT-2 after isla_tcp_close() [60000000] */
	uint32_t user_timeout_ms; /**< 0: none, data_retries alone decides */
	uint16_t syn_retries;    /**< of a SYN or SYN,ACK: 183 s in all (MUST-23) [7] */
	uint16_t data_retries;   /**< RFC 1122's R2 [15] */
	uint16_t r1_retries;     /**< RFC 1122's R1: then the program hears of it [3] */
	uint16_t ooo_segs;       /**< ranges out of order of one connection [512] */
	uint16_t init_cwnd_segs; /**< RFC 6928 [10] */
	uint8_t challenge_acks;  /**< of one connection in a second (RFC 5961, 7) [100] */
	bool keepalive;          /**< probe every connection that is idle (RFC 9293, 3.8.4) */
	uint16_t keep_idle_s;    /**< [7200] */
	uint16_t keep_intvl_s;   /**< [75] */
	uint8_t keep_cnt;        /**< [9] */
	uint8_t ecn;             /**< enum isla_tcp_ecn */
	bool fastopen;           /**< every listener takes data in a SYN (RFC 7413) */
	bool no_wscale;          /**< neither offer nor accept window scaling */
	bool no_timestamps;      /**< nor timestamps (RFC 7323, 3) */
	bool no_sack;            /**< nor selective acknowledgment (RFC 2018) */
	bool no_autotune;        /**< receive and send buffers stay as they are at first */
	bool no_quickack;        /**< delay ACKs from a connection's first one on */
	bool pacing;             /**< spread each window over its round trip, whatever the algorithm */
	const char *cc;          /**< congestion control [cubic]; see isla_tcp_cc_names() */
};

/** A connection's ends. Ports are in host byte order. */
struct isla_tcp_ends {
	struct isla_addr local;
	struct isla_addr remote;
	uint16_t local_port;
	uint16_t remote_port;
};

/** What holds a connection's sending up. */
enum isla_tcp_limit {
	ISLA_TCP_LIMIT_APP,    /**< the program has given nothing more to send */
	ISLA_TCP_LIMIT_SNDBUF, /**< it may not: the send buffer is full of unacknowledged data */
	ISLA_TCP_LIMIT_RWND,   /**< the peer's window */
	ISLA_TCP_LIMIT_CWND,   /**< the congestion window, or pacing */
	ISLA_TCP_LIMIT_MAX
};

/** What BBR thinks of the path (Linux's struct tcp_bbr_info). */
struct isla_tcp_bbr_info {
	uint64_t bw;          /**< bytes a second; 0: not known yet */
	uint32_t min_rtt_us;  /**< 0: not known yet */
	uint16_t pacing_gain; /**< in hundredths */
	uint16_t cwnd_gain;   /**< in hundredths */
};

/** A connection's state, in the words of Linux's struct tcp_info where it has them. */
struct isla_tcp_info {
	enum isla_tcp_state state;
	uint8_t snd_wscale;
	uint8_t rcv_wscale;
	uint8_t backoff;         /**< consecutive timeouts */
	uint8_t probes;          /**< zero-window or keep-alive, not answered yet */
	bool in_recovery;        /**< fast recovery, or after a timeout */
	bool in_loss;            /**< after a timeout */
	bool in_cwr;             /**< the window was reduced for a mark (RFC 3168) */
	bool fin_rcvd;           /**< the peer's FIN has come */
	bool timestamps;         /**< negotiated */
	bool sack;               /**< negotiated */
	bool wscale;             /**< negotiated */
	bool ecn;                /**< negotiated */
	bool fastopen_data;      /**< the SYN carried data that was taken */
	bool quickack;           /**< ACKs are not delayed at present */
	bool reordering;         /**< seen (RFC 8985) */
	uint16_t snd_mss;
	uint16_t rcv_mss;        /**< the peer's full segment, as far as seen */
	uint16_t advmss;         /**< the MSS that we offered */
	uint16_t pmtu;
	const char *cc;          /**< congestion control */
	uint32_t rto_us;
	uint32_t rtt_us;         /**< smoothed */
	uint32_t rttvar_us;
	uint32_t min_rtt_us;
	uint32_t rcv_rtt_us;     /**< as the receiver sees it; 0: not known */
	uint32_t snd_cwnd_bytes;
	uint32_t snd_ssthresh_bytes;
	uint32_t snd_wnd_bytes;  /**< what the peer lets us send */
	uint32_t rcv_wnd_bytes;  /**< what we let the peer send */
	uint32_t rcvbuf_bytes;   /**< as auto-tuning has it now */
	uint32_t sndbuf_bytes;   /**< likewise */
	uint32_t unacked_bytes;
	uint32_t unacked_segs;
	uint32_t sacked_segs;
	uint32_t lost_segs;      /**< taken for lost, not sent again yet */
	uint32_t retrans_segs;   /**< in flight again */
	uint32_t sndq_bytes;     /**< queued, the unacknowledged among them */
	uint32_t notsent_bytes;
	uint32_t rcvq_bytes;     /**< waiting for isla_tcp_recv() */
	uint32_t urgent_bytes;   /**< from what that gives next up to the end of urgent data */
	uint32_t ooo_segs;
	uint32_t pacing_rate;    /**< bytes a second; UINT32_MAX: none */
	uint64_t delivery_rate;  /**< bytes a second, over the last round trip */
	uint32_t last_data_sent_ms; /**< since then */
	uint32_t last_recv_ms;   /**< since the last segment came */
	uint64_t bytes_acked;
	uint64_t bytes_received;
	uint32_t delivered_ce_bytes; /**< that the peer has reported as marked */
	uint32_t segs_out;
	uint32_t segs_in;
	uint32_t total_retrans;
	/** How long each has held sending up since the handshake, in us. */
	uint64_t limited_us[ISLA_TCP_LIMIT_MAX];
	enum isla_tcp_limit limited_by; /**< now */
	uint64_t busy_us;        /**< time in which there was something to send, or in flight */
	/** What the algorithm that cc names tells besides. */
	union {
		struct isla_tcp_bbr_info bbr;
	} cc_info;
};

/**
 * Listen on a port.
 *
 * @param local    own address, 0.0.0.0 for every one of IPv4, or isla_addr_any for every one of
 *                 either family; the most specific listener gets the connection
 * @param port     host byte order, 1 to 65535
 * @param backlog  connections in the handshake, 1 to 65535; a SYN beyond is answered with a SYN
 *                 cookie (RFC 4987, 3.6), and counted
 * @param ops      must outlive the listener and its connections
 * @param opts     may be NULL
 * @return the listener; NULL with rte_errno EADDRINUSE, EADDRNOTAVAIL (not an own address), EINVAL,
 *         ENOSPC, or one of isla_tcp_set_opts()
 */
struct isla_tcp_listener *isla_tcp_listen(struct isla_tcp *tcp, const struct isla_addr *local,
	uint16_t port, uint16_t backlog, const struct isla_tcp_ops *ops, void *arg,
	const struct isla_tcp_opts *opts);

/**
 * How many handshakes more may be completed: each takes one away, and while there is none left,
 * SYNs and the handshakes' last ACKs are dropped, to come again. For a program that keeps what was
 * accepted in a bounded queue.
 *
 * @param room  UINT32_MAX, as it is at first: no bound
 */
void isla_tcp_listener_set_room(struct isla_tcp_listener *listener, uint32_t room);

/** Change the settings of isla_tcp_listen(), for SYNs that come from now on; v6only stays as it
 * was. Returns as isla_tcp_set_opts(). */
int isla_tcp_listener_set_opts(struct isla_tcp_listener *listener,
	const struct isla_tcp_opts *opts);

/** Change the backlog of isla_tcp_listen(), 1 to 65535. */
void isla_tcp_listener_set_backlog(struct isla_tcp_listener *listener, uint16_t backlog);

/**
 * Take data in SYNs (RFC 7413), or no longer.
 *
 * @param max  connections in the handshake whose SYN's data was taken (4.2,
 *             PendingFastOpenRequests), 0 for none; without this call isla_tcp_opts::fastopen
 *             decides, and a quarter of the backlog
 */
void isla_tcp_listener_set_fastopen(struct isla_tcp_listener *listener, uint16_t max);

/**
 * Tell of a connection only when data comes with the handshake's last ACK or after it, or once that
 * time has passed: then the SYN,ACK is sent again, and the answer to it suffices.
 *
 * @param us  0, as it is at first: at once
 */
void isla_tcp_listener_set_defer(struct isla_tcp_listener *listener, uint32_t us);

/** Stop listening. Connections in the handshake are reset, accepted ones live on. */
void isla_tcp_unlisten(struct isla_tcp_listener *listener);

/**
 * Open a connection.
 *
 * @param ends  remote and remote_port; an unspecified local address is chosen by the route, and
 *              local_port 0 by RFC 6056. Of several shards each opens from the ports of its slice
 *              (isla_port.h) on which no other one listens, and from those that are pinned to it
 *              (isla_ports_pin())
 * @return the connection, in SYN-SENT; NULL with rte_errno EHOSTUNREACH (no route, no address),
 *         EADDRNOTAVAIL (no port is free, the answer to local_port would come to another shard, or
 *         local is not an own address), EADDRINUSE, EINVAL, ENOSPC, or one of isla_tcp_set_opts()
 */
struct isla_tcp_conn *isla_tcp_connect(struct isla_tcp *tcp, const struct isla_tcp_ends *ends,
	const struct isla_tcp_ops *ops, void *ctx, const struct isla_tcp_opts *opts);

/** Set what callbacks get as ctx; on an accepted connection it is NULL at first. */
void isla_tcp_set_ctx(struct isla_tcp_conn *conn, void *ctx);
void *isla_tcp_get_ctx(const struct isla_tcp_conn *conn);

/** Replace the callbacks; ops must outlive the connection. */
void isla_tcp_set_ops(struct isla_tcp_conn *conn, const struct isla_tcp_ops *ops);

/**
 * Bytes that the SYN of a connection with isla_tcp_opts::fastopen to this server would carry; 0
 * where no cookie of its is known. What is queued before the flush, and not more than that, saves a
 * round trip.
 */
uint32_t isla_tcp_fastopen_room(const struct isla_tcp *tcp, const struct isla_addr *server);

/** Acknowledge what has come and, for a while, what comes at once; or delay ACKs (RFC 9293,
 * 3.8.6.3) from now on. The stack changes its mind by itself later. */
void isla_tcp_set_quickack(struct isla_tcp_conn *conn, bool quickack);

/** Switch the Nagle algorithm off or on. Off: what is held back by isla_tcp_set_cork() leaves, too.
 */
void isla_tcp_set_nodelay(struct isla_tcp_conn *conn, bool nodelay);

/** Hold back segments that are not full, or let them go (TCP_CORK of other systems). */
void isla_tcp_set_cork(struct isla_tcp_conn *conn, bool cork);

/**
 * Change a connection's settings; best what isla_tcp_get_opts() gave, with a field changed. mss has
 * no effect on a connection whose handshake has begun, except to make segments smaller.
 *
 * @return 0; -EINVAL (congestion control of an unknown name; a value out of bounds), -ENOSPC (too
 *         many different settings, or no room for the algorithm's state); then nothing is changed
 */
int isla_tcp_set_opts(struct isla_tcp_conn *conn, const struct isla_tcp_opts *opts);
/** The settings in force, defaults filled in. */
void isla_tcp_get_opts(const struct isla_tcp_conn *conn, struct isla_tcp_opts *opts);

/** What a connection has that asks for nothing: the stack's settings. */
void isla_tcp_default_opts(const struct isla_tcp *tcp, struct isla_tcp_opts *opts);

/** The names of congestion control algorithms, with commas between. Any thread. */
const char *isla_tcp_cc_names(void);

/** Bytes that isla_tcp_send() would take now. */
uint32_t isla_tcp_send_room(const struct isla_tcp_conn *conn);

/**
 * Queue a chain for sending: all of it or nothing. On success the chain is the connection's; else
 * it stays the caller's, to be given again or freed (other than by isla_udp_send(), which takes it
 * in every case). Each mbuf must have a reference count of 1 and may be direct, indirect or external;
 * its own data is referenced, never written to.
 *
 * Before the handshake is over it waits for that (RFC 9293, 3.10.2); with
 * isla_tcp_opts::fastopen what is queued before the flush goes with the SYN, as far as the server
 * is known to take it.
 *
 * @return 0; -EAGAIN (no room: wait for writable); -EPIPE (after isla_tcp_shutdown(), or closed)
 */
int isla_tcp_send(struct isla_tcp_conn *conn, struct rte_mbuf *m);

/**
 * What is queued so far is urgent up to its last byte (RFC 9293, 3.8.5): the peer hears of it at
 * once, also where its window is closed. To be called right after isla_tcp_send(); new uses are
 * discouraged (RFC 6093).
 *
 * @return 0, also where nothing is queued; -EPIPE as isla_tcp_send(); -ENOTCONN (in the handshake)
 */
int isla_tcp_send_urgent(struct isla_tcp_conn *conn);

/** What is queued so far ends a record: its last byte is the last of its segment, which takes in
 * nothing that is queued later. To be called right after isla_tcp_send(). */
void isla_tcp_send_record(struct isla_tcp_conn *conn);

/**
 * Queue memory of the caller's for sending: as much of it as there is room for.
 *
 * @param iova    the memory's I/O address, or RTE_BAD_IOVA where the port needs none
 * @param shinfo  its free_cb is called when the last reference has gone; the caller initialises it
 *                with a count of 1 that it keeps, so the callback comes after the caller's own
 *                release; it may come on the thread of another shard, which has sent for this
 *                one by a queue of its own
 * @return bytes taken, 0 to len; -EPIPE as isla_tcp_send(); -ENOBUFS (no mbuf is free:
 *         writable follows)
 */
int64_t isla_tcp_send_ext(struct isla_tcp_conn *conn, const void *data, rte_iova_t iova,
	uint64_t len, struct rte_mbuf_ext_shared_info *shinfo);

/**
 * Take the data that has come, in order, as one chain, which becomes the caller's. The window opens
 * again by isla_tcp_consumed(), not by this.
 *
 * @return the chain; NULL where there is none
 */
struct rte_mbuf *isla_tcp_recv(struct isla_tcp_conn *conn);

/** The program is done with that many bytes of what isla_tcp_recv() gave it. */
void isla_tcp_consumed(struct isla_tcp_conn *conn, uint32_t nb_bytes);

/** Send FIN after what is queued; receiving goes on. 0, or -ENOTCONN. */
int isla_tcp_shutdown(struct isla_tcp_conn *conn);

/**
 * Done with the connection: what is queued is sent, then FIN. Where data lies unread or comes
 * later, the peer gets RST (RFC 9293, 3.6.1). The handle is gone.
 */
void isla_tcp_close(struct isla_tcp_conn *conn);

/** Drop what is queued and send RST (RFC 9293, 3.10.5). The handle is gone. */
void isla_tcp_abort(struct isla_tcp_conn *conn);

void isla_tcp_get_ends(const struct isla_tcp_conn *conn, struct isla_tcp_ends *ends);
void isla_tcp_get_info(const struct isla_tcp_conn *conn, struct isla_tcp_info *info);

/** isla_tcp_info::state alone. */
enum isla_tcp_state isla_tcp_get_state(const struct isla_tcp_conn *conn);
/** isla_tcp_info::rcvq_bytes alone. */
uint32_t isla_tcp_recv_bytes(const struct isla_tcp_conn *conn);

/** isla_tcp_info::sndq_bytes alone. */
uint32_t isla_tcp_sendq_bytes(const struct isla_tcp_conn *conn);

/** The state's name as in RFC 9293: "SYN-RECEIVED". Any thread. */
const char *isla_tcp_state_name(enum isla_tcp_state state);

/** What a connection may wait for. */
enum isla_tcp_timer {
	ISLA_TCP_TIMER_RTX,    /**< retransmission, or zero-window probe */
	ISLA_TCP_TIMER_LOSS,   /**< reordering window or tail loss probe (RFC 8985) */
	ISLA_TCP_TIMER_DELACK, /**< delayed ACK */
	ISLA_TCP_TIMER_STATE,  /**< the end of TIME-WAIT or FIN-WAIT-2 */
	ISLA_TCP_TIMER_KEEP,   /**< keep-alive */
	ISLA_TCP_TIMER_PACE,   /**< the next segment's time */
	ISLA_TCP_TIMER_MAX
};

/** isla_tcp_entry::timer_us of a timer that does not run. */
#define ISLA_TCP_TIMER_OFF UINT32_MAX

/** A connection or a listening port, as a list has it. */
struct isla_tcp_entry {
	uint32_t id;           /**< stays the same; another one's once this one is gone */
	enum isla_tcp_state state;
	struct isla_tcp_ends ends; /**< a listener's remote end is unspecified, its port 0 */
	bool orphan;           /**< no program has it any more */
	bool persist;          /**< ISLA_TCP_TIMER_RTX is for a zero-window probe */
	uint32_t recvq;        /**< bytes that wait for the program; LISTEN: handshakes under way */
	uint32_t sendq;        /**< bytes not acknowledged; LISTEN: the backlog's size */
	/** Until each timer fires, in us, or ISLA_TCP_TIMER_OFF. */
	uint32_t timer_us[ISLA_TCP_TIMER_MAX];
};

/**
 * Read listeners and connections, in this order, in pieces; see isla_list.h.
 *
 * @param cursor  0 at first; ISLA_LIST_END once all has been given
 * @param max     entries that there is room for, 1 or more
 * @return how many were given
 */
uint16_t isla_tcp_list(const struct isla_tcp *tcp, uint32_t *cursor,
	struct isla_tcp_entry *entries, uint16_t max);

/**
 * Read one of them.
 *
 * @param id    isla_tcp_entry::id
 * @param info  may be NULL; a listener has its state alone
 * @return 0; -ENOENT: there is none of that number
 */
int isla_tcp_list_get(const struct isla_tcp *tcp, uint32_t id, struct isla_tcp_entry *entry,
	struct isla_tcp_info *info);

/**
 * End one of them for its program, which hears of ECONNABORTED: RST to the peer where that is due,
 * as isla_tcp_abort() has it. From the shard's thread, between bursts.
 *
 * @param id  isla_tcp_entry::id
 * @return 0; -ENOENT: there is none of that number; -EOPNOTSUPP: it is a listener
 */
int isla_tcp_list_abort(struct isla_tcp *tcp, uint32_t id);

/** The timer's name: "retransmit". Any thread. */
const char *isla_tcp_timer_name(enum isla_tcp_timer timer);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_TCP_H */
