/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DHCP for the program; see dhcp.h.
 *
 *     shard 0          told_*(): what is wanted from now on, under a lock, and the request is posted
 *     control thread   settle(): what every shard has becomes what is wanted
 *
 * Whatever happens in between is passed over: only the last word counts.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_errno.h>

#include "dhcp.h"
#include "dhcp_file.h"

#define FALLBACK_US   5000000u
#define LAST_WORDS_US 50000u /* for a server whose MAC address must be asked for */

/* What an interface has, or shall have. */
struct holding {
	bool has_lease;
	bool has_fallback;
	struct isla_dhcp_lease lease;
};

/* A port with a client. */
struct dhcp_port {
	struct dhcp *d;
	uint16_t port_id;
	uint8_t netif;
	uint8_t mac[6];
	char name[64];
	bool may_fall_back;
	bool was_released;
	enum isla_dhcp_end why;       /* under the lock */
	struct holding wanted;         /* under the lock */
	struct holding given;          /* the control thread's */
};

struct dhcp {
	const struct options *opts;
	struct isla_engine *engine;
	struct isla_dhcp *dhcp;       /* shard 0's */
	pthread_mutex_t lock;
	bool is_posted;               /* under the lock */
	bool is_ending;               /* shard 0's: the last words were said */
	uint64_t ended_us;
	struct isla_engine_request req;
	dhcp_dns_fn *dns;
	void *dns_ctx;
	uint16_t nb_ports;
	struct dhcp_port port[ISLA_ENGINE_PORT_MAX];
	struct dhcp_file file;
};

bool
dhcp_is_for_port(const struct options *opts, uint16_t port_id)
{
	uint16_t i;

	for (i = 0; opts->dhcp && i < opts->nb_ips; i++)
		if (opts->ip[i].port == port_id && isla_addr_is_v4(&opts->ip[i].prefix.addr))
			return false;
	return opts->dhcp;
}

struct dhcp *
dhcp_create(const struct options *opts, char *err, size_t err_size)
{
	const char *path = opts->dhcp_lease_file;
	struct dhcp *d = calloc(1, sizeof(*d));
	char why[128];

	if (d == NULL) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	d->opts = opts;
	pthread_mutex_init(&d->lock, NULL);
	/* What cannot be written one day had better be known now. */
	if (path != NULL && (dhcp_file_load(&d->file, path, why, sizeof(why)) != 0 ||
				dhcp_file_save(&d->file, path, why, sizeof(why)) != 0)) {
		snprintf(err, err_size, "--dhcp-lease-file %s: %s; give a file in a directory that "
			"may be written to", path, why);
		dhcp_free(d);
		return NULL;
	}
	return d;
}

void
dhcp_set_dns(struct dhcp *d, dhcp_dns_fn *fn, void *ctx)
{
	d->dns = fn;
	d->dns_ctx = ctx;
}

/* ---- the control thread ---- */

struct change {
	const struct holding *from;
	const struct holding *to;
	const struct isla_dhcp_lease *fallback;
	uint8_t netif;
	int rc;
};

static bool
same_prefix(const struct isla_prefix *a, const struct isla_prefix *b)
{
	return a->len == b->len && isla_addr_eq(&a->addr, &b->addr);
}

/* The address that serves meanwhile is like a lease without anything else. */
static const struct isla_dhcp_lease *
lease_of(const struct change *c, const struct holding *h)
{
	return h->has_lease ? &h->lease : h->has_fallback ? c->fallback : NULL;
}

/* On a shard. */
static void
change_apply(struct isla_stack *stack, void *arg)
{
	struct change *c = arg;

	c->rc = isla_dhcp_lease_apply(stack, c->netif, lease_of(c, c->from), lease_of(c, c->to));
}

static void
say_lease(const struct dhcp_port *p, const struct isla_dhcp_lease *l)
{
	char addr[ISLA_ADDR_STRLEN], text[ISLA_ADDR_STRLEN];
	uint8_t i;

	printf("isla: %s: lease of %s from %s", p->name,
		isla_prefix_format(&l->prefix, addr, sizeof(addr)),
		isla_addr_format(&l->server, text, sizeof(text)));
	if (l->lease_s == ISLA_DHCP_INFINITE)
		printf(" for ever");
	else
		printf(" for %" PRIu32 " s", l->lease_s);
	for (i = 0; i < l->nb_routes; i++)
		if (l->route[i].prefix.len == 0)
			printf(", gateway %s",
				isla_addr_format(&l->route[i].gateway, text, sizeof(text)));
	for (i = 0; i < l->nb_dns; i++)
		printf("%s%s", i == 0 ? ", DNS " : " ",
			isla_addr_format(&l->dns[i], text, sizeof(text)));
	putchar('\n');
}

/* What has changed, in one line; a renewal is no news. */
static void
say(const struct dhcp_port *p, const struct holding *to, enum isla_dhcp_end why)
{
	const struct isla_prefix *fallback = &p->d->opts->dhcp_fallback.prefix;
	const struct holding *from = &p->given;
	char text[ISLA_ADDR_STRLEN];

	if (to->has_lease && (!from->has_lease ||
				!same_prefix(&from->lease.prefix, &to->lease.prefix)))
		say_lease(p, &to->lease);
	if (from->has_lease && !to->has_lease)
		printf("isla: %s: lease of %s is over: %s\n", p->name,
			isla_prefix_format(&from->lease.prefix, text, sizeof(text)),
			isla_dhcp_end_name(why));
	if (to->has_fallback && !from->has_fallback)
		printf("isla: %s: no DHCP server has answered yet, %s serves meanwhile\n", p->name,
			isla_prefix_format(fallback, text, sizeof(text)));
	fflush(stdout);
}

static void
file_write(struct dhcp *d, struct dhcp_port *p, const struct holding *to)
{
	struct isla_dhcp_lease lease = to->lease;
	char why[128];

	/* A lease that is over stays there as a wish, one that was given back without its time. */
	if (d->opts->dhcp_lease_file == NULL || (!to->has_lease && !p->was_released))
		return;
	if (p->was_released)
		lease.lease_s = 0;
	dhcp_file_set(&d->file, p->mac, &lease);
	if (dhcp_file_save(&d->file, d->opts->dhcp_lease_file, why, sizeof(why)) != 0)
		fprintf(stderr, "isla: --dhcp-lease-file %s: %s\n", d->opts->dhcp_lease_file, why);
}

static void
tell_dns(struct dhcp *d)
{
	struct isla_addr server[ISLA_ENGINE_PORT_MAX * ISLA_DHCP_SERVERS_MAX];
	const char *search = "";
	unsigned int nb = 0;
	uint16_t i;

	for (i = 0; i < d->nb_ports; i++) {
		const struct isla_dhcp_lease *l = &d->port[i].given.lease;

		if (!d->port[i].given.has_lease)
			continue;
		memcpy(server + nb, l->dns, l->nb_dns * sizeof(server[0]));
		nb += l->nb_dns;
		if (search[0] == '\0')
			search = l->search[0] != '\0' ? l->search : l->domain;
	}
	if (d->dns != NULL)
		d->dns(d->dns_ctx, server, nb, search);
}

static void
settle_port(struct dhcp_port *p)
{
	struct dhcp *d = p->d;
	enum isla_dhcp_end why;
	struct holding to;
	const struct isla_dhcp_lease fallback = {.prefix = d->opts->dhcp_fallback.prefix};
	struct change change = {.from = &p->given, .to = &to, .netif = p->netif,
		.fallback = &fallback};
	bool is_other;
	uint16_t i;

	pthread_mutex_lock(&d->lock);
	to = p->wanted;
	why = p->why;
	pthread_mutex_unlock(&d->lock);
	is_other = to.has_lease != p->given.has_lease ||
		to.has_fallback != p->given.has_fallback ||
		(to.has_lease && memcmp(&to.lease, &p->given.lease, sizeof(to.lease)) != 0);
	if (!is_other)
		return;
	for (i = 0; i < isla_engine_nb_shards(d->engine); i++) {
		isla_engine_call(d->engine, i, change_apply, &change);
		if (change.rc != 0)
			fprintf(stderr, "isla: %s: shard %u does not take all of the lease: %s\n",
				p->name, i, rte_strerror(-change.rc));
	}
	say(p, &to, why);
	file_write(d, p, &to);
	p->given = to;
	tell_dns(d);
}

static void
settle(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct dhcp *d = RTE_PTR_SUB(req, offsetof(struct dhcp, req));
	uint16_t i;

	RTE_SET_USED(stack);
	/* What is told from now on posts it anew. */
	pthread_mutex_lock(&d->lock);
	d->is_posted = false;
	pthread_mutex_unlock(&d->lock);
	for (i = 0; i < d->nb_ports; i++)
		settle_port(&d->port[i]);
}

/* ---- shard 0 ---- */

/* Under the lock, which is given back: the control thread shall look. */
static void
want(struct dhcp *d)
{
	bool post = !d->is_posted && !d->is_ending;

	d->is_posted |= post;
	pthread_mutex_unlock(&d->lock);
	if (post)
		isla_engine_ctrl_post(d->engine, &d->req);
}

static void
told_lease(void *ctx, uint8_t netif, const struct isla_dhcp_lease *lease, bool is_new)
{
	struct dhcp_port *p = ctx;

	RTE_SET_USED(netif);
	RTE_SET_USED(is_new);
	pthread_mutex_lock(&p->d->lock);
	p->wanted.has_lease = true;
	p->wanted.has_fallback = false;
	p->wanted.lease = *lease;
	p->was_released = false;
	want(p->d);
}

static void
told_expired(void *ctx, uint8_t netif, enum isla_dhcp_end why)
{
	struct dhcp_port *p = ctx;

	RTE_SET_USED(netif);
	pthread_mutex_lock(&p->d->lock);
	p->wanted.has_lease = false;
	p->why = why;
	p->was_released = why == ISLA_DHCP_END_RELEASED;
	want(p->d);
}

static void
told_unanswered(void *ctx, uint8_t netif)
{
	struct dhcp_port *p = ctx;

	RTE_SET_USED(netif);
	pthread_mutex_lock(&p->d->lock);
	p->wanted.has_fallback = p->may_fall_back;
	want(p->d);
}

static const struct isla_dhcp_ops ops = {
	.lease = told_lease,
	.expired = told_expired,
	.unanswered = told_unanswered,
};

/* The last words at a stop: leases are given back. The addresses stay until the messages have left. */
static bool
last_words(struct isla_engine *engine, struct isla_stack *stack, void *ctx)
{
	struct dhcp *d = ctx;
	struct isla_dhcp_info info;
	uint64_t now_us = isla_stack_wall_us(stack);
	bool any = false;
	uint16_t i;

	RTE_SET_USED(engine);
	if (d->is_ending)
		return now_us < d->ended_us + LAST_WORDS_US;
	d->is_ending = true;
	d->ended_us = now_us;
	for (i = 0; d->dhcp != NULL && i < d->nb_ports; i++) {
		isla_dhcp_get_info(d->dhcp, d->port[i].netif, &info);
		any |= info.has_lease;
		isla_dhcp_release(d->dhcp, d->port[i].netif);
	}
	return any;
}

void
dhcp_conf_engine(struct dhcp *d, struct isla_engine_conf *conf)
{
	conf->last_words = last_words;
	conf->last_words_ctx = d;
}

/* ---- start and end ---- */

struct start {
	struct dhcp *d;
	int rc;
};

static void
client_start(struct start *s, struct dhcp_port *p)
{
	const struct options *o = s->d->opts;
	struct isla_dhcp_conf conf = {
		.ops = &ops,
		.ctx = p,
		.hostname = o->dhcp_hostname,
		.client_id = o->dhcp_client_id_len > 0 ? o->dhcp_client_id : NULL,
		.client_id_len = o->dhcp_client_id_len,
		.vendor_class = o->dhcp_vendor_class,
		.last = dhcp_file_find(&s->d->file, p->mac),
		.patience_us = p->may_fall_back ? FALLBACK_US : 0,
	};

	s->rc = isla_dhcp_start(s->d->dhcp, p->netif, &conf);
}

static void
clients_start(struct isla_stack *stack, void *arg)
{
	struct start *s = arg;
	uint16_t i;

	s->d->dhcp = isla_dhcp_create(stack);
	if (s->d->dhcp == NULL) {
		s->rc = -rte_errno;
		return;
	}
	for (i = 0; s->rc == 0 && i < s->d->nb_ports; i++)
		client_start(s, &s->d->port[i]);
}

/* The fallback is for the port that was named, else for the first one with a client. */
static void
ports_choose(struct dhcp *d)
{
	const struct option_addr *fallback = &d->opts->dhcp_fallback;
	struct isla_engine_port_info info;
	uint16_t i;

	for (i = 0; isla_engine_port_info(d->engine, i, &info) == 0; i++) {
		struct dhcp_port *p = &d->port[d->nb_ports];

		if (!dhcp_is_for_port(d->opts, info.port_id))
			continue;
		p->d = d;
		p->port_id = info.port_id;
		p->netif = (uint8_t)i;
		p->may_fall_back = d->opts->dhcp_fallback.prefix.len > 0 &&
			(fallback->port == OPTIONS_PORT_NONE ? d->nb_ports == 0 :
							       fallback->port == info.port_id);
		memcpy(p->mac, info.mac, sizeof(p->mac));
		memcpy(p->name, info.name, sizeof(p->name));
		d->nb_ports++;
	}
}

int
dhcp_start(struct dhcp *d, struct isla_engine *engine, char *err, size_t err_size)
{
	struct start s = {.d = d};

	d->engine = engine;
	d->req.run = settle;
	ports_choose(d);
	if (d->nb_ports == 0) {
		snprintf(err, err_size, "--dhcp: every port that is used has an IPv4 address of "
			"--ip; leave one without");
		return -EINVAL;
	}
	isla_engine_call(engine, 0, clients_start, &s);
	if (s.rc != 0)
		snprintf(err, err_size, "--dhcp: %s", rte_strerror(-s.rc));
	return s.rc;
}

/* On the control thread, behind all that was posted before. */
struct barrier {
	struct isla_engine_request req;
	sem_t passed;
};

static void
barrier_pass(struct isla_stack *stack, struct isla_engine_request *req)
{
	RTE_SET_USED(stack);
	sem_post(&((struct barrier *)req)->passed);
}

static void
ctrl_wait(struct dhcp *d)
{
	struct barrier b = {.req.run = barrier_pass};

	sem_init(&b.passed, 0, 0);
	isla_engine_ctrl_post(d->engine, &b.req);
	while (sem_wait(&b.passed) != 0)
		; /* a signal's handler ran */
	sem_destroy(&b.passed);
}

static void
clients_free(struct isla_stack *stack, void *arg)
{
	struct dhcp *d = arg;

	RTE_SET_USED(stack);
	isla_dhcp_free(d->dhcp);
	d->dhcp = NULL;
}

void
dhcp_free(struct dhcp *d)
{
	uint16_t i;

	if (d == NULL)
		return;
	if (d->dhcp != NULL) {
		isla_engine_call(d->engine, 0, clients_free, d);
		ctrl_wait(d);
		/* What the last words have changed. */
		for (i = 0; d->is_ending && i < d->nb_ports; i++)
			settle_port(&d->port[i]);
	}
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* ---- commands ---- */

struct call {
	struct dhcp *d;
	uint8_t netif;
	int (*fn)(struct isla_dhcp *dhcp, uint8_t netif);
	struct isla_dhcp_info *info;
	int rc;
};

static void
call_run(struct isla_stack *stack, void *arg)
{
	struct call *c = arg;

	RTE_SET_USED(stack);
	if (c->d->dhcp == NULL)
		c->rc = -ENOENT;
	else if (c->fn != NULL)
		c->rc = c->fn(c->d->dhcp, c->netif);
	else
		c->rc = isla_dhcp_get_info(c->d->dhcp, c->netif, c->info);
}

static struct dhcp_port *
port_of(struct dhcp *d, uint16_t port_id)
{
	uint16_t i;

	for (i = 0; d != NULL && i < d->nb_ports; i++)
		if (d->port[i].port_id == port_id)
			return &d->port[i];
	return NULL;
}

static int
call(struct dhcp *d, uint16_t port_id, int (*fn)(struct isla_dhcp *dhcp, uint8_t netif),
	struct isla_dhcp_info *info)
{
	struct dhcp_port *p = port_of(d, port_id);
	struct call c = {.d = d, .fn = fn, .info = info};
	int rc;

	if (p == NULL)
		return -ENOENT;
	c.netif = p->netif;
	rc = isla_engine_call(d->engine, 0, call_run, &c);
	return rc != 0 ? rc : c.rc;
}

int
dhcp_renew(struct dhcp *d, uint16_t port_id)
{
	return call(d, port_id, isla_dhcp_renew, NULL);
}

int
dhcp_release(struct dhcp *d, uint16_t port_id)
{
	return call(d, port_id, isla_dhcp_release, NULL);
}

int
dhcp_get_info(struct dhcp *d, uint16_t port_id, struct isla_dhcp_info *info, bool *has_fallback)
{
	struct dhcp_port *p = port_of(d, port_id);

	if (p == NULL)
		return -ENOENT;
	pthread_mutex_lock(&d->lock);
	*has_fallback = p->wanted.has_fallback;
	pthread_mutex_unlock(&d->lock);
	return call(d, port_id, NULL, info);
}

void
dhcp_link_up(struct dhcp *d, uint16_t port_id)
{
	/* A port that came before dhcp_start() begins there. */
	call(d, port_id, isla_dhcp_link_up, NULL);
}
