/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINK_H
#define LINK_H

/*
 * The link room: Ethernet, interfaces, the neighbour cache with ARP and neighbour discovery.
 *
 *   link_input()   a frame from the port: decode Ethernet, answer ARP, hand IP upwards
 *   link_output()  an IP packet for a next hop: resolve it, put the Ethernet header, list the frame
 *
 * Input calls return 0 where they took the mbuf; else the caller still has it, counts the reason
 * and frees it. Output calls take the mbuf whatever happens, and count their own drops; the
 * reason is returned for those who care.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core.h"
#include "isla_netif.h"

struct acd;
struct neigh_table;

/* An IPv4 address of an interface, as every packet is compared with it. */
struct netif_v4 {
	rte_be32_t addr;
	rte_be32_t broadcast; /* of its prefix; 255.255.255.255 where that has none (RFC 3021) */
};

/* One interface. */
struct netif {
	uint8_t mac[6];
	uint16_t mtu;
	uint16_t mtu_v4;   /* of IPv4: mtu, or less (link_netif_set_mtu()) */
	uint16_t mtu_max;  /* what the port takes */
	uint32_t offloads; /* ISLA_NETIF_* */
	/* isla_netif_odd; written by the shard, read by anybody: atomic, relaxed. */
	uint32_t nb_blank_cksums;
	uint32_t nb_cut_frames;
	/* isla_netif_conflict; likewise. */
	uint32_t nb_conflicts;
	rte_be32_t conflict_v4;
	uint64_t conflict_mac;
	uint8_t nb_addrs;
	uint8_t nb_v4;
	uint16_t leased;   /* those of addr that are a lease's, as bits */
	struct netif_v4 v4[ISLA_NETIF_ADDR_MAX]; /* those of addr that are IPv4 */
	struct isla_prefix addr[ISLA_NETIF_ADDR_MAX];
	uint64_t defended_us[ISLA_NETIF_ADDR_MAX]; /* when one of addr was; 0: never */
};

/* Raise one of the two; on the way of a frame that is dropped. */
static inline void
netif_odd_add(uint32_t *count)
{
	__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
}

static inline void
netif_odd_clear(uint32_t *count)
{
	__atomic_store_n(count, 0, __ATOMIC_RELAXED);
}

static inline bool
netif_v4_is_own(const struct netif *nif, rte_be32_t v4)
{
	unsigned int i;

	for (i = 0; i < nif->nb_v4; i++)
		if (nif->v4[i].addr == v4)
			return true;
	return false;
}

/* True for 255.255.255.255 and for the broadcast address of one of the interface's IPv4 prefixes
 * (RFC 1122, 3.2.1.3). */
static inline bool
netif_v4_is_broadcast(const struct netif *nif, rte_be32_t v4)
{
	unsigned int i;

	for (i = 0; i < nif->nb_v4; i++)
		if (nif->v4[i].broadcast == v4)
			return true;
	return v4 == RTE_BE32(0xffffffff);
}

/* What the room above gives: an IP packet whose mbuf begins with the IP header; isla_pkt::netif,
 * l3_off and the L2 flags are set. Input call. */
typedef enum isla_drop link_up_fn(void *ctx, struct rte_mbuf *m, bool is_v6);

/*
 * What the room above hears of a packet that waited for a neighbour who never answered: it begins
 * with the IP header, and is dropped afterwards. Called from a timer; it may send.
 */
typedef void link_unreach_fn(void *ctx, const struct rte_mbuf *m, uint8_t netif);

struct link {
	struct core *core;
	link_up_fn *up;
	void *up_ctx;
	link_unreach_fn *unreach; /* NULL: nobody wants to know */
	void *unreach_ctx;
	struct neigh_table *neigh;
	struct acd *acds; /* addresses that are probed or watched for conflicts: acd.h */
	uint8_t nb_netifs;
	uint8_t learn;            /* 0, or ISLA_PKT_LEARN for what is received now */
	struct netif netif[NETIF_MAX];
};

struct link_conf {
	uint32_t max_neigh;      /* entries of the neighbour cache */
	uint32_t neigh_queue;    /* packets that may wait for one neighbour */
	uint32_t reachable_us;   /* REACHABLE_TIME, RFC 4861, 10 */
	uint32_t retrans_us;     /* RETRANS_TIMER */
};

/* Returns 0, or -ENOMEM. */
int link_init(struct link *link, struct core *core, const struct link_conf *conf);
void link_fini(struct link *link);

/* Who receives IP packets; set once, at init. */
void link_set_up(struct link *link, link_up_fn *up, void *ctx);

/* Who hears of neighbours that do not answer (RFC 1122, 2.3.2.2; RFC 4861, 7.2.2); set once. */
void link_set_unreach(struct link *link, link_unreach_fn *unreach, void *ctx);

/* Returns the new interface's index, -ENOSPC, or -EINVAL for a MAC or an MTU that cannot be. */
int link_netif_add(struct link *link, const struct isla_netif_conf *conf);

/* Lower an interface's MTU, or raise it again, at most to what the port takes; 0: to that. IPv6 has
 * at least 1280 (RFC 8200, 5). Returns 0 or -EINVAL: no such interface, an MTU below 576 or beyond.
 */
int link_netif_set_mtu(struct link *link, uint8_t netif, uint16_t mtu);

/* Returns 0, -EEXIST, -ENOSPC, or -EINVAL (no such interface, an address that is not unicast). */
int link_addr_add(struct link *link, uint8_t netif, const struct isla_prefix *prefix);

/* isla_addr_list() and isla_neigh_list(). */
uint16_t link_addr_list(const struct link *link, uint32_t *cursor,
	struct isla_addr_entry *entries, uint16_t max);
uint16_t link_neigh_list(const struct link *link, uint32_t *cursor,
	struct isla_neigh_entry *entries, uint16_t max);

/* isla_neigh_clear(). */
uint16_t link_neigh_clear(struct link *link, uint32_t *cursor, const struct isla_addr *addr);

/* An address of the interface's own is a lease's: it goes with it. */
void link_addr_lease(struct link *link, uint8_t netif, const struct isla_addr *addr);
bool link_addr_is_leased(const struct link *link, uint8_t netif, const struct isla_addr *addr);

/* Take an address away. Returns 0, -EINVAL (no such interface) or -EADDRNOTAVAIL (not its own).
 * Whoever uses the address must have been told before. */
int link_addr_del(struct link *link, uint8_t netif, const struct isla_addr *addr);

/* isla_neigh_ask() and isla_neigh_get(); it is a unicast address of another host. */
int link_neigh_ask(struct link *link, uint8_t netif, const struct isla_addr *addr);
int link_neigh_get(const struct link *link, uint8_t netif, const struct isla_addr *addr,
	struct isla_neigh_entry *entry);

/* True where addr is one of the interface's own addresses. */
bool link_addr_is_own(const struct link *link, uint8_t netif, const struct isla_addr *addr);

/* netif_v4_is_broadcast() of an address of either family. */
bool link_addr_is_broadcast(const struct link *link, uint8_t netif, const struct isla_addr *addr);

/* Input: one frame. */
enum isla_drop link_input(struct link *link, struct rte_mbuf *m, uint8_t netif);

/*
 * Output: an IP packet (data begins with the IP header, whose version tells the EtherType) to the
 * neighbour `next_hop`, which may be a multicast or broadcast address. `hint` may be NULL; else it
 * is the caller's memory of where the neighbour stood in the cache, 0 at first, and saves the
 * look-up. A packet whose neighbour is not known yet waits in the cache: that counts as accepted.
 */
enum isla_drop link_output(struct link *link, struct rte_mbuf *m, uint8_t netif,
	const struct isla_addr *next_hop, uint16_t *hint);

/*
 * A neighbour discovery message, called by ICMPv6 once its checksum has been verified; the mbuf's
 * data begins with the ICMPv6 header and isla_pkt is complete. Input call (RFC 4861, 7).
 */
enum isla_drop ndp_input(struct link *link, struct rte_mbuf *m);

/*
 * Transport saw forward progress with this neighbour (RFC 4861, 7.3.1): it is reachable. The hint
 * is that of link_output(); an entry that has gone is ignored.
 */
void link_confirm(struct link *link, uint8_t netif, const struct isla_addr *next_hop,
	uint16_t hint);

/* Transport misses every answer that should come over this neighbour (RFC 1122, 3.3.1.4): ask it
 * whether it is there. */
void link_suspect(struct link *link, uint8_t netif, const struct isla_addr *next_hop,
	uint16_t hint);

#endif /* LINK_H */
