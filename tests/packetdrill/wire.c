/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames made of a script's segments, and the stack's frames compared with them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define PROTO_ICMP 1
#define PROTO_ICMP6 58
#define FLAGS_KNOWN 0x1ff

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *
put16(uint8_t *p, uint32_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

/* What the stack's clock said when the script thought it said val. */
static uint32_t
ts_live(const struct flow *f, uint32_t val)
{
	uint32_t i;

	if (val == 0)
		return 0;
	for (i = f->nb_ts; i > 0; i--)
		if (f->ts[(i - 1) % WIRE_TS_MAX][0] == val)
			return f->ts[(i - 1) % WIRE_TS_MAX][1];
	return f->ts_known ? val + f->ts_base : val;
}

/* Options as they go on the wire. */
static uint8_t
opts_put(const struct flow *f, const struct opt_list *list, uint8_t buf[60])
{
	uint8_t *p = buf;
	unsigned int i, j;

	for (i = 0; i < list->nb && p < buf + 44; i++) {
		const struct opt *o = &list->opt[i];
		uint8_t *len = p + 1;

		*p++ = o->kind;
		if (o->kind < 2)
			continue;
		p++;
		switch (o->kind) {
		case 2:
			p = put16(p, o->num[0]);
			break;
		case 3:
			*p++ = (uint8_t)o->num[0];
			break;
		case 5:
			for (j = 0; j < o->nb; j++)
				p = put32(p, o->num[j] + f->local_base);
			break;
		case 8:
			p = put32(put32(p, o->num[0]), ts_live(f, o->num[1]));
			break;
		default:
			o = o->learnt ? &f->cookie : o;
			memcpy(p, o->bytes, o->nb);
			p += o->nb;
			break;
		}
		*len = (uint8_t)(p - len + 1);
	}
	return (uint8_t)(p - buf);
}

/* TOS and hop limit of a frame that is built. */
static void
ip_fields_put(uint8_t *buf, const struct frame_ends *ends, const struct packet *p)
{
	uint8_t *ip = buf + 14;
	uint8_t tos = (uint8_t)((p->dscp != IP_ANY ? p->dscp << 2 : 0) |
		(p->ecn != IP_ANY ? p->ecn : 0));
	uint32_t sum = 0, i;

	if (!isla_addr_is_v4(&ends->src)) {
		ip[0] = (uint8_t)(0x60 | tos >> 4);
		ip[1] = (uint8_t)(tos << 4);
		ip[7] = p->ttl != IP_ANY ? (uint8_t)p->ttl : ip[7];
		return;
	}
	ip[1] = tos;
	ip[8] = p->ttl != IP_ANY ? (uint8_t)p->ttl : ip[8];
	ip[10] = ip[11] = 0;
	for (i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)));
}

uint32_t
wire_build(struct flow *f, const struct frame_ends *ends, const struct packet *p, uint8_t *buf)
{
	uint8_t opts[60];
	struct seg seg = {
		.flags = (uint8_t)p->flags,
		.seq = p->seq + f->remote_base,
		.ack = p->flags & ACK ? p->ack + f->local_base : p->ack,
		.wnd = p->wnd <= 0 ? WND_ZERO : p->wnd,
		.urg = p->urg,
		.len = (uint16_t)p->len,
		.opts = opts,
		.opts_len = opts_put(f, &p->opts, opts),
		.sport = f->remote_port,
		.dport = f->local_port,
	};
	uint32_t len;

	if (p->flags & SYN)
		f->renewed = true;
	len = frame_build_tcp(buf, ends, &seg);
	if (p->flags & SEG_AE) {
		uint8_t *tcp = buf + frame_l4_off(ends);
		uint32_t l4_len = (uint32_t)(tcp[12] >> 4) * 4 + p->len;

		tcp[12] |= 1;
		put16(tcp + 16, 0);
		put16(tcp + 16, frame_l4_cksum(ends, 6, tcp, l4_len));
	}
	ip_fields_put(buf, ends, p);
	return len;
}

uint32_t
wire_build_icmp(
	struct flow *f, const struct frame_ends *ends, const struct icmp_error *icmp, uint8_t *buf)
{
	bool is_v6 = !isla_addr_is_v4(&ends->src);
	uint8_t *msg = buf + frame_l4_off(ends), proto = is_v6 ? PROTO_ICMP6 : PROTO_ICMP;
	static uint8_t quoted[FRAME_MAX + 64];
	struct frame_ends back = {.src = ends->dst, .dst = ends->src};
	struct seg seg = {
		.flags = ACK,
		.seq = icmp->has_seq ? icmp->seq + f->local_base : f->last_seq,
		.len = (uint16_t)(icmp->has_seq ? icmp->len : f->last_len),
		.sport = f->local_port,
		.dport = f->remote_port,
	};
	uint32_t n = frame_l4_off(ends) - 14 + 20;

	frame_build_tcp(quoted, &back, &seg);
	memset(msg, 0, 8);
	msg[0] = icmp->type[is_v6];
	msg[1] = icmp->code[is_v6];
	put32(msg + 4, icmp->mtu);
	memcpy(msg + 8, quoted + 14, n);
	put16(msg + 2, frame_l4_cksum(ends, proto, msg, 8 + n));
	return frame_finish(buf, ends, proto, 8 + n);
}

bool
wire_parse(struct sent *s)
{
	const uint8_t *ip = s->bytes + 14;

	frame_parse(s->bytes, s->len, &s->frame);
	if (s->frame.kind != FRAME_TCP)
		return s->frame.kind != FRAME_BAD;
	s->tos = ip[0] >> 4 == 4 ? ip[1] : (uint8_t)(ip[0] << 4 | ip[1] >> 4);
	return true;
}

/* The options of a live segment in script form. Lengths have been verified by frame_parse(). */
static void
opts_take(const struct flow *f, const struct seg *seg, struct opt_list *list)
{
	uint32_t i = 0, j;

	memset(list, 0, sizeof(*list));
	while (i < seg->opts_len && list->nb < OPTS_MAX) {
		const uint8_t *p = seg->opts + i;
		struct opt *o = &list->opt[list->nb++];
		uint8_t len = p[0] < 2 ? 1 : p[1];

		o->kind = p[0];
		i += len;
		if (o->kind == 0)
			return;
		if (o->kind == 2 && len == 4) {
			o->num[o->nb++] = (uint32_t)p[2] << 8 | p[3];
		} else if (o->kind == 3 && len == 3) {
			o->num[o->nb++] = p[2];
		} else if (o->kind == 5) {
			for (j = 2; j + 4 <= len && o->nb < 8; j += 4)
				o->num[o->nb++] = get32(p + j) - f->remote_base;
		} else if (o->kind == 8 && len == 10) {
			o->num[o->nb++] = get32(p + 2);
			o->num[o->nb++] = get32(p + 6);
		} else if (len > 2) {
			o->nb = (uint8_t)(len - 2);
			memcpy(o->bytes, p + 2, o->nb);
		}
	}
}

static void
opt_format(const struct opt *o, char *buf, uint32_t size)
{
	int n = 0;
	unsigned int i;

	switch (o->kind) {
	case 0:
		snprintf(buf, size, "eol");
		return;
	case 1:
		snprintf(buf, size, "nop");
		return;
	case 2:
		snprintf(buf, size, "mss %u", o->num[0]);
		return;
	case 3:
		snprintf(buf, size, "wscale %u", o->num[0]);
		return;
	case 4:
		snprintf(buf, size, "sackOK");
		return;
	case 5:
		n = snprintf(buf, size, "sack");
		for (i = 0; i + 1 < o->nb; i += 2)
			n += snprintf(buf + n, size - (uint32_t)n, " %u:%u", o->num[i], o->num[i + 1]);
		return;
	case 8:
		snprintf(buf, size, "TS val %u ecr %u", o->num[0], o->num[1]);
		return;
	default:
		n = o->kind == 34 ? snprintf(buf, size, o->learnt ? "FO cookie" : "FO ") :
			snprintf(buf, size, "kind %u ", o->kind);
		for (i = 0; i < o->nb; i++)
			n += snprintf(buf + n, size - (uint32_t)n, "%02x", o->bytes[i]);
		return;
	}
}

static void
flags_format(uint16_t flags, char buf[12])
{
	static const char letters[] = "SFRPUEWA.";
	static const uint16_t bits[] = {SYN, FIN, RST, PSH, URG, ECE, CWR, SEG_AE, ACK};
	unsigned int i;

	for (i = 0; i < 9; i++)
		if (flags & bits[i])
			*buf++ = letters[i];
	if ((flags & FLAGS_KNOWN) == 0)
		*buf++ = '-';
	*buf = '\0';
}

const char *
wire_format_packet(const struct packet *p, char *buf, uint32_t size)
{
	static const char *const ecns[] = {"[noecn] ", "[ect1] ", "[ect0] ", "[ce] "};
	char flags[12], opt[100];
	int n;
	unsigned int i;

	flags_format(p->flags, flags);
	n = snprintf(buf, size, "%s%s %u:%u(%u)", p->ecn > 0 ? ecns[p->ecn] : "", flags, p->seq,
		p->seq + p->len, p->len);
	if (p->flags & ACK)
		n += snprintf(buf + n, size - (uint32_t)n, " ack %u", p->ack);
	if (p->wnd != WND_ANY)
		n += snprintf(buf + n, size - (uint32_t)n, " win %d", p->wnd);
	if (p->urg != 0)
		n += snprintf(buf + n, size - (uint32_t)n, " urg %u", p->urg);
	for (i = 0; i < p->opts.nb && (uint32_t)n + sizeof(opt) < size; i++) {
		opt_format(&p->opts.opt[i], opt, sizeof(opt));
		n += snprintf(buf + n, size - (uint32_t)n, "%s%s", i == 0 ? " <" : ",", opt);
	}
	snprintf(buf + n, size - (uint32_t)n, "%s",
		p->opts.any ? " <...>" : p->opts.nb != 0 ? ">" : "");
	return buf;
}

/* A live segment as a script would say it. */
static void
to_packet(const struct flow *f, const struct sent *s, struct packet *p)
{
	const struct seg *seg = &s->frame.seg;

	memset(p, 0, sizeof(*p));
	p->ecn = s->tos & 3;
	p->dscp = s->tos >> 2;
	p->ttl = s->frame.hop_limit;
	p->flags = seg->flags;
	p->seq = seg->seq - f->local_base;
	p->len = seg->len;
	p->ack = seg->flags & ACK ? seg->ack - f->remote_base : seg->ack;
	p->wnd = seg->wnd;
	p->urg = seg->urg;
	opts_take(f, seg, &p->opts);
}

const char *
wire_format(const struct flow *f, const struct sent *s, char *buf, uint32_t size)
{
	struct packet p;
	unsigned int i;

	to_packet(f, s, &p);
	for (i = 0; i < p.opts.nb; i++)
		if (p.opts.opt[i].kind == 8 && f->ts_known)
			p.opts.opt[i].num[0] -= f->ts_base;
	return wire_format_packet(&p, buf, size);
}

static bool
ts_matches(struct flow *f, const struct opt *want, const struct opt *got,
	const struct wire_rules *rules, char *why, uint32_t size)
{
	uint32_t live = got->num[0], off;

	if (!f->ts_known) {
		f->ts_known = true;
		f->ts_base = live - want->num[0];
	}
	f->ts[f->nb_ts % WIRE_TS_MAX][0] = want->num[0];
	f->ts[f->nb_ts++ % WIRE_TS_MAX][1] = live;
	if (want->num[1] != got->num[1]) {
		snprintf(why, size, "TSecr is %u, not %u", got->num[1], want->num[1]);
		return false;
	}
	off = (uint32_t)abs((int32_t)(live - f->ts_base - want->num[0]));
	if (rules->ts_tick_us != 0 && off > rules->tolerance_us / rules->ts_tick_us) {
		snprintf(why, size, "TSval is %u, not %u", live - f->ts_base, want->num[0]);
		return false;
	}
	return true;
}

static bool
is_padding(const struct opt *o)
{
	return o->kind < 2;
}

/* In any order, padding left aside: no RFC wants more. */
static bool
opts_match(struct flow *f, const struct opt_list *want, const struct opt_list *got,
	const struct wire_rules *rules, char *why, uint32_t size)
{
	unsigned int nb_want = 0, nb_got = 0, i, j;

	for (i = 0; i < got->nb; i++)
		nb_got += !is_padding(&got->opt[i]);
	for (i = 0; i < want->nb; i++) {
		const struct opt *w = &want->opt[i];
		char text[100];

		if (is_padding(w))
			continue;
		nb_want++;
		opt_format(w, text, sizeof(text));
		for (j = 0; j < got->nb && got->opt[j].kind != w->kind; j++)
			;
		if (j == got->nb) {
			snprintf(why, size, "there is no option '%s'", text);
			return false;
		}
		if (w->learnt) {
			f->cookie = got->opt[j];
			if (f->cookie.nb < 4 || f->cookie.nb > 16) {
				snprintf(why, size, "a cookie has 4 to 16 bytes, not %u", f->cookie.nb);
				return false;
			}
		} else if (w->kind == 8) {
			if (!ts_matches(f, w, &got->opt[j], rules, why, size))
				return false;
		} else if (w->nb != got->opt[j].nb ||
			memcmp(w->num, got->opt[j].num, sizeof(w->num)) != 0 ||
			memcmp(w->bytes, got->opt[j].bytes, sizeof(w->bytes)) != 0) {
			snprintf(why, size, "the option is not '%s'", text);
			return false;
		}
	}
	if (nb_got > nb_want)
		snprintf(why, size, "there are more options than expected");
	return nb_got <= nb_want;
}

/* With <...>, timestamps are learnt as they come. */
static void
ts_learn(struct flow *f, const struct opt_list *got)
{
	unsigned int i;

	for (i = 0; i < got->nb; i++) {
		if (got->opt[i].kind != 8)
			continue;
		if (!f->ts_known)
			f->ts_base = got->opt[i].num[0];
		f->ts_known = true;
	}
}

static bool
ip_matches(const struct packet *want, const struct packet *got, char *why, uint32_t size)
{
	if (want->ecn != IP_ANY && want->ecn != got->ecn)
		snprintf(why, size, "the ECN field is %d, not %d", got->ecn, want->ecn);
	else if (want->dscp != IP_ANY && want->dscp != got->dscp)
		snprintf(why, size, "the code point is %d, not %d", got->dscp, want->dscp);
	else if (want->ttl != IP_ANY && want->ttl != got->ttl)
		snprintf(why, size, "the hop limit is %d, not %d", got->ttl, want->ttl);
	else
		return true;
	return false;
}

static bool
fields_match(const struct packet *want, const struct packet *got, char *why, uint32_t size)
{
	char a[12], b[12];

	flags_format(want->flags, a);
	flags_format(got->flags, b);
	if (want->flags != got->flags)
		snprintf(why, size, "the flags are %s, not %s", b, a);
	else if (want->seq != got->seq)
		snprintf(why, size, "it begins at %u, not at %u", got->seq, want->seq);
	else if (want->len != got->len)
		snprintf(why, size, "it has %u bytes, not %u", got->len, want->len);
	else if (want->ack != got->ack)
		snprintf(why, size, "it acknowledges %u, not %u", got->ack, want->ack);
	else if (want->wnd != WND_ANY && want->wnd != got->wnd)
		snprintf(why, size, "the window is %d, not %d", got->wnd, want->wnd);
	else if (want->urg != got->urg)
		snprintf(why, size, "the urgent pointer is %u, not %u", got->urg, want->urg);
	else
		return ip_matches(want, got, why, size);
	return false;
}

bool
wire_matches(struct flow *f, const struct packet *want, const struct sent *s,
	const struct wire_rules *rules, char *why, uint32_t size)
{
	const struct seg *seg = &s->frame.seg;
	struct packet got;

	if (seg->dport != f->remote_port ||
		(f->local_port != 0 && f->local_port != seg->sport)) {
		snprintf(why, size, "it is of another connection: %u to %u", seg->sport, seg->dport);
		return false;
	}
	f->local_port = seg->sport;
	if ((seg->flags & want->flags & SYN) && (f->renewed || !f->local_known)) {
		f->local_base = seg->seq - want->seq;
		f->local_known = true;
		f->renewed = f->ts_known = false;
		f->nb_ts = 0;
	}
	f->last_seq = seg->seq;
	f->last_len = seg->len;
	to_packet(f, s, &got);
	if (!fields_match(want, &got, why, size))
		return false;
	if (!want->opts.any)
		return opts_match(f, &want->opts, &got.opts, rules, why, size);
	ts_learn(f, &got.opts);
	return true;
}
