/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shape of DHCP messages: dhcp_parse() takes one apart, dhcp_build() puts one together.
 *
 * Options may stand in three fields (RFC 2131, 4.1: overload), and one option in several pieces,
 * which are put together in the order options, file, sname (RFC 3396, 5 and 7). So the fields are
 * walked twice: for the length of each option, and to copy.
 */

#include <string.h>

#include <rte_common.h>

#include "dhcp_codec.h"

/* Where the fixed fields stand (RFC 2131, figure 1). */
enum {
	OFF_OP = 0,
	OFF_HTYPE = 1,
	OFF_HLEN = 2,
	OFF_XID = 4,
	OFF_SECS = 8,
	OFF_FLAGS = 10,
	OFF_CIADDR = 12,
	OFF_YIADDR = 16,
	OFF_SIADDR = 20,
	OFF_GIADDR = 24,
	OFF_CHADDR = 28,
	OFF_SNAME = 44,
	OFF_FILE = 108,
	OFF_COOKIE = 236,
	OFF_OPTIONS = 240,
};

#define OVERLOAD_FILE  1
#define OVERLOAD_SNAME 2

#define BOOTREQUEST 1
#define HTYPE_ETHER 1

static const uint8_t cookie[4] = {99, 130, 83, 99};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static rte_be32_t
get_be32(const uint8_t *p)
{
	rte_be32_t be;

	memcpy(&be, p, sizeof(be));
	return be;
}

/* What a walk over a field does with each option. */
typedef void option_fn(struct dhcp_msg *msg, uint8_t code, const uint8_t *value, uint8_t len);

static void
option_measure(struct dhcp_msg *msg, uint8_t code, const uint8_t *value, uint8_t len)
{
	RTE_SET_USED(value);
	msg->has[code] = true;
	/* All fields together are shorter than DHCP_MSG_MAX. */
	msg->len[code] = (uint16_t)(msg->len[code] + len);
}

static void
option_copy(struct dhcp_msg *msg, uint8_t code, const uint8_t *value, uint8_t len)
{
	memcpy(msg->data + msg->off[code] + msg->len[code], value, len);
	msg->len[code] = (uint16_t)(msg->len[code] + len);
}

/* Walk over one field. False where an option goes beyond it, or none says that it ends. */
static bool
field_walk(struct dhcp_msg *msg, const uint8_t *p, uint32_t len, option_fn *fn)
{
	uint32_t i = 0;

	while (i < len && p[i] != DHCP_OPT_END) {
		if (p[i] == DHCP_OPT_PAD) {
			i++;
			continue;
		}
		if (len - i < 2 || p[i + 1] > len - i - 2)
			return false;
		fn(msg, p[i], p + i + 2, p[i + 1]);
		i += 2u + p[i + 1];
	}
	return i < len;
}

/* The fields that hold options, in the order in which what was split is put together. */
static bool
fields_walk(struct dhcp_msg *msg, const uint8_t *bytes, uint32_t len, uint8_t overload,
	option_fn *fn)
{
	return field_walk(msg, bytes + OFF_OPTIONS, len - OFF_OPTIONS, fn) &&
		((overload & OVERLOAD_FILE) == 0 ||
			field_walk(msg, bytes + OFF_FILE, OFF_COOKIE - OFF_FILE, fn)) &&
		((overload & OVERLOAD_SNAME) == 0 ||
			field_walk(msg, bytes + OFF_SNAME, OFF_FILE - OFF_SNAME, fn));
}

/* Which fields hold options, from the options field alone: 0 to 3, or -1. */
static int
overload_of(const uint8_t *bytes, uint32_t len)
{
	int overload = 0;
	uint32_t i = OFF_OPTIONS;

	while (i < len && bytes[i] != DHCP_OPT_END) {
		if (bytes[i] == DHCP_OPT_PAD) {
			i++;
			continue;
		}
		if (len - i < 2 || bytes[i + 1] > len - i - 2)
			return -1;
		if (bytes[i] == DHCP_OPT_OVERLOAD) {
			if (bytes[i + 1] != 1 || overload != 0 || bytes[i + 2] < 1 ||
				bytes[i + 2] > 3)
				return -1;
			overload = bytes[i + 2];
		}
		i += 2u + bytes[i + 1];
	}
	return overload;
}

static void
fixed_parse(struct dhcp_msg *msg, const uint8_t *b)
{
	msg->op = b[OFF_OP];
	msg->htype = b[OFF_HTYPE];
	msg->hlen = b[OFF_HLEN];
	msg->xid = get32(b + OFF_XID);
	msg->secs = get16(b + OFF_SECS);
	msg->flags = get16(b + OFF_FLAGS);
	msg->ciaddr = get_be32(b + OFF_CIADDR);
	msg->yiaddr = get_be32(b + OFF_YIADDR);
	msg->siaddr = get_be32(b + OFF_SIADDR);
	msg->giaddr = get_be32(b + OFF_GIADDR);
	memcpy(msg->chaddr, b + OFF_CHADDR, sizeof(msg->chaddr));
}

bool
dhcp_parse(struct dhcp_msg *msg, const uint8_t *bytes, uint32_t len)
{
	uint16_t off = 0;
	unsigned int code;
	int overload;

	if (len < OFF_OPTIONS || len > DHCP_MSG_MAX ||
		memcmp(bytes + OFF_COOKIE, cookie, sizeof(cookie)) != 0)
		return false;
	overload = overload_of(bytes, len);
	if (overload < 0)
		return false;
	fixed_parse(msg, bytes);
	memset(msg->len, 0, sizeof(msg->len));
	memset(msg->has, 0, sizeof(msg->has));
	if (!fields_walk(msg, bytes, len, (uint8_t)overload, option_measure))
		return false;
	for (code = 0; code < 256; code++) {
		msg->off[code] = off;
		off = (uint16_t)(off + msg->len[code]);
	}
	memset(msg->len, 0, sizeof(msg->len));
	fields_walk(msg, bytes, len, (uint8_t)overload, option_copy);
	if (!msg->has[DHCP_OPT_TYPE] || msg->len[DHCP_OPT_TYPE] != 1)
		return false;
	msg->type = msg->data[msg->off[DHCP_OPT_TYPE]];
	return true;
}

const uint8_t *
dhcp_opt(const struct dhcp_msg *msg, uint8_t code, uint16_t *len)
{
	if (!msg->has[code])
		return NULL;
	*len = msg->len[code];
	return msg->data + msg->off[code];
}

/* The value of an option of that length; NULL where it is absent or has another one. */
static const uint8_t *
opt_of_len(const struct dhcp_msg *msg, uint8_t code, uint16_t len)
{
	uint16_t n;
	const uint8_t *p = dhcp_opt(msg, code, &n);

	return p != NULL && n == len ? p : NULL;
}

bool
dhcp_opt_addr(const struct dhcp_msg *msg, uint8_t code, struct isla_addr *addr)
{
	const uint8_t *p = opt_of_len(msg, code, 4);

	if (p != NULL)
		*addr = isla_addr_from_v4(get_be32(p));
	return p != NULL;
}

bool
dhcp_opt_u32(const struct dhcp_msg *msg, uint8_t code, uint32_t *value)
{
	const uint8_t *p = opt_of_len(msg, code, 4);

	if (p != NULL)
		*value = get32(p);
	return p != NULL;
}

bool
dhcp_opt_u16(const struct dhcp_msg *msg, uint8_t code, uint16_t *value)
{
	const uint8_t *p = opt_of_len(msg, code, 2);

	if (p != NULL)
		*value = get16(p);
	return p != NULL;
}

/* ---- the other way ---- */

struct writer {
	uint8_t *b;
	uint16_t len;
};

/* One that is longer than 255 bytes goes in pieces, right behind each other (RFC 3396, 6). */
static void
put(struct writer *w, uint8_t code, const void *value, size_t len)
{
	const uint8_t *p = value;

	do {
		uint8_t n = (uint8_t)RTE_MIN(len, (size_t)255);

		w->b[w->len++] = code;
		w->b[w->len++] = n;
		memcpy(w->b + w->len, p, n);
		w->len = (uint16_t)(w->len + n);
		p += n;
		len -= n;
	} while (len > 0);
}

static void
put_be32(struct writer *w, uint8_t code, rte_be32_t value)
{
	if (value != 0)
		put(w, code, &value, sizeof(value));
}

static void
put_text(struct writer *w, uint8_t code, const char *text)
{
	if (text != NULL && text[0] != '\0')
		put(w, code, text, strlen(text));
}

/* What is asked for, the same in every message (RFC 2131, 4.3.6); 121 comes before 3 (RFC 3442). */
static const uint8_t params[] = {DHCP_OPT_MASK, DHCP_OPT_ROUTES, DHCP_OPT_ROUTER, DHCP_OPT_DNS,
	DHCP_OPT_HOSTNAME, DHCP_OPT_DOMAIN, DHCP_OPT_SEARCH, DHCP_OPT_MTU, DHCP_OPT_BROADCAST,
	DHCP_OPT_LEASE, DHCP_OPT_SERVER, DHCP_OPT_T1, DHCP_OPT_T2};

static void
fixed_build(const struct dhcp_out *out, uint8_t *b)
{
	rte_be32_t xid = rte_cpu_to_be_32(out->xid), ciaddr = isla_addr_v4(&out->ciaddr);

	memset(b, 0, OFF_OPTIONS);
	b[OFF_OP] = BOOTREQUEST;
	b[OFF_HTYPE] = HTYPE_ETHER;
	b[OFF_HLEN] = 6;
	memcpy(b + OFF_XID, &xid, sizeof(xid));
	b[OFF_SECS] = (uint8_t)(out->secs >> 8);
	b[OFF_SECS + 1] = (uint8_t)out->secs;
	b[OFF_FLAGS] = out->broadcast ? DHCP_FLAG_BROADCAST >> 8 : 0;
	memcpy(b + OFF_CIADDR, &ciaddr, sizeof(ciaddr));
	memcpy(b + OFF_CHADDR, out->chaddr, 6);
	memcpy(b + OFF_COOKIE, cookie, sizeof(cookie));
}

uint16_t
dhcp_build(const struct dhcp_out *out, uint8_t *bytes)
{
	struct writer w = {.b = bytes, .len = OFF_OPTIONS};
	rte_be16_t max_size = rte_cpu_to_be_16(out->max_size);

	fixed_build(out, bytes);
	put(&w, DHCP_OPT_TYPE, &out->type, 1);
	if (out->client_id != NULL)
		put(&w, DHCP_OPT_CLIENT_ID, out->client_id, out->client_id_len);
	put_be32(&w, DHCP_OPT_REQUESTED, out->requested);
	put_be32(&w, DHCP_OPT_SERVER, out->server);
	if (out->max_size != 0)
		put(&w, DHCP_OPT_MAX_SIZE, &max_size, sizeof(max_size));
	if (out->params)
		put(&w, DHCP_OPT_PARAMS, params, sizeof(params));
	put_text(&w, DHCP_OPT_HOSTNAME, out->hostname);
	put_text(&w, DHCP_OPT_CLASS, out->vendor_class);
	put_text(&w, DHCP_OPT_MESSAGE, out->message);
	w.b[w.len++] = DHCP_OPT_END;
	if (w.len < DHCP_MSG_MIN) {
		memset(w.b + w.len, 0, DHCP_MSG_MIN - w.len);
		w.len = DHCP_MSG_MIN;
	}
	return w.len;
}
