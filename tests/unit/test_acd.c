/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address conflict detection (RFC 5227): when it asks, what it takes for a conflict, how it
 * defends. The interface of link_env.h has 192.168.1.2; what is wanted is 192.168.1.77.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "acd.h"
#include "link_env.h"

#define SECOND 1000000ull
/* A timer fires at most one tick of 64 us late. */
#define SLACK_US 200

#define ARP_ETHER_IP 0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4
#define NO_MAC 0, 0, 0, 0, 0, 0
#define WANTED 192, 168, 1, 77

static const uint8_t our_probe[42] = {BCAST_MAC, OUR_MAC, ARP_ETHER_IP, 0, 1, OUR_MAC, 0, 0, 0, 0,
	NO_MAC, WANTED};
static const uint8_t our_announcement[42] = {BCAST_MAC, OUR_MAC, ARP_ETHER_IP, 0, 1, OUR_MAC,
	WANTED, NO_MAC, WANTED};

static struct {
	struct acd acd;
	unsigned int nb_free, nb_conflict;
	struct rte_ether_addr other;
} t;

static void
heard(void *ctx, enum acd_event event, const struct rte_ether_addr *other)
{
	CU_ASSERT_PTR_EQUAL(ctx, &t);
	if (event == ACD_FREE) {
		t.nb_free++;
		return;
	}
	CU_ASSERT_EQUAL(event, ACD_CONFLICT);
	t.nb_conflict++;
	t.other = *other;
}

static void
setup(void)
{
	link_env_setup();
	memset(&t, 0, sizeof(t));
	acd_init(&t.acd, &env->link, 0, heard, &t);
}

static void
teardown(void)
{
	acd_stop(&t.acd);
	link_env_teardown();
}

static struct isla_addr
wanted(void)
{
	return link_env_addr("192.168.1.77");
}

/* Runs until a frame is sent, for at most us; returns how much went by. */
static uint64_t
run_to_frame(uint64_t us)
{
	uint64_t began = env->core.now_us;

	while (link_env_nb_out() == 0 && env->core.now_us < began + us)
		link_env_run(1000);
	return env->core.now_us - began;
}

/* An ARP packet of others. op 1 asks, 2 answers. */
static void
arp(uint8_t op, const uint8_t sha[6], uint8_t sip_last, uint8_t tip_last)
{
	uint8_t f[42] = {BCAST_MAC, PEER_MAC, ARP_ETHER_IP, 0, op};

	memcpy(f + 22, sha, 6);
	if (sip_last != 0)
		memcpy(f + 28, (const uint8_t[]){192, 168, 1, sip_last}, 4);
	memcpy(f + 38, (const uint8_t[]){192, 168, 1, tip_last}, 4);
	link_env_input(f, sizeof(f));
}

static const uint8_t other[6] = {OTHER_MAC};
static const uint8_t ours[6] = {OUR_MAC};

static void
begin_probing(void)
{
	struct isla_addr a = wanted();

	acd_probe(&t.acd, &a);
}

static void
begin_watching(void)
{
	struct isla_addr a = wanted();

	acd_announce(&t.acd, &a);
	link_env_run(3 * SECOND);
	link_env_clear_out();
}

/* 2.1.1: 0 to 1 s, then three probes 1 to 2 s apart, then 2 s more. */
static void
three_probes_and_silence_make_an_address_free(void)
{
	unsigned int round;

	for (round = 0; round < 50; round++) {
		uint64_t us;
		unsigned int i;

		t.nb_free = 0;
		begin_probing();
		us = run_to_frame(5 * SECOND);
		CU_ASSERT(us <= ACD_PROBE_WAIT_US + 1000 + SLACK_US);
		CU_ASSERT_TRUE(link_env_out_is(our_probe, sizeof(our_probe)));
		for (i = 1; i < ACD_PROBE_NUM; i++) {
			us = run_to_frame(5 * SECOND);
			CU_ASSERT(us >= ACD_PROBE_MIN_US);
			CU_ASSERT(us <= ACD_PROBE_MAX_US + 1000 + SLACK_US);
			CU_ASSERT_TRUE(link_env_out_is(our_probe, sizeof(our_probe)));
		}
		CU_ASSERT_EQUAL(t.nb_free, 0);
		link_env_run(ACD_ANNOUNCE_WAIT_US - 2000);
		CU_ASSERT_EQUAL(t.nb_free, 0);
		link_env_run(3000);
		CU_ASSERT_EQUAL(t.nb_free, 1);
		CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	}
	CU_ASSERT_EQUAL(t.nb_conflict, 0);
}

static void
the_delays_are_drawn_anew(void)
{
	uint64_t least = UINT64_MAX, most = 0;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		uint64_t us;

		begin_probing();
		us = run_to_frame(5 * SECOND);
		least = RTE_MIN(least, us);
		most = RTE_MAX(most, us);
		link_env_clear_out();
	}
	CU_ASSERT(least < 100000 && most > 900000);
}

/* 2.1.1: any ARP packet with that sender, request or reply; and somebody else's probe for it. */
static void
whoever_has_it_or_wants_it_is_a_conflict(void)
{
	static const struct {
		uint8_t op, sip, tip;
	} cases[] = {{1, 77, 9}, {1, 77, 2}, {2, 77, 2}, {2, 77, 9}, {1, 77, 77}, {1, 0, 77}};
	unsigned int i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		t.nb_conflict = 0;
		begin_probing();
		link_env_run(1500000);
		arp(cases[i].op, other, cases[i].sip, cases[i].tip);
		CU_ASSERT_EQUAL(t.nb_conflict, 1);
		CU_ASSERT_EQUAL(memcmp(t.other.addr_bytes, other, 6), 0);
		link_env_clear_out();
		link_env_run(20 * SECOND);
		CU_ASSERT_EQUAL(link_env_nb_out(), 0);
		CU_ASSERT_EQUAL(t.nb_free, 0);
		CU_ASSERT_EQUAL(t.nb_conflict, 1);
	}
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_CONFLICTS), RTE_DIM(cases));
}

/* Our own packets may come back; broadcast MAC addresses and other addresses mean nothing. */
static void
what_is_no_conflict(void)
{
	static const uint8_t group[6] = {1, 0, 0, 0, 0, 1}, none[6] = {0};

	begin_probing();
	link_env_run(1500000);
	arp(1, ours, 77, 77);
	arp(1, ours, 0, 77);
	arp(2, group, 77, 2);
	arp(2, none, 77, 2);
	arp(1, other, 9, 77);
	arp(1, other, 78, 77);
	arp(2, other, 0, 77);
	CU_ASSERT_EQUAL(t.nb_conflict, 0);
	link_env_run(8 * SECOND);
	CU_ASSERT_EQUAL(t.nb_free, 1);
}

/* 2.3: two announcements, two seconds apart. */
static void
an_address_in_use_is_announced_twice(void)
{
	struct isla_addr a = wanted();
	uint64_t us;

	acd_announce(&t.acd, &a);
	CU_ASSERT(run_to_frame(SECOND) <= 1000);
	CU_ASSERT_TRUE(link_env_out_is(our_announcement, sizeof(our_announcement)));
	us = run_to_frame(5 * SECOND);
	CU_ASSERT(us >= ACD_ANNOUNCE_INTERVAL_US - 1000 && us <= ACD_ANNOUNCE_INTERVAL_US + 2000);
	CU_ASSERT_TRUE(link_env_out_is(our_announcement, sizeof(our_announcement)));
	link_env_run(1000 * SECOND);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

/* 2.4 (b) */
static void
it_is_defended_once_in_ten_seconds(void)
{
	begin_watching();
	/* Somebody's probe is answered by ARP where the address is ours; it is no conflict. */
	arp(1, other, 0, 77);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	arp(1, other, 77, 9);
	CU_ASSERT_TRUE(link_env_out_is(our_announcement, sizeof(our_announcement)));
	CU_ASSERT_EQUAL(t.nb_conflict, 0);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_DEFENCES), 1);
	link_env_run(ACD_DEFEND_US);
	arp(2, other, 77, 2);
	CU_ASSERT_TRUE(link_env_out_is(our_announcement, sizeof(our_announcement)));
	CU_ASSERT_EQUAL(t.nb_conflict, 0);
	link_env_run(ACD_DEFEND_US - 1000);
	arp(2, other, 77, 2);
	CU_ASSERT_EQUAL(t.nb_conflict, 1);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	/* It is over. */
	arp(2, other, 77, 2);
	CU_ASSERT_EQUAL(t.nb_conflict, 1);
}

/* Also where the address is the interface's already, and ARP refuses such a sender. */
static void
the_interfaces_own_address_is_defended(void)
{
	struct isla_addr own = link_env_addr("192.168.1.2");
	uint64_t refused = link_env_drops(ISLA_DROP_ARP_ADDR);

	acd_announce(&t.acd, &own);
	link_env_run(3 * SECOND);
	link_env_clear_out();
	arp(1, other, 2, 9);
	CU_ASSERT_EQUAL(link_env_nb_out(), 1);
	link_env_clear_out();
	arp(2, other, 2, 9);
	CU_ASSERT_EQUAL(t.nb_conflict, 1);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_ARP_ADDR), refused + 2);
}

/* 2.1: the link was away. Probes as at first; then the two announcements, and it is watched. */
static void
an_address_in_use_is_verified(void)
{
	struct isla_addr a = wanted();
	unsigned int i;

	acd_verify(&t.acd, &a);
	for (i = 0; i < ACD_PROBE_NUM; i++) {
		run_to_frame(5 * SECOND);
		CU_ASSERT_TRUE(link_env_out_is(our_probe, sizeof(our_probe)));
	}
	for (i = 0; i < ACD_ANNOUNCE_NUM; i++) {
		run_to_frame(5 * SECOND);
		CU_ASSERT_TRUE(link_env_out_is(our_announcement, sizeof(our_announcement)));
	}
	link_env_run(100 * SECOND);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(t.nb_free + t.nb_conflict, 0);
	/* Defended as ever. */
	arp(1, other, 77, 9);
	CU_ASSERT_EQUAL(t.nb_conflict, 0);
	arp(1, other, 77, 9);
	CU_ASSERT_EQUAL(t.nb_conflict, 1);
}

/* While it is probed: whoever has it is a conflict, whoever asks for it only is not. */
static void
an_address_in_use_is_not_given_to_who_asks(void)
{
	struct isla_addr a = wanted();

	acd_verify(&t.acd, &a);
	link_env_run(1500000);
	arp(1, other, 0, 77);
	CU_ASSERT_EQUAL(t.nb_conflict, 0);
	arp(2, other, 77, 2);
	CU_ASSERT_EQUAL(t.nb_conflict, 1);
	/* What is wanted later is probed as something new. */
	acd_probe(&t.acd, &a);
	arp(1, other, 0, 77);
	CU_ASSERT_EQUAL(t.nb_conflict, 2);
}

/* 2.4 (c): an address that was given by hand is kept, and defended once in ten seconds. */
static void
an_address_given_by_hand_is_defended_for_ever(void)
{
	static const uint8_t defence[42] = {BCAST_MAC, OUR_MAC, ARP_ETHER_IP, 0, 1, OUR_MAC,
		192, 168, 1, 2, NO_MAC, 192, 168, 1, 2};
	struct isla_addr own = link_env_addr("192.168.1.2");
	struct isla_prefix late = {.addr = link_env_addr("192.168.1.88"), .len = 24};
	unsigned int i;

	for (i = 0; i < 100; i++) {
		arp(1 + i % 2, other, 2, 9);
		CU_ASSERT_EQUAL(link_env_nb_out(), i % 10 == 0);
		if (i % 10 == 0)
			CU_ASSERT_TRUE(link_env_out_is(defence, sizeof(defence)));
		link_env_clear_out();
		link_env_run(SECOND + 1000);
	}
	CU_ASSERT_TRUE(link_addr_is_own(&env->link, 0, &own));
	CU_ASSERT_EQUAL(env->link.netif[0].nb_conflicts, 100);
	CU_ASSERT_EQUAL(env->link.netif[0].conflict_v4, isla_addr_v4(&own));
	CU_ASSERT_EQUAL(memcmp(&env->link.netif[0].conflict_mac, other, 6), 0);
	/* Each address for itself, also where one before it goes. */
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &late), 0);
	arp(1, other, 88, 9);
	CU_ASSERT_EQUAL(link_env_nb_out(), 1);
	CU_ASSERT_EQUAL(link_addr_del(&env->link, 0, &own), 0);
	arp(1, other, 88, 9);
	CU_ASSERT_EQUAL(link_env_nb_out(), 1);
	link_env_clear_out();
	/* A lease's is its client's to defend, and so is one that anybody watches. */
	link_env_run(20 * SECOND);
	link_addr_lease(&env->link, 0, &late.addr);
	arp(1, other, 88, 9);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	/* Nobody's and our own packets are no conflict. */
	CU_ASSERT_EQUAL(link_addr_del(&env->link, 0, &late.addr), 0);
	CU_ASSERT_EQUAL(link_addr_add(&env->link, 0, &late), 0);
	arp(1, ours, 88, 9);
	arp(1, (const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 88, 9);
	arp(1, other, 0, 88);
	CU_ASSERT_EQUAL(env->link.netif[0].nb_conflicts, 102);
}

/* Another shard's copy is not answered. */
static void
a_copy_is_no_reason_to_defend(void)
{
	env->link.learn = ISLA_PKT_LEARN;
	arp(1, other, 2, 9);
	env->link.learn = 0;
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
}

static struct acd second;

static void
stop_both(void *ctx, enum acd_event event, const struct rte_ether_addr *who)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(event);
	RTE_SET_USED(who);
	acd_stop(&t.acd);
	acd_stop(&second);
	t.nb_conflict++;
}

/* A callback may stop whatever is next in the list. */
static void
a_callback_may_stop_others(void)
{
	struct isla_addr a = wanted();

	acd_init(&t.acd, &env->link, 0, stop_both, &t);
	acd_init(&second, &env->link, 0, stop_both, &t);
	acd_probe(&t.acd, &a);
	acd_probe(&second, &a);
	arp(2, other, 77, 2);
	CU_ASSERT_EQUAL(t.nb_conflict, 1);
	CU_ASSERT_PTR_NULL(env->link.acds);
	acd_stop(&second);
}

static void
an_mtu_is_lowered_and_comes_back(void)
{
	CU_ASSERT_EQUAL(link_netif_set_mtu(&env->link, 0, 1400), 0);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu, 1400);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu_v4, 1400);
	CU_ASSERT_EQUAL(link_netif_set_mtu(&env->link, 0, 576), 0);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu, 1280);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu_v4, 576);
	CU_ASSERT_EQUAL(link_netif_set_mtu(&env->link, 0, 575), -EINVAL);
	CU_ASSERT_EQUAL(link_netif_set_mtu(&env->link, 0, 1501), -EINVAL);
	CU_ASSERT_EQUAL(link_netif_set_mtu(&env->link, 1, 1400), -EINVAL);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu_v4, 576);
	CU_ASSERT_EQUAL(link_netif_set_mtu(&env->link, 0, 0), 0);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu, 1500);
	CU_ASSERT_EQUAL(env->link.netif[0].mtu_v4, 1500);
}

static const struct suite_test tests[] = {
	SUITE_TEST(three_probes_and_silence_make_an_address_free),
	SUITE_TEST(the_delays_are_drawn_anew),
	SUITE_TEST(whoever_has_it_or_wants_it_is_a_conflict),
	SUITE_TEST(what_is_no_conflict),
	SUITE_TEST(an_address_in_use_is_announced_twice),
	SUITE_TEST(it_is_defended_once_in_ten_seconds),
	SUITE_TEST(the_interfaces_own_address_is_defended),
	SUITE_TEST(an_address_in_use_is_verified),
	SUITE_TEST(an_address_in_use_is_not_given_to_who_asks),
	SUITE_TEST(an_address_given_by_hand_is_defended_for_ever),
	SUITE_TEST(a_copy_is_no_reason_to_defend),
	SUITE_TEST(a_callback_may_stop_others),
	SUITE_TEST(an_mtu_is_lowered_and_comes_back),
};

int
main(void)
{
	return suite_run("acd", tests, RTE_DIM(tests), setup, teardown);
}
