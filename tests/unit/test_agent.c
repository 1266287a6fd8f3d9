/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's two threads, on a stack without a port: clients come over a real unix socket, all at
 * once, go while their calls wait, and an orderly end comes in between. Meant for ThreadSanitizer
 * as well as for itself.
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "agent.h"
#include "mailbox.h"
#include "sim.h"
#include "suite.h"

#define NB_CLIENTS 16
#define NB_CALLS   100

static struct sim_host host;
static struct mailbox box;
static struct mailbox other;     /* the second shard's, where there is one */
static uint16_t nb_shards;
static bool other_is_held;       /* atomic: it runs nothing */
static int doorbell;
static int nb_stops; /* atomic */
static pthread_t shard;
static struct agent *agent;
static char path[64];

/* What the engine does elsewhere; the linker finds these first. EAL's are put aside by --wrap. */
int
isla_engine_post(struct isla_engine *engine, uint16_t index, struct isla_engine_request *req)
{
	uint64_t one = 1;

	RTE_SET_USED(engine);
	if (mailbox_post(index == 0 ? &box : &other, req) && write(doorbell, &one, sizeof(one)) < 0)
		return -errno;
	return 0;
}

int
isla_engine_pin_port(struct isla_engine *engine, uint16_t port, uint16_t index)
{
	RTE_SET_USED(engine);
	RTE_SET_USED(port);
	return index == 0 ? 0 : -EINVAL;
}

uint16_t
isla_engine_nb_shards(const struct isla_engine *engine)
{
	RTE_SET_USED(engine);
	return nb_shards;
}

struct isla_stack *
isla_engine_stack(struct isla_engine *engine, uint16_t index)
{
	RTE_SET_USED(engine);
	RTE_SET_USED(index);
	return host.stack;
}

void *__wrap_rte_zmalloc(const char *type, size_t size, unsigned int align);
void __wrap_rte_free(void *mem);
rte_iova_t __wrap_rte_malloc_virt2iova(const void *mem);

void *
__wrap_rte_zmalloc(const char *type, size_t size, unsigned int align)
{
	void *mem = NULL;

	RTE_SET_USED(type);
	if (posix_memalign(&mem, align, size) != 0)
		return NULL;
	return memset(mem, 0, size);
}

void
__wrap_rte_free(void *mem)
{
	free(mem);
}

rte_iova_t
__wrap_rte_malloc_virt2iova(const void *mem)
{
	RTE_SET_USED(mem);
	return RTE_BAD_IOVA;
}

static uint64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The loop, as the engine has it. */
static void *
shard_run(void *arg)
{
	struct pollfd p = {.fd = doorbell, .events = POLLIN};
	struct rte_mbuf **pkts;
	uint64_t now_us, next_us, rings;
	uint16_t n;

	RTE_SET_USED(arg);
	while (__atomic_load_n(&nb_stops, __ATOMIC_ACQUIRE) == 0) {
		now_us = clock_us();
		isla_stack_set_now(host.stack, now_us);
		mailbox_run(&box, host.stack);
		if (!__atomic_load_n(&other_is_held, __ATOMIC_ACQUIRE))
			mailbox_run(&other, host.stack);
		isla_stack_flush(host.stack, now_us);
		n = isla_stack_output(host.stack, 0, &pkts);
		rte_pktmbuf_free_bulk(pkts, n);
		isla_stack_sent(host.stack, 0, n);
		next_us = isla_stack_next_us(host.stack);
		next_us = next_us > now_us ? RTE_MIN(next_us - now_us, 50000u) : 0;
		if (!mailbox_has_mail(&box) && poll(&p, 1, (int)((next_us + 999) / 1000)) > 0 &&
			read(doorbell, &rings, sizeof(rings)) < 0)
			break;
	}
	return NULL;
}

static void
setup(void)
{
	const struct sim_host_conf conf = {.number = 2, .stack.now_us = clock_us()};
	char err[320] = "";

	sim_host_init(&host, &conf);
	doorbell = eventfd(0, EFD_NONBLOCK);
	nb_stops = 0;
	nb_shards = 1;
	other_is_held = false;
	snprintf(path, sizeof(path), "/tmp/isla-test-agent.%d", (int)getpid());
	agent = agent_create(path, NULL, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&shard, NULL, shard_run, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(agent_start(agent, err, sizeof(err)), 0);
	CU_ASSERT_STRING_EQUAL(err, "");
}

static void
teardown(void)
{
	struct stat st;

	/* As the application does it: the shard first, then the agent, which is its thread's then.
	 */
	__atomic_store_n(&nb_stops, 1, __ATOMIC_RELEASE);
	pthread_join(shard, NULL);
	agent_free(agent);
	box.head = other.head = NULL;
	CU_ASSERT_NOT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(sim_host_fini(&host), 0);
	close(doorbell);
}

static int
client_open(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, path, sizeof(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		abort();
	return fd;
}

/* One request and the first number of its answer; -2 where there is none. */
static long
ask(int fd, const char *line)
{
	char buf[4096];
	size_t at = 0;
	ssize_t n;

	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return -2;
	do {
		n = recv(fd, buf + at, sizeof(buf) - 1 - at, 0);
		if (n <= 0)
			return -2;
		at += (size_t)n;
	} while (buf[at - 1] != '\n');
	buf[at] = '\0';
	return strtol(buf, NULL, 10);
}

/* What one of many clients does; the number of answers that were wrong. */
static void *
client_run(void *arg)
{
	unsigned int *nb_wrong = arg, i;
	int fd = client_open();
	char line[100];

	for (i = 0; i < NB_CALLS; i++) {
		long s = ask(fd, "socket AF_INET SOCK_DGRAM 0\n");

		*nb_wrong += s < 3;
		snprintf(line, sizeof(line), "poll %u %ld POLLIN\n", i % 3, s);
		*nb_wrong += ask(fd, line) != 0;
		snprintf(line, sizeof(line), "sendto %ld 100 0 192.168.1.1 9\n", s);
		*nb_wrong += ask(fd, line) != 100;
		*nb_wrong += ask(fd, "no such thing\n") != -1;
		snprintf(line, sizeof(line), "close %ld\n", s);
		*nb_wrong += ask(fd, line) != 0;
	}
	close(fd);
	return NULL;
}

static void
clients_do_not_disturb_each_other(void)
{
	pthread_t thread[NB_CLIENTS];
	unsigned int nb_wrong[NB_CLIENTS] = {0}, i;

	for (i = 0; i < NB_CLIENTS; i++)
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&thread[i], NULL, client_run, &nb_wrong[i]), 0);
	for (i = 0; i < NB_CLIENTS; i++) {
		pthread_join(thread[i], NULL);
		CU_ASSERT_EQUAL(nb_wrong[i], 0);
	}
}

/* A client that goes takes its call with it, at whatever moment. */
static void
clients_go_while_they_wait(void)
{
	static const char wait[] = "read 3 100\n";
	int first = client_open(), fd;
	unsigned int i;

	CU_ASSERT_EQUAL(ask(first, "socket AF_INET SOCK_DGRAM 0\n"), 3);
	for (i = 0; i < 300; i++) {
		fd = client_open();
		CU_ASSERT_EQUAL(send(fd, wait, sizeof(wait) - 1, MSG_NOSIGNAL),
			(ssize_t)sizeof(wait) - 1);
		if (i % 3 == 0)
			sched_yield();
		close(fd);
	}
	CU_ASSERT_EQUAL(ask(first, "close 3\n"), 0);
	close(first);
}

static void
hold_other(bool on)
{
	uint64_t one = 1;

	__atomic_store_n(&other_is_held, on, __ATOMIC_RELEASE);
	CU_ASSERT_EQUAL(write(doorbell, &one, sizeof(one)), (ssize_t)sizeof(one));
}

/* One that is still on its way through another shard is cancelled, too: else its record, of which
 * there are 128, would never be free again. */
static void
clients_go_before_their_calls_begin(void)
{
	static const char wait[] = "read 3 100\n";
	const struct timeval patience = {.tv_sec = 20};
	int fd[50], first, last;
	unsigned int i, n;

	nb_shards = 2;
	first = client_open();
	CU_ASSERT_EQUAL(ask(first, "socket AF_INET SOCK_DGRAM 0\n"), 3);
	for (n = 0; n < 3; n++) {
		hold_other(true);
		for (i = 0; i < RTE_DIM(fd); i++) {
			fd[i] = client_open();
			CU_ASSERT_EQUAL(send(fd[i], wait, sizeof(wait) - 1, MSG_NOSIGNAL),
				(ssize_t)sizeof(wait) - 1);
		}
		usleep(20000);
		for (i = 0; i < RTE_DIM(fd); i++)
			close(fd[i]);
		usleep(20000);
		hold_other(false);
		usleep(20000);
	}
	last = client_open();
	CU_ASSERT_EQUAL(setsockopt(last, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	CU_ASSERT_EQUAL(ask(last, "close 3\n"), 0);
	close(last);
	close(first);
}

/* The sockets go with the last client, and before the next one's first call. */
static void
the_last_one_closes_the_sockets(void)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		int fd = client_open();

		CU_ASSERT_EQUAL(ask(fd, "epoll_create\n"), 3);
		CU_ASSERT_EQUAL(ask(fd, "socket AF_INET6 SOCK_STREAM 0\n"), 4);
		close(fd);
		usleep(2000);
	}
}

static uint64_t
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
		(uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Nobody can be accepted until there is a descriptor again, and to ask is not to spin. */
static void
without_a_descriptor_a_client_waits(void)
{
	const struct timeval patience = {.tv_sec = 20};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct rlimit limit, none;
	uint64_t before_us;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, path, sizeof(path));
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	/* It was the lowest one that was free. */
	none.rlim_cur = (rlim_t)fd + 1;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	before_us = cpu_us();
	usleep(400000);
	CU_ASSERT_TRUE(cpu_us() - before_us < 20000);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CU_ASSERT_EQUAL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	CU_ASSERT_EQUAL(ask(fd, "socket AF_INET SOCK_DGRAM 0\n"), 3);
	close(fd);
}

/* The end may come while calls wait: see teardown(). */
static void
the_end_comes_while_calls_wait(void)
{
	static const char wait[] = "accept 3\n";
	unsigned int i;
	int fd = client_open();

	CU_ASSERT_EQUAL(ask(fd, "socket AF_INET SOCK_STREAM 0\n"), 3);
	CU_ASSERT_EQUAL(ask(fd, "listen 3 5\n"), 0);
	for (i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(send(client_open(), wait, sizeof(wait) - 1, 0),
			(ssize_t)sizeof(wait) - 1);
	CU_ASSERT_EQUAL(ask(fd, "poll 5 3 POLLIN\n"), 0);
}

static const struct suite_test tests[] = {
	SUITE_TEST(clients_do_not_disturb_each_other),
	SUITE_TEST(clients_go_while_they_wait),
	SUITE_TEST(clients_go_before_their_calls_begin),
	SUITE_TEST(the_last_one_closes_the_sockets),
	SUITE_TEST(without_a_descriptor_a_client_waits),
	SUITE_TEST(the_end_comes_while_calls_wait),
};

int
main(void)
{
	return suite_run("agent", tests, RTE_DIM(tests), setup, teardown);
}
