/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DHCP client's world; see dhcp_world.h.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dhcp_world.h"

struct dhcp_world world;

const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 2};
const uint8_t server_mac[6] = {2, 0, 0, 0, 0, 1};

static void pump(void);

/* ---- frames to the stack ---- */

void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void
input(const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(world.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
	isla_stack_input(world.stack, 0, &m, 1, world.now_us);
	pump();
}

/* A DHCP message to the client, by broadcast where dst is 0xffffffff; from a port. */
void
input_udp(uint32_t src, uint32_t dst, uint16_t from_port, const uint8_t *payload, uint32_t len)
{
	uint8_t f[42 + DHCP_MSG_MAX + 64] = {0};
	uint32_t sum = 0;
	unsigned int i;

	memset(f, 0xff, 6);
	if (dst != 0xffffffff)
		memcpy(f, our_mac, 6);
	memcpy(f + 6, server_mac, 6);
	f[12] = 8;
	f[14] = 0x45;
	f[16] = (uint8_t)((len + 28) >> 8);
	f[17] = (uint8_t)(len + 28);
	f[22] = 64;
	f[23] = 17;
	put32(f + 26, src);
	put32(f + 30, dst);
	for (i = 14; i < 34; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	f[24] = (uint8_t)(sum >> 8);
	f[25] = (uint8_t)sum;
	f[34] = (uint8_t)(from_port >> 8);
	f[35] = (uint8_t)from_port;
	f[37] = 68;
	f[38] = (uint8_t)((len + 8) >> 8);
	f[39] = (uint8_t)(len + 8);
	memcpy(f + 42, payload, len);
	input(f, 42 + len);
}

void
input_arp(uint8_t op, const uint8_t sha[6], uint32_t sip, uint32_t tip)
{
	uint8_t f[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6,
		4, 0, op};

	memcpy(f + 22, sha, 6);
	put32(f + 28, sip);
	memcpy(f + 32, our_mac, 6);
	put32(f + 38, tip);
	input(f, sizeof(f));
}

/* ---- a server's messages ---- */

uint8_t reply[DHCP_MSG_MAX];
uint32_t reply_len;

void
opt(uint8_t code, const void *value, uint8_t len)
{
	reply[reply_len++] = code;
	reply[reply_len++] = len;
	memcpy(reply + reply_len, value, len);
	reply_len += len;
}

void
opt32(uint8_t code, uint32_t value)
{
	uint8_t b[4];

	put32(b, value);
	opt(code, b, 4);
}

void
reply_begin(uint8_t type, uint32_t xid, uint32_t yiaddr)
{
	static const uint8_t cookie[4] = {99, 130, 83, 99};

	memset(reply, 0, sizeof(reply));
	reply[0] = 2;
	reply[1] = 1;
	reply[2] = 6;
	put32(reply + 4, xid);
	put32(reply + 16, yiaddr);
	memcpy(reply + 28, our_mac, 6);
	memcpy(reply + 236, cookie, 4);
	reply_len = 240;
	opt(53, &type, 1);
}

void
reply_send(uint32_t from, uint32_t to)
{
	reply[reply_len++] = 255;
	input_udp(from, to, 67, reply, reply_len);
}

void
reply_lease(const struct server *s, uint8_t type, uint32_t xid, uint32_t yiaddr)
{
	reply_begin(type, xid, yiaddr);
	opt32(54, s->ip);
	opt32(1, 0xffffff00);
	opt32(51, s->lease_s);
	if (s->t1_s != 0)
		opt32(58, s->t1_s);
	if (s->t2_s != 0)
		opt32(59, s->t2_s);
	if (s->router != 0)
		opt32(3, s->router);
	if (s->mtu != 0) {
		uint8_t mtu[2] = {(uint8_t)(s->mtu >> 8), (uint8_t)s->mtu};

		opt(26, mtu, 2);
	}
}

uint32_t
msg_opt32(const struct dhcp_msg *m, uint8_t code)
{
	uint32_t v;

	return dhcp_opt_u32(m, code, &v) ? v : 0;
}

/* What a server makes of a message. */
static void
serve(const struct server *s, const struct sent *q)
{
	uint32_t to = q->src != 0 ? q->src : 0xffffffff;
	uint32_t wanted = msg_opt32(&q->msg, 50);

	if (!s->on)
		return;
	if (q->msg.type == DHCP_DISCOVER) {
		reply_lease(s, DHCP_OFFER, q->msg.xid, s->offer);
		reply_send(s->ip, to);
		return;
	}
	if (q->msg.type != DHCP_REQUEST || s->deaf_to_requests ||
		(q->msg.has[54] && msg_opt32(&q->msg, 54) != s->ip))
		return;
	if (q->msg.ciaddr != 0)
		wanted = rte_be_to_cpu_32(q->msg.ciaddr);
	if (s->naks) {
		reply_begin(DHCP_NAK, q->msg.xid, 0);
		opt32(54, s->ip);
		reply_send(s->ip, to);
		return;
	}
	reply_lease(s, DHCP_ACK, q->msg.xid, wanted);
	reply_send(s->ip, to);
}

/* ---- frames from the stack ---- */

static void
arp_sent(const uint8_t *f)
{
	uint32_t sip = get32(f + 28), tip = get32(f + 38);

	if (f[21] != 1)
		return;
	if (sip == 0)
		world.nb_probes++;
	else if (sip == tip)
		world.nb_announcements++;
	if (sip == 0 && tip == world.arp_rival)
		input_arp(2, server_mac, tip, 0);
	else if (sip != 0 && sip != tip && !world.arp_dead)
		input_arp(2, server_mac, tip, sip);
}

static void
udp_sent(const uint8_t *f, uint32_t len)
{
	struct sent *q = &world.sent[world.nb_sent % SENT_MAX];
	struct sent copy;
	unsigned int i;

	CU_ASSERT_EQUAL(f[35], 68);
	CU_ASSERT_EQUAL(f[37], 67);
	CU_ASSERT(len >= 42 + DHCP_MSG_MIN);
	memset(q, 0, sizeof(*q));
	q->at_us = world.now_us;
	q->src = get32(f + 26);
	q->dst = get32(f + 30);
	CU_ASSERT_TRUE_FATAL(dhcp_parse(&q->msg, f + 42, len - 42));
	CU_ASSERT_EQUAL(q->msg.op, 1);
	CU_ASSERT_EQUAL(memcmp(q->msg.chaddr, our_mac, 6), 0);
	/* Broadcast goes to all, unicast does not. */
	CU_ASSERT_EQUAL(q->dst == 0xffffffff, f[0] == 0xff);
	world.nb_sent++;
	if (q->msg.type < RTE_DIM(world.nb_type))
		world.nb_type[q->msg.type]++;
	copy = *q;
	for (i = 0; i < RTE_DIM(world.server); i++)
		serve(&world.server[i], &copy);
}

/* Let the stack work at this time, and look at all that it sends. */
static void
pump(void)
{
	struct rte_mbuf **pkts;

	isla_stack_flush(world.stack, world.now_us);
	while (isla_stack_output(world.stack, 0, &pkts) > 0) {
		struct rte_mbuf *m = pkts[0];
		uint8_t f[2048] = {0};
		uint32_t len = m->pkt_len;
		const void *p = rte_pktmbuf_read(m, 0, len, f);

		if (p != f)
			memcpy(f, p, len);
		isla_stack_sent(world.stack, 0, 1);
		rte_pktmbuf_free(m);
		if (f[12] == 8 && f[13] == 6)
			arp_sent(f);
		else if (f[12] == 8 && f[13] == 0 && f[23] == 17)
			udp_sent(f, len);
	}
}

/* Time goes on, from one thing that is due to the next. */
void
run(uint64_t us)
{
	uint64_t end = world.now_us + us;

	for (;;) {
		uint64_t next = isla_stack_next_us(world.stack);

		if (next > end)
			break;
		/* A timer's wheel may be looked at early, but time must not stand still. */
		world.now_us = RTE_MAX(next, world.now_us + 1);
		if (world.now_us > end)
			break;
		pump();
	}
	world.now_us = end;
	pump();
}

/* Run until that many messages have been sent, for at most us; how long it took. */
uint64_t
run_to_sent(unsigned int nb, uint64_t us)
{
	uint64_t began = world.now_us;

	while (world.nb_sent < nb && world.now_us < began + us)
		run(1000);
	return world.now_us - began;
}

/* The n-th last message. */
const struct sent *
last(unsigned int n)
{
	CU_ASSERT_FATAL(world.nb_sent > n);
	return &world.sent[(world.nb_sent - 1 - n) % SENT_MAX];
}

/* ---- the program ---- */

static void
got_lease(void *ctx, uint8_t netif, const struct isla_dhcp_lease *lease, bool is_new)
{
	CU_ASSERT_PTR_EQUAL(ctx, &world);
	CU_ASSERT_EQUAL(netif, 0);
	CU_ASSERT_EQUAL(is_new, !world.has);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, world.has ? &world.lease : NULL, lease), 0);
	world.lease = *lease;
	world.has = true;
	world.nb_lease++;
	world.nb_new += is_new;
	if (world.release_in_callback)
		isla_dhcp_release(world.dhcp, 0);
}

static void
lost_lease(void *ctx, uint8_t netif, enum isla_dhcp_end why)
{
	CU_ASSERT_PTR_EQUAL(ctx, &world);
	CU_ASSERT_EQUAL(netif, 0);
	CU_ASSERT_TRUE(world.has);
	CU_ASSERT_EQUAL(isla_dhcp_lease_apply(world.stack, 0, &world.lease, NULL), 0);
	world.has = false;
	world.nb_expired++;
	world.why = why;
	if (world.release_in_callback)
		isla_dhcp_release(world.dhcp, 0);
}

static void
nobody_answers(void *ctx, uint8_t netif)
{
	CU_ASSERT_PTR_EQUAL(ctx, &world);
	CU_ASSERT_EQUAL(netif, 0);
	CU_ASSERT_FALSE(world.has);
	world.nb_unanswered++;
	if (world.release_in_callback)
		isla_dhcp_release(world.dhcp, 0);
}

const struct isla_dhcp_ops world_ops = {.lease = got_lease, .expired = lost_lease,
	.unanswered = nobody_answers};

void
world_open(uint64_t now_us)
{
	struct isla_stack_conf conf = {.key = {{1, 2}}, .now_us = now_us, .wall_us = WALL0};
	struct isla_netif_conf netif = {.mtu = 1500};

	memset(&world, 0, sizeof(world));
	world.sent = calloc(SENT_MAX, sizeof(*world.sent));
	world.now_us = now_us;
	world.pool = conf.pool = heap_pool_create(256, 2176, ISLA_PKT_PRIV_SIZE);
	conf.tcp.max_conns = 16;
	conf.tcp.max_segs = 64;
	world.stack = isla_stack_create(&conf);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.stack);
	memcpy(netif.mac, our_mac, 6);
	CU_ASSERT_EQUAL_FATAL(isla_stack_netif_add(world.stack, &netif), 0);
	world.dhcp = isla_dhcp_create(world.stack);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.dhcp);
	world.server[0] = (struct server){.ip = 0xc0a80501, .offer = 0xc0a8054d, .lease_s = 3600};
	world.server[1] = (struct server){.ip = 0xc0a80502, .offer = 0xc0a80558, .lease_s = 7200};
}

void
setup(void)
{
	world_open(5 * SECOND);
}

void
teardown(void)
{
	isla_dhcp_free(world.dhcp);
	isla_stack_free(world.stack);
	CU_ASSERT_EQUAL(heap_pool_in_use(world.pool), 0);
	heap_pool_free(world.pool);
	free(world.sent);
}

void
anew(void)
{
	teardown();
	setup();
}

void
start_with(struct isla_dhcp_conf conf)
{
	conf.ops = &world_ops;
	conf.ctx = &world;
	CU_ASSERT_EQUAL(isla_dhcp_start(world.dhcp, 0, &conf), 0);
}

void
start(void)
{
	start_with((struct isla_dhcp_conf){0});
}

struct isla_dhcp_info
info(void)
{
	struct isla_dhcp_info i;

	CU_ASSERT_EQUAL(isla_dhcp_get_info(world.dhcp, 0, &i), 0);
	return i;
}

void
bound(void)
{
	world.server[0].on = true;
	start();
	run(12 * SECOND);
	CU_ASSERT_EQUAL_FATAL(info().state, ISLA_DHCP_BOUND);
	CU_ASSERT_EQUAL(world.nb_new, 1);
}

uint64_t
drops(enum isla_drop d)
{
	return isla_stack_stats(world.stack)->drop[d];
}

uint64_t
counted(enum isla_counter c)
{
	return isla_stack_stats(world.stack)->counter[c];
}

bool
is_own(const char *text)
{
	struct isla_prefix p;

	/* It can be added only where it is not there. */
	isla_prefix_parse(text, &p);
	if (isla_stack_addr_add(world.stack, 0, &p) == -EEXIST)
		return true;
	isla_stack_addr_del(world.stack, 0, &p.addr);
	return false;
}
