/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TELEM_SERVICES_H
#define TELEM_SERVICES_H

/* /isla/services, the application's own endpoint of telemetry; the engine has the others. */

#include "service_set.h"

/* The set may be asked for, until that ends: then no request is under way any more. */
void telem_services_init(struct service_set *set);
void telem_services_fini(void);

#endif /* TELEM_SERVICES_H */
