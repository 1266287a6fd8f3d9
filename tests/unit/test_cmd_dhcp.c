/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of DHCP and of DNS, and the program's part of both behind them: dhcp_world.h plays
 * the servers, fake_engine.h the engine, whose control thread does at once what it is asked for.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "dhcp.h"
#include "dhcp_world.h"
#include "dns.h"
#include "fake_engine.h"

static struct options opts;
static struct cmd_env env;
static char *text;
static size_t text_size;
static char err[256];
static int tap; /* standard output, while the program says there what it does */

/* Run a command; what it printed is in text. */
static int
cmd(const char *line)
{
	char copy[256];
	int rc;

	free(text);
	text = NULL;
	snprintf(copy, sizeof(copy), "%s", line);
	env.out = open_memstream(&text, &text_size);
	rc = cmd_run_line(&env, copy);
	fclose(env.out);
	return rc;
}

static void
says(const char *line, const char *words)
{
	CU_ASSERT_EQUAL(cmd(line), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
	if (strstr(text, words) == NULL)
		fprintf(stderr, "'%s': no '%s' in\n%s", line, words, text);
}

static void
refuses(const char *line, const char *words)
{
	CU_ASSERT_NOT_EQUAL(cmd(line), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
	if (strstr(text, words) == NULL)
		fprintf(stderr, "'%s': no '%s' in\n%s", line, words, text);
}

/* A world without a client; the program makes its own. */
static void
begin(uint16_t nb_ports)
{
	int null = open("/dev/null", O_WRONLY);

	fflush(stdout);
	tap = dup(STDOUT_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	setup();
	isla_dhcp_free(world.dhcp);
	world.dhcp = NULL;
	fake_engine_begin(world.stack);
	fake_engine.nb_ports = nb_ports;
	memset(&opts, 0, sizeof(opts));
	opts.dhcp = true;
	opts.dns_fail_ttl_s = 5;
	isla_prefix_parse("192.168.1.2/24", &opts.dhcp_fallback.prefix);
	opts.dhcp_fallback.port = OPTIONS_PORT_NONE;
	memset(&env, 0, sizeof(env));
	env.engine = fake_engine_handle();
	env.opts = &opts;
}

static void
begin_dhcp(uint16_t nb_ports)
{
	begin(nb_ports);
	env.dhcp = dhcp_create(&opts, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(env.dhcp);
	CU_ASSERT_EQUAL_FATAL(dhcp_start(env.dhcp, env.engine, err, sizeof(err)), 0);
}

static void
end(void)
{
	dhcp_free(env.dhcp);
	dns_free(env.dns);
	teardown();
	free(text);
	text = NULL;
	fflush(stdout);
	dup2(tap, STDOUT_FILENO);
	close(tap);
}

static void
without_a_client_they_say_so(void)
{
	begin(1);
	refuses("dhcp show", "there is no DHCP client; start with --dhcp");
	refuses("dhcp renew 0", "there is no DHCP client");
	refuses("dhcp release all", "there is no DHCP client");
	end();
}

static void
a_client_without_a_lease_is_shown(void)
{
	begin_dhcp(1);
	says("dhcp show", "Port 0: INIT\n");
	run(2 * SECOND);
	says("dhcp show 0", "Port 0: SELECTING\n");
	says("dhcp show all", "sent       1 DISCOVER, 0 REQUEST, 0 DECLINE, 0 RELEASE\n");
	CU_ASSERT_PTR_NULL(strstr(text, "address"));
	/* --dhcp-fallback */
	run(5 * SECOND);
	says("dhcp show", "  fallback   192.168.1.2/24\n");
	CU_ASSERT_TRUE(is_own("192.168.1.2/24"));
	end();
}

static void
a_lease_is_shown(void)
{
	begin_dhcp(1);
	world.server[0].on = true;
	world.server[0].mtu = 1400;
	world.server[0].router = 0xc0a805fe;
	run(12 * SECOND);
	says("dhcp show", "Port 0: BOUND\n");
	says("dhcp show", "  address    192.168.5.77/24\n  server     192.168.5.1\n  lease      3600 s\n");
	says("dhcp show", "  route      0.0.0.0/0 via 192.168.5.254\n  router     192.168.5.254\n");
	says("dhcp show", "  mtu        1400\n");
	says("dhcp show", "  received   1 OFFER, 1 ACK, 0 NAK, 0 ignored\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  renewal    in 17"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "  next       never\n"));
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	says("show routes", "192.168.5.254              DHCP");
	/* RFC 2131, 3.7 */
	dhcp_link_up(env.dhcp, 0);
	says("dhcp show", "Port 0: INIT-REBOOT\n  address    192.168.5.77/24\n");
	run(2 * SECOND);
	says("dhcp show", "Port 0: BOUND\n");
	says("dhcp show", "1 DISCOVER, 2 REQUEST");
	dhcp_link_up(env.dhcp, 1);
	dhcp_link_up(NULL, 0);
	end();
}

static void
a_lease_is_renewed_and_given_back(void)
{
	begin_dhcp(1);
	world.server[0].on = true;
	run(12 * SECOND);
	says("dhcp renew", "");
	run(SECOND);
	says("dhcp show", "1 OFFER, 2 ACK");
	CU_ASSERT_EQUAL(world.nb_type[DHCP_REQUEST], 2);
	says("dhcp release 0", "");
	run(SECOND);
	CU_ASSERT_EQUAL(world.nb_type[DHCP_RELEASE], 1);
	CU_ASSERT_FALSE(is_own("192.168.5.77/24"));
	says("dhcp show", "Port 0: STOPPED\n");
	CU_ASSERT_PTR_NULL(strstr(text, "address"));
	run(HOUR);
	says("dhcp renew all", "");
	run(12 * SECOND);
	says("dhcp show", "Port 0: BOUND\n");
	CU_ASSERT_TRUE(is_own("192.168.5.77/24"));
	end();
}

/* A lease of the very address that served meanwhile takes it over, and takes it away. */
static void
the_fallback_may_become_the_lease(void)
{
	begin_dhcp(1);
	run(6 * SECOND);
	CU_ASSERT_TRUE(is_own("192.168.1.2/24"));
	world.server[0].on = true;
	world.server[0].offer = 0xc0a80102;
	says("dhcp renew", "");
	run(12 * SECOND);
	says("dhcp show", "  address    192.168.1.2/24\n");
	CU_ASSERT_PTR_NULL(strstr(text, "fallback"));
	CU_ASSERT_TRUE(is_own("192.168.1.2/24"));
	says("dhcp release", "");
	run(SECOND);
	CU_ASSERT_FALSE(is_own("192.168.1.2/24"));
	end();
}

static void
ports_are_chosen(void)
{
	begin(2);
	/* Its interface is not in the world's stack: it has an address, and therefore no client. */
	opts.nb_ips = 1;
	opts.ip[0].port = 1;
	isla_prefix_parse("10.0.0.1/8", &opts.ip[0].prefix);
	env.dhcp = dhcp_create(&opts, err, sizeof(err));
	CU_ASSERT_EQUAL(dhcp_start(env.dhcp, env.engine, err, sizeof(err)), 0);
	refuses("dhcp show 1", "port 1 has no DHCP client: it has an address of --ip");
	refuses("dhcp renew 1", "port 1 has no DHCP client");
	says("dhcp show all", "Port 0: INIT\n");
	CU_ASSERT_PTR_NULL(strstr(text, "Port 1"));
	refuses("dhcp show 2", "'2' is no port of ours");
	refuses("dhcp renew x", "'x'");
	refuses("dhcp release 0 0", "dhcp release");
	end();
}

/* ---- names */

static void
dns_server(const char *addr, const char *zone)
{
	struct option_dns *d = &opts.dns[opts.nb_dns++];

	CU_ASSERT_EQUAL(isla_addr_parse(addr, &d->addr), 0);
	snprintf(d->zone, sizeof(d->zone), "%s", zone);
	d->port = 53;
}

static void
link_local_servers_have_an_interface(void)
{
	begin(2);
	dns_server("fe80::1", "fake1");
	dns_server("fe80::1", "0");
	dns_server("192.168.5.1", "");
	env.dns = dns_create(env.engine, &opts, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL_FATAL(env.dns);
	says("dns show servers", "[fe80::1%fake1]:53 sent 0");
	says("dns show servers", "[fe80::1%fake0]:53 sent 0");
	says("dns show servers", "\n192.168.5.1:53 sent 0");
	dns_link_up(env.dns);
	says("dns flush", "");
	end();
	/* No such one; and one of several without saying which. */
	begin(2);
	dns_server("fe80::1", "isla0");
	CU_ASSERT_PTR_NULL(dns_create(env.engine, &opts, err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "--dns fe80::1%isla0: no port has this number"));
	opts.nb_dns = 0;
	dns_server("fe80::1", "");
	CU_ASSERT_PTR_NULL(dns_create(env.engine, &opts, err, sizeof(err)));
	CU_ASSERT_PTR_NOT_NULL(strstr(err, "as in fe80::1%fake1"));
	/* With one port there is no question. */
	fake_engine.nb_ports = 1;
	env.dns = dns_create(env.engine, &opts, err, sizeof(err));
	CU_ASSERT_PTR_NOT_NULL(env.dns);
	end();
}

static const struct suite_test tests[] = {
	SUITE_TEST(without_a_client_they_say_so),
	SUITE_TEST(a_client_without_a_lease_is_shown),
	SUITE_TEST(a_lease_is_shown),
	SUITE_TEST(a_lease_is_renewed_and_given_back),
	SUITE_TEST(the_fallback_may_become_the_lease),
	SUITE_TEST(ports_are_chosen),
	SUITE_TEST(link_local_servers_have_an_interface),
};

int
main(void)
{
	return suite_run("cmd_dhcp", tests, RTE_DIM(tests), NULL, NULL);
}
