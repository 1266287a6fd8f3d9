/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

/*
 * An engine for tests of what stands on it: its calls without a port and without a thread. Shards
 * are stacks that the test has made; a call into one runs at once.
 */

#include "isla_engine.h"

/* Device d of port i is number i + d * this. */
#define FAKE_ENGINE_DEV_STEP 100

struct fake_engine {
	uint16_t nb_shards;
	struct isla_stack *stack[ISLA_ENGINE_SHARD_MAX];
	uint16_t nb_ports;     /* numbered from 0 */
	uint16_t nb_dev_queues; /* of one device, the others are further ones'; 0: all */
	uint64_t ipackets[ISLA_ENGINE_PORT_MAX]; /* what each has received */
	uint32_t nb_calls;     /* into shards */
	uint32_t nb_changes;   /* calls that would change something, tried or done */
	/* The n-th change from now on fails with this. */
	uint32_t fail_at;
	int fail_rc;
	struct isla_fault fault[ISLA_FAULT_DIRS];
	struct isla_engine_backoff backoff;
	enum isla_engine_idle idle;
	unsigned int cleared; /* what isla_engine_clear() was asked for last */
	uint16_t reta[ISLA_ENGINE_RETA_LEN];
};

extern struct fake_engine fake_engine;

/* Begin anew, with one port, and one shard on this stack. */
void fake_engine_begin(struct isla_stack *stack);

/* What is given as the engine. */
struct isla_engine *fake_engine_handle(void);

#endif /* FAKE_ENGINE_H */
