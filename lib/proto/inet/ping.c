/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Echo requests of our own (RFC 792; RFC 4443, 4.1 and 4.2): ping_open() takes a record and an
 * identifier, ping_send() sends, ping_reply() and ping_error() are what icmp.c hears of them.
 *
 * What a reply brings back is compared with what was sent, which follows from the sequence number.
 */

#include <errno.h>
#include <string.h>

#include <rte_errno.h>

#include "inet_priv.h"

/* Headers in front of the data, and room for them in the first mbuf. */
#define ECHO_HDR_LEN sizeof(struct icmp_hdr)

struct waiting {
	uint32_t sent_us; /* low bits */
	uint16_t seq;
	bool is_used;
	bool is_answered;
};

struct isla_ping {
	struct inet *inet;
	isla_ping_fn *fn; /* NULL: the record is free */
	void *ctx;
	struct isla_addr dst;
	uint8_t netif; /* that it goes by, or ISLA_NETIF_ANY */
	uint16_t id;
	uint16_t next_seq;
	struct waiting waiting[ISLA_PING_WAITING];
};

bool
inet_ping_init(struct inet *inet)
{
	inet->pings = inet->core->mem.alloc(ISLA_PING_MAX * sizeof(*inet->pings),
		RTE_CACHE_LINE_SIZE, inet->core->socket_id);
	return inet->pings != NULL;
}

static struct isla_ping *
find_id(const struct inet *inet, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < ISLA_PING_MAX; i++)
		if (inet->pings[i].fn != NULL && inet->pings[i].id == id)
			return &inet->pings[i];
	return NULL;
}

/* One whose answers come to this shard (isla_port.h), is free and, being random, not the one of a
 * ping that has just been closed. */
static uint16_t
choose_id(const struct inet *inet)
{
	uint16_t nb = inet->core->nb_shards, id;

	do {
		uint32_t r = (uint32_t)core_rand(inet->core) % (65536u / nb);

		id = (uint16_t)(r * nb + inet->core->shard);
	} while (find_id(inet, id) != NULL);
	return id;
}

static bool
is_host(const struct inet *inet, const struct isla_addr *addr)
{
	return !isla_addr_is_unspecified(addr) && !isla_addr_is_multicast(addr) &&
		!isla_addr_is_loopback(addr) && !inet_is_broadcast(inet, addr) &&
		!inet_is_own(inet, addr);
}

/* The way to dst and the address to send from. */
static bool
find_way(const struct inet *inet, const struct isla_addr *dst, uint8_t netif,
	struct inet_dst *via, struct isla_addr *src)
{
	return inet_route(inet, dst, netif, via) &&
		inet_select_src(inet, dst, via->netif, src);
}

struct isla_ping *
ping_open(struct inet *inet, const struct isla_addr *dst, uint8_t netif, isla_ping_fn *fn,
	void *ctx)
{
	struct isla_ping *p = inet->pings, *end = p + ISLA_PING_MAX;
	struct inet_dst via;
	struct isla_addr src;

	while (p < end && p->fn != NULL)
		p++;
	rte_errno = !is_host(inet, dst) || fn == NULL ? EINVAL :
		!find_way(inet, dst, netif, &via, &src) ? EHOSTUNREACH :
		p == end ? ENOSPC : 0;
	if (rte_errno != 0)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->inet = inet;
	p->id = choose_id(inet);
	p->dst = *dst;
	p->netif = netif;
	p->next_seq = 1;
	p->ctx = ctx;
	p->fn = fn;
	return p;
}

static uint8_t
byte_at(uint16_t seq, uint32_t i)
{
	return (uint8_t)(i + seq);
}

/* A chain with that many bytes of data and room for the headers, or NULL. */
static struct rte_mbuf *
make_data(struct core *core, uint16_t seq, uint32_t nb_bytes)
{
	struct rte_mbuf *head = core_alloc(core), *m = head;
	uint32_t i = 0;

	while (m != NULL) {
		uint16_t n = (uint16_t)RTE_MIN(nb_bytes - i, (uint32_t)rte_pktmbuf_tailroom(m));
		uint8_t *at = (uint8_t *)rte_pktmbuf_append(m, n);
		uint16_t k;

		for (k = 0; k < n; k++)
			at[k] = byte_at(seq, i + k);
		i += n;
		if (m != head && rte_pktmbuf_chain(head, m) != 0) {
			rte_pktmbuf_free(m);
			break;
		}
		if (i == nb_bytes)
			return head;
		m = core_alloc(core);
	}
	rte_pktmbuf_free(head);
	return NULL;
}

/* Bytes of data that go by this way in one piece. */
static uint32_t
most_bytes(const struct isla_ping *p, const struct isla_addr *src, const struct inet_dst *via)
{
	return inet_pmtu(p->inet, &p->dst, via->mtu) - inet_hdr_len(src) - ECHO_HDR_LEN;
}

int
isla_ping_most(const struct isla_ping *p)
{
	struct isla_addr src;
	struct inet_dst via;

	if (!find_way(p->inet, &p->dst, p->netif, &via, &src))
		return -EHOSTUNREACH;
	return (int)most_bytes(p, &src, &via);
}

int
isla_ping_send(struct isla_ping *p, uint32_t nb_bytes)
{
	bool is_v6 = !isla_addr_is_v4(&p->dst);
	uint16_t seq = p->next_seq;
	struct waiting *w = &p->waiting[seq % ISLA_PING_WAITING];
	struct icmp_hdr hdr = {
		.type = is_v6 ? ICMPV6_ECHO : ICMPV4_ECHO,
		.rest = rte_cpu_to_be_32((uint32_t)p->id << 16 | seq),
	};
	struct isla_addr src;
	struct inet_dst via;
	struct rte_mbuf *m;

	if (!find_way(p->inet, &p->dst, p->netif, &via, &src))
		return -EHOSTUNREACH;
	if (nb_bytes > most_bytes(p, &src, &via))
		return -EMSGSIZE;
	m = make_data(p->inet->core, seq, nb_bytes);
	if (m == NULL)
		return -ENOBUFS;
	memcpy(rte_pktmbuf_prepend(m, ECHO_HDR_LEN), &hdr, sizeof(hdr));
	hdr.cksum = icmp_cksum(&src, &p->dst, m);
	memcpy(rte_pktmbuf_mtod(m, void *), &hdr, sizeof(hdr));
	*w = (struct waiting){
		.sent_us = (uint32_t)p->inet->core->now_us, .seq = seq, .is_used = true};
	p->next_seq++;
	if (icmp_send(p->inet, m, &src, &p->dst, &via, 0) != ISLA_ACCEPTED) {
		w->is_used = false;
		return -ENOBUFS;
	}
	return seq;
}

void
isla_ping_close(struct isla_ping *p)
{
	p->fn = NULL;
}

/* The chain's data are those that were sent. */
static bool
is_as_sent(const struct rte_mbuf *m, uint16_t seq)
{
	uint32_t i = 0;

	for (; m != NULL; m = m->next) {
		const uint8_t *at = rte_pktmbuf_mtod(m, const uint8_t *);
		uint16_t k;

		for (k = 0; k < m->data_len; k++, i++)
			if (at[k] != byte_at(seq, i))
				return false;
	}
	return true;
}

/* The request of ours that a message is about; NULL: none. */
static struct waiting *
find_request(struct inet *inet, const struct isla_addr *remote, uint32_t rest,
	struct isla_ping **ping)
{
	struct isla_ping *p = find_id(inet, (uint16_t)(rest >> 16));
	uint16_t seq = (uint16_t)rest;
	struct waiting *w;

	if (p == NULL || !isla_addr_eq(&p->dst, remote))
		return NULL;
	*ping = p;
	w = &p->waiting[seq % ISLA_PING_WAITING];
	return w->is_used && w->seq == seq ? w : NULL;
}

enum isla_drop
ping_reply(struct inet *inet, struct rte_mbuf *m, const struct icmp_hdr *icmp)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	struct isla_ping_event e = {.err = 0};
	struct isla_ping *p;
	struct waiting *w;

	w = find_request(inet, &pkt->src, rte_be_to_cpu_32(icmp->rest), &p);
	if (w == NULL || icmp->code != 0)
		return ISLA_DROP_ICMP_TYPE;
	e.seq = w->seq;
	e.is_dup = w->is_answered;
	e.hop_limit = pkt->hop_limit;
	e.rtt_us = (uint32_t)inet->core->now_us - w->sent_us;
	rte_pktmbuf_adj(m, ECHO_HDR_LEN);
	e.nb_bytes = m->pkt_len;
	e.is_damaged = !is_as_sent(m, w->seq);
	w->is_answered = true;
	rte_pktmbuf_free(m);
	p->fn(p, p->ctx, &e);
	return ISLA_ACCEPTED;
}

void
ping_error(void *ctx, const struct inet_error *err)
{
	struct inet *inet = ctx;
	/* Where TCP and UDP have their ports, ICMP has type and code. */
	uint8_t type = (uint8_t)(rte_be_to_cpu_16(err->local_port) >> 8);
	struct isla_ping_event e = {.err = inet_errno(err->kind)};
	struct isla_ping *p;
	struct waiting *w;

	if (type != (isla_addr_is_v4(&err->remote) ? ICMPV4_ECHO : ICMPV6_ECHO))
		return;
	w = find_request(inet, &err->remote, err->seq, &p);
	if (w == NULL || w->is_answered)
		return;
	e.seq = w->seq;
	e.rtt_us = (uint32_t)inet->core->now_us - w->sent_us;
	w->is_answered = true;
	p->fn(p, p->ctx, &e);
}
