/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay NETNS_A IFACE_A NETNS_B IFACE_B FAULT...
 *
 * A wire between two namespaces: makes a TAP in each and carries frames from one to the other by
 * way of the fault stage, so that whatever sends, a kernel or a stack of one's own, meets the same
 * path. A FAULT is as in isla's --fault; tx is from A to B. Runs until SIGINT or SIGTERM, and says
 * then what became of the frames.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>

#include <isla_pkt.h>

#include "fault_stage.h"
#include "heap_pool.h"
#include "idle.h"

#define NB_MBUFS (4 * ISLA_FAULT_LIMIT_MAX)
#define BURST    32

static struct idle idle;
static volatile sig_atomic_t is_over;
static uint64_t nb_refused;

static void
stop(int sig)
{
	is_over = 1;
	idle_ring(&idle);
}

static void
die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Without virtual-network headers, so the kernel gives frames as they would stand on a wire. */
static int
tap_open(const char *netns, const char *iface)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	char path[256];
	int ns, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) != 0)
		die(path);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		die("/dev/net/tun");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", iface);
	if (ioctl(fd, TUNSETIFF, &ifr) != 0)
		die(iface);
	return fd;
}

static uint16_t
tap_read(int fd, struct rte_mempool *pool, struct rte_mbuf **pkts)
{
	uint16_t n;

	for (n = 0; n < BURST; n++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		ssize_t len = m == NULL ? -1 :
			read(fd, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_tailroom(m));

		if (len <= 0) {
			rte_pktmbuf_free(m);
			break;
		}
		rte_pktmbuf_append(m, (uint16_t)len);
		pkts[n] = m;
	}
	return n;
}

static void
tap_write(int fd, struct rte_mbuf **pkts, uint16_t nb)
{
	uint16_t i;

	for (i = 0; i < nb; i++)
		if (write(fd, rte_pktmbuf_mtod(pkts[i], void *), pkts[i]->data_len) < 0)
			nb_refused++;
	rte_pktmbuf_free_bulk(pkts, nb);
}

static void
faults_set(struct fault_stage *stage, char **text)
{
	struct isla_fault fault[ISLA_FAULT_DIRS] = {{.drop_ppb = 0}};
	char err[ISLA_FAULT_ERR_SIZE];
	unsigned int dirs, i;

	/* A lane needs its queue, also where it does nothing. */
	for (i = 0; i < ISLA_FAULT_DIRS; i++)
		if (fault_stage_set(stage, (enum isla_fault_dir)i, &fault[i]) != 0)
			die("queues");
	for (; *text != NULL; text++) {
		if (isla_fault_parse(*text, fault, &dirs, err, sizeof(err)) != 0) {
			fprintf(stderr, "relay: %s\n", err);
			exit(EXIT_FAILURE);
		}
		for (i = 0; i < ISLA_FAULT_DIRS; i++) {
			errno = 0;
			if ((dirs & 1u << i) != 0)
				errno = -fault_stage_set(stage, (enum isla_fault_dir)i, &fault[i]);
			if (errno != 0)
				die(*text);
		}
	}
}

static void
say(const struct fault_stage *stage, enum isla_fault_dir dir, const char *name)
{
	struct isla_fault_stats s;

	fault_stage_get_stats(stage, dir, &s);
	printf("relay: %s: frames %" PRIu64 ", passed %" PRIu64 ", dropped by chance %" PRIu64
		", for want of room %" PRIu64 "\n", name, s.nb_frames, s.nb_passed, s.nb_dropped,
		s.nb_limit_full + s.nb_buffer_full);
}

static void
run(struct fault_stage *stage, struct rte_mempool *pool, int a, int b)
{
	while (!is_over) {
		struct rte_mbuf *pkts[BURST], **out;
		uint16_t n = tap_read(a, pool, pkts), m;
		uint64_t now = now_us(), next;

		fault_stage_tx(stage, 0, pkts, n, now);
		m = tap_read(b, pool, pkts);
		tap_write(a, pkts, fault_stage_rx(stage, 0, pkts, m, BURST, now));
		m += n;
		n = fault_stage_output(stage, 0, &out, now);
		tap_write(b, out, n);
		fault_stage_sent(stage, 0, n);
		next = fault_stage_next_us(stage);
		now = now_us();
		if (m + n == 0 && next > now)
			idle_wait(&idle, next - now, true);
	}
}

int
main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = stop};
	struct fault_stage_conf conf = {
		.nb_ports = 1,
		.limit_max = ISLA_FAULT_LIMIT_MAX,
		.socket_id = -1,
		.mem = isla_mem_libc,
		.seed = 1,
	};
	struct fault_stage *stage;
	int a, b;

	if (argc < 5) {
		fprintf(stderr, "Usage: relay NETNS_A IFACE_A NETNS_B IFACE_B FAULT...\n");
		return EXIT_FAILURE;
	}
	prctl(PR_SET_TIMERSLACK, 1ul);
	conf.pool = heap_pool_create(NB_MBUFS, 2176, ISLA_PKT_PRIV_SIZE);
	stage = fault_stage_create(&conf);
	if (stage == NULL || idle_init(&idle) != 0)
		die("start");
	faults_set(stage, argv + 5);
	a = tap_open(argv[1], argv[2]);
	b = tap_open(argv[3], argv[4]);
	if (idle_add_fd(&idle, a) != 0 || idle_add_fd(&idle, b) != 0)
		die("epoll");
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	puts("relay: ready");
	fflush(stdout);
	run(stage, conf.pool, a, b);
	say(stage, ISLA_FAULT_TX, "A to B");
	say(stage, ISLA_FAULT_RX, "B to A");
	printf("relay: refused by an interface %" PRIu64 "\n", nb_refused);
	fault_stage_free(stage);
	idle_fini(&idle);
	heap_pool_free(conf.pool);
	return EXIT_SUCCESS;
}
