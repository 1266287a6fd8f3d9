/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS on the wire: names as text and as bytes, golden messages both ways, every truncation, and
 * messages that lie (RFC 1035, 2181, 2308, 2782, 3596, 5452, 6891).
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "dns_reply.h"
#include "suite.h"

static struct dns_name
name(const char *text)
{
	struct dns_name n;

	CU_ASSERT_EQUAL_FATAL(dns_name_parse(text, &n), 0);
	return n;
}

static const char *
text_of(const struct dns_name *n)
{
	static char text[ISLA_DNS_NAME_STRLEN];

	dns_name_format(n, text, sizeof(text));
	return text;
}

/* ---- names */

static void
names_are_text_and_bytes(void)
{
	static const struct {
		const char *text, *back;
		const char *bytes;
		uint8_t len;
	} cases[] = {
		{"a", "a", "\1a", 3},
		{".", ".", "", 1},
		{"www.Example.test", NULL, "\3www\7Example\4test", 18},
		{"a.b.", "a.b", "\1a\1b", 5},
		{"a\\.b.c", NULL, "\3a.b\1c", 7},
		{"a\\\\b", NULL, "\3a\\b", 5},
		{"\\001\\255", NULL, "\2\1\377", 4},
		{"\\065", "A", "\1A", 3},
		{"_sip._tcp.x", NULL, "\4_sip\4_tcp\1x", 13},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		struct dns_name n = name(cases[i].text);

		CU_ASSERT_EQUAL(n.len, cases[i].len);
		CU_ASSERT_EQUAL(memcmp(n.b, cases[i].bytes, n.len), 0);
		CU_ASSERT_STRING_EQUAL(
			text_of(&n), cases[i].back != NULL ? cases[i].back : cases[i].text);
		CU_ASSERT_PTR_NULL(isla_dns_name_check(cases[i].text));
	}
}

static void
what_is_no_name_is_refused(void)
{
	static const char *const bad[] = {
		"", "..", ".a", "a..b", "a..", "a b", "a\tb", "a\\", "a\\1", "a\\12",
		"a\\256", "a\\ b",
	};
	struct dns_name n;
	size_t i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_EQUAL(dns_name_parse(bad[i], &n), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(isla_dns_name_check(bad[i]));
	}
	CU_ASSERT_STRING_EQUAL(isla_dns_name_check("a..b"), "a label is empty");
}

/* RFC 1035, 2.3.4: 63 bytes a label, 255 a name on the wire, which are 253 characters. */
static void
names_have_their_limits(void)
{
	char label[65], text[300] = "";
	struct dns_name n, m;
	size_t len;

	memset(label, 'x', sizeof(label));
	label[64] = '\0';
	CU_ASSERT_EQUAL(dns_name_parse(label, &n), -ENAMETOOLONG);
	label[63] = '\0';
	CU_ASSERT_EQUAL(dns_name_parse(label, &n), 0);
	/* 3 * 64 + 61 = 253 */
	strcat(strcat(strcat(strcat(text, label), "."), label), ".");
	strcat(strcat(text, label), ".");
	label[61] = '\0';
	strcat(text, label);
	len = strlen(text);
	CU_ASSERT_EQUAL(len, 253);
	CU_ASSERT_EQUAL(dns_name_parse(text, &n), 0);
	CU_ASSERT_EQUAL(n.len, 255);
	CU_ASSERT_STRING_EQUAL(text_of(&n), text);
	strcat(text, ".");
	CU_ASSERT_EQUAL(dns_name_parse(text, &n), 0);
	text[253] = 'x';
	CU_ASSERT_EQUAL(dns_name_parse(text, &n), -ENAMETOOLONG);
	CU_ASSERT_PTR_NOT_NULL(isla_dns_name_check(text));
	/* A search domain must fit, too. */
	m = name("a.b");
	CU_ASSERT_EQUAL(dns_name_append(&n, &m), -ENAMETOOLONG);
}

static void
case_says_nothing(void)
{
	struct dns_name a = name("WwW.Example.TEST"), b = name("www.eXample.test");
	struct dns_name c = name("www.example.tesu"), zone = name("EXAMPLE.test"), root = name(".");
	struct dns_name other = name("xample.test"), inner = name("ww\\.example.test");
	const struct isla_key key = {{1, 2}};

	CU_ASSERT_TRUE(dns_name_eq(&a, &b));
	CU_ASSERT_FALSE(dns_name_eq(&a, &c));
	CU_ASSERT_EQUAL(dns_name_hash(&a, &key), dns_name_hash(&b, &key));
	CU_ASSERT_NOT_EQUAL(dns_name_hash(&a, &key), dns_name_hash(&c, &key));
	CU_ASSERT_TRUE(dns_name_is_in(&a, &zone));
	CU_ASSERT_TRUE(dns_name_is_in(&zone, &zone));
	CU_ASSERT_TRUE(dns_name_is_in(&a, &root));
	CU_ASSERT_FALSE(dns_name_is_in(&zone, &a));
	CU_ASSERT_FALSE(dns_name_is_in(&a, &other));
	CU_ASSERT_FALSE(dns_name_is_in(&inner, &zone));
}

static void
addresses_have_names(void)
{
	struct isla_addr a;
	struct dns_name n;

	isla_addr_parse("192.0.2.10", &a);
	dns_name_reverse(&a, &n);
	CU_ASSERT_STRING_EQUAL(text_of(&n), "10.2.0.192.in-addr.arpa");
	/* RFC 3596, 2.5 has this one. */
	isla_addr_parse("4321:0:1:2:3:4:567:89ab", &a);
	dns_name_reverse(&a, &n);
	CU_ASSERT_STRING_EQUAL(text_of(&n), "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0."
					    "1.2.3.4.ip6.arpa");
}

/* RFC 1035, 4.1.4's own example: F.ISI.ARPA, FOO.F.ISI.ARPA, ARPA and the root. */
static void
compression_is_followed(void)
{
	uint8_t msg[100] = {0};
	struct dns_name n;
	size_t off;

	memcpy(msg + 20, "\1F\3ISI\4ARPA\0", 12);
	memcpy(msg + 40, "\3FOO\300\024", 6);
	memcpy(msg + 64, "\300\032", 2);
	off = 40;
	CU_ASSERT_EQUAL(dns_name_read(msg, 100, &off, &n), 0);
	CU_ASSERT_EQUAL(off, 46);
	CU_ASSERT_STRING_EQUAL(text_of(&n), "FOO.F.ISI.ARPA");
	off = 64;
	CU_ASSERT_EQUAL(dns_name_read(msg, 100, &off, &n), 0);
	CU_ASSERT_EQUAL(off, 66);
	CU_ASSERT_STRING_EQUAL(text_of(&n), "ARPA");
	off = 92;
	CU_ASSERT_EQUAL(dns_name_read(msg, 100, &off, &n), 0);
	CU_ASSERT_EQUAL(n.len, 1);
}

static void
pointers_that_lead_nowhere_are_refused(void)
{
	static const struct {
		const char *b;
		uint8_t len, at;
	} cases[] = {
		{"\300\000", 2, 0},                 /* to itself */
		{"\300\002\300\000", 4, 2},         /* to and fro */
		{"\1a\300\000", 4, 2},              /* through a label back to itself */
		{"\300\004\0\0\1a", 7, 0},          /* forwards */
		{"\300", 1, 0},                     /* half a pointer */
		{"\5ab", 3, 0},                     /* a label beyond the end */
		{"\1a", 2, 0},                      /* no root */
		{"\100a", 3, 0},                    /* reserved bits 01 */
		{"\200a", 3, 0},                    /* reserved bits 10 */
		{"", 0, 0},
	};
	struct dns_name n;
	size_t i, off;

	for (i = 0; i < RTE_DIM(cases); i++) {
		off = cases[i].at;
		if (i == 2) {
			/* "a" and then itself: it must lead to before where the name began. */
			off = 0;
		}
		CU_ASSERT_EQUAL(dns_name_read((const uint8_t *)cases[i].b, cases[i].len, &off, &n),
			-EBADMSG);
	}
}

/* Pointers to pointers: a few are a name's, thousands are somebody's who wants the time. */
static void
long_chains_of_pointers_are_refused(void)
{
	uint8_t msg[2 * 200] = {1, 'a', 0, 0};
	struct dns_name n;
	size_t off, i;

	for (i = 2; i < 200; i++)
		dns_put16(msg + 2 * i, (uint16_t)(0xc000 | (i == 2 ? 0 : 2 * (i - 1))));
	for (i = 2; i < 200; i++) {
		off = 2 * i;
		CU_ASSERT_EQUAL(dns_name_read(msg, sizeof(msg), &off, &n), i <= 64 ? 0 : -EBADMSG);
		if (i <= 64)
			CU_ASSERT_STRING_EQUAL(text_of(&n), "a");
	}
}

static void
a_name_that_pointers_make_too_long_is_refused(void)
{
	uint8_t msg[600];
	size_t at = 0, off;
	struct dns_name n;
	unsigned int i;

	/* Labels of 62 bytes, each with a pointer to the one before. */
	for (i = 0; i < 6; i++) {
		size_t before = at;

		msg[at] = 62;
		memset(msg + at + 1, 'x', 62);
		at += 63;
		if (i == 0) {
			msg[at++] = 0;
			continue;
		}
		msg[at++] = 0xc0;
		msg[at++] = (uint8_t)(i == 1 ? 0 : before - 65);
		off = before;
		CU_ASSERT_EQUAL(dns_name_read(msg, at, &off, &n), i < 4 ? 0 : -EBADMSG);
		if (before > 190)
			break;
	}
}

/* ---- messages */

/* Captured from a name server: www.example.test A, with an alias, compression and OPT. */
static const uint8_t golden[] = {0x12, 0x34, 0x81, 0x80, 0x00, 0x01, 0x00, 0x03, 0x00, 0x00, 0x00,
	0x01, 0x03, 'w', 'w', 'w', 0x07, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0x04, 't', 'e', 's', 't',
	0x00, 0x00, 0x01, 0x00, 0x01, /* question */
	0xc0, 0x0c, 0x00, 0x05, 0x00, 0x01, 0x00, 0x00, 0x00, 0x3c, 0x00, 0x07, 0x04, 'h', 'o', 's',
	't', 0xc0, 0x10, /* www CNAME host, 60 s */
	0xc0, 0x2e, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x01, 0x2c, 0x00, 0x04, 192, 0, 2, 1,
	0xc0, 0x2e, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x01, 0x2c, 0x00, 0x04, 192, 0, 2, 2,
	0x00, 0x00, 0x29, 0x04, 0xd0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

static const uint8_t golden_query[] = {0x12, 0x34, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x03, 'w', 'w', 'w', 0x07, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0x04, 't', 'e', 's',
	't', 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x29, 0x04, 0xd0, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00};

static uint8_t data[65535];

static int
read_msg(const uint8_t *msg, size_t len, const char *asked, uint16_t type, struct dns_reply *reply)
{
	struct dns_name n = name(asked);

	memset(reply, 0, sizeof(*reply));
	reply->data = data;
	reply->size = sizeof(data);
	return dns_reply_read(msg, len, &n, type, reply);
}

static void
a_query_is_written(void)
{
	uint8_t buf[DNS_QUERY_MAX];
	struct dns_name n = name("www.example.test");

	CU_ASSERT_EQUAL(dns_query_build(buf, 0x1234, &n, ISLA_DNS_A, 1232), sizeof(golden_query));
	CU_ASSERT_EQUAL(memcmp(buf, golden_query, sizeof(golden_query)), 0);
	/* Without EDNS: no OPT, and nobody counts one. */
	CU_ASSERT_EQUAL(dns_query_build(buf, 0x1234, &n, ISLA_DNS_A, 0), sizeof(golden_query) - 11);
	CU_ASSERT_EQUAL(buf[11], 0);
	CU_ASSERT_EQUAL(memcmp(buf + 12, golden_query + 12, sizeof(golden_query) - 23), 0);
}

static void
an_answer_is_read(void)
{
	struct dns_reply r;
	struct isla_dns_record record;
	char text[100];

	CU_ASSERT_EQUAL(read_msg(golden, sizeof(golden), "www.example.test", ISLA_DNS_A, &r), 0);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_DATA);
	CU_ASSERT_EQUAL(r.nb_records, 2);
	CU_ASSERT_EQUAL(r.ttl_s, 60);
	CU_ASSERT_EQUAL(r.nb_hops, 1);
	CU_ASSERT_EQUAL(r.nb_foreign, 0);
	CU_ASSERT_STRING_EQUAL(text_of(&r.name), "host.example.test");
	CU_ASSERT_EQUAL(r.data_len, 12);
	CU_ASSERT_EQUAL(dns_record_fill(&record, ISLA_DNS_A, data + 8, 4, NULL, 0), 0);
	isla_dns_record_format(&record, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "192.0.2.2");
}

static void
no_truncation_is_taken_for_a_message(void)
{
	size_t len;

	for (len = 0; len < sizeof(golden); len++) {
		uint8_t *exact = malloc(len + 1);
		struct dns_reply r;

		memcpy(exact, golden, len);
		CU_ASSERT_EQUAL(read_msg(exact, len, "www.example.test", ISLA_DNS_A, &r), -EBADMSG);
		free(exact);
	}
}

/* RFC 5452, 9.1: id, question, name, type and class; and that it is an answer. */
static void
what_differs_is_no_answer(void)
{
	static const struct {
		uint8_t at, value;
		enum dns_match match;
	} cases[] = {
		{0, 0x13, DNS_MISMATCH},  /* id */
		{1, 0x35, DNS_MISMATCH},
		{2, 0x01, DNS_MISMATCH},  /* QR: a question */
		{2, 0x89, DNS_MISMATCH},  /* opcode */
		{5, 0x02, DNS_MISMATCH},  /* two questions */
		{5, 0x00, DNS_MISMATCH},  /* none */
		{13, 'v', DNS_MISMATCH},  /* name */
		{13, 'W', DNS_MATCH_CASE},
		{31, 0x1c, DNS_MISMATCH}, /* type */
		{33, 0x03, DNS_MISMATCH}, /* class */
		{2, 0x85, DNS_MATCH},     /* AA */
	};
	struct dns_name n = name("www.example.test");
	uint8_t msg[sizeof(golden)];
	size_t i;

	CU_ASSERT_EQUAL(dns_reply_match(golden, sizeof(golden), 0x1234, &n, 1), DNS_MATCH);
	for (i = 0; i < RTE_DIM(cases); i++) {
		memcpy(msg, golden, sizeof(msg));
		msg[cases[i].at] = cases[i].value;
		CU_ASSERT_EQUAL(
			dns_reply_match(msg, sizeof(msg), 0x1234, &n, 1), cases[i].match);
	}
	for (i = 0; i < 34; i++)
		CU_ASSERT_EQUAL(dns_reply_match(golden, i, 0x1234, &n, 1), DNS_MISMATCH);
}

static void
an_error_without_a_question_is_one(void)
{
	const uint8_t formerr[12] = {0x12, 0x34, 0x80, 0x01};
	const uint8_t fine[12] = {0x12, 0x34, 0x80, 0x00};
	struct dns_name n = name("a.test");
	struct dns_reply r;

	CU_ASSERT_EQUAL(dns_reply_match(formerr, 12, 0x1234, &n, 1), DNS_MATCH_HEADER);
	CU_ASSERT_EQUAL(dns_reply_match(formerr, 12, 0x1235, &n, 1), DNS_MISMATCH);
	CU_ASSERT_EQUAL(dns_reply_match(fine, 12, 0x1234, &n, 1), DNS_MISMATCH);
	CU_ASSERT_EQUAL(read_msg(formerr, 12, "a.test", 1, &r), 0);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_ERROR);
	CU_ASSERT_EQUAL(r.rcode, DNS_FORMERR);
}

static void
counts_that_lie_are_refused(void)
{
	uint8_t msg[sizeof(golden)];
	struct dns_reply r;
	size_t at;

	for (at = 4; at < 12; at += 2) {
		memcpy(msg, golden, sizeof(msg));
		msg[at] = 0xff;
		CU_ASSERT_EQUAL(
			read_msg(msg, sizeof(msg), "www.example.test", ISLA_DNS_A, &r), -EBADMSG);
	}
}

/* ---- messages made here */

struct msg {
	uint8_t b[4096];
	size_t len;
};

static void
msg_begin(struct msg *m, const char *asked, uint16_t type, uint16_t flags)
{
	struct dns_name n = name(asked);

	m->len = dns_query_build(m->b, 0x1234, &n, type, 0);
	dns_put16(m->b + 2, DNS_QR | DNS_RD | DNS_RA | flags);
}

static void
msg_add(struct msg *m, unsigned int section, const char *owner, uint16_t type, uint32_t ttl_s,
	const void *rdata, uint16_t rdlen)
{
	struct dns_name n = name(owner);
	uint8_t *p = m->b + m->len;

	memcpy(p, n.b, n.len);
	p += n.len;
	dns_put16(p, type);
	dns_put16(p + 2, DNS_CLASS_IN);
	dns_put16(p + 4, (uint16_t)(ttl_s >> 16));
	dns_put16(p + 6, (uint16_t)ttl_s);
	dns_put16(p + 8, rdlen);
	memcpy(p + 10, rdata, rdlen);
	m->len = (size_t)(p + 10 + rdlen - m->b);
	dns_put16(m->b + 4 + 2 * section, (uint16_t)(dns_get16(m->b + 4 + 2 * section) + 1));
}

static void
msg_add_name(struct msg *m, unsigned int section, const char *owner, uint16_t type,
	uint32_t ttl_s, const char *target)
{
	struct dns_name n = name(target);

	msg_add(m, section, owner, type, ttl_s, n.b, n.len);
}

static void
msg_add_soa(struct msg *m, const char *owner, uint32_t ttl_s, uint32_t minimum_s)
{
	struct dns_name n = name("ns.test");
	uint8_t rdata[600] = {0};
	size_t len = 0;
	int i;

	for (i = 0; i < 2; i++, len += n.len)
		memcpy(rdata + len, n.b, n.len);
	dns_put16(rdata + len + 16, (uint16_t)(minimum_s >> 16));
	dns_put16(rdata + len + 18, (uint16_t)minimum_s);
	msg_add(m, 2, owner, ISLA_DNS_SOA, ttl_s, rdata, (uint16_t)(len + 20));
}

/* Most of them answer the question for the address of a.test, and can be read. */
static void
msg_ask(struct msg *m, uint16_t flags)
{
	msg_begin(m, "a.test", ISLA_DNS_A, flags);
}

static void
msg_reads(const struct msg *m, struct dns_reply *r)
{
	CU_ASSERT_EQUAL(read_msg(m->b, m->len, "a.test", ISLA_DNS_A, r), 0);
}

static const uint8_t ip[4] = {192, 0, 2, 1}, ip2[4] = {192, 0, 2, 2};

static void
records_come_in_any_order(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, 0);
	msg_add(&m, 1, "c.test", 1, 100, ip, 4);
	msg_add_name(&m, 1, "B.test", ISLA_DNS_CNAME, 50, "C.test");
	msg_add_name(&m, 1, "a.test", ISLA_DNS_CNAME, 70, "b.test");
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_DATA);
	CU_ASSERT_EQUAL(r.nb_records, 1);
	CU_ASSERT_EQUAL(r.ttl_s, 50);
	CU_ASSERT_EQUAL(r.nb_hops, 2);
}

/* RFC 2181, 5.4.1 and RFC 5452: what was not asked for is not believed. */
static void
records_of_others_are_dropped(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, 0);
	msg_add(&m, 1, "a.test", 1, 100, ip, 4);
	msg_add(&m, 1, "bank.test", 1, 86400, ip2, 4);
	msg_add(&m, 3, "a.test", 1, 86400, ip2, 4);
	msg_add(&m, 2, "a.test", 1, 86400, ip2, 4);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.nb_records, 1);
	CU_ASSERT_EQUAL(memcmp(r.data + 2, ip, 4), 0);
	CU_ASSERT_EQUAL(r.nb_foreign, 1);
	CU_ASSERT_EQUAL(r.ttl_s, 100);
	/* Of another class. */
	msg_ask(&m, 0);
	msg_add(&m, 1, "a.test", 1, 100, ip, 4);
	m.b[m.len - 11] = 3;
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.nb_records, 0);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_NO_DATA);
}

/* RFC 2181, 5 and 5.2 */
static void
a_set_has_one_ttl_and_no_doubles(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, 0);
	msg_add(&m, 1, "a.test", 1, 100, ip, 4);
	msg_add(&m, 1, "a.test", 1, 40, ip2, 4);
	msg_add(&m, 1, "a.test", 1, 200, ip, 4);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.nb_records, 2);
	CU_ASSERT_EQUAL(r.ttl_s, 40);
}

/* RFC 2181, 8 */
static void
a_ttl_with_its_highest_bit_is_0(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, 0);
	msg_add(&m, 1, "a.test", 1, 0x80000001, ip, 4);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.ttl_s, 0);
	msg_ask(&m, 0);
	msg_add(&m, 1, "a.test", 1, 0x7fffffff, ip, 4);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.ttl_s, 0x7fffffff);
}

/* RFC 2308, 2.1, 2.2 and 5 */
static void
there_being_nothing_has_its_time(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, DNS_NXDOMAIN);
	msg_add_soa(&m, "test", 900, 30);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_NO_NAME);
	CU_ASSERT_EQUAL(r.ttl_s, 30);
	msg_ask(&m, 0);
	msg_add_soa(&m, "test", 20, 30);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_NO_DATA);
	CU_ASSERT_EQUAL(r.ttl_s, 20);
	/* Without SOA it is not to be remembered. */
	msg_ask(&m, DNS_NXDOMAIN);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_NO_NAME);
	CU_ASSERT_EQUAL(r.ttl_s, 0);
	/* Nor with that of a zone in which the name does not lie. */
	msg_ask(&m, DNS_NXDOMAIN);
	msg_add_soa(&m, "other", 900, 30);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.ttl_s, 0);
}

static void
an_alias_of_nothing(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, DNS_NXDOMAIN);
	msg_add_name(&m, 1, "a.test", ISLA_DNS_CNAME, 10, "b.test");
	msg_add_soa(&m, "test", 900, 30);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_NO_NAME);
	CU_ASSERT_EQUAL(r.ttl_s, 10);
	/* A server that does not follow it: to be asked for. */
	msg_ask(&m, 0);
	msg_add_name(&m, 1, "a.test", ISLA_DNS_CNAME, 10, "b.elsewhere");
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_ALIAS);
	CU_ASSERT_STRING_EQUAL(text_of(&r.name), "b.elsewhere");
	CU_ASSERT_EQUAL(r.ttl_s, 10);
	/* Asked for itself, it is the answer. */
	CU_ASSERT_EQUAL(read_msg(m.b, m.len, "a.test", ISLA_DNS_CNAME, &r), 0);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_DATA);
	CU_ASSERT_EQUAL(r.nb_records, 1);
}

static void
chains_have_an_end(void)
{
	char from[] = "a.test", to[] = "b.test";
	struct dns_reply r;
	struct msg m;
	int i;

	msg_ask(&m, 0);
	msg_add_name(&m, 1, "a.test", ISLA_DNS_CNAME, 10, "b.test");
	msg_add_name(&m, 1, "b.test", ISLA_DNS_CNAME, 10, "a.test");
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_LOOP);
	msg_ask(&m, 0);
	for (i = 0; i < DNS_CHAIN_MAX; i++, from[0]++, to[0]++)
		msg_add_name(&m, 1, from, ISLA_DNS_CNAME, 10, to);
	msg_add(&m, 1, from, 1, 10, ip, 4);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_DATA);
	msg_add_name(&m, 1, "z.test", ISLA_DNS_CNAME, 10, "a.test");
	CU_ASSERT_EQUAL(read_msg(m.b, m.len, "z.test", 1, &r), 0);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_LOOP);
}

static void
a_referral_is_no_answer(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, 0);
	msg_add_name(&m, 2, "test", ISLA_DNS_NS, 10, "ns.test");
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_ERROR);
	/* Nor are records of a name that does not exist. */
	msg_ask(&m, DNS_NXDOMAIN);
	msg_add(&m, 1, "a.test", 1, 100, ip, 4);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_ERROR);
}

/* RFC 6891, 6.1.1 and 6.1.3 */
static void
opt_has_its_rules(void)
{
	struct dns_reply r;
	struct msg m;

	msg_ask(&m, 0);
	msg_add(&m, 3, ".", DNS_TYPE_OPT, 0x01000000, "", 0);
	msg_reads(&m, &r);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_ERROR);
	CU_ASSERT_EQUAL(r.rcode, DNS_BADVERS);
	msg_add(&m, 3, ".", DNS_TYPE_OPT, 0, "", 0);
	CU_ASSERT_EQUAL(read_msg(m.b, m.len, "a.test", 1, &r), -EBADMSG);
	msg_ask(&m, 0);
	msg_add(&m, 3, "x", DNS_TYPE_OPT, 0, "", 0);
	CU_ASSERT_EQUAL(read_msg(m.b, m.len, "a.test", 1, &r), -EBADMSG);
}

/* Every type: as in a message, and as in a zone file. */
static void
records_are_text(void)
{
	static const struct {
		uint16_t type;
		uint16_t len;
		const char *rdata, *text;
	} cases[] = {
		{ISLA_DNS_A, 4, "\300\0\2\1", "192.0.2.1"},
		{ISLA_DNS_AAAA, 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", "2001:db8::1"},
		{ISLA_DNS_NS, 4, "\2ns\0", "ns"},
		{ISLA_DNS_CNAME, 4, "\300\x0c", "t.test"},
		{ISLA_DNS_PTR, 5, "\1a\1b\0", "a.b"},
		{ISLA_DNS_MX, 8, "\0\12\4mail\0", "10 mail"},
		{ISLA_DNS_MX, 3, "\0\0\0", "0 ."},
		{ISLA_DNS_SRV, 10, "\0\1\0\2\0\120\2hs\0", "1 2 80 hs"},
		{ISLA_DNS_TXT, 6, "\5he\"lo", "\"he\\\"lo\""},
		{ISLA_DNS_TXT, 6, "\1a\0\2\0\\", "\"a\" \"\" \"\\000\\\\\""},
		{ISLA_DNS_SOA, 27, "\1m\0\2rr\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5",
			"m rr 1 2 3 4 5"},
		{257, 3, "abc", "\\# 3 616263"},
	};
	char owner[ISLA_DNS_NAME_STRLEN], text[200];
	struct isla_dns_record record;
	struct dns_reply r;
	struct msg m;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		uint16_t len = cases[i].len;

		if (cases[i].type == ISLA_DNS_CNAME)
			len = 2;
		msg_begin(&m, "t.test", cases[i].type, 0);
		msg_add(&m, 1, "t.test", cases[i].type, 5, cases[i].rdata, len);
		CU_ASSERT_EQUAL(read_msg(m.b, m.len, "t.test", cases[i].type, &r), 0);
		CU_ASSERT_EQUAL_FATAL(r.nb_records, 1);
		CU_ASSERT_TRUE(dns_record_fill(&record, cases[i].type, data + 2, dns_get16(data), owner,
				       sizeof(owner)) >= 0);
		isla_dns_record_format(&record, text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
	}
}

static void
data_of_a_wrong_length_is_refused(void)
{
	static const struct {
		uint16_t type;
		uint16_t len;
		const char *rdata;
	} cases[] = {
		{ISLA_DNS_A, 3, "abc"},
		{ISLA_DNS_A, 5, "abcde"},
		{ISLA_DNS_A, 0, ""},
		{ISLA_DNS_AAAA, 4, "abcd"},
		{ISLA_DNS_TXT, 0, ""},
		{ISLA_DNS_TXT, 3, "\5ab"},
		{ISLA_DNS_TXT, 3, "\1ab"},
		{ISLA_DNS_CNAME, 0, ""},
		{ISLA_DNS_CNAME, 2, "\1a"},
		{ISLA_DNS_CNAME, 4, "\1a\0x"},
		{ISLA_DNS_PTR, 2, "\300\377"},
		{ISLA_DNS_MX, 2, "\0\1"},
		{ISLA_DNS_MX, 1, "\0"},
		{ISLA_DNS_SRV, 5, "\0\0\0\0\0"},
		{ISLA_DNS_SOA, 21, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
	};
	struct dns_reply r;
	struct msg m;
	size_t i;

	for (i = 0; i < RTE_DIM(cases); i++) {
		msg_begin(&m, "t.test", cases[i].type, 0);
		msg_add(&m, 1, "t.test", cases[i].type, 5, cases[i].rdata, cases[i].len);
		CU_ASSERT_EQUAL(read_msg(m.b, m.len, "t.test", cases[i].type, &r), -EBADMSG);
	}
}

static void
more_records_than_fit_are_told_of(void)
{
	static struct msg m;
	struct dns_reply r = {.data = data, .size = 100};
	struct dns_name n = name("a.test");
	uint8_t addr[4] = {10, 0, 0, 0};
	int i;

	msg_ask(&m, 0);
	for (i = 0; i < 100; i++) {
		addr[3] = (uint8_t)i;
		msg_add(&m, 1, "a.test", 1, 100, addr, 4);
	}
	CU_ASSERT_EQUAL(dns_reply_read(m.b, m.len, &n, 1, &r), 0);
	CU_ASSERT_EQUAL(r.outcome, DNS_GOT_DATA);
	CU_ASSERT_EQUAL(r.nb_records, 16);
	CU_ASSERT_EQUAL(r.data_len, 96);
	CU_ASSERT_TRUE(r.is_partial);
}

static void
types_have_names(void)
{
	CU_ASSERT_EQUAL(isla_dns_type_parse("AAAA"), ISLA_DNS_AAAA);
	CU_ASSERT_EQUAL(isla_dns_type_parse("srv"), ISLA_DNS_SRV);
	CU_ASSERT_EQUAL(isla_dns_type_parse("ANY"), -1);
	CU_ASSERT_EQUAL(isla_dns_type_parse(""), -1);
	CU_ASSERT_STRING_EQUAL(isla_dns_type_name(ISLA_DNS_PTR), "PTR");
	CU_ASSERT_STRING_EQUAL(isla_dns_type_name((enum isla_dns_type)999), "?");
	CU_ASSERT_STRING_EQUAL(isla_dns_status_text(ISLA_DNS_NO_NAME), "there is no such name");
	CU_ASSERT_STRING_EQUAL(isla_dns_status_text(ISLA_DNS_STATUS_MAX), "?");
}

static const struct suite_test tests[] = {
	SUITE_TEST(names_are_text_and_bytes),
	SUITE_TEST(what_is_no_name_is_refused),
	SUITE_TEST(names_have_their_limits),
	SUITE_TEST(case_says_nothing),
	SUITE_TEST(addresses_have_names),
	SUITE_TEST(compression_is_followed),
	SUITE_TEST(pointers_that_lead_nowhere_are_refused),
	SUITE_TEST(long_chains_of_pointers_are_refused),
	SUITE_TEST(a_name_that_pointers_make_too_long_is_refused),
	SUITE_TEST(a_query_is_written),
	SUITE_TEST(an_answer_is_read),
	SUITE_TEST(no_truncation_is_taken_for_a_message),
	SUITE_TEST(what_differs_is_no_answer),
	SUITE_TEST(an_error_without_a_question_is_one),
	SUITE_TEST(counts_that_lie_are_refused),
	SUITE_TEST(records_come_in_any_order),
	SUITE_TEST(records_of_others_are_dropped),
	SUITE_TEST(a_set_has_one_ttl_and_no_doubles),
	SUITE_TEST(a_ttl_with_its_highest_bit_is_0),
	SUITE_TEST(there_being_nothing_has_its_time),
	SUITE_TEST(an_alias_of_nothing),
	SUITE_TEST(chains_have_an_end),
	SUITE_TEST(a_referral_is_no_answer),
	SUITE_TEST(opt_has_its_rules),
	SUITE_TEST(records_are_text),
	SUITE_TEST(data_of_a_wrong_length_is_refused),
	SUITE_TEST(more_records_than_fit_are_told_of),
	SUITE_TEST(types_have_names),
};

int
main(void)
{
	return suite_run("dns_msg", tests, RTE_DIM(tests), NULL, NULL);
}
