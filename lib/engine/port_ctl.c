/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports stopped and started while the shards run, and looked after by the control thread. The
 * shards leave a port alone before anything is done to it, and use it again when all is done.
 */

#include <errno.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "engine_log.h"
#include "engine_priv.h"
#include "rss.h"

/* Blank checksums on a shard in a row that are no accident. */
#define ODD_BLANK_MIN 2

#define CONFLICT_LOOKS 60 /* of ports_watch(), once a second */

/* On its way into a shard. */
struct change {
	struct isla_engine *e;
	uint16_t shard;
	uint16_t i;  /* the port */
	bool on;
	int rc;
};

static void
change(struct isla_stack *stack, void *arg)
{
	struct change *c = arg;
	struct worker *w = &c->e->worker[c->shard];

	RTE_SET_USED(stack);
	if (c->on)
		c->rc = worker_port_on(w, c->i);
	else
		worker_port_off(w, c->i);
}

/* Have the shards use port i, or not. Returns 0, or -errno where one cannot sleep on it. */
static int
shards_use(struct isla_engine *e, uint16_t i, bool on)
{
	struct change c = {.e = e, .i = i, .on = on};
	int rc = 0;

	for (c.shard = 0; c.shard < e->nb_workers; c.shard++) {
		c.rc = 0;
		isla_engine_call(e, c.shard, change, &c);
		rc = rc == 0 ? c.rc : rc;
	}
	return rc;
}

/* The port of that number, with the lock; or NULL and -errno, without. */
static struct port *
port_lock(struct isla_engine *e, uint16_t port_id, struct fault *fault, int *rc)
{
	int i = engine_netif_of(e, port_id);

	*rc = i < 0 ? i : ctrl_admin_lock(e);
	if (*rc != 0) {
		fault_set(fault, *rc, *rc == -ENODEV ? "there is no port %u" :
			"port %u: not from a shard's own thread", port_id);
		return NULL;
	}
	if (e->is_started)
		return &e->port[i];
	ctrl_admin_unlock(e);
	*rc = fault_set(fault, -EAGAIN, "port %u: the engine has not been started", port_id);
	return NULL;
}

static void
stop(struct isla_engine *e, struct port *port)
{
	ctrl_ports_lock(e);
	port_stop(port);
	ctrl_ports_unlock(e);
}

int
isla_engine_port_stop(struct isla_engine *e, uint16_t port_id, char *err, size_t err_size)
{
	struct fault fault = fault_init(err, err_size);
	int rc;
	struct port *port = port_lock(e, port_id, &fault, &rc);

	if (port == NULL)
		return rc;
	if (port->state != PORT_STARTED) {
		rc = fault_set(&fault, -EALREADY, "port %u (%s) is %s already", port->id,
			port->name, port->is_gone ? "gone" : "stopped");
	} else {
		shards_use(e, (uint16_t)(port - e->port), false);
		stop(e, port);
	}
	ctrl_admin_unlock(e);
	return rc;
}

static int
port_start_again(struct isla_engine *e, struct port *port, struct fault *fault)
{
	struct rte_mempool *pools[ISLA_ENGINE_SHARD_MAX];
	int rc = 0;

	engine_rx_pools(e, pools);
	ctrl_ports_lock(e);
	if (port->is_gone)
		rc = port_renew(port, pools, fault);
	if (rc == 0)
		rc = port_start(port, fault);
	ctrl_ports_unlock(e);
	if (rc != 0)
		return rc;
	rss_start(e, port);
	rc = shards_use(e, (uint16_t)(port - e->port), true);
	if (rc != 0) {
		shards_use(e, (uint16_t)(port - e->port), false);
		stop(e, port);
		return fault_set(fault, rc, "port %u (%s): no descriptor to sleep on", port->id,
			port->name);
	}
	return 0;
}

int
isla_engine_port_start(struct isla_engine *e, uint16_t port_id, char *err, size_t err_size)
{
	struct fault fault = fault_init(err, err_size);
	int rc;
	struct port *port = port_lock(e, port_id, &fault, &rc);

	if (port == NULL)
		return rc;
	if (port->state == PORT_STARTED)
		rc = fault_set(&fault, -EALREADY, "port %u (%s) is started already", port->id,
			port->name);
	else
		rc = port_start_again(e, port, &fault);
	/* One that was gone may have another number now. */
	port_id = port->id;
	ctrl_admin_unlock(e);
	if (rc == 0)
		ctrl_tell_link_up(e, port_id);
	return rc;
}

int
isla_engine_port_clear_stats(struct isla_engine *e, uint16_t port_id)
{
	int i = engine_netif_of(e, port_id), rc = i < 0 ? i : ctrl_admin_lock(e);

	if (rc != 0)
		return rc;
	ctrl_ports_lock(e);
	port_clear_stats(&e->port[i]);
	ctrl_ports_unlock(e);
	ctrl_admin_unlock(e);
	return 0;
}

int
isla_engine_port_call(const struct isla_engine *e, uint16_t port_id, isla_engine_port_fn *fn,
	void *arg)
{
	int rc = engine_netif_of(e, port_id);

	if (rc < 0)
		return rc;
	ctrl_ports_lock(e);
	rc = fn(arg);
	ctrl_ports_unlock(e);
	return rc;
}

/* Said once a port: without this nothing that is sent by TCP arrives, and nobody knows why. */
static void
watch_odd(struct isla_engine *e, uint16_t i)
{
	struct port *port = &e->port[i];
	struct isla_netif_odd odd;
	uint32_t nb_blank = 0, nb_cut = 0;
	char cure[128];
	uint16_t s;

	for (s = 0; s < e->nb_workers; s++) {
		isla_stack_netif_odd(e->worker[s].stack, (uint8_t)i, &odd);
		nb_blank = RTE_MAX(nb_blank, odd.nb_blank_cksums);
		nb_cut += odd.nb_cut_frames;
	}
	if (nb_blank < ODD_BLANK_MIN && nb_cut == 0)
		return;
	port->has_told_odd = true;
	port_peer_cure(port, cure, sizeof(cure));
	ENGINE_LOG(WARNING,
		"port %u (%s): frames come %s%s%s: the kernel at the other end leaves that to a network "
		"card; have it do it: %s\n", port->id, port->name,
		nb_blank > 0 ? "with blank checksums" : "",
		nb_blank > 0 && nb_cut > 0 ? " and " : "",
		nb_cut > 0 ? "cut short, being larger than the MTU" : "", cure);
}

/* Who else has an address of the port's; once a minute while it goes on. */
static void
watch_conflicts(struct isla_engine *e, uint16_t i)
{
	struct isla_netif_conflict c, last = {.nb = 0};
	struct port *port = &e->port[i];
	char addr[ISLA_ADDR_STRLEN];
	uint32_t nb = 0;
	uint16_t s;

	for (s = 0; s < e->nb_workers; s++) {
		isla_stack_netif_conflict(e->worker[s].stack, (uint8_t)i, &c);
		nb += c.nb;
		if (c.nb != 0)
			last = c;
	}
	if (port->conflict_looks > 0)
		port->conflict_looks--;
	if (nb == port->nb_conflicts || port->conflict_looks > 0)
		return;
	ENGINE_LOG(WARNING,
		"port %u (%s): " RTE_ETHER_ADDR_PRT_FMT " uses %s as well, which was given to this port: "
		"give one of the two another (%u ARP packets so far)\n", port->id, port->name,
		last.mac[0], last.mac[1], last.mac[2], last.mac[3], last.mac[4], last.mac[5],
		isla_addr_format(&last.addr, addr, sizeof(addr)), nb);
	port->nb_conflicts = nb;
	port->conflict_looks = CONFLICT_LOOKS;
}

/* Said once a shard. */
static void
watch_deaf(struct worker *w)
{
	if (w->has_told_deaf || !__atomic_load_n(&w->intrs.is_deaf, __ATOMIC_RELAXED))
		return;
	w->has_told_deaf = true;
	ENGINE_LOG(WARNING, "shard %u: frames come and receive interrupts do not, whatever the driver "
		"says: it sleeps for a while at a time, and looks\n", w->index);
}

void
ports_watch(struct isla_engine *e)
{
	uint16_t up[ISLA_ENGINE_PORT_MAX], nb_up = 0, i;

	if (ctrl_admin_lock(e) != 0)
		return;
	for (i = 0; i < e->conf.nb_ports; i++) {
		struct port *port = &e->port[i];
		bool is_there;

		if (port->state != PORT_STARTED)
			continue;
		ctrl_ports_lock(e);
		is_there = port_watch(port);
		ctrl_ports_unlock(e);
		if (is_there) {
			if (!port->has_told_odd)
				watch_odd(e, i);
			watch_conflicts(e, i);
			if (port->came_up)
				up[nb_up++] = port->id;
			port->came_up = false;
			continue;
		}
		ENGINE_LOG(WARNING,
			"port %u (%s): its interface was deleted; \"port start %u\" makes it anew\n",
			port->id, port->name, port->id);
		shards_use(e, i, false);
		stop(e, port);
	}
	for (i = 0; i < e->nb_workers; i++)
		watch_deaf(&e->worker[i]);
	ctrl_admin_unlock(e);
	for (i = 0; i < nb_up; i++)
		ctrl_tell_link_up(e, up[i]);
}
