/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive interrupts of drivers that the test plays: enabled for a sleep only, all or none, and not
 * believed where they do not come.
 */

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_common.h>

#include "rx_intr.h"
#include "suite.h"

#define NB_QUEUES 4

/* Queue q of port q. */
static struct {
	int fd;
	bool is_enabled;
	unsigned int nb_enables;
	int enable_rc, disable_rc, add_rc;
} queue[NB_QUEUES];

static struct rx_intrs intrs;

static int
fake_enable(uint16_t port_id, uint16_t q)
{
	CU_ASSERT_EQUAL(port_id, q);
	if (queue[q].enable_rc != 0)
		return queue[q].enable_rc;
	queue[q].is_enabled = true;
	queue[q].nb_enables++;
	return 0;
}

static int
fake_disable(uint16_t port_id, uint16_t q)
{
	CU_ASSERT_EQUAL(port_id, q);
	queue[q].is_enabled = false;
	return queue[q].disable_rc;
}

static int
fake_add(uint16_t port_id, uint16_t q, int epoll_fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = q};

	CU_ASSERT_EQUAL(port_id, q);
	if (queue[q].add_rc != 0)
		return queue[q].add_rc;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, queue[q].fd, &ev);
}

static int
fake_del(uint16_t port_id, uint16_t q, int epoll_fd)
{
	CU_ASSERT_EQUAL(port_id, q);
	return epoll_ctl(epoll_fd, EPOLL_CTL_DEL, queue[q].fd, NULL);
}

static int
fake_take(int epoll_fd)
{
	struct epoll_event ev[NB_QUEUES];
	uint64_t n;
	int i, nb = epoll_wait(epoll_fd, ev, NB_QUEUES, 0);

	for (i = 0; i < nb; i++)
		CU_ASSERT_EQUAL(read(queue[ev[i].data.u32].fd, &n, sizeof(n)), sizeof(n));
	return nb;
}

static const struct rx_intr_ops fake = {
	.enable = fake_enable,
	.disable = fake_disable,
	.add = fake_add,
	.del = fake_del,
	.take = fake_take,
};

static void
setup(void)
{
	int q;

	memset(queue, 0, sizeof(queue));
	for (q = 0; q < NB_QUEUES; q++)
		queue[q].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rx_intrs_init(&intrs, &fake);
}

static void
teardown(void)
{
	int q;

	rx_intrs_fini(&intrs);
	for (q = 0; q < NB_QUEUES; q++)
		close(queue[q].fd);
}

static void
interrupt(uint16_t q)
{
	uint64_t one = 1;

	CU_ASSERT_EQUAL(write(queue[q].fd, &one, sizeof(one)), sizeof(one));
}

static bool
is_told(void)
{
	struct pollfd fd = {.fd = intrs.epoll_fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void
none_costs_nothing(void)
{
	CU_ASSERT_EQUAL(intrs.epoll_fd, -1);
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	rx_intrs_disarm(&intrs);
	rx_intrs_del(&intrs, 0, 0);
	CU_ASSERT_FALSE(rx_intrs_has(&intrs, 0, 0));
}

static void
a_driver_offers_them_on_every_queue_or_not_at_all(void)
{
	/* Ports are queues here, so one at a time. */
	CU_ASSERT_TRUE(rx_intr_is_offered(&fake, 0, 1));
	CU_ASSERT_FALSE(queue[0].is_enabled);
	CU_ASSERT_FALSE(rx_intr_is_offered(&fake, 0, 0));
	queue[0].enable_rc = -ENOTSUP;
	CU_ASSERT_FALSE(rx_intr_is_offered(&fake, 0, 1));
	queue[0].enable_rc = 0;
	queue[0].disable_rc = -EIO;
	CU_ASSERT_FALSE(rx_intr_is_offered(&fake, 0, 1));
}

static void
they_are_enabled_for_a_sleep_only(void)
{
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 1, 1), 0);
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 2, 2), 0);
	CU_ASSERT_FALSE(queue[1].is_enabled || queue[2].is_enabled);
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	CU_ASSERT_TRUE(intrs.is_armed);
	CU_ASSERT_TRUE(queue[1].is_enabled && queue[2].is_enabled);
	CU_ASSERT_FALSE(is_told());
	interrupt(2);
	CU_ASSERT_TRUE(is_told());
	rx_intrs_slept(&intrs, false);
	CU_ASSERT_FALSE(intrs.is_armed);
	CU_ASSERT_FALSE(queue[1].is_enabled || queue[2].is_enabled);
	CU_ASSERT_FALSE(is_told());
	/* No sleep after all. */
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	rx_intrs_disarm(&intrs);
	CU_ASSERT_FALSE(intrs.is_armed || queue[1].is_enabled || queue[2].is_enabled);
}

/* One that came while nobody waited must not end every sleep from then on. */
static void
a_late_one_ends_one_sleep(void)
{
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 1, 1), 0);
	interrupt(1);
	CU_ASSERT_TRUE(is_told());
	rx_intrs_slept(&intrs, false);
	CU_ASSERT_FALSE(is_told());
}

static void
all_of_them_or_none(void)
{
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 0, 0), 0);
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 1, 1), 0);
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 2, 2), 0);
	queue[1].enable_rc = -EIO;
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), -EIO);
	CU_ASSERT_FALSE(intrs.is_armed);
	CU_ASSERT_EQUAL(queue[0].nb_enables, 1);
	CU_ASSERT_EQUAL(queue[2].nb_enables, 0);
	CU_ASSERT_FALSE(queue[0].is_enabled);
}

static void
a_queue_comes_and_goes(void)
{
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 1, 1), 0);
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 2, 2), 0);
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	rx_intrs_del(&intrs, 1, 1);
	CU_ASSERT_FALSE(queue[1].is_enabled);
	CU_ASSERT_FALSE(rx_intrs_has(&intrs, 1, 1));
	CU_ASSERT_TRUE(rx_intrs_has(&intrs, 2, 2));
	interrupt(1);
	CU_ASSERT_FALSE(is_told());
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	CU_ASSERT_FALSE(queue[1].is_enabled);
	CU_ASSERT_TRUE(queue[2].is_enabled);
	queue[3].add_rc = -EPERM;
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 3, 3), -EPERM);
	CU_ASSERT_FALSE(rx_intrs_has(&intrs, 3, 3));
	CU_ASSERT_EQUAL(intrs.nb, 1);
}

/* A sleep that time ends, and the look after it. */
static void
sleep_and_find(bool frames)
{
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	rx_intrs_slept(&intrs, true);
	rx_intrs_found(&intrs, frames);
}

static void
they_are_not_believed_where_they_do_not_come(void)
{
	unsigned int i;

	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 1, 1), 0);
	/* Silence is no lie. */
	for (i = 0; i < 10 * RX_INTR_LATE_MAX; i++)
		sleep_and_find(false);
	CU_ASSERT_FALSE(intrs.is_deaf);
	for (i = 0; i < RX_INTR_LATE_MAX - 1; i++)
		sleep_and_find(true);
	/* One that comes makes up for it, also at the moment when the time is over. */
	CU_ASSERT_EQUAL(rx_intrs_arm(&intrs), 0);
	interrupt(1);
	rx_intrs_slept(&intrs, true);
	rx_intrs_found(&intrs, true);
	for (i = 0; i < RX_INTR_LATE_MAX - 1; i++) {
		sleep_and_find(true);
		/* What the doorbell's ring brought to light was not its to tell. */
		rx_intrs_slept(&intrs, false);
		rx_intrs_found(&intrs, true);
	}
	CU_ASSERT_FALSE(intrs.is_deaf);
	sleep_and_find(true);
	CU_ASSERT_TRUE(intrs.is_deaf);
	/* A port that was stopped and started is given another chance. */
	rx_intrs_del(&intrs, 1, 1);
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 1, 1), 0);
	CU_ASSERT_FALSE(intrs.is_deaf);
}

static void
there_is_room_for_every_port_and_no_more(void)
{
	uint16_t i;

	queue[0].fd = -1;
	for (i = 0; i < ISLA_ENGINE_PORT_MAX; i++) {
		close(queue[0].fd);
		queue[0].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 0, 0), 0);
	}
	CU_ASSERT_EQUAL(rx_intrs_add(&intrs, 0, 0), -ENOSPC);
}

static const struct suite_test tests[] = {
	SUITE_TEST(none_costs_nothing),
	SUITE_TEST(a_driver_offers_them_on_every_queue_or_not_at_all),
	SUITE_TEST(they_are_enabled_for_a_sleep_only),
	SUITE_TEST(a_late_one_ends_one_sleep),
	SUITE_TEST(all_of_them_or_none),
	SUITE_TEST(a_queue_comes_and_goes),
	SUITE_TEST(they_are_not_believed_where_they_do_not_come),
	SUITE_TEST(there_is_room_for_every_port_and_no_more),
};

int
main(void)
{
	return suite_run("rx_intr", tests, RTE_DIM(tests), setup, teardown);
}
