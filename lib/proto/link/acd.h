/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ACD_H
#define ACD_H

/*
 * Address conflict detection for IPv4 (RFC 5227): before an address is used, probes ask whether
 * anybody has it; then it is announced, watched, and defended once in ten seconds.
 *
 *     acd_init()      once; the struct is embedded in whoever wants an address
 *     acd_probe()     asks for 4 to 7 seconds: ACD_FREE or ACD_CONFLICT
 *     acd_announce()  the address is in use: announced twice, then watched: ACD_CONFLICT once it
 *                     is lost
 *     acd_verify()    asks for one that is in use all the while, as after the link was away: nothing
 *                     is told of silence, and it is announced and watched from then on
 *     acd_stop()
 *
 * ARP shows acd_input() every packet that could be one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "link.h"

/* RFC 5227, 1.1 */
#define ACD_PROBE_WAIT_US        1000000u
#define ACD_PROBE_NUM            3
#define ACD_PROBE_MIN_US         1000000u
#define ACD_PROBE_MAX_US         2000000u
#define ACD_ANNOUNCE_WAIT_US     2000000u
#define ACD_ANNOUNCE_NUM         2
#define ACD_ANNOUNCE_INTERVAL_US 2000000u
#define ACD_DEFEND_US            10000000u

enum acd_event {
	ACD_FREE,     /* nobody has it: it may be used, and acd_announce() called */
	ACD_CONFLICT, /* somebody else has it, or wants it as well: it must not be used. It is no longer
	               * probed or watched */
};

struct acd;

/* From a timer or while a packet is received; any call is allowed. other is the MAC address of the
 * host that has it, NULL with ACD_FREE. */
typedef void acd_fn(void *ctx, enum acd_event event, const struct rte_ether_addr *other);

enum acd_state {
	ACD_IDLE,
	ACD_PROBING,
	ACD_ANNOUNCING,
	ACD_WATCHING,
};

struct acd {
	struct link *link;
	struct acd *next; /* in the link room's list, unless idle */
	acd_fn *fn;
	void *ctx;
	struct timer timer;
	struct isla_addr addr;
	uint64_t defended_us;
	uint8_t netif;
	uint8_t state;    /* enum acd_state */
	uint8_t nb_sent;
	bool defended;
	bool in_use;      /* acd_verify(): while it is probed */
};

/* What the link room does at its start. */
void acd_link_init(struct link *link);

void acd_init(struct acd *a, struct link *link, uint8_t netif, acd_fn *fn, void *ctx);

/* Begin to ask for an IPv4 address; what it was about before is forgotten. */
void acd_probe(struct acd *a, const struct isla_addr *addr);

/* The address is in use: after ACD_FREE, or of an address that was in use all the time. */
void acd_announce(struct acd *a, const struct isla_addr *addr);

/* The interface was away, and the address is in use (RFC 5227, 2.1): as acd_probe(), but whoever only
 * asks for it is answered, not given way to. */
void acd_verify(struct acd *a, const struct isla_addr *addr);

void acd_stop(struct acd *a);

/* An ARP packet with this sender and target came in. */
void acd_input(struct link *link, uint8_t netif, const struct rte_ether_addr *sha,
	const struct isla_addr *sip, const struct isla_addr *tip, bool is_request);

/* An ARP packet came in whose sender address is the interface's own. One that was given by hand is
 * defended once in ten seconds and never given up: it is a server's (RFC 5227, 2.4 c). */
void acd_defend(struct link *link, uint8_t netif, const struct rte_ether_addr *sha,
	const struct isla_addr *sip);

#endif /* ACD_H */
