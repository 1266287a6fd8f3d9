/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_DHCP_H
#define ISLA_DHCP_H

/**
 * @file
 * A DHCP client (RFC 2131, RFC 2132, RFC 3396, RFC 3397, RFC 3442, RFC 4361, RFC 6842) with conflict
 * detection (RFC 5227): one for each interface of a stack that wants its address from a server.
 *
 * The client talks to servers and knows what time it is; it gives the interface nothing by itself.
 * What it has got it tells by callbacks, and isla_dhcp_lease_apply() puts it into a stack: that
 * of the client, and those of other shards as well.
 *
 *     dhcp = isla_dhcp_create(stack)
 *     isla_dhcp_start(dhcp, netif, &conf)
 *     ... lease()     at the beginning, at each renewal, and when anything about it has changed
 *     ... expired()   it must not be used any more; the client goes on trying for another
 *     isla_dhcp_release(dhcp, netif)
 *     isla_dhcp_free(dhcp)
 *
 * All calls are made from the shard's own thread, between bursts or within a callback.
 */

#include <stdbool.h>
#include <stdint.h>

#include "isla_addr.h"
#include "isla_stack.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ISLA_DHCP_ROUTES_MAX  32  /**< more of them are not used */
#define ISLA_DHCP_SERVERS_MAX 8   /**< likewise: DNS servers, routers */
#define ISLA_DHCP_NAME_MAX    256 /**< of a domain or a host, NUL included */
#define ISLA_DHCP_SEARCH_MAX  512 /**< of a search list, NUL included */
#define ISLA_DHCP_ID_MAX      255 /**< bytes of a client identifier */
#define ISLA_DHCP_CLASS_MAX   512 /**< bytes of a vendor class */

/** isla_dhcp_lease::lease_s of a lease without an end. */
#define ISLA_DHCP_INFINITE UINT32_MAX

/** One stack's clients. */
struct isla_dhcp;

/** Where a client stands (RFC 2131, figure 5). */
enum isla_dhcp_state {
	ISLA_DHCP_STOPPED,     /**< not started, or released */
	ISLA_DHCP_INIT,        /**< about to look for servers */
	ISLA_DHCP_SELECTING,   /**< looks for servers */
	ISLA_DHCP_REQUESTING,  /**< has asked one for what it offered */
	ISLA_DHCP_INIT_REBOOT, /**< about to ask for the address that it had before */
	ISLA_DHCP_REBOOTING,   /**< has asked for it */
	ISLA_DHCP_CHECKING,    /**< asks on the link whether anybody has the address (RFC 5227) */
	ISLA_DHCP_BOUND,       /**< has a lease */
	ISLA_DHCP_RENEWING,    /**< has one, and asks its server for more time */
	ISLA_DHCP_REBINDING,   /**< has one, and asks every server */
};

/** Why a lease is over. */
enum isla_dhcp_end {
	ISLA_DHCP_END_EXPIRED,  /**< nobody has given more time */
	ISLA_DHCP_END_NAK,      /**< the server does not want it to be used */
	ISLA_DHCP_END_CONFLICT, /**< somebody else on the link uses the address */
	ISLA_DHCP_END_RELEASED, /**< isla_dhcp_release() */
};

/** A route that comes with a lease. */
struct isla_dhcp_route {
	struct isla_prefix prefix;
	struct isla_addr gateway; /**< 0.0.0.0: directly reachable */
};

/** A lease, and all that came with it. A plain value. */
struct isla_dhcp_lease {
	struct isla_prefix prefix;  /**< the address, and the length of the subnet mask */
	struct isla_addr server;    /**< server identifier */
	uint32_t lease_s;           /**< seconds, from since_us on, or ISLA_DHCP_INFINITE */
	uint32_t t1_s;              /**< renewal time as the server told it; 0: it did not */
	uint32_t t2_s;              /**< rebinding time, likewise */
	uint64_t since_us;          /**< when it was asked for: microseconds since 1970 (UTC) */
	struct isla_addr broadcast; /**< 0.0.0.0: not told */
	uint16_t mtu;               /**< 0: not told */
	uint8_t nb_routes;
	uint8_t nb_routers;
	uint8_t nb_dns;
	/** Classless static routes (RFC 3442), or else the default route by the first router. */
	struct isla_dhcp_route route[ISLA_DHCP_ROUTES_MAX];
	struct isla_addr router[ISLA_DHCP_SERVERS_MAX];
	struct isla_addr dns[ISLA_DHCP_SERVERS_MAX];
	char domain[ISLA_DHCP_NAME_MAX];   /**< letters, digits, '-', '_' and '.'; or empty */
	char hostname[ISLA_DHCP_NAME_MAX]; /**< likewise */
	char search[ISLA_DHCP_SEARCH_MAX]; /**< names with one blank in between */
};

/** What a client tells; the first two are required. */
struct isla_dhcp_ops {
	/** There is a lease, as new or renewed. is_new: its address was not in use before. The lease is
	 * valid during the call. */
	void (*lease)(void *ctx, uint8_t netif, const struct isla_dhcp_lease *lease, bool is_new);
	/** The lease must not be used any more. */
	void (*expired)(void *ctx, uint8_t netif, enum isla_dhcp_end why);
	/** There is no lease, and none is on its way, patience_us after the start or after the last one
	 * ended: a program may want to do with an address of its own until lease() is called. The
	 * client goes on trying. */
	void (*unanswered)(void *ctx, uint8_t netif);
};

/** How a client is started; all is copied but ops. A field that is 0 or NULL is not sent, or takes the
 * default in brackets. */
struct isla_dhcp_conf {
	const struct isla_dhcp_ops *ops;
	void *ctx;
	const char *hostname;
	/** The client identifier, its type byte first [RFC 4361: the DUID of the first interface's
	 * MAC address, and an IAID of this one's] */
	const uint8_t *client_id;
	uint16_t client_id_len;
	const char *vendor_class;
	/** The last lease, from before a restart: it is asked for again (INIT-REBOOT), and where no
	 * server answers it is used for the time that is left of it. Where none is left, or lease_s is
	 * 0, its address is what servers are asked to offer. */
	const struct isla_dhcp_lease *last;
	uint32_t patience_us;    /**< until unanswered() [never] */
	uint32_t start_delay_us; /**< the first message waits for a random time up to this [1000000] */
	bool no_probe;           /**< use an address without asking whether somebody has it */
};

/** What a client knows and has done. */
struct isla_dhcp_info {
	enum isla_dhcp_state state;
	bool has_lease;
	struct isla_dhcp_lease lease; /**< where has_lease */
	uint64_t t1_us;   /**< until the renewal; 0: passed; UINT64_MAX: never */
	uint64_t t2_us;   /**< until it asks every server; likewise */
	uint64_t end_us;  /**< until the end of the lease; likewise */
	uint64_t next_us; /**< until it sends again; likewise */
	uint32_t nb_discovers;
	uint32_t nb_offers;
	uint32_t nb_requests;
	uint32_t nb_acks;
	uint32_t nb_naks;
	uint32_t nb_declines;
	uint32_t nb_releases;
	uint32_t nb_ignored; /**< messages that were malformed, not for us, or not to be used */
};

/**
 * Make the clients of a stack, and bind UDP port 68.
 *
 * @return NULL with rte_errno ENOMEM, EADDRINUSE or ENOSPC
 */
struct isla_dhcp *isla_dhcp_create(struct isla_stack *stack);

/** Free them without a word to any server; NULL is allowed. Not from a callback. */
void isla_dhcp_free(struct isla_dhcp *dhcp);

/**
 * Start an interface's client.
 *
 * @return 0; -EINVAL (no such interface, no ops, a text that is too long or an identifier of fewer than
 *         2 bytes), -EALREADY (it runs)
 */
int isla_dhcp_start(struct isla_dhcp *dhcp, uint8_t netif, const struct isla_dhcp_conf *conf);

/**
 * Do at once what would be done later: ask for more time, or look for a server again; after a
 * release, begin again.
 *
 * @return 0; -ENOENT: isla_dhcp_start() was never called for it
 */
int isla_dhcp_renew(struct isla_dhcp *dhcp, uint8_t netif);

/**
 * The interface's link is back, and perhaps that of another network: a lease is verified
 * (RFC 2131, 3.7) as after a restart, its address being used meanwhile and, where nobody answers, to
 * the lease's end; without one, servers are looked for at once.
 *
 * @return 0; -ENOENT as for isla_dhcp_renew()
 */
int isla_dhcp_link_up(struct isla_dhcp *dhcp, uint8_t netif);

/**
 * Give the lease back and stop. Where there is one, expired() is called with ISLA_DHCP_END_RELEASED,
 * right after the message to the server is on its way.
 *
 * @return 0; -ENOENT as for isla_dhcp_renew()
 */
int isla_dhcp_release(struct isla_dhcp *dhcp, uint8_t netif);

/** What is known about an interface's client. Returns 0, or -ENOENT. */
int isla_dhcp_get_info(const struct isla_dhcp *dhcp, uint8_t netif, struct isla_dhcp_info *info);

/** The state's name as RFC 2131 has it, such as "RENEWING"; "?" outside the enumeration. */
const char *isla_dhcp_state_name(enum isla_dhcp_state state);

/** Why a lease is over, in a few words; "?" outside the enumeration. */
const char *isla_dhcp_end_name(enum isla_dhcp_end end);

/**
 * Let a stack's interface have a lease: address, routes and MTU. What only the old one has goes, what
 * only the new one has comes, and connections of an address that stays go on. Can be
 * called on any stack, in its thread, but not from a callback of TCP's.
 *
 * What was set by hand is left alone: a route to the same prefix goes before the lease's and outlives
 * it, as an address outlives it that was there before.
 *
 * @param from  what it had of earlier calls, or NULL
 * @param to    what it is to have, or NULL: nothing any more
 * @return 0, or the first error of isla_stack_addr_add() or isla_stack_route_add(); the rest is done all
 *         the same. What is there already is no error
 */
int isla_dhcp_lease_apply(struct isla_stack *stack, uint8_t netif,
	const struct isla_dhcp_lease *from, const struct isla_dhcp_lease *to);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_DHCP_H */
