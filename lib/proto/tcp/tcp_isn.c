/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Initial sequence numbers (RFC 6528) and ephemeral ports (RFC 6056): a keyed hash
 * of the connection's ends, so that nobody off the path can guess them.
 */

#include "port_slice.h"
#include "ports.h"
#include "siphash.h"
#include "tcp_priv.h"

uint32_t
tcp_isn(const struct isla_tcp *tcp, const struct isla_tcp_conn *c)
{
	uint64_t words[5] = {c->local.q[0], c->local.q[1], c->remote.q[0], c->remote.q[1],
		(uint64_t)c->local_port << 16 | c->remote_port};

	/* M, which ticks every 4 us, plus F(). */
	return (uint32_t)(tcp->core->now_us / 4) + (uint32_t)siphash24(&tcp->isn_key, words, 5);
}

uint32_t
tcp_ts_offset(const struct isla_tcp *tcp, const struct isla_tcp_conn *c)
{
	/* Without the ports: TIME-WAIT relies on timestamps that grow from one incarnation, and
	 * from one connection between two hosts, to the next (RFC 6191; RFC 7323, appendix B). */
	uint64_t words[4] = {c->local.q[0], c->local.q[1], c->remote.q[0], c->remote.q[1]};

	return (uint32_t)siphash24(&tcp->ts_key, words, 4);
}

uint16_t
tcp_ephemeral_port(struct isla_tcp *tcp, const struct isla_addr *local,
	const struct isla_addr *remote, uint16_t remote_port)
{
	uint64_t words[5] = {local->q[0], local->q[1], remote->q[0], remote->q[1], remote_port};
	uint32_t offset = (uint32_t)siphash24(&tcp->port_key, words, 5);
	rte_be16_t rport = rte_cpu_to_be_16(remote_port);
	uint32_t nb = port_slice_len(tcp->core), i;

	for (i = 0; i < nb; i++) {
		uint16_t port = port_slice_at(tcp->core, offset + tcp->port_count++);
		rte_be16_t lport = rte_cpu_to_be_16(port);

		if (tcp_listener_lookup(tcp, local, port) == NULL &&
			!ports_tcp_is_taken(tcp->core, port) &&
			tcp_find(tcp, local, remote, lport, rport) == NULL &&
			ports_tcp_claim(tcp->core, port))
			return port;
	}
	return 0;
}
