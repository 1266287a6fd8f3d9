/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names: text (RFC 1035, 5.1), wire (3.1, 4.1.4) and comparison (RFC 4343). Pure functions.
 *
 * On the wire a name is kept with its lengths between the labels. Those are at most 63, which is no
 * letter: so two names can be compared, and put to lower case, byte by byte.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dns_msg.h"
#include "siphash.h"

/* One character of a label: itself, \X or \DDD. Returns how many of the text it took, or 0. */
static unsigned int
char_parse(const char *text, uint8_t *c)
{
	unsigned int value;

	*c = (uint8_t)text[0];
	if (text[0] != '\\')
		return *c > ' ' && *c != 0x7f;
	if (text[1] < '0' || text[1] > '9') {
		*c = (uint8_t)text[1];
		return *c > ' ' && *c != 0x7f ? 2 : 0;
	}
	if (text[2] < '0' || text[2] > '9' || text[3] < '0' || text[3] > '9')
		return 0;
	value = (unsigned int)(text[1] - '0') * 100 + (unsigned int)(text[2] - '0') * 10 +
		(unsigned int)(text[3] - '0');
	*c = (uint8_t)value;
	return value <= UINT8_MAX ? 4 : 0;
}

int
dns_name_parse(const char *text, struct dns_name *name)
{
	unsigned int at = 0, n = 0, took; /* at: of the label's length, n: its bytes so far */
	bool is_end = false;
	uint8_t c;

	if (strcmp(text, ".") == 0)
		text++;
	else if (*text == '\0')
		return -EINVAL;
	while (!is_end) {
		is_end = *text == '\0';
		if (is_end && n == 0)
			break;
		if (is_end || *text == '.') {
			if (n == 0)
				return -EINVAL;
			name->b[at] = (uint8_t)n;
			at += n + 1;
			n = 0;
			text++;
			continue;
		}
		took = char_parse(text, &c);
		if (took == 0)
			return -EINVAL;
		text += took;
		if (n == DNS_LABEL_MAX || at + 1 + n >= DNS_NAME_MAX - 1)
			return -ENAMETOOLONG;
		name->b[at + 1 + n++] = c;
	}
	name->b[at] = 0;
	name->len = (uint8_t)(at + 1);
	return 0;
}

const char *
isla_dns_name_check(const char *text)
{
	struct dns_name name;
	size_t i, dots = 0;

	switch (dns_name_parse(text, &name)) {
	case 0:
		return NULL;
	case -ENAMETOOLONG:
		return "a name has at most 253 characters, and its labels 63 each";
	default:
		break;
	}
	for (i = 0; text[i] != '\0'; i++) {
		dots = text[i] == '.' ? dots + 1 : 0;
		if (dots == 2 || (i == 0 && dots == 1))
			return "a label is empty";
	}
	return i == 0 ? "it is empty" : "there is a character in it that no name has";
}

/* Append to text that may not fit; returns the new length. */
static size_t
put(char *buf, size_t size, size_t n, char c)
{
	if (n < size)
		buf[n] = c;
	return n + 1;
}

static size_t
put_char(char *buf, size_t size, size_t n, uint8_t c)
{
	if (c > ' ' && c < 0x7f) {
		if (c == '.' || c == '\\')
			n = put(buf, size, n, '\\');
		return put(buf, size, n, (char)c);
	}
	n = put(buf, size, n, '\\');
	n = put(buf, size, n, (char)('0' + c / 100));
	n = put(buf, size, n, (char)('0' + c / 10 % 10));
	return put(buf, size, n, (char)('0' + c % 10));
}

size_t
dns_name_format(const struct dns_name *name, char *buf, size_t size)
{
	unsigned int at = 0, left;
	size_t n = 0;

	if (name->b[0] == 0)
		n = put(buf, size, n, '.');
	while (name->b[at] != 0) {
		if (at > 0)
			n = put(buf, size, n, '.');
		for (left = name->b[at++]; left > 0; left--)
			n = put_char(buf, size, n, name->b[at++]);
	}
	if (size > 0)
		buf[n < size ? n : size - 1] = '\0';
	return n;
}

/* Pointers that are followed in one name. A message of pointers to pointers could else have each of its
 * thousands of records walk through all of it. */
#define JUMPS_MAX 63

/*
 * A pointer must lead to before where this piece of the name began (RFC 1035, 4.1.4: a prior
 * occurrence), so that pieces are nearer and nearer to the message's begin: no loop.
 */
int
dns_name_read(const uint8_t *msg, size_t len, size_t *off, struct dns_name *name)
{
	size_t at = *off, begin = *off, end = 0; /* end: behind the first pointer */
	unsigned int n = 0, nb_jumps = 0;

	for (;;) {
		uint8_t label;

		if (at >= len)
			return -EBADMSG;
		label = msg[at];
		if ((label & 0xc0) == 0xc0) {
			if (len - at < 2 || ++nb_jumps > JUMPS_MAX)
				return -EBADMSG;
			if (end == 0)
				end = at + 2;
			at = (size_t)(label & 0x3f) << 8 | msg[at + 1];
			if (at >= begin)
				return -EBADMSG;
			begin = at;
			continue;
		}
		if (label > DNS_LABEL_MAX || n + 1 + label > DNS_NAME_MAX - (label > 0) ||
			len - at < 1u + label)
			return -EBADMSG;
		memcpy(name->b + n, msg + at, 1u + label);
		n += 1u + label;
		at += 1u + label;
		if (label == 0)
			break;
	}
	name->len = (uint8_t)n;
	*off = end != 0 ? end : at;
	return 0;
}

static bool
bytes_eq(const uint8_t *a, const uint8_t *b, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (dns_lower(a[i]) != dns_lower(b[i]))
			return false;
	return true;
}

bool
dns_name_eq(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && bytes_eq(a->b, b->b, a->len);
}

bool
dns_name_is_in(const struct dns_name *name, const struct dns_name *zone)
{
	unsigned int at = 0;

	/* From label to label, so that what is compared begins with one. */
	while (name->len - at > zone->len)
		at += 1u + name->b[at];
	return name->len - at == zone->len && bytes_eq(name->b + at, zone->b, zone->len);
}

int
dns_name_append(struct dns_name *name, const struct dns_name *domain)
{
	if (name->len - 1 + domain->len > DNS_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name->b + name->len - 1, domain->b, domain->len);
	name->len = (uint8_t)(name->len - 1 + domain->len);
	return 0;
}

unsigned int
dns_name_nb_labels(const struct dns_name *name)
{
	unsigned int at, nb = 0;

	for (at = 0; name->b[at] != 0; at += 1u + name->b[at])
		nb++;
	return nb;
}

void
dns_name_reverse(const struct isla_addr *addr, struct dns_name *name)
{
	char text[80];
	size_t n = 0;
	int i;

	if (isla_addr_is_v4(addr)) {
		for (i = 15; i >= 12; i--)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u.", addr->b[i]);
		snprintf(text + n, sizeof(text) - n, "in-addr.arpa");
	} else {
		for (i = 15; i >= 0; i--)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%x.%x.",
				addr->b[i] & 0xfu, addr->b[i] >> 4);
		snprintf(text + n, sizeof(text) - n, "ip6.arpa");
	}
	dns_name_parse(text, name);
}

uint32_t
dns_name_hash(const struct dns_name *name, const struct isla_key *key)
{
	uint64_t words[DNS_NAME_MAX / 8 + 1] = {0};
	uint8_t *bytes = (uint8_t *)words;
	unsigned int i;

	for (i = 0; i < name->len; i++)
		bytes[i] = dns_lower(name->b[i]);
	return (uint32_t)siphash13(key, words, name->len / 8u + 1);
}
