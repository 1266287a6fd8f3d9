/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DHCP_PRIV_H
#define DHCP_PRIV_H

/*
 * The inside of the DHCP client. dhcp.c has its life and what comes in, dhcp_state.c the states and
 * their timer, dhcp_send.c the messages.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd.h"
#include "core.h"
#include "dhcp_codec.h"
#include "isla_dhcp.h"
#include "isla_udp.h"

#define DHCP_NEVER UINT64_MAX

/* One interface's client. */
struct dhcp_client {
	struct isla_dhcp *d;
	const struct isla_dhcp_ops *ops; /* NULL: never started */
	void *ctx;
	uint8_t netif;
	uint8_t state;           /* enum isla_dhcp_state */
	bool has_lease;          /* lease is in use */
	bool no_probe;
	uint8_t nb_tries;        /* of the message that is being repeated */
	uint8_t nb_fails;        /* refusals and conflicts in a row: the next try waits the longer */
	uint16_t secs;           /* of the last DISCOVER: the REQUEST has the same */
	uint32_t xid;
	uint64_t began_us;       /* when this exchange began */
	uint64_t sent_us;        /* when the last REQUEST went out: a lease counts from then */
	uint64_t patient_until_us; /* when to say that nobody answers; DHCP_NEVER */
	uint32_t patience_us;
	uint64_t next_us;        /* when to send again, or to begin; DHCP_NEVER */
	uint64_t t1_us, t2_us, end_us; /* of lease; DHCP_NEVER */
	struct timer timer;
	struct acd acd;
	struct isla_addr checked; /* found free at checked_us */
	uint64_t checked_us;
	struct isla_addr prefer; /* what to ask for in a DISCOVER, or 0.0.0.0 */
	struct isla_dhcp_lease offer; /* what is asked for, from REQUESTING to CHECKING */
	struct isla_dhcp_lease lease;
	struct isla_dhcp_info count;  /* of this only the counts */
	uint32_t start_delay_us;
	uint16_t client_id_len;
	uint8_t client_id[ISLA_DHCP_ID_MAX];
	char hostname[ISLA_DHCP_NAME_MAX];
	char vendor_class[ISLA_DHCP_CLASS_MAX + 1];
};

struct isla_dhcp {
	struct isla_stack *stack;
	struct core *core;
	struct link *link;
	struct isla_udp_sock *sock;
	struct isla_key xid_key;
	uint64_t nb_xids;
	struct dhcp_client client[NETIF_MAX];
	/* Of the message that is being looked at. */
	uint8_t bytes[DHCP_MSG_MAX];
	struct dhcp_msg msg;
	struct isla_dhcp_lease parsed;
};

/* dhcp_send.c: the messages of RFC 2131, table 5. What cannot be sent is counted and tried again
 * like one that got lost. */
void dhcp_send_discover(struct dhcp_client *c);
/* As the state has it: of an offer, of a lease to be renewed, of one from before. */
void dhcp_send_request(struct dhcp_client *c);
void dhcp_send_decline(struct dhcp_client *c, const struct isla_dhcp_lease *lease);
void dhcp_send_release(struct dhcp_client *c);

/* dhcp_state.c */
/* The timer of all clients. */
void dhcp_timer(void *ctx, struct timer *timer);
/* What acd.c found out. */
void dhcp_conflict_event(void *ctx, enum acd_event event, const struct rte_ether_addr *other);
/* Begin: by the last lease where there is one. */
void dhcp_begin(struct dhcp_client *c, const struct isla_dhcp_lease *last);
/* Stop, with or without a word to the server. */
void dhcp_stop(struct dhcp_client *c);
/* isla_dhcp_renew(). */
void dhcp_hurry(struct dhcp_client *c);
/* isla_dhcp_link_up(). */
void dhcp_verify(struct dhcp_client *c);
/* A reply of a server to this client, with the xid that it waits for. */
enum isla_drop dhcp_reply(struct dhcp_client *c, const struct dhcp_msg *msg);
/* True where the client waits for any reply. */
bool dhcp_is_waiting(const struct dhcp_client *c);

#endif /* DHCP_PRIV_H */
