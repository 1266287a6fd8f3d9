/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments merged for a port that segments: what belongs together and what does not; that the bytes
 * and the lengths are right, and that cutting the frame up gives the segments again.
 */

#include <string.h>

#include <rte_common.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include <isla_pkt.h>

#include "heap_pool.h"
#include "suite.h"
#include "tso.h"

#define OPTS 12
#define MSS  1000

static struct rte_mempool *pool;
static struct tso_conf conf;
static struct rte_mbuf *pkts[64];
static uint16_t nb;

static void
setup(void)
{
	pool = heap_pool_create(512, 2176, ISLA_PKT_PRIV_SIZE);
	conf.max_segs = 64;
	conf.ip_cksum = false;
	nb = 0;
}

static void
teardown(void)
{
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

/* A segment as the stack sends it: headers in an mbuf of their own, data in another. Its data are
 * the low bytes of their sequence numbers. */
static struct rte_mbuf *
segment(bool v6, uint32_t seq, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool), *data = rte_pktmbuf_alloc(pool);
	uint16_t l3 = v6 ? sizeof(struct rte_ipv6_hdr) : sizeof(struct rte_ipv4_hdr);
	uint16_t l4 = sizeof(struct rte_tcp_hdr) + OPTS, i;
	uint8_t *eth = (uint8_t *)rte_pktmbuf_append(m, RTE_ETHER_HDR_LEN + l3 + l4), *p;
	struct rte_ipv4_hdr *ip4 = (struct rte_ipv4_hdr *)(eth + RTE_ETHER_HDR_LEN);
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)ip4;
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(eth + RTE_ETHER_HDR_LEN + l3);

	memset(eth, 0, RTE_ETHER_HDR_LEN + l3 + l4);
	eth[5] = 1;
	if (v6) {
		ip6->vtc_flow = RTE_BE32(0x60000000);
		ip6->payload_len = rte_cpu_to_be_16((uint16_t)(l4 + len));
		ip6->proto = IPPROTO_TCP;
		ip6->src_addr[15] = 1;
		ip6->dst_addr[15] = 2;
	} else {
		ip4->version_ihl = 0x45;
		ip4->total_length = rte_cpu_to_be_16((uint16_t)(l3 + l4 + len));
		ip4->packet_id = rte_cpu_to_be_16((uint16_t)seq);
		ip4->time_to_live = 64;
		ip4->next_proto_id = IPPROTO_TCP;
		ip4->src_addr = RTE_BE32(0x0a000001);
		ip4->dst_addr = RTE_BE32(0x0a000002);
	}
	tcp->src_port = RTE_BE16(80);
	tcp->dst_port = RTE_BE16(4000);
	tcp->sent_seq = rte_cpu_to_be_32(seq);
	tcp->recv_ack = RTE_BE32(77);
	tcp->data_off = (uint8_t)(l4 / 4 << 4);
	tcp->tcp_flags = RTE_TCP_ACK_FLAG;
	tcp->rx_win = RTE_BE16(500);
	m->l2_len = RTE_ETHER_HDR_LEN;
	m->l3_len = l3;
	m->l4_len = l4;
	m->ol_flags = RTE_MBUF_F_TX_TCP_CKSUM | (v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
	p = (uint8_t *)rte_pktmbuf_append(data, len);
	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(seq + i);
	rte_pktmbuf_chain(m, data);
	return m;
}

static struct rte_tcp_hdr *
tcp_of(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod_offset(m, struct rte_tcp_hdr *, m->l2_len + m->l3_len);
}

static void
put(struct rte_mbuf *m)
{
	pkts[nb++] = m;
}

/* Merge; how many are left, which then stand at the beginning of pkts. */
static uint16_t
merge(void)
{
	uint16_t left = tso_merge(&conf, pkts, nb);

	memmove(pkts, &pkts[nb - left], left * sizeof(pkts[0]));
	nb = left;
	return left;
}

/* It holds len bytes of data from seq on, and lengths that fit. */
static void
check(struct rte_mbuf *m, uint32_t seq, uint32_t len, bool merged)
{
	uint16_t hdr = (uint16_t)(m->l2_len + m->l3_len + m->l4_len);
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, m->l2_len);
	uint8_t byte;
	uint32_t i;

	CU_ASSERT_EQUAL(rte_be_to_cpu_32(tcp_of(m)->sent_seq), seq);
	CU_ASSERT_EQUAL_FATAL(m->pkt_len, hdr + len);
	CU_ASSERT_EQUAL(m->l3_len == 40 ? 40u + (ip[4] << 8 | ip[5]) : (unsigned int)(ip[2] << 8 | ip[3]),
		m->pkt_len - m->l2_len);
	CU_ASSERT_EQUAL((m->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0, merged);
	CU_ASSERT_EQUAL(rte_mbuf_check(m, 1, &(const char *){NULL}), 0);
	for (i = 0; i < len; i++) {
		const uint8_t *p = rte_pktmbuf_read(m, hdr + i, 1, &byte);

		if (p == NULL || *p != (uint8_t)(seq + i)) {
			CU_FAIL("bytes differ");
			break;
		}
	}
}

static void
done(void)
{
	rte_pktmbuf_free_bulk(pkts, nb);
	nb = 0;
}

static void
a_run_becomes_one_frame(void)
{
	int v6;

	for (v6 = 0; v6 < 2; v6++) {
		uint32_t seq = UINT32_MAX - 1500; /* it wraps */
		int i;

		for (i = 0; i < 5; i++)
			put(segment(v6, seq + (uint32_t)i * MSS, MSS));
		put(segment(v6, seq + 5 * MSS, 10));
		tcp_of(pkts[5])->tcp_flags |= RTE_TCP_PSH_FLAG;
		CU_ASSERT_EQUAL(merge(), 1);
		check(pkts[0], seq, 5 * MSS + 10, true);
		CU_ASSERT_EQUAL(pkts[0]->tso_segsz, MSS);
		CU_ASSERT_EQUAL(pkts[0]->nb_segs, 7);
		CU_ASSERT_EQUAL(tcp_of(pkts[0])->tcp_flags, RTE_TCP_ACK_FLAG | RTE_TCP_PSH_FLAG);
		done();
	}
}

/* DPDK: the IP header's checksum by the port or right already, TCP's field without a length. */
static void
checksums_are_as_the_port_wants_them(void)
{
	struct rte_ipv4_hdr *ip;

	put(segment(false, 0, MSS));
	put(segment(false, MSS, MSS));
	CU_ASSERT_EQUAL(merge(), 1);
	ip = rte_pktmbuf_mtod_offset(pkts[0], struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
	CU_ASSERT_EQUAL(rte_raw_cksum(ip, sizeof(*ip)), 0xffff);
	CU_ASSERT_EQUAL(pkts[0]->ol_flags & RTE_MBUF_F_TX_IP_CKSUM, 0);
	/* 0a00 + 0001 + 0a00 + 0002 + 6 */
	CU_ASSERT_EQUAL(tcp_of(pkts[0])->cksum, RTE_BE16(0x1409));
	done();
	conf.ip_cksum = true;
	put(segment(false, 0, MSS));
	put(segment(false, MSS, MSS));
	CU_ASSERT_EQUAL(merge(), 1);
	ip = rte_pktmbuf_mtod_offset(pkts[0], struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
	CU_ASSERT_EQUAL(ip->hdr_checksum, 0);
	CU_ASSERT_TRUE((pkts[0]->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0);
	done();
}

/* Two segments of which the second is changed somehow. */
enum change {
	GAP, BACK, ACK, WINDOW, FLAG_FIN, FLAG_URG, FLAG_CWR, FLAG_ECE, URP, OPTION, PORT, ADDR, TOS, TTL,
	MAC, LONGER, NO_CKSUM, SHARED, FIRST_SHORTER_PSH, CHANGES
};

static void
change(struct rte_mbuf *first, struct rte_mbuf *m, enum change what)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, m->l2_len);
	struct rte_tcp_hdr *tcp = tcp_of(m);

	switch (what) {
	case GAP: tcp->sent_seq = RTE_BE32(MSS + 1); break;
	case BACK: tcp->sent_seq = RTE_BE32(0); break;
	case ACK: tcp->recv_ack ^= 1; break;
	case WINDOW: tcp->rx_win ^= 1; break;
	case FLAG_FIN: tcp->tcp_flags |= RTE_TCP_FIN_FLAG; break;
	case FLAG_URG: tcp->tcp_flags |= RTE_TCP_URG_FLAG; break;
	case FLAG_CWR: tcp->tcp_flags |= RTE_TCP_CWR_FLAG; break;
	case FLAG_ECE: tcp->tcp_flags |= RTE_TCP_ECE_FLAG; break;
	case URP: tcp->tcp_urp = 1; break;
	case OPTION: ((uint8_t *)(tcp + 1))[OPTS - 1] ^= 1; break;
	case PORT: tcp->dst_port ^= 1; break;
	case ADDR: ip->dst_addr ^= 1; break;
	case TOS: ip->type_of_service = 3; break;
	case TTL: ip->time_to_live--; break;
	case MAC: *rte_pktmbuf_mtod(m, uint8_t *) ^= 2; break;
	case LONGER: rte_pktmbuf_append(m, 1); break;
	case NO_CKSUM: m->ol_flags &= ~RTE_MBUF_F_TX_L4_MASK; break;
	case SHARED: rte_mbuf_refcnt_update(m, 1); break;
	case FIRST_SHORTER_PSH: tcp_of(first)->tcp_flags |= RTE_TCP_PSH_FLAG; break;
	default: break;
	}
}

static void
what_differs_stays_apart(void)
{
	int i;

	for (i = 0; i < CHANGES; i++) {
		put(segment(false, 0, MSS));
		put(segment(false, MSS, MSS));
		change(pkts[0], pkts[1], (enum change)i);
		CU_ASSERT_EQUAL(merge(), 2);
		if (nb != 2)
			printf("change %d\n", i);
		CU_ASSERT_EQUAL(pkts[0]->ol_flags & RTE_MBUF_F_TX_TCP_SEG, 0);
		if (i == SHARED)
			rte_mbuf_refcnt_update(pkts[1], -1);
		done();
	}
	put(segment(false, 0, MSS));
	put(segment(true, MSS, MSS));
	CU_ASSERT_EQUAL(merge(), 2);
	done();
}

static void
order_and_neighbours_stay(void)
{
	/* Two connections in turn, a pure ACK, and a short segment, behind which nothing may come.
	 */
	put(segment(false, 0, MSS));
	put(segment(false, MSS, MSS));
	put(segment(true, 0, MSS));
	put(segment(true, MSS, MSS));
	put(segment(true, 2 * MSS, 7));
	put(segment(true, 2 * MSS + 7, MSS));
	put(segment(false, 2 * MSS, MSS));
	CU_ASSERT_EQUAL(merge(), 4);
	check(pkts[0], 0, 2 * MSS, true);
	check(pkts[1], 0, 2 * MSS + 7, true);
	check(pkts[2], 2 * MSS + 7, MSS, false);
	check(pkts[3], 2 * MSS, MSS, false);
	/* Once more: nothing is merged twice. */
	CU_ASSERT_EQUAL(merge(), 4);
	done();
}

static void
a_frame_has_its_limits(void)
{
	uint32_t i;

	conf.max_segs = 5;
	for (i = 0; i < 8; i++)
		put(segment(false, i * MSS, MSS));
	/* A header and four segments of two mbufs each would be seven, so it is a header and two.
	 */
	CU_ASSERT_TRUE(merge() >= 2);
	for (i = 0; i < nb; i++)
		CU_ASSERT_TRUE(pkts[i]->nb_segs <= 5);
	done();
	/* 64 KB are too long for an IP packet. */
	conf.max_segs = 255;
	for (i = 0; i < 50; i++)
		put(segment(false, i * 1448, 1448));
	CU_ASSERT_EQUAL(merge(), 2);
	CU_ASSERT_TRUE(pkts[0]->pkt_len <= 65535);
	check(pkts[0], 0, 41 * 1448, true);
	check(pkts[1], 41 * 1448, 9 * 1448, true);
	done();
}

/* Data behind the headers, in the same mbuf. */
static void
short_data_lie_with_their_headers(void)
{
	uint32_t i;

	for (i = 0; i < 3; i++) {
		struct rte_mbuf *m = segment(false, i * 100, 100);

		CU_ASSERT_EQUAL(rte_pktmbuf_linearize(m), 0);
		put(m);
	}
	CU_ASSERT_EQUAL(merge(), 1);
	check(pkts[0], 0, 300, true);
	done();
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_run_becomes_one_frame),
	SUITE_TEST(checksums_are_as_the_port_wants_them),
	SUITE_TEST(what_differs_stays_apart),
	SUITE_TEST(order_and_neighbours_stay),
	SUITE_TEST(a_frame_has_its_limits),
	SUITE_TEST(short_data_lie_with_their_headers),
};

int
main(void)
{
	return suite_run("tso", tests, RTE_DIM(tests), setup, teardown);
}
