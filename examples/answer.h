/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ANSWER_H
#define ANSWER_H

/* The reader of an HTTP/1.1 answer (RFC 9112), for fetch.c. It knows nothing of connections. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ANSWER_HEAD_MAX 16384

enum answer_state {
	ANSWER_MORE,     /* is still to come */
	ANSWER_COMPLETE, /* a 200 and its whole body */
	ANSWER_WRONG,    /* anything else: err says what */
};

/* All zero but out at first. */
struct answer {
	FILE *out;           /* where the body is written */
	char head[ANSWER_HEAD_MAX + 1];
	size_t head_len;
	bool in_body;
	uint64_t body_left;  /* bytes to come, or UINT64_MAX: until the connection ends */
	enum answer_state state;
	char err[256];
};

/* Some bytes of the answer, cut anywhere. */
enum answer_state answer_take(struct answer *a, const char *data, size_t len);

/* The server has closed the connection. */
enum answer_state answer_end(struct answer *a);

#endif /* ANSWER_H */
