/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DHCP client against anything.
 *
 * Where the first byte is below 0x80, the rest is a message: taken apart, and made a lease of. Else the
 * rest is what happens to a client, record by record, each of which begins with a byte:
 *
 *     0x00-0x3f  a reply of that type (modulo 8) with the client's xid; a byte of length, and so many
 *                bytes of options behind the server identifier and a lease time of the next 4 bytes
 *     0x40-0x7f  time passes: 2^(n/2) seconds
 *     0x80-0xbf  the address is free, or (odd) somebody else has it
 *     0xc0-0xdf  isla_dhcp_renew()
 *     0xe0-0xff  isla_dhcp_release()
 *
 * What stands below the client, the harness plays: messages are counted, conflict detection says
 * what the input wants.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "dhcp_priv.h"
#include "fuzz.h"
#include "guard.h"

static void
must(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "fuzz_dhcp: %s\n", what);
	abort();
}

/* ---- what comes out of a message ---- */

static void
check_text(const char *text, size_t size, const char *more)
{
	size_t n = strnlen(text, size), i;

	must(n < size, "a text has no end");
	for (i = 0; i < n; i++)
		must((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
				(text[i] >= '0' && text[i] <= '9') || strchr(more, text[i]) != NULL,
			"a text holds what no name has");
}

static void
check_lease(const struct isla_dhcp_lease *l)
{
	unsigned int i;

	must(isla_addr_is_v4(&l->prefix.addr) && isla_prefix_is_unicast(&l->prefix) &&
			l->prefix.len > 0, "an address that no host can have");
	must(l->lease_s != 0, "a lease without time");
	must(!isla_addr_is_unspecified(&l->server), "a lease without a server");
	must(l->nb_routes <= ISLA_DHCP_ROUTES_MAX && l->nb_dns <= ISLA_DHCP_SERVERS_MAX &&
			l->nb_routers <= ISLA_DHCP_SERVERS_MAX, "more than there is room for");
	for (i = 0; i < l->nb_routes; i++)
		must(isla_addr_is_v4(&l->route[i].prefix.addr) && l->route[i].prefix.len <= 32 &&
				isla_addr_is_v4(&l->route[i].gateway), "a route that cannot be");
	check_text(l->domain, sizeof(l->domain), "-_.");
	check_text(l->hostname, sizeof(l->hostname), "-_.");
	check_text(l->search, sizeof(l->search), "-_. ");
}

static void
read_message(const uint8_t *data, size_t len)
{
	static struct dhcp_msg msg;
	struct isla_dhcp_lease lease;
	unsigned int code;

	if (!dhcp_parse(&msg, guard_put(data, len), (uint32_t)len))
		return;
	for (code = 0; code < 256; code++) {
		uint16_t n = 0;
		const uint8_t *p = dhcp_opt(&msg, (uint8_t)code, &n);

		must(p == NULL || (p >= msg.data && p + n <= msg.data + sizeof(msg.data)),
			"an option beyond the message");
	}
	if (dhcp_lease_parse(&msg, &lease))
		check_lease(&lease);
}

/* ---- a client, and what it stands on ---- */

static struct {
	struct core core;
	struct isla_dhcp d;
	struct link link;
	bool has;
	bool probing;
	uint64_t nb_sent;
} w;

uint64_t
isla_stack_wall_us(const struct isla_stack *stack)
{
	RTE_SET_USED(stack);
	return UINT64_C(1790000000000000) + w.core.now_us;
}

void
dhcp_send_discover(struct dhcp_client *c)
{
	must(c->state == ISLA_DHCP_SELECTING, "DISCOVER in a wrong state");
	must(!c->has_lease, "DISCOVER with a lease");
	w.nb_sent++;
}

void
dhcp_send_request(struct dhcp_client *c)
{
	must(c->state == ISLA_DHCP_REQUESTING || c->state == ISLA_DHCP_REBOOTING ||
			c->state == ISLA_DHCP_RENEWING || c->state == ISLA_DHCP_REBINDING,
		"REQUEST in a wrong state");
	must(c->state == ISLA_DHCP_REBOOTING || c->has_lease == (c->state != ISLA_DHCP_REQUESTING),
		"a state and a lease that do not go together");
	c->sent_us = w.core.now_us;
	w.nb_sent++;
}

void
dhcp_send_decline(struct dhcp_client *c, const struct isla_dhcp_lease *lease)
{
	must(!c->has_lease, "DECLINE of an address that is in use");
	check_lease(lease);
	w.nb_sent++;
}

void
dhcp_send_release(struct dhcp_client *c)
{
	must(c->has_lease, "RELEASE without a lease");
	w.nb_sent++;
}

void
acd_probe(struct acd *a, const struct isla_addr *addr)
{
	a->addr = *addr;
	a->state = ACD_PROBING;
	a->in_use = false;
}

void
acd_verify(struct acd *a, const struct isla_addr *addr)
{
	must(w.has && isla_addr_is_v4(addr), "an address is verified that is not in use");
	acd_probe(a, addr);
	a->in_use = true;
}

void
acd_announce(struct acd *a, const struct isla_addr *addr)
{
	must(w.has && isla_addr_is_v4(addr), "an address is announced that is not in use");
	a->state = ACD_WATCHING;
}

void
acd_stop(struct acd *a)
{
	a->state = ACD_IDLE;
}

static void
got_lease(void *ctx, uint8_t netif, const struct isla_dhcp_lease *lease, bool is_new)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(netif);
	check_lease(lease);
	must(is_new == !w.has, "a lease that is new and is not");
	w.has = true;
}

static void
lost_lease(void *ctx, uint8_t netif, enum isla_dhcp_end why)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(netif);
	RTE_SET_USED(why);
	must(w.has, "a lease ends that was not there");
	w.has = false;
}

static void
nobody(void *ctx, uint8_t netif)
{
	RTE_SET_USED(ctx);
	RTE_SET_USED(netif);
	must(!w.has, "nobody answers, and there is a lease");
}

static const struct isla_dhcp_ops ops = {
	.lease = got_lease, .expired = lost_lease, .unanswered = nobody};

static struct dhcp_client *
client_open(void)
{
	struct dhcp_client *c = &w.d.client[0];

	memset(&w.core.stats, 0, sizeof(w.core.stats));
	w.core.now_us = 1;
	w.core.rng[0] = w.core.rng[1] = 12345;
	timer_wheel_init(&w.core.wheel, 1);
	timer_wheel_set_class(&w.core.wheel, TIMER_DHCP, dhcp_timer, NULL);
	w.has = false;
	w.nb_sent = 0;
	w.d.core = &w.core;
	w.d.link = &w.link;
	w.d.nb_xids = 0;
	memset(c, 0, sizeof(*c));
	c->d = &w.d;
	c->ops = &ops;
	c->prefer = isla_addr_from_v4(0);
	c->patience_us = 5000000;
	c->start_delay_us = 1000000;
	c->t1_us = c->t2_us = c->end_us = c->next_us = c->patient_until_us = DHCP_NEVER;
	timer_init(&c->timer, TIMER_DHCP);
	return c;
}

static void
pass(uint64_t seconds)
{
	uint64_t end = w.core.now_us + seconds * 1000000, before = w.nb_sent;
	unsigned int nb_runs = 0;

	while (nb_runs++ < 5000) {
		uint64_t next = timer_wheel_next_us(&w.core.wheel);

		if (next > end)
			break;
		w.core.now_us = RTE_MAX(next, w.core.now_us + 1);
		timer_wheel_run(&w.core.wheel, w.core.now_us);
	}
	w.core.now_us = RTE_MAX(end, w.core.now_us);
	must(w.nb_sent - before <= 10 + seconds, "it sends without end");
}

/* A reply; returns how many bytes of input it took. */
static size_t
reply(struct dhcp_client *c, uint8_t type, const uint8_t *data, size_t len)
{
	static const uint8_t cookie[] = {99, 130, 83, 99}, server[] = {54, 4, 10, 0, 0, 1};
	uint8_t b[DHCP_MSG_MAX] = {2, 1, 6};
	size_t n = len > 0 ? RTE_MIN((size_t)data[0], len - 1) : 0, at = 240;
	size_t nb_time = RTE_MIN(n, (size_t)4);

	b[16] = 10;
	b[19] = 77;
	memcpy(b + 236, cookie, sizeof(cookie));
	b[at++] = 53;
	b[at++] = 1;
	b[at++] = type % 8;
	memcpy(b + at, server, sizeof(server));
	at += sizeof(server);
	b[at++] = 51;
	b[at++] = 4;
	memcpy(b + at, data + 1, nb_time);
	at += 4;
	memcpy(b + at, data + 1 + nb_time, n - nb_time);
	at += n - nb_time;
	b[at++] = 255;
	if (dhcp_parse(&w.d.msg, b, (uint32_t)at) && dhcp_is_waiting(c))
		dhcp_reply(c, &w.d.msg);
	return len > 0 ? n + 1 : 0;
}

/* What acd.c finds out about an address that is probed. */
static void
probed(struct dhcp_client *c, bool is_free)
{
	if (is_free && c->acd.in_use)
		c->acd.state = ACD_WATCHING;
	else
		dhcp_conflict_event(c, is_free ? ACD_FREE : ACD_CONFLICT, NULL);
}

static void
live(const uint8_t *data, size_t len)
{
	struct dhcp_client *c = client_open();
	size_t i = 0;

	dhcp_begin(c, NULL);
	while (i < len) {
		uint8_t op = data[i++];

		if (op < 0x40)
			i += reply(c, op, data + i, len - i);
		else if (op < 0x80)
			pass(UINT64_C(1) << ((op & 0x3f) / 4));
		else if (op < 0xc0 && c->acd.state == ACD_PROBING)
			probed(c, (op & 1) == 0);
		else if (op < 0xc0 && c->acd.state == ACD_WATCHING && (op & 1) != 0)
			dhcp_conflict_event(c, ACD_CONFLICT, NULL);
		else if (op >= 0xc0 && op < 0xd0)
			dhcp_hurry(c);
		else if (op >= 0xd0 && op < 0xe0)
			dhcp_verify(c);
		else if (op >= 0xe0)
			dhcp_stop(c);
		must(c->has_lease == w.has, "the program and the client do not agree");
		must(c->state == ISLA_DHCP_INIT_REBOOT || c->state == ISLA_DHCP_REBOOTING ||
				c->has_lease == (c->state >= ISLA_DHCP_BOUND),
			"a lease in a state that has none");
		/* Whoever waits for something has a timer, but who checks, who stopped, and who has an
		 * address for ever. */
		must(timer_is_armed(&c->timer) || c->state == ISLA_DHCP_STOPPED ||
				c->state == ISLA_DHCP_CHECKING ||
				(c->state == ISLA_DHCP_BOUND && c->end_us == DHCP_NEVER),
			"it waits for nothing");
	}
	timer_stop(&w.core.wheel, &c->timer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0 || len > DHCP_MSG_MAX)
		return 0;
	if (data[0] < 0x80)
		read_message(data + 1, len - 1);
	else
		live(data + 1, len - 1);
	return 0;
}
