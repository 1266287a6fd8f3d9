/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A shard from its making to its end: pools, stack, the run with its chores, the shutdown.
 */

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "engine_log.h"
#include "ctrl.h"
#include "engine_mem.h"
#include "engine_priv.h"
#include "numa_nodes.h"
#include "shards.h"
#include "worker.h"

#define CROWDED_YIELDS 8u /* rounds; a sleep and a doorbell cost about as much */

#define LAST_WORDS_US 200000

/* The stack's interfaces: one a port, in the same order. */
static int
netifs_add(struct worker *w, struct fault *fault)
{
	uint16_t i;
	int rc;

	for (i = 0; i < w->nb_ports; i++) {
		const struct port *port = &w->port[i];
		struct isla_netif_conf conf = {.mtu = port->mtu, .offloads = port->netif_offloads};
		struct isla_prefix prefix = {.len = 64};

		memcpy(conf.mac, port->mac.addr_bytes, sizeof(conf.mac));
		rc = isla_stack_netif_add(w->stack, &conf);
		if (rc < 0)
			return fault_set(fault, rc,
				"port %u (%s): the stack refuses its interface: %s", port->id,
				port->name, rte_strerror(-rc));
		if (w->conf->port[i].no_link_local)
			continue;
		prefix.addr = isla_addr_link_local(conf.mac);
		rc = isla_stack_addr_add(w->stack, (uint8_t)i, &prefix);
		if (rc != 0)
			return fault_set(fault, rc, "port %u (%s): no link-local address: %s",
				port->id, port->name, rte_strerror(-rc));
	}
	return 0;
}

static int
stack_init(struct worker *w, int socket_id, struct fault *fault)
{
	struct isla_stack_conf conf = w->conf->stack;
	uint64_t tsc, ns;

	clock_read_pair(&tsc, &ns);
	clock_init(&w->clock, tsc, ns, rte_get_tsc_hz());
	conf.pool = w->pools.pkt;
	conf.ref_pool = w->pools.ref;
	conf.mem = engine_mem;
	conf.socket_id = socket_id;
	conf.shard = w->index;
	conf.nb_shards = w->conf->nb_shards;
	conf.ports = &w->engine->map.ports;
	conf.now_us = worker_now_us(w);
	conf.wall_us = clock_wall_us();
	w->stack = isla_stack_create(&conf);
	if (w->stack == NULL)
		return fault_set(fault, -rte_errno,
			"cannot make a stack for %u connections: %s; give EAL more memory "
			"(hugepages, or -m with --no-huge) or ask for fewer connections",
			conf.tcp.max_conns, rte_strerror(rte_errno));
	return netifs_add(w, fault);
}

static int
faults_init(struct worker *w, struct fault *fault)
{
	unsigned int dir;
	int rc = 0;

	for (dir = 0; rc == 0 && dir < ISLA_FAULT_DIRS; dir++)
		rc = worker_fault_set(w, (enum isla_fault_dir)dir, &w->conf->fault[dir]);
	return rc == 0 ? 0 : fault_set(fault, rc, "no fault stage: %s", rte_strerror(-rc));
}

/* A port on another node costs each frame a way between them. */
static void
warn_far_ports(const struct worker *w)
{
	uint16_t i;

	for (i = 0; i < w->nb_ports; i++)
		if (numa_is_far(w->port[i].socket_id, w->socket_id))
			ENGINE_LOG(NOTICE, "shard %u runs on NUMA node %d (lcore %u), port %u (%s) "
				"is on node %d: give EAL lcores of that node (-l)\n", w->index,
				w->socket_id, w->lcore_id, w->port[i].id, w->port[i].name,
				w->port[i].socket_id);
}

int
worker_init(struct worker *w, const struct isla_engine_conf *conf, struct port *ports,
	struct fault *fault)
{
	rte_cpuset_t cpus = rte_lcore_cpuset(w->lcore_id);
	int node = numa_node_of_cpus(&numa_system, &cpus);
	struct pools_conf pools = {
		.nb_mbufs = conf->nb_mbufs,
		.nb_refs = conf->nb_refs,
		.mbuf_size = conf->mbuf_size,
		.shard = w->index,
		.nb_shards = conf->nb_shards,
		.socket_id = node,
	};
	int rc;

	w->conf = conf;
	w->port = ports;
	w->nb_ports = conf->nb_ports;
	w->queue = w->index;
	w->burst = conf->burst;
	w->socket_id = node;
	w->idle_mode = conf->idle;
	w->backoff_conf = conf->backoff;
	w->idle.epoll_fd = w->idle.doorbell_fd = w->intrs.epoll_fd = -1;
	warn_far_ports(w);
	rc = pools_create(&w->pools, &pools, fault);
	if (rc == 0)
		rc = stack_init(w, node, fault);
	if (rc == 0)
		rc = faults_init(w, fault);
	if (rc == 0)
		return 0;
	worker_free_stack(w);
	worker_free_pools(w);
	return rc;
}

/* Wake up when a port's queue has something, where it tells. */
static int
port_hear(struct worker *w, uint16_t i)
{
	const struct port *port = &w->port[i];
	int rc;

	if (w->queue >= port->nb_queues)
		return 0;
	if (port->rx_fd[w->queue] >= 0)
		return idle_add_fd(&w->idle, port->rx_fd[w->queue]);
	if (!port->has_rx_intr || rx_intrs_add(&w->intrs, port->q[w->queue].id, port->q[w->queue].queue) != 0)
		return 0;
	/* The first one has made the descriptor for all. */
	rc = idle_add_fd(&w->idle, w->intrs.epoll_fd);
	return rc == -EEXIST ? 0 : rc;
}

static bool
port_is_heard(const struct worker *w, uint16_t i)
{
	const struct port *port = &w->port[i];

	return worker_port_is_off(w, i) || w->queue >= port->nb_queues || port->is_file ||
		port->rx_fd[w->queue] >= 0 || rx_intrs_has(&w->intrs, port->q[w->queue].id, port->q[w->queue].queue);
}

static void
hears_update(struct worker *w)
{
	uint16_t i;

	w->hears_all = true;
	for (i = 0; i < w->nb_ports; i++)
		w->hears_all = w->hears_all && port_is_heard(w, i);
}

int
worker_prepare(struct worker *w, struct fault *fault)
{
	uint16_t i;
	int rc = idle_init(&w->idle);

	rx_intrs_init(&w->intrs, &rx_intr_ethdev);
	for (i = 0; rc == 0 && i < w->nb_ports; i++)
		rc = port_hear(w, i);
	hears_update(w);
	if (rc != 0)
		return fault_set(fault, rc, "shard %u: no file descriptors to sleep on: %s",
			w->index, rte_strerror(-rc));
	return 0;
}

/* How a shard waits hangs on it. */
static void
hears_changed(struct worker *w)
{
	bool heard = w->hears_all;

	hears_update(w);
	if (heard != w->hears_all)
		worker_set_backoff(w, &w->backoff_conf, w->idle_mode);
}

/* What waits for the port is dropped by the next round. */
void
worker_port_off(struct worker *w, uint16_t i)
{
	w->ports_off |= UINT32_C(1) << i;
	/* What a bad path has received and holds back would never be asked for, and its time, once
	 * it had come, would end every sleep. */
	if (w->fault_stage != NULL)
		fault_stage_flush(w->fault_stage, ISLA_FAULT_RX, i);
	if (w->queue < w->port[i].nb_queues) {
		idle_del_fd(&w->idle, w->port[i].rx_fd[w->queue]);
		rx_intrs_del(&w->intrs, w->port[i].q[w->queue].id,
			w->port[i].q[w->queue].queue);
	}
	hears_changed(w);
}

int
worker_port_on(struct worker *w, uint16_t i)
{
	int rc;

	w->ports_off &= ~(UINT32_C(1) << i);
	memset(&w->tx[i], 0, sizeof(w->tx[i]));
	rc = port_hear(w, i);
	hears_changed(w);
	return rc;
}

/* What is done once in a while: hold the clock against the kernel's, tell the time of day. */
static __rte_noinline void
worker_chores(struct worker *w, uint64_t now_us)
{
	uint64_t tsc, ns;

	clock_read_pair(&tsc, &ns);
	w->next_chore_us = now_us + clock_calibrate(&w->clock, tsc, ns);
	isla_stack_set_wall(w->stack, clock_wall_us(), worker_now_us(w));
}

static inline uint64_t
worker_round(struct worker *w, uint64_t until_us)
{
	uint64_t tsc = rte_rdtsc(), now_us = clock_us(&w->clock, tsc);
	struct isla_engine_request *mail = NULL;
	bool worked;

	/* A clock that stands still would never say that it is time. */
	if (unlikely(now_us >= w->next_chore_us || clock_is_lost(&w->clock, tsc))) {
		worker_chores(w, now_us);
		now_us = RTE_MAX(now_us, worker_now_us(w));
	}
	if (unlikely(mailbox_has_mail(&w->mailbox)))
		mail = mailbox_take(&w->mailbox);
	worked = loop_round(w, mail, now_us);
	/* Who asks will ask again; and a callback may have posted something. */
	loop_rest(w, worked || mail != NULL || mailbox_has_mail(&w->mailbox), now_us, until_us);
	return now_us;
}

static uint32_t
stops(const struct worker *w)
{
	return __atomic_load_n(w->nb_stops, __ATOMIC_RELAXED);
}

/* Frames that wait for a port. */
static bool
output_waits(struct worker *w)
{
	struct rte_mbuf **pkts;
	uint16_t i;

	if (w->faults != NULL && fault_stage_has_output(w->faults))
		return true;
	for (i = 0; i < w->nb_ports; i++)
		if (isla_stack_output(w->stack, (uint8_t)i, &pkts) > 0)
			return true;
	return w->map != NULL && shards_have_waiting(w);
}

static bool
others_are_done(const struct worker *w)
{
	const struct isla_engine *e = w->engine;
	uint16_t i;

	for (i = 0; w->map != NULL && i < e->nb_workers; i++)
		if (i != w->index && !__atomic_load_n(&e->worker[i].is_done, __ATOMIC_RELAXED))
			return false;
	return true;
}

/* The program's last words; true once there are none left. */
static bool
words_are_said(struct worker *w)
{
	const struct isla_engine_conf *conf = w->conf;
	uint64_t now_us = worker_now_us(w);

	if (conf->last_words == NULL || w->words_until_us == UINT64_MAX)
		return true;
	if (w->words_until_us == 0)
		w->words_until_us = now_us + LAST_WORDS_US;
	isla_stack_set_now(w->stack, now_us);
	if (now_us < w->words_until_us &&
		conf->last_words(w->engine, w->stack, conf->last_words_ctx))
		return false;
	w->words_until_us = UINT64_MAX;
	return true;
}

/* Every shard has ended what it had to; until then each may need another one's queue. */
static bool
all_done(struct worker *w)
{
	struct isla_engine *e = w->engine;
	bool is_done = isla_stack_nb_conns(w->stack) == 0 && !output_waits(w), all;
	uint16_t i;

	if (w->index == 0 && is_done)
		is_done = others_are_done(w) && words_are_said(w) && !output_waits(w);
	all = is_done;

	if (w->map == NULL || is_done == w->is_done)
		is_done = w->is_done;
	else
		__atomic_store_n(&w->is_done, is_done, __ATOMIC_RELAXED);
	for (i = 0; w->map != NULL && i < e->nb_workers; i++)
		all = all && __atomic_load_n(&e->worker[i].is_done, __ATOMIC_RELAXED);
	/* The others sleep until they hear of it. */
	for (i = 0; all && w->map != NULL && i < e->nb_workers; i++)
		idle_ring(&e->worker[i].idle);
	return all;
}

/* End every connection, as long as it may take and nobody is impatient. */
static void
worker_shutdown(struct worker *w)
{
	uint64_t now_us = worker_now_us(w), end_us = now_us + w->conf->stop_us;

	isla_stack_shutdown(w->stack);
	do {
		/* While there are last words, the program is asked for them again soon. */
		now_us = worker_round(w, w->words_until_us == 0 || w->words_until_us == UINT64_MAX ?
			end_us : RTE_MIN(end_us, now_us + LAST_WORDS_US / 20));
	} while (!all_done(w) && now_us < end_us && stops(w) < 2);
	while (w->conf->last_words != NULL && w->index == 0 && stops(w) < 2 &&
		(!words_are_said(w) || output_waits(w)) && now_us < end_us + LAST_WORDS_US)
		now_us = worker_round(w, now_us + LAST_WORDS_US / 20);
}

void
worker_set_backoff(struct worker *w, const struct isla_engine_backoff *backoff,
	enum isla_engine_idle idle)
{
	struct isla_engine_backoff b = *backoff;

	if (backoff != &w->backoff_conf)
		w->backoff_conf = *backoff;
	w->idle_mode = idle;
	/* Who spins keeps the one he waits for from running, and so does, a little less, who looks
	 * again after each time that he has yielded; one that is woken by whatever comes can as
	 * well sleep. */
	if (w->is_crowded)
		b.spin_rounds = 0;
	if (w->is_crowded && w->hears_all && idle == ISLA_ENGINE_IDLE_EPOLL)
		b.yield_rounds = RTE_MIN(b.yield_rounds, CROWDED_YIELDS);
	backoff_set(&w->backoff, &b, idle == ISLA_ENGINE_IDLE_POLL);
}

void
worker_run(struct worker *w)
{
	uint64_t now_us = worker_now_us(w);

	/* A sleep of 50 us should not take 100. */
	prctl(PR_SET_TIMERSLACK, 1ul);
	numa_prefer(w->socket_id);
	/* Until then others may be at it, setting the back-off, say. */
	ctrl_shard_begins(w);
	backoff_init(&w->backoff, now_us);
	worker_set_backoff(w, &w->backoff_conf, w->idle_mode);
	w->next_chore_us = now_us;
	while (stops(w) == 0)
		worker_round(w, UINT64_MAX);
	worker_shutdown(w);
	ctrl_shard_ends(w);
}

void
worker_free_stack(struct worker *w)
{
	fault_stage_free(w->fault_stage);
	w->fault_stage = w->faults = NULL;
	isla_stack_free(w->stack);
	w->stack = NULL;
	rx_intrs_fini(&w->intrs);
	idle_fini(&w->idle);
}

uint32_t
worker_free_pools(struct worker *w)
{
	uint32_t nb = pools_missing(&w->pools);

	pools_free(&w->pools);
	return nb;
}

void
worker_get_stats(const struct worker *w, struct isla_loop_stats *stats)
{
	*stats = w->stats;
	stats->handover = w->handover.stats;
	stats->busy = w->backoff.account[BACKOFF_BUSY];
	stats->spin = w->backoff.account[BACKOFF_SPIN];
	stats->yield = w->backoff.account[BACKOFF_YIELD];
	stats->sleep = w->backoff.account[BACKOFF_SLEEP];
}

void
worker_add_hists(const struct worker *w, struct isla_hists *sum)
{
	const struct isla_hists *stack = isla_stack_hists(w->stack);
	unsigned int i;

	for (i = 0; i < ISLA_HIST_MAX; i++)
		isla_hist_merge(&sum->hist[i], &stack->hist[i]);
	isla_hist_merge(&sum->hist[ISLA_HIST_RX_BURST], &w->rx_burst);
	isla_hist_merge(&sum->hist[ISLA_HIST_LOOP_BUSY], &w->loop_busy);
}

void
worker_clear_stats(struct worker *w, unsigned int what)
{
	if ((what & ISLA_ENGINE_CLEAR_LOOP) != 0) {
		memset(&w->stats, 0, sizeof(w->stats));
		memset(&w->handover.stats, 0, sizeof(w->handover.stats));
		memset(w->backoff.account, 0, sizeof(w->backoff.account));
	}
	if ((what & ISLA_ENGINE_CLEAR_HISTS) != 0) {
		memset(&w->rx_burst, 0, sizeof(w->rx_burst));
		memset(&w->loop_busy, 0, sizeof(w->loop_busy));
	}
	if ((what & ISLA_ENGINE_CLEAR_COUNTERS) != 0)
		w->tx_copied_bytes = 0;
	if (w->fault_stage != NULL && (what & ISLA_ENGINE_CLEAR_FAULTS) != 0)
		fault_stage_clear_stats(w->fault_stage);
}
