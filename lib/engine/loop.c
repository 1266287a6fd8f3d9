/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One round of a shard's loop, and the rest after it:
 *
 *     receive a burst from every port -> stack -> timers, callbacks, output -> send bursts
 *     -> go on at once, or yield, or sleep until a frame, a timer or the doorbell
 *
 * What a port does not take stays in the stack's list, which is bounded, and is offered again. A
 * port whose link is down takes nothing ever, so what waits for it is dropped.
 */

#include <sched.h>

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "worker.h"

#define BURST_MAX       512
#define LINK_LOOK_US    10000
#define STALL_DROP_US   100000
#define STALL_SLEEP_US  50

static uint16_t
loop_rx(struct worker *w, uint64_t now_us)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t i, n, nb = 0;

	for (i = 0; i < w->nb_ports; i++) {
		n = rte_eth_rx_burst(w->port[i].id, w->queue, pkts, w->burst);
		if (n == 0)
			continue;
		w->stats.nb_rx_bursts++;
		isla_stack_input(w->stack, (uint8_t)i, pkts, n, now_us);
		nb += n;
	}
	return nb;
}

/* The driver cannot send chains. Returns how many frames from the first on are ready. */
static uint16_t
tx_linearize(struct worker *w, struct rte_mbuf **pkts, uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb; i++) {
		struct rte_mbuf *m;

		if (pkts[i]->nb_segs == 1)
			continue;
		m = port_linearize(pkts[i], w->pools.pkt, &w->tx_copied_bytes);
		if (m == NULL)
			break;
		pkts[i] = m;
		w->stats.nb_tx_linearized++;
	}
	return i;
}

static void
tx_drop(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb)
{
	rte_pktmbuf_free_bulk(pkts, nb);
	isla_stack_sent(w->stack, (uint8_t)i, nb);
	w->stats.nb_tx_dropped += nb;
}

/* The port took none of nb frames. */
static __rte_noinline void
tx_stalled(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb, uint64_t now_us)
{
	struct worker_tx *tx = &w->tx[i];

	w->stats.nb_tx_stalls++;
	w->stalled = true;
	if (tx->stalled_since_us == 0)
		tx->stalled_since_us = now_us;
	if (now_us >= tx->next_look_us) {
		tx->next_look_us = now_us + LINK_LOOK_US;
		if (!port_link_is_up(&w->port[i])) {
			tx_drop(w, i, pkts, nb);
			return;
		}
	}
	/* It may be the first frame that the port refuses, and the others behind it are good. */
	if (now_us - tx->stalled_since_us >= STALL_DROP_US) {
		tx->stalled_since_us = now_us;
		tx_drop(w, i, pkts, 1);
	}
}

static uint16_t
loop_tx_port(struct worker *w, uint16_t i, uint64_t now_us)
{
	const struct port *port = &w->port[i];
	struct rte_mbuf **pkts;
	uint16_t nb, ready, sent = 0;

	nb = ready = isla_stack_output(w->stack, (uint8_t)i, &pkts);
	if (nb == 0)
		return 0;
	if (port->linearize)
		ready = tx_linearize(w, pkts, nb);
	while (sent < ready) {
		uint16_t want = RTE_MIN((uint16_t)(ready - sent), w->burst), n = want;

		if (port->netif_offloads != 0)
			n = rte_eth_tx_prepare(port->id, w->queue, pkts + sent, want);
		n = rte_eth_tx_burst(port->id, w->queue, pkts + sent, n);
		w->stats.nb_tx_bursts++;
		sent += n;
		if (n < want)
			break;
	}
	if (likely(sent > 0)) {
		w->tx[i].stalled_since_us = 0;
		isla_stack_sent(w->stack, (uint8_t)i, sent);
	} else {
		tx_stalled(w, i, pkts, nb, now_us);
	}
	return sent;
}

bool
loop_round(struct worker *w, uint64_t now_us)
{
	uint32_t nb = loop_rx(w, now_us);
	uint16_t i;

	isla_stack_flush(w->stack, now_us);
	w->stalled = false;
	for (i = 0; i < w->nb_ports; i++)
		nb += loop_tx_port(w, i, now_us);
	return nb != 0;
}

/* Sleep until the stack, the chores or `until_us` want something. */
static void
loop_sleep(struct worker *w, uint64_t now_us, uint64_t until_us)
{
	uint64_t next_us = isla_stack_next_us(w->stack);

	next_us = RTE_MIN(next_us, RTE_MIN(until_us, w->next_chore_us));
	/* A port that takes nothing must not keep a shard awake which has work for it. */
	if (w->stalled)
		next_us = RTE_MAX(next_us, now_us + STALL_SLEEP_US);
	/* Without epoll no frame ends a sleep. */
	if (w->idle.epoll_fd < 0)
		next_us = RTE_MIN(next_us, now_us + backoff_sleep_us(&w->backoff));
	if (next_us <= now_us)
		return;
	if (idle_wait(&w->idle, next_us - now_us))
		w->stats.nb_wakeups++;
}

void
loop_rest(struct worker *w, bool worked, uint64_t now_us, uint64_t until_us)
{
	switch (backoff_next(&w->backoff, worked, now_us)) {
	case BACKOFF_SPIN:
		rte_pause();
		break;
	case BACKOFF_YIELD:
		sched_yield();
		break;
	case BACKOFF_SLEEP:
		loop_sleep(w, now_us, until_us);
		break;
	default:
		break;
	}
}
