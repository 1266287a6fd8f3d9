/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of the kernel's interfaces: one message to the kernel each (rtnetlink(7)).
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_common.h>

#include "hostif.h"

struct request {
	struct nlmsghdr head;
	struct ifaddrmsg addr;
	uint8_t attrs[64];
};

static void
attr_add(struct request *r, uint16_t type, const void *data, size_t size)
{
	struct rtattr *a = (struct rtattr *)((uint8_t *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(size);
	memcpy(RTA_DATA(a), data, size);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

/* Send a request and wait for the kernel's answer: 0 or -errno. */
static int
ask(const struct request *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		uint8_t rest[256];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), rc;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0) {
		rc = -errno;
	} else {
		n = recv(fd, &answer, sizeof(answer), 0);
		if (n < 0)
			rc = -errno;
		else if ((size_t)n < NLMSG_LENGTH(sizeof(answer.err)) ||
			answer.head.nlmsg_type != NLMSG_ERROR)
			rc = -EPROTO;
		else
			rc = answer.err.error;
	}
	close(fd);
	return rc;
}

int
hostif_addr_add(const char *ifname, const struct isla_prefix *prefix)
{
	bool v4 = isla_addr_is_v4(&prefix->addr);
	const uint8_t *bytes = v4 ? &prefix->addr.b[12] : prefix->addr.b;
	size_t size = v4 ? 4 : 16;
	struct request r = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(r.addr)),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		},
		.addr = {
			.ifa_family = v4 ? AF_INET : AF_INET6,
			.ifa_prefixlen = prefix->len,
			/* Nobody else is on a TAP: no need to wait for duplicates. */
			.ifa_flags = v4 ? 0 : IFA_F_NODAD,
			.ifa_index = if_nametoindex(ifname),
		},
	};

	if (r.addr.ifa_index == 0)
		return -ENODEV;
	attr_add(&r, IFA_LOCAL, bytes, size);
	attr_add(&r, IFA_ADDRESS, bytes, size);
	return ask(&r);
}

int
hostif_up(const char *ifname)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;
	struct ifreq ifr;

	if (fd < 0)
		return -errno;
	memset(&ifr, 0, sizeof(ifr));
	strncpy(ifr.ifr_name, ifname, sizeof(ifr.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) != 0) {
		rc = -errno;
	} else if ((ifr.ifr_flags & IFF_UP) == 0) {
		ifr.ifr_flags |= IFF_UP;
		rc = ioctl(fd, SIOCSIFFLAGS, &ifr) != 0 ? -errno : 0;
	}
	close(fd);
	return rc;
}
