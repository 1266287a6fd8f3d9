/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DNS_FAIL_H
#define DNS_FAIL_H

/*
 * Which servers could not answer what (RFC 9520): for each name and type and each server until when
 * it is not asked that again. A table of fixed size, whose least recently used entry gives way.
 */

#include <sys/queue.h>

#include "core.h"
#include "dns_msg.h"

/* RFC 9520, 3.2: at least, and at most. */
#define DNS_FAIL_MIN_S 1
#define DNS_FAIL_MAX_S 300

struct dns_fail_server {
	uint64_t until_us; /* it is not asked again before */
	uint8_t nb;        /* failures in a row */
	uint8_t status;    /* enum isla_dns_status */
};

struct dns_fail {
	TAILQ_ENTRY(dns_fail) lru;
	LIST_ENTRY(dns_fail) chain;
	struct dns_name name;
	uint16_t type;
	bool is_used;
	struct dns_fail_server server[ISLA_DNS_SERVERS_MAX];
};

TAILQ_HEAD(dns_fail_lru, dns_fail);
LIST_HEAD(dns_fail_chain, dns_fail);

struct dns_fails {
	struct dns_fail *entry;
	struct dns_fail_chain *chain;
	struct dns_fail_lru lru; /* the next to be given up first; free ones stand there, too */
	struct isla_key key;
	uint32_t nb_entries;
	uint32_t mask;           /* chains - 1 */
	uint64_t first_us;       /* that a first failure is remembered; doubles with each that follows */
	uint64_t max_us;
};

/* 0 or -ENOMEM; dns_fails_fini() in every case. */
int dns_fails_init(struct dns_fails *f, struct core *core, uint32_t nb_entries, uint32_t first_s,
	uint32_t max_s);
void dns_fails_fini(struct dns_fails *f, struct core *core);

/* Servers that are not to be asked for it now, as bits. status: the worst of what they did. */
uint8_t dns_fails_get(struct dns_fails *f, const struct dns_name *name, uint16_t type,
	uint64_t now_us, enum isla_dns_status *status);

/* A server has failed: ISLA_DNS_TIMEOUT, _FAILED, _LOOP. */
void dns_fails_put(struct dns_fails *f, const struct dns_name *name, uint16_t type,
	unsigned int server, enum isla_dns_status status, uint64_t now_us);

/* There is an answer after all. */
void dns_fails_forget(struct dns_fails *f, const struct dns_name *name, uint16_t type);

void dns_fails_flush(struct dns_fails *f);

#endif /* DNS_FAIL_H */
