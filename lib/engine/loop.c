/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One round of a shard's loop, and the rest after it:
 *
 *     receive a burst from every port -> stack -> timers, callbacks, output -> send bursts
 *                                     (requests: then, and once more timers, callbacks, output)
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
#define MAIL_BURSTS     16 /* to read, at most, before requests run */

static uint16_t
loop_rx(struct worker *w, uint64_t now_us)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t i, n, nb = 0;

	for (i = 0; i < w->nb_ports; i++) {
		if (unlikely(worker_port_is_off(w, i)))
			continue;
		n = rte_eth_rx_burst(w->port[i].id, w->queue, pkts, w->burst);
		if (unlikely(w->faults != NULL))
			n = fault_stage_rx(w->faults, i, pkts, n, BURST_MAX, now_us);
		if (n == 0)
			continue;
		w->stats.nb_rx_bursts++;
		isla_hist_record(&w->rx_burst, n);
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

/* The frames for a port, oldest first: from the stack, or, on a bad path, from its end. */
static uint16_t
tx_waiting(struct worker *w, uint16_t i, struct rte_mbuf ***pkts, uint64_t now_us)
{
	uint16_t nb = isla_stack_output(w->stack, (uint8_t)i, pkts);

	if (likely(w->faults == NULL) || fault_stage_is_idle(w->faults, ISLA_FAULT_TX, i))
		return nb;
	fault_stage_tx(w->faults, i, *pkts, nb, now_us);
	isla_stack_sent(w->stack, (uint8_t)i, nb);
	return fault_stage_output(w->faults, i, pkts, now_us);
}

/* The first nb of what tx_waiting() showed are gone. */
static void
tx_taken(struct worker *w, uint16_t i, uint16_t nb)
{
	if (likely(w->faults == NULL) || fault_stage_is_idle(w->faults, ISLA_FAULT_TX, i))
		isla_stack_sent(w->stack, (uint8_t)i, nb);
	else
		fault_stage_sent(w->faults, i, nb);
}

static void
tx_drop(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb)
{
	rte_pktmbuf_free_bulk(pkts, nb);
	tx_taken(w, i, nb);
	w->stats.nb_tx_dropped += nb;
}

/* No frame will leave: neither these nor what a bad path still holds back. */
static void
tx_drop_all(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb)
{
	tx_drop(w, i, pkts, nb);
	if (w->faults != NULL)
		fault_stage_flush(w->faults, ISLA_FAULT_TX, i);
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
			tx_drop_all(w, i, pkts, nb);
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

	nb = ready = tx_waiting(w, i, &pkts, now_us);
	if (nb == 0)
		return 0;
	if (unlikely(worker_port_is_off(w, i))) {
		tx_drop_all(w, i, pkts, nb);
		return 0;
	}
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
		tx_taken(w, i, sent);
	} else {
		tx_stalled(w, i, pkts, nb, now_us);
	}
	return sent;
}

/* Deal with all that the ports have, then run requests. */
static __rte_noinline uint32_t
loop_mail(struct worker *w, struct isla_engine_request *mail, uint32_t nb, uint64_t now_us)
{
	uint32_t n = nb, rounds;

	for (rounds = 0; n >= w->burst && rounds < MAIL_BURSTS; rounds++) {
		isla_stack_flush(w->stack, now_us);
		n = loop_rx(w, now_us);
		nb += n;
	}
	isla_stack_flush(w->stack, now_us);
	isla_stack_set_now(w->stack, now_us);
	mailbox_run_taken(mail, w->stack);
	return nb;
}

bool
loop_round(struct worker *w, struct isla_engine_request *mail, uint64_t now_us)
{
	uint32_t nb = loop_rx(w, now_us);
	uint16_t i;

	if (unlikely(mail != NULL))
		nb = loop_mail(w, mail, nb, now_us);
	isla_stack_flush(w->stack, now_us);
	w->stalled = false;
	for (i = 0; i < w->nb_ports; i++)
		nb += loop_tx_port(w, i, now_us);
	if (unlikely(w->faults != NULL) && fault_stage_is_done(w->faults))
		w->faults = NULL;
	return nb != 0;
}

/* Sleep until the stack, the chores or `until_us` want something. */
static void
loop_sleep(struct worker *w, uint64_t now_us, uint64_t until_us)
{
	uint64_t next_us = isla_stack_next_us(w->stack);

	next_us = RTE_MIN(next_us, RTE_MIN(until_us, w->next_chore_us));
	if (w->faults != NULL)
		next_us = RTE_MIN(next_us, fault_stage_next_us(w->faults));
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
	if (w->backoff.step == BACKOFF_BUSY)
		isla_hist_record(&w->loop_busy, now_us - w->backoff.since_us);
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
