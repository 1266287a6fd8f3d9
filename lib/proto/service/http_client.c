/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection of a server. TCP's callbacks and the timer lead to http_client_run(), which takes
 * steps, one function a state, until there is nothing to do but wait:
 *
 *     HEAD -> [BODY] -> SEND -> HEAD ...       requests, one after the other
 *                            -> LINGER         our FIN is sent, the client's is waited for
 *     HEAD, BODY -> FAIL -> SEND -> LINGER     an error after which nothing can be trusted
 *
 * A request that comes while a response is being sent stays with TCP, whose window then closes. A
 * response that cannot be made or sent, for want of mbufs or of room, is made or sent later.
 */

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "http_answer.h"
#include "http_server.h"

#define MAX_STEPS    64      /* of one client in one burst; some 30 requests */
#define RETRY_US     2000    /* mbufs were short */
#define LINGER_US    5000000
#define LINGER_BYTES (4u << 20)
/* A head in more mbufs than this, as long as it is not complete, is moved together. */
#define MAX_SEGS     8
/* And beyond this, where even that fails, the client must go. */
#define TOO_MANY_SEGS 64

/* After a step: go on; wait for TCP or the timer; the record has been given back. */
enum step { STEP_GO, STEP_WAIT, STEP_GONE };

/* The deadline of the state that begins. */
static void
set_deadline(struct http_client *c, uint32_t delay_us)
{
	c->deadline_us = c->server->core->now_us + delay_us;
}

static void
begin_head(struct http_client *c)
{
	c->state = CLIENT_HEAD;
	memset(&c->scan, 0, sizeof(c->scan));
	set_deadline(c, c->server->idle_us);
}

struct http_client *
http_client_new(struct isla_http_server *server, struct isla_tcp_conn *conn)
{
	struct http_client *c = server->free;

	if (c == NULL)
		return NULL;
	server->free = c->next;
	memset(c, 0, sizeof(*c));
	timer_init(&c->timer, TIMER_HTTP);
	c->server = server;
	c->conn = conn;
	begin_head(c);
	timer_set(&server->core->wheel, &c->timer, c->deadline_us);
	isla_tcp_set_ctx(conn, c);
	return c;
}

void
http_client_free(struct http_client *c)
{
	struct isla_http_server *s = c->server;

	timer_stop(&s->core->wheel, &c->timer);
	rte_pktmbuf_free(c->in);
	rte_pktmbuf_free(c->out);
	s->nb_held -= c->held_segs;
	c->in = c->out = NULL;
	c->state = CLIENT_FREE;
	c->next = s->free;
	s->free = c;
}

static enum step
client_close(struct http_client *c)
{
	isla_tcp_close(c->conn);
	http_client_free(c);
	return STEP_GONE;
}

static enum step
client_abort(struct http_client *c)
{
	isla_tcp_abort(c->conn);
	http_client_free(c);
	return STEP_GONE;
}

/* Take what TCP has, behind what we have; false where there is nothing. */
static bool
client_recv(struct http_client *c)
{
	struct rte_mbuf *m = isla_tcp_recv(c->conn);
	uint32_t nb_bytes;

	if (m == NULL)
		return false;
	nb_bytes = m->pkt_len;
	if (c->in == NULL) {
		c->in = m;
	} else if (rte_pktmbuf_chain(c->in, m) != 0) {
		/* 65,535 mbufs: what does not fit is lost, so nothing after it can be understood.
		 */
		rte_pktmbuf_free(m);
		isla_tcp_consumed(c->conn, nb_bytes);
		c->close = true;
	}
	return true;
}

/* The first bytes of in have been dealt with. */
static void
client_consume(struct http_client *c, uint32_t nb_bytes)
{
	struct rte_mbuf *m = c->in;
	uint32_t total = m->pkt_len, left = nb_bytes;
	uint16_t nb_segs = m->nb_segs;

	while (m != NULL && left >= m->data_len) {
		struct rte_mbuf *next = m->next;

		left -= m->data_len;
		rte_pktmbuf_free_seg(m);
		nb_segs--;
		m = next;
	}
	if (m != NULL) {
		m->data_off += (uint16_t)left;
		m->data_len -= (uint16_t)left;
		m->pkt_len = total - nb_bytes;
		m->nb_segs = nb_segs;
	}
	c->in = m;
	isla_tcp_consumed(c->conn, nb_bytes);
}

static void
client_drop_in(struct http_client *c)
{
	if (c->in != NULL)
		client_consume(c, c->in->pkt_len);
}

/* The rest of the input cannot be trusted: answer with an error and close. */
static enum step
client_fail(struct http_client *c, uint16_t status)
{
	rte_pktmbuf_free(c->out);
	c->out = NULL;
	client_drop_in(c);
	c->left = 0;
	c->status = status;
	c->state = CLIENT_FAIL;
	set_deadline(c, c->server->head_us);
	return STEP_GO;
}

/* Mbufs are short; the same step is taken again soon. */
static enum step
client_retry(struct http_client *c)
{
	c->again_us = c->server->core->now_us + RETRY_US;
	return STEP_WAIT;
}

/* Make the response's head; false where mbufs are short. */
static bool
client_compose(struct http_client *c, const struct http_reply *reply)
{
	struct isla_http_server *s = c->server;
	struct http_str common = http_server_common(s);

	c->out = http_reply_compose(s->core->pool, reply, &common);
	if (c->out == NULL)
		return false;
	core_count(s->core, ISLA_C_HTTP_REQUESTS);
	if (reply->status >= 400)
		core_count(s->core, ISLA_C_HTTP_ERRORS);
	c->close = reply->close;
	if ((reply->status == HTTP_OK || reply->status == HTTP_PARTIAL_CONTENT) &&
		!reply->head_only) {
		c->resource = reply->resource;
		c->pos = reply->first;
		c->left = reply->len;
	}
	return true;
}

static void
begin_send(struct http_client *c)
{
	c->state = CLIENT_SEND;
	set_deadline(c, c->server->idle_us);
}

/* An incomplete head in many mbufs, perhaps one byte each: move it together. False where the client
 * holds too many of them and nothing can be done. */
static bool
client_gather(struct http_client *c)
{
	struct core *core = c->server->core;
	uint32_t off = 0, len = c->in->pkt_len;
	struct rte_mbuf *first = NULL;

	if (c->in->nb_segs <= MAX_SEGS)
		return true;
	while (off < len) {
		struct rte_mbuf *m = core_alloc(core);
		uint16_t n;

		if (m == NULL || (first != NULL && rte_pktmbuf_chain(first, m) != 0)) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(first);
			return c->in->nb_segs <= TOO_MANY_SEGS;
		}
		n = (uint16_t)RTE_MIN((uint32_t)rte_pktmbuf_tailroom(m), len - off);
		payload_copy(core, rte_pktmbuf_mtod(m, void *), c->in, off, n);
		m->data_len = n;
		if (first == NULL)
			first = m;
		first->pkt_len = off += n;
	}
	rte_pktmbuf_free(c->in);
	c->in = first;
	return true;
}

/* Look at what has come since the last time. */
static enum http_progress
client_scan(struct http_client *c)
{
	enum http_progress progress = HTTP_MORE;
	uint32_t off = c->scan.len;
	const struct rte_mbuf *m;

	for (m = c->in; m != NULL && progress == HTTP_MORE; m = m->next) {
		if (off >= m->data_len) {
			off -= m->data_len;
			continue;
		}
		if (c->scan.len == 0) {
			set_deadline(c, c->server->head_us);
			c->begin_us = (uint32_t)c->server->core->now_us;
		}
		progress = http_scan_feed(&c->scan, &c->server->limits,
			rte_pktmbuf_mtod_offset(m, const char *, off), m->data_len - off);
		off = 0;
	}
	return progress;
}

/* The complete head as one piece of memory: in its mbuf, or gathered. */
static const char *
client_head(struct http_client *c)
{
	struct isla_http_server *s = c->server;

	if (c->scan.len <= c->in->data_len)
		return rte_pktmbuf_mtod_offset(c->in, const char *, c->scan.skip);
	payload_copy(s->core, s->gather, c->in, c->scan.skip, c->scan.len - c->scan.skip);
	return s->gather;
}

/* A head is complete: answer it. It stays where it is until the response's head is made. */
static enum step
client_request(struct http_client *c)
{
	struct isla_http_server *s = c->server;
	int64_t now_sec = (int64_t)(isla_stack_wall_us(s->stack) / 1000000);
	struct http_reply reply = {.close = c->once || c->close};
	struct http_request req;
	enum http_status status;

	status = http_parse_head(client_head(c), c->scan.len - c->scan.skip, &s->limits, &req);
	if (status != HTTP_NONE)
		return client_fail(c, (uint16_t)status);
	http_answer(s->site, &req, s->path, now_sec, &reply);
	if (!client_compose(c, &reply)) {
		c->head_done = true;
		return client_retry(c);
	}
	c->head_done = false;
	c->client_closes = req.client_closes;
	client_consume(c, c->scan.len);
	if (!http_has_body(&req)) {
		begin_send(c);
	} else if (req.expect_continue || reply.status == HTTP_CONTENT_TOO_LARGE) {
		c->client_closes = false;
		begin_send(c);
	} else {
		http_body_init(&c->body, &req, HTTP_BODY_MAX);
		c->state = CLIENT_BODY;
	}
	return STEP_GO;
}

static enum step
step_head(struct http_client *c)
{
	if (c->head_done)
		return client_request(c);
	switch (client_scan(c)) {
	case HTTP_DONE:
		return client_request(c);
	case HTTP_BAD:
		return client_fail(c, c->scan.status);
	default:
		break;
	}
	if (client_recv(c))
		return STEP_GO;
	if (c->eof || c->close)
		return client_close(c);
	if (c->in != NULL && !client_gather(c))
		return client_abort(c);
	return STEP_WAIT;
}

static enum step
step_body(struct http_client *c)
{
	while (c->in != NULL) {
		uint32_t used;
		enum http_progress progress = http_body_feed(&c->body,
			rte_pktmbuf_mtod(c->in, const void *), c->in->data_len, &used);

		client_consume(c, used);
		if (progress == HTTP_BAD)
			return client_fail(c, c->body.budget == 0 ? HTTP_CONTENT_TOO_LARGE
								   : HTTP_BAD_REQUEST);
		if (progress == HTTP_DONE) {
			begin_send(c);
			return STEP_GO;
		}
	}
	if (client_recv(c))
		return STEP_GO;
	return c->eof ? client_close(c) : STEP_WAIT;
}

static enum step
step_fail(struct http_client *c)
{
	const struct http_reply reply = {.status = c->status, .close = true};

	if (!client_compose(c, &reply))
		return client_retry(c);
	c->client_closes = false;
	begin_send(c);
	return STEP_GO;
}

/* The response is TCP's, and the connection shall end. Where the client may still be sending,
 * closing at once would reset the connection and could cost it the response (RFC 9112, 9.6). */
static enum step
client_finish(struct http_client *c)
{
	bool unread = c->in != NULL;

	client_drop_in(c);
	if (c->eof || (c->client_closes && !unread && !client_recv(c)))
		return client_close(c);
	isla_tcp_shutdown(c->conn);
	c->state = CLIENT_LINGER;
	c->left = LINGER_BYTES;
	set_deadline(c, LINGER_US);
	return STEP_GO;
}

static enum step
step_send(struct http_client *c)
{
	struct http_refs *refs = c->server->refs;
	size_t index = (size_t)(c - c->server->clients) & (HTTP_NB_SHINFO - 1);

	if (c->out != NULL) {
		int rc = isla_tcp_send(c->conn, c->out);

		if (rc == -EAGAIN)
			return STEP_WAIT;
		if (rc != 0)
			return client_abort(c);
		c->out = NULL;
	}
	while (c->left > 0) {
		const struct http_resource *res = c->resource;
		int64_t n = isla_tcp_send_ext(c->conn, res->data + c->pos,
			res->iova != RTE_BAD_IOVA ? res->iova + c->pos : RTE_BAD_IOVA, c->left,
			&refs->shinfo[index]);

		if (n == -ENOBUFS)
			return client_retry(c);
		if (n < 0)
			return client_abort(c);
		if (n == 0)
			return STEP_WAIT;
		c->pos += (uint64_t)n;
		c->left -= (uint64_t)n;
	}
	core_record(c->server->core, ISLA_HIST_HTTP_LATENCY,
		(uint32_t)c->server->core->now_us - c->begin_us);
	if (c->close)
		return client_finish(c);
	begin_head(c);
	return STEP_GO;
}

static enum step
step_linger(struct http_client *c)
{
	do {
		if (c->in == NULL)
			continue;
		c->left -= RTE_MIN(c->left, (uint64_t)c->in->pkt_len);
		client_drop_in(c);
	} while (client_recv(c));
	return c->eof || c->left == 0 ? client_close(c) : STEP_WAIT;
}

static enum step
client_step(struct http_client *c)
{
	switch (c->state) {
	case CLIENT_HEAD:
		return step_head(c);
	case CLIENT_BODY:
		return step_body(c);
	case CLIENT_FAIL:
		return step_fail(c);
	case CLIENT_SEND:
		return step_send(c);
	default:
		return step_linger(c);
	}
}

/* Nothing can be done now: account for what is kept, and set the timer. */
static void
client_wait(struct http_client *c)
{
	struct isla_http_server *s = c->server;
	uint16_t nb_segs = c->in != NULL ? c->in->nb_segs : 0;

	s->nb_held = s->nb_held - c->held_segs + nb_segs;
	c->held_segs = nb_segs;
	if (s->nb_held > s->max_held && nb_segs > 0) {
		client_abort(c);
		return;
	}
	timer_set(&s->core->wheel, &c->timer,
		c->again_us != 0 ? RTE_MIN(c->again_us, c->deadline_us) : c->deadline_us);
}

void
http_client_run(struct http_client *c)
{
	unsigned int i;

	c->again_us = 0;
	for (i = 0; i < MAX_STEPS; i++) {
		enum step step = client_step(c);

		if (step == STEP_GONE)
			return;
		if (step == STEP_WAIT) {
			client_wait(c);
			return;
		}
	}
	/* The others want their turn. */
	c->again_us = c->server->core->now_us;
	client_wait(c);
}

/* True where the peer has acknowledged something since the last time we looked. */
static bool
client_advanced(struct http_client *c, struct isla_tcp_info *info)
{
	uint64_t before = c->acked_bytes;

	isla_tcp_get_info(c->conn, info);
	c->acked_bytes = info->bytes_acked;
	return info->bytes_acked != before;
}

/* A response, or its end in TCP's queue, makes no way; true where it does, however slowly. */
static void
client_stalled(struct http_client *c)
{
	struct isla_tcp_info info;
	bool advanced = client_advanced(c, &info);

	if (info.sndq_bytes == 0 && c->state == CLIENT_HEAD) {
		client_close(c);
	} else if (advanced) {
		set_deadline(c, c->server->idle_us);
		http_client_run(c);
	} else {
		client_abort(c);
	}
}

static void
client_timeout(struct http_client *c)
{
	switch (c->state) {
	case CLIENT_HEAD:
		if (c->scan.len == 0) {
			client_stalled(c);
			return;
		}
		c->head_done = false;
		/* FALLTHROUGH */
	case CLIENT_BODY:
		client_fail(c, HTTP_REQUEST_TIMEOUT);
		http_client_run(c);
		return;
	case CLIENT_SEND:
		client_stalled(c);
		return;
	case CLIENT_FAIL:
		client_abort(c);
		return;
	default:
		client_close(c);
		return;
	}
}

void
http_client_timer(void *ctx, struct timer *t)
{
	struct http_client *c = container_of(t, struct http_client, timer);

	RTE_SET_USED(ctx);
	if (c->server->core->now_us >= c->deadline_us)
		client_timeout(c);
	else
		http_client_run(c);
}

static int
client_accept(struct isla_tcp_conn *conn, void *arg)
{
	return http_client_new(arg, conn) != NULL ? 0 : -ENOSPC;
}

/* While a response is being sent, what comes waits. */
static void
client_readable(struct isla_tcp_conn *conn, void *ctx)
{
	struct http_client *c = ctx;

	RTE_SET_USED(conn);
	if (c->state != CLIENT_SEND && c->state != CLIENT_FAIL)
		http_client_run(c);
}

static void
client_writable(struct isla_tcp_conn *conn, void *ctx)
{
	struct http_client *c = ctx;

	RTE_SET_USED(conn);
	if (c->state == CLIENT_SEND)
		http_client_run(c);
}

static void
client_eof(struct isla_tcp_conn *conn, void *ctx)
{
	struct http_client *c = ctx;

	RTE_SET_USED(conn);
	c->eof = true;
	http_client_run(c);
}

static void
client_error(struct isla_tcp_conn *conn, void *ctx, int err)
{
	RTE_SET_USED(conn);
	RTE_SET_USED(err);
	http_client_free(ctx);
}

const struct isla_tcp_ops http_client_ops = {
	.accept = client_accept,
	.readable = client_readable,
	.writable = client_writable,
	.eof = client_eof,
	.error = client_error,
};
