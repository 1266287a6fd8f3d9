/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs' questions. A query goes through its candidates, the name itself and the name with each
 * search domain behind it (RFC 1034, 3.1; RFC 1536, 6; resolv.conf's rule of dots), until one of
 * them has what is wanted: isla_dns_query() -> timer -> query_run() -> lookups -> dns_part_done()
 * -> query_judge() -> the next candidate, or the callback.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dns_priv.h"

/* How long the other family is waited for (RFC 8305, 3). */
#define GRACE_US 50000

void
dns_queries_init(struct isla_dns *dns)
{
	uint32_t i, j;

	for (i = dns->conf.max_queries; i > 0; i--) {
		struct isla_dns_query *q = &dns->query[i - 1];

		q->dns = dns;
		timer_init(&q->timer, TIMER_DNS_QUERY);
		for (j = 0; j < RTE_DIM(q->part); j++)
			q->part[j].query = q;
		q->next = dns->free_query;
		dns->free_query = q;
	}
}

static void
query_free(struct isla_dns_query *q)
{
	unsigned int i;

	timer_stop(&q->dns->core->wheel, &q->timer);
	for (i = 0; i < q->nb_parts; i++)
		dns_lookup_leave(&q->part[i]);
	q->fn = NULL;
	q->dns->nb_queries--;
	q->next = q->dns->free_query;
	q->dns->free_query = q;
}

/* Hand the answer over; the query is gone then. */
static void
query_end(struct isla_dns_query *q, const struct dns_result *result, unsigned int nb)
{
	struct isla_dns *dns = q->dns;
	struct isla_dns_answer answer;
	isla_dns_fn *fn = q->fn;
	void *ctx = q->ctx;

	dns_answer_build(dns, result, nb, &answer);
	if (answer.status != ISLA_DNS_OK)
		core_count(dns->core, ISLA_C_DNS_FAILURES);
	query_free(q);
	fn(ctx, &answer);
}

static void
query_end_status(struct isla_dns_query *q, enum isla_dns_status status)
{
	bool is_none = status == ISLA_DNS_NO_NAME || status == ISLA_DNS_NO_DATA;
	const struct dns_result result = {
		.status = status,
		.type = q->type,
		.is_cached = q->is_cached,
		.ttl_s = is_none && q->ttl_s != UINT32_MAX ? q->ttl_s : 0,
		.name = &q->name,
	};

	query_end(q, &result, 1);
}

/* The name that is tried in a step; false: there is none any more, or it would be too long. */
static bool
candidate(const struct isla_dns_query *q, uint8_t step, struct dns_name *name)
{
	const struct isla_dns *dns = q->dns;
	bool first = q->is_complete || dns_name_nb_labels(&q->name) > dns->conf.ndots;

	*name = q->name;
	if (step == (first ? 0 : dns->nb_search))
		return true;
	return dns_name_append(name, &dns->search[first ? step - 1 : step]) == 0;
}

static uint8_t
nb_steps(const struct isla_dns_query *q)
{
	return (uint8_t)(q->is_complete ? 1 : q->dns->nb_search + 1);
}

static uint16_t
part_type(const struct isla_dns_query *q, unsigned int i)
{
	if (q->type != ISLA_DNS_ADDR)
		return q->type;
	return i == 0 ? ISLA_DNS_AAAA : ISLA_DNS_A;
}

/* Keep what a lookup has found, as far as there is room, until the query's other part has ended. */
static void
part_keep(struct dns_part *p, const struct dns_result *result)
{
	size_t at = 0, n;

	p->result = *result;
	p->result.nb_records = 0;
	while (at < result->data_len) {
		n = 2u + dns_get16(result->data + at);
		if (at + n > sizeof(p->data)) {
			p->result.is_partial = true;
			break;
		}
		memcpy(p->data + at, result->data + at, n);
		p->result.nb_records++;
		at += n;
	}
	p->name = *result->name;
	p->result.name = &p->name;
	p->result.data = p->data;
	p->result.data_len = at;
	p->is_done = true;
}

/* What the parts have found together: the best of them, failures before there being nothing. */
static enum isla_dns_status
query_status(const struct isla_dns_query *q)
{
	enum isla_dns_status status = ISLA_DNS_NO_NAME;
	unsigned int i;

	for (i = 0; i < q->nb_parts; i++) {
		enum isla_dns_status s = q->part[i].result.status;

		if (!q->part[i].is_done)
			continue;
		if (s == ISLA_DNS_OK)
			return s;
		if (s > status)
			status = s;
	}
	return status;
}

static void
query_deliver(struct isla_dns_query *q)
{
	struct dns_result result[RTE_DIM(q->part)];
	unsigned int i, nb = 0;

	for (i = 0; i < q->nb_parts; i++)
		if (q->part[i].is_done && q->part[i].result.status == ISLA_DNS_OK)
			result[nb++] = q->part[i].result;
	query_end(q, result, nb);
}

/* Begin a candidate: what is known is taken, and the rest is asked for. */
static void
query_ask(struct isla_dns_query *q, const struct dns_name *name)
{
	struct isla_dns *dns = q->dns;
	struct dns_result result;
	unsigned int i;

	for (i = 0; i < q->nb_parts; i++) {
		struct dns_part *p = &q->part[i];

		p->is_done = false;
		if (dns_cache_get(&dns->cache, name, part_type(q, i), dns->core->now_us, &result)) {
			core_count(dns->core, ISLA_C_DNS_CACHE_HITS);
			part_keep(p, &result);
		} else if (!dns_lookup_join(dns, name, part_type(q, i), p)) {
			result = (struct dns_result){
				.status = ISLA_DNS_NO_SERVER,
				.type = part_type(q, i),
				.name = name,
			};
			part_keep(p, &result);
		}
	}
}

static bool
query_is_waiting(const struct isla_dns_query *q)
{
	unsigned int i;

	for (i = 0; i < q->nb_parts; i++)
		if (!q->part[i].is_done)
			return true;
	return false;
}

/* One family has an answer, the other one not yet. */
static void
query_grace(struct isla_dns_query *q)
{
	struct core *core = q->dns->core;

	if (q->hurry && !timer_is_armed(&q->timer) && query_status(q) == ISLA_DNS_OK)
		timer_set(&core->wheel, &q->timer, core->now_us + GRACE_US);
}

/* All parts of a candidate have ended. True: the query has; false: there is another candidate. */
static bool
query_judge(struct isla_dns_query *q)
{
	enum isla_dns_status status = query_status(q);
	unsigned int i;

	if (status == ISLA_DNS_OK) {
		query_deliver(q);
		return true;
	}
	for (i = 0; i < q->nb_parts; i++) {
		q->ttl_s = RTE_MIN(q->ttl_s, q->part[i].result.ttl_s);
		q->is_cached = q->is_cached && q->part[i].result.is_cached;
	}
	if (status != ISLA_DNS_NO_NAME && status != ISLA_DNS_NO_DATA) {
		query_end_status(q, status);
		return true;
	}
	q->no_data = q->no_data || status == ISLA_DNS_NO_DATA;
	q->step++;
	if (q->step < nb_steps(q))
		return false;
	query_end_status(q, q->no_data ? ISLA_DNS_NO_DATA : ISLA_DNS_NO_NAME);
	return true;
}

/* Candidate after candidate, until one has to be waited for, or the query has ended. */
static void
query_run(struct isla_dns_query *q)
{
	struct dns_name name;

	for (;;) {
		if (candidate(q, q->step, &name)) {
			query_ask(q, &name);
			if (query_is_waiting(q)) {
				query_grace(q);
				return;
			}
			if (query_judge(q))
				return;
		} else if (++q->step >= nb_steps(q)) {
			query_end_status(q, q->no_data ? ISLA_DNS_NO_DATA : ISLA_DNS_NO_NAME);
			return;
		}
	}
}

void
dns_part_done(struct dns_part *p, const struct dns_result *result)
{
	struct isla_dns_query *q = p->query;

	/* One type: nothing is kept, and so nothing is too long. */
	if (q->nb_parts == 1 && result->status == ISLA_DNS_OK) {
		p->is_done = true;
		query_end(q, result, 1);
		return;
	}
	part_keep(p, result);
	if (query_is_waiting(q))
		query_grace(q);
	else if (!query_judge(q))
		query_run(q);
}

/* An address is its own answer, if it is of the family. */
static void
query_end_literal(struct isla_dns_query *q)
{
	bool is_v4 = isla_addr_is_v4(&q->literal);
	uint8_t data[2 + 16];
	struct dns_result result = {
		.status = ISLA_DNS_OK,
		.type = is_v4 ? ISLA_DNS_A : ISLA_DNS_AAAA,
		.nb_records = 1,
		.ttl_s = q->dns->conf.max_ttl_s,
		.name = &q->name,
		.data = data,
		.data_len = is_v4 ? 6 : 18,
	};

	dns_put16(data, (uint16_t)(result.data_len - 2));
	memcpy(data + 2, q->literal.b + (is_v4 ? 12 : 0), result.data_len - 2);
	if (q->type != ISLA_DNS_ADDR && q->type != result.type)
		query_end_status(q, ISLA_DNS_NO_DATA);
	else
		query_end(q, &result, 1);
}

/* It begins; or one family has been waited for long enough. */
void
dns_query_timer(void *ctx, struct timer *t)
{
	struct isla_dns_query *q = container_of(t, struct isla_dns_query, timer);

	RTE_SET_USED(ctx);
	if (q->has_begun) {
		query_deliver(q);
		return;
	}
	q->has_begun = true;
	if (q->is_literal)
		query_end_literal(q);
	else
		query_run(q);
}

/* What is asked for, from text. 0 or -EINVAL. */
static int
query_parse(struct isla_dns_query *q, const char *text, uint16_t type)
{
	bool is_addr = isla_addr_parse(text, &q->literal) == 0;
	size_t len = strlen(text);

	q->is_literal = is_addr &&
		(type == ISLA_DNS_ADDR || type == ISLA_DNS_A || type == ISLA_DNS_AAAA);
	q->is_complete = is_addr || (len > 0 && text[len - 1] == '.');
	if (is_addr && type == ISLA_DNS_PTR) {
		dns_name_reverse(&q->literal, &q->name);
		return 0;
	}
	/* No name has a colon so as to be an address; the answer needs one nevertheless. */
	return dns_name_parse(text, &q->name) == 0 ? 0 : -EINVAL;
}

struct isla_dns_query *
isla_dns_query(struct isla_dns *dns, const char *name, enum isla_dns_type type, isla_dns_fn *fn,
	void *ctx)
{
	struct isla_dns_query *q = dns->free_query;

	/* RFC 6895, 3.1: 128 to 255 are for questions, 0 is none. */
	if (fn == NULL || (unsigned int)type > UINT16_MAX || type == DNS_TYPE_OPT ||
		((unsigned int)type >= 128 && (unsigned int)type <= 255) ||
		(q != NULL && query_parse(q, name, (uint16_t)type) != 0)) {
		rte_errno = EINVAL;
		return NULL;
	}
	if (q == NULL) {
		rte_errno = ENOBUFS;
		return NULL;
	}
	dns->free_query = q->next;
	dns->nb_queries++;
	core_count(dns->core, ISLA_C_DNS_QUERIES);
	q->fn = fn;
	q->ctx = ctx;
	q->type = (uint16_t)type;
	q->nb_parts = type == ISLA_DNS_ADDR ? 2 : 1;
	q->step = 0;
	q->hurry = q->has_begun = q->no_data = false;
	q->is_cached = true;
	q->ttl_s = UINT32_MAX;
	q->part[0].is_done = q->part[1].is_done = false;
	timer_set(&dns->core->wheel, &q->timer, dns->core->now_us);
	return q;
}

void
dns_query_hurry(struct isla_dns_query *q)
{
	q->hurry = true;
}

void
isla_dns_cancel(struct isla_dns_query *q)
{
	query_free(q);
}
