/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests into a shard.
 */

#include "mailbox.h"

bool
mailbox_post(struct mailbox *box, struct isla_engine_request *req)
{
	struct isla_engine_request *head = __atomic_load_n(&box->head, __ATOMIC_RELAXED);

	/* Nothing is ever taken from the middle, so a head that came back is as good as ever. */
	do
		req->next = head;
	while (!__atomic_compare_exchange_n(&box->head, &head, req, true, __ATOMIC_RELEASE,
		__ATOMIC_RELAXED));
	return head == NULL;
}

struct isla_engine_request *
mailbox_take(struct mailbox *box)
{
	return __atomic_exchange_n(&box->head, NULL, __ATOMIC_ACQUIRE);
}

void
mailbox_run_taken(struct isla_engine_request *latest, struct isla_stack *stack)
{
	struct isla_engine_request *req = NULL, *next;

	while (latest != NULL) {
		next = latest->next;
		latest->next = req;
		req = latest;
		latest = next;
	}
	while (req != NULL) {
		next = req->next;
		req->run(stack, req);
		req = next;
	}
}

void
mailbox_run(struct mailbox *box, struct isla_stack *stack)
{
	mailbox_run_taken(mailbox_take(box), stack);
}
