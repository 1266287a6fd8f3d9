/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that ask others: ping, arping.
 */

#include "cmd.h"

const struct cmd cmds_ping[] = {
	{.name = NULL},
};
