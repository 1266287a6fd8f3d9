/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who owns a frame: the hash against the published vectors, the table, the rule of every kind of
 * frame, hostile forms of each.
 */

#include <errno.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_thash.h>
#include <rte_mbuf.h>

#include "heap_pool.h"
#include "owner.h"
#include "segment.h"
#include "suite.h"

#define NB     5    /* shards: not a power of two, so that a slice is no mask of bits */
#define SERVER 80
#define CLIENT 33333
#define EPH    50001 /* one of our own ports */

/* The key of Microsoft's verification suite. */
static const uint8_t ms_key[OWNER_KEY_LEN] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41,
	0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01,
	0xfa};

static struct rte_mempool *pool;
static struct owner_map map;
static struct frame_ends in4, in6; /* from the peer to us */
static uint8_t buf[2048];

static struct isla_addr
addr(const char *text)
{
	struct isla_addr a;

	CU_ASSERT_EQUAL_FATAL(isla_addr_parse(text, &a), 0);
	return a;
}

static void
setup(void)
{
	pool = heap_pool_create(4096, RTE_MBUF_DEFAULT_BUF_SIZE, ISLA_PKT_PRIV_SIZE);
	owner_map_init(&map, OWNER_MODE_2TUPLE, ms_key, NB);
	in4 = (struct frame_ends){.src_mac = {2, 1}, .dst_mac = {2, 2},
		.src = addr("192.168.1.1"), .dst = addr("192.168.1.2")};
	in6 = (struct frame_ends){.src_mac = {2, 1}, .dst_mac = {2, 2},
		.src = addr("2001:db8::1:7"), .dst = addr("2001:db8::2")};
	memset(buf, 0, sizeof(buf));
}

static void
teardown(void)
{
	CU_ASSERT_EQUAL(heap_pool_in_use(pool), 0);
	heap_pool_free(pool);
}

/* The bytes as a chain of segments with seg_len bytes each. */
static struct rte_mbuf *
chain_of(const uint8_t *bytes, uint32_t len, uint32_t seg_len)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool);
	uint32_t off, n;

	n = RTE_MIN(len, seg_len);
	memcpy(rte_pktmbuf_append(head, (uint16_t)n), bytes, n);
	for (off = n; off < len; off += n) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		n = RTE_MIN(len - off, seg_len);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), bytes + off, n);
		CU_ASSERT_EQUAL_FATAL(rte_pktmbuf_chain(head, m), 0);
	}
	return head;
}

static uint16_t
owner_in(const uint8_t *bytes, uint32_t len, uint32_t seg_len)
{
	struct rte_mbuf *m = chain_of(bytes, len, seg_len);
	uint16_t owner = 0x1234;

	owner_burst(&map, &m, 1, &owner);
	rte_pktmbuf_free(m);
	return owner;
}

/* A frame in one piece; in chains, and cut short anywhere, it must not do harm, and chains must
 * make no difference. */
static uint16_t
owner_of(const uint8_t *bytes, uint32_t len)
{
	uint16_t owner = owner_in(bytes, len, len), cut;
	uint32_t n;

	CU_ASSERT_EQUAL(owner_in(bytes, len, 1), owner);
	CU_ASSERT_EQUAL(owner_in(bytes, len, 13), owner);
	CU_ASSERT_EQUAL(owner_in(bytes, len, 15), owner);
	CU_ASSERT_EQUAL(owner_in(bytes, len, 37), owner);
	for (n = 0; n < len; n++) {
		cut = owner_in(bytes, n, RTE_MAX(n, 1u));
		CU_ASSERT_TRUE(cut == owner || cut == OWNER_SELF || cut < NB);
		if (n < 14)
			CU_ASSERT_EQUAL(cut, OWNER_SELF);
	}
	return owner;
}

static uint16_t
owner_of_tcp(const struct frame_ends *ends, uint16_t sport, uint16_t dport)
{
	struct seg seg = {.flags = ACK, .sport = sport, .dport = dport, .len = 10};

	return owner_of(buf, frame_build_tcp(buf, ends, &seg));
}

static uint16_t
owner_of_udp(const struct frame_ends *ends, uint16_t sport, uint16_t dport)
{
	return owner_of(buf, frame_build_udp(buf, ends, sport, dport, "abc", 3));
}

/* The words of an address, as the hash takes them. */
static uint32_t
put_addr(uint32_t *words, const struct isla_addr *a)
{
	uint32_t i, first = isla_addr_is_v4(a) ? 3 : 0;

	for (i = first; i < 4; i++)
		words[i - first] = rte_be_to_cpu_32(a->w[i]);
	return 4 - first;
}

/* What the table says of a flow, worked out here. */
static uint16_t
expected(enum owner_mode mode, const struct frame_ends *ends, uint16_t sport, uint16_t dport)
{
	uint32_t words[9] = {0}, n = put_addr(words, &ends->src);

	if (mode == OWNER_MODE_2TUPLE) {
		words[n++] = (uint32_t)sport << 16;
	} else if (mode != OWNER_MODE_SRC_IP) {
		n += put_addr(words + n, &ends->dst);
		words[n++] = (uint32_t)sport << 16 | dport;
	}
	return owner_map_get(&map, owner_toeplitz(&map, words, n) % OWNER_TABLE_LEN, NULL);
}

static void
toeplitz_is_as_published(void)
{
	static const struct {
		const char *dst, *src;
		uint16_t dport, sport;
		uint32_t two, four; /* addresses alone; with ports */
	} v[] = {
		{"161.142.100.80", "66.9.149.187", 1766, 2794, 0x323e8fc2, 0x51ccc178},
		{"65.69.140.83", "199.92.111.2", 4739, 14230, 0xd718262a, 0xc626b0ea},
		{"12.22.207.184", "24.19.198.95", 38024, 12898, 0xd2d0a5de, 0x5c2b394a},
		{"209.142.163.6", "38.27.205.30", 2217, 48228, 0x82989176, 0xafc7327f},
		{"202.188.127.2", "153.39.163.191", 1303, 44251, 0x5d1809c5, 0x10e828a2},
		{"3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794, 0x2cc18cd5,
			0x40207d3d},
		{"ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230, 0x0f0c461c,
			0xdde51bbf},
		{"fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 38024, 44251,
			0x4b61e985, 0x02d1feef},
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(v); i++) {
		struct frame_ends ends = {.src = addr(v[i].src), .dst = addr(v[i].dst)};
		uint32_t words[9], n = put_addr(words, &ends.src);

		n += put_addr(words + n, &ends.dst);
		CU_ASSERT_EQUAL(owner_toeplitz(&map, words, n), v[i].two);
		words[n++] = (uint32_t)v[i].sport << 16 | v[i].dport;
		CU_ASSERT_EQUAL(owner_toeplitz(&map, words, n), v[i].four);
		map.mode = OWNER_MODE_4TUPLE;
		CU_ASSERT_EQUAL(owner_of_tcp(&ends, v[i].sport, v[i].dport),
			v[i].four % OWNER_TABLE_LEN % NB);
		map.mode = OWNER_MODE_PORT_RSS;
		CU_ASSERT_EQUAL(owner_of_udp(&ends, v[i].sport, v[i].dport),
			v[i].four % OWNER_TABLE_LEN % NB);
	}
}

/* It is computed by tables: bit by bit it is the same, whatever the input is and how long. */
static void
toeplitz_is_the_same_bit_by_bit(void)
{
	uint32_t words[OWNER_KEY_LEN / 4 - 1];
	uint64_t x = 88172645463325252ull;
	unsigned int i, k, n;

	for (i = 0; i < 2000; i++) {
		for (k = 0; k < RTE_DIM(words); k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			words[k] = (uint32_t)x;
		}
		for (n = 1; n <= RTE_DIM(words); n++)
			CU_ASSERT_EQUAL(owner_toeplitz(&map, words, n),
				rte_softrss_be(words, n, (const uint8_t *)map.key));
	}
}

static void
each_mode_hashes_its_fields(void)
{
	static const enum owner_mode modes[] = {OWNER_MODE_2TUPLE, OWNER_MODE_4TUPLE,
		OWNER_MODE_SRC_IP, OWNER_MODE_PORT_RSS};
	unsigned int i, k;
	uint16_t sport;

	for (i = 0; i < RTE_DIM(modes); i++) {
		map.mode = (uint8_t)modes[i];
		for (k = 0; k < 2; k++) {
			const struct frame_ends *ends = k == 0 ? &in4 : &in6;

			for (sport = CLIENT; sport < CLIENT + 20; sport++) {
				CU_ASSERT_EQUAL(owner_of_tcp(ends, sport, SERVER),
					expected(modes[i], ends, sport, SERVER));
				CU_ASSERT_EQUAL(owner_of_udp(ends, sport, SERVER),
					expected(modes[i], ends, sport, SERVER));
			}
		}
	}
}

/* No shard gets more than a fourth above its share of 12,800 flows, from one host or many. */
static void
flows_are_spread_evenly(void)
{
	uint32_t nb[2][NB] = {{0}}, i, k;
	uint8_t key[2][OWNER_KEY_LEN];

	CU_ASSERT_EQUAL(owner_key_random(key[0]), 0);
	CU_ASSERT_EQUAL(owner_key_random(key[1]), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(key[0], key[1], OWNER_KEY_LEN), 0);
	for (i = 0; i < 12800; i++) {
		struct frame_ends ends = in4;
		struct seg seg = {.flags = SYN, .sport = (uint16_t)(1024 + i), .dport = SERVER};

		for (k = 0; k < 2; k++) {
			if (k == 1)
				ends.src = isla_addr_from_v4(rte_cpu_to_be_32(0x0a000000 + i * 3));
			nb[k][owner_in(buf, frame_build_tcp(buf, &ends, &seg), 2048)]++;
		}
	}
	for (k = 0; k < 2; k++)
		for (i = 0; i < NB; i++)
			CU_ASSERT_TRUE(nb[k][i] > 12800 / NB * 3 / 4 && nb[k][i] < 12800 / NB * 5 / 4);
}

static void
ephemeral_ports_are_sliced(void)
{
	uint32_t port, i;

	for (i = 0; i < 3; i++) {
		map.mode = (uint8_t)(i == 0 ? OWNER_MODE_2TUPLE : OWNER_MODE_4TUPLE + i - 1);
		for (port = 65535; port >= ISLA_PORT_FIRST; port -= 1777) {
			uint16_t owner = (uint16_t)((port - ISLA_PORT_FIRST) % NB);

			CU_ASSERT_EQUAL(owner_of_tcp(&in4, SERVER, (uint16_t)port), owner);
			CU_ASSERT_EQUAL(owner_of_tcp(&in6, CLIENT, (uint16_t)port), owner);
			CU_ASSERT_EQUAL(owner_of_udp(&in4, 53, (uint16_t)port), owner);
			CU_ASSERT_EQUAL(owner_of_udp(&in6, 53, (uint16_t)port), owner);
		}
		/* The one before the first is not. */
		CU_ASSERT_EQUAL(owner_of_tcp(&in4, 7, ISLA_PORT_FIRST - 1),
			expected((enum owner_mode)map.mode, &in4, 7, ISLA_PORT_FIRST - 1));
	}
}

static void
shard_0_has_addresses(void)
{
	uint8_t *p = buf + frame_l4_off(&in6);

	map.entry[0] = map.entry[1] = 3;
	CU_ASSERT_EQUAL(owner_of_udp(&in4, 67, 68), 0);
	CU_ASSERT_EQUAL(owner_of_udp(&in6, 547, 546), 0);
	/* TCP of that port is like any other. */
	CU_ASSERT_EQUAL(owner_of_tcp(&in4, 67, 68), expected(OWNER_MODE_2TUPLE, &in4, 67, 68));
	memset(buf, 0, sizeof(buf));
	CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in4, 2, 8)), 0);
	for (*p = 130; *p < 133; (*p)++)
		CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in6, 58, 24)), 0);
	*p = 143;
	CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in6, 58, 24)), 0);
}

/* One ICMP message of either family, with rest in its second word. */
static uint16_t
owner_of_icmp(const struct frame_ends *ends, uint8_t type, uint32_t rest)
{
	uint8_t *p = buf + frame_l4_off(ends);
	uint32_t be = rte_cpu_to_be_32(rest);
	bool is_v4 = isla_addr_is_v4(&ends->src);

	memset(p, 0, 32);
	p[0] = type;
	memcpy(p + 4, &be, sizeof(be));
	return owner_of(buf, frame_finish(buf, ends, is_v4 ? 1 : 58, 32));
}

static void
echo_goes_by_identifier(void)
{
	uint32_t id;

	CU_ASSERT_EQUAL(owner_of_icmp(&in4, 8, 0x12340001), OWNER_SELF);
	CU_ASSERT_EQUAL(owner_of_icmp(&in6, 128, 0x12340001), OWNER_SELF);
	for (id = 0; id < 65536; id += 4999) {
		CU_ASSERT_EQUAL(owner_of_icmp(&in4, 0, id << 16 | 7), id % NB);
		CU_ASSERT_EQUAL(owner_of_icmp(&in6, 129, id << 16 | 7), id % NB);
	}
	/* Timestamps and what nobody knows stay. */
	CU_ASSERT_EQUAL(owner_of_icmp(&in4, 13, 1), OWNER_SELF);
	CU_ASSERT_EQUAL(owner_of_icmp(&in4, 255, 1), OWNER_SELF);
	CU_ASSERT_EQUAL(owner_of_icmp(&in6, 200, 1), OWNER_SELF);
	CU_ASSERT_EQUAL(owner_of_icmp(&in6, 133, 1), OWNER_SELF);
	/* The other family's ICMP is some protocol. */
	CU_ASSERT_TRUE(owner_of(buf, frame_finish(buf, &in4, 58, 32)) < NB);
}

static void
neighbours_are_for_all(void)
{
	struct frame question = {.kind = FRAME_ARP_REQ, .ends = in4};
	uint8_t type;
	uint32_t len;

	question.target = in4.src;
	len = frame_build_resolved(buf, &question, in4.src_mac);
	CU_ASSERT_EQUAL(owner_in(buf, len, len), OWNER_ALL);
	/* Of ARP the type alone matters, however little there is. */
	CU_ASSERT_EQUAL(owner_in(buf, 14, 14), OWNER_ALL);
	for (type = 134; type <= 137; type++) {
		len = frame_l4_off(&in6) + 32;
		owner_of_icmp(&in6, type, 0);
		buf[14 + 7] = 255;
		CU_ASSERT_EQUAL(owner_of(buf, len), OWNER_ALL);
		/* From beyond the link: refused by the stack, and not copied. */
		buf[14 + 7] = 254;
		CU_ASSERT_EQUAL(owner_of(buf, len), OWNER_SELF);
	}
}

/* An ICMP error about a packet of ours, which is built in quote; depth: how much of it is there. */
static uint16_t
owner_of_error(const struct frame_ends *ends, uint8_t type, const uint8_t *quote, uint32_t len)
{
	uint8_t *p = buf + frame_l4_off(ends);

	memset(p, 0, 8);
	p[0] = type;
	memcpy(p + 8, quote, len);
	return owner_of(buf, frame_finish(buf, ends, isla_addr_is_v4(&ends->src) ? 1 : 58,
		8 + len));
}

/* Whatever flow it is of, also from a shard's slice. */
static void
pinned_ports_go_to_one_shard(void)
{
	const uint16_t ports[] = {SERVER, 1, EPH, EPH + 1, 65535};
	struct frame_ends out = {.src = in4.dst, .dst = in4.src}, router = in4;
	uint8_t quote[256] = {0};
	uint32_t i, k, len;

	CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, 80, NB), -EINVAL);
	for (i = 0; i < RTE_DIM(ports); i++)
		CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, ports[i], 2), 0);
	for (i = 0; i < RTE_DIM(ports); i++)
		for (k = 0; k < 8; k++) {
			uint16_t sport = (uint16_t)(CLIENT + k);

			CU_ASSERT_EQUAL(owner_of_tcp(&in4, sport, ports[i]), 2);
			CU_ASSERT_EQUAL(owner_of_udp(&in6, sport, ports[i]), 2);
			len = frame_build_udp(quote, &out, ports[i], sport, "x", 1) - 14;
			CU_ASSERT_EQUAL(owner_of_error(&router, 3, quote + 14, len), 2);
		}
	/* The others are as they were, and so is what has no ports. */
	CU_ASSERT_EQUAL(owner_of_tcp(&in4, SERVER, EPH + 2), (EPH + 2 - ISLA_PORT_FIRST) % NB);
	CU_ASSERT_EQUAL(owner_of_tcp(&in4, SERVER, CLIENT),
		expected(OWNER_MODE_2TUPLE, &in4, SERVER, CLIENT));
	CU_ASSERT_EQUAL(owner_of_icmp(&in4, 0, (uint32_t)(EPH + 1) << 16), (EPH + 1) % NB);
	CU_ASSERT_EQUAL(isla_ports_pin(&map.ports, SERVER, 1), 0);
	CU_ASSERT_EQUAL(owner_of_tcp(&in4, CLIENT, SERVER), 1);
}

static struct frame_ends
turned(const struct frame_ends *in)
{
	return (struct frame_ends){.src = in->dst, .dst = in->src};
}

static void
errors_go_to_who_is_quoted(void)
{
	static const uint8_t types[2][4] = {{3, 5, 11, 12}, {1, 2, 3, 4}};
	const struct frame_ends *const in[2] = {&in4, &in6};
	struct frame_ends router, out;
	uint8_t quote[256] = {0};
	uint32_t i, k, len, port;

	for (k = 0; k < 2; k++) {
		out = turned(in[k]);
		router = *in[k];
		router.src = addr(k == 0 ? "10.9.9.9" : "2001:db8:9::9");
		for (i = 0; i < 4; i++) {
			struct seg seg = {.flags = ACK, .sport = SERVER, .dport = CLIENT + i};

			/* Of a connection that was accepted: as its own packets go. */
			len = frame_build_tcp(quote, &out, &seg) - 14;
			CU_ASSERT_EQUAL(owner_of_error(&router, types[k][i], quote + 14, len),
				expected(OWNER_MODE_2TUPLE, in[k], (uint16_t)(CLIENT + i),
					SERVER));
			/* No more than 8 bytes of it are needed. */
			len = k == 0 ? 28 : 48;
			CU_ASSERT_EQUAL(owner_of_error(&router, types[k][i], quote + 14, len),
				expected(OWNER_MODE_2TUPLE, in[k], (uint16_t)(CLIENT + i),
					SERVER));
			/* Of one that we opened. */
			port = EPH + i;
			len = frame_build_udp(quote, &out, (uint16_t)port, 53, "x", 1) - 14;
			CU_ASSERT_EQUAL(owner_of_error(&router, types[k][i], quote + 14, len),
				(port - ISLA_PORT_FIRST) % NB);
			/* Of our ping. */
			len = frame_build_echo(quote, &out, (uint16_t)(77 + i), 1, "x", 1) - 14;
			CU_ASSERT_EQUAL(owner_of_error(&router, types[k][i], quote + 14, len),
				(77 + i) % NB);
		}
	}
}

/* An error that quotes an error that quotes ...: one step, no more. */
static void
errors_about_errors_stay(void)
{
	struct frame_ends out4 = turned(&in4), out6 = turned(&in6);
	uint8_t quote[512];
	uint32_t len, i;

	memset(quote, 0, sizeof(quote));
	quote[frame_l4_off(&out4)] = 3;
	len = frame_finish(quote, &out4, 1, 200) - 14;
	CU_ASSERT_EQUAL(owner_of_error(&in4, 3, quote + 14, len), OWNER_SELF);
	memset(quote, 0, sizeof(quote));
	quote[frame_l4_off(&out6)] = 1;
	len = frame_finish(quote, &out6, 58, 200) - 14;
	CU_ASSERT_EQUAL(owner_of_error(&in6, 1, quote + 14, len), OWNER_SELF);
	/* A quote of the wrong family, and none. */
	CU_ASSERT_EQUAL(owner_of_error(&in4, 3, quote + 14, len), OWNER_SELF);
	CU_ASSERT_EQUAL(owner_of_error(&in4, 3, quote + 14, 0), OWNER_SELF);
	/* A part of a packet that has no ports. */
	len = frame_build_udp(quote, &out4, SERVER, CLIENT, "x", 1) - 14;
	quote[14 + 6] = 0x00;
	quote[14 + 7] = 0x10;
	CU_ASSERT_EQUAL(owner_of_error(&in4, 3, quote + 14, len), OWNER_SELF);
	/* A protocol that we never sent. */
	for (i = 3; i < 6; i++) {
		len = frame_finish(quote, &out4, (uint8_t)(i + 100), 40) - 14;
		CU_ASSERT_EQUAL(owner_of_error(&in4, 3, quote + 14, len), OWNER_SELF);
	}
}

static void
fragments_go_by_source(void)
{
	static const uint8_t field[][2] = {{0x20, 0x00}, {0x20, 0x10}, {0x00, 0x10}, {0x1f, 0xff}};
	struct seg seg = {.flags = ACK, .sport = CLIENT, .dport = EPH, .len = 10};
	uint16_t want4 = expected(OWNER_MODE_SRC_IP, &in4, 0, 0);
	uint16_t want6 = expected(OWNER_MODE_SRC_IP, &in6, 0, 0);
	uint32_t i, len;
	uint8_t *p = buf + frame_l4_off(&in6);

	for (i = 0; i < RTE_DIM(field); i++) {
		len = frame_build_tcp(buf, &in4, &seg);
		memcpy(buf + 14 + 6, field[i], 2);
		CU_ASSERT_EQUAL(owner_of(buf, len), want4);
	}
	/* DF and the reserved bit make no fragment. */
	buf[14 + 6] = 0xc0;
	buf[14 + 7] = 0;
	CU_ASSERT_EQUAL(owner_of(buf, len), (EPH - ISLA_PORT_FIRST) % NB);
	for (i = 0; i < RTE_DIM(field); i++) {
		memset(p, 0, 100);
		p[0] = 6;
		p[2] = field[i][1];
		p[3] = field[i][0] >> 5;
		p[9] = 80;
		CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in6, 44, 40)),
			p[2] == 0 && p[3] == 0 ? 0 : want6);
	}
	/* A fragment that is the whole packet. */
	memset(p, 0, 100);
	p[0] = 17;
	p[10] = EPH >> 8;
	p[11] = EPH & 0xff;
	CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in6, 44, 40)),
		(EPH - ISLA_PORT_FIRST) % NB);
}

static void
other_protocols_go_by_source(void)
{
	static const uint8_t protos[] = {3, 47, 50, 51, 59, 89, 132, 255};
	unsigned int i;

	for (i = 0; i < RTE_DIM(protos); i++) {
		CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in4, protos[i], 20)),
			expected(OWNER_MODE_SRC_IP, &in4, 0, 0));
		CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in6, protos[i], 20)),
			expected(OWNER_MODE_SRC_IP, &in6, 0, 0));
	}
}

static void
groups_go_as_others_do(void)
{
	in4.dst = addr("224.0.0.251");
	in6.dst = addr("ff02::fb");
	CU_ASSERT_EQUAL(owner_of_udp(&in4, 5353, 5353),
		expected(OWNER_MODE_2TUPLE, &in4, 5353, 5353));
	CU_ASSERT_EQUAL(owner_of_udp(&in6, 5353, 5353),
		expected(OWNER_MODE_2TUPLE, &in6, 5353, 5353));
	in4.dst = addr("255.255.255.255");
	CU_ASSERT_EQUAL(owner_of_udp(&in4, 68, 67), expected(OWNER_MODE_2TUPLE, &in4, 68, 67));
}

/* Up to two tags, of either kind, are passed over. */
static void
vlan_tags_are_passed_over(void)
{
	static const uint8_t tags[][2] = {{0x81, 0x00}, {0x88, 0xa8}};
	struct seg seg = {.flags = ACK, .sport = CLIENT, .dport = SERVER, .len = 10};
	uint16_t want = expected(OWNER_MODE_2TUPLE, &in4, CLIENT, SERVER);
	uint32_t len = frame_build_tcp(buf, &in4, &seg), i, k;

	for (k = 1; k <= 4; k++) {
		memmove(buf + 16, buf + 12, len - 12);
		memcpy(buf + 12, tags[k % 2], 2);
		buf[14] = 0;
		buf[15] = (uint8_t)k;
		len += 4;
		CU_ASSERT_EQUAL(owner_of(buf, len), k <= 2 ? want : OWNER_SELF);
	}
	/* Tags to the very end. */
	for (i = 12; i + 4 <= 200; i += 4)
		memcpy(buf + i, tags[0], 2);
	CU_ASSERT_EQUAL(owner_of(buf, 200), OWNER_SELF);
}

static void
options_and_headers_are_passed_over(void)
{
	static const uint8_t kinds[] = {0, 43, 60, 44};
	struct seg seg = {.flags = ACK, .sport = CLIENT, .dport = SERVER, .len = 10};
	uint16_t want = expected(OWNER_MODE_2TUPLE, &in4, CLIENT, SERVER);
	uint32_t len = frame_build_tcp(buf, &in4, &seg), i;
	uint8_t *p = buf + frame_l4_off(&in6);

	/* IPv4 options of 40 bytes. */
	memmove(buf + 14 + 60, buf + 14 + 20, len - 34);
	memset(buf + 14 + 20, 1, 40);
	buf[14] = 0x4f;
	CU_ASSERT_EQUAL(owner_of(buf, len + 40), want);
	/* A header length that cannot be. */
	buf[14] = 0x44;
	CU_ASSERT_EQUAL(owner_of(buf, len + 40), OWNER_SELF);
	buf[14] = 0x65;
	CU_ASSERT_EQUAL(owner_of(buf, len + 40), OWNER_SELF);

	want = expected(OWNER_MODE_2TUPLE, &in6, CLIENT, SERVER);
	for (i = 1; i <= 10; i++) {
		uint32_t k;

		memset(p, 0, 400);
		for (k = 0; k < i; k++) {
			p[k * 8] = k + 1 < i ? kinds[(k + 1) % RTE_DIM(kinds)] : 6;
			p[k * 8 + 1] = 0;
		}
		p[i * 8] = CLIENT >> 8;
		p[i * 8 + 1] = CLIENT & 0xff;
		p[i * 8 + 3] = SERVER;
		len = frame_finish(buf, &in6, kinds[0], i * 8 + 20);
		CU_ASSERT_EQUAL(owner_of(buf, len), i <= 8 ? want : OWNER_SELF);
	}
	/* One that is longer than the packet. */
	memset(p, 0xff, 16);
	p[0] = 60;
	CU_ASSERT_EQUAL(owner_of(buf, frame_finish(buf, &in6, 60, 40)), OWNER_SELF);
}

static void
rubbish_stays(void)
{
	uint32_t seed = 1, round, i;

	memset(buf, 0, sizeof(buf));
	CU_ASSERT_EQUAL(owner_of(buf, 60), OWNER_SELF);
	memset(buf, 0xff, sizeof(buf));
	CU_ASSERT_EQUAL(owner_of(buf, 60), OWNER_SELF);
	/* Random bytes behind the types that are looked into. */
	for (round = 0; round < 3000; round++) {
		static const uint8_t types[][2] = {{0x08, 0x00}, {0x86, 0xdd}, {0x81, 0x00}};
		uint16_t owner;

		for (i = 0; i < 128; i++)
			buf[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		memcpy(buf + 12, types[round % 3], 2);
		if (round % 2 == 0) {
			buf[14] = round % 3 == 0 ? 0x45 : 0x60;
			buf[14 + 9] = buf[14 + 6] = (uint8_t)(round % 8 == 0 ? 1 : round % 64);
		}
		owner = owner_in(buf, 128, 1 + round % 128);
		CU_ASSERT_TRUE(owner < NB || owner == OWNER_SELF || owner == OWNER_ALL);
	}
}

static void
ports_hash_is_trusted_where_asked(void)
{
	struct seg seg = {.flags = ACK, .sport = CLIENT, .dport = SERVER};
	struct frame_ends out = turned(&in4);
	uint8_t quote[256];
	struct rte_mbuf *m;
	uint16_t owner;
	uint32_t i, len;

	for (i = 0; i < 4; i++) {
		m = chain_of(buf, frame_build_tcp(buf, &in4, &seg), 2048);
		m->hash.rss = 0xabcdef00 + 77;
		m->ol_flags |= i < 3 ? RTE_MBUF_F_RX_RSS_HASH : 0;
		map.mode = (uint8_t)(i == 2 ? OWNER_MODE_4TUPLE : OWNER_MODE_PORT_RSS);
		owner_burst(&map, &m, 1, &owner);
		CU_ASSERT_EQUAL(owner, i < 2 ? 77 % NB
					    : expected(OWNER_MODE_4TUPLE, &in4, CLIENT, SERVER));
		rte_pktmbuf_free(m);
	}
	/* What the port made of an ICMP error is of no use, nor of our own ports. */
	map.mode = OWNER_MODE_PORT_RSS;
	seg.sport = SERVER;
	seg.dport = CLIENT;
	len = frame_build_tcp(quote, &out, &seg) - 14;
	owner_of_error(&in4, 3, quote + 14, len);
	m = chain_of(buf, frame_l4_off(&in4) + 8 + len, 2048);
	m->hash.rss = 77;
	m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	owner_burst(&map, &m, 1, &owner);
	CU_ASSERT_EQUAL(owner, expected(OWNER_MODE_4TUPLE, &in4, CLIENT, SERVER));
	rte_pktmbuf_free(m);
	seg.dport = EPH;
	m = chain_of(buf, frame_build_tcp(buf, &in4, &seg), 2048);
	m->hash.rss = 77;
	m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	owner_burst(&map, &m, 1, &owner);
	CU_ASSERT_EQUAL(owner, (EPH - ISLA_PORT_FIRST) % NB);
	rte_pktmbuf_free(m);
}

static const struct suite_test tests[] = {
	SUITE_TEST(toeplitz_is_as_published),
	SUITE_TEST(toeplitz_is_the_same_bit_by_bit),
	SUITE_TEST(each_mode_hashes_its_fields),
	SUITE_TEST(flows_are_spread_evenly),
	SUITE_TEST(ephemeral_ports_are_sliced),
	SUITE_TEST(pinned_ports_go_to_one_shard),
	SUITE_TEST(shard_0_has_addresses),
	SUITE_TEST(echo_goes_by_identifier),
	SUITE_TEST(neighbours_are_for_all),
	SUITE_TEST(errors_go_to_who_is_quoted),
	SUITE_TEST(errors_about_errors_stay),
	SUITE_TEST(fragments_go_by_source),
	SUITE_TEST(other_protocols_go_by_source),
	SUITE_TEST(groups_go_as_others_do),
	SUITE_TEST(vlan_tags_are_passed_over),
	SUITE_TEST(options_and_headers_are_passed_over),
	SUITE_TEST(rubbish_stays),
	SUITE_TEST(ports_hash_is_trusted_where_asked),
};

int
main(void)
{
	return suite_run("owner", tests, RTE_DIM(tests), setup, teardown);
}
