/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbour cache: states and timers of RFC 4861, the queue of packets that wait, and what
 * happens when it is full.
 */

#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "link_env.h"

#define SECOND 1000000ull

static const uint8_t peer[6] = {PEER_MAC};
static const uint8_t bcast[6] = {BCAST_MAC};

/* The text of 192.168.1.n. */
static const char *
host(unsigned int n)
{
	static char text[4][ISLA_ADDR_STRLEN];
	static unsigned int i;

	i = (i + 1) % 4;
	snprintf(text[i], sizeof(text[i]), "192.168.1.%u", n);
	return text[i];
}

static void
make_reachable(const char *addr)
{
	link_env_send(addr, 0, NULL);
	link_env_arp_reply(peer, addr);
	CU_ASSERT_EQUAL(link_env_state(addr), NEIGH_REACHABLE);
	link_env_clear_out();
}

/* Until just after it has stopped being REACHABLE. */
static void
make_stale(const char *addr)
{
	make_reachable(addr);
	while (link_env_state(addr) == NEIGH_REACHABLE)
		link_env_run(SECOND);
	CU_ASSERT_EQUAL(link_env_state(addr), NEIGH_STALE);
}

/* It asked us; nothing was ever sent to it but the answer. */
static void
learn(const char *addr)
{
	struct isla_addr a = link_env_addr(addr);
	struct rte_ether_addr mac = {{PEER_MAC}};

	neigh_learn(env->link.neigh, 0, &a, &mac);
}

/* Requests among the frames that wait for the port, which are thrown away. */
static unsigned int
take_requests(const uint8_t dst[6])
{
	unsigned int nb = 0;
	struct rte_mbuf *m;

	while ((m = link_env_pop()) != NULL) {
		const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

		nb += memcmp(p, dst, 6) == 0 && p[12] == 0x08 && p[13] == 0x06;
		rte_pktmbuf_free(m);
	}
	return nb;
}

static void
a_good_hint_saves_the_look_up(void)
{
	uint16_t hint = 0;

	CU_ASSERT_EQUAL(link_env_send(host(1), 1, &hint), ISLA_ACCEPTED);
	CU_ASSERT_NOT_EQUAL(hint, 0);
	CU_ASSERT_EQUAL(link_env_arp_reply(peer, host(1)), ISLA_ACCEPTED);
	link_env_clear_out();
	/* With the table cut off only the hint can find it. */
	memset(env->link.neigh->bucket, 0, 2 * (env->link.neigh->bucket_mask + 1));
	CU_ASSERT_EQUAL(link_env_send(host(1), 2, &hint), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 2));
}

static void
a_wrong_hint_is_harmless(void)
{
	uint16_t right = 0;
	unsigned int i;

	make_reachable(host(1));
	make_reachable(host(3));
	link_env_send(host(1), 0, &right);
	link_env_clear_out();
	for (i = 0; i <= UINT16_MAX; i++) {
		struct isla_addr a = link_env_addr(host(1));
		uint16_t hint = (uint16_t)i;

		link_confirm(&env->link, 0, &a, hint);
		CU_ASSERT_EQUAL(link_env_send(host(1), 9, &hint), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(hint, right);
		CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 9));
	}
}

static void
it_asks_three_times_a_second_apart_then_gives_up(void)
{
	uint16_t hint = 0;
	struct isla_addr a = link_env_addr(host(1));

	CU_ASSERT_EQUAL(link_env_send(host(1), 1, &hint), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_send(host(1), 2, &hint), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(take_requests(bcast), 1);
	link_env_run(SECOND - 100);
	CU_ASSERT_EQUAL(take_requests(bcast), 0);
	link_env_run(200);
	CU_ASSERT_EQUAL(take_requests(bcast), 1);
	link_env_run(SECOND);
	CU_ASSERT_EQUAL(take_requests(bcast), 1);
	/* What an upper layer believes is no answer to the question for the MAC address. */
	link_confirm(&env->link, 0, &a, hint);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_INCOMPLETE);
	link_env_run(SECOND - 500);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FAILED), 0);
	link_env_run(1000);
	CU_ASSERT_EQUAL(take_requests(bcast), 0);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FAILED), 2);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
	/* The next packet begins again, whatever the hint says. */
	CU_ASSERT_EQUAL(link_env_send(host(1), 3, &hint), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(take_requests(bcast), 1);
}

static void
the_oldest_packet_gives_way(void)
{
	unsigned int i;

	for (i = 1; i <= 5; i++)
		CU_ASSERT_EQUAL(link_env_send(host(1), (uint8_t)i, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_QUEUE), 2);
	CU_ASSERT_EQUAL(take_requests(bcast), 1);
	link_env_arp_reply(peer, host(1));
	for (i = 3; i <= 5; i++)
		CU_ASSERT_TRUE(link_env_out_is_pkt(peer, (uint8_t)i));
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static void
one_packet_may_always_wait(void)
{
	link_env_resize(4, 0);
	CU_ASSERT_EQUAL(link_env_send(host(1), 1, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_send(host(1), 2, NULL), ISLA_ACCEPTED);
	link_env_clear_out();
	link_env_arp_reply(peer, host(1));
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 2));
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static void
all_that_waits_is_bounded(void)
{
	unsigned int i;

	/* 4 packets for all: the neighbour that has been silent longest gives way. */
	link_env_resize(16, 1);
	CU_ASSERT_EQUAL(env->link.neigh->nb_queued_max, 4);
	for (i = 10; i < 22; i++)
		CU_ASSERT_EQUAL(link_env_send(host(i), (uint8_t)i, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_QUEUE), 8);
	CU_ASSERT_EQUAL(env->link.neigh->nb_queued, 4);
	for (i = 10; i < 18; i++)
		CU_ASSERT_EQUAL(link_env_state(host(i)), NEIGH_FREE);
	link_env_clear_out();
	for (i = 18; i < 22; i++) {
		link_env_arp_reply(peer, host(i));
		CU_ASSERT_TRUE(link_env_out_is_pkt(peer, (uint8_t)i));
	}
	CU_ASSERT_EQUAL(env->link.neigh->nb_queued, 0);
}

static void
reachable_lasts_about_its_time(void)
{
	uint64_t start, lasted;
	unsigned int i;
	uint64_t min = UINT64_MAX, max = 0;

	/* RFC 4861, 6.3.2: 0.5 to 1.5 of 30 s, and not the same each time. */
	for (i = 0; i < 100; i++) {
		make_reachable(host(1));
		start = env->core.now_us;
		while (link_env_state(host(1)) == NEIGH_REACHABLE)
			link_env_run(10000);
		lasted = env->core.now_us - start;
		CU_ASSERT_TRUE(lasted >= 15 * SECOND && lasted <= 45 * SECOND + 20000);
		min = RTE_MIN(min, lasted);
		max = RTE_MAX(max, lasted);
		CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_STALE);
		/* And so to PROBE, where the next round's answer is one. */
		link_env_send(host(1), 0, NULL);
		link_env_run(5500000);
	}
	CU_ASSERT_TRUE(max - min > 15 * SECOND);
}

static void
confirmations_keep_it_reachable(void)
{
	struct isla_addr a = link_env_addr(host(1));
	uint16_t hint = 0;
	unsigned int i;

	make_reachable(host(1));
	link_env_send(host(1), 0, &hint);
	for (i = 0; i < 100; i++) {
		link_env_run(10 * SECOND);
		CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_REACHABLE);
		link_confirm(&env->link, 0, &a, hint);
	}
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_OUT_REQUESTS), 1);
	link_env_run(46 * SECOND);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_STALE);
}

static void
an_unused_stale_entry_asks_nothing_and_is_forgotten(void)
{
	make_stale(host(1));
	link_env_run(600 * SECOND);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_STALE);
	link_env_run(601 * SECOND);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FAILED), 0);
}

static void
a_used_stale_entry_is_probed_and_given_up(void)
{
	unsigned int i;

	make_stale(host(1));
	CU_ASSERT_EQUAL(link_env_send(host(1), 1, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_DELAY);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	link_env_run(5 * SECOND - 1000);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_DELAY);
	link_env_run(2000);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_PROBE);
		CU_ASSERT_EQUAL(take_requests(peer), 1);
		/* Packets go on being sent meanwhile. */
		CU_ASSERT_EQUAL(link_env_send(host(1), 2, NULL), ISLA_ACCEPTED);
		CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 2));
		link_env_run(SECOND);
	}
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static void
a_confirmation_ends_stale_delay_and_probe(void)
{
	struct isla_addr a = link_env_addr(host(1));
	uint16_t hint = 0;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		make_stale(host(1));
		if (i > 0)
			link_env_send(host(1), 0, &hint);
		if (i > 1)
			link_env_run(5500000);
		CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_STALE + i);
		hint = neigh_index(env->link.neigh, neigh_lookup(env->link.neigh, 0, &a));
		link_confirm(&env->link, 0, &a, hint);
		CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_REACHABLE);
		link_env_clear_out();
		link_env_run(14 * SECOND);
		CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_REACHABLE);
		CU_ASSERT_EQUAL(link_env_nb_out(), 0);
		link_env_resize(8, 3);
	}
}

static void
the_least_recently_used_stale_entry_gives_way(void)
{
	unsigned int i;

	for (i = 10; i < 18; i++)
		make_stale(host(i));
	/* 10 and 11 are used again; 12 is the oldest then. */
	link_env_send(host(10), 0, NULL);
	link_env_send(host(11), 0, NULL);
	link_env_arp_reply(peer, host(10));
	CU_ASSERT_EQUAL(link_env_send(host(20), 0, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(host(20)), NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(link_env_state(host(12)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_send(host(21), 0, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(host(13)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_DELAY);
	CU_ASSERT_EQUAL(link_env_state(host(11)), NEIGH_DELAY);
	for (i = 14; i < 18; i++)
		CU_ASSERT_EQUAL(link_env_state(host(i)), NEIGH_STALE);
	CU_ASSERT_EQUAL(link_env_state(host(20)), NEIGH_INCOMPLETE);
}

static void
an_incomplete_entry_outlives_stale_ones(void)
{
	unsigned int i;

	for (i = 10; i < 17; i++)
		make_stale(host(i));
	link_env_send(host(20), 20, NULL);
	for (i = 21; i < 28; i++)
		CU_ASSERT_EQUAL(link_env_send(host(i), (uint8_t)i, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FULL), 0);
	for (i = 10; i < 17; i++)
		CU_ASSERT_EQUAL(link_env_state(host(i)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_state(host(20)), NEIGH_INCOMPLETE);
	/* Nothing but INCOMPLETE ones is left now: the oldest goes, and its packet. */
	CU_ASSERT_EQUAL(link_env_send(host(28), 28, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(host(20)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FULL), 1);
}

static void
entries_in_use_are_never_given_up(void)
{
	unsigned int i;

	for (i = 10; i < 18; i++)
		make_reachable(host(i));
	CU_ASSERT_EQUAL(link_env_send(host(20), 0, NULL), ISLA_DROP_NEIGH_FULL);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FULL), 1);
	learn(host(21));
	CU_ASSERT_EQUAL(link_env_state(host(21)), NEIGH_FREE);
	for (i = 10; i < 18; i++)
		CU_ASSERT_EQUAL(link_env_state(host(i)), NEIGH_REACHABLE);
}

static void
a_flood_of_requests_turns_over_only_its_own_kind(void)
{
	unsigned int i;

	make_stale(host(10));
	make_reachable(host(11));
	link_env_send(host(12), 12, NULL);
	for (i = 20; i < 250; i++)
		learn(host(i));
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_STALE);
	CU_ASSERT_EQUAL(link_env_state(host(11)), NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(link_env_state(host(12)), NEIGH_INCOMPLETE);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 8);
	/* The last ones are there, and they make room for a packet of our own. */
	CU_ASSERT_EQUAL(link_env_state(host(249)), NEIGH_STALE);
	for (i = 13; i < 18; i++)
		CU_ASSERT_EQUAL(link_env_send(host(i), 0, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(host(249)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_STALE);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NEIGH_FULL), 0);
}

static void
a_request_takes_no_entry_that_was_ever_used(void)
{
	unsigned int i;

	for (i = 10; i < 18; i++)
		make_stale(host(i));
	learn(host(20));
	CU_ASSERT_EQUAL(link_env_state(host(20)), NEIGH_FREE);
	for (i = 10; i < 18; i++)
		CU_ASSERT_EQUAL(link_env_state(host(i)), NEIGH_STALE);
}

static void
a_learnt_entry_that_is_used_is_like_any_other(void)
{
	unsigned int i;

	learn(host(10));
	CU_ASSERT_EQUAL(link_env_send(host(10), 1, NULL), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_DELAY);
	for (i = 20; i < 250; i++)
		learn(host(i));
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_DELAY);
}

static void
a_claim_to_be_reachable_does_not_protect_what_was_never_used(void)
{
	struct rte_ether_addr mac = {{PEER_MAC}};
	unsigned int i;

	for (i = 10; i < 18; i++) {
		struct isla_addr a = link_env_addr(host(i));

		learn(host(i));
		neigh_answer(env->link.neigh, neigh_lookup(env->link.neigh, 0, &a), &mac,
			NEIGH_SOLICITED);
		CU_ASSERT_EQUAL(link_env_state(host(i)), NEIGH_REACHABLE);
	}
	CU_ASSERT_EQUAL(link_env_send(host(20), 0, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_FREE);
}

static void
a_large_table_finds_everyone(void)
{
	struct rte_ether_addr mac = {{PEER_MAC}};
	struct isla_addr a = link_env_addr("2001:db8::1:0");
	unsigned int i;

	link_env_resize(1000, 3);
	for (i = 0; i < 1000; i++) {
		a.w[3] = rte_cpu_to_be_32(0x10000 + i);
		mac.addr_bytes[4] = (uint8_t)(i >> 8);
		mac.addr_bytes[5] = (uint8_t)i;
		neigh_learn(env->link.neigh, 0, &a, &mac);
	}
	for (i = 0; i < 1000; i++) {
		const struct neigh *n;

		a.w[3] = rte_cpu_to_be_32(0x10000 + i);
		n = neigh_lookup(env->link.neigh, 0, &a);
		CU_ASSERT_PTR_NOT_NULL_FATAL(n);
		CU_ASSERT_EQUAL(n->eth.dst_addr.addr_bytes[4], i >> 8);
		CU_ASSERT_EQUAL(n->eth.dst_addr.addr_bytes[5], i & 0xff);
		/* Another interface's neighbour of that address is another neighbour. */
		CU_ASSERT_PTR_NULL(neigh_lookup(env->link.neigh, 1, &a));
	}
}

static void
the_largest_table_is_what_a_hint_can_number(void)
{
	uint16_t hint = 0;

	link_env_resize(1000000, 1);
	CU_ASSERT_EQUAL(env->link.neigh->nb_entries, 65536);
	CU_ASSERT_EQUAL(link_env_send(host(1), 1, &hint), ISLA_ACCEPTED);
	link_env_resize(0, 1);
	hint = 0;
	CU_ASSERT_EQUAL(link_env_send(host(1), 1, &hint), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(hint, 1);
}

static void
without_an_own_address_nothing_can_be_asked(void)
{
	env->link.netif[0].nb_addrs = 1;
	CU_ASSERT_EQUAL(link_env_send("2001:db8::1", 0, NULL), ISLA_DROP_NO_SRC_ADDR);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_SRC_ADDR), 1);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
	/* Also where it goes away while an entry lives. */
	CU_ASSERT_EQUAL(link_env_send(host(1), 0, NULL), ISLA_ACCEPTED);
	env->link.netif[0].nb_addrs = 0;
	link_env_run(4 * SECOND);
	CU_ASSERT_EQUAL(link_env_state(host(1)), NEIGH_FREE);
}

static void
a_shortage_of_mbufs_is_survived(void)
{
	struct isla_addr a = link_env_addr(host(1));
	struct rte_mbuf *m = link_env_ip("192.168.1.2", host(1), 1);

	heap_pool_set_limit(env->pool, 1);
	CU_ASSERT_EQUAL(link_output(&env->link, m, 0, &a, NULL), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_MBUF), 1);
	heap_pool_set_limit(env->pool, 100);
	link_env_run(SECOND + 100);
	CU_ASSERT_EQUAL(take_requests(bcast), 1);
	link_env_arp_reply(peer, host(1));
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
}

static void
an_address_that_becomes_our_own_is_forgotten(void)
{
	struct isla_prefix p;

	make_reachable(host(9));
	make_reachable(host(10));
	link_env_send(host(11), 0, NULL);
	CU_ASSERT_EQUAL(isla_prefix_parse("192.168.1.9/24", &p), 0);
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), 0);
	CU_ASSERT_EQUAL(link_env_state(host(9)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_state(host(10)), NEIGH_REACHABLE);
	/* 192.168.1.11 is the broadcast address of this one. */
	CU_ASSERT_EQUAL(isla_prefix_parse("192.168.1.10/30", &p), 0);
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &p), 0);
	CU_ASSERT_EQUAL(link_env_state(host(11)), NEIGH_FREE);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_ROUTE), 1);
	CU_ASSERT_EQUAL(link_env_send(host(10), 0, NULL), ISLA_DROP_NO_ROUTE);
}

static void
what_waits_at_the_end_is_freed(void)
{
	link_env_send(host(1), 1, NULL);
	link_env_send(host(3), 1, NULL);
	/* teardown counts the mbufs and the timers */
	CU_ASSERT_EQUAL(env->link.neigh->nb_queued, 2);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 2);
}

/* Packets, answers, requests and time, in any order: nothing leaks, nothing grows, no state of its
 * own making. */
static void
a_random_life_keeps_the_books(void)
{
	uint64_t x = 7;
	unsigned int i, j;

	for (i = 0; i < 100000; i++) {
		const struct neigh_table *t = env->link.neigh;
		uint32_t queued = 0, nb = 0;
		const struct neigh *n;
		const char *addr;

		x = x * 6364136223846793005ull + 1442695040888963407ull;
		addr = host(10 + (unsigned int)(x >> 40) % 24);
		switch ((x >> 33) % 6) {
		case 0:
		case 1:
			link_env_send(addr, 0, NULL);
			break;
		case 2:
			learn(addr);
			break;
		case 3:
			link_env_arp_reply(peer, addr);
			break;
		case 4:
			link_env_run((x >> 45) % (1ull << (x >> 59)));
			break;
		case 5:
			link_env_clear_out();
			break;
		}
		for (j = 0; j < NEIGH_LIST_MAX; j++) {
			TAILQ_FOREACH(n, &t->list[j], link) {
				nb++;
				queued += n->nb_queued;
				CU_ASSERT_EQUAL(n->list, j);
				CU_ASSERT_EQUAL(n->state == NEIGH_FREE, j == NEIGH_LIST_FREE);
				CU_ASSERT_EQUAL(n->nb_queued > 0, n->state == NEIGH_INCOMPLETE);
				CU_ASSERT_EQUAL(timer_is_armed(&n->timer), n->state != NEIGH_FREE);
			}
		}
		CU_ASSERT_EQUAL(nb, 8);
		CU_ASSERT_EQUAL(queued, t->nb_queued);
		CU_ASSERT_TRUE(queued <= t->nb_queued_max);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_good_hint_saves_the_look_up),
	SUITE_TEST(a_wrong_hint_is_harmless),
	SUITE_TEST(it_asks_three_times_a_second_apart_then_gives_up),
	SUITE_TEST(the_oldest_packet_gives_way),
	SUITE_TEST(one_packet_may_always_wait),
	SUITE_TEST(all_that_waits_is_bounded),
	SUITE_TEST(reachable_lasts_about_its_time),
	SUITE_TEST(confirmations_keep_it_reachable),
	SUITE_TEST(an_unused_stale_entry_asks_nothing_and_is_forgotten),
	SUITE_TEST(a_used_stale_entry_is_probed_and_given_up),
	SUITE_TEST(a_confirmation_ends_stale_delay_and_probe),
	SUITE_TEST(the_least_recently_used_stale_entry_gives_way),
	SUITE_TEST(an_incomplete_entry_outlives_stale_ones),
	SUITE_TEST(entries_in_use_are_never_given_up),
	SUITE_TEST(a_flood_of_requests_turns_over_only_its_own_kind),
	SUITE_TEST(a_request_takes_no_entry_that_was_ever_used),
	SUITE_TEST(a_learnt_entry_that_is_used_is_like_any_other),
	SUITE_TEST(a_claim_to_be_reachable_does_not_protect_what_was_never_used),
	SUITE_TEST(a_large_table_finds_everyone),
	SUITE_TEST(the_largest_table_is_what_a_hint_can_number),
	SUITE_TEST(without_an_own_address_nothing_can_be_asked),
	SUITE_TEST(a_shortage_of_mbufs_is_survived),
	SUITE_TEST(an_address_that_becomes_our_own_is_forgotten),
	SUITE_TEST(what_waits_at_the_end_is_freed),
	SUITE_TEST(a_random_life_keeps_the_books),
};

int
main(void)
{
	return suite_run("neigh", tests, RTE_DIM(tests), link_env_setup, link_env_teardown);
}
