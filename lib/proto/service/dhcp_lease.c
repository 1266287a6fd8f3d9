/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leases: what an OFFER or an ACK gives. Whatever a server says is judged here, since it becomes
 * addresses, routes and text on a terminal.
 */

#include <string.h>

#include <rte_common.h>

#include "dhcp_codec.h"

#define LABEL_MAX 63 /* bytes of a label (RFC 1035, 2.3.4) */
#define JUMPS_MAX 32 /* compression pointers that are followed in one name */

/* The prefix length of a mask; false where its ones are not in front. */
static bool
mask_len(rte_be32_t be, uint8_t *len)
{
	uint32_t mask = rte_be_to_cpu_32(be), i = 0;

	while (i < 32 && (mask & (0x80000000u >> i)) != 0)
		i++;
	*len = (uint8_t)i;
	return i == 32 || mask << i == 0;
}

/* RFC 1122, 3.2.1.3: what stands for a mask that is not told. */
static uint8_t
class_len(const struct isla_addr *addr)
{
	return addr->b[12] < 128 ? 8 : addr->b[12] < 192 ? 16 : 24;
}

static bool
is_host(const struct isla_addr *a)
{
	return !isla_addr_is_unspecified(a) && !isla_addr_is_multicast(a) &&
		!isla_addr_is_broadcast(a) && !isla_addr_is_loopback(a) && a->b[12] != 0;
}

/* A list of addresses; those that cannot be are left out. Returns how many there are. */
static uint8_t
addrs_parse(const struct dhcp_msg *msg, uint8_t code, struct isla_addr *addr)
{
	uint16_t len, i;
	const uint8_t *p = dhcp_opt(msg, code, &len);
	uint8_t nb = 0;

	if (p == NULL || len % 4 != 0)
		return 0;
	for (i = 0; i < len && nb < ISLA_DHCP_SERVERS_MAX; i = (uint16_t)(i + 4)) {
		rte_be32_t be;

		memcpy(&be, p + i, sizeof(be));
		addr[nb] = isla_addr_from_v4(be);
		nb = (uint8_t)(nb + is_host(&addr[nb]));
	}
	return nb;
}

static bool
is_name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_';
}

/* A name in text; NULs at its end, which some servers count in, go. Empty where it is none: it may
 * get into files and onto terminals. */
static void
name_parse(const struct dhcp_msg *msg, uint8_t code, char *name)
{
	uint16_t len, i;
	const uint8_t *p = dhcp_opt(msg, code, &len);

	name[0] = '\0';
	while (p != NULL && len > 0 && p[len - 1] == '\0')
		len--;
	if (p == NULL || len >= ISLA_DHCP_NAME_MAX)
		return;
	for (i = 0; i < len; i++)
		if (!is_name_char(p[i]) && p[i] != '.')
			return;
	memcpy(name, p, len);
	name[len] = '\0';
}

/* One name at p[*at], compressed within the option (RFC 3397, 2; RFC 1035, 4.1.4), behind `out`,
 * which holds at most size bytes. Returns its length, or -1. */
static int
search_name(const uint8_t *p, uint16_t len, uint16_t *at, char *out, size_t size)
{
	uint16_t i = *at, end = 0;
	unsigned int jumps = 0;
	size_t n = 0;

	while (i < len && p[i] != 0) {
		uint8_t k = p[i], j;

		if (k >= 0xc0) {
			uint16_t to;

			if (i + 1 >= len || ++jumps > JUMPS_MAX)
				return -1;
			to = (uint16_t)((k & 0x3f) << 8 | p[i + 1]);
			if (to >= i)
				return -1;
			if (end == 0)
				end = (uint16_t)(i + 2);
			i = to;
			continue;
		}
		if (k > LABEL_MAX || k >= len - i || n + k + 2 > size ||
			n + k + 2 > ISLA_DHCP_NAME_MAX)
			return -1;
		if (n > 0)
			out[n++] = '.';
		for (j = 0; j < k; j++) {
			if (!is_name_char(p[i + 1 + j]))
				return -1;
			out[n++] = (char)p[i + 1 + j];
		}
		i = (uint16_t)(i + 1 + k);
	}
	if (i >= len)
		return -1;
	*at = end != 0 ? end : (uint16_t)(i + 1);
	return (int)n;
}

/* The search list; what follows a name that is malformed, or for which there is no room, goes. */
static void
search_parse(const struct dhcp_msg *msg, char *search)
{
	uint16_t len, at = 0;
	const uint8_t *p = dhcp_opt(msg, DHCP_OPT_SEARCH, &len);
	size_t n = 0;

	search[0] = '\0';
	while (p != NULL && at < len) {
		char name[ISLA_DHCP_NAME_MAX];
		int k = search_name(p, len, &at, name, sizeof(name));

		if (k < 0 || n + (size_t)k + 2 > ISLA_DHCP_SEARCH_MAX)
			return;
		if (k == 0)
			continue;
		if (n > 0)
			search[n++] = ' ';
		memcpy(search + n, name, (size_t)k);
		n += (size_t)k;
		search[n] = '\0';
	}
}

/* Whether an earlier route of the lease goes there: that one counts. */
static bool
has_prefix(const struct isla_dhcp_lease *lease, uint8_t nb, const struct isla_prefix *prefix)
{
	uint8_t i;

	for (i = 0; i < nb; i++)
		if (lease->route[i].prefix.len == prefix->len &&
			isla_addr_eq(&lease->route[i].prefix.addr, &prefix->addr))
			return true;
	return false;
}

/* RFC 3442: as many bytes of each destination as its width needs, then a router. False where any of
 * it is malformed: then none of it is used. */
static bool
routes_parse(const struct dhcp_msg *msg, struct isla_dhcp_lease *lease)
{
	uint16_t len, i = 0;
	const uint8_t *p = dhcp_opt(msg, DHCP_OPT_ROUTES, &len);
	uint8_t nb = 0;

	if (p == NULL || len == 0)
		return false;
	while (i < len) {
		struct isla_dhcp_route *r = &lease->route[nb];
		uint8_t width = p[i], n = (uint8_t)((width + 7) / 8);
		rte_be32_t be = 0;

		if (width > 32 || len - i < 1 + n + 4)
			return false;
		if (nb == ISLA_DHCP_ROUTES_MAX)
			break;
		memcpy(&be, p + i + 1, n);
		/* Bits behind the mask mean nothing. */
		if (width < 32)
			be &= rte_cpu_to_be_32(~(UINT32_MAX >> width));
		r->prefix = (struct isla_prefix){.addr = isla_addr_from_v4(be), .len = width};
		memcpy(&be, p + i + 1 + n, sizeof(be));
		r->gateway = isla_addr_from_v4(be);
		/* A router that is none leads nowhere. */
		nb = (uint8_t)(nb + ((be == 0 || is_host(&r->gateway)) &&
			!has_prefix(lease, nb, &r->prefix)));
		i = (uint16_t)(i + 1 + n + 4);
	}
	lease->nb_routes = nb;
	return true;
}

/* What a lease must have. */
static bool
required_parse(const struct dhcp_msg *msg, struct isla_dhcp_lease *lease)
{
	struct isla_addr mask;

	lease->prefix.addr = isla_addr_from_v4(msg->yiaddr);
	lease->prefix.len = class_len(&lease->prefix.addr);
	if (msg->has[DHCP_OPT_MASK] &&
		(!dhcp_opt_addr(msg, DHCP_OPT_MASK, &mask) ||
			!mask_len(isla_addr_v4(&mask), &lease->prefix.len)))
		return false;
	return lease->prefix.len > 0 && isla_prefix_is_unicast(&lease->prefix) &&
		dhcp_opt_addr(msg, DHCP_OPT_SERVER, &lease->server) && is_host(&lease->server) &&
		dhcp_opt_u32(msg, DHCP_OPT_LEASE, &lease->lease_s) && lease->lease_s != 0;
}

bool
dhcp_lease_parse(const struct dhcp_msg *msg, struct isla_dhcp_lease *lease)
{
	const struct isla_addr none = isla_addr_from_v4(0);

	memset(lease, 0, sizeof(*lease));
	lease->broadcast = none;
	if (!required_parse(msg, lease))
		return false;
	dhcp_opt_u32(msg, DHCP_OPT_T1, &lease->t1_s);
	dhcp_opt_u32(msg, DHCP_OPT_T2, &lease->t2_s);
	dhcp_opt_u16(msg, DHCP_OPT_MTU, &lease->mtu);
	dhcp_opt_addr(msg, DHCP_OPT_BROADCAST, &lease->broadcast);
	lease->nb_routers = addrs_parse(msg, DHCP_OPT_ROUTER, lease->router);
	lease->nb_dns = addrs_parse(msg, DHCP_OPT_DNS, lease->dns);
	name_parse(msg, DHCP_OPT_DOMAIN, lease->domain);
	name_parse(msg, DHCP_OPT_HOSTNAME, lease->hostname);
	search_parse(msg, lease->search);
	/* RFC 3442: whoever has the one ignores the other. */
	if (!routes_parse(msg, lease) && lease->nb_routers > 0) {
		lease->route[0].prefix = (struct isla_prefix){.addr = none, .len = 0};
		lease->route[0].gateway = lease->router[0];
		lease->nb_routes = 1;
	}
	return true;
}
