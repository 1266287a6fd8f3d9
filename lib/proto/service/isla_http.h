/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_HTTP_H
#define ISLA_HTTP_H

/**
 * @file
 * A static HTTP/1.1 server (RFC 9110, RFC 9112) on Isla's TCP: bodies are sent from the memory of a
 * site without being copied.
 *
 * A site is a read-only table of resources which several shards may share; it is built before any
 * server uses it and freed after the last one. A server belongs to one shard's thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "isla_stack.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What can be asked for. */
struct isla_http_site;

/** One shard's server; it may serve several ports. */
struct isla_http_server;

/** One resource. The site copies path and type and refers to data. */
struct isla_http_resource {
	const char *path;  /**< as in a request, percent-decoded: "/a/b.html" */
	const char *type;  /**< Content-Type */
	const void *data;  /**< must live as long as any stack that serves it */
	rte_iova_t iova;   /**< of data; RTE_BAD_IOVA where the port needs none */
	uint64_t len;      /**< bytes, up to 1 GiB */
	int64_t mtime;     /**< Last-Modified, seconds since 1970; 0: none is sent */
};

/**
 * A site without resources, whose "/" is a built-in page.
 *
 * @param max_resources  the most that isla_http_site_add() will be given
 * @return the site; NULL with rte_errno ENOMEM
 */
struct isla_http_site *isla_http_site_create(uint32_t max_resources);

/** NULL is allowed. */
void isla_http_site_free(struct isla_http_site *site);

/**
 * Add a resource. A path that ends in "/index.html" also answers for its directory: "/a/" and, by a
 * redirection, "/a". The first of "/" replaces the built-in page.
 *
 * @return 0; -EEXIST, -ENOSPC, -EINVAL (a path that does not begin with "/", or is longer than 4095
 *         bytes), -EFBIG, -ENOMEM
 */
int isla_http_site_add(struct isla_http_site *site, const struct isla_http_resource *resource);

/** The Content-Type for a file's name, by its extension; application/octet-stream where it is not
 * known. Any thread. */
const char *isla_http_type_of(const char *name);

/** True where the bytes begin with a method of RFC 9110 or RFC 5789 and a space. Any thread. */
bool isla_http_is_request(const void *data, uint32_t len);

/** How a server is made. A field that is 0 takes the default in brackets. */
struct isla_http_conf {
	const struct isla_http_site *site;
	const char *server;        /**< the Server field ["Isla/" and the version] */
	uint32_t max_head_bytes;   /**< a longer request head gets 431 [8192] */
	uint32_t max_target_bytes; /**< a longer request target gets 414 [4096] */
	uint32_t idle_us;          /**< a connection without a request is closed [60000000] */
	uint32_t head_us;          /**< a head that takes longer gets 408 [10000000] */
	uint32_t max_clients;      /**< open connections [16384] */
};

/** NULL with rte_errno ENOMEM or EINVAL. */
struct isla_http_server *isla_http_server_create(struct isla_stack *stack,
	const struct isla_http_conf *conf);

/** Stop listening, close connections, free it; before isla_stack_free(). NULL is allowed. */
void isla_http_server_free(struct isla_http_server *server);

/**
 * Serve on a port, HTTP in the clear.
 *
 * @param local  own address, or isla_addr_any
 * @return 0; -EADDRINUSE, -EINVAL, -ENOSPC
 */
int isla_http_server_listen(struct isla_http_server *server, const struct isla_addr *local,
	uint16_t port);

/**
 * Serve one accepted connection of another service's listener, whose first bytes have been read
 * already; they become the server's. It answers one request and closes. The connection may be gone
 * when this returns: after success the caller touches neither again.
 *
 * @param head  as isla_tcp_recv() gave it; isla_tcp_consumed() is left to the server
 * @return 0; -ENOSPC (max_clients), and the caller keeps both
 */
int isla_http_server_adopt(struct isla_http_server *server, struct isla_tcp_conn *conn,
	struct rte_mbuf *head);

#ifdef __cplusplus
}
#endif

#endif /* ISLA_HTTP_H */
