/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame in a line; see frame_text.h. Each header's function looks whether all of it is there
 * before it reads a byte, and goes on to the next one. Lengths that headers claim are only printed:
 * where to read follows from what is there.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>

#include <isla_addr.h>

#include "frame_text.h"

#define EXT_MAX 8 /* headers of IPv6 that are passed over */

/* The rest of a frame, and the line that it is written to. */
struct walk {
	const uint8_t *at;
	size_t left;
	char *text;
	size_t size;
	size_t len;
};

static void say(struct walk *w, const char *format, ...) __rte_format_printf(2, 3);

static void
say(struct walk *w, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(w->text + w->len, w->size - w->len, format, ap);
	va_end(ap);
	if (n > 0)
		w->len = RTE_MIN(w->len + (size_t)n, w->size - 1);
}

/* So many bytes are there; or it is said that they are not. */
static bool
has(struct walk *w, size_t n)
{
	if (w->left >= n)
		return true;
	say(w, " (cut short)");
	return false;
}

static void
skip(struct walk *w, size_t n)
{
	n = RTE_MIN(n, w->left);
	w->at += n;
	w->left -= n;
}

static unsigned int
be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static unsigned int
be32(const uint8_t *p)
{
	return (unsigned int)p[0] << 24 | (unsigned int)p[1] << 16 | be16(p + 2);
}

static struct isla_addr
addr_at(const uint8_t *p, bool v6)
{
	uint32_t be;

	if (v6)
		return isla_addr_from_v6(p);
	memcpy(&be, p, sizeof(be));
	return isla_addr_from_v4(be);
}

static void
say_addr(struct walk *w, const struct isla_addr *addr)
{
	char text[ISLA_ADDR_STRLEN];

	say(w, "%s", isla_addr_format(addr, text, sizeof(text)));
}

/* "A > B", with ports where they are given. */
static void
say_ends(struct walk *w, const struct isla_addr ends[2], const uint8_t *ports)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		bool in_brackets = ports != NULL && !isla_addr_is_v4(&ends[i]);

		say(w, i == 0 ? " " : " > ");
		say(w, in_brackets ? "[" : "");
		say_addr(w, &ends[i]);
		say(w, in_brackets ? "]" : "");
		if (ports != NULL)
			say(w, ":%u", be16(ports + 2 * i));
	}
}

static void
tcp_text(struct walk *w, size_t len)
{
	static const char letters[] = "FSRP.UEW";
	const uint8_t *p = w->at;
	unsigned int i, header;

	say(w, " TCP");
	if (!has(w, 20))
		return;
	header = (p[12] >> 4) * 4u;
	say(w, " [");
	for (i = 0; i < 8; i++)
		if ((p[13] & 1u << i) != 0)
			say(w, "%c", letters[i]);
	say(w, "] seq %u", be32(p + 4));
	if ((p[13] & 0x10) != 0)
		say(w, " ack %u", be32(p + 8));
	say(w, " win %u", be16(p + 14));
	if (header < 20 || header > len)
		say(w, " (header of %u bytes)", header);
	else
		say(w, " len %zu", len - header);
}

static void
udp_text(struct walk *w, size_t len)
{
	say(w, " UDP");
	if (!has(w, 8))
		return;
	say(w, " len %d", (int)be16(w->at + 4) - 8);
	if (be16(w->at + 4) < 8 || be16(w->at + 4) > len)
		say(w, " (of %zu)", len);
}

static void
icmp_text(struct walk *w)
{
	const uint8_t *p = w->at;

	say(w, " ICMP");
	if (!has(w, 8))
		return;
	if (p[0] == 0 || p[0] == 8)
		say(w, " echo %s id %u seq %u", p[0] == 8 ? "request" : "reply", be16(p + 4),
			be16(p + 6));
	else if (p[0] == 3 && p[1] == 4)
		say(w, " fragmentation needed, MTU %u", be16(p + 6));
	else
		say(w, " %s type %u code %u", p[0] == 3 ? "unreachable" :
			p[0] == 11 ? "time exceeded" : "", p[0], p[1]);
}

/* Neighbour discovery: the one who is meant. */
static void
ndp_text(struct walk *w, const char *what)
{
	struct isla_addr target;

	say(w, " %s", what);
	if (!has(w, 24))
		return;
	target = addr_at(w->at + 8, true);
	say(w, " ");
	say_addr(w, &target);
}

static void
icmpv6_text(struct walk *w)
{
	const uint8_t *p = w->at;

	say(w, " ICMPv6");
	if (!has(w, 8))
		return;
	switch (p[0]) {
	case 2:
		say(w, " packet too big, MTU %u", be32(p + 4));
		break;
	case 128:
	case 129:
		say(w, " echo %s id %u seq %u", p[0] == 128 ? "request" : "reply", be16(p + 4),
			be16(p + 6));
		break;
	case 133:
		say(w, " router solicitation");
		break;
	case 134:
		say(w, " router advertisement");
		break;
	case 135:
		ndp_text(w, "who has");
		break;
	case 136:
		ndp_text(w, "here is");
		break;
	default:
		say(w, " type %u code %u", p[0], p[1]);
	}
}

/* What is inside IP; len: as its header has it. */
static void
l4_text(struct walk *w, unsigned int proto, bool v6, const struct isla_addr ends[2], size_t len)
{
	bool has_ports = (proto == 6 || proto == 17) && w->left >= 4;

	say_ends(w, ends, has_ports ? w->at : NULL);
	if (proto == 6)
		tcp_text(w, len);
	else if (proto == 17)
		udp_text(w, len);
	else if (proto == 1 && !v6)
		icmp_text(w);
	else if (proto == 58 && v6)
		icmpv6_text(w);
	else
		say(w, " %s%u len %zu", proto == 2 && !v6 ? "IGMP, protocol " : "protocol ", proto,
			len);
}

static void
ipv4_text(struct walk *w)
{
	const uint8_t *p = w->at;
	struct isla_addr ends[2];
	unsigned int header, total, offset;

	say(w, " IPv4");
	if (!has(w, 20))
		return;
	header = (p[0] & 15u) * 4;
	total = be16(p + 2);
	offset = (be16(p + 6) & 0x1fff) * 8;
	ends[0] = addr_at(p + 12, false);
	ends[1] = addr_at(p + 16, false);
	if (p[0] >> 4 != 4 || header < 20 || total < header) {
		say(w, " (bad header)");
		return;
	}
	if (offset != 0 || (be16(p + 6) & 0x2000) != 0)
		say(w, " fragment %u:%u+%u%s", be16(p + 4), offset, total - header,
			(be16(p + 6) & 0x2000) != 0 ? "+" : "");
	skip(w, header);
	/* Padding of short frames is none of its data. */
	w->left = RTE_MIN(w->left, (size_t)(total - header));
	if (offset == 0)
		l4_text(w, p[9], false, ends, total - header);
	else
		say_ends(w, ends, NULL);
}

/* Pass over what stands between IPv6's header and the transport's; false: it ends there. */
static bool
ipv6_ext(struct walk *w, unsigned int *next, size_t *len, bool *is_later)
{
	unsigned int i;

	for (i = 0; i < EXT_MAX; i++) {
		size_t n = 8;

		if (*next != 0 && *next != 43 && *next != 44 && *next != 60)
			return true;
		if (!has(w, 8))
			return false;
		if (*next == 44) {
			unsigned int field = be16(w->at + 2);

			say(w, " fragment %u:%u%s", be32(w->at + 4), field & 0xfff8,
				(field & 1) != 0 ? "+" : "");
			*is_later = (field & 0xfff8) != 0;
		} else {
			n = (w->at[1] + 1u) * 8;
		}
		*next = w->at[0];
		if (n > *len || !has(w, n))
			return false;
		skip(w, n);
		*len -= n;
		if (*is_later)
			return true;
	}
	say(w, " (more headers)");
	return false;
}

static void
ipv6_text(struct walk *w)
{
	const uint8_t *p = w->at;
	struct isla_addr ends[2];
	bool is_later = false;
	unsigned int next;
	size_t len;

	say(w, " IPv6");
	if (!has(w, 40))
		return;
	ends[0] = addr_at(p + 8, true);
	ends[1] = addr_at(p + 24, true);
	if (p[0] >> 4 != 6) {
		say(w, " (bad header)");
		return;
	}
	next = p[6];
	len = be16(p + 4);
	skip(w, 40);
	w->left = RTE_MIN(w->left, len);
	if (!ipv6_ext(w, &next, &len, &is_later) || is_later)
		say_ends(w, ends, NULL);
	else
		l4_text(w, next, true, ends, len);
}

static void
arp_text(struct walk *w)
{
	const uint8_t *p = w->at;
	struct isla_addr sender, target;

	say(w, " ARP");
	if (!has(w, 28))
		return;
	sender = addr_at(p + 14, false);
	target = addr_at(p + 24, false);
	if (be16(p) != 1 || be16(p + 2) != 0x0800 || p[4] != 6 || p[5] != 4) {
		say(w, " of another kind");
	} else if (be16(p + 6) == 1) {
		say(w, " who has ");
		say_addr(w, &target);
		say(w, ", tell ");
		say_addr(w, &sender);
	} else if (be16(p + 6) == 2) {
		say(w, " ");
		say_addr(w, &sender);
		say(w, " is at " RTE_ETHER_ADDR_PRT_FMT, p[8], p[9], p[10], p[11], p[12], p[13]);
	} else {
		say(w, " operation %u", be16(p + 6));
	}
}

void
frame_text(const uint8_t *frame, size_t len, char *text, size_t size)
{
	struct walk w = {.at = frame, .left = len, .text = text, .size = size};
	unsigned int type, tags = 0;

	if (size == 0)
		return;
	text[0] = '\0';
	if (!has(&w, 14))
		return;
	type = be16(frame + 12);
	skip(&w, 14);
	while ((type == 0x8100 || type == 0x88a8) && tags++ < 2) {
		if (!has(&w, 4))
			return;
		say(&w, " VLAN %u", be16(w.at) & 0xfff);
		type = be16(w.at + 2);
		skip(&w, 4);
	}
	if (type == 0x0800)
		ipv4_text(&w);
	else if (type == 0x86dd)
		ipv6_text(&w);
	else if (type == 0x0806)
		arp_text(&w);
	else if (type < 0x600)
		say(&w, " LLC");
	else
		say(&w, " type 0x%04x", type);
}
