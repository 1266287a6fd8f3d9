/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about TCP: connections, one of them, and an attempt to connect.
 */

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "cmd.h"
#include "dns.h"
#include "tcp_text.h"

/* Connections of one request: what a shard is held up for. */
#define PAGE 32
/* How long `tcp connect` waits, in seconds. */
#define CONNECT_S 10

/* A page of connections with all that is to be told, on its way into a shard and back. */
struct conn_page {
	const struct tcp_filter *filter;
	uint32_t cursor;
	uint16_t nb;
	struct isla_tcp_entry entry[PAGE];
	struct isla_tcp_info info[PAGE];
};

static void
read_conns(struct isla_stack *stack, void *arg)
{
	struct conn_page *p = arg;
	struct isla_tcp *tcp = isla_stack_tcp(stack);
	uint16_t nb = isla_tcp_list(tcp, &p->cursor, p->entry, PAGE), i;

	for (p->nb = 0, i = 0; i < nb; i++) {
		if (!tcp_filter_match(p->filter, &p->entry[i]))
			continue;
		p->entry[p->nb] = p->entry[i];
		isla_tcp_list_get(tcp, p->entry[i].id, &p->entry[p->nb], &p->info[p->nb]);
		p->nb++;
	}
}

static int
show_conns_of(struct cmd_env *env, uint16_t shard, struct conn_page *p)
{
	uint16_t i;
	int rc = 0;

	p->cursor = 0;
	while (rc == 0 && p->cursor != ISLA_LIST_END && !cmd_is_stopped(env)) {
		rc = isla_engine_call(env->engine, shard, read_conns, p);
		for (i = 0; rc == 0 && i < p->nb; i++) {
			tcp_print_entry(env->out, shard, &p->entry[i]);
			if (p->info[i].state != ISLA_TCP_LISTEN)
				tcp_print_info(env->out, &p->info[i]);
		}
	}
	return rc;
}

static int
cmd_show_tcp_conns(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	uint16_t nb = isla_engine_nb_shards(env->engine), shard;
	char err[TCP_TEXT_ERR_SIZE];
	struct tcp_filter filter;
	struct conn_page *p;
	int rc = 0;

	if (tcp_filter_parse(argc, argv, &filter, err, sizeof(err)) != 0)
		return cmd_fail(env, cmd, "%s", err);
	if (filter.shard != UINT16_MAX && filter.shard >= nb)
		return cmd_fail(env, cmd, "shard %u is not there: give one from 0 to %u",
			filter.shard, nb - 1u);
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return cmd_fail(env, cmd, "memory is short");
	p->filter = &filter;
	tcp_print_head(env->out);
	for (shard = 0; rc == 0 && shard < nb; shard++)
		if (filter.shard == UINT16_MAX || filter.shard == shard)
			rc = show_conns_of(env, shard, p);
	free(p);
	return rc;
}

/* One connection, likewise. */
struct one_conn {
	uint32_t id;
	int rc;
	struct isla_tcp_entry entry;
	struct isla_tcp_info info;
};

static void
read_one(struct isla_stack *stack, void *arg)
{
	struct one_conn *one = arg;

	one->rc = isla_tcp_list_get(isla_stack_tcp(stack), one->id, &one->entry, &one->info);
}

/* "SHARD.NUMBER", or the number alone where there is one shard. */
static int
parse_id(struct cmd_env *env, const struct cmd *cmd, const char *text, uint16_t *shard,
	uint32_t *id)
{
	uint16_t nb = isla_engine_nb_shards(env->engine);
	unsigned long first, second = 0;
	char *end;

	errno = 0;
	first = strtoul(text, &end, 10);
	if (*end == '.' && end[1] >= '0' && end[1] <= '9')
		second = strtoul(end + 1, &end, 10);
	else if (nb == 1)
		second = first, first = 0;
	else
		first = nb;
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || first >= nb ||
		second >= UINT32_MAX)
		return cmd_fail(env, cmd, "'%.64s' is no connection: give one such as 0.64, as "
			"show tcp conns has it last in a line, with a shard from 0 to %u", text,
			nb - 1u);
	*shard = (uint16_t)first;
	*id = (uint32_t)second;
	return 0;
}

static int
cmd_show_tcp_conn(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct one_conn one = {.rc = 0};
	uint16_t shard = 0;
	unsigned int i;
	int rc;

	if (parse_id(env, cmd, argv[0], &shard, &one.id) != 0)
		return -EINVAL;
	rc = isla_engine_call(env->engine, shard, read_one, &one);
	if (rc == 0 && one.rc != 0)
		return cmd_fail(env, cmd, "there is no connection %u.%u; show tcp conns lists "
			"those that there are", shard, one.id);
	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	tcp_print_head(env->out);
	tcp_print_entry(env->out, shard, &one.entry);
	/* A listener has none of the rest. */
	if (one.entry.state == ISLA_TCP_LISTEN)
		return 0;
	tcp_print_all(env->out, &one.info);
	fprintf(env->out, "  %-20s", "timers");
	for (i = 0; i < ISLA_TCP_TIMER_MAX; i++)
		if (one.entry.timer_us[i] != ISLA_TCP_TIMER_OFF)
			fprintf(env->out, " %s %.3f ms", i == ISLA_TCP_TIMER_RTX &&
				one.entry.persist ? "persist" : isla_tcp_timer_name(i),
				(double)one.entry.timer_us[i] / 1000);
	fputc('\n', env->out);
	return 0;
}

static void
abort_one(struct isla_stack *stack, void *arg)
{
	struct one_conn *one = arg;

	one->rc = isla_tcp_list_get(isla_stack_tcp(stack), one->id, &one->entry, NULL);
	if (one->rc == 0)
		one->rc = isla_tcp_list_abort(isla_stack_tcp(stack), one->id);
}

/* As `ss -K` does it: the program hears of it, and the peer gets RST. */
static int
cmd_clear_tcp_conn(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct one_conn one = {.rc = 0};
	char local[64], remote[64];
	uint16_t shard = 0;
	int rc;

	if (parse_id(env, cmd, argv[0], &shard, &one.id) != 0)
		return -EINVAL;
	rc = isla_engine_call(env->engine, shard, abort_one, &one);
	if (rc == 0 && one.rc == -EOPNOTSUPP)
		return cmd_fail(env, cmd, "%u.%u is a listener; service del ends one", shard,
			one.id);
	if (rc == 0 && one.rc != 0)
		return cmd_fail(env, cmd, "there is no connection %u.%u; show tcp conns lists "
			"those that there are", shard, one.id);
	if (rc != 0)
		return cmd_fail(env, cmd, "%s", strerror(-rc));
	fprintf(env->out, "%s %s %s has ended\n", isla_tcp_state_name(one.entry.state),
		tcp_end_text(&one.entry.ends.local, one.entry.ends.local_port, local,
			sizeof(local)),
		tcp_end_text(&one.entry.ends.remote, one.entry.ends.remote_port, remote,
			sizeof(remote)));
	return 0;
}

/* An attempt: the shard's until done is posted or the prompt ends it there. */
struct attempt {
	struct isla_tcp_ends ends;
	struct isla_tcp_conn *conn;
	struct isla_tcp_info info;
	struct timespec began, ended;
	int err;
	bool is_open;
	/* By name. */
	struct dns *dns;
	const char *name;   /* NULL: ends.remote is the address */
	struct isla_dns_connect *connect;
	enum isla_dns_status status;
	sem_t done;
};

static void
attempt_connected(struct isla_tcp_conn *conn, void *ctx)
{
	struct attempt *a = ctx;

	clock_gettime(CLOCK_MONOTONIC, &a->ended);
	a->is_open = true;
	isla_tcp_get_ends(conn, &a->ends);
	isla_tcp_get_info(conn, &a->info);
	sem_post(&a->done);
}

static void
attempt_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	struct attempt *a = ctx;

	a->conn = NULL;
	if (a->is_open)
		return;
	clock_gettime(CLOCK_MONOTONIC, &a->ended);
	a->err = err;
	sem_post(&a->done);
}

static const struct isla_tcp_ops attempt_ops = {
	.connected = attempt_connected,
	.error = attempt_error,
};

/* One of the name's addresses has answered, or there is none that does. */
static void
attempt_named(void *ctx, struct isla_tcp_conn *conn, enum isla_dns_status status, int err)
{
	struct attempt *a = ctx;

	a->connect = NULL;
	a->conn = conn;
	if (conn != NULL) {
		isla_tcp_set_ops(conn, &attempt_ops);
		isla_tcp_set_ctx(conn, a);
		attempt_connected(conn, a);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &a->ended);
	a->status = status;
	a->err = status == ISLA_DNS_OK ? err : ENOENT;
	sem_post(&a->done);
}

static void
attempt_begin(struct isla_stack *stack, void *arg)
{
	struct attempt *a = arg;

	clock_gettime(CLOCK_MONOTONIC, &a->began);
	if (a->name != NULL) {
		a->connect = isla_dns_connect(dns_resolver(a->dns), a->name, a->ends.remote_port,
			NULL, attempt_named, a);
		if (a->connect != NULL)
			return;
		a->err = rte_errno;
		clock_gettime(CLOCK_MONOTONIC, &a->ended);
		sem_post(&a->done);
		return;
	}
	a->conn = isla_tcp_connect(isla_stack_tcp(stack), &a->ends, &attempt_ops, a, NULL);
	if (a->conn != NULL)
		return;
	a->err = rte_errno;
	clock_gettime(CLOCK_MONOTONIC, &a->ended);
	sem_post(&a->done);
}

static void
attempt_end(struct isla_stack *stack, void *arg)
{
	struct attempt *a = arg;

	if (a->connect != NULL)
		isla_dns_connect_cancel(a->connect);
	a->connect = NULL;
	if (a->conn == NULL)
		return;
	if (a->is_open)
		isla_tcp_close(a->conn);
	else
		isla_tcp_abort(a->conn);
	a->conn = NULL;
}

/* In small pieces, since the program may be told to end. */
static bool
attempt_wait(struct cmd_env *env, struct attempt *a)
{
	struct timespec until;
	int i;

	for (i = 0; i < CONNECT_S * 20 && !cmd_is_stopped(env); i++) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (sem_timedwait(&a->done, &until) == 0)
			return true;
	}
	return false;
}

static int
attempt_tell(struct cmd_env *env, const struct cmd *cmd, const struct attempt *a, bool is_done)
{
	double ms = (double)(a->ended.tv_sec - a->began.tv_sec) * 1e3 +
		(double)(a->ended.tv_nsec - a->began.tv_nsec) / 1e6;
	char local[64], remote[300];

	if (a->name != NULL && !a->is_open)
		snprintf(remote, sizeof(remote), "%.255s:%u", a->name, a->ends.remote_port);
	else
		tcp_end_text(&a->ends.remote, a->ends.remote_port, remote, sizeof(remote));
	if (is_done && a->status != ISLA_DNS_OK)
		return cmd_fail(env, cmd, "%s: %s", remote, isla_dns_status_text(a->status));
	if (!is_done && cmd_is_stopped(env))
		return cmd_fail(env, cmd, "%s: given up", remote);
	if (!is_done)
		return cmd_fail(env, cmd, "%s does not answer, given up after %u s", remote,
			CONNECT_S);
	if (a->err != 0)
		return cmd_fail(env, cmd, "%s: %s, after %.3f ms", remote, strerror(a->err), ms);
	fprintf(env->out, "connected to %s from %s in %.3f ms; closed again\n", remote,
		tcp_end_text(&a->ends.local, a->ends.local_port, local, sizeof(local)), ms);
	tcp_print_info(env->out, &a->info);
	return 0;
}

static int
cmd_tcp_connect(struct cmd_env *env, const struct cmd *cmd, int argc, char **argv)
{
	struct attempt a = {.dns = env->dns};
	const char *wrong = isla_dns_name_check(argv[0]);
	uint64_t port, number = 0;
	uint16_t shard;
	bool is_done;
	int rc;

	if (isla_addr_parse(argv[0], &a.ends.remote) != 0)
		a.name = argv[0];
	if (a.name != NULL && wrong != NULL)
		return cmd_fail(env, cmd, "'%.64s' is neither an address nor a name: %s", argv[0],
			wrong);
	if (cmd_arg_number(env, cmd, "PORT", argv[1], 1, UINT16_MAX, &port) != 0 ||
		(argc > 2 && cmd_arg_number(env, cmd, "SHARD", argv[2], 0,
			isla_engine_nb_shards(env->engine) - 1u, &number) != 0))
		return -EINVAL;
	if (a.name != NULL && number != 0)
		return cmd_fail(env, cmd, "names are looked up on shard 0: give an address");
	shard = (uint16_t)number;
	a.ends.remote_port = (uint16_t)port;
	sem_init(&a.done, 0, 0);
	rc = isla_engine_call(env->engine, shard, attempt_begin, &a);
	if (rc == 0) {
		is_done = attempt_wait(env, &a);
		isla_engine_call(env->engine, shard, attempt_end, &a);
		/* It may have come in between. */
		is_done = is_done || a.is_open || a.err != 0;
		rc = attempt_tell(env, cmd, &a, is_done);
	}
	sem_destroy(&a.done);
	return rc;
}

const struct cmd cmds_tcp[] = {
	{
		.name = "show tcp conns", .args = "[FILTER...]", .group = CMD_TCP,
		.run = cmd_show_tcp_conns, .max_args = CMD_ARGS_MAX, .words = TCP_FILTER_WORDS,
		.help = "connections as ss -tin has them, all or those that the terms fit",
	},
	{
		.name = "show tcp conn", .args = "ID", .group = CMD_TCP, .run = cmd_show_tcp_conn,
		.min_args = 1, .max_args = 1,
		.help = "all that is known of one connection",
	},
	{
		.name = "clear tcp conn", .args = "ID", .group = CMD_TCP,
		.run = cmd_clear_tcp_conn, .min_args = 1, .max_args = 1,
		.help = "end a connection at once: RST to the peer, an error to its service",
	},
	{
		.name = "tcp connect", .args = "ADDR|NAME PORT [SHARD]", .group = CMD_TCP,
		.run = cmd_tcp_connect, .min_args = 2, .max_args = 3,
		.help = "connect from the stack (from shard 0), say how long it took, and close",
	},
	{.name = NULL},
};
