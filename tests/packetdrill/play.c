/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The player: one event after the other, the clock in between. What the stack sends is queued until
 * an event expects it; one that waits too long, or is there when the script ends, is a failure.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>

#include "play.h"

/* So that the peer's sequence numbers wrap early in every script, or change sign. */
#define REMOTE_BASE_V4 0xfffffe00u
#define REMOTE_BASE_V6 0x7ffffe00u
/* An end that a script has no time for: a segment may come at any time. */
#define IPV6_MTU_MIN 1280
#define ANY_TIME_US 3600000000ll

int64_t
play_now(const struct play *p)
{
	return (int64_t)(p->now_us - p->start_us);
}

static void
trace(struct play *p, const char *fmt, ...)
{
	char line[WIRE_TEXT + 200];
	va_list ap;
	int n;

	n = snprintf(line, sizeof(line), "  %9.6f ", (double)play_now(p) / 1e6);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	n = n < (int)sizeof(line) - 2 ? n : (int)sizeof(line) - 2;
	line[n++] = '\n';
	line[n] = '\0';
	if (p->verbose)
		fputs(line, p->out);
	if (p->trace_len + (uint32_t)n + 1 > p->trace_size) {
		p->trace_size = 2 * p->trace_size + 4096;
		p->trace = realloc(p->trace, p->trace_size);
		if (p->trace == NULL)
			abort();
	}
	memcpy(p->trace + p->trace_len, line, (size_t)n + 1);
	p->trace_len += (uint32_t)n;
}

bool
play_fail(struct play *p, const struct event *e, const char *fmt, ...)
{
	char text[2 * WIRE_TEXT + 200];
	va_list ap;

	if (p->failed)
		return false;
	p->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(p->out, "%s:%u: over %s: %s\n", e != NULL ? e->path : p->script->path,
		e != NULL ? e->line : 0, p->is_v6 ? "IPv6" : "IPv4", text);
	if (e != NULL)
		fprintf(p->out, "  script:   %s\n", e->text);
	if (!p->verbose)
		fprintf(p->out, "  trace:\n%s", p->trace != NULL ? p->trace : "");
	return false;
}

struct flow *
play_flow(struct play *p, uint16_t port)
{
	struct flow *f;
	unsigned int i;

	if (port == 0)
		return &p->flow[0];
	for (i = 0; i < p->nb_flows; i++)
		if (p->flow[i].remote_port == port)
			return &p->flow[i];
	if (p->nb_flows == PLAY_FLOWS)
		return NULL;
	f = &p->flow[p->nb_flows++];
	f->remote_port = port;
	f->local_port = p->flow[0].local_port;
	f->remote_base = p->flow[0].remote_base;
	f->cookie = p->flow[0].cookie;
	return f;
}

static void
inject_bytes(struct play *p, const uint8_t *bytes, uint32_t len)
{
	/* Over IPv6 frames come in many small mbufs, which are legal and must make no difference.
	 */
	struct rte_mbuf *m = sim_mbuf(p->host.pool, bytes, len, RTE_ETHER_HDR_LEN,
		p->is_v6 ? &p->rng : NULL);

	sim_pcap_write(p->pcap, p->now_us, bytes, len);
	if (m != NULL)
		isla_stack_input(p->host.stack, 0, &m, 1, p->now_us);
}

static bool
is_question(const struct play *p, const struct frame *f)
{
	return (f->kind == FRAME_ARP_REQ || f->kind == FRAME_NS) &&
		isla_addr_eq(&f->target, &p->ends.src);
}

/* A frame that the stack has sent: answer it, or queue it for an event. */
static void
frame_sent(struct play *p, const uint8_t *bytes, uint32_t len)
{
	struct sent s = {.at_us = p->now_us, .len = len, .bytes = malloc(len + 1)};
	char text[WIRE_TEXT];
	uint8_t buf[256];

	if (s.bytes == NULL)
		abort();
	memcpy(s.bytes, bytes, len);
	sim_pcap_write(p->pcap, p->now_us, bytes, len);
	if (!wire_parse(&s))
		play_fail(p, NULL, "the stack sent a malformed frame: %s", s.frame.error);
	if (s.frame.kind == FRAME_TCP && p->tail < PLAY_QUEUE) {
		struct flow *f = play_flow(p, s.frame.seg.dport);

		if (f == NULL)
			f = &p->flow[0];
		if (s.frame.seg.flags & SYN && (f->renewed || !f->local_known))
			f->local_base = s.frame.seg.seq;
		trace(p, "> %s", wire_format(f, &s, text, sizeof(text)));
		p->queue[p->tail++] = s;
		return;
	}
	if (is_question(p, &s.frame))
		inject_bytes(p, buf, frame_build_resolved(buf, &s.frame, p->ends.src_mac));
	free(s.bytes);
}

static bool
collect(struct play *p)
{
	static uint8_t buf[FRAME_MAX + 64];
	struct rte_mbuf **pkts, *copy[64];
	uint16_t nb = isla_stack_output(p->host.stack, 0, &pkts), i;

	nb = RTE_MIN(nb, (uint16_t)RTE_DIM(copy));
	memcpy(copy, pkts, nb * sizeof(copy[0]));
	isla_stack_sent(p->host.stack, 0, nb);
	for (i = 0; i < nb; i++) {
		uint32_t len = RTE_MIN(copy[i]->pkt_len, (uint32_t)sizeof(buf));
		const uint8_t *bytes = rte_pktmbuf_read(copy[i], 0, len, buf);

		if (bytes != buf)
			memcpy(buf, bytes, len);
		rte_pktmbuf_free(copy[i]);
		frame_sent(p, buf, len);
	}
	return nb > 0;
}

static void retry_call(struct play *p);

/* Let the stack work at this time. */
static void
flush(struct play *p)
{
	unsigned int rounds;

	for (rounds = 0; rounds < 1000; rounds++) {
		isla_stack_flush(p->host.stack, p->now_us);
		if (!collect(p) && isla_stack_next_us(p->host.stack) > p->now_us) {
			if (p->waiting == NULL)
				return;
			retry_call(p);
			isla_stack_flush(p->host.stack, p->now_us);
			if (!collect(p) && isla_stack_next_us(p->host.stack) > p->now_us)
				return;
		}
	}
	play_fail(p, NULL, "the stack has work for ever");
}

/* The call that blocks may go on now; where it has ended, it must be the time for it. */
static void
retry_call(struct play *p)
{
	const struct event *e = p->waiting;
	int64_t off;

	if (call_run(p, e, true) == CALL_WAITS)
		return;
	p->waiting = NULL;
	trace(p, "%s", e->text);
	off = play_now(p) - p->waiting_end_us;
	if (llabs(off) > p->script->tolerance_us)
		play_fail(p, e, "the call returned at %.6f, not at %.6f", (double)play_now(p) / 1e6,
			(double)p->waiting_end_us / 1e6);
}

/* To the next timer, or to the end; false: the end. */
static bool
step_until(struct play *p, uint64_t end_us)
{
	uint64_t next = isla_stack_next_us(p->host.stack);

	if (p->failed || p->now_us >= end_us)
		return false;
	p->now_us = next > end_us ? end_us : RTE_MAX(next, p->now_us + 1);
	flush(p);
	return true;
}

static void
advance_to(struct play *p, int64_t us)
{
	uint64_t end = p->start_us + (uint64_t)RTE_MAX(us, (int64_t)0);

	while (step_until(p, end))
		;
}

static bool
in_event(struct play *p, const struct event *e)
{
	static uint8_t buf[FRAME_MAX + 64];
	struct flow *f = play_flow(p, e->kind == EVENT_ICMP ? e->icmp.port : e->packet.port);
	uint32_t len;

	if (f == NULL)
		return play_fail(p, e, "at most %u connections", PLAY_FLOWS);
	trace(p, "%s", strchr(e->text, '<'));
	len = e->kind == EVENT_ICMP ? wire_build_icmp(f, &p->ends, &e->icmp, buf) :
		wire_build(f, &p->ends, &e->packet, buf);
	inject_bytes(p, buf, len);
	flush(p);
	return !p->failed;
}

static bool
out_fail(struct play *p, const struct event *e, const struct sent *s, const char *why)
{
	char want[WIRE_TEXT], got[WIRE_TEXT] = "nothing";
	struct flow *f = s != NULL ? play_flow(p, s->frame.seg.dport) : NULL;

	if (s != NULL)
		wire_format(f != NULL ? f : &p->flow[0], s, got, sizeof(got));
	return play_fail(p, e, "%s\n  expected: > %s\n  actual:   > %s", why,
		wire_format_packet(&e->packet, want, sizeof(want)), got);
}

static bool
out_event(struct play *p, const struct event *e, int64_t from_us, int64_t to_us)
{
	struct wire_rules rules = {p->script->ts_tick_us, p->script->tolerance_us};
	int64_t tolerance = p->script->tolerance_us, at;
	uint64_t end = p->start_us + (uint64_t)(to_us + tolerance);
	struct flow *f = play_flow(p, e->packet.port);
	struct sent *s;
	char why[300];

	while (p->head == p->tail && step_until(p, end))
		;
	if (p->failed)
		return false;
	if (p->head == p->tail)
		return out_fail(p, e, NULL, "a segment is missing");
	s = &p->queue[p->head];
	if (f == NULL || !wire_matches(f, &e->packet, s, &rules, why, sizeof(why)))
		return out_fail(p, e, s, why);
	at = (int64_t)(s->at_us - p->start_us);
	if (at < from_us - tolerance || at > to_us + tolerance) {
		snprintf(why, sizeof(why), "it was sent at %.6f, not at %.6f", (double)at / 1e6,
			(double)(at < from_us ? from_us : to_us) / 1e6);
		return out_fail(p, e, s, why);
	}
	free(s->bytes);
	s->bytes = NULL;
	if (++p->head == p->tail)
		p->head = p->tail = 0;
	/* A relative time counts from when it was, where the script leaves that open. */
	p->last_us = from_us == to_us ? from_us : at;
	return true;
}

static bool
call_event(struct play *p, const struct event *e, int64_t base_us)
{
	enum call_verdict v;

	while (p->waiting != NULL && step_until(p, p->start_us +
			(uint64_t)(p->waiting_end_us + p->script->tolerance_us + 1)))
		;
	if (p->waiting != NULL)
		return play_fail(p, p->waiting, "the call still blocks");
	v = call_run(p, e, false);
	if (v == CALL_DONE)
		trace(p, "%s", e->text);
	if (v == CALL_DONE && e->when.blocking)
		return play_fail(p, e, "the call did not block");
	if (v == CALL_WAITS && !e->when.blocking)
		return play_fail(p, e, "the call would block");
	if (v == CALL_WAITS) {
		p->waiting = e;
		p->waiting_end_us = e->when.end_us + base_us;
	}
	flush(p);
	return !p->failed;
}

static bool
event_run(struct play *p, const struct event *e)
{
	int64_t base = e->when.relative ? p->last_us : 0;
	int64_t from = e->when.from_us + base, to = e->when.to_us + base;

	if (e->kind == EVENT_OUT) {
		if (e->when.any)
			return out_event(p, e, 0, ANY_TIME_US);
		return out_event(p, e, from, to);
	}
	if (p->start_us + (uint64_t)from + p->script->tolerance_us < p->now_us)
		return play_fail(p, e, "it is %.6f, too late for this event",
			(double)play_now(p) / 1e6);
	advance_to(p, from);
	p->last_us = from;
	if (p->failed)
		return false;
	switch (e->kind) {
	case EVENT_CALL:
		return call_event(p, e, base);
	case EVENT_CHECK:
		return checks_run(p, e);
	default:
		return in_event(p, e);
	}
}

/* Nothing may be left that the script did not ask for. */
static void
end(struct play *p, const struct event *last)
{
	char text[WIRE_TEXT];
	struct flow *f;

	if (p->waiting != NULL)
		advance_to(p, p->waiting_end_us + p->script->tolerance_us);
	if (p->waiting != NULL)
		play_fail(p, p->waiting, "the call still blocks");
	if (p->head == p->tail)
		return;
	f = play_flow(p, p->queue[p->head].frame.seg.dport);
	play_fail(p, last, "at the script's end a segment is left that nothing expected\n"
		"  actual:   > %s", wire_format(f != NULL ? f : &p->flow[0],
			&p->queue[p->head], text, sizeof(text)));
}

static bool
start(struct play *p)
{
	struct isla_socket_conf socks = {.max_socks = 64};
	struct sim_host_conf conf = {.number = 2};
	const struct setting *set;

	conf.stack.tcp.max_conns = 64;
	conf.stack.tcp.max_segs = 4096;
	conf.stack.max_neigh = 16;
	p->now_us = p->start_us = conf.stack.now_us = 10000000;
	/* The same segments fit, whatever the IP header's length. */
	conf.mtu = (uint16_t)(p->script->mtu + (p->is_v6 ? 20 : 0));
	for (set = p->script->settings; set != NULL; set = set->next) {
		if (!setting_apply(&conf, set)) {
			fprintf(p->out, "%s:%u: there is no setting %s\n", p->script->path, set->line,
				set->name);
			return false;
		}
	}
	if (p->is_v6 && conf.mtu < IPV6_MTU_MIN) {
		fprintf(p->out, "%s: IPv6 wants an MTU of %u\n", p->script->path, IPV6_MTU_MIN - 20);
		return false;
	}
	sim_host_init(&p->host, &conf);
	p->socks = isla_socket_table_create(p->host.stack, &socks);
	if (p->socks == NULL)
		abort();
	p->ends.dst = p->is_v6 ? p->host.v6 : p->host.v4;
	isla_addr_parse(p->is_v6 ? "fd00::1" : "192.168.1.1", &p->ends.src);
	memcpy(p->ends.dst_mac, p->host.mac, 6);
	memcpy(p->ends.src_mac, "\x02\x00\x00\x00\x00\x01", 6);
	p->nb_flows = 1;
	p->flow[0].remote_port = PLAY_PEER_PORT;
	p->flow[0].local_port = PLAY_PORT;
	p->flow[0].remote_base = p->is_v6 ? REMOTE_BASE_V6 : REMOTE_BASE_V4;
	memset(p->fd_of, 0xff, sizeof(p->fd_of));
	p->pcap = sim_pcap_open(getenv("SIM_PCAP"));
	return true;
}

static void
stop(struct play *p)
{
	uint32_t left;

	while (p->head < p->tail)
		free(p->queue[p->head++].bytes);
	isla_socket_table_free(p->socks);
	left = sim_host_fini(&p->host);
	if (left != 0)
		play_fail(p, NULL, "%u mbufs did not come back", left);
	sim_pcap_close(p->pcap);
}

bool
play_script(const struct script *script, bool is_v6, bool verbose, FILE *out)
{
	struct play *p = calloc(1, sizeof(*p));
	const struct event *e, *last = NULL;
	bool ok;

	if (p == NULL)
		abort();
	p->script = script;
	p->is_v6 = is_v6;
	p->verbose = verbose;
	p->out = out;
	ok = start(p);
	if (ok) {
		for (e = script->events; e != NULL && event_run(p, e); e = e->next)
			last = e;
		if (!p->failed)
			end(p, last);
		stop(p);
		ok = !p->failed;
	}
	free(p->trace);
	free(p);
	return ok;
}
