/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef AGENT_CALL_H
#define AGENT_CALL_H

/*
 * One socket call of the agent's: a line of text is parsed into it, the shard runs it against the
 * table of sockets, and its answer is a line again. Nothing here knows of threads.
 *
 *     agent_parse(&call, line, ...)      any thread
 *     agent_call_run(&call, ...)         the shard's; again whenever something has happened, until
 *                                        it says that the call has an answer
 *     agent_answer(&call, ...)           any thread
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <isla_socket.h>

#define AGENT_LINE_MAX   4096 /* bytes of a request, newline included */
#define AGENT_ANSWER_MAX 4096
#define AGENT_POLL_MAX   64   /* descriptors in one poll, events of one epoll_wait */
#define AGENT_OPT_MAX    512  /* bytes of an option's value */
#define AGENT_NUMBER_MAX 5

struct agent_call;

/* What the shard brings along. */
struct agent_env {
	struct isla_socket_table *table;
	struct isla_socket_mem zeros; /* what is sent; its shinfo is one of these */
	struct rte_mbuf_ext_shared_info *shinfo;
	uint32_t nb_shinfo;
};

/* How a call went on: it has its answer, or it waits. */
enum agent_progress { AGENT_DONE, AGENT_WAITS };

struct agent_verb {
	const char *name;
	/*
	 * Its arguments: 'n' a number, 'a' an address and a port, 'h' bytes in hexadecimal, 'p'
	 * pairs of a descriptor and events; what follows '?' may be missing.
	 */
	const char *args;
	enum agent_progress (*run)(const struct agent_env *env, struct agent_call *call);
};

struct agent_call {
	const struct agent_verb *verb;
	int64_t number[AGENT_NUMBER_MAX];  /* those that are missing are 0 */
	struct isla_socket_addr addr;
	bool has_addr;
	uint32_t nb_pairs;
	struct isla_socket_pollfd pair[AGENT_POLL_MAX];
	uint32_t opt_len;
	uint8_t opt[AGENT_OPT_MAX];

	/* While it runs. */
	bool begun;
	bool expired;         /* the time is over, or nobody waits any more: answer now */
	bool must_poll;       /* no event tells when to look again */
	uint64_t deadline_us; /* UINT64_MAX: none */
	int64_t done;         /* bytes so far */

	/* The answer. */
	int64_t ret;          /* or a negative errno value */
	const char *why;      /* of what is wrong with the request, or NULL */
	struct isla_socket_addr peer;
	bool has_peer;
	int value;
	bool has_value;
	bool has_opt;         /* opt, opt_len */
	bool has_pairs;       /* pair[], as poll answers */
	bool has_events;      /* pair[].fd and event[], as epoll_wait answers */
	uint32_t event[AGENT_POLL_MAX];
};

/* Parse a line without its newline, which is cut into words. False: the call has its answer
 * already, -EINVAL with a reason. */
bool agent_parse(struct agent_call *call, char *line);

/* A number, decimal or after 0x hexadecimal, or names of constants with | between. */
bool agent_number(const char *text, int64_t *number);

enum agent_progress agent_call_run(const struct agent_env *env, struct agent_call *call);

/* When a call that waits wants to be run again, whatever happens; UINT64_MAX: it does not. */
uint64_t agent_call_wake_us(const struct agent_env *env, const struct agent_call *call);

/* The answer with its newline; returns its length. */
size_t agent_answer(const struct agent_call *call, char *buf, size_t size);

extern const struct agent_verb agent_verbs[];

#endif /* AGENT_CALL_H */
