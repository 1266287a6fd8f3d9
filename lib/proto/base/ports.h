/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORTS_H
#define PORTS_H

/*
 * A shard's part in the record of all shards' ports (isla_ports.h). Where there is one shard, or
 * nobody keeps a record, what is told goes nowhere, and only the slice says what a shard may use.
 */

#include <rte_branch_prediction.h>

#include "core.h"
#include "isla_ports.h"

/* Listeners of this shard on a TCP port, whatever their addresses: there are some, or none. */
void ports_tcp_listen(struct core *core, uint16_t port, bool on);

/* Likewise sockets of UDP. */
void ports_udp_bind(struct core *core, uint16_t port, bool on);

/* Whether any shard listens on it, or has it pinned: no port to be chosen for an active open. */
bool ports_tcp_is_taken(const struct core *core, uint16_t port);
bool ports_udp_is_taken(const struct core *core, uint16_t port);

/* An active open from a port: false where its answers would come to another shard. Else nothing
 * changes that until ports_tcp_leave(), before which a connection is to be there. */
bool ports_tcp_claim(struct core *core, uint16_t port);

/* A connection, half open ones included, has come, or gone. */
void ports_conn_add(struct core *core, uint16_t port);
void ports_conn_del(struct core *core, uint16_t port);

static inline void
ports_tcp_enter(struct core *core, uint16_t port)
{
	if (unlikely(core->ports != NULL && port >= ISLA_PORT_FIRST))
		ports_conn_add(core, port);
}

static inline void
ports_tcp_leave(struct core *core, uint16_t port)
{
	if (unlikely(core->ports != NULL && port >= ISLA_PORT_FIRST))
		ports_conn_del(core, port);
}

/* A listener has sent a SYN cookie: its ACK may come to another shard. */
void ports_cookie_sent(struct core *core, uint16_t port);

/* Whether a shard has sent one from that port within so many seconds. */
bool ports_cookie_was_sent(const struct core *core, uint16_t port, uint32_t max_age_s);

#endif /* PORTS_H */
