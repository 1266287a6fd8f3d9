/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which address of a name is tried first: RFC 6724, 6. Rules 3, 4 and 7 (deprecated and home
 * addresses, transport by encapsulation) have no meaning here.
 */

#include <rte_common.h>

#include "dns_priv.h"

#define SCOPE_LINK   0x2
#define SCOPE_SITE   0x5
#define SCOPE_GLOBAL 0xe

/* RFC 6724, 2.1, with IPv4's addresses in their mapped form. The longest prefix counts. */
static const struct {
	uint8_t prefix[16];
	uint8_t len;
	uint8_t precedence;
	uint8_t label;
} policies[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, 50, 0},
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 35, 4},
	{{0}, 96, 1, 3},
	{{0x20, 0x01, 0, 0}, 32, 5, 5},
	{{0x20, 0x02}, 16, 30, 2},
	{{0x3f, 0xfe}, 16, 1, 12},
	{{0xfe, 0xc0}, 10, 1, 11},
	{{0xfc}, 7, 3, 13},
	{{0}, 0, 40, 1},
};

static bool
has_prefix(const uint8_t *addr, const uint8_t *prefix, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		if (((addr[i / 8] ^ prefix[i / 8]) & (0x80u >> (i % 8))) != 0)
			return false;
	return true;
}

/* The table's order is that of length, where prefixes overlap. */
static unsigned int
policy_of(const struct isla_addr *addr)
{
	unsigned int i = 0;

	while (!has_prefix(addr->b, policies[i].prefix, policies[i].len))
		i++;
	return i;
}

/* RFC 6724, 3.1 and 3.2 */
static uint8_t
scope_of(const struct isla_addr *addr)
{
	if (!isla_addr_is_v4(addr) && isla_addr_is_multicast(addr))
		return addr->b[1] & 0xf;
	if (isla_addr_is_link_local(addr) || isla_addr_is_loopback(addr))
		return SCOPE_LINK;
	if (!isla_addr_is_v4(addr) && addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0xc0)
		return SCOPE_SITE;
	return SCOPE_GLOBAL;
}

/* Bits that both have from the first one on (RFC 6724, 2.2), of the first 64 (erratum: the
 * interface's part says nothing). */
static uint8_t
common_len(const struct isla_addr *a, const struct isla_addr *b)
{
	uint8_t n = 0;

	while (n < 64 && ((a->b[n / 8] ^ b->b[n / 8]) & (0x80u >> (n % 8))) == 0)
		n++;
	return n;
}

void
dns_dest_init(const struct inet *inet, const struct isla_addr *addr, struct dns_dest *dest)
{
	unsigned int policy = policy_of(addr);
	struct isla_addr src;
	struct inet_dst via;

	*dest = (struct dns_dest){
		.addr = *addr,
		.scope = scope_of(addr),
		.label = policies[policy].label,
		.precedence = policies[policy].precedence,
		.is_usable = inet_route(inet, addr, ISLA_NETIF_ANY, &via) &&
			inet_select_src(inet, addr, via.netif, &src),
	};
	if (!dest->is_usable)
		return;
	dest->src_scope = scope_of(&src);
	dest->src_label = policies[policy_of(&src)].label;
	/* IPv4's addresses are not compared: whole countries would be one server's. */
	if (!isla_addr_is_v4(addr))
		dest->common_len = common_len(addr, &src);
}

bool
dns_dest_is_better(const struct dns_dest *a, const struct dns_dest *b)
{
	bool match_a, match_b;

	if (a->is_usable != b->is_usable) /* rule 1 */
		return a->is_usable;
	match_a = a->is_usable && a->scope == a->src_scope;
	match_b = b->is_usable && b->scope == b->src_scope;
	if (match_a != match_b) /* rule 2 */
		return match_a;
	match_a = a->is_usable && a->label == a->src_label;
	match_b = b->is_usable && b->label == b->src_label;
	if (match_a != match_b) /* rule 5 */
		return match_a;
	if (a->precedence != b->precedence) /* rule 6 */
		return a->precedence > b->precedence;
	if (a->scope != b->scope) /* rule 8 */
		return a->scope < b->scope;
	return a->common_len > b->common_len; /* rule 9; rule 10: as they came */
}

void
dns_sort_records(const struct inet *inet, struct isla_dns_record *record, uint16_t nb)
{
	struct dns_dest dest[ISLA_DNS_RECORDS_MAX], d;
	struct isla_dns_record r;
	uint16_t i, at;

	for (i = 0; i < nb; i++) {
		dns_dest_init(inet, &record[i].addr, &d);
		r = record[i];
		for (at = i; at > 0 && dns_dest_is_better(&d, &dest[at - 1]); at--) {
			dest[at] = dest[at - 1];
			record[at] = record[at - 1];
		}
		dest[at] = d;
		record[at] = r;
	}
}

void
isla_dns_sort(struct isla_stack *stack, struct isla_addr *addrs, uint16_t nb)
{
	struct dns_dest dest[ISLA_DNS_RECORDS_MAX], d;
	uint16_t i, at, n = RTE_MIN(nb, (uint16_t)ISLA_DNS_RECORDS_MAX);

	for (i = 0; i < n; i++) {
		dns_dest_init(stack_inet(stack), &addrs[i], &d);
		for (at = i; at > 0 && dns_dest_is_better(&d, &dest[at - 1]); at--)
			dest[at] = dest[at - 1];
		dest[at] = d;
	}
	for (i = 0; i < n; i++)
		addrs[i] = dest[i].addr;
}
