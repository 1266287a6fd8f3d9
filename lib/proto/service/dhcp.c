/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DHCP clients of a stack: their life, their socket, and the judgement on what comes in.
 * Anybody on the link can send anything to port 68, so a message must be a reply, from a server's
 * port, for this interface's MAC address, with the random xid that is waited for; all else is
 * counted and ignored. What the replies mean, dhcp_state.c knows.
 */

#include <errno.h>
#include <string.h>

#include <rte_errno.h>

#include "dhcp_priv.h"
#include "stack_priv.h"

#define KEY_PURPOSE 0x64686370ull /* "dhcp" */

#define BOOTREPLY   2
#define HTYPE_ETHER 1

static enum isla_drop
judge(struct isla_dhcp *d, const struct isla_udp_ends *ends, uint32_t len)
{
	struct dhcp_client *c = &d->client[ends->netif];
	const struct dhcp_msg *msg = &d->msg;
	const uint8_t *id;
	uint16_t id_len;

	if (!dhcp_parse(&d->msg, d->bytes, len))
		return ISLA_DROP_DHCP_FORMAT;
	if (ends->remote_port != DHCP_SERVER_PORT || msg->op != BOOTREPLY ||
		msg->htype != HTYPE_ETHER || msg->hlen != 6 ||
		memcmp(msg->chaddr, d->link->netif[c->netif].mac, 6) != 0 ||
		!dhcp_is_waiting(c) || msg->xid != c->xid)
		return ISLA_DROP_DHCP_NOT_OURS;
	/* RFC 6842, 3: a server that tells an identifier tells ours. */
	id = dhcp_opt(msg, DHCP_OPT_CLIENT_ID, &id_len);
	if (id != NULL &&
		(id_len != c->client_id_len || memcmp(id, c->client_id, id_len) != 0))
		return ISLA_DROP_DHCP_NOT_OURS;
	return dhcp_reply(c, msg);
}

static void
receive(struct isla_udp_sock *sock, void *ctx, struct rte_mbuf *m,
	const struct isla_udp_ends *ends)
{
	struct isla_dhcp *d = ctx;
	enum isla_drop drop = ISLA_DROP_DHCP_FORMAT;
	uint32_t len = m->pkt_len;

	RTE_SET_USED(sock);
	core_count(d->core, ISLA_C_DHCP_IN_MSGS);
	if (d->client[ends->netif].ops == NULL) {
		core_drop_pkt(d->core, m, ISLA_DROP_DHCP_NOT_OURS);
		return;
	}
	if (len <= DHCP_MSG_MAX) {
		payload_copy(d->core, d->bytes, m, 0, len);
		drop = judge(d, ends, len);
	}
	if (drop == ISLA_ACCEPTED) {
		rte_pktmbuf_free(m);
		return;
	}
	d->client[ends->netif].count.nb_ignored++;
	core_drop_pkt(d->core, m, drop);
}

struct isla_dhcp *
isla_dhcp_create(struct isla_stack *stack)
{
	const struct isla_addr any = isla_addr_from_v4(0);
	struct core *core = stack_core(stack);
	struct isla_dhcp *d = core->mem.alloc(sizeof(*d), RTE_CACHE_LINE_SIZE, core->socket_id);

	if (d == NULL) {
		rte_errno = ENOMEM;
		return NULL;
	}
	d->stack = stack;
	d->core = core;
	d->link = stack_link(stack);
	d->xid_key = core_derive_key(core, KEY_PURPOSE);
	timer_wheel_set_class(&core->wheel, TIMER_DHCP, dhcp_timer, NULL);
	d->sock = isla_udp_bind(isla_stack_udp(stack), &any, DHCP_CLIENT_PORT, receive, d);
	if (d->sock == NULL) {
		core->mem.free(d);
		return NULL;
	}
	return d;
}

void
isla_dhcp_free(struct isla_dhcp *d)
{
	unsigned int i;

	if (d == NULL)
		return;
	for (i = 0; i < NETIF_MAX; i++) {
		if (d->client[i].ops == NULL)
			continue;
		acd_stop(&d->client[i].acd);
		timer_stop(&d->core->wheel, &d->client[i].timer);
	}
	isla_udp_close(d->sock);
	d->core->mem.free(d);
}

/* RFC 4361, 6.1: 255, an IAID of the interface, and the DUID of this node, which is the MAC address
 * of its first interface (RFC 8415, 11.4). The same at each start. */
static void
default_id(struct dhcp_client *c)
{
	static const uint8_t duid_ll[] = {0, 3, 0, HTYPE_ETHER};
	const struct netif *netif = c->d->link->netif;
	uint8_t *id = c->client_id;

	id[0] = 255;
	memcpy(id + 1, netif[c->netif].mac + 2, 4);
	memcpy(id + 5, duid_ll, sizeof(duid_ll));
	memcpy(id + 9, netif[0].mac, 6);
	c->client_id_len = 15;
}

static bool
is_good(const struct isla_dhcp_conf *conf)
{
	return conf->ops != NULL &&
		(conf->hostname == NULL || strlen(conf->hostname) < ISLA_DHCP_NAME_MAX) &&
		(conf->vendor_class == NULL || strlen(conf->vendor_class) <= ISLA_DHCP_CLASS_MAX) &&
		(conf->client_id == NULL ||
			(conf->client_id_len >= 2 && conf->client_id_len <= ISLA_DHCP_ID_MAX));
}

int
isla_dhcp_start(struct isla_dhcp *d, uint8_t netif, const struct isla_dhcp_conf *conf)
{
	struct dhcp_client *c;

	if (netif >= d->link->nb_netifs || !is_good(conf))
		return -EINVAL;
	c = &d->client[netif];
	if (c->ops != NULL && c->state != ISLA_DHCP_STOPPED)
		return -EALREADY;
	memset(c, 0, sizeof(*c));
	c->d = d;
	c->ops = conf->ops;
	c->ctx = conf->ctx;
	c->netif = netif;
	c->no_probe = conf->no_probe;
	c->prefer = isla_addr_from_v4(0);
	c->start_delay_us = conf->start_delay_us != 0 ? conf->start_delay_us : 1000000;
	c->t1_us = c->t2_us = c->end_us = c->next_us = c->patient_until_us = DHCP_NEVER;
	c->patience_us = conf->ops->unanswered != NULL ? conf->patience_us : 0;
	timer_init(&c->timer, TIMER_DHCP);
	acd_init(&c->acd, d->link, netif, dhcp_conflict_event, c);
	default_id(c);
	if (conf->client_id != NULL) {
		memcpy(c->client_id, conf->client_id, conf->client_id_len);
		c->client_id_len = conf->client_id_len;
	}
	if (conf->hostname != NULL)
		strcpy(c->hostname, conf->hostname);
	if (conf->vendor_class != NULL)
		strcpy(c->vendor_class, conf->vendor_class);
	dhcp_begin(c, conf->last);
	return 0;
}

static struct dhcp_client *
client_of(struct isla_dhcp *d, uint8_t netif)
{
	return netif < NETIF_MAX && d->client[netif].ops != NULL ? &d->client[netif] : NULL;
}

int
isla_dhcp_renew(struct isla_dhcp *d, uint8_t netif)
{
	struct dhcp_client *c = client_of(d, netif);

	if (c == NULL)
		return -ENOENT;
	dhcp_hurry(c);
	return 0;
}

int
isla_dhcp_link_up(struct isla_dhcp *d, uint8_t netif)
{
	struct dhcp_client *c = client_of(d, netif);

	if (c == NULL)
		return -ENOENT;
	dhcp_verify(c);
	return 0;
}

int
isla_dhcp_release(struct isla_dhcp *d, uint8_t netif)
{
	struct dhcp_client *c = client_of(d, netif);

	if (c == NULL)
		return -ENOENT;
	dhcp_stop(c);
	return 0;
}

/* From now until then. */
static uint64_t
until(const struct isla_dhcp *d, uint64_t at_us)
{
	if (at_us == DHCP_NEVER)
		return UINT64_MAX;
	return at_us > d->core->now_us ? at_us - d->core->now_us : 0;
}

int
isla_dhcp_get_info(const struct isla_dhcp *d, uint8_t netif, struct isla_dhcp_info *info)
{
	const struct dhcp_client *c;

	if (netif >= NETIF_MAX || d->client[netif].ops == NULL)
		return -ENOENT;
	c = &d->client[netif];
	*info = c->count;
	info->state = (enum isla_dhcp_state)c->state;
	info->has_lease = c->has_lease;
	info->next_us = until(d, c->next_us);
	info->t1_us = info->t2_us = info->end_us = UINT64_MAX;
	if (!c->has_lease)
		return 0;
	info->lease = c->lease;
	info->t1_us = until(d, c->t1_us);
	info->t2_us = until(d, c->t2_us);
	info->end_us = until(d, c->end_us);
	return 0;
}

const char *
isla_dhcp_state_name(enum isla_dhcp_state state)
{
	static const char *const names[] = {"STOPPED", "INIT", "SELECTING", "REQUESTING",
		"INIT-REBOOT", "REBOOTING", "CHECKING", "BOUND", "RENEWING", "REBINDING"};

	return (unsigned int)state < RTE_DIM(names) ? names[state] : "?";
}

const char *
isla_dhcp_end_name(enum isla_dhcp_end end)
{
	static const char *const names[] = {"it was not renewed in time", "the server refused it",
		"another host uses the address", "it was released"};

	return (unsigned int)end < RTE_DIM(names) ? names[end] : "?";
}
