/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way that isla_engine.h describes, for programs with one port: example_init(), example_open(),
 * then the program's own services, example_start(), isla_engine_run(), example_close().
 */

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_log.h>

#include "example.h"

/* For the signal handler, which gets no other argument than the signal. */
static struct isla_engine *engine_to_stop;

void
example_complain(const struct example *ex, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", ex->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

uint32_t
example_number(const char *text, uint32_t max)
{
	char *rest;
	long n = strtol(text, &rest, 10);

	return *rest == '\0' && n >= 1 && n <= (long)max ? (uint32_t)n : 0;
}

void
example_init(struct example *ex)
{
	isla_engine_conf_init(&ex->conf);
	ex->conf.nb_ports = 1; /* port[0] says port_id 0 and the driver's MTU */
	/* In DPDK 22.11 logs go to stdout, which belongs to the program. */
	rte_openlog_stream(stderr);
}

static int
add_addr(struct example *ex, const char *text)
{
	struct isla_prefix prefix;

	if (isla_prefix_parse(text, &prefix) != 0)
		return -EINVAL;
	return isla_engine_addr_add(ex->engine, 0, &prefix);
}

/* The default route of the gateway's family. */
static int
add_gateway(struct example *ex, const char *text)
{
	struct isla_prefix all = {.len = 0};
	struct isla_addr gateway;

	if (isla_addr_parse(text, &gateway) != 0)
		return -EINVAL;
	all.addr = isla_addr_is_v4(&gateway) ? isla_addr_from_v4(0) : isla_addr_any;
	return isla_engine_route_add(ex->engine, 0, &all, &gateway);
}

static int
read_options(struct example *ex, int argc, char **argv)
{
	char all[32];
	bool has_addr = false;
	int c, rc;

	snprintf(all, sizeof(all), "a:g:%s", ex->options);
	optind = 1; /* EAL has used getopt(), too */
	while ((c = getopt(argc, argv, all)) != -1) {
		if (c == '?') {
			example_complain(
				ex, "usage: %s " EXAMPLE_OPTIONS " %s", ex->name, ex->usage);
			return -1;
		}
		if (c == 'a')
			rc = add_addr(ex, optarg);
		else if (c == 'g')
			rc = add_gateway(ex, optarg);
		else
			rc = ex->option(c, optarg) == 0 ? 0 : -EINVAL;
		if (rc != 0) {
			example_complain(ex, "-%c %s: %s", c, optarg, strerror(-rc));
			return -1;
		}
		has_addr = has_addr || c == 'a';
	}
	ex->nb_args = argc - optind;
	ex->args = argv + optind;
	return has_addr ? 0 : add_addr(ex, "192.168.1.2/24");
}

/* The second Ctrl-C cuts short what the first one has begun. */
static void
stop(int sig)
{
	isla_engine_stop(engine_to_stop);
}

int
example_open(struct example *ex, int argc, char **argv)
{
	char err[ISLA_ENGINE_ERR_SIZE];
	int nb_eal_args = rte_eal_init(argc, argv);

	if (nb_eal_args < 0) {
		example_complain(ex, "EAL cannot start");
		return -1;
	}
	ex->engine = isla_engine_create(&ex->conf, err, sizeof(err));
	if (ex->engine == NULL) {
		example_complain(ex, "%s", err);
		return -1;
	}
	engine_to_stop = ex->engine;
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN); /* a failed write tells the same */
	return read_options(ex, argc - nb_eal_args, argv + nb_eal_args);
}

int
example_start(struct example *ex)
{
	char err[ISLA_ENGINE_ERR_SIZE];

	if (isla_engine_start(ex->engine, err, sizeof(err)) == 0)
		return 0;
	example_complain(ex, "%s", err);
	return -1;
}

int
example_close(struct example *ex)
{
	uint32_t nb_missing;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	nb_missing = isla_engine_free(ex->engine);
	rte_eal_cleanup();
	if (nb_missing == 0)
		return 0;
	example_complain(ex, "mbufs missing: %u", nb_missing);
	return -1;
}
