/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The states of a client (RFC 2131, 4.4 and figure 5), with the check of RFC 5227 between
 * REQUESTING and BOUND:
 *
 *     INIT -> SELECTING -> REQUESTING ---+-> CHECKING -> BOUND -> RENEWING -> REBINDING -> INIT
 *     INIT_REBOOT -> REBOOTING ----------+                ^          |            |
 *                                                         +----------+------------+
 *
 * Once the link was away, a client with a lease goes through INIT_REBOOT and REBOOTING, too, and
 * back to BOUND (3.7): the lease is in use all the while.
 *
 * One timer a client, for the earliest of its deadlines. dhcp_timer() does what is due,
 * dhcp_reply() what a server's word leads to; both end in arm().
 */

#include <string.h>

#include <rte_common.h>

#include "dhcp_priv.h"
#include "siphash.h"

#define SECOND UINT64_C(1000000)

#define BACKOFF_FIRST_US (4 * SECOND)  /* 4.1 */
#define BACKOFF_MAX_US   (64 * SECOND)
#define REQUEST_TRIES    4             /* 3.1.5: 4 + 8 + 16 + 32 = 60 s */
#define REBOOT_TRIES     3             /* 3.2.3: 4 + 8 + 16 = 28 s */
#define RENEW_LEAST_US   (60 * SECOND) /* 4.4.5 */
#define DECLINE_WAIT_US  (10 * SECOND) /* 3.1.5 */
/* NAKs and conflicts: 1 s to 64 s, which is the rate of RFC 5227, 2.1.1, before its ten conflicts.
 */
#define FAILS_MAX        6
#define CHECK_HOLDS_US   (10 * SECOND) /* an address that was free is not asked for again */

static void lease_end(struct dhcp_client *c, enum isla_dhcp_end why);

static uint64_t
now_of(const struct dhcp_client *c)
{
	return c->d->core->now_us;
}

/* When so much will have passed since age_us ago: a time that is not before now. */
static uint64_t
at(const struct dhcp_client *c, uint64_t age_us, uint64_t us)
{
	return now_of(c) + (us > age_us ? us - age_us : 0);
}

/* The one timer, for whatever comes first. */
static void
arm(struct dhcp_client *c)
{
	uint64_t us = c->next_us;

	if (c->has_lease) {
		us = RTE_MIN(us, c->end_us);
		if (c->state == ISLA_DHCP_BOUND)
			us = RTE_MIN(us, c->t1_us);
		else if (c->state == ISLA_DHCP_RENEWING)
			us = RTE_MIN(us, c->t2_us);
	} else if (c->state != ISLA_DHCP_CHECKING) {
		us = RTE_MIN(us, c->patient_until_us);
	}
	if (us == DHCP_NEVER)
		timer_stop(&c->d->core->wheel, &c->timer);
	else
		timer_set(&c->d->core->wheel, &c->timer, us);
}

/* From now on somebody should answer. */
static void
be_patient(struct dhcp_client *c)
{
	c->patient_until_us = c->patience_us != 0 ? now_of(c) + c->patience_us : DHCP_NEVER;
}

/* A new exchange: an xid that nobody guesses (4.1), and the count of tries from its beginning. */
static void
exchange_begin(struct dhcp_client *c, enum isla_dhcp_state state)
{
	uint64_t n = c->d->nb_xids++;

	c->state = (uint8_t)state;
	c->xid = (uint32_t)siphash24(&c->d->xid_key, &n, 1);
	c->began_us = now_of(c);
	c->nb_tries = 0;
}

/* 4.1: 4, 8, 16, 32, 64, 64 ... seconds, each up to one more or less. */
static uint64_t
backoff_us(struct dhcp_client *c)
{
	uint64_t us = BACKOFF_FIRST_US << RTE_MIN(c->nb_tries, (uint8_t)4);

	return us - SECOND + core_rand(c->d->core) % (2 * SECOND + 1);
}

/* Wait for at most so long at random, or exactly, then begin in that state. */
static void
begin_in(struct dhcp_client *c, enum isla_dhcp_state state, uint64_t us)
{
	c->state = (uint8_t)state;
	c->next_us = now_of(c) + us;
	arm(c);
}

static uint64_t
random_us(struct dhcp_client *c, uint64_t most_us)
{
	return core_rand(c->d->core) % (most_us + 1);
}

/* From the beginning, later the more often it went wrong. */
static void
begin_again(struct dhcp_client *c, uint64_t least_us)
{
	uint64_t us = SECOND << RTE_MIN(c->nb_fails, (uint8_t)FAILS_MAX);

	if (c->nb_fails < UINT8_MAX)
		c->nb_fails++;
	begin_in(c, ISLA_DHCP_INIT, RTE_MAX(us, least_us) + random_us(c, SECOND));
}

static void
discover(struct dhcp_client *c)
{
	dhcp_send_discover(c);
	c->next_us = now_of(c) + backoff_us(c);
	if (c->nb_tries < UINT8_MAX)
		c->nb_tries++;
}

/* A REQUEST that is sent a few times. */
static void
request(struct dhcp_client *c)
{
	dhcp_send_request(c);
	c->next_us = now_of(c) + backoff_us(c);
	c->nb_tries++;
}

/* 4.4.5: wait for half of what is left until then, but not less than 60 s. */
static void
request_more_time(struct dhcp_client *c, uint64_t until_us)
{
	uint64_t now = now_of(c), left = until_us > now ? until_us - now : 0;

	dhcp_send_request(c);
	c->next_us = DHCP_NEVER;
	if (until_us == DHCP_NEVER)
		c->next_us = now + RENEW_LEAST_US;
	else if (RTE_MAX(left / 2, RENEW_LEAST_US) < left)
		c->next_us = now + RTE_MAX(left / 2, RENEW_LEAST_US);
}

/* ---- a lease ---- */

/* 4.4.5: T1 and T2, each a little earlier at random. What a server tells must make sense. */
static void
times_set(struct dhcp_client *c, uint64_t age_us)
{
	const struct isla_dhcp_lease *l = &c->lease;
	uint64_t lease_us = l->lease_s * SECOND, t1 = l->t1_s * SECOND, t2 = l->t2_s * SECOND;

	if (l->lease_s == ISLA_DHCP_INFINITE) {
		c->t1_us = c->t2_us = c->end_us = DHCP_NEVER;
		return;
	}
	if (t2 == 0 || t2 >= lease_us || (t1 != 0 && t1 >= t2))
		t2 = lease_us / 8 * 7;
	if (t1 == 0 || t1 >= t2)
		t1 = RTE_MIN(lease_us / 2, t2);
	t1 -= random_us(c, t1 / 32);
	t2 = RTE_MAX(t2 - random_us(c, t2 / 32), t1);
	c->t1_us = at(c, age_us, t1);
	c->t2_us = at(c, age_us, t2);
	c->end_us = at(c, age_us, lease_us);
}

/* The lease of c->offer, which was asked for at sent_us, is in use from now on. */
static void
bind_lease(struct dhcp_client *c)
{
	bool is_new = !c->has_lease;

	c->lease = c->offer;
	c->prefer = c->lease.prefix.addr;
	c->has_lease = true;
	c->state = ISLA_DHCP_BOUND;
	c->next_us = c->patient_until_us = DHCP_NEVER;
	c->nb_fails = 0;
	times_set(c, now_of(c) - c->sent_us);
	core_count(c->d->core, is_new ? ISLA_C_DHCP_LEASES : ISLA_C_DHCP_RENEWALS);
	arm(c);
	c->ops->lease(c->ctx, c->netif, &c->lease, is_new);
	/* The callback may have given it back. */
	if (is_new && c->has_lease && !c->no_probe)
		acd_announce(&c->acd, &c->lease.prefix.addr);
}

/* A server has given c->offer: is the address free (4.4.1, RFC 5227)? */
static void
check(struct dhcp_client *c)
{
	bool was_checked = isla_addr_eq(&c->checked, &c->offer.prefix.addr) &&
		now_of(c) < c->checked_us + CHECK_HOLDS_US;

	c->state = ISLA_DHCP_CHECKING;
	c->next_us = DHCP_NEVER;
	if (c->no_probe || was_checked) {
		bind_lease(c);
		return;
	}
	arm(c);
	acd_probe(&c->acd, &c->offer.prefix.addr);
}

static void
lease_end(struct dhcp_client *c, enum isla_dhcp_end why)
{
	acd_stop(&c->acd);
	c->has_lease = false;
	c->next_us = DHCP_NEVER;
	c->state = ISLA_DHCP_INIT;
	be_patient(c);
	if (why == ISLA_DHCP_END_EXPIRED)
		core_count(c->d->core, ISLA_C_DHCP_EXPIRIES);
	arm(c);
	c->ops->expired(c->ctx, c->netif, why);
}

void
dhcp_conflict_event(void *ctx, enum acd_event event, const struct rte_ether_addr *other)
{
	struct dhcp_client *c = ctx;

	RTE_SET_USED(other);
	if (event == ACD_FREE) {
		c->checked = c->offer.prefix.addr;
		c->checked_us = now_of(c);
		/* One so short that it is over by now is asked for once more. */
		if (c->offer.lease_s != ISLA_DHCP_INFINITE &&
			now_of(c) - c->sent_us >= c->offer.lease_s * SECOND)
			begin_in(c, ISLA_DHCP_INIT_REBOOT, 0);
		else
			bind_lease(c);
		return;
	}
	/* RFC 2131, 3.1.5; RFC 5227, 2.4 for one that was in use. */
	c->prefer = isla_addr_from_v4(0);
	if (c->has_lease) {
		struct isla_dhcp_lease lost = c->lease;

		lease_end(c, ISLA_DHCP_END_CONFLICT);
		dhcp_send_decline(c, &lost);
	} else {
		dhcp_send_decline(c, &c->offer);
	}
	/* The callback may have stopped it. */
	if (c->state != ISLA_DHCP_STOPPED)
		begin_again(c, DECLINE_WAIT_US);
}

/* ---- time ---- */

/* 3.2.3: no server has said anything about the lease of before, so what is left of it is used. */
static void
use_last(struct dhcp_client *c)
{
	uint64_t age_us = isla_stack_wall_us(c->d->stack) - c->offer.since_us;

	if (isla_stack_wall_us(c->d->stack) < c->offer.since_us ||
		(c->offer.lease_s != ISLA_DHCP_INFINITE &&
			age_us >= c->offer.lease_s * SECOND)) {
		begin_in(c, ISLA_DHCP_INIT, 0);
		return;
	}
	/* Perhaps before the clock's beginning; only differences count. */
	c->sent_us = now_of(c) - age_us;
	check(c);
}

/* 3.7: the lease that is in use is asked for as if from before a restart. */
static void
verify(struct dhcp_client *c)
{
	if (c->state == ISLA_DHCP_REBOOTING && c->nb_tries == REBOOT_TRIES) {
		/* Nobody has said anything: it goes on. Should T1 have passed, that is next. */
		c->state = ISLA_DHCP_BOUND;
		c->next_us = DHCP_NEVER;
		return;
	}
	if (c->state == ISLA_DHCP_INIT_REBOOT) {
		exchange_begin(c, ISLA_DHCP_REBOOTING);
		c->offer = c->lease;
	}
	request(c);
}

/* A deadline of the states that have no lease. */
static void
timer_unbound(struct dhcp_client *c)
{
	switch (c->state) {
	case ISLA_DHCP_INIT:
		exchange_begin(c, ISLA_DHCP_SELECTING);
		discover(c);
		break;
	case ISLA_DHCP_SELECTING:
		discover(c);
		break;
	case ISLA_DHCP_REQUESTING:
		if (c->nb_tries == REQUEST_TRIES) {
			begin_in(c, ISLA_DHCP_INIT, 0);
			return;
		}
		request(c);
		break;
	case ISLA_DHCP_INIT_REBOOT:
		exchange_begin(c, ISLA_DHCP_REBOOTING);
		request(c);
		break;
	case ISLA_DHCP_REBOOTING:
		if (c->nb_tries == REBOOT_TRIES) {
			use_last(c);
			return;
		}
		request(c);
		break;
	default:
		c->next_us = DHCP_NEVER;
		break;
	}
	arm(c);
}

static void
timer_bound(struct dhcp_client *c)
{
	uint64_t now = now_of(c);

	if (now >= c->end_us) {
		lease_end(c, ISLA_DHCP_END_EXPIRED);
		/* The callback may have stopped it. */
		if (c->state == ISLA_DHCP_INIT)
			begin_in(c, ISLA_DHCP_INIT, random_us(c, SECOND));
		return;
	}
	if (c->state == ISLA_DHCP_INIT_REBOOT || c->state == ISLA_DHCP_REBOOTING) {
		if (now >= c->next_us)
			verify(c);
	} else if (now >= c->t2_us && c->state != ISLA_DHCP_REBINDING) {
		exchange_begin(c, ISLA_DHCP_REBINDING);
		request_more_time(c, c->end_us);
	} else if (now >= c->t1_us && c->state == ISLA_DHCP_BOUND) {
		exchange_begin(c, ISLA_DHCP_RENEWING);
		request_more_time(c, c->t2_us);
	} else if (now >= c->next_us) {
		request_more_time(c, c->state == ISLA_DHCP_RENEWING ? c->t2_us : c->end_us);
	}
	arm(c);
}

void
dhcp_timer(void *ctx, struct timer *timer)
{
	struct dhcp_client *c = RTE_PTR_SUB(timer, offsetof(struct dhcp_client, timer));

	RTE_SET_USED(ctx);
	if (c->has_lease) {
		timer_bound(c);
		return;
	}
	if (now_of(c) >= c->patient_until_us && c->state != ISLA_DHCP_CHECKING) {
		c->patient_until_us = DHCP_NEVER;
		c->ops->unanswered(c->ctx, c->netif);
	}
	if (now_of(c) >= c->next_us)
		timer_unbound(c);
	else
		arm(c);
}

/* ---- from outside ---- */

void
dhcp_begin(struct dhcp_client *c, const struct isla_dhcp_lease *last)
{
	enum isla_dhcp_state state = ISLA_DHCP_INIT;

	if (last != NULL && isla_addr_is_v4(&last->prefix.addr) &&
		isla_prefix_is_unicast(&last->prefix)) {
		uint64_t wall = isla_stack_wall_us(c->d->stack);

		/* At least a wish, also of what was given back. */
		c->prefer = last->prefix.addr;
		/* A clock that was set back makes any lease look new. */
		if (last->lease_s == ISLA_DHCP_INFINITE || (last->since_us <= wall &&
				wall - last->since_us < last->lease_s * SECOND)) {
			c->offer = *last;
			state = ISLA_DHCP_INIT_REBOOT;
		}
	}
	be_patient(c);
	begin_in(c, state, random_us(c, c->start_delay_us));
}

void
dhcp_stop(struct dhcp_client *c)
{
	bool had = c->has_lease;

	if (had)
		dhcp_send_release(c);
	acd_stop(&c->acd);
	c->has_lease = false;
	c->state = ISLA_DHCP_STOPPED;
	c->next_us = c->patient_until_us = DHCP_NEVER;
	arm(c);
	if (had)
		c->ops->expired(c->ctx, c->netif, ISLA_DHCP_END_RELEASED);
}

void
dhcp_hurry(struct dhcp_client *c)
{
	switch (c->state) {
	case ISLA_DHCP_STOPPED:
		c->state = ISLA_DHCP_INIT;
		be_patient(c);
		break;
	case ISLA_DHCP_BOUND:
		exchange_begin(c, ISLA_DHCP_RENEWING);
		break;
	case ISLA_DHCP_CHECKING:
		return;
	default:
		break;
	}
	c->next_us = now_of(c);
	arm(c);
}

void
dhcp_verify(struct dhcp_client *c)
{
	uint64_t wait_us = random_us(c, c->start_delay_us);

	switch (c->state) {
	case ISLA_DHCP_STOPPED:
	case ISLA_DHCP_INIT:
		/* Not at all, or soon by itself, or so late for a reason. */
		return;
	case ISLA_DHCP_SELECTING:
	case ISLA_DHCP_REQUESTING:
		begin_in(c, ISLA_DHCP_INIT, wait_us);
		return;
	default:
		break;
	}
	if (c->has_lease && !c->no_probe)
		acd_verify(&c->acd, &c->lease.prefix.addr);
	else
		acd_stop(&c->acd);
	begin_in(c, ISLA_DHCP_INIT_REBOOT, wait_us);
}

/* ---- what servers say ---- */

bool
dhcp_is_waiting(const struct dhcp_client *c)
{
	return c->state == ISLA_DHCP_SELECTING || c->state == ISLA_DHCP_REQUESTING ||
		c->state == ISLA_DHCP_REBOOTING || c->state == ISLA_DHCP_RENEWING ||
		c->state == ISLA_DHCP_REBINDING;
}

static enum isla_drop
offer_input(struct dhcp_client *c, const struct dhcp_msg *msg)
{
	struct isla_dhcp_lease *l = &c->d->parsed;

	if (c->state != ISLA_DHCP_SELECTING)
		return ISLA_DROP_DHCP_NOT_OURS;
	if (!dhcp_lease_parse(msg, l))
		return ISLA_DROP_DHCP_LEASE;
	/* The first one that can be used will do (4.4.1). */
	c->count.nb_offers++;
	c->offer = *l;
	c->state = ISLA_DHCP_REQUESTING;
	c->nb_tries = 0;
	request(c);
	arm(c);
	return ISLA_ACCEPTED;
}

/* True where this server has the say about what was asked for. */
static bool
is_our_server(const struct dhcp_client *c, const struct isla_addr *server)
{
	if (c->state == ISLA_DHCP_REQUESTING)
		return isla_addr_eq(server, &c->offer.server);
	if (c->state == ISLA_DHCP_RENEWING)
		return isla_addr_eq(server, &c->lease.server);
	return true;
}

static enum isla_drop
ack_input(struct dhcp_client *c, const struct dhcp_msg *msg)
{
	struct isla_dhcp_lease *l = &c->d->parsed;
	const struct isla_addr *asked = c->has_lease ? &c->lease.prefix.addr :
							  &c->offer.prefix.addr;

	if (c->state == ISLA_DHCP_SELECTING)
		return ISLA_DROP_DHCP_NOT_OURS;
	if (!dhcp_lease_parse(msg, l))
		return ISLA_DROP_DHCP_LEASE;
	if (!is_our_server(c, &l->server) || !isla_addr_eq(&l->prefix.addr, asked))
		return ISLA_DROP_DHCP_NOT_OURS;
	c->count.nb_acks++;
	l->since_us = isla_stack_wall_us(c->d->stack) - (now_of(c) - c->sent_us);
	c->offer = *l;
	if (c->has_lease)
		bind_lease(c);
	else
		check(c);
	return ISLA_ACCEPTED;
}

static enum isla_drop
nak_input(struct dhcp_client *c, const struct dhcp_msg *msg)
{
	struct isla_addr server;

	if (c->state == ISLA_DHCP_SELECTING || !dhcp_opt_addr(msg, DHCP_OPT_SERVER, &server) ||
		!is_our_server(c, &server))
		return ISLA_DROP_DHCP_NOT_OURS;
	c->count.nb_naks++;
	core_count(c->d->core, ISLA_C_DHCP_NAKS);
	c->prefer = isla_addr_from_v4(0);
	if (c->has_lease)
		lease_end(c, ISLA_DHCP_END_NAK);
	else
		c->state = ISLA_DHCP_INIT;
	/* The callback may have stopped it. */
	if (c->state == ISLA_DHCP_INIT)
		begin_again(c, 0);
	return ISLA_ACCEPTED;
}

enum isla_drop
dhcp_reply(struct dhcp_client *c, const struct dhcp_msg *msg)
{
	switch (msg->type) {
	case DHCP_OFFER:
		return offer_input(c, msg);
	case DHCP_ACK:
		return ack_input(c, msg);
	case DHCP_NAK:
		return nak_input(c, msg);
	default:
		return ISLA_DROP_DHCP_NOT_OURS;
	}
}
