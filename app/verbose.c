/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line for each frame; see verbose.h. taps_add() has each queue's callback copy what it sees into
 * its shard's ring, since a queue is polled by the shard of the same number; the thread takes the
 * oldest of all rings, one by one. taps_del() asks every shard to have gone through a round before
 * it frees what a callback might be using.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "frame_text.h"
#include "verbose.h"

#define SNAP      160 /* bytes of a frame: all headers that are shown, options left aside */
#define RING_LEN  512u
#define PERIOD_US 10000

/* What is kept of a frame. */
struct note {
	uint64_t tsc;
	uint64_t ol_flags;
	uint32_t hash;
	uint32_t pkt_len;
	uint16_t port;
	uint16_t queue;
	uint16_t nb_segs;
	uint8_t nb_bytes;
	bool is_tx;
	uint8_t bytes[SNAP];
};

static_assert(SNAP <= UINT8_MAX, "nb_bytes counts them");

/* From one shard to the thread. */
struct ring {
	/* The shard's. */
	uint32_t head;       /* atomic: notes ever written */
	uint32_t nb_lost;    /* atomic: frames without a note */
	uint32_t nb_in_window;
	uint32_t max_in_window;
	uint64_t window_tsc; /* when this second began */
	uint64_t second_tsc;
	/* The thread's. */
	uint32_t tail __rte_cache_aligned; /* atomic: notes ever read */
	uint32_t nb_lost_told;
	struct note note[RING_LEN] __rte_cache_aligned;
};

/* What a callback is for. The port's device that has the shard's queue may not be its first one. */
struct tap {
	const struct rte_eth_rxtx_callback *cb; /* NULL: none */
	struct ring *ring;
	uint16_t port;
	uint16_t shard; /* and so the port's queue */
	uint16_t dev;
	uint16_t queue; /* of the device */
	bool is_tx;
};

#define TAPS_MAX (2 * ISLA_ENGINE_PORT_MAX * ISLA_ENGINE_SHARD_MAX)

struct verbose {
	struct isla_engine *engine;
	FILE *out;
	unsigned int dirs;   /* 0: off; then there are no rings and no thread */
	uint16_t nb_rings;
	struct ring *ring;
	uint16_t nb_taps;
	struct tap tap[TAPS_MAX];
	pthread_t thread;
	uint32_t stop;       /* atomic */
	uint64_t told_tsc;   /* when it was last said what was left out */
};

/* ---- a shard's part ---- */

/* The first bytes, of however many segments, whatever the lengths claim. */
static uint8_t
copy_bytes(const struct rte_mbuf *m, uint8_t *to)
{
	uint8_t nb = 0;

	for (; m != NULL && nb < SNAP; m = m->next) {
		uint16_t n = RTE_MIN(m->data_len, (uint16_t)(SNAP - nb));

		memcpy(to + nb, rte_pktmbuf_mtod(m, const uint8_t *), n);
		nb = (uint8_t)(nb + n);
	}
	return nb;
}

static void
note_frames(const struct tap *t, struct rte_mbuf **pkts, uint16_t nb)
{
	struct ring *r = t->ring;
	uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
	uint64_t tsc = rte_rdtsc();
	uint16_t i;

	if (tsc - r->window_tsc >= r->second_tsc) {
		r->window_tsc = tsc;
		r->nb_in_window = 0;
	}
	for (i = 0; i < nb; i++) {
		struct note *n = &r->note[r->head % RING_LEN];

		if (r->nb_in_window == r->max_in_window || r->head - tail == RING_LEN)
			break;
		r->nb_in_window++;
		n->tsc = tsc;
		n->ol_flags = pkts[i]->ol_flags;
		n->hash = pkts[i]->hash.rss;
		n->pkt_len = pkts[i]->pkt_len;
		n->port = t->port;
		n->queue = t->shard;
		n->nb_segs = pkts[i]->nb_segs;
		n->is_tx = t->is_tx;
		n->nb_bytes = copy_bytes(pkts[i], n->bytes);
		__atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
	}
	if (i < nb)
		__atomic_store_n(&r->nb_lost, r->nb_lost + nb - i, __ATOMIC_RELAXED);
}

static uint16_t
note_received(uint16_t dev, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max,
	void *tap)
{
	RTE_SET_USED(dev);
	RTE_SET_USED(queue);
	RTE_SET_USED(max);
	if (nb > 0)
		note_frames(tap, pkts, nb);
	return nb;
}

static uint16_t
note_sent(uint16_t dev, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *tap)
{
	RTE_SET_USED(dev);
	RTE_SET_USED(queue);
	if (nb > 0)
		note_frames(tap, pkts, nb);
	return nb;
}

/* ---- the thread's part ---- */

/* The time of day of a note. */
static void
print_time(FILE *out, uint64_t tsc)
{
	uint64_t ago_us = (uint64_t)((double)(rte_rdtsc() - tsc) * 1e6 /
		(double)RTE_MAX(rte_get_tsc_hz(), 1u)), us;
	struct timespec now;
	struct tm tm;
	time_t s;

	clock_gettime(CLOCK_REALTIME, &now);
	us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - ago_us;
	s = (time_t)(us / 1000000);
	localtime_r(&s, &tm);
	fprintf(out, "%02d:%02d:%02d.%06u ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned int)(us % 1000000));
}

static void
print_note(FILE *out, const struct note *n)
{
	char text[FRAME_TEXT_MAX], flags[512];
	const uint8_t *b = n->bytes;

	print_time(out, n->tsc);
	fprintf(out, "port %u/queue %u: %s", n->port, n->queue, n->is_tx ? "sent" : "received");
	if (n->nb_bytes >= 14)
		fprintf(out, " src=" RTE_ETHER_ADDR_PRT_FMT " - dst=" RTE_ETHER_ADDR_PRT_FMT
			" - type=0x%02x%02x -", b[6], b[7], b[8], b[9], b[10], b[11], b[0], b[1],
			b[2], b[3], b[4], b[5], b[12], b[13]);
	fprintf(out, " length=%u - nb_segs=%u", n->pkt_len, n->nb_segs);
	if (!n->is_tx && (n->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0)
		fprintf(out, " - RSS hash=0x%x", n->hash);
	if ((n->is_tx ? rte_get_tx_ol_flag_list(n->ol_flags, flags, sizeof(flags)) :
			rte_get_rx_ol_flag_list(n->ol_flags, flags, sizeof(flags))) != 0)
		snprintf(flags, sizeof(flags), "0x%" PRIx64, n->ol_flags);
	flags[strcspn(flags, "\n")] = '\0';
	frame_text(b, n->nb_bytes, text, sizeof(text));
	fprintf(out, " - ol_flags: %s-%s\n", flags, text);
}

/* The oldest note of all rings; NULL: there is none. */
static struct ring *
oldest(struct verbose *v)
{
	struct ring *best = NULL;
	uint16_t i;

	for (i = 0; i < v->nb_rings; i++) {
		struct ring *r = &v->ring[i];

		if (__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) == r->tail)
			continue;
		if (best == NULL || r->note[r->tail % RING_LEN].tsc <
				best->note[best->tail % RING_LEN].tsc)
			best = r;
	}
	return best;
}

/* Print what there is, then, once a second, how much was left out. */
static void
drain(struct verbose *v, bool at_end)
{
	uint64_t tsc = rte_rdtsc();
	uint32_t nb_lost = 0, lost, nb;
	struct ring *r;
	uint16_t i;

	/* While more comes than can be printed the thread must hear of its end all the same. */
	for (nb = 0; nb < v->nb_rings * RING_LEN && (r = oldest(v)) != NULL; nb++) {
		print_note(v->out, &r->note[r->tail % RING_LEN]);
		__atomic_store_n(&r->tail, r->tail + 1, __ATOMIC_RELEASE);
	}
	if (at_end || tsc - v->told_tsc >= rte_get_tsc_hz()) {
		for (i = 0; i < v->nb_rings; i++) {
			lost = __atomic_load_n(&v->ring[i].nb_lost, __ATOMIC_RELAXED);
			nb_lost += lost - v->ring[i].nb_lost_told;
			v->ring[i].nb_lost_told = lost;
		}
		v->told_tsc = tsc;
	}
	if (nb_lost > 0)
		fprintf(v->out, "%u frames not printed: at most %u lines a second\n", nb_lost,
			VERBOSE_LINES_PER_S);
	if (nb > 0 || nb_lost > 0)
		fflush(v->out);
}

static void *
print_frames(void *arg)
{
	const struct timespec period = {.tv_nsec = PERIOD_US * 1000};
	struct verbose *v = arg;

	while (__atomic_load_n(&v->stop, __ATOMIC_ACQUIRE) == 0) {
		drain(v, false);
		nanosleep(&period, NULL);
	}
	drain(v, true);
	return NULL;
}

/* ---- on and off ---- */

static void
nothing(struct isla_stack *stack, void *arg)
{
	RTE_SET_USED(stack);
	RTE_SET_USED(arg);
}

static void
taps_del(struct verbose *v)
{
	uint16_t i;

	for (i = 0; i < v->nb_taps; i++) {
		const struct tap *t = &v->tap[i];

		if (t->is_tx)
			rte_eth_remove_tx_callback(t->dev, t->queue, t->cb);
		else
			rte_eth_remove_rx_callback(t->dev, t->queue, t->cb);
	}
	/* Who was in one of them has left it once he has been heard of. */
	isla_engine_call(v->engine, ISLA_ENGINE_ALL_SHARDS, nothing, NULL);
	for (i = 0; i < v->nb_taps; i++)
		rte_free((void *)(uintptr_t)v->tap[i].cb);
	v->nb_taps = 0;
}

static int
tap_add(struct verbose *v, const struct tap *tap, bool is_tx)
{
	struct tap *t = &v->tap[v->nb_taps];

	*t = *tap;
	t->is_tx = is_tx;
	if (is_tx)
		t->cb = rte_eth_add_tx_callback(t->dev, t->queue, note_sent, t);
	else
		t->cb = rte_eth_add_rx_callback(t->dev, t->queue, note_received, t);
	if (t->cb == NULL)
		return rte_errno != 0 ? -rte_errno : -EIO;
	v->nb_taps++;
	return 0;
}

static int
taps_add(struct verbose *v)
{
	struct isla_engine_port_info info;
	uint16_t i, q;
	int rc = 0;

	for (i = 0; rc == 0 && isla_engine_port_info(v->engine, i, &info) == 0; i++) {
		for (q = 0; rc == 0 && q < info.nb_queues && q < v->nb_rings; q++) {
			struct tap t = {.ring = &v->ring[q], .port = info.port_id, .shard = q};

			rc = isla_engine_port_queue(v->engine, i, q, &t.dev, &t.queue);
			if (rc == 0 && (v->dirs & VERBOSE_RX) != 0)
				rc = tap_add(v, &t, false);
			if (rc == 0 && (v->dirs & VERBOSE_TX) != 0)
				rc = tap_add(v, &t, true);
		}
	}
	return rc;
}

static int
rings_create(struct verbose *v)
{
	uint16_t nb = isla_engine_nb_shards(v->engine), i;
	void *p;

	if (posix_memalign(&p, RTE_CACHE_LINE_SIZE, nb * sizeof(*v->ring)) != 0)
		return -ENOMEM;
	memset(p, 0, nb * sizeof(*v->ring));
	v->ring = p;
	v->nb_rings = nb;
	for (i = 0; i < nb; i++) {
		v->ring[i].max_in_window = RTE_MAX(VERBOSE_LINES_PER_S / nb, 1u);
		v->ring[i].second_tsc = rte_get_tsc_hz();
		v->ring[i].window_tsc = rte_rdtsc();
	}
	return 0;
}

static void
turn_off(struct verbose *v)
{
	if (v->dirs == 0)
		return;
	taps_del(v);
	__atomic_store_n(&v->stop, 1, __ATOMIC_RELEASE);
	pthread_join(v->thread, NULL);
	free(v->ring);
	v->ring = NULL;
	v->nb_rings = 0;
	v->dirs = 0;
}

int
verbose_set(struct verbose *v, unsigned int dirs, char *err, size_t err_size)
{
	int rc;

	turn_off(v);
	if (dirs == 0)
		return 0;
	rc = rings_create(v);
	v->stop = 0;
	v->told_tsc = rte_rdtsc();
	if (rc == 0)
		rc = rte_ctrl_thread_create(&v->thread, "isla-verbose", NULL, print_frames, v);
	if (rc != 0) {
		free(v->ring);
		v->ring = NULL;
		v->nb_rings = 0;
		snprintf(err, err_size, "nobody can print: %s", strerror(rc < 0 ? -rc : rc));
		return rc < 0 ? rc : -rc;
	}
	v->dirs = dirs;
	rc = taps_add(v);
	if (rc != 0) {
		snprintf(err, err_size, "the ports' frames cannot be seen: %s", strerror(-rc));
		turn_off(v);
	}
	return rc;
}

void
verbose_again(struct verbose *v)
{
	if (v == NULL || v->dirs == 0)
		return;
	taps_del(v);
	/* Those that cannot be seen are missing. */
	taps_add(v);
}

struct verbose *
verbose_create(struct isla_engine *engine, FILE *out)
{
	struct verbose *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->engine = engine;
	v->out = out;
	return v;
}

void
verbose_free(struct verbose *v)
{
	if (v == NULL)
		return;
	turn_off(v);
	free(v);
}
