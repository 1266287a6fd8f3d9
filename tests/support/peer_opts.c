/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of the scripted peer; see peer_opts.h.
 */

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "peer_opts.h"

struct peer_opts peer_opts;

static void
put(struct opts *o, uint8_t byte)
{
	CU_ASSERT_FATAL(o->len < sizeof(o->bytes));
	o->bytes[o->len++] = byte;
}

static void
put32(struct opts *o, uint32_t v)
{
	put(o, (uint8_t)(v >> 24));
	put(o, (uint8_t)(v >> 16));
	put(o, (uint8_t)(v >> 8));
	put(o, (uint8_t)v);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Two NOPs keep what follows aligned, as RFC 7323, appendix A, has it. */
static void
put_kind(struct opts *o, uint8_t kind, uint8_t len)
{
	put(o, 1);
	put(o, 1);
	put(o, kind);
	put(o, len);
}

void
opts_put_sack_permitted(struct opts *o)
{
	put_kind(o, KIND_SACK_PERMITTED, 2);
}

void
opts_put_timestamps(struct opts *o, uint32_t val, uint32_t ecr)
{
	put_kind(o, KIND_TIMESTAMPS, 10);
	put32(o, val);
	put32(o, ecr);
}

void
opts_put_sack(struct opts *o, const uint32_t *edges, unsigned int nb)
{
	unsigned int i;

	put_kind(o, KIND_SACK, (uint8_t)(2 + 8 * nb));
	for (i = 0; i < 2 * nb; i++)
		put32(o, edges[i]);
}

const uint8_t *
opts_find(const struct seg *seg, uint8_t kind)
{
	const uint8_t *p = seg->opts, *end = p + seg->opts_len;

	/* Lengths were verified when the frame was taken apart. */
	while (p < end && *p != 0) {
		if (*p == kind)
			return p;
		p += *p == 1 ? 1 : p[1];
	}
	return NULL;
}

static uint32_t
timestamp(const struct seg *seg, unsigned int off)
{
	const uint8_t *p = opts_find(seg, KIND_TIMESTAMPS);

	CU_ASSERT_PTR_NOT_NULL(p);
	if (p == NULL)
		return 0;
	CU_ASSERT_EQUAL(p[1], 10);
	return get32(p + off);
}

uint32_t
opts_ts_val(const struct seg *seg)
{
	return timestamp(seg, 2);
}

uint32_t
opts_ts_ecr(const struct seg *seg)
{
	return timestamp(seg, 6);
}

void
establish_opts(bool sack, bool ts, uint64_t rtt_us)
{
	struct opts o = {.len = 0};

	peer_opts = (struct peer_opts){.sack = sack, .ts = ts, .ts_val = 1000};
	if (sack)
		opts_put_sack_permitted(&o);
	if (ts)
		opts_put_timestamps(&o, peer_opts.ts_val, 0);
	listen_on(STACK_PORT);
	inject(SYN, .seq = P(0), .mss = peer.mss, .wscale = peer.wscale, .opts = o.bytes,
		.opts_len = o.len);
	expect(SYN | ACK, .seq = S(0), .ack = P(1));
	CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_SACK_PERMITTED) != NULL, sack);
	CU_ASSERT_EQUAL(opts_find(&peer.last.frame.seg, KIND_TIMESTAMPS) != NULL, ts);
	if (ts)
		peer_opts.ts_ecr = opts_ts_val(&peer.last.frame.seg);
	advance_us(rtt_us);
	inject_opts(ACK, .seq = P(1), .ack = S(1));
	expect_state(ISLA_TCP_ESTABLISHED);
	expect_nothing();
}

void
peer_inject_opts(struct seg seg, const uint32_t *edges, unsigned int nb)
{
	struct opts o = {.len = 0};

	if (peer_opts.ts)
		opts_put_timestamps(&o, peer_opts.ts_val, peer_opts.ts_ecr);
	if (nb > 0)
		opts_put_sack(&o, edges, nb);
	seg.opts = o.bytes;
	seg.opts_len = o.len;
	peer_inject(seg);
}

void
peer_inject_sack(uint32_t n, const uint32_t *edges, unsigned int nb)
{
	uint32_t abs[8];
	unsigned int i;

	for (i = 0; i < 2 * nb; i++)
		abs[i] = S(edges[i]);
	peer_inject_opts((struct seg){.flags = ACK, .seq = P(1), .ack = S(n)}, abs, nb);
}

void
peer_expect_sack(const char *file, unsigned int line, uint32_t n, const uint32_t *edges,
	unsigned int nb)
{
	const struct seg *seg = &peer.last.frame.seg;
	const uint8_t *p;
	unsigned int i, got;
	char text[400];
	int len;
	bool same;

	if (!peer_expect(file, line, (struct seg){.flags = ACK, .seq = S(1 + app.tx_len),
			.ack = P(n)}))
		return;
	p = opts_find(seg, KIND_SACK);
	got = p != NULL ? (p[1] - 2u) / 8 : 0;
	same = got == nb && (p == NULL || p[1] == 2 + 8 * nb);
	len = snprintf(text, sizeof(text), "SACK blocks differ, got %u:", got);
	for (i = 0; i < got; i++) {
		uint32_t left = get32(p + 2 + 8 * i), right = get32(p + 6 + 8 * i);

		same = same && left == P(edges[2 * i]) && right == P(edges[2 * i + 1]);
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %u-%u", left - P(0),
			right - P(0));
	}
	CU_assertImplementation(same, line, text, file, "", CU_FALSE);
}
