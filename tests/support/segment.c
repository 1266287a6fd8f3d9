/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ethernet, ARP, IPv4, IPv6, neighbour discovery, TCP, UDP and echo as bytes. Written from the RFCs
 * (826, 791, 8200, 4861, 9293, 768, 792, 4443), apart from the code under test.
 */

#include <stdio.h>
#include <string.h>

#include "segment.h"

#define ETH_LEN 14
#define FRAME_MIN 60
#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void
pattern_fill(uint8_t *data, uint32_t off, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		data[i] = pattern_at(off + i);
}

bool
pattern_is(const uint8_t *data, uint32_t off, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (data[i] != pattern_at(off + i))
			return false;
	return true;
}

/* RFC 1071, in the plainest way there is. */
static uint32_t
sum16(uint32_t sum, const uint8_t *p, uint32_t len)
{
	uint32_t i;

	for (i = 0; i + 1 < len; i += 2) {
		sum += get16(p + i);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len & 1)
		sum += (uint32_t)p[len - 1] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t
frame_l4_cksum(const struct frame_ends *ends, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	uint32_t sum = proto + len;

	sum = (sum & 0xffff) + (sum >> 16);
	if (isla_addr_is_v4(&ends->src)) {
		/* ICMP has no pseudo-header. */
		if (proto == PROTO_ICMP)
			sum = 0;
		else
			sum = sum16(sum16(sum, ends->src.b + 12, 4), ends->dst.b + 12, 4);
	} else {
		sum = sum16(sum16(sum, ends->src.b, 16), ends->dst.b, 16);
	}
	return (uint16_t)~sum16(sum, l4, len);
}

uint32_t
frame_l4_off(const struct frame_ends *ends)
{
	return ETH_LEN + (isla_addr_is_v4(&ends->src) ? 20 : 40);
}

uint32_t
frame_finish(uint8_t *buf, const struct frame_ends *ends, uint8_t proto, uint32_t len)
{
	uint8_t *ip = buf + ETH_LEN;
	uint32_t total = frame_l4_off(ends) + len;

	memcpy(buf, ends->dst_mac, 6);
	memcpy(buf + 6, ends->src_mac, 6);
	if (isla_addr_is_v4(&ends->src)) {
		put16(buf + 12, 0x0800);
		memset(ip, 0, 20);
		ip[0] = 0x45;
		put16(ip + 2, (uint16_t)(20 + len));
		ip[6] = 0x40; /* DF */
		ip[8] = 64;
		ip[9] = proto;
		memcpy(ip + 12, ends->src.b + 12, 4);
		memcpy(ip + 16, ends->dst.b + 12, 4);
		put16(ip + 10, (uint16_t)~sum16(0, ip, 20));
	} else {
		put16(buf + 12, 0x86dd);
		put32(ip, 0x60000000);
		put16(ip + 4, (uint16_t)len);
		ip[6] = proto;
		ip[7] = proto == PROTO_ICMP6 ? 255 : 64;
		memcpy(ip + 8, ends->src.b, 16);
		memcpy(ip + 24, ends->dst.b, 16);
	}
	while (total < FRAME_MIN)
		buf[total++] = 0xee;
	return total;
}

void
frame_set_tos(uint8_t *buf, const struct frame_ends *ends, uint8_t tos)
{
	uint8_t *ip = buf + ETH_LEN;

	if (isla_addr_is_v4(&ends->src)) {
		ip[1] = tos;
		put16(ip + 10, 0);
		put16(ip + 10, (uint16_t)~sum16(0, ip, 20));
	} else {
		put32(ip, 0x60000000 | (uint32_t)tos << 20);
	}
}

uint32_t
frame_build_tcp(uint8_t *buf, const struct frame_ends *ends, const struct seg *seg)
{
	uint8_t *tcp = buf + frame_l4_off(ends);
	uint32_t hdr = 20, total;

	put16(tcp, seg->sport);
	put16(tcp + 2, seg->dport);
	put32(tcp + 4, seg->seq);
	put32(tcp + 8, seg->ack);
	tcp[13] = seg->flags;
	put16(tcp + 14, seg->wnd == WND_ZERO ? 0 : (uint16_t)seg->wnd);
	put16(tcp + 16, 0);
	put16(tcp + 18, seg->urg);
	if (seg->mss != 0) {
		tcp[hdr] = 2;
		tcp[hdr + 1] = 4;
		put16(tcp + hdr + 2, seg->mss);
		hdr += 4;
	}
	if (seg->wscale != 0) {
		tcp[hdr] = 3;
		tcp[hdr + 1] = 3;
		tcp[hdr + 2] = (uint8_t)(seg->wscale - 1);
		tcp[hdr + 3] = 1;
		hdr += 4;
	}
	if (seg->opts_len != 0)
		memcpy(tcp + hdr, seg->opts, seg->opts_len);
	hdr += seg->opts_len;
	while (hdr % 4 != 0)
		tcp[hdr++] = 0;
	tcp[12] = (uint8_t)((seg->data_off != 0 ? seg->data_off : hdr / 4) << 4);
	if (seg->data != NULL)
		memcpy(tcp + hdr, seg->data, seg->len);
	else
		pattern_fill(tcp + hdr, seg->seq, seg->len);
	put16(tcp + 16, frame_l4_cksum(ends, PROTO_TCP, tcp, hdr + seg->len));
	if (seg->bad_cksum)
		tcp[16] ^= 0x10;
	total = frame_finish(buf, ends, PROTO_TCP, hdr + seg->len);
	frame_set_tos(buf, ends, seg->tos);
	return total;
}

uint32_t
frame_build_udp(uint8_t *buf, const struct frame_ends *ends, uint16_t sport, uint16_t dport,
	const void *data, uint16_t len)
{
	uint8_t *udp = buf + frame_l4_off(ends);
	uint16_t cksum;

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (uint16_t)(8 + len));
	put16(udp + 6, 0);
	memcpy(udp + 8, data, len);
	cksum = frame_l4_cksum(ends, PROTO_UDP, udp, 8 + (uint32_t)len);
	put16(udp + 6, cksum != 0 ? cksum : 0xffff);
	return frame_finish(buf, ends, PROTO_UDP, 8 + (uint32_t)len);
}

uint32_t
frame_build_echo(uint8_t *buf, const struct frame_ends *ends, uint16_t id, uint16_t seq,
	const void *data, uint16_t len)
{
	bool is_v4 = isla_addr_is_v4(&ends->src);
	uint8_t proto = is_v4 ? PROTO_ICMP : PROTO_ICMP6;
	uint8_t *icmp = buf + frame_l4_off(ends);

	icmp[0] = is_v4 ? 8 : 128;
	icmp[1] = 0;
	put16(icmp + 2, 0);
	put16(icmp + 4, id);
	put16(icmp + 6, seq);
	memcpy(icmp + 8, data, len);
	put16(icmp + 2, frame_l4_cksum(ends, proto, icmp, 8 + (uint32_t)len));
	return frame_finish(buf, ends, proto, 8 + (uint32_t)len);
}

uint32_t
frame_build_resolved(uint8_t *buf, const struct frame *q, const uint8_t mac[6])
{
	struct frame_ends ends = {.src = q->target, .dst = q->ends.src};
	uint8_t *p;

	memcpy(ends.src_mac, mac, 6);
	memcpy(ends.dst_mac, q->ends.src_mac, 6);
	if (q->kind == FRAME_ARP_REQ) {
		memset(buf, 0, FRAME_MIN);
		memcpy(buf, ends.dst_mac, 6);
		memcpy(buf + 6, mac, 6);
		put16(buf + 12, 0x0806);
		p = buf + ETH_LEN;
		memcpy(p, "\x00\x01\x08\x00\x06\x04\x00\x02", 8);
		memcpy(p + 8, mac, 6);
		memcpy(p + 14, q->target.b + 12, 4);
		memcpy(p + 18, q->ends.src_mac, 6);
		memcpy(p + 24, q->ends.src.b + 12, 4);
		return FRAME_MIN;
	}
	p = buf + frame_l4_off(&ends);
	memset(p, 0, 32);
	p[0] = 136;  /* neighbour advertisement */
	p[4] = 0x60; /* solicited, override */
	memcpy(p + 8, q->target.b, 16);
	p[24] = 2; /* target link-layer address */
	p[25] = 1;
	memcpy(p + 26, mac, 6);
	put16(p + 2, frame_l4_cksum(&ends, PROTO_ICMP6, p, 32));
	return frame_finish(buf, &ends, PROTO_ICMP6, 32);
}

static const char *
parse_tcp_options(const uint8_t *opt, uint32_t len, struct seg *seg)
{
	uint32_t i = 0;

	while (i < len && opt[i] != 0) {
		if (opt[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= len || opt[i + 1] < 2 || i + opt[i + 1] > len)
			return "TCP option length";
		if (opt[i] == 2) {
			if (opt[i + 1] != 4)
				return "TCP MSS option length";
			seg->mss = get16(opt + i + 2);
		} else if (opt[i] == 3) {
			if (opt[i + 1] != 3)
				return "TCP window scale option length";
			seg->wscale = (uint16_t)WSCALE(opt[i + 2]);
		}
		i += opt[i + 1];
	}
	return NULL;
}

static const char *
parse_tcp(struct frame *f)
{
	struct seg *seg = &f->seg;
	const uint8_t *tcp = f->l4;
	uint32_t hdr;

	if (f->l4_len < 20)
		return "TCP header short";
	hdr = (uint32_t)(tcp[12] >> 4) * 4;
	if (hdr < 20 || hdr > f->l4_len)
		return "TCP data offset";
	if (tcp[12] & 0x0f)
		return "TCP reserved bits";
	if (frame_l4_cksum(&f->ends, PROTO_TCP, tcp, f->l4_len) != 0)
		return "TCP checksum";
	seg->sport = get16(tcp);
	seg->dport = get16(tcp + 2);
	seg->seq = get32(tcp + 4);
	seg->ack = get32(tcp + 8);
	seg->flags = tcp[13];
	seg->wnd = get16(tcp + 14);
	seg->urg = get16(tcp + 18);
	seg->opts = tcp + 20;
	seg->opts_len = (uint8_t)(hdr - 20);
	seg->data_off = tcp[12] >> 4;
	seg->data = tcp + hdr;
	seg->len = (uint16_t)(f->l4_len - hdr);
	f->kind = FRAME_TCP;
	return parse_tcp_options(tcp + 20, hdr - 20, seg);
}

static const char *
parse_l4(struct frame *f)
{
	f->kind = FRAME_OTHER;
	if (f->proto == PROTO_TCP)
		return parse_tcp(f);
	if (f->proto == PROTO_UDP && (f->l4_len < 8 || get16(f->l4 + 4) != f->l4_len))
		return "UDP length";
	if ((f->proto == PROTO_UDP || f->proto == PROTO_ICMP || f->proto == PROTO_ICMP6) &&
		frame_l4_cksum(&f->ends, f->proto, f->l4, f->l4_len) != 0)
		return "UDP or ICMP checksum";
	if (f->proto == PROTO_ICMP6 && f->l4_len >= 24 && f->l4[0] == 135) {
		if (f->hop_limit != 255)
			return "solicitation's hop limit";
		f->target = isla_addr_from_v6(f->l4 + 8);
		f->kind = FRAME_NS;
	}
	return NULL;
}

static const char *
parse_arp(const uint8_t *p, uint32_t len, struct frame *f)
{
	f->kind = FRAME_OTHER;
	if (len < 28 || memcmp(p, "\x00\x01\x08\x00\x06\x04\x00", 7) != 0)
		return "ARP format";
	if (memcmp(p + 8, f->ends.src_mac, 6) != 0)
		return "ARP sender is not the frame's";
	memcpy(f->ends.src.b, isla_addr_from_v4(0).b, 16);
	memcpy(f->ends.src.b + 12, p + 14, 4);
	f->ends.dst = isla_addr_from_v4(0);
	memcpy(f->ends.dst.b + 12, p + 24, 4);
	f->target = f->ends.dst;
	if (p[7] == 1)
		f->kind = FRAME_ARP_REQ;
	return NULL;
}

static const char *
parse_ip4(const uint8_t *ip, uint32_t len, struct frame *f)
{
	uint32_t hdr;

	if (len < 20 || ip[0] >> 4 != 4)
		return "IPv4 header";
	hdr = (uint32_t)(ip[0] & 0xf) * 4;
	if (hdr < 20 || get16(ip + 2) < hdr || get16(ip + 2) > len)
		return "IPv4 lengths";
	if ((uint16_t)~sum16(0, ip, hdr) != 0)
		return "IPv4 checksum";
	if (get16(ip + 6) & 0x3fff)
		return "IPv4 fragment";
	f->ends.src = isla_addr_from_v4(0);
	f->ends.dst = isla_addr_from_v4(0);
	memcpy(f->ends.src.b + 12, ip + 12, 4);
	memcpy(f->ends.dst.b + 12, ip + 16, 4);
	f->seg.tos = ip[1];
	f->hop_limit = ip[8];
	f->proto = ip[9];
	f->l4 = ip + hdr;
	f->l4_len = (uint16_t)(get16(ip + 2) - hdr);
	return parse_l4(f);
}

static const char *
parse_ip6(const uint8_t *ip, uint32_t len, struct frame *f)
{
	if (len < 40 || ip[0] >> 4 != 6 || get16(ip + 4) > len - 40)
		return "IPv6 header";
	f->ends.src = isla_addr_from_v6(ip + 8);
	f->ends.dst = isla_addr_from_v6(ip + 24);
	f->proto = ip[6];
	f->seg.tos = (uint8_t)(get16(ip) >> 4);
	f->hop_limit = ip[7];
	f->l4 = ip + 40;
	f->l4_len = get16(ip + 4);
	return parse_l4(f);
}

void
frame_parse(const uint8_t *bytes, uint32_t len, struct frame *f)
{
	memset(f, 0, sizeof(*f));
	f->error = "Ethernet";
	if (len >= ETH_LEN) {
		memcpy(f->ends.dst_mac, bytes, 6);
		memcpy(f->ends.src_mac, bytes + 6, 6);
		switch (get16(bytes + 12)) {
		case 0x0806:
			f->error = parse_arp(bytes + ETH_LEN, len - ETH_LEN, f);
			break;
		case 0x0800:
			f->error = parse_ip4(bytes + ETH_LEN, len - ETH_LEN, f);
			break;
		case 0x86dd:
			f->error = parse_ip6(bytes + ETH_LEN, len - ETH_LEN, f);
			break;
		default:
			break;
		}
	}
	if (f->error != NULL)
		f->kind = FRAME_BAD;
}

const char *
seg_format(const struct seg *seg, char *buf, size_t size)
{
	static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	char flags[40] = "";
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if ((seg->flags & 1u << i) == 0)
			continue;
		if (flags[0] != '\0')
			strcat(flags, "|");
		strcat(flags, names[i]);
	}
	snprintf(buf, size, "[%s] seq=%u ack=%u wnd=%d len=%u mss=%u wscale=%d ecn=%u %u->%u",
		flags, seg->seq, seg->ack, seg->wnd, seg->len, seg->mss, seg->wscale - 1,
		seg->tos & 3u, seg->sport, seg->dport);
	return buf;
}
