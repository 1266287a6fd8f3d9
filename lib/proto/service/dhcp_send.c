/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a client sends: which fields and options a message has, RFC 2131's table 5 says, and its
 * section 4.3.2 for the three kinds of DHCPREQUEST.
 */

#include <rte_common.h>
#include <rte_mbuf.h>

#include "dhcp_priv.h"
#include "udp.h"

/* What messages have in common: the identifier is in all of them (RFC 4361, 6.1). */
static struct dhcp_out
message(const struct dhcp_client *c, enum dhcp_type type)
{
	return (struct dhcp_out){
		.type = (uint8_t)type,
		.xid = c->xid,
		.chaddr = c->d->link->netif[c->netif].mac,
		.ciaddr = isla_addr_from_v4(0),
		.client_id = c->client_id,
		.client_id_len = c->client_id_len,
	};
}

/* What only a DISCOVER and a REQUEST have. */
static void
ask(const struct dhcp_client *c, struct dhcp_out *out)
{
	uint16_t mtu = c->d->link->netif[c->netif].mtu_max;

	out->hostname = c->hostname;
	out->vendor_class = c->vendor_class;
	/* No fragments: they are not needed, and not every stack takes them. */
	out->max_size = (uint16_t)(RTE_MIN(mtu, (uint16_t)DHCP_MSG_MAX) - 28);
	out->params = true;
}

static struct rte_mbuf *
build(struct dhcp_client *c, const struct dhcp_out *out)
{
	struct rte_mbuf *m = core_alloc(c->d->core);
	uint8_t *p;

	if (m == NULL) {
		core_drop(c->d->core, ISLA_DROP_NO_MBUF);
		return NULL;
	}
	/* A stack's mbufs have room for 2048 bytes, headroom included. */
	p = rte_pktmbuf_mtod(m, uint8_t *);
	m->data_len = dhcp_build(out, p);
	m->pkt_len = m->data_len;
	core_count(c->d->core, ISLA_C_DHCP_OUT_MSGS);
	return m;
}

static_assert(DHCP_OUT_MAX + RTE_PKTMBUF_HEADROOM <= 2048, "a message fits an mbuf");

/* From 0.0.0.0 to everybody on the link. */
static void
send_unnumbered(struct dhcp_client *c, const struct dhcp_out *out)
{
	struct isla_udp_ends ends = {.remote_port = DHCP_SERVER_PORT, .netif = c->netif};
	struct rte_mbuf *m = build(c, out);

	if (m != NULL)
		udp_send_broadcast(c->d->sock, m, &ends);
}

/* From the address in use. */
static void
send_from_lease(struct dhcp_client *c, const struct dhcp_out *out, const struct isla_addr *to)
{
	struct isla_udp_ends ends = {
		.local = c->lease.prefix.addr,
		.remote = *to,
		.remote_port = DHCP_SERVER_PORT,
		.netif = c->netif,
	};
	struct rte_mbuf *m = build(c, out);

	if (m != NULL)
		isla_udp_send(c->d->sock, m, &ends);
}

static uint16_t
secs_since(const struct dhcp_client *c)
{
	return (uint16_t)RTE_MIN((c->d->core->now_us - c->began_us) / 1000000, (uint64_t)UINT16_MAX);
}

void
dhcp_send_discover(struct dhcp_client *c)
{
	struct dhcp_out out = message(c, DHCP_DISCOVER);

	ask(c, &out);
	c->secs = out.secs = secs_since(c);
	/* Without an address there is no unicast to it yet (4.1). */
	out.broadcast = true;
	out.requested = isla_addr_v4(&c->prefer);
	c->count.nb_discovers++;
	send_unnumbered(c, &out);
}

void
dhcp_send_request(struct dhcp_client *c)
{
	const struct isla_addr all = isla_addr_from_v4(RTE_BE32(0xffffffff));
	struct dhcp_out out = message(c, DHCP_REQUEST);

	ask(c, &out);
	c->sent_us = c->d->core->now_us;
	c->count.nb_requests++;
	switch (c->state) {
	case ISLA_DHCP_REQUESTING:
		out.server = isla_addr_v4(&c->offer.server);
		out.requested = isla_addr_v4(&c->offer.prefix.addr);
		out.secs = c->secs; /* 4.4.1: those of the DISCOVER */
		out.broadcast = true;
		send_unnumbered(c, &out);
		break;
	case ISLA_DHCP_REBOOTING:
		out.requested = isla_addr_v4(&c->offer.prefix.addr);
		out.secs = secs_since(c);
		out.broadcast = true;
		send_unnumbered(c, &out);
		break;
	case ISLA_DHCP_RENEWING:
		out.ciaddr = c->lease.prefix.addr;
		out.secs = secs_since(c);
		send_from_lease(c, &out, &c->lease.server);
		break;
	default: /* REBINDING */
		out.ciaddr = c->lease.prefix.addr;
		out.secs = secs_since(c);
		send_from_lease(c, &out, &all);
		break;
	}
}

void
dhcp_send_decline(struct dhcp_client *c, const struct isla_dhcp_lease *lease)
{
	struct dhcp_out out = message(c, DHCP_DECLINE);

	out.server = isla_addr_v4(&lease->server);
	out.requested = isla_addr_v4(&lease->prefix.addr);
	out.message = "another host on the link has this address";
	c->count.nb_declines++;
	core_count(c->d->core, ISLA_C_DHCP_DECLINES);
	send_unnumbered(c, &out);
}

void
dhcp_send_release(struct dhcp_client *c)
{
	struct dhcp_out out = message(c, DHCP_RELEASE);

	out.ciaddr = c->lease.prefix.addr;
	out.server = isla_addr_v4(&c->lease.server);
	out.message = "no longer needed";
	c->count.nb_releases++;
	send_from_lease(c, &out, &c->lease.server);
}
