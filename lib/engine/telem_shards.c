/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What telemetry tells of the shards: each by itself, what they hand to each other, how fast they
 * go.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_errno.h>

#include "telem.h"

/* Rates are of an interval at least that long, whoever asks how often. */
#define RATES_US UINT64_C(1000000)

int
telem_no_call(struct telem_out *out, int rc)
{
	return telem_fail(out, "the shards cannot be asked: %s", rte_strerror(-rc));
}

const char *
telem_digits(unsigned int number, char buf[16])
{
	snprintf(buf, 16, "%u", number);
	return buf;
}

/* ---- one by one ---- */

static uint64_t
permille(const struct isla_loop_stats *l, uint64_t part_us)
{
	uint64_t all_us = l->busy.time_us + l->spin.time_us + l->yield.time_us + l->sleep.time_us;

	return all_us == 0 ? 0 : part_us * 1000 / all_us;
}

static void
info(struct telem_out *out, const struct isla_engine_shard_info *i)
{
	static const char *const idle[] = {
		[ISLA_ENGINE_IDLE_EPOLL] = "epoll",
		[ISLA_ENGINE_IDLE_SLEEP] = "sleep",
		[ISLA_ENGINE_IDLE_POLL] = "poll",
	};

	telem_u64(out, "lcore", i->lcore_id);
	telem_i32(out, "socket_id", i->socket_id);
	telem_u64(out, "nb_queues", i->nb_queues);
	telem_bool(out, "crowded", i->is_crowded);
	telem_string(out, "idle", (unsigned int)i->idle < RTE_DIM(idle) ? idle[i->idle] : "?");
	telem_u64(out, "spin_rounds", i->backoff.spin_rounds);
	telem_u64(out, "yield_rounds", i->backoff.yield_rounds);
	telem_u64(out, "sleep_us", i->backoff.sleep_us);
}

int
telem_shards(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_shard_info i;
	struct isla_shard_stats s;
	struct telem_out inner;
	char name[16];
	uint16_t shard;
	int rc;

	for (shard = 0; shard < e->nb_workers; shard++) {
		rc = isla_engine_get_shard_stats(e, shard, &s);
		if (rc != 0)
			return telem_no_call(out, rc);
		telem_open(&inner);
		if (isla_engine_shard_info(e, shard, &i) == 0)
			info(&inner, &i);
		telem_u64(&inner, "time_us", s.time_us);
		telem_u64(&inner, "conns", s.nb_conns);
		telem_u64(&inner, "established", s.stack.counter[ISLA_C_TCP_CURR_ESTAB]);
		telem_u64(&inner, "rx_frames", s.stack.counter[ISLA_C_IF_IN_PKTS]);
		telem_u64(&inner, "tx_frames", s.stack.counter[ISLA_C_IF_OUT_PKTS]);
		telem_u64(&inner, "busy_permille", permille(&s.loop, s.loop.busy.time_us));
		telem_u64(&inner, "spin_permille", permille(&s.loop, s.loop.spin.time_us));
		telem_u64(&inner, "yield_permille", permille(&s.loop, s.loop.yield.time_us));
		telem_u64(&inner, "sleep_permille", permille(&s.loop, s.loop.sleep.time_us));
		telem_u64(&inner, "wakeups", s.loop.nb_wakeups);
		telem_close(out, telem_digits(shard, name), &inner);
	}
	return 0;
}

/* ---- between them ---- */

int
telem_handover(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct isla_engine_stats s;

	if (telem_get_stats(e, p, &s, out) != 0)
		return -EINVAL;
#define FIELD(field, name, desc) telem_u64(out, name, s.loop.handover.field);
	ISLA_HANDOVER_LIST(FIELD)
#undef FIELD
	return 0;
}

int
telem_reta(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct telem_out entries, moved;
	uint16_t i, shard, older;
	char name[16];

	telem_open(&entries);
	telem_open(&moved);
	for (i = 0; i < ISLA_ENGINE_RETA_LEN; i++) {
		if (isla_engine_reta_get(e, i, &shard, &older) != 0)
			break;
		telem_u64(&entries, telem_digits(i, name), shard);
		if (older != 0)
			telem_u64(&moved, telem_digits(i, name), older);
	}
	telem_close(out, "entries", &entries);
	telem_close(out, "older_owners", &moved);
	return 0;
}

/* ---- rates ---- */

enum {
	RATE_RX_FRAMES,
	RATE_TX_FRAMES,
	RATE_RX_BYTES,
	RATE_TX_BYTES,
	RATE_TCP_OPENS,
	RATE_TCP_RETRANS,
	RATE_HTTP_REQUESTS,
	RATE_DROPS,
	RATE_HANDED_OVER,
	RATES
};

static const char *const rate_names[RATES] = {
	[RATE_RX_FRAMES] = "rx_frames",
	[RATE_TX_FRAMES] = "tx_frames",
	[RATE_RX_BYTES] = "rx_bytes",
	[RATE_TX_BYTES] = "tx_bytes",
	[RATE_TCP_OPENS] = "tcp_opens",
	[RATE_TCP_RETRANS] = "tcp_retrans",
	[RATE_HTTP_REQUESTS] = "http_requests",
	[RATE_DROPS] = "drops",
	[RATE_HANDED_OVER] = "handed_over",
};

/* Of the last interval; several clients may ask, and all get the same. */
struct telem_rates {
	pthread_mutex_t lock;
	uint64_t next_us;     /* when it may be measured again, on the system's clock */
	uint64_t interval_us;
	struct {
		uint64_t time_us;
		uint64_t count[RATES];
		uint64_t rate[RATES];
	} shard[ISLA_ENGINE_SHARD_MAX];
};

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void
telem_rates_init(struct isla_engine *e)
{
	uint16_t i;

	e->rates = calloc(1, sizeof(*e->rates));
	if (e->rates == NULL)
		return;
	pthread_mutex_init(&e->rates->lock, NULL);
	e->rates->next_us = now_us() + RATES_US;
	for (i = 0; i < e->nb_workers; i++)
		e->rates->shard[i].time_us = worker_now_us(&e->worker[i]);
}

void
telem_rates_fini(struct isla_engine *e)
{
	if (e->rates == NULL)
		return;
	pthread_mutex_destroy(&e->rates->lock);
	free(e->rates);
	e->rates = NULL;
}

static void
count(const struct isla_shard_stats *s, uint64_t n[RATES])
{
	const uint64_t *c = s->stack.counter;
	unsigned int i;

	n[RATE_RX_FRAMES] = c[ISLA_C_IF_IN_PKTS];
	n[RATE_TX_FRAMES] = c[ISLA_C_IF_OUT_PKTS];
	n[RATE_RX_BYTES] = c[ISLA_C_IF_IN_OCTETS];
	n[RATE_TX_BYTES] = c[ISLA_C_IF_OUT_OCTETS];
	n[RATE_TCP_OPENS] = c[ISLA_C_TCP_ACTIVE_OPENS] + c[ISLA_C_TCP_PASSIVE_OPENS];
	n[RATE_TCP_RETRANS] = c[ISLA_C_TCP_RETRANS_SEGS];
	n[RATE_HTTP_REQUESTS] = c[ISLA_C_HTTP_REQUESTS];
	n[RATE_HANDED_OVER] = s->loop.handover.nb_out;
	n[RATE_DROPS] = 0;
	for (i = 1; i < ISLA_DROP_MAX; i++)
		n[RATE_DROPS] += s->stack.drop[i];
}

/* The interval is over: measure. Returns 0, or -errno. */
static int
measure(struct isla_engine *e, struct telem_rates *r)
{
	struct isla_shard_stats s;
	uint64_t now[RATES], dt_us;
	unsigned int k;
	uint16_t i;
	int rc;

	for (i = 0; i < e->nb_workers; i++) {
		rc = isla_engine_get_shard_stats(e, i, &s);
		if (rc != 0)
			return rc;
		count(&s, now);
		dt_us = RTE_MAX(s.time_us - r->shard[i].time_us, UINT64_C(1));
		for (k = 0; k < RATES; k++) {
			/* Counters may have been cleared. */
			uint64_t before = r->shard[i].count[k];
			uint64_t n = now[k] >= before ? now[k] - before : now[k];

			r->shard[i].rate[k] = (uint64_t)((double)n * 1e6 / (double)dt_us);
			r->shard[i].count[k] = now[k];
		}
		r->shard[i].time_us = s.time_us;
		r->interval_us = dt_us;
	}
	return 0;
}

static void
add_rates(struct isla_engine *e, const struct telem_rates *r, struct telem_out *out)
{
	struct telem_out inner;
	uint64_t sum;
	char name[16];
	unsigned int k;
	uint16_t i;

	telem_u64(out, "interval_us", r->interval_us);
	for (k = 0; k < RATES; k++) {
		for (sum = 0, i = 0; i < e->nb_workers; i++)
			sum += r->shard[i].rate[k];
		telem_u64(out, rate_names[k], sum);
	}
	for (i = 0; i < e->nb_workers; i++) {
		telem_open(&inner);
		for (k = 0; k < RATES; k++)
			telem_u64(&inner, rate_names[k], r->shard[i].rate[k]);
		telem_close(out, telem_digits(i, name), &inner);
	}
}

int
telem_rates(struct isla_engine *e, const struct telem_params *p, struct telem_out *out)
{
	struct telem_rates *r = e->rates;
	int rc = 0;

	if (r == NULL)
		return telem_fail(out, "there was no memory for rates");
	pthread_mutex_lock(&r->lock);
	if (now_us() >= r->next_us) {
		rc = measure(e, r);
		r->next_us = now_us() + RATES_US;
	}
	if (rc == 0)
		add_rates(e, r, out);
	pthread_mutex_unlock(&r->lock);
	return rc == 0 ? 0 : telem_no_call(out, rc);
}
