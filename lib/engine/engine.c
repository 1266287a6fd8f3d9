/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine: ports and shards, put together, run and taken apart; see isla_engine.h for the order
 * of calls.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "conf.h"
#include "engine_log.h"
#include "engine_priv.h"
#include "lcores.h"
#include "rss.h"
#include "shards.h"
#include "telem.h"

RTE_LOG_REGISTER(isla_engine_logtype, lib.isla.engine, NOTICE);

/* The stacks' secret, where the program did not bring one. */
static int
key_init(struct isla_key *key, struct fault *fault)
{
	if ((key->k[0] | key->k[1]) != 0)
		return 0;
	if (getrandom(key, sizeof(*key), 0) != sizeof(*key))
		return fault_set(fault, -EIO, "the kernel gives no random bytes (getrandom): %s",
			strerror(errno));
	return 0;
}

void
engine_rx_pools(const struct isla_engine *e, struct rte_mempool **pools)
{
	uint16_t i;

	for (i = 0; i < e->nb_workers; i++)
		pools[i] = e->worker[i].pools.pkt;
}

static int
ports_setup(struct isla_engine *e, struct fault *fault)
{
	struct rte_mempool *pools[ISLA_ENGINE_SHARD_MAX];
	uint16_t i;
	int rc;

	engine_rx_pools(e, pools);
	for (i = 0; i < e->conf.nb_ports; i++) {
		rc = port_setup(&e->port[i], pools, fault);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* A shard to be made. */
struct making {
	struct worker *w;
	struct fault *fault;
};

/* On its lcore, whose node its memory is to be on. */
static int
make_worker(void *arg)
{
	const struct making *m = arg;
	struct isla_engine *e = m->w->engine;

	return worker_init(m->w, &e->conf, e->port, m->fault);
}

/* The node of the first port that has one. */
static int
ports_node(const struct isla_engine *e)
{
	uint16_t i;

	for (i = 0; i < e->conf.nb_ports; i++)
		if (e->port[i].socket_id >= 0)
			return e->port[i].socket_id;
	return -1;
}

static int
workers_init(struct isla_engine *e, struct fault *fault)
{
	uint16_t i, nb = e->conf.nb_shards;
	unsigned int lcore[ISLA_ENGINE_SHARD_MAX];
	rte_cpuset_t cpus[ISLA_ENGINE_SHARD_MAX];
	int rc = lcores_choose(lcore, nb, &numa_system, ports_node(e), fault);

	for (i = 0; rc == 0 && i < nb; i++)
		cpus[i] = rte_lcore_cpuset(lcore[i]);
	for (i = 0; rc == 0 && i < nb; i++) {
		struct worker *w = &e->worker[i];
		struct making making = {.w = w, .fault = fault};

		w->index = i;
		w->engine = e;
		w->nb_stops = &e->nb_stops;
		w->lcore_id = lcore[i];
		w->is_crowded = lcores_is_crowded(cpus, nb, i);
		rc = lcores_call(lcore[i], make_worker, &making);
		if (rc == 0)
			e->nb_workers++;
		else
			fault_set(fault, rc, "shard %u cannot be made on lcore %u: %s", i,
				lcore[i], rte_strerror(-rc));
	}
	return rc;
}

static int
engine_init(struct isla_engine *e, struct fault *fault)
{
	uint16_t i, j;
	int rc = key_init(&e->conf.stack.key, fault);

	for (i = 0; rc == 0 && i < e->conf.nb_ports; i++) {
		rc = port_probe(&e->port[i], &e->conf.port[i], &e->conf, fault);
		for (j = 0; rc == 0 && j < i; j++)
			rc = port_differs(&e->port[i], &e->port[j], fault);
	}
	if (rc == 0)
		rc = workers_init(e, fault);
	if (rc == 0)
		rc = shards_init(e, fault);
	if (rc == 0)
		rss_init(e);
	return rc != 0 ? rc : ports_setup(e, fault);
}

struct isla_engine *
isla_engine_create(const struct isla_engine_conf *conf, char *err, size_t err_size)
{
	struct fault fault = fault_init(err, err_size);
	struct isla_engine *e;
	int rc = conf_check(conf, &fault);

	if (rc != 0) {
		rte_errno = -rc;
		return NULL;
	}
	if (posix_memalign((void **)&e, RTE_CACHE_LINE_SIZE, sizeof(*e)) != 0) {
		rte_errno = -fault_set(&fault, -ENOMEM, "out of memory");
		return NULL;
	}
	memset(e, 0, sizeof(*e));
	e->conf = *conf;
	rc = ctrl_init(&e->ctrl);
	if (rc != 0)
		fault_set(&fault, rc, "no eventfd: %s", rte_strerror(-rc));
	else
		rc = engine_init(e, &fault);
	if (rc != 0) {
		isla_engine_free(e);
		rte_errno = -rc;
		return NULL;
	}
	return e;
}

int
engine_netif_of(const struct isla_engine *e, uint16_t port_id)
{
	uint16_t i;

	for (i = 0; i < e->conf.nb_ports; i++)
		if (e->port[i].id == port_id)
			return i;
	return -ENODEV;
}

/* An address or a route, on its way into the shards. */
struct addr_change {
	const struct isla_prefix *prefix;
	const struct isla_addr *gateway;
	uint8_t netif;
	int rc;     /* of the last shard */
};

static void
addr_add(struct isla_stack *stack, void *arg)
{
	struct addr_change *c = arg;

	c->rc = isla_stack_addr_add(stack, c->netif, c->prefix);
}

static void
route_add(struct isla_stack *stack, void *arg)
{
	struct addr_change *c = arg;

	c->rc = isla_stack_route_add(stack, c->prefix, c->gateway, c->netif);
}

/* On one shard after the other; all have the same, so what the first one takes they all do. */
static int
change_all(struct isla_engine *e, uint16_t port_id, struct addr_change *c,
	void (*fn)(struct isla_stack *stack, void *arg))
{
	int netif = engine_netif_of(e, port_id), rc = netif < 0 ? netif : ctrl_admin_lock(e);
	uint16_t i;

	if (rc != 0)
		return rc;
	c->netif = (uint8_t)netif;
	for (i = 0; rc == 0 && i < e->nb_workers; i++) {
		rc = isla_engine_call(e, i, fn, c);
		rc = rc == 0 ? c->rc : rc;
	}
	ctrl_admin_unlock(e);
	return rc;
}

int
isla_engine_addr_add(struct isla_engine *e, uint16_t port_id, const struct isla_prefix *prefix)
{
	struct addr_change c = {.prefix = prefix};

	return change_all(e, port_id, &c, addr_add);
}

int
isla_engine_route_add(struct isla_engine *e, uint16_t port_id, const struct isla_prefix *prefix,
	const struct isla_addr *gateway)
{
	struct addr_change c = {.prefix = prefix, .gateway = gateway};

	return change_all(e, port_id, &c, route_add);
}

static void
addr_del(struct isla_stack *stack, void *arg)
{
	struct addr_change *c = arg;

	c->rc = isla_stack_addr_del(stack, c->netif, &c->prefix->addr);
}

static void
route_del(struct isla_stack *stack, void *arg)
{
	struct addr_change *c = arg;

	c->rc = isla_stack_route_del(stack, c->prefix, c->netif);
}

/* Off every shard: one that has it not keeps no other one from losing it. */
static int
del_all(struct isla_engine *e, uint16_t port_id, struct addr_change *c,
	void (*fn)(struct isla_stack *stack, void *arg))
{
	int netif = engine_netif_of(e, port_id), rc = netif < 0 ? netif : ctrl_admin_lock(e);
	uint16_t i;

	if (rc != 0)
		return rc;
	c->netif = (uint8_t)netif;
	for (i = 0; i < e->nb_workers; i++) {
		int one = isla_engine_call(e, i, fn, c);

		one = one == 0 ? c->rc : one;
		rc = rc == 0 ? one : rc;
	}
	ctrl_admin_unlock(e);
	return rc;
}

int
isla_engine_addr_del(struct isla_engine *e, uint16_t port_id, const struct isla_addr *addr)
{
	struct isla_prefix prefix = {.addr = *addr};
	struct addr_change c = {.prefix = &prefix};

	return del_all(e, port_id, &c, addr_del);
}

int
isla_engine_route_del(struct isla_engine *e, uint16_t port_id, const struct isla_prefix *prefix)
{
	struct addr_change c = {.prefix = prefix};

	return del_all(e, port_id, &c, route_del);
}

uint16_t
isla_engine_nb_shards(const struct isla_engine *e)
{
	return e->nb_workers;
}

struct isla_stack *
isla_engine_stack(struct isla_engine *e, uint16_t shard)
{
	return shard < e->nb_workers ? e->worker[shard].stack : NULL;
}

int
isla_engine_port_info(const struct isla_engine *e, uint16_t i, struct isla_engine_port_info *info)
{
	const struct port *port;

	if (i >= e->conf.nb_ports)
		return -ENODEV;
	port = &e->port[i];
	memset(info, 0, sizeof(*info));
	ctrl_ports_lock(e);
	info->port_id = port->id;
	rte_strlcpy(info->name, port->name, sizeof(info->name));
	rte_strlcpy(info->driver, port->driver, sizeof(info->driver));
	memcpy(info->mac, port->mac.addr_bytes, sizeof(info->mac));
	info->mtu = port->mtu;
	info->nb_queues = port->nb_queues;
	info->nb_rxd = port->nb_rxd;
	info->nb_txd = port->nb_txd;
	info->if_index = port->if_index;
	info->offloads = port->netif_offloads;
	info->wakes = port->rx_fd[0] >= 0 ? ISLA_ENGINE_WAKES_BY_FD :
		port->has_rx_intr ? ISLA_ENGINE_WAKES_BY_INTR :
		port->is_file ? ISLA_ENGINE_WAKES_NEEDLESS : ISLA_ENGINE_WAKES_NOT;
	info->segments = port->tso;
	info->linearizes = port->linearize;
	info->socket_id = port->socket_id;
	info->state = port->is_gone ? ISLA_ENGINE_PORT_GONE :
		port->state == PORT_STARTED ? ISLA_ENGINE_PORT_STARTED : ISLA_ENGINE_PORT_STOPPED;
	info->link_up = port->state == PORT_STARTED && port->is_link_up;
	info->link_mbps = port->link_mbps;
	ctrl_ports_unlock(e);
	return 0;
}

int
isla_engine_port_queue(const struct isla_engine *e, uint16_t i, uint16_t shard, uint16_t *dev_id,
	uint16_t *queue)
{
	const struct port *port;

	if (i >= e->conf.nb_ports)
		return -ENODEV;
	port = &e->port[i];
	if (shard >= port->nb_queues)
		return -EINVAL;
	ctrl_ports_lock(e);
	*dev_id = port->q[shard].id;
	*queue = port->q[shard].queue;
	ctrl_ports_unlock(e);
	return 0;
}

int
isla_engine_start(struct isla_engine *e, char *err, size_t err_size)
{
	struct fault fault = fault_init(err, err_size);
	uint16_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < e->conf.nb_ports; i++) {
		rc = port_start(&e->port[i], &fault);
		if (rc == 0)
			rss_start(e, &e->port[i]);
	}
	for (i = 0; rc == 0 && i < e->nb_workers; i++)
		rc = worker_prepare(&e->worker[i], &fault);
	if (rc == 0)
		rc = ctrl_start(e, &fault);
	e->is_started = rc == 0;
	if (rc == 0)
		telem_attach(e);
	return rc;
}

static int
run_worker(void *arg)
{
	worker_run(arg);
	return 0;
}

/* Returns how many shards run, or will: all but for the first one's, on other lcores. */
static uint16_t
launch(struct isla_engine *e, int *rc)
{
	uint16_t i, n;

	*rc = 0;
	for (n = 1; n < e->nb_workers; n++) {
		*rc = rte_eal_remote_launch(run_worker, &e->worker[n], e->worker[n].lcore_id);
		if (*rc != 0)
			break;
	}
	if (*rc == 0)
		return n;
	/* Somebody else has the lcore: without this shard its flows would go nowhere. */
	ENGINE_LOG(ERR, "lcore %u cannot run shard %u: %s\n", e->worker[n].lcore_id, n,
		rte_strerror(-*rc));
	for (i = n; i < e->nb_workers; i++)
		__atomic_store_n(&e->worker[i].is_done, true, __ATOMIC_RELAXED);
	isla_engine_stop(e);
	return n;
}

int
isla_engine_run(struct isla_engine *e)
{
	uint16_t i, nb;
	int rc;

	nb = launch(e, &rc);
	worker_run(&e->worker[0]);
	/* Whoever has a lcore that was not to be had may keep it. */
	for (i = 1; i < nb; i++)
		rte_eal_wait_lcore(e->worker[i].lcore_id);
	ctrl_shards_have_ended(e);
	ctrl_ends_ticking(e);
	ctrl_admin_lock(e);
	e->is_started = false;
	ctrl_ports_lock(e);
	for (i = 0; i < e->conf.nb_ports; i++)
		port_stop(&e->port[i]);
	ctrl_ports_unlock(e);
	ctrl_admin_unlock(e);
	return rc;
}

void
isla_engine_stop(struct isla_engine *e)
{
	uint16_t i;

	__atomic_fetch_add(&e->nb_stops, 1, __ATOMIC_RELEASE);
	for (i = 0; i < e->nb_workers; i++)
		idle_ring(&e->worker[i].idle);
}

int
isla_engine_post(struct isla_engine *e, uint16_t shard, struct isla_engine_request *req)
{
	struct worker *w;

	if (shard >= e->nb_workers)
		return -EINVAL;
	w = &e->worker[shard];
	if (mailbox_post(&w->mailbox, req))
		idle_ring(&w->idle);
	return 0;
}

/* The mbufs that a driver has for good are not ours to miss. */
static uint32_t
not_kept(const struct isla_engine *e, uint32_t nb_missing)
{
	uint16_t i;

	for (i = 0; nb_missing > 0 && i < e->conf.nb_ports; i++) {
		if (!e->port[i].keeps_mbufs)
			continue;
		ENGINE_LOG(NOTICE, "port %u (%s): %s has not given %u mbufs back\n", e->port[i].id,
			e->port[i].name, e->port[i].driver, nb_missing);
		nb_missing = 0;
	}
	return nb_missing;
}

uint32_t
isla_engine_free(struct isla_engine *e)
{
	uint32_t nb_missing = 0;
	uint16_t i;

	if (e == NULL)
		return 0;
	telem_detach(e);
	ctrl_fini(&e->ctrl);
	/* The port's queues give their mbufs back last, so the pools come after them. */
	for (i = 0; i < e->conf.nb_ports; i++)
		port_stop(&e->port[i]);
	shards_fini(e);
	for (i = 0; i < e->nb_workers; i++)
		worker_free_stack(&e->worker[i]);
	for (i = 0; i < e->conf.nb_ports; i++)
		port_close(&e->port[i]);
	for (i = 0; i < e->nb_workers; i++)
		nb_missing += worker_free_pools(&e->worker[i]);
	nb_missing = not_kept(e, nb_missing);
	free(e);
	return nb_missing;
}
