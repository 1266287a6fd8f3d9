/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet: what is let in, how a packet's record begins, which MAC address a next hop means.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "link_env.h"

/* A frame of 60 bytes. */
static const uint8_t *
frame_to(const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	static uint8_t frame[60];

	memset(frame, 0, sizeof(frame));
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
	frame[14] = type == 0x86dd ? 0x60 : 0x45;
	return frame;
}

static enum isla_drop
input(const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	return link_env_input(frame_to(dst, src, type), 60);
}

static const uint8_t our[6] = {OUR_MAC};
static const uint8_t peer[6] = {PEER_MAC};
static const uint8_t bcast[6] = {BCAST_MAC};

static void
an_ip_frame_is_stripped_and_handed_up(void)
{
	struct rte_mbuf *m;
	struct isla_pkt *p;
	struct isla_pkt expected = {.l3_off = 14};

	CU_ASSERT_EQUAL(input(our, peer, 0x0800), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(input(our, peer, 0x86dd), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL_FATAL(env->nb_up, 2);
	CU_ASSERT_FALSE(env->up_is_v6[0]);
	CU_ASSERT_TRUE(env->up_is_v6[1]);
	m = env->up[0];
	CU_ASSERT_EQUAL(m->pkt_len, 46);
	CU_ASSERT_EQUAL(m->data_len, 46);
	CU_ASSERT_EQUAL(*rte_pktmbuf_mtod(m, uint8_t *), 0x45);
	/* The pool left noise in the private area: every field of the record is set. */
	p = isla_pkt(m);
	CU_ASSERT_EQUAL(memcmp(p, &expected, sizeof(*p)), 0);
}

static void
the_destination_decides_the_flags(void)
{
	static const struct {
		uint8_t dst[6];
		enum isla_drop drop;
		uint8_t flags;
	} cases[] = {
		{{OUR_MAC}, ISLA_ACCEPTED, 0},
		{{BCAST_MAC}, ISLA_ACCEPTED, ISLA_PKT_L2_MULTICAST | ISLA_PKT_L2_BROADCAST},
		{{0x01, 0x00, 0x5e, 0, 0, 1}, ISLA_ACCEPTED, ISLA_PKT_L2_MULTICAST},
		{{0x01, 0x00, 0x5e, 0x7f, 0xff, 0xff}, ISLA_ACCEPTED, ISLA_PKT_L2_MULTICAST},
		{{0x33, 0x33, 0, 0, 0, 1}, ISLA_ACCEPTED, ISLA_PKT_L2_MULTICAST},
		{{0x33, 0x33, 0xff, 0, 0, 2}, ISLA_ACCEPTED, ISLA_PKT_L2_MULTICAST},
		/* RFC 1112 has 23 bits for groups */
		{{0x01, 0x00, 0x5e, 0x80, 0, 1}, ISLA_DROP_ETHER_DST, 0},
		{{0x01, 0x80, 0xc2, 0, 0, 0}, ISLA_DROP_ETHER_DST, 0},
		{{0x33, 0x34, 0, 0, 0, 1}, ISLA_DROP_ETHER_DST, 0},
		{{0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, ISLA_DROP_ETHER_DST, 0},
		{{OTHER_MAC}, ISLA_DROP_ETHER_DST, 0},
		{{0}, ISLA_DROP_ETHER_DST, 0},
	};
	unsigned int up = 0;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		CU_ASSERT_EQUAL(input(cases[i].dst, peer, 0x0800), cases[i].drop);
		if (cases[i].drop != ISLA_ACCEPTED)
			continue;
		CU_ASSERT_EQUAL_FATAL(env->nb_up, ++up);
		CU_ASSERT_EQUAL(isla_pkt(env->up[up - 1])->flags, cases[i].flags);
	}
	CU_ASSERT_EQUAL(env->nb_up, up);
}

static void
a_source_that_cannot_be_is_dropped(void)
{
	static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0, 0, 1};

	CU_ASSERT_EQUAL(input(our, our, 0x0800), ISLA_DROP_ETHER_SRC);
	CU_ASSERT_EQUAL(input(bcast, our, 0x0806), ISLA_DROP_ETHER_SRC);
	CU_ASSERT_EQUAL(input(our, bcast, 0x0800), ISLA_DROP_ETHER_SRC);
	CU_ASSERT_EQUAL(input(our, group, 0x86dd), ISLA_DROP_ETHER_SRC);
	CU_ASSERT_EQUAL(env->nb_up, 0);
}

static void
other_types_and_tags_are_dropped(void)
{
	struct rte_mbuf *m = link_env_pkt(frame_to(our, peer, 0x0800), 60, 60);

	CU_ASSERT_EQUAL(input(our, peer, 0x8100), ISLA_DROP_VLAN);
	CU_ASSERT_EQUAL(input(our, peer, 0x88a8), ISLA_DROP_VLAN);
	CU_ASSERT_EQUAL(input(our, peer, 0x88cc), ISLA_DROP_ETHER_TYPE);
	CU_ASSERT_EQUAL(input(our, peer, 46), ISLA_DROP_ETHER_TYPE); /* IEEE 802.3 length */
	/* A tag that the port took off is a tag all the same. */
	m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	CU_ASSERT_EQUAL(link_input(&env->link, m, 0), ISLA_DROP_VLAN);
	rte_pktmbuf_free(m);
	CU_ASSERT_EQUAL(env->nb_up, 0);
}

static void
a_checksum_verdict_is_passed_only_where_it_is_believed(void)
{
	const uint64_t verdict = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	struct rte_mbuf *m;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		env->link.netif[0].offloads = i == 0 ? 0 : ISLA_NETIF_RX_CKSUM;
		m = link_env_pkt(frame_to(our, peer, 0x0800), 60, 60);
		m->ol_flags |= verdict | RTE_MBUF_F_RX_RSS_HASH;
		CU_ASSERT_EQUAL(link_input(&env->link, m, 0), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(m->ol_flags & verdict, i == 0 ? 0 : verdict);
		CU_ASSERT_TRUE((m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0);
	}
}

static void
a_frame_cut_at_any_byte_is_safe(void)
{
	const uint8_t *frame = frame_to(our, peer, 0x0800);
	unsigned int n;

	for (n = 0; n < 14; n++)
		CU_ASSERT_EQUAL(link_env_input(frame, n), ISLA_DROP_ETHER_SHORT);
	/* An empty packet is inet's to refuse. */
	CU_ASSERT_EQUAL(link_env_input(frame, 14), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL_FATAL(env->nb_up, 1);
	CU_ASSERT_EQUAL(env->up[0]->pkt_len, 0);
	/* The header must be whole in the first segment. */
	for (n = 0; n <= 20; n++) {
		struct rte_mbuf *m = link_env_pkt(frame, 60, n);
		enum isla_drop drop = link_input(&env->link, m, 0);

		CU_ASSERT_EQUAL(drop, n < 14 ? ISLA_DROP_ETHER_SHORT : ISLA_ACCEPTED);
		if (drop != ISLA_ACCEPTED)
			rte_pktmbuf_free(m);
		else
			CU_ASSERT_EQUAL(m->pkt_len, 46);
	}
}

static void
groups_and_broadcasts_need_no_answer(void)
{
	static const struct {
		const char *next_hop;
		uint8_t mac[6];
	} cases[] = {
		{"224.0.0.1", {0x01, 0x00, 0x5e, 0, 0, 1}},
		{"239.255.1.2", {0x01, 0x00, 0x5e, 0x7f, 1, 2}},
		{"ff02::1", {0x33, 0x33, 0, 0, 0, 1}},
		{"ff02::1:ff12:3456", {0x33, 0x33, 0xff, 0x12, 0x34, 0x56}},
		{"255.255.255.255", {BCAST_MAC}},
		{"192.168.1.255", {BCAST_MAC}},
	};
	uint16_t hint = 0;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		CU_ASSERT_EQUAL(link_env_send(cases[i].next_hop, (uint8_t)i, &hint), ISLA_ACCEPTED);
		CU_ASSERT_TRUE(link_env_out_is_pkt(cases[i].mac, (uint8_t)i));
	}
	CU_ASSERT_EQUAL(hint, 0);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IF_OUT_PKTS), 6);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IF_OUT_OCTETS), 4 * 35 + 2 * 55);
}

static void
next_hops_that_cannot_be_have_no_route(void)
{
	static const char *const hops[] = {"192.168.1.2", "fe80::ff:fe00:2", "2001:db8::2",
		"0.0.0.0", "::", "127.0.0.1", "::1"};
	uint16_t hint = 0;
	size_t i;

	for (i = 0; i < RTE_DIM(hops); i++)
		CU_ASSERT_EQUAL(link_env_send(hops[i], 0, &hint), ISLA_DROP_NO_ROUTE);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_ROUTE), RTE_DIM(hops));
}

static void
a_packet_without_headroom_gets_a_header_mbuf(void)
{
	struct isla_addr group = link_env_addr("ff02::1");
	static const uint8_t mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	unsigned int room;

	for (room = 0; room <= 14; room++) {
		struct rte_mbuf *m = link_env_ip("2001:db8::2", "ff02::1", (uint8_t)room);
		uint8_t *from = rte_pktmbuf_mtod(m, uint8_t *);

		m->data_off = (uint16_t)room;
		memmove(rte_pktmbuf_mtod(m, uint8_t *), from, m->data_len);
		m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV6;
		m->l3_len = 40;
		CU_ASSERT_EQUAL(link_output(&env->link, m, 0, &group, NULL), ISLA_ACCEPTED);
		m = env->core.out[0].pkt[env->core.out[0].head];
		CU_ASSERT_EQUAL(m->nb_segs, room < 14 ? 2 : 1);
		CU_ASSERT_TRUE((m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM) != 0);
		CU_ASSERT_TRUE((m->ol_flags & RTE_MBUF_F_TX_IPV6) != 0);
		CU_ASSERT_EQUAL(m->l2_len, 14);
		CU_ASSERT_EQUAL(m->l3_len, 40);
		CU_ASSERT_TRUE(link_env_out_is_pkt(mac, (uint8_t)room));
	}
}

static void
no_mbuf_for_the_header_is_a_counted_drop(void)
{
	struct isla_addr group = link_env_addr("224.0.0.1");
	struct rte_mbuf *m = link_env_ip("192.168.1.2", "224.0.0.1", 1);

	m->data_off = 0;
	heap_pool_set_limit(env->pool, heap_pool_in_use(env->pool));
	CU_ASSERT_EQUAL(link_output(&env->link, m, 0, &group, NULL), ISLA_DROP_NO_MBUF);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_MBUF), 1);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static void
a_full_list_is_a_counted_drop(void)
{
	unsigned int i;

	for (i = 0; i < OUTLIST_MAX; i++)
		CU_ASSERT_EQUAL(link_env_send("224.0.0.1", 0, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_send("224.0.0.1", 0, NULL), ISLA_DROP_TX_FULL);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_TX_FULL), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IF_OUT_PKTS), OUTLIST_MAX);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IF_OUT_OCTETS), OUTLIST_MAX * 35);
}

static void
interfaces_are_checked(void)
{
	struct isla_netif_conf conf = {.mac = {0x02, 1, 2, 3, 4, 5}, .mtu = 1280};
	unsigned int i;

	conf.mtu = 1279;
	CU_ASSERT_EQUAL(link_netif_add(&env->link, &conf), -EINVAL);
	conf.mtu = 65535;
	conf.mac[0] = 0x03;
	CU_ASSERT_EQUAL(link_netif_add(&env->link, &conf), -EINVAL);
	memset(conf.mac, 0, 6);
	CU_ASSERT_EQUAL(link_netif_add(&env->link, &conf), -EINVAL);
	conf.mac[0] = 0x02;
	for (i = 1; i < NETIF_MAX; i++)
		CU_ASSERT_EQUAL(link_netif_add(&env->link, &conf), (int)i);
	CU_ASSERT_EQUAL(link_netif_add(&env->link, &conf), -ENOSPC);
}

static void
addresses_are_checked(void)
{
	static const char *const bad[] = {"0.0.0.0/0", "0.1.2.3/8", "127.0.0.1/8", "224.0.0.1/4",
		"255.255.255.255/32", "10.0.0.0/8", "10.255.255.255/8", "10.0.0.3/30", "::/0",
		"::1/128", "ff02::1/16"};
	static const char *const good[] = {"10.0.0.1/8", "10.1.0.0/31", "10.1.0.1/31",
		"10.2.0.255/32", "10.3.0.2/30", "2001:db8:1::/64", "fe80::2/10"};
	struct isla_prefix p;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_EQUAL(isla_prefix_parse(bad[i], &p), 0);
		CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), -EINVAL);
	}
	for (i = 0; i < RTE_DIM(good); i++) {
		CU_ASSERT_EQUAL(isla_prefix_parse(good[i], &p), 0);
		CU_ASSERT_FALSE(link_addr_is_own(&env->link, 0, &p.addr));
		CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), 0);
		CU_ASSERT_TRUE(link_addr_is_own(&env->link, 0, &p.addr));
		CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), -EEXIST);
	}
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 1, &p), -EINVAL);
	p.addr = link_env_addr("10.9.0.1");
	p.len = 24;
	while (env->link.netif[0].nb_addrs < ISLA_NETIF_ADDR_MAX) {
		CU_ASSERT_EQUAL_FATAL(link_addr_add(&env->link, 0, &p), 0);
		p.addr.b[15]++;
	}
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), -ENOSPC);
}

static void
broadcast_addresses_are_known(void)
{
	struct isla_prefix p;
	struct isla_addr a;

	CU_ASSERT_EQUAL(isla_prefix_parse("10.1.0.0/31", &p), 0);
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), 0);
	a = link_env_addr("255.255.255.255");
	CU_ASSERT_TRUE(link_addr_is_broadcast(&env->link, 0, &a));
	a = link_env_addr("192.168.1.255");
	CU_ASSERT_TRUE(link_addr_is_broadcast(&env->link, 0, &a));
	a = link_env_addr("192.168.2.255");
	CU_ASSERT_FALSE(link_addr_is_broadcast(&env->link, 0, &a));
	a = link_env_addr("192.168.1.254");
	CU_ASSERT_FALSE(link_addr_is_broadcast(&env->link, 0, &a));
	/* RFC 3021: a prefix of 31 bits has none. */
	a = link_env_addr("10.1.0.1");
	CU_ASSERT_FALSE(link_addr_is_broadcast(&env->link, 0, &a));
	a = link_env_addr("2001:db8::ffff:ffff:ffff:ffff");
	CU_ASSERT_FALSE(link_addr_is_broadcast(&env->link, 0, &a));
}

static const struct suite_test tests[] = {
	SUITE_TEST(an_ip_frame_is_stripped_and_handed_up),
	SUITE_TEST(the_destination_decides_the_flags),
	SUITE_TEST(a_source_that_cannot_be_is_dropped),
	SUITE_TEST(other_types_and_tags_are_dropped),
	SUITE_TEST(a_checksum_verdict_is_passed_only_where_it_is_believed),
	SUITE_TEST(a_frame_cut_at_any_byte_is_safe),
	SUITE_TEST(groups_and_broadcasts_need_no_answer),
	SUITE_TEST(next_hops_that_cannot_be_have_no_route),
	SUITE_TEST(a_packet_without_headroom_gets_a_header_mbuf),
	SUITE_TEST(no_mbuf_for_the_header_is_a_counted_drop),
	SUITE_TEST(a_full_list_is_a_counted_drop),
	SUITE_TEST(interfaces_are_checked),
	SUITE_TEST(addresses_are_checked),
	SUITE_TEST(broadcast_addresses_are_known),
};

int
main(void)
{
	return suite_run("ether", tests, RTE_DIM(tests), link_env_setup, link_env_teardown);
}
