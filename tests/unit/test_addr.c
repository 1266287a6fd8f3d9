/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses and prefixes of both families: text both ways, kinds, prefixes, made addresses.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "isla_addr.h"
#include "suite.h"

static struct isla_addr
addr(const char *text)
{
	struct isla_addr a;

	memset(&a, 0xee, sizeof(a));
	CU_ASSERT_EQUAL(isla_addr_parse(text, &a), 0);
	return a;
}

static void
text_and_bytes_agree_both_ways(void)
{
	static const struct {
		const char *text;
		uint8_t b[16];
	} cases[] = {
		{"192.168.1.2", {[10] = 0xff, 0xff, 192, 168, 1, 2}},
		{"0.0.0.0", {[10] = 0xff, 0xff}},
		{"255.255.255.255", {[10] = 0xff, 0xff, 255, 255, 255, 255}},
		{"::", {0}},
		{"::1", {[15] = 1}},
		{"2001:db8::1", {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
		{"fe80::ff:fe00:2", {0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0, 2}},
		/* RFC 5952: the longest run, the first of two equal ones, never a single group */
		{"2001:0:0:1::1", {0x20, 0x01, 0, 0, 0, 0, 0, 1, [15] = 1}},
		{"2001:db8::1:0:0:1", {0x20, 0x01, 0x0d, 0xb8, [9] = 1, [15] = 1}},
		{"2001:db8:0:1:1:1:1:1",
			{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
				255}},
	};
	char buf[ISLA_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr a = addr(cases[i].text);

		CU_ASSERT_EQUAL(memcmp(a.b, cases[i].b, 16), 0);
		CU_ASSERT_STRING_EQUAL(isla_addr_format(&a, buf, sizeof(buf)), cases[i].text);
	}
	CU_ASSERT_EQUAL(memcmp(addr("2001:DB8:0:0:0:0:0:1").b, cases[5].b, 16), 0);
}

static void
what_is_no_address_is_refused(void)
{
	static const char *const bad[] = {"", " ", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "a.b.c.d", ":", ":::", "1::2::3",
		"12345::", "g::", "::ffff:1.2.3.4", "::ffff:102:304", "fe80::1%eth0", "[::1]",
		"::1/64", "1.2.3.4/24", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "0x7f.1"};
	struct isla_addr a, before;
	size_t i;

	memset(&a, 0x55, sizeof(a));
	before = a;
	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_EQUAL(isla_addr_parse(bad[i], &a), -EINVAL);
		CU_ASSERT_TRUE(isla_addr_eq(&a, &before));
	}
}

static void
a_short_buffer_is_not_overrun(void)
{
	struct isla_addr a = addr("2001:db8::1");
	struct isla_prefix p = {.addr = a, .len = 64};
	char buf[ISLA_ADDR_STRLEN];
	size_t n;

	for (n = 0; n < sizeof(buf); n++) {
		memset(buf, 'x', sizeof(buf));
		isla_addr_format(&a, buf, n);
		CU_ASSERT_EQUAL(buf[n], 'x');
		CU_ASSERT_TRUE(n == 0 || memchr(buf, '\0', n) != NULL);
		memset(buf, 'x', sizeof(buf));
		isla_prefix_format(&p, buf, n);
		CU_ASSERT_EQUAL(buf[n], 'x');
		CU_ASSERT_TRUE(n == 0 || memchr(buf, '\0', n) != NULL);
	}
}

static void
the_longest_text_fits(void)
{
	struct isla_prefix p;
	char buf[ISLA_ADDR_STRLEN];

	memset(p.addr.b, 0xff, 16);
	p.len = 128;
	CU_ASSERT_STRING_EQUAL(isla_prefix_format(&p, buf, sizeof(buf)),
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

static void
prefixes_are_read_and_written(void)
{
	static const struct {
		const char *text, *again;
		uint8_t len;
	} good[] = {
		{"192.168.1.2/24", "192.168.1.2/24", 24},
		{"10.0.0.1", "10.0.0.1/32", 32},
		{"0.0.0.0/0", "0.0.0.0/0", 0},
		{"1.2.3.4/32", "1.2.3.4/32", 32},
		{"1.2.3.4/024", "1.2.3.4/24", 24},
		{"2001:db8::1/64", "2001:db8::1/64", 64},
		{"fe80::1", "fe80::1/128", 128},
		{"::/0", "::/0", 0},
	};
	static const char *const bad[] = {"", "/", "/24", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1",
		"1.2.3.4/+1", "1.2.3.4/1x", "1.2.3.4/ 1", "1.2.3.4/0024", "1.2.3.4/24/8", "::/129",
		"::/999", "1.2.3/24", "1.2.3.4/4294967296",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64"};
	struct isla_prefix p;
	char buf[ISLA_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < RTE_DIM(good); i++) {
		CU_ASSERT_EQUAL(isla_prefix_parse(good[i].text, &p), 0);
		CU_ASSERT_EQUAL(p.len, good[i].len);
		CU_ASSERT_STRING_EQUAL(isla_prefix_format(&p, buf, sizeof(buf)), good[i].again);
	}
	for (i = 0; i < RTE_DIM(bad); i++)
		CU_ASSERT_EQUAL(isla_prefix_parse(bad[i], &p), -EINVAL);
}

/* Every length of a prefix against an address that differs in one bit, at each place. */
static void
prefixes_match_to_the_bit(void)
{
	static const char *const bases[] = {"192.168.77.2",
		"2001:db8:1234:5678:9abc:def0:1234:5678"};
	unsigned int f;

	for (f = 0; f < 2; f++) {
		unsigned int bits = f == 0 ? 32 : 128, len, bit;
		struct isla_prefix p = {.addr = addr(bases[f])};

		for (len = 0; len <= bits; len++) {
			p.len = (uint8_t)len;
			CU_ASSERT_TRUE(isla_prefix_match(&p, &p.addr));
			for (bit = 0; bit < bits; bit++) {
				unsigned int at = bit + 128 - bits;
				struct isla_addr a = p.addr;

				a.b[at / 8] ^= (uint8_t)(0x80 >> (at % 8));
				CU_ASSERT_EQUAL(isla_prefix_match(&p, &a), bit >= len);
			}
		}
	}
}

static void
a_prefix_has_one_family(void)
{
	struct isla_prefix all4 = {.addr = addr("0.0.0.0"), .len = 0};
	struct isla_prefix all6 = {.addr = addr("::"), .len = 0};
	struct isla_addr v4 = addr("1.2.3.4"), v6 = addr("2001:db8::1");

	CU_ASSERT_TRUE(isla_prefix_match(&all4, &v4));
	CU_ASSERT_FALSE(isla_prefix_match(&all4, &v6));
	CU_ASSERT_TRUE(isla_prefix_match(&all6, &v6));
	CU_ASSERT_FALSE(isla_prefix_match(&all6, &v4));
}

static void
kinds_are_told_apart(void)
{
	enum { V4 = 1, UNSPEC = 2, MCAST = 4, LOOP = 8, LL = 16, BCAST = 32 };
	static const struct {
		const char *text;
		unsigned int kinds;
	} cases[] = {
		{"192.168.1.2", V4},
		{"0.0.0.0", V4 | UNSPEC},
		{"0.0.0.1", V4},
		{"223.255.255.255", V4},
		{"224.0.0.0", V4 | MCAST},
		{"239.255.255.255", V4 | MCAST},
		{"240.0.0.0", V4},
		{"255.255.255.255", V4 | BCAST},
		{"255.255.255.254", V4},
		{"127.0.0.1", V4 | LOOP},
		{"127.255.255.255", V4 | LOOP},
		{"128.0.0.1", V4},
		{"169.254.0.1", V4 | LL},
		{"169.255.0.1", V4},
		{"::", UNSPEC},
		{"::1", LOOP},
		{"::2", 0},
		{"::1:0:0", 0},
		{"1::", 0},
		{"1::1", 0},
		{"ff00::", MCAST},
		{"ff02::1", MCAST},
		{"fe00::1", 0},
		{"fe80::1", LL},
		{"febf::1", LL},
		{"fec0::1", 0},
		{"2001:db8::1", 0},
		{"::127.0.0.1", 0},
		{"::255.255.255.255", 0},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct isla_addr a = addr(cases[i].text);
		unsigned int kinds = (isla_addr_is_v4(&a) ? V4 : 0) |
			(isla_addr_is_unspecified(&a) ? UNSPEC : 0) |
			(isla_addr_is_multicast(&a) ? MCAST : 0) |
			(isla_addr_is_loopback(&a) ? LOOP : 0) |
			(isla_addr_is_link_local(&a) ? LL : 0) |
			(isla_addr_is_broadcast(&a) ? BCAST : 0);

		CU_ASSERT_EQUAL(kinds, cases[i].kinds);
	}
}

static void
equal_means_every_bit(void)
{
	struct isla_addr a = addr("2001:db8::1"), b;
	unsigned int bit;

	b = a;
	CU_ASSERT_TRUE(isla_addr_eq(&a, &b));
	for (bit = 0; bit < 128; bit++) {
		b.b[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		CU_ASSERT_FALSE(isla_addr_eq(&a, &b));
		b.b[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
}

static void
the_wire_form_of_both_families_is_kept(void)
{
	static const uint8_t v4[5] = {0, 10, 1, 2, 3};
	static const uint8_t v6[17] = {0, 0x20, 0x01, 0x0d, 0xb8, [16] = 7};
	struct isla_addr a, want;
	rte_be32_t be;

	memcpy(&be, v4 + 1, 4);
	a = isla_addr_from_v4(be);
	want = addr("10.1.2.3");
	CU_ASSERT_TRUE(isla_addr_eq(&a, &want));
	CU_ASSERT_EQUAL(isla_addr_v4(&a), be);
	/* An odd address in memory is allowed. */
	a = isla_addr_from_v6(v6 + 1);
	want = addr("2001:db8::7");
	CU_ASSERT_TRUE(isla_addr_eq(&a, &want));
}

/* RFC 4291: appendix A's example, and 2.7.1's. */
static void
made_addresses_are_those_of_the_rfc(void)
{
	static const uint8_t mac[6] = {0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde};
	static const uint8_t local[6] = {0x02, 0, 0, 0, 0, 2};
	struct isla_addr a, want;

	a = isla_addr_link_local(mac);
	want = addr("fe80::3656:78ff:fe9a:bcde");
	CU_ASSERT_TRUE(isla_addr_eq(&a, &want));
	a = isla_addr_link_local(local);
	want = addr("fe80::ff:fe00:2");
	CU_ASSERT_TRUE(isla_addr_eq(&a, &want));
	want = addr("4037::01:800:200e:8c6c");
	a = isla_addr_solicited_node(&want);
	want = addr("ff02::1:ff0e:8c6c");
	CU_ASSERT_TRUE(isla_addr_eq(&a, &want));
}

static const struct suite_test tests[] = {
	SUITE_TEST(text_and_bytes_agree_both_ways),
	SUITE_TEST(what_is_no_address_is_refused),
	SUITE_TEST(a_short_buffer_is_not_overrun),
	SUITE_TEST(the_longest_text_fits),
	SUITE_TEST(prefixes_are_read_and_written),
	SUITE_TEST(prefixes_match_to_the_bit),
	SUITE_TEST(a_prefix_has_one_family),
	SUITE_TEST(kinds_are_told_apart),
	SUITE_TEST(equal_means_every_bit),
	SUITE_TEST(the_wire_form_of_both_families_is_kept),
	SUITE_TEST(made_addresses_are_those_of_the_rfc),
};

int
main(void)
{
	return suite_run("addr", tests, RTE_DIM(tests), NULL, NULL);
}
