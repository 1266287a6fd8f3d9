/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's log type.
 */

#include "log.h"

RTE_LOG_REGISTER(isla_proto_logtype, lib.isla.proto, NOTICE);
