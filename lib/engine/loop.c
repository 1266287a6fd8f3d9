/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One round of a shard's loop, and the rest after it:
 *
 *     receive a burst from every port -> stack -> timers, callbacks, output -> send bursts
 *                   (of several shards: whose is it? -> own -> what others have handed over)
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

#include "shards.h"
#include "worker.h"

#define LINK_LOOK_US    10000
#define STALL_DROP_US   100000
#define STALL_SLEEP_US  50
#define MAIL_BURSTS     16 /* to read, at most, before requests run */

/* What follows is there twice, with a constant argument: one shard of one asks nothing of anybody.
 */
static __rte_always_inline uint32_t
loop_rx(struct worker *w, uint64_t now_us, const bool sharded)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint32_t nb = 0;
	uint16_t i, n;

	for (i = 0; i < w->nb_ports; i++) {
		if (unlikely(worker_port_is_off(w, i)) ||
			(sharded && w->queue >= w->port[i].nb_queues))
			continue;
		n = rte_eth_rx_burst(w->port[i].q[w->queue].id, w->port[i].q[w->queue].queue,
			pkts, w->burst);
		if (unlikely(w->faults != NULL))
			n = fault_stage_rx(w->faults, i, pkts, n, BURST_MAX, now_us);
		if (n == 0)
			continue;
		w->stats.nb_rx_bursts++;
		isla_hist_record(&w->rx_burst, n);
		nb += n;
		if (sharded)
			n = shards_sort(w, i, pkts, n, now_us);
		if (!sharded || n > 0)
			isla_stack_input(w->stack, (uint8_t)i, pkts, n, now_us);
	}
	if (sharded)
		nb += shards_input(w, now_us);
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
static __rte_noinline void
tx_drop_all(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb)
{
	tx_drop(w, i, pkts, nb);
	if (w->faults != NULL)
		fault_stage_flush(w->faults, ISLA_FAULT_TX, i);
}

uint16_t
loop_tx_stalled(struct worker *w, uint16_t i, struct worker_tx *tx, uint16_t nb, uint64_t now_us)
{
	w->stats.nb_tx_stalls++;
	w->stalled = true;
	if (tx->stalled_since_us == 0)
		tx->stalled_since_us = now_us;
	if (now_us >= tx->next_look_us) {
		tx->next_look_us = now_us + LINK_LOOK_US;
		if (!port_link_is_up(&w->port[i]))
			return nb;
	}
	/* It may be the first frame that the port refuses, and the others behind it are good. */
	if (now_us - tx->stalled_since_us < STALL_DROP_US)
		return 0;
	tx->stalled_since_us = now_us;
	return 1;
}

/* The port took none of nb frames, of which there are more in the fault stage. */
static __rte_noinline void
tx_stalled(struct worker *w, uint16_t i, struct rte_mbuf **pkts, uint16_t nb, uint64_t now_us)
{
	uint16_t nb_drop = loop_tx_stalled(w, i, &w->tx[i], nb, now_us);

	tx_drop(w, i, pkts, nb_drop);
	if (nb_drop == nb && w->faults != NULL && !port_link_is_up(&w->port[i]))
		fault_stage_flush(w->faults, ISLA_FAULT_TX, i);
}

uint16_t
loop_tx_burst(struct worker *w, const struct port *port, struct rte_mbuf **pkts, uint16_t nb)
{
	uint16_t id = port->q[w->queue].id, queue = port->q[w->queue].queue, sent = 0;

	while (sent < nb) {
		uint16_t want = RTE_MIN((uint16_t)(nb - sent), w->burst), n = want;

		if (port->netif_offloads != 0)
			n = rte_eth_tx_prepare(id, queue, pkts + sent, want);
		n = rte_eth_tx_burst(id, queue, pkts + sent, n);
		w->stats.nb_tx_bursts++;
		sent += n;
		if (n < want)
			break;
	}
	return sent;
}

/* What is merged into other frames is gone from the list; the rest is at its end. */
static __rte_noinline uint16_t
tx_merge(struct worker *w, uint16_t i, struct rte_mbuf ***pkts, uint16_t nb)
{
	uint16_t left = tso_merge(&w->port[i].tso_conf, *pkts, nb);

	tx_taken(w, i, (uint16_t)(nb - left));
	*pkts += nb - left;
	return left;
}

static __rte_always_inline uint16_t
loop_tx_port(struct worker *w, uint16_t i, uint64_t now_us, const bool sharded)
{
	const struct port *port = &w->port[i];
	struct rte_mbuf **pkts;
	uint16_t nb, ready, sent;

	nb = ready = tx_waiting(w, i, &pkts, now_us);
	if (nb == 0)
		return 0;
	if (unlikely(worker_port_is_off(w, i))) {
		tx_drop_all(w, i, pkts, nb);
		return 0;
	}
	if (unlikely(port->tso))
		nb = ready = tx_merge(w, i, &pkts, nb);
	if (port->linearize)
		ready = tx_linearize(w, pkts, nb);
	if (sharded && w->queue >= port->nb_queues)
		sent = shards_send(w, i, pkts, ready);
	else
		sent = loop_tx_burst(w, port, pkts, ready);
	if (likely(sent > 0)) {
		w->tx[i].stalled_since_us = 0;
		tx_taken(w, i, sent);
	} else {
		tx_stalled(w, i, pkts, nb, now_us);
	}
	return sent;
}

static __rte_always_inline uint32_t
loop_tx(struct worker *w, uint64_t now_us, const bool sharded)
{
	uint32_t nb = 0;
	uint16_t i;

	w->stalled = false;
	if (sharded)
		nb += shards_relay(w, now_us);
	for (i = 0; i < w->nb_ports; i++)
		nb += loop_tx_port(w, i, now_us, sharded);
	return nb;
}

/* Deal with all that the ports have, then run requests. */
static __rte_noinline uint32_t
loop_mail(struct worker *w, struct isla_engine_request *mail, uint32_t nb, uint64_t now_us)
{
	const bool sharded = w->map != NULL;
	uint32_t n = nb, rounds;

	for (rounds = 0; n >= w->burst && rounds < MAIL_BURSTS; rounds++) {
		isla_stack_flush(w->stack, now_us);
		/* There is room for the answers to a burst or two. */
		loop_tx(w, now_us, sharded);
		n = loop_rx(w, now_us, sharded);
		nb += n;
	}
	isla_stack_flush(w->stack, now_us);
	isla_stack_set_now(w->stack, now_us);
	mailbox_run_taken(mail, w->stack);
	return nb;
}

static __rte_always_inline uint32_t
loop_round_of(struct worker *w, struct isla_engine_request *mail, uint64_t now_us,
	const bool sharded)
{
	uint32_t nb = loop_rx(w, now_us, sharded);

	if (unlikely(w->intrs.is_timed_out))
		rx_intrs_found(&w->intrs, nb > 0);
	if (unlikely(mail != NULL))
		nb = loop_mail(w, mail, nb, now_us);
	isla_stack_flush(w->stack, now_us);
	nb += loop_tx(w, now_us, sharded);
	if (unlikely(w->faults != NULL) && fault_stage_is_done(w->faults))
		w->faults = NULL;
	return nb;
}

bool
loop_round(struct worker *w, struct isla_engine_request *mail, uint64_t now_us)
{
	if (likely(w->map == NULL))
		return loop_round_of(w, mail, now_us, false) != 0;
	return loop_round_of(w, mail, now_us, true) != 0;
}

/* Whether whatever comes will end a sleep. */
static bool
loop_hears(const struct worker *w)
{
	return w->idle_mode == ISLA_ENGINE_IDLE_EPOLL && w->hears_all && !w->intrs.is_deaf;
}

uint64_t
loop_next_us(const struct worker *w, uint64_t now_us, uint64_t until_us)
{
	uint64_t next_us = isla_stack_next_us(w->stack);

	/* Nothing tells when a port takes frames again: it must be asked, but not all the time. */
	if (w->stalled)
		return now_us + STALL_SLEEP_US;
	next_us = RTE_MIN(next_us, RTE_MIN(until_us, w->next_chore_us));
	if (w->faults != NULL)
		next_us = RTE_MIN(next_us, fault_stage_next_us(w->faults));
	/* A frame ends a sleep only where every queue tells of it. */
	if (!loop_hears(w) || (w->intrs.nb > 0 && !w->intrs.is_armed))
		next_us = RTE_MIN(next_us, now_us + backoff_sleep_us(&w->backoff));
	else if (w->intrs.nb > 0)
		next_us = RTE_MIN(next_us, now_us + RX_INTR_LOOK_US);
	return next_us;
}

/* Whether what has been heard so far is all there is: receive interrupts tell only of frames that
 * come once they are enabled, so another round looks at what came before. */
static bool
loop_listens(struct worker *w)
{
	bool hears = loop_hears(w);

	if (hears && w->intrs.nb > 0 && !w->intrs.is_armed)
		return rx_intrs_arm(&w->intrs) != 0;
	if (!hears)
		rx_intrs_disarm(&w->intrs);
	return true;
}

/* Sleep until the stack, the chores, a port or `until_us` want something. */
static void
loop_sleep(struct worker *w, uint64_t now_us, uint64_t until_us)
{
	uint64_t next_us;
	bool woken;

	if (!loop_listens(w))
		return;
	next_us = loop_next_us(w, now_us, until_us);
	if (next_us <= now_us || (w->map != NULL && !handover_sleeps(&w->handover)))
		return;
	woken = idle_wait(&w->idle, next_us - now_us, w->idle_mode == ISLA_ENGINE_IDLE_EPOLL);
	if (woken)
		w->stats.nb_wakeups++;
	if (w->intrs.nb > 0)
		rx_intrs_slept(&w->intrs, !woken);
	if (w->map != NULL)
		handover_wakes(&w->handover);
}

void
loop_rest(struct worker *w, bool worked, uint64_t now_us, uint64_t until_us)
{
	if (w->backoff.step == BACKOFF_BUSY)
		isla_hist_record(&w->loop_busy, now_us - w->backoff.since_us);
	switch (backoff_next(&w->backoff, worked, now_us)) {
	case BACKOFF_BUSY:
		if (unlikely(w->intrs.is_armed))
			rx_intrs_disarm(&w->intrs);
		break;
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
