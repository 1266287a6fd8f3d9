/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKETDRILL_SCRIPT_H
#define PACKETDRILL_SCRIPT_H

/*
 * A script in packetdrill's notation, as read from a file: what is said, not what is done about
 * it. Numbers are the script's own: sequence numbers count from the initial ones, times are in us.
 * Whoever plays it (play.h) maps them to what is live.
 *
 *     struct script *s = script_read(path, &error);
 *     for (e = s->events; e != NULL; e = e->next) ...
 *     script_free(s);
 */

#include <stdbool.h>
#include <stdint.h>

#define SEG_AE 0x100 /* beside the flags of segment.h */
#define WND_ANY (-1)
#define IP_ANY (-1)
#define OPTS_MAX 20

/* Where and why reading failed. */
struct script_error {
	char path[400];
	unsigned int line, column;
	char text[200];
};

/* When something happens. Relative times count from the event before. */
struct when {
	bool relative;
	bool any;      /* "*" */
	bool blocking; /* "from...end": of a call */
	int64_t from_us;
	int64_t to_us; /* the same where there is no range */
	int64_t end_us;
};

/* A TCP option. */
struct opt {
	uint8_t kind;
	uint8_t nb; /* numbers, or bytes of an unknown option */
	uint32_t num[8];
	uint8_t bytes[38];
	bool learnt; /* "FO cookie": whichever the stack has given */
};

struct opt_list {
	bool any; /* "<...>" */
	uint8_t nb;
	struct opt opt[OPTS_MAX];
};

/* A TCP segment, and what of its IP header matters. */
struct packet {
	int ecn; /* 0 to 3, or IP_ANY */
	int dscp, ttl;
	uint16_t port; /* the peer's; 0: that of the first connection */
	uint16_t flags;
	uint32_t seq;
	uint32_t len;
	uint32_t ack;
	int32_t wnd; /* as in the header, or WND_ANY */
	uint16_t urg;
	struct opt_list opts;
};

/* An ICMP error about a segment that the stack has sent. */
struct icmp_error {
	uint8_t type[2], code[2]; /* of ICMP and of ICMPv6 */
	uint32_t mtu;
	bool has_seq; /* else: about the last segment */
	uint32_t seq;
	uint32_t len;
	uint16_t port;
};

enum expr_kind {
	EXPR_ANY,    /* "..." */
	EXPR_INT,
	EXPR_STRING,
	EXPR_LIST,   /* [a, b]: the members hang on child */
	EXPR_STRUCT, /* {f = a, g = b}: EXPR_FIELD or bare ones */
	EXPR_FIELD,  /* name = child */
	EXPR_CALL,   /* htons(a) */
	EXPR_VAR,    /* a name that the player knows: tcpi_state */
	EXPR_OP,     /* name is the operator, one or two children */
};

struct expr {
	enum expr_kind kind;
	int64_t num;
	const char *name;
	struct expr *child;
	struct expr *next;
};

/* A system call with what it must return. */
struct call {
	const char *name;
	struct expr *args;
	bool any_result;
	int64_t result;
	int err; /* 0: none is asked for */
};

enum event_kind { EVENT_IN, EVENT_OUT, EVENT_ICMP, EVENT_CALL, EVENT_CHECK };

struct event {
	struct event *next;
	const char *path;
	unsigned int line;
	const char *text; /* its first line */
	struct when when;
	enum event_kind kind;
	struct packet packet;
	struct icmp_error icmp;
	struct call call;
	struct expr *checks; /* all must be true */
};

/* A line "--set NAME=VALUE". */
struct setting {
	struct setting *next;
	unsigned int line;
	const char *name;
	uint64_t value;
	const char *word; /* in place of a number */
};

struct script {
	const char *path;
	bool no_v4, no_v6;
	uint32_t tolerance_us;
	uint32_t ts_tick_us; /* 0: the values of timestamps are not verified */
	uint16_t mtu;
	struct setting *settings;
	struct event *events;
	struct chunk *chunks; /* its memory */
};

/* NULL: see error. */
struct script *script_read(const char *path, struct script_error *error);
/* The same of a text; path is what messages call it. */
struct script *script_read_text(const char *path, const char *text, struct script_error *error);
void script_free(struct script *s);

#endif /* PACKETDRILL_SCRIPT_H */
