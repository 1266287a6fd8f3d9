/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MAILBOX_H
#define MAILBOX_H

/*
 * Requests into a shard: any thread posts, the shard takes all of them at once, in order. A list
 * without a lock: posting is one compare-and-swap, taking one exchange, and looking one load.
 */

#include <stdbool.h>
#include <stddef.h>

#include "isla_engine.h"

struct mailbox {
	struct isla_engine_request *head; /* atomic; the latest first */
};

/* Any thread. True where the mailbox was empty: whoever reads it may be asleep. */
bool mailbox_post(struct mailbox *box, struct isla_engine_request *req);

/* The reader's thread: true where there may be something. */
static inline bool
mailbox_has_mail(const struct mailbox *box)
{
	return __atomic_load_n(&box->head, __ATOMIC_RELAXED) != NULL;
}

/* The reader's thread: run what there is, the oldest first. A request may be posted again, or
 * freed, by its own function; what is posted meanwhile waits for the next time. */
void mailbox_run(struct mailbox *box, struct isla_stack *stack);

/* The two halves of that, for whoever has something to do between them: what was there, and to run
 * it. */
struct isla_engine_request *mailbox_take(struct mailbox *box);
void mailbox_run_taken(struct isla_engine_request *mail, struct isla_stack *stack);

#endif /* MAILBOX_H */
