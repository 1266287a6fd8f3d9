/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lease file: what is written is read again as it was, whatever is no lease file is refused,
 * and a file that cannot be written is told of.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>

#include "dhcp_file.h"
#include "suite.h"

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 1}, mac_b[6] = {2, 0, 0, 0, 0, 2};
static char dir[64], path[80], err[128];

static void
setup(void)
{
	strcpy(dir, "/tmp/isla-dhcp-file-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/leases", dir);
	err[0] = '\0';
}

static void
teardown(void)
{
	unlink(path);
	/* Nothing else is left there. */
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static struct isla_dhcp_lease
full_lease(void)
{
	struct isla_dhcp_lease l;
	unsigned int i;

	memset(&l, 0, sizeof(l));
	isla_prefix_parse("192.168.5.77/24", &l.prefix);
	isla_addr_parse("192.168.5.1", &l.server);
	isla_addr_parse("192.168.5.255", &l.broadcast);
	l.lease_s = ISLA_DHCP_INFINITE;
	l.t1_s = 1800;
	l.t2_s = 3000;
	l.since_us = UINT64_C(1790000000123456);
	l.mtu = 1400;
	for (i = 0; i < ISLA_DHCP_ROUTES_MAX; i++) {
		l.route[i].prefix.addr = isla_addr_from_v4(rte_cpu_to_be_32(0x0a000000 + (i << 8)));
		l.route[i].prefix.len = 24;
		l.route[i].gateway = isla_addr_from_v4(rte_cpu_to_be_32(i == 0 ? 0 : 0xc0a80501));
	}
	l.nb_routes = ISLA_DHCP_ROUTES_MAX;
	for (i = 0; i < ISLA_DHCP_SERVERS_MAX; i++)
		l.dns[i] = l.router[i] = isla_addr_from_v4(rte_cpu_to_be_32(0x09090900 + i));
	l.nb_dns = l.nb_routers = ISLA_DHCP_SERVERS_MAX;
	strcpy(l.domain, "example.net");
	strcpy(l.hostname, "box-1");
	memset(l.search, 'x', sizeof(l.search) - 1);
	l.search[100] = ' ';
	return l;
}

static bool
same_prefix(const struct isla_prefix *a, const struct isla_prefix *b)
{
	return a->len == b->len && isla_addr_eq(&a->addr, &b->addr);
}

/* Field by field, since there is padding. */
static bool
same(const struct isla_dhcp_lease *a, const struct isla_dhcp_lease *b)
{
	unsigned int i;

	if (a == NULL || !same_prefix(&a->prefix, &b->prefix) ||
		!isla_addr_eq(&a->server, &b->server) ||
		!isla_addr_eq(&a->broadcast, &b->broadcast) || a->lease_s != b->lease_s ||
		a->t1_s != b->t1_s || a->t2_s != b->t2_s || a->since_us != b->since_us ||
		a->mtu != b->mtu || a->nb_routes != b->nb_routes ||
		a->nb_routers != b->nb_routers || a->nb_dns != b->nb_dns ||
		strcmp(a->domain, b->domain) != 0 || strcmp(a->hostname, b->hostname) != 0 ||
		strcmp(a->search, b->search) != 0)
		return false;
	for (i = 0; i < a->nb_routes; i++)
		if (!same_prefix(&a->route[i].prefix, &b->route[i].prefix) ||
			!isla_addr_eq(&a->route[i].gateway, &b->route[i].gateway))
			return false;
	return memcmp(a->dns, b->dns, a->nb_dns * sizeof(a->dns[0])) == 0 &&
		memcmp(a->router, b->router, a->nb_routers * sizeof(a->router[0])) == 0;
}

static void
what_is_written_is_read_again(void)
{
	struct isla_dhcp_lease l = full_lease(), small;
	static struct dhcp_file file, again;

	memset(&small, 0, sizeof(small));
	isla_prefix_parse("10.0.0.9/8", &small.prefix);
	small.server = small.broadcast = isla_addr_from_v4(0);
	dhcp_file_set(&file, mac_a, &l);
	dhcp_file_set(&file, mac_b, &small);
	CU_ASSERT_EQUAL(dhcp_file_save(&file, path, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(dhcp_file_load(&again, path, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(again.nb, 2);
	CU_ASSERT_TRUE(same(dhcp_file_find(&again, mac_a), &l));
	CU_ASSERT_TRUE(same(dhcp_file_find(&again, mac_b), &small));
	dhcp_file_set(&again, mac_a, NULL);
	CU_ASSERT_PTR_NULL(dhcp_file_find(&again, mac_a));
	CU_ASSERT_TRUE(same(dhcp_file_find(&again, mac_b), &small));
	dhcp_file_set(&again, mac_b, &l);
	CU_ASSERT_EQUAL(again.nb, 1);
	CU_ASSERT_TRUE(same(dhcp_file_find(&again, mac_b), &l));
}

static void
a_file_that_is_not_there_is_empty(void)
{
	static struct dhcp_file file;

	CU_ASSERT_EQUAL(dhcp_file_load(&file, path, err, sizeof(err)), 0);
	CU_ASSERT_EQUAL(file.nb, 0);
}

static void
what_cannot_be_written_is_told_of(void)
{
	static struct dhcp_file file;
	char missing[160];

	snprintf(missing, sizeof(missing), "%s/no/leases", dir);
	CU_ASSERT_EQUAL(dhcp_file_save(&file, missing, err, sizeof(err)), -ENOENT);
	CU_ASSERT_STRING_EQUAL(err, "it cannot be written: No such file or directory");
	CU_ASSERT_EQUAL(dhcp_file_load(&file, dir, err, sizeof(err)), -EISDIR);
	CU_ASSERT(dhcp_file_save(&file, dir, err, sizeof(err)) < 0);
	/* What has begun is taken back. */
	CU_ASSERT_NOT_EQUAL(access(dir, F_OK), -1);
}

static int
load_text(const char *text)
{
	static struct dhcp_file file;
	FILE *out = fopen(path, "w");
	int rc;

	fputs(text, out);
	fclose(out);
	rc = dhcp_file_load(&file, path, err, sizeof(err));
	CU_ASSERT(file.nb <= ISLA_NETIF_MAX);
	return rc == 0 ? (int)file.nb : rc;
}

#define HEAD "interface 02:00:00:00:00:01\naddress 10.0.0.2/8\n"

/* It would be overwritten. */
static void
what_is_no_lease_file_is_refused(void)
{
	static const char *const bad[] = {
		"root:x:0:0:root:/root:/bin/bash\n",
		"address 10.0.0.2/8\n",
		HEAD, /* without its end */
		"interface zz\naddress 10.0.0.2/8\nend\n",
		"end\n",
		HEAD "address 10.0.0.2/99\nend\n",
		HEAD "address fe80::1/64\nend\n",
		HEAD "server 10.0.0\nend\n",
		HEAD "since -1\nend\n",
		HEAD "since 99999999999999999999999\nend\n",
		HEAD "lease 1 2\nend\n",
		HEAD "lease 1 2 4294967296\nend\n",
		HEAD "mtu 65536\nend\n",
		HEAD "route 10.0.0.0/8\nend\n",
		HEAD "route 10.0.0.0/8 ::1\nend\n",
		HEAD "dns x\nend\n",
		HEAD "domain a\033b\nend\n",
		HEAD "colour red\nend\n",
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		CU_ASSERT_EQUAL(load_text(bad[i]), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err, "belong to no lease file"));
	}
	CU_ASSERT_EQUAL(load_text("# nothing\n\n"), 0);
	CU_ASSERT_EQUAL(load_text(""), 0);
	CU_ASSERT_EQUAL(load_text(HEAD "end\n"), 1);
	CU_ASSERT_EQUAL(load_text("interface 02:00:00:00:00:01\nend\n"), 0);
}

static void
more_interfaces_than_there_can_be(void)
{
	struct isla_dhcp_lease l = full_lease();
	static struct dhcp_file file;
	uint8_t mac[6] = {2};
	unsigned int i;

	memset(&file, 0, sizeof(file));
	for (i = 0; i < 40; i++) {
		mac[5] = (uint8_t)i;
		dhcp_file_set(&file, mac, &l);
	}
	CU_ASSERT_EQUAL(file.nb, ISLA_NETIF_MAX);
	CU_ASSERT_PTR_NOT_NULL(dhcp_file_find(&file, mac));
}

static const struct suite_test tests[] = {
	SUITE_TEST(what_is_written_is_read_again),
	SUITE_TEST(a_file_that_is_not_there_is_empty),
	SUITE_TEST(what_cannot_be_written_is_told_of),
	SUITE_TEST(what_is_no_lease_file_is_refused),
	SUITE_TEST(more_interfaces_than_there_can_be),
};

int
main(void)
{
	return suite_run("dhcp_file", tests, RTE_DIM(tests), setup, teardown);
}
