/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulator. Frames in flight are in a heap, ordered by arrival and then by departure. A step
 * takes the earlier of the next arrival and the stacks' next timers, hands all that is due to the
 * stacks as bursts, lets both flush, and puts what they sent on the link.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "sim.h"

#define BURST 32

struct sim_flight {
	uint64_t at_us;
	uint64_t serial;
	uint32_t len;
	unsigned int to;
	uint8_t *bytes;
};

struct sim_pcap {
	FILE *file;
};

uint64_t
sim_rand(uint64_t *rng)
{
	uint64_t z = *rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool
chance(uint64_t *rng, uint32_t ppm)
{
	return ppm != 0 && sim_rand(rng) % 1000000 < ppm;
}

static void
host_addrs(struct sim_host *host, uint8_t number)
{
	char text[ISLA_ADDR_STRLEN];
	struct isla_prefix prefix = {.len = 24};
	int rc;

	snprintf(text, sizeof(text), "192.168.1.%u", number);
	rc = isla_addr_parse(text, &host->v4);
	prefix.addr = host->v4;
	rc |= isla_stack_addr_add(host->stack, 0, &prefix);
	snprintf(text, sizeof(text), "fd00::%x", number);
	rc |= isla_addr_parse(text, &host->v6);
	prefix.addr = host->v6;
	prefix.len = 64;
	rc |= isla_stack_addr_add(host->stack, 0, &prefix);
	if (rc != 0)
		abort();
}

void
sim_host_init(struct sim_host *host, const struct sim_host_conf *conf)
{
	uint32_t limit = conf->pool_limit != 0 ? conf->pool_limit : 65536;
	struct isla_stack_conf stack = conf->stack;
	struct isla_netif_conf netif = {
		.mac = {0x02, 0, 0, 0, 0, conf->number},
		.mtu = conf->mtu != 0 ? conf->mtu : 1500,
	};

	memset(host, 0, sizeof(*host));
	memcpy(host->mac, netif.mac, 6);
	host->pool = heap_pool_create(limit, RTE_PKTMBUF_HEADROOM + 2048, ISLA_PKT_PRIV_SIZE);
	host->ref_pool = heap_pool_create(limit, 0, 0);
	stack.pool = host->pool;
	stack.ref_pool = host->ref_pool;
	if (stack.key.k[0] == 0 && stack.key.k[1] == 0)
		stack.key = (struct isla_key){{conf->number, 0x0123456789abcdefull}};
	host->stack = isla_stack_create(&stack);
	if (host->stack == NULL || isla_stack_netif_add(host->stack, &netif) != 0)
		abort();
	host_addrs(host, conf->number);
}

uint32_t
sim_host_fini(struct sim_host *host)
{
	uint32_t left;

	isla_stack_free(host->stack);
	left = heap_pool_in_use(host->pool) + heap_pool_in_use(host->ref_pool);
	heap_pool_free(host->pool);
	heap_pool_free(host->ref_pool);
	return left;
}

struct rte_mbuf *
sim_mbuf(
	struct rte_mempool *pool, const uint8_t *bytes, uint32_t len, uint32_t first, uint64_t *rng)
{
	struct rte_mbuf *head = NULL, *tail = NULL;
	uint32_t off = 0;

	do {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		uint32_t n;

		if (m == NULL) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		n = RTE_MIN(len - off, rte_pktmbuf_tailroom(m));
		/* Short pieces are the hard ones. */
		if (rng != NULL && n > 1 && sim_rand(rng) % 4 != 0)
			n = 1 +
				(uint32_t)(sim_rand(rng) %
					(sim_rand(rng) % 2 != 0 ? RTE_MIN(n, 60u) : n));
		if (head == NULL && n < first)
			n = RTE_MIN(len, first);
		memcpy(rte_pktmbuf_mtod(m, void *), bytes + off, n);
		m->data_len = (uint16_t)n;
		off += n;
		if (head == NULL) {
			head = m;
		} else {
			tail->next = m;
			head->nb_segs++;
		}
		tail = m;
	} while (off < len);
	head->pkt_len = len;
	return head;
}

struct sim_pcap *
sim_pcap_open(const char *path)
{
	/* Magic, version 2.4, zone, accuracy, snapshot length, Ethernet. */
	static const uint32_t hdr[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	struct sim_pcap *pcap;

	if (path == NULL)
		return NULL;
	pcap = malloc(sizeof(*pcap));
	if (pcap == NULL || (pcap->file = fopen(path, "wb")) == NULL)
		abort();
	fwrite(hdr, sizeof(hdr), 1, pcap->file);
	return pcap;
}

void
sim_pcap_write(struct sim_pcap *pcap, uint64_t now_us, const uint8_t *bytes, uint32_t len)
{
	uint32_t hdr[] = {(uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000), len, len};

	if (pcap == NULL)
		return;
	fwrite(hdr, sizeof(hdr), 1, pcap->file);
	fwrite(bytes, 1, len, pcap->file);
	fflush(pcap->file);
}

void
sim_pcap_close(struct sim_pcap *pcap)
{
	if (pcap == NULL)
		return;
	fclose(pcap->file);
	free(pcap);
}

static bool
is_before(const struct sim_flight *a, const struct sim_flight *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->serial < b->serial;
}

static void
heap_push(struct sim *sim, const struct sim_flight *flight)
{
	uint32_t i = sim->nb_flights++;

	if (sim->nb_flights > sim->max_flights) {
		sim->max_flights = sim->max_flights * 2 + 64;
		sim->heap = realloc(sim->heap, sim->max_flights * sizeof(sim->heap[0]));
		if (sim->heap == NULL)
			abort();
	}
	for (; i > 0 && is_before(flight, &sim->heap[(i - 1) / 2]); i = (i - 1) / 2)
		sim->heap[i] = sim->heap[(i - 1) / 2];
	sim->heap[i] = *flight;
}

static struct sim_flight
heap_pop(struct sim *sim)
{
	struct sim_flight top = sim->heap[0], last = sim->heap[--sim->nb_flights];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < sim->nb_flights) {
		if (child + 1 < sim->nb_flights &&
			is_before(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!is_before(&sim->heap[child], &last))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	sim->heap[i] = last;
	return top;
}

struct sim *
sim_create(const struct sim_conf *conf)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	unsigned int i;

	if (sim == NULL)
		abort();
	sim->conf = *conf;
	sim->rng = conf->seed;
	sim->now_us = 1000000;
	sim->pcap = sim_pcap_open(getenv("SIM_PCAP"));
	for (i = 0; i < 2; i++) {
		struct sim_host_conf host = conf->host[i];

		host.number = (uint8_t)(i + 1);
		host.stack.now_us = sim->now_us;
		sim_host_init(&sim->host[i], &host);
	}
	return sim;
}

uint32_t
sim_free(struct sim *sim)
{
	uint32_t left = sim_host_fini(&sim->host[0]) + sim_host_fini(&sim->host[1]);
	uint32_t i;

	for (i = 0; i < sim->nb_flights; i++)
		free(sim->heap[i].bytes);
	sim_pcap_close(sim->pcap);
	free(sim->heap);
	free(sim);
	return left;
}

static bool
is_arp(const uint8_t *bytes, uint32_t len)
{
	return len >= 14 && bytes[12] == 0x08 && bytes[13] == 0x06;
}

/* Neighbour discovery's types are 133 to 137 (RFC 4861), behind the fixed IPv6 header. */
static bool
is_spared(const struct sim *sim, const uint8_t *bytes, uint32_t len)
{
	if (!sim->conf.spare_neigh)
		return false;
	return is_arp(bytes, len) || (len > 54 && bytes[12] == 0x86 && bytes[13] == 0xdd &&
		bytes[20] == 58 && bytes[54] >= 133 && bytes[54] <= 137);
}

/*
 * Up to 8 adjacent bits: the Internet checksum finds every such error. The Ethernet header and what
 * is not IP has no checksum up here, since the wire has its own; so these stay whole.
 */
static void
corrupt(struct sim *sim, struct sim_flight *flight)
{
	uint32_t bit, nb_bits = 1 + (uint32_t)(sim_rand(&sim->rng) % 8);

	if (flight->len <= 14 || is_arp(flight->bytes, flight->len) ||
		is_spared(sim, flight->bytes, flight->len))
		return;
	bit = 14 * 8 + (uint32_t)(sim_rand(&sim->rng) % ((flight->len - 14) * 8));
	for (; nb_bits > 0 && bit / 8 < flight->len; nb_bits--, bit++)
		flight->bytes[bit / 8] ^= (uint8_t)(1u << (7 - bit % 8));
	sim->stats.nb_corrupted++;
}

/* CE in place of ECT (RFC 3168, 5), and IPv4's header checksum with it (RFC 1624). */
static void
mark(struct sim *sim, struct sim_flight *flight)
{
	uint8_t *b = flight->bytes;
	bool is_v4 = flight->len >= 34 && b[12] == 0x08 && b[13] == 0x00;
	bool is_v6 = flight->len >= 54 && b[12] == 0x86 && b[13] == 0xdd;
	uint8_t ecn = is_v4 ? b[15] & 3 : is_v6 ? b[15] >> 4 & 3 : 0;
	uint32_t sum;

	if (ecn == 0)
		return;
	sim->stats.nb_marked++;
	if (is_v6) {
		b[15] |= 0x30;
		return;
	}
	b[15] |= 3;
	sum = (uint32_t)(~(b[24] << 8 | b[25]) & 0xffff) + 3u - ecn;
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	b[24] = (uint8_t)(sum >> 8);
	b[25] = (uint8_t)sum;
}

static void
launch(struct sim *sim, unsigned int from, const uint8_t *bytes, uint32_t len, bool congested)
{
	const struct sim_dir *dir = &sim->conf.dir[from];
	struct sim_flight flight = {.len = len, .to = !from, .serial = sim->serial++};
	uint64_t at = sim->busy_us[from] + dir->delay_us;

	if (dir->jitter_us != 0)
		at += sim_rand(&sim->rng) % dir->jitter_us;
	at = RTE_MAX(at, sim->last_us[from]);
	if (chance(&sim->rng, dir->reorder_ppm)) {
		at += 1 + sim_rand(&sim->rng) % RTE_MAX(dir->reorder_us, 1u);
		sim->stats.nb_reordered++;
	} else {
		sim->last_us[from] = at;
	}
	flight.at_us = at;
	flight.bytes = malloc(len);
	if (flight.bytes == NULL)
		abort();
	memcpy(flight.bytes, bytes, len);
	if (congested)
		mark(sim, &flight);
	if (chance(&sim->rng, dir->corrupt_ppm))
		corrupt(sim, &flight);
	heap_push(sim, &flight);
}

static void
trace(struct sim *sim, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		sim->trace = (sim->trace ^ p[i]) * 0x100000001b3ull;
}

/* One frame leaves a stack: it waits for the link, and may get lost on the way. */
static void
transmit(struct sim *sim, unsigned int from, const uint8_t *bytes, uint32_t len)
{
	const struct sim_dir *dir = &sim->conf.dir[from];
	struct sim_frame frame = {from, sim->now_us, bytes, len};
	bool pass, congested = false;

	sim->stats.nb_sent++;
	trace(sim, &sim->now_us, sizeof(sim->now_us));
	trace(sim, bytes, len);
	sim_pcap_write(sim->pcap, sim->now_us, bytes, len);
	pass = sim->conf.tap == NULL || sim->conf.tap(sim, sim->conf.tap_ctx, &frame);
	if (sim->busy_us[from] < sim->now_us)
		sim->busy_us[from] = sim->now_us;
	if (dir->rate_bps != 0) {
		uint64_t waiting = (sim->busy_us[from] - sim->now_us) * dir->rate_bps / 8000000;

		if (dir->queue_bytes != 0 && waiting + len > dir->queue_bytes) {
			sim->stats.nb_queue_full++;
			return;
		}
		congested = dir->mark_bytes != 0 && waiting > dir->mark_bytes;
		sim->busy_us[from] += ((uint64_t)len * 8000000 + dir->rate_bps - 1) / dir->rate_bps;
	}
	if (!pass || (chance(&sim->rng, dir->loss_ppm) && !is_spared(sim, bytes, len))) {
		sim->stats.nb_lost++;
		return;
	}
	launch(sim, from, bytes, len, congested);
	if (chance(&sim->rng, dir->dup_ppm)) {
		sim->stats.nb_duplicated++;
		launch(sim, from, bytes, len, congested);
	}
}

static bool
collect(struct sim *sim, unsigned int from)
{
	static const uint8_t none[1];
	uint8_t buf[65535 + 14];
	struct rte_mbuf **pkts;
	uint16_t i, nb = isla_stack_output(sim->host[from].stack, 0, &pkts);

	for (i = 0; i < nb; i++) {
		uint32_t len = pkts[i]->pkt_len;
		const uint8_t *bytes = len == 0 ? none : rte_pktmbuf_read(pkts[i], 0, len, buf);

		transmit(sim, from, bytes, len);
		rte_pktmbuf_free(pkts[i]);
	}
	isla_stack_sent(sim->host[from].stack, 0, nb);
	return nb > 0;
}

void
sim_flush(struct sim *sim)
{
	unsigned int i, rounds;

	for (i = 0; i < 2; i++) {
		struct isla_stack *stack = sim->host[i].stack;

		/* Work is left over only while the list of frames was full. */
		for (rounds = 0; rounds < 1000; rounds++) {
			isla_stack_flush(stack, sim->now_us);
			if (!collect(sim, i) || isla_stack_next_us(stack) > sim->now_us)
				break;
		}
	}
}

static void
deliver(struct sim *sim)
{
	struct rte_mbuf *burst[2][BURST];
	uint16_t nb[2] = {0, 0};
	unsigned int to;

	while (sim->nb_flights > 0 && sim->heap[0].at_us <= sim->now_us) {
		struct sim_flight flight = heap_pop(sim);
		struct rte_mbuf *m;

		to = flight.to;
		m = sim_mbuf(sim->host[to].pool, flight.bytes, flight.len, sim->conf.split_first,
			sim->conf.split_first != 0 ? &sim->rng : NULL);
		free(flight.bytes);
		if (m == NULL) {
			sim->stats.nb_no_mbuf++;
			continue;
		}
		sim->stats.nb_delivered++;
		burst[to][nb[to]++] = m;
		if (nb[to] == BURST) {
			isla_stack_input(sim->host[to].stack, 0, burst[to], nb[to], sim->now_us);
			nb[to] = 0;
		}
	}
	for (to = 0; to < 2; to++)
		if (nb[to] > 0)
			isla_stack_input(sim->host[to].stack, 0, burst[to], nb[to], sim->now_us);
}

static uint64_t
next_us(const struct sim *sim)
{
	uint64_t next = sim->nb_flights > 0 ? sim->heap[0].at_us : UINT64_MAX;
	unsigned int i;

	for (i = 0; i < 2; i++)
		next = RTE_MIN(next, isla_stack_next_us(sim->host[i].stack));
	return next;
}

bool
sim_step(struct sim *sim)
{
	uint64_t next = next_us(sim);

	if (next == UINT64_MAX)
		return false;
	/* A timer's time may lie before its tick: the clock goes on in any case. */
	next = RTE_MAX(next, sim->now_us + 1);
	if (sim->conf.jump != NULL && next - sim->now_us > SIM_JUMP_US)
		sim->conf.jump(sim, sim->conf.tap_ctx, next);
	sim->now_us = next;
	sim->nb_steps++;
	deliver(sim);
	sim_flush(sim);
	return true;
}

bool
sim_run(struct sim *sim, bool (*done)(void *ctx), void *ctx, uint64_t for_us)
{
	uint64_t end_us = sim->now_us + for_us;

	sim_flush(sim);
	while (done == NULL || !done(ctx)) {
		uint64_t next = next_us(sim);

		if (next > end_us) {
			sim->now_us = end_us;
			break;
		}
		if (!sim_step(sim))
			break;
	}
	return done != NULL && done(ctx);
}
