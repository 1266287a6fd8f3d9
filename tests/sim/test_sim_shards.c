/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several shards in one thread, in an order that the seed gives: each a stack behind the owner's
 * rules and the rings of the handover, as the engine has them; at the other end of a link one stack
 * that knows nothing of shards. What is sent comes back byte for byte, nobody hears a reset, and
 * nothing is left afterwards.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "handover.h"
#include "owner.h"
#include "segment.h"
#include "sim.h"
#include "sim_tcp.h"
#include "suite.h"

#define SHARDS_MAX 5
#define SIDES_MAX  400
#define PEER       SHARDS_MAX /* the number of the host that is no shard */
#define ECHO_PORT  80
#define SECOND     1000000ull
#define BURST_MAX  32

/* A frame on the link, or in a queue of the port. */
struct flight {
	struct flight *next;
	uint64_t at_us;
	uint16_t to; /* a queue, or PEER */
	uint32_t len;
	uint8_t bytes[];
};

struct queue {
	struct flight *first, *last;
};

/* One end of a connection: the client sends a pattern, the server sends back what it gets. */
struct side {
	struct isla_tcp_conn *conn;
	uint16_t host;
	bool is_client, is_shut, is_done;
	uint32_t pattern; /* where its data begin */
	uint32_t total, sent, received;
	int err;
};

struct conf {
	uint64_t seed;
	enum owner_mode mode;
	uint16_t nb_shards, nb_queues;
	bool is_v6;
	uint32_t loss_ppm;
	uint32_t path_mtu;    /* a router on the way to the peer that takes no larger ones; 0: none */
	bool no_timestamps;
	uint32_t move_us;     /* an entry of the table is moved about so often; 0: never */
	uint32_t nb_passive;  /* connections that the peer opens */
	uint16_t port;        /* to which it opens them; 0: ECHO_PORT */
	uint16_t backlog;     /* of shard 0's listener, the others have 128; 0: 128, too */
	uint32_t nb_active;   /* of each shard */
	uint32_t total;       /* bytes of each */
};

static struct {
	struct conf conf;
	uint64_t now_us, rng, trace;
	struct sim_host host[SHARDS_MAX + 1];
	struct owner_map map;
	struct handover ho[SHARDS_MAX];
	struct owner_sweep sweep[SHARDS_MAX];
	uint64_t ready_us[SHARDS_MAX];
	struct queue air, nic[SHARDS_MAX];
	struct side side[SIDES_MAX];
	uint32_t nb_sides, nb_clients, nb_done;
	uint32_t nb_accepted[SHARDS_MAX + 1];
	uint64_t next_move_us;
	uint64_t nb_timeouts, nb_cookies; /* of a run that has ended; not 0's */
	uint32_t nb_moves, nb_handed, nb_passed_on, nb_too_big, nb_unreached;
	struct sim_pcap *pcap; /* SIM_PCAP=FILE: the frames of the last run */
} w;

static uint32_t
rnd(uint32_t n)
{
	return (uint32_t)(sim_rand(&w.rng) % n);
}

/* ---- the link ---- */

static void
queue_put(struct queue *q, struct flight *f)
{
	f->next = NULL;
	if (q->first == NULL)
		q->first = f;
	else
		q->last->next = f;
	q->last = f;
}

static struct flight *
queue_take(struct queue *q)
{
	struct flight *f = q->first;

	q->first = f->next;
	return f;
}

/* In order of arrival. */
static void
air_put(struct flight *f)
{
	struct flight **at = &w.air.first;

	while (*at != NULL && (*at)->at_us <= f->at_us)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
}

static bool
is_tcp(const uint8_t *b, uint32_t len)
{
	return len > 54 && ((b[12] == 0x08 && b[13] == 0x00 && b[23] == 6) ||
				   (b[12] == 0x86 && b[20] == 6));
}

static void
air_send(uint16_t to, const uint8_t *bytes, uint32_t len)
{
	struct flight *f;
	uint32_t i;

	for (i = 0; i < len; i++)
		w.trace = w.trace * 31 + bytes[i];
	sim_pcap_write(w.pcap, w.now_us, bytes, len);
	w.trace = w.trace * 31 + w.now_us;
	if (is_tcp(bytes, len) && rnd(1000000) < w.conf.loss_ppm)
		return;
	f = malloc(sizeof(*f) + len);
	f->at_us = w.now_us + 200 + rnd(100);
	f->to = to;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	air_put(f);
}

/* The queue at which the host's side puts a frame: mostly the same for a flow, but not always. */
static uint16_t
steer(const uint8_t *b, uint32_t len)
{
	uint32_t h = 0, i;

	if (!is_tcp(b, len) || rnd(10) == 0)
		return (uint16_t)rnd(w.conf.nb_queues);
	for (i = 26; i < RTE_MIN(len, 58u); i++)
		h = h * 33 + (i < 38 || b[12] == 0x86 ? b[i] : 0);
	return (uint16_t)(h % w.conf.nb_queues);
}

/* A router refuses a frame: ICMP, from an address of its own. */
static void
send_too_big(const uint8_t *bytes)
{
	struct frame_ends in = {.src_mac = {2, 0, 0, 0, 0, 1}, .dst_mac = {2, 0, 0, 0, 0, 2}};
	uint8_t buf[256], *p;
	uint16_t cksum, quote = w.conf.is_v6 ? 48 : 28;

	isla_addr_parse(w.conf.is_v6 ? "fd00::99" : "192.168.1.99", &in.src);
	in.dst = w.conf.is_v6 ? w.host[0].v6 : w.host[0].v4;
	p = buf + frame_l4_off(&in);
	memset(p, 0, 8);
	p[0] = w.conf.is_v6 ? 2 : 3;
	p[1] = w.conf.is_v6 ? 0 : 4;
	p[6] = (uint8_t)(w.conf.path_mtu >> 8);
	p[7] = (uint8_t)w.conf.path_mtu;
	memcpy(p + 8, bytes + 14, quote);
	cksum = rte_cpu_to_be_16(frame_l4_cksum(&in, w.conf.is_v6 ? 58 : 1, p, 8u + quote));
	memcpy(p + 2, &cksum, 2);
	air_send((uint16_t)rnd(w.conf.nb_queues), buf,
		frame_finish(buf, &in, w.conf.is_v6 ? 58 : 1, 8u + quote));
	w.nb_too_big++;
}

/* A frame leaves by a port, and its mbuf is done with. */
static void
wire(uint16_t from, struct rte_mbuf *m)
{
	uint8_t copy[4096];
	uint32_t len = m->pkt_len;
	const uint8_t *bytes = rte_pktmbuf_read(m, 0, len, copy);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	if (from == PEER)
		air_send(steer(bytes, len), bytes, len);
	else if (w.conf.path_mtu != 0 && len > 14 + w.conf.path_mtu)
		send_too_big(bytes);
	else
		air_send(PEER, bytes, len);
	rte_pktmbuf_free(m);
}

/* ---- the programs ---- */

static void
client_send(struct side *s)
{
	while (s->sent < s->total) {
		uint32_t n = RTE_MIN(s->total - s->sent, 1700u);
		struct rte_mbuf *m;

		n = RTE_MIN(n, isla_tcp_send_room(s->conn));
		if (n == 0)
			return;
		m = rte_pktmbuf_alloc(w.host[s->host].pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		pattern_fill((uint8_t *)rte_pktmbuf_append(m, (uint16_t)n), s->pattern + s->sent,
			n);
		CU_ASSERT_EQUAL_FATAL(isla_tcp_send(s->conn, m), 0);
		s->sent += n;
	}
	if (!s->is_shut)
		isla_tcp_shutdown(s->conn);
	s->is_shut = true;
}

static void
client_recv(struct side *s)
{
	struct rte_mbuf *m = isla_tcp_recv(s->conn), *seg;

	for (seg = m; seg != NULL; seg = seg->next) {
		if (!pattern_is(rte_pktmbuf_mtod(seg, const uint8_t *), s->pattern + s->received,
			    seg->data_len))
			CU_FAIL("wrong bytes came back");
		s->received += seg->data_len;
	}
	if (m != NULL)
		isla_tcp_consumed(s->conn, m->pkt_len);
	rte_pktmbuf_free(m);
}

/* What has come goes back, as it is. */
static void
server_echo(struct side *s)
{
	uint32_t n = isla_tcp_recv_bytes(s->conn);
	struct rte_mbuf *m;

	if (n == 0 || isla_tcp_send_room(s->conn) < n)
		return;
	m = isla_tcp_recv(s->conn);
	CU_ASSERT_EQUAL_FATAL(isla_tcp_send(s->conn, m), 0);
	isla_tcp_consumed(s->conn, n);
}

static void
on_data(struct isla_tcp_conn *conn, void *ctx)
{
	struct side *s = ctx;

	if (!s->is_client)
		server_echo(s);
	else
		client_recv(s);
}

static void
on_room(struct isla_tcp_conn *conn, void *ctx)
{
	struct side *s = ctx;

	if (s->is_client)
		client_send(s);
	else
		server_echo(s);
}

static void
side_done(struct side *s, int err)
{
	s->err = err;
	s->is_done = true;
	s->conn = NULL;
	w.nb_done += s->is_client;
}

static void
on_eof(struct isla_tcp_conn *conn, void *ctx)
{
	isla_tcp_close(conn);
	side_done(ctx, 0);
}

static void
on_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	side_done(ctx, err);
}

static struct side *
side_add(uint16_t host)
{
	struct side *s = &w.side[w.nb_sides++];

	CU_ASSERT_FATAL(w.nb_sides <= SIDES_MAX);
	memset(s, 0, sizeof(*s));
	s->host = host;
	return s;
}

static int on_accept(struct isla_tcp_conn *conn, void *arg);

static const struct isla_tcp_ops ops = {
	.accept = on_accept,
	.connected = on_room,
	.readable = on_data,
	.writable = on_room,
	.eof = on_eof,
	.error = on_error,
};

static int
on_accept(struct isla_tcp_conn *conn, void *arg)
{
	uint16_t host = (uint16_t)((struct sim_host *)arg - w.host);
	struct side *s = side_add(host);

	s->conn = conn;
	w.nb_accepted[host]++;
	isla_tcp_set_ctx(conn, s);
	return 0;
}

static void
client_open(uint16_t host)
{
	const struct sim_host *to = &w.host[host == PEER ? 0 : PEER];
	struct isla_tcp_ends ends = {.remote = w.conf.is_v6 ? to->v6 : to->v4,
		.remote_port = host == PEER && w.conf.port != 0 ? w.conf.port : ECHO_PORT};
	struct side *s = side_add(host);

	s->is_client = true;
	s->total = w.conf.total;
	s->pattern = w.nb_clients++ * 7919;
	s->conn = isla_tcp_connect(isla_stack_tcp(w.host[host].stack), &ends, &ops, s, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->conn);
}

/* ---- the hosts ---- */

static void
host_output(uint16_t h)
{
	struct rte_mbuf **pkts, *out[64];
	uint16_t nb, i, n;

	while ((nb = isla_stack_output(w.host[h].stack, 0, &pkts)) > 0) {
		n = RTE_MIN(nb, (uint16_t)RTE_DIM(out));
		memcpy(out, pkts, n * sizeof(out[0]));
		if (h != PEER && h >= w.conf.nb_queues) {
			n = handover_send(&w.ho[h], h % w.conf.nb_queues, 0, out, n);
			isla_stack_sent(w.host[h].stack, 0, n);
			if (n == 0)
				return;
			continue;
		}
		isla_stack_sent(w.host[h].stack, 0, n);
		for (i = 0; i < n; i++)
			wire(h, out[i]);
	}
}

static void
peer_run(struct rte_mbuf *m)
{
	if (m != NULL)
		isla_stack_input(w.host[PEER].stack, 0, &m, 1, w.now_us);
	isla_stack_flush(w.host[PEER].stack, w.now_us);
	host_output(PEER);
}

/* As the engine does it, see its shards.c. */
static void
shard_input(uint16_t s, struct rte_mbuf **pkts, uint16_t nb)
{
	uint16_t owner[BURST_MAX], i, own = 0;

	if (owner_is_moving(&w.map, w.now_us)) {
		owner_second(&w.map, s, w.host[s].stack, &w.sweep[s], pkts, nb, owner);
		for (i = 0; i < nb; i++) {
			if (owner[i] == OWNER_SELF) {
				pkts[own++] = pkts[i];
				continue;
			}
			w.nb_passed_on++;
			handover_put(&w.ho[s], owner[i], pkts[i]);
		}
		nb = own;
	}
	isla_stack_input(w.host[s].stack, 0, pkts, nb, w.now_us);
}

static void
shard_poll(uint16_t s)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t owner[BURST_MAX], nb = 0, i, own = 0, max = (uint16_t)(1 + rnd(BURST_MAX));

	while (nb < max && w.nic[s].first != NULL) {
		struct flight *f = queue_take(&w.nic[s]);

		pkts[nb] = sim_mbuf(w.host[s].pool, f->bytes, f->len, SIM_HEADERS,
			rnd(2) == 0 ? &w.rng : NULL);
		pkts[nb]->port = 0;
		nb++;
		free(f);
	}
	owner_burst(&w.map, pkts, nb, owner);
	for (i = 0; i < nb; i++) {
		if (owner[i] == OWNER_ALL)
			handover_put_copies(&w.ho[s], pkts[i], 0, w.host[s].pool);
		if (owner[i] == OWNER_ALL || owner[i] == OWNER_SELF || owner[i] == s) {
			pkts[own++] = pkts[i];
			continue;
		}
		w.nb_handed++;
		handover_put(&w.ho[s], owner[i], pkts[i]);
	}
	shard_input(s, pkts, own);
}

static void
shard_take_over(uint16_t s)
{
	struct rte_mbuf *pkts[BURST_MAX];
	uint16_t from, i, n, own;

	for (from = 0; from < w.conf.nb_shards; from++) {
		n = handover_get(&w.ho[s], from, pkts, (uint16_t)(1 + rnd(BURST_MAX)));
		for (i = own = 0; i < n; i++) {
			if ((pkts[i]->port & HANDOVER_LEARN) != 0)
				isla_stack_learn(w.host[s].stack, 0, &pkts[i], 1, w.now_us);
			else
				pkts[own++] = pkts[i];
		}
		shard_input(s, pkts, own);
		n = handover_get_tx(&w.ho[s], from, 0, pkts, BURST_MAX);
		for (i = 0; i < n; i++)
			wire(s, pkts[i]);
	}
}

static void
shard_round(uint16_t s)
{
	isla_stack_set_now(w.host[s].stack, w.now_us);
	shard_poll(s);
	if (rnd(2) == 0)
		handover_flush(&w.ho[s]);
	shard_take_over(s);
	isla_stack_flush(w.host[s].stack, w.now_us);
	host_output(s);
	if (owner_is_moving(&w.map, w.now_us))
		owner_sweep(&w.sweep[s], &w.map, s, w.host[s].stack, w.now_us);
	handover_flush(&w.ho[s]);
	w.ready_us[s] = w.now_us + rnd(60);
}

/* When a shard has something to do. */
static uint64_t
shard_next_us(uint16_t s)
{
	uint64_t next = isla_stack_next_us(w.host[s].stack);
	struct rte_mbuf **pkts;

	if (w.nic[s].first != NULL || !handover_is_empty(&w.ho[s]) || w.sweep[s].is_running ||
		isla_stack_output(w.host[s].stack, 0, &pkts) > 0)
		next = 0;
	if (owner_is_moving(&w.map, w.now_us))
		next = RTE_MIN(next, w.sweep[s].next_us);
	return next == UINT64_MAX ? next : RTE_MAX(next, w.ready_us[s]);
}

static void
move_one(void)
{
	/* One after the other: in which order arguments are computed is the compiler's choice. */
	uint16_t idx = (uint16_t)rnd(OWNER_TABLE_LEN), shard = (uint16_t)rnd(w.conf.nb_shards);

	CU_ASSERT_EQUAL(owner_map_set(&w.map, idx, shard), 0);
	w.nb_moves++;
	w.next_move_us = w.now_us + rnd(2 * w.conf.move_us) + 1;
}

/* Jump to what happens next, and do it. */
static bool
step(void)
{
	uint64_t next = isla_stack_next_us(w.host[PEER].stack);
	uint16_t s, i, first;

	if (w.air.first != NULL)
		next = RTE_MIN(next, w.air.first->at_us);
	for (s = 0; s < w.conf.nb_shards; s++)
		next = RTE_MIN(next, shard_next_us(s));
	if (next == UINT64_MAX)
		return false;
	w.now_us = RTE_MAX(w.now_us, next);
	if (w.conf.move_us != 0 && w.now_us >= w.next_move_us)
		move_one();
	while (w.air.first != NULL && w.air.first->at_us <= w.now_us) {
		struct flight *f = queue_take(&w.air);

		if (f->to != PEER) {
			queue_put(&w.nic[f->to], f);
			continue;
		}
		peer_run(sim_mbuf(w.host[PEER].pool, f->bytes, f->len, f->len, NULL));
		free(f);
	}
	if (isla_stack_next_us(w.host[PEER].stack) <= w.now_us)
		peer_run(NULL);
	first = (uint16_t)rnd(w.conf.nb_shards);
	for (i = 0; i < w.conf.nb_shards; i++) {
		s = (first + i) % w.conf.nb_shards;
		if (shard_next_us(s) > w.now_us)
			continue;
		/* Now and then its CPU does something else for a while. */
		if (rnd(8) == 0)
			w.ready_us[s] = w.now_us + rnd(2000);
		else
			shard_round(s);
	}
	return true;
}

static void
run_until(uint64_t end_us)
{
	while (w.now_us < end_us && step())
		;
	w.now_us = RTE_MAX(w.now_us, end_us);
}

/* ---- a run ---- */

static void
world_begin(const struct conf *conf)
{
	struct sim_host_conf host = {.number = 2, .stack = {.now_us = SECOND}};
	uint8_t key[OWNER_KEY_LEN];
	uint16_t i, k;

	memset(&w, 0, sizeof(w));
	w.conf = *conf;
	w.rng = conf->seed * 1000003 + 1;
	w.now_us = SECOND;
	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)rnd(256);
	owner_map_init(&w.map, conf->mode, key, conf->nb_shards);
	w.pcap = sim_pcap_open(getenv("SIM_PCAP"));
	host.stack.tcp.syn_retries = 15;
	host.stack.tcp.no_timestamps = conf->no_timestamps;
	host.stack.nb_shards = conf->nb_shards;
	host.stack.ports = &w.map.ports;
	for (i = 0; i < conf->nb_shards; i++) {
		host.stack.shard = i;
		sim_host_init(&w.host[i], &host);
		CU_ASSERT_EQUAL_FATAL(handover_init(&w.ho[i], i, conf->nb_shards,
					      i < conf->nb_queues, NULL, &isla_mem_libc, 0), 0);
	}
	for (i = 0; i < conf->nb_shards; i++)
		for (k = 0; k < conf->nb_shards; k++)
			if (i != k)
				handover_connect(&w.ho[i], &w.ho[k]);
	host.number = 1;
	host.stack.nb_shards = host.stack.shard = 0;
	host.stack.ports = NULL;
	sim_host_init(&w.host[PEER], &host);
	for (i = 0; i <= SHARDS_MAX; i++)
		if (w.host[i].stack != NULL)
			CU_ASSERT_PTR_NOT_NULL_FATAL(isla_tcp_listen(
				isla_stack_tcp(w.host[i].stack), &isla_addr_any,
				i == PEER || conf->port == 0 ? ECHO_PORT : conf->port,
				i == 0 && conf->backlog != 0 ? conf->backlog : 128, &ops,
				&w.host[i], NULL));
}

static uint64_t
count_all(enum isla_counter c)
{
	uint64_t n = 0;
	uint16_t i;

	for (i = 0; i <= SHARDS_MAX; i++)
		if (w.host[i].stack != NULL)
			n += isla_stack_stats(w.host[i].stack)->counter[c];
	return n;
}

/* TIME-WAIT and all timers end; nothing may be left. */
static void
world_end(void)
{
	uint16_t i, older;

	run_until(w.now_us + 200 * SECOND);
	sim_pcap_close(w.pcap);
	for (i = 0; i < OWNER_TABLE_LEN; i++) {
		owner_map_get(&w.map, i, &older);
		CU_ASSERT_EQUAL(older, 0);
	}
	CU_ASSERT_FALSE(owner_is_moving(&w.map, w.now_us));
	CU_ASSERT_PTR_NULL(w.air.first);
	for (i = 0; i < w.conf.nb_shards; i++) {
		CU_ASSERT_PTR_NULL(w.nic[i].first);
		CU_ASSERT_TRUE(handover_is_empty(&w.ho[i]));
		CU_ASSERT_EQUAL(w.ho[i].stats.nb_full + w.ho[i].stats.nb_no_copy, 0);
		handover_fini(&w.ho[i]);
	}
	for (i = 0; i <= SHARDS_MAX; i++) {
		if (w.host[i].stack == NULL)
			continue;
		CU_ASSERT_EQUAL(isla_stack_nb_conns(w.host[i].stack), 0);
		CU_ASSERT_EQUAL(sim_host_fini(&w.host[i]), 0);
	}
}

/* Everybody opens connections, some of them later; all of them end well. Returns the trace. */
static uint64_t
converse(const struct conf *conf)
{
	unsigned int failures = CU_get_number_of_failures();
	uint32_t nb = conf->nb_passive + conf->nb_active * conf->nb_shards, i;
	uint64_t trace, limit;

	world_begin(conf);
	w.next_move_us = w.now_us + conf->move_us;
	limit = w.now_us + 600 * SECOND;
	for (i = 0; i < nb; i++) {
		if (i < conf->nb_passive)
			client_open(PEER);
		else
			client_open((uint16_t)(i % conf->nb_shards));
		if (rnd(3) == 0)
			run_until(w.now_us + rnd(5000));
	}
	peer_run(NULL);
	while (w.nb_done < nb && w.now_us < limit && step())
		;
	w.conf.move_us = 0;
	CU_ASSERT_EQUAL(w.nb_done, nb);
	for (i = 0; i < w.nb_sides; i++) {
		CU_ASSERT_EQUAL(w.side[i].err, 0);
		if (w.side[i].is_client)
			CU_ASSERT_EQUAL(w.side[i].received, conf->total);
	}
	trace = w.trace;
	w.nb_timeouts = count_all(ISLA_C_TCP_RTO_TIMEOUTS);
	w.nb_cookies = count_all(ISLA_C_TCP_SYNCOOKIES_RECV) -
		isla_stack_stats(w.host[0].stack)->counter[ISLA_C_TCP_SYNCOOKIES_RECV];
	/* An ACK that was overtaken by the last one may find nobody; it resets nothing. */
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_ESTAB_RESETS), 0);
	CU_ASSERT_EQUAL(count_all(ISLA_C_TCP_ATTEMPT_FAILS), 0);
	world_end();
	if (CU_get_number_of_failures() != failures)
		fprintf(stderr, "# failed with seed %llu, mode %u, %u shards, %u queues, v%u\n",
			(unsigned long long)conf->seed, conf->mode, conf->nb_shards, conf->nb_queues,
			conf->is_v6 ? 6 : 4);
	return trace;
}

/* ---- tests ---- */

static void
each_mode_serves_and_opens(void)
{
	struct conf conf = {.seed = 1, .nb_passive = 80, .nb_active = 6, .total = 10000};
	uint16_t i;

	for (conf.mode = OWNER_MODE_2TUPLE; conf.mode <= OWNER_MODE_PORT_RSS; conf.mode++)
		for (conf.nb_shards = 2; conf.nb_shards <= SHARDS_MAX; conf.nb_shards++)
			for (conf.nb_queues = 1; conf.nb_queues <= conf.nb_shards;
				conf.nb_queues += 2) {
				conf.is_v6 = !conf.is_v6;
				conf.seed++;
				converse(&conf);
				CU_ASSERT_TRUE(w.nb_handed > 0);
				CU_ASSERT_EQUAL(w.nb_passed_on, 0);
				/* One client's address is one shard's; else all have work. */
				for (i = 0; i < conf.nb_shards; i++)
					CU_ASSERT_TRUE(conf.mode == OWNER_MODE_SRC_IP ||
						w.nb_accepted[i] > 0);
				CU_ASSERT_EQUAL(w.nb_accepted[PEER],
					conf.nb_active * conf.nb_shards);
			}
}

static void
loss_is_borne(void)
{
	struct conf conf = {.nb_shards = 4, .nb_passive = 20, .nb_active = 5, .total = 60000,
		.loss_ppm = 20000};
	uint64_t seed;

	for (seed = 1; seed <= 8; seed++) {
		conf.seed = seed;
		conf.mode = (enum owner_mode)(seed % 4);
		conf.is_v6 = seed % 2;
		conf.nb_queues = (uint16_t)(1 + seed % 4);
		converse(&conf);
	}
}

/* Entries move all the time, in the middle of everything, with and without loss. */
static void
moved_entries_lose_nothing(void)
{
	struct conf conf = {.nb_passive = 60, .nb_active = 3, .total = 100000, .move_us = 300};
	uint64_t seed;

	for (seed = 1; seed <= 16; seed++) {
		conf.seed = seed;
		conf.mode = (enum owner_mode)(seed % 4);
		conf.is_v6 = seed / 2 % 2;
		conf.nb_shards = (uint16_t)(2 + seed % 4);
		conf.nb_queues = (uint16_t)(1 + seed % conf.nb_shards);
		conf.loss_ppm = seed % 3 == 0 ? 10000 : 0;
		converse(&conf);
		CU_ASSERT_TRUE(w.nb_moves > 50);
		/* One address of a client has one entry. */
		CU_ASSERT_TRUE(conf.mode == OWNER_MODE_SRC_IP || w.nb_passed_on > 100);
	}
}

/* Handshakes that SYN cookies keep are in nobody's table when their entries move. One segment each:
 * a later one that overtakes both the ACK and the first is no proof of anything. Shard 0 alone sends
 * cookies, others take them. */
static void
moved_entries_lose_no_cookies(void)
{
	struct conf conf = {.nb_passive = 180, .nb_active = 2, .total = 1000, .move_us = 20,
		.backlog = 1};
	uint64_t seed, nb = 0;

	for (seed = 1; seed <= 16; seed++) {
		conf.seed = seed;
		conf.mode = (enum owner_mode)(seed % 2);
		conf.is_v6 = seed / 2 % 2;
		conf.nb_shards = (uint16_t)(2 + seed % 4);
		conf.nb_queues = (uint16_t)(1 + seed % conf.nb_shards);
		converse(&conf);
		nb += w.nb_cookies;
	}
	CU_ASSERT_TRUE(nb > 5);
}

/* A port of the ephemeral range that all shards serve, while they open from others of it, and
 * entries move. */
static void
ephemeral_listeners_are_spread(void)
{
	struct conf conf = {.nb_passive = 60, .nb_active = 5, .total = 20000};
	uint64_t seed;
	uint16_t i;

	for (seed = 1; seed <= 8; seed++) {
		conf.seed = seed;
		conf.mode = (enum owner_mode)(seed % 2);
		conf.port = (uint16_t)(ISLA_PORT_FIRST + seed);
		conf.is_v6 = seed / 2 % 2;
		conf.nb_shards = (uint16_t)(2 + seed % 4);
		conf.nb_queues = (uint16_t)(1 + seed % conf.nb_shards);
		conf.move_us = seed > 4 ? 1000 : 0;
		converse(&conf);
		for (i = 0; i < conf.nb_shards; i++)
			CU_ASSERT_TRUE(w.nb_accepted[i] > 0);
	}
}

/* Each error finds its connection, those of moved entries too: nobody has to find out by timeouts
 * that the path takes less. Without timestamps: frames that wait for two shards, one after the other,
 * are overtaken by milliseconds, and PAWS takes them for old ones (RFC 7323, 5.3). */
static void
errors_find_their_shard(void)
{
	struct conf conf = {.nb_shards = 4, .nb_passive = 20, .nb_active = 5, .total = 50000,
		.path_mtu = 1300, .no_timestamps = true};
	uint64_t seed;

	for (seed = 1; seed <= 8; seed++) {
		conf.seed = seed;
		conf.mode = (enum owner_mode)(seed % 4);
		conf.is_v6 = seed % 2;
		conf.nb_queues = (uint16_t)(1 + seed % 4);
		conf.move_us = seed > 4 ? 1000 : 0;
		converse(&conf);
		CU_ASSERT_TRUE(w.nb_too_big > 0);
		CU_ASSERT_EQUAL(w.nb_timeouts, 0);
	}
}

static void
refused(struct isla_udp_sock *sock, void *ctx, int err, const struct isla_udp_ends *ends)
{
	CU_ASSERT_EQUAL(err, ECONNREFUSED);
	CU_ASSERT_PTR_EQUAL(*(struct isla_udp_sock **)ctx, sock);
	w.nb_unreached++;
}

static void
received(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	CU_FAIL("nobody sends datagrams");
	rte_pktmbuf_free(m);
}

/* Each socket hears that its datagram found nobody. */
static void
unreachables_find_their_socket(void)
{
	static struct isla_udp_sock *sock[SHARDS_MAX][10];
	struct conf conf = {.seed = 1, .nb_shards = 5, .nb_queues = 3};
	uint32_t is_v6, s, i;

	for (is_v6 = 0; is_v6 < 2; is_v6++) {
		conf.is_v6 = is_v6;
		world_begin(&conf);
		for (s = 0; s < 5; s++) {
			for (i = 0; i < 10; i++) {
				struct isla_udp_ends ends = {
					.local = is_v6 ? w.host[s].v6 : w.host[s].v4,
					.remote = is_v6 ? w.host[PEER].v6 : w.host[PEER].v4,
					.remote_port = 9, .netif = ISLA_NETIF_ANY};
				struct rte_mbuf *m = rte_pktmbuf_alloc(w.host[s].pool);

				rte_pktmbuf_append(m, 100);
				sock[s][i] = isla_udp_bind(isla_stack_udp(w.host[s].stack),
					&isla_addr_any, 0, received, &sock[s][i]);
				isla_udp_set_error(sock[s][i], refused);
				CU_ASSERT_EQUAL(isla_udp_send(sock[s][i], m, &ends), 0);
			}
			shard_round((uint16_t)s);
		}
		run_until(w.now_us + 5 * SECOND);
		CU_ASSERT_EQUAL(w.nb_unreached, 50);
		/* Each shard has asked for the neighbour, or heard another ask; answers came to
		 * all. */
		CU_ASSERT_EQUAL(count_all(ISLA_C_UDP_NO_PORTS), 50);
		for (s = 0; s < 5; s++)
			for (i = 0; i < 10; i++)
				isla_udp_close(sock[s][i]);
		world_end();
	}
}

static void
the_seed_is_all(void)
{
	struct conf conf = {.seed = 5, .nb_shards = 4, .nb_queues = 3, .nb_passive = 20,
		.nb_active = 3, .total = 30000, .loss_ppm = 5000, .move_us = 1000};
	uint64_t trace = converse(&conf);

	CU_ASSERT_TRUE(trace == converse(&conf));
	conf.seed = 6;
	CU_ASSERT_TRUE(trace != converse(&conf));
}

static const struct suite_test tests[] = {
	SUITE_TEST(each_mode_serves_and_opens),
	SUITE_TEST(loss_is_borne),
	SUITE_TEST(moved_entries_lose_nothing),
	SUITE_TEST(moved_entries_lose_no_cookies),
	SUITE_TEST(ephemeral_listeners_are_spread),
	SUITE_TEST(errors_find_their_shard),
	SUITE_TEST(unreachables_find_their_socket),
	SUITE_TEST(the_seed_is_all),
};

int
main(void)
{
	return suite_run("sim_shards", tests, RTE_DIM(tests), NULL, NULL);
}
