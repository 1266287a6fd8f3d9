/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Echo requests of our own (RFC 792; RFC 4443, 4.1 and 4.2): what goes out byte by byte, replies
 * that are right, twice, damaged, late or somebody else's, and ICMP errors about requests.
 */

#include <errno.h>
#include <string.h>

#include <rte_errno.h>

#include "heap_pool.h"
#include "inet_fix.h"

static struct {
	unsigned int nb;
	struct isla_ping *ping;
	void *ctx;
	struct isla_ping_event e;
	bool close; /* the callback does */
} got;

static bool is_v6;

static void
hear(struct isla_ping *ping, void *ctx, const struct isla_ping_event *event)
{
	got.nb++;
	got.ping = ping;
	got.ctx = ctx;
	got.e = *event;
	if (got.close)
		isla_ping_close(ping);
}

static const char *
peer_text(void)
{
	return is_v6 ? PEER6 : PEER4;
}

static const char *
own_text(void)
{
	return is_v6 ? OWN6 : OWN4;
}

static uint8_t
proto(void)
{
	return is_v6 ? 58 : 1;
}

static uint16_t
hdr_len(void)
{
	return is_v6 ? 40 : 20;
}

static struct isla_ping *
open_peer(void)
{
	struct isla_addr to = addr(peer_text());
	struct isla_ping *p;

	memset(&got, 0, sizeof(got));
	p = ping_open(fix.inet, &to, ISLA_NETIF_ANY, hear, &got);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	return p;
}

/* The request that was sent, turned around as RFC 1122, 3.2.2.6 has it. */
static void
turn_around(const struct packet *request, struct packet *reply)
{
	uint8_t body[2048];
	uint16_t len = (uint16_t)(request->len - hdr_len());

	CU_ASSERT_FATAL(request->len >= hdr_len() + 8 && len <= sizeof(body));
	memcpy(body, request->b + hdr_len(), len);
	body[0] = is_v6 ? 129 : 0;
	packet_ip(reply, peer_text(), own_text(), proto(), body, len);
	packet_fix_l4(reply, hdr_len(), 2, proto());
}

static struct packet
send_one(struct isla_ping *p, uint32_t nb_bytes, int seq)
{
	struct packet request = {.len = 0};

	CU_ASSERT_EQUAL(isla_ping_send(p, nb_bytes), seq);
	CU_ASSERT_EQUAL(fix_nb_sent(), 1);
	fix_take(&request, NULL);
	return request;
}

static void
a_request_is_well_formed(void)
{
	struct isla_ping *p = open_peer();
	struct packet r = send_one(p, 56, 1);
	const uint8_t *icmp = r.b + hdr_len();
	uint16_t i;

	CU_ASSERT_EQUAL(r.len, hdr_len() + 8 + 56);
	CU_ASSERT_EQUAL(icmp[0], is_v6 ? 128 : 8);
	CU_ASSERT_EQUAL(icmp[1], 0);
	CU_ASSERT_EQUAL(packet_l4_cksum(&r, hdr_len(), proto()), 0);
	CU_ASSERT_EQUAL(icmp[6] << 8 | icmp[7], 1);
	for (i = 1; i < 56; i++)
		CU_ASSERT_NOT_EQUAL(icmp[8 + i], icmp[8 + i - 1]);
	/* The identifier stays, the number goes on. */
	r = send_one(p, 0, 2);
	CU_ASSERT_EQUAL(r.len, hdr_len() + 8);
	CU_ASSERT_EQUAL(r.b[hdr_len() + 7], 2);
	CU_ASSERT_EQUAL(packet_l4_cksum(&r, hdr_len(), proto()), 0);
	isla_ping_close(p);
}

static void
a_reply_tells_its_time(void)
{
	struct isla_ping *p = open_peer();
	struct packet request = send_one(p, 56, 1), reply;

	turn_around(&request, &reply);
	fix.core.now_us += 12345;
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL_FATAL(got.nb, 1);
	CU_ASSERT_PTR_EQUAL(got.ping, p);
	CU_ASSERT_PTR_EQUAL(got.ctx, &got);
	CU_ASSERT_EQUAL(got.e.err, 0);
	CU_ASSERT_EQUAL(got.e.seq, 1);
	CU_ASSERT_EQUAL(got.e.rtt_us, 12345);
	CU_ASSERT_EQUAL(got.e.nb_bytes, 56);
	CU_ASSERT_EQUAL(got.e.hop_limit, 61);
	CU_ASSERT_FALSE(got.e.is_dup);
	CU_ASSERT_FALSE(got.e.is_damaged);
	/* It is an answer, not a request: nothing goes out. */
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(got.nb, 2);
	CU_ASSERT_TRUE(got.e.is_dup);
	isla_ping_close(p);
}

static void
a_reply_may_be_split_anywhere(void)
{
	struct isla_ping *p = open_peer();
	uint16_t at;

	for (at = 0; at <= 90; at++) {
		struct packet request = send_one(p, 30, at + 1), reply;

		turn_around(&request, &reply);
		CU_ASSERT_EQUAL(fix_input_frame(fix_frame(reply.b, reply.len, at)), ISLA_ACCEPTED);
		CU_ASSERT_EQUAL(got.nb, at + 1u);
		CU_ASSERT_EQUAL(got.e.nb_bytes, 30);
		CU_ASSERT_FALSE(got.e.is_damaged);
	}
	isla_ping_close(p);
}

static void
other_data_are_damaged(void)
{
	struct isla_ping *p = open_peer();
	struct packet request = send_one(p, 40, 1), reply;

	turn_around(&request, &reply);
	reply.b[hdr_len() + 8 + 39] ^= 1;
	packet_fix_l4(&reply, hdr_len(), 2, proto());
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(got.nb, 1);
	CU_ASSERT_TRUE(got.e.is_damaged);
	isla_ping_close(p);
}

/* From elsewhere, of another ping, of a request that was never made, with a code: not ours. */
static void
what_is_not_ours_is_dropped(void)
{
	struct isla_ping *p = open_peer();
	struct packet request = send_one(p, 8, 1), reply;
	uint8_t icmp[16];
	unsigned int i;

	memcpy(icmp, request.b + hdr_len(), sizeof(icmp));
	icmp[0] = is_v6 ? 129 : 0;
	packet_ip(&reply, is_v6 ? "2001:db8::77" : "192.168.1.77", own_text(), proto(), icmp,
		sizeof(icmp));
	packet_fix_l4(&reply, hdr_len(), 2, proto());
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_DROP_ICMP_TYPE);
	for (i = 0; i < 3; i++) {
		static const uint8_t at[] = {1, 5, 7}; /* code, identifier, number */

		turn_around(&request, &reply);
		reply.b[hdr_len() + at[i]] ^= 0x40;
		packet_fix_l4(&reply, hdr_len(), 2, proto());
		CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_DROP_ICMP_TYPE);
	}
	turn_around(&request, &reply);
	reply.b[hdr_len() + 2] ^= 1;
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_DROP_ICMP_CKSUM);
	CU_ASSERT_EQUAL(got.nb, 0);
	isla_ping_close(p);
	turn_around(&request, &reply);
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_DROP_ICMP_TYPE);
	CU_ASSERT_EQUAL(got.nb, 0);
}

/* As many requests as are remembered; the oldest one is forgotten for the next. */
static void
late_replies_are_forgotten(void)
{
	struct isla_ping *p = open_peer();
	struct packet first, last = {.len = 0}, reply;
	int i;

	first = send_one(p, 8, 1);
	for (i = 1; i <= ISLA_PING_WAITING; i++)
		last = send_one(p, 8, i + 1);
	turn_around(&first, &reply);
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_DROP_ICMP_TYPE);
	turn_around(&last, &reply);
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(got.e.seq, ISLA_PING_WAITING + 1);
	isla_ping_close(p);
}

static void
sizes_up_to_the_mtu(void)
{
	struct isla_ping *p = open_peer();
	uint32_t most = 1500u - hdr_len() - 8;
	struct packet r, reply;

	r = send_one(p, most, 1);
	CU_ASSERT_EQUAL(r.len, 1500);
	CU_ASSERT_EQUAL(packet_l4_cksum(&r, hdr_len(), proto()), 0);
	turn_around(&r, &reply);
	CU_ASSERT_EQUAL(fix_input_packet(&reply), ISLA_ACCEPTED);
	CU_ASSERT_FALSE(got.e.is_damaged);
	CU_ASSERT_EQUAL(got.e.nb_bytes, most);
	CU_ASSERT_EQUAL(isla_ping_most(p), (int)most);
	CU_ASSERT_EQUAL(isla_ping_send(p, most + 1), -EMSGSIZE);
	CU_ASSERT_EQUAL(isla_ping_send(p, UINT32_MAX), -EMSGSIZE);
	CU_ASSERT_EQUAL(fix_nb_sent(), 0);
	isla_ping_close(p);
	/* More than one mbuf holds. */
	fix_restart(0, 0, 4000);
	p = open_peer();
	CU_ASSERT_EQUAL(isla_ping_send(p, 4000u - hdr_len() - 8), 1);
	CU_ASSERT_EQUAL(fix.core.out[0].pkt[fix.core.out[0].head]->nb_segs, 2);
	CU_ASSERT_EQUAL(fix.core.out[0].pkt[fix.core.out[0].head]->pkt_len, 4014);
	isla_ping_close(p);
}

/* An error of a router's about that request. */
static void
build_error(struct packet *e, const struct packet *request, uint8_t type, uint8_t code)
{
	uint8_t body[600] = {type, code};
	uint16_t n = RTE_MIN(request->len, 500);

	memcpy(body + 8, request->b, n);
	packet_ip(e, is_v6 ? "2001:db8::77" : "192.168.1.77", own_text(), proto(), body,
		(uint16_t)(8 + n));
	packet_fix_l4(e, hdr_len(), 2, proto());
}

static void
errors_are_told_once(void)
{
	struct isla_ping *p = open_peer();
	struct packet request = send_one(p, 20, 1), e;

	build_error(&e, &request, is_v6 ? 1 : 3, is_v6 ? 0 : 1);
	CU_ASSERT_EQUAL(fix_input_packet(&e), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL_FATAL(got.nb, 1);
	CU_ASSERT_EQUAL(got.e.err, is_v6 ? ENETUNREACH : EHOSTUNREACH);
	CU_ASSERT_EQUAL(got.e.seq, 1);
	CU_ASSERT_EQUAL(fix_input_packet(&e), ISLA_ACCEPTED);
	CU_ASSERT_EQUAL(got.nb, 1);
	/* About a request that is not ours, or no request. */
	request = send_one(p, 20, 2);
	request.b[hdr_len() + 5] ^= 1;
	build_error(&e, &request, is_v6 ? 1 : 3, 0);
	fix_input_packet(&e);
	request.b[hdr_len() + 5] ^= 1;
	request.b[hdr_len()] = is_v6 ? 129 : 0;
	build_error(&e, &request, is_v6 ? 1 : 3, 0);
	fix_input_packet(&e);
	CU_ASSERT_EQUAL(got.nb, 1);
	isla_ping_close(p);
}

static void
nobody_on_the_link_is_told(void)
{
	struct isla_addr to = addr(is_v6 ? "2001:db8::99" : "192.168.1.99");
	struct isla_ping *p;
	struct packet sent;

	memset(&got, 0, sizeof(got));
	got.close = true; /* from within the callback */
	p = ping_open(fix.inet, &to, ISLA_NETIF_ANY, hear, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(isla_ping_send(p, 8), 1);
	while (got.nb == 0 && fix.core.now_us < 10000000) {
		fix.core.now_us += 100000;
		timer_wheel_run(&fix.core.wheel, fix.core.now_us);
	}
	CU_ASSERT_EQUAL(got.nb, 1);
	CU_ASSERT_EQUAL(got.e.err, EHOSTUNREACH);
	while (fix_nb_sent() > 0)
		fix_take(&sent, NULL);
}

static void
destinations_must_be_others(void)
{
	static const char *const bad[] = {OWN4, OWN6, "0.0.0.0", "::", "224.0.0.1", "ff02::1",
		"255.255.255.255", "192.168.1.255", "127.0.0.1", "::1"};
	struct isla_addr to;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		to = addr(bad[i]);
		CU_ASSERT_PTR_NULL(ping_open(fix.inet, &to, ISLA_NETIF_ANY, hear, NULL));
		CU_ASSERT_EQUAL(rte_errno, EINVAL);
	}
	to = addr(is_v6 ? "2001:db9::1" : "10.0.0.1");
	CU_ASSERT_PTR_NULL(ping_open(fix.inet, &to, ISLA_NETIF_ANY, hear, NULL));
	CU_ASSERT_EQUAL(rte_errno, EHOSTUNREACH);
}

static void
there_is_a_most_of_them(void)
{
	struct isla_addr to = addr(peer_text());
	struct isla_ping *p[ISLA_PING_MAX];
	unsigned int i;

	for (i = 0; i < ISLA_PING_MAX; i++)
		p[i] = open_peer();
	CU_ASSERT_PTR_NULL(ping_open(fix.inet, &to, ISLA_NETIF_ANY, hear, NULL));
	CU_ASSERT_EQUAL(rte_errno, ENOSPC);
	isla_ping_close(p[3]);
	CU_ASSERT_PTR_EQUAL(open_peer(), p[3]);
	for (i = 0; i < ISLA_PING_MAX; i++)
		isla_ping_close(p[i]);
}

/* With several shards the reply comes to the one that asked, by the identifier (isla_port.h). */
static void
identifiers_belong_to_the_shard(void)
{
	unsigned int i;

	fix.core.nb_shards = 5;
	fix.core.shard = 3;
	for (i = 0; i < 200; i++) {
		struct isla_ping *p = open_peer();
		struct packet r = send_one(p, 0, 1);

		CU_ASSERT_EQUAL((r.b[hdr_len() + 4] << 8 | r.b[hdr_len() + 5]) % 5, 3);
		isla_ping_close(p);
	}
}

static void
without_mbufs_nothing_is_sent(void)
{
	struct isla_ping *p = open_peer();
	struct rte_mbuf *m[256];
	unsigned int n = 0;

	while (n < RTE_DIM(m) && (m[n] = rte_pktmbuf_alloc(fix.pool)) != NULL)
		n++;
	CU_ASSERT_EQUAL(isla_ping_send(p, 8), -ENOBUFS);
	rte_pktmbuf_free_bulk(m, n);
	CU_ASSERT_EQUAL(isla_ping_send(p, 8), 1);
	isla_ping_close(p);
}

static void
setup_v4(void)
{
	is_v6 = false;
	fix_setup();
}

static void
setup_v6(void)
{
	is_v6 = true;
	fix_setup();
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_request_is_well_formed),
	SUITE_TEST(a_reply_tells_its_time),
	SUITE_TEST(a_reply_may_be_split_anywhere),
	SUITE_TEST(other_data_are_damaged),
	SUITE_TEST(what_is_not_ours_is_dropped),
	SUITE_TEST(late_replies_are_forgotten),
	SUITE_TEST(sizes_up_to_the_mtu),
	SUITE_TEST(errors_are_told_once),
	SUITE_TEST(nobody_on_the_link_is_told),
	SUITE_TEST(destinations_must_be_others),
	SUITE_TEST(there_is_a_most_of_them),
	SUITE_TEST(identifiers_belong_to_the_shard),
	SUITE_TEST(without_mbufs_nothing_is_sent),
};

int
main(void)
{
	const struct suite modes[] = {
		{"IPv4", tests, RTE_DIM(tests), setup_v4, fix_teardown},
		{"IPv6", tests, RTE_DIM(tests), setup_v6, fix_teardown},
	};

	return suite_run_all(modes, RTE_DIM(modes));
}
