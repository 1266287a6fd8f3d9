/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fault stage: what happens to a frame on its way in, in this order:
 *
 *     lost, duplicated, corrupted (frame_input)
 *     -> queue full, rate, delay (lane_queue, lane_depart) -> line, or held to be overtaken
 *
 * Times in a lane never go back, so both queues are sorted by themselves, and what leaves next is
 * the earlier one of two heads. A rate is kept by virtual departure times: each frame leaves when
 * the link has sent its last bit, and no credit is saved while it is idle.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "fault_stage.h"

#define RX_CKSUM_FLAGS (RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK)
#define TX_CKSUM_FLAGS (RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK)

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t
lane_random(struct fault_lane *lane)
{
	uint64_t x = lane->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* 0 to bound - 1. */
static uint64_t
lane_random_below(struct fault_lane *lane, uint32_t bound)
{
	return (lane_random(lane) >> 32) * bound >> 32;
}

static bool
lane_chance(struct fault_lane *lane, uint32_t ppb)
{
	return ppb != 0 && lane_random_below(lane, ISLA_FAULT_ONE) < ppb;
}

static uint32_t
fifo_count(const struct fault_fifo *f)
{
	return f->tail - f->head;
}

static struct fault_slot *
fifo_at(const struct fault_fifo *f, uint32_t i)
{
	return &f->slot[i & (f->size - 1)];
}

static void
fifo_put(struct fault_fifo *f, struct rte_mbuf *m, uint64_t due_us)
{
	*fifo_at(f, f->tail++) = (struct fault_slot){.due_us = due_us, .m = m};
}

static uint64_t
fifo_due_us(const struct fault_fifo *f)
{
	return f->head == f->tail ? UINT64_MAX : fifo_at(f, f->head)->due_us;
}

/* Room for `size` frames at least. */
static int
fifo_grow(const struct fault_stage *s, struct fault_fifo *f, uint32_t size)
{
	struct fault_fifo grown = *f;
	uint32_t i;

	size = rte_align32pow2(size);
	if (size <= f->size)
		return 0;
	grown.slot = s->mem.alloc(size * sizeof(*f->slot), RTE_CACHE_LINE_SIZE, s->socket_id);
	if (grown.slot == NULL)
		return -ENOMEM;
	grown.size = size;
	for (i = f->head; i != f->tail; i++)
		*fifo_at(&grown, i) = *fifo_at(f, i);
	s->mem.free(f->slot);
	*f = grown;
	return 0;
}

static void
fifo_flush(struct fault_fifo *f)
{
	for (; f->head != f->tail; f->head++)
		rte_pktmbuf_free(fifo_at(f, f->head)->m);
	f->last_due_us = 0;
}

static uint32_t
lane_waiting(const struct fault_lane *lane)
{
	return fifo_count(&lane->line) + fifo_count(&lane->held);
}

static bool
lane_loses(struct fault_lane *lane)
{
	if (lane->fault.burst_pkts <= 1)
		return lane_chance(lane, lane->fault.drop_ppb);
	if (lane_chance(lane, lane->in_burst ? lane->leave_ppb : lane->enter_ppb))
		lane->in_burst = !lane->in_burst;
	return lane->in_burst;
}

/*
 * The last bit of a frame that comes now has left at that time; false where too many bytes wait for
 * the link already.
 */
static bool
lane_depart(struct fault_lane *lane, uint32_t nb_bytes, uint64_t now_us, uint64_t *us)
{
	const struct isla_fault *f = &lane->fault;
	uint64_t now_ns = now_us * 1000, wait_ns, work;

	*us = now_us;
	if (f->rate_bps == 0)
		return true;
	wait_ns = lane->free_ns > now_ns ? lane->free_ns - now_ns : 0;
	if (f->buffer_bytes != 0 &&
		(unsigned __int128)wait_ns * f->rate_bps / 8000000000 + nb_bytes > f->buffer_bytes)
		return false;
	if (wait_ns == 0)
		lane->rate_rest = 0;
	work = nb_bytes * UINT64_C(8000000000) + lane->rate_rest;
	lane->free_ns = now_ns + wait_ns + work / f->rate_bps;
	lane->rate_rest = work % f->rate_bps;
	*us = (lane->free_ns + 999) / 1000;
	return true;
}

/* Into the line, or held back behind it. The mbuf is taken. */
static void
lane_queue(struct fault_lane *lane, struct rte_mbuf *m, uint64_t now_us,
	struct isla_fault_stats *stats)
{
	const struct isla_fault *f = &lane->fault;
	uint64_t due_us;

	if (lane_waiting(lane) >= f->limit_pkts) {
		stats->nb_limit_full++;
		rte_pktmbuf_free(m);
		return;
	}
	if (!lane_depart(lane, m->pkt_len, now_us, &due_us)) {
		stats->nb_buffer_full++;
		rte_pktmbuf_free(m);
		return;
	}
	due_us += f->delay_us;
	if (f->jitter_us > 0)
		due_us += lane_random_below(lane, 2 * f->jitter_us + 1) - f->jitter_us;
	due_us = RTE_MAX(due_us, lane->line.last_due_us);
	lane->line.last_due_us = due_us;
	if (!lane_chance(lane, f->reorder_ppb)) {
		fifo_put(&lane->line, m, due_us);
		return;
	}
	stats->nb_reordered++;
	due_us = RTE_MAX(due_us + f->hold_us, lane->held.last_due_us);
	lane->held.last_due_us = due_us;
	fifo_put(&lane->held, m, due_us);
}

/* A copy in one piece that shares no byte with the frame, or NULL. */
static struct rte_mbuf *
frame_copy(const struct fault_stage *s, struct rte_mbuf *m, struct isla_fault_stats *stats)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(m, s->pool, 0, UINT32_MAX);

	if (copy == NULL || copy->nb_segs > 1) {
		rte_pktmbuf_free(copy);
		stats->nb_no_mbuf++;
		return NULL;
	}
	stats->copied_bytes += copy->pkt_len;
	return copy;
}

/*
 * A port that completes checksums would make a corrupted frame right again, so they are completed
 * here. False where that cannot be done.
 */
static bool
frame_complete_cksum(struct rte_mbuf *m)
{
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;
	uint8_t *l3_hdr = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len), *l4_hdr;
	bool is_v6 = (m->ol_flags & RTE_MBUF_F_TX_IPV6) != 0;

	if ((m->ol_flags & TX_CKSUM_FLAGS) == 0)
		return true;
	if ((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0 || l4 == RTE_MBUF_F_TX_SCTP_CKSUM ||
		m->l2_len + m->l3_len + sizeof(struct rte_udp_hdr) > m->pkt_len ||
		(l4 == RTE_MBUF_F_TX_TCP_CKSUM &&
			m->l2_len + m->l3_len + sizeof(struct rte_tcp_hdr) > m->pkt_len))
		return false;
	l4_hdr = l3_hdr + m->l3_len;
	if ((m->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0) {
		struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)l3_hdr;

		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
	}
	if (l4 != 0) {
		size_t at = l4 == RTE_MBUF_F_TX_TCP_CKSUM ? offsetof(struct rte_tcp_hdr, cksum) :
			offsetof(struct rte_udp_hdr, dgram_cksum);
		rte_be16_t cksum = 0;

		memcpy(l4_hdr + at, &cksum, sizeof(cksum));
		cksum = is_v6 ? rte_ipv6_udptcp_cksum((void *)l3_hdr, l4_hdr) :
			rte_ipv4_udptcp_cksum((void *)l3_hdr, l4_hdr);
		memcpy(l4_hdr + at, &cksum, sizeof(cksum));
	}
	m->ol_flags &= ~TX_CKSUM_FLAGS;
	return true;
}

/* The frame with a bit flipped, in a copy: its payload may belong to others. */
static struct rte_mbuf *
frame_corrupt(const struct fault_stage *s, struct fault_lane *lane, struct rte_mbuf *m,
	struct isla_fault_stats *stats)
{
	struct rte_mbuf *copy;
	uint64_t bit;

	if (m->pkt_len == 0)
		return m;
	copy = frame_copy(s, m, stats);
	if (copy == NULL)
		return m;
	if (!frame_complete_cksum(copy)) {
		stats->nb_no_mbuf++;
		rte_pktmbuf_free(copy);
		return m;
	}
	bit = lane_random_below(lane, copy->pkt_len * 8);
	*rte_pktmbuf_mtod_offset(copy, uint8_t *, bit / 8) ^= (uint8_t)(1u << bit % 8);
	/* What the port said of the checksums was said of another frame. */
	copy->ol_flags &= ~RX_CKSUM_FLAGS;
	stats->nb_corrupted++;
	rte_pktmbuf_free(m);
	return copy;
}

static void
frame_input(struct fault_stage *s, struct fault_lane *lane, struct rte_mbuf *m, uint64_t now_us,
	struct isla_fault_stats *stats)
{
	struct rte_mbuf *twin = NULL;

	stats->nb_frames++;
	if (lane_loses(lane)) {
		stats->nb_dropped++;
		rte_pktmbuf_free(m);
		return;
	}
	if (lane_chance(lane, lane->fault.dup_ppb)) {
		twin = frame_copy(s, m, stats);
		stats->nb_duplicated += twin != NULL;
	}
	if (lane_chance(lane, lane->fault.corrupt_ppb))
		m = frame_corrupt(s, lane, m, stats);
	lane_queue(lane, m, now_us, stats);
	if (twin != NULL)
		lane_queue(lane, twin, now_us, stats);
}

/* Take out what is due. */
static uint16_t
lane_output(struct fault_lane *lane, struct rte_mbuf **pkts, uint16_t max, uint64_t now_us,
	struct isla_fault_stats *stats)
{
	uint16_t n;

	for (n = 0; n < max; n++) {
		uint64_t line_us = fifo_due_us(&lane->line), held_us = fifo_due_us(&lane->held);
		struct fault_fifo *f = line_us <= held_us ? &lane->line : &lane->held;

		if (RTE_MIN(line_us, held_us) > now_us || f->head == f->tail)
			break;
		pkts[n] = fifo_at(f, f->head++)->m;
	}
	stats->nb_passed += n;
	return n;
}

uint16_t
fault_stage_rx(struct fault_stage *s, uint16_t port, struct rte_mbuf **pkts, uint16_t nb,
	uint16_t max, uint64_t now_us)
{
	struct isla_fault_stats *stats = &s->stats[ISLA_FAULT_RX];
	struct fault_lane *lane = &s->lane[ISLA_FAULT_RX][port];
	uint16_t i;

	if (fault_stage_is_idle(s, ISLA_FAULT_RX, port))
		return nb;
	for (i = 0; i < nb; i++)
		frame_input(s, lane, pkts[i], now_us, stats);
	return lane_output(lane, pkts, max, now_us, stats);
}

void
fault_stage_tx(struct fault_stage *s, uint16_t port, struct rte_mbuf **pkts, uint16_t nb,
	uint64_t now_us)
{
	struct fault_lane *lane = &s->lane[ISLA_FAULT_TX][port];
	uint16_t i;

	for (i = 0; i < nb; i++)
		frame_input(s, lane, pkts[i], now_us, &s->stats[ISLA_FAULT_TX]);
}

uint16_t
fault_stage_output(struct fault_stage *s, uint16_t port, struct rte_mbuf ***pkts, uint64_t now_us)
{
	struct fault_lane *lane = &s->lane[ISLA_FAULT_TX][port];

	if (lane->ready_head == lane->ready_tail) {
		lane->ready_head = 0;
		lane->ready_tail = lane_output(lane, lane->ready, FAULT_READY_MAX, now_us,
			&s->stats[ISLA_FAULT_TX]);
	}
	*pkts = lane->ready + lane->ready_head;
	return lane->ready_tail - lane->ready_head;
}

void
fault_stage_sent(struct fault_stage *s, uint16_t port, uint16_t nb)
{
	s->lane[ISLA_FAULT_TX][port].ready_head += nb;
}

void
fault_stage_flush(struct fault_stage *s, enum isla_fault_dir dir, uint16_t port)
{
	struct fault_lane *lane = &s->lane[dir][port];

	s->stats[dir].nb_flushed += lane_waiting(lane);
	fifo_flush(&lane->line);
	fifo_flush(&lane->held);
	lane->free_ns = 0;
}

uint64_t
fault_stage_next_us(const struct fault_stage *s)
{
	uint64_t next_us = UINT64_MAX;
	unsigned int dir;
	uint16_t i;

	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++) {
		for (i = 0; i < s->nb_ports; i++) {
			const struct fault_lane *lane = &s->lane[dir][i];
			uint64_t line_us = fifo_due_us(&lane->line);
			uint64_t held_us = fifo_due_us(&lane->held);

			if (lane->ready_head != lane->ready_tail)
				return 0;
			next_us = RTE_MIN(next_us, RTE_MIN(line_us, held_us));
		}
	}
	return next_us;
}

bool
fault_stage_has_output(const struct fault_stage *s)
{
	uint16_t i;

	for (i = 0; i < s->nb_ports; i++) {
		const struct fault_lane *lane = &s->lane[ISLA_FAULT_TX][i];

		if (lane_waiting(lane) > 0 || lane->ready_head != lane->ready_tail)
			return true;
	}
	return false;
}

bool
fault_stage_is_done(const struct fault_stage *s)
{
	unsigned int dir;
	uint16_t i;

	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++)
		for (i = 0; i < s->nb_ports; i++)
			if (!fault_stage_is_idle(s, (enum isla_fault_dir)dir, i))
				return false;
	return true;
}

static void
lane_set(struct fault_lane *lane, const struct isla_fault *fault)
{
	uint64_t lost = fault->drop_ppb, kept = ISLA_FAULT_ONE - lost, enter = ISLA_FAULT_ONE;
	uint64_t leave = ISLA_FAULT_ONE / RTE_MAX(fault->burst_pkts, 1u);

	/* So that the share of time in a burst is the share of loss: enter / (enter + leave). */
	if (fault->burst_pkts > 1 && kept > 0)
		enter = lost * ISLA_FAULT_ONE / (kept * fault->burst_pkts);
	/* With so much loss one burst follows the other, and they must be longer. */
	if (enter >= ISLA_FAULT_ONE && lost > 0) {
		enter = ISLA_FAULT_ONE;
		leave = kept * ISLA_FAULT_ONE / lost;
	}
	lane->enter_ppb = (uint32_t)enter;
	lane->leave_ppb = (uint32_t)leave;
	lane->in_burst = false;
	/* What waits for the old rate has its time; the new one begins with the next frame. */
	if (fault->rate_bps != lane->fault.rate_bps)
		lane->free_ns = 0;
	lane->fault = *fault;
	lane->is_off = isla_fault_is_off(fault);
}

int
fault_stage_set(struct fault_stage *s, enum isla_fault_dir dir, const struct isla_fault *fault)
{
	struct isla_fault f = *fault;
	uint16_t i;

	if (f.limit_pkts > s->limit_max)
		return -E2BIG;
	if (f.limit_pkts == 0)
		f.limit_pkts = RTE_MIN(ISLA_FAULT_LIMIT_DEFAULT, s->limit_max);
	if (f.hold_us == 0)
		f.hold_us = ISLA_FAULT_HOLD_DEFAULT_US;
	/* Queues never shrink, so that to fail half-way changes nothing. */
	for (i = 0; i < s->nb_ports; i++)
		if (fifo_grow(s, &s->lane[dir][i].line, f.limit_pkts) != 0 ||
			fifo_grow(s, &s->lane[dir][i].held, f.limit_pkts) != 0)
			return -ENOMEM;
	for (i = 0; i < s->nb_ports; i++)
		lane_set(&s->lane[dir][i], &f);
	return 0;
}

struct fault_stage *
fault_stage_create(const struct fault_stage_conf *conf)
{
	struct fault_stage *s = conf->mem.alloc(sizeof(*s), RTE_CACHE_LINE_SIZE, conf->socket_id);
	struct fault_lane seeder = {.random = conf->seed};
	unsigned int dir;
	uint16_t i;

	if (s == NULL)
		return NULL;
	s->nb_ports = conf->nb_ports;
	s->limit_max = RTE_MIN(conf->limit_max, ISLA_FAULT_LIMIT_MAX);
	s->socket_id = conf->socket_id;
	s->pool = conf->pool;
	s->mem = conf->mem;
	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++) {
		s->lane[dir] = conf->mem.alloc(conf->nb_ports * sizeof(*s->lane[dir]),
			RTE_CACHE_LINE_SIZE, conf->socket_id);
		if (s->lane[dir] == NULL) {
			fault_stage_free(s);
			return NULL;
		}
		for (i = 0; i < conf->nb_ports; i++) {
			s->lane[dir][i].random = lane_random(&seeder);
			s->lane[dir][i].is_off = true;
		}
	}
	return s;
}

void
fault_stage_free(struct fault_stage *s)
{
	unsigned int dir;
	uint16_t i;

	if (s == NULL)
		return;
	for (dir = 0; dir < ISLA_FAULT_DIRS; dir++) {
		for (i = 0; s->lane[dir] != NULL && i < s->nb_ports; i++) {
			struct fault_lane *lane = &s->lane[dir][i];

			fault_stage_flush(s, (enum isla_fault_dir)dir, i);
			while (lane->ready_head != lane->ready_tail)
				rte_pktmbuf_free(lane->ready[lane->ready_head++]);
			s->mem.free(lane->line.slot);
			s->mem.free(lane->held.slot);
		}
		s->mem.free(s->lane[dir]);
	}
	s->mem.free(s);
}

void
fault_stage_get_stats(const struct fault_stage *s, enum isla_fault_dir dir,
	struct isla_fault_stats *stats)
{
	uint16_t i;

	*stats = s->stats[dir];
	for (i = 0; i < s->nb_ports; i++)
		stats->nb_waiting += lane_waiting(&s->lane[dir][i]);
}

void
fault_stage_clear_stats(struct fault_stage *s)
{
	memset(s->stats, 0, sizeof(s->stats));
}
