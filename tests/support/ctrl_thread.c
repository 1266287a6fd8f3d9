/* SPDX-License-Identifier: BSD-3-Clause */
/* A control thread without EAL, for suites that are linked with --wrap=rte_ctrl_thread_create. */

#include <pthread.h>

#include <rte_common.h>

int __wrap_rte_ctrl_thread_create(pthread_t *thread, const char *name, const pthread_attr_t *attr,
	void *(*fn)(void *), void *arg);

int
__wrap_rte_ctrl_thread_create(pthread_t *thread, const char *name, const pthread_attr_t *attr,
	void *(*fn)(void *), void *arg)
{
	RTE_SET_USED(name);
	return -pthread_create(thread, attr, fn, arg);
}
