/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults as text: one table of settings serves reading, writing and the messages. Numbers may have
 * decimals and are read without floating point, whatever the locale.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "isla_fault.h"

/* A unit is worth so many of the field's; the largest comes first, for writing. */
struct unit {
	const char *name;
	uint64_t worth;
};

static const struct unit share_units[] = {{"%", ISLA_FAULT_ONE / 100}, {NULL, 0}};
static const struct unit time_units[] = {{"s", 1000000}, {"ms", 1000}, {"us", 1}, {NULL, 0}};
static const struct unit rate_units[] = {
	{"gbit", 1000000000}, {"mbit", 1000000}, {"kbit", 1000}, {"bit", 1}, {NULL, 0}};
static const struct unit byte_units[] = {
	{"G", 1u << 30}, {"M", 1u << 20}, {"K", 1u << 10}, {"", 1}, {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

struct setting {
	const char *name;
	const char *accepts;
	const struct unit *units;
	size_t offset;
	size_t size;          /* of the field */
	uint64_t min;
	uint64_t max;
};

#define FIELD(f) \
	.offset = offsetof(struct isla_fault, f), .size = sizeof(((struct isla_fault *)0)->f)
#define SHARE(n, f) \
	{.name = n, .accepts = "a share from 0% to 100%, such as 0.01%", .units = share_units, \
		FIELD(f), .max = ISLA_FAULT_ONE}
#define TIME(n, f) \
	{.name = n, .accepts = "a time from 0us to 10s, such as 5ms", .units = time_units, \
		FIELD(f), .max = ISLA_FAULT_TIME_MAX_US}

static const struct setting settings[] = {
	SHARE("drop", drop_ppb),
	{
		.name = "burst", .accepts = "frames, 1 to 1000", .units = count_units,
		FIELD(burst_pkts), .min = 1, .max = 1000,
	},
	SHARE("dup", dup_ppb),
	SHARE("corrupt", corrupt_ppb),
	SHARE("reorder", reorder_ppb),
	TIME("hold", hold_us),
	TIME("delay", delay_us),
	TIME("jitter", jitter_us),
	{
		.name = "rate", .accepts = "a rate from 1kbit to 400gbit, such as 100mbit",
		.units = rate_units, FIELD(rate_bps), .min = 1000, .max = UINT64_C(400000000000),
	},
	{
		.name = "buffer", .accepts = "bytes from 1514 to 1G, such as 256K",
		.units = byte_units, FIELD(buffer_bytes), .min = 1514, .max = 1u << 30,
	},
	{
		.name = "limit", .accepts = "frames, 1 to 65536", .units = count_units,
		FIELD(limit_pkts), .min = 1, .max = ISLA_FAULT_LIMIT_MAX,
	},
};

static const char names[] =
	"drop, burst, dup, corrupt, reorder, hold, delay, jitter, rate, buffer and limit";

struct word {
	const char *text;
	int len;
};

static bool
word_is(const struct word *w, const char *text)
{
	return strlen(text) == (size_t)w->len && memcmp(w->text, text, (size_t)w->len) == 0;
}

/* The next word; false at the end. What separates words is skipped. */
static bool
word_next(const char **text, struct word *w)
{
	*text += strspn(*text, " \t,=");
	w->text = *text;
	w->len = (int)strcspn(*text, " \t,=");
	*text += w->len;
	return w->len > 0;
}

static int refuse(char *err, size_t err_size, const char *format, ...) __rte_format_printf(3, 4);

static int
refuse(char *err, size_t err_size, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(err, err_size, format, ap);
	va_end(ap);
	return -EINVAL;
}

/*
 * Digits with or without decimals, as parts of 10^9 of their last unit: 12 digits before the point
 * and 9 behind it are enough for everything here. Returns what follows, or NULL.
 */
static const char *
decimal_parse(const char *s, const char *end, uint64_t *whole, uint64_t *nano)
{
	uint64_t place = 100000000;
	const char *begin = s;

	*whole = *nano = 0;
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if (*whole >= UINT64_C(100000000000))
			return NULL;
		*whole = *whole * 10 + (uint64_t)(*s - '0');
	}
	if (s == begin)
		return NULL;
	if (s == end || *s != '.')
		return s;
	for (begin = ++s; s < end && *s >= '0' && *s <= '9'; s++) {
		if (place == 0)
			return NULL;
		*nano += (uint64_t)(*s - '0') * place;
		place /= 10;
	}
	return s == begin ? NULL : s;
}

static int
value_parse(const struct setting *set, const struct word *w, uint64_t *value)
{
	const char *end = w->text + w->len, *rest;
	const struct unit *u;
	uint64_t whole, nano;

	rest = decimal_parse(w->text, end, &whole, &nano);
	if (rest == NULL)
		return -EINVAL;
	for (u = set->units; u->name != NULL; u++) {
		struct word unit = {rest, (int)(end - rest)};
		unsigned __int128 v;

		if (!word_is(&unit, u->name))
			continue;
		v = (unsigned __int128)nano * u->worth;
		/* What the field cannot hold exactly is not rounded behind the user's back. */
		if (v % 1000000000 != 0)
			return -EINVAL;
		v = v / 1000000000 + (unsigned __int128)whole * u->worth;
		if (v < set->min || v > set->max)
			return -EINVAL;
		*value = (uint64_t)v;
		return 0;
	}
	return -EINVAL;
}

static uint64_t
field_get(const struct setting *set, const struct isla_fault *fault)
{
	const char *p = (const char *)fault + set->offset;
	uint32_t v32;
	uint64_t v64;

	memcpy(&v32, p, sizeof(v32));
	if (set->size == sizeof(v32))
		return v32;
	memcpy(&v64, p, sizeof(v64));
	return v64;
}

static void
field_set(const struct setting *set, struct isla_fault *fault, uint64_t value)
{
	char *p = (char *)fault + set->offset;
	uint32_t v32 = (uint32_t)value;

	if (set->size == sizeof(v32))
		memcpy(p, &v32, sizeof(v32));
	else
		memcpy(p, &value, sizeof(value));
}

static const struct setting *
setting_find(const struct word *w)
{
	size_t i;

	for (i = 0; i < RTE_DIM(settings); i++)
		if (word_is(w, settings[i].name))
			return &settings[i];
	return NULL;
}

/* The settings behind the direction. */
static int
settings_parse(const char *text, struct isla_fault *fault, char *err, size_t err_size)
{
	unsigned int given = 0;
	struct word name, value;

	while (word_next(&text, &name)) {
		const struct setting *set = setting_find(&name);
		uint64_t number;

		if (set == NULL)
			return refuse(err, err_size, "'%.*s' is not a fault; there are %s",
				RTE_MIN(name.len, 40), name.text, names);
		if ((given & 1u << (set - settings)) != 0)
			return refuse(err, err_size, "%s is given twice", set->name);
		given |= 1u << (set - settings);
		if (!word_next(&text, &value))
			return refuse(err, err_size, "%s needs a value: %s", set->name,
				set->accepts);
		if (value_parse(set, &value, &number) != 0)
			return refuse(err, err_size, "%s '%.*s' is not possible: give %s",
				set->name, RTE_MIN(value.len, 40), value.text, set->accepts);
		field_set(set, fault, number);
	}
	if (given == 0)
		return refuse(err, err_size, "no fault is given: off, or some of %s", names);
	if (fault->jitter_us > fault->delay_us)
		return refuse(err, err_size, "jitter is longer than delay: give at most as much");
	if (fault->burst_pkts > 0 && fault->drop_ppb == 0)
		return refuse(err, err_size, "burst needs drop: a share from 0%% to 100%%");
	if (fault->buffer_bytes > 0 && fault->rate_bps == 0)
		return refuse(err, err_size, "buffer needs rate: such as 100mbit");
	if (fault->hold_us > 0 && fault->reorder_ppb == 0)
		return refuse(err, err_size, "hold needs reorder: a share from 0%% to 100%%");
	return 0;
}

int
isla_fault_parse(const char *text, struct isla_fault fault[ISLA_FAULT_DIRS], unsigned int *dirs,
	char *err, size_t err_size)
{
	struct isla_fault parsed = {.drop_ppb = 0};
	unsigned int which = 0, i;
	struct word w, more;
	const char *rest;

	word_next(&text, &w);
	rest = text;
	if (word_is(&w, "rx"))
		which = 1u << ISLA_FAULT_RX;
	else if (word_is(&w, "tx"))
		which = 1u << ISLA_FAULT_TX;
	else if (word_is(&w, "both"))
		which = 1u << ISLA_FAULT_RX | 1u << ISLA_FAULT_TX;
	else if (!word_is(&w, "off"))
		return refuse(err, err_size, "'%.*s' is no direction: give rx, tx or both, then "
			"faults such as drop 1%%", RTE_MIN(w.len, 40), w.text);
	if (which != 0)
		word_next(&rest, &w);
	else
		which = 1u << ISLA_FAULT_RX | 1u << ISLA_FAULT_TX;
	if (word_is(&w, "off")) {
		if (word_next(&rest, &more))
			return refuse(err, err_size, "'%.*s' behind off: nothing goes there",
				RTE_MIN(more.len, 40), more.text);
	} else if (settings_parse(text, &parsed, err, err_size) != 0) {
		return -EINVAL;
	}
	for (i = 0; i < ISLA_FAULT_DIRS; i++)
		if ((which & 1u << i) != 0)
			fault[i] = parsed;
	if (dirs != NULL)
		*dirs = which;
	return 0;
}

bool
isla_fault_is_off(const struct isla_fault *f)
{
	return (f->drop_ppb | f->dup_ppb | f->corrupt_ppb | f->reorder_ppb | f->delay_us) == 0 &&
		f->rate_bps == 0;
}

/* A value in the largest unit that needs no decimals; a share as percent with those it needs. */
static int
value_format(const struct setting *set, uint64_t value, char *buf, size_t size)
{
	const struct unit *u = set->units;
	int decimals = 7, n;

	if (u == share_units) {
		uint64_t rest = value % u->worth;

		while (decimals > 0 && rest % 10 == 0) {
			rest /= 10;
			decimals--;
		}
		n = snprintf(buf, size, "%" PRIu64, value / u->worth);
		if (decimals > 0 && (size_t)n < size)
			n += snprintf(buf + n, size - (size_t)n, ".%0*" PRIu64, decimals, rest);
		if ((size_t)n < size)
			n += snprintf(buf + n, size - (size_t)n, "%%");
		return n;
	}
	while (u[1].name != NULL && value % u->worth != 0)
		u++;
	return snprintf(buf, size, "%" PRIu64 "%s", value / u->worth, u->name);
}

char *
isla_fault_format(const struct isla_fault *fault, char *buf, size_t size)
{
	size_t i, n = 0;

	snprintf(buf, size, "off");
	for (i = 0; i < RTE_DIM(settings) && n < size; i++) {
		uint64_t value = field_get(&settings[i], fault);

		if (value == 0)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s ", n > 0 ? " " : "",
			settings[i].name);
		if (n < size)
			n += (size_t)value_format(&settings[i], value, buf + n, size - n);
	}
	return buf;
}
