/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TCP_PEER_H
#define TCP_PEER_H

/*
 * One stack under test, and a test that plays its TCP peer segment by segment:
 *
 *     listen_on(80);
 *     inject(SYN, .seq = P(0), .mss = 1460);
 *     expect(SYN | ACK, .seq = S(0), .ack = P(1));
 *     inject(ACK, .seq = P(1), .ack = S(1));
 *     expect_nothing();
 *
 * P(n) is the peer's sequence number n after its ISS, S(n) that of the stack, whose ISS is
 * learnt from its SYN. Data is a pattern that depends on the sequence number, both ways, so that
 * every byte that arrives anywhere is verified. Every frame that the stack sends is taken apart and
 * its checksums are verified. The peer answers ARP and neighbour solicitations by itself.
 *
 * There is one peer a process. peer_suite_run() runs all tests of a suite over IPv4, over IPv6,
 * and once more with frames that arrive in many small mbuf segments.
 */

#include <stdbool.h>
#include <stdint.h>

#include "segment.h"
#include "sim.h"
#include "suite.h"

#define PEER_PORT 40000
#define STACK_PORT 80
#define PEER_QUEUE_MAX 4096
#define APP_RX_MAX (4u << 20)
/* A timer fires at most one tick of 64 us late. */
#define TIMER_SLACK_US 200

/* A frame that the stack has sent. */
struct peer_frame {
	uint64_t at_us;
	uint32_t len;
	uint8_t *bytes;
	struct frame frame;
};

/* The program on top of the stack under test: what it heard, and what it shall do. */
struct app {
	struct isla_tcp_listener *listener;
	struct isla_tcp_conn *conn; /* NULL once its handle is gone */
	bool no_read;               /* leave data where it is */
	bool no_consume;            /* take data, but do not open the window */
	bool close_on_eof;
	int accept_rc;
	unsigned int nb_accept, nb_connected, nb_readable, nb_writable, nb_eof, nb_error;
	int err;
	unsigned int nb_trouble, nb_urgent;
	int trouble;           /* the last one's errno */
	uint32_t urgent_bytes; /* of the last call */
	uint32_t tx_len; /* bytes that isla_tcp_send() took */
	uint32_t rx_len; /* bytes taken */
	uint8_t *rx;
};

struct peer {
	struct sim_host host;
	struct isla_tcp *tcp;
	uint64_t now_us;
	bool is_v6;
	bool split;
	uint64_t rng;
	struct frame_ends ends; /* from the peer to the stack */
	uint16_t port;          /* the peer's */
	uint16_t stack_port;
	uint32_t iss; /* the peer's first sequence number */
	uint32_t irs; /* the stack's */
	bool irs_known;
	uint16_t wnd;    /* what the peer's segments advertise */
	uint16_t mss;    /* what the peer's SYN of a fixture offers */
	uint16_t wscale; /* likewise, as WSCALE(n); 0: none */
	bool deaf;       /* answers no ARP and no solicitation */
	struct peer_frame *queue;
	uint32_t head, tail;
	struct peer_frame last; /* the frame that expect() looked at */
	uint32_t burst_nb;
	bool in_burst;
	struct rte_mbuf *burst[64];
	struct sim_pcap *pcap;
	const char *context; /* goes before the text of a failure */
};

extern struct peer peer;
/* Not delayed are the first ACKs of a connection: set by suites that look at these. */
extern bool peer_quickack;
extern struct app app;
extern const struct isla_tcp_ops app_ops;
/* The stack's congestion control where a test does not say; NULL: the default. */
extern const char *peer_cc;

#define P(n) (peer.iss + (uint32_t)(n))
#define S(n) (peer.irs + (uint32_t)(n))

/* Runs the suite in each mode; returns the exit code. */
int peer_suite_run(const struct suite_test *tests, size_t nb_tests);

/* Begin again with another configuration; number, key and time are filled in where they are 0. */
void peer_restart(const struct sim_host_conf *conf);
/* The same with the TCP's part alone. */
void peer_restart_tcp(const struct isla_tcp_conf *tcp);

/* Segments to the stack. Ports default to PEER_PORT and the stack's port, the window to peer.wnd.
 */
#define inject(f, ...) peer_inject((struct seg){.flags = (f), __VA_ARGS__})
void peer_inject(struct seg seg);
void peer_inject_bytes(const uint8_t *bytes, uint32_t len);

/* Segments injected in between come as one burst. */
void burst_begin(void);
void burst_end(void);

/*
 * The oldest frame that the stack sent and that no expect() has seen yet. Flags (PSH only where it
 * is asked for), seq, ack, length and payload must be equal; window and options where given.
 */
#define expect(f, ...) peer_expect(__FILE__, __LINE__, (struct seg){.flags = (f), __VA_ARGS__})
bool peer_expect(const char *file, unsigned int line, struct seg want);

/* Nothing is sent for us, then within TIMER_SLACK_US that segment. */
#define expect_after(us, f, ...) \
	peer_expect_after(__FILE__, __LINE__, us, (struct seg){.flags = (f), __VA_ARGS__})
bool peer_expect_after(const char *file, unsigned int line, uint64_t us, struct seg want);

#define expect_nothing() peer_expect_nothing(__FILE__, __LINE__)
bool peer_expect_nothing(const char *file, unsigned int line);

#define expect_state(s) peer_expect_state(__FILE__, __LINE__, s)
bool peer_expect_state(const char *file, unsigned int line, enum isla_tcp_state want);

/* The stack knows nothing of the connection: an ACK is answered with a reset (RFC 9293, 3.10.7.1).
 */
#define expect_closed() peer_expect_closed(__FILE__, __LINE__)
bool peer_expect_closed(const char *file, unsigned int line);

/* The app has n bytes from the peer, all of them right. */
#define expect_received(n) peer_expect_received(__FILE__, __LINE__, n)
bool peer_expect_received(const char *file, unsigned int line, uint32_t nb_bytes);

/* The oldest frame's segment, for the test to look at; one without flags where there is none. */
const struct seg *take(void);

/* Throw away what was sent and not looked at; returns how many frames. */
uint32_t peer_drain(void);
/* How many frames wait for an expect(). */
uint32_t peer_nb_pending(void);

/* Time goes on; timers run when they are due. */
void advance_us(uint64_t us);
/* Time goes on until a frame is sent, for at most us; returns how much went by. */
uint64_t advance_to_frame(uint64_t us);
/* Let the stack work and collect what it sends, at this time. */
void peer_flush(void);

struct isla_tcp_info app_info(void);
uint64_t counter(enum isla_counter c);
uint64_t drops(enum isla_drop d);

/* The program's calls, followed by a flush. */
void listen_on(uint16_t port);
void app_connect(void);
void app_send(uint32_t nb_bytes); /* all must be taken */
void app_read(void);              /* take and consume all that waits */
void app_shutdown(void);
void app_close(void);
void app_abort(void);
/* The settings of app.conn: get them, change a field, put them back. */
struct isla_tcp_opts app_opts(void);
void app_set_opts(const struct isla_tcp_opts *opts);

/* The ladder: each leaves the connection in that state, with no frame pending. Sequence numbers:
 * the peer has sent SYN and, where the state says so, FIN, and nothing else; so has the stack. */
void syn_sent(void);
void syn_received(void);
void established_passive(void);
void established_active(void);
void fin_wait_1(void);
void fin_wait_2(void);
void close_wait(void);
void closing(void);
void last_ack(void);
void time_wait(void);

struct ladder {
	const char *name;
	void (*enter)(void);
	enum isla_tcp_state state;
	uint32_t snd_nxt; /* n of S(n): what the stack sends next */
	uint32_t rcv_nxt; /* n of P(n): what the stack expects next */
};

/* All states but CLOSED and LISTEN. */
#define LADDER_NB 10
extern const struct ladder ladder[LADDER_NB];

/* Begin again, and go to that state. */
void ladder_enter(const struct ladder *l);

#endif /* TCP_PEER_H */
