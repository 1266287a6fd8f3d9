/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dates of HTTP (RFC 9110, 5.6.7): written as IMF-fixdate, read in all three forms. Days are
 * counted in the proleptic Gregorian calendar, from a year that begins with March, so that the leap
 * day is a year's last.
 */

#include <string.h>

#include "http_parse.h"

#define DAY_SEC 86400

static const char day_names[7][10] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char month_names[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct date {
	int year;
	int month; /* 0 to 11 */
	int day;   /* 1 to 31 */
	int hour;
	int min;
	int sec;
};

/* Days from 1970-01-01. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month < 2 ? year - 1 : year;
	int64_t m = (month + 10) % 12; /* March is 0 */
	int64_t leaps = y / 4 - y / 100 + y / 400;

	return y * 365 + leaps + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static void
date_of(int64_t days, struct date *d)
{
	int64_t n = days + 719468;             /* from March 1 of year 0 */
	int64_t era = n / 146097, of_era = n % 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	d->day = (int)(of_year - (153 * m + 2) / 5 + 1);
	d->month = (int)((m + 2) % 12);
	d->year = (int)(era * 400 + y + (d->month < 2));
}

static char *
put_digits(char *p, int value, int nb)
{
	int i;

	for (i = nb - 1; i >= 0; i--, value /= 10)
		p[i] = (char)('0' + value % 10);
	return p + nb;
}

static char *
put_text(char *p, const char *text, size_t len)
{
	memcpy(p, text, len);
	return p + len;
}

void
http_date_format(int64_t sec, char buf[HTTP_DATE_LEN + 1])
{
	const int64_t first = days_of(1, 0, 1) * DAY_SEC;
	const int64_t last = days_of(10000, 0, 1) * DAY_SEC - 1;
	int64_t days, of_day;
	struct date d;
	char *p = buf;

	sec = sec < first ? first : sec > last ? last : sec;
	days = sec / DAY_SEC - (sec % DAY_SEC < 0);
	of_day = sec - days * DAY_SEC;
	date_of(days, &d);
	p = put_text(p, day_names[((days + 4) % 7 + 7) % 7], 3);
	p = put_text(p, ", ", 2);
	p = put_digits(p, d.day, 2);
	*p++ = ' ';
	p = put_text(p, month_names[d.month], 3);
	*p++ = ' ';
	p = put_digits(p, d.year, 4);
	*p++ = ' ';
	p = put_digits(p, (int)(of_day / 3600), 2);
	*p++ = ':';
	p = put_digits(p, (int)(of_day / 60 % 60), 2);
	*p++ = ':';
	p = put_digits(p, (int)(of_day % 60), 2);
	p = put_text(p, " GMT", 4);
	*p = '\0';
}

/* The input, from left to right; every take_* moves on, or makes it bad for good. */
struct cursor {
	const char *p;
	const char *end;
	bool bad;
};

static int
take_number(struct cursor *c, int nb)
{
	int v = 0;

	while (!c->bad && nb-- > 0) {
		if (c->p == c->end || *c->p < '0' || *c->p > '9')
			c->bad = true;
		else
			v = v * 10 + (*c->p++ - '0');
	}
	return v;
}

static void
take_text(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if (c->bad || (size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
		c->bad = true;
	else
		c->p += n;
}

static int
take_month(struct cursor *c)
{
	int i;

	for (i = 0; i < 12; i++) {
		if (c->end - c->p >= 3 && memcmp(c->p, month_names[i], 3) == 0) {
			c->p += 3;
			return i;
		}
	}
	c->bad = true;
	return 0;
}

static void
take_time(struct cursor *c, struct date *d)
{
	d->hour = take_number(c, 2);
	take_text(c, ":");
	d->min = take_number(c, 2);
	take_text(c, ":");
	d->sec = take_number(c, 2);
}

/* "06 Nov 1994 08:49:37 GMT" */
static void
take_fixdate(struct cursor *c, struct date *d)
{
	d->day = take_number(c, 2);
	take_text(c, " ");
	d->month = take_month(c);
	take_text(c, " ");
	d->year = take_number(c, 4);
	take_text(c, " ");
	take_time(c, d);
	take_text(c, " GMT");
}

/* "06-Nov-94 08:49:37 GMT"; a year that seems over 50 years away is one that has been. */
static void
take_rfc850(struct cursor *c, struct date *d, int64_t now_sec)
{
	struct date now;

	date_of(now_sec / DAY_SEC, &now);
	d->day = take_number(c, 2);
	take_text(c, "-");
	d->month = take_month(c);
	take_text(c, "-");
	d->year = take_number(c, 2) + now.year / 100 * 100;
	if (d->year > now.year + 50)
		d->year -= 100;
	take_text(c, " ");
	take_time(c, d);
	take_text(c, " GMT");
}

/* "Nov  6 08:49:37 1994" */
static void
take_asctime(struct cursor *c, struct date *d)
{
	d->month = take_month(c);
	take_text(c, " ");
	if (!c->bad && c->p < c->end && *c->p == ' ') {
		c->p++;
		d->day = take_number(c, 1);
	} else {
		d->day = take_number(c, 2);
	}
	take_text(c, " ");
	take_time(c, d);
	take_text(c, " ");
	d->year = take_number(c, 4);
}

static bool
date_is_valid(const struct date *d)
{
	static const uint8_t month_days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (d->year < 1 || d->day < 1 || d->day > month_days[d->month])
		return false;
	/* A 29th of February of another year is the day after, 1st of March: be exact. */
	if (d->month == 1 && d->day == 29 &&
		(d->year % 4 != 0 || (d->year % 100 == 0 && d->year % 400 != 0)))
		return false;
	return d->hour < 24 && d->min < 60 && d->sec <= 60; /* 60: a leap second */
}

bool
http_date_parse(const struct http_str *text, int64_t now_sec, int64_t *sec)
{
	struct cursor c = {text->p, text->p + text->len, false};
	struct date d = {0};
	int i;

	for (i = 0; i < 7; i++)
		if (text->len > 3 && memcmp(text->p, day_names[i], 3) == 0)
			break;
	if (i == 7)
		return false;
	if (text->p[3] == ',') {
		c.p += 3;
		take_text(&c, ", ");
		take_fixdate(&c, &d);
	} else if (text->p[3] == ' ') {
		c.p += 4;
		take_asctime(&c, &d);
	} else {
		take_text(&c, day_names[i]);
		take_text(&c, ", ");
		take_rfc850(&c, &d, now_sec);
	}
	if (c.bad || c.p != c.end || !date_is_valid(&d))
		return false;
	*sec = days_of(d.year, d.month, d.day) * DAY_SEC + d.hour * 3600 + d.min * 60 + d.sec;
	return true;
}
