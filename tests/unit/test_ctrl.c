/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls into shards and the control thread, on shards that are played by threads of the test: no
 * port, no EAL. Meant for ThreadSanitizer as well as for itself.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <rte_common.h>
#include <rte_lcore.h>

#include "engine_priv.h"
#include "heap_pool.h"
#include "suite.h"

#define NB_SHARDS  2
#define NB_CALLERS 3
#define NB_CALLS   2000

static struct isla_engine engine;
static struct rte_mempool *pool;
static pthread_t shard[NB_SHARDS];
static char err[ISLA_ENGINE_ERR_SIZE];

static void
setup(void)
{
	struct isla_stack_conf conf = {.socket_id = -1, .max_neigh = 16};
	uint64_t tsc, ns;
	uint16_t i;

	memset(&engine, 0, sizeof(engine));
	conf.tcp.max_conns = 16;
	conf.tcp.max_segs = 64;
	conf.pool = pool = heap_pool_create(1024, 2176, ISLA_PKT_PRIV_SIZE);
	CU_ASSERT_EQUAL_FATAL(ctrl_init(&engine.ctrl), 0);
	for (i = 0; i < NB_SHARDS; i++) {
		struct worker *w = &engine.worker[i];

		w->engine = &engine;
		w->index = i;
		clock_read_pair(&tsc, &ns);
		clock_init(&w->clock, tsc, ns, 1000000000);
		conf.now_us = worker_now_us(w);
		w->stack = isla_stack_create(&conf);
		CU_ASSERT_PTR_NOT_NULL_FATAL(w->stack);
		CU_ASSERT_EQUAL(idle_init(&w->idle), 0);
	}
	engine.nb_workers = NB_SHARDS;
}

static void
teardown(void)
{
	uint16_t i;

	ctrl_fini(&engine.ctrl);
	for (i = 0; i < NB_SHARDS; i++) {
		isla_stack_free(engine.worker[i].stack);
		idle_fini(&engine.worker[i].idle);
	}
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

/* What a shard does apart from frames. */
static void *
shard_main(void *arg)
{
	struct worker *w = arg;

	ctrl_shard_begins(w);
	while (__atomic_load_n(&engine.nb_stops, __ATOMIC_RELAXED) == 0) {
		isla_stack_set_now(w->stack, worker_now_us(w));
		mailbox_run(&w->mailbox, w->stack);
		idle_wait(&w->idle, 1000, true);
	}
	ctrl_shard_ends(w);
	return NULL;
}

static void
shards_run(void)
{
	uint16_t i;

	__atomic_store_n(&engine.nb_stops, 0, __ATOMIC_RELAXED);
	for (i = 0; i < NB_SHARDS; i++) {
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&shard[i], NULL, shard_main, &engine.worker[i]), 0);
		while (__atomic_load_n(&engine.worker[i].thread, __ATOMIC_RELAXED) == 0)
			sched_yield();
	}
}

static void
shards_end(void)
{
	uint16_t i;

	isla_engine_stop(&engine);
	for (i = 0; i < NB_SHARDS; i++) {
		pthread_join(shard[i], NULL);
		CU_ASSERT_EQUAL(engine.worker[i].thread, 0);
	}
}

/* Where it ran, and how often. */
struct trace {
	unsigned int nb;
	struct isla_stack *stack[4];
	pthread_t thread[4];
};

static void
trace(struct isla_stack *stack, void *arg)
{
	struct trace *t = arg;

	t->stack[t->nb % RTE_DIM(t->stack)] = stack;
	t->thread[t->nb++ % RTE_DIM(t->thread)] = pthread_self();
}

static void
before_and_after_the_run_the_caller_does_it(void)
{
	struct trace t = {.nb = 0};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		memset(&t, 0, sizeof(t));
		CU_ASSERT_EQUAL(isla_engine_call(&engine, 1, trace, &t), 0);
		CU_ASSERT_EQUAL(isla_engine_call(&engine, ISLA_ENGINE_ALL_SHARDS, trace, &t), 0);
		CU_ASSERT_EQUAL(isla_engine_call(&engine, NB_SHARDS, trace, &t), -EINVAL);
		CU_ASSERT_EQUAL(t.nb, 3);
		CU_ASSERT_PTR_EQUAL(t.stack[0], engine.worker[1].stack);
		CU_ASSERT_PTR_EQUAL(t.stack[1], engine.worker[0].stack);
		CU_ASSERT_PTR_EQUAL(t.stack[2], engine.worker[1].stack);
		CU_ASSERT_TRUE(pthread_equal(t.thread[0], pthread_self()));
		CU_ASSERT_TRUE(pthread_equal(t.thread[2], pthread_self()));
		shards_run();
		shards_end();
	}
}

static void
meanwhile_the_shard_does(void)
{
	struct trace t = {.nb = 0};

	shards_run();
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 1, trace, &t), 0);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, ISLA_ENGINE_ALL_SHARDS, trace, &t), 0);
	CU_ASSERT_EQUAL(t.nb, 3);
	CU_ASSERT_TRUE(pthread_equal(t.thread[0], shard[1]));
	CU_ASSERT_TRUE(pthread_equal(t.thread[1], shard[0]));
	CU_ASSERT_TRUE(pthread_equal(t.thread[2], shard[1]));
	CU_ASSERT_PTR_EQUAL(t.stack[1], engine.worker[0].stack);
	shards_end();
}

static void
from_within(struct isla_stack *stack, void *arg)
{
	struct isla_fault fault = {.drop_ppb = 0};
	struct trace *t = arg;

	RTE_SET_USED(stack);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 0, trace, t), 0);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 1, trace, t), -EDEADLK);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, ISLA_ENGINE_ALL_SHARDS, trace, t), -EDEADLK);
	CU_ASSERT_EQUAL(ctrl_admin_lock(&engine), -EDEADLK);
	CU_ASSERT_EQUAL(isla_engine_fault_get(&engine, ISLA_FAULT_RX, &fault), -EDEADLK);
	CU_ASSERT_EQUAL(isla_engine_fault_set(&engine, ISLA_FAULT_RX, &fault, err, sizeof(err)),
		-EDEADLK);
}

static void
a_shard_calls_itself_and_nobody_else(void)
{
	struct trace t = {.nb = 0};

	shards_run();
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 0, from_within, &t), 0);
	shards_end();
	CU_ASSERT_EQUAL(t.nb, 1);
	CU_ASSERT_TRUE(pthread_equal(t.thread[0], shard[0]));
}

/* One shard of one may ask for all, which is itself. */
static void
of_one_shard(struct isla_stack *stack, void *arg)
{
	RTE_SET_USED(stack);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, ISLA_ENGINE_ALL_SHARDS, trace, arg), 0);
	CU_ASSERT_EQUAL(ctrl_admin_lock(&engine), -EDEADLK);
}

static void
the_only_shard_is_all_shards(void)
{
	struct trace t = {.nb = 0};

	engine.nb_workers = 1;
	__atomic_store_n(&engine.nb_stops, 0, __ATOMIC_RELAXED);
	CU_ASSERT_EQUAL_FATAL(
		pthread_create(&shard[0], NULL, shard_main, &engine.worker[0]), 0);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 0, trace, &t), 0);
	while (__atomic_load_n(&engine.worker[0].thread, __ATOMIC_RELAXED) == 0)
		sched_yield();
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 0, of_one_shard, &t), 0);
	isla_engine_stop(&engine);
	pthread_join(shard[0], NULL);
	CU_ASSERT_EQUAL(t.nb, 2);
	engine.nb_workers = NB_SHARDS;
}

static void
nested(struct isla_stack *stack, void *arg)
{
	RTE_SET_USED(stack);
	CU_ASSERT_EQUAL(isla_engine_call(&engine, ISLA_ENGINE_ALL_SHARDS, trace, arg), 0);
}

static void
what_is_called_before_the_run_may_call(void)
{
	struct trace t = {.nb = 0};

	CU_ASSERT_EQUAL(isla_engine_call(&engine, 1, nested, &t), 0);
	CU_ASSERT_EQUAL(t.nb, 2);
}

static uint64_t nb_calls[NB_SHARDS]; /* each its shard's */

static void
count(struct isla_stack *stack, void *arg)
{
	unsigned int *mine = arg;

	nb_calls[stack == engine.worker[1].stack]++;
	(*mine)++;
}

static void *
call_often(void *arg)
{
	unsigned int i, mine = 0;

	RTE_SET_USED(arg);
	for (i = 0; i < NB_CALLS; i++)
		if (isla_engine_call(&engine, i % 3 == 2 ? ISLA_ENGINE_ALL_SHARDS :
			(uint16_t)(i % 3), count, &mine) != 0)
			return NULL;
	/* Each has run by the time its call returned. */
	return mine == NB_CALLS + NB_CALLS / 3 ? arg : NULL;
}

/* Nobody waits for ever, and no function runs twice, not at all, or beside another. */
static void
shards_come_and_go_while_many_call(void)
{
	pthread_t caller[NB_CALLERS];
	unsigned int i, t;
	void *rc;

	nb_calls[0] = nb_calls[1] = 0;
	for (t = 0; t < NB_CALLERS; t++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&caller[t], NULL, call_often, &engine), 0);
	for (i = 0; i < 50; i++) {
		shards_run();
		shards_end();
	}
	for (t = 0; t < NB_CALLERS; t++) {
		pthread_join(caller[t], &rc);
		CU_ASSERT_PTR_NOT_NULL(rc);
	}
	CU_ASSERT_EQUAL(nb_calls[0] + nb_calls[1],
		NB_CALLERS * (NB_CALLS + NB_CALLS / 3));
}

/* ---- the control thread ---- */

struct news {
	struct isla_engine_request req;
	struct trace trace;
	unsigned int done; /* atomic */
};

/* On the control thread: a shard's news, told to all. */
static void
tell_all(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct news *news = (struct news *)req;

	CU_ASSERT_PTR_NULL(stack);
	CU_ASSERT_FALSE(ctrl_is_shard(&engine));
	CU_ASSERT_EQUAL(isla_engine_call(&engine, ISLA_ENGINE_ALL_SHARDS, trace, &news->trace), 0);
	__atomic_store_n(&news->done, 1, __ATOMIC_RELEASE);
}

static void
post(struct isla_stack *stack, void *arg)
{
	struct news *news = arg;

	RTE_SET_USED(stack);
	CU_ASSERT_EQUAL(isla_engine_ctrl_post(&engine, &news->req), 0);
}

static void
wait_for(const unsigned int *done, unsigned int nb)
{
	while (__atomic_load_n(done, __ATOMIC_ACQUIRE) < nb)
		sched_yield();
}

static void
a_shard_tells_all_shards(void)
{
	struct news news = {.req.run = tell_all}, early = {.req.run = tell_all};
	struct fault fault = fault_init(err, sizeof(err));

	/* It waits for the thread. */
	post(NULL, &early);
	CU_ASSERT_EQUAL(early.done, 0);
	CU_ASSERT_EQUAL_FATAL(ctrl_start(&engine, &fault), 0);
	wait_for(&early.done, 1);
	shards_run();
	CU_ASSERT_EQUAL(isla_engine_call(&engine, 1, post, &news), 0);
	wait_for(&news.done, 1);
	shards_end();
	CU_ASSERT_EQUAL(early.trace.nb, 2);
	CU_ASSERT_EQUAL(news.trace.nb, 2);
	CU_ASSERT_TRUE(pthread_equal(news.trace.thread[0], shard[0]));
	CU_ASSERT_TRUE(pthread_equal(news.trace.thread[1], shard[1]));
}

static unsigned int nb_ticks;

static void
tick(struct isla_engine *e, void *ctx)
{
	struct isla_shard_stats stats;

	CU_ASSERT_PTR_EQUAL(ctx, &nb_ticks);
	CU_ASSERT_EQUAL(isla_engine_get_shard_stats(e, 1, &stats), 0);
	CU_ASSERT_EQUAL(stats.shard, 1);
	__atomic_fetch_add(&nb_ticks, 1, __ATOMIC_RELEASE);
}

static void
it_ticks_until_the_run_has_ended(void)
{
	struct fault fault = fault_init(err, sizeof(err));
	struct news news = {.req.run = tell_all};
	unsigned int nb;

	nb_ticks = 0;
	engine.conf.tick = tick;
	engine.conf.tick_ctx = &nb_ticks;
	engine.conf.tick_us = 200;
	CU_ASSERT_EQUAL_FATAL(ctrl_start(&engine, &fault), 0);
	shards_run();
	wait_for(&nb_ticks, 5);
	shards_end();
	ctrl_ends_ticking(&engine);
	nb = nb_ticks;
	/* The thread is still there, and goes round its loop. */
	post(NULL, &news);
	wait_for(&news.done, 1);
	CU_ASSERT_EQUAL(nb_ticks, nb);
}

static void
what_has_not_run_at_the_end_never_does(void)
{
	struct news news = {.req.run = tell_all};

	post(NULL, &news);
	ctrl_fini(&engine.ctrl);
	CU_ASSERT_EQUAL(news.done, 0);
	/* A second end does no harm. */
	ctrl_fini(&engine.ctrl);
}

static const struct suite_test tests[] = {
	SUITE_TEST(before_and_after_the_run_the_caller_does_it),
	SUITE_TEST(meanwhile_the_shard_does),
	SUITE_TEST(a_shard_calls_itself_and_nobody_else),
	SUITE_TEST(the_only_shard_is_all_shards),
	SUITE_TEST(what_is_called_before_the_run_may_call),
	SUITE_TEST(shards_come_and_go_while_many_call),
	SUITE_TEST(a_shard_tells_all_shards),
	SUITE_TEST(it_ticks_until_the_run_has_ended),
	SUITE_TEST(what_has_not_run_at_the_end_never_does),
};

int
main(void)
{
	return suite_run("ctrl", tests, RTE_DIM(tests), setup, teardown);
}
