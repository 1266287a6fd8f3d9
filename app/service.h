/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SERVICE_H
#define SERVICE_H

/*
 * The application's services: one small file and one struct each, one table of them all. A service
 * is started for each shard and port: `--service NAME:PORT`.
 */

#include <stdint.h>

#include <isla_http.h>
#include <isla_stack.h>

/* What a service finds on its shard. */
struct service_env {
	struct isla_stack *stack;
	const struct isla_http_site *site; /* the docroot, or a site with the built-in page */
};

struct service {
	const char *name;  /* as in --service */
	const char *help;  /* one line, for --help and show */
	/*
	 * Start on a port, over UDP and TCP as the service is. From the shard's thread, or before
	 * it runs. Returns the instance, or NULL with rte_errno, having undone what it did.
	 */
	void *(*start)(const struct service_env *env, uint16_t port);
	/* Stop listening and free the instance; its connections are closed. Before
	 * isla_stack_free(). */
	void (*stop)(void *instance);
};

/* The table, in the order of --help; the last entry's name is NULL. */
extern const struct service *const services[];

/* The service of that name, or NULL. */
const struct service *service_find(const char *name);

/* Why a service's start failed (rte_errno), as a clause for a message: "the port is taken by
 * another service". */
const char *service_strerror(int err);

#endif /* SERVICE_H */
