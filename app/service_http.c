/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP: the library's server on the application's site.
 */

#include <errno.h>

#include <rte_errno.h>

#include "service_base.h"

static void *
http_start(const struct service_env *env, uint16_t port)
{
	const struct isla_http_conf conf = {.site = env->site};
	struct isla_http_server *server = isla_http_server_create(env->stack, &conf);
	int rc;

	if (server == NULL)
		return NULL;
	rc = isla_http_server_listen(server, &isla_addr_any, port);
	if (rc != 0) {
		isla_http_server_free(server);
		rte_errno = -rc;
		return NULL;
	}
	return server;
}

static void
http_stop(void *instance)
{
	isla_http_server_free(instance);
}

const struct service service_http = {
	.name = "http",
	.help = "serves the files of --docroot, or a page of its own, over HTTP/1.1",
	.start = http_start,
	.stop = http_stop,
};
