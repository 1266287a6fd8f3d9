/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record of all shards' ports, see isla_ports.h. All that is to be decided about a TCP port
 * stands in one word, so that a listener and an active open that come at once see one another.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "port_slice.h"
#include "ports.h"

#define LISTENERS UINT64_C(0xffff)
#define SPREAD    (UINT64_C(1) << 16)
#define ONE_CONN  (UINT64_C(1) << 32)

/* Between two shards' clocks, far more than there is. */
#define SKEW_S 2u

void
isla_ports_init(struct isla_ports *ports, uint16_t nb_shards)
{
	memset(ports, 0, sizeof(*ports));
	ports->nb_shards = nb_shards;
}

/* A bit for each shard. */
static uint16_t
everybody(const struct isla_ports *ports)
{
	return (uint16_t)((1u << ports->nb_shards) - 1);
}

/* A slice's words lie side by side: what one shard opens and closes costs the others nothing. */
static uint32_t
slot_of(const struct isla_ports *ports, uint16_t port)
{
	uint32_t per = (UINT16_MAX + 1u + ports->nb_shards - 1) / ports->nb_shards;

	return port % ports->nb_shards * per + port / ports->nb_shards;
}

static uint64_t
word_get(const struct isla_ports *ports, uint16_t port)
{
	return __atomic_load_n(&ports->tcp[slot_of(ports, port)], __ATOMIC_RELAXED);
}

static void
rules_set(struct isla_ports *ports)
{
	if (!isla_ports_has_rules(ports))
		__atomic_store_n(&ports->has_rules, 1, __ATOMIC_RELAXED);
}

/* Without a connection it may change by what rule its frames go. */
static uint64_t
settled(const struct isla_ports *ports, uint64_t word)
{
	if (word >= ONE_CONN)
		return word;
	if ((word & LISTENERS) == everybody(ports))
		return word | SPREAD;
	return (word & LISTENERS) == 0 ? word & ~SPREAD : word;
}

/* Clear and set bits, and add to what is above them. */
static void
word_change(struct isla_ports *ports, uint16_t port, uint64_t clear, uint64_t set, uint64_t add)
{
	uint64_t *at = &ports->tcp[slot_of(ports, port)], new;
	uint64_t old = __atomic_load_n(at, __ATOMIC_RELAXED);

	do
		new = settled(ports, ((old & ~clear) | set) + add);
	while (!__atomic_compare_exchange_n(at, &old, new, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	if ((new & SPREAD) != 0 && port >= ISLA_PORT_FIRST)
		rules_set(ports);
}

int
isla_ports_pin(struct isla_ports *ports, uint16_t port, uint16_t shard)
{
	uint32_t users;

	if (shard >= ports->nb_shards)
		return -EINVAL;
	users = (uint32_t)(word_get(ports, port) & LISTENERS) |
		__atomic_load_n(&ports->udp[port], __ATOMIC_RELAXED);
	if ((users & ~(1u << shard)) != 0)
		return -EADDRINUSE;
	__atomic_store_n(&ports->pin[port], (uint8_t)(shard + 1), __ATOMIC_RELAXED);
	rules_set(ports);
	return 0;
}

bool
isla_ports_is_spread(const struct isla_ports *ports, uint16_t port, bool is_tcp)
{
	if (port < ISLA_PORT_FIRST)
		return false;
	if (is_tcp)
		return (word_get(ports, port) & SPREAD) != 0;
	return __atomic_load_n(&ports->udp[port], __ATOMIC_RELAXED) == everybody(ports);
}

void
ports_tcp_listen(struct core *core, uint16_t port, bool on)
{
	uint64_t bit = UINT64_C(1) << core->shard;

	if (core->ports != NULL)
		word_change(core->ports, port, on ? 0 : bit, on ? bit : 0, 0);
}

void
ports_udp_bind(struct core *core, uint16_t port, bool on)
{
	uint16_t bit = (uint16_t)(1u << core->shard);

	if (core->ports == NULL)
		return;
	if (!on) {
		__atomic_and_fetch(&core->ports->udp[port], (uint16_t)~bit, __ATOMIC_RELAXED);
		return;
	}
	__atomic_or_fetch(&core->ports->udp[port], bit, __ATOMIC_RELAXED);
	if (isla_ports_is_spread(core->ports, port, false))
		rules_set(core->ports);
}

bool
ports_tcp_is_taken(const struct core *core, uint16_t port)
{
	return core->ports != NULL && ((word_get(core->ports, port) & (LISTENERS | SPREAD)) != 0 ||
		isla_ports_pin_of(core->ports, port) != 0);
}

bool
ports_udp_is_taken(const struct core *core, uint16_t port)
{
	return core->ports != NULL &&
		(__atomic_load_n(&core->ports->udp[port], __ATOMIC_RELAXED) != 0 ||
			isla_ports_pin_of(core->ports, port) != 0);
}

bool
ports_tcp_claim(struct core *core, uint16_t port)
{
	uint64_t others = LISTENERS & ~(UINT64_C(1) << core->shard), old, *at;
	uint16_t pin = core->ports != NULL ? isla_ports_pin_of(core->ports, port) : 0;

	if (pin != 0 ? pin - 1 != core->shard : !port_slice_has(core, port))
		return false;
	if (core->ports == NULL || port < ISLA_PORT_FIRST)
		return true;
	at = &core->ports->tcp[slot_of(core->ports, port)];
	old = __atomic_load_n(at, __ATOMIC_RELAXED);
	do {
		if (pin == 0 && (old & (others | SPREAD)) != 0)
			return false;
	} while (!__atomic_compare_exchange_n(at, &old, old + ONE_CONN, true, __ATOMIC_RELAXED,
		__ATOMIC_RELAXED));
	return true;
}

void
ports_conn_add(struct core *core, uint16_t port)
{
	__atomic_fetch_add(&core->ports->tcp[slot_of(core->ports, port)], ONE_CONN,
		__ATOMIC_RELAXED);
}

void
ports_conn_del(struct core *core, uint16_t port)
{
	word_change(core->ports, port, 0, 0, (uint64_t)0 - ONE_CONN);
}

static uint32_t
seconds(const struct core *core)
{
	return (uint32_t)(core->now_us / 1000000) + 1;
}

void
ports_cookie_sent(struct core *core, uint16_t port)
{
	uint32_t now = seconds(core), *at;

	if (core->ports == NULL)
		return;
	at = &core->ports->cookie_s[port];
	if (__atomic_load_n(at, __ATOMIC_RELAXED) != now)
		__atomic_store_n(at, now, __ATOMIC_RELAXED);
}

bool
ports_cookie_was_sent(const struct core *core, uint16_t port, uint32_t max_age_s)
{
	uint32_t sent;

	if (core->ports == NULL)
		return false;
	sent = __atomic_load_n(&core->ports->cookie_s[port], __ATOMIC_RELAXED);
	return sent != 0 && seconds(core) + SKEW_S - sent <= max_age_s + SKEW_S;
}
