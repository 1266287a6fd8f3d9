/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DNS codec against anything. The first byte says how much room there is for records; the rest
 * is a message, and the same bytes once more a name as text.
 *
 * The message is read record by record, and as the answer to the question that it holds, as if that
 * were ours. What comes out must be what the next one in the resolver relies on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns_reply.h"
#include "fuzz.h"
#include "guard.h"

static void
must(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "fuzz_dns: %s\n", what);
	abort();
}

static void
check_name(const struct dns_name *name)
{
	char text[ISLA_DNS_NAME_STRLEN];
	struct dns_name again;
	unsigned int at = 0;

	while (at < name->len && name->b[at] != 0) {
		must(name->b[at] <= DNS_LABEL_MAX, "a label is too long");
		at += 1u + name->b[at];
	}
	must(name->len >= 1 && at == name->len - 1u, "a name does not end with the root");
	must(dns_name_format(name, text, sizeof(text)) < sizeof(text), "a name's text is too long");
	must(dns_name_parse(text, &again) == 0 && again.len == name->len &&
			memcmp(again.b, name->b, name->len) == 0,
		"a name is another one once it was text");
}

/* A record's data as it is kept, and what is made of it. */
static void
check_data(uint16_t type, const uint8_t *data, uint16_t len)
{
	static const size_t sizes[] = {0, 1, 20, 4096};
	char name[ISLA_DNS_NAME_STRLEN], text[4096];
	struct isla_dns_record record;
	size_t i, n;

	must(dns_record_fill(&record, type, data, len, name, sizeof(name)) >= 0,
		"a record that was kept cannot be told");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		n = isla_dns_record_format(&record, text, sizes[i]);
		must(sizes[i] == 0 || strlen(text) == (n < sizes[i] ? n : sizes[i] - 1),
			"a record's text has another length");
	}
}

static void
read_records(const uint8_t *msg, size_t len)
{
	uint8_t *room = guard_room(700);
	size_t off = DNS_HDR_LEN, before;
	struct dns_name name;
	struct dns_hdr hdr;
	struct dns_rr rr;
	uint16_t type, class;
	unsigned int i;
	int n;

	if (dns_hdr_read(msg, len, &hdr) != 0)
		return;
	for (i = 0; i < hdr.nb[0]; i++) {
		if (dns_question_read(msg, len, &off, &name, &type, &class) != 0)
			return;
		check_name(&name);
	}
	for (;;) {
		before = off;
		if (dns_rr_read(msg, len, &off, &rr) != 0)
			return;
		must(off > before && off <= len && rr.rdata + rr.rdlen == off, "a record's bounds");
		must(rr.ttl_s <= INT32_MAX, "a TTL is negative");
		check_name(&rr.name);
		n = dns_rdata_expand(msg, len, &rr, room, 700);
		if (n >= 0)
			check_data(rr.type, room, (uint16_t)n);
	}
}

static void
read_reply(const uint8_t *msg, size_t len, size_t size)
{
	struct dns_reply reply = {.data = guard_room(size), .size = size};
	size_t off = DNS_HDR_LEN, at = 0, n;
	struct dns_name name;
	uint16_t type, class, nb = 0;

	if (len < DNS_HDR_LEN || dns_question_read(msg, len, &off, &name, &type, &class) != 0)
		return;
	if (dns_reply_match(msg, len, dns_get16(msg), &name, type) == DNS_MISMATCH ||
		dns_reply_read(msg, len, &name, type, &reply) != 0)
		return;
	check_name(&reply.name);
	must(reply.nb_hops <= DNS_CHAIN_MAX + 1 && reply.nb_records <= ISLA_DNS_RECORDS_MAX &&
			reply.data_len <= size && reply.ttl_s <= INT32_MAX,
		"a bound is not kept");
	while (at < reply.data_len) {
		n = dns_get16(reply.data + at);
		check_data(type, reply.data + at + 2, (uint16_t)n);
		at += 2 + n;
		nb++;
	}
	must(at == reply.data_len && nb == reply.nb_records,
		"the records are not what was counted");
}

static void
read_text(const uint8_t *data, size_t len)
{
	char text[2048];
	struct dns_name name;
	int rc;

	len = len < sizeof(text) ? len : sizeof(text) - 1;
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	rc = dns_name_parse(text, &name);
	must((rc == 0) == (isla_dns_name_check(text) == NULL), "a name is judged in two ways");
	if (rc == 0)
		check_name(&name);
	isla_dns_type_parse(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t sizes[] = {65535, 1024, 100, 0};
	const uint8_t *msg;

	if (len == 0 || len > 65535)
		return 0;
	msg = guard_put(data + 1, len - 1);
	read_records(msg, len - 1);
	read_reply(msg, len - 1, sizes[data[0] % 4]);
	read_text(msg, len - 1);
	return 0;
}
