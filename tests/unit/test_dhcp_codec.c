/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of DHCP messages, both ways, byte by byte (RFC 2131, RFC 2132, RFC 3396, RFC 3397, RFC
 * 3442), cut off everywhere, and what leases are made of them.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "dhcp_codec.h"
#include "suite.h"

#define MAC 0x02, 0x00, 0x00, 0x00, 0x00, 0x02

/* A message under construction: 236 bytes of fixed fields, the cookie, options. */
static uint8_t buf[DHCP_MSG_MAX + 64];
static uint32_t len;
static struct dhcp_msg msg;
static struct isla_dhcp_lease lease;

static void
begin(void)
{
	static const uint8_t head[] = {2, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 7, 0x80, 0,
		/* ciaddr, yiaddr, siaddr, giaddr, chaddr */
		0, 0, 0, 0, 10, 1, 2, 77, 10, 1, 2, 5, 10, 1, 2, 6, MAC};
	static const uint8_t cookie[] = {99, 130, 83, 99};

	memset(buf, 0, sizeof(buf));
	memcpy(buf, head, sizeof(head));
	memcpy(buf + 236, cookie, sizeof(cookie));
	len = 240;
}

static void
add(const void *bytes, uint32_t n)
{
	memcpy(buf + len, bytes, n);
	len += n;
}

#define ADD(...) add((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Parse with not one byte to be read behind the message. */
static bool
parse(uint32_t n)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);
	bool rc;

	memcpy(exact, buf, n);
	memset(&msg, 0xa5, sizeof(msg));
	rc = dhcp_parse(&msg, exact, n);
	free(exact);
	return rc;
}

#define TYPE_ACK 53, 1, 5
#define SERVER 54, 4, 10, 1, 2, 1
#define LEASE 51, 4, 0, 0, 0x0e, 0x10
#define MASK 1, 4, 255, 255, 255, 0

static bool
lease_of_ack(void)
{
	ADD(255);
	CU_ASSERT_TRUE_FATAL(parse(len));
	memset(&lease, 0xa5, sizeof(lease));
	return dhcp_lease_parse(&msg, &lease);
}

static bool
is_addr(const struct isla_addr *a, const char *text)
{
	struct isla_addr b;

	return isla_addr_parse(text, &b) == 0 && isla_addr_eq(a, &b);
}

static bool
is_prefix(const struct isla_prefix *p, const char *text)
{
	char s[ISLA_ADDR_STRLEN];

	return strcmp(isla_prefix_format(p, s, sizeof(s)), text) == 0;
}

static void
the_fixed_fields_are_read(void)
{
	begin();
	ADD(TYPE_ACK, 255);
	CU_ASSERT_TRUE(parse(len));
	CU_ASSERT_EQUAL(msg.op, 2);
	CU_ASSERT_EQUAL(msg.htype, 1);
	CU_ASSERT_EQUAL(msg.hlen, 6);
	CU_ASSERT_EQUAL(msg.xid, 0x12345678);
	CU_ASSERT_EQUAL(msg.secs, 7);
	CU_ASSERT_EQUAL(msg.flags, 0x8000);
	CU_ASSERT_EQUAL(msg.ciaddr, 0);
	CU_ASSERT_EQUAL(msg.yiaddr, RTE_BE32(0x0a01024d));
	CU_ASSERT_EQUAL(msg.siaddr, RTE_BE32(0x0a010205));
	CU_ASSERT_EQUAL(msg.giaddr, RTE_BE32(0x0a010206));
	CU_ASSERT_EQUAL(memcmp(msg.chaddr, (const uint8_t[]){MAC}, 6), 0);
	CU_ASSERT_EQUAL(msg.type, DHCP_ACK);
}

/* All that a server may tell. */
static void
full_ack(void)
{
	begin();
	ADD(TYPE_ACK, SERVER, LEASE, 0, MASK, 58, 4, 0, 0, 7, 8, 59, 4, 0, 0, 12, 0x4e);
	ADD(3, 8, 10, 1, 2, 1, 10, 1, 2, 2, 6, 8, 9, 9, 9, 9, 8, 8, 8, 8, 28, 4, 10, 1, 2, 255);
	ADD(26, 2, 0x05, 0x78, 15, 11, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'n', 'e', 't');
	ADD(12, 3, 'b', 'o', 'x');
	/* "a.example.net", "b.example.net" with its end compressed (RFC 3397) */
	ADD(119, 19, 1, 'a', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'n', 'e', 't', 0, 1, 'b', 0xc0,
		2);
}

static void
all_options_of_a_lease_are_read(void)
{
	full_ack();
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_TRUE(is_prefix(&lease.prefix, "10.1.2.77/24"));
	CU_ASSERT_TRUE(is_addr(&lease.server, "10.1.2.1"));
	CU_ASSERT_EQUAL(lease.lease_s, 3600);
	CU_ASSERT_EQUAL(lease.t1_s, 1800);
	CU_ASSERT_EQUAL(lease.t2_s, 3150);
	CU_ASSERT_EQUAL(lease.mtu, 1400);
	CU_ASSERT_TRUE(is_addr(&lease.broadcast, "10.1.2.255"));
	CU_ASSERT_EQUAL(lease.nb_routers, 2);
	CU_ASSERT_TRUE(is_addr(&lease.router[1], "10.1.2.2"));
	CU_ASSERT_EQUAL(lease.nb_dns, 2);
	CU_ASSERT_TRUE(is_addr(&lease.dns[0], "9.9.9.9"));
	CU_ASSERT_STRING_EQUAL(lease.domain, "example.net");
	CU_ASSERT_STRING_EQUAL(lease.hostname, "box");
	CU_ASSERT_STRING_EQUAL(lease.search, "a.example.net b.example.net");
	CU_ASSERT_EQUAL(lease.nb_routes, 1);
	CU_ASSERT_TRUE(is_prefix(&lease.route[0].prefix, "0.0.0.0/0"));
	CU_ASSERT_TRUE(is_addr(&lease.route[0].gateway, "10.1.2.1"));
}

/* RFC 2131, 4.1: without its end option no message is whole. */
static void
every_truncation_is_refused(void)
{
	uint32_t n;

	full_ack();
	ADD(255);
	CU_ASSERT_TRUE(parse(len));
	for (n = 0; n < len; n++)
		CU_ASSERT_FALSE(parse(n));
	/* Padding behind the end is none of ours. */
	ADD(0, 0, 0, 1, 2, 3, 53, 200);
	CU_ASSERT_TRUE(parse(len));
}

static void
what_is_no_message_is_refused(void)
{
	begin();
	ADD(TYPE_ACK, 255);
	buf[236] = 98;
	CU_ASSERT_FALSE(parse(len));
	begin();
	ADD(1, 4, 255, 255, 255, 0, 255); /* BOOTP: no type */
	CU_ASSERT_FALSE(parse(len));
	begin();
	ADD(53, 0, 255);
	CU_ASSERT_FALSE(parse(len));
	begin();
	ADD(53, 2, 5, 5, 255);
	CU_ASSERT_FALSE(parse(len));
	begin();
	ADD(TYPE_ACK, TYPE_ACK, 255); /* twice: two bytes */
	CU_ASSERT_FALSE(parse(len));
	begin();
	ADD(TYPE_ACK, 255);
	len = DHCP_MSG_MAX;
	CU_ASSERT_TRUE(parse(len));
	CU_ASSERT_FALSE(dhcp_parse(&msg, buf, DHCP_MSG_MAX + 1));
}

/* An option of that length, beyond the message by `beyond` bytes. */
static void
an_option_that_goes_beyond_is_refused(void)
{
	unsigned int n;

	for (n = 0; n < 256; n++) {
		uint32_t i;

		begin();
		ADD(TYPE_ACK, 200, (uint8_t)n);
		for (i = 0; i + 1 < n; i++)
			ADD(255);
		CU_ASSERT_EQUAL(parse(len), false);
		if (n > 0)
			ADD(1);
		ADD(255);
		CU_ASSERT_TRUE(parse(len));
		CU_ASSERT_EQUAL(msg.len[200], n);
	}
}

/* RFC 3396 */
static void
split_options_are_put_together(void)
{
	uint16_t n;
	const uint8_t *p;
	unsigned int i;

	begin();
	ADD(200, 2, 1, 2, TYPE_ACK, 200, 0, 200, 3, 3, 4, 5, 201, 1, 9, 200, 1, 6, 255);
	CU_ASSERT_TRUE(parse(len));
	p = dhcp_opt(&msg, 200, &n);
	CU_ASSERT_EQUAL(n, 6);
	CU_ASSERT_EQUAL(memcmp(p, (const uint8_t[]){1, 2, 3, 4, 5, 6}, 6), 0);
	p = dhcp_opt(&msg, 201, &n);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(p[0], 9);
	CU_ASSERT_PTR_NULL(dhcp_opt(&msg, 202, &n));
	/* As long as a message can be. */
	begin();
	ADD(TYPE_ACK);
	for (i = 0; len + 257 < DHCP_MSG_MAX; i++) {
		uint8_t piece[257] = {200, 255};

		memset(piece + 2, (int)i, 255);
		add(piece, sizeof(piece));
	}
	ADD(255);
	CU_ASSERT_TRUE(parse(len));
	p = dhcp_opt(&msg, 200, &n);
	CU_ASSERT_EQUAL(n, i * 255);
	CU_ASSERT_EQUAL(p[255 * (i - 1)], i - 1);
	CU_ASSERT_EQUAL(p[0], 0);
}

/* RFC 2131, 4.1 and RFC 3396, 5: options, then file, then sname. */
static void
options_may_stand_in_file_and_sname(void)
{
	static const uint8_t in_file[] = {200, 1, 2, 3, 4, 10, 1, 2, 9, 255};
	static const uint8_t in_sname[] = {0, 200, 1, 3, 255};
	uint16_t n;
	const uint8_t *p;
	unsigned int o;

	for (o = 0; o <= 4; o++) {
		bool ok;

		begin();
		memcpy(buf + 108, in_file, sizeof(in_file));
		memcpy(buf + 44, in_sname, sizeof(in_sname));
		ADD(TYPE_ACK, 200, 1, 1, 52, 1, (uint8_t)o, 255);
		ok = parse(len);
		CU_ASSERT_EQUAL(ok, o >= 1 && o <= 3);
		if (!ok)
			continue;
		p = dhcp_opt(&msg, 200, &n);
		CU_ASSERT_EQUAL(n, o == 3 ? 3 : 2);
		CU_ASSERT_EQUAL(p[0], 1);
		CU_ASSERT_EQUAL(p[1], o == 2 ? 3 : 2);
		if (o == 3)
			CU_ASSERT_EQUAL(p[2], 3);
		CU_ASSERT_EQUAL(dhcp_opt(&msg, 3, &n) != NULL, o != 2);
	}
}

static void
an_overload_that_is_wrong_is_refused(void)
{
	unsigned int i;

	/* A field without an end. */
	for (i = 0; i < 2; i++) {
		begin();
		memset(buf + (i == 0 ? 108 : 44), 0, i == 0 ? 128 : 64);
		ADD(TYPE_ACK, 52, 1, (uint8_t)(i + 1), 255);
		CU_ASSERT_FALSE(parse(len));
		buf[i == 0 ? 108 : 44] = 255;
		CU_ASSERT_TRUE(parse(len));
		/* An option that leaves its field. */
		memset(buf + (i == 0 ? 108 : 44), 0, 3);
		memcpy(buf + (i == 0 ? 108 + 126 : 44 + 62), (const uint8_t[]){200, 1}, 2);
		CU_ASSERT_FALSE(parse(len));
	}
	begin();
	ADD(TYPE_ACK, 52, 2, 1, 1, 255);
	CU_ASSERT_FALSE(parse(len));
	begin();
	buf[44] = buf[108] = 255;
	ADD(TYPE_ACK, 52, 1, 1, 52, 1, 2, 255);
	CU_ASSERT_FALSE(parse(len));
	/* In an overloaded field it means nothing (it would be a circle). */
	begin();
	memcpy(buf + 108, (const uint8_t[]){52, 1, 3, 255}, 4);
	ADD(TYPE_ACK, 52, 1, 1, 255);
	CU_ASSERT_TRUE(parse(len));
}

/* RFC 3442: 0.0.0.0/0 via .1, 10/8 via .2, 10.17/12..., 192.168.9.0/25 direct, a host */
static void
classless_routes_beat_the_router(void)
{
	begin();
	ADD(TYPE_ACK, SERVER, LEASE, MASK, 3, 4, 10, 1, 2, 9, 121, 33);
	ADD(0, 10, 1, 2, 1);
	ADD(8, 10, 10, 1, 2, 2);
	ADD(25, 192, 168, 9, 127, 0, 0, 0, 0); /* bits behind the mask mean nothing */
	ADD(32, 192, 0, 2, 7, 10, 1, 2, 3);
	ADD(8, 9, 255, 255, 255, 255); /* a router that is none */
	CU_ASSERT_EQUAL(len, 240u + 3 + 6 + 6 + 6 + 6 + 2 + 35);
	buf[240 + 3 + 6 + 6 + 6 + 6 + 1] = 35;
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_EQUAL(lease.nb_routes, 4);
	CU_ASSERT_TRUE(is_prefix(&lease.route[0].prefix, "0.0.0.0/0"));
	CU_ASSERT_TRUE(is_addr(&lease.route[0].gateway, "10.1.2.1"));
	CU_ASSERT_TRUE(is_prefix(&lease.route[1].prefix, "10.0.0.0/8"));
	CU_ASSERT_TRUE(is_prefix(&lease.route[2].prefix, "192.168.9.0/25"));
	CU_ASSERT_TRUE(is_addr(&lease.route[2].gateway, "0.0.0.0"));
	CU_ASSERT_TRUE(is_prefix(&lease.route[3].prefix, "192.0.2.7/32"));
	CU_ASSERT_TRUE(is_addr(&lease.route[3].gateway, "10.1.2.3"));
	CU_ASSERT_EQUAL(lease.nb_routers, 1);
}

/* A table has one route to a prefix; which of two a lease means, nobody knows. */
static void
of_routes_to_one_prefix_the_first_counts(void)
{
	begin();
	ADD(TYPE_ACK, SERVER, LEASE, MASK, 121, 18);
	ADD(8, 10, 10, 1, 2, 2, 8, 10, 10, 1, 2, 3, 8, 11, 10, 1, 2, 3);
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_EQUAL(lease.nb_routes, 2);
	CU_ASSERT_TRUE(is_addr(&lease.route[0].gateway, "10.1.2.2"));
	CU_ASSERT_TRUE(is_prefix(&lease.route[1].prefix, "11.0.0.0/8"));
}

/* Then the router counts. */
static void
malformed_routes_are_passed_over(void)
{
	static const uint8_t cases[][8] = {{5, 33, 1, 1, 1, 1}, {1, 0}, {5, 8, 10, 10, 1, 2},
		{4, 0, 10, 1, 2}, {7, 24, 10, 1, 2, 10, 1, 2}};
	unsigned int i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		begin();
		ADD(TYPE_ACK, SERVER, LEASE, MASK, 3, 4, 10, 1, 2, 9, 121);
		add(cases[i], cases[i][0] + 1u);
		CU_ASSERT_TRUE_FATAL(lease_of_ack());
		CU_ASSERT_EQUAL(lease.nb_routes, 1);
		CU_ASSERT_TRUE(is_addr(&lease.route[0].gateway, "10.1.2.9"));
	}
}

static void
more_routes_than_there_is_room_for_are_cut_off(void)
{
	unsigned int i;

	begin();
	ADD(TYPE_ACK, SERVER, LEASE, MASK);
	for (i = 0; i < ISLA_DHCP_ROUTES_MAX + 8; i++)
		ADD(121, 7, 16, 10, (uint8_t)i, 10, 1, 2, 1);
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_EQUAL(lease.nb_routes, ISLA_DHCP_ROUTES_MAX);
	begin();
	ADD(TYPE_ACK, SERVER, LEASE, MASK);
	for (i = 0; i < 40; i++)
		ADD(6, 4, 10, 1, 2, 1, 3, 4, 10, 1, 2, 1);
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_EQUAL(lease.nb_dns, ISLA_DHCP_SERVERS_MAX);
	CU_ASSERT_EQUAL(lease.nb_routers, ISLA_DHCP_SERVERS_MAX);
}

static bool
lease_with(const uint8_t *yiaddr, const uint8_t *opts, uint32_t n)
{
	begin();
	memcpy(buf + 16, yiaddr, 4);
	ADD(TYPE_ACK);
	add(opts, n);
	return lease_of_ack();
}

#define WITH(ip, ...) lease_with((const uint8_t[4]){ip}, (const uint8_t[]){__VA_ARGS__}, \
	sizeof((const uint8_t[]){__VA_ARGS__}))
#define IP(...) __VA_ARGS__

static void
a_lease_that_cannot_be_is_refused(void)
{
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, MASK));
	/* Without a server, a time, or with a time of nothing. */
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), SERVER, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), SERVER, 51, 4, 0, 0, 0, 0, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), SERVER, 51, 3, 0, 0, 9, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), 54, 4, 0, 0, 0, 0, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), 54, 4, 255, 255, 255, 255, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), 54, 4, 224, 0, 0, 1, LEASE, MASK));
	/* Addresses that no host has. */
	CU_ASSERT_FALSE(WITH(IP(0, 0, 0, 0), SERVER, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(0, 1, 2, 3), SERVER, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(127, 0, 0, 1), SERVER, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(224, 0, 0, 1), SERVER, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(255, 255, 255, 255), SERVER, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 0), SERVER, LEASE, MASK));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 255), SERVER, LEASE, MASK));
	/* Masks with holes, of nothing, of another length. */
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 1, 4, 255, 0, 255, 0));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 1, 4, 0, 0, 0, 0));
	CU_ASSERT_FALSE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 1, 3, 255, 255, 255));
	/* A host alone, and a pair of them, are fine. */
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 255), SERVER, LEASE, 1, 4, 255, 255, 255, 255));
	CU_ASSERT_EQUAL(lease.prefix.len, 32);
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 254), SERVER, LEASE, 1, 4, 255, 255, 255, 254));
	CU_ASSERT_EQUAL(lease.prefix.len, 31);
}

static void
what_is_not_told_has_a_default(void)
{
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, 51, 4, 255, 255, 255, 255));
	CU_ASSERT_EQUAL(lease.prefix.len, 8);
	CU_ASSERT_EQUAL(lease.lease_s, ISLA_DHCP_INFINITE);
	CU_ASSERT_EQUAL(lease.t1_s, 0);
	CU_ASSERT_EQUAL(lease.t2_s, 0);
	CU_ASSERT_EQUAL(lease.mtu, 0);
	CU_ASSERT_EQUAL(lease.nb_routes, 0);
	CU_ASSERT_TRUE(is_addr(&lease.broadcast, "0.0.0.0"));
	CU_ASSERT_STRING_EQUAL(lease.domain, "");
	CU_ASSERT_STRING_EQUAL(lease.search, "");
	CU_ASSERT_TRUE(WITH(IP(172, 16, 2, 77), SERVER, LEASE));
	CU_ASSERT_EQUAL(lease.prefix.len, 16);
	CU_ASSERT_TRUE(WITH(IP(192, 168, 2, 77), SERVER, LEASE));
	CU_ASSERT_EQUAL(lease.prefix.len, 24);
}

/* Options of a wrong length, and addresses that cannot be, are passed over. */
static void
malformed_extras_are_passed_over(void)
{
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, MASK, 58, 3, 1, 1, 1, 59, 0, 26, 1, 5,
		28, 5, 1, 1, 1, 1, 1, 6, 5, 9, 9, 9, 9, 9, 3, 8, 0, 0, 0, 0, 10, 1, 2, 1));
	CU_ASSERT_EQUAL(lease.t1_s, 0);
	CU_ASSERT_EQUAL(lease.mtu, 0);
	CU_ASSERT_EQUAL(lease.nb_dns, 0);
	CU_ASSERT_EQUAL(lease.nb_routers, 1);
	CU_ASSERT_TRUE(is_addr(&lease.route[0].gateway, "10.1.2.1"));
}

/* Text gets into files and onto terminals. */
static void
names_hold_only_what_names_hold(void)
{
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 15, 4, 'a', '.', 'b', 0));
	CU_ASSERT_STRING_EQUAL(lease.domain, "a.b");
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 15, 3, 'a', '\n', 'b'));
	CU_ASSERT_STRING_EQUAL(lease.domain, "");
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 12, 3, 'a', 0x1b, 'b'));
	CU_ASSERT_STRING_EQUAL(lease.hostname, "");
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 12, 3, 'a', 0, 'b'));
	CU_ASSERT_STRING_EQUAL(lease.hostname, "");
	CU_ASSERT_TRUE(WITH(IP(10, 1, 2, 77), SERVER, LEASE, 12, 0));
	CU_ASSERT_STRING_EQUAL(lease.hostname, "");
}

static void
search_is(const char *want, const uint8_t *opt, uint32_t n)
{
	begin();
	ADD(TYPE_ACK, SERVER, LEASE, 119, (uint8_t)n);
	add(opt, n);
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_STRING_EQUAL(lease.search, want);
}

#define SEARCH(want, ...) search_is(want, (const uint8_t[]){__VA_ARGS__}, \
	sizeof((const uint8_t[]){__VA_ARGS__}))

static void
search_lists_end_whatever_they_say(void)
{
	SEARCH("a", 1, 'a', 0);
	SEARCH("a b", 1, 'a', 0, 1, 'b', 0);
	SEARCH("a.b b", 1, 'a', 1, 'b', 0, 0xc0, 2);
	SEARCH("", 0);
	SEARCH("", 0xc0, 0); /* to itself */
	SEARCH("", 1, 'a', 0xc0, 0); /* a circle: it would point backwards for ever */
	SEARCH("", 0xc0, 5); /* forwards */
	SEARCH("", 0xc0, 3, 0, 1, 'a', 0);
	SEARCH("", 1, 'a'); /* no end */
	SEARCH("", 5, 'a', 0);
	SEARCH("", 0xc0);
	SEARCH("a", 1, 'a', 0, 64, 'a', 0);
	SEARCH("", 1, ' ', 0);
	SEARCH("", 1, '.', 0);
	SEARCH("a", 1, 'a', 0, 0x80, 0);
}

static void
a_long_search_list_is_cut_between_names(void)
{
	unsigned int i;

	begin();
	ADD(TYPE_ACK, SERVER, LEASE);
	for (i = 0; i < 24; i++) {
		uint8_t opt[2 + 65] = {119, 65, 63};

		memset(opt + 3, 'a' + (int)(i % 26), 63);
		add(opt, sizeof(opt));
	}
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_EQUAL(strlen(lease.search), 7 * 64 + 63);
	CU_ASSERT_EQUAL(lease.search[7 * 64 + 62], 'h');
	/* One name of more than 255 bytes. */
	begin();
	ADD(TYPE_ACK, SERVER, LEASE);
	for (i = 0; i < 6; i++) {
		uint8_t opt[2 + 64] = {119, 64, 63};

		memset(opt + 3, 'x', 63);
		add(opt, sizeof(opt));
	}
	ADD(119, 1, 0);
	CU_ASSERT_TRUE_FATAL(lease_of_ack());
	CU_ASSERT_STRING_EQUAL(lease.search, "");
}

/* ---- the other way ---- */

static const uint8_t id[] = {255, 0, 0, 0, 2, 0, 3, 0, 1, MAC};

static struct dhcp_out
out(enum dhcp_type type)
{
	static const uint8_t mac[] = {MAC};

	return (struct dhcp_out){.type = (uint8_t)type, .xid = 0x12345678, .chaddr = mac,
		.ciaddr = isla_addr_from_v4(0), .client_id = id, .client_id_len = sizeof(id)};
}

static bool
is_built(const struct dhcp_out *o, const uint8_t *opts, uint32_t nb_opts, uint8_t flags,
	rte_be32_t ciaddr)
{
	uint8_t want[DHCP_OUT_MAX] = {1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78}, got[DHCP_OUT_MAX];
	static const uint8_t cookie[] = {99, 130, 83, 99};
	uint16_t n = dhcp_build(o, got);

	want[8] = (uint8_t)(o->secs >> 8);
	want[9] = (uint8_t)o->secs;
	want[10] = flags;
	memcpy(want + 12, &ciaddr, 4);
	memcpy(want + 28, (const uint8_t[]){MAC}, 6);
	memcpy(want + 236, cookie, 4);
	memcpy(want + 240, opts, nb_opts);
	return n == RTE_MAX(240u + nb_opts, (uint32_t)DHCP_MSG_MIN) && memcmp(want, got, n) == 0;
}

#define ID 61, 15, 255, 0, 0, 0, 2, 0, 3, 0, 1, MAC
#define PARAMS 55, 13, 1, 121, 3, 6, 12, 15, 119, 26, 28, 51, 54, 58, 59
#define IS_BUILT(o, flags, ciaddr, ...) is_built(o, (const uint8_t[]){__VA_ARGS__}, \
	sizeof((const uint8_t[]){__VA_ARGS__}), flags, ciaddr)

static void
messages_are_built_byte_by_byte(void)
{
	struct dhcp_out o = out(DHCP_DISCOVER);

	o.broadcast = true;
	o.secs = 0x0102;
	o.max_size = 1472;
	o.params = true;
	o.hostname = "box";
	o.vendor_class = "isla";
	CU_ASSERT_TRUE(IS_BUILT(&o, 0x80, 0, 53, 1, 1, ID, 57, 2, 0x05, 0xc0, PARAMS, 12, 3, 'b',
		'o', 'x', 60, 4, 'i', 's', 'l', 'a', 255));
	o = out(DHCP_REQUEST);
	o.requested = RTE_BE32(0x0a01024d);
	o.server = RTE_BE32(0x0a010201);
	CU_ASSERT_TRUE(IS_BUILT(&o, 0, 0, 53, 1, 3, ID, 50, 4, 10, 1, 2, 77, 54, 4, 10, 1, 2, 1,
		255));
	o = out(DHCP_RELEASE);
	o.ciaddr = isla_addr_from_v4(RTE_BE32(0x0a01024d));
	o.server = RTE_BE32(0x0a010201);
	o.message = "bye";
	CU_ASSERT_TRUE(IS_BUILT(&o, 0, RTE_BE32(0x0a01024d), 53, 1, 7, ID, 54, 4, 10, 1, 2, 1, 56, 3,
		'b', 'y', 'e', 255));
	/* Empty texts make no option (RFC 2132: at least one byte). */
	o = out(DHCP_DISCOVER);
	o.hostname = o.vendor_class = o.message = "";
	CU_ASSERT_TRUE(IS_BUILT(&o, 0, 0, 53, 1, 1, ID, 255));
}

/* RFC 3396, and that the longest message that can be asked for fits. */
static void
long_options_are_split(void)
{
	char vendor[ISLA_DHCP_CLASS_MAX + 1], host[ISLA_DHCP_NAME_MAX];
	uint8_t long_id[ISLA_DHCP_ID_MAX];
	struct dhcp_out o = out(DHCP_REQUEST);
	const uint8_t *p;
	uint16_t n;
	unsigned int i;

	for (i = 0; i < sizeof(vendor) - 1; i++)
		vendor[i] = (char)('a' + i % 26);
	vendor[i] = '\0';
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	memset(long_id, 7, sizeof(long_id));
	o.vendor_class = vendor;
	o.hostname = host;
	o.client_id = long_id;
	o.client_id_len = sizeof(long_id);
	o.requested = o.server = RTE_BE32(0x0a010201);
	o.max_size = 1472;
	o.params = true;
	o.message = "another host on the link has this address";
	memset(buf, 0, sizeof(buf));
	len = dhcp_build(&o, buf);
	CU_ASSERT(len < DHCP_OUT_MAX - 100);
	CU_ASSERT_TRUE_FATAL(parse(len));
	p = dhcp_opt(&msg, DHCP_OPT_CLASS, &n);
	CU_ASSERT_EQUAL(n, ISLA_DHCP_CLASS_MAX);
	CU_ASSERT_EQUAL(memcmp(p, vendor, n), 0);
	p = dhcp_opt(&msg, DHCP_OPT_HOSTNAME, &n);
	CU_ASSERT_EQUAL(n, 255);
	p = dhcp_opt(&msg, DHCP_OPT_CLIENT_ID, &n);
	CU_ASSERT_EQUAL(n, 255);
	CU_ASSERT_EQUAL(memcmp(p, long_id, n), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(the_fixed_fields_are_read),
	SUITE_TEST(all_options_of_a_lease_are_read),
	SUITE_TEST(every_truncation_is_refused),
	SUITE_TEST(what_is_no_message_is_refused),
	SUITE_TEST(an_option_that_goes_beyond_is_refused),
	SUITE_TEST(split_options_are_put_together),
	SUITE_TEST(options_may_stand_in_file_and_sname),
	SUITE_TEST(an_overload_that_is_wrong_is_refused),
	SUITE_TEST(classless_routes_beat_the_router),
	SUITE_TEST(of_routes_to_one_prefix_the_first_counts),
	SUITE_TEST(malformed_routes_are_passed_over),
	SUITE_TEST(more_routes_than_there_is_room_for_are_cut_off),
	SUITE_TEST(a_lease_that_cannot_be_is_refused),
	SUITE_TEST(what_is_not_told_has_a_default),
	SUITE_TEST(malformed_extras_are_passed_over),
	SUITE_TEST(names_hold_only_what_names_hold),
	SUITE_TEST(search_lists_end_whatever_they_say),
	SUITE_TEST(a_long_search_list_is_cut_between_names),
	SUITE_TEST(messages_are_built_byte_by_byte),
	SUITE_TEST(long_options_are_split),
};

int
main(void)
{
	return suite_run("dhcp_codec", tests, RTE_DIM(tests), NULL, NULL);
}
