/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What anybody on the link can send to a DHCP client: all but a good reply of the right server is
 * ignored, and counted once.
 */

#include <string.h>

#include "dhcp_world.h"

/* The client waits for an OFFER; the next message, built like a good one, is changed by the caller.
 */
static uint32_t
waits_for_offer(void)
{
	start();
	run(1100000);
	CU_ASSERT_EQUAL_FATAL(info().state, ISLA_DHCP_SELECTING);
	reply_lease(&world.server[0], DHCP_OFFER, last(0)->msg.xid, 0xc0a8054d);
	return last(0)->msg.xid;
}

/* It was ignored, and counted once, under that reason. */
static void
was_ignored(enum isla_drop why)
{
	CU_ASSERT_EQUAL(drops(why), 1);
	CU_ASSERT_EQUAL(info().nb_ignored, 1);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_SELECTING);
	CU_ASSERT_EQUAL(world.nb_sent, 1);
	anew();
}

static void
a_good_offer_is_taken(void)
{
	waits_for_offer();
	reply_send(0xc0a80501, 0xffffffff);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_REQUESTING);
	CU_ASSERT_EQUAL(info().nb_ignored, 0);
}

static void
hostile_offers_are_ignored_and_counted(void)
{
	uint32_t xid = waits_for_offer();

	put32(reply + 4, xid + 1);
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* for somebody else */
	reply[33] ^= 1;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* a request of another client's */
	reply[0] = 1;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* no Ethernet */
	reply[1] = 6;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* a MAC address of another length */
	reply[2] = 16;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* from a port that is no server's */
	reply[reply_len++] = 255;
	input_udp(0xc0a80501, 0xffffffff, 6700, reply, reply_len);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* RFC 6842 */
	opt(61, "\0xyz", 4);
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* one as long as ours */
	opt(61, "\377\0\0\0\002\0\003\0\001\002\0\0\0\0\003", 15);
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* nobody has asked for this yet */
	reply[242] = DHCP_ACK;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer();
	reply[242] = DHCP_NAK;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
	waits_for_offer(); /* a type that servers do not send */
	reply[242] = 8;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_NOT_OURS);
}

static void
hostile_leases_are_ignored_and_counted(void)
{
	world.server[0].lease_s = 0;
	waits_for_offer();
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_LEASE);
	waits_for_offer();
	put32(reply + 16, 0xe0000001);
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_LEASE);
	waits_for_offer(); /* an option that is cut off */
	reply_len -= 2;
	input_udp(0xc0a80501, 0xffffffff, 67, reply, reply_len);
	was_ignored(ISLA_DROP_DHCP_FORMAT);
	waits_for_offer(); /* no end */
	input_udp(0xc0a80501, 0xffffffff, 67, reply, reply_len);
	was_ignored(ISLA_DROP_DHCP_FORMAT);
	waits_for_offer(); /* an absurd length */
	opt(200, reply, 100);
	reply[reply_len - 101] = 255;
	reply_send(0xc0a80501, 0xffffffff);
	was_ignored(ISLA_DROP_DHCP_FORMAT);
	waits_for_offer(); /* nothing at all */
	input_udp(0xc0a80501, 0xffffffff, 67, reply, 0);
	was_ignored(ISLA_DROP_DHCP_FORMAT);
}

/* A message that the interface could not even hold, in two segments. */
static void
a_message_beyond_all_measure_is_ignored(void)
{
	struct rte_mbuf *m[2];
	uint8_t head[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0,
		(uint8_t)(2128 >> 8), (uint8_t)2128, 0, 0, 0, 0, 64, 17};
	uint32_t sum = 0;
	unsigned int i;

	waits_for_offer();
	put32(head + 26, 0xc0a80501);
	put32(head + 30, 0xffffffff);
	for (i = 14; i < 34; i += 2)
		sum += (uint32_t)head[i] << 8 | head[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	head[24] = (uint8_t)(sum >> 8);
	head[25] = (uint8_t)sum;
	head[35] = 67;
	head[37] = 68;
	head[38] = (uint8_t)(2108 >> 8);
	head[39] = (uint8_t)2108;
	for (i = 0; i < 2; i++)
		m[i] = rte_pktmbuf_alloc(world.pool);
	memcpy(rte_pktmbuf_append(m[0], 42), head, 42);
	memset(rte_pktmbuf_append(m[0], 1000), 0, 1000);
	memset(rte_pktmbuf_append(m[1], 1100), 0, 1100);
	rte_pktmbuf_chain(m[0], m[1]);
	isla_stack_input(world.stack, 0, m, 1, world.now_us);
	was_ignored(ISLA_DROP_DHCP_FORMAT);
}

/* An ACK from another server, or of another address; and what comes when nobody waits. */
static void
only_the_chosen_server_may_give_and_take(void)
{
	world.server[0].on = world.server[0].deaf_to_requests = true;
	start();
	run(1100000);
	CU_ASSERT_EQUAL_FATAL(info().state, ISLA_DHCP_REQUESTING);
	reply_lease(&world.server[1], DHCP_ACK, last(0)->msg.xid, 0xc0a8054d);
	reply_send(0xc0a80502, 0xffffffff);
	reply_lease(&world.server[0], DHCP_ACK, last(0)->msg.xid, 0xc0a80599);
	reply_send(0xc0a80501, 0xffffffff);
	reply_begin(DHCP_NAK, last(0)->msg.xid, 0);
	opt32(54, 0xc0a80502);
	reply_send(0xc0a80502, 0xffffffff);
	reply_begin(DHCP_NAK, last(0)->msg.xid, 0);
	reply_send(0xc0a80502, 0xffffffff);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_REQUESTING);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_DHCP_NOT_OURS), 4);
	reply_lease(&world.server[0], DHCP_ACK, last(0)->msg.xid, 0xc0a8054d);
	reply_send(0xc0a80501, 0xffffffff);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_CHECKING);
	/* The same again; and a NAK with the right xid, once it is bound. */
	reply_lease(&world.server[0], DHCP_ACK, last(0)->msg.xid, 0xc0a8054d);
	reply_send(0xc0a80501, 0xffffffff);
	run(10 * SECOND);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	reply_begin(DHCP_NAK, last(0)->msg.xid, 0);
	opt32(54, 0xc0a80501);
	reply_send(0xc0a80501, 0xc0a8054d);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_DHCP_NOT_OURS), 6);
}

/* Who is asked by unicast answers alone, and his own identifier is ours in the answer. */
static void
only_the_own_server_may_renew(void)
{
	bound();
	world.server[0].on = false;
	CU_ASSERT_EQUAL(isla_dhcp_renew(world.dhcp, 0), 0);
	run(1000);
	CU_ASSERT_EQUAL_FATAL(info().state, ISLA_DHCP_RENEWING);
	reply_lease(&world.server[1], DHCP_ACK, last(0)->msg.xid, 0xc0a8054d);
	reply_send(0xc0a80502, 0xc0a8054d);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_RENEWING);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_DHCP_NOT_OURS), 1);
	reply_lease(&world.server[0], DHCP_ACK, last(0)->msg.xid, 0xc0a8054d);
	opt(61, "\377\0\0\0\002\0\003\0\001\002\0\0\0\0\002", 15);
	reply_send(0xc0a80501, 0xc0a8054d);
	CU_ASSERT_EQUAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(drops(ISLA_DROP_DHCP_NOT_OURS), 1);
}

static void
xids_are_not_to_be_guessed(void)
{
	uint32_t xid[40];
	unsigned int i, j;

	start();
	for (i = 0; i < RTE_DIM(xid); i++) {
		isla_dhcp_release(world.dhcp, 0);
		isla_dhcp_renew(world.dhcp, 0);
		run(1000);
		CU_ASSERT_EQUAL_FATAL(world.nb_sent, i + 1);
		xid[i] = last(0)->msg.xid;
		for (j = 0; j < i; j++)
			CU_ASSERT((xid[i] > xid[j] ? xid[i] - xid[j] : xid[j] - xid[i]) > 1000);
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_good_offer_is_taken),
	SUITE_TEST(hostile_offers_are_ignored_and_counted),
	SUITE_TEST(hostile_leases_are_ignored_and_counted),
	SUITE_TEST(a_message_beyond_all_measure_is_ignored),
	SUITE_TEST(only_the_chosen_server_may_give_and_take),
	SUITE_TEST(only_the_own_server_may_renew),
	SUITE_TEST(xids_are_not_to_be_guessed),
};

int
main(void)
{
	return suite_run("dhcp_hostile", tests, RTE_DIM(tests), setup, teardown);
}
