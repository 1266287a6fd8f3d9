/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that ask others from the stack: ping, arping. The first shard asks; what it hears goes
 * to the prompt's thread through a small queue.
 */

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_errno.h>

#include <isla_ping.h>

#include "cmd.h"

#define EVENTS_MAX    128
#define INTERVAL_MS   1000
#define LAST_MS       3000 /* for the replies that are missing at the end */
#define ARPING_MS     4000 /* three questions, a second each */
#define SIZE_MAX_PING 65535

struct session {
	struct isla_ping *ping;
	struct isla_addr dst;
	uint8_t netif;      /* that it goes by, or ISLA_NETIF_ANY */
	uint32_t nb_bytes;
	int rc;             /* of the last call into the shard */
	int most_bytes;     /* that can be sent, where rc is -EMSGSIZE */
	/* From the shard: written, then posted. */
	struct isla_ping_event event[EVENTS_MAX];
	uint32_t head;
	uint32_t tail;      /* atomic: how many the prompt has read */
	sem_t heard;
	/* The prompt's. */
	uint32_t nb_sent, nb_received, nb_failed, nb_dups;
	uint64_t sum_us;
	uint32_t min_us, max_us;
};

static void
hear(struct isla_ping *ping, void *ctx, const struct isla_ping_event *event)
{
	struct session *s = ctx;

	if (s->head - __atomic_load_n(&s->tail, __ATOMIC_ACQUIRE) == EVENTS_MAX)
		return;
	s->event[s->head++ % EVENTS_MAX] = *event;
	sem_post(&s->heard);
}

static void
session_open(struct isla_stack *stack, void *arg)
{
	struct session *s = arg;

	s->ping = isla_ping_open(stack, &s->dst, s->netif, hear, s);
	s->rc = s->ping != NULL ? 0 : -rte_errno;
}

static void
session_send(struct isla_stack *stack, void *arg)
{
	struct session *s = arg;

	s->rc = isla_ping_send(s->ping, s->nb_bytes);
	if (s->rc == -EMSGSIZE)
		s->most_bytes = isla_ping_most(s->ping);
}

static void
session_close(struct isla_stack *stack, void *arg)
{
	isla_ping_close(((struct session *)arg)->ping);
}

/* Wait for an event, for so long at most, in small pieces, since the program may be told to end. */
static bool
wait_event(struct cmd_env *env, struct session *s, unsigned int ms)
{
	struct timespec until;
	unsigned int piece;

	for (; ms > 0 && !cmd_is_stopped(env); ms -= piece) {
		piece = RTE_MIN(ms, 50u);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += (long)piece * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (sem_timedwait(&s->heard, &until) == 0)
			return true;
	}
	return false;
}

static void
tell_event(struct cmd_env *env, struct session *s)
{
	const struct isla_ping_event *e = &s->event[s->tail % EVENTS_MAX];
	char text[ISLA_ADDR_STRLEN];

	isla_addr_format(&s->dst, text, sizeof(text));
	if (e->err != 0) {
		fprintf(env->out, "%s: seq=%u %s\n", text, e->seq, strerror(e->err));
		s->nb_failed++;
	} else {
		fprintf(env->out, "%u bytes from %s: seq=%u ttl=%u time=%.3f ms%s%s\n",
			e->nb_bytes + 8, text, e->seq, e->hop_limit, e->rtt_us / 1000.0,
			e->is_dup ? " (duplicate)" : "", e->is_damaged ? " (damaged)" : "");
		s->nb_dups += e->is_dup;
		s->nb_received += !e->is_dup;
		if (!e->is_dup) {
			s->sum_us += e->rtt_us;
			s->min_us = s->nb_received == 1 ? e->rtt_us : RTE_MIN(s->min_us, e->rtt_us);
			s->max_us = RTE_MAX(s->max_us, e->rtt_us);
		}
	}
	fflush(env->out);
	__atomic_store_n(&s->tail, s->tail + 1, __ATOMIC_RELEASE);
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Tell what comes until then, or, with all, until nothing is missing. */
static void
listen_until(struct cmd_env *env, struct session *s, uint64_t until_ms, bool all)
{
	uint64_t ms = now_ms();

	while (ms < until_ms && !cmd_is_stopped(env)) {
		if (all && s->nb_received + s->nb_failed >= s->nb_sent)
			return;
		if (wait_event(env, s, (unsigned int)(until_ms - ms)))
			tell_event(env, s);
		ms = now_ms();
	}
}

/* Why a request cannot be sent. */
static int
fail_to_send(struct cmd_env *env, const struct cmd *cmd, const struct session *s)
{
	if (s->rc == -EMSGSIZE)
		return cmd_fail(env, cmd, "SIZE %u is beyond the path's MTU, and nothing is sent "
			"in fragments: at most %d is possible", s->nb_bytes, s->most_bytes);
	return cmd_fail(env, cmd, s->rc == -EHOSTUNREACH ?
		"%u bytes cannot be sent: no route goes there any more" :
		"%u bytes cannot be sent now: memory or the port's queue is full", s->nb_bytes);
}

static int
ping_run(struct cmd_env *env, const struct cmd *cmd, struct session *s, uint64_t count)
{
	char text[ISLA_ADDR_STRLEN];

	isla_addr_format(&s->dst, text, sizeof(text));
	while (s->nb_sent < count && !cmd_is_stopped(env)) {
		uint64_t next_ms = now_ms() + INTERVAL_MS;

		isla_engine_call(env->engine, 0, session_send, s);
		/* What was heard until then is told all the same. */
		if (s->rc < 0) {
			fail_to_send(env, cmd, s);
			break;
		}
		s->nb_sent++;
		listen_until(env, s, s->nb_sent < count ? next_ms : next_ms - INTERVAL_MS + LAST_MS,
			s->nb_sent == count);
	}
	if (s->nb_sent == 0 && s->rc < 0)
		return s->rc;
	fprintf(env->out, "%s: %u sent, %u received", text, s->nb_sent, s->nb_received);
	if (s->nb_dups > 0)
		fprintf(env->out, ", %u duplicates", s->nb_dups);
	if (s->nb_received > 0)
		fprintf(env->out, ", min/avg/max %.3f/%.3f/%.3f ms", s->min_us / 1000.0,
			(double)s->sum_us / s->nb_received / 1000.0, s->max_us / 1000.0);
	fputc('\n', env->out);
	return s->nb_received > 0 ? 0 : -ETIMEDOUT;
}

/* Why one cannot be asked. */
static int
fail_to_ask(struct cmd_env *env, const struct cmd *cmd, const char *addr, int rc)
{
	return cmd_fail(env, cmd, "%s: %s", addr, rc == -EINVAL ?
		"this is not the address of one other host" : rc == -EHOSTUNREACH ?
		"no route goes there; show routes lists them" : rc == -ENOSPC ?
		"the table is full" : strerror(-rc));
}

static int
cmd_ping(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint64_t count = 4, size = 56;
	struct session *s;
	int rc = 0;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return cmd_fail(env, cmd, "memory is short");
	if (cmd_arg_addr_on(env, cmd, argv[0], &s->dst, &s->netif) != 0 ||
		(argc > 1 && cmd_arg_number(env, cmd, "COUNT", argv[1], 1, 10000, &count) != 0) ||
		(argc > 2 &&
			cmd_arg_number(env, cmd, "SIZE", argv[2], 0, SIZE_MAX_PING, &size) != 0)) {
		free(s);
		return -EINVAL;
	}
	s->nb_bytes = (uint32_t)size;
	sem_init(&s->heard, 0, 0);
	isla_engine_call(env->engine, 0, session_open, s);
	if (s->ping == NULL) {
		rc = fail_to_ask(env, cmd, argv[0], s->rc);
	} else {
		rc = ping_run(env, cmd, s, count);
		isla_engine_call(env->engine, 0, session_close, s);
	}
	sem_destroy(&s->heard);
	free(s);
	return rc;
}

/* A question for a neighbour, on its way into the shard and back. */
struct question {
	struct isla_addr addr;
	uint8_t netif;
	int rc;
	uint64_t asked_us, answered_us; /* on the stack's wall clock */
	bool is_answered;
	struct isla_neigh_entry entry;
};

static void
question_ask(struct isla_stack *stack, void *arg)
{
	struct question *q = arg;

	q->asked_us = isla_stack_wall_us(stack);
	q->rc = isla_neigh_ask(stack, &q->addr, &q->netif);
}

static void
question_look(struct isla_stack *stack, void *arg)
{
	struct question *q = arg;

	q->rc = isla_neigh_get(stack, q->netif, &q->addr, &q->entry);
	q->is_answered = q->rc == 0 && q->entry.state == ISLA_NEIGH_REACHABLE;
	if (q->is_answered)
		q->answered_us = isla_stack_wall_us(stack) - q->entry.confirmed_us;
}

static int
cmd_arping(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct isla_engine_port_info info = {.port_id = 0};
	struct question q = {.rc = 0};
	uint64_t until_ms;
	const uint8_t *mac = q.entry.mac;

	if (cmd_arg_addr_on(env, cmd, argv[0], &q.addr, &q.netif) != 0)
		return -EINVAL;
	isla_engine_call(env->engine, 0, question_ask, &q);
	if (q.rc == -EHOSTUNREACH)
		return cmd_fail(env, cmd, "%s is not on a link of ours: no neighbour", argv[0]);
	if (q.rc != 0)
		return fail_to_ask(env, cmd, argv[0], q.rc);
	until_ms = now_ms() + ARPING_MS;
	while (q.rc == 0 && !q.is_answered && now_ms() < until_ms && !cmd_is_stopped(env)) {
		usleep(1000);
		isla_engine_call(env->engine, 0, question_look, &q);
	}
	if (!q.is_answered) {
		cmd_fail(env, cmd, cmd_is_stopped(env) ? "%s: given up" : "%s does not answer",
			argv[0]);
		return -ETIMEDOUT;
	}
	isla_engine_port_info(env->engine, q.netif, &info);
	fprintf(env->out, "%s is at %02x:%02x:%02x:%02x:%02x:%02x behind port %u, %.3f ms\n",
		argv[0], mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], info.port_id,
		(double)(q.answered_us - q.asked_us) / 1000.0);
	return 0;
}

const struct cmd cmds_ping[] = {
	{
		.name = "ping", .args = "ADDR[%PORT] [COUNT] [SIZE]", .group = CMD_ADDRS, .run = cmd_ping,
		.min_args = 1, .max_args = 3,
		.help = "send COUNT [4] echo requests, one a second, with SIZE [56] bytes of data",
	},
	{
		.name = "arping", .args = "ADDR[%PORT]", .group = CMD_ADDRS, .run = cmd_arping,
		.min_args = 1, .max_args = 1,
		.help = "ask the link for a neighbour: ARP, or neighbour discovery",
	},
	{.name = NULL},
};
