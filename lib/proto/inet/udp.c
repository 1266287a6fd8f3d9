/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP (RFC 768; RFC 8200, 8.1 for IPv6; RFC 1122, 4.1): datagrams come by udp_input() and go to the
 * function that is bound to their port; isla_udp_send() sends one.
 *
 * A port's sockets hang on a table with an entry for every port, so that a datagram needs no
 * hash; one port has few sockets, which differ in their local address.
 */

#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_udp.h>

#include "cksum.h"
#include "inet_priv.h"
#include "port_slice.h"
#include "ports.h"
#include "udp.h"

#define PROTO_UDP 17

struct isla_udp_sock {
	struct isla_udp *udp;
	isla_udp_recv_fn *recv; /* NULL: not bound */
	isla_udp_error_fn *error; /* may be NULL */
	void *ctx;
	struct isla_addr local;
	uint16_t port;
	bool v6only;
	bool shares;
	uint8_t hop_limit;
	uint8_t tos;
	uint16_t next; /* of the same port, or the next free one; an index + 1, 0 ends */
};

struct isla_udp {
	struct core *core;
	struct inet *inet;
	struct isla_udp_sock *socks;
	uint16_t max_socks;
	uint16_t free;         /* the first free socket, an index + 1 */
	uint16_t first[65536]; /* a port's first socket, an index + 1 */
};

static enum isla_drop udp_input(void *ctx, struct rte_mbuf *m);
static void udp_error(void *ctx, const struct inet_error *err);

struct isla_udp *
udp_create(struct core *core, struct inet *inet, uint32_t max_socks)
{
	struct isla_udp *udp = core->mem.alloc(sizeof(*udp), RTE_CACHE_LINE_SIZE, core->socket_id);
	struct inet_proto proto = {.ctx = udp, .input = udp_input, .error = udp_error};
	uint32_t i;

	if (udp == NULL)
		return NULL;
	max_socks = RTE_MIN(max_socks, (uint32_t)UINT16_MAX - 1);
	udp->socks = core->mem.alloc((max_socks + 1ul) * sizeof(udp->socks[0]),
		RTE_CACHE_LINE_SIZE, core->socket_id);
	if (udp->socks == NULL) {
		core->mem.free(udp);
		return NULL;
	}
	udp->core = core;
	udp->inet = inet;
	udp->max_socks = (uint16_t)max_socks;
	for (i = max_socks; i > 0; i--) {
		udp->socks[i - 1].udp = udp;
		udp->socks[i - 1].next = udp->free;
		udp->free = (uint16_t)i;
	}
	inet_set_proto(inet, PROTO_UDP, &proto);
	return udp;
}

void
udp_free(struct isla_udp *udp)
{
	struct inet_proto none = {.input = NULL};

	if (udp == NULL)
		return;
	inet_set_proto(udp->inet, PROTO_UDP, &none);
	udp->core->mem.free(udp->socks);
	udp->core->mem.free(udp);
}

/* The socket of exactly this local address and port. */
static struct isla_udp_sock *
find_sock(struct isla_udp *udp, const struct isla_addr *local, uint16_t port)
{
	uint16_t i;

	for (i = udp->first[port]; i != 0; i = udp->socks[i - 1].next)
		if (isla_addr_eq(&udp->socks[i - 1].local, local))
			return &udp->socks[i - 1];
	return NULL;
}

/* The socket that is to hear of a datagram: the most specific one. */
static struct isla_udp_sock *
find_receiver(struct isla_udp *udp, const struct isla_addr *local, uint16_t port)
{
	const struct isla_addr any_v4 = isla_addr_from_v4(0);
	struct isla_udp_sock *sock = find_sock(udp, local, port);
	bool is_v4 = isla_addr_is_v4(local);

	if (sock == NULL && is_v4)
		sock = find_sock(udp, &any_v4, port);
	if (sock == NULL)
		sock = find_sock(udp, &isla_addr_any, port);
	return sock != NULL && sock->v6only && is_v4 ? NULL : sock;
}

/* RFC 6056, 3.3.1; 0 where all are taken. */
static uint16_t
choose_port(struct isla_udp *udp)
{
	uint32_t nb = port_slice_len(udp->core), i;
	uint32_t first = (uint32_t)core_secret(udp->core) % nb;

	for (i = 0; i < nb; i++) {
		uint16_t port = port_slice_at(udp->core, first + i);

		if (udp->first[port] == 0 && !ports_udp_is_taken(udp->core, port))
			return port;
	}
	return 0;
}

/* Has somebody this address and port to himself, or do we want that? */
static bool
is_taken(struct isla_udp *udp, const struct isla_addr *local, uint16_t port, bool shares)
{
	const struct isla_udp_sock *other = port != 0 ? find_sock(udp, local, port) : NULL;

	return other != NULL && !(shares && other->shares);
}

static struct isla_udp_sock *
sock_bind(struct isla_udp *udp, const struct isla_addr *local, uint16_t port,
	isla_udp_recv_fn *recv, void *ctx, bool shares)
{
	struct isla_udp_sock *sock;
	int err = 0;

	if (recv == NULL ||
		(!isla_addr_is_unspecified(local) && !inet_is_own(udp->inet, local)))
		err = EINVAL;
	else if (is_taken(udp, local, port, shares))
		err = EADDRINUSE;
	else if (udp->free == 0 || (port == 0 && (port = choose_port(udp)) == 0))
		err = ENOSPC;
	if (err != 0) {
		rte_errno = err;
		return NULL;
	}
	sock = &udp->socks[udp->free - 1];
	udp->free = sock->next;
	sock->recv = recv;
	sock->error = NULL;
	sock->v6only = false;
	sock->shares = shares;
	sock->hop_limit = 0;
	sock->tos = 0;
	sock->ctx = ctx;
	sock->local = *local;
	sock->port = port;
	sock->next = udp->first[port];
	udp->first[port] = (uint16_t)(sock - udp->socks + 1);
	if (sock->next == 0)
		ports_udp_bind(udp->core, port, true);
	return sock;
}

struct isla_udp_sock *
isla_udp_bind(struct isla_udp *udp, const struct isla_addr *local, uint16_t port,
	isla_udp_recv_fn *recv, void *ctx)
{
	return sock_bind(udp, local, port, recv, ctx, false);
}

struct isla_udp_sock *
isla_udp_bind_shared(struct isla_udp *udp, const struct isla_addr *local, uint16_t port,
	isla_udp_recv_fn *recv, void *ctx)
{
	return sock_bind(udp, local, port, recv, ctx, true);
}

void
isla_udp_set_error(struct isla_udp_sock *sock, isla_udp_error_fn *error)
{
	sock->error = error;
}

void
isla_udp_set_v6only(struct isla_udp_sock *sock)
{
	sock->v6only = true;
}

void
isla_udp_set_hop_limit(struct isla_udp_sock *sock, uint8_t hop_limit)
{
	sock->hop_limit = hop_limit;
}

void
isla_udp_set_tos(struct isla_udp_sock *sock, uint8_t tos)
{
	sock->tos = tos;
}

uint16_t
isla_udp_port(const struct isla_udp_sock *sock)
{
	return sock->port;
}

void
isla_udp_close(struct isla_udp_sock *sock)
{
	struct isla_udp *udp = sock->udp;
	uint16_t index = (uint16_t)(sock - udp->socks + 1);
	uint16_t *link = &udp->first[sock->port];

	while (*link != index)
		link = &udp->socks[*link - 1].next;
	*link = sock->next;
	if (udp->first[sock->port] == 0)
		ports_udp_bind(udp->core, sock->port, false);
	sock->recv = NULL;
	sock->next = udp->free;
	udp->free = index;
}

/* The checksum, over the UDP length; one of 0 says that there is none, which IPv6 forbids. */
static bool
is_cksum_right(const struct isla_udp *udp, struct rte_mbuf *m, uint16_t cksum)
{
	const struct isla_pkt *pkt = isla_pkt(m);
	uint32_t offloads = udp->inet->link->netif[pkt->netif].offloads;
	uint64_t verdict = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (cksum == 0)
		return (pkt->flags & ISLA_PKT_V6) == 0;
	/* NONE: what is in the datagram is blank, since it never was on a wire (virtio). */
	if ((offloads & ISLA_NETIF_RX_CKSUM) != 0 &&
		(verdict == RTE_MBUF_F_RX_L4_CKSUM_GOOD || verdict == RTE_MBUF_F_RX_L4_CKSUM_NONE))
		return true;
	return cksum_l4(&pkt->src, &pkt->dst, PROTO_UDP, m, 0, m->pkt_len) == 0;
}

/* The UDP header, and the datagram cut to its own length where IP's is longer. */
static enum isla_drop
check_header(struct isla_udp *udp, struct rte_mbuf *m, struct isla_udp_ends *ends)
{
	struct isla_pkt *pkt = isla_pkt(m);
	struct rte_udp_hdr hdr;
	uint16_t len;

	if (pkt->l4_len < sizeof(hdr) || !inet_pull(m, sizeof(hdr)))
		return ISLA_DROP_UDP_SHORT;
	memcpy(&hdr, rte_pktmbuf_mtod(m, const void *), sizeof(hdr));
	len = rte_be_to_cpu_16(hdr.dgram_len);
	if (len < sizeof(hdr) || len > pkt->l4_len)
		return ISLA_DROP_UDP_LEN;
	inet_trim(m, len);
	pkt->l4_len = len;
	if (!is_cksum_right(udp, m, hdr.dgram_cksum)) {
		inet_note_bad_cksum(udp->inet, pkt, PROTO_UDP, hdr.dgram_cksum);
		return ISLA_DROP_UDP_CKSUM;
	}
	pkt->src_port = hdr.src_port;
	pkt->dst_port = hdr.dst_port;
	pkt->data_len = (uint16_t)(len - sizeof(hdr));
	ends->local = pkt->dst;
	ends->remote = pkt->src;
	ends->local_port = rte_be_to_cpu_16(hdr.dst_port);
	ends->remote_port = rte_be_to_cpu_16(hdr.src_port);
	ends->netif = pkt->netif;
	return ISLA_ACCEPTED;
}

static enum isla_drop
udp_input(void *ctx, struct rte_mbuf *m)
{
	struct isla_udp *udp = ctx;
	struct isla_udp_ends ends;
	struct isla_udp_sock *sock;
	enum isla_drop drop = check_header(udp, m, &ends);

	if (drop != ISLA_ACCEPTED) {
		core_count(udp->core, ISLA_C_UDP_IN_ERRORS);
		return drop;
	}
	sock = find_receiver(udp, &ends.local, ends.local_port);
	if (sock == NULL) {
		core_count(udp->core, ISLA_C_UDP_NO_PORTS);
		inet_send_port_unreach(udp->inet, m);
		return ISLA_DROP_UDP_NO_PORT;
	}
	core_count(udp->core, ISLA_C_UDP_IN_DATAGRAMS);
	rte_pktmbuf_adj(m, sizeof(struct rte_udp_hdr));
	sock->recv(sock, sock->ctx, m, &ends);
	return ISLA_ACCEPTED;
}

/* RFC 1122, 4.1.3.3: what ICMP says of a datagram goes to the socket that has sent it. */
static void
udp_error(void *ctx, const struct inet_error *err)
{
	struct isla_udp *udp = ctx;
	struct isla_udp_ends ends = {
		.local = err->local,
		.remote = err->remote,
		.local_port = rte_be_to_cpu_16(err->local_port),
		.remote_port = rte_be_to_cpu_16(err->remote_port),
		.netif = err->netif,
	};
	struct isla_udp_sock *sock = find_receiver(udp, &ends.local, ends.local_port);

	if (sock != NULL && sock->error != NULL)
		sock->error(sock, sock->ctx, inet_errno(err->kind), &ends);
}

void
udp_addr_gone(struct isla_udp *udp, const struct isla_addr *addr)
{
	uint16_t i;

	for (i = 0; i < udp->max_socks; i++) {
		struct isla_udp_sock *sock = &udp->socks[i];
		struct isla_udp_ends ends = {
			.local = *addr, .local_port = sock->port, .netif = ISLA_NETIF_ANY};

		if (sock->recv != NULL && sock->error != NULL && isla_addr_eq(&sock->local, addr))
			sock->error(sock, sock->ctx, EADDRNOTAVAIL, &ends);
	}
}

/* The address to send from: the one asked for, the socket's or the route's. An answer to what came
 * to a group or a broadcast address comes from a unicast one (RFC 1122, 4.1.3.5). */
static bool
choose_local(const struct isla_udp_sock *sock, const struct isla_udp_ends *ends, uint8_t netif,
	struct isla_addr *local)
{
	const struct inet *inet = sock->udp->inet;

	*local = ends->local;
	if (isla_addr_is_unspecified(local) || isla_addr_is_multicast(local) ||
		link_addr_is_broadcast(inet->link, netif, local)) {
		*local = sock->local;
		if (isla_addr_is_unspecified(local))
			return inet_select_src(inet, &ends->remote, netif, local);
	}
	return isla_addr_is_v4(local) == isla_addr_is_v4(&ends->remote) && inet_is_own(inet, local);
}

/* Put the UDP header; the checksum is complete, or left to the port that completes it. */
static void
put_header(struct rte_mbuf *m, const struct isla_udp_sock *sock, const struct isla_addr *local,
	const struct isla_udp_ends *ends, bool offload)
{
	uint16_t len = (uint16_t)(m->pkt_len + sizeof(struct rte_udp_hdr));
	struct rte_udp_hdr *hdr = (struct rte_udp_hdr *)(void *)rte_pktmbuf_prepend(m,
		sizeof(*hdr));

	hdr->src_port = rte_cpu_to_be_16(sock->port);
	hdr->dst_port = rte_cpu_to_be_16(ends->remote_port);
	hdr->dgram_len = rte_cpu_to_be_16(len);
	hdr->dgram_cksum = 0;
	/* What receiving left there means something else on sending. */
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	m->tx_offload = 0;
	m->l4_len = sizeof(*hdr);
	if (offload) {
		m->ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM;
		hdr->dgram_cksum = cksum_fold(cksum_pseudo(local, &ends->remote, PROTO_UDP, len));
		return;
	}
	hdr->dgram_cksum = cksum_l4(local, &ends->remote, PROTO_UDP, m, 0, len);
	/* 0 would say that there is none; its other form is the same number (RFC 768). */
	if (hdr->dgram_cksum == 0)
		hdr->dgram_cksum = 0xffff;
}

/* Send from an address and over a way that have been chosen. */
static int
send_from(struct isla_udp_sock *sock, struct rte_mbuf *m, const struct isla_udp_ends *ends,
	const struct isla_addr *local, const struct inet_dst *via)
{
	struct isla_udp *udp = sock->udp;
	struct inet_tx tx = {.src = local, .dst = &ends->remote, .via = via, .proto = PROTO_UDP,
		.hop_limit = sock->hop_limit, .tos = sock->tos};
	uint32_t hdrs_len = inet_hdr_len(local) + (uint32_t)sizeof(struct rte_udp_hdr);

	if (m->pkt_len + hdrs_len > via->mtu) {
		core_drop_pkt(udp->core, m, ISLA_DROP_TOO_BIG);
		return -EMSGSIZE;
	}
	m = inet_front(udp->core, m, (uint16_t)(hdrs_len + RTE_ETHER_HDR_LEN));
	if (m == NULL)
		return -ENOBUFS;
	put_header(m, sock, local, ends,
		(udp->inet->link->netif[via->netif].offloads & ISLA_NETIF_TX_UDP_CKSUM) != 0);
	if (inet_output(udp->inet, m, &tx) != ISLA_ACCEPTED)
		return -ENOBUFS;
	core_count(udp->core, ISLA_C_UDP_OUT_DATAGRAMS);
	return 0;
}

int
isla_udp_send(struct isla_udp_sock *sock, struct rte_mbuf *m, const struct isla_udp_ends *ends)
{
	struct isla_udp *udp = sock->udp;
	struct isla_addr local;
	struct inet_dst via;
	enum isla_drop drop = ISLA_ACCEPTED;

	if (ends->remote_port == 0) {
		core_drop_pkt(udp->core, m, ISLA_DROP_UDP_NO_PORT);
		return -EINVAL;
	}
	if (!inet_route(udp->inet, &ends->remote, ends->netif, &via))
		drop = ISLA_DROP_NO_ROUTE;
	else if (!choose_local(sock, ends, via.netif, &local))
		drop = ISLA_DROP_NO_SRC_ADDR;
	if (drop != ISLA_ACCEPTED) {
		core_drop_pkt(udp->core, m, drop);
		return -EHOSTUNREACH;
	}
	return send_from(sock, m, ends, &local, &via);
}

int
udp_send_broadcast(struct isla_udp_sock *sock, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	const struct isla_addr none = isla_addr_from_v4(0);
	struct isla_udp_ends to = *ends;
	struct inet_dst via;

	inet_route_broadcast(sock->udp->inet, ends->netif, &via);
	to.remote = via.next_hop;
	return send_from(sock, m, &to, &none, &via);
}

uint16_t
isla_udp_list(const struct isla_udp *udp, uint32_t *cursor, struct isla_udp_entry *entries,
	uint16_t max)
{
	uint32_t i = *cursor, end = RTE_MIN(i + (uint64_t)ISLA_LIST_LOOKS, udp->max_socks);
	uint16_t nb = 0;

	for (; i < end && nb < max; i++) {
		const struct isla_udp_sock *sock = &udp->socks[i];

		if (sock->recv == NULL)
			continue;
		entries[nb].local = sock->local;
		entries[nb].port = sock->port;
		entries[nb].v6only = sock->v6only;
		entries[nb].hop_limit = sock->hop_limit;
		entries[nb].tos = sock->tos;
		nb++;
	}
	*cursor = i < udp->max_socks ? i : ISLA_LIST_END;
	return nb;
}
