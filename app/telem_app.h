/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TELEM_APP_H
#define TELEM_APP_H

/* The application's own endpoints of telemetry: services, DHCP, DNS; the engine has the others. */

#include "dhcp.h"
#include "dns.h"
#include "service_set.h"

/* What may be asked for. */
struct telem_app {
	struct isla_engine *engine;
	struct service_set *services;
	struct dhcp *dhcp;  /* NULL: there is no client */
	struct dns *dns;
};

/* It may be asked for from now on, until fini returns; then no request is under way any more. */
void telem_app_init(const struct telem_app *app);
void telem_app_fini(void);

#endif /* TELEM_APP_H */
