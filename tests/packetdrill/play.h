/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKETDRILL_PLAY_H
#define PACKETDRILL_PLAY_H

/*
 * A script, played against a stack of its own on the virtual clock. play.c has the clock and the
 * segments, calls.c the system calls, checks.c the assertions.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "isla_socket.h"
#include "script.h"
#include "sim.h"
#include "wire.h"

/* What packetdrill's scripts mean by "..." for an address: the port to listen on, the peer's. */
#define PLAY_PORT 8080
#define PLAY_PEER_PORT 40000
#define PLAY_FLOWS 16
#define PLAY_QUEUE 1024
#define PLAY_FDS 64

struct play {
	const struct script *script;
	struct sim_host host;
	struct frame_ends ends; /* from the peer to the stack */
	uint64_t start_us;      /* the script's time 0 */
	uint64_t now_us;
	int64_t last_us; /* script time of the event before, for relative times */
	bool is_v6;
	uint64_t rng;

	struct flow flow[PLAY_FLOWS]; /* the first is the one that has no port */
	unsigned int nb_flows;
	struct sent queue[PLAY_QUEUE];
	unsigned int head, tail;

	struct isla_socket_table *socks;
	int fd_of[PLAY_FDS]; /* the stack's for the script's; -1: none */
	const struct event *waiting; /* a call that blocks */
	int64_t waiting_end_us;    /* when it shall return, by the script's clock */
	uint64_t waiting_until_us; /* when it gives up */
	int64_t waiting_done;      /* bytes that it has sent */

	bool failed;
	char *trace;
	uint32_t trace_len, trace_size;
	bool verbose;
	FILE *out;
	struct sim_pcap *pcap;
};

/* True: all went as the script says; else out has why. verbose: the trace goes there, too. */
bool play_script(const struct script *script, bool is_v6, bool verbose, FILE *out);

/* Says what is wrong with an event, with the trace; always false. */
bool play_fail(struct play *p, const struct event *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Seconds of the script's clock. */
int64_t play_now(const struct play *p);
struct flow *play_flow(struct play *p, uint16_t port);

/* calls.c */
enum call_verdict { CALL_DONE, CALL_WAITS, CALL_FAILED };
/* Make the call, and compare what it says. again: it has been waiting. */
enum call_verdict call_run(struct play *p, const struct event *e, bool again);

/* checks.c */
bool checks_run(struct play *p, const struct event *e);
/* An expression of integers; false: play_fail() was called. */
bool eval(struct play *p, const struct event *e, const struct expr *x, int64_t *value);
/* "--set NAME=VALUE"; false where there is no such setting. */
bool setting_apply(struct sim_host_conf *conf, const struct setting *set);

#endif /* PACKETDRILL_PLAY_H */
