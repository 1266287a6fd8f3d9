/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixture of the inet room's suites, see the header. The checksum here is a plain
 * loop of its own, so that the library's is not tested against itself.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>

#include "heap_pool.h"
#include "inet_fix.h"

struct inet_fix fix;

static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 0x02};
static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x01};

struct isla_addr
addr(const char *text)
{
	struct isla_addr a;

	if (isla_addr_parse(text, &a) != 0)
		abort();
	return a;
}

uint32_t
ref_sum(uint32_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

bool
same_bytes(const void *a, size_t len_a, const void *b, size_t len_b)
{
	const uint8_t *x = a, *y = b;
	size_t i;

	for (i = 0; i < RTE_MIN(len_a, len_b); i++) {
		if (x[i] != y[i]) {
			printf("\n    byte %zu: %02x, not %02x", i, x[i], y[i]);
			return false;
		}
	}
	if (len_a != len_b)
		printf("\n    %zu bytes, not %zu", len_a, len_b);
	return len_a == len_b;
}

/* What the first mbuf says of its chain is true. */
static void
check_chain(const struct rte_mbuf *m)
{
	const struct rte_mbuf *seg;
	uint32_t len = 0;
	uint16_t nb_segs = 0;

	for (seg = m; seg != NULL; seg = seg->next) {
		len += seg->data_len;
		nb_segs++;
	}
	CU_ASSERT_EQUAL(m->pkt_len, len);
	CU_ASSERT_EQUAL(m->nb_segs, nb_segs);
}

static enum isla_drop
probe_input(void *ctx, struct rte_mbuf *m)
{
	const void *p;

	RTE_SET_USED(ctx);
	check_chain(m);
	fix.nb_delivered++;
	fix.pkt = *isla_pkt(m);
	fix.len = m->pkt_len;
	p = rte_pktmbuf_read(m, 0, fix.len, fix.data);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	if (p != fix.data)
		memcpy(fix.data, p, fix.len);
	rte_pktmbuf_free(m);
	return ISLA_ACCEPTED;
}

static void
probe_error(void *ctx, const struct inet_error *err)
{
	RTE_SET_USED(ctx);
	fix.nb_errors++;
	fix.error = *err;
}

/* The peer asks for our addresses, so that its own become known. */
static void
introduce_peer(void)
{
	static const uint8_t arp[] = {0, 1, 8, 0, 6, 4, 0, 1, 0x02, 0, 0, 0, 0, 0x01, 192, 168, 1,
		1, 0, 0, 0, 0, 0, 0, 192, 168, 1, 2};
	static const char *const sources[] = {PEER6, PEER6_LL};
	struct rte_mbuf *m = fix_frame(arp, sizeof(arp), sizeof(arp));
	size_t i;

	rte_pktmbuf_mtod(m, uint8_t *)[12] = 0x08;
	rte_pktmbuf_mtod(m, uint8_t *)[13] = 0x06;
	CU_ASSERT_EQUAL_FATAL(fix_input_frame(m), ISLA_ACCEPTED);
	for (i = 0; i < RTE_DIM(sources); i++) {
		uint8_t ns[32] = {135, [24] = 1, 1, 0x02, 0, 0, 0, 0, 0x01};
		struct isla_addr target = addr(OWN6);
		struct packet p;

		memcpy(ns + 8, target.b, 16);
		packet_ip(&p, sources[i], OWN6, 58, ns, sizeof(ns));
		p.b[7] = 255;
		packet_fix_l4(&p, 40, 2, 58);
		CU_ASSERT_EQUAL_FATAL(fix_input_packet(&p), ISLA_ACCEPTED);
	}
	while (fix_nb_sent() > 0) {
		struct packet sent;

		fix_take(&sent, NULL);
	}
	memset(&fix.core.stats, 0, sizeof(fix.core.stats));
}

static void
fix_stop(void)
{
	struct packet p;

	while (fix_nb_sent() > 0)
		fix_take(&p, NULL);
	udp_free(fix.udp);
	inet_free(fix.inet);
	link_fini(&fix.link);
	CU_ASSERT_EQUAL(heap_pool_in_use(fix.pool), 0);
	heap_pool_free(fix.pool);
}

static void
fix_start(uint32_t icmp_rate, uint32_t offloads, uint16_t mtu)
{
	struct isla_netif_conf netif = {.mtu = mtu, .offloads = offloads};
	struct link_conf link = {.max_neigh = 64, .neigh_queue = 4, .reachable_us = 30000000,
		.retrans_us = 1000000};
	struct inet_conf inet = {.max_routes = 8, .icmp_rate = icmp_rate};
	struct inet_proto probe = {.input = probe_input, .error = probe_error};
	static const char *const own[] = {OWN4 "/24", OWN6 "/64", OWN6_LL "/64"};
	size_t i;

	memset(&fix, 0, sizeof(fix));
	memcpy(fix.l2_dst, own_mac, 6);
	memcpy(netif.mac, own_mac, 6);
	fix.pool = heap_pool_create(256, 2048 + RTE_PKTMBUF_HEADROOM, ISLA_PKT_PRIV_SIZE);
	fix.core.now_us = 1000000;
	fix.core.pool = fix.core.ref_pool = fix.pool;
	fix.core.mem = isla_mem_libc;
	fix.core.socket_id = -1;
	fix.core.nb_shards = 1;
	fix.core.key = (struct isla_key){{1, 2}};
	fix.core.rng[0] = 1;
	timer_wheel_init(&fix.core.wheel, fix.core.now_us);
	CU_ASSERT_EQUAL_FATAL(link_init(&fix.link, &fix.core, &link), 0);
	CU_ASSERT_EQUAL_FATAL(link_netif_add(&fix.link, &netif), 0);
	for (i = 0; i < RTE_DIM(own); i++) {
		struct isla_prefix prefix;

		CU_ASSERT_EQUAL_FATAL(isla_prefix_parse(own[i], &prefix), 0);
		CU_ASSERT_EQUAL_FATAL(link_addr_add(&fix.link, 0, &prefix), 0);
	}
	fix.inet = inet_create(&fix.core, &fix.link, &inet);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fix.inet);
	fix.udp = udp_create(&fix.core, fix.inet, 8);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fix.udp);
	inet_set_proto(fix.inet, PROBE_PROTO, &probe);
	introduce_peer();
}

void
fix_setup(void)
{
	fix_start(0, 0, 1500);
}

void
fix_teardown(void)
{
	fix_stop();
}

void
fix_restart(uint32_t icmp_rate, uint32_t offloads, uint16_t mtu)
{
	fix_stop();
	fix_start(icmp_rate, offloads, mtu);
}

void
fix_append_seg(struct rte_mbuf *m, const void *bytes, uint16_t len)
{
	struct rte_mbuf *seg = rte_pktmbuf_alloc(fix.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
	memcpy(rte_pktmbuf_append(seg, len), bytes, len);
	CU_ASSERT_EQUAL_FATAL(rte_pktmbuf_chain(m, seg), 0);
}

struct rte_mbuf *
fix_frame(const void *ip, uint16_t len, uint16_t at)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(fix.pool);
	uint16_t first = RTE_MIN(at, len);
	struct rte_ether_hdr *eth;

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	eth = (struct rte_ether_hdr *)(void *)rte_pktmbuf_append(m, sizeof(*eth));
	memcpy(&eth->dst_addr, fix.l2_dst, 6);
	memcpy(&eth->src_addr, peer_mac, 6);
	eth->ether_type = len > 0 && *(const uint8_t *)ip >> 4 == 6
		? RTE_BE16(RTE_ETHER_TYPE_IPV6)
		: RTE_BE16(RTE_ETHER_TYPE_IPV4);
	memcpy(rte_pktmbuf_append(m, first), ip, first);
	if (first < len)
		fix_append_seg(m, (const uint8_t *)ip + first, len - first);
	m->ol_flags |= fix.ol_flags;
	return m;
}

enum isla_drop
fix_input_frame(struct rte_mbuf *m)
{
	enum isla_drop drop = link_input(&fix.link, m, 0);

	if (drop != ISLA_ACCEPTED)
		core_drop_pkt(&fix.core, m, drop);
	return drop;
}

enum isla_drop
fix_input(const void *ip, uint16_t len)
{
	return fix_input_frame(fix_frame(ip, len, len));
}

enum isla_drop
fix_input_packet(const struct packet *p)
{
	return fix_input(p->b, p->len);
}

unsigned int
fix_nb_sent(void)
{
	return (unsigned int)(fix.core.out[0].tail - fix.core.out[0].head);
}

uint16_t
fix_take(struct packet *p, struct rte_mbuf **keep)
{
	struct outlist *out = &fix.core.out[0];
	struct rte_mbuf *m;
	const uint8_t *eth, *ip;

	p->len = 0;
	if (fix_nb_sent() == 0)
		return 0;
	m = out->pkt[out->head];
	outlist_consume(out, 1);
	check_chain(m);
	eth = rte_pktmbuf_mtod(m, const uint8_t *);
	CU_ASSERT_EQUAL(memcmp(eth + 6, own_mac, 6), 0);
	CU_ASSERT_TRUE((eth[0] & 1) != 0 || memcmp(eth, peer_mac, 6) == 0);
	CU_ASSERT_FATAL(m->pkt_len - RTE_ETHER_HDR_LEN <= sizeof(p->b));
	p->len = (uint16_t)(m->pkt_len - RTE_ETHER_HDR_LEN);
	ip = rte_pktmbuf_read(m, RTE_ETHER_HDR_LEN, p->len, p->b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ip);
	if (ip != p->b)
		memcpy(p->b, ip, p->len);
	if (keep != NULL)
		*keep = m;
	else
		rte_pktmbuf_free(m);
	return p->len;
}

static void
put16(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

void
packet_fix_ip(struct packet *p)
{
	if (p->b[0] >> 4 == 6) {
		put16(p->b + 4, p->len - 40u);
		return;
	}
	put16(p->b + 2, p->len);
	put16(p->b + 10, 0);
	put16(p->b + 10, ~ref_sum(0, p->b, (p->b[0] & 15u) * 4));
}

void
packet_ip(struct packet *p, const char *src, const char *dst, uint8_t proto, const void *payload,
	uint16_t len)
{
	struct isla_addr s = addr(src), d = addr(dst);
	uint8_t hdr_len = isla_addr_is_v4(&s) ? 20 : 40;

	memset(p->b, 0, hdr_len);
	if (hdr_len == 20) {
		p->b[0] = 0x45;
		p->b[8] = 61;
		p->b[9] = proto;
		memcpy(p->b + 12, s.b + 12, 4);
		memcpy(p->b + 16, d.b + 12, 4);
	} else {
		p->b[0] = 0x60;
		p->b[6] = proto;
		p->b[7] = 61;
		memcpy(p->b + 8, s.b, 16);
		memcpy(p->b + 24, d.b, 16);
	}
	if (len > 0)
		memcpy(p->b + hdr_len, payload, len);
	p->len = hdr_len + len;
	packet_fix_ip(p);
}

void
packet_insert(struct packet *p, uint16_t at, const void *bytes, uint16_t len)
{
	memmove(p->b + at + len, p->b + at, p->len - at);
	memcpy(p->b + at, bytes, len);
	p->len += len;
}

uint16_t
packet_l4_cksum(const struct packet *p, uint16_t off, uint8_t proto)
{
	uint8_t pseudo[4] = {0, proto};
	uint32_t sum = 0;

	put16(pseudo + 2, (uint32_t)(p->len - off));
	if (p->b[0] >> 4 == 6)
		sum = ref_sum(ref_sum(0, p->b + 8, 32), pseudo, 4);
	else if (proto != 1)
		sum = ref_sum(ref_sum(0, p->b + 12, 8), pseudo, 4);
	return (uint16_t)~ref_sum(sum, p->b + off, (size_t)(p->len - off));
}

void
packet_fix_l4(struct packet *p, uint16_t off, uint16_t field, uint8_t proto)
{
	put16(p->b + off + field, 0);
	put16(p->b + off + field, packet_l4_cksum(p, off, proto));
}
