/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what was found to what a callback is given: records with their names as text. Both are the
 * resolver's scratch, which the next answer overwrites.
 */

#include "dns_priv.h"

/* Where the next record and the next text go. */
struct room {
	struct isla_dns *dns;
	uint16_t nb_records;
	size_t text;
	bool is_partial;
};

static void
add_records(struct room *room, const struct dns_result *result)
{
	struct isla_dns *dns = room->dns;
	size_t at = 0;

	while (at < result->data_len) {
		uint16_t len = dns_get16(result->data + at);
		int n = -1;

		if (room->nb_records < ISLA_DNS_RECORDS_MAX)
			n = dns_record_fill(&dns->record[room->nb_records], result->type,
				result->data + at + 2, len, dns->text + room->text,
				DNS_TEXT_MAX - room->text);
		if (n < 0) {
			room->is_partial = true;
			return;
		}
		room->text += (size_t)n;
		room->nb_records++;
		at += 2u + len;
	}
}

void
dns_answer_build(struct isla_dns *dns, const struct dns_result *result, unsigned int nb,
	struct isla_dns_answer *answer)
{
	struct room room = {.dns = dns};
	unsigned int i;

	*answer = (struct isla_dns_answer){
		.status = result->status,
		.name = dns->text,
		.ttl_s = result->ttl_s,
		.is_cached = nb > 0,
		.record = dns->record,
	};
	room.text = dns_name_format(result->name, dns->text, ISLA_DNS_NAME_STRLEN) + 1;
	for (i = 0; i < nb; i++) {
		answer->ttl_s = RTE_MIN(answer->ttl_s, result[i].ttl_s);
		answer->is_cached = answer->is_cached && result[i].is_cached;
		room.is_partial = room.is_partial || result[i].is_partial;
		if (result[i].status == ISLA_DNS_OK)
			add_records(&room, &result[i]);
	}
	answer->nb_records = room.nb_records;
	answer->is_partial = room.is_partial;
	if (nb > 1)
		dns_sort_records(dns->inet, dns->record, room.nb_records);
}
