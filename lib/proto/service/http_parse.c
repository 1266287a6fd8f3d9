/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Request heads (RFC 9112, 2 to 5). http_scan_feed() finds the end of the head as its bytes
 * come; http_parse_head() then reads the request line, each field line, and last
 * what the fields mean together. The grammar is kept strictly, since a request that two parties may
 * read in two ways is how requests are smuggled. The one liberty: a line may end with a lone LF
 * (RFC 9112, 2.2). CR anywhere else, NUL, other control bytes and folded lines are refused.
 */

#include <string.h>

#include <rte_common.h>

#include "http_parse.h"
#include "isla_http.h"

/* Empty lines before a request line that are passed over, in bytes. */
#define MAX_EMPTY_BYTES 8
/* A request line's bytes beside the target. */
#define LINE_SLACK 64

/* What a byte may be part of. */
#define CHAR_TOKEN  0x01 /* RFC 9110, 5.6.2 */
#define CHAR_TARGET 0x02 /* RFC 3986, and what browsers send unescaped (^ ` { | }) */
#define CHAR_VALUE  0x04 /* RFC 9110, 5.5 */
#define CHAR_HOST   0x08 /* RFC 3986, 3.2.2, and the port */

#define ALL  (CHAR_TOKEN | CHAR_TARGET | CHAR_VALUE | CHAR_HOST)
#define TUV  (CHAR_TOKEN | CHAR_TARGET | CHAR_VALUE)
#define UVH  (CHAR_TARGET | CHAR_VALUE | CHAR_HOST)
#define UV   (CHAR_TARGET | CHAR_VALUE)

static const uint8_t char_class[256] = {
	['\t'] = CHAR_VALUE,
	[' '] = CHAR_VALUE,
	['"'] = CHAR_VALUE,
	['#'] = CHAR_TOKEN | CHAR_VALUE,
	['!'] = ALL,
	['$'] = ALL,
	['%'] = ALL,
	['&'] = ALL,
	['\''] = ALL,
	['('] = UVH,
	[')'] = UVH,
	['*'] = ALL,
	['+'] = ALL,
	[','] = UVH,
	['-'] = ALL,
	['.'] = ALL,
	['/'] = UV,
	['0' ... '9'] = ALL,
	[':'] = UVH,
	[';'] = UVH,
	['<'] = CHAR_VALUE,
	['='] = UVH,
	['>'] = CHAR_VALUE,
	['?'] = UV,
	['@'] = UV,
	['A' ... 'Z'] = ALL,
	['['] = UVH,
	['\\'] = CHAR_VALUE,
	[']'] = UVH,
	['^'] = TUV,
	['_'] = ALL,
	['`'] = TUV,
	['a' ... 'z'] = ALL,
	['{'] = UV,
	['|'] = TUV,
	['}'] = UV,
	['~'] = ALL,
	[0x80 ... 0xff] = CHAR_VALUE,
};

static bool
is_char(char c, uint8_t class)
{
	return (char_class[(uint8_t)c] & class) != 0;
}

/* How many bytes from p on are of the class. */
static uint32_t
span(const char *p, const char *end, uint8_t class)
{
	const char *s = p;

	while (s < end && is_char(*s, class))
		s++;
	return (uint32_t)(s - p);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
http_str_is(const struct http_str *s, const char *text)
{
	uint32_t i;

	for (i = 0; i < s->len; i++)
		if (text[i] == '\0' || lower(s->p[i]) != text[i])
			return false;
	return text[i] == '\0';
}

/* The head or its first line has grown too long; which one decides the status. */
static bool
scan_too_long(struct http_scan *scan, const struct http_limits *limits)
{
	if (scan->nb_lines == 0 && scan->line_len > limits->max_target_bytes + LINE_SLACK) {
		scan->status = HTTP_URI_TOO_LONG;
		return true;
	}
	if (scan->len - scan->skip > limits->max_head_bytes) {
		scan->status = scan->nb_lines == 0 ? HTTP_URI_TOO_LONG : HTTP_FIELDS_TOO_LARGE;
		return true;
	}
	return false;
}

/* A line has ended. */
static enum http_progress
scan_line(struct http_scan *scan)
{
	bool empty = scan->line_len == 0 || (scan->line_len == 1 && scan->line_is_cr);

	scan->line_len = 0;
	if (!empty) {
		scan->nb_lines++;
		return HTTP_MORE;
	}
	if (scan->nb_lines > 0)
		return HTTP_DONE;
	if (scan->len > MAX_EMPTY_BYTES) {
		scan->status = HTTP_BAD_REQUEST;
		return HTTP_BAD;
	}
	scan->skip = (uint8_t)scan->len;
	return HTTP_MORE;
}

enum http_progress
http_scan_feed(struct http_scan *scan, const struct http_limits *limits, const void *data,
	uint32_t len)
{
	const char *p = data, *end = p + len;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf != NULL ? lf : end;

		if (scan->line_len == 0 && p < stop) {
			scan->line_is_cr = *p == '\r';
			/* What is no HTTP at all, a TLS hello say, need not be waited for. */
			if (scan->nb_lines == 0 && *p != '\r' && !is_char(*p, CHAR_TOKEN)) {
				scan->status = HTTP_BAD_REQUEST;
				return HTTP_BAD;
			}
		}
		scan->line_len += (uint32_t)(stop - p);
		scan->len += (uint32_t)(stop - p) + (lf != NULL);
		if (scan_too_long(scan, limits))
			return HTTP_BAD;
		if (lf == NULL)
			return HTTP_MORE;
		p = lf + 1;
		switch (scan_line(scan)) {
		case HTTP_DONE:
			return HTTP_DONE;
		case HTTP_BAD:
			return HTTP_BAD;
		default:
			break;
		}
	}
	return HTTP_MORE;
}

/* Fields that mean something to us. */
enum field {
	FIELD_CONNECTION,
	FIELD_CONTENT_LENGTH,
	FIELD_EXPECT,
	FIELD_HOST,
	FIELD_IF_MATCH,
	FIELD_IF_MODIFIED_SINCE,
	FIELD_IF_NONE_MATCH,
	FIELD_IF_RANGE,
	FIELD_IF_UNMODIFIED_SINCE,
	FIELD_RANGE,
	FIELD_TRANSFER_ENCODING,
	FIELD_OTHER,
};

static const char *const field_names[FIELD_OTHER] = {
	[FIELD_CONNECTION] = "connection",
	[FIELD_CONTENT_LENGTH] = "content-length",
	[FIELD_EXPECT] = "expect",
	[FIELD_HOST] = "host",
	[FIELD_IF_MATCH] = "if-match",
	[FIELD_IF_MODIFIED_SINCE] = "if-modified-since",
	[FIELD_IF_NONE_MATCH] = "if-none-match",
	[FIELD_IF_RANGE] = "if-range",
	[FIELD_IF_UNMODIFIED_SINCE] = "if-unmodified-since",
	[FIELD_RANGE] = "range",
	[FIELD_TRANSFER_ENCODING] = "transfer-encoding",
};

/* What the field lines have said so far. */
struct fields {
	uint16_t nb_host;
	bool close;
	bool keep_alive;
	bool has_length;
	bool has_coding;
};

struct method {
	char name[8];
	uint8_t len;
	uint8_t method;
};

static const struct method methods[] = {
	{"GET", 3, HTTP_GET},
	{"HEAD", 4, HTTP_HEAD},
	{"POST", 4, HTTP_METHOD_KNOWN},
	{"PUT", 3, HTTP_METHOD_KNOWN},
	{"DELETE", 6, HTTP_METHOD_KNOWN},
	{"CONNECT", 7, HTTP_METHOD_KNOWN},
	{"OPTIONS", 7, HTTP_METHOD_KNOWN},
	{"TRACE", 5, HTTP_METHOD_KNOWN},
	{"PATCH", 5, HTTP_METHOD_KNOWN},
};

bool
isla_http_is_request(const void *data, uint32_t len)
{
	const char *p = data;
	size_t i;

	for (i = 0; i < RTE_DIM(methods); i++)
		if (len > methods[i].len && p[methods[i].len] == ' ' &&
			memcmp(p, methods[i].name, methods[i].len) == 0)
			return true;
	return false;
}

static uint8_t
method_of(const struct http_str *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(methods); i++)
		if (http_str_eq(name, methods[i].name, methods[i].len))
			return methods[i].method;
	return HTTP_METHOD_UNKNOWN;
}

/* "http://" authority, as proxies get it (RFC 9112, 3.2.2); *target is what follows. */
static bool
skip_authority(struct http_str *target)
{
	const char *p = target->p, *end = p + target->len;
	struct http_str scheme = {p, 0};
	uint32_t n;

	while (p < end && *p != ':')
		p++;
	scheme.len = (uint32_t)(p - scheme.p);
	if (!http_str_is(&scheme, "http") && !http_str_is(&scheme, "https"))
		return false;
	if (end - p < 3 || memcmp(p, "://", 3) != 0)
		return false;
	p += 3;
	n = span(p, end, CHAR_HOST);
	/* An empty host or one with user information is an error (RFC 9110, 4.2.1, 4.2.4). */
	if (n == 0 || (p + n < end && p[n] != '/' && p[n] != '?'))
		return false;
	target->p = p + n;
	target->len = (uint32_t)(end - target->p);
	return true;
}

/* origin-form, absolute-form or asterisk-form; authority-form belongs to CONNECT (RFC 9112, 3.2).
 */
static enum http_status
parse_target(struct http_str target, const struct http_str *method, struct http_request *req)
{
	const char *mark;

	if (http_str_eq(method, "CONNECT", 7))
		return target.p[0] != '/' ? HTTP_NONE : HTTP_BAD_REQUEST;
	if (http_str_eq(&target, "*", 1)) {
		req->path = target;
		return http_str_eq(method, "OPTIONS", 7) ? HTTP_NONE : HTTP_BAD_REQUEST;
	}
	if (target.p[0] != '/' && !skip_authority(&target))
		return HTTP_BAD_REQUEST;
	mark = memchr(target.p, '?', target.len);
	req->path = target;
	if (mark != NULL) {
		req->path.len = (uint32_t)(mark - target.p);
		req->query.p = mark;
		req->query.len = target.len - req->path.len;
	}
	if (req->path.len == 0) {
		req->path.p = "/";
		req->path.len = 1;
	}
	return HTTP_NONE;
}

/* HTTP-version (RFC 9112, 2.3): a line's last part. */
static enum http_status
parse_version(const char *p, const char *end, struct http_request *req)
{
	if (end - p != 8 || memcmp(p, "HTTP/", 5) != 0 || p[6] != '.' || p[5] < '0' || p[5] > '9' ||
		p[7] < '0' || p[7] > '9')
		return HTTP_BAD_REQUEST;
	if (p[5] != '1')
		return HTTP_VERSION_NOT_SUPPORTED;
	req->is_http10 = p[7] == '0';
	return HTTP_NONE;
}

/* method SP request-target SP HTTP-version (RFC 9112, 3), without the line's end. */
static enum http_status
parse_request_line(const char *p, const char *end, const struct http_limits *limits,
	struct http_request *req)
{
	struct http_str method = {p, span(p, end, CHAR_TOKEN)};
	struct http_str target;
	enum http_status status;

	p += method.len;
	if (method.len == 0 || p == end || *p++ != ' ')
		return HTTP_BAD_REQUEST;
	target.p = p;
	target.len = span(p, end, CHAR_TARGET);
	if (target.len > limits->max_target_bytes)
		return HTTP_URI_TOO_LONG;
	p += target.len;
	if (target.len == 0 || p == end || *p++ != ' ')
		return HTTP_BAD_REQUEST;
	status = parse_version(p, end, req);
	if (status != HTTP_NONE)
		return status;
	req->method = method_of(&method);
	return parse_target(target, &method, req);
}

/* The next member of a comma-separated list (RFC 9110, 5.6.1), empty ones left out. */
static bool
list_next(struct http_str *list, struct http_str *member)
{
	const char *p = list->p, *end = p + list->len;
	const char *s, *e;

	while (p < end && (*p == ',' || is_space(*p)))
		p++;
	for (s = p; p < end && *p != ','; p++)
		;
	for (e = p; e > s && is_space(e[-1]); e--)
		;
	member->p = s;
	member->len = (uint32_t)(e - s);
	list->p = p;
	list->len = (uint32_t)(end - p);
	return member->len > 0;
}

static void
parse_connection(struct http_str list, struct fields *f)
{
	struct http_str token;

	while (list_next(&list, &token)) {
		if (http_str_is(&token, "close"))
			f->close = true;
		else if (http_str_is(&token, "keep-alive"))
			f->keep_alive = true;
	}
}

/* A decimal number of any length up to 18 digits, which no body has. */
static bool
parse_number(const struct http_str *text, uint64_t *value)
{
	uint64_t v = 0;
	uint32_t i;

	if (text->len == 0 || text->len > 18)
		return false;
	for (i = 0; i < text->len; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text->p[i] - '0');
	}
	*value = v;
	return true;
}

/* Several equal lengths count as one, as RFC 9112, 6.3 (5) allows. */
static enum http_status
parse_content_length(struct http_str list, struct fields *f, struct http_request *req)
{
	struct http_str member;
	uint64_t value;
	bool any = false;

	while (list_next(&list, &member)) {
		if (!parse_number(&member, &value))
			return HTTP_BAD_REQUEST;
		if (f->has_length && value != req->content_length)
			return HTTP_BAD_REQUEST;
		f->has_length = any = true;
		req->content_length = value;
	}
	return any ? HTTP_NONE : HTTP_BAD_REQUEST;
}

/* "chunked" must be the last coding, and once (RFC 9112, 6.1); we know no other. */
static enum http_status
parse_transfer_encoding(struct http_str list, struct fields *f, struct http_request *req)
{
	struct http_str coding;
	bool unknown = false;

	f->has_coding = true;
	while (list_next(&list, &coding)) {
		if (req->chunked)
			return HTTP_BAD_REQUEST;
		if (http_str_is(&coding, "chunked"))
			req->chunked = true;
		else
			unknown = true;
	}
	return unknown ? HTTP_NOT_IMPLEMENTED : HTTP_NONE;
}

/* uri-host [ ":" port ] (RFC 9110, 7.2); it may be empty. */
static enum http_status
parse_host(const struct http_str *value, struct fields *f)
{
	if (f->nb_host++ > 0)
		return HTTP_BAD_REQUEST;
	return span(value->p, value->p + value->len, CHAR_HOST) == value->len ? HTTP_NONE
									      : HTTP_BAD_REQUEST;
}

static enum field
field_of(const struct http_str *name)
{
	unsigned int i;

	for (i = 0; i < FIELD_OTHER; i++)
		if (lower(name->p[0]) == field_names[i][0] && http_str_is(name, field_names[i]))
			return (enum field)i;
	return FIELD_OTHER;
}

/* A field that may come once; a second one is an error (RFC 9110, 5.3). */
static enum http_status
take_once(struct http_str *to, const struct http_str *value)
{
	if (to->p != NULL)
		return HTTP_BAD_REQUEST;
	*to = *value;
	return HTTP_NONE;
}

static enum http_status
parse_field(enum field field, const struct http_str *value, struct fields *f,
	struct http_request *req)
{
	switch (field) {
	case FIELD_CONNECTION:
		parse_connection(*value, f);
		return HTTP_NONE;
	case FIELD_CONTENT_LENGTH:
		return parse_content_length(*value, f, req);
	case FIELD_EXPECT:
		req->expect_continue = http_str_is(value, "100-continue");
		req->expect_unknown |= !req->expect_continue;
		return HTTP_NONE;
	case FIELD_HOST:
		return parse_host(value, f);
	case FIELD_IF_MATCH:
		return take_once(&req->if_match, value);
	case FIELD_IF_MODIFIED_SINCE:
		return take_once(&req->if_modified_since, value);
	case FIELD_IF_NONE_MATCH:
		req->if_none_match = true;
		return HTTP_NONE;
	case FIELD_IF_RANGE:
		return take_once(&req->if_range, value);
	case FIELD_IF_UNMODIFIED_SINCE:
		return take_once(&req->if_unmodified_since, value);
	case FIELD_RANGE:
		return take_once(&req->range, value);
	case FIELD_TRANSFER_ENCODING:
		return parse_transfer_encoding(*value, f, req);
	default:
		return HTTP_NONE;
	}
}

/* field-name ":" OWS field-value OWS (RFC 9112, 5), without the line's end. A line that begins with
 * a space (obs-fold, 5.2) and a space before the colon (5.1) fail as a name without a token. */
static enum http_status
parse_field_line(const char *p, const char *end, struct fields *f, struct http_request *req)
{
	struct http_str name = {p, span(p, end, CHAR_TOKEN)};
	struct http_str value;

	p += name.len;
	if (name.len == 0 || p == end || *p != ':')
		return HTTP_BAD_REQUEST;
	do
		p++;
	while (p < end && is_space(*p));
	while (end > p && is_space(end[-1]))
		end--;
	value.p = p;
	value.len = (uint32_t)(end - p);
	if (span(p, end, CHAR_VALUE) != value.len)
		return HTTP_BAD_REQUEST;
	return parse_field(field_of(&name), &value, f, req);
}

/* What the fields mean together (RFC 9112, 3.2, 6.1 to 6.3, 9.3). */
static enum http_status
check_fields(const struct fields *f, struct http_request *req)
{
	if (f->nb_host == 0 && !req->is_http10)
		return HTTP_BAD_REQUEST;
	if (f->has_coding && (f->has_length || !req->chunked || req->is_http10))
		return HTTP_BAD_REQUEST;
	if (req->is_http10)
		req->expect_continue = req->expect_unknown = false;
	req->keep_alive = !f->close && (!req->is_http10 || f->keep_alive);
	req->client_closes = !req->keep_alive;
	return HTTP_NONE;
}

enum http_status
http_parse_head(const char *head, uint32_t len, const struct http_limits *limits,
	struct http_request *req)
{
	const char *p = head, *end = head + len;
	struct fields f = {0};
	enum http_status status = HTTP_NONE, worst = HTTP_NONE;

	memset(req, 0, sizeof(*req));
	req->method = HTTP_METHOD_UNKNOWN;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf;

		if (lf == NULL)
			return HTTP_BAD_REQUEST;
		if (stop > p && stop[-1] == '\r')
			stop--;
		if (stop == p)
			break;
		if (p == head)
			status = parse_request_line(p, stop, limits, req);
		else
			status = parse_field_line(p, stop, &f, req);
		if (status == HTTP_NOT_IMPLEMENTED)
			worst = status; /* a plain error that follows is the better answer */
		else if (status != HTTP_NONE)
			return status;
		p = lf + 1;
	}
	if (worst != HTTP_NONE)
		return worst;
	return check_fields(&f, req);
}
