/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Types, states and records as text, for people (RFC 1035, 5.1; RFC 3597, 5).
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "dns_msg.h"

static const struct {
	const char *name;
	enum isla_dns_type type;
} types[] = {
	{"A", ISLA_DNS_A},
	{"AAAA", ISLA_DNS_AAAA},
	{"CNAME", ISLA_DNS_CNAME},
	{"MX", ISLA_DNS_MX},
	{"NS", ISLA_DNS_NS},
	{"PTR", ISLA_DNS_PTR},
	{"SOA", ISLA_DNS_SOA},
	{"SRV", ISLA_DNS_SRV},
	{"TXT", ISLA_DNS_TXT},
};

const char *
isla_dns_type_name(enum isla_dns_type type)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return "?";
}

int
isla_dns_type_parse(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(types); i++)
		if (strcasecmp(types[i].name, name) == 0)
			return (int)types[i].type;
	return -1;
}

const char *
isla_dns_status_text(enum isla_dns_status status)
{
	static const char *const texts[] = {
		[ISLA_DNS_OK] = "found",
		[ISLA_DNS_NO_NAME] = "there is no such name",
		[ISLA_DNS_NO_DATA] = "the name has no record of this type",
		[ISLA_DNS_TIMEOUT] = "no server has answered",
		[ISLA_DNS_FAILED] = "the servers failed, or refused",
		[ISLA_DNS_LOOP] = "the chain of aliases has no end",
		[ISLA_DNS_NO_SERVER] = "there is no server to ask",
	};

	return (unsigned int)status < RTE_DIM(texts) ? texts[status] : "?";
}

/* Text that may not fit. */
struct text {
	char *buf;
	size_t size;
	size_t n;
};

__rte_format_printf(2, 3)
static void
add(struct text *t, const char *format, ...)
{
	size_t room = t->n < t->size ? t->size - t->n : 0;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(room > 0 ? t->buf + t->n : NULL, room, format, ap);
	va_end(ap);
	t->n += n > 0 ? (size_t)n : 0;
}

/* "strings" with what would end one escaped. */
static void
add_strings(struct text *t, const uint8_t *data, unsigned int len)
{
	unsigned int at = 0;

	while (at < len) {
		unsigned int end = RTE_MIN(at + 1u + data[at], len);

		add(t, "%s\"", at > 0 ? " " : "");
		for (at++; at < end; at++) {
			if (data[at] == '"' || data[at] == '\\')
				add(t, "\\%c", data[at]);
			else if (data[at] >= ' ' && data[at] < 0x7f)
				add(t, "%c", data[at]);
			else
				add(t, "\\%03u", data[at]);
		}
		add(t, "\"");
	}
}

/* The second name and the numbers. */
static void
add_soa(struct text *t, const struct isla_dns_record *record)
{
	char text[ISLA_DNS_NAME_STRLEN];
	struct dns_name name;
	size_t at = 0;
	int i;

	if (dns_name_read(record->data, record->len, &at, &name) != 0 ||
		dns_name_read(record->data, record->len, &at, &name) != 0 ||
		record->len - at < 20)
		return;
	dns_name_format(&name, text, sizeof(text));
	add(t, " %s", text);
	for (i = 0; i < 5; i++)
		add(t, " %u", dns_get32(record->data + at + 4 * i));
}

size_t
isla_dns_record_format(const struct isla_dns_record *record, char *buf, size_t size)
{
	struct text t = {buf, size, 0};
	const char *name = record->name != NULL ? record->name : "?";
	char text[ISLA_ADDR_STRLEN];
	unsigned int i;

	if (size > 0)
		buf[0] = '\0';
	switch (record->type) {
	case ISLA_DNS_A:
	case ISLA_DNS_AAAA:
		add(&t, "%s", isla_addr_format(&record->addr, text, sizeof(text)));
		break;
	case ISLA_DNS_NS:
	case ISLA_DNS_CNAME:
	case ISLA_DNS_PTR:
		add(&t, "%s", name);
		break;
	case ISLA_DNS_MX:
		add(&t, "%u %s", record->priority, name);
		break;
	case ISLA_DNS_SRV:
		add(&t, "%u %u %u %s", record->priority, record->weight, record->port, name);
		break;
	case ISLA_DNS_SOA:
		add(&t, "%s", name);
		add_soa(&t, record);
		break;
	case ISLA_DNS_TXT:
		add_strings(&t, record->data, record->len);
		break;
	default:
		add(&t, "\\# %u ", record->len);
		for (i = 0; i < record->len; i++)
			add(&t, "%02x", record->data[i]);
		break;
	}
	return t.n;
}
