/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests into a shard: order, posting from within, and many threads that post at once.
 */

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <rte_common.h>

#include "mailbox.h"
#include "suite.h"

#define NB_THREADS 4
#define NB_EACH    20000

struct note {
	struct isla_engine_request req;
	unsigned int thread, number;
	struct mailbox *again; /* post it there once more */
};

static struct note *seen[16];
static unsigned int nb_seen;

static void
see(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct note *n = (struct note *)req;
	struct mailbox *again = n->again;

	CU_ASSERT_PTR_NULL(stack);
	seen[nb_seen++ % RTE_DIM(seen)] = n;
	n->again = NULL;
	if (again != NULL)
		mailbox_post(again, req);
}

static void
requests_run_in_order(void)
{
	struct mailbox box = {.head = NULL};
	struct note n[3];
	unsigned int i;

	memset(n, 0, sizeof(n));
	nb_seen = 0;
	CU_ASSERT_FALSE(mailbox_has_mail(&box));
	for (i = 0; i < RTE_DIM(n); i++) {
		n[i].req.run = see;
		/* Only the first one must ring. */
		CU_ASSERT_EQUAL(mailbox_post(&box, &n[i].req), i == 0);
	}
	CU_ASSERT_TRUE(mailbox_has_mail(&box));
	mailbox_run(&box, NULL);
	CU_ASSERT_FALSE(mailbox_has_mail(&box));
	CU_ASSERT_EQUAL(nb_seen, 3);
	for (i = 0; i < RTE_DIM(n); i++)
		CU_ASSERT_PTR_EQUAL(seen[i], &n[i]);
	mailbox_run(&box, NULL);
	CU_ASSERT_EQUAL(nb_seen, 3);
}

/* What a request posts waits for the next turn: a shard's round has an end. */
static void
a_request_may_post_itself(void)
{
	struct mailbox box = {.head = NULL};
	struct note a = {.req.run = see, .again = &box}, b = {.req.run = see};

	nb_seen = 0;
	mailbox_post(&box, &a.req);
	mailbox_post(&box, &b.req);
	mailbox_run(&box, NULL);
	CU_ASSERT_EQUAL(nb_seen, 2);
	CU_ASSERT_TRUE(mailbox_has_mail(&box));
	mailbox_run(&box, NULL);
	CU_ASSERT_EQUAL(nb_seen, 3);
	CU_ASSERT_PTR_EQUAL(seen[2], &a);
}

static struct mailbox shared;
static struct note notes[NB_THREADS][NB_EACH];
static unsigned int next_of[NB_THREADS], nb_wrong;

static void
count(struct isla_stack *stack, struct isla_engine_request *req)
{
	struct note *n = (struct note *)req;

	RTE_SET_USED(stack);
	nb_wrong += n->number != next_of[n->thread];
	next_of[n->thread] = n->number + 1;
}

static void *
post_all(void *arg)
{
	struct note *n = arg;
	unsigned int i;

	for (i = 0; i < NB_EACH; i++)
		mailbox_post(&shared, &n[i].req);
	return NULL;
}

/* Nothing is lost or torn, and each thread's requests keep their order. */
static void
threads_post_at_once(void)
{
	pthread_t thread[NB_THREADS];
	unsigned int i, t, nb;

	for (t = 0; t < NB_THREADS; t++)
		for (i = 0; i < NB_EACH; i++) {
			notes[t][i].req.run = count;
			notes[t][i].thread = t;
			notes[t][i].number = i;
		}
	for (t = 0; t < NB_THREADS; t++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[t], NULL, post_all, notes[t]), 0);
	do {
		mailbox_run(&shared, NULL);
		for (t = 0, nb = 0; t < NB_THREADS; t++)
			nb += next_of[t];
		sched_yield();
	} while (nb < NB_THREADS * NB_EACH);
	for (t = 0; t < NB_THREADS; t++)
		pthread_join(thread[t], NULL);
	CU_ASSERT_EQUAL(nb_wrong, 0);
	CU_ASSERT_FALSE(mailbox_has_mail(&shared));
}

static const struct suite_test tests[] = {
	SUITE_TEST(requests_run_in_order),
	SUITE_TEST(a_request_may_post_itself),
	SUITE_TEST(threads_post_at_once),
};

int
main(void)
{
	return suite_run("mailbox", tests, RTE_DIM(tests), NULL, NULL);
}
