/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A shard on a port with receive interrupts: those are asked of the driver, which may refuse them
 * at any point, and end the shard's sleep. The driver's part is played here, on a port made of a
 * ring.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_epoll.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "eal_env.h"
#include "engine_priv.h"
#include "isla_engine.h"

static struct isla_engine_conf conf;
static struct isla_engine *engine;
static struct rte_ring *ring;
static char err[ISLA_ENGINE_ERR_SIZE];

/* The driver. */
static struct {
	bool refuses_configure; /* with interrupts; likewise: */
	bool refuses_start;
	int enable_rc;
	unsigned int nb_configures;
	bool rxq;        /* as configured last */
	bool is_enabled;
	int fd;
	struct rte_epoll_event event;
} dev;

int __real_rte_eth_dev_configure(uint16_t, uint16_t, uint16_t, const struct rte_eth_conf *);
int __wrap_rte_eth_dev_configure(uint16_t, uint16_t, uint16_t, const struct rte_eth_conf *);
int __real_rte_eth_dev_start(uint16_t);
int __wrap_rte_eth_dev_start(uint16_t);
int __wrap_rte_eth_dev_rx_intr_enable(uint16_t, uint16_t);
int __wrap_rte_eth_dev_rx_intr_disable(uint16_t, uint16_t);
int __wrap_rte_eth_dev_rx_intr_ctl_q(uint16_t, uint16_t, int, int, void *);

int
__wrap_rte_eth_dev_configure(uint16_t id, uint16_t nb_rxq, uint16_t nb_txq,
	const struct rte_eth_conf *c)
{
	struct rte_eth_conf plain = *c;

	dev.nb_configures++;
	dev.rxq = c->intr_conf.rxq;
	if (dev.rxq && dev.refuses_configure)
		return -ENOTSUP;
	plain.intr_conf.rxq = 0;
	return __real_rte_eth_dev_configure(id, nb_rxq, nb_txq, &plain);
}

int
__wrap_rte_eth_dev_start(uint16_t id)
{
	return dev.rxq && dev.refuses_start ? -EIO : __real_rte_eth_dev_start(id);
}

int
__wrap_rte_eth_dev_rx_intr_enable(uint16_t id, uint16_t queue)
{
	CU_ASSERT_EQUAL(id, conf.port[0].port_id);
	CU_ASSERT_EQUAL(queue, 0);
	if (dev.enable_rc != 0)
		return dev.enable_rc;
	dev.is_enabled = true;
	return 0;
}

int
__wrap_rte_eth_dev_rx_intr_disable(uint16_t id, uint16_t queue)
{
	RTE_SET_USED(id);
	RTE_SET_USED(queue);
	dev.is_enabled = false;
	return 0;
}

int
__wrap_rte_eth_dev_rx_intr_ctl_q(uint16_t id, uint16_t queue, int epoll_fd, int op, void *data)
{
	RTE_SET_USED(id);
	RTE_SET_USED(queue);
	RTE_SET_USED(data);
	if (op == RTE_INTR_EVENT_DEL)
		return rte_epoll_ctl(epoll_fd, EPOLL_CTL_DEL, dev.fd, &dev.event);
	memset(&dev.event, 0, sizeof(dev.event));
	dev.event.epdata.event = EPOLLIN | EPOLLET;
	return rte_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, dev.fd, &dev.event);
}

static void
setup(void)
{
	isla_engine_conf_init(&conf);
	conf.nb_ports = 1;
	conf.nb_mbufs = 1023;
	conf.nb_refs = 1023;
	conf.stack.max_neigh = 64;
	conf.stack.tcp.max_conns = 64;
	conf.stack.tcp.max_segs = 256;
	conf.port[0].no_link_local = true; /* silence, unless the test breaks it */
	conf.backoff.spin_rounds = conf.backoff.yield_rounds = 0;
	conf.idle = ISLA_ENGINE_IDLE_EPOLL;
	memset(&dev, 0, sizeof(dev));
	dev.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	conf.port[0].port_id = eal_port_add("net_ring", "");
	ring = eal_port_ring();
}

static struct worker *
worker(void)
{
	return &engine->worker[0];
}

static void
start(void)
{
	engine = isla_engine_create(&conf, err, sizeof(err));
	if (engine == NULL)
		printf("'%s'\n", err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(engine);
	CU_ASSERT_EQUAL(isla_engine_start(engine, err, sizeof(err)), 0);
	backoff_init(&worker()->backoff, 0);
	worker_set_backoff(worker(), &conf.backoff, conf.idle);
	worker()->next_chore_us = UINT64_MAX;
}

static void
teardown(void)
{
	void *m;

	while (rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(isla_engine_free(engine), 0);
	engine = NULL;
	eal_port_remove();
	close(dev.fd);
}

static void
interrupt(void)
{
	uint64_t one = 1;

	CU_ASSERT_EQUAL(write(dev.fd, &one, sizeof(one)), sizeof(one));
}

/* A frame that means nothing to anybody. */
static void
frame(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker()->pools.pkt);

	memset(rte_pktmbuf_append(m, 60), 0, 60);
	CU_ASSERT_EQUAL(rte_ring_enqueue(ring, m), 0);
}

/* A round and what follows it, be it a sleep of a moment. Returns whether it brought work. */
static bool
round_and_rest(void)
{
	uint64_t now_us = worker_now_us(worker());
	bool worked = loop_round(worker(), NULL, now_us);

	loop_rest(worker(), worked, now_us, now_us + 2);
	return worked;
}

static enum isla_engine_wakes
wakes(void)
{
	struct isla_engine_port_info info;

	CU_ASSERT_EQUAL(isla_engine_port_info(engine, 0, &info), 0);
	return info.wakes;
}

static void
an_interrupt_ends_a_sleep(void)
{
	start();
	CU_ASSERT_TRUE(dev.rxq);
	CU_ASSERT_EQUAL(dev.nb_configures, 1);
	CU_ASSERT_EQUAL(wakes(), ISLA_ENGINE_WAKES_BY_INTR);
	CU_ASSERT_TRUE(worker()->hears_all);
	CU_ASSERT_FALSE(dev.is_enabled);
	/* It is enabled, and the queue looked at once more; then comes the sleep. */
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_TRUE(dev.is_enabled);
	CU_ASSERT_EQUAL(worker()->stats.nb_wakeups, 0);
	interrupt();
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_EQUAL(worker()->stats.nb_wakeups, 1);
	CU_ASSERT_FALSE(dev.is_enabled);
	/* It has ended that one only. */
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_TRUE(dev.is_enabled);
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_EQUAL(worker()->stats.nb_wakeups, 1);
}

static void
a_frame_that_comes_before_the_sleep_is_seen(void)
{
	start();
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_TRUE(dev.is_enabled);
	frame(); /* before it was enabled, as far as the driver is concerned */
	CU_ASSERT_TRUE(round_and_rest());
	CU_ASSERT_FALSE(dev.is_enabled);
	CU_ASSERT_FALSE(worker()->intrs.is_armed);
}

static void
no_other_way_of_idling_has_them_enabled(void)
{
	conf.idle = ISLA_ENGINE_IDLE_SLEEP;
	start();
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_FALSE(dev.is_enabled);
	worker_set_backoff(worker(), &conf.backoff, ISLA_ENGINE_IDLE_EPOLL);
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_TRUE(dev.is_enabled);
	worker_set_backoff(worker(), &conf.backoff, ISLA_ENGINE_IDLE_SLEEP);
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_FALSE(dev.is_enabled);
}

/* It was configured anew, without them, and works. */
static void
works_without_them(void)
{
	start();
	CU_ASSERT_EQUAL(dev.nb_configures, 2);
	CU_ASSERT_FALSE(dev.rxq);
	CU_ASSERT_EQUAL(wakes(), ISLA_ENGINE_WAKES_NOT);
	CU_ASSERT_FALSE(worker()->hears_all);
	frame();
	CU_ASSERT_TRUE(round_and_rest());
}

static void
a_driver_may_refuse_them_when_it_is_configured(void)
{
	dev.refuses_configure = true;
	works_without_them();
}

static void
a_driver_may_refuse_them_when_it_starts(void)
{
	dev.refuses_start = true;
	works_without_them();
}

static void
a_driver_may_not_know_them(void)
{
	dev.enable_rc = -ENOTSUP;
	start();
	CU_ASSERT_EQUAL(dev.nb_configures, 1);
	CU_ASSERT_EQUAL(wakes(), ISLA_ENGINE_WAKES_NOT);
	CU_ASSERT_FALSE(worker()->hears_all);
}

static void
a_port_that_is_stopped_is_not_waited_for(void)
{
	uint16_t id = conf.port[0].port_id;

	start();
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_TRUE(dev.is_enabled);
	CU_ASSERT_EQUAL(isla_engine_port_stop(engine, id, err, sizeof(err)), 0);
	CU_ASSERT_FALSE(dev.is_enabled);
	CU_ASSERT_EQUAL(worker()->intrs.nb, 0);
	/* There is nothing that could come, so the sleep may last. */
	CU_ASSERT_TRUE(worker()->hears_all);
	CU_ASSERT_EQUAL(isla_engine_port_start(engine, id, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(worker()->intrs.nb, 1);
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_TRUE(dev.is_enabled);
}

/* They are there, and never come: the shard sleeps for a while at a time, and looks. */
static void
where_none_comes_none_is_waited_for(void)
{
	unsigned int i;

	start();
	for (i = 0; i < RX_INTR_LATE_MAX; i++) {
		CU_ASSERT_FALSE(worker()->intrs.is_deaf);
		while (!worker()->intrs.is_timed_out)
			CU_ASSERT_FALSE(round_and_rest());
		frame();
		CU_ASSERT_TRUE(round_and_rest());
	}
	CU_ASSERT_TRUE(worker()->intrs.is_deaf);
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_FALSE(round_and_rest());
	CU_ASSERT_FALSE(dev.is_enabled);
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_interrupt_ends_a_sleep),
	SUITE_TEST(a_frame_that_comes_before_the_sleep_is_seen),
	SUITE_TEST(no_other_way_of_idling_has_them_enabled),
	SUITE_TEST(a_driver_may_refuse_them_when_it_is_configured),
	SUITE_TEST(a_driver_may_refuse_them_when_it_starts),
	SUITE_TEST(a_driver_may_not_know_them),
	SUITE_TEST(a_port_that_is_stopped_is_not_waited_for),
	SUITE_TEST(where_none_comes_none_is_waited_for),
};

int
main(void)
{
	return eal_suite_run("rx_sleep", tests, RTE_DIM(tests), setup, teardown);
}
