/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONF_H
#define CONF_H

#include "fault.h"
#include "isla_engine.h"

/* Returns 0, or -errno with a line in fault on the first setting that cannot be. */
int conf_check(const struct isla_engine_conf *conf, struct fault *fault);

/* fault_set.c: may that be done to the frames of a direction? As conf_check(). */
int conf_check_fault(const struct isla_engine_conf *conf, const struct isla_fault *f,
	struct fault *line);

int conf_check_backoff(const struct isla_engine_backoff *backoff, struct fault *line);

#endif /* CONF_H */
