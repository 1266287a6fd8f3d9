/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telemetry: the table of endpoints, a request on its way to one of them, and which engine is
 * meant.
 *
 * rte_telemetry calls back without a context, from a thread for each client, and takes no command
 * away again: so there is one variable of this file, the engine, under a lock that a request
 * holds while it reads, and isla_engine_free() waits for. A request goes into the shards by
 * isla_engine_call(), between two bursts; nothing that a client sends changes anything.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine_log.h"
#include "telem.h"

const struct telem_command telem_commands[] = {
	{"/isla/info", 0, "Versions, shards, ports, the time", telem_info},
	{"/isla/ports", 0, "The ports, and what they have counted", telem_ports},
	{"/isla/shards", 0, "Each shard: lcore, connections, how busy it is", telem_shards},
	{"/isla/rates", 0, "Frames, bytes, requests... a second, of each shard", telem_rates},
	{"/isla/reta", 0, "The indirection table: whose a hash is", telem_reta},
	{"/isla/handover", TELEM_KEY(SHARD), "Frames between shards. Takes shard=N",
		telem_handover},
	{"/isla/loop", TELEM_KEY(SHARD), "What the loop did. Takes shard=N", telem_loop},
	{"/isla/counters", TELEM_KEY(SHARD), "Counters, of the MIBs. Takes shard=N",
		telem_counters},
	{"/isla/drops", TELEM_KEY(SHARD), "Drops by reason. Takes shard=N", telem_drops},
	{"/isla/histograms", TELEM_KEY(SHARD), "Quantiles of what is measured. Takes shard=N",
		telem_histograms},
	{"/isla/histogram", TELEM_KEY(SHARD) | TELEM_KEY(NAME),
		"One histogram's buckets. Takes name=NAME,shard=N", telem_histogram},
	{"/isla/tcp/conns",
		TELEM_KEY(SHARD) | TELEM_KEY(CURSOR) | TELEM_KEY(STATE) | TELEM_KEY(LOCAL_PORT) |
			TELEM_KEY(REMOTE_PORT) | TELEM_KEY(REMOTE),
		"TCP: takes shard,cursor,state,local_port,remote_port,remote", telem_tcp_conns},
	{"/isla/tcp/conn", TELEM_KEY(ID), "All of one TCP connection. Takes id=SHARD/ID",
		telem_tcp_conn},
	{"/isla/udp", TELEM_KEY(SHARD) | TELEM_KEY(CURSOR),
		"Bound UDP ports. Takes shard=N,cursor=N", telem_udp},
	{"/isla/neigh", TELEM_KEY(SHARD) | TELEM_KEY(CURSOR),
		"Neighbour caches. Takes shard=N,cursor=N", telem_neigh},
	{"/isla/addrs", TELEM_KEY(SHARD) | TELEM_KEY(CURSOR),
		"Our addresses. Takes shard=N,cursor=N", telem_addrs},
	{"/isla/routes", TELEM_KEY(SHARD) | TELEM_KEY(CURSOR), "Routes. Takes shard=N,cursor=N",
		telem_routes},
	{"/isla/pmtu", TELEM_KEY(SHARD) | TELEM_KEY(CURSOR), "Path MTUs. Takes shard=N,cursor=N",
		telem_pmtu},
	{"/isla/timers", 0, "Each shard's timers", telem_timers},
	{"/isla/mempools", 0, "Mbufs: how many there are, and are free", telem_mempools},
	{"/isla/faults", 0, "The bad path on purpose, and its victims", telem_faults},
	{"/isla/numa", 0, "NUMA nodes of shards, pools and ports", telem_numa},
	{.name = NULL},
};

/* ---- parameters ---- */

static const char *const keys[TELEM_KEYS] = {
	[TELEM_SHARD] = "shard",
	[TELEM_CURSOR] = "cursor",
	[TELEM_ID] = "id",
	[TELEM_NAME] = "name",
	[TELEM_STATE] = "state",
	[TELEM_LOCAL_PORT] = "local_port",
	[TELEM_REMOTE_PORT] = "remote_port",
	[TELEM_REMOTE] = "remote",
};

/* Digits from text up to end, which may be the NUL; false where it is anything else. */
static bool
number(const char *text, char end, uint64_t max, uint64_t *value, const char **rest)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &stop, 10);
	if (rest != NULL)
		*rest = stop + 1;
	return errno == 0 && *value <= max &&
		(*stop == end || (end == '/' && *stop == '.')); /* the prompt's spelling */
}

static int
parse_port(const char *key, const char *value, uint16_t *port, struct telem_out *out)
{
	uint64_t n;

	if (!number(value, '\0', UINT16_MAX, &n, NULL))
		return telem_fail(out, "%s=%.40s: give a port from 0 to 65535", key, value);
	*port = (uint16_t)n;
	return 0;
}

static int
parse_text(const char *key, const char *value, char *buf, size_t size, struct telem_out *out)
{
	if (*value == '\0' || strlen(value) >= size)
		return telem_fail(out, "%s=%.40s: give 1 to %zu characters", key, value, size - 1);
	memcpy(buf, value, strlen(value) + 1);
	return 0;
}

static int
parse_shard(const char *key, const char *value, uint16_t nb_shards, uint16_t *shard,
	struct telem_out *out)
{
	uint64_t n;

	if (!number(value, '\0', nb_shards - 1u, &n, NULL))
		return telem_fail(out, "%s=%.40s: give a shard from 0 to %u", key, value,
			nb_shards - 1u);
	*shard = (uint16_t)n;
	return 0;
}

static int
parse_id(const char *value, uint16_t nb_shards, struct telem_params *p, struct telem_out *out)
{
	const char *rest;
	uint64_t shard, id;

	if (!number(value, '/', nb_shards - 1u, &shard, &rest) ||
		!number(rest, '\0', UINT32_MAX, &id, NULL))
		return telem_fail(out, "id=%.40s: give SHARD/ID, as /isla/tcp/conns has it", value);
	p->id_shard = (uint16_t)shard;
	p->id = (uint32_t)id;
	return 0;
}

static int
parse_value(struct telem_params *p, enum telem_key key, const char *value, uint16_t nb_shards,
	struct telem_out *out)
{
	switch (key) {
	case TELEM_SHARD:
		return parse_shard(keys[key], value, nb_shards, &p->shard, out);
	case TELEM_CURSOR:
		if (!number(value, '\0', UINT64_MAX, &p->cursor, NULL) ||
			p->cursor >> 32 >= nb_shards)
			return telem_fail(out, "cursor=%.40s: give 0, or next of the last answer",
				value);
		return 0;
	case TELEM_ID:
		return parse_id(value, nb_shards, p, out);
	case TELEM_NAME:
		return parse_text(keys[key], value, p->name, sizeof(p->name), out);
	case TELEM_STATE:
		return parse_text(keys[key], value, p->state, sizeof(p->state), out);
	case TELEM_LOCAL_PORT:
		return parse_port(keys[key], value, &p->local_port, out);
	case TELEM_REMOTE_PORT:
		return parse_port(keys[key], value, &p->remote_port, out);
	default:
		if (isla_addr_parse(value, &p->remote) != 0)
			return telem_fail(out, "remote=%.40s: give an address", value);
		return 0;
	}
}

/* One "name=value". */
static int
parse_param(struct telem_params *p, const struct telem_command *cmd, char *text, uint16_t nb_shards,
	struct telem_out *out)
{
	char *equals = strchr(text, '=');
	unsigned int key;

	if (equals == NULL)
		return telem_fail(out, "'%.40s': give NAME=VALUE; see /help,%s", text, cmd->name);
	*equals = '\0';
	for (key = 0; key < TELEM_KEYS; key++)
		if (strcmp(text, keys[key]) == 0)
			break;
	if (key == TELEM_KEYS || (cmd->keys & 1u << key) == 0)
		return telem_fail(out, "'%.40s' is no parameter here; see /help,%s", text,
			cmd->name);
	if (p->given & 1u << key)
		return telem_fail(out, "%s is given twice", text);
	p->given |= 1u << key;
	return parse_value(p, (enum telem_key)key, equals + 1, nb_shards, out);
}

int
telem_params_parse(struct telem_params *p, const struct telem_command *cmd, const char *text,
	uint16_t nb_shards, struct telem_out *out)
{
	char copy[1024], *word, *rest = copy;
	int rc = 0;

	memset(p, 0, sizeof(*p));
	if (text == NULL || *text == '\0')
		return 0;
	if (strlen(text) >= sizeof(copy))
		return telem_fail(out, "the parameters are too long");
	memcpy(copy, text, strlen(text) + 1);
	while (rc == 0 && (word = strsep(&rest, ",")) != NULL)
		rc = parse_param(p, cmd, word, nb_shards, out);
	if (rc == 0 && (p->given & TELEM_KEY(SHARD)) != 0 && p->cursor != 0 &&
		p->cursor >> 32 != p->shard)
		return telem_fail(out, "cursor=%" PRIu64 " is not of shard %u", p->cursor, p->shard);
	return rc;
}

/* ---- requests ---- */

static struct {
	pthread_rwlock_t lock;
	struct isla_engine *engine;
	bool is_registered;
} telem = {
	/* Clients that ask without a pause must not keep isla_engine_free() waiting. */
	.lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP,
};

static const struct telem_command *
find(const char *name)
{
	const struct telem_command *cmd;

	for (cmd = telem_commands; cmd->name != NULL; cmd++)
		if (strcmp(cmd->name, name) == 0)
			return cmd;
	return NULL;
}

/* A client's request, on the client's thread. */
static int
handle(const char *name, const char *text, struct rte_tel_data *data)
{
	const struct telem_command *cmd = find(name);
	struct telem_params params;
	struct telem_out out;

	if (cmd == NULL)
		return -EINVAL;
	telem_begin(&out, data);
	pthread_rwlock_rdlock(&telem.lock);
	if (telem.engine == NULL)
		telem_fail(&out, "there is no engine now");
	else if (telem_params_parse(&params, cmd, text, telem.engine->nb_workers, &out) == 0)
		cmd->fn(telem.engine, &params, &out);
	pthread_rwlock_unlock(&telem.lock);
	telem_end(&out);
	return 0;
}

void
telem_attach(struct isla_engine *e)
{
	const struct telem_command *cmd;
	int rc = 0;

	pthread_rwlock_wrlock(&telem.lock);
	if (telem.engine == NULL)
		telem.engine = e;
	telem_rates_init(e);
	for (cmd = telem_commands; !telem.is_registered && cmd->name != NULL; cmd++)
		rc |= rte_telemetry_register_cmd(cmd->name, handle, cmd->help);
	telem.is_registered = true;
	pthread_rwlock_unlock(&telem.lock);
	if (rc != 0)
		ENGINE_LOG(WARNING, "telemetry does not take all commands\n");
}

void
telem_detach(struct isla_engine *e)
{
	pthread_rwlock_wrlock(&telem.lock);
	if (telem.engine == e)
		telem.engine = NULL;
	pthread_rwlock_unlock(&telem.lock);
	telem_rates_fini(e);
}
