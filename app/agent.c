/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's thread and its other half on the shard. The thread reads lines and writes answers; a
 * call goes to the shard as a request, and comes back as a note when it has its answer. A
 * connection has one call at a time, so nothing is ever shared: it belongs to the one side or to
 * the other.
 *
 * On the shard, calls that wait stand in a list. Whatever happens to a socket posts one request
 * that runs all of them again after the burst.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "agent.h"
#include "agent_call.h"

#define MAX_CLIENTS 64
#define MAX_RECORDS (2 * MAX_CLIENTS) /* those among them that have gone, and whose calls have not */
#define BACKLOG     1024
#define ZEROS_LEN   32768u
#define MAX_SOCKS   1024
#define FULL_MS     100  /* between two attempts to accept where there is no descriptor */

/* What the shard tells the thread. */
struct note {
	struct note *next;
	struct client *client;
	bool is_answer;
};

struct client;

/* What goes by every shard, from the last to the first, and is done on that one: what the ports
 * have brought before it was sent is the first shard's by then, and none overtakes another. */
struct errand {
	struct isla_engine_request req;
	struct client *client;
	void (*run)(struct client *c);
	uint16_t shard;               /* on which it is */
};

/* A connection to the agent. */
struct client {
	struct agent *agent;
	int fd;                       /* -1: the record is free */
	unsigned int nb_out;          /* requests whose notes have not come back */
	bool busy;                    /* its call is the shard's */
	bool eof;                     /* it will not send any more */
	bool gone;                    /* nobody is there to hear an answer */
	bool skip;                    /* the rest of a line that was too long */
	uint32_t events;              /* what epoll looks for */
	size_t in_len;
	size_t out_len, out_at;
	struct agent_call call;
	struct errand begin, cancel, close_all;
	struct note answered, cancelled, closed;
	bool is_waiting;              /* the shard's: in the list */
	struct client *next_waiting;
	char in[AGENT_LINE_MAX];
	char out[AGENT_ANSWER_MAX];
};

/* Zeros, which are sent, and what counts the references to them, for each descriptor by itself
 * since a count is of 16 bits: lives as long as they do. */
struct zeros {
	struct rte_mbuf_ext_shared_info shinfo[MAX_SOCKS];
	uint32_t nb_live;
	uint8_t data[ZEROS_LEN] __rte_cache_aligned;
};

struct agent {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct isla_engine *engine;
	int listen_fd, epoll_fd, note_fd, stop_fd;
	bool bound, started;
	bool is_full;                 /* clients wait to be accepted until a record is free */
	pthread_t thread;
	unsigned int nb_clients;
	struct note *notes;           /* atomic; the latest first */
	struct zeros *zeros;
	struct client client[MAX_RECORDS];
	/* The shard's. */
	struct agent_env env;
	struct client *waiting;
	struct isla_engine_request retry;
	bool retry_posted;
};

/* ---- on the shard ---- */

static void
note_post(struct agent *a, struct note *n)
{
	struct note *head = __atomic_load_n(&a->notes, __ATOMIC_RELAXED);
	uint64_t one = 1;

	do
		n->next = head;
	while (!__atomic_compare_exchange_n(&a->notes, &head, n, true, __ATOMIC_RELEASE,
		__ATOMIC_RELAXED));
	/* A counter that is full rings already. */
	if (head == NULL && write(a->note_fd, &one, sizeof(one)) < 0)
		return;
}

/* Run every waiting call again; those that have their answer leave the list. */
static void
retry_all(struct agent *a)
{
	struct client **link = &a->waiting, *c;
	uint64_t next_us = UINT64_MAX;

	while ((c = *link) != NULL) {
		if (agent_call_run(&a->env, &c->call) == AGENT_DONE) {
			*link = c->next_waiting;
			c->is_waiting = false;
			note_post(a, &c->answered);
		} else {
			next_us = RTE_MIN(next_us, agent_call_wake_us(&a->env, &c->call));
			link = &c->next_waiting;
		}
	}
	isla_socket_wake_at(a->env.table, next_us);
}

static void
retry_run(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct agent *a = RTE_PTR_SUB(req, offsetof(struct agent, retry));

	RTE_SET_USED(stack);
	a->retry_posted = false;
	retry_all(a);
}

/* Something has happened to a socket. The calls run after the burst, not within its callbacks. */
static void
wake(void *ctx, int fd)
{
	struct agent *a = ctx;

	RTE_SET_USED(fd);
	if (a->waiting == NULL || a->retry_posted)
		return;
	a->retry_posted = true;
	isla_engine_post(a->engine, 0, &a->retry);
}

/* The sockets are the first shard's, and so is what comes to their ports. */
static int
uses_port(void *ctx, uint16_t port)
{
	struct agent *a = ctx;

	return isla_engine_pin_port(a->engine, port, 0);
}

static void
call_begin(struct client *c)
{
	struct agent *a = c->agent;
	struct client **link;

	if (agent_call_run(&a->env, &c->call) == AGENT_DONE) {
		note_post(a, &c->answered);
	} else {
		/* First come, first served: at the end. */
		for (link = &a->waiting; *link != NULL; link = &(*link)->next_waiting)
			;
		*link = c;
		c->next_waiting = NULL;
		c->is_waiting = true;
	}
	/* It may have done what another one waits for; and there may be a new deadline. */
	if (a->waiting != NULL)
		retry_all(a);
}

/* Its client has gone: it need not wait any longer. */
static void
call_cancel(struct client *c)
{
	if (c->is_waiting) {
		c->call.expired = true;
		retry_all(c->agent);
	}
	note_post(c->agent, &c->cancelled);
}

static void
close_all(struct client *c)
{
	isla_socket_close_all(c->agent->env.table, false);
	note_post(c->agent, &c->closed);
}

static void
errand_run(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct errand *e = RTE_PTR_SUB(req, offsetof(struct errand, req));

	RTE_SET_USED(stack);
	if (e->shard == 0)
		e->run(e->client);
	else
		isla_engine_post(e->client->agent->engine, --e->shard, req);
}

/* ---- the thread ---- */

/* What epoll is to look for. */
static void
client_watch(struct client *c)
{
	struct epoll_event ev = {.data.ptr = c};

	if (!c->eof && c->in_len < sizeof(c->in))
		ev.events |= EPOLLIN;
	if (c->out_len > 0)
		ev.events |= EPOLLOUT;
	if (c->fd >= 0 && ev.events != c->events)
		epoll_ctl(c->agent->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
	c->events = ev.events;
}

static void
client_send(struct client *c, struct errand *e, void (*run)(struct client *c))
{
	struct isla_engine *engine = c->agent->engine;

	c->nb_out++;
	e->req.run = errand_run;
	e->client = c;
	e->run = run;
	e->shard = (uint16_t)(isla_engine_nb_shards(engine) - 1);
	isla_engine_post(engine, e->shard, &e->req);
}

/* Nobody is there any more. The last one to go closes the sockets. */
static void
client_drop(struct client *c)
{
	struct agent *a = c->agent;

	if (c->gone)
		return;
	c->gone = true;
	epoll_ctl(a->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	a->nb_clients--;
	if (c->busy)
		client_send(c, &c->cancel, call_cancel);
	if (a->nb_clients == 0)
		client_send(c, &c->close_all, close_all);
}

/* Take new clients, or leave them where they wait. */
static void
set_full(struct agent *a, bool is_full)
{
	struct epoll_event ev = {
		.events = is_full ? 0 : EPOLLIN, .data.ptr = &a->listen_fd};

	if (a->is_full != is_full)
		epoll_ctl(a->epoll_fd, EPOLL_CTL_MOD, a->listen_fd, &ev);
	a->is_full = is_full;
}

/* A record is free again once nobody has it, and its descriptor is only closed then. */
static void
client_release(struct client *c)
{
	if (!c->gone || c->nb_out > 0 || c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
	set_full(c->agent, false);
}

static void
client_write(struct client *c)
{
	ssize_t n;

	while (c->out_at < c->out_len) {
		n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			client_drop(c);
		if (n <= 0)
			return;
		c->out_at += (size_t)n;
	}
	c->out_at = c->out_len = 0;
}

static void
client_answer(struct client *c)
{
	c->out_len = agent_answer(&c->call, c->out, sizeof(c->out));
	c->out_at = 0;
	client_write(c);
}

/* A line that ends nowhere: it is answered once, and what is left of it passed over. */
static void
line_too_long(struct client *c)
{
	c->in_len = 0;
	if (c->skip)
		return;
	c->skip = true;
	memset(&c->call, 0, sizeof(c->call));
	c->call.ret = -EINVAL;
	c->call.why = "the line is too long";
	client_answer(c);
}

/* Begin the next call, if there is a whole line, and no call or answer before it. */
static void
client_next(struct client *c)
{
	char line[AGENT_LINE_MAX], *end;
	size_t len;

	while (!c->gone && !c->busy && c->out_len == 0) {
		end = memchr(c->in, '\n', c->in_len);
		if (end == NULL) {
			if (c->in_len == sizeof(c->in))
				line_too_long(c);
			else if (c->eof)
				client_drop(c);
			return;
		}
		len = (size_t)(end - c->in);
		memcpy(line, c->in, len);
		line[len] = '\0';
		c->in_len -= len + 1;
		memmove(c->in, end + 1, c->in_len);
		if (c->skip) {
			c->skip = false;
			continue;
		}
		/* A NUL would end the line early, and hide the rest. */
		if (memchr(line, '\0', len) != NULL)
			line[0] = '\0';
		if (agent_parse(&c->call, line)) {
			c->busy = true;
			client_send(c, &c->begin, call_begin);
		} else {
			client_answer(c);
		}
	}
}

static void
client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);

	if (n > 0)
		c->in_len += (size_t)n;
	else if (n == 0)
		c->eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		client_drop(c);
}

static void
client_event(struct client *c, uint32_t events)
{
	if (c->gone)
		return;
	/* Both directions are closed: the answer would go nowhere. */
	if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		client_drop(c);
	if (!c->gone && (events & EPOLLIN) != 0)
		client_read(c);
	if (!c->gone && (events & EPOLLOUT) != 0)
		client_write(c);
	client_next(c);
	if (!c->gone)
		client_watch(c);
	client_release(c);
}

static void
client_accept(struct agent *a)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct client *c = a->client;
	int fd;

	while (c < a->client + MAX_RECORDS && c->fd >= 0)
		c++;
	if (c == a->client + MAX_RECORDS) {
		set_full(a, true);
		return;
	}
	fd = accept4(a->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		/* No descriptor: epoll would tell the same again at once. */
		if (errno == EMFILE || errno == ENFILE)
			set_full(a, true);
		return;
	}
	if (a->nb_clients == MAX_CLIENTS) {
		close(fd);
		return;
	}
	memset(c, 0, offsetof(struct client, call));
	c->agent = a;
	c->fd = fd;
	c->events = EPOLLIN;
	c->answered = (struct note){.client = c, .is_answer = true};
	c->cancelled = c->closed = (struct note){.client = c};
	c->is_waiting = false;
	ev.data.ptr = c;
	if (epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
		close(fd);
		c->fd = -1;
		return;
	}
	a->nb_clients++;
}

static void
notes_take(struct agent *a)
{
	struct note *n, *next;
	uint64_t rings;

	if (read(a->note_fd, &rings, sizeof(rings)) < 0 && errno != EAGAIN)
		return;
	/* The order between connections does not matter, and one has one answer at a time. */
	for (n = __atomic_exchange_n(&a->notes, NULL, __ATOMIC_ACQUIRE); n != NULL; n = next) {
		struct client *c = n->client;

		next = n->next;
		c->nb_out--;
		if (n->is_answer) {
			c->busy = false;
			if (!c->gone)
				client_answer(c);
			client_next(c);
			if (!c->gone)
				client_watch(c);
		}
		client_release(c);
	}
}

static void *
agent_thread(void *arg)
{
	struct agent *a = arg;
	struct epoll_event ev[MAX_RECORDS + 3];
	bool has_new;
	int i, n;

	for (;;) {
		/* Where no client is there to give a descriptor back somebody else must. */
		n = epoll_wait(a->epoll_fd, ev, RTE_DIM(ev),
			a->is_full && a->nb_clients == 0 ? FULL_MS : -1);
		has_new = false;
		if (n == 0)
			set_full(a, false);
		for (i = 0; i < n; i++) {
			if (ev[i].data.ptr == &a->stop_fd)
				return NULL;
			if (ev[i].data.ptr == &a->listen_fd)
				has_new = true;
			else if (ev[i].data.ptr == &a->note_fd)
				notes_take(a);
			else
				client_event(ev[i].data.ptr, ev[i].events);
		}
		/* Last: whoever has gone makes room. */
		if (has_new)
			client_accept(a);
	}
}

/* ---- making and ending ---- */

/* A socket file that nobody listens on any more is left over from a run that was killed. */
static bool
is_stale(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, rc;

	if (lstat(addr->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	rc = rc != 0 ? errno : 0;
	close(fd);
	return rc == ECONNREFUSED;
}

/* 0, or -errno. */
static int
agent_bind(struct agent *a)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int rc;

	memcpy(addr.sun_path, a->path, sizeof(a->path));
	a->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->listen_fd < 0)
		return -errno;
	/* The file gets the mode that the socket has when it is bound. */
	if (fchmod(a->listen_fd, 0600) != 0)
		return -errno;
	rc = bind(a->listen_fd, (const struct sockaddr *)&addr, sizeof(addr));
	if (rc != 0 && errno == EADDRINUSE && is_stale(&addr) && unlink(a->path) == 0)
		rc = bind(a->listen_fd, (const struct sockaddr *)&addr, sizeof(addr));
	if (rc != 0)
		return -errno;
	a->bound = true;
	return listen(a->listen_fd, BACKLOG) == 0 ? 0 : -errno;
}

static void
zeros_free(void *addr, void *opaque)
{
	struct zeros *z = opaque;

	RTE_SET_USED(addr);
	if (__atomic_sub_fetch(&z->nb_live, 1, __ATOMIC_ACQ_REL) == 0)
		rte_free(z);
}

/* The table of sockets, and what they send. */
static int
agent_sockets(struct agent *a)
{
	const struct isla_socket_conf conf = {
		.max_socks = MAX_SOCKS, .first_fd = 3, .wake = wake, .uses_port = uses_port, .ctx = a};
	unsigned int i;

	a->zeros = rte_zmalloc("agent", sizeof(*a->zeros), RTE_CACHE_LINE_SIZE);
	if (a->zeros == NULL)
		return -ENOMEM;
	for (i = 0; i < MAX_SOCKS; i++) {
		a->zeros->shinfo[i].free_cb = zeros_free;
		a->zeros->shinfo[i].fcb_opaque = a->zeros;
		rte_mbuf_ext_refcnt_set(&a->zeros->shinfo[i], 1);
	}
	a->zeros->nb_live = MAX_SOCKS;
	a->env.zeros = (struct isla_socket_mem){.data = a->zeros->data,
		.iova = rte_malloc_virt2iova(a->zeros->data), .len = ZEROS_LEN};
	a->env.shinfo = a->zeros->shinfo;
	a->env.nb_shinfo = MAX_SOCKS;
	a->env.table = isla_socket_table_create(isla_engine_stack(a->engine, 0), &conf);
	return a->env.table != NULL ? 0 : -ENOMEM;
}

struct agent *
agent_create(const char *path, struct isla_engine *engine, char *err, size_t err_size)
{
	struct agent *a = calloc(1, sizeof(*a));
	unsigned int i;
	int rc = a != NULL ? 0 : -ENOMEM;

	if (a != NULL) {
		a->engine = engine;
		a->retry.run = retry_run;
		a->listen_fd = a->epoll_fd = a->note_fd = a->stop_fd = -1;
		for (i = 0; i < MAX_RECORDS; i++)
			a->client[i].fd = -1;
		if (strlen(path) >= sizeof(a->path))
			rc = -ENAMETOOLONG;
		else
			memcpy(a->path, path, strlen(path));
		rc = rc == 0 ? agent_bind(a) : rc;
		rc = rc == 0 ? agent_sockets(a) : rc;
	}
	if (rc == 0)
		return a;
	snprintf(err, err_size, "--agent %s: %s", path,
		rc == -EADDRINUSE ? "there is a file, or somebody listens there" :
		rc == -ENAMETOOLONG ? "give a path of at most 107 bytes" : strerror(-rc));
	agent_free(a);
	return NULL;
}

static int
watch(struct agent *a, int *fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = fd};

	return *fd >= 0 ? epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, *fd, &ev) : -1;
}

int
agent_start(struct agent *a, char *err, size_t err_size)
{
	sigset_t all, old;
	int rc;

	a->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	a->note_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	a->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->epoll_fd < 0 || watch(a, &a->listen_fd) != 0 || watch(a, &a->note_fd) != 0 ||
		watch(a, &a->stop_fd) != 0) {
		rc = -errno;
	} else {
		/* Signals are for the main thread, and net_tap's for the one that polls. */
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &old);
		rc = rte_ctrl_thread_create(&a->thread, "isla-agent", NULL, agent_thread, a);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		a->started = rc == 0;
	}
	if (rc != 0)
		snprintf(err, err_size, "--agent %s: %s", a->path, strerror(-rc));
	return rc;
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
agent_free(struct agent *a)
{
	uint64_t one = 1;
	unsigned int i;

	if (a == NULL)
		return;
	if (a->started && write(a->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(a->thread, NULL);
	if (a->bound)
		unlink(a->path);
	for (i = 0; i < MAX_RECORDS; i++)
		close_fd(a->client[i].fd);
	close_fd(a->listen_fd);
	close_fd(a->epoll_fd);
	close_fd(a->note_fd);
	close_fd(a->stop_fd);
	/* Nobody is to be woken by what ends now. */
	a->waiting = NULL;
	isla_socket_table_free(a->env.table);
	for (i = 0; a->zeros != NULL && i < MAX_SOCKS; i++)
		if (rte_mbuf_ext_refcnt_update(&a->zeros->shinfo[i], -1) == 0)
			zeros_free(NULL, a->zeros);
	free(a);
}
