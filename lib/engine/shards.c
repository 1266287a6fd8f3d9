/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several shards: whose a frame is, and the way there.
 *
 *     port -> owner_burst() -> own                     -> (an entry is moving: second look) -> stack
 *                           -> another's -> its ring ~> taken over -> (the same) -> stack
 *                           -> all: own, and a copy for each other, which only learns
 *
 * A frame that this shard passes on because it does not know its flow goes by the same rings.
 */

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include "engine_mem.h"
#include "engine_priv.h"
#include "shards.h"

#define TAKE_MAX     256 /* frames that are taken over from one shard in a round */
#define TAKE_ALL_MAX 512 /* and from all: each may be answered, and 1024 wait for a port at most */

static_assert(ISLA_ENGINE_RETA_LEN == OWNER_TABLE_LEN, "one table");
static_assert(ISLA_ENGINE_SHARD_MAX <= OWNER_SHARD_MAX, "a bit for each");
static_assert((int)ISLA_ENGINE_SHARD_BY_PORT_RSS == (int)OWNER_MODE_PORT_RSS &&
	(int)ISLA_ENGINE_SHARD_BY_4TUPLE == (int)OWNER_MODE_4TUPLE &&
	(int)ISLA_ENGINE_SHARD_BY_SRC_IP == (int)OWNER_MODE_SRC_IP, "the same in the same order");

/* While an entry of the table moves: pass on what this shard does not know. As shards_sort(). */
static __rte_noinline uint16_t
second_look(struct worker *w, struct rte_mbuf **pkts, uint16_t nb)
{
	uint16_t owner[BURST_MAX], n, own = 0;

	owner_second(w->map, w->index, w->stack, &w->sweep, pkts, nb, owner);
	for (n = 0; n < nb; n++) {
		if (owner[n] == OWNER_SELF || owner[n] == w->index) {
			pkts[own++] = pkts[n];
			continue;
		}
		w->handover.stats.nb_passed_on++;
		handover_put(&w->handover, owner[n], pkts[n]);
	}
	return own;
}

uint16_t
shards_sort(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb, uint64_t now_us)
{
	struct handover *h = &w->handover;
	uint16_t owner[BURST_MAX], n, own = 0;

	h->stats.nb_polled += nb;
	owner_burst(w->map, pkts, nb, owner);
	for (n = 0; n < nb; n++) {
		struct rte_mbuf *m = pkts[n];

		/* Whoever passes it on needs this, too. */
		m->port = i;
		if (likely(owner[n] == w->index || owner[n] == OWNER_SELF)) {
			pkts[own++] = m;
		} else if (owner[n] == OWNER_ALL) {
			handover_put_copies(h, m, i, w->pools.pkt);
			pkts[own++] = m;
		} else {
			handover_put(h, owner[n], m);
		}
	}
	if (unlikely(own > 0 && owner_is_moving(w->map, now_us)))
		own = second_look(w, pkts, own);
	return own;
}

/* Frames of one interface: of this shard's flows, or to learn from. */
static void
input_run(struct worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t nb, uint64_t now_us)
{
	uint8_t netif = (uint8_t)(port & ~HANDOVER_LEARN);

	if ((port & HANDOVER_LEARN) != 0) {
		isla_stack_learn(w->stack, netif, pkts, nb, now_us);
		return;
	}
	if (unlikely(owner_is_moving(w->map, now_us)))
		nb = second_look(w, pkts, nb);
	if (nb > 0)
		isla_stack_input(w->stack, netif, pkts, nb, now_us);
}

uint32_t
shards_input(struct worker *w, uint64_t now_us)
{
	struct handover *h = &w->handover;
	struct rte_mbuf *pkts[TAKE_MAX];
	uint16_t i, from = h->next_from, n, at, end;
	uint32_t nb = 0;

	handover_flush(h);
	for (i = 0; i < h->nb_shards && nb <= TAKE_ALL_MAX - TAKE_MAX; i++) {
		n = handover_get(h, from, pkts, TAKE_MAX);
		/* Whoever was not asked is the first one in the next round. */
		from = from + 1 < h->nb_shards ? from + 1 : 0;
		if (n == 0)
			continue;
		h->stats.nb_in += n;
		nb += n;
		for (at = 0; at < n; at = end) {
			for (end = at + 1; end < n && pkts[end]->port == pkts[at]->port; end++)
				;
			input_run(w, pkts[at]->port, pkts + at, (uint16_t)(end - at), now_us);
		}
	}
	h->next_from = from;
	if (unlikely(owner_is_moving(w->map, now_us))) {
		owner_sweep(&w->sweep, w->map, w->index, w->stack, now_us);
		handover_flush(h);
	}
	return nb;
}

uint16_t
shards_send(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb)
{
	return handover_send(&w->handover, w->queue % w->port[i].nb_queues, i, pkts, nb);
}

/* Take what others want sent, of each port as long as its list has room for all that may come. */
static void
relay_take(struct worker *w)
{
	struct handover *h = &w->handover;
	uint16_t from, i, n;

	for (i = 0; h->tx_ports >> i != 0; i++) {
		struct worker_relay *r = &w->relay[i];

		if ((h->tx_ports >> i & 1) == 0)
			continue;
		for (from = 0; from < h->nb_shards; from++) {
			if (r->nb > RELAY_MAX - HANDOVER_BURST)
				break;
			n = handover_get_tx(h, from, i, r->pkts + r->nb, HANDOVER_BURST);
			h->stats.nb_tx_in += n;
			r->nb = (uint16_t)(r->nb + n);
		}
	}
}

/* The first n are gone. */
static void
relay_consume(struct worker_relay *r, uint16_t n)
{
	r->nb = (uint16_t)(r->nb - n);
	if (r->nb > 0)
		memmove(r->pkts, r->pkts + n, r->nb * sizeof(r->pkts[0]));
}

uint32_t
shards_relay(struct worker *w, uint64_t now_us)
{
	uint32_t nb = 0;
	uint16_t i, n;

	relay_take(w);
	for (i = 0; i < w->nb_ports; i++) {
		struct worker_relay *r = &w->relay[i];

		if (r->nb == 0)
			continue;
		n = 0;
		if (likely(!worker_port_is_off(w, i)))
			n = loop_tx_burst(w, &w->port[i], r->pkts, r->nb);
		nb += n;
		if (n > 0) {
			r->tx.stalled_since_us = 0;
		} else {
			n = worker_port_is_off(w, i) ? r->nb :
				loop_tx_stalled(w, i, &r->tx, r->nb, now_us);
			rte_pktmbuf_free_bulk(r->pkts, n);
			w->stats.nb_tx_dropped += n;
		}
		relay_consume(r, n);
	}
	return nb;
}

bool
shards_have_waiting(const struct worker *w)
{
	uint16_t i;

	for (i = 0; i < w->nb_ports; i++)
		if (w->relay[i].nb > 0)
			return true;
	return !handover_is_empty(&w->handover);
}

/* The ports on which others send by this shard's queues, a bit for each. */
static uint32_t
relayed_ports(const struct worker *w, uint16_t nb_shards)
{
	uint32_t ports = 0;
	uint16_t i;

	for (i = 0; i < w->nb_ports; i++)
		if (w->index < w->port[i].nb_queues && w->port[i].nb_queues < nb_shards)
			ports |= UINT32_C(1) << i;
	return ports;
}

int
shards_init(struct isla_engine *e, struct fault *fault)
{
	uint8_t key[OWNER_KEY_LEN];
	uint16_t i, j;
	int rc;

	if (e->nb_workers < 2)
		return 0;
	rc = owner_key_random(key);
	if (rc != 0)
		return fault_set(fault, rc, "the kernel gives no random bytes (getrandom): %s",
			rte_strerror(-rc));
	owner_map_init(&e->map, (enum owner_mode)e->conf.shard_by, key, e->nb_workers);
	for (i = 0; rc == 0 && i < e->nb_workers; i++) {
		struct worker *w = &e->worker[i];

		rc = handover_init(&w->handover, i, e->nb_workers, relayed_ports(w, e->nb_workers),
			&w->idle, &engine_mem, w->socket_id);
		w->map = &e->map;
	}
	if (rc != 0)
		return fault_set(fault, rc, "no memory for the rings between %u shards",
			e->nb_workers);
	for (i = 0; i < e->nb_workers; i++)
		for (j = 0; j < e->nb_workers; j++)
			if (i != j)
				handover_connect(&e->worker[i].handover, &e->worker[j].handover);
	return 0;
}

void
shards_fini(struct isla_engine *e)
{
	uint16_t i, j;

	for (i = 0; i < e->nb_workers; i++) {
		struct worker *w = &e->worker[i];

		handover_fini(&w->handover);
		for (j = 0; j < w->nb_ports; j++) {
			rte_pktmbuf_free_bulk(w->relay[j].pkts, w->relay[j].nb);
			w->relay[j].nb = 0;
		}
	}
}
