/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP, byte by byte (RFC 826, RFC 5227): what is answered, what is learnt, what is refused.
 */

#include <string.h>

#include <rte_common.h>

#include "link_env.h"

#define ARP_ETHER_IP 0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4

/* Offsets in a frame. */
enum { ETH_DST = 0, HRD = 14, PRO = 16, HLN = 18, PLN = 19, OP = 20, SHA = 22, SPA = 28, THA = 32,
	TPA = 38, LEN = 42 };

/* The peer, 192.168.1.1, asks by broadcast who has 192.168.1.2. */
static const uint8_t request[LEN] = {BCAST_MAC, PEER_MAC, ARP_ETHER_IP, 0, 1, PEER_MAC, 192, 168, 1,
	1, 0, 0, 0, 0, 0, 0, 192, 168, 1, 2};
static const uint8_t our_reply[LEN] = {PEER_MAC, OUR_MAC, ARP_ETHER_IP, 0, 2, OUR_MAC, 192, 168, 1,
	2, PEER_MAC, 192, 168, 1, 1};
static const uint8_t our_request[LEN] = {BCAST_MAC, OUR_MAC, ARP_ETHER_IP, 0, 1, OUR_MAC, 192, 168,
	1, 2, 0, 0, 0, 0, 0, 0, 192, 168, 1, 1};
static const uint8_t our_probe[LEN] = {PEER_MAC, OUR_MAC, ARP_ETHER_IP, 0, 1, OUR_MAC, 192, 168, 1,
	2, 0, 0, 0, 0, 0, 0, 192, 168, 1, 1};
static const uint8_t reply[LEN] = {OUR_MAC, PEER_MAC, ARP_ETHER_IP, 0, 2, PEER_MAC, 192, 168, 1, 1,
	OUR_MAC, 192, 168, 1, 2};

static const uint8_t peer[6] = {PEER_MAC};
static const uint8_t other[6] = {OTHER_MAC};

/* The frame with n bytes at an offset set otherwise. */
static enum isla_drop
input_with(const uint8_t *frame, unsigned int off, const void *bytes, size_t n)
{
	uint8_t f[LEN];

	memcpy(f, frame, LEN);
	memcpy(f + off, bytes, n);
	return link_env_input(f, LEN);
}

static void
a_request_for_us_is_answered_and_learnt(void)
{
	CU_ASSERT_EQUAL(link_env_input(request, LEN), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is(our_reply, LEN));
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_STALE);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_IN_REQUESTS), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_OUT_REPLIES), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IF_OUT_PKTS), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_IF_OUT_OCTETS), LEN);
	/* The answer can be used at once. */
	CU_ASSERT_EQUAL(link_env_send("192.168.1.1", 7, NULL), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 7));
}

static void
a_padded_or_unicast_or_chained_request_is_answered(void)
{
	uint8_t padded[60] = {0};
	unsigned int n;

	memcpy(padded, request, LEN);
	CU_ASSERT_EQUAL(link_env_input(padded, sizeof(padded)), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is(our_reply, LEN));
	CU_ASSERT_EQUAL(input_with(request, ETH_DST, our_reply + 6, 6), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is(our_reply, LEN));
	for (n = 14; n < LEN; n++) {
		CU_ASSERT_EQUAL(link_input(&env->link, link_env_pkt(request, LEN, n), 0),
			ISLA_ACCEPTED);
		CU_ASSERT_TRUE(link_env_out_is(our_reply, LEN));
	}
}

static void
an_address_probe_is_answered_but_not_learnt(void)
{
	static const uint8_t none[4] = {0};
	uint8_t expected[LEN];

	memcpy(expected, our_reply, LEN);
	memset(expected + TPA, 0, 4);
	CU_ASSERT_EQUAL(input_with(request, SPA, none, 4), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is(expected, LEN));
	CU_ASSERT_EQUAL(link_env_state("0.0.0.0"), NEIGH_FREE);
}

static void
a_cut_packet_is_refused_at_every_length(void)
{
	unsigned int n;

	for (n = 14; n < LEN; n++) {
		CU_ASSERT_EQUAL(link_env_input(request, n), ISLA_DROP_ARP_SHORT);
		CU_ASSERT_EQUAL(link_env_input(reply, n), ISLA_DROP_ARP_SHORT);
	}
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_IN_REQUESTS), 0);
}

static void
every_field_is_checked(void)
{
	static const struct {
		uint8_t off, n;
		uint8_t bytes[6];
		enum isla_drop drop;
	} cases[] = {
		{HRD, 2, {0, 6}, ISLA_DROP_ARP_FORMAT},
		{HRD, 2, {1, 0}, ISLA_DROP_ARP_FORMAT},
		{PRO, 2, {0x86, 0xdd}, ISLA_DROP_ARP_FORMAT},
		{HLN, 1, {8}, ISLA_DROP_ARP_FORMAT},
		{PLN, 1, {16}, ISLA_DROP_ARP_FORMAT},
		{OP, 2, {0, 0}, ISLA_DROP_ARP_FORMAT},
		{OP, 2, {0, 3}, ISLA_DROP_ARP_FORMAT},
		{OP, 2, {1, 1}, ISLA_DROP_ARP_FORMAT},
		{SHA, 6, {BCAST_MAC}, ISLA_DROP_ARP_ADDR},
		{SHA, 6, {0x01, 0x00, 0x5e, 0, 0, 1}, ISLA_DROP_ARP_ADDR},
		{SHA, 6, {0}, ISLA_DROP_ARP_ADDR},
		{SHA, 6, {OUR_MAC}, ISLA_DROP_ARP_ADDR},
		{SPA, 4, {192, 168, 1, 2}, ISLA_DROP_ARP_ADDR}, /* somebody else uses our address */
		{SPA, 4, {192, 168, 1, 255}, ISLA_DROP_ARP_ADDR},
		{SPA, 4, {255, 255, 255, 255}, ISLA_DROP_ARP_ADDR},
		{SPA, 4, {224, 0, 0, 1}, ISLA_DROP_ARP_ADDR},
		{SPA, 4, {127, 0, 0, 1}, ISLA_DROP_ARP_ADDR},
		{TPA, 4, {192, 168, 1, 3}, ISLA_DROP_ARP_NOT_OURS},
		{TPA, 4, {0, 0, 0, 0}, ISLA_DROP_ARP_NOT_OURS},
		{TPA, 4, {192, 168, 1, 255}, ISLA_DROP_ARP_NOT_OURS},
	};
	static const uint8_t op_reply[2] = {0, 2}, none[4] = {0};
	uint8_t f[LEN];
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++)
		CU_ASSERT_EQUAL(input_with(request, cases[i].off, cases[i].bytes, cases[i].n),
			cases[i].drop);
	/* A probe is a request; a reply from nobody is none. */
	memcpy(f, request, LEN);
	memcpy(f + SPA, none, 4);
	CU_ASSERT_EQUAL(input_with(f, OP, op_reply, 2), ISLA_DROP_ARP_ADDR);
	/* But to whoever uses our address. */
	CU_ASSERT_EQUAL(link_env_nb_out(), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_DEFENCES), 1);
	CU_ASSERT_FALSE(timer_is_armed(&env->link.neigh->entry[1].timer));
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
}

static void
a_request_is_broadcast_and_its_answer_sends_what_waits(void)
{
	uint16_t hint = 0;

	CU_ASSERT_EQUAL(link_env_send("192.168.1.1", 1, &hint), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is(our_request, LEN));
	CU_ASSERT_EQUAL(link_env_send("192.168.1.1", 2, &hint), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	CU_ASSERT_EQUAL(link_env_input(reply, LEN), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 2));
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_REACHABLE);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_OUT_REQUESTS), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_IN_REPLIES), 1);
}

static void
a_probe_is_unicast_and_its_answer_confirms(void)
{
	unsigned int i;

	CU_ASSERT_EQUAL(link_env_input(request, LEN), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_send("192.168.1.1", 1, NULL), ISLA_ACCEPTED);
	link_env_clear_out();
	link_env_run(5100000);
	CU_ASSERT_TRUE(link_env_out_is(our_probe, LEN));
	CU_ASSERT_EQUAL(link_env_input(reply, LEN), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_REACHABLE);
	/* Nobody asked for these, so that they prove nothing once it is STALE. */
	link_env_run(46000000);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_STALE);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(link_env_input(reply, LEN), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_STALE);
}

static void
an_answer_that_is_not_for_us_does_not_confirm(void)
{
	uint8_t f[LEN];

	CU_ASSERT_EQUAL(link_env_send("192.168.1.1", 1, NULL), ISLA_ACCEPTED);
	link_env_clear_out();
	memcpy(f, reply, LEN);
	memcpy(f + THA, other, 6);
	CU_ASSERT_EQUAL(link_env_input(f, LEN), ISLA_ACCEPTED);
	/* It names the address all the same, as RFC 826's merging has it. */
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_STALE);
}

static void
an_unsolicited_reply_makes_no_entry(void)
{
	CU_ASSERT_EQUAL(link_env_input(reply, LEN), ISLA_DROP_ARP_NOT_OURS);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_FREE);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
}

static void
an_announcement_updates_only_what_is_known(void)
{
	static const uint8_t from_other[LEN] = {BCAST_MAC, OTHER_MAC, ARP_ETHER_IP, 0, 1, OTHER_MAC,
		192, 168, 1, 1, 0, 0, 0, 0, 0, 0, 192, 168, 1, 1};
	static const uint8_t op_reply[2] = {0, 2};

	CU_ASSERT_EQUAL(link_env_input(from_other, LEN), ISLA_DROP_ARP_NOT_OURS);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_FREE);
	link_env_send("192.168.1.1", 1, NULL);
	link_env_input(reply, LEN);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_REACHABLE);
	link_env_clear_out();
	CU_ASSERT_EQUAL(link_env_input(from_other, LEN), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_STALE);
	CU_ASSERT_EQUAL(link_env_nb_out(), 0);
	link_env_send("192.168.1.1", 2, NULL);
	CU_ASSERT_TRUE(link_env_out_is_pkt(other, 2));
	/* Announcements come as replies, too. */
	CU_ASSERT_EQUAL(input_with(from_other, OP, op_reply, 2), ISLA_ACCEPTED);
}

static void
a_request_for_another_updates_only_what_is_known(void)
{
	uint8_t f[LEN];

	memcpy(f, request, LEN);
	f[TPA + 3] = 9;
	CU_ASSERT_EQUAL(link_env_input(f, LEN), ISLA_DROP_ARP_NOT_OURS);
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_FREE);
	link_env_input(request, LEN);
	link_env_clear_out();
	memcpy(f + SHA, other, 6);
	CU_ASSERT_EQUAL(link_env_input(f, LEN), ISLA_DROP_ARP_NOT_OURS);
	link_env_send("192.168.1.1", 2, NULL);
	CU_ASSERT_TRUE(link_env_out_is_pkt(other, 2));
}

static void
a_request_while_we_ask_sends_what_waits(void)
{
	link_env_send("192.168.1.1", 1, NULL);
	link_env_clear_out();
	CU_ASSERT_EQUAL(link_env_input(request, LEN), ISLA_ACCEPTED);
	CU_ASSERT_TRUE(link_env_out_is_pkt(peer, 1));
	CU_ASSERT_TRUE(link_env_out_is(our_reply, LEN));
	CU_ASSERT_EQUAL(link_env_state("192.168.1.1"), NEIGH_STALE);
}

static void
a_request_is_taken_even_where_no_answer_can_be_made(void)
{
	struct rte_mbuf *m = link_env_pkt(request, LEN, LEN);

	heap_pool_set_limit(env->pool, 1);
	CU_ASSERT_EQUAL(link_input(&env->link, m, 0), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(link_env_drops(ISLA_DROP_NO_MBUF), 1);
	CU_ASSERT_EQUAL(link_env_count(ISLA_C_ARP_OUT_REPLIES), 0);
}

static void
noise_is_safe(void)
{
	uint8_t f[LEN];
	unsigned int i, j;
	uint64_t x = 1;

	for (i = 0; i < 20000; i++) {
		memcpy(f, i & 1 ? request : reply, LEN);
		for (j = 0; j < 4; j++) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			f[14 + (x >> 33) % 28] = (uint8_t)(x >> 56);
		}
		link_env_input(f, LEN - (unsigned int)(x >> 40) % 3);
		link_env_clear_out();
	}
	CU_ASSERT_TRUE(env->core.wheel.nb_armed <= 8);
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_request_for_us_is_answered_and_learnt),
	SUITE_TEST(a_padded_or_unicast_or_chained_request_is_answered),
	SUITE_TEST(an_address_probe_is_answered_but_not_learnt),
	SUITE_TEST(a_cut_packet_is_refused_at_every_length),
	SUITE_TEST(every_field_is_checked),
	SUITE_TEST(a_request_is_broadcast_and_its_answer_sends_what_waits),
	SUITE_TEST(a_probe_is_unicast_and_its_answer_confirms),
	SUITE_TEST(an_answer_that_is_not_for_us_does_not_confirm),
	SUITE_TEST(an_unsolicited_reply_makes_no_entry),
	SUITE_TEST(an_announcement_updates_only_what_is_known),
	SUITE_TEST(a_request_for_another_updates_only_what_is_known),
	SUITE_TEST(a_request_while_we_ask_sends_what_waits),
	SUITE_TEST(a_request_is_taken_even_where_no_answer_can_be_made),
	SUITE_TEST(noise_is_safe),
};

int
main(void)
{
	return suite_run("arp", tests, RTE_DIM(tests), link_env_setup, link_env_teardown);
}
