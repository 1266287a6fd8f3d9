/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TCP segment costs, in instructions: one stack sends, another receives, in bursts of a
 * port's size, without loss, through nothing but memory. scripts/bench-instructions.sh runs it
 * under callgrind, which counts while one of the functions named measure_*() is on the stack:
 *
 *   measure_receive()  data segments in, ACKs out, the program taking and consuming what came
 *   measure_acks()     ACKs in
 *   measure_send()     the program queues, data segments out
 *
 * usage: perf_tcp SEGMENTS [BURST [4|6 [offload]]]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "isla_stack.h"

#define BURST_MAX 32
#define PORT     80
#define SNDBUF   (64u * 1024)
#define STEP_US  10

struct end {
	struct isla_stack *stack;
	struct rte_mempool *pool;
	struct isla_tcp_conn *conn;
	struct rte_mbuf *burst[BURST_MAX]; /* what is about to come in */
	uint16_t nb;
	uint64_t nb_in, nb_out;
};

static struct end sender, receiver;
static struct rte_mempool *ref_pool;
static uint64_t now_us = 1000000;
static uint8_t data[SNDBUF];
static struct rte_mbuf_ext_shared_info shinfo = {.refcnt = 1};
static bool offload;
static uint16_t burst = BURST_MAX;

__rte_noreturn static void
fail(const char *what)
{
	fprintf(stderr, "perf_tcp: %s: %s\n", what, rte_strerror(rte_errno));
	exit(EXIT_FAILURE);
}

static int
on_accept(struct isla_tcp_conn *conn, void *arg)
{
	((struct end *)arg)->conn = conn;
	return 0;
}

static void
on_readable(struct isla_tcp_conn *conn, void *ctx)
{
	struct rte_mbuf *m = isla_tcp_recv(conn);

	RTE_SET_USED(ctx);
	if (m == NULL)
		return;
	isla_tcp_consumed(conn, m->pkt_len);
	rte_pktmbuf_free(m);
}

static void
on_writable(struct isla_tcp_conn *conn, void *ctx)
{
	RTE_SET_USED(ctx);
	isla_tcp_send_ext(conn, data, RTE_BAD_IOVA, sizeof(data), &shinfo);
}

static const struct isla_tcp_ops receiver_ops = {.accept = on_accept, .readable = on_readable};
static const struct isla_tcp_ops sender_ops = {.connected = on_writable, .writable = on_writable};

static struct isla_addr
host_addr(unsigned int number, bool is_v6)
{
	char text[ISLA_ADDR_STRLEN];
	struct isla_addr addr;

	snprintf(text, sizeof(text), is_v6 ? "fd00::%u" : "10.0.0.%u", number);
	if (isla_addr_parse(text, &addr) != 0)
		fail("address");
	return addr;
}

static void
end_init(struct end *e, const char *name, uint8_t number, bool is_v6)
{
	struct isla_stack_conf conf = {.key = {{number, 7}}, .now_us = now_us, .socket_id = -1};
	struct isla_netif_conf netif = {.mac = {2, 0, 0, 0, 0, number}, .mtu = 1500};
	struct isla_prefix prefix = {.addr = host_addr(number, is_v6), .len = is_v6 ? 64 : 24};

	e->pool = rte_pktmbuf_pool_create(name, 4095, 256, ISLA_PKT_PRIV_SIZE,
		RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (e->pool == NULL)
		fail("mbufs");
	conf.pool = e->pool;
	conf.ref_pool = ref_pool;
	conf.tcp.max_conns = 64;
	conf.tcp.max_segs = 1024;
	conf.max_neigh = 64;
	if (offload)
		netif.offloads = ISLA_NETIF_TX_IPV4_CKSUM | ISLA_NETIF_TX_TCP_CKSUM |
			ISLA_NETIF_RX_CKSUM;
	e->stack = isla_stack_create(&conf);
	if (e->stack == NULL || isla_stack_netif_add(e->stack, &netif) != 0 ||
		isla_stack_addr_add(e->stack, 0, &prefix) != 0)
		fail("stack");
}

/* What a port would do: a frame in one mbuf of its own. */
static struct rte_mbuf *
as_received(struct rte_mempool *pool, const struct rte_mbuf *m)
{
	struct rte_mbuf *r = rte_pktmbuf_alloc(pool);

	if (r == NULL)
		fail("mbufs");
	for (; m != NULL; m = m->next) {
		void *to = rte_pktmbuf_append(r, m->data_len);

		memcpy(to, rte_pktmbuf_mtod(m, const void *), m->data_len);
	}
	if (offload)
		r->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return r;
}

/* Move up to a burst of frames from one stack's list to the other's port. */
static void
carry(struct end *from, struct end *to)
{
	struct rte_mbuf **pkts;
	uint16_t i, nb = RTE_MIN(isla_stack_output(from->stack, 0, &pkts), burst);

	for (i = 0; i < nb; i++) {
		to->burst[i] = as_received(to->pool, pkts[i]);
		rte_pktmbuf_free(pkts[i]);
	}
	isla_stack_sent(from->stack, 0, nb);
	to->nb = nb;
	from->nb_out += nb;
	to->nb_in += nb;
}

__rte_noinline static void
measure_receive(void)
{
	isla_stack_input(receiver.stack, 0, receiver.burst, receiver.nb, now_us);
	isla_stack_flush(receiver.stack, now_us);
}

__rte_noinline static void
measure_acks(void)
{
	isla_stack_input(sender.stack, 0, sender.burst, sender.nb, now_us);
}

__rte_noinline static void
measure_send(void)
{
	isla_stack_flush(sender.stack, now_us);
}

static void
round_trip(void)
{
	carry(&sender, &receiver);
	measure_receive();
	carry(&receiver, &sender);
	measure_acks();
	measure_send();
	now_us += STEP_US;
}

static void
open_connection(bool is_v6)
{
	struct isla_tcp_opts opts = {.sndbuf_bytes = SNDBUF, .rcvbuf_bytes = 1 << 20};
	struct isla_tcp_ends ends = {.remote = host_addr(2, is_v6), .remote_port = PORT};
	struct isla_addr any = isla_addr_any;

	if (isla_tcp_listen(isla_stack_tcp(receiver.stack), &any, PORT, 8, &receiver_ops,
		    &receiver, &opts) == NULL)
		fail("listen");
	sender.conn = isla_tcp_connect(isla_stack_tcp(sender.stack), &ends, &sender_ops, NULL, &opts);
	if (sender.conn == NULL)
		fail("connect");
}

static void
start_eal(const char *name)
{
	static char args[][24] = {"--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
		"--iova-mode=va", "-m", "64", "-l", "0", "--log-level=error"};
	char *argv[1 + RTE_DIM(args)];
	size_t i;

	argv[0] = (char *)(uintptr_t)name;
	for (i = 0; i < RTE_DIM(args); i++)
		argv[1 + i] = args[i];
	if (rte_eal_init(RTE_DIM(argv), argv) < 0)
		fail("EAL");
}

int
main(int argc, char **argv)
{
	uint64_t nb_segs = argc > 1 ? strtoull(argv[1], NULL, 10) : 0, warm_up = 2000, in, out, acks;
	bool is_v6 = argc > 3 && strcmp(argv[3], "6") == 0;

	offload = argc > 4 && strcmp(argv[4], "offload") == 0;
	if (argc > 2)
		burst = (uint16_t)atoi(argv[2]);
	if (nb_segs == 0 || burst == 0 || burst > BURST_MAX) {
		fprintf(stderr, "usage: %s SEGMENTS [BURST [4|6 [offload]]]\n", argv[0]);
		return EXIT_FAILURE;
	}
	start_eal(argv[0]);
	ref_pool = rte_pktmbuf_pool_create("refs", 8191, 256, 0, 0, SOCKET_ID_ANY);
	if (ref_pool == NULL)
		fail("references");
	end_init(&sender, "sender", 1, is_v6);
	end_init(&receiver, "receiver", 2, is_v6);
	open_connection(is_v6);
	isla_stack_flush(sender.stack, now_us);
	while (receiver.nb_in < warm_up) {
		in = receiver.nb_in;
		round_trip();
		if (receiver.nb_in == in)
			now_us += 1000;
	}
	in = receiver.nb_in;
	out = sender.nb_out;
	acks = sender.nb_in;
	while (receiver.nb_in - in < nb_segs)
		round_trip();
	/* The warm-up is counted as well: the caller takes the difference of two runs. */
	printf("segments %llu acks %llu sent %llu\n", (unsigned long long)(receiver.nb_in - in),
		(unsigned long long)(sender.nb_in - acks), (unsigned long long)(sender.nb_out - out));
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
