/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages (RFC 1035, 4; RFC 3596; RFC 2782; RFC 6891): read record by record, questions written.
 * Pure functions over bytes that anybody may have sent.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "dns_msg.h"

#define SOA_FIXED 20 /* serial, refresh, retry, expire, minimum */

int
dns_hdr_read(const uint8_t *msg, size_t len, struct dns_hdr *hdr)
{
	unsigned int i;

	if (len < DNS_HDR_LEN)
		return -EBADMSG;
	hdr->id = dns_get16(msg);
	hdr->flags = dns_get16(msg + 2);
	for (i = 0; i < RTE_DIM(hdr->nb); i++)
		hdr->nb[i] = dns_get16(msg + 4 + 2 * i);
	return 0;
}

int
dns_question_read(const uint8_t *msg, size_t len, size_t *off, struct dns_name *name,
	uint16_t *type, uint16_t *class)
{
	if (dns_name_read(msg, len, off, name) != 0 || len - *off < 4)
		return -EBADMSG;
	*type = dns_get16(msg + *off);
	*class = dns_get16(msg + *off + 2);
	*off += 4;
	return 0;
}

int
dns_rr_read(const uint8_t *msg, size_t len, size_t *off, struct dns_rr *rr)
{
	const uint8_t *p;

	if (dns_name_read(msg, len, off, &rr->name) != 0 || len - *off < 10)
		return -EBADMSG;
	p = msg + *off;
	rr->type = dns_get16(p);
	rr->class = dns_get16(p + 2);
	rr->ttl_s = dns_get32(p + 4);
	/* RFC 2181, 8: a TTL whose highest bit is set is 0. */
	if (rr->ttl_s > INT32_MAX)
		rr->ttl_s = 0;
	rr->rdlen = dns_get16(p + 8);
	*off += 10;
	if (len - *off < rr->rdlen || *off > UINT16_MAX)
		return -EBADMSG;
	rr->rdata = (uint16_t)*off;
	*off += rr->rdlen;
	return 0;
}

/* What stands before and behind the names of a type's data, and how many names there are. */
struct layout {
	uint8_t before;
	uint8_t nb_names;
	uint8_t after;
};

static struct layout
layout_of(uint16_t type)
{
	switch (type) {
	case ISLA_DNS_NS:
	case ISLA_DNS_CNAME:
	case ISLA_DNS_PTR:
		return (struct layout){0, 1, 0};
	case ISLA_DNS_MX:
		return (struct layout){2, 1, 0};
	case ISLA_DNS_SRV:
		return (struct layout){6, 1, 0};
	case ISLA_DNS_SOA:
		return (struct layout){0, 2, SOA_FIXED};
	default:
		return (struct layout){0, 0, 0};
	}
}

/* Data without names: of the right length, or strings that fill it. */
static bool
is_plain_valid(uint16_t type, const uint8_t *data, unsigned int len)
{
	unsigned int at = 0;

	switch (type) {
	case ISLA_DNS_A:
		return len == 4;
	case ISLA_DNS_AAAA:
		return len == 16;
	case ISLA_DNS_TXT:
		while (at < len)
			at += 1u + data[at];
		return len > 0 && at == len;
	default:
		return true;
	}
}

int
dns_rdata_expand(const uint8_t *msg, size_t len, const struct dns_rr *rr, uint8_t *buf,
	size_t size)
{
	const struct layout l = layout_of(rr->type);
	size_t at = rr->rdata, end = at + rr->rdlen, n;
	struct dns_name name;
	unsigned int i;

	if (l.nb_names == 0) {
		if (!is_plain_valid(rr->type, msg + at, rr->rdlen))
			return -EBADMSG;
		if (rr->rdlen > size)
			return -ENOSPC;
		memcpy(buf, msg + at, rr->rdlen);
		return rr->rdlen;
	}
	if (rr->rdlen < l.before || size < l.before)
		return rr->rdlen < l.before ? -EBADMSG : -ENOSPC;
	memcpy(buf, msg + at, l.before);
	at += l.before;
	n = l.before;
	for (i = 0; i < l.nb_names; i++) {
		/* A pointer may lead out of the data, but the name itself ends within. */
		if (dns_name_read(msg, RTE_MIN(len, end), &at, &name) != 0)
			return -EBADMSG;
		if (size - n < name.len)
			return -ENOSPC;
		memcpy(buf + n, name.b, name.len);
		n += name.len;
	}
	if (end - at != l.after)
		return -EBADMSG;
	if (size - n < l.after)
		return -ENOSPC;
	memcpy(buf + n, msg + at, l.after);
	return (int)(n + l.after);
}

int
dns_record_fill(struct isla_dns_record *record, uint16_t type, const uint8_t *data,
	uint16_t len, char *text, size_t size)
{
	const struct layout l = layout_of(type);
	struct dns_name name;
	size_t at = l.before, n;

	memset(record, 0, sizeof(*record));
	record->type = (enum isla_dns_type)type;
	record->data = data;
	record->len = len;
	if (type == ISLA_DNS_A && len == 4)
		memcpy(&record->addr, &(struct isla_addr){.w = {0, 0, RTE_BE32(0xffff), 0}}, 16);
	if (type == ISLA_DNS_A && len == 4)
		memcpy(record->addr.b + 12, data, 4);
	if (type == ISLA_DNS_AAAA && len == 16)
		record->addr = isla_addr_from_v6(data);
	if (l.nb_names == 0)
		return 0;
	if (dns_name_read(data, len, &at, &name) != 0)
		return -ENOSPC;
	n = dns_name_format(&name, text, size) + 1;
	if (n > size)
		return -ENOSPC;
	record->name = text;
	if (l.before >= 2)
		record->priority = dns_get16(data);
	if (l.before == 6) {
		record->weight = dns_get16(data + 2);
		record->port = dns_get16(data + 4);
	}
	return (int)n;
}

size_t
dns_query_build(uint8_t *buf, uint16_t id, const struct dns_name *name, uint16_t type,
	uint16_t udp_size)
{
	uint8_t *p = buf + DNS_HDR_LEN;

	memset(buf, 0, DNS_HDR_LEN);
	dns_put16(buf, id);
	dns_put16(buf + 2, DNS_RD);
	dns_put16(buf + 4, 1);
	memcpy(p, name->b, name->len);
	p += name->len;
	dns_put16(p, type);
	dns_put16(p + 2, DNS_CLASS_IN);
	p += 4;
	if (udp_size != 0) {
		/* RFC 6891, 6.1.2: the root, OPT, the size; no extended RCODE, version 0, no flags,
		 * no options. */
		dns_put16(buf + 10, 1);
		memset(p, 0, 11);
		dns_put16(p + 1, DNS_TYPE_OPT);
		dns_put16(p + 3, udp_size);
		p += 11;
	}
	return (size_t)(p - buf);
}
