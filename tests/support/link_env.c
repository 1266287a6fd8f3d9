/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link room's environment in a test.
 */

#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "link_env.h"

struct link_env *env;

static const struct isla_netif_conf netif_conf = {.mac = {OUR_MAC}, .mtu = 1500};

static enum isla_drop
up(void *ctx, struct rte_mbuf *m, bool is_v6)
{
	struct link_env *e = ctx;

	if (e->nb_up == LINK_ENV_UP_MAX)
		return ISLA_DROP_IP_DST;
	e->up_is_v6[e->nb_up] = is_v6;
	e->up[e->nb_up++] = m;
	return ISLA_ACCEPTED;
}

static void
link_start(uint32_t max_neigh, uint32_t neigh_queue)
{
	static const char *const addrs[] = {"192.168.1.2/24", "fe80::ff:fe00:2/64",
		"2001:db8::2/64"};
	struct link_conf conf = {
		.max_neigh = max_neigh,
		.neigh_queue = neigh_queue,
		.reachable_us = 30000000,
		.retrans_us = 1000000,
	};
	size_t i;

	if (link_init(&env->link, &env->core, &conf) != 0)
		abort();
	link_set_up(&env->link, up, env);
	if (link_netif_add(&env->link, &netif_conf) != 0)
		abort();
	for (i = 0; i < RTE_DIM(addrs); i++) {
		struct isla_prefix prefix;

		if (isla_prefix_parse(addrs[i], &prefix) != 0 ||
			link_addr_add(&env->link, 0, &prefix) != 0)
			abort();
	}
}

void
link_env_setup(void)
{
	env = calloc(1, sizeof(*env));
	if (env == NULL)
		abort();
	env->pool = heap_pool_create(2048, 2176, ISLA_PKT_PRIV_SIZE);
	env->core.pool = env->core.ref_pool = env->pool;
	env->core.mem = isla_mem_libc;
	env->core.now_us = 1000000;
	env->core.rng[0] = 1;
	env->core.key.k[0] = 42;
	timer_wheel_init(&env->core.wheel, env->core.now_us);
	link_start(8, 3);
}

void
link_env_clear_out(void)
{
	struct rte_mbuf *m;

	while ((m = link_env_pop()) != NULL)
		rte_pktmbuf_free(m);
}

void
link_env_teardown(void)
{
	rte_pktmbuf_free_bulk(env->up, env->nb_up);
	link_env_clear_out();
	link_fini(&env->link);
	CU_ASSERT_EQUAL(env->core.wheel.nb_armed, 0);
	CU_ASSERT_EQUAL(heap_pool_in_use(env->pool), 0);
	heap_pool_free(env->pool);
	free(env);
}

void
link_env_resize(uint32_t max_neigh, uint32_t neigh_queue)
{
	link_fini(&env->link);
	link_start(max_neigh, neigh_queue);
}

static void
append(struct rte_mbuf *m, const void *bytes, uint32_t n)
{
	/* memcpy() wants valid pointers even for no bytes. */
	if (n > 0)
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), bytes, n);
}

struct rte_mbuf *
link_env_pkt(const void *bytes, uint32_t n, uint32_t first)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(env->pool);
	struct rte_mbuf *tail;

	append(m, bytes, RTE_MIN(n, first));
	if (first < n) {
		tail = rte_pktmbuf_alloc(env->pool);
		append(tail, (const uint8_t *)bytes + first, n - first);
		rte_pktmbuf_chain(m, tail);
	}
	return m;
}

enum isla_drop
link_env_input(const void *frame, uint32_t n)
{
	struct rte_mbuf *m = link_env_pkt(frame, n, n);
	enum isla_drop drop = link_input(&env->link, m, 0);

	if (drop != ISLA_ACCEPTED)
		core_drop_pkt(&env->core, m, drop);
	return drop;
}

void
link_env_run(uint64_t us)
{
	uint64_t end = env->core.now_us + us;

	while (env->core.now_us < end) {
		uint64_t next = timer_wheel_next_us(&env->core.wheel);

		env->core.now_us = RTE_MIN(RTE_MAX(next, env->core.now_us + 1), end);
		timer_wheel_run(&env->core.wheel, env->core.now_us);
	}
}

struct isla_addr
link_env_addr(const char *text)
{
	struct isla_addr a;

	if (isla_addr_parse(text, &a) != 0)
		abort();
	return a;
}

struct rte_mbuf *
link_env_ip(const char *src, const char *dst, uint8_t number)
{
	struct isla_addr s = link_env_addr(src), d = link_env_addr(dst);
	bool v4 = isla_addr_is_v4(&d);
	uint8_t bytes[41] = {v4 ? 0x45 : 0x60};
	uint32_t n = v4 ? 20 : 40;

	memcpy(bytes + (v4 ? 12 : 8), v4 ? s.b + 12 : s.b, v4 ? 4 : 16);
	memcpy(bytes + (v4 ? 16 : 24), v4 ? d.b + 12 : d.b, v4 ? 4 : 16);
	bytes[n] = number;
	return link_env_pkt(bytes, n + 1, n + 1);
}

enum isla_drop
link_env_send(const char *next_hop, uint8_t number, uint16_t *hint)
{
	struct isla_addr hop = link_env_addr(next_hop);
	const char *src = isla_addr_is_v4(&hop) ? "192.168.1.2" : "2001:db8::2";

	return link_output(&env->link, link_env_ip(src, next_hop, number), 0, &hop, hint);
}

struct rte_mbuf *
link_env_pop(void)
{
	struct outlist *out = &env->core.out[0];
	struct rte_mbuf *m;

	if (out->head == out->tail)
		return NULL;
	m = out->pkt[out->head];
	outlist_consume(out, 1);
	return m;
}

unsigned int
link_env_nb_out(void)
{
	return OUTLIST_MAX - outlist_room(&env->core.out[0]);
}

bool
link_env_out_is(const void *frame, uint32_t n)
{
	struct rte_mbuf *m = link_env_pop();
	uint8_t buf[2048];
	bool same;

	if (m == NULL)
		return false;
	same = m->pkt_len == n && memcmp(rte_pktmbuf_read(m, 0, n, buf), frame, n) == 0;
	rte_pktmbuf_free(m);
	return same;
}

bool
link_env_out_is_pkt(const uint8_t mac[6], uint8_t number)
{
	struct rte_mbuf *m = link_env_pop();
	uint8_t buf[64];
	const uint8_t *p;
	bool same;

	if (m == NULL)
		return false;
	p = rte_pktmbuf_read(m, 0, m->pkt_len, buf);
	same = memcmp(p, mac, 6) == 0 && memcmp(p + 6, env->link.netif[0].mac, 6) == 0 &&
		p[m->pkt_len - 1] == number && m->pkt_len == (p[12] == 0x08 ? 35 : 55);
	rte_pktmbuf_free(m);
	return same;
}

enum isla_drop
link_env_arp_reply(const uint8_t sha[6], const char *sip)
{
	struct isla_addr ip = link_env_addr(sip);
	uint8_t frame[42] = {OUR_MAC, PEER_MAC, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2};
	static const uint8_t target[] = {OUR_MAC, 192, 168, 1, 2};

	memcpy(frame + 6, sha, 6);
	memcpy(frame + 22, sha, 6);
	memcpy(frame + 28, ip.b + 12, 4);
	memcpy(frame + 32, target, sizeof(target));
	return link_env_input(frame, sizeof(frame));
}

enum neigh_state
link_env_state(const char *addr)
{
	struct isla_addr a = link_env_addr(addr);
	const struct neigh *n = neigh_lookup(env->link.neigh, 0, &a);

	return n != NULL ? (enum neigh_state)n->state : NEIGH_FREE;
}

uint64_t
link_env_count(enum isla_counter c)
{
	return env->core.stats.counter[c];
}

uint64_t
link_env_drops(enum isla_drop drop)
{
	return env->core.stats.drop[drop];
}
