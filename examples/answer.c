/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An HTTP/1.1 answer, read as it comes: a head, which is kept, and a body, which is written out.
 * The server is not trusted: nothing that it says makes this take more memory or read beyond.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "answer.h"

#define UNTIL_END UINT64_MAX

static void
wrong(struct answer *a, const char *what, const char *detail)
{
	if (a->state == ANSWER_WRONG)
		return; /* the first cause is the cause */
	a->state = ANSWER_WRONG;
	snprintf(a->err, sizeof(a->err), "%s%.200s", what, detail);
}

static void
read_length(struct answer *a, const char *value)
{
	value += strspn(value, " \t");
	if (*value == '\0' || strspn(value, "0123456789") != strcspn(value, " \t"))
		wrong(a, "not a Content-Length: ", value);
	a->body_left = strtoull(value, NULL, 10);
}

/* A complete head: "HTTP/1.1 200 OK", fields, an empty line. */
static void
read_head(struct answer *a)
{
	char *line = a->head, *eol;
	int status;

	a->head_len = 0;
	if (sscanf(a->head, "HTTP/1.%*1[01] %3d", &status) != 1) {
		wrong(a, "this is not HTTP/1.1", "");
		return;
	}
	if (status / 100 == 1)
		return; /* the real answer is still to come */
	a->in_body = true;
	a->body_left = UNTIL_END;
	for (; (eol = strstr(line, "\r\n")) != NULL; line = eol + 2) {
		*eol = '\0';
		if (line == a->head && status != 200)
			wrong(a, "the server says: ", line);
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			read_length(a, line + 15);
		/* "Connection: close" does not keep a server from sending chunks. */
		if (strncasecmp(line, "Transfer-Encoding:", 18) == 0)
			wrong(a, "not understood: ", line);
	}
}

static void
take_body(struct answer *a, const char *data, size_t len)
{
	len = RTE_MIN(len, a->body_left);
	if (fwrite(data, 1, len, a->out) < len) {
		wrong(a, "cannot write the body: ", strerror(errno));
		return;
	}
	if (a->body_left != UNTIL_END)
		a->body_left -= len;
	if (a->body_left == 0)
		answer_end(a);
}

enum answer_state
answer_take(struct answer *a, const char *data, size_t len)
{
	while (len > 0 && !a->in_body && a->state == ANSWER_MORE) {
		a->head[a->head_len++] = *data++;
		a->head[a->head_len] = '\0';
		len--;
		if (a->head_len >= 4 && memcmp(&a->head[a->head_len - 4], "\r\n\r\n", 4) == 0)
			read_head(a);
		else if (a->head_len == ANSWER_HEAD_MAX)
			wrong(a, "the head of the answer is too long", "");
	}
	if (a->in_body && a->state == ANSWER_MORE)
		take_body(a, data, len);
	return a->state;
}

enum answer_state
answer_end(struct answer *a)
{
	if (a->state != ANSWER_MORE)
		return a->state;
	if (!a->in_body || (a->body_left != 0 && a->body_left != UNTIL_END))
		wrong(a, "the server closed the connection before the end of its answer", "");
	else if (fflush(a->out) != 0)
		wrong(a, "cannot write the body: ", strerror(errno));
	else
		a->state = ANSWER_COMPLETE;
	return a->state;
}
