/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_TCP_H
#define SIM_TCP_H

/*
 * Conversations over the simulated link. Each side of a connection sends a number of bytes of the
 * pattern, closes its half, and reads until the other has closed; every byte is verified. Host 0
 * listens, host 1 connects.
 *
 *     sim_tcp_start(&st, &conf);      the simulator, and a listener on host 0
 *     sim_tcp_open(&st, ...);         any number of times, at any time
 *     sim_tcp_run(&st, limit_us);     until all conversations have ended
 *     sim_tcp_stop(&st);              nothing may be left
 *
 * Meanwhile the tap holds every frame against what RFC 9293 demands of a sender: lengths and
 * checksums, MSS, the peer's window, an own window that never shrinks, acknowledgments of
 * nothing that was not sent.
 */

#include "sim.h"

#define SIM_TCP_PORT 80

struct sim_tcp;

/* One side of a connection. */
struct sim_side {
	struct sim_tcp *st;
	struct isla_tcp_conn *conn; /* NULL once its handle is gone */
	unsigned int host;
	uint32_t number; /* of the conversation; its data begin there in the pattern */
	uint32_t to_send;
	uint32_t to_receive;
	uint32_t sent;
	uint32_t received;
	uint32_t read_max; /* bytes taken at a step; 0: all at once */
	struct rte_mbuf *unread;
	bool is_open, is_shut, is_eof, is_done;
	int err;
};

struct sim_tcp_conf {
	struct sim_conf sim;
	bool is_v6;
	struct isla_tcp_opts opts[2];
	uint32_t max_sides; /* conversations, at most */
	/* Of each conversation. */
	uint32_t from_server, from_client;
	uint32_t read_max[2];
	bool may_fail; /* an error is no failure of the test */
};

struct sim_flow;

struct sim_tcp {
	struct sim *sim;
	struct sim_tcp_conf conf;
	struct isla_tcp_listener *listener;
	struct sim_side *side[2]; /* arrays; server and client */
	uint32_t nb[2];
	uint32_t nb_done[2];
	uint32_t nb_errors;
	uint32_t nb_violations;
	char violation[200]; /* the first */
	struct sim_flow *flow;
	uint32_t nb_flows;
};

void sim_tcp_start(struct sim_tcp *st, const struct sim_tcp_conf *conf);
/* Returns false where the stack refuses. */
bool sim_tcp_open(struct sim_tcp *st);
/* True if all conversations that were opened have ended in time. */
bool sim_tcp_run(struct sim_tcp *st, uint64_t limit_us);
/*
 * Waits for the end of TIME-WAIT, checks by CU_ASSERT that nothing is left (connections, mbufs),
 * and that all was well. Returns the trace.
 */
uint64_t sim_tcp_stop(struct sim_tcp *st);

/* SIM_SEED of the environment, or 0; a test that sweeps over seeds then takes that one alone. */
uint64_t sim_seed(void);

#endif /* SIM_TCP_H */
