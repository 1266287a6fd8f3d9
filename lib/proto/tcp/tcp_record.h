/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_RECORD_H
#define TCP_RECORD_H

/*
 * The connection's record, TCP's own, and what is asked of them in a line or two.
 *
 * What holds between two bursts:
 *  - a connection is in the table exactly while its state is not CLOSED;
 *  - snd_una =< snd_nxt =< snd_una + bytes in the send queue (+ 1 for SYN or FIN);
 *  - the chain of tcp_seg covers [snd_una, snd_nxt) without gap or overlap once the handshake is
 * over;
 *  - pipe is the sum of len over the segments that are in flight: neither SACKED, nor LOST without
 *    having been retransmitted since;
 *  - rcv_adv never moves back: a window once offered is not taken away (RFC 9293, 3.8.6);
 *  - the out-of-order queue is sorted, without overlaps, and begins beyond rcv_nxt.
 */

#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "core.h"
#include "inet.h"
#include "isla_tcp.h"
#include "tcp.h"
#include "tcp_cc.h"
#include "tcp_hdr.h"
#include "tcp_listener.h"
#include "tcp_rate.h"
#include "tcp_seq.h"

#define TCP_NONE UINT32_MAX
#define TCP_MSS_MIN 88 /* what anybody may force on us: below, headers eat the link */

/* ACKs that are not delayed at the start of a connection, and after a gap, where the peer's window
 * is small and each of them opens it. */
#define TCP_QUICK_ACKS 16

/* Ranges that a SACK option repeats (RFC 2018, 4); beside timestamps one fewer. */
#define TCP_SACK_RECENT TCP_SACK_MAX

/* Sets of states. */
#define TCP_SYNCHRONIZED                                                                           \
	(ISLA_TCP_ESTABLISHED | ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_FIN_WAIT_2 | ISLA_TCP_CLOSE_WAIT |  \
		ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK | ISLA_TCP_TIME_WAIT)
/* The peer may still send data. */
#define TCP_RECEIVING (ISLA_TCP_ESTABLISHED | ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_FIN_WAIT_2)
/* The program may still send data. */
#define TCP_SENDING (ISLA_TCP_ESTABLISHED | ISLA_TCP_CLOSE_WAIT)
/* Data or FIN of ours may be unacknowledged. */
#define TCP_UNACKED                                                                                \
	(TCP_SENDING | ISLA_TCP_FIN_WAIT_1 | ISLA_TCP_CLOSING | ISLA_TCP_LAST_ACK)

/* tcp_conn::flags */
#define TCP_F_ACK_NOW       0x0001 /* an ACK is owed at the end of the burst */
#define TCP_F_ACK_DELAYED   0x0002 /* an ACK is owed within delack_us */
#define TCP_F_SYN_NOW       0x0004 /* SYN or SYN,ACK is to be sent */
#define TCP_F_FIN_QUEUED    0x0008 /* FIN follows the send queue */
#define TCP_F_FIN_SENT      0x0010
#define TCP_F_RELEASED      0x0020 /* the program has let go of its handle */
#define TCP_F_ON_WORK       0x0040 /* in the work list */
#define TCP_F_DEAD          0x0080 /* to be freed when it leaves the work list */
#define TCP_F_WSCALE        0x0100 /* window scaling was negotiated */
#define TCP_F_NODELAY       0x0200
#define TCP_F_PERSIST       0x0400 /* the retransmission deadline is a zero-window probe's */
#define TCP_F_RECOVERY      0x0800 /* fast recovery, until recover is acknowledged */
#define TCP_F_RTO_RECOVERY  0x1000 /* after a timeout, until recover is acknowledged */
#define TCP_F_CWND_LIMITED  0x2000 /* the last output pass stopped at the congestion window */
#define TCP_F_ACTIVE        0x4000 /* opened by isla_tcp_connect() */
#define TCP_F_EOF_TOLD      0x8000 /* isla_tcp_ops::eof was called */
#define TCP_F_FIN_RCVD      0x10000 /* the peer's FIN has come in order */
#define TCP_F_PROBED        0x20000 /* the next new segment begins with what was a probe's */
#define TCP_F_TS            0x40000 /* timestamps were negotiated */
#define TCP_F_SACK          0x80000 /* SACK was negotiated */
#define TCP_F_DSACK         0x100000 /* a duplicate is to be reported: dsack */
#define TCP_F_REORDERING    0x200000 /* RACK.reordering_seen */
#define TCP_F_TLP_ARMED     0x400000 /* the loss deadline is a tail loss probe's; else RACK's */
#define TCP_F_TLP_OUT       0x800000 /* a tail loss probe is in flight: tlp_end */
#define TCP_F_TLP_RETRANS   0x1000000 /* and it was a retransmission */
#define TCP_F_UNDO          0x2000000 /* the last reduction may still prove needless */
#define TCP_F_QUIET         0x4000000 /* nothing is left to send or to tell: see tcp_nb_conns() */
#define TCP_F_CWR           0x8000000 /* reduced for an ECE, until recover is acknowledged */
#define TCP_F_FRTO          0x10000000 /* after a timeout: may still prove spurious (RFC 5682) */
#define TCP_F_PACE_WAIT     0x20000000 /* output waits for TCP_T_PACE */
#define TCP_F_RCV_URG       0x40000000 /* rcv_up is beyond what the program has been given */
#define TCP_F_SND_URG       0x80000000 /* snd_up is beyond snd_una */

/* tcp_conn::modes: what the program has asked for, or has come out of the handshake */
#define TCP_M_CORK        0x01 /* only full segments leave */
#define TCP_M_RCVBUF_SET  0x02 /* the program has fixed it: no auto-tuning */
#define TCP_M_ECN         0x04 /* RFC 3168 was negotiated */
#define TCP_M_ECN_ECHO    0x08 /* CE was seen: ECE with every ACK until CWR comes */
#define TCP_M_ECN_CWR     0x10 /* the next new segment carries CWR */
#define TCP_M_TFO_DATA    0x20 /* the SYN carried data */
#define TCP_M_TFO_COOKIE  0x80 /* the SYN,ACK brings a Fast Open cookie */
#define TCP_M_FRTO_NEW    0x40 /* F-RTO's step 3: new data goes out, what is lost waits */

/* tcp_conn::ecn */
#define TCP_E_NO_ECT 0x01 /* we have sent a SYN without: what we send is not ECT (6.1.1) */
#define TCP_E_RECORD 0x04 /* the send queue has ends of records: tcp_sndq_record() */
#define TCP_E_HOLD   0x02 /* nothing new before the retransmission timer expires (6.1.2) */

/* The ECN field of the IP header (RFC 3168, 5). */
#define TCP_ECN_MASK    0x03
#define TCP_ECN_NOT_ECT 0x00
#define TCP_ECN_ECT0    0x02
#define TCP_ECN_CE      0x03

/* tcp_conn::events: callbacks owed */
#define TCP_EV_ACCEPT    0x01
#define TCP_EV_CONNECTED 0x02
#define TCP_EV_READABLE  0x04
#define TCP_EV_WRITABLE  0x08
#define TCP_EV_FIN       0x10
#define TCP_EV_ERROR     0x20
#define TCP_EV_TROUBLE   0x40
#define TCP_EV_URGENT    0x80

/* A connection's deadlines, all behind one timer. */
enum tcp_deadline {
	TCP_T_RTX,    /* retransmission (RFC 6298), or zero-window probe with TCP_F_PERSIST */
	TCP_T_LOSS,   /* RACK's reordering window, or with TCP_F_TLP_ARMED a tail loss probe */
	TCP_T_DELACK, /* delayed ACK */
	TCP_T_STATE,  /* 2 MSL in TIME-WAIT; FIN-WAIT-2 after the program has gone */
	TCP_T_KEEP,   /* keep-alive */
	TCP_T_PACE,   /* the next segment's time has come (TCP_F_PACE_WAIT) */
	TCP_T_MAX
};

/* Beside enum isla_tcp_limit: there is nothing to send, and nothing in flight. */
#define TCP_LIMIT_IDLE ((unsigned int)ISLA_TCP_LIMIT_MAX)

/* A deadline is a time in ticks of 64 us, modulo 2^32: good for half of 76 hours. */
#define TCP_TICK_SHIFT    TIMER_TICK_SHIFT
#define TCP_DEADLINE_NONE 0

/* tcp_seg::flags */
#define TCP_SEG_LOST    0x01 /* taken for lost, to be retransmitted */
#define TCP_SEG_RETRANS 0x02 /* retransmitted at least once: no RTT sample (Karn) */
#define TCP_SEG_SACKED  0x04 /* the peer has it out of order */
#define TCP_SEG_FIN     0x08 /* len counts a FIN */
#define TCP_SEG_RECORD  0x20 /* ends where a record does */
#define TCP_SEG_RATE    0x10 /* seg_rate tells of its sending: tcp_rate.h */

/* A segment in flight: what loss recovery needs to know of it. */
struct tcp_seg {
	struct rte_mbuf *m; /* where its payload begins in the send queue */
	uint32_t off;       /* and at which byte of that mbuf */
	uint32_t seq;
	uint32_t len;       /* sequence space: payload, and 1 for FIN */
	uint32_t sent_us;   /* low 32 bits of the time of its last transmission */
	uint32_t next;      /* in the connection's chain, or TCP_NONE */
	uint8_t flags;      /* TCP_SEG_* */
	uint16_t nb;        /* of segments: one that is SACKED may stand for many, see tcp_sack.c */
};

static_assert(sizeof(struct tcp_seg) <= 40, "a record a segment in flight");

/* How a connection's packets leave; the gateway is an index, for there are few of them. */
struct tcp_path {
	uint16_t mtu;
	uint16_t gateway;       /* in isla_tcp::gateway; 0: the peer is on the link */
	uint8_t netif;
	uint8_t offloads;       /* ISLA_NETIF_* of that interface */
};

/* What a connection needs only while something is amiss: tcp_repair.c. */
struct tcp_repair {
	struct rte_mbuf *ooo;   /* ranges out of order: tcp_ooo_block() */
	uint32_t sack_recent[TCP_SACK_RECENT]; /* where packets came out of order, latest first */
	struct tcp_sack_block dsack; /* RFC 2883 */
	uint32_t undo_cwnd;     /* as before the last reduction */
	uint32_t undo_ssthresh;
	uint32_t undo_ts;       /* our timestamp when the first retransmission left; 0: none has */
	uint32_t prr_delivered; /* RFC 9937 */
	uint32_t prr_fs;        /* RecoverFS */
	uint32_t owner;         /* index of the connection; of a free one: the next */
	uint16_t undo_retrans;  /* retransmissions that no D-SACK has answered */
	uint16_t nb_ooo;        /* packets out of order */
	uint8_t nb_sack_news;   /* of sack_recent: the first so many no ACK has told of yet */
};

static_assert(sizeof(struct tcp_repair) <= RTE_CACHE_LINE_SIZE, "one line");

struct isla_tcp_conn {
	/* Look-up. */
	struct isla_addr local;
	struct isla_addr remote;
	rte_be16_t local_port;
	rte_be16_t remote_port;
	uint32_t hash;
	uint32_t next;          /* in the bucket, or in the list of free records */
	uint16_t state;         /* enum isla_tcp_state */
	uint8_t modes;          /* TCP_M_* */
	uint8_t events;         /* TCP_EV_* */
	uint32_t flags;         /* TCP_F_* */

	/* Segment arrival. */
	uint32_t rcv_nxt;
	uint32_t rcv_adv;       /* right edge of the window that was offered */
	uint32_t rcv_acked;     /* rcv_nxt of the last ACK sent */
	uint32_t snd_una;       /* until the SYN is acknowledged: ISS */
	uint32_t snd_nxt;
	uint32_t snd_wnd;       /* scaled */
	uint32_t snd_wl1;       /* SND.WL2 is SND.UNA or less, and so never decides */
	uint32_t snd_wnd_max;   /* the largest window the peer has offered */
	uint32_t recover;       /* RFC 6582 */
	uint32_t rcvd_tick;     /* when the last acceptable segment came, in ticks: keep-alive */
	uint8_t snd_wscale;
	uint8_t rcv_wscale;
	uint8_t dupacks;
	uint8_t quick_acks;     /* ACKs that are not delayed: at the start, and after a loss */
	uint16_t mss;           /* effective send MSS: payload of a full segment */
	uint16_t rcv_mss;       /* offered by us */
	uint16_t rcv_seg_max;   /* the peer's full segment, as far as seen */
	uint16_t profile;       /* in isla_tcp::profile */

	/* Output. */
	uint32_t cwnd;
	uint32_t ssthresh;
	uint32_t pipe;
	uint32_t nb_sacked;     /* segments in flight that the peer has out of order */
	uint32_t fack;          /* RACK.fack: the highest sequence number that has arrived */
	union {
		struct {
			uint32_t rack_sent_us; /* RACK.xmit_ts */
			uint32_t rack_end;     /* RACK.end_seq */
		};
		struct {
			uint32_t tw_prev;      /* in TIME-WAIT: the list of these, */
			uint32_t tw_next;      /* oldest first */
		};
	};
	uint32_t rack_rtt;      /* RACK.rtt, us; 0: none yet */
	uint32_t reo_round;     /* RACK.dsack_round */
	uint32_t tlp_end;       /* TLP.end_seq */
	uint32_t prr_out;       /* RFC 9937; the rest of it in tcp_repair */
	uint32_t seg_head;      /* chain of tcp_seg, or TCP_NONE */
	uint32_t seg_tail;
	uint32_t seg_lost;      /* no segment before this one is LOST; TCP_NONE: none is */
	uint32_t repair;        /* in isla_tcp::repair; 0: nothing is amiss */
	uint32_t limit_tick;    /* since when limit holds sending up */
	struct rte_mbuf *snd_head; /* send queue: first mbuf that is not wholly acknowledged */
	struct rte_mbuf *snd_tail;
	struct rte_mbuf *snd_cur;  /* where the next new byte lies; NULL: nothing is unsent */
	uint32_t snd_cur_off;
	uint32_t snd_head_off;  /* bytes of snd_head that are acknowledged */
	uint32_t sndq_bytes;    /* from snd_una on, SYN and FIN not counted */
	uint32_t snd_segs;      /* mbufs in the send queue */
	uint32_t sndbuf;        /* the most of sndq_bytes */
	uint32_t snd_sml;       /* end of the last small segment (Minshall) */
	uint32_t snd_up;        /* RFC 9293, 3.8.5 */
	uint32_t stalled_ms;    /* since when the peer is silent, low bits; after a time-out only */
	struct tcp_path path;
	uint16_t hint;          /* where the neighbour stands in its cache */
	uint8_t nb_timeouts;    /* consecutive ones; in persist: the exponent of the interval */
	uint8_t nb_unanswered;  /* probes since the last segment: zero-window, keep-alive */
	uint8_t err;            /* errno for the program */
	uint8_t soft_err;       /* from ICMP: the errno of a timeout, if there is one */

	/* Congestion control: what belongs to the algorithm (tcp_cc.h), and what serves all. */
	uint32_t cc_state[TCP_CC_STATE_WORDS];
	uint32_t round_end;     /* snd_nxt when this round trip began */
	uint32_t round_acked;   /* bytes acknowledged in it */
	uint32_t pipe_ack;      /* RFC 7661: the most of it in the last rounds; 0: undefined */
	uint16_t pipe_ack_s;    /* when it was measured, in seconds */
	uint16_t nonvalid_s;    /* when the non-validated phase began; 0: it has not */
	uint32_t pace_rate;     /* bytes a second; UINT32_MAX: not paced */
	uint32_t pace_next_us;  /* the next segment leaves no earlier; low bits */
	uint32_t nb_ce;         /* bytes that the peer has reported as marked */

	/* Receive queue. */
	struct rte_mbuf *rcv_head; /* one chain */
	struct rte_mbuf *rcv_last; /* its last segment */
	uint32_t rcvq_bytes;    /* waiting for isla_tcp_recv() */
	uint32_t rcv_held;      /* rcvq_bytes, and what the program has not consumed yet */
	uint32_t rcvbuf;
	uint32_t drs_seq;       /* up to where the program had taken when this measurement began:
				 * receive-buffer auto-tuning */
	uint32_t drs_us;        /* and when that was */
	uint32_t drs_rtt;       /* the peer's round-trip time as the receiver sees it, us */
	uint32_t drs_space;     /* the most that the program took in one */
	uint32_t rcv_up;        /* RFC 9293, 3.8.5 */
	uint32_t ts_recent;     /* RFC 7323, 4.3: TS.Recent */
	uint16_t ts_recent_at;  /* when it was set, in units of 2^29 us: it is good for 24 days */
	uint16_t last_sent_hi;  /* of last_sent_us */
	uint32_t ts_offset;     /* what our timestamps begin with */
	uint8_t nb_challenge;   /* challenge ACKs in the second challenge_s */
	uint8_t challenge_s;
	uint8_t reo_mult;       /* RACK.reo_wnd_mult */
	uint8_t reo_persist;    /* RACK.reo_wnd_persist */

	/* Round-trip time (RFC 6298), in us; srtt times 8, rttvar times 4; 0: no sample yet. */
	uint32_t srtt8;
	uint32_t rttvar4;
	uint32_t rto;
	uint32_t min_rtt;
	uint32_t min_rtt_s;     /* when it was measured, in seconds */
	uint32_t last_sent_us;  /* low bits: time of the last data segment, for idle restart; 16 more
				 * in last_sent_hi */

	/* Timers. */
	struct timer timer;
	uint32_t deadline[TCP_T_MAX];

	/* Cold. */
	struct isla_tcp *tcp;
	const struct isla_tcp_ops *ops;
	void *ctx;
	const struct tcp_cc_ops *cc;
	uint32_t work_next;
	uint16_t listener;      /* in SYN-RECEIVED: index + 1 in isla_tcp::listener */
	uint8_t limit;          /* what holds sending up now, and high bits of limit_tick: tcp_limit.c */
	uint8_t ecn;            /* TCP_E_* */
	uint32_t limit_ticks[TCP_LIMIT_IDLE + 1];
	uint32_t segs_out;
	uint32_t segs_in;
	uint32_t total_retrans;
	uint64_t bytes_received;
	uint64_t bytes_acked;
} __rte_cache_aligned;

static_assert(sizeof(struct isla_tcp_conn) <= 512, "an idle connection costs no more");

/* Segments of a burst between decoding and look-up. */
#define TCP_BURST_MAX 64
#define TCP_PROFILES_MAX 256
#define TCP_GATEWAYS_MAX 65

struct isla_tcp {
	struct core *core;
	struct inet *inet;
	struct isla_tcp_conf conf;
	struct isla_key hash_key;
	struct isla_key isn_key;
	struct isla_key port_key;
	struct isla_key ts_key;
	struct isla_key cookie_key;
	struct isla_key tfo_key;
	uint32_t port_count;     /* RFC 6056, 3.3.3: next_ephemeral */

	uint32_t *bucket;        /* index of a connection, or TCP_NONE */
	uint32_t bucket_mask;
	struct isla_tcp_conn *conn;
	uint32_t conn_free;
	uint32_t nb_conns;       /* records in use */
	uint32_t nb_quiet;       /* of these: those with TCP_F_QUIET */
	uint32_t nb_orphans;     /* and those that no program owns, TIME-WAIT not among them */
	uint32_t orphan_hand;    /* where tcp_orphans_bound() looks next */
	struct tcp_seg *seg;
	uint32_t seg_free;
	struct tcp_seg_rate *seg_rate; /* beside seg */
	struct tcp_cc_more *cc_more;
	uint32_t cc_more_free;
	struct tcp_repair *repair; /* 0: all zero, and stands for none */
	uint32_t nb_repairs;     /* without that one */
	uint32_t repair_free;
	uint32_t repair_hand;    /* where tcp_repair_get() looks next */
	uint32_t nb_ooo;         /* mbufs in all out-of-order queues */
	uint32_t max_ooo;        /* the most of them: a quarter of the pool */
	uint32_t max_queue;      /* mbufs to which one queue grows: an eighth of the smaller pool */
	struct isla_tcp_listener *listener;
	uint32_t nb_listeners;   /* highest slot used + 1 */
	struct tcp_syn *syn;     /* the SYN cache: tcp_syncache.c */
	uint32_t *syn_bucket;
	uint32_t syn_bucket_mask;
	uint32_t syn_free;
	uint32_t nb_syns;        /* in use */
	struct tcp_profile *profile;
	struct tcp_tfo_server *tfo_server; /* TCP_TFO_SERVERS, by a hash of the address */
	struct isla_addr gateway[TCP_GATEWAYS_MAX]; /* 0 is unused */
	uint16_t nb_gateways;

	uint32_t work_head, work_tail;
	bool stalled;            /* the last flush stopped for want of mbufs or room */
	struct timer stall_timer;
	uint32_t tw_head, tw_tail;

	uint16_t nb_burst;
	struct rte_mbuf *burst[TCP_BURST_MAX];
};

/* A segment on its way through the steps of RFC 9293, 3.10.7. */
struct tcp_in {
	struct rte_mbuf *m;     /* NULL once its payload has found another home */
	struct isla_pkt *pkt;
	uint32_t seq;           /* SEG.SEQ, moves when the front is trimmed */
	uint32_t ack;
	uint32_t wnd;           /* scaled */
	uint32_t len;           /* payload */
	uint8_t flags;
	uint16_t urp;           /* of the header; only with URG */
	enum isla_drop drop;    /* why it ended, 0: accepted */
	struct tcp_opts opts;
};

/* SEG.LEN: payload, SYN and FIN. */
static inline uint32_t
tcp_in_seglen(const struct tcp_in *in)
{
	return in->len + ((in->flags & RTE_TCP_SYN_FLAG) != 0) +
		((in->flags & RTE_TCP_FIN_FLAG) != 0);
}

/* The clock in ticks, as deadlines have it. */
static inline uint32_t
tcp_tick_now(const struct isla_tcp *tcp)
{
	return (uint32_t)(tcp->core->now_us >> TCP_TICK_SHIFT);
}

/* A data segment or a SYN leaves. */
static inline void
tcp_sent_now(struct isla_tcp_conn *c)
{
	uint64_t now_us = c->tcp->core->now_us;

	c->last_sent_us = (uint32_t)now_us;
	c->last_sent_hi = (uint16_t)(now_us >> 32);
}

/* Likewise, so long ago. */
static inline void
tcp_sent_ago(struct isla_tcp_conn *c, uint32_t us)
{
	uint64_t sent_us = c->tcp->core->now_us - us;

	c->last_sent_us = (uint32_t)sent_us;
	c->last_sent_hi = (uint16_t)(sent_us >> 32);
}

/* Since the last one did; right for eight years. */
static inline uint64_t
tcp_since_sent_us(const struct isla_tcp_conn *c)
{
	uint64_t sent_us = (uint64_t)c->last_sent_hi << 32 | c->last_sent_us;

	return (c->tcp->core->now_us - sent_us) & ((UINT64_C(1) << 48) - 1);
}

static inline bool
tcp_in_state(const struct isla_tcp_conn *c, unsigned int states)
{
	return (c->state & states) != 0;
}

static inline uint32_t
tcp_index(const struct isla_tcp_conn *c)
{
	return (uint32_t)(c - c->tcp->conn);
}

/* Of a connection in SYN-RECEIVED that a listener opened. */
static inline struct isla_tcp_listener *
tcp_listener_of(const struct isla_tcp_conn *c)
{
	return &c->tcp->listener[c->listener - 1];
}

/* True where our FIN has been sent and acknowledged. */
static inline bool
tcp_fin_acked(const struct isla_tcp_conn *c)
{
	return (c->flags & TCP_F_FIN_SENT) != 0 && c->snd_una == c->snd_nxt;
}

#endif /* TCP_RECORD_H */
