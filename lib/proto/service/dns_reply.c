/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message says to a question: dns_reply_match(), then dns_reply_read().
 *
 * RFC 5452, 9.1 says what an answer must have in common with its question. Of what it holds, only
 * the chain of aliases that begins with the question's name is believed, the records that its last
 * name has, and the SOA of a zone that this name lies in (RFC 2181, 5.4.1; RFC 2308): whatever else
 * is in it was not asked for.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dns_reply.h"

/* Where the sections begin, and what the others than the answer's say. */
struct sections {
	size_t answer;
	unsigned int nb_answers;
	bool has_ns;
	bool has_soa;
	struct dns_name zone; /* of the SOA */
	uint32_t neg_ttl_s;
	unsigned int nb_opt;
	unsigned int ext_rcode;
};

enum dns_match
dns_reply_match(const uint8_t *msg, size_t len, uint16_t id, const struct dns_name *name,
	uint16_t type)
{
	size_t off = DNS_HDR_LEN;
	struct dns_name asked;
	uint16_t asked_type, class;
	struct dns_hdr hdr;

	if (dns_hdr_read(msg, len, &hdr) != 0 || hdr.id != id ||
		(hdr.flags & (DNS_QR | DNS_OPCODE)) != DNS_QR)
		return DNS_MISMATCH;
	if (hdr.nb[0] == 0 && len == DNS_HDR_LEN &&
		((hdr.flags & DNS_RCODE) == DNS_FORMERR || (hdr.flags & DNS_RCODE) == DNS_NOTIMP))
		return DNS_MATCH_HEADER;
	if (hdr.nb[0] != 1 ||
		dns_question_read(msg, len, &off, &asked, &asked_type, &class) != 0 ||
		asked_type != type || class != DNS_CLASS_IN || !dns_name_eq(&asked, name))
		return DNS_MISMATCH;
	return memcmp(asked.b, name->b, name->len) == 0 ? DNS_MATCH : DNS_MATCH_CASE;
}

/* RFC 2308, 4 and 5: the time to remember that there is nothing. */
static void
take_soa(const uint8_t *msg, size_t len, const struct dns_rr *rr, struct sections *s)
{
	uint8_t data[2 * DNS_NAME_MAX + 20];
	int n = dns_rdata_expand(msg, len, rr, data, sizeof(data));

	if (n < 20 || s->has_soa)
		return;
	s->has_soa = true;
	s->zone = rr->name;
	s->neg_ttl_s = RTE_MIN(rr->ttl_s, dns_get32(data + n - 4));
}

/* One walk over the message, which finds out whether it is well-formed. */
static int
sections_read(const uint8_t *msg, size_t len, const struct dns_hdr *hdr, struct sections *s)
{
	size_t off = DNS_HDR_LEN;
	struct dns_name name;
	uint16_t type, class;
	unsigned int i, section;
	struct dns_rr rr;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < hdr->nb[0]; i++)
		if (dns_question_read(msg, len, &off, &name, &type, &class) != 0)
			return -EBADMSG;
	s->answer = off;
	s->nb_answers = hdr->nb[1];
	for (section = 1; section < RTE_DIM(hdr->nb); section++) {
		for (i = 0; i < hdr->nb[section]; i++) {
			if (dns_rr_read(msg, len, &off, &rr) != 0)
				return -EBADMSG;
			if (section == 2 && rr.class == DNS_CLASS_IN && rr.type == ISLA_DNS_SOA)
				take_soa(msg, len, &rr, s);
			if (section == 2 && rr.class == DNS_CLASS_IN && rr.type == ISLA_DNS_NS)
				s->has_ns = true;
			if (section == 3 && rr.type == DNS_TYPE_OPT) {
				s->nb_opt++;
				s->ext_rcode = msg[rr.rdata - 6];
				if (rr.name.len != 1)
					return -EBADMSG;
			}
		}
	}
	/* RFC 6891, 6.1.1 */
	return s->nb_opt <= 1 ? 0 : -EBADMSG;
}

/* RFC 2181, 5: no record is twice in a set. */
static bool
has_record(const struct dns_reply *reply, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (at < reply->data_len) {
		size_t n = dns_get16(reply->data + at);

		if (n == len && memcmp(reply->data + at + 2, data, n) == 0)
			return true;
		at += 2 + n;
	}
	return false;
}

static int
take_record(const uint8_t *msg, size_t len, const struct dns_rr *rr, struct dns_reply *reply)
{
	uint8_t *to = reply->data + reply->data_len;
	size_t room = reply->size - reply->data_len;
	int n = -ENOSPC;

	/* The set's TTL is the least of its records' (RFC 2181, 5.2). */
	reply->ttl_s = RTE_MIN(reply->ttl_s, rr->ttl_s);
	if (room >= 2 && reply->nb_records < ISLA_DNS_RECORDS_MAX)
		n = dns_rdata_expand(msg, len, rr, to + 2, room - 2);
	if (n == -ENOSPC) {
		reply->is_partial = true;
		return 0;
	}
	if (n < 0)
		return n;
	if (has_record(reply, to + 2, (size_t)n))
		return 0;
	dns_put16(to, (uint16_t)n);
	reply->data_len += 2 + (size_t)n;
	reply->nb_records++;
	return 0;
}

/* What the answer section says of reply->name: its records of a type, or the name that it is an
 * alias of. Returns 1 for these, 0 where it says nothing, -EBADMSG. */
static int
look_up(const uint8_t *msg, size_t len, const struct sections *s, uint16_t type,
	struct dns_reply *reply)
{
	size_t off = s->answer, at;
	struct dns_name alias;
	uint32_t alias_ttl_s = 0;
	bool has_alias = false;
	unsigned int i;
	struct dns_rr rr;

	reply->nb_foreign = 0;
	for (i = 0; i < s->nb_answers; i++) {
		if (dns_rr_read(msg, len, &off, &rr) != 0)
			return -EBADMSG;
		if (rr.class != DNS_CLASS_IN || !dns_name_eq(&rr.name, &reply->name)) {
			reply->nb_foreign++;
		} else if (rr.type == type) {
			if (take_record(msg, len, &rr, reply) != 0)
				return -EBADMSG;
		} else if (rr.type == ISLA_DNS_CNAME && !has_alias) {
			at = rr.rdata;
			if (dns_name_read(msg, at + rr.rdlen, &at, &alias) != 0)
				return -EBADMSG;
			has_alias = true;
			alias_ttl_s = rr.ttl_s;
		}
	}
	if (reply->nb_records > 0 || reply->is_partial)
		return 1;
	if (!has_alias)
		return 0;
	reply->nb_hops++;
	reply->ttl_s = RTE_MIN(reply->ttl_s, alias_ttl_s);
	reply->name = alias;
	return 1;
}

/* Nothing was found under the last name: what does that mean? */
static void
judge_nothing(const struct sections *s, unsigned int nb_aliases, struct dns_reply *reply)
{
	bool has_soa = s->has_soa && dns_name_is_in(&reply->name, &s->zone);

	if (reply->rcode == DNS_NXDOMAIN)
		reply->outcome = DNS_GOT_NO_NAME;
	else if (has_soa)
		reply->outcome = DNS_GOT_NO_DATA;
	else if (nb_aliases > 0)
		reply->outcome = DNS_GOT_ALIAS;
	else if (s->has_ns)
		reply->outcome = DNS_GOT_ERROR; /* ask others: a referral (RFC 2308, 2.2.1) */
	else
		reply->outcome = DNS_GOT_NO_DATA;
	if (reply->outcome == DNS_GOT_NO_NAME || reply->outcome == DNS_GOT_NO_DATA)
		reply->ttl_s = has_soa ? RTE_MIN(reply->ttl_s, s->neg_ttl_s) : 0;
}

int
dns_reply_read(const uint8_t *msg, size_t len, const struct dns_name *name, uint16_t type,
	struct dns_reply *reply)
{
	unsigned int nb_before = reply->nb_hops;
	struct dns_hdr hdr;
	struct sections s;
	int rc;

	reply->name = *name;
	reply->ttl_s = INT32_MAX;
	reply->is_partial = false;
	reply->nb_records = 0;
	reply->data_len = 0;
	reply->nb_foreign = 0;
	if (dns_hdr_read(msg, len, &hdr) != 0 || sections_read(msg, len, &hdr, &s) != 0)
		return -EBADMSG;
	reply->rcode = (hdr.flags & DNS_RCODE) | s.ext_rcode << 4;
	reply->outcome = DNS_GOT_ERROR;
	if (reply->rcode != DNS_NOERROR && reply->rcode != DNS_NXDOMAIN)
		return 0;
	do {
		rc = look_up(msg, len, &s, type, reply);
		if (rc < 0)
			return rc;
		if (reply->nb_hops > DNS_CHAIN_MAX) {
			reply->outcome = DNS_GOT_LOOP;
			return 0;
		}
	} while (rc > 0 && reply->nb_records == 0 && !reply->is_partial);
	/* Records of a name that does not exist: the server contradicts itself. */
	reply->outcome = reply->rcode == DNS_NOERROR ? DNS_GOT_DATA : DNS_GOT_ERROR;
	if (rc == 0)
		judge_nothing(&s, reply->nb_hops - nb_before, reply);
	/* Members of the chain itself are no strangers. */
	reply->nb_foreign -= RTE_MIN(reply->nb_foreign, reply->nb_hops - nb_before);
	return 0;
}
