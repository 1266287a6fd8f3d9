/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports stopped and started under a running engine, links that come and go, and a device that is
 * made anew.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal_env.h"
#include "engine_priv.h"
#include "isla_engine.h"

static struct isla_engine_conf conf;
static struct isla_engine *engine;
static struct rte_ring *ring;
/* What isla_engine_conf::link_up has told. */
static unsigned int nb_ups;
static uint16_t up_port;
static char err[ISLA_ENGINE_ERR_SIZE];
static uint16_t port_id;

static void
link_up(struct isla_engine *e, uint16_t port, void *ctx)
{
	CU_ASSERT_PTR_EQUAL(ctx, &nb_ups);
	/* The administration is free: settings may be changed. */
	CU_ASSERT_EQUAL(ctrl_admin_lock(e), 0);
	ctrl_admin_unlock(e);
	nb_ups++;
	up_port = port;
}

static void
create(const char *driver)
{
	isla_engine_conf_init(&conf);
	conf.nb_ports = 1;
	conf.nb_mbufs = 1023;
	conf.nb_refs = 1023;
	conf.stop_us = 0;
	conf.link_up = link_up;
	conf.link_up_ctx = &nb_ups;
	nb_ups = 0;
	up_port = UINT16_MAX;
	conf.stack.max_neigh = 64;
	conf.stack.tcp.max_conns = 64;
	conf.stack.tcp.max_segs = 256;
	conf.port[0].no_link_local = true;
	conf.port[0].port_id = port_id = eal_port_add(driver, "");
	ring = eal_port_ring();
	engine = isla_engine_create(&conf, err, sizeof(err));

	CU_ASSERT_PTR_NOT_NULL_FATAL(engine);
}

static void
start(void)
{
	CU_ASSERT_EQUAL_FATAL(isla_engine_start(engine, err, sizeof(err)), 0);
}

static void
teardown(void)
{
	void *m;

	while (ring != NULL && rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(isla_engine_free(engine), 0);
	engine = NULL;
	eal_port_remove();
}

static struct worker *
worker(void)
{
	return &engine->worker[0];
}

static void
inject(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker()->pools.pkt);

	memset(rte_pktmbuf_append(m, 60), 0, 60);
	CU_ASSERT_EQUAL(rte_ring_enqueue(ring, m), 0);
}

static struct isla_engine_port_info
info(void)
{
	struct isla_engine_port_info i;

	CU_ASSERT_EQUAL(isla_engine_port_info(engine, 0, &i), 0);
	return i;
}

/* It is refused in one line with these words. */
static void
refused(int got, int rc, const char *words)
{
	CU_ASSERT_EQUAL(got, rc);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, words));
	if (strstr(err, words) == NULL)
		printf("'%s'\n", err);
}

static void
what_cannot_be_stopped_or_started(void)
{
	create("net_ring");
	refused(isla_engine_port_stop(engine, port_id, err, sizeof(err)), -EAGAIN,
		"the engine has not been started");
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STOPPED);
	start();
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STARTED);
	refused(isla_engine_port_stop(engine, 29, err, sizeof(err)), -ENODEV, "no port 29");
	refused(isla_engine_port_start(engine, port_id, err, sizeof(err)), -EALREADY,
		"is started already");
	CU_ASSERT_EQUAL(isla_engine_port_stop(engine, port_id, err, sizeof(err)), 0);
	refused(isla_engine_port_stop(engine, port_id, err, sizeof(err)), -EALREADY,
		"is stopped already");
	teardown();
}

static void
a_stopped_port_is_not_polled_and_takes_nothing(void)
{
	static const struct isla_tcp_ops ops = {.connected = NULL};
	struct isla_tcp_ends ends = {
		.remote = isla_addr_from_v4(RTE_BE32(0x0a000001)), .remote_port = 80,
	};
	struct isla_prefix prefix = {.addr = isla_addr_from_v4(RTE_BE32(0x0a000002)), .len = 8};
	struct isla_engine_stats stats;

	create("net_ring");
	CU_ASSERT_EQUAL(isla_engine_addr_add(engine, port_id, &prefix), 0);
	start();
	loop_round(worker(), NULL, worker_now_us(worker()));
	CU_ASSERT_EQUAL(isla_engine_port_stop(engine, port_id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STOPPED);
	CU_ASSERT_FALSE(info().link_up);
	inject();
	CU_ASSERT_FALSE(loop_round(worker(), NULL, worker_now_us(worker())));
	CU_ASSERT_EQUAL(rte_ring_count(ring), 1);
	/* A connection wants to begin: its ARP request goes nowhere, and is counted. */
	CU_ASSERT_PTR_NOT_NULL(isla_tcp_connect(
		isla_stack_tcp(isla_engine_stack(engine, 0)), &ends, &ops, NULL, NULL));
	loop_round(worker(), NULL, worker_now_us(worker()));
	loop_round(worker(), NULL, worker_now_us(worker()) + 10);
	CU_ASSERT_EQUAL(rte_ring_count(ring), 1);
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	CU_ASSERT_TRUE(stats.loop.nb_tx_dropped > 0);
	CU_ASSERT_EQUAL(stats.loop.nb_tx_stalls, 0);
	/* And all is as before. */
	CU_ASSERT_EQUAL(isla_engine_port_start(engine, port_id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STARTED);
	loop_round(worker(), NULL, worker_now_us(worker()) + 20);
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	CU_ASSERT_EQUAL(stats.port[0].ipackets, 1);
	CU_ASSERT_EQUAL(stats.stack.counter[ISLA_C_IF_IN_PKTS], 1);
	teardown();
}

static void
a_link_that_goes_down_is_counted(void)
{
	struct isla_engine_stats stats;

	create("net_ring");
	start();
	ports_watch(engine);
	CU_ASSERT_TRUE(info().link_up);
	CU_ASSERT_EQUAL(rte_eth_dev_set_link_down(port_id), 0);
	ports_watch(engine);
	ports_watch(engine);
	CU_ASSERT_FALSE(info().link_up);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STARTED);
	CU_ASSERT_EQUAL(rte_eth_dev_set_link_up(port_id), 0);
	ports_watch(engine);
	CU_ASSERT_TRUE(info().link_up);
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	CU_ASSERT_EQUAL(stats.port[0].nb_link_downs, 1);
	CU_ASSERT_EQUAL(isla_engine_clear_stats(engine), 0);
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	CU_ASSERT_EQUAL(stats.port[0].nb_link_downs, 0);
	teardown();
}

static void
a_link_that_comes_back_is_told(void)
{
	create("net_ring");
	start();
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 0);
	rte_eth_dev_set_link_down(port_id);
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 0);
	rte_eth_dev_set_link_up(port_id);
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 1);
	CU_ASSERT_EQUAL(up_port, port_id);
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 1);
	/* An interrupt has told of one that was shorter than the time between two looks. */
	engine->port[0].link_was_down = true;
	ports_watch(engine);
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 2);
	/* One that was stopped was away as well. */
	CU_ASSERT_EQUAL(isla_engine_port_stop(engine, port_id, err, sizeof(err)), 0);
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 2);
	CU_ASSERT_EQUAL(isla_engine_port_start(engine, port_id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(nb_ups, 3);
	CU_ASSERT_NOT_EQUAL(isla_engine_port_start(engine, port_id, err, sizeof(err)), 0);
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 3);
	/* Who has ended is told no more. */
	ctrl_ends_ticking(engine);
	engine->port[0].link_was_down = true;
	ports_watch(engine);
	CU_ASSERT_EQUAL(nb_ups, 3);
	teardown();
}

/* An interface of that number does not exist, so the port looks as if its own had been deleted. */
static void
a_port_whose_interface_is_gone_is_made_anew(void)
{
	struct isla_engine_stats stats, before;

	create("net_null");
	start();
	loop_round(worker(), NULL, worker_now_us(worker()));
	engine->port[0].if_index = 0x7ffffff0;
	ports_watch(engine);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_GONE);
	CU_ASSERT_TRUE(worker_port_is_off(worker(), 0));
	CU_ASSERT_FALSE(loop_round(worker(), NULL, worker_now_us(worker())));
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &before), 0);
	CU_ASSERT_EQUAL(before.port[0].nb_gone, 1);
	CU_ASSERT_TRUE(before.port[0].ipackets > 0);
	refused(isla_engine_port_stop(engine, port_id, err, sizeof(err)), -EALREADY, "is gone");
	CU_ASSERT_EQUAL(isla_engine_port_start(engine, port_id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STARTED);
	CU_ASSERT_TRUE(loop_round(worker(), NULL, worker_now_us(worker())));
	/* What the first device has counted is not forgotten. */
	CU_ASSERT_EQUAL(isla_engine_get_stats(engine, &stats), 0);
	CU_ASSERT_TRUE(stats.port[0].ipackets > before.port[0].ipackets);
	ports_watch(engine);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STARTED);
	teardown();
}

static void
a_device_that_cannot_be_made_anew_may_be_tried_again(void)
{
	char name[sizeof(engine->port[0].dev_name)];

	create("net_null");
	start();
	engine->port[0].if_index = 0x7ffffff0;
	ports_watch(engine);
	snprintf(name, sizeof(name), "%s", engine->port[0].dev_name);
	snprintf(engine->port[0].dev_name, sizeof(name), "net_nobody0");
	CU_ASSERT_NOT_EQUAL(isla_engine_port_start(engine, port_id, err, sizeof(err)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "net_nobody0 cannot be made anew"));
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_GONE);
	CU_ASSERT_FALSE(loop_round(worker(), NULL, worker_now_us(worker())));
	snprintf(engine->port[0].dev_name, sizeof(name), "%s", name);
	CU_ASSERT_EQUAL(isla_engine_port_start(engine, port_id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(info().state, ISLA_ENGINE_PORT_STARTED);
	teardown();
}

static int rc_from_shard;

static void
from_the_shard(struct isla_stack *stack, struct isla_engine_request *req)
{
	RTE_SET_USED(stack);
	RTE_SET_USED(req);
	rc_from_shard = isla_engine_port_stop(engine, port_id, err, sizeof(err));
}

/* Another thread, as a prompt would. */
static void *
flap(void *arg)
{
	/* It runs when the engine does, which may begin after this thread has ended. */
	static struct isla_engine_request req = {.run = from_the_shard};
	char line[ISLA_ENGINE_ERR_SIZE];
	int *nb_failed = arg, i;

	isla_engine_post(engine, 0, &req);
	for (i = 0; i < 50; i++) {
		*nb_failed += isla_engine_port_stop(engine, port_id, line, sizeof(line)) != 0;
		*nb_failed += isla_engine_port_start(engine, port_id, line, sizeof(line)) != 0;
	}
	isla_engine_stop(engine);
	return NULL;
}

/* What a call to the engine's port is in the middle of. */
struct call {
	bool is_inside;  /* atomic */
	bool has_looked; /* atomic: isla_engine_port_info() has come back */
	int rc;
};

static int
stay_inside(void *arg)
{
	struct call *c = arg;
	unsigned int i;

	__atomic_store_n(&c->is_inside, true, __ATOMIC_RELEASE);
	for (i = 0; i < 100 && !__atomic_load_n(&c->has_looked, __ATOMIC_ACQUIRE); i++)
		sched_yield();
	/* Who looks at the port waits until this is over. */
	CU_ASSERT_FALSE(__atomic_load_n(&c->has_looked, __ATOMIC_ACQUIRE));
	CU_ASSERT_EQUAL(rte_eth_dev_is_valid_port(port_id), 1);
	return c->rc;
}

static void *
look_meanwhile(void *arg)
{
	struct isla_engine_port_info info;
	struct call *c = arg;

	while (!__atomic_load_n(&c->is_inside, __ATOMIC_ACQUIRE))
		sched_yield();
	isla_engine_port_info(engine, 0, &info);
	__atomic_store_n(&c->has_looked, true, __ATOMIC_RELEASE);
	return NULL;
}

static void
a_call_has_the_port_to_itself(void)
{
	struct call c = {.rc = -EILSEQ};
	pthread_t other;

	create("net_ring");
	CU_ASSERT_EQUAL(isla_engine_port_call(engine, (uint16_t)(port_id + 1), stay_inside, &c),
		-ENODEV);
	CU_ASSERT_FALSE(c.is_inside);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, look_meanwhile, &c), 0);
	CU_ASSERT_EQUAL(isla_engine_port_call(engine, port_id, stay_inside, &c), -EILSEQ);
	pthread_join(other, NULL);
	CU_ASSERT_TRUE(c.has_looked);
	teardown();
}

static void
ports_flap_while_the_engine_runs(void)
{
	pthread_t thread;
	int nb_failed = 0;

	create("net_null");
	start();
	rc_from_shard = 0;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, flap, &nb_failed), 0);
	isla_engine_run(engine);
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(nb_failed, 0);
	CU_ASSERT_EQUAL(rc_from_shard, -EDEADLK);
	/* After the run there is nothing to start. */
	refused(isla_engine_port_start(engine, port_id, err, sizeof(err)), -EAGAIN,
		"has not been started");
	teardown();
}

static const struct suite_test tests[] = {
	SUITE_TEST(what_cannot_be_stopped_or_started),
	SUITE_TEST(a_stopped_port_is_not_polled_and_takes_nothing),
	SUITE_TEST(a_link_that_goes_down_is_counted),
	SUITE_TEST(a_link_that_comes_back_is_told),
	SUITE_TEST(a_port_whose_interface_is_gone_is_made_anew),
	SUITE_TEST(a_device_that_cannot_be_made_anew_may_be_tried_again),
	SUITE_TEST(a_call_has_the_port_to_itself),
	SUITE_TEST(ports_flap_while_the_engine_runs),
};

int
main(void)
{
	return eal_suite_run("port_ctl", tests, RTE_DIM(tests), NULL, NULL);
}
