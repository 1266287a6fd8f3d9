/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONF_H
#define CONF_H

#include "fault.h"
#include "isla_engine.h"

/* Returns 0, or -errno with a line in fault on the first setting that cannot be. */
int conf_check(const struct isla_engine_conf *conf, struct fault *fault);

#endif /* CONF_H */
