/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine whose start fails, at each place where the system or a driver may refuse something, one
 * after the other: the cause is told, and nothing is left over, neither memory nor a descriptor nor
 * an mbuf. The linker puts __wrap_X() before each X().
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "eal_env.h"
#include "isla_engine.h"

#define CALLS_MAX 400 /* that can be refused in one start */

static struct isla_engine_conf conf;
static char err[ISLA_ENGINE_ERR_SIZE];
static unsigned int nb_calls;
static unsigned int refused; /* the call of this number; 0: none */
static const char *who;      /* what was refused */

static bool
refuses(const char *name)
{
	/* Memory of another node would do as well, and is not to be had either. */
	if (++nb_calls != refused && (nb_calls != refused + 1 || who != name))
		return false;
	who = name;
	return true;
}

/* Two bits for each queue that is set up: receive, transmit. One that is set up again is released
 * before, and to configure a port anew is to release all. */
static uint32_t queues;

/* In errno's place stands what any of them would set, and what EAL and ethdev return is negative. */
#define WRAP(type, name, error, params, args) WRAP_AND(type, name, error, params, args, )
#define WRAP_AND(type, name, error, params, args, note)                                            \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		if (refuses(#name)) {                                                              \
			rte_errno = errno = ENOMEM;                                                \
			return error;                                                              \
		}                                                                                  \
		note;                                                                              \
		return __real_##name args;                                                         \
	}

WRAP(void *, rte_zmalloc_socket, NULL,
	(const char *type, size_t size, unsigned int align, int socket),
	(type, size, align, socket))
WRAP(struct rte_mempool *, rte_pktmbuf_pool_create, NULL,
	(const char *name, unsigned int n, unsigned int cache, uint16_t priv, uint16_t room,
		int socket),
	(name, n, cache, priv, room, socket))
WRAP(int, eventfd, -1, (unsigned int value, int flags), (value, flags))
WRAP(int, epoll_create1, -1, (int flags), (flags))
WRAP(int, epoll_ctl, -1, (int fd, int op, int other, struct epoll_event *ev), (fd, op, other, ev))
WRAP(int, rte_ctrl_thread_create, -ENOMEM,
	(pthread_t *thread, const char *name, const pthread_attr_t *attr, void *(*fn)(void *),
		void *arg),
	(thread, name, attr, fn, arg))
WRAP(int, rte_eth_dev_info_get, -ENOMEM, (uint16_t port, struct rte_eth_dev_info *info),
	(port, info))
WRAP_AND(int, rte_eth_dev_configure, -ENOMEM,
	(uint16_t port, uint16_t rx, uint16_t tx, const struct rte_eth_conf *c),
	(port, rx, tx, c), queues = 0)
WRAP_AND(int, rte_eth_rx_queue_setup, -ENOMEM,
	(uint16_t port, uint16_t q, uint16_t nb, unsigned int socket,
		const struct rte_eth_rxconf *c, struct rte_mempool *pool),
	(port, q, nb, socket, c, pool), queues |= 1u << 2 * q)
WRAP_AND(int, rte_eth_tx_queue_setup, -ENOMEM,
	(uint16_t port, uint16_t q, uint16_t nb, unsigned int socket,
		const struct rte_eth_txconf *c),
	(port, q, nb, socket, c), queues |= 2u << 2 * q)
WRAP(int, rte_eth_dev_start, -ENOMEM, (uint16_t port), (port))
WRAP(int, rte_eal_remote_launch, -ENOMEM,
	(lcore_function_t *fn, void *arg, unsigned int lcore), (fn, arg, lcore))
WRAP(ssize_t, getrandom, -1, (void *buf, size_t size, unsigned int flags), (buf, size, flags))

static unsigned int
nb_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nb = 0;

	if (dir == NULL)
		return 0;
	while (readdir(dir) != NULL)
		nb++;
	closedir(dir);
	return nb;
}

static unsigned int
nb_queues(void)
{
	return (unsigned int)__builtin_popcount(queues);
}

static size_t
heap_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) == 0 ? stats.heap_allocsz_bytes : 0;
}

static void
setup(void)
{
	isla_engine_conf_init(&conf);
	conf.nb_ports = 1;
	conf.nb_shards = 2;
	conf.nb_mbufs = conf.nb_refs = 255;
	conf.stack.max_neigh = 16;
	conf.stack.tcp.max_conns = 16;
	conf.stack.tcp.max_segs = 64;
	conf.fault[ISLA_FAULT_RX].delay_us = 1;
}

/* Returns 0, or -1 where it was told why not. */
static int
start_and_end(void)
{
	struct isla_engine *engine;
	int rc = -1;

	/* An engine's end is the port's. */
	conf.port[0].port_id = eal_port_add("net_null", "");
	nb_calls = queues = 0;
	who = NULL;
	err[0] = '\0';
	engine = isla_engine_create(&conf, err, sizeof(err));
	if (engine != NULL)
		rc = isla_engine_start(engine, err, sizeof(err)) == 0 ? 0 : -1;
	CU_ASSERT_EQUAL(isla_engine_free(engine), 0);
	/* Nor is this to be refused. */
	nb_calls = CALLS_MAX;
	eal_port_remove();
	return rc;
}

static void
whatever_is_refused_leaves_nothing_behind(void)
{
	unsigned int fds, nb_failed = 0;
	size_t bytes, of_queue;

	/* What DPDK keeps once it has been used; and net_null, of each queue, for ever. */
	refused = 0;
	CU_ASSERT_EQUAL(start_and_end(), 0);
	bytes = heap_bytes();
	CU_ASSERT_EQUAL(start_and_end(), 0);
	of_queue = (heap_bytes() - bytes) / nb_queues();
	CU_ASSERT_TRUE(of_queue < 1000);
	fds = nb_fds();
	for (refused = 1; refused < CALLS_MAX; refused++) {
		unsigned int left_fds;
		ssize_t left;
		int rc;

		bytes = heap_bytes();
		rc = start_and_end();
		if (who == NULL)
			break;
		nb_failed += rc != 0;
		left = (ssize_t)(heap_bytes() - bytes) - (ssize_t)(nb_queues() * of_queue);
		left_fds = nb_fds() - fds;
		/* What a port can do without is no failure. */
		if (left != 0 || left_fds != 0 || (rc != 0) != (err[0] != '\0'))
			printf("call %u, %s: %d '%s', %zd bytes, %d descriptors\n", refused, who, rc,
				err, left, (int)left_fds);
		CU_ASSERT_EQUAL(left, 0);
		CU_ASSERT_EQUAL(left_fds, 0);
		CU_ASSERT_EQUAL(rc != 0, err[0] != '\0');
	}
	CU_ASSERT_TRUE(nb_failed >= 40);
	CU_ASSERT_TRUE(refused < CALLS_MAX);
	refused = 0;
	CU_ASSERT_EQUAL(start_and_end(), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(whatever_is_refused_leaves_nothing_behind),
};

int
main(void)
{
	return eal_suite_run("start_fails", tests, RTE_DIM(tests), setup, NULL);
}
