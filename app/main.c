/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * isla [EAL options] -- [options]
 *
 * The command line is read first, and what it asks for is checked as far as that needs no EAL; then
 * EAL, the site, the engine, addresses, services, and the loop until SIGINT or SIGTERM. What fails
 * says so in one line on stderr, and the exit code is 1.
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_version.h>

#include <isla_engine.h>

#include "agent.h"
#include "capture.h"
#include "config.h"
#include "dhcp.h"
#include "dns.h"
#include "docroot.h"
#include "eal_args.h"
#include "eal_start.h"
#include "eal_user.h"
#include "hostif.h"
#include "options.h"
#include "out_guard.h"
#include "prompt.h"
#include "service.h"
#include "service_set.h"
#include "telem_app.h"
#include "verbose.h"

struct app {
	struct eal_args eal;
	struct config config;
	struct options opts;
	bool eal_is_up;
	bool has_run;
	struct isla_engine *engine;
	struct docroot *docroot;
	struct agent *agent;
	struct prompt *prompt;
	struct dhcp *dhcp;
	struct dns *dns;
	struct verbose *verbose;
	struct service_set services;
	struct isla_engine_stats stats;      /* the last that were printed */
	pthread_mutex_t lock;                /* link_up(), and the end of what it tells */
	bool is_ending;
};

/* What a signal stops: a handler gets no other argument than the signal. */
static struct isla_engine *engine_to_stop;

static int fail(const char *format, ...) __rte_format_printf(1, 2);

/* Say why in one line; returns -1. */
static int
fail(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, format);
	fputs("isla: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	return -1;
}

static void
stop_handler(int sig)
{
	isla_engine_stop(engine_to_stop);
	/* Who has set a time to run may still be reading. */
	if (sig != SIGALRM)
		out_guard_end_is_near();
}

static void
handle_signals(struct isla_engine *engine)
{
	struct sigaction stop = {.sa_handler = stop_handler, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	const int out[] = {STDOUT_FILENO, STDERR_FILENO};

	engine_to_stop = engine;
	/* Without it the program waits for who does not read. */
	out_guard_start(out, RTE_DIM(out));
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGALRM, &stop, NULL);
	/* Whoever reads our output may go away; the interface must still be taken down. */
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Roughly what the pools take, and something for tables and queues. */
static uint64_t
memory_needed(const struct isla_engine_conf *conf)
{
	uint64_t mbuf = sizeof(struct rte_mbuf) + ISLA_PKT_PRIV_SIZE + RTE_CACHE_LINE_SIZE;

	return conf->nb_mbufs * (mbuf + conf->mbuf_size) + conf->nb_refs * mbuf + (32u << 20);
}

/* What needs no EAL: the command line, the docroot, hugepages, the TAP's permission. */
static int
check_before_eal(struct app *app)
{
	char err[OPTIONS_ERR_SIZE];
	struct stat st;

	if (app->opts.docroot != NULL) {
		if (stat(app->opts.docroot, &st) != 0)
			return fail("--docroot %s: %s; give a directory", app->opts.docroot,
				strerror(errno));
		if (!S_ISDIR(st.st_mode))
			return fail("--docroot %s: not a directory; give one", app->opts.docroot);
	}
	if (app->opts.cmdline_file != NULL && (stat(app->opts.cmdline_file, &st) != 0 ||
		access(app->opts.cmdline_file, R_OK) != 0))
		return fail("--cmdline-file %s: %s; give a file of commands",
			app->opts.cmdline_file, strerror(errno));
	if (app->opts.cmdline_file != NULL && S_ISDIR(st.st_mode))
		return fail("--cmdline-file %s: a directory; give a file of commands",
			app->opts.cmdline_file);
	if (app->opts.dhcp) {
		app->dhcp = dhcp_create(&app->opts, err, sizeof(err));
		if (app->dhcp == NULL)
			return fail("%s", err);
	}
	if (app->opts.pdump && capture_obstacle(&app->eal) != NULL)
		return fail("--pdump: %s", capture_obstacle(&app->eal));
	if (eal_args_check(&app->eal, memory_needed(&app->opts.engine), err, sizeof(err)) != 0)
		return fail("%s", err);
	return 0;
}

/* --resolve: the program is for one lookup, and what it prints is the answer. */
static bool
is_for_a_name(const struct app *app)
{
	return app->opts.resolve[0] != '\0';
}

static int
eal_init(struct app *app)
{
	char err[OPTIONS_ERR_SIZE];

	eal_user_runtime_dir(err, sizeof(err));
	if (err[0] != '\0')
		fprintf(stderr, "isla: %s\n", err);
	if (eal_start(&app->eal, err, sizeof(err)) != 0)
		return fail("%s", err);
	app->eal_is_up = true;
	if (capture_init(&app->eal, app->opts.pdump, err, sizeof(err)) != 0)
		return fail("%s", err);
	return 0;
}

/* How many shards, and what of mbufs and connections is for each. */
static int
choose_shards(struct options *opts)
{
	unsigned int nb = rte_lcore_count();
	char err[OPTIONS_ERR_SIZE];

	if (opts->nb_cores > nb)
		return fail("--nb-cores %u: EAL has %u lcores; give it more, for example -l 0-%u",
			opts->nb_cores, nb, opts->nb_cores - 1);
	if (opts->nb_cores != 0)
		nb = opts->nb_cores;
	nb = RTE_MIN(nb, (unsigned int)ISLA_ENGINE_SHARD_MAX);
	if (options_share_out(opts, (uint16_t)nb, err, sizeof(err)) != 0)
		return fail("%s", err);
	return 0;
}

/* The ports that were asked for, with what was said about each. */
static int
choose_ports(struct options *opts)
{
	struct isla_engine_conf *conf = &opts->engine;
	uint16_t id, i;

	RTE_ETH_FOREACH_DEV(id) {
		if (opts->portmask != 0 && (id >= 64 || (opts->portmask >> id & 1) == 0))
			continue;
		if (conf->nb_ports == ISLA_ENGINE_PORT_MAX)
			return fail("there are more than %u ports; choose some by --portmask",
				ISLA_ENGINE_PORT_MAX);
		conf->port[conf->nb_ports++] = (struct isla_engine_port){
			.port_id = id,
			.mtu = opts->mtu,
			.no_link_local = opts->no_link_local,
		};
	}
	if (conf->nb_ports == 0 && rte_eth_dev_count_avail() > 0)
		return fail("--portmask 0x%" PRIx64 " has none of the ports that there are (%u)",
			opts->portmask, rte_eth_dev_count_avail());
	if (conf->nb_ports == 0)
		return fail("there is no port; give EAL one, for example "
			"isla --vdev=net_tap0,iface=isla0");
	for (i = 0; i < opts->nb_macs; i++) {
		uint16_t p = 0;

		while (p < conf->nb_ports && conf->port[p].port_id != opts->mac[i].port)
			p++;
		if (p == conf->nb_ports)
			return fail("--mac " RTE_ETHER_ADDR_PRT_FMT ": port %u is not used; "
				"--portmask and EAL's options say which are",
				opts->mac[i].mac[0], opts->mac[i].mac[1], opts->mac[i].mac[2],
				opts->mac[i].mac[3], opts->mac[i].mac[4], opts->mac[i].mac[5],
				opts->mac[i].port);
		memcpy(conf->port[p].mac, opts->mac[i].mac, sizeof(opts->mac[i].mac));
	}
	return 0;
}

/* Print statistics, with rates since the last time. */
static void
print_stats(struct isla_engine *engine, void *ctx)
{
	struct app *app = ctx;
	struct isla_engine_stats now;

	isla_engine_get_stats(engine, &now);
	isla_engine_print_stats(stdout, &now, &app->stats);
	app->stats = now;
}

static void
link_up(struct isla_engine *engine, uint16_t port_id, void *ctx)
{
	struct app *app = ctx;

	RTE_SET_USED(engine);
	pthread_mutex_lock(&app->lock);
	if (!app->is_ending) {
		dhcp_link_up(app->dhcp, port_id);
		dns_link_up(app->dns);
	}
	pthread_mutex_unlock(&app->lock);
}

static int
engine_create(struct app *app)
{
	struct isla_engine_conf *conf = &app->opts.engine;
	char err[ISLA_ENGINE_ERR_SIZE];

	if (app->opts.stats_period_s > 0) {
		conf->tick = print_stats;
		conf->tick_ctx = app;
		conf->tick_us = app->opts.stats_period_s * UINT64_C(1000000);
	}
	conf->link_up = link_up;
	conf->link_up_ctx = app;
	if (app->dhcp != NULL)
		dhcp_conf_engine(app->dhcp, conf);
	app->engine = isla_engine_create(conf, err, sizeof(err));
	if (app->engine == NULL)
		return fail("%s%s", err, rte_errno == ENOMEM ?
			" (--total-num-mbufs, --tcp-max-conns)" : "");
	isla_engine_get_stats(app->engine, &app->stats);
	return 0;
}

/* A port's description by its number, or -1. */
static int
port_info(const struct app *app, uint16_t port_id, struct isla_engine_port_info *info)
{
	uint16_t i;

	for (i = 0; isla_engine_port_info(app->engine, i, info) == 0; i++)
		if (info->port_id == port_id)
			return 0;
	return -1;
}

static int
add_addrs(struct app *app)
{
	struct isla_prefix any = {.len = 0};
	char text[ISLA_ADDR_STRLEN];
	uint16_t i;
	int rc;

	for (i = 0; i < app->opts.nb_ips; i++) {
		const struct option_addr *a = &app->opts.ip[i];

		rc = isla_engine_addr_add(app->engine, a->port, &a->prefix);
		if (rc == -ENODEV)
			return fail("--ip or --port-ip %s: port %u is not used; --portmask and "
				"EAL's options say which are",
				isla_prefix_format(&a->prefix, text, sizeof(text)), a->port);
		if (rc != 0)
			return fail("--ip %s on port %u: %s",
				isla_prefix_format(&a->prefix, text, sizeof(text)), a->port,
				strerror(-rc));
	}
	for (i = 0; i < app->opts.nb_gateways; i++) {
		const struct option_addr *a = &app->opts.gateway[i];

		any.addr = isla_addr_is_v4(&a->prefix.addr) ? isla_addr_from_v4(0) : isla_addr_any;
		rc = isla_engine_route_add(app->engine, a->port, &any, &a->prefix.addr);
		if (rc != 0)
			return fail("--gateway %s on port %u: %s",
				isla_addr_format(&a->prefix.addr, text, sizeof(text)), a->port,
				rc == -ENODEV ? "this port is not used" :
				rc == -EEXIST ? "there is one of this family already" :
				strerror(-rc));
	}
	return 0;
}

/* The kernel's end of the TAPs, where that was asked for. */
static int
set_host_addrs(struct app *app)
{
	struct isla_engine_port_info info;
	char text[ISLA_ADDR_STRLEN];
	uint16_t i;
	int rc;

	for (i = 0; i < app->opts.nb_host_ips; i++) {
		const struct option_addr *a = &app->opts.host_ip[i];

		isla_prefix_format(&a->prefix, text, sizeof(text));
		if (port_info(app, a->port, &info) != 0)
			return fail("--host-ip %s: port %u is not used", text, a->port);
		if (strcmp(info.driver, "net_tap") != 0)
			return fail(
				"--host-ip %s: port %u is no TAP but %s; set addresses of other "
				"interfaces by ip(8)",
				text, a->port, info.driver);
		rc = hostif_addr_add(info.name, &a->prefix);
		if (rc == 0 || rc == -EEXIST)
			rc = hostif_up(info.name);
		if (rc != 0)
			return fail("--host-ip %s: %s does not take it: %s", text, info.name,
				strerror(-rc));
	}
	return 0;
}

static int
start_services(struct app *app)
{
	char err[SERVICE_SET_ERR_SIZE];
	uint16_t i;

	service_set_init(&app->services, app->engine, docroot_site(app->docroot));
	if (is_for_a_name(app))
		return 0;
	for (i = 0; i < app->opts.nb_services; i++) {
		const struct option_service *s = &app->opts.service[i];

		if (service_set_add(&app->services, s->service, s->port, err, sizeof(err)) != 0)
			return fail("--service %s", err);
	}
	return 0;
}

/* Commands come once all is ready. */
static int
start_prompt(struct app *app)
{
	struct prompt_conf conf = {
		.engine = app->engine,
		.services = &app->services,
		.opts = &app->opts,
		.dhcp = app->dhcp,
		.dns = app->dns,
		.file = app->opts.cmdline_file,
		.is_interactive = app->opts.interactive,
	};
	char err[OPTIONS_ERR_SIZE];

	if (!conf.is_interactive && conf.file == NULL)
		return 0;
	/* Without it there is a prompt all the same. */
	conf.verbose = app->verbose = verbose_create(app->engine, stdout);
	app->prompt = prompt_start(&conf, err, sizeof(err));
	return app->prompt != NULL ? 0 : fail("%s", err);
}

/* "isla: ready: isla0 192.168.1.2/24 fe80::1/64, http:80 echo:7": scripts wait for it. */
static void
say_ready(const struct app *app)
{
	struct isla_engine_port_info info;
	char text[ISLA_ADDR_STRLEN];
	uint16_t i, j;

	printf("isla: ready:");
	for (i = 0; isla_engine_port_info(app->engine, i, &info) == 0; i++) {
		printf(" %s", info.name);
		for (j = 0; j < app->opts.nb_ips; j++)
			if (app->opts.ip[j].port == info.port_id)
				printf(" %s", isla_prefix_format(&app->opts.ip[j].prefix, text,
					sizeof(text)));
		if (dhcp_is_for_port(&app->opts, info.port_id))
			printf(" DHCP");
		if (!app->opts.no_link_local) {
			struct isla_prefix p = {.addr = isla_addr_link_local(info.mac), .len = 64};

			printf(" %s", isla_prefix_format(&p, text, sizeof(text)));
		}
		putchar(',');
	}
	for (j = 0; j < app->opts.nb_services; j++)
		printf(" %s:%u", app->opts.service[j].service->name, app->opts.service[j].port);
	putchar('\n');
	fflush(stdout);
}

/* Everything up to the loop. */
static int
app_start(struct app *app)
{
	char err[ISLA_ENGINE_ERR_SIZE];

	if (check_before_eal(app) != 0 || eal_init(app) != 0 || choose_shards(&app->opts) != 0 ||
		choose_ports(&app->opts) != 0)
		return -1;
	app->docroot = docroot_load(app->opts.docroot, err, sizeof(err));
	if (app->docroot == NULL)
		return fail("%s", err);
	if (engine_create(app) != 0 || add_addrs(app) != 0 || start_services(app) != 0)
		return -1;
	app->dns = dns_create(app->engine, &app->opts, err, sizeof(err));
	if (app->dns == NULL)
		return fail("%s", err);
	if (app->opts.agent != NULL) {
		app->agent = agent_create(app->opts.agent, app->engine, err, sizeof(err));
		if (app->agent == NULL)
			return fail("%s", err);
	}
	handle_signals(app->engine);
	if (isla_engine_start(app->engine, err, sizeof(err)) != 0 ||
		(app->agent != NULL && agent_start(app->agent, err, sizeof(err)) != 0))
		return fail("%s", err);
	if (set_host_addrs(app) != 0)
		return -1;
	if (app->dhcp != NULL) {
		dhcp_set_dns(app->dhcp, dns_from_dhcp, app->dns);
		if (dhcp_start(app->dhcp, app->engine, err, sizeof(err)) != 0)
			return fail("%s", err);
	}
	telem_app_init(&(struct telem_app){
		.engine = app->engine,
		.services = &app->services,
		.dhcp = app->dhcp,
		.dns = app->dns,
	});
	return 0;
}

/* Whatever was begun is ended. Returns 0, or -1 where mbufs are missing. */
static int
app_end(struct app *app)
{
	uint32_t nb_missing;
	int rc = 0;

	pthread_mutex_lock(&app->lock);
	app->is_ending = true;
	pthread_mutex_unlock(&app->lock);
	prompt_free(app->prompt);
	verbose_free(app->verbose);
	telem_app_fini();
	agent_free(app->agent);
	dhcp_free(app->dhcp);
	service_set_fini(&app->services);
	dns_free(app->dns);
	if (app->engine != NULL) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		/* An alarm that is still to come must not find an engine that is gone. */
		signal(SIGALRM, SIG_IGN);
		nb_missing = isla_engine_free(app->engine);
		if (nb_missing > 0 || (app->has_run && !is_for_a_name(app)))
			printf("mbufs missing: %u\n", nb_missing);
		fflush(stdout);
		rc = nb_missing == 0 ? 0 : -1;
	}
	docroot_free(app->docroot);
	if (app->eal_is_up) {
		capture_fini();
		rte_eal_cleanup();
	}
	out_guard_stop();
	return rc;
}

static int
run_engine(struct app *app)
{
	int rc = isla_engine_run(app->engine);

	app->has_run = true;
	return rc == 0 ? 0 : fail("not all shards can run: %s; give other --lcores",
		strerror(-rc));
}

/* Returns the exit code, or -1. */
static int
app_run(struct app *app)
{
	int rc;

	if (is_for_a_name(app))
		dns_resolve_claim_stdout();
	rc = app_start(app);
	if (rc == 0 && is_for_a_name(app)) {
		dns_resolve_begin(app->dns);
		rc = run_engine(app);
		rc = rc != 0 ? rc : dns_resolve_end(app->dns);
	} else if (rc == 0) {
		say_ready(app);
		rc = start_prompt(app);
	}
	if (rc == 0 && !is_for_a_name(app)) {
		struct isla_engine_stats stats;

		rc = run_engine(app);
		prompt_free(app->prompt);
		app->prompt = NULL;
		verbose_free(app->verbose);
		app->verbose = NULL;
		isla_engine_get_stats(app->engine, &stats);
		isla_engine_print_stats(stdout, &stats, NULL);
	}
	if (app_end(app) != 0)
		rc = -1;
	return rc;
}

int
main(int argc, char **argv)
{
	static struct app app = {.lock = PTHREAD_MUTEX_INITIALIZER}; /* large, and there is one */
	char err[OPTIONS_ERR_SIZE];
	int rc;

	eal_args_split(&app.eal, argc, argv);
	rc = config_read(&app.config, config_find(app.eal.nb_rest, app.eal.rest), err,
		sizeof(err));
	if (rc == 0)
		rc = eal_args_build(&app.eal, &app.config, err, sizeof(err));
	if (rc == 0)
		rc = options_parse(&app.opts, app.eal.nb_rest, app.eal.rest, &app.config, err,
			sizeof(err));
	if (rc != 0) {
		fail("%s", err);
		return EXIT_FAILURE;
	}
	if (app.opts.help || app.eal.help) {
		options_help(stdout);
		return EXIT_SUCCESS;
	}
	if (app.opts.version || app.eal.version) {
		printf("isla %s, %s\n", ISLA_VERSION, rte_version());
		return EXIT_SUCCESS;
	}
	rc = app_run(&app);
	config_free(&app.config);
	return rc >= 0 ? rc : EXIT_FAILURE;
}
