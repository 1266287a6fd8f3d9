/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef AGENT_H
#define AGENT_H

/*
 * The agent: socket calls on the running stack over a unix stream socket (--agent PATH). A thread
 * of its own speaks with the clients; calls run on the first shard, between two bursts.
 *
 *     agent = agent_create(path, engine, err, sizeof(err))    the socket is there
 *     agent_start(agent, ...)                                 after isla_engine_start()
 *     isla_engine_run()
 *     agent_free(agent)                                       before isla_engine_free()
 */

#include <stddef.h>

#include <isla_engine.h>

struct agent;

/* NULL with a line in err that names the option, its value and the cause. */
struct agent *agent_create(const char *path, struct isla_engine *engine, char *err,
	size_t err_size);

/* 0, or -errno with a line in err. */
int agent_start(struct agent *agent, char *err, size_t err_size);

/* Stop the thread, close the sockets and remove the path; NULL is allowed. What connections
 * still send refers to the agent's memory, which is given back with the last of it. */
void agent_free(struct agent *agent);

#endif /* AGENT_H */
