/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DHCP_CODEC_H
#define DHCP_CODEC_H

/*
 * DHCP messages (RFC 2131, 2; RFC 2132; RFC 3396): pure, bytes in and a message out, and the other
 * way round. Any bytes may be given to be parsed.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>

#include "isla_dhcp.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

#define DHCP_MSG_MAX 2048 /* bytes of a message that is looked at */
#define DHCP_MSG_MIN 300  /* bytes of one that is sent: what BOOTP relays take (RFC 1542, 2.1) */
#define DHCP_OUT_MAX 1600 /* bytes of the longest one that is sent, with room to spare */

#define DHCP_FLAG_BROADCAST 0x8000

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
};

/* Options: RFC 2132, RFC 3397, RFC 3442. */
enum dhcp_opt_code {
	DHCP_OPT_PAD = 0,
	DHCP_OPT_MASK = 1,
	DHCP_OPT_ROUTER = 3,
	DHCP_OPT_DNS = 6,
	DHCP_OPT_HOSTNAME = 12,
	DHCP_OPT_DOMAIN = 15,
	DHCP_OPT_MTU = 26,
	DHCP_OPT_BROADCAST = 28,
	DHCP_OPT_REQUESTED = 50,
	DHCP_OPT_LEASE = 51,
	DHCP_OPT_OVERLOAD = 52,
	DHCP_OPT_TYPE = 53,
	DHCP_OPT_SERVER = 54,
	DHCP_OPT_PARAMS = 55,
	DHCP_OPT_MESSAGE = 56,
	DHCP_OPT_MAX_SIZE = 57,
	DHCP_OPT_T1 = 58,
	DHCP_OPT_T2 = 59,
	DHCP_OPT_CLASS = 60,
	DHCP_OPT_CLIENT_ID = 61,
	DHCP_OPT_SEARCH = 119,
	DHCP_OPT_ROUTES = 121,
	DHCP_OPT_END = 255,
};

/* A message that was received. */
struct dhcp_msg {
	uint8_t op; /* 2: a reply */
	uint8_t type; /* enum dhcp_type, or another number */
	uint8_t htype;
	uint8_t hlen;
	uint32_t xid;
	uint16_t secs;
	uint16_t flags;
	rte_be32_t ciaddr;
	rte_be32_t yiaddr;
	rte_be32_t siaddr;
	rte_be32_t giaddr;
	uint8_t chaddr[16];
	/* Each option's value, the pieces of one that was split put together (RFC 3396, 7). */
	uint16_t off[256];
	uint16_t len[256];
	bool has[256];
	uint8_t data[DHCP_MSG_MAX];
};

/* False for what is no DHCP message, or where an option goes beyond its field, a field has no end,
 * or the type is missing. */
bool dhcp_parse(struct dhcp_msg *msg, const uint8_t *bytes, uint32_t len);

/* The value of an option and its length; NULL where it is absent. */
const uint8_t *dhcp_opt(const struct dhcp_msg *msg, uint8_t code, uint16_t *len);

/* The value of an option that is an address, a number of 32 or of 16 bits; false where it is absent
 * or has another length. */
bool dhcp_opt_addr(const struct dhcp_msg *msg, uint8_t code, struct isla_addr *addr);
bool dhcp_opt_u32(const struct dhcp_msg *msg, uint8_t code, uint32_t *value);
bool dhcp_opt_u16(const struct dhcp_msg *msg, uint8_t code, uint16_t *value);

/* What an OFFER or an ACK gives, but for since_us; false where it lacks or garbles what a lease
 * must have: a unicast address, a mask that fits it, a server, a time. Other options that are
 * malformed are passed over. */
bool dhcp_lease_parse(const struct dhcp_msg *msg, struct isla_dhcp_lease *lease);

/* A message to be sent. Fields that are 0 or NULL, and after chaddr, make no option. */
struct dhcp_out {
	uint8_t type;
	bool broadcast;
	uint16_t secs;
	uint32_t xid;
	struct isla_addr ciaddr;      /* or 0.0.0.0 */
	const uint8_t *chaddr;        /* 6 bytes */
	const uint8_t *client_id;
	uint16_t client_id_len;
	uint16_t max_size;
	rte_be32_t requested;
	rte_be32_t server;
	const char *hostname;
	const char *vendor_class;
	const char *message;
	bool params;                  /* ask for what the client knows */
};

/* Write it: DHCP_OUT_MAX bytes suffice for every one. Returns its length. */
uint16_t dhcp_build(const struct dhcp_out *out, uint8_t *bytes);

#endif /* DHCP_CODEC_H */
