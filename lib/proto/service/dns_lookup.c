/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers are asked: one name and one type, for all that want to know it.
 *
 *     dns_lookup_join() -> timer -> lookup_send() -> dns_udp.c or dns_tcp.c
 *             -> dns_lookup_reply()   the answer: the end, or on to the name that it is an alias of
 *             -> timer                no answer: the next server, and after the last one another
 *                                     round with twice the time (RFC 1035, 4.2.1; RFC 1536, 1)
 *             -> dns_lookup_failed()  it says that it cannot: the next server at once
 *
 * A server that was silent twice in a row is asked after the others for a while, which doubles each
 * time.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dns_priv.h"

#define TIMEOUT_MAX_US   10000000
#define TCP_TIMEOUT_US   5000000   /* at least: the handshake wants its time, too */
#define UNREACHABLE_US   250000    /* until the next server is tried, where there is no route */
#define AVOID_US         5000000
#define AVOID_MAX_US     60000000
#define NO_EDNS_US       600000000 /* how long EDNS is not tried again with a server */
#define AGAIN_MAX        2         /* connections that may end under a lookup */
#define SENDS_MAX        3         /* of a question to a server by one transport: RFC 9520, 3.1 */

static struct dns_server *
server_of(const struct dns_lookup *l)
{
	return &l->dns->server[l->server];
}

static void
lookup_arm(struct dns_lookup *l, uint64_t delay_us)
{
	timer_set(&l->dns->core->wheel, &l->timer, l->dns->core->now_us + delay_us);
}

/* Nothing is waited for any more. */
static void
lookup_quiet(struct dns_lookup *l)
{
	timer_stop(&l->dns->core->wheel, &l->timer);
	dns_udp_close(l);
	dns_tcp_leave(l);
}

static void
lookup_free(struct dns_lookup *l)
{
	struct isla_dns *dns = l->dns;

	lookup_quiet(l);
	if (l->is_active)
		TAILQ_REMOVE(&dns->lookups, l, link);
	l->is_active = false;
	TAILQ_INSERT_HEAD(&dns->free_lookups, l, link);
}

/* Tell all that wait. New ones of the same kind begin a lookup of their own, or find the cache. */
static void
lookup_end(struct dns_lookup *l, const struct dns_result *result)
{
	struct dns_part *p;

	lookup_quiet(l);
	TAILQ_REMOVE(&l->dns->lookups, l, link);
	l->is_active = false;
	while ((p = TAILQ_FIRST(&l->parts)) != NULL) {
		TAILQ_REMOVE(&l->parts, p, link);
		p->lookup = NULL;
		dns_part_done(p, result);
	}
	lookup_free(l);
}

static void
lookup_end_status(struct dns_lookup *l, enum isla_dns_status status)
{
	struct dns_name name = l->ask;
	const struct dns_result result = {
		.status = status,
		.type = l->type,
		.is_cached = (l->asked | l->nb_hops) == 0 && l->failed != 0,
		.name = &name,
	};

	lookup_end(l, &result);
}

/* RFC 9520, 3.2: a server that has failed is not asked the same again for a while. */
static void
server_failed(struct dns_lookup *l, unsigned int server, enum isla_dns_status status)
{
	struct isla_dns *dns = l->dns;

	l->fail_status = (uint8_t)RTE_MAX((enum isla_dns_status)l->fail_status, status);
	dns_fails_put(&dns->fails, &l->ask, l->type, server, status, dns->core->now_us);
	/* What is an alias of it fails as well. */
	if (l->nb_hops > 0)
		dns_fails_put(&dns->fails, &l->name, l->type, server, status, dns->core->now_us);
}

/* All has been tried. Of servers that were asked those that have not failed before were silent. */
static void
lookup_give_up(struct dns_lookup *l)
{
	uint16_t i;

	for (i = 0; i < l->dns->nb_servers; i++)
		if ((l->asked & ~l->failed) >> i & 1)
			server_failed(l, i, ISLA_DNS_TIMEOUT);
	lookup_end_status(l, (enum isla_dns_status)l->fail_status);
}

/* Servers that may be asked: all but those that failed, and, where that leaves any, neither those
 * that this round has asked nor those that are avoided. */
static uint8_t
server_choices(const struct dns_lookup *l)
{
	const struct isla_dns *dns = l->dns;
	uint8_t left = (uint8_t)((1u << dns->nb_servers) - 1) & ~l->failed & ~l->tried, good = 0;
	uint16_t i;

	for (i = 0; i < dns->nb_servers; i++)
		if ((left >> i & 1) != 0 && dns->server[i].avoid_until_us <= dns->core->now_us)
			good |= (uint8_t)(1u << i);
	return good != 0 ? good : left;
}

/* This round has another server for it. */
static bool
has_others(const struct dns_lookup *l)
{
	return (server_choices(l) & ~(1u << l->server)) != 0;
}

/* Choose the server of the next attempt; false: all has been tried. */
static bool
server_choose(struct dns_lookup *l)
{
	const struct isla_dns *dns = l->dns;
	uint8_t choices = server_choices(l);
	uint16_t i, at = l->server, from = l->tried == 0 && l->round == 0 ? 0 : 1;

	if (choices == 0) {
		l->tried = 0;
		if (++l->round >= dns->conf.nb_rounds)
			return false;
		choices = server_choices(l);
	}
	if (choices == 0)
		return false;
	/* From the one after the last one on, in a circle. */
	for (i = 0; i < dns->nb_servers; i++) {
		at = (uint16_t)((l->server + from + i) % dns->nb_servers);
		if ((choices >> at & 1) != 0)
			break;
	}
	l->server = (uint8_t)at;
	l->tried |= (uint8_t)(1u << at);
	return true;
}

/* RFC 5452, and draft-vixie-dnsext-dns0x20: bits that a forger must guess, beyond id and port. */
static void
mix_case(struct dns_lookup *l)
{
	uint64_t bits = 0;
	unsigned int i;

	l->sent = l->ask;
	for (i = 0; i < l->sent.len; i++) {
		uint8_t c = dns_lower(l->sent.b[i]);

		if (i % 64 == 0)
			bits = dns_rand(l->dns);
		if (c < 'a' || c > 'z')
			continue;
		l->sent.b[i] = (bits >> (i % 64) & 1) != 0 ? c & ~0x20 : c;
	}
}

/* Over one connection no two questions have the same id (RFC 7766, 6.2.1). */
static uint16_t
choose_id(struct dns_lookup *l)
{
	const struct dns_lookup *other;
	uint16_t id;

	do {
		id = (uint16_t)dns_rand(l->dns);
		TAILQ_FOREACH(other, &l->dns->lookups, link)
			if (other != l && other->server == l->server && other->id == id)
				break;
	} while (other != NULL);
	return id;
}

static uint64_t
attempt_time_us(const struct dns_lookup *l)
{
	uint64_t us = RTE_MIN((uint64_t)l->dns->conf.timeout_us << l->round,
		RTE_MAX((uint64_t)TIMEOUT_MAX_US, l->dns->conf.timeout_us));

	return l->via_tcp ? RTE_MAX(us, (uint64_t)TCP_TIMEOUT_US) : us;
}

/* Ask l->server. */
static void
lookup_send(struct dns_lookup *l)
{
	struct isla_dns *dns = l->dns;
	struct dns_server *s = server_of(l);
	uint8_t query[DNS_QUERY_MAX];
	size_t len;
	int rc;

	lookup_quiet(l);
	if (l->nb_sent[l->via_tcp][l->server] == SENDS_MAX) {
		dns_lookup_failed(l, true);
		return;
	}
	l->id = choose_id(l);
	l->nb_bad = 0;
	l->has_edns = !dns->conf.no_edns && dns->core->now_us >= s->no_edns_until_us;
	l->sent_us = dns->core->now_us;
	if (dns->conf.no_0x20 || l->via_tcp)
		l->sent = l->ask;
	else
		mix_case(l);
	len = dns_query_build(query, l->id, &l->sent, l->type, l->has_edns ? DNS_UDP_SIZE : 0);
	s->info.nb_sent++;
	core_count(dns->core, ISLA_C_DNS_OUT_QUERIES);
	if (l->via_tcp) {
		s->info.nb_tcp++;
		core_count(dns->core, ISLA_C_DNS_OUT_TCP);
		rc = dns_tcp_send(l, query, len);
	} else {
		rc = dns_udp_send(l, query, len);
	}
	if (rc != 0)
		s->info.nb_failures++;
	else
		l->asked |= (uint8_t)(1u << l->server);
	l->nb_sent[l->via_tcp][l->server] += rc == 0;
	/* Without a route there may be one later, as soon as DHCP has it. */
	lookup_arm(l, rc != 0 && has_others(l) ? UNREACHABLE_US : attempt_time_us(l));
}

static void
lookup_next(struct dns_lookup *l)
{
	lookup_quiet(l);
	if (server_choose(l))
		lookup_send(l);
	else
		lookup_give_up(l);
}

/* From the first server on. */
static void
lookup_begin(struct dns_lookup *l)
{
	struct isla_dns *dns = l->dns;
	enum isla_dns_status status;

	lookup_quiet(l);
	l->tried = l->asked = l->round = l->nb_again = 0;
	l->failed = dns_fails_get(&dns->fails, &l->ask, l->type, dns->core->now_us, &status);
	l->fail_status = (uint8_t)status;
	memset(l->nb_sent, 0, sizeof(l->nb_sent));
	l->via_tcp = l->is_lost = false;
	l->server = 0;
	if (dns->conf.rotate && dns->nb_servers > 0)
		l->server = (uint8_t)(dns->next_server++ % dns->nb_servers);
	lookup_arm(l, 0);
}

static void
server_was_silent(struct isla_dns *dns, struct dns_server *s)
{
	uint64_t avoid_us;

	s->info.nb_timeouts++;
	core_count(dns->core, ISLA_C_DNS_TIMEOUTS);
	if (s->nb_fails < UINT8_MAX)
		s->nb_fails++;
	if (s->nb_fails < 2)
		return;
	avoid_us = (uint64_t)AVOID_US << RTE_MIN(s->nb_fails - 2, 8);
	s->avoid_until_us = dns->core->now_us + RTE_MIN(avoid_us, (uint64_t)AVOID_MAX_US);
}

void
dns_lookup_timer(void *ctx, struct timer *t)
{
	struct dns_lookup *l = container_of(t, struct dns_lookup, timer);

	RTE_SET_USED(ctx);
	if (l->dns->nb_servers == 0) {
		lookup_end_status(l, ISLA_DNS_NO_SERVER);
		return;
	}
	if (l->sock != NULL || l->conn != NULL)
		server_was_silent(l->dns, server_of(l));
	dns_tcp_silent(l);
	lookup_next(l);
}

bool
dns_lookup_join(struct isla_dns *dns, const struct dns_name *name, uint16_t type,
	struct dns_part *part)
{
	uint32_t hash = dns_name_hash(name, &dns->cache.key);
	struct dns_lookup *l;

	if (dns->nb_servers == 0)
		return false;
	TAILQ_FOREACH(l, &dns->lookups, link)
		if (l->hash == hash && l->type == type && dns_name_eq(&l->name, name))
			break;
	if (l == NULL) {
		l = TAILQ_FIRST(&dns->free_lookups);
		TAILQ_REMOVE(&dns->free_lookups, l, link);
		memset(l, 0, sizeof(*l));
		timer_init(&l->timer, TIMER_DNS_LOOKUP);
		TAILQ_INIT(&l->parts);
		l->dns = dns;
		l->name = l->ask = *name;
		l->hash = hash;
		l->type = type;
		l->ttl_s = INT32_MAX;
		l->is_active = true;
		TAILQ_INSERT_TAIL(&dns->lookups, l, link);
		lookup_begin(l);
	}
	part->lookup = l;
	TAILQ_INSERT_TAIL(&l->parts, part, link);
	return true;
}

void
dns_lookup_leave(struct dns_part *part)
{
	struct dns_lookup *l = part->lookup;

	if (l == NULL)
		return;
	part->lookup = NULL;
	TAILQ_REMOVE(&l->parts, part, link);
	/* One that is ending is freed by lookup_end(). */
	if (TAILQ_EMPTY(&l->parts) && l->is_active)
		lookup_free(l);
}

void
dns_lookups_restart(struct isla_dns *dns)
{
	struct dns_lookup *l;

	TAILQ_FOREACH(l, &dns->lookups, link) {
		l->ask = l->name;
		l->nb_hops = 0;
		l->ttl_s = INT32_MAX;
		lookup_begin(l);
	}
}

void
dns_lookup_use_tcp(struct dns_lookup *l)
{
	l->via_tcp = true;
	lookup_send(l);
}

void
dns_lookup_failed(struct dns_lookup *l, bool hard)
{
	server_of(l)->info.nb_failures++;
	if (hard) {
		l->failed |= (uint8_t)(1u << l->server);
		server_failed(l, l->server, ISLA_DNS_FAILED);
		lookup_next(l);
		return;
	}
	/* It may be back soon; if there is no other, not at once. */
	lookup_quiet(l);
	lookup_arm(l, has_others(l) ? 0 : UNREACHABLE_US);
}

void
dns_lookup_conn_lost(struct dns_lookup *l)
{
	/* A server may close when it likes (RFC 7766, 6.2.4): ask again over another connection. */
	if (l->nb_again++ < AGAIN_MAX)
		lookup_send(l);
	else
		dns_lookup_failed(l, true);
}

/* The server has been heard. */
static void
server_has_answered(struct dns_lookup *l)
{
	struct dns_server *s = server_of(l);
	uint32_t rtt_us = (uint32_t)(l->dns->core->now_us - l->sent_us);

	s->info.nb_answers++;
	core_count(l->dns->core, ISLA_C_DNS_IN_ANSWERS);
	s->nb_fails = 0;
	s->avoid_until_us = 0;
	if (!l->via_tcp)
		s->info.rtt_us = s->info.rtt_us == 0 ? rtt_us :
			(uint32_t)((7ull * s->info.rtt_us + rtt_us) / 8);
}

/* What has been found is the lookup's result. */
static void
lookup_found(struct dns_lookup *l, const struct dns_reply *reply)
{
	struct isla_dns *dns = l->dns;
	bool is_ok = reply->outcome == DNS_GOT_DATA;
	uint32_t max_s = is_ok ? dns->conf.max_ttl_s : dns->conf.max_neg_ttl_s;
	struct dns_result result = {
		.status = is_ok ? ISLA_DNS_OK :
			reply->outcome == DNS_GOT_NO_NAME ? ISLA_DNS_NO_NAME : ISLA_DNS_NO_DATA,
		.type = l->type,
		.nb_records = reply->nb_records,
		.is_partial = reply->is_partial,
		.ttl_s = RTE_MIN(RTE_MIN(l->ttl_s, reply->ttl_s), max_s),
		.name = &reply->name,
		.data = reply->data,
		.data_len = reply->data_len,
	};

	/* That the end of a chain does not exist says nothing of its begin's other types. */
	dns_fails_forget(&dns->fails, &l->name, l->type);
	dns_cache_put(&dns->cache, &l->name, &result,
		result.status == ISLA_DNS_NO_NAME && reply->nb_hops == 0, dns->core->now_us);
	lookup_end(l, &result);
}

/* RFC 9520, 2.5: whoever is asked, it has no end. */
static void
lookup_loops(struct dns_lookup *l)
{
	uint16_t i;

	for (i = 0; i < l->dns->nb_servers; i++)
		dns_fails_put(&l->dns->fails, &l->name, l->type, i, ISLA_DNS_LOOP,
			l->dns->core->now_us);
	lookup_end_status(l, ISLA_DNS_LOOP);
}

/* It answers with an error. */
static void
lookup_refused(struct dns_lookup *l, unsigned int rcode)
{
	if (l->has_edns &&
		(rcode == DNS_FORMERR || rcode == DNS_NOTIMP || rcode == DNS_BADVERS)) {
		/* RFC 6891, 7: it does not know EDNS. */
		server_of(l)->no_edns_until_us = l->dns->core->now_us + NO_EDNS_US;
		/* Another question, therefore. */
		l->nb_sent[l->via_tcp][l->server] = 0;
		lookup_send(l);
		return;
	}
	dns_lookup_failed(l, true);
}

void
dns_lookup_reply(struct dns_lookup *l, const uint8_t *msg, size_t len)
{
	struct isla_dns *dns = l->dns;
	struct dns_reply reply = {
		.data = dns->data, .size = DNS_MSG_MAX, .nb_hops = l->nb_hops};
	/* It has a header: see dns_reply_match(). */
	bool is_cut = (dns_get16(msg + 2) & DNS_TC) != 0;

	server_has_answered(l);
	if (is_cut && !l->via_tcp) {
		/* What there is of it is not used (RFC 2181, 9). */
		core_count(dns->core, ISLA_C_DNS_IN_TRUNCATED);
		dns_lookup_use_tcp(l);
		return;
	}
	if (is_cut || dns_reply_read(msg, len, &l->ask, l->type, &reply) != 0) {
		core_count(dns->core, ISLA_C_DNS_IN_MALFORMED);
		dns_lookup_failed(l, true);
		return;
	}
	core_count_n(dns->core, ISLA_C_DNS_IN_FOREIGN, reply.nb_foreign);
	switch (reply.outcome) {
	case DNS_GOT_LOOP:
		lookup_loops(l);
		break;
	case DNS_GOT_ERROR:
		lookup_refused(l, reply.rcode);
		break;
	case DNS_GOT_ALIAS:
		l->ttl_s = RTE_MIN(l->ttl_s, reply.ttl_s);
		l->nb_hops = (uint8_t)reply.nb_hops;
		l->ask = reply.name;
		lookup_begin(l);
		break;
	default:
		lookup_found(l, &reply);
		break;
	}
}
