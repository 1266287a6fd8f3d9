/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SERVICE_SET_H
#define SERVICE_SET_H

/*
 * The services that run, each on every shard: added and taken away before the engine runs, while it
 * runs and after it. From any thread that is no shard, once it is initialised and until fini.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <isla_engine.h>

#include "service.h"

#define SERVICE_SET_MAX 64
#define SERVICE_SET_ERR_SIZE 128

struct service_set {
	pthread_mutex_t lock; /* of all that follows, but engine and site */
	struct isla_engine *engine;
	const struct isla_http_site *site;
	uint16_t nb;
	bool is_stopped; /* listed, and none of them runs */
	struct service_entry {
		const struct service *service;
		uint16_t port;
		void *instance[ISLA_ENGINE_SHARD_MAX];
	} entry[SERVICE_SET_MAX];
};

void service_set_init(struct service_set *set, struct isla_engine *engine,
	const struct isla_http_site *site);

/* Start a service on all shards, or on none: then -errno, with a clause in err. */
int service_set_add(struct service_set *set, const struct service *service, uint16_t port,
	char *err, size_t err_size);

/* Stop it on all shards. Its connections are closed. Returns 0, or -ENOENT. */
int service_set_del(struct service_set *set, const struct service *service, uint16_t port);

/* Stop them all, and remember which they were. 0, or -EALREADY. */
int service_set_stop(struct service_set *set);

/* Start those again. 0; -EALREADY; or the error of the first that did not start, which err names:
 * then none runs. */
int service_set_start(struct service_set *set, char *err, size_t err_size);

/* One of them, to be looked at. */
struct service_line {
	const struct service *service;
	uint16_t port;
	bool is_running;
};

/* All of them, in their order. Returns how many there are. */
uint16_t service_set_list(struct service_set *set, struct service_line lines[SERVICE_SET_MAX]);

/* Stop and forget them all. */
void service_set_fini(struct service_set *set);

#endif /* SERVICE_SET_H */
