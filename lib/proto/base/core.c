/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of a shard's core that are not inline: lists of frames, derived keys and
 * the one copy of payload.
 */

#include <string.h>

#include "core.h"
#include "siphash.h"

#define KEY_PURPOSE_SECRET 2 /* core_derive_key() has inputs of two words, this one of three */

bool
outlist_compact(struct outlist *out)
{
	if (out->head == 0)
		return false;
	out->tail -= out->head;
	memmove(out->pkt, out->pkt + out->head, out->tail * sizeof(out->pkt[0]));
	out->head = 0;
	return true;
}

void
outlist_consume(struct outlist *out, uint16_t n)
{
	out->head += n;
	if (out->head == out->tail)
		out->head = out->tail = 0;
}

struct isla_key
core_derive_key(const struct core *core, uint64_t purpose)
{
	uint64_t words[2] = {purpose, 0};
	struct isla_key key;

	key.k[0] = siphash24(&core->key, words, 2);
	words[1] = 1;
	key.k[1] = siphash24(&core->key, words, 2);
	return key;
}

uint64_t
core_secret(struct core *core)
{
	uint64_t words[3] = {KEY_PURPOSE_SECRET, core->shard, core->nb_secrets++};

	return siphash24(&core->key, words, 3);
}

void
payload_copy(struct core *core, void *dst, const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint8_t *to = dst;

	core_count_n(core, ISLA_C_PAYLOAD_BYTES_COPIED, len);
	for (; m != NULL && off >= m->data_len; m = m->next)
		off -= m->data_len;
	for (; m != NULL && len > 0; m = m->next) {
		uint32_t n = RTE_MIN(len, m->data_len - off);

		memcpy(to, rte_pktmbuf_mtod_offset(m, const uint8_t *, off), n);
		to += n;
		len -= n;
		off = 0;
	}
}
