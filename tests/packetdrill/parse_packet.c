/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments: "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK>", and ICMP errors: "unreachable
 * frag_needed mtu 1400 [1:1001(1000)]".
 */

#include <ctype.h>
#include <string.h>

#include "segment.h"
#include "text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
parse_ip_item(struct text *t, struct packet *p)
{
	static const struct {
		const char *name;
		int ecn;
	} ecns[] = {{"noecn", 0}, {"ect1", 1}, {"ect0", 2}, {"ce", 3}};
	int64_t n;
	size_t i;

	for (i = 0; i < COUNT(ecns); i++) {
		if (take_word(t, ecns[i].name)) {
			p->ecn = ecns[i].ecn;
			return true;
		}
	}
	if (take_word(t, "ttl")) {
		if (!need_number(t, 1, 255, &n, "a hop limit"))
			return false;
		p->ttl = (int)n;
	} else if (take_word(t, "dscp")) {
		if (!need_number(t, 0, 63, &n, "a code point"))
			return false;
		p->dscp = (int)n;
	} else if (take_word(t, "tos")) {
		if (!need_number(t, 0, 255, &n, "a type of service"))
			return false;
		p->dscp = (int)(n >> 2);
		p->ecn = (int)(n & 3);
	} else if (take_word(t, "port")) {
		if (!need_number(t, 1, 65535, &n, "a port"))
			return false;
		p->port = (uint16_t)n;
	} else {
		return fail_expected(t,
			"ect0, ect1, ce, noecn, tos N, dscp N, ttl N or port N");
	}
	return true;
}

bool
parse_ip_info(struct text *t, struct packet *p)
{
	p->ecn = p->dscp = p->ttl = IP_ANY;
	if (!take(t, "["))
		return true;
	do {
		if (!parse_ip_item(t, p))
			return false;
	} while (take(t, ","));
	return need(t, "]");
}

static bool
parse_flags(struct text *t, uint16_t *flags)
{
	static const char letters[] = "FSRP.UEWA";
	const char *at, *letter;

	skip_blanks(t);
	at = t->p;
	if (*t->p == '-') {
		t->p++;
		return true;
	}
	while (*t->p != '\0' && (letter = strchr(letters, *t->p)) != NULL) {
		uint16_t bit = (uint16_t)(1 << (letter - letters));

		if (*flags & bit)
			return fail_at(t, t->p, "the flag %c stands there twice", *letter);
		*flags |= bit;
		t->p++;
	}
	if (t->p == at || isalnum((unsigned char)*t->p))
		return fail_at(t, t->p, "expected flags out of F S R P . U E W A, or -, got '%c'",
			*t->p == '\n' ? ' ' : *t->p);
	return true;
}

/* "1:1001(1000)" */
static bool
parse_seq(struct text *t, uint32_t *seq, uint32_t *len)
{
	uint32_t end;
	const char *at;
	int64_t n;

	skip_blanks(t);
	at = t->p;
	if (!need_u32(t, seq, "a sequence number") || !need(t, ":") ||
		!need_u32(t, &end, "the sequence number behind the last") || !need(t, "(") ||
		!need_number(t, 0, 65535, &n, "a length") || !need(t, ")"))
		return false;
	*len = (uint32_t)n;
	if (*seq + *len != end)
		return fail_at(t, at, "%u and %u bytes end at %u, not at %u", *seq, *len,
			*seq + *len, end);
	return true;
}

static bool
need_nums(struct text *t, struct opt *o, unsigned int nb, uint32_t max, const char *what)
{
	int64_t n;

	for (o->nb = 0; o->nb < nb; o->nb++) {
		if (!need_number(t, 0, max, &n, what))
			return false;
		o->num[o->nb] = (uint32_t)n;
	}
	return true;
}

static bool
parse_ts(struct text *t, struct opt *o)
{
	o->kind = 8;
	o->nb = 2;
	if (!take_word(t, "val"))
		return fail_expected(t, "val");
	if (!need_u32(t, &o->num[0], "TSval"))
		return false;
	if (!take_word(t, "ecr"))
		return fail_expected(t, "ecr");
	return need_u32(t, &o->num[1], "TSecr");
}

static bool
parse_sack(struct text *t, struct opt *o)
{
	o->kind = 5;
	do {
		if (o->nb == COUNT(o->num))
			return fail_expected(t, "at most 4 blocks");
		if (!need_u32(t, &o->num[o->nb], "a block's left edge") || !need(t, ":") ||
			!need_u32(t, &o->num[o->nb + 1], "a block's right edge"))
			return false;
		o->nb = (uint8_t)(o->nb + 2);
		skip_blanks(t);
	} while (isdigit((unsigned char)*t->p));
	return true;
}

/* "FO 0123abcd", "FO": a cookie, or a request for one. The bytes follow as digits. "FO cookie" is
 * the one that the stack has given, whatever it is. */
static bool
parse_hex(struct text *t, struct opt *o)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int nb = 0;

	skip_blanks(t);
	while (isxdigit((unsigned char)*t->p)) {
		const char *d = strchr(digits, tolower((unsigned char)*t->p++));

		if (nb / 2 >= sizeof(o->bytes))
			return fail_expected(t, "at most 38 bytes");
		o->bytes[nb / 2] = (uint8_t)(o->bytes[nb / 2] << 4 | (d - digits));
		nb++;
	}
	if (nb % 2 != 0)
		return fail_expected(t, "two digits a byte");
	o->nb = (uint8_t)(nb / 2);
	return true;
}

static bool
parse_opt(struct text *t, struct opt *o)
{
	int64_t n;

	if (take_word(t, "mss")) {
		o->kind = 2;
		return need_nums(t, o, 1, 65535, "an MSS");
	}
	if (take_word(t, "wscale")) {
		o->kind = 3;
		return need_nums(t, o, 1, 255, "a shift");
	}
	if (take_word(t, "sackOK"))
		o->kind = 4;
	else if (take_word(t, "sack"))
		return parse_sack(t, o);
	else if (take_word(t, "TS"))
		return parse_ts(t, o);
	else if (take_word(t, "nop"))
		o->kind = 1;
	else if (take_word(t, "eol"))
		o->kind = 0;
	else if (take_word(t, "FO")) {
		o->kind = 34;
		o->learnt = take_word(t, "cookie");
		return o->learnt || parse_hex(t, o);
	} else if (take_word(t, "kind")) {
		if (!need_number(t, 2, 255, &n, "an option's kind"))
			return false;
		o->kind = (uint8_t)n;
		return parse_hex(t, o);
	} else {
		return fail_expected(t,
			"mss, wscale, sackOK, sack, TS, nop, eol, FO or kind N HEX");
	}
	return true;
}

static bool
parse_opts(struct text *t, struct opt_list *list)
{
	if (!take(t, "<"))
		return true;
	if (take(t, "...")) {
		list->any = true;
		return need(t, ">");
	}
	if (take(t, ">"))
		return true;
	do {
		if (list->nb == OPTS_MAX)
			return fail_expected(t, "at most 20 options");
		if (!parse_opt(t, &list->opt[list->nb++]))
			return false;
	} while (take(t, ","));
	return need(t, ">");
}

/* "<" may also begin the next event's segment: an event begins with a time, so it cannot. */
bool
parse_packet(struct text *t, bool is_in, struct packet *p)
{
	int64_t n;

	p->wnd = WND_ANY;
	if (!parse_flags(t, &p->flags) || !parse_seq(t, &p->seq, &p->len))
		return false;
	if (take_word(t, "ack") && !need_u32(t, &p->ack, "an acknowledgment number"))
		return false;
	if (take_word(t, "win")) {
		if (!need_number(t, 0, 65535, &n, "a window"))
			return false;
		p->wnd = (int32_t)n;
	} else if (is_in && (p->flags & RST) == 0) {
		return fail_expected(t, "win N: what is injected has a window");
	}
	if (take_word(t, "urg")) {
		if (!need_number(t, 0, 65535, &n, "an urgent pointer"))
			return false;
		p->urg = (uint16_t)n;
	}
	if (!parse_opts(t, &p->opts))
		return false;
	if (is_in && p->opts.any)
		return fail_at(t, t->p - 5, "only what is expected may be <...>");
	return true;
}

/* RFC 792, RFC 1122, RFC 1812; RFC 4443. For both families, the nearest that there is. */
static const struct {
	const char *type, *code;
	uint8_t v4_type, v4_code, v6_type, v6_code;
} icmp_names[] = {
	{"unreachable", "net_unreachable", 3, 0, 1, 0},
	{"unreachable", "no_route", 3, 0, 1, 0},
	{"unreachable", "host_unreachable", 3, 1, 1, 3},
	{"unreachable", "addr_unreachable", 3, 1, 1, 3},
	{"unreachable", "protocol_unreachable", 3, 2, 4, 1},
	{"unreachable", "port_unreachable", 3, 3, 1, 4},
	{"unreachable", "frag_needed", 3, 4, 2, 0},
	{"unreachable", "source_route_failed", 3, 5, 1, 0},
	{"unreachable", "net_unknown", 3, 6, 1, 0},
	{"unreachable", "host_unknown", 3, 7, 1, 3},
	{"unreachable", "source_host_isolated", 3, 8, 1, 3},
	{"unreachable", "net_prohibited", 3, 9, 1, 1},
	{"unreachable", "host_prohibited", 3, 10, 1, 1},
	{"unreachable", "net_unreachable_for_tos", 3, 11, 1, 0},
	{"unreachable", "host_unreachable_for_tos", 3, 12, 1, 3},
	{"unreachable", "admin_prohibited", 3, 13, 1, 1},
	{"packet_too_big", "", 3, 4, 2, 0},
	{"time_exceeded", "", 11, 0, 3, 0},
	{"parameter_problem", "", 12, 0, 4, 0},
	{"source_quench", "", 4, 0, 255, 0},
};

static bool
parse_icmp_name(struct text *t, struct icmp_error *icmp)
{
	char type[40], code[40] = "";
	const char *at;
	size_t i;

	skip_blanks(t);
	at = t->p;
	if (!need_name(t, type, sizeof(type), "an ICMP type, such as unreachable"))
		return false;
	if (strcmp(type, "unreachable") == 0 &&
		!need_name(t, code, sizeof(code), "an ICMP code, such as host_unreachable"))
		return false;
	for (i = 0; i < COUNT(icmp_names); i++) {
		if (strcmp(type, icmp_names[i].type) == 0 && strcmp(code, icmp_names[i].code) == 0) {
			icmp->type[0] = icmp_names[i].v4_type;
			icmp->code[0] = icmp_names[i].v4_code;
			icmp->type[1] = icmp_names[i].v6_type;
			icmp->code[1] = icmp_names[i].v6_code;
			return true;
		}
	}
	return fail_at(t, at, "expected an ICMP error, got '%s %s'", type, code);
}

bool
parse_icmp(struct text *t, struct icmp_error *icmp)
{
	if (!parse_icmp_name(t, icmp))
		return false;
	if (take_word(t, "mtu") && !need_u32(t, &icmp->mtu, "an MTU"))
		return false;
	if (!take(t, "["))
		return true;
	icmp->has_seq = true;
	return parse_seq(t, &icmp->seq, &icmp->len) && need(t, "]");
}
