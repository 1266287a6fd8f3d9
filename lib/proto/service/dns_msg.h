/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_MSG_H
#define DNS_MSG_H

/*
 * DNS on the wire (RFC 1035, 4; RFC 6891): names, messages read, questions written. Pure functions
 * over bytes that anybody may have sent: each length is checked before it is used, and each walk is
 * bounded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isla_dns.h"
#include "isla_key.h"

#define DNS_HDR_LEN   12
#define DNS_NAME_MAX  255 /* on the wire, the root's byte included */
#define DNS_LABEL_MAX 63
#define DNS_CLASS_IN  1
#define DNS_TYPE_OPT  41
/* A question: header, name, type and class, OPT. */
#define DNS_QUERY_MAX (DNS_HDR_LEN + DNS_NAME_MAX + 4 + 11)

/* Flags of the header (RFC 1035, 4.1.1). */
#define DNS_QR     0x8000
#define DNS_OPCODE 0x7800
#define DNS_AA     0x0400
#define DNS_TC     0x0200
#define DNS_RD     0x0100
#define DNS_RA     0x0080
#define DNS_RCODE  0x000f

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16,
};

/* A name as on the wire, without compression: the labels, each behind its length, and the root's
 * 0. */
struct dns_name {
	uint8_t len;
	uint8_t b[DNS_NAME_MAX];
};

struct dns_hdr {
	uint16_t id;
	uint16_t flags;
	uint16_t nb[4]; /* questions, answers, authority, additional */
};

/* A record; its data stands in the message. */
struct dns_rr {
	struct dns_name name;
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;
	uint16_t rdata; /* offset */
	uint16_t rdlen;
};

/* ---- names (dns_name.c) */

/* Text to name; a dot at the end is allowed. 0; -EINVAL (an empty label, an escape, a blank or
 * control character), -ENAMETOOLONG (a label, or the whole). */
int dns_name_parse(const char *text, struct dns_name *name);

/* Name to text, without a dot at the end; at most size bytes with NUL. Returns the length. */
size_t dns_name_format(const struct dns_name *name, char *buf, size_t size);

/* Read a name, compressed or not, at *off of a message, and advance *off behind it. 0 or
 * -EBADMSG. */
int dns_name_read(const uint8_t *msg, size_t len, size_t *off, struct dns_name *name);

/* Equal, whatever the case (RFC 4343). */
bool dns_name_eq(const struct dns_name *a, const struct dns_name *b);

/* True where name is zone, or below it. */
bool dns_name_is_in(const struct dns_name *name, const struct dns_name *zone);

/* Put a domain behind a name. 0 or -ENAMETOOLONG. */
int dns_name_append(struct dns_name *name, const struct dns_name *domain);

/* Labels, the root's not counted. */
unsigned int dns_name_nb_labels(const struct dns_name *name);

/* The name that an address has in in-addr.arpa (RFC 1035, 3.5) or ip6.arpa (RFC 3596, 2.5). */
void dns_name_reverse(const struct isla_addr *addr, struct dns_name *name);

/* For tables; the same for names that are equal. */
uint32_t dns_name_hash(const struct dns_name *name, const struct isla_key *key);

/* ---- messages (dns_msg.c) */

/* 0, or -EBADMSG: it is shorter than a header. */
int dns_hdr_read(const uint8_t *msg, size_t len, struct dns_hdr *hdr);

/* The question at *off, which is advanced. 0 or -EBADMSG. */
int dns_question_read(const uint8_t *msg, size_t len, size_t *off, struct dns_name *name,
	uint16_t *type, uint16_t *class);

/* The record at *off, which is advanced. 0 or -EBADMSG. */
int dns_rr_read(const uint8_t *msg, size_t len, size_t *off, struct dns_rr *rr);

/*
 * A record's data with the names in it written out, which is its form in the cache. Returns the
 * length; -EBADMSG (malformed), -ENOSPC (does not fit).
 */
int dns_rdata_expand(const uint8_t *msg, size_t len, const struct dns_rr *rr, uint8_t *buf,
	size_t size);

/*
 * The opposite: what a callback is given, from such data, which must be what dns_rdata_expand()
 * made. A name's text is put to text. Returns how many bytes of it were taken; -ENOSPC.
 */
int dns_record_fill(struct isla_dns_record *record, uint16_t type, const uint8_t *data,
	uint16_t len, char *text, size_t size);

/* A standard query with recursion desired; udp_size of OPT, or 0: without. buf has DNS_QUERY_MAX
 * bytes. Returns the length. */
size_t dns_query_build(uint8_t *buf, uint16_t id, const struct dns_name *name, uint16_t type,
	uint16_t udp_size);

static inline uint16_t
dns_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
dns_get32(const uint8_t *p)
{
	return (uint32_t)dns_get16(p) << 16 | dns_get16(p + 2);
}

static inline void
dns_put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline uint8_t
dns_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

#endif /* DNS_MSG_H */
