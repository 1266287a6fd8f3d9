/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stack that is one of several: its slice of the ports, and what it learns from frames that
 * another one answers.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "segment.h"
#include "sim.h"
#include "suite.h"

#define NB 5

static struct sim_host host[NB];
static uint8_t buf[2048];

static void
make(uint16_t nb_shards)
{
	struct sim_host_conf conf = {.number = 2, .stack = {.nb_shards = nb_shards}};
	uint16_t i;

	for (i = 0; i < RTE_MAX(nb_shards, 1); i++) {
		conf.stack.shard = i;
		sim_host_init(&host[i], &conf);
	}
}

static void
teardown(void)
{
	uint32_t i;

	for (i = 0; i < NB; i++) {
		if (host[i].stack != NULL)
			CU_ASSERT_EQUAL(sim_host_fini(&host[i]), 0);
		memset(&host[i], 0, sizeof(host[i]));
	}
}

static struct isla_addr
addr(const char *text)
{
	struct isla_addr a;

	CU_ASSERT_EQUAL_FATAL(isla_addr_parse(text, &a), 0);
	return a;
}

static const struct isla_tcp_ops no_ops = {.accept = NULL};

/* The local port of a connection that is opened, or 0 with rte_errno. */
static uint16_t
connect_from(struct sim_host *h, uint16_t local_port, uint16_t remote_port)
{
	struct isla_tcp_ends ends = {.remote = addr("192.168.1.1"), .local_port = local_port,
		.remote_port = remote_port};
	struct isla_tcp_conn *c =
		isla_tcp_connect(isla_stack_tcp(h->stack), &ends, &no_ops, NULL, NULL);

	if (c == NULL)
		return 0;
	isla_tcp_get_ends(c, &ends);
	CU_ASSERT_TRUE(isla_stack_knows(h->stack, &ends));
	isla_tcp_abort(c);
	CU_ASSERT_FALSE(isla_stack_knows(h->stack, &ends));
	return ends.local_port;
}

static void
received(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	rte_pktmbuf_free(m);
}

static void
ports_are_of_the_own_slice(void)
{
	uint32_t i, k;

	make(NB);
	for (i = 0; i < NB; i++) {
		struct isla_udp *udp = isla_stack_udp(host[i].stack);
		uint32_t nb_below = 0;

		for (k = 0; k < 200; k++) {
			uint16_t port = connect_from(&host[i], 0, (uint16_t)(k + 1));
			struct isla_udp_sock *s =
				isla_udp_bind(udp, &isla_addr_any, 0, received, NULL);

			CU_ASSERT_TRUE(port >= ISLA_PORT_FIRST);
			CU_ASSERT_EQUAL((port - ISLA_PORT_FIRST) % NB, i);
			CU_ASSERT_PTR_NOT_NULL_FATAL(s);
			port = isla_udp_port(s);
			CU_ASSERT_TRUE(port >= ISLA_PORT_FIRST);
			CU_ASSERT_EQUAL((port - ISLA_PORT_FIRST) % NB, i);
			nb_below += port < ISLA_PORT_FIRST + ISLA_PORT_COUNT / 2;
			isla_udp_close(s);
		}
		/* From all over the range. */
		CU_ASSERT_TRUE(nb_below > 60 && nb_below < 140);
	}
}

/* Every port of a slice is given once, the last one of the range too, and then none. */
static void
all_ports_can_be_had(void)
{
	static uint8_t seen[65536];
	uint32_t i, nb = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < 3; i++) {
		struct sim_host_conf conf = {.number = 2,
			.stack = {.nb_shards = 3, .shard = (uint16_t)i, .max_udp_socks = 6000}};
		struct isla_udp *udp;
		struct isla_udp_sock *s;

		sim_host_init(&host[i], &conf);
		udp = isla_stack_udp(host[i].stack);
		while ((s = isla_udp_bind(udp, &isla_addr_any, 0, received, NULL)) != NULL) {
			CU_ASSERT_EQUAL(seen[isla_udp_port(s)]++, 0);
			nb++;
		}
		CU_ASSERT_EQUAL(rte_errno, ENOSPC);
	}
	CU_ASSERT_EQUAL(nb, ISLA_PORT_COUNT);
	CU_ASSERT_EQUAL(seen[65535], 1);
	CU_ASSERT_EQUAL(seen[ISLA_PORT_FIRST], 1);
}

/* The answer to such a port would go elsewhere. */
static void
a_port_of_another_slice_is_refused(void)
{
	make(NB);
	CU_ASSERT_EQUAL(connect_from(&host[1], ISLA_PORT_FIRST + 1, 80), ISLA_PORT_FIRST + 1);
	CU_ASSERT_EQUAL(connect_from(&host[1], ISLA_PORT_FIRST + 2, 80), 0);
	CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
	CU_ASSERT_EQUAL(connect_from(&host[1], 80, 80), 0);
	CU_ASSERT_EQUAL(rte_errno, EADDRNOTAVAIL);
	/* One that binds it all the same may: it hears what comes to this shard. */
	CU_ASSERT_PTR_NOT_NULL(
		isla_udp_bind(isla_stack_udp(host[1].stack), &isla_addr_any, 53, received, NULL));
}

static void
a_single_stack_has_all_ports(void)
{
	uint32_t k, residues = 0;

	make(0);
	CU_ASSERT_EQUAL(connect_from(&host[0], 80, 80), 80);
	CU_ASSERT_EQUAL(connect_from(&host[0], 65535, 80), 65535);
	for (k = 0; k < 200; k++)
		residues |= 1u << (connect_from(&host[0], 0, (uint16_t)(k + 1)) - ISLA_PORT_FIRST) % NB;
	CU_ASSERT_EQUAL(residues, (1u << NB) - 1);
}

static void
a_shard_that_cannot_be_is_refused(void)
{
	struct rte_mempool *pool = heap_pool_create(64, 2048 + 128, ISLA_PKT_PRIV_SIZE);
	struct isla_stack_conf conf = {.pool = pool, .nb_shards = 4, .shard = 4};

	CU_ASSERT_PTR_NULL(isla_stack_create(&conf));
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	conf.nb_shards = ISLA_STACK_SHARD_MAX + 1;
	CU_ASSERT_PTR_NULL(isla_stack_create(&conf));
	CU_ASSERT_EQUAL(rte_errno, EINVAL);
	heap_pool_free(pool);
}

/* ---- learning ---- */

static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 1};

/* The peer asks for our address, or answers our question; returns the frame's length. */
static uint32_t
neigh_frame(bool is_v6, bool is_question)
{
	struct frame f = {.kind = is_v6 ? FRAME_NS : FRAME_ARP_REQ,
		.ends = {.src_mac = {2, 0, 0, 0, 0, 2}, .dst_mac = {2, 0, 0, 0, 0, 1},
			.src = addr(is_v6 ? "fd00::2" : "192.168.1.2"),
			.dst = addr(is_v6 ? "fd00::1" : "192.168.1.1")}};
	struct frame_ends in = {.src_mac = {2, 0, 0, 0, 0, 1}, .dst_mac = {2, 0, 0, 0, 0, 2},
		.src = f.ends.dst, .dst = f.ends.src};
	uint16_t cksum;
	uint32_t len;
	uint8_t *p;

	f.target = f.ends.dst;
	len = frame_build_resolved(buf, &f, peer_mac);
	if (!is_question)
		return len;
	if (!is_v6) {
		buf[14 + 7] = 1;
		return len;
	}
	p = buf + frame_l4_off(&in);
	memset(p, 0, 32);
	p[0] = 135;
	memcpy(p + 8, in.dst.b, 16);
	p[24] = p[25] = 1;
	memcpy(p + 26, peer_mac, 6);
	cksum = rte_cpu_to_be_16(frame_l4_cksum(&in, 58, p, 32));
	memcpy(p + 2, &cksum, 2);
	len = frame_finish(buf, &in, 58, 32);
	buf[14 + 7] = 255;
	return len;
}

static struct rte_mbuf *
mbuf_of(struct sim_host *h, uint32_t len)
{
	return sim_mbuf(h->pool, buf, len, len, NULL);
}

/* Frames that wait for the port; they are thrown away. first: the kind of the first one. */
static uint16_t
take_all(struct sim_host *h, enum frame_kind *first)
{
	struct rte_mbuf **pkts;
	uint16_t nb, i;

	isla_stack_flush(h->stack, 1);
	nb = isla_stack_output(h->stack, 0, &pkts);
	for (i = 0; i < nb; i++) {
		struct frame f;
		uint8_t bytes[2048];
		uint32_t len = pkts[i]->pkt_len;
		const uint8_t *p = rte_pktmbuf_read(pkts[i], 0, len, bytes);

		frame_parse(p, len, &f);
		if (i == 0 && first != NULL)
			*first = f.kind;
		rte_pktmbuf_free(pkts[i]);
	}
	isla_stack_sent(h->stack, 0, nb);
	return nb;
}

static void
send_one(struct sim_host *h, bool is_v6)
{
	struct isla_udp_sock *s =
		isla_udp_bind(isla_stack_udp(h->stack), &isla_addr_any, 0, received, NULL);
	struct isla_udp_ends ends = {.remote = addr(is_v6 ? "fd00::1" : "192.168.1.1"),
		.local = addr(is_v6 ? "fd00::2" : "192.168.1.2"), .remote_port = 53,
		.netif = ISLA_NETIF_ANY};
	struct rte_mbuf *m = rte_pktmbuf_alloc(h->pool);

	rte_pktmbuf_append(m, 10);
	CU_ASSERT_EQUAL(isla_udp_send(s, m, &ends), 0);
	isla_udp_close(s);
}

/* No arrival is counted, and nothing dropped. */
static void
nothing_counted(const struct sim_host *h, const struct isla_stats *before)
{
	const struct isla_stats *now = isla_stack_stats(h->stack);
	unsigned int i;

	for (i = 0; i < ISLA_C_MAX; i++)
		if (strstr(isla_counter_name((enum isla_counter)i), "In") != NULL)
			CU_ASSERT_EQUAL(now->counter[i], before->counter[i]);
	CU_ASSERT_EQUAL(memcmp(now->drop, before->drop, sizeof(now->drop)), 0);
}

/* A question to us teaches who asked, and is left to be answered by another. */
static void
a_question_is_learnt_and_not_answered(void)
{
	unsigned int is_v6;

	make(2);
	for (is_v6 = 0; is_v6 < 2; is_v6++) {
		struct isla_stats before;
		enum frame_kind kind = FRAME_BAD;
		struct rte_mbuf *m;

		/* The shard that polled it answers. */
		m = mbuf_of(&host[0], neigh_frame(is_v6, true));
		isla_stack_input(host[0].stack, 0, &m, 1, 1);
		CU_ASSERT_EQUAL(take_all(&host[0], NULL), 1);

		before = *isla_stack_stats(host[1].stack);
		m = mbuf_of(&host[1], neigh_frame(is_v6, true));
		isla_stack_learn(host[1].stack, 0, &m, 1, 1);
		nothing_counted(&host[1], &before);
		CU_ASSERT_EQUAL(take_all(&host[1], NULL), 0);
		/* It is known now: the datagram goes out at once. */
		send_one(&host[1], is_v6);
		CU_ASSERT_EQUAL(take_all(&host[1], &kind), 1);
		CU_ASSERT_EQUAL(kind, FRAME_OTHER);
	}
}

/* The answer to this shard's question, which another one polled. */
static void
an_answer_sends_what_waits(void)
{
	unsigned int is_v6;

	make(2);
	for (is_v6 = 0; is_v6 < 2; is_v6++) {
		struct isla_stats before;
		enum frame_kind kind = FRAME_BAD;
		struct rte_mbuf *m;

		send_one(&host[1], is_v6);
		CU_ASSERT_EQUAL(take_all(&host[1], &kind), 1);
		CU_ASSERT_EQUAL(kind, is_v6 ? FRAME_NS : FRAME_ARP_REQ);
		before = *isla_stack_stats(host[1].stack);
		m = mbuf_of(&host[1], neigh_frame(is_v6, false));
		isla_stack_learn(host[1].stack, 0, &m, 1, 1);
		nothing_counted(&host[1], &before);
		CU_ASSERT_EQUAL(take_all(&host[1], &kind), 1);
		CU_ASSERT_EQUAL(kind, FRAME_OTHER);
	}
}

/* What has no business there is freed without a word, however it looks. */
static void
other_frames_are_not_heard(void)
{
	struct frame_ends in4 = {.src_mac = {2, 0, 0, 0, 0, 1}, .dst_mac = {2, 0, 0, 0, 0, 2},
		.src = addr("192.168.1.1"), .dst = addr("192.168.1.2")};
	struct frame_ends in6 = in4;
	struct seg syn = {.flags = SYN, .sport = 1000, .dport = 80};
	struct isla_stats before;
	struct rte_mbuf *m;
	uint32_t n, i, len = 0;

	in6.src = addr("fd00::1");
	in6.dst = addr("fd00::2");
	make(2);
	/* Known, so that an answer would be sent. */
	for (i = 0; i < 2; i++) {
		m = mbuf_of(&host[1], neigh_frame(i != 0, true));
		isla_stack_learn(host[1].stack, 0, &m, 1, 1);
	}
	before = *isla_stack_stats(host[1].stack);
	for (i = 0; i < 8; i++) {
		switch (i) {
		case 0:
			len = frame_build_tcp(buf, &in4, &syn);
			break;
		case 1:
			len = frame_build_tcp(buf, &in6, &syn);
			break;
		case 2:
			len = frame_build_echo(buf, &in4, 1, 1, "x", 1);
			break;
		case 3:
			len = frame_build_echo(buf, &in6, 1, 1, "x", 1);
			break;
		case 4:
			len = frame_build_udp(buf, &in4, 1000, 53, "x", 1);
			break;
		case 5:
			len = frame_build_udp(buf, &in6, 1000, 53, "x", 1);
			break;
		case 6: /* an unknown option that asks for a parameter problem */
			memset(buf + frame_l4_off(&in6), 0xc5, 40);
			memcpy(buf + frame_l4_off(&in6), (uint8_t[]){58, 0, 0xc5, 4, 0, 0, 0, 0}, 8);
			len = frame_finish(buf, &in6, 60, 40);
			break;
		default: /* and an unknown header */
			len = frame_finish(buf, &in6, 250, 40);
			break;
		}
		for (n = len; n > 0; n--) {
			m = mbuf_of(&host[1], n);
			isla_stack_learn(host[1].stack, 0, &m, 1, 1);
		}
		CU_ASSERT_EQUAL(take_all(&host[1], NULL), 0);
	}
	nothing_counted(&host[1], &before);
	/* And the next burst is heard as ever. */
	m = mbuf_of(&host[1], frame_build_echo(buf, &in4, 1, 1, "x", 1));
	isla_stack_input(host[1].stack, 0, &m, 1, 1);
	CU_ASSERT_EQUAL(take_all(&host[1], NULL), 1);
}

static const struct suite_test tests[] = {
	SUITE_TEST(ports_are_of_the_own_slice),
	SUITE_TEST(all_ports_can_be_had),
	SUITE_TEST(a_port_of_another_slice_is_refused),
	SUITE_TEST(a_single_stack_has_all_ports),
	SUITE_TEST(a_shard_that_cannot_be_is_refused),
	SUITE_TEST(a_question_is_learnt_and_not_answered),
	SUITE_TEST(an_answer_sends_what_waits),
	SUITE_TEST(other_frames_are_not_heard),
};

int
main(void)
{
	return suite_run("shards", tests, RTE_DIM(tests), NULL, teardown);
}
