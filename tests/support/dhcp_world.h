/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DHCP_WORLD_H
#define DHCP_WORLD_H

/*
 * A stack with an interface and no address, its DHCP client, and virtual time. The test plays the
 * servers: every frame that the stack sends is taken apart and noted, and a server that is switched
 * on answers DISCOVER and REQUEST. There is one world a process.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>

#include "acd.h"
#include "dhcp_codec.h"
#include "heap_pool.h"
#include "isla_stack.h"
#include "suite.h"

#define SECOND UINT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* A timer fires at most one tick of 64 us late. */
#define SLACK_US 200

/* The time of day when the world begins. */
#define WALL0 (UINT64_C(1790000000) * SECOND)

/* 02:00:00:00:00:02 and :01 */
extern const uint8_t our_mac[6];
extern const uint8_t server_mac[6];

/* A DHCP message that the stack sent. */
struct sent {
	uint64_t at_us;
	struct dhcp_msg msg;
	uint32_t src, dst; /* host order */
};

#define SENT_MAX 64

/* A server, and what it says. */
struct server {
	bool on;
	uint32_t ip;
	uint32_t offer;   /* the address */
	uint32_t lease_s;
	uint32_t t1_s, t2_s; /* 0: not told */
	bool naks;        /* what is requested */
	bool deaf_to_requests;
	uint16_t mtu;
	uint32_t router;
};

struct dhcp_world {
	struct rte_mempool *pool;
	struct isla_stack *stack;
	struct isla_dhcp *dhcp;
	uint64_t now_us;
	struct server server[2];
	struct sent *sent;       /* SENT_MAX of them */
	unsigned int nb_sent;    /* in all; the last SENT_MAX are kept */
	unsigned int nb_type[9];
	unsigned int nb_probes, nb_announcements;
	uint32_t arp_rival;      /* answers probes for this address */
	bool arp_dead;           /* nobody answers ARP */
	/* What the client told. */
	unsigned int nb_lease, nb_new, nb_expired, nb_unanswered;
	enum isla_dhcp_end why;
	struct isla_dhcp_lease lease;
	bool has;
	bool release_in_callback;
};

extern struct dhcp_world world;
extern const struct isla_dhcp_ops world_ops; /* what the program hears, noted in world */

/* Setup and teardown of a suite's tests; the latter checks that no mbuf is missing. */
void setup(void);
void teardown(void);
/* Both: a new world. */
void anew(void);
/* The stack's clock begins at now_us. */
void world_open(uint64_t now_us);

/* Time goes on, from one thing that is due to the next. */
void run(uint64_t us);
/* Run until that many messages have been sent, for at most us; how long it took. */
uint64_t run_to_sent(unsigned int nb, uint64_t us);
/* The n-th last message. */
const struct sent *last(unsigned int n);

/* Start the client; or have it BOUND, by server[0]. */
void start_with(struct isla_dhcp_conf conf);
void start(void);
void bound(void);

struct isla_dhcp_info info(void);
uint64_t drops(enum isla_drop d);
uint64_t counted(enum isla_counter c);
bool is_own(const char *text);

/* Frames to the stack: any; a UDP datagram to port 68, by broadcast where dst is 0xffffffff; ARP.
 */
void input(const uint8_t *bytes, uint32_t len);
void input_udp(uint32_t src, uint32_t dst, uint16_t from_port, const uint8_t *payload, uint32_t len);
void input_arp(uint8_t op, const uint8_t sha[6], uint32_t sip, uint32_t tip);

/* A server's message: begun, given options, sent. */
extern uint8_t reply[DHCP_MSG_MAX];
extern uint32_t reply_len;
void reply_begin(uint8_t type, uint32_t xid, uint32_t yiaddr);
void opt(uint8_t code, const void *value, uint8_t len);
void opt32(uint8_t code, uint32_t value);
void reply_lease(const struct server *s, uint8_t type, uint32_t xid, uint32_t yiaddr);
void reply_send(uint32_t from, uint32_t to);

void put32(uint8_t *p, uint32_t v);
uint32_t get32(const uint8_t *p);
uint32_t msg_opt32(const struct dhcp_msg *m, uint8_t code);

#endif /* DHCP_WORLD_H */
