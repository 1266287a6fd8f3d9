/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_REPLY_H
#define DNS_REPLY_H

/* What a message says to a question: whether it is the answer to it at all, and what of it is to be
 * believed. Pure functions over bytes that anybody may have sent. */

#include "dns_msg.h"

/* Aliases that are followed from one name to the last, over all answers that it takes. */
#define DNS_CHAIN_MAX 10

enum dns_match {
	DNS_MATCH,
	DNS_MATCH_CASE,   /* all but upper and lower case are right */
	DNS_MATCH_HEADER, /* an error without a question, as old servers have it */
	DNS_MISMATCH,
};

/* Is it an answer to a question with this id, of this name, letter by letter, and type? */
enum dns_match dns_reply_match(const uint8_t *msg, size_t len, uint16_t id,
	const struct dns_name *name, uint16_t type);

enum dns_outcome {
	DNS_GOT_DATA,
	DNS_GOT_NO_DATA,
	DNS_GOT_NO_NAME,
	DNS_GOT_ALIAS, /* name is the end of a chain, of which the message does not say more */
	DNS_GOT_LOOP,
	DNS_GOT_ERROR, /* rcode says which, or it is a referral */
};

struct dns_reply {
	/* Set by the caller: where records go, each as two bytes of length and its data as
	 * dns_rdata_expand() has it. */
	uint8_t *data;
	size_t size;
	unsigned int nb_hops;  /* aliases so far; those in the message are added */
	/* The result. */
	enum dns_outcome outcome;
	unsigned int rcode;
	struct dns_name name;  /* the last of the chain */
	uint32_t ttl_s;        /* the least of all that the result stands on */
	bool is_partial;
	uint16_t nb_records;
	size_t data_len;
	uint32_t nb_foreign;   /* records that are none of the question's business */
};

/* Read a message that dns_reply_match() has found to be the answer, and that is not truncated.
 * 0, or -EBADMSG. */
int dns_reply_read(const uint8_t *msg, size_t len, const struct dns_name *name, uint16_t type,
	struct dns_reply *reply);

#endif /* DNS_REPLY_H */
