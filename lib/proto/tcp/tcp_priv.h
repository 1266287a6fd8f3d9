/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_PRIV_H
#define TCP_PRIV_H

/* TCP's inside: what the files of this room call of one another. */

#include "tcp_record.h"

/* tcp_table.c: records and how they are found */
uint32_t tcp_hash(const struct isla_tcp *tcp, const struct isla_addr *local,
	const struct isla_addr *remote, rte_be16_t local_port, rte_be16_t remote_port);
struct isla_tcp_conn *tcp_lookup(const struct isla_tcp *tcp, uint32_t hash,
	const struct isla_addr *local, const struct isla_addr *remote, rte_be16_t local_port,
	rte_be16_t remote_port);
/* tcp_find(), in tcp.h, is the same for a caller that has no hash yet. */
struct isla_tcp_listener *tcp_listener_lookup(const struct isla_tcp *tcp,
	const struct isla_addr *local, uint16_t port);
/* A record in CLOSED that is in no table; NULL where all are in use and none is in TIME-WAIT. */
struct isla_tcp_conn *tcp_conn_alloc(struct isla_tcp *tcp);
void tcp_conn_insert(struct isla_tcp_conn *c);
void tcp_conn_remove(struct isla_tcp_conn *c);
/* Give the record back, at once or when it leaves the work list. */
void tcp_conn_free(struct isla_tcp_conn *c);
struct tcp_seg *tcp_seg_alloc(struct isla_tcp *tcp, uint32_t *index);
static inline void
tcp_seg_free(struct isla_tcp *tcp, uint32_t index)
{
	tcp->seg[index].next = tcp->seg_free;
	tcp->seg_free = index;
}

/* tcp_conn.c: opening, ending and the one place where a state changes */
void tcp_set_state(struct isla_tcp_conn *c, enum isla_tcp_state state);
/* The program has let go, or the state has changed: is there anything left to do? */
void tcp_quiet_update(struct isla_tcp_conn *c);
/* Fill in a fresh record's addresses, route, settings and initial sequence number. 0 or -errno. */
int tcp_conn_init(struct isla_tcp_conn *c, const struct isla_tcp_ends *ends, uint8_t netif,
	uint16_t profile);
/* Take over MSS and window scale of a SYN, and the congestion window that follows from them. */
void tcp_conn_negotiate(struct isla_tcp_conn *c, const struct tcp_in *in);
/* The end: leave the table, free all mbufs; tell the program err, where it still listens and err
 * is not 0. To abort is the same, with RST to a peer who waits for more (RFC 9293, 3.10.5). */
void tcp_conn_drop(struct isla_tcp_conn *c, int err);
void tcp_conn_abort(struct isla_tcp_conn *c, int err);
/* The program has let go of c: where that makes too many, one is reset. */
void tcp_orphans_bound(struct isla_tcp_conn *c);
/* FIN after what is queued, with the state that this leads to. */
void tcp_conn_shutdown(struct isla_tcp_conn *c);
/* The handshake is complete. */
void tcp_conn_established(struct isla_tcp_conn *c);
void tcp_time_wait_enter(struct isla_tcp_conn *c);
/* Records have run out: free that of the oldest in TIME-WAIT that no program holds. */
void tcp_time_wait_reclaim(struct isla_tcp *tcp);

/* The way to the peer as inet wants it. */
static inline void
tcp_via(const struct isla_tcp_conn *c, struct inet_dst *via)
{
	via->next_hop = c->path.gateway == 0 ? c->remote : c->tcp->gateway[c->path.gateway];
	via->netif = c->path.netif;
	via->offloads = c->path.offloads;
	via->mtu = c->path.mtu;
}
/* The initial sequence number, and what follows from it. */
void tcp_set_iss(struct isla_tcp_conn *c, uint32_t iss);

/* tcp_path.c */
/* Put via into the connection; false where there are too many gateways. */
bool tcp_set_path(struct isla_tcp_conn *c, const struct inet_dst *via);

/* tcp_profile.c: settings */
/* The settings that opts asks for (NULL: the stack's), referenced once: 0, or -EINVAL, -ENOSPC,
 * -EOPNOTSUPP as isla_tcp_set_opts(). */
int tcp_profile_get(struct isla_tcp *tcp, const struct isla_tcp_opts *opts, uint16_t *profile);
void tcp_profile_ref(struct isla_tcp *tcp, uint16_t profile);
void tcp_profile_put(struct isla_tcp *tcp, uint16_t profile);
/* Fill index 0 from the configuration: 0, or -EINVAL. */
int tcp_profile_init(struct isla_tcp *tcp);

static inline const struct isla_tcp_opts *
tcp_opts_of(const struct isla_tcp_conn *c)
{
	return &c->tcp->profile[c->profile].opts;
}

/* tcp_repair.c */
/* The connection's record; where it has none, one that must not be written to. */
static inline struct tcp_repair *
tcp_repair(const struct isla_tcp_conn *c)
{
	return &c->tcp->repair[c->repair];
}

static inline bool
tcp_has_ooo(const struct isla_tcp_conn *c)
{
	return c->repair != 0 && tcp_repair(c)->ooo != NULL;
}

/* See to it that there is one; false: all are in use. */
bool tcp_repair_get(struct isla_tcp_conn *c);
/* Give it back with all that it holds, if there is one. */
void tcp_repair_put(struct isla_tcp_conn *c);
/* Give it back if nothing is amiss any more. */
void tcp_repair_settle(struct isla_tcp_conn *c);
/* False where memory is short. */
bool tcp_repair_init(struct isla_tcp *tcp);

/* tcp_limit.c: what holds sending up */
void tcp_limit_set(struct isla_tcp_conn *c, unsigned int limit);
/* The handshake is over. */
void tcp_limit_begin(struct isla_tcp_conn *c);
void tcp_limit_info(const struct isla_tcp_conn *c, struct isla_tcp_info *info);

/* tcp_input.c, tcp_steps.c */
enum isla_drop tcp_rx(void *ctx, struct rte_mbuf *m);
/* Sixth to eighth step: urgent, payload and FIN. */
void tcp_steps_text(struct isla_tcp_conn *c, struct tcp_in *in);
/* Synchronized states and SYN-RECEIVED: RFC 9293, 3.10.7.4. */
void tcp_steps_run(struct isla_tcp_conn *c, struct tcp_in *in);
/* 3.10.7.2, also for a SYN that ends a TIME-WAIT. */
void tcp_listen_input(struct isla_tcp *tcp, struct isla_tcp_listener *l, struct tcp_in *in);

/* What one ACK tells about what is in flight. */
struct tcp_acked {
	const struct tcp_in *in;
	uint32_t fack;          /* the connection's before it */
	uint32_t delivered;     /* bytes that have newly arrived, in order or out of order */
	uint32_t unused;        /* of the window: bytes that earlier ACKs of the burst let out */
	uint32_t rtt_us;        /* a sample, or UINT32_MAX */
	uint32_t ce_bytes;      /* in order, that the peer reports as marked (RFC 8257, 3.3) */
	uint32_t flags;         /* the connection's before it */
	bool advanced;          /* snd_una has moved */
	bool round;             /* and a round trip has ended: tcp_round_acked() */
	bool is_dup;            /* a duplicate ACK as RFC 5681 has it */
	bool original;          /* something arrived that was sent once, and before recover */
	bool dsack;             /* the peer got something twice */
	bool lost;              /* and something was taken for lost on account of it */
};

/* tcp_ecn.c: RFC 3168 */
/* True where a SYN asks for ECN, and we agree. */
bool tcp_ecn_agrees(const struct isla_tcp *tcp, const struct tcp_in *in);
/* The program connects. */
void tcp_ecn_ask(struct isla_tcp_conn *c);
/* A SYN or SYN,ACK of the peer's, each time it comes. */
void tcp_ecn_syn(struct isla_tcp_conn *c, const struct tcp_in *in);
/* The flags of ours. */
uint8_t tcp_ecn_syn_flags(const struct isla_tcp_conn *c);
/* Our SYN was not answered, or with RST: true where the next one is the first without ECN. */
bool tcp_ecn_fall_back(struct isla_tcp_conn *c);
/* Payload has come, some of it inside the window; only where tcp_ecn_concerns() it. */
void tcp_ecn_received(struct isla_tcp_conn *c, const struct tcp_in *in);
/* All that is done about an ACK is done: what remains where it has ECE, or with TCP_F_CWR. */
void tcp_ecn_acked(struct isla_tcp_conn *c, const struct tcp_acked *a);
/* The window was reduced because of a loss; or that proved needless. */
void tcp_ecn_reduced(struct isla_tcp_conn *c);
void tcp_ecn_undone(struct isla_tcp_conn *c);
/* The retransmission timer has expired: true where TCP_E_HOLD ends by it. */
bool tcp_ecn_hold_over(struct isla_tcp_conn *c);

/* True where new data is sent as ECT(0), and ECE therefore means something. */
static inline bool
tcp_ecn_is_ect(const struct isla_tcp_conn *c)
{
	return (c->modes & TCP_M_ECN) != 0 && (c->ecn & TCP_E_NO_ECT) == 0;
}

static inline bool
tcp_ecn_concerns(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	return (c->modes & TCP_M_ECN) != 0 &&
		((in->pkt->tos & TCP_ECN_MASK) == TCP_ECN_CE ||
			(in->flags & RTE_TCP_CWR_FLAG) != 0 || (c->modes & TCP_M_ECN_ECHO) != 0);
}

/* 6.1.2: an ACK with ECE opens no congestion window, nor does any while the reduction is new. */
static inline bool
tcp_ecn_forbids_growth(const struct isla_tcp_conn *c, const struct tcp_in *in)
{
	return (c->flags & TCP_F_CWR) != 0 ||
		((in->flags & RTE_TCP_ECE_FLAG) != 0 && tcp_ecn_is_ect(c));
}

/* tcp_sack.c: the sender's side: mark what the peer has */
void tcp_sack_mark(struct isla_tcp_conn *c, struct tcp_acked *a);

/* tcp_rack.c: RFC 8985 */
/* A segment has arrived. */
void tcp_rack_update(struct isla_tcp_conn *c, const struct tcp_seg *s, const struct tcp_acked *a);
/* The first segment of a flight leaves, nothing else being on its way. */
void tcp_rack_begin(struct isla_tcp_conn *c);
/* Take segments for lost by time; true where there were any. */
bool tcp_rack_detect(struct isla_tcp_conn *c);
/* A D-SACK: the reordering window was too small. */
void tcp_rack_dsack(struct isla_tcp_conn *c);
/* The retransmission timer has expired: take the first segment for lost, and the old ones. */
void tcp_rack_timeout(struct isla_tcp_conn *c);
/* A recovery is over. */
void tcp_rack_recovered(struct isla_tcp_conn *c);
/* Arm the tail loss probe, where there is reason to. */
void tcp_tlp_arm(struct isla_tcp_conn *c);
void tcp_tlp_arm_in_recovery(struct isla_tcp_conn *c);
void tcp_tlp_acked(struct isla_tcp_conn *c, const struct tcp_acked *a);
/* The loss deadline has come. */
void tcp_loss_timer(struct isla_tcp_conn *c);

/* tcp_frto.c: RFC 5682 */
/* The first timeout of a window of data. */
void tcp_frto_begin(struct isla_tcp_conn *c);
void tcp_frto_end(struct isla_tcp_conn *c);
/* An ACK, with TCP_F_FRTO set. */
void tcp_frto_acked(struct isla_tcp_conn *c, const struct tcp_acked *a);

/* tcp_recovery.c: fast recovery, with SACK and without */
/* Loss was found: reduce the window, once for a window's worth of data. */
void tcp_recovery_enter(struct isla_tcp_conn *c);
/* An ACK that moved snd_una or, with SACK, delivered something, in recovery. */
void tcp_recovery_acked(struct isla_tcp_conn *c, const struct tcp_acked *a, uint32_t nb_bytes);
/* A duplicate ACK without SACK. */
void tcp_recovery_dupack(struct isla_tcp_conn *c);
/* Remember the windows before they are reduced. */
void tcp_undo_begin(struct isla_tcp_conn *c);
/* A segment was sent again; the connection has its record. */
void tcp_undo_retransmitted(struct isla_tcp_conn *c);
/* The last reduction was needless. */
void tcp_undo(struct isla_tcp_conn *c);
/* Undo the reduction where this ACK proves that nothing was lost (RFC 3522, RFC 3708). */
void tcp_undo_check(struct isla_tcp_conn *c, const struct tcp_acked *a);

/* A connection in SYN-RECEIVED for a SYN of in->seq, or, with a cookie's initial sequence number
 * iss, for the ACK that brought it; iss TCP_ISS_NEW: one is chosen, and SYN,ACK is sent. */
#define TCP_ISS_NEW UINT64_MAX
enum isla_drop tcp_passive_open(struct isla_tcp *tcp, struct isla_tcp_listener *l,
	struct tcp_in *in, uint64_t iss, struct isla_tcp_conn **conn);
/* The ends of a connection that a packet belongs to. */
void tcp_ends_of(const struct isla_pkt *pkt, struct isla_tcp_ends *ends);

/* tcp_cookie.c: a backlog that is full */
/* A SYN,ACK that stands for the connection; false: no mbuf, no way. */
bool tcp_cookie_send(struct isla_tcp *tcp, struct isla_tcp_listener *l, const struct tcp_in *in);
/* An ACK for a listener: true where it was a cookie of ours, and has been dealt with. */
bool tcp_cookie_input(struct isla_tcp *tcp, struct isla_tcp_listener *l, struct tcp_in *in);

/* How long a connection without a program stays in FIN-WAIT-2. */
static inline uint64_t
tcp_fin_wait2_us(const struct isla_tcp_conn *c)
{
	uint16_t s = tcp_opts_of(c)->fin_wait2_s;

	return s != 0 ? s * 1000000ull : c->tcp->conf.fin_wait2_us;
}

/* tcp_tfo.c: RFC 7413 */
/* The listener's side: the SYN of a connection that has just come to SYN-RECEIVED. */
void tcp_tfo_listen(struct isla_tcp_conn *c, struct isla_tcp_listener *l, struct tcp_in *in);
/* The cookie of a connection's peer. */
void tcp_tfo_cookie(const struct isla_tcp_conn *c, struct tcp_opts *opts);
/* RST for a connection whose SYN brought data. */
void tcp_tfo_reset(struct isla_tcp_conn *c);
/* The client's side: the option of a SYN; returns how much data goes with it. */
uint32_t tcp_tfo_syn(const struct isla_tcp_conn *c, struct tcp_opts *opts);
/* An acceptable ACK of our SYN, and perhaps of its data. */
void tcp_tfo_syn_acked(struct isla_tcp_conn *c, const struct tcp_in *in);

/* In SYN-RECEIVED with data of the SYN: the program has the connection, and may send. */
static inline bool
tcp_tfo_is_pending(const struct isla_tcp_conn *c)
{
	return tcp_in_state(c, ISLA_TCP_SYN_RECEIVED) && (c->modes & TCP_M_TFO_DATA) != 0 &&
		(c->flags & TCP_F_ACTIVE) == 0;
}

/* tcp_ack.c: fifth step's work on what is acknowledged */
void tcp_ack_process(struct isla_tcp_conn *c, const struct tcp_in *in);
void tcp_rtt_sample(struct isla_tcp_conn *c, uint32_t rtt_us);

/* tcp_rcvq.c: seventh step's work on payload */
/* Payload that is trimmed to the window and has something new; takes in->m or sets in->drop. */
void tcp_rcvq_input(struct isla_tcp_conn *c, struct tcp_in *in);
void tcp_rcvq_purge(struct isla_tcp_conn *c);
/* Payload that begins at rcv_nxt, ending with the mbuf last. */
void tcp_rcvq_append(struct isla_tcp_conn *c, struct rte_mbuf *m, struct rte_mbuf *last);
/* Cut n bytes off the front; the head mbuf stays, perhaps empty, since it carries isla_pkt. */
void tcp_payload_trim_front(struct rte_mbuf *m, uint32_t n);
/* Leave the first len bytes. */
void tcp_payload_trim_to(struct rte_mbuf *m, uint32_t len);
/* Move m's payload into the free room behind the last mbuf of a chain: false where there is none.
 */
bool tcp_payload_coalesce(struct isla_tcp_conn *c, struct rte_mbuf *head, struct rte_mbuf *last,
	struct rte_mbuf *m);

/* tcp_ooo.c: what came out of order */
/* A packet beyond rcv_nxt; takes in->m or sets in->drop. */
void tcp_ooo_insert(struct isla_tcp_conn *c, struct tcp_in *in);
/* Append what rcv_nxt has reached. A FIN that waited there is given to `in`. */
void tcp_ooo_join(struct isla_tcp_conn *c, struct tcp_in *in);
void tcp_ooo_purge(struct isla_tcp_conn *c);
/* The SACK option to send: RFC 2018, 4 and RFC 2883, 4. At most max blocks. */
void tcp_sack_build(struct isla_tcp_conn *c, struct tcp_opts *opts, unsigned int max);
/* A range of the out-of-order queue; returns the one that follows. */
struct rte_mbuf *tcp_ooo_block(struct rte_mbuf *m, struct tcp_sack_block *b);
/* A segment that held nothing new, or not only: the next ACK says so. */
void tcp_dsack_note(struct isla_tcp_conn *c, uint32_t left, uint32_t right);
/* Bytes up to the end of the peer's urgent data, from what the program is given next. */
uint32_t tcp_rcv_urgent(const struct isla_tcp_conn *c);
/* The window to offer now, in bytes from rcv_nxt on; moves rcv_adv. */
uint32_t tcp_rcv_window(struct isla_tcp_conn *c);
/* True where the window has opened so far that the peer should hear of it. */
bool tcp_rcv_window_opened(const struct isla_tcp_conn *c);

/* tcp_autotune.c: how large the buffers are */
/* The handshake is over. */
void tcp_drs_begin(struct isla_tcp_conn *c);
/* Data has come in order, and tcp_drs_is_due(). */
void tcp_drs_input(struct isla_tcp_conn *c, const struct tcp_in *in);
/* The congestion window has passed half of the send buffer. */
void tcp_sndbuf_grow(struct isla_tcp_conn *c);
/* Mbufs that the send queue may hold. */
uint32_t tcp_sndq_max_mbufs(const struct isla_tcp_conn *c);

/* A round trip has gone by since the measurement began. */
static inline bool
tcp_drs_is_due(const struct isla_tcp_conn *c)
{
	return (uint32_t)c->tcp->core->now_us - c->drs_us >= c->drs_rtt;
}

/* tcp_sndq.c: send queue and segments in flight */
void tcp_sndq_append(struct isla_tcp_conn *c, struct rte_mbuf *m, uint32_t len);
/* Mbufs that one connection's queue may hold: small ones must not eat the pool. */
static inline uint32_t
tcp_queue_max_mbufs(uint32_t buf_bytes)
{
	/* Twice that, joined, fits rte_mbuf::nb_segs. */
	return RTE_MIN(64 + buf_bytes / 1024, (uint32_t)INT16_MAX);
}
/* Free what is acknowledged: n bytes of payload. */
void tcp_sndq_acked(struct isla_tcp_conn *c, uint32_t n);
void tcp_sndq_purge(struct isla_tcp_conn *c);
/* The next n bytes have been sent: move the cursor on. */
void tcp_sndq_sent(struct isla_tcp_conn *c, uint32_t n);
/* Bytes that were queued and never sent. */
uint32_t tcp_sndq_unsent(const struct isla_tcp_conn *c);
/* A record ends with what is queued so far. */
void tcp_sndq_end_record(struct isla_tcp_conn *c);
/* Of n bytes that were not sent yet: those up to the end of a record, where one ends before n. */
uint32_t tcp_sndq_record(const struct isla_tcp_conn *c, uint32_t n);
/* The first segment that is LOST; NULL: none is. */
struct tcp_seg *tcp_seg_first_lost(struct isla_tcp_conn *c);
/* Free the record i, in the place of which comes next. */
void tcp_seg_remove(struct isla_tcp_conn *c, uint32_t i, uint32_t next);
/* Take segments up to ack off the chain; fills in rtt_us and adds to delivered. */
void tcp_segs_acked(struct isla_tcp_conn *c, uint32_t ack, struct tcp_acked *a);
/* A segment has arrived, in order or out of order: what that tells about a timeout. */
static inline void
tcp_acked_note(const struct isla_tcp_conn *c, const struct tcp_seg *s, struct tcp_acked *a)
{
	if ((s->flags & (TCP_SEG_RETRANS | TCP_SEG_SACKED)) == 0 &&
		seq_le(s->seq + s->len, c->recover))
		a->original = true;
}
/* A segment is taken for lost, or not any more. */
void tcp_seg_mark_lost(struct isla_tcp_conn *c, struct tcp_seg *s);
/* After a timeout: where the first segment is among what was reported out of order, the peer has
 * dropped that (RFC 2018, 8). */
void tcp_segs_check_reneged(struct isla_tcp_conn *c);
/* Forget the segments in flight: what they held is unsent again. */
void tcp_segs_rewind(struct isla_tcp_conn *c);
/* Take the first segment, or all of them, for lost. */
void tcp_segs_mark_lost(struct isla_tcp_conn *c, bool all);

/* Cut a segment that is not in flight, be it lost or about to be sent again: s keeps len bytes of
 * payload, the rest, which is lost, follows it. False: no record is free. */
bool tcp_seg_split(struct isla_tcp_conn *c, struct tcp_seg *s, uint32_t len);

/* tcp_pmtu.c: RFC 1191, RFC 8201, RFC 4821 */
/* A router says that a packet was too big; err->seq is in flight. */
void tcp_pmtu_error(struct isla_tcp_conn *c, const struct inet_error *err);
/* From now on packets are no larger; what is in flight and larger is sent again. */
void tcp_pmtu_lower(struct isla_tcp_conn *c, uint16_t mtu);
/* A retransmission timeout, the nb_timeouts-th in a row. */
void tcp_pmtu_timeout(struct isla_tcp_conn *c);
/* Make a segment fit the path before it is sent again; false: try later. */
bool tcp_pmtu_fit(struct isla_tcp_conn *c, struct tcp_seg *s);

/* tcp_timer.c: a SYN or SYN,ACK has not been answered; and to back off (RFC 6298, 5.5). */
void tcp_syn_timeout(struct isla_tcp_conn *c);
void tcp_rto_double(struct isla_tcp_conn *c);

/* tcp_syncache.c: false where memory is short. */
bool tcp_syncache_init(struct isla_tcp *tcp);
void tcp_syncache_free(struct isla_tcp *tcp);
/* At the end of its turn: fold up a half-open connection where that can be; its record is free. */
bool tcp_syn_fold(struct isla_tcp_conn *c);
/* What a segment belongs to, or NULL; and to unfold it for that segment's sake, which ends the
 * entry in any case: NULL where no record or way is there. */
struct tcp_syn *tcp_syn_lookup(const struct isla_tcp *tcp, const struct isla_pkt *pkt);
struct isla_tcp_conn *tcp_syn_unfold(struct isla_tcp *tcp, struct tcp_syn *s);
/* As much of isla_tcp_get_info() as is known of it. */
void tcp_syn_info(const struct isla_tcp *tcp, const struct tcp_syn *s, struct isla_tcp_info *info);
/* Reset one; those of a listener (NULL: of any) at a local address (NULL: at any). */
void tcp_syn_abort(struct isla_tcp *tcp, struct tcp_syn *s);
void tcp_syn_purge(struct isla_tcp *tcp, const struct isla_tcp_listener *l,
	const struct isla_addr *local);

/* tcp_output.c */
/* Send a segment again. False: no mbuf or no room. */
bool tcp_retransmit(struct isla_tcp_conn *c, struct tcp_seg *s);
/* What the congestion window lets out and has not: where earlier ACKs of a burst have opened it,
 * whose output pass is yet to come. 0 where the peer's window or the data is in the way. */
uint32_t tcp_output_unused(const struct isla_tcp_conn *c);
/* Is there new data, and does the peer's window take any of it? */
bool tcp_output_may_send_new(const struct isla_tcp_conn *c);
/* One new segment whatever the congestion window says; false where there is nothing to send. */
bool tcp_output_beyond_cwnd(struct isla_tcp_conn *c);
/* Send all that may be sent. False where it stopped for want of mbufs or room: try again. */
bool tcp_output(struct isla_tcp_conn *c);
/* The persist timer: what fits the window, or a zero-window probe. */
void tcp_output_probe(struct isla_tcp_conn *c);
/* tcp_pace.c */
/* The rate of an algorithm that paces (TCP_CC_PACE), bytes a second; bounded by the settings. */
void tcp_pace_set(struct isla_tcp_conn *c, uint64_t rate);
/* The algorithm or the settings have changed. */
void tcp_pace_init(struct isla_tcp_conn *c);
/* About a millisecond's worth: what leaves at once. */
uint32_t tcp_pace_quantum(const struct isla_tcp_conn *c);
/* Of a connection with a pace_rate: what may leave in this output pass, and what did. With
 * TCP_F_PACE_WAIT more would have: the timer brings the next pass. */
uint32_t tcp_pace_begin(struct isla_tcp_conn *c);
void tcp_pace_end(struct isla_tcp_conn *c, uint32_t nb_bytes);
/* tcp_segment.c */
/* An ACK at once; false where there is no mbuf. */
bool tcp_send_ack(struct isla_tcp_conn *c);
/* A keep-alive: an ACK of the byte before snd_una, which the peer must answer. */
bool tcp_send_keepalive(struct isla_tcp_conn *c);
/* An ACK, unless so many have been sent in this second; false then. The second: the same as what
 * RFC 5961 calls a challenge, and counted so. */
bool tcp_send_limited_ack(struct isla_tcp_conn *c);
void tcp_send_challenge_ack(struct isla_tcp_conn *c);
bool tcp_send_syn(struct isla_tcp_conn *c);
/* RST for a connection; RFC 9293, 3.10.5. */
void tcp_send_rst(struct isla_tcp_conn *c);
/* The same by the number that the peer expects next, which is what it acknowledged last. */
void tcp_send_rst_at(struct isla_tcp_conn *c, uint32_t seq);
/* A segment of no connection, in answer to a packet. */
struct tcp_reply {
	uint32_t seq;
	uint32_t ack;
	uint16_t wnd;
	uint8_t flags;
	uint8_t hop_limit; /* 0: the default */
	uint8_t tos;
	const struct tcp_opts *opts; /* NULL: none */
};
bool tcp_send_reply(struct isla_tcp *tcp, const struct isla_pkt *pkt,
	const struct tcp_reply *reply);
/* RST in answer to a segment without a connection, or with an ACK that cannot be (3.10.7.1). */
void tcp_reply_rst(struct isla_tcp *tcp, const struct tcp_in *in);
/* Payload of s, as it was or for the first time; false where there is no mbuf. */
bool tcp_send_seg(struct isla_tcp_conn *c, struct tcp_seg *s, bool push);
/* True where the interface takes no more frames now. */
static inline bool
tcp_out_full(const struct isla_tcp_conn *c)
{
	return outlist_room(&c->tcp->core->out[c->path.netif]) == 0;
}

/* tcp_flush.c: the work list */
void tcp_work_put(struct isla_tcp_conn *c);

static inline void
tcp_sched(struct isla_tcp_conn *c)
{
	if ((c->flags & TCP_F_ON_WORK) == 0)
		tcp_work_put(c);
}

/* Tell the program that something is wrong, and that the connection goes on. */
void tcp_trouble(struct isla_tcp_conn *c, int err);

/* tcp_keep.c: how long the peer may be silent */
/* The settings have changed, or the handshake is complete: keep-alive begins or stops. */
void tcp_keep_begin(struct isla_tcp_conn *c);
/* Likewise, for one that runs. */
void tcp_keep_change(struct isla_tcp_conn *c);
void tcp_keep_timer(struct isla_tcp_conn *c);
/* The error of a time-out: what ICMP has said meanwhile, or that nobody answered. */
int tcp_timeout_err(const struct isla_tcp_conn *c);
/* A timer of retransmission or probes has expired, the first in a row, waited_us after it was last
 * known that the peer was there: the user timeout counts from there. */
void tcp_stall_begin(struct isla_tcp_conn *c, uint32_t waited_us);
/* R2: the user timeout, where the program has set one, else nb of max tries. */
bool tcp_is_hopeless(const struct isla_tcp_conn *c, unsigned int nb, unsigned int max);
/* The next try comes in in_us, or when the user timeout ends. */
uint32_t tcp_stall_clamp(const struct isla_tcp_conn *c, uint32_t in_us);
/* nb tries have not been answered: R1? */
void tcp_doubt(struct isla_tcp_conn *c, unsigned int nb);

/* tcp_timer.c */
void tcp_timer_init(struct isla_tcp *tcp);
/* Set a deadline, from now: at most 38 hours. */
void tcp_deadline_set(struct isla_tcp_conn *c, enum tcp_deadline d, uint64_t in_us);

static inline void
tcp_deadline_stop(struct isla_tcp_conn *c, enum tcp_deadline d)
{
	c->deadline[d] = TCP_DEADLINE_NONE;
}

static inline bool
tcp_deadline_is_set(const struct isla_tcp_conn *c, enum tcp_deadline d)
{
	return c->deadline[d] != TCP_DEADLINE_NONE;
}

/* Microseconds until a deadline that is set: 0 where it has passed. */
uint32_t tcp_deadline_in_us(const struct isla_tcp_conn *c, enum tcp_deadline d);

/* tcp_ts.c: RFC 7323 */
/* Our timestamp clock: 1 ms, with the connection's own offset. */
uint32_t tcp_ts_now(const struct isla_tcp_conn *c);
/* The first timestamp of the peer. */
void tcp_ts_begin(struct isla_tcp_conn *c, uint32_t ts_val);
/* True where PAWS refuses the segment (5.3, R1). */
bool tcp_ts_is_old(const struct isla_tcp_conn *c, const struct tcp_in *in);
/* 4.3, (2): take the timestamp of an acceptable segment over. */
void tcp_ts_update(struct isla_tcp_conn *c, const struct tcp_in *in);

/* tcp_isn.c: what must not be foreseen */
/* The initial sequence number of RFC 6528. */
uint32_t tcp_isn(const struct isla_tcp *tcp, const struct isla_tcp_conn *c);
/* What a connection's timestamps begin with (RFC 7323, 5.4): differs between pairs of hosts. */
uint32_t tcp_ts_offset(const struct isla_tcp *tcp, const struct isla_tcp_conn *c);
/* A free local port (RFC 6056, algorithm 3), host order; 0 where none is free. */
uint16_t tcp_ephemeral_port(struct isla_tcp *tcp, const struct isla_addr *local,
	const struct isla_addr *remote, uint16_t remote_port);

#endif /* TCP_PRIV_H */
